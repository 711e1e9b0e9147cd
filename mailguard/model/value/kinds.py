"""The kinds of values, the members of collections, and the ways that all of them carry."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, Count
from mailguard.model.value.steps import Step, Trail, cut

__all__ = [
    "ABSENT",
    "ABSTRACT",
    "Absent",
    "Either",
    "Fields",
    "Items",
    "Known",
    "Member",
    "Object",
    "Parameter",
    "Repeat",
    "Scalar",
    "Text",
    "Unknown",
    "Value",
    "each",
    "extended",
    "inherit",
    "options_of",
    "trail_of",
    "with_step",
]

Scalar: TypeAlias = str | bytes | int | float | bool | None
"""A value that has no parts."""


class Absent(enum.Enum):
    """The value of a key that is not there."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""No such key. Distinct from None, which a payload may hold (Postmarker sends ``"Cc": null``)."""


@dataclass(frozen=True, slots=True)
class Known:
    """A literal of the source: a scalar that knows where it was written."""

    value: Scalar
    trail: Trail = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part of a text that is there a number of times: a join, or a string grown in a loop."""

    value: Value
    """One round."""
    count: Count
    """How many rounds."""
    separator: str | None
    """What stands between two rounds; None where the code does not tell."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string with holes."""

    parts: tuple[Value | Repeat, ...]
    trail: Trail = field(default=(), compare=False)


class Member(NamedTuple):
    """A member of a collection that stands for ``count`` members like it."""

    value: Value
    count: Count  # type: ignore[assignment]  # what a member has is its count; tuple.count() is of no use here


@dataclass(frozen=True, slots=True)
class Items:
    """A collection: list, tuple, set, generator, query."""

    members: tuple[Member, ...]
    trail: Trail = field(default=(), compare=False)
    sort: str = "list"
    """``list``, ``tuple``, ``set`` or ``iterator``: some libraries tell them apart (SendGrid's tuple trap)."""


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping, a header block, the keyword arguments of a call."""

    known: tuple[tuple[str, Value], ...]
    """Keys that are known, in order; a value of ``Either`` with ``ABSENT`` may be missing."""
    open: bool = False
    """Whether there may be further keys that nothing tells."""
    trail: Trail = field(default=(), compare=False)
    rest: Value = None
    """What a key that is not known holds, where several are written under computed keys; None if nothing."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the code does not tell."""

    why: str = ""
    """A short name for it, as in the source: ``user.email``. Never printed with a person in it."""
    count: Count = OPEN
    """How many people it stands for in a recipient position."""
    trail: Trail = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """An unknown with a name that a caller can fill."""

    name: str
    """The parameter as the function declares it."""
    function: str
    """The symbol of that function: ``package.module:Class.method``."""
    count: Count = OPEN
    trail: Trail = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values: branches that were joined. Never nested, never fewer than two options."""

    options: tuple[Value | Absent, ...]
    trail: Trail = field(default=(), compare=False)


class Object:
    """A thing on the heap that calls change; the base of every model of a library's class.

    A provider writes such a class with the library's own methods and signatures.
    ``self`` holds nothing itself: :meth:`read` and :meth:`write` go to the heap of
    the state that is being interpreted. ``@property`` setters and dunder methods
    (``__setitem__``, ``__delitem__``) are called as Python would call them. A
    method that returns an exchange has sent it.
    """

    PATHS: tuple[str, ...] = ()
    """The dotted names under which the library's class can be imported."""

    HOLDS: bool = False
    """Whether it only holds a person (an ``Email``, a ``Mailbox``), whom it shows to nobody until a message takes it."""

    TELLS: Mapping[str, frozenset[str]] = MappingProxyType({})
    """Methods that are told by the keyword arguments of a call alone: whatever thing is called so, with all of these, is one
    of this class."""

    _heap: Any = None
    _ref: Any = None

    def read(self, name: str, default: Value | Absent = ABSENT) -> Value | Absent:
        """The value of an attribute, with everything it refers to as it is now; ``default`` if not set."""
        if self._heap is None:
            return self._local().get(name, default)
        return self._heap.model_read(self._ref, name, default)  # type: ignore[no-any-return]  # the heap is the interpreter's

    def write(self, name: str, value: Value) -> None:
        """Set an attribute. Lists and dicts become things on the heap, which user code may then change."""
        if self._heap is None:
            self._local()[name] = value
        else:
            self._heap.model_write(self._ref, name, value)

    def append(self, name: str, value: Value) -> None:
        """Add one member at the end of a list attribute (made if it is not there)."""
        if self._heap is None:
            self._local()[name] = extended(self._local().get(name, []), value)
        else:
            self._heap.model_append(self._ref, name, value)

    def erase(self, name: str) -> None:
        """Unset an attribute."""
        if self._heap is None:
            self._local().pop(name, None)
        else:
            self._heap.model_erase(self._ref, name)

    def asked(self, name: str) -> Value | Absent:
        """What a method returns that a subclass of the program brings, for the library to call; ``ABSENT`` without one."""
        return ABSENT if self._heap is None else self._heap.model_ask(self._ref, name)

    def render(self) -> Value:
        """What the object is as data when it is put into a request; a mapping of its attributes by default."""
        if self._heap is None:
            return dict(self._local())
        return self._heap.model_fields(self._ref)  # type: ignore[no-any-return]  # see read

    def _local(self) -> dict[str, Any]:
        # Without an interpreter the object keeps its attributes itself, so that a model runs on
        # plain data like the library that it stands for (and is compared with it in the tests).
        attributes: dict[str, Any] = self.__dict__.setdefault("_attributes", {})
        return attributes


