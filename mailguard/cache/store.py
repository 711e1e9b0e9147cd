"""Where entries lie, whose they are, and which question each of them answers."""

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
    from collections.abc import Iterator, Sequence
    from typing import Final


SIZE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes of one entry, and of all of them together."""

PASSED_OVER: Final = frozenset(
    ".git .hg .svn __pycache__ node_modules .tox .nox .venv .mypy_cache .ruff_cache .pytest_cache".split()
)
"""Folders that tools make: those of ``discover``."""

ENVIRONMENT: Final = ("PATH", "HOME", "COLUMNS", "LINES", "TERM", "NO_COLOR", "CLICOLOR_FORCE", "PRE_COMMIT_FROM_REF")
"""What a report can depend on besides."""

FORMAT: Final = b"mailguard 3"
"""What an entry begins with; another one is of another mailguard."""


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


def key_of(place: str, *, make: bool) -> bytes | None:
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
    # A pipe in its place would be waited for.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(file, os.O_RDONLY | flags)
    with open(handle, "rb") as stream:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode) or not _is_ours(about) or about.st_size > limit:
            raise OSError("not a file of this cache")
        return stream.read(), about


def _write(file: str, data: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(handle, "wb") as stream:
        stream.write(data)


def lies_in(place: str, root: str) -> bool:
    """Whether the cache lies in the tree: then the tree could have brought it."""
    return os.path.join(os.path.realpath(place), "").startswith(os.path.join(os.path.realpath(root), ""))


def _entry(place: str, key: bytes, question: bytes) -> str:
    return os.path.join(place, "run-" + blake2b(question, key=key, digest_size=20).hexdigest())


def load(place: str, key: bytes, question: bytes) -> bytes:
    """The entry for a question. Raises ``OSError`` where there is none, ``ValueError`` for one that is not as it was stored."""
    data, _ = _read(_entry(place, key, question), SIZE_LIMIT)
    body = data[32:]
    if not _equal(data[:32], blake2b(body, key=key, digest_size=32).digest()):
        raise ValueError("not an entry of this user")
    return body


def store(place: str, key: bytes, question: bytes, body: bytes) -> None:
    """Make ``body`` the entry for a question. Raises ``OSError``."""
    file = _entry(place, key, question)
    fresh = f"{file}.{os.getpid()}.{time.time_ns()}"
    try:
        _write(fresh, blake2b(body, key=key, digest_size=32).digest() + body)
        os.replace(fresh, file)
    finally:
        if os.path.lexists(fresh):
            os.unlink(fresh)


def _equal(one: bytes, other: bytes) -> bool:
    """Whether two digests are equal, in a time that does not depend on where they differ."""
    difference = len(one) ^ len(other)
    for left, right in zip(one, other):  # noqa: B905  # lengths are compared above
        difference |= left ^ right
    return not difference


def digest(data: bytes) -> bytes:
    """What tells contents apart."""
    return blake2b(data, digest_size=16).hexdigest().encode()


def question_of(arguments: Sequence[str]) -> bytes:
    """Everything besides the tree that an answer depends on."""
    stream = sys.stdout
    parts = [os.getcwd(), *arguments, "", *program(), stream.encoding or ""]
    parts += [f"{name}={os.environ.get(name, '')}" for name in ENVIRONMENT]
    if stream.isatty():
        try:
            parts.append(str(os.get_terminal_size(stream.fileno())))
        except (OSError, ValueError):
            parts.append("?")
    return "\0".join(parts).encode("utf-8", "surrogateescape")


def program() -> Iterator[str]:
    """What says which mailguard this is: its files, the Python that runs it, and what is installed beside it."""
    yield sys.version
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
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


def merging() -> bool:
    """Whether git is about to commit a merge, and says with what in its environment only (see ``git.merged``)."""
    return any(name.startswith("GITHEAD_") for name in os.environ)
