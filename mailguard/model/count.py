"""How many people: a number known exactly, or known only between bounds.

A :class:`Count` is a triple. ``low`` and ``high`` bound every run; ``plain`` is
the plain reading of the code, the number a careful reviewer would assume.
``plain`` saturates at 2, which stands for "many". :class:`Truth` is the
three-valued answer that follows from comparing a count with a limit.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

__all__ = ["ANY", "MANY", "ONE", "OPEN", "OPTIONAL", "UNBOUNDED", "ZERO", "Count", "Truth", "exactly"]

UNBOUNDED: Final = 1 << 62
"""The ``high`` of a count that nothing limits. Arithmetic saturates here."""

PLAIN_MANY: Final = 2
"""The largest plain reading: two people stand for any larger number."""


class Truth(enum.Enum):
    """An answer about code that has not run: never, in some runs, in every run."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"

    def __bool__(self) -> bool:
        """Refuse silent collapse: a maybe is neither true nor false."""
        msg = "a Truth has three answers; compare it with Truth.YES or Truth.NO"
        raise TypeError(msg)

    def __or__(self, other: Truth) -> Truth:
        """At least one of two independent statements holds."""
        if Truth.YES in (self, other):
            return Truth.YES
        return Truth.NO if self is other is Truth.NO else Truth.MAYBE

    def __and__(self, other: Truth) -> Truth:
        """Both of two independent statements hold."""
        if Truth.NO in (self, other):
            return Truth.NO
        return Truth.YES if self is other is Truth.YES else Truth.MAYBE

    def __invert__(self) -> Truth:
        """The statement does not hold."""
        return {Truth.NO: Truth.YES, Truth.YES: Truth.NO, Truth.MAYBE: Truth.MAYBE}[self]

    def joined(self, other: Truth) -> Truth:
        """What is known when either statement may be the one that counts (a branch)."""
        return self if self is other else Truth.MAYBE


@dataclass(frozen=True, slots=True)
class Count:
    """A number of people (or of things that hold people).

    Invariant: ``0 <= low <= high <= UNBOUNDED``, ``min(low, 2) <= plain <= min(high, 2)``.
    """

    low: int
    """No run has fewer."""
    plain: int
    """The plain reading, 0, 1 or 2; 2 means many."""
    high: int
    """No run has more; ``UNBOUNDED`` where nothing limits it."""

    def __post_init__(self) -> None:
        """Hold the invariant; a ``ValueError`` here is a bug of the caller."""
        if not (
            0 <= self.low <= self.high <= UNBOUNDED
            and min(self.low, PLAIN_MANY) <= self.plain <= min(self.high, PLAIN_MANY)
        ):
            msg = f"not a count: {self.low}, {self.plain}, {self.high}"
            raise ValueError(msg)

    def __add__(self, other: Count) -> Count:
        """These people and those, told apart."""
        return Count(
            min(self.low + other.low, UNBOUNDED),
            min(self.plain + other.plain, PLAIN_MANY),
            min(self.high + other.high, UNBOUNDED),
        )

    def __mul__(self, other: Count) -> Count:
        """So many people in each of so many things."""
        return Count(
            min(self.low * other.low, UNBOUNDED),
            min(self.plain * other.plain, PLAIN_MANY),
            0 if 0 in (self.high, other.high) else min(self.high * other.high, UNBOUNDED),
        )

    def __or__(self, other: Count) -> Count:
        """One of two branches was taken: the bounds widen, the plain reading is the larger."""
        return Count(min(self.low, other.low), max(self.plain, other.plain), max(self.high, other.high))

    def at_most(self, limit: int) -> Count:
        """The same count where a check in the code holds it to ``limit``."""
        return Count(min(self.low, limit), min(self.plain, limit), min(self.high, limit))

    def at_least(self, least: int) -> Count:
        """The same count where a check in the code makes sure of ``least``."""
        low = max(self.low, least)
        return Count(low, max(self.plain, min(least, PLAIN_MANY)), max(self.high, low))

    def over(self, limit: int) -> Truth:
        """Whether the number is above ``limit``: in every run, in some, in none."""
        if self.low > limit:
            return Truth.YES
        return Truth.NO if self.high <= limit else Truth.MAYBE

    def plainly_over(self, limit: int) -> bool:
        """Whether the plain reading is above ``limit``; "many" is above every limit it may exceed."""
        return self.high > limit and self.plain >= min(limit + 1, PLAIN_MANY)

    @property
    def exact(self) -> int | None:
        """The number itself where it is known, else None."""
        return self.low if self.low == self.high else None


def exactly(number: int) -> Count:
    """The count of a number that is known."""
    return Count(min(number, UNBOUNDED), min(number, PLAIN_MANY), min(number, UNBOUNDED))


ZERO: Final = exactly(0)
"""Nobody."""
ONE: Final = exactly(1)
"""One person."""
OPTIONAL: Final = Count(0, 1, 1)
"""One person, or nobody: what is read off one thing (``user.email``)."""
OPEN: Final = Count(0, 1, UNBOUNDED)
"""A bare open parameter or the result of an unresolved call: plainly one, but nothing limits it."""
MANY: Final = Count(0, 2, UNBOUNDED)
"""A comprehension, loop, query, split or starred argument: plainly many."""
ANY: Final = Count(0, 0, UNBOUNDED)
"""Nothing is known, and nothing in the code suggests that anybody is there."""
