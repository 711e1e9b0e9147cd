"""ZeptoMail by Zoho: ``/v1.1/email``, ``/v1.1/email/template`` and their batches, and the package ``zeptomail``.

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it; a batch writes one message for each ``to``.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.addresses.people import People
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import Decoded, Message
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Fields, Member, Object, Sort, Value, each, get, is_tuple, sort_of
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import (
    Api,
    apart,
    as_data,
    collected,
    field,
    given,
    headers_of,
    of_object,
    post,
    told,
    truthy,
)

__all__ = ["PROVIDER", "Config", "Email"]

# --- Whose request it is, and what it means ------------------------------------------------------

_ONE: Final = "v1.1/email"
_BATCH: Final = "v1.1/email/batch"


def _looks(body: Value) -> str | None:
    named = not any(isinstance(get(body, name), Absent) for name in ("from", "to"))
    said = any(
        not isinstance(get(body, name), Absent)
        for name in ("htmlbody", "textbody", "template_key", "mail_template_key")
    )
    return _ONE if named and said else None


_API: Final = Api(
    # One data centre for each region of Zoho: com, eu, in, com.au, com.cn, jp, ca, sa, ...; TransMail is its first name.
    hosts=re.compile(r"(?:api\.)?(?:zeptomail|transmail)\.(?:zoho\.)?[a-z]{2,3}(?:\.[a-z]{2})?"),
    paths=(
        (re.compile(r"/v1\.\d/email(?:/template)?"), _ONE),
        (re.compile(r"/v1\.\d/email(?:/template)?/batch"), _BATCH),
    ),
    like_sending=re.compile(r"/email"),
    looks=_looks,
    names=("zeptomail", "zepto"),
)


def claims(exchange: Exchange) -> str | None:
    """``v1.1/email``, ``v1.1/email/batch`` (of templates too), or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_object
def decode(operation: str, body: Value) -> Decoded:
    """One message for all, or one for each ``to`` of a batch."""
    cc, bcc, replies = (contacts(_flat(field(body, name))) for name in ("cc", "bcc", "reply_to"))
    header_reply, mentions = headers_of(field(body, "mime_headers"))
    shared = Message(
        cc=cc.recipients,
        bcc=bcc.recipients,
        reply_to=(*replies.recipients, *header_reply.recipients),
        mentions=(*cc.mentions, *replies.mentions, *mentions),
    )
    to = _flat(field(body, "to"))
    if operation == _BATCH:
        return told(apart(to, shared), body)
    people: People = contacts(to)
    found = Message(
        to=people.recipients,
        cc=shared.cc,
        bcc=shared.bcc,
        reply_to=shared.reply_to,
        mentions=(*people.mentions, *shared.mentions),
    )
    return told((found,), body)


def _flat(value: Value | Absent) -> Value | Absent:
    """``{email_address: {address, name}}`` as ``{email, name}``, which is how others write it."""
    if sort_of(value) is Sort.COLLECTION:
        return collected(Member(given(_flat(item)), count) for item, count in each(value))
    if sort_of(value) is not Sort.MAPPING:
        return value
    inner = get(value, "email_address", fold=True)
    if sort_of(inner) not in {Sort.MAPPING, Sort.NONE} and not isinstance(inner, Absent):
        return inner
    holder = value if isinstance(inner, Absent) else inner
    address = get(holder, "address", fold=True)
    if isinstance(address, Absent):
        return value
    name = get(holder, "name", fold=True)
    return Fields((("email", address), *((("name", name),) if not isinstance(name, Absent) else ())))


# --- The package zeptomail -----------------------------------------------------------------------


class Config(Object):
    """``zeptomail.Config``."""

    PATHS: tuple[str, ...] = ("zeptomail.Config", "zeptomail.client.Config")

    def __init__(self, api_key: Value = None, *, url: Value = None, timeout: Value = 30) -> None:
        del api_key, timeout
        self.write("url", url if truthy(url) else "https://api.zeptomail.com/v1.1/email")


class Email(Object):
    """``zeptomail.Email``: one message to a list."""

    PATHS: tuple[str, ...] = ("zeptomail.Email", "zeptomail.client.Email")

    def __init__(self, config: Value = None, bounce_address: Value = None) -> None:
        del bounce_address
        self.write("config", config)

    def send(
        self,
        *,
        from_: Value = None,
        from_name: Value = None,
        to: Value = None,
        subject: Value = None,
        reply_to: Value = (),
        **_: Value,
    ) -> HttpRequest:
        """Send it; texts and ``{address, name}`` mappings alike."""
        config = self.read("config", None)
        place = given(config.read("url")) if isinstance(config, Config) else "https://api.zeptomail.com/v1.1/email"
        people = collected(Member(_entry(item), count) for item, count in each(to))
        if sort_of(to) is Sort.UNKNOWN:
            people = to
        body: dict[str, Value] = {
            "subject": subject,
            "from": {"address": from_, "name": from_name},
            "to": people,
        }
        if truthy(reply_to):
            body["reply_to"] = collected(Member(_answer(item), count) for item, count in each(reply_to))
        return post(place, as_data(body))


def _entry(item: Value) -> Value:
    return {"email_address": item if sort_of(item) is Sort.MAPPING else {"address": item, "name": item}}


def _answer(item: Value) -> Value:
    parts = [part.value for part in each(item)] if is_tuple(item) or sort_of(item) is Sort.COLLECTION else [item]
    return {"address": parts[0] if parts else None, "name": parts[1] if len(parts) > 1 else None}


PROVIDER: Final = Provider(
    name="zeptomail",
    title="ZeptoMail",
    sources=(
        Source(
            "https://www.zoho.com/zeptomail/help/api/email-sending.html", "to, cc and bcc are lists of email_address"
        ),
        Source(
            "https://www.zoho.com/zeptomail/help/api/batch-email-sending.html",
            "a batch: up to 500 addresses in to, each with merge_info of its own",
        ),
        Source("pypi:zeptomail==1.0.0", "run: the requests of Email.send"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.zeptomail.com/v1.1/email",
    library=Library(classes=(Config, Email), tokens=("zeptomail",)),
    explain=(
        "Everybody in to and cc of one e-mail is printed to everybody; bcc is printed nowhere. The batch endpoints write "
        "one message for each to."
    ),
)
"""ZeptoMail."""
