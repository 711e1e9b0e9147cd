"""Words and signs that all pages of an audit share.

No page prints an address: paths, symbols, reasons and owners are a stranger's words and go through ``redact``, each by
itself, with the escapes of the page. Nothing here depends on the clock or on the terminal's colours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from mailguard.audit.table import ORDER, PYTHON, Audit, Broken, Decision, Row, way_of_row
from mailguard.ledger import plural
from mailguard.model.finding import Skip, Verdict
from mailguard.model.value import Step, StepKind
from mailguard.redact import number
from mailguard.ways import phrase, shortened
from mailguard.wording import clean, file_line, skip_why, told

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


def verb(verdict: Verdict, count: int) -> str:
    """A verdict as a verb, of one place or of several."""
    return verdict.value if count == 1 else PLURAL[verdict]


def other_words(row: Row) -> str:
    """``and 3 other ways: 1 shows people to each other, 2 keep readers apart``; empty where there is none."""
    if not row.call.others:
        return ""
    counts = Counter(verdict for verdict, _ in row.call.others)
    parts = [f"{number(counts[verdict])} {verb(verdict, counts[verdict])}" for verdict in ORDER if counts[verdict]]
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


def owner_remark(audit: Audit) -> str:
    """A sentence where nobody is said to own anything."""
    if audit.owners_problem:
        return f"{clean(audit.owners_file)} was not read: {clean(audit.owners_problem)}."
    return "" if audit.owners_file else "There is no CODEOWNERS file, so no place has an owner."


def skip_words(skip: Skip) -> str:
    """Why something was not read, how often, and whether that is known."""
    times = f", {number(skip.times)} times" if skip.times > 1 else ""
    return f"{skip_why(skip)}{times}{' (known)' if skip.accepted else ''}"
