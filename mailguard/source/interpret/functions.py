"""Functions and classes of the project, called with values or with open parameters."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import islice
from typing import Final

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, Count
from mailguard.model.exchange import Dispatch
from mailguard.model.value import (
    ABSENT,
    ORIGIN_OF,
    Either,
    Items,
    Known,
    Member,
    Parameter,
    Step,
    StepKind,
    Text,
    Unknown,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.assignment import Assignment
from mailguard.source.interpret.base import last_name
from mailguard.source.interpret.callables import names_of_callables
from mailguard.source.interpret.context import DEAR, DEPTH_LIMIT, SHARE, YIELDS, Activation, Budget, Context, Dead
from mailguard.source.interpret.repeats import WORTH, Asked, Done
from mailguard.source.interpret.state import State
from mailguard.source.interpret.touched import touch
from mailguard.source.interpret.values import Cell, Cls, Ext, FrameId, Func, ModelCls, ModelFn, Ref, Val, join_values
from mailguard.source.library import classes, containers, provenance, queues
from mailguard.source.slice import filled

__all__ = ["Functions", "flat"]


class Functions(Assignment):
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
        also = names_of_callables(state, func, args, keywords, self._lead_to_mail)
        light = not opened and isinstance(func.node, t.Func) and not also and not self._leads_to_mail(func.node)
        if light and isinstance(func.node, t.Func) and self.relevant.isdisjoint(func.node.names):
            # Nothing in it names a mail call: it can only make or change values.
            idle = context.idle + 1
            if idle > self.effort.idle:
                touch(state, func.node, args, keywords)
                return Unknown(f"{func.node.name}()", OPEN)
        given = (*args, *(value for _, value in keywords))
        if light and self.is_dear(func.node):
            # Its result is not known from here on. What it may do to a thing that it gets, or call, is missed, and told.
            self.left_out += 1
            self.passed_over |= not all(map(flat, given))
            if isinstance(func.node, t.Func):
                touch(state, func.node, args, keywords)
            return Unknown(f"{func.node.name if isinstance(func.node, t.Func) else 'lambda'}()", OPEN)
        begun, left_out = self.steps, self.left_out
        key = None
        if yields is None and not opened and not self._carried and all(flat(value) for value in given):
            key = (func.node, func.frames, tuple(args), tuple(keywords), len(self.relevant), id(node) in self._unread)
            known_result = self._memo.get(key, ABSENT)
            if known_result is not ABSENT:
                return known_result
        sent = len(self.dispatches)
        outer = state
        body = self.managed if func.sort == "context" and self.managed is not None else None
        body = body if body is not None and body.item is node else None
        state = outer.part(
            [*given, *(value for _, value in func.defaults), func.owner, *self._carried],
            func.frames if body is None else (*func.frames, *context.frames),
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
            chosen = self.slicer.slice(
                func.node.body,
                self.relevant,
                returns=id(node) not in self._unread and not opened,
                effects=not opened or func.node.name == "__init__",
                only_called=self.web.get(func.module, frozenset()),
                also=also,
            )
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

    def _marks(self, node: object) -> tuple[object, ...]:
        """What of the machine a call depends on, besides what it gets."""
        return (
            id(node) in self._unread,
            self.used,
            len(self.gathered),
            len(self.kept),
            sum(map(len, self._fed.values())),
        )

    def _keep(
        self,
        path: int,
        asked: Asked,
        end: State | None,
        value: Val,
        frames: list[FrameId],
        before: tuple[int, int, int, dict[object, Dispatch], int, set[object]],
    ) -> None:
        """Remember what a call came to, unless it is not the same the next time: something was passed over, a queue was read."""
        begun, left_out, sent, unsent, made, sites = before
        marks = self._marks(asked.func)[1:]
        if left_out != self.left_out or self.steps - begun < WORTH or marks != asked.marks[1:]:
            return
        done = Done(
            end,
            value,
            frames,
            tuple(self.dispatches[sent:]),
            tuple(islice(self._made.items(), made, None)),
            frozenset(self.sent - sites),
            tuple((site, one) for site, one in self.unsent.items() if unsent.get(site) is not one),
        )
        self._repeats.keep(path, asked, done)

    def _again(self, outer: State, seen: dict[Ref, Cell], done: Done) -> Val:
        """Do what the same call did."""
        self.dispatches += done.dispatches
        self._made.update(done.made)
        self.sent |= done.sent
        self.unsent.update(done.unsent)
        if done.end is None:
            raise Dead
        outer.merge(done.end, seen, [done.value], done.frames)
        return done.value

    def _leads_to_mail(self, node: t.Func) -> bool:
        """Whether a function names something that leads to a mail call; ``start`` alone, as a thread has it, is no sign."""
        return self._lead_to_mail(node.names)

    def _lead_to_mail(self, names: frozenset[str]) -> bool:
        return not self.relevant.isdisjoint(names) and self.relevant & names != {"start"}

    def is_dear(self, node: object) -> bool:
        """Whether a helper without mail has cost the current root so much that it is passed over."""
        # As long as the root has steps to spare, nothing is saved by not knowing.
        return self._spent.get(node, 0) > DEAR and self.steps > self.effort.spent

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
                    value = containers.part(open_rest, param.name, context.place(param.at), state)
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
        if isinstance(annotation, t.Sub) and last_name(annotation.value) in {"Optional", "Annotated"}:
            annotation = annotation.index.items[0] if isinstance(annotation.index, t.Seq) else annotation.index
        if isinstance(annotation, t.Bin) and annotation.op == "|":
            annotation = annotation.left
        if not isinstance(annotation, (t.Name, t.Attr)):
            return None
        declared = replace(context, frames=context.frames[1:]) if len(context.frames) > 1 else context
        cls = self.eval(declared, state, annotation)
        if isinstance(cls, ModelCls) and cls.path.startswith("email."):
            # Whose header lines a message has that somebody else made, only the caller tells.
            return None
        if isinstance(cls, ModelCls):
            return state.allocate(context.path, (param, "declared"), Cell("object", cls))
        if isinstance(cls, Cls):
            self.declared[context.symbol, param.name] = cls
        return None

    def _open_parameter(self, context: Context, state: State, func: Func, param: t.Param, default: Val) -> Val:
        trail = self._given(context, param)
        count = MANY if classes.collection_annotation(param.annotation) else OPEN
        if param.name in {"request", "req"}:
            return Unknown("request", OPEN, (Step(StepKind.REQUEST, context.place(param.at)),))
        scheduled = _is_task(func.node) and default is not ABSENT and _empty(state, default)
        if provenance.configured_name(param.name) or self._of_account(func) or scheduled:
            # What a task can do without and no caller gives comes from the schedule, which is the operator's.
            trail = (Step(StepKind.CONFIGURED, context.place(param.at), param.name),)
        made = self._annotated(context, state, param)
        if made is not None:
            return made
        if count == OPEN and (_empty(state, default)):
            # Plainly nobody: what a caller leaves out.
            count = Count(0, 0, OPEN.high)
        value = Parameter(param.name, func.symbol, count, trail)
        if isinstance(default, Known) and isinstance(default.value, bool):
            return value
        if isinstance(default, (Ref, Func, ModelFn)) or _address_of_service(default):
            return join_values(value, default)
        return value

    @staticmethod
    def _of_account(func: Func) -> bool:
        """Whether a constructor takes a mail server and a password: what else it keeps, the operator sets as well."""
        names = [param.name for param in func.node.params] if isinstance(func.node, t.Func) else []
        return isinstance(func.node, t.Func) and func.node.name == "__init__" and provenance.is_account(names)

    def _construct(
        self,
        context: Context,
        state: State,
        cls: Cls,
        args: list[Val],
        keywords: list[tuple[str | None, Val]],
        node: object,
    ) -> Val:
        made = self._made_object(context, state, cls, args, keywords, node)
        if self.used is not None:
            self._use(context, state, cls, made, node)
        return made

    def _use(self, context: Context, state: State, cls: Cls, made: Val, node: object) -> None:
        """Call the method that is asked about on an object that was just made; nothing else of it is seen here."""
        used = self.used
        if used is None or not any(isinstance(each, Cls) and each.node is used[0] for each in self.mro(cls)):
            return
        method = self._method(state, cls, used[1])
        if isinstance(method, Func) and method.sort == "plain" and method.node not in context.stack:
            self.used = None
            try:
                with contextlib.suppress(Dead):
                    self.call_function(context, state.copy(), method, [made], [], node, opened=True)
            finally:
                self.used = used

    def _made_object(
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
        fields = classes.declared_fields(self, state, cls)
        named = {key: value for key, value in keywords if key not in {"*", "**", None}}
        cell = state.heap[ref]
        for index, (name, default) in enumerate(fields):
            if index < len(args):
                cell = cell.put(name, args[index])
            elif name in named:
                cell = cell.put(name, named.pop(name))
            elif default is not ABSENT:
                cell = cell.put(name, classes.default_field(self, context, state, default, node))
        for key, value in named.items():
            cell = cell.put(str(key), value)
        if any(key in {"*", "**"} for key, _ in keywords):
            cell = replace(cell, open=True)
        state.heap[ref] = cell
        post = self._method(state, cls, "__post_init__")
        if isinstance(post, Func):
            self.call_function(context, state, post, [ref], [], node)
        return ref

    def open_instance(self, context: Context, state: State, cls: Cls) -> Val:
        """An object of ``cls`` whose constructor got open parameters."""
        ref = state.allocate(context.path, (cls.node, "open"), Cell("object", cls))
        init = self._method(state, cls, "__init__")
        if isinstance(init, Func) and not self.is_dear(init.node):
            begun = self.steps
            self._open_constructor(context, state, init, ref, cls)
            if isinstance(init.node, t.Func) and not self._leads_to_mail(init.node):
                self._spent[init.node] = self._spent.get(init.node, 0) + self.steps - begun
            self._left_open(context, state, cls, ref)
        elif isinstance(init, Func):
            self.left_out += 1
        return ref

    def _open_constructor(self, context: Context, state: State, init: Func, ref: Ref, cls: Cls) -> None:
        """Run a constructor with open parameters, unless it takes so much that nothing is left for what is asked about."""
        outer = self.share
        mine = self.steps + self.effort.steps // SHARE
        self.share = mine if outer is None else min(outer, mine)
        self.limit = 0
        try:
            with contextlib.suppress(Dead):
                self.call_function(context, state, init, [ref], [], cls.node, opened=True)
        except Budget:
            allowed = self.effort.limit(met=self.met)
            if self.steps > (allowed if outer is None else min(allowed, outer)):
                raise
            self.left_out += 1
            self.passed_over = self.cut_short = True
        finally:
            self.share, self.limit = outer, 0

    def open_row(self, context: Context, state: State, cls: Cls, holder: Val) -> Val:
        """An object of ``cls`` that stands for ``holder``: what is read off it comes from where that comes from."""
        origins = tuple(step for step in trail_of(holder) if step.kind in ORIGIN_OF)
        self.guess(cls, holder)
        made = self.open_instance(context, state, cls)
        return replace(made, trail=(*made.trail, *origins)) if isinstance(made, Ref) else made

    def guess(self, cls: Cls, holder: Val) -> None:
        """Take ``holder`` for an object of ``cls``: who hands it over can fill what its constructor left open."""
        symbols = [each.symbol for each in self.mro(cls) if isinstance(each, Cls)]
        self.holders.guess([*symbols, *(f"{symbol}.__init__" for symbol in symbols)], holder)

    def _left_open(self, context: Context, state: State, cls: Cls, ref: Ref) -> None:
        """What a constructor leaves empty and another method fills: before this one is called, it may have been."""
        cell = state.heap[ref]
        for name, value in cell.fields:
            if isinstance(value, Known) and value.value is None:
                cell = cell.put(name, join_values(value, Unknown(name, OPEN)))
            elif isinstance(value, Ref) and queues.is_queue(state.heap.get(value)):
                self.opened.setdefault(name, set()).add(cls.module)
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                held = Member(Parameter(f"{name}[]", cls.symbol, OPTIONAL, (step,)), Count(0, 0, OPEN.high))
                state.heap[value] = replace(state.heap[value], members=(*state.heap[value].members, held))
            elif _empty(state, value) and isinstance(value, Ref) and filled(cls.node.body, name):
                self.opened.setdefault(name, set()).add(cls.module)
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                cell = cell.put(name, join_values(Parameter(name, cls.symbol, OPEN, (step,)), value))
            elif self._model_of(state, value) is not None and filled(_others(cls.node), name):
                # A message that the constructor makes and another method writes to: what is in it, callers tell.
                step = Step(StepKind.PARAMETER, replace(context, module=cls.module).place(cls.node.at), name)
                cell = cell.put(name, join_values(value, Parameter(name, cls.symbol, OPEN, (step,))))
        state.heap[ref] = cell


_OF_CODE: Final = (t.Func, t.Lam, t.Class, t.Comp)
"""Whose names a frame holds, if not those of a file."""


def _others(node: t.Class) -> list[t.Stmt]:
    """The body of a class without its constructor."""
    return [each for each in node.body if not (isinstance(each, t.Func) and each.name == "__init__")]


def _generates(node: t.Func) -> bool:
    """Whether a call of a function makes a generator, and not a coroutine of the older kind, which yields to wait."""
    return node.generator and not any(last_name(decorator) in _COROUTINES for decorator in node.decorators)


_COROUTINES: Final = frozenset({"inlineCallbacks", "coroutine", "engine", "tasklet", "deferredGenerator"})
"""Decorators under which ``x = yield call()`` waits for a result: Twisted, Tornado, asyncio before Python 3.5, ndb."""


def _is_task(node: t.Func | t.Lam) -> bool:
    """Whether a function is one that a scheduler may start by itself: Celery's, Huey's, APScheduler's.

    A bare ``@task`` is a step of a flow elsewhere (Prefect, Airflow), which gives it what it works on.
    """
    if not isinstance(node, t.Func):
        return False
    made = [each.func if isinstance(each, t.Call) else each for each in node.decorators]
    return any(
        last_name(each) in _SCHEDULED or (isinstance(each, t.Attr) and each.name == "task" and _is_app(each.value))
        for each in made
    )


def _is_app(node: t.Expr) -> bool:
    return last_name(node).removesuffix("_app") in {"app", "celery", "huey"}


_SCHEDULED: Final = frozenset("shared_task periodic_task db_periodic_task scheduled_job cron".split())


def _empty(state: State, default: Val) -> bool:
    """Whether a default holds nobody: None, an empty text or list."""
    if isinstance(default, Known):
        return default.value is None or default.value == ""
    cell = state.heap.get(default) if isinstance(default, Ref) else None
    return cell is not None and (
        (cell.sort in {"list", "set"} and not cell.members)
        or (cell.sort == "dict" and not cell.fields and cell.rest is None)
    )


def flat(value: Val) -> bool:
    """Whether a value has no part on the heap."""
    if isinstance(value, Either):
        return all(option is ABSENT or flat(option) for option in value.options)
    if isinstance(value, Items):
        return all(flat(member.value) for member in value.members)
    return isinstance(value, (Known, Text, Unknown, Parameter, Ext))


def _address_of_service(default: Val) -> bool:
    """Whether a default is an address on the web: it tells which service a function nobody calls writes to."""
    return isinstance(default, Known) and isinstance(default.value, str) and "://" in default.value[:12]
