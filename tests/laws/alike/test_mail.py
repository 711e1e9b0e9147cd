"""Messages that were handed over are dealt with at once as they are one by one."""

from __future__ import annotations

import base64
import json
import quopri
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard.alike.mail_form import mail_of, transaction_of
from mailguard.doubts import doubted
from mailguard.gate.claims import claimed
from mailguard.model.exchange import SmtpTransaction
from mailguard.transports.content.pieces import pieces
from mailguard.transports.content.senders import senders

from .support import Count, both

PERSON = st.sampled_from(
    ["ann@example.com", "Ann <ann@example.com>", "Bob Lee <bob@example.net>", "bob@example.net", "cy@in.example", "news@example.org",
     "News <news@example.org>", "ann@example.com, bob@example.net", "Lee, Bob <bob@example.net>", "=?utf-8?q?J=C3=B6rg?= <ann@example.com>", "undisclosed-recipients:;", "", "a b@c"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["News", "News for ann@example.com", "bob@example.net", "=?utf-8?q?bob=40example.net?=", "a  b", "two\n lines", "two\n\tlines", "x\n\n y", "", " ", "{{name}}",
     "https://example.org/o/a1b2c3d4e5f6g7", "<mailto:off@example.org>, <https://example.org/off/b2c3d4e5f6g7h8>", "%40", "a\x0bb", "é", "\x00", "1", "Ann <ann@example.com>"]
)  # fmt: skip
PLAIN = st.sampled_from(["ann@example.com", "Ann <ann@example.com>", "News <news@example.org>"])
QUIET = st.sampled_from(["News", "News for ann@example.com", "two\n lines", "https://example.org/o/a1b2c3d4e5f6g7"])
NAME = st.sampled_from(
    ["Subject", "SUBJECT", "To", "to", "Cc", "Bcc", "Date", "Message-ID", "List-Unsubscribe", "List-Id", "List-Unsubscribe-Post", "Precedence", "MIME-Version",
     "X-SMTPAPI", "X-MC-PreserveRecipients", "Reply-To", "Sender", "Resent-To", "Received", "X-Mailer", "Content-Type", "Content-Transfer-Encoding", "From ", "no header"]
)  # fmt: skip
TEXT = st.sampled_from(
    ["Hello\n", "Hello", "Hi Ann,\nhttps://example.org/o/a1b2c3d4e5f6g7 or help@example.org\n", "<p>Hi</p><a href='https://example.org/reset/b2c3d4e5f6g7h8'>x</a>",
     "for ann@example.com only", "bob%40example.net", "ann&#64;example.com", "\n", "", "--=\n", "--=_\nx", "Grüße \U0001f600\n", "{{name}} *|X|*", "From me\n", "\ufeffann@example.com", "a\r\nb", "\x00\x00a",
     "To: bob@example.net\n\nHello"]
)  # fmt: skip
KIND = st.sampled_from(
    ["text/plain; charset=utf-8", 'text/html; charset="utf-8"', "text/plain", "TEXT/HTML", "text/plain; charset=us-ascii", "text/calendar", "text/csv; name=a.csv",
     "text/plain; charset=latin-1", "message/rfc822", "multipart/mixed; boundary=x", "image/png", 'text/html;\n charset="utf-8"', ""]
)  # fmt: skip
ENCODING = st.sampled_from(["base64", "base64", "7bit", "quoted-printable", "8bit", "", "BASE64", "x"])


@st.composite
def part(draw: st.DrawFn) -> str:
    kind, encoding, text = draw(KIND), draw(ENCODING), draw(TEXT)
    if draw(st.booleans()):
        kind, encoding = (
            draw(st.sampled_from(["text/plain; charset=utf-8", "text/html"])),
            draw(st.sampled_from(["base64", "7bit"])),
        )
    lines = [f"Content-Type: {kind}"] if kind else []
    lines += [f"Content-Transfer-Encoding: {encoding}"] if encoding else []
    lines += ["Content-Disposition: attachment; filename=x.csv"] if draw(st.integers(0, 9)) == 0 else []
    data = text.encode("utf-8")
    match encoding.lower():
        case "base64":
            body = base64.encodebytes(data).decode()
            body = body.replace("=", "", draw(st.sampled_from([0, 0, 0, 1])))
        case "quoted-printable":
            body = quopri.encodestring(data).decode()
        case _:
            body = text if draw(st.booleans()) else text.encode("ascii", "replace").decode()
    return "\n".join([*lines, "", body])


@st.composite
def message(draw: st.DrawFn) -> str:
    lines = [f"From: {draw(PERSON)}", f"To: {draw(PERSON)}", f"Subject: {draw(WORDS)}"]
    lines += [
        f"{name}: {value}" for name, value in draw(st.lists(st.tuples(NAME, st.one_of(WORDS, PERSON)), max_size=2))
    ]
    lines = draw(st.permutations(lines))
    if draw(st.booleans()):
        data = "\n".join([*lines, draw(part())])
    else:
        boundary = draw(st.sampled_from(["==1==", "=_", "b", "a b"]))
        kind = draw(st.sampled_from(["alternative", "mixed", "related", "signed"]))
        lines.append(f'Content-Type: multipart/{kind}; boundary="{boundary}"')
        inner = "".join(f"--{boundary}\n{one}\n" for one in draw(st.lists(part(), min_size=1, max_size=3)))
        close = draw(
            st.sampled_from([f"--{boundary}--\n", f"--{boundary}--", "", f"--{boundary}--\nafter", f"--{boundary} \nx"])
        )
        data = "\n".join([*lines, "", draw(st.sampled_from(["", "", "", "before\n", "\n"])) + inner + close])
    return data.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


@st.composite
def nearly_simple(draw: st.DrawFn) -> str:
    """A message that has a form, or would have one but for one thing."""
    lines = [f"From: {draw(PLAIN)}", f"To: {draw(PLAIN)}", f"Subject: {draw(QUIET)}"]
    if draw(st.booleans()):
        lines.append(f"{draw(NAME)}: {draw(st.one_of(WORDS, PLAIN))}")
    parts = []
    for text in draw(st.lists(TEXT, min_size=1, max_size=3)):
        encoding = draw(st.sampled_from(["base64", "base64", "7bit", "Base64"]))
        kind = draw(
            st.sampled_from(["text/plain", "text/html; charset=utf-8", 'text/plain;\n charset="us-ascii"', "TEXT/HTML"])
        )
        content = text if encoding == "7bit" else base64.encodebytes(text.encode()).decode()
        content += draw(st.sampled_from(["", "", "\n"]))
        parts.append(f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{content}")
    if len(parts) == 1:
        data = "\n".join([*lines, parts[0]])
    else:
        kind = draw(st.sampled_from(["alternative", "mixed", "related"]))
        lines.append(f'Content-Type: multipart/{kind}; boundary="==1=="')
        inner = "".join(f"--==1==\n{one}\n" for one in parts)
        data = "\n".join([*lines, "", inner + draw(st.sampled_from(["--==1==--\n", "--==1==--", "--==1==--\n\n"]))])
    return data.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))


