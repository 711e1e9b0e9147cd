"""Where many files name a helper, make an object or derive from a class, the one among them that shows people is not passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.finding import SkipReason, Verdict
from mailguard.source import callers

MANY = 20

HELPER = """from django.core.mail import send_mail


def send_email(people):
    send_mail("s", "b", None, people)
"""
CLASS = """from django.core.mail import send_mail


class Notice:
    def __init__(self, people):
        self.people = people

    def get_recipients(self):
        return ["ann@example.com"]

    def go(self):
        send_mail("s", "b", None, self.people)

    def go_too(self):
        send_mail("s", "b", None, self.get_recipients())
"""
ALL = "[user.email for user in users.all()]"


def _tree(files: dict[str, str]) -> dict[str, str]:
    return {"app/__init__.py": "", **files}


def _helper(package: str = "", name: str = "app.letters") -> dict[str, str]:
    """A helper that many call with one reader, and one with everybody."""
    files = {"app/__init__.py": package, "app/letters.py": HELPER}
    for number in range(MANY):
        files[f"app/one{number}.py"] = (
            f"from {name} import send_email\n\n\ndef run{number}(user):\n    send_email([user.email])\n"
        )
    files["app/zz.py"] = f"from {name} import send_email\n\n\ndef everybody(users):\n    send_email({ALL})\n"
    return files


def _in_a_table() -> dict[str, str]:
    files = _helper()
    files["app/zz.py"] = 'from app.letters import send_email\n\nTABLE = {"mail": send_email}\n'
    files["app/zzz.py"] = f'from app.zz import TABLE\n\n\ndef everybody(users):\n    TABLE["mail"]({ALL})\n'
    return files


def _makers() -> dict[str, str]:
    files = _tree({"app/notice.py": CLASS})
    for number in range(MANY):
        files[f"app/one{number}.py"] = (
            f'from app.notice import Notice\n\n\ndef run{number}():\n    return Notice(["ann@example.com"])\n'
        )
    files["app/zz.py"] = f"from app.notice import Notice\n\n\ndef everybody(users):\n    return Notice({ALL})\n"
    return files


def _heirs(many: int = MANY) -> dict[str, str]:
    files = _tree({"app/notice.py": CLASS})
    for number in range(many):
        files[f"app/one{number}.py"] = (
            f"from app.notice import Notice\n\n\nclass Notice{number}(Notice):\n"
            f'    def get_recipients(self):\n        return ["ann{number}@example.com"]\n'
        )
    files["app/zz.py"] = (
        f"from app.notice import Notice\n\n\nclass Everybody(Notice):\n"
        f"    def get_recipients(self):\n        users = self.users\n        return {ALL}\n"
    )
    return files


def _write(files: dict[str, str], folder: Path) -> None:
    for name, code in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(_helper(), id="callers"),
        pytest.param(_helper("from .letters import send_email", "app"), id="callers through a package"),
        pytest.param(_helper("from .letters import *", "app"), id="callers through all of a package"),
        pytest.param(_in_a_table(), id="a table"),
        pytest.param(_makers(), id="makers whose objects others send"),
        pytest.param(_heirs(), id="heirs"),
    ],
)
def test_the_last_of_many_is_seen(files: dict[str, str], tmp_path: Path) -> None:
    _write(files, tmp_path)
    report = gate.scan([tmp_path], settings=Settings(internal_domains=("example.net",)))
    shown = {call.place.path for call in report.calls if call.verdict is Verdict.SHOWS}
    assert shown == {name for name in ("app/letters.py", "app/notice.py") if name in files}
    assert list(report.skips) == []


def test_more_heirs_than_are_looked_at_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "HEIRS_LIMIT", 3)
    _write(_heirs(), tmp_path)
    report = gate.scan([tmp_path], settings=Settings(internal_domains=("example.net",)))
    told = {(skip.reason, skip.place.path) for skip in report.skips}
    assert told == {(SkipReason.BUDGET, "app/notice.py")}
