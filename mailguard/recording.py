"""What several capture formats need: from the parts of a recorded request to an exchange.

Below the shelf ``captures``, whose files never import each other.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, Final

from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text
from mailguard.documents.json_files import Element, json_elements, streamed_elements
from mailguard.documents.json_values import BODY_LIMIT, read_json
from mailguard.model.capture import Source
from mailguard.model.exchange import Body, Exchange, HttpRequest, RawMessage, Record, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.wire.header_blocks import header_block
from mailguard.wire.media import header

__all__ = [
    "BABYL",
    "FILE_LIMIT",
    "LINE_LIMIT",
    "MMDF",
    "address_list",
    "batches",
    "begins_with_headers",
    "broken",
    "composed",
    "content_of",
    "delivered",
    "dig",
    "elements_of",
    "exchange_of",
    "head_of",
    "headers_of",
    "http",
    "is_message_log",
    "is_separator",
    "iso_time",
    "json_head",
    "json_records",
    "lines",
    "looks_like_message",
    "mailbox_text",
    "raw_message",
    "text_of",
]

FILE_LIMIT: Final = 512 << 20
"""Bytes of a capture in a format that has to be read whole (HAR, cassettes)."""

LINE_LIMIT: Final = 2 * BODY_LIMIT
"""Bytes of one line of a capture: a body at its limit, in base64 and with its headers."""

_CHUNK: Final = 1 << 20


# --- Reading -------------------------------------------------------------------------------------


def lines(stream: BinaryIO, limit: int = LINE_LIMIT) -> Iterator[tuple[int, bytes | CannotTell]]:
    """The lines of a stream with their numbers, from 1, line ends included.

    A line above ``limit`` is a reason instead, and is passed over without being kept. Where the stream breaks (a cut or
    damaged gzip stream), the last one is a reason.
    """
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(limit)
            whole = len(line) < limit or line.endswith(b"\n")
            while not whole:
                rest = stream.readline(_CHUNK)
                whole = not rest or rest.endswith(b"\n")
        except (OSError, EOFError, ValueError):
            yield number, CannotTell(Reason.BODY_CUT, "the file ends before its end, or is damaged")
            return
        if not line:
            return
        if len(line) >= limit and not line.endswith(b"\n"):
            yield number, _TOO_LONG
        else:
            yield number, line


def batches(stream: BinaryIO, limit: int = LINE_LIMIT) -> Iterator[list[bytes] | CannotTell]:
    """The lines of a stream without their ends, many at once; what :func:`lines` says a reason of is a reason here."""
    # read() of a buffered stream drops what it has when the stream breaks; read1() gives it first.
    read = getattr(stream, "read1", stream.read)
    pieces: list[bytes] = []  # the line whose end was not read yet
    size = 0
    while True:
        try:
            piece = read(_CHUNK)
        except (OSError, EOFError, ValueError):
            if pieces and size < limit:
                yield [b"".join(pieces)]
            elif pieces:
                yield _TOO_LONG
            yield CannotTell(Reason.BODY_CUT, "the file ends before its end, or is damaged")
            return
        if not piece:
            break
        first, end, rest = piece.partition(b"\n")
        if size + len(first) >= limit:
            size += len(first)
            pieces = [b""]
        else:
            pieces.append(first)
            size += len(first)
        if not end:
            continue
        if size >= limit:
            yield _TOO_LONG
            whole = []
        else:
            whole = [b"".join(pieces)]
        *more, last = rest.split(b"\n")
        whole += more
        pieces, size = ([last] if last else []), len(last)
        if whole:
            yield whole
    if pieces:
        yield _TOO_LONG if size >= limit else [b"".join(pieces)]


_TOO_LONG: Final = CannotTell(Reason.TOO_LARGE, "the line is longer than the limit")


def head_of(stream: BinaryIO, size: int = 1 << 16) -> bytes:
    """The first bytes of a stream, as many as there are; a cut gzip stream gives what it has. Raises ``OSError``."""
    # read() of a buffered stream drops what it has when the stream breaks; read1() gives it first.
    read = getattr(stream, "read1", stream.read)
    head = b""
    try:
        while len(head) < size and (piece := read(size - len(head))):
            head += piece
    except EOFError:
        pass  # reading on will say so
    return head


def content_of(source: Source, limit: int = FILE_LIMIT) -> bytes | CannotTell:
    """All of a capture, or why not."""
    pieces: list[bytes] = []
    room = limit
    try:
        with source.open() as stream:
            read = getattr(stream, "read1", stream.read)  # see head_of
            while piece := read(_CHUNK):
                room -= len(piece)
                if room < 0:
                    return CannotTell(Reason.TOO_LARGE, "the file is larger than the limit")
                pieces.append(piece)
    except EOFError:
        # A gzip stream that was cut. What came before is worth reading; capture.records says that it is not all.
        return b"".join(pieces) if pieces else CannotTell(Reason.BODY_CUT, "the file ends before its end")
    except (OSError, ValueError):
        return CannotTell(Reason.BAD_RECORD, "the file cannot be read")
    return b"".join(pieces)


def text_of(source: Source, limit: int = FILE_LIMIT) -> str | CannotTell:
    """All of a capture as text, in whatever encoding it is."""
    content = content_of(source, limit)
    return content if isinstance(content, CannotTell) else decode_text(content)


def elements_of(source: Source, *path: str) -> Iterator[Element] | CannotTell:
    """The members of the array under ``path`` in a JSON file, with no more than a part of a large one in memory.

    They are those of :func:`~mailguard.documents.json_files.json_elements` of :func:`text_of`.
    """
    try:
        with source.open() as stream:
            head = head_of(stream, STREAMED + 1)
        charset = "utf-8-sig" if head[:3] == b"\xef\xbb\xbf" else "utf-8"
        odd = head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]
        large = len(head) > STREAMED and not odd and all(_texts(source, charset))
    except UnicodeDecodeError:
        large = False  # then all of it is in another encoding
    except (OSError, ValueError):
        return CannotTell(Reason.BAD_RECORD, "the file cannot be read")
    if large:
        return streamed_elements(_texts(source, charset), *path)
    content = text_of(source)
    return content if isinstance(content, CannotTell) else json_elements(content, *path)


STREAMED: Final = 4 << 20
"""Bytes of a file that is read at once."""


def _texts(source: Source, charset: str) -> Iterator[str]:
    """A file piece by piece; of a cut gzip stream what there is. Raises ``OSError`` and ``UnicodeDecodeError``."""
    decoder = codecs.getincrementaldecoder(charset)()
    with source.open() as stream:
        read = getattr(stream, "read1", stream.read)  # see head_of
        while True:
            try:
                piece = read(_CHUNK)
            except EOFError:
                piece = b""
            if text := decoder.decode(piece, final=not piece):
                yield text
            if not piece:
                return


def broken(source: Source, reason: CannotTell, line: int = 0, pointer: str = "") -> Record:
    """The record of something that could not be read."""
    return Record(Place(source.path, line, pointer=pointer), reason)


def json_head(head: bytes) -> str:
    """The beginning of a JSON file as text, its strings inside strings opened; empty for what is no JSON."""
    text = decode_text(head).lstrip("\ufeff \t\r\n")
    return text.replace("\\", "") if text[:1] in ("{", "[") else ""


def json_records(source: Source, *keys: str) -> Iterator[tuple[Value | CannotTell, Place]]:
    """The objects of a JSON file, with their places.

    They are the lines of JSON Lines, the members of an array, those of the first array under one of ``keys`` that is there,
    or else the file itself.
    """
    with source.open() as stream:
        head = decode_text(head_of(stream)).lstrip("\ufeff \t\r\n")
    first, end, rest = head.partition("\n")
    if end and rest.lstrip()[:1] == "{" and first[:1] == "{" and not isinstance(read_json(first), CannotTell):
        with source.open() as stream:
            for number, line in lines(stream):
                place = Place(source.path, number)
                if isinstance(line, CannotTell):
                    yield line, place
                elif text := line.strip(b"\xef\xbb\xbf \t\r\n\0"):
                    value = read_json(text)
                    yield _NOT_JSON if isinstance(value, CannotTell) else value, place
        return
    content = text_of(source)
    if isinstance(content, CannotTell):
        yield content, Place(source.path)
        return
    whole = content.lstrip("\ufeff \t\r\n").startswith("{")
    for key in keys if whole else ():
        found = False
        for element in json_elements(content, *key.split(".")):
            found = True
            yield element.value, Place(source.path, element.line, element.column, pointer=f"{key}[{element.index}]")
        if found:
            return
    for element in json_elements(content):
        pointer = "" if whole else f"[{element.index}]"
        yield element.value, Place(source.path, element.line, element.column, pointer=pointer)


_NOT_JSON: Final = CannotTell(Reason.BAD_RECORD, "the record is not valid JSON")


# --- Parts of a record ---------------------------------------------------------------------------


def dig(value: object, path: str) -> Any:
    """What stands under a dotted path (``req.headers``, ``items.0.body``); None if nothing does.

    A key that itself holds dots is found too, as log shippers flatten names.
    """
    if isinstance(value, Mapping) and path in value:
        return value[path]
    if isinstance(value, list) and path.isdigit() and len(path) < 10:
        return value[int(path)] if int(path) < len(value) else None
    start = path.find(".")
    while start > 0:
        inner = dig(value, path[:start])
        if inner is not None:
            found = dig(inner, path[start + 1 :])
            if found is not None:
                return found
        start = path.find(".", start + 1)
    return None


def headers_of(value: object) -> dict[str, Value]:
    """Recorded headers as a mapping: of pairs, of ``{name, value}`` objects, of lists, or a raw header block.

    Several lines of one name become a list. Names keep their case; a leading colon (Ruby symbols) is dropped.
    """
    result: dict[str, Value] = {}
    if type(value) is dict:
        # As most recorders write them.
        for name, item in value.items():
            if type(name) is not str or type(item) is not str or name[:1] == ":":
                break
            result[name] = item
        else:
            return result
        result = {}
    for name, item in _header_pairs(value):
        key = name.removeprefix(":")
        for part in item if isinstance(item, list) else [item]:
            text = part if isinstance(part, str) else part.decode("latin-1") if isinstance(part, bytes) else str(part)
            before = result.get(key)
            result[key] = text if before is None else [*(before if isinstance(before, list) else [before]), text]
    return result


def _header_pairs(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (str, bytes)):
        block = header_block(value)
        if not isinstance(block, CannotTell):
            yield from block
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if item is None:
                continue
            # WireMock writes {"name": "v"}; Nock and some loggers {"name": ["v"]}; Go's mail tools the same.
            yield _name(key), item
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping):
                name = item.get("name", item.get("key", item.get("Name")))
                if name is not None:
                    yield _name(name), item.get("value", item.get("Value", ""))
            elif isinstance(item, (list, tuple)) and len(item) == 2:
                yield _name(item[0]), item[1]
            elif isinstance(item, str) and ":" in item:
                name, _, text = item.partition(":")
                yield name.strip(), text.strip()


def _name(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def delivered(status: object) -> bool:
    """Whether a response says that the request was taken: a 4xx status says that it was not."""
    if isinstance(status, str) and status[:3].isdigit():
        status = int(status[:3])
    return not (isinstance(status, int) and 400 <= status < 500)


_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,][0-9]{1,9})? ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


@functools.lru_cache(1024)
def _iso_text(text: str) -> str:
    """A text that is ISO 8601 already, to the second; empty for another."""
    match = _ISO.match(text)
    if not match:
        return ""
    day, clock, zone = match.groups()
    return day + (f"T{clock}{zone or ''}" if clock else "")


def iso_time(value: object) -> str:
    """A recorded time as ISO 8601, to the second; empty for what is none. Numbers are seconds, or milliseconds, since 1970."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()[:64]
        if known := _iso_text(text):
            return known
        if re.fullmatch(r"[0-9]{9,13}(?:\.[0-9]{1,9})?", text):
            value = float(text)
        else:
            try:
                return parsedate_to_datetime(text).isoformat()
            except (TypeError, ValueError, IndexError, OverflowError):
                return ""
    if isinstance(value, (int, float)) and 1e8 < value < 1e14:
        seconds = value / 1000 if value > 1e11 else value
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(seconds))
        return moment.isoformat()
    return ""


