"""The next commit, answered at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .support import PEOPLE, QUIET, Look, answer, git


def test_a_staged_file_that_names_nothing_is_answered_at_once(repository: Path, look: Look) -> None:
    first = look("--staged")
    assert first[1] == 0
    assert answer("--staged") == first
    file = repository / "shop" / "shapes.py"
    file.write_text(QUIET.replace("width * height", "1"))
    git(repository, "add", "-A")
    assert answer("--staged") == first
    assert look("--staged") == first
    # The next commit begins where this one ended.
    git(repository, "commit", "-q", "-m", "second")
    file.write_text(QUIET.replace("width * height", "2"))
    git(repository, "add", "-A")
    assert answer("--staged") == first
    assert look("--staged") == first


def test_commit_after_commit_is_answered_at_once(repository: Path, look: Look) -> None:
    first = look("--staged")
    file = repository / "shop" / "shapes.py"
    for number in range(4):
        file.write_text(QUIET.replace("width * height", str(number)))
        (repository / "notes.md").write_text(str(number))
        git(repository, "add", "-A")
        # Nobody looks again in between: each answer is where the next one begins.
        assert answer("--staged") == first
        git(repository, "commit", "-q", "-m", str(number))
    file.write_text(QUIET + "import smtplib\n")
    git(repository, "add", "-A")
    assert answer("--staged") is None


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: (root / "shop" / "shapes.py").write_text(QUIET + "import smtplib\n"),
        lambda root: (root / "shop" / "shapes.py").write_text(QUIET.replace("width *", "tell(1) or")),
        lambda root: (root / "shop" / "people.py").write_text(PEOPLE),
        lambda root: (root / "shop" / "new.py").write_text("x = 1\n"),
        lambda root: (root / "shop" / "shapes.py").unlink(),
        lambda root: (root / "pyproject.toml").write_text("[tool.mailguard]\ntests = true\n"),
    ],
)
def test_a_staged_change_that_could_matter_is_looked_at(
    edit: Callable[[Path], object], repository: Path, look: Look
) -> None:
    look("--staged")
    edit(repository)
    git(repository, "add", "-A")
    assert answer("--staged") is None
    again = look("--staged")
    assert answer("--staged") == again


def test_what_is_staged_counts_and_not_what_is_on_the_disk(repository: Path, look: Look) -> None:
    look("--staged")
    file = repository / "shop" / "shapes.py"
    file.write_text(QUIET.replace("width *", "tell(1) or"))
    git(repository, "add", "-A")
    file.write_text(QUIET)
    assert answer("--staged") is None


def test_code_behind_a_link_is_looked_at_whatever_the_file_is_called(repository: Path, look: Look) -> None:
    (repository / "shop" / "words.txt").write_text("x = 1\n")
    (repository / "shop" / "words.py").symlink_to("words.txt")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "link")
    look("--staged")
    (repository / "shop" / "words.txt").write_text(QUIET.replace("width *", "tell(1) or"))
    git(repository, "add", "-A")
    assert answer("--staged") is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("what", ["device", "pipe"])
def test_what_never_ends_is_not_read(what: str, repository: Path, look: Look) -> None:
    odd = repository / "shop" / "odd.py"
    if what == "device":
        odd.symlink_to("/dev/zero")
        git(repository, "add", "-A")
    else:
        odd.write_text("x = 1\n")
        git(repository, "add", "-A")
        odd.unlink()
        os.mkfifo(odd)
    assert look("--staged")[1] == (3 if what == "device" else 0)


def test_a_problem_that_was_let_through_is_not_news_after_it(repository: Path, look: Look) -> None:
    (repository / "shop" / "people.py").write_text(PEOPLE)
    git(repository, "add", "-A")
    assert look("--staged")[1] == 1
    assert answer("--staged") is not None
    git(repository, "commit", "-q", "-m", "let through")
    assert answer("--staged") is None
    assert look("--staged")[1] == 0


def test_old_problems_do_not_slow_down_what_has_nothing_to_do_with_them(repository: Path, look: Look) -> None:
    (repository / "shop" / "people.py").write_text(PEOPLE)
    (repository / "shop" / "broken.py").write_text("import smtplib\nprint 'x'\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "let through")
    file = repository / "shop" / "shapes.py"
    for number in range(3):
        file.write_text(QUIET.replace("width * height", str(number)))
        git(repository, "add", "-A")
        # With a broken file the first answer of all is the one that has to be looked for.
        known = answer("--staged")
        assert (known is None) == (number == 0)
        assert look("--staged") == (known or look("--staged"))


def test_other_files_come_and_go_at_once(repository: Path, look: Look) -> None:
    first = look("--staged")
    for step in (
        lambda: (repository / "notes.md").write_text("a"),
        lambda: (repository / "icon@2x.png").write_text("b"),
        (repository / "notes.md").unlink,
    ):
        step()
        git(repository, "add", "-A")
        assert answer("--staged") == first
    (repository / "more.py").write_text("x = 1\n")
    git(repository, "add", "-A")
    assert answer("--staged") is None


def test_a_path_that_may_be_an_address_is_not_kept(repository: Path, look: Look, place: Path) -> None:
    (repository / "ann@example.com.txt").write_text("x")
    git(repository, "add", "-A")
    look("--staged")
    assert answer("--staged") is None
    assert not [file for file in place.glob("run-*") if b"ann@" in file.read_bytes()]
