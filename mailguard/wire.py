"""From the wire to values: bytes, texts and half-known texts become data.

What several providers and capture formats need in order to read a body, a header
block, a URL or a YAML document, recorded or about to be sent. Nothing here knows a
mail service. Everything is bounded in size and depth, nothing raises on bad input:
what cannot be read is a :class:`~mailguard.model.message.CannotTell`.

Facts: RFC 9110 section 8 (content encodings), RFC 7578 (multipart/form-data), RFC 5322
and RFC 2047 (header blocks, encoded words), the WHATWG URL standard (forms), YAML 1.1.
"""

from __future__ import annotations

import quopri
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

from mailguard.documents import (
    BODY_LIMIT,
    Document,
    Element,
    base64_bytes,
    clean_text,
    decode_text,
    is_utf8,
    json_elements,
    read_json,
    safe_yaml,
    yaml_documents,
)
from mailguard.model.count import ONE, Count
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Trail,
    Unknown,
    Value,
    each,
    get,
    inherit,
    join,
    plain,
    scalar,
    sort_of,
    text,
    trail_of,
)

__all__ = [
    "BODY_LIMIT",
    "Document",
    "Element",
    "Payload",
    "Url",
    "fields_of",
    "form_values",
    "from_base64",
    "header",
    "header_block",
    "inflate",
    "json_elements",
    "payload",
    "read_json",
    "safe_yaml",
    "url_parts",
    "yaml_documents",
]

HEADER_LIMIT: Final = 16 << 20
"""Bytes of one header block. The largest seen has a To of 130 KB; a message may be far larger than its headers."""

_PARTS: Final = 100_000  # parts of one multipart body; no service takes more than some thousand recipients
_SHORT: Final = 1000  # characters of a URL, or of a media type, that is worth remembering
_LAYERS: Final = 4  # encodings on top of each other; two are seen in the wild


# --- What the callers get ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payload:
    """A body after its transport encoding is undone."""

    kind: Literal["json", "form", "text", "empty"]
    """``text``: neither JSON nor a form, for example MIME source; ``empty``: there is no body, and there need be none."""
    value: Value | Form
    """JSON: data. Form: a :class:`~mailguard.model.exchange.Form`. Text: ``str``, or ``bytes`` that are not UTF-8, or a
    text with holes. Empty: None."""


@dataclass(frozen=True, slots=True)
class Url:
    """What is known of a URL. A hole is written ``*``."""

    host: str
    """Lower case, without user info, port, brackets and final dot; empty if the URL has none."""
    path: str
    """Percent-decoded, without doubled and final slashes (``/`` alone stays); empty if it is not known."""
    query: Form = field(default_factory=lambda: Form(()))
    """The query, as a form; values may have holes."""
    scheme: str = ""
    """Lower case; empty if the URL has none."""
    port: int | None = None
    """The port where one is written."""


_NO_BODY: Final = Payload("empty", None)
_BODYLESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


# --- Bodies --------------------------------------------------------------------------------------


def payload(request: HttpRequest) -> Payload | CannotTell:
    """The body of ``request`` as data, or why it cannot be told.

    A body that is text or bytes is unpacked (``Content-Encoding``, gzip also where no header says so) and parsed; its own
    form decides, the content type is only a hint. A body that is data already (the source side) keeps its holes;
    ``request.encoding`` says whether it is JSON or a form, then the content type, then JSON is assumed.
    A compressed body under a wrong header is not guessed at: it is ``WRONG_ENCODING``.
    """
    global _last  # noqa: PLW0603  # see there
    if type(request.body) is not str and type(request.body) is not bytes:
        return _payload(request, request.body, 0)
    before, result = _last
    if before is not request:
        result = _payload(request, request.body, 0)
        _last = (request, result)
    return cast("Payload | CannotTell", result)


_last: tuple[HttpRequest | None, Payload | CannotTell | None] = (None, None)
"""The last recorded request and its body: one service after the other asks, and then who looks into the texts. Nobody
changes what he gets."""


