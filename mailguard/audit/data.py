"""The audit as data: JSON with a schema, and a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Final

from mailguard.audit.statement import statement
from mailguard.audit.table import ORDER, Audit, Broken, Named, Row, Total, origin_words
from mailguard.audit.words import owner_words, sure_words, told_words, way_words
from mailguard.model.finding import Severity, Verdict
from mailguard.model.reporter import Options
from mailguard.redact import Json, Output, no_address, safe_text, scrub
from mailguard.report_data import place_data, skip_data, step_data
from mailguard.wording import clean, file_line, skip_why, told

SCHEMA: Final = "mailguard-audit/1"
"""Name and version of the JSON. Keys may be added within a version; none changes its meaning or goes away."""


def render_json(audit: Audit, options: Options) -> str:
    """One object; ``audit.schema.json`` is its JSON Schema."""
    found, limits = statement(audit)
    commit = audit.commit
    data: dict[str, Json] = {
        "schema": SCHEMA,
        "version": audit.version,
        "exit_code": audit.exit_code,
        "commit": {
            "name": commit.name,
            "date": commit.day.isoformat() if commit.day is not None else None,
            "changed_files": commit.changed,
        },
        "part": [clean(part) for part in audit.part],
        "policy": audit.policy,
        "statement": {"text": found, "does_not_cover": limits},
        "totals": {
            "places": len(audit.rows),
            "verdicts": {_key(verdict): audit.count(verdict) for verdict in ORDER},
            "apis": [_total("api", total) for total in audit.by_api()],
            "folders": [_total("folder", total) for total in audit.by_folder()],
            "undecided_because": [{"why": told(why), "places": count} for why, count in audit.open_points()],
            "test_code": sum(row.call.test_code for row in audit.rows),
            "other_languages": [{"language": name, "files": count} for name, count in audit.by_language()],
            "excluded_python_files": audit.excluded,
            "files_too_large": audit.too_large,
        },
        "places": [_row(row) for row in audit.rows],
        "requests": [_row(row) for row in audit.requests],
        "not_read": [skip_data(skip, options) for skip in audit.skips],
        "other_files": [_named(one) for one in audit.elsewhere],
        "unexplained_files": [_named(one) for one in audit.unexplained],
        "decisions": [
            {
                "kind": one.kind,
                "what": clean(one.what),
                "where": clean(one.where),
                "reason": clean(one.reason),
                "until": clean(one.until) or None,
                "at_most": one.at_most,
            }
            for one in audit.decisions
        ],
        "exceptions_that_do_not_count": [_broken(one) for one in audit.others],
        "owners": {"file": clean(audit.owners_file) or None, "problem": audit.owners_problem or None},
        "baseline": audit.baseline,
        "files": {
            "considered": audit.ledger.files,
            "read": audit.ledger.files_read,
            "known": audit.ledger.files_known,
            "captures": audit.ledger.captures,
        },
        "notices": [told(notice) for notice in audit.notices],
    }
    return json.dumps({key: scrub(part) for key, part in data.items()}, indent=2) + "\n"


def _named(one: Named) -> Json:
    return {
        "path": clean(one.path),
        "language": one.language,
        "apis": list(one.apis),
        "excluded": one.excluded,
        "owners": [clean(owner) for owner in one.owners],
    }


def _key(verdict: Verdict) -> str:
    return verdict.name.lower().replace("_", "-")


def _total(key: str, total: Total) -> Json:
    counts: dict[str, Json] = {_key(verdict): count for verdict, count in total.counts.items()}
    return {key: clean(total.name), "places": total.total, **counts}


def _row(row: Row) -> Json:
    call = row.call
    source = row.source
    return {
        "place": place_data(call.place),
        "folder": clean(row.folder),
        "api": clean(row.api),
        "function": clean(call.api),
        "provider": clean(call.provider),
        "symbol": clean(call.symbol),
        "verdict": _key(call.verdict),
        "certainty": sure_words(row) or None,
        "because": told_words(row),
        "open_point": told(row.open_point) or None,
        "origin": call.origin.name.lower() if call.origin is not None else None,
        "origin_words": origin_words(row) or None,
        "origin_place": place_data(source.place) if source is not None else None,
        "way": [step_data(step) for step in call.way],
        "other_ways": [
            {"verdict": _key(verdict), "steps": [step_data(step) for step in way]} for verdict, way in call.others
        ],
        "reads": [
            {"field": clean(name), "holds": told(holds), "place": place_data(place)}
            for name, holds, place in call.reads
        ],
        "owners": [clean(owner) for owner in row.owners],
        "test_code": call.test_code,
        "times": call.times,
        "rules": [_broken(one) for one in row.broken],
        "remarks": [clean(remark) for remark in row.remarks],
    }


def _broken(one: Broken) -> Json:
    return {
        "rule": clean(one.rule),
        "title": told(one.title),
        "certainty": one.certainty.name.lower(),
        "severity": one.severity.name.lower(),
        "place": place_data(one.place),
        "change": told(one.change),
        "noted": clean(one.noted),
        "new": one.new,
    }


_HEAD: Final = (
    "kind", "path", "line", "folder", "api", "function", "verdict", "certainty", "because", "origin", "origin place", "way", "ways",
    "owner", "rules", "remarks", "test code", "symbol", "times",
)  # fmt: skip
_Cell = str | int


def render_csv(audit: Audit, options: Options) -> str:
    """A table (RFC 4180): a row for each thing that a page of the audit shows; ``kind`` says what it is. No cell is a formula."""
    del options
    text = io.StringIO()
    writer = csv.DictWriter(text, _HEAD, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _csv_rows(audit):
        writer.writerow({key: cell if isinstance(cell, int) else _cell(cell) for key, cell in row.items()})
    return text.getvalue()


def _cell(text: str) -> str:
    return safe_text(no_address(text), Output.CSV)


def _csv_rows(audit: Audit) -> Iterator[dict[str, _Cell]]:
    for kind, rows in (("mail call", audit.rows), ("recorded request", audit.requests)):
        for row in rows:
            yield {"kind": kind, **_csv_row(row)}
    for skip in audit.skips:
        yield {
            "kind": "not read",
            "path": clean(skip.place.path),
            "line": skip.place.line,
            "because": skip_why(skip),
            "remarks": "known" if skip.accepted else "",
            "times": skip.times,
        }
    for one in (*audit.elsewhere, *audit.unexplained):
        kind = "excluded by the settings" if one.excluded else "other language"
        yield {
            "kind": kind if one in audit.elsewhere else "no mail call found",
            "path": clean(one.path),
            "api": ", ".join(one.apis),
            "because": one.language,
            "owner": owner_words(one.owners),
            "times": 1,
        }
    for decision in audit.decisions:
        yield {
            "kind": decision.kind,
            "path": clean(decision.at or decision.place.path),
            "line": decision.place.line or "",
            "because": clean(decision.reason),
            "rules": clean(decision.what),
            "remarks": f"until {clean(decision.until)}" if decision.until else "",
        }
    for broken in audit.others:
        yield {
            "kind": "exception that does not count",
            "path": clean(broken.place.path),
            "line": broken.place.line,
            "because": told(broken.title),
            "rules": clean(broken.rule),
        }
    for total in audit.by_api():
        for verdict, count in total.counts.items():
            yield {"kind": "total of an API", "api": clean(total.name), "verdict": verdict.value, "times": count}
    for total in audit.by_folder():
        for verdict, count in total.counts.items():
            yield {"kind": "total of a folder", "folder": clean(total.name), "verdict": verdict.value, "times": count}
    for verdict in ORDER:
        yield {"kind": "total", "verdict": verdict.value, "times": audit.count(verdict)}
    for part in statement(audit):
        yield {"kind": "statement", "because": part}


def _csv_row(row: Row) -> dict[str, _Cell]:
    source = row.source
    return {
        "path": clean(row.call.place.path),
        "line": row.call.place.line,
        "folder": clean(row.folder),
        "api": clean(row.api),
        "function": clean(row.call.api),
        "verdict": row.verdict.value,
        "certainty": sure_words(row),
        "because": told_words(row),
        "origin": origin_words(row),
        "origin place": file_line(source.place) if source is not None else "",
        "way": way_words(row),
        "ways": 1 + len(row.call.others),
        "owner": owner_words(row.owners),
        "rules": ", ".join(dict.fromkeys(clean(one.rule) for one in row.broken if one.severity >= Severity.WARNING)),
        "remarks": ", ".join(clean(remark) for remark in row.remarks),
        "test code": "yes" if row.call.test_code else "",
        "symbol": clean(row.call.symbol),
        "times": row.call.times,
    }
