"""What is told of small programs: the findings as a terminal shows them, and the sentence of the forges.

A case is a file in ``words``: a sentence, then the files of a program, each under ``=== path``, then under ``=== (says)``
what is printed. MAILGUARD_WRITE_GOLDEN=1 writes that part anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.reporter import Options
from mailguard.reporters.github import REPORTER as GITHUB
from mailguard.reporters.text import REPORTER as TEXT

CASES = Path(__file__).parent / "words"
SAYS = "=== (says)\n"


def says(files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for path, code in files.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(code, encoding="utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    report = gate.scan([Path()], settings=Settings())

    def code_lines(path: str, first: int, last: int) -> list[str] | None:
        return files[path].splitlines()[first - 1 : last] if path in files else None

    options = Options(code_lines=code_lines, show_all=True, baseline=True)
    sentences = [
        re.sub(r"^::(\w+) .*?::", r"\1: ", line).split("%0A")[0]
        for line in GITHUB.render(report, options).splitlines()
        if line.startswith("::")
    ]
    return "\n".join([TEXT.render(report, options), *sentences]).rstrip() + "\n"


@pytest.mark.parametrize("case", sorted(CASES.glob("*.txt")), ids=lambda path: path.stem)
def test_a_finding_is_told_so_that_a_maintainer_knows_what_to_do(case, tmp_path, monkeypatch):
    text = case.read_text(encoding="utf-8")
    program, _, expected = text.partition(SAYS)
    _, *parts = re.split(r"^=== (.+)\n", program, flags=re.MULTILINE)
    said = says(dict(zip(parts[::2], parts[1::2], strict=True)), tmp_path, monkeypatch)
    if os.environ.get("MAILGUARD_WRITE_GOLDEN"):
        case.write_text(program + SAYS + said, encoding="utf-8", newline="\n")
    assert said == expected
