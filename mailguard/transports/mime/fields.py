"""Single headers of a message that code hands over."""

from __future__ import annotations

from collections.abc import Iterable

from mailguard.model.count import ONE
from mailguard.model.message import CannotTell
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Text,
    Value,
    inherit,
    join,
    scalar,
)
from mailguard.wire.header_blocks import header_block


def header_pairs(message: Value) -> tuple[tuple[str, Value], ...] | None:
    """The header lines of a message that code holds; None where nothing tells them."""
    """The header lines of one message of the code; None if it is not known what they are."""
    data = message.render() if isinstance(message, Object) else scalar(message)
    if isinstance(data, Fields):
        return (*((name, inherit(value, data.trail)) for name, value in data.known), *_rest(data))
    if isinstance(data, dict):
        return tuple((str(name), value) for name, value in data.items())
    if isinstance(data, (str, bytes, Text)):
        block = header_block(data)
        return None if isinstance(block, CannotTell) else block
    return None


def _rest(data: Fields) -> tuple[tuple[str, Value], ...]:
    return () if data.rest is None else (("*", data.rest),)


def header_fields(message: Value, names: Iterable[str], *, first_only: bool = False) -> Value | Absent:
    """The values of the lines ``names`` (lower case) as one collection; ABSENT if nothing tells whom they hold.

    ``first_only``: of each name only the first line, as ``msg["To"]`` gives it.
    """
    if isinstance(message, Either):
        found = [
            header_fields(inherit(option, message.trail), names, first_only=first_only)
            for option in message.options
            if not isinstance(option, Absent)
        ]
        known = [each_found for each_found in found if each_found is not ABSENT]
        if len(known) < len(found) and all(each_found == Items(()) for each_found in known):
            # Nobody is in what is known, and there is what is not.
            return ABSENT
        return join(*known) if known else ABSENT
    pairs = header_pairs(message)
    if pairs is None:
        return ABSENT
    members: list[Member] = []
    for wanted in names:
        lines = [value for name, value in pairs if name.casefold() == wanted]
        for value in lines:
            inner = value.members if isinstance(value, Items) else (Member(value, ONE),)
            if first_only and inner:
                first = inner[0]
                members.append(Member(first.value, first.count.at_most(1)))
                if first.count.low:
                    break
            else:
                members += inner
    if not members and any("*" in name for name, _ in pairs):
        # A line whose name nothing tells may be any of these.
        return ABSENT
    return Items(tuple(members))


def without_headers(message: Value, names: Iterable[str]) -> Value:
    """The header block of a message without the lines ``names`` (lower case)."""
    if isinstance(message, Either):
        joined = join(
            *(
                option if isinstance(option, Absent) else without_headers(inherit(option, message.trail), names)
                for option in message.options
            )
        )
        return None if isinstance(joined, Absent) else joined
    pairs = header_pairs(message)
    if pairs is None:
        return message
    left = frozenset(names)
    return Fields(tuple((name, value) for name, value in pairs if name.casefold() not in left))
