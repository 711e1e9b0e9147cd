"""Which runs may be answered from the cache the next time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mailguard.cache.keeping import Watched
    from mailguard.changes.change import Change
    from mailguard.gate import Run
    from mailguard.model.finding import Report


@dataclass(frozen=True, slots=True)
class Asked:
    """What this process was started with; a run of the whole tree is remembered under it."""

    arguments: Sequence[str]
    started: int
    """When, in nanoseconds of the clock."""


def remember(asked: Asked, run: Run, report: Report, text: str, code: int, options: dict[str, Any]) -> None:
    """Keep what a run of the whole tree printed, if nothing but the tree and mailguard itself decided it."""
    from mailguard import discover
    from mailguard.cache.keeping import Kept, Watched, keep

    change = run.change
    by_files = change is None or (
        change.now is not None and not change.now.linked and not os.environ.get("PRE_COMMIT_FROM_REF")
    )
    elsewhere = ("reveal", "sample", "policy", "configs", "no_cache", "debug")
    if (
        not run.tree.whole
        or not run.tree.project
        or run.tree.stdin
        or not by_files
        or any(options.get(name) for name in elsewhere)
        or run.files.captures
        or run.settings.captures
        or run.watch.partial
        or _plugins()
    ):
        return
    files: dict[str, str] = {}
    for file in run.files.python:
        files[file.real] = "" if file.real in files else file.path
    watched = None
    if (scanned := run.looked.code) is not None:
        watched = Watched(scanned.loud, filter(discover.is_test_code, files.values()), scanned.words)
    folder = run.settings.folder or run.tree.root
    rules = str(folder / run.settings.rules) if run.settings.rules and change is None else ""
    clean = change is not None and not report.notices and _settled(change, report, options, watched)
    kept = Kept(
        root=str(run.tree.root),
        out=text,
        code=code,
        files=files,
        rules=rules,
        watched=watched,
        staged=change is not None,
        clean=clean,
    )
    keep(asked.arguments, kept, asked.started)


def _settled(change: Change, report: Report, options: dict[str, Any], watched: Watched | None) -> bool:
    """Whether a report on a change stays as it is once the change is made: nothing that it tells is news."""
    from mailguard.cache.tree import could_matter
    from mailguard.model.finding import Certainty

    before, now = change.policy.names(), change.now.names() if change.now is not None else {}
    edited = [path for path in {*before, *now} if before.get(path) != now.get(path)]
    edited = [path for path in edited if could_matter(Path(path).name)]
    if not all(path.endswith(".py") for path in edited):
        return False
    shown = options["undecided"] or options["show_all"] or options["format_name"] not in (None, "text", "concise")
    told = [one for one in report.findings if shown or one.certainty is not Certainty.UNDECIDED]
    if not told and not report.skips:
        return True
    # What it tells was there before, as the change is one that cannot matter.
    return watched is not None and all(
        path in before and path in now and watched.never_mattered(path, change.policy.read(path) or b"")
        for path in edited
    )


def _plugins() -> bool:
    """Whether other packages add to mailguard: what they do may change without a trace."""
    from importlib.metadata import entry_points

    groups = ("mailguard.providers", "mailguard.captures", "mailguard.reporters")
    return any(entry_points(group=group) for group in groups)
