"""Address fields that a recorder or a log filled with a word of its own: ``[FILTERED]``, ``***``, ``[Array]``."""

from __future__ import annotations

import re
from typing import Final

from mailguard.addresses.people import People
from mailguard.model.message import Recipient

__all__ = ["MASKED", "MASKED_PEOPLE", "is_mask", "is_masked"]

MASKED: Final = "a masked field"
"""The label of whoever stood in a field that was masked as a whole: one person, or any number."""
MASKED_PEOPLE: Final = People((Recipient(None, label=MASKED),))
_LONGEST: Final = 1 << 16
"""Characters of the longest word that stands for a field."""

_WORDS: Final = (
    r"redacted|filtered|masked|removed|scrubbed|saniti[sz]ed|hidden|omitted|censored|suppressed|anonymi[sz]ed|obfuscated"
    r"|confidential|truncated"
)
_MASK: Final = re.compile(
    # A word that says it, with or without signs around it, perhaps with what was there before: [REDACTED: email].
    rf"(?i:[\s<\[({{*#_%]*(?:{_WORDS})\b[^@,;]*)"
    # What a log of JavaScript or PHP writes in the place of what is nested too deep: [Array], [Array(3)], [object Object].
    r"|(?:\[?(?:object )?(?:Object|Array)(?:\(\d{1,9}\))?\]?(?:\s*,\s*(?=\[)|$))+"
    # Signs only.
    r"|[\[(<]?(?:\*{2,}|[xX]{3,}|\.{3,}|\u2026|#{2,}|-{3,}|\u2022{2,}|\u2588+)[\])>]?"
    # A variable that the recorder put there, or that nothing filled: {{recipients}}, ${TO}, <EMAIL>.
    r"|\{\{[^{}]*\}\}|\$\{[^{}]*\}|<[A-Z][A-Z0-9_ -]{1,40}>|<%[^<>]*%>|%{1,2}[\w. -]{1,40}%{1,2}|\*\|[\w.: -]{1,40}\|\*"
    # Something in base64.
    r"|[A-Za-z0-9+/_-]{33,}={0,2}"
)
_PARTLY: Final = re.compile(r"\*\*|[\u2022\u25cf\u2026]|(?:\A|@)\*")


def is_mask(text: str) -> bool:
    """Whether a text stands in the place of addresses, so that nobody knows how many they were."""
    return len(text) <= _LONGEST and "@" not in text and _MASK.fullmatch(text.strip()) is not None


def is_masked(address: str) -> bool:
    """Whether part of an address is hidden (``a***@example.com``): two that are equal need not be one person."""
    return _PARTLY.search(address) is not None
