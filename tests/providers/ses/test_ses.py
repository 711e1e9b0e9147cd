"""Amazon SES: what real boto3 asks for is what is decoded, on both sides; hosts, operations, damaged requests."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.exceptions import BotoCoreError
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, MANY, ONE, OPEN, Count
from mailguard.model.exchange import Form, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Object, Parameter, Text, Unknown
from mailguard.providers.ses import PROVIDER
from mailguard.transports import aws

from ...transports.boto import CALLS, MIME, captured, modelled  # noqa: TID252  # the tests are no package with a name

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
HOST = "https://email.eu-west-1.amazonaws.com"


def decoded(request: HttpRequest) -> Decoded:
    operation = PROVIDER.claims(request)
    assert operation is not None
    return PROVIDER.decode(operation, request)


def one(request: HttpRequest) -> Message:
    answer = decoded(request)
    assert isinstance(answer, tuple)
    (message,) = answer
    return message


def query(**parameters: str) -> HttpRequest:
    return HttpRequest("POST", f"{HOST}/", FORM, urlencode(parameters))


def post(path: str, data: Any) -> HttpRequest:
    return HttpRequest("POST", HOST + path, JSON, json.dumps(data))


def addresses(message: Message) -> tuple[list[str | None], list[str | None], list[str | None]]:
    return (
        [person.address for person in message.to],
        [person.address for person in message.cc],
        [person.address for person in message.bcc],
    )


def names(values: list[str] | None) -> list[str | None]:
    return [person.address for person in recipients(values or []).recipients]


def asked(destination: dict[str, list[str]]) -> tuple[list[str | None], ...]:
    return tuple(names(destination.get(f"{name}Addresses")) for name in ("To", "Cc", "Bcc"))


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_call_decodes_alike_from_the_code_and_from_the_wire(call: str, data: st.DataObject) -> None:
    service, method, arguments = CALLS[call]
    drawn = data.draw(arguments)
    real, model = captured(service, method, drawn), modelled(service, method, drawn)
    assert PROVIDER.claims(model) == (PROVIDER.claims(real) or "").replace("v1/", "v2/")
    answer = decoded(real)
    assert decoded(model) == answer
    assert isinstance(answer, tuple)
    if "BulkEmailEntries" in drawn or "send_bulk" in method:
        entries = drawn.get("BulkEmailEntries") or drawn["Destinations"]
        assert [addresses(message) for message in answer] == [asked(entry["Destination"]) for entry in entries]
    elif "EmailAddress" in drawn:
        assert addresses(answer[0])[0] == names([drawn["EmailAddress"]])
    elif "RawMessage" in drawn or "Raw" in drawn.get("Content", {}):
        assert addresses(answer[0])[:2] == (["ann@example.com", "bob@example.org"], [])
    else:
        (message,) = answer
        assert addresses(message) == asked(drawn.get("Destination", {}))
        assert [person.address for person in message.reply_to] == names(drawn.get("ReplyToAddresses"))


def test_every_endpoint_of_the_service_models_is_ours() -> None:
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    seen = set()
    for service in ("ses", "sesv2"):
        for partition in session.get_available_partitions():
            for region in session.get_available_regions(service, partition) or ["us-isob-east-1"]:
                for options in ({}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}):
                    seen.add((partition, region, tuple(options.items())))
    resolve = _endpoints(session)
    hosts = {resolve(region, dict(options)) for _, region, options in sorted(seen)} - {""}
    assert len(hosts) > 60
    for host in hosts:
        assert PROVIDER.claims(HttpRequest("POST", f"{host}/v2/email/outbound-emails")) == "v2/email/outbound-emails"
        assert PROVIDER.claims(HttpRequest("GET", f"{host}/v2/email/account")) == "v2/email"


def _endpoints(session: botocore.session.Session) -> Any:
    from botocore.endpoint_provider import EndpointProvider

    loader = session.get_component("data_loader")
    rules = loader.load_service_model("sesv2", "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))

    def resolve(region: str, options: dict[str, bool]) -> str:
        parameters = {"Region": region, "UseFIPS": False, "UseDualStack": False}
        if options.get("use_fips_endpoint"):
            parameters["UseFIPS"] = True
        if options.get("use_dualstack_endpoint"):
            parameters["UseDualStack"] = True
        try:
            return str(provider.resolve_endpoint(**parameters).url)
        except BotoCoreError:
            return ""  # a partition without this kind of endpoint

    return resolve


@pytest.mark.parametrize(
    "host",
    [
        "email.us-east-1.amazonaws.com:443",
        "EMAIL.us-east-1.AmazonAWS.com",
        "vpce-0a1b-2c3d.email.us-east-1.vpce.amazonaws.com",
        "abc123.endpoints.email.global.api.aws",
        "abc123.endpoints.email.amazonaws.com",
        "email.cn-north-1.api.amazonwebservices.com.cn",
    ],
)
def test_further_hosts_are_ours(host: str) -> None:
    assert (
        PROVIDER.claims(HttpRequest("POST", f"https://{host}/v2/email/outbound-emails")) == "v2/email/outbound-emails"
    )


@pytest.mark.parametrize(
    "host", ["sqs.us-east-1.amazonaws.com", "email.example.com", "xemail.us-east-1.amazonaws.com", "amazonaws.com"]
)
def test_other_hosts_are_not(host: str) -> None:
    assert (
        PROVIDER.claims(HttpRequest("POST", f"https://{host}/", FORM, "Action=ListQueues&Version=2012-11-05")) is None
    )
    assert PROVIDER.claims(HttpRequest("GET", f"https://{host}/v2/email/account")) is None


def test_a_region_that_is_a_hole_does_not_hide_the_host() -> None:
    url = Text(("https://email.", Unknown("region"), ".amazonaws.com/v2/email/outbound-emails"))
    assert PROVIDER.claims(HttpRequest("POST", url)) == "v2/email/outbound-emails"
    assert PROVIDER.claims(HttpRequest("POST", Unknown("url"))) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


def test_a_local_stack_is_ours_where_the_form_says_so() -> None:
    body = urlencode(
        {"Action": "SendEmail", "Version": "2010-12-01", "Destination.ToAddresses.member.1": "a@example.com"}
    )
    assert PROVIDER.claims(HttpRequest("POST", "http://localhost:4566/", FORM, body)) == "SendEmail"
    assert PROVIDER.claims(HttpRequest("POST", "http://localhost:4566/", FORM, body.replace("2010", "2012"))) is None
    url = "http://localhost:4566/v2/email/outbound-emails"
    assert PROVIDER.claims(HttpRequest("POST", url)) == "v2/email/outbound-emails"


def test_operations_about_the_account_send_nothing() -> None:
    session = botocore.session.get_session()
    for service in ("ses", "sesv2"):
        model = session.get_service_model(service)
        for name in model.operation_names:
            if name.startswith("Send"):
                continue
            http = model.operation_model(name).http
            path = http["requestUri"].replace("{", "").replace("}", "")
            body = f"Action={name}&Version=2010-12-01" if service == "ses" else "{}"
            request = HttpRequest(http["method"], HOST + path, FORM if service == "ses" else JSON, body)
            operation = PROVIDER.claims(request)
            assert operation is not None
            assert not operation.startswith("?"), name
            assert PROVIDER.decode(operation, request) == ()


@pytest.mark.parametrize(
    "request_",
    [
        query(Action="SendPigeon", Version="2010-12-01"),
        query(Action="<script>"),
        HttpRequest("POST", f"{HOST}/v2/email/outbound-pigeons", JSON, "{}"),
        HttpRequest("POST", f"{HOST}/elsewhere", JSON, "{}"),
    ],
)
def test_an_unknown_operation_is_not_guessed_at(request_: HttpRequest) -> None:
    operation = PROVIDER.claims(request_)
    assert operation is not None
    assert operation.startswith("?")
    assert PROVIDER.decode(operation, request_) == CannotTell(Reason.UNKNOWN_FORM)


def test_a_request_without_its_body_cannot_be_told() -> None:
    for request in (
        HttpRequest("POST", f"{HOST}/", FORM),
        HttpRequest("POST", f"{HOST}/v2/email/outbound-emails", JSON),
    ):
        answer = decoded(request)
        assert isinstance(answer, CannotTell)
        assert answer.reason is Reason.BODY_MISSING


def test_a_bulk_request_without_entries_sends_nothing() -> None:
    template = {"Source": "from@example.com", "Template": "t", "DefaultTemplateData": "{}"}
    assert decoded(query(Action="SendBulkTemplatedEmail", Version="2010-12-01", **template)) == ()
    assert (
        decoded(post("/v2/email/outbound-bulk-emails", {"DefaultContent": {"Template": {"TemplateName": "t"}}})) == ()
    )
    odd = query(Action="SendBulkTemplatedEmail", Version="2010-12-01", To="ann@example.com", **template)
    assert isinstance(decoded(odd), CannotTell)
    assert isinstance(decoded(post("/v2/email/outbound-bulk-emails", {})), CannotTell)


def test_a_query_by_get_is_read_from_the_url() -> None:
    parameters = urlencode({"Action": "SendEmail", "Destination.ToAddresses.member.1": "ann@example.com"})
    assert addresses(one(HttpRequest("GET", f"{HOST}/?{parameters}")))[0] == ["ann@example.com"]


@given(st.permutations(range(1, 13)))
@settings(max_examples=20, deadline=None)
def test_numbered_members_are_read_in_their_order(order: list[int]) -> None:
    parameters = {f"Destination.ToAddresses.member.{number}": f"p{number}@example.com" for number in order}
    message = one(query(Action="SendEmail", **parameters))
    assert addresses(message)[0] == [f"p{number}@example.com" for number in range(1, 13)]


def test_nobody_is_lost_in_an_oddly_flattened_form() -> None:
    odd = {
        "Destination.ToAddresses": "ann@example.com",
        "Destination.ToAddresses.member": "bob@example.org",
        "Destination.ToAddresses.member.x": "cat@example.net",
        "Destination.ToAddresses.member.2.more": "dan@example.com",
    }
    message = one(query(Action="SendEmail", **odd))
    assert sorted(addresses(message)[0]) == [  # type: ignore[type-var]  # all are known
        "ann@example.com",
        "bob@example.org",
        "cat@example.net",
        "dan@example.com",
    ]


def raw(source: str, **more: str) -> HttpRequest:
    data = base64.b64encode(source.encode()).decode()
    return query(Action="SendRawEmail", Version="2010-12-01", **{"RawMessage.Data": data}, **more)


def test_a_raw_message_without_destinations_goes_to_its_headers() -> None:
    message = one(raw("To: ann@example.com\nCc: bob@example.org\n\nT\n"))
    assert addresses(message) == (["ann@example.com"], ["bob@example.org"], [])


def test_the_destinations_of_a_raw_message_are_seen_by_nobody() -> None:
    message = one(raw("To: list@example.com\n\nT\n", **{"Destinations.member.1": "ann@example.com"}))
    assert addresses(message) == (["list@example.com"], [], ["ann@example.com"])


def test_a_bcc_line_in_a_raw_message_is_left_open() -> None:
    answer = decoded(raw("To: ann@example.com\nBcc: dan@example.com\n\nT\n"))
    assert isinstance(answer, Undecided)
    assert answer.reason is Reason.RAW_BCC
    assert [person.address for person in answer.messages[0].transmitted_bcc] == ["dan@example.com"]
    assert addresses(answer.alternative[0]) == (["ann@example.com"], [], ["dan@example.com"])
    assert answer.alternative[0].transmitted_bcc == ()


def test_damaged_base64_cannot_be_told() -> None:
    answer = decoded(query(Action="SendRawEmail", **{"RawMessage.Data": "!!!"}))
    assert isinstance(answer, CannotTell)


def test_a_bounce_goes_to_somebody_whom_the_request_does_not_name() -> None:
    message = one(query(Action="SendBounce", OriginalMessageId="1", BounceSender="from@example.com"))
    assert message == Message(hidden=ONE)


# --- The code's side -----------------------------------------------------------------------------


def sent(method: str, service: str = "ses", **arguments: Any) -> Message:
    client = aws.client(service)
    assert isinstance(client, Object)
    return one(getattr(client, method)(**arguments))


def test_many_people_of_the_code_are_many_in_to() -> None:
    people = Items((Member(Unknown("user.email", Count(0, 1, 1)), MANY),))
    for destination in ({"ToAddresses": people}, Fields((("ToAddresses", people),))):
        (person,) = sent("send_email", Destination=destination).to
        assert person.count == MANY
        assert person.label == "user.email"


def test_a_parameter_keeps_its_count_and_its_name() -> None:
    (person,) = sent("send_email", Destination={"ToAddresses": Parameter("to", "m:f", OPEN)}).to
    assert person.count == OPEN
    assert person.parameter


def test_a_destination_that_is_not_known_is_no_empty_one() -> None:
    for destination in (Unknown("destination"), Parameter("destination", "m:f", ONE)):
        (person,) = sent("send_email", Destination=destination).to
        assert person.count == OPEN
    (person,) = sent("send_email", Destination=Fields((), open=True)).to
    assert person.count == ANY
    message = sent("send_email", Destination=Either((Unknown("d"), {"ToAddresses": ["ann@example.com"]})))
    assert message.to[0].count.high > 1


def test_a_list_of_which_not_all_branches_are_known_is_joined() -> None:
    people = Either((["ann@example.com"], ["bob@example.org", "cat@example.net"], ABSENT))
    message = sent("send_email", "sesv2", Destination=Fields((("ToAddresses", people),)), Content={"Simple": {}})
    assert sum(person.count.plain for person in message.to) == 2
    assert all(person.count.low == 0 for person in message.to)


def test_one_entry_for_each_person_is_one_message_each() -> None:
    entry = {"Destination": {"ToAddresses": [Unknown("user.email", Count(0, 1, 1))]}}
    entries = Items((Member(entry, MANY),))
    for arguments in (
        {"service": "sesv2", "method": "send_bulk_email", "BulkEmailEntries": entries},
        {"service": "ses", "method": "send_bulk_templated_email", "Destinations": entries},
    ):
        message = sent(**arguments)  # type: ignore[arg-type]  # method and service are in it
        assert message.copies == MANY
        assert [person.count for person in message.to] == [Count(0, 1, 1)]


def test_entries_that_are_not_known_may_hold_anybody() -> None:
    message = sent("send_bulk_email", "sesv2", BulkEmailEntries=Parameter("entries", "m:f"))
    assert message.copies == MANY
    assert message.to[0].count == OPEN


def test_the_source_of_a_raw_message_is_read_as_the_code_hands_it_over() -> None:
    for data in (MIME, MIME.encode(), Known(MIME), Fields((("To", "ann@example.com, bob@example.org"),))):
        assert len(sent("send_raw_email", RawMessage={"Data": data}).to) == 2
    abstract = Text(("To: ", Unknown("to", MANY), "\n\nT"))
    assert sent("send_raw_email", RawMessage={"Data": abstract}).to[0].count == MANY
    envelope = Parameter("people", "m:f")
    message = sent("send_raw_email", RawMessage={"Data": MIME}, Destinations=envelope)
    assert [person.label for person in message.bcc] == ["people"]


def test_content_that_is_raw_in_one_branch_only_is_read_both_ways() -> None:
    raw_content, simple = {"Raw": {"Data": MIME.encode()}}, {"Simple": {}}
    request = modelled(
        "sesv2",
        "send_email",
        {"Destination": {"ToAddresses": ["ann@example.com"]}, "Content": Either((raw_content, simple))},
    )
    answer = decoded(request)
    assert isinstance(answer, tuple)
    assert [addresses(message)[0] for message in answer] == [
        ["ann@example.com"],
        ["ann@example.com", "bob@example.org"],
    ]
    assert all(message.copies == Count(0, 1, 1) for message in answer)
    bcc = {"Raw": {"Data": b"To: ann@example.com\nBcc: dan@example.com\n\nT"}}
    answer = decoded(modelled("sesv2", "send_email", {"Content": Either((bcc, simple))}))
    assert isinstance(answer, Undecided)
    assert len(answer.messages) == len(answer.alternative) == 2
    open_content = Fields((), open=True)
    assert one(modelled("sesv2", "send_email", {"Content": open_content})).to == ()


def test_parameters_written_by_hand_with_holes_in_their_names_count_as_visible() -> None:
    body = Fields((("Action", "SendEmail"), ("Destination.*.member.*", Unknown("address", MANY))))
    message = one(HttpRequest("POST", f"{HOST}/", {}, body, "form"))
    assert [person.count for person in message.to] == [MANY]


def test_a_form_of_the_code_reads_like_its_recording() -> None:
    parts = (("Action", "SendEmail"), ("Destination.CcAddresses.member.1", Known("ann@example.com")))
    assert addresses(one(HttpRequest("POST", f"{HOST}/", {}, Form(parts), "form")))[1] == ["ann@example.com"]


@pytest.mark.parametrize("kind", ["Simple", "Template"])
def test_own_headers_are_read_by_all(kind: str) -> None:
    headers = [{"Name": "Cc", "Value": "bob@example.org"}, {"Name": "Reply-To", "Value": "cat@example.net"}]
    body = {"Destination": {"ToAddresses": ["ann@example.com"]}, "Content": {kind: {"Headers": headers}}}
    message = one(post("/v2/email/outbound-emails", body))
    assert [mention.recipient.address for mention in message.mentions] == ["bob@example.org"]
    assert [person.address for person in message.reply_to] == ["cat@example.net"]
    entry = {"Destination": {"ToAddresses": ["ann@example.com"]}, "ReplacementHeaders": headers}
    for bulk in ({"BulkEmailEntries": [entry]}, {"BulkEmailEntries": [entry], "DefaultContent": {kind: {}}}):
        assert one(post("/v2/email/outbound-bulk-emails", bulk)).mentions == message.mentions
