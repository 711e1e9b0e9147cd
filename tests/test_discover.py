"""Which files are looked at, in surroundings that are not friendly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard import discover, gate
from mailguard import git as our_git
from mailguard.discover import NothingToCheck, files_of, tree_of
from mailguard.globs import Globs
from mailguard.model.finding import SkipReason

NO_GLOBS = Globs([])
CODE = "import smtplib\n"


def git(folder: Path, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_COMMITTER_DATE": "2026-11-18T12:00:00 +0100",
    }
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, env=environment)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init")
    return root


def put(root: Path, *names: str, text: str = CODE) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def python_of(root: Path, *named: str, exclude: Globs = NO_GLOBS) -> list[str]:
    return [file.path for file in files_of(tree_of(named, root), exclude, NO_GLOBS).python]


def test_python_is_told_by_its_name_or_its_first_line(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "b.pyw", "c.ipynb", "d.wsgi", "e.pyi", "f.txt", "g.PY")
    put(tmp_path, "bin/send", text="#!/usr/bin/env python3\n")
    put(tmp_path, "bin/shell", text="#!/bin/sh\npython x\n")
    assert python_of(tmp_path) == ["a.py", "b.pyw", "bin/send", "c.ipynb", "d.wsgi", "g.PY"]


def test_what_git_tracks_is_read_although_it_is_ignored(repository: Path) -> None:
    put(repository, ".gitignore", text="*.py\n")
    put(repository, "tracked.py", "ignored.py")
    git(repository, "add", "-f", ".gitignore", "tracked.py")
    put(repository, "new.pyw")
    assert python_of(repository) == ["new.pyw", "tracked.py"]


def test_ignore_rules_of_one_machine_do_not_count(repository: Path) -> None:
    put(repository, "a.py")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".git" / "info" / "exclude").write_text("a.py\n")
    git(repository, "config", "core.excludesFile", str(repository / "global"))
    (repository / "global").write_text("a.py\n")
    assert python_of(repository) == ["a.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="the planted programs are shell scripts")
def test_git_runs_nothing_of_the_tree(repository: Path) -> None:
    put(repository, "a.py")
    witness = repository / "ran"
    script = repository / "evil"
    script.write_text(f"#!/bin/sh\ntouch '{witness}'\n")
    script.chmod(0o755)
    git(repository, "add", "a.py")
    git(repository, "commit", "-m", "first")
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "diff.external", "gpg.program"):
        git(repository, "config", name, str(script))
    git(repository, "config", "core.hooksPath", str(repository))
    git(repository, "config", "extensions.partialClone", "origin")
    git(repository, "config", "remote.origin.url", f"ext::{script}")
    git(repository, "config", "protocol.ext.allow", "always")
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        (repository / hook).write_text(script.read_text())
        (repository / hook).chmod(0o755)
    assert "a.py" in python_of(repository)
    assert our_git.commit_date(repository) == date(2026, 11, 18)
    assert not witness.exists()


def test_a_work_tree_that_the_settings_of_git_put_elsewhere_is_not_followed(repository: Path, tmp_path: Path) -> None:
    put(repository, "a.py")
    put(tmp_path / "elsewhere", "b.py")
    git(repository, "config", "core.worktree", str(tmp_path / "elsewhere"))
    assert python_of(repository) == ["a.py"]


def test_a_damaged_repository_is_walked(repository: Path) -> None:
    put(repository, "a.py", "node_modules/b.py", "env/c.py", "env/pyvenv.cfg")
    (repository / ".git" / "index").write_bytes(b"damaged")
    assert python_of(repository) == ["a.py"]


def test_folders_that_tools_make_are_passed_over_unless_they_are_tracked(repository: Path) -> None:
    put(repository, "a.py", "node_modules/b.py", ".venv/c.py")
    git(repository, "add", "node_modules")
    assert python_of(repository) == ["a.py", "node_modules/b.py"]


def test_installed_packages_are_passed_over_also_where_they_are_tracked(repository: Path) -> None:
    put(repository, "a.py", "flask/lib/python2.7/site-packages/b.py", "old/dist-packages/c.py", "site-packages.py")
    git(repository, "add", "flask")
    assert python_of(repository) == ["a.py", "site-packages.py"]
    (repository / ".git" / "index").write_bytes(b"damaged")
    assert python_of(repository) == ["a.py", "site-packages.py"]


def test_a_repository_inside_a_repository_is_read_too(repository: Path) -> None:
    inner = repository / "vendor" / "inner"
    put(inner, "b.py")
    git(inner, "init")
    put(repository, "a.py")
    assert python_of(repository) == ["a.py", "vendor/inner/b.py"]


def test_what_is_tracked_and_not_checked_out_is_said(repository: Path) -> None:
    put(repository, "a.py", "b.py")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "first")
    git(repository, "update-index", "--skip-worktree", "b.py")
    (repository / "b.py").unlink()
    found = files_of(tree_of((), repository), NO_GLOBS, NO_GLOBS)
    assert [file.path for file in found.python] == ["a.py"]
    (skip,) = found.skips
    assert (skip.reason, skip.times) == (SkipReason.UNREADABLE, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_links_pipes_and_circles_stop_nothing(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    put(root, "a.py", "real.txt")
    put(tmp_path, "outside.py")
    (root / "dangling.py").symlink_to("nowhere.py")
    (root / ".#a.py").symlink_to("somebody@host.example.4711")
    (root / "loop.py").symlink_to("loop.py")
    (root / "circle").symlink_to(".")
    (root / "same.py").symlink_to("a.py")
    (root / "other.py").symlink_to("real.txt")
    (root / "out.py").symlink_to(tmp_path / "outside.py")
    os.mkfifo(root / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(root)
        try:
            listening.bind("socket.py")
        finally:
            os.chdir(here)
        found = files_of(tree_of((), root), NO_GLOBS, NO_GLOBS)
    assert [file.path for file in found.python] == ["a.py", "other.py"]
    (skip,) = found.skips
    assert str(skip.place) == "out.py"
    assert "out of the tree" in skip.detail


def test_a_link_that_the_system_does_not_follow_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links of foreign processes in ``/proc``: their names can be read, and not where they lead."""
    put(tmp_path, "a.py", "b.eml")
    (tmp_path / "exe").symlink_to("a.py")

    def closed(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    tree = tree_of((str(tmp_path),), tmp_path)
    monkeypatch.setattr(os, "readlink", closed)
    found = files_of(tree, NO_GLOBS, NO_GLOBS, sniff_all=True)
    assert [file.path for file in found.python] == ["a.py"]


def test_a_folder_that_cannot_be_opened_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "a.py", "closed/b.py")
    real: Callable[..., object] = os.scandir

    def scandir(path: str) -> object:
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = files_of(tree_of((), tmp_path), NO_GLOBS, NO_GLOBS)
    assert [file.path for file in found.python] == ["a.py"]
    assert [str(skip.place) for skip in found.skips] == ["closed"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems insist on names that are text")
def test_a_name_that_is_no_text_is_printed_with_escapes(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text(CODE)
    (file,) = files_of(tree_of((), tmp_path), NO_GLOBS, NO_GLOBS).python
    assert file.path == "caf\\xe9.py"
    assert file.read() == CODE.encode()


def test_what_is_excluded_is_not_read_also_where_it_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "vendor/b.py", "pyproject.toml")
    exclude = Globs(["vendor"])
    assert python_of(tmp_path, exclude=exclude) == ["a.py"]
    tree = tree_of(("vendor/b.py",), tmp_path)
    found = files_of(tree, exclude, NO_GLOBS)
    assert found.excluded == 1
    discover.check_found(tree, found, ("vendor/b.py",), tmp_path, lambda _: False)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("vendor", "vendor/a.py", True),
        ("vendor", "src/vendor/a.py", True),
        ("vendor", "vendors/a.py", False),
        ("/vendor", "src/vendor/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/b/a.py", False),
        ("src/**/x.py", "src/x.py", True),
        ("src/**/x.py", "src/a/b/x.py", True),
        ("**/x.py", "x.py", True),
        ("src/**", "src/a/b.py", True),
        ("*.py", "a/b.py", True),
        ("./docs/", "docs/a.py", True),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("a?.py", "ab.py", True),
        ("a.py", "axpy", False),
    ],
)
def test_globs(pattern: str, path: str, expected: bool) -> None:
    assert Globs([pattern]).match(path) is expected


