"""Whatever encoding a file is in, and whatever Python it is for: a leak in it is found, or the file is told as not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.finding import SkipReason, Verdict

LEAK = """from django.core.mail import send_mail


def tell(users):
    send_mail("s", "b", None, [user.email for user in users.all()])
"""
FOLDED = LEAK.replace("send_mail", "\u017fend_mail").replace("mail", "\uff4d\uff41il")
SHIFTED = LEAK.replace("mail", "ma+AGk-l")
OLD = "\nprint 'sent'\n"


def _found(content: bytes, folder: Path) -> gate.Report:
    (folder / "tell.py").write_bytes(content)
    return gate.scan([folder], settings=Settings(internal_domains=("example.net",)))


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + LEAK.encode(),
        LEAK.replace("\n", "\r").encode(),
        LEAK.replace("\n", "\r\n").encode(),
        LEAK.replace("\n", "\r\n", 2).encode(),
        b"\x0c" + LEAK.encode(),
        b"# coding: utf-7\n" + SHIFTED.encode(),
        b"#!/usr/bin/python\n# vim: set fileencoding=utf-7 :\n" + SHIFTED.encode(),
        b"# coding: hz\n" + LEAK.encode(),
        b"# coding: idna\n" + LEAK.encode(),
        b"# coding: shift_jis\n# \x83\x5c\n" + LEAK.encode(),
        b"# coding: raw_unicode_escape\n" + LEAK.replace("mail", "m\\u0061il").encode(),
        FOLDED.encode(),
    ],
    ids=repr,
)
def test_a_leak_is_found_in_any_encoding(content: bytes, tmp_path: Path) -> None:
    report = _found(content, tmp_path)
    assert [call.verdict for call in report.calls] == [Verdict.SHOWS]
    assert report.skips == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"# coding: punycode\n" + LEAK.encode(), SkipReason.ENCODING),
        (b"# coding: rot13\n" + LEAK.encode(), SkipReason.ENCODING),
        (b"# coding: undefined\n" + LEAK.encode(), SkipReason.ENCODING),
        (b"# coding: nonsense\n" + LEAK.encode(), SkipReason.ENCODING),
        (b"# \xe9\n" + LEAK.encode(), SkipReason.ENCODING),
        (LEAK.encode("utf-16"), SkipReason.ENCODING),
        (LEAK.encode() + b"\0", SkipReason.ENCODING),
        (b"# coding: cp037\n" + LEAK.encode("cp037"), SkipReason.SYNTAX),
        (b"# coding: cp1251\n" + LEAK.encode() + OLD.encode(), SkipReason.PYTHON_2),
        (b"# coding: utf-7\n" + SHIFTED.encode() + OLD.encode(), SkipReason.PYTHON_2),
        (FOLDED.encode() + OLD.encode(), SkipReason.PYTHON_2),
    ],
    ids=repr,
)
def test_what_cannot_be_read_and_names_mail_is_told(content: bytes, reason: SkipReason, tmp_path: Path) -> None:
    report = _found(content, tmp_path)
    assert [skip.reason for skip in report.skips] == [reason]


@pytest.mark.parametrize("head", [b"", b"# coding: cp1251\n", b"# coding: utf-7\n", b"# \xc5\xbf\n"], ids=repr)
def test_what_cannot_be_read_and_names_no_mail_is_let_pass(head: bytes, tmp_path: Path) -> None:
    assert _found(head + b"x = 1" + OLD.encode(), tmp_path).skips == ()
