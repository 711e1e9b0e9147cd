"""The commands that change the project: ``fix``, ``allow``, ``baseline`` and ``init``."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailguard.cli.options import about_settings
from mailguard.cli.preparing import BOTH, CODE, prepared, project
from mailguard.cli.writing import keep
from mailguard.discover import NothingToCheck

if TYPE_CHECKING:
    from mailguard.gate import Run
    from mailguard.model.finding import Report


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="PLACE...")
@click.option("--apply", "write", is_flag=True, help="Write the edits.")
@about_settings
def fix(places: tuple[str, ...], *, write: bool, **options: Any) -> int:
    """Show the repair of a problem as an edit; --apply writes it."""
    from mailguard import repair
    from mailguard.discover import display_path, place_named

    def whole() -> Run:
        # The tree as a whole is looked at: after a repair, what was named may have no part in the mail call any more.
        run = prepared(places, CODE, options)
        return replace(run, tree=replace(run.tree, named=(), stdin=False))

    def look(texts: Mapping[str, bytes]) -> Report:
        run = whole()
        return replace(run, files=repair.with_texts(run.files, texts)).report()

    run = whole()
    report = run.report()
    found = []
    for place in places:
        named = place_named(place, Path.cwd())
        path = display_path(os.path.relpath(named.path.resolve(), run.tree.root)) if named else place
        here = repair.chosen(report, path, named.line if named else 0, named.column if named else 0)
        if not here and named and named.line:
            raise NothingToCheck(f"there is no problem at {place}. What there is: mailguard check {path}")
        found += [finding for finding in here if finding not in found]
    outcomes = list(repair.repaired(report, found, look, repair.reader(run.files)))
    try:
        written = repair.write(run.tree.root, outcomes) if write else []
    except OSError as error:
        raise NothingToCheck(f"cannot write {error.filename}: {error.strerror}") from error
    again = " ".join(["mailguard fix", *map(shlex.quote, places), "--apply"])
    for line in repair.shown(outcomes, written=bool(written), command=again) or ["Nothing to repair."]:
        click.echo(line)
    return 0 if all(outcome.edit or not outcome.reason for outcome in outcomes) else 1


@click.command()
@click.argument("place", metavar="PLACE")
@click.option("--reason", required=True, help="Why they may see each other, one line.")
@click.option("--until", metavar="DATE", help="The last day on which it counts, as in 2027-01-31.")
@about_settings
def allow(place: str, *, reason: str, until: str | None, **options: Any) -> int:
    """Write an exception beside the code, with its reason."""
    from mailguard import adopt

    try:
        end = date.fromisoformat(until) if until else None
    except ValueError:
        raise click.UsageError(f"--until is a date, as in 2027-01-31, not {until}") from None
    run = prepared(project(), CODE, options)
    return keep(run, adopt.allow(run, place, reason, end))


@click.command()
@click.option("--prune", is_flag=True, help="Take off what is gone.")
@click.option("--add", "place", metavar="PLACE", help="Set one more place aside.")
@click.option("--reason", help="Why that place is set aside, one line.")
@about_settings
def baseline(*, prune: bool, place: str | None, reason: str | None, **options: Any) -> int:
    """Set today's problems aside, so that only new ones stop anybody."""
    from mailguard import adopt

    if prune and place:
        raise click.UsageError("--prune and --add are two steps; one at a time")
    if bool(place) != bool(reason):
        raise click.UsageError('--add and --reason belong together: --add PLACE --reason "..."')
    run = prepared(project(), BOTH, options)
    if place:
        return keep(run, adopt.add(run, place, reason or ""))
    return keep(run, adopt.prune(run) if prune else adopt.make(run))


@click.command(hidden=True)
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    help="Where hook and jobs get mailguard, as pip names it: git+URL and revision, or NAME==VERSION.",
)
@click.option("--policy", metavar="FILE", help="An organisation's settings; then what they find is set aside at once.")
@about_settings
def init(*, source: str | None, **options: Any) -> int:
    """Look, and write settings, a hook and a workflow where there are none."""
    from mailguard.init import begin, origin_of

    origin = origin_of(source)
    run = prepared(project(), BOTH, options)
    for written in begin(run, origin, options["policy"] or ""):
        keep(run, written)
    return 0
