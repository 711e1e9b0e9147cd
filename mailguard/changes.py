"""What a change brings in: the tree before it, read from git's objects and never checked out.

The code as it is now is judged by the settings, rules and baseline from before the change, and compared with the
code from before it. A change that loosens its own rules is told, and helps only the next one.
"""

from __future__ import annotations

import difflib
import functools
import os
import posixpath
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from mailguard import git
from mailguard.allow import Allowance
from mailguard.baseline import FILE as BASELINE_FILE
from mailguard.baseline import Baseline, Problem, Unread, parse
from mailguard.config import FILE_NAMES, Settings, SettingsError, find, load
from mailguard.discover import (
    PYTHON_SUFFIXES,
    SHEBANG,
    SHEBANG_SUFFIXES,
    File,
    Files,
    NothingToCheck,
    Tree,
    display_path,
    module_of,
)
from mailguard.globs import Globs
from mailguard.model.finding import NOT_CHECKED_OUT, Skip, SkipReason
from mailguard.model.place import Place

__all__ = ["Change", "Old", "Stored", "since", "staged"]

LIKE: Final = 0.6
"""How much of two files must be equal for one to be the other under a new name."""

RENAMES: Final = 200
"""New files that are compared with files that are gone; a change that moves more is compared by equal content only."""

DIFF_LINES: Final = 20_000
"""Lines of a file that are compared one by one; a longer file that is not equal counts as changed in all of it."""


LINKS: Final = 200
"""Names on the way of a link to its file; a longer way is a circle."""


def suffix_of(path: str) -> str:
    """``.py``, in lower case."""
    return posixpath.splitext(path)[1].lower()


@dataclass(frozen=True, slots=True)
class StoredFile(File):
    """A file as git has it."""

    data: bytes = field(repr=False)

    def read(self) -> bytes:
        """The bytes."""
        return self.data


