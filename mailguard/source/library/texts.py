"""Texts: joined, formatted, split."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, PLAIN_MANY
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Either,
    Items,
    Known,
    Member,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Trail,
    Unknown,
    trail_of,
)
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Ext, Ref, Val, join_values
from mailguard.source.library.containers import inherited, item, members_of, part
from mailguard.source.library.literals import string
from mailguard.source.library.provenance import external_value


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
                if len(last.value) + len(piece.value) > LENGTH_LIMIT:
                    flat[-1] = Unknown("a long text", MANY, last.trail or piece.trail)
                else:
                    flat[-1] = Known(last.value + piece.value, (last.trail + piece.trail)[:PARTS_LIMIT])
            elif not (isinstance(piece, Known) and piece.value == ""):
                flat.append(piece)
    if not flat:
        return Known("")
    if len(flat) == 1 and not isinstance(flat[0], Repeat):
        return flat[0]
    if len(flat) > PARTS_LIMIT:
        # Who stands in the rest is not told apart; that many may stand there is kept.
        flat[PARTS_LIMIT:] = [Unknown("the rest of a long text", MANY)]
    return Text(_in_lines(flat, Step(StepKind.SHOWN, place)), trail)


def _shown(piece: Val, step: Step) -> Val:
    """A part of a header line; one that was put into it before stays where that was."""
    if isinstance(piece, Repeat):
        return Repeat(_shown(piece.value, step), piece.count, piece.separator)
    return piece if any(each.kind is StepKind.SHOWN for each in trail_of(piece)) else inherited(piece, (step,))


def _in_lines(pieces: list[Val], step: Step) -> tuple[Val, ...]:
    """The parts of a text, where those that stand in a header line for readers are shown by it."""
    result: list[Val] = []
    within = False
    for index, piece in enumerate(pieces):
        if isinstance(piece, Known):
            written = piece.value if isinstance(piece.value, str) else ""
            line = _LINE.search(written, max(0, written.rfind("\n"))) if written else None
            if line is not None and (not index or line[0][0] in "\n?&"):
                within = True
            elif "\n" in written or "&" in written:
                within = False
        elif within:
            result.append(_shown(piece, step))
            continue
        result.append(piece)
    return tuple(result)


_LINE: Final = re.compile(
    r"(?:(?:^|\n)[ \t]*(?:to|cc|bcc|reply-to):[^\n]*|(?:^|[?&])(?:to|cc|bcc)(?:\[\d*\]|%5b\d*%5d)?=[^&\n]*)$",
    re.IGNORECASE,
)
"""The beginning of a header line, or of a parameter of a form, for readers, as a program writes it by hand."""
PARTS_LIMIT: Final = 2_000
"""Parts of one text that are told apart."""
LENGTH_LIMIT: Final = 2_000_000
"""Characters of a text that are put together from literals."""
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
        return inherited(join_values(*options), value.trail) if options else Known("")
    return value


def joined(state: State, separator: Val, value: Val, place: Place, depth: int = 0) -> Val:
    """``separator.join(value)``."""
    if depth > _NESTED:
        # A list may hold itself.
        return Unknown("nested", OPEN, trail_of(value))
    between = string(separator)
    if isinstance(value, Either):
        options = [
            joined(state, separator, inherited(option, value.trail), place, depth)
            for option in value.options
            if option is not ABSENT
        ]
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
    if not parts:
        return Known("")
    if isinstance(parts[0], (Unknown, Parameter)):
        # That it is one member is not lost: whoever splits the text again finds that one.
        return Text((Repeat(parts[0], ONE, between),))
    return Text((parts[0],)) if isinstance(parts[0], Repeat) else parts[0]


def concat_repeats(parts: list[Val], trail: Trail) -> Text:
    """A text of parts that may repeat; every hole knows the step."""
    marked = tuple(
        Repeat(inherited(piece.value, trail), piece.count, piece.separator)
        if isinstance(piece, Repeat)
        else inherited(piece, trail)
        for piece in parts
    )
    return Text(marked, trail)


def dedented(value: Val) -> Val:
    """``textwrap.dedent(value)``: header lines that are written with an indent stand at the beginning of their lines."""
    if isinstance(value, Either):
        return join_values(*(option if option is ABSENT else dedented(option) for option in value.options))
    if isinstance(value, Known) and isinstance(value.value, str):
        return Known(_INDENT.sub("", value.value), value.trail)
    if not isinstance(value, Text):
        return value
    # Only what stands behind the end of a line is an indent: a later part begins within one.
    parts = [
        Known((_INDENT if not index else _NEXT_INDENT).sub("\n" if index else "", part.value), part.trail)
        if isinstance(part, Known) and isinstance(part.value, str)
        else part
        for index, part in enumerate(value.parts)
    ]
    return replace(value, parts=tuple(parts))


_INDENT: Final = re.compile(r"^[ \t]+", re.MULTILINE)
_NEXT_INDENT: Final = re.compile(r"\n[ \t]+")
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


def split(state: State, value: Val, separator: Val, place: Place, *, tidying: bool = False) -> Val:
    """``value.split(separator)``. ``tidying``: each member of a list is split in case it holds several, plainly it holds one."""
    step = Step(StepKind.SPLIT, place)
    if isinstance(value, Either):
        options = [
            split(state, option, separator, place, tidying=tidying) for option in value.options if option is not ABSENT
        ]
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
    if between and _WITHIN.fullmatch(between) and isinstance(value, (Unknown, Parameter)) and value.count.plain <= 1:
        # One mailbox: what stands before the address is no second person.
        high = 0 if value.count.high <= 1 else value.count.high
        before = Unknown("a name", replace(value.count, low=0, plain=0, high=high), value.trail)
        return Items((Member(before, ONE), Member(value, ONE)), value.trail)
    base = value if isinstance(value, (Unknown, Parameter)) else Unknown("a part", OPTIONAL, trail_of(value))
    if isinstance(value, Ext):
        base = external_value(value)
    return Items((Member(replace(base, count=OPTIONAL), OPEN if tidying else MANY),), (*trail_of(base), step))


_WITHIN: Final = re.compile(r"[^,;\s]*[ ]?[<>][ ]?[^,;\s]*")
"""What stands within one mailbox, between its name and its address, and never between two."""
