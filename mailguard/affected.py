"""``mailguard replay --affected``: the numbers for the notification after an incident. Nobody is named.

People are counted by hashes of their addresses, so that one who is in ten requests counts once. Parts of a log give
parts of the answer, which add up with ``+`` to that of the whole. A request that the service refused reached nobody and is
counted apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Final, TypeAlias

from mailguard.addresses.compare import compare_key, is_inside
from mailguard.model.exchange import Exchange
from mailguard.model.finding import Certainty, Verdict
from mailguard.model.message import Field, Message, Recipient
from mailguard.redact import number
from mailguard.rulebook.judging import judge, verdict_of
from mailguard.rulebook.policies import Policy

__all__ = ["Affected", "Tally", "render_json", "render_text"]

PEOPLE_LIMIT: Final = 2_000_000
"""People that are told apart; beyond it the numbers are at least so large."""

_NamesOf: TypeAlias = Callable[[Exchange, frozenset[str]], frozenset[str]]
"""Whose names stand in a request, of the people given."""


@dataclass(frozen=True, slots=True)
class Affected:
    """What requests showed to whom. Holds hashes of addresses: it lives in memory and is never written."""

    requests: int = 0
    """Mail requests, those included that could not be told."""
    showing: int = 0
    """Requests that showed outside people to each other."""
    refused: int = 0
    """Requests that would have, had the service not refused them."""
    undecided: int = 0
    """Requests of which the service decides."""
    cannot_tell: int = 0
    exposed: frozenset[int] = field(default=frozenset(), repr=False)
    """Outside people whose address somebody else could read."""
    named: frozenset[int] = field(default=frozenset(), repr=False)
    """Those of them whose name stood beside it."""
    inside_texts: frozenset[int] = field(default=frozenset(), repr=False)
    """Those who were found in subjects, texts, attachments and the like."""
    most: int = 0
    """The most addresses that one message showed to one reader."""
    first: str = ""
    last: str = ""
    """Times of the first and the last request that showed people, ISO 8601; empty where none is known."""
    full: bool = False
    """Whether there were more people than are told apart."""

    def __add__(self, other: Affected) -> Affected:
        """Both parts together, in any order."""
        times = sorted((text for text in (self.first, self.last, other.first, other.last) if text), key=_moment)
        exposed = self.exposed | other.exposed
        return Affected(
            self.requests + other.requests,
            self.showing + other.showing,
            self.refused + other.refused,
            self.undecided + other.undecided,
            self.cannot_tell + other.cannot_tell,
            exposed,
            self.named | other.named,
            self.inside_texts | other.inside_texts,
            max(self.most, other.most),
            times[0] if times else "",
            times[-1] if times else "",
            self.full or other.full or len(exposed) > PEOPLE_LIMIT,
        )


class Tally:
    """Adds request after request; what :class:`Affected` is made of, without a copy for each."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._numbers = dict.fromkeys(("requests", "showing", "refused", "undecided", "cannot_tell", "most"), 0)
        self._exposed: set[int] = set()
        self._named: set[int] = set()
        self._texts: set[int] = set()
        self._times: list[str] = []

    def cannot_tell(self) -> None:
        """One request of which nobody can say who sees whom."""
        self._numbers["requests"] += 1
        self._numbers["cannot_tell"] += 1

    def add(
        self,
        messages: Iterable[Message],
        cap: Certainty,
        exchange: Exchange,
        when: str,
        names_of: _NamesOf,
        *,
        delivered: bool,
        perhaps: Iterable[Message] = (),
    ) -> None:
        """One request: the messages it makes, and how sure it is that it makes them.

        ``perhaps``: what it makes in the worst case, where some of its recipients could not be read.
        """
        verdicts: list[tuple[Verdict, Message]] = []
        for message in messages:
            judgements = judge(message, self._policy, cap=cap)
            verdicts.append((verdict_of(judgements, message, self._policy), message))
        worst = [*perhaps]
        if not verdicts and not worst:
            return
        self._numbers["requests"] += 1
        shown = [message for verdict, message in verdicts if verdict is Verdict.SHOWS]
        if not shown and any(
            verdict_of(judge(message, self._policy), message, self._policy) is Verdict.SHOWS for message in worst
        ):
            self._numbers["cannot_tell"] += 1
            return
        if not shown:
            self._numbers["undecided"] += any(verdict is Verdict.UNDECIDED for verdict, _ in verdicts)
            return
        if not delivered:
            self._numbers["refused"] += 1
            return
        self._numbers["showing"] += 1
        if when:
            self._times = [min((*self._times, when), key=_moment), max((*self._times, when), key=_moment)]
        keys: set[str] = set()
        for message in shown:
            keys |= self._message(message)
        if len(self._exposed) <= PEOPLE_LIMIT:
            self._exposed.update(map(hash, keys))
            self._named.update(map(hash, names_of(exchange, frozenset(keys))))

    def _message(self, message: Message) -> set[str]:
        """Whose addresses a message shows to somebody else."""
        mentions = [mention for mention in message.mentions if mention.field not in (Field.TAG, Field.LINK)]
        known = [mention.recipient for mention in mentions if mention.known or mention.field is Field.NAME]
        visible = self._outside((*message.to, *message.cc, *message.reply_to, *message.transmitted_bcc))
        texts = self._outside(known)
        blind = self._outside(message.bcc) - visible
        everything = visible | texts
        # Who is printed reads the others; who is not printed reads all.
        readers = self._outside((*message.to, *message.cc))
        most = len(everything) if blind or not readers else len(everything) - 1
        unnamed = sum(1 for person in (*message.to, *message.cc) if person.address is None and person.count.low)
        self._numbers["most"] = max(self._numbers["most"], most + unnamed)
        self._texts.update(
            hash(key)
            for key in self._outside(
                mention.recipient for mention in mentions if mention.known and mention.field is not Field.NAME
            )
        )
        if len(readers) == 1 and not blind and len(everything) > 1:
            # The only reader reads the others; nobody reads him.
            everything -= readers if not self._outside(message.transmitted_bcc) else set()
        return everything

    def _outside(self, people: Iterable[Recipient]) -> set[str]:
        inside = self._policy.inside
        return {
            compare_key(person.address)
            for person in people
            if person.address is not None and not (inside and is_inside(person, inside))
        }

    def result(self) -> Affected:
        """What all requests so far come to."""
        times = self._times or ["", ""]
        return Affected(
            **self._numbers,
            exposed=frozenset(self._exposed),
            named=frozenset(self._named),
            inside_texts=frozenset(self._texts),
            first=times[0],
            last=times[-1],
            full=len(self._exposed) > PEOPLE_LIMIT,
        )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return datetime.max.replace(tzinfo=timezone.utc)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _span(first: str, last: str) -> str:
    """``, 09:14 to 09:21 UTC``; with days where they differ; empty where no time is known."""
    if not first:
        return ""
    one, other = (_moment(text).astimezone(timezone.utc) for text in (first, last))
    if one.date() != other.date():
        return f", {_day(one)} {one:%H:%M} to {_day(other)} {other:%H:%M} UTC"
    if f"{one:%H:%M}" == f"{other:%H:%M}":
        return f", at {one:%H:%M} UTC"
    return f", {one:%H:%M} to {other:%H:%M} UTC"


