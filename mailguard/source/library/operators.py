"""Operators and comparisons."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, Truth, exactly
from mailguard.model.place import Place
from mailguard.model.value import ABSENT, Either, Items, Known, Member, Parameter, Text, Unknown, trail_of
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
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
    Val,
    bounded,
    join_values,
)
from mailguard.source.library.containers import gathered, members_of, update
from mailguard.source.library.literals import number, string
from mailguard.source.library.provenance import is_switch
from mailguard.source.library.texts import concat, percent


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
            members = bounded((*members, *members_of(state, right, place)))
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


_ONE_MAILBOX: Final = re.compile(r"(?:[a-z]+_)*(?:e?mail|e?mail_?addr(?:ess)?|address|recipient|receiver|addressee)")
"""Parameters called like one person, whatever the functions take that they are handed to."""


def is_instance(machine: Any, state: State, value: Val, names: set[str], symbol: str = "") -> Truth:
    """``isinstance(value, (names))`` as far as the value tells; ``symbol``: the function that asks.

    A function that takes both a text and a list says nothing of what one of its callers has.
    """
    texts, lists = (
        {"str", "basestring", "unicode", "string_types", "bytes", "AnyStr"},
        {"list", "tuple", "set", "frozenset", "Iterable", "Sequence", "Collection", "QuerySet", "Set", "abc", "List"},
    )
    if isinstance(value, Either):
        answers = {
            is_instance(machine, state, option, names, symbol) for option in value.options if option is not ABSENT
        }
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
    handed_on = isinstance(value, Parameter) and value.function != symbol and bool(symbol)
    if handed_on and isinstance(value, Parameter) and _ONE_MAILBOX.fullmatch(value.name) and names <= texts | lists:
        return Truth.YES if names & texts else Truth.NO
    return Truth.MAYBE
