"""Amazon Pinpoint: who gets a message of his own, and what is no mail."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mailguard.model.count import MANY, ONE
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell
from mailguard.model.value import Fields, Parameter, Unknown
from mailguard.providers.pinpoint import PROVIDER
from mailguard.transports.aws import client

from .. import sdk  # noqa: TID252  # the tests are no package with a name

APP = "https://pinpoint.us-east-1.amazonaws.com/v1/apps/app"
MAIL = {"EmailMessage": {"SimpleEmail": {"Subject": {"Data": "S"}}}}
ANN, BOB = {"ann@example.com": {"ChannelType": "EMAIL"}}, {"bob@example.org": {}}


def decoded(body: Any, path: str = "messages") -> Any:
    text = body if isinstance(body, Fields) else json.dumps(body)
    request = HttpRequest("POST", f"{APP}/{path}", {}, text, "json" if isinstance(body, Fields) else "")
    return PROVIDER.decode(PROVIDER.claims(request) or "", request)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "messages", "messages"),
        ("POST", "users-messages", "users-messages"),
        ("POST", "campaigns", "lists"),
        ("PUT", "endpoints/1", "account"),
        ("POST", "events", "account"),
        ("POST", "messages/new", "?"),
        ("GET", "messages", "account"),
    ],
)
def test_what_is_claimed(method: str, path: str, operation: str) -> None:
    assert PROVIDER.claims(HttpRequest(method, f"{APP}/{path}", {}, "{}")) == operation


def test_each_address_gets_a_message_of_its_own() -> None:
    for body in (
        {"Addresses": {**ANN, **BOB}, "MessageConfiguration": MAIL},
        {"MessageRequest": {"Addresses": {**ANN, **BOB}, "MessageConfiguration": MAIL}},
        {"Addresses": {**ANN, **BOB}, "TemplateConfiguration": {"EmailTemplate": {"Name": "T"}}},
    ):
        assert [[person.address for person in one.to] for one in decoded(body)] == [[*ANN], [*BOB]]


def test_source_is_sent_as_it_is() -> None:
    source = "From: from@example.net\r\nTo: ann@example.com, cat@example.net\r\n\r\nT"
    body = {"Addresses": ANN | BOB, "MessageConfiguration": {"EmailMessage": {"RawEmail": {"Data": source}}}}
    (message,) = decoded(body)
    assert [person.address for person in message.to] == ["ann@example.com", "cat@example.net"]
    assert [person.address for person in message.bcc] == ["bob@example.org"]


def test_people_of_the_service_are_not_named() -> None:
    users = {"Users": {"1": {}}, "MessageConfiguration": MAIL}
    (message,) = decoded(users, "users-messages")
    assert (message.to, message.hidden, message.copies) == ((), ONE, MANY)


@pytest.mark.parametrize(
    "mail", [MAIL, {"EmailMessage": {"RawEmail": {"Data": b"To: ann@example.com, b@example.net"}}}]
)
def test_the_model_of_the_client_asks_what_the_client_asks(mail: Any) -> None:
    boto3 = pytest.importorskip("boto3")
    keys = {"region_name": "eu-west-1", "aws_access_key_id": "A", "aws_secret_access_key": "B"}
    request = {"Addresses": {**ANN, **BOB}, "MessageConfiguration": mail}
    with sdk.recorded() as seen:
        boto3.client("pinpoint", **keys).send_messages(ApplicationId="app", MessageRequest=request)
    ours: Any = client("pinpoint")
    made = ours.send_messages(ApplicationId="app", MessageRequest=request)
    assert [sdk.asked(PROVIDER, one) for one in seen] == [sdk.asked(PROVIDER, made)]


def test_what_is_no_mail_and_what_cannot_be_told() -> None:
    number = {"+15550100": {"ChannelType": "SMS"}}
    assert decoded({"Addresses": number, "MessageConfiguration": {"SMSMessage": {"Body": "T"}}}) == ()
    assert len(decoded({"Addresses": number | ANN, "MessageConfiguration": MAIL})) == 1
    for body in (
        {"Addresses": ANN, "MessageConfiguration": {}},
        {"MessageConfiguration": MAIL},
        {"Addresses": ANN | BOB, "MessageConfiguration": {"EmailMessage": []}},
        {"Addresses": ANN | BOB, "MessageConfiguration": {"EmailMessage": {"RawEmail": {}}}},
        {"Addresses": ANN | BOB, "MessageConfiguration": {"EmailMessage": {"RawEmail": {"Data": {"0": "x"}}}}},
        [],
        {"MessageRequest": 5},
        {"value": json.dumps({"Addresses": ANN | BOB, "MessageConfiguration": MAIL})},
        {"Addresses": ANN | BOB, "MessageConfiguration": {"EmailMessage": {"FromAddress": "from@example.net"}}},
        {"Addresses": ANN | BOB, "MessageConfiguration": {"EmailMessage": {"RawEmail": {"Data": ["x"]}}}},
        Fields((("MessageRequest", Parameter("request", "m:f")),)),
    ):
        assert isinstance(decoded(body), CannotTell)
    # What the code leaves open is one person each.
    assert decoded(Fields((("Addresses", Unknown("people")), ("MessageConfiguration", MAIL))))
    computed = Fields((), open=True, rest={"ChannelType": "EMAIL"})
    (message,) = decoded(Fields((("Addresses", computed), ("MessageConfiguration", MAIL))))
    assert [person.count for person in message.to] == [ONE]
