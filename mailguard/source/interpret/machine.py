"""The interpreter: statements, expressions and calls over abstract values.

Nothing that is scanned is ever run. Statements work on a list of states, so
that branches stay apart until the next call boundary; an expression changes one
state and yields one value. Loops run to a fixed point with widening, so that a
To line that gains a person in each pass is seen to grow.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, PLAIN_MANY, Count, Truth
from mailguard.model.exchange import Dispatch, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.place import Place
from mailguard.model.provider import Library, Refused
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
    inherit,
    trail_of,
    truth,
    with_step,
)
from mailguard.source import library
from mailguard.source import tree as t
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
    State,
    Super,
    Val,
    join_states,
    join_values,
    total,
    widen,
)
from mailguard.source.project import Module, Project
from mailguard.source.slice import Slicer

__all__ = ["COARSE", "FULL", "GLANCE", "Budget", "Context", "Dead", "Effort", "Machine"]

PASSES_LIMIT: Final = 6
"""Passes over a loop until what still changes is given up as it is."""
UNROLL_LIMIT: Final = 8
"""A loop over so many written members runs once for each."""
DEPTH_LIMIT: Final = 24
"""Calls within calls."""
FREEZE_LIMIT: Final = 12
"""Containers within containers that are read into a request."""


YIELDS: Final = "the members that a generator yields"
"""The name in a generator's frame under which they are collected."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard one root is looked at."""

    steps: int
    """Expressions evaluated."""
    states: int
    """Branch states kept apart within one function."""
    idle: int
    """Calls within calls of functions that name no mail call."""


FULL: Final = Effort(60_000, 8, 4)
"""Where every root starts."""
COARSE: Final = Effort(80_000, 1, 1)
"""For a root that took more: branches are joined at once, helpers are not followed as far."""
GLANCE: Final = Effort(4_000, 1, 1)
"""For test code, which closes no gate."""


class Budget(Exception):  # noqa: N818  # a signal, caught where the root is run
    """The analysis of one root took more steps than the limit."""


class Dead(Exception):  # noqa: N818  # a signal, caught by the statement
    """The path ends here: the call raises in every run."""


@dataclass(frozen=True)
class Context:
    """Where the interpreter is: one activation of one function."""

    module: Module
    symbol: str
    path: int
    frames: tuple[FrameId, ...]
    """Frames whose names are visible, innermost first."""
    owner: Val = None
    """The class whose method runs."""
    loops: frozenset[str] = frozenset()
    calls: tuple[Step, ...] = ()
    stack: tuple[object, ...] = ()
    yields: list[Member] | None = None
    main: bool = False
    """Whether ``__name__`` is ``"__main__"``."""
    pinned: frozenset[tuple[int, object]] = frozenset()
    """Path and site of the things that the caller still holds."""
    chosen: frozenset[int] | None = None
    """The statements that can matter; None for all of them."""
    idle: int = 0
    """How many of the innermost calls are of functions that name no mail call."""

    @property
    def frame(self) -> FrameId:
        """The innermost frame."""
        return self.frames[0]

    def place(self, at: t.Span) -> Place:
        """A span of this file."""
        return Place(self.module.path, at.line, at.column, at.end_line, at.end_column)


@dataclass
class Flow:
    """How a block of statements was left."""

    normal: list[State] = field(default_factory=list)
    breaks: list[State] = field(default_factory=list)
    continues: list[State] = field(default_factory=list)
    returns: list[tuple[State, Val]] = field(default_factory=list)

    def take(self, other: Flow) -> None:
        """Add the ways that leave the enclosing block."""
        self.breaks += other.breaks
        self.continues += other.continues
        self.returns += other.returns


class _Heap:
    """What a model's object reads and writes: the state that is being interpreted."""

    def __init__(self, machine: Machine, state: State, context: Context, node: object) -> None:
        self.machine, self.state, self.context, self.node = machine, state, context, node

    def model_read(self, ref: Ref, name: str, default: Val) -> Val:
        value = self.state.heap[ref].get(name) if ref in self.state.heap else ABSENT
        return default if value is ABSENT else self.machine.freeze(self.state, value, self.context, self.node)

    def model_write(self, ref: Ref, name: str, value: Val) -> None:
        live = self.machine.thaw(self.state, value, self.context, (self.node, name))
        self._put(ref, lambda cell: cell.put(name, live), name)

    def model_append(self, ref: Ref, name: str, value: Val) -> None:
        live = self.machine.thaw(self.state, value, self.context, (self.node, name, "member"))
        held = self.state.heap[ref].get(name)
        if isinstance(held, Ref):
            library.list_append(self.state, held, live, looping=bool(self.context.loops))
        else:
            before = () if held is ABSENT else library.members_of(self.state, held)
            made = self.state.allocate(
                self.context.path, (self.node, name), Cell("list", members=(*before, Member(live, ONE)))
            )
            self._put(ref, lambda cell: cell.put(name, made), name)

    def model_erase(self, ref: Ref, name: str) -> None:
        if ref in self.state.heap:
            self.state.heap[ref] = self.state.heap[ref].drop(name)

    def model_fields(self, ref: Ref) -> Val:
        cell = self.state.heap[ref]
        return Fields(
            tuple((key, self.machine.freeze(self.state, item, self.context, self.node)) for key, item in cell.fields)
        )

    def _put(self, ref: Ref, change: Callable[[Cell], Cell], name: str) -> None:
        # An object of an earlier pass stands for several: what is written to it may or may not be there.
        if ref not in self.state.heap:
            return
        old = self.state.heap[ref]
        new = change(old)
        if ref.age:
            new = new.put(name, join_values(old.get(name), new.get(name)))
        self.state.heap[ref] = new


