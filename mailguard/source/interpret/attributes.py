"""Attributes: what a thing has under a name, by itself, by its class, or by what its class is called like."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.value import ABSENT, ORIGIN_OF, Either, Items, Known, Member, Parameter, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.base import last_name, members_of_class, plain_function
from mailguard.source.interpret.calls import Calls
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.names import OF_ANYONE
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Cls,
    Ext,
    Func,
    Mod,
    ModelCls,
    ModelFn,
    ModelMethod,
    Native,
    Partial,
    Ref,
    Super,
    Val,
    join_values,
)
from mailguard.source.library import attributes, classes, containers, operators, provenance

__all__ = ["Attributes"]

_RUNS: Final = frozenset({"start", "delay", "apply_async", "enqueue", "submit", "send"})
"""Methods of a thread, a process or a task that run its ``run``."""
_DESCRIPTOR: Final = re.compile(r"[A-Z]\w*|field|mapped_column|relationship|relation|backref|attrib|ib|fields_for")
"""What makes a descriptor when a class is defined: ``models.CharField(...)``, ``Column(...)``, ``field(...)``."""


class Attributes(Calls):
    """Attributes of any value."""

    def attribute(self, context: Context, state: State, holder: Val, name: str, node: t.Expr) -> Val:
        """``holder.name``."""
        if isinstance(holder, Either):
            found = [
                self.attribute(context, state, option, name, node)
                for option in holder.options
                if option is not ABSENT and not (isinstance(option, Known) and option.value is None)
            ]
            return join_values(*found) if found else Unknown(name, OPTIONAL)
        if isinstance(holder, Mod):
            value = self.lookup_module(state, holder.module, name)
            if value is not ABSENT:
                return value
            inner = self.project.submodule(holder.module, name)
            if inner is not None:
                return Mod(inner)
            return provenance.named(f"{holder.module.name.rsplit('.', 1)[-1]}.{name}", context.place(node.at))
        if isinstance(holder, Ext):
            path = f"{holder.path}.{name}"
            model = self.models.get(path)
            if model is not None:
                return model
            if path in self.constants:
                return Known(self.constants[path])
            module = self.project.find(path, context.module)
            if module is not None:
                return Mod(module)
            return provenance.external_attribute(path, context.place(node.at))
        if isinstance(holder, Ref):
            return self._object_attribute(context, state, holder, name, node)
        if isinstance(holder, Cls):
            value = self._method(state, holder, name)
            if isinstance(value, Func):
                return Bound(value, holder) if value.sort == "class" else value
            if isinstance(value, tuple):
                return (
                    ModelMethod(plain_function(value[1]), name, value[0], None)
                    if callable(plain_function(value[1]))
                    else Unknown(name)
                )
            if value is not ABSENT:
                return value
            return provenance.class_attribute(holder.node.name, name, context.place(node.at))
        if isinstance(holder, ModelCls):
            member = inspect.getattr_static(holder.cls, name, None)
            if member is not None:
                function = plain_function(member)
                if callable(function):
                    return ModelMethod(function, name, holder, None if not isinstance(member, classmethod) else holder)
            return provenance.class_attribute(holder.cls.__name__, name, context.place(node.at))
        if isinstance(holder, Super):
            return self._super_attribute(context, state, holder, name)
        if isinstance(holder, (Func, Bound, Partial, ModelFn, ModelMethod)):
            return Native(f"callable.{name}", holder, bound=True)
        if name in {"sendmail", "send_message"} and isinstance(holder, (Unknown, Parameter)):
            return Native(f"value.{name}", holder, bound=True)
        if isinstance(holder, (Unknown, Parameter)) and self.methods is not None and self.methods.properties(name):
            for cls in self.classes_of(state, holder, name, by_name=name not in OF_ANYONE):
                found_method = self._method(state, cls, name)
                if (
                    isinstance(found_method, Func)
                    and found_method.sort in {"property", "cached"}
                    # A property that asks another thing for what has its own name does not ask itself.
                    and found_method.node not in context.stack
                ):
                    return self._bound(context, state, found_method, self.open_row(context, state, cls, holder))
        found_value = attributes.attribute(self, state, holder, name, context.place(node.at))
        if isinstance(holder, (Unknown, Parameter)) and isinstance(found_value, (Unknown, Parameter)):
            count = self.field_count(state, holder, name)
            if count is not None:
                return replace(found_value, count=count)
        return found_value

    def _super_attribute(self, context: Context, state: State, holder: Super, name: str) -> Val:
        receiver_cls = (
            state.heap[holder.receiver].cls
            if isinstance(holder.receiver, Ref) and holder.receiver in state.heap
            else holder.owner
        )
        order = self.mro(receiver_cls)
        rest = order[order.index(holder.owner) + 1 :] if holder.owner in order else []
        for each in rest:
            if isinstance(each, Cls):
                value = self._class_attr(state, each, name)
                if isinstance(value, Func):
                    return self._bound(context, state, value, holder.receiver)
                if value is not ABSENT:
                    return value
            elif isinstance(each, ModelCls):
                member = inspect.getattr_static(each.cls, name, None)
                if member is not None and name in members_of_class(each.cls):
                    return ModelMethod(plain_function(member), name, each, holder.receiver)
        return Native("nothing") if name.startswith("__") else Unknown(name)

    def _bound(self, context: Context, state: State, func: Func, receiver: Val) -> Val:
        if func.sort == "static":
            return func
        if func.sort in {"property", "cached"}:
            return self.call_function(context, state, func, [receiver], [], func.node)
        if func.sort == "class" and isinstance(receiver, Ref):
            return Bound(func, state.heap[receiver].cls)
        return Bound(func, receiver)

    def _object_attribute(self, context: Context, state: State, holder: Ref, name: str, node: t.Expr) -> Val:
        cell = state.heap.get(holder)
        if cell is None:
            return Unknown(name)
        if cell.sort in {"list", "set", "dict"}:
            return Native(f"{cell.sort}.{name}", holder, bound=True)
        if name == "__class__":
            return cell.cls
        if name == "__dict__":
            return containers.attributes_of(state, holder, context.path)
        value = cell.get(name)
        if value is not ABSENT:
            if isinstance(value, Either) and ABSENT in value.options:
                value = join_values(*(option for option in value.options if option is not ABSENT))
            if not isinstance(self._static(cell, name), property):
                return value
        found = self._method(state, cell.cls, name)
        if found is ABSENT and name in {"cleaned_data", "validated_data"} and isinstance(cell.cls, Cls):
            cleaned = self._cleaned(context, state, holder, cell.cls, node)
            if cleaned is not None:
                return cleaned
        if isinstance(found, Func):
            return self._bound(context, state, found, holder)
        if isinstance(found, tuple):
            model, member = found
            if isinstance(member, property):
                assert member.fget is not None  # noqa: S101  # a model's property can be read
                return self._run_model(
                    context,
                    state,
                    member.fget,
                    [self.handle(context, state, holder, model, node)],
                    {},
                    node,
                    f"{model.path}.{name}",
                )
            function = plain_function(member)
            if callable(function):
                return ModelMethod(function, name, model, holder)
            return self.thaw(state, function, context, (node, name))
        if isinstance(found, Partial) and found.method:
            return replace(found, args=(holder, *found.args), method=False)
        if found is not ABSENT and not self._described(cell.cls, name):
            return self._set_later(context, holder, cell.cls, name, found)
        if found is ABSENT and name in _RUNS and isinstance(cell.cls, Cls):
            run = self._method(state, cell.cls, "run")
            if isinstance(run, Func) and any(isinstance(each, Ext) for each in self.mro(cell.cls)):
                # A thread, a process, a task that is a class: what starts it runs it.
                started = Bound(run, holder)
                return Native(f"callable.{name}", started, bound=True)
        if cell.rest is not None and found is ABSENT:
            # What was set under names that nothing tells: one of them may be this.
            return containers.part(cell.rest, name, context.place(node.at), state)
        label = last_name(node.value) if isinstance(node, t.Attr) else ""
        origins = tuple(step for step in holder.trail if step.kind in ORIGIN_OF)
        declared = next(self.declarations(cell.cls, name), None)
        if not origins and (found is not ABSENT or declared is not None) and self._of_settings(cell.cls):
            # Also what the class only declares: pydantic's settings fill it from the environment.
            origins = (Step(StepKind.CONFIGURED, context.place(node.at), name),)
        base: Unknown | Parameter = Unknown(label or "self", OPEN, origins)
        if declared is not None:
            made_here = isinstance(holder.site, tuple) and holder.site[-1] == "object"
            if made_here and not cell.open and not self._of_settings(cell.cls):
                unset = classes.unset_field(declared)
                if unset is not ABSENT:
                    return unset
            if label == "self" and not origins and isinstance(cell.cls, Cls):
                # A field of the class, which whoever makes the object fills.
                kind = StepKind.CONFIGURED if self._declares_account(cell.cls) else StepKind.PARAMETER
                step = Step(kind, replace(context, module=cell.cls.module).place(declared.at), name)
                base = Parameter("self", cell.cls.symbol, OPEN, (step,))
            elif isinstance(cell.cls, Cls) and any(step.kind is StepKind.PARAMETER for step in origins):
                # A field of something that the caller gives: whoever made that filled it.
                base = Parameter(label or "self", cell.cls.symbol, OPEN, origins)
        value = attributes.attribute(
            self, state, base, name, context.place(node.at), known_class=isinstance(cell.cls, Cls)
        )
        count = self.declared_count(cell.cls, name)
        return replace(value, count=count) if count is not None and isinstance(value, (Unknown, Parameter)) else value

    def _set_later(self, context: Context, holder: Ref, cls: Val, name: str, found: Val) -> Val:
        """What a class leaves empty and other code sets on its objects: of an object of which nothing is known, only that."""
        opened = isinstance(holder.site, tuple) and holder.site[-1] == "open"
        empty = isinstance(found, Known) and (found.value is None or found.value == "")
        if not opened or not empty or not isinstance(cls, Cls) or self.assigns is None or not self.assigns(name):
            return found
        declared = next(self.declarations(cls, name), None)
        at = cls.node.at if declared is None else declared.at
        step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(at), name)
        return join_values(found, Parameter(name, cls.symbol, OPEN, (step,)))

    def _cleaned(self, context: Context, state: State, form: Ref, cls: Cls, node: t.Expr) -> Val | None:
        """What a form holds once it was checked: fields of many, and those of which a ``clean_FIELD`` makes a list."""
        fields: list[tuple[str, Val]] = []
        step = Step(StepKind.REQUEST, context.place(node.at))
        for each in self.mro(cls):
            for method in each.node.body if isinstance(each, Cls) else ():
                if (name := classes.field_of_many(method)) is not None:
                    several = Member(Unknown(name, OPTIONAL, (step,)), MANY)
                    fields.append((name, Items((several,), (step,))))
                if not isinstance(method, t.Func) or not method.name.startswith("clean_"):
                    continue
                func = self._method(state, cls, method.name)
                if method in context.stack or not isinstance(func, Func) or func.node is not method:
                    continue
                branch = state.copy()
                try:
                    value = self.call_function(context, branch, func, [form], [], method)
                except Dead:
                    continue
                if operators.is_collection(branch, value):
                    members = tuple(containers.members_of(branch, value))
                    fields.append((method.name.removeprefix("clean_"), Items(members, (step,))))
        if not fields:
            return None
        return state.allocate(
            context.path, (node, "cleaned"), Cell("dict", fields=tuple(fields), open=True, trail=(step,))
        )

    def _of_settings(self, cls: Val) -> bool:
        """Whether a class, or one that it is derived from, is called like one that holds settings."""
        return any(
            provenance.settings_like(each.node.name if isinstance(each, Cls) else each.path.rsplit(".", 1)[-1])
            for each in self.mro(cls)
            if isinstance(each, (Cls, Ext))
        )

    def _declares_account(self, cls: Cls) -> bool:
        """Whether a class declares a mail server and a password: what else it declares, the operator sets as well."""
        names = [
            node.targets[0].id
            for each in self.mro(cls)
            if isinstance(each, Cls)
            for node in each.node.body
            if isinstance(node, t.Assign) and isinstance(node.targets[0], t.Name)
        ]
        return provenance.is_account(names)

    def _described(self, cls: Val, name: str) -> bool:
        """Whether a class says by a descriptor what its objects have: a column, a field, a relation."""
        return any(
            isinstance(node.value, t.Call) and _DESCRIPTOR.fullmatch(last_name(node.value.func)) is not None
            for node in self.declarations(cls, name)
        )

    def _static(self, cell: Cell, name: str) -> object:
        for each in self.mro(cell.cls):
            if isinstance(each, ModelCls):
                return inspect.getattr_static(each.cls, name, None)
        return None
