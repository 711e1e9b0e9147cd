"""Postmark: texts with commas are shared, items of a batch are not; the package's requests and its model's agree."""

from __future__ import annotations

import inspect
from email.mime.text import MIMEText
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, Truth
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.provider import Refused
from mailguard.model.value import Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import postmark as provider
from mailguard.providers.postmark import PROVIDER
from mailguard.transports.mime.models import MimeText

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.postmarkapp.com"
FIELD = sdk.LINE | sdk.MAILBOXES | sdk.MAILBOXES.map(tuple)
FIELDS = st.fixed_dictionaries(
    {"From": st.just("from@example.com"), "To": FIELD, "Subject": st.just("S"), "TextBody": st.just("T")},
    optional={"Cc": FIELD, "Bcc": FIELD, "ReplyTo": sdk.LINE, "Headers": st.just({"X-A": "1"})},
)
TEMPLATE = FIELDS.map(
    lambda fields: {**{k: v for k, v in fields.items() if k != "TextBody"}, "TemplateId": 1, "TemplateModel": {}}
)
FAILURES = (AssertionError, ValueError, TypeError)


def sent(body: Value, path: str = "/email") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", ROOT + path, {}, body, "json"))


def one(body: Value, path: str = "/email") -> Message:
    (message,) = sent(body, path)
    return message


def client() -> Any:
    return pytest.importorskip("postmarker.core", reason="compares with the package").PostmarkClient("token")


# --- The package ---------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(fields=FIELDS)
def test_a_send_of_the_package_is_what_its_model_says(fields: dict[str, Any]) -> None:
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    assert sdk.agree(PROVIDER, lambda: real.send(**fields), lambda: ours.send(**fields))
    assert sdk.agree(PROVIDER, lambda: real.Email(**fields).send(), lambda: ours.Email(**fields).send())


@settings(max_examples=30, deadline=None)
@given(people=st.lists(FIELD, min_size=3, max_size=3))
def test_positions_of_send_are_those_of_the_package(people: list[Any]) -> None:
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    arguments = (None, "from@example.com", *people, "S", None, None, "T")
    assert sdk.agree(PROVIDER, lambda: real.send(*arguments), lambda: ours.send(*arguments))
    shown = one(ours.send(*arguments).body)
    assert [bool(part) for part in (shown.to, shown.cc, shown.bcc)] == [True, True, True]


@settings(max_examples=30, deadline=None)
@given(
    items=st.lists(FIELDS, min_size=1, max_size=4),
    extra=st.sampled_from([{}, {"TrackOpens": True}, {"Bcc": "dan@example.com"}]),
)
def test_a_batch_of_the_package_is_what_its_model_says(items: list[dict[str, Any]], extra: dict[str, Any]) -> None:
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    sdk.agree(PROVIDER, lambda: real.send_batch(*items, **extra), lambda: ours.send_batch(*items, **extra), answer=[])
    ready = [ours.Email(**item) for item in items]
    their = [real.Email(**item) for item in items]
    sdk.agree(PROVIDER, lambda: real.EmailBatch(*their).send(), lambda: ours.EmailBatch(*ready).send(), answer=[])


@settings(max_examples=30, deadline=None)
@given(items=st.lists(TEMPLATE, min_size=1, max_size=3))
def test_templates_of_the_package_are_what_their_model_says(items: list[dict[str, Any]]) -> None:
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    assert sdk.agree(PROVIDER, lambda: real.send_with_template(**items[0]), lambda: ours.send_with_template(**items[0]))
    assert sdk.agree(
        PROVIDER, lambda: real.send_template_batch(*items), lambda: ours.send_template_batch(*items), answer=[]
    )


def test_a_long_batch_is_several_requests() -> None:
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    items = [{"From": "from@example.com", "To": address, "TextBody": "T"} for address in sdk.THOUSAND]
    assert sdk.agree(PROVIDER, lambda: real.send_batch(*items), lambda: ours.send_batch(*items), answer=[])
    assert [len(sdk.asked(PROVIDER, request)) for request in ours.send_batch(*items)] == [500, 500]
    everybody = {"From": "from@example.com", "To": sdk.THOUSAND, "TextBody": "T"}
    assert sdk.agree(PROVIDER, lambda: real.send(**everybody), lambda: ours.send(**everybody))
    assert len(one(ours.send(**everybody).body).to) == 1000


def test_of_a_mime_object_the_first_to_line_is_sent() -> None:
    messages = []
    for made in (MIMEText("T"), MimeText("T")):
        for name, value in (("To", "ann@example.com"), ("To", "bob@example.org"), ("Cc", "cat@example.net")):
            made[name] = value
        messages.append(made)
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    assert sdk.agree(PROVIDER, lambda: real.send(messages[0]), lambda: ours.send(messages[1]))
    assert sdk.agree(PROVIDER, lambda: real.send_batch(messages[0]), lambda: ours.send_batch(messages[1]), answer=[])
    assert [person.address for person in one(ours.send(messages[1])[0].body).to] == ["ann@example.com"]


def test_an_attribute_that_is_set_later_is_not_sent_but_a_header_is() -> None:
    fields = {"From": "from@example.com", "To": "ann@example.com", "TextBody": "T"}
    real = client().emails.Email(**fields)
    ours = provider.PostmarkClient("token").read("emails").Email(**fields)
    for mail in (real, ours):
        mail["Reply-To"] = "bob@example.org, cat@example.net"
        mail["X-Gone"] = "1"
        del mail["X-Gone"]
    real.To = "dan@example.com"
    ours.write("To", "dan@example.com")
    assert sdk.agree(PROVIDER, real.send, ours.send)
    message = one(ours.send().body)
    assert [person.address for person in message.to] == ["ann@example.com"]
    assert len(message.reply_to) == 2


