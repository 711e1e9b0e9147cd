"""SparkPost: one message for each To that is printed; the package's requests and its model's agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Repeat, Text, Unknown, Value
from mailguard.providers import sparkpost as provider
from mailguard.providers.sparkpost import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

URL = "https://api.sparkpost.com/api/v1/transmissions"
OBJECT = st.builds(lambda contact, more: {"address": {**contact, **more}}, sdk.CONTACT, st.just({}))
SHOWN = st.builds(
    lambda contact, header: {"address": {**contact, "header_to": header}},
    sdk.CONTACT,
    st.sampled_from(["ann@example.com, bob@example.org", "ann@example.com", '"Doe, Jane" <jane@example.com>', ""]),
)
RECIPIENTS = st.lists(sdk.MAILBOX | OBJECT | SHOWN, min_size=1, max_size=4)
OPTIONS = st.fixed_dictionaries(
    {"recipients": RECIPIENTS, "from_email": st.just("from@example.com"), "text": st.just("T")},
    optional={
        "cc": sdk.MAILBOXES,
        "bcc": sdk.MAILBOXES,
        "reply_to": sdk.LINE,
        "custom_headers": st.sampled_from([{"CC": "team@example.com"}, {"Reply-To": "team@example.com"}, {}]),
        "campaign": st.just("c"),
    },
)
FAILURES: tuple[type[Exception], ...] = (TypeError, KeyError, AttributeError)


def sent(*recipients: Any, **content: Any) -> Any:
    body = {"recipients": list(recipients), "content": content}
    return sdk.asked(PROVIDER, HttpRequest("POST", URL, {}, body, "json"))


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


def to(address: str, header: str | None = None) -> dict[str, Any]:
    return {"address": {"email": address, **({} if header is None else {"header_to": header})}}


def clients() -> tuple[Any, Any]:
    package = pytest.importorskip("sparkpost", reason="compares with the package")
    return package.SparkPost("key").transmissions, provider.SparkPost("key").read("transmissions")


A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"


# --- The package ---------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(chosen=OPTIONS)
def test_a_send_of_the_package_is_what_its_model_says(chosen: dict[str, Any]) -> None:
    real, ours = clients()
    assert sdk.agree(PROVIDER, lambda: real.send(**chosen), lambda: ours.send(**chosen))


def test_other_hosts_and_a_stored_list() -> None:
    package = pytest.importorskip("sparkpost", reason="compares with the package")
    real = package.SparkPost("key", package.EU_API).transmission
    ours = provider.SparkPost("key", "api.eu.sparkpost.com").read("transmission")
    for chosen in (
        {"recipients": [A, B]},
        {"recipient_list": "list", "custom_headers": {"CC": C}},
        {"recipient_list": "list", "cc": [C]},
        {"recipients": {"list_id": "list"}, "cc": [C]},
    ):
        assert sdk.agree(PROVIDER, lambda chosen=chosen: real.send(**chosen), lambda chosen=chosen: ours.send(**chosen))
    (found,) = sdk.asked(PROVIDER, ours.send(recipient_list="list", custom_headers={"CC": C}))
    assert (people(found), found.hidden, found.copies) == ([[], [C], []], ONE, MANY)


@pytest.mark.parametrize(
    "chosen",
    [
        {"recipients": "ann@example.com"},
        {"recipients": ("ann@example.com",)},
        {"recipients": [A], "cc": "cat@example.net"},
        {"recipients": [A], "cc": ("cat@example.net",)},
        {"recipients": [A], "cc": [{"address": {"email": C}}]},
        {"recipients": [{"address": A}], "bcc": [C]},
        {"recipients": [A], "bcc": [{"address": C}]},
        {"recipients": [A], "recipient_list": "list"},
    ],
)
def test_what_the_package_refuses_its_model_refuses(chosen: dict[str, Any]) -> None:
    real, ours = clients()
    from sparkpost.exceptions import SparkPostException

    failures = (SparkPostException, *FAILURES)
    assert not sdk.agree(PROVIDER, lambda: real.send(**chosen), lambda: ours.send(**chosen), failures=failures)


def test_a_thousand_people_are_a_thousand_messages() -> None:
    real, ours = clients()
    chosen = {"recipients": sdk.THOUSAND}
    assert sdk.agree(PROVIDER, lambda: real.send(**chosen), lambda: ours.send(**chosen))
    assert [len(one.to) for one in sdk.asked(PROVIDER, ours.send(**chosen))] == [1] * 1000
    (shared,) = sent(*(to(address, ", ".join(sdk.THOUSAND)) for address in sdk.THOUSAND))
    assert (len(shared.to), len(shared.bcc)) == (1000, 0)


def test_of_several_addresses_in_one_text_the_first_is_kept() -> None:
    (found,) = sdk.asked(PROVIDER, provider.SparkPost("key").read("transmissions").send(recipients=[f"{A}, {B}"]))
    assert people(found) == [[A], [], []]


# --- The wire ------------------------------------------------------------------------------------


def test_each_reads_himself_unless_a_header_says_more() -> None:
    assert [people(one) for one in sent(to(A), {"address": B}, to(C, f"{A}, {B}"))] == [
        [[A], [], []],
        [[B], [], []],
        [[A, B], [], [C]],
    ]


def test_who_prints_the_same_to_is_in_one_message() -> None:
    (found,) = sent(to(A, f"{A}, {B}"), to(B, f'"B" <{B}>, {A.upper()}'), to(C, f"{B}, {A}"), headers={"cc": C})
    assert people(found) == [[A, B], [C], []]


def test_a_to_and_a_bcc_header_of_the_content_count() -> None:
    (found,) = sent(to(A), headers={"To": B, "Bcc": D})
    assert people(found) == [[A, B], [], []]
    assert [person.address for person in found.transmitted_bcc] == [D]


def test_a_header_that_hides_everybody() -> None:
    (found,) = sent(to(A, "team@example.com"), to(B, "team@example.com"))
    assert people(found) == [["team@example.com"], [], [A, B]]


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", URL + "/", "transmissions"),
        ("POST", URL + "?num_rcpt_errors=3", "transmissions"),
        ("POST", "https://api.eu.sparkpost.com/api/v1/transmissions", "transmissions"),
        ("POST", "https://acme.api.e.sparkpost.com/api/v1/transmissions", "transmissions"),
        ("POST", "https://acme.sparkpostelite.com/api/v1/transmissions", "transmissions"),
        ("POST", Text(("https://", Unknown("settings.SPARKPOST_HOST"), "/api/v1/transmissions")), "transmissions"),
        ("POST", Text(("https://api.sparkpost.com/api/v1/", Unknown("path"))), "transmissions"),
        ("POST", Text((Unknown("url"), "/transmissions")), None),
        ("DELETE", URL + "/7", "account"),
        ("GET", URL, "account"),
        ("POST", "https://api.sparkpost.com/api/v1/recipient-lists", "account"),
        ("POST", "https://api.sparkpost.com/api/v1/transmissions/later", "?"),
    ],
)
def test_whose_request_it_is(method: str, url: Value, operation: str | None) -> None:
    body = {"recipients": [to(A)], "content": {}} if operation != "account" else {"name": "x"}
    sdk.hold_claim(PROVIDER, HttpRequest(method, url, {}, body, "json"), operation)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({"content": {}}, Reason.ADDRESSES),
        ({"recipients": [to(A)], "content": {"email_rfc822": "To: a@example.com\n\nT"}}, Reason.UNKNOWN_FORM),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sdk.asked(PROVIDER, HttpRequest("POST", URL, {}, body, "json"))
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


# --- The code's side -----------------------------------------------------------------------------

USER = Unknown("user.email", OPTIONAL)
ENTRY = Fields((("address", Fields((("email", USER),))),))


def test_a_list_of_unknown_length_is_one_each() -> None:
    (found,) = sent_items(Items((Member(ENTRY, MANY),)))
    assert (found.to[0].count, found.copies, found.bcc) == (OPTIONAL, MANY, ())
    (by_package,) = sdk.asked(PROVIDER, package_send(recipients=Items((Member(USER, MANY),))))
    assert (by_package.to[0].count, by_package.copies) == (OPTIONAL, MANY)


def sent_items(recipients: Value) -> Any:
    body = {"recipients": recipients, "content": {}}
    return sdk.asked(PROVIDER, HttpRequest("POST", URL, {}, body, "json"))


def package_send(**chosen: Value) -> HttpRequest:
    return provider.SparkPost("key").read("transmissions").send(**chosen)  # type: ignore[union-attr, no-any-return]


def test_a_list_joined_into_the_header_is_shown_to_all() -> None:
    everybody = Text((Repeat(USER, MANY, ", "),))
    entry = Fields((("address", Fields((("email", USER), ("header_to", everybody)))),))
    (found,) = sent_items(Items((Member(entry, MANY),)))
    assert [person.count for person in found.to] == [MANY]


def test_a_header_with_ones_own_address_hides_nobody() -> None:
    entry = Fields((("address", Fields((("email", USER), ("header_to", USER)))),))
    (found,) = sent_items(Items((Member(entry, MANY),)))
    assert (len(found.to), found.bcc, found.copies) == (1, (), MANY)


def test_one_address_for_all_of_a_list_leaves_the_list_blind() -> None:
    entry = Fields((("address", Fields((("email", USER), ("header_to", Known("team@example.com"))))),))
    (found,) = sent_items(Items((Member(entry, MANY),)))
    assert [person.address for person in found.to] == ["team@example.com"]
    assert [person.count for person in found.bcc] == [MANY]


def test_copies_print_the_first_recipient() -> None:
    request = package_send(
        recipients=Items((Member(USER, MANY),)), cc=[Known(C)], bcc=Items((Member(Unknown("x"), MANY),))
    )
    first, cc, bcc = sdk.asked(PROVIDER, request)
    assert people(first) == [[None], [C], []]
    assert (people(cc), cc.copies) == ([[None], [C], []], ONE)
    assert (people(bcc), bcc.copies) == ([[None], [C], [None]], MANY)


def test_what_only_the_caller_knows() -> None:
    (found,) = sent_items(Parameter("people", "m:f"))
    assert found.to[0].parameter
    request = package_send(recipients=Parameter("people", "m:f"))
    assert sdk.asked(PROVIDER, request)[0].copies == MANY
    branch = Either((to(A), to(B, f"{A}, {B}")))
    assert sent_items([branch])
    with pytest.raises(Refused):
        package_send(recipients=(Known(A),))
    assert sent_items([Either((to(A), ABSENT))])
