"""Functions and classes of the project, called with values or with open parameters."""

from __future__ import annotations

from typing import Final

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.value import (
    ABSENT,
    Either,
    Items,
    Known,
    Member,
    Parameter,
    Step,
    StepKind,
    Text,
    Unknown,
)
from mailguard.source import tree as t
from mailguard.source.interpret.again import Again
from mailguard.source.interpret.base import last_name
from mailguard.source.interpret.callables import names_of_callables
from mailguard.source.interpret.context import DEPTH_LIMIT, YIELDS, Activation, Context, Dead
from mailguard.source.interpret.parameters import empty
from mailguard.source.interpret.repeats import Asked
from mailguard.source.interpret.state import State
from mailguard.source.interpret.touched import touch
from mailguard.source.interpret.values import Cell, Cls, Ext, FrameId, Func, Ref, Val, join_values

__all__ = ["Functions", "flat"]


class Functions(Again):
    """Calls of what the project defines."""

    def call_function(
        self,
        context: Context,
        state: State,
        func: Func,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
        *,
        opened: bool = False,
    ) -> Val:
        """Call a function of the project. ``opened``: parameters that are not given stay open."""
        if len(context.stack) >= DEPTH_LIMIT or context.stack.count(func.node) >= 2:
            return Unknown("recursion")
        self.ensure(func.module)
        path = self._paths.setdefault((context.path, (node, func.node)), len(self._paths) + 1)
        frame = FrameId(path, func.node)
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        calls = context.calls if opened else (*context.calls, Step(StepKind.PASSED, context.place(at), func.symbol))
        yields: list[Member] | None = [] if isinstance(func.node, t.Func) and _generates(func.node) else None
        idle = 0
        also = names_of_callables(state, func, args, keywords, self._lead_to_mail) | self._of_callables
        light = (
            not opened and isinstance(func.node, t.Func) and not also and not self._is_hot(func.node.names, func.module)
        )
        near = self.nearby.of(func.module)
        if light and isinstance(func.node, t.Func) and self.relevant.isdisjoint(func.node.names):
            # Nothing in it names a mail call: it can only make or change values.
            idle = context.idle + 1
            if idle > self.effort.idle:
                self.passed_by.update(each.names for each in context.stack[-context.idle :] if isinstance(each, t.Func))
                self.passed_by.add(frozenset([func.node.name]))
                touch(state, func.node, args, keywords)
                return Unknown(f"{func.node.name}()", OPEN)
        given = (*args, *(value for _, value in keywords))
        if light and self.is_dear(func.node):
            # Its result is not known from here on. What it may do to a thing that it gets, or call, is missed, and told.
            self.left_out += 1
            self.passed_over |= not all(map(flat, given))
            if isinstance(func.node, t.Func):
                self.passed_by.add(func.node.names)
                touch(state, func.node, args, keywords)
            return Unknown(f"{func.node.name if isinstance(func.node, t.Func) else 'lambda'}()", OPEN)
        begun, left_out = self.steps, self.left_out
        key = None
        if yields is None and not opened and not self._carried and all(flat(value) for value in given):
            key = (
                func.node,
                func.frames,
                tuple(args),
                tuple(keywords),
                len(self.relevant),
                near,
                id(node) in self._unread,
            )
            known_result = self._memo.get(key, ABSENT)
            if known_result is not ABSENT:
                return known_result
        sent = len(self.dispatches)
        outer = state
        body = self.managed if func.sort == "context" and self.managed is not None else None
        body = body if body is not None and body.item is node else None
        state = outer.part(
            [*given, *(value for _, value in func.defaults), func.owner, *self._carried],
            func.frames if body is None else (*func.frames, *body.frames),
        )
        seen = dict(state.heap.own)
        frames = list(state.frames.own)
        asked = None
        if not opened and body is None and not self._carried and not self._loading:
            names = {each: dict(bound) for each, bound in state.frames.own.items()}
            asked = Asked(func, args, keywords, context.loops, self._marks(node), seen, names)
            done = self._repeats.find(path, asked)
            if done is not None:
                return self._again(outer, seen, done)
        unsent, made, sites = dict(self.unsent), len(self._made), set(self.sent)
        chosen = None
        if isinstance(func.node, t.Func):
            chosen, without = self.slicer.slice(
                func.node.body,
                self.relevant,
                returns=id(node) not in self._unread and not opened,
                effects=not opened or func.node.name in {"__init__", "__post_init__"},
                only_called=self.web.get(func.module, frozenset()),
                also=also | near,
                held=frozenset() if opened else _held(func.node, args, keywords),
            )
            self.passed_by.add(without)
        activation = Activation(func, args, keywords, node)
        inner = Context(
            func.module,
            func.symbol,
            path,
            (frame, *func.frames),
            func.owner,
            # What a generator yields in a loop of its own is many; the loops around the call do not count.
            context.loops if yields is None else frozenset(),
            calls,
            (*context.stack, func.node),
            yields,
            pinned=frozenset([(ref.path, ref.site) for ref in seen]),
            chosen=chosen,
            idle=idle,
            active=(*context.active, activation),
            body=body,
        )
        state.frames[frame] = {}
        if yields is not None:
            state.frames[frame][YIELDS] = state.allocate(path, (func.node, YIELDS), Cell("list"))
        self._bind_parameters(inner, state, func, args, keywords, opened=opened)
        self.reached[func.symbol] = func.node
        if isinstance(func.node, t.Lam):
            value = self.eval(inner, state, func.node.body)
            results = [(state, value)]
        else:
            flow = self.block(inner, func.node.body, [state])
            results = list(flow.returns)
            results += [(each, Known(None)) for each in flow.normal]
            if opened and results:
                self._inner_functions(inner, results[-1][0])
        if not results and isinstance(func.node, t.Func) and func.node.asynchronous:
            # A worker that never ends, or fails, ends nobody else: its caller goes on beside it.
            results = [(state, Unknown("a task"))]
        if not results:
            if asked is not None:
                self._keep(path, asked, None, ABSENT, [], (begun, left_out, sent, unsent, made, sites))
            raise Dead
        end = self._joined([each for each, _ in results])
        if self._made:
            self.note_unsent(inner, end)
        value = join_values(*(each for _, each in results))
        if yields is not None:
            holder = end.frames[frame].get(YIELDS)
            cell = end.heap.get(holder) if isinstance(holder, Ref) else None
            members = cell.members if cell is not None else (Member(Unknown("a member", OPTIONAL), MANY),)
            value = Items(members, sort="context" if func.sort == "context" else "iterator")
        if light:
            self._spent[func.node] = self._spent.get(func.node, 0) + self.steps - begun
        whole = left_out == self.left_out
        if whole and key is not None and sent == len(self.dispatches) and flat(value) and not frames and not seen:
            # It neither received, returned, made nor sent a thing; the next call with such arguments is the same.
            self._memo[key] = value
        # What it bound to names of files (`global`) stays bound.
        written = [each for each in end.frames.own if each not in frames and not isinstance(each.owner, _OF_CODE)]
        if asked is not None:
            self._keep(path, asked, end, value, [*frames, *written], (begun, left_out, sent, unsent, made, sites))
        outer.merge(end, seen, [value], [*frames, *written])
        return value

    def _inner_functions(self, context: Context, state: State) -> None:
        """Run functions that a root defines and hands to somebody else (a view within ``create_app``).

        What one of them fills and another one sends is not empty any more when that is called. The same of methods of
        classes that it makes.
        """
        names = list(state.frames.get(context.frame, {}).items())
        if any(isinstance(value, Cls) or self._is_unread(value) for _, value in names):
            node = context.stack[-1] if context.stack else None
            body = node.body if isinstance(node, t.Func) else ()
            for name, value in names:
                self._open_filled(context, state, name, value, body)
            bound = {
                name
                for _, value in names
                if isinstance(value, Func) and isinstance(value.node, t.Func)
                for node in t.statements(value.node.body)
                if isinstance(node, t.Global) and node.nonlocal_
                for name in node.names
            }
            for name, value in names:
                if name in bound and empty(state, value):
                    state.frames[context.frame][name] = join_values(value, Unknown(name, OPEN))
        for _, value in names:
            if isinstance(value, Func) and self._is_unread(value):
                try:
                    self.call_function(context, state.copy(), value, [], [], value.node, opened=True)
                except Dead:
                    continue
            elif isinstance(value, Cls):
                self._methods_of_inner_class(context, state, value)

    def iterated(self, context: Context, state: State, value: Val, node: object) -> Val:
        """What a loop over ``value`` goes over: of an object whose class says so, what its ``__iter__`` gives."""
        cell = state.heap.get(value) if isinstance(value, Ref) else None
        if cell is None or cell.sort != "object" or not isinstance(cell.cls, Cls):
            return value
        method = self._method(state, cell.cls, "__iter__")
        if not isinstance(method, Func) or method.node in context.stack:
            return value
        return self.call_function(context, state, method, [value], [], node)

    def _is_unread(self, value: Val) -> bool:
        """Whether a value is a function that the current root did not call."""
        return isinstance(value, Func) and self.reached.get(value.symbol) is not value.node

    def _methods_of_inner_class(self, context: Context, state: State, cls: Cls) -> None:
        """Run the methods of a class made in a function that lead to a mail call, and that nobody called."""
        cell = state.heap.get(cls.ref)
        for _, method in cell.fields if cell is not None else ():
            if (
                not isinstance(method, Func)
                or not isinstance(method.node, t.Func)
                or len(method.frames) < 2
                or method.symbol in self.reached
                or not self._lead_to_mail(method.node.names, method.module)
            ):
                continue
            after = state.copy()
            try:
                receiver = cls if method.sort == "class" else self.open_instance(context, after, cls)
                args = [] if method.sort == "static" else [receiver]
                self.call_function(context, after, method, args, [], method.node, opened=True)
            except Dead:
                continue


