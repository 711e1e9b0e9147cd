"""Which files are looked at: the Python files of a tree, and its captures.

In a git repository git's own list counts: what is tracked (also where a
``.gitignore`` names it) and what is new and not ignored. Elsewhere the tree is
walked. git is run so that nothing of the tree can make it run anything, and ignore
rules of one machine (global ones, ``.git/info/exclude``) do not count.

Links that lead nowhere, pipes, sockets and loops stop nothing. What may matter
and cannot be read becomes a :class:`~mailguard.model.finding.Skip`.
"""

from __future__ import annotations

import difflib
import errno
import functools
import glob
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mailguard import git
from mailguard.filenames import INSTALLED, MACHINE_FOLDERS, PYTHON_SUFFIXES, SHEBANG_SUFFIXES, is_test_code
from mailguard.globs import Globs
from mailguard.model.finding import NOT_CHECKED_OUT, Skip, SkipReason
from mailguard.model.place import Place

__all__ = [
    "MACHINE_FOLDERS",
    "PYTHON_SUFFIXES",
    "SHEBANG_SUFFIXES",
    "File",
    "Files",
    "NothingToCheck",
    "Tree",
    "check_found",
    "display_path",
    "files_of",
    "folder_of",
    "imports_of",
    "is_python",
    "is_test_code",
    "not_here",
    "other_files",
    "place_named",
    "tree_of",
]

SHEBANG: Final = re.compile(rb"#![^\n]{0,200}\bpython")

READ_LIMIT: Final = 64_000_000
"""Bytes of a file of code; a larger one is not even searched."""

STDIN: Final = "-"
"""The path that means standard input."""


class NothingToCheck(Exception):  # noqa: N818  # the command was wrong, nothing failed
    """A path was named that does not exist, or that holds nothing to check. The text says what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was found."""

    path: str
    """Relative to the root, with forward slashes; what is printed."""
    real: str
    """What is opened."""

    def read(self) -> bytes:
        """The bytes. Raises ``OSError``; refuses what is no regular file, so that a pipe blocks nobody, and what is no code by its size."""
        about = os.stat(self.real)
        if not stat.S_ISREG(about.st_mode):
            raise OSError("not a regular file")
        if about.st_size > READ_LIMIT:
            raise OSError(errno.EFBIG, f"{about.st_size // 1_000_000} MB")
        with open(self.real, "rb") as stream:
            return stream.read()


@dataclass(frozen=True, slots=True)
class Files:
    """What a run looks at."""

    python: tuple[File, ...] = ()
    """In order of their paths."""
    captures: tuple[File, ...] = ()
    """Files that may be captures; their content tells."""
    skips: tuple[Skip, ...] = ()
    excluded: int = 0
    """Files that the settings exclude."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The folder that a run is about, and what of it was asked for."""

    root: Path
    """The root of the repository; without one, the folder of what was named. Free of symlinks."""
    named: tuple[Path, ...] = ()
    """What was named, free of symlinks; empty for the whole tree."""
    stdin: bool = False
    """Whether standard input was named (``-``): a capture."""
    project: bool = True
    """Whether the root is a project, which is read whole to understand the part that was named."""

    @property
    def whole(self) -> bool:
        """Whether all of the tree was asked for."""
        return self.root in self.named or not (self.named or self.stdin)

    def asks_for(self, path: str) -> bool:
        """Whether a path, as it is printed from the root, lies in what was asked for."""
        return self.whole or any(_is_below(path, shown) for shown in _as_printed(self.root, self.named))


@functools.lru_cache(64)
def _as_printed(root: Path, places: tuple[Path, ...]) -> tuple[str, ...]:
    """Places as they are printed from a root; names that are no text have escapes there, which no file has."""
    return tuple(display_path(os.path.relpath(place, root)) for place in places)


def _is_below(path: str, shown: str) -> bool:
    """Whether a path is another one, or lies below it; both as they are printed."""
    return shown in (".", path) or path.startswith(f"{shown}/")


