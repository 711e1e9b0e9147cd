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
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mailguard.model.exchange import Dispatch, HttpRequest
from mailguard.model.finding import IN_LFS, Skip, SkipReason
from mailguard.model.place import Place
from mailguard.model.provider import Library
from mailguard.model.value import Either, Parameter, Repeat, Text, Value, text
from mailguard.search import Search, is_elsewhere
from mailguard.source import tree as t
from mailguard.source.handed import Registries
from mailguard.source.interpret.calls import BY_NAME
from mailguard.source.interpret.context import COARSE, FULL, GLANCE, SKIM, Budget, Dead, Enough
from mailguard.source.interpret.machine import Machine, answered
from mailguard.source.interpret.values import Func
from mailguard.source.methods import Methods
from mailguard.source.project import Module, Project, SourceFile
from mailguard.source.shared import Shared
from mailguard.source.slice import mentions

__all__ = ["Scan", "SourceFile", "scan"]

CLIMB_LIMIT: Final = 6
"""Callers of callers of callers."""
CALLERS_LIMIT: Final = 15
"""Files that name a function, above which they must name its module or class as well."""
ROOTS_LIMIT: Final = 60
"""Callers of one function that are run; with more, each further one costs time and tells little."""
STACK_BYTES: Final = 512 * 1024 * 1024
"""The interpreter recurses over expressions and calls; its thread gets a stack to match."""

MAKERS_LIMIT: Final = 3
"""So many functions in a row that hand a message on before one sends it."""
_GENERIC: Final = frozenset(
    "send save run post get execute create call process handle start submit write delete update main __init__ perform notify "
    "apply do work task job publish dispatch emit push add form_valid validate clean setup build render list load parse index "
    "detail edit new view register login invite share check test start stop close open set put patch".split()
)
"""Names so common that a call of one on an unknown object means nothing."""

Chain = tuple[t.Class | t.Func, ...]


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


@dataclass
class _Root:
    """A function (or a file as a script) that is run on its own."""

    module: Module
    chain: Chain
    dispatches: list[Dispatch] | None = None
    inherited: bool = False
    """Whether it is a method as a subclass has it, which overrides what the method calls."""
    asked: frozenset[str] = frozenset()
    """The names it holds that were known to lead to a mail call when it was run."""
    used: tuple[t.Class, str] | None = None
    """A class, and a method of it that is called on each object that the root makes."""
    large: bool = False
    """Whether it took more steps than ``FULL`` allows; with more to look at it takes no fewer."""

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


