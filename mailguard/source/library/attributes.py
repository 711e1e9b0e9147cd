"""Attributes and methods of values."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import (
    ORIGIN_OF,
    Items,
    Known,
    Member,
    Origin,
    Parameter,
    Step,
    StepKind,
    Text,
    Unknown,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.context import Dead
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Cls, Ext, Func, Ref, Val, join_values, total
from mailguard.source.library import frames
from mailguard.source.library.containers import PLURAL, element, item, part
from mailguard.source.library.literals import string
from mailguard.source.library.provenance import FIRSTS, QUERIES, configured_name, external_value, query
from mailguard.source.library.texts import concat, formatted, joined, split

_SAME_TEXT: Final = frozenset(
    "strip lstrip rstrip lower upper title capitalize encode decode casefold replace expandtabs swapcase zfill ljust rjust "
    "center removeprefix removesuffix translate as_string __str__ unicode getvalue tolist to_list copy dropna unique "
    "drop_duplicates flatten squeeze compute collect persist cache execute result unwrap to_numpy toPandas".split()
)


def attribute(machine: Any, state: State, holder: Val, name: str, place: Place, *, known_class: bool = False) -> Val:
    """``holder.name`` read as data."""
    if isinstance(holder, Items):
        if holder.sort in frames.SORTS:
            return frames.attribute(holder, name)
        if holder.sort == "query" and name in {"objects", "query"}:
            return holder
        if name in {"object_list", "items", "page_range", "results", "data", "rows"}:
            return holder
        return part(element(state, holder), name, place)
    if isinstance(holder, (Unknown, Parameter)):
        label = holder.why if isinstance(holder, Unknown) else holder.name
        if name in {"objects", "_default_manager"} or (name == "query" and label[:1].isupper()):
            return query(label.rsplit(".", 1)[-1], place)
        if _OF_PERSON.fullmatch(name) and _PERSON.fullmatch(re.split(r"[._]", label)[-1]):
            # However many mailboxes it has, one person reads them all: each row stands for that person.
            return Items((Member(holder, OPTIONAL),), holder.trail, "query")
        result = part(holder, name, place)
        if name in machine.gathered and isinstance(result, Unknown):
            return replace(result, count=MANY)
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
            return replace(result, count=OPEN if PLURAL.search(name) else OPTIONAL)
        return result
    if isinstance(holder, (Known, Text)):
        return Unknown(name, OPTIONAL)
    return Unknown(name, OPEN if PLURAL.search(name) else OPTIONAL, trail_of(holder))


_OF_PERSON: Final = re.compile(r"e?mail_?address(?:es|_set)|emails?_set")
"""Relations that hold the mailboxes of one person."""
_PERSON: Final = re.compile(
    r"(?:account|admin|applicant|attendee|author|client|contact|customer|donor|employee|guest|member|owner|participant|"
    r"patient|person|profile|student|subscriber|teacher|user|volunteer)(?:\[\])?",
    re.IGNORECASE,
)


class _Entries(dict[str, Val]):
    """The entries of a mapping, read where a template asks for them."""

    def __init__(self, state: State, mapping: Val, place: Place) -> None:
        super().__init__()
        self._of = state, mapping, place

    def get(self, key: str, default: Val = None) -> Val:
        """What the mapping holds under ``key``."""
        del default
        state, mapping, place = self._of
        return item(state, mapping, Known(key), place)


_ONE_MAILBOX: Final = re.compile(r".+\.e?mail(?:_?addr(?:ess)?)?")
"""What reads one mailbox off a row."""


def _tidies(machine: Any, context: Any, node: object, holder: Val) -> bool:
    """Whether what is split is one mailbox by its name, or one member of a list that the caller gave.

    So several may stand in one, but nothing says they do.
    """
    label = holder.why if isinstance(holder, Unknown) else holder.name if isinstance(holder, Parameter) else ""
    if _ONE_MAILBOX.fullmatch(label) and all(step.kind is not StepKind.REQUEST for step in trail_of(holder)):
        return True
    if not isinstance(node, t.Call) or not isinstance(node.func, t.Attr) or not isinstance(node.func.value, t.Name):
        return False
    func = context.stack[-1] if context.stack else None
    if not isinstance(func, (t.Func, t.Lam)) or node.func.value.id not in machine.slicer.loop_names(func):
        return False
    return ORIGIN_OF.keys().isdisjoint(step.kind for step in trail_of(holder) if step.kind not in _HANDED)


_HANDED: Final = frozenset({StepKind.PARAMETER, StepKind.UNRESOLVED, StepKind.CONFIGURED, StepKind.WRITTEN})


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
    if isinstance(holder, Items) and holder.sort in frames.SORTS:
        return _frame_method(machine, context, state, holder, name, args, named_args, place, node)
    if name == "append" and args and isinstance(holder, (Known, Text)) and isinstance(node, t.Call):
        # No text has such a method: it is what a Header was made of, and its name holds more of it from here on.
        if isinstance(node.func, t.Attr) and isinstance(node.func.value, (t.Name, t.Attr)):
            whole = concat(state, [holder, Known(" "), args[0]], place)
            machine.assign(context, state, node.func.value, whole, node.at)
        return Known(None)
    if (
        name == "join"
        and args
        and isinstance(holder, (Known, Text, Unknown, Parameter))
        and not isinstance(args[0], Func)
    ) and (isinstance(holder, (Known, Text)) or len(args) == 1):
        return joined(state, holder, args[0], place)
    if name == "format_map" and args and isinstance(holder, (Known, Text)):
        return formatted(state, holder, [], _Entries(state, args[0], place), place)
    if name == "format" and isinstance(holder, (Known, Text)):
        return formatted(state, holder, args, named_args, place)
    if name in {"split", "rsplit", "splitlines", "partition"} and not isinstance(holder, Items):
        separator = args[0] if args else named_args.get("sep")
        if name == "splitlines":
            separator = Known("\n")
        return split(state, holder, separator, place, tidying=_tidies(machine, context, node, holder))
    if name in _SAME_TEXT and not (name in _COLUMNS and isinstance(holder, (Unknown, Parameter))):
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
        if name in {"annotate", "alias", "values", "values_list"}:
            machine.gathered.update(key for key, value in named_args.items() if _gathers(value))
        return _collection_method(machine, state, holder, name, args, named_args, place)
    if name in _COLUMNS and isinstance(holder, (Unknown, Parameter)):
        # Only a column has such a method: what was read off a thing by a name is many.
        return Items((Member(replace(holder, count=OPTIONAL), MANY),), trail_of(holder), frames.COLUMN)
    return unknown_method(machine, context, state, holder, name, args, named_args, place, node)


_COLUMNS: Final = frozenset({"tolist", "to_list", "dropna", "drop_duplicates", "to_numpy"})
"""Methods that only columns and frames have."""


def _frame_method(
    machine: Any,
    context: Any,
    state: State,
    holder: Items,
    name: str,
    args: list[Val],
    named_args: dict[str, Val],
    place: Place,
    node: object,
) -> Val:
    """``frame.name(*args)``: what it gives, and what a function that is applied to each row does."""
    if frames.joins(name):
        return joined(state, named_args.get("sep", Known(" ")), holder, place)
    if (
        name in {"apply", "map", "applymap", "transform", "progress_apply"}
        and args
        and isinstance(args[0], (Func, Bound))
    ):
        with contextlib.suppress(Dead):
            machine.call(context, state, args[0], [element(state, holder, place)], [], node)
    return frames.method(holder, name, args)


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


def _column(machine: Any, label: str, column: str | None, row: Val) -> Val:
    """One column of a row: a thing, or a list where the query gathers several in it."""
    count = MANY if column in machine.gathered else OPTIONAL
    return Unknown(f"{label}.{column or 'a column'}", count, trail_of(row))


def _gathers(value: Val) -> bool:
    return isinstance(value, Unknown) and value.why.rpartition(".")[2].removesuffix("()") in _GATHERS


_GATHERS: Final = frozenset({"ArrayAgg", "JSONBAgg", "JSONArrayAgg", "StringAgg", "GroupConcat"})
"""What gathers the values of several rows in one column of a query: Django's for PostgreSQL, and what is like it."""