MESSAGE = st.one_of(message(), nearly_simple(), nearly_simple())
TEXT_ALONE = "Content-Type: text/plain"


@settings(max_examples=400, deadline=None)
@given(MESSAGE, st.sampled_from(["desk@example.org", "", "news@example.org"]))
@example("Subject: x\nTo: a@b.example\n\nHello", "")
@example("Subject: x\r\nTo: a@b.example\r\nContent-Type: text/plain\r\n\r\nHello\r\n", "")
@example(f"Subject: x\nTo: a@b.example\n{TEXT_ALONE}\n\nCc: bob@example.org\n\nHello\n", "")
@example(f"Subject: x\r\nTo: a@b.example\r\n{TEXT_ALONE}\r\n\r\n\r\n To: bob@example.org\r\nHello\r\n", "")
@example(f"Date: 1 To: bob@example.org\nTo: a@b.example\n{TEXT_ALONE}\n\nHello\n", "")
@example(f"Message-ID: <1@x.example> Cc: bob@example.org\nTo: a@b.example\n{TEXT_ALONE}\n\nHello\n", "")
@example(f"Date: bob@example.net\nTo: a@b.example\n{TEXT_ALONE}\n\nHello\n", "")
def test_a_message_out_of_its_form_says_what_it_said(data: str, sender: str) -> None:
    form = mail_of(data)
    if form is None:
        return
    people = ["ann@example.com", "cy@in.example"]
    one = SmtpTransaction("smtp://mail.example.org", sender, [*people], data)
    other = transaction_of("smtp://mail.example.org", {"from": sender, "to": people, **form})

    def read(exchange: SmtpTransaction) -> Any:
        claim = claimed(exchange)
        assert claim is not None
        doubts = doubted(exchange, claim.decoded)
        return claim.provider.name, claim.operation, claim.decoded, doubts, senders(exchange), list(pieces(exchange))

    assert read(one) == read(other)


@settings(max_examples=200, deadline=None)
@given(
    message(),
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 2),
            st.sampled_from(["\n", " ", "\t", "-", "=", ":", "a", "\n\n", "@", "\r"]),
        ),
        max_size=2,
    ),
)
def test_so_does_one_that_was_damaged(data: str, edits: list[tuple[float, int, str]]) -> None:
    for where, length, piece in edits:
        start = int(where * len(data))
        data = data[:start] + piece + data[start + length :]
    test_a_message_out_of_its_form_says_what_it_said.hypothesis.inner_test(data, "desk@example.org")  # type: ignore[attr-defined]  # what it is made of