class Stored:
    """The files of a commit, or of what the next commit would hold."""

    def __init__(self, root: Path, entries: Iterable[git.Entry]) -> None:
        """``entries`` are those of the repository at ``root``; the files of its submodules are added."""
        self.root = root
        self.entries: dict[str, git.Entry] = {}
        self._owner: dict[str, Path] = {}
        self._content: dict[str, bytes] = {}
        self._folder: Path | None = None
        self.linked = False
        """Whether code was read from a file with another name, over a link: what its own name says is not enough then."""
        self._absent: list[str] = []
        self._add(root, entries, "")

    def _add(self, root: Path, entries: Iterable[git.Entry], folder: str) -> None:
        for entry in entries:
            path = folder + entry.path
            if entry.mode == git.SUBMODULE:
                inner = root / entry.path
                if (inner / ".git").exists():
                    listed = git.tree(inner, entry.name)
                    if listed is None:
                        raise NothingToCheck(
                            f"the commit of the submodule {display_path(path)} is not in this clone, so old and new cannot"
                            " be told apart.\nFetch it: git submodule update --init --recursive"
                        )
                    self._add(inner, listed, path + "/")
                else:
                    self._absent.append(path)
                continue
            self.entries[path] = entry
            self._owner[path] = root

    def fetch(self, paths: Iterable[str]) -> None:
        """Read the content of files at once."""
        by_owner: dict[Path, set[str]] = {}
        for path in paths:
            if path in self.entries and self.entries[path].name not in self._content:
                by_owner.setdefault(self._owner[path], set()).add(self.entries[path].name)
        for root, names in by_owner.items():
            self._content.update(git.blobs(root, names))

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if there is no such file, or it is not in this clone."""
        self.fetch([path])
        return self._content.get(self.entries[path].name) if path in self.entries else None

    def names(self) -> dict[str, str]:
        """The name of the content of every file."""
        return {path: f"{entry.mode} {entry.name}" for path, entry in self.entries.items()}

    def files_of(
        self,
        tree: Tree,
        exclude: Globs,
        captures: Globs,
        *,
        code: bool = True,
        requests: bool = True,
        sniff_all: bool = False,
    ) -> Files:
        """The same as ``discover.files_of`` says of a folder."""
        python: list[File] = []
        maybe: list[str] = []
        absent = [shown for path in self._absent if not exclude.match(shown := display_path(path))] if code else []
        skips = [Skip(SkipReason.UNREADABLE, Place(shown), NOT_CHECKED_OUT) for shown in absent if tree.asks_for(shown)]
        excluded = 0
        regular = {path for path, entry in self.entries.items() if entry.mode in git.REGULAR}
        suffixes = {path: suffix_of(path) for path in regular}
        self.fetch(path for path, suffix in suffixes.items() if suffix in (*PYTHON_SUFFIXES, *SHEBANG_SUFFIXES))
        for path in sorted(self.entries):
            shown = display_path(path)
            if exclude.match(shown):
                excluded += tree.asks_for(shown)
            elif path not in regular:
                target = self._leads_to(path)
                if target is None:
                    skips += self._leads_out(path, shown)
                elif target and code and self._named_python(path, target):
                    self.linked = True
                    # As on disk: code under another name.
                    python.append(StoredFile(shown, str(self.root / path), self._content[self.entries[target].name]))
            elif self._is_python(path, suffixes[path]):
                data = self._content.get(self.entries[path].name)
                if data is None:
                    skips.append(Skip(SkipReason.UNREADABLE, Place(shown), "not in this clone"))
                elif code:
                    python.append(StoredFile(shown, str(self.root / path), data))
            elif requests and (captures.match(shown) or sniff_all) and tree.asks_for(shown):
                maybe.append(path)
        folder = self.on_disk(maybe) if maybe else self.root
        found = tuple(File(display_path(path), str(folder / path)) for path in maybe)
        return Files(tuple(python), found, tuple(skips), excluded)

    def _is_python(self, path: str, suffix: str) -> bool:
        if suffix in PYTHON_SUFFIXES:
            return True
        data = self._content.get(self.entries[path].name, b"") if suffix in SHEBANG_SUFFIXES else b""
        return SHEBANG.match(data[:256]) is not None

    def _named_python(self, link: str, target: str) -> bool:
        """Whether a link makes a file Python that would not be read as such by its own name."""
        if suffix_of(target) in PYTHON_SUFFIXES:
            return False
        return suffix_of(link) in PYTHON_SUFFIXES or (
            suffix_of(link) in SHEBANG_SUFFIXES and SHEBANG.match((self.read(target) or b"")[:256]) is not None
        )

    def _leads_to(self, path: str) -> str | None:
        """The file that a link leads to, over further links and links to folders; None for one that leads out of the tree.

        Empty where nothing is there.
        """
        waiting, here = path.split("/")[::-1], ""
        for _ in range(LINKS):
            if not waiting:
                break
            name = waiting.pop()
            if name in ("", "."):
                continue
            if name == "..":
                if not here:
                    return None
                here = posixpath.dirname(here)
                continue
            here = posixpath.join(here, name)
            if here in self.entries and self.entries[here].mode == git.LINK:
                target = os.fsdecode(self.read(here) or b"")
                if target.startswith("/"):
                    return None
                waiting += target.split("/")[::-1]
                here = posixpath.dirname(here)
        found = not waiting and here in self.entries and self.entries[here].mode in git.REGULAR
        return here if found and self.read(here) is not None else ""

    def _leads_out(self, path: str, shown: str) -> Iterator[Skip]:
        if suffix_of(path) in PYTHON_SUFFIXES:
            yield Skip(SkipReason.UNREADABLE, Place(shown), "a link that leads out of the tree")

    def on_disk(self, paths: Iterable[str]) -> Path:
        """A private folder, outside of any tree, with copies of files that only a path can be given for.

        Captures are read from a path, and so are settings and rules. The folder goes when this object does.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="mailguard-")).resolve()
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        wanted = [path for path in paths if path in self.entries and self.entries[path].mode in git.REGULAR]
        self.fetch(wanted)
        for path in wanted:
            file = self._folder / path
            data = self._content.get(self.entries[path].name)
            if data is not None and not file.exists() and file.resolve().is_relative_to(self._folder):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        return self._folder

    def settings(self, start: Path) -> Settings:
        """The settings for what is at ``start``, a path below the root. Raises ``SettingsError``."""
        where = start.relative_to(self.root).as_posix() if start.is_relative_to(self.root) else "."
        folders = ["" if where == "." else where]
        while folders[-1]:
            folders.append(posixpath.dirname(folders[-1]))
        paths = [posixpath.join(folder, name) for folder in folders for name in FILE_NAMES]
        for path in [path for path in paths if path in self.entries]:
            for found in re.findall(
                rb"""^\s*rules\s*=\s*["']([^"'\n]{1,200})["']""", self.read(path) or b"", re.MULTILINE
            ):
                inner = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(found))) + "/"
                paths += [each for each in self.entries if each.startswith(inner)]
        folder = self.on_disk(paths)
        file = find(folder / where, folder)
        if file is None:
            return Settings()
        settings = load(file, folder)
        # What is printed, and what patterns are relative to, is the tree itself; rules are read from the copy.
        return replace(settings, file=self.root / file.relative_to(folder))

    def baseline(self) -> Baseline | None:
        """The baseline. Raises ``BaselineError`` for one that cannot be used."""
        data = self.read(BASELINE_FILE)
        return parse(data) if data is not None else None


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
        return _changed_lines(old, new)

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
def _changed_lines(old: bytes, new: bytes) -> frozenset[int] | None:
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


# --- comparing ------------------------------------------------------------------------------------


def _old(stored: Stored, now: Mapping[str, str], read: Callable[[str], bytes | None]) -> Old:
    """``stored`` compared with the names of the content that is there ``now``."""
    before = stored.names()
    gone = [path for path in before if path not in now and _is_code(path)]
    come = [path for path in now if path not in before and _is_code(path)]
    return Old(stored, before == now, _moved(gone, come, before, now, stored, read))