class Machine:
    """The interpreter of one project."""

    def __init__(self, project: Project, libraries: Iterable[Library]) -> None:
        self.project = project
        self.models: dict[str, ModelFn | ModelCls] = {}
        self.constants: dict[str, Val] = {}
        for entry in libraries:
            self.constants.update(entry.constants)
            for function in entry.functions:
                for path in function.paths:
                    self.models[path] = ModelFn(function, path)
            for cls in entry.classes:
                for path in cls.PATHS:
                    self.models[path] = ModelCls(cls, path)
        self.dispatches: list[Dispatch] = []
        self.steps = 0
        self.relevant: set[str] = set()
        """Names by which mail calls, and functions that lead to them, are called."""
        self.reached: set[str] = set()
        """Symbols of functions that the current root called."""
        self.made: dict[str, Func] = {}
        """Every function that was met, by symbol."""
        self._paths: dict[tuple[int, object], int] = {}
        self._loaded: set[Module] = set()
        self._frames: dict[FrameId, dict[str, Val]] = {}
        """The frames of loaded modules, shared by all states."""
        self._heap: dict[Ref, Cell] = {}
        """What loaded modules made, likewise."""
        self._memo: dict[object, Val] = {}
        self._slicer = Slicer()
        self._unread: set[int] = set()
        """Calls that stand as statements: nobody reads what they return."""
        self.effort = FULL
        self._signatures: dict[object, inspect.Signature] = {}
        self.wrappers: Callable[[str], Sequence[Func]] | None = None
        """Functions of the project that send, by name: what a call on an unknown object may mean."""

    # Roots

    def root_context(self, module: Module, *, main: bool = False) -> tuple[Context, State]:
        """A fresh state in which the module's own names are known."""
        state = State(self._frames, self._heap)
        frame = FrameId(0, module)
        context = Context(module, f"{module.name}:<module>", 0, (frame,), main=main)
        return context, state

    def run_module(self, module: Module) -> list[Dispatch]:
        """What running the file as a script would send."""
        self.dispatches, self.steps, self.reached = [], 0, set()
        context, state = self.root_context(module, main=True)
        state.frames[context.frame] = {}
        self.block(context, module.body, [state])
        return self.dispatches

    def run_function(self, module: Module, chain: tuple[t.Class | t.Func, ...]) -> list[Dispatch]:
        """What a call of a function would send; ``chain`` leads from the module to it, its parameters are open."""
        self.dispatches, self.steps, self.reached = [], 0, set()
        context, state = self.root_context(module)
        self.ensure(module)
        node = chain[-1]
        owner: Val = None
        if isinstance(chain[0], t.Func) and len(chain) > 1:
            # A function within a function: the outer one makes its closure, so it is run instead.
            return self.run_function(module, chain[:1])
        for outer in chain[:-1]:
            if isinstance(outer, t.Func):
                break
            value = (
                self.lookup_module(state, module, outer.name)
                if owner is None
                else self._class_attr(state, owner, outer.name)
            )
            if not isinstance(value, Cls):
                value = self.define_class(context, state, outer)
            owner = value
        if isinstance(node, t.Class):
            return self.dispatches
        func = self.make_function(context, state, node, owner)
        args: list[Val] = []
        if owner is not None and func.sort != "static":
            receiver = owner if func.sort == "class" else self.open_instance(context, state, owner)
            args.append(receiver)
        self.call_function(context, state, func, args, [], node, opened=True)
        return self.dispatches

    def open_instance(self, context: Context, state: State, cls: Cls) -> Val:
        """An object of ``cls`` whose constructor got open parameters."""
        ref = state.allocate(context.path, (cls.node, "open"), Cell("object", cls))
        init = self._method(state, cls, "__init__")
        if isinstance(init, Func):
            with contextlib.suppress(Dead):
                self.call_function(context, state, init, [ref], [], cls.node, opened=True)
        return ref

    # Statements

    def block(self, context: Context, body: Sequence[t.Stmt], states: list[State]) -> Flow:
        """Run statements from each of ``states``."""
        flow = Flow()
        chosen = context.chosen
        for node in body:
            if not states:
                break
            if chosen is not None and id(node) not in chosen:
                continue
            result = self.statement(context, node, states)
            flow.take(result)
            states = self._limit(result.normal, context)
        flow.normal = states
        return flow

    def _limit(self, states: list[State], context: Context | None = None) -> list[State]:
        if len(states) <= 1:
            return states
        if (context is not None and context.idle) or self.effort.states == 1:
            return [self._joined(states)]
        different: list[State] = []
        for state in states:
            if not any(state.same(other) for other in different):
                different.append(state)
        return different if len(different) <= self.effort.states else [self._joined(different)]

    def _joined(self, states: list[State]) -> State:
        """One state for several; the work counts as steps, as it grows with what the states hold."""
        if len(states) > 1:
            self.steps += sum(len(state.heap.own) for state in states) // 8
        return join_states(states)

    def statement(self, context: Context, node: t.Stmt, states: list[State]) -> Flow:
        """Run one statement from each of ``states``."""
        if isinstance(node, (t.For, t.While)):
            flow = Flow()
            for state in [self._joined(states)] if len(states) > 2 else states:
                try:
                    part = (
                        self._for(context, node, state)
                        if isinstance(node, t.For)
                        else self._while(context, node, state)
                    )
                except Dead:
                    continue
                flow.normal += part.normal
                flow.take(part)
            return flow
        flow = Flow()
        for state in states:
            try:
                part = self._one(context, node, state)
            except Dead:
                continue
            flow.normal += part.normal
            flow.take(part)
        return flow

    def _one(self, context: Context, node: t.Stmt, state: State) -> Flow:
        match node:
            case t.ExprStmt():
                self._unread.add(id(node.value))
                if not self._idle(context, state, node.value):
                    self.eval(context, state, node.value)
            case t.Assign():
                if node.value is not None:
                    value = self.eval(context, state, node.value)
                    if context.symbol.endswith(":<module>"):
                        value = self._constant(context, state, node, value)
                    for target in node.targets:
                        self.assign(context, state, target, value, node.value.at)
            case t.AugAssign():
                self._augmented(context, state, node)
            case t.Return():
                value = Known(None) if node.value is None else self.eval(context, state, node.value)
                return Flow(returns=[(state, value)])
            case t.Raise():
                if node.value is not None:
                    self.eval(context, state, node.value)
                return Flow()
            case t.Assert():
                value = self.eval(context, state, node.test)
                if self.truth(state, value) is Truth.NO:
                    return Flow()
                self.narrow(context, state, node.test, outcome=True)
            case t.Delete():
                for target in node.targets:
                    self._delete(context, state, target)
            case t.Break():
                return Flow(breaks=[state])
            case t.Continue():
                return Flow(continues=[state])
            case t.Global():
                names = state.frames[context.frame]
                for name in node.names:
                    names[f"global {name}"] = Known(node.nonlocal_)
            case t.Import():
                self._import(context, state, node)
            case t.From():
                self._from(context, state, node)
            case t.If():
                return self._if(context, node, state)
            case t.Try():
                return self._try(context, node, state)
            case t.With():
                return self._with(context, node, state)
            case t.Match():
                return self._match(context, node, state)
            case t.Func():
                func = self.make_function(context, state, node, None)
                self.bind(context, state, node.name, self._decorated(context, state, node.decorators, func))
            case t.Class():
                self.bind(context, state, node.name, self.define_class(context, state, node))
            case t.For() | t.While():
                return self.statement(context, node, [state])
        return Flow(normal=[state])

    def _constant(self, context: Context, state: State, node: t.Assign, value: Val) -> Val:
        """People who are written into a constant of a module (``ALERTS = [...]``) are configured there."""
        if all(isinstance(target, t.Name) and target.id.isupper() for target in node.targets):
            step = Step(StepKind.CONFIGURED, context.place(node.at), "a constant")
            return library.configured_literals(state, value, step)
        return value

    def _idle(self, context: Context, state: State, node: t.Expr) -> bool:
        """Whether a statement is a call that can neither send nor change anything that is looked at."""
        if isinstance(node, t.Const):
            return True
        if not isinstance(node, t.Call) or not isinstance(node.func, t.Name):
            return False
        if any(isinstance(arg.value, (t.Call, t.Lam, t.Walrus, t.Comp, t.Yield)) for arg in node.args):
            return False
        callee = self.lookup(context, state, node.func.id, node.func.at)
        if not isinstance(callee, Func) or not isinstance(callee.node, t.Func):
            return False
        if not self.relevant.isdisjoint(callee.node.names):
            return False
        for arg in node.args:
            value = self.eval(context, state, arg.value)
            if isinstance(value, (Ref, Either, Func, Bound, Partial, ModelFn, ModelMethod)):
                return False
        return True

    def _decorated(self, context: Context, state: State, decorators: Sequence[t.Expr], func: Func) -> Val:
        # A decorator of the project that returns a function of its own is applied; every other one is taken
        # to keep what the function does (login_required, shared_task, cache).
        value: Val = func
        if func.sort != "plain":
            return value
        for decorator in reversed(decorators):
            try:
                wrap = self.eval(context, state, decorator)
            except Dead:
                continue
            if isinstance(wrap, Func) and isinstance(wrap.node, t.Func):
                try:
                    result = self.call(context, state, wrap, [value], [], decorator)
                except Dead:
                    continue
                if isinstance(result, (Func, Partial)):
                    value = result
        return value

    def _if(self, context: Context, node: t.If, state: State) -> Flow:
        value = self.eval(context, state, node.test)
        answer = self.truth(state, value)
        flow = Flow()
        if answer is not Truth.NO:
            taken = state.copy() if answer is Truth.MAYBE else state
            if self.narrow(context, taken, node.test, outcome=True):
                part = self.block(context, node.body, [taken])
                flow.normal += part.normal
                flow.take(part)
        if answer is not Truth.YES and self.narrow(context, state, node.test, outcome=False):
            part = self.block(context, node.orelse, [state])
            flow.normal += part.normal
            flow.take(part)
        return flow

    def _try(self, context: Context, node: t.Try, state: State) -> Flow:
        before = state.copy() if node.handlers else state
        part = self.block(context, node.body, [state])
        flow = Flow()
        flow.take(part)
        normal = part.normal
        if node.orelse:
            rest = self.block(context, node.orelse, [each.copy() for each in normal])
            flow.take(rest)
            ends = rest.normal
        else:
            ends = normal
        for handler in node.handlers:
            entry = [before.copy(), *(each.copy() for each in normal)]
            start = self._joined(entry)
            if handler.name is not None:
                self.bind(context, start, handler.name, Unknown(handler.name, OPTIONAL))
            rest = self.block(context, handler.body, [start])
            flow.take(rest)
            ends = ends + rest.normal
        if node.final:
            leaving = self.block(context, node.final, self._limit(ends) or [before.copy()])
            flow.take(leaving)
            ends = leaving.normal if ends else []
        flow.normal = ends
        return flow

    def _with(self, context: Context, node: t.With, state: State) -> Flow:
        for item, target in node.items:
            value = self.eval(context, state, item)
            entered = self._entered(context, state, value, item)
            if target is not None:
                self.assign(context, state, target, entered, item.at)
        return self.block(context, node.body, [state])

    def _entered(self, context: Context, state: State, value: Val, node: t.Expr) -> Val:
        if isinstance(value, Items) and value.sort == "context":
            return library.element(state, value)
        if isinstance(value, Ref):
            cls = state.heap[value].cls if value in state.heap else None
            for name in ("__enter__", "__aenter__"):
                method = self.attribute(context, state, value, name, node) if cls is not None else None
                if isinstance(method, (Bound, ModelMethod)):
                    result = self.call(context, state, method, [], [], node)
                    return value if isinstance(result, Unknown) else result
        return value

    def _match(self, context: Context, node: t.Match, state: State) -> Flow:
        subject = self.eval(context, state, node.subject)
        flow = Flow()
        for case in node.cases:
            branch = state.copy()
            for name in case.binds:
                self.bind(context, branch, name, library.part(subject, name, context.place(node.at)))
            if case.guard is not None:
                self.eval(context, branch, case.guard)
            part = self.block(context, case.body, [branch])
            flow.normal += part.normal
            flow.take(part)
        if not any(case.wildcard for case in node.cases):
            flow.normal.append(state)
        return flow

    def _for(self, context: Context, node: t.For, state: State) -> Flow:
        iterable = self.eval(context, state, node.iter)
        members = library.members_of(state, iterable, context.place(node.iter.at))
        flow = Flow()
        exact = len(members) <= UNROLL_LIMIT and all(member.count == ONE for member in members)
        if exact and not isinstance(library.deref(state, iterable), (Unknown, Parameter)):
            states = [state]
            for member in members:
                for each in states:
                    self.assign(context, each, node.target, member.value, node.iter.at)
                part = self.block(context, node.body, states)
                flow.returns += part.returns
                flow.normal += part.breaks
                states = self._limit(part.normal + part.continues)
                if not states:
                    break
        else:
            count = total(members)
            element = library.element(state, iterable, context.place(node.iter.at))
            if count.high <= 1:
                # At most one pass: nothing can grow.
                passed = state.copy()
                self.assign(context, passed, node.target, element, node.iter.at)
                part = self.block(context, node.body, [passed])
                flow.returns += part.returns
                flow.normal += part.breaks
                states = self._limit([*part.normal, *part.continues, *([] if count.low else [state])])
            else:
                states = self._loop(context, node, state, flow, element, least=count.low)
        if node.orelse and states:
            part = self.block(context, node.orelse, states)
            flow.take(part)
            states = part.normal
        flow.normal += states
        return flow

    def _while(self, context: Context, node: t.While, state: State) -> Flow:
        flow = Flow()
        states = self._loop(context, node, state, flow, None, least=0)
        if node.orelse and states:
            part = self.block(context, node.orelse, states)
            flow.take(part)
            states = part.normal
        flow.normal += states
        return flow

    def _loop(
        self, context: Context, node: t.For | t.While, state: State, flow: Flow, element: Val, *, least: int
    ) -> list[State]:
        """Run a loop to a fixed point; the states in which it ends by itself."""
        loop = f"{context.symbol}:{node.at.line}"
        inner = replace(context, loops=context.loops | {loop})
        mark = len(self.dispatches)
        head = state.copy()
        for turn in range(PASSES_LIMIT):
            del self.dispatches[mark:]
            current = head.copy()
            part_flow = Flow()
            if isinstance(node, t.While):
                value = self.eval(inner, current, node.test)
                if self.truth(current, value) is Truth.NO:
                    if turn == 0:
                        return [state]
                    break
                self.narrow(inner, current, node.test, outcome=True)
            else:
                self.assign(inner, current, node.target, element, node.iter.at)
            part = self.block(inner, node.body, [current])
            part_flow.take(part)
            ends = part.normal + part.continues
            if not ends:
                head_next = head
                last = part
                break
            for each in ends:
                each.forget(context.pinned)
            joined = self._joined([head, *ends])
            head_next = widen(head, joined, loop, context.place(node.at)) if turn else joined
            last = part
            if head_next.same(head):
                break
            head = head_next
        else:
            last = part
        flow.returns += last.returns
        ends = last.normal + last.continues
        exits = list(last.breaks)
        if isinstance(node, t.While):
            always = self._always(node.test)
            result = [] if always else [head.copy()]
            for each in result:
                self.narrow(context, each, node.test, outcome=False)
            return self._limit([*result, *exits])
        if least and ends:
            # The body surely ran: what it always does has been done.
            return self._limit([self._joined(ends), *exits])
        # The plain reading of a loop is that its body ran; that it did not is kept as a possibility by the join.
        result = [self._joined([*ends, state])] if ends else [state]
        return self._limit([*result, *exits])

    @staticmethod
    def _always(test: t.Expr) -> bool:
        return isinstance(test, t.Const) and bool(test.value)

    def _delete(self, context: Context, state: State, target: t.Expr) -> None:
        if isinstance(target, t.Name):
            state.frames[context.frame].pop(target.id, None)
        elif isinstance(target, t.Sub):
            holder = self.eval(context, state, target.value)
            index = self.eval(context, state, target.index)
            self._call_dunder(context, state, holder, "__delitem__", [index], target)
            library.delete_item(state, holder, index)
        elif isinstance(target, t.Attr):
            holder = self.eval(context, state, target.value)
            if isinstance(holder, Ref) and holder in state.heap:
                state.heap[holder] = state.heap[holder].drop(target.name)

    def _augmented(self, context: Context, state: State, node: t.AugAssign) -> None:
        target = node.target
        current = self.eval(context, state, target)
        value = self.eval(context, state, node.value)
        if node.op in {"+", "|"} and isinstance(current, Ref) and current in state.heap:
            cell = state.heap[current]
            if cell.sort in {"list", "set"}:
                shown = self._shown_if_model(context, state, target, value, node.value.at)
                library.extend(state, current, shown, context.place(node.value.at), looping=bool(context.loops))
                if isinstance(target, t.Attr):
                    # `message.to += people` also assigns, which a model's setter sees.
                    return
                self.assign(context, state, target, current, node.value.at)
                return
            if cell.sort == "dict" and node.op == "|":
                library.update(state, current, value)
                return
        result = self.binary(context, state, node.op, current, value, node.at)
        self.assign(context, state, target, result, node.value.at)

    def _shown_if_model(self, context: Context, state: State, target: t.Expr, value: Val, at: t.Span) -> Val:
        if isinstance(target, t.Attr):
            holder = self.eval(context, state, target.value)
            if self._model_of(state, holder) is not None:
                return self.shown(value, context.place(at))
        return value

    # Names

    def bind(self, context: Context, state: State, name: str, value: Val) -> None:
        """Assign to a name of the innermost frame, or of the one that ``global``/``nonlocal`` means."""
        names = state.frames[context.frame]
        declared = names.get(f"global {name}")
        if isinstance(declared, Known):
            if declared.value:
                for frame in context.frames[1:]:
                    if name in state.frames.get(frame, {}):
                        state.writable(frame)[name] = value
                        return
            state.writable(FrameId(0, context.module))[name] = value
            return
        names[name] = value

    def lookup(self, context: Context, state: State, name: str, at: t.Span) -> Val:
        """The value of a name."""
        for frame in context.frames:
            names = state.frames.get(frame)
            if names is None:
                continue
            value = names.get(name, ABSENT)
            if value is ABSENT:
                continue
            if isinstance(value, Either) and ABSENT in value.options:
                value = join_values(*(option for option in value.options if option is not ABSENT))
            return self.force(state, value)
        value = self.lookup_module(state, context.module, name)
        if value is not ABSENT:
            return value
        if name == "__name__":
            return Known("__main__" if context.main else context.module.name)
        if name in library.BUILTINS:
            return Native(name)
        return library.named(name, context.place(at))

    def force(self, state: State, value: Val) -> Val:
        """An imported name, now that it is needed."""
        return value.get(self, state) if isinstance(value, Later) else value

    def lookup_module(self, state: State, module: Module, name: str, seen: frozenset[Module] = frozenset()) -> Val:
        """A name of a module's top level; ABSENT if it has none. ``seen``: modules whose stars led here."""
        frame = FrameId(0, module)
        self.ensure(module)
        names = state.frames.get(frame, {})
        value = names.get(name, ABSENT)
        if isinstance(value, Either) and ABSENT in value.options:
            value = join_values(*(option for option in value.options if option is not ABSENT))
        if value is not ABSENT:
            return self.force(state, value)
        node = module.defs.get(name)
        if node is not None:
            context = Context(module, f"{module.name}:<module>", 0, (frame,))
            made = (
                self.define_class(context, state, node)
                if isinstance(node, t.Class)
                else self.make_function(context, state, node, None)
            )
            names[name] = made
            return made
        for star in names.get("import *", ()):
            cyclic = star is module or star in seen
            value = (
                self.lookup_module(state, star, name, seen | {module})
                if isinstance(star, Module) and not cyclic
                else ABSENT
            )
            if value is not ABSENT:
                return value
        for star in names.get("import *", ()):
            if isinstance(star, str) and f"{star}.{name}" in self.models:
                return self.models[f"{star}.{name}"]
        return ABSENT

    def ensure(self, module: Module) -> None:
        """Make the names of a module's top level known: its body is run once, as an import would."""
        if module in self._loaded or module.unreadable:
            return
        self._loaded.add(module)
        dispatches, self.dispatches = self.dispatches, []
        reached, self.reached = self.reached, set()
        context, fresh = self.root_context(module)
        fresh.frames[context.frame] = {}
        # What the module holds is visible, half done, to modules that import each other.
        self._frames.setdefault(context.frame, fresh.frames[context.frame])
        try:
            flow = self.block(context, module.body, [fresh])
        except Dead:
            flow = Flow(normal=[fresh])
        finally:
            self.dispatches, self.reached = dispatches, reached
        end = join_states(flow.normal) if flow.normal else fresh
        self._frames.update(end.frames.own)
        self._heap.update(end.heap.own)

    def _import(self, context: Context, state: State, node: t.Import) -> None:
        for dotted, alias in node.names:
            if alias is not None:
                self.bind(context, state, alias, self.external(dotted, context.module))
            else:
                first = dotted.split(".", 1)[0]
                self.bind(context, state, first, self.external(first, context.module))

    def external(self, dotted: str, importer: Module) -> Val:
        """What a dotted name means: a module of the project, a model, or something outside."""
        module = self.project.find(dotted, importer)
        if module is not None and not self._shadowed(dotted, module):
            return Mod(module)
        model = self.models.get(dotted)
        if model is not None:
            return model
        constant = self.constants.get(dotted)
        return Ext(dotted) if constant is None else Known(constant)

    def _shadowed(self, dotted: str, module: Module) -> bool:
        # A file that happens to be named like a modelled library, or a vendored copy of it, does not hide the model.
        return dotted in self._modelled and module.path.count("/") > dotted.count(".") + 1

    @functools.cached_property
    def _modelled(self) -> frozenset[str]:
        """The names of modelled things, and of the modules that they lie in."""
        names: set[str] = set()
        for path in self.models:
            parts = path.split(".")
            names.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
        return frozenset(names)

    def _from(self, context: Context, state: State, node: t.From) -> None:
        module: Module | None
        if node.level:
            module = self.project.relative(node.level, node.module, context.module)
        else:
            module = self.project.find(node.module, context.module)
            if module is not None and self._shadowed(node.module, module):
                module = None
        for name, alias in node.names:
            if name == "*":
                names = state.frames[context.frame]
                star: Module | str = module if module is not None else node.module
                names["import *"] = (*names.get("import *", ()), star)
                continue
            bound = alias or name
            if module is not None:
                self.bind(context, state, bound, Later(module, name, context.module))
                continue
            if node.level:
                package = context.module.package
                base = package.rstrip("/").split("/") if package else []
                base = base[: len(base) - node.level + 1]
                inner = self.project.at("/".join([*base, *(node.module.split(".") if node.module else []), name]))
                value: Val = (
                    Mod(inner) if inner is not None else Ext(f"{'.'.join(base)}.{node.module}.{name}".strip("."))
                )
            else:
                value = self.external(f"{node.module}.{name}", context.module)
            self.bind(context, state, bound, value)

    # Functions and classes

    def make_function(self, context: Context, state: State, node: t.Func, owner: Val) -> Func:
        """The function that a ``def`` makes."""
        sort = "plain"
        for decorator in node.decorators:
            name = _last_name(decorator)
            sort = _DECORATORS.get(name, sort)
        defaults = tuple(
            (param.name, self._default(context, state, param)) for param in node.params if param.default is not None
        )
        prefix = owner.symbol if isinstance(owner, Cls) else context.symbol
        symbol = f"{context.module.name}:{node.name}" if prefix.endswith(":<module>") else f"{prefix}.{node.name}"
        func = Func(node, context.module, context.frames, owner, symbol, defaults, sort)
        self.made.setdefault(symbol, func)
        return func

    def _default(self, context: Context, state: State, param: t.Param) -> Val:
        assert param.default is not None  # noqa: S101  # the caller asks only for those that have one
        try:
            return self.eval(context, state, param.default)
        except Dead:
            return Unknown(param.name)

    def define_class(self, context: Context, state: State, node: t.Class) -> Cls:
        """The class that a ``class`` statement makes; its body is run now."""
        bases = []
        for base in node.bases:
            with contextlib.suppress(Dead):
                bases.append(self.eval(context, state, base))
        prefix = context.symbol
        symbol = f"{context.module.name}:{node.name}" if prefix.endswith(":<module>") else f"{prefix}.{node.name}"
        frame = FrameId(context.path, node)
        ref = Ref(context.path, (node, "class"))
        cls = Cls(node, context.module, symbol, ref, tuple(bases))
        state.frames[frame] = {}
        state.heap[ref] = Cell("class")
        inner = replace(context, frames=(frame, *context.frames), symbol=symbol, owner=cls, chosen=None)
        for statement in node.body:
            if isinstance(statement, t.Func):
                func = replace(self.make_function(replace(inner, frames=context.frames), state, statement, cls))
                state.frames[frame][statement.name] = self._property(state, frame, statement, func)
            else:
                flow = self.block(inner, [statement], [state])
                if flow.normal:
                    state.become(join_states(flow.normal))
        names = state.frames.own.pop(frame, {})
        state.heap[ref] = Cell("class", fields=tuple((key, self.force(state, value)) for key, value in names.items()))
        return cls

    @staticmethod
    def _property(state: State, frame: FrameId, node: t.Func, func: Func) -> Val:
        for decorator in node.decorators:
            if isinstance(decorator, t.Attr) and decorator.name in {"setter", "deleter", "getter"}:
                # The getter stays under the name; a setter is called when the attribute is written.
                if decorator.name == "setter":
                    state.frames[frame][f"{node.name}.setter"] = replace(func, sort="plain")
                return state.frames[frame].get(node.name, func)
        return func

    def mro(self, cls: Val) -> list[Val]:
        """A class and its bases, in the order of look-up."""
        result: list[Val] = []
        if isinstance(cls, Cls):
            result.append(cls)
            for base in cls.bases:
                result += [each for each in self.mro(base) if each not in result]
        elif isinstance(cls, (ModelCls, Ext)):
            result.append(cls)
        elif isinstance(cls, Either):
            for option in cls.options:
                result += [each for each in self.mro(option) if each not in result]
        return result

    def _class_attr(self, state: State, cls: Val, name: str) -> Val:
        if isinstance(cls, Cls):
            cell = state.heap.get(cls.ref)
            if cell is None:
                self.ensure(cls.module)
                cell = state.heap.get(cls.ref)
            return ABSENT if cell is None else cell.get(name)
        return ABSENT

    def _method(self, state: State, cls: Val, name: str) -> Val:
        """What a class and its bases have under ``name``: a value of the project, a model's member, or ABSENT."""
        for each in self.mro(cls):
            if isinstance(each, Cls):
                value = self._class_attr(state, each, name)
                if value is not ABSENT:
                    return value
            elif isinstance(each, ModelCls):
                found = inspect.getattr_static(each.cls, name, None)
                if found is not None and not hasattr(Object, name):
                    return (each, found)
                if name == "__init__" and found is not None and "__init__" in _members(each.cls):
                    return (each, found)
        return ABSENT

    def _model_of(self, state: State, value: Val) -> ModelCls | None:
        if isinstance(value, Ref) and value in state.heap:
            for each in self.mro(state.heap[value].cls):
                if isinstance(each, ModelCls):
                    return each
        return None

    # Truth and narrowing

    def truth(self, state: State, value: Val) -> Truth:
        """Whether Python takes the value as true."""
        if isinstance(value, Ref):
            cell = state.heap.get(value)
            if cell is None:
                return Truth.MAYBE
            if cell.sort in {"list", "set"}:
                count = total(cell.members)
                return Truth.YES if count.low else Truth.MAYBE if count.high else Truth.NO
            if cell.sort == "dict":
                if cell.rest is not None or cell.open:
                    return Truth.YES if any(_sure(item) for _, item in cell.fields) else Truth.MAYBE
                if not cell.fields:
                    return Truth.NO
                return Truth.YES if any(_sure(item) for _, item in cell.fields) else Truth.MAYBE
            return Truth.YES
        if isinstance(value, Either):
            answers = {self.truth(state, option) for option in value.options}
            return answers.pop() if len(answers) == 1 else Truth.MAYBE
        if isinstance(value, (Func, Cls, Bound, Mod, ModelFn, ModelCls, ModelMethod, Native, Partial, Super)):
            return Truth.YES
        if isinstance(value, Ext):
            return Truth.MAYBE
        if isinstance(value, Items) and value.sort in {"query", "iterator", "context"}:
            return Truth.MAYBE
        return truth(value)

    def narrow(self, context: Context, state: State, test: t.Expr, *, outcome: bool) -> bool:
        """Take over what a test tells about the names in it; False if the outcome cannot be."""
        match test:
            case t.Unary(op="not"):
                return self.narrow(context, state, test.operand, outcome=not outcome)
            case t.Bool(op="and") if outcome:
                return self.narrow(context, state, test.left, outcome=True) and self.narrow(
                    context, state, test.right, outcome=True
                )
            case t.Bool(op="or") if not outcome:
                return self.narrow(context, state, test.left, outcome=False) and self.narrow(
                    context, state, test.right, outcome=False
                )
            case t.Name() | t.Attr() | t.Walrus():
                target = test.target if isinstance(test, t.Walrus) else test
                wanted = Truth.NO if outcome else Truth.YES
                return self._refine(
                    context, state, target, lambda value: None if self.truth(state, value) is wanted else value
                )
            case t.Compare(rest=((op, right),)):
                return self._narrow_compare(context, state, test.left, op, right, outcome=outcome)
            case t.Call(func=t.Name(id="isinstance"), args=(subject, kinds)):
                names = {
                    _last_name(each)
                    for each in (kinds.value.items if isinstance(kinds.value, t.Seq) else (kinds.value,))
                }

                def keep(value: Val) -> Val:
                    answer = library.is_instance(self, state, value, names)
                    return None if answer is (Truth.NO if outcome else Truth.YES) else value

                return self._refine(context, state, subject.value, keep)
        return True

    def _narrow_compare(
        self, context: Context, state: State, left: t.Expr, op: str, right: t.Expr, *, outcome: bool
    ) -> bool:
        if isinstance(left, t.Call) and isinstance(left.func, t.Name) and left.func.id == "len" and len(left.args) == 1:
            bound = library.number(self.eval(context, state, right))
            if bound is None:
                return True
            if not outcome:
                op = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}.get(op, "")
            limit = {"==": bound, "<": bound - 1, "<=": bound}.get(op)
            if limit is None or limit < 0:
                return True
            subject = left.args[0].value
            return self._refine(
                context, state, subject, lambda value: library.limited(self, state, value, limit, context)
            )
        if op in {"is", "is not", "==", "!="} and isinstance(right, t.Const) and right.value is None:
            is_none = (op in {"is", "=="}) == outcome
            return self._refine(
                context,
                state,
                left,
                lambda value: (
                    value
                    if (isinstance(value, Known) and value.value is None) == is_none or not _certain(value)
                    else None
                ),
            )
        return True

    def _refine(self, context: Context, state: State, target: t.Expr, keep: Callable[[Val], Val | None]) -> bool:
        """Filter the alternatives of a name or attribute; ``keep`` returns None for one that cannot be."""
        frame: FrameId | None = None
        if isinstance(target, t.Name):
            frame = next((each for each in context.frames if target.id in state.frames.get(each, {})), None)
            if frame is None:
                return True
            value = self.force(state, state.frames[frame][target.id])
        elif isinstance(target, t.Attr) and isinstance(target.value, t.Name):
            holder = self.eval(context, state, target.value)
            if not isinstance(holder, Ref) or holder not in state.heap:
                return True
            value = state.heap[holder].get(target.name)
            if value is ABSENT or self._model_of(state, holder) is not None:
                return True
        else:
            return True
        if isinstance(value, Either):
            kept = [result for option in value.options if option is not ABSENT and (result := keep(option)) is not None]
            kept = [inherit(each, value.trail) if not isinstance(each, Ref) else each for each in kept]
            if not kept:
                return False
            new = join_values(*kept)
        else:
            kept_value = keep(value)
            if kept_value is None:
                return False
            new = kept_value
        if isinstance(target, t.Name):
            assert frame is not None  # noqa: S101  # found above, or there is nothing to refine
            state.writable(frame)[target.id] = new
        else:
            state.heap[holder] = state.heap[holder].put(target.name, new)
        return True

    # Assignment

    def assign(self, context: Context, state: State, target: t.Expr, value: Val, at: t.Span) -> None:
        """Bind ``value`` to a target; ``at`` is where the value is written."""
        match target:
            case t.Name():
                self.bind(context, state, target.id, value)
            case t.Attr():
                holder = self.eval(context, state, target.value)
                self.set_attribute(context, state, holder, target.name, value, at, target)
            case t.Sub():
                holder = self.eval(context, state, target.value)
                index = self.eval(context, state, target.index)
                self.set_item(context, state, holder, index, value, at, target)
            case t.Seq():
                self._unpack(context, state, target, value, at)
            case _:
                pass

    def _unpack(self, context: Context, state: State, target: t.Seq, value: Val, at: t.Span) -> None:
        place = context.place(at)
        members = library.members_of(state, value, place)
        exact = all(member.count == ONE for member in members) and not isinstance(value, (Unknown, Parameter))
        if True in target.stars:
            star = target.stars.index(True)
            after = len(target.items) - star - 1
            if exact and len(members) >= len(target.items) - 1:
                middle = members[star : len(members) - after]
                for item, member in zip(target.items[:star], members, strict=False):
                    self.assign(context, state, item, member.value, at)
                made = state.allocate(context.path, (target, star), Cell("list", members=tuple(middle)))
                self.assign(context, state, target.items[star], made, at)
                for item, member in zip(target.items[star + 1 :], members[len(members) - after :], strict=False):
                    self.assign(context, state, item, member.value, at)
                return
            element = library.element(state, value, place)
            for item, is_star in zip(target.items, target.stars, strict=True):
                held = Items((Member(element, MANY),)) if is_star else element
                self.assign(context, state, item, held, at)
            return
        if exact and len(members) == len(target.items):
            for item, member in zip(target.items, members, strict=True):
                self.assign(context, state, item, member.value, at)
            return
        options = value.options if isinstance(value, Either) else ()
        rows = [library.members_of(state, option, place) for option in options]
        if rows and all(len(row) == len(target.items) and all(each.count == ONE for each in row) for row in rows):
            for index, item in enumerate(target.items):
                self.assign(context, state, item, join_values(*(row[index].value for row in rows)), at)
            return
        for item in target.items:
            name = item.id if isinstance(item, t.Name) else ""
            self.assign(context, state, item, library.part(value, name, place, state), at)

    def set_attribute(
        self, context: Context, state: State, holder: Val, name: str, value: Val, at: t.Span, node: object
    ) -> None:
        """``holder.name = value``."""
        if isinstance(holder, Either):
            for option in holder.options:
                if option is not ABSENT:
                    self.set_attribute(context, state, option, name, value, at, node)
            return
        if isinstance(holder, Mod):
            self.ensure(holder.module)
            state.writable(FrameId(0, holder.module))[name] = value
            return
        if isinstance(holder, Cls):
            if holder.ref in state.heap:
                state.heap[holder.ref] = state.heap[holder.ref].put(name, value)
            return
        if not isinstance(holder, Ref) or holder not in state.heap:
            return
        cell = state.heap[holder]
        model = self._model_of(state, holder)
        if model is not None:
            value = self.shown(value, context.place(at))
            found = inspect.getattr_static(model.cls, name, None)
            if isinstance(found, property):
                if found.fset is not None:
                    self._run_model(
                        context,
                        state,
                        found.fset,
                        [self.handle(context, state, holder, model, node), self._argument(context, state, value, node)],
                        {},
                        node,
                        f"{model.path}.{name}",
                    )
                return
        setter = self._method(state, cell.cls, f"{name}.setter") if isinstance(cell.cls, Cls) else ABSENT
        if isinstance(setter, Func):
            self.call_function(context, state, setter, [holder, value], [], node)
            return
        if holder.age:
            value = join_values(cell.get(name), value) if cell.get(name) is not ABSENT else value
        state.heap[holder] = cell.put(name, value)

    def set_item(
        self, context: Context, state: State, holder: Val, index: Val, value: Val, at: t.Span, node: object
    ) -> None:
        """``holder[index] = value``."""
        if isinstance(holder, Either):
            for option in holder.options:
                if option is not ABSENT:
                    self.set_item(context, state, option, index, value, at, node)
            return
        model = self._model_of(state, holder)
        if model is not None or (
            isinstance(holder, Ref) and holder in state.heap and state.heap[holder].sort == "object"
        ):
            shown = self.shown(value, context.place(at))
            self._call_dunder(context, state, holder, "__setitem__", [index, shown], node)
            return
        key = library.string(index)
        if (key is not None and not isinstance(value, (Known,))) or (
            isinstance(value, Known) and isinstance(value.value, str)
        ):
            value = self._stored(value, context.place(at), key or "")
        library.set_item(state, holder, index, value)

    def _stored(self, value: Val, place: Place, key: str) -> Val:
        return self._mark(value, Step(StepKind.STORED, place, key))

    def shown(self, value: Val, place: Place) -> Val:
        """``value`` as it enters a message at ``place``. A mapping carries the places of its own fields."""
        return self._mark(value, Step(StepKind.SHOWN, place))

    def _mark(self, value: Val, step: Step) -> Val:
        if isinstance(value, Ref):
            return value if step in value.trail else replace(value, trail=(*value.trail, step)[-40:])
        if isinstance(value, Either):
            return replace(
                value,
                options=tuple(option if option is ABSENT else self._mark(option, step) for option in value.options),
            )
        if isinstance(value, (Known, Text, Items, Unknown, Parameter, Fields)):
            return with_step(value, step)
        return value

    def _call_dunder(
        self, context: Context, state: State, holder: Val, name: str, args: list[Val], node: object
    ) -> Val:
        if isinstance(holder, Either):
            results = [
                self._call_dunder(context, state, option, name, args, node)
                for option in holder.options
                if option is not ABSENT
            ]
            return join_values(*results) if results else ABSENT
        if not isinstance(holder, Ref) or holder not in state.heap:
            return ABSENT
        found = self._method(state, state.heap[holder].cls, name)
        if isinstance(found, Func):
            return self.call_function(context, state, found, [holder, *args], [], node)
        if isinstance(found, tuple):
            model, function = found
            receiver = self.handle(context, state, holder, model, node)
            frozen = [self._argument(context, state, arg, node) for arg in args]
            return self._run_model(context, state, function, [receiver, *frozen], {}, node, f"{model.path}.{name}")
        return ABSENT

    # Expressions

    def eval(self, context: Context, state: State, node: t.Expr) -> Val:
        """The value of an expression."""
        self.steps += 1
        if self.steps > self.effort.steps:
            raise Budget
        match node:
            case t.Const():
                return self._const(context, node)
            case t.Name():
                return self.lookup(context, state, node.id, node.at)
            case t.Attr():
                return self.attribute(context, state, self.eval(context, state, node.value), node.name, node)
            case t.Call():
                return self._call(context, state, node)
            case t.Sub():
                return self._subscript(context, state, node)
            case t.FStr():
                parts = [self.eval(context, state, part) for part in node.parts]
                return library.concat(state, parts, context.place(node.at))
            case t.Bin():
                return self._binary(context, state, node)
            case t.Bool():
                return self._boolean(context, state, node)
            case t.Unary():
                value = self.eval(context, state, node.operand)
                if node.op == "not":
                    answer = self.truth(state, value)
                    return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.NO)
                return library.negated(value) if node.op == "-" else value
            case t.Compare():
                return self._compare(context, state, node)
            case t.Cond():
                return self._conditional(context, state, node)
            case t.Seq():
                return self._sequence(context, state, node)
            case t.Dict():
                return self._dict(context, state, node)
            case t.Comp():
                return self._comprehension(context, state, node)
            case t.Lam():
                defaults = tuple(
                    (param.name, self._default(context, state, param))
                    for param in node.params
                    if param.default is not None
                )
                return Func(node, context.module, context.frames, context.owner, f"{context.symbol}.<lambda>", defaults)
            case t.Yield():
                return self._yield(context, state, node)
            case t.Walrus():
                value = self.eval(context, state, node.value)
                self.assign(context, state, node.target, value, node.value.at)
                return value
            case t.Slice():
                return Unknown("a slice")

    def _const(self, context: Context, node: t.Const) -> Val:
        value = node.value
        if value is ...:
            return Unknown("...", OPTIONAL)
        if isinstance(value, str) and "@" in value:
            return Known(value, (Step(StepKind.WRITTEN, context.place(node.at)),))
        if isinstance(value, (str, bytes, int, float, bool)) or value is None:
            return Known(value)
        return Unknown("a number", OPTIONAL)

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
        return library.binary(self, context, state, op, left, right, at)

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
        left = self.eval(context, state, node.left)
        answer = Truth.YES
        for op, operand in node.rest:
            right = self.eval(context, state, operand)
            answer = answer & library.compare(self, state, op, left, right)
            left = right
        return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.YES)

    def _sequence(self, context: Context, state: State, node: t.Seq) -> Val:
        members: list[Member] = []
        for item, star in zip(node.items, node.stars, strict=True):
            value = self.eval(context, state, item)
            if star:
                members += library.members_of(state, value, context.place(item.at))
            else:
                members.append(Member(value, ONE))
        if node.sort == "tuple":
            return Items(tuple(members), sort="tuple")
        return state.allocate(context.path, node, Cell(node.sort, members=tuple(members)))

    def _dict(self, context: Context, state: State, node: t.Dict) -> Val:
        ref = state.allocate(context.path, node, Cell("dict"))
        for key, item in node.items:
            value = self.eval(context, state, item)
            if key is None:
                library.update(state, ref, value)
                continue
            index = self.eval(context, state, key)
            name = library.string(index)
            if name is not None:
                value = self._stored(value, context.place(item.at), name)
            library.set_item(state, ref, index, value)
        return ref

    def _comprehension(self, context: Context, state: State, node: t.Comp) -> Val:
        frame = FrameId(context.path, node)
        state.frames[frame] = {}
        inner = replace(context, frames=(frame, *context.frames))
        result: list[Member] = []
        pairs: list[tuple[Val, Val, Count]] = []
        self._clause(inner, state, node, 0, ONE, result, pairs)
        state.frames.own.pop(frame, None)
        step = Step(StepKind.COLLECTED, context.place(node.at))
        if node.sort == "dict":
            ref = state.allocate(context.path, node, Cell("dict"))
            for key, value, _ in pairs:
                library.set_item(state, ref, key, value)
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
    ) -> None:
        if depth == len(node.clauses):
            key = self.eval(context, state, node.element)
            if node.value is None:
                result.append(Member(key, count))
            else:
                pairs.append((key, self.eval(context, state, node.value), count))
            return
        clause = node.clauses[depth]
        iterable = self.eval(context, state, clause.iter)
        place = context.place(clause.iter.at)
        members = library.members_of(state, iterable, place)
        if len(members) > UNROLL_LIMIT:
            members = (Member(library.element(state, iterable, place), total(members)),)
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
                library.extend(state, holder, value, context.place(node.at))
            else:
                library.list_append(state, holder, value)
        return Unknown("sent into the generator")

    def _subscript(self, context: Context, state: State, node: t.Sub) -> Val:
        holder = self.eval(context, state, node.value)
        if isinstance(node.index, t.Slice):
            bounds = [
                None if each is None else self.eval(context, state, each)
                for each in (node.index.lower, node.index.upper, node.index.step)
            ]
            return library.sliced(state, holder, bounds, context, node)
        index = self.eval(context, state, node.index)
        found = self._call_dunder(context, state, holder, "__getitem__", [index], node)
        if found is not ABSENT:
            return found
        return library.item(state, holder, index, context.place(node.at))

    # Attributes

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
            return library.named(f"{holder.module.name.rsplit('.', 1)[-1]}.{name}", context.place(node.at))
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
            return library.external_attribute(path, context.place(node.at))
        if isinstance(holder, Ref):
            return self._object_attribute(context, state, holder, name, node)
        if isinstance(holder, Cls):
            value = self._method(state, holder, name)
            if isinstance(value, Func):
                return Bound(value, holder) if value.sort == "class" else value
            if isinstance(value, tuple):
                return (
                    ModelMethod(_function(value[1]), name, value[0], None)
                    if callable(_function(value[1]))
                    else Unknown(name)
                )
            if value is not ABSENT:
                return value
            return library.class_attribute(holder.node.name, name, context.place(node.at))
        if isinstance(holder, ModelCls):
            member = inspect.getattr_static(holder.cls, name, None)
            if member is not None:
                function = _function(member)
                if callable(function):
                    return ModelMethod(function, name, holder, None if not isinstance(member, classmethod) else holder)
            return library.class_attribute(holder.cls.__name__, name, context.place(node.at))
        if isinstance(holder, Super):
            return self._super_attribute(context, state, holder, name)
        if isinstance(holder, (Func, Bound, Partial, ModelFn, ModelMethod)):
            return Native(f"callable.{name}", holder, bound=True)
        if name in {"sendmail", "send_message"} and isinstance(holder, (Unknown, Parameter)):
            return Native(f"value.{name}", holder, bound=True)
        return library.attribute(self, state, holder, name, context.place(node.at))

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
                if member is not None and name in _members(each.cls):
                    return ModelMethod(_function(member), name, each, holder.receiver)
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
            function = _function(member)
            if callable(function):
                return ModelMethod(function, name, model, holder)
            return self.thaw(state, function, context, (node, name))
        if found is not ABSENT:
            return found
        label = _last_name(node.value) if isinstance(node, t.Attr) else ""
        base = Unknown(label or "self", OPEN)
        return library.attribute(self, state, base, name, context.place(node.at), known_class=isinstance(cell.cls, Cls))

    def _static(self, cell: Cell, name: str) -> object:
        for each in self.mro(cell.cls):
            if isinstance(each, ModelCls):
                return inspect.getattr_static(each.cls, name, None)
        return None

    # Calls

    def _call(self, context: Context, state: State, node: t.Call) -> Val:
        func = node.func
        if isinstance(func, t.Name) and func.id == "super":
            return self._make_super(context, state, node)
        callee = self._callee(context, state, func)
        passes = isinstance(callee, (Func, Bound, Cls, Partial, Either))
        args: list[Val] = []
        keywords: list[tuple[str | None, Val]] = []
        for arg in node.args:
            value = self.eval(context, state, arg.value)
            if arg.star == "*":
                members = library.members_of(state, value, context.place(arg.value.at))
                if all(member.count == ONE for member in members) and not isinstance(value, (Unknown, Parameter)):
                    args += [member.value for member in members]
                else:
                    keywords.append(("*", library.element(state, value, context.place(arg.value.at))))
            elif arg.star == "**":
                keywords += self._spread(state, value)
            elif arg.keyword is not None:
                keywords.append((arg.keyword, self._passed(context, value, arg.at) if passes else value))
            else:
                args.append(self._passed(context, value, arg.at) if passes else value)
        return self.call(context, state, callee, args, keywords, node)

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
            elif isinstance(option, (Known, Text, Items, Unknown, Parameter, Fields)):
                found.append(Native(f"value.{func.name}", option, bound=True))
            else:
                value = self.attribute(context, state, option, func.name, func)
                if isinstance(value, (Unknown, Parameter)) and isinstance(option, Ref):
                    # A method that the class of the project does not have: its base lies outside.
                    value = Native(
                        f"value.{func.name}",
                        Unknown(_last_name(func.value) or "self", OPEN, trail_of(value)),
                        bound=True,
                    )
                found.append(value)
        return join_values(*found) if found else Unknown(func.name)

    def _spread(self, state: State, value: Val) -> list[tuple[str | None, Val]]:
        if isinstance(value, Either):
            found: dict[str | None, list[Val]] = {}
            options = [option for option in value.options if option is not ABSENT]
            spreads = [dict(self._spread(state, option)) for option in options]
            for spread in spreads:
                for key in spread:
                    found.setdefault(key, [])
            for key, values in found.items():
                values += [spread.get(key, ABSENT) for spread in spreads]
            return [(key, join_values(*values)) for key, values in found.items()]
        if isinstance(value, Ref) and value in state.heap and state.heap[value].sort == "dict":
            cell = state.heap[value]
            result: list[tuple[str | None, Val]] = list(cell.fields)
            if cell.open or cell.rest is not None:
                result.append(("**", cell.rest if cell.rest is not None else Unknown("**")))
            return result
        if isinstance(value, Fields):
            return list(value.known)
        return [("**", value if isinstance(value, (Unknown, Parameter)) else Unknown("**"))]

    def _passed(self, context: Context, value: Val, at: t.Span) -> Val:
        if isinstance(value, (Ref, Items, Text, Unknown, Parameter, Either)):
            return self._mark(value, Step(StepKind.PASSED, context.place(at)))
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
        if self.steps > self.effort.steps:
            raise Budget
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
                return library.call(self, context, state, callee, args, keywords, node)
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

    def _call_unknown(
        self,
        context: Context,
        state: State,
        callee: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        at = node.at if isinstance(node, (t.Call, t.Func, t.Name)) else t.Span(0, 0, 0, 0)
        handed = self._handed_on(context, state, args, keywords, node)
        if handed is not None:
            return handed
        return library.unresolved(self, context, state, callee, args, keywords, context.place(at))

    def unknown_method(
        self,
        context: Context,
        state: State,
        holder: Val,
        name: str,
        args: list[Val],
        named: dict[str, Val],
        node: object,
    ) -> Val:
        """A method of an object that nothing tells: functions of the project that send and have this name."""
        keywords: list[tuple[str | None, Val]] = list(named.items())
        if self.wrappers is not None:
            candidates = self.wrappers(name)
            if 0 < len(candidates) <= 3:
                results = []
                for func in candidates:
                    if func.node in context.stack:
                        continue
                    branch = state.copy()
                    receiver: list[Val] = []
                    try:
                        if isinstance(func.owner, Cls) and func.sort != "static":
                            receiver = [self.open_instance(context, branch, func.owner)]
                        results.append(self.call_function(context, branch, func, [*receiver, *args], keywords, node))
                    except Dead:
                        continue
                    state.become(branch)
                if results:
                    return join_values(*results)
        sent = self._client_of(context, state, name, args, keywords, node)
        if sent is not None:
            return sent
        handed = self._handed_on(context, state, args, keywords, node)
        if handed is not None:
            return handed
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        return library.unresolved_method(holder, name, context.place(at))

    def _client_of(
        self,
        context: Context,
        state: State,
        name: str,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val | None:
        """A message of a modelled library handed to an object that nothing tells: the client of that library."""
        for value in (*args, *(value for _, value in keywords)):
            model = self._model_of(state, value)
            if model is None:
                continue
            first = model.path.split(".", 1)[0]
            packages = {"smtplib"} if first == "email" else {first}
            for path in sorted(self.models):
                client = self.models[path]
                if (
                    isinstance(client, ModelCls)
                    and path.split(".", 1)[0] in packages
                    and client.cls is not model.cls
                    and name in _members(client.cls)
                    and _SENDING.search(name)
                ):
                    ref = state.allocate(context.path, (node, "client"), Cell("object", client))
                    function = _function(inspect.getattr_static(client.cls, name))
                    return self.call(context, state, ModelMethod(function, name, client, ref), args, keywords, node)
        if name in {"sendmail", "send_message"} and "smtplib.SMTP" in self.models:
            client = self.models["smtplib.SMTP"]
            if (
                isinstance(client, ModelCls)
                and name in _members(client.cls)
                and len(args) + len(keywords) >= (3 if name == "sendmail" else 1)
            ):
                ref = state.allocate(context.path, (node, "client"), Cell("object", client))
                function = _function(inspect.getattr_static(client.cls, name))
                return self.call(context, state, ModelMethod(function, name, client, ref), args, keywords, node)
        return None

    def _handed_on(
        self,
        context: Context,
        state: State,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val | None:
        """A function that is given to code outside the project is called by it: executors, threads, wrappers."""
        named = dict(keywords)
        target = named.get("target", named.get("func", named.get("function", named.get("fn"))))
        if _callable(target):
            given = named.get("args")
            positional = [member.value for member in library.members_of(state, given)] if given is not None else []
            rest = named.get("kwargs", named.get("kw"))
            spread = self._spread(state, rest) if rest is not None else []
            if given is None and rest is None:
                spread = [(key, value) for key, value in keywords if value is not target]
                positional = list(args)
            return self._try_call(context, state, target, positional, spread, node)
        for index, arg in enumerate(args):
            if _callable(arg):
                if index + 1 == len(args) and "args" not in named and _needs(arg) > len(keywords):
                    # Registered (a view under a path), not called with what is at hand.
                    continue
                positional = args[index + 1 :]
                spread = list(keywords)
                given = named.get("args")
                if given is not None:
                    positional = [member.value for member in library.members_of(state, given)]
                    rest = named.get("kwargs")
                    spread = self._spread(state, rest) if rest is not None else []
                return self._try_call(context, state, arg, positional, spread, node)
        return None

    def _try_call(
        self,
        context: Context,
        state: State,
        callee: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        try:
            return self.call(context, state, callee, args, keywords, node)
        except Dead:
            return Unknown("result")

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
        yields: list[Member] | None = [] if isinstance(func.node, t.Func) and func.node.generator else None
        idle = 0
        if not opened and isinstance(func.node, t.Func) and self.relevant.isdisjoint(func.node.names):
            # Nothing in it names a mail call: it can only make or change values.
            idle = context.idle + 1
            if idle > self.effort.idle:
                return Unknown(f"{func.node.name}()", OPEN)
        inner = Context(
            func.module,
            func.symbol,
            path,
            (frame, *func.frames),
            func.owner,
            context.loops,
            calls,
            (*context.stack, func.node),
            yields,
            idle=idle,
        )
        if yields is not None:
            # What a generator yields in a loop of its own is many; the loops around the call do not count.
            inner = replace(inner, loops=frozenset())
        given = (*args, *(value for _, value in keywords))
        key = None
        if yields is None and not opened and all(_flat(value) for value in given):
            key = (func.node, func.frames, tuple(args), tuple(keywords), len(self.relevant), id(node) in self._unread)
            known_result = self._memo.get(key, ABSENT)
            if known_result is not ABSENT:
                return known_result
        sent = len(self.dispatches)
        outer = state
        state = outer.part([*given, *(value for _, value in func.defaults), func.owner], func.frames)
        seen = dict(state.heap.own)
        frames = list(state.frames.own)
        inner = replace(inner, pinned=frozenset((ref.path, ref.site) for ref in seen))
        state.frames[frame] = {}
        if yields is not None:
            state.frames[frame][YIELDS] = state.allocate(path, (func.node, YIELDS), Cell("list"))
        self._bind_parameters(inner, state, func, args, keywords, opened=opened)
        self.reached.add(func.symbol)
        if isinstance(func.node, t.Lam):
            value = self.eval(inner, state, func.node.body)
            results = [(state, value)]
        else:
            chosen = self._slicer.slice(
                func.node.body,
                self.relevant,
                returns=id(node) not in self._unread and not opened,
                effects=not opened or func.node.name == "__init__",
            )
            flow = self.block(replace(inner, chosen=chosen), func.node.body, [state])
            results = list(flow.returns)
            results += [(each, Known(None)) for each in flow.normal]
            if opened and results:
                self._inner_functions(inner, results[-1][0])
        if not results:
            raise Dead
        end = self._joined([each for each, _ in results])
        value = join_values(*(each for _, each in results))
        if yields is not None:
            holder = end.frames[frame].get(YIELDS)
            cell = end.heap.get(holder) if isinstance(holder, Ref) else None
            members = cell.members if cell is not None else (Member(Unknown("a member", OPTIONAL), MANY),)
            value = Items(members, sort="context" if func.sort == "context" else "iterator")
        if key is not None and sent == len(self.dispatches) and _flat(value) and not frames and not seen:
            # It neither received, returned, made nor sent a thing; the next call with such arguments is the same.
            self._memo[key] = value
        outer.merge(end, seen, [value], frames)
        return value

    def _inner_functions(self, context: Context, state: State) -> None:
        """Run functions that a root defines and hands to somebody else (a view within ``create_app``)."""
        for value in list(state.frames.get(context.frame, {}).values()):
            if isinstance(value, Func) and isinstance(value.node, t.Func) and value.symbol not in self.reached:
                try:
                    self.call_function(context, state.copy(), value, [], [], value.node, opened=True)
                except Dead:
                    continue

    def _bind_parameters(
        self,
        context: Context,
        state: State,
        func: Func,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        *,
        opened: bool,
    ) -> None:
        names = state.frames[context.frame]
        params = func.node.params
        named = {key: value for key, value in keywords if key not in {"*", "**", None}}
        star = next((value for key, value in keywords if key == "*"), None)
        open_rest = next((value for key, value in keywords if key == "**"), None)
        defaults = dict(func.defaults)
        position = 0
        for param in params:
            value: Val = ABSENT
            if param.sort in {"positional", "both"} and position < len(args):
                value = args[position]
                position += 1
            elif param.sort not in {"*", "**"} and param.name in named:
                value = named.pop(param.name)
                if isinstance(value, Either) and ABSENT in value.options and param.name in defaults:
                    value = join_values(
                        *(option for option in value.options if option is not ABSENT), defaults[param.name]
                    )
            elif param.sort in {"positional", "both"} and star is not None:
                value = star
            elif param.sort == "*":
                rest = args[position:]
                position = len(args)
                members = [Member(each, ONE) for each in rest]
                if star is not None:
                    members.append(Member(star, MANY))
                if opened and not members:
                    members = [
                        Member(Parameter(f"*{param.name}", func.symbol, OPTIONAL, self._given(context, param)), MANY)
                    ]
                value = Items(tuple(members), sort="tuple")
            elif param.sort == "**":
                rest_fields = tuple((key, item) for key, item in named.items() if key is not None)
                named = {}
                value = state.allocate(
                    context.path,
                    (func.node, param.name),
                    Cell("dict", fields=rest_fields, open=opened or open_rest is not None),
                )
                further = open_rest
                if opened and further is None:
                    further = Parameter(f"**{param.name}", func.symbol, ANY, self._given(context, param))
                if further is not None:
                    state.heap[value] = replace(state.heap[value], rest=further, rest_key=Unknown("a key", OPTIONAL))
            if value is ABSENT:
                if opened and not (param.name in defaults and param.name.startswith("_")):
                    value = self._open_parameter(context, state, func, param, defaults.get(param.name, ABSENT))
                elif open_rest is not None and param.sort != "*":
                    value = library.part(open_rest, param.name, context.place(param.at), state)
                    if param.name in defaults:
                        value = join_values(value, defaults[param.name])
                elif param.name in defaults:
                    value = defaults[param.name]
                else:
                    value = Unknown(param.name)
            names[param.name] = value

    def _given(self, context: Context, param: t.Param) -> tuple[Step, ...]:
        return (Step(StepKind.PARAMETER, context.place(param.at), param.name),)

    def _annotated(self, context: Context, state: State, param: t.Param) -> Val | None:
        """An object of the modelled class that a parameter is declared to be (a client, a message)."""
        annotation = param.annotation
        if isinstance(annotation, t.Sub) and _last_name(annotation.value) in {"Optional", "Annotated"}:
            annotation = annotation.index.items[0] if isinstance(annotation.index, t.Seq) else annotation.index
        if isinstance(annotation, t.Bin) and annotation.op == "|":
            annotation = annotation.left
        if not isinstance(annotation, (t.Name, t.Attr)):
            return None
        declared = replace(context, frames=context.frames[1:]) if len(context.frames) > 1 else context
        cls = self.eval(declared, state, annotation)
        if isinstance(cls, ModelCls):
            return state.allocate(context.path, (param, "declared"), Cell("object", cls))
        return None

    def _open_parameter(self, context: Context, state: State, func: Func, param: t.Param, default: Val) -> Val:
        trail = self._given(context, param)
        count = MANY if library.collection_annotation(param.annotation) else OPEN
        if param.name in {"request", "req"}:
            return Unknown("request", OPEN, (Step(StepKind.REQUEST, context.place(param.at)),))
        configured = library.configured_name(param.name)
        if configured:
            trail = (Step(StepKind.CONFIGURED, context.place(param.at), param.name),)
        made = self._annotated(context, state, param)
        if made is not None:
            return made
        value = Parameter(param.name, func.symbol, count, trail)
        if isinstance(default, Known) and isinstance(default.value, bool):
            return value
        if isinstance(default, Ref):
            return join_values(value, default)
        return value

    # Objects

    def _construct(
        self,
        context: Context,
        state: State,
        cls: Cls,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        init = self._method(state, cls, "__init__")
        model = next((each for each in self.mro(cls) if isinstance(each, ModelCls)), None)
        if model is not None and not isinstance(init, Func):
            return self._construct_model(context, state, cls, model, args, keywords, node)
        ref = state.allocate(context.path, (node, "object"), Cell("object", cls))
        if isinstance(init, Func):
            self.call_function(context, state, init, [ref, *args], keywords, node)
            # The constructor may have made further objects of its own at this site; the reference stays.
            return ref
        fields = library.declared_fields(self, state, cls)
        named = {key: value for key, value in keywords if key not in {"*", "**", None}}
        cell = state.heap[ref]
        for index, (name, default) in enumerate(fields):
            if index < len(args):
                cell = cell.put(name, args[index])
            elif name in named:
                cell = cell.put(name, named.pop(name))
            elif default is not ABSENT:
                cell = cell.put(name, library.default_field(self, context, state, default, node))
        for key, value in named.items():
            cell = cell.put(str(key), value)
        state.heap[ref] = cell
        post = self._method(state, cls, "__post_init__")
        if isinstance(post, Func):
            self.call_function(context, state, post, [ref], [], node)
        return ref

    def _construct_model(
        self,
        context: Context,
        state: State,
        cls: Cls | ModelCls,
        model: ModelCls,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        ref = state.allocate(context.path, (node, "object"), Cell("object", cls))
        if "__init__" in _members(model.cls):
            handle = self.handle(context, state, ref, model, node)
            self._call_model(context, state, model.cls.__init__, handle, args, keywords, node, model.path)
        return ref

    def handle(self, context: Context, state: State, ref: Ref, model: ModelCls, node: object) -> Object:
        """The model's object for a thing on the heap."""
        made = model.cls.__new__(model.cls)
        made._heap = _Heap(self, state, context, node)  # noqa: SLF001  # this is the interpreter's side of Object
        made._ref = ref  # noqa: SLF001
        return made

    def _argument(self, context: Context, state: State, value: Val, node: object) -> Val:
        return self.freeze(state, value, context, node)

    def _call_model(
        self,
        context: Context,
        state: State,
        function: Callable[..., object],
        receiver: Val,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
        api: str,
        *,
        converts: bool = False,
    ) -> Val:
        spans: dict[object, t.Span] = {}
        if isinstance(node, t.Call):
            position = 0
            for arg in node.args:
                if arg.star == "" and arg.keyword is None:
                    spans[position] = arg.at
                    position += 1
                elif arg.keyword is not None:
                    spans[arg.keyword] = arg.at
        whole = getattr(node, "at", t.Span(0, 0, 0, 0))

        def ready(value: Val, key: object) -> Val:
            if marked and not self._is_mapping(state, value):
                value = self.shown(value, context.place(spans.get(key, whole)))
            return self._argument(context, state, value, node)

        # A function that only converts (formataddr, json.dumps) shows nobody anything: it is tried unmarked first.
        marked = not converts
        positional = [ready(value, index) for index, value in enumerate(args)]
        named = {key: ready(value, key) for key, value in keywords if key not in {"*", "**", None}}
        star = next((value for key, value in keywords if key == "*"), None)
        rest = next((value for key, value in keywords if key == "**"), None)
        if receiver is not None:
            positional.insert(0, receiver.cls if isinstance(receiver, ModelCls) else receiver)
        signature = self._signatures.get(function)
        if signature is None:
            signature = self._signatures.setdefault(function, inspect.signature(function))
        if converts:
            try:
                trial = function(*positional, **named) if star is None and rest is None else None
            except (Refused, TypeError):
                trial = None
            if trial is not None and not _sends(trial):
                return self.thaw(state, trial, context, (node, api))
            marked = True
            positional = [ready(value, index) for index, value in enumerate(args)]
            named = {key: ready(value, key) for key, value in keywords if key not in {"*", "**", None}}
        if star is not None:
            place = context.place(whole)
            self._fill(signature, positional, named, self.freeze(state, self.shown(star, place), context, node))
        if rest is not None:
            self._fill_rest(signature, positional, named, self.shown(rest, context.place(whole)), context)
        return self._bind_model(context, state, function, signature, positional, named, node, api)

    def _call_model_function(
        self,
        context: Context,
        state: State,
        callee: ModelFn,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        return self._call_model(
            context, state, callee.function.call, None, args, keywords, node, callee.path, converts=True
        )

    def _is_mapping(self, state: State, value: Val) -> bool:
        if isinstance(value, Either):
            return any(self._is_mapping(state, option) for option in value.options if option is not ABSENT)
        if isinstance(value, Fields):
            return True
        return isinstance(value, Ref) and value in state.heap and state.heap[value].sort in {"dict", "object"}

    @staticmethod
    def _fill(signature: inspect.Signature, positional: list[Val], named: dict[str, Val], filler: Val) -> None:
        """Parameters without a default that nothing fills get what the starred argument may hold."""
        for index, (name, parameter) in enumerate(signature.parameters.items()):
            if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
                continue
            if index < len(positional) or name in named or parameter.default is not parameter.empty:
                continue
            named[name] = filler

    @staticmethod
    def _fill_rest(
        signature: inspect.Signature, positional: list[Val], named: dict[str, Val], rest: Val, context: Context
    ) -> None:
        """Keyword arguments that nothing tells may hold any parameter; plainly they hold nobody."""
        for index, (name, parameter) in enumerate(signature.parameters.items()):
            if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
                continue
            if index >= len(positional) and name not in named:
                part = library.part(rest, name, Place(context.module.path))
                named[name] = replace(part, count=ANY) if isinstance(part, (Unknown, Parameter)) else part

    def _bind_model(
        self,
        context: Context,
        state: State,
        function: Callable[..., object],
        signature: inspect.Signature,
        positional: list[Val],
        named: dict[str, Any],
        node: object,
        api: str,
    ) -> Val:
        try:
            signature.bind(*positional, **named)
        except TypeError:
            # Not as the library writes it: a release that we do not know, or a mistake. What fits is used.
            parameters = list(signature.parameters.values())
            names = {each.name for each in parameters}
            if not any(each.kind is each.VAR_KEYWORD for each in parameters):
                named = {key: value for key, value in named.items() if key in names}
            if not any(each.kind is each.VAR_POSITIONAL for each in parameters):
                takes = [each for each in parameters if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
                positional = positional[: len(takes)]
                for each in takes[: len(positional)]:
                    named.pop(each.name, None)
            for index, each in enumerate(parameters):
                missing = each.default is each.empty and index >= len(positional) and each.name not in named
                if missing and each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}:
                    named[each.name] = Unknown(each.name)
            try:
                signature.bind(*positional, **named)
            except TypeError:
                return Unknown(api)
        return self._run_model(context, state, function, positional, named, node, api)

    def _run_model(
        self,
        context: Context,
        state: State,
        function: Callable[..., object],
        positional: list[Val],
        named: dict[str, Val],
        node: object,
        api: str,
    ) -> Val:
        try:
            result = function(*positional, **named)
        except Refused:
            raise Dead from None
        found = (
            result
            if isinstance(result, (list, tuple)) and result and all(_is_exchange(each) for each in result)
            else [result]
        )
        if all(_is_exchange(each) for each in found):
            for each in found:
                self.record(context, each, node, api)
            return Unknown(f"{api.rsplit('.', 1)[-1]}()", OPTIONAL)
        if result is None:
            return Known(None)
        return self.thaw(state, result, context, (node, api))

    def record(self, context: Context, exchange: Any, node: object, api: str) -> None:
        """Note a mail call. The request is read now: the heap changes afterwards."""
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        self.dispatches.append(
            Dispatch(
                self._solid_exchange(exchange, context.loops),
                context.place(at),
                context.symbol,
                "",
                api,
                (*context.calls, Step(StepKind.SENT, context.place(at))),
                context.loops,
            )
        )

    def _solid_exchange(self, exchange: Any, loops: frozenset[str]) -> Any:
        def solid(value: Val) -> Val:
            return _outside_loops(self._solid(value), loops)

        match exchange:
            case HttpRequest():
                body = exchange.body
                if isinstance(body, Form):
                    body = Form(tuple((name, solid(value)) for name, value in body.parts))
                else:
                    body = solid(body)
                return replace(exchange, url=solid(exchange.url), headers=solid(exchange.headers), body=body)
            case SmtpTransaction():
                return SmtpTransaction(
                    solid(exchange.relay), solid(exchange.mail_from), solid(exchange.rcpt_to), solid(exchange.data)
                )
            case RawMessage():
                return replace(exchange, data=solid(exchange.data), rcpt_to=solid(exchange.rcpt_to))
        return exchange

    def _solid(self, value: Val, depth: int = 0) -> Val:
        """A value without references to the heap."""
        if depth > FREEZE_LIMIT:
            return Unknown("nested too deeply")
        match value:
            case Object():
                return self._solid(value.render(), depth + 1)
            case list() | tuple():
                return type(value)(self._solid(each, depth + 1) for each in value)
            case dict():
                return {key: self._solid(each, depth + 1) for key, each in value.items()}
            case Items():
                return replace(
                    value, members=tuple(Member(self._solid(each, depth + 1), count) for each, count in value.members)
                )
            case Fields():
                return replace(
                    value,
                    known=tuple((key, self._solid(each, depth + 1)) for key, each in value.known),
                    rest=self._solid(value.rest, depth + 1),
                )
            case Either():
                joined = join_values(
                    *(option if option is ABSENT else self._solid(option, depth + 1) for option in value.options)
                )
                return replace(joined, trail=value.trail) if isinstance(joined, Either) else joined
            case Text():
                parts = tuple(
                    Repeat(self._solid(part.value, depth + 1), part.count, part.separator)
                    if isinstance(part, Repeat)
                    else self._solid(part, depth + 1)
                    for part in value.parts
                )
                return replace(value, parts=parts)
        return value

    def freeze(self, state: State, value: Val, context: Context, node: object, depth: int = 0) -> Val:
        """A value of the model: what the interpreter's value is now, read through the heap."""
        if depth > FREEZE_LIMIT:
            return Unknown("nested too deeply")
        match value:
            case Ref():
                cell = state.heap.get(value)
                if cell is None:
                    return Unknown("a thing")
                return self._freeze_cell(state, value, cell, context, node, depth)
            case Items():
                members = tuple(
                    Member(self.freeze(state, item, context, node, depth + 1), count) for item, count in value.members
                )
                return replace(value, members=members)
            case Either():
                options = [
                    option if option is ABSENT else self.freeze(state, option, context, node, depth + 1)
                    for option in value.options
                ]
                joined = join_values(*options)
                return replace(joined, trail=value.trail) if isinstance(joined, Either) and value.trail else joined
            case Text():
                return replace(
                    value,
                    parts=tuple(
                        Repeat(self.freeze(state, part.value, context, node, depth + 1), part.count, part.separator)
                        if isinstance(part, Repeat)
                        else self.freeze(state, part, context, node, depth + 1)
                        for part in value.parts
                    ),
                )
            case Fields():
                return replace(
                    value,
                    known=tuple((key, self.freeze(state, item, context, node, depth + 1)) for key, item in value.known),
                )
            case Known() | Unknown() | Parameter() | Object():
                return value
            case Ext():
                return library.external_value(value)
            case Later():
                return self.freeze(state, value.get(self, state), context, node, depth + 1)
            case (
                Func()
                | Bound()
                | Cls()
                | Mod()
                | ModelFn()
                | ModelCls()
                | ModelMethod()
                | Native()
                | Partial()
                | Super()
            ):
                return Unknown("a function")
        return value

    def _freeze_cell(self, state: State, ref: Ref, cell: Cell, context: Context, node: object, depth: int) -> Val:
        trail = cell.trail + ref.trail
        if cell.sort in {"list", "set"}:
            members = tuple(
                Member(self.freeze(state, item, context, node, depth + 1), count) for item, count in cell.members
            )
            return Items(members, trail, cell.sort)
        if cell.sort == "dict":
            known_fields = tuple((key, self.freeze(state, item, context, node, depth + 1)) for key, item in cell.fields)
            rest = None if cell.rest is None else self.freeze(state, cell.rest, context, node, depth + 1)
            return Fields(known_fields, cell.open or cell.rest is not None, trail, rest)
        model = self._model_of(state, ref)
        if model is not None:
            return self.handle(context, state, ref, model, node)
        text = library.string_conversion(self, state, ref)
        if text is not None:
            return text
        name = cell.cls.node.name if isinstance(cell.cls, Cls) else "object"
        return Unknown(name, OPTIONAL, trail)

    def thaw(self, state: State, value: Val, context: Context, site: object) -> Val:
        """The interpreter's value for what a model returns or stores."""
        if isinstance(value, Object):
            if value._heap is not None:  # noqa: SLF001  # this is the interpreter's side of Object
                return value._ref  # noqa: SLF001
            model = next(
                (each for each in self.models.values() if isinstance(each, ModelCls) and each.cls is type(value)), None
            )
            cls = model or ModelCls(type(value), type(value).__name__)
            fields = tuple(
                (name, self.thaw(state, item, context, (site, name)))
                for name, item in value.__dict__.get("_attributes", {}).items()
            )
            return state.allocate(context.path, (site, "made"), Cell("object", cls, fields=fields))
        if isinstance(value, list):
            members = tuple(
                Member(self.thaw(state, item, context, (site, index)), ONE) for index, item in enumerate(value)
            )
            return state.allocate(context.path, (site, "list"), Cell("list", members=members))
        if isinstance(value, tuple) and not isinstance(value, Member):
            members = tuple(
                Member(self.thaw(state, item, context, (site, index)), ONE) for index, item in enumerate(value)
            )
            return Items(members, sort="tuple")
        if isinstance(value, dict):
            fields = tuple((str(key), self.thaw(state, item, context, (site, key))) for key, item in value.items())
            return state.allocate(context.path, (site, "dict"), Cell("dict", fields=fields))
        if isinstance(value, Items) and value.sort in {"list", "set"}:
            members = tuple(
                Member(self.thaw(state, item, context, (site, index)), count)
                for index, (item, count) in enumerate(value.members)
            )
            return replace(
                state.allocate(context.path, (site, "list"), Cell(value.sort, members=members)), trail=value.trail
            )
        if isinstance(value, Items):
            members = tuple(
                Member(self.thaw(state, item, context, (site, index)), count)
                for index, (item, count) in enumerate(value.members)
            )
            return replace(value, members=members)
        if isinstance(value, Fields):
            fields = tuple((key, self.thaw(state, item, context, (site, key))) for key, item in value.known)
            rest = None if value.rest is None else self.thaw(state, value.rest, context, (site, "rest"))
            return state.allocate(
                context.path, (site, "dict"), Cell("dict", fields=fields, open=value.open, rest=rest, trail=value.trail)
            )
        if isinstance(value, Either):
            return join_values(
                *(
                    option if option is ABSENT else self.thaw(state, option, context, (site, index))
                    for index, option in enumerate(value.options)
                )
            )
        if value is None or isinstance(value, (str, bytes, bool, int, float)):
            return Known(value)
        if value is ABSENT:
            return Known(None)
        return value


@dataclass(frozen=True, slots=True)
class Later:
    """A name that was imported from a module of the project, looked up when it is needed."""

    module: Module
    name: str
    importer: Module

    def get(self, machine: Machine, state: State) -> Val:
        """Its value."""
        value = machine.lookup_module(state, self.module, self.name)
        if value is not ABSENT:
            return value
        inner = machine.project.submodule(self.module, self.name)
        if inner is not None:
            return Mod(inner)
        return library.named(f"{self.module.name.rsplit('.', 1)[-1]}.{self.name}", Place(self.module.path))


_DECORATORS: Final = {
    "staticmethod": "static",
    "classmethod": "class",
    "property": "property",
    "cached_property": "cached",
    "hybrid_property": "property",
    "contextmanager": "context",
    "asynccontextmanager": "context",
}


_SENDING: Final = re.compile(r"send|deliver")


def _last_name(node: object) -> str:
    if isinstance(node, t.Call):
        return _last_name(node.func)
    if isinstance(node, t.Attr):
        return node.name
    return node.id if isinstance(node, t.Name) else ""


def _callable(value: Val) -> bool:
    if isinstance(value, Either):
        return any(_callable(option) for option in value.options)
    if isinstance(value, Native):
        return value.bound and value.name in {"value.sendmail", "value.send_message"}
    return isinstance(value, (Func, Bound, Partial, ModelFn, ModelMethod))


def _outside_loops(value: Val, loops: frozenset[str]) -> Val:
    """What grew in a loop that the send is not in was collected: no message showed it half done."""
    if isinstance(value, (list, tuple)) and not isinstance(value, Member):
        return type(value)(_outside_loops(each, loops) for each in value)
    if isinstance(value, dict):
        return {key: _outside_loops(each, loops) for key, each in value.items()}
    if isinstance(value, Items):
        value = replace(
            value, members=tuple(Member(_outside_loops(each, loops), count) for each, count in value.members)
        )
    elif isinstance(value, Fields):
        value = replace(
            value,
            known=tuple((key, _outside_loops(each, loops)) for key, each in value.known),
            rest=_outside_loops(value.rest, loops),
        )
    elif isinstance(value, Either):
        value = replace(
            value, options=tuple(each if each is ABSENT else _outside_loops(each, loops) for each in value.options)
        )
    elif isinstance(value, Text):
        value = replace(
            value,
            parts=tuple(
                Repeat(_outside_loops(part.value, loops), part.count, part.separator)
                if isinstance(part, Repeat)
                else _outside_loops(part, loops)
                for part in value.parts
            ),
        )
    trail = trail_of(value)
    if any(step.kind is StepKind.GROWN and step.detail not in loops for step in trail):
        kept = tuple(
            replace(step, kind=StepKind.COLLECTED) if step.kind is StepKind.GROWN and step.detail not in loops else step
            for step in trail
        )
        return replace(value, trail=kept)
    return value


def _sends(result: object) -> bool:
    return _is_exchange(result) or (
        isinstance(result, (list, tuple)) and bool(result) and all(map(_is_exchange, result))
    )


def _is_exchange(value: object) -> bool:
    return isinstance(value, (HttpRequest, SmtpTransaction, RawMessage))


def _needs(value: Val) -> int:
    """How many arguments a function surely needs."""
    bound = 0
    if isinstance(value, Bound):
        value, bound = value.func, 1
    if not isinstance(value, Func):
        return 0
    required = [param for param in value.node.params if param.sort in {"positional", "both"} and param.default is None]
    return len(required) - bound


def _flat(value: Val) -> bool:
    """Whether a value has no part on the heap."""
    if isinstance(value, Either):
        return all(option is ABSENT or _flat(option) for option in value.options)
    if isinstance(value, Items):
        return all(_flat(member.value) for member in value.members)
    return isinstance(value, (Known, Text, Unknown, Parameter, Ext))


def _function(member: object) -> Any:
    return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member


_MEMBERS: dict[type, frozenset[str]] = {}


def _members(cls: type) -> frozenset[str]:
    """Names that a model class defines itself or inherits from other models."""
    if cls not in _MEMBERS:
        names: set[str] = set()
        for each in cls.__mro__:
            if each not in {Object, object}:
                names |= set(vars(each))
        _MEMBERS[cls] = frozenset(names)
    return _MEMBERS[cls]


def _certain(value: Val) -> bool:
    """Whether it is known if the value is None."""
    return not isinstance(value, (Unknown, Parameter, Ext, Later))


def _sure(item: Val) -> bool:
    return not (isinstance(item, Either) and ABSENT in item.options)
