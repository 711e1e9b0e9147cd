"""The pages of an audit: text, JSON, CSV, Markdown. All of them show one table, :class:`~mailguard.audit.Audit`.

No page prints an address: paths, symbols, reasons and owners are a stranger's words and go through ``redact``, each by
itself, with the escapes of the page. Nothing here depends on the clock or on the terminal's colours.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailguard.audit import (
    ORDER,
    PYTHON,
    Audit,
    Broken,
    Decision,
    Named,
    Row,
    Total,
    origin_words,
    statement,
    way_of_row,
)
from mailguard.ledger import plural
from mailguard.model.finding import Certainty, Severity, Skip, Verdict
from mailguard.model.reporter import Options
from mailguard.model.value import Step, StepKind
from mailguard.redact import Json, Output, no_address, number, safe_text, scrub
from mailguard.report_data import place_data, skip_data, step_data
from mailguard.terminal import Style, columns, wrapped
from mailguard.wording import clean, file_line, phrase, place_words, shortened, skip_why, told

__all__ = ["PAGES", "SCHEMA", "Page", "render_brief"]

SCHEMA: Final = "mailguard-audit/1"
"""Name and version of the JSON. Keys may be added within a version; none changes its meaning or goes away."""

MARKS: Final[Mapping[Verdict, str]] = {
    Verdict.SHOWS: "●",
    Verdict.UNDECIDED: "◐",
    Verdict.KEEPS_APART: "○",
    Verdict.STAFF_ONLY: "□",
    Verdict.CANNOT_TELL: "✕",
}
"""A shape for each verdict, beside its words and never instead of them."""

PLURAL: Final[Mapping[Verdict, str]] = {
    Verdict.SHOWS: "show people to each other",
    Verdict.UNDECIDED: "undecided",
    Verdict.KEEPS_APART: "keep readers apart",
    Verdict.STAFF_ONLY: "staff lists only",
    Verdict.CANNOT_TELL: "cannot tell",
}

SHORT: Final[Mapping[Verdict, str]] = {
    Verdict.SHOWS: "show",
    Verdict.UNDECIDED: "undecided",
    Verdict.KEEPS_APART: "keep apart",
    Verdict.STAFF_ONLY: "staff only",
}
"""Heads of columns."""

ARROW: Final = " → "

UNEXPLAINED: Final = "Python files that name a mail API, and no mail call was found there"


# --------------------------------------------------------------------------------------------------
# Words that all pages share


def places_words(audit: Audit) -> str:
    """How many places there are, by API: ``63 places send mail: Django 31, smtplib 19``."""
    if not audit.rows:
        return "No place that sends mail was found."
    counts = ", ".join(f"{clean(total.name)} {number(total.total)}" for total in audit.by_api())
    return f"{plural(len(audit.rows), 'place sends mail', 'places send mail')}: {counts}."


def open_words(audit: Audit) -> str:
    """Why calls are undecided: ``who calls them is outside this repository``; with numbers where there are several reasons."""
    points = audit.open_points()
    if len(points) == 1:
        return told(points[0][0])
    return ", ".join(f"{told(words)} {number(count)}" for words, count in points)


def unread_words(audit: Audit) -> list[str]:
    """What was not read, and other languages: sentences, none where there is nothing to say."""
    lines = []
    files = audit.unread_files()
    if files:
        total = sum(count for _, count in files)
        why = files[0][0] if len(files) == 1 else ", ".join(f"{words}: {number(count)}" for words, count in files)
        lines.append(f"Not read: {plural(total, 'Python file')} ({why}).")
    if places := audit.unread_places():
        lines.append(f"Not understood: {plural(places, 'place of the code', 'places of the code')}.")
    if requests := audit.unread_requests():
        lines.append(f"Cannot tell: {plural(requests, 'recorded request')}.")
    if audit.unexplained:
        names = "names" if len(audit.unexplained) == 1 else "name"
        lines.append(
            f"{plural(len(audit.unexplained), 'Python file')} {names} a mail API, and no mail call was found there."
        )
    if audit.excluded:
        lines.append(f"Excluded by the settings: {plural(audit.excluded, 'Python file')}{_excluded_words(audit)}.")
    if languages := audit.by_language():
        total = sum(count for _, count in languages)
        counts = ", ".join(f"{clean(name)} {number(count)}" for name, count in languages)
        names = "file names" if total == 1 else "files name"
        lines.append(f"Other languages: {number(total)} {names} a mail API ({counts}).")
    if audit.too_large:
        lines.append(f"Too large to be searched: {plural(audit.too_large, 'file')} in other languages.")
    return lines


def _excluded_words(audit: Audit) -> str:
    named = sum(one.excluded and one.language == PYTHON for one in audit.elsewhere)
    return f", {number(named)} {'names' if named == 1 else 'name'} a mail API" if named else ""


def sure_words(row: Row) -> str:
    """How sure it is that people are shown; nothing where nothing says so."""
    if row.verdict not in (Verdict.SHOWS, Verdict.UNDECIDED):
        return ""
    # What was recorded is as sure as the rule that it breaks.
    certainty = row.call.certainty or max((one.certainty for one in row.broken), default=None)
    return certainty.name.lower() if certainty is not None else ""


def step_words(step: Step, row: Row) -> str:
    """``read from the database (news/views.py:44)``, ``To of one message (news/mailer.py:21)``."""
    words = phrase(step)
    if step.kind is StepKind.SHOWN:
        line = next((name for name, _, place in row.call.reads if place == step.place), "")
        words = f"{line} of {'one' if row.verdict is Verdict.SHOWS else 'a'} message" if line else words
    return f"{told(words)} ({file_line(step.place)})" if step.place.path else told(words)


def way_words(row: Row) -> str:
    """The way of the recipients from where they come from into the message; empty for a request."""
    return ARROW.join(step_words(step, row) for step in shortened(way_of_row(row)))


def _verb(verdict: Verdict, count: int) -> str:
    return verdict.value if count == 1 else PLURAL[verdict]


def other_words(row: Row) -> str:
    """``and 3 other ways: 1 shows people to each other, 2 keep readers apart``; empty where there is none."""
    if not row.call.others:
        return ""
    counts = Counter(verdict for verdict, _ in row.call.others)
    parts = [f"{number(counts[verdict])} {_verb(verdict, counts[verdict])}" for verdict in ORDER if counts[verdict]]
    return f"and {plural(len(row.call.others), 'other way', 'other ways')}: {', '.join(parts)}"


def told_words(row: Row) -> str:
    """What was established, as a sentence without a full stop, with the rule where one is broken."""
    return told(row.call.because) or row.verdict.value


def owner_words(owners: Sequence[str]) -> str:
    """``@team-news``; empty where nobody owns it. An address among the owners is not printed."""
    return " ".join(clean(owner) for owner in owners)


def decision_words(one: Decision) -> str:
    """``exception in force until 2027-01-31: they know each other``."""
    until = f" until {clean(one.until)}" if one.until else ", without an end date"
    most = f", at most {number(one.at_most)} people" if one.at_most is not None else ""
    return f"{one.kind} in force{until}{most}: {clean(one.reason)}"


def also_words(broken: Broken) -> str:
    """``certain bcc-header-transmitted: The hidden copies are not hidden``."""
    return f"{broken.certainty.name.lower()} {clean(broken.rule)}: {told(broken.title)}"


def _owner_remark(audit: Audit) -> str:
    if audit.owners_problem:
        return f"{clean(audit.owners_file)} was not read: {clean(audit.owners_problem)}."
    return "" if audit.owners_file else "There is no CODEOWNERS file, so no place has an owner."


# --------------------------------------------------------------------------------------------------
# Text


def _safe(text: str) -> str:
    # Each piece by itself: an owner with a dot in it, behind a word, is no address.
    return safe_text(no_address(text), Output.TERMINAL)


def _summary(audit: Audit, options: Options) -> list[str]:
    """What stands on top: places, verdicts, what was not read."""
    style = Style(options.colour)
    lines = [style.bold(line) for line in wrapped(_safe(places_words(audit)), options.width)]
    if audit.rows:
        wide = max(len(words) for words in (PLURAL[verdict] for verdict in ORDER))
        digits = max(4, len(number(len(audit.rows))))
        for verdict in ORDER:
            line = f"  {MARKS[verdict]} {PLURAL[verdict]:<{wide}}{number(audit.count(verdict)):>{digits}}"
            if verdict is Verdict.UNDECIDED and audit.count(verdict):
                lines += wrapped(_safe(open_words(audit)), options.width, f"{line}   ", " " * (len(line) + 3))
            else:
                lines.append(line)
    if audit.requests or audit.unread_requests():
        lines.append(_safe(_requests_line(audit)))
    if unread := unread_words(audit):
        lines += wrapped(_safe(" ".join(unread)), options.width)
    return lines


def _requests_line(audit: Audit) -> str:
    counts = dict.fromkeys(ORDER, 0)
    for row in audit.requests:
        counts[row.verdict] = counts.get(row.verdict, 0) + row.call.times
    total = sum(counts.values()) + audit.unread_requests()
    parts = [f"{number(count)} {_verb(verdict, count)}" for verdict, count in counts.items() if count]
    if audit.unread_requests():
        parts.append(f"{number(audit.unread_requests())} cannot tell")
    return f"{plural(total, 'recorded request')}: {', '.join(parts)}."


def _paragraphs(audit: Audit, options: Options) -> list[str]:
    found, limits = statement(audit)
    return [*wrapped(_safe(found), options.width), *wrapped(_safe(limits), options.width)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns, the first to the left and the numbers to the right; the names are a stranger's."""
    widths = [max(columns(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        first = row[0] + " " * (widths[0] - columns(row[0]))
        return "  ".join([first, *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))])

    return [line(row) for row in (head, *rows)]


def _totals(name: str, totals: Iterable[Total], words: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    head = [name, *(SHORT[verdict] for verdict in ORDER), "all"]
    return head, [
        [words(total.name), *(number(total.counts[verdict]) for verdict in ORDER), number(total.total)]
        for total in totals
    ]


def _row_lines(row: Row, options: Options) -> list[str]:
    style = Style(options.colour)
    place = _safe(place_words(row.call.place))
    head = [place, _safe(clean(row.api))]
    if sure := sure_words(row):
        head.append(style.certainty(Certainty[sure.upper()], sure))
    if row.owners:
        head.append(_safe(owner_words(row.owners)))
    if row.call.times > 1:
        head.append(f"{number(row.call.times)} requests like this")
    head += [_safe(clean(remark)) for remark in row.remarks]
    lines = ["  ".join(head)]
    lines += wrapped(_safe(told_words(row)), options.width, "    ", "    ")
    way = _safe(way_words(row))
    if way:
        lines += wrapped(way, options.width, "    ", "      ")
    if row.call.others:
        lines.append(f"    {other_words(row)}")
    for one in row.broken:
        if row.verdict in (Verdict.SHOWS, Verdict.UNDECIDED) and row.call.because.startswith(one.title):
            continue
        if one.counts or one.noted:
            lines += wrapped(_safe(also_words(one)), options.width, "    ", "      ")
    return lines


def render_brief(audit: Audit, options: Options) -> str:
    """The summary alone: what stands on the terminal where the audit itself goes to a file."""
    return "\n".join(line.rstrip() for line in _summary(audit, options)) + "\n"


def render_text(audit: Audit, options: Options) -> str:
    """The summary, the statement, totals, every mail call, what was not read, what was decided."""
    return "\n\n".join("\n".join(line.rstrip() for line in block) for block in _blocks(audit, options) if block) + "\n"


def _blocks(audit: Audit, options: Options) -> Iterator[list[str]]:
    style = Style(options.colour)
    yield _summary(audit, options)
    yield _paragraphs(audit, options)
    if audit.rows:
        yield _table(*_totals("API", audit.by_api(), lambda name: _safe(clean(name))))
        yield _table(*_totals("Folder", audit.by_folder(), lambda name: _safe(clean(name))))
    for rows, what in ((audit.rows, ""), (audit.requests, "Recorded: ")):
        for verdict in ORDER:
            found = [row for row in rows if row.verdict is verdict]
            if not found:
                continue
            words = PLURAL[verdict] if len(found) > 1 or verdict is Verdict.STAFF_ONLY else verdict.value
            yield [style.bold(f"{MARKS[verdict]} {what}{words[0].upper()}{words[1:]}")]
            for row in found:
                yield _row_lines(row, options)
    if audit.skips:
        yield [style.bold(f"{MARKS[Verdict.CANNOT_TELL]} Not read, or not understood"), *_skip_lines(audit, options)]
    if audit.elsewhere:
        yield [style.bold("Files that name a mail API and were not read"), *_named_lines(audit.elsewhere, options)]
    if audit.unexplained:
        yield [style.bold(UNEXPLAINED), *_named_lines(audit.unexplained, options)]
    if audit.decisions or audit.others:
        yield [style.bold("Decisions"), *_decision_lines(audit, options)]
    remarks = [*([_owner_remark(audit)] if audit.rows else []), *(told(notice) for notice in audit.notices)]
    yield [_safe(line) for remark in remarks for line in remark.splitlines()]


def _skip_lines(audit: Audit, options: Options) -> Iterator[str]:
    for skip in audit.skips:
        yield from wrapped(
            f"{_safe(place_words(skip.place))}  {_safe(_skip_words(skip))}", options.width, "  ", "      "
        )


def _skip_words(skip: Skip) -> str:
    times = f", {number(skip.times)} times" if skip.times > 1 else ""
    return f"{skip_why(skip)}{times}{' (known)' if skip.accepted else ''}"


def _named_lines(named: Iterable[Named], options: Options) -> Iterator[str]:
    for one in named:
        words = [f"{_safe(clean(one.path))}  {_safe(_named_words(one))}"]
        if one.owners:
            words.append(_safe(owner_words(one.owners)))
        yield from wrapped("  ".join(words), options.width, "  ", "      ")


def _named_words(one: Named) -> str:
    excluded = " (excluded by the settings)" if one.excluded else ""
    return f"{clean(one.language)}: {', '.join(clean(api) for api in one.apis)}{excluded}"


def _decision_lines(audit: Audit, options: Options) -> Iterator[str]:
    for one in audit.decisions:
        text = f"{_safe(clean(one.where))}  {_safe(clean(one.what))}, {_safe(decision_words(one))}"
        yield from wrapped(text, options.width, "  ", "      ")
    for broken in audit.others:
        text = f"{_safe(place_words(broken.place))}  {_safe(told(broken.title))}"
        yield from wrapped(text, options.width, "  ", "      ")


# --------------------------------------------------------------------------------------------------
# JSON


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


# --------------------------------------------------------------------------------------------------
# CSV

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


# --------------------------------------------------------------------------------------------------
# Markdown


_SIGNS: Final = re.compile(r"[\\`*{}\[\]<>#|~&@$]|(?<!\w)_|_(?!\w)|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
"""What formats, mentions or links in GitHub-flavoured Markdown, also the hosts that it links by themselves."""


def _words(text: str) -> str:
    """A sentence of ours, which may hold a stranger's words: Markdown's signs have no effect, but it stays readable."""
    return _SIGNS.sub(lambda found: f"&#{ord(found.group())};", safe_text(no_address(text), Output.XML))


def _code(text: str) -> str:
    return safe_text(no_address(text), Output.MARKDOWN_CODE)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def render_markdown(audit: Audit, options: Options) -> str:
    """The statement as a quotation, then the tables. A stranger's words format nothing and link nowhere."""
    del options
    return "\n\n".join("\n".join(block) for block in _markdown(audit) if block) + "\n"


def _markdown(audit: Audit) -> Iterator[list[str]]:
    yield ["# Mail audit"]
    found, limits = statement(audit)
    found = re.sub(r"&#96;([0-9a-f]{12})&#96;", r"`\1`", _words(found))
    yield [f"> {found}", ">", f"> {_words(limits)}"]
    yield [_words(places_words(audit))]
    if audit.rows:
        lines = []
        for verdict in ORDER:
            why = f": {_words(open_words(audit))}" if verdict is Verdict.UNDECIDED and audit.count(verdict) else ""
            lines.append(f"- {MARKS[verdict]} {PLURAL[verdict]}: {number(audit.count(verdict))}{why}")
        yield lines
    yield [_words(" ".join(unread_words(audit)))] if unread_words(audit) else []
    if audit.rows:
        yield _markdown_totals("API", audit.by_api(), _words)
        yield _markdown_totals("Folder", audit.by_folder(), _code)
    for found_rows, what in ((audit.rows, "Mail calls"), (audit.requests, "Recorded requests")):
        if found_rows:
            yield [f"## {what}"]
            yield [
                _cells("place", "API", "verdict", "how sure", "what follows", "recipients", "way", "owner", "remarks"),
                "|" + "---|" * 9,
                *(_markdown_row(row) for row in _worst_first(found_rows)),
            ]
    if audit.skips:
        yield ["## Not read, or not understood"]
        yield [_cells("place", "why"), "|---|---|"] + [
            _cells(_code(place_words(skip.place)), _words(_skip_words(skip))) for skip in audit.skips
        ]
    for files, title in (
        (audit.elsewhere, "Files that name a mail API and were not read"),
        (audit.unexplained, UNEXPLAINED),
    ):
        if files:
            yield [f"## {title}"]
            yield [
                _cells("file", "language", "names", "owner", "remarks"),
                "|" + "---|" * 5,
                *(_markdown_named(one) for one in files),
            ]
    if audit.decisions or audit.others:
        yield ["## Decisions"]
        rows = [(one.where, one.what, decision_words(one)) for one in audit.decisions]
        rows += [(place_words(one.place), one.rule, told(one.title)) for one in audit.others]
        yield [
            _cells("where", "what", "decision"),
            "|---|---|---|",
            *(_cells(_code(clean(where)), _code(clean(what)), _words(words)) for where, what, words in rows),
        ]
    remarks = [*([_owner_remark(audit)] if audit.rows else []), *(told(notice) for notice in audit.notices)]
    for remark in remarks:
        yield [_words(" ".join(remark.split()))] if remark else []


def _markdown_named(one: Named) -> str:
    return _cells(
        _code(clean(one.path)),
        _words(one.language),
        _words(", ".join(one.apis)),
        _code(owner_words(one.owners)),
        "excluded by the settings" if one.excluded else "",
    )


def _markdown_totals(name: str, totals: Iterable[Total], words: Callable[[str], str]) -> list[str]:
    head, rows = _totals(name, totals, lambda text: words(clean(text)))
    return [_cells(*head), "|---|" + "---:|" * (len(head) - 1), *(_cells(*row) for row in rows)]


def _worst_first(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: ORDER.index(row.verdict))


def _markdown_way(row: Row) -> str:
    """The way of the recipients, with places as code."""
    steps = []
    for step in shortened(way_of_row(row)):
        place = f" ({file_line(step.place)})" if step.place.path else ""
        words = step_words(step, row).removesuffix(place)
        steps.append(f"{_words(words)} {_code(file_line(step.place))}" if place else _words(words))
    other = _words(other_words(row))
    return "; ".join(part for part in (ARROW.join(steps), other) if part)


def _markdown_row(row: Row) -> str:
    remarks = [clean(remark) for remark in row.remarks]
    remarks += [also_words(one) for one in row.broken if one.counts and not row.call.because.startswith(one.title)]
    if row.call.times > 1:
        remarks.append(f"{number(row.call.times)} requests like this")
    return _cells(
        _code(place_words(row.call.place)),
        _words(clean(row.api)),
        f"{MARKS[row.verdict]} {row.verdict.value}",
        sure_words(row),
        _words(told_words(row)),
        _words(origin_words(row)),
        _markdown_way(row),
        _code(owner_words(row.owners)),
        _words("; ".join(remarks)),
    )


# --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One format of the audit."""

    name: str
    title: str
    render: Callable[[Audit, Options], str]
    """Pure: the same audit and options give the same text. Ends with a line feed. Holds no address."""
    suffixes: tuple[str, ...]


PAGES: Final[Mapping[str, Page]] = {
    page.name: page
    for page in (
        Page("text", "for people, on a terminal", render_text, (".txt",)),
        Page("json", "data with a schema", render_json, (".json",)),
        Page("csv", "a table for a spreadsheet", render_csv, (".csv",)),
        Page("markdown", "for a wiki or a merge request", render_markdown, (".md", ".markdown")),
    )
}
"""The formats, by name."""
