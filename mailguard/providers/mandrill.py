"""Mandrill, now Mailchimp Transactional: ``/messages/send`` and its kin, and the packages ``mandrill`` and ``mailchimp_transactional``.

One field decides who sees whom: with ``preserve_recipients`` true there is one message that prints To and Cc to all of
it; with false there is a message for each address, Cc and Bcc included, that prints this one only. Where the field is
not set, an option of the account decides, so the request alone does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailguard.model.count import ONE, Count, Truth
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient, Undecided
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    sort_of,
    text,
    truth,
)
from mailguard.transports.contacts import contacts, scaled
from mailguard.transports.json_api import Api, collected, headers_of, options, post
from mailguard.transports.json_api import url as joined_url
from mailguard.transports.mime.reading import message_of
from mailguard.transports.services import of_data
from mailguard.transports.split import total, unless_split

__all__ = ["PROVIDER", "Client", "Mandrill", "Messages", "MessagesApi"]

# --- Whose request it is -------------------------------------------------------------------------

_SEND: Final = "messages/send"
_TEMPLATE: Final = "messages/send-template"
_RAW: Final = "messages/send-raw"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    if not isinstance(get(body, "raw_message"), Absent):
        return _RAW
    if isinstance(get(get(body, "message"), "to"), Absent):
        return None
    return _SEND if isinstance(get(body, "template_name"), Absent) else _TEMPLATE


_API: Final = Api(
    hosts=re.compile(r"(?:[a-z0-9*-]+\.)?mandrillapp\.com"),
    paths=(
        (re.compile(r"/api/[0-9.*]+/messages/send(?:\.[a-z*]+)?"), _SEND),
        (re.compile(r"/api/[0-9.*]+/messages/send-(?:mc-)?template(?:\.[a-z*]+)?"), _TEMPLATE),
        (re.compile(r"/api/[0-9.*]+/messages/send-raw(?:\.[a-z*]+)?"), _RAW),
        # A text message, and an incoming mail that is played back to the account's own hooks.
        (re.compile(r"/api/[0-9.*]+/(?:messages/(?:send-sms|parse)|inbound/send-raw)(?:\.[a-z*]+)?"), "account"),
    ),
    like_sending=re.compile(r"/messages/send|^/send"),
    looks=_looks,
    names=("mandrill",),
)


def claims(exchange: Exchange) -> str | None:
    """``messages/send``, ``messages/send-template``, ``messages/send-raw``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


# --- What it means -------------------------------------------------------------------------------


