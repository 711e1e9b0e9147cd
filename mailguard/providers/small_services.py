"""Lettermint, SendLayer, turboSMTP, Unosend, Sweego, Alibaba DirectMail, EmailLabs, SendCloud, NotiSend and Flowmailer.

Most take ``to``, ``cc`` and ``bcc`` and print the first two. They differ in the words, and in what they do with several people
in ``to``: a table says which is which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Sort, Value, each, sort_of, text
from mailguard.transports.json_api import ACCOUNT, UNKNOWN, field, given, told
from mailguard.transports.services import data_of, each_entry, printed, respelled, says_any
from mailguard.wire.forms import nested
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]


@dataclass(frozen=True, slots=True)
class _Service:
    """One of them."""

    hosts: re.Pattern[str]
    path: re.Pattern[str]
    """In lower case."""
    to: str = "to"
    cc: str = "cc"
    bcc: str = "bcc"
    reply_to: str = "reply_to"
    address: str = "email"
    each: bool = False
    """Whether each person of ``to`` gets a message of his own."""
    keys: bool = False
    """Whether the people of ``to`` are keys of an object."""


def _service(hosts: str, path: str, **names: str | bool) -> _Service:
    return _Service(re.compile(hosts), re.compile(path), **names)  # type: ignore[arg-type]  # names of the fields


_SERVICES: Final = {
    "lettermint": _service(r"api\.lettermint\.co", r"/v1/send(?:/batch)?"),
    "sendlayer": _service(
        r"console\.sendlayer\.com", r"/api/v1/email", to="To", cc="CC", bcc="BCC", reply_to="ReplyTo"
    ),
    "turbosmtp": _service(r"(?:api|pro\.api|pro\.eu)\.(?:eu\.)?turbo-smtp\.com", r"/api/v2/mail/send"),
    "unosend": _service(r"(?:www|api)\.unosend\.co", r"(?:/api)?(?:/v1)?/emails(?:/batch)?"),
    "sweego": _service(r"api\.sweego\.io", r"/send(?:/bulk/email)?", to="recipients", each=True),
    "directmail": _service(
        r"dm(?:\.[a-z0-9-]+)?\.aliyuncs\.com", r"/?", to="ToAddress", cc="", bcc="", reply_to="ReplyAddress"
    ),
    "emaillabs": _service(
        r"api\.emaillabs\.(?:net\.pl|io)", r"/api/(?:new_)?sendmail(?:_templates)?", each=True, keys=True
    ),
    "sendcloud": _service(
        r"api2?\.sendcloud\.(?:net|org)", r"/apiv2/mail/send(?:template|calendar)?", reply_to="replyTo"
    ),
    "notisend": _service(r"api\.notisend\.ru", r"/v1/email/(?:messages|templates/[^/]+/messages)"),
    "flowmailer": _service(r"api\.flowmailer\.net", r"/[^/]+/messages/submit", to="recipientAddress"),
}


def _of_host(exchange: Exchange) -> tuple[str, _Service, str] | None:
    place = url_parts(exchange.url) if isinstance(exchange, HttpRequest) else None
    if place is None or "." not in place.host:
        return None
    for name, one in _SERVICES.items():
        if one.hosts.fullmatch(place.host):
            return name, one, place.path.lower()
    return None


def claims(exchange: Exchange) -> str | None:
    """The service's name for a mail, ``account`` for what sends nothing."""
    found = _of_host(exchange)
    if found is None or not isinstance(exchange, HttpRequest):
        return None
    name, service, path = found
    place = url_parts(exchange.url)
    queried = place is not None and bool(place.query.parts)
    # Alibaba's calls may be one long address.
    if (text(exchange.method) or "POST").upper() in {"GET", "HEAD", "DELETE", "OPTIONS"} and not (
        name == "directmail" and queried
    ):
        return ACCOUNT
    if service.path.fullmatch(path or "/"):
        return name
    return UNKNOWN if re.search(r"/send|/emails?(?:/|$)|/messages", path) else _by_body(service, exchange)


