"""What Python's own types, its standard library and the ORMs do to values.

Only what matters for the question "how many people": which operations keep a
list whole, which take one thing off it, which make several out of one text.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, PLAIN_MANY, UNBOUNDED, Count, Truth, exactly
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    ORIGIN_OF,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Origin,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Trail,
    Unknown,
    each,
    inherit,
    text,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.values import (
    Bound,
    Cell,
    Cls,
    Ext,
    Func,
    ModelCls,
    ModelFn,
    Native,
    Partial,
    Ref,
    State,
    Val,
    join_values,
    total,
)

__all__ = ["BUILTINS", "attribute", "call", "element", "members_of"]

BUILTINS: Final = frozenset(
    "list tuple set frozenset dict str bytes int float bool len sorted reversed enumerate zip map filter range iter next "
    "isinstance issubclass getattr setattr hasattr delattr print open sum min max any all abs round repr type id input "
    "callable vars format hash ord chr super object unicode basestring xrange raw_input property staticmethod classmethod".split()
)

_NOWHERE: Final = Place("")

_CONFIGURED: Final = frozenset(
    "settings config conf cfg configuration environ env getenv environment options opts opt args argv arguments app_settings "
    "secrets preferences constants defaults parser configparser appsettings site_settings global_settings cli_args "
    "app_config current_app flags parsed_args cmdargs ini params_config site_config".split()
)
"""Names of things that an operator fills, not a visitor."""

_PLURAL: Final = re.compile(
    r"(?:^|_)(?:to|cc|bcc|emails|addresses|recipients|users|members|subscribers|contacts|receivers|people|persons|mails|"
    r"addrs|toaddrs|list|lists|admins|managers|owners|participants|attendees|followers|customers|clients|students|"
    r"to_emails|guests|volunteers|reviewers|authors|editors|watchers|mailing_list|mail_list|email_list|emailaddresses|"
    r"invitees|registrants|applicants|destinataires|destinatarios)$|(?:Emails|Addresses|Recipients|List)$"
)
"""Attributes and keys that hold several by their name: a thing that is called ``recipients`` is not one mailbox."""

_QUERIES: Final = frozenset(
    "all filter exclude order_by distinct values_list values select_related prefetch_related annotate only defer reverse "
    "iterator filter_by fetchall fetchmany scalars mappings find_all select where join outerjoin options limit offset "
    "group_by having union intersection difference active published using with_entities query raw search sudo browse "
    "get_queryset list_users paginate scan".split()
)
_FIRSTS: Final = frozenset(
    "get first last one one_or_none fetchone scalar get_or_404 first_or_404 find_one latest earliest get_or_none "
    "get_object_or_404 scalar_one scalar_one_or_none pop popitem popleft get_by_id".split()
)
_SAME_TEXT: Final = frozenset(
    "strip lstrip rstrip lower upper title capitalize encode decode casefold replace expandtabs swapcase zfill ljust rjust "
    "center removeprefix removesuffix translate as_string __str__ unicode getvalue tolist to_list copy dropna unique "
    "drop_duplicates flatten squeeze compute collect persist cache execute result unwrap to_numpy toPandas".split()
)


def string(value: Val) -> str | None:
    """The string that a value surely is."""
    return text(value) if isinstance(value, (str, Known, Text)) else None


def number(value: Val) -> int | None:
    """The integer that a value surely is."""
    if isinstance(value, Known) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None


def negated(value: Val) -> Val:
    """``-value``."""
    whole = number(value)
    return Unknown("a number", OPTIONAL) if whole is None else Known(-whole)


def configured_name(name: str) -> bool:
    """Whether a dotted name reads like settings: a segment that says so, or a constant in capitals."""
    parts = re.split(r"[.\[\]()'\"]+", name)
    for part in parts:
        low = part.lower().lstrip("_")
        if (
            low in _CONFIGURED
            or low.endswith(("_settings", "_config", "_conf", "_options"))
            or low.startswith(("settings_", "config_"))
        ):
            return True
    last = next((part for part in reversed(parts) if part), "")
    return last.isupper() and len(last) > 2 and last not in {"GET", "POST", "FILES"}


SWITCH: Final = "a switch"
"""The detail of the step of a value that an operator sets."""


def settings_like(name: str) -> bool:
    """Whether a module or class is called like one that holds settings."""
    return re.search(r"settings|config|constants|^conf$|^env$", name, re.IGNORECASE) is not None


def is_switch(value: Known) -> bool:
    """Whether a value is what the code sets at first, and an operator may set otherwise."""
    return any(step.kind is StepKind.CONFIGURED and step.detail == SWITCH for step in value.trail)


def _origin(name: str, place: Place) -> Trail:
    if configured_name(name):
        return (Step(StepKind.CONFIGURED, place, name),)
    first = name.split(".", 1)[0]
    if first in {"request", "req"}:
        return (Step(StepKind.REQUEST, place),)
    return (Step(StepKind.UNRESOLVED, place, name),)


def named(name: str, place: Place) -> Val:
    """A name that nothing in the project defines."""
    return Unknown(name, OPEN, _origin(name, place))


def query(name: str, place: Place, kind: StepKind = StepKind.DATABASE, trail: Trail = ()) -> Items:
    """The rows of a query, or of whatever else yields many things of one kind."""
    way = (*trail, Step(kind, place))
    return Items((Member(Unknown(name, OPTIONAL, way), MANY),), way, "query")


def external_value(value: Ext) -> Val:
    """Something outside the project, used as data."""
    name = value.path.rsplit(".", 1)[-1]
    configured = configured_name(value.path)
    trail = value.trail or ((Step(StepKind.CONFIGURED, _NOWHERE, value.path),) if configured else ())
    return Unknown(name, OPEN, trail)


def external_attribute(path: str, place: Place) -> Val:
    """``package.name`` of a package outside the project."""
    name = path.rsplit(".", 1)[-1]
    if name in {"objects", "_default_manager"}:
        return query(path.rsplit(".", 2)[-2], place)
    if name == "query" and path.rsplit(".", 2)[-2][:1].isupper():
        return query(path.rsplit(".", 2)[-2], place)
    if path in _CONSTANTS:
        return Known(_CONSTANTS[path])
    return Ext(path, (Step(StepKind.CONFIGURED, place, path),) if configured_name(path) else ())


_CONSTANTS: Final = {"email.utils.COMMASPACE": ", ", "os.linesep": "\n", "string.ascii_letters": "a"}


def class_attribute(cls: str, name: str, place: Place) -> Val:
    """``Class.name`` where the class defines no such name: what its metaclass or an ORM brings."""
    if name in {"objects", "query", "_default_manager", "all_objects", "active_objects"} or name.endswith("_objects"):
        return query(cls, place)
    if name in _QUERIES:
        return Native(f"value.{name}", query(cls, place), bound=True)
    if name in _FIRSTS or name in {"get_by", "find_by", "create"}:
        return Native(f"value.{name}", query(cls, place), bound=True)
    return Unknown(f"{cls}.{name}", OPEN, _origin(f"{cls}.{name}" if name.isupper() else name, place))


def configured_literals(state: State, value: Val, step: Step) -> Val:
    """``value`` with its literals taken as settings: the operator wrote them in a place for that."""
    if isinstance(value, Known) and any(each_step.kind is StepKind.WRITTEN for each_step in value.trail):
        return replace(value, trail=(step,))
    if isinstance(value, Items):
        return replace(
            value,
            members=tuple(
                Member(configured_literals(state, item_value, step), count) for item_value, count in value.members
            ),
        )
    if isinstance(value, Ref) and value in state.heap:
        cell = state.heap[value]
        members = tuple(
            Member(configured_literals(state, item_value, step), count) for item_value, count in cell.members
        )
        fields = tuple((key, configured_literals(state, item_value, step)) for key, item_value in cell.fields)
        trail = (step,) if cell.sort == "dict" else cell.trail
        state.heap[value] = replace(cell, members=members, fields=fields, trail=trail)
    return value


# Collections


def deref(state: State, value: Val) -> Val:
    """What a reference to a collection refers to; anything else as it is."""
    return value


def members_of(state: State, value: Val, place: Place | None = None) -> tuple[Member, ...]:
    """The members that an iteration meets."""
    if isinstance(value, Ref):
        cell = state.heap.get(value)
        if cell is None:
            return (Member(Unknown("a member", OPTIONAL), MANY),)
        trail = cell.trail + value.trail
        if cell.sort in {"list", "set"}:
            return tuple(Member(_inherited(item, trail), count) for item, count in cell.members)
        if cell.sort == "dict":
            found = [Member(Known(key), OPTIONAL if _maybe(item) else ONE) for key, item in cell.fields]
            if cell.rest is not None or cell.rest_key is not None:
                found.append(Member(cell.rest_key if cell.rest_key is not None else Unknown("a key", OPTIONAL), MANY))
            if cell.open:
                found.append(Member(Unknown("a key", OPTIONAL), Count(0, 0, UNBOUNDED)))
            return tuple(found)
        return (Member(Unknown("a member", OPTIONAL, trail), MANY),)
    if isinstance(value, Either):
        branches = [members_of(state, option, place) for option in value.options if option is not ABSENT]
        longest = max(branches, key=lambda branch: total(branch).plain, default=())
        result: list[Member] = []
        for branch in branches:
            for item, count in branch:
                result.append(
                    Member(_inherited(item, value.trail), Count(0, count.plain if branch is longest else 0, count.high))
                )
        return tuple(result)
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
    if isinstance(value, (Items, Unknown)):
        return tuple(each(value))
    return (Member(Unknown("a member", OPTIONAL), MANY),)


def _inherited(value: Val, trail: Trail) -> Val:
    if not trail:
        return value
    if isinstance(value, Ref):
        return replace(value, trail=(*value.trail, *(step for step in trail if step not in value.trail))[-40:])
    if isinstance(value, (Known, Text, Items, Unknown, Parameter, Fields, Either)):
        return inherit(value, trail)
    return value


def _maybe(value: Val) -> bool:
    return isinstance(value, Either) and ABSENT in value.options


def element(state: State, value: Val, place: Place | None = None) -> Val:
    """One member of a collection: a loop variable."""
    members = members_of(state, value, place)
    return join_values(*(member.value for member in members)) if members else Unknown("a member", OPTIONAL)


def part(value: Val, name: str, place: Place, state: State | None = None) -> Val:
    """Something read off a thing of which little is known: an unpacked value, a keyword argument."""
    if isinstance(value, Parameter):
        return replace(
            value, name=f"{value.name}.{name}" if name else value.name, count=OPEN if _PLURAL.search(name) else OPTIONAL
        )
    if isinstance(value, Unknown):
        label = f"{value.why}.{name}" if value.why and name else name or value.why
        return Unknown(label, OPEN if _PLURAL.search(name) else OPTIONAL, value.trail)
    if isinstance(value, Either):
        found = [part(option, name, place, state) for option in value.options if option is not ABSENT]
        return join_values(*found) if found else Unknown(name)
    if state is not None and isinstance(value, (Ref, Items)):
        found_element = element(state, value, place)
        return (
            found_element if not isinstance(found_element, (Unknown, Parameter)) else part(found_element, name, place)
        )
    return Unknown(name, OPEN if _PLURAL.search(name) else OPTIONAL, trail_of(value))


def gathered(members: tuple[Member, ...], added: Sequence[Member], *, looping: bool) -> tuple[Member, ...]:
    """A collection with more members. In a loop, what reads the same in two passes is two people, not one twice."""
    if not looping:
        return (*members, *added)
    result = list(members)
    for value, count in added:
        same = next((index for index, member in enumerate(result) if member.value == value), None)
        if same is not None and isinstance(value, (Unknown, Parameter)):
            result[same] = Member(_inherited(result[same].value, trail_of(value)), result[same].count + count)
        else:
            result.append(Member(value, count))
    return tuple(result)


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
    if isinstance(value, Either):
        before = state.heap.get(ref)
        for option in value.options:
            if option is not ABSENT:
                update(state, ref, option)
        del before
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
            cell = cell.put(key, join_values(cell.get(key), *_present(item)) if _maybe(item) else item)
        cell = replace(cell, open=cell.open or other.open)
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
        state.heap[ref] = replace(cell, open=True)


def _present(value: Val) -> list[Val]:
    return [option for option in value.options if option is not ABSENT] if isinstance(value, Either) else [value]


def set_item(state: State, holder: Val, index: Val, value: Val) -> None:
    """``holder[index] = value`` on Python's own containers."""
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


