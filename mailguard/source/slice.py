"""Which statements of a function can matter for a mail call.

A statement matters if it names a mail call (or a function that leads to one),
if it makes or changes something that such a statement reads, or if it decides
whether one is reached. The rest is passed over: most of a program has nothing
to do with its mail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from mailguard.source import tree as t

__all__ = ["Slicer", "filled", "mentions"]


@dataclass(slots=True)
class _Uses:
    """What a statement's own expressions do; statements inside it are not looked into."""

    reads: set[str] = field(default_factory=set)
    """Names that are read."""
    attrs: set[str] = field(default_factory=set)
    """Attributes that are read, of anything."""
    writes: set[str] = field(default_factory=set)
    """Names that are bound, or whose thing may be changed."""
    stores: set[str] = field(default_factory=set)
    """Attributes that are written, of anything."""
    mentions: set[str] = field(default_factory=set)
    """Every name and attribute in it."""
    called: set[str] = field(default_factory=set)
    """Names and attributes that are called."""
    changes: set[str] = field(default_factory=set)
    """Names whose thing may be changed, not bound anew."""
    leaves: bool = False
    """Whether it leaves its block: return, raise, break, continue."""
    effect: bool = False
    """Whether it writes into a thing that somebody else may hold: an attribute, an item, a member."""
    on_self: bool = False
    """Whether it calls a method of ``self`` as a statement: that may set any attribute."""


def filled(body: Iterable[t.Stmt], name: str) -> bool:
    """Whether functions within ``body`` add to a list or mapping of that name: an attribute of ``self``, or a global."""
    stack: list[object] = [node for node in body if isinstance(node, (t.Func, t.Class))]
    while stack:
        node = stack.pop()
        if isinstance(node, t.Global) and name in node.names and not node.nonlocal_:
            return True
        if isinstance(node, t.Call) and isinstance(node.func, t.Attr) and node.func.name in _FILLS:
            if _named(node.func.value) == name:
                return True
        elif (isinstance(node, t.AugAssign) and _named(node.target) == name) or (
            isinstance(node, t.Assign)
            and any(isinstance(target, t.Sub) and _named(target) == name for target in node.targets)
        ):
            return True
        if isinstance(node, (tuple, list)):
            stack.extend(node)
        elif hasattr(node, "__slots__") and not isinstance(node, t.Const):
            stack.extend(getattr(node, slot) for slot in node.__slots__ if slot != "at")
    return False


def _named(node: t.Expr) -> str:
    while True:
        if isinstance(node, t.Sub):
            node = node.value
        elif isinstance(node, t.Call) and isinstance(node.func, t.Attr) and node.func.name in _REACHES:
            # What is appended to an entry fills the table: self.handlers.setdefault(event, [])
            node = node.func.value
        else:
            break
    return node.id if isinstance(node, t.Name) else node.name if isinstance(node, t.Attr) else ""


_REACHES = frozenset({"setdefault", "get"})
_FILLS = frozenset({"append", "extend", "add", "update", "insert", "setdefault", "appendleft", "put", "put_nowait"})


def mentions(node: t.Expr) -> set[str]:
    """Every name and attribute in an expression."""
    uses = _Uses()
    _scan(node, uses)
    return uses.mentions


def _loop_names(node: t.Func | t.Lam) -> frozenset[str]:
    found: set[str] = set()
    stack: list[object] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, (t.For, t.Clause)) and isinstance(current.target, t.Name):
            found.add(current.target.id)
        if isinstance(current, (tuple, list)):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")
    return frozenset(found)


_CHANGES = frozenset(
    "append extend add insert update pop remove clear discard setdefault add_header replace_header attach set_content "
    "appendleft popleft put put_nowait".split()
)


