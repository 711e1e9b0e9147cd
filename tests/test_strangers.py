"""Requests that look like mail at a host that no service has: said, counted, and never passed in silence."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from mailguard import capture, discover, gate
from mailguard.config import Settings
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.strangers import stranger, whereto

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
OWN = "https://mail.in-house.example/notify"
MIME = "To: ann@example.com, bob@example.org\r\nSubject: S\r\n\r\nT"
TWO = [{"email": "ann@example.com"}, {"email": "bob@example.org"}]


def post(body: Any, headers: dict[str, str] = JSON, url: str = OWN, method: str = "POST") -> HttpRequest:
    return HttpRequest(method, url, headers, body if isinstance(body, (str, bytes)) else json.dumps(body))


@pytest.mark.parametrize(
    "request_",
    [
        post({"personalizations": [{"to": TWO}], "subject": "S", "content": []}),
        post({"to": "ann@example.com", "html": "<p>T</p>"}),
        post({"message": {"subject": "S", "toRecipients": [{"emailAddress": {"address": "ann@example.com"}}]}}),
        post({"message": {"subject": "S"}, "to": ["ann@example.com"]}),
        post({"requests": [{"to": TWO}], "base": {}, "subject": "S"}),
        post({"To": "ann@example.com, bob@example.org", "TemplateId": 5}),
        post({"recipients": {"ann@example.com": {}}, "Text-part": "T"}),
        post("to[]=ann%40example.com&to[]=bob%40example.org&subject=S", FORM),
        post("Action=SendEmail&Destination.ToAddresses.member.1=ann%40example.com&Message.Subject.Data=S", FORM),
        post("To: ann@example.com\r\nSubject: S\r\n\r\nT", {"Content-Type": "message/rfc822"}),
        post({"inputs": [{"emailAddresses": "ann@example.com,bob@example.org", "emailSubject": "S"}]}),
        post({"drafts": {"subject": "S", "to_fields": [{"address": "ann@example.com"}]}}),
        post({"ticket": {"subject": "S", "email_ccs": [{"user_email": "ann@example.com"}], "comment": {"body": "T"}}}),
        post({"subscriber_emails": ["ann@example.com"], "template_id": 2}),
        post({"emailId": 1, "message": {"to": "ann@example.com"}}),
        post({"raw": base64.b64encode(MIME.encode()).decode()}),
        post({"mime_message": MIME, "key": "k"}),
        post({"email": json.dumps({"to": TWO, "subject": "S"})}),
        post({"EmailMessage": {"RawEmail": {"Data": base64.b64encode(MIME.encode()).decode()}}}),
        post("message=" + quote(json.dumps({"to": TWO, "subject": "S"})), FORM),
        post("to[ann%40example.com]=&to[bob%40example.org]=&subject=S", FORM),
        # Several who get it, and nothing said.
        post({"to": ["ann@example.com", "bob@example.org"]}),
        post({"event": "x", "to": {"email": "ann@example.com"}, "overrides": {"email": {"cc": ["bob@example.org"]}}}),
        post("to=ann%40example.com&cc=bob%40example.org", FORM),
        HttpRequest("POST", OWN + "?to=ann@example.com,bob@example.org"),
        # A calendar mails those whom it invites.
        post({"subject": "S", "attendees": [{"emailAddress": {"address": "ann@example.com"}}]}),
        post(base64.b64encode(MIME.encode()).decode(), {"Content-Type": "text/plain"}),
        post(
            f'--b\r\nContent-Disposition: form-data; name="m"; filename="m"\r\n\r\n{MIME}\r\n--b--',
            {"Content-Type": "multipart/form-data; boundary=b"},
        ),
        HttpRequest("GET", OWN + "?to=ann%40example.com,bob%40example.org&subject=S"),
        HttpRequest("GET", OWN + "?recipient=ann@example.com&template=x"),
        HttpRequest(
            "POST",
            "http://127.0.0.1:4566/",
            FORM | {"Authorization": "a/eu-west-1/ses/aws4_request"},
            "Action=SendRawEmail",
        ),
    ],
)
def test_what_looks_like_mail_is_said(request_: HttpRequest) -> None:
    assert stranger(request_) == CannotTell(Reason.NOT_MAIL_HOST)
    assert "@" not in whereto(request_)


@pytest.mark.parametrize(
    "request_",
    [
        post({"to": "+15550100", "body": "T"}),
        post({"email": "ann@example.com", "password": "x"}),
        post({"assignee": "ann@example.com", "subject": "S"}),
        post({"to": "Berlin", "from": "Paris", "subject": "S"}),
        post({"query": "mutation { x }", "variables": {"email": "ann@example.com"}}),
        post({"user": {"email": "ann@example.com"}, "text": "to bob@example.org"}),
        post([1, 2, "ann@example.com"]),
        post({"emails": ["ann@example.com"], "role": "member"}),
        post({"to": ["ann@example.com", "Ann <ann@example.com>"]}),
        post({"event": "sent", "properties": {"to": ["ann@example.com", "bob@example.org"]}}),
        post({"users": ["ann@example.com", "bob@example.org"]}),
        HttpRequest("GET", OWN + "?to=ann@example.com,bob@example.org"),
        post({"raw": "aGVsbG8gd29ybGQ=", "subject": "S"}),
        post({"to": json.dumps({"lat": 1}), "subject": "S"}),
        post("name=Ann&email=ann%40example.com", FORM),
        post("just text for ann@example.com", {"Content-Type": "text/plain"}),
        post({"to": TWO, "subject": "S"}, method="DELETE"),
        HttpRequest("GET", OWN + "?email=ann@example.com"),
        HttpRequest("POST", OWN, JSON, None),
        HttpRequest("POST", OWN, JSON, '{"to": '),
    ],
)
def test_what_does_not_is_none_of_ours(request_: HttpRequest) -> None:
    assert stranger(request_) is None


def test_a_run_counts_them_and_prints_nobody(tmp_path: Path) -> None:
    own = {"method": "POST", "url": OWN + "/ann@example.com/5", "headers": JSON}
    other = {"method": "POST", "url": OWN, "headers": JSON, "body": json.dumps({"to": "ann", "subject": "S"})}
    mail = own | {"body": json.dumps({"to": TWO, "subject": "S"})}
    # Alike in form; only what the last two say makes them mail.
    later = other | {"body": json.dumps({"to": "Ann <ann@example.com>", "subject": "S"})}
    lines = [other, mail, other, mail, later, later]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    path = tmp_path / "log.jsonl"
    tree = discover.tree_of([str(path)], tmp_path)
    run = gate.prepare([str(path)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=tmp_path)
    report = run.report()
    assert (report.ledger.requests, report.ledger.cannot_tell, report.exit_code) == (4, 4, 3)
    assert [inspection.verdict for inspection in run.inspections()] == ["cannot-tell"] * 4
    assert run.affected().requests == 4
    assert [(skip.place.line, skip.times) for skip in report.skips] == [(2, 2), (5, 2)]
    text = gate.render(report, "text", run.options())
    assert "POST mail.in-house.example/notify/*/*" in text
    assert "ann@" not in text


def test_a_host_of_the_settings_is_no_stranger(tmp_path: Path) -> None:
    body = {"personalizations": [{"to": TWO}], "from": {"email": "from@example.net"}, "subject": "S"}
    line = {"method": "POST", "url": OWN, "headers": JSON, "body": json.dumps(body)}
    (tmp_path / "log.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    report = gate.replay(tmp_path / "log.jsonl", Settings(hosts={"mail.in-house.example/notify": "sendgrid"}))
    assert [finding.rule for finding in report.findings] == ["shared-personalization"]


@pytest.mark.parametrize("name", ["a.eml", "b.har", "c.mbox", "d.HAR.gz"])
def test_a_file_that_is_called_a_capture_does_not_pass_unread(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01 nothing that anybody knows")
    (tmp_path / "good.eml").write_bytes(b"To: ann@example.com\nFrom: x@example.com\n\nT")
    (tmp_path / "empty.mbox").write_bytes(b"")
    (tmp_path / "note.txt").write_bytes(b"nothing")
    report = gate.replay(tmp_path)
    assert (report.ledger.requests, report.ledger.cannot_tell, report.exit_code) == (2, 1, 3)


def test_a_message_that_names_nobody_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"Subject: S\nContent-Type: text/plain\n\nT")
    assert gate.replay(tmp_path / "a.eml").ledger.requests == 1


def test_a_pattern_that_no_shell_opened_names_its_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.eml", "b.eml", "c.txt", "in/d.eml"):
        (tmp_path / name).write_text("To: ann@example.com\nFrom: x@example.com\n\nT", "utf-8")
    assert [path.name for path in discover.tree_of(["*.eml"], tmp_path).named] == ["a.eml", "b.eml"]
    assert [path.name for path in discover.tree_of(["**/*.eml"], tmp_path).named] == ["a.eml", "b.eml", "d.eml"]
    with pytest.raises(discover.NothingToCheck):
        discover.tree_of(["*.har"], tmp_path)


def test_a_flow_that_is_nothing_does_not_end_the_file(tmp_path: Path) -> None:
    sample = Path(__file__).parent / "captures" / "samples" / "mitmproxy" / "version_12.mitm"
    data = sample.read_bytes()
    (tmp_path / "a.mitm").write_bytes(data[:4366] + data[4386:])
    (tmp_path / "b.mitm").write_bytes(b"0:~" + data)
    assert gate.replay(tmp_path / "a.mitm").ledger.cannot_tell > 0
    whole = gate.replay(sample).ledger
    report = gate.replay(tmp_path / "b.mitm") if capture.detect(tmp_path / "b.mitm") is not None else None
    assert report is None or report.ledger.requests > whole.requests


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/1.0/SendEmail", True),
        ("/api/send_mail", True),
        ("/v2/emails/send", True),
        ("/api/1.0/messages/send-raw.json", True),
        ("/api/sendmail/settings", False),
        ("/emails", False),
        ("/resend-emails", False),
    ],
)
def test_a_request_to_send_mail_of_which_no_body_was_kept(path: str, *, told: bool) -> None:
    """An old cassette of a service that is gone: nothing but the address says that it sent a mail."""
    for body in (None, "", b""):
        request = HttpRequest("POST", f"https://api.example.com{path}", {}, body)
        assert stranger(request) == (CannotTell(Reason.BODY_MISSING) if told else None)
