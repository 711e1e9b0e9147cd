"""The audit as text, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from mailguard.audit.statement import statement
from mailguard.audit.table import ORDER, Audit, Named, Row, Total
from mailguard.audit.words import (
    MARKS,
    PLURAL,
    SHORT,
    UNEXPLAINED,
    also_words,
    decision_words,
    open_words,
    other_words,
    owner_remark,
    owner_words,
    places_words,
    skip_words,
    sure_words,
    told_words,
    unread_words,
    verb,
    way_words,
)
from mailguard.ledger import plural
from mailguard.model.finding import Certainty, Verdict
from mailguard.model.reporter import Options
from mailguard.redact import Output, no_address, number, safe_text
from mailguard.terminal import Style, columns, wrapped
from mailguard.wording import clean, place_words, told


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
    parts = [f"{number(count)} {verb(verdict, count)}" for verdict, count in counts.items() if count]
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


def total_lines(name: str, totals: Iterable[Total], words: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    """The head and the rows of a table of totals."""
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
        yield _table(*total_lines("API", audit.by_api(), lambda name: _safe(clean(name))))
        yield _table(*total_lines("Folder", audit.by_folder(), lambda name: _safe(clean(name))))
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
    remarks = [*([owner_remark(audit)] if audit.rows else []), *(told(notice) for notice in audit.notices)]
    yield [_safe(line) for remark in remarks for line in remark.splitlines()]


def _skip_lines(audit: Audit, options: Options) -> Iterator[str]:
    for skip in audit.skips:
        yield from wrapped(
            f"{_safe(place_words(skip.place))}  {_safe(skip_words(skip))}", options.width, "  ", "      "
        )


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
