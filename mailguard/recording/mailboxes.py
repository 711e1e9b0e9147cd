"""Files of several messages: what stands between two of them."""

from __future__ import annotations

import re
from typing import Final

from mailguard.recording.messages import looks_like_message

__all__ = ["BABYL", "MMDF", "is_message_log", "is_separator"]


_DATED = re.compile(
    rb"From [^\r\n]{0,500}?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ \t]+(?:[0-9]{1,2}[ \t]+)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb"\b[^\r\n]{0,60}[0-9]{4}\b"
)


MMDF: Final = b"\x01\x01\x01\x01"
"""The line before and behind each message of an MMDF mailbox."""
BABYL: Final = b"BABYL OPTIONS:"
"""How a Babyl mailbox begins."""


def is_separator(line: bytes) -> bool:
    """Whether a line is a mailbox separator beyond doubt: ``From `` and, at its end, a date as ``asctime`` writes it."""
    return line.startswith(b"From ") and _DATED.match(line) is not None


_DASHES: Final = b"-" * 79


def is_message_log(head: bytes) -> bool:
    """Whether messages stand behind each other with a line of 79 dashes between them, as Django's file backend writes.

    Behind such a line comes the end, or the next header block; a message that only has such a line in its text is none.
    """
    start = 0
    while (found := head.find(_DASHES, start)) >= 0:
        start = found + len(_DASHES)
        alone = (found == 0 or head[found - 1 : found] in (b"\n", b"\r")) and head[start : start + 1] in (
            b"\n",
            b"\r",
            b"",
        )
        if alone:
            rest = head[start:].lstrip()
            if not rest or looks_like_message(rest[:4096]):
                return True
    return False
