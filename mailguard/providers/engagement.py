"""Services that keep their people themselves: Mailchimp, ActiveCampaign, Klaviyo, Iterable, Braze, Intercom, Knock, Novu, EmailJS.

Each reader of theirs gets a message of his own. A request that sends names a campaign, a workflow or a list; where it names
people with addresses, each of them gets his own. What a template or an override prints besides is read where it is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Sort, Value, each, get, sort_of, text
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import ACCOUNT, LISTS, UNKNOWN, field, given, of_json
from mailguard.transports.services import data_of, each_entry, printed, says_any
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]

_EACH: Final = "one each"
_TEMPLATE: Final = "template"


@dataclass(frozen=True, slots=True)
class _Service:
    """One of them: its hosts, and what its paths are for."""

    name: str
    hosts: re.Pattern[str]
    paths: tuple[tuple[re.Pattern[str], str], ...]
    like_sending: re.Pattern[str]


def _service(name: str, hosts: str, like_sending: str, **paths: str) -> _Service:
    operations = {"each": _EACH, "lists": LISTS, "template": _TEMPLATE, "account": ACCOUNT}
    found = tuple((re.compile(pattern), operations[key]) for key, pattern in paths.items())
    return _Service(name, re.compile(hosts), found, re.compile(like_sending))


_SERVICES: Final = (
    _service(
        "mailchimp",
        r"[a-z]{2}\d{1,3}\.api\.mailchimp\.com",
        r"/actions/(?:send|schedule|resume|start|resend)",
        lists=r"/3\.0/campaigns/[^/]+/actions/(?:send|schedule|resume|resend|create-resend)|/3\.0/automations/.*/actions/start.*",
        # A test goes to colleagues, each of whom gets his own.
        each=r"/3\.0/campaigns/[^/]+/actions/test",
    ),
    _service(
        "activecampaign",
        r"[a-z0-9-]+\.(?:api-us\d+\.com|activehosted\.com)",
        r"/send",
        lists=r"/api/3/campaigns?/.*send.*",
    ),
    _service(
        "klaviyo",
        r"a\.klaviyo\.com",
        r"/(?:campaign-send-jobs|send)(?:/|$)",
        lists=r"/api/campaign-send-jobs|/api/v1/campaign/[^/]+/(?:send|schedule)",
        template=r"/api/v1/email-template/[^/]+/send",
    ),
    _service(
        "iterable",
        r"api(?:\.eu)?\.iterable\.com",
        r"/(?:target|send)$",
        each=r"/api/email/target",
        lists=r"/api/campaigns/(?:create|trigger)|/api/workflows/triggerworkflow",
    ),
    _service(
        "braze",
        r"rest\.[a-z]{2,4}-\d{2}\.braze\.(?:com|eu)",
        r"/send(?:$|/)|/schedule/create$",
        lists=r"/(?:messages|campaigns|canvas|transactional)/.*(?:send|schedule/create)",
    ),
    _service(
        "intercom",
        r"api(?:\.eu|\.au)?\.intercom\.io",
        r"/messages$",
        each=r"/messages",
        account=r"/conversations(?:/.*)?",
    ),
    _service("knock", r"api\.knock\.app", r"/trigger|/notify", each=r"/v1/(?:workflows/[^/]+/trigger|notify)"),
    _service("novu", r"(?:eu\.)?api\.novu\.co", r"/trigger", each=r"/v[12]/events/trigger(?:/bulk|/broadcast)?"),
    _service("emailjs", r"api\.emailjs\.com", r"/email/send", template=r"/api/v1\.\d/email/send(?:-form)?"),
)


def _of_host(exchange: Exchange) -> tuple[_Service, str] | None:
    place = url_parts(exchange.url) if isinstance(exchange, HttpRequest) else None
    if place is None or "." not in place.host:
        return None
    found = next((one for one in _SERVICES if one.hosts.fullmatch(place.host)), None)
    return None if found is None else (found, place.path.lower())


def claims(exchange: Exchange) -> str | None:
    """``one each``, ``lists``, ``template``, or ``account`` for what sends nothing."""
    found = _of_host(exchange)
    if found is None or not isinstance(exchange, HttpRequest):
        return None
    service, path = found
    if (text(exchange.method) or "POST").upper() in {"GET", "HEAD", "DELETE", "OPTIONS"}:
        return ACCOUNT
    for pattern, operation in service.paths:
        if pattern.fullmatch(path):
            return operation
    if service.like_sending.search(path):
        return UNKNOWN
    # A new path for an old body does not pass as a matter of the account.
    body = data_of(exchange)
    return UNKNOWN if not isinstance(body, CannotTell) and any(_says(item) for item in _named(body)) else ACCOUNT


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message for each person who is named; what a campaign or a template decides cannot be told."""
    if operation == _TEMPLATE:
        return CannotTell(Reason.TEMPLATE)
    if sort_of(body) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if text(given(field(body, "message_type"))) in {"in_app", "inapp"}:
        return ()  # Intercom: shown inside an app
    frame = _frame(body)
    found = tuple(
        replace(one, to=(*one.to, *frame.to)) for item in _named(body) if _says(item) for one in each_entry(item, frame)
    )
    if found:
        return found
    if not says_any(body, *_PEOPLE):
        return CannotTell(Reason.LIST_AT_PROVIDER)
    # People by the numbers that the service knows them by: each of them gets his own, with what is printed on each.
    return (replace(frame, to=(Recipient(None), *frame.to)),) if frame.to or frame.cc else ()


