"""Everything that a statement can change: the names in each frame, and the heap; and what is known where paths meet.

At an allocation every reference to the last thing of the same name becomes "earlier", in all frames and containers.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, Generic, TypeVar

from mailguard.model.value import (
    ABSENT,
    Either,
    Items,
    Member,
    Repeat,
    Text,
    join,
)
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Cls,
    FrameId,
    Func,
    ModelMethod,
    Native,
    Partial,
    Ref,
    Super,
    Val,
    join_cells,
    join_values,
)

__all__ = ["State", "join_states"]

K = TypeVar("K")
V = TypeVar("V")


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
        own, seen = self.heap.own, part.heap.own
        own_frames, seen_frames = self.frames.own, part.frames.own
        stack = _things(values, frames)
        while stack or frames:
            while frames:
                frame = frames.pop()
                if frame in seen_frames or frame not in own_frames:
                    continue
                names = own_frames[frame]
                seen_frames[frame] = dict(names)
                stack += _things([item for item in names.values() if type(item) in _HOLDERS], frames)
            while stack:
                ref = stack.pop()
                if ref in seen or ref not in own:
                    continue
                cell = seen[ref] = own[ref]
                leads = cell.leads
                if leads is None:
                    within: list[FrameId] = []
                    leads = tuple(dict.fromkeys(_things(_held_by(cell), within))), tuple(dict.fromkeys(within))
                    cell.note(leads)
                stack += leads[0]
                frames += leads[1]

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


def _held_by(cell: Cell) -> list[Val]:
    """What a thing holds."""
    held = [item for _, item in cell.fields if type(item) in _HOLDERS]
    held += [item for item, _ in cell.members if type(item) in _HOLDERS]
    if cell.cls is not None:
        held.append(cell.cls)
    if cell.rest is not None:
        held += (cell.rest, cell.rest_key)
    return held


def _things(values: list[Val], frames: list[FrameId]) -> list[Ref]:
    """The things that values lead to; the frames that they lead to are added to ``frames``."""
    found: list[Ref] = []
    stack = values
    while stack:
        value = stack.pop()
        kind = type(value)
        if kind not in _HOLDERS:
            continue
        if kind is Ref:
            found.append(value if not value.trail else Ref(value.path, value.site, value.age))
        elif kind is Func:
            frames += value.frames
            if value.defaults:
                stack += [item for _, item in value.defaults]
        elif kind is Cls:
            found.append(value.ref)
            stack += value.bases
        elif kind is Either:
            stack += value.options
        elif kind is Items:
            stack += [item for item, _ in value.members]
        elif kind is Bound:
            stack += (value.func, value.receiver)
        elif kind is Super:
            stack += (value.receiver, value.owner)
        elif kind is Native or kind is ModelMethod:
            stack.append(value.receiver)
        elif kind is Partial:
            stack.append(value.func)
            stack += value.args
            stack += [item for _, item in value.keywords]
        elif kind is Text:
            stack += [item.value if type(item) is Repeat else item for item in value.parts]
    return found


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
