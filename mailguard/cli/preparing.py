"""From options to a run: the tree, its settings, the change that it is about."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mailguard.discover import NothingToCheck

if TYPE_CHECKING:
    from mailguard.changes.change import Change
    from mailguard.config import Settings
    from mailguard.discover import Tree
    from mailguard.gate import Run

CODE: Final = frozenset({"code"})
CAPTURES: Final = frozenset({"captures"})
BOTH: Final = CODE | CAPTURES
"""What a command looks at; the words are those of ``gate.files``, which is not loaded for help."""


def prepared(paths: Sequence[str], eyes: frozenset[str], options: dict[str, Any]) -> Run:
    """A run for what was named, by the options of a command. Raises what ``cli.run`` tells as a wrong use."""
    from mailguard import gate

    as_of = None
    if options["as_of"]:
        try:
            as_of = date.fromisoformat(options["as_of"])
        except ValueError:
            raise click.UsageError(f"--as-of is a date, as in 2027-01-31, not {options['as_of']}") from None
    tree, settings, change, remarks = _settings_of(paths, options)
    allow = not options.get("no_allow")
    run = gate.prepare(paths, tree, settings, eyes=eyes, here=Path.cwd(), as_of=as_of, change=change, allow=allow)
    known = None if options.get("no_baseline") else run.baseline
    return replace(run, notices=run.notices + remarks, baseline=known)


def _settings_of(
    paths: Sequence[str], options: dict[str, Any]
) -> tuple[Tree, Settings, Change | None, tuple[str, ...]]:
    """The tree that was named, the settings for it, the change that it is about, and remarks."""
    from mailguard import config, discover

    tree = discover.tree_of(paths, Path.cwd())
    change = _change(tree, options)
    files = [text for text in options["configs"] if "=" not in text or Path(text).exists()]
    if len(files) > 1:
        raise click.UsageError("--config names two files; one is enough")
    if files:
        settings = config.load(_named(files[0]), tree.root, trusted=True)
    else:
        start = Path(os.path.commonpath(tree.named)) if tree.named else tree.root
        settings = config.Settings()
        if not options["isolated"]:
            stored = change.settings_now(start) if change is not None else None
            found = config.find(start, tree.root) if stored is None else None
            settings = stored or (config.load(found, tree.root) if found else settings)
            if change is not None:
                change, settings = _judged_by_the_base(change, settings, start)
    for text in options["configs"]:
        if text not in files:
            settings = config.with_inline(settings, text)
    remarks: tuple[str, ...] = ()
    if options.get("policy"):
        settings, remarks = _under_policy(options["policy"], settings, tree)
    if options["tests"]:
        settings = replace(settings, tests=True)
    return tree, settings, change, remarks


def _named(file: str) -> Path:
    """The settings file of that name. Raises :class:`NothingToCheck` where there is none."""
    path = Path(file)
    if not path.exists():
        raise NothingToCheck(f"there is no {file} here.")
    if not path.is_file():
        raise NothingToCheck(f"{file} is no file.")  # a folder, or a pipe, which can be read only once
    return path.resolve()


def _change(tree: Tree, options: dict[str, Any]) -> Change | None:
    """The change that was asked about, with ``--since`` or ``--staged``."""
    from mailguard import discover
    from mailguard.changes import comparing
    from mailguard.globs import Globs

    name, staged = options.get("since"), options.get("staged")
    if staged and not name:
        # pre-commit says so where it runs over the commits of a branch instead of one that is being made.
        name = os.environ.get("PRE_COMMIT_FROM_REF")
    elif staged:
        raise click.UsageError("--staged is about the next commit, --since about those since another; one is enough")
    if name is not None:
        everything = discover.Tree(tree.root)
        return comparing.since(tree.root, name, lambda: discover.files_of(everything, Globs(()), Globs(())))
    return comparing.staged(tree.root) if staged else None


def _judged_by_the_base(change: Change, now: Settings, start: Path) -> tuple[Change, Settings]:
    """The settings from before a change, and the change with what it loosens."""
    from mailguard import policy
    from mailguard.rulebook.loading import load_rules

    before = change.settings(start)
    rules = load_rules(before.folder / before.rules if before.folder and before.rules else None)
    told = [one.at(now, change.root) for one in policy.loosened(before, now, rules)]
    told += [f"{path}   a rule of the project is changed" for path in change.changed_rules(before)]
    told += policy.loosened_baseline(change.baseline, change.baseline_now())
    return replace(change, notices=tuple(told)), before


def _under_policy(file: str, settings: Settings, tree: Tree) -> tuple[Settings, tuple[str, ...]]:
    """The settings of a repository as far as an organisation's policy lets them count, and a remark on the rest."""
    from mailguard import config, policy
    from mailguard.rulebook.loading import load_rules

    binding = config.load(_named(file), tree.root, trusted=True)
    folder = settings.folder or tree.root
    rules = load_rules(folder / settings.rules if settings.rules else None)
    settings, ignored = policy.tightened(binding, settings, rules)
    if not ignored:
        return settings, ()
    lines = [f"  {one.at(settings, tree.root)}" for one in ignored]
    return settings, ("\n".join([f"Looser than {Path(file).name}, so it does not count:", *lines]),)


def watched(run: Run, options: dict[str, Any]) -> Run:
    """A run with progress on a terminal, and with a sample where one was asked for."""
    from mailguard.watch import Watch

    return replace(run, watch=Watch.on_terminal(options.get("sample") or 0), jobs=options.get("jobs"))


def project() -> tuple[str, ...]:
    """The whole project, also from a folder inside it."""
    from mailguard import discover

    return (str(discover.tree_of((), Path.cwd()).root),)
