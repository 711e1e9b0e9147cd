"""The report as data, with a version. ``reporters/report.schema.json`` is its JSON Schema.

Below the shelf of reporters: one document, or one line for each of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mailguard import __version__
from mailguard.model.count import UNBOUNDED, Count
from mailguard.model.finding import Call, Finding, Ledger, Report, Skip, Way
from mailguard.model.message import Message, Recipient
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.model.value import Step
from mailguard.redact import Json, Roster, scrub
from mailguard.ways import phrase
from mailguard.wording import clean, fingerprints, level_of, next_steps, place_words, skip_title, skip_why, told

__all__ = ["SCHEMA", "document", "ledger_data", "message_data", "place_data", "skip_data", "step_data"]

SCHEMA: Final = "mailguard-report/1"
"""Name and version of the format. Keys may be added within a version; none changes its meaning or goes away."""


def document(report: Report, options: Options) -> dict[str, Json]:
    """The report as what JSON can say, without any address unless ``--reveal`` was given."""
    roster = Roster(options.compare_key, options.is_inside, reveal=options.reveal)
    names = fingerprints(report.findings)
    parts: dict[str, Json] = {
        "schema": SCHEMA,
        "version": options.version or __version__,
        "command": options.command,
        "exit_code": report.exit_code,
        "ledger": ledger_data(report.ledger),
        "findings": [_finding(finding, name, roster) for finding, name in zip(report.findings, names, strict=True)],
        "skips": [skip_data(skip, options) for skip in report.skips],
        "calls": [_call(call) for call in report.calls],
        "notices": [told(notice) for notice in report.notices],
    }
    return {key: scrub(part) for key, part in parts.items()}


def ledger_data(ledger: Ledger) -> Json:
    """The ledger; its parts add up."""
    return {
        "calls": ledger.calls,
        "keeps_apart": ledger.keeps_apart,
        "staff_only": ledger.staff_only,
        "shows": ledger.shows,
        "shows_new": ledger.shows_new,
        "exceptions": ledger.exceptions,
        "undecided": ledger.undecided,
        "requests": ledger.requests,
        "request_keeps_apart": ledger.request_keeps_apart,
        "request_staff_only": ledger.request_staff_only,
        "request_shows": ledger.request_shows,
        "request_undecided": ledger.request_undecided,
        "request_cannot_tell": ledger.cannot_tell,
        "files": ledger.files,
        "files_read": ledger.files_read,
        "files_known": ledger.files_known,
        "captures": ledger.captures,
        "captures_stale": ledger.stale,
    }


def place_data(place: Place) -> Json:
    """A place: as it is printed, and its parts."""
    return {
        "text": place_words(place),
        "path": clean(place.path),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "pointer": clean(place.pointer),
    }


def count_data(count: Count) -> Json:
    """A count; None stands for no bound."""
    return {"low": count.low, "plain": count.plain, "high": None if count.high >= UNBOUNDED else count.high}


def _finding(finding: Finding, name: str, roster: Roster) -> Json:
    return {
        "rule": clean(finding.rule),
        "title": told(finding.title),
        "severity": finding.severity.name.lower(),
        "certainty": finding.certainty.name.lower(),
        "level": level_of(finding),
        "gates": finding.gates,
        "new": finding.new,
        "noted": clean(finding.noted),
        "times": finding.times,
        "place": place_data(finding.place),
        "send": place_data(finding.send),
        "api": clean(finding.api),
        "provider": clean(finding.provider),
        "symbol": clean(finding.symbol),
        "count": count_data(finding.count),
        "why": told(finding.why),
        "change": told(finding.change),
        "caption": told(finding.caption),
        "fixable": finding.fixable and bool(finding.ways),
        "fingerprint": name,
        "ways": [_way(way) for way in finding.ways],
        "people": message_data(finding.message, roster) if finding.message is not None else None,
    }


def _way(way: Way) -> Json:
    return {
        "certainty": way.certainty.name.lower(),
        "identity": clean(way.identity),
        "count": count_data(way.count),
        "steps": [step_data(step) for step in way.steps],
    }


def step_data(step: Step) -> Json:
    """One step of a way."""
    return {
        "kind": step.kind.name.lower().replace("_", "-"),
        "phrase": phrase(step),
        "detail": clean(step.detail),
        "place": place_data(step.place),
    }


def message_data(message: Message, roster: Roster) -> Json:
    """Who is where in a message; addresses only as far as ``roster`` reveals them."""
    return {
        "to": _people(message.to, roster),
        "cc": _people(message.cc, roster),
        "bcc": _people(message.bcc, roster),
        "transmitted_bcc": _people(message.transmitted_bcc, roster),
        "reply_to": _people(message.reply_to, roster),
        "copies": count_data(message.copies),
        "hidden": count_data(message.hidden),
        "mentions": [
            {"field": mention.field.value, **_person(mention.recipient, roster)} for mention in message.mentions
        ],
    }


def _people(people: Iterable[Recipient], roster: Roster) -> Json:
    return [_person(person, roster) for person in people]


def _person(person: Recipient, roster: Roster) -> dict[str, Json]:
    entry: dict[str, Json] = {"person": roster.label(person), "count": count_data(person.count)}
    if side := roster.side(person):
        entry["side"] = side
    return entry


def skip_data(skip: Skip, options: Options) -> Json:
    """What was not read, and what to do about it."""
    return {
        "reason": skip.reason.name.lower().replace("_", "-"),
        "cause": skip.cause.name.lower().replace("_", "-") if skip.cause is not None else None,
        "title": skip_title(skip),
        "why": skip_why(skip),
        "change": list(next_steps(skip, options)),
        "place": place_data(skip.place),
        "provider": clean(skip.provider),
        "operation": clean(skip.operation),
        "times": skip.times,
        "accepted": skip.accepted,
    }


def _call(call: Call) -> Json:
    return {
        "place": place_data(call.place),
        "api": clean(call.api),
        "provider": clean(call.provider),
        "symbol": clean(call.symbol),
        "verdict": call.verdict.name.lower().replace("_", "-"),
        "because": told(call.because),
        "unless": told(call.unless),
        "reads": [
            {"field": clean(field), "holds": told(holds), "place": place_data(place)}
            for field, holds, place in call.reads
        ],
        "times": call.times,
    }
