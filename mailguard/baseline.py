"""Known problems: what is set aside, so that only what is new or worse closes the gate.

A problem is told by the policy that it breaks, the function that sends, the function that the list comes
from, and its number among those that are alike in all three. No line, mechanism, path through the code or
person is part of it. It is known as far as it was when it was set aside: worse is new, and so is a second copy.

The file holds one line per problem, in the order of short names that are digests, with blank lines at fixed places
between them: so two branches seldom touch the same spot of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mailguard.model.count import UNBOUNDED, Count
from mailguard.model.finding import Certainty, Skip, SkipReason
from mailguard.redact import foreign

__all__ = [
    "FILE",
    "Baseline",
    "BaselineError",
    "Entry",
    "Problem",
    "Unread",
    "load",
    "match",
    "match_unread",
    "parse",
    "text_of",
    "unread_of",
]

FILE: Final = "mailguard-baseline.json"
"""Its name, at the root of the repository."""

LIMIT: Final = 16 << 20
"""Bytes of a baseline; a larger one is refused."""

GROUPS: Final = 64
"""Groups of lines, with a blank line between each two: changes in different groups merge."""

MARK: Final = "mailguard-baseline"
VERSION: Final = 1
END: Final = "end"


class BaselineError(Exception):
    """A baseline that cannot be used, or a command about it that makes no sense. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that breaks a policy, without lines and without people."""

    policy: str
    """What is at stake (``visible``), whatever the mechanism; for an exception that does not count its rule."""
    send: str
    """The function that sends, ``news.mailer:deliver``; for a recorded request its capture."""
    origin: str
    """The function that the list comes from; for a recorded request the operation."""
    certainty: Certainty
    count: Count
    """How many people, as the policy measures it."""
    times: int = 1
    """Recorded requests like this one."""
    words: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """The lines of code where the people enter and where it is sent. Compared between two trees, never written down."""
    rule: str = field(default="", compare=False, repr=False)
    """The mechanism: the rule that speaks. The same holds for it."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What copies have in common."""
        return (self.policy, self.send, self.origin)

    @property
    def badness(self) -> tuple[int, int, int, int, int]:
        """The larger, the worse; for sorting only, as not every two problems can be compared.

        One that covers another is never the smaller of the two, and equal ones cover each other.
        """
        low = self.count.low if self.count.high < UNBOUNDED else 0
        return (self.certainty, self.count.plain, self.count.high, low, self.times)

    def covers(self, other: Problem) -> bool:
        """Whether ``other`` is no worse than this."""
        return (
            other.certainty <= self.certainty
            and other.count.plain <= self.count.plain
            and other.count.high <= self.count.high
            # Of a number that is open upwards the smallest case says nothing about how bad it is.
            and (other.count.low <= self.count.low or other.count.high >= UNBOUNDED)
            and other.times <= self.times
        )


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that may matter and cannot be read."""

    path: str
    reason: str
    """The name of its :class:`~mailguard.model.finding.SkipReason`, in lower case with hyphens."""
    detail: str = ""
    """What in the file it is; empty for the file as a whole."""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A known problem, as the file has it."""

    problem: Problem
    number: int = 1
    """Which of the copies it is, from 1."""
    reason: str = ""
    """Why it was added by hand."""

    @property
    def id(self) -> str:
        """A short name that depends on the identity alone."""
        return _digest(*self.problem.key, str(self.number))


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is known."""

    entries: tuple[Entry, ...] = ()
    unread: tuple[Unread, ...] = ()
    calls: int = 0
    """Mail calls that were seen when it was made."""

    @property
    def problems(self) -> list[Problem]:
        """The problems, in the order of the entries."""
        return [entry.problem for entry in self.entries]

    def pruned(
        self,
        problems: Sequence[Problem],
        unread: Sequence[Unread],
        moved: Callable[[Problem], bool] | None = None,
    ) -> Baseline:
        """Without what is gone, and with what got better as it is now. Never holds more than before."""
        found = {known: index for index, known in match(problems, self.problems, moved).items()}
        entries = []
        for index, entry in enumerate(self.entries):
            if index in found:
                now = problems[found[index]]
                # What moved keeps its name: the file says what was set aside, and the next run finds it again.
                better = replace(entry.problem, certainty=now.certainty, count=now.count, times=now.times)
                entries.append(replace(entry, problem=better if entry.problem.covers(better) else entry.problem))
        left = {_unread_key(one): one.times for one in _joined(unread)}
        kept = tuple(
            replace(one, times=min(one.times, left[_unread_key(one)]))
            for one in self.unread
            if _unread_key(one) in left
        )
        return replace(self, entries=tuple(entries), unread=kept)

    def with_problems(self, problems: Iterable[Problem], reason: str = "") -> Baseline:
        """With ``problems`` as further entries; each gets the next free number among its copies."""
        taken: dict[tuple[str, str, str], set[int]] = {}
        for entry in self.entries:
            taken.setdefault(entry.problem.key, set()).add(entry.number)
        entries = list(self.entries)
        for problem in sorted(problems, key=lambda one: (one.key, one.badness, one.count.low), reverse=True):
            numbers = taken.setdefault(problem.key, set())
            number = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
            numbers.add(number)
            entries.append(Entry(replace(problem, words=(), rule=""), number, reason))
        return replace(self, entries=tuple(sorted(entries, key=lambda entry: (entry.id, entry.number))))

    def with_unread(self, unread: Iterable[Unread]) -> Baseline:
        """With files that are not read; equal ones are counted together."""
        return replace(self, unread=tuple(sorted(_joined((*self.unread, *unread)), key=_unread_key)))


# --- comparing ------------------------------------------------------------------------------------


def match(
    current: Sequence[Problem],
    known: Sequence[Problem],
    moved: Callable[[Problem], bool] | None = None,
    *,
    same: bool = False,
    became: Callable[[str, str], bool] = lambda *_: True,
) -> dict[int, int]:
    """Which of ``current`` are known: their index, and the index of the known problem that covers them.

    Each known problem covers one. First by name; then, of what is left, by the functions alone where ``moved`` says that a
    module may have been: with the module still there, a problem that is gone from it was repaired, and one of the same
    function name elsewhere is another one. Last by the lines of code, as a function may have another name now: ``became`` says
    of two symbols whether one can be what the other is now. Never by anything about people. With ``same``, a line that was
    written anew and shows people in another way is another problem.
    """

    def covers(one: Problem, other: Problem) -> bool:
        return one.covers(other) and not (same and one.rule != other.rule and one.words[:1] != other.words[:1])

    def renamed(one: Problem, other: Problem) -> bool:
        both = ((one.send, other.send), (one.origin, other.origin))
        return all(symbol == now or became(symbol, now) for symbol, now in both)

    def by_function(one: Problem) -> Hashable:
        return (one.policy, _function(one.send), _function(one.origin))

    def by_words(one: Problem) -> Hashable:
        return (one.policy, *one.words) if any(one.words) else None

    def any_two(one: Problem, other: Problem) -> bool:  # noqa: ARG001  # alike by their key
        return True

    ways: list[tuple[Callable[[Problem], Hashable], Callable[[Problem], bool], Callable[[Problem, Problem], bool]]] = [
        (lambda one: one.key, lambda _: True, any_two),
        (by_words, lambda _: True, renamed),
    ]
    if moved is not None:
        ways.insert(1, (by_function, moved, any_two))
    matched: dict[int, int] = {}
    used: set[int] = set()
    for way, counts, fits in ways:
        groups: dict[Hashable, list[int]] = {}
        for index, problem in enumerate(known):
            if index not in used and (key := way(problem)) is not None and counts(problem):
                groups.setdefault(key, []).append(index)
        # The worst first; of those that are alike, the one that stands first in the text.
        waiting = sorted(
            (index for index in range(len(current)) if index not in matched),
            key=lambda index: current[index].badness,
            reverse=True,
        )
        # Those whose code is as it was go first, so that the copy beside them is the new one.
        for same_words in (True, False):
            for index in waiting:
                candidates = groups.get(way(current[index]), []) if index not in matched else []
                fitting = [
                    one for one in candidates if covers(known[one], current[index]) and fits(known[one], current[index])
                ]
                if same_words:
                    words = current[index].words
                    fitting = [one for one in fitting if any(words) and known[one].words == words]
                if fitting:
                    best = min(fitting, key=lambda one: (known[one].badness, one))
                    candidates.remove(best)
                    matched[index] = best
                    used.add(best)
    return matched


def _function(symbol: str) -> str:
    """A symbol without its module. What is no symbol of code (a capture) stays as it is."""
    module, colon, name = symbol.partition(":")
    # The top level of a file is one with no other file's.
    return name if colon and name != "<module>" else module + colon + name


def unread_of(skip: Skip) -> Unread:
    """What is remembered of a skip."""
    # Within a file, a function is told by its name; any other detail is about the file, and may change its words.
    inner = skip.reason in {SkipReason.BUDGET, SkipReason.DEPTH, SkipReason.NOT_UNDERSTOOD, SkipReason.CANNOT_TELL}
    detail = skip.detail if inner else ""
    if skip.cause is not None:
        detail = " ".join(word for word in (skip.cause.name.lower(), skip.provider, skip.operation) if word)
    return Unread(foreign(skip.place.path), skip.reason.name.lower().replace("_", "-"), foreign(detail), skip.times)


def match_unread(current: Sequence[Unread], known: Iterable[Unread]) -> frozenset[int]:
    """Which of ``current`` are known, by index: the same file or function, not more often than before."""
    left = {_unread_key(one): one.times for one in _joined(known)}
    found = set()
    for index, one in enumerate(current):
        if left.get(_unread_key(one), 0) >= one.times:
            left[_unread_key(one)] -= one.times
            found.add(index)
    return frozenset(found)


def _unread_key(one: Unread) -> tuple[str, str, str]:
    return (one.path, one.reason, one.detail)


def _joined(unread: Iterable[Unread]) -> list[Unread]:
    times: dict[tuple[str, str, str], int] = {}
    for one in unread:
        times[_unread_key(one)] = times.get(_unread_key(one), 0) + one.times
    return [Unread(*key, number) for key, number in times.items()]


# --- the file -------------------------------------------------------------------------------------


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join((MARK, *parts)).encode("utf-8", "backslashreplace")).hexdigest()[:12]


def text_of(baseline: Baseline) -> str:
    """The file. Ends with a line feed; the same whatever the order of the entries."""
    lines = [(entry.id, json.dumps({"id": entry.id} | dict(_entry_data(entry)))) for entry in baseline.entries]
    for one in _joined(baseline.unread):
        name = _digest(*_unread_key(one))
        data: dict[str, Any] = {"id": name, "not-read": one.path, "why": one.reason}
        if one.detail:
            data["what"] = one.detail
        if one.times > 1:
            data["times"] = one.times
        lines.append((name, json.dumps(data)))
    groups: list[list[str]] = [[] for _ in range(GROUPS)]
    for name, line in sorted(lines):
        groups[int(name[:2], 16) * GROUPS // 256].append(line + ",")
    body = "\n".join("".join(f"{line}\n" for line in group) for group in groups)
    return f'{{"{MARK}": {VERSION}, "calls": {baseline.calls}, "known": [\n{body}"{END}"]}}\n'


def _entry_data(entry: Entry) -> Iterator[tuple[str, Any]]:
    problem = entry.problem
    yield "policy", foreign(problem.policy)
    yield "send", foreign(problem.send)
    yield "from", foreign(problem.origin)
    yield "number", entry.number
    count = problem.count
    yield "people", [count.low, count.plain, None if count.high >= UNBOUNDED else count.high]
    yield "certainty", problem.certainty.name.lower()
    if problem.times > 1:
        yield "times", problem.times
    if entry.reason:
        yield "reason", foreign(entry.reason)


def parse(data: bytes, name: str = FILE) -> Baseline:
    """Read the file. Raises :class:`BaselineError` for what is no baseline, with the line where there is one."""
    if len(data) > LIMIT:
        raise BaselineError(f"{name}: larger than {LIMIT >> 20} MiB")
    try:
        document = json.loads(data.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise BaselineError(
            f"{name}:{error.lineno}: this baseline does not parse. After a merge, keep the lines of both sides."
        ) from error
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise BaselineError(f"{name}: this baseline does not parse.") from error
    if not isinstance(document, dict) or document.get(MARK) != VERSION or not isinstance(document.get("known"), list):
        raise BaselineError(f"{name}: no baseline of this mailguard. Make one: mailguard baseline")
    calls = document.get("calls", 0)
    entries: dict[str, Entry] = {}
    unread: dict[tuple[str, str, str], Unread] = {}
    for item in document["known"]:
        if item == END:
            continue
        try:
            one = _item(item)
        except (KeyError, TypeError, ValueError) as error:
            raise BaselineError(f"{name}: an entry of this baseline makes no sense. Take it out.") from error
        if isinstance(one, Unread):
            # Both sides of a merge may have set the same file aside.
            unread.setdefault(_unread_key(one), one)
        elif one.id not in entries or entries[one.id].problem.covers(one.problem):
            # The same for a problem; what covers less is the safe reading of the two.
            entries[one.id] = one
    ordered = sorted(entries.values(), key=lambda entry: entry.id)
    return Baseline(
        tuple(ordered), tuple(unread[key] for key in sorted(unread)), calls if isinstance(calls, int) else 0
    )


def _item(item: dict[str, Any]) -> Entry | Unread:
    if "not-read" in item:
        return Unread(_text(item["not-read"]), _text(item["why"]), _text(item.get("what", "")), _number(item, "times"))
    low, plain, high = item["people"]
    count = Count(_whole(low), _whole(plain), UNBOUNDED if high is None else _whole(high))
    problem = Problem(
        _text(item["policy"]),
        _text(item["send"]),
        _text(item["from"]),
        Certainty[_text(item["certainty"]).upper()],
        count,
        _number(item, "times"),
    )
    return Entry(problem, _number(item, "number"), _text(item.get("reason", "")))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _number(item: dict[str, Any], key: str) -> int:
    value = _whole(item.get(key, 1))
    if value < 1:
        raise ValueError
    return value


def load(root: Path) -> Baseline | None:
    """The baseline of a tree, or None. Raises :class:`BaselineError` for one that cannot be used."""
    file = root / FILE
    try:
        if not file.is_file():
            return None
    except OSError as error:
        raise BaselineError(f"{FILE}: cannot be read ({error.strerror})") from error
    if not file.resolve().is_relative_to(root.resolve()):
        raise BaselineError(f"{FILE}: a link leads out of the tree that is checked.")
    try:
        with file.open("rb") as stream:
            data = stream.read(LIMIT + 1)
    except OSError as error:
        raise BaselineError(f"{FILE}: cannot be read ({error.strerror})") from error
    return parse(data)
