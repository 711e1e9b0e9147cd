"""What the package makes of a text that holds an address, and of values that may be missing."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.utils import parseaddr
from typing import Any, Final

from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Items,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    inherit,
    join,
    sort_of,
    text,
    trail_of,
)

_LENIENT: Final[dict[str, Any]] = {"strict": False} if "strict" in inspect.signature(parseaddr).parameters else {}
"""Python 3.13 reads several addresses as none (gh-102988), and the package then fails; older ones take the first."""


def first_of(source: str) -> tuple[str, str]:
    """Name and address as ``email.utils.parseaddr`` finds them in a text."""
    try:
        return parseaddr(source, **_LENIENT)
    except (RecursionError, ValueError, IndexError, AttributeError):
        return "", source


def single(value: Value) -> Value:
    """A text of which the package keeps one address."""
    if isinstance(value, (Unknown, Parameter)):
        return replace(value, count=value.count.at_most(1))
    if isinstance(value, Text):
        return replace(value, parts=tuple(part if isinstance(part, Repeat) else single(part) for part in value.parts))
    return value


def one_member(value: Value) -> Value:
    """A member of a list is taken for one address where nothing tells what it is."""
    return single(value) if isinstance(value, (Unknown, Parameter)) else value


def name_and_address(value: Value) -> tuple[Value, Value]:
    """Name and address, each None if missing, as ``Email.parse_email`` takes them out of one text."""
    if isinstance(value, Either):
        pairs = [
            (None, None) if option is ABSENT or option is None else name_and_address(inherit(option, value.trail))
            for option in value.options
        ]
        return joined(pair[0] for pair in pairs), joined(pair[1] for pair in pairs)
    whole = text(value)
    if whole is not None:
        name, address = first_of(whole)
        if "@" not in address:
            # The package takes such a text for a name, and then has no address to send.
            name, address = address, ""
        trail = trail_of(value)
        return (inherit(name, trail) if name else None, inherit(address, trail) if address else None)
    if isinstance(value, Text):
        return _parsed_text(value)
    if isinstance(value, (Unknown, Parameter, Items, list, tuple)):
        # A collection fails, or is glued together into one bad address; its people are counted.
        return None, single(value)
    raise Refused("an address must be a text")


def joined(values: Iterable[Value]) -> Value:
    """One of several values; None where there is none."""
    result = join(*values)
    return None if isinstance(result, Absent) else result


def _parsed_text(value: Text) -> tuple[Value, Value]:
    """The first address of a text with holes: what stands in angle brackets, or in front of the first comma."""
    before: list[Value | Repeat] = []
    inside: list[Value | Repeat] | None = None
    quoted = closed = False
    for part in _flat(value):
        whole = None if isinstance(part, Repeat) else text(part)
        if whole is None:
            (before if inside is None else inside).append(_first_round(part))
            closed = closed or (isinstance(part, Repeat) and "," in (part.separator or ""))
        for letter in whole or "":
            quoted ^= letter == '"'
            if letter == "<" and not quoted and inside is None:
                inside = []
            elif (letter == ">" and inside is not None) or (
                letter == "," and not quoted and inside is None and any(item != " " for item in before)
            ):
                closed = True
            else:
                (before if inside is None else inside).append(letter)
            if closed:
                break
        if closed:
            break
    if inside is None:
        return None, _put_together(before, value)
    return _put_together(before, value) if before else None, _put_together(inside, value)


def _flat(value: Text) -> Iterator[Value | Repeat]:
    for part in value.parts:
        if isinstance(part, Text):
            yield from _flat(part)
        else:
            yield part


def _first_round(part: Value | Repeat) -> Value:
    while isinstance(part, Repeat):
        part = part.value
    return single(part)


def _put_together(pieces: list[Value | Repeat], source: Text) -> Value:
    """Pieces put together again, letters to literals; the hole itself where there is nothing else."""
    parts: list[Value | Repeat] = []
    for piece in pieces:
        if isinstance(piece, str) and parts and isinstance(parts[-1], str):
            parts[-1] += piece
        else:
            parts.append(piece)
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(' "')
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(' "')
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and not isinstance(parts[0], Repeat):
        return inherit(parts[0], source.trail)
    return Text(tuple(parts), source.trail)


def there(value: Value | Absent) -> bool:
    """Whether a value is given, or may be."""
    return value is not ABSENT and sort_of(value) is not Sort.NONE


def or_none(value: Value | Absent) -> Value:
    """A value, or None where it is not given."""
    return None if isinstance(value, Absent) else value


def options_of(value: Either) -> Iterator[Value]:
    """What a value is in one branch of the code or another."""
    for option in value.options:
        if not isinstance(option, Absent) and option is not None:
            yield inherit(option, value.trail)


def each_option(value: Value) -> Iterator[Value]:
    """The same for a value that may have no branches."""
    if isinstance(value, Either):
        yield from options_of(value)
    else:
        yield value