@dataclass
class _Search:
    project: Project
    machine: Machine
    open_to_callers: Callable[[Dispatch], bool]
    is_test: Callable[[str], bool]
    roots: dict[tuple[Module, Chain], _Root] = field(default_factory=dict)
    users: dict[tuple[Module, Chain, t.Class, str], _Root] = field(default_factory=dict)
    """Makers of objects of a class, by the class and the method that is called on what they make."""
    final: list[Dispatch] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    senders: dict[str, list[Func]] = field(default_factory=lambda: defaultdict(list))
    functions: dict[Module, list[Chain]] = field(default_factory=dict)
    mentions: dict[str, list[Module]] = field(default_factory=dict)
    cut: set[int] = field(default_factory=set)
    """Roots with more callers than are run."""
    top_names: dict[Module, frozenset[str]] = field(default_factory=dict)
    """Names that the top level of a file mentions, outside functions and classes."""
    by_symbol: dict[str, list[_Root]] = field(default_factory=dict)
    known_callers: dict[int, list[_Root]] = field(default_factory=dict)
    hot: dict[Module, set[str]] = field(default_factory=dict)
    """By file: the names in it that stand for mail libraries and for what sends."""
    naming: set[Module] = field(default_factory=set)
    """Files that name a mail library."""

    def __post_init__(self) -> None:
        """Set up what looks for registries and for shared containers."""
        self.registries = Registries(self._files_naming)
        self.shared = Shared(self._files_naming, self.chains)
        self.machine.takers, self.machine.fills = self.shared.takers, self.shared.fills

    def root(self, module: Module, chain: Chain) -> _Root:
        key = (module, chain)
        if key not in self.roots:
            self.roots[key] = _Root(module, chain)
        return self.roots[key]

    def run(self, root: _Root) -> list[Dispatch]:
        """What the root sends; run again when more of the names that it holds are known to lead to a mail call."""
        asked = frozenset(self.machine.relevant & self.names_in(root))
        if root.dispatches is not None and asked == root.asked:
            return root.dispatches
        root.asked = asked
        return self._take(root, self._execute(root))

    def sends(self, root: _Root) -> bool:
        """Whether the root sends anything at all; its run ends with the first mail call."""
        if root.dispatches is not None and root.asked == self.machine.relevant & self.names_in(root):
            return bool(root.dispatches)
        asked = frozenset(self.machine.relevant & self.names_in(root))
        self.machine.first = True
        try:
            found = self._execute(root)
        except Enough:
            self._note_senders(self.machine.dispatches)
            return True
        finally:
            self.machine.first = False
        root.asked = asked
        return bool(self._take(root, found))

    def _execute(self, root: _Root) -> list[Dispatch]:
        """Run the root, as hard as its steps allow."""
        machine = self.machine
        machine.used = root.used
        at = root.chain[-1].at.line if root.chain else 1
        test = self.is_test(root.module.path)
        found: list[Dispatch] = []
        begun: list[Dispatch] = []
        for effort in (GLANCE,) if test else (COARSE, SKIM) if root.large else (FULL, COARSE, SKIM):
            machine.effort = effort
            try:
                found = machine.run_function(root.module, root.chain) if root.chain else machine.run_module(root.module)
            except Dead:
                found = machine.found()
            except Budget:
                found = machine.dispatches
                if effort is FULL:
                    root.large = True
                elif effort is COARSE:
                    # What was seen until then knows more than a look that skips over calls.
                    begun = found
                elif effort is SKIM:
                    self._skip(Skip(SkipReason.BUDGET, Place(root.module.path, at), root.symbol))
                continue
            except RecursionError:
                self._skip(Skip(SkipReason.DEPTH, Place(root.module.path, at), root.symbol))
                found = machine.dispatches
            except Enough:
                raise
            except Exception as error:  # one root costs itself, and says so; --debug re-raises
                if _debugging:
                    raise
                self._skip(Skip(SkipReason.INTERNAL, Place(root.module.path, at), type(error).__name__))
                found = machine.dispatches
            if effort is SKIM or (machine.passed_over and (begun or found)):
                # It was not read as a whole; where helpers without mail were passed over, that matters to what is sent.
                self._skip(Skip(SkipReason.BUDGET, Place(root.module.path, at), root.symbol))
            break
        seen = {dispatch.place for dispatch in begun}
        return [*begun, *(dispatch for dispatch in found if dispatch.place not in seen)] if begun else found

    def _take(self, root: _Root, found: list[Dispatch]) -> list[Dispatch]:
        root.dispatches = [replace(dispatch, root=root.symbol) for dispatch in found]
        self._note_senders(found)
        return root.dispatches

    def _note_senders(self, dispatches: list[Dispatch]) -> None:
        for dispatch in dispatches:
            for step in dispatch.path:
                self._note_sender(step.detail)
            self._note_sender(dispatch.symbol)

    def _skip(self, skip: Skip) -> None:
        if skip not in self.skips:
            self.skips.append(skip)

    def names_in(self, root: _Root) -> frozenset[str]:
        """The names that the code of a root mentions."""
        if root.chain:
            node = root.chain[-1]
            return node.names if isinstance(node, t.Func) else frozenset()
        if root.module not in self.top_names:
            self.top_names[root.module] = frozenset(_names_of(root.module.body))
        return self.top_names[root.module]

    def _note_sender(self, symbol: str) -> None:
        func = self.machine.made.get(symbol)
        if func is None or not isinstance(func.node, t.Func):
            return
        name = func.node.name
        if name not in _GENERIC and not name.startswith("__") and func not in self.senders[name]:
            self.senders[name].append(func)

    def chains(self, module: Module) -> list[Chain]:
        """Every function of a file that can be a root: of the top level and of classes."""
        if module not in self.functions:
            self.functions[module] = list(_chains(module.body, ()))
        return self.functions[module]

    def as_subclasses(self, root: _Root) -> list[_Root]:
        """A method as those subclasses have it that override what it, or the methods beside it, ask of ``self``."""
        if self.machine.methods is None or len(root.chain) != 2 or self.is_test(root.module.path):
            return []
        cls, method = root.chain
        if not isinstance(cls, t.Class) or not isinstance(method, t.Func):
            return []
        hooks: set[str] = set()
        for node in cls.body:
            if isinstance(node, t.Func):
                hooks |= node.names
        found = []
        for module, heir in self.machine.methods.subclasses(cls.name):
            own = set(_bound(heir.body))
            if method.name not in own and not own.isdisjoint(hooks):
                one = self.root(module, (heir, method))
                one.inherited = True
                found.append(one)
        return found

    def learn(self, seeds: list[_Root], sends: frozenset[str]) -> None:
        """Take functions that send what they are given, of which nothing is known here, for mail calls themselves."""
        for root in seeds:
            node = root.chain[-1] if root.chain else None
            own_name = root.name not in _GENERIC and not root.name.startswith("__")
            if isinstance(node, t.Func) and own_name and not sends.isdisjoint(node.names) and not self.sends(root):
                self.machine.relevant.add(root.name)

    def senders_of_made(self, seeds: list[_Root], sends: frozenset[str]) -> list[_Root]:
        """Functions that send what code elsewhere makes: an object of a class derived from a message, or what a function returns.

        Their files need not name a mail library themselves.
        """
        found: list[_Root] = []
        asked: set[str] = set()
        level = seeds
        for _ in range(MAKERS_LIMIT):
            made = self._made(level) - asked
            asked |= made
            level = []
            for name in sorted(made):
                for module in self._files_naming(name)[: CALLERS_LIMIT * 4]:
                    for chain in self.chains(module):
                        node = chain[-1]
                        if isinstance(node, t.Func) and name in node.names and not sends.isdisjoint(node.names):
                            level.append(self.root(module, chain))
                    if module not in self.naming and _module_mentions(module.body, name):
                        level.append(self.root(module, ()))
            known = {id(root) for root in (*seeds, *found)}
            level = [root for root in {id(root): root for root in level}.values() if id(root) not in known]
            found += level
            self.machine.relevant |= made
        return found

    def _made(self, roots: list[_Root]) -> set[str]:
        """Names by which messages are made: classes that are derived from modelled ones, functions that return without sending."""
        names: set[str] = set()
        for module in {root.module for root in roots} | self.naming:
            hot = set() if self.is_test(module.path) else self.hot.get(module, set())
            names |= {
                cls.name for cls in module.body if isinstance(cls, t.Class) and not hot.isdisjoint(_names_of(cls.bases))
            }
        for root in roots:
            node = root.chain[-1] if root.chain else None
            plain = isinstance(node, t.Func) and len(root.chain) == 1 and not self.is_test(root.module.path)
            if isinstance(node, t.Func) and plain and _returns(node.body) and not self.sends(root):
                names.add(node.name)
        if self.machine.methods is not None:
            for name in list(names):
                names |= {heir.name for _, heir in self.machine.methods.subclasses(name)}
        return names - _GENERIC

    def callers(self, root: _Root) -> list[_Root]:
        """Functions that may lead to the root; looked for once."""
        if id(root) not in self.known_callers:
            self.known_callers[id(root)] = self._find_callers(root)
        return self.known_callers[id(root)]

    def _find_callers(self, root: _Root) -> list[_Root]:
        """Functions that name the root, its class, or a subclass of it: they may lead to it."""
        if not root.chain:
            return []
        result: dict[tuple[Module, Chain], _Root] = {}
        names = [root.name] if root.name not in {"__init__", "__call__", "__new__"} else []
        names += [node.name for node in root.chain[:-1] if isinstance(node, t.Class)]
        if root.name == "run" and len(names) > 1:
            # Whoever starts a thread or a task names its class.
            names = names[1:]
        if root.name in {"__init__", "__call__", "__new__"} and len(root.chain) == 1:
            return []
        if isinstance(root.chain[0], t.Func) and root.name == "<lambda>":
            return []
        names = names[:1] if root.name in names else names
        kept = self._kept(names)
        self.machine.relevant.update(kept)
        for name in (*names, *kept):
            # A name as common as `process` is a call of this one only where its class or module is named as well.
            hints = {node.name for node in root.chain[:-1]} | {root.module.name.rsplit(".", 1)[-1]}
            common = name in _GENERIC or len(self._naming(name, root)) > CALLERS_LIMIT
            for module in self._naming(name, root):
                imported = len(root.chain) == 1 and _imports(module, root.module.name.rsplit(".", 1)[-1])
                for chain in self.chains(module):
                    node = chain[-1]
                    if (
                        isinstance(node, t.Func)
                        and name in node.names
                        and (not common or imported or module is root.module or not hints.isdisjoint(node.names))
                        and not (module is root.module and chain == root.chain)
                    ):
                        result[(module, chain)] = self.root(module, chain)
                if _module_mentions(module.body, name):
                    result[(module, ())] = self.root(module, ())
        for one in (*self._through_holders(root), *self._through_containers(root)):
            result[(one.module, one.chain)] = one
        if len(result) > ROOTS_LIMIT:
            self.cut.add(id(root))
        return list(result.values())[:ROOTS_LIMIT]

    def _through_holders(self, root: _Root) -> Iterator[_Root]:
        """Functions that may call what a registry, a signal, a task queue or a setting holds, where the root is in one."""
        if len(root.chain) == 2 and isinstance(root.chain[0], t.Class):
            for base in root.chain[0].bases:
                yield from self._naming_both(mentions(base), "__subclasses__")
        for holder in self.registries.holders(root.module, root.chain):
            kept = self.machine.registered.setdefault(holder.name, {})
            kept[root.module, root.chain[0].name] = holder.home
            if "." in holder.name:
                self.machine.relevant |= BY_NAME
                for name in sorted(BY_NAME):
                    for module in self._files_naming(name)[:CALLERS_LIMIT]:
                        if holder.name.encode() in module.bytes():
                            yield from self._naming_in(module, name)
                continue
            self.machine.relevant.add(holder.name)
            for module in self._files_naming(holder.name)[: CALLERS_LIMIT * 4]:
                if (
                    holder.home is None
                    or module is holder.home
                    or _imports(module, holder.home.name.rsplit(".", 1)[-1])
                ):
                    yield from self._naming_in(module, holder.name, root)

    def _through_containers(self, root: _Root) -> Iterator[_Root]:
        """Functions that put something into a container out of which the root takes it."""
        node = root.chain[-1]
        for name in sorted(self.shared.taken_by(node)) if isinstance(node, t.Func) else ():
            for home in sorted(self.machine.opened.get(name, ()), key=lambda home: home.path):
                for module, chain in self.shared.givers(name, home):
                    self.machine.relevant.add(name)
                    yield self.root(module, chain)

    def _naming_in(self, module: Module, name: str, but: _Root | None = None) -> Iterator[_Root]:
        """The functions of a file that name something, and its top level."""
        for chain in self.chains(module):
            node = chain[-1]
            if isinstance(node, t.Func) and name in node.names and (but is None or chain != but.chain):
                yield self.root(module, chain)
        if _module_mentions(module.body, name):
            yield self.root(module, ())

    def _naming_both(self, names: set[str], other: str) -> Iterator[_Root]:
        for module in self._files_naming(other)[:CALLERS_LIMIT]:
            for one in self._naming_in(module, other):
                node = one.chain[-1] if one.chain else None
                if not isinstance(node, t.Func) or not names.isdisjoint(node.names):
                    self.machine.relevant.add(other)
                    yield one

    def _kept(self, names: list[str]) -> list[str]:
        """Names at the top level of files under which things called ``names`` are kept: ``HANDLERS = {"mail": by_mail}``."""
        kept: set[str] = set()
        wanted = set(names)
        for name in names:
            if name in _GENERIC:
                continue
            for module in self._files_naming(name)[:CALLERS_LIMIT]:
                classes = (node for cls in module.body if isinstance(cls, t.Class) for node in cls.body)
                for node in (*module.body, *classes):
                    if isinstance(node, t.Assign) and node.value is not None and _mentions(node.value, wanted):
                        kept |= {target.id for target in node.targets if isinstance(target, t.Name)}
        return sorted(kept - {"__all__"} - wanted - _GENERIC)

    def _files_naming(self, name: str) -> list[Module]:
        """The files that name something, test code left out; found over bytes."""
        if name not in self.mentions:
            token = name.encode()
            pattern = re.compile(rb"(?<![\w])" + re.escape(token) + rb"(?![\w])")
            self.mentions[name] = [
                module
                for module in self.project.modules.values()
                if token in module.bytes() and not self.is_test(module.path) and pattern.search(module.bytes())
            ]
        return self.mentions[name]

    def _naming(self, name: str, root: _Root) -> list[Module]:
        found = self._files_naming(name)
        if len(found) > CALLERS_LIMIT or name in _GENERIC:
            hints = [node.name.encode() for node in root.chain[:-1]] + [root.module.name.rsplit(".", 1)[-1].encode()]
            found = [
                module for module in found if module is root.module or any(hint in module.bytes() for hint in hints)
            ]
        if len(found) > CALLERS_LIMIT * 4:
            self.cut.add(id(root))
        return found[: CALLERS_LIMIT * 4]

    def judge(self, seeds: list[_Root]) -> None:
        """Run the seeds, and climb from those whose outcome depends on a caller."""
        # Per root: the sends that are asked about; None asks about all of them.
        level: dict[int, tuple[_Root, set[Place] | None]] = {id(root): (root, None) for root in seeds}
        done: set[tuple[int, Place]] = set()
        # What was left to callers: where they call each other in a circle, nobody else speaks for it.
        left: dict[Place, list[Dispatch]] = {}
        for depth in range(CLIMB_LIMIT + 1):
            # All of a level is run before anything is learned from it, and all of it is learned before a caller is
            # run: so each root is run once for each level that it is on, whatever the order of the files.
            found = [(root, self._asked(root, wanted, seeds)) for root, wanted in level.values()]
            climbs = [
                (root, [(dispatch, depth < CLIMB_LIMIT and self._open(dispatch)) for dispatch in dispatches])
                for root, dispatches in found
            ]
            for root, dispatches in climbs:
                if any(climb for _, climb in dispatches):
                    self.machine.relevant.update(root.names)
                    self.callers(root)
            following: dict[int, tuple[_Root, set[Place] | None]] = {}
            for root, dispatches in climbs:
                above: dict[Place, list[_Root]] = {}
                for dispatch, climb in dispatches:
                    place = dispatch.place
                    if not climb:
                        self.final.append(dispatch)
                        continue
                    if place not in above:
                        above[place] = self._callers_that_reach(root, dispatch)
                    if not above[place] or id(root) in self.cut:
                        # Callers that were not asked leave it open: it counts as undecided, not as settled.
                        self.final.append(dispatch)
                    else:
                        left.setdefault(place, []).append(dispatch)
                for place, callers in above.items():
                    for caller in callers:
                        if (id(caller), place) in done:
                            continue
                        done.add((id(caller), place))
                        _, asked = following.setdefault(id(caller), (caller, set()))
                        assert asked is not None  # noqa: S101  # made two lines above
                        asked.add(place)
            level = following
            if not level:
                break
        self.final = answered(self.final)
        self.final += [
            dispatch
            for site, dispatch in self.machine.unsent.items()
            if site not in self.machine.sent and not self.is_test(dispatch.place.path)
        ]
        told = {dispatch.place for dispatch in self.final}
        for place, of_callers in left.items():
            if place not in told:
                self.final += of_callers

    def _asked(self, root: _Root, wanted: set[Place] | None, seeds: list[_Root]) -> list[Dispatch]:
        """What a root sends of what is asked about; of a seed, what no other seed speaks for."""
        if wanted is not None:
            return [dispatch for dispatch in self.run(root) if dispatch.place in wanted]
        return [
            dispatch
            for dispatch in self.run(root)
            if dispatch.symbol == root.symbol or root.inherited or not self._own_root(dispatch, seeds)
        ]

    def _own_root(self, dispatch: Dispatch, seeds: list[_Root]) -> bool:
        """Whether the function that holds the send is a seed that finds it by itself, and so speaks for it."""
        own = self._seed_symbols(seeds).get(dispatch.symbol, ())
        return any(
            found.place == dispatch.place
            for seed in own
            for found in (self.run(seed) if seed.dispatches is None else seed.dispatches)
        )

    def _seed_symbols(self, seeds: list[_Root]) -> dict[str, list[_Root]]:
        if not self.by_symbol:
            for seed in seeds:
                self.by_symbol.setdefault(seed.symbol, []).append(seed)
        return self.by_symbol

    def _open(self, dispatch: Dispatch) -> bool:
        """Whether it is worth asking the callers. A request whose host nothing tells is mail only if a caller gives it."""
        if isinstance(dispatch.exchange, HttpRequest):
            first = _first(dispatch.exchange.url)
            if not isinstance(text(first), str) and not isinstance(first, (Parameter, Either)):
                return False
        return self.open_to_callers(dispatch)

    def _callers_that_reach(self, root: _Root, dispatch: Dispatch) -> list[_Root]:
        callers = self.callers(root)
        if isinstance(dispatch.exchange, HttpRequest) and not isinstance(text(_first(dispatch.exchange.url)), str):
            # Any program posts to addresses that its callers give; only those that name a mail service matter.
            callers = [caller for caller in callers if caller.module in self.naming]
        reaching = [caller for caller in callers if self._reaches(caller, dispatch.place)]
        if not reaching and len(root.chain) == 2 and isinstance(root.chain[0], t.Class):
            # Whoever calls the method has an object of which nothing tells; whoever makes one, and hands it there, tells.
            makers = self._makers_of(root)
            reaching = [caller for caller in makers if self._reaches(caller, dispatch.place)]
            if not reaching and _rests_on_object(dispatch, root):
                # Nobody seen hands it there, but what its makers gave it is what it has when the method is called.
                users = [self._using(maker, root.chain[0], root.name) for maker in makers]
                reaching = [user for user in users if self._reaches(user, dispatch.place)]
        return reaching

    def _using(self, maker: _Root, cls: t.Class, method: str) -> _Root:
        """``maker``, run so that the method is called on each object of the class that it makes."""
        key = (maker.module, maker.chain, cls, method)
        if key not in self.users:
            self.users[key] = _Root(maker.module, maker.chain, used=(cls, method))
        return self.users[key]

    def _reaches(self, caller: _Root, place: Place) -> bool:
        return any(found.place == place for found in self.run(caller))

    def _makers_of(self, root: _Root) -> list[_Root]:
        """Functions that make an object of the root's class."""
        cls = root.chain[0].name
        self.machine.relevant.add(cls)
        found = [
            one for module in self._files_naming(cls)[:CALLERS_LIMIT] for one in self._naming_in(module, cls, root)
        ]
        # Whoever hands the object on leads here by the name of what gets it.
        self.machine.relevant.update(one.name for one in self.callers(root) if one.name and one.name not in _GENERIC)
        return [one for one in found if one.chain[:1] != root.chain[:1]][:ROOTS_LIMIT]


