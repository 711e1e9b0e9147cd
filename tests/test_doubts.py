"""People who stand where nothing is known to be read: said, counted, and never passed in silence."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.doubts import doubted
from mailguard.model.exchange import Form, RawMessage
from mailguard.model.message import Message, Recipient, Undecided
from mailguard.strays import strays

ANN, BOB = {"email": "ann@example.com"}, {"email": "bob@example.org"}
FROM = {"email": "from@example.net"}
MIME = "From: from@example.net\r\nTo: ann@example.com, bob@example.org\r\nSubject: S\r\n\r\nT"
RAW = base64.b64encode(MIME.encode()).decode()
SENDGRID = "https://api.sendgrid.com/v3/mail/send"
MAILJET = "https://api.mailjet.com/v3.1/send"
SES = "https://email.us-east-1.amazonaws.com/v2/email/outbound-emails"
GMAIL = "https://gmail.googleapis.com/gmail/v1/users/me/messages/send"
MAILEROO = "https://smtp.maileroo.com/api/v2/emails"
MANDRILL = "https://mandrillapp.com/api/1.0/messages/send.json"
POSTMARK = "https://api.postmarkapp.com/email"
SPARKPOST = "https://api.sparkpost.com/api/v1/transmissions"
TWO = {"ToAddresses": ["ann@example.com", "bob@example.org"]}
GLUED = base64.b64encode(MIME.replace("\r\nTo", "To").encode()).decode()
TORN_TO = base64.b64encode(
    MIME.replace("To: ann@example.com, bob@", "Tann@").replace("From: from@example.net", "Date: 1").encode()
).decode()
INVITATION = {
    "sendInvitationMessage": True,
    "invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {"address": "bob@example.org"}}]},
}
CODED_INVITATION = INVITATION | {
    "invitedUserMessageInfo": base64.b64encode(json.dumps(INVITATION["invitedUserMessageInfo"]).encode()).decode()
}
PERSON = {"address": {"email": "ann@example.com"}}
COPY = {"address": {"email": "bob@example.org", "header_to": "ann@example.com"}}


def deep(value: Any) -> Any:
    for _ in range(70):
        value = [value]
    return value


def replayed(folder: Path, url: str, body: Any, kind: str = "application/json") -> str:
    """What a recorded request comes to, in one word."""
    text = body if isinstance(body, str) else json.dumps(body)
    line = {"method": "POST", "url": url, "headers": {"Content-Type": kind}, "body": text}
    return _verdict(folder / "a.jsonl", json.dumps(line) + "\n")


def _verdict(path: Path, content: str) -> str:
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    report = gate.replay(path)
    ledger = report.ledger
    numbers = {
        "shows": ledger.request_shows,
        "apart": ledger.request_keeps_apart + ledger.request_staff_only,
        "undecided": ledger.request_undecided,
        "cannot tell": ledger.cannot_tell,
    }
    assert report.exit_code == (1 if numbers["shows"] else 3 if numbers["cannot tell"] else 0)
    return " ".join(name for name, number in numbers.items() if number)


@pytest.mark.parametrize(
    ("url", "body", "word"),
    [
        (SENDGRID, {"personalizations": {"value": [{"to": [ANN, BOB]}]}, "from": FROM}, "cannot tell"),
        (SENDGRID, {"personalizations": [{"\nto": [ANN, BOB]}], "from": FROM}, "cannot tell"),
        (SENDGRID, {"personalizations": [{"to": [ANN], "cc-": [BOB]}], "from": FROM}, "cannot tell"),
        (SENDGRID, {"personalizations": FROM, "from": [{"to": [ANN, BOB]}]}, "cannot tell"),
        (SENDGRID, {"personalizations": [{"to": "s", "subject": [ANN, BOB]}], "from": FROM}, "cannot tell"),
        (SENDGRID, {"personalizations": [{"to": RAW}], "from": FROM}, "cannot tell"),
        (MAILJET, {"Messages-": [{"To": [{"Email": "ann@example.com"}, {"Email": "bob@example.org"}]}]}, "cannot tell"),
        (MAILJET, {"Globals-": {"Cc": [{"Email": "cat@example.net"}]}, "Messages": [{"To": [{"Email": "ann@example.com"}]}]}, "cannot tell"),
        (SES, {"Destination": {"Toddresses": ["ann@example.com", "bob@example.org"]}, "Content": {"Simple": {}}}, "cannot tell"),
        (SES, {"Destination": RAW, "Content": {"Simple": {"Subject": {"Data": "S"}}}}, "cannot tell"),
        (SES, {"Destination": {"ToAddresses": ["ann@example.com", "bob@example.org"]}, "Content": {"Raw": {"Data": {}}}}, "cannot tell"),
        (SES, {"Destination": {"ToAddresses": ["ann@example.com"]}, "Content": {"value": {"Raw": {"Data": RAW}}}}, "cannot tell"),
        (GMAIL, {"raw": {"value": RAW}}, "cannot tell"),
        (GMAIL, {"raw": [[RAW]]}, "cannot tell"),
        (GMAIL.replace("/send", "/senalt=json"), {"raw": RAW}, "cannot tell"),
        (POSTMARK + "/batch", [{"0": {"To": "ann@example.com, bob@example.org", "TextBody": "T"}}], "cannot tell"),
        (POSTMARK, {"To ": "ann@example.com, bob@example.org", "Cc": "cat@example.net", "TextBody": "T"}, "cannot tell"),
        (POSTMARK, {"From": "from@example.net", "t0": ["ann@example.com", "bob@example.org"], "Cc": "c@example.net"}, "cannot tell"),
        (SES, {"Destination": {"ToAddresses": ["ann@example.com"]}, "x_Content": {"Raw": {"Data": RAW}}}, "cannot tell"),
        (POSTMARK.replace("//", ":&//"), {"From": "from@example.net", "To": "ann@example.com"}, "cannot tell"),
        ("https://api.postmrk.com/x", {"From": "from@example.net", "To": "ann@example.com"}, "cannot tell"),
        ("https://email.amazn.com/?Action=SendEmail", "Source=a", "cannot tell"),
        (POSTMARK, {"From": "from@example.net", "To": "<RECIPIENTS>", "TextBody": "T"}, "cannot tell"),
        # MIME inside: wrapped twice, shifted by a lost letter, cut, with two lines glued.
        (SES, {"Content": {"Raw": {"Data": base64.b64encode(RAW.encode()).decode()}}, "Destination": TWO}, "cannot tell"),
        (SES, {"Content": {"Raw": {"Data": RAW[:9] + RAW[10:]}}, "Destination": TWO}, "cannot tell"),
        (SES, {"Content": {"Raw": {"Data": RAW[:56]}}, "Destination": TWO}, "cannot tell"),
        (SES, {"Content": {"Raw": {"Data": GLUED}}, "Destination": TWO}, "cannot tell"),
        (GMAIL, {"raw": GLUED}, "cannot tell"),
        (SPARKPOST, {"recipients": [PERSON, COPY], "content": {"subject": "S", "headers": {"a": {"Cc": "bob@example.org"}}}}, "cannot tell"),
        (POSTMARK, {"From": "ann@example.com, bob@example.org", "To": "from@example.net", "TextBody": "T"}, "cannot tell"),
        (SENDGRID, {"from": [ANN, BOB], "personalizations": [{"to": [FROM]}]}, "cannot tell"),
        (SENDGRID, {"from": FROM, "personalizations": [{"to": [ANN]}], "headers": {"Cc": "bob@example.org"}}, "cannot tell"),
        (SENDGRID, {"from": FROM, "personalizations": [{"to": [ANN], "headers": {"To": "ann@example.com, bob@example.org"}}]}, "cannot tell"),
        (MAILEROO, {"from": {"address": "desk@example.net"}, "t": "ann@example.com,bob@example.org", "cc": {"address": "cat@example.net"}, "subject": "S"}, "cannot tell"),
        ("https://graph.microsoft.com/v1.0/me/events%/X/forward", {"ToRecipients": [{"emailAddress": {"address": "ann@example.com"}}], "Comment": "C"}, "cannot tell"),
        ("https://graph.microsoft.com/v1.0/me/e!vents", {"attendees": [{"emailAddress": {"address": "ann@example.com"}}], "subject": "S"}, "cannot tell"),
        ("https://graph.microsoft.com/v1.0/me/events", {"subject": "S", "atendees": [{"emailAddress": {"address": "ann@example.com"}}]}, "cannot tell"),
        ("https://www.googleapis.com/calendar/v3/calendars/primary/events", {"summary": "S", "attendes": [ANN, BOB]}, "cannot tell"),
        (MANDRILL, {"message": {"to": [ANN, BOB], "from_email": "d@example.net", "preserve_recipients": {}}}, "undecided"),
        ("https://graph.microsoft.com/v1.0/invitations", {"invitedUserEmailAddress": "ann@example.com", **INVITATION, "sendInvitationMessage ": True, "sendInvitationMessage": False}, "cannot tell"),
        ("https://graph.microsoft.com/v1.0/invitations", {**INVITATION, "invitedUserEmailAddress": INVITATION["invitedUserMessageInfo"], "invitedUserMessageInfo": "ann@example.com"}, "cannot tell"),
        # People in the place of a text; a line of a message that is torn where nobody is printed.
        ("https://api.brevo.com/v3/smtp/email", {"sender": FROM, "subject": "S", "textContent": [ANN, BOB], "to": "T"}, "cannot tell"),
        (SES, {"Content": {"Raw": {"Data": TORN_TO}}, "Destination": TWO}, "cannot tell"),
        # What an option of the account decides, with people who are not read besides.
        (MANDRILL, {"message": {"to": [ANN], "to_": [ANN, BOB], "from_email": "d@example.net"}}, "cannot tell"),
        (MANDRILL, {"message": {"to": [ANN], "from_email": "d@example.net", "recipients": [BOB]}}, "cannot tell"),
        # A copy, and nobody of whom it is one; JSON that was put into base64; data that is too deep.
        ("https://graph.microsoft.com/v1.0/invitations", {"inritedUserEmailAddress": "ann@example.com", **INVITATION}, "cannot tell"),
        ("https://graph.microsoft.com/v1.0/invitations", {"invitedUserEmailAddress": "ann@example.com", **CODED_INVITATION}, "cannot tell"),
        ("https://api.novu.co/v1/events/trigger", {"name": "n", "to": ANN, "overrides": {"email": deep({"cc": ["bob@example.org"]})}}, "cannot tell"),
    ],
)  # fmt: skip
def test_a_damaged_request_does_not_look_fine(tmp_path: Path, url: str, body: Any, word: str) -> None:
    assert replayed(tmp_path, url, body) == word


def test_a_long_list_in_the_wrong_place_is_doubted_like_a_short_one(tmp_path: Path) -> None:
    for size in (3, 6_000):
        people = ", ".join(f"reader{number}@example.com" for number in range(size))
        body = {"personalizations": [{"to": [ANN]}], "from": FROM, "recipents": people}
        assert replayed(tmp_path, SENDGRID, body) == "cannot tell"


def test_many_torn_lines_take_time_in_proportion() -> None:
    """A megabyte of torn lines took 43 seconds: each person was looked for in the list of all others."""
    lines = (
        ", ".join(f"r{number}@x.example.com" for number in range(at, at + 2_000)) for at in range(0, 40_000, 2_000)
    )
    message = "Subject: S\n" + "".join(f"zz {line}\n" for line in lines) + "\nT"
    begun = time.process_time()
    assert isinstance(doubted(RawMessage(message), (Message(to=(Recipient("ann@example.com"),)),)), Undecided)
    assert time.process_time() - begun < 8  # 1 s; 25 s before


@pytest.mark.parametrize("name", ["oT", "xTo", "To+", "TOO"])
def test_an_envelope_makes_no_damaged_line_fine(tmp_path: Path, name: str) -> None:
    message = f"From: from@example.net\n{name}: ann@example.com, bob@example.org\nSubject: S\n\nT"
    envelope = {"mail_from": "from@example.net", "rcpt_to": ["ann@example.com", "bob@example.org"]}
    line = {"method": "SMTP", "url": "smtp://mx.example.net", "envelope": envelope, "body": message}
    assert _verdict(tmp_path / "a.jsonl", json.dumps(line) + "\n") == "cannot tell"


def test_a_field_named_by_an_address_is_one(tmp_path: Path) -> None:
    body = "from=from%40example.net&to=ann%40example.com&bob%40example.org=to&subject=S&text=T"
    kind = "application/x-www-form-urlencoded"
    assert replayed(tmp_path, "https://api.mailgun.net/v3/example.net/messages", body, kind) == "cannot tell"


@pytest.mark.parametrize(
    "extra",
    [
        {"custom_args": {"to": "bob@example.org", "user": "dan@example.com"}},
        {"reply_to_list": [BOB]},
        {"categories": ["bob@example.org"]},
        {"headers": {"X-Account": "bob@example.org"}},
        {"tracking_settings": {"ganalytics": {"utm_campaign": "bob@example.org"}}},
        {"content": [{"type": "text/plain", "value": "Write to bob@example.org"}]},
        {"attachments": [{"filename": "bob@example.org.txt", "content": ""}]},
        {"contact_email": "bob@example.org"},
    ],
)
def test_addresses_of_nobody_who_gets_a_mail_raise_no_doubt(tmp_path: Path, extra: dict[str, Any]) -> None:
    body = {"personalizations": [{"to": [ANN]}], "from": FROM, "subject": "S", **extra}
    assert replayed(tmp_path, SENDGRID, body) == "apart"


HEAD = "From: from@example.net\nSubject: S\n"


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (f"{HEAD}To> ann@example.com, bob@example.org\n\nT\n", "cannot tell"),
        (f"{HEAD}T: ann@example.com, bob@example.org\n\nT\n", "cannot tell"),
        (f"{HEAD}ToTo: ann@example.com, bob@example.org\n\nT\n", "cannot tell"),
        (f"To: ann@example.com\n{HEAD}Bccs: dan@example.com\n\nT\n", "cannot tell"),
        (f"{HEAD}\nTo: ann@example.com, bob@example.org\n\nT\n", "cannot tell"),
        (f"{HEAD}\n\nTo: ann@example.com,\n bob@example.org\n\nT\n".replace("\n", "\r\n"), "cannot tell"),
        (f"{HEAD}<X> ann@example.com, bob@example.org\nCc: cat@example.net\n\nT\n", "cannot tell"),
        (f"To: <RECIPIENTS>\n{HEAD}\nT\n", "cannot tell"),
        (f"{HEAD}".replace("\nSubject", "To: ann@example.com, bob@example.org\nSubject") + "\nT\n", "cannot tell"),
        (f"{HEAD}".replace("\nSubject", "\nT,o: ann@example.com, bob@example.org\nSubject") + "\nT\n", "cannot tell"),
        (f"{HEAD}".replace("\nSubject", "\n To: ann@example.com, bob@example.org\nSubject") + "\nT\n", "cannot tell"),
        ("From: from@example.net\nSubjectTo: ann@example.com, bob@example.org\n\nT\n", "cannot tell"),
        ("Received: by mx.example.net\nT>o: ann@example.com, bob@example.org\nFrom: x@example.net\nDate: 1\n\nT\n", "cannot tell"),
        ("Received: by mx.example.net\n\n\tid 1\n\nFrom: x@example.net\n\nTo: ann@example.com, bob@example.org\n\nT\n", "cannot tell"),
        ("Received: by mx.example.net\n To: ann@example.com, bob@example.org\nFrom: x@example.net\nDate: 1\n\nT\n", "cannot tell"),
        (f"{HEAD}<X> ann@example.com,\n bob@example.org\n\nT\n", "cannot tell"),
        (f"{HEAD}\nTo: ann@example.com,\n\n bob@example.org\n\nT\n", "cannot tell"),
        # The rest of the block stands behind a line of which nothing is known, or inside of one that names nobody.
        ("Received: by mx.example.net\n\nwith ESMTP\nTo: ann@example.com, bob@example.org\nSubject: S\n\nT\n", "cannot tell"),
        ("Received: by mx.example.net\n\n with ESMTP\n\nFrom: x@example.net\n\nTo: ann@example.com,\n\nbob@example.org\n\nT\n", "cannot tell"),
        ('Content-Type: text/plain; \n\ncharset="utf-8"\nFrom: x@example.net\nTo: ann@example.com\nTo: bob@example.org\n\nT', "cannot tell"),
        ("From: F <from@example.net\n\n>\nSubject: S\nTo: ann@example.com\nCc: bob@example.org\n\nT\n", "cannot tell"),
        ('Content-Type: text/plain; charset=" ann@example.com, bob@example.org\nDate: 1\n\nT\n', "cannot tell"),
        ("Received: by mx.example.net\n : ann@example.com,\n bob@example.org\nSubject: S\n\nT\n", "cannot tell"),
        ("From: from@example.co ann@example.com, bob@example.org\nSubject: S\n\nT\n", "cannot tell"),
        (" ann@example.com, bob@example.org\nSubject: S\nFrom: x@example.net\nDate: 1\n\nT\n", "cannot tell"),
        ('To: ann@example.com\nContent-Type: text/plain; name="bob@example.org"; x=c@example.net\n\nT\n', "apart"),
        (f"Bcc: dan@example.com\n{HEAD}\nDear all,\nTo: ann@example.com, bob@example.org\n", "apart"),
        (f"{HEAD}To: ann@example.com\nMessage-ID: <1@example.net>\nDate: 1\n\nT: To: bob@example.org\n", "apart"),
        (f"{HEAD}From: a@example.net, b@example.net\nTo: ann@example.com\n\nT\n", "apart"),
        (f"To: ann@example.com\n{HEAD}X-Get_mail: bob@example.org\n\nT\n", "apart"),
        (f"To: ann@example.com\n{HEAD}References: <1@example.org>\n<2@example.org>\n\nT\n", "apart"),
        (f"To: ann@example.com\n{HEAD}Content-Type: message/rfc822\n\nTo: bob@example.org, cat@example.net\n\nT\n", "apart"),
        (f"To: ann@example.com\n{HEAD}\nDear Ann,\nTo: bob@example.org I wrote the same.\n", "apart"),
        (f"To: ann\n{HEAD}\nT\n", "apart"),
    ],
)  # fmt: skip
def test_a_damaged_message_does_not_look_fine(tmp_path: Path, message: str, word: str) -> None:
    assert _verdict(tmp_path / "a.eml", message) == word


@pytest.mark.parametrize(
    "text",
    ["<EMAIL>", "[FILTERED]", "{{ users }}", "***", "%recipient%", "<%= list %>", "${to}", "REDACTED", "*|TO|*", RAW],
)
def test_what_hides_a_whole_field_may_hide_many(text: str, tmp_path: Path) -> None:
    assert replayed(tmp_path, POSTMARK, {"From": "from@example.net", "To": text, "TextBody": "T"}) == "cannot tell"
    one = [{"email": text}]
    assert replayed(tmp_path, SENDGRID, {"personalizations": [{"to": one}], "from": FROM}) == "apart"


def test_masked_addresses_that_are_equal_are_two_people(tmp_path: Path) -> None:
    masked = {"email": "a***@example.com"}
    assert replayed(tmp_path, SENDGRID, {"personalizations": [{"to": [masked, masked]}], "from": FROM}) == "shows"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"to": "ann@example.com"}, ["ann@example.com"]),
        ({"to": "ann@example.com", "x": {"cc": ["Bob <Bob@example.org>"]}}, ["ann@example.com", "bob@example.org"]),
        ({"from": "ann@example.com", "replyTo": [BOB]}, []),
        ({"metadata": {"to": "ann@example.com"}}, []),
        ({"headers": {"To": "ann@example.com", "X-A": "bob@example.org"}}, ["ann@example.com"]),
        ({"metadata": {"user": "ann@example.com"}, "text": "ann@example.com"}, []),
        (Form((("to[0]", "ann@example.com"), ("o:tag", "bob@example.org"))), ["ann@example.com"]),
        (Form((("to[ann@example.com]", "Ann"),)), ["ann@example.com"]),
        (
            {"To": [{"Adress": "ann@example.com"}, {"e-mails": "bob@example.org"}]},
            ["ann@example.com", "bob@example.org"],
        ),
        ({"team": [ANN, BOB]}, ["ann@example.com", "bob@example.org"]),
        ([[[{"Destination": {"ToAddresses": ["ann@example.com"]}}]]], ["ann@example.com"]),
        ({"ToAddress": "ann@example.com,bob@example.org"}, ["ann@example.com", "bob@example.org"]),
        ({"to": 5, "cc": None, "bcc": {}, 7: "ann@example.com"}, []),
    ],
)
def test_who_stands_like_a_reader(value: object, found: list[str]) -> None:
    assert strays(value, ()) == found
    assert strays(value, found) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "body", "body": "method"},
        {"url": "body", "body": "url"},
        {"method": "url", "url": "method", "body": ""},
    ],
)
def test_fields_of_a_record_that_stand_in_each_others_place(tmp_path: Path, changes: dict[str, str]) -> None:
    body = "from=a%40example.net&to=ann%40example.com&to=bob%40example.org&subject=S&text=T"
    mailgun = "https://api.mailgun.net/v3/example.net/messages"
    envelope = {"mail_from": "from@example.net", "rcpt_to": ["ann@example.com", "bob@example.org"]}
    mail = {"method": "SMTP", "url": "smtp://mx.example.net", "envelope": envelope, "body": MIME}
    for line in (mail, {"method": "POST", "url": f"{mailgun}?{body}", "headers": {}, "body": body}):
        changed = line | {name: line.get(other, other) for name, other in changes.items()}
        assert _verdict(tmp_path / "a.jsonl", json.dumps(changed) + "\n") == "cannot tell"


def test_a_message_whose_line_ends_were_written_out(tmp_path: Path) -> None:
    envelope = {"mail_from": "from@example.net", "rcpt_to": ["ann@example.com", "bob@example.org"]}
    line = {"method": "SMTP", "url": "smtp:", "envelope": envelope, "body": json.dumps(MIME)}
    assert _verdict(tmp_path / "a.jsonl", json.dumps(line) + "\n") == "cannot tell"


def test_a_list_in_base64_where_a_list_is_documented(tmp_path: Path) -> None:
    listed = [{"from": {"emailAddress": "a@example.net"}, "subject": "S", "to": [{"emailAddress": "ann@example.com"}]}]
    body = {"serverId": "1", "messages": base64.b64encode(json.dumps(listed).encode()).decode()}
    assert replayed(tmp_path, "https://inject.socketlabs.com/api/v1/email", body) == "cannot tell"


@pytest.mark.parametrize(
    "body",
    [
        "to%5B%5D=from%40example.net&bob%40example.org=cc%5B%5D&from=from%40example.net&x-smtpapi=%7B%22to%22%3A%5B%22ann%40example.com%22%5D%7D",
        "to%5B%5D=from%40example.net&cc%5B%5D=cat%40example.net&from=from%40example.net&xx-smtpapi=%7B%22to%22%3A%5B%22ann%40example.com%22%5D%7D",
    ],
)
def test_what_takes_the_place_of_to_takes_no_other(tmp_path: Path, body: str) -> None:
    kind = "application/x-www-form-urlencoded"
    assert (
        replayed(tmp_path, "https://api.sendgrid.com/api/mail.send.json", body + "&subject=S&text=T", kind)
        == "cannot tell"
    )


def test_an_address_that_was_encoded_twice(tmp_path: Path) -> None:
    body = "from=a%40example.net&to=ann%2540example.com%252Cbob%2540example.org&subject=S&text=T"
    kind = "application/x-www-form-urlencoded"
    assert replayed(tmp_path, "https://api.mailgun.net/v3/example.net/messages", body, kind) == "cannot tell"


def test_a_message_that_is_put_into_a_mailbox_is_not_sent(tmp_path: Path) -> None:
    assert replayed(tmp_path, GMAIL.removesuffix("/send"), {"raw": RAW}) == ""
    assert replayed(tmp_path, GMAIL.replace("/send", "/import"), {"raw": RAW}) == ""


MAILS = "From: a@example.net\nTo: ann@example.com\nSubject: S\n\nT\n"


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("a.eml", f"{MAILS}\nFrom a@example.net Sun Nov  1 10:00:00 2026\n{MAILS}", "apart cannot tell"),
        ("a.eml", f"{MAILS}\x01\x01\x01\x01\n{MAILS}", "apart cannot tell"),
        ("a.eml", f"{MAILS}\x1f\x0c\n1,,\n{MAILS}", "apart cannot tell"),
        ("a.eml", f"{MAILS}\nFrom a friend, on a Sunday in 2026\nTo: you\n", "apart"),
        ("a", f"\ufeff\x01\x01\x01\x01\n{MAILS}\x01\x01\x01\x01\n\x01\x01\x01\x01\n{MAILS}", "apart"),
        ("a", f"\ufeffBABYL OPTIONS:\nVersion: 5\n\x1f\x0c\n1,,\n{MAILS}\x1f", "apart"),
    ],
)
def test_a_mailbox_without_its_beginning(tmp_path: Path, name: str, content: str, word: str) -> None:
    assert _verdict(tmp_path / name, content) == word


def test_json_values_behind_each_other_are_all_read(tmp_path: Path) -> None:
    mail = {"messageId": "1", "destination": ["ann@example.com"], "commonHeaders": {"to": ["ann@example.com"]}}
    other = {**mail, "messageId": "2", "commonHeaders": {"to": ["ann@example.com", "bob@example.org"]}}
    events = [json.dumps({"eventType": "Send", "mail": one}) for one in (mail, other)]
    for between in ("\r", "", " ", "\0", ","):
        assert _verdict(tmp_path / "a.json", between.join(events)) == "shows apart"


@pytest.mark.parametrize("name", ["ToAedresses.member.2", "CcAddesses.member.1", "To"])
def test_who_stands_in_the_query_counts(tmp_path: Path, name: str) -> None:
    query = (
        f"Action=SendEmail&Source=a%40example.net&Destination.ToAddresses.member.1=ann%40example.com&Destination.{name}"
    )
    url = f"https://email.us-east-1.amazonaws.com/?{query}=bob%40example.org&Message.Subject.Data=S"
    assert replayed(tmp_path, url, "") == "cannot tell"


def _report(folder: Path, body: Any, settings: str = "") -> Any:
    path = folder / "a.jsonl"
    path.write_text(json.dumps({"method": "POST", "url": SENDGRID, "headers": {}, "body": json.dumps(body)}) + "\n")
    return gate.replay(path, Settings(internal_domains=(settings,)) if settings else Settings())


TORN = {"personalizations": [{"to": [ANN], "cc-": [BOB]}], "from": FROM}


def test_what_was_read_of_a_torn_request_counts_for_what_it_is(tmp_path: Path) -> None:
    body = {**TORN, "reply_to_list": [BOB, {"email": "cat@example.com"}], "subject": "S"}
    report = _report(tmp_path, body)
    assert {(one.rule, one.certainty.name) for one in report.findings} == {("reply-to-lists-recipients", "CERTAIN")}
    assert (report.exit_code, report.ledger.request_shows, report.ledger.cannot_tell) == (1, 1, 0)


def test_people_of_the_house_who_were_not_read_are_shown_to_nobody_outside(tmp_path: Path) -> None:
    body = {**TORN, "personalizations": [{"to": [ANN], "cc-": [BOB]}], "from": ANN}
    assert _report(tmp_path, body).exit_code == 3
    assert _report(tmp_path, body, "example.org").exit_code == 0


def test_what_was_not_read_can_be_known(tmp_path: Path) -> None:
    """Exit code 3 for ever would be shut off; a baseline knows a record that nobody can tell."""
    (skip,) = _report(tmp_path, TORN).skips
    assert skip.cause is not None
    assert (skip.provider, bool(skip.detail)) == ("sendgrid", True)
    assert "@" not in skip.detail
