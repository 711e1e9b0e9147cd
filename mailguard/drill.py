"""The drill, which says whether a leak would be stopped here.

One leak for each mail API in use is planted beside its mail calls, in a copy of the file that is held in memory, and
judged with the settings, exceptions and baseline that are here. Nothing is written into the tree. What is not blocked
is told with the setting that lets it through; that is found by leaving settings out until the leak is blocked.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.resources import files as package_files
from typing import Final

from mailguard import gate
from mailguard.config import Settings
from mailguard.discover import Files, folder_of, is_test_code
from mailguard.gate import Run
from mailguard.globs import Globs
from mailguard.ledger import numeral, plural
from mailguard.model.finding import Call, Severity
from mailguard.model.place import Place
from mailguard.model.provider import Provider
from mailguard.redact import foreign
from mailguard.repair import with_texts
from mailguard.tally.code import PUBLIC_MAILBOXES

__all__ = ["Drill", "Plant", "drill", "leak_of", "planted"]

NAME: Final = "mailguard_drill_"
"""How the planted functions are called, with a number."""

LIST: Final = 'people = [row[0] for row in sqlite3.connect("people.db").execute("SELECT email FROM people")]'
"""People whose number nobody knows before the code runs: what was sent on 1 November 2019."""

PAIR: Final = 'people = ["reader-1@drill-1.example", "reader-2@drill-2.example"]'
"""The smallest leak: two strangers."""

EACH_SHOWN: Final = 10
"""Places that are listed for one API."""


@dataclass(frozen=True, slots=True)
class Plant:
    """One leak in the copy."""

    api: str
    """The mail API, as it calls itself."""
    place: Place
    """The mail call beside which it was planted."""
    name: str
    """The function that was planted."""
    data: str
    """Its text, not indented."""
    blocked: bool = False
    why: str = ""
    """What lets it through."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of it."""

    plants: tuple[Plant, ...]
    untried: tuple[str, ...] = ()
    """Mail APIs in use for which mailguard has no leak."""
    unread: int = 0
    """Files that are not read and that no baseline knows; nothing can be planted there."""

    @property
    def exit_code(self) -> int:
        """1 where a leak would have been merged, 3 where something was not tried, else 0."""
        if any(not plant.blocked for plant in self.plants):
            return 1
        return 3 if self.untried or self.unread else 0

    def lines(self, *, every: bool = False) -> Iterator[str]:
        """What is printed; with ``every`` all places where a leak was planted."""
        apis = sorted({plant.api for plant in self.plants})
        if not apis and not self.untried:
            yield "No mail API is in use here, so there is no leak to plant."
        else:
            yield "One leak for each mail API in use, planted in a copy and checked with your settings:"
        width = max((len(api) for api in (*apis, *self.untried)), default=0) + 2
        missed = 0
        for api in apis:
            mine = [plant for plant in self.plants if plant.api == api]
            through = [plant for plant in mine if not plant.blocked]
            missed += bool(through)
            yield f"  {api:<{width}}" + (f"NOT blocked: {through[0].why}" if through else "blocked")
            here = dict.fromkeys((plant.place, plant.blocked, plant.why) for plant in mine)
            part = len({plant.place for plant in through}) < len({plant.place for plant in mine})
            shown = [one for one in here if every or (part and not one[1])]
            for place, blocked, why in shown if every else shown[:EACH_SHOWN]:
                words = "blocked" if blocked else f"NOT blocked: {why}"
                yield f"    beside {place.path}:{place.line}   {words}"
            if not every and len(shown) > EACH_SHOWN:
                yield f"    {plural(len(shown) - EACH_SHOWN, 'more')[:-1]}: mailguard check --drill --all"
        for api in self.untried:
            yield f"  {api:<{width}}not tried: mailguard has no leak for it"
        if apis:
            yield _sum(missed, len(apis))
        if self.unread:
            yield f"{plural(self.unread, 'file')} {'is' if self.unread == 1 else 'are'} not read, so nothing was planted there."


