"""A call that is made again as it was does what it did: nothing that is told depends on whether it was really run again."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.finding import Report
from mailguard.source.interpret.repeats import Repeats
from tests.scan.test_cases import CASES, program

HELPERS = """\
from email.message import EmailMessage
import smtplib


def add(message, name, value):
    if name in message:
        del message[name]
    if value is not None and value != "":
        message[name] = value
    return message


def build(subject, people, copies):
    message = EmailMessage()
    for attempt in range(3):
        try:
            add(message, "Subject", subject)
            add(message, "To", ", ".join(people))
            add(message, "Cc", ", ".join(copies))
        except ValueError:
            add(message, "Subject", "none")
            continue
        if subject.startswith("x"):
            add(message, "X-Kind", "x")
    return message


def tell(subject, users, copies):
    message = build(subject, [user.email for user in users.all()], copies)
    for host in ("one.example.com", "two.example.com"):
        smtplib.SMTP(host).send_message(message)
"""


def told(folder: Path) -> tuple[object, ...]:
    report: Report = gate.scan([folder], settings=Settings(internal_domains=("example.net",)))
    return report.findings, report.skips, report.calls


def taken_over(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each call that comes from now on was taken over."""
    found: list[bool] = []
    find = Repeats.find

    def counted(self, path, asked):  # type: ignore[no-untyped-def]  # as the one that it stands for
        done = find(self, path, asked)
        found.append(done is not None)
        return done

    monkeypatch.setattr(Repeats, "find", counted)
    return found


@pytest.mark.parametrize("path", sorted(CASES.glob("*.txt")), ids=lambda path: path.stem)
def test_what_is_told_is_what_running_it_again_tells(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, code in program(path.read_text(encoding="utf-8"))[1].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = taken_over(monkeypatch)
    with_it = told(tmp_path)
    if not any(found):
        return  # every call was run: the same again would be the same
    monkeypatch.setattr(Repeats, "find", lambda *_: None)
    assert repr(told(tmp_path)) == repr(with_it)


def test_calls_are_taken_over_and_cost_no_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = taken_over(monkeypatch)
    with_it = told(tmp_path)
    assert any(found)
    monkeypatch.setattr(Repeats, "find", lambda *_: None)
    assert repr(told(tmp_path)) == repr(with_it)
