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


WORKER = f"""\
import smtplib
from email.mime.text import MIMEText


class Worker:
    def __init__(self, item):
        html = ""
{PARTS.replace("    if", "        if").replace("        html", "            html")}        self.html = html

    def tell(self, users):
        message = MIMEText("text")
        message["To"] = ", ".join(user.email for user in users.all())
        smtplib.SMTP("localhost").send_message(message)
"""


def test_a_constructor_leaves_steps_for_the_method(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(roots, "FULL", Effort(200, 8, 4))
    monkeypatch.setattr(roots, "COARSE", Effort(200, 1, 1))
    report = gate.scan([tmp_path])
    assert [finding.rule for finding in report.findings] == ["joined-recipient-string"]
    # What the constructor would have made is not known, and that is told.
    assert {(skip.reason, skip.detail) for skip in report.skips} == {(SkipReason.BUDGET, "worker:Worker.tell")}
    monkeypatch.setattr(roots, "COARSE", Effort(20_000, 1, 1))
    report = gate.scan([tmp_path])
    # With the branches joined there are steps for all of it.
    assert [finding.rule for finding in report.findings] == ["joined-recipient-string"]
    assert report.skips == ()


def test_a_root_that_meets_no_mail_call_ends_sooner() -> None:
    assert roots.COARSE.limit(met=False) < roots.COARSE.limit(met=True) == roots.COARSE.steps
    assert Effort(60, 1, 1).limit(met=False) == 60
