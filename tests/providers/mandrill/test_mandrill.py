"""Mandrill: one flag decides, and without it an option of the account; the packages' requests and their models' agree."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Reason, Trait, Undecided
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import mandrill as provider
from mailguard.providers.mandrill import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://mandrillapp.com/api/1.0"
ENTRY = st.builds(
    lambda contact, kind: {**contact, **kind},
    sdk.CONTACT,
    st.sampled_from([{}, {"type": "to"}, {"type": "cc"}, {"type": "bcc"}]),
)
MESSAGE = st.fixed_dictionaries(
    {"from_email": st.just("from@example.com"), "text": st.just("T"), "to": st.lists(ENTRY, min_size=1, max_size=5)},
    optional={
        "preserve_recipients": st.sampled_from([True, False, None]),
        "bcc_address": sdk.PLAIN,
        "headers": st.sampled_from([{"Reply-To": "team@example.com"}, {"Cc": "cat@example.net"}]),
    },
)
MIME = "From: from@example.com\nTo: ann@example.com, bob@example.org\nSubject: S\n\nT\n"


def sent(body: Value, path: str = "/messages/send.json") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", ROOT + path, {}, body, "json"))


def message(*to: Any, **fields: Any) -> Any:
    return sent({"key": "k", "message": {"to": list(to), **fields}})


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


ANN = {"email": "ann@example.com"}
BOB = {"email": "bob@example.org", "type": "to"}
CAT = {"email": "cat@example.net", "type": "cc"}
DAN = {"email": "dan@example.com", "type": "bcc"}


# --- The packages --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mandrill", "mailchimp_transactional"])
@settings(max_examples=40, deadline=None)
@given(body=MESSAGE)
def test_a_send_of_a_package_is_what_its_model_says(name: str, body: dict[str, Any]) -> None:
    package = pytest.importorskip(name, reason="compares with the package")
    if name == "mandrill":
        real, ours = package.Mandrill("k").messages, provider.Mandrill("k").read("messages")
        assert sdk.agree(PROVIDER, lambda: real.send(deepcopy(body)), lambda: ours.send(body))
        assert sdk.agree(
            PROVIDER, lambda: real.send_template("t", [], deepcopy(body)), lambda: ours.send_template("t", [], body)
        )
    else:
        real, ours = package.Client("k").messages, provider.Client("k").read("messages")
        whole = {"message": body}
        for call in ("send", "send_template", "send_mc_template"):
            assert sdk.agree(
                PROVIDER,
                lambda call=call: getattr(real, call)(deepcopy(whole)),
                lambda call=call: getattr(ours, call)(whole),
                answer=[1],
            )


@pytest.mark.parametrize("envelope", [None, [], ["ann@example.com", "dan@example.com"]])
@pytest.mark.parametrize("source", [MIME, MIME.replace("Subject", "Bcc: dan@example.com\nSubject")])
def test_raw_of_a_package_is_what_its_model_says(envelope: Any, source: str) -> None:
    old = pytest.importorskip("mandrill", reason="compares with the package").Mandrill("k").messages
    arguments = (source, "from@example.com", None, envelope)
    assert sdk.agree(
        PROVIDER, lambda: old.send_raw(*arguments), lambda: provider.Mandrill("k").read("messages").send_raw(*arguments)
    )
    new = pytest.importorskip("mailchimp_transactional", reason="compares with the package").Client("k").messages
    body = {"raw_message": source, "to": envelope}
    assert sdk.agree(
        PROVIDER,
        lambda: new.send_raw(dict(body)),
        lambda: provider.Client("k").read("messages").send_raw(body),
        answer=[1],
    )


def test_a_thousand_people_are_a_thousand() -> None:
    package = pytest.importorskip("mandrill", reason="compares with the package")
    real, ours = package.Mandrill("k").messages, provider.Mandrill("k").read("messages")
    for flag, sizes in ((True, [1000]), (False, [1] * 1000)):
        body = {"to": [{"email": address} for address in sdk.THOUSAND], "preserve_recipients": flag}
        assert sdk.agree(PROVIDER, lambda body=body: real.send(deepcopy(body)), lambda body=body: ours.send(body))
        assert [len(found.to) for found in sdk.asked(PROVIDER, ours.send(body))] == sizes


def test_any_call_by_its_name_is_read() -> None:
    package = pytest.importorskip("mandrill", reason="compares with the package")
    body = {"message": {"to": [ANN, BOB], "preserve_recipients": True}}
    assert sdk.agree(
        PROVIDER,
        lambda: package.Mandrill("k").call("messages/send", deepcopy(body)),
        lambda: provider.Mandrill("k").call("messages/send", body),
    )


# --- The flag ------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", [True, "true", 1])
def test_preserved_recipients_read_each_other(flag: Value) -> None:
    (found,) = message(ANN, BOB, CAT, DAN, preserve_recipients=flag)
    assert people(found) == [["ann@example.com", "bob@example.org"], ["cat@example.net"], ["dan@example.com"]]
    assert found.traits == {Trait.MISSING_SPLIT}


@pytest.mark.parametrize("flag", [False, "false", 0])
def test_otherwise_each_address_reads_itself_only(flag: Value) -> None:
    found = message(ANN, BOB, CAT, DAN, preserve_recipients=flag, bcc_address="eve@example.com")
    assert [people(one) for one in found] == [
        [[address], [], ["eve@example.com"]]
        for address in ("ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com")
    ]


@pytest.mark.parametrize("flags", [{}, {"preserve_recipients": None}, {"preserve_recipients": Unknown("x")}])
def test_without_the_flag_the_account_decides(flags: dict[str, Value]) -> None:
    found = message(ANN, BOB, **flags)
    assert isinstance(found, Undecided)
    assert found.reason is Reason.ACCOUNT_OPTION
    assert [len(one.to) for one in found.messages] == [2]
    assert [len(one.to) for one in found.alternative] == [1, 1]


def test_a_flag_of_one_branch_is_no_answer() -> None:
    for flag in (Either((Known(False), ABSENT)), Either((Known(True), Known(False)))):
        body = Fields((("to", [ANN, BOB]), ("preserve_recipients", flag)))
        assert isinstance(sent({"message": body}), Undecided)


def test_for_one_person_both_readings_are_the_same() -> None:
    (found,) = message(ANN)
    assert people(found) == [["ann@example.com"], [], []]


def test_a_kind_that_only_a_branch_tells_is_read_as_both() -> None:
    entry = Either(({**BOB, "type": "to"}, {**BOB, "type": "bcc"}))
    (found,) = message(ANN, entry, preserve_recipients=True)
    assert people(found) == [["ann@example.com", "bob@example.org"], [], ["bob@example.org"]]
    assert [person.count.low for person in (*found.to, *found.bcc)] == [1, 0, 0]


def test_an_address_in_a_name_is_read_by_its_own_reader() -> None:
    named = {"email": "ann@example.com", "name": "cat@example.net"}
    (found,) = message(named, BOB, preserve_recipients=True)
    assert len(found.mentions) == 1
    first, second = message(named, BOB, preserve_recipients=False)
    assert [len(one.mentions) for one in (first, second)] == [1, 0]


# --- The rest of the wire ------------------------------------------------------------------------


def test_the_envelope_of_raw_mail_may_hold_objects() -> None:
    (found,) = sent({"raw_message": MIME, "to": [ANN, DAN]}, "/messages/send-raw.json")
    assert people(found) == [["ann@example.com", "bob@example.org"], [], ["dan@example.com"]]


def test_a_bcc_line_in_raw_mail_is_left_open() -> None:
    source = "To: ann@example.com\nBcc: dan@example.com\n\nT\n"
    found = sent({"raw_message": source}, "/messages/send-raw.json")
    assert isinstance(found, Undecided)
    assert found.reason is Reason.RAW_BCC
    assert isinstance(sent({"to": ["ann@example.com"]}, "/messages/send-raw.json"), CannotTell)


@pytest.mark.parametrize(
    ("path", "operation"),
    [
        ("/api/1.0/messages/send.json", "messages/send"),
        ("/api/1.3/messages/send", "messages/send"),
        ("/api/1.0/messages/send.xml", "messages/send"),
        ("/api/1.0/messages/send-template.json", "messages/send-template"),
        ("/api/1.3/messages/send-mc-template.json", "messages/send-template"),
        ("/api/1.4/messages/send-raw.json", "messages/send-raw"),
        ("/api/1.0/messages/send-later.json", "?"),
        ("/api/1.3/messages/send-sms.json", "account"),
        ("/api/1.0/inbound/send-raw.json", "account"),
        ("/api/1.0/messages/search.json", "account"),
        ("/api/1.0/messages/reschedule.json", "account"),
        ("/api/1.0/templates/list.json", "account"),
    ],
)
def test_paths(path: str, operation: str) -> None:
    body = {"message": {"to": [ANN]}, "raw_message": MIME} if operation != "account" else {"name": "x"}
    request = HttpRequest("POST", "https://mandrillapp.com" + path, {}, body, "json")
    assert PROVIDER.claims(request) == operation
    assert (PROVIDER.decode(operation, request) == ()) == (operation == "account")


@pytest.mark.parametrize(
    ("url", "operation"),
    [
        (Text(("https://mandrillapp.com/api/1.0/", Unknown("path"))), "messages/send"),
        (Text((Unknown("MANDRILL_URL"), "/messages/send.json")), "messages/send"),
        (Unknown("url"), None),
        ("https://mandrillapp.example/api/1.0/messages/send.json", None),
    ],
)
def test_urls_with_holes(url: Value, operation: str | None) -> None:
    request = HttpRequest("POST", url, {}, {"message": {"to": [ANN]}}, "json")
    assert PROVIDER.claims(request) == operation
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({}, Reason.ADDRESSES),
        ({"message": Parameter("message", "m:f")}, Reason.ADDRESSES),
        ({"message": {"text": "T"}}, Reason.ADDRESSES),
        ([1], Reason.UNKNOWN_FORM),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    found = sent(body)
    assert isinstance(found, CannotTell)
    assert found.reason is reason


# --- The code's side -----------------------------------------------------------------------------


@pytest.mark.parametrize(("flag", "shared"), [(Known(True), True), (Known(False), False)])
def test_a_list_of_unknown_length(flag: Value, shared: bool) -> None:
    entry = Fields((("email", Unknown("user.email", OPTIONAL)), ("type", Known("to"))))
    (found,) = sent({"message": {"to": Items((Member(entry, MANY),)), "preserve_recipients": flag}})
    assert found.to[0].count == (MANY if shared else ONE)
    assert found.copies == (ONE if shared else MANY)


def test_a_list_that_only_the_caller_knows_is_shared_by_whom_it_names() -> None:
    (found,) = sent({"message": {"to": Parameter("to", "m:f"), "preserve_recipients": True}})
    assert found.to[0].parameter
    assert found.to[0].count.high > 1


def test_a_kind_is_read_in_any_case() -> None:
    (found,) = message({**ANN, "type": "BCC"}, {"email": "bob@example.org", "type": " Cc"}, preserve_recipients=True)
    assert people(found) == [[], ["bob@example.org"], ["ann@example.com"]]


def test_a_form_as_php_writes_it_is_read_like_json() -> None:
    text = (
        "key=k&message[to][0][email]=ann%40example.com&message[to][1][email]=bob%40example.org&message[to][1][type]=cc"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for flag, expected in (("true", [[["ann@example.com"], ["bob@example.org"], []]]), ("false", None)):
        body = f"{text}&message[preserve_recipients]={flag}"
        found = sdk.asked(PROVIDER, HttpRequest("POST", ROOT + "/messages/send.json", headers, body))
        assert [people(one) for one in found] == expected or len(found) == 2