_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _rows(result: Affected) -> Iterator[tuple[str, str]]:
    least = "at least " if result.full else ""
    yield "people whose address others could read", least + number(len(result.exposed))
    yield "most addresses that one person could read", number(result.most)
    yield "names that others could read", least + number(len(result.named))
    yield "found in subjects, texts, attachments", number(len(result.inside_texts))
    yield "cannot tell", number(result.cannot_tell)
    if result.undecided:
        yield "the service decides", number(result.undecided)
    if result.refused:
        yield "refused by the service, so nobody got them", number(result.refused)
    if result.first and _moment(result.first).date() == _moment(result.last).date():
        yield "on", _day(_moment(result.first).astimezone(timezone.utc))


def render_text(result: Affected, notices: Iterable[str] = ()) -> str:
    """The numbers, in words that may be quoted."""
    if not result.requests:
        return "No mail request was found.\n"
    request = "request" if result.requests == 1 else "requests"
    what = f"{number(result.showing)} of {number(result.requests)} {request} showed people to each other"
    lines = [f"{what}{_span(result.first, result.last)}."]
    rows = list(_rows(result))
    labels = max(len(label) for label, _ in rows)
    numbers = max(len(value) for label, value in rows if label != "on")
    for label, value in rows:
        lines.append(f"  {label:<{labels}}  {value if label == 'on' else value.rjust(numbers)}".rstrip())
    return "\n".join([*lines, *notices]) + "\n"


def render_json(result: Affected, notices: Iterable[str] = ()) -> str:
    """The numbers as JSON."""
    data = {
        "requests": result.requests,
        "showing": result.showing,
        "people": len(result.exposed),
        "most": result.most,
        "names": len(result.named),
        "in_texts": len(result.inside_texts),
        "cannot_tell": result.cannot_tell,
        "undecided": result.undecided,
        "refused": result.refused,
        "first": result.first,
        "last": result.last,
        "at_least": result.full,
        "notices": list(notices),
    }
    return json.dumps(data, indent=2) + "\n"
