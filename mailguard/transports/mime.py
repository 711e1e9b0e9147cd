"""Mail messages: what their header lines and their envelope say about who sees whom, and Python's own ``email`` package.

:func:`message_of` reads a message, recorded or about to be sent. The classes and
functions model the standard library; they keep the header lines, those of one name
in the order in which they were written, and nothing else: no body is looked at.

Facts: RFC 5322, section 3.6 (the address headers and the Resent blocks); CPython
3.11.7 and 3.13.0, run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.utils import formataddr as _format_pair
from typing import Final, Literal

from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.addresses.words import addresses_in
from mailguard.model.count import ANY, MANY, ONE, OPTIONAL, ZERO, Count, Truth
from mailguard.model.message import CannotTell, Field, Mention, Message, Reason, Recipient, Trait
from mailguard.model.provider import Function, Library, Refused
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Origin,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    inherit,
    join,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.wire.header_blocks import header_block

__all__ = [
    "COMMASPACE",
    "LIBRARY",
    "Address",
    "EmailMessage",
    "Group",
    "LegacyMessage",
    "MimeLeaf",
    "MimeMultipart",
    "MimeText",
    "blind_of",
    "checked",
    "header_fields",
    "message_of",
    "without_headers",
]

COMMASPACE: Final = ", "
"""``email.utils.COMMASPACE``, and ``email.MIMEText``-era code's usual name for it."""

# --------------------------------------------------------------------------------------------------
# A message and its readers

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
    people: dict[str, list[Recipient]] = {"to": [], "cc": [], "bcc": [], "reply-to": []}
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
        traits=frozenset(traits),
        mentions=tuple(mentions),
    )


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


# --------------------------------------------------------------------------------------------------
# Header blocks of the code


def _pairs(message: Value) -> tuple[tuple[str, Value], ...] | None:
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
    """The values of the lines ``names`` (lower case) as one collection; ABSENT if the message is not known.

    ``first_only``: of each name only the first line, as ``msg["To"]`` gives it.
    """
    if isinstance(message, Either):
        found = [
            header_fields(inherit(option, message.trail), names, first_only=first_only)
            for option in message.options
            if not isinstance(option, Absent)
        ]
        return join(*(each_found for each_found in found if each_found is not ABSENT)) if found else ABSENT
    pairs = _pairs(message)
    if pairs is None:
        return ABSENT
    members: list[Member] = []
    for wanted in names:
        lines = [value for name, value in pairs if name.casefold() == wanted]
        for value in lines:
            inner = value.members if isinstance(value, Items) else (Member(value, ONE),)
            if first_only:
                first = inner[0]
                members.append(Member(first.value, first.count.at_most(1)))
                if first.count.low:
                    break
            else:
                members += inner
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
    pairs = _pairs(message)
    if pairs is None:
        return message
    left = frozenset(names)
    return Fields(tuple((name, value) for name, value in pairs if name.casefold() not in left))


# --------------------------------------------------------------------------------------------------
# email.message

_MARK: Final = "header "
_ADDRESSES: Final = ("to", "cc", "bcc", "reply-to")
_UNIQUE: Final = frozenset(
    ("to", "cc", "bcc", "from", "sender", "reply-to", "subject", "date", "orig-date", "message-id", "mime-version")
)
"""Headers of which ``email.policy.default`` allows one (``header_max_count``); a second one raises."""


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


