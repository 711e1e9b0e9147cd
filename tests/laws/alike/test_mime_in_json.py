"""Requests with a message in them, in MIME, are dealt with at once as they are one by one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.alike.mail_form import is_packed, packed, unpacked
from mailguard.documents.byte_text import base64_bytes
from mailguard.documents.json_values import count_marks, hides_marks, hides_signs
from mailguard.gate.claims import claimed
from mailguard.model.exchange import HttpRequest
from mailguard.transports.content.pieces import pieces
from mailguard.transports.content.senders import senders

from .support import Count, both
from .test_mail import MESSAGE, TEXT, simple

KINDS = ("gmail", "gmail-import", "ses", "ses-whole", "graph", "mandrill", "sparkpost", "unknown")
READER = st.sampled_from(["ann@example.com", "bob@example.net", "cy@in.example"])


def request(kind: str, data: str, reader: str) -> HttpRequest:
    """A request of a service that takes MIME."""
    raw = data.encode("utf-8", "surrogatepass")
    plain, safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    body: dict[str, Any] | str
    match kind:
        case "gmail":
            url, body = "https://gmail.googleapis.com/gmail/v1/users/me/messages/send", {"raw": safe}
        case "gmail-import":
            url, body = (
                "https://gmail.googleapis.com/gmail/v1/users/me/messages/send",
                {"raw": safe.rstrip("="), "threadId": "x"},
            )
        case "ses":
            url = "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
            body = {
                "FromEmailAddress": "news@example.org",
                "Destination": {"ToAddresses": [reader]},
                "Content": {"Raw": {"Data": plain}},
            }
        case "ses-whole":
            url, body = (
                "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails",
                {"Content": {"Raw": {"Data": plain}}},
            )
        case "graph":
            return HttpRequest(
                "POST", "https://graph.microsoft.com/v1.0/me/sendMail", {"Content-Type": "text/plain"}, plain
            )
        case "mandrill":
            url = "https://mandrillapp.com/api/1.0/messages/send-raw.json"
            body = {"key": "k", "raw_message": data, "to": [reader]}
        case "sparkpost":
            url = "https://api.sparkpost.com/api/v1/transmissions"
            body = {"recipients": [{"address": reader}], "content": {"email_rfc822": data}}
        case _:
            url, body = "https://mail.example.org/send", {"to": reader, "raw": plain}
    return HttpRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body))  # fmt: skip


def line(kind: str, data: str, reader: str) -> str:
    one = request(kind, data, reader)
    record = {"method": one.method, "url": one.url, "status": 200, "headers": one.headers, "body": one.body}
    return json.dumps(record)


def _formed(value: Any) -> Any:
    """A body with each message out of its form, where it has one."""
    if isinstance(value, dict):
        return {key: _formed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_formed(item) for item in value]
    form = unpacked(value) if isinstance(value, str) else None
    if form is None:
        return value
    ((packing, mail),) = form.items()
    return packed(packing, mail)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(KINDS), MESSAGE)
def test_a_message_out_of_its_form_says_what_it_said(kind: str, data: str) -> None:
    one = request(kind, data, "ann@example.com")
    assert isinstance(one.body, str)
    body = _formed(one.body) if kind == "graph" else json.dumps(_formed(json.loads(one.body)))
    other = HttpRequest(one.method, one.url, one.headers, body)

    def read(exchange: HttpRequest) -> Any:
        claim = claimed(exchange)
        said = None if claim is None else (claim.provider.name, claim.operation, claim.decoded)
        return said, senders(exchange), list(pieces(exchange))

    assert read(one) == read(other)


@given(st.text(alphabet="AZaz09+/-_= \n:", max_size=80), MESSAGE)
def test_what_is_unpacked_is_what_the_careful_reader_unpacks(text: str, data: str) -> None:
    for one in (text, base64.b64encode(data.encode()).decode() + text[:2]):
        form = unpacked(one)
        if form is not None and "\0text" not in form:
            found = base64_bytes(one)
            assert found is not None
            assert list(form.values()) == list((unpacked(found.decode("ascii")) or {}).values())


def test_a_form_is_known_by_its_key() -> None:
    form = unpacked(simple("ann@example.com", "News", ["Hello", "Hello"], "<https://example.org/x>"))
    assert is_packed(form)
    assert not is_packed({"base64": {}})
    assert not is_packed({})


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(KINDS), st.lists(st.tuples(MESSAGE, READER), min_size=2, max_size=8), st.sampled_from([(), ("in.example",)]))  # fmt: skip
def test_both_roads_say_the_same_of_messages(
    tmp_path_factory: pytest.TempPathFactory, kind: str, messages: list[tuple[str, str]], inside: tuple[str, ...]
) -> None:
    file = tmp_path_factory.mktemp("log") / "sent.jsonl"
    lines = [line(kind, data, reader) for data, reader in messages]
    file.write_text("\n".join([*lines, *lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


SIMPLE = st.builds(
    lambda reader, to, *rest: (simple(to or reader, *rest), reader),
    READER,
    st.sampled_from(["", "", "", "bob@example.net", "ann@example.com, bob@example.net"]),
    st.sampled_from(["News", "Other news", "News for ann@example.com", 'Say "News"']),
    st.lists(TEXT.filter(bool), min_size=2, max_size=2),
    st.sampled_from(["<https://example.org/off/b2c3d4e5f6g7h8>", "<mailto:bob@example.net>"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(KINDS), st.lists(SIMPLE, min_size=4, max_size=12), st.sampled_from([(), ("in.example",)]))
def test_simple_messages_come_to_what_each_does(
    tmp_path_factory: pytest.TempPathFactory, kind: str, messages: list[tuple[str, str]], inside: tuple[str, ...]
) -> None:
    file = tmp_path_factory.mktemp("log") / "sent.jsonl"
    lines = [line(kind, data, reader) for data, reader in messages]
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


@pytest.mark.parametrize("kind", KINDS)
def test_simple_messages_are_dealt_with_at_once(tmp_path: Path, count: Count, kind: str) -> None:
    """So that the laws above say something."""
    texts = [
        "Hi Ann, https://example.org/o/{0:016x}",
        "<p>Hi Ann, <a href='https://example.org/o/{0:016x}'>x</a> \"help\": help@example.org",
    ]
    lines = [
        line(kind, simple(f"p{n}@example.com", f'News "{n}"', [text.format(n + 2**60) for text in texts], f"<https://example.org/off/{n + 2**61:x}>"), f"p{n}@example.com")
        for n in range(20)
    ]  # fmt: skip
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits >= 16


@pytest.mark.parametrize("kind", ["gmail", "ses", "mandrill"])
def test_one_that_shows_somebody_is_told(tmp_path: Path, kind: str) -> None:
    def of(number: int, to: str, text: str = "Hello") -> str:
        return line(kind, simple(to, f"News {number}", [text, text], "<https://example.org/x>"), to.partition(",")[0])

    usual = [of(number, f"p{number}@example.com") for number in range(12)]
    file = tmp_path / "sent.jsonl"
    for odd in (
        of(50, "ann@example.com, bob@example.net"),
        of(50, "ann@example.com", "p3@example.com, p4@example.com"),
    ):
        file.write_text("\n".join([*usual[:8], odd, *usual[8:]]) + "\n", encoding="utf-8")
        fast, careful = both(file)
        assert fast == careful
        assert '"rule"' in fast


def test_a_key_that_is_there_twice_is_no_form_that_was_seen(tmp_path: Path, count: Count) -> None:
    usual = line(
        "ses", simple("ann@example.com", "News", ["Hello", "Hello"], "<https://example.org/x>"), "ann@example.com"
    )
    odd = usual.replace(
        r"\"Destination\": ", r"\"Destination\": {\"CcAddresses\": [\"x@example.com\"]}, \"Destination\": ", 1
    )
    assert odd != usual
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([usual] * 6 + [odd] + [usual] * 3) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits == 7


@given(
    st.text(alphabet='"\\u02 a', max_size=60),
    st.sampled_from(
        [
            "",
            "x" * 5000,
            'a"b\\c' * 1200,
            '\\"' * 20 + "y" * 5000,
            "x" * 20_000,
            'a"b\\c' * 5000,
            '\\"' * 20 + "y" * 20_000,
        ]
    ),
)
def test_marks_are_counted_alike_however_many_they_are(text: str, more: str) -> None:
    for whole in (text + more, more + text):
        assert count_marks(whole) == count_marks(whole.encode()) == whole.count('"')
        mark, nul = "\\u0022" in whole, "\\u0000" in whole
        assert hides_marks(whole) == hides_marks(whole.encode()) == mark
        assert hides_signs(whole) == hides_signs(whole.encode()) == (mark or nul)