def _rests_on_object(dispatch: Dispatch, root: _Root) -> bool:
    """Whether what a method sends depends on what its object was made with."""
    symbol = f"function='{root.module.name}:{root.chain[0].name}"
    written = repr(dispatch.exchange)
    return f"{symbol}'" in written or f"{symbol}.__init__'" in written


def _returns(body: Iterable[t.Stmt]) -> bool:
    """Whether a function gives something back."""
    return any(isinstance(node, t.Return) and node.value is not None for node in t.statements(body))


def _bound(body: Iterable[t.Stmt]) -> Iterator[str]:
    """The names that the body of a class defines."""
    for node in body:
        if isinstance(node, (t.Func, t.Class)):
            yield node.name
            if isinstance(node, t.Func) and node.name == "__init__":
                # What it sets on the object stands before what the class has.
                yield from node.names
        elif isinstance(node, t.Assign):
            yield from (target.id for target in node.targets if isinstance(target, t.Name))


def _imports(module: Module, stem: str) -> bool:
    """Whether an import statement of a file names a module."""
    return (
        re.search(
            rb"^[ \t]*(?:from|import)\b[^\n]*\b" + re.escape(stem.encode()) + rb"\b", module.bytes(), re.MULTILINE
        )
        is not None
    )


def _first(url: Value) -> Value:
    """The start of a URL, which tells its host."""
    return url.parts[0] if isinstance(url, Text) and not isinstance(url.parts[0], Repeat) else url


