"""From the roots that name a mail call up to what their outcome depends on.

Each is run with its parameters open. Where who sees whom still depends on a parameter, its callers are run instead, and
theirs, until nothing depends on a caller or nobody calls. All of a level is run against one state of what is known; what it
teaches counts from the next one on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.exchange import Dispatch, HttpRequest
from mailguard.model.finding import Skip
from mailguard.model.place import Place
from mailguard.model.value import Either, Parameter, Repeat, Text, Value, text
from mailguard.source import tree as t
from mailguard.source.asking import Who, who_tells
from mailguard.source.callers import CALLERS_LIMIT, Callers
from mailguard.source.crew import Crew
from mailguard.source.interpret.machine import answered
from mailguard.source.project import Module
from mailguard.source.roots import GENERIC, Messages, Root, Runner, Task
from mailguard.source.seeds import module_mentions, names_of, returns

__all__ = ["Climb"]

CLIMB_LIMIT: Final = 6
"""Callers of callers of callers."""
LEVELS_LIMIT: Final = 6
"""Functions that send what they are given, and call each other."""
MAKERS_LIMIT: Final = 3
"""So many functions in a row that hand a message on before one sends it."""


@dataclass
class Climb:
    """The search for what the mail calls of a project depend on."""

    runner: Runner
    crew: Crew
    callers: Callers
    open_to_callers: Callable[[Dispatch], bool]
    final: list[Dispatch] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    messages: Messages = field(default_factory=Messages)
    """What became of messages in roots."""
    hot: dict[Module, set[str]] = field(default_factory=dict)
    """By file: the names in it that stand for mail libraries and for what sends."""
    naming: set[Module] = field(default_factory=set)
    """Files that name a mail library."""
    _by_symbol: dict[str, list[Root]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Know the machine."""
        self.machine = self.runner.machine
        self.is_test = self.runner.is_test

    # Running

    def run(self, roots: Iterable[Root]) -> None:
        """Run each root, unless it was run and no more of the names that it holds are known to lead to a mail call."""
        self._take([Task(root) for root in self._stale(roots)])

    def sends(self, roots: Iterable[Root]) -> dict[Root, bool]:
        """Whether each root sends anything at all; the run of one ends with its first mail call."""
        roots = list(roots)
        known = self._take([Task(root, first=True) for root in self._stale(roots)])
        return {root: known[root] if root in known else bool(root.dispatches) for root in roots}

    def _stale(self, roots: Iterable[Root]) -> list[Root]:
        return [root for root in dict.fromkeys(roots) if root.dispatches is None or self._asked_now(root) != root.asked]

    def _asked_now(self, root: Root) -> frozenset[str]:
        return root.without & (self.machine.relevant | self.machine.nearby.everything)

    def _take(self, tasks: Sequence[Task]) -> dict[Root, bool]:
        """Run roots and take over what they come to, in their order; gives whether each sends."""
        outcomes = self.crew.run(tasks)
        for task, outcome in zip(tasks, outcomes, strict=True):
            root = task.root
            if not outcome.enough:
                root.without = outcome.without
                root.asked, root.dispatches = self._asked_now(root), list(outcome.dispatches)
                root.holders, root.exhausted = outcome.holders, outcome.beyond
            root.large = outcome.large
            root.sends |= bool(outcome.dispatches)
            self.messages.take(outcome.messages)
            self.skips += [skip for skip in outcome.skips if skip not in self.skips]
        self.runner.learn(outcomes)
        return {task.root: bool(outcome.dispatches) for task, outcome in zip(tasks, outcomes, strict=True)}

    # What leads to a mail call, and who sends what others make

    def learn(self, seeds: Iterable[Root], sends: frozenset[str]) -> None:
        """Take functions that send what they are given, of which nothing is known here, for mail calls themselves."""
        asked = []
        for root in seeds:
            node = root.chain[-1] if root.chain else None
            own_name = root.name not in GENERIC and not root.name.startswith("__")
            if isinstance(node, t.Func) and own_name and not sends.isdisjoint(node.names):
                asked.append(root)
        for level in self._from_below(asked):
            for root, found in self.sends(level).items():
                if not found:
                    self.callers.lead(root.name, root.module)

    def _from_below(self, roots: Iterable[Root]) -> list[list[Root]]:
        """Roots in levels, those first that name no other one: what names one of them is run when more is known, and once.

        Where they name each other in a circle, and above ``LEVELS_LIMIT``, they are of the last level.
        """
        left = list(dict.fromkeys(roots))
        levels: list[list[Root]] = []
        mentions = self._mentions()
        below = {root: _reached(self.runner.names_in(root), mentions) - {root.name} for root in left}
        while left and len(levels) < LEVELS_LIMIT:
            names = {root.name for root in left}
            level = [root for root in left if names.isdisjoint(below[root])]
            if not level:
                break
            levels.append(level)
            done = set(level)
            left = [root for root in left if root not in done]
        return [*levels, left] if left else levels

    def _mentions(self) -> dict[str, set[str]]:
        """By name of a function of a file that names a mail library: the names that such functions mention; everyday ones left out."""
        found: dict[str, set[str]] = {}
        for module in self.naming:
            for chain in self.callers.chains(module):
                node = chain[-1]
                if isinstance(node, t.Func) and node.name not in GENERIC and not node.name.startswith("__"):
                    found.setdefault(node.name, set()).update(node.names)
        for names in found.values():
            names.intersection_update(found)
        return found

    def senders_of_made(self, seeds: list[Root], sends: frozenset[str]) -> list[Root]:
        """Functions that send what code elsewhere makes: an object of a class derived from a message, or what a function returns.

        Their files need not name a mail library themselves.
        """
        found: list[Root] = []
        asked: set[str] = set()
        level = seeds
        passing: list[Root] = []
        for _ in range(MAKERS_LIMIT):
            made = self._made(level, sends, passing) - asked
            asked |= made
            level, passing = [], []
            makers = {
                dispatch.symbol.rpartition(":")[2].rpartition(".")[2] for dispatch in self.messages.unsent.values()
            }
            for name in sorted(made):
                for module in self.callers.files_naming(name)[: CALLERS_LIMIT * 4]:
                    for chain in self.callers.chains(module):
                        node = chain[-1]
                        if not isinstance(node, t.Func) or name not in node.names:
                            continue
                        if not sends.isdisjoint(node.names):
                            level.append(self.callers.root(module, chain))
                        elif name in makers and returns(node.body) and not self.is_test(module.path):
                            # A method of a model that words a message, and leaves it to its callers to send it.
                            passing.append(self.callers.root(module, chain))
                    if module not in self.naming and module_mentions(module.body, name):
                        level.append(self.callers.root(module, ()))
            known = {*seeds, *found}
            level = [root for root in dict.fromkeys(level) if root not in known]
            found += level
            self.machine.relevant |= made
        return found

    def _made(self, roots: list[Root], sends: frozenset[str], passing: Sequence[Root] = ()) -> set[str]:
        """Names by which messages are made: classes that are derived from modelled ones, functions that return without sending.

        What names nothing of a mail library but a method that sends makes none.

        ``passing`` are functions and methods that name one of those that were found before.
        """
        names: set[str] = set()
        for module in {root.module for root in roots} | self.naming:
            hot = set() if self.is_test(module.path) else self.hot.get(module, set())
            names |= {
                cls.name for cls in module.body if isinstance(cls, t.Class) and not hot.isdisjoint(names_of(cls.bases))
            }
        plain = []
        for root in roots:
            node = root.chain[-1] if root.chain else None
            top = len(root.chain) == 1 and not self.is_test(root.module.path)
            makes = isinstance(node, t.Func) and not (self.hot.get(root.module, set()) - sends).isdisjoint(node.names)
            if isinstance(node, t.Func) and makes and top and returns(node.body):
                plain.append(root)
        names |= {root.name for root, found in self.sends([*plain, *passing]).items() if not found}
        if self.machine.methods is not None:
            for name in list(names):
                names |= {heir.name for _, heir in self.machine.methods.subclasses(name)}
        return names - GENERIC

    # Climbing

    def judge(self, seeds: list[Root]) -> None:
        """Run the seeds, and climb from those whose outcome depends on a caller."""
        # Per root: the sends that are asked about; None asks about all of them.
        level: dict[Root, set[Place] | None] = dict.fromkeys(seeds)
        done: set[tuple[Root, Place]] = set()
        # What was left to callers: where they call each other in a circle, nobody else speaks for it.
        left: dict[Place, list[Dispatch]] = {}
        for depth in range(CLIMB_LIMIT + 1):
            # All of a level is run before anything is learned from it, and all of it is learned before a caller is
            # run: so each root is run once for each level that it is on, whatever the order of the files.
            self.run(level)
            found = [(root, self._asked(root, wanted, seeds)) for root, wanted in level.items()]
            climbs = [
                (root, [(dispatch, depth < CLIMB_LIMIT and self._open(root, dispatch)) for dispatch in dispatches])
                for root, dispatches in found
            ]
            for root, dispatches in climbs:
                if any(climb for _, climb in dispatches):
                    for name in root.names:
                        self.callers.lead(name, root.module)
                    self.callers.of(root)
            asked_of: dict[tuple[Root, Place], Dispatch] = {}
            for root, dispatches in climbs:
                for dispatch, climb in dispatches:
                    if climb:
                        asked_of.setdefault((root, dispatch.place), dispatch)
            above = self._above(asked_of)
            following: dict[Root, set[Place] | None] = {}
            for root, dispatches in climbs:
                reaching: dict[Place, list[Root]] = {}
                for dispatch, climb in dispatches:
                    place = dispatch.place
                    if not climb:
                        self.final.append(dispatch)
                        continue
                    reaching[place] = above[root, place]
                    if not reaching[place] or id(root) in self.callers.cut:
                        # Callers that were not asked leave it open: it counts as undecided, not as settled.
                        self.final.append(dispatch)
                    else:
                        left.setdefault(place, []).append(dispatch)
                for place, callers in reaching.items():
                    for caller in callers:
                        if (caller, place) in done:
                            continue
                        done.add((caller, place))
                        asked = following.setdefault(caller, set())
                        assert asked is not None  # noqa: S101  # made one line above
                        asked.add(place)
            level = following
            if not level:
                break
        self.final = answered(self.final)
        whole = self.crew.messages
        whole.meet(self.runner.messages_of_modules())
        whole.take(self.messages)
        self.final += [dispatch for dispatch in whole.never_sent() if not self.is_test(dispatch.place.path)]
        told = {dispatch.place for dispatch in self.final}
        for place, of_callers in left.items():
            if place not in told:
                self.final += of_callers

    def _asked(self, root: Root, wanted: set[Place] | None, seeds: list[Root]) -> list[Dispatch]:
        """What a root sends of what is asked about; of a seed, what no other seed speaks for."""
        if wanted is not None:
            return [dispatch for dispatch in root.dispatches or () if dispatch.place in wanted]
        return [
            dispatch
            for dispatch in root.dispatches or ()
            if dispatch.symbol == root.symbol or root.inherited or not self._own_root(dispatch, seeds)
        ]

    def _own_root(self, dispatch: Dispatch, seeds: list[Root]) -> bool:
        """Whether the function that holds the send is a seed that finds it by itself, and so speaks for it."""
        if not self._by_symbol:
            for seed in seeds:
                self._by_symbol.setdefault(seed.symbol, []).append(seed)
        own = self._by_symbol.get(dispatch.symbol, ())
        return any(found.place == dispatch.place for seed in own for found in seed.dispatches or ())

    def _open(self, root: Root, dispatch: Dispatch) -> bool:
        """Whether it is worth asking the callers. A request whose host nothing tells is mail only if a caller gives it."""
        if isinstance(dispatch.exchange, HttpRequest):
            first = _first(dispatch.exchange.url)
            if not isinstance(text(first), str) and not isinstance(first, (Parameter, Either)):
                return False
        return self.open_to_callers(dispatch) and bool(who_tells(dispatch.exchange, root.holders))

    def _above(self, asked: dict[tuple[Root, Place], Dispatch]) -> dict[tuple[Root, Place], list[Root]]:
        """The callers of each root that reach its send."""
        callers = {key: self._candidates(key[0], dispatch) for key, dispatch in asked.items()}
        for (root, _), found in callers.items():
            for caller in found:
                # Whoever calls what did not end does not end either.
                caller.beyond |= root.exhausted and caller.dispatches is None
        self.run(caller for found in callers.values() for caller in found)
        reaching = {key: _reaching(found, key[1], key[0]) for key, found in callers.items()}
        # Whoever calls a method has an object of which nothing tells; whoever makes one, and hands it there, tells.
        lonely = [key for key, found in reaching.items() if not found and _is_method(key[0])]
        makers = {root: self.callers.makers_of(root) for root in dict.fromkeys(root for root, _ in lonely)}
        self.run(maker for found in makers.values() for maker in found)
        reaching |= {key: _reaching(makers[key[0]], key[1]) for key in lonely}
        # Nobody seen hands it there, but what its makers gave it is what it has when the method is called.
        users = {
            key: [self.callers.using(maker, key[0]) for maker in makers[key[0]]]
            for key in lonely
            if not reaching[key] and Who.MAKERS in who_tells(asked[key].exchange, key[0].holders)
        }
        self.run(user for found in users.values() for user in found)
        return reaching | {key: _reaching(found, key[1]) for key, found in users.items()}

    def _candidates(self, root: Root, dispatch: Dispatch) -> list[Root]:
        if _is_method(root) and who_tells(dispatch.exchange, root.holders) is Who.MAKERS:
            # No argument of a call matters, whoever makes it: what the object was made with does.
            return []
        callers = self.callers.of(root)
        if isinstance(dispatch.exchange, HttpRequest) and not isinstance(text(_first(dispatch.exchange.url)), str):
            # Any program posts to addresses that its callers give; only those that name a mail service matter.
            return [caller for caller in callers if caller.module in self.naming]
        return callers