class _Message(Object):
    """What both kinds of message have. Header lines are kept in one list for each name."""

    PATHS: tuple[str, ...] = ()

    def _start(self) -> None:
        # Made at once, so that branches which write to them meet in one list.
        for name in _ADDRESSES:
            self.write(_MARK + name, [])

    # -- lines

    def _lines(self, name: str) -> list[Member]:
        value = self.read(_MARK + name)
        if not isinstance(value, Either):
            return list(each(value))
        # Either this list or that one: laid over each other line by line, since never both are there.
        options = [[] if isinstance(o, Absent) else list(each(inherit(o, value.trail))) for o in value.options]
        result: list[Member] = []
        for index in range(max(map(len, options))):
            present = [option[index] for option in options if index < len(option)]
            count = present[0].count if len(present) == len(options) else ZERO
            for member in present:
                count = count | member.count
            joined = join(*(member.value for member in present))
            result.append(Member(None if isinstance(joined, Absent) else joined, count))
        return result

    def _names(self) -> list[str]:
        held = super().render()
        keys = held if isinstance(held, dict) else [key for key, _ in held.known] if isinstance(held, Fields) else []
        return [key[len(_MARK) :] for key in keys if isinstance(key, str) and key.startswith(_MARK)]

    def _put(self, name: str, value: Value) -> None:
        self.append(_MARK + name, self._stored(name, value))

    def _stored(self, name: str, value: Value) -> Value:
        del name
        return value

    def _each_name(self, name: Value) -> list[tuple[str, bool]]:
        """What a header name may be, in lower case, and whether it surely is that."""
        if isinstance(name, Either):
            options = [text(option) for option in name.options if not isinstance(option, Absent)]
            return [("*" if option is None else option.casefold(), False) for option in options]
        whole = text(name)
        return [("*", True)] if whole is None else [(whole.casefold(), True)]

    # -- the mapping interface

    def __setitem__(self, name: Value, val: Value) -> None:
        for key, sure in self._each_name(name):
            self._put(key, val if sure else _or_nothing(val))

    def add_header(self, _name: Value, _value: Value, **_params: Value) -> None:
        self[_name] = _value

    def replace_header(self, _name: Value, _value: Value) -> None:
        for key, sure in self._each_name(_name):
            lines = self._lines(key)
            if not any(member.count.high for member in lines):
                if sure and key != "*":
                    raise Refused("KeyError: no such header")
                continue
            first = self._stored(key, _value if sure else _either(_value, lines[0].value))
            self.write(_MARK + key, Items((Member(first, ONE), *lines[1:])))

    def __delitem__(self, name: Value) -> None:
        for key, sure in self._each_name(name):
            if sure and key != "*":
                self.write(_MARK + key, [])

    def __getitem__(self, name: Value) -> Value:
        return self.get(name)

    def get(self, name: Value, failobj: Value = None) -> Value:
        found: list[Value] = []
        for key, _ in self._each_name(name):
            if key == "*":
                return Unknown("a header")
            for member in self._lines(key):
                found.append(member.value)
                if member.count.low:
                    break
            else:
                found.append(failobj)
        joined = join(*found)
        return None if isinstance(joined, Absent) else joined

    def get_all(self, name: Value, failobj: Value = None) -> Value:
        members = [member for key, _ in self._each_name(name) for member in self._lines(key)]
        if not members:
            return failobj
        if all(member.count == ONE for member in members):
            return [member.value for member in members]
        return Items(tuple(members))

    def __contains__(self, name: Value) -> Value:
        lines = [member for key, _ in self._each_name(name) for member in self._lines(key)]
        if any(member.count.low for member in lines):
            return True
        return Unknown("whether there is such a header") if any(member.count.high for member in lines) else False

    def keys(self) -> Value:
        return Items(tuple(Member(_title(name), count) for name, _, count in self._every()))

    def values(self) -> Value:
        return Items(tuple(Member(value, count) for _, value, count in self._every()))

    def items(self) -> Value:
        return Items(
            tuple(
                Member(Items((Member(_title(name), ONE), Member(value, ONE)), sort="tuple"), count)
                for name, value, count in self._every()
            )
        )

    def _every(self) -> Iterator[tuple[str, Value, Count]]:
        for name in self._names():
            for value, count in self._lines(name):
                yield name, value, count

    # -- what goes out

    def render(self) -> Value:
        """The header block: one entry for each line; several rounds of one line are a collection under its name."""
        return Fields(
            tuple(
                (_title(name), _shown(value) if count == ONE else Items((Member(_shown(value), count),)))
                for name, value, count in self._every()
            )
        )

    def _check(self) -> None:
        """Refuse what the library cannot write out."""

    def _written(self) -> Value:
        self._check()
        parts: list[Value | Repeat] = []
        for name, value, count in self._every():
            line = Text((f"{_title(name)}: ", _shown(value), "\n"))
            parts.append(line if count == ONE else Repeat(line, count, ""))
        # The body is not followed; that something stands there keeps the lines' own ways apart.
        return Text((*parts, "\n", Unknown("the body", ZERO)))

    def as_string(self, unixfrom: Value = False, maxheaderlen: Value = 0, policy: Value = None) -> Value:
        del unixfrom, maxheaderlen, policy
        return self._written()

    def as_bytes(self, unixfrom: Value = False, policy: Value = None) -> Value:
        del unixfrom, policy
        return self._written()

    # -- parts, which are not followed

    def attach(self, payload: Value) -> None:
        del payload

    def set_payload(self, payload: Value, charset: Value = None) -> None:
        del payload, charset

    def set_charset(self, charset: Value) -> None:
        del charset