# --- Exchanges -----------------------------------------------------------------------------------


def http(method: object, url: object, headers: object, body: object, encoding: str = "") -> HttpRequest | CannotTell:
    """The HTTP request of recorded parts. A URL without a host, or with that of a stub here, gets that of the Host header."""
    names = headers_of(headers)
    address = url.decode("latin-1") if isinstance(url, bytes) else url
    if not isinstance(address, str) or not address.strip():
        return CannotTell(Reason.BAD_RECORD, "the record has no URL")
    if body and not _URL.match(address):
        return CannotTell(Reason.BAD_RECORD, "the URL of the record is damaged")
    if address.startswith("/") and not address.startswith("//"):
        host = header(names, "host") or header(names, "authority") or header(names, ":authority")
        address = f"https://{host}{address}" if host else address
    elif local := _LOCAL.match(address):
        host = header(names, "host")
        if host and not _LOCAL.match(f"http://{host}/"):
            address = f"https://{host}{address[local.end() :]}"
    verb = _name(method).removeprefix(":").upper() if isinstance(method, (str, bytes)) else "POST"
    content = _body(body, encoding)
    if isinstance(content, CannotTell):
        return content
    kind = "json" if isinstance(content, (dict, list)) else ""
    return HttpRequest(verb, address, names, content, kind)


