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
from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Field, Message, Reason, Recipient, Undecided
from mailguard.model.value import Value
from mailguard.recording import looks_like_message
from mailguard.strays import LONGEST, PEOPLE, keys_in, leaves, letters, misplaced, nearly_people, strays
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.header_blocks import header_lines, split_message
from mailguard.wire.urls import Url, url_parts

__all__ = ["doubted"]

_DEPTH: Final = 40


def doubted(exchange: Exchange, decoded: Decoded) -> Decoded:
    """What was decoded of a recorded request, unless it names people whom none of its messages has."""
    if isinstance(decoded, CannotTell):
        return decoded
    messages = decoded.messages if isinstance(decoded, Undecided) else decoded
    if any(_shows(message) for message in messages):
        return decoded
    match exchange:
        case HttpRequest():
            found = _request(exchange, messages)
        case RawMessage() | SmtpTransaction():
            found = _message(exchange.data, messages)
    if isinstance(decoded, tuple):
        return found
    # What the service leaves open is one thing, that somebody was not read another one.
    if isinstance(found, Undecided):
        return replace(found, alternative=decoded.alternative)
    return found if isinstance(found, CannotTell) else decoded


def _shows(message: Message) -> bool:
    """Whether some see others already: then nothing is hushed up."""
    own = {compare_key(person.address) for person in message.sender if person.address}
    people = [
        person
        for person in (*message.to, *message.cc, *message.transmitted_bcc)
        if not own or not person.address or compare_key(person.address) not in own
    ]
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
            if one.recipient.address
            and one.field in (Field.NAME, Field.HEADER, Field.MERGE)
            # What a To or Cc of one's own among the headers does is documented of no service.
            and (blind or one.detail.casefold() not in ("to", "cc"))
        )
    return known


def _with(messages: tuple[Message, ...], extra: list[str]) -> Undecided:
    """The messages, and in the worst case those people in the first of them."""
    first, *rest = messages or (Message(),)
    people = tuple(Recipient(address) for address in extra[:1000])
    # Where nobody is printed, the line that is damaged may have printed all who get it.
    lost = () if first.to or first.cc else first.bcc
    # A line of readers may be a part of From now; whom one writes for is no reader then.
    return Undecided(Reason.ADDRESSES, (replace(first, to=(*first.to, *people, *lost), sender=()), *rest), messages)


def _request(request: HttpRequest, messages: tuple[Message, ...]) -> Decoded:
    body = payload(request)
    place = url_parts(request.url)
    if isinstance(body, CannotTell) or body.kind == "empty":
        if messages and not any(_reached(one) for one in messages):
            return _NOBODY
        if not messages and place is not None and place.query.parts and _reads_like_mail(place.query):
            return CannotTell(Reason.UNKNOWN_FORM)
        extra = strays(place.query, _known(messages)) if place is not None and messages else []
        return _with(messages, extra) if extra else messages
    value = body.value
    if not messages:
        kept = place is not None and _KEPT.search(place.path) is not None
        return CannotTell(Reason.UNKNOWN_FORM) if not kept and _reads_like_mail(value) else messages
    if not any(_reached(one) for one in messages):
        return _NOBODY
    for source in _sources(value):
        found = _source(source, messages)
        if found is not messages:
            return found
    if isinstance(value, Form) and any(letters(name) == "xsmtpapi" and '"to"' in str(one) for name, one in value.parts):
        # It takes the place of the field of the same name.
        value = Form(tuple(part for part in value.parts if letters(part[0]) not in ("to", "toname")))
    extra = []
    if isinstance(value, (dict, list, Form)):
        # A copy of which nobody gets the original; a request of Amazon's, whose parameters are all known by their names.
        odd = any(not one.to for one in messages) or (isinstance(value, Form) and _acts(value, place))
        texts = leaves(value)
        extra = strays(texts, _known(messages), anywhere=odd) or misplaced(texts, _known(messages, blind=False))
    if not extra and place is not None and place.query.parts:
        extra = strays(place.query, _known(messages))
    return _with(messages, extra) if extra else messages


