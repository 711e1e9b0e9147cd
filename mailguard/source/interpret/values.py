"""What the interpreter computes with: the model's values, and things on a heap.

A :class:`Ref` names a thing on the heap by call path, allocation site and age
(this pass of a loop, or an earlier one). At an allocation every reference to
the last thing of the same name becomes "earlier", in all frames and
containers: allocation sites alone give false alarms on a message that is built
inside the loop, and on factories.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from mailguard.model.count import MANY, ONE, OPTIONAL, PLAIN_MANY, UNBOUNDED, ZERO, Count
from mailguard.model.place import Place
from mailguard.model.provider import Function
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
    Trail,
    Unknown,
    inherit,
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
    "State",
    "Super",
    "Val",
    "bounded",
    "grown",
    "join_states",
    "join_values",
    "nested",
    "total",
    "widen",
]

Val: TypeAlias = Any
"""A value of the model, or one of the classes of this file. (The union is open: models bring their own objects.)"""

K = TypeVar("K")
V = TypeVar("V")

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


class Layer(Generic[K, V]):
    """A mapping over a larger one that is shared and only grows: what all modules hold once they are loaded.

    Copies, joins and comparisons of states touch their own entries only.
    """

    __slots__ = ("base", "own")

    def __init__(self, base: dict[K, V], own: dict[K, V] | None = None) -> None:
        self.base = base
        self.own: dict[K, V] = {} if own is None else own

    def get(self, key: K, default: Any = None) -> Any:
        """The value under ``key``."""
        found = self.own.get(key)
        return self.base.get(key, default) if found is None else found

    def __getitem__(self, key: K) -> V:
        found = self.own.get(key)
        return self.base[key] if found is None else found

    def __setitem__(self, key: K, value: V) -> None:
        self.own[key] = value

    def __contains__(self, key: object) -> bool:
        return key in self.own or key in self.base


class State:
    """Everything that a statement can change: the names in each frame, and the heap."""

    __slots__ = ("allocated", "frames", "heap")

    def __init__(self, frames: dict[FrameId, dict[str, Val]], heap: dict[Ref, Cell]) -> None:
        """``frames`` and ``heap`` are what the loaded modules hold, shared by all states."""
        self.frames: Layer[FrameId, dict[str, Val]] = Layer(frames)
        self.heap: Layer[Ref, Cell] = Layer(heap)
        self.allocated: dict[Ref, None] = {}
        """Names of things that were made since the innermost call."""

    def part(self, values: Iterable[Val], frames: Iterable[FrameId]) -> State:
        """What a call can see: the things that its arguments and the enclosing functions lead to, and no more."""
        part = State(self.frames.base, self.heap.base)
        self._reach(list(values), list(frames), part)
        return part

    def _reach(self, values: list[Val], frames: list[FrameId], part: State) -> None:
        stack = values
        own, seen = self.heap.own, part.heap.own
        while stack or frames:
            while frames:
                frame = frames.pop()
                if frame in part.frames.own or frame not in self.frames.own:
                    continue
                names = self.frames.own[frame]
                part.frames.own[frame] = dict(names)
                stack += [item for item in names.values() if type(item) in _HOLDERS]
            if not stack:
                return
            value = stack.pop()
            kind = type(value)
            if kind not in _HOLDERS:
                continue
            if kind is Ref:
                if value in seen or value not in own:
                    continue
                cell = own[value]
                seen[value if not value.trail else Ref(value.path, value.site, value.age)] = cell
                if cell.cls is not None:
                    stack.append(cell.cls)
                if cell.rest is not None:
                    stack.append(cell.rest)
                    stack.append(cell.rest_key)
                stack += [item for _, item in cell.fields if type(item) in _HOLDERS]
                stack += [item for item, _ in cell.members if type(item) in _HOLDERS]
            elif kind is Either:
                stack += value.options
            elif kind is Items:
                stack += [item for item, _ in value.members]
            elif kind is Func:
                frames += value.frames
                stack += [item for _, item in value.defaults]
            elif kind is Bound:
                stack.append(value.func)
                stack.append(value.receiver)
            elif kind is Super:
                stack.append(value.receiver)
                stack.append(value.owner)
            elif kind is Native or kind is ModelMethod:
                stack.append(value.receiver)
            elif kind is Cls:
                stack.append(value.ref)
                stack += value.bases
            elif kind is Partial:
                stack.append(value.func)
                stack += value.args
                stack += [item for _, item in value.keywords]
            elif kind is Text:
                stack += [item.value if type(item) is Repeat else item for item in value.parts]

    def merge(self, part: State, before: Iterable[Ref], values: Iterable[Val], frames: Iterable[FrameId]) -> None:
        """Take over what a call left behind: changes to what it saw, and what its result leads to."""
        for ref in part.allocated:
            if ref.age == 0 and ref in self.heap.own:
                self._age(ref)
        seen = State(part.frames.base, part.heap.base)
        part._reach([*values, *before], list(frames), seen)  # another state
        self.heap.own.update(seen.heap.own)
        self.frames.own.update(seen.frames.own)
        self.allocated |= part.allocated

    def forget(self, pinned: frozenset[tuple[int, object]]) -> None:
        """Drop what no name leads to any more, unless the caller still holds it."""
        kept = State(self.frames.base, self.heap.base)
        refs = [ref for ref in self.heap.own if (ref.path, ref.site) in pinned]
        self._reach(list(refs), list(self.frames.own), kept)
        self.heap.own = {
            ref: cell for ref, cell in self.heap.own.items() if ref in kept.heap.own or cell.sort == "class"
        }

    def copy(self) -> State:
        """A state of its own."""
        other = State(self.frames.base, self.heap.base)
        other.frames.own = {key: dict(names) for key, names in self.frames.own.items()}
        other.heap.own = dict(self.heap.own)
        other.allocated = dict(self.allocated)
        return other

    def become(self, other: State) -> None:
        """Take over another state's content."""
        self.frames.own = other.frames.own
        self.heap.own = other.heap.own
        self.allocated = other.allocated

    def writable(self, frame: FrameId) -> dict[str, Val]:
        """The names of a frame, to be written."""
        names = self.frames.own.get(frame)
        if names is None:
            names = self.frames.own[frame] = dict(self.frames.base.get(frame, {}))
        return names

    def same(self, other: State) -> bool:
        """Whether the two differ in nothing but places."""
        return self.frames.own == other.frames.own and self.heap.own == other.heap.own

    def allocate(self, path: int, site: object, cell: Cell) -> Ref:
        """A new thing; the last one of the same name becomes an earlier one."""
        ref = Ref(path, site, 0)
        if ref in self.heap.own:
            self._age(ref)
        self.heap.own[ref] = cell
        self.allocated[ref] = None
        return ref

    def _age(self, ref: Ref) -> None:
        earlier = Ref(ref.path, ref.site, 1)
        old = self.heap.own.pop(ref)
        self._rename(ref, earlier)
        old = _renamed_cell(old, ref, earlier)
        self.heap.own[earlier] = join_cells(self.heap.own[earlier], old) if earlier in self.heap.own else old

    def _rename(self, old: Ref, new: Ref) -> None:
        for names in self.frames.own.values():
            for name, value in names.items():
                renamed = _renamed(value, old, new)
                if renamed is not value:
                    names[name] = renamed
        for ref, cell in self.heap.own.items():
            if cell.sort == "class":
                continue
            renamed_cell = _renamed_cell(cell, old, new)
            if renamed_cell is not cell:
                self.heap[ref] = renamed_cell


