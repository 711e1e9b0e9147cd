"""Markdown for a job summary or a comment on a merge request (GitHub Flavored Markdown).

A stranger's words stand in code spans and code blocks, or have every sign of Markdown replaced by a character
reference: no HTML, no mention, no image, no link comes from them. The belt comes before the references, since what it
puts in is a sign of HTML itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from mailguard.ledger import ledger_lines, nothing_found, unread_words
from mailguard.model.finding import Finding, Report, Skip
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Output, no_address, number, safe_text
from mailguard.terminal import finding_lines
from mailguard.wording import clean, file_line, place_words, shown, skip_title, skip_why, told

__all__ = ["REPORTER"]

ROOM: Final = 400_000
"""Bytes of a table. GitHub takes one megabyte as the summary of a step, and nothing at all of a longer one."""

DETAILS: Final = 10
"""Findings that are told in full."""

DETAIL: Final = 20_000
"""Bytes of one of them; what is longer than anybody reads stays out."""


def render(report: Report, options: Options) -> str:
    """A heading, the ledger, a table of findings, each of the worst in full, and what was not read."""
    found = shown(report, options)
    blocks = ["## mailguard"]
    if nothing_found(report):
        blocks.append("Nothing found.")
    blocks.append("\n".join(f"{_words(line)}  " for line in ledger_lines(report.ledger, options.width)).rstrip())
    blocks += [_words(" ".join(told(notice).split())) for notice in report.notices]
    if found:
        rows = _that_fit(map(_row, found))
        blocks.append("\n".join(["| place | what | how sure | rule |", "|---|---|---|---|", *rows]))
        if len(found) > len(rows):
            blocks.append(f"{number(len(found) - len(rows))} more: `mailguard {options.command} --all`")
        details = (_details(finding, options) for finding in found[:DETAILS])
        blocks += [text for text in details if len(text.encode()) <= DETAIL]
    unread = [skip for skip in report.skips if not skip.accepted]
    if unread:
        rows = _that_fit(map(_skip, unread))
        blocks.append("\n".join(["| not read | what | why |", "|---|---|---|", *rows]))
        if len(unread) > len(rows):
            blocks.append(f"{number(len(unread) - len(rows))} more: `mailguard {options.command} --all`")
        if report.exit_code == 3:
            blocks.append(unread_words(unread))
    return "\n\n".join(blocks) + "\n"


def _that_fit(rows: Iterable[str]) -> list[str]:
    """The rows from the first one on that a table has room for."""
    kept: list[str] = []
    room = ROOM
    for row in rows:
        room -= len(row.encode()) + 1
        if room < 0:
            break
        kept.append(row)
    return kept


def _words(text: str) -> str:
    """Write a sentence of ours, which may hold a stranger's words: Markdown's signs have no effect, but stay readable."""
    return re.sub(
        r"[\\`*_{}\[\]<>#|~&@$]", lambda found: f"&#{ord(found.group())};", safe_text(no_address(text), Output.XML)
    )


def _code(text: str) -> str:
    return safe_text(no_address(text), Output.MARKDOWN_CODE)


def _row(finding: Finding) -> str:
    sure = finding.certainty.name.lower()
    if finding.noted:
        sure += f", does not block: {safe_text(clean(finding.noted), Output.MARKDOWN)}"
    elif not finding.new:
        sure += ", known"
    cells = [_code(file_line(finding.place)), _words(told(finding.title)), sure, _code(clean(finding.rule))]
    return f"| {' | '.join(cells)} |"


def _details(finding: Finding, options: Options) -> str:
    lines = finding_lines(finding, replace(options, colour=False))
    # Inside of an HTML element on one line, Markdown's own signs still count.
    summary = safe_text(f"{place_words(finding.place)}: {told(finding.title)}", Output.MARKDOWN)
    return f"<details><summary>{summary}</summary>\n\n{_block(lines)}\n\n</details>"


def _block(lines: Sequence[str]) -> str:
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0))
    return "\n".join([f"{fence}text", *(no_address(line).rstrip() for line in lines), fence])


def _skip(skip: Skip) -> str:
    cells = [_code(place_words(skip.place)), _words(skip_title(skip)), _words(skip_why(skip))]
    return f"| {' | '.join(cells)} |"


REPORTER = Reporter("markdown", "Markdown, for a job summary or a comment", render, suffixes=(".md",))
