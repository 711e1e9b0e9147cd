"""Writes down what a run came to, with all that it depended on."""

from __future__ import annotations

import os
import stat

from mailguard.cache.index import Next, entries_of, head_of, index_file, is_blob, names_of, tail_of
from mailguard.cache.store import (
    FORMAT,
    PASSED_OVER,
    SIZE_LIMIT,
    digest,
    folder,
    key_of,
    lies_in,
    merging,
    question_of,
    store,
)
from mailguard.cache.tree import (
    LOUD,
    TEST,
    content_of,
    could_matter,
    could_speak,
    definitions_of,
    listing_of,
    suffix_of,
    times_of,
)

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Final


RACY: Final = 2_000_000_000
"""Nanoseconds: a file that was written so shortly before a run may be written again without its times telling."""

MARGIN: Final = 20_000_000
"""Nanoseconds by which the times of files lag behind the clock."""

WATCHED: Final = 60_000
"""Folders and files that are watched; of a larger tree nothing is remembered."""

ENTRIES: Final = 200
"""Entries that are kept; the oldest go first."""


class Watched:
    """What a run searched for, and which files it looked into."""

    __slots__ = ("loud", "test", "words")

    def __init__(self, loud: Iterable[str], test: Iterable[str], words: Iterable[tuple[bytes, ...]]) -> None:
        self.loud = frozenset(loud)
        """Python files that were parsed, or that hold one of ``words``."""
        self.test = frozenset(test)
        """Python files of test code, in which no functions are searched for."""
        self.words = tuple(sorted(set(words)))
        """A file that holds all parts of one of them could matter."""

    def never_mattered(self, path: str, before: bytes) -> bool:
        """Whether neither a file nor what it was ``before`` could matter."""
        return path not in self.loud and b"test" not in before and not could_speak(before, self.words)


class Kept:
    """A finished run."""

    __slots__ = ("clean", "code", "files", "out", "root", "rules", "staged", "watched")

    def __init__(
        self,
        *,
        root: str,
        out: str,
        code: int,
        files: dict[str, str],
        rules: str,
        watched: Watched | None,
        staged: bool,
        clean: bool,
    ) -> None:
        self.root = root
        self.out = out
        self.code = code
        self.files = files
        """The Python files that it was about: what is opened, and what is printed; nothing where that is not sure."""
        self.rules = rules
        """The folder of the project's own rules; empty for none."""
        self.watched = watched
        self.staged = staged
        self.clean = clean
        """Whether nothing was found, left unread or remarked, and no settings are about to change."""


def keep(arguments: Sequence[str], kept: Kept, before: int) -> bool:
    """Remember a run that began at ``before`` (nanoseconds of the clock); whether it could be done. Never raises."""
    if "--no-cache" in arguments or merging():
        return False
    try:
        place = folder()
        if not place or lies_in(place, kept.root):
            return False
        body = _body(arguments, kept, before)
        key = key_of(place, make=True)
        if body is None or key is None or len(body) > SIZE_LIMIT // 4:
            return False
        store(place, key, question_of(arguments), body)
        _prune(place)
    except (OSError, ValueError, UnicodeError):
        return False
    return True


def _body(arguments: Sequence[str], kept: Kept, before: int) -> bytes | None:
    words = kept.watched.words if kept.watched is not None else ()
    if any(mark in part for word in words for part in word for mark in (b"\n", b"\x1f", b"\0")) or any(
        not part for word in words for part in word
    ):
        return None
    section = _staged(kept, before) if kept.staged else _on_disk(kept, before)
    if section is None:
        return None
    git, files, folders, tail = section
    marks = b"\n".join(b"\t".join(mark) for mark in _marks(kept.root))
    body = b"\0".join(
        (
            FORMAT,
            digest(question_of(arguments)),
            b"staged" if kept.staged else b"tree",
            os.fsencode(kept.root),
            b"%d" % kept.code,
            b"%d" % kept.clean,
            marks,
            folders,
            files,
            b"\n".join(b"\x1f".join(word) for word in words),
            git,
        )
    )
    # A path could be an address, or break a line of the entry.
    if b"@" in marks + folders + files or body.count(b"\0") != 10:
        return None
    return body + b"\0" + tail


def _kind(kept: Kept, path: str, data: bytes) -> bytes:
    """What an edit of a file can do; ``path`` is as it is printed."""
    watched = kept.watched
    if watched is None or not path or path in watched.loud or data.startswith(b"#!") or b"mailguard" in data:
        return LOUD
    if suffix_of(os.path.basename(path)) not in (".py", ".pyw"):
        return LOUD
    if path in watched.test:
        return TEST
    # What application code imports is no test code, whatever it is called.
    return LOUD if b"test" in data else definitions_of(data)


