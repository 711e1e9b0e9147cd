"""Lists, sets, dicts and whatever else has members: reading and changing them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, UNBOUNDED, Count
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Parameter,
    StepKind,
    Text,
    Trail,
    Unknown,
    each,
    inherit,
    trail_of,
)
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Cls, Ext, Ref, Val, bounded, join_values, total
from mailguard.source.library import frames
from mailguard.source.library.literals import number, string
from mailguard.source.library.provenance import external_value, origin_of

PLURAL: Final = re.compile(
    r"(?:^|_)(?:(?<!reply_)to|cc|bcc|emails|addresses|recipients|users|members|subscribers|contacts|receivers|people|persons|mails|"
    r"addrs|toaddrs|list|lists|admins|managers|owners|participants|attendees|followers|customers|clients|students|"
    r"to_emails|guests|volunteers|reviewers|authors|editors|watchers|mailing_list|mail_list|email_list|emailaddresses|"
    r"invitees|registrants|applicants|destinataires|destinatarios)$|(?:Emails|Addresses|Recipients|List)$"
)
"""Attributes and keys that hold several by their name: a thing that is called ``recipients`` is not one mailbox."""


def members_of(state: State, value: Val, place: Place | None = None) -> tuple[Member, ...]:
    """The members that an iteration meets."""
    if isinstance(value, Ref):
        cell = state.heap.get(value)
        if cell is None:
            return (Member(Unknown("a member", OPTIONAL), MANY),)
        trail = cell.trail + value.trail
        if cell.sort in {"list", "set"}:
            return tuple(Member(inherited(item, trail), count) for item, count in cell.members)
        if cell.sort == "dict":
            # The keys went wherever the mapping was handed on.
            way = value.trail
            found = [
                Member(inherited(Known(key), way), OPTIONAL if may_be_missing(item) else ONE)
                for key, item in cell.fields
            ]
            if cell.rest is not None or cell.rest_key is not None:
                key = cell.rest_key if cell.rest_key is not None else Unknown("a key", OPTIONAL)
                found.append(Member(inherited(key, way), MANY))
            if cell.open:
                found.append(Member(Unknown("a key", OPTIONAL, way), Count(0, 0, UNBOUNDED)))
            return tuple(found)
        if isinstance(cell.cls, Cls) and any(_is_named_tuple(base) for base in cell.cls.bases) and not cell.open:
            return tuple(Member(inherited(item, trail), ONE) for _, item in cell.fields)
        return (Member(Unknown("a member", OPTIONAL, trail), MANY),)
    if isinstance(value, Either):
        branches = [members_of(state, option, place) for option in value.options if option is not ABSENT]
        return tuple(Member(inherited(item, value.trail), count) for item, count in _one_of(branches))
    if isinstance(value, Ext):
        return members_of(state, external_value(value), place)
    if isinstance(value, (Known, Text)):
        content = string(value)
        if content is not None and len(content) <= 1:
            return (Member(value, ONE),) if content else ()
        if isinstance(value, Known) and value.value is None:
            return ()
        return (Member(Unknown("a character", OPTIONAL, trail_of(value)), MANY),)
    if isinstance(value, Fields):
        return tuple(each(value))
    if isinstance(value, Parameter):
        name = value.name if value.name.endswith("[]") else f"{value.name}[]"
        return (Member(replace(value, name=name, count=OPTIONAL), MANY),)
    if isinstance(value, Items):
        # A list within a tuple went wherever the tuple was handed on.
        trail = value.trail
        return tuple(Member(inherited(item, trail), count) for item, count in value.members) if trail else value.members
    if isinstance(value, Unknown):
        return tuple(each(value))
    return (Member(Unknown("a member", OPTIONAL), MANY),)


def _one_of(branches: list[tuple[Member, ...]]) -> list[Member]:
    """The members of one of several collections, of which no two meet: laid over each other, equal ones first.

    Each place holds one of its members, so that the sum over the places is a bound for every branch; the plain reading
    is that of the branch with the most.
    """
    leading = max(branches, key=lambda branch: total(branch).plain, default=())
    if len(branches) < 2:
        return list(leading)
    slots = [[member] for member in leading]
    for branch in branches:
        if branch is leading:
            continue
        free = list(range(len(slots)))
        left: list[Member] = []
        for member in branch:
            same = next((index for index in free[:_COMPARED] if slots[index][0].value == member.value), None)
            if same is None:
                left.append(member)
            else:
                free.remove(same)
                slots[same].append(member)
        for index, member in zip(free, left, strict=False):
            slots[index].append(member)
        slots += [[member] for member in left[len(free) :]]
    result = []
    for index, slot in enumerate(slots):
        low = min(member.count.low for member in slot) if len(slot) == len(branches) else 0
        high = max(member.count.high for member in slot)
        plain = slot[0].count.plain if index < len(leading) else 0
        result.append(Member(join_values(*(member.value for member in slot)), Count(low, plain, high)))
    return result


_COMPARED: Final = 40
"""Members of one branch with which a member of another one is compared."""


def _is_named_tuple(base: Val) -> bool:
    return isinstance(base, Ext) and base.path.rpartition(".")[2] == "NamedTuple"


def inherited(value: Val, trail: Trail) -> Val:
    """``value`` as something that came by ``trail`` as well."""
    if not trail:
        return value
    if isinstance(value, Ref):
        return replace(value, trail=(*value.trail, *(step for step in trail if step not in value.trail))[-40:])
    if isinstance(value, Either):
        # Whoever looks at one of the values alone finds the way as well.
        options = tuple([each if each is ABSENT else inherited(each, trail) for each in value.options])
        return Either(options, trail_of(inherit(value, trail)))
    if isinstance(value, (Known, Text, Items, Unknown, Parameter, Fields, Either)):
        return inherit(value, trail)
    return value


def may_be_missing(value: Val) -> bool:
    """Whether a branch of the code leaves a value out."""
    return isinstance(value, Either) and ABSENT in value.options


def element(state: State, value: Val, place: Place | None = None) -> Val:
    """One member of a collection: a loop variable."""
    return one_of(members_of(state, value, place))


def one_of(members: Sequence[Member]) -> Val:
    """Any of some members."""
    return join_values(*(member.value for member in members)) if members else Unknown("a member", OPTIONAL)


def named_first(members: tuple[Member, ...], limit: int) -> tuple[tuple[Member, ...], tuple[Member, ...]]:
    """The first members that stand under a known key, and the others: a mapping has each key once, whatever else is in it."""
    count = 0
    while count < len(members) and members[count].count.high <= 1 and _named(members[count].value):
        count += 1
    return (members[:count], members[count:]) if count <= limit else ((), members)


def _named(value: Val) -> bool:
    if isinstance(value, Items) and value.members:
        value = value.members[0][0]
    return isinstance(value, Known) and isinstance(value.value, str)


def part(value: Val, name: str, place: Place, state: State | None = None) -> Val:
    """Something read off a thing of which little is known: an unpacked value, a keyword argument."""
    if isinstance(value, Parameter):
        return replace(
            value, name=f"{value.name}.{name}" if name else value.name, count=OPEN if PLURAL.search(name) else OPTIONAL
        )
    if isinstance(value, Unknown):
        label = f"{value.why}.{name}" if value.why and name else name or value.why
        return Unknown(label, _read_off(value, name), value.trail)
    if isinstance(value, Either):
        found = [part(option, name, place, state) for option in value.options if option is not ABSENT]
        return join_values(*found) if found else Unknown(name)
    if state is not None and isinstance(value, (Ref, Items)):
        found_element = element(state, value, place)
        return (
            found_element if not isinstance(found_element, (Unknown, Parameter)) else part(found_element, name, place)
        )
    return Unknown(name, OPEN if PLURAL.search(name) else OPTIONAL, trail_of(value))


def _read_off(value: Unknown, name: str) -> Count:
    """How many people a key or attribute of an unknown thing holds, by its name.

    Who sends ``recipients`` with a request sends a list; one mailbox may be all that ``to`` is.
    """
    if not PLURAL.search(name):
        return OPTIONAL
    asked = any(step.kind is StepKind.REQUEST for step in value.trail)
    return MANY if asked and name.rpartition("_")[2] not in {"to", "cc", "bcc"} else OPEN


def gathered(members: tuple[Member, ...], added: Sequence[Member], *, looping: bool) -> tuple[Member, ...]:
    """A collection with more members. In a loop, what reads the same in two passes is two people, not one twice."""
    if not looping:
        return bounded((*members, *added))
    result = list(members)
    for value, count in added:
        same = None
        if isinstance(value, (Unknown, Parameter)):
            same = next((index for index, member in enumerate(result) if member.value == value), None)
        if same is not None:
            result[same] = Member(inherited(result[same].value, trail_of(value)), result[same].count + count)
        else:
            result.append(Member(value, count))
    return bounded(result)


def list_append(state: State, ref: Ref, value: Val, count: Count = ONE, *, looping: bool = False) -> None:
    """Add one member to a list or set."""
    cell = state.heap.get(ref)
    if cell is None:
        return
    if cell.sort == "set" and isinstance(value, Known) and any(member == Member(value, ONE) for member in cell.members):
        return
    if ref.age:
        count = replace(count, low=0)
    state.heap[ref] = replace(cell, members=gathered(cell.members, (Member(value, count),), looping=looping))


def extend(state: State, ref: Ref, value: Val, place: Place | None = None, *, looping: bool = False) -> None:
    """Add the members of ``value`` to a list or set."""
    cell = state.heap.get(ref)
    if cell is None:
        return
    found = members_of(state, value, place)
    state.heap[ref] = replace(cell, members=gathered(cell.members, found, looping=looping))


def update(state: State, ref: Ref, value: Val) -> None:
    """``dict.update``."""
    _update(state, ref, value)
    _write_through(state, ref)


def _update(state: State, ref: Ref, value: Val) -> None:
    if isinstance(value, Either):
        for option in value.options:
            if option is not ABSENT:
                _update(state, ref, option)
        return
    cell = state.heap.get(ref)
    if cell is None:
        return
    if isinstance(value, Ref):
        other = state.heap.get(value)
        if other is None or other.sort not in {"dict", "object"}:
            state.heap[ref] = replace(cell, open=True)
            return
        for key, item in other.fields:
            cell = cell.put(key, join_values(cell.get(key), *present_options(item)) if may_be_missing(item) else item)
        cell = replace(cell, open=cell.open or other.open, spread=other.spread if cell.spread is None else cell.spread)
        if other.rest is not None:
            cell = replace(
                cell,
                rest=other.rest if cell.rest is None else join_values(cell.rest, other.rest),
                rest_key=other.rest_key,
            )
        state.heap[ref] = cell
    elif isinstance(value, Fields):
        for key, item in value.known:
            cell = cell.put(key, item)
        state.heap[ref] = replace(cell, open=cell.open or value.open)
    elif not (isinstance(value, Known) and value.value is None):
        spread = value if isinstance(value, (Unknown, Parameter)) else None
        if spread is not None:
            # What was there stays, unless the mapping holds the same key.
            for key, item in cell.fields:
                cell = cell.put(key, join_values(*present_options(item), part(spread, key, _NOWHERE)))
        state.heap[ref] = replace(cell, open=True, spread=spread if cell.spread is None else cell.spread)


_NOWHERE: Final = Place("")


def present_options(value: Val) -> list[Val]:
    """What a value is in one branch or another, without the branches that leave it out."""
    return [option for option in value.options if option is not ABSENT] if isinstance(value, Either) else [value]


_ATTRIBUTES: Final = "__dict__"
"""The site of the mapping of an object's attributes, beside the object."""


