"""Elastic Email: ``/v4/emails``, ``/v4/emails/transactional``, ``/v4/emails/mergefile``, and the package ``ElasticEmail``.

The first makes one message for each recipient, the second one message whose To and CC all of it read. The third names
its people in a file. The older API (``/v2/email/send``, a form or a query) has both in one call: ``to`` makes one message for
each, ``msgTo`` and ``msgCC`` are printed to all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import Absent, Either, Fields, Object, Sort, Value, get, sort_of, text
from mailguard.transports.json_api import (
    Api,
    apart,
    as_data,
    attributes,
    field,
    given,
    host_of,
    message,
    of_json,
    options,
    post,
    told,
    url,
)
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.forms import fields_of, form_values
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER", "EmailMessageData", "EmailTransactionalMessageData", "EmailsApi", "TransactionalRecipient"]

# --- Whose request it is -------------------------------------------------------------------------

_BULK: Final = "v4/emails"
_TRANSACTIONAL: Final = "v4/emails/transactional"
_FILE: Final = "v4/emails/mergefile"
_CAMPAIGN: Final = "v4/campaigns"
_V2: Final = "v2/email/send"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    if isinstance(get(body, "Content"), Absent):
        return None
    if not isinstance(get(body, "MergeFile"), Absent):
        return _FILE
    listed = get(body, "Recipients")
    if isinstance(listed, Absent):
        return None
    return _BULK if isinstance(get(listed, "To"), Absent) else _TRANSACTIONAL


_API: Final = Api(
    hosts=re.compile(r"api\.elasticemail\.com"),
    paths=(
        (re.compile(r"/v4/emails"), _BULK),
        (re.compile(r"/v4/emails/transactional"), _TRANSACTIONAL),
        (re.compile(r"/v4/emails/mergefile"), _FILE),
        (re.compile(r"/v4/campaigns(?:/(?!automation/)[^/]+)?"), _CAMPAIGN),
        (re.compile(r"/v2/sms/.*"), "account"),
    ),
    like_sending=re.compile(r"/emails?/|/send(?:/|$)|/trigger$|^/mailer/"),
    looks=_looks,
    names=("elasticemail", "elastic_email"),
)


def claims(exchange: Exchange) -> str | None:
    """``v4/emails``, ``v4/emails/transactional``, ``v4/emails/mergefile``, ``v4/campaigns``, ``v2/email/send``, or ``account``."""
    found = _API.operation(exchange)
    if found is None or not isinstance(exchange, HttpRequest):
        return found
    place = url_parts(exchange.url)
    # The older API sends by GET too.
    return _V2 if place is not None and place.path.lower() == "/v2/email/send" else found


# --- What it means -------------------------------------------------------------------------------


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each recipient, or one for all of a transactional request."""
    return _older(exchange) if operation == _V2 else _newer(operation, exchange)


def _older(exchange: Exchange) -> Decoded:
    """``/v2/email/send``: names and values in the query, in the body, or in both."""
    place = url_parts(exchange.url) if isinstance(exchange, HttpRequest) else None
    if place is None or not isinstance(exchange, HttpRequest):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if isinstance(body, CannotTell) and not place.query.parts:
        return body
    parts = place.query.parts
    if isinstance(body, Payload):
        parts += fields_of(body.value).parts if body.kind in {"form", "json"} else ()
    form = Form(tuple((name.casefold(), value) for name, value in parts))
    separate, to, cc, bcc, replies = (
        recipients(list(form_values(form, name))) for name in ("to", "msgto", "msgcc", "msgbcc", "replyto")
    )
    frame = Message(reply_to=replies.recipients)
    if separate.recipients:
        # Where it stands, the others are ignored, as the service says.
        return apart([list(form_values(form, "to"))], frame)
    if to.recipients or cc.recipients or bcc.recipients:
        people = (to.recipients, cc.recipients, bcc.recipients)
        mentions = (*to.mentions, *cc.mentions)
        return (replace(frame, to=people[0], cc=people[1], bcc=people[2], mentions=mentions),)
    if any(form_values(form, name) for name in ("lists", "segments")):
        return CannotTell(Reason.LIST_AT_PROVIDER)
    return CannotTell(Reason.ADDRESSES, "the request names no recipients")


@of_json
def _newer(operation: str, body: Value) -> Decoded:
    """The API of today."""
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if operation == _CAMPAIGN:
        # A draft is kept until another request says that it is active.
        drafted = text(get(body, "Status", fold=True)) in {"Draft", "Cancelled", "Deleted", "Paused"}
        return () if drafted else CannotTell(Reason.LIST_AT_PROVIDER)
    frame = _frame(get(body, "Content", fold=True))
    if operation == _FILE:
        # Everybody in the file gets a message of his own.
        return (replace(frame, hidden=ONE, copies=MANY),)
    listed = get(body, "Recipients", fold=True)
    if isinstance(listed, Absent) or sort_of(listed) is Sort.NONE:
        return CannotTell(Reason.ADDRESSES, "the body names no recipients")
    if operation == _TRANSACTIONAL:
        return told((_shared(listed, frame),), {"to": 0})
    return tuple(one for branch in _branches(listed) for one in _each(branch, frame))


