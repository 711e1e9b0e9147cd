"""Loops: what grew in a pass is taken to grow without end, so that a fixed point is reached."""

from __future__ import annotations

from dataclasses import replace

from mailguard.model.count import MANY, PLAIN_MANY, UNBOUNDED, Count
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Either,
    Items,
    Known,
    Member,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
    inherit,
    trail_of,
)
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Ref, Val, join_values

__all__ = ["grown", "widen"]


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