def _sum(missed: int, total: int) -> str:
    """How many of the APIs would have let a leak be merged: the last line."""
    if total == 1:
        return "It would have been merged." if missed else "It would not have been merged."
    if total == 2:
        return f"{('Neither', 'One of two', 'Both')[missed]} would have been merged."
    if missed == total:
        return f"All {numeral(total).lower()} would have been merged."
    if not missed:
        return f"None of {numeral(total).lower()} would have been merged."
    return f"{numeral(missed)} of {numeral(total).lower()} would have been merged."


def drill(run: Run) -> Drill:
    """Plant, judge, and say what was let through. ``run`` is the check that the drill is about."""
    open_run = _again(run, replace(run.settings, exclude=()))
    report = open_run.report()
    texts = {file.path: file for file in open_run.files.python}
    plants: list[Plant] = []
    untried: set[str] = set()
    for (title, path), call in sorted(_in_use(run, report.calls).items()):
        leak = leak_of(*call)
        if leak is None or path not in texts:
            untried.add(title)
            continue
        for people in (LIST, PAIR, *_anybodys(run.settings)):
            name = f"{NAME}{len(plants) + 1}"
            plants.append(Plant(title, call[1].place, name, _function(name, people, leak)))
    changed = {
        path: planted(texts[path].read(), path, [plant for plant in plants if plant.place.path == path])
        for path in {plant.place.path for plant in plants}
    }
    here = _again(run, run.settings) if run.settings.exclude else open_run
    unread = len({skip.place.path for skip in here.report().skips if not skip.accepted})
    stopped = _stopped(replace(here, files=with_texts(here.files, changed)))
    done = []
    causes = _Causes(run, changed, open_run.files)
    for plant in plants:
        blocked = plant.name in stopped
        done.append(replace(plant, blocked=blocked, why="" if blocked else causes.of(plant)))
    return Drill(tuple(done), tuple(sorted(untried)), unread)


def _again(run: Run, settings: Settings, *, allow: bool | None = None) -> Run:
    """The run that ``check`` would be with ``settings``; nothing that was seen before is kept."""
    tree = replace(run.tree, named=(), stdin=False)
    allowed = run.allow if allow is None else allow
    eyes = frozenset({gate.CODE})
    return gate.prepare((), tree, settings, eyes=eyes, here=tree.root, as_of=run.as_of, allow=allowed)


def _stopped(run: Run) -> set[str]:
    """The planted functions that close the gate."""
    return {problem.send.rpartition(":")[2].rpartition(".")[2] for problem, _ in run.new_problems()}


# --- what is planted ------------------------------------------------------------------------------


def _in_use(run: Run, calls: Iterable[Call]) -> dict[tuple[str, str], tuple[Provider | None, Call]]:
    """For each mail API and file the first mail call; test code only where it closes the gate."""
    found: dict[tuple[str, str], tuple[Provider | None, Call]] = {}
    for call in calls:
        path = call.place.path
        if not call.symbol or not run.tree.asks_for(path) or (is_test_code(path) and not run.settings.tests):
            continue
        provider = _provider(call)
        title = provider.title if provider is not None else foreign(call.api)
        found.setdefault((title, path), (provider, call))
    return found


def _provider(call: Call) -> Provider | None:
    """Whose API a mail call is: the service, or for plain mail the library that it goes through."""
    every = gate.providers()
    if call.provider not in gate.PLAIN_MAIL:
        return every.get(call.provider)
    package = call.api.partition(".")[0]
    for name, provider in sorted(every.items()):
        paths = [path for function in provider.library.functions for path in function.paths]
        paths += [path for kind in provider.library.classes for path in kind.PATHS]
        if call.api in paths or any(call.api.rpartition(".")[0] == path for path in paths):
            return provider
        if name not in gate.PLAIN_MAIL and package in {path.partition(".")[0] for path in paths}:
            return provider
        if any(kind.__name__ == package for kind in provider.library.classes):
            return provider
    return every.get(call.provider)


def leak_of(provider: Provider | None, call: Call | None = None) -> str | None:
    """Python that shows everybody in the list ``people`` to everybody through an API; None if there is none for it."""
    del call
    if provider is None:
        return None
    file = package_files("mailguard").joinpath(f"drill_data/{provider.name}.txt")
    return file.read_text("utf-8") if file.is_file() else None