_debugging = False


def _chains(body: Iterable[t.Stmt], outer: Chain) -> Iterator[Chain]:
    for node in body:
        if isinstance(node, t.Func):
            yield (*outer, node)
        elif isinstance(node, t.Class):
            yield from _chains(node.body, (*outer, node))
        elif isinstance(node, (t.If, t.For, t.While)):
            yield from _chains(node.body, outer)
            yield from _chains(node.orelse, outer)
        elif isinstance(node, t.With):
            yield from _chains(node.body, outer)
        elif isinstance(node, t.Try):
            for block in (node.body, node.orelse, node.final, *(handler.body for handler in node.handlers)):
                yield from _chains(block, outer)


def _module_mentions(body: Iterable[t.Stmt], *names: str) -> bool:
    """Whether the top level itself, outside functions and classes, mentions one of ``names``."""
    wanted = set(names)
    return any(_mentions(node, wanted) for node in body if not isinstance(node, (t.Func, t.Class, t.Import, t.From)))


def _mentions(node: object, wanted: set[str]) -> bool:
    return any(name in wanted for name in _names_of((node,)))


def _names_of(nodes: Iterable[object]) -> Iterator[str]:
    """The names and attributes that code mentions, outside functions and classes within it."""
    stack: list[object] = list(nodes)
    while stack:
        current = stack.pop()
        if isinstance(current, t.Name):
            yield current.id
        elif isinstance(current, t.Attr):
            yield current.name
            stack.append(current.value)
        elif isinstance(current, (t.Func, t.Class)):
            continue
        elif isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")


