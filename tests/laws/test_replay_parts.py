"""The parts of a capture, put together, are the capture: whoever reads them."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import capture, discover, gate
from mailguard.capture import Part, cutting, parts, records
from mailguard.config import Settings
from mailguard.model.capture import Format
from mailguard.model.finding import Report


def line(people: int, text: str, kind: str) -> str:
    if kind == "broken":
        return '{"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "body": "{\\"pers'
    if kind == "blank":
        return ""
    body: dict[str, Any] = {"personalizations": [{"to": [{"email": f"p{n}@example.com"} for n in range(people)]}]}
    body |= {"from": {"email": "desk@example.org"}, "content": [{"type": "text/plain", "value": text}]}
    if kind == "each":
        body["personalizations"] = [{"to": [{"email": f"p{n}@example.com"}]} for n in range(people)]
    return json.dumps(
        {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "headers": {}, "body": json.dumps(body)}
    )


LINE = st.builds(
    line,
    st.integers(1, 4),
    st.sampled_from(["Hello", "p1@example.com", "ä" * 50, "p0@example.com p2@example.com"]),
    st.sampled_from(["one", "one", "each", "broken", "blank"]),
)


def report(file: Path, jobs: int) -> Report:
    tree = discover.tree_of([str(file)], file.parent)
    run = gate.prepare([str(file)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=file.parent)
    return replace(run, jobs=jobs).report()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, max_size=12), st.integers(1, 3000), st.booleans())
def test_the_records_of_the_parts_are_those_of_the_file(tmp_path: Path, lines: list[str], size: int, end: bool) -> None:
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([line(1, "x", "one"), *lines]) + ("\n" if end else ""), encoding="utf-8")
    form = capture.detect(file)
    assert isinstance(form, Format)
    spans = parts(file, form, size=size)
    if spans:
        assert spans[0][0] == 0
        assert spans[-1][1] == file.stat().st_size
        assert all(one[1] == other[0] and one[0] < one[1] for one, other in itertools.pairwise(spans))
    found, above = [], 0
    for span in spans:
        part = Part("sent.jsonl", file, span, first_line=above)
        found += list(part.records(form))
        above += part.lines
    if spans:
        assert found == list(records("sent.jsonl", file))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LINE, min_size=6, max_size=14))
def test_several_processes_say_what_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setattr(cutting, "PART", 1500)
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join([line(1, "x", "one"), *lines]) + "\n", encoding="utf-8")
    assert report(file, 3) == report(file, 1)


def test_what_grows_over_the_border_of_two_parts_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "PART", 700)
    file = tmp_path / "sent.jsonl"
    file.write_text("".join(line(count, "x", "one") + "\n" for count in range(1, 8)))
    one, two = report(file, 1), report(file, 2)
    assert one == two
    assert any(finding.rule == "recipient-list-growth" for finding in two.findings)


@pytest.mark.parametrize("name", ["packed.jsonl.gz", "array.json"])
def test_what_only_tells_as_a_whole_is_read_as_a_whole(tmp_path: Path, name: str) -> None:
    import gzip

    content = (line(2, "x", "one") + "\n").encode() * 5
    file = tmp_path / name
    file.write_bytes(gzip.compress(content) if name.endswith("gz") else b"[" + content.replace(b"\n", b",", 4) + b"]")
    form = capture.detect(file)
    assert isinstance(form, Format)
    assert parts(file, form, size=100) == ()
    assert report(file, 2).ledger.requests == 5
