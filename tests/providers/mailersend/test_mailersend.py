"""MailerSend: what looks like a splitter is none; the packages' requests and their models' agree."""

from __future__ import annotations

import asyncio
import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.compare import compare_key
from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import mailersend as provider
from mailguard.providers.mailersend import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.mailersend.com/v1"
A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
ADDRESS = st.sampled_from([A, B, C, D])
CONTACTS = st.lists(
    st.builds(lambda email, more: {"email": email, **more}, ADDRESS, st.sampled_from([{}, {"name": "Doe, J"}])),
    max_size=3,
)
STEP = st.one_of(
    st.tuples(st.sampled_from(["to", "cc", "bcc", "reply_to"]), st.tuples(ADDRESS) | st.tuples(ADDRESS, sdk.NAME)),
    st.tuples(st.sampled_from(["to_many", "cc_many", "bcc_many", "cc", "bcc"]), st.tuples(CONTACTS)),
    st.tuples(st.just("personalize"), st.tuples(ADDRESS)),
    st.tuples(st.just("personalize_many"), st.just(([{"email": A, "data": {"n": 1}}],))),
    st.tuples(st.just("bulk_mode"), st.tuples(st.booleans())),
    st.tuples(st.just("header"), st.just(("Reply-To", C))),
    st.tuples(st.just("headers"), st.just(({"Cc": C, "X-A": "1"},))),
    st.tuples(st.sampled_from(["reset", "copy"]), st.just(())),
    st.tuples(st.sampled_from(["html", "text", "template"]), st.just(("T",))),
    st.tuples(st.just("tag"), st.just(("t",))),
)
PROGRAM = st.lists(STEP, max_size=8)
FAILURES: tuple[type[Exception], ...] = (ValueError, KeyError, AttributeError)


def sent(body: Value, path: str = "/email") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", ROOT + path, {}, body, "json"))


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


def email(*addresses: str) -> list[dict[str, str]]:
    return [{"email": address} for address in addresses]


# --- The package from 2.0 ------------------------------------------------------------------------


def package() -> Any:
    found = pytest.importorskip("mailersend", reason="compares with the package")
    if not hasattr(found, "EmailBuilder"):
        pytest.skip("mailersend is another release")
    return found


def failures() -> tuple[type[Exception], ...]:
    package()
    return (*FAILURES, importlib.import_module("mailersend.exceptions").ValidationError)


def started(module: Any) -> Any:
    return module.EmailBuilder().from_email("from@example.com", "F").subject("S").text("T")


def run(module: Any, program: list[tuple[str, tuple[Any, ...]]]) -> Any:
    builder = started(module)
    for name, arguments in program:
        builder = getattr(builder, name)(*arguments)
    return builder.build()


@settings(max_examples=120, deadline=None)
@given(program=PROGRAM)
def test_the_builder_builds_what_its_model_says(program: list[tuple[str, tuple[Any, ...]]]) -> None:
    real, ours = package().MailerSendClient("key").emails, provider.MailerSendClient("key").read("emails")
    sdk.agree(
        PROVIDER,
        lambda: real.send(run(package(), program)),
        lambda: ours.send(run(provider, program)),
        failures=failures(),
    )


@settings(max_examples=40, deadline=None)
@given(programs=st.lists(PROGRAM.map(lambda steps: [("to", (A,)), *steps]), max_size=3))
def test_bulk_sends_what_its_model_says(programs: list[list[tuple[str, tuple[Any, ...]]]]) -> None:
    real, ours = package().MailerSendClient("key").emails, provider.MailerSendClient("key").read("emails")
    sdk.agree(
        PROVIDER,
        lambda: real.send_bulk([run(package(), program) for program in programs]),
        lambda: ours.send_bulk([run(provider, program) for program in programs]),
        failures=failures(),
    )


@settings(max_examples=30, deadline=None)
@given(to=CONTACTS, cc=CONTACTS | st.none())
def test_a_request_made_by_hand_is_what_its_model_says(
    to: list[dict[str, str]], cc: list[dict[str, str]] | None
) -> None:
    real, ours = package().MailerSendClient("key").emails, provider.MailerSendClient("key").read("emails")

    def made(module: Any) -> Any:
        contacts = [module.EmailContact(**contact) for contact in to]
        sender = module.EmailContact(email="from@example.com")
        return module.EmailRequest(from_email=sender, to=contacts, cc=cc, subject="S", html="H")

    sdk.agree(PROVIDER, lambda: real.send(made(package())), lambda: ours.send(made(provider)), failures=failures())


