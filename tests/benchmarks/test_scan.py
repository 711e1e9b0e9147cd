"""The benchmark runs; what it measures is no test."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def test_the_table_is_printed_also_without_peers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("scan_benchmark", Path(__file__).with_name("scan.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    tree = tmp_path / "shop"
    (tree / "tests").mkdir(parents=True)
    (tree / "area.py").write_text("def area(width, height):\n    return width * height\n")
    (tree / "mail.py").write_text(
        "from django.core.mail import send_mail\n\ndef tell(one):\n    send_mail('a', 'b', None, [one])\n"
    )
    (tree / "tests" / "test_mail.py").write_text("x = 1\n")
    with pytest.MonkeyPatch.context() as patch:
        # Dataclasses look their module up by its name.
        patch.setitem(__import__("sys").modules, "scan_benchmark", module)
        spec.loader.exec_module(module)
        patch.setattr(module.time, "sleep", lambda _: None)
        # What is held is the table, not how fast this machine is.
        patch.setattr(module, "AT_ONCE", 600.0)
        assert module.main([str(tree), "--rounds", "1", "--semgrep", "", "--ruff", "", "--ripgrep", ""]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("shop: 2 files, 0.0 MB")
    assert "the peer is not installed" in lines[2]
    assert lines[4].startswith("shop: peak memory")
    assert lines[5].startswith("shop without mail code: cold, against ripgrep")
    assert lines[6].startswith("shop: one staged file")
