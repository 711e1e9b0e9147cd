"""From a tree of files to the mail calls in it: roots by demand.

The search starts at the functions that name a mail call. Each is run with its
parameters open. Where who sees whom still depends on a parameter, its callers
are run instead, and theirs, until nothing depends on a caller or nobody calls.
A caller is found by name, over the bytes of all files; whether it really calls
is what running it shows.
"""

from __future__ import annotations

import errno
import gc
import sys
import threading
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final

from mailguard.model.exchange import Dispatch
from mailguard.model.finding import IN_LFS, Skip, SkipReason
from mailguard.model.place import Place
from mailguard.model.provider import Library
from mailguard.search import Search, folded, is_coded, is_elsewhere
from mailguard.source import facts
from mailguard.source import tree as t
from mailguard.source.callers import AND, CALLERS_LIMIT, Callers
from mailguard.source.climbing import Climb
from mailguard.source.crew import Crew
from mailguard.source.interpret.machine import Machine
from mailguard.source.methods import Methods
from mailguard.source.project import Module, Project, SourceFile
from mailguard.source.reexports import passed_on
from mailguard.source.roots import GENERIC, Root, Runner
from mailguard.source.seeds import EVERYDAY, module_mentions, names_mail, sinks_of, starts_in
from mailguard.source.web_helpers import web_helpers

__all__ = ["Scan", "SourceFile", "scan"]

STACK_BYTES: Final = 512 * 1024 * 1024
"""The interpreter recurses over expressions and calls; its thread gets a stack to match."""

