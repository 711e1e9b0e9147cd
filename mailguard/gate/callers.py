"""Whether callers of a function still decide who sees whom, so that the scan climbs to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mailguard.addresses.compare import distinct
from mailguard.gate.claims import claimed, messages_in
from mailguard.hosts import NO_HOSTS, Hosts
from mailguard.model.exchange import Dispatch, Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.value import Either, Fields, Items, Known, Object, Parameter, Repeat, Text

__all__ = ["has_parameter", "open_to_callers"]

VALUE_DEPTH: Final = 30
"""How deep a value is searched; deeper nesting counts as holding a parameter, which costs time and no truth."""


def open_to_callers(dispatch: Dispatch, hosts: Hosts = NO_HOSTS) -> bool:
    """Whether callers of the function still decide who sees whom, so that it is worth climbing to them."""
    claim = claimed(dispatch.exchange, None, hosts)
    if claim is None or isinstance(claim.decoded, CannotTell):
        # Whose request it is, or what is in it, may be an argument.
        return has_parameter(_parts(dispatch.exchange))
    for message in messages_in(claim.decoded):
        shown = message.to + message.cc
        # Hidden copies matter where somebody stands in To or Cc whom they read.
        named = tuple(mention.recipient for mention in message.mentions if mention.known)
        groups = (
            *(shown, shown + message.transmitted_bcc, message.reply_to, shown + message.bcc if shown else ()),
            shown + named if named else (),
        )
        if any(any(person.parameter for person in people) and distinct(people).high > 1 for people in groups):
            return True
    return False


def _parts(exchange: Exchange) -> list[Any]:
    match exchange:
        case HttpRequest():
            return [exchange.method, exchange.url, exchange.headers, exchange.body]
        case SmtpTransaction():
            return [exchange.relay, exchange.rcpt_to, exchange.data]
        case RawMessage():
            return [exchange.data, exchange.rcpt_to]


def has_parameter(value: Any, depth: int = 0) -> bool:
    """Whether a caller's argument is anywhere in a value; ``depth`` is how deep this one lies in another."""
    if depth > VALUE_DEPTH:
        return True
    inner: Iterable[Any] = ()
    match value:
        case Parameter():
            return True
        case Known() | str() | bytes() | int() | float() | None:
            return False
        case Text(parts=parts):
            inner = parts
        case Repeat(value=one):
            inner = (one,)
        case Items(members=members):
            inner = (member.value for member in members)
        case Fields(known=pairs, rest=rest):
            inner = (*(item for _, item in pairs), rest)
        case Either(options=options):
            inner = options
        case Object():
            inner = (value.render(),)
        case Form(parts=pairs):
            inner = (item for _, item in pairs)
        case dict():
            inner = value.values()
        case list() | tuple():
            inner = value
    return any(has_parameter(item, depth + 1) for item in inner)
