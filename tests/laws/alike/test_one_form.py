"""Logs of one form and few people, in which nearly every request is dealt with at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.alike import form

from .logs import FEW, PLAIN, WORDS, letter, one_form, request_line
from .support import Count, both, report


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(st.builds(one_form, FEW, FEW, FEW, WORDS, st.sampled_from([202, 202, 400])), min_size=6, max_size=20),
    st.sampled_from([(), ("in.example",), ("example.com",)]),
    st.sampled_from([0, 10**9]),
)
def test_requests_of_one_form_come_to_what_each_does(
    tmp_path: Path, lines: list[str], inside: tuple[str, ...], worth: int
) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, *lines]) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(form, "WORTH", worth)
        fast, careful = both(file, inside)
    assert fast == careful


@pytest.mark.parametrize("kind", ["one", "two", "each", "headers", "postmark", "brevo", "resend"])
def test_letters_are_dealt_with_at_once(tmp_path: Path, count: Count, kind: str) -> None:
    """So that the law above says something."""
    html = '<p>Hi {0}</p><a href="https://example.org/off/{0:016x}">leave</a> or write to help@example.org'
    lines = [
        letter(kind, f"p{n}@example.com", f"q{n}@example.com", html.format(n + 2**60), "News", f"<mailto:off@example.org?subject={n}>")
        for n in range(20)
    ]  # fmt: skip
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits >= 16
    assert count.lines >= (8 if kind in ("one", "two", "headers", "postmark", "resend") else 0)


@pytest.mark.parametrize("worth", [0, 10**9])
@pytest.mark.parametrize(
    ("odd", "inside"),
    [
        (("ann@example.com", "ann@example.com", "cy@example.org", "Hello", 202), ()),
        (("ann@example.com", "Ann@example.com", "cy@example.org", "Hello", 202), ()),
        (("dee@in.example", "eve@sub.in.example", "dee@in.example", "Hello", 202), ("in.example",)),
        (("ann@example.com", "bob@example.net", "cy@example.org", "bob%40example.net", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "bob&#64;example.net", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "bob@example.net", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "Hi {{name}}", 202), ()),
        (("ann@example.com", "bob@example.net", "cy@example.org", "Hello", 400), ()),
    ],
)
def test_one_that_is_not_like_the_others_is_told(
    tmp_path: Path, count: Count, odd: tuple[Any, ...], inside: tuple[str, ...], worth: int
) -> None:
    file = tmp_path / "sent.jsonl"
    plain = one_form(*PLAIN)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(form, "WORTH", worth)
        file.write_text((plain + "\n") * 12, encoding="utf-8")
        alone = report(file, 1, inside)
        assert count.hits == 10
        assert (count.lines > 0) == (worth == 0)
        lines = [plain] * 6 + [one_form(*odd)] + [plain] * 5
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fast, careful = both(file, inside)
    assert fast == careful
    assert fast != alone


def test_people_of_quiet_requests_are_remembered(tmp_path: Path) -> None:
    # The text of the last one names two to whom earlier ones went, which only tells who was remembered.
    lines = [one_form(f"a{n}@example.com", f"b{n}@example.com", f"c{n}@example.com", "Hello", 202) for n in range(8)]
    lines.append(one_form("x@example.com", "y@example.com", "z@example.com", "a5@example.com and b6@example.com", 202))
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert "content" in fast or "text" in fast


def test_a_list_that_grows_from_one_quiet_request_to_the_next_is_found(tmp_path: Path) -> None:
    def line(people: list[str]) -> str:
        body = {
            "personalizations": [{"to": [{"email": person} for person in people]}],
            "from": {"email": "desk@example.org"},
        }
        return json.dumps(
            {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
        )

    people = ["ann@example.com", "bob@example.net", "cy@example.org"]
    learnt = [line([f"{n}{size}@example.com" for n in range(size)]) for size in (1, 2, 3) for _ in range(4)]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*learnt, *(line(people[:size]) for size in (1, 2, 3))]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert "recipient-list-growth" in fast


@pytest.mark.parametrize("worth", [0, 10**9])
@pytest.mark.parametrize("decoy", ["", "in the body", "in the line"])
@pytest.mark.parametrize("where", ["body", "line"])
def test_a_key_that_is_there_twice_is_no_form_that_was_seen(tmp_path: Path, where: str, decoy: str, worth: int) -> None:
    plain = json.loads(one_form(*PLAIN))
    body = plain["body"]
    leak = json.dumps([{"to": [{"email": f"p{n}@example.com"} for n in range(9)]}])
    if decoy == "in the body":
        body = body.replace("Hello", "\\u0022" * 40)
    if where == "body":
        body = body.replace("{", '{"personalizations": ' + leak + ", ", 1)
    line = json.dumps(plain | {"body": body})
    if where == "line":
        line = line.replace(
            '"body": ', '"body": ' + json.dumps(json.dumps({"personalizations": json.loads(leak)})) + ', "body": ', 1
        )
    if decoy == "in the line":
        line = line.replace('\\"', "\\u0022")
    file = tmp_path / "sent.jsonl"
    usual = one_form(*PLAIN)
    file.write_text("\n".join([usual] * 6 + [line] + [usual] * 3) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(form, "WORTH", worth)
        fast, careful = both(file)
        file.write_text((usual + "\n") * 10, encoding="utf-8")
        assert fast == careful != report(file)


@pytest.mark.parametrize("where", ["body", "line"])
def test_marks_written_as_numbers_hide_no_key(tmp_path: Path, where: str) -> None:
    # As many marks are hidden as the key that the parser drops brings with it.
    usual = one_form(*PLAIN)
    plain = json.loads(usual)
    if where == "body":
        dropped = (
            '"personalizations": ' + json.dumps([{"to": [{"email": f"p{n}@example.com"} for n in range(9)]}]) + ", "
        )
        marks = dropped.count('"')
        body = plain["body"].replace("{", "{" + dropped, 1).replace("Hello", r"\u0022" * marks)
        quiet = plain["body"].replace("Hello", r"\"" * marks)
        line, usual = json.dumps(plain | {"body": body}), json.dumps(plain | {"body": quiet})
    else:
        line = usual.replace('"body": ', '"body": "x", "body": ', 1).replace('\\"', "\\u0022", 4)
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([usual] * 6 + [line] + [usual] * 3) + "\n", encoding="utf-8")
    fast, careful = both(file)
    file.write_text((usual + "\n") * 10, encoding="utf-8")
    assert fast == careful != report(file)


@pytest.mark.parametrize("worth", [0, 10**9])
def test_how_a_body_is_packed_matters(tmp_path: Path, worth: int) -> None:
    def line(number: int, encoding: str) -> str:
        record = json.loads(one_form(f"p{number}@example.com", *PLAIN[1:]))
        return json.dumps(record | {"headers": {"Content-Encoding": encoding, "X-Id": str(number)}})

    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(line(n, "unknown" if n == 9 else "") for n in range(12)) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(form, "WORTH", worth)
        fast, careful = both(file)
    assert fast == careful
    assert '"cause": "wrong-encoding"' in fast


@pytest.mark.parametrize("sender", ["desk@example.org", "Desk <desk@example.org>", "Desk, Inc. <desk@example.org>"])
def test_whether_the_sender_is_among_those_written_to_matters(tmp_path: Path, sender: str) -> None:
    def line(number: int, to: str) -> str:
        body = {"From": sender, "To": f"p{number}@example.com,{to}" if number % 2 else to, "Cc": "cy@example.org",
                "Subject": "x", "TextBody": "x"}  # fmt: skip
        url = "https://api.postmarkapp.com/email"
        return json.dumps({"method": "POST", "url": url, "headers": {}, "body": json.dumps(body)})

    file = tmp_path / "sent.jsonl"
    whom = ["bob@example.net"] * 8 + ["desk@example.org"] * 3 + ["bob@example.net", "desk@example.org"]
    file.write_text("\n".join(line(n, to) for n, to in enumerate(whom)) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful


def test_an_encoded_name_is_no_plain_name(tmp_path: Path) -> None:
    def line(name: str) -> str:
        return request_line(
            {
                "personalizations": [{"to": [{"email": "ann@example.com", "name": name}]}],
                "from": {"email": "desk@example.org"},
            }
        )

    file = tmp_path / "sent.jsonl"
    file.write_text(
        "\n".join([line("Ann")] * 6 + [line("=?utf-8?q?bob=40example.net?=")] + [line("Bob")] * 3) + "\n",
        encoding="utf-8",
    )
    fast, careful = both(file)
    file.write_text("\n".join([line("Ann")] * 10) + "\n", encoding="utf-8")
    assert fast == careful != report(file)


def test_what_is_attached_is_looked_into(tmp_path: Path) -> None:
    import base64

    def line(attached: str) -> str:
        content = base64.b64encode(attached.encode()).decode()
        to = [{"to": [{"email": "ann@example.com"}]}, {"to": [{"email": "bob@example.net"}]}]
        return request_line(
            {"personalizations": to, "attachments": [{"content": content, "type": "text/csv", "filename": "a.csv"}]}
        )

    file = tmp_path / "sent.jsonl"
    file.write_text(
        "\n".join([line("nobody")] * 6 + [line("ann@example.com,bob@example.net")] + [line("x")] * 3) + "\n",
        encoding="utf-8",
    )
    fast, careful = both(file)
    file.write_text("\n".join([line("nobody")] * 10) + "\n", encoding="utf-8")
    assert fast == careful != report(file)


def test_the_only_reader_of_a_quiet_request_is_remembered(tmp_path: Path) -> None:
    def line(person: str, text: str) -> str:
        body = {
            "personalizations": [{"to": [{"email": person}]}],
            "from": {"email": "desk@example.org"},
            "content": [{"type": "text/plain", "value": text}],
        }
        return request_line(body)

    lines = [line(f"a{number}@example.com", "Hello") for number in range(8)]
    last = line("z@example.com", "To a5@example.com and a6@example.com")
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([*lines, last]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    file.write_text("\n".join([*lines[:4], last]) + "\n", encoding="utf-8")
    assert fast == careful
    assert "content" in fast
    assert fast.count('"rule"') > report(file).count('"rule"')
