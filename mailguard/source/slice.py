"""Which statements of a function can matter for a mail call.

A statement matters if it names a mail call (or a function that leads to one),
if it makes or changes something that such a statement reads, or if it decides
whether one is reached. The rest is passed over: most of a program has nothing
to do with its mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from mailguard.source import tree as t
from mailguard.source.uses import (
    Uses,
    changed_by,
    copies,
    functions_of,
    hands_over,
    is_empty,
    loop_names,
    mentions,
    uses_of,
)

__all__ = ["Slice", "Slicer"]


def _inner(node: t.Stmt) -> Iterator[tuple[t.Stmt, ...]]:
    match node:
        case t.If() | t.For() | t.While():
            yield node.body
            yield node.orelse
        case t.With():
            yield node.body
        case t.Try():
            yield node.body
            for handler in node.handlers:
                yield handler.body
            yield node.orelse
            yield node.final
        case t.Match():
            for case in node.cases:
                yield case.body
        case _:
            return


class Slice(NamedTuple):
    """What of a function is run."""

    chosen: frozenset[int]
    """The statements, by ``id``."""
    without: frozenset[str]
    """Names that do not lead to a mail call: more would be chosen if one of them did."""


class Slicer:
    """Slices of function bodies, remembered."""

    def __init__(self) -> None:
        self._cached: dict[int, Uses] = {}
        self._loop_names: dict[int, frozenset[str]] = {}
        self._slices: dict[tuple[int, int, bool, bool, bool, frozenset[str], frozenset[str]], Slice] = {}
        self._local: dict[int, frozenset[str]] = {}
        """By body: the functions and classes of the functions around it that lead to a mail call."""
        self._changing: dict[int, frozenset[str]] = {}
        """By body: those of the functions around it that change what these hold."""

    def loop_names(self, node: t.Func | t.Lam) -> frozenset[str]:
        """The plain names that loops and comprehensions of a function bind to one member after the other."""
        found = self._loop_names.get(id(node))
        if found is None:
            found = self._loop_names[id(node)] = loop_names(node)
        return found

    def uses(self, node: t.Stmt) -> Uses:
        """What a statement's own expressions do."""
        found = self._cached.get(id(node))
        if found is None:
            found = self._cached[id(node)] = uses_of(node)
        return found

    def slice(
        self,
        body: tuple[t.Stmt, ...],
        hot: Collection[str],
        *,
        returns: bool,
        effects: bool,
        only_called: frozenset[str] = frozenset(),
        also: frozenset[str] = frozenset(),
        held: frozenset[str] = frozenset(),
    ) -> Slice:
        """The statements to run.

        ``only_called``: hot names that only count where they are called; ``also``: names that are hot in this
        call; ``returns``: the value that is returned matters; ``effects``: what is written into things that the caller
        holds matters; ``held``: the names of such things.
        """
        key = (id(body), len(hot), returns, effects, bool(only_called), also, held)
        found = self._slices.get(key)
        if found is None:
            hot = {*hot, *also} if also else hot
            found = self._slices[key] = self._slice(body, hot, returns, effects, only_called, held)
        return found

    def _slice(
        self,
        body: tuple[t.Stmt, ...],
        hot: Collection[str],
        returns: bool,
        effects: bool,
        only_called: frozenset[str],
        held: frozenset[str],
    ) -> Slice:
        parents: dict[int, t.Stmt | None] = {}
        order: list[t.Stmt] = []
        stack: list[tuple[t.Stmt, t.Stmt | None]] = [(node, None) for node in reversed(body)]
        while stack:
            node, parent = stack.pop()
            parents[id(node)] = parent
            order.append(node)
            for block in _inner(node):
                stack.extend((each, node) for each in reversed(block))
        chosen: set[int] = set()
        names: set[str] = set()
        attrs: set[str] = set()
        methods = False

        def choose(node: t.Stmt) -> None:
            nonlocal methods
            current: t.Stmt | None = node
            while current is not None and id(current) not in chosen:
                chosen.add(id(current))
                uses = self.uses(current)
                if isinstance(current, (t.Func, t.Class)):
                    names.update(uses.mentions)
                names.update(uses.reads)
                attrs.update(uses.attrs)
                if "self" in uses.reads:
                    methods = True
                current = parents[id(current)]

        hot_set = self._with_inner(order, hot, self._local.get(id(body), frozenset()))
        declared = {name for node in order if isinstance(node, t.Global) for name in node.names}
        inner = self._inner_changes(order, body)
        changing = self._changing.get(id(body), frozenset())
        for node in order:
            uses = self.uses(node)
            if (
                (isinstance(node, t.Return) and returns)
                or not declared.isdisjoint(uses.writes)
                or (isinstance(node, t.ExprStmt) and isinstance(node.value, t.Yield))
                or not hot_set.isdisjoint(uses.mentions)
                or not only_called.isdisjoint(uses.called)
                or (effects and (uses.effect or not changing.isdisjoint(uses.called)))
                or not held.isdisjoint(uses.handed)
            ):
                choose(node)
            elif isinstance(node, (t.Import, t.From, t.Global)):
                chosen.add(id(node))
        self._follow(order, hot_set, chosen, choose)
        views = self._views(order)
        # What a function within this one does to names of it is done where that is called, or handed on.
        twins, empty = self._made_here(order)
        changed = True
        while changed:
            changed = False
            before = len(chosen)
            for twin in twins:
                # one = two = []: what is done to the one is done to the other.
                if not names.isdisjoint(twin) and not twin <= names:
                    names |= twin
                    changed = True
            for node in order:
                uses = self.uses(node)
                seen = views.get(id(node))
                if seen and not (names.isdisjoint(uses.reads) and attrs.isdisjoint(uses.attrs)) and not seen <= names:
                    # Another name of a thing that matters: what is done to it is done to that.
                    names |= seen
                    choose(node)
                    changed = True
                if id(node) in chosen:
                    continue
                if (inner and any(not names.isdisjoint(inner[name]) for name in inner.keys() & uses.mentions)) or (
                    not names.isdisjoint(uses.writes)
                    or not empty.isdisjoint(uses.lent & names)
                    or not attrs.isdisjoint(uses.stores)
                    or (uses.on_self and methods)
                    or (uses.leaves and self._guards(node, parents, chosen, order))
                ):
                    choose(node)
            changed = changed or len(chosen) != before
        return Slice(frozenset(chosen), self._without(order, chosen))

    def _without(self, order: list[t.Stmt], chosen: set[int]) -> frozenset[str]:
        """The names on which it hangs that statements were not chosen.

        Their own, those of what makes the things that they read, and those of the functions made in here, whose names lead
        to a mail call where one of these does.
        """
        found: set[str] = set()
        read: set[str] = set()
        for node in order:
            if id(node) not in chosen:
                uses = self.uses(node)
                found |= uses.mentions
                if isinstance(node, (t.ExprStmt, t.Return, t.Assign)):
                    read |= uses.reads
        for node in order if found else ():
            if isinstance(node, (t.Func, t.Class)):
                found.update(*(one.names for one in functions_of(node)))
            elif (
                isinstance(node, (t.Assign, t.With, t.For))
                and id(node) in chosen
                and not read.isdisjoint(self.uses(node).writes)
            ):
                found |= self.uses(node).mentions
        return frozenset(found)

    @staticmethod
    def _made_here(order: list[t.Stmt]) -> tuple[list[set[str]], set[str]]:
        """Names that are given to one thing together, ``one = two = []``; and those of containers that begin empty."""
        twins: list[set[str]] = []
        empty: set[str] = set()
        for node in order:
            if isinstance(node, t.Assign):
                names = {target.id for target in node.targets if isinstance(target, t.Name)}
                if len(names) > 1:
                    twins.append(names)
                if node.value is not None and is_empty(node.value):
                    empty |= names
        return twins, empty

    def _inner_changes(self, order: list[t.Stmt], body: tuple[t.Stmt, ...]) -> dict[str, set[str]]:
        """By name of a function made in here (also a lambda, ``add = people.append``): the names of things that calling it changes."""
        found: dict[str, set[str]] = {}
        called: dict[str, set[str]] = {}
        for node in order:
            if isinstance(node, t.Func):
                found.setdefault(node.name, set()).update(self._outer_writes(node))
                called[node.name] = set(node.names)
            elif isinstance(node, t.Assign) and isinstance(node.targets[0], t.Name):
                changed = changed_by(node.value)
                if changed:
                    found.setdefault(node.targets[0].id, set()).update(changed)
                    called[node.targets[0].id] = mentions(node.value) if node.value is not None else set()
        more = len(found) > 1
        while more:
            more = False
            for name, mine in found.items():
                within = set().union(*(found[other] for other in found.keys() & called[name]))
                if not within <= mine:
                    mine.update(within)
                    more = True
        names = self._changing.get(id(body), frozenset()) | {name for name, changed in found.items() if changed}
        for node in order if names else ():
            if isinstance(node, t.Func):
                self._changing[id(node.body)] = names
        return found

    def _outer_writes(self, node: t.Func) -> set[str]:
        """The names whose things a function may change, and those of the functions around it that it binds."""
        found: set[str] = set()
        for statement in t.statements(node.body):
            found |= self.uses(statement).changes
            if isinstance(statement, t.Global):
                found.update(statement.names)
        return found

    def _views(self, order: list[t.Stmt]) -> dict[int, set[str]]:
        """By the id of a statement: the names that it gives to things which have others, and which are changed by these names."""
        changes: set[str] = set()
        deep: set[str] = set()
        for node in order:
            changes |= self.uses(node).changes
            deep |= self.uses(node).deep
        found: dict[int, set[str]] = {}
        for node in order:
            if isinstance(node, t.Assign) and node.value is not None:
                names = {target.id for target in node.targets if isinstance(target, t.Name)}
                names &= changes if hands_over(node.value) else deep if copies(node.value) else set()
            elif isinstance(node, t.For):
                names = self.uses(node).writes & changes
            else:
                continue
            if names:
                found[id(node)] = names
        return found

    def _with_inner(
        self, order: list[t.Stmt], hot: Collection[str], outer: frozenset[str]
    ) -> set[str] | frozenset[str]:
        """``hot`` and the names of functions and classes made in here that lead to a mail call: whoever calls one does.

        ``outer``: such names of the functions around.
        """
        made = [node for node in order if isinstance(node, (t.Func, t.Class))]
        if not made and not outer:
            return hot if isinstance(hot, (set, frozenset)) else set(hot)
        local = outer
        held = {id(node): set().union(*(one.names for one in functions_of(node))) for node in made}
        while True:
            more = {
                node.name for node in made if not (held[id(node)].isdisjoint(hot) and held[id(node)].isdisjoint(local))
            }
            if more <= local:
                break
            local |= more
        if local:
            for node in made:
                for one in functions_of(node):
                    self._local[id(one.body)] = local
        return {*hot, *local}

    def _follow(
        self, order: list[t.Stmt], hot: Collection[str], chosen: set[int], choose: Callable[[t.Stmt], None]
    ) -> None:
        """What is called on a thing that a hot statement made (``client = Client(...)``) is hot as well."""
        made: set[str] = set()
        for node in order:
            if (
                id(node) in chosen
                and isinstance(node, (t.Assign, t.With, t.For))
                and not self.uses(node).mentions.isdisjoint(hot)
            ):
                made |= self.uses(node).writes
        if not made:
            return
        for node in order:
            if isinstance(node, (t.ExprStmt, t.Return, t.Assign)) and not made.isdisjoint(self.uses(node).reads):
                choose(node)

    @staticmethod
    def _guards(node: t.Stmt, parents: dict[int, t.Stmt | None], chosen: set[int], order: list[t.Stmt]) -> bool:
        """Whether leaving here decides if something chosen is reached: it comes later, or is in the same loop."""
        line = node.at.line
        return any(id(each) in chosen and each.at.line >= line for each in order) or any(
            isinstance(each, (t.For, t.While)) and id(each) in chosen for each in _ancestors(node, parents)
        )


def _ancestors(node: t.Stmt, parents: dict[int, t.Stmt | None]) -> Iterator[t.Stmt]:
    current = parents[id(node)]
    while current is not None:
        yield current
        current = parents[id(current)]
