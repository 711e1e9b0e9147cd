"""Values on their way to models of libraries, and back.

A model gets what the interpreter's value is now, read through the heap; its objects read and write that heap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE, OPTIONAL
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
    StepKind,
    Text,
    Trail,
    Unknown,
    inherit,
    trail_of,
)
from mailguard.source.interpret.context import FREEZE_LIMIT, Context
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

__all__ = ["Freezing"]

READ_LIMIT: Final = 50_000
"""Values within values that are read for one argument of a model."""
LARGE: Final = 2_000
"""Values within values above which reading them counts as work."""
STEP: Final = 50
"""So many of them are one step."""
_PLAIN: Final = frozenset({Known, Unknown, Parameter})
"""Values that are the same to a model as to the interpreter, and have no parts."""
_COMPOUND: Final = frozenset({Text, Items, Either, Fields})
"""Values that may hold references."""
_SCALARS: Final = frozenset({str, bytes, int, float, bool, type(None), type(ABSENT)})


class Freezing(Narrowing):
    """Values as models get them, and what models give back."""

    def handle(self, context: Context, state: State, ref: Ref, model: ModelCls, node: object) -> Object:
        """The model's object for a thing on the heap."""
        made = model.cls.__new__(model.cls)
        made._heap = _Heap(self, state, context, node)  # noqa: SLF001  # this is the interpreter's side of Object
        made._ref = ref  # noqa: SLF001
        return made

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


class _Heap:
    """What a model's object reads and writes: the state that is being interpreted."""

    def __init__(self, machine: Freezing, state: State, context: Context, node: object) -> None:
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
