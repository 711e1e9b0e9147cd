"""Exchanges: what a capture holds, and what a call in the code would make.

Concrete is abstract of zero width: an exchange of a capture and one of the
source differ only in that the latter has holes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from mailguard.model.message import CannotTell
from mailguard.model.place import Place
from mailguard.model.value import Trail, Value

__all__ = ["Body", "Dispatch", "Exchange", "Form", "HttpRequest", "RawMessage", "Record", "SmtpTransaction"]


@dataclass(frozen=True, slots=True)
class Form:
    """A body of named parts (urlencoded or multipart), repeated names in order."""

    parts: tuple[tuple[str, Value], ...]


Body: TypeAlias = Value | Form
"""A body after its transport encoding is undone: JSON data, a form, a text, MIME source."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request."""

    method: Value
    url: Value
    headers: Value = field(default_factory=dict)
    """A mapping of header names, in any case, to values."""
    body: Body = None
    """As sent: ``bytes`` or ``str`` out of a capture, decoded by ``wire`` on demand; data where the code hands
    over data (``requests.post(url, json=...)``)."""
    encoding: str = ""
    """How ``body`` will be encoded where it is data: ``json``, ``form``, or empty for "read the header"."""


@dataclass(frozen=True, slots=True)
class SmtpTransaction:
    """One SMTP transaction: an envelope and what was sent as DATA (RFC 5321, section 3.3)."""

    relay: Value
    """``smtp://host:port``; tells whether control headers of a service count."""
    mail_from: Value
    rcpt_to: Value
    """The envelope; each of these gets a copy."""
    data: Value
    """``bytes`` or ``str`` as transmitted, or a :class:`~mailguard.model.value.Fields` header block of the source."""


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message without an envelope: a file, a mailbox entry."""

    data: Value
    rcpt_to: Value = None
    """The envelope where the recorder noted one (aiosmtpd's ``X-RcptTo``); None if it did not."""
    bcc_is_envelope: bool = False
    """Whether the recorder itself wrote the Bcc line from the envelope (Mailpit)."""


Exchange: TypeAlias = HttpRequest | SmtpTransaction | RawMessage


@dataclass(frozen=True, slots=True)
class Record:
    """One exchange of a capture, or the reason why a record could not be read."""

    place: Place
    exchange: Exchange | CannotTell
    when: str = ""
    """ISO 8601 time of the exchange, where the capture has one."""
    delivered: bool = True
    """False where the capture shows that the service refused (a 4xx answer)."""
    limits: str = ""
    """What the recorder leaves out although it would matter, as a clause: ``an event holds no Cc line``."""

    first_line: int = 0
    """The line of the capture where the message begins, for a message that stands in it as it is; else 0."""

    def at(self, header: str) -> Place:
        """The line of a header in the capture, where the message stands in it as it is; else the record."""
        if not self.first_line or not isinstance(self.exchange, RawMessage):
            return self.place
        data = self.exchange.data
        text = data.decode("latin-1") if isinstance(data, bytes) else data if isinstance(data, str) else ""
        wanted = header.casefold()
        begun = False
        for count, line in enumerate(_LINE_END.split(text, _HEADER_LINES)):
            if begun and not line.strip():
                break
            begun = begun or bool(line.strip("\ufeff \t\xef\xbb\xbf"))
            name, colon, _ = line.partition(":")
            if colon and name.strip().casefold() == wanted:
                return replace(self.place, line=self.first_line + count)
        return self.place

    @property
    def unproven(self) -> str:
        """What this record cannot show of a message, as a clause; empty where it shows all."""
        if self.limits or not isinstance(self.exchange, RawMessage):
            return self.limits
        if self.exchange.bcc_is_envelope:
            return BCC_REWRITTEN
        return NO_ENVELOPE if self.exchange.rcpt_to is None else ""


_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_HEADER_LINES: Final = 20_000  # lines of one message that are searched
NO_ENVELOPE: Final = "who got a blind copy does not show, as the envelope was not recorded"
BCC_REWRITTEN: Final = "whether a Bcc line was sent along does not show, as the recorder writes that line itself"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A mail call in the code, with the request that it would make."""

    exchange: Exchange
    place: Place
    """The call."""
    symbol: str
    """The function that holds the call: ``package.module:Class.method``."""
    root: str
    """The function from which the interpreter came here; ``symbol`` itself if from nowhere."""
    api: str
    """The dotted name of the library function that was called."""
    path: Trail = ()
    """The calls from the root to here, outermost first."""
    loops: frozenset[str] = frozenset()
    """The loops that this call is in, by name: what grows in one of them grows from message to message."""
    unsent: bool = False
    """Whether no call was seen to send it: the place is where the message is made."""
