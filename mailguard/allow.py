"""Exceptions that are written beside the code: ``# mailguard: allow[RULE] reason="..." until=2027-01-31``.

An exception speaks of the statement that it stands on or above, or of a whole function or class where it stands on or
above its header. It allows what the rule guards against, whatever the mechanism: a list that is sent in batches tomorrow
is the same decision. It counts with a reason and up to its end date; one that does not count, or allows nothing, is a
finding itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from mailguard.model.finding import Finding, Severity, without_people
from mailguard.model.place import Comment, Place
from mailguard.model.reporter import RuleText

__all__ = ["EXPIRED", "MARK", "REMARKS", "UNUSED", "WITHOUT_REASON", "Allowance", "Exceptions", "comment_for"]

WITHOUT_REASON: Final = "suppression-without-reason"
EXPIRED: Final = "expired-suppression"
UNUSED: Final = "unused-suppression"

MARK: Final = b"mailguard: allow"
"""What a file with an exception holds."""

REMARKS: Final = (
    RuleText(
        EXPIRED,
        "This exception has ended",
        Severity.WARNING,
        "An exception beside the code has an end date, and the day has passed: it allows nothing any more. Days are compared"
        " with the day of the commit, or with --as-of.",
    ),
    RuleText(
        WITHOUT_REASON,
        "This exception gives no reason",
        Severity.WARNING,
        "An exception beside the code does not say why the readers may see each other, so it does not count. The next person"
        " who reads this line needs to know.",
    ),
    RuleText(
        UNUSED,
        "This exception allows nothing",
        Severity.NOTE,
        "An exception beside the code speaks of nothing that would close the gate: the code was repaired, or the comment"
        " stands at the wrong place. If it stays, it may one day allow something that nobody decided about.",
    ),
)
"""What can be wrong with an exception, as rules."""

_ABOUT: Final = {remark.rule: remark for remark in REMARKS}

_COMMENT: Final = re.compile(r"mailguard: allow\[([a-z0-9, -]{1,400})\](.{0,600})")
_MENTION: Final = re.compile(r"#\s{0,8}mailguard: allow")
_REASON: Final = re.compile(r'\breason="([^"]{1,400})"')
_UNTIL: Final = re.compile(r"\buntil=(\S{1,40})")


@dataclass(frozen=True, slots=True)
class Allowance:
    """One exception."""

    path: str
    comment: Comment
    rules: frozenset[str]
    reason: str
    until: str
    """The last day on which it counts, as it is written; empty if it has no end."""
    problem: str = ""
    """The rule that says why it does not count; empty if it does."""
    title: str = ""
    change: str = ""
    waits: bool = False
    """Whether it does not count yet: a change brings it, and is judged by what was there before."""

    @property
    def place(self) -> Place:
        """The comment."""
        at = self.comment
        return Place(self.path, at.line, at.column, at.line, at.column + len(at.text))

    def covers(self, place: Place) -> bool:
        """Whether it speaks of ``place``."""
        at = self.comment
        return place.path == self.path and 0 < at.first <= max(place.end_line, place.line) and place.line <= at.last


@dataclass(slots=True)
class Exceptions:
    """The exceptions in the files of a run."""

    comments: Callable[[str], Iterable[Comment]]
    """The comments of a file that was read; none where the file holds no exception."""
    today: Callable[[], date | None]
    """Tells the day, where an end date asks for it; None where nothing tells."""
    causes: Mapping[str, str]
    """The rules that exist, each with what it guards against."""
    waits: Callable[[Allowance], bool] = lambda _: False
    """Whether an exception does not count yet."""
    _files: dict[str, list[Allowance]] = field(default_factory=dict)
    _used: set[tuple[str, int, int]] = field(default_factory=set)

    def reason(self, cause: str, places: Iterable[Place]) -> str:
        """Why what ``cause`` guards against is allowed at one of ``places``; empty if it is not. Notes what is used."""
        for place in dict.fromkeys(places):
            covering = [one for one in self._of(place.path) if one.covers(place) and self._speaks_of(one, cause)]
            # The one that is nearest counts, so that a wider one beside it is seen to be of no use.
            for one in sorted(covering, key=lambda one: (one.comment.last - one.comment.first, one.comment.line)):
                if not one.problem and not one.waits:
                    self._used.add((one.path, one.comment.line, one.comment.column))
                    return one.reason
        return ""

    def _speaks_of(self, one: Allowance, cause: str) -> bool:
        return any(self.causes.get(rule) == cause for rule in one.rules)

    def in_force(self, paths: Iterable[str]) -> list[Allowance]:
        """Those of ``paths`` that allow something, in order."""
        return [one for path in sorted(set(paths)) for one in self._of(path) if self._is_used(one)]

    def waiting(self, paths: Iterable[str]) -> list[Allowance]:
        """Those of ``paths`` that do not count yet, in order."""
        return [one for path in sorted(set(paths)) for one in self._of(path) if one.waits]

    def findings(self, paths: Iterable[str]) -> list[tuple[Finding, str]]:
        """What is wrong with the exceptions of ``paths``, each with the function that it stands in."""
        result = []
        for path in sorted(set(paths)):
            for one in self._of(path):
                if one.problem:
                    result.append((_finding(one, one.problem, one.title, one.change), one.comment.symbol))
                elif not self._is_used(one) and not one.waits:
                    title = _ABOUT[UNUSED].title
                    result.append((_finding(one, UNUSED, title, "remove it"), one.comment.symbol))
        return result

    def _is_used(self, one: Allowance) -> bool:
        return (one.path, one.comment.line, one.comment.column) in self._used

    def _of(self, path: str) -> list[Allowance]:
        if path not in self._files:
            found = [self._allowance(path, one) for one in self.comments(path) if _MENTION.search(one.text) is not None]
            self._files[path] = [replace(one, waits=not one.problem and self.waits(one)) for one in found]
        return self._files[path]

    def _allowance(self, path: str, comment: Comment) -> Allowance:
        match = _COMMENT.search(comment.text)
        if match is None:
            change = "name the rule: allow[RULE]"
            return Allowance(path, comment, frozenset(), "", "", UNUSED, "This exception names no rule", change)
        rules = frozenset(name.strip() for name in match[1].split(",") if name.strip())
        reason, until = _REASON.search(match[2]), _UNTIL.search(match[2])
        unknown = sorted(rules - set(self.causes))
        problem = title = change = ""
        if unknown:
            problem, title = UNUSED, f"This exception names a rule that does not exist: {unknown[0]}"
            change = "name one that does: mailguard explain"
        elif reason is None or not reason[1].strip():
            problem, title = WITHOUT_REASON, "This exception gives no reason, so it does not count"
            change = 'say why they may see each other: reason="..."'
        elif until is not None and (over := self._over(until[1])):
            problem, title = EXPIRED, over
            change = "repair what it allows, or give it a new end if its reason still holds"
        return Allowance(
            path,
            comment,
            rules,
            reason[1].strip() if reason else "",
            until[1] if until else "",
            problem,
            title,
            change,
        )

    def _over(self, until: str) -> str:
        try:
            end = date.fromisoformat(until)
        except ValueError:
            return "The end of this exception is no date, as in until=2027-01-31"
        today = self.today()
        if today is None:
            return "This exception has an end, and there is neither a commit nor --as-of to compare it with"
        return f"This exception ended on {end.isoformat()}" if today > end else ""


def _finding(one: Allowance, rule: str, title: str, change: str) -> Finding:
    about = _ABOUT[rule]
    return without_people(
        rule, about.severity, one.place, title, why=about.summary, change=change, symbol=one.comment.symbol
    )


def comment_for(rules: Iterable[str], reason: str, until: date | None) -> str:
    """The comment that makes an exception. ``reason`` is one line; its quotes are turned into single ones."""
    named = ", ".join(sorted(set(rules)))
    text = " ".join(reason.split()).replace('"', "'")
    return f'# mailguard: allow[{named}] reason="{text}"' + (f" until={until.isoformat()}" if until else "")