def test_the_async_client_sends_the_same() -> None:
    module = package()
    httpx = importlib.import_module("httpx")
    seen: list[HttpRequest] = []

    def answer(asked: Any) -> Any:
        seen.append(HttpRequest(asked.method, str(asked.url), dict(asked.headers), asked.content))
        return httpx.Response(202, headers={"x-message-id": "1"})

    async def work() -> None:
        client = module.AsyncMailerSendClient("key")
        await client.close()
        client._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        await client.emails.send(started(module).to(A).to(B).build())
        await client.close()

    asyncio.run(work())
    ours = provider.MailerSendClient("key").read("emails").send(started(provider).to(A).to(B).build())
    assert sdk.meaning(PROVIDER, seen) == sdk.meaning(PROVIDER, [ours])


@pytest.mark.parametrize(
    "call",
    [
        lambda module: started(module).to(f"{A}, {B}"),
        lambda module: started(module).to(None),
        lambda module: started(module).cc((A, B)),
        lambda module: started(module).to_many([{"name": "Ann"}]),
        lambda module: started(module).build(),
        lambda module: module.EmailBuilder().to(A).subject("S").text("T").build(),
        lambda module: module.EmailBuilder().from_email(A).to(A).subject("S").build(),
        lambda module: module.EmailBuilder().from_email(A).to(A).text("T").build(),
        lambda module: started(module).to_many(email(*sdk.THOUSAND[:51])).build(),
        lambda module: started(module).to(A).bcc(email(*sdk.THOUSAND[:11])).build(),
        lambda module: (
            module.MailerSendClient("key").emails.send({"to": email(A)}) if hasattr(module, "Email") else None
        ),
    ],
)
def test_what_the_package_refuses_its_model_refuses(call: Any) -> None:
    with pytest.raises(failures()):
        call(package())
    with pytest.raises(Refused):
        call(Models)


class Models:
    """The models, with a client whose parts are attributes."""

    EmailBuilder = provider.EmailBuilder
    Email = provider.Email

    @staticmethod
    def MailerSendClient(key: str) -> Any:  # noqa: N802  # the package's name
        client = provider.MailerSendClient(key)
        client.emails = client.read("emails")  # type: ignore[attr-defined]
        return client


def test_most_people_are_fifty() -> None:
    real, ours = package().MailerSendClient("key").emails, provider.MailerSendClient("key").read("emails")
    fifty = email(*sdk.THOUSAND[:50])
    assert sdk.agree(
        PROVIDER,
        lambda: real.send(started(package()).to_many(fifty).build()),
        lambda: ours.send(started(provider).to_many(fifty).build()),
    )
    (found,) = sdk.asked(PROVIDER, ours.send(started(provider).to_many(fifty).bulk_mode(True).build()))
    assert len(found.to) == 50


def test_a_domain_may_be_written_in_another_form() -> None:
    real = started(package()).to("asa@bücher.example").build().to[0].email
    (found,) = sdk.asked(PROVIDER, provider.Email().send(started(provider).to("asa@bücher.example").build()))
    assert compare_key(real) == compare_key(found.to[0].address or "")


# --- The package before 2.0 ----------------------------------------------------------------------

FIELDS = st.fixed_dictionaries(
    {"to": sdk.CONTACTS},
    optional={"cc": sdk.CONTACTS, "bcc": sdk.CONTACTS, "reply_to": sdk.CONTACT, "personalization": st.just([])},
)
SETTERS = {
    "to": "set_mail_to",
    "cc": "set_cc_recipients",
    "bcc": "set_bcc_recipients",
    "reply_to": "set_reply_to",
    "personalization": "set_personalization",
}


@settings(max_examples=40, deadline=None)
@given(item=FIELDS, bulk=st.booleans())
def test_the_older_package_sends_what_its_model_says(item: dict[str, Any], bulk: bool) -> None:
    if hasattr(pytest.importorskip("mailersend", reason="compares with the package"), "EmailBuilder"):
        pytest.skip("mailersend is another release")
    emails = importlib.import_module("mailersend.emails")

    def run(mailer: Any) -> Any:
        body: dict[str, Any] = {}
        for name, value in item.items():
            getattr(mailer, SETTERS[name])(value, body)
        mailer.set_subject("S", body)
        mailer.set_plaintext_content("T", body)
        return mailer.send_bulk([body, body]) if bulk else mailer.send(body)

    assert sdk.agree(PROVIDER, lambda: run(emails.NewEmail("key")), lambda: run(provider.NewEmail("key")))