def _by_body(service: _Service, exchange: HttpRequest) -> str:
    body = data_of(exchange)
    return UNKNOWN if not isinstance(body, CannotTell) and says_any(body, service.to) else ACCOUNT


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message, or one for each person, as the service has it."""
    if operation == ACCOUNT:
        return ()
    service = _SERVICES.get(operation)
    if service is None or not isinstance(exchange, HttpRequest):
        return CannotTell(Reason.UNKNOWN_FORM)
    place = url_parts(exchange.url)
    asked = nested(Form(place.query.parts)) if operation == "directmail" and place is not None else {}
    body = data_of(exchange)
    if asked and (isinstance(body, CannotTell) or sort_of(body) is not Sort.MAPPING):
        body = dict(asked)
    if isinstance(body, CannotTell):
        return body
    if operation == "directmail":
        body = {**asked, **body} if isinstance(body, dict) else body
        action = (text(given(field(body, "Action"))) or "SingleSendMail").casefold()
        if action == "batchsendmail":
            return CannotTell(Reason.LIST_AT_PROVIDER)
        if action != "singlesendmail":
            return ()
    if sort_of(body) is Sort.COLLECTION:
        return tuple(replace(_one(service, item), copies=count) for item, count in each(body) if count.high)
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if service.each:
        return _each(service, body)
    return told((_one(service, body),), body, tuple(name for name in (service.to, service.cc, service.bcc) if name))


def _one(service: _Service, body: Value) -> Message:
    names = {"to": service.to, "cc": service.cc or "-", "bcc": service.bcc or "-", "reply_to": service.reply_to}
    return printed(body, address=service.address, **names)


def _each(service: _Service, body: Value) -> Decoded:
    shared = _one(service, body)
    listed = field(body, service.to)
    if service.keys and isinstance(listed, dict):
        listed = list(listed)
    frame = replace(shared, to=(), mentions=tuple(one for one in shared.mentions if one.recipient not in shared.to))
    return told(each_entry(respelled(listed, service.address), frame), body, (service.to,))


PROVIDER: Final = Provider(
    name="small-services",
    title="Lettermint, SendLayer, turboSMTP, Unosend, Sweego, DirectMail, EmailLabs, SendCloud, NotiSend, Flowmailer",
    sources=(
        Source("https://docs.lettermint.co/api-reference/email/send", "to, cc and bcc are lists of texts"),
        Source("https://developers.sendlayer.com/api-reference/email", "To, CC and BCC are lists of {email, name}"),
        Source("https://www.serversmtp.com/turbo-api/", "to, cc and bcc are texts with commas"),
        Source("https://www.sweego.io/docs", "recipients, each of whom gets a message of his own"),
        Source(
            "https://www.alibabacloud.com/help/en/direct-mail/latest/singlesendmail",
            "ToAddress: up to 100 addresses with commas; BatchSendMail goes to a list at the service",
        ),
        Source(
            "https://emaillabs.io/en/api-documentation", "the keys of to are the addresses, each of whom gets his own"
        ),
        Source("https://www.sendcloud.net/doc/en/email_v2/send_email/", "to, cc and bcc are texts with semicolons"),
        Source("https://notisend.ru/dev/email/api/", "to is one address"),
        Source("https://flowmailer.com/apidoc/flowmailer-api.html", "recipientAddress is one address"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.lettermint.co/v1/send",
    library=Library(
        tokens=(
            *(
                "lettermint.co",
                "sendlayer.com",
                "turbo-smtp.com",
                "unosend.co",
                "sweego.io",
                "aliyuncs.com & ToAddress",
            ),
            *("emaillabs.", "api.sendcloud.", "notisend.ru", "flowmailer.net"),
        )
    ),
    explain=(
        "Who is together in to and cc of one request is taken to read each other; bcc is printed nowhere. Sweego and EmailLabs "
        "write one message for each person."
    ),
)
"""Mail services that differ in their words."""
