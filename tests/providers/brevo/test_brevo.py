"""Brevo: one message, or one for each version; the packages' requests and their models' agree."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import brevo as provider
from mailguard.providers.brevo import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

URL = "https://api.brevo.com/v3/smtp/email"
VERSION = st.fixed_dictionaries(
    {"to": sdk.CONTACTS},
    optional={"cc": sdk.CONTACTS, "bcc": sdk.CONTACTS, "reply_to": sdk.CONTACT, "subject": st.just("S")},
)
REQUEST = st.fixed_dictionaries(
    {"sender": st.just({"email": "from@example.com"}), "text_content": st.just("T"), "subject": st.just("S")},
    optional={
        "to": sdk.CONTACTS,
        "cc": sdk.CONTACTS,
        "bcc": sdk.CONTACTS,
        "reply_to": sdk.CONTACT,
        "headers": st.just({"Cc": "cat@example.net"}),
        "message_versions": st.lists(VERSION, min_size=1, max_size=3),
    },
)


def sent(body: Value) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", URL, {}, body, "json"))


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


def email(*addresses: str) -> list[dict[str, str]]:
    return [{"email": address} for address in addresses]


A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"


# --- The generated packages ----------------------------------------------------------------------


def generated(name: str) -> Any:
    package = pytest.importorskip(name, reason="compares with the package")
    if not hasattr(package, "SendSmtpEmail"):
        pytest.skip(f"{name} is another release")
    return package


def program(package: Any, request: dict[str, Any]) -> Any:
    """Objects for everything, as the packages' own examples write it."""

    def contacts(kind: str, found: list[dict[str, str]]) -> list[Any]:
        return [getattr(package, f"SendSmtpEmail{kind}")(**contact) for contact in found]

    fields: dict[str, Any] = {}
    for name, value in request.items():
        match name:
            case "to" | "cc" | "bcc":
                fields[name] = contacts(name.title(), value)
            case "sender":
                fields[name] = package.SendSmtpEmailSender("F", value["email"])
            case "reply_to":
                fields[name] = package.SendSmtpEmailReplyTo(**value)
            case "message_versions":
                fields[name] = [
                    package.SendSmtpEmailMessageVersions(
                        **{
                            **version,
                            "to": contacts("To1", version["to"]),
                            **{
                                kind: contacts(kind.title(), version[kind]) for kind in ("cc", "bcc") if kind in version
                            },
                        }
                    )
                    for version in value
                ]
            case _:
                fields[name] = value
    return package.SendSmtpEmail(**fields)


class Models:
    """The models under the names of the packages."""

    SendSmtpEmail = provider.SendSmtpEmail
    SendSmtpEmailSender = provider.SendSmtpEmailSender
    SendSmtpEmailMessageVersions = provider.SendSmtpEmailMessageVersions
    SendSmtpEmailTo = SendSmtpEmailTo1 = SendSmtpEmailCc = SendSmtpEmailBcc = provider.SendSmtpEmailTo
    SendSmtpEmailReplyTo = provider.SendSmtpEmailTo


@pytest.mark.parametrize("name", ["sib_api_v3_sdk", "brevo_python"])
@settings(max_examples=50, deadline=None)
@given(request=REQUEST)
def test_a_send_of_a_generated_package_is_what_its_model_says(name: str, request: dict[str, Any]) -> None:
    package = generated(name)
    api = {"sib_api_v3_sdk": provider.TransactionalEmailsApi, "brevo_python": provider.TransactionalEmailsApi1}[name]
    real = package.TransactionalEmailsApi(package.ApiClient(package.Configuration()))
    assert sdk.agree(
        PROVIDER,
        lambda: real.send_transac_email(program(package, request)),
        lambda: api().send_transac_email(program(Models, request)),
    )
    mapping = {provider.SendSmtpEmail.NAMES.get(key, key): value for key, value in request.items()}
    assert sdk.agree(PROVIDER, lambda: real.send_transac_email(mapping), lambda: api().send_transac_email(mapping))