def attributes_of(state: State, ref: Ref, path: int) -> Ref:
    """The mapping of an object's attributes: what is written into it is written into the object."""
    cell = state.heap[ref]
    held = Cell("dict", fields=cell.fields, rest=cell.rest, rest_key=None if cell.rest is None else Unknown("a key"))
    return state.allocate(path, (ref, _ATTRIBUTES), held)


def _write_through(state: State, ref: Ref) -> None:
    site = ref.site
    if isinstance(site, tuple) and site[-1] == _ATTRIBUTES and site[0] in state.heap:
        cell = state.heap[ref]
        rest = cell.spread if cell.rest is None else cell.rest
        state.heap[site[0]] = replace(state.heap[site[0]], fields=cell.fields, rest=rest)


def set_item(state: State, holder: Val, index: Val, value: Val) -> None:
    """``holder[index] = value`` on Python's own containers."""
    _set_item(state, holder, index, value)
    if isinstance(holder, Ref):
        _write_through(state, holder)


def _set_item(state: State, holder: Val, index: Val, value: Val) -> None:
    if not isinstance(holder, Ref):
        return
    cell = state.heap.get(holder)
    if cell is None:
        return
    if cell.sort == "dict":
        keys = [string(option) for option in index.options] if isinstance(index, Either) else [string(index)]
        if None not in keys and len(keys) > 1:
            for key in keys:
                cell = cell.put(str(key), join_values(cell.get(str(key)), value))
            state.heap[holder] = cell
            return
        key = keys[0]
        if key is not None:
            old = cell.get(key)
            state.heap[holder] = cell.put(key, join_values(old, value) if holder.age and old is not ABSENT else value)
        else:
            state.heap[holder] = replace(
                cell,
                rest=value if cell.rest is None else join_values(cell.rest, value),
                rest_key=index if cell.rest_key is None else join_values(cell.rest_key, index),
            )
    elif cell.sort == "list":
        position = number(index)
        members = cell.members
        if (
            position is not None
            and -len(members) <= position < len(members)
            and all(each.count == ONE for each in members)
        ):
            position %= len(members)
            members = (*members[:position], Member(value, ONE), *members[position + 1 :])
            state.heap[holder] = replace(cell, members=members)
        else:
            state.heap[holder] = replace(
                cell, members=tuple(Member(join_values(item, value), count) for item, count in members)
            )


