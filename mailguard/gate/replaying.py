"""Reads the captures of a run, one record after the other or with several processes, and tallies what they show."""

from __future__ import annotations

import functools
import gc
from collections import Counter
from dataclasses import dataclass

from mailguard import capture
from mailguard.alike import Alike
from mailguard.alike import Look as HowToLook
from mailguard.doubts import doubted
from mailguard.gate.captures import CaptureFile, capture_files, records_in_parts
from mailguard.gate.claims import Claimed, claimed, in_order, unhosted
from mailguard.gate.plan import Plan
from mailguard.gate.sharing import shared
from mailguard.gate.shelves import providers
from mailguard.model.capture import Format, Seen
from mailguard.model.exchange import Exchange, Record
from mailguard.model.finding import Skip, SkipReason
from mailguard.model.links import tokens_in
from mailguard.model.message import CannotTell, Decoded
from mailguard.model.place import Place
from mailguard.tally.captures import CaptureTally, TallyPart
from mailguard.transports.content.contents import Contents
from mailguard.transports.content.hearing import alike, deciding, hearing, loud, merges, plain_data, raw, settled
from mailguard.transports.content.pieces import is_for_readers
from mailguard.transports.content.senders import senders
from mailguard.transports.content.texts import found_in
from mailguard.watch import Watch

__all__ = ["CaptureResult", "Look", "PartReader", "look_at_captures"]


@dataclass(frozen=True, slots=True)
class CaptureResult:
    """What the captures of a run came to."""

    tally: CaptureTally
    files: tuple[CaptureFile, ...]
    count: int
    """How many captures were read."""
    skips: tuple[Skip, ...]


def look_at_captures(plan: Plan) -> CaptureResult:
    """Read all captures of a run, and judge their requests."""
    watch, tally = plan.watch, CaptureTally(plan.policies)
    files = tuple(capture_files(plan))
    watch.expect(one.real for one in files)
    young = gc.get_threshold()
    # What a record is made of hardly ever refers to itself, and a large one has many thousand parts.
    gc.set_threshold(50_000, 20, 100)
    try:
        for one in files:
            spans = one.spans() if (plan.jobs or 1) > 1 and not watch.sample else ()
            if len(spans) > 1:
                _read_with_others(plan, tally, one, spans)
            else:
                _read(plan, tally, one)
    finally:
        gc.set_threshold(*young)
    watch.finish()
    skips = list(tally.skips())
    for paths, what in ((watch.crowded, "people"), (tally.crowded(), "personal links")):
        skips.extend(Skip(SkipReason.REMEMBERED, Place(path), f"more {what} than are remembered") for path in paths)
    return CaptureResult(tally, files, watch.captures, tuple(skips))


class Look:
    """Looks at the requests of one capture, one after the other. Those of a form that was seen before are counted only."""

    def __init__(self, plan: Plan, tally: CaptureTally, path: str, watch: Watch) -> None:
        self._tally, self._hosts, self._path, self._watch = tally, plan.hosts, path, watch
        self.contents = Contents()
        self._alike: Alike | None = None
        # An audience may ask for people of one domain, and what other packages bring may ask for anything.
        if not plan.policies.policy.audiences and _all_own():
            how = HowToLook(
                self._decide,
                settled,
                loud,
                deciding,
                hearing,
                alike,
                raw,
                merges,
                plain_data,
                is_for_readers,
                _shows_nobody,
                senders,
                found_in,
                tokens_in,
                plan.policies.policy.inside,
            )
            self._alike = Alike(how, tally, path, self._passed, self.contents)

    def _passed(self, count: int) -> None:
        self._watch.passed(count)

    def go_on(self, tally: CaptureTally, watch: Watch) -> None:
        """Go on with another part of the capture, of which another tally is kept."""
        self._tally, self._watch = tally, watch
        if self._alike is not None:
            self._alike.go_on(tally)

    def _decide(self, exchange: Exchange) -> Claimed | None:
        return claimed(exchange, None, self._hosts) or unhosted(exchange)

    @property
    def seen(self) -> Seen | None:
        """Asked about each request before it becomes a record."""
        return self._alike

    def fresh(self) -> None:
        """Forget to whom was written so far, and tell the tally what was counted."""
        self._tally.linked(self._path, self.contents.links)
        for reason, count in self.contents.missing.items():
            self._watch.missing[reason] += count
        self.contents = Contents()
        if self._alike is not None:
            self._alike.flush()
            self._alike.memory = self.contents

    def take(self, record: Record) -> None:
        """Take in a record."""
        exchange = record.exchange
        if self._alike is not None and self._alike.record(record):
            return
        if isinstance(exchange, CannotTell):
            self._tally.cannot_tell(record.place, exchange)
            return
        claim, looked = self._decide(exchange), None
        if claim is not None:
            looked = doubted(exchange, self.contents.add(exchange, claim.decoded, record.place))
            self._tally.add(record, claim.provider, claim.operation, looked)
        if self._alike is not None:
            self._alike.learn(exchange, claim, looked)


