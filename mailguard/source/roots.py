"""Roots: functions that are run on their own, and what each of them comes to.

What a root comes to depends on the project, on the names that are known to lead to a mail call, and on the functions that
are known to send; on nothing that another root did. So the roots of one level are run in any order, by any process.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mailguard.model.exchange import Dispatch
from mailguard.model.finding import Skip, SkipReason
from mailguard.model.place import Place
from mailguard.source import tree as t
from mailguard.source.asking import Holders
from mailguard.source.interpret.context import COARSE, FULL, GLANCE, JOINED, SKIM, Budget, Dead, Effort, Enough
from mailguard.source.interpret.machine import Machine
from mailguard.source.interpret.values import Func
from mailguard.source.project import Module, Project
from mailguard.source.seeds import Chain, names_of

__all__ = ["GENERIC", "Messages", "Outcome", "Root", "Runner", "Task"]

GENERIC: Final = frozenset(
    "send save run post get execute create call process handle start submit write delete update main __init__ perform notify "
    "apply do work task job publish dispatch emit push add form_valid validate clean setup build render list load parse index "
    "detail edit new view register login invite share check test start stop close open set put patch".split()
)
"""Names so common that a call of one on an unknown object means nothing."""


@dataclass(eq=False)
class Root:
    """A function (or a file as a script) that is run on its own."""

    module: Module
    chain: Chain
    home: Module
    """The file that holds the function itself: another one than ``module`` where a subclass has it from there."""
    dispatches: list[Dispatch] | None = None
    used: tuple[Module, t.Class, str] | None = None
    """A class with its file, and a method of it that is called on each object that the root makes."""
    asked: frozenset[str] = frozenset()
    """The names it holds that were known to lead to a mail call when it was run."""
    without: frozenset[str] = frozenset()
    """Names for whose sake it is run again, once they are known to lead to a mail call: a helper's helper may turn out to send."""
    large: bool = False
    """Whether it took more steps than ``FULL`` allows; with more to look at it takes no fewer."""
    sends: bool = False
    """Whether it was seen to send."""
    holders: Holders = field(default_factory=Holders)
    """Whose parameters its run left open."""
    beyond: bool = False
    """Whether it calls a function that took more steps than any limit: it takes no fewer, and is only skimmed."""
    exhausted: bool = False
    """Whether it took more steps than any limit itself."""

    @property
    def inherited(self) -> bool:
        """Whether it is a method as a subclass has it, which overrides what the method calls."""
        return len(self.chain) > 1 and isinstance(self.chain[0], t.Class) and self.chain[-1] not in self.chain[0].body

    @property
    def name(self) -> str:
        """The name by which it is called; empty for a script."""
        return self.chain[-1].name if self.chain else ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name by which something that leads here is called: the function, and the class of a method."""
        return tuple(dict.fromkeys(node.name for node in reversed(self.chain)))

    @property
    def symbol(self) -> str:
        """Its symbol."""
        return f"{self.module.name}:{'.'.join(node.name for node in self.chain) or '<module>'}"


@dataclass(frozen=True, slots=True)
class Task:
    """A root to be run."""

    root: Root
    first: bool = False
    """Whether only that it sends anything is asked: its run ends with the first mail call."""


@dataclass(slots=True)
class Messages:
    """What became of messages, by the places where they were made."""

    unsent: dict[Place, Dispatch] = field(default_factory=dict)
    """What sending one as it was last seen would be."""
    sent: set[Place] = field(default_factory=set)
    """Those that were seen to be sent, or turned into data."""

    def take(self, other: Messages) -> None:
        """Add what became of them later."""
        self.unsent |= other.unsent
        self.sent |= other.sent

    def meet(self, other: Messages) -> None:
        """Add what another process saw of them, in no order."""
        for place, dispatch in other.unsent.items():
            self.unsent[place] = min(self.unsent.get(place, dispatch), dispatch, key=repr)
        self.sent |= other.sent

    def never_sent(self) -> list[Dispatch]:
        """What sending those would be that were not seen to be sent."""
        return [dispatch for place, dispatch in self.unsent.items() if place not in self.sent]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What running a root came to."""

    dispatches: tuple[Dispatch, ...]
    skips: tuple[Skip, ...]
    large: bool
    enough: bool
    """Whether the run ended with the first mail call, as asked."""
    messages: Messages
    without: frozenset[str] = frozenset()
    """The names that do not lead to a mail call, and of which it takes one that does for the root to come to something else."""
    holders: Holders = field(default_factory=Holders)
    """Whose parameters it leaves open."""
    beyond: bool = False
    """Whether it took more steps than any limit."""


