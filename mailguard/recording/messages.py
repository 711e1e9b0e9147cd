"""Recorded messages: what looks like one, one with its envelope, and one made of what an inbox shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mailguard.documents.byte_text import clean_text
from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.exchange import RawMessage
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value
from mailguard.wire.header_blocks import header_block

__all__ = ["begins_with_headers", "composed", "looks_like_message", "mailbox_text", "raw_message"]


_ENVELOPE_HEADERS: Final = ("x-rcptto", "x-rcpt-to")


def raw_message(data: str | bytes) -> RawMessage | CannotTell:
    """A recorded message; its envelope where the recorder wrote one into the headers (aiosmtpd's ``X-RcptTo``)."""
    if not data.strip():
        return CannotTell(Reason.BODY_MISSING)
    block = header_block(data)
    if isinstance(block, CannotTell):
        return block
    people: list[Value] = [value for name, value in block if name.lower() in _ENVELOPE_HEADERS]
    return RawMessage(data, people or None)


def composed(headers: Iterable[tuple[str, object]], text: object = None, html: object = None) -> str:
    """A message out of the parts that an inbox shows: header values and bodies, as MIME source that holds them all."""
    block = [f"{_one_line(name)}: {_one_line(value)}" for name, value in headers if isinstance(value, str)]
    bodies = [
        (kind, body)
        for kind, body in (("plain", text), ("html", html))
        if isinstance(body, str) and body and len(body) <= BODY_LIMIT
    ]
    if len(bodies) < 2:
        kind, body = bodies[0] if bodies else ("plain", "")
        return "\n".join([*block, f"Content-Type: text/{kind}; charset=utf-8", "", body])
    boundary = "=_part"
    while any(boundary in body for _, body in bodies):
        boundary += "_"
    parts = [f"--{boundary}\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n" for kind, body in bodies]
    return "\n".join(
        [*block, f'Content-Type: multipart/alternative; boundary="{boundary}"', "", *parts, f"--{boundary}--"]
    )


def _one_line(value: str) -> str:
    return " ".join(clean_text(value).split())


def mailbox_text(name: object, address: object) -> str:
    """A name and an address as a member of an address header."""
    shown = address if isinstance(address, str) else "" if address is None else str(address)
    if not isinstance(name, str) or not name:
        return shown
    quoted = re.sub(r'[\\"]', r"\\\g<0>", _one_line(name))
    return f'"{quoted}" <{shown}>'


_PEOPLE: Final = frozenset(
    {
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "reply-to",
        "return-path",
        "received",
        "delivered-to",
        "resent-to",
        "x-rcptto",
    }
)
_OTHER: Final = frozenset(
    {
        *("subject", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding", "x-mailer"),
        *("received", "return-path", "x-peer", "x-mailfrom", "x-rcptto", "dkim-signature", "list-id", "resent-date"),
        *("from", "to", "cc", "user-agent", "x-priority", "in-reply-to", "references", "delivered-to"),
    }
)
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[\s>]{0,200}(?:[A-Za-z][A-Za-z0-9_-]{1,60}[ \t]*:|From )")


def begins_with_headers(head: bytes) -> bool:
    """Whether a text begins with a header line, whatever it says."""
    return _FIRST.match(head) is not None


def looks_like_message(head: bytes) -> bool:
    """Whether a text begins like a message: header lines, among them one of people and another one of mail."""
    if not _FIRST.match(head) and not any(_FIRST.match(line) for line in re.split(rb"[\r\n]+", head[:2000])[:3]):
        return False
    block = header_block(head[: 1 << 16])
    if isinstance(block, CannotTell):
        return False
    names = {name.lower() for name, _ in block}
    return bool(names & _PEOPLE) and len(names & (_PEOPLE | _OTHER)) >= 2