def _scan(node: object, uses: _Uses) -> None:
    stack: list[object] = [node]
    while stack:
        current = stack.pop()
        if current is None or isinstance(current, (str, bool, t.Const)):
            continue
        if isinstance(current, t.Name):
            uses.reads.add(current.id)
            uses.mentions.add(current.id)
        elif isinstance(current, t.Attr):
            uses.attrs.add(current.name)
            uses.mentions.add(current.name)
            stack.append(current.value)
        elif isinstance(current, t.Walrus):
            if isinstance(current.target, t.Name):
                uses.writes.add(current.target.id)
            stack.append(current.value)
        elif isinstance(current, (t.Func, t.Class)):
            continue
        elif isinstance(current, (tuple, list)):
            stack.extend(current)
        elif isinstance(current, t.Param):
            stack.append(current.default)
        elif hasattr(current, "__slots__"):
            if isinstance(current, t.Call) and isinstance(current.func, t.Name):
                uses.called.add(current.func.id)
            if isinstance(current, t.Call) and isinstance(current.func, t.Attr):
                uses.called.add(current.func.name)
                base = _base(current.func.value)
                if base is not None:
                    # recipients.append(x), message.attach(y): the thing may change.
                    uses.writes.add(base)
                uses.stores.update(_attrs(current.func.value))
            stack.extend(getattr(current, name) for name in current.__slots__ if name != "at")


def _base(node: object) -> str | None:
    while isinstance(node, (t.Attr, t.Sub)):
        node = node.value
    return node.id if isinstance(node, t.Name) else None


def _attrs(node: object) -> Iterator[str]:
    while isinstance(node, (t.Attr, t.Sub)):
        if isinstance(node, t.Attr):
            yield node.name
        node = node.value


def _target(node: object, uses: _Uses) -> None:
    match node:
        case t.Name():
            uses.writes.add(node.id)
        case t.Attr():
            uses.stores.add(node.name)
            uses.effect = True
            base = _base(node.value)
            if base is not None and base != "self":
                uses.writes.add(base)
                uses.changes.add(base)
            _scan(node.value, uses)
        case t.Sub():
            uses.effect = True
            base = _base(node.value)
            if base is not None and base != "self":
                uses.writes.add(base)
                uses.changes.add(base)
            uses.stores.update(_attrs(node.value))
            _scan(node.value, uses)
            _scan(node.index, uses)
        case t.Seq():
            for item in node.items:
                _target(item, uses)


def _uses(node: t.Stmt) -> _Uses:
    uses = _Uses()
    match node:
        case t.Assign():
            _scan(node.value, uses)
            for target in node.targets:
                _target(target, uses)
        case t.AugAssign():
            _scan(node.value, uses)
            _scan(node.target, uses)
            _target(node.target, uses)
        case t.ExprStmt():
            _scan(node.value, uses)
            call = node.value
            if isinstance(call, t.Call):
                # What is handed over may be changed by the function that gets it.
                for arg in call.args:
                    base = _base(arg.value)
                    if base is not None and base != "self":
                        uses.writes.add(base)
                        uses.changes.add(base)
                base = _base(call.func.value) if isinstance(call.func, t.Attr) else None
                if base is not None:
                    uses.changes.add(base)
                if isinstance(call.func, t.Attr) and call.func.name in _CHANGES:
                    uses.effect = True
                if (isinstance(call.func, t.Attr) and _base(call.func) in {"self", "cls"}) or (
                    isinstance(call.func, t.Attr) and isinstance(call.func.value, t.Call)
                ):
                    uses.on_self = True
                    uses.effect = True
        case t.Return() | t.Raise():
            _scan(node.value, uses)
            uses.leaves = True
        case t.Break() | t.Continue():
            uses.leaves = True
        case t.Assert():
            _scan(node.test, uses)
            uses.leaves = True
        case t.Delete():
            for target in node.targets:
                _target(target, uses)
        case t.If() | t.While():
            _scan(node.test, uses)
        case t.For():
            _scan(node.iter, uses)
            _target(node.target, uses)
        case t.With():
            for manager, bound in node.items:
                _scan(manager, uses)
                _target(bound, uses)
        case t.Match():
            _scan(node.subject, uses)
            for case in node.cases:
                uses.writes.update(case.binds)
                _scan(case.guard, uses)
        case t.Func():
            uses.writes.add(node.name)
            uses.mentions |= node.names
        case t.Class():
            uses.writes.add(node.name)
            for one in _functions(node):
                uses.mentions |= one.names
        case _:
            pass
    return uses


