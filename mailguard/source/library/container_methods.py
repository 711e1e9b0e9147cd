"""Methods of lists, sets and dicts on the heap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailguard.model.count import MANY, ONE, OPTIONAL, UNBOUNDED, Count
from mailguard.model.place import Place
from mailguard.model.value import ABSENT, Items, Known, Member, Step, StepKind, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Ref, Val, join_values
from mailguard.source.library import queues
from mailguard.source.library.containers import (
    element,
    extend,
    inherited,
    item,
    list_append,
    may_be_missing,
    members_of,
    present_options,
    set_item,
    update,
)
from mailguard.source.library.literals import number, string


def container_method(
    machine: Any,
    context: Any,
    state: State,
    holder: Ref,
    name: str,
    args: list[Val],
    named_args: dict[str, Val],
    place: Place,
    node: object,
) -> Val:
    """``holder.name(*args)`` on a list, set or dict of the heap."""
    cell = state.heap.get(holder)
    if cell is None:
        return Unknown(name)
    given = () if name not in queues.GIVES or not args else _given(state, name, args, named_args, place)
    result = _method(machine, context, state, holder, cell, name, args, named_args, place, node)
    if given:
        machine.given(context, state, holder, given, place, node)
    return result


def _given(state: State, name: str, args: list[Val], named_args: dict[str, Val], place: Place) -> tuple[Member, ...]:
    """What a method adds to a container."""
    if name == "update":
        values = [member for arg in args for member in members_of(state, _values(state, arg), place)]
        return (*values, *(Member(value, ONE) for value in named_args.values()))
    if name == "extend":
        return tuple(member for arg in args for member in members_of(state, arg, place))
    return (Member(args[1] if name in {"insert", "setdefault"} and len(args) > 1 else args[0], ONE),)


def _values(state: State, value: Val) -> Val:
    cell = state.heap.get(value) if isinstance(value, Ref) else None
    if cell is None or cell.sort != "dict":
        return value
    return Items(tuple(Member(item, ONE) for _, field in cell.fields for item in present_options(field)))


def _method(
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
    if cell.sort == "dict":
        return _dict_method(machine, context, state, holder, cell, name, args, named_args, place, node)
    if queues.is_queue(cell):
        found = queues.queue_method(machine, context, state, holder, name, args, place)
        if found is not None:
            return found
    if name in {"append", "add", "appendleft", "insert", "extend", "update"} and args:
        # A list that belongs to a message shows what is added to it; any other one collects it.
        of_message = isinstance(holder.site, tuple) and holder.site[-1] == "list"
        kind = StepKind.SHOWN if of_message else StepKind.COLLECTED if context.loops else None
        if kind is not None:
            args = [*args[:-1], inherited(args[-1], (Step(kind, place),))]
    if name in {"append", "add", "appendleft"} and args:
        list_append(state, holder, args[0], looping=machine.collects(context, holder))
        return Known(None)
    if name == "insert" and len(args) > 1:
        state.heap[holder] = (
            replace(cell, members=(Member(args[1], ONE), *cell.members)) if number(args[0]) == 0 else cell
        )
        if number(args[0]) != 0:
            list_append(state, holder, args[1], looping=machine.collects(context, holder))
        return Known(None)
    if name in {"extend", "update"} and args:
        for arg in args:
            extend(state, holder, arg, place, looping=machine.collects(context, holder))
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
        spans = {arg.keyword: arg.at for arg in node.args} if isinstance(node, t.Call) else {}
        for key, value in named_args.items():
            at = context.place(spans[key]) if key in spans else place
            state.heap[holder] = state.heap[holder].put(key, inherited(value, (Step(StepKind.STORED, at, key),)))
        return Known(None)
    if name in {"get", "pop"} and args:
        asked = string(args[0])
        value = cell.get(asked) if asked is not None else ABSENT
        default = args[1] if len(args) > 1 else named_args.get("default", Known(None))
        if name == "pop" and asked is not None:
            state.heap[holder] = cell.drop(asked)
        if asked is not None and value is not ABSENT:
            present = present_options(value)
            return join_values(*present, default) if may_be_missing(value) else value
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
        return join_values(*present_options(value), default) if may_be_missing(value) else value
    if name in {"items", "values", "keys", "iteritems", "itervalues", "iterkeys"}:
        pairs: list[tuple[Val, Val, Count]] = [
            (Known(key), join_values(*present_options(value)), OPTIONAL if may_be_missing(value) else ONE)
            for key, value in cell.fields
            if present_options(value)
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