_RENAMED: Final = frozenset({Ref, Either, Items, Bound, Super, Native, ModelMethod, Partial})
"""Values in which a reference is given its new name."""


def _renamed(value: Val, old: Ref, new: Ref) -> Val:
    kind = type(value)
    if kind not in _RENAMED:
        return value
    if kind is Ref:
        return Ref(new.path, new.site, new.age, value.trail) if value == old else value
    if isinstance(value, Either):
        options = [_renamed(option, old, new) for option in value.options]
        return value if _identical(options, value.options) else join(*options)
    if isinstance(value, Items):
        members = _renamed_members(value.members, old, new)
        return value if members is value.members else Items(members, value.trail, value.sort)
    if isinstance(value, (Bound, Super, Native, ModelMethod)):
        receiver = _renamed(value.receiver, old, new)
        return value if receiver is value.receiver else replace(value, receiver=receiver)
    if isinstance(value, Partial):
        return replace(
            value,
            args=tuple(_renamed(item, old, new) for item in value.args),
            keywords=tuple((key, _renamed(item, old, new)) for key, item in value.keywords),
        )
    return value


_HOLDERS: Final = frozenset({Ref, Either, Items, Bound, Super, Native, ModelMethod, Partial, Func, Cls, Text})
"""Values that can hold a reference at all."""


