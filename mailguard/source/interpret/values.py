"""What the interpreter computes with: the model's values, and things on a heap.

A :class:`Ref` names a thing on the heap by call path, allocation site and age
(this pass of a loop, or an earlier one). At an allocation every reference to
the last thing of the same name becomes "earlier", in all frames and
containers: allocation sites alone give false alarms on a message that is built
inside the loop, and on factories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeAlias

from mailguard.model.count import MANY, ONE, OPTIONAL, PLAIN_MANY, UNBOUNDED, ZERO, Count
from mailguard.model.provider import Function
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Repeat,
    Text,
    Trail,
    Unknown,
    join,
    trail_of,
)
from mailguard.source import tree as t

__all__ = [
    "Bound",
    "Cell",
    "Cls",
    "Ext",
    "Func",
    "Mod",
    "ModelCls",
    "ModelFn",
    "ModelMethod",
    "Native",
    "Partial",
    "Ref",
    "Super",
    "Val",
    "bounded",
    "join_cells",
    "join_values",
    "nested",
    "total",
]

Val: TypeAlias = Any
"""A value of the model, or one of the classes of this file. (The union is open: models bring their own objects.)"""


_INDEXED: Final = 8
"""Fields of a thing above which they are looked up by an index."""
OPTIONS_LIMIT: Final = 6
"""Alternatives kept apart in one value."""
SIZE_LIMIT: Final = 400
"""Values that the alternatives of one value may be made of."""
MEMBERS_LIMIT: Final = 2_000
"""Members that are told apart where collections are put together: ``x = x + x`` thirty times has a billion."""
NESTED_LIMIT: Final = 4_000
"""Values that tuples within tuples may be made of."""


class FrameId(NamedTuple):
    """A frame: the call path, and the function, class or module whose names it holds."""

    path: int
    owner: object


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to a thing on the heap."""

    path: int
    site: object
    age: int = 0
    trail: Trail = field(default=(), compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out the hash once: a heap asks for it all the time."""
        object.__setattr__(self, "_hash", hash((self.path, self.site, self.age)))

    def __hash__(self) -> int:
        """That of what names the thing."""
        return self._hash


@dataclass(frozen=True, slots=True)
class Func:
    """A function of the project."""

    node: t.Func | t.Lam
    module: Any
    frames: tuple[FrameId, ...]
    owner: Any = None
    """The class whose body holds it."""
    symbol: str = field(default="", compare=False)
    defaults: tuple[tuple[str, Val], ...] = field(default=(), compare=False)
    sort: str = "plain"
    """``plain``, ``static``, ``class``, ``property``, ``cached``, ``context``."""


@dataclass(frozen=True, slots=True)
class Cls:
    """A class of the project. Its attributes are a thing on the heap, under ``ref``."""

    node: t.Class
    module: Any
    symbol: str
    ref: Ref
    bases: tuple[Val, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """A function with its first argument filled."""

    func: Func
    receiver: Val


@dataclass(frozen=True, slots=True)
class Ext:
    """Something of a package outside the project, by its dotted name."""

    path: str
    trail: Trail = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Mod:
    """A module of the project."""

    module: Any


@dataclass(frozen=True, slots=True)
class ModelFn:
    """A library function that a provider models."""

    function: Function
    path: str


@dataclass(frozen=True, slots=True)
class ModelCls:
    """A library class that a provider models."""

    cls: type[Object]
    path: str


@dataclass(frozen=True, slots=True)
class ModelMethod:
    """A method of a modelled class, bound to a thing."""

    call: Callable[..., object]
    name: str
    cls: ModelCls
    receiver: Val


@dataclass(frozen=True, slots=True)
class Native:
    """A function of Python itself, done by ``library``."""

    name: str
    receiver: Val = None
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial``, and what is like it."""

    func: Val
    args: tuple[Val, ...]
    keywords: tuple[tuple[str, Val], ...]
    method: bool = False
    """Whether it is a method of the class that holds it: ``functools.partialmethod``."""


@dataclass(frozen=True, slots=True)
class Super:
    """``super()``."""

    owner: Cls
    receiver: Val


@dataclass(frozen=True, slots=True)
class Cell:
    """A thing on the heap. Never changed in place."""

    sort: str
    """``list``, ``set``, ``dict``, ``object`` or ``class``."""
    cls: Val = None
    """Of an object: its Cls or ModelCls."""
    members: tuple[Member, ...] = ()
    """Of a list or set."""
    fields: tuple[tuple[str, Val], ...] = ()
    """Of a dict with known keys, an object or a class."""
    open: bool = False
    """Whether a dict may have further keys."""
    rest_key: Val = None
    """What the keys are that are not known."""
    rest: Val = None
    """What is under them; None if nothing was written under such a key."""
    trail: Trail = field(default=(), compare=False)
    spread: Val = None
    """Of a dict: something of which nothing is known, whose keys it has as well (``{**row}``)."""

    _index: dict[str, Val] | None = field(default=None, init=False, repr=False, compare=False)
    leads: tuple[tuple[Ref, ...], tuple[FrameId, ...]] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    """The things and frames that it leads to, once they were asked for; what it holds never changes."""

    def note(self, leads: tuple[tuple[Ref, ...], tuple[FrameId, ...]]) -> None:
        """Keep what it leads to."""
        object.__setattr__(self, "leads", leads)

    def get(self, name: str) -> Val:
        """The field ``name``, or ABSENT."""
        if len(self.fields) > _INDEXED:
            # The first one of a name counts.
            if self._index is None:
                object.__setattr__(self, "_index", dict(reversed(self.fields)))
            assert self._index is not None  # noqa: S101  # made two lines above
            return self._index.get(name, ABSENT)
        for key, value in self.fields:
            if key == name:
                return value
        return ABSENT

    def put(self, name: str, value: Val) -> Cell:
        """The same thing with another value under ``name``."""
        for index, (key, _) in enumerate(self.fields):
            if key == name:
                return self.of_fields((*self.fields[:index], (name, value), *self.fields[index + 1 :]))
        return self.of_fields((*self.fields, (name, value)))

    def drop(self, name: str) -> Cell:
        """The same thing without ``name``."""
        return self.of_fields(tuple(item for item in self.fields if item[0] != name))

    def of_fields(self, fields: tuple[tuple[str, Val], ...]) -> Cell:
        """The same thing with other fields: what `replace` does, in a fraction of its time."""
        return Cell(
            self.sort, self.cls, self.members, fields, self.open, self.rest_key, self.rest, self.trail, self.spread
        )


# Joining


def total(members: Iterable[Member]) -> Count:
    """How many members there are in all."""
    count = ZERO
    for member in members:
        count = count + member.count
    return count


def bounded(members: Sequence[Member]) -> tuple[Member, ...]:
    """The members of collections that were put together; those above a limit are one that stands for all of them."""
    if len(members) <= MEMBERS_LIMIT:
        return tuple(members)
    rest = members[MEMBERS_LIMIT:]
    trail = next((trail_of(item) for item, _ in rest if trail_of(item)), ())
    return (*members[:MEMBERS_LIMIT], Member(Unknown("further members", OPTIONAL, trail), total(rest)))


def nested(value: Items) -> Items:
    """A tuple of tuples, unless it is made of more values than anybody writes."""
    if not any(type(item) in _COMPOUND for item, _ in value.members) or _size(value, NESTED_LIMIT) <= NESTED_LIMIT:
        return value
    return Items((Member(Unknown("nested members", OPTIONAL), MANY),), value.trail, value.sort)


def join_values(*values: Val) -> Val:
    """One of ``values``; the number of alternatives is bounded, and what is over it only widens counts."""
    first = values[0]
    for value in values:
        if value is not first:
            break
    else:
        return first
    joined = join(*values)
    if not isinstance(joined, Either):
        return joined
    options = joined.options
    if len(options) <= OPTIONS_LIMIT:
        size = 0
        for option in options:
            size += _size(option, SIZE_LIMIT) if type(option) in _COMPOUND else 1
        if size <= SIZE_LIMIT:
            return joined
    kept: list[Val] = []
    room = SIZE_LIMIT
    rest: list[Val] = []
    for option in options:
        room -= _size(option, SIZE_LIMIT)
        if len(kept) < OPTIONS_LIMIT - 1 and room > 0:
            kept.append(option)
        else:
            rest.append(option)
    trail = next((trail_of(option) for option in rest if trail_of(option)), ())
    many = any(_many(option) for option in rest)
    filler = Unknown("one of several", MANY if many else Count(0, 1, UNBOUNDED), trail)
    return join(*kept, filler)


_COMPOUND: Final = frozenset({Either, Items, Text, Fields})
"""Values that are made of others."""


def _size(value: Val, limit: int) -> int:
    """How many values a value is made of; counting stops above ``limit``."""
    count = 0
    stack = [value]
    while stack and count <= limit:
        current = stack.pop()
        count += 1
        if isinstance(current, Either):
            stack.extend(current.options)
        elif isinstance(current, Items):
            stack.extend(item for item, _ in current.members)
        elif isinstance(current, Text):
            stack.extend(part.value if isinstance(part, Repeat) else part for part in current.parts)
        elif isinstance(current, Fields):
            stack.extend(item for _, item in current.known)
    return count


def _many(value: Val) -> bool:
    if isinstance(value, Items):
        return total(value.members).plain >= PLAIN_MANY
    if isinstance(value, Text):
        return any(isinstance(part, Repeat) and part.count.plain >= PLAIN_MANY for part in value.parts)
    # What a reference leads to is not known here: it may be a list, or a row.
    return isinstance(value, (Unknown, Parameter)) and value.count.plain >= PLAIN_MANY


def _optional(member: Member) -> Member:
    count = member.count
    return member if count.low == 0 else Member(member.value, Count(0, count.plain, count.high))


def join_members(one: tuple[Member, ...], other: tuple[Member, ...]) -> tuple[Member, ...]:
    """The members of a collection after a branch: common ones stay, the others may be missing."""
    if one == other:
        return one
    result = []
    length = min(len(one), len(other))
    for left, right in zip(one[:length], other[:length], strict=True):
        count = left.count if left.count is right.count else left.count | right.count
        result.append(Member(join_values(left.value, right.value), count))
    for rest in (one[length:], other[length:]):
        result.extend(_optional(member) for member in rest)
    return tuple(result)


def join_cells(one: Cell, other: Cell) -> Cell:
    """A thing as it may be after a branch."""
    if one == other:
        # The same but for the ways: the one of which more is known.
        return other if _ways(other) > _ways(one) else one
    if one.sort != other.sort:
        return replace(one, open=True)
    names = [key for key, _ in one.fields]
    names += [key for key, _ in other.fields if one.get(key) is ABSENT]
    return Cell(
        one.sort,
        one.cls if one.cls == other.cls else join_values(one.cls, other.cls),
        join_members(one.members, other.members),
        tuple((name, join_values(one.get(name), other.get(name))) for name in names),
        one.open or other.open,
        _rest(one.rest_key, other.rest_key),
        _rest(one.rest, other.rest),
        one.trail or other.trail,
        _rest(one.spread, other.spread),
    )


def _ways(cell: Cell) -> int:
    """Of how many things in a cell the way is known."""
    found = bool(cell.trail)
    return (
        found
        + sum(1 for _, value in cell.fields if getattr(value, "trail", ()))
        + sum(1 for value, _ in cell.members if getattr(value, "trail", ()))
    )


def _rest(one: Val, other: Val) -> Val:
    if one is None or other is None:
        return other if one is None else one
    return join_values(one, other)


def fields_of(cell: Cell) -> Fields:
    """A dict or object as the model's Fields, not yet frozen."""
    return Fields(cell.fields, cell.open, cell.trail, cell.rest)


def one(value: Val) -> Member:
    """A single member."""
    return Member(value, ONE)
