"""What all tests share."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

import mailguard
from mailguard import cli
from mailguard.redact import holds_address

# Nothing is written to the home of whoever runs the tests; those of the cache say where theirs is.
os.environ["MAILGUARD_CACHE_DIR"] = ""

Run = Callable[..., tuple[int, str, str]]

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def strict(report: Report) -> Report:
    """The same report; where nothing should be missing (``.ci/run`` says so), what is skipped without an excuse has failed."""
    if report.skipped and "MAILGUARD_ALL_PACKAGES" in os.environ and not hasattr(report, "wasxfail"):
        from .test_real_packages import is_excused

        if not is_excused(report.nodeid):
            why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{why}. Skipped, and not listed in tests/test_real_packages.py as what may be."
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return strict((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return strict((yield))


@pytest.fixture(scope="session", autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What this process leaves when it is stopped, as a worker of xdist is, goes with the folders of the tests."""
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path_factory.mktemp("temporary"))
    yield
    tempfile.tempdir = before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    return tmp_path


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line, wherever one is: exit code, output, messages. No address is ever in them."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert not holds_address(out + err)
        return code, out, err

    return call


@pytest.fixture
def run(folder: Path, command: Run) -> Run:
    """The command line in that folder."""
    del folder
    return command


@pytest.fixture(scope="session")
def program() -> Iterator[Path]:
    """An executable file that is mailguard, for scripts and hooks: see ``served.py``, which spares each call the imports."""
    package = str(Path(mailguard.__file__).parent.parent)
    with tempfile.TemporaryDirectory(prefix="mg") as folder:  # near the root: the path of a socket is short
        made, door = Path(folder, "mailguard"), Path(folder, "door")
        python = shlex.quote(sys.executable)
        if not hasattr(os, "fork"):
            made.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(package)} exec {python} -m mailguard "$@"\n')
            made.chmod(0o755)
            yield made
            return
        script = str(Path(__file__).with_name("served.py"))
        environment = os.environ | {"PYTHONPATH": package, "PYTHONWARNINGS": "default"}
        with (
            Path(folder, "said").open("w+b") as said,
            subprocess.Popen([sys.executable, script, "serve", str(door)], env=environment, stdout=subprocess.PIPE, stderr=said) as server,
        ):  # fmt: skip
            try:
                assert server.stdout is not None
                ready = server.stdout.readline()
                said.seek(0)
                warned = said.read().decode()
                assert ready == b"ready\n", warned
                assert str(Path(mailguard.__file__).parent) not in warned, warned
                made.write_text(
                    f'#!/bin/sh\nexec {python} -I -S {shlex.quote(script)} call {shlex.quote(str(door))} "$@"\n'
                )
                made.chmod(0o755)
                yield made
            finally:
                server.terminate()