@pytest.mark.parametrize("name", ["sib_api_v3_sdk", "brevo_python"])
def test_bcc_comes_before_cc(name: str) -> None:
    package = generated(name)
    arguments = ({"email": "from@example.com"}, email(A, B), email(C), email(D), None, "T")
    real = package.TransactionalEmailsApi()
    api = {"sib_api_v3_sdk": provider.TransactionalEmailsApi, "brevo_python": provider.TransactionalEmailsApi1}[name]
    assert sdk.agree(
        PROVIDER,
        lambda: real.send_transac_email(package.SendSmtpEmail(*arguments)),
        lambda: api().send_transac_email(provider.SendSmtpEmail(*arguments)),
    )
    (found,) = sdk.asked(PROVIDER, api().send_transac_email(provider.SendSmtpEmail(*arguments)))
    assert people(found) == [[A, B], [D], [C]]
    version = provider.SendSmtpEmailMessageVersions(email(A), {}, email(C), email(D))
    theirs = package.SendSmtpEmailMessageVersions(email(A), {}, email(C), email(D))
    (found,) = sent({"messageVersions": [version.render()]})
    assert people(found) == [[A], [D], [C]]
    assert (theirs.bcc, theirs.cc) == (email(C), email(D))


def test_attributes_may_be_set_later_and_another_host_given() -> None:
    package = generated("sib_api_v3_sdk")
    made = []
    for module in (package, provider):
        configuration = module.Configuration()
        mail = module.SendSmtpEmail(to=email(A), text_content="T")
        if module is package:
            configuration.host = "https://api.brevo.com/v3"
            mail.to, mail.cc = email(B), None
        else:
            configuration.write("host", "https://api.brevo.com/v3")
            mail.write("to", email(B))
            mail.write("cc", None)
        made.append((module.TransactionalEmailsApi(module.ApiClient(configuration)), mail))
    (real, theirs), (ours, mine) = made
    assert sdk.agree(PROVIDER, lambda: real.send_transac_email(theirs), lambda: ours.send_transac_email(mine))


@pytest.mark.parametrize(
    "call",
    [
        lambda package: package.SendSmtpEmailTo(name="Ann"),
        lambda package: package.SendSmtpEmailMessageVersions(subject="S"),
        lambda package: package.TransactionalEmailsApi().send_transac_email(None),
    ],
)
def test_what_the_package_refuses_its_model_refuses(call: Any) -> None:
    with pytest.raises(ValueError, match=r"must not be|Missing"):
        call(generated("sib_api_v3_sdk"))
    with pytest.raises(Refused):
        call(provider)


def test_a_campaign_goes_to_a_list_at_brevo() -> None:
    package = generated("sib_api_v3_sdk")
    assert sdk.agree(
        PROVIDER,
        lambda: package.EmailCampaignsApi().send_email_campaign_now(7),
        lambda: provider.EmailCampaignsApi().send_email_campaign_now(7),
    )
    request = provider.EmailCampaignsApi().send_email_campaign_now(Unknown("id"))
    assert sdk.asked(PROVIDER, request) == CannotTell(Reason.LIST_AT_PROVIDER)


# --- brevo-python 5 ------------------------------------------------------------------------------


def five(request: dict[str, Any]) -> HttpRequest:
    """The request that the package makes."""
    package = pytest.importorskip("brevo", reason="compares with the package")
    httpx = importlib.import_module("httpx")
    seen: list[Any] = []

    def answer(asked: Any) -> Any:
        seen.append(asked)
        return httpx.Response(201, json={"messageId": "1"})

    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        package.Brevo(api_key="k", httpx_client=client).transactional_emails.send_transac_email(**request)
    return HttpRequest(seen[0].method, str(seen[0].url), dict(seen[0].headers), seen[0].content)


@settings(max_examples=50, deadline=None)
@given(request=REQUEST)
def test_a_send_of_version_5_is_what_its_model_says(request: dict[str, Any]) -> None:
    real = five(request)
    ours = provider.Brevo(api_key="k").read("transactional_emails").send_transac_email(**request)
    assert sdk.meaning(PROVIDER, [real]) == sdk.meaning(PROVIDER, [ours])


def test_version_5_takes_objects() -> None:
    package = pytest.importorskip("brevo", reason="compares with the package")
    requests = []
    for item in (package.SendTransacEmailRequestToItem, provider.RequestItem):
        version = package.SendTransacEmailRequestMessageVersionsItem if item is not provider.RequestItem else item
        requests.append(
            {"to": [item(email=A, name=B)], "message_versions": [version(to=[{"email": C}], reply_to={"email": D})]}
        )
    ours = provider.Brevo(api_key="k").read("transactional_emails").send_transac_email(**requests[1])
    assert sdk.meaning(PROVIDER, [five(requests[0])]) == sdk.meaning(PROVIDER, [ours])


