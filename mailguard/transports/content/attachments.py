"""Attached files, and messages that are given as MIME."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mail
from typing import Final

from mailguard.documents.byte_text import base64_bytes, decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.message import CannotTell, Field
from mailguard.model.value import Value
from mailguard.transports.content.fields import DEPTH, FILE, MERGING, PARTS, key_of_field, pieces_of_header
from mailguard.transports.content.merge_data import by_position, named_globally
from mailguard.transports.content.texts import TEXT_LIMIT, Piece
from mailguard.transports.files import opened, packed
from mailguard.wire.header_blocks import header_block


def pieces_of_files(value: Value, owners: frozenset[str]) -> Iterator[Piece]:
    """The texts of attached files."""
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            continue
        keys = {key_of_field(name): text for name, text in item.items() if isinstance(text, (str, bytes))}
        kind = str(keys.get("type") or keys.get("contenttype") or keys.get("mimetype") or "")
        name = str(keys.get("filename") or keys.get("name") or "")
        content = next((text for key, text in keys.items() if key in FILE), None)
        if content:
            yield from pieces_of_file(base64_bytes(content) or content, kind, name, owners)


_BINARY: Final = re.compile(r"image/(?!svg)|audio/|video/|font/", re.IGNORECASE)


def pieces_of_file(content: str | bytes, kind: str, name: str, owners: frozenset[str]) -> Iterator[Piece]:
    """What stands in an attached file: CSV, JSON, a calendar, an Office document, an archive, a PDF."""
    if _BINARY.match(kind):
        return
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    form = packed(data, kind, name)
    if form:
        for inner, missing in opened(data, form):
            yield Piece(Field.ATTACHMENT, inner, owners, missing=missing)
        return
    if b"\0" in data[:1000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return
    text = decode_text(data[:TEXT_LIMIT])
    calendar = (
        "calendar" in kind.casefold()
        or name.casefold().endswith(".ics")
        or text.lstrip()[:15].upper() == "BEGIN:VCALENDAR"
    )
    yield Piece(Field.CALENDAR if calendar else Field.ATTACHMENT, text, owners)


def pieces_of_mail(data: str | bytes) -> Iterator[Piece]:
    """The texts of a message: header lines, and the parts of its body."""
    block = header_block(data)
    if isinstance(block, CannotTell):
        return
    for name, value in block:
        if isinstance(value, str):
            yield from pieces_of_header(name, value, frozenset())
            if name.strip().casefold() in MERGING:
                found = read_json(value)
                yield named_globally(found)
                if isinstance(found, dict) and name.strip().casefold() == "x-smtpapi":
                    yield from by_position(found)
    raw = data.encode("utf-8", "surrogateescape" if data.isascii() else "replace") if isinstance(data, str) else data
    if len(raw) > 4 * TEXT_LIMIT:
        raw = raw[: 4 * TEXT_LIMIT]
    try:
        mail = message_from_bytes(raw)
        parts = list(_leaf_parts(mail, 0))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    first = True
    for part in parts[:PARTS]:
        kind = part.get_content_type()
        try:
            content = part.get_payload(decode=True)
            charset = part.get_content_charset() or ""
            name = part.get_filename() or ""
            attached = part.get_content_disposition() == "attachment"
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        if not isinstance(content, bytes) or not content:
            continue
        if kind == "text/calendar" or attached or name or not kind.startswith("text/"):
            yield from pieces_of_file(content, kind, name, frozenset())
        else:
            text = decode_text(content[:TEXT_LIMIT], charset)
            yield Piece(
                Field.HTML
                if kind == "text/html"
                else Field.TEXT
                if first or kind == "text/plain"
                else Field.ATTACHMENT,
                text,
            )
        first = False


def _leaf_parts(mail: Mail, depth: int) -> Iterator[Mail]:
    inner = mail.get_payload()
    if isinstance(inner, list) and depth < DEPTH:
        for part in inner:
            if isinstance(part, Mail):
                yield from _leaf_parts(part, depth + 1)
    else:
        yield mail
