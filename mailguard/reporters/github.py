"""Annotations of GitHub Actions: workflow commands on standard output.

The form is on GitHub's page "Workflow commands for GitHub Actions". A step shows ten errors, ten warnings and ten
notices; the rest would be dropped silently, so it is counted here.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from mailguard.ledger import ledger_lines
from mailguard.model.finding import Finding, Report, Skip
from mailguard.model.place import Place
from mailguard.model.reporter import Options, Reporter
from mailguard.model.value import Step
from mailguard.redact import Output, no_address, number, safe_text
from mailguard.ways import list_sentence
from mailguard.wording import (
    alike_words,
    change_sentences,
    clean,
    file_line,
    guilty_change,
    intended,
    level_of,
    next_steps,
    shown,
    skip_title,
    skip_why,
    told,
    way_of,
)

__all__ = ["REPORTER"]

CAP: Final = 10
"""Annotations of one kind that a step shows."""

_COMMANDS: Final = {"error": "error", "warning": "warning", "note": "notice"}


def render(report: Report, options: Options) -> str:
    """The worst first, at most ten of each kind, then a line on the rest, then the ledger."""
    annotations: list[tuple[str, str]] = []
    for finding in shown(report, options):
        kind = _COMMANDS[level_of(finding)]
        annotations.append((kind, _finding(finding, kind)))
        if guilty := guilty_change(finding, options):
            annotations.append(("notice", _guilty(finding, guilty)))
    annotations += [("warning", _skip(skip, options)) for skip in report.skips if not skip.accepted]
    annotations.sort(key=lambda annotation: list(_COMMANDS.values()).index(annotation[0]))
    seen: Counter[str] = Counter()
    lines: list[str] = []
    for kind, line in annotations:
        seen[kind] += 1
        if seen[kind] <= CAP:
            lines.append(line)
    if missing := len(annotations) - len(lines):
        more = f"{number(missing)} more {'is' if missing == 1 else 'are'} not shown beside the code"
        lines.append(f"{more}: GitHub shows ten errors, ten warnings and ten notices of a step.")
    # What follows is no command: it must not begin like one.
    lines += [safe_text(line, Output.TERMINAL) for line in ledger_lines(report.ledger, options.width)]
    lines += [safe_text(" ".join(told(notice).split()), Output.TERMINAL) for notice in report.notices]
    return no_address("\n".join(lines)) + "\n"


def _command(kind: str, place: Place, title: str, message: list[str]) -> str:
    properties = [f"file={safe_text(clean(place.path), Output.GITHUB_PROPERTY)}"]
    if place.line:
        properties.append(f"line={place.line}")
        if place.column:
            properties.append(f"col={place.column}")
            if place.end_column and place.end_line in {0, place.line}:
                properties += [f"endLine={place.line}", f"endColumn={place.end_column}"]
    properties.append(f"title={safe_text(title, Output.GITHUB_PROPERTY)}")
    text = "%0A".join(safe_text(line, Output.GITHUB) for line in message if line)
    return f"::{kind} {','.join(properties)}::{text}"


def _finding(finding: Finding, kind: str) -> str:
    way = way_of(finding)

    def with_place(step: Step, words: str) -> str:
        return f"{words} ({file_line(step.place)})" if step.place.path else words

    if way is not None:
        sentence = list_sentence(finding, way, with_place)
        allowed = f'Intended? Add a comment: # mailguard: allow[{clean(finding.rule)}] reason="..."'
    else:
        why = told(finding.why).rstrip(".")
        sentence = " ".join(
            part for part in (f"{why[:1].upper()}{why[1:]}.", alike_words(finding.times, finding.place)) if part
        )
        words = intended(finding)
        allowed = f"Intended? {words[0].upper()}{words[1:]}."
        if finding.exception:
            allowed = ""
    last = f"{clean(finding.rule)}, {finding.certainty.name.lower()}"
    if finding.noted:
        last += f", does not block: {clean(finding.noted)}"
    message = [sentence, f"Change: {change_sentences(finding)}", allowed, last]
    return _command(kind, finding.place, told(finding.title), message)


def _guilty(finding: Finding, step: Step) -> str:
    """The second annotation, on the changed line, where the send itself is not in the change."""
    place = file_line(finding.place)
    title = told(finding.title)
    if title.startswith("Everyone on this list"):
        words = f"This change sends a whole list into {place}, where everyone can see everyone else."
    else:
        words = f"This change leads to {place}. {title}."
    return _command("notice", step.place, "This change shows people to each other", [words])


def _skip(skip: Skip, options: Options) -> str:
    message = [
        f"Why: {skip_why(skip)}",
        alike_words(skip.times, skip.place),
        f"Change: {', '.join(next_steps(skip, options))}",
    ]
    return _command("warning", skip.place, skip_title(skip), message)


REPORTER = Reporter("github", "annotations of GitHub Actions", render)