@dataclass
class Runner:
    """Runs roots. What they teach is taken over by :meth:`learn`, between two levels."""

    project: Project
    machine: Machine
    is_test: Callable[[str], bool]
    debug: bool = False
    """Whether a failure of the interpreter is raised, not told as a Skip."""
    senders: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Symbols of functions that send, by their names."""
    top_names: dict[Module, frozenset[str]] = field(default_factory=dict)
    """Names that the top level of a file mentions, outside functions and classes."""
    _resolved: dict[str, Func | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let calls on objects of which nothing is known mean what is known to send."""
        self.machine.wrappers = self._wrappers

    def run(self, task: Task) -> Outcome:
        """Run a root, as hard as its steps allow; one that sends nothing with its branches joined is not run again."""
        root = task.root
        self.machine.passed_by = set()
        if self.is_test(root.module.path):
            return self._run(task, (GLANCE,), first=task.first)
        if root.beyond:
            return self._run(task, (SKIM,), first=task.first)
        large = root.large
        if not large and not root.sends:
            outcome = self._run(task, (JOINED,), first=True)
            found = outcome.dispatches or outcome.messages.unsent
            large = outcome.large
            if not large and (task.first or not found):
                return outcome
        return self._run(task, (COARSE, SKIM) if large else (FULL, COARSE, SKIM), first=task.first)

    def _run(self, task: Task, efforts: Sequence[Effort], *, first: bool) -> Outcome:
        root, machine = task.root, self.machine
        machine.used = root.used[1:] if root.used is not None else None
        at = root.chain[-1].at.line if root.chain else 1
        found: list[Dispatch] = []
        begun: list[Dispatch] = []
        partly: list[Dispatch] = []
        skips: list[Skip] = []
        large, enough = efforts[0] is COARSE, False
        messages = Messages()
        beyond = False
        machine.holders = Holders()
        for effort in efforts:
            machine.effort, machine.first = effort, first
            try:
                found = machine.run_function(root.module, root.chain) if root.chain else machine.run_module(root.module)
            except Dead:
                found = machine.found()
            except Budget:
                found = machine.dispatches
                if effort is FULL or effort is JOINED:
                    large = True
                elif effort is COARSE and partly:
                    found = partly
                    skips.append(Skip(SkipReason.BUDGET, Place(root.module.path, at), root.symbol))
                    break
                elif effort is COARSE:
                    # What was seen until then knows more than a look that skips over calls.
                    begun = found
                elif effort is SKIM:
                    beyond = True
                    skips.append(Skip(SkipReason.BUDGET, Place(root.module.path, at), root.symbol))
                continue
            except RecursionError:
                skips.append(Skip(SkipReason.DEPTH, Place(root.module.path, at), root.symbol))
                found = machine.dispatches
            except Enough:
                found, enough = machine.dispatches, True
                break
            except Exception as error:  # one root costs itself, and says so; --debug re-raises
                if self.debug:
                    raise
                skips.append(Skip(SkipReason.INTERNAL, Place(root.module.path, at), type(error).__name__))
                found = machine.dispatches
            finally:
                machine.first = False
                messages.take(self._messages(machine.unsent, machine.sent))
            if effort is FULL and machine.passed_over and found:
                # It sends, and was not read as a whole: with the branches joined there may be steps for all of it.
                partly, large = [] if machine.cut_short else found, True
                continue
            if effort is COARSE and partly and machine.passed_over:
                # Nothing is gained by it: what was seen with the branches apart tells more.
                found = partly
            if effort is SKIM or (machine.passed_over and (begun or found)):
                # It was not read as a whole; where helpers without mail were passed over, that matters to what is sent.
                skips.append(Skip(SkipReason.BUDGET, Place(root.module.path, at), root.symbol))
            break
        if begun and not enough:
            seen = {dispatch.place for dispatch in begun}
            found = [*begun, *(dispatch for dispatch in found if dispatch.place not in seen)]
        dispatches = tuple(replace(one, root=root.symbol) for one in found)
        return Outcome(dispatches, tuple(skips), large, enough, messages, self._without(root), machine.holders, beyond)

    def _without(self, root: Root) -> frozenset[str]:
        """The names of which none leads to a mail call as far as is known, on which it hangs what the last run came to."""
        found = frozenset().union(*self.machine.passed_by)
        return (
            found & self.names_in(root)
            if self.machine.dispatches
            else (found - GENERIC) | (found & self.names_in(root))
        )

    def messages_of_modules(self) -> Messages:
        """What became of messages while modules were loaded."""
        return self._messages(self.machine.unsent_by_modules, self.machine.sent_by_modules)

    def _messages(self, unsent: dict[object, Dispatch], sent: set[object]) -> Messages:
        at = self.machine.made_at
        return Messages({at[site]: one for site, one in unsent.items()}, {at[site] for site in sent if site in at})

    def names_in(self, root: Root) -> frozenset[str]:
        """The names that the code of a root mentions."""
        if root.chain:
            node = root.chain[-1]
            return node.names if isinstance(node, t.Func) else frozenset()
        if root.module not in self.top_names:
            self.top_names[root.module] = frozenset(names_of(root.module.body))
        return self.top_names[root.module]

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Note what functions were seen to send."""
        for outcome in outcomes:
            for dispatch in outcome.dispatches:
                for step in dispatch.path:
                    self._note_sender(step.detail)
                self._note_sender(dispatch.symbol)

    def _note_sender(self, symbol: str) -> None:
        name = symbol.rpartition(":")[2].rpartition(".")[2]
        usual = name.isidentifier() and name not in GENERIC and not name.startswith("__")
        if usual and symbol not in self.senders[name]:
            self.senders[name].append(symbol)

    def _wrappers(self, name: str) -> Sequence[Func]:
        """The functions called ``name`` that send: what a call on an object of which nothing is known may mean."""
        found = []
        for symbol in self.senders.get(name, ()):
            if symbol not in self._resolved:
                with self.machine.alone():
                    self._resolved[symbol] = self.machine.function_of(symbol, self._by_name)
            func = self._resolved[symbol]
            if func is not None:
                found.append(func)
        return found

    @functools.cached_property
    def _by_name(self) -> dict[str, Module]:
        """The files by the names of their modules; of several with one name the first."""
        return {module.name: module for _, module in sorted(self.project.modules.items(), reverse=True)}
