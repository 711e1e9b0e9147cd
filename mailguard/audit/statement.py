"""The statement of an audit: what was looked at, what was found, what was not covered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from mailguard.audit.table import PYTHON, Audit
from mailguard.ledger import plural
from mailguard.model.finding import Verdict
from mailguard.redact import number
from mailguard.wording import clean, told

LIMITS: Final = (
    "mail written by hand, campaigns sent from a provider's web pages, settings and templates kept at a provider, code that is"
    " not in this repository, and Python that builds its own code while it runs."
)
"""What no audit covers, behind "This report does not cover"."""
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day_words(day: date) -> str:
    """``18 November 2026``, in whatever locale."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def statement(audit: Audit) -> tuple[str, str]:
    """What may be quoted: what was found, and what no audit covers. Holds no address; the digest stands in backquotes."""
    sentences = [f"{_subject(audit)} {_places(audit)}."]
    if audit.rows:
        sentences += _verdicts(audit)
    if audit.requests or audit.unread_requests():
        sentences.append(_requests(audit))
    sentences += _unread(audit)
    sentences += _decided(audit)
    sentences.append(f"Checked by mailguard {audit.version} with policy `{clean(audit.policy)[:12]}`.")
    return told(" ".join(sentences)), f"This report does not cover {LIMITS}"


def _subject(audit: Audit) -> str:
    commit = audit.commit
    what = "this repository" if commit.name else "this folder"
    if audit.part:
        named = ", ".join(clean(part) for part in audit.part[:3])
        what = f"the named part of {what} ({named}{', ...' if len(audit.part) > 3 else ''})"
    if not commit.name:
        return f"{what[0].upper()}{what[1:]}"
    when = f" ({day_words(commit.day)})" if commit.day is not None else ""
    changed = ""
    if commit.changed:
        are = "is" if commit.changed == 1 else "are"
        changed = f", with {plural(commit.changed, 'Python file')} that {are} not as committed,"
    return f"At commit {clean(commit.name)[:7]}{when}{changed} {what}"


def _places(audit: Audit) -> str:
    if not audit.rows:
        return "has no place that sends mail, as far as its code was read"
    return f"has {plural(len(audit.rows), 'place that sends mail', 'places that send mail')}"


def _verdicts(audit: Audit) -> Iterator[str]:
    apart, staff = audit.count(Verdict.KEEPS_APART), audit.count(Verdict.STAFF_ONLY)
    shows, undecided = audit.count(Verdict.SHOWS), audit.count(Verdict.UNDECIDED)
    if apart:
        yield f"In {number(apart)}, no outside reader can see another."
    if staff:
        yield f"{number(staff)} {'writes' if staff == 1 else 'write'} only to configured staff."
    if shows:
        yield f"{number(shows)} {'shows' if shows == 1 else 'show'} people to each other and {_are(shows)} listed below."
        yield from _among(audit)
    else:
        yield "None was found to show people to each other."
    if undecided:
        yield f"{number(undecided)} could not be decided from the code."
    besides = sum(row.besides for row in audit.rows)
    if besides:
        yield f"In {number(besides)} of those that were not found to, another rule is broken."
    tests = [row for row in audit.rows if row.call.test_code]
    if any(row.verdict is not Verdict.SHOWS for row in tests):
        yield f"{number(len(tests))} of all {plural(len(audit.rows), 'place')} {_are(len(tests))} test code."


def _among(audit: Audit) -> Iterator[str]:
    """What was decided about places that show people, and which of them are test code."""
    shows = [row for row in audit.rows if row.verdict is Verdict.SHOWS]
    tests = sum(row.call.test_code for row in shows)
    decided = sum(
        not row.call.test_code and bool(row.broken) and not any(one.counts for one in row.broken) for row in shows
    )
    ignored = sum(not row.call.test_code and not row.broken for row in shows)
    words = []
    if ignored:
        words.append(f"{number(ignored)} {_are(ignored)} of a rule that the settings ignore")
    if decided:
        words.append(f"{number(decided)} {_are(decided)} allowed by a decision")
    if tests:
        words.append(f"{number(tests)} {_are(tests)} test code")
    if words:
        yield f"Of these, {', '.join(words[:-1])}{' and ' if len(words) > 1 else ''}{words[-1]}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _requests(audit: Audit) -> str:
    total = sum(row.call.times for row in audit.requests) + audit.unread_requests()
    shows = sum(row.call.times for row in audit.requests if row.verdict is Verdict.SHOWS)
    untold = audit.unread_requests() + sum(row.call.times for row in audit.requests if row.verdict is Verdict.UNDECIDED)
    text = f"Of {plural(total, 'recorded request')}, {number(shows)} {'shows' if shows == 1 else 'show'} people to each other"
    return f"{text} and {number(untold)} could not be decided." if untold else f"{text}."


def _unread(audit: Audit) -> Iterator[str]:
    files, others = sum(count for _, count in audit.unread_files()), sum(count for _, count in audit.by_language())
    parts = []
    if files:
        parts.append(plural(files, "Python file"))
    if others:
        parts.append(f"{plural(others, 'file')} in other languages")
    if parts:
        what = " and ".join(parts) + (" that name a mail API" if others and not files else "")
        if others == 1 and not files:
            what = "1 file in another language that names a mail API"
        yield f"{what} {'was' if files + others == 1 else 'were'} not read."
    places = audit.unread_places()
    if places:
        yield f"{plural(places, 'place of the code was', 'places of the code were')} not understood."
    if audit.unexplained:
        names = "names" if len(audit.unexplained) == 1 else "name"
        yield f"{plural(len(audit.unexplained), 'Python file')} {names} a mail API, and no mail call was found there."
    if audit.excluded:
        named = sum(one.excluded and one.language == PYTHON for one in audit.elsewhere)
        text = f"The settings exclude {plural(audit.excluded, 'Python file')}"
        if audit.excluded == 1:
            yield f"{text}, which {'names a' if named else 'names no'} mail API."
        else:
            who = (
                f"{number(named)} of which {'names' if named == 1 else 'name'} a" if named else "none of which names a"
            )
            yield f"{text}, {who} mail API."


def _decided(audit: Audit) -> Iterator[str]:
    exceptions = [one for one in audit.decisions if one.kind == "exception"]
    audiences = [one for one in audit.decisions if one.kind == "audience"]
    for found, word, state in ((exceptions, "exception", "in force"), (audiences, "audience", "declared")):
        if found:
            ends = sum(bool(one.until) for one in found)
            if ends == len(found):
                how = "with reason and end date"
            elif ends:
                how = f"with reason, {number(ends)} of them with an end date"
            else:
                how = "with reason and without an end date"
            yield f"{plural(len(found), word)} {_are(len(found))} {state}, {how}."
    known = sum(any(not one.new for one in row.broken) for row in audit.rows)
    if known:
        yield f"{plural(known, 'place is a known problem', 'places are known problems')}, listed in the baseline."
