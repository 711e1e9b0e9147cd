"""Values: what a request holds, and what a program would put there.

Plain Python data (``str, int, float, bool, None, bytes, list, tuple, dict``) are
values as they are, so a recorded request pays nothing for abstraction. The
classes of this file add the few ways of not knowing. :func:`get`, :func:`each`,
:func:`has`, :func:`truth` and :func:`text` work on all of them, so a provider is
written as if everything were known. A flag that is not known counts, plainly,
as absent.

Every abstract value carries a *trail*: the steps by which it came here, oldest
first. A trail never takes part in equality.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeAlias

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, Count, Truth
from mailguard.model.place import Place

__all__ = [
    "ABSENT",
    "CALLS",
    "Absent",
    "Either",
    "Fields",
    "Items",
    "Known",
    "Member",
    "Object",
    "Origin",
    "Parameter",
    "Repeat",
    "Scalar",
    "Sort",
    "Step",
    "StepKind",
    "Text",
    "Trail",
    "Unknown",
    "Value",
    "each",
    "extended",
    "get",
    "has",
    "inherit",
    "is_tuple",
    "join",
    "known",
    "origin",
    "plain",
    "scalar",
    "sort_of",
    "text",
    "trail_of",
    "truth",
    "with_step",
]


class Origin(enum.IntEnum):
    """Where people come from. Ordered: the larger says more about outsiders."""

    CONFIGURED = 0
    """Settings, environment, a config object, ADMINS/MANAGERS."""
    WRITTEN = 1
    """A literal in the code; judged by its domain."""
    UNKNOWN = 2
    """Nothing tells."""
    GIVEN = 3
    """A parameter, a request, a form."""
    QUERIED = 4
    """The ORM, SQL, a CSV file, an API."""


class StepKind(enum.Enum):
    """What happened to the list at one step of its way; the value is the phrase that is printed."""

    WRITTEN = "written in the code"
    CONFIGURED = "read from the settings"
    DATABASE = "read from the database"
    FILE = "read from a file"
    API = "read from an API"
    REQUEST = "given in a request"
    PARAMETER = "given by the caller"
    UNRESOLVED = "comes from code outside this project"
    COLLECTED = "collected in a loop"
    GROWN = "grows in each pass of the loop"
    BATCHED = "cut into batches"
    JOINED = "joined into one text"
    SPLIT = "split into several"
    STORED = "put into a field"
    PASSED = "passed on whole"
    RETURNED = "returned"
    SHOWN = "shown to every reader"
    SENT = "sent"


ORIGIN_OF: Final[Mapping[StepKind, Origin]] = {
    StepKind.WRITTEN: Origin.WRITTEN,
    StepKind.CONFIGURED: Origin.CONFIGURED,
    StepKind.DATABASE: Origin.QUERIED,
    StepKind.FILE: Origin.QUERIED,
    StepKind.API: Origin.QUERIED,
    StepKind.REQUEST: Origin.GIVEN,
    StepKind.PARAMETER: Origin.GIVEN,
    StepKind.UNRESOLVED: Origin.UNKNOWN,
}
"""Which steps say where a value comes from; the others say what happened to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way."""

    kind: StepKind
    """What happened."""
    place: Place
    """Where."""
    detail: str = ""
    """A number or a symbol that the phrase needs: the size of a batch, the name of a loop."""


Trail: TypeAlias = tuple[Step, ...]
"""The steps by which a value came here, oldest first."""

CALLS: Final = "calls "
"""What the detail of a GROWN step begins with where a list grows from one call of a function to the next."""

TRAIL_LIMIT: Final = 40
"""Steps kept of one trail: the first and the newest ones. Bounds work on recursive code."""

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

_ABSTRACT = (Known, Text, Items, Fields, Unknown, Parameter, Either)


def trail_of(value: Value | Absent) -> Trail:
    """The way by which a value came; empty for plain data."""
    return value.trail if isinstance(value, _ABSTRACT) else ()


def _cut(trail: Trail) -> Trail:
    if len(trail) <= TRAIL_LIMIT:
        return trail
    return trail[: TRAIL_LIMIT // 2] + trail[-TRAIL_LIMIT // 2 :]


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
    if isinstance(value, _ABSTRACT):
        own = value.trail
        if not own:
            return _with_trail(value, _cut(trail))  # type: ignore[no-any-return]  # of the kind of ``value``
        new = tuple([step for step in trail if step not in own])
        return _with_trail(value, _cut(own + new)) if new else value
    if value is None or isinstance(value, (str, bytes, int, float)):
        return Known(value, trail)
    return value


def with_step(value: Value, step: Step) -> Value:
    """``value`` with one more step at the end of its way."""
    return inherit(value, (step,))


def scalar(value: Value) -> Value:
    """A literal out of its wrapping; anything else as it is."""
    return value.value if isinstance(value, Known) else value


def known(value: Value) -> bool:
    """Whether nothing in ``value`` is left open."""
    if isinstance(value, Known):
        return True
    if isinstance(value, (Unknown, Parameter, Either, Object)):
        return False
    if isinstance(value, Text):
        return all(not isinstance(part, Repeat) and known(part) for part in value.parts)
    if isinstance(value, Items):
        return all(member.count == ONE and known(member.value) for member in value.members)
    if isinstance(value, Fields):
        return not value.open and value.rest is None and all(known(item) for _, item in value.known)
    if isinstance(value, dict):
        return all(known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(known(item) for item in value)
    return True


class Sort(enum.Enum):
    """What kind of thing a value is, as far as ``isinstance`` in a library would tell."""

    NONE = "none"
    TEXT = "text"
    NUMBER = "number"
    COLLECTION = "collection"
    MAPPING = "mapping"
    OBJECT = "object"
    UNKNOWN = "unknown"


_SORTS: Final[dict[type, Sort]] = {
    type(None): Sort.NONE,
    str: Sort.TEXT,
    bytes: Sort.TEXT,
    bool: Sort.NUMBER,
    int: Sort.NUMBER,
    float: Sort.NUMBER,
    list: Sort.COLLECTION,
    tuple: Sort.COLLECTION,
    dict: Sort.MAPPING,
}
"""Plain data, which is what captures hold."""


def sort_of(value: Value | Absent) -> Sort:
    """What kind of thing ``value`` is; UNKNOWN for open values and for branches that differ."""
    plainly = _SORTS.get(type(value))
    if plainly is not None:
        return plainly
    value = scalar(value) if not isinstance(value, Absent) else None
    if value is None:
        return Sort.NONE
    if isinstance(value, (str, bytes, Text)):
        return Sort.TEXT
    if isinstance(value, (bool, int, float)):
        return Sort.NUMBER
    if isinstance(value, (list, tuple, Items)):
        return Sort.COLLECTION
    if isinstance(value, (dict, Fields)):
        return Sort.MAPPING
    if isinstance(value, Object):
        return Sort.OBJECT
    if isinstance(value, Either):
        sorts = {sort_of(option) for option in value.options if option is not ABSENT}
        return sorts.pop() if len(sorts) == 1 else Sort.UNKNOWN
    return Sort.UNKNOWN


def is_tuple(value: Value) -> bool:
    """Whether ``value`` is surely a tuple."""
    return isinstance(value, tuple) or (isinstance(value, Items) and value.sort == "tuple")


def extended(collection: Value | Absent, value: Value, count: Count = ONE) -> Value:
    """``collection`` with one more member at its end; what is no collection starts one."""
    if isinstance(collection, list) and count == ONE:
        return [*collection, value]
    members = tuple(each(collection)) if collection is not ABSENT else ()
    return Items((*members, Member(value, count)))


def text(value: Value | Absent) -> str | None:
    """The string that ``value`` is, if all of it is known; None otherwise, and for what is no string."""
    if isinstance(value, Known):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, Text):
        parts = [text(part) if not isinstance(part, Repeat) else None for part in value.parts]
        return "".join(part for part in parts if part is not None) if None not in parts else None
    return None


def plain(value: Value) -> Value:
    """The plain Python data that a wholly known value is; open values stay as they are."""
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Text):
        whole = text(value)
        return value if whole is None else whole
    if isinstance(value, Items) and known(value):
        return [plain(member.value) for member in value.members]
    if isinstance(value, Fields) and known(value):
        return {key: plain(item) for key, item in value.known}
    return value


def join(*values: Value | Absent) -> Value | Absent:
    """One of ``values``, as branches leave it. Equal ones are one; the order of first appearance is kept."""
    options: list[Value | Absent] = []
    for value in values:
        for option in _options(value) if isinstance(value, Either) else (value,):
            for index, other in enumerate(options):
                if option is other:
                    break
                if _same(option, other):
                    if not getattr(other, "trail", True):
                        # The same thing by two ways: the one of which something is known.
                        options[index] = option
                    break
            else:
                options.append(option)
    if len(options) == 1:
        return options[0]
    return Either(tuple(options))


def _same(one: Value | Absent, other: Value | Absent) -> bool:
    # 1 == True in Python, but a payload tells them apart; an Object is itself only.
    return type(one) is type(other) and not isinstance(one, Object) and one == other


def _options(value: Either) -> Iterator[Value | Absent]:
    for option in value.options:
        yield option if isinstance(option, Absent) else inherit(option, value.trail)


def get(value: Value | Absent, key: str, *, fold: bool = False) -> Value | Absent:
    """The value under ``key``; ``ABSENT`` if there is none. ``fold`` ignores the case of keys.

    Of a mapping that may hold more than is known, an unknown key plainly is absent.
    """
    if isinstance(value, dict):
        if not fold:
            held: Value | Absent = value.get(key, ABSENT)
            return held
        return _folded(value, key)
    if isinstance(value, Fields):
        wanted = key.casefold() if fold else key
        found: Value | Absent = ABSENT
        for name, item in value.known:
            if name == wanted or (fold and name.casefold() == wanted):
                if isinstance(item, Either):
                    one: Value = replace(item, trail=_cut(item.trail + value.trail)) if value.trail else item
                else:
                    one = inherit(item, value.trail)
                if not fold:
                    return one
                found = one if found is ABSENT else _both(found, one)
        return found
    if isinstance(value, Object):
        return get(value.render(), key, fold=fold)
    if isinstance(value, Either):
        return join(*(get(option, key, fold=fold) for option in _options(value)))
    if isinstance(value, (Unknown, Parameter)):
        # Anything may be in an unknown mapping; plainly it is not there.
        return ABSENT
    return ABSENT


def _folded(value: dict[Any, Any], key: str) -> Value | Absent:
    """What stands under the keys that are ``key`` in whatever case."""
    wanted = key.casefold()
    size = len(wanted)
    found: Value | Absent = ABSENT
    for name in value:  # noqa: PLC0206  # `alike` observes which values are read: only the one that is meant
        # In ASCII only a key of the same length can be it; a capture asks a million times.
        if type(name) is str and (len(name) == size or not name.isascii()) and name.casefold() == wanted:
            found = value[name] if found is ABSENT else _both(found, value[name])
    return found


def _both(one: Value | Absent, other: Value | Absent) -> Value | Absent:
    """What two keys that differ in their case only (``to`` and ``To``) hold between them, as nobody may get lost."""
    if isinstance(one, Absent) or scalar(one) is None:
        return other
    if isinstance(other, Absent) or scalar(other) is None:
        return one
    members: list[Member] = []
    for value in (one, other):
        members.extend(each(value) if isinstance(value, (list, tuple, Items)) else [Member(value, ONE)])
    plainly = not any(isinstance(value, _ABSTRACT) for value in (one, other))
    return [value for value, _ in members] if plainly else Items(tuple(members))


def has(value: Value | Absent, key: str, *, fold: bool = False) -> Truth:
    """Whether ``key`` is there (its value may be None or empty)."""
    if isinstance(value, (Unknown, Parameter)):
        return Truth.MAYBE
    if isinstance(value, Either):
        answers = [has(option, key, fold=fold) for option in value.options]
        return answers[0] if all(answer is answers[0] for answer in answers) else Truth.MAYBE
    found = get(value, key, fold=fold)
    if found is ABSENT:
        return Truth.MAYBE if isinstance(value, Fields) and value.open else Truth.NO
    if isinstance(found, Either) and ABSENT in found.options:
        return Truth.MAYBE
    return Truth.YES


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
        branches = [list(each(option)) for option in _options(value)]
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


def truth(value: Value | Absent) -> Truth:
    """Whether Python would take the value as true."""
    if value is ABSENT:
        return Truth.NO
    if isinstance(value, Known):
        return Truth.YES if value.value else Truth.NO
    if isinstance(value, Text):
        whole = text(value)
        if whole is not None:
            return Truth.YES if whole else Truth.NO
        sure = any(text(part) for part in value.parts if not isinstance(part, Repeat))
        return Truth.YES if sure else Truth.MAYBE
    if isinstance(value, Items):
        low = sum(member.count.low for member in value.members)
        high = sum(member.count.high for member in value.members)
        return Truth.YES if low else Truth.NO if not high else Truth.MAYBE
    if isinstance(value, Fields):
        if value.known or value.open or value.rest is not None:
            sure = any(not (isinstance(item, Either) and ABSENT in item.options) for _, item in value.known)
            return Truth.YES if sure else Truth.MAYBE
        return Truth.NO
    if isinstance(value, Either):
        answers = [truth(option) for option in value.options]
        return answers[0] if all(answer is answers[0] for answer in answers) else Truth.MAYBE
    if isinstance(value, (Unknown, Parameter)):
        return Truth.MAYBE
    if isinstance(value, Object):
        return Truth.YES
    return Truth.YES if value else Truth.NO


def origin(value: Value) -> Origin:
    """Where the people in ``value`` come from, judged by the first step of its way that tells."""
    for step in trail_of(value):
        if step.kind in ORIGIN_OF:
            return ORIGIN_OF[step.kind]
    if isinstance(value, (Unknown, Parameter)):
        return Origin.UNKNOWN
    return Origin.WRITTEN
