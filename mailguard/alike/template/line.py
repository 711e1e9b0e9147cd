"""A template that is made, and the lines it is made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailguard.model.links import DRAWN, Token

__all__ = ["Sample", "Template"]

_drawn: Final = DRAWN.search


@dataclass(frozen=True, slots=True)
class Sample:
    """A line that came to what the others of its kind did."""

    line: bytes
    body: str
    addresses: tuple[str, ...]
    """The addresses in it, in order."""


class Template:
    """A line with holes; see the module."""

    __slots__ = (
        "_before",
        "_holes",
        "_line",
        "_match",
        "_once",
        "_order",
        "cleared",
        "constant",
        "keys",
        "links",
        "of",
        "people",
        "pins",
        "plan",
        "rest",
        "tokens",
        "words",
    )

    def __init__(
        self, before: bytes, pattern: re.Pattern[bytes], holes: Sequence[int], line: bytes, order: Sequence[int]
    ) -> None:
        """Begin a template.

        Args:
            before: what stands in front of the first hole.
            pattern: finds what is in the holes of a line that fits, from there up to the last hole; of another line it finds anything or nothing.
            holes: the groups of these.
            line: the line as it has to be, with ``%b`` in the places of holes.
            order: the groups that these have.

        """
        self._before = before
        self._match = pattern.match
        self._holes = tuple(holes)
        self._line = line
        self._order = tuple(order)
        self._once = len(self._order) > 1 and self._order == self._holes
        self.keys: list[str] = []
        """The addresses of the line that are always the same, in their comparing form; empty for the others."""
        self.people: tuple[tuple[int, int], ...] = ()
        """For each of the others where it stands among them all, and its hole."""
        self.constant: frozenset[str] = frozenset()
        """Addresses in the texts, in their comparing form, that are in all lines."""
        self.links: tuple[tuple[int, Token], ...] = ()
        """For each link that may belong to one person the hole with its token; -1: the token is in all lines."""
        self.tokens: tuple[int, ...] = ()
        """The holes with tokens."""
        self.words: tuple[int, ...] = ()
        """These, and the other holes in links in which an address may be covered."""
        self.of: Any = None
        """What is known of lines that fit."""
        self.pins: object = None
        """The texts that mattered when this was made."""
        self.rest: object = None
        """Who is the same, and who is inside."""
        self.plan: Any = None
        """What a memory is told of the links."""
        self.cleared: object = None
        """What stood for a template when all of ``constant`` belonged to it; see ``Memory.template``."""

    def values(self, line: bytes) -> tuple[bytes, ...] | None:
        """What stands in the holes of a line; None for one that does not fit."""
        before = self._before
        if not line.startswith(before):
            return None
        match = self._match(line, len(before))
        # Where the holes end is told by what is in them; whether the rest is as it has to be, by all of it at once.
        if match is None or self._line % (found := match.group(*self._order)) != line:
            return None
        values: tuple[bytes, ...] = found if self._once else match.group(*self._holes, 0)[:-1]
        for place in self.tokens:
            if _drawn(values[place]) is None:
                return None
        return values
