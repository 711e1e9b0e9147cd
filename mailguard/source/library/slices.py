"""Parts of a collection: slices, chunks, and what a check on the length leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailguard.model.count import ONE, OPTIONAL, UNBOUNDED
from mailguard.model.value import (
    ABSENT,
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
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Ext, Ref, Val, join_values, total
from mailguard.source.library import frames
from mailguard.source.library.containers import element, inherited, members_of, relabelled
from mailguard.source.library.literals import number, string


def sliced(state: State, holder: Val, bounds: list[Val | None], context: Any, node: t.Sub, tag: object = 0) -> Val:
    """``holder[lower:upper]``: a chunk where the bounds move, at most so many where they are written."""
    place = context.place(node.at)
    if isinstance(holder, Either):
        found = [
            sliced(state, option, bounds, context, node, (tag, index))
            for index, option in enumerate(holder.options)
            if option is not ABSENT
        ]
        return join_values(*found) if found else Unknown("a slice")
    if isinstance(holder, (Known, Text)):
        return holder if string(holder) is None else _slice_text(holder, bounds)
    if isinstance(holder, Items) and holder.sort in frames.SORTS:
        holder = replace(holder, sort=holder.sort.partition(".")[0])
    lower, upper, _ = bounds
    low, high = (0 if lower is None else number(lower)), (None if upper is None else number(upper))
    members = members_of(state, holder, place)
    trail = trail_of(holder) if not isinstance(holder, Ref) else holder.trail
    exact = all(each.count == ONE for each in members) and not isinstance(holder, (Unknown, Parameter, Ext))
    if exact and low is not None and (upper is None or high is not None):
        chosen = members[slice(low, high, number(bounds[2]) if bounds[2] is not None else None)]
        return state.allocate(context.path, (node, tag), Cell("list", members=chosen))
    if isinstance(holder, (Unknown, Parameter)) and holder.count.high == 1:
        return holder
    if low == 0 and high is not None and high >= 0:
        if high == 0:
            return state.allocate(context.path, (node, tag), Cell("list"))
        member = element(state, holder, place)
        count = total(members).at_most(high)
        made = (
            (Member(member, count),)
            if len(members) > 1 or high == 1
            else tuple(Member(each.value, each.count.at_most(high)) for each in members)
        )
        return replace(state.allocate(context.path, (node, tag), Cell("list", members=made)), trail=trail)
    reduced = tuple(
        Member(relabelled(each.value, f"[{low}:]") if low else each.value, replace(each.count, low=0))
        for each in members
    )
    if low and upper is None and total(reduced).high - low < UNBOUNDED - low - 1:
        most = total(reduced).high
        reduced = limited_members(state, reduced, max(0, most - low)) if most < UNBOUNDED else reduced
    moving = low is None or (upper is not None and high is None)
    if moving and not (isinstance(lower, Known) and upper is None):
        size = _chunk_size(bounds)
        if size.isdigit() and int(size) >= 1:
            reduced = limited_members(state, reduced, int(size))
        step = Step(StepKind.BATCHED, place, size)
        reduced = tuple(Member(inherited(each.value, (step,)), each.count) for each in reduced)
        trail = (*trail, step)
    return replace(state.allocate(context.path, (node, tag), Cell("list", members=reduced)), trail=trail)


def _slice_text(holder: Val, bounds: list[Val | None]) -> Val:
    content = string(holder)
    numbers = [None if each is None else number(each) for each in bounds]
    if content is None or any(each is not None and whole is None for each, whole in zip(bounds, numbers, strict=True)):
        return Unknown("a text", OPTIONAL, trail_of(holder))
    return Known(content[slice(*numbers)], trail_of(holder))


def _chunk_size(bounds: list[Val | None]) -> str:
    lower, upper = bounds[0], bounds[1]
    if isinstance(upper, Unknown) and upper.why.startswith("size:"):
        return upper.why.removeprefix("size:")
    whole = number(upper)
    low = number(lower) if lower is not None else None
    return str(whole - low) if whole is not None and low is not None else ""


def limited(machine: Any, state: State, value: Val, limit: int, context: Any) -> Val | None:
    """``value`` where a check holds its length to ``limit``."""
    if isinstance(value, Ref):
        cell = state.heap.get(value)
        if cell is None or cell.sort not in {"list", "set"}:
            return value
        state.heap[value] = replace(cell, members=limited_members(state, cell.members, limit))
        return value
    if isinstance(value, Items):
        return replace(value, members=limited_members(state, value.members, limit))
    if isinstance(value, (Unknown, Parameter)) and limit <= 1:
        return Items((Member(replace(value, count=OPTIONAL), OPTIONAL.at_most(limit)),), value.trail)
    return value


def limited_members(state: State, members: tuple[Member, ...], limit: int) -> tuple[Member, ...]:
    """Members of which there are at most ``limit``."""
    if total(members).high <= limit:
        return members
    if limit == 0:
        return ()
    count = total(members).at_most(limit)
    if limit == 1:
        return (Member(join_values(*(member.value for member in members)), count),)
    return tuple(Member(value, each.at_most(limit)) for value, each in members)
