"""What the README shows is what happens."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from mailguard import cli, config, gate

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")

MAILER = '''\
"""Sends mail through SendGrid."""

import os

from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail

SENDER = "news@example.com"
client = SendGridAPIClient(os.environ["SENDGRID_API_KEY"])


def deliver(recipients, subject, html):
    return client.send(Mail(
        from_email=SENDER, to_emails=recipients,
        subject=subject, html_content=html))
'''
VIEWS = '''\
"""The newsletter form."""

from news.mailer import deliver
from news.models import Subscriber


def send_newsletter(issue):
    subscribers = Subscriber.objects.filter(active=True)
    deliver([s.email for s in subscribers], issue.subject, issue.html)
'''


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", README, re.DOTALL)
    assert found is not None
    return textwrap.dedent(found[1])


def test_the_demo_is_quoted_word_for_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["demo"]) == 0
    assert capsys.readouterr().out == block("demo")


def test_the_finding_is_what_check_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "news").mkdir()
    for name, text in (("__init__", ""), ("mailer", MAILER), ("views", VIEWS)):
        (tmp_path / "news" / f"{name}.py").write_text(text)
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert cli.run(["check"]) == 1
    assert capsys.readouterr().out.startswith(block("finding").rstrip("\n"))


def test_the_settings_that_are_shown_are_read_without_complaint(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    settings = config.load(file, tmp_path)
    assert settings.senders
    assert settings.audiences
    gate.prepare((), gate.discover.tree_of((), tmp_path), settings, here=tmp_path)


def test_every_command_and_every_format_is_named() -> None:
    for name in cli.main.commands:
        assert f"mailguard {name}" in README
    for name in gate.reporters():
        assert f"`{name}`" in README


def test_there_are_two_commands_up_front_and_both_exist() -> None:
    commands = re.findall(r"^    (\S.*)$", README.partition("\nOn 1 November")[0], re.MULTILINE)
    assert len(commands) == 2
    assert commands[1] == ".ci/run"
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