def _payload(request: HttpRequest, body: Value | Form | Absent, depth: int) -> Payload | CannotTell:
    if isinstance(body, Form):
        return Payload("form", body)
    if depth > _LAYERS:
        return CannotTell(Reason.TOO_LARGE, "the body is nested deeper than the limit")
    if isinstance(body, Object):
        return _payload(request, body.render(), depth + 1)
    if isinstance(body, Either):
        return _payload_of_branches(request, body, depth)
    if isinstance(body, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell what the body holds")
    whole = plain(body) if isinstance(body, (Known, Text)) else body
    if whole is None or whole is ABSENT or (isinstance(whole, (str, bytes)) and not whole):
        return _empty(request)
    if isinstance(whole, (str, bytes)):
        return _with_trail(_concrete(request, whole), body)
    if isinstance(whole, Text):
        return _text_with_holes(request, whole)
    if sort_of(whole) in (Sort.MAPPING, Sort.COLLECTION):
        return Payload("form", fields_of(whole)) if _says_form(request) else Payload("json", whole)
    return Payload("json", whole)


def _with_trail(result: Payload | CannotTell, body: Value | Absent) -> Payload | CannotTell:
    # A literal body of the source: what is read out of it was written where it was.
    trail = () if isinstance(body, Absent) else trail_of(body)
    if not trail or isinstance(result, CannotTell):
        return result
    if isinstance(result.value, Form):
        return Payload(result.kind, Form(tuple((name, inherit(value, trail)) for name, value in result.value.parts)))
    return Payload(result.kind, _deep(result.value, lambda value: inherit(value, trail)))


def _deep(value: Value, change: Callable[[Value], Value]) -> Value:
    if isinstance(value, dict):
        return {key: _deep(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_deep(item, change) for item in value]
    return change(value)


def _payload_of_branches(request: HttpRequest, body: Either, depth: int) -> Payload | CannotTell:
    """Branches of the code hand over different bodies: what any of them says is kept."""
    results = [
        _payload(request, option if isinstance(option, Absent) else inherit(option, body.trail), depth + 1)
        for option in body.options
    ]
    found = [result for result in results if isinstance(result, Payload) and result.kind != "empty"]
    if not found:
        return next((result for result in results if isinstance(result, Payload)), results[0])
    forms = [result.value for result in found if isinstance(result.value, Form)]
    if forms:
        data = [fields_of(result.value) for result in found if not isinstance(result.value, Form)]
        return Payload("form", Form(_branches([form.parts for form in (*forms, *data)])))
    joined = join(*(cast("Value", result.value) for result in found))
    return Payload(found[0].kind, None if isinstance(joined, Absent) else joined)


def _branches(branches: Sequence[tuple[tuple[str, Value], ...]]) -> tuple[tuple[str, Value], ...]:
    """Named parts of which one branch is taken: each name once, with what each branch has under it."""
    if len(branches) == 1:
        return branches[0]
    names = list(dict.fromkeys(name for parts in branches for name, _ in parts))
    result: list[tuple[str, Value]] = []
    for name in names:
        options: list[Value | Absent] = []
        for parts in branches:
            values = [value for other, value in parts if other == name]
            options.append(ABSENT if not values else values[0] if len(values) == 1 else values)
        value = join(*options)
        if not isinstance(value, Absent):
            result.append((name, value))
    return tuple(result)


def _empty(request: HttpRequest) -> Payload | CannotTell:
    """Without a body: either none was sent, or the recorder kept none."""
    length = header(request.headers, "content-length").strip()
    method = (text(request.method) or "").upper()
    if length == "0" or (not length and (method in _BODYLESS or request.encoding)):
        return _NO_BODY
    return CannotTell(Reason.BODY_MISSING)


def _says_form(request: HttpRequest) -> bool:
    if request.encoding:
        return request.encoding == "form"
    media, _ = _media_type(header(request.headers, "content-type"))
    return media == _URLENCODED or media.startswith("multipart/")


_URLENCODED: Final = "application/x-www-form-urlencoded"
_MASK = re.compile(
    r"[\s<\[({*#_%!\"'-]*(?:redacted|filtered|masked|removed|scrubbed|sanitized|sanitised|hidden|omitted|censored|suppressed"
    r"|secret|dummy|placeholder|body|payload|request[_ -]?body|data|binary data|x{3,}|\*{2,}|-{3,}|\.{3,})[^=&\n]{0,60}",
    re.IGNORECASE,
)


def _concrete(request: HttpRequest, body: str | bytes) -> Payload | CannotTell:
    """A body of which every byte is known."""
    data = _decompressed(request, body)
    if isinstance(data, CannotTell):
        return data
    if not data:
        return _empty(request)
    media, parameters = _media_type(header(request.headers, "content-type"))
    if "base64" in header(request.headers, "content-transfer-encoding").lower():
        decoded = base64_bytes(data)
        data = data if decoded is None else decoded
    content = data if isinstance(data, str) else decode_text(data, parameters.get("charset", ""))
    start = content.lstrip("\ufeff \t\r\n")[:1]
    if (
        len(content) <= 200
        and not _starts_like_json(content)
        and _MASK.fullmatch(content.strip())
        and "=" not in content
    ):
        return CannotTell(Reason.MASKED)
    if not start:
        return _empty(request) if request.encoding == "" else Payload("text", content)
    says_json = request.encoding == "json" or _is_json(media)
    if says_json or start in ("{", "["):
        result = _json_payload(content, media)
        if isinstance(result, Payload):
            return result
        if says_json and not _looks_like_form(content) and _inner_base64(data) is None:
            return result
        # Cut JSON under another content type is still cut JSON; text that only starts with a bracket is not.
        if result.reason in (Reason.BODY_CUT, Reason.TOO_LARGE) and _starts_like_json(content):
            return result
    if media.startswith("multipart/") or _looks_like_multipart(content):
        parts = _multipart(data, parameters.get("boundary", ""))
        if parts is not None:
            return parts
        if media == "multipart/form-data":
            return CannotTell(Reason.WRONG_ENCODING, "the header says multipart, the body is not multipart")
    if media == _URLENCODED or request.encoding == "form" or _looks_like_form(content):
        if _cut_short(request, content):
            return CannotTell(Reason.BODY_CUT, "the body is shorter than its Content-Length")
        return Payload("form", _form(content))
    inner = _inner_base64(data)
    if inner is not None and (says_json or not media):
        return _concrete(_without_encoding(request), inner)
    return Payload("text", content if isinstance(data, str) or is_utf8(data) else data)


def _without_encoding(request: HttpRequest) -> HttpRequest:
    return HttpRequest(request.method, request.url, {}, None, request.encoding)


def _is_json(media: str) -> bool:
    return media.endswith(("/json", "+json")) or "json" in media.partition("/")[2].split("-")


def _starts_like_json(content: str) -> bool:
    return re.match(r"[\ufeff\s]*(?:\{\s*\"|\[\s*[\[{\"])", content) is not None


def _looks_like_form(content: str) -> bool:
    # One name=value at least, no white space, as a form is sent; JSON, MIME and base64 are not like that.
    head = content.strip("\r\n")[:4096]
    return re.match(r"[^\s=&{<\"]{1,200}=[^\s]*\Z", head) is not None and not re.fullmatch(
        r"[A-Za-z0-9+/_-]*={1,2}", head
    )


def _looks_like_multipart(content: str) -> bool:
    head = content[:4096]
    return head.lstrip().startswith("--") and re.search(r"(?i)\ncontent-disposition\s*:", head) is not None


def _cut_short(request: HttpRequest, content: str) -> bool:
    # Only for forms: JSON and multipart show by themselves whether they end.
    length = header(request.headers, "content-length").strip()
    if not length.isascii() or not length.isdigit() or len(length) > 12 or header(request.headers, "content-encoding"):
        return False
    return int(length) > len(content.encode("utf-8", "replace"))


def _inner_base64(data: str | bytes) -> bytes | None:
    """JSON or a gzip stream inside base64, as some recorders keep bodies."""
    head = data[:16]
    head_text = head if isinstance(head, str) else head.decode("latin-1")
    if not re.match(r"\s*(?:H4sI|ey|W3|W1|ewo|ewk|e30|Wyo|Cns|Cls)", head_text):
        return None
    decoded = base64_bytes(data)
    if decoded is None or decoded.lstrip()[:1] not in (b"{", b"[", b"\x1f"):
        return None
    return decoded


# --- Compression ---------------------------------------------------------------------------------


def _decompressed(request: HttpRequest, body: str | bytes) -> str | bytes | CannotTell:
    codings = [
        name
        for name in (part.strip().lower() for part in header(request.headers, "content-encoding").split(","))
        if name not in ("", "identity", "none", "utf-8", "aws-chunked", "chunked", "amz-1.0")
    ]
    if not codings:
        return _unasked(body)
    if len(codings) > _LAYERS:
        return CannotTell(Reason.TOO_LARGE, "the body is compressed more often than the limit")
    data = _raw(body)
    if data is None:
        return CannotTell(Reason.WRONG_ENCODING, "the recorder kept the compressed body as damaged text")
    for name in reversed(codings):
        if name == "base64":
            decoded = base64_bytes(data)
            if decoded is None:
                return CannotTell(Reason.WRONG_ENCODING, "the header says base64, the body is not base64")
            data = decoded
            continue
        if name in ("br", "zstd", "compress", "x-compress", "dcb", "dcz"):
            return CannotTell(
                Reason.WRONG_ENCODING, f"the body is compressed with {name}, which mailguard does not read"
            )
        if name not in ("gzip", "x-gzip", "deflate"):
            return CannotTell(Reason.WRONG_ENCODING, "the header names an encoding that mailguard does not know")
        if data[:4] == b"H4sI":
            data = base64_bytes(data) or data
        result = inflate(data, "deflate" if name == "deflate" else "gzip")
        if isinstance(result, CannotTell):
            return result
        data = result
    return data


def _raw(body: str | bytes) -> bytes | None:
    """The bytes behind a text that a recorder made of bytes; None if it damaged them."""
    if isinstance(body, bytes):
        return body
    try:
        return body.encode("latin-1")
    except UnicodeEncodeError:
        return None if body[:1] == "\x1f" or "\ufffd" in body[:64] else body.encode("utf-8", "replace")


def _unasked(body: str | bytes) -> str | bytes | CannotTell:
    """Undo gzip that no header speaks of."""
    if isinstance(body, bytes):
        return inflate(body, "gzip") if body[:3] == b"\x1f\x8b\x08" else body
    if body[:2] == "\x1f\x8b":
        data = _raw(body)
        if data is not None:
            return inflate(data, "gzip")
    if body[:1] == "\x1f":
        return CannotTell(Reason.WRONG_ENCODING, "the recorder kept the compressed body as damaged text")
    if body[:4] == "H4sI":
        data = base64_bytes(body)
        if data is not None and data[:3] == b"\x1f\x8b\x08":
            return inflate(data, "gzip")
    return body


def inflate(data: bytes, name: Literal["gzip", "deflate"] = "gzip", limit: int = BODY_LIMIT) -> bytes | CannotTell:
    """``data`` with gzip or deflate undone, never more than ``limit`` bytes.

    Several gzip members follow each other (RFC 1952, section 2.2). ``deflate`` is zlib or, as some clients send, raw.
    """
    wbits = 31
    if name == "deflate":
        # RFC 9110, section 8.4.1.2: zlib is meant, raw deflate is sent by some.
        wbits = 15 if len(data) > 1 and data[0] & 15 == 8 and (data[0] * 256 + data[1]) % 31 == 0 else -15
    elif data[:2] != b"\x1f\x8b":
        return CannotTell(Reason.WRONG_ENCODING, "the header says gzip, the body is not gzip")
    pieces: list[bytes] = []
    room = limit
    rest = data
    while rest:
        machine = zlib.decompressobj(wbits)
        try:
            piece = machine.decompress(rest, room + 1)
        except zlib.error:
            if pieces:
                break  # something else behind the last member: gzip itself ignores it
            return CannotTell(Reason.WRONG_ENCODING, f"the header says {name}, the body is not {name}")
        room -= len(piece)
        if room < 0:
            return CannotTell(Reason.TOO_LARGE, "the body is larger than the limit after decompression")
        if not machine.eof:
            return CannotTell(Reason.BODY_CUT, "the compressed body ends before its end")
        pieces.append(piece)
        rest = machine.unused_data if wbits == 31 and machine.unused_data[:2] == b"\x1f\x8b" else b""
    return b"".join(pieces)


def from_base64(value: Value | Absent) -> Value | CannotTell:
    """The bytes inside a base64 text (either alphabet, white space and missing padding allowed).

    Data that is not known stays as it is, so a provider can hand the result to :func:`header_block`.
    A known text that is no base64 is ``WRONG_ENCODING``.
    """
    if isinstance(value, Absent) or value is None:
        return CannotTell(Reason.BODY_MISSING, "the message inside the request was not recorded")
    if isinstance(value, Either):
        results = [from_base64(option) for option in value.options]
        found = [result for result in results if not isinstance(result, CannotTell)]
        joined = join(*found) if found else ABSENT
        return results[0] if isinstance(joined, Absent) else inherit(joined, value.trail)
    whole = plain(value) if isinstance(value, (Known, Text)) else value
    if not isinstance(whole, (str, bytes)):
        return whole
    if not whole.strip():
        return CannotTell(Reason.BODY_MISSING, "the message inside the request was not recorded")
    decoded = base64_bytes(whole)
    if decoded is None:
        shown = whole if isinstance(whole, str) else whole.decode("latin-1")
        if _MASK.fullmatch(shown[:200].strip()):
            return CannotTell(Reason.MASKED)
        return CannotTell(Reason.WRONG_ENCODING, "the message inside the request is not base64")
    return inherit(decoded, trail_of(value))


# --- Text of bytes -------------------------------------------------------------------------------


def header(headers: Value, name: str) -> str:
    """The text of one header of ``headers``, several joined by commas; empty where it is absent or not known.

    ``name`` is given in lower case.
    """
    if type(headers) is dict:
        # A capture: looked at for each of a million records.
        value: Value | Absent = ABSENT
        size = len(name)
        for key, item in headers.items():
            if type(key) is str and len(key) == size and key.lower() == name:
                value = item
                break
        if value is ABSENT:
            return ""
        if type(value) is str:
            return value
    else:
        value = get(headers, name, fold=True)
    if isinstance(value, Either):
        texts = [text(option) for option in value.options if option is not ABSENT]
        return next((item for item in texts if item), "")
    if sort_of(value) is Sort.COLLECTION:
        return ", ".join(_header_text(member.value) for member in each(value))
    return _header_text(value)


def _header_text(value: Value | Absent) -> str:
    if isinstance(value, Absent):
        return ""
    whole = scalar(value)
    if isinstance(whole, bytes):
        return whole.decode("latin-1")
    if isinstance(whole, (int, float)) and not isinstance(whole, bool):
        return str(whole)
    return text(whole) or ""


_PARAMETER = re.compile(r";[ \t\r\n]*([^\s=;\"]{1,64})[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.){0,1000})\"?|([^;\s]{0,1000}))")


_NO_TYPE: Final[tuple[str, Mapping[str, str]]] = ("", {})


def _media_type(value: str) -> tuple[str, Mapping[str, str]]:
    """``type/subtype`` in lower case, and its parameters."""
    if not value:
        return _NO_TYPE
    return _known_type(value) if len(value) <= _SHORT else _read_type(value[:4096])


def _read_type(value: str) -> tuple[str, Mapping[str, str]]:
    media = value.partition(";")[0].strip().lower()
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
        for name, quoted, bare in _PARAMETER.findall(value)
    }
    return media, parameters


_known_type = lru_cache(1024)(_read_type)
"""A capture has few different ones, and each many times."""


# --- JSON ----------------------------------------------------------------------------------------


def _json_payload(content: str, media: str = "") -> Payload | CannotTell:
    value = read_json(content)
    if isinstance(value, CannotTell):
        if "ndjson" in media or "jsonl" in media or "json-seq" in media:
            values = [read_json(line) for line in content.replace("\x1e", "\n").split("\n") if line.strip()]
            broken = next((item for item in values if isinstance(item, CannotTell)), None)
            return broken or Payload("json", cast("list[Any]", values))
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        # A body that was encoded twice, json=json.dumps(data).
        inner = read_json(value)
        if not isinstance(inner, CannotTell):
            value = inner
    return Payload("json", value)


# --- Forms ---------------------------------------------------------------------------------------


def _form(content: str) -> Form:
    """``application/x-www-form-urlencoded``; names repeat, bad percent escapes stay as they are."""
    return Form(tuple(_pair(piece) for piece in content.strip("\ufeff\r\n").split("&") if piece))


def _pair(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return _percent(name), _percent(value)


def _percent(piece: str) -> str:
    if "%" not in piece:
        return clean_text(piece.replace("+", " "))
    try:
        return unquote_plus(piece, errors="strict")
    except UnicodeDecodeError:
        return unquote_plus(piece, encoding="latin-1")
    except UnicodeEncodeError:
        return clean_text(unquote_plus(clean_text(piece)))


def fields_of(data: Value | Form) -> Form:
    """Data as a client encodes it into a form: a list under a name repeats the name, None is left out.

    Takes mappings and collections of pairs. A collection whose length is not known stays one part with a collection in it.
    """
    if isinstance(data, Form):
        return data
    parts: list[tuple[str, Value]] = []
    for name, value in _pairs_of(data):
        if value is None:
            continue
        if isinstance(value, (list, tuple)) or (
            isinstance(value, Items) and all(m.count == ONE for m in value.members)
        ):
            parts.extend((name, member.value) for member in each(value) if member.value is not None)
        else:
            parts.append((name, value))
    return Form(tuple(parts))


def _pairs_of(data: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(data, Object):
        yield from _pairs_of(data.render())
    elif isinstance(data, dict):
        for key, value in data.items():
            yield text(key) or str(scalar(key)), value
    elif isinstance(data, Fields):
        for name, value in data.known:
            yield name, inherit(value, data.trail)
        if data.rest is not None:
            yield "*", data.rest
    elif isinstance(data, Either):
        branches = [tuple(_pairs_of(inherit(option, data.trail))) for option in data.options if option is not ABSENT]
        yield from _branches([*branches, ()] if ABSENT in data.options else branches)
    else:
        for value, count in each(data):
            pair = [member.value for member in each(value)]
            if len(pair) == 2:
                item = pair[1] if count == ONE else Items((Member(pair[1], count),))
                yield text(pair[0]) or "*", item


_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def form_values(form: Form, name: str) -> tuple[Value, ...]:
    """All values under ``name``, in order, also where it is written ``name[]``, ``name[3]`` or ``name[key]``.

    Some clients put an address into the brackets (``to[ann@example.com]``); it is a value like the others.
    """
    values: list[Value] = []
    for other, value in form.parts:
        if other == name:
            values.append(value)
        elif other.startswith(name) and other[len(name) : len(name) + 1] == "[":
            values.extend(inside for inside in _BRACKETS.findall(other[len(name) :]) if "@" in inside)
            values.append(value)
    return tuple(values)


def _multipart(data: str | bytes, boundary: str) -> Payload | CannotTell | None:
    """The parts of a multipart body as a form, or None if it is none.

    A part without a name is named after its media type (Gmail's upload has two such parts).
    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
    delimiters = _delimiters(raw, boundary.encode("utf-8", "replace")) if boundary else []
    if not delimiters:
        # The recorder may have masked the boundary in the header; the first line of the body has it.
        first = re.match(rb"\s{0,100}--([^\r\n]{1,200})", raw)
        if first is None:
            return None
        delimiters = _delimiters(raw, first.group(1).rstrip())
    if len(delimiters) > _PARTS:
        return CannotTell(Reason.TOO_LARGE, "the body has more parts than the limit")
    parts: list[tuple[str, Value]] = []
    for number, match in enumerate(delimiters):
        end = delimiters[number + 1].start() if number + 1 < len(delimiters) else len(raw)
        piece = raw[match.end() : end]
        last = number + 1 == len(delimiters)
        if match.group(1):
            if last or not piece.strip():
                continue  # the epilogue
        elif last:
            return CannotTell(Reason.BODY_CUT, "the multipart body ends before its last boundary")
        parts.append(_part(re.sub(rb"\A[ \t]*(?:\r\n|\n|\r)", b"", piece, count=1)))
    return Payload("form", Form(tuple(parts))) if delimiters else None


def _delimiters(raw: bytes, boundary: bytes) -> list[re.Match[bytes]]:
    # RFC 2046, section 5.1.1. The line end in front belongs to the delimiter; recorders turn CRLF into LF.
    pattern = rb"(?:\A|\r\n|\n|\r)--" + re.escape(boundary) + rb"(--)?(?=[ \t]*(?:\r|\n|\Z))"
    return list(re.finditer(pattern, raw))


def _part(piece: bytes) -> tuple[str, Value]:
    head, content = _cut(piece)
    headers = {name.lower(): value for name, value in _header_lines(head)}
    _, disposition = _media_type(headers.get("content-disposition", ""))
    media, parameters = _media_type(headers.get("content-type", ""))
    name = disposition.get("name", "")
    if not name and "name*" in disposition:
        name = unquote(disposition["name*"].rpartition("'")[2])
    encoding = headers.get("content-transfer-encoding", "").strip().lower()
    if encoding == "base64":
        content = base64_bytes(content) or content
    elif encoding == "quoted-printable":
        content = quopri.decodestring(content)
    charset = parameters.get("charset", "")
    if is_utf8(content) or charset:
        return name or media, clean_text(decode_text(content, charset))
    return name or media, content


# --- Texts with holes ----------------------------------------------------------------------------

Atom: TypeAlias = Value | Repeat
"""A piece of a text: a literal (``str`` or a :class:`Known` one) or a hole."""


def _atoms(value: Value | Repeat) -> list[Atom]:
    """The pieces of a text in order, nested texts opened, literals side by side put together."""
    result: list[Atom] = []
    stack: list[Atom] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Text):
            trail = item.trail
            stack.extend(reversed([_inherited(part, trail) if trail else part for part in item.parts]))
        elif isinstance(item, str) and result and isinstance(result[-1], str):
            result[-1] += item
        else:
            literal = _literal(item)
            result.append(item if literal is None or isinstance(item, (str, Known)) else literal)
    return result


def _inherited(part: Value | Repeat, trail: Trail) -> Value | Repeat:
    if isinstance(part, Repeat):
        return Repeat(inherit(part.value, trail), part.count, part.separator)
    return inherit(part, trail)


def _literal(atom: Atom) -> str | None:
    if isinstance(atom, Known):
        atom = atom.value
    if isinstance(atom, str):
        return atom
    if isinstance(atom, bytes):
        return decode_text(atom)
    if isinstance(atom, (int, float)):
        return str(atom)
    return None


def _like(atom: Atom, literal: str) -> Atom:
    return Known(literal, atom.trail) if isinstance(atom, Known) and atom.trail else literal


def _whole(atoms: Sequence[Atom], *, strip: bool = False) -> Value:
    """The text that the pieces make; the piece itself where there is only one."""
    pieces = list(atoms)
    if strip:
        for end in (0, -1):
            while pieces:
                literal = _literal(pieces[end])
                if literal is None:
                    break
                stripped = literal.lstrip() if end == 0 else literal.rstrip()
                if stripped:
                    pieces[end] = _like(pieces[end], stripped)
                    break
                del pieces[end]
    if not pieces:
        return ""
    if len(pieces) == 1 and not isinstance(pieces[0], Repeat):
        return pieces[0]
    return Text(tuple(pieces))


def _split(atoms: Sequence[Atom], pattern: re.Pattern[str], most: int = 0) -> list[list[Atom]]:
    """The pieces between the places where ``pattern`` stands in a literal; at most ``most`` cuts (0: all)."""
    result: list[list[Atom]] = [[]]
    for atom in atoms:
        literal = _literal(atom)
        if literal is None:
            result[-1].append(atom)
            continue
        left = most - len(result) + 1 if most else 0
        pieces = [literal] if most and left <= 0 else pattern.split(literal, maxsplit=left)
        for number, piece in enumerate(pieces):
            if number:
                result.append([])
            if piece:
                result[-1].append(_like(atom, piece))
    return result


_AMPERSAND = re.compile("&")
_EQUALS = re.compile("=")
_QUESTION = re.compile(r"\?")


def _form_with_holes(atoms: Sequence[Atom]) -> Form:
    parts: list[tuple[str, Value]] = []
    for piece in _split(atoms, _AMPERSAND):
        if not piece:
            continue
        name, *rest = _split(piece, _EQUALS, 1)
        key = "".join("*" if (literal := _literal(atom)) is None else literal for atom in name)
        value = [
            atom if (literal := _literal(atom)) is None else _like(atom, _percent(literal))
            for pieces in rest
            for atom in pieces
        ]
        parts.append((_percent(key), _whole(value)))
    return Form(tuple(parts))


def _text_with_holes(request: HttpRequest, body: Text) -> Payload | CannotTell:
    atoms = _atoms(body)
    first = _literal(atoms[0]) if atoms else ""
    media, _ = _media_type(header(request.headers, "content-type"))
    says_json = request.encoding == "json" or _is_json(media)
    if says_json or (first or "").lstrip()[:1] in ("{", "["):
        value = _json_with_holes(atoms)
        if value is not None:
            return Payload("json", value)
        if says_json:
            return CannotTell(Reason.ADDRESSES, "the code does not tell the JSON that it writes")
    if media == _URLENCODED or request.encoding == "form" or re.match(r"[\w\[\].-]+=", first or ""):
        return Payload("form", _form_with_holes(atoms))
    return Payload("text", body)


_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: in no text that a program writes
_HOLE = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


def _json_with_holes(atoms: Sequence[Atom]) -> Value | None:
    """JSON text whose values, or parts of whose strings, are holes; None if the holes hold structure."""
    holes: list[Atom] = []
    rounds: list[Count] = []
    pieces: list[str] = []
    inside = False  # a string literal of the JSON

    def write(items: Sequence[Atom]) -> bool:
        nonlocal inside
        for atom in items:
            literal = _literal(atom)
            if literal is not None:
                if _OPEN in literal:
                    return False
                inside = _in_string(literal, inside)
                pieces.append(literal)
            elif isinstance(atom, Repeat) and not inside:
                # ",".join(...) over members that are JSON themselves
                rounds.append(atom.count)
                pieces.append(f'{{"{_OPEN}{len(rounds) - 1}": ')
                if not write(_atoms(atom.value)) or inside:
                    return False
                pieces.append("}")
            else:
                holes.append(atom)
                mark = f"{_OPEN}{len(holes) - 1}{_CLOSE}"
                pieces.append(mark if inside else f'"{mark}"')
        return True

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return _filled(value, holes)
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)).startswith(_OPEN):
                key, item = next(iter(value.items()))
                return Items((Member(fill(item), rounds[int(key[1:])]),))
            return {_HOLE.sub("*", key): fill(item) for key, item in value.items()}
        if isinstance(value, list):
            members: list[Member] = []
            for item in value:
                filled = fill(item)
                repeated = isinstance(item, dict) and len(item) == 1 and next(iter(item)).startswith(_OPEN)
                members.extend(filled.members if repeated else [Member(filled, ONE)])
            if all(member.count == ONE for member in members):
                return [member.value for member in members]
            return Items(tuple(members))
        return value

    if not write(atoms):
        return None
    value = read_json("".join(pieces))
    return None if isinstance(value, CannotTell) else cast("Value", fill(value))


def _in_string(literal: str, inside: bool) -> bool:
    quotes = len(re.findall(r'(?<!\\)(?:\\\\)*"', literal))
    return inside ^ bool(quotes % 2)


def _filled(value: str, holes: Sequence[Atom]) -> Value:
    pieces = _HOLE.split(value)
    if len(pieces) == 1:
        return value
    atoms: list[Atom] = [holes[int(piece)] if number % 2 else piece for number, piece in enumerate(pieces)]
    return _whole([atom for atom in atoms if atom != ""])


# --- Header blocks -------------------------------------------------------------------------------

_LINE_END_BYTES = re.compile(rb"\r{0,3}\n|\r")
_LINE_END = re.compile(r"\r{0,3}\n|\r")
_ADDRESS_HEADERS: Final = frozenset(
    {
        *("to", "cc", "bcc", "from", "sender", "reply-to", "return-path", "apparently-to", "delivered-to", "errors-to"),
        *(
            "resent-to",
            "resent-cc",
            "resent-bcc",
            "resent-from",
            "resent-sender",
            "resent-reply-to",
            "mail-followup-to",
        ),
        *(
            "x-rcptto",
            "x-mailfrom",
            "x-original-to",
            "envelope-to",
            "disposition-notification-to",
            "mail-reply-to",
            "*",
        ),
    }
)


def header_block(data: Value) -> tuple[tuple[str, Value], ...] | CannotTell:
    """The header lines of a message, in order, names as written, repeated lines repeated.

    Takes the bytes or the text of a message (what stands behind the first empty line is not looked at), a
    :class:`Fields` or a mapping, and a text with holes; a line whose name is a hole is named ``*``. Unlike the standard
    library it does not stop at a line without a colon: such a line is taken as the rest of the one before it.

    Encoded words (RFC 2047) are decoded. In address headers a decoded text that holds specials is put in quotes, so that a
    comma or an address inside a display name neither separates nor counts as a recipient, and is still there to be seen;
    where an encoded word *is* the member, as ``Header(", ".join(people))`` writes it, the text stands as it is.
    """
    return _header_block(data, 0)


def _header_block(data: Value, depth: int) -> tuple[tuple[str, Value], ...] | CannotTell:
    if depth > _LAYERS:
        return CannotTell(Reason.TOO_LARGE, "the message is nested deeper than the limit")
    if isinstance(data, Object):
        return _header_block(data.render(), depth + 1)
    if isinstance(data, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the headers of the message")
    if isinstance(data, Either):
        blocks = [_header_block(inherit(o, data.trail), depth + 1) for o in data.options if not isinstance(o, Absent)]
        found = [block for block in blocks if not isinstance(block, CannotTell)]
        return _branches(found) if found else blocks[0]
    trail = trail_of(data)
    whole = plain(data) if isinstance(data, (Known, Text)) else data
    if isinstance(whole, (str, bytes)):
        head = _head(whole)
        if isinstance(head, CannotTell):
            return head
        return tuple((name, inherit(_decoded_words(name, value), trail)) for name, value in _header_lines(head))
    if isinstance(whole, Text):
        return tuple(_lines_with_holes(whole))
    if whole is None:
        return CannotTell(Reason.BODY_MISSING)
    if sort_of(whole) in (Sort.MAPPING, Sort.COLLECTION):
        return tuple((name, _decoded_value(name, value)) for name, value in _repeated(_pairs_of(whole)))
    return CannotTell(Reason.BAD_RECORD, "the message is not text")


def _repeated(pairs: Iterable[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    for name, value in pairs:
        if isinstance(value, list):
            for item in value:
                yield name, item
        else:
            yield name, value


def _decoded_value(name: str, value: Value) -> Value:
    whole = scalar(value)
    if isinstance(whole, bytes):
        whole = decode_text(whole)
    if isinstance(whole, str):
        return inherit(
            _decoded_words(name, _LINE_END.sub(" ", whole) if "\n" in whole or "\r" in whole else whole),
            trail_of(value),
        )
    return value


def _head(data: str | bytes) -> bytes | CannotTell:
    if isinstance(data, str):
        data = data[: HEADER_LIMIT + 1].encode("utf-8", "backslashreplace")
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = decode_text(data[: 2 * HEADER_LIMIT]).encode("utf-8", "backslashreplace")
    head, _ = _cut(data)
    return (
        CannotTell(Reason.TOO_LARGE, "the header block is larger than the limit") if len(head) > HEADER_LIMIT else head
    )


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """A message at its first empty line; blank lines and a byte order mark in front of the first header are passed over.

    A line of white space inside the block is a fold (RFC 5322, section 4.2), no end.
    """
    start = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    blank = re.compile(rb"(?:[ \t]*(?:\r{0,3}\n|\r))*").match(data, start, start + HEADER_LIMIT)
    if blank is not None:
        # Blank lines only; the white space in front of the first header may be its indentation.
        start = blank.end()
    end = _EMPTY_LINE.search(data, start, start + HEADER_LIMIT + 8)
    if end is None:
        return data[start : start + HEADER_LIMIT + 8], b""
    return data[start : end.start()], data[end.end() :]


# An empty line: LF after a line end, or CR after CR in a text whose lines end in CR. CR CR LF is one damaged line end.
_EMPTY_LINE = re.compile(rb"\n\r{0,3}\n|(?<!\r)\r\r(?![\r\n])")
_NAME = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+(?: [A-Za-z0-9!#$%&'*+.^_`|~-]+){0,4})[ \t]*:")


def _header_lines(head: bytes) -> list[tuple[str, str]]:
    """The header lines of a block without its body, unfolded, not decoded."""
    lines: list[tuple[str, list[str]]] = []
    indent: str | None = None
    for number, raw in enumerate(_LINE_END_BYTES.split(head)):
        line = raw.decode("utf-8") if is_utf8(raw) else raw.decode("latin-1")
        if number == 0 and re.match(r">?From (?![ \t]*:)", line):
            continue  # the separator line of a mailbox
        stripped = line.lstrip(" \t")
        match = _NAME.match(stripped)
        margin = line[: len(line) - len(stripped)]
        if not lines and match:
            indent = margin  # a block that stands indented as a whole, out of a source file
        if match and margin in ("", indent):
            lines.append((match.group(1), [stripped[match.end() :]]))
        elif lines:
            # A fold; or a line that lost its colon or its fold, which must not hide those behind it.
            lines[-1][1].append(line if margin else " " + line)
    return [(name, clean_text("".join(pieces).replace("\0", "").strip())) for name, pieces in lines]


_WORD = re.compile(r"=\?([A-Za-z0-9_.:()+-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([BbQq])\?([^?\r\n]*)\?=")
_SPECIALS: Final = frozenset('()<>[]:;@\\,."')


def _words(match: re.Match[str]) -> str:
    """Encoded words side by side, decoded together: some encoders cut inside a character."""
    pieces: list[tuple[str, bytes]] = []
    for charset, encoding, content in _WORD.findall(match.group(0)):
        if encoding in "Bb":
            data = base64_bytes(content)
            if data is None:
                data = content.encode("utf-8", "replace")
        else:
            data = unquote_to_bytes(content.replace("%", "%25").replace("=", "%").replace("_", " "))
        name = charset.lower()
        if pieces and pieces[-1][0] == name:
            pieces[-1] = (name, pieces[-1][1] + data)
        else:
            pieces.append((name, data))
    return "".join(clean_text(decode_text(data, name, sniff=False)) for name, data in pieces)


_RUN = re.compile(r"(?:=\?[A-Za-z0-9_.:()+*-]{1,60}\?[BbQq]\?[^?\r\n]*\?=[ \t\r\n]*)+(?<=[ \t\r\n=])")
_TOKEN = re.compile(
    r"(?P<word>(?:=\?[A-Za-z0-9_.:()+*-]{1,60}\?[BbQq]\?[^?\r\n]*\?=[ \t\r\n]*)+)"
    r"|(?P<quoted>\"(?:[^\"\\]|\\.){0,2000}\"?)|(?P<mark>[(),;<>])|(?P<plain>[^=\"(),;<>]+|.)",
    re.DOTALL,
)


def _decoded_words(name: str, value: str) -> str:
    """A header value with its encoded words decoded; see :func:`header_block` for what happens in address headers."""
    if "=?" not in value:
        return value
    if name.lower() not in _ADDRESS_HEADERS:
        return clean_text(_RUN.sub(_run, value)).strip()
    members: list[list[tuple[str, str]]] = [[]]
    comment = 0
    angle = False
    for token in _TOKEN.finditer(value):
        kind, piece = str(token.lastgroup), token.group(0)
        if kind == "mark":
            if piece == "(":
                comment += 1
            elif piece == ")":
                comment = max(0, comment - 1)
            elif not comment:
                angle = piece == "<" or (angle and piece != ">")
        elif kind == "word":
            kind = "comment" if comment else "address" if angle else "word"
        elif comment and kind == "plain":
            kind = "aside"
        members[-1].append((kind, piece))
        if kind == "mark" and piece in ",;" and not comment and not angle:
            members.append([])
    return "".join(_member(member) for member in members).strip()


def _run(match: re.Match[str]) -> str:
    run = match.group(0)
    # White space between encoded words is none (RFC 2047, section 6.2); behind the last one it stays.
    return _words(match) + run[len(run.rstrip()) :]


def _member(tokens: Sequence[tuple[str, str]]) -> str:
    """One member of an address list, its encoded words decoded without making new members of a display name."""
    addressed = any(kind == "address" or (kind == "plain" and "@" in piece) for kind, piece in tokens)
    before = False  # whether an address stands in front
    result: list[str] = []
    for kind, piece in tokens:
        match kind:
            case "word":
                decoded = _RUN.sub(_run, piece)
                if before and decoded.lstrip().startswith(","):
                    # Python's email package (3.6 to 3.13) may encode the comma between two members with the name behind it.
                    result.append(",")
                    decoded = decoded.lstrip()[1:]
                result.append(decoded if "@" in decoded and not addressed else _quoted(decoded))
            case "comment":
                result.append(re.sub(r"[()\\]", r"\\\g<0>", _RUN.sub(_run, piece)))
            case "address":
                result.append(_RUN.sub(_run, piece))
            case "quoted" if "=?" in piece:
                # Encoded words do not belong inside quotes (RFC 2047, section 5); readers show them decoded all the same.
                result.append(_RUN.sub(lambda match: re.sub(r"[\"\\]", r"\\\g<0>", _run(match)), piece))
            case _:
                before = before or (kind == "plain" and "@" in piece)
                result.append(piece)
    return clean_text("".join(result))


def _quoted(decoded: str) -> str:
    """A decoded text as a phrase: in quotes where it holds what would end it."""
    name = decoded.strip()
    if not _SPECIALS & set(name):
        return decoded
    escaped = re.sub(r"[\"\\]", r"\\\g<0>", name)
    return decoded.replace(name, f'"{escaped}"', 1)


def _lines_with_holes(value: Text) -> list[tuple[str, Value]]:
    """The header lines of a raw message that code writes."""
    lines = _text_lines(_atoms(value), ONE)
    block: list[tuple[str, list[Atom], Count]] = []
    indent: str | None = None
    for number, (atoms, count) in enumerate(lines):
        first = _literal(atoms[0]) if atoms else ""
        if not block and first is not None and not first.strip() and len(atoms) <= 1:
            continue  # blank lines in front
        if not atoms:
            break
        if number == 0 and first is not None and re.match(r">?From (?![ \t]*:)", first):
            continue
        margin = "" if first is None else first[: len(first) - len(first.lstrip(" \t"))]
        pieces = _split(atoms, _COLON, 1)
        name = "".join("*" if (literal := _literal(atom)) is None else literal for atom in pieces[0]).strip()
        named = len(pieces) == 2 and _NAME.fullmatch(name + ":") is not None
        if not block and named:
            indent = margin
        if named and margin in ("", indent):
            block.append((re.sub(r"\*{2,}", "*", name), pieces[1], count))
        elif first is None or not block:
            if first is None:
                block.append(("*", list(atoms), count))
        else:
            block[-1][1].extend(atoms if margin else [" ", *atoms])
    result: list[tuple[str, Value]] = []
    for name, atoms, count in block:
        whole = _decoded_value(name, _whole(atoms, strip=True))
        result.append((name, whole if count == ONE else Items((Member(whole, count),))))
    return result


_COLON = re.compile(":")


def _text_lines(atoms: Sequence[Atom], count: Count) -> list[tuple[list[Atom], Count]]:
    """A text with holes at its literal line ends; each line with the number of times that it is there."""
    lines: list[tuple[list[Atom], Count]] = [([], count)]
    for atom in atoms:
        literal = _literal(atom)
        if literal is not None:
            for number, piece in enumerate(_LINE_END.split(literal)):
                if number:
                    lines.append(([], count))
                if piece:
                    lines[-1][0].append(_like(atom, piece))
        elif isinstance(atom, Repeat) and _breaks(atom):
            inner = _text_lines(_atoms(atom.value), count * atom.count)
            if atom.separator and len(inner) > 1 and not inner[-1][0]:
                inner.pop()
            if lines[-1][0]:
                lines[-1][0].extend(inner[0][0])
            else:
                lines[-1] = inner[0]
            lines.extend(inner[1:])
            if not lines[-1][0]:
                lines[-1] = ([], count)
        else:
            lines[-1][0].append(atom)
    return lines


_FOLD = re.compile(r"(?:\r{0,3}\n|\r)[ \t]+")


def _breaks(repeat: Repeat, depth: int = 0) -> bool:
    """Whether each round is a line, or several, of its own; a fold is no line."""
    atoms = _atoms(repeat.value)
    texts = [repeat.separator or "", *(literal for atom in atoms if (literal := _literal(atom)) is not None)]
    return any(_LINE_END.search(_FOLD.sub(" ", item)) for item in texts) or (
        depth < _LAYERS and any(_breaks(atom, depth + 1) for atom in atoms if isinstance(atom, Repeat))
    )


# --- URLs ----------------------------------------------------------------------------------------

_URL_LIMIT: Final = 1 << 16  # characters of a URL without its query
_ALTERNATIVES: Final = 8  # branches of the code that are looked at
# Bounded and without alternatives that overlap at a delimiter: placeholders may hold the characters that end an authority.
_AUTHORITY = re.compile(r"(?:<[^<>@]{0,100}>|\{[^{}@]{0,100}\}|[^/?#])*")
_GLUED = re.compile(r"(.*[A-Za-z0-9-]\.[A-Za-z]{2,})\*")


def url_parts(url: Value | Absent) -> Url | None:
    """What is known of ``url``; None if nothing is.

    Never raises: user info, ports, placeholders in brackets or quotes, and missing schemes are taken as they come. A hole
    is written ``*``; one at the start may hold a part of the path too. Where branches of the code differ, the one with a public
    host name is taken.
    """
    if isinstance(url, str) and len(url) <= _SHORT:
        return _concrete_url(url)  # a capture has few different ones, and each many times
    found = list(islice((part for part in _urls(url, 0) if part is not None), _ALTERNATIVES))
    named = [part for part in found if "." in part.host and not re.fullmatch(r"[0-9.]+", part.host)]
    return next(iter(named or [part for part in found if part.host] or found), None)


@lru_cache(1024)
def _concrete_url(url: str) -> Url | None:
    return _url([url]) if url else None


def _urls(url: Value | Absent, depth: int) -> Iterator[Url | None]:
    if isinstance(url, Absent) or depth > _LAYERS:
        return
    if isinstance(url, Either):
        for option in url.options[:_ALTERNATIVES]:
            yield from _urls(option, depth + 1)
        return
    if not isinstance(url, (str, bytes, Known, Text)):
        return
    atoms = _atoms(url.decode("latin-1") if isinstance(url, bytes) else url)
    for number, atom in enumerate(atoms):
        if isinstance(atom, Either):
            for option in atom.options[:_ALTERNATIVES]:
                if not isinstance(option, Absent):
                    parts: tuple[Value | Repeat, ...] = (*atoms[:number], option, *atoms[number + 1 :])
                    yield from _urls(Text(parts), depth + 1)
            return
    if any(_literal(atom) for atom in atoms):
        yield _url(atoms)


_HASH = re.compile("#")


def _url(atoms: Sequence[Atom]) -> Url | None:
    front, *behind = _split(_split(atoms, _HASH, 1)[0], _QUESTION, 1)
    whole = "".join("*" if (literal := _literal(atom)) is None else literal for atom in front)[:_URL_LIMIT]
    whole = re.sub(r"[\x00-\x20\x7f]+", "", whole).strip("\"'")
    query = _form_with_holes(behind[0]) if behind else Form(())
    scheme, separator, rest = whole.partition("://")
    if not separator or len(scheme) > 20 or "/" in scheme:
        scheme, rest = "", whole.removeprefix("//")
        first = rest.partition("/")[0]
        if rest == whole and not (first.startswith("*") or "." in first or ":" in first or first == "localhost"):
            return Url("", _path(rest), query) if rest or query.parts else None
    match = _AUTHORITY.match(rest)
    authority = match.group(0) if match else ""
    path = rest[len(authority) :]
    authority = authority.rpartition("@")[2]
    glued = _GLUED.fullmatch(authority)
    if glued:
        # f"https://api.example.com{path}": the hole begins the path.
        authority, path = glued.group(1), "*" + path
    host, port = authority, None
    numbered = re.fullmatch(r"(.*):([0-9]{0,5}|\*)", authority)
    if numbered and (numbered.group(1).count(":") == 0 or numbered.group(1).endswith("]")):
        host = numbered.group(1)
        port = int(numbered.group(2)) if numbered.group(2).isdigit() else None
    if host.startswith("[") and host.endswith("]") and ":" in host:
        host = host[1:-1]
    return Url(host.strip("\"'").rstrip(".").lower(), _path(path), query, scheme.lower(), port)


def _path(path: str) -> str:
    decoded = clean_text(unquote(path, errors="replace"))
    decoded = re.sub(r"/{2,}", "/", decoded)
    return decoded.rstrip("/") or decoded[:1]
