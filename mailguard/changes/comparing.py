"""Asks git for a change: since another commit, or the one that is staged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from mailguard import git
from mailguard.changes.change import Change, Old
from mailguard.changes.moves import is_code, moved_files
from mailguard.changes.stored import Stored
from mailguard.discover import Files, NothingToCheck


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
    gone = [path for path in stored if is_code(path) and path not in now]
    come = [path for path in now if path not in stored]
    moved = moved_files(gone, come, stored, now, base, on_disk)
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
    edited = tuple(sorted(path for path in {*before, *names} if is_code(path) and before.get(path) != names.get(path)))
    return Change("in this commit", "the last commit", policy, olds, now, root, edited)


def _old(stored: Stored, now: Mapping[str, str], read: Callable[[str], bytes | None]) -> Old:
    """``stored`` compared with the names of the content that is there ``now``."""
    before = stored.names()
    gone = [path for path in before if path not in now and is_code(path)]
    come = [path for path in now if path not in before and is_code(path)]
    return Old(stored, before == now, moved_files(gone, come, before, now, stored, read))


def _stored(root: Path, commit: str, name: str) -> Stored:
    entries = git.tree(root, commit)
    if entries is None:
        raise _cure(name, root)
    return Stored(root, entries)


def _cure(name: str, root: Path) -> NothingToCheck:
    if git.is_shallow(root) or "/" in name:
        return NothingToCheck(
            f"{name} is not in this clone, so old and new cannot be told apart.\n"
            "Fetch it: fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab)."
        )
    return NothingToCheck(f"there is no commit {name} here, so old and new cannot be told apart.")
