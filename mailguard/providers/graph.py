"""Microsoft Graph: ``sendMail``, drafts, forwarding; and the packages ``msgraph-sdk`` and ``O365``.

One request is one message; everybody in ``toRecipients`` and ``ccRecipients`` is printed to everybody. Keys of the JSON
are read in any case, as the service does: msgraph-sdk writes ``Message``, others ``message``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import (
    ABSENT,
    Absent,
    Items,
    Member,
    Object,
    Parameter,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    inherit,
    sort_of,
    text,
    trail_of,
)
from mailguard.transports.letters import attribute, or_empty, present
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]

_HOST: Final = re.compile(
    r"(?:(?:[a-z0-9-]+\.)?graph\.microsoft\.(?:com|us|de)|dod-graph\.microsoft\.us|microsoftgraph\.chinacloudapi\.cn)"
)
"""The global service and the national clouds."""
_OUTLOOK: Final = re.compile(r"outlook\.office(?:365)?\.com|outlook\.live\.com")
"""The Outlook REST API (``/api/v2.0/me/sendmail``), which came before Graph and writes the same in capitals."""

_SEND: Final = "sendMail"
_DRAFT: Final = "messages"
_FORWARD: Final = "forward"
_REPLY: Final = "reply"
_BATCH: Final = "$batch"
_OTHER: Final = "v1.0"
"""The operation of every request that sends nothing: reading, folders, calendars, directories."""


def _looks_like_graph(request: HttpRequest) -> bool:
    """Whether a request to an address that nothing tells holds what only Graph reads: ``{"message": {"toRecipients": ...}}``."""
    if isinstance(text(request.url), str):
        return False
    found = payload(request)
    if isinstance(found, CannotTell) or isinstance(found.value, Form):
        return False
    message = get(found.value, "message")
    return not isinstance(message, Absent) and get(message, "toRecipients") is not ABSENT


def claims(exchange: Exchange) -> str | None:
    """``sendMail``, ``messages`` (a draft), ``forward``, ``reply``, ``$batch``; ``v1.0`` for what sends nothing."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    host, path = ("", "") if url is None else (url.host, url.path)
    last = path.rstrip("/").rsplit("/", 1)[-1].casefold().removeprefix("microsoft.graph.").removesuffix("()")
    if not _HOST.fullmatch(host) and not (_OUTLOOK.fullmatch(host) and path.startswith("/api/")):
        # No other service has a method of this name; the host is often a setting.
        if host not in {"", "*"}:
            return None
        return _SEND if path.endswith("/sendMail") or _looks_like_graph(exchange) else None
    method = (text(exchange.method) or "POST").upper()
    if method in {"GET", "HEAD", "DELETE", "OPTIONS"}:
        return _OTHER
    if last == "sendmail":
        return _SEND
    if last == "$batch":
        return _BATCH
    segments = path.casefold().split("/")
    if last == "messages" or (method in {"PATCH", "PUT"} and len(segments) > 1 and segments[-2] == "messages"):
        # Messages of a team or a chat have no recipients of mail.
        return _OTHER if {"chats", "teams", "channels"} & set(segments) else _DRAFT
    if "messages" in segments and last in {"forward", "createforward"}:
        return _FORWARD
    if "messages" in segments and last in {"reply", "createreply", "replyall", "createreplyall"}:
        return _REPLY
    if "*" in last and ("/users/" in path or "/me/" in path):
        return f"?{_SEND}"
    return _OTHER


def decode(operation: str, exchange: Exchange) -> Decoded:
    """The message of a request; a draft counts where its recipients are written, not where it is sent by its id."""
    if operation == _OTHER:
        return ()
    if not isinstance(exchange, HttpRequest) or operation.startswith("?"):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if isinstance(body, CannotTell):
        return () if operation == _REPLY and body.reason is Reason.BODY_MISSING else body
    if isinstance(body.value, Form):
        return CannotTell(Reason.UNKNOWN_FORM, "the body is a form")
    if body.kind == "text" and operation in {_SEND, _DRAFT}:
        return _mime(body.value)
    if sort_of(body.value) is not Sort.MAPPING:
        return CannotTell(Reason.BODY_MISSING if body.kind == "empty" else Reason.UNKNOWN_FORM)
    match operation:
        case "$batch":
            return _batch(body.value)
        case "sendMail":
            held = get(body.value, "message", fold=True)
            if isinstance(held, Absent):
                return CannotTell(Reason.BODY_MISSING, "the request has no message")
            if isinstance(held, (Unknown, Parameter)):
                return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
            return _one(held)
        case "messages":
            return _one(body.value) if _names_people(body.value) else ()
        case _:
            # Those whom the answered message names are not in the request; who is added reads them.
            inner = get(body.value, "message", fold=True)
            people = [part for part in (body.value, inner) if not isinstance(part, Absent) and _names_people(part)]
            return tuple(message for part in people for message in _one(part))


