"""Whether what was decoded of a recorded request is all that is in it.

A service that was decoded, or a message whose lines were read, may look as if nobody in it saw anybody only because the
part that names the others was damaged, renamed or put elsewhere. Then nobody can tell, and that is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from mailguard.addresses.compare import compare_key, distinct
from mailguard.documents.byte_text import base64_bytes, decode_text
from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Field, Message, Reason, Recipient, Undecided
from mailguard.model.value import Value
from mailguard.recording import looks_like_message
from mailguard.strays import LONGEST, PEOPLE, keys_in, letters, strays
from mailguard.wire.bodies import payload
from mailguard.wire.header_blocks import header_lines, split_message
from mailguard.wire.urls import url_parts

__all__ = ["doubted"]

_DEPTH: Final = 40


def doubted(exchange: Exchange, decoded: Decoded) -> Decoded:
    """What was decoded of a recorded request, unless it names people whom none of its messages has."""
    if not isinstance(decoded, tuple) or any(_shows(message) for message in decoded):
        return decoded
    match exchange:
        case HttpRequest():
            return _request(exchange, decoded)
        case RawMessage() | SmtpTransaction():
            return _message(exchange.data, decoded)


def _shows(message: Message) -> bool:
    """Whether some see others already: then nothing is hushed up."""
    people = (*message.to, *message.cc, *message.transmitted_bcc)
    return len(people) > 1 and distinct(people).low > 1


def _known(messages: Iterable[Message], *, blind: bool = True) -> set[str]:
    """Whom the messages name; ``blind``: also those who are printed nowhere."""
    known: set[str] = set()
    for message in messages:
        hidden = message.bcc if blind else ()
        for line in (message.to, message.cc, hidden, message.transmitted_bcc, message.reply_to):
            known.update(compare_key(person.address) for person in line if person.address)
        # A torn line may have come to stand in the subject; who is told of in a text is told of all the same.
        known.update(
            compare_key(one.recipient.address)
            for one in message.mentions
            if one.recipient.address and one.field in (Field.NAME, Field.HEADER, Field.MERGE)
        )
    return known


def _with(messages: tuple[Message, ...], extra: list[str]) -> Undecided:
    """The messages, and in the worst case those people in the first of them."""
    first, *rest = messages or (Message(),)
    people = tuple(Recipient(address) for address in extra[:1000])
    return Undecided(Reason.ADDRESSES, (replace(first, to=(*first.to, *people)), *rest), messages)


def _request(request: HttpRequest, messages: tuple[Message, ...]) -> Decoded:
    body = payload(request)
    if isinstance(body, CannotTell):
        return messages
    value = body.value
    if not messages:
        place = url_parts(request.url)
        kept = place is not None and _KEPT.search(place.path) is not None
        return CannotTell(Reason.UNKNOWN_FORM) if not kept and _reads_like_mail(value) else messages
    if isinstance(value, Form) and any(letters(name) == "xsmtpapi" and '"to"' in str(one) for name, one in value.parts):
        return messages  # it takes the place of the other fields
    if isinstance(value, (dict, list, Form)):
        extra = strays(value, _known(messages))
        if extra:
            return _with(messages, extra)
    return messages


_KEPT: Final = re.compile(r"(?i)drafts?|templates?|import|insert|append|preview|render|valid|parse|campaign")
"""Where messages are kept, shown or checked, and none is sent."""
_WRITTEN: Final = frozenset({"from", "fromemail", "fromaddress", "fromemailaddress", "sender", "subject"})


def _reads_like_mail(value: object, depth: int = 0) -> bool:
    """Whether a message is in data, in MIME or in fields: then the request is one that sends, whatever its address."""
    if depth > 4:
        return False
    if isinstance(value, Form):
        value = dict(value.parts)
    if isinstance(value, Mapping):
        names = {letters(key) for key in value}
        if names & _WRITTEN and any(PEOPLE.fullmatch(name) for name in names) and strays(value, ()):
            return True
    if isinstance(value, (str, bytes)):
        if len(value) < 40 or len(value) > 1 << 24:
            return False
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        if looks_like_message(data[:LONGEST]):
            return True
        inner = base64_bytes(data[: LONGEST // 4 * 4]) if b" " not in data[:60] else None
        return inner is not None and looks_like_message(inner[:LONGEST])
    if isinstance(value, Mapping):
        return any(_reads_like_mail(item, depth + 1) for item in islice(value.values(), 64))
    return isinstance(value, list) and any(_reads_like_mail(item, depth + 1) for item in value[:64])


# --- Messages ------------------------------------------------------------------------------------

_HEADER: Final = re.compile(rb"[ \t]*([!-9;=?A-~]{1,80}(?: [!-9;=?A-~]{1,40}){0,4})[ \t]*:")
_IDS: Final = frozenset({b"received", b"references", b"in-reply-to", b"message-id", b"dkim-signature"})
"""Lines whose torn rest holds no readers."""
_ADDRESSED: Final = frozenset({b"to", b"cc", b"bcc", b"resent-to", b"resent-cc", b"resent-bcc"})
_SHORT: Final = frozenset({"to", "cc", "bcc", "from", "date", "lines", "path", "xref", "fcc", "tags", "email"})
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_LOOKED: Final = 200


def _message(data: Value, messages: tuple[Message, ...]) -> Decoded:
    if not isinstance(data, (str, bytes)):
        return messages
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = decode_text(raw).encode("utf-8", "replace")
    head, body = split_message(raw[: 1 << 20])
    known = _known(messages, blind=False)
    extra: list[str] = []
    inner = re.search(rb"(?im)^content-type[ \t]*:[ \t]*message/", head)  # whose header lines are its own
    for text in (*_odd_lines(head), *(() if inner else _displaced(body))):
        extra += [key for key in keys_in(text[:LONGEST]) if key not in known and key not in extra]
    return _with(messages, extra) if extra else messages


def _odd_lines(head: bytes) -> Iterator[str]:
    """Lines of a header block that are none, and those with a name that is nearly one of an address line."""
    last = b""
    for line in islice(_LINE.split(head), 20_000):
        named = _HEADER.match(line)
        if named:
            last = named.group(1).lower()
        elif (
            b"@" in line and line[:1] not in (b" ", b"\t") and line[:5] not in (b"From ", b">From") and last not in _IDS
        ):
            yield line.decode("utf-8", "replace").lstrip("<>[](){}:;,.`'\"|\\/!?*=+-_ ")
    for name, value in header_lines(head):
        if "@" in value and _nearly(name):
            yield value


def _nearly(name: str) -> bool:
    letters = re.sub(r"[^a-z]", "", name.lower())
    if name.strip().lower() in _SHORT or len(letters) > 5:
        return False
    return (
        letters[:1] == "t"
        or "to" in letters
        or "cc" in letters
        or letters in ("o", "c", "bc", "b", "")
        or letters[::-1] == "to"
    )


def _displaced(body: bytes) -> Iterator[str]:
    """Address lines at the beginning of a body: the block in front was torn."""
    pending = b""
    for line in islice(_LINE.split(body[: 1 << 16]), _LOOKED):
        named = _HEADER.match(line)
        if pending and line[:1] in (b" ", b"\t"):
            pending += line
            continue
        if pending:
            yield pending.decode("utf-8", "replace")
            pending = b""
        if not line.strip():
            continue
        if named is None:
            return
        if named.group(1).lower() in _ADDRESSED:
            pending = line[named.end() :]
    if pending:
        yield pending.decode("utf-8", "replace")
