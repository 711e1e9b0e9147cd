"""The report for people: findings, worst first, then the ledger and the next step."""

from __future__ import annotations

from collections import Counter
from typing import Final

from mailguard.ledger import ledger_lines, nothing_found, provider_lines, unread_words
from mailguard.model.finding import Report, Skip
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Output, no_address, number, safe_text
from mailguard.terminal import Style, finding_lines, skip_lines, wrapped
from mailguard.wording import clean, closes, is_request, place_words, shown, skip_why, told

__all__ = ["REPORTER"]

LIMIT: Final = 10
"""Findings that are shown unless ``--all`` asks for more."""


def render(report: Report, options: Options) -> str:
    """Findings, a blank line, the ledger, at most one next step."""
    style = Style(options.colour)
    blocks: list[list[str]] = []
    found = shown(report, options)
    limit = len(found) if options.show_all else LIMIT
    blocks += [finding_lines(finding, options) for finding in found[:limit]]
    more = len(found) - limit
    if more > 0:
        blocks.append([f"{number(more)} more: mailguard {options.command} --all"])
    blocks += _unread(report, options)
    if remark := _set_aside(report, options):
        blocks.append(remark)
    closing: list[str] = []
    if blocks:
        closing += _against(report, options)
    elif nothing_found(report):
        closing.append("Nothing found.")
    if options.command == "replay":
        closing += [style.dim(line) for line in provider_lines(report)]
    for line in ledger_lines(report.ledger, options.width):
        closing += [style.dim(part) for part in wrapped(line, options.width)]
    for notice in report.notices:
        closing += [safe_text(line, Output.TERMINAL) for line in told(notice).splitlines()]
    if step := _next_step(report, options):
        closing.append(step)
    blocks.append(closing)
    text = "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks)
    return no_address(text) + "\n"


def _unread(report: Report, options: Options) -> list[list[str]]:
    """Requests that cannot be told, one block each; code that was not read, one line each."""
    skips = [skip for skip in report.skips if options.show_all or not skip.accepted]
    requests = [skip for skip in skips if is_request(skip)]
    files = [skip for skip in skips if not is_request(skip)]
    limit = len(skips) if options.show_all else LIMIT
    blocks = [skip_lines(skip, options) for skip in requests[:limit]]
    if len(requests) > limit:
        blocks.append([f"{number(len(requests) - limit)} more that cannot be told: mailguard {options.command} --all"])
    if files:
        lines = ["Not read"]
        for skip in files[:limit]:
            lines += wrapped(_unread_line(skip), options.width, "  ", "      ")
        if len(files) > limit:
            lines.append(f"  {number(len(files) - limit)} more: mailguard {options.command} --all")
        blocks.append(lines)
    return blocks


def _unread_line(skip: Skip) -> str:
    words = f"{skip_why(skip)} (known)" if skip.accepted else skip_why(skip)
    return f"{safe_text(place_words(skip.place), Output.TERMINAL)}  {safe_text(words, Output.TERMINAL)}"


def _set_aside(report: Report, options: Options) -> list[str]:
    """What does not block although it is so: test code, audiences."""
    if options.show_all:
        return []
    noted = Counter(
        clean(finding.noted) for finding in report.findings if finding.noted and finding.new and finding.certainty > 1
    )
    if not noted:
        return []
    parts = ", ".join(safe_text(f"{number(count)} {words}", Output.TERMINAL) for words, count in sorted(noted.items()))
    verb = "does" if noted.total() == 1 else "do"
    line = f"{number(noted.total())} {verb} not block ({parts}): mailguard {options.command} --all"
    return wrapped(line, options.width)


def _against(report: Report, options: Options) -> list[str]:
    """Say what is new, and that the rest does not block: ``1 new in this commit. 3 known ones do not block``."""
    new, known = closes(report)
    if not (options.compared or (options.baseline and new and known)):
        return []
    words = [f"{number(new)} new{f' {told(options.compared)}' if options.compared else ''}."]
    if known:
        words.append("1 known one does not block." if known == 1 else f"{number(known)} known ones do not block.")
    return [" ".join(words)]


def _next_step(report: Report, options: Options) -> str:
    code = report.exit_code
    if code == 1:
        if (
            options.baseline
            or options.compared
            or not any(finding.gates and finding.ways for finding in report.findings)
        ):
            return ""
        return "Is this old code? Set today's state aside and stop new problems: mailguard baseline"
    if code == 3:
        return unread_words(report.skips)
    undecided = report.ledger.undecided + report.ledger.request_undecided
    if undecided and not options.show_undecided and nothing_found(report):
        which = "the undecided one" if undecided == 1 else f"the {number(undecided)} undecided"
        return f"See {which}: mailguard {options.command} --undecided"
    return ""


REPORTER = Reporter("text", "for people, on a terminal or in a log", render, suffixes=(".txt",))
