"""Small programs and what the scan says of them.

A case is a file in ``cases``: a sentence, then the files of a program, each under ``=== path``. A mark at the end of a
line says what is found there; a place without a mark has no finding, and nothing is skipped.

``#! leak``     a finding that closes the gate has its place here
``#! note``     a finding that does not close the gate has its place here
``#! apart``    the mail call here keeps its readers apart
``#! staff``    the mail call here writes to staff only
``#! unsure``   the mail call here is undecided
``#! via``      the way of some leak leads through here
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.finding import Certainty, Report, Severity, Verdict

CASES = Path(__file__).parent / "cases"
_MARK = re.compile(r"#! ([a-z]+(?:, [a-z]+)*)$")
_MARKS = {"leak", "note", "apart", "staff", "unsure", "via"}
_VERDICTS = {"apart": Verdict.KEEPS_APART, "staff": Verdict.STAFF_ONLY, "unsure": Verdict.UNDECIDED}

Places = dict[str, set[tuple[str, int]]]


def program(text: str) -> tuple[str, dict[str, str]]:
    """The sentence and the files of a case."""
    about, *parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)
    return about.strip(), dict(zip(parts[::2], parts[1::2], strict=True))


def marked(files: dict[str, str]) -> Places:
    """Path and line of each mark, by its word."""
    places: Places = defaultdict(set)
    for path, code in files.items():
        for number, line in enumerate(code.splitlines(), 1):
            if found := _MARK.search(line):
                for word in found[1].split(", "):
                    assert word in _MARKS, f"{path}:{number}: no mark is called {word}"
                    places[word].add((path, number))
    return places


def closes(certainty: Certainty, severity: Severity) -> bool:
    return certainty >= Certainty.LIKELY and severity >= Severity.WARNING


def said(report: Report, wanted: Places) -> Places:
    """What the report says, in the words of the marks; calls and ways only where a mark asks for them."""
    places: Places = defaultdict(set)
    for finding in report.findings:
        at = (finding.place.path, finding.place.line)
        if closes(finding.certainty, finding.severity):
            places["leak"].add(at)
            for way in finding.ways:
                steps = {(step.place.path, step.place.line) for step in way.steps}
                places["via"] |= steps & wanted["via"]
        elif finding.certainty > Certainty.UNDECIDED:
            places["note"].add(at)
    for word, verdict in _VERDICTS.items():
        places[word] = {
            (call.place.path, call.place.line) for call in report.calls if call.verdict is verdict
        } & wanted[word]
    return places


@pytest.mark.parametrize("case", sorted(CASES.glob("*.txt")), ids=lambda case: case.stem)
def test_the_scan_says_what_the_case_marks(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about, files = program(case.read_text(encoding="utf-8"))
    assert about.endswith("."), "a case begins with a sentence that says what it shows"
    for name, code in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    wanted = marked(files)
    assert wanted, "a case without a mark asks for nothing"
    report = gate.scan([tmp_path], settings=Settings(internal_domains=("example.net",)))
    assert [skip for skip in report.skips if not skip.accepted] == []
    found = said(report, wanted)
    assert {word: found[word] for word in sorted(_MARKS)} == {word: wanted[word] for word in sorted(_MARKS)}
