"""The quirks of real recordings, each by itself: who is seen to read each message, or why nobody can tell."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest

from mailguard import discover, gate
from mailguard.config import Settings

TO: Final = "To: ann@example.com, bob@example.org"
SENDGRID: Final = "https://api.sendgrid.com/v3/mail/send"
MAILGUN: Final = "https://api.mailgun.net/v3/mg.example.net/messages"
POSTMARK: Final = "https://api.postmarkapp.com/email"
FORM: Final = "application/x-www-form-urlencoded"
FIELDS: Final = "from=d@example.net&to=ann@example.com&to=bob@example.org&text=T"
BODY: Final = json.dumps(
    {
        "personalizations": [{"to": [{"email": "ann@example.com"}, {"email": "bob@example.org"}]}],
        "from": {"email": "d@example.net"},
        "subject": "S",
        "content": [{"type": "text/plain", "value": "T"}],
    }
)


def request(url: str, body: object, kind: str = "application/json", **more: object) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    return json.dumps({"method": "POST", "url": url, "headers": {"Content-Type": kind}, "body": text, **more}) + "\n"


def letter(*lines: str) -> str:
    return "\n".join(["From: d@example.net", *lines]) + "\n\nT\n"


def cassette(key: str, item: str) -> str:
    return f"{key}:\n- request:\n{item}  response:\n    status: {{code: 202, message: x}}\n"


EVENT: Final[dict[str, Any]] = {
    "notificationType": "Delivery",
    "mail": {
        "timestamp": "2026-11-01T10:00:00.000Z",
        "source": "d@example.net",
        "messageId": "1",
        "destination": ["ann@example.com", "bob@example.org"],
        "headers": [{"name": "To", "value": TO[4:]}, {"name": "Cc", "value": "cat@example.net"}],
        "commonHeaders": {"to": [TO[4:]], "subject": "S"},
    },
}


def notified(message: object) -> str:
    return json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": message}) + "\n"


SEPARATOR: Final = "From x@example.net Sun Nov  1 10:00:00 2026\n"
OTHER: Final = SEPARATOR + letter("To: cat@example.net, dan@example.com", "Subject: S")
BEGIN: Final = ("C: MAIL FROM:<d@example.net>", "S: 250 ok")
DATA: Final = ("C: DATA", "S: 354 go", "C: From: d@example.net", f"C: {TO}", "C: ", "C: T", "C: .", "S: 250 ok")


def session(*said: str) -> str:
    return "".join(f"{line}\n" for line in ("C: EHLO x", "S: 250 ok", *said))


EVENTS: Final = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
MEETING: Final = "https://graph.microsoft.com/v1.0/me/events"


def guests(*people: dict[str, object], **more: object) -> str:
    return request(EVENTS, {"summary": "S", "attendees": people, **more})


def attending(*people: tuple[str, str], **more: object) -> str:
    return request(
        MEETING,
        {
            "subject": "S",
            "attendees": [{"type": kind, "emailAddress": {"address": address}} for kind, address in people],
            **more,
        },
    )


MASKED: Final = "a field of visible recipients was masked as a whole"
CASES: Final[dict[str, tuple[str | bytes, int, list[Any]]]] = {
    # Cassettes.
    "Ruby objects and symbols": (
        ("--- \n- !ruby/struct:VCR::HTTPInteraction \n  request: !ruby/struct:VCR::Request \n    method: :post\n"
        f"    uri: https://api.mailgun.net:443/v3/mg.example.net/messages\n    body: {FIELDS}\n    headers: \n"
        f"      content-type: \n      - {FORM}\n  response: !ruby/struct:VCR::Response \n"
        "    status: !ruby/struct:VCR::ResponseStatus \n      code: 200\n"), 1, [[2]]),
    "a tag that says nothing": (
        cassette("http_interactions", f"    method: post\n    uri: {SENDGRID}\n    body:\n      string: ! '{BODY}'\n"), 1, [[2]]),
    "a folded scalar": (
        cassette("interactions", "    body: 'to=ann@example.com&to=bob@example.org&\n\n      text=T'\n"
                 f"    headers: {{Content-Type: [{FORM}]}}\n    method: post\n    uri: {MAILGUN}\n"), 1, [[2]]),
    "no body": (
        cassette("interactions", "    body: null\n    headers: {}\n    method: GET\n    uri: https://api.sendgrid.com/v3/templates\n"), 0, [[]]),
    # URLs.
    "a key in the URL": (request(MAILGUN.replace("//", "//api:key-0123@"), FIELDS, FORM), 1, [[2]]),
    **{f"a placeholder in the URL: {mark}": (request(MAILGUN.replace("mg.example.net", mark), FIELDS, FORM), 1, [[2]])
       for mark in ("<DOMAIN>", "[DOMAIN]", "'domain'", '"DOMAIN"')},
    "placeholders for a key": (request(MAILGUN.replace("//", "//[API]:<KEY>@"), FIELDS, FORM), 1, [[2]]),
    **{f"port {port}": (request(SENDGRID.replace(".com", f".com:{port}"), BODY), 1, [[2]]) for port in (443, 80, 8443)},
    "a slash behind the path": (request(SENDGRID + "/", BODY), 1, [[2]]),
    "people in the query of an unknown endpoint": (
        request("https://mail.internal.example/send?to=ann@example.com,bob@example.org&subject=S", ""), 3, ["no mail service that mailguard knows"]),
    # Bodies.
    "brackets": (request(MAILGUN, FIELDS.replace("to=", "to[]="), FORM), 1, [[2]]),
    "an address inside of brackets": (request(MAILGUN, "to[ann%40example.com]=A&to[bob%40example.org]=B&text=T", FORM), 1, [[4]]),
    "broken escapes": (request(MAILGUN, "to=ann@example.com%ZZ&to=bob@example.org%&text=100%", FORM), 1, [[2]]),
    "no domain in a form": (request(MAILGUN, "to=ann&to=bob@example.org&text=T", FORM), 1, [[2]]),
    "an empty message in a part": (
        request(MAILGUN + ".mime", '--b\r\nContent-Disposition: form-data; name="to"\r\n\r\nann@example.com,bob@example.org\r\n'
                '--b\r\nContent-Disposition: form-data; name="message"; filename="m"\r\n\r\n\r\n--b--\r\n',
                "multipart/form-data; boundary=b"), 3, ["the recorder kept no body"]),
    "a message in base64": (
        request("https://graph.microsoft.com/v1.0/me/sendMail", base64.b64encode(letter(TO).encode()).decode(), "text/plain"), 1, [[2]]),
    "versions of a message": (
        request("https://api.brevo.com/v3/smtp/email", {"sender": {"email": "d@example.net"}, "subject": "S", "textContent": "T",
                "messageVersions": [{"to": [{"email": "ann@example.com"}]}, {"to": [{"email": "ann@example.com"}, {"email": "b@example.org"}]}]}),
        1, [[1, 2]]),
    "texts where objects are documented": (
        request(SENDGRID, {"personalizations": [{"to": ["ann@example.com", "bob@example.org"]}], "from": {"email": "d@example.net"}}), 1, [[2]]),
    "one person in every line": (request(POSTMARK, dict.fromkeys(("To", "Cc", "Bcc"), "ann@example.com") | {"TextBody": "T"}), 0, [[2]]),
    "two dots": (request(MAILGUN, FIELDS.replace("ann@example.", "ann@example.."), FORM), 1, [[2]]),
    "flags that split nothing": (request(MAILGUN, FIELDS + "&o:precedence_bulk=yes&personalization=true", FORM), 1, [[2]]),
    "a compressed body": (
        request(SENDGRID, "", body_base64=base64.b64encode(gzip.compress(BODY.encode(), mtime=0)).decode()), 1, [[2]]),
    # Masking and delivery.
    **{f"masked: {mask}": (request(POSTMARK, {"To": mask, "TextBody": "T"}), 3, [MASKED])
       for mask in ("<TO>", "[FILTERED]", "{{recipient}}", "<%= user.email %>", "***", "REDACTED", "%recipient%")},
    "two that are masked": (request(POSTMARK, {"To": "<A>, <B>", "TextBody": "T"}), 1, [[2]]),
    "two objects that are masked": (request(SENDGRID, BODY.replace("ann@example.com", "<X>").replace("bob@example.org", "<X>")), 1, [[2]]),
    "refused": (request(SENDGRID, BODY, response={"status": 401}), 1, [[2]]),
    **{f"sends nothing: {url[12:36]}": (request(url, {"email": "ann@example.com", "contacts": [{"email": "bob@example.org"}]}), 0, [[]])
       for url in ("https://api.sendgrid.com/v3/validations/email", "https://api.sendgrid.com/v3/marketing/contacts",
                   "https://api.mailgun.net/v4/address/validate?address=ann@example.com", "https://api.postmarkapp.com/templates",
                   "https://api.brevo.com/v3/contacts")},
    # Meetings: who invites has written it, and a room is no person.
    "two guests": (guests({"email": "ann@example.com"}, {"email": "bob@example.org"}), 1, [[2]]),
    "a guest and a room": (guests({"email": "ann@example.com"}, {"email": "room@resource.example.org", "resource": True}), 0, [[2]]),
    "two guests and a room": (
        guests({"email": "ann@example.com"}, {"email": "bob@example.org"}, {"email": "room@example.org", "resource": True}), 1, [[3]]),
    "a guest who is said to be no room": (guests({"email": "ann@example.com"}, {"email": "bob@example.org", "resource": False}), 1, [[2]]),
    "a guest and who invites": (
        guests({"email": "ann@example.com"}, {"email": "bob@example.org"}, organizer={"email": "bob@example.org"}), 0, [[2]]),
    "a guest and who says to invite": (guests({"email": "ann@example.com"}, {"email": "bob@example.org", "organizer": True}), 0, [[2]]),
    "who attends and a room": (attending(("required", "ann@example.com"), ("resource", "room@example.org")), 0, [[2]]),
    "two who attend and a room": (
        attending(("required", "ann@example.com"), ("optional", "bob@example.org"), ("resource", "room@example.org")), 1, [[3]]),
    "who attends and who invites": (
        attending(("required", "ann@example.com"), ("required", "bob@example.org"), organizer={"emailAddress": {"address": "bob@example.org"}}), 0, [[2]]),
    # Events.
    "an event as a text": (notified(json.dumps(EVENT)), 1, [[3]]),
    "an event as an object": (notified(EVENT), 1, [[3]]),
    "an event without headers": (
        notified(json.dumps({"notificationType": "Delivery", "mail": {k: v for k, v in EVENT["mail"].items() if k[-7:] != "headers" and k[-7:] != "Headers"}})),
        3, ["the event holds no headers"]),
    **{f"an event whose headers are cut: {len(people)}": (
        notified({**EVENT, "mail": {**EVENT["mail"], "destination": people, "headersTruncated": True,
                                    "headers": [{"name": "To", "value": "ann@example.com"}], "commonHeaders": {"to": ["ann@example.com"]}}}), code, found)
       for people, code, found in ((["ann@example.com"], 0, [[1]]), (["ann@example.com", "bob@example.org"], 3, ["the headers of the event are cut"]))},
    "two events of one mail": (notified(json.dumps({**EVENT, "notificationType": "Send"})) + notified(json.dumps(EVENT)), 1, [[3]]),
    "a comma behind an address": (
        json.dumps({"items": [{"event": "delivered", "timestamp": 1793527200, "recipient": "ann@example.com,", "envelope": {"targets": "ann@example.com"},
                               "message": {"headers": {"to": TO[4:], "message-id": "1", "from": "d@example.net"}}}], "paging": {}}), 1, [[2]]),
    # Header lines.
    "lines twice": (letter("To: ann@example.com", "Cc: cat@example.net", "To: bob@example.org", "Cc: dan@example.com"), 1, [[4]]),
    "small letters": (letter(TO.lower()), 1, [[2]]),
    "capitals": (letter(TO.replace("To", "TO")), 1, [[2]]),
    "a space in front of the colon": (letter(TO.replace(":", " :")), 1, [[2]]),
    "a lost fold": (letter("Received: from x", "by y", TO.replace(", ", ",\n ")), 1, [[2]]),
    "a line without a colon": (letter("this is no header", TO), 1, [[2]]),
    "a fold of spaces": (letter(TO.replace(", ", ",\n   \n "), "Subject: S"), 1, [[2]]),
    "an empty first line": ("\n" + letter(TO), 1, [[2]]),
    "a first line of spaces": ("  \n" + letter(TO), 1, [[2]]),
    "a byte order mark": (f"\ufeff{TO}\n{letter()}", 1, [[2]]),
    "a group with comments": (letter("To: Team (our (nested) team): ann@example.com (Ann), bob@example.org;, cat@example.net"), 1, [[3]]),
    "empty groups": (letter("To: undisclosed-recipients:;;, ann@example.com, bob@example.org"), 1, [[2]]),
    "a group in angle brackets": (letter("To: <Team: ann@example.com, bob@example.org;>"), 1, [[2]]),
    "a source route": (letter("To: <@a.example,@b.example:ann@example.com>, bob@example.org"), 1, [[2]]),
    "a bang path": (letter("To: host!ann, bob@example.org"), 1, [[2]]),
    "no domain": (letter("To: ann, bob@example.org"), 1, [[2]]),
    "a cut member": (letter("To: ann@example.com, bob@exa"), 1, [[2]]),
    "a member cut in its brackets": (letter("To: ann@example.com, Bob <bob@"), 1, [[2]]),
    "empty members": (letter("To: , ann@example.com,, ,bob@example.org,"), 1, [[2]]),
    "a space between two": (letter("To: ann@example.com bob@example.org"), 1, [[2]]),
    "a name that is an address": (letter('To: "bob@example.org" <ann@example.com>'), 1, [[1]]),
    "a bracket that is not closed": (letter("To: Ann <ann@example.com garbage, bob@example.org"), 1, [[2]]),
    "bytes of no charset": (b"From: d@example.net\nTo: J\xf6rg <ann@example.com>, =?utf-8?q?Zo\xc3\xab?= <bob@example.org>\n\nT", 1, [[2]]),
    "addresses in UTF-8": (letter("To: j\u00f6rg@example.com, bob@b\u00fccher.example"), 1, [[2]]),
    "sent again": (letter("To: ann@example.com", "Resent-To: bob@example.org", "Resent-Cc: cat@example.net"), 1, [[3]]),
    "a long line": (letter("To: " + ",\n ".join(f"p{n}@example.com" for n in range(6000))), 1, [[6000]]),
    "a message inside": (
        "To: ann@example.com\nFrom: d@example.net\nContent-Type: message/rfc822\n\n" + letter("To: bob@example.org, cat@example.net"), 0, [[1]]),
    # Mailboxes and sessions.
    "no empty line in front of a separator": (SEPARATOR + letter(TO).rstrip("\n") + "\n" + OTHER, 1, [[2], [2]]),
    "a separator behind a header": (f"{SEPARATOR}From: d@example.net\n{TO}\n{OTHER}", 1, [[2], [2]]),
    "From in a text": (SEPARATOR + letter(TO) + "\nFrom here on it is text.\n\n" + OTHER, 1, [[2], [2]]),
    "empty lines in front of the first separator": ("\n \n" + SEPARATOR + letter("To: ann@example.com"), 0, [[1]]),
    "a wrong length": (SEPARATOR + letter("Content-Length: 9999", TO) + "\n" + OTHER, 1, [[2], [2]]),
    "lines of an old Mac": ((SEPARATOR + letter(TO) + "\n" + OTHER).replace("\n", "\r"), 1, [[2], [2]]),
    "one refused": (session(*BEGIN, "C: RCPT TO:<ann@example.com>", "S: 250 ok", "C: RCPT TO:<eve@example.org>", "S: 550 no", *DATA), 1, [[2]]),
    "begun again": (
        session(*BEGIN, "C: RCPT TO:<eve@example.com>", "S: 250 ok", "C: RSET", "S: 250 ok", *BEGIN, "C: RCPT TO:<bob@example.org>", "S: 250 ok", *DATA),
        1, [[2]]),
    "no data": (session(*BEGIN, "C: RCPT TO:<ann@example.com>", "S: 250 ok", "C: DATA", "S: 354 go", "C: .", "S: 250 ok"), 3, ["kept no body"]),
}  # fmt: skip


def seen(path: Path) -> tuple[int, list[Any]]:
    """How a replay ends; and of each request how many read each of its messages, or why that cannot be told."""
    tree = discover.tree_of([str(path)], path.parent)
    run = gate.prepare([str(path)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=path.parent)
    found = [
        one.reason if one.verdict == "cannot-tell" else [len(message.to) + len(message.cc) for message in one.messages]
        for one in run.inspections()
    ]
    return run.report().exit_code, found


@pytest.mark.parametrize("case", CASES)
def test_a_quirk_of_recorders_is_read(case: str, tmp_path: Path) -> None:
    content, code, expected = CASES[case]
    path = tmp_path / "capture"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ended, found = seen(path)
    assert len(found) == len(expected)
    for one, wanted in zip(found, expected, strict=True):
        assert one == wanted or (isinstance(wanted, str) and wanted in one)
    assert ended == code


def test_a_stub_is_no_request(tmp_path: Path) -> None:
    stub = {
        "request": {"method": "POST", "url": "/v3/mail/send", "bodyPatterns": [{"equalToJson": BODY}]},
        "response": {"status": 202},
    }
    (tmp_path / "mappings.json").write_text(json.dumps({"mappings": [stub]}), "utf-8")
    with pytest.raises(discover.NothingToCheck):
        seen(tmp_path / "mappings.json")
