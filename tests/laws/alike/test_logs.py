"""Logs of all kinds of requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import discover, gate
from mailguard.alike import recall
from mailguard.capture import cutting
from mailguard.config import Settings
from mailguard.gate.captures import capture_files
from mailguard.gate.replaying import PartReader
from mailguard.tally.captures import CaptureTally, TallyPart

from .logs import ADDRESS, line, request_line
from .support import Count, both, report


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.lists(line(), min_size=1, max_size=6).flatmap(
        lambda lines: st.lists(st.sampled_from(lines), min_size=4, max_size=24)
    ),
    st.lists(st.tuples(ADDRESS, ADDRESS), max_size=6),
    st.sampled_from([(), ("in.example",), ("example.com", "in.example")]),
)
def test_both_roads_say_the_same(
    tmp_path: Path, lines: list[str], swaps: list[tuple[str, str]], inside: tuple[str, ...]
) -> None:
    # The same requests again, with other people: addresses are swapped in whole lines.
    for place, (one, other) in enumerate(swaps):
        number = place % len(lines)
        lines.append(lines[number].replace(one, "\1").replace(other, one).replace("\1", other))
    file = tmp_path / "sent.jsonl"
    first = json.dumps({"method": "POST", "url": "https://example.org", "headers": {}, "body": ""})
    file.write_text("\n".join([first, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(line(), min_size=6, max_size=12))
def test_parts_and_processes_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setattr(cutting, "PART", 3000)
    file = tmp_path / "sent.jsonl"
    first = json.dumps({"method": "POST", "url": "https://example.org", "headers": {}, "body": ""})
    file.write_text("\n".join([first, *lines, *lines, *lines]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful == report(file, 2)


def test_what_was_learnt_of_one_part_counts_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count
) -> None:
    """As in a process that gets several of them; and what one of them comes to is what it comes to by itself."""

    def line(number: int, people: int) -> str:
        to = [{"email": f"p{number}.{place}@example.com"} for place in range(people)]
        return request_line({"personalizations": [{"to": to}], "subject": f"News {number}"})

    lines = [line(number, 1 + number % 2) for number in range(60)]
    lines += [json.dumps({"method": "GET", "url": "https://example.org", "headers": {}, "body": "{}"})] * 20
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(cutting, "PART", 4000)
    tree = discover.tree_of([str(file)], file.parent)
    run = gate.prepare([str(file)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=file.parent)
    (one,) = capture_files(run)
    spans = one.spans()
    assert len(spans) > 3
    reader = PartReader(run, one, spans)
    together = [reader.read(number) for number in range(len(spans))]
    assert count.hits >= 80 - 2 * 3 - 3  # each form is learnt once
    alone = [PartReader(run, one, spans).read(number) for number in range(len(spans))]
    # Where something was first the part says that had it first.
    assert whole(run, together) == whole(run, alone)
    # One that comes late, as another process did not hand it over, is read by itself.
    assert reader.read(1) == alone[1]


def whole(run: gate.Run, read: list[Any]) -> TallyPart:
    """Parts, put together."""
    tally, above = CaptureTally(run.policies), 0
    for part in read:
        tally.put(part.tally, above)
        above += part.lines
    return tally.part()


def test_ordinary_logs_are_dealt_with_at_once(tmp_path: Path, count: Count) -> None:
    file = tmp_path / "sent.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(50):
            body = {
                "personalizations": [{"to": [{"email": f"p{number}@example.com", "name": f"Person {number}"}]}],
                "from": {"email": "news@example.org"},
                "subject": f"News {number}",
                "content": [
                    {"type": "text/html", "value": f'<a href="https://example.org/{number}?a=1&amp;b=2">\nGrüße</a>'}
                ],
            }
            headers = {"Content-Type": "application/json", "X-Request-Id": str(number)}
            record = {
                "method": "POST",
                "url": "https://api.sendgrid.com/v3/mail/send",
                "headers": headers,
                "time": number,
                "body": json.dumps(body),
            }
            stream.write(json.dumps(record) + "\n")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits == 48
    assert count.lines == 0  # a link in each of the texts has to be looked at
    assert '"requests": 50' in fast or "requests=50" in fast


def test_a_log_without_forms_is_compared_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: Count) -> None:
    monkeypatch.setattr(recall, "VAIN", 4)
    linked = {"type": "text/plain", "value": "https://example.org/abcdefgh12345678"}
    quiet = {"type": "text/plain", "value": "Hello"}
    file = tmp_path / "sent.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(80):
            body = {
                "personalizations": [{"to": [{"email": f"p{number}@example.com"}]}],
                "content": [linked if number < 40 else quiet],
            }
            record = {
                "method": "POST",
                "url": "https://api.sendgrid.com/v3/mail/send",
                "headers": {},
                "body": json.dumps(body),
            }
            stream.write(json.dumps(record) + "\n")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits > 15
