"""Python's builtin functions and types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, PLAIN_MANY, Truth, exactly
from mailguard.model.place import Place
from mailguard.model.value import (
    Either,
    Fields,
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
from mailguard.source.interpret.values import Cell, Func, Native, Ref, Val, join_values, total
from mailguard.source.library.containers import attributes_of, element, inherited, members_of, set_item, update
from mailguard.source.library.literals import number, string
from mailguard.source.library.operators import is_collection, is_instance
from mailguard.source.library.sources import opened_file
from mailguard.source.library.texts import concat

BUILTINS: Final = frozenset(
    "list tuple set frozenset dict str bytes int float bool len sorted reversed enumerate zip map filter range iter next "
    "isinstance issubclass getattr setattr hasattr delattr print open sum min max any all abs round repr type id input "
    "callable vars format hash ord chr super object unicode basestring xrange raw_input property staticmethod classmethod".split()
)
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
        # Each member has the way of what it was read out of; what is added later came by another one.
        trail = value.trail if isinstance(value, (Ref, Items)) and not members else ()
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


def dict_of(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    """``dict(...)``."""
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
    spans = {arg.keyword: arg.at for arg in node.args if arg.keyword} if isinstance(node, t.Call) else {}
    for key, value in named_args.items():
        step = Step(StepKind.STORED, context.place(spans[key]) if key in spans else place, key)
        marked = inherited(value, (step,)) if not isinstance(value, Known) or isinstance(value.value, str) else value
        state.heap[ref] = state.heap[ref].put(key, marked)
    return ref


def _str_of(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if args and isinstance(args[0], Ref):
        # A message goes on as its text.
        machine.sent.add(args[0].site)
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
        if loop and isinstance(args[0], Func):
            # It is called for each member: what it adds to a list, it adds that often.
            machine.call(inner, state, args[0], [value, *(element(state, arg, place) for arg in args[2:])], [], node)
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
            else:
                _set_some(machine, state, args[0], args[2])
    return Known(None)


def _set_some(machine: Any, state: State, holder: Val, value: Val) -> None:
    """Under a name that nothing tells, a value may become any list of a message; plainly it becomes none of them."""
    if not isinstance(value, (Unknown, Parameter)) or not isinstance(holder, Ref) or holder not in state.heap:
        return
    if machine._model_of(state, holder) is None:  # noqa: SLF001  # the interpreter's own half
        cell = state.heap[holder]
        state.heap[holder] = replace(cell, rest=value if cell.rest is None else join_values(cell.rest, value))
        return
    possible = replace(value, count=ANY)
    for name, held in state.heap[holder].fields:
        if isinstance(held, Ref) and held in state.heap and state.heap[held].sort == "list":
            state.heap[holder] = state.heap[holder].put(name, join_values(held, possible))


def _vars(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    holder = args[0] if args else None
    if isinstance(holder, Ref) and holder in state.heap and state.heap[holder].sort == "object":
        return attributes_of(state, holder, context.path)
    return Unknown("vars()", OPTIONAL)


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
    answer = is_instance(machine, state, args[0], names, context.symbol)
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
    return opened_file(machine, context, state, args, named_args, place)


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


def _iter(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place, node: object
) -> Val:
    if len(args) < 2:
        return args[0] if args else Known(None)
    # A function is called again and again, until it gives the second argument.
    result = machine.call(context, state, args[0], [], [], node)
    given = [option for option in (result.options if isinstance(result, Either) else (result,)) if option != args[1]]
    return Items((Member(join_values(*given), MANY),) if given else (), sort="iterator")


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


BUILTIN_FUNCTIONS: Final[dict[str, Callable[..., Val]]] = {
    "list": _collect("list"),
    "tuple": _collect("tuple"),
    "set": _collect("set"),
    "frozenset": _collect("set"),
    "dict": dict_of,
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
    "iter": _iter,
    "next": _next,
    "getattr": _getattr,
    "setattr": _setattr,
    "vars": _vars,
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
