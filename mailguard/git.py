"""git, asked for lists, dates and objects only, so that nothing of a tree can make it run anything.

Settings of the machine do not count, those of the repository are overruled where they name a
program: hooks, monitors, pagers, transports. The one place that starts another program.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

__all__ = [
    "Entry",
    "blobs",
    "commit",
    "commit_date",
    "default_branch",
    "environment",
    "files",
    "index",
    "is_shallow",
    "last_commits",
    "meanings",
    "merge_base",
    "merged",
    "name_of",
    "remote",
    "root_of",
    "tree",
]

SECONDS: Final = 60
"""A git that takes longer is given up, and the tree is walked."""


def root_of(path: Path) -> Path | None:
    """The root of the git repository that ``path`` lies in, or None."""
    for folder in (path, *path.parents):
        if os.path.exists(folder / ".git"):  # a folder that is closed to this user has none
            return folder
    return None


@functools.lru_cache(maxsize=1)
def _program() -> str | None:
    """git out of an absolute folder of PATH: never one that lies in the tree because PATH holds ``.`` or a folder of it."""
    here = os.getcwd()
    tree = os.path.join(os.path.realpath(root_of(Path(here)) or here), "")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if not os.path.isabs(folder) or os.path.join(os.path.realpath(folder), "").startswith(tree):
            continue
        for name in ("git", "git.exe"):
            program = os.path.join(folder, name)
            if os.path.isfile(program) and os.access(program, os.X_OK):
                return program
    return None


OPTIONS: Final = (
    # What a repository's own settings could make git run: a monitor, hooks, a pager. The command line wins over them.
    "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.pager=cat",
    "-c", "core.quotePath=false", "-c", "core.untrackedCache=false", "-c", "core.excludesFile=", "-c", "core.attributesFile=",
)  # fmt: skip
"""Options that keep git from running anything of the tree."""


def environment() -> dict[str, str]:
    """An environment in which git reads no settings of this machine, fetches nothing and asks nobody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",  # what a commit holds is what its name says
        "GIT_GRAFT_FILE": os.devnull,  # and its parents are those that it names
        "GIT_NO_LAZY_FETCH": "1",  # a partial clone would fetch, by a program that its settings name
        "GIT_ALLOW_PROTOCOL": "none",  # the same for every git that does not know the line above
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }


def files(folder: Path) -> list[tuple[str, str]] | None:
    """git's list of the files below ``folder`` with git's tag for each; None where git cannot tell."""
    root = root_of(folder)
    listing = ("ls-files", "-t", "-z", "--cached", "--others", "--exclude-per-directory=.gitignore")
    output = _run(root, listing, folder) if root is not None else None
    if output is None:
        return None
    entries = {}
    for entry in output.split(b"\0"):
        if entry:
            entries[os.fsdecode(entry[2:])] = entry[:1].decode("ascii", "replace")
    return [(tag, name) for name, tag in sorted(entries.items())]


