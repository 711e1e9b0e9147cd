"""What the readers of one message see of each other: its headers and its envelope."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal

from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.addresses.words import addresses_in
from mailguard.model.count import ANY, MANY, ONE, ZERO, Count
from mailguard.model.message import CannotTell, Field, Mention, Message, Reason, Recipient, Trait
from mailguard.model.value import Absent, Either, Fields, Items, Object, Parameter, Unknown, Value, inherit, join, text
from mailguard.wire.header_blocks import header_block, split_message

_VISIBLE: Final = {"to": "to", "resent-to": "to", "apparently-to": "to", "cc": "cc", "resent-cc": "cc"}
_BLIND: Final = frozenset({"bcc", "resent-bcc"})
# Headers of one's own making that repeat the recipients. Left out: what a receiving server or a recorder
# adds, where each reader finds only himself.
_OWN_HEADER: Final = re.compile(r"x(?:-[a-z0-9]+)*-(?:to|cc|bcc|rcpts?|recipients?)(?:-(?:list|all))?", re.IGNORECASE)
_DELIVERY: Final = frozenset(
    (
        "x-original-to",
        "x-delivered-to",
        "x-envelope-to",
        "x-forwarded-to",
        "x-rcpt-to",
        "x-in-reply-to",
        "x-resolved-to",
    )
)


def message_of(
    data: Value, rcpt_to: Value | None = None, *, bcc: Literal["transmitted", "removed", "undocumented"]
) -> Message | CannotTell:
    """What the readers of one message see of each other.

    ``data``: the message, as bytes, as text, or as a header block; known or with holes.
    ``rcpt_to``: the envelope, None where there is none: then the headers are all there
    is. ``bcc`` says what becomes of a Bcc line: it is *transmitted* to the readers, it
    is *removed* on the way, or the service does not document which (then it is noted
    as transmitted, and the caller answers ``Undecided``).

    To and Cc of all lines are visible, and so are those of Resent blocks (RFC 5322,
    section 3.6.6: they are added, the original lines stay). Whoever is in the envelope
    and not visible is blind. A collection under a header's name stands for several lines
    of that name; a list of addresses in one line is a text.
    """
    if isinstance(data, (str, bytes)) and not data.strip():
        # Recorders keep the part of a form that was read from a stream, and not what was in it.
        return CannotTell(Reason.BODY_MISSING, "the message is empty")
    block = header_block(_legible(data))
    if isinstance(block, CannotTell):
        return block
    if isinstance(data, (str, bytes)) and _is_shut(data, (name for name, _ in block)):
        return CannotTell(Reason.BAD_RECORD, "the message does not begin with header lines")
    people: dict[str, list[Recipient]] = {"to": [], "cc": [], "bcc": [], "reply-to": [], "from": []}
    mentions: list[Mention] = []
    lines = {"to": ZERO, "cc": ZERO}
    asides: list[tuple[Field, str, str]] = []
    for name, value in block:
        key = name.strip().casefold()
        if key in _VISIBLE:
            found = recipients(value)
            people[_VISIBLE[key]] += found.recipients
            mentions += found.mentions
            if key in lines:
                lines[key] = lines[key] + _line_count(value, found)
        elif key in _BLIND:
            people["bcc"] += recipients(value).recipients
        elif key == "from":
            people["from"] += recipients(value).recipients
        elif key == "reply-to":
            people["reply-to"] += recipients(value).recipients
        elif "*" in key:
            # A line whose name is not known plainly is not one of these; but it may be.
            people["to"] += _perhaps(recipients(value))
        elif key == "subject" and (subject := text(value)) and "@" in subject:
            asides.append((Field.SUBJECT, "", subject))
        elif _OWN_HEADER.fullmatch(key) and key not in _DELIVERY and (aside := text(value)) and "@" in aside:
            asides.append((Field.HEADER, name, aside))
    visible = (*people["to"], *people["cc"])
    if not visible and isinstance(data, (str, bytes)) and _CONTROL.search(split_message(_start(data))[0]):
        return CannotTell(Reason.BAD_RECORD, "the header lines of the message are damaged")
    mentions += _asides(asides, visible)
    blind: Iterable[Recipient] = () if rcpt_to is None else blind_of(recipients(rcpt_to).recipients, visible)
    transmitted: tuple[Recipient, ...] = tuple(people["bcc"])
    if bcc == "removed":
        if rcpt_to is None:
            blind = transmitted
        transmitted = ()
    traits = {Trait.REPEATED_HEADER} if any(count.plain > 1 for count in lines.values()) else set()
    return Message(
        to=tuple(people["to"]),
        cc=tuple(people["cc"]),
        bcc=tuple(blind),
        transmitted_bcc=transmitted,
        reply_to=tuple(people["reply-to"]),
        sender=tuple(people["from"]),
        traits=frozenset(traits),
        mentions=tuple(mentions),
    )


_USUAL: Final = frozenset(
    {*_VISIBLE, *_BLIND, "from", "reply-to", "sender", "subject", "date", "received", "message-id", "mime-version"}
    | {"content-type", "return-path", "x-mailer"}
)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_LINES: Final = re.compile(rb"(?im)^(?:from|to|cc|subject|date|received|mime-version|content-type)[ \t]*:")
_LOOKED: Final = 4096
_WORD: Final = 40


def _is_shut(data: str | bytes, names: Iterable[str]) -> bool:
    """Whether what should be a message is base64 that lost a sign or has one too many, or what such base64 becomes.

    A text without header lines is a message too; servers take it.
    """
    if any(name.strip().casefold() in _USUAL for name in names):
        return False
    start = _start(data).lstrip()
    if _CONTROL.search(start[:400]):
        return True
    if len(start.split(None, 1)[0]) < _WORD:
        return False
    packed = re.sub(rb"[^A-Za-z0-9+/]", b"", start.replace(b"-", b"+").replace(b"_", b"/"))
    shifted = [packed[cut : cut + (len(packed) - cut) // 4 * 4] for cut in range(4)]
    return any(_LINES.search(base64.b64decode(one)) for one in shifted)


def _start(data: str | bytes) -> bytes:
    return data[:_LOOKED].encode("utf-8", "replace") if isinstance(data, str) else data[:_LOOKED]


def _legible(data: Value) -> Value:
    """``data`` with each message that the code does not tell as one line of which nothing is known."""
    match data:
        case Unknown() | Parameter():
            return Fields((("*", replace(data, count=ANY)),), trail=data.trail)
        case Object():
            return _legible(data.render())
        case Either():
            options = [
                option if isinstance(option, Absent) else _legible(inherit(option, data.trail))
                for option in data.options
            ]
            joined = join(*options)
            return None if isinstance(joined, Absent) else joined
        case _:
            return data


def _line_count(value: Value, found: People) -> Count:
    """How many header lines a value stands for; a line that names nobody does not count."""
    if not found.recipients:
        return ZERO
    if isinstance(value, Items):
        count = ZERO
        for member in value.members:
            count = count + member.count
        return count
    return ONE


def _perhaps(people: People) -> list[Recipient]:
    return [replace(person, count=Count(0, 0, person.count.high)) for person in people.recipients]


def _asides(asides: list[tuple[Field, str, str]], visible: Iterable[Recipient]) -> Iterator[Mention]:
    shown = {compare_key(person.address) for person in visible if person.address}
    for field, name, content in asides:
        for address in addresses_in(content):
            if compare_key(address) not in shown:
                yield Mention(field, Recipient(address), name)


def blind_of(envelope: Iterable[Recipient], visible: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """Those of the envelope who are not printed. Equal addresses, and equal expressions, are the same people.

    What stands for more people in the envelope than in the lines is printed in part: all of a list of which the first
    one is printed, an address that is printed in one branch only. The others are blind. What is printed without a name
    (one of several addresses) may be anybody of the envelope.
    """
    shown: dict[object, Count] = {}
    for person in visible:
        key = _identity(person)
        shown[key] = shown.get(key, ZERO) + person.count
        if person.label.endswith("[]") and person.count.plain > 1:
            # All members of ``users`` were joined: the list itself, in the envelope, is the same people.
            shown[person.label[:-2], person.trail[:1]] = MANY
    somebody = None in shown
    blind = []
    for person in envelope:
        key = _identity(person)
        printed = ZERO if key is None else shown.get(key, ZERO)
        if not printed.high:
            blind.append(replace(person, count=replace(person.count, low=0)) if somebody else person)
        elif person.address is not None and person.count.low > printed.low:
            blind.append(replace(person, count=Count(0, 0 if printed.plain else 1, 1)))
        elif person.address is None and person.count.high > printed.high:
            blind.append(replace(person, count=replace(person.count, low=max(0, person.count.low - printed.high))))
    return tuple(blind)


def _identity(person: Recipient) -> object:
    if person.address is not None:
        return compare_key(person.address)
    return (person.label, person.trail[:1]) if person.label else None
