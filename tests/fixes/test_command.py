"""``mailguard fix``: what it shows, what it writes, and what it leaves alone."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mailguard import cli

Run = Callable[..., tuple[int, str, str]]

MAILER = """from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from news.settings import KEY, SENDER

client = SendGridAPIClient(KEY)


def deliver(recipients, subject, html):
    return client.send(Mail(
        from_email=SENDER, to_emails=recipients,
        subject=subject, html_content=html))
"""
VIEWS = """from django.core.mail import send_mail
from news.mailer import deliver
from news.models import Subscriber


def post(subject, html):
    subscribers = Subscriber.objects.filter(active=True)
    deliver([s.email for s in subscribers], subject, html)


def other():
    print(send_mail("News", "Hello", "ann@customer.example", [s.email for s in Subscriber.objects.all()]))


def third(people=("ann@customer.example", "bob@other.example")):
    people = [s.email for s in Subscriber.objects.all()]; note = "eve@third.example"
    send_mail("News", "Hello", "ann@customer.example", people)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "news").mkdir()
    (tmp_path / "news" / "mailer.py").write_text(MAILER)
    (tmp_path / "news" / "views.py").write_text(VIEWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return call


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


PLACE = f"news/mailer.py:{line_of(MAILER, 'to_emails')}"


def test_it_shows_the_edit_and_writes_nothing(folder: Path, run: Run) -> None:
    code, out, _ = run("fix", PLACE)
    assert code == 0
    assert out.splitlines() == [
        " def deliver(recipients, subject, html):",
        "     return client.send(Mail(",
        "-        from_email=SENDER, to_emails=recipients,",
        "+        from_email=SENDER, to_emails=recipients, is_multiple=True,",
        "         subject=subject, html_content=html))",
        "The same people get the mail, one message each. Nothing is written yet.",
        "The number of requests stays as it is: one for at most 1,000 people.",
        f"Write it: mailguard fix {PLACE} --apply",
    ]
    assert (folder / "news" / "mailer.py").read_text() == MAILER


def test_apply_writes_it_and_the_problem_is_gone(folder: Path, run: Run) -> None:
    file = folder / "news" / "mailer.py"
    file.chmod(0o640)
    code, out, _ = run("fix", PLACE, "--apply")
    assert code == 0
    assert "one message each. Written to news/mailer.py." in out
    assert "Write it" not in out
    assert file.read_text() == MAILER.replace("=recipients,", "=recipients, is_multiple=True,")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert run("fix", "news/mailer.py") == (0, "Nothing to repair.\n", "")
    assert "news/mailer.py" not in run("check")[1]
    assert [one.name for one in folder.rglob(".mailguard-*")] == []


def test_a_finding_names_the_command_only_where_there_is_an_edit(folder: Path, run: Run) -> None:
    _, out, _ = run("check")
    third = line_of(VIEWS, 'customer.example", people')
    assert re.findall(r"mailguard fix (\S+)", out) == [
        PLACE,
        f"news/views.py:{third}",
    ]


def test_what_has_no_sure_repair_is_told_in_words(folder: Path, run: Run) -> None:
    code, out, _ = run("fix", f"news/views.py:{line_of(VIEWS, 'print(send_mail')}")
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == "No edit is surely right here: the result of the mail call is used."
    assert [line.split()[0] for line in lines[1:]] == ["Change", "Sketch", "send_mail(subject,", "Otherwise", "Then"]
    assert (folder / "news" / "views.py").read_text() == VIEWS


def test_a_folder_means_all_that_is_in_it(folder: Path, run: Run) -> None:
    code, out, _ = run("fix", ".", "--apply")
    assert code == 1
    assert out.count("Written to") == 2
    assert "No edit is surely right here" in out
    assert (
        "for recipient in people:" in (folder / "news" / "views.py").read_text()
        or "for person in people:" in (folder / "news" / "views.py").read_text()
    )
    assert run("check")[1].count("mailguard explain") == 1


def test_no_address_is_shown(folder: Path, run: Run) -> None:
    _, out, _ = run("fix", ".")
    assert "send_mail" in out
    assert "customer.example" not in out
    assert "third.example" not in out


def test_the_mail_call_and_the_steps_on_the_way_mean_the_problem_too(folder: Path, run: Run) -> None:
    shown = run("fix", PLACE)[1].replace(PLACE, "PLACE")
    for place in (f"news/mailer.py:{line_of(MAILER, 'client.send')}", f"news/views.py:{line_of(VIEWS, 'deliver([')}"):
        assert run("fix", place)[1].replace(place, "PLACE") == shown


def test_a_place_without_a_problem_is_a_mistake(folder: Path, run: Run) -> None:
    code, out, err = run("fix", "news/views.py:1")
    assert (code, out) == (2, "")
    assert err == "mailguard: there is no problem at news/views.py:1. What there is: mailguard check news/views.py\n"
    assert run("fix", "news/viewz.py:1")[0] == 2
    assert run("fix")[0] == 2


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_link_is_not_written_through(folder: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mailer.py"
    elsewhere.write_text(MAILER)
    file = folder / "news" / "mailer.py"
    file.unlink()
    file.symlink_to(elsewhere)
    run("fix", "news", "--apply")
    assert elsewhere.read_text() == MAILER
