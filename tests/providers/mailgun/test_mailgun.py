"""Mailgun: one field decides; real clients' requests and the models' requests decode alike."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, Count
from mailguard.model.exchange import Form, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Trait, Undecided
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import mailgun as provider
from mailguard.providers.mailgun import PROVIDER

URL = "https://api.mailgun.net/v3/mg.example.com/messages"
KEY = ("api", "key-test")

ADDRESS = st.sampled_from(["ann@example.com", "Bob <bob@example.org>", '"Doe, D" <dan@example.com>', "cat@example.net"])
PEOPLE = st.lists(ADDRESS, min_size=1, max_size=3) | st.lists(ADDRESS, min_size=1, max_size=3).map(", ".join)
DATA = st.fixed_dictionaries(
    {"from": st.just("from@example.com"), "to": PEOPLE, "subject": st.just("S"), "text": st.just("T")},
    optional={
        "cc": PEOPLE,
        "bcc": PEOPLE,
        "recipient-variables": st.sampled_from(["{}", '{"ann@example.com": {"n": 1}}']),
        "h:Reply-To": ADDRESS,
        "v:n": st.just("1"),
    },
)


class Recorder(requests.adapters.BaseAdapter):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:  # type: ignore[override]
        self.seen.append(request)
        response = requests.Response()
        response.status_code = 200
        response._content = b'{"id": "1", "message": "Queued"}'
        response.request = request
        response.url = str(request.url)
        return response

    def close(self) -> None:
        pass


def recorded(request: requests.PreparedRequest) -> HttpRequest:
    return HttpRequest(request.method, request.url, dict(request.headers), request.body)  # type: ignore[arg-type]


def decoded(request: HttpRequest) -> Decoded:
    operation = PROVIDER.claims(request)
    assert operation is not None
    return PROVIDER.decode(operation, request)


def of(data: Value | Form, url: Value = URL) -> tuple[Message, ...]:
    answer = decoded(HttpRequest("POST", url, {}, data, "form"))
    assert isinstance(answer, tuple)
    return answer


def names(value: Any) -> list[str | None]:
    return [person.address for person in recipients(value).recipients]


def seen(message: Message) -> tuple[list[str | None], list[str | None], list[str | None]]:
    return tuple([person.address for person in people] for people in (message.to, message.cc, message.bcc))  # type: ignore[return-value]


def asked(data: dict[str, Any]) -> list[Any]:
    to, cc, bcc = (names(data.get(name)) for name in ("to", "cc", "bcc"))
    if "recipient-variables" in data:
        return [([person], cc, bcc) for person in to]
    return [(to, cc, bcc)]


@settings(max_examples=60, deadline=None)
@given(data=DATA, multipart=st.booleans(), compressed=st.booleans())
def test_a_plain_post_decodes_alike_from_the_code_and_from_the_wire(
    data: dict[str, Any], multipart: bool, compressed: bool
) -> None:
    files = {"attachment": ("a.txt", b"x")} if multipart else None
    real = recorded(requests.Request("POST", URL, data=data, files=files, auth=KEY).prepare())
    if compressed:
        body = real.body if isinstance(real.body, bytes) else str(real.body).encode()
        headers = {**real.headers, "Content-Encoding": "gzip"}  # type: ignore[dict-item]  # a dict here
        real = HttpRequest(real.method, real.url, headers, gzip.compress(body))
    answer = decoded(real)
    assert answer == of(data)
    assert isinstance(answer, tuple)
    assert [seen(message) for message in answer] == asked(data)
    several = len(asked(data)) == 1 and len(asked(data)[0][0]) > 1
    assert [message.traits for message in answer] == [
        frozenset({Trait.MISSING_SPLIT}) if several and "recipient-variables" not in data else frozenset()
        for message in answer
    ]


@settings(max_examples=40, deadline=None)
@given(data=DATA)
def test_the_package_sends_what_its_model_says(data: dict[str, Any]) -> None:
    mailgun = pytest.importorskip("mailgun")
    recorder = Recorder()
    with mailgun.Client(auth=KEY) as client:
        client._session.mount("https://", recorder)
        client.messages.create(data=data, domain="mg.example.com")
    real = recorded(recorder.seen[0])
    model = provider.Client(auth=KEY).messages.create(data=data, domain="mg.example.com")
    assert real.url == model.url
    assert decoded(real) == decoded(model)


@settings(max_examples=40, deadline=None)
@given(
    people=st.lists(st.tuples(ADDRESS, st.sampled_from(["to", "cc", "bcc"])), max_size=5),
    variables=st.sampled_from([None, {}, {"ann@example.com": {"n": 1}}]),
)
def test_the_builder_builds_what_its_model_says(
    people: list[tuple[str, str]], variables: dict[str, Any] | None
) -> None:
    mailgun = pytest.importorskip("mailgun")
    real, model = mailgun.MailgunMessageBuilder("from@example.com"), provider.MailgunMessageBuilder("from@example.com")
    for builder in (real, model):
        builder.set_subject("S").set_text("T").add_custom_header("Reply-To", "cat@example.net").add_option(
            "tag", value="x"
        )
        for address, kind in people:
            assert builder.add_recipient(address, kind) is builder
        if variables is not None:
            builder.set_recipient_variables(variables)
    (theirs, _), (ours, _) = real.build(), model.build()
    assert isinstance(ours, dict)
    assert of(theirs) == of(ours)
    for builder in (real, model):
        with pytest.raises((ValueError, Refused)):
            builder.add_recipient("ann@example.com", "reply")


def test_mime_goes_to_the_endpoint_for_mime() -> None:
    mailgun = pytest.importorskip("mailgun")
    recorder = Recorder()
    source = b"From: from@example.com\nTo: ann@example.com, bob@example.org\n\nT\n"
    arguments: dict[str, Any] = {"data": {"to": ["ann@example.com", "dan@example.com"]}, "domain": "mg.example.com"}
    with mailgun.Client(auth=KEY) as client:
        client._session.mount("https://", recorder)
        client.mimemessage.create(files={"message": ("m.mime", source)}, **arguments)
    model = provider.Client(auth=KEY).mimemessage.create(files={"message": ("m.mime", source)}, **arguments)
    for request in (recorded(recorder.seen[0]), model):
        answer = decoded(request)
        assert isinstance(answer, tuple)
        assert seen(answer[0]) == (["ann@example.com", "bob@example.org"], [], ["dan@example.com"])


def test_a_bcc_line_in_mime_is_left_open() -> None:
    form = Form((("to", "ann@example.com"), ("message", "To: ann@example.com\nBcc: dan@example.com\n\nT\n")))
    answer = decoded(HttpRequest("POST", f"{URL}.mime", {}, form, "form"))
    assert isinstance(answer, Undecided)
    assert answer.reason is Reason.RAW_BCC
    assert [person.address for person in answer.messages[0].transmitted_bcc] == ["dan@example.com"]


def test_mime_with_variables_is_left_open() -> None:
    """Mailgun then writes one message each; whether it keeps the To line of the source is not documented."""
    source = "To: ann@example.com, bob@example.org\n\nT"
    parts = (("to", "ann@example.com"), ("to", "bob@example.org"), ("recipient-variables", "{}"))
    answer = decoded(HttpRequest("POST", f"{URL}.mime", {}, Form((*parts, ("message", source))), "form"))
    assert isinstance(answer, Undecided)
    assert [len(message.to) for message in answer.messages] == [2]
    assert [len(message.to) for message in answer.alternative] == [1, 1]
    alone = source.replace("ann@example.com, bob@example.org", "%recipient%")
    assert isinstance(
        decoded(HttpRequest("POST", f"{URL}.mime", {}, Form((*parts, ("message", alone))), "form")), tuple
    )


@pytest.mark.parametrize("path", ["messages", "messages.mime", "messages.mime;v=2"])
def test_a_send_by_another_method_or_path_does_not_pass(path: str) -> None:
    form = Form((("from", "from@example.com"), ("to", "ann@example.com"), ("message", "To: ann@example.com\n\nT")))
    url = URL.replace("/messages", f"/{path}")
    assert decoded(HttpRequest("PUT" if ";" not in path else "POST", url, {}, form, "form")) != ()


def test_mime_without_its_part_cannot_be_told() -> None:
    answer = decoded(HttpRequest("POST", f"{URL}.mime", {}, Form((("to", "ann@example.com"),)), "form"))
    assert isinstance(answer, CannotTell)
    # A part that was read from a stream is there, and empty.
    for nothing in ("", "\r\n"):
        parts = (("to", "ann@example.com"), ("message", nothing))
        answer = decoded(HttpRequest("POST", f"{URL}.mime", {}, Form(parts), "form"))
        assert isinstance(answer, CannotTell)
        assert answer.reason is Reason.BODY_MISSING


# --- Traps ---------------------------------------------------------------------------------------

BOTH = {"from": "from@example.com", "to": ["ann@example.com", "bob@example.org"]}


def test_variables_that_leave_a_recipient_out_still_ask_for_one_each() -> None:
    data = {**BOTH, "recipient-variables": '{"ann@example.com": {}}'}
    assert [seen(message)[0] for message in of(data)] == [["ann@example.com"], ["bob@example.org"]]


@pytest.mark.parametrize("value", ["", "yes", "[]", "null", None])
def test_what_is_no_json_object_asks_for_nothing(value: str | None) -> None:
    (message,) = of({**BOTH, "recipient-variables": value})
    assert message.traits == {Trait.MISSING_SPLIT}


def test_cc_is_printed_on_every_one_of_many() -> None:
    data = {**BOTH, "cc": "cat@example.net", "bcc": "dan@example.com", "recipient-variables": "{}"}
    assert [seen(message) for message in of(data)] == [
        (["ann@example.com"], ["cat@example.net"], ["dan@example.com"]),
        (["bob@example.org"], ["cat@example.net"], ["dan@example.com"]),
    ]


def test_a_header_field_adds_to_what_is_printed() -> None:
    (message,) = of(
        {"to": "ann@example.com", "h:To": "bob@example.org", "H:cc": "cat@example.net", "h:Bcc": "dan@example.com"}
    )
    assert seen(message) == (["ann@example.com", "bob@example.org"], ["cat@example.net"], [])
    assert [person.address for person in message.transmitted_bcc] == ["dan@example.com"]
    one, other = of({**BOTH, "recipient-variables": "{}", "h:To": "%recipient%"})
    assert seen(one)[0] == ["ann@example.com"]
    assert seen(other)[0] == ["bob@example.org"]


def test_a_display_name_with_an_address_is_read_by_its_own_readers_only() -> None:
    data = {"to": ["cat@example.net <ann@example.com>", "bob@example.org"], "recipient-variables": "{}"}
    one, other = of(data)
    assert [mention.recipient.address for mention in one.mentions] == ["cat@example.net"]
    assert other.mentions == ()


def test_repeated_and_bracketed_names_are_all_read() -> None:
    form = Form((("to", "ann@example.com"), ("to[]", "bob@example.org"), ("to[1]", "cat@example.net, dan@example.com")))
    assert len(of(form)[0].to) == 4


# --- The code's side -----------------------------------------------------------------------------

MANY_PEOPLE = Items((Member(Unknown("user.email", OPTIONAL), MANY),))


def test_many_people_of_the_code_share_a_message_unless_it_asks_for_one_each() -> None:
    (shared,) = of({"to": MANY_PEOPLE})
    assert [person.count for person in shared.to] == [MANY]
    assert shared.traits == {Trait.MISSING_SPLIT}
    (each,) = of({"to": MANY_PEOPLE, "recipient-variables": Unknown("json.dumps()")})
    assert [person.count for person in each.to] == [ONE]
    assert each.copies == MANY
    assert not each.traits


@pytest.mark.parametrize("value", [Either((Unknown("v"), ABSENT)), Either(("{}", None))])
def test_variables_that_only_one_branch_sets_plainly_are_absent(value: Value) -> None:
    for to in (MANY_PEOPLE, [Known("ann@example.com"), Known("bob@example.org")]):
        (message,) = of(Fields((("to", to), ("recipient-variables", value))))
        assert message.traits == {Trait.MISSING_SPLIT}
        assert all(person.count.low == 0 for person in message.to)
        assert sum(person.count.plain for person in message.to) == 2


def test_a_parameter_may_hold_several() -> None:
    (message,) = of({"to": Parameter("to", "m:f", OPEN)})
    assert [person.count for person in message.to] == [OPEN]
    assert message.to[0].parameter
    assert not message.traits


def test_a_field_whose_name_is_not_known_may_be_to() -> None:
    (message,) = of(Fields((("to", "ann@example.com"),), rest=Unknown("x", OPTIONAL)))
    assert [person.count for person in message.to] == [ONE, Count(0, 1, 1)]


@pytest.mark.parametrize(
    ("url", "operation"),
    [
        (Text(("https://api.mailgun.net/v3/", Unknown("domain"), "/messages")), "v3/messages"),
        (Text(("https://api.eu.mailgun.net/v3/", Unknown("domain"), "/messages.mime")), "v3/messages.mime"),
        (Text((Unknown("settings.MAILGUN_URL"), "/messages")), "v3/messages"),
        (Unknown("settings.MAILGUN_API_URL"), "v3/messages"),
        (Text(("https://api.mailgun.net/v3/", Unknown("path"))), "v3/messages"),
        ("https://api.mailgun.net/v2/mg.example.com/messages/", "v3/messages"),
        (Unknown("settings.API_URL"), None),
        (Text((Unknown("base"), "/messages")), None),
        ("https://api.example.com/v3/mg.example.com/messages", None),
        ("https://api.mailgun.net/v3/mg.example.com/events", "v3"),
        ("https://api.mailgun.net/v3/lists/a@mg.example.com/members", "v3"),
        ("https://storage-us-east4.api.mailgun.net/v3/domains/mg.example.com/messages/KEY", "?v3/messages"),
    ],
)
def test_urls_with_holes_are_claimed_as_far_as_they_are_known(url: Value, operation: str | None) -> None:
    request = HttpRequest("POST", url, {}, {"from": "from@example.com", "to": Unknown("to")}, "form")
    assert PROVIDER.claims(request) == operation


def test_a_form_of_mail_fields_to_messages_is_ours_wherever_it_goes() -> None:
    url = Text((Unknown("self.api_endpoint"), "/messages"))
    form = {**BOTH, "subject": "S", "text": "T"}
    assert PROVIDER.claims(HttpRequest("POST", url, {}, form, "form")) == "v3/messages"
    assert PROVIDER.claims(HttpRequest("POST", url, {}, form, "json")) is None
    assert PROVIDER.claims(HttpRequest("POST", url, {}, {"to": "1", "body": "T"}, "form")) is None
    assert PROVIDER.claims(HttpRequest("POST", "https://api.example.com/messages", {}, form, "form")) is None


def test_reading_sends_nothing() -> None:
    request = HttpRequest("GET", URL)
    operation = PROVIDER.claims(request)
    assert operation is not None
    assert PROVIDER.decode(operation, request) == ()
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


def test_a_request_without_its_body_cannot_be_told() -> None:
    answer = decoded(HttpRequest("POST", URL))
    assert isinstance(answer, CannotTell)
    assert answer.reason is Reason.BODY_MISSING


def test_json_that_the_service_would_refuse_is_read_all_the_same() -> None:
    request = HttpRequest("POST", URL, {"Content-Type": "application/json"}, json.dumps(BOTH))
    answer = decoded(request)
    assert isinstance(answer, tuple)
    assert len(answer[0].to) == 2