def _frame(content: Value | Absent) -> Message:
    """What the content prints on every message."""
    pairs = {name: given(field(content, name)) for name in ("replyto", "headers")}
    return message({name: value for name, value in pairs.items() if value is not None})


def _shared(listed: Value, frame: Message) -> Message:
    found = message(listed)
    return replace(found, reply_to=frame.reply_to, mentions=(*found.mentions, *frame.mentions))


def _branches(listed: Value) -> list[Value]:
    # A list in one branch and lists under To and CC in the other mean different things.
    differ = isinstance(listed, Either) and len({sort_of(option) for option in options(listed)}) > 1
    return list(options(listed)) if differ else [listed]


def _each(listed: Value, frame: Message) -> tuple[Message, ...]:
    if sort_of(listed) is Sort.MAPPING and any(
        not isinstance(get(listed, name, fold=True), Absent) for name in ("to", "cc", "bcc")
    ):
        # The service refuses this here; whoever is named is read as in the other form.
        return (_shared(listed, frame),)
    return apart(listed, frame)


# --- The package ---------------------------------------------------------------------------------


def _paths(name: str, module: str) -> tuple[str, ...]:
    return tuple(f"ElasticEmail.{place}{name}" for place in ("", "models.", f"models.{module}."))


class _Model(Object):
    """An object of a request, filled by name: by the attribute's or by the one that is sent."""

    NAMES: ClassVar[Mapping[str, str]] = {}
    NEEDS: ClassVar[tuple[str, ...]] = ()
    LISTS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **fields: Value) -> None:
        for name, sent in self.NAMES.items():
            value = fields.get(sent, fields.get(name))
            if sort_of(value) is Sort.NONE:
                if name in self.NEEDS:
                    raise Refused(f"{sent}: Field required")
                continue
            if name in self.LISTS and sort_of(value) in {Sort.TEXT, Sort.NUMBER, Sort.MAPPING}:
                raise Refused(f"{sent}: Input should be a valid list")
            self.write(name, value)

    def render(self) -> Value:
        """The object as it is sent."""
        return attributes(self, self.NAMES)

    def to_dict(self) -> Value:
        """The same."""
        return self.render()


class EmailRecipient(_Model):
    """``EmailRecipient(email=..., fields=...)``."""

    PATHS: tuple[str, ...] = _paths("EmailRecipient", "email_recipient")
    HOLDS = True
    NAMES: ClassVar[Mapping[str, str]] = {"email": "Email", "fields": "Fields"}
    NEEDS = ("email",)


class TransactionalRecipient(_Model):
    """``TransactionalRecipient(to=[...], cc=[...], bcc=[...])``."""

    PATHS: tuple[str, ...] = _paths("TransactionalRecipient", "transactional_recipient")
    NAMES: ClassVar[Mapping[str, str]] = {"to": "To", "cc": "CC", "bcc": "BCC"}
    NEEDS = ("to",)
    LISTS = ("to", "cc", "bcc")


class EmailContent(_Model):
    """``EmailContent(body=..., var_from=..., subject=...)``."""

    PATHS: tuple[str, ...] = _paths("EmailContent", "email_content")
    NAMES: ClassVar[Mapping[str, str]] = {
        "body": "Body",
        "merge": "Merge",
        "headers": "Headers",
        "envelope_from": "EnvelopeFrom",
        "var_from": "From",
        "reply_to": "ReplyTo",
        "subject": "Subject",
        "template_name": "TemplateName",
    }
    NEEDS = ("var_from",)


class BodyPart(_Model):
    """``BodyPart(content_type=..., content=...)``."""

    PATHS: tuple[str, ...] = _paths("BodyPart", "body_part")
    NAMES: ClassVar[Mapping[str, str]] = {"content_type": "ContentType", "content": "Content", "charset": "Charset"}


class MessageAttachment(_Model):
    """``MessageAttachment(binary_content=..., name=...)``."""

    PATHS: tuple[str, ...] = _paths("MessageAttachment", "message_attachment")
    NAMES: ClassVar[Mapping[str, str]] = {
        "binary_content": "BinaryContent",
        "name": "Name",
        "content_type": "ContentType",
    }


class EmailMessageData(_Model):
    """``EmailMessageData(recipients=[...], content=...)``: one message each."""

    PATHS: tuple[str, ...] = _paths("EmailMessageData", "email_message_data")
    NAMES: ClassVar[Mapping[str, str]] = {"recipients": "Recipients", "content": "Content", "options": "Options"}
    NEEDS = ("recipients", "content")
    LISTS = ("recipients",)


class EmailTransactionalMessageData(_Model):
    """``EmailTransactionalMessageData(recipients=TransactionalRecipient(...), content=...)``: one for all."""

    PATHS: tuple[str, ...] = _paths("EmailTransactionalMessageData", "email_transactional_message_data")
    NAMES: ClassVar[Mapping[str, str]] = {"recipients": "Recipients", "content": "Content", "options": "Options"}
    NEEDS = ("recipients", "content")


