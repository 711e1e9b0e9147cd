"""Requests in which nobody was found, or a masked field: they must not pass for mails that show nobody."""

from __future__ import annotations

import json

import pytest

from mailguard import gate
from mailguard.addresses.values import recipients
from mailguard.model.exchange import HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Reason

ANN, BOB = "ann@example.com", "bob@example.org"
SENDGRID = "https://api.sendgrid.com/v3/mail/send"
POSTMARK = "https://api.postmarkapp.com/email/batch"
SES = "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
MAILGUN = "https://api.mailgun.net/v3/mg.example.com/messages"
RESEND = "https://api.resend.com/emails/batch"
FROM = {"From": "from@example.com", "TextBody": "T"}


def said(url: str, body: object) -> object:
    claim = gate.claimed(HttpRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body)))
    assert claim is not None
    return claim.decoded


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (SENDGRID, {"personalizations": [{"receivers": [{"email": ANN}, {"email": BOB}]}]}),
        (SENDGRID, {"personalizations": [{"to": [{"email": ANN}]}, {"receivers": [{"email": BOB}]}]}),
        (POSTMARK, [{**FROM, "Recipients": f"{ANN}, {BOB}"}]),
        (POSTMARK, [{**FROM, "To": ANN}, {**FROM, "Recipients": f"{ANN}, {BOB}"}]),
        (SES, {"Target": {"ToAddresses": [ANN, BOB]}, "Content": {"Simple": {}}}),
        (SES, {"Destination": {"Visible": [ANN, BOB]}, "Content": {"Simple": {}}}),
        (MAILGUN, {"from": "from@example.com", "recipients": [ANN, BOB]}),
        (RESEND, [{"from": "from@example.com", "recipients": [ANN, BOB], "subject": "S", "text": "T"}]),
    ],
)
def test_people_under_a_key_that_is_not_known_do_not_pass(url: str, body: object) -> None:
    answer = said(url, body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is Reason.ADDRESSES


def test_what_is_shown_is_said_all_the_same() -> None:
    answer = said(POSTMARK, [{**FROM, "To": f"{ANN}, {BOB}"}, {**FROM, "Recipients": ANN}])
    assert isinstance(answer, tuple)
    assert [person.address for person in answer[0].to] == [ANN, BOB]


def test_a_message_without_an_envelope_need_not_name_anybody() -> None:
    claim = gate.claimed(RawMessage("From: from@example.com\n\nT\n"))
    assert claim is not None
    assert isinstance(claim.decoded, tuple)


MASKS = (
    "[FILTERED]",
    "[Array]",
    "[object Object],[object Object]",
    "***",
    "<REDACTED>",
    "{{recipients}}",
    "REDACTED: 3",
)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    ("url", "body"),
    [
        (SENDGRID, {"personalizations": "MASK"}),
        (SENDGRID, {"personalizations": ["MASK"]}),
        (SENDGRID, {"personalizations": [{"to": "MASK"}]}),
        (SENDGRID, {"personalizations": [{"to": [{"email": ANN}], "cc": "MASK"}]}),
        (POSTMARK, [{**FROM, "To": "MASK"}]),
        ("https://api.postmarkapp.com/email/batchWithTemplates", {"Messages": "MASK"}),
        ("https://api.mailjet.com/v3.1/send", {"Messages": "MASK"}),
        (SES, {"Destination": {"ToAddresses": "MASK"}, "Content": {"Simple": {}}}),
        (MAILGUN, {"from": "from@example.com", "to": "MASK"}),
        ("https://api.resend.com/emails", {"from": "from@example.com", "to": "MASK", "subject": "S", "text": "T"}),
    ],
)
def test_a_field_that_was_masked_as_a_whole_may_hide_any_number(url: str, body: object, mask: str) -> None:
    answer = said(url, json.loads(json.dumps(body).replace("MASK", mask)))
    assert isinstance(answer, CannotTell)
    assert answer.reason is Reason.MASKED


@pytest.mark.parametrize("mask", MASKS)
def test_a_masked_line_of_a_message_may_hide_any_number(mask: str) -> None:
    for exchange in (
        SmtpTransaction("smtp://localhost", "from@example.com", [mask], f"To: {mask}\n\nT\n"),
        RawMessage(f"To: {mask}\n\nT\n"),
    ):
        claim = gate.claimed(exchange)
        assert claim is not None
        assert isinstance(claim.decoded, CannotTell)
        assert claim.decoded.reason is Reason.MASKED


@pytest.mark.parametrize("mask", ["[FILTERED]", "***", "{{email}}", "REDACTED"])
def test_a_list_of_masked_people_shows_how_many_they_are(mask: str) -> None:
    for number in (1, 3):
        for listed in ([{"email": mask}] * number, [mask] * number):
            answer = said(SENDGRID, {"personalizations": [{"to": listed}]})
            assert isinstance(answer, tuple)
            assert len(answer[0].to) == number
            assert {person.label for person in answer[0].to} == {""}


def test_people_beside_a_masked_field_are_said() -> None:
    answer = said(SENDGRID, {"personalizations": [{"to": [{"email": ANN}, {"email": BOB}], "cc": "[FILTERED]"}]})
    assert isinstance(answer, tuple)
    blind = said(SENDGRID, {"personalizations": [{"to": [{"email": ANN}], "bcc": "[FILTERED]"}]})
    assert isinstance(blind, tuple)


@pytest.mark.parametrize("words", ["undisclosed-recipients:;", "Hidden recipients", "Suppressed recipients:;"])
def test_words_for_nobody_are_no_mask(words: str) -> None:
    assert not recipients(words).recipients


@pytest.mark.parametrize("words", ["ann", "root", "postmaster", "Ann Lee", "xx", "*"])
def test_other_words_are_people(words: str) -> None:
    assert {person.label for person in recipients(words).recipients} == {""}
