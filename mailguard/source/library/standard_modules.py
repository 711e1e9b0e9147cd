"""Functions of the standard library's modules, and of packages that do what they do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import Either, Items, Known, Member, Parameter, Step, StepKind, Unknown, scalar, trail_of
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Cell, Ext, Func, Native, Partial, Ref, Val
from mailguard.source.interpret.widening import grown
from mailguard.source.library import frames, queues
from mailguard.source.library.builtin_functions import dict_of
from mailguard.source.library.containers import element, inherited, list_append, members_of
from mailguard.source.library.literals import number, string
from mailguard.source.library.slices import limited_members
from mailguard.source.library.sources import (
    _asked,
    environment,
    file_rows,
    list_or_404,
    loaded_data,
    loaded_settings,
    object_or_404,
    opened_file,
    parsed_args,
    response,
    table,
)
from mailguard.source.library.texts import dedented, split


def batches(state: State, value: Val, size: Val, place: Place) -> Val:
    """A list cut into chunks: each is a list of its own."""
    whole = number(size) if size is not None else None
    step = Step(StepKind.BATCHED, place, "" if whole is None else str(whole))
    members = tuple(
        Member(inherited(item_value, (step,)), replace(count, low=0))
        for item_value, count in members_of(state, value, place)
    )
    if whole is not None and whole >= 1:
        members = limited_members(state, members, whole)
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


def _reduce(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """Members put together by an operator or a function, one after the other."""
    if len(args) > 1 and isinstance(args[0], Ext) and args[0].path in _SUMS:
        return _chain_iterable(machine, context, state, args[1:2], named_args, place)
    if len(args) < 2 or not isinstance(args[0], (Func, Bound)):
        return Unknown("reduce()", OPEN, trail_of(args[1]) if len(args) > 1 else ())
    members = members_of(state, args[1], place)
    values = [*args[2:3], *(value for value, _ in members)]
    if not values:
        return Unknown("reduce()", OPEN, trail_of(args[1]))
    exact = len(members) <= _FOLDED and all(count == ONE for _, count in members)
    if not exact:
        each = element(state, args[1], place)
        values = [*(args[2:3] or [each]), each, each]
    whole = before = values[0]
    for value in values[1:]:
        before, whole = whole, machine.call(context, state, args[0], [whole, value], [], None)
    return whole if exact else grown(before, whole, Step(StepKind.COLLECTED, place))


_FOLDED: Final = 8
"""Members that are put together one by one."""
_SUMS: Final = frozenset({"operator.add", "operator.concat", "operator.iadd", "operator.iconcat", "operator.or_"})


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


def _parts_of(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """A list cut into so many parts (numpy); how many stand in each, the code does not tell."""
    return batches(state, args[0], None, place) if args else Unknown("parts")


def _dedented(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """A text without the blanks at the beginning of its lines."""
    return dedented(args[0]) if args else Unknown("a text", OPTIONAL)


def _difference(bounds: list[int | None]) -> int | None:
    """How many lie between two bounds at most."""
    low, high = bounds if len(bounds) == 2 else (None, None)
    return None if high is None else high - (low or 0)


def _islice(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    if not args:
        return Unknown("a slice")
    bounds = [None if scalar(arg) is None else number(arg) for arg in args[1:3]]
    size = bounds[0] if len(bounds) == 1 else _difference(bounds)
    step = Step(StepKind.BATCHED, place, "" if size is None else str(size))
    members = tuple(
        Member(inherited(value, (step,)), replace(count, low=0)) for value, count in members_of(state, args[0], place)
    )
    return Items(
        members if size is None else limited_members(state, members, max(0, size)),
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


def _partial_method(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    made = _partial(machine, context, state, args, named_args, place)
    return replace(made, method=True) if isinstance(made, Partial) else made


def _namedtuple(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    name, fields = (string(args[0]) if args else None), args[1] if len(args) > 1 else named_args.get("field_names")
    whole = string(fields) if fields is not None else None
    keys = (
        [string(item) for item, _ in members_of(state, fields, place)] if whole is None and fields is not None else []
    )
    if whole is not None:
        keys = list(whole.replace(",", " ").split())
    if not name or not keys or None in keys:
        return Ext("collections.namedtuple.made")
    span = t.Span(place.line, place.column, place.end_line, place.end_column)
    declared = tuple(t.Assign(span, (t.Name(span, str(key)),), None, t.Name(span, "object")) for key in keys)
    node = machine.named_tuples.setdefault((context.module, place), t.Class(span, name, (), declared, ()))
    return replace(machine.define_class(context, state, node), bases=(Ext("typing.NamedTuple"),))


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


def _copy(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    if args and isinstance(args[0], Ref) and args[0] in state.heap:
        return state.allocate(context.path, ("copy", place), state.heap[args[0]])
    return args[0] if args else Unknown("a copy")


def _deepcopy(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """A thing with things of its own: the header lines of a message among them."""
    made: dict[Ref, Ref] = {}

    def again(value: Val, depth: int) -> Val:
        if isinstance(value, Items):
            return replace(value, members=tuple(Member(again(item, depth), count) for item, count in value.members))
        if isinstance(value, Either):
            return replace(value, options=tuple(again(option, depth) for option in value.options))
        if not isinstance(value, Ref) or value not in state.heap or depth > _COPIED:
            return value
        if value not in made:
            cell = state.heap[value]
            made[value] = state.allocate(context.path, ("copy", place, len(made)), cell)
            state.heap[made[value]] = replace(
                cell,
                members=tuple(Member(again(item, depth + 1), count) for item, count in cell.members),
                fields=tuple((key, again(item, depth + 1)) for key, item in cell.fields),
            )
        return replace(made[value], trail=value.trail)

    return again(args[0], 0) if args else Unknown("a copy")


_COPIED: Final = 4
"""Things within things that are copied with them."""


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


def _pushed(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """A list with one member more, which finds its own place in it."""
    if len(args) > 1 and isinstance(args[0], Ref) and args[0] in state.heap:
        value = inherited(args[1], (Step(StepKind.COLLECTED, place),)) if context.loops else args[1]
        list_append(state, args[0], value, looping=machine.collects(context, args[0]))
    return Known(None)


_Function = Callable[[Any, Any, State, list[Val], dict[str, Val], Place], Val]
EXTERNAL_FUNCTIONS: Final[dict[str, _Function]] = {
    "itertools.chain": _chain,
    "itertools.chain.from_iterable": _chain_iterable,
    "itertools.batched": _batched,
    "numpy.array_split": _parts_of,
    "numpy.split": _parts_of,
    "more_itertools.divide": _parts_of,
    "more_itertools.distribute": _parts_of,
    "textwrap.dedent": _dedented,
    "inspect.cleandoc": _dedented,
    "more_itertools.chunked": _batched,
    "more_itertools.batched": _batched,
    "more_itertools.ichunked": _batched,
    "more_itertools.grouper": _batched,
    "toolz.partition_all": _batched,
    "boltons.iterutils.chunked": _batched,
    "django.core.paginator.Paginator": _paginator,
    "itertools.islice": _islice,
    "itertools.groupby": _groupby,
    "functools.reduce": _reduce,
    "heapq.heappush": _pushed,
    "bisect.insort": _pushed,
    "bisect.insort_left": _pushed,
    "bisect.insort_right": _pushed,
    "functools.partial": _partial,
    "functools.partialmethod": _partial_method,
    "functools.wraps": _nothing,
    "os.environ.get": environment,
    "os.getenv": environment,
    "environ.get": environment,
    "getenv": environment,
    "decouple.config": environment,
    "io.open": opened_file,
    "codecs.open": opened_file,
    "pathlib.Path.open": opened_file,
    "csv.reader": file_rows,
    "csv.DictReader": file_rows,
    "unicodecsv.reader": file_rows,
    **dict.fromkeys(sorted(frames.READERS), table),
    "json.load": loaded_data,
    "json.loads": loaded_data,
    "yaml.safe_load": loaded_data,
    "yaml.load": loaded_data,
    "pickle.load": loaded_data,
    **{
        f"{package}.{name}": loaded_settings
        for package in ("tomllib", "tomli", "toml", "tomlkit", "rtoml", "pytomlpp")
        for name in ("load", "loads", "parse")
    },
    "collections.namedtuple": _namedtuple,
    "collections.defaultdict": _defaultdict,
    "collections.OrderedDict": lambda machine, context, state, args, named_args, place: dict_of(
        machine, context, state, args, named_args, place, None
    ),
    "requests.get": response,
    "httpx.get": response,
    "urllib.request.urlopen": response,
    "django.shortcuts.get_object_or_404": object_or_404,
    "django.shortcuts.get_list_or_404": list_or_404,
    "copy.copy": _copy,
    "copy.deepcopy": _deepcopy,
    "argparse.ArgumentParser": lambda *_: Ext("argparse.parser"),
    "argparse.parser.parse_args": parsed_args,
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
    queues.DEQUE: queues.deque,
    **dict.fromkeys(sorted(queues.QUEUES), queues.queue),
    "re.split": _re_split,
    "re.findall": _findall,
    "re.compile": lambda *_: Unknown("a pattern"),
    "getpass.getpass": _asked,
}