# With a scheme and a host, or what stands for them; a path; a host alone. Other schemes (data:) have no double slash.
_URL = re.compile(
    r"[\s\"'<]*(?:[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/&%?#]|/|(?:data|blob|about|file|urn|cid):|[\w.-]*[.\w](?::[0-9]{1,5})?(?:/|\?)"
    r"|[\w-]+(?:\.[\w-]+)+(?::[0-9]{1,5})?\Z|localhost|[<\[*$%(])"
)
_LOCAL = re.compile(
    r"https?://(?:localhost|127\.[0-9.]{1,12}|0\.0\.0\.0|\[::1\])(?::[0-9]{1,5})?(?=[/?]|\Z)", re.IGNORECASE
)


def _body(body: object, encoding: str) -> Body | CannotTell:
    if encoding in ("base64", "base64_string") and isinstance(body, (str, bytes)) and body:
        data = base64_bytes(body)
        if data is None:
            return CannotTell(Reason.WRONG_ENCODING, "the record says base64, the body is not base64")
        return data
    if isinstance(body, str):
        return clean_text(body)
    if body is None or isinstance(body, (bytes, dict, list)):
        return body
    return CannotTell(Reason.BAD_RECORD, "the body of the record is neither text nor data")


def exchange_of(record: Mapping[str, Any]) -> Exchange | CannotTell | None:
    """The exchange of a record in mailguard's own shape; None where it has another shape.

    ``{method, url, headers, body | body_base64}`` is an HTTP request; with ``envelope: {mail_from, rcpt_to}``, a method
    ``SMTP`` or an ``smtp:`` URL it is an SMTP transaction.
    """
    url = record.get("url")
    method = record.get("method")
    envelope = record.get("envelope")
    smtp = (
        isinstance(envelope, Mapping)
        or method == "SMTP"
        or (isinstance(url, str) and url.startswith(("smtp:", "smtps:")))
    )
    if not isinstance(url, str) or not (isinstance(method, str) or "body" in record or "body_base64" in record or smtp):
        return None
    body, encoding = record.get("body"), ""
    if record.get("body_base64") is not None:
        body, encoding = record["body_base64"], "base64"
    if not smtp:
        return http(method or "POST", url, record.get("headers"), body, encoding)
    if not isinstance(envelope, Mapping):
        return CannotTell(Reason.ENVELOPE_MISSING)
    data = _body(body, encoding)
    if isinstance(data, CannotTell):
        return data
    people = address_list(envelope.get("rcpt_to"))
    if people is None:
        return CannotTell(Reason.ENVELOPE_MISSING)
    if not isinstance(data, (str, bytes)):
        return (
            CannotTell(Reason.BODY_MISSING)
            if data is None
            else CannotTell(Reason.BAD_RECORD, "the message is not text")
        )
    sender = envelope.get("mail_from")
    return SmtpTransaction(url, sender if isinstance(sender, str) else None, people, data)


