"""Each library and framework with three programs: one that shows a list to all of it, one that does not, and one for staff.

A file in ``libraries`` holds programs, each under ``=== leak NAME`` or ``=== safe NAME`` with a function ``send(people)``.
It is called with a query; the leak is called with a list of the settings too, which makes it a matter of staff.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.finding import Certainty, Report, Severity

LIBRARIES = Path(__file__).parent / "libraries"
_QUERY = ("django.contrib.auth.models", "User", 'User.objects.values_list("email", flat=True)')
_STAFF = ("django.conf", "settings", "settings.NOTIFY_STAFF_EMAILS")


def programs(text: str) -> dict[str, str]:
    """The programs of a file, by ``leak NAME``, ``safe NAME`` and ``staff NAME``."""
    parts = re.split(r"^=== (.+)\n", text, flags=re.MULTILINE)[1:]
    found: dict[str, str] = {}
    for title, code in zip(parts[::2], parts[1::2], strict=True):
        kind, _, name = title.partition(" ")
        assert kind in {"leak", "safe"}, title
        assert title not in found, title
        found[title] = called(code, *_QUERY)
        if kind == "leak":
            found[f"staff {name}"] = called(code, *_STAFF)
    return found


def called(code: str, module: str, thing: str, people: str) -> str:
    """A program that calls its ``send``."""
    run = f"asyncio.run(send({people}))" if "async def send" in code else f"send({people})"
    return f"import asyncio\n\nfrom {module} import {thing}\n{code}\n\n{run}\n"


def worst(report: Report) -> dict[str, set[tuple[Severity, bool]]]:
    """How bad the findings of each file are, and whether they are more than undecided."""
    found: dict[str, set[tuple[Severity, bool]]] = defaultdict(set)
    for finding in report.findings:
        found[finding.place.path].add((finding.severity, finding.certainty > Certainty.UNDECIDED))
    return found


@pytest.mark.parametrize("file", sorted(LIBRARIES.glob("*.txt")), ids=lambda file: file.stem)
def test_a_list_is_shown_kept_apart_or_of_staff(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = programs(file.read_text(encoding="utf-8"))
    for title, code in written.items():
        (tmp_path / f"{title.replace(' ', '_')}.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    report = gate.scan([tmp_path], settings=Settings(internal_domains=("example.net",)))
    assert [skip for skip in report.skips if not skip.accepted] == []
    found = worst(report)
    wrong = []
    for title in written:
        said = found[f"{title.replace(' ', '_')}.py"]
        closes = any(severity >= Severity.WARNING and sure for severity, sure in said)
        if closes != title.startswith("leak") or (title.startswith("staff") and not said):
            wrong.append((title, said))
    assert not wrong, "\n".join(map(str, wrong))