def set_slice(state: State, holder: Val, value: Val, *, whole: bool, place: Place | None = None) -> None:
    """``holder[lower:upper] = value``; ``whole``: of all of it (``holder[:]``). What a part held may be there still."""
    if isinstance(holder, Either):
        for option in holder.options:
            # One of them, the others stay as they are.
            set_slice(state, option, value, whole=False, place=place)
        return
    if not isinstance(holder, Ref) or holder not in state.heap or state.heap[holder].sort != "list":
        return
    cell = state.heap[holder]
    members = members_of(state, value, place)
    if not whole or holder.age:
        members = (*(Member(item, replace(count, low=0)) for item, count in cell.members), *members)
    state.heap[holder] = replace(cell, members=bounded(members))


def delete_item(state: State, holder: Val, index: Val) -> None:
    """``del holder[index]``."""
    if not isinstance(holder, Ref) or holder not in state.heap:
        return
    cell = state.heap[holder]
    key = string(index)
    if cell.sort == "dict" and key is not None:
        state.heap[holder] = cell.drop(key)
    elif cell.sort == "list":
        position = number(index)
        exact = all(each.count == ONE for each in cell.members)
        if position is not None and exact and -len(cell.members) <= position < len(cell.members):
            position %= len(cell.members)
            state.heap[holder] = replace(cell, members=(*cell.members[:position], *cell.members[position + 1 :]))
        else:
            state.heap[holder] = replace(
                cell, members=tuple(Member(item, replace(count, low=0)) for item, count in cell.members)
            )


