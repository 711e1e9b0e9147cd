"""Adopting a gate on old code: what is set aside, and what is allowed. The words of ``baseline`` and ``allow``."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from mailguard.allow import comment_for
from mailguard.baseline import FILE, Baseline, BaselineError, text_of
from mailguard.config import NEXT_CHANGE, nearest_name
from mailguard.discover import NothingToCheck, display_path, place_named
from mailguard.filenames import module_of
from mailguard.gate import Run
from mailguard.ledger import plural
from mailguard.model.finding import Certainty, Finding
from mailguard.model.place import Place
from mailguard.redact import holds_address

__all__ = ["Written", "add", "allow", "make", "prune"]

_SYMBOL: Final = re.compile(r"[\w.]+:[A-Za-z_<][\w.<>]*")
REASON_LIMIT: Final = 400
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file to write, and what to say of it."""

    lines: tuple[str, ...]
    path: str = ""
    """From the root of the run; empty where nothing is to be written."""
    data: bytes = b""


def make(run: Run) -> Written:
    """Set aside everything that closes the gate now. Raises ``BaselineError`` where there is a baseline already."""
    if run.baseline is not None:
        raise BaselineError(
            f"there is a {FILE} already, and nothing is added to it unseen.\n"
            "Take off what is gone: mailguard baseline --prune\n"
            'Add one place: mailguard baseline --add PLACE --reason "..."'
        )
    new = run.new_problems()
    problems, unread = run.problems()
    if not problems and not unread:
        return Written(("Nothing to set aside: nothing closes the gate, and everything was read.",))
    baseline = Baseline(calls=run.report().ledger.calls).with_problems(problems).with_unread(unread)
    files = len({places[0].path for _, places in new})
    parts = []
    if problems:
        parts.append(f"{plural(len(problems), 'known problem')} in {plural(files, 'file')}")
    if unread:
        parts.append(f"{plural(len({one.path for one in unread}), 'file')} that cannot be read")
    lines = (
        f"{FILE}: {', '.join(parts)}.",
        "They no longer block; reports still count them. It holds no address, line number or date. Commit it.",
    )
    return Written(lines, FILE, text_of(baseline).encode())


def prune(run: Run) -> Written:
    """Take off what is gone, and hold what got better to what it is now. Raises ``BaselineError`` without a baseline."""
    old = _there(run)
    new = old.pruned(*run.problems(), run.is_gone)
    gone, left = len(old.entries) - len(new.entries), len(new.entries)
    files = len(old.unread) - len(new.unread)
    if new == old:
        return Written((f"{FILE}: nothing to take off, {plural(left, 'known problem')}.",))
    parts = []
    if gone:
        parts.append(f"{plural(gone, 'known problem')} taken off")
    if files:
        parts.append(f"{plural(files, 'file')} taken off that can be read now")
    if not parts:
        parts.append("known problems that got better are held to what they are now")
    return Written((f"{FILE}: {', '.join(parts)}; {left:,} left. Commit it.",), FILE, text_of(new).encode())


def _there(run: Run) -> Baseline:
    if run.baseline is None:
        raise BaselineError(f"there is no {FILE} here. Make one: mailguard baseline")
    return run.baseline


def add(run: Run, text: str, reason: str) -> Written:
    """Set aside what is at one place. Raises ``NothingToCheck`` where nothing new is there."""
    reason = _checked(reason)
    at = _where(run, text)
    problems = [
        problem
        for problem, places in run.new_problems()
        if any(at(place) for place in places) or text in (problem.send, problem.origin)
    ]
    unread = [one for one in run.problems()[1] if at(Place(one.path))]
    known = run.baseline or Baseline(calls=run.report().ledger.calls)
    unread = [one for one in unread if one not in known.unread]
    if not problems and not unread:
        raise NothingToCheck(f"nothing new is in {text}. What is new, and where: mailguard check")
    baseline = known.with_problems(problems, reason).with_unread(unread)
    what = plural(len(problems), "known problem") if problems else plural(len(unread), "file") + " that cannot be read"
    return Written((f"{FILE}: {what} added. Commit it.",), FILE, text_of(baseline).encode())


def allow(run: Run, text: str, reason: str, until: date | None) -> Written:
    """Write an exception where it applies. Raises ``NothingToCheck`` where there is nothing to allow."""
    reason = _checked(reason)
    path, target = _code_place(run, text)
    at = _where(run, text)

    def concerns(finding: Finding) -> bool:
        if finding.noted or finding.certainty <= Certainty.UNDECIDED or not finding.ways:
            return False
        if isinstance(target, str):
            symbols = {part for way in finding.ways for part in way.identity.split("|")[1:3]}
            return text in symbols
        steps = {step.place for way in finding.ways for step in way.steps}
        return any(at(place) for place in (finding.place, finding.send, *steps))

    rules = {finding.rule for finding in run.report().findings if concerns(finding)}
    if not rules:
        raise NothingToCheck(f"there is nothing to allow in {text}. What there is, and where: mailguard check")
    comment = comment_for(rules, reason, until)
    written = run.program.with_comment(path, target, comment)
    if written is None:
        raise NothingToCheck(f"no comment can be written in {text}. Write it yourself: {comment}")
    data, line = written
    when = "from the next change on" if run.settings.exceptions == NEXT_CHANGE else "at once"
    lines = (
        f"{path}:{line}   {comment}",
        f"It counts {when}, and every report counts it. To look past exceptions: mailguard check --no-allow",
    )
    return Written(lines, path, data)


def _checked(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason or not reason.isprintable() or len(reason) > REASON_LIMIT:
        raise NothingToCheck(f"a reason is one line of at most {REASON_LIMIT} letters")
    if holds_address(reason):
        raise NothingToCheck("a reason names nobody: leave the address out")
    return reason


def _where(run: Run, text: str) -> Callable[[Place], bool]:
    """Whether a place is the one that was named; a function names no place."""
    named = place_named(text, Path.cwd())
    if named is None:
        if not _SYMBOL.fullmatch(text):
            names = [file.path for file in run.files.python]
            raise NothingToCheck(
                f"there is no {text} here. {nearest_name(text, names[:1000]) if names else ''}".rstrip()
            )
        return lambda place: False  # noqa: ARG005  # a function is compared by its name
    path = display_path(os.path.relpath(named.path.resolve(), run.tree.root))

    def at(place: Place) -> bool:
        inside = not named.line or place.line <= named.line <= max(place.end_line, place.line)
        return place.path == path and inside and named.column in (0, place.column)

    return at


def _code_place(run: Run, text: str) -> tuple[str, int | str]:
    """The file of an exception, and the line or the function in it."""
    named = place_named(text, Path.cwd())
    if named is not None:
        path = display_path(os.path.relpath(named.path.resolve(), run.tree.root))
        if not named.line:
            raise NothingToCheck(f"an exception speaks of a place: name the line, as in {path}:21")
        return path, named.line
    if not _SYMBOL.fullmatch(text):
        raise NothingToCheck(f"there is no {text} here. A place is a file with a line, as in news/mailer.py:21")
    module, _, name = text.partition(":")
    for file in run.files.python:
        if module_of(file.path) == module:
            return file.path, name
    raise NothingToCheck(f"there is no module {module} here.")
