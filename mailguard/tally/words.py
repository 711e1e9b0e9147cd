"""What is said beside a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from mailguard.model.count import MANY, Count
from mailguard.model.finding import Verdict
from mailguard.model.message import Message
from mailguard.redact import count_words
from mailguard.rulebook.judging import Judgement
from mailguard.rulebook.rules import SHOWING


def people_words(count: Count) -> str:
    """``up to 1,000 people``, ``1 person``."""
    return f"{count_words(count)} {'person' if count.high == 1 else 'people'}"


def because(verdict: Verdict, message: Message, judgements: Iterable[Judgement], open_point: str) -> str:
    """What follows from what was read, one sentence without a full stop."""
    if verdict in (Verdict.SHOWS, Verdict.UNDECIDED):
        if open_point:
            return f"Undecided: {open_point}"
        broken = next((one for one in judgements if one.rule.cause in SHOWING), None)
        if verdict is Verdict.UNDECIDED:
            return "How many people these are depends on code or data outside this project"
        return broken.title if broken else ""
    if verdict is Verdict.STAFF_ONLY:
        return "Everybody it writes to is inside or configured"
    if message.copies.plain >= MANY.plain or (message.copies.exact or 0) > 1:
        return "One message each; nobody sees another address"
    if message.bcc and not (message.to or message.cc):
        return "Hidden copies only; nobody sees another address"
    return "At most one outside person is shown to the readers"
