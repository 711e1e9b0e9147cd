"""Postal: ``/api/v1/send/message`` and ``/api/v1/send/raw`` of a server of one's own.

Everybody in ``to`` and ``cc`` is printed to everybody. The host is the user's, so a request is known by its path and by
the header with the key.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason, Undecided
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Sort, Value, get, sort_of, text
from mailguard.transports.json_api import body_of, field, given, message, told
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.media import header
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]

_ONE: Final = "v1/send/message"
_RAW: Final = "v1/send/raw"


def claims(exchange: Exchange) -> str | None:
    """``v1/send/message`` or ``v1/send/raw``, on whatever host, if the request looks like Postal's."""
    if not isinstance(exchange, HttpRequest) or (text(exchange.method) or "POST").upper() != "POST":
        return None
    url = url_parts(exchange.url)
    path = "" if url is None else url.path.lower()
    operation = _ONE if path.endswith("/api/v1/send/message") else _RAW if path.endswith("/api/v1/send/raw") else None
    if operation is None:
        return None
    if header(exchange.headers, "x-server-api-key") or "postal" in ("" if url is None else url.host):
        return operation
    body = payload(exchange)
    if isinstance(body, CannotTell) or sort_of(body.value) is not Sort.MAPPING:  # type: ignore[arg-type]  # a form is no mapping
        return None
    names = ("mail_from", "rcpt_to", "data") if operation == _RAW else ("from", "to", "subject")
    return operation if not any(isinstance(get(body.value, name), Absent) for name in names) else None  # type: ignore[arg-type]  # as above


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message; of a raw one the headers are seen, and ``rcpt_to`` is the envelope."""
    body = body_of(exchange)
    if isinstance(body, CannotTell):
        return body
    if sort_of(body) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    return _raw(body) if operation == _RAW else told((message(body),), body)


def _raw(body: Value) -> Decoded:
    data = from_base64(field(body, "data"))
    if isinstance(data, CannotTell):
        return data
    envelope = given(field(body, "rcpt_to"))
    worst = message_of(data, envelope, bcc="transmitted")
    if isinstance(worst, CannotTell):
        return worst
    if not worst.transmitted_bcc:
        return (worst,)
    # That the server takes a Bcc line out of raw messages is not documented.
    removed = message_of(data, envelope, bcc="removed")
    return removed if isinstance(removed, CannotTell) else Undecided(Reason.RAW_BCC, (worst,), (removed,))


PROVIDER: Final = Provider(
    name="postal",
    title="Postal",
    sources=(
        Source("https://docs.postalserver.io/developer/api", "the legacy API: messages and raw messages"),
        Source("https://apiv1.postalserver.io/controllers/send/message", "to, cc and bcc are lists of up to 50 texts"),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend"),
    ),
    claims=claims,
    decode=decode,
    address="https://postal.invalid/api/v1/send/message",
    library=Library(tokens=("/api/v1/send/message", "/api/v1/send/raw", "X-Server-API-Key")),
    explain=(
        "Everybody in to and cc of one request is printed to everybody; bcc is printed nowhere. A raw message shows what "
        "its headers say, whoever is in rcpt_to."
    ),
)
"""Postal."""
