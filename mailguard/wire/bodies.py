"""The body of a request as data: JSON, a form, or text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import unquote_plus

from mailguard.documents.byte_text import base64_bytes, decode_text, is_utf8
from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Known,
    Object,
    Parameter,
    Sort,
    Text,
    Unknown,
    Value,
    inherit,
    join,
    plain,
    sort_of,
    text,
    trail_of,
)
from mailguard.wire.encodings import MASK, decompressed, inner_base64
from mailguard.wire.forms import fields_of, form_of_text, form_with_holes, named_branches
from mailguard.wire.holes import LAYERS, atoms_of, json_with_holes, literal_of
from mailguard.wire.media import URLENCODED, header, is_json, media_type, says_form
from mailguard.wire.multipart import multipart


@dataclass(frozen=True, slots=True)
class Payload:
    """A body after its transport encoding is undone."""

    kind: Literal["json", "form", "text", "empty"]
    """``text``: neither JSON nor a form, for example MIME source; ``empty``: there is no body, and there need be none."""
    value: Value | Form
    """JSON: data. Form: a :class:`~mailguard.model.exchange.Form`. Text: ``str``, or ``bytes`` that are not UTF-8, or a
    text with holes. Empty: None."""


_NO_BODY: Final = Payload("empty", None)
_BODYLESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


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
    return result


_last: tuple[HttpRequest | None, Payload | CannotTell] = (None, _NO_BODY)
"""The last recorded request and its body: one service after the other asks, and then who looks into the texts. Nobody
changes what he gets."""


def _payload(request: HttpRequest, body: Value | Form | Absent, depth: int) -> Payload | CannotTell:
    if isinstance(body, Form):
        return Payload("form", body)
    if depth > LAYERS:
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
        return Payload("form", fields_of(whole)) if says_form(request) else Payload("json", whole)
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
        return Payload("form", Form(named_branches([form.parts for form in (*forms, *data)])))
    joined = join(*(result.value for result in found if not isinstance(result.value, Form)))
    return Payload(found[0].kind, None if isinstance(joined, Absent) else joined)


def _empty(request: HttpRequest) -> Payload | CannotTell:
    """Without a body: either none was sent, or the recorder kept none."""
    length = header(request.headers, "content-length").strip()
    method = (text(request.method) or "").upper()
    if length == "0" or (not length and (method in _BODYLESS or request.encoding)):
        return _NO_BODY
    return CannotTell(Reason.BODY_MISSING)


def _concrete(request: HttpRequest, body: str | bytes) -> Payload | CannotTell:
    """A body of which every byte is known."""
    data = decompressed(request, body)
    if isinstance(data, CannotTell):
        return data
    if not data:
        return _empty(request)
    media, parameters = media_type(header(request.headers, "content-type"))
    if "base64" in header(request.headers, "content-transfer-encoding").lower():
        decoded = base64_bytes(data)
        data = data if decoded is None else decoded
    content = data if isinstance(data, str) else decode_text(data, parameters.get("charset", ""))
    start = content.lstrip("\ufeff \t\r\n")[:1]
    if (
        len(content) <= 200
        and not _starts_like_json(content)
        and MASK.fullmatch(content.strip())
        and "=" not in content
    ):
        return CannotTell(Reason.MASKED)
    if not start:
        return _empty(request) if request.encoding == "" else Payload("text", content)
    says_json = request.encoding == "json" or is_json(media)
    if says_json or start in ("{", "["):
        result = _json_payload(content, media)
        if isinstance(result, Payload):
            return result
        if says_json and not _looks_like_form(content) and inner_base64(data) is None:
            return result
        # Cut JSON under another content type is still cut JSON; text that only starts with a bracket is not.
        if result.reason in (Reason.BODY_CUT, Reason.TOO_LARGE) and _starts_like_json(content):
            return result
    if media.startswith("multipart/") or _looks_like_multipart(content):
        parts = multipart(data, parameters.get("boundary", ""))
        if parts is not None:
            return Payload("form", parts) if isinstance(parts, Form) else parts
        if media == "multipart/form-data":
            return CannotTell(Reason.WRONG_ENCODING, "the header says multipart, the body is not multipart")
    if media == URLENCODED or request.encoding == "form" or _looks_like_form(content):
        if _cut_short(request, content):
            return CannotTell(Reason.BODY_CUT, "the body is shorter than its Content-Length")
        return Payload("form", form_of_text(content))
    inner = inner_base64(data)
    if inner is not None and (says_json or not media):
        return _concrete(_without_encoding(request), inner)
    return Payload("text", content if isinstance(data, str) or is_utf8(data) else data)


def _without_encoding(request: HttpRequest) -> HttpRequest:
    return HttpRequest(request.method, request.url, {}, None, request.encoding)


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
    if int(length) <= len(content.encode("utf-8", "replace")):
        return False
    # A filter of the recorder puts a word of its own in the place of a longer one; the length stays that of the wire.
    place = request.url if isinstance(request.url, str) else ""
    return _FILTERED.search(unquote_plus(place[:4096])) is None and _FILTERED.search(unquote_plus(content)) is None


_FILTERED: Final = re.compile(
    r"<[A-Z][A-Z0-9_ -]{2,40}>|\b[A-Z_]{3,40}(?:\.[A-Z_]{2,40})+\b|\b(?:FILTERED|REDACTED|SCRUBBED|MASKED|SANITIZED)\b|\*{3}|X{4}"
)


def _json_payload(content: str, media: str = "") -> Payload | CannotTell:
    value = read_json(content)
    if isinstance(value, CannotTell):
        if "ndjson" in media or "jsonl" in media or "json-seq" in media:
            values: list[Any] = [read_json(line) for line in content.replace("\x1e", "\n").split("\n") if line.strip()]
            broken = next((item for item in values if isinstance(item, CannotTell)), None)
            return broken or Payload("json", values)
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        # A body that was encoded twice, json=json.dumps(data).
        inner = read_json(value)
        if not isinstance(inner, CannotTell):
            value = inner
    return Payload("json", value)


def _text_with_holes(request: HttpRequest, body: Text) -> Payload | CannotTell:
    atoms = atoms_of(body)
    first = literal_of(atoms[0]) if atoms else ""
    media, _ = media_type(header(request.headers, "content-type"))
    says_json = request.encoding == "json" or is_json(media)
    if says_json or (first or "").lstrip()[:1] in ("{", "["):
        value = json_with_holes(atoms)
        if value is not None:
            return Payload("json", value)
        if says_json:
            return CannotTell(Reason.ADDRESSES, "the code does not tell the JSON that it writes")
    if media == URLENCODED or request.encoding == "form" or re.match(r"[\w\[\].-]+=", first or ""):
        return Payload("form", form_with_holes(atoms))
    return Payload("text", body)
