"""Scrubbed captures in every notation: the same verdicts for the requests of every service, and no secret left."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

import pytest

from mailguard import gate
from mailguard.pseudonyms.files import Pseudonyms
from mailguard.scrub import ScrubError, scrubbed

from .test_scrub import layers, policy

sys.path.insert(0, str(Path(__file__).parent / "captures"))
import writers

Writer = Callable[[Mapping[str, Any]], writers.Written]
REQUESTS: Final = {
    f"{path.parent.name}/{path.name}": json.loads(path.read_text("utf-8"))["request"]
    for path in sorted((Path(__file__).parent / "providers").rglob("*.json"))
}
SECRET: Final = writers.SID


def unsafe(request: Mapping[str, Any], writer: Writer, folder: Path) -> str:
    """What is wrong with the scrubbed request, if anything is."""
    name, data = writer(request)
    (folder / name).write_bytes(data)
    try:
        ((_, new),) = scrubbed(folder / name, policy("example.com")).files
    except ScrubError as error:
        return str(error)
    return "the secret is left" if any(SECRET.lower().encode() in layer.lower() for layer in layers(new, 4)) else ""


@pytest.mark.parametrize("writer", writers.WRITERS, ids=lambda writer: str(writer.__name__))
def test_every_request_of_a_service_is_judged_as_before(writer: Writer, tmp_path: Path) -> None:
    # A scrubbed capture that is not judged as before is an error of its own: see ``scrubbed``.
    every = 1 if writer in (writers.jsonl, writers.har, writers.vcrpy, writers.wiremock) else 4
    wrong = {
        name: said
        for name, request in [*REQUESTS.items()][::every]
        if ("envelope" not in request or writer is writers.jsonl) and (said := unsafe(request, writer, tmp_path))
    }
    assert not wrong
    assert len(REQUESTS) > 150


PEOPLE: Final = {
    "personalizations": [{"to": [{"email": "ann@example.com"}, {"email": "bob@example.org"}]}],
    "from": {"email": "desk@example.net"},
    "subject": "S",
    "content": [{"type": "text/plain", "value": "T"}],
}


def sendgrid(headers: Mapping[str, str] = {}, query: str = "", user: str = "", **more: object) -> dict[str, Any]:
    return {
        "method": "POST",
        "url": f"https://{user}api.sendgrid.com/v3/mail/send{query}",
        "headers": {"Content-Type": "application/json", **headers},
        "body": json.dumps({**PEOPLE, **more}),
    }


FIELDS: Final = (("to", "ann@example.com"), ("to", "bob@example.org"), ("from", "desk@example.net"), ("text", "T"))


def mailgun(**more: str) -> dict[str, Any]:
    fields = (*FIELDS, *more.items())
    return {
        "method": "POST",
        "url": "https://api.mailgun.net/v3/mg.example.net/messages",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
        "body": "&".join(f"{name}={quote_plus(value)}" for name, value in fields),
    }


def in_parts(**more: str) -> dict[str, Any]:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (*FIELDS, *more.items())
    ]
    return {
        **mailgun(),
        "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        "body": "".join([*parts, "--b--\r\n"]),
    }


def opened(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SIGNED = f"AWS4-HMAC-SHA256 Credential={SECRET}/20261101/eu/ses/aws4_request, SignedHeaders=host, Signature={SECRET}"
PLACES: Final = {
    **{
        f"header {name}": sendgrid({name: value})
        for name, value in {
            "Authorization": f"Bearer SG.{SECRET}",
            "authorization": "Basic " + opened(f"api:{SECRET}"),
            "AUTHORIZATION": SIGNED,
            "Proxy-Authorization": f"token {SECRET}",
            "Cookie": f"a=b; sid={SECRET}",
            **dict.fromkeys(("X-Api-Key", "api-key", "X-Key", "X-MC-Key", "Ocp-Apim-Subscription-Key"), SECRET),
            **dict.fromkeys(("X-Postmark-Server-Token", "X-Auth-Token", "X-CSRFToken", "X-Amz-Security-Token"), SECRET),
            **dict.fromkeys(("X-Smtp-Password", "X-Client-Secret", "X-Signature"), SECRET),
        }.items()
    },
    **{f"query {name}": sendgrid(query=f"?a=1&{name}={SECRET}") for name in ("api_key", "key", "access_token", "token")},
    "query signed": sendgrid(query=f"?X-Amz-Signature={SECRET}&X-Amz-Credential={SECRET}"),
    "user info": sendgrid(user=f"api:{SECRET}@"),
    **{f"body {name}": sendgrid(**{name: SECRET}) for name in ("api_key", "apiKey", "password", "pwd", "clientSecret")},
    "body tokens": sendgrid(tokens=[SECRET], token=[SECRET]),
    "body below": sendgrid(custom_args={"auth": {"token": SECRET}}),
    "body headers": sendgrid(headers={"X-Auth-Token": SECRET, "Authorization": f"Bearer {SECRET}"}, query=f"?sig={SECRET}"),
    "body key": {
        **sendgrid(),
        "url": "https://mandrillapp.com/api/1.0/messages/send.json",
        "body": json.dumps({"key": SECRET, "message": {"to": [{"email": "ann@example.com"}]}}),
    },
    "form": mailgun(api_key=SECRET, password=SECRET, AWSAccessKeyId=SECRET, Signature=SECRET),
    "parts": in_parts(api_key=SECRET, password=SECRET),
}  # fmt: skip


@pytest.mark.parametrize("writer", writers.WRITERS, ids=lambda writer: str(writer.__name__))
def test_no_secret_is_left_wherever_it_stands(writer: Writer, tmp_path: Path) -> None:
    assert {place: said for place, request in PLACES.items() if (said := unsafe(request, writer, tmp_path))} == {}


# --- Logins in SMTP sessions (RFC 4954) -----------------------------------------------------------

PLAIN, USER, PASSWORD = opened(f"\0{SECRET}user\0{SECRET}"), opened(f"{SECRET}user"), opened(SECRET)
HASHED = opened(f"{SECRET} d3b07384d113edec49eaa6238ad5ff00")
TOKEN = opened(f"user={SECRET}\1auth=Bearer {SECRET}\1\1")
ASKS = (("S", "334 VXNlcm5hbWU6"), ("S", "334 UGFzc3dvcmQ6"))
LOGINS: Final = {
    "plain at once": [("C", f"AUTH PLAIN {PLAIN}")],
    "plain when asked": [("C", "AUTH PLAIN"), ("S", "334 "), ("C", PLAIN)],
    "login": [("C", "AUTH LOGIN"), ASKS[0], ("C", USER), ASKS[1], ("C", PASSWORD)],
    "login with the name": [("C", f"auth login {USER}"), ASKS[1], ("C", PASSWORD)],
    "hash": [("C", "AUTH CRAM-MD5"), ("S", "334 PDE4OTYuNjk3MTcwOTUyQHBvc3Q+"), ("C", HASHED)],
    "token": [("C", f"AUTH XOAUTH2 {TOKEN}")],
    "bearer": [("C", f"AUTH OAUTHBEARER {TOKEN}")],
    "scram": [
        ("C", f"AUTH SCRAM-SHA-256 {opened(f'n,,n={SECRET},r=x')}"),
        ("S", f"334 {opened('r=xy,s=z,i=4096')}"),
        ("C", opened(f"c=biws,r=xy,p={SECRET}")),
    ],
}


def marked(client: str, server: str) -> Callable[[str, str], str]:
    return lambda who, text: f"{client if who == 'C' else server}{text}\n"


def by_smtplib(front: str) -> Callable[[str, str], str]:
    def line(who: str, text: str) -> str:
        sent = text + "\r\n"
        return f"{front}send: {sent!r}\n" if who == "C" else f"{front}reply: {sent.encode()!r}\n"

    return line


TIME = "2026-11-01 10:00:00"
DIALECTS: Final = {
    "swaks": marked(" -> ", "<-  "),
    "swaks with TLS": marked(" ~> ", "<~  "),
    "letters": marked("C: ", "S: "),
    "arrows": marked(">>> ", "<<< "),
    "s-nail": marked("s-nail: >>> ", "s-nail: >>> SERVER: "),
    "Exim": marked("SMTP>> ", "SMTP<< "),
    "Exim at work": marked("  SMTP>> ", "  SMTP<< "),
    "PHPMailer": marked(f"{TIME}\tCLIENT -> SERVER: ", f"{TIME}\tSERVER -> CLIENT: "),
    "nodemailer": marked(f"[{TIME}] DEBUG [Ab1] C: ", f"[{TIME}] DEBUG [Ab1] S: "),
    "typed": marked("", ""),
    "smtplib": by_smtplib(""),
    "smtplib with times": by_smtplib("10:00:00.123456 "),
}
TEXT: Final = "To: ann@example.com, bob@example.org\r\nSubject: S\r\n\r\nSay AUTH LOGIN\r\nto bob@example.org\r\n."


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_login_is_left_in_a_session(dialect: str, tmp_path: Path) -> None:
    write = DIALECTS[dialect]
    message = [TEXT] if dialect.startswith("smtplib") else TEXT.split("\r\n")
    left = {}
    for name, login in LOGINS.items():
        said = [("S", "250-x"), ("S", "250 AUTH PLAIN LOGIN"), *login, ("S", "235 ok"), ("C", "MAIL FROM:<x@example.net>"),
                ("S", "250 ok"), ("C", "RCPT TO:<ann@example.com>"), ("S", "250 ok"), ("C", "RCPT TO:<bob@example.org>"),
                ("S", "250 ok"), ("C", "DATA"), ("S", "354 go"), *(("C", line) for line in message), ("S", "250 ok")]  # fmt: skip
        file = tmp_path / "session.txt"
        file.write_text("".join(write(*line) for line in [("C", "EHLO client.example.net"), *said]), "utf-8")
        ((_, new),) = scrubbed(file, policy()).files
        if any(SECRET.lower().encode() in layer.lower() for layer in layers(new)) or b"AUTH LOGIN" not in new:
            left[name] = new
    assert not left


def test_words_of_a_message_are_no_login() -> None:
    text = (
        "C: MAIL FROM:<a@example.com>\nC: DATA\nC: Subject: S\nC: \nC: Use AUTH LOGIN\nC: for password\nC: .\nC: QUIT\n"
    )
    assert "Use AUTH LOGIN\nC: for password\n" in Pseudonyms().file(text.encode(), "smtp-transcript").decode()


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "word",
    [
        _coded("planted@example.org"),
        _coded(_coded("planted@example.org")),
        quote_plus(_coded("Planted <planted@example.org>")),
        b"planted@example.org".hex(),
        "u_" + _coded('{"e": "planted@example.org"}'),
        f"eyJhbGciOiJIUzI1NiJ9.{_coded('planted@example.org')}.c2lnbmF0dXJlc2ln",
        "1&token=" + _coded("planted@example.org"),
    ],
)
def test_words_of_links_that_stand_for_people(tmp_path: Path, word: str) -> None:
    """They are found by a replay, so that without them the verdict would be another one."""
    body = {
        "personalizations": [{"to": [{"email": "ann@example.com"}]}, {"to": [{"email": "planted@example.org"}]}],
        "from": {"email": "desk@example.net"},
        "subject": "S",
        "content": [{"type": "text/plain", "value": f"https://example.net/off/x?e={word}&mail=planted%40example.org"}],
    }
    path = tmp_path / "a.jsonl"
    path.write_text(
        json.dumps(
            {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
        )
        + "\n"
    )
    ((_, new),) = scrubbed(path, policy()).files
    assert not any(b"planted" in layer.lower() for layer in layers(new, 4))
    assert word.encode() not in new
    (tmp_path / "b.jsonl").write_bytes(new)
    assert gate.replay(tmp_path / "b.jsonl").exit_code == gate.replay(path).exit_code == 1