_PEOPLE: Final = ("to", "recipients", "recipientEmail", "test_emails")


def _named(body: Value) -> list[Value]:
    """Who is named, entry by entry."""
    found = [given(field(body, name)) for name in _PEOPLE]
    return [
        item
        for value in found
        for item in ([member.value for member in each(value)] if isinstance(value, (list, tuple)) else [value])
    ]


def _says(entry: Value) -> bool:
    """Whether an entry names somebody by an address, or by something that the code does not tell."""
    if sort_of(entry) is Sort.MAPPING:
        return says_any(entry, "email")
    return "@" in whole if (whole := text(entry)) is not None else sort_of(entry) is not Sort.NONE


def _frame(body: Value) -> Message:
    """What Novu's overrides print on each message."""
    override = given(get(given(field(body, "overrides")), "email", fold=True))
    if sort_of(override) is not Sort.MAPPING:
        return Message(reply_to=contacts(field(body, "replyTo")).recipients)
    return printed(override, reply_to="replyTo")


PROVIDER: Final = Provider(
    name="engagement",
    title="Mailchimp, ActiveCampaign, Klaviyo, Iterable, Braze, Intercom, Knock, Novu, EmailJS",
    sources=(
        Source(
            "https://mailchimp.com/developer/marketing/api/campaigns/", "actions/send and actions/test of a campaign"
        ),
        Source("https://api.iterable.com/api/docs", "email/target: one recipientEmail"),
        Source(
            "https://www.braze.com/docs/api/endpoints/messaging/",
            "messages, campaigns and canvases to people whom Braze keeps",
        ),
        Source("https://developers.intercom.com/docs/references/rest-api/api.intercom.io/messages", "to: one contact"),
        Source("https://docs.knock.app/reference", "recipients of a workflow, each of whom gets his own"),
        Source(
            "https://docs.novu.co/api-reference/events/trigger-event",
            "to: subscribers; overrides.email has to, cc and bcc",
        ),
        Source("https://www.emailjs.com/docs/rest-api/send/", "the template says where its parameters are printed"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.knock.app/v1/workflows/news/trigger",
    library=Library(
        tokens=("api.knock.app", "api.novu.co", "api.iterable.com", "api.intercom.io", "campaigns & actions/test")
    ),
    explain=(
        "Each person whom such a request names gets a message of his own; campaigns go to people whom the service keeps. What "
        "overrides.email of Novu has in to and cc is printed on each."
    ),
)
"""Services that keep their people themselves."""