def display_path(path: str) -> str:
    """A path as it is printed: forward slashes, and escapes for bytes that are no text."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return text.replace(os.sep, "/") if os.sep != "/" else text


_PLACE: Final = re.compile(
    r"(?P<path>.+?)(?::(?P<line>\d{1,9}))?(?::(?P<column>\d{1,9}))?(?:#(?P<pointer>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Named:
    """A place that was named on the command line, as mailguard prints places: what is printed can be pasted."""

    path: Path
    """Absolute."""
    line: int = 0
    column: int = 0
    pointer: str = ""


def place_named(text: str, here: Path) -> Named | None:
    """The place that ``text`` names: from ``here`` or from the root of the repository; None if nothing is there."""
    starts = dict.fromkeys((here, git.root_of(here.resolve()) or here)) if text else {}
    for start in starts:
        if (start / text).exists():
            return Named(start / text)
    found = _PLACE.fullmatch(text)
    for start in starts if found is not None else ():
        if found is not None and (start / found["path"]).exists():
            return Named(
                start / found["path"], int(found["line"] or 0), int(found["column"] or 0), found["pointer"] or ""
            )
    return None


def tree_of(paths: Sequence[str], here: Path) -> Tree:
    """The tree for the places that were named on the command line.

    Raises :class:`NothingToCheck` for a path that does not exist, with the nearest one that does.
    """
    named: list[Path] = []
    for path in paths:
        if path == STDIN:
            continue
        if not path:
            # A variable of the shell that nobody set; the whole folder was not asked for.
            raise NothingToCheck("an empty name names no place.")
        try:
            meant = _meant(path, here)
            for one in meant:
                if one.is_dir():
                    os.listdir(one)
        except PermissionError:
            raise NothingToCheck(f"{path} cannot be opened: permission denied.") from None
        if not meant:
            if os.path.islink(here / path):
                raise NothingToCheck(f"{path} is a link that leads nowhere.")
            raise not_here(path, here)
        named += meant
    stdin = STDIN in paths
    if not named:
        here = here.resolve()
        if stdin:
            return Tree(git.root_of(here) or here, (), stdin)
        named = [here]
    common = Path(os.path.commonpath(named))
    if common.is_file():
        common = common.parent
    root = git.root_of(common)
    if root is None:
        marks = ("pyproject.toml", "mailguard.toml", "setup.py", "setup.cfg")
        root = next(
            (folder for folder in (common, *common.parents) if any(os.path.isfile(folder / mark) for mark in marks)),
            None,
        )
    if root is None:
        return Tree(common, tuple(named), stdin, project=any(name == common for name in named))
    return Tree(root, tuple(named), stdin)


def _meant(path: str, here: Path) -> list[Path]:
    """What a path on the command line names, free of symlinks: a place, or what a pattern finds that no shell opened."""
    place = place_named(path, here)
    if place is not None:
        # A named path may itself be a link; what it leads to was asked for.
        return [place.path.resolve()]
    if any(mark in path for mark in "*?["):
        return sorted((here / name).resolve() for name in glob.glob(path, root_dir=here, recursive=True))
    return []


def not_here(path: str, here: Path) -> NothingToCheck:
    """What is said of a path that does not exist, with the nearest one that does."""
    return NothingToCheck(f"there is no {path} here." + _did_you_mean(path, here))


def _did_you_mean(path: str, here: Path) -> str:
    parent, name = os.path.split(path.rstrip("/\\"))
    try:
        names = sorted(os.listdir(here / parent))
    except OSError:
        return ""
    close = difflib.get_close_matches(name, names, 1, 0.6)
    return f" Did you mean {os.path.join(parent, close[0])}?" if close else ""


def files_of(
    tree: Tree, exclude: Globs, captures: Globs, *, code: bool = True, requests: bool = True, sniff_all: bool = False
) -> Files:
    """The files of a tree.

    ``code`` and ``requests`` say which of the two are wanted. Captures are the files that the settings
    name (``captures``), files that are named on the command line and are no Python, and, where a folder
    below the root is named (or ``sniff_all``), what else lies in it.
    """
    found = _Found(exclude)
    listed = _all_listed(tree, found)
    python: list[File] = []
    maybe = [File(STDIN, STDIN)] if tree.stdin and requests else []
    beside = {name for name in tree.named if name != tree.root} if tree.whole else set()
    for relative in sorted(listed):
        path = display_path(relative)
        if exclude.match(path):
            found.excluded += tree.asks_for(path)
            continue
        real = found.regular(listed[relative], tree.root, path)
        asked = bool(tree.named) and (sniff_all or not tree.whole) and tree.asks_for(path)
        if real is None and requests and (asked or captures.match(path)):
            real = found.led_out(listed[relative], tree, path, follow=asked, told=sniff_all or captures.match(path))
        if real is None:
            continue
        file = File(path, real)
        if is_python(path, real):
            if code:
                python.append(file)
            continue
        wanted = captures.match(path) or sniff_all or not tree.whole or Path(real) in tree.named
        # A folder that is named beside the whole tree is named for what lies in it.
        wanted = wanted or not beside.isdisjoint(Path(real).parents)
        if requests and wanted and tree.asks_for(path):
            maybe.append(file)
    absent = sorted(display_path(os.path.relpath(full, tree.root)) for full in found.absent)
    for path in absent if code else ():
        # It may hold code, and nobody can tell.
        if tree.asks_for(path) and not exclude.match(path):
            found.skip(path, NOT_CHECKED_OUT)
    return Files(tuple(python), tuple(maybe), tuple(found.skips), found.excluded)


def _all_listed(tree: Tree, found: _Found) -> dict[str, str]:
    """Every file of a tree, as it is called from the root, and where it is."""
    starts = (tree.root,) if tree.project else tree.named
    listed: dict[str, str] = {}
    for start in starts:
        for path in _listed(start, found) if start.is_dir() else (str(start),):
            listed.setdefault(os.path.relpath(path, tree.root), path)
    for name in tree.named:
        # A named file counts, and so does a named folder, also where git ignores it.
        if name.is_file():
            listed.setdefault(os.path.relpath(name, tree.root), str(name))
        elif name != tree.root and not any(_under(path, name) for path in listed.values()):
            for path in _walk(str(name), found):
                listed.setdefault(os.path.relpath(path, tree.root), path)
    return listed


def other_files(tree: Tree, exclude: Globs) -> Iterator[tuple[File, bool]]:
    """The files that were asked for and whose code is not read: no Python, or excluded by the settings (then True).

    In order of their paths. What is Python by its first line only counts as excluded or read, never as another language.
    """
    found = _Found(exclude)
    listed = _all_listed(tree, found)
    for relative in sorted(listed):
        path = display_path(relative)
        if not tree.asks_for(path):
            continue
        real = found.regular(listed[relative], tree.root, path)
        if real is None:
            continue
        excluded = exclude.match(path)
        if excluded or not is_python(path, real):
            yield File(path, real), excluded


def _under(path: str, folder: Path) -> bool:
    return path.startswith(str(folder) + os.sep)


def is_python(path: str, real: str) -> bool:
    """Whether a file holds Python, by its name or by its first line."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in PYTHON_SUFFIXES:
        return True
    if suffix not in SHEBANG_SUFFIXES:
        return False
    try:
        with open(real, "rb") as stream:
            return SHEBANG.match(stream.read(256)) is not None
    except OSError:
        return False