def line(data: str, reader: str, sender: str = "desk@example.org", status: int = 250) -> str:
    record = {"method": "SMTP", "url": "smtp://mail.example.org:25", "status": status,
              "envelope": {"mail_from": sender, "rcpt_to": [reader]}, "body": data}  # fmt: skip
    return json.dumps(record)


@pytest.mark.parametrize("torn", ["Cc: bob@example.org\n\nHello\n", "\nTo: bob@example.org\nHello\n"])
def test_a_torn_head_is_doubted_whoever_stands_in_it(tmp_path: Path, torn: str) -> None:
    """Its people stood in a letter before, and so they were taken for a part of the template."""
    head = f"From: News <news@example.org>\nTo: {{}}\nSubject: x\n{TEXT_ALONE}\n\n"
    letters = [(head + torn, "ann"), (head + "Write to help@example.org\n", "bob"), (head + torn, "ann")]
    lines = [line(text.format(f"{who}@example.com"), f"{who}@example.com") for text, who in letters]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines * 2) + "\n")
    fast, careful = both(file)
    assert fast == careful
    assert json.loads(fast[: fast.rindex("}\n") + 1])["ledger"]["request_cannot_tell"] == 4


READER = st.sampled_from(["ann@example.com", "bob@example.net", "cy@in.example", "x@y.example, z@y.example"])


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(
        st.builds(line, MESSAGE, READER, st.sampled_from(["desk@example.org", "", "ann@example.com"])),
        min_size=2,
        max_size=8,
    ),
    st.sampled_from([(), ("in.example",)]),
)
def test_both_roads_say_the_same_of_messages(tmp_path: Path, lines: list[str], inside: tuple[str, ...]) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


def simple(reader: str, words: str, texts: list[str], unsubscribe: str) -> str:
    lines = ["From: News <news@example.org>", f"To: Some Body <{reader}>", f"Subject: {words}", f"Message-ID: <{hash(words)}@x.example>",
             f"List-Unsubscribe: {unsubscribe}", "MIME-Version: 1.0", 'Content-Type: multipart/alternative; boundary="==1=="', ""]  # fmt: skip
    for kind, text in zip(("plain", "html"), texts, strict=False):
        packed = base64.encodebytes(text.encode()).decode()
        lines += [
            "--==1==",
            f"Content-Type: text/{kind}; charset=utf-8",
            "Content-Transfer-Encoding: base64",
            "",
            packed,
        ]
    return "\n".join([*lines, "--==1==--", ""])


SIMPLE = st.builds(
    lambda reader, to, *rest: line(simple(to or reader, *rest), reader),
    st.sampled_from(["ann@example.com", "bob@example.net", "cy@in.example"]),
    st.sampled_from(["", "", "", "bob@example.net"]),
    st.sampled_from(["News", "Other news", "News for ann@example.com"]),
    st.lists(TEXT.filter(bool), min_size=2, max_size=2),
    st.sampled_from(["<https://example.org/off/b2c3d4e5f6g7h8>", "<mailto:bob@example.net>"]),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(SIMPLE, min_size=4, max_size=12), st.sampled_from([(), ("in.example",)]))
def test_simple_messages_come_to_what_each_does(tmp_path: Path, lines: list[str], inside: tuple[str, ...]) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


def test_simple_messages_are_dealt_with_at_once(tmp_path: Path, count: Count) -> None:
    """So that the laws above say something."""
    texts = [
        "Hi Ann, https://example.org/o/{0:016x}",
        "<p>Hi Ann, <a href='https://example.org/o/{0:016x}'>x</a> help@example.org",
    ]
    lines = [
        line(simple(f"p{n}@example.com", f"News {n}", [text.format(n + 2**60) for text in texts], f"<https://example.org/off/{n + 2**61:x}>"), f"p{n}@example.com")
        for n in range(20)
    ]  # fmt: skip
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits >= 16


@pytest.mark.parametrize("twice", ['"rcpt_to": ["x@example.com", "y@example.com"], ', ""])
def test_a_key_of_an_envelope_that_is_there_twice_is_no_form_that_was_seen(
    tmp_path: Path, count: Count, twice: str
) -> None:
    usual = line(simple("ann@example.com", "News", ["Hello", "Hello"], "<https://example.org/x>"), "ann@example.com")
    odd = usual.replace('"rcpt_to": ', twice + '"rcpt_to": ', 1)
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([usual] * 6 + [odd] + [usual] * 3) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits == (8 - bool(twice))