class MergeEmailPayload(_Model):
    """``MergeEmailPayload(merge_file=..., content=...)``: one message for each line of a file."""

    PATHS: tuple[str, ...] = _paths("MergeEmailPayload", "merge_email_payload")
    NAMES: ClassVar[Mapping[str, str]] = {"merge_file": "MergeFile", "content": "Content", "options": "Options"}
    NEEDS = ("merge_file", "content")


HOST: Final = "https://api.elasticemail.com/v4"


class Configuration(Object):
    """``ElasticEmail.Configuration(host=...)``."""

    PATHS: tuple[str, ...] = ("ElasticEmail.Configuration", "ElasticEmail.configuration.Configuration")

    def __init__(self, host: Value = None, *_: Value, **__: Value) -> None:
        self.write("api_key", {})
        self.write("host", HOST if host is None else host)


class ApiClient(Object):
    """``ElasticEmail.ApiClient(configuration)``."""

    PATHS: tuple[str, ...] = ("ElasticEmail.ApiClient", "ElasticEmail.api_client.ApiClient")

    def __init__(self, configuration: Value = None, *_: Value, **__: Value) -> None:
        self.write("configuration", configuration)

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class EmailsApi(Object):
    """``ElasticEmail.EmailsApi(api_client)``."""

    PATHS: tuple[str, ...] = (
        "ElasticEmail.EmailsApi",
        "ElasticEmail.api.EmailsApi",
        "ElasticEmail.api.emails_api.EmailsApi",
    )

    def __init__(self, api_client: Value = None) -> None:
        configuration = api_client.read("configuration") if isinstance(api_client, ApiClient) else None
        own = configuration if isinstance(configuration, Configuration) else Configuration()
        self.write("host", host_of(own.read("host"), HOST))

    def _posted(self, path: str, kind: type[_Model], data: Value) -> HttpRequest:
        if sort_of(data) is Sort.NONE:
            raise Refused("Missing the body")
        made = kind(**data) if isinstance(data, dict) else _of_fields(kind, data)
        return post(url(given(self.read("host")), path), as_data(made))

    def emails_post(self, email_message_data: Value, *_: Value, **__: Value) -> HttpRequest:
        """Send a message to each of the recipients."""
        return self._posted("/emails", EmailMessageData, email_message_data)

    def emails_transactional_post(self, email_transactional_message_data: Value, *_: Value, **__: Value) -> HttpRequest:
        """Send one message to all."""
        return self._posted("/emails/transactional", EmailTransactionalMessageData, email_transactional_message_data)

    def emails_mergefile_post(self, merge_email_payload: Value, *_: Value, **__: Value) -> HttpRequest:
        """Send a message to everybody in a file."""
        return self._posted("/emails/mergefile", MergeEmailPayload, merge_email_payload)

    emails_post_with_http_info = emails_post
    emails_post_without_preload_content = emails_post
    emails_transactional_post_with_http_info = emails_transactional_post
    emails_transactional_post_without_preload_content = emails_transactional_post
    emails_mergefile_post_with_http_info = emails_mergefile_post
    emails_mergefile_post_without_preload_content = emails_mergefile_post


def _of_fields(kind: type[_Model], data: Value) -> Value:
    """A mapping where an object is expected becomes one, if it is known."""
    if isinstance(data, Fields) and not data.open and data.rest is None:
        return kind(**dict(data.known))
    return data


PROVIDER: Final = Provider(
    name="elastic-email",
    title="Elastic Email",
    sources=(
        Source(
            "https://github.com/ElasticEmail/elasticemail-python/blob/master/docs/TransactionalRecipient.md",
            "To and CC are visible to others, BCC is hidden",
        ),
        Source(
            "https://github.com/ElasticEmail/elasticemail-python/blob/master/docs/EmailsApi.md",
            "emails_post is for bulk, emails_transactional_post for one message, emails_mergefile_post takes a file",
        ),
        Source("pypi:ElasticEmail==4.4.0", "run: the requests of EmailsApi"),
        Source(
            "https://api.elasticemail.com/public/help",
            "v2: each of to gets a message of his own; msgTo and msgCC are visible to all, msgBcc is not",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.elasticemail.com/v4/emails",
    library=Library(
        classes=(
            *(EmailsApi, EmailMessageData, EmailTransactionalMessageData, MergeEmailPayload, EmailRecipient),
            *(TransactionalRecipient, EmailContent, BodyPart, MessageAttachment, Configuration, ApiClient),
        ),
        tokens=("ElasticEmail", "elasticemail"),
    ),
    explain=(
        "A request to /emails makes one message for each of its recipients. A request to /emails/transactional makes "
        "one message, and everybody in its To and CC reads everybody else there; BCC is blind. In the older API to makes one message "
        "for each, msgTo and msgCC are printed to all."
    ),
)
"""Elastic Email."""
