"""A repository to change, and the command to run in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import Repository, Run


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    made = Repository(tmp_path / "tree")
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def run(command: Run) -> Run:
    return command