@of_data
def decode(operation: str, body: Value) -> Decoded:
    """One message for all, one for each address, or undecided between the two."""
    if operation == _RAW:
        return _raw(body)
    if sort_of(body) not in {Sort.MAPPING, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    message = get(body, "message", fold=True)
    if isinstance(message, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
    if isinstance(message, Absent) or sort_of(message) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.ADDRESSES, "the body holds no message")
    if isinstance(get(message, "to", fold=True), Absent):
        return CannotTell(Reason.ADDRESSES, "the message names no recipients")
    return _message(message)


def _message(message: Value) -> Decoded:
    lists: dict[str, list[Recipient]] = {"to": [], "cc": [], "bcc": []}
    reply, header_mentions = headers_of(get(message, "headers", fold=True))
    mentions = [*reply.mentions, *header_mentions]
    own: list[tuple[Recipient, Message]] = []
    copy = contacts(get(message, "bcc_address", fold=True)).recipients
    frame = Message(bcc=copy, reply_to=reply.recipients)
    for item, count in _entries(get(message, "to", fold=True)):
        kind = _kind(item)
        found = scaled(contacts(item), count)
        lists[kind if kind in lists else "to"].extend(found.recipients)
        if kind != "bcc":
            mentions.extend(found.mentions)
        own.extend(
            (person, replace(frame, mentions=(*found.mentions, *header_mentions))) for person in found.recipients
        )
    shared = Message(
        to=tuple(lists["to"]),
        cc=tuple(lists["cc"]),
        bcc=(*lists["bcc"], *copy),
        reply_to=reply.recipients,
        mentions=tuple(mentions),
    )
    apart = tuple(
        replace(one, to=(replace(person, count=ONE),), copies=person.count) for person, one in own if person.count.high
    )
    return _by_flag(get(message, "preserve_recipients", fold=True), shared, apart)


def _by_flag(flag: Value | Absent, shared: Message, apart: tuple[Message, ...]) -> Decoded:
    kept = _asks(flag)
    if kept is Truth.NO:
        return apart or (shared,)
    shown = unless_split(shared, Truth.NO)
    if kept is Truth.YES:
        return (shown,)
    if not apart or (len(apart) == 1 and total(shared.to).high <= 1 and not shared.cc):
        return (shown,)  # one person: both readings are the same
    return Undecided(Reason.ACCOUNT_OPTION, (shown,), apart)


def _asks(flag: Value | Absent) -> Truth:
    """Whether all are to be shown; MAYBE where nothing says so, or only some branches of the code do."""
    if isinstance(flag, Either):
        answers = {_asks(option) for option in flag.options}
        return answers.pop() if len(answers) == 1 else Truth.MAYBE
    if isinstance(flag, Absent) or sort_of(flag) in {Sort.NONE, Sort.MAPPING, Sort.COLLECTION}:
        return Truth.MAYBE
    if (text(flag) or "").strip().casefold() in {"false", "0", "no", "off"}:
        return Truth.NO
    return truth(flag)


def _entries(value: Value | Absent) -> Iterator[tuple[Value, Count]]:
    """The entries of ``to``: a list of objects, or whatever stands there."""
    if sort_of(value) is Sort.COLLECTION:
        for item, count in each(value):
            for option in options(item) if _kinds(item) else (item,):
                yield option, count if option is item else Count(0, count.plain, count.high)
    elif not isinstance(value, Absent):
        yield value, ONE


def _kind(item: Value) -> str:
    """The list that an entry goes to; without a type it is To."""
    return (text(get(item, "type", fold=True)) or "to").strip().casefold()


def _kinds(item: Value) -> bool:
    """Whether the branches of an entry go to different lists."""
    if not isinstance(item, Either):
        return False
    kinds = {_kind(option) for option in item.options if not isinstance(option, Absent)}
    return len(kinds) > 1


def _raw(body: Value) -> Decoded:
    """MIME source: its headers are what is seen, ``to`` is the envelope; without it, the headers are it."""
    source = get(body, "raw_message", fold=True)
    if isinstance(source, Absent) or sort_of(source) is Sort.NONE:
        return CannotTell(Reason.BODY_MISSING, "the message inside the request was not recorded")
    listed = get(body, "to", fold=True)
    envelope = None if isinstance(listed, Absent) or truth(listed) is Truth.NO else _addresses(listed)
    worst = message_of(source, envelope, bcc="transmitted")
    if isinstance(worst, CannotTell) or not worst.transmitted_bcc:
        return worst if isinstance(worst, CannotTell) else (worst,)
    removed = message_of(source, envelope, bcc="removed")
    return removed if isinstance(removed, CannotTell) else Undecided(Reason.RAW_BCC, (worst,), (removed,))


def _addresses(listed: Value) -> Value:
    """Addresses of an envelope: texts as they are, objects by their address."""
    if sort_of(listed) is not Sort.COLLECTION:
        return listed
    members = []
    for item, count in each(listed):
        address = get(item, "email", fold=True) if sort_of(item) is Sort.MAPPING else ABSENT
        members.append(Member(item if isinstance(address, Absent) else address, count))
    return collected(members)


# --- The packages --------------------------------------------------------------------------------


class _Endpoint(Object):
    """What both packages call ``messages``."""

    ROOT = "https://mandrillapp.com/api/1.0/"

    def _posted(self, name: str, body: Value) -> HttpRequest:
        return post(f"{self.ROOT}messages/{name}.json", body)


class Messages(_Endpoint):
    """``Mandrill(key).messages`` of the package ``mandrill``."""

    PATHS: tuple[str, ...] = ("mandrill.Messages",)

    def __init__(self, master: Value = None) -> None:
        del master

    def send(
        self, message: Value, send_async: Value = False, ip_pool: Value = None, send_at: Value = None, **options: Value
    ) -> HttpRequest:
        """Send a message, given as a mapping."""
        waits = options.get("async", send_async)
        return self._posted("send", {"message": message, "async": waits, "ip_pool": ip_pool, "send_at": send_at})

    def send_template(
        self,
        template_name: Value,
        template_content: Value,
        message: Value,
        send_async: Value = False,
        ip_pool: Value = None,
        send_at: Value = None,
        **options: Value,
    ) -> HttpRequest:
        """Send a message made from a template; the message is the third argument."""
        body: dict[str, Value] = {
            "template_name": template_name,
            "template_content": template_content,
            "message": message,
            "async": options.get("async", send_async),
            "ip_pool": ip_pool,
            "send_at": send_at,
        }
        return self._posted("send-template", body)

    def send_raw(
        self,
        raw_message: Value,
        from_email: Value = None,
        from_name: Value = None,
        to: Value = None,
        send_async: Value = False,
        ip_pool: Value = None,
        send_at: Value = None,
        return_path_domain: Value = None,
        **options: Value,
    ) -> HttpRequest:
        """Send MIME source; ``to`` is the envelope."""
        body: dict[str, Value] = {
            "raw_message": raw_message,
            "from_email": from_email,
            "from_name": from_name,
            "to": to,
            "async": options.get("async", send_async),
            "ip_pool": ip_pool,
            "send_at": send_at,
            "return_path_domain": return_path_domain,
        }
        return self._posted("send-raw", body)


class Mandrill(Object):
    """``mandrill.Mandrill(apikey)``."""

    PATHS: tuple[str, ...] = ("mandrill.Mandrill",)

    def __init__(self, apikey: Value = None, debug: Value = False) -> None:
        del apikey, debug
        self.write("messages", Messages())

    def call(self, url: Value, params: Value = None) -> HttpRequest:
        """Any call of the API, by its name."""
        return post(joined_url(Messages.ROOT, url, ".json"), {} if params is None else params)


class MessagesApi(_Endpoint):
    """``Client(key).messages`` of the package ``mailchimp_transactional``: each call takes the whole body."""

    PATHS: tuple[str, ...] = (
        "mailchimp_transactional.MessagesApi",
        "mailchimp_transactional.api.messages_api.MessagesApi",
        "mailchimp_transactional.api.MessagesApi",
    )
    ROOT = "https://mandrillapp.com/api/1.3/"

    def __init__(self, api_key: Value = "", api_client: Value = None) -> None:
        del api_key, api_client

    def send(self, body: Value = None) -> HttpRequest:
        """Send a message."""
        return self._posted("send", {} if body is None else body)

    def send_template(self, body: Value = None) -> HttpRequest:
        """Send a message made from a template."""
        return self._posted("send-template", {} if body is None else body)

    def send_mc_template(self, body: Value = None) -> HttpRequest:
        """Send a message made from a template of the marketing product."""
        return self._posted("send-mc-template", {} if body is None else body)

    def send_raw(self, body: Value = None) -> HttpRequest:
        """Send MIME source."""
        return self._posted("send-raw", {} if body is None else body)

    send_with_http_info = send
    send_template_with_http_info = send_template
    send_mc_template_with_http_info = send_mc_template
    send_raw_with_http_info = send_raw


class Client(Object):
    """``mailchimp_transactional.Client(api_key)``."""

    PATHS: tuple[str, ...] = ("mailchimp_transactional.Client",)

    def __init__(self, api_key: Value = "") -> None:
        del api_key
        self.write("messages", MessagesApi())

    def set_api_key(self, api_key: Value = "") -> None:
        """The key takes no part."""

    def set_default_output_format(self, output_format: Value) -> None:
        """The form of the answer takes no part."""

    def set_timeout(self, timeout: Value) -> None:
        """The time takes no part."""


PROVIDER: Final = Provider(
    name="mandrill",
    title="Mandrill",
    sources=(
        Source(
            "https://mandrill.zendesk.com/hc/en-us/articles/205582557",
            "preserve_recipients, and the option of the account that decides where it is not set",
        ),
        Source("https://anymail.dev/en/stable/esps/mandrill/", "false makes one message each, Cc and Bcc included"),
        Source("pypi:mandrill==1.0.60", "run: the requests of send, send_template and send_raw"),
        Source("pypi:mailchimp_transactional==1.4.1", "run: the same calls, with the whole body as argument"),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend"),
    ),
    claims=claims,
    decode=decode,
    address="https://mandrillapp.com/api/1.0/messages/send.json",
    relay="smtp://smtp.mandrillapp.com:587",
    library=Library(
        classes=(Mandrill, Messages, Client, MessagesApi),
        tokens=("mandrill", "mailchimp_transactional"),
    ),
    explain=(
        "With preserve_recipients true, everybody in To and Cc is printed to everybody. With false, each address gets "
        "a message of its own, Cc and Bcc addresses too. Without it, an option of the account decides, and mailguard "
        "says undecided."
    ),
)
"""Mandrill, by Mailchimp."""
