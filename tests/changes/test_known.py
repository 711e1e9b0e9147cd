"""What is known stays known wherever it goes, and makes no room for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import ALL, CALLER, EACH, EVERYBODY, LEAK, ONE, Repository, Run

ONE_BY_ONE = """\
import smtplib
from email.mime.text import MIMEText
from shop.models import Subscriber


def news(body):
    smtp = smtplib.SMTP("localhost")
    message = MIMEText(body)
    people = [s.email for s in Subscriber.objects.all()]
    for person in people:
        message["To"] = person
        smtp.sendmail("news", person, message.as_string())
"""
JOINED = 'del message["To"]\n        message["To"] = ", ".join(people)'
EDITS: dict[str, tuple[str, str, int]] = {
    "a second copy": (LEAK, LEAK + LEAK.splitlines()[-1] + "\n", 1),
    "a pair that becomes a query": (LEAK.replace(EVERYBODY, '["ann@example.org", "bob@example.net"]'), LEAK, 1),
    "another way of showing": (ONE_BY_ONE, ONE_BY_ONE.replace('message["To"] = person', JOINED), 1),
    "another line": (ONE_BY_ONE, ONE_BY_ONE.replace("MIMEText(body)", 'MIMEText(body, "plain")'), 0),
    "the line, not the way": (ONE_BY_ONE, ONE_BY_ONE.replace("= person", "= str(person)"), 0),
    "another subject": (LEAK, LEAK.replace('subject, "b"', '"s", "b"'), 0),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("baseline", [False, True])
def test_what_is_known_makes_no_room_for_more_beside_it(
    repository: Repository, run: Run, edit: str, baseline: bool
) -> None:
    before, after, code = EDITS[edit]
    repository.put({"news/old.py": before})
    if baseline:
        assert run("baseline")[0] == 0
    repository.commit({})
    repository.put({"news/old.py": after})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        assert run("check", *mode)[0] == code, run("check", *mode)[1]


IMPORTS = {
    "tests/mail.py": ["from tests.mail import send_all", "import tests.mail as m", "from tests import other, mail"],
    "news/testing/mail.py": ["from .testing.mail import send_all", "from .testing import (\n    a,\n    mail,\n)"],
    "news/test_mailer.py": [
        "from .test_mailer import send_all",
        "from . import test_mailer",
        "import news.test_mailer",
    ],
    "conftest.py": ["from conftest import send_all", "SENDER = 'x'\nimport conftest"],
}


@pytest.mark.parametrize(("path", "line"), [(path, line) for path, lines in IMPORTS.items() for line in lines])
def test_code_that_the_application_imports_is_no_test_code(
    repository: Repository, run: Run, path: str, line: str
) -> None:
    repository.commit({"news/mailer.py": EACH})
    # A test that uses it does not make it part of the application.
    used_by = f"{line.replace(' .', ' news.')}\n\n\ndef test_all():\n    send_all('x')\n"
    repository.put({path: LEAK.replace("old(", "send_all("), "tests/test_it.py": used_by, "news/mail.py": "x = 1\n"})
    assert run("check", "--since", "HEAD")[0] == 0
    repository.put({"news/views.py": f"{line}\n\n\ndef view(request):\n    send_all('x')\n"})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 1
    assert out.startswith(f"{path}:6:")


SAME_NAME = LEAK.replace("Subscriber", "Customer")
REPAIRED = EACH.replace("deliver(people", "old(people")


def test_a_repair_makes_no_room_for_a_problem_of_the_same_name_elsewhere(repository: Repository, run: Run) -> None:
    repository.commit({"a/old.py": LEAK})
    repository.put({"a/old.py": REPAIRED, "b/other.py": SAME_NAME})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        code, out, _ = run("check", *mode)
        assert code == 1, out
        assert out.startswith("b/other.py:6:")


SECOND = REPAIRED + "\n\n" + LEAK.replace("def old(", "def other(").split("\n", 1)[1]
RENAMES = {
    "the same line in another function of the file": ({"a/old.py": SECOND}, 1),
    "the same line in another file": ({"a/old.py": REPAIRED, "b/other.py": LEAK.replace("def old(", "def other(")}, 1),
    "the same line in a function of that name": ({"a/old.py": REPAIRED, "b/other.py": LEAK}, 1),
    "another name": ({"a/old.py": LEAK.replace("def old(", "def other(")}, 0),
    "a part of it gets a name": (
        {"a/old.py": LEAK.replace("def old(", "def other(") + "\n\ndef old(subject):\n    other(subject)\n"},
        0,
    ),
    "another file": ({"a/old.py": "from b.other import old  # noqa\n", "b/other.py": LEAK}, 0),
    "another file and another name": ({"a/old.py": "X = 1\n", "b/other.py": LEAK.replace("def old(", "def other(")}, 0),
}


def test_a_merge_without_a_conflict_is_compared_with_both_sides(repository: Repository, program: Path) -> None:
    repository.commit({"news/mailer.py": EACH, "news/one.py": ONE})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"news/mailer.py": ALL, "news/theirs.py": LEAK})
    repository.git("checkout", "-q", "main")
    hooks = repository.root / ".git" / "hooks"
    entry = f'#!/bin/sh\nexec "{program}" check --staged > "$0.out" 2>&1\n'
    # git has not written MERGE_HEAD when it calls this one.
    (hooks / "pre-merge-commit").write_text(entry)
    (hooks / "pre-merge-commit").chmod(0o755)
    repository.commit({"news/other.py": "X = 1\n"})
    repository.git("merge", "-q", "--no-edit", "side")
    assert "0 new" in (hooks / "pre-merge-commit.out").read_text()
    repository.git("reset", "-q", "--hard", "HEAD~1")
    # Neither side shows anybody to anybody, the merge does.
    repository.commit({"news/views.py": CALLER})
    with pytest.raises(AssertionError):
        repository.git("merge", "-q", "--no-edit", "side")
    out = (hooks / "pre-merge-commit.out").read_text()
    assert "1 new in this commit." in out
    assert out.startswith("news/mailer.py:5:")


@pytest.mark.parametrize("way", RENAMES)
def test_a_line_that_is_known_is_so_where_its_function_went(repository: Repository, run: Run, way: str) -> None:
    repository.commit({"a/old.py": LEAK, "b/other.py": "Y = 2\n"})
    files, code = RENAMES[way]
    repository.put({**files})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        assert run("check", *mode)[0] == code, run("check", *mode)[1]


@pytest.mark.parametrize("gone", [False, True])
def test_what_the_baseline_still_knows_makes_no_room_elsewhere(repository: Repository, run: Run, gone: bool) -> None:
    repository.put({"a/old.py": LEAK})
    assert run("baseline")[0] == 0
    repository.commit({"a/old.py": None if gone else REPAIRED, "news/mailer.py": EACH})
    repository.put({"b/other.py": SAME_NAME})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], *([] if gone else [[]])):
        assert run("check", *mode)[0] == 1
    if not gone:
        # Nothing is taken off for something else.
        assert "1 known problem taken off; 0 left" in run("baseline", "--prune")[1]


def test_a_moved_file_stays_known_now_and_later(repository: Repository, run: Run) -> None:
    repository.put({"a/old.py": LEAK})
    assert run("baseline")[0] == 0
    repository.commit({})
    repository.git("mv", "a/old.py", "a/new.py")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        assert run("check", *mode)[0] == 0
    repository.commit({})
    for mode in (["--staged"], ["--since", "HEAD"], ["--since", "HEAD~1"], []):
        assert run("check", *mode)[0] == 0