def _acts(form: Form, place: Url | None) -> bool:
    return any(name == "Action" for name, _ in (*form.parts, *(place.query.parts if place is not None else ())))


def _reached(message: Message) -> bool:
    return bool(message.to or message.cc or message.bcc or message.transmitted_bcc or message.hidden.high)


_NOBODY: Final = CannotTell(Reason.ADDRESSES, "the request names no recipients")


_SOURCES: Final = frozenset(
    {"raw", "rawmessage", "rawmessagedata", "rawdata", "rawemail", "rawmime", "mime", "emailrfc"}
)
"""Names under which a message in MIME stands, be it in base64 or as it is."""


_LEAST: Final = 40
"""Signs of a text that may be a message."""


def _is_markup(value: str | bytes) -> bool:
    """Whether a body is XML, as SOAP services take it: no message, whatever stands in it."""
    start = value[:64].lstrip()
    return start[:1] in ("<", b"<")


def _sources(value: object, name: str = "", depth: int = 0) -> Iterator[bytes]:
    """The messages in MIME that stand in data."""
    if depth > 4:
        return
    match value:
        case str() | bytes():
            if _LEAST <= len(value) <= 1 << 24 and (
                name in _SOURCES or (depth == 0 and not _is_markup(value)) or _reads_like_mail(value)
            ):
                found = from_base64(value)
                data = value if isinstance(found, CannotTell) else found
                if isinstance(data, (str, bytes)):
                    yield data.encode("utf-8", "replace") if isinstance(data, str) else data
        case Form(parts=parts):
            for key, item in islice(parts, 64):
                yield from _sources(item, letters(key), depth + 1)
        case dict() | Mapping():
            for key, item in islice(value.items(), 64):
                if type(item) is str and len(item) < _LEAST:
                    continue
                word = letters(key)
                yield from _sources(item, name if word == "data" and name in _SOURCES else word, depth + 1)
        case list():
            for item in value[:64]:
                yield from _sources(item, "", depth + 1)


def _source(source: bytes, messages: tuple[Message, ...]) -> Decoded:
    """What was decoded of a request with a message in MIME inside, unless that is damaged."""
    head, body = split_message(source[: 1 << 20])
    first = head.lstrip().partition(b"\n")[0]
    if not _HEADER.match(first) and not first.startswith((b"From ", b">From ")):
        return CannotTell(Reason.BAD_RECORD, "the message in the request does not begin with header lines")
    if _CONTROL.search(head):
        return CannotTell(Reason.BAD_RECORD, "the header lines of the message in the request are damaged")
    if not body and not source[len(head) :].strip(b" \t"):
        names = [named.group(1).lower() for line in _LINE.split(head) if (named := _HEADER.match(line))]
        if not names or names[-1] in _ADDRESSED or _ADDRESSED.isdisjoint(names):
            return CannotTell(Reason.BODY_CUT, "the message in the request ends within its header lines")
    # A service that takes it as it is was given it in base64.
    known = _known(messages, blind=False)
    printed = [value for name, value in header_lines(head) if name.lower() in _SHOWN]
    unread = {key: None for value in printed for key in keys_in(value[:LONGEST]) if key not in known}
    return _with(messages, list(unread)) if unread else _message(source, messages)


_SHOWN: Final = frozenset({"to", "cc", "resent-to", "resent-cc"})


_KEPT: Final = re.compile(
    r"(?i)drafts?|templates?|import|insert|append|preview|render|valid|parse|campaign|/users/[^/]+/messages\Z"
)
"""Where messages are kept, shown or checked, and none is sent."""
_WRITTEN: Final = frozenset(
    {
        "from",
        "fromemail",
        "fromaddress",
        "fromemailaddress",
        "sender",
        "source",
        "subject",
        "summary",
        "messagesubjectdata",
        "comment",
    }
)


