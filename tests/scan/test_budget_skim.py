"""A function that takes more steps than the limit is still looked at as far as it goes without its dear helpers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import gate
from mailguard.model.finding import SkipReason
from mailguard.source import roots
from mailguard.source.interpret.context import Effort

PARTS = "".join(f"    if item.get('k{number}'):\n        html += item['a{number}']\n" for number in range(40))
MAILER = f"""\
import smtplib
from email.mime.text import MIMEText


def part(item):
    html = ""
{PARTS}    return html


def tell(data, users):
    message = MIMEText(part(data) + part(data.other))
    message["To"] = ", ".join(user.email for user in users.all())
    smtplib.SMTP("localhost").send_message(message)
"""


def test_what_stands_behind_a_dear_helper_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mailer.py").write_text(MAILER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(roots, "FULL", Effort(60, 8, 4))
    monkeypatch.setattr(roots, "COARSE", Effort(60, 1, 1))
    report = gate.scan([tmp_path])
    assert [finding.rule for finding in report.findings] == ["joined-recipient-string"]
    # It was not read as a whole, and that is told too.
    assert [skip.reason for skip in report.skips] == [SkipReason.BUDGET]
