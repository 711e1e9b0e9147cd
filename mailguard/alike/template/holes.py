"""What may stand in the holes of a template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mailguard.alike.stencil import by_number

__all__ = ["RUN", "SHORT", "TOKEN", "WORDS", "WORD_TEXT", "Hole", "Item"]

TOKEN: Final = rb"[A-Za-z0-9_-]{12,256}"
SHORT: Final = rb"(?:[0-9]{1,19}(?![A-Za-z0-9_-])|(?!secret-)[A-Za-z0-9_-]{1,11})"
"""What is no token of a link."""
RUN: Final = rb"[A-Za-z0-9_-]{1,256}"
"""A word outside of links."""
WORDS: Final = rb"(?:[A-Za-z0-9 ,.'()!_\x80-\xee\xf0-\xff-]|" + by_number(1) + rb"|" + by_number(2) + rb"){0,200}?"
"""Words of a text, up to what follows them."""
WORD_TEXT: Final = re.compile(r"[A-Za-z0-9 ,.'()!_\u0080-\ufeff-]{0,200}")


@dataclass(slots=True)
class Hole:
    """What differs from line to line."""

    pattern: bytes
    """What may stand there, as a regular expression over the line."""
    values: tuple[bytes, ...]
    """What stands there in each sample, as the line writes it."""
    strict: int
    """Of two holes that are always filled alike the one with the larger number decides what may stand there."""
    alone: bool = False
    """Whether no other hole is filled alike."""
    lazy: bool = False
    """Whether the pattern may go on into what follows."""


Item = bytes | Hole
