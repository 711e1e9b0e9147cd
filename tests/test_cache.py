"""The cache: the same answer sooner, or no answer."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailguard import cli
from mailguard.cache import answering, keeping, store
from mailguard.cache import tree as trees
from mailguard.cache.index import Next
from mailguard.discover import MACHINE_FOLDERS, PYTHON_SUFFIXES, SHEBANG_SUFFIXES

LEAK = """\
from django.core.mail import send_mail
from shop.people import everybody

def tell(people):
    send_mail("subject", "text", None, people)

def tell_all():
    tell(everybody())
"""
PEOPLE = """\
from shop.models import Customer

def everybody():
    return [customer.email for customer in Customer.objects.all()]
"""
QUIET = "def area(width, height):\n    return width * height\n"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(folder))
    # The times of the tree are those of this test.
    monkeypatch.setattr(keeping, "MARGIN", 0)
    # The checkout may be worked on while its tests run.
    monkeypatch.setattr(store, "program", lambda: iter(["this one"]))
    return folder


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "tree"
    (root / "shop").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    (root / "shop" / "__init__.py").write_text("")
    (root / "shop" / "mail.py").write_text(LEAK)
    (root / "shop" / "people.py").write_text(PEOPLE)
    (root / "shop" / "shapes.py").write_text(QUIET)
    monkeypatch.chdir(root)
    return root


Look = Callable[..., tuple[str, int]]


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Look:
    """Look at the tree as a new process would, without the cache; what it comes to is remembered."""

    def run(*arguments: str) -> tuple[str, int]:
        capsys.readouterr()
        code = cli.run(["check", *arguments], time.time_ns())
        return capsys.readouterr().out, code

    return run


def answer(*arguments: str) -> tuple[str, int] | None:
    return answering.answer(["check", *arguments])


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )


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


def test_another_mailguard_does_not_answer(tree: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    first = look()
    assert answer() == first
    monkeypatch.setattr(store, "program", lambda: iter(["another one"]))
    assert answer() is None


def test_which_mailguard_it_is_tells_by_its_files_and_by_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    package = tmp_path / "lib" / "mailguard"
    (package / "providers").mkdir(parents=True)
    (package / "cache").mkdir()
    (package / "providers" / "smtp.py").write_text("x = 1\n")
    beside = tmp_path / "site"
    beside.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "__file__", str(package / "cache" / "store.py"))
        patch.setattr(sys, "path", [str(beside)])
        before = list(store.program())
        assert before == list(store.program())
        (package / "providers" / "smtp.py").write_text("x = 22\n")
        edited = list(store.program())
        assert edited != before
        os.utime(beside, (1, 1))
        assert list(store.program()) != edited


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


@pytest.mark.parametrize("where", ["key", "entry"])
@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "writable", "link", "folder"])
def test_a_broken_or_foreign_cache_answers_nothing(where: str, how: str, tree: Path, look: Look, place: Path) -> None:
    first = look()
    file = place / "key" if where == "key" else next(place.glob("run-*"))
    data = file.read_bytes()
    if how == "flipped":
        file.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    elif how == "cut":
        file.write_bytes(data[:-1])
    elif how == "empty":
        file.write_bytes(b"")
    elif how == "writable":
        file.chmod(0o666)
    else:
        file.unlink()
        if how == "link":
            copy = place.parent / "elsewhere"
            copy.write_bytes(data)
            file.symlink_to(copy)
        else:
            file.mkdir()
    assert answer() is None
    assert look() == first


def test_no_entry_with_a_flipped_bit_is_believed(tree: Path, look: Look, place: Path) -> None:
    first = look()
    [file] = place.glob("run-*")
    whole = file.read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 200)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        assert answer() is None
    file.write_bytes(whole)
    assert answer() == first


def test_a_cache_that_others_can_write_is_not_believed(tree: Path, look: Look, place: Path) -> None:
    look()
    place.chmod(0o777)
    assert answer() is None


def test_a_cache_inside_the_tree_is_not_used(tree: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILGUARD_CACHE_DIR", str(tree / "cache"))
    look()
    assert not (tree / "cache").exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser writes everywhere")
def test_a_cache_that_cannot_be_written_costs_time_only(tree: Path, look: Look, place: Path) -> None:
    place.mkdir(mode=0o500)
    assert look()[1] == 1


def test_a_place_that_is_no_folder_costs_time_only(tree: Path, look: Look, place: Path) -> None:
    place.write_text("")
    assert look()[1] == 1
    assert answer() is None


def test_nothing_is_remembered_or_answered_with_no_cache(tree: Path, look: Look, place: Path) -> None:
    look("--no-cache")
    assert not place.exists()
    look()
    assert answer("--no-cache") is None


def test_what_is_kept_is_private_and_holds_no_address(tree: Path, look: Look, place: Path) -> None:
    (tree / "shop" / "people.py").write_text("def everybody():\n    return ['ann@example.com', 'bob@example.org']\n")
    look()
    assert answer() is not None
    for file in place.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"@example" not in file.read_bytes()


@pytest.mark.parametrize("arguments", [("--format", "json", "--reveal"), ("--output", "json=report.json")])
def test_a_report_for_somewhere_else_is_not_kept(arguments: tuple[str, ...], tree: Path, look: Look) -> None:
    look(*arguments)
    assert answer(*arguments) is None


def test_old_entries_go(tree: Path, look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ENTRIES", 2)
    for form in ("text", "json", "csv", "sarif"):
        look("--format", form)
    assert len(list(place.glob("run-*"))) == 2
    assert answer("--format", "sarif") is not None


def test_runs_at_the_same_time_leave_whole_entries(tree: Path, look: Look, place: Path) -> None:
    first = look()
    shutil.rmtree(place)
    kept = keeping.Kept(
        root=str(tree), out=first[0], code=first[1], files={}, rules="", watched=None, staged=False, clean=False
    )
    results: list[bool] = []
    threads = [
        threading.Thread(target=lambda: results.append(keeping.keep(["check"], kept, time.time_ns()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(results)
    assert answer() == first
    assert {file.name[:4] for file in place.iterdir()} == {"key", "run-"}


# --- the next commit ------------------------------------------------------------------------------


@pytest.fixture
def repository(tree: Path) -> Iterator[Path]:
    (tree / "shop" / "people.py").write_text("def everybody():\n    return ['ann@example.com']\n")
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "first")
    return tree


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


def test_the_tree_of_an_index_has_the_name_that_git_gives(repository: Path) -> None:
    (repository / "shop-b").mkdir()
    (repository / "shop-b" / "x").write_text("x")
    (repository / "shop.c").write_text("x")
    git(repository, "add", "-A")
    kept = Next.of((repository / ".git" / "index").read_bytes())
    assert kept is not None
    done = subprocess.run(["git", "-C", str(repository), "write-tree"], capture_output=True, check=True)
    assert kept.tree() == done.stdout.strip()


def test_what_differs_in_an_index_is_what_git_changed(repository: Path) -> None:
    names = [f"{folder}f{number}.py" for folder in ("", "a/", "a/b/", "a-b/", "z/") for number in range(12)]
    for name in names:
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_text(name)
    git(repository, "add", "-A")
    index = repository / ".git" / "index"
    kept = Next.of(index.read_bytes())
    for number, edited in enumerate((names[:1], names[5:40], names[-2:], [], ["a/b/f3.py"])):
        for name in edited:
            (repository / name).write_text(f"{name} {number}")
        os.utime(repository / names[20], (number, number))  # the index has new times only
        git(repository, "add", "-A")
        data = index.read_bytes()
        assert kept is not None
        changed = kept.changed(data)
        assert changed is not None
        assert sorted(kept.path(start).decode() for start in changed) == sorted(edited)
        assert kept.with_changes(data, changed).parts() == Next.of(data).parts()  # type: ignore[union-attr]  # fails above
        kept = kept.with_changes(data, changed)
        assert (
            kept.tree()
            == subprocess.run(
                ["git", "-C", str(repository), "write-tree"], capture_output=True, check=True
            ).stdout.strip()
        )
    (repository / "more.py").write_text("x = 1\n")
    git(repository, "add", "-A")
    assert kept.changed(index.read_bytes()) is None
    git(repository, "reset", "-q", "HEAD", "more.py")
    git(repository, "update-index", "--chmod=+x", "f1.py")
    assert kept.changed(index.read_bytes()) is None


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


# --- the process ----------------------------------------------------------------------------------


def test_an_answer_needs_neither_click_nor_a_parser(tree: Path, place: Path) -> None:
    root = Path(store.__file__).parents[2]
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from mailguard.__main__ import main; code = main();"
        "print([name for name in ('click', 'libcst', 'yaml', 'ast', 're', 'typing', 'mailguard.gate') if name in sys.modules],"
        " code, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, str(root), "check"]
    environment = {**os.environ, "MAILGUARD_CACHE_DIR": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    runs = [
        subprocess.run(command, capture_output=True, text=True, cwd=tree, env=environment, check=False)
        for _ in range(3)  # the first may begin so shortly after the files were written that it is not remembered
    ]
    assert runs[0].stdout == runs[1].stdout == runs[2].stdout
    assert "mailguard.gate" in runs[0].stderr
    loaded = runs[2].stderr.split("\n")[-2]
    assert loaded.endswith("] 1")
    assert not any(name in loaded for name in ("click", "libcst", "yaml", "'ast'", "gate"))
