"""Mailgun: ``POST /v3/<domain>/messages`` and ``messages.mime``, and the ``mailgun`` package.

Whether readers see each other hangs on one field: with ``recipient-variables``
Mailgun writes one message for each ``to``, without it everybody is printed in
one To header. What the field holds does not matter for that; ``{}`` will do.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, TypeVar

from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.documents.json_values import read_json
from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    scalar,
    sort_of,
    text,
)
from mailguard.transports.http.calls import request
from mailguard.transports.mime.reading import message_of
from mailguard.transports.split import one_each, total, unless_split
from mailguard.wire.bodies import payload
from mailguard.wire.forms import fields_of, form_values
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER", "AsyncClient", "Client", "Endpoint", "MailgunMessageBuilder"]

# --- Whose request it is -------------------------------------------------------------------------

_HOST: Final = re.compile(r"(?:[a-z0-9*-]+\.)?api[a-z0-9*.-]*\.mailgun\.(?:net|org)")
"""``api`` and ``api.eu``; stored messages are on hosts such as ``storage-us-east4.api.mailgun.net``."""

_READS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "PUT"})
_SEND: Final = "v3/messages"
_SEND_MIME: Final = "v3/messages.mime"
_ACCOUNT: Final = "v3"
"""The operation of every request that is about the account: lists, routes, events, suppressions."""


def claims(exchange: Exchange) -> str | None:
    """``v3/messages`` or ``v3/messages.mime`` (the version does not matter), ``v3`` for what sends nothing."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    host, path = (url.host, url.path) if url is not None else ("", "")
    segments = [segment for segment in path.split("/") if segment]
    last = segments[-1] if segments else "*"
    if not _HOST.fullmatch(host) and not (
        host in {"", "*"} and (_named(exchange.url) or _unmistakable(last, exchange))
    ):
        return None
    method = (text(exchange.method) or "POST").upper()
    if method in _READS and not (method == "PUT" and last in {"messages", "messages.mime"}):
        return _ACCOUNT
    if last in {"messages", "messages.mime"}:
        return _SEND_MIME if last == "messages.mime" else _SEND
    if "*" in last:
        return _by_body(exchange)
    if "messages" in segments or "messages.mime" in segments:
        return "?v3/messages"
    # A path that is not known for a body that is: what looks like a mail does not pass as a matter of the account.
    form = _form(exchange)
    names = set() if isinstance(form, CannotTell) else {name.partition("[")[0].lower() for name, _ in form.parts}
    mail = {"from", "to"} <= names and names & {"subject", "text", "html", "template"}
    return "?v3" if mail or {"to", "message"} <= names else _ACCOUNT


def _named(url: Value) -> bool:
    """Whether a URL that is not known is called after the service (``settings.MAILGUN_API_URL``)."""
    match url:
        case Unknown():
            return "mailgun" in url.why.casefold()
        case Parameter():
            return "mailgun" in url.name.casefold()
        case Text():
            return any(_named(part.value if isinstance(part, Repeat) else part) for part in url.parts)
        case Either():
            return any(_named(option) for option in url.options if not isinstance(option, Absent))
        case _:
            return False


def _unmistakable(last: str, request: HttpRequest) -> bool:
    """Whether a request to a host that is not known can be for no other service: a form of mail fields to ``/messages``."""
    if last not in {"messages", "messages.mime"} or request.encoding != "form":
        return False
    form = _form(request)
    names = set() if isinstance(form, CannotTell) else {name for name, _ in form.parts}
    return {"from", "to", "subject"} <= names if last == "messages" else {"to", "message"} <= names


def _by_body(request: HttpRequest) -> str:
    """What a request is whose last path segment is not known: one that names recipients and a sender is a message."""
    form = _form(request)
    if isinstance(form, CannotTell):
        return "?v3"
    names = {name.partition("[")[0].lower() for name, _ in form.parts}
    if "to" not in names:
        return "?v3" if "*" in names else _ACCOUNT
    return _SEND if "from" in names else _SEND_MIME if "message" in names else "?v3"


def _form(request: HttpRequest) -> Form | CannotTell:
    """The fields of the body, and those of the URL, where clients with ``params=`` put them."""
    url = url_parts(request.url)
    found = _body_form(request)
    if url is None or not url.query.parts:
        return found
    if isinstance(found, CannotTell):
        return url.query if found.reason is Reason.BODY_MISSING and form_values(url.query, "to", fold=True) else found
    return Form((*url.query.parts, *found.parts))


def _body_form(request: HttpRequest) -> Form | CannotTell:
    body = payload(request)
    if isinstance(body, CannotTell):
        return body
    if isinstance(body.value, Form):
        return body.value
    if sort_of(body.value) in {Sort.MAPPING, Sort.COLLECTION}:
        # Not what the service takes, but what a caller may hand over.
        return fields_of(body.value)
    if body.kind == "empty":
        return CannotTell(Reason.BODY_MISSING)
    return CannotTell(Reason.UNKNOWN_FORM, "the body is no form")


