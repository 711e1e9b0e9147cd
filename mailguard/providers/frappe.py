"""Frappe and ERPNext: ``frappe.sendmail``.

Each recipient gets a transmission of his own with only himself in To, and no Cc header, unless ``expose_recipients`` says
"header" (everybody is printed) or "footer" (the list is written into the body).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, UNBOUNDED, Count
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason, Recipient
from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.model.value import Absent, Either, Sort, Value, get, sort_of, text

__all__ = ["PROVIDER", "sendmail"]

_URL: Final = "frappe:sendmail"
"""The URL of the request that stands for a mail in Frappe's queue."""


def claims(exchange: Exchange) -> str | None:
    """``sendmail``: the request that the model makes; no capture holds one."""
    return "sendmail" if isinstance(exchange, HttpRequest) and text(exchange.url) == _URL else None


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One each, or what is exposed."""
    if operation != "sendmail" or not isinstance(exchange, HttpRequest) or isinstance(exchange.body, Form):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = exchange.body
    if sort_of(body) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM)
    to, cc, bcc = (recipients(get(body, name)) for name in ("recipients", "cc", "bcc"))
    reply_to = recipients(get(body, "reply_to")).recipients
    exposed = _exposed(get(body, "expose_recipients"))
    if exposed == {"header"}:
        mentions = (*to.mentions, *cc.mentions)
        return (Message(to=to.recipients, cc=cc.recipients, bcc=bcc.recipients, reply_to=reply_to, mentions=mentions),)
    everybody = (*to.recipients, *cc.recipients, *bcc.recipients)
    if "header" in exposed:
        # A word that is not known plainly is none of those that expose.
        return tuple(Message(to=(_perhaps(person),), reply_to=reply_to) for person in everybody if person.count.high)
    if "footer" in exposed:
        printed = (*to.recipients, *cc.recipients)
        return tuple(
            Message(
                to=(replace(person, count=ONE),),
                reply_to=reply_to,
                copies=person.count,
                mentions=tuple(_others(printed, person)),
            )
            for person in everybody
            if person.count.high
        )
    return tuple(
        Message(to=(replace(person, count=ONE),), reply_to=reply_to, copies=person.count)
        for person in everybody
        if person.count.high
    )


def _others(printed: tuple[Recipient, ...], reader: Recipient) -> Iterator[Mention]:
    """Whom a reader finds in the list below the text besides himself."""
    for person in printed:
        count = _less_one(person.count) if person is reader else person.count
        if count.high:
            yield Mention(Field.TEXT, replace(person, count=count), known=True)


def _less_one(count: Count) -> Count:
    low = max(count.low - 1, 0)
    high = count.high if count.high == UNBOUNDED else max(count.high - 1, 0)
    return Count(low, max(count.plain - 1, min(low, 2)), high)


def _perhaps(person: Recipient) -> Recipient:
    return replace(person, count=Count(min(person.count.low, 1), min(person.count.plain, 1), person.count.high))


def _exposed(value: Value | Absent) -> set[str]:
    """What the argument may be: ``header``, ``footer``, or something that exposes nobody (empty)."""
    if isinstance(value, Either):
        return {word for option in value.options for word in _exposed(option)}
    if isinstance(value, Absent) or sort_of(value) in {Sort.NONE, Sort.NUMBER}:
        return {""}
    whole = text(value)
    return {"", "header"} if whole is None else {whole if whole in {"header", "footer"} else ""}


def sendmail(
    recipients: Value = None,
    sender: Value = "",
    subject: Value = "No Subject",
    message: Value = "No Message",
    as_markdown: Value = False,
    delayed: Value = True,
    reference_doctype: Value = None,
    reference_name: Value = None,
    unsubscribe_method: Value = None,
    unsubscribe_params: Value = None,
    unsubscribe_message: Value = None,
    add_unsubscribe_link: Value = 1,
    attachments: Value = None,
    content: Value = None,
    doctype: Value = None,
    name: Value = None,
    reply_to: Value = None,
    queue_separately: Value = False,
    cc: Value = None,
    bcc: Value = None,
    message_id: Value = None,
    in_reply_to: Value = None,
    send_after: Value = None,
    expose_recipients: Value = None,
    *_: Value,
    **__: Value,
) -> HttpRequest:
    """``frappe.sendmail``; lists or comma texts."""
    del sender, subject, message, as_markdown, delayed, reference_doctype, reference_name, unsubscribe_method
    del unsubscribe_params, unsubscribe_message, add_unsubscribe_link, attachments, content, doctype, name
    del queue_separately, message_id, in_reply_to, send_after
    body = {
        "recipients": recipients,
        "cc": cc,
        "bcc": bcc,
        "reply_to": reply_to,
        "expose_recipients": expose_recipients,
    }
    return HttpRequest("POST", _URL, {}, body, "json")


PROVIDER: Final = Provider(
    name="frappe",
    title="Frappe",
    sources=(
        Source(
            "https://github.com/frappe/frappe/blob/develop/frappe/__init__.py",
            "sendmail: one transmission for each recipient; expose_recipients is header or footer; read",
        ),
        Source("https://docs.frappe.io/framework/user/en/api/utils#frappesendmail", "the arguments"),
    ),
    claims=claims,
    decode=decode,
    library=Library(
        functions=(Function(("frappe.sendmail", "frappe.email.sendmail"), sendmail),),
        tokens=("frappe.sendmail", "frappe & sendmail"),
    ),
    explain=(
        'Each recipient gets a message of his own. expose_recipients="header" prints all of To and Cc to everybody; '
        '"footer" writes the list into the text.'
    ),
)
"""Frappe."""
