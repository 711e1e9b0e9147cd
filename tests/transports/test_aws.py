"""The models of boto3 make the requests that boto3 makes."""

from __future__ import annotations

import inspect
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY
from mailguard.model.exchange import Form
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Fields, Items, Known, Member, Text, Unknown, text
from mailguard.transports import aws
from mailguard.wire.bodies import payload
from mailguard.wire.urls import url_parts

from .boto import BODY, CALLS, MIME, SOURCE, captured, modelled, real_client


def flattened(data: Any, name: str = "") -> list[tuple[str, str]]:
    """Nested data as the query protocol writes it."""
    if isinstance(data, dict):
        return [pair for key, item in data.items() for pair in flattened(item, f"{name}.{key}" if name else key)]
    if isinstance(data, list):
        if not data:
            return [(name, "")]
        return [pair for number, item in enumerate(data, 1) for pair in flattened(item, f"{name}.member.{number}")]
    return [(name, data)]


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_model_makes_the_request_that_boto3_makes(call: str, data: st.DataObject) -> None:
    service, method, arguments = CALLS[call]
    given_arguments = data.draw(arguments)
    real, model = captured(service, method, given_arguments), modelled(service, method, given_arguments)
    real_url, model_url = url_parts(real.url), url_parts(model.url)
    assert real_url is not None
    assert model_url is not None
    assert real.method == model.method
    assert real_url.host == model_url.host
    assert real_url.path.replace("/v1/", "/v2/") == model_url.path
    sent = payload(real)
    if service == "ses":
        assert isinstance(sent.value, Form)
        expected = flattened(_base64_of_bytes(model.body))
        assert sorted(sent.value.parts) == sorted((name, value) for name, value in expected)
    else:
        assert sent.value == _base64_of_bytes(model.body)


