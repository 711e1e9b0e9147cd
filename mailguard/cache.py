"""What a run came to, remembered: the same question about the same tree gets the same answer without looking again.

A cache costs time where it is missing, foreign, broken or read-only, and never a finding: an entry counts only if this user
wrote it (a keyed digest of all of it), if mailguard, its rules and the Python that it runs on are the same, and if nothing
that the run depended on has changed. It lies outside of every tree. An entry holds digests, names of functions, paths and the
report as it was printed, which names nobody; where a report reveals addresses, or a path could be one, there is no entry.

A file that the run never parsed can be edited without a new look if neither the old nor the new text names what the run
searched for: the tokens of the mail libraries, and the functions on the way to a mail call.

This module is loaded before anything else and imports next to nothing, so that a hook is answered in milliseconds.
"""

from __future__ import annotations

import os
import stat
import sys
import time

if sys.version_info >= (3, 15):
    from hashlib import blake2b
else:
    try:
        # hashlib loads OpenSSL, which takes longer than the rest of this module.
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any, Final

__all__ = ["Kept", "Watched", "answer", "could_matter", "keep"]

RACY: Final = 2_000_000_000
"""Nanoseconds: a file that was written so shortly before a run may be written again without its times telling."""

SIZE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one entry, and of all of them together."""

ENTRIES: Final = 200
"""Entries that are kept; the oldest go first."""

WATCHED: Final = 60_000
"""Folders and files that are watched; of a larger tree nothing is remembered."""

CODE: Final = (".py", ".pyw", ".ipynb", ".wsgi", "", ".cgi", ".sh")
"""Suffixes of files that are, or may be, Python; ``discover`` says which. A name that starts with a dot has none."""

SETTINGS: Final = (".toml", ".yaml", ".yml", ".json", ".cfg", ".ini")
"""Suffixes of files that may hold settings, rules, or what is known."""

PASSED_OVER: Final = frozenset(
    ".git .hg .svn __pycache__ node_modules .tox .nox .venv .mypy_cache .ruff_cache .pytest_cache".split()
)
"""Folders that tools make: those of ``discover``."""

ENVIRONMENT: Final = ("PATH", "HOME", "COLUMNS", "LINES", "TERM", "NO_COLOR", "CLICOLOR_FORCE", "PRE_COMMIT_FROM_REF")
"""What a report can depend on besides."""

LOUD: Final = b"-"
"""The kind of a file of which any change counts."""
TEST: Final = b"t"
"""The kind of a test file that was not parsed."""

MARGIN: Final = 20_000_000
"""Nanoseconds by which the times of files lag behind the clock."""

_FORMAT: Final = b"mailguard 2"


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
        return path not in self.loud and b"test" not in before and not _speaks(before, self.words)


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


# --------------------------------------------------------------------------------------------------
# Where, and whose


def folder() -> str:
    """The folder of the cache; empty where there is no place for one."""
    own = os.environ.get("MAILGUARD_CACHE_DIR")
    if own is not None:
        return os.path.abspath(own) if own else ""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA", "")
        elif sys.platform == "darwin":
            base = os.path.join(home, "Library", "Caches")
        else:
            base = os.path.join(home, ".cache")
    return os.path.join(base, "mailguard") if os.path.isabs(base) else ""


def _is_ours(status: os.stat_result) -> bool:
    """Whether nobody but this user can write it."""
    if not hasattr(os, "geteuid"):
        return True  # Windows: the folder of a user is its own
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _key(place: str, *, make: bool) -> bytes | None:
    """The key of this user; None if there is none, or somebody else could have written it."""
    file = os.path.join(place, "key")
    if make:
        os.makedirs(place, mode=0o700, exist_ok=True)
    about = os.lstat(place)
    if not stat.S_ISDIR(about.st_mode) or not _is_ours(about):
        return None
    if make and not os.path.lexists(file):
        fresh = f"{file}.{os.getpid()}.{time.time_ns()}"
        _write(fresh, os.urandom(32))
        try:
            os.link(fresh, file)  # whoever is first has made it; a rename would replace theirs
        except OSError:
            if not os.path.lexists(file):
                os.rename(fresh, file)
        if os.path.lexists(fresh):
            os.unlink(fresh)
    data, about = _read(file, 64)
    private = not hasattr(os, "geteuid") or not about.st_mode & 0o077
    return data if len(data) == 32 and private else None


def _read(file: str, limit: int) -> tuple[bytes, os.stat_result]:
    """A file of the cache. Raises ``OSError`` also for a link, for what is not ours, and for what is too large."""
    handle = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or not _is_ours(about) or about.st_size > limit:
            raise OSError("not a file of this cache")
        return stream.read(), about


def _write(file: str, data: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(handle, "wb") as stream:
        stream.write(data)


# --------------------------------------------------------------------------------------------------
# What is asked


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).hexdigest().encode()


def _program() -> Iterator[str]:
    """What says which mailguard this is: its files, the Python that runs it, and what is installed beside it."""
    yield sys.version
    package = os.path.dirname(os.path.abspath(__file__))
    rules = os.path.join(os.path.dirname(package), "rules")
    stack = [package, rules]
    while stack:
        place = stack.pop()
        try:
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in PASSED_OVER:
                    stack.append(entry.path)
                continue
            about = entry.stat(follow_symlinks=False)
            yield f"{entry.path} {about.st_size} {about.st_mtime_ns} {about.st_ino}"
    yield from map(_installed, sys.path)


def _installed(place: str) -> str:
    try:
        return f"{place} {os.stat(place).st_mtime_ns}"
    except OSError:
        return place


def _question(arguments: Sequence[str]) -> bytes:
    """Everything besides the tree that an answer depends on."""
    stream = sys.stdout
    parts = [os.getcwd(), *arguments, "", *_program(), stream.encoding or ""]
    parts += [f"{name}={os.environ.get(name, '')}" for name in ENVIRONMENT]
    if stream.isatty():
        try:
            parts.append(str(os.get_terminal_size(stream.fileno())))
        except (OSError, ValueError):
            parts.append("?")
    return "\0".join(parts).encode("utf-8", "surrogateescape")


# --------------------------------------------------------------------------------------------------
# What a tree is


def suffix_of(name: str) -> str:
    """The suffix of a file name, in small letters; empty for none."""
    return os.path.splitext(name)[1].lower()


def could_matter(name: str) -> bool:
    """Whether a file may be code, or hold settings, by its name."""
    return suffix_of(name) in CODE or suffix_of(name) in SETTINGS


def _times(about: os.stat_result) -> bytes:
    return b"%d.%d.%d.%d.%d" % (
        about.st_mtime_ns,
        about.st_ctime_ns,
        about.st_size,
        about.st_ino,
        about.st_mode,
    )


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
    return _times(about) if last < before - RACY else b""


def _content(path: str, about: os.stat_result) -> bytes | None:
    """A digest of a file; of a link, where it leads and whether a file is there. None for anything else."""
    if stat.S_ISLNK(about.st_mode):
        return _digest(os.fsencode(os.readlink(path)) + b"\0%d" % os.path.isfile(path))
    if not stat.S_ISREG(about.st_mode):
        return _digest(b"neither")
    with open(path, "rb") as stream:
        return _digest(stream.read())


def _listing(names: Iterable[tuple[str, bool]]) -> bytes:
    kept = sorted(
        name + ("/" if is_folder else "")
        for name, is_folder in names
        if (name not in PASSED_OVER if is_folder else could_matter(name))
    )
    return _digest("\0".join(kept).encode("utf-8", "surrogateescape"))


def _content_counts(name: str, is_link: bool) -> bool:
    """Whether what is in a file counts that is none of the Python files of a run: for settings, and to tell what is code."""
    if is_link:
        return could_matter(name)
    return suffix_of(name) in ("", ".cgi", ".sh", ".toml") or name == "mailguard-baseline.json"


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


_DEFINES: Final = (b"def", b"class", b"async", b"@")


def _definitions(data: bytes) -> bytes:
    """A digest of the lines that define classes and functions, up to the end of their bases or parameters."""
    kept: list[bytes] = []
    wanted, last = 0, -2
    for number, line in enumerate(data.split(b"\n")):
        if wanted:
            kept.append(line)
            wanted = 0 if b")" in line else wanted - 1
        elif line.lstrip().startswith(_DEFINES):
            kept.append(b"%d" % (bool(kept) and number - last == 1))
            kept.append(line)
            wanted = 20 if b"(" in line and b")" not in line else 0
        else:
            continue
        last = number
    return _digest(b"\n".join(kept))


def _speaks(data: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    """Whether a file could matter by what it names, or is in letters that a search may miss."""
    if b"mailguard" in data or b"\0" in data or b"coding" in data[:200]:
        return True
    if not data.isascii() and any(odd in data for odd in (b"\xf0\x9d", b"\xef\xbc", b"\xef\xbd", b"\xef\xbb\xbf")):
        return True
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    from mailguard.search import holds  # noqa: PLC0415  # where a file was edited

    return any(all(holds(part, data) for part in word) for word in words)


def _changed_quietly(kind: bytes, data: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    """Whether new content of a file that the run did not look into changes nothing."""
    if kind == LOUD or (kind != TEST and (b"test" in data or _definitions(data) != kind)):
        return False
    return not data.startswith(b"#!") and not _speaks(data, words)


# --------------------------------------------------------------------------------------------------
# git


def _head(root: str) -> bytes | None:
    """The commit that is checked out, as far as a file says; None where something else would have to be asked."""
    git = os.path.join(root, ".git")
    if not os.path.isdir(git) or os.path.islink(git) or os.path.lexists(os.path.join(git, "MERGE_HEAD")):
        return None
    with open(os.path.join(git, "HEAD"), "rb") as stream:
        head = stream.read().strip()
    if not head.startswith(b"ref: "):
        return head if len(head) == 40 else None
    name = os.fsdecode(head[5:])
    if ".." in name or not name.startswith("refs/") or name.endswith(".invalid"):
        return None
    try:
        with open(os.path.join(git, name), "rb") as stream:
            commit = stream.read().strip()
            return commit if len(commit) == 40 else None
    except FileNotFoundError:
        pass
    try:
        with open(os.path.join(git, "packed-refs"), "rb") as stream:
            packed = stream.read()
    except FileNotFoundError:
        return None
    return next((line[:40] for line in packed.split(b"\n") if line[40:] == b" " + head[5:]), None)


def _index_file(root: str) -> str:
    return os.path.join(root, os.environ.get("GIT_INDEX_FILE") or os.path.join(".git", "index"))


def _index(data: bytes, starts: list[int] | None = None) -> dict[bytes, bytes] | None:
    """The files of git's index, each with mode and content name; None for an index of a kind that is not read here.

    ``starts`` takes where each entry begins, and where the last one ends.
    gitformat-index(5): versions 2 and 3, without a split or sparse index, conflicts or submodules; names of SHA-1.
    """
    if data[:4] != b"DIRC" or int.from_bytes(data[4:8], "big") not in (2, 3):
        return None
    count = int.from_bytes(data[8:12], "big")
    at = 12
    found: dict[bytes, bytes] = {}
    end = len(data) - 20
    for _ in range(count):
        if at + 62 > end:
            return None
        if starts is not None:
            starts.append(at)
        flags = data[at + 60] << 8 | data[at + 61]
        start = at + (64 if flags & 0x4000 else 62)
        stop = data.find(b"\0", start)
        if stop < 0 or flags & 0x3000:
            return None
        mode = data[at + 24 : at + 28]
        if mode == b"\0\0\xe0\0":
            return None
        # Skip-worktree is the second bit of the extended flags.
        extra = data[at + 62 : at + 63] if flags & 0x4000 else b"\0"
        found[data[start:stop]] = mode + data[at + 40 : at + 60] + extra
        at += (stop - at + 8) & ~7
    if starts is not None:
        starts.append(at)
    return found if _is_whole(data, at) else None


def _is_whole(data: bytes, at: int) -> bool:
    """Whether an index holds all of its files itself, as its extensions say, which begin ``at``."""
    end = len(data) - 20
    while at < end:
        if data[at : at + 4] in (b"link", b"sdir") or at + 8 > end:
            return False
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return True


def _index_names(data: bytes) -> bytes | None:
    """What of an index says which files there are."""
    entries = _index(data)
    if entries is None:
        return None
    return _digest(b"\0".join(path + about[:4] + about[24:] for path, about in entries.items()))


def _tree_name(entries: dict[bytes, bytes]) -> bytes:
    """The name that git gives to the tree of an index."""
    return _object_name(_trees(entries)[b""]).hex().encode()


def _object_name(body: bytes) -> bytes:
    """The name of the object of one folder."""
    name: bytes = _sha1()(b"tree %d\0" % len(body) + body, usedforsecurity=False).digest()
    return name


def _trees(entries: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """What git writes for each folder of an index: gitformat-pack(5)."""
    folders: dict[bytes, dict[bytes, bytes]] = {b"": {}}
    for path, about in entries.items():
        parent, _, name = path.rpartition(b"/")
        folders.setdefault(parent, {})[name] = b"%o %b\0" % (int.from_bytes(about[:4], "big"), name) + about[4:24]
    for path in list(folders):
        while path:
            path = path.rpartition(b"/")[0]  # noqa: PLW2901  # up to the root
            folders.setdefault(path, {})
    made = {}
    for path in sorted(folders, key=lambda each: each.count(b"/") if each else -1, reverse=True):
        members = folders[path]
        body = made[path] = b"".join(members[name] for name in sorted(members))
        parent, _, name = path.rpartition(b"/")
        if path:
            # Among its siblings a folder is sorted as if its name ended with a slash.
            folders[parent][name + b"/"] = b"40000 %b\0" % name + _object_name(body)
    return made


class _Next:
    """What is staged, kept so that the next time only what differs is looked at."""

    __slots__ = ("bodies", "index", "starts", "table")

    def __init__(self, index: bytes, starts: bytes, table: bytes, bodies: bytes) -> None:
        self.index = index
        """git's index as it is."""
        self.starts = starts
        """Where in it each entry begins and the last one ends, in four bytes each."""
        self.table = table
        """A line for each folder: its path, where its object is in ``bodies``, and how long that is."""
        self.bodies = bodies

    @classmethod
    def of(cls, index: bytes) -> _Next | None:
        """An index; None for one that is not read here, or with a path that breaks a line or may be an address."""
        starts: list[int] = []
        entries = _index(index, starts)
        if entries is None or any(b"\n" in path or b"\t" in path or _may_name(path) for path in entries):
            return None
        lines, parts, at = [b"\n"], [], 0
        for path, body in _trees(entries).items():
            lines.append(b"%b\t%d\t%d\n" % (path, at, len(body)))
            parts.append(body)
            at += len(body)
        return cls(index, b"".join(start.to_bytes(4, "big") for start in starts), b"".join(lines), b"".join(parts))

    @classmethod
    def read(cls, data: bytes, lengths: Sequence[int]) -> _Next:
        """What :meth:`parts` gave, put one after the other."""
        parts, at = [], 0
        for length in lengths:
            parts.append(data[at : at + length])
            at += length
        if len(parts) != 4 or at != len(data):
            raise ValueError("not what was written")
        return cls(*parts)

    def parts(self) -> tuple[bytes, bytes, bytes, bytes]:
        """What is kept."""
        return self.index, self.starts, self.table, self.bodies

    def tree(self) -> bytes:
        """The name of the tree that a commit of it has."""
        first, last = self._body(self.table, b"")
        return _object_name(self.bodies[first:last]).hex().encode()

    @staticmethod
    def _body(table: bytes, folder: bytes) -> tuple[int, int]:
        at = table.index(b"\n" + folder + b"\t") + len(folder) + 2
        start, length = table[at : table.index(b"\n", at)].split(b"\t")
        return int(start), int(start) + int(length)

    def changed(self, new: bytes) -> list[int] | None:
        """Where the entries begin whose content is another in ``new``; None where there are other files, or too many."""
        old, starts = self.index, self.starts
        count = len(starts) // 4 - 1
        end = int.from_bytes(starts[-4:], "big")
        if count < 1 or new[:12] != old[:12] or not _is_whole(new, end):
            return None
        found: list[int] = []
        at, seen = 12, 0
        while at < end:
            step = min(at + 8192, end)
            if old[at:step] == new[at:step]:
                at = step
                continue
            same, other = at, step
            while other - same > 1:
                middle = (same + other) // 2
                if old[same:middle] == new[same:middle]:
                    same = middle
                else:
                    other = middle
            low, high = 0, count
            while high - low > 1:
                middle = (low + high) // 2
                if int.from_bytes(starts[4 * middle : 4 * middle + 4], "big") <= same:
                    low = middle
                else:
                    high = middle
            start, stop = (int.from_bytes(starts[4 * low + each : 4 * low + each + 4], "big") for each in (0, 4))
            seen += 1
            if (
                seen > 500
                or old[start + 60 : stop] != new[start + 60 : stop]
                or old[start + 24 : start + 28] != new[start + 24 : start + 28]
            ):
                return None
            if old[start + 40 : start + 60] != new[start + 40 : start + 60]:
                found.append(start)
            at = stop
        return found

    def path(self, start: int) -> bytes:
        """The path of the entry that begins there."""
        flags = self.index[start + 60] << 8 | self.index[start + 61]
        first = start + (64 if flags & 0x4000 else 62)
        return self.index[first : self.index.index(b"\0", first)]

    def with_changes(self, new: bytes, changed: Sequence[int]) -> _Next:
        """The same for ``new``, in which the content of these entries is another."""
        bodies = bytearray(self.bodies)
        for start in changed:
            path = self.path(start)
            mode = int.from_bytes(new[start + 24 : start + 28], "big")
            before, after = self.index[start + 40 : start + 60], new[start + 40 : start + 60]
            while path:
                parent, _, name = path.rpartition(b"/")
                first, last = self._body(self.table, parent)
                old = _object_name(bytes(bodies[first:last]))
                row = b"%o %b\0" % (mode, name)
                at = bodies.index(row + before, first, last) + len(row)
                bodies[at : at + 20] = after
                before, after = old, _object_name(bytes(bodies[first:last]))
                path, mode = parent, 0o40000
        return _Next(new, self.starts, self.table, bytes(bodies))