def _held(node: t.Func, args: list[Val], keywords: list[tuple[str | None, Val]]) -> frozenset[str]:
    """The parameters under which a function gets things that it may change."""
    held = {key for key, value in keywords if key is not None and isinstance(value, Ref)}
    names = [param.name for param in node.params if param.sort in {"positional", "both"}]
    held.update(name for name, value in zip(names, args, strict=False) if isinstance(value, Ref))
    return frozenset(held - {"self", "cls"})


_OF_CODE: Final = (t.Func, t.Lam, t.Class, t.Comp)
"""Whose names a frame holds, if not those of a file."""


def _generates(node: t.Func) -> bool:
    """Whether a call of a function makes a generator, and not a coroutine of the older kind, which yields to wait."""
    return node.generator and not any(last_name(decorator) in _COROUTINES for decorator in node.decorators)


_COROUTINES: Final = frozenset({"inlineCallbacks", "coroutine", "engine", "tasklet", "deferredGenerator"})
"""Decorators under which ``x = yield call()`` waits for a result: Twisted, Tornado, asyncio before Python 3.5, ndb."""


def flat(value: Val) -> bool:
    """Whether a value has no part on the heap."""
    if isinstance(value, Either):
        return all(option is ABSENT or flat(option) for option in value.options)
    if isinstance(value, Items):
        return all(flat(member.value) for member in value.members)
    return isinstance(value, (Known, Text, Unknown, Parameter, Ext))
