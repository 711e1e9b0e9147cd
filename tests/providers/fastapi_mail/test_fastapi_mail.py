"""The models of fastapi-mail print and send what the package prints and sends."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock

import aiosmtplib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.message import Message
from mailguard.model.provider import Refused
from mailguard.model.value import Fields, Items, Member, Parameter, Text, Unknown
from mailguard.providers import fastapi_mail as provider
from mailguard.providers.fastapi_mail import PROVIDER
from mailguard.transports.mime.reading import message_of

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B, C = "ann@example.com", "bob@example.org", "cat@example.net"
PEOPLE = st.lists(postbox.NAMED, max_size=3, unique=True)
SCHEMA = st.fixed_dictionaries(
    {"recipients": PEOPLE},
    optional={
        "cc": PEOPLE,
        "bcc": PEOPLE,
        "reply_to": PEOPLE,
        "headers": st.dictionaries(st.sampled_from(["To", "Cc", "Bcc", "X-Other"]), postbox.PLAIN, max_size=2),
    },
)
CONFIG: dict[str, Any] = {
    "MAIL_USERNAME": "u",
    "MAIL_PASSWORD": "p",
    "MAIL_FROM": "from@example.com",
    "MAIL_SERVER": "localhost",
    "MAIL_PORT": 25,
    "MAIL_STARTTLS": False,
    "MAIL_SSL_TLS": False,
}


async def _nothing(*_: Any, **__: Any) -> None: ...


def _really(schemas: list[dict[str, Any]]) -> Any:
    real = pytest.importorskip("fastapi_mail", reason="fastapi-mail is compared where it is installed")
    box = postbox.Postbox()

    async def keep(_: Any, sender: Any, recipients: Any, message: Any, **__: Any) -> Any:
        if not any(recipients):
            # From Python 3.13 on an empty To line is read as one empty address, and a server refuses `RCPT TO:<>`.
            raise ValueError("no recipients")
        return box.take(sender, recipients, message)

    made = [real.MessageSchema(subject="S", body="T", subtype="plain", **schema) for schema in schemas]
    with (
        mock.patch.multiple(
            aiosmtplib.SMTP, connect=_nothing, login=_nothing, quit=_nothing, _ehlo_or_helo_if_needed=_nothing
        ),
        mock.patch.object(aiosmtplib.SMTP, "sendmail", keep),
    ):
        asyncio.run(real.FastMail(real.ConnectionConfig(**CONFIG)).send_message(made))
    return box.sent


@settings(max_examples=50, deadline=None)
@given(st.lists(SCHEMA, min_size=1, max_size=2))
def test_the_model_sends_what_the_package_sends(schemas: list[dict[str, Any]]) -> None:
    def model() -> Any:
        return provider.FastMail().send_message([provider.MessageSchema(**schema) for schema in schemas])

    assert postbox.outcome(model) == postbox.outcome(lambda: _really(schemas))


def only(exchanges: Any) -> Message:
    (exchange,) = exchanges
    message = message_of(exchange.data, exchange.rcpt_to, bcc="transmitted")
    assert isinstance(message, Message)
    return message


def test_a_list_of_unknown_length_is_many() -> None:
    people = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    message = only(provider.FastMail().send_message(provider.MessageSchema(recipients=people, bcc=[B])))
    assert [person.count for person in message.to] == [MANY]
    assert [person.address for person in message.bcc] == [B]


def test_a_message_that_the_code_does_not_show_has_recipients() -> None:
    message = only(provider.FastMail().send_message(Parameter("message", "app:send")))
    assert [person.count for person in message.to] == [OPEN]


def test_nobody_is_refused() -> None:
    with pytest.raises(Refused):
        provider.FastMail().send_message(provider.MessageSchema(recipients=[]))


def test_headers_that_the_code_does_not_show_stay_open() -> None:
    schema = provider.MessageSchema(recipients=[A], headers=Unknown("headers"))
    (exchange,) = provider.FastMail().send_message(schema)
    assert isinstance(exchange, SmtpTransaction)
    assert isinstance(exchange.data, Fields)
    assert exchange.data.open


@pytest.mark.parametrize("people", [A, Text((Unknown("a"), ", ", Unknown("b")))])
def test_a_text_is_no_list(people: Any) -> None:
    with pytest.raises(Refused):
        provider.MessageSchema(recipients=people)


def test_addresses_with_names_are_read() -> None:
    person = Fields((("name", "Ann"), ("email", A)))
    message = only(provider.FastMail().send_message(provider.MessageSchema(recipients=[person])))
    assert [entry.address for entry in message.to] == [A]


def test_old_releases_take_the_parts_themselves() -> None:
    assert [e.address for e in only(provider.FastMail().send_message(recipient=A, subject="S", body="T")).to] == [A]
    assert [e.address for e in only(provider.FastMail().send_message(provider.MessageSchema(receipients=[A]))).to] == [
        A
    ]


def test_a_message_can_be_fetched_and_sent_by_hand() -> None:
    made = provider.FastMail().get_message(provider.MessageSchema(recipients=[A, B], cc=[C], headers={"X-Other": "1"}))
    message = message_of(made.as_string(), [A, B, C], bcc="transmitted")  # type: ignore[union-attr]  # a message object
    assert isinstance(message, Message)
    assert [person.address for person in message.to] == [A, B]
    several = provider.FastMail().get_message([provider.MessageSchema(recipients=[A])])
    assert isinstance(several, Items)


def test_nothing_on_the_wire_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
