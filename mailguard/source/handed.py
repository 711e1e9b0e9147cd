"""Where functions are handed to something that calls them later: registries, signals, tasks and names in settings.

Nobody calls such a function by its name. It is put into a list or a table (``HOOKS.append(mail)``, ``@register("mail")``,
``bus.on("done", mail)``), connected to a signal (``@receiver(published)``), or named by a text
(``MAILER = "shop.mail.send"``); whoever calls what lies under that name calls the function.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailguard.source import tree as t
from mailguard.source.project import Module
from mailguard.source.uses import mentions

__all__ = ["Holder", "Registries"]

_ADDS: Final = frozenset({"append", "add", "insert", "setdefault", "update", "extend", "appendleft", "put"})
"""Methods of containers that take things in."""
_CONNECTS: Final = frozenset({"receiver", "connect", "connect_via", "subscribe", "add_listener", "listens_for"})
"""How signals of libraries outside the project take functions: Django's, blinker's, pyee's."""
_PLAIN: Final = frozenset(
    "property cached_property staticmethod classmethod abstractmethod wraps contextmanager asynccontextmanager lru_cache cache "
    "login_required override overload dataclass setter getter deleter atomic csrf_exempt require_POST permission_required".split()
)
"""Decorators that keep nothing."""
_TASKS: Final = frozenset({"task", "shared_task", "periodic_task", "actor", "job"})
"""Decorators that make a task of a queue, which may be sent by its name."""
_FRAMEWORK: Final = frozenset(
    "pre_save post_save pre_delete post_delete m2m_changed pre_init post_init pre_migrate post_migrate request_started "
    "request_finished got_request_exception user_logged_in user_logged_out user_login_failed".split()
)
"""Signals that Django sends itself."""
_FILES: Final = 8
"""So many files are read for what a function is handed to."""
_DEEP: Final = 3
"""Functions within functions that hand on what they are given."""


@dataclass(frozen=True, slots=True)
class Holder:
    """What a function was handed to."""

    name: str
    """The name under which it is kept: of a list, a table, an attribute, a signal, a setting; or of a task."""
    home: Module | None
    """The file in which that is filled; None where the library or the settings keep it."""


class Registries:
    """Finds what the functions of a project are handed to."""

    def __init__(self, naming: Callable[[str], Sequence[Module]]) -> None:
        """``naming`` gives the files that name something."""
        self._naming = naming
        self._fills: dict[tuple[Module, str], frozenset[str]] = {}

    def holders(self, module: Module, chain: Sequence[t.Class | t.Func]) -> list[Holder]:
        """What the function (or the class of the method) at ``chain`` of ``module`` is handed to; sorted."""
        if not chain or len(chain) > 2:
            return []
        node = chain[0]
        found: set[Holder] = set()
        for decorator in (*node.decorators, *(chain[-1].decorators if len(chain) > 1 else ())):
            found |= self._by_decorator(decorator)
        found |= {Holder(name, None) for name in _task_names(module, chain)}
        if isinstance(node, t.Class):
            found |= self._by_bases(node)
        for other in self._naming(node.name)[:_FILES]:
            for statement in t.statements(other.body):
                found |= self._by_statement(other, statement, node.name)
        dotted = f"{module.name}.{node.name}"
        for other in self._naming(module.name.rpartition(".")[2])[: _FILES * 2]:
            if node.name.encode() in other.names():
                found |= {Holder(name, None) for name in _under_text(other.body, dotted, module.name)}
        found = {one for one in found if one.name not in _FRAMEWORK}
        return sorted(found, key=lambda one: (one.name, one.home.path if one.home else ""))

    def _by_decorator(self, decorator: t.Expr) -> set[Holder]:
        call = decorator if isinstance(decorator, t.Call) else None
        func = call.func if call else decorator
        name = func.name if isinstance(func, t.Attr) else func.id if isinstance(func, t.Name) else ""
        if not name or name in _PLAIN or name in _TASKS:
            return set()
        found = self._filled_by(name)
        if not found and name in _CONNECTS:
            if isinstance(func, t.Attr):
                found |= {Holder(each, None) for each in mentions(func.value)}
            elif call is not None and call.args:
                found |= {Holder(each, None) for each in mentions(call.args[0].value)}
        return found

    def _by_bases(self, node: t.Class) -> set[Holder]:
        """Where a base class puts what is derived from it (``__init_subclass__``)."""
        found: set[Holder] = set()
        for base in node.bases:
            for name in sorted(mentions(base)):
                for module in self._naming(name)[:_FILES]:
                    cls = module.defs.get(name)
                    for each in cls.body if isinstance(cls, t.Class) else ():
                        if isinstance(each, t.Func) and each.name == "__init_subclass__":
                            given = {param.name for param in each.params}
                            found |= {Holder(key, module) for key in _stored(each, 0, _top(module), given)}
        return found

    def _by_statement(self, module: Module, statement: t.Stmt, wanted: str) -> set[Holder]:
        found: set[Holder] = set()
        if isinstance(statement, t.Assign) and statement.value is not None and _holds(statement.value, wanted):
            for target in statement.targets:
                if isinstance(target, t.Sub):
                    found |= {Holder(name, module) for name in _named(target, _top(module))}
        for call in _calls(statement):
            if not any(_holds(arg.value, wanted) for arg in call.args):
                continue
            func = call.func
            name = func.name if isinstance(func, t.Attr) else func.id if isinstance(func, t.Name) else ""
            if isinstance(func, t.Attr) and name in _ADDS:
                found |= {Holder(each, None) for each in _named(func, _top(module))}
            elif name:
                kept = self._filled_by(name)
                if not kept and name in _CONNECTS and isinstance(func, t.Attr):
                    kept = {Holder(each, None) for each in mentions(func.value)}
                found |= kept
        return found

    def _filled_by(self, name: str) -> set[Holder]:
        """What functions of the project called ``name`` put their arguments into."""
        if name.startswith("__") or len(name) < 2:
            return set()
        found: set[Holder] = set()
        for module in self._naming(name)[: _FILES * 2]:
            for key in self._filled_in(module, name):
                found.add(Holder(key, module))
        return found

    def _filled_in(self, module: Module, name: str) -> frozenset[str]:
        key = (module, name)
        if key not in self._fills:
            names: set[str] = set()
            if f"def {name}".encode() in module.names():
                for node in t.statements(module.body):
                    if isinstance(node, t.Func) and node.name == name:
                        names |= _stored(node, _DEEP, _top(module))
            self._fills[key] = frozenset(names)
        return self._fills[key]