def _mime(source: Value) -> Decoded:
    # The body is MIME source in base64, sent as text/plain. There is no envelope besides.
    data = from_base64(source)
    if isinstance(data, CannotTell):
        return data
    message = message_of(data, None, bcc="removed")
    return message if isinstance(message, CannotTell) else (message,)


_PEOPLE: Final = ("toRecipients", "ccRecipients", "bccRecipients")


def _names_people(message: Value) -> bool:
    return any(sort_of(get(message, name, fold=True)) is not Sort.NONE for name in _PEOPLE)


def _one(message: Value) -> tuple[Message, ...]:
    to, cc, bcc, reply_to = (_people(get(message, name, fold=True)) for name in (*_PEOPLE, "replyTo"))
    return (
        Message(
            to=to.recipients,
            cc=cc.recipients,
            bcc=bcc.recipients,
            reply_to=reply_to.recipients,
            mentions=(*to.mentions, *cc.mentions, *reply_to.mentions),
        ),
    )


def _people(value: Value | Absent) -> People:
    """A list of ``{emailAddress: {address, name}}``; one of them alone counts as well, as do plain texts."""
    if isinstance(value, Absent):
        return People((), ())
    if sort_of(value) is Sort.MAPPING:
        return _person(value)
    if sort_of(value) not in {Sort.COLLECTION, Sort.UNKNOWN} or isinstance(value, (Unknown, Parameter)):
        return recipients(value)
    found: list[People] = []
    for member, count in each(value):
        people = _person(member)
        found.append(People(tuple(replace(one, count=one.count * count) for one in people.recipients), people.mentions))
    return People(
        tuple(one for people in found for one in people.recipients),
        tuple(one for people in found for one in people.mentions),
    )


def _person(member: Value) -> People:
    address = get(member, "emailAddress", fold=True)
    if isinstance(address, Absent):
        return recipients(member)
    if sort_of(address) is not Sort.MAPPING and not isinstance(address, Object):
        return recipients(address)
    return mailbox(get(address, "address", fold=True), get(address, "name", fold=True))


def _batch(body: Value) -> Decoded:
    """Each member is a request of its own, whose URL begins behind the version."""
    messages: list[Message] = []
    for member, count in each(get(body, "requests", fold=True)):
        place = text(present(get(member, "url", fold=True)))
        if not count.high:
            continue
        if place is None:
            return CannotTell(Reason.UNKNOWN_FORM, "a request of the batch has no address that is known")
        inner = HttpRequest(
            present(get(member, "method", fold=True)),
            f"https://graph.microsoft.com/v1.0/{place.lstrip('/')}",
            present(get(member, "headers", fold=True)),
            present(get(member, "body", fold=True)),
            "json",
        )
        operation = claims(inner)
        if operation in {None, _OTHER, _BATCH}:
            continue
        found = decode(operation or "", inner)
        if isinstance(found, (CannotTell, Undecided)):
            return found
        messages += found
    return tuple(messages)


# --- msgraph-sdk -------------------------------------------------------------------------------------

_MODELS: Final = "msgraph.generated.models"


class _Model(Object):
    """A data class of the SDK: keyword arguments, which are live attributes, and go out in camel case."""

    FIELDS: tuple[tuple[str, str], ...] = ()
    """Attributes, and the keys that they become."""

    def __init__(self, *_: Value, **options: Value) -> None:
        for name, _key in self.FIELDS:
            if name in options:
                self.write(name, options[name])

    def render(self) -> Value:
        """The JSON."""
        pairs = ((key, attribute(self, name)) for name, key in self.FIELDS)
        return {key: value for key, value in pairs if value is not None}


class SdkMessage(_Model):
    """``msgraph.generated.models.message.Message``."""

    PATHS: tuple[str, ...] = (f"{_MODELS}.message.Message",)
    FIELDS = (
        ("subject", "subject"),
        ("to_recipients", "toRecipients"),
        ("cc_recipients", "ccRecipients"),
        ("bcc_recipients", "bccRecipients"),
        ("reply_to", "replyTo"),
    )


