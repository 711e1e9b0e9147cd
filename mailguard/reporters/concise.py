"""One line for each finding, for editors and grep."""

from __future__ import annotations

from mailguard.ledger import ledger_lines
from mailguard.model.finding import Finding, Report, Skip
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Output, no_address, safe_text
from mailguard.ways import phrase
from mailguard.wording import clean, file_line, is_request, place_words, shown, skip_why, told, way_of

__all__ = ["REPORTER"]


def render(report: Report, options: Options) -> str:
    """``path:line:column: likely rule: title (list: place)``; then the ledger."""
    lines = [_finding(finding) for finding in shown(report, options)]
    lines += [_skip(skip) for skip in report.skips if options.show_all or not skip.accepted]
    lines = [safe_text(line, Output.TERMINAL) for line in lines]
    if lines:
        lines.append("")
    # One line is one line here: nothing is folded.
    lines += ledger_lines(report.ledger, options.width)
    lines += [safe_text(" ".join(told(notice).splitlines()), Output.TERMINAL) for notice in report.notices]
    return no_address("\n".join(lines)) + "\n"


def _finding(finding: Finding) -> str:
    word = finding.certainty.name.lower()
    line = f"{place_words(finding.place)}: {word} {clean(finding.rule)}: {told(finding.title)}"
    remarks = []
    way = way_of(finding)
    if way is not None and way.steps:
        first = way.steps[0]
        whence = file_line(first.place) if first.place.path else phrase(first)
        remarks.append(f"{'people' if finding.named else 'list'}: {whence}")
    if finding.noted:
        remarks.append(f"does not block: {clean(finding.noted)}")
    if not finding.new:
        remarks.append("known")
    return f"{line} ({'; '.join(remarks)})" if remarks else line


def _skip(skip: Skip) -> str:
    words = "cannot tell" if is_request(skip) else "not read"
    return f"{place_words(skip.place)}: {words}: {skip_why(skip)}"


REPORTER = Reporter("concise", "one line a finding, for editors and grep", render)
