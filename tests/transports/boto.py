"""Real boto3 clients whose requests end up in a list instead of the network, and the models' requests for the same calls."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from hypothesis import strategies as st

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import Object
from mailguard.transports import aws

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