def _on_disk(kept: Kept, before: int) -> tuple[bytes, bytes, bytes, bytes] | None:
    """What of a tree on the disk has to be as it is: git's part, files, folders. The last part is what was printed."""
    root = kept.root
    git = b""
    if os.path.lexists(os.path.join(root, ".git")):
        head = head_of(root)
        if head is None:
            return None
        with open(os.path.join(root, ".git", "index"), "rb") as stream:
            data = stream.read()
        names = names_of(data)
        if names is None:
            return None
        git = b"\t".join((head, digest(data), names))
    wanted = dict.fromkeys(kept.files)
    folders: list[bytes] = []
    for place, names_here, files_here in _folders(root):
        if len(folders) + len(wanted) > WATCHED or (place != root and (".git", True) in names_here):
            return None
        about = os.lstat(place)
        folders.append(b"\t".join((_times_or_none(about, before), listing_of(names_here), os.fsencode(place))))
        wanted.update(dict.fromkeys(files_here))
    for place, _, found in os.walk(kept.rules) if kept.rules else ():
        wanted.update((os.path.join(place, name), None) for name in found)
    files = []
    for path in wanted:
        about = os.lstat(path)
        kind = LOUD
        if stat.S_ISREG(about.st_mode):
            with open(path, "rb") as stream:
                data = stream.read()
            content = digest(data)
            if path in kept.files:
                kind = _kind(kept, kept.files[path], data)
        else:
            content = content_of(path, about)
        files.append(b"\t".join((_times_or_none(about, before), content, kind, os.fsencode(path))))
    return git, b"\n".join(files), b"\n".join(folders), kept.out.encode("utf-8", "surrogateescape")


def _staged(kept: Kept, before: int) -> tuple[bytes, bytes, bytes, bytes] | None:
    """What of the next commit has to be as it is: git's part, files; and what was printed, with what is staged."""
    head = head_of(kept.root)
    with open(index_file(kept.root), "rb") as stream:
        _times_or_none(os.fstat(stream.fileno()), before)
        data = stream.read()
    entries, fresh = entries_of(data), Next.of(data)
    if head is None or entries is None or fresh is None:
        return None
    rows = []
    for path, about in entries.items():
        name = os.fsdecode(path)
        if not could_matter(os.path.basename(name)):
            continue
        kind = LOUD
        file = os.path.join(os.fsencode(kept.root), path)
        # A link may lead to a device that never ends, and a pipe waits for a writer.
        if suffix_of(name) in (".py", ".pyw") and stat.S_ISREG(os.lstat(file).st_mode):
            with open(file, "rb") as stream:
                content = stream.read()
            if is_blob(content, about[4:24]):
                kind = _kind(kept, kept.files.get(os.path.join(kept.root, name), ""), content)
        rows.append(b"\t".join((kind, path)))
    git, tail = tail_of(head, fresh, kept.out.encode("utf-8", "surrogateescape"))
    return git, b"\n%b\n" % b"\n".join(rows), b"", tail


def _prune(place: str) -> None:
    """Let the oldest entries go, and what a run that was stopped left behind."""
    with os.scandir(place) as entries:
        found = [(entry.stat(follow_symlinks=False), entry.path) for entry in entries if entry.name.startswith("run-")]
    found.sort(key=lambda each: each[0].st_mtime_ns, reverse=True)
    size = 0
    for number, (about, path) in enumerate(found):
        size += about.st_size
        if number >= ENTRIES or size > SIZE_LIMIT:
            os.unlink(path)


def _marks(root: str) -> Iterator[tuple[bytes, bytes]]:
    """What decides where a tree begins: whether these are there, in its root and above, and above where we are."""
    seen = set()
    for start in (root, os.getcwd()):
        place = start
        while place not in seen:
            seen.add(place)
            for name in (".git", "pyproject.toml", "mailguard.toml", "setup.py", "setup.cfg"):
                path = os.path.join(place, name)
                yield b"%d" % os.path.lexists(path), os.fsencode(path)
            place = os.path.dirname(place)


def _folders(root: str) -> Iterator[tuple[str, list[tuple[str, bool]], list[str]]]:
    """Every folder of a tree with what is in it, links not followed; and the files in it whose content counts."""
    stack = [root]
    while stack:
        place = stack.pop()
        with os.scandir(place) as entries:
            found = [(entry.name, entry.is_dir(follow_symlinks=False), entry.is_symlink()) for entry in entries]
        names = [(name, is_folder) for name, is_folder, _ in found]
        files = [name for name, is_folder, is_link in found if not is_folder and _content_counts(name, is_link)]
        yield place, names, [os.path.join(place, name) for name in files]
        stack += [os.path.join(place, name) for name, is_folder in names if is_folder and name not in PASSED_OVER]


def _content_counts(name: str, is_link: bool) -> bool:
    """Whether what is in a file counts that is none of the Python files of a run: for settings, and to tell what is code."""
    if is_link:
        return could_matter(name)
    return suffix_of(name) in ("", ".cgi", ".sh", ".toml") or name == "mailguard-baseline.json"


class _ChangedError(ValueError):
    """What a run read was changed while it ran."""


def _times_or_none(about: os.stat_result, before: int) -> bytes:
    """The times of what was not changed just now; else nothing, so that its content is compared each time.

    Raises :class:`_ChangedError` where it may have been changed since ``before``: then nobody knows what the run has read.
    """
    last = max(about.st_mtime_ns, about.st_ctime_ns)
    coarse = not about.st_ctime_ns % 1_000_000_000
    if last >= before - (RACY if coarse else MARGIN):
        raise _ChangedError
    return times_of(about) if last < before - RACY else b""
