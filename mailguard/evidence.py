"""What captures are worth as evidence: whether they are replayed whatever the code sends, and whether they are out of date.

A cassette that is not matched on its body goes on answering when the code sends another body, so it shows what an older
code sent, and the test stays green. Both are told as warnings; neither closes the gate by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from mailguard import git
from mailguard.model.capture import Format
from mailguard.model.count import Truth
from mailguard.model.finding import Finding, Severity, without_people
from mailguard.model.place import Place
from mailguard.model.reporter import RuleText
from mailguard.redact import number

__all__ = ["ABOUT", "IGNORES_BODY", "OUT_OF_DATE", "Witness", "matched_on_body", "out_of_date", "unmatched"]

IGNORES_BODY: Final = "capture-ignores-body"
OUT_OF_DATE: Final = "capture-out-of-date"

ABOUT: Final = (
    RuleText(
        IGNORES_BODY,
        "This capture is replayed whatever the body is",
        Severity.WARNING,
        "A request is answered from this capture if method and address are equal; its body is not compared. Code that now"
        " writes to other people is answered as before, and the capture goes on showing what older code sent.",
    ),
    RuleText(
        OUT_OF_DATE,
        "This capture is older than the code that sends it",
        Severity.WARNING,
        "The last commit of the code that mails through this service is younger than that of the capture. The capture shows"
        " what older code sent; what the code sends now was not seen.",
    ),
)
"""What can be wrong with captures as evidence, as rules."""

_WORDS: Final = {about.rule: about for about in ABOUT}

_FILE_LIMIT: Final = 2 << 20  # bytes of a file of tests that are looked at
_LITERAL: Final = re.compile(
    rb"match_(?:requests_)?on['\"]?\]?\s*(?:=>|[:=])\s*([\[(][^\])]{0,500}|%[iwIW][\[({][^\])}]{0,500}|[^\s,)]{1,100})"
)


@dataclass(frozen=True, slots=True)
class Witness:
    """A capture that holds mail requests."""

    path: str
    real: str
    form: Format
    services: frozenset[str]
    """The providers whose requests it holds."""
    loose: Truth
    """Whether it is replayed whatever the body is; maybe: the tests say so."""


def matched_on_body(files: Iterable[Callable[[], bytes]]) -> bool:
    """Whether the tests compare bodies somewhere: ``match_on=["method", "uri", "body"]``.

    What cannot be read there (``match_on=MATCHERS``) may hold the body.
    """
    for read in files:
        try:
            data = read()[:_FILE_LIMIT]
        except OSError:
            continue
        if b"match_on" not in data and b"match_requests_on" not in data:
            continue
        for value in _LITERAL.findall(data):
            if b"body" in value or value[:1] not in b"[(%":
                return True
    return False


def unmatched(
    witnesses: Iterable[Witness], tests: Callable[[], Iterable[Callable[[], bytes]]]
) -> Iterator[tuple[Finding, frozenset[str]]]:
    """A warning where captures are replayed whatever the body is, and which. ``tests`` gives the files that may say otherwise."""
    found = list(witnesses)
    loose = [one for one in found if one.loose is Truth.YES]
    open_ones = [one for one in found if one.loose is Truth.MAYBE]
    if open_ones and not matched_on_body(tests()):
        loose += open_ones
    if loose:
        loose.sort(key=lambda one: one.path)
        count = len(loose)
        title = (
            _WORDS[IGNORES_BODY].title if count == 1 else f"{number(count)} captures are replayed whatever the body is"
        )
        cassette = any(one.loose is Truth.MAYBE for one in loose)
        change = (
            "add 'body' to match_on, so that the body is compared as well"
            if cassette
            else "give the stub a body pattern"
        )
        finding = _finding(IGNORES_BODY, Place(loose[0].path), title, _WORDS[IGNORES_BODY].summary, change)
        yield finding, frozenset(one.path for one in loose)


def out_of_date(
    root: Path, witnesses: Sequence[Witness], code: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Finding, frozenset[str]]]:
    """A warning for captures, and which, whose last commit is older than that of the code that mails through the same service.

    ``code`` has, for each service, the files that mail through it, like ``Witness.path`` relative to ``root``. What is in no commit has
    no date, and neither has anything without git.
    """
    wanted = {path for one in witnesses for service in one.services for path in code.get(service, ())}
    if not wanted:
        return
    dates = git.last_commits(root, [*sorted(wanted), *(one.path for one in witnesses)])
    old: list[tuple[Witness, int, str, int]] = []
    for one in sorted(witnesses, key=lambda one: one.path):
        recorded = dates.get(one.path)
        senders = [(dates[path], path) for service in one.services for path in code.get(service, ()) if path in dates]
        if recorded is None or not senders:
            continue
        changed, path = max(senders)
        if changed > recorded:
            old.append((one, recorded, path, changed))
    if not old:
        return
    first, recorded, path, changed = old[0]
    about = _WORDS[OUT_OF_DATE]
    title = about.title if len(old) == 1 else f"{number(len(old))} captures are older than the code that sends them"
    why = (
        f"{first.path} was last committed on {_day(recorded)}, {path} on {_day(changed)}. The capture shows what older code"
        " sent; what the code sends now was not seen."
    )
    yield _finding(OUT_OF_DATE, Place(first.path), title, why, "record it again"), frozenset(one[0].path for one in old)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).date().isoformat()


def _finding(rule: str, place: Place, title: str, why: str, change: str) -> Finding:
    return without_people(rule, _WORDS[rule].severity, place, title, why=why, change=change, blocks=False)