def _anybodys(settings: Settings) -> Iterator[str]:
    """Two strangers for each inside domain where anybody has a mailbox."""
    for domain in settings.internal_domains:
        if domain in PUBLIC_MAILBOXES:
            yield f'people = ["reader-1@{domain}", "reader-2@{domain}"]'


def _function(name: str, people: str, leak: str) -> str:
    lines = ["import sqlite3", people] if people == LIST else [people]
    return "".join(
        f"{line}\n" for line in (f"def {name}(*_):", *(f"    {line}" for line in [*lines, *leak.splitlines()]))
    )


def planted(data: bytes, path: str, plants: Iterable[Plant]) -> bytes:
    """A copy of a file with functions in it: each beside the function that its mail call is in, in the same class.

    Where that cannot be told (code that this Python cannot parse, no function), they stand at the end.
    """
    wanted = list(plants)
    if path.endswith(".ipynb"):
        return _in_notebook(data, wanted)
    lines = data.splitlines(keepends=True)
    at: dict[int, list[bytes]] = {}
    for plant in wanted:
        line, indent = _beside(data, lines, plant.place.line)
        function = b"\n" + b"".join(indent + one + b"\n" for one in plant.data.encode("ascii").splitlines())
        at.setdefault(line, []).append(function)
    parts = [*at.get(0, ())]
    for number, text in enumerate(lines, 1):
        parts.append(text)
        if number in at and not text.endswith((b"\n", b"\r")):
            parts.append(b"\n")
        parts.extend(at.get(number, ()))
    result = b"".join(parts)
    if _parses(data) and not _parses(result):
        end = b"\n" + b"\n".join(plant.data.encode("ascii") for plant in wanted)
        return data + end
    return result


def _parses(data: bytes) -> bool:
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _beside(data: bytes, lines: list[bytes], line: int) -> tuple[int, bytes]:
    """The line behind which a function goes that stands beside the one around ``line``, and its indentation."""
    try:
        body: list[ast.stmt] = ast.parse(data).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return len(lines), b""
    while True:
        around = next((one for one in body if one.lineno <= line <= (one.end_lineno or one.lineno)), None)
        match around:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                first = lines[around.lineno - 1]
                return around.end_lineno or len(lines), first[: len(first) - len(first.lstrip(b" \t\f"))]
            case None:
                return len(lines), b""
            case _:
                inner = [getattr(around, name, None) for name in ("body", "orelse", "finalbody")]
                handlers = getattr(around, "handlers", None) or getattr(around, "cases", None) or []
                inner += [handler.body for handler in handlers]
                body = [one for block in inner if isinstance(block, list) for one in block if isinstance(one, ast.stmt)]


def _in_notebook(data: bytes, plants: Iterable[Plant]) -> bytes:
    """A notebook with a cell more for each plant; as it was where it is none."""
    try:
        document = json.loads(data)
        cells: list[object] = [
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": plant.data}
            for plant in plants
        ]
        document["cells"].extend(cells)
        return json.dumps(document).encode()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return data


# --- why it was let through -----------------------------------------------------------------------

Cause = tuple[str, str]
"""A setting: its key, and which of its values."""