def _reached(names: Iterable[str], mentions: Mapping[str, set[str]]) -> set[str]:
    """The functions that are named, or that a named one names in turn."""
    found: set[str] = set()
    stack = [name for name in names if name in mentions]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += mentions[name]
    return found


def _is_method(root: Root) -> bool:
    """Whether a root is a method of a class at the top level of a file, whose makers can be looked for."""
    return len(root.chain) == 2 and isinstance(root.chain[0], t.Class)


def _reaching(callers: Iterable[Root], place: Place, root: Root | None = None) -> list[Root]:
    """Those that come to a mail call; with ``root``, not only past it, through another function of its name."""
    return [
        caller
        for caller in callers
        if any(found.place == place and not (root and _past(caller, found, root)) for found in caller.dispatches or ())
    ]


def _past(caller: Root, dispatch: Dispatch, root: Root) -> bool:
    """Whether the way to a mail call leads through another function that is called like ``root``, and not through it.

    A view that is called like the method that it asks is not called by whoever asks that method.
    """
    if root.inherited:
        return False
    taken = [caller.symbol, *(step.detail for step in dispatch.path)]
    return root.symbol not in taken and any(re.split(r"[:.]", each)[-1] == root.name for each in taken)


def _first(url: Value) -> Value:
    """The start of a URL, which tells its host."""
    return url.parts[0] if isinstance(url, Text) and not isinstance(url.parts[0], Repeat) else url
