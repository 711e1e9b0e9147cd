"""Calls: what is called, and with which arguments."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Final

from mailguard.model.count import ONE, OPEN
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Step,
    StepKind,
    Text,
    Unknown,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.arguments import keywords_of
from mailguard.source.interpret.base import last_name
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.guessing import Guessing
from mailguard.source.interpret.state import State, join_states
from mailguard.source.interpret.values import (
    Bound,
    Cls,
    Func,
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
from mailguard.source.library import containers, outside

__all__ = ["Calls"]


_LINKS: Final = frozenset({"s", "si", "subtask", "signature"})
"""Methods of a Celery task that make a link of a chain; ``si`` takes nothing from the one before."""


class Calls(Guessing):
    """Calls of any callable."""

    def _call(self, context: Context, state: State, node: t.Call) -> Val:
        func = node.func
        if isinstance(func, t.Name) and func.id == "super":
            return self._make_super(context, state, node)
        if isinstance(func, t.Attr) and func.name == "__subclasses__" and self.methods is not None:
            cls = self.eval(context, state, func.value)
            if isinstance(cls, Cls):
                return self._subclasses(state, cls)
        if last_name(func) == "chain" and len(node.args) > 1:
            chained = self._chain(context, state, node)
            if chained is not None:
                return chained
        callee = self._callee(context, state, func)
        # A task is queued with its arguments: ``tell.delay(people)``.
        queued = isinstance(callee, Native) and callee.name.startswith("callable.")
        passes = queued or isinstance(callee, (Func, Bound, Cls, Partial, Either))
        taker = last_name(func.value if queued and isinstance(func, t.Attr) else func)
        args: list[Val] = []
        keywords: list[tuple[str | None, Val]] = []
        for arg in node.args:
            value = self.eval(context, state, arg.value)
            if arg.star == "*":
                members = containers.members_of(state, value, context.place(arg.value.at))
                if all(member.count == ONE for member in members) and not isinstance(value, (Unknown, Parameter)):
                    args += [member.value for member in members]
                else:
                    rest = containers.element(state, value, context.place(arg.value.at))
                    if isinstance(rest, Parameter) and rest.name.startswith("*"):
                        # One of the arguments that a caller gives, which may be a list as well.
                        rest = replace(rest, count=OPEN)
                    keywords.append(("*", rest))
            elif arg.star == "**":
                keywords += keywords_of(state, value)
            elif arg.keyword is not None:
                keywords.append((arg.keyword, self._passed(context, value, arg.at, taker) if passes else value))
            else:
                args.append(self._passed(context, value, arg.at, taker) if passes else value)
        return self.call(context, state, callee, args, keywords, node)

    def _chain(self, context: Context, state: State, node: t.Call) -> Val | None:
        """``chain(collect.s(key), deliver.s(subject))``: each task gets what the one before it came to; None if it is none of Celery's."""
        links: list[tuple[t.Call, Val]] = []
        for arg in node.args:
            link = arg.value
            if not isinstance(link, t.Call) or not isinstance(link.func, t.Attr) or link.func.name not in _LINKS:
                return None
            links.append((link, self.eval(context, state, link.func.value)))
        if not all(isinstance(task, (Func, Bound)) for _, task in links):
            return None
        result: Val = ABSENT
        for link, task in links:
            given = [arg for arg in link.args if arg.star == ""]
            args = [self.eval(context, state, arg.value) for arg in given if arg.keyword is None]
            keywords = [(arg.keyword, self.eval(context, state, arg.value)) for arg in given if arg.keyword is not None]
            if result is not ABSENT and isinstance(link.func, t.Attr) and link.func.name != "si":
                args = [self._passed(context, result, link.at, last_name(link.func)), *args]
            result = self.call(context, state, task, args, list(keywords), link)
        return result

    def _subclasses(self, state: State, cls: Cls) -> Items:
        """The classes of the project that are derived from ``cls``."""
        heirs = self.methods.subclasses(cls.node.name) if self.methods is not None else []
        found: list[Val] = [self.lookup_module(state, module, heir.name) for module, heir in heirs]
        return Items(tuple(Member(heir, ONE) for heir in found if heir is not ABSENT), sort="list")

    def _callee(self, context: Context, state: State, func: t.Expr) -> Val:
        if not isinstance(func, t.Attr):
            return self.eval(context, state, func)
        holder = self.eval(context, state, func.value)
        options = holder.options if isinstance(holder, Either) else (holder,)
        found: list[Val] = []
        for option in options:
            if option is ABSENT or (isinstance(option, Known) and option.value is None and len(options) > 1):
                continue
            if isinstance(option, Native) and option.name == "dict" and func.name == "fromkeys":
                found.append(Native("fromkeys"))
            elif isinstance(option, Native) and option.name == "object" and func.name == "__setattr__":
                # What a frozen dataclass writes itself with.
                found.append(Native("setattr"))
            elif isinstance(option, (Known, Text, Items, Unknown, Parameter, Fields)):
                found.append(Native(f"value.{func.name}", option, bound=True))
            else:
                value = self.attribute(context, state, option, func.name, func)
                if isinstance(value, (Unknown, Parameter)) and isinstance(option, Ref):
                    # A method that the class of the project does not have: its base lies outside.
                    value = Native(
                        f"value.{func.name}",
                        Unknown(last_name(func.value) or "self", OPEN, trail_of(value)),
                        bound=True,
                    )
                found.append(value)
        return join_values(*found) if found else Unknown(func.name)

    def _passed(self, context: Context, value: Val, at: t.Span, taker: str) -> Val:
        """``value`` as it is handed to the function called ``taker``."""
        if isinstance(value, (Ref, Items, Text, Unknown, Parameter, Either)):
            return self._mark(value, Step(StepKind.PASSED, context.place(at), taker))
        return value

    def _make_super(self, context: Context, state: State, node: t.Call) -> Val:
        owner = context.owner
        if node.args:
            first = self.eval(context, state, node.args[0].value)
            owner = first if isinstance(first, Cls) else owner
        receiver: Val = None
        if len(node.args) > 1:
            receiver = self.eval(context, state, node.args[1].value)
        else:
            names = state.frames.get(context.frame, {})
            receiver = next((value for name, value in names.items() if not name.startswith("global ")), None)
        return Super(owner, receiver) if isinstance(owner, Cls) else Unknown("super")

    def call(
        self,
        context: Context,
        state: State,
        callee: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        """``callee(*args, **keywords)``."""
        self.steps += 1
        if self.steps > self.limit:
            self.exceed()
        callee = self.force(state, callee)
        match callee:
            case Func():
                return self.call_function(context, state, callee, args, keywords, node)
            case Bound():
                return self.call_function(context, state, callee.func, [callee.receiver, *args], keywords, node)
            case Partial():
                filled = {key for key, _ in keywords}
                rest = [(key, value) for key, value in callee.keywords if key not in filled]
                return self.call(context, state, callee.func, [*callee.args, *args], [*rest, *keywords], node)
            case Cls():
                return self._construct(context, state, callee, args, keywords, node)
            case ModelFn():
                return self._call_model_function(context, state, callee, args, keywords, node)
            case ModelMethod():
                receiver = callee.receiver
                if isinstance(receiver, ModelCls):
                    # A class method: it gets the model class itself.
                    return self._call_model(
                        context, state, callee.call, receiver, args, keywords, node, f"{callee.cls.path}.{callee.name}"
                    )
                if receiver is None:
                    if inspect.getattr_static(callee.cls.cls, callee.name, None).__class__ is staticmethod:
                        return self._call_model(
                            context, state, callee.call, None, args, keywords, node, f"{callee.cls.path}.{callee.name}"
                        )
                    receiver, args = (args[0], args[1:]) if args else (Unknown("self"), args)
                handle = self._argument(context, state, receiver, node)
                if isinstance(handle, Either):
                    handle = next((option for option in handle.options if isinstance(option, Object)), handle)
                if not isinstance(handle, Object):
                    return Unknown(callee.name)
                return self._call_model(
                    context, state, callee.call, handle, args, keywords, node, f"{callee.cls.path}.{callee.name}"
                )
            case ModelCls():
                return self._construct_model(context, state, callee, callee, args, keywords, node)
            case Native():
                return outside.call(self, context, state, callee, args, keywords, node)
            case Either():
                return self._call_either(context, state, callee, args, keywords, node)
            case Ref():
                found = self._method(state, state.heap[callee].cls, "__call__") if callee in state.heap else ABSENT
                if isinstance(found, Func):
                    return self.call_function(context, state, found, [callee, *args], keywords, node)
                if isinstance(found, tuple):
                    model, function = found
                    handle = self.handle(context, state, callee, model, node)
                    return self._call_model(context, state, function, handle, args, keywords, node, model.path)
                return self._call_unknown(context, state, callee, args, keywords, node)
            case _:
                return self._call_unknown(context, state, callee, args, keywords, node)

    def _call_either(
        self,
        context: Context,
        state: State,
        callee: Either,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        results: list[Val] = []
        states: list[State] = []
        for option in callee.options:
            if option is ABSENT or (isinstance(option, Known) and option.value is None):
                continue
            branch = state.copy()
            try:
                results.append(self.call(context, branch, option, list(args), list(keywords), node))
            except Dead:
                continue
            states.append(branch)
        if not results:
            raise Dead
        state.become(join_states(states))
        return join_values(*results)
