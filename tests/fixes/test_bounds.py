"""What a file may cost where it is only asked whether a finding can be repaired."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import gate
from mailguard.codemod.scene import DEEP, scene_of
from mailguard.repair import MARKED_BYTES, marked

CODE = """\
from django.core.mail import send_mail
from app.models import Customer


def tell(customers):
"""
CALL = '    send_mail("s", "t", None, [each.email for each in Customer.objects.all()])\n'


@pytest.mark.parametrize("parts", [DEEP + 1, 20 * DEEP])
def test_what_is_nested_deeper_than_anybody_writes_has_no_repair(parts: int) -> None:
    assert scene_of(("x = " + " + ".join(["1"] * parts) + "\n").encode()) is None


def test_what_people_write_is_parsed() -> None:
    assert scene_of(("x = " + " + ".join(["1"] * 100) + "\n").encode()) is not None


def test_a_large_file_is_gone_through_a_few_times_only(tmp_path: Path) -> None:
    text = CODE + CALL * 6 + "# " + "x" * (MARKED_BYTES * 2 // 5) + "\n"
    (tmp_path / "app.py").write_text(text)
    report = gate.scan([tmp_path])
    assert len(report.findings) == 6
    found = marked(report, lambda path: (tmp_path / path).read_bytes() if (tmp_path / path).exists() else text.encode())
    assert [each.fixable for each in found.findings] == [True] * 3 + [False] * 3