def _or_nothing(value: Value) -> Value:
    return _either(value, None)


def _either(one: Value, other: Value) -> Value:
    joined = join(one, other)
    return None if isinstance(joined, Absent) else joined


def _shown(value: Value) -> Value:
    """A header value as it is printed: things that print themselves as what they print."""
    if isinstance(value, Object):
        return inherit(value.render(), trail_of(value))
    if isinstance(value, Either):
        joined = join(*(option if isinstance(option, Absent) else _shown(option) for option in value.options))
        return None if isinstance(joined, Absent) else inherit(joined, value.trail)
    return value


def checked(message: Value) -> Value:
    """``message``, unless the library could not write it out: then :class:`Refused`."""
    if isinstance(message, _Message):
        message._check()  # noqa: SLF001  # a module function, so that code under analysis does not find it
    return message


class LegacyMessage(_Message):
    """``email.message.Message``, with the policy ``compat32``: each assignment appends a line."""

    PATHS: tuple[str, ...] = ("email.message.Message", "email.Message.Message")

    def __init__(self, policy: Value = None) -> None:
        del policy
        self._start()

    def _check(self) -> None:
        # A list is taken at the assignment, and raises AttributeError when the message is written out.
        for _, value, count in self._every():
            if count.low and sort_of(value) in {Sort.COLLECTION, Sort.MAPPING, Sort.NUMBER}:
                raise Refused("a header of a legacy message is no text")


class MimeText(LegacyMessage):
    """``MIMEText``."""

    PATHS = ("email.mime.text.MIMEText", "email.MIMEText.MIMEText", "email.mime.Text.MIMEText")

    def __init__(
        self, _text: Value = "", _subtype: Value = "plain", _charset: Value = None, *, policy: Value = None
    ) -> None:
        del _text, _subtype, _charset
        super().__init__(policy)


class MimeMultipart(LegacyMessage):
    """``MIMEMultipart``."""

    PATHS = ("email.mime.multipart.MIMEMultipart", "email.MIMEMultipart.MIMEMultipart")

    def __init__(
        self,
        _subtype: Value = "mixed",
        boundary: Value = None,
        _subparts: Value = None,
        *,
        policy: Value = None,
        **_params: Value,
    ) -> None:
        del _subtype, boundary, _subparts, _params
        super().__init__(policy)


class MimeLeaf(LegacyMessage):
    """``MIMEBase`` and the classes for data: they take anything, and differ in the body only."""

    PATHS = (
        "email.mime.base.MIMEBase",
        "email.MIMEBase.MIMEBase",
        "email.mime.application.MIMEApplication",
        "email.mime.image.MIMEImage",
        "email.MIMEImage.MIMEImage",
        "email.mime.audio.MIMEAudio",
        "email.MIMEAudio.MIMEAudio",
        "email.mime.message.MIMEMessage",
        "email.mime.nonmultipart.MIMENonMultipart",
    )

    def __init__(self, *_args: Value, policy: Value = None, **_params: Value) -> None:
        del _args, _params
        super().__init__(policy)


class EmailMessage(_Message):
    """``email.message.EmailMessage``, with the policy ``default``: a second To raises; collections are joined."""

    PATHS = ("email.message.EmailMessage", "email.message.MIMEPart")

    def __init__(self, policy: Value = None) -> None:
        del policy
        self._start()

    def _put(self, name: str, value: Value) -> None:
        lines = self._lines(name) if name in _UNIQUE else []
        if any(member.count.low for member in lines):
            raise Refused("ValueError: there may be at most one header of this name")
        stored = self._stored(name, value)
        if lines:
            # A run in which the line is already there ends here.
            self.write(_MARK + name, [stored])
        else:
            self.append(_MARK + name, stored)

    def _stored(self, name: str, value: Value) -> Value:
        whole = text(value)
        if whole is not None and ("\n" in whole or "\r" in whole):
            raise Refused("ValueError: header values may not contain linefeed or carriage return characters")
        if name in _ADDRESSES or name in {"from", "sender", "resent-to", "resent-cc", "resent-bcc", "*"}:
            return _joined(value)
        return value

    # Bodies and parts; they change no address header.

    def set_content(self, *_args: Value, **_kw: Value) -> None:
        """Nothing that a reader learns about others."""

    def add_alternative(self, *_args: Value, **_kw: Value) -> None:
        """See :meth:`set_content`."""

    def add_attachment(self, *_args: Value, **_kw: Value) -> None:
        """See :meth:`set_content`."""

    def add_related(self, *_args: Value, **_kw: Value) -> None:
        """See :meth:`set_content`."""