def _shows_nobody(exchange: Exchange, decoded: Decoded) -> bool:
    """Whether readers of what was decoded find nobody in the texts, whoever was written to before."""
    contents = Contents()
    return doubted(exchange, contents.add(exchange, decoded)) == decoded and not contents.strangers


@functools.cache
def _all_own() -> bool:
    """Whether every mail service is one of ours."""
    return all(one.decode.__module__.startswith("mailguard.") for one in providers().values())


def _read(plan: Plan, tally: CaptureTally, one: CaptureFile) -> None:
    """Take in one capture."""
    watch, look = plan.watch, Look(plan, tally, one.path, plan.watch)

    def fresh() -> None:
        if look.contents.full:
            watch.crowd(one.path)
        look.fresh()

    seen = look.seen if not watch.sample else None
    for record in watch.records(one.real, records_in_parts(one, watch, fresh, seen)):
        look.take(record)
    fresh()


# --- with several processes -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """What one part of a large capture came to, in a process of its own."""

    tally: TallyPart
    lines: int
    records: int
    crowded: bool
    """Whether it had more people than are remembered."""
    missing: Counter[str]
    """Attached files that were not looked into, by the reason."""


class PartReader:
    """Reads the parts of a large capture in one process: what it learnt from one of them it need not learn from the next."""

    def __init__(self, plan: Plan, one: CaptureFile, spans: tuple[tuple[int, int], ...]) -> None:
        self._plan, self._one, self._spans = plan, one, spans
        self._look: Look | None = None
        self._last = -1

    def read(self, number: int) -> _Part:
        """Read one part; what it comes to counts behind those that were read before, which stand in front of it."""
        plan, one = self._plan, self._one
        tally, watch, count = CaptureTally(plan.policies), Watch(), 0
        if self._look is None or number < self._last:
            self._look = Look(plan, tally, one.path, watch)
        else:
            self._look.go_on(tally, watch)
        look, self._last = self._look, number
        part = capture.Part(one.path, one.real, self._spans[number], one.fields, seen=look.seen)
        for record in part.records(one.form) if isinstance(one.form, Format) else ():
            count += 1
            look.take(record)
        crowded = look.contents.full
        look.fresh()
        return _Part(tally.part(), part.lines, count + watch.seen, crowded, watch.missing)


def _read_with_others(plan: Plan, tally: CaptureTally, one: CaptureFile, spans: tuple[tuple[int, int], ...]) -> None:
    """Take in a large capture with several processes. The result is that of one process."""
    watch = plan.watch
    # What the others need is there already when they begin: nothing is handed to them but a number.
    in_order()
    lines = 0
    for part in watch.parts(one.real, shared(PartReader(plan, one, spans).read, len(spans), plan.jobs or 1)):
        tally.put(part.tally, lines)
        lines += part.lines
        watch.seen += part.records
        watch.taken += part.records
        watch.missing.update(part.missing)
        if part.crowded:
            watch.crowd(one.path)
