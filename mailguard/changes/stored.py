"""A tree as git has it: the files of a commit, or of what the next commit would hold."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mailguard import git
from mailguard.baseline import FILE as BASELINE_FILE
from mailguard.baseline import Baseline, parse
from mailguard.config import FILE_NAMES, Settings, find, load
from mailguard.discover import (
    PYTHON_SUFFIXES,
    SHEBANG,
    SHEBANG_SUFFIXES,
    File,
    Files,
    NothingToCheck,
    Tree,
    display_path,
)
from mailguard.globs import Globs
from mailguard.model.finding import NOT_CHECKED_OUT, Skip, SkipReason
from mailguard.model.place import Place

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
