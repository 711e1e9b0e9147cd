"""What the statements of a function do to names and things: what each reads, binds, changes, hands over, calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mailguard.source import tree as t

__all__ = [
    "TELLS",
    "Uses",
    "changed_by",
    "copies",
    "filled",
    "functions_of",
    "hands_over",
    "is_empty",
    "loop_names",
    "mentions",
    "uses_of",
]


@dataclass(slots=True)
class Uses:
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
    deep: set[str] = field(default_factory=set)
    """Names of which a part may be changed, which other things may have in common with theirs: ``fields["to"].append(x)``."""
    leaves: bool = False
    """Whether it leaves its block: return, raise, break, continue."""
    effect: bool = False
    """Whether it writes into a thing that somebody else may hold: an attribute, an item, a member."""
    handed: set[str] = field(default_factory=set)
    """Names whose thing is handed to a function that may change it, for nothing else: ``fill(people)``."""
    lent: set[str] = field(default_factory=set)
    """Names whose thing is handed to a function whose result is used."""
    on_self: bool = False
    """Whether it calls a method of ``self`` as a statement: that may set any attribute."""


TELLS: Final = re.compile(
    r"_*(?:p?print|log|debug|info|warn|warning|error|exception|critical|dumps?|trace|assert)(?:_|[A-Z]|$)"
)
"""The first words in names of functions that only tell what they are given: ``log_all``, not ``login``."""


def filled(body: Iterable[t.Stmt], name: str) -> bool:
    """Whether functions within ``body`` add to a list or mapping of that name: an attribute of ``self``, or a global."""
    stack: list[object] = []
    outside: list[object] = list(body)
    while outside:
        node = outside.pop()
        if isinstance(node, (t.Func, t.Class, t.Lam)):
            stack.append(node)
        elif isinstance(node, t.Call) and isinstance(node.func, t.Attr):
            outside += [node.func.value, *(arg.value for arg in node.args)]
        elif isinstance(node, t.Attr) and node.name in _FILLS and _named(node.value) == name:
            # add = people.append: whoever gets it fills the list.
            return True
        elif isinstance(node, (tuple, list)):
            outside.extend(node)
        elif hasattr(node, "__slots__") and not isinstance(node, (str, t.Const)):
            outside.extend(getattr(node, slot) for slot in node.__slots__ if slot != "at")
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
        elif isinstance(node, t.Func) and name not in node.names:
            stack += [node.decorators, node.params]
        elif hasattr(node, "__slots__") and not isinstance(node, (str, t.Const)):
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
    uses = Uses()
    _scan(node, uses)
    return uses.mentions


def loop_names(node: t.Func | t.Lam) -> frozenset[str]:
    """The plain names that loops and comprehensions of a function bind to one member after the other."""
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


_HANDS_OVER = frozenset("get setdefault pop popitem popleft getattr next cast".split())
"""Functions and methods that give back something that is held elsewhere as well."""
_COPIES = frozenset("dict copy list tuple OrderedDict defaultdict ChainMap _replace replace sorted reversed".split())
"""Those that make a new thing whose parts are those of another one."""


def hands_over(node: t.Expr) -> bool:
    """Whether an expression gives something that has another name as well."""
    if isinstance(node, t.Call):
        return _called(node) in _HANDS_OVER
    return isinstance(node, (t.Name, t.Attr, t.Sub, t.Cond, t.Bool))


def copies(node: t.Expr) -> bool:
    """Whether an expression makes a new thing, parts of which another one has as well: ``dict(fields)``, ``{**fields}``."""
    if isinstance(node, t.Call):
        return _called(node) in _COPIES
    return isinstance(node, (t.Dict, t.Seq)) or (isinstance(node, t.Bin) and node.op in {"|", "+"})


def _bases(node: t.Call) -> set[str]:
    """The names of the things that a call hands over, or parts of which."""
    return {base for arg in node.args if (base := _base(arg.value)) is not None}


def _called(node: t.Call) -> str:
    func = node.func
    return func.name if isinstance(func, t.Attr) else func.id if isinstance(func, t.Name) else ""


def is_empty(node: t.Expr) -> bool:
    """Whether an expression makes a container with nothing in it."""
    if isinstance(node, t.Call):
        return not node.args and _called(node) in {"list", "dict", "set", "deque", "OrderedDict"}
    return (isinstance(node, t.Seq) and not node.items) or (isinstance(node, t.Dict) and not node.items)


def changed_by(node: t.Expr | None) -> set[str]:
    """The names of things that calling what an expression makes may change: a lambda, ``people.append``, a partial of it."""
    if isinstance(node, t.Attr):
        base = _base(node.value) if node.name in _CHANGES else None
        return set() if base is None else {base}
    if isinstance(node, t.Call):
        # What a partial completes, whatever it is called by.
        return set().union(*(changed_by(arg.value) for arg in node.args))
    if not isinstance(node, t.Lam):
        return set()
    uses = Uses()
    _scan(node.body, uses)
    handed = _bases(node.body) if isinstance(node.body, t.Call) else set()
    return (uses.writes | handed) - {param.name for param in node.params}


def _scan(node: object, uses: Uses) -> None:
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
            if isinstance(current, t.Call):
                uses.lent |= {arg.value.id for arg in current.args if isinstance(arg.value, t.Name)}
            if isinstance(current, t.Call) and isinstance(current.func, t.Name):
                uses.called.add(current.func.id)
            if isinstance(current, t.Call) and isinstance(current.func, t.Attr):
                uses.called.add(current.func.name)
                base = _base(current.func.value)
                if base is not None:
                    # recipients.append(x), message.attach(y): the thing may change.
                    uses.writes.add(base)
                    if current.func.name in _CHANGES and not isinstance(current.func.value, t.Name):
                        uses.deep.add(base)
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


def _target(node: object, uses: Uses) -> None:
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


def uses_of(node: t.Stmt) -> Uses:
    """What a statement's own expressions do."""
    uses = Uses()
    match node:
        case t.Assign():
            _scan(node.value, uses)
            for target in node.targets:
                _target(target, uses)
        case t.AugAssign():
            _scan(node.value, uses)
            _scan(node.target, uses)
            _target(node.target, uses)
            base = _base(node.target)
            if base is not None and not isinstance(node.target, t.Name):
                uses.deep.add(base)
        case t.ExprStmt():
            _scan(node.value, uses)
            call = node.value
            if isinstance(call, t.Call):
                # What is handed over may be changed by the function that gets it.
                handed = _bases(call) - {"self"}
                uses.writes |= handed
                uses.changes |= handed
                if TELLS.match(_called(call)) is None:
                    uses.handed |= handed
                if _called(call) in {"setattr", "__setattr__"} and len(call.args) > 1:
                    name = call.args[1].value
                    uses.effect = True
                    if isinstance(name, t.Const):
                        uses.stores.add(str(name.value))
                    elif _base(call.args[0].value) in {"self", "cls"}:
                        uses.on_self = True
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
            for one in functions_of(node):
                uses.mentions |= one.names
        case _:
            pass
    return uses


def functions_of(node: t.Func | t.Class) -> Iterator[t.Func]:
    """A function itself, or the methods of a class."""
    if isinstance(node, t.Func):
        yield node
        return
    for one in node.body:
        if isinstance(one, t.Func):
            yield one
