"""Merge data that went to the wrong person: under an address that nobody here has, or with what belongs to somebody else."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from mailguard.transports.content.texts import Piece

__all__ = ["Personal", "mismatched", "shared_values"]

_UNIQUE: Final = re.compile(
    r"e?_?mail|token|otp|pin|password|iban|magic_?link|(?:login|reset|confirm\w*|verif\w*)_?(?:url|link|code)",
    re.IGNORECASE,
)
"""Names of personal fields of merge data whose values two people never share."""
_SHARED_LEAST: Final = 3
"""So many people with one value before it counts, where it is none that two people never share."""


def mismatched(blocks: Sequence[Piece], addressed: frozenset[str]) -> frozenset[str]:
    """People in To without merge data of their own, where some of the data is under addresses that nobody here has."""
    keys: frozenset[str] = frozenset().union(*(piece.owners for piece in blocks))
    return addressed - keys if keys - addressed and keys else frozenset()


def shared_values(blocks: Sequence[Piece]) -> frozenset[str]:
    """People whose merge data has the value of somebody else in a field that belongs to one person."""
    values: dict[str, dict[str, set[str]]] = {}
    for piece in blocks:
        for name, text in piece.personal:
            values.setdefault(name, {}).setdefault(text, set()).update(piece.owners)
    result: set[str] = set()
    for name, groups in values.items():
        for owners in groups.values():
            if len(owners) > 1 and (_UNIQUE.fullmatch(name) or (len(groups) == 1 and len(owners) >= _SHARED_LEAST)):
                result |= owners
    return frozenset(result)


@dataclass(frozen=True, slots=True)
class Personal:
    """A field of merge data that belongs to one person, with marks in the places of its values."""

    unique: bool
    """Whether no two people share a value of it, whatever others have."""
    marks: tuple[str, ...]
    others: frozenset[str]
    """What else stands in it."""

    @classmethod
    def of(cls, name: str, values: Sequence[str], marks: Collection[str]) -> Personal:
        """The field of that name."""
        others = frozenset([value for value in values if value not in marks])
        return cls(_UNIQUE.fullmatch(name) is not None, tuple([value for value in values if value in marks]), others)

    def apart(self, values: Sequence[str]) -> bool:
        """Whether, with ``values`` in the places of the marks, nobody has what is somebody else's: :func:`shared_values` is empty.

        Each value counts as that of another person, so that this errs towards no.
        """
        different = {*values}
        if "" in different:
            different.remove("")
            values = [value for value in values if value]
        if self.unique:
            return len(different) == len(values) and different.isdisjoint(self.others)
        return len(different) > 1 or len(values) + len(self.others) < _SHARED_LEAST
