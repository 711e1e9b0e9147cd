"""Who of a request is the same person, and who is one of the house: that belongs to its form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mailguard.addresses.compare import is_inside
from mailguard.alike.form import numbered
from mailguard.model.message import Recipient

__all__ = ["Sides"]

_DOMAINS: Final = 100_000
"""Domains that are remembered."""


class Sides:
    """Tells it, and remembers the domains of the house."""

    def __init__(self, inside: frozenset[str]) -> None:
        """``inside``: the domains of the house."""
        self._inside = inside
        self._known: dict[str, bool] = {}

    def of(self, key: str) -> bool:
        """Whether an address, in its comparing form, is one of the house."""
        domain = key.rpartition("@")[2]
        side = self._known.get(domain)
        if side is None:
            side = is_inside(Recipient(key), self._inside)
            if len(self._known) < _DOMAINS:
                self._known[domain] = side
        return side

    def rest(self, addresses: Sequence[str | bytes], keys: list[str]) -> object:
        """Who is the same, and who is inside; False where that is not plain. ``keys``: the addresses in their comparing form."""
        same = None
        if len(keys) > 1 and len(set(keys)) != len(keys):
            # Addresses that differ have keys that may be the same; those of the same address are the same anyway.
            if len(set(addresses)) != len(set(keys)):
                return False
            same = numbered(keys)
        if self._inside:
            return same, tuple([self.of(key) for key in keys])
        return same