def _is_empty_mapping(state: State, value: Val) -> bool:
    cell = state.heap.get(value) if isinstance(value, Ref) else None
    return cell is not None and cell == _NO_ENTRIES


_NO_ENTRIES: Final = Cell("dict")


def item(state: State, holder: Val, index: Val, place: Place) -> Val:
    """``holder[index]``."""
    if isinstance(holder, Either):
        # An empty default (`data.get("mail", {})`) has no entry to be read: whoever comes further has the other mapping.
        held = [option for option in holder.options if option is not ABSENT and not _is_empty_mapping(state, option)]
        found = [item(state, option, index, place) for option in held]
        return join_values(*found) if found else Unknown("a member", OPTIONAL)
    if isinstance(holder, Items) and holder.sort in frames.SORTS:
        return frames.item(holder, index)
    position = number(index)
    key = string(index)
    if isinstance(holder, Ref):
        cell = state.heap.get(holder)
        if cell is None:
            return Unknown("a member", OPTIONAL)
        if cell.sort == "dict":
            if isinstance(index, Either):
                return join_values(
                    *(item(state, holder, option, place) for option in index.options if option is not ABSENT)
                )
            if key is not None:
                value = cell.get(key)
                if value is not ABSENT:
                    present = present_options(value)
                    return join_values(*present) if present else Unknown(key)
                if cell.rest is not None:
                    return cell.rest
                if cell.spread is not None:
                    return part(cell.spread, key, place)
                return Unknown(key, OPEN if PLURAL.search(key) else OPTIONAL, cell.trail)
            options = [option for _, value in cell.fields for option in present_options(value)]
            if cell.rest is not None:
                options.append(cell.rest)
            return join_values(*options) if options else Unknown("a value")
    if isinstance(holder, Fields):
        for name, value in holder.known:
            if name == key:
                return join_values(*present_options(value))
        return Unknown(key or "a value", OPTIONAL, holder.trail)
    if isinstance(holder, (Parameter, Unknown)):
        if key is not None:
            return part(holder, key, place)
        label = holder.why if isinstance(holder, Unknown) else holder.name
        suffix = "" if position is None else str(position)
        if isinstance(holder, Parameter):
            return replace(holder, name=f"{label}[{suffix}]", count=OPTIONAL)
        if isinstance(index, Known):
            return Unknown(f"{label}[{suffix}]", OPTIONAL, holder.trail)
        # A pandas column, a mapping by an unknown key: one thing, unless its name says otherwise.
        return Unknown(f"{label}[]", OPTIONAL, holder.trail)
    if isinstance(holder, Ext):
        path = f"{holder.path}[{key or ''}]"
        return Unknown(path, OPEN, holder.trail or origin_of(path, place))
    members = members_of(state, holder, place)
    if position is not None and all(each.count == ONE for each in members) and -len(members) <= position < len(members):
        return members[position].value
    if isinstance(holder, (Known, Text)):
        return Unknown("a character", OPTIONAL)
    if key is not None and isinstance(holder, Items) and holder.sort == "query":
        return part(element(state, holder), key, place)
    found_element = element(state, holder, place)
    return relabelled(found_element, f"[{position}]") if position is not None else found_element


def relabelled(value: Val, suffix: str) -> Val:
    """One member among others: which one is part of its name, so that two of them are two people."""
    if isinstance(value, Unknown):
        return replace(value, why=f"{value.why}{suffix}")
    if isinstance(value, Parameter):
        return replace(value, name=f"{value.name}{suffix}")
    if isinstance(value, Either):
        return replace(
            value,
            options=tuple(option if option is ABSENT else relabelled(option, suffix) for option in value.options),
        )
    return value
