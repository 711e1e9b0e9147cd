"""Expressions: each changes one state and yields one value."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar, Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, PLAIN_MANY, Count, Truth
from mailguard.model.value import ABSENT, ORIGIN_OF, Either, Items, Known, Member, Parameter, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.base import last_name, members_of_class
from mailguard.source.interpret.calls import Calls
from mailguard.source.interpret.context import UNROLL_LIMIT, YIELDS, Context, Dead
from mailguard.source.interpret.models import plain_function
from mailguard.source.interpret.narrowing import type_asked
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Cls,
    Ext,
    FrameId,
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
    bounded,
    join_values,
    nested,
    total,
)
from mailguard.source.library import (
    attributes,
    classes,
    containers,
    literals,
    operators,
    provenance,
    queues,
    slices,
    texts,
)

__all__ = ["Expressions"]


class Expressions(Calls):
    """Expressions."""

    def eval(self, context: Context, state: State, node: t.Expr) -> Val:
        """The value of an expression."""
        self.steps += 1
        if self.steps > self.limit:
            self.exceed()
        return self._evaluators[type(node)](self, context, state, node)

    def _name(self, context: Context, state: State, node: t.Name) -> Val:
        return self.lookup(context, state, node.id, node.at)

    def _attr(self, context: Context, state: State, node: t.Attr) -> Val:
        return self.attribute(context, state, self.eval(context, state, node.value), node.name, node)

    def _text(self, context: Context, state: State, node: t.FStr) -> Val:
        parts = [self.eval(context, state, part) for part in node.parts]
        return texts.concat(state, parts, context.place(node.at))

    def _unary(self, context: Context, state: State, node: t.Unary) -> Val:
        value = self.eval(context, state, node.operand)
        if node.op == "not":
            answer = self.truth(state, value)
            return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.NO)
        return literals.negated(value) if node.op == "-" else value

    def _lambda(self, context: Context, state: State, node: t.Lam) -> Val:
        defaults = tuple(
            (param.name, self._default(context, state, node, param))
            for param in node.params
            if param.default is not None
        )
        return Func(node, context.module, context.frames, context.owner, f"{context.symbol}.<lambda>", defaults)

    def _walrus(self, context: Context, state: State, node: t.Walrus) -> Val:
        value = self.eval(context, state, node.value)
        self.assign(context, state, node.target, value, node.value.at)
        return value

    def _slice(self, context: Context, state: State, node: t.Slice) -> Val:
        del context, state, node
        return Unknown("a slice")

    def _const(self, context: Context, state: State, node: t.Const) -> Val:
        del state
        made = self._constants.get(node)
        if made is not None:
            return made
        value = node.value
        if value is ...:
            made = Unknown("...", OPTIONAL)
        elif isinstance(value, str) and "@" in value:
            return Known(value, (Step(StepKind.WRITTEN, context.place(node.at)),))
        elif isinstance(value, (str, bytes, int, float, bool)) or value is None:
            made = Known(value)
        else:
            made = Unknown("a number", OPTIONAL)
        self._constants[node] = made
        return made

    def _binary(self, context: Context, state: State, node: t.Bin) -> Val:
        # The left side of a long sum is evaluated in a loop: the stack stays flat.
        chain: list[t.Bin] = []
        left: t.Expr = node
        while isinstance(left, t.Bin):
            chain.append(left)
            left = left.left
        value = self.eval(context, state, left)
        for link in reversed(chain):
            right = self.eval(context, state, link.right)
            value = self.binary(context, state, link.op, value, right, link.at)
        return value

    def binary(self, context: Context, state: State, op: str, left: Val, right: Val, at: t.Span) -> Val:
        """``left op right``."""
        return operators.binary(self, context, state, op, left, right, at)

    def _boolean(self, context: Context, state: State, node: t.Bool) -> Val:
        left = self.eval(context, state, node.left)
        answer = self.truth(state, left)
        if (answer is Truth.YES and node.op == "or") or (answer is Truth.NO and node.op == "and"):
            return left
        if answer is not Truth.MAYBE:
            return self.eval(context, state, node.right)
        branch = state.copy()
        if not self.narrow(context, branch, node.left, outcome=node.op == "and"):
            return left
        right = self.eval(context, branch, node.right)
        state.become(join_states([state, branch]))
        options = left.options if isinstance(left, Either) else (left,)
        unwanted = Truth.NO if node.op == "or" else Truth.YES
        kept = [option for option in options if option is ABSENT or self.truth(state, option) is not unwanted]
        return join_values(*kept, right)

    def _conditional(self, context: Context, state: State, node: t.Cond) -> Val:
        answer = self.truth(state, self.eval(context, state, node.test))
        if answer is Truth.YES:
            return self.eval(context, state, node.body)
        if answer is Truth.NO:
            return self.eval(context, state, node.orelse)
        results: list[Val] = []
        states: list[State] = []
        for outcome, part in ((True, node.body), (False, node.orelse)):
            branch = state.copy()
            if not self.narrow(context, branch, node.test, outcome=outcome):
                continue
            try:
                results.append(self.eval(context, branch, part))
            except Dead:
                continue
            states.append(branch)
        if not results:
            raise Dead
        state.become(join_states(states))
        return join_values(*results)

    def _compare(self, context: Context, state: State, node: t.Compare) -> Val:
        asked = type_asked(node)
        if asked is not None:
            subject, names, positive = asked
            found = operators.is_instance(self, state, self.eval(context, state, subject), names)
            return Unknown("a flag", OPTIONAL) if found is Truth.MAYBE else Known((found is Truth.YES) == positive)
        left = self.eval(context, state, node.left)
        answer = Truth.YES
        for op, operand in node.rest:
            right = self.eval(context, state, operand)
            held = ABSENT
            if op in {"in", "not in"} and self._model_of(state, right) is not None:
                # Whether a message has a header line.
                held = self._call_dunder(context, state, right, "__contains__", [left], node)
            if held is ABSENT:
                answer = answer & operators.compare(self, state, op, left, right)
            else:
                found = self.truth(state, held)
                answer = answer & (found if op == "in" else ~found)
            left = right
        return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.YES)

    def _sequence(self, context: Context, state: State, node: t.Seq) -> Val:
        members: list[Member] = []
        for item, star in zip(node.items, node.stars, strict=True):
            value = self.eval(context, state, item)
            if star:
                members += containers.members_of(state, value, context.place(item.at))
            else:
                members.append(Member(value, ONE))
        if node.sort == "tuple":
            return nested(Items(bounded(members) if True in node.stars else tuple(members), sort="tuple"))
        held = bounded(members) if True in node.stars else tuple(members)
        return state.allocate(context.path, node, Cell(node.sort, members=held))

    def _dict(self, context: Context, state: State, node: t.Dict) -> Val:
        ref = state.allocate(context.path, node, Cell("dict"))
        for key, item in node.items:
            value = self.eval(context, state, item)
            if key is None:
                containers.update(state, ref, value)
                continue
            index = self.eval(context, state, key)
            name = literals.string(index)
            if name is not None:
                value = self._stored(value, context.place(item.at), name)
            containers.set_item(state, ref, index, value)
        return ref

    def _comprehension(self, context: Context, state: State, node: t.Comp) -> Val:
        frame = FrameId(context.path, node)
        state.frames[frame] = {}
        inner = replace(context, frames=(frame, *context.frames))
        iterable = self.eval(inner, state, node.clauses[0].iter)
        options = iterable.options if isinstance(iterable, Either) and node.sort in {"list", "set"} else ()
        if 1 < len(options) <= _BRANCHES and all(isinstance(option, (Ref, Items)) for option in options):
            # Lists of branches that never meet: what is collected of one is not beside what is collected of another.
            found: list[Val] = []
            for index, option in enumerate(options):
                state.frames.own[frame] = {}
                way = self.round(inner, node, index)
                found.append(self._collected(way, state, node, containers.inherited(option, iterable.trail), frame))
            return join_values(*found)
        return self._collected(inner, state, node, iterable, frame)

    def _collected(self, inner: Context, state: State, node: t.Comp, iterable: Val, frame: FrameId) -> Val:
        """What a comprehension gives whose first clause goes over ``iterable``."""
        context = inner
        result: list[Member] = []
        pairs: list[tuple[Val, Val, Count]] = []
        self._clause(inner, state, node, 0, ONE, result, pairs, iterable)
        state.frames.own.pop(frame, None)
        step = Step(StepKind.COLLECTED, context.place(node.at))
        if node.sort == "dict":
            ref = state.allocate(context.path, node, Cell("dict"))
            for key, value, _ in pairs:
                containers.set_item(state, ref, key, value)
            return ref
        grown = any(member.count.plain >= PLAIN_MANY for member in result)
        trail = (step,) if grown else ()
        if node.sort == "iterator":
            return Items(tuple(result), trail, "iterator")
        return replace(state.allocate(context.path, node, Cell(node.sort, members=tuple(result))), trail=trail)

    def _clause(
        self,
        context: Context,
        state: State,
        node: t.Comp,
        depth: int,
        count: Count,
        result: list[Member],
        pairs: list[tuple[Val, Val, Count]],
        given: Val = None,
    ) -> None:
        if depth == len(node.clauses):
            if count.plain >= PLAIN_MANY and _adds(node.element):
                # It is done for each member: what it adds to a list, it adds that often.
                context = replace(context, loops=context.loops | {f"{context.symbol}:{node.at.line}"})
                self.eval(context, state, node.element)
            key = self.eval(context, state, node.element)
            if node.value is None:
                result.append(Member(key, count))
            else:
                pairs.append((key, self.eval(context, state, node.value), count))
            return
        clause = node.clauses[depth]
        iterable = self.eval(context, state, clause.iter) if given is None else given
        place = context.place(clause.iter.at)
        members = containers.members_of(state, iterable, place)
        if len(members) > UNROLL_LIMIT:
            members = (Member(containers.element(state, iterable, place), total(members)),)
        names = state.frames[context.frame]
        outer = context
        for index, member in enumerate(members):
            # Each round makes things of its own: the members met before are still held here.
            context = self.round(outer, clause, index) if len(members) > 1 else outer
            before = dict(names)
            self.assign(context, state, clause.target, member.value, clause.iter.at)
            each = count * member.count
            possible = True
            for test in clause.ifs:
                answer = self.truth(state, self.eval(context, state, test))
                possible = answer is not Truth.NO and self.narrow(context, state, test, outcome=True)
                if answer is Truth.MAYBE:
                    each = replace(each, low=0)
                if not possible:
                    break
            if possible:
                self._clause(context, state, node, depth + 1, each, result, pairs)
            names = state.frames[context.frame]
            names.clear()
            names.update(before)

    def round(self, context: Context, node: object, index: int) -> Context:
        """The context of one round of several that are run side by side."""
        path = self._paths.setdefault((context.path, (id(node), index)), len(self._paths) + 1)
        return replace(context, path=path)

    def _yield(self, context: Context, state: State, node: t.Yield) -> Val:
        value = Known(None) if node.value is None else self.eval(context, state, node.value)
        holder = next(
            (names[YIELDS] for names in map(state.frames.get, context.frames) if names and YIELDS in names), None
        )
        if isinstance(holder, Ref):
            if node.each:
                containers.extend(state, holder, value, context.place(node.at))
            else:
                containers.list_append(state, holder, value)
            self.lend(context, state, value, node)
            return Unknown("sent into the generator")
        # A coroutine that yields to wait gets what it waited for.
        return value

    def _subscript(self, context: Context, state: State, node: t.Sub) -> Val:
        holder = self.eval(context, state, node.value)
        if isinstance(holder, (Cls, ModelCls)):
            # A generic class with its arguments.
            return holder
        if isinstance(node.index, t.Slice):
            bounds = [
                None if each is None else self.eval(context, state, each)
                for each in (node.index.lower, node.index.upper, node.index.step)
            ]
            return slices.sliced(state, holder, bounds, context, node)
        index = self.eval(context, state, node.index)
        found = self._call_dunder(context, state, holder, "__getitem__", [index], node)
        if found is not ABSENT:
            return found
        value = containers.item(state, holder, index, context.place(node.at))
        if self.gathered and isinstance(value, Unknown) and literals.string(index) in self.gathered:
            return replace(value, count=MANY)
        return value

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
            for cls in self.classes_of(state, holder, name):
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
            return state.allocate(context.path, (node, "dict"), Cell("dict", fields=cell.fields))
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
        if found is not ABSENT and not self._described(cell.cls, name):
            return self._set_later(context, holder, cell.cls, name, found)
        if found is ABSENT and name in _RUNS and isinstance(cell.cls, Cls):
            run = self._method(state, cell.cls, "run")
            if isinstance(run, Func) and any(isinstance(each, Ext) for each in self.mro(cell.cls)):
                # A thread, a process, a task that is a class: what starts it runs it.
                started = Bound(run, holder)
                return Native(f"callable.{name}", started, bound=True)
        label = last_name(node.value) if isinstance(node, t.Attr) else ""
        origins = tuple(step for step in holder.trail if step.kind in ORIGIN_OF)
        if not origins and found is not ABSENT and self._of_settings(cell.cls):
            origins = (Step(StepKind.CONFIGURED, context.place(node.at), name),)
        base: Unknown | Parameter = Unknown(label or "self", OPEN, origins)
        declared = next(self.declarations(cell.cls, name), None)
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

    _evaluators: ClassVar[dict[type, Callable[[Any, Context, State, Any], Val]]] = {
        t.Const: _const,
        t.Name: _name,
        t.Attr: _attr,
        t.Call: Calls._call,  # noqa: SLF001  # of the layer below
        t.Sub: _subscript,
        t.FStr: _text,
        t.Bin: _binary,
        t.Bool: _boolean,
        t.Unary: _unary,
        t.Compare: _compare,
        t.Cond: _conditional,
        t.Seq: _sequence,
        t.Dict: _dict,
        t.Comp: _comprehension,
        t.Lam: _lambda,
        t.Yield: _yield,
        t.Walrus: _walrus,
        t.Slice: _slice,
    }
    """What evaluates each kind of expression; a table, as this is asked for millions of times."""


def _adds(node: t.Expr) -> bool:
    """Whether an expression adds something to a container."""
    return isinstance(node, t.Call) and isinstance(node.func, t.Attr) and node.func.name in queues.GIVES


_BRANCHES: Final = 3
"""So many lists that a comprehension may go over are looked at one by one."""
_RUNS: Final = frozenset({"start", "delay", "apply_async", "enqueue", "submit", "send"})
"""Methods of a thread, a process or a task that run its ``run``."""

_DESCRIPTOR: Final = re.compile(r"[A-Z]\w*|field|mapped_column|relationship|relation|backref|attrib|ib|fields_for")
"""What makes a descriptor when a class is defined: ``models.CharField(...)``, ``Column(...)``, ``field(...)``."""
