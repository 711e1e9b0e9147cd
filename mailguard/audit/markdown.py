"""The audit as Markdown, for a wiki or a merge request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mailguard.audit.statement import statement
from mailguard.audit.table import ORDER, Audit, Named, Row, Total, origin_words, way_of_row
from mailguard.audit.text import total_lines
from mailguard.audit.words import (
    ARROW,
    MARKS,
    PLURAL,
    UNEXPLAINED,
    also_words,
    decision_words,
    open_words,
    other_words,
    owner_remark,
    owner_words,
    places_words,
    skip_words,
    step_words,
    sure_words,
    told_words,
    unread_words,
)
from mailguard.model.finding import Verdict
from mailguard.model.reporter import Options
from mailguard.redact import Output, no_address, number, safe_text
from mailguard.ways import shortened
from mailguard.wording import clean, file_line, place_words, told

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
            _cells(_code(place_words(skip.place)), _words(skip_words(skip))) for skip in audit.skips
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
    remarks = [*([owner_remark(audit)] if audit.rows else []), *(told(notice) for notice in audit.notices)]
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
    head, rows = total_lines(name, totals, lambda text: words(clean(text)))
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