@dataclass(frozen=True, slots=True)
class _Sinks:
    """Names that tell which functions of a file are worth running."""

    roots: frozenset[str]
    """Top-level packages that are modelled: what is imported from them is hot."""
    paths: frozenset[str]
    """Dotted names of modelled things."""
    sends: frozenset[str]
    """Names of methods and functions that send by their name."""
    web: frozenset[str]
    """Names of methods that make web requests; they count in files that name a mail service."""

    def hot(self, module: Module) -> set[str]:
        """Names that a file binds to modelled things, and the names that send wherever they stand."""
        names = set(self.sends) | self.web
        imported: set[str] = set()
        for node in t.statements(module.body):
            if isinstance(node, t.Import):
                names |= {
                    alias or dotted.split(".", 1)[0]
                    for dotted, alias in node.names
                    if dotted.split(".", 1)[0] in self.roots
                }
            elif isinstance(node, t.From) and not node.level and node.module.split(".", 1)[0] in self.roots:
                for name, alias in node.names:
                    path = f"{node.module}.{name}"
                    if path in self.paths or any(known.startswith(f"{path}.") for known in self.paths):
                        imported.add(alias or name)
                    elif name == "*":
                        imported |= {
                            known.rsplit(".", 1)[-1] for known in self.paths if known.startswith(f"{node.module}.")
                        }
        names |= imported
        top = {*module.body, *(node for cls in module.body if isinstance(cls, t.Class) for node in cls.body)}
        for node in t.statements(module.body):
            # self.client = Client(...): what is called on it is a mail call.
            if isinstance(node, t.Assign) and node.value is not None and _mentions(node.value, names - self.sends):
                for target in node.targets:
                    if isinstance(target, t.Attr):
                        names.add(target.name)
                    elif isinstance(target, t.Name) and node in top:
                        names.add(target.id)
            elif (
                isinstance(node, t.Assign)
                and node in top
                and node.value is not None
                and _mentions(node.value, imported)
            ):
                # TABLE = {"mail": send_mail}: whoever asks it may call that.
                names |= {target.id for target in node.targets if isinstance(target, t.Name)}
        return names