def _led_to(full: str) -> str:
    """Where a link leads; itself where the system does not tell (links of foreign processes in ``/proc``)."""
    try:
        return os.path.realpath(full)
    except OSError:
        return full


@dataclass(slots=True)
class _Found:
    """What is noted on the way through a tree."""

    exclude: Globs
    absent: list[str] = field(default_factory=list)
    """Submodules that are not checked out."""
    skips: list[Skip] = field(default_factory=list)
    excluded: int = 0

    def skip(self, path: str, detail: str) -> None:
        self.skips.append(Skip(SkipReason.UNREADABLE, Place(path), detail))

    def regular(self, full: str, root: Path, path: str) -> str | None:
        """What to open for a path: itself, or what a link leads to; None where there is nothing to read."""
        try:
            mode = os.lstat(full).st_mode
        except OSError:
            return None  # tracked, and deleted in the working tree: no code is there
        if stat.S_ISREG(mode):
            return full
        if not stat.S_ISLNK(mode):
            return None  # a pipe, a socket, a device, a folder
        real = _led_to(full)
        inside = real == str(root) or real.startswith(str(root) + os.sep)
        if not inside:
            # Whether or not something is there on this machine: the same tree gets the same answer.
            if os.path.splitext(path)[1].lower() in PYTHON_SUFFIXES:
                self.skip(path, "a link that leads out of the tree")
            return None
        if not os.path.isfile(real):
            return None  # leads nowhere, in a circle, or to a folder that is listed itself
        if os.path.splitext(real)[1].lower() in PYTHON_SUFFIXES:
            return None  # the file itself is read
        return real

    def led_out(self, full: str, tree: Tree, path: str, *, follow: bool, told: bool) -> str | None:
        """What to open for a capture that is a link out of the tree, if it is to be followed; else it may be told."""
        real = _led_to(full)
        if (
            not os.path.islink(full)
            or real.startswith(str(tree.root) + os.sep)
            or os.path.splitext(path)[1].lower() in PYTHON_SUFFIXES
        ):
            return None
        if follow and os.path.isfile(real):
            return real
        if told:
            self.skip(path, "a link that leads out of the tree")
        return None


