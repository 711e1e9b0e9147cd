"""People in the order of their appearance, and how many there are."""

from __future__ import annotations

from collections.abc import Callable

from mailguard.model.count import UNBOUNDED, Count
from mailguard.model.message import Recipient
from mailguard.redact.words import Revealed


class Roster:
    """Gives people their numbers: ``r1``, ``r2``, ... in order of appearance within one output."""

    def __init__(
        self,
        key: Callable[[str], str] = str.casefold,
        is_inside: Callable[[Recipient], bool] | None = None,
        *,
        reveal: bool = False,
    ) -> None:
        """``key`` is equal for addresses of one mailbox; ``is_inside`` tells sides, if the policy is at hand."""
        self._key = key
        self._is_inside = is_inside
        self._reveal = reveal
        self._labels: dict[str, str] = {}
        self._next = 1

    def label(self, person: Recipient) -> str:
        """``r7``; the address, as :class:`Revealed`, where that was asked for and it is known."""
        key = None if person.address is None else self._key(person.address)
        label = self._labels.get(key) if key is not None else None
        if label is None:
            label = f"r{self._next}"
            self._next += 1
            if key is not None:
                self._labels[key] = label
        if self._reveal and person.address is not None:
            return Revealed(person.address)
        return label

    def side(self, person: Recipient) -> str:
        """``inside`` or ``outside``; empty where the policy is not at hand."""
        if self._is_inside is None:
            return ""
        return "inside" if self._is_inside(person) else "outside"


def number(value: int) -> str:
    """``4112`` as ``4,112``."""
    return f"{value:,}"


def count_words(count: Count) -> str:
    """How many, as far as it is known: ``3``, ``up to 1,000``, ``at least 2``, ``2 to 5``, ``any number of``."""
    if count.exact is not None:
        return number(count.exact)
    if count.high >= UNBOUNDED:
        return f"at least {number(count.low)}" if count.low else "any number of"
    return f"{number(count.low)} to {number(count.high)}" if count.low else f"up to {number(count.high)}"