_EVERYDAY: Final = frozenset({"put", "request", "Request", "fetch"})
"""Names of methods that make web requests, and of many another thing."""
_WEB: Final = _EVERYDAY | set(
    "post urlopen fetch_url open_url post_json http_post api_call call_api make_request".split()
)
_SENDS: Final = re.compile(r"a?send|deliver|email_user|mail_admins|mail_managers", re.IGNORECASE)
_CARRIERS: Final = frozenset(
    "json base64 string http urllib urllib2 urllib3 httplib logging six flask google requests httpx aiohttp tornado orjson ujson "
    "simplejson rapidjson anyjson authlib cloudscraper curl_cffi grequests requests_futures requests_oauthlib "
    "requests_toolbelt python_http_client".split()
)
"""Packages that are modelled for what they carry; using one is no sign of mail."""


def _sinks(libraries: Iterable[Library]) -> _Sinks:
    paths: set[str] = set()
    sends: set[str] = set()
    for library in libraries:
        for function in library.functions:
            paths |= set(function.paths)
        for cls in library.classes:
            paths |= set(cls.PATHS)
            sends |= {name for name in dir(cls) if not name.startswith("_") and _SENDS.match(name)}
    sends |= {name for name in (path.rsplit(".", 1)[-1] for path in paths) if name.islower() and _SENDS.match(name)}
    paths = {path for path in paths if path.split(".", 1)[0] not in _CARRIERS or path.startswith("logging.handlers.")}
    return _Sinks(frozenset(path.split(".", 1)[0] for path in paths), frozenset(paths), frozenset(sends), _WEB)


