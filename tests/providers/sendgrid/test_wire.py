"""What requests to SendGrid mean, however they were written and whatever a recorder did to them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPEN, Count
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Field, Message, Reason, Trait
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers.sendgrid import PROVIDER
from mailguard.transports.http import calls
from mailguard.transports.http.bodies import dumps

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
URL = "https://api.sendgrid.com/v3/mail/send"


def decoded(body: Value, url: str = URL) -> Any:
    """The answer to a request with that body."""
    request = HttpRequest("POST", url, {}, body, "" if isinstance(body, (str, bytes)) else "json")
    operation = PROVIDER.claims(request)
    assert operation is not None
    return PROVIDER.decode(operation, request)


def one(body: Value, url: str = URL) -> Message:
    """The only message of a request."""
    answer = decoded(body, url)
    assert isinstance(answer, tuple), answer
    (message,) = answer
    return message


def to(*people: Value, **more: Value) -> dict[str, Value]:
    """A request with one personalization."""
    return {"personalizations": [{"to": [{"email": person} for person in people]}], **more}


def addresses(message: Message) -> list[str | None]:
    return [person.address for person in message.to]


def total(message: Message) -> Count:
    count = Count(0, 0, 0)
    for person in message.to:
        count += person.count
    return count


# --- Claims ---------------------------------------------------------------------------------------

OPERATIONS = {
    ("POST", URL): "v3/mail/send",
    ("POST", URL + "/"): "v3/mail/send",
    ("POST", "https://api.sendgrid.com//v3/mail//send"): "v3/mail/send",
    ("POST", "https://api.sendgrid.com:443/v3/mail/send?x=1"): "v3/mail/send",
    ("POST", "https://key:secret@api.eu.sendgrid.com/v3/mail/send"): "v3/mail/send",
    ("POST", "HTTPS://API.SENDGRID.COM/v3/mail/send"): "v3/mail/send",
    ("post", "https://api.sendgrid.com/v3/mail/send/beta"): "v3/mail/send",
    ("POST", "https://email.twilio.com/v3/mail/send"): "v3/mail/send",
    ("POST", "https://api.sendgrid.com/api/mail.send.json"): "api/mail.send",
    ("POST", "https://sendgrid.com/api/mail.send.xml"): "api/mail.send",
    ("GET", "https://sendgrid.com/api/mail.send.json?to=ann@example.com"): "api/mail.send",
    ("GET", URL): "account",
    ("POST", "https://api.sendgrid.com/v3/mail/batch"): "account",
    ("POST", "https://api.sendgrid.com/v3/contactdb/recipients"): "account",
    ("POST", "https://api.sendgrid.com/v3/user/scheduled_sends"): "account",
    ("POST", "https://api.sendgrid.com/v3/marketing/singlesends"): "account",
    ("DELETE", "https://api.sendgrid.com/v3/suppression/bounces/ann@example.com"): "account",
    ("POST", "https://api.sendgrid.com/v3/campaigns/7/schedules/now"): "lists",
    ("PUT", "https://api.sendgrid.com/v3/marketing/singlesends/7/schedule"): "lists",
    ("POST", "https://api.sendgrid.com/v3/marketing/test/send_email"): "?",
    ("POST", "https://api.sendgrid.com/v4/mail/send"): "?",
    ("POST", "https://api.sendgrid.com/api/mail.send.yaml"): "?",
    ("POST", "https://api.example.com/v3/mail/send"): None,
    ("POST", "https://notapi.sendgrid.com.example.net/v3/mail/send"): None,
}


@pytest.mark.parametrize(("request_line", "operation"), OPERATIONS.items(), ids=str)
def test_whose_request_it_is(request_line: tuple[str, str], operation: str | None) -> None:
    method, url = request_line
    assert PROVIDER.claims(HttpRequest(method, url)) == operation


def test_a_request_with_holes_in_its_address() -> None:
    hole = Unknown("path")
    known_body = HttpRequest(Unknown("method"), Text(("https://api.sendgrid.com/", hole)), {}, to(A), "json")
    assert PROVIDER.claims(known_body) == "v3/mail/send"
    assert PROVIDER.claims(HttpRequest("POST", Text(("https://api.sendgrid.com/", hole)), {}, hole)) == "?"
    # Nothing tells the host: what only this service reads tells the service.
    assert PROVIDER.claims(HttpRequest("POST", Text((hole, "/v3/mail/send")), {}, to(A), "json")) == "v3/mail/send"
    assert PROVIDER.claims(HttpRequest("POST", hole, {}, to(A), "json")) == "v3/mail/send"
    assert PROVIDER.claims(HttpRequest("POST", hole, {}, {"to": A}, "json")) is None
    assert PROVIDER.claims(HttpRequest("POST", "https://mail.example.com/send", {}, to(A), "json")) is None


@pytest.mark.parametrize(("operation", "reason"), [("?", Reason.UNKNOWN_FORM), ("lists", Reason.LIST_AT_PROVIDER)])
def test_what_cannot_be_told(operation: str, reason: Reason) -> None:
    answer = PROVIDER.decode(operation, HttpRequest("POST", URL, {}, "{}"))
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


# --- Every message of a request -------------------------------------------------------------------


def test_settings_copy_every_message() -> None:
    body = {
        "personalizations": [{"to": [{"email": A}]}, {"to": [{"email": B}], "bcc": [{"email": C}]}],
        "mail_settings": {"bcc": {"enable": True, "email": D}},
    }
    assert [[person.address for person in message.bcc] for message in decoded(body)] == [[D], [C, D]]


@pytest.mark.parametrize(
    ("flag", "count"),
    [(False, None), (None, None), (Known(True), Count(1, 1, 1)), (Unknown("flag"), Count(0, 0, 1))],
)
def test_a_setting_that_is_off_copies_nobody(flag: Value, count: Count | None) -> None:
    message = one(to(A, mail_settings={"bcc": {"enable": flag, "email": D}}))
    assert [person.count for person in message.bcc] == ([] if count is None else [count])


def test_answers_to_several_are_printed() -> None:
    message = one(to(A, reply_to={"email": B}, reply_to_list=[{"email": C}, {"email": D, "name": "x@example.com"}]))
    assert [person.address for person in message.reply_to] == [B, C, D]
    assert [mention.recipient.address for mention in message.mentions] == ["x@example.com"]


def test_names_that_are_addresses_are_mentioned() -> None:
    body = {"personalizations": [{"to": [{"email": A, "name": B}], "cc": [{"email": C, "name": f"Dan <{D}>"}]}]}
    message = one(body)
    assert [(mention.field, mention.recipient.address) for mention in message.mentions] == [
        (Field.NAME, B),
        (Field.NAME, D),
    ]


def test_headers_that_name_people_are_mentioned() -> None:
    body = {"personalizations": [{"to": [{"email": A}], "headers": {"CC": B}}], "headers": {"To": f"{C}, {D}"}}
    found = [(mention.detail, mention.recipient.address) for mention in one(body).mentions]
    assert found == [("Cc", B), ("To", C), ("To", D)]


def test_a_header_with_control_data_adds_nobody() -> None:
    message = one(to(A, headers={"X-SMTPAPI": json.dumps({"to": [B, C]})}))
    assert addresses(message) == [A]
    assert message.mentions == ()


# --- Robust ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "listed",
    [
        [{"email": A}, {"email": B}],
        [A, B],
        f"{A}, {B}",
        {"email": [A, B]},
        [{"email": f"{A},{B}"}],
        [[{"email": A}], [{"email": B}]],
        [{"Email": A}, {"EMAIL": B}],
        {A: "Ann", B: "Bob"},
        [{"address": A}, {"address": B}],
        [{"email": A}, None, {"email": B}, {}],
    ],
)
def test_nobody_is_lost_in_another_form(listed: Any) -> None:
    message = one(json.dumps({"personalizations": [{"to": listed}]}))
    assert addresses(message) == [A, B]
    assert message.traits == {Trait.SHARED_PERSONALIZATION}


def test_people_without_an_address_are_counted() -> None:
    for listed in (
        [{"email": "REDACTED"}] * 3,
        [{"email": "{{email}}"}] * 3,
        ["[FILTERED]"] * 3,
        [{"name": "Ann"}] * 3,
    ):
        assert total(one(json.dumps({"personalizations": [{"to": listed}]}))) == Count(3, 2, 3)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, Reason.UNKNOWN_FORM),
        ([], Reason.UNKNOWN_FORM),
        ({"personalizations": "REDACTED"}, Reason.MASKED),
        ({"personalizations": None}, Reason.UNKNOWN_FORM),
        ("to=ann@example.com", Reason.UNKNOWN_FORM),
        ('{"personalizations": [{"to": [{"em', Reason.BODY_CUT),
        ("", Reason.BODY_MISSING),
        (Unknown("data"), Reason.ADDRESSES),
        (Fields((), open=True), Reason.ADDRESSES),
    ],
)
def test_what_was_not_kept_is_said(body: Value, reason: Reason) -> None:
    answer = decoded(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


def test_people_at_the_root_are_people() -> None:
    assert addresses(one({"to": [{"email": A}], "subject": "S"})) == [A]


def test_one_personalization_without_its_list() -> None:
    assert addresses(one({"personalizations": {"to": {"email": A}}})) == [A]


def test_no_personalization_is_no_message() -> None:
    assert decoded({"personalizations": []}) == ()
    content = [{"type": "text/plain", "value": "T"}]
    assert decoded({"from": {"email": "from@example.com"}, "subject": "S", "content": content}) == ()


# --- With holes -----------------------------------------------------------------------------------


def test_many_personalizations_of_one() -> None:
    each = {"to": [{"email": Unknown("user.email", Count(0, 1, 1))}]}
    message = one({"personalizations": Items((Member(each, MANY),))})
    assert message.copies == MANY
    assert total(message) == Count(0, 1, 1)
    assert message.traits == frozenset()


def test_one_personalization_of_many() -> None:
    people = Items((Member({"email": Unknown("user.email", Count(0, 1, 1))}, MANY),))
    message = one({"personalizations": [{"to": people}]})
    assert total(message) == MANY
    assert message.traits == {Trait.SHARED_PERSONALIZATION}


def test_personalizations_that_a_caller_gives_are_open() -> None:
    message = one({"personalizations": Parameter("personalizations", "f")})
    assert total(message) == OPEN
    assert [person.parameter for person in message.to] == [True]
    assert message.copies == MANY


def test_people_that_a_caller_gives_are_open() -> None:
    assert total(one({"personalizations": [{"to": Parameter("to", "f")}]})) == OPEN


def test_branches_of_a_list_never_meet() -> None:
    either = Either(([{"email": A}, {"email": B}], [{"email": C}]))
    assert total(one({"personalizations": [{"to": either}]})) == Count(0, 2, 3)


def test_branches_of_one_address() -> None:
    either = Either((Fields((("email", Known(A)),)), Fields((("email", Known(B)),)), ABSENT))
    assert total(one({"personalizations": [{"to": [either]}]})).high == 1


# --- The older API --------------------------------------------------------------------------------

OLD = "https://api.sendgrid.com/api/mail.send.json"


def old(data: Value, **more: Any) -> Any:
    """The answer to a form that the code posts."""
    request = calls.request("POST", OLD, data=data, **more)
    operation = PROVIDER.claims(request)
    assert operation == "api/mail.send"
    return PROVIDER.decode(operation, request)


def test_a_form_is_shared() -> None:
    (message,) = old([("to[]", A), ("to[]", B), ("cc[]", C), ("bcc", D), ("replyto", "x@example.com")])
    assert addresses(message) == [A, B]
    assert [person.address for person in message.cc] == [C]
    assert [person.address for person in message.bcc] == [D]
    assert [person.address for person in message.reply_to] == ["x@example.com"]
    assert message.traits == {Trait.MISSING_SPLIT}


def test_control_data_keeps_apart() -> None:
    found = old({"to": D, "x-smtpapi": json.dumps({"to": [A, f"Bob <{B}>"]})})
    assert [addresses(message) for message in found] == [[A], [B]]


@pytest.mark.parametrize("control", ["{}", json.dumps({"to": []}), json.dumps({"category": "x"}), "", None])
def test_control_data_without_people_does_not(control: str | None) -> None:
    (message,) = old({"to": [A, B], "x-smtpapi": control})
    assert addresses(message) == [A, B]


def test_control_data_of_the_code_keeps_apart() -> None:
    people = Items((Member(Unknown("user.email", Count(0, 1, 1)), MANY),))
    (message,) = old({"to": D, "x-smtpapi": dumps({"to": people})})
    assert message.copies == MANY
    assert [person.count.high for person in message.to] == [1]


def test_control_data_that_may_have_people_shows_both() -> None:
    control = dumps(Fields((("to", Either((Items((Member(Unknown("x"), MANY),)), ABSENT))),)))
    shared, apart = old({"to": [A, B], "x-smtpapi": control})
    assert addresses(shared) == [A, B]
    assert [person.count.low for person in shared.to] == [0, 0]
    assert len(apart.to) == 1


def test_a_query_holds_people_too() -> None:
    request = calls.request("GET", OLD, {"to[]": [A, B], "from": C})
    (message,) = PROVIDER.decode("api/mail.send", request)
    assert addresses(message) == [A, B]


def test_damaged_control_data_cannot_be_told() -> None:
    assert isinstance(old({"to": A, "x-smtpapi": '{"to": ["an'}), CannotTell)


# --- Laws -----------------------------------------------------------------------------------------

names = st.none() | st.text(max_size=4) | st.sampled_from([A, "Ann"])
mailboxes = st.fixed_dictionaries({"email": st.sampled_from([A, B, C, D])}, optional={"name": names})
personalizations = st.lists(
    st.fixed_dictionaries({"to": st.lists(mailboxes, max_size=4)}, optional={"cc": st.lists(mailboxes, max_size=2)}),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(listed=personalizations)
def test_every_personalization_is_a_message_and_nobody_is_lost(listed: list[dict[str, Any]]) -> None:
    answer = decoded(json.dumps({"personalizations": listed}))
    assert isinstance(answer, tuple)
    assert [addresses(message) for message in answer] == [[item["email"] for item in one["to"]] for one in listed]
    assert [[person.address for person in message.cc] for message in answer] == [
        [item["email"] for item in one.get("cc", [])] for one in listed
    ]


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.text(max_size=5)
    | st.sampled_from([A, Unknown("x"), Parameter("p", "f")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["to", "cc", "email", "name", "personalizations", "headers", "mail_settings", "bcc"]),
            inner,
            max_size=4,
        )
        | st.tuples(inner, inner).map(Either)
        | inner.map(lambda value: Items((Member(value, MANY),)))
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(body=anything, url=st.sampled_from([URL, OLD]))
def test_nothing_makes_it_fail(body: Any, url: str) -> None:
    request = HttpRequest("POST", url, {}, body, "json")
    answer = PROVIDER.decode(PROVIDER.claims(request) or "", request)
    assert isinstance(answer, (tuple, CannotTell))
