"""The command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .support import LEAK, put


def started(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-m", "mailguard", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_modules_of_the_scanned_tree_are_never_imported(folder: Path) -> None:
    put(folder, mailer=LEAK)
    for name in ("libcst", "click", "yaml", "flanker", "difflib", "sitecustomize_", "tomllib", "json"):
        (folder / f"{name}.py").write_text("raise SystemExit('a module of the tree was run')\n")
    done = started(folder, "check", "mailer.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Everyone on this list" in done.stdout


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_load_nothing_heavy(folder: Path, argument: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "mailguard", argument],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {
        name for name in loaded if name.split(".")[0] in ("libcst", "flanker", "yaml", "email_validator", "jsonschema")
    }
    assert not heavy
    if argument == "--version":
        assert "click" not in loaded


def test_output_survives_a_terminal_without_the_characters(folder: Path) -> None:
    put(folder, größe=LEAK)
    done = started(folder, "check", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 1
    assert "Everyone on this list" in done.stdout
