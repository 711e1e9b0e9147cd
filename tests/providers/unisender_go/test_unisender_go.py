"""Unisender Go: one each, unless a To header is printed to all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Trait
from mailguard.model.value import Either, Items, Member, Text, Unknown, Value
from mailguard.providers.unisender_go import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

URL = "https://go2.unisender.ru/ru/transactional/api/v1/email/send.json"
A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
ALL = [{"email": address} for address in (A, B, C, D)]


def sent(message: Value, url: str = URL) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", url, {}, {"message": message}, "json"))


@settings(max_examples=50, deadline=None)
@given(people=sdk.CONTACTS)
def test_each_recipient_gets_a_message_of_his_own(people: list[Any]) -> None:
    found = sent({"recipients": people})
    assert [person.address for one in found for person in one.to] == [each["email"] for each in people]
    assert all(len(one.to) == 1 for one in found)


@pytest.mark.parametrize("name", ["to", "To"])
def test_a_to_header_is_printed_to_all(name: str) -> None:
    (message,) = sent({"recipients": ALL, "headers": {name: f"{A}, {B}", "cc": C}, "reply_to": A})
    assert [[person.address for person in part] for part in (message.to, message.cc, message.bcc)] == [[A, B], [C], [D]]
    assert [person.address for person in message.reply_to] == [A]


@pytest.mark.parametrize("header", ["{{to_name}} <{{email}}>", "", None])
def test_a_placeholder_is_the_one_reader(header: Any) -> None:
    assert len(sent({"recipients": ALL, "headers": {"to": header}})) == 4


def test_a_header_that_may_be_there_is_not_certain() -> None:
    either = Either((f"{A}, {B}", None))
    (message,) = sent({"recipients": ALL[:2], "headers": {"to": either}})
    assert Trait.MISSING_SPLIT in message.traits
    assert all(person.count.low == 0 for person in message.to)


def test_lists_of_unknown_length() -> None:
    people = Items((Member({"email": Unknown("user.email", OPTIONAL)}, MANY),))
    (each,) = sent({"recipients": people})
    assert (each.to[0].count, each.copies) == (ONE, MANY)
    (shared,) = sent({"recipients": people, "headers": {"to": Text((Unknown("to"),))}})
    assert shared.to


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", URL, "email/send"),
        ("POST", "https://eu1.unione.io/en/transactional/api/v1/email/send.json", "email/send"),
        ("POST", "https://api.unisender.com/ru/api/sendEmail", "?"),
        ("POST", "https://goapi.unisender.ru/ru/transactional/api/v1/email/send.json", "email/send"),
        ("POST", URL.replace("email/send", "template/set"), "account"),
        ("POST", URL.replace("email/send", "email/subscribe"), "account"),
        ("GET", URL, "account"),
        ("POST", "https://example.com/ru/transactional/api/v1/email/send.json", None),
    ],
)
def test_what_is_claimed(method: str, url: str, operation: str | None) -> None:
    assert PROVIDER.claims(HttpRequest(method, url)) == operation


def test_what_cannot_be_told() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    named = HttpRequest("POST", Unknown("UNISENDER_URL"), {}, {"message": {"recipients": []}}, "json")
    assert PROVIDER.claims(named) == "email/send"
    for message in (None, "x", {}, [], Unknown("message")):
        assert isinstance(sent(message), CannotTell)
    assert isinstance(sdk.asked(PROVIDER, HttpRequest("POST", URL, {}, None)), CannotTell)
    assert sdk.asked(PROVIDER, HttpRequest("GET", URL)) == ()