@dataclass(frozen=True, slots=True)
class _Causes:
    """What lets a leak through: settings without which it would be blocked."""

    run: Run
    texts: dict[str, bytes]
    files: Files
    """All files, also those that the settings exclude."""

    def of(self, plant: Plant) -> str:
        """The settings that let ``plant`` through, in words."""
        path = plant.place.path
        every = list(self._settings(path))
        out = set(every)
        if not self._blocked(plant, out):
            return self._unread(path)
        for one in every:
            if self._blocked(plant, out - {one}):
                out.discard(one)
        if not out:
            # Only the tree as a whole lets it through: the baseline, or a limit of the analysis.
            return (
                "the baseline knows one like it" if self.run.baseline is not None else "mailguard does not see it there"
            )
        return " and ".join(self._words(one, plant) for one in every if one in out)

    def _settings(self, path: str) -> Iterator[Cause]:
        settings = self.run.settings
        where = folder_of(settings.file, self.run.tree.root)
        if self.run.allow:
            yield ("allow", "")
        yield from (("audiences", audience.name) for audience in settings.audiences)
        yield from (("internal-domains", domain) for domain in settings.internal_domains)
        yield from (("limits", rule) for rule in settings.limits)
        yield from (
            ("per-path-ignores", glob) for glob in settings.per_path_ignores if Globs([glob], where).match(path)
        )
        yield from (("exclude", glob) for glob in settings.exclude if Globs([glob], where).match(path))
        yield from (("ignore", rule) for rule in settings.ignore)
        if settings.select:
            yield ("select", "")
        if settings.gate is not Severity.WARNING:
            yield ("gate", "")

    def _blocked(self, plant: Plant, out: Collection[Cause]) -> bool:
        """Whether ``plant`` is blocked without the settings ``out``, by its file alone."""
        settings = self.run.settings

        def kept(key: str) -> Callable[[str], bool]:
            return lambda name: (key, name) not in out

        changed = replace(
            settings,
            audiences=tuple(one for one in settings.audiences if ("audiences", one.name) not in out),
            internal_domains=tuple(filter(kept("internal-domains"), settings.internal_domains)),
            limits={rule: limit for rule, limit in settings.limits.items() if ("limits", rule) not in out},
            per_path_ignores={
                glob: rules
                for glob, rules in settings.per_path_ignores.items()
                if ("per-path-ignores", glob) not in out
            },
            exclude=tuple(filter(kept("exclude"), settings.exclude)),
            ignore=tuple(filter(kept("ignore"), settings.ignore)),
            select=() if ("select", "") in out else settings.select,
            gate=Severity.WARNING if ("gate", "") in out else settings.gate,
        )
        run = _again(self.run, changed, allow=("allow", "") not in out and self.run.allow)
        mine = tuple(file for file in run.files.python if file.path == plant.place.path)
        alone = replace(run, baseline=None, files=with_texts(replace(run.files, python=mine), self.texts))
        return plant.name in _stopped(alone)

    def _unread(self, path: str) -> str:
        if is_test_code(path) and not self.run.settings.tests:
            return f"{foreign(path)} is test code"
        return "mailguard does not see it there"

    def _words(self, cause: Cause, plant: Plant) -> str:
        key, name = cause
        settings = self.run.settings
        at = self._at(*cause)
        match key:
            case "allow":
                return self._exception(plant)
            case "audiences":
                return f"{at} makes it the audience {foreign(name)}"
            case "internal-domains":
                return f"{at} counts {foreign(name)} as inside"
            case "limits":
                return f"{at} sets the limit of {foreign(name)} to {settings.limits[name]:,}"
            case "per-path-ignores":
                rules = ", ".join(settings.per_path_ignores[name])
                return f"{at} turns {foreign(rules)} off in {foreign(name)}"
            case "exclude":
                return f"{at} excludes {foreign(name)}"
            case "ignore":
                return f"{at} turns {foreign(name)} off"
            case "select":
                return f"{at} selects other rules only"
            case _:
                return f"{at} closes the gate for errors only"

    def _at(self, *path: str) -> str:
        """``pyproject.toml:91``."""
        settings, root = self.run.settings, self.run.tree.root
        if settings.file is None:
            return "a setting of this command"
        inside = settings.file.is_relative_to(root)
        name = settings.file.relative_to(root).as_posix() if inside else settings.file.name
        line = settings.line(*(part for part in path if part))
        return f"{foreign(name)}:{line}" if line else foreign(name)

    def _exception(self, plant: Plant) -> str:
        run = _again(self.run, self.run.settings)
        mine = tuple(file for file in run.files.python if file.path == plant.place.path)
        text = self.texts[plant.place.path]
        alone = replace(run, files=with_texts(replace(run.files, python=mine), self.texts))
        lines = text.splitlines()
        line = next((at for at, one in enumerate(lines, 1) if f"def {plant.name}(".encode() in one), 0)
        for one in alone.exceptions_in_force():
            if one.covers(Place(plant.place.path, line)):
                # The comment stands above what was planted, so its line is that of the tree.
                return f"{foreign(one.path)}:{one.comment.line} allows it: {foreign(one.reason)}"
        return f"{foreign(plant.place.path)} allows it"