Value: TypeAlias = (
    Scalar
    | list[Any]
    | tuple[Any, ...]
    | dict[Any, Any]
    | Known
    | Text
    | Items
    | Fields
    | Unknown
    | Parameter
    | Either
    | Object
)
"""Anything that a request may hold, known or not."""

ABSTRACT: Final = (Known, Text, Items, Fields, Unknown, Parameter, Either)


def trail_of(value: Value | Absent) -> Trail:
    """The way by which a value came; empty for plain data."""
    return value.trail if isinstance(value, ABSTRACT) else ()


def _with_trail(value: Any, trail: Trail) -> Any:
    # The two kinds that there are most of are made directly: `replace` takes several times as long.
    kind = type(value)
    if kind is Unknown:
        return Unknown(value.why, value.count, trail)
    if kind is Known:
        return Known(value.value, trail)
    return replace(value, trail=trail)


def inherit(value: Value, trail: Trail) -> Value:
    """``value`` as read out of something that came by ``trail``: the outer steps follow its own."""
    if not trail:
        return value
    if isinstance(value, ABSTRACT):
        own = value.trail
        if not own:
            return _with_trail(value, cut(trail))  # type: ignore[no-any-return]  # of the kind of ``value``
        new = tuple([step for step in trail if step not in own])
        return _with_trail(value, cut(own + new)) if new else value
    if value is None or isinstance(value, (str, bytes, int, float)):
        return Known(value, trail)
    return value


def with_step(value: Value, step: Step) -> Value:
    """``value`` with one more step at the end of its way."""
    return inherit(value, (step,))


def extended(collection: Value | Absent, value: Value, count: Count = ONE) -> Value:
    """``collection`` with one more member at its end; what is no collection starts one."""
    if isinstance(collection, list) and count == ONE:
        return [*collection, value]
    members = tuple(each(collection)) if collection is not ABSENT else ()
    return Items((*members, Member(value, count)))


def options_of(value: Either) -> Iterator[Value | Absent]:
    """What a value may be, each by the way that they all came."""
    for option in value.options:
        yield option if isinstance(option, Absent) else inherit(option, value.trail)


def each(value: Value | Absent) -> Iterable[Member]:
    """The members of a collection; nothing for what is none. A mapping yields its keys, as in Python."""
    if isinstance(value, (list, tuple)):
        return [Member(item, ONE) for item in value]
    if isinstance(value, Items):
        if not value.trail:
            return value.members
        return [Member(inherit(item, value.trail), count) for item, count in value.members]
    if isinstance(value, dict):
        return [Member(key, ONE) for key in value]
    if isinstance(value, Fields):
        return [
            Member(key, OPTIONAL if isinstance(item, Either) and ABSENT in item.options else ONE)
            for key, item in value.known
        ]
    if isinstance(value, Either):
        # Members of different branches never meet in one run: each is optional, and the
        # plain reading takes the branch with the most.
        branches = [list(each(option)) for option in options_of(value)]
        longest = max(branches, key=_plainly, default=[])
        result = []
        for branch in branches:
            for item, count in branch:
                result.append(Member(item, Count(0, count.plain if branch is longest else 0, count.high)))
        return result
    if isinstance(value, (Unknown, Parameter)):
        # Iterating shows that it is a collection; each member of it is one thing. What nothing
        # suggests to be there (a key of unknown keyword arguments) is plainly empty.
        return [Member(replace(value, count=OPTIONAL), MANY if value.count.plain else ANY)]
    return []


def _plainly(members: list[Member]) -> int:
    return sum(member.count.plain for member in members)