def _renamed_members(members: tuple[Member, ...], old: Ref, new: Ref) -> tuple[Member, ...]:
    held = [item for item, _ in members]
    renamed = [_renamed(item, old, new) if type(item) in _RENAMED else item for item in held]
    if _identical(held, renamed):
        return members
    return tuple([Member(item, member.count) for item, member in zip(renamed, members, strict=True)])


def _identical(some: Sequence[Val], others: Sequence[Val]) -> bool:
    return all(map(operator.is_, some, others))


def _renamed_cell(cell: Cell, old: Ref, new: Ref) -> Cell:
    rest = _renamed(cell.rest, old, new)
    members = _renamed_members(cell.members, old, new)
    fields = cell.fields
    held = [item for _, item in fields]
    renamed = [_renamed(item, old, new) if type(item) in _RENAMED else item for item in held]
    if not _identical(held, renamed):
        fields = tuple([(key, item) for (key, _), item in zip(fields, renamed, strict=True)])
    if rest is cell.rest and members is cell.members and fields is cell.fields:
        return cell
    return Cell(cell.sort, cell.cls, members, fields, cell.open, cell.rest_key, rest, cell.trail, cell.spread)


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


def join_states(states: list[State]) -> State:
    """What is known where several paths meet."""
    result = states[0]
    if len(states) == 1:
        return result
    result = result.copy()
    for state in states[1:]:
        for frame, names in state.frames.own.items():
            mine = result.frames.own.get(frame)
            if mine is None:
                mine = result.writable(frame)
            for name, right in names.items():
                left = mine.get(name, ABSENT)
                if left is not right and (left != right or not getattr(left, "trail", True)):
                    mine[name] = join_values(left, right)
            if not mine.keys() <= names.keys():
                for name, left in mine.items():
                    if name not in names and left is not ABSENT:
                        mine[name] = join_values(left, ABSENT)
        result.allocated |= state.allocated
        for ref, cell in state.heap.own.items():
            own = result.heap.get(ref)
            if own is None:
                result.heap[ref] = cell
            elif own is not cell:
                result.heap[ref] = join_cells(own, cell)
    return result


# Widening


def widen(old: State, new: State, loop: str, place: Place) -> State:
    """``new``, where what grew in the last pass is taken to grow without end."""
    step = Step(StepKind.GROWN, place, loop)
    result = new.copy()
    for frame, names in result.frames.own.items():
        before = old.frames.get(frame, {})
        for name, value in names.items():
            if name in before and before[name] is not value:
                names[name] = _widen_value(before[name], value, step)
    for ref, cell in result.heap.own.items():
        earlier = old.heap.get(ref)
        if earlier is not None and earlier is not cell:
            result.heap[ref] = _widen_cell(earlier, cell, step)
    return result


def _widen_cell(old: Cell, new: Cell, step: Step) -> Cell:
    return replace(
        new,
        members=_widen_members(old.members, new.members, step),
        fields=tuple(
            (name, value if old.get(name) is ABSENT else _widen_value(old.get(name), value, step))
            for name, value in new.fields
        ),
        rest=new.rest if old.rest is None else _widen_value(old.rest, new.rest, step),
    )


