"""What a request to the older ``api/mail.send`` means: one message, or one for each address in ``x-smtpapi``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, Count, Truth
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient
from mailguard.model.value import (
    ABSENT,
    Absent,
    Member,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    has,
    sort_of,
    truth,
)
from mailguard.providers.sendgrid.texts import or_none
from mailguard.providers.sendgrid.v3 import in_headers
from mailguard.transports.split import one_each, unless_split
from mailguard.wire.bodies import payload
from mailguard.wire.forms import fields_of, form_values
from mailguard.wire.urls import url_parts


def decode_old(exchange: HttpRequest) -> Decoded:
    """``to[]`` is read by all, unless ``x-smtpapi`` has a ``to``: then one message for each of its addresses."""
    url = url_parts(exchange.url)
    parts = list(url.query.parts) if url is not None else []
    body = payload(exchange)
    if isinstance(body, CannotTell):
        if not parts:
            return body
    elif body.kind in {"form", "json"}:
        parts += fields_of(body.value).parts
    elif body.kind == "text":
        return CannotTell(Reason.UNKNOWN_FORM, "the body is no form")
    if not parts:
        return CannotTell(Reason.BODY_MISSING)
    form = Form(tuple((name.strip(), value) for name, value in parts))
    to = _pairs(form, "to", "toname")
    cc = _pairs(form, "cc", "ccname")
    shared = Message(
        to=to.recipients,
        cc=cc.recipients,
        bcc=_pairs(form, "bcc", "bccname").recipients,
        reply_to=recipients(list(form_values(form, "replyto", fold=True))).recipients,
        mentions=(*to.mentions, *cc.mentions, *in_headers(_first_json(form, "headers"))),
    )
    control = _first_json(form, "x-smtpapi")
    if isinstance(control, CannotTell):
        return control
    shared = replace(shared, bcc=(*shared.bcc, *copied_by(control)))
    listed = get(control, "to")
    if truth(listed) is Truth.NO:
        return (unless_split(shared, Truth.NO),)
    # The To of the form is then a stand-in that gets nothing.
    one = tuple(
        message
        for value, count in ([Member(or_none(listed), ONE)] if sort_of(listed) is Sort.TEXT else each(listed))
        for message in _times_message(one_each([recipients(value)], replace(shared, to=(), mentions=())), count)
    )
    if has(control, "to") is Truth.MAYBE:
        return (unless_split(shared, Truth.MAYBE), *one)
    return one


def copied_by(control: Value | Absent) -> tuple[Recipient, ...]:
    """The blind copy that the filter ``bcc`` of ``x-smtpapi`` adds to every message, if it is enabled."""
    settings = get(get(get(control, "filters"), "bcc"), "settings")
    if isinstance(settings, Absent) or truth(get(settings, "enable")) is not Truth.YES:
        return ()
    return recipients(get(settings, "email")).recipients


def _times_message(messages: Iterable[Message], count: Count) -> Iterator[Message]:
    for message in messages:
        yield message if count == ONE else replace(message, copies=message.copies * count)


def _pairs(form: Form, name: str, names: str) -> People:
    values, labels = form_values(form, name, fold=True), form_values(form, names, fold=True)
    people = recipients(list(values))
    # A name belongs to the address in the same place; which place that is, is often not known.
    extra = [mailbox(values[min(number, len(values) - 1)], label) for number, label in enumerate(labels) if values]
    return People(people.recipients, (*people.mentions, *(item for group in extra for item in group.mentions)))


def _first_json(form: Form, name: str) -> Any:
    """A field that holds JSON, as data; ABSENT where there is none."""
    values = form_values(form, name)
    if not values:
        return ABSENT
    value = values[0]
    if isinstance(value, (Unknown, Parameter)) or truth(value) is Truth.NO:
        return ABSENT
    inner = payload(HttpRequest("POST", "", {}, value, "json"))
    if isinstance(inner, CannotTell):
        return inner if name == "x-smtpapi" else ABSENT
    return inner.value
