"""Matters of an account name people and send nobody a mail: nothing is doubted there. What may send in a new form is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mailguard import gate

ANN, BOB = "ann@example.com", "bob@example.org"
BOTH = [{"email": ANN}, {"email": BOB}]
GRAPH = [{"emailAddress": {"address": ANN}}, {"emailAddress": {"address": BOB}}]
PINPOINT = "https://pinpoint.us-east-1.amazonaws.com/v1/apps/app"
SES = "https://email.us-east-1.amazonaws.com/v2/email"
SOURCE = f"From: x@example.com\nTo: {ANN}, {BOB}\n\nT"


def replayed(folder: Path, url: str, body: Any) -> int:
    """The exit code."""
    line = {"method": "POST", "url": url, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
    (folder / "a.jsonl").write_text(json.dumps(line) + "\n")
    report = gate.replay(folder / "a.jsonl")
    assert not report.ledger.request_undecided
    return report.exit_code


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://api.sendgrid.com/v3/marketing/contacts", {"contacts": BOTH}),
        ("https://api.sendgrid.com/v3/asm/groups/1/suppressions", {"recipient_emails": [ANN, BOB]}),
        ("https://api.sendgrid.com/v3/senders", {"from": {"email": ANN, "name": "N"}, "reply_to": {"email": BOB}}),
        ("https://api.mailgun.net/v3/example.net/unsubscribes", [{"address": ANN}, {"address": BOB}]),
        ("https://api.postmarkapp.com/message-streams/o/suppressions", {"Suppressions": [{"EmailAddress": ANN}, {"EmailAddress": BOB}]}),
        ("https://api.mailjet.com/v3/REST/contact/managemanycontacts", {"Contacts": [{"Email": ANN}, {"Email": BOB}]}),
        ("https://api.sparkpost.com/api/v1/recipient-lists", {"id": "l", "recipients": [{"address": one} for one in BOTH]}),
        ("https://api.sparkpost.com/api/v1/suppression-list", {"recipients": [{"recipient": ANN}, {"recipient": BOB}]}),
        ("https://mandrillapp.com/api/1.0/messages/search.json", {"key": "k", "senders": [ANN, BOB]}),
        ("https://mandrillapp.com/api/1.0/messages/parse.json", {"key": "k", "raw_message": SOURCE}),
        ("https://api.brevo.com/v3/contacts/import", {"jsonBody": BOTH, "listIds": [1]}),
        ("https://api.brevo.com/v3/organization/user/invitation/send", {"email": ANN}),
        ("https://api.resend.com/audiences/a/contacts", {"email": ANN}),
        ("https://api.mailersend.com/v1/suppressions/blocklist", {"recipients": [ANN, BOB]}),
        ("https://api.elasticemail.com/v4/contacts", [{"Email": ANN}, {"Email": BOB}]),
        ("https://graph.microsoft.com/v1.0/me/contacts", {"emailAddresses": [{"address": ANN}, {"address": BOB}]}),
        ("https://graph.microsoft.com/v1.0/me/findMeetingTimes", {"attendees": GRAPH}),
        ("https://graph.microsoft.com/v1.0/me/mailFolders/inbox/messageRules", {"actions": {"forwardTo": GRAPH}}),
        ("https://graph.microsoft.com/v1.0/me/messages/1/createReply", {"comment": "C"}),
        ("https://gmail.googleapis.com/gmail/v1/users/me/settings/filters", {"criteria": {"from": ANN}, "action": {"forward": BOB}}),
        (f"{SES}/contact-lists/l/contacts", {"EmailAddress": ANN}),
        (f"{PINPOINT}/endpoints/1", {"Address": ANN, "ChannelType": "EMAIL"}),
        (f"{PINPOINT}/events", {"BatchItem": {"x": {"Endpoint": {"Address": ANN}}}}),
        ("https://track.customer.io/api/v1/customers/1", {"email": ANN}),
        ("https://rest.iad-01.braze.com/users/track", {"attributes": BOTH}),
        ("https://api.iterable.com/api/lists/subscribe", {"listId": 1, "subscribers": BOTH}),
        ("https://a.klaviyo.com/api/lists/x/relationships/profiles", {"data": [{"attributes": one} for one in BOTH]}),
        ("https://api.courier.com/profiles/1", {"profile": {"email": ANN}}),
        ("https://api.smtp2go.com/v3/activity/search", {"api_key": "k", "search_recipients": ANN, "search_sender": BOB}),
    ],
)  # fmt: skip
def test_a_matter_of_the_account_raises_no_doubt(tmp_path: Path, url: str, body: Any) -> None:
    assert replayed(tmp_path, url, body) == 0


@pytest.mark.parametrize(
    ("url", "body"),
    [
        ("https://api.sendgrid.com/v3/marketing/test/send_email", {"template_id": "t", "emails": [ANN, BOB]}),
        ("https://api.mailjet.com/v3/REST/campaigndraft/1/test", {"Recipients": [{"Email": ANN}, {"Email": BOB}]}),
        ("https://api.brevo.com/v3/smtp/templates/1/sendTest", {"emailTo": [ANN, BOB]}),
        ("https://api.customer.io/v1/campaigns/1/triggers", {"emails": [ANN, BOB]}),
        ("https://rest.iad-01.braze.com/messages/send", {"recipients": BOTH, "messages": {"email": {"subject": "S"}}}),
        (f"{PINPOINT}/campaigns", {"Name": "C", "SegmentId": "s"}),
    ],
)
def test_what_sends_to_people_that_cannot_be_told_is_no_matter_of_the_account(
    tmp_path: Path, url: str, body: Any
) -> None:
    assert replayed(tmp_path, url, body) == 3
