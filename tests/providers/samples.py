"""Reads the recorded requests that lie beside the tests of each provider, and what is expected of them.

A sample is a JSON file anywhere below ``tests/providers/NAME/``: one request that a real client made (``request``), and
the messages it means (``expect``). To add one, drop the file in; ``test_samples.py`` finds it.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import mailguard.providers
from mailguard.model.count import ONE
from mailguard.model.exchange import Exchange, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Message, Recipient, Undecided
from mailguard.model.provider import Provider
from mailguard.model.value import Fields, Items, Known, Member, Value

FOLDER = Path(__file__).parent

Shown = dict[str, list[str | None]]
"""A message as samples write it: addresses in To, Cc, Bcc and in a Bcc line that was left in what was handed over.

Sorted, since samples name people as the caller gave them, and some clients (Flask-Mail) shuffle.
"""


@dataclass(frozen=True)
class Sample:
    """One recorded request and what it means."""

    path: Path
    exchange: Exchange
    expect: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.path.relative_to(FOLDER).parts[0]}/{self.path.stem}"

    @property
    def messages(self) -> list[Shown]:
        """What the request means; the worst case, where the service leaves it open."""
        return [expected(message) for message in self.expect["messages"]]

    @property
    def alternative(self) -> list[Shown] | None:
        """What it means otherwise, where the service leaves it open and the sample knows."""
        found = self.expect.get("alternative")
        return None if found is None else [expected(message) for message in found]

    @property
    def open(self) -> bool:
        """Whether the service leaves it open what happens."""
        return bool(self.expect.get("ambiguous"))

    @property
    def uncertain(self) -> bool:
        """Whether the service's pages leave a doubt: an undecided answer that contains the expected one will do."""
        return bool(self.expect.get("uncertain"))


def expected(message: dict[str, list[str]]) -> Shown:
    """One message of a sample, every list of people there."""
    return {name: sorted(message.get(name, [])) for name in ("to", "cc", "bcc", "visible_bcc")}


def shown(message: Message) -> Shown:
    """A decoded message in the words of the samples. Who stands for several is there several times."""

    def addresses(people: tuple[Recipient, ...]) -> list[str | None]:
        found = [person.address for person in people for _ in range(person.count.exact or 1)]
        return sorted(found, key=str)

    return {
        "to": addresses(message.to),
        "cc": addresses(message.cc),
        "bcc": addresses(message.bcc),
        "visible_bcc": addresses(message.transmitted_bcc),
    }


def readings(decoded: Decoded) -> list[list[Shown]]:
    """The readings of an answer: one, or the worst case and the alternative; none where nothing could be told."""
    if isinstance(decoded, CannotTell):
        return []
    if isinstance(decoded, Undecided):
        return [[shown(message) for message in part] for part in (decoded.messages, decoded.alternative) if part]
    return [[shown(message) for message in decoded]]


def samples(folder: Path = FOLDER) -> list[Sample]:
    """All samples below ``folder``, in the order of their paths."""
    return list(_samples(folder))


def _samples(folder: Path) -> Iterator[Sample]:
    for path in sorted(folder.rglob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        if isinstance(content, dict) and "request" in content and "expect" in content:
            yield Sample(path, exchange_of(content["request"]), content["expect"])


def exchange_of(request: dict[str, Any]) -> Exchange:
    """The exchange that a sample records."""
    match request["method"]:
        case "SMTP":
            envelope = request["envelope"]
            return SmtpTransaction(request["url"], envelope["mail_from"], envelope["rcpt_to"], request["body"])
        case "MESSAGE":
            return RawMessage(request["body"], request.get("rcpt_to"))
        case method:
            return HttpRequest(method, request["url"], request.get("headers", {}), request.get("body"))


@cache
def providers() -> tuple[Provider, ...]:
    """Every provider of the shelf, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(mailguard.providers.__path__))
    return tuple(importlib.import_module(f"mailguard.providers.{name}").PROVIDER for name in names)


def claimed(exchange: Exchange) -> tuple[Provider, str] | None:
    """The first provider whose request it is, and the operation."""
    for provider in providers():
        operation = provider.claims(exchange)
        if operation is not None:
            return provider, operation
    return None


def decoded(exchange: Exchange) -> Decoded:
    """What the provider of ``exchange`` says of it."""
    found = claimed(exchange)
    assert found is not None, "no provider claims the request"
    provider, operation = found
    return provider.decode(operation, exchange)


def written(data: Any) -> Value:
    """``data`` as the source machine hands it over: every literal wrapped, collections and mappings of the model."""
    if isinstance(data, dict):
        return Fields(tuple((key, written(value)) for key, value in data.items()))
    if isinstance(data, list):
        return Items(tuple(Member(written(value), ONE) for value in data))
    return Known(data)
