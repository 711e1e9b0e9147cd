"""The words of the ledger: what was decided, what was not, what was not read.

Every run ends with it, in every format, in the same words. The parts add up to
the first number of their line.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mailguard.model.finding import Ledger, Report, Skip, SkipReason, Verdict
from mailguard.redact import foreign, number

__all__ = ["PLACES", "ledger_lines", "nothing_found", "numeral", "plural", "provider_lines", "unread_words"]

PLACES: Final = frozenset({SkipReason.BUDGET, SkipReason.DEPTH, SkipReason.NOT_UNDERSTOOD})
"""Why one place of a file may not have been understood; the rest of the file was read."""

_NUMERALS: Final = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten")


def plural(count: int, one: str, many: str = "") -> str:
    """``1 file``, ``4,112 requests``. ``many`` is ``one`` with an s where empty."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def ledger_lines(ledger: Ledger, width: int = 100) -> list[str]:
    """The ledger in one or more lines; the files go on a line of their own where one line would be too long."""
    lines: list[str] = []
    if not ledger.calls and not ledger.requests:
        return _no_mail(ledger)
    if ledger.calls:
        new = f" ({number(ledger.shows_new)} new)" if ledger.shows else ""
        lines.append(
            _sum(
                ledger.calls,
                "mail call",
                _parts(
                    ledger.keeps_apart,
                    ledger.staff_only,
                    ledger.shows,
                    ledger.undecided,
                    ledger.calls - ledger.keeps_apart - ledger.staff_only - ledger.shows - ledger.undecided,
                    new=new,
                ),
            )
        )
    if ledger.requests:
        lines.append(
            _sum(
                ledger.requests,
                "request",
                _parts(
                    ledger.request_keeps_apart,
                    ledger.request_staff_only,
                    ledger.request_shows,
                    ledger.request_undecided,
                    ledger.cannot_tell,
                ),
            )
        )
    if ledger.requests and ledger.stale:
        words = "proves less than it seems" if ledger.stale == 1 else "prove less than they seem"
        lines[-1] += f" {plural(ledger.stale, 'capture')} {words}."
    files = _files(ledger)
    if ledger.exceptions:
        # Every exception that counts is seen in every run.
        files = f"{files} {plural(ledger.exceptions, 'exception')} in force.".lstrip()
    if files and ledger.calls:
        if len(lines[0]) + 1 + len(files) <= width:
            lines[0] += f" {files}"
        else:
            lines.insert(1, files)
    elif files:
        lines.append(files)
    return lines


def _sum(total: int, what: str, parts: Iterable[str]) -> str:
    return f"{plural(total, what)}: {', '.join(parts)}."


def _parts(apart: int, staff: int, shows: int, undecided: int, cannot_tell: int, *, new: str = "") -> Iterable[str]:
    yield f"{number(apart)} {'keeps' if apart == 1 else 'keep'} readers apart"
    if staff:
        yield f"{number(staff)} {'writes' if staff == 1 else 'write'} to staff only"
    # Where something could not be told, no line above says that nothing was found.
    if shows or cannot_tell:
        yield f"{number(shows)} {'does' if shows == 1 else 'do'} not{new}"
    if undecided:
        yield f"{number(undecided)} undecided"
    if cannot_tell:
        yield f"{number(cannot_tell)} cannot tell"


def _files(ledger: Ledger) -> str:
    if not ledger.files:
        return ""
    rest = ledger.files - ledger.files_read
    if rest <= 0:
        return "1 file, read." if ledger.files == 1 else f"{plural(ledger.files, 'file')}, all read."
    text = f"{number(ledger.files_read)} of {plural(ledger.files, 'file')} read"
    if not ledger.files_known:
        return f"{text}."
    if ledger.files_known >= rest:
        return f"{text}; the other {f'{number(rest)} are' if rest > 1 else 'one is'} known."
    known = ledger.files_known
    return f"{text}; {number(known)} of the other {number(rest)} {'is' if known == 1 else 'are'} known."


