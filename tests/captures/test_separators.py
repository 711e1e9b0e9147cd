"""What stands between the messages of a mailbox may be damaged: no message is lost in another one without a word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from mailguard.capture import records
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell

SAMPLES: Final = Path(__file__).resolve().parent / "samples" / "mbox"
BETWEEN: Final = {"python.babyl": rb"\n?\x1f\x0c?\n?", "python.mmdf": rb"\n?\x01{4}\n(?:\x01{4}\n)?"}


def read(tmp_path: Path, content: bytes) -> list[Record]:
    (tmp_path / "box").write_bytes(content)
    return list(records("box", tmp_path / "box"))


def told(found: list[Record]) -> bool:
    return any(isinstance(one.exchange, CannotTell) for one in found)


@pytest.mark.parametrize("sign", [b"", b"x", b" ", b"\n", b"\x1e"])
@pytest.mark.parametrize("name", BETWEEN)
def test_a_damaged_sign_between_two_messages_hides_none(name: str, sign: bytes, tmp_path: Path) -> None:
    content = (SAMPLES / name).read_bytes()
    whole = len(read(tmp_path, content))
    assert whole == 3
    silent = []
    for found in re.finditer(BETWEEN[name], content):
        for at in range(*found.span()):
            seen = read(tmp_path, content[:at] + sign + content[at + 1 :])
            if len(seen) < whole and not told(seen):
                silent.append(at)
    assert not silent


@pytest.mark.parametrize("sign", [b"", b"\n"])
@pytest.mark.parametrize("name", BETWEEN)
def test_a_lost_sign_between_two_messages_hides_none(name: str, sign: bytes, tmp_path: Path) -> None:
    content = (SAMPLES / name).read_bytes()
    assert read(tmp_path, content)
    for found in re.finditer(BETWEEN[name], content):
        if found.end() < len(content):
            seen = read(tmp_path, content[: found.start()] + sign + content[found.end() :])
            assert len(seen) >= 3 or told(seen)
    seen = read(tmp_path, re.sub(BETWEEN[name], sign, content))
    assert len(seen) >= 3 or told(seen)


def test_the_options_of_a_mailbox_are_no_message(tmp_path: Path) -> None:
    head = b"BABYL OPTIONS:\nVersion: 5\nLabels:\nNote: This is the header of an rmail file.\nNote: If you are seeing it in rmail,\n"
    assert read(tmp_path, head + b"\x1f") == []
    assert told(read(tmp_path, head + b"1,,\nTo: ann@example.com\n*** EOOH ***\n\nT\n\x1f"))
