"""The story of 1 November 2019, told by what mailguard really finds.

Two mailers are written into a temporary folder: the one of that day, and the repaired
one. Both are scanned, and what the real client sent when they ran is replayed (the
recordings ship with the package; ``tests/end_to_end/record_demo.py`` makes them). The
story counts as told only if every line of it happened.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from mailguard import gate
from mailguard.config import Settings
from mailguard.model.finding import Finding, Report, Verdict
from mailguard.model.message import Message
from mailguard.model.value import Step, StepKind
from mailguard.redact import number

__all__ = ["tell"]

PEOPLE: Final = 1000
"""Readers of the recorded request."""

RULE: Final = "batched-recipient-list"

REPAIR: Final = "is_multiple=True"


@dataclass(frozen=True, slots=True)
class _Day:
    """One mailer, and what it sent."""

    code: Report
    sent: Report
    messages: tuple[Message, ...]


def tell() -> tuple[list[str], bool]:
    """The lines of the story, and whether all of it happened."""
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        leak = _day(Path(folder, "that-day"), "bulk")
        repair = _day(Path(folder, "repaired"), "repaired")
    lines = ["1 November 2019, in a temporary folder."]
    happened = True
    found = next((finding for finding in leak.code.findings if finding.rule == RULE and finding.gates), None)
    if found is None:
        lines.append("  the mailer         nothing was found in it")
        happened = False
    else:
        lines.append(_line("the mailer", str(found.place.path) + f":{found.place.line}", found.title))
        way = list(_way(found))
        lines += way
        happened = happened and len(way) == len(WAY)
    sent = next((finding for finding in leak.sent.findings if finding.gates), None)
    happened = happened and sent is not None and leak.sent.exit_code == 1 and sent.count.exact == PEOPLE
    lines.append(_line("what it sent", "request 1", sent.title if sent else "nothing was found in it"))
    clean = not repair.code.findings and [call.verdict for call in repair.code.calls] == [Verdict.KEEPS_APART]
    happened = happened and clean and repair.code.exit_code == 0
    place = repair.code.calls[0].place if repair.code.calls else None
    repaired_at = f"{place.path}:{place.line}" if place else "bulk.py"
    lines.append(_line("the repair", repaired_at, REPAIR if clean else "did not help"))
    each = len(repair.messages) == PEOPLE and all(_readers(message) == 1 for message in repair.messages)
    happened = happened and each and repair.sent.exit_code == 0 and repair.sent.ledger.request_keeps_apart == 1
    words = f"{number(len(repair.messages))} messages, " + ("one reader each" if each else "with several readers")
    lines.append(_line("what it sends now", "request 1", words))
    lines.append(
        "Now yours: mailguard check"
        if happened
        else "The story did not happen as it should. This is a fault of mailguard."
    )
    return lines, happened


WAY: Final = (
    ("the list", (StepKind.FILE,)),
    ("the batch", (StepKind.BATCHED,)),
    ("the To line", (StepKind.SHOWN, StepKind.STORED)),
)
"""The steps of the way that are told, by their kinds."""


def _way(finding: Finding) -> Iterator[str]:
    """The way from the list through the batch to the To, as far as it was found."""
    steps = finding.ways[0].steps
    for name, kinds in WAY:
        step: Step | None = next((step for step in steps if step.kind in kinds), None)
        if step is not None:
            words = StepKind.SHOWN.value if name == "the To line" else step.kind.value
            yield _line(f"  {name}", f"{step.place.path}:{step.place.line}", words)


def _line(what: str, where: str, words: str) -> str:
    return f"  {what:<19}{where:<13}{words}"


def _readers(message: Message) -> int | None:
    readers = message.to + message.cc + message.bcc
    return len(readers) if message.copies.exact == 1 else None


def _day(folder: Path, name: str) -> _Day:
    """Scan one mailer and replay what it sent."""
    folder.mkdir()
    data = files("mailguard").joinpath("demo_data")
    (folder / "bulk.py").write_bytes(data.joinpath(f"{name}.txt").read_bytes())
    (folder / "sent.har").write_bytes(gzip.decompress(data.joinpath(f"{name}.har.gz").read_bytes()))
    code = gate.scan(folder, Settings())
    sent = gate.replay(folder / "sent.har", Settings())
    return _Day(code, sent, gate.messages_of(folder / "sent.har"))