def test_a_thousand_people_are_a_thousand() -> None:
    for request, sizes in (
        ({"to": email(*sdk.THOUSAND)}, [1000]),
        ({"message_versions": [{"to": [contact]} for contact in email(*sdk.THOUSAND)]}, [1] * 1000),
    ):
        found = sdk.asked(PROVIDER, five(request))
        assert [len(one.to) for one in found] == sizes


# --- The wire ------------------------------------------------------------------------------------


def test_a_version_takes_what_it_does_not_say_but_not_the_to() -> None:
    body = {
        "to": email("eve@example.com"),
        "cc": email(C),
        "bcc": email(D),
        "replyTo": {"email": "team@example.com"},
        "messageVersions": [{"to": email(A)}, {"to": email(B), "cc": email(A), "bcc": None}],
    }
    first, second = sent(body)
    assert [people(first), people(second)] == [[[A], [C], [D]], [[B], [A], [D]]]
    assert len(first.reply_to) == len(second.reply_to) == 1


def test_a_version_with_several_people_shows_them_to_each_other() -> None:
    (found,) = sent({"messageVersions": [{"to": email(A, B)}]})
    assert people(found)[0] == [A, B]


@pytest.mark.parametrize("versions", [None, []])
def test_no_versions_are_no_versions(versions: Value) -> None:
    (found,) = sent({"to": email(A, B), "messageVersions": versions})
    assert people(found)[0] == [A, B]


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", URL, "v3/smtp/email"),
        ("POST", "https://api.sendinblue.com/v3/smtp/email/", "v3/smtp/email"),
        ("POST", Text((Unknown("settings.SENDINBLUE_URL"), "/smtp/email")), "v3/smtp/email"),
        ("POST", Text(("https://api.brevo.com/v3/", Unknown("path"))), "v3/smtp/email"),
        ("POST", Text((Unknown("url"), "/smtp/email")), None),
        ("DELETE", URL + "/7", "account"),
        ("POST", "https://api.brevo.com/v3/contacts", "account"),
        ("POST", "https://api.brevo.com/v3/transactionalSMS/send", "account"),
        ("POST", "https://api.brevo.com/v3/emailCampaigns/7/sendNow", "lists"),
        ("POST", "https://api.brevo.com/v3/emailCampaigns/7/sendTest", "?"),
        ("POST", "https://api.brevo.com/v3/smtp/templates/7/sendTest", "?"),
        ("POST", "https://api.sendinblue.com/v2.0/email", "?"),
    ],
)
def test_whose_request_it_is(method: str, url: Value, operation: str | None) -> None:
    body = {"sender": {}, "to": email(A)} if operation != "account" else {"name": "x"}
    sdk.hold_claim(PROVIDER, HttpRequest(method, url, {}, body, "json"), operation)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({"subject": "S"}, Reason.ADDRESSES),
        ([1], Reason.UNKNOWN_FORM),
        (Parameter("body", "m:f"), Reason.ADDRESSES),
        ("{", Reason.BODY_CUT),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sent(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


def test_names_with_commas_are_one_person() -> None:
    (found,) = sent({"to": json.loads('[{"email": "ann@example.com", "name": "Doe, Ann; Dr."}]')})
    assert people(found)[0] == [A]


# --- The code's side -----------------------------------------------------------------------------

PERSON = Fields((("email", Unknown("user.email", OPTIONAL)),))
LIST = Items((Member(PERSON, MANY),))


def test_a_list_of_unknown_length() -> None:
    (shared,) = sent({"to": LIST})
    assert shared.to[0].count == MANY
    version = Fields((("to", [PERSON]),))
    (own,) = sent({"messageVersions": Items((Member(version, MANY),))})
    assert (own.to[0].count, own.copies) == (OPTIONAL, MANY)


def test_versions_of_one_branch_only() -> None:
    body = Fields((("to", LIST), ("messageVersions", Either(([{"to": email(A)}], ABSENT)))))
    shared, own = sent(body)
    assert shared.to[0].count.low == 0
    assert shared.to[0].count.plain == 2
    assert not shared.traits
    assert (own.to[0].address, own.copies.low) == (A, 0)


def test_versions_of_which_nothing_is_known() -> None:
    shared, own = sent({"to": email(A, B), "messageVersions": Parameter("versions", "m:f")})
    assert [person.count.low for person in shared.to] == [0, 0]
    assert own.to[0].parameter
    assert sent({"to": email(A), "subject": Known("S")})[0].copies == ONE