def _no_mail(ledger: Ledger) -> list[str]:
    if ledger.captures:
        text = f"No mail request in {plural(ledger.captures, 'capture')}."
        return [text, files] if (files := _files(ledger)) else [text]
    if not ledger.files:
        return ["No mail is sent from this code: there is no Python file."]
    names = "it names no" if ledger.files == 1 else "none names a"
    none, further = (
        "No mail is sent from this code",
        "Do you send through a helper of another package? Name it under [tool.mailguard.senders].",
    )
    if ledger.files_naming:
        # A mail may be made here and sent by what was not understood: that none is sent would be too much said.
        verb = "names a" if ledger.files_naming == 1 else "name a"
        names = f"{'it' if ledger.files == 1 else number(ledger.files_naming)} {verb}"
        none, further = "No mail call was found", "Which files may send all the same: mailguard audit"
    if ledger.files_read < ledger.files:
        seen = f"No mail call in what was read: {number(ledger.files_read)} of {plural(ledger.files, 'Python file')}"
    else:
        seen = f"{none}: {plural(ledger.files, 'Python file')}"
    return [f"{seen}, {names} mail API that mailguard knows.", further]


def provider_lines(report: Report) -> list[str]:
    """A table of the requests of captures, a line for each service; nothing where there is one service only."""
    services: dict[str, dict[Verdict, int]] = {}
    for call in report.calls:
        if not call.symbol and call.times:
            row = services.setdefault(call.provider, {})
            row[call.verdict] = row.get(call.verdict, 0) + call.times
    for skip in report.skips:
        if skip.provider:
            row = services.setdefault(skip.provider, {})
            row[Verdict.CANNOT_TELL] = row.get(Verdict.CANNOT_TELL, 0) + skip.times
    if len(services) < 2:
        return []
    rows = []
    for name, row in sorted(services.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        count = row.get
        parts = _parts(
            count(Verdict.KEEPS_APART, 0),
            count(Verdict.STAFF_ONLY, 0),
            count(Verdict.SHOWS, 0),
            count(Verdict.UNDECIDED, 0),
            count(Verdict.CANNOT_TELL, 0),
        )
        rows.append((foreign(name), number(sum(row.values())), ", ".join(parts)))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return [f"  {name:<{widths[0]}}  {total:>{widths[1]}}  {words}" for name, total, words in rows]


def nothing_found(report: Report) -> bool:
    """Whether ``Nothing found.`` is true: mail was seen, no rule is broken, known ones included, all could be told."""
    ledger = report.ledger
    return bool(
        (ledger.calls or ledger.requests)
        and not ledger.shows
        and not ledger.request_shows
        and not any(finding.certainty > finding.certainty.UNDECIDED for finding in report.findings)
        and not any(not skip.accepted for skip in report.skips)
    )


def unread_words(skips: Iterable[Skip]) -> str:
    """``One request could not be read, so this is not a pass.``; empty if everything was read or is known."""
    skips = tuple(skips)
    requests = places = 0
    files: set[str] = set()
    crowded: set[str] = set()
    for skip in skips:
        if skip.accepted:
            continue
        if skip.reason is SkipReason.REMEMBERED:
            crowded.add(skip.place.path)
            continue
        if skip.reason is SkipReason.CANNOT_TELL or skip.cause is not None:
            requests += skip.times
        elif skip.reason in PLACES and skip.place.line:
            places += skip.times
        else:
            files.add(skip.place.path)
    parts = [
        f"{numeral(count)} {what if count == 1 else what + 's'}"
        for count, what in ((requests, "request"), (len(files), "file"), (places, "place of the code"))
        if count
    ]
    if crowded:
        what = "capture was" if len(crowded) == 1 else "captures were"
        compared = f"{numeral(len(crowded))} {what} not compared in full, so this is not a pass."
        return f"{unread_words(skip for skip in skips if skip.reason is not SkipReason.REMEMBERED)} {compared}".lstrip()
    if not parts:
        return ""
    if places > 1:
        parts[-1] = parts[-1].replace("place of the codes", "places of the code")
    text = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"{text[0]}{text[1:].lower()} could not be read, so this is not a pass."


def numeral(count: int) -> str:
    """``Three``; digits from eleven on."""
    return _NUMERALS[count] if count < len(_NUMERALS) else number(count)
