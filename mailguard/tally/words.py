"""What is said beside a verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE, Count
from mailguard.model.finding import IN_CODE, Verdict
from mailguard.model.message import Message, Recipient
from mailguard.model.value import StepKind
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


NAMES: Final = 4
"""People who are told one by one; where there are more it is a list to whoever reads it."""

LONGEST: Final = 60
"""Characters of an expression that can be told in a sentence."""

_EXPRESSION: Final = re.compile(
    r"[^\W\d]\w*(?:\.[^\W\d]\w*|\[(?:\d{1,3}|'\w{1,30}'|\"\w{1,30}\")\])*(?:\(\)(?:\.[^\W\d]\w*)*)?"
)


def of_line(judgement: Judgement, message: Message, lead: Recipient | None, *, alone: bool) -> Judgement:
    """``judgement`` in the words of the line in which ``lead`` stands, where To and Cc are told one by one (``alone``)."""
    if judgement.line not in {"To", "Cc"} or not alone:
        return judgement
    in_to, in_cc = (any(lead is person for person in line) for line in (message.to, message.cc))
    if in_to == in_cc:
        return judgement
    line = "To" if in_to else "Cc"
    return replace(judgement, line=line, title=judgement.title.replace(f" {judgement.line} line", f" {line} line"))


def named_people(message: Message, people: Sequence[Recipient], lead: Recipient | None) -> tuple[tuple[str, str], ...]:
    """The expression and the line of each of ``people``, ``lead`` first; empty where one of them is a list.

    ``[editor.email, assigner.email]`` is no list to whoever has to change it: it names two people.
    """
    lines = {id(person): name for name, line in (("To", message.to), ("Cc", message.cc)) for person in line}
    found: dict[object, tuple[str, str]] = {}
    for person in sorted(people, key=lambda person: person is not lead):
        name = person.label if len(person.label) <= LONGEST and _EXPRESSION.fullmatch(person.label) else ""
        if person.count.plain > ONE.plain or any(step.kind in _SEVERAL for step in person.trail):
            return ()
        if person.count.high > ONE.high and (not name or len(people) == 1):
            return ()
        if not name and person.address is not None:
            name = IN_CODE
        same = (person.label, person.trail[:1]) if person.label else id(person)
        found.setdefault(same, (name, lines.get(id(person), "")))
    return tuple(found.values()) if lead is not None and len(found) <= NAMES else ()


_SEVERAL: Final = frozenset({StepKind.GROWN, StepKind.SPLIT, StepKind.BATCHED})
"""Steps by which what reads like one person may be several."""
