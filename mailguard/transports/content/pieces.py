"""A request taken apart: each text of it, and who reads it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Final

from mailguard.documents.byte_text import base64_bytes, decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Field
from mailguard.model.value import Value
from mailguard.transports.content.attachments import pieces_of_file, pieces_of_files, pieces_of_mail
from mailguard.transports.content.fields import (
    ATTACHED,
    BODY,
    DEPTH,
    FILE,
    GLOBAL,
    HEADERS,
    HTML,
    MERGE,
    OWNERS,
    PIECES,
    RAW,
    SUBJECT,
    TEXT,
    key_of_field,
    pieces_of_header,
    pieces_of_headers,
)
from mailguard.transports.content.merge_data import by_position, named_globally, owners_of, pieces_of_merge
from mailguard.transports.content.texts import TEXT_LIMIT, Piece
from mailguard.wire.bodies import payload


def pieces(exchange: Exchange) -> Iterator[Piece]:
    """The texts of an exchange of a capture. Never raises; stops after a fixed number."""
    yield from itertools.islice(_pieces(exchange), PIECES)


def _pieces(exchange: Exchange) -> Iterator[Piece]:
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if isinstance(body, CannotTell):
                return
            if isinstance(body.value, Form):
                yield from _form(body.value)
            elif isinstance(body.value, (dict, list)):
                yield from _walk(body.value, "", frozenset(), 0)
            elif isinstance(body.value, (str, bytes)) and body.value[:200].lstrip()[:1] in ("<", b"<"):
                yield from _xml(body.value)
            elif isinstance(body.value, (str, bytes)):
                opened = base64_bytes(body.value) if "\n" not in str(body.value[:200]).strip() else None
                yield from pieces_of_mail(opened or body.value)
        case SmtpTransaction() | RawMessage():
            if isinstance(exchange.data, (str, bytes)):
                yield from pieces_of_mail(exchange.data)


_XML_TEXT = re.compile(
    r"<(?:\w{1,20}:)?(?:(Subject)|(Body)\s[^<>]{0,200}BodyType=[\"'](\w{4})[^<>]{0,200}|(MimeContent)(?:\s[^<>]{0,200})?)>([^<>]*)<"
)


def _xml(source: str | bytes) -> Iterator[Piece]:
    """The texts of a SOAP request of Exchange; its lists of people are no text."""
    whole = source if isinstance(source, str) else decode_text(source[: 4 * TEXT_LIMIT])
    for subject, body, kind, mime, inner in _XML_TEXT.findall(whole):
        if mime:
            yield from pieces_of_mail(base64_bytes(inner) or b"")
        else:
            field = Field.SUBJECT if subject else Field.HTML if body and kind.upper() == "HTML" else Field.TEXT
            yield Piece(field, unescape(inner))


def _form(form: Form) -> Iterator[Piece]:
    for name, value in form.parts:
        if not isinstance(value, (str, bytes)):
            continue
        text = value if isinstance(value, str) else decode_text(value[:TEXT_LIMIT])
        prefix, colon, header = name.partition(":")
        if key_of_field(name) in GLOBAL:
            yield named_globally(read_json(text))
            continue
        if colon and prefix == "v":
            yield Piece(Field.MERGE, "", names=frozenset({header}))
            continue
        if colon and prefix in ("h", "H"):
            yield from pieces_of_header(header, text, frozenset())
            continue
        if colon and prefix == "t":
            continue
        last = _last_step(name)
        if last in RAW or (last == "message" and len(text) > 40):
            yield from pieces_of_mail(base64_bytes(value) or value if "@" not in text[:4000] else value)
        elif last == "xsmtpapi":
            data = read_json(text)
            if isinstance(data, dict):
                yield from by_position(data)
        elif last in MERGE:
            data = read_json(text)
            if isinstance(data, (dict, list)):
                yield from pieces_of_merge(data, frozenset(), 0)
        elif last in ATTACHED:
            yield from pieces_of_file(value, "", "", frozenset())
        elif last == "headers":
            data = read_json(text)
            if isinstance(data, dict):
                yield from pieces_of_headers(data, frozenset())
        elif (field := field_of(last)) is not None:
            yield Piece(field, text)


def _last_step(name: str) -> str:
    """What the name of a part of a form comes to."""
    # The query protocol of AWS spells a path: Message.Body.Html.Data.
    steps = [key_of_field(step) for step in re.sub(r"\[[^\]]*\]", "", name).split(".")]
    return steps[-2] if steps[-1] in ("data", "member") and len(steps) > 1 else steps[-1]


def is_for_readers(name: str) -> bool:
    """Whether a part of a form with this name is a text as readers get it: a subject, a body."""
    return ":" not in name and key_of_field(name) not in GLOBAL and field_of(_last_step(name)) is not None


def field_of(key: str) -> Field | None:
    """What a text under a key is to readers."""
    if key in SUBJECT:
        return Field.SUBJECT
    if key in TEXT:
        return Field.TEXT
    return Field.HTML if key in HTML else None


_NOBODY_READS: Final = frozenset({"email", "name"})
"""Keys of texts that are none for readers; of a thousand such pairs none is looked into."""


def _walk(value: Value, key: str, owners: frozenset[str], depth: int) -> Iterator[Piece]:
    """The texts of a JSON body."""
    if depth > DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, key, owners, depth + 1)
    elif isinstance(value, str):
        field = field_of(key)
        if field is not None:
            yield Piece(field, value, owners)
        elif key in RAW and len(value) > 20:
            yield from (replace(piece, owners=owners) for piece in pieces_of_mail(base64_bytes(value) or value))
    elif isinstance(value, dict):
        if value.keys() <= _NOBODY_READS and all(type(item) is str for item in value.values()):
            return
        owners = owners_of(value) or owners
        kind = key_of_field(value.get("type", value.get("contentType", value.get("Type", ""))))
        for name, item in value.items():
            inner = key_of_field(name)
            if inner in HEADERS:
                yield from pieces_of_headers(item, owners)
            elif inner in ATTACHED:
                yield from pieces_of_files(item, owners)
            elif inner in MERGE:
                yield from pieces_of_merge(item, owners, 0)
            elif inner in GLOBAL:
                yield named_globally(item)
            elif inner in BODY and isinstance(item, str):
                # What it is stands beside it (SendGrid) or above it (SES).
                if key in RAW:
                    yield from (replace(piece, owners=owners) for piece in pieces_of_mail(base64_bytes(item) or item))
                elif "calendar" in kind:
                    yield Piece(Field.CALENDAR, item, owners)
                elif (field := field_of(key) or field_of(kind)) is not None:
                    yield Piece(field, item, owners)
                elif inner in ("body", "content") and key not in FILE:
                    yield Piece(Field.HTML if "<" in item else Field.TEXT, item, owners)
            elif inner not in OWNERS or isinstance(item, (dict, list)):
                yield from _walk(item, inner, owners, depth + 1)