def test_globs_are_relative_to_the_folder_of_the_settings() -> None:
    assert Globs(["gen/*.py"], "services/shop").match("services/shop/gen/a.py")
    assert not Globs(["gen/*.py"], "services/shop").match("gen/a.py")
    assert not Globs(["gen"], "services/shop").match("gen/a.py")


@given(st.text(max_size=30), st.text(max_size=60))
def test_no_pattern_crashes(pattern: str, path: str) -> None:
    Globs([pattern * 3]).match(path * 3)


@pytest.mark.parametrize(
    "pattern", ["**/a" * 50 + "/b", "a*" * 60 + "b", "*a" * 60 + "/b", "/".join(["**"] * 200) + "/b"]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    assert not Globs([pattern]).match("/".join(["a" * 100] * 40))


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "a*"]), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "ab"]), min_size=1, max_size=5),
)
def test_globs_agree_with_their_definition(pattern: list[str], names: list[str]) -> None:
    def matches(rest: list[str], way: list[str]) -> bool:
        if not rest:
            return True  # of a folder on the way
        if rest[0] == "**":
            return matches(rest[1:], way) or (bool(way) and matches(rest, way[1:]))
        one = {"*": lambda _: True, "a*": lambda name: name.startswith("a")}.get(rest[0], rest[0].__eq__)
        return bool(way) and bool(one(way[0])) and matches(rest[1:], way[1:])

    anchored = pattern if len(pattern) > 1 else ["**", *pattern]
    assert Globs(["/".join(pattern)]).match("/".join(names)) is matches(anchored, names)


def test_a_path_that_is_not_there_gets_the_nearest_name(tmp_path: Path) -> None:
    put(tmp_path, "src/a.py")
    with pytest.raises(NothingToCheck) as caught:
        tree_of(("srcc",), tmp_path)
    assert str(caught.value) == "there is no srcc here. Did you mean src?"