@pytest.mark.parametrize(
    "call",
    [
        lambda emails: emails.send(From="from@example.com", To="ann@example.com"),
        lambda emails: emails.send(7),
        lambda emails: emails.send_batch("ann@example.com"),
        lambda emails: emails.send_with_template(From="from@example.com", To="ann@example.com", TemplateModel={}),
    ],
)
def test_what_the_package_refuses_its_model_refuses(call: Any) -> None:
    real, ours = client().emails, provider.PostmarkClient("token").read("emails")
    assert not sdk.agree(PROVIDER, lambda: call(real), lambda: call(ours), failures=FAILURES)


# --- The wire ------------------------------------------------------------------------------------


def test_in_bulk_each_item_of_messages_is_a_message() -> None:
    body = {
        "From": "from@example.com",
        "ReplyTo": "team@example.com",
        "Messages": [
            {"To": "ann@example.com, bob@example.org", "Cc": None},
            {"To": "cat@example.net", "Bcc": "dan@example.com"},
        ],
    }
    first, second = sent(body, "/email/bulk")
    assert [len(part) for part in (first.to, first.cc, first.bcc, first.reply_to)] == [2, 0, 0, 1]
    assert [len(part) for part in (second.to, second.cc, second.bcc, second.reply_to)] == [1, 0, 1, 1]


def test_headers_that_are_the_services_to_write_are_noted() -> None:
    message = one({"To": "ann@example.com", "Headers": [{"Name": "Cc", "Value": "bob@example.org"}]})
    assert [(m.detail, m.recipient.address) for m in message.mentions] == [("Cc", "bob@example.org")]


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/email/", "email"),
        ("POST", "/email/withTemplate/", "email/withTemplate"),
        ("POST", "/EMAIL/BATCH", "email/batch"),
        ("POST", "/email/batchWithTemplates?x=1", "email/batchWithTemplates"),
        ("POST", "/email/bulk", "email/bulk"),
        ("GET", "/email/bulk/7", "account"),
        ("POST", "/email/later", "?"),
        ("POST", "/templates", "account"),
        ("POST", "/message-streams", "account"),
        ("GET", "/messages/outbound", "account"),
    ],
)
def test_paths(method: str, path: str, operation: str) -> None:
    request = HttpRequest(method, ROOT + path, {}, {"To": "ann@example.com"}, "json")
    assert PROVIDER.claims(request) == operation
    answer = PROVIDER.decode(operation, request)
    assert (answer == ()) == (operation == "account")
    assert isinstance(answer, CannotTell) == (operation == "?")


@pytest.mark.parametrize(
    ("url", "operation"),
    [
        (Text((Unknown("settings.POSTMARK_URL"), "/email")), "email"),
        (Text((ROOT, "/", Unknown("path"))), "email"),
        (Text((Unknown("settings.API"), "/email")), None),
        ("https://api.example.com/email", None),
    ],
)
def test_urls_with_holes(url: Value, operation: str | None) -> None:
    body = {"From": "from@example.com", "To": Unknown("to"), "TextBody": "T"}
    assert PROVIDER.claims(HttpRequest("POST", url, {}, body, "json")) == operation


def test_other_exchanges_are_not_ours() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        (Unknown("payload"), Reason.ADDRESSES),
        ({"Subject": "S"}, Reason.ADDRESSES),
        (7, Reason.UNKNOWN_FORM),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sent(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


# --- The code's side -----------------------------------------------------------------------------

EACH = Items((Member(Unknown("user.email", OPTIONAL), MANY),))


def test_a_list_of_unknown_length_is_shared() -> None:
    message = one({"From": "from@example.com", "To": EACH})
    assert [person.count for person in message.to] == [MANY]
    emails = provider.PostmarkClient("token").read("emails")
    sent_by_package = one(emails.send(From="from@example.com", To=EACH, TextBody="T").body)
    assert [person.count for person in sent_by_package.to] == [MANY]


def test_a_batch_of_unknown_length_is_one_message_each() -> None:
    item = Fields((("To", Unknown("user.email", OPTIONAL)), ("TextBody", Known("T"))))
    message = one(Items((Member(item, MANY),)), "/email/batch")
    assert message.copies == MANY
    assert message.to[0].count == OPTIONAL
    emails = provider.PostmarkClient("token").read("emails")
    (request,) = emails.EmailBatch(item).send()
    assert one(request.body, "/email/batch").copies == ONE
    # A star in front of a list of unknown length fills the first place.
    assert next(iter(inspect.signature(emails.send_batch).parameters)) == "email"


def test_a_parameter_may_hold_several_and_an_open_mapping_anybody() -> None:
    message = one({"To": Parameter("to", "m:f")})
    assert message.to[0].count == OPEN
    assert message.to[0].parameter
    loose = one(Fields((("From", Known("from@example.com")),), open=True))
    assert loose.to[0].count.over(1) is Truth.MAYBE


def test_unknown_items_are_sent_as_they_are() -> None:
    emails = provider.PostmarkClient("token").read("emails")
    (request,) = emails.send(Unknown("message"))
    assert isinstance(sdk.asked(PROVIDER, request), CannotTell)
    with pytest.raises(Refused):
        emails.send(Known("ann@example.com"))


def test_the_sender_of_a_mail_in_a_list_of_batches_is_no_recipient() -> None:
    item = {"From": "from@example.com", "To": "ann@example.com, bob@example.org", "TextBody": "T"}
    message = one([[item]], "/email/batch")
    assert [person.address for person in message.to] == ["ann@example.com", "bob@example.org"]
