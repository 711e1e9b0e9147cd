"""What git has checked out and staged, read from its files without starting it."""

from __future__ import annotations

import os

from mailguard.cache.store import digest

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def head_of(root: str) -> bytes | None:
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


def index_file(root: str) -> str:
    """Where git keeps what is staged."""
    return os.path.join(root, os.environ.get("GIT_INDEX_FILE") or os.path.join(".git", "index"))


def entries_of(data: bytes, starts: list[int] | None = None) -> dict[bytes, bytes] | None:
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


def names_of(data: bytes) -> bytes | None:
    """What of an index says which files there are."""
    entries = entries_of(data)
    if entries is None:
        return None
    return digest(b"\0".join(path + about[:4] + about[24:] for path, about in entries.items()))


class Next:
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
    def of(cls, index: bytes) -> Next | None:
        """An index; None for one that is not read here, or with a path that breaks a line or may be an address."""
        starts: list[int] = []
        entries = entries_of(index, starts)
        if entries is None or any(b"\n" in path or b"\t" in path or _may_name(path) for path in entries):
            return None
        lines, parts, at = [b"\n"], [], 0
        for path, body in _trees(entries).items():
            lines.append(b"%b\t%d\t%d\n" % (path, at, len(body)))
            parts.append(body)
            at += len(body)
        return cls(index, b"".join(start.to_bytes(4, "big") for start in starts), b"".join(lines), b"".join(parts))

    @classmethod
    def read(cls, data: bytes, lengths: Sequence[int]) -> Next:
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

    def with_changes(self, new: bytes, changed: Sequence[int]) -> Next:
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
        return Next(new, self.starts, self.table, bytes(bodies))


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


def _object_name(body: bytes) -> bytes:
    """The name of the object of one folder."""
    name: bytes = _sha1()(b"tree %d\0" % len(body) + body, usedforsecurity=False).digest()
    return name


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


def tail_of(head: bytes, kept: Next, out: bytes) -> tuple[bytes, bytes]:
    """What is kept of the next commit: the commit before it and the lengths of the rest; the rest."""
    parts = (out, *kept.parts())
    return b"\t".join((head, *(b"%d" % len(part) for part in parts))), b"".join(parts)


def tree_of_commit(root: str, commit: bytes) -> bytes | None:
    """The tree of a commit, where it is a loose object, as new ones are."""
    import zlib  # noqa: PLC0415  # only where something was staged

    name = commit.decode("ascii")
    if not name.isalnum():
        return None
    with open(os.path.join(root, ".git", "objects", name[:2], name[2:]), "rb") as stream:
        text = zlib.decompressobj().decompress(stream.read(4096), 200)
    _, _, body = text.partition(b"\0")
    return body[5:45] if body.startswith(b"tree ") else None


def is_blob(data: bytes, name: bytes) -> bool:
    """Whether ``name`` is what git calls a file with this content."""
    return bool(_sha1()(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest() == name)


def _sha1() -> Any:
    """The digest of git's names, without the rest of hashlib where that can be."""
    try:
        from _sha1 import sha1  # type: ignore[import-not-found]  # noqa: PLC0415  # not in the stubs; only for git
    except ImportError:
        from hashlib import sha1  # noqa: PLC0415  # the same
    return sha1
