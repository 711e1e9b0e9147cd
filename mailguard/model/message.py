"""Messages: what one group of readers sees of each other.

A request is a list of messages. Everybody who gets one message reads the same
To and Cc lines (RFC 5322, section 3.6.3); the envelope (RFC 5321) decides who
gets it. A service's ``decode`` turns a request into messages; the judge reads
nothing else.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TypeAlias

from mailguard.model.count import ONE, Count
from mailguard.model.value import Origin, Trail

__all__ = [
    "CannotTell",
    "Decoded",
    "Field",
    "Mention",
    "Message",
    "Reason",
    "Recipient",
    "Trait",
    "Undecided",
]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One mailbox, or one entry of the code that stands for ``count`` mailboxes."""

    address: str | None
    """The addr-spec as written, without display name, comments and angle brackets; None where it is not known."""
    count: Count = ONE
    """How many people the entry stands for."""
    origin: Origin = Origin.GIVEN
    """Where the entry comes from."""
    trail: Trail = field(default=(), compare=False)
    """The way by which the entry came into the message; empty for a capture."""
    domain: str | None = None
    """The domain where only that is known (``f"{user}@example.org"``); None if it follows from ``address``."""
    parameter: bool = field(default=False, compare=False)
    """Whether a caller of the code can still change the count."""
    label: str = field(default="", compare=False)
    """The expression that the code reads (``user.email``): entries with the same label and the same
    trail start are one person written twice. Empty for a capture."""
    either: tuple[Recipient, ...] = field(default=(), compare=False)
    """Where branches of the code give one person each: whom it is one of. Empty where it is only itself."""


class Field(enum.Enum):
    """Where, besides To and Cc, a reader finds other people's addresses; the value is the word that is printed."""

    NAME = "a display name"
    SUBJECT = "the subject"
    TEXT = "the text"
    HTML = "the HTML"
    ATTACHMENT = "an attachment"
    CALENDAR = "a calendar part"
    HEADER = "another header"
    MERGE = "the merge data"
    TAG = "a merge tag"
    """Not an address: a tag that nothing fills; the person of the mention is its reader."""
    LINK = "a personal link"
    """Not an address: a link that belongs to the person of the mention."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An address that a reader finds outside the address headers."""

    field: Field
    recipient: Recipient
    detail: str = ""
    """The header's name, where ``field`` is HEADER; ``key`` or ``shared`` where it is MERGE."""
    known: bool = False
    """Whether it is somebody else who was written to: in the same request, or earlier in the capture. Never of code."""


class Trait(enum.Enum):
    """A mechanism: how the recipients came together. Noted by the source machine and by ``decode``."""

    BATCHED = "batched"
    """A chunk of a longer list is used whole (BitMEX, 1 November 2019)."""
    JOINED = "joined"
    """A list was joined into the text of one header or field."""
    REPEATED_HEADER = "repeated-header"
    """The message has several To or Cc lines; each write appended one."""
    GROWING = "growing"
    """A list, or a header, that gains a member in each pass of the loop that sends."""
    GATHERING = "gathering"
    """A text with the people of the one before and more (Let's Encrypt, 11 June 2016). Of captures only."""
    SHARED_PERSONALIZATION = "shared-personalization"
    """SendGrid: several ``to`` inside one personalization."""
    MISSING_SPLIT = "missing-split"
    """The service would write one message each, had the request asked for it (Mailgun, Mandrill, anymail)."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one group of readers sees."""

    to: tuple[Recipient, ...] = ()
    """Printed in To, in order of appearance."""
    cc: tuple[Recipient, ...] = ()
    """Printed in Cc."""
    bcc: tuple[Recipient, ...] = ()
    """Gets a copy and is printed nowhere."""
    transmitted_bcc: tuple[Recipient, ...] = ()
    """In a Bcc line that is still in what was handed over, so that readers may see it."""
    reply_to: tuple[Recipient, ...] = ()
    """Printed in Reply-To."""
    sender: tuple[Recipient, ...] = field(default=(), compare=False)
    """Printed in From: whom every reader sees, so that a copy to them shows nobody new. Of a meeting: who invites, and rooms."""
    copies: Count = ONE
    """How many messages of this form the request makes (one personalization per person: many)."""
    traits: frozenset[Trait] = frozenset()
    mentions: tuple[Mention, ...] = ()
    """Addresses that readers find elsewhere."""
    hidden: Count = field(default_factory=lambda: Count(0, 0, 0))
    """People who are addressed but whom the request does not name (a list id, a masked field)."""


class Reason(enum.Enum):
    """Why a request could not be decoded; the value is the sentence that is printed. A fixed list."""

    BODY_MISSING = "the recorder kept no body"
    BODY_CUT = "the body ends before its end"
    WRONG_ENCODING = "the header and the body disagree on the encoding"
    TOO_LARGE = "the body is larger than the limit"
    UNKNOWN_FORM = "an operation or a version of this API that mailguard does not know"
    MASKED = "the addresses are already masked"
    ENVELOPE_MISSING = "the envelope was not recorded"
    TEMPLATE = "a template at the provider decides"
    LIST_AT_PROVIDER = "a list kept at the provider decides"
    NOT_MAIL_HOST = "no mail service that mailguard knows has this host"
    ACCOUNT_OPTION = "an option of the account at the provider decides"
    RELAY = "the mail server that gets it decides"
    RAW_BCC = "whether the service removes the Bcc line is not documented"
    ADDRESSES = "some recipients could not be read"
    NOT_SENT = "the message is made here, and no code that mailguard reads is seen to send it"
    BAD_RECORD = "the record is damaged"


@dataclass(frozen=True, slots=True)
class Undecided:
    """The service itself leaves it open; ``decode`` never guesses."""

    reason: Reason
    messages: tuple[Message, ...]
    """The worst case, which is judged as undecided."""
    alternative: tuple[Message, ...] = ()
    """What happens otherwise."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The request belongs to a mail service, and who sees whom in it could not be established."""

    reason: Reason
    detail: str = ""
    """What exactly, in words without any content of the request: ``the header says gzip, the body is not gzip``."""


Decoded: TypeAlias = tuple[Message, ...] | Undecided | CannotTell
"""What ``decode`` says of one request. An empty tuple: the request sends no mail."""