def item(state: State, holder: Val, index: Val, place: Place) -> Val:
    """``holder[index]``."""
    if isinstance(holder, Either):
        found = [item(state, option, index, place) for option in holder.options if option is not ABSENT]
        return join_values(*found) if found else Unknown("a member", OPTIONAL)
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
                    present = _present(value)
                    return join_values(*present) if present else Unknown(key)
                if cell.rest is not None:
                    return cell.rest
                return Unknown(key, OPEN if _PLURAL.search(key) else OPTIONAL, cell.trail)
            options = [option for _, value in cell.fields for option in _present(value)]
            if cell.rest is not None:
                options.append(cell.rest)
            return join_values(*options) if options else Unknown("a value")
    if isinstance(holder, Fields):
        for name, value in holder.known:
            if name == key:
                return join_values(*_present(value))
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
        return Unknown(path, OPEN, holder.trail or _origin(path, place))
    members = members_of(state, holder, place)
    if position is not None and all(each.count == ONE for each in members) and -len(members) <= position < len(members):
        return members[position].value
    if isinstance(holder, (Known, Text)):
        return Unknown("a character", OPTIONAL)
    if key is not None and isinstance(holder, Items) and holder.sort == "query":
        return part(element(state, holder), key, place)
    found_element = element(state, holder, place)
    return _relabelled(found_element, f"[{position}]") if position is not None else found_element


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
        Member(_relabelled(each.value, f"[{low}:]") if low else each.value, replace(each.count, low=0))
        for each in members
    )
    if low and upper is None and total(reduced).high - low < UNBOUNDED - low - 1:
        most = total(reduced).high
        reduced = _limited(state, reduced, max(0, most - low)) if most < UNBOUNDED else reduced
    moving = low is None or (upper is not None and high is None)
    if moving and not (isinstance(lower, Known) and upper is None):
        size = _chunk_size(bounds)
        if size.isdigit() and int(size) >= 1:
            reduced = _limited(state, reduced, int(size))
        step = Step(StepKind.BATCHED, place, size)
        reduced = tuple(Member(_inherited(each.value, (step,)), each.count) for each in reduced)
        trail = (*trail, step)
    return replace(state.allocate(context.path, (node, tag), Cell("list", members=reduced)), trail=trail)


def _slice_text(holder: Val, bounds: list[Val | None]) -> Val:
    content = string(holder)
    numbers = [None if each is None else number(each) for each in bounds]
    if content is None or any(each is not None and whole is None for each, whole in zip(bounds, numbers, strict=True)):
        return Unknown("a text", OPTIONAL, trail_of(holder))
    return Known(content[slice(*numbers)], trail_of(holder))


def _relabelled(value: Val, suffix: str) -> Val:
    """One member among others: which one is part of its name, so that two of them are two people."""
    if isinstance(value, Unknown):
        return replace(value, why=f"{value.why}{suffix}")
    if isinstance(value, Parameter):
        return replace(value, name=f"{value.name}{suffix}")
    if isinstance(value, Either):
        return replace(
            value,
            options=tuple(option if option is ABSENT else _relabelled(option, suffix) for option in value.options),
        )
    return value


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
        state.heap[value] = replace(cell, members=_limited(state, cell.members, limit))
        return value
    if isinstance(value, Items):
        return replace(value, members=_limited(state, value.members, limit))
    if isinstance(value, (Unknown, Parameter)) and limit <= 1:
        return Items((Member(replace(value, count=OPTIONAL), OPTIONAL.at_most(limit)),), value.trail)
    return value


def _limited(state: State, members: tuple[Member, ...], limit: int) -> tuple[Member, ...]:
    if total(members).high <= limit:
        return members
    if limit == 0:
        return ()
    count = total(members).at_most(limit)
    if limit == 1:
        return (Member(join_values(*(member.value for member in members)), count),)
    return tuple(Member(value, each.at_most(limit)) for value, each in members)


# Texts


def concat(state: State, parts: Sequence[Val], place: Place) -> Val:
    """Texts put together: an f-string, a sum, a format."""
    flat: list[Val] = []
    trail: Trail = ()
    for each_part in parts:
        value = _as_text(state, each_part, place)
        own = trail_of(value)
        trail = trail + tuple(step for step in own if step not in trail and step.kind is StepKind.JOINED)
        pieces = value.parts if isinstance(value, Text) else (value,)
        for piece in pieces:
            last = flat[-1] if flat else None
            if (
                isinstance(piece, Known)
                and isinstance(last, Known)
                and isinstance(piece.value, str)
                and isinstance(last.value, str)
            ):
                flat[-1] = Known(last.value + piece.value, last.trail + piece.trail)
            elif not (isinstance(piece, Known) and piece.value == ""):
                flat.append(piece)
    if not flat:
        return Known("")
    if len(flat) == 1 and not isinstance(flat[0], Repeat):
        return flat[0]
    return Text(tuple(flat), trail)


_NESTED: Final = 12
"""Lists within lists that are written into a text."""


def _as_text(state: State, value: Val, place: Place, depth: int = 0) -> Val:
    """A value as ``str()`` would put it into a text."""
    if isinstance(value, Known):
        if isinstance(value.value, bytes):
            return Known(value.value.decode("utf-8", "replace"), value.trail)
        return value if isinstance(value.value, str) else Known(str(value.value), value.trail)
    if isinstance(value, Ref):
        cell = state.heap.get(value)
        if cell is not None and cell.sort in {"list", "set", "dict"}:
            return joined(state, Known(", "), value, place, depth)
        return value
    if isinstance(value, Items):
        return joined(state, Known(", "), value, place, depth)
    if isinstance(value, Ext):
        return external_value(value)
    if isinstance(value, Either):
        options = [_as_text(state, option, place, depth) for option in value.options if option is not ABSENT]
        return join_values(*options) if options else Known("")
    return value


