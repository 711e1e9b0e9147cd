"""Which requests are SendGrid's, and which of its two APIs reads them."""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.value import has, text
from mailguard.providers.sendgrid.v2 import decode_old
from mailguard.providers.sendgrid.v3 import decode_v3
from mailguard.wire.bodies import payload
from mailguard.wire.urls import url_parts

_HOSTS: Final = frozenset(
    {"api.sendgrid.com", "api.eu.sendgrid.com", "sendgrid.com", "www.sendgrid.com", "email.twilio.com"}
)
"""The last one is where ``TwilioEmailAPIClient`` of 6.12.5 sends the same requests."""
_SEND: Final = "v3/mail/send"
_SEND_OLD: Final = "api/mail.send"
_ACCOUNT: Final = "account"
"""The operation of every request that sends nothing: contacts, statistics, suppressions, templates, keys."""
_LIST: Final = "lists"
"""The operation of a campaign or a single send, whose people are a list at SendGrid."""
_UNKNOWN: Final = "?"
_READS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_V3: Final = re.compile(r"/v3/mail/send(?:/beta)?")
_V2: Final = re.compile(r"/(?:api|apiv2)/mail\.send\.(?:json|xml)")
_CAMPAIGN: Final = re.compile(r"/v3/(?:campaigns|marketing/singlesends)/[^/]+/schedules?(?:/now)?")
_LIKE_SENDING: Final = re.compile(r"(?:^|/)(?:mail\.)?(?:send|send_email|sendmail|schedules?|now)(?:[./]|$)")


def _looks_like_v3(request: HttpRequest) -> bool:
    """Whether a request to an address that nothing tells holds what only ``v3/mail/send`` reads."""
    if isinstance(text(request.url), str):
        return False
    found = payload(request)
    if isinstance(found, CannotTell) or isinstance(found.value, Form):
        return False
    return has(found.value, "personalizations") is Truth.YES


def claims(exchange: Exchange) -> str | None:
    """``v3/mail/send``, ``api/mail.send``, ``lists`` or ``account``; ``?`` where it looks like sending in an unknown form."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    if (url is None or url.host in {"", "*"}) and _looks_like_v3(exchange):
        return _SEND
    if url is None or url.host not in _HOSTS:
        return None
    path = url.path.lower()
    method = (text(exchange.method) or "POST").upper()
    if _V2.fullmatch(path):
        return _SEND_OLD  # GET too: everything may be in the query
    if method in _READS:
        return _ACCOUNT
    if _V3.fullmatch(path):
        return _SEND
    if _CAMPAIGN.fullmatch(path):
        return _LIST
    if "*" in path or path in {"", "/"}:
        return _SEND if _holds_personalizations(exchange) else _UNKNOWN if "*" in path or not path else _ACCOUNT
    if _LIKE_SENDING.search(path) and "/scheduled_sends" not in path:
        return _UNKNOWN
    return _UNKNOWN if _holds_personalizations(exchange) else _ACCOUNT


def _holds_personalizations(exchange: HttpRequest) -> bool:
    body = payload(exchange)
    return (
        not isinstance(body, CannotTell)
        and not isinstance(body.value, Form)
        and has(body.value, "personalizations") is Truth.YES
    )


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each personalization; for the older API one message, or one for each address in ``x-smtpapi``."""
    if operation == _ACCOUNT:
        return ()
    if operation == _LIST:
        return CannotTell(Reason.LIST_AT_PROVIDER)
    if not isinstance(exchange, HttpRequest) or operation not in {_SEND, _SEND_OLD}:
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if operation == _SEND_OLD:
        return decode_old(exchange)
    if isinstance(body, CannotTell):
        return body
    if body.kind == "empty":
        return CannotTell(Reason.BODY_MISSING)
    if body.kind != "json" or isinstance(body.value, Form):
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not JSON")
    return decode_v3(body.value)
