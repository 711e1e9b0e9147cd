"""The same answer sooner, or no answer."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mailguard import cli
from mailguard.cache import store
from mailguard.cache import tree as trees
from mailguard.discover import MACHINE_FOLDERS, PYTHON_SUFFIXES, SHEBANG_SUFFIXES

from .support import PEOPLE, QUIET, Look, answer, git


def test_what_is_known_of_folders_and_suffixes_is_what_discover_knows() -> None:
    assert store.PASSED_OVER == MACHINE_FOLDERS
    assert set(trees.CODE) == {*PYTHON_SUFFIXES, *SHEBANG_SUFFIXES}


def test_the_same_tree_gets_the_same_answer(tree: Path, look: Look) -> None:
    assert answer() is None
    first = look()
    assert first[1] == 1
    assert answer() == first
    assert answer("--concise") is None


EDITS: dict[str, Callable[[Path], object]] = {
    "a parsed file": lambda root: (root / "shop" / "people.py").write_text(PEOPLE.replace("all()", "filter(a=1)")),
    "a file that now names a mail API": lambda root: (root / "shop" / "shapes.py").write_text(
        QUIET + "import smtplib\n"
    ),
    "a file that now names a function on the way": lambda root: (root / "shop" / "shapes.py").write_text(
        QUIET.replace("width *", "tell and width *")
    ),
    "a file that now imports test code": lambda root: (root / "shop" / "shapes.py").write_text(
        "import shop.tests\n" + QUIET
    ),
    "a file with a new function": lambda root: (root / "shop" / "shapes.py").write_text(
        QUIET + "class Customer:\n    pass\n"
    ),
    "a file with an exception": lambda root: (root / "shop" / "shapes.py").write_text(
        QUIET + "# mailguard: allow[all]\n"
    ),
    "a new file": lambda root: (root / "shop" / "new.py").write_text("x = 1\n"),
    "a file that is gone": lambda root: (root / "shop" / "shapes.py").unlink(),
    "a file in place of a folder": lambda root: (shutil.rmtree(root / "shop"), (root / "shop").write_text("")),
    "settings": lambda root: (root / "pyproject.toml").write_text("[tool.mailguard]\ngate = 'error'\n"),
    "nearer settings": lambda root: (root / "mailguard.toml").write_text("tests = true\n"),
    "a baseline": lambda root: (root / "mailguard-baseline.json").write_text("{}\n"),
    "a repository": lambda root: git(root, "init", "-q"),
    "a file with an odd encoding": lambda root: (root / "shop" / "shapes.py").write_bytes(
        b"# coding: utf-7\n" + QUIET.encode()
    ),
    "a link": lambda root: (root / "shop" / "link.py").symlink_to("/etc/hostname"),
    "no more rights": lambda root: (root / "shop" / "people.py").chmod(0),
}


@pytest.mark.parametrize("what", EDITS)
def test_what_could_matter_is_looked_at_again(what: str, tree: Path, look: Look) -> None:
    first = look()
    assert answer() == first
    EDITS[what](tree)
    assert answer() is None or what == "no more rights"
    # Back where it was, or not: what is answered is what a look finds.
    again = look()
    assert answer() in (None, again)


def test_an_edit_of_a_file_that_cannot_matter_costs_nothing(tree: Path, look: Look) -> None:
    first = look()
    (tree / "shop" / "shapes.py").write_text(QUIET.replace("width * height", "height * width + 1"))
    (tree / "README.md").write_text("About us.")
    assert answer() == first
    shutil.rmtree(os.environ["MAILGUARD_CACHE_DIR"])
    assert look() == first


def test_files_that_no_run_reads_are_not_read_for_the_cache(tree: Path, look: Look) -> None:
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "all")):
        git(tree, *command)
    (tree / ".gitignore").write_text("env/\n")
    (tree / "env").mkdir()
    (tree / "env" / "big.py").write_text("x = 1\n")
    first = look()
    assert answer() == first
    (tree / "env" / "big.py").write_text("import smtplib\n")
    assert answer() == first
    assert look() == first
    (tree / ".gitignore").write_text("")
    assert answer() is None


def test_a_link_that_leads_elsewhere_now_is_seen(tree: Path, look: Look) -> None:
    (tree / "link.py").symlink_to("shop/shapes.py")
    first = look()
    assert answer() == first
    (tree / "link.py").unlink()
    (tree / "link.py").symlink_to("/etc/hostname")
    assert answer() is None
    assert look() != first


def test_a_change_within_the_grain_of_the_clock_is_seen(tree: Path, look: Look) -> None:
    look()
    file = tree / "shop" / "people.py"
    about = file.stat()
    file.write_text(PEOPLE.replace("email", "phone"))
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert answer() is None


def test_a_tree_that_changes_while_it_is_read_is_not_remembered(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.time_ns() - 5_000_000_000
    cli.run(["check"], started)
    assert answer() is None


MAILER = """\
from django.core.mail import send_mail

class Letter:
    addressees = None

    def tell(self):
        send_mail("subject", "text", None, self.addressees or ["ops@example.com"])
"""


@pytest.mark.parametrize(
    "written",
    [
        "    letter.addressees = rows\n",
        "    letter.addressees=rows\n",
        "    letter.addressees\t= rows\n",
        "    letter.addressees  = rows\n",
        '    setattr(letter, "addressees", rows)\n',
        "    setattr(letter, 'addressees', rows)\n",
    ],
)
def test_a_file_that_now_sets_an_attribute_of_what_sends_is_looked_at_again(
    written: str, tree: Path, look: Look
) -> None:
    (tree / "shop" / "letters.py").write_text(MAILER)
    before = "def fill(letter, rows):\n    print(letter.addressees, rows)\n"
    (tree / "shop" / "filling.py").write_text(before)
    first = look()
    (tree / "shop" / "filling.py").write_text(before + "    return letter.addressees or rows\n")
    assert answer() == first, "what only reads it matters to nothing"
    (tree / "shop" / "filling.py").write_text(before + written)
    assert answer() is None
