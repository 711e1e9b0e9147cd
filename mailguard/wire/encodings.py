"""What lies around a body: gzip, deflate and base64, also where no header speaks of it."""

from __future__ import annotations

import re
import zlib
from typing import Final, Literal

from mailguard.documents.byte_text import base64_bytes
from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Text,
    Value,
    inherit,
    join,
    plain,
    trail_of,
)
from mailguard.wire.holes import LAYERS
from mailguard.wire.media import header

MASK = re.compile(
    r"[\s<\[({*#_%!\"'-]*(?:redacted|filtered|masked|removed|scrubbed|sanitized|sanitised|hidden|omitted|censored|suppressed"
    r"|secret|dummy|placeholder|body|payload|request[_ -]?body|data|binary data|x{3,}|\*{2,}|-{3,}|\.{3,})[^=&\n]{0,60}",
    re.IGNORECASE,
)


def inner_base64(data: str | bytes) -> bytes | None:
    """JSON or a gzip stream inside base64, as some recorders keep bodies."""
    head = data[:16]
    head_text = head if isinstance(head, str) else head.decode("latin-1")
    if not re.match(r"\s*(?:H4sI|ey|W3|W1|ewo|ewk|e30|Wyo|Cns|Cls)", head_text):
        return None
    decoded = base64_bytes(data)
    if decoded is None or decoded.lstrip()[:1] not in (b"{", b"[", b"\x1f"):
        return None
    return decoded


def decompressed(request: HttpRequest, body: str | bytes) -> str | bytes | CannotTell:
    """A body without the encodings of its ``Content-Encoding``, or why they cannot be undone."""
    codings = [
        name
        for name in (part.strip().lower() for part in header(request.headers, "content-encoding").split(","))
        if name not in ("", "identity", "none", "utf-8", "aws-chunked", "chunked", "amz-1.0")
    ]
    if not codings:
        return _unasked(body)
    if len(codings) > LAYERS:
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


def _listed_bytes(value: object) -> bytes | None:
    """Bytes that JavaScript wrote as numbers; None for anything else.

    An array, a Buffer (``{"type": "Buffer", "data": [...]}``) or a Uint8Array (``{"0": 70, "1": 114}``).
    """
    if isinstance(value, dict):
        if value.get("type") == "Buffer":
            return _listed_bytes(value.get("data"))
        if not value or next(iter(value)) != "0" or not all(type(key) is str and key.isdigit() for key in value):
            return None
        value = [value[key] for key in sorted(value, key=int)] if max(map(len, value)) < _DIGITS else None
    if not isinstance(value, list) or not all(type(one) is int and 0 <= one < 256 for one in value):
        return None
    return bytes(value) or None


_DIGITS: Final = 9
"""Digits of an index that no message reaches."""


def from_base64(value: Value | Absent) -> Value | CannotTell:
    """The bytes inside a base64 text (either alphabet, white space and missing padding allowed), or written as numbers.

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
    whole = plain(value) if isinstance(value, (Known, Text, Items, Fields)) else value
    listed = _listed_bytes(whole)
    if listed is not None:
        return listed
    if not isinstance(whole, (str, bytes)):
        return value
    if not whole.strip():
        return CannotTell(Reason.BODY_MISSING, "the message inside the request was not recorded")
    decoded = base64_bytes(whole)
    if decoded is None:
        shown = whole if isinstance(whole, str) else whole.decode("latin-1")
        if MASK.fullmatch(shown[:200].strip()):
            return CannotTell(Reason.MASKED)
        return CannotTell(Reason.WRONG_ENCODING, "the message inside the request is not base64")
    return inherit(decoded, trail_of(value))
