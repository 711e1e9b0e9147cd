"""Multipart bodies (RFC 2046, RFC 7578) as forms."""

from __future__ import annotations

import quopri
import re
from typing import Final
from urllib.parse import unquote

from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text, is_utf8
from mailguard.model.exchange import Form
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value
from mailguard.wire.header_blocks import header_lines, split_message
from mailguard.wire.media import media_type

_PARTS: Final = 100_000  # parts of one multipart body; no service takes more than some thousand recipients


def multipart(data: str | bytes, boundary: str) -> Form | CannotTell | None:
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
        part = re.sub(rb"\A[ \t]*(?:\r\n|\n|\r)", b"", piece, count=1)
        if _MAIL.search(split_message(part)[0]):
            return CannotTell(Reason.BAD_RECORD, "a part of the multipart body is damaged")
        if b"@" in part and _NAMELESS.search(split_message(part)[0]):
            return CannotTell(Reason.BAD_RECORD, "a part of the multipart body has no name")
        parts.append(_part(part))
    return Form(tuple(parts)) if delimiters else None


_CONTENT: Final = re.compile(rb"(?m)^(?![ \t\r\n])(?![A-Za-z0-9-]{1,60}[ \t]*:)")
"""A line among the header lines of a part that is none of them."""


_NAMELESS: Final = re.compile(
    rb"(?im)^content-disposition[ \t]*:(?![ \t]*(?:attachment|inline))(?!(?:[^\r\n]|\r?\n[ \t])*name)"
)
"""What says how a part of a form is called, and does not."""
_MAIL: Final = re.compile(rb"(?im)^(?:to|cc|subject)[ \t]*:")
"""Lines that are none of a part, but of a message inside of one that lost the line in front."""


def _delimiters(raw: bytes, boundary: bytes) -> list[re.Match[bytes]]:
    # RFC 2046, section 5.1.1. The line end in front belongs to the delimiter; recorders turn CRLF into LF.
    pattern = rb"(?:\A|\r\n|\n|\r)--" + re.escape(boundary) + rb"(--)?(?=[ \t]*(?:\r|\n|\Z))"
    return list(re.finditer(pattern, raw))


def _part(piece: bytes) -> tuple[str, Value]:
    head, content = split_message(piece)
    if not content and (lost := _CONTENT.search(head)):
        # The empty line in front of the content is lost.
        head, content = head[: lost.start()], head[lost.start() :].strip(b"\r\n")
    headers = {name.lower(): value for name, value in header_lines(head)}
    _, disposition = media_type(headers.get("content-disposition", ""))
    media, parameters = media_type(headers.get("content-type", ""))
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
