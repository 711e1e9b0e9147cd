"""Mailjet: ``/v3/send`` and ``/v3.1/send``, and the package ``mailjet-rest``.

The two versions use the same words for different things. In v3 the ``Recipients`` list makes one message for each of its
people, and ``To`` is a text that all read. In v3.1 each item of ``Messages`` is a message, whose ``To`` list all read.
The package sends to v3 unless told otherwise.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, TypeVar

from mailguard.model.count import ONE, Count, Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import (
    ABSENT,
    Absent,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    has,
    inherit,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.transports.contacts import contacts
from mailguard.transports.http.bodies import Encoded
from mailguard.transports.http.calls import request as plain_request
from mailguard.transports.json_api import Api, apart, collected, field, given, message, of_json, post, told, truthy, url
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.forms import form_values

__all__ = ["PROVIDER", "Client", "Config", "Endpoint", "MessageBuilder", "SendPayloadBuilder"]

# --- Whose request it is -------------------------------------------------------------------------

_V3: Final = "v3/send"
_V31: Final = "v3.1/send"
_FORM: Final = "v3/send/message"
"""The first form of the API: a form (or JSON) with ``to``, ``cc`` and ``bcc``, each of them repeated or with commas."""


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    listed = get(body, "Messages")
    if not isinstance(listed, Absent):
        first = next((item for item, _ in each(listed)), ABSENT)
        return _V31 if isinstance(get(first, "FromEmail"), Absent) else _V3
    return _V3 if not isinstance(get(body, "FromEmail"), Absent) else None


_API: Final = Api(
    hosts=re.compile(r"api(?:\.us)?\.mailjet\.com"),
    paths=(
        (re.compile(r"/v3/send"), _V3),
        (re.compile(r"/v3/send/message"), _FORM),
        (re.compile(r"/v3\.1/send"), _V31),
        # A version that is not known: only in v3 does Recipients have a meaning, the other names mean the same in both.
        (re.compile(r"/[^/]*\*[^/]*/send"), _V3),
        (re.compile(r"/v3(?:\.1)?/rest/(?:campaigndraft|newsletter)/[^/]+/(?:send|schedule)"), "lists"),
        (re.compile(r"/v4/sms-send"), "account"),
    ),
    like_sending=re.compile(r"/send(?:/|$)|/(?:campaigndraft|newsletter)/[^/]+/test"),
    looks=_looks,
    names=("mailjet",),
)


def claims(exchange: Exchange) -> str | None:
    """``v3/send``, ``v3.1/send``, ``lists`` for a campaign, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