# --- What it means -------------------------------------------------------------------------------


def decode(operation: str, exchange: Exchange) -> Decoded:
    """The messages of a request that :func:`claims` claimed."""
    if not isinstance(exchange, HttpRequest) or operation.startswith("?"):
        return CannotTell(Reason.UNKNOWN_FORM)
    if operation not in {_SEND, _SEND_MIME}:
        return ()
    form = _form(exchange)
    if isinstance(form, CannotTell):
        return form
    return _mime(form) if operation == _SEND_MIME else _parts(form)


def _parts(form: Form) -> Decoded:
    # A name with a hole may be any field; To is the worst.
    groups = [recipients(value) for name in ("to", "*") for value in form_values(form, name, fold=True)]
    to = People(
        tuple(person for group in groups for person in group.recipients),
        tuple(mention for group in groups for mention in group.mentions),
    )
    cc = _people(form, "cc")
    bcc = _people(form, "bcc")
    # h:NAME sets a header. That h:To would replace what `to` prints is not documented, so both count.
    header_to, header_cc = _header(form, "to"), _header(form, "cc")
    reply_to, header_bcc = _header(form, "reply-to"), _header(form, "bcc")
    elsewhere = (*cc.mentions, *header_to.mentions, *header_cc.mentions, *reply_to.mentions)
    split = _split(form)
    shared = Message(
        to=(*to.recipients, *header_to.recipients),
        cc=(*cc.recipients, *header_cc.recipients),
        bcc=bcc.recipients,
        transmitted_bcc=header_bcc.recipients,
        reply_to=reply_to.recipients,
        mentions=(*to.mentions, *elsewhere),
    )
    if split is Truth.YES and to.recipients:
        return one_each(groups, replace(shared, to=header_to.recipients), elsewhere)
    return (unless_split(shared, split),)


def _mime(form: Form) -> Decoded:
    """The MIME part is sent as it is: its headers are seen, the ``to`` fields are the envelope."""
    sources = [_file(value) for value in form_values(form, "message", fold=True)]
    if not sources:
        return CannotTell(Reason.BODY_MISSING, "the request has no message part")
    envelope = [value for name in ("to", "cc", "bcc") for value in form_values(form, name, fold=True)]
    worst = message_of(sources[0], envelope, bcc="transmitted")
    if isinstance(worst, CannotTell):
        return worst
    if not worst.transmitted_bcc:
        if _split(form) is Truth.YES and total((*worst.to, *worst.cc)).high > 1:
            # One message each; whether To of each is that of the source is not documented.
            groups = [recipients(value) for value in form_values(form, "to", fold=True)]
            return Undecided(Reason.RELAY, (worst,), one_each(groups, replace(worst, to=(), bcc=()), worst.mentions))
        return (worst,)
    removed = message_of(sources[0], envelope, bcc="removed")
    if isinstance(removed, CannotTell):
        return removed
    return Undecided(Reason.RAW_BCC, (worst,), (removed,))


def _file(value: Value) -> Value:
    """The content of a file as HTTP clients take it: itself, or ``(name, content, type, headers)``."""
    if sort_of(value) is Sort.COLLECTION:
        members = [member.value for member in each(value)]
        if 2 <= len(members) <= 4 and sort_of(members[0]) in {Sort.TEXT, Sort.NONE}:
            return members[1]
    return value


def _people(form: Form, name: str) -> People:
    return recipients(list(form_values(form, name, fold=True)))


def _header(form: Form, name: str) -> People:
    # %recipient% stands for the one reader of each message (batch sending), and shows nobody else.
    values = [
        value
        for other, value in form.parts
        if other.casefold() == f"h:{name}" and not (text(value) or "").strip().startswith("%recipient")
    ]
    return recipients(values)


def _split(form: Form) -> Truth:
    """Whether the request asks for one message each."""
    answer = Truth.NO
    for value in form_values(form, "recipient-variables"):
        answer |= _asks(value)
    return answer


def _asks(value: Value | Absent) -> Truth:
    if isinstance(value, Absent):
        return Truth.NO
    if isinstance(value, Either):
        answers = {_asks(option) for option in value.options}
        return answers.pop() if len(answers) == 1 else Truth.MAYBE
    if scalar(value) is None:
        return Truth.NO  # HTTP clients leave such a field out
    whole = text(value)
    if whole is None:
        return Truth.YES
    # What is no JSON object is refused by the service, and does not ask for anything.
    return Truth.YES if isinstance(read_json(whole), dict) else Truth.NO


# --- The package mailgun -------------------------------------------------------------------------