def _reads_like_mail(value: object, depth: int = 0) -> bool:
    """Whether a message is in data, in MIME or in fields: then the request is one that sends, whatever its address."""
    if depth > 4:
        return False
    if isinstance(value, Form):
        value = dict(value.parts)
    if isinstance(value, Mapping):
        names = {letters(key) for key in value}
        if (
            names & _WRITTEN
            and any(PEOPLE.fullmatch(name) or nearly_people(name) for name in names)
            and strays(value, ())
        ):
            return True
    if isinstance(value, (str, bytes)):
        if len(value) < 40 or len(value) > 1 << 24:
            return False
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        if looks_like_message(data[:LONGEST]):
            return True
        inner = base64_bytes(data[: LONGEST // 4 * 4]) if b" " not in data[:60] else None
        if inner is not None and inner[:1] in (b"{", b"["):
            held = read_json(inner)
            return isinstance(held, (dict, list)) and _reads_like_mail(held, depth + 1)
        return inner is not None and looks_like_message(inner[:LONGEST])
    if isinstance(value, Mapping):
        return any(_reads_like_mail(item, depth + 1) for item in islice(value.values(), 64))
    return isinstance(value, list) and any(_reads_like_mail(item, depth + 1) for item in value[:64])


# --- Messages ------------------------------------------------------------------------------------

_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""What no header line holds; ESC is of Japanese mail (ISO-2022-JP)."""
_HEADER: Final = re.compile(rb"[ \t]*([!-9;=?A-~]{1,80}(?: [!-9;=?A-~]{1,40}){0,4})[ \t]*:")
_IDS: Final = frozenset({b"received", b"references", b"in-reply-to", b"message-id", b"dkim-signature"})
"""Lines whose torn rest holds no readers."""
_ONE_PERSON: Final = frozenset({"from", "sender", "return-path"})
_NO_PEOPLE: Final = frozenset({"date", "mime-version", "content-type", "content-transfer-encoding"})
_PARAMETER: Final = re.compile(r";\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\";\s]*)(?=\s*(?:;|\Z))")
_PRINTED: Final = frozenset({"to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc"})
_STRUCTURED: Final = frozenset(
    {
        *("date", "mime-version", "content-type", "content-transfer-encoding", "message-id", "x-mailer", "from"),
        *("reply-to", "received", "return-path"),
    }
)
_GLUED: Final = re.compile(r"(?i)(?:to|cc)[ \t]*:(?=[^:]*@)")
"""A line of recipients that the line in front swallowed."""
_JOINED: Final = re.compile(r"[A-Za-z]{3,}(?:To|TO|Cc|CC|Bcc|BCC)")
"""A name that two lines made: ``SubjectTo``."""
_NAMELESS: Final = re.compile(rb"[\r\n][ \t]+:((?:[^\r\n]|\r?\n[ \t])*)")
"""What looks like a fold of the line in front, and is a line that lost its name."""
_WRITTEN_OUT: Final = re.compile(rb"(?i)(?:\\[rn]|\A[\"'])(?:resent-)?(?:to|cc|bcc)[ \t]*:((?:[^\\]|\\[^rn])*)")
"""A line of recipients in a message whose line ends are letters."""
_ADDRESSED: Final = frozenset({b"to", b"cc", b"bcc", b"resent-to", b"resent-cc", b"resent-bcc"})
_SHORT: Final = frozenset({"to", "cc", "bcc", "from", "date", "lines", "path", "xref", "fcc", "tags", "email"})
_LINE: Final = re.compile(rb"\r\n|\n|\r")
_FOLD: Final = re.compile(rb"(?:\r\n|\n|\r)(?=[ \t])")
_LOOKED: Final = 200


def _message(data: Value, messages: tuple[Message, ...]) -> Decoded:
    if not isinstance(data, (str, bytes)):
        return messages
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = decode_text(raw).encode("utf-8", "replace")
    head, body = split_message(raw[: 1 << 20])
    known = _known(messages, blind=False)
    extra: dict[str, None] = {}
    inner = re.search(rb"(?im)^content-type[ \t]*:[ \t]*message/", head)  # whose header lines are its own
    for text in (
        *_odd_lines(head),
        *(() if inner else _displaced(body, torn=_is_torn(head), cut=_ends_in_people(head))),
    ):
        extra.update(dict.fromkeys(key for key in keys_in(text[:LONGEST]) if key not in known))
    return _with(messages, list(extra)) if extra else messages


def _odd_lines(head: bytes) -> Iterator[str]:
    """Lines of a header block that are none, and those with a name that is nearly one of an address line."""
    last = b""
    for line in islice(_LINE.split(_FOLD.sub(b" ", head)), 20_000):
        named = _HEADER.match(line)
        if named:
            last = named.group(1).lower()
        elif (
            b"@" in line
            and (not last or line[:1] not in (b" ", b"\t"))
            and line[:5] not in (b"From ", b">From")
            and (last not in _IDS or b":" in line[:12])
        ):
            yield line.decode("utf-8", "replace").lstrip("<>[](){}:;,.`'\"|\\/!?*=+-_ ")
    yield from (found.group(1).decode("utf-8", "replace") for found in _NAMELESS.finditer(head))
    if b"\\" in head:
        yield from (found.group(1).decode("utf-8", "replace") for found in _WRITTEN_OUT.finditer(head))
    lines = header_lines(head)
    alone = not any(name.lower() in _PRINTED for name, _ in lines)
    for name, value in lines:
        if "@" not in value:
            continue
        if _nearly(name) or _JOINED.fullmatch(name):
            yield value
        elif (":" in value or alone) and name.lower() in _ONE_PERSON and len(set(keys_in(value))) > 1:
            yield value  # the line behind it lost its beginning
        elif name.lower() in _NO_PEOPLE and "@" in (rest := _PARAMETER.sub("", value)):
            yield rest  # the same, inside of a line that names nobody
        elif ":" in value and name.lower() in _STRUCTURED and (glued := _GLUED.search(value)):
            yield value[glued.end() :]


def _nearly(name: str) -> bool:
    """Whether a header name is one of an address line but for a damage."""
    left = re.sub(r"[^a-z]", "", name.lower())
    if name.strip().lower() in _SHORT or len(left) > 5:
        return False
    return left[:1] == "t" or "to" in left or "cc" in left or left in ("o", "c", "bc", "b", "") or left[::-1] == "to"


def _is_torn(head: bytes) -> bool:
    """Whether a block lacks what hardly any message lacks: then its rest may stand behind the line that tore it."""
    return {name.lower() for name, _ in header_lines(head)}.isdisjoint(_WHOLE)


_WHOLE: Final = frozenset({"to", "cc", "bcc", "resent-to", "subject"})


def _ends_in_people(head: bytes) -> bool:
    """Whether the last line of a block is one of people, which may go on behind an empty line that came between."""
    names = [name.lower() for name, _ in header_lines(head)]
    return bool(names) and names[-1] in _PRINTED


def _displaced(body: bytes, *, torn: bool, cut: bool) -> Iterator[str]:
    """Address lines at the beginning of a body: the block in front was torn. ``torn``: it surely was; ``cut``: within people."""
    pending = b""
    folds: list[bytes] = []
    begun = False
    strange = 3 if torn else 0  # lines that are none of a header, and may stand in front
    for line in islice(_LINE.split(body[: 1 << 16]), _LOOKED):
        named = _HEADER.match(line)
        if pending and line[:1] in (b" ", b"\t"):
            pending += line
            continue
        if pending and not line.strip():
            continue  # an empty line may stand between each two
        if pending:
            yield pending.decode("utf-8", "replace")
            pending = b""
        if not line.strip() or (not begun and line[:1] in (b" ", b"\t")):
            # Empty, or the rest of a line that the empty one cut off.
            folds += [line] if cut and b"@" in line else []
            continue
        if named is None and not begun and strange:
            strange -= 1
            continue
        if named is None and torn and b"@" in line:
            yield line.decode("utf-8", "replace")  # a fold that lost its margin
            continue
        if named is None:
            return
        if not begun:
            yield from (fold.decode("utf-8", "replace") for fold in folds)
        begun = True
        if named.group(1).lower() in _ADDRESSED:
            pending = line[named.end() :]
    if pending:
        yield pending.decode("utf-8", "replace")
