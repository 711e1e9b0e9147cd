"""django-anymail: Django messages that leave through a mail service's API.

Which service that is stands in the settings (and its requests are read by the
provider of that service). What the code itself decides is whether it is one
message for all or one each: one each as soon as ``merge_data``,
``merge_metadata`` or ``merge_headers`` is set, be it to an empty mapping.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Sort, Value, get, sort_of, text, truth
from mailguard.transports.django_mail import MERGE_URL, EmailMessage, EmailMultiAlternatives
from mailguard.transports.split import one_each, total, unless_split

__all__ = ["PROVIDER", "AnymailMessage", "AnymailMessageMixin"]

_OPTIONS: Final = (
    *("esp_extra", "envelope_sender", "metadata", "send_at", "tags", "track_clicks", "track_opens", "template_id"),
    *("merge_data", "merge_global_data", "merge_headers", "merge_metadata"),
)


class AnymailMessageMixin(EmailMessage):
    """``anymail.message.AnymailMessageMixin``: takes anymail's attributes as keywords."""

    PATHS: tuple[str, ...] = ("anymail.message.AnymailMessageMixin",)
    BY_ANYMAIL = True

    def __init__(self, *arguments: Value, **options: Value) -> None:
        for name in _OPTIONS:
            if name in options:
                self.write(name, options.pop(name))
        super().__init__(*arguments, **options)


class AnymailMessage(AnymailMessageMixin, EmailMultiAlternatives):
    """``anymail.message.AnymailMessage``."""

    PATHS: tuple[str, ...] = ("anymail.message.AnymailMessage",)


def claims(exchange: Exchange) -> str | None:
    """``send``: the request that a model makes; no capture holds one."""
    return "send" if isinstance(exchange, HttpRequest) and text(exchange.url) == MERGE_URL else None


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for all, or one for each ``to`` with Cc printed on each."""
    if operation != "send" or not isinstance(exchange, HttpRequest) or isinstance(exchange.body, Form):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = exchange.body
    if sort_of(body) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM)
    to, cc, bcc = (recipients(get(body, name)) for name in ("to", "cc", "bcc"))
    reply_to = recipients(get(body, "reply_to"))
    header_to, header_cc = get(body, "header_to"), get(body, "header_cc")
    # A header given beside the list replaces what is printed, where the service allows it.
    printed_to = to if isinstance(header_to, Absent) else recipients(header_to)
    printed_cc = cc if isinstance(header_cc, Absent) else recipients(header_cc)
    blind = bcc.recipients
    if not isinstance(header_to, Absent):
        blind = (*blind, *to.recipients)
    if not isinstance(header_cc, Absent):
        blind = (*blind, *cc.recipients)
    split = truth(get(body, "split"))
    shared = Message(
        to=printed_to.recipients,
        cc=printed_cc.recipients,
        bcc=blind,
        reply_to=reply_to.recipients,
        mentions=(*printed_to.mentions, *printed_cc.mentions, *reply_to.mentions),
    )
    if split is Truth.YES and to.recipients:
        if not isinstance(header_to, Absent):
            return (replace(shared, copies=total(to.recipients)),)
        groups = [recipients(value) for value in _members(get(body, "to"))]
        return one_each(groups, replace(shared, to=()), (*printed_cc.mentions, *reply_to.mentions))
    return (unless_split(shared, split),)


def _members(to: Value | Absent) -> list[Value | Absent]:
    return list(to) if isinstance(to, list) else [to]


PROVIDER: Final = Provider(
    name="anymail",
    title="django-anymail",
    sources=(
        Source("pypi:django-anymail==15.2", "which attributes switch every service to one message each"),
        Source(
            "https://anymail.dev/en/stable/sending/templates/",
            "with merge_data each recipient gets an own message and sees no other",
        ),
    ),
    claims=claims,
    decode=decode,
    library=Library(classes=(AnymailMessage, AnymailMessageMixin), tokens=("anymail", "merge_data", "merge_metadata")),
    explain=(
        "Everybody in To is printed to everybody, unless merge_data, merge_metadata or merge_headers is set; "
        "{} is enough. merge_global_data and template_id alone do not separate readers on every service."
    ),
)
"""django-anymail."""
