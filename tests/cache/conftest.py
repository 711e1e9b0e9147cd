"""A cache, a tree and a repository for each test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailguard import cli
from mailguard.cache import keeping, store

from .support import LEAK, PEOPLE, QUIET, Look, git


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


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Look:
    """Look at the tree as a new process would, without the cache; what it comes to is remembered."""

    def run(*arguments: str) -> tuple[str, int]:
        capsys.readouterr()
        code = cli.run(["check", *arguments], time.time_ns())
        return capsys.readouterr().out, code

    return run


@pytest.fixture
def repository(tree: Path) -> Iterator[Path]:
    (tree / "shop" / "people.py").write_text("def everybody():\n    return ['ann@example.com']\n")
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "first")
    return tree