class _Endpoint(Object):
    """What an endpoint does. Apart from the class that is listed: ``create`` would mark most functions as senders."""

    def __init__(self, name: str) -> None:
        self.write("_name", name)

    def create(
        self,
        data: Value = None,
        filters: Value = None,
        domain: Value = None,
        headers: Value = None,
        files: Value = None,
        **options: Value,
    ) -> HttpRequest:
        """Post the form to the domain's endpoint."""
        del filters, options
        place: Value = Unknown("domain") if sort_of(domain) is Sort.NONE else domain
        name = text(self.read("_name")) or "messages"
        known = text(place)
        start = "https://api.mailgun.net/v3/"
        url: Value = f"{start}{known}/{name}" if known is not None else Text((start, place, f"/{name}"))
        return request("POST", url, data=data, headers=headers, files=files)


class Endpoint(_Endpoint):
    """``client.messages`` and ``client.mimemessage``."""

    PATHS: tuple[str, ...] = ("mailgun.client.Endpoint", "mailgun.endpoints.Endpoint")


class Client(Object):
    """``mailgun.client.Client(auth=("api", key))``; every attribute is an endpoint."""

    PATHS: tuple[str, ...] = ("mailgun.Client", "mailgun.client.Client")

    def __init__(self, auth: Value = None, **options: Value) -> None:
        del auth, options

    @property
    def messages(self) -> Endpoint:
        """The endpoint that takes the parts of a message."""
        return Endpoint("messages")

    @property
    def mimemessage(self) -> Endpoint:
        """The endpoint that takes MIME source."""
        return Endpoint("messages.mime")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None


class AsyncClient(Client):
    """``mailgun.client.AsyncClient``: the same calls, awaited."""

    PATHS = ("mailgun.AsyncClient", "mailgun.client.AsyncClient")


_B = TypeVar("_B", bound="_Builder")


class _Builder(Object):
    """Collects the fields of a form. Apart from the class that is listed, whose names mark functions that may send."""

    def __init__(self, from_email: Value) -> None:
        self.write("from", from_email)
        self.write("to", [])

    def add_recipient(self: _B, email: Value, recipient_type: Value = "to") -> _B:
        """Add an address to one of the three lists; a list that is not known plainly is To."""
        kind = text(recipient_type)
        if kind is not None and kind not in {"to", "cc", "bcc"}:
            raise Refused("no such list")
        self.append(kind or "to", email)
        return self

    def set_recipient_variables(self: _B, variables: Value) -> _B:
        """Ask for one message each."""
        del variables
        self.write("recipient-variables", "{}")
        return self

    def add_custom_header(self: _B, key: Value, value: Value) -> _B:
        """Set the field ``h:KEY``."""
        self.write(f"h:{text(key) or '*'}", value)
        return self

    def set_subject(self: _B, subject: Value) -> _B:
        """Set the subject."""
        self.write("subject", subject)
        return self

    def set_text(self: _B, text: Value) -> _B:  # noqa: A002,RUF100  # the library's own name
        """Set the plain text."""
        self.write("text", text)
        return self

    def set_html(self: _B, html: Value) -> _B:
        """Set the HTML."""
        self.write("html", html)
        return self

    def _same(self: _B, *arguments: Value, **options: Value) -> _B:
        del arguments, options
        return self

    # What these set has nothing to do with recipients.
    add_custom_variable = add_option = attach_file = attach_stream = attach_inline = _same
    set_amp_html = set_template = set_template_version = set_template_text = set_template_variables = _same
    set_idempotency_safe = _same

    def build(self) -> tuple[Value, Value]:
        """The form and the files; the lists are joined with commas by the package, which means the same."""
        rendered = self.render()
        if isinstance(rendered, dict):
            return {name: value for name, value in rendered.items() if value != []}, None
        if isinstance(rendered, Fields):
            return rendered, None
        return rendered, None


class MailgunMessageBuilder(_Builder):
    """``mailgun.builders.MailgunMessageBuilder``: collects recipients in lists, which makes them shared."""

    PATHS: tuple[str, ...] = ("mailgun.MailgunMessageBuilder", "mailgun.builders.MailgunMessageBuilder")


PROVIDER: Final = Provider(
    name="mailgun",
    title="Mailgun",
    sources=(
        Source(
            "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending",
            "without recipient-variables all recipients are shown in To; with them each gets an own message",
        ),
        Source("pypi:django-anymail==15.2", "an empty object in recipient-variables is enough"),
        Source("pypi:mailgun==1.10.0", "the requests of Client.messages and of MailgunMessageBuilder"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.mailgun.net/v3/mail.invalid/messages",
    library=Library(classes=(Client, AsyncClient, Endpoint, MailgunMessageBuilder), tokens=("mailgun",)),
    explain=(
        "Everybody in `to` and `cc` is printed to everybody, unless the request has the field recipient-variables: "
        "then Mailgun writes one message for each `to`. Cc is printed on every message in either case."
    ),
)
"""Mailgun by Sinch."""
