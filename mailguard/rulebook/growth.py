"""Rules over a sequence of messages: a list that grows because nobody empties it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mailguard.addresses.compare import compare_key
from mailguard.model.count import exactly
from mailguard.model.finding import Certainty
from mailguard.model.message import Message
from mailguard.rulebook.judging import Judgement, worded
from mailguard.rulebook.measures import View
from mailguard.rulebook.policies import Policy
from mailguard.rulebook.rules import Over


@dataclass(frozen=True, slots=True)
class Growth:
    """A summary of neighbouring messages of a capture: how long each showed the people of the one before, and more.

    Summaries of neighbouring parts merge with ``+`` (associative), so that a capture can be judged in parts. The
    size of a summary is four numbers and the keys of two messages, whatever the length of the part. It holds
    addresses: it lives in memory and is never written.
    """

    first: frozenset[str] = field(repr=False)
    """Who is visible in the first message of the part."""
    last: frozenset[str] = field(repr=False)
    """Who is visible in the last one."""
    messages: int
    prefix: int
    """Length of the growing run that the part starts with."""
    suffix: int
    """Length of the growing run that the part ends with."""
    longest: int

    @classmethod
    def of(cls, message: Message, inside: frozenset[str] = frozenset()) -> Growth:
        """The summary of one message."""
        shown = frozenset(
            compare_key(person.address) for person in View(message, inside).visible() if person.address is not None
        )
        return cls(shown, shown, 1, 1, 1, 1)

    def __add__(self, later: Growth) -> Growth:
        """Append the part that comes ``later``."""
        grows = bool(self.last) and self.last < later.first
        return Growth(
            first=self.first,
            last=later.last,
            messages=self.messages + later.messages,
            prefix=self.prefix + later.prefix if grows and self.prefix == self.messages else self.prefix,
            suffix=self.suffix + later.suffix if grows and later.suffix == later.messages else later.suffix,
            longest=max(self.longest, later.longest, self.suffix + later.prefix if grows else 0),
        )


GROWTH_RUN: Final = 3
"""So many messages in a row, each with everybody of the one before and more: a list that is not emptied. Two may be
a thread that somebody joined."""


def judge_sequence(growth: Growth, policy: Policy) -> tuple[Judgement, ...]:
    """What a sequence of recorded messages breaks: the rules ``over: sequence``. The count is one of messages."""
    if growth.longest < GROWTH_RUN:
        return ()
    return tuple(
        Judgement(
            rule=rule,
            count=exactly(growth.longest),
            certainty=Certainty.CERTAIN,
            severity=rule.severity,
            staff_only=False,
            title=worded(rule.title.list, n=None, limit=rule.limit, size=None, line="To"),
        )
        for rule in policy.rules
        if rule.over is Over.SEQUENCE
    )