class SdkRecipient(_Model):
    """``msgraph.generated.models.recipient.Recipient``."""

    PATHS: tuple[str, ...] = (f"{_MODELS}.recipient.Recipient",)
    HOLDS = True
    FIELDS = (("email_address", "emailAddress"),)


class SdkEmailAddress(_Model):
    """``msgraph.generated.models.email_address.EmailAddress``."""

    PATHS: tuple[str, ...] = (f"{_MODELS}.email_address.EmailAddress",)
    HOLDS = True
    FIELDS = (("address", "address"), ("name", "name"))


class SdkSendMailBody(_Model):
    """``SendMailPostRequestBody``, which lies in a module for ``me`` and in one for ``users``."""

    PATHS: tuple[str, ...] = tuple(
        f"msgraph.generated.{place}.send_mail.send_mail_post_request_body.SendMailPostRequestBody"
        for place in ("users.item", "me")
    )
    FIELDS = (("message", "Message"), ("save_to_sent_items", "SaveToSentItems"))


class SdkForwardBody(_Model):
    """``ForwardPostRequestBody``."""

    PATHS: tuple[str, ...] = tuple(
        f"msgraph.generated.{place}.messages.item.forward.forward_post_request_body.ForwardPostRequestBody"
        for place in ("users.item", "me")
    )
    FIELDS = (("message", "Message"), ("to_recipients", "ToRecipients"))


class _Place(Object):
    """A request builder: a place in the tree of URLs, which attributes lengthen."""

    def __init__(self, url: Value = "https://graph.microsoft.com/v1.0") -> None:
        self.write("url", url)

    def _at(self, *segments: Value) -> Value:
        start = attribute(self, "url")
        known = [text(part) for part in (start, *segments)]
        if all(part is not None for part in known):
            return "/".join(part for part in known if part is not None)
        parts: list[Value] = [start]
        for segment in segments:
            parts += ["/", segment]
        return Text(tuple(parts))


class SdkAction(_Place):
    """What takes a POST: ``send_mail``, ``forward``, ``send``."""

    def post(self, body: Value = None, request_configuration: Value = None) -> HttpRequest:
        """Send the request."""
        del request_configuration
        return HttpRequest("POST", attribute(self, "url"), {}, body, "json")


class SdkMessagePlace(_Place):
    """``messages.by_message_id(id)``."""

    @property
    def forward(self) -> SdkAction:
        """Hand the message on."""
        return SdkAction(self._at("forward"))

    @property
    def send(self) -> SdkAction:
        """Send the draft."""
        return SdkAction(self._at("send"))

    def patch(self, body: Value = None, request_configuration: Value = None) -> HttpRequest:
        """Change the draft."""
        del request_configuration
        return HttpRequest("PATCH", attribute(self, "url"), {}, body, "json")


class SdkMessages(SdkAction):
    """``user.messages``: drafts."""

    def by_message_id(self, message_id: Value) -> SdkMessagePlace:
        """One message."""
        return SdkMessagePlace(self._at(message_id))


class SdkUser(_Place):
    """``client.me`` and ``client.users.by_user_id(id)``."""

    @property
    def send_mail(self) -> SdkAction:
        """The method that sends a message at once."""
        return SdkAction(self._at("sendMail"))

    @property
    def messages(self) -> SdkMessages:
        """The messages of the mailbox."""
        return SdkMessages(self._at("messages"))


class SdkUsers(_Place):
    """``client.users``."""

    def by_user_id(self, user_id: Value) -> SdkUser:
        """One mailbox."""
        return SdkUser(self._at(user_id))


class GraphServiceClient(_Place):
    """``msgraph.GraphServiceClient``."""

    PATHS: tuple[str, ...] = ("msgraph.GraphServiceClient", "msgraph.graph_service_client.GraphServiceClient")

    def __init__(self, *_: Value, **__: Value) -> None:
        super().__init__()

    @property
    def me(self) -> SdkUser:
        """The mailbox of the caller."""
        return SdkUser(self._at("me"))

    @property
    def users(self) -> SdkUsers:
        """All mailboxes."""
        return SdkUsers(self._at("users"))


# --- O365 --------------------------------------------------------------------------------------------


