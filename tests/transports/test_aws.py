"""The models of boto3 make the requests that boto3 makes."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ParamValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Fields, Items, Known, Member, Object, Text, Unknown, text
from mailguard.transports import aws
from mailguard.wire import payload, url_parts

ADDRESS = st.sampled_from(
    ["ann@example.com", "Bob <bob@example.org>", "cat@example.net, dan@example.com", "ünï@example.com"]
)
ADDRESSES = st.lists(ADDRESS, max_size=3)
DESTINATION = st.fixed_dictionaries(
    {"ToAddresses": ADDRESSES}, optional={"CcAddresses": ADDRESSES, "BccAddresses": ADDRESSES}
)
SOURCE = "from@example.com"
BODY = {"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}
MIME = "From: from@example.com\nTo: ann@example.com, bob@example.org\nSubject: S\n\nT ü\n"

CALLS: dict[str, tuple[str, str, st.SearchStrategy[dict[str, Any]]]] = {
    "send_email": (
        "ses",
        "send_email",
        st.fixed_dictionaries(
            {"Source": st.just(SOURCE), "Destination": DESTINATION, "Message": st.just(BODY)},
            optional={
                "ReplyToAddresses": ADDRESSES,
                "ReturnPath": ADDRESS,
                "Tags": st.just([{"Name": "n", "Value": "v"}]),
            },
        ),
    ),
    "send_templated_email": (
        "ses",
        "send_templated_email",
        st.fixed_dictionaries(
            {
                "Source": st.just(SOURCE),
                "Destination": DESTINATION,
                "Template": st.just("t"),
                "TemplateData": st.just("{}"),
            },
            optional={"ReplyToAddresses": ADDRESSES},
        ),
    ),
    "send_raw_email": (
        "ses",
        "send_raw_email",
        st.fixed_dictionaries(
            {"RawMessage": st.sampled_from([{"Data": MIME}, {"Data": MIME.encode()}])},
            optional={"Source": st.just(SOURCE), "Destinations": ADDRESSES},
        ),
    ),
    "send_bulk_templated_email": (
        "ses",
        "send_bulk_templated_email",
        st.fixed_dictionaries(
            {
                "Source": st.just(SOURCE),
                "Template": st.just("t"),
                "DefaultTemplateData": st.just("{}"),
                "Destinations": st.lists(st.fixed_dictionaries({"Destination": DESTINATION}), min_size=1, max_size=3),
            },
            optional={"ReplyToAddresses": ADDRESSES},
        ),
    ),
    "send_custom_verification_email": (
        "ses",
        "send_custom_verification_email",
        st.fixed_dictionaries({"EmailAddress": ADDRESS, "TemplateName": st.just("t")}),
    ),
    "v2 send_email": (
        "sesv2",
        "send_email",
        st.fixed_dictionaries(
            {
                "Content": st.sampled_from(
                    [
                        {"Simple": BODY},
                        {"Template": {"TemplateName": "t", "TemplateData": "{}"}},
                        {"Raw": {"Data": MIME.encode()}},
                    ]
                )
            },
            optional={
                "FromEmailAddress": st.just(SOURCE),
                "Destination": DESTINATION,
                "ReplyToAddresses": ADDRESSES,
                "ConfigurationSetName": st.just("c"),
            },
        ),
    ),
    "v2 send_bulk_email": (
        "sesv2",
        "send_bulk_email",
        st.fixed_dictionaries(
            {
                "DefaultContent": st.just({"Template": {"TemplateName": "t", "TemplateData": "{}"}}),
                "BulkEmailEntries": st.lists(
                    st.fixed_dictionaries({"Destination": DESTINATION}), min_size=1, max_size=3
                ),
            },
            optional={"FromEmailAddress": st.just(SOURCE), "ReplyToAddresses": ADDRESSES},
        ),
    ),
    "v2 send_custom_verification_email": (
        "sesv2",
        "send_custom_verification_email",
        st.fixed_dictionaries({"EmailAddress": ADDRESS, "TemplateName": st.just("t")}),
    ),
    "pinpoint send_email": (
        "pinpoint-email",
        "send_email",
        st.fixed_dictionaries({"Destination": DESTINATION, "Content": st.just({"Simple": BODY})}),
    ),
}


_XML = b"<answer><SendEmailResult/><SendTemplatedEmailResult/><SendRawEmailResult/><SendBulkTemplatedEmailResult/></answer>"
_XML = _XML.replace(b"</answer>", b"<SendCustomVerificationEmailResult/></answer>")


class _Answer:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: object) -> list[bytes]:
        return [self.content]


@functools.cache
def real_client(service: str, region: str = "us-east-1") -> tuple[Any, list[AWSPreparedRequest]]:
    """A boto3 client whose requests end up in a list instead of the network."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=region)
    client = session.client(service)
    seen: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        seen.append(request)
        content = b"{}" if service != "ses" else _XML
        return AWSResponse(request.url, 200, {}, _Answer(content))

    client.meta.events.register("before-send", answer)
    return client, seen


def captured(service: str, method: str, arguments: dict[str, Any], region: str = "us-east-1") -> HttpRequest:
    """What real boto3 sends for the call, as a recorder would keep it."""
    client, seen = real_client(service, region)
    seen.clear()
    getattr(client, method)(**arguments)
    request = seen[-1]
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
        if name.lower() != "authorization"
    }
    return HttpRequest(request.method, request.url, headers, request.body)


def modelled(service: str, method: str, arguments: dict[str, Any], region: str | None = None) -> HttpRequest:
    """What the model says."""
    client = aws.client(service, region)
    assert isinstance(client, Object)
    result = getattr(client, method)(**arguments)
    assert isinstance(result, HttpRequest)
    return result


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
