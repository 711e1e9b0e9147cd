"""Postal: a host of one's own; lists are shared, raw messages show their headers."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Reason, Undecided
from mailguard.model.value import Items, Member, Text, Unknown, Value
from mailguard.providers.postal import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

A, B, C = "ann@example.com", "bob@example.org", "cat@example.net"
ROOT = "https://mail.example.com/api/v1/send"
KEY = {"X-Server-API-Key": "k"}


def sent(body: Value, path: str = "message", headers: Any = KEY) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", f"{ROOT}/{path}", headers, body, "json"))


@pytest.mark.parametrize(
    ("url", "headers", "body", "operation"),
    [
        (f"{ROOT}/message", KEY, {}, "v1/send/message"),
        (f"{ROOT}/raw", KEY, {}, "v1/send/raw"),
        ("https://postal.example.com/api/v1/send/message", {}, {}, "v1/send/message"),
        (f"{ROOT}/message", {}, {"from": A, "to": [B], "subject": "S"}, "v1/send/message"),
        (f"{ROOT}/raw", {}, {"mail_from": A, "rcpt_to": [B], "data": "x"}, "v1/send/raw"),
        (Text((Unknown("POSTAL_URL"), "/api/v1/send/message")), KEY, {}, "v1/send/message"),
        (f"{ROOT}/message", {}, {"text": "a chat message"}, None),
        (f"{ROOT}/message", {}, Unknown("body"), None),
        (f"{ROOT}/other", KEY, {}, None),
    ],
)
def test_a_request_is_known_by_its_path_and_its_key(url: Value, headers: Any, body: Any, operation: str | None) -> None:
    assert PROVIDER.claims(HttpRequest("POST", url, headers, body, "json")) == operation


def test_only_posts_are_claimed() -> None:
    assert PROVIDER.claims(HttpRequest("GET", f"{ROOT}/message", KEY)) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


def test_lists_are_shared() -> None:
    (message,) = sent({"to": [A, B], "bcc": [C], "reply_to": C, "headers": {"Cc": C}})
    assert [person.address for person in (*message.to, *message.bcc, *message.reply_to)] == [A, B, C, C]
    assert [mention.recipient.address for mention in message.mentions] == [C]
    (message,) = sent({"to": Items((Member(Unknown("user.email", OPTIONAL), MANY),))})
    assert [person.count for person in message.to] == [MANY]


def test_a_raw_message_shows_its_headers() -> None:
    data = base64.b64encode(f"To: {A}, {B}\r\n\r\nT".encode()).decode()
    (message,) = sent({"mail_from": A, "rcpt_to": [A, C], "data": data}, "raw")
    assert [person.address for person in message.to] == [A, B]
    assert [person.address for person in message.bcc] == [C]
    data = base64.b64encode(f"To: {A}\r\nBcc: {B}\r\n\r\nT".encode()).decode()
    answer = sent({"rcpt_to": [A, B], "data": data}, "raw")
    assert isinstance(answer, Undecided)
    assert answer.reason is Reason.RAW_BCC
    assert [person.address for person in answer.alternative[0].bcc] == [B]


def test_what_cannot_be_told() -> None:
    for body in (None, "x", {}, [], Unknown("body")):
        assert isinstance(sent(body), CannotTell)
    for body in ({}, {"data": "%%%"}, {"data": Unknown("data"), "rcpt_to": []}):
        answer = sent(body, "raw")
        assert isinstance(answer, (CannotTell, tuple))


@settings(max_examples=30, deadline=None)
@given(sdk.PERSONS.filter(bool), sdk.PERSONS, sdk.PERSONS)
def test_what_a_package_sends_is_what_was_asked_of_it(to: Any, cc: Any, bcc: Any) -> None:
    package = pytest.importorskip("postalsend", reason="compares with the package")
    package.login("postal.example.com", "key")
    lines = [[f'"{name}" <{person}>' if name and ":" not in person and "," not in person and '"' not in name else person for person, name in line]
             for line in (to, cc, bcc)]  # fmt: skip
    with sdk.recorded({"status": "success", "data": {}}) as seen:
        package.send("desk@example.com", *lines, subject="S", plain_body="T")
    (message,) = sdk.asked(PROVIDER, seen[0])
    found = [sorted(str(person.address) for person in line) for line in (message.to, message.cc, message.bcc)]
    assert found == [sdk.wanted(to), sdk.wanted(cc), sdk.wanted(bcc)]