class O365Recipients(Object):
    """``message.to``, ``.cc``, ``.bcc``, ``.reply_to``: a list that is added to."""

    def __init__(self) -> None:
        self.write("people", [])

    def add(self, recipients: Value) -> None:
        """One text (one address), a pair of name and address, or a list of these."""
        if sort_of(recipients) is Sort.COLLECTION and not _is_pair(recipients):
            for member, count in each(recipients):
                entry = _entry(inherit(member, trail_of(recipients)))
                held = list(each(attribute(self, "people")))
                self.write("people", Items((*held, Member(entry, count))))
            return
        self.append("people", _entry(recipients))

    def clear(self) -> None:
        """Nobody."""
        self.write("people", [])

    def render(self) -> Value:
        """The JSON."""
        return or_empty(attribute(self, "people"))


def _is_pair(value: Value) -> bool:
    return isinstance(value, tuple) or (isinstance(value, Items) and value.sort == "tuple")


def _entry(member: Value) -> Value:
    if _is_pair(member):
        parts = [part.value for part in each(member)]
        if len(parts) == 2:
            return {"emailAddress": {"address": parts[1], "name": parts[0]}}
    return {"emailAddress": {"address": member}}


class O365Message(Object):
    """``O365.Message``, ``account.new_message()``."""

    PATHS: tuple[str, ...] = ("O365.Message", "O365.message.Message", "O365.utils.Message")

    def __init__(self, *_: Value, **__: Value) -> None:
        for name in ("to", "cc", "bcc", "reply_to"):
            self.write(name, O365Recipients())

    def _data(self) -> dict[str, Value]:
        keys = (("toRecipients", "to"), ("ccRecipients", "cc"), ("bccRecipients", "bcc"), ("replyTo", "reply_to"))
        return {key: attribute(self, name) for key, name in keys}

    def send(self, save_to_sent_folder: Value = True) -> HttpRequest:
        """Send it."""
        del save_to_sent_folder
        return HttpRequest(
            "POST", "https://graph.microsoft.com/v1.0/me/sendMail", {}, {"message": self._data()}, "json"
        )

    def save_draft(self, *_: Value, **__: Value) -> HttpRequest:
        """Keep it as a draft, with these recipients."""
        return HttpRequest("POST", "https://graph.microsoft.com/v1.0/me/messages", {}, self._data(), "json")


class O365Folder(Object):
    """A mailbox or a folder."""

    def new_message(self, *_: Value, **__: Value) -> O365Message:
        """An empty message."""
        return O365Message()


class O365Account(Object):
    """``O365.Account``."""

    PATHS: tuple[str, ...] = ("O365.Account", "O365.account.Account")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def new_message(self, *_: Value, **__: Value) -> O365Message:
        """An empty message."""
        return O365Message()

    def mailbox(self, *_: Value, **__: Value) -> O365Folder:
        """A mailbox."""
        return O365Folder()


PROVIDER: Final = Provider(
    name="graph",
    title="Microsoft Graph",
    sources=(
        Source(
            "https://learn.microsoft.com/en-us/graph/api/user-sendmail",
            "toRecipients, ccRecipients, bccRecipients; or MIME source in base64 as text/plain",
        ),
        Source("https://learn.microsoft.com/en-us/graph/deployments", "the hosts of the national clouds"),
        Source("pypi:msgraph-sdk==1.65.0", "send_mail.post; keys in capitals; run"),
        Source("pypi:O365==2.1.10", "to.add: a text is one address, a pair is name and address; run and read"),
    ),
    claims=claims,
    decode=decode,
    address="https://graph.microsoft.com/v1.0/me/sendMail",
    library=Library(
        classes=(
            GraphServiceClient,
            SdkUsers,
            SdkUser,
            SdkMessages,
            SdkMessagePlace,
            SdkAction,
            SdkMessage,
            SdkRecipient,
            SdkEmailAddress,
            SdkSendMailBody,
            SdkForwardBody,
            O365Account,
            O365Folder,
            O365Message,
            O365Recipients,
        ),
        tokens=("graph.microsoft", "toRecipients", "microsoftgraph.chinacloudapi", "sendMail", "msgraph", "O365"),
    ),
    explain=(
        "Everybody in toRecipients and ccRecipients is printed to everybody; bccRecipients is printed nowhere. One request "
        "is one message: write one request for each reader (20 fit into a $batch)."
    ),
)
"""Microsoft Graph."""