def _functions(node: t.Func | t.Class) -> Iterator[t.Func]:
    """A function itself, or the methods of a class."""
    if isinstance(node, t.Func):
        yield node
        return
    for one in node.body:
        if isinstance(one, t.Func):
            yield one


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


class Slicer:
    """Slices of function bodies, remembered."""

    def __init__(self) -> None:
        self._cached: dict[int, _Uses] = {}
        self._loop_names: dict[int, frozenset[str]] = {}
        self._slices: dict[tuple[int, int, bool, bool, bool, frozenset[str]], frozenset[int]] = {}
        self._local: dict[int, frozenset[str]] = {}
        """By body: the functions and classes of the functions around it that lead to a mail call."""

    def loop_names(self, node: t.Func | t.Lam) -> frozenset[str]:
        """The plain names that loops and comprehensions of a function bind to one member after the other."""
        found = self._loop_names.get(id(node))
        if found is None:
            found = self._loop_names[id(node)] = _loop_names(node)
        return found

    def uses(self, node: t.Stmt) -> _Uses:
        """What a statement's own expressions do."""
        found = self._cached.get(id(node))
        if found is None:
            found = self._cached[id(node)] = _uses(node)
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
    ) -> frozenset[int]:
        """The statements to run, by ``id``.

        ``only_called``: hot names that only count where they are called; ``also``: names that are hot in this
        call; ``returns``: the value that is returned matters; ``effects``: what is written into things that the caller
        holds matters.
        """
        key = (id(body), len(hot), returns, effects, bool(only_called), also)
        found = self._slices.get(key)
        if found is None:
            hot = {*hot, *also} if also else hot
            found = self._slices[key] = self._slice(body, hot, returns, effects, only_called)
        return found

    def _slice(
        self, body: tuple[t.Stmt, ...], hot: Collection[str], returns: bool, effects: bool, only_called: frozenset[str]
    ) -> frozenset[int]:
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
        for node in order:
            uses = self.uses(node)
            if (
                (isinstance(node, t.Return) and returns)
                or not declared.isdisjoint(uses.writes)
                or (isinstance(node, t.ExprStmt) and isinstance(node.value, t.Yield))
                or not hot_set.isdisjoint(uses.mentions)
                or not only_called.isdisjoint(uses.called)
                or (effects and uses.effect)
            ):
                choose(node)
            elif isinstance(node, (t.Import, t.From, t.Global)):
                chosen.add(id(node))
        self._follow(order, hot_set, chosen, choose)
        views = self._views(order)
        # What a function within this one does to names of it is done where that is called, or handed on.
        inner = {node.name: self._outer_writes(node) for node in order if isinstance(node, t.Func)}
        changed = True
        while changed:
            changed = False
            before = len(chosen)
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
                    or not attrs.isdisjoint(uses.stores)
                    or (uses.on_self and methods)
                    or (uses.leaves and self._guards(node, parents, chosen, order))
                ):
                    choose(node)
            changed = changed or len(chosen) != before
        return frozenset(chosen)

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
        for node in order:
            changes |= self.uses(node).changes
        found: dict[int, set[str]] = {}
        for node in order:
            if isinstance(node, t.Assign) and isinstance(node.value, (t.Name, t.Attr, t.Sub, t.Cond, t.Bool)):
                names = {target.id for target in node.targets if isinstance(target, t.Name)} & changes
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
        held = {id(node): set().union(*(one.names for one in _functions(node))) for node in made}
        while True:
            more = {
                node.name for node in made if not (held[id(node)].isdisjoint(hot) and held[id(node)].isdisjoint(local))
            }
            if more <= local:
                break
            local |= more
        if local:
            for node in made:
                for one in _functions(node):
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