def address_list(value: object) -> list[Value] | None:
    """Recorded envelope addresses as a list; None if none were recorded. What is no text stays, so that it counts."""
    if value is None:
        return None
    items = value if isinstance(value, (list, tuple)) else [value]
    return [_envelope_address(item) for item in items]


def _envelope_address(item: object) -> Value:
    if isinstance(item, Mapping):
        # {"address": "ann@example.com", "args": {"NOTIFY": "NEVER"}}, as smtp-server of Node.js writes it.
        for name in ("address", "email", "addr", "mailbox", "rcpt", "to"):
            if isinstance(item.get(name), str):
                return clean_text(item[name])
    if isinstance(item, bytes):
        item = decode_text(item)
    if not isinstance(item, str):
        return str(item)
    path, end, rest = item.partition(">")
    return clean_text(path + end if end and "<" in path and _PARAMETERS.fullmatch(rest) else item)


_PARAMETERS: Final = re.compile(r"(?:\s+[A-Za-z0-9-]{1,30}=\S*)+\s*")
"""What follows the address of RCPT TO (RFC 3461, section 4); one of them names whom the mail was for at first."""


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


_DATED = re.compile(
    rb"From [^\r\n]{0,500}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ \t]+(?:[0-9]{1,2}[ \t]+)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"\b[^\r\n]{0,60}[0-9]{4}\b"
)


MMDF: Final = b"\x01\x01\x01\x01"
"""The line before and behind each message of an MMDF mailbox."""
BABYL: Final = b"BABYL OPTIONS:"
"""How a Babyl mailbox begins."""


def is_separator(line: bytes) -> bool:
    """Whether a line is a mailbox separator beyond doubt: ``From `` and, at its end, a date as ``asctime`` writes it."""
    return line.startswith(b"From ") and _DATED.match(line) is not None


_DASHES: Final = b"-" * 79


def is_message_log(head: bytes) -> bool:
    """Whether messages stand behind each other with a line of 79 dashes between them, as Django's file backend writes.

    Behind such a line comes the end, or the next header block; a message that only has such a line in its text is none.
    """
    start = 0
    while (found := head.find(_DASHES, start)) >= 0:
        start = found + len(_DASHES)
        alone = (found == 0 or head[found - 1 : found] in (b"\n", b"\r")) and head[start : start + 1] in (
            b"\n",
            b"\r",
            b"",
        )
        if alone:
            rest = head[start:].lstrip()
            if not rest or looks_like_message(rest[:4096]):
                return True
    return False