def test_a_mapping_that_was_filled_is_sent() -> None:
    mailer, body = provider.NewEmail("key"), Fields((("text", Known("T")),))
    mailer.set_mail_to(email(A, B), body)
    mailer.set_cc_recipients(email(C), body)
    (found,) = sdk.asked(PROVIDER, mailer.send(body))
    assert people(found) == [[A, B], [C], []]
    (own,) = sdk.asked(PROVIDER, mailer.send(Fields((("to", email(D)), ("cc", None)))))
    assert people(own) == [[D], [], []]
    (bulk,) = sdk.asked(PROVIDER, mailer.send_bulk(Items((Member(body, MANY),))))
    assert (people(bulk), bulk.copies) == ([[A, B], [C], []], MANY)
    (unknown,) = sdk.asked(PROVIDER, mailer.send(Unknown("body")))
    assert people(unknown)[0] == [A, B]


# --- The wire ------------------------------------------------------------------------------------


def test_personalization_and_precedence_separate_nobody() -> None:
    body = {
        "to": email(A, B),
        "personalization": [{"email": A, "data": {}}, {"email": B, "data": {}}],
        "precedence_bulk": True,
    }
    (found,) = sent(body)
    assert people(found)[0] == [A, B]
    assert [people(one)[0] for one in sent([{"to": email(A)}, {"to": email(B)}], "/bulk-email")] == [[A], [B]]


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", ROOT + "/email", "v1/email"),
        ("POST", ROOT + "/bulk-email/", "v1/bulk-email"),
        ("POST", Text((Unknown("self.mailersend_url"), "/email")), "v1/email"),
        ("POST", Text((ROOT, "/", Unknown("path"))), "v1/email"),
        ("POST", Text((Unknown("url"), "/email")), None),
        ("GET", ROOT + "/bulk-email/1", "account"),
        ("POST", ROOT + "/email/later", "?"),
        ("POST", ROOT + "/email-verification/verify", "account"),
        ("POST", ROOT + "/sms", "account"),
        ("POST", ROOT + "/domains", "account"),
    ],
)
def test_whose_request_it_is(method: str, url: Value, operation: str | None) -> None:
    body = {"to": email(A), "subject": "S", "text": "T"} if operation != "account" else {"name": "x"}
    sdk.hold_claim(PROVIDER, HttpRequest(method, url, {}, body, "json"), operation)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({"subject": "S"}, Reason.ADDRESSES),
        (7, Reason.UNKNOWN_FORM),
        (Parameter("body", "m:f"), Reason.ADDRESSES),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sent(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


def test_a_recorded_body_is_read_like_data() -> None:
    body = {"to": email(A, B), "headers": [{"name": "Reply-To", "value": f"{C}, {D}"}], "cc": None}
    request = HttpRequest("POST", ROOT + "/email", {"Content-Type": "application/json"}, json.dumps(body))
    assert sdk.asked(PROVIDER, request) == sent(body)
    assert len(sent(body)[0].reply_to) == 2


# --- The code's side -----------------------------------------------------------------------------

USER = Unknown("user.email", OPTIONAL)
LIST = Items((Member(Fields((("email", USER),)), MANY),))


def package_send(builder: provider.EmailBuilder) -> Message:
    (found,) = sdk.asked(PROVIDER, provider.Email().send(builder.build()))
    assert isinstance(found, Message)
    return found


def test_a_list_of_unknown_length() -> None:
    assert package_send(started(provider).to_many(LIST)).to[0].count == MANY
    assert package_send(started(provider).to(A).cc(LIST)).cc[0].count == MANY
    bulk = provider.Email().send_bulk(Items((Member(started(provider).to(USER).build(), MANY),)))
    (own,) = sdk.asked(PROVIDER, bulk)
    assert (own.to[0].count, own.copies) == (OPTIONAL, MANY)


def test_the_builder_takes_one_address_at_a_time() -> None:
    assert package_send(started(provider).to(Parameter("to", "m:f"))).to[0].count == OPEN.at_most(1)
    assert package_send(started(provider).to(A).cc(Parameter("cc", "m:f"))).cc[0].count == OPEN
    several = package_send(started(provider).to(Either((Known(A), Parameter("to", "m:f"), ABSENT))))
    assert several.to[0].count.high == 1
    assert package_send(started(provider).to_many([Parameter("user", "m:f")])).to[0].parameter
    assert package_send(started(provider).to(Known(A))).to[0].count == ONE