def _is_code(path: str) -> bool:
    return suffix_of(path) in PYTHON_SUFFIXES


def _moved(
    gone: list[str],
    come: list[str],
    before: Mapping[str, str],
    now: Mapping[str, str],
    stored: Stored,
    read: Callable[[str], bytes | None],
) -> dict[str, str]:
    """Which of the files that are gone is which of those that have come: by equal content, else by most equal lines."""
    moved: dict[str, str] = {}
    waiting = sorted(come)
    for path in sorted(gone):
        same = next((new for new in waiting if now[new] == before[path]), None)
        if same is not None:
            moved[path] = same
            waiting.remove(same)
    left = [path for path in sorted(gone) if path not in moved]
    if not waiting or not left or len(waiting) * len(left) > RENAMES * RENAMES:
        return moved
    stored.fetch(left)
    lines = {path: _lines_of(stored.read(path)) for path in left}
    alike = []
    for new in waiting:
        own = _lines_of(read(new))
        for old in left:
            common = sum(min(count, lines[old].get(line, 0)) for line, count in own.items())
            total = max(sum(own.values()), sum(lines[old].values()))
            if total and common / total >= LIKE:
                alike.append((-common / total, old, new))
    for _, old, new in sorted(alike):
        if old not in moved and new in waiting:
            moved[old] = new
            waiting.remove(new)
    return moved


def _lines_of(data: bytes | None) -> dict[bytes, int]:
    counts: dict[bytes, int] = {}
    for line in (data or b"").splitlines():
        if line.strip():
            counts[line.strip()] = counts.get(line.strip(), 0) + 1
    return counts


def _cure(name: str, root: Path) -> NothingToCheck:
    if git.is_shallow(root) or "/" in name:
        return NothingToCheck(
            f"{name} is not in this clone, so old and new cannot be told apart.\n"
            "Fetch it: fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)."
        )
    return NothingToCheck(f"there is no commit {name} here, so old and new cannot be told apart.")


def _stored(root: Path, commit: str, name: str) -> Stored:
    entries = git.tree(root, commit)
    if entries is None:
        raise _cure(name, root)
    return Stored(root, entries)


def since(root: Path, name: str, listed: Callable[[], Files]) -> Change:
    """The change from the commit ``name`` to the tree on disk, of which ``listed`` gives the files.

    Settings, rules and baseline are those of ``name``; the code is compared with that of the commit where the two
    histories parted, so that what others did in the meantime is no part of the change. Raises ``NothingToCheck`` where
    git does not have what is needed.
    """
    if git.root_of(root) != root:
        raise NothingToCheck("--since compares with a commit, and there is no git repository here.")
    commit = git.commit(root, name) if name else None
    if commit is None:
        raise _cure(name or "the base", root)
    several = git.meanings(root, name)
    if several:
        raise NothingToCheck(
            f"{name} means several commits here: {', '.join(several)}.\nSay which one: --since {several[-1]}"
        )
    policy = _stored(root, commit, name)
    head = git.commit(root, "HEAD")
    parted = git.merge_base(root, commit, head) if head is not None else None
    base = policy if parted in (None, commit) else _stored(root, parted or commit, name)
    kind = next((entry.name for entry in base.entries.values()), "")

    def on_disk(path: str) -> bytes | None:
        try:
            return (root / path).read_bytes()
        except OSError:
            return None

    now = {}
    for file in listed().python:
        data = on_disk(file.path)
        if data is not None:
            now[file.path] = git.name_of(data, kind)
    stored = {path: name.split(" ")[1] for path, name in base.names().items()}
    gone = [path for path in stored if _is_code(path) and path not in now]
    come = [path for path in now if path not in stored]
    moved = _moved(gone, come, stored, now, base, on_disk)
    edited = tuple(sorted(path for path in {*gone, *now} if now.get(path) != stored.get(path)))
    day = git.commit_date(root, commit)
    return Change(
        f"since {name}", name, policy, (Old(base, unchanged=False, moved=moved),), None, root, edited, day=day
    )


def staged(root: Path) -> Change:
    """The change that is staged for the next commit, compared with the last one; with both sides of a merge.

    Raises ``NothingToCheck`` where there is no git repository.
    """
    entries = git.index(root) if git.root_of(root) == root else None
    if entries is None:
        raise NothingToCheck("--staged looks at the next commit, and there is no git repository here.")
    now = Stored(root, entries)
    names = now.names()
    head = git.commit(root, "HEAD")
    trees = [_stored(root, commit, "HEAD") for commit in ([head, *git.merged(root)] if head is not None else [])]
    olds = tuple(_old(tree, names, now.read) for tree in trees)
    policy = trees[0] if trees else Stored(root, ())
    before = olds[0].tree.names() if olds else {}
    edited = tuple(sorted(path for path in {*before, *names} if _is_code(path) and before.get(path) != names.get(path)))
    return Change("in this commit", "the last commit", policy, olds, now, root, edited)