def joined(state: State, separator: Val, value: Val, place: Place, depth: int = 0) -> Val:
    """``separator.join(value)``."""
    if depth > _NESTED:
        # A list may hold itself.
        return Unknown("nested", OPEN, trail_of(value))
    between = string(separator)
    if isinstance(value, Either):
        options = [joined(state, separator, option, place, depth) for option in value.options if option is not ABSENT]
        return join_values(*options) if options else Known("")
    if isinstance(value, Known) and isinstance(value.value, str) and len(value.value) > 1:
        # Joining a text puts the separator between its letters: a mistake, and no list of people.
        return Unknown("a text", OPTIONAL, value.trail)
    members = members_of(state, value, place)
    parts: list[Val] = []
    many = False
    for index, (member, count) in enumerate(members):
        if index and between:
            parts.append(Known(between))
        converted = _as_text(state, member, place, depth + 1)
        if count == ONE:
            parts.append(converted)
        else:
            parts.append(Repeat(converted, count, between))
            many = many or count.plain >= PLAIN_MANY
    if len(members) > 1 or many:
        step = Step(StepKind.JOINED, place)
        return concat_repeats(parts, (step,))
    if parts and isinstance(parts[0], Repeat):
        return Text((parts[0],))
    return parts[0] if parts else Known("")


def concat_repeats(parts: list[Val], trail: Trail) -> Text:
    """A text of parts that may repeat; every hole knows the step."""
    marked = tuple(
        Repeat(_inherited(piece.value, trail), piece.count, piece.separator)
        if isinstance(piece, Repeat)
        else _inherited(piece, trail)
        for piece in parts
    )
    return Text(marked, trail)


_FORMAT: Final = re.compile(r"\{\{|\}\}|\{([^{}!:]*)(?:![rsa])?(?::[^{}]*)?\}")
_PERCENT: Final = re.compile(r"%%|%(?:\((\w+)\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?([diouxXeEfFgGcrsa])")


def formatted(state: State, template: Val, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """``template.format(...)``."""
    pattern = string(template)
    if pattern is None:
        return concat(state, [template, *args, *named_args.values()], place)
    parts: list[Val] = []
    at = position = 0
    for match in _FORMAT.finditer(pattern):
        parts.append(Known(pattern[at : match.start()]))
        at = match.end()
        if match.group() in {"{{", "}}"}:
            parts.append(Known(match.group()[0]))
            continue
        name = match.group(1)
        base = re.split(r"[.\[]", name, maxsplit=1)[0]
        if base == "":
            value = args[position] if position < len(args) else Unknown("a hole")
            position += 1
        elif base.isdigit():
            value = args[int(base)] if int(base) < len(args) else Unknown("a hole")
        else:
            value = named_args.get(base, Unknown(base, OPTIONAL))
        if name != base:
            value = part(value, name[len(base) :].strip(".[]"), place, state)
        parts.append(value)
    parts.append(Known(pattern[at:]))
    return concat(state, parts, place)


def percent(state: State, template: Val, value: Val, place: Place) -> Val:
    """``template % value``."""
    pattern = string(template)
    if pattern is None:
        return concat(state, [template, value], place)
    is_tuple = isinstance(value, Items) and value.sort == "tuple"
    args = [member.value for member in members_of(state, value)] if is_tuple else [value]
    parts: list[Val] = []
    at = position = 0
    for match in _PERCENT.finditer(pattern):
        parts.append(Known(pattern[at : match.start()]))
        at = match.end()
        if match.group() == "%%":
            parts.append(Known("%"))
        elif match.group(1):
            parts.append(item(state, value, Known(match.group(1)), place))
        else:
            parts.append(args[position] if position < len(args) else Unknown("a hole"))
            position += 1
    parts.append(Known(pattern[at:]))
    return concat(state, parts, place)


def split(state: State, value: Val, separator: Val, place: Place) -> Val:
    """``value.split(separator)``."""
    step = Step(StepKind.SPLIT, place)
    if isinstance(value, Either):
        options = [split(state, option, separator, place) for option in value.options if option is not ABSENT]
        return join_values(*options) if options else Unknown("parts")
    whole = string(value)
    between = string(separator) if separator is not None else None
    if whole is not None and (separator is None or between):
        pieces = whole.split(between) if between else whole.split()
        return Items(tuple(Member(Known(piece, trail_of(value)), ONE) for piece in pieces[:2000]))
    if isinstance(value, Text):
        repeats = [piece for piece in value.parts if isinstance(piece, Repeat)]
        if repeats:
            return Items(tuple(Member(piece.value, piece.count) for piece in repeats), (step,))
    base = value if isinstance(value, (Unknown, Parameter)) else Unknown("a part", OPTIONAL, trail_of(value))
    if isinstance(value, Ext):
        base = external_value(value)
    return Items((Member(replace(base, count=OPTIONAL), MANY),), (*trail_of(base), step))


# Operators


def binary(machine: Any, context: Any, state: State, op: str, left: Val, right: Val, at: t.Span) -> Val:
    """``left op right``."""
    place = context.place(at)
    if op == "+":
        return _sum(machine, context, state, left, right, at)
    if op == "%" and (isinstance(left, Text) or (isinstance(left, Known) and isinstance(left.value, str))):
        return percent(state, left, right, place)
    one, other = number(left), number(right)
    if one is not None and other is not None:
        try:
            result = {
                "-": lambda: one - other,
                "*": lambda: one * other,
                "//": lambda: one // other,
                "%": lambda: one % other,
            }[op]()
        except (KeyError, ZeroDivisionError):
            return Unknown("a number", OPTIONAL)
        return Known(result) if abs(result) < 1 << 63 else Unknown("a number", OPTIONAL)
    if op in {"|", "-", "&", "^"} and (is_collection(state, left) or is_collection(state, right)):
        cell = state.heap.get(left) if isinstance(left, Ref) else None
        if cell is not None and cell.sort == "dict":
            made = state.allocate(context.path, ("op", context.module.path, at), replace(cell))
            if op == "|":
                update(state, made, right)
            return made
        members = members_of(state, left, place)
        if op in {"-", "&"}:
            members = tuple(Member(value, replace(count, low=0)) for value, count in members)
        elif op in {"|", "^"}:
            members = (*members, *members_of(state, right, place))
        if isinstance(left, Items) and left.sort == "query":
            return replace(left, members=members[:1])
        return state.allocate(context.path, ("op", context.module.path, at), Cell("set", members=members))
    if op == "*" and (is_collection(state, left) or is_collection(state, right)):
        holder = left if is_collection(state, left) else right
        times = number(right if holder is left else left)
        count = MANY if times is None else exactly(max(times, 0))
        members = tuple(Member(value, each_count * count) for value, each_count in members_of(state, holder, place))
        return state.allocate(context.path, ("op", context.module.path, at), Cell("list", members=members))
    if op == "/" and isinstance(left, Ext):
        return left
    return Unknown("a number", OPTIONAL)


def _sum(machine: Any, context: Any, state: State, left: Val, right: Val, at: t.Span) -> Val:
    place = context.place(at)
    one, other = number(left), number(right)
    if one is not None and other is not None:
        return Known(one + other)
    listed = any(
        is_collection(state, option)
        for side in (left, right)
        for option in (side.options if isinstance(side, Either) else (side,))
        if option is not ABSENT
    )
    # Lists stay one list: what is added in each pass of a loop is then seen to grow.
    if not listed and (isinstance(left, Either) or isinstance(right, Either)):
        lefts = [option for option in (left.options if isinstance(left, Either) else (left,)) if option is not ABSENT]
        rights = [
            option for option in (right.options if isinstance(right, Either) else (right,)) if option is not ABSENT
        ]
        if len(lefts) * len(rights) <= 8:
            results = []
            for index, first in enumerate(lefts):
                for inner, second in enumerate(rights):
                    results.append(_sum_of(context, state, first, second, at, place, (index, inner)))
            return join_values(*results)
    return _sum_of(context, state, left, right, at, place, 0)


def _sides(value: Val) -> list[Val]:
    return [option for option in value.options if option is not ABSENT] if isinstance(value, Either) else [value]


def _sum_of(context: Any, state: State, left: Val, right: Val, at: t.Span, place: Place, tag: object) -> Val:
    if any(is_collection(state, option) for side in (left, right) for option in _sides(side)):
        members = gathered(members_of(state, left, place), members_of(state, right, place), looping=bool(context.loops))
        if isinstance(left, Items) and left.sort == "tuple":
            return Items(members, sort="tuple")
        return state.allocate(context.path, ("op", context.module.path, at, tag), Cell("list", members=members))
    textual = (isinstance(left, (Text,)) or isinstance(right, (Text,))) or any(
        isinstance(each_side, Known) and isinstance(each_side.value, (str, bytes)) for each_side in (left, right)
    )
    if textual:
        return concat(state, [left, right], place)
    if isinstance(left, Known) and isinstance(right, Unknown) and right.why == "a number":
        return right
    whole = number(right)
    if isinstance(left, Unknown) and whole is not None:
        return Unknown(f"size:{whole}", OPTIONAL)
    if (
        isinstance(left, (Unknown, Parameter))
        and isinstance(right, (Unknown, Parameter))
        and "a number"
        not in {
            getattr(left, "why", ""),
            getattr(right, "why", ""),
        }
    ):
        # Two things that nothing tells: texts or lists put together hold the people of both.
        return Items((Member(left, ONE), Member(right, ONE)), sort="iterator")
    return Unknown("a sum", OPEN, trail_of(left) or trail_of(right))


def is_collection(state: State, value: Val) -> bool:
    """Whether a value surely is a list, tuple, set, query or the like."""
    if isinstance(value, Ref):
        cell = state.heap.get(value)
        return cell is not None and cell.sort in {"list", "set", "dict"}
    if isinstance(value, Either):
        return all(is_collection(state, option) for option in value.options if option is not ABSENT)
    return isinstance(value, Items)


def _identical(one: Any, other: Any) -> bool:
    return one is other or (one == other and type(one) is type(other))


_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "is": _identical,
    "is not": lambda one, other: not _identical(one, other),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda one, other: one in other,
    "not in": lambda one, other: one not in other,
}


