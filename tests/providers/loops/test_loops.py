"""Loops: a request names one person."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.value import Repeat, Text, Unknown, Value
from mailguard.providers.loops import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

URL = "https://app.loops.so/api/v1/transactional"


def sent(body: Value, url: str = URL) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", url, {}, body, "json"))


def test_a_request_is_one_message_to_one_person() -> None:
    (message,) = sent({"transactionalId": "t", "email": "ann@example.com", "dataVariables": {"to": "bob@example.org"}})
    assert [person.address for person in message.to] == ["ann@example.com"]
    assert (message.cc, message.bcc) == ((), ())


@settings(max_examples=30, deadline=None)
@given(
    person=sdk.PLAIN
    | st.sampled_from(["asa@b\u00fccher.example", "O'Neil+x@example.com", "a@example.com,b@example.org"]),
    name=sdk.NAME,
)
def test_what_the_package_sends_is_what_was_asked_of_it(person: str, name: str) -> None:
    package = pytest.importorskip("loops_sdk", reason="compares with the package")
    letter = package.LoopsEmail(
        email=person, transactional_id="t", data_variables={"to": "zoe@example.com", "name": name}
    )
    with sdk.recorded({"success": True}) as seen:
        package.LoopsClient("key").send_transactional_email(letter)
        package.LoopsClient("key").send_event(event_name="signup", email=person)
    first, event = seen
    (message,) = sdk.asked(PROVIDER, first)
    assert [one.address for one in message.to] == person.split(",")
    assert (message.cc, message.bcc) == ((), ())
    assert sdk.asked(PROVIDER, event) == ()


def test_whoever_is_in_it_is_read() -> None:
    (message,) = sent({"transactionalId": "t", "email": "ann@example.com, bob@example.org"})
    assert len(message.to) == 2
    (message,) = sent({"transactionalId": "t", "email": Text((Repeat(Unknown("user.email", OPTIONAL), MANY, ","),))})
    assert [person.count for person in message.to] == [MANY]


def test_what_is_not_for_sending() -> None:
    for path in ("/api/v1/contacts/create", "/api/v1/events/send", "/api/v1/lists"):
        assert sdk.asked(PROVIDER, HttpRequest("POST", f"https://app.loops.so{path}", {}, {}, "json")) == ()
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com/api/v1/transactional")) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    named = HttpRequest("POST", Unknown("LOOPS_URL"), {}, {"transactionalId": "t", "email": "x"}, "json")
    assert PROVIDER.claims(named) == "v1/transactional"
    for body in (None, "x", {"transactionalId": "t"}, [], Unknown("body")):
        assert isinstance(sent(body), CannotTell)
