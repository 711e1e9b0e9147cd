"""Models of mail libraries: objects and calls, and values on their way to them and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import ANY, MANY, ONE, OPTIONAL
from mailguard.model.exchange import Dispatch, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.place import Place
from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    CALLS,
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
    Trail,
    Unknown,
    inherit,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.base import members_of_class
from mailguard.source.interpret.context import FREEZE_LIMIT, Context, Dead, Enough
from mailguard.source.interpret.names import Later
from mailguard.source.interpret.narrowing import Narrowing
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
from mailguard.source.library import containers, provenance

__all__ = ["Models"]


class Models(Narrowing):
    """Calls of modelled libraries."""

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
        if not model.cls.HOLDS:
            place = context.place(getattr(node, "at", t.Span(0, 0, 0, 0)))
            self._made[ref] = (place, context.symbol)
            self.made_at.setdefault(ref.site, place)
        if "__init__" in members_of_class(model.cls):
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
        around = context.stack[-1] if context.stack else None
        here = replace(context.place(whole), line=around.at.line if isinstance(around, t.Func) else 1)

        def ready(value: Val, key: object) -> Val:
            if marked:
                # A constructor of the program's own that hands everything on shows people where they were given to it.
                given = None
                if key not in spans:
                    # Keywords out of a mapping that was filled here were given there.
                    given = _given_at(value) if context.symbol.endswith(".__init__") else _filled_at(value, key, here)
                place = context.place(spans.get(key, whole)) if given is None else given
                value = self._shown_whole(state, value, place)
            return self._argument(context, state, value, node)

        # A function that only converts (formataddr, json.dumps) shows nobody anything: it is tried unmarked first.
        marked = not converts and not (isinstance(receiver, Object) and receiver.HOLDS)
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

    def _shown_whole(self, state: State, value: Val, place: Place) -> Val:
        """``value`` as it enters a message, unless it is a mapping or an object that says where its parts entered."""
        if isinstance(value, Either):
            shown = tuple(
                option if option is ABSENT else self._shown_whole(state, option, place) for option in value.options
            )
            return replace(value, options=shown)
        if isinstance(value, Fields):
            return value
        if isinstance(value, Ref) and value in state.heap:
            sort = state.heap[value].sort
            if sort == "dict":
                return value
            if sort == "object":
                model = self._model_of(state, value)
                return self.shown(value, place) if model is not None and model.cls.HOLDS else value
        return self.shown(value, place)

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
                part = containers.part(rest, name, Place(context.module.path))
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
        if api.rpartition(".")[2] in _AS_DATA:
            self._note_sent((*positional, *named.values()))
        if all(_is_exchange(each) for each in found):
            self._note_sent((*positional, *named.values()))
            for each in found:
                self.record(context, each, node, api)
            return Unknown(f"{api.rsplit('.', 1)[-1]}()", OPTIONAL)
        # What is given to another thing (a personalization to a mail) is a part of it, and goes where that goes.
        self._note_sent((*positional[1:], *named.values()))
        if result is None:
            return Known(None)
        return self.thaw(state, result, context, (node, api))

    def _note_sent(self, values: Iterable[Val]) -> None:
        """Note the messages among ``values``, or within them, as sent."""
        stack = list(values)
        while stack:
            value = stack.pop()
            if isinstance(value, Object):
                if isinstance(value._ref, Ref):  # noqa: SLF001  # this is the interpreter's side of Object
                    self.sent.add(value._ref.site)  # noqa: SLF001
            elif isinstance(value, Items):
                stack += [item for item, _ in value.members]
            elif isinstance(value, Either):
                stack += value.options
            elif isinstance(value, Fields):
                stack += [item for _, item in value.known]
            elif isinstance(value, (list, tuple)):
                stack += value

    def record(self, context: Context, exchange: Any, node: object, api: str) -> None:
        """Note a mail call. The request is read now: the heap changes afterwards."""
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        self.met = True
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
        if self.first:
            raise Enough

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
            case Either(options=()):
                return Unknown("nothing that is known", trail=value.trail)
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
        kind = type(value)
        if kind in _PLAIN:
            return value
        if depth == 0:
            self._read_so_far = 0
        self._read_so_far += 1
        if self._read_so_far > READ_LIMIT:
            # Lists within lists that hold each other several times: what they hold grows with each level.
            return Unknown("a large value", MANY, trail_of(value))
        if kind not in _COMPOUND:
            result = self._freeze(state, value, context, node, depth)
            if depth == 0 and self._read_so_far > LARGE:
                self.steps += self._read_so_far // STEP
            return result
        # Without a reference in it, it is the same each time: the lines of a message are read again and again.
        found = self._frozen.get(id(value))
        if found is not None and depth + found[1] <= FREEZE_LIMIT:
            self._read_so_far += found[3]
            return found[2]
        before = self._read_so_far
        result = self._freeze(state, value, context, node, depth)
        size = self._read_so_far - before
        if depth == 0 and size > LARGE:
            self.steps += size // STEP
        if self._read_so_far > READ_LIMIT:
            return result
        if found is None and (height := self._height(value)) is not None and depth + height <= FREEZE_LIMIT:
            self._frozen[id(value)] = (value, height, result, size)
        return result

    def _height(self, value: Val) -> int | None:
        """How many levels a value has that holds no reference to the heap; None of one that does."""
        kind = type(value)
        if kind in _PLAIN:
            return 0
        found = self._heights.get(id(value))
        if found is not None:
            return found[1]
        parts: list[Val]
        if kind is Text:
            parts = [part.value if type(part) is Repeat else part for part in value.parts]
        elif kind is Items:
            parts = [item for item, _ in value.members]
        elif kind is Either:
            parts = list(value.options)
        elif kind is Fields:
            parts = [item for _, item in value.known]
        else:
            return 0 if kind in _SCALARS else None
        height: int | None = 1
        for part in parts:
            below = self._height(part)
            if below is None or height is None:
                height = None
                break
            height = max(height, below + 1)
        self._heights[id(value)] = (value, height)
        return height

    def _freeze(self, state: State, value: Val, context: Context, node: object, depth: int) -> Val:
        match value:
            case Ref():
                cell = state.heap.get(value)
                if cell is None:
                    return Unknown("a thing")
                return self._freeze_cell(state, value, cell, context, node, depth)
            case Items():
                held = self._shown_with(state, value.members, value.trail)
                members = tuple(
                    Member(self.freeze(state, item, context, node, depth + 1), count) for item, count in held
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
                return provenance.external_value(value)
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
        if not ref.trail:
            found = self._frozen_cells.get(id(cell))
            if found is not None and depth + found[1] <= FREEZE_LIMIT:
                self._read_so_far += found[3]
                return found[2]
            before = self._read_so_far
            result = self._freeze_plain_cell(state, ref, cell, trail, context, node, depth)
            if self._read_so_far > READ_LIMIT:
                return result
            if found is None and cell.sort in {"list", "set", "dict"}:
                heights = [
                    self._height(item)
                    for item in (*(item for _, item in cell.fields), *(item for item, _ in cell.members), cell.rest)
                ]
                height = None if None in heights else 1 + max(each for each in heights if each is not None)
                if height is not None and depth + height <= FREEZE_LIMIT:
                    self._frozen_cells[id(cell)] = (cell, height, result, self._read_so_far - before)
            return result
        return self._freeze_plain_cell(state, ref, cell, trail, context, node, depth)

    def _freeze_plain_cell(
        self, state: State, ref: Ref, cell: Cell, trail: Trail, context: Context, node: object, depth: int
    ) -> Val:
        if cell.sort in {"list", "set"}:
            held = self._shown_with(state, cell.members, trail)
            members = tuple(Member(self.freeze(state, item, context, node, depth + 1), count) for item, count in held)
            return Items(members, trail, cell.sort)
        if cell.sort == "dict":
            known_fields = tuple((key, self.freeze(state, item, context, node, depth + 1)) for key, item in cell.fields)
            rest = None if cell.rest is None else self.freeze(state, cell.rest, context, node, depth + 1)
            return Fields(known_fields, cell.open or cell.rest is not None, trail, rest)
        model = self._model_of(state, ref)
        if model is not None:
            return self.handle(context, state, ref, model, node)
        name = cell.cls.node.name if isinstance(cell.cls, Cls) else "object"
        return Unknown(name, OPTIONAL, trail)

    def _shown_with(self, state: State, members: tuple[Member, ...], trail: Trail) -> tuple[Member, ...]:
        """The members of a list that is shown by ``trail``: objects that only hold a person are shown with it."""
        steps = tuple(step for step in trail if step.kind is StepKind.SHOWN)
        if not steps:
            return members
        return tuple(Member(self._held(state, item, steps), count) for item, count in members)

    def _held(self, state: State, item: Val, steps: Trail) -> Val:
        if isinstance(item, Either):
            options = tuple(each if each is ABSENT else self._held(state, each, steps) for each in item.options)
            return replace(item, options=options)
        model = self._model_of(state, item)
        if model is None or not model.cls.HOLDS:
            return item
        for step in steps:
            item = self._mark(item, step)
        return item

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


READ_LIMIT: Final = 50_000
"""Values within values that are read for one argument of a model."""
LARGE: Final = 2_000
"""Values within values above which reading them counts as work."""
STEP: Final = 50
"""So many of them are one step."""
_AS_DATA: Final = frozenset(
    "as_string as_bytes __str__ __bytes__ get message to_dict as_dict json serialize render as_json build".split()
)
"""Methods that turn a message into data, which is followed from there."""
_PLAIN: Final = frozenset({Known, Unknown, Parameter})
"""Values that are the same to a model as to the interpreter, and have no parts."""
_COMPOUND: Final = frozenset({Text, Items, Either, Fields})
"""Values that may hold references."""
_SCALARS: Final = frozenset({str, bytes, int, float, bool, type(None), type(ABSENT)})


def _given_at(value: Val) -> Place | None:
    """Where an argument that a function only hands on (``**kwargs``) was written."""
    if isinstance(value, Either):
        return next((place for option in value.options if (place := _given_at(option)) is not None), None)
    trail = value.trail if isinstance(value, Ref) else trail_of(value)
    passed = [step.place for step in trail if step.kind is StepKind.PASSED]
    return passed[-1] if passed else None


def _filled_at(value: Val, key: object, here: Place) -> Place | None:
    """Where a value was put under ``key`` of the mapping that brings the keywords of a call, if that was ``here``."""
    trail = value.trail if isinstance(value, Ref) else trail_of(value)
    stored = [step for step in trail if step.kind is StepKind.STORED]
    if not stored or stored[-1].detail != key:
        return None
    place = stored[-1].place
    return place if place.path == here.path and here.line <= place.line <= (here.end_line or here.line) else None


class _Heap:
    """What a model's object reads and writes: the state that is being interpreted."""

    def __init__(self, machine: Models, state: State, context: Context, node: object) -> None:
        self.machine, self.state, self.context, self.node = machine, state, context, node

    def model_read(self, ref: Ref, name: str, default: Val) -> Val:
        value = self.state.heap[ref].get(name) if ref in self.state.heap else ABSENT
        if value is ABSENT:
            value = self._of_class(ref, name)
        if value is ABSENT or isinstance(value, Func):
            return default
        frozen = self.machine.freeze(self.state, value, self.context, self.node)
        # An object that was handed to an add call (an Email) shows what it holds there.
        return inherit(frozen, tuple(step for step in ref.trail if step.kind is StepKind.SHOWN))

    def _of_class(self, ref: Ref, name: str) -> Val:
        """What the program's own classes have under a name, before the modelled one."""
        cls = self.state.heap[ref].cls if ref in self.state.heap else None
        for each in self.machine.mro(cls) if isinstance(cls, Cls) else ():
            value = self.machine._class_attr(self.state, each, name)  # noqa: SLF001  # the heap is the machine's own half
            if value is not ABSENT:
                return value
        return ABSENT

    def model_ask(self, ref: Ref, name: str) -> Val:
        found = self._of_class(ref, name)
        if not isinstance(found, Func):
            return ABSENT
        result = self.machine.call_function(self.context, self.state, found, [ref], [], found.node)
        return self.machine.freeze(self.state, result, self.context, self.node)

    def model_write(self, ref: Ref, name: str, value: Val) -> None:
        live = self.machine.thaw(self.state, value, self.context, (self.node, name))
        self._put(ref, lambda cell: cell.put(name, live), name)

    def model_append(self, ref: Ref, name: str, value: Val) -> None:
        live = self.machine.thaw(self.state, value, self.context, (self.node, name, "member"))
        held = self.state.heap[ref].get(name)
        if isinstance(held, Ref):
            containers.list_append(self.state, held, live, looping=self.machine.collects(self.context, held))
        else:
            before = () if held is ABSENT else containers.members_of(self.state, held)
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


def plain_function(member: object) -> Any:
    """The function behind a static or class method; anything else as it is."""
    return member.__func__ if isinstance(member, (staticmethod, classmethod)) else member


def _sends(result: object) -> bool:
    return _is_exchange(result) or (
        isinstance(result, (list, tuple)) and bool(result) and all(map(_is_exchange, result))
    )


def _is_exchange(value: object) -> bool:
    return isinstance(value, (HttpRequest, SmtpTransaction, RawMessage))


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
    done = {
        step
        for step in trail
        if step.kind is StepKind.GROWN and step.detail not in loops and not step.detail.startswith(CALLS)
    }
    if done:
        return replace(
            value, trail=tuple(replace(step, kind=StepKind.COLLECTED) if step in done else step for step in trail)
        )
    return value
