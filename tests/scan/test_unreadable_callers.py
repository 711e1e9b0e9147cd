"""A file that names no mail API may still say whom a helper writes to: where it cannot be read, that is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import gate
from mailguard.model.finding import SkipReason

HELPER = """\
from django.core.mail import send_mail


def write_to(addresses):
    send_mail("S", "b", None, addresses)
"""
CALLER = "from mailer import write_to\n\n\ndef tell(group):\n    {}\n    write_to(group.admins.values_list('email', flat=True))\n"


def _scan(root: Path, caller: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[tuple[str, SkipReason]], int]:
    (root / "mailer.py").write_text(HELPER, encoding="utf-8")
    (root / "views.py").write_text(caller, encoding="utf-8")
    (root / "other.py").write_text("def nothing(:\n    pass\n", encoding="utf-8")
    monkeypatch.chdir(root)
    report = gate.scan([root])
    return [(skip.place.path, skip.reason) for skip in report.skips], len(report.findings)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("fixed = 1\n\tpending = 2", SkipReason.SYNTAX),
        ("print 'x'", SkipReason.PYTHON_2),
        ("fixed = (", SkipReason.SYNTAX),
    ],
)
def test_a_caller_that_cannot_be_read_is_told(
    line: str, reason: SkipReason, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What names neither mail nor the helper says nothing about either, and is left out.
    assert _scan(tmp_path, CALLER.format(line), monkeypatch)[0] == [("views.py", reason)]


def test_a_caller_that_can_be_read_is_no_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skips, findings = _scan(tmp_path, CALLER.format("fixed = 1"), monkeypatch)
    assert (skips, findings > 0) == ([], True)
