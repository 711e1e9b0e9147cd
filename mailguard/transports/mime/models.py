"""Models of ``email.message`` and ``email.mime``: messages that calls change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mailguard.model.count import ANY, ONE, ZERO, Count
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    inherit,
    join,
    sort_of,
    text,
    trail_of,
)
from mailguard.transports.mime.fields import header_pairs

COMMASPACE: Final = ", "
"""``email.utils.COMMASPACE``, and ``email.MIMEText``-era code's usual name for it."""
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

    # -- what a mapping has and a message has not (email.message, CPython 3.13): the program ends before it sends

    def pop(self, *_arguments: Value) -> Value:
        raise Refused("AttributeError: a message has no pop")

    def setdefault(self, *_arguments: Value) -> Value:
        raise Refused("AttributeError: a message has no setdefault")

    def update(self, *_arguments: Value, **_lines: Value) -> Value:
        raise Refused("AttributeError: a message has no update")

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
        self, text_of_parts: Value = "", _subtype: Value = "plain", _charset: Value = None, *, policy: Value = None
    ) -> None:
        del text_of_parts, _subtype, _charset
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
            return joined_addresses(value)
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


def joined_addresses(value: Value) -> Value:
    """Addresses as one line."""
    """A collection of addresses as the one text that the policy makes of it; anything else as it is."""
    if isinstance(value, Either):
        joined = join(
            *(
                option if isinstance(option, Absent) else joined_addresses(inherit(option, value.trail))
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


def text_of_parts(parts: Iterable[Value]) -> Value:
    """A text of parts, any of which may be a hole."""
    pieces = tuple(parts)
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return Text(pieces)


def message_from(s: Value, *_args: Value, **_kws: Value) -> Value:
    """A message out of its source text."""
    message = LegacyMessage()
    pairs = header_pairs(s)
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