def _joined(value: Value) -> Value:
    """A collection of addresses as the one text that the policy makes of it; anything else as it is."""
    if isinstance(value, Either):
        joined = join(
            *(
                option if isinstance(option, Absent) else _joined(inherit(option, value.trail))
                for option in value.options
            )
        )
        return None if isinstance(joined, Absent) else joined
    if sort_of(value) is not Sort.COLLECTION:
        return _shown(value)
    parts: list[Value | Repeat] = []
    for item, count in each(value):
        # each() cannot give a thing the way of its collection; what it prints can have it.
        printed = inherit(_shown(item), trail_of(value))
        if parts:
            parts.append(COMMASPACE)
        parts.append(printed if count == ONE else Repeat(printed, count, COMMASPACE))
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Text(tuple(parts))


# --------------------------------------------------------------------------------------------------
# email.headerregistry


class Address(Object):
    """``email.headerregistry.Address``."""

    PATHS = ("email.headerregistry.Address",)
    HOLDS = True

    def __init__(
        self,
        display_name: Value = "",
        username: Value = "",
        domain: Value = "",
        addr_spec: Value = None,
    ) -> None:
        if _given(addr_spec) and (_given(username) or _given(domain)):
            raise Refused("TypeError: addrspec specified when username and/or domain also specified")
        self.write("_name", display_name)
        if sort_of(addr_spec) is Sort.NONE:
            self.write("_username", username)
            self.write("_domain", domain)
        else:
            self.write("_spec", addr_spec)

    def _read(self, name: str) -> Value:
        value = self.read(name, "")
        return "" if isinstance(value, Absent) else value

    @property
    def display_name(self) -> Value:
        """The name beside the address."""
        return self._read("_name")

    @property
    def addr_spec(self) -> Value:
        """``username@domain``."""
        spec = self.read("_spec")
        if not isinstance(spec, Absent):
            return spec
        return _text((self._read("_username"), "@", self._read("_domain")))

    @property
    def username(self) -> Value:
        """What stands before the ``@``."""
        spec = text(self.read("_spec"))
        return self._read("_username") if spec is None else spec.rpartition("@")[0]

    @property
    def domain(self) -> Value:
        """What stands behind the ``@``."""
        spec = text(self.read("_spec"))
        return self._read("_domain") if spec is None else spec.rpartition("@")[2]

    def render(self) -> Value:
        """``Name <username@domain>``, the name quoted where it must be."""
        return _named(self._read("_name"), self.addr_spec)


def _given(value: Value) -> bool:
    whole = text(value)
    return bool(whole) if whole is not None else sort_of(value) is Sort.TEXT


class Group(Object):
    """``email.headerregistry.Group``."""

    PATHS = ("email.headerregistry.Group",)

    def __init__(self, display_name: Value = None, addresses: Value = None) -> None:
        self.write("_name", display_name)
        self.write("_addresses", addresses)

    @property
    def addresses(self) -> Value:
        """The members."""
        value = self.read("_addresses")
        return () if isinstance(value, Absent) or value is None else value

    def render(self) -> Value:
        """``name: a, b;``, or the one member of a group without a name."""
        members = _joined(self.addresses)
        name = self.read("_name", None)
        if sort_of(name) is Sort.NONE:
            return members
        return _text((name if not isinstance(name, Absent) else "", ": ", members, ";"))


# --------------------------------------------------------------------------------------------------
# email.utils, email.header, email


def _text(parts: Iterable[Value]) -> Value:
    pieces = tuple(parts)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return Text(pieces)


def _named(name: Value, address: Value) -> Value:
    if truth(name) is Truth.NO:
        return address
    whole = text(name)
    if whole is not None:
        # As the library quotes it; the name is put in front of whatever the address is.
        front = _format_pair((whole, "a@example.com")).rpartition("<")[0]
        return _text((inherit(front, trail_of(name)), "<", address, ">"))
    return _text(('"', name, '" <', address, ">"))