def scan(
    files: Sequence[SourceFile],
    libraries: Sequence[Library],
    open_to_callers: Callable[[Dispatch], bool],
    *,
    is_test: Callable[[str], bool] = lambda _: False,
    debug: bool = False,
) -> Scan:
    """Find the mail calls of a tree.

    ``open_to_callers`` says whether who sees whom in a dispatch still depends on a
    parameter. ``is_test`` tells test code: it calls nothing for the purpose of a
    verdict. Never raises on what is scanned: a Skip says what was not analysed.
    """
    global _debugging  # noqa: PLW0603  # a switch of the process, for developers
    _debugging = debug
    result: list[Scan] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(_scan(files, libraries, open_to_callers, is_test))
        except BaseException as error:  # noqa: BLE001  # handed to the caller's thread
            failure.append(error)

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
) -> Scan:
    project = Project(files)
    machine = Machine(project, libraries)
    tokens = sorted(
        {tuple(part.encode() for part in token.split(" & ")) for library in libraries for token in library.tokens}
    )
    wanted = Search(tokens)
    sinks = _sinks(libraries)
    machine.relevant |= sinks.sends | {"start"}
    search = _Search(project, machine, open_to_callers, is_test)
    machine.methods = Methods(project, is_test)
    machine.wrappers = lambda name: search.senders.get(name, ())
    unreadable: list[Skip] = []
    seeds: list[_Root] = []
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
        search.naming.add(module)
        hot = search.hot[module] = sinks.hot(module)
        machine.relevant |= hot - _EVERYDAY
        machine.web[module] = _EVERYDAY
        for chain in search.chains(module):
            node = chain[-1]
            if isinstance(node, t.Func) and not hot.isdisjoint(node.names):
                seeds.append(search.root(module, chain))
        if _module_mentions(module.body, *hot):
            seeds.append(search.root(module, ()))
    search.learn(seeds, sinks.sends)
    seeds += search.senders_of_made(seeds, sinks.sends)
    for root in list(seeds):
        seeds += search.as_subclasses(root)
    search.judge(seeds)
    skips = [*unreadable, *_relevant(project, wanted), *search.skips]
    dispatches = _unique(search.final)
    loud = {module.path for module in project.modules.values() if module.parsed}
    loud |= {module.path for modules in search.mentions.values() for module in modules}
    loud |= {module.path for module in search.naming} | {skip.place.path for skip in unreadable}
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
        frozenset(tokens) | {(name.encode(),) for name in search.mentions},
        frozenset(module.path for module in search.naming if not is_test(module.path)),
    )


def _relevant(project: Project, wanted: Search) -> list[Skip]:
    """Unreadable files that name a mail API; one that names none cannot matter by itself."""
    return [
        skip
        for path, skip in project.skips.items()
        if wanted.finds(project.modules[path].bytes()) or skip.reason is SkipReason.ENCODING
    ]


def _unique(dispatches: list[Dispatch]) -> list[Dispatch]:
    seen: set[object] = set()
    result = []
    for dispatch in dispatches:
        key = (dispatch.place, dispatch.root, dispatch.path, repr(dispatch.exchange))
        if key not in seen:
            seen.add(key)
            result.append(dispatch)
    return sorted(result, key=lambda each: (each.place, each.root))
