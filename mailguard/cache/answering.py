"""The answer of an earlier run, if nothing that it depended on has changed."""

from __future__ import annotations

import os
import stat

from mailguard.cache.index import Next, entries_of, head_of, index_file, is_blob, names_of, tail_of, tree_of_commit
from mailguard.cache.store import FORMAT, digest, folder, key_of, lies_in, load, merging, question_of, store
from mailguard.cache.tree import LOUD, changed_quietly, content_of, could_matter, listing_of, times_of

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def answer(arguments: Sequence[str]) -> tuple[str, int] | None:
    """What a run with these arguments would print, and its exit code; None where one has to look."""
    if "--no-cache" in arguments or merging():
        return None
    try:
        place = folder()
        key = key_of(place, make=False) if place else None
        if key is None:
            return None
        question = question_of(arguments)
        body = load(place, key, question)
        form, asked, sort, root, code, clean, marks, folders, files, words, git, out = body.split(b"\0", 11)
        if form != FORMAT or asked != digest(question) or lies_in(place, os.fsdecode(root)):
            return None
        if any(os.path.lexists(path) != (there == b"1") for there, path in _rows(marks, 2)):
            return None
        terms = [word.split(b"\x1f") for word in words.split(b"\n") if word]
        where = os.fsdecode(root)
        if sort == b"staged":
            head, size, *lengths = git.split(b"\t")
            kept = Next.read(out[int(size) :], [int(length) for length in lengths])
            out = out[: int(size)]
            now = _same_staged(where, head, kept, files, terms, clean=clean == b"1")
            same = now is not None
            if now is not None and now != (head, kept):
                # The next commit is compared with what this one makes.
                about, tail = tail_of(now[0], now[1], out)
                parts = (form, asked, sort, root, code, clean, marks, folders, files, words, about, tail)
                _renew(place, key, question, b"\0".join(parts))
        else:
            same = _same_git(where, git) and _same_folders(folders) and _same_files(files, terms)
        return (out.decode("utf-8", "surrogateescape"), int(code)) if same else None
    except (OSError, ValueError, UnicodeError):
        return None


def _renew(place: str, key: bytes, question: bytes, body: bytes) -> None:
    try:  # noqa: SIM105  # contextlib is not loaded for this
        store(place, key, question, body)
    except OSError:
        pass  # the answer is right all the same


def _rows(section: bytes, count: int) -> Iterator[list[bytes]]:
    for line in section.split(b"\n"):
        if line:
            yield line.split(b"\t", count - 1)


def _same_git(root: str, git: bytes) -> bool:
    if not git:
        return not os.path.lexists(os.path.join(root, ".git"))
    head, index, names = git.split(b"\t")
    if head_of(root) != head:
        return False
    with open(os.path.join(root, ".git", "index"), "rb") as stream:
        data = stream.read()
    return digest(data) == index or (names != b"" and names_of(data) == names)


def _same_folders(folders: bytes) -> bool:
    for times, listed, path in _rows(folders, 3):
        about = os.lstat(path)
        if times and times_of(about) == times:
            continue
        if not stat.S_ISDIR(about.st_mode):
            return False
        with os.scandir(os.fsdecode(path)) as entries:
            if listing_of((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries) != listed:
                return False
    return True


def _same_files(files: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    lstat = os.lstat
    for times, content, kind, path in _rows(files, 4):
        about = lstat(path)
        if times and times_of(about) == times:
            continue
        name = os.fsdecode(path)
        if content_of(name, about) == content:
            continue
        if kind == LOUD or not stat.S_ISREG(about.st_mode):
            return False
        with open(name, "rb") as stream:
            if not changed_quietly(kind, stream.read(), words):
                return False
    return True


def _same_staged(
    root: str, head: bytes, kept: Next, files: bytes, words: Sequence[Sequence[bytes]], clean: bool
) -> tuple[bytes, Next] | None:
    """What of the next commit has to be as it is from now on; None where what is staged differs in something that counts."""
    now = head_of(root)
    if now is None:
        return None
    with open(index_file(root), "rb") as stream:
        data = stream.read()
    if now == head and data == kept.index:
        return head, kept
    if not clean or (now != head and tree_of_commit(root, now) != kept.tree()):
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
    root: str, now: bytes, kept: Next, data: bytes, files: bytes, words: Sequence[Sequence[bytes]]
) -> tuple[bytes, Next] | None:
    """The same where there are other files: all of them are compared."""
    before, after, fresh = entries_of(kept.index) or {}, entries_of(data), Next.of(data)
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
    return is_blob(content, name) and changed_quietly(kind, content, words)