def compare(machine: Any, state: State, op: str, left: Val, right: Val) -> Truth:
    """``left op right``."""
    if isinstance(left, Known) and isinstance(right, Known):
        if is_switch(left) or is_switch(right):
            return Truth.MAYBE
        try:
            result = _COMPARISONS[op](left.value, right.value)
        except (KeyError, TypeError):
            return Truth.MAYBE
        return Truth.YES if result else Truth.NO
    if op in {"is", "is not", "==", "!="} and isinstance(right, Known) and right.value is None:
        if isinstance(left, Either):
            answers = {compare(machine, state, op, option, right) for option in left.options if option is not ABSENT}
            return answers.pop() if len(answers) == 1 else Truth.MAYBE
        if isinstance(left, (Ref, Text, Items, Func, Cls, Bound, ModelFn, ModelCls, Partial)):
            return Truth.NO if op in {"is", "=="} else Truth.YES
    if isinstance(left, Native) and isinstance(right, Native) and op in {"is", "==", "is not", "!="}:
        return Truth.YES if (left.name == right.name) == (op in {"is", "=="}) else Truth.NO
    if op in {"in", "not in"} and isinstance(right, (Ref, Items)):
        members = members_of(state, right)
        if isinstance(right, Ref) and state.heap.get(right) is not None and state.heap[right].open:
            return Truth.MAYBE
        wanted = string(left)
        if wanted is not None and all(string(member.value) is not None and member.count == ONE for member in members):
            found = any(string(member.value) == wanted for member in members)
            return Truth.YES if found == (op == "in") else Truth.NO
    return Truth.MAYBE


def is_instance(machine: Any, state: State, value: Val, names: set[str]) -> Truth:
    """``isinstance(value, (names))`` as far as the value tells."""
    texts, lists = (
        {"str", "basestring", "unicode", "string_types", "bytes", "AnyStr"},
        {"list", "tuple", "set", "frozenset", "Iterable", "Sequence", "Collection", "QuerySet", "Set", "abc", "List"},
    )
    if isinstance(value, Either):
        answers = {is_instance(machine, state, option, names) for option in value.options if option is not ABSENT}
        return answers.pop() if len(answers) == 1 else Truth.MAYBE
    if isinstance(value, Text) or (isinstance(value, Known) and isinstance(value.value, (str, bytes))):
        return Truth.YES if names & texts else Truth.NO if names <= texts | lists | {"dict"} else Truth.MAYBE
    if isinstance(value, Known):
        kind = type(value.value).__name__
        return Truth.YES if kind in names else Truth.NO
    cell = state.heap.get(value) if isinstance(value, Ref) else None
    sort = value.sort if isinstance(value, Items) else cell.sort if cell is not None else ""
    if sort in {"list", "tuple", "set", "dict"}:
        if sort in names or (sort != "dict" and names & {"Iterable", "Sequence", "Collection", "List"}):
            return Truth.YES
        return Truth.NO if names <= texts | lists | {"dict", "int", "float", "bool"} else Truth.MAYBE
    if sort in {"query", "iterator"}:
        return Truth.NO if names <= texts | {"dict", "int"} else Truth.MAYBE
    if cell is not None and cell.sort == "object":
        own = [
            each_cls.node.name if isinstance(each_cls, Cls) else each_cls.path.rsplit(".", 1)[-1]
            for each_cls in machine.mro(cell.cls)
        ]
        if names & set(own):
            return Truth.YES
        return Truth.NO if not any(isinstance(each_cls, Ext) for each_cls in machine.mro(cell.cls)) else Truth.MAYBE
    if isinstance(value, (Unknown, Parameter)) and value.count.high <= 1 and names <= texts | lists:
        # What is read off one thing is one mailbox in a recipient position: a text, no list.
        return Truth.YES if names & texts else Truth.NO
    return Truth.MAYBE


# Attributes and methods of values


def attribute(machine: Any, state: State, holder: Val, name: str, place: Place, *, known_class: bool = False) -> Val:
    """``holder.name`` read as data."""
    if isinstance(holder, Items):
        if holder.sort == "query" and name in {"objects", "query"}:
            return holder
        if name in {"object_list", "items", "page_range", "results", "data", "rows"}:
            return holder
        return part(element(state, holder), name, place)
    if isinstance(holder, (Unknown, Parameter)):
        label = holder.why if isinstance(holder, Unknown) else holder.name
        if name in {"objects", "_default_manager"} or (name == "query" and label[:1].isupper()):
            return query(label.rsplit(".", 1)[-1], place)
        result = part(holder, name, place)
        origins = {ORIGIN_OF[step.kind] for step in trail_of(result) if step.kind in ORIGIN_OF}
        # The settings of a row of the database are data of that row, no settings of the program.
        if configured_name(name) and origins.isdisjoint({Origin.CONFIGURED, Origin.QUERIED}):
            return (
                replace(result, trail=(Step(StepKind.CONFIGURED, place, name),))
                if isinstance(result, (Unknown, Parameter))
                else result
            )
        if name in {
            "POST",
            "GET",
            "FILES",
            "form",
            "data",
            "json",
            "args",
            "values",
            "cleaned_data",
            "validated_data",
        } and label in {"request", "req", "form", "serializer", "self.request", "self"}:
            return Unknown(f"{label}.{name}", OPEN, (Step(StepKind.REQUEST, place),))
        if isinstance(result, Unknown) and known_class:
            return replace(result, count=OPEN if _PLURAL.search(name) else OPTIONAL)
        return result
    if isinstance(holder, (Known, Text)):
        return Unknown(name, OPTIONAL)
    return Unknown(name, OPEN if _PLURAL.search(name) else OPTIONAL, trail_of(holder))


def method(
    machine: Any,
    context: Any,
    state: State,
    holder: Val,
    name: str,
    args: list[Val],
    named_args: dict[str, Val],
    place: Place,
    node: object,
) -> Val:
    """``holder.name(*args)`` on a value that is no object of the project."""
    if isinstance(holder, Ext):
        holder = external_value(holder)
    if (
        name == "join"
        and args
        and isinstance(holder, (Known, Text, Unknown, Parameter))
        and not isinstance(args[0], Func)
    ) and (isinstance(holder, (Known, Text)) or len(args) == 1):
        return joined(state, holder, args[0], place)
    if name == "format" and isinstance(holder, (Known, Text)):
        return formatted(state, holder, args, named_args, place)
    if name in {"split", "rsplit", "splitlines", "partition"} and not isinstance(holder, Items):
        separator = args[0] if args else named_args.get("sep")
        if name == "splitlines":
            separator = Known("\n")
        return split(state, holder, separator, place)
    if name in _SAME_TEXT:
        if isinstance(holder, Known) and isinstance(holder.value, str):
            return _text_method(holder, name, args)
        return holder
    if isinstance(holder, Known):
        if name in {"startswith", "endswith", "isdigit", "count", "find", "index"}:
            return Unknown("a flag", OPTIONAL)
        return Unknown(name, OPTIONAL, holder.trail)
    if isinstance(holder, Text):
        return Unknown(name, OPTIONAL, holder.trail)
    if isinstance(holder, Items):
        return _collection_method(state, holder, name, args, named_args, place)
    return _unknown_method(machine, context, state, holder, name, args, named_args, place, node)


def _text_method(holder: Known, name: str, args: list[Val]) -> Val:
    strings = [string(arg) for arg in args]
    if (
        name
        in {
            "strip",
            "lstrip",
            "rstrip",
            "lower",
            "upper",
            "title",
            "capitalize",
            "casefold",
            "replace",
            "removeprefix",
            "removesuffix",
        }
        and None not in strings
    ):
        try:
            return Known(getattr(holder.value, name)(*strings), holder.trail)
        except (TypeError, ValueError):
            return holder
    return holder