ROOM: Final = 1024 * 1024
"""Slots of the frame under all calls of a scan.

CPython keeps frames in chunks of 16 KB, and asks the system for one each time that a call crosses into it (3.11 to 3.13,
``push_chunk`` in ``Python/pystate.c``): half a million times in one scan, a fifth of its time. A chunk is as large as its
first frame asks, and up to as much again is free for those above it.
"""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in the code."""

    dispatches: tuple[Dispatch, ...]
    skips: tuple[Skip, ...]
    files: int
    """Python files that were considered."""
    files_read: int
    """Those that were read, or that hold nothing that could matter."""
    loud: frozenset[str] = frozenset()
    """Files that were parsed, or that hold one of ``words``: an edit of any other one cannot matter if it brings none."""
    words: frozenset[tuple[bytes, ...]] = frozenset()
    """What was searched for: all parts of one of them make a file matter."""
    naming: frozenset[str] = frozenset()
    """Files that hold the name of a mail library, test code left out."""


def scan(
    files: Sequence[SourceFile],
    libraries: Sequence[Library],
    open_to_callers: Callable[[Dispatch], bool],
    *,
    is_test: Callable[[str], bool] = lambda _: False,
    debug: bool = False,
    jobs: int | None = 1,
) -> Scan:
    """Find the mail calls of a tree.

    ``open_to_callers`` says whether who sees whom in a dispatch still depends on a
    parameter. ``is_test`` tells test code: it calls nothing for the purpose of a
    verdict. ``jobs`` is how many processes share the work (None: as many as
    pay); the result is that of one. Never raises on what is scanned: a Skip says what was not analysed.
    """
    result: list[Scan] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(_scan(files, libraries, open_to_callers, is_test, debug=debug, jobs=jobs))
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
            failure.append(error)

    work.__code__ = work.__code__.replace(co_stacksize=ROOM)
    limit = sys.getrecursionlimit()
    young = gc.get_threshold()
    size = threading.stack_size(STACK_BYTES)
    # What is computed with hardly ever refers to itself: looking for cycles every 700 objects costs a seventh of the time.
    gc.set_threshold(200_000, 20, 100)
    sys.setrecursionlimit(30_000)
    try:
        thread = threading.Thread(target=work, name="mailguard-scan")
        thread.start()
        thread.join()
    finally:
        gc.set_threshold(*young)
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return result[0]


def _scan(
    files: Sequence[SourceFile],
    libraries: Sequence[Library],
    open_to_callers: Callable[[Dispatch], bool],
    is_test: Callable[[str], bool],
    *,
    debug: bool,
    jobs: int | None,
) -> Scan:
    project = Project(files)
    machine = Machine(project, libraries)
    tokens = sorted(
        {tuple(part.encode() for part in token.split(AND)) for library in libraries for token in library.tokens}
    )
    wanted = Search(tokens)
    sinks = sinks_of(libraries)
    machine.relevant |= sinks.sends | {"start"}
    machine.methods = Methods(project, is_test)
    callers = Callers(project, machine, is_test)
    crew = Crew(Runner(project, machine, is_test, debug), 1 if debug else jobs, callers.mentions)
    climb = Climb(crew.runner, crew, callers, open_to_callers)
    unreadable: list[Skip] = []
    seeds: list[Root] = []
    for path in sorted(project.modules):
        module = project.modules[path]
        try:
            data = module.file.read()
        except OSError as error:
            reason, detail = SkipReason.UNREADABLE, error.__class__.__name__
            if error.errno == errno.EFBIG:
                reason, detail = SkipReason.TOO_LARGE, error.strerror or ""
            unreadable.append(Skip(reason, Place(path), detail))
            continue
        module.keep(data)
        if not wanted.matters(data):
            continue
        if is_elsewhere(data):
            unreadable.append(Skip(SkipReason.UNREADABLE, Place(path), IN_LFS))
            continue
        climb.naming.add(module)
        starts = starts_in(module)
        hot = climb.hot[module] = sinks.hot(module)
        machine.relevant |= (hot & (sinks.sends | sinks.web)) - EVERYDAY - starts
        machine.nearby.add(module, hot - sinks.sends - sinks.web - starts)
        for name, helper in web_helpers(project, module):
            hot.add(name)
            callers.lead(name, helper)
            machine.nearby.add(module, [name])
            machine.web[helper] = EVERYDAY
        machine.web[module] = EVERYDAY | starts
        seeds += _seeds(callers, module, hot)
    imported = {module: sinks.imported(module) for module in climb.naming if not is_test(module.path)}
    for module, names in sorted(passed_on(imported, callers.files_naming).items(), key=lambda item: item[0].path):
        climb.naming.add(module)
        hot = climb.hot[module] = climb.hot.get(module, set()) | sinks.hot(module) | names
        machine.nearby.add(module, hot - sinks.sends - sinks.web)
        seeds += _seeds(callers, module, hot)
    machine.settled = (set(machine.relevant), machine.nearby.copy())
    try:
        climb.learn(seeds, sinks.sends)
        seeds += climb.senders_of_made(seeds, sinks.sends)
        for root in list(seeds):
            seeds += callers.as_subclasses(root)
        climb.judge(seeds)
    finally:
        crew.close()
    skips = [
        *unreadable,
        *_relevant(project, wanted, _naming_senders(callers, machine.relevant)),
        *climb.skips,
        *callers.skips,
    ]
    dispatches = _unique(climb.final)
    loud = crew.parsed | {module.path for module in project.modules.values() if module.parsed}
    loud |= {module.path for modules in callers.mentions.values() for module in modules}
    loud |= {module.path for module in climb.naming} | {skip.place.path for skip in unreadable}
    return Scan(
        tuple(dispatches),
        tuple(sorted(skips, key=lambda skip: (skip.place, skip.detail))),
        len(files),
        len(files)
        - len(
            {
                skip.place.path
                for skip in skips
                if skip.reason not in {SkipReason.BUDGET, SkipReason.DEPTH, SkipReason.NOT_UNDERSTOOD}
            }
        ),
        frozenset(loud),
        frozenset(tokens) | {tuple(part.encode() for part in name.split(AND)) for name in callers.mentions},
        frozenset(module.path for module in climb.naming if not is_test(module.path)),
    )


def _seeds(callers: Callers, module: Module, hot: set[str]) -> list[Root]:
    """The functions of a file that name something of ``hot``, and the file itself where its top level does."""
    found = [
        callers.root(module, chain)
        for chain in callers.chains(module)
        if isinstance(chain[-1], t.Func) and names_mail(chain[-1], hot)
    ]
    return [*found, callers.root(module, ())] if module_mentions(module.body, *hot) else found


def _relevant(project: Project, wanted: Search, calling: Container[str]) -> list[Skip]:
    """Unreadable files that name a mail API, or what sends in another file; one that names none cannot matter by itself."""
    return [
        skip
        for path, skip in project.skips.items()
        if skip.reason is SkipReason.ENCODING or path in calling or _names_mail(project.modules[path].bytes(), wanted)
    ]


def _names_mail(data: bytes, wanted: Search) -> bool:
    """Whether a file names a mail API as it stands, in letters that Python reads as plain ones, or in its own encoding."""
    if wanted.finds(data) or (not data.isascii() and wanted.finds(folded(data))):
        return True
    return is_coded(data) and wanted.finds(facts.plain(data))


def _naming_senders(callers: Callers, relevant: Container[str]) -> frozenset[str]:
    """The files that name a function which leads to a mail call: they may say whom it writes to."""
    return frozenset(
        module.path
        for name, modules in callers.mentions.items()
        if name in relevant and name not in GENERIC and len(modules) <= CALLERS_LIMIT
        for module in modules
    )


def _unique(dispatches: list[Dispatch]) -> list[Dispatch]:
    seen: set[object] = set()
    result = []
    for dispatch in dispatches:
        key = (dispatch.place, dispatch.root, dispatch.path, repr(dispatch.exchange))
        if key not in seen:
            seen.add(key)
            result.append(dispatch)
    return sorted(result, key=lambda each: (each.place, each.root))
