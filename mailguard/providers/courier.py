"""Courier: ``/send``, and the package ``trycourier``.

Each person of ``message.to`` gets a message of his own. ``channels.email.override`` (and ``providers``) may add a Cc, which
is printed on each, and a Bcc.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Parameter, Sort, Unknown, Value, get, sort_of
from mailguard.transports.json_api import Api, as_data, field, given, of_json, post, told
from mailguard.transports.services import each_entry, printed, says_any

__all__ = ["PROVIDER", "Courier"]

_SEND: Final = "send"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(field(body, "message"), "to") else None


_API: Final = Api(
    hosts=re.compile(r"api(?:\.eu)?\.courier\.com"),
    paths=(
        (re.compile(r"/send"), _SEND),
        (re.compile(r"/bulk/.*|/send/list|/lists/.*/send"), "lists"),
        (re.compile(r"/(?:auth|profiles|users|brands|tenants|audiences)(?:/.*)?"), "account"),
    ),
    like_sending=re.compile(r"/send(?:/|$)"),
    looks=_looks,
    names=("courier",),
)


def claims(exchange: Exchange) -> str | None:
    """``send``, ``lists`` for what goes to a list, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each person."""
    held = field(body, "message")
    if isinstance(held, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
    if sort_of(held) is not Sort.MAPPING:
        # The first version: {"event", "recipient", "profile": {"email"}}.
        held = {"to": given(field(body, "profile"))}
    frame = replace(_overrides(given(held)), to=())
    found = each_entry(field(held, "to"), frame)
    if found and not any(one.to[0].address for one in found) and not says_any(field(held, "to"), "email"):
        return CannotTell(Reason.LIST_AT_PROVIDER) if says_any(field(held, "to"), "list_id", "audience_id") else found
    return found or told((frame,), given(held), ("to",))


def _overrides(held: Value) -> Message:
    found = printed({})
    for outer, inner in (("channels", "email"), ("providers", "*")):
        holder = field(held, outer)
        names = [inner] if inner != "*" else list(holder) if isinstance(holder, dict) else []
        for name in names:
            override = get(given(get(given(holder), name, fold=True)), "override", fold=True)
            if isinstance(override, Absent) or sort_of(override) is not Sort.MAPPING:
                continue
            deeper = field(override, "body")  # of a provider: as its own request has it
            one = printed(override) if isinstance(deeper, Absent) else printed(deeper)
            found = replace(
                found, cc=(*found.cc, *one.cc), bcc=(*found.bcc, *one.bcc), mentions=(*found.mentions, *one.mentions)
            )
    return found


class _Send(Object):
    """``client.send``."""

    PATHS: tuple[str, ...] = ("courier.resources.send.SendResource",)

    def message(self, *, message: Value = None, **_: Value) -> HttpRequest:
        """Send a message."""
        return post("https://api.courier.com/send", {"message": as_data(message)})


class Courier(Object):
    """``courier.Courier(api_key=...)`` of 7.x and later."""

    PATHS: tuple[str, ...] = ("courier.Courier", "courier.AsyncCourier", "courier.client.Courier")

    def __init__(self, *_: Value, **__: Value) -> None:
        self.write("send", _Send())


class CourierClient(Object):
    """``trycourier.Courier(auth_token=...)`` of 2.x to 6.x."""

    PATHS: tuple[str, ...] = ("trycourier.Courier", "trycourier.client.Courier")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def send_message(self, message: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """Send a message."""
        return post("https://api.courier.com/send", {"message": as_data(message)})

    def send(self, message: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """Send a message."""
        return post("https://api.courier.com/send", {"message": as_data(message)})


PROVIDER: Final = Provider(
    name="courier",
    title="Courier",
    sources=(
        Source(
            "https://www.courier.com/docs/reference/send/message/",
            "to: a person, or a list of them, each of whom gets his own",
        ),
        Source("pypi:trycourier==9.13.0", "run: the request of send.message"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.courier.com/send",
    library=Library(
        classes=(Courier, _Send, CourierClient),
        tokens=("trycourier", "from courier", "import courier", "api.courier.com"),
    ),
    explain="Each person of to gets a message of his own. A cc among the overrides is printed on each of them; bcc is printed nowhere.",
)
"""Courier."""
