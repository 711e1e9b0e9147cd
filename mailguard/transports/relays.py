"""Servers that read headers of their own: SendGrid's ``X-SMTPAPI``, Mandrill's ``X-MC-PreserveRecipients``, Mailgun's.

Whoever hands a message to one of them asks it by a header to write one message for each person, whatever To says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from mailguard.addresses.compare import distinct
from mailguard.addresses.values import recipients
from mailguard.documents.json_values import read_json
from mailguard.model.count import ONE
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason, Recipient, Trait, Undecided
from mailguard.model.value import ABSENT, Absent, Sort, Value, get, sort_of, text
from mailguard.transports.mime.reading import blind_of
from mailguard.wire.bodies import payload
from mailguard.wire.header_blocks import header_block
from mailguard.wire.urls import url_parts

__all__ = ["at_relay", "elsewhere"]


def at_relay(exchange: SmtpTransaction, message: Message) -> Decoded:
    """What becomes of a message at the server that it was handed to."""
    relay = url_parts(exchange.relay)
    host = "" if relay is None else relay.host
    if host == "sendgrid.net" or host.endswith(".sendgrid.net"):
        return _sendgrid(exchange, message)
    if host == "mandrillapp.com" or host.endswith(".mandrillapp.com"):
        return _mandrill(exchange, message)
    return elsewhere(exchange.data, message)


def elsewhere(data: Value, message: Message) -> Decoded:
    """At a server of another name: one on the way to SendGrid or Mandrill does what their headers ask, any other one prints them.

    That of Mailgun is one of them: what it prints in To where a header asks for one message each is not documented.
    """
    people = _named_in_control(data)
    shown = (*message.to, *message.cc, *message.bcc)
    if not people and distinct(shown).high > 1:
        if _asks_for_one_each(data):
            return Undecided(Reason.RELAY, (message,), _apart(shown, message))
        if distinct((*message.to, *message.cc)).high > 1 and _has_variables(data):
            return Undecided(Reason.RELAY, (message,), _one_each(_each_once((*message.to, *message.bcc)), message))
    if not blind_of(people, shown):
        return (message,)  # it names nobody besides those whom the message goes to
    printed = tuple(Mention(Field.HEADER, person, "X-SMTPAPI", known=True) for person in people)
    return Undecided(
        Reason.RELAY, (replace(message, mentions=(*message.mentions, *printed)),), _one_each(people, message)
    )


def _control(data: Value, name: str) -> Value | Absent:
    block = header_block(data)
    if isinstance(block, CannotTell):
        return ABSENT
    return next((value for key, value in block if key.strip().casefold() == name), ABSENT)


def _sendgrid(exchange: SmtpTransaction, message: Message) -> Decoded:
    """``to`` of X-SMTPAPI: one message for each; the envelope and the To line are a dummy."""
    people = _named_in_control(exchange.data)
    # The relay refuses what it cannot parse; what the lines say is the most that anybody could see.
    return _one_each(people, message) if people else (message,)


_MARK: Final = re.compile("x-smtpapi", re.IGNORECASE)
_MARK_BYTES: Final = re.compile(b"x-smtpapi", re.IGNORECASE)


def _named_in_control(data: Value) -> tuple[Recipient, ...]:
    """Whom SendGrid's header names; nobody where it is not there or cannot be read."""
    if (isinstance(data, str) and not _MARK.search(data)) or (isinstance(data, bytes) and not _MARK_BYTES.search(data)):
        return ()  # without a second look at the header lines
    control = _control(data, "x-smtpapi")
    if isinstance(control, Absent):
        return ()
    if sort_of(control) is not Sort.MAPPING:
        body = payload(HttpRequest("POST", "", {"content-type": "application/json"}, control))
        if isinstance(body, CannotTell) or body.kind != "json":
            return ()
        control = body.value  # type: ignore[assignment]  # only a form is a Form
    return recipients(get(control, "to")).recipients


def _one_each(people: Iterable[Recipient], message: Message) -> tuple[Message, ...]:
    return tuple(
        Message(
            to=(_one(person),),
            cc=message.cc,
            reply_to=message.reply_to,
            copies=person.count,
            mentions=message.mentions,
        )
        for person in people
    )


def _one(person: Recipient) -> Recipient:
    return replace(person, count=ONE, parameter=False)


_NO: Final = frozenset({"false", "no", "0", "off"})
_YES: Final = frozenset({"true", "yes", "1", "on"})


def _mandrill(exchange: SmtpTransaction, message: Message) -> Decoded:
    """Without the header, an option of the account decides whether the recipients see each other."""
    everybody = (*message.to, *message.cc, *message.bcc)
    if distinct(everybody).high <= 1:
        return (message,)
    shared = replace(message, traits=message.traits | {Trait.MISSING_SPLIT})
    apart = _apart(everybody, message)
    if _asks_for_one_each(exchange.data):
        return apart
    if _preserves(exchange.data) in _YES:
        return (shared,)
    return Undecided(Reason.ACCOUNT_OPTION, (shared,), apart)


def _preserves(data: Value) -> str:
    """What Mandrill's header says; empty where it is not there."""
    if (isinstance(data, str) and not _MC.search(data)) or (isinstance(data, bytes) and not _MC_BYTES.search(data)):
        return ""  # without a second look at the header lines
    control = _control(data, "x-mc-preserverecipients")
    return (text(control) or "").strip().casefold()


_MC: Final = re.compile("x-mc-preserve", re.IGNORECASE)
_MC_BYTES: Final = re.compile(b"x-mc-preserve", re.IGNORECASE)


def _asks_for_one_each(data: Value) -> bool:
    return _preserves(data) in _NO


_VARIABLES: Final = re.compile("x-mailgun-recipient-variables", re.IGNORECASE)
_VARIABLES_BYTES: Final = re.compile(b"x-mailgun-recipient-variables", re.IGNORECASE)


def _has_variables(data: Value) -> bool:
    """Whether Mailgun's header of variables for each recipient is there, with which it sends one message each."""
    if (isinstance(data, str) and not _VARIABLES.search(data)) or (
        isinstance(data, bytes) and not _VARIABLES_BYTES.search(data)
    ):
        return False
    whole = text(_control(data, "x-mailgun-recipient-variables"))
    return whole is not None and isinstance(read_json(whole), dict)


def _apart(everybody: Iterable[Recipient], message: Message) -> tuple[Message, ...]:
    """One message for each, Cc and Bcc included."""
    return tuple(
        Message(to=(_one(person),), reply_to=message.reply_to, copies=person.count) for person in _each_once(everybody)
    )


def _each_once(people: Iterable[Recipient]) -> tuple[Recipient, ...]:
    result: list[Recipient] = []
    for person in people:
        result.extend(blind_of((person,), result))
    return tuple(result)
