"""A change under review: what was there before it, and which lines it touches."""

from __future__ import annotations

import difflib
import functools
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from mailguard.allow import Allowance
from mailguard.baseline import Baseline, Problem, Unread
from mailguard.changes.stored import Stored
from mailguard.config import Settings, SettingsError
from mailguard.filenames import module_of
from mailguard.model.place import Place

DIFF_LINES: Final = 20_000
"""Lines of a file that are compared one by one; a longer file that is not equal counts as changed in all of it."""


@dataclass(frozen=True, slots=True)
class Old:
    """A tree from before the change."""

    tree: Stored
    unchanged: bool
    """Whether no file that could matter differs."""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Files that have another name now: the old one and the new one."""

    def renamed(self, problem: Problem) -> Problem:
        """``problem`` with the names that its files have now."""
        return replace(problem, send=self._symbol(problem.send), origin=self._symbol(problem.origin))

    def renamed_file(self, one: Unread) -> Unread:
        """``one`` with the name that its file has now."""
        return replace(one, path=self.moved.get(one.path, one.path))

    def _symbol(self, symbol: str) -> str:
        module, colon, name = symbol.partition(":")
        if symbol in self.moved:
            return self.moved[symbol]
        return self._modules().get(module, module) + colon + name

    def _modules(self) -> dict[str, str]:
        return {module_of(old): module_of(new) for old, new in self.moved.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """A change under review."""

    compared: str
    """With what it is compared, as it ends a sentence: ``in this commit``, ``since origin/main``."""
    base: str
    """What it is compared with: ``origin/main``."""
    policy: Stored
    """The tree whose settings, rules and baseline count."""
    olds: tuple[Old, ...]
    """The trees that it is compared with; what is known from one of them is not new."""
    now: Stored | None
    """The tree as it will be committed; None for the tree on disk."""
    root: Path
    edited: tuple[str, ...] = ()
    """The Python files that the change edits, makes or takes away."""
    notices: tuple[str, ...] = ()
    """What is loosened."""
    day: date | None = None
    """The day of the commit that it is compared with: a change is not made before that, whatever its own commits say."""

    @property
    def baseline(self) -> Baseline | None:
        """The baseline that counts. Raises ``BaselineError``."""
        return self.policy.baseline()

    def settings(self, start: Path) -> Settings:
        """The settings that count for what is at ``start``. Settings that cannot be used count for nothing."""
        try:
            return self.policy.settings(start)
        except SettingsError:
            # They stop nobody from repairing them; those of the change itself are read, and have to be right.
            return Settings()

    def settings_now(self, start: Path) -> Settings | None:
        """The settings that the change itself brings, where they are not on disk. Raises ``SettingsError``."""
        return self.now.settings(start) if self.now is not None else None

    def baseline_now(self) -> Baseline | None:
        """The baseline that the change itself brings. Raises ``BaselineError``."""
        if self.now is not None:
            return self.now.baseline()
        from mailguard.baseline import load as load_baseline  # noqa: PLC0415  # its name is short

        return load_baseline(self.root)

    def changed_rules(self, settings: Settings) -> list[str]:
        """The files of the project's own rules that the change edits or takes away; ``settings`` are those that count."""
        if not settings.rules or settings.file is None:
            return []
        folder = settings.file.parent.relative_to(self.root) / settings.rules
        start = posixpath.normpath(folder.as_posix()) + "/"
        paths = [path for path in self.policy.entries if path.startswith(start)]
        return [path for path in paths if self._now(path) != self.policy.read(path)]

    def changed(self, place: Place) -> bool:
        """Whether a place lies on a line of the change: one that is new, or that stands where lines were taken out."""
        lines = self._lines(place.path)
        return lines is None or any(line in lines for line in range(place.line, max(place.end_line, place.line) + 1))

    @property
    def suspect(self) -> Place | None:
        """The first changed line, where one file only was edited."""
        if len(self.edited) != 1:
            return None
        lines = self._lines(self.edited[0])
        return Place(self.edited[0], max(min(lines), 1)) if lines else None

    def _lines(self, path: str) -> frozenset[int] | None:
        """The changed lines of a file; None for all of them."""
        new = self._now(path)
        old = self.before(path)
        if old is None or new is None:
            return None
        return changed_lines(old, new)

    def _now(self, path: str) -> bytes | None:
        if self.now is not None:
            return self.now.read(path)
        try:
            return (self.root / path).read_bytes()
        except OSError:
            return None

    def before(self, path: str) -> bytes | None:
        """What was in a file before the change, whatever it was called; None if it was not there."""
        for old in self.olds:
            name = next((one for one, new in old.moved.items() if new == path), path)
            data = old.tree.read(name)
            if data is not None:
                return data
        return None

    def remarks(self, exceptions: Iterable[Allowance], waiting: Iterable[Allowance] = ()) -> Iterator[str]:
        """What the change does besides: exceptions that it brings, which count or wait, and rules that it loosens."""
        for brought, when in ((exceptions, "at once"), (waiting, "from the next change on")):
            lines = []
            for one in brought:
                end = f" until {one.until}" if one.until else ""
                lines.append(f"  {one.place.path}:{one.place.line}   {', '.join(sorted(one.rules))}{end}: {one.reason}")
            if lines:
                what = "an exception, which counts" if len(lines) == 1 else f"{len(lines)} exceptions, which count"
                yield "\n".join([f"This change adds {what} {when}.", *lines])
        if self.notices:
            loosens = f"This change also loosens the rules. It was judged by those of {self.base}."
            yield "\n".join([loosens, *(f"  {notice}" for notice in self.notices)])


@functools.lru_cache(maxsize=64)
def changed_lines(old: bytes, new: bytes) -> frozenset[int] | None:
    """The lines of ``new``, from 1, that ``old`` has not, or that stand where it had more; None for all of a long file."""
    before, after = old.splitlines(), new.splitlines()
    if before == after:
        return frozenset()
    if max(len(before), len(after)) > DIFF_LINES:
        return None
    lines: set[int] = set()
    for kind, _, _, first, last in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            lines.update(range(first + 1, last + 1) if last > first else (first, first + 1))
    return frozenset(lines)