# --- What it means -------------------------------------------------------------------------------


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each item of ``Messages``; in v3 one for each of ``Recipients``."""
    if operation == _FORM and isinstance(exchange, HttpRequest):
        body = payload(exchange)
        if isinstance(body, Payload) and isinstance(body.value, Form):
            lists = {name: list(form_values(body.value, name)) for name in ("to", "cc", "bcc")}
            return told((message({name: values for name, values in lists.items() if values}),), dict(lists))
    return _json(operation, exchange)


@of_json
def _json(operation: str, body: Value) -> Decoded:
    """The requests of today."""
    separate = operation == _V3
    if sort_of(body) is Sort.COLLECTION:
        return _items(body, ABSENT, separate=separate)
    if sort_of(body) not in {Sort.MAPPING, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    listed = get(body, "Messages", fold=True)
    defaults = get(body, "Globals", fold=True)
    if not isinstance(defaults, Absent) and sort_of(defaults) in {Sort.TEXT, Sort.NUMBER, Sort.COLLECTION}:
        return CannotTell(Reason.UNKNOWN_FORM, "what is said for all messages is not an object")
    if isinstance(listed, Absent) or sort_of(listed) is Sort.NONE:
        return told(_message(body, ONE, defaults, separate=separate), body, ("to", "cc", "bcc", "recipients"))
    return _items(listed, defaults, separate=separate)


def _items(listed: Value, defaults: Value | Absent, *, separate: bool) -> tuple[Message, ...]:
    alone = sort_of(listed) in {Sort.MAPPING, Sort.TEXT, Sort.NUMBER}
    items = [Member(listed, ONE)] if alone else each(listed)
    return tuple(
        found for item, count in items if count.high for found in _message(item, count, defaults, separate=separate)
    )


def _message(item: Value, count: Count, defaults: Value | Absent, *, separate: bool) -> tuple[Message, ...]:
    shared = message(item, count, defaults)
    listed = ABSENT if isinstance(item, (Unknown, Parameter)) else field(item, "recipients", defaults)
    if isinstance(listed, Absent) or sort_of(listed) is Sort.NONE:
        return (shared,)
    if not separate:
        # v3.1 refuses this; whoever is named is read with the others.
        more = contacts(listed)
        return (replace(shared, to=(*shared.to, *more.recipients), mentions=(*shared.mentions, *more.mentions)),)
    own = message(dict(_without_to(item, defaults)), count)
    one_each = tuple(replace(one, copies=one.copies * count) for one in apart(listed, own))
    if has(item, "recipients", fold=True) is Truth.MAYBE or shared.to:
        return (shared, *one_each)
    return one_each


def _without_to(item: Value, defaults: Value | Absent) -> list[tuple[str, Value]]:
    names = ("cc", "bcc", "reply_to", "replyto", "headers")
    found = [(name, field(item, name, defaults)) for name in names]
    return [(name, value) for name, value in found if not isinstance(value, Absent)]


# --- The package mailjet-rest --------------------------------------------------------------------


class Config(Object):
    """``mailjet_rest.Config(version=..., api_url=...)``."""

    PATHS: tuple[str, ...] = ("mailjet_rest.Config", "mailjet_rest.client.Config", "mailjet_rest.config.Config")

    def __init__(self, version: Value = None, api_url: Value = None, *_: Value, **__: Value) -> None:
        self.write("version", "v3" if version is None else version)
        self.write("api_url", "https://api.mailjet.com/" if api_url is None else api_url)

    def root(self) -> Value:
        """The address of the version."""
        base = given(self.read("api_url"))
        known = text(base)
        return url(base if known is None else known.rstrip("/") + "/", given(self.read("version")), "/")


class Endpoint(Object):
    """``client.send`` and the other attributes of a client."""

    PATHS: tuple[str, ...] = ("mailjet_rest.client.Endpoint", "mailjet_rest.endpoint.Endpoint")

    def __init__(self, client: Value = None, name: Value = "send") -> None:
        config = client.read("config") if isinstance(client, Client) else Config()
        root = config.root() if isinstance(config, Config) else Config().root()
        if text(name) in {"campaigndraft_send", "newsletter_send"}:
            resource = (text(name) or "").partition("_")[0]
            self.write("start", url(root, f"REST/{resource}/"))
            self.write("end", "/send")
        else:
            self.write("start", url(root, "send"))
            self.write("end", "")

    def _place(self, number: Value) -> Value:
        end = given(self.read("end"))
        if not text(end):
            return given(self.read("start"))
        known = scalar(number)
        shown = Unknown("id") if known is None else str(known) if isinstance(known, int) else number
        return url(given(self.read("start")), shown, end)

    def create(
        self,
        data: Value = None,
        id: Value = None,  # noqa: A002  # the package's name
        action_id: Value = None,
        headers: Value = None,
        ensure_ascii: Value = None,
        data_encoding: Value = None,
        **options: Value,
    ) -> HttpRequest:
        """POST: a mapping goes as JSON, a text as it is."""
        del action_id, headers, ensure_ascii, data_encoding, options
        return self._made("POST", data, id)

    def __call__(
        self,
        method: Value = "GET",
        id: Value = None,  # noqa: A002  # the package's name
        data: Value = None,
        *_: Value,
        **__: Value,
    ) -> HttpRequest:
        """Any method."""
        return self._made(method, data, id)

    def _made(self, method: Value, data: Value, number: Value) -> HttpRequest:
        place = self._place(number)
        if isinstance(data, Encoded):
            return replace(post(place, data.render()), method=method)
        if sort_of(data) is Sort.TEXT:
            return plain_request(method, place, data=data, headers={"Content-Type": "application/json"})
        return replace(post(place, data), method=method)


class Client(Object):
    """``mailjet_rest.Client(auth=(key, secret), version="v3.1")``; without a version it is v3."""

    PATHS: tuple[str, ...] = ("mailjet_rest.Client", "mailjet_rest.client.Client")

    def __init__(self, auth: Value = None, config: Value = None, **settings: Value) -> None:
        del auth
        known = {name: value for name, value in settings.items() if name in {"version", "api_url"}}
        self.write("config", config if isinstance(config, Config) else Config(**known))
        for name in ("send", "campaigndraft_send", "newsletter_send"):
            self.write(name, Endpoint(self, name))

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def close(self) -> None:
        """Nothing is sent by closing."""


def _normalized(address: Value) -> Value:
    """An address with its domain in ASCII, as the builders write it."""
    whole = text(address)
    if whole is None or whole.isascii():
        return address
    local, _, domain = whole.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise Refused("Invalid IDN in email") from None
    return inherit(f"{local}@{ascii_domain}" if local else ascii_domain, trail_of(address))


def _contact(email: Value, name: Value) -> dict[str, Value]:
    return {"Email": _normalized(email), **({"Name": name} if truthy(name) else {})}


_B = TypeVar("_B", bound="MessageBuilder")

_LISTS: Final = ("To", "Cc", "Bcc")


class MessageBuilder(Object):
    """``mailjet_rest.builders.MessageBuilder``: collects recipients in lists, which makes them shared."""

    PATHS: tuple[str, ...] = ("mailjet_rest.builders.MessageBuilder",)

    def __init__(self) -> None:
        self.write("content", False)

    def set_sender(self: _B, email: Value, name: Value = None) -> _B:
        """The sender."""
        self.write("From", {"Email": email, **({"Name": name} if truthy(name) else {})})
        return self

    def add_recipient(self: _B, email: Value, name: Value = None) -> _B:
        """One more in To."""
        self.append("To", _contact(email, name))
        return self

    def add_cc(self: _B, email: Value, name: Value = None) -> _B:
        """One more in Cc."""
        self.append("Cc", _contact(email, name))
        return self

    def add_bcc(self: _B, email: Value, name: Value = None) -> _B:
        """One more blind copy."""
        self.append("Bcc", _contact(email, name))
        return self

    def set_reply_to(self: _B, email: Value, name: Value = None) -> _B:
        """The address for answers."""
        self.write("ReplyTo", _contact(email, name))
        return self

    def set_headers(self: _B, headers: Value) -> _B:
        """Own headers."""
        self.write("Headers", headers)
        return self

    def set_content(self: _B, text: Value = None, html: Value = None) -> _B:
        """What is written."""
        if truthy(text) or truthy(html):
            self.write("content", True)
        return self

    def set_template(self: _B, template_id: Value, language_active: Value = True) -> _B:
        """A template instead of content."""
        del template_id, language_active
        self.write("content", True)
        return self

    def _same(self: _B, *_: Value, **__: Value) -> _B:
        return self

    # What these set has nothing to do with recipients.
    set_subject = set_variables = attach_file = attach_inline = _same

    def fields(self) -> dict[str, Value]:
        """The message as far as it is built."""
        names = ("From", *_LISTS, "ReplyTo", "Headers")
        return {name: value for name in names if not isinstance(value := self.read(name), Absent)}

    def build(self) -> dict[str, Value]:
        """The message. Refused without a sender, anybody to send to, or anything to say."""
        found = self.fields()
        if "From" not in found:
            raise Refused("Sender (From) is required")
        if not any(name in found for name in _LISTS):
            raise Refused("At least one recipient (To, Cc, or Bcc) is required")
        if truth(self.read("content")) is Truth.NO:
            raise Refused("TextPart, HTMLPart, or TemplateID is required")
        return found

    def render(self) -> Value:
        """The message as far as it is built."""
        return self.fields()


_P = TypeVar("_P", bound="SendPayloadBuilder")


class SendPayloadBuilder(Object):
    """``mailjet_rest.builders.SendPayloadBuilder``: the messages of one v3.1 request."""

    PATHS: tuple[str, ...] = ("mailjet_rest.builders.SendPayloadBuilder",)

    def __init__(self) -> None:
        self.write("messages", [])

    def add_message(self: _P, message: Value) -> _P:
        """One more message: a mapping, or a builder.

        What a builder gives is a flat copy: the lists in it stay the builder's own, and grow with it.
        """
        if isinstance(message, MessageBuilder):
            built = message.build()
            shared = {name: True for name in built if name in _LISTS}
            self.append("messages", {"builder": message, "own": built, "shared": shared})
        else:
            self.append("messages", {"own": message})
        return self

    def set_sandbox_mode(self: _P, active: Value) -> _P:
        """A rehearsal; who would see whom is the same."""
        del active
        return self

    def set_globals(self: _P, globals_dict: Value) -> _P:
        """What every message has that does not say otherwise."""
        self.write("globals", globals_dict)
        return self

    def build(self) -> dict[str, Value]:
        """The body of the request."""
        members = [Member(_as_sent(item), count) for item, count in each(self.read("messages"))]
        if not members:
            raise Refused("At least one message is required")
        body: dict[str, Value] = {"Messages": collected(members)}
        defaults = self.read("globals")
        if not isinstance(defaults, Absent) and sort_of(defaults) is not Sort.NONE:
            body["Globals"] = defaults
        return body


def _as_sent(entry: Value) -> Value:
    """A message of a payload as it is when the request is built."""
    builder, own = get(entry, "builder"), given(get(entry, "own"))
    if not isinstance(builder, MessageBuilder):
        return own
    now = builder.fields()
    shared = get(entry, "shared")
    return {
        name: now.get(name, given(get(own, name)))
        if not isinstance(get(shared, name), Absent)
        else given(get(own, name))
        for item, _ in each(own)
        if (name := text(item)) is not None
    }


PROVIDER: Final = Provider(
    name="mailjet",
    title="Mailjet",
    sources=(
        Source(
            "https://dev.mailjet.com/email/reference/send-emails/",
            "v3: Recipients makes one message each, To one for all; v3.1: one message for each item of Messages",
        ),
        Source("https://hexdocs.pm/bamboo_mailjet", "Recipients and To exclude each other"),
        Source(
            "pypi:mailjet-rest==1.9.1", "run: the requests of Client.send.create and of the builders; v3 is the default"
        ),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend, with Cc and Bcc in Globals"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.mailjet.com/v3.1/send",
    library=Library(
        classes=(Client, Config, Endpoint, MessageBuilder, SendPayloadBuilder),
        tokens=("mailjet",),
    ),
    explain=(
        "In v3.1 each item of Messages is one message, and everybody in its To and Cc reads everybody else there. "
        "In v3 the Recipients list makes one message each, while To and Cc are texts that everybody reads. "
        "The Python package uses v3 unless version says otherwise."
    ),
)
"""Mailjet, by Sinch."""
