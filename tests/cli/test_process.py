"""The command in a process of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from .support import LEAK, MESSAGE, put


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


def _through_a_shell(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = line.replace("mailguard", f"{shlex.quote(sys.executable)} -m mailguard", 1)
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="its shell has other words")
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("mailguard replay -", 2, "nothing to check in standard input: no capture."),
        ("mailguard replay - <&-", 2, "nothing to check in standard input: no capture."),
        ("mailguard inspect -", 2, "nothing to check in standard input: no capture."),
        ("mailguard scan -", 2, "nothing to check in standard input: no capture."),
        ("mailguard check ''", 2, "an empty name names no place."),
        ("mailguard check mailer.py >&-", 1, ""),
        ("mailguard check nosuch.py >&- 2>&-", 2, ""),
        ("mailguard --version >&-", 0, ""),
        ("mailguard check --config . mailer.py", 2, ". is no file."),
        (
            "mkdir gone && cd gone && rmdir ../gone && mailguard check",
            2,
            "the folder that this was started in is gone.",
        ),
        ("mailguard check --no-cache mailer.py > /dev/full", 2, "cannot write the report: No space left on device"),
        ("mailguard --version > /dev/full", 2, "cannot write the report: No space left on device"),
        ("mailguard --help > /dev/full", 2, "cannot write the report: No space left on device"),
    ],
)
def test_what_a_shell_does_to_the_streams_is_one_line_and_a_code(folder: Path, line: str, code: int, said: str) -> None:
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("this system has no full device")
    put(folder, mailer=LEAK)
    done = _through_a_shell(folder, line)
    assert done.returncode == code
    assert done.stderr.startswith(f"mailguard: {said}" if said else "")
    assert done.stderr.count("\n") == bool(said)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems insist on names that are text")
@pytest.mark.parametrize("name", [b"caf\xe9.py", b"d\xe9/mailer.py", b"caf\xe9.eml", b"d\xe9/a.eml"])
def test_a_name_that_is_no_text_can_be_named(folder: Path, name: bytes, program: Path) -> None:
    """It was printed with escapes, and what was asked for was looked up by these: its findings were dropped."""
    file = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(MESSAGE if name.endswith(b".eml") else LEAK.encode())
    (folder / "pyproject.toml").touch()
    for named in (os.fsdecode(name), *([str(file.parent)] if b"/" in name else [])):
        done = subprocess.run([program, "check", "--no-cache", named], cwd=folder, capture_output=True, check=False)
        assert done.returncode == 1, done.stderr
