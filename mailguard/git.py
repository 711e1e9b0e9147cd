"""git, asked for lists and dates only, so that nothing of a tree can make it run anything.

Settings of the machine do not count, those of the repository are overruled where they name a
program: hooks, monitors, pagers, transports. The one place that starts another program.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

__all__ = ["commit_date", "environment", "files", "root_of"]

SECONDS: Final = 60
"""A git that takes longer is given up, and the tree is walked."""


def root_of(path: Path) -> Path | None:
    """The root of the git repository that ``path`` lies in, or None."""
    for folder in (path, *path.parents):
        if (folder / ".git").exists():
            return folder
    return None


@functools.lru_cache(maxsize=1)
def _program() -> str | None:
    """git out of an absolute folder of PATH: never one that lies in the tree because PATH holds ``.``."""
    here = os.getcwd()
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if not os.path.isabs(folder) or os.path.realpath(folder) == here:
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


def _run(root: Path, arguments: Sequence[str], folder: Path) -> bytes | None:
    """What git prints; None where there is no git, or it fails. ``arguments`` is a command that reads only."""
    program = _program()
    if program is None:
        return None
    # Both folders are said, so that `core.worktree` of the repository cannot lead elsewhere.
    command = [program, *OPTIONS, f"--git-dir={root / '.git'}", f"--work-tree={root}", *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # an absolute program, options that nobody else writes
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def commit_date(root: Path) -> date | None:
    """The day of the commit that is checked out, where it was made; None without one."""
    commit = _run(root, ("cat-file", "commit", "HEAD"), root)
    found = re.search(rb"^committer [^\n]*> (\d{1,12}) ([+-])(\d\d)(\d\d)$", commit or b"", re.MULTILINE)
    if found is None:
        return None
    offset = timedelta(hours=int(found[3]), minutes=int(found[4]))
    try:
        moment = datetime.fromtimestamp(int(found[1]), timezone.utc)
        return (moment + offset if found[2] == b"+" else moment - offset).date()
    except (OverflowError, ValueError, OSError):
        return None