def _may_name(path: bytes) -> bool:
    """Whether a path may hold an address: not for ``@types/x`` and ``icon@2x.png``."""
    at = path.find(b"@")
    while at >= 0:
        if path[max(at - 1, 0) : at] not in (b"", b"/") and path[at + 1 : at + 4] not in (
            b"1x.",
            b"2x.",
            b"3x.",
            b"4x.",
        ):
            return True
        at = path.find(b"@", at + 1)
    return False


def _tree_of_commit(root: str, commit: bytes) -> bytes | None:
    """The tree of a commit, where it is a loose object, as new ones are."""
    import zlib  # noqa: PLC0415  # only where something was staged

    name = commit.decode("ascii")
    if not name.isalnum():
        return None
    with open(os.path.join(root, ".git", "objects", name[:2], name[2:]), "rb") as stream:
        text = zlib.decompressobj().decompress(stream.read(4096), 200)
    _, _, body = text.partition(b"\0")
    return body[5:45] if body.startswith(b"tree ") else None


def _is_blob(data: bytes, name: bytes) -> bool:
    return bool(_sha1()(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest() == name)


def _sha1() -> Any:
    """The digest of git's names, without the rest of hashlib where that can be."""
    try:
        from _sha1 import sha1  # type: ignore[import-not-found]  # noqa: PLC0415  # not in the stubs; only for git
    except ImportError:
        from hashlib import sha1  # noqa: PLC0415  # the same
    return sha1


# --------------------------------------------------------------------------------------------------
# Asking


def _merging() -> bool:
    """Whether git is about to commit a merge, and says with what in its environment only (see ``git.merged``)."""
    return any(name.startswith("GITHEAD_") for name in os.environ)


def answer(arguments: Sequence[str]) -> tuple[str, int] | None:
    """What a run with these arguments would print, and its exit code; None where one has to look."""
    if "--no-cache" in arguments or _merging():
        return None
    try:
        place = folder()
        key = _key(place, make=False) if place else None
        if key is None:
            return None
        question = _question(arguments)
        data, _ = _read(_entry(place, key, question), SIZE_LIMIT)
        body = data[32:]
        if not _equal(data[:32], blake2b(body, key=key, digest_size=32).digest()):
            return None
        form, asked, sort, root, code, clean, marks, folders, files, words, git, out = body.split(b"\0", 11)
        if form != _FORMAT or asked != _digest(question) or _inside(place, os.fsdecode(root)):
            return None
        if any(os.path.lexists(path) != (there == b"1") for there, path in _rows(marks, 2)):
            return None
        terms = [word.split(b"\t") for word in words.split(b"\n") if word]
        where = os.fsdecode(root)
        if sort == b"staged":
            head, size, *lengths = git.split(b"\t")
            kept = _Next.read(out[int(size) :], [int(length) for length in lengths])
            out = out[: int(size)]
            now = _same_staged(where, head, kept, files, terms, clean == b"1")
            same = now is not None
            if now is not None and now != (head, kept):
                # The next commit is compared with what this one makes.
                about, tail = _tail(now[0], now[1], out)
                parts = (form, asked, sort, root, code, clean, marks, folders, files, words, about)
                try:  # noqa: SIM105  # contextlib is not loaded for this
                    _store(place, key, question, b"\0".join((*parts, tail)))
                except OSError:
                    pass  # the answer is right all the same
        else:
            same = _same_git(where, git) and _same_folders(folders) and _same_files(files, terms)
        return (out.decode("utf-8", "surrogateescape"), int(code)) if same else None
    except (OSError, ValueError, UnicodeError):
        return None


def _equal(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in a time that does not depend on where they differ."""
    difference = len(one) ^ len(other)
    for left, right in zip(one, other):  # noqa: B905  # lengths are compared above
        difference |= left ^ right
    return not difference


def _rows(section: bytes, count: int) -> Iterator[list[bytes]]:
    for line in section.split(b"\n"):
        if line:
            yield line.split(b"\t", count - 1)


def _entry(place: str, key: bytes, question: bytes) -> str:
    return os.path.join(place, "run-" + blake2b(question, key=key, digest_size=20).hexdigest())


def _inside(place: str, root: str) -> bool:
    """Whether the cache lies in the tree: then the tree could have brought it."""
    return os.path.join(os.path.realpath(place), "").startswith(os.path.join(os.path.realpath(root), ""))


def _same_git(root: str, git: bytes) -> bool:
    if not git:
        return not os.path.lexists(os.path.join(root, ".git"))
    head, index, names = git.split(b"\t")
    if _head(root) != head:
        return False
    with open(os.path.join(root, ".git", "index"), "rb") as stream:
        data = stream.read()
    return _digest(data) == index or (names != b"" and _index_names(data) == names)


def _same_folders(folders: bytes) -> bool:
    for times, listed, path in _rows(folders, 3):
        about = os.lstat(path)
        if times and _times(about) == times:
            continue
        if not stat.S_ISDIR(about.st_mode):
            return False
        with os.scandir(os.fsdecode(path)) as entries:
            if _listing((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries) != listed:
                return False
    return True


def _same_files(files: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    lstat = os.lstat
    for times, content, kind, path in _rows(files, 4):
        about = lstat(path)
        if times and _times(about) == times:
            continue
        name = os.fsdecode(path)
        if _content(name, about) == content:
            continue
        if kind == LOUD or not stat.S_ISREG(about.st_mode):
            return False
        with open(name, "rb") as stream:
            if not _changed_quietly(kind, stream.read(), words):
                return False
    return True


def _tail(head: bytes, kept: _Next, out: bytes) -> tuple[bytes, bytes]:
    """What is kept of the next commit: the commit before it and the lengths of the rest; the rest."""
    parts = (out, *kept.parts())
    return b"\t".join((head, *(b"%d" % len(part) for part in parts))), b"".join(parts)


def _same_staged(
    root: str, head: bytes, kept: _Next, files: bytes, words: Sequence[Sequence[bytes]], clean: bool
) -> tuple[bytes, _Next] | None:
    """What of the next commit has to be as it is from now on; None where what is staged differs in something that counts."""
    now = _head(root)
    if now is None:
        return None
    with open(_index_file(root), "rb") as stream:
        data = stream.read()
    if now == head and data == kept.index:
        return head, kept
    if not clean or (now != head and _tree_of_commit(root, now) != kept.tree()):
        return None
    changed = kept.changed(data)
    if changed is None:
        return _same_listed(root, now, kept, data, files, words)
    for start in changed:
        path = kept.path(start)
        if not _is_quiet(root, path, _kind_of(files, path), data[start + 40 : start + 60], words):
            return None
    return now, kept.with_changes(data, changed)


def _same_listed(
    root: str, now: bytes, kept: _Next, data: bytes, files: bytes, words: Sequence[Sequence[bytes]]
) -> tuple[bytes, _Next] | None:
    """The same where there are other files: all of them are compared."""
    before, after, fresh = _index(kept.index) or {}, _index(data), _Next.of(data)
    if after is None or fresh is None:
        return None
    for path in {*before, *after}:
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is None or new is None:
            if could_matter(os.path.basename(os.fsdecode(path))):
                return None
        elif could_matter(os.path.basename(os.fsdecode(path))) and (
            old[:4] != new[:4]
            or old[24:] != new[24:]
            or not _is_quiet(root, path, _kind_of(files, path), new[4:24], words)
        ):
            return None
    return now, fresh


def _kind_of(files: bytes, path: bytes) -> bytes:
    """The kind of a file; empty for one that holds neither code nor settings."""
    at = files.find(b"\t" + path + b"\n")
    return files[files.rfind(b"\n", 0, at) + 1 : at] if at >= 0 else b""


def _is_quiet(root: str, path: bytes, kind: bytes, name: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    """Whether new content of a file in the index, an object called ``name``, changes nothing."""
    if not kind:
        return not could_matter(os.path.basename(os.fsdecode(path)))
    if kind == LOUD:
        return False
    with open(os.path.join(os.fsencode(root), path), "rb") as stream:
        content = stream.read()
    # What is on the disk is searched only where it is what is staged.
    return _is_blob(content, name) and _changed_quietly(kind, content, words)


# --------------------------------------------------------------------------------------------------
# Keeping


def keep(arguments: Sequence[str], kept: Kept, before: int) -> bool:
    """Remember a run that began at ``before`` (nanoseconds of the clock); whether it could be done. Never raises."""
    if "--no-cache" in arguments or _merging():
        return False
    try:
        place = folder()
        if not place or _inside(place, kept.root):
            return False
        body = _body(arguments, kept, before)
        key = _key(place, make=True)
        if body is None or key is None or len(body) > SIZE_LIMIT // 4:
            return False
        _store(place, key, _question(arguments), body)
        _prune(place)
    except (OSError, ValueError, UnicodeError):
        return False
    return True


def _store(place: str, key: bytes, question: bytes, body: bytes) -> None:
    file = _entry(place, key, question)
    fresh = f"{file}.{os.getpid()}.{time.time_ns()}"
    try:
        _write(fresh, blake2b(body, key=key, digest_size=32).digest() + body)
        os.replace(fresh, file)
    finally:
        if os.path.lexists(fresh):
            os.unlink(fresh)


def _body(arguments: Sequence[str], kept: Kept, before: int) -> bytes | None:
    words = kept.watched.words if kept.watched is not None else ()
    if any(mark in part for word in words for part in word for mark in (b"\n", b"\t", b"\0")) or any(
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
            _FORMAT,
            _digest(_question(arguments)),
            b"staged" if kept.staged else b"tree",
            os.fsencode(kept.root),
            b"%d" % kept.code,
            b"%d" % kept.clean,
            marks,
            folders,
            files,
            b"\n".join(b"\t".join(word) for word in words),
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
    return LOUD if b"test" in data else _definitions(data)


def _on_disk(kept: Kept, before: int) -> tuple[bytes, bytes, bytes, bytes] | None:
    """What of a tree on the disk has to be as it is: git's part, files, folders. The last part is what was printed."""
    root = kept.root
    git = b""
    if os.path.lexists(os.path.join(root, ".git")):
        head = _head(root)
        if head is None:
            return None
        with open(os.path.join(root, ".git", "index"), "rb") as stream:
            data = stream.read()
        names = _index_names(data)
        if names is None:
            return None
        git = b"\t".join((head, _digest(data), names))
    wanted = dict.fromkeys(kept.files)
    folders: list[bytes] = []
    for place, names_here, files_here in _folders(root):
        if len(folders) + len(wanted) > WATCHED or (place != root and (".git", True) in names_here):
            return None
        about = os.lstat(place)
        folders.append(b"\t".join((_times_or_none(about, before), _listing(names_here), os.fsencode(place))))
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
            content: bytes | None = _digest(data)
            if path in kept.files:
                kind = _kind(kept, kept.files[path], data)
        else:
            content = _content(path, about)
        files.append(b"\t".join((_times_or_none(about, before), content or b"", kind, os.fsencode(path))))
    return git, b"\n".join(files), b"\n".join(folders), kept.out.encode("utf-8", "surrogateescape")


def _staged(kept: Kept, before: int) -> tuple[bytes, bytes, bytes, bytes] | None:
    """What of the next commit has to be as it is: git's part, files; and what was printed, with what is staged."""
    head = _head(kept.root)
    with open(_index_file(kept.root), "rb") as stream:
        _times_or_none(os.fstat(stream.fileno()), before)
        data = stream.read()
    entries, fresh = _index(data), _Next.of(data)
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
            if _is_blob(content, about[4:24]):
                kind = _kind(kept, kept.files.get(os.path.join(kept.root, name), ""), content)
        rows.append(b"\t".join((kind, path)))
    git, tail = _tail(head, fresh, kept.out.encode("utf-8", "surrogateescape"))
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
