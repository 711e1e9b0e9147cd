"""Damaged captures that once passed in silence: each costs what is damaged, and that is said."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from mailguard import discover, gate
from mailguard.config import Settings

SAMPLES: Final = Path(__file__).resolve().parent / "samples"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS: Final = "\r\n".join(
    [
        *("--b", 'Content-Disposition: form-data; name="to"', "", "ann@example.com"),
        *("--b", 'Content-Disposition: form-data; name="to"', "Content-Type: text/plain", "bob@example.org"),
        *("--b", 'Content-Disposition: form-data; name="text"', "", "T", "--b--", ""),
    ]
)
LETTER: Final = b"From: d@example.net\r\nTo: ann@example.com, bob@example.org\r\nSubject: S\r\nMIME-Version: 1.0\r\n\r\nThis is the text.\r\n"
PACKED: Final = base64.b64encode(LETTER).decode()
SES: Final = "https://email.us-east-1.amazonaws.com/"


def verdicts(path: Path) -> dict[str, int]:
    """What the requests of a capture come to."""
    tree = discover.tree_of([str(path)], path.parent)
    run = gate.prepare([str(path)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=path.parent)
    ledger = run.report().ledger
    return dict(
        Counter(
            {
                "apart": ledger.request_keeps_apart,
                "shows": ledger.request_shows,
                "undecided": ledger.request_undecided,
                "cannot tell": ledger.cannot_tell,
            }
        )
        - Counter()
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "found"),
    [
        # A literal of smtplib's log that Python does not read, in the line that ends the message.
        ("smtp-transcript/smtplib_2.txt", 'charset="utf-8"', 'charset="ut\x1f\x8b"', {"shows": 2, "apart": 1}),
        ("smtp-transcript/smtplib_2.txt", "com\\nTo: ", "com\\xnTo: ", {"cannot tell": 3}),
        ("smtp-transcript/smtplib_2.txt", "\\r\\n.\\r\\n", "\\r\\n", {"shows": 2, "apart": 1}),
        # The name of the connection in front of the line of readers.
        ("smtp-transcript/nodemailer.txt", "[bK2FKq9ZIIw] To:", "[]bK2FKq9ZIIw] To:", {"cannot tell": 1, "apart": 1}),
        # The marks between two messages of a debugging server.
        ("debugging-server/smtpd_bytes.txt", "b'T'\n", "b'T\n", {"shows": 2, "apart": 1, "cannot tell": 3}),
        ("debugging-server/smtpd_text.txt", "To: ann@example.com\nBcc", f"{'-' * 12} END MESSAGE {'-' * 12}\nBcc", {"shows": 1, "apart": 2, "cannot tell": 1}),
        # The first request of a cassette has no name any more.
        ("vcr/ruby.yml", "- request:\n    method: post\n    uri: https://api:", "- requenull    method: post\n    uri: https://api:", {"apart": 2, "cannot tell": 1}),
        # One bracket too many, or too few.
        ("wiremock/found_2_35.json", '{ },\n    "browserProxyRequest" : false,\n    "loggedDate" : 1795303411082', '{ ,\n    "browserProxyRequest" : false', {"shows": 2, "apart": 1, "cannot tell": 1}),
        # The line of people came to stand behind the session.
        ("smtp-transcript/by_hand.txt", "To: ann@example.com, bob@example.org\nSubject: S\n\n250 is a number\n.\n250 queued\nQUIT\n221 bye\n", "221 bye\nSubject: S\n\n250 is a number\n.\n250 queued\nQUIT\nTo: ann@example.com, bob@example.org\n", {"apart": 1, "cannot tell": 1}),
        # Who says a line is not told as this client does; what is left of the mark between two messages.
        ("smtp-transcript/phpmailer.txt", "CLIENT -> SERVER:", "CLIENT -> Server:", {"cannot tell": 1}),
        ("debugging-server/smtpd_text.txt", f"{'-' * 12} END MESSAGE {'-' * 12}\n{'-' * 10} MESSAGE FOLLOWS", f"{'-' * 12} END MESSAGE --- MESSAGE FOLLOWS", {"shows": 1, "cannot tell": 1}),
        ("wiremock/find.json", '"requests": [\n  {', '"requests": ["e30=", {', {"shows": 1, "cannot tell": 1}),
        # The class of messages by which a file of moto is known.
        ("moto-ses/version_5_0.json", '"BulkTemplateMessage": [', '"BulkTemplat[sage": [', {"cannot tell": 1}),
        # A field in the place of the message.
        ("localstack-ses/raw.json", '"RawData": "From: from@example.com\\r\\nTo: ann', '"RawData": "eu-west-1", "X": "To: ann', {"shows": 2, "cannot tell": 1}),
        ("moto-ses/version_5_0.json", '"raw_data": "From: shop@example.net\\r\\nTo: ann@example.com, cat', '"raw_data": "x", "y": "To: ann@example.com, cat', {"shows": 5, "apart": 2, "cannot tell": 1}),
        # Somebody whose address lost its name.
        ("mailpit/webhook.json", '"Address": "ann', '"Add<ress": "ann', {"cannot tell": 1}),
        # The first word of a separator.
        ("mbox/nmh_packf.mbox", "T\n\nFrom nobody@", "T\n\n+rom nobody@", {"shows": 2, "apart": 1}),
        # MailHog read more than what is left of the message.
        ("mailhog/version_1.json", '"From: from@example.com\\r\\nTo: ann@example.com, bob@example.org\\r\\nSubject', '"Subject', {"shows": 1, "cannot tell": 1}),
    ],
)  # fmt: skip
def test_what_is_damaged_is_said(tmp_path: Path, name: str, old: str, new: str, found: dict[str, int]) -> None:
    content = (SAMPLES / name).read_bytes()
    assert old.encode() in content
    path = tmp_path / Path(name).name
    path.write_bytes(content.replace(old.encode(), new.encode("utf-8")))
    assert verdicts(path) == found


@pytest.mark.parametrize(
    ("record", "found"),
    [
        # The message of a transaction in base64, without a word of it.
        ({"method": "SMTP", "url": "smtp:", "envelope": {"rcpt_to": ["ann@example.com"]}, "body": base64.b64encode(b"From: d@example.net\nTo: ann@example.com, bob@example.org\n\nT").decode()}, "shows"),
        # A part of a form without the empty line in front of its content.
        ({"method": "POST", "url": "https://api.mailgun.net/v3/mg.example.net/messages", "headers": {"Content-Type": "multipart/form-data; boundary=b"}, "body": PARTS}, "shows"),
        # A part whose own lines are those of the message inside of it.
        ({"method": "POST", "url": "https://api.mailgun.net/v3/mg.example.net/messages.mime", "headers": {"Content-Type": "multipart/form-data; boundary=b"}, "body": '--b\r\nContent-Disposition: form-data; name="to"\r\n\r\nann@example.com\r\n--b\r\nContent-Disposition: form-data; name="message"xample.net\r\nTo: ann@example.com, bob@example.org\r\n\r\nT\r\n--b--\r\n'}, "cannot tell"),
        ({"method": "POST", "url": "https://email.eu-west-1.amazonaws.com/?Action=Sail&Source=d%40example.net&Destination.ToAddresses.member.1=ann%40example.com&Message.Subject.Data=S", "headers": {}, "body": ""}, "cannot tell"),
        # A blank in the name of the field that takes the place of To; a message with the marks of a text around it.
        ({"method": "POST", "url": "https://api.sendgrid.com/api/mail.send.json", "headers": FORM, "body": "to%5B%5D=d%40example.net&cc%5B%5D=cat%40example.net&from=d%40example.net&+x-smtpapi+=%7B%22to%22%3A%5B%22ann%40example.com%22%5D%7D&subject=S"}, "shows"),
        ({"method": "SMTP", "url": "smtp:", "envelope": {"rcpt_to": ["ann@example.com", "cat@example.net"]}, "body": json.dumps("To: ann@example.com\nCc: cat@example.net\nFrom: d@example.net\n\nT\n")}, "cannot tell"),
        # People of a group at Microsoft, and who is named besides.
        ({"method": "POST", "url": "https://graph.microsoft.com/v1.0/groups/g/threads/t/reply", "headers": {}, "body": json.dumps({"post": {"newParticipants": [{"emailAddress": {"address": "ann@example.com"}}]}})}, "cannot tell"),
        # All parameters of Amazon's are known by their names.
        ({"method": "POST", "url": f"{SES}?Action=SendEmail", "headers": FORM, "body": "Destination.ToAddresses.member.1=ann%40example.com&Destination.ToAddresses.mem&er.2=bob%40example.org&Source=d%40example.net"}, "cannot tell"),
        ({"method": "POST", "url": SES, "headers": FORM, "body": "Action=SendEmail&Destination.ToAddresses.member.1=ann%40example.com&Destination.ToQAddresses.member.2=bob%40example.org&Source=d%40example.net"}, "cannot tell"),
        ({"method": "POST", "url": SES, "headers": FORM, "body": "Action=SendEmail&Destination.ToAddresses.member.1=ann%40example.com&ReplyToAddresses.member.1=bob%40example.org&Source=d%40example.net&SourceArn=arn%3Aaws%3Ases%3Ax%3A1%3Aidentity%2Fe%40example.net&Message.Body.Text.Data=f%40example.net"}, "apart"),
        ({"method": "POST", "url": f"{SES}v2/email/outbound-emails", "headers": {}, "body": json.dumps({"Destination": {"ToAddresses": ["ann@example.com"]}, "Content": True})}, "cannot tell"),
        ({"method": "POST", "url": "https://api.mailjet.com/v3.1/send", "headers": {}, "body": json.dumps({"Globals": "{'Cc': [{'Email': 'cat@example.net'}]}", "Messages": [{"To": [{"Email": "ann@example.com"}]}]})}, "cannot tell"),
        ({"method": "POST", "url": "https://api.mailgun.net/v3/mg.example.net/messages", "headers": {"Content-Type": "multipart/form-data; boundary=b"}, "body": PARTS.replace('form-data; name="to"\r\nContent', 'form"to"\r\nContent')}, "cannot tell"),
        ({"method": "POST", "url": "https://graph.microsoft.com/v1.0/invitations", "headers": {}, "body": json.dumps({"Content-Type": "application/json"})}, "cannot tell"),
        ({"method": "SMTP", "url": "smtp:", "envelope": {"rcpt_to": ["ann@example.com"]}, "body": "From: d@example.net\nTo: ann@example.com,\n\n bob@example.org\nSubject: S\n\nT\n"}, "cannot tell"),
        ({"method": "SMTP", "url": "smtp:", "envelope": {"rcpt_to": ["ann@example.com"]}, "body": "From: d@example.net\nTo: ann@example.com\n\n  bob@example.org wrote:\n  T\n"}, "apart"),
        # A subscriber whom the service knows reads who stands in Cc, and is read.
        ({"method": "POST", "url": "https://api.novu.co/v1/events/trigger", "headers": {}, "body": json.dumps({"name": "n", "to": "subscriber", "overrides": {"email": {"cc": ["bob@example.org"]}}})}, "shows"),
    ],
)  # fmt: skip
def test_a_request_that_is_damaged_is_not_fine(tmp_path: Path, record: dict[str, object], found: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record) + "\n", "utf-8")
    assert verdicts(path) == {found: 1}


@pytest.mark.parametrize(
    "packed", [PACKED[1:], PACKED[2:], PACKED[3:], f"x{PACKED}", f"xy{PACKED}", PACKED[:20] + PACKED[21:], f"!{PACKED}"]
)
@pytest.mark.parametrize("way", ["text", "base64", "postal", "mandrill"])
def test_a_message_in_base64_that_is_damaged_is_not_fine(way: str, packed: str, tmp_path: Path) -> None:
    smtp = {"method": "SMTP", "url": "smtp:", "envelope": {"rcpt_to": ["ann@example.com"]}}
    postal = {"mail_from": "d@example.net", "rcpt_to": ["ann@example.com"], "data": packed}
    record = {
        "text": {**smtp, "body": packed},
        "base64": {**smtp, "body_base64": packed},
        "postal": {"method": "POST", "url": "https://postal.example.net/api/v1/send/raw", "headers": {}, "body": json.dumps(postal)},
        "mandrill": {"method": "POST", "url": "https://mandrillapp.com/api/1.0/messages/send-raw.json", "headers": {}, "body": json.dumps({"key": "k", "raw_message": packed, "to": ["ann@example.com"]})},
    }[way]  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(record) + "\n", "utf-8")
    assert verdicts(path) in ({"cannot tell": 1}, {"shows": 1})


@pytest.mark.parametrize(
    "text", ["hello", "Dear all,\nthis is it.\n", "x" * 200, "http://example.com/" + "a" * 100, "AAAA" * 30, ""]
)
def test_a_text_without_header_lines_is_a_message(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    record = {"method": "SMTP", "url": "smtp:", "envelope": {"rcpt_to": ["ann@example.com"]}, "body": text}
    path.write_text(json.dumps(record) + "\n", "utf-8")
    assert verdicts(path) == ({"apart": 1} if text else {"cannot tell": 1})


def test_a_message_in_base64_where_it_should_be_plain_names_its_readers(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    body = {"key": "k", "raw_message": base64.encodebytes(LETTER).decode(), "to": ["ann@example.com"]}
    url = "https://mandrillapp.com/api/1.0/messages/send-raw.json"
    path.write_text(json.dumps({"method": "POST", "url": url, "headers": {}, "body": json.dumps(body)}) + "\n", "utf-8")
    assert verdicts(path) in ({"shows": 1}, {"cannot tell": 1})


def test_what_stands_behind_the_array_of_a_file_is_told(tmp_path: Path) -> None:
    har = json.dumps(json.loads((SAMPLES / "har/chrome.har").read_text("utf-8")))
    path = tmp_path / "two.har"
    path.write_text(har, "utf-8")
    one = verdicts(path)
    path.write_text(f"{har}\n{har}\n", "utf-8")
    assert verdicts(path) == {**one, "cannot tell": one.get("cannot tell", 0) + 1}


def test_an_end_too_many_in_an_array_is_told(tmp_path: Path) -> None:
    entries = json.loads((SAMPLES / "har/chrome.har").read_text("utf-8"))["log"]["entries"]
    path = tmp_path / "torn.har"
    text = ",\n".join(map(json.dumps, [*entries[:1], *entries[:1]]))
    path.write_text(f'{{"log": {{"version": "1.2", "entries": [{text}]}}}}', "utf-8")
    whole = verdicts(path)
    torn = text.replace(",\n", "],\n")
    path.write_text(f'{{"log": {{"version": "1.2", "entries": [{torn}]}}}}', "utf-8")
    assert whole == {"shows": 2}
    assert verdicts(path) == {"shows": 1, "cannot tell": 1}
