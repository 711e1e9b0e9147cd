"""Whose own addresses stand in a request: From, Reply-To and their like; and the names beside addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import NOBODY, People
from mailguard.addresses.values import recipients
from mailguard.documents.byte_text import base64_bytes
from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Recipient
from mailguard.model.value import ABSENT, Fields, Sort, Value, get, sort_of
from mailguard.transports.content.fields import DEPTH, key_of_field
from mailguard.transports.content.merge_data import addresses_of
from mailguard.transports.content.texts import TEXT_LIMIT, found_in
from mailguard.wire.bodies import payload
from mailguard.wire.header_blocks import header_block


def senders(exchange: Exchange) -> frozenset[str]:
    """Who the mail is from, in their comparing form: such an address in a signature shows nobody."""
    found: set[str] = set()
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if isinstance(body, CannotTell):
                return frozenset()
            if not isinstance(body.value, Form):
                _from(body.value, found, 0)
                return frozenset(found)
            for name, value in body.value.parts:
                if key_of_field(name) in _FROM:
                    addresses_of(value, found, 0)
        case SmtpTransaction() | RawMessage():
            if isinstance(exchange, SmtpTransaction) and isinstance(exchange.mail_from, str):
                found.update(found_in(exchange.mail_from))
            block = header_block(exchange.data)
            for name, value in block if not isinstance(block, CannotTell) else ():
                if key_of_field(name) in _FROM and isinstance(value, str):
                    found.update(found_in(value))
    return frozenset(found)


_FROM: Final = frozenset(
    {
        "from",
        "fromemail",
        "fromaddress",
        "fromemailaddress",
        "source",
        "sender",
        "replyto",
        "replytoaddresses",
        "returnpath",
        "hfrom",
        "hreplyto",
        "hsender",
    }
)


def _from(value: Value, found: set[str], depth: int) -> None:
    if depth > 4:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            if key_of_field(name) in _FROM:
                addresses_of(item, found, 0)
            elif isinstance(item, (dict, list)):
                _from(item, found, depth + 1)
    elif isinstance(value, list):
        for item in value[:2000]:
            _from(item, found, depth + 1)


def authors(request: HttpRequest) -> tuple[Recipient, ...]:
    """Who stands in From by a request, known or not; nobody where it does not tell."""
    body = payload(request)
    if isinstance(body, CannotTell):
        return ()
    if isinstance(body.value, Form):
        found = [value for name, value in body.value.parts if key_of_field(name) in _AUTHOR]
    else:
        found = list(_authors(body.value, 0))
    return tuple(person for value in found for person in _mailboxes(value).recipients)


_AUTHOR: Final = frozenset({"from", "fromemail", "fromaddress", "fromemailaddress", "source", "sender", "hfrom"})
_NESTED: Final = 3


def _authors(value: Value, depth: int) -> Iterator[Value]:
    if depth > _NESTED or sort_of(value) is not Sort.MAPPING:
        return
    fields: list[tuple[object, Value]] = []
    if isinstance(value, Fields):
        fields += value.known
    elif isinstance(value, dict):
        # One by one: `alike` observes which values are read.
        fields += [(name, value[name]) for name in value if key_of_field(str(name)) in _AUTHORED]
    for name, item in fields:
        if key_of_field(str(name)) in _AUTHOR:
            yield item
        elif key_of_field(str(name)) in _ENVELOPES:
            yield from _authors(item, depth + 1)


_ENVELOPES: Final = frozenset({"message", "content", "mail", "email", "options"})
"""Fields that hold a whole message."""
_AUTHORED: Final = _AUTHOR | _ENVELOPES


def _mailboxes(value: Value) -> People:
    if sort_of(value) is not Sort.MAPPING:
        return recipients(value)
    named = (get(value, key) for key in ("email", "Email", "address", "emailAddress"))
    return next((_mailboxes(item) for item in named if item is not ABSENT), NOBODY)


def names_of(exchange: Exchange, wanted: frozenset[str]) -> frozenset[str]:
    """Those of ``wanted`` (in their comparing form) whose names stand beside their addresses in the request."""
    found: set[str] = set()
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if isinstance(body, CannotTell):
                return frozenset()
            if isinstance(body.value, Form):
                for _, value in body.value.parts:
                    _named(value, wanted, found, 0)
            elif isinstance(body.value, (str, bytes)):
                _named_lines(base64_bytes(body.value) or body.value, wanted, found)
            else:
                _named(body.value, wanted, found, 0)
        case SmtpTransaction() | RawMessage():
            _named_lines(exchange.data, wanted, found)
    return frozenset(found)


_NAME: Final = re.compile(r"(?:\"(?:[^\"\\]|\\.){1,200}\"|[^<>\",;:@]{1,200}?)[ \t]*<([^<>\s]{3,320})>")


def _named(value: Value, wanted: frozenset[str], found: set[str], depth: int) -> None:
    if depth > DEPTH:
        return
    if isinstance(value, str):
        if "<" in value and "@" in value:
            for match in _NAME.finditer(value[:TEXT_LIMIT]):
                key = compare_key(match.group(1))
                if key in wanted and match.group(0).partition("<")[0].strip(" \"'"):
                    found.add(key)
    elif isinstance(value, list):
        for item in value:
            _named(item, wanted, found, depth + 1)
    elif isinstance(value, dict):
        low = {key_of_field(name): item for name, item in value.items()}
        name = low.get("name") or low.get("fullname") or low.get("displayname")
        address = low.get("email") or low.get("address") or low.get("emailaddress")
        if (
            isinstance(name, str)
            and name.strip()
            and isinstance(address, str)
            and (key := compare_key(address)) in wanted
        ):
            found.add(key)
        for item in value.values():
            if isinstance(item, (dict, list, str)):
                _named(item, wanted, found, depth + 1)


def _named_lines(data: Value, wanted: frozenset[str], found: set[str]) -> None:
    block = header_block(data)
    if not isinstance(block, CannotTell):
        for name, value in block:
            if name.casefold() in ("to", "cc", "bcc", "reply-to", "resent-to", "resent-cc"):
                _named(value, wanted, found, 0)