def _collection_method(
    machine: Any, state: State, holder: Items, name: str, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    if name in {"count", "exists", "aggregate", "delete", "update", "__len__", "bulk_create"}:
        return Unknown("a number", OPTIONAL)
    if holder.sort == "tuple" and name in {"index", "count"}:
        return Unknown("a number", OPTIONAL)
    if name in FIRSTS or name in {"create", "get_or_create", "update_or_create", "__next__", "random", "sample_one"}:
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
            row: Val = _column(machine, label, columns[0], base)
        elif len(columns) > 1 and "named" not in named_args and name == "values_list":
            row = Items(tuple(Member(_column(machine, label, each, base), ONE) for each in columns), sort="tuple")
        else:
            row = base
        count = total(holder.members)
        if count.high <= 1 and any(column is None or "__" in column for column in columns):
            # A column across a relation has a row for each thing that is related: one row may become many.
            count = MANY if any(column and PLURAL.search(column.split("__", 1)[0]) for column in columns) else OPEN
        return replace(holder, members=(Member(row, count),))
    if name in {"filter", "filter_by"} and not {"pk", "id"}.isdisjoint(named_args):
        # The key of a row is that of one row at most.
        return replace(holder, members=(Member(element(state, holder, place), OPTIONAL),))
    if name in {"iterator", "all", "filter", "exclude", "order_by"} or name in QUERIES:
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


def unknown_method(
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
    """``holder.name(*args)`` on something of which little more is known than its name."""
    label = holder.why if isinstance(holder, Unknown) else holder.name
    trail = trail_of(holder)
    configured = any(step.kind is StepKind.CONFIGURED for step in trail)
    if name in {"getlist", "getall", "get_all", "getlist_or_default"}:
        return query(label, place, StepKind.REQUEST)
    if name in QUERIES and not configured:
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
    if name in FIRSTS:
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
