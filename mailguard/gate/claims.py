"""Whose an exchange is, and which messages it makes: the one question that code and captures have in common."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Final

from mailguard.doubts import doubted
from mailguard.gate.shelves import providers
from mailguard.hosts import NO_HOSTS, Hosts
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Undecided
from mailguard.model.provider import Provider
from mailguard.nobody import named
from mailguard.strangers import stranger, whereto
from mailguard.transports.content.contents import Contents
from mailguard.transports.content.senders import authors

__all__ = ["PLAIN_MAIL", "Claimed", "claimed", "in_order", "messages_in", "unhosted"]

PLAIN_MAIL: Final = ("smtp", "mime")
"""Providers of plain mail: they take what no service claims."""

HINTS: Final = 4096
"""Addresses whose service is remembered."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """An exchange that belongs to a mail service."""

    provider: Provider
    operation: str
    decoded: Decoded


@functools.cache
def in_order() -> tuple[Provider, ...]:
    """The providers, in the order in which they are asked."""
    return tuple(sorted(providers().values(), key=lambda provider: (provider.name in PLAIN_MAIL, provider.name)))


def claimed(exchange: Exchange, contents: Contents | None = None, hosts: Hosts = NO_HOSTS) -> Claimed | None:
    """Whose exchange it is, and which messages it makes; None if it is no mail.

    With ``contents``, those of one capture, also whom readers find besides To and Cc, and whether people stand where nothing
    is known to be read. ``hosts`` are those of the settings that stand for a service.
    """
    claim = _claimed(exchange)
    if hosts is not NO_HOSTS and (claim is None or claim.provider.name in PLAIN_MAIL):
        home = hosts.at_home(exchange)
        claim = claim if home is None else _claimed(home)
    if claim is not None and isinstance(exchange, HttpRequest):
        claim = _authored(claim, exchange)
    if claim is None or contents is None:
        return claim
    return replace(claim, decoded=doubted(exchange, contents.add(exchange, claim.decoded)))


def _authored(claim: Claimed, request: HttpRequest) -> Claimed:
    """With who stands in From, where that may matter: somebody else is written to beside them."""
    messages = messages_in(claim.decoded)
    wanted = [not each.sender and len(each.to) + len(each.cc) + len(each.bcc) > 1 for each in messages]
    own = authors(request) if any(wanted) else ()
    if not own or isinstance(claim.decoded, CannotTell):
        return claim
    made = tuple(replace(each, sender=own) if asked else each for each, asked in zip(messages, wanted, strict=True))
    if isinstance(claim.decoded, Undecided):
        return replace(claim, decoded=replace(claim.decoded, messages=made))
    return replace(claim, decoded=made)


def unhosted(exchange: Exchange) -> Claimed | None:
    """A recorded request that looks like mail, at a host that no service has; None for any other."""
    reason = stranger(exchange)
    return Claimed(_NOBODYS, whereto(exchange), reason) if reason is not None else None


def messages_in(decoded: Decoded) -> tuple[Message, ...]:
    """The messages that a provider told; the worst case where it is undecided, none where it cannot tell."""
    match decoded:
        case CannotTell():
            return ()
        case Undecided(messages=messages):
            return messages
        case tuple():
            return decoded


_NOBODYS: Final = Provider("", "a service that mailguard does not know", ())

_hints: dict[tuple[str, str], Provider] = {}
"""Whose a concrete URL was before: one service only claims a request, so it is asked first."""


def _claimed(exchange: Exchange) -> Claimed | None:
    hint = None
    if type(exchange) is HttpRequest and type(exchange.url) is str and type(exchange.method) is str:
        hint = (exchange.method, exchange.url)
        known = _hints.get(hint)
        if known is not None and (operation := known.claims(exchange)) is not None and operation[:1] != "?":
            return Claimed(known, operation, named(exchange, known.decode(operation, exchange)))
    doubtful: tuple[Provider, str] | None = None
    for provider in in_order():
        operation = provider.claims(exchange)
        if operation is None:
            continue
        if not operation.startswith("?"):
            if hint is not None and len(_hints) < HINTS:
                _hints[hint] = provider
            return Claimed(provider, operation, named(exchange, provider.decode(operation, exchange)))
        # "?": the host is this service's, the form is not known. Another one may know it.
        doubtful = doubtful or (provider, operation)
    if doubtful is None:
        return None
    provider, operation = doubtful
    return Claimed(provider, operation, named(exchange, provider.decode(operation, exchange)))
