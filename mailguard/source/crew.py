"""Roots that are run by several processes.

Each helper is a copy of this process (``fork``), which has read the files; what roots are run, and what is known by then, it
is told. What a root comes to depends on nothing else, so it is the same whoever runs it, and outcomes are taken in the order
in which they were asked for. Where there is no ``fork``, or a helper dies, this process does all of it.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from mailguard.model.finding import Skip
from mailguard.source import tree as t
from mailguard.source.project import Module
from mailguard.source.roots import Messages, Outcome, Root, Runner, Task

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["Crew"]

MOST: Final = 8
"""So many processes at most, where nobody says how many."""
WORTH: Final = 1.5
"""Seconds of processor time that one process takes before others are asked to help, where nobody says how many there are to be."""
FEW: Final = 4
"""So many roots are not worth a helper."""
CHUNK: Final = 6
"""Roots that a helper gets at once, at most."""


class _Order(NamedTuple):
    """A root as another process finds it: by the paths of files, and which of the functions and classes in them are meant."""

    path: str
    home: str
    chain: tuple[int, ...]
    used: tuple[str, int, str] | None
    first: bool
    large: bool
    sends: bool
    beyond: bool


class _Known(NamedTuple):
    """What a helper is told before it runs roots."""

    relevant: frozenset[str]
    nearby: tuple[tuple[str, tuple[str, ...]], ...]
    senders: tuple[tuple[str, tuple[str, ...]], ...]
    registered: tuple[tuple[str, str, str, str | None], ...]


class _Answer(NamedTuple):
    """What a helper says: an outcome for each root (None where it cannot hand them over), and which files it parsed on the way."""

    outcomes: tuple[Outcome | None, ...]
    parsed: tuple[str, ...]
    skips: tuple[Skip, ...]
    opened: tuple[tuple[str, str], ...]
    """Containers that others fill, with the file that keeps each."""
    named: tuple[tuple[str, tuple[str, ...]], ...]
    """What was searched for in all files, and the files that hold it."""
    messages: Messages
    """What became of messages while modules were loaded."""


@dataclass
class Crew:
    """The processes that run roots: the one that was started, and its helpers."""

    runner: Runner
    wanted: int | None = 1
    """How many there are to be; None: as many as there are processors, where there is enough to do."""
    naming: dict[str, list[Module]] = field(default_factory=dict)
    """What was searched for in all files, and the files that hold it."""
    messages: Messages = field(default_factory=Messages)
    """What became of messages while helpers loaded modules."""
    parsed: set[str] = field(default_factory=set)
    """Files that helpers parsed."""
    _helpers: list[Connection] = field(default_factory=list)
    _pids: list[int] = field(default_factory=list)
    _places: dict[Module, dict[t.Func | t.Class, int]] = field(default_factory=dict)
    jobs: int = 1
    """How many there are."""
    alone: float = 0
    """Seconds of processor time that this process takes before others are asked to help."""
    _hired: bool = False
    _told: int = 0

    def __post_init__(self) -> None:
        """Say how many there are to be, where that is left open."""
        if self.wanted is None:
            self.jobs, self.alone = processors(), WORTH
        else:
            self.jobs = self.wanted

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What each of the roots comes to."""
        alone = self._begun(tasks)
        return [*alone, *self._run(tasks[len(alone) :])]

    def _begun(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What the first roots come to, where it is not known yet whether there is work for several."""
        found: list[Outcome] = []
        while self.alone > 0 and len(found) < len(tasks):
            before = time.process_time()
            found.append(self.runner.run(tasks[len(found)]))
            self.alone -= time.process_time() - before
        return found

    def _run(self, tasks: Sequence[Task]) -> list[Outcome]:
        if self.jobs < 2 or len(tasks) < FEW or not self._hire():
            return [self.runner.run(task) for task in tasks]
        orders = [self._order(task) for task in tasks]
        known = self._known()
        outcomes: list[Outcome | None] = [None] * len(tasks)
        waiting = deque(range(len(tasks)))
        lock = threading.Lock()

        def ask(pipe: Connection) -> None:
            told: _Known | None = known
            while True:
                with lock:
                    numbers = [
                        waiting.pop() for _ in range(min(CHUNK, 1 + len(waiting) // (4 * self.jobs), len(waiting)))
                    ]
                if not numbers:
                    return
                try:
                    pipe.send((told, tuple(orders[number] for number in numbers)))
                    answer: _Answer = pipe.recv()
                except (EOFError, OSError):
                    with lock:
                        waiting.extend(numbers)
                    self._helpers.remove(pipe)
                    return
                told = None
                for number, outcome in zip(numbers, answer.outcomes, strict=True):
                    outcomes[number] = outcome
                with lock:
                    self._take(answer)

        size = threading.stack_size(1024 * 1024)
        try:
            threads = [threading.Thread(target=ask, args=(helper,), daemon=True) for helper in self._helpers]
            for thread in threads:
                thread.start()
        finally:
            threading.stack_size(size)
        while True:
            with lock:
                number = waiting.popleft() if waiting else None
            if number is None:
                break
            outcomes[number] = self.runner.run(tasks[number])
        for thread in threads:
            thread.join()
        return [outcome or self.runner.run(task) for task, outcome in zip(tasks, outcomes, strict=True)]

    def close(self) -> None:
        """Send the helpers home."""
        for pipe in self._helpers:
            pipe.close()
        for pid in self._pids:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        if self._hired:
            gc.unfreeze()
        self._helpers.clear()
        self._pids.clear()

    def _take(self, answer: _Answer) -> None:
        self.parsed.update(answer.parsed)
        for skip in answer.skips:
            self.runner.project.skips.setdefault(skip.place.path, skip)
        self.messages.meet(answer.messages)
        modules = self.runner.project.modules
        for name, path in answer.opened:
            self.runner.machine.opened.setdefault(name, set()).add(modules[path])
        for name, paths in answer.named:
            self.naming.setdefault(name, [modules[path] for path in paths])

    # Helpers

    def _hire(self) -> bool:
        if not self._hired and hasattr(os, "fork"):
            self._hired = True
            from multiprocessing import Pipe  # noqa: PLC0415  # few runs have helpers

            if self.runner.machine.methods is not None:
                self.runner.machine.methods.properties("")  # reads the index, once for all
            gc.freeze()
            with suppress(OSError):
                for _ in range(self.jobs - 1):
                    ours, theirs = Pipe()
                    sys.stdout.flush()
                    with warnings.catch_warnings():
                        # The thread that started this one waits for it, and holds nothing.
                        warnings.simplefilter("ignore", DeprecationWarning)
                        pid = os.fork()
                    if not pid:
                        self._be_a_helper(theirs, [ours, *self._helpers])
                    theirs.close()
                    self._helpers.append(ours)
                    self._pids.append(pid)
        return bool(self._helpers)

    def _be_a_helper(self, pipe: Connection, others: list[Connection]) -> None:
        """Run what is asked for until nobody asks any more; never returns."""
        try:
            for other in others:
                other.close()
            self._told = len(self.naming)
            while True:
                known, orders = pipe.recv()
                if known is not None:
                    self._be_told(known)
                answer = self._answer(orders)
                try:
                    pipe.send(answer)
                except Exception:  # noqa: BLE001  # a value that cannot be handed over; whoever asked works it out
                    pipe.send(answer._replace(outcomes=(None,) * len(orders)))
        except (EOFError, OSError, KeyboardInterrupt):
            pass
        finally:
            os._exit(0)

    def _answer(self, orders: Sequence[_Order]) -> _Answer:
        project = self.runner.project
        outcomes = tuple(self.runner.run(self._task(order)) for order in orders)
        parsed = {path for path, module in project.modules.items() if module.parsed} - self.parsed
        self.parsed |= parsed
        skips = tuple(project.skips[path] for path in sorted(parsed) if path in project.skips)
        opened = tuple((name, home.path) for name, homes in self.runner.machine.opened.items() for home in homes)
        named = tuple((name, tuple(each.path for each in found)) for name, found in self.naming.items())
        told, self._told = self._told, len(named)
        return _Answer(
            tuple(outcomes), tuple(sorted(parsed)), skips, opened, named[told:], self.runner.messages_of_modules()
        )

    # What is said between processes

    def _numbers(self, module: Module) -> dict[t.Func | t.Class, int]:
        """The functions and classes of a file, in an order that each process finds."""
        if module not in self._places:
            found = [node for node in t.statements(module.body) if isinstance(node, (t.Func, t.Class))]
            self._places[module] = {node: number for number, node in enumerate(found)}
        return self._places[module]

    def _order(self, task: Task) -> _Order:
        root = task.root
        homes = [root.module] * (len(root.chain) - 1) + [root.home]
        chain = tuple(self._numbers(home)[node] for home, node in zip(homes, root.chain, strict=False))
        used = None
        if root.used is not None:
            home, cls, method = root.used
            used = (home.path, self._numbers(home)[cls], method)
        return _Order(root.module.path, root.home.path, chain, used, task.first, root.large, root.sends, root.beyond)

    def _task(self, order: _Order) -> Task:
        modules = self.runner.project.modules
        module, home = modules[order.path], modules[order.home]
        homes = [module] * (len(order.chain) - 1) + [home]
        chain = tuple(list(self._numbers(each))[number] for each, number in zip(homes, order.chain, strict=False))
        used: tuple[Module, t.Class, str] | None = None
        if order.used is not None:
            path, number, method = order.used
            cls = list(self._numbers(modules[path]))[number]
            used = (modules[path], cls, method) if isinstance(cls, t.Class) else None
        root = Root(module, chain, home, used=used, large=order.large, sends=order.sends, beyond=order.beyond)
        return Task(root, order.first)

    def _known(self) -> _Known:
        machine = self.runner.machine
        return _Known(
            frozenset(machine.relevant),
            tuple((module.path, tuple(sorted(names))) for module, names in machine.nearby.own.items()),
            tuple((name, tuple(symbols)) for name, symbols in self.runner.senders.items() if symbols),
            tuple(
                (name, module.path, thing, None if home is None else home.path)
                for name, kept in machine.registered.items()
                for (module, thing), home in kept.items()
            ),
        )

    def _be_told(self, known: _Known) -> None:
        machine, modules = self.runner.machine, self.runner.project.modules
        machine.relevant |= known.relevant
        for path, names in known.nearby:
            machine.nearby.add(modules[path], names)
        for name, symbols in known.senders:
            self.runner.senders[name] = list(symbols)
        for name, path, thing, home in known.registered:
            kept = machine.registered.setdefault(name, {})
            kept[modules[path], thing] = None if home is None else modules[home]


def processors() -> int:
    """How many processes this machine has room for: its processors that this one may use, ``MOST`` at most.

    One where a process that runs threads is better not forked: Python's ``multiprocessing`` does not on macOS, as libraries
    of that system may start threads of their own (bugs.python.org/issue33725).
    """
    if not sys.platform.startswith("linux"):
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)
