"""The inventory as a table: one row for each mail call and each group of requests (RFC 4180)."""

from __future__ import annotations

import csv
import io
from typing import Final

from mailguard.model.finding import Report
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Output, no_address, safe_text
from mailguard.wording import clean, skip_why, told

__all__ = ["REPORTER"]

_HEAD: Final = ("path", "line", "what", "rule", "sure", "provider", "symbol", "title", "times", "new", "note")


def render(report: Report, options: Options) -> str:
    """Findings first, then the calls, then what was not read. No cell is a formula."""
    del options  # nothing about a table depends on the terminal
    rows: list[tuple[str | int, ...]] = [
        (
            clean(finding.place.path),
            finding.place.line,
            "finding",
            clean(finding.rule),
            finding.certainty.name.lower(),
            clean(finding.provider),
            clean(finding.symbol),
            told(finding.title),
            finding.times,
            "new" if finding.new else "known",
            clean(finding.noted),
        )
        for finding in report.findings
    ]
    rows += [
        (
            clean(call.place.path),
            call.place.line,
            "call",
            "",
            call.verdict.value,
            clean(call.provider),
            clean(call.symbol),
            told(call.because),
            call.times,
            "",
            told(call.unless),
        )
        for call in report.calls
    ]
    rows += [
        (
            clean(skip.place.path),
            skip.place.line,
            "not read",
            "",
            skip.reason.value,
            clean(skip.provider),
            "",
            skip_why(skip),
            skip.times,
            "known" if skip.accepted else "new",
            "",
        )
        for skip in report.skips
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for row in rows:
        writer.writerow([cell if isinstance(cell, int) else _cell(cell) for cell in row])
    return text.getvalue()


def _cell(text: str) -> str:
    return safe_text(no_address(text), Output.CSV)


REPORTER = Reporter("csv", "a table of findings, mail calls and what was not read", render, suffixes=(".csv",))