def _base64_of_bytes(data: Any) -> Any:
    """Data with bytes as boto3 writes them."""
    import base64

    if isinstance(data, bytes):
        return base64.b64encode(data).decode()
    if isinstance(data, dict):
        return {key: _base64_of_bytes(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_base64_of_bytes(item) for item in data]
    return data


@pytest.mark.parametrize("region", ["eu-west-3", "ap-southeast-2", "us-gov-west-1", "cn-north-1"])
def test_the_region_is_in_the_host(region: str) -> None:
    arguments = {"Source": SOURCE, "Destination": {"ToAddresses": ["ann@example.com"]}, "Message": BODY}
    real = url_parts(captured("ses", "send_email", arguments, region).url)
    model = url_parts(modelled("ses", "send_email", arguments, region).url)
    assert real is not None
    assert model is not None
    assert real.host == model.host


@pytest.mark.parametrize("name", ["ToAddresses", "CcAddresses", "BccAddresses"])
@pytest.mark.parametrize("bad", ["ann@example.com", None, 1, {"a": "b"}])
def test_what_is_no_list_is_refused_as_boto3_refuses_it(name: str, bad: object) -> None:
    for service, extra in (("ses", {"Source": SOURCE, "Message": BODY}), ("sesv2", {"Content": {"Simple": BODY}})):
        arguments = {"Destination": {name: bad}, **extra}
        with pytest.raises(ParamValidationError):
            captured(service, "send_email", arguments)
        with pytest.raises(Refused):
            modelled(service, "send_email", arguments)


def test_text_with_holes_is_refused_as_a_list_and_an_unknown_is_not() -> None:
    holes = Text(("ann", Unknown("n"), "@example.com"))
    with pytest.raises(Refused):
        modelled("ses", "send_email", {"Destination": {"ToAddresses": holes}})
    with pytest.raises(Refused):
        modelled("ses", "send_raw_email", {"Destinations": Known("ann@example.com"), "RawMessage": {"Data": MIME}})
    for people in (Unknown("people"), Items((Member(Unknown("p"), MANY),)), Either((["ann@example.com"], "x"))):
        assert modelled("ses", "send_email", {"Destination": {"ToAddresses": people}}).body


def test_positional_arguments_are_refused_as_boto3_refuses_them() -> None:
    client, _ = real_client("ses")
    with pytest.raises(TypeError):
        client.send_email(SOURCE)
    with pytest.raises(TypeError):
        aws.SesClient().send_email(SOURCE)  # type: ignore[misc]  # that is what is tested


def test_the_raw_source_of_the_code_stays_apart_from_base64() -> None:
    for data in (MIME, Known(MIME), Text((MIME,))):
        body = modelled("ses", "send_raw_email", {"RawMessage": {"Data": data}}).body
        assert isinstance(body, dict)
        source = body["RawMessage"]["Data"]
        assert (source.value if isinstance(source, Known) else source) == MIME.encode()
    abstract = Fields((("Data", Text(("To: ", Unknown("to")))),))
    body = modelled("ses", "send_raw_email", {"RawMessage": abstract}).body
    assert isinstance(body, dict)
    assert isinstance(body["RawMessage"], Fields)


def test_every_way_to_a_client_gives_one() -> None:
    for session in (aws.Session(region_name="eu-west-1"), aws.CoreSession(), aws.get_session()):
        make = session.client if isinstance(session, aws.Session) else session.create_client
        assert isinstance(make("ses"), aws.SesClient)
        assert isinstance(make("sesv2"), aws.SesV2Client)
        assert isinstance(make(Known("pinpoint-email")), aws.SesV2Client)
        assert isinstance(make("s3"), Unknown)
    with aws.SesClient() as client:
        assert isinstance(client, aws.SesClient)


def test_a_session_hands_its_region_on() -> None:
    client = aws.Session(region_name="eu-west-1").client("ses")
    assert isinstance(client, aws.SesClient)
    assert text(client.send_email(Destination={"ToAddresses": []}).url) == "https://email.eu-west-1.amazonaws.com/"


def test_branches_of_services_are_branches_of_clients() -> None:
    clients = aws.client(Either(("ses", "sesv2")))
    assert isinstance(clients, Either)
    assert {type(option) for option in clients.options} == {aws.SesClient, aws.SesV2Client}


def test_a_client_of_an_unknown_service_is_told_by_its_arguments() -> None:
    client = aws.client(Unknown("service"))
    assert isinstance(client, aws.AnyMailClient)
    assert str(client.send_email(Source=SOURCE, Destination={}).url).endswith("/")
    assert str(client.send_email(Content={"Simple": BODY}).url).endswith("/v2/email/outbound-emails")
    assert str(client.send_bulk_email(BulkEmailEntries=[]).url).endswith("/v2/email/outbound-bulk-emails")


def test_the_old_boto_takes_a_string_for_a_list() -> None:
    connection = aws.connect("us-east-1")
    body = connection.send_email(SOURCE, "S", "T", "ann@example.com", ["bob@example.org"], None).body
    assert isinstance(body, dict)
    assert body["Destination"] == {"ToAddresses": ["ann@example.com"], "CcAddresses": ["bob@example.org"]}
    raw = connection.send_raw_email(MIME, destinations="ann@example.com").body
    assert isinstance(raw, dict)
    assert raw["Destinations"] == ["ann@example.com"]


@pytest.mark.parametrize(
    ("real", "model"),
    [
        (boto3.Session.client, aws.Session.client),
        (boto3.Session.client, aws.client),
        (boto3.Session.__init__, aws.Session.__init__),
        (botocore.session.Session.__init__, aws.CoreSession.__init__),
        (botocore.session.Session.create_client, aws.CoreSession.create_client),
        (botocore.session.get_session, aws.get_session),
    ],
)
def test_the_signatures_are_those_of_the_library(real: Any, model: Any) -> None:
    def names(function: Any) -> list[str]:
        return [name for name in inspect.signature(function).parameters if name != "self"]

    assert names(model)[: len(names(real))] == names(real)


def test_the_arguments_are_those_of_the_service_models() -> None:
    session = botocore.session.get_session()
    for service, model in (("ses", aws.SesClient), ("sesv2", aws.SesV2Client)):
        operations = session.get_service_model(service)
        for method, operation in (
            (botocore.xform_name(name), operations.operation_model(name))
            for name in operations.operation_names
            if name.startswith("Send") and name != "SendBounce"
        ):
            parameters = inspect.signature(getattr(model, method)).parameters.values()
            written = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY}
            assert written <= set(operation.input_shape.members), method
            addressing = {name for name in operation.input_shape.members if name in ADDRESSING}
            assert addressing <= written, method


ADDRESSING = {
    "Destination",
    "Destinations",
    "BulkEmailEntries",
    "ReplyToAddresses",
    "EmailAddress",
    "RawMessage",
    "Content",
}