def _listed(start: Path, found: _Found) -> Iterator[str]:
    """The files below a folder: as git lists them, else by a walk."""
    entries = git.files(start)
    if entries is None:
        yield from _walk(str(start), found)
        return
    missing = 0
    for tag, name in entries:
        full = os.path.join(start, name.rstrip("/"))
        if tag == "S" and not os.path.lexists(full):
            missing += os.path.splitext(name)[1].lower() in PYTHON_SUFFIXES
            continue
        folders = name.split("/")[:-1]
        if not INSTALLED.isdisjoint(folders) or (tag == "?" and not MACHINE_FOLDERS.isdisjoint(folders)):
            continue
        if os.path.isdir(full) and not os.path.islink(full):
            if tag == "H" and not os.listdir(full):
                found.absent.append(full)
                continue
            # A submodule, or another repository inside this one: its files are in this tree.
            if os.path.realpath(full) != os.path.realpath(start):
                yield from _listed(Path(full), found)
            continue
        yield full
    if missing:
        place = Place(".")
        found.skips.append(
            Skip(SkipReason.UNREADABLE, place, "tracked, and not checked out (sparse checkout)", times=missing)
        )


def _walk(folder: str, found: _Found) -> Iterator[str]:
    """Every file below a folder, and every link to a folder; those are not followed, so there are no circles."""

    def failed(error: OSError) -> None:
        name = error.filename if isinstance(error.filename, str) else folder
        found.skip(display_path(os.path.relpath(name, folder)), "a folder that cannot be opened")

    for here, folders, names in os.walk(folder, onerror=failed):
        folders[:] = sorted(
            name
            for name in folders
            if name not in MACHINE_FOLDERS
            and name not in INSTALLED
            and not os.path.exists(os.path.join(here, name, "pyvenv.cfg"))
        )
        for name in sorted([*names, *(name for name in folders if os.path.islink(os.path.join(here, name)))]):
            yield os.path.join(here, name)


def check_found(tree: Tree, files: Files, paths: Sequence[str], here: Path, is_capture: Callable[[File], bool]) -> None:
    """Raise :class:`NothingToCheck` for a path that was named and holds neither Python nor a capture.

    The same for standard input, which is read for captures only.
    """
    for name in paths:
        if name == STDIN:
            if not any(file.real == STDIN and is_capture(file) for file in files.captures):
                raise NothingToCheck(f"nothing to check in standard input: no capture.{_KNOWN}")
            continue
        meant = _meant(name, here)
        if files.excluded or any(_lies_in(file, one, tree) for one in meant for file in files.python):
            continue
        if not any(_lies_in(file, one, tree) and is_capture(file) for one in meant for file in files.captures):
            if meant == [tree.root] and tree.root.is_dir() and Path(name) == Path():
                continue
            more = _KNOWN if all(one.is_file() for one in meant) else ""
            raise NothingToCheck(f"nothing to check in {name}: no Python file, no capture.{more}")


_KNOWN: Final = " Which captures are known: mailguard help formats"


def _lies_in(file: File, place: Path, tree: Tree) -> bool:
    """Whether a file is a place, or lies below it, by its name or by what is opened for it."""
    return place == Path(file.real) or _under(file.real, place) or Tree(tree.root, (place,)).asks_for(file.path)


def imports_of(module: str) -> re.Pattern[bytes]:
    """What the bytes of a file hold that imports a module, or names it in full; relative imports included.

    Not every mention is an import: where it is none, a file counts as imported that is not.
    """
    *_, parent, name = ("", *(re.escape(part) for part in module.split(".")))
    if not parent:
        return re.compile(rf"^[ \t]*(?:import|from)[ \t]+{name}\b".encode(), re.MULTILINE)
    dotted = rf"\b{parent}\.{name}\b"
    listed = rf"from[ \t]+[\w.]*\b{parent}[ \t]+import[ \t]*(?:\([^)]{{0,2000}}|[^(\n][^\n]{{0,500}})\b{name}\b"
    near = rf"from[ \t]+\.+(?:{name}\b|[ \t]*import[ \t]*(?:\([^)]{{0,2000}}|[^(\n][^\n]{{0,500}})\b{name}\b)"
    # A file of tests that lies beside the code is imported by its bare name.
    ways = [dotted, listed, *([near] if is_test_code(f"{name}.py") else [])]
    return re.compile("|".join(ways).encode())


def folder_of(file: Path | None, root: Path) -> str:
    """The folder of a settings file relative to the root; empty for the root itself."""
    if file is None or not file.is_relative_to(root):
        return ""
    relative = file.parent.relative_to(root).as_posix()
    return "" if relative == "." else relative
