"""The command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

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


@pytest.mark.parametrize("module", [os, pytest])
def test_it_starts_in_a_folder_that_python_itself_imports_from(tmp_path: Path, module: ModuleType) -> None:
    """Its place on the path is not the current folder's alone: to scan the standard library was a traceback."""
    assert module.__file__
    place = Path(module.__file__).parent
    here = place if module is os else place.parent
    target = tmp_path / "quiet.py"
    target.write_text("import smtplib\n")
    done = started(here, "scan", "--no-cache", str(target))
    assert not done.stderr
    assert done.returncode == 0
    assert "No mail call was found" in done.stdout


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
