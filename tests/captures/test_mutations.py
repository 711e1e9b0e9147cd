"""Damaged captures through the whole of a run: it ends, the ledger adds up, nobody is printed, and no damage passes in silence."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import discover, gate
from mailguard.affected import render_json as affected_json
from mailguard.affected import render_text as affected_text
from mailguard.capture import detect, records
from mailguard.config import Settings
from mailguard.inspection import render_json, render_text
from mailguard.model.capture import Format

from .golden import SAMPLES, TWIN, samples

FILES = [str(path.relative_to(SAMPLES)) for path in samples() if path.is_file()]
PEOPLE = re.compile(r"(?:ann|bob|cat|dan|eve|planted|refused)[\w.]*(?:@|%40|\\u0040|&#64;)", re.IGNORECASE)

NASTY = st.sampled_from(
    [
        b"",
        b"\0",
        b"\xff\xfe",
        b'"',
        b"{",
        b"]",
        b"\n",
        b"\r",
        b"\\",
        b"@",
        b"%40",
        b"&x *x",
        b"[" * 300,
        b"9" * 400,
        b"1e999",
        b"null",
        b"{}",
        b"\\ud800",
        b"\xc3",
        b"!!python/object:os.system ",
        b"\n\n",
        b"999999999:",
        b"From a\n",
        b"To: planted@example.net\n",
        b"planted@example.com",
        b"=?utf-8?q?",
        b"{{a}}",
        b"\x1f\x8b\x08",
        b"multipart/mixed; boundary=x",
        b"\x01\x01\x01\x01\n",
        b"\x1f",
        b"- ",
        b".\r\n",
        b"-" * 79 + b"\n",
    ]
)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, bytes]:
    """A sample with one to five pieces of it cut, doubled, moved, overwritten or replaced by something nasty."""
    name = draw(st.sampled_from(FILES))
    content = (SAMPLES / name).read_bytes()
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 1, 2, 20, 200])))
        other = draw(st.integers(0, len(content)))
        piece = draw(
            NASTY | st.binary(max_size=4) | st.sampled_from([content[start:end] * 2, content[other : other + 50]])
        )
        content = content[:start] + piece + content[end:]
    return name, content


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutations())
def test_a_run_on_a_damaged_capture(tmp_path_factory: pytest.TempPathFactory, mutated: tuple[str, bytes]) -> None:
    name, content = mutated
    folder = tmp_path_factory.mktemp("mutated")
    path = folder / Path(name).name
    path.write_bytes(content)
    started = time.monotonic()
    try:
        run = gate.prepare(
            [str(path)], discover.tree_of([str(path)], folder), Settings(), eyes=frozenset({gate.CAPTURES}), here=folder
        )
    except discover.NothingToCheck:
        assert not isinstance(detect(path), Format)
        return
    report = run.report()
    inspections = list(run.inspections())
    affected = run.affected()
    printed = [gate.render(report, form, run.options()) for form in ("json", "text", "sarif", "github")]
    printed += [render_json(inspections, run.options()), render_text(inspections, run.options())]
    printed += [affected_json(affected), affected_text(affected)]
    assert time.monotonic() - started < 20
    for text in printed:
        assert not PEOPLE.search(text)
    ledger = report.ledger
    assert ledger.requests == affected.requests
    assert ledger.requests == (
        ledger.request_keeps_apart
        + ledger.request_staff_only
        + ledger.request_shows
        + ledger.request_undecided
        + ledger.cannot_tell
    )
    # Where nothing is said to be wrong, there is something that was read.
    if not ledger.requests and report.exit_code == 0 and (SAMPLES / (name + TWIN)).read_text("utf-8").strip() != "[]":
        assert list(records(path.name, path)) or not content.strip()