def _stored(node: t.Func, depth: int, top: frozenset[str], given: Collection[str] | None = None) -> set[str]:
    """The names of what a function puts ``given`` into (its parameters, if not said), also by a function within it."""
    if given is None:
        given = {param.name for param in node.params} - {"self", "cls"}
    found: set[str] = set()
    for statement in t.statements(node.body):
        if isinstance(statement, t.Func) and depth:
            found |= _stored(statement, depth - 1, top)
        value = statement.value if isinstance(statement, t.Assign) else None
        if isinstance(statement, t.Assign) and value is not None and any(_holds(value, name) for name in given):
            for target in statement.targets:
                if isinstance(target, t.Sub):
                    found |= set(_named(target, top))
        for call in _calls(statement):
            adds = isinstance(call.func, t.Attr) and call.func.name in _ADDS
            if adds and any(_holds(arg.value, name) for name in given for arg in call.args):
                found |= set(_named(call.func, top))
    return found.difference(given)


def _holds(value: t.Expr, wanted: str) -> bool:
    """Whether a value is the thing called ``wanted`` itself, an object that it makes, or a container with it."""
    match value:
        case t.Name():
            return value.id == wanted
        case t.Attr():
            return value.name == wanted
        case t.Call():
            return bool(wanted[:1].isupper()) and _holds(value.func, wanted)
        case t.Seq():
            return any(_holds(item, wanted) for item in value.items)
        case t.Dict():
            return any(_holds(item, wanted) for _, item in value.items)
    return False


def _top(module: Module) -> frozenset[str]:
    """The names that the top level of a file binds."""
    names: set[str] = set()
    for node in module.body:
        if isinstance(node, t.Assign):
            names |= {target.id for target in node.targets if isinstance(target, t.Name)}
        elif isinstance(node, t.From):
            names |= {alias or name for name, alias in node.names}
    return frozenset(names)


def _named(node: t.Expr, top: frozenset[str]) -> Iterator[str]:
    """The name of a container: ``HOOKS`` of the top level, ``handlers`` of ``self.handlers.setdefault(event, [])``."""
    while True:
        if isinstance(node, t.Call):
            node = node.func
        elif (isinstance(node, t.Attr) and node.name in _ADDS | {"get"}) or isinstance(node, t.Sub):
            node = node.value
        else:
            break
    if isinstance(node, t.Name) and node.id in top:
        yield node.id
    elif isinstance(node, t.Attr):
        yield node.name


def _task_names(module: Module, chain: Sequence[t.Class | t.Func]) -> Iterator[str]:
    """The names under which a task can be sent: the one it is given, else where it stands."""
    node = chain[-1]
    for decorator in node.decorators if len(chain) == 1 else ():
        func = decorator.func if isinstance(decorator, t.Call) else decorator
        name = func.name if isinstance(func, t.Attr) else func.id if isinstance(func, t.Name) else ""
        if name not in _TASKS:
            continue
        yield f"{module.name}.{node.name}"
        for arg in decorator.args if isinstance(decorator, t.Call) else ():
            if arg.keyword == "name" and isinstance(arg.value, t.Const) and isinstance(arg.value.value, str):
                yield arg.value.value


def _under_text(body: Iterable[t.Stmt], dotted: str, module: str) -> Iterator[str]:
    """The names at the top level under which a text stands that means ``dotted`` or is the name of its module."""
    for node in body:
        if not isinstance(node, t.Assign) or node.value is None:
            continue
        texts = {text.replace(":", ".") for text in _texts(node.value)}
        if any(_means(text, dotted) or _means(text, module) for text in texts):
            yield from (target.id for target in node.targets if isinstance(target, t.Name))


def _means(text: str, dotted: str) -> bool:
    return "." in text and (text == dotted or dotted.endswith(f".{text}"))


def _texts(value: object) -> Iterator[str]:
    stack: list[object] = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, t.Const):
            if isinstance(current.value, str):
                yield current.value
        elif isinstance(current, t.Seq):
            stack.extend(current.items)
        elif isinstance(current, t.Dict):
            stack.extend(item for _, item in current.items)


def _calls(statement: t.Stmt) -> Iterator[t.Call]:
    """The calls in the expressions of a statement, statements inside it left out."""
    stack: list[object] = [
        getattr(statement, slot)
        for slot in statement.__slots__
        if slot not in {"at", "body", "orelse", "final", "handlers", "cases", "params", "decorators"}
    ]
    while stack:
        current = stack.pop()
        if isinstance(current, t.Call):
            yield current
        if isinstance(current, (tuple, list)):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const, t.Func, t.Class)):
            stack.extend(getattr(current, slot) for slot in current.__slots__ if slot != "at")
