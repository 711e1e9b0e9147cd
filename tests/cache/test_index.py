"""git's index, read as git reads it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from mailguard.cache.index import Next

from .support import git


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
