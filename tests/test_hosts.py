"""Hosts of the settings that stand for a mail service."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings, SettingsError
from mailguard.hosts import NO_HOSTS, hosts_of
from mailguard.model.exchange import HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.finding import Verdict
from mailguard.model.value import Parameter, Text
from mailguard.policy import loosened, tightened

BODY = json.dumps(
    {
        "personalizations": [{"to": [{"email": "ann@example.com"}, {"email": "bob@example.org"}]}],
        "from": {"email": "a@b.example"},
    }
)
PLAIN = json.dumps(
    {"from": "news@example.net", "to": ["ann@example.com", "bob@example.org"], "subject": "x", "text": "x"}
)


def hosts(**named: str):
    return hosts_of(Settings(hosts=named), gate.providers().values())


def read(url: object, body: str, **named: str):
    return gate.claimed(HttpRequest("POST", url, {"Content-Type": "application/json"}, body), None, hosts(**named))


@pytest.mark.parametrize(
    ("name", "service", "url", "body"),
    [
        ("mail.acme.internal/v3/mail/send", "sendgrid", "https://mail.acme.internal/v3/mail/send", BODY),
        ("mail.acme.internal/v3/mail/send", "sendgrid", "http://Mail.Acme.Internal:8080/v3/mail/send/?a=b", BODY),
        ("mail.acme.internal", "sendgrid", "https://mail.acme.internal/v3/mail/send", BODY),
        ("http://localhost:4010", "sendgrid", "http://localhost:4010/v3/mail/send", BODY),
        ("gate.example/sendgrid/*", "sendgrid", "https://gate.example/sendgrid/v3/mail/send", BODY),
        ("gate.example/out", "sendgrid", "https://gate.example/out", BODY),
        ("gate.example/out", "resend", "https://gate.example/out", PLAIN),
        (
            "gate.example/many",
            "https://api.resend.com/emails/batch",
            "https://gate.example/many",
            f"[{PLAIN}, {PLAIN}]",
        ),
    ],
)
def test_a_request_to_a_host_of_the_settings_is_one_to_the_service(name, service, url, body) -> None:
    assert gate.claimed(HttpRequest("POST", url, {}, body)) is None
    claim = read(url, body, **{name: service})
    assert claim is not None
    assert claim.provider.name in service
    assert isinstance(claim.decoded, tuple)
    assert [len(message.to) for message in claim.decoded] == [2] * len(claim.decoded)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("mail.acme.internal/v3/mail/send", "https://mail.acme.internal/v3/templates"),
        ("mail.acme.internal", "https://acme.internal/v3/mail/send"),
        ("mail.acme.internal:8080", "https://mail.acme.internal/v3/mail/send"),
        ("gate.example/sendgrid/*", "https://gate.example/sendgridx/v3/mail/send"),
        ("smtp://mail.acme.internal", "https://mail.acme.internal/v3/mail/send"),
    ],
)
def test_a_request_to_elsewhere_is_left_alone(name, url) -> None:
    assert read(url, BODY, **{name: "sendgrid"}) is None


def test_a_host_takes_no_request_away_from_the_service_that_it_belongs_to() -> None:
    claim = read("https://api.sendgrid.com/v3/mail/send", BODY, **{"proxy.example": "loops"})
    assert claim is not None
    assert claim.provider.name == "sendgrid"


def test_what_is_not_understood_at_a_host_of_the_settings_cannot_be_told() -> None:
    claim = read("https://mail.acme.internal/v9/mail/send", BODY, **{"mail.acme.internal": "sendgrid"})
    assert claim is not None
    assert not isinstance(claim.decoded, tuple)


@pytest.mark.parametrize("service", [one for one in gate.providers().values() if one.address], ids=lambda one: one.name)
def test_every_service_says_where_its_mail_goes(service) -> None:
    request = HttpRequest("POST", service.address)
    operation = service.claims(request)
    assert operation is not None
    assert not operation.startswith("?")
    assert service.decode(operation, request) != ()
    assert hosts(**{"gate.example": service.name}) != NO_HOSTS


def test_a_relay_of_the_settings_reads_the_headers_of_the_service() -> None:
    data = b'To: x@example.com\r\nX-SMTPAPI: {"to": ["ann@example.com", "bob@example.org"]}\r\n\r\nx'
    sent = SmtpTransaction("smtp://localhost:1025", None, ["x@example.com"], data)
    claim = gate.claimed(sent, None, hosts(**{"smtp://localhost:1025": "sendgrid"}))
    assert claim is not None
    assert isinstance(claim.decoded, tuple)
    assert [[one.address for one in message.to] for message in claim.decoded] == [
        ["ann@example.com"],
        ["bob@example.org"],
    ]
    raw = gate.claimed(RawMessage(data), None, hosts(**{"smtp://localhost": "sendgrid"}))
    assert raw is not None


@pytest.mark.parametrize(
    ("name", "service", "words"),
    [
        ("mail.acme.internal", "sendgird", 'Did you mean "sendgrid"'),
        ("mail.acme.internal", "django", "there is no mail service"),
        ("smtp://mail.acme.internal", "resend", "over SMTP"),
        ("mail acme", "sendgrid", "is no host"),
        ("mail.acme.internal/x?y=1", "sendgrid", "is no host"),
        ("api.sendgrid.com", "loops", "is a mail service already"),
        ("mail.acme.internal", "https://example.com/x", "there is no mail service"),
        ("mail.acme.internal", "https://api.sendgrid.com/v3/templates", "there is no mail service"),
    ],
)
def test_a_name_that_cannot_be_is_an_error(name, service, words) -> None:
    with pytest.raises(SettingsError, match=words):
        hosts(**{name: service})


def test_code_and_captures_are_read_by_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "send.py").write_text(
        "import requests\n\ndef send(rows):\n    to = [{'email': row.email} for row in rows]\n"
        "    requests.post('https://mail.acme.internal/v3/mail/send', json={'personalizations': [{'to': to}]})\n"
    )
    line = {"method": "POST", "url": "https://mail.acme.internal/v3/mail/send", "headers": {}, "body": BODY}
    (tmp_path / "log.jsonl").write_text(json.dumps(line) + "\n")
    settings = Settings(hosts={"mail.acme.internal/v3/mail/send": "sendgrid"})
    assert not gate.check(tmp_path).calls
    report = gate.check([tmp_path / "send.py", tmp_path / "log.jsonl"], settings)
    assert [(call.provider, call.verdict) for call in report.calls] == [("sendgrid", Verdict.SHOWS)] * 2


def test_a_url_with_holes_keeps_what_is_known() -> None:
    url = Text(("https://mail.acme.internal/v3/", Parameter("path", "m:f")))
    exchange = hosts(**{"mail.acme.internal": "sendgrid"}).at_home(HttpRequest("POST", url, {}, {}))
    assert isinstance(exchange, HttpRequest)
    assert exchange.url == "https://api.sendgrid.com/v3/*"


def test_a_host_that_is_no_longer_read_is_looser() -> None:
    old = Settings(hosts={"mail.acme.internal": "sendgrid"})
    assert [one.path for one in loosened(old, Settings(), ())] == [("hosts", "mail.acme.internal")]
    assert [one.path for one in loosened(old, replace(old, hosts={"mail.acme.internal": "loops"}), ())] != []
    assert loosened(Settings(), old, ()) == []
    assert tightened(old, Settings(), ())[0].hosts == old.hosts
