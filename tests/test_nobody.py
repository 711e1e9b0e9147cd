"""Requests in which nobody was found: they must not pass for mails that show nobody."""

from __future__ import annotations

import json

import pytest

from mailguard import gate
from mailguard.model.exchange import HttpRequest, RawMessage
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
