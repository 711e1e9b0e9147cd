"""Apprise: its package, and the requests to its server."""

from __future__ import annotations

from typing import Final

from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.value import Items, Object, Sort, Unknown, Value, each, sort_of, text
from mailguard.transports.letters import attribute, one_each_of, one_or_list
from mailguard.wire.forms import form_values
from mailguard.wire.urls import url_parts

_APPRISE: Final = "apprise:notify"
"""The URL of the request that stands for a notification by mail: one message for each target."""


class Apprise(Object):
    """``apprise.Apprise``: addresses of services, of which those of mail are read."""

    PATHS: tuple[str, ...] = ("apprise.Apprise", "apprise.apprise.Apprise")

    def __init__(self, servers: Value = None, *_: Value, **__: Value) -> None:
        self.write("servers", one_or_list(servers))

    def add(self, servers: Value, *_: Value, **__: Value) -> Value:
        """One more address, or several."""
        if sort_of(servers) is Sort.COLLECTION:
            held = each(attribute(self, "servers"))
            self.write("servers", Items((*held, *each(servers))))
        else:
            self.append("servers", servers)
        return True

    def clear(self) -> None:
        """No addresses."""
        self.write("servers", [])

    def notify(self, *_: Value, **__: Value) -> list[Exchange]:
        """Tell all of them."""
        return [
            HttpRequest("POST", _APPRISE, {}, people, "json")
            for server, count in each(attribute(self, "servers"))
            if count.high and (people := _mail_targets(server)) is not None
        ]

    def async_notify(self, *arguments: Value, **options: Value) -> list[Exchange]:
        """The same, awaited."""
        return self.notify(*arguments, **options)


def _mail_targets(server: Value) -> dict[str, Value] | None:
    url = url_parts(server)
    if url is None or url.scheme not in {"mailto", "mailtos"}:
        return None
    found: dict[str, Value] = {name: list(form_values(url.query, name)) for name in ("to", "cc", "bcc")}
    paths = [part for part in url.path.split("/") if part]
    return {**found, "to": [*_values(found["to"]), *paths] or [Unknown("the sender")]}


def _values(values: Value) -> list[Value]:
    """The members of a list."""
    return [member.value for member in each(values)]


def claims(exchange: Exchange) -> str | None:
    """``notify`` of Apprise, which a model makes and no capture holds."""
    return "notify" if isinstance(exchange, HttpRequest) and text(exchange.url) == _APPRISE else None


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each target; Cc is printed on each."""
    if operation != "notify" or not isinstance(exchange, HttpRequest) or isinstance(exchange.body, Form):
        return CannotTell(Reason.UNKNOWN_FORM)
    return one_each_of(exchange.body) if sort_of(exchange.body) is Sort.MAPPING else CannotTell(Reason.UNKNOWN_FORM)
