"""What a value surely is, where the code writes it."""

from __future__ import annotations

from mailguard.model.count import OPTIONAL
from mailguard.model.value import Known, Text, Unknown, text
from mailguard.source.interpret.values import Val


def string(value: Val) -> str | None:
    """The string that a value surely is."""
    return text(value) if isinstance(value, (str, Known, Text)) else None


def number(value: Val) -> int | None:
    """The integer that a value surely is."""
    if isinstance(value, Known) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return value.value
    return None


def negated(value: Val) -> Val:
    """``-value``."""
    whole = number(value)
    return Unknown("a number", OPTIONAL) if whole is None else Known(-whole)
