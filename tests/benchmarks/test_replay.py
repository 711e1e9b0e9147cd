"""The benchmark runs; what it measures is no test."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("replay_benchmark", Path(__file__).with_name("replay.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by its name.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "replay_benchmark", module)
        spec.loader.exec_module(module)
        assert module.main(["--mb", "0.05", "--large-mb", "0", "--rounds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(module.LOGS) + 2  # and two HAR files
    assert lines[1].startswith("CPU, 1 recipient, against ")
