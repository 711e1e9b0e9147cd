"""Elastic Email: one path for one each, one for all; the package's requests and its model's agree."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Items, Member, Parameter, Text, Unknown, Value
from mailguard.providers import elastic_email as provider
from mailguard.providers.elastic_email import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.elasticemail.com/v4"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
CONTENT = st.fixed_dictionaries(
    {"var_from": st.just("From <from@example.com>"), "subject": st.just("S")},
    optional={
        "reply_to": sdk.LINE,
        "headers": st.sampled_from([{"X-A": "1"}, {"Cc": C}, {"reply-to": D}]),
    },
)


def sent(body: Value, path: str = "/emails/transactional") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", ROOT + path, {}, body, "json"))


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


def package() -> Any:
    return pytest.importorskip("ElasticEmail", reason="compares with the package")


def api(module: Any) -> Any:
    return module.EmailsApi(module.ApiClient(module.Configuration()))


def content(module: Any, fields: dict[str, Any]) -> Any:
    return module.EmailContent(body=[module.BodyPart(content_type="PlainText", content="T")], **fields)


ANSWER = {"TransactionID": "1", "MessageID": "2"}

# --- The package ---------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(to=sdk.MAILBOXES, fields=CONTENT)
def test_bulk_of_the_package_is_what_its_model_says(to: list[str], fields: dict[str, Any]) -> None:
    def run(module: Any) -> Any:
        recipients = [module.EmailRecipient(email=address, fields={"n": "1"}) for address in to]
        return api(module).emails_post(module.EmailMessageData(recipients=recipients, content=content(module, fields)))

    assert sdk.agree(PROVIDER, lambda: run(package()), lambda: run(provider), answer=ANSWER)


@settings(max_examples=50, deadline=None)
@given(
    people=st.fixed_dictionaries(
        {"to": sdk.MAILBOXES}, optional={"cc": sdk.MAILBOXES | st.none(), "bcc": sdk.MAILBOXES}
    ),
    fields=CONTENT,
    by_alias=st.booleans(),
)
def test_transactional_of_the_package_is_what_its_model_says(
    people: dict[str, Any], fields: dict[str, Any], by_alias: bool
) -> None:
    names = {"to": "To", "cc": "CC", "bcc": "BCC"}

    def run(module: Any) -> Any:
        lists = {names[name] if by_alias else name: value for name, value in people.items()}
        recipients = module.TransactionalRecipient(**lists)
        data = module.EmailTransactionalMessageData(recipients=recipients, content=content(module, fields))
        return api(module).emails_transactional_post(data)

    assert sdk.agree(PROVIDER, lambda: run(package()), lambda: run(provider), answer=ANSWER)


def test_mappings_become_objects() -> None:
    data = {"Recipients": {"To": [A, B], "CC": [C]}, "Content": {"From": "from@example.com"}}
    for run in (
        lambda module: api(module).emails_transactional_post(data),
        lambda module: api(module).emails_post({**data, "Recipients": [{"Email": A}, {"Email": B}]}),
    ):
        assert sdk.agree(PROVIDER, lambda run=run: run(package()), lambda run=run: run(provider), answer=ANSWER)


def test_a_file_names_its_own_people() -> None:
    table = base64.b64encode(b"ToEmail,n\nann@example.com,1\nbob@example.org,2\n").decode()

    def run(module: Any) -> Any:
        file = module.MessageAttachment(binary_content=table, name="people.csv")
        payload = module.MergeEmailPayload(merge_file=file, content=content(module, {"var_from": "from@example.com"}))
        return api(module).emails_mergefile_post(payload)

    assert sdk.agree(PROVIDER, lambda: run(package()), lambda: run(provider), answer=ANSWER)
    (found,) = sdk.asked(PROVIDER, run(provider))
    assert (people(found), found.hidden, found.copies) == ([[], [], []], ONE, MANY)


@pytest.mark.parametrize(
    "call",
    [
        lambda module: module.EmailRecipient(fields={}),
        lambda module: module.TransactionalRecipient(to=A),
        lambda module: module.TransactionalRecipient(cc=[A]),
        lambda module: module.EmailContent(subject="S"),
        lambda module: module.EmailMessageData(recipients=[]),
        lambda module: api(module).emails_post({"Content": {"From": "from@example.com"}}),
        lambda module: api(module).emails_post(None),
    ],
)
def test_what_the_package_refuses_its_model_refuses(call: Any) -> None:
    with pytest.raises(ValueError, match="validation error"):
        call(package())
    with pytest.raises(Refused):
        call(provider)


def test_a_thousand_people_are_a_thousand() -> None:
    def run(module: Any, *, bulk: bool) -> Any:
        sender = content(module, {"var_from": "from@example.com"})
        if bulk:
            recipients = [module.EmailRecipient(email=address) for address in sdk.THOUSAND]
            return api(module).emails_post(module.EmailMessageData(recipients=recipients, content=sender))
        recipients = module.TransactionalRecipient(to=sdk.THOUSAND)
        data = module.EmailTransactionalMessageData(recipients=recipients, content=sender)
        return api(module).emails_transactional_post(data)

    for bulk, sizes in ((True, [1] * 1000), (False, [1000])):
        assert sdk.agree(
            PROVIDER,
            lambda bulk=bulk: run(package(), bulk=bulk),
            lambda bulk=bulk: run(provider, bulk=bulk),
            answer=ANSWER,
        )
        assert [len(one.to) for one in sdk.asked(PROVIDER, run(provider, bulk=bulk))] == sizes


# --- The wire ------------------------------------------------------------------------------------


def test_the_path_decides_who_sees_whom() -> None:
    (shared,) = sent({"Recipients": {"To": [A, B], "CC": [C], "BCC": [D]}, "Content": {"ReplyTo": f"{A}, {B}"}})
    assert people(shared) == [[A, B], [C], [D]]
    assert len(shared.reply_to) == 2
    assert [people(one) for one in sent({"Recipients": [{"Email": A}, {"Email": B}], "Content": {}}, "/emails")] == [
        [[A], [], []],
        [[B], [], []],
    ]


def test_the_other_form_loses_nobody() -> None:
    (shared,) = sent({"Recipients": {"To": [A, B]}}, "/emails")
    assert people(shared)[0] == [A, B]
    (found,) = sent({"Recipients": [{"Email": A}, {"Email": B}]})
    assert people(found)[0] == [A, B]
    (one,) = sent({"Recipients": {"Email": A}}, "/emails")
    assert people(one)[0] == [A]


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", ROOT + "/emails/", "v4/emails"),
        ("POST", ROOT + "/emails/transactional", "v4/emails/transactional"),
        ("POST", ROOT + "/emails/mergefile", "v4/emails/mergefile"),
        ("POST", Text((Unknown("ELASTICEMAIL_URL"), "/emails")), "v4/emails"),
        ("POST", Text((ROOT, "/", Unknown("path"))), "v4/emails"),
        ("POST", Text((Unknown("url"), "/emails")), None),
        ("GET", ROOT + "/emails/1/view", "account"),
        ("POST", ROOT + "/emails/later", "?"),
        ("POST", "https://api.elasticemail.com/v2/email/send", "v2/email/send"),
        ("GET", "https://api.elasticemail.com/v2/email/send", "v2/email/send"),
        ("POST", "https://api.elasticemail.com/mailer/send", "?"),
        ("POST", ROOT + "/campaigns/automation/x/trigger", "?"),
        ("POST", ROOT + "/contacts", "account"),
        ("PUT", ROOT + "/campaigns/x/pause", "account"),
    ],
)
def test_whose_request_it_is(method: str, url: Value, operation: str | None) -> None:
    body = {"Recipients": [{"Email": A}], "Content": {}} if operation != "account" else {"name": "x"}
    sdk.hold_claim(PROVIDER, HttpRequest(method, url, {}, body, "json"), operation)


@pytest.mark.parametrize(("status", "sends"), [("Draft", False), ("Active", True), (None, True)])
def test_a_campaign_goes_to_a_list_at_elastic_email(status: str | None, sends: bool) -> None:
    answer = sent({"Name": "n", "Recipients": {"ListNames": ["l"]}, "Status": status}, "/campaigns")
    assert answer == (CannotTell(Reason.LIST_AT_PROVIDER) if sends else ())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({"Content": {}}, Reason.ADDRESSES),
        ([1], Reason.UNKNOWN_FORM),
        (Parameter("body", "m:f"), Reason.ADDRESSES),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sent(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


# --- The code's side -----------------------------------------------------------------------------

USER = Unknown("user.email", OPTIONAL)


def test_a_list_of_unknown_length() -> None:
    recipient = Fields((("Email", USER),))
    (own,) = sent({"Recipients": Items((Member(recipient, MANY),))}, "/emails")
    assert (own.to[0].count, own.copies) == (ONE, MANY)
    (shared,) = sent({"Recipients": {"To": Items((Member(USER, MANY),))}})
    assert shared.to[0].count == MANY
    request = provider.EmailsApi().emails_transactional_post(
        Fields((("recipients", {"to": Items((Member(USER, MANY),))}), ("content", {"From": "from@example.com"})))
    )
    assert sdk.asked(PROVIDER, request)[0].to[0].count == MANY


def test_branches_of_different_forms_are_read_each_in_its_own_way() -> None:
    one, other = sent({"Recipients": Either(([{"Email": A}], {"To": [B, C]}, ABSENT))}, "/emails")
    assert [people(one)[0], people(other)[0]] == [[A], [B, C]]


@pytest.mark.parametrize("query", [True, False])
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("to", f"{A};{B}")], [[[A], [], []], [[B], [], []]]),
        ([("to", A), ("to", B), ("msgTo", "cat@example.net")], [[[A], [], []], [[B], [], []]]),
        ([("msgTo", f"{A}, {B}"), ("msgCC", "cat@example.net")], [[[A, B], ["cat@example.net"], []]]),
        ([("msgto", A), ("msgBcc", f"{B};cat@example.net")], [[[A], [], [B, "cat@example.net"]]]),
    ],
)
def test_the_older_api(fields: list[tuple[str, str]], expected: Any, query: bool) -> None:
    url, text = "https://api.elasticemail.com/v2/email/send", urlencode([("apikey", "k"), *fields])
    request = HttpRequest("GET", f"{url}?{text}") if query else HttpRequest("POST", url, FORM, text)
    assert [people(message) for message in sdk.asked(PROVIDER, request)] == expected


def test_the_older_api_to_lists_and_to_nobody() -> None:
    url = "https://api.elasticemail.com/v2/email/send"
    for text, reason in (("lists=all", Reason.LIST_AT_PROVIDER), ("subject=S", Reason.ADDRESSES)):
        answer = sdk.asked(PROVIDER, HttpRequest("POST", url, FORM, text))
        assert isinstance(answer, CannotTell)
        assert answer.reason is reason
