"""Calls that are made again with what they were made with before: what they came to is taken over.

A loop is run until nothing changes any more, and branches go on side by side: the same call, from the same place by the same
way, is met many times with the same arguments and the same things behind them. It then does what it did. Values that are
equal but came by other ways are not the same: ways are told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from mailguard.model.exchange import Dispatch
from mailguard.model.place import Place
from mailguard.model.value import Either, Fields, Items, Known, Parameter, Repeat, Text, Unknown
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Ext,
    FrameId,
    Func,
    ModelMethod,
    Native,
    Partial,
    Ref,
    Super,
    Val,
)

__all__ = ["WORTH", "Asked", "Done", "Repeats"]

KEPT: Final = 6
"""Calls by one way that are remembered: branches, and passes of a loop."""
WORTH: Final = 6
"""Steps below which doing it again is as cheap as finding out that it is the same."""


@dataclass(slots=True)
class Asked:
    """A call, with all that what it does can depend on besides the place."""

    func: Func
    args: list[Val]
    keywords: list[tuple[str | None, Val]]
    loops: frozenset[str]
    """The loops around it."""
    marks: tuple[object, ...]
    """What else of the machine it depends on."""
    heap: dict[Ref, Cell]
    """What it can reach."""
    frames: dict[FrameId, dict[str, Val]]
    """The names that it can see of the functions around it."""

    def same(self, other: Asked) -> bool:
        """Whether the two are one call made twice."""
        return (
            self.func == other.func
            and self.loops == other.loops
            and self.marks == other.marks
            and len(self.args) == len(other.args)
            and len(self.heap) == len(other.heap)
            and [key for key, _ in self.keywords] == [key for key, _ in other.keywords]
            and _all_same(self.args, other.args)
            and _all_same([value for _, value in self.keywords], [value for _, value in other.keywords])
            and _same_fields(self.func.defaults, other.func.defaults)
            and _same_heap(self.heap, other.heap)
            and self.frames.keys() == other.frames.keys()
            and all(_same_names(names, other.frames[frame]) for frame, names in self.frames.items())
        )


@dataclass(slots=True)
class Done:
    """What a call came to."""

    end: State | None
    """What it left behind; None where it always raises."""
    value: Val
    frames: list[FrameId]
    """The frames that it hands back."""
    dispatches: tuple[Dispatch, ...]
    """The mail calls that it made."""
    made: tuple[tuple[Ref, tuple[Place, str]], ...]
    """The messages that it made."""
    sent: frozenset[object]
    """Those that it sent, by site."""
    unsent: tuple[tuple[object, Dispatch], ...]
    """What sending those would be that it did not send."""


class Repeats:
    """The calls of one root, by the way that leads to each."""

    def __init__(self) -> None:
        self._done: dict[int, list[tuple[Asked, Done]]] = {}

    def find(self, path: int, asked: Asked) -> Done | None:
        """What the same call came to; None if there was none."""
        for before, done in self._done.get(path, ()):
            if before.same(asked):
                return done
        return None

    def keep(self, path: int, asked: Asked, done: Done) -> None:
        """Remember a call; of many by one way the last ones."""
        found = self._done.setdefault(path, [])
        found.append((asked, done))
        del found[:-KEPT]


def _same(one: Val, other: Val) -> bool:
    """Whether two values are equal and came by the same way."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    compare = _COMPARED.get(kind)
    return compare(one, other) if compare is not None else bool(one == other)


def _all_same(some: Iterable[Val], others: Iterable[Val]) -> bool:
    return all(map(_same, some, others))


def _known(one: Known, other: Known) -> bool:
    return (
        type(one.value) is type(other.value) and one.value == other.value and one.trail == other.trail
    )  # True == 1, but not here


def _unknown(one: Unknown, other: Unknown) -> bool:
    return one.why == other.why and one.count == other.count and one.trail == other.trail


def _parameter(one: Parameter, other: Parameter) -> bool:
    return one == other and one.trail == other.trail


def _text(one: Text, other: Text) -> bool:
    return len(one.parts) == len(other.parts) and one.trail == other.trail and _all_same(one.parts, other.parts)


def _repeat(one: Repeat, other: Repeat) -> bool:
    return one.count == other.count and one.separator == other.separator and _same(one.value, other.value)


def _items(one: Items, other: Items) -> bool:
    return one.sort == other.sort and one.trail == other.trail and _same_members(one.members, other.members)


def _fields(one: Fields, other: Fields) -> bool:
    return (
        one.open == other.open
        and one.trail == other.trail
        and _same(one.rest, other.rest)
        and _same_fields(one.known, other.known)
    )


def _either(one: Either, other: Either) -> bool:
    return len(one.options) == len(other.options) and one.trail == other.trail and _all_same(one.options, other.options)


def _reference(one: Ref | Ext, other: Ref | Ext) -> bool:
    return one == other and one.trail == other.trail


def _function(one: Func, other: Func) -> bool:
    return one == other and one.symbol == other.symbol and _same_fields(one.defaults, other.defaults)


def _bound(one: Bound, other: Bound) -> bool:
    return _same(one.func, other.func) and _same(one.receiver, other.receiver)


def _native(one: Native, other: Native) -> bool:
    return one.name == other.name and one.bound == other.bound and _same(one.receiver, other.receiver)


def _method(one: ModelMethod, other: ModelMethod) -> bool:
    return (
        one.call == other.call
        and one.name == other.name
        and one.cls == other.cls
        and _same(one.receiver, other.receiver)
    )


def _super(one: Super, other: Super) -> bool:
    return one.owner == other.owner and _same(one.receiver, other.receiver)


def _partial(one: Partial, other: Partial) -> bool:
    return (
        _same(one.func, other.func)
        and len(one.args) == len(other.args)
        and _all_same(one.args, other.args)
        and _same_fields(one.keywords, other.keywords)
    )


_COMPARED: Final[dict[type, Callable[[Any, Any], bool]]] = {
    Known: _known,
    Unknown: _unknown,
    Parameter: _parameter,
    Text: _text,
    Repeat: _repeat,
    Items: _items,
    Fields: _fields,
    Either: _either,
    Ref: _reference,
    Ext: _reference,
    Func: _function,
    Bound: _bound,
    Native: _native,
    ModelMethod: _method,
    Super: _super,
    Partial: _partial,
}


def _same_members(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return some is others or (
        len(some) == len(others)
        and all(
            one.count == other.count and _same(one.value, other.value) for one, other in zip(some, others, strict=True)
        )
    )


def _same_fields(some: tuple[tuple[Any, Val], ...], others: tuple[tuple[Any, Val], ...]) -> bool:
    return some is others or (
        len(some) == len(others)
        and all(key == name and _same(one, other) for (key, one), (name, other) in zip(some, others, strict=True))
    )


def _same_heap(one: dict[Ref, Cell], other: dict[Ref, Cell]) -> bool:
    for ref, cell in one.items():
        found = other.get(ref)
        if found is not cell and (found is None or not _same_cell(cell, found)):
            return False
    return True


def _same_cell(one: Cell, other: Cell) -> bool:
    return (
        one.sort == other.sort
        and one.open == other.open
        and one.trail == other.trail
        and _same(one.cls, other.cls)
        and _same_members(one.members, other.members)
        and _same_fields(one.fields, other.fields)
        and _same(one.rest_key, other.rest_key)
        and _same(one.rest, other.rest)
        and _same(one.spread, other.spread)
    )


def _same_names(one: dict[str, Val], other: dict[str, Val]) -> bool:
    return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