def _run(
    root: Path, arguments: Sequence[str], folder: Path, data: bytes | None = None, index_file: str = ""
) -> bytes | None:
    """What git prints; None where there is no git, or it fails. ``arguments`` is a command that reads only."""
    program = _program()
    if program is None:
        return None
    # Both folders are said, so that `core.worktree` of the repository cannot lead elsewhere.
    command = [program, *OPTIONS, f"--git-dir={root / '.git'}", f"--work-tree={root}", *arguments]
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    try:
        done = subprocess.run(  # noqa: S603  # an absolute program, options that nobody else writes
            command,
            cwd=folder,
            env=environment() | ({"GIT_INDEX_FILE": index_file} if index_file else {}),
            capture_output=True,
            timeout=SECONDS,
            check=True,
            **given,
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # ValueError: a NUL in an argument
    return bytes(done.stdout)


# --- objects: read, never checked out -------------------------------------------------------------

REGULAR: Final = ("100644", "100755", "100664")
LINK: Final = "120000"
SUBMODULE: Final = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree of git, or in its index."""

    path: str
    """From the root of the repository, as the file system spells it."""
    mode: str
    """Six digits: a file, a link (``LINK``), a commit of another repository (``SUBMODULE``)."""
    name: str
    """The name of its object."""


def commit(root: Path, name: str) -> str | None:
    """The full name of the commit that ``name`` means; None if it means none, or the commit is not here."""
    if name.startswith("-"):
        return None
    found = _run(root, ("rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"), root)
    return found.decode("ascii", "replace").strip() or None if found is not None else None


_REVISION: Final = re.compile(r"[~^:]|@\{")
"""What ends the name of a reference in a revision: ``main~2``, ``main^{commit}``, ``main@{1}``."""


def meanings(root: Path, name: str) -> list[str]:
    """The references that ``name`` may stand for, in full, where they are different commits; else nothing.

    git takes a tag before a branch, and a branch before what was fetched: whoever may push a tag ``origin/main`` would choose
    what a change is compared with.
    """
    reference = _REVISION.split(name)[0]
    if not reference or name.startswith("-"):
        return []
    found = {}
    for folder in ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/"):
        meant = commit(root, folder + reference)
        if meant is not None:
            found[folder + reference] = meant
    return sorted(found) if len(set(found.values())) > 1 else []


def default_branch(root: Path) -> str:
    """The branch that others start from: that of the remote ``origin``, else the one that is checked out; empty for none."""
    for name in ("refs/remotes/origin/HEAD", "HEAD"):
        found = (_run(root, ("symbolic-ref", "--quiet", name), root) or b"").decode("utf-8", "replace").strip()
        if found:
            return found.removeprefix("refs/remotes/origin/").removeprefix("refs/heads/")
    return ""


def remote(root: Path) -> str:
    """The URL of the remote ``origin``, as the settings of the repository have it; empty for none."""
    found = _run(root, ("config", "--local", "--get", "remote.origin.url"), root)
    return (found or b"").decode("utf-8", "replace").strip()


_MERGED: Final = re.compile(r"GITHEAD_([0-9a-f]{40,64})")


def merged(root: Path) -> list[str]:
    """The commits that the next one brings together with the last one; none where it is no merge.

    git writes ``MERGE_HEAD`` only after the hook for merges (``pre-merge-commit``) has run; until then their names are in the
    environment that ``git merge`` gives to the hook (builtin/merge.c of git 2.39, ``GITHEAD_``).
    """
    told = [found[1] for name in sorted(os.environ) if (found := _MERGED.fullmatch(name))]
    commits = [commit(root, name) for name in ("MERGE_HEAD", *told)]
    return list(dict.fromkeys(one for one in commits if one is not None))


def is_shallow(root: Path) -> bool:
    """Whether the clone was cut off somewhere in its history."""
    return (_run(root, ("rev-parse", "--is-shallow-repository"), root) or b"").strip() == b"true"


def merge_base(root: Path, one: str, other: str) -> str | None:
    """The commit where two commits parted; None if the clone does not hold one."""
    found = _run(root, ("merge-base", one, other), root)
    return found.decode("ascii", "replace").split("\n")[0].strip() or None if found is not None else None


def tree(root: Path, name: str) -> list[Entry] | None:
    """Everything in the tree of a commit, in order; None where it cannot be read."""
    listed = _run(root, ("ls-tree", "-r", "-z", "--full-tree", name), root)
    if listed is None:
        return None
    entries = []
    for line in listed.split(b"\0"):
        about, _, path = line.partition(b"\t")
        if path:
            mode, _, blob = about.split(b" ", 2)
            entries.append(Entry(os.fsdecode(path), mode.decode("ascii"), blob.decode("ascii")))
    return entries


def index(root: Path) -> list[Entry] | None:
    """What the next commit would hold, in order; None where it cannot be read.

    ``git commit -a`` and ``git commit FILE`` make an index of their own for the hook and name it in the environment.
    """
    own = os.environ.get("GIT_INDEX_FILE", "")
    listed = _run(root, ("ls-files", "--stage", "-z"), root, index_file=os.path.join(root, own) if own else "")
    if listed is None:
        return None
    entries: dict[str, Entry] = {}
    for line in listed.split(b"\0"):
        about, _, path = line.partition(b"\t")
        if path:
            mode, blob, stage = about.split(b" ", 2)
            # Of a conflict that is not resolved, ours (stage 2) stands for the file.
            if stage in (b"0", b"2"):
                name = os.fsdecode(path)
                entries[name] = Entry(name, mode.decode("ascii"), blob.decode("ascii"))
    return [entries[name] for name in sorted(entries)]


def blobs(root: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The content of objects by name; what is not in this clone is left out. No filter of the tree is applied."""
    wanted = sorted(set(names))
    if not wanted:
        return {}
    data = _run(root, ("cat-file", "--batch"), root, "".join(f"{name}\n" for name in wanted).encode("ascii"))
    found: dict[str, bytes] = {}
    at = 0
    while data and at < len(data):
        end = data.index(b"\n", at)
        words = data[at:end].split(b" ")
        at = end + 1
        if len(words) == 3 and words[2].isdigit():
            size = int(words[2])
            found[words[0].decode("ascii")] = data[at : at + size]
            at += size + 1
    return found


def name_of(data: bytes, like: str) -> str:
    """The name that git gives to content, in the kind of names that ``like`` is of (SHA-1, or SHA-256 of 64 digits)."""
    digest = hashlib.sha256() if len(like) == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data))
    digest.update(data)
    return digest.hexdigest()


def last_commits(root: Path, paths: Sequence[str]) -> dict[str, int]:
    """When each of ``paths`` (files and folders, relative to ``root``) was last committed, in seconds since 1970.

    What is in no commit is left out; so is everything of a clone that was cut off, where all files seem to be of one day.
    """
    repository = root_of(root)
    if repository is None or not paths or is_shallow(repository):
        return {}
    # In portions, as a command has a limit; one walk through the history for each.
    found: dict[str, int] = {}
    for start in range(0, len(paths), _PATHS):
        wanted = paths[start : start + _PATHS]
        arguments = ("log", "--no-renames", "--name-only", "--relative", "-z", "--format=%x01%ct", "--")
        listed = _run(repository, (*arguments, *(f":(literal){path}" for path in wanted)), root)
        folders = {f"{path.rstrip('/')}/": path for path in wanted}
        names = set(wanted)
        for entry in (listed or b"").split(b"\1"):
            moment, _, changed = entry.partition(b"\0")
            if not moment.strip().isdigit():
                continue
            for raw in changed.strip(b"\n").split(b"\0"):
                name = os.fsdecode(raw.strip(b"\n"))
                for path in (
                    [name] if name in names else [path for folder, path in folders.items() if name.startswith(folder)]
                ):
                    found.setdefault(path, int(moment))
    return found


_PATHS: Final = 500


def commit_date(root: Path, name: str = "HEAD") -> date | None:
    """The day of a commit, where it was made; None without one. That which is checked out, if none is named."""
    commit = _run(root, ("cat-file", "commit", name), root)
    found = re.search(rb"^committer [^\n]*> (\d{1,12}) ([+-])(\d\d)(\d\d)$", commit or b"", re.MULTILINE)
    if found is None:
        return None
    offset = timedelta(hours=int(found[3]), minutes=int(found[4]))
    try:
        moment = datetime.fromtimestamp(int(found[1]), timezone.utc)
        return (moment + offset if found[2] == b"+" else moment - offset).date()
    except (OverflowError, ValueError, OSError):
        return None