def test_a_link_that_leads_nowhere_is_said_to(tmp_path: Path) -> None:
    (tmp_path / "a.eml").symlink_to(tmp_path / "gone.eml")
    (tmp_path / "round.eml").symlink_to(tmp_path / "round.eml")
    for name in ("a.eml", "round.eml"):
        with pytest.raises(NothingToCheck, match="is a link that leads nowhere"):
            tree_of((name,), tmp_path)


def test_what_is_named_and_closed_is_said_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "closed/a.eml")
    real = os.listdir

    def listdir(path: str | Path = ".") -> list[str]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "listdir", listdir)
    with pytest.raises(NothingToCheck, match="closed cannot be opened: permission denied"):
        tree_of(("closed",), tmp_path)


def test_a_folder_of_messages_that_is_closed_in_part_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
        (tmp_path / "box" / name / "1:2,S").write_text("From: a@example.net\nTo: ann@example.com\nDate: 1\n\nT")
    real = os.scandir

    def scandir(path: str = ".") -> object:
        if str(path).endswith("cur"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    assert gate.replay(tmp_path / "box").exit_code == 0
    monkeypatch.setattr(os, "scandir", scandir)
    assert gate.replay(tmp_path / "box").exit_code == 3


def test_a_named_folder_without_code_or_capture_is_a_mistake(tmp_path: Path) -> None:
    put(tmp_path, "docs/index.md", "a.py", "pyproject.toml")
    tree = tree_of(("docs",), tmp_path)
    found = files_of(tree, NO_GLOBS, NO_GLOBS)
    with pytest.raises(NothingToCheck) as caught:
        discover.check_found(tree, found, ("docs",), tmp_path, lambda _: False)
    assert str(caught.value) == "nothing to check in docs: no Python file, no capture."


def test_an_empty_project_that_nobody_named_is_no_mistake(tmp_path: Path) -> None:
    tree = tree_of((), tmp_path)
    discover.check_found(tree, files_of(tree, NO_GLOBS, NO_GLOBS), (), tmp_path, lambda _: False)


def test_a_named_file_is_asked_for_and_its_project_is_read(repository: Path) -> None:
    put(repository, "shop/mailer.py", "shop/views.py")
    tree = tree_of(("mailer.py",), repository / "shop")
    assert tree.root == repository
    assert tree.asks_for("shop/mailer.py")
    assert not tree.asks_for("shop/views.py")
    assert len(files_of(tree, NO_GLOBS, NO_GLOBS).python) == 2


def test_a_named_file_outside_any_project_is_read_alone(tmp_path: Path) -> None:
    put(tmp_path, "one.py", "two.py")
    assert python_of(tmp_path, "one.py") == ["one.py"]


def test_captures_are_what_the_settings_name_or_what_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.py", "pyproject.toml", "logs/x.jsonl", "tests/y.yaml", "z.json")

    def captures(*named: str, all_files: bool = False) -> list[str]:
        found = files_of(tree_of(named, tmp_path), NO_GLOBS, Globs(["logs/*.jsonl"]), sniff_all=all_files)
        return [file.path for file in found.captures]

    assert captures() == ["logs/x.jsonl"]
    assert captures("tests") == ["tests/y.yaml"]
    assert captures("z.json") == ["z.json"]
    assert captures("a.py") == []
    assert "tests/y.yaml" in captures(all_files=True)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/a.py", True),
        ("shop/test/a.py", True),
        ("conftest.py", True),
        ("shop/test_mail.py", True),
        ("shop/mail_test.py", True),
        ("shop/testimonials.py", False),
        ("contest/a.py", False),
        ("latest.py", False),
    ],
)
def test_test_code_is_told_by_its_path(path: str, expected: bool) -> None:
    assert discover.is_test_code(path) is expected


def test_reading_what_is_no_file_raises_and_does_not_wait(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        discover.File("x", str(tmp_path)).read()


def test_a_file_that_is_too_large_for_code_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.py").write_text("import smtplib\n" * 20)
    monkeypatch.setattr(discover, "READ_LIMIT", 100)
    report = gate.check(tmp_path)
    assert [(skip.reason, skip.place.path) for skip in report.skips] == [(SkipReason.TOO_LARGE, "data.py")]
    assert report.exit_code == 3


def test_a_closed_folder_that_is_named_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "open.py").write_text("x = 1\n")
    (tmp_path / "setup.py").write_text("x = 1\n")
    real = os.stat

    def refuse(path: object, *rest: object, **more: object) -> os.stat_result:
        # As a file system answers whoever may not search a folder; the tests may run as root, whom it refuses nothing.
        if str(path).startswith(f"{closed}{os.sep}"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **more)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(os, "stat", refuse)
    assert discover.tree_of([str(closed)], tmp_path).root == tmp_path


def test_a_choice_of_nothing_is_unknown() -> None:
    from mailguard.model.value import Either, Unknown
    from mailguard.source.interpret.machine import Machine
    from mailguard.source.project import Project

    assert isinstance(Machine(Project(()), ())._solid(Either(())), Unknown)
