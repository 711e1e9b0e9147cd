"""The neck: paths in, a report out. The only part that knows all the wings.

Both roads meet here. A mail call of the code becomes a dispatch with holes, a recorded request is an exchange without;
the first provider that claims it says which messages it makes, and one judge compares them with the rules.

Each room has one subject, in the order of a run: a plan (``plan``, ``files``, ``policies``), a look at code (``code``,
``program``, ``callers``) and captures (``captures``, ``replaying``), both through ``claims``; all of it together
(``looking``), what of it is known (``comparing``), and the report (``witnesses``, ``reporting``). ``run`` is the way
through all of them; ``shelves`` is where they find services and reporters.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mailguard import discover
from mailguard.config import Settings, find, load
from mailguard.gate.callers import open_to_callers
from mailguard.gate.captures import messages_of
from mailguard.gate.claims import PLAIN_MAIL, Claimed, claimed, unhosted
from mailguard.gate.files import BOTH, CAPTURES, CODE
from mailguard.gate.run import Run, prepare
from mailguard.gate.shelves import libraries, providers, reporters
from mailguard.model.finding import Report
from mailguard.model.reporter import Options
from mailguard.transports.content.contents import Contents

__all__ = [
    "BOTH",
    "CAPTURES",
    "CODE",
    "PLAIN_MAIL",
    "Claimed",
    "Contents",
    "Run",
    "check",
    "claimed",
    "libraries",
    "messages_of",
    "open_to_callers",
    "prepare",
    "providers",
    "render",
    "replay",
    "reporters",
    "scan",
    "unhosted",
]


def check(paths: Sequence[str | Path] | str | Path = (), settings: Settings | None = None) -> Report:
    """Look at code and captures. Without ``paths``: at the project that the current folder belongs to.

    Without ``settings`` the nearest ``[tool.mailguard]`` counts. Raises ``SettingsError``,
    ``RulesError`` and ``NothingToCheck``, as the command line answers with exit code 2.
    """
    return _report(paths, settings, BOTH)


def scan(paths: Sequence[str | Path] | str | Path = (), settings: Settings | None = None) -> Report:
    """Look at code only; see :func:`check`."""
    return _report(paths, settings, frozenset({CODE}))


def replay(paths: Sequence[str | Path] | str | Path = (), settings: Settings | None = None) -> Report:
    """Look at captures only; see :func:`check`."""
    return _report(paths, settings, frozenset({CAPTURES}))


def _report(paths: Sequence[str | Path] | str | Path, settings: Settings | None, eyes: frozenset[str]) -> Report:
    names = [str(paths)] if isinstance(paths, (str, Path)) else [str(path) for path in paths]
    tree = discover.tree_of(names, Path.cwd())
    if settings is None:
        start = tree.named[0] if len(tree.named) == 1 else tree.root
        file = find(start, tree.root)
        settings = load(file, tree.root) if file is not None else Settings()
    return prepare(names, tree, settings, eyes=eyes).report()


def render(report: Report, name: str, options: Options) -> str:
    """The report as a reporter writes it."""
    return reporters()[name].render(report, options)
