"""Checks that pass as things are: programs and recorded requests, each with what it comes to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from mailguard import gate
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.message import Undecided
from mailguard.rulebook.measures import measure
from mailguard.rulebook.rules import Measure

from . import agreement
from .programs import Program

Check = Callable[[], None]

_QUERY = "x = [row.email for row in Subscriber.objects.all()]"


def _program(imports: str, *lines: str, flags: tuple[str, ...] = (), helpers: str = "") -> Check:
    body = "\n".join(f"    {line}" for line in lines)
    text = f"from store import Subscriber, flag\n{imports}\n\n{helpers}\n\ndef main():\n    {_QUERY}\n{body}\n"
    return lambda: agreement.check(Program(text, flags))


_DJANGO = "from django.core.mail import EmailMessage, send_mail, send_mass_mail"
_SMTP = "import smtplib\nfrom email.message import EmailMessage\nfrom email.mime.text import MIMEText"
_RELAY = 'server = smtplib.SMTP("relay.example.com")'
_SENDGRID = "from sendgrid import SendGridAPIClient\nfrom sendgrid.helpers.mail import *"
_SENT = 'SendGridAPIClient("key").send(mail)'
_SES = 'import boto3\n\nclient = boto3.client("ses", region_name="us-east-1")'
_SES_REST = 'Message={"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}'
_MAILGUN = "import requests"
_POST = 'requests.post("https://api.mailgun.net/v3/mg.example.com/messages", auth=("api", "key"), data=data, timeout=9)'

PROGRAMS: dict[str, Check] = {
    "a list to all": _program(_DJANGO, 'send_mail("S", "B", None, x)'),
    "one message each": _program(_DJANGO, "for a in x:", '    send_mail("S", "B", None, [a])'),
    "a list grows": _program(
        _DJANGO, "batch = []", "for a in x:", "    batch.append(a)", '    send_mail("S", "B", None, batch)'
    ),
    "the first only": _program(_DJANGO, 'send_mail("S", "B", None, x[:1])'),
    "hidden copies": _program(_DJANGO, 'EmailMessage("S", "B", None, ["ann@example.com"], bcc=x).send()'),
    "To is replaced": _program(
        _DJANGO,
        'headers = {"To": "list@example.com"}',
        'EmailMessage("S", "B", None, x, headers=headers).send()',
    ),
    "a tuple each": _program(_DJANGO, 'send_mass_mail([("S", "B", None, [a]) for a in x])'),
    "two people": _program(
        _DJANGO,
        "one = Subscriber.objects.first().email",
        "other = Subscriber.objects.get(pk=2).email",
        'EmailMessage("S", "B", None, [one], cc=[other]).send()',
    ),
    "a guard": _program(_DJANGO, "if len(x) > 1:", "    return", 'send_mail("S", "B", None, x)'),
    "a branch": _program(
        _DJANGO, 'y = x if flag("a") else ["ann@example.com"]', 'send_mail("S", "B", None, y)', flags=("a",)
    ),
    "one of two lists of people": _program(
        _DJANGO,
        'y = ["ann@example.com"] if flag("a") else ["bob@example.org", "cat@example.net"]',
        'send_mail("S", "B", None, y)',
        flags=("a",),
    ),
    "through a helper": _program(
        _DJANGO, "notify(x)", helpers='def notify(people):\n    send_mail("S", "B", None, people)'
    ),
    "a text is split": _program(_DJANGO, 'send_mail("S", "B", None, ";".join(x).split(";"))'),
    "a text is joined": _program(
        _SMTP, _RELAY, 'server.sendmail("from@example.com", x, "To: " + ", ".join(x) + "\\r\\n\\r\\nB")'
    ),
    "To gains a line": _program(
        _SMTP,
        'msg = MIMEText("B")',
        'for a in ["ann@example.com", "bob@example.org"]:',
        '    msg["To"] = a',
        _RELAY,
        'server.sendmail("from@example.com", ["ann@example.com"], msg.as_string())',
    ),
    "To is deleted": _program(
        _SMTP,
        'msg = MIMEText("B")',
        _RELAY,
        "for a in x:",
        '    del msg["To"]',
        '    msg["To"] = a',
        '    server.sendmail("from@example.com", [a], msg.as_string())',
    ),
    "a second To is refused": _program(
        _SMTP,
        "msg = EmailMessage()",
        _RELAY,
        "for a in x:",
        '    msg["To"] = a',
        "server.send_message(msg)",
    ),
    "a Bcc line is sent": _program(
        _SMTP,
        'msg = MIMEText("B")',
        'msg["To"] = "ann@example.com"',
        'msg["Bcc"] = ", ".join(x)',
        _RELAY,
        'server.sendmail("from@example.com", x, msg.as_string())',
    ),
    "a Bcc line is removed": _program(
        _SMTP,
        'msg = MIMEText("B")',
        'msg["To"] = "ann@example.com"',
        'msg["Bcc"] = ", ".join(x)',
        _RELAY,
        'server.send_message(msg, "from@example.com")',
    ),
    "one personalization": _program(
        _SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=False)', _SENT
    ),
    "is_multiple": _program(_SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=True)', _SENT),
    "is_multiple=1": _program(_SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=1)', _SENT),
    "is_multiple=flag": _program(
        _SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=flag("a"))', _SENT, flags=("a",)
    ),
    "a flag chooses the tuples": _program(
        _DJANGO,
        'y = [("S", "B", None, ["ann@example.com"])] if flag("a") else [("S", "B", None, x)]',
        "send_mass_mail(y)",
        flags=("a",),
    ),
    "mail.to in a loop": _program(
        _SENDGRID,
        'mail = Mail(from_email="from@example.com", subject="S", plain_text_content="B")',
        "for a in x:",
        "    mail.to = To(a)",
        _SENT,
    ),
    "a pair is one address": _program(
        _SENDGRID, 'mail = Mail("from@example.com", ("ann@example.com", "bob@example.org"), "S", "B")', _SENT
    ),
    "Cc of a personalization": _program(
        _SENDGRID,
        'mail = Mail("from@example.com", "ann@example.com", "S", "B")',
        "for a in x:",
        "    mail.add_cc(a)",
        _SENT,
    ),
    "recipient-variables": _program(
        _MAILGUN,
        'data = {"from": "from@example.com", "to": x, "text": "T", "recipient-variables": "{}"}',
        _POST,
    ),
    "recipient-variables by a flag": _program(
        _MAILGUN,
        'asked = "{}" if flag("a") else None',
        'data = {"from": "from@example.com", "to": x, "text": "T", "recipient-variables": asked}',
        _POST,
        flags=("a",),
    ),
    "a bulk destination each": _program(
        _SES,
        'each = [{"Destination": {"ToAddresses": [a]}} for a in x]',
        'bulk = {"Source": "from@example.com", "Template": "t", "DefaultTemplateData": "{}"}',
        "client.send_bulk_templated_email(Destinations=each, **bulk)",
    ),
    "Cc of a destination": _program(
        _SES,
        'destination = {"ToAddresses": ["ann@example.com"], "CcAddresses": x}',
        f'client.send_email(Source="from@example.com", Destination=destination, {_SES_REST})',
    ),
}

SEEN, HIDDEN, LINE = Measure.VISIBLE_EXTERNAL, Measure.BCC, Measure.TRANSMITTED_BCC


def _reads(exchange: Exchange, *expected: dict[Measure, int]) -> Check:
    def check() -> None:
        claim = gate.claimed(exchange)
        assert claim is not None
        decoded = claim.decoded.messages if isinstance(claim.decoded, Undecided) else claim.decoded
        assert isinstance(decoded, tuple), decoded
        found = [{which: measure(which, message).exact for which in (SEEN, HIDDEN, LINE)} for message in decoded]
        assert found == [{SEEN: 0, HIDDEN: 0, LINE: 0} | wanted for wanted in expected]

    return check


def _mail(lines: str, *envelope: str) -> SmtpTransaction:
    data = lines.replace("\n", "\r\n") + "\r\n\r\nT\r\n"
    return SmtpTransaction("smtp://relay.example.com:25", "from@example.com", envelope, data.encode())


def _json(url: str, body: Any) -> HttpRequest:
    return HttpRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body))


def _form(url: str, *parts: tuple[str, str]) -> HttpRequest:
    return HttpRequest("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(parts))


def _entries(*people: str) -> list[dict[str, str]]:
    return [{"email": person} for person in people]


_A, _B, _C = "ann@example.com", "bob@example.org", "cat@example.net"
_SG = "https://api.sendgrid.com/v3/mail/send"
_MG = "https://api.mailgun.net/v3/mg.example.com/messages"
_AWS = "https://email.us-east-1.amazonaws.com/"

CAPTURES: dict[str, Check] = {
    "two To lines": _reads(_mail(f"To: {_A}\nTo: {_B}", _A, _B), {SEEN: 2}),
    "a folded line": _reads(_mail(f"To: {_A},\n {_B}", _A, _B), {SEEN: 2}),
    "a semicolon": _reads(_mail(f"To: {_A}; {_B}", _A, _B), {SEEN: 2}),
    "a group": _reads(_mail(f"To: team: {_A}, {_B};, {_C}", _A, _B, _C), {SEEN: 3}),
    "an empty group": _reads(_mail("To: undisclosed-recipients:;", _A, _B), {HIDDEN: 2}),
    "one bad member": _reads(_mail(f"To: {_A}, <nobody, {_B}", _A, _B), {SEEN: 3}),
    "Resent-To": _reads(_mail(f"To: {_A}\nResent-To: {_B}", _B), {SEEN: 2}),
    "the same person twice": _reads(_mail(f"To: {_A}\nCc: Ann <Ann@Example.com>", _A), {SEEN: 1}),
    "an encoded name": _reads(_mail(f"To: =?utf-8?q?Zo=C3=AB?= <{_A}>", _A), {SEEN: 1}),
    "a Bcc line": _reads(_mail(f"To: {_A}\nBcc: {_B}, {_C}", _A, _B, _C), {SEEN: 1, HIDDEN: 2, LINE: 3}),
    "an envelope": _reads(_mail(f"To: {_A}", _A, _B), {SEEN: 1, HIDDEN: 1}),
    "two personalizations": _reads(
        _json(_SG, {"personalizations": [{"to": _entries(_A)}, {"to": _entries(_B, _C)}], "from": {"email": _A}}),
        {SEEN: 1},
        {SEEN: 2},
    ),
    "cc and bcc of a personalization": _reads(
        _json(_SG, {"personalizations": [{"to": _entries(_A), "cc": _entries(_B), "bcc": _entries(_C)}]}),
        {SEEN: 2, HIDDEN: 1},
    ),
    "x-smtpapi": _reads(
        _form("https://api.sendgrid.com/api/mail.send.json", ("to", _C), ("x-smtpapi", json.dumps({"to": [_A, _B]}))),
        {SEEN: 1},
        {SEEN: 1},
    ),
    "Mailgun's to": _reads(_form(_MG, ("from", "news@example.net"), ("to", _A), ("to", f"{_B}, {_C}")), {SEEN: 3}),
    "Mailgun's variables": _reads(
        _form(_MG, ("from", _A), ("to", _A), ("to", _B), ("recipient-variables", "{}")), {SEEN: 1}, {SEEN: 1}
    ),
    "SES destinations": _reads(
        _form(
            _AWS,
            ("Action", "SendBulkTemplatedEmail"),
            ("Version", "2010-12-01"),
            ("Destinations.member.1.Destination.ToAddresses.member.1", _A),
            ("Destinations.member.2.Destination.ToAddresses.member.1", _B),
            ("Destinations.member.2.Destination.CcAddresses.member.1", _C),
            ("Destinations.member.2.Destination.BccAddresses.member.1", _A),
        ),
        {SEEN: 1},
        {SEEN: 2, HIDDEN: 1},
    ),
}

CHECKS: dict[str, Check] = PROGRAMS | CAPTURES