def formataddr(pair: Value, charset: Value = "utf-8") -> Value:
    """``Name <address>``; the address alone where the name is empty."""
    del charset
    if isinstance(pair, Either):
        joined = join(*(formataddr(inherit(o, pair.trail)) for o in pair.options if not isinstance(o, Absent)))
        return None if isinstance(joined, Absent) else joined
    if sort_of(pair) is Sort.COLLECTION:
        members = [member.value for member in each(pair)]
        if len(members) == 2:
            return _named(members[0], members[1])
    return Unknown("an address", OPTIONAL, trail_of(pair))


def _pair_of(person: Recipient) -> Value:
    address: Value
    if person.address is not None:
        address = Known(person.address, person.trail) if person.origin is not Origin.GIVEN else person.address
    else:
        address = Unknown(person.label or "an address", person.count.at_most(1), person.trail)
    return Items((Member("", ONE), Member(address, ONE)), sort="tuple")


def _read_pairs(value: Value) -> list[Member]:
    if isinstance(value, (Unknown, Parameter)):
        # Kept as it is, so that a caller's list is still the caller's.
        one = replace(value, count=value.count.at_most(1))
        return [Member(Items((Member("", ONE), Member(one, ONE)), sort="tuple"), value.count)]
    return [Member(_pair_of(person), person.count) for person in recipients(value).recipients]


def getaddresses(fieldvalues: Value, *, strict: Value = True) -> Value:
    """A list of (name, address) pairs; the names are not followed."""
    del strict
    values = each(fieldvalues) if sort_of(fieldvalues) is Sort.COLLECTION else [Member(fieldvalues, ONE)]
    return Items(tuple(Member(pair, own * count) for value, count in values for pair, own in _read_pairs(value)))


def parseaddr(addr: Value, *, strict: Value = True) -> Value:
    """The first (name, address) pair. Since CPython 3.13 a text with several is refused and gives two empty texts."""
    del strict
    pairs = _read_pairs(addr)
    return pairs[0].value if pairs else Items((Member("", ONE), Member("", ONE)), sort="tuple")


def make_msgid(idstring: Value = None, domain: Value = None) -> Value:
    """An identifier, which is nobody's address."""
    del idstring, domain
    return Unknown("make_msgid()", ZERO)


def formatdate(timeval: Value = None, localtime: Value = False, usegmt: Value = False) -> Value:
    """A date, which is nobody's address."""
    del timeval, localtime, usegmt
    return Unknown("formatdate()", ZERO)


def header(
    s: Value = None,
    charset: Value = None,
    maxlinelen: Value = None,
    header_name: Value = None,
    continuation_ws: Value = " ",
    errors: Value = "strict",
) -> Value:
    """``email.header.Header``: readers see the text that it was made of."""
    del charset, maxlinelen, header_name, continuation_ws, errors
    return "" if sort_of(s) is Sort.NONE else s


def message_from(s: Value, *_args: Value, **_kws: Value) -> Value:
    """A message out of its source text."""
    message = LegacyMessage()
    pairs = _pairs(s)
    if pairs is None:
        label = s.why if isinstance(s, Unknown) else s.name if isinstance(s, Parameter) else "a message"
        pairs = (("*", Unknown(label, ANY, trail_of(s))),)
    for name, value in pairs:
        members = value.members if isinstance(value, Items) else (Member(value, ONE),)
        key = _MARK + name.casefold()
        held = message.read(key)
        before = () if isinstance(held, Absent) else tuple(each(held))
        message.write(key, Items((*before, *members)))
    return message


LIBRARY: Final = Library(
    functions=(
        Function(("email.utils.formataddr", "email.Utils.formataddr"), formataddr),
        Function(("email.utils.getaddresses", "email.Utils.getaddresses"), getaddresses),
        Function(("email.utils.parseaddr", "email.Utils.parseaddr"), parseaddr),
        Function(("email.utils.make_msgid", "email.Utils.make_msgid"), make_msgid),
        Function(("email.utils.formatdate", "email.Utils.formatdate"), formatdate),
        Function(("email.utils.format_datetime",), formatdate),
        Function(("email.header.Header", "email.Header.Header"), header),
        Function(("email.message_from_string", "email.message_from_bytes"), message_from),
    ),
    classes=(LegacyMessage, MimeText, MimeMultipart, MimeLeaf, EmailMessage, Address, Group),
    constants=(
        ("email.utils.COMMASPACE", COMMASPACE),
        ("email.Utils.COMMASPACE", COMMASPACE),
        ("email.utils.EMPTYSTRING", ""),
        ("email.utils.CRLF", "\r\n"),
    ),
)
"""Python's own ``email`` package. It sends nothing by itself, so no file is read for its sake."""
