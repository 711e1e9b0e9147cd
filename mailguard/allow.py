"""Exceptions that are written beside the code: ``# mailguard: allow[RULE] reason="..." until=2027-01-31``.

An exception stands on a line of the finding or of its mail call, or in a comment on the
lines right above. It counts only with a reason, and up to its end date. One that does not
count, or allows nothing, is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from mailguard.model.finding import Finding
from mailguard.model.place import Place

__all__ = ["Exceptions"]

MARK: Final = "mailguard: allow"

_COMMENT: Final = re.compile(r"#\s{0,8}mailguard: allow\[([a-z0-9, -]{1,200})\](.{0,500})")
_REASON: Final = re.compile(r'reason="([^"]{1,300})"')
_UNTIL: Final = re.compile(r"until=([0-9-]{1,10})")

Lines = Callable[[str, int, int], Sequence[str] | None]
"""``lines(path, first, last)``: lines of a file that was read, from 1, both included; None where there are none."""


@dataclass(frozen=True, slots=True)
class _Exception:
    """One comment."""

    line: int
    rules: frozenset[str]
    reason: str
    problem: str
    """Why it does not count; empty if it does."""


class Exceptions:
    """The exceptions in the files of a run."""

    def __init__(self, lines: Lines, as_of: Callable[[], date | None], rules: Iterable[str]) -> None:
        """``as_of`` tells the day, where an end date asks for it; ``rules`` are the names that exist."""
        self._lines = lines
        self._as_of = as_of
        self._rules = frozenset(rules)
        self._files: dict[str, dict[int, _Exception]] = {}
        self._used: set[tuple[str, int]] = set()

    def applied(self, finding: Finding) -> Finding:
        """``finding``, noted with the reason if an exception allows it."""
        for place in dict.fromkeys((finding.place, finding.send)):
            for number in self._near(place):
                one = self._of(place.path).get(number)
                if one is None or finding.rule not in one.rules:
                    continue
                self._used.add((place.path, number))
                if not one.problem:
                    return replace(finding, noted=finding.noted or f"allowed: {one.reason}")
        return finding

    def remarks(self, paths: Iterable[str]) -> Iterator[str]:
        """What is wrong with exceptions in ``paths``, one line each."""
        for path in sorted(set(paths)):
            for number, one in sorted(self._of(path).items()):
                if one.problem:
                    yield f"{path}:{number}: this exception does not count: {one.problem}."
                elif (path, number) not in self._used:
                    yield f"{path}:{number}: this exception allows nothing. Remove it."

    def _near(self, place: Place) -> Iterator[int]:
        """The lines on which an exception for ``place`` may stand, its own lines first."""
        yield from range(place.line, max(place.end_line, place.line) + 1)
        above = place.line - 1
        while above > 0 and ((self._lines(place.path, above, above) or [""])[0]).lstrip().startswith("#"):
            yield above
            above -= 1

    def _of(self, path: str) -> dict[int, _Exception]:
        if path not in self._files:
            # The last line may be any: a file that is longer than this holds no code that people write.
            lines = self._lines(path, 1, 1 << 24) or ()
            found = ((number, _COMMENT.search(line)) for number, line in enumerate(lines, 1) if MARK in line)
            self._files[path] = {number: self._read(number, match) for number, match in found if match is not None}
        return self._files[path]

    def _read(self, number: int, match: re.Match[str]) -> _Exception:
        rules = frozenset(name.strip() for name in match[1].split(",") if name.strip())
        reason, until = _REASON.search(match[2]), _UNTIL.search(match[2])
        unknown = sorted(rules - self._rules)
        problem = ""
        if unknown:
            problem = f'there is no rule "{unknown[0]}"'
        elif reason is None or not reason[1].strip():
            problem = 'it gives no reason: reason="..."'
        elif until is not None:
            problem = self._over(until[1])
        return _Exception(number, rules, reason[1].strip() if reason else "", problem)

    def _over(self, until: str) -> str:
        try:
            end = date.fromisoformat(until)
        except ValueError:
            return "its end is no date, as in until=2027-01-31"
        today = self._as_of()
        if today is None:
            return "it has an end date, and there is neither a commit nor --as-of to compare it with"
        return f"it ended on {end.isoformat()}" if today > end else ""