def _widen_members(old: tuple[Member, ...], new: tuple[Member, ...], step: Step) -> tuple[Member, ...]:
    if len(new) <= len(old):
        result = []
        for before, after in zip(old, new, strict=False):
            value = _widen_value(before.value, after.value, step)
            if after.count.high > before.count.high:
                value = _stepped(value, step)
            result.append(Member(value, _widen_count(before.count, after.count)))
        return tuple(result)
    grown = list(new[: len(old)])
    for extra in new[len(old) :]:
        for index, member in enumerate(grown):
            if member.value == extra.value or _similar(member.value, extra.value):
                value = join_values(member.value, extra.value)
                grown[index] = Member(_stepped(value, step), Count(0, PLAIN_MANY, UNBOUNDED))
                break
        else:
            grown.append(extra)
    return tuple(grown)


def _similar(one: Val, other: Val) -> bool:
    """Whether two members are two rounds of one thing: references to one site in two passes."""
    if isinstance(one, Ref) and isinstance(other, Ref):
        return one.path == other.path and one.site == other.site
    if isinstance(one, Either):
        return any(_similar(option, other) or option == other for option in one.options)
    if isinstance(one, Items) and isinstance(other, Items):
        return len(one.members) == len(other.members) and all(
            left.value == right.value or _similar(left.value, right.value)
            for left, right in zip(one.members, other.members, strict=True)
        )
    return False


def _stepped(value: Val, step: Step) -> Val:
    return (
        replace(value, trail=(*value.trail, step))
        if isinstance(value, Ref) and step not in value.trail
        else inherit(value, (step,))
    )


def _widen_count(old: Count, new: Count) -> Count:
    if new.high > old.high:
        return Count(min(old.low, new.low), PLAIN_MANY, UNBOUNDED)
    return new if new.low >= old.low else replace(new, low=0)


def grown(old: Val, new: Val, step: Step) -> Val:
    """What comes of adding to ``old`` again and again what made ``new`` of it."""
    return _widen_value(old, new, step)


def _widen_value(old: Val, new: Val, step: Step) -> Val:
    if old == new:
        return new
    if isinstance(old, Items) and isinstance(new, Items):
        return replace(new, members=_widen_members(old.members, new.members, step))
    grown = _grown_text(old, new, step)
    if grown is not None:
        return grown
    if isinstance(new, Known) and isinstance(new.value, (int, float)) and not isinstance(new.value, bool):
        return Unknown("a number")
    if isinstance(new, Either):
        numbers = [option for option in new.options if isinstance(option, Known) and type(option.value) in {int, float}]
        if len(numbers) > 1:
            return join_values(*(option for option in new.options if option not in numbers), Unknown("a number"))
    return new


def _grown_text(old: Val, new: Val, step: Step) -> Val | None:
    """A text that gained something at its end (or at its start) in each pass."""
    befores = old.options if isinstance(old, Either) else (old,)
    afters = new.options if isinstance(new, Either) else (new,)
    for before in befores:
        if not isinstance(before, (Known, Text)) or (isinstance(before, Known) and not isinstance(before.value, str)):
            continue
        first = _parts(before)
        for after in afters:
            if not isinstance(after, Text) or after == before:
                continue
            parts = _parts(after)
            if len(parts) <= len(first):
                continue
            if parts[: len(first)] == first:
                extra = parts[len(first) :]
            elif parts[-len(first) :] == first and first:
                extra = parts[: -len(first)]
            else:
                continue
            # Who stands in what each pass adds came through the loop, wherever the text goes from here.
            extra = tuple(part if isinstance(part, (Repeat, Known)) else inherit(part, (step,)) for part in extra)
            repeated = Repeat(Text(extra), MANY, "")
            base = tuple(part for part in first if part != repeated)
            grown = Text(
                (*base, repeated), (*trail_of(after), step) if step not in trail_of(after) else trail_of(after)
            )
            others = [option for option in afters if option not in (after, before)]
            return join_values(grown, *others) if others else grown
    return None


def _parts(value: Val) -> tuple[Val, ...]:
    if isinstance(value, Text):
        return value.parts
    return (value,) if isinstance(value, Known) and value.value != "" else ()


def fields_of(cell: Cell) -> Fields:
    """A dict or object as the model's Fields, not yet frozen."""
    return Fields(cell.fields, cell.open, cell.trail, cell.rest)


def one(value: Val) -> Member:
    """A single member."""
    return Member(value, ONE)