def _collection_method(
    state: State, holder: Items, name: str, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    if name in {"count", "exists", "aggregate", "delete", "update", "__len__", "bulk_create"}:
        return Unknown("a number", OPTIONAL)
    if holder.sort == "tuple" and name in {"index", "count"}:
        return Unknown("a number", OPTIONAL)
    if name in _FIRSTS or name in {"create", "get_or_create", "update_or_create", "__next__", "random", "sample_one"}:
        found = element(state, holder, place)
        if name in {"get_or_create", "update_or_create"}:
            return Items((Member(found, ONE), Member(Unknown("a flag", OPTIONAL), ONE)), sort="tuple")
        return found
    if name in {"values_list", "with_entities"}:
        columns = [string(arg) for arg in args]
        flat = "flat" in named_args or len(columns) == 1
        base = element(state, holder, place)
        label = base.why if isinstance(base, Unknown) else ""
        if flat and columns and columns[0]:
            row: Val = Unknown(f"{label}.{columns[0]}", OPTIONAL, trail_of(base))
        else:
            row = base
        count = total(holder.members)
        if count.high <= 1 and any(column is None or "__" in column for column in columns):
            # A column across a relation has a row for each thing that is related: one row may become many.
            count = MANY if any(column and _PLURAL.search(column.split("__", 1)[0]) for column in columns) else OPEN
        return replace(holder, members=(Member(row, count),))
    if name in {"filter", "filter_by"} and not {"pk", "id"}.isdisjoint(named_args):
        # The key of a row is that of one row at most.
        return replace(holder, members=(Member(element(state, holder, place), OPTIONAL),))
    if name in {"iterator", "all", "filter", "exclude", "order_by"} or name in _QUERIES:
        return replace(holder, members=tuple(Member(value, replace(count, low=0)) for value, count in holder.members))
    if name in {"append", "add", "extend", "remove", "clear", "insert", "update", "sort", "reverse"}:
        return Known(None)
    if name in {"page", "get_page"}:
        step = Step(StepKind.BATCHED, place)
        return replace(holder, trail=(*holder.trail, step))
    if name in {"items", "keys", "values", "union", "copy", "intersection", "difference", "in_bulk", "fetchall"}:
        return holder
    return (
        replace(holder, members=tuple(Member(value, replace(count, low=0)) for value, count in holder.members))
        if holder.sort == "query"
        else Unknown(name, OPEN, holder.trail)
    )


def _unknown_method(
    machine: Any,
    context: Any,
    state: State,
    holder: Unknown | Parameter,
    name: str,
    args: list[Val],
    named_args: dict[str, Val],
    place: Place,
    node: object,
) -> Val:
    label = holder.why if isinstance(holder, Unknown) else holder.name
    trail = trail_of(holder)
    configured = any(step.kind is StepKind.CONFIGURED for step in trail)
    if name in {"getlist", "getall", "get_all", "getlist_or_default"}:
        return query(label, place, StepKind.REQUEST)
    if name in _QUERIES and not configured:
        if name in {
            "join",
            "values",
            "options",
            "query",
            "limit",
            "raw",
            "search",
            "browse",
            "select",
            "scan",
        } and not _queryish(label):
            if name == "values":
                return Items((Member(replace(holder, count=OPTIONAL), MANY),), trail, "iterator")
        else:
            name_of = label.rsplit(".", 1)[-1]
            if name == "query" and args and isinstance(args[0], (Cls, Ext, Unknown)):
                name_of = args[0].node.name if isinstance(args[0], Cls) else label
            return query(name_of, place)
    if name in {"readlines", "readline", "read", "fetchone"} or (name == "get" and _httpish(label)):
        if name == "readlines":
            return query(label, place, StepKind.FILE, trail)
        return Unknown(f"{label}.{name}()", OPEN, trail)
    if name == "find" and args and isinstance(args[0], Ref):
        return query(label.rsplit(".", 1)[-1], place)
    if name in {
        "items",
        "keys",
        "values",
        "iterrows",
        "itertuples",
        "iteritems",
        "get_all_records",
        "get_all_values",
        "col_values",
        "to_dict",
        "walk",
        "splitlines",
    }:
        return Items((Member(replace(holder, count=OPTIONAL), MANY),), trail, "iterator")
    if (
        name in {"get", "pop", "setdefault", "getfirst", "get_option", "getvalue", "get_value"}
        and args
        and string(args[0]) is not None
    ):
        key = string(args[0]) or ""
        found = part(holder, key, place)
        if len(args) > 1 and not (isinstance(args[1], Known) and args[1].value is None):
            return join_values(found, args[1])
        return found
    if name in _FIRSTS:
        return part(holder, "", place)
    if name == "json":
        step = Step(StepKind.API, place)
        return (
            Unknown(f"{label}.json()", OPEN, (step,))
            if not trail or trail[0].kind is StepKind.UNRESOLVED
            else Unknown(f"{label}.json()", OPEN, trail)
        )
    if name in {"append", "add", "extend", "update", "insert", "remove", "clear", "sort", "write", "close", "commit"}:
        return Known(None)
    return machine.unknown_method(context, state, holder, name, args, named_args, node)


def _queryish(label: str) -> bool:
    low = label.lower()
    return (
        any(
            word in low
            for word in (
                "query",
                "session",
                "objects",
                "db",
                "model",
                "table",
                "collection",
                "qs",
                "cursor",
                "manager",
                "_set",
            )
        )
        or label[:1].isupper()
    )


def _httpish(label: str) -> bool:
    return label.rsplit(".", 1)[-1] in {"requests", "session", "client", "http"}


def unresolved_method(holder: Unknown | Parameter, name: str, place: Place) -> Val:
    """The result of a method that nothing tells about."""
    label = holder.why if isinstance(holder, Unknown) else holder.name
    if isinstance(holder, Parameter):
        return replace(holder, name=f"{label}.{name}()", count=OPEN)
    count = OPEN
    if re.search(r"(?:email|address|mail)$", name) and not name.endswith("s"):
        count = OPTIONAL
    return Unknown(f"{label}.{name}()", count, holder.trail)


# Functions


def unresolved(
    machine: Any,
    context: Any,
    state: State,
    callee: Val,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    place: Place,
) -> Val:
    """The result of calling something outside the project."""
    path = (
        callee.path
        if isinstance(callee, Ext)
        else callee.why
        if isinstance(callee, Unknown)
        else getattr(callee, "name", "")
    )
    named_args = {str(key): value for key, value in keywords}
    known_function = _EXTERNAL.get(path) or _EXTERNAL.get(path.rsplit(".", 1)[-1] if path.count(".") else "")
    if isinstance(callee, Ext) and known_function is not None:
        return known_function(machine, context, state, args, named_args, place)
    if isinstance(callee, Ext):
        short = path.rsplit(".", 1)[-1]
        if (
            re.fullmatch(
                r"(?:i?chunk(?:s|ed|er|ify|_list|s_of|_iterable)?|batch(?:es|ed|er|_list|ify)?|grouper|sliced|partition_all|divide_chunks)",
                short,
            )
            and args
        ):
            return batches(state, args[0], args[1] if len(args) > 1 else None, place)
        receiver, _, name = path.rpartition(".")
        if receiver and receiver[:1].isalpha():
            base = Unknown(
                receiver.rsplit(".", 1)[-1],
                OPEN,
                callee.trail or (_origin(path, place) if configured_name(path) else ()),
            )
            if (
                name in _QUERIES
                or name in _FIRSTS
                or name in {"items", "keys", "getlist", "find", "split", "json", "read", "readlines"}
            ) and receiver.split(".")[0] not in {"os", "sys", "re", "json"}:
                return _unknown_method(machine, context, state, base, name, args, named_args, place, None)
        if short[:1].isupper():
            # A class of another package: an object of which nothing is known.
            trail = callee.trail or _origin(path, place)
            return Unknown(short, OPEN, trail)
    if isinstance(callee, Parameter):
        return replace(callee, name=f"{callee.name}()", count=OPEN)
    if _FORMATS.search(path.rsplit(".", 1)[-1].lower()):
        # What makes an address out of its parts keeps where they come from, as formataddr does.
        parts = [trail_of(arg) for arg in (*args, *named_args.values())]
        carried = next((way for way in reversed(parts) if any(step.kind in ORIGIN_OF for step in way)), None)
        if carried is not None:
            return Unknown(f"{path.rsplit('.', 1)[-1]}()", OPEN, carried)
    return Unknown(f"{path.rsplit('.', 1)[-1]}()", OPEN, _origin(path, place) if path else ())


_FORMATS: Final = re.compile(r"addr|format|mailbox|sanit|clean|strip|escape|quote|encode|decode|lower|normali[sz]e")
"""Names of functions that give back what they are given, in another form."""


def batches(state: State, value: Val, size: Val, place: Place) -> Val:
    """A list cut into chunks: each is a list of its own."""
    whole = number(size) if size is not None else None
    step = Step(StepKind.BATCHED, place, "" if whole is None else str(whole))
    members = tuple(
        Member(_inherited(item_value, (step,)), replace(count, low=0))
        for item_value, count in members_of(state, value, place)
    )
    if whole is not None and whole >= 1:
        members = _limited(state, members, whole)
    chunk = Items(members, (step,))
    return Items((Member(chunk, MANY),), sort="iterator")


def _same(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    return args[0] if args else Unknown("nothing")


def _chain(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    members: list[Member] = []
    for arg in args:
        members += members_of(state, arg, place)
    return Items(tuple(members), sort="iterator")


def _chain_iterable(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    members: list[Member] = []
    for value, count in members_of(state, args[0], place) if args else ():
        members += [Member(inner, inner_count * count) for inner, inner_count in members_of(state, value, place)]
    return Items(tuple(members), sort="iterator")


def _batched(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return (
        batches(state, args[0], args[1] if len(args) > 1 else named_args.get("n"), place)
        if args
        else Unknown("batches")
    )


def _paginator(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    if not args:
        return Unknown("pages")
    pages = batches(state, args[0], args[1] if len(args) > 1 else named_args.get("per_page"), place)
    chunk = pages.members[0].value
    return Items(chunk.members, chunk.trail, "query")


def _islice(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    if not args:
        return Unknown("a slice")
    step = Step(StepKind.BATCHED, place, str(number(args[1]) or "") if len(args) > 1 else "")
    return Items(
        tuple(
            Member(_inherited(value, (step,)), replace(count, low=0))
            for value, count in members_of(state, args[0], place)
        ),
        (step,),
        "iterator",
    )


def _groupby(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    inner = Items(members_of(state, args[0], place) if args else (), sort="iterator")
    pair = Items((Member(Unknown("a key", OPTIONAL), ONE), Member(inner, ONE)), sort="tuple")
    return Items((Member(pair, MANY),), sort="iterator")


def _partial(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return Partial(args[0], tuple(args[1:]), tuple(named_args.items())) if args else Unknown("partial")


def _environment(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    name = string(args[0]) if args else None
    value: Val = Unknown(name or "environment", OPEN, (Step(StepKind.CONFIGURED, place, name or ""),))
    if len(args) > 1 and not (isinstance(args[1], Known) and not args[1].value):
        return join_values(value, args[1])
    return value


def _file(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    name = string(args[0]) if args else ""
    label = getattr(args[0], "why", "") if args else ""
    # Who may be in a file that an operator names is not the operator's choice; settings are.
    configured = (
        re.search(r"config|settings|\bconf\b|\.ini\b|secret|\benv\b", name or label or "", re.IGNORECASE) is not None
    )
    kind = StepKind.CONFIGURED if configured else StepKind.FILE
    return Unknown("file", OPEN, (Step(kind, place, name or ""),))


def _rows(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    trail = trail_of(args[0]) if args else ()
    return query("row", place, StepKind.FILE, trail)


def _loaded(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    trail = trail_of(args[0]) if args else ()
    return Unknown("data", OPEN, trail or (Step(StepKind.FILE, place),))


def _asked(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    return Unknown("input", OPEN, (Step(StepKind.REQUEST, place),))


def _namedtuple(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return Ext("collections.namedtuple.made")


def _defaultdict(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    factory = args[0] if args else None
    rest: Val = None
    if isinstance(factory, Native) and factory.name in {"list", "set", "dict"}:
        rest = state.allocate(context.path, ("defaultdict", place, "value"), Cell(factory.name))
    return state.allocate(
        context.path,
        ("defaultdict", place),
        Cell("dict", rest=rest, rest_key=Unknown("a key", OPTIONAL) if rest else None),
    )


def _response(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return Unknown("response", OPEN, (Step(StepKind.API, place),))


def _object_or_404(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    base = args[0] if args else None
    name = (
        base.node.name if isinstance(base, Cls) else base.path.rsplit(".", 1)[-1] if isinstance(base, Ext) else "object"
    )
    return Unknown(name, OPTIONAL, (Step(StepKind.DATABASE, place),))


def _list_or_404(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return query("object", place)


def _deepcopy(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    if args and isinstance(args[0], Ref) and args[0] in state.heap:
        return state.allocate(context.path, ("copy", place), state.heap[args[0]])
    return args[0] if args else Unknown("a copy")


def _parsed_args(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return Unknown("args", OPEN, (Step(StepKind.CONFIGURED, place, "args"),))


def _nothing(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return Known(None)


def _re_split(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    return (
        split(state, args[1], None, place)
        if len(args) > 1 and string(args[1]) is None
        else Unknown("parts", OPEN, trail_of(args[1]) if len(args) > 1 else ())
    )


def _findall(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    value = args[1] if len(args) > 1 else None
    base = value if isinstance(value, (Unknown, Parameter)) else Unknown("a match", OPTIONAL, trail_of(value))
    return Items((Member(replace(base, count=OPTIONAL), MANY),), trail_of(base))


_Function = Callable[[Any, Any, State, list[Val], dict[str, Val], Place], Val]
_EXTERNAL: Final[dict[str, _Function]] = {
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_iterable,
    "itertools.batched": _batched,
    "more_itertools.chunked": _batched,
    "more_itertools.batched": _batched,
    "more_itertools.ichunked": _batched,
    "more_itertools.grouper": _batched,
    "toolz.partition_all": _batched,
    "boltons.iterutils.chunked": _batched,
    "django.core.paginator.Paginator": _paginator,
    "itertools.islice": _islice,
    "itertools.groupby": _groupby,
    "functools.partial": _partial,
    "functools.wraps": _nothing,
    "os.environ.get": _environment,
    "os.getenv": _environment,
    "environ.get": _environment,
    "getenv": _environment,
    "decouple.config": _environment,
    "io.open": _file,
    "codecs.open": _file,
    "pathlib.Path.open": _file,
    "csv.reader": _rows,
    "csv.DictReader": _rows,
    "unicodecsv.reader": _rows,
    "pandas.read_csv": _rows,
    "pandas.read_excel": _rows,
    "pandas.read_sql": _rows,
    "json.load": _loaded,
    "json.loads": _loaded,
    "yaml.safe_load": _loaded,
    "yaml.load": _loaded,
    "pickle.load": _loaded,
    "collections.namedtuple": _namedtuple,
    "collections.defaultdict": _defaultdict,
    "collections.OrderedDict": lambda machine, context, state, args, named_args, place: call(
        machine, context, state, Native("dict"), args, list(named_args.items()), None
    ),
    "requests.get": _response,
    "httpx.get": _response,
    "urllib.request.urlopen": _response,
    "django.shortcuts.get_object_or_404": _object_or_404,
    "django.shortcuts.get_list_or_404": _list_or_404,
    "copy.copy": _deepcopy,
    "copy.deepcopy": _deepcopy,
    "argparse.ArgumentParser": lambda *_: Ext("argparse.parser"),
    "argparse.parser.parse_args": _parsed_args,
    "asyncio.run": _same,
    "asyncio.ensure_future": _same,
    "asyncio.create_task": _same,
    "asyncio.gather": _chain,
    "asgiref.sync.sync_to_async": _same,
    "asgiref.sync.async_to_sync": _same,
    "typing.cast": lambda machine, context, state, args, named_args, place: (
        args[1] if len(args) > 1 else Unknown("cast")
    ),
    "html.escape": _same,
    "django.utils.encoding.force_str": _same,
    "django.utils.encoding.smart_str": _same,
    "django.utils.encoding.force_text": _same,
    "django.utils.safestring.mark_safe": _same,
    "numpy.array": _same,
    "numpy.unique": _same,
    "collections.deque": _chain,
    "re.split": _re_split,
    "re.findall": _findall,
    "re.compile": lambda *_: Unknown("a pattern"),
    "getpass.getpass": _asked,
}


def call(
    machine: Any,
    context: Any,
    state: State,
    callee: Native,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    node: object,
) -> Val:
    """A function or method of Python itself."""
    at = getattr(node, "at", t.Span(0, 0, 0, 0))
    place = context.place(at)
    named_args = {str(key): value for key, value in keywords if key not in {"*", "**", None}}
    star = next((value for key, value in keywords if key == "*"), None)
    if star is not None:
        args = [*args, star]
    sort, _, name = callee.name.partition(".")
    if callee.bound:
        if sort == "callable":
            return _callable_method(machine, context, state, callee.receiver, name, args, keywords, node, place)
        if sort == "value":
            return method(machine, context, state, callee.receiver, name, args, named_args, place, node)
        return _container_method(machine, context, state, callee.receiver, sort, name, args, named_args, place, node)
    function = _BUILTIN.get(callee.name)
    return (
        function(machine, context, state, args, named_args, place, node)
        if function is not None
        else Unknown(f"{callee.name}()", OPTIONAL)
    )


def _callable_method(
    machine: Any,
    context: Any,
    state: State,
    receiver: Val,
    name: str,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    node: object,
    place: Place,
) -> Val:
    """Task queues hand a function on: ``task.delay(x)`` calls it later with the same arguments."""
    named_args = dict(keywords)
    if name in {"apply_async", "signature", "subtask", "schedule", "si_async"}:
        given = args[0] if args else named_args.get("args")
        positional = (
            [member.value for member in members_of(state, given, place)]
            if given is not None and not (isinstance(given, Known))
            else []
        )
        rest = args[1] if len(args) > 1 else named_args.get("kwargs")
        spread = machine._spread(state, rest) if rest is not None and not isinstance(rest, Known) else []  # noqa: SLF001  # the interpreter's own half
        return machine.call(context, state, receiver, positional, spread, node)
    if name in {
        "delay",
        "send",
        "enqueue",
        "defer",
        "delay_on_commit",
        "s",
        "si",
        "async_",
        "spawn",
        "submit",
        "remote",
        "run",
        "call",
        "__call__",
        "fn",
        "apply",
        "original",
        "kicker",
        "kiq",
        "queue",
        "asyncio",
        "now",
        "defer_async",
        "map",
        "send_with_options",
    }:
        return machine.call(context, state, receiver, args, keywords, node)
    if name in {"connect", "register", "task", "route", "setter"} and args:
        return args[0]
    return Unknown(name)


def _container_method(
    machine: Any,
    context: Any,
    state: State,
    holder: Ref,
    sort: str,
    name: str,
    args: list[Val],
    named_args: dict[str, Val],
    place: Place,
    node: object,
) -> Val:
    cell = state.heap.get(holder)
    if cell is None:
        return Unknown(name)
    if sort == "dict":
        return _dict_method(machine, context, state, holder, cell, name, args, named_args, place, node)
    if name in {"append", "add", "appendleft", "insert", "extend", "update"} and args:
        # A list that belongs to a message shows what is added to it; any other one collects it.
        of_message = isinstance(holder.site, tuple) and holder.site[-1] == "list"
        kind = StepKind.SHOWN if of_message else StepKind.COLLECTED if context.loops else None
        if kind is not None:
            args = [*args[:-1], _inherited(args[-1], (Step(kind, place),))]
    if name in {"append", "add", "appendleft"} and args:
        list_append(state, holder, args[0], looping=bool(context.loops))
        return Known(None)
    if name == "insert" and len(args) > 1:
        state.heap[holder] = (
            replace(cell, members=(Member(args[1], ONE), *cell.members)) if number(args[0]) == 0 else cell
        )
        if number(args[0]) != 0:
            list_append(state, holder, args[1], looping=bool(context.loops))
        return Known(None)
    if name in {"extend", "update"} and args:
        for arg in args:
            extend(state, holder, arg, place, looping=bool(context.loops))
        return Known(None)
    if name == "clear":
        state.heap[holder] = replace(cell, members=()) if not holder.age else cell
        return Known(None)
    if name in {"pop", "popleft"}:
        exact = all(member.count == ONE for member in cell.members)
        position = number(args[0]) if args else (0 if name == "popleft" else -1)
        if exact and position is not None and -len(cell.members) <= position < len(cell.members):
            position %= len(cell.members)
            state.heap[holder] = replace(cell, members=(*cell.members[:position], *cell.members[position + 1 :]))
            return cell.members[position].value
        state.heap[holder] = replace(
            cell, members=tuple(Member(value, replace(count, low=0)) for value, count in cell.members)
        )
        return element(state, holder, place)
    if name in {"remove", "discard"}:
        state.heap[holder] = replace(
            cell, members=tuple(Member(value, replace(count, low=0)) for value, count in cell.members)
        )
        return Known(None)
    if name in {"sort", "reverse"}:
        if name == "reverse":
            state.heap[holder] = replace(cell, members=tuple(reversed(cell.members)))
        return Known(None)
    if name in {"copy", "union", "intersection", "difference", "symmetric_difference"}:
        members = cell.members
        if name in {"union", "symmetric_difference"}:
            for arg in args:
                members = (*members, *members_of(state, arg, place))
        elif name != "copy":
            members = tuple(Member(value, replace(count, low=0)) for value, count in members)
        return state.allocate(context.path, (node, name), Cell(cell.sort, members=members))
    if name in {"count", "index", "__len__"}:
        return Unknown("a number", OPTIONAL)
    if name in {"keys", "values", "items"}:
        return holder
    if name == "get" and args:
        return item(state, holder, args[0], place)
    return Unknown(name)


def _dict_method(
    machine: Any,
    context: Any,
    state: State,
    holder: Ref,
    cell: Cell,
    name: str,
    args: list[Val],
    named_args: dict[str, Val],
    place: Place,
    node: object,
) -> Val:
    if name == "update":
        for arg in args:
            update(state, holder, arg)
        for key, value in named_args.items():
            state.heap[holder] = state.heap[holder].put(key, value)
        return Known(None)
    if name in {"get", "pop"} and args:
        asked = string(args[0])
        value = cell.get(asked) if asked is not None else ABSENT
        default = args[1] if len(args) > 1 else named_args.get("default", Known(None))
        if name == "pop" and asked is not None:
            state.heap[holder] = cell.drop(asked)
        if asked is not None and value is not ABSENT:
            present = _present(value)
            return join_values(*present, default) if _maybe(value) else value
        if asked is not None and not cell.open and cell.rest is None:
            return default
        return (
            join_values(item(state, holder, args[0], place), default)
            if len(args) > 1
            else item(state, holder, args[0], place)
        )
    if name == "setdefault" and args:
        wanted = string(args[0])
        default = args[1] if len(args) > 1 else Known(None)
        if wanted is None:
            if cell.rest is None:
                set_item(state, holder, args[0], default)
                return default
            return cell.rest
        value = cell.get(wanted)
        if value is ABSENT:
            state.heap[holder] = cell.put(wanted, default)
            return default
        return join_values(*_present(value), default) if _maybe(value) else value
    if name in {"items", "values", "keys", "iteritems", "itervalues", "iterkeys"}:
        pairs: list[tuple[Val, Val, Count]] = [
            (Known(key), join_values(*_present(value)), OPTIONAL if _maybe(value) else ONE)
            for key, value in cell.fields
            if _present(value)
        ]
        if cell.rest is not None or cell.rest_key is not None:
            pairs.append((cell.rest_key if cell.rest_key is not None else Unknown("a key", OPTIONAL), cell.rest, MANY))
        elif cell.open:
            pairs.append((Unknown("a key", OPTIONAL), Unknown("a value", OPTIONAL), Count(0, 0, UNBOUNDED)))
        members = []
        for key_value, value, count in pairs:
            if name.endswith("items"):
                members.append(Member(Items((Member(key_value, ONE), Member(value, ONE)), sort="tuple"), count))
            else:
                members.append(Member(key_value if name.endswith("keys") else value, count))
        return Items(tuple(members), cell.trail + holder.trail, "iterator")
    if name == "copy":
        return state.allocate(context.path, (node, name), cell)
    if name == "clear":
        state.heap[holder] = Cell("dict")
        return Known(None)
    return Unknown(name)


# Builtins


_MADE: Final = "made of something else"
"""The site of what ``list()`` and ``set()`` make; a list of a message has one of its own."""


def _collect(sort: str) -> Callable[..., Val]:
    def make(
        machine: Any,
        context: Any,
        state: State,
        args: list[Val],
        named_args: dict[str, Val],
        place: Place,
        node: object,
    ) -> Val:
        if not args:
            return state.allocate(context.path, (node, _MADE), Cell(sort if sort != "tuple" else "list"))
        value = args[0]
        if isinstance(value, (Unknown, Parameter)) and value.count.high == 1:
            value = Items((Member(value, ONE),))
        if isinstance(value, Parameter) and value.count.plain < PLAIN_MANY:
            members: tuple[Member, ...] = members_of(state, value, place)
        else:
            members = members_of(state, value, place)
        if sort == "tuple":
            return Items(members, trail_of(value) if not isinstance(value, Ref) else value.trail, "tuple")
        made = state.allocate(
            context.path, (node, _MADE), Cell(sort, members=_unique(members) if sort == "set" else members)
        )
        trail = value.trail if isinstance(value, (Ref, Items)) else ()
        return replace(made, trail=trail)

    return make


def _unique(members: tuple[Member, ...]) -> tuple[Member, ...]:
    result: list[Member] = []
    for member in members:
        if (
            member.count == ONE
            and isinstance(member.value, Known)
            and any(other.value == member.value for other in result)
        ):
            continue
        result.append(member)
    return tuple(result)


def _dict_of(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    ref = state.allocate(context.path, (node, "dict"), Cell("dict"))
    for arg in args:
        if isinstance(arg, (Ref, Fields)) and not (
            isinstance(arg, Ref) and state.heap.get(arg) is not None and state.heap[arg].sort != "dict"
        ):
            update(state, ref, arg)
            continue
        for value, _ in members_of(state, arg, place):
            pair = members_of(state, value, place)
            if len(pair) == 2:
                set_item(state, ref, pair[0].value, pair[1].value)
            else:
                state.heap[ref] = replace(state.heap[ref], open=True)
    for key, value in named_args.items():
        step = Step(StepKind.STORED, place, key)
        marked = _inherited(value, (step,)) if not isinstance(value, Known) or isinstance(value.value, str) else value
        state.heap[ref] = state.heap[ref].put(key, marked)
    return ref


def _str_of(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return concat(state, args[:1], place) if args else Known("")


def _len(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if args and isinstance(args[0], (Ref, Items)) and is_collection(state, args[0]):
        count = total(members_of(state, args[0], place)).exact
        if count is not None:
            return Known(count)
    whole = string(args[0]) if args else None
    return Known(len(whole)) if whole is not None else Unknown("a number", OPTIONAL)


def _sorted(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return _collect("list")(machine, context, state, args, named_args, place, node)


def _reversed(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return Items(tuple(reversed(members_of(state, args[0], place))) if args else (), sort="iterator")


def _enumerate(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    members = members_of(state, args[0], place) if args else ()
    return Items(
        tuple(
            Member(Items((Member(Unknown("a number", OPTIONAL), ONE), Member(value, ONE)), sort="tuple"), count)
            for value, count in members
        ),
        sort="iterator",
    )


def _zip(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    rows = [members_of(state, arg, place) for arg in args]
    if rows and all(all(member.count == ONE for member in row) for row in rows):
        size = min(map(len, rows))
        made = [
            Member(Items(tuple(Member(row[index].value, ONE) for row in rows), sort="tuple"), ONE)
            for index in range(size)
        ]
        return Items(tuple(made), sort="iterator")
    row_value = Items(tuple(Member(element(state, arg, place), ONE) for arg in args), sort="tuple")
    return Items((Member(row_value, MANY),), sort="iterator")


def _map(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if len(args) < 2:
        return Unknown("map")
    found: list[Member] = []
    members = members_of(state, args[1], place)
    if len(members) > 8:
        members = (Member(element(state, args[1], place), total(members)),)
    loop = "" if all(member.count == ONE for member in members) else f"map:{place.line}"
    inner = replace(context, loops=context.loops | {loop}) if loop else context
    for value, count in members:
        result = machine.call(
            inner, state, args[0], [value, *(element(state, arg, place) for arg in args[2:])], [], node
        )
        found.append(Member(result, count))
    return Items(tuple(found), sort="iterator")


def _filter(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if len(args) < 2:
        return Unknown("filter")
    return Items(
        tuple(Member(value, replace(count, low=0)) for value, count in members_of(state, args[1], place)),
        sort="iterator",
    )


def _range(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    numbers = [number(arg) for arg in args]
    if numbers and None not in numbers:
        try:
            values = range(*[each_number for each_number in numbers if each_number is not None])
        except (TypeError, ValueError):
            values = range(0)
        if len(values) <= 8:
            return Items(tuple(Member(Known(value), ONE) for value in values), sort="iterator")
        return Items((Member(Unknown("a number", OPTIONAL), exactly(len(values))),), sort="iterator")
    return Items((Member(Unknown("a number", OPTIONAL), MANY),), sort="iterator")


def _next(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    found = element(state, args[0], place) if args else Unknown("next")
    return join_values(found, args[1]) if len(args) > 1 else found


def _getattr(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    name = string(args[1]) if len(args) > 1 else None
    if name is None:
        return Unknown("an attribute")
    expression = node.args[0].value if isinstance(node, t.Call) and node.args else t.Name(t.Span(0, 0, 0, 0), "")
    wrapped = t.Attr(getattr(node, "at", t.Span(0, 0, 0, 0)), expression, name)
    found = machine.attribute(context, state, args[0], name, wrapped)
    return join_values(found, args[2]) if len(args) > 2 and isinstance(found, (Unknown, Parameter)) else found


def _setattr(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if len(args) > 2:
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        names = [string(option) for option in args[1].options] if isinstance(args[1], Either) else [string(args[1])]
        for name in names:
            if name is not None:
                machine.set_attribute(context, state, args[0], name, args[2], at, node)
    return Known(None)


def _isinstance(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if not isinstance(node, t.Call) or len(node.args) < 2:
        return Unknown("a flag", OPTIONAL)
    kinds = node.args[1].value
    nodes = kinds.items if isinstance(kinds, t.Seq) else (kinds,)
    names = {
        each_node.id if isinstance(each_node, t.Name) else each_node.name if isinstance(each_node, t.Attr) else ""
        for each_node in nodes
    }
    answer = is_instance(machine, state, args[0], names)
    return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.YES)


def _hasattr(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    name = string(args[1]) if len(args) > 1 else None
    if name == "__iter__" and args:
        if is_collection(state, args[0]):
            return Known(True)
        if isinstance(args[0], Unknown) and args[0].count.high <= 1:
            return Known(False)
    return Unknown("a flag", OPTIONAL)


def _open(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return _file(machine, context, state, args, named_args, place)


def _input(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return Unknown("input", OPEN, (Step(StepKind.REQUEST, place),))


def _sum_builtin(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    start = args[1] if len(args) > 1 else named_args.get("start")
    if start is None:
        return Unknown("a number", OPTIONAL)
    members: list[Member] = list(members_of(state, start, place))
    for value, count in members_of(state, args[0], place):
        members += [Member(inner, inner_count * count) for inner, inner_count in members_of(state, value, place)]
    return Items(tuple(members), sort="list")


def _one_of(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return element(state, args[0], place) if len(args) == 1 else join_values(*args) if args else Unknown("one")


def _first(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return args[0] if args else Known(None)


def _type(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if args and isinstance(args[0], Ref) and args[0] in state.heap and state.heap[args[0]].cls is not None:
        return state.heap[args[0]].cls
    sort = ""
    if args and isinstance(args[0], Ref) and args[0] in state.heap:
        sort = state.heap[args[0]].sort
    elif args and isinstance(args[0], Items):
        sort = args[0].sort
    elif args and (isinstance(args[0], Text) or (isinstance(args[0], Known) and isinstance(args[0].value, str))):
        sort = "str"
    return Native(sort) if sort in {"list", "tuple", "set", "dict", "str"} else Unknown("a type")


def _none(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    return Known(None)


def _bool(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    answer = machine.truth(state, args[0]) if args else Truth.NO
    return Unknown("a flag", OPTIONAL) if answer is Truth.MAYBE else Known(answer is Truth.YES)


def _int(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    whole = number(args[0]) if args else 0
    return Known(whole) if whole is not None else Unknown("a number", OPTIONAL)


_BUILTIN: Final[dict[str, Callable[..., Val]]] = {
    "list": _collect("list"),
    "tuple": _collect("tuple"),
    "set": _collect("set"),
    "frozenset": _collect("set"),
    "dict": _dict_of,
    "str": _str_of,
    "unicode": _str_of,
    "format": _str_of,
    "repr": _str_of,
    "bytes": _str_of,
    "len": _len,
    "sorted": _sorted,
    "reversed": _reversed,
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "filter": _filter,
    "range": _range,
    "xrange": _range,
    "iter": _first,
    "next": _next,
    "getattr": _getattr,
    "setattr": _setattr,
    "isinstance": _isinstance,
    "hasattr": _hasattr,
    "open": _open,
    "input": _input,
    "raw_input": _input,
    "sum": _sum_builtin,
    "min": _one_of,
    "max": _one_of,
    "type": _type,
    "print": _none,
    "nothing": _none,
    "bool": _bool,
    "int": _int,
    "property": _first,
    "staticmethod": _first,
    "classmethod": _first,
    "fromkeys": _collect("set"),
}


# Classes


def declared_fields(machine: Any, state: State, cls: Cls) -> list[tuple[str, Val]]:
    """The fields of a dataclass, NamedTuple or model class, in order, with what they default to (an expression)."""
    fields: dict[str, Val] = {}
    for each_cls in reversed(machine.mro(cls)):
        if isinstance(each_cls, Cls):
            for node in each_cls.node.body:
                if isinstance(node, t.Assign) and node.annotation is not None and isinstance(node.targets[0], t.Name):
                    fields[node.targets[0].id] = ABSENT if node.value is None else (each_cls, node.value)
    return list(fields.items())


def declared_count(node: t.Assign) -> Count | None:
    """How many people a field of a class may hold, by its annotation or by the field of a form or model; None if open."""
    if node.annotation is not None:
        if collection_annotation(node.annotation):
            return MANY
        return OPTIONAL if _last(node.annotation) in _TEXTS else None
    if isinstance(node.value, t.Call):
        field = _last(node.value.func)
        return OPTIONAL if field in _ONE_FIELDS else MANY if field in _MANY_FIELDS else None
    return None


def _last(node: t.Expr) -> str:
    return node.id if isinstance(node, t.Name) else node.name if isinstance(node, t.Attr) else ""


_TEXTS: Final = frozenset({"str", "EmailStr", "NameEmail"})
_ONE_FIELDS: Final = frozenset({"EmailField"})
_MANY_FIELDS: Final = frozenset(
    {"ArrayField", "ListField", "MultiEmailField", "MultipleChoiceField", "ModelMultipleChoiceField", "ManyToManyField"}
)


def default_field(machine: Any, context: Any, state: State, default: Val, node: object) -> Val:
    """The default of a declared field: ``field(default_factory=list)`` or an expression."""
    cls, expression = default
    found = _default_of(machine, context, state, cls, expression, node)
    if isinstance(found, Known) and (settings_like(cls.node.name) or any(isinstance(base, Ext) for base in cls.bases)):
        # pydantic and its kind read such a field from the environment when the program runs.
        step = Step(StepKind.CONFIGURED, Place(cls.module.path, cls.node.at.line), SWITCH)
        return replace(found, trail=(*found.trail, step))
    return found


def _default_of(machine: Any, context: Any, state: State, cls: Cls, expression: t.Expr, node: object) -> Val:
    if isinstance(expression, t.Call):
        for arg in expression.args:
            if arg.keyword == "default_factory":
                factory = machine.eval(replace(context, module=cls.module), state, arg.value)
                return machine.call(context, state, factory, [], [], node)
            if arg.keyword == "default":
                return machine.eval(replace(context, module=cls.module), state, arg.value)
    return machine.eval(replace(context, module=cls.module), state, expression)


def string_conversion(machine: Any, state: State, ref: Ref) -> Val | None:
    """What ``str()`` of an object of the project is, where that is needed; not followed."""
    return None


_COLLECTIONS: Final = frozenset(
    "list List tuple Tuple set Set frozenset FrozenSet Sequence Iterable Collection Iterator Generator QuerySet MutableSequence "
    "AbstractSet Queryset ValuesListQuerySet BaseManager".split()
)


def collection_annotation(annotation: t.Expr | None) -> bool:
    """Whether a parameter is declared to be a collection, and nothing else that is one text."""
    match annotation:
        case t.Name():
            return annotation.id in _COLLECTIONS
        case t.Attr():
            return annotation.name in _COLLECTIONS
        case t.Sub():
            outer = annotation.value
            name = outer.id if isinstance(outer, t.Name) else outer.name if isinstance(outer, t.Attr) else ""
            if name in {"Optional", "Annotated", "Final"}:
                inner = annotation.index.items[0] if isinstance(annotation.index, t.Seq) else annotation.index
                return collection_annotation(inner)
            if name == "Union" and isinstance(annotation.index, t.Seq):
                kinds = [
                    each_kind
                    for each_kind in annotation.index.items
                    if not (isinstance(each_kind, t.Const) and each_kind.value is None)
                ]
                return bool(kinds) and all(collection_annotation(each_kind) for each_kind in kinds)
            return name in _COLLECTIONS
        case t.Bin(op="|"):
            sides = [
                side
                for side in (annotation.left, annotation.right)
                if not (isinstance(side, t.Const) and side.value is None)
            ]
            return bool(sides) and all(collection_annotation(side) for side in sides)
        case t.Const(value=str() as quoted):
            return bool(re.match(r"(?:typing\.)?(?:list|List|set|Set|Sequence|Iterable|Collection)\[", quoted))
    return False
