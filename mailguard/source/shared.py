"""Containers that functions share: which functions put something in and which take it out, by the name of the container.

A worker takes jobs out of ``waiting`` in one file, ``waiting.put(job)`` stands in another one. Whether both mean the same
container is what running them shows; here they are only found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from mailguard.source import tree as t
from mailguard.source.library.queues import GIVES
from mailguard.source.project import Module

__all__ = ["Shared"]

Chain = tuple[t.Class | t.Func, ...]

_ASKS: Final = frozenset(
    "empty full qsize task_done join close index count sort reverse remove discard clear shutdown".split()
)
"""Methods that neither put anything into a container nor take anything out."""
_FILES: Final = 12
"""So many files are searched for those who use a container."""
_FILLS: Final = "|".join(sorted(GIVES))


class Shared:
    """Finds those who share a container."""

    def __init__(
        self,
        naming: Callable[[str], Sequence[Module]],
        setting: Callable[[str], Sequence[Module]],
        chains: Callable[[Module], Iterable[Chain]],
    ) -> None:
        """``naming`` gives the files that name something, ``setting`` those that may set such an attribute, ``chains`` their functions."""
        self._naming = naming
        self._setting = setting
        self._chains = chains
        self._uses: dict[t.Class | t.Func, tuple[frozenset[str], frozenset[str]]] = {}
        self._assigned: dict[tuple[str, bool], bool] = {}
        self._found: dict[tuple[str, Module, bool], list[tuple[Module, Chain]]] = {}

    def takers(self, name: str, home: Module) -> list[tuple[Module, Chain, bool]]:
        """The functions that take something out of what is called ``name`` and kept in ``home``.

        With each, whether it is the object's own (``self.name``).
        """
        found = self._using(name, home, gives=False)
        return [(module, chain, f"self.{name}" in self._of(chain[-1])[1]) for module, chain in found]

    def givers(self, name: str, home: Module) -> list[tuple[Module, Chain]]:
        """The functions that put something into it."""
        return self._using(name, home, gives=True)

    def taken_by(self, node: t.Func) -> frozenset[str]:
        """The names of what a function may take something out of."""
        return self._of(node)[1]

    def fills(self, name: str, home: Module) -> bool:
        """Whether another file puts something into what is called ``name`` and kept in ``home``."""
        pattern = re.compile(rb"\b%b(?:\.(?:%b)\(|\[[^\]\n]*\]\s*=[^=])" % (re.escape(name.encode()), _FILLS.encode()))
        return any(pattern.search(module.names()) for module in self._files(name, home) if module is not home)

    def assigns(self, name: str, *, of_others: bool = False) -> bool:
        """Whether some code sets the attribute ``name`` of something; ``of_others``: of something that is not ``self``."""
        key = (name, of_others)
        if key not in self._assigned:
            before = rb"(?<!\bself)" if of_others else b""
            written = re.escape(name.encode())
            pattern = re.compile(before + rb"\.%b[ \t]*=(?!=)" % written)
            by_name = re.compile(
                rb"\bsetattr\(%b\s*[\w.]+\s*,\s*[\"']%b[\"']" % (rb"(?!\s*self\b)" if of_others else b"", written)
            )
            self._assigned[key] = any(
                pattern.search(module.names()) or by_name.search(module.names()) for module in self._setting(name)
            )
        return self._assigned[key]

    def commands(self, name: str) -> bool:
        """Whether some code starts the command of Django called ``name``, or one that nothing names, and gives it options."""
        pattern = re.compile(
            rb"\bcall_command\(\s*(?:[\"']%b[\"']|[^\s\"')][^,()]*(?:\(\))?)\s*," % re.escape(name.encode())
        )
        return any(pattern.search(module.bytes()) for module in self._naming("call_command"))

    def _files(self, name: str, home: Module) -> list[Module]:
        stem = home.name.rpartition(".")[2].encode()
        return [module for module in self._naming(name) if module is home or stem in module.names()][:_FILES]

    def _using(self, name: str, home: Module, *, gives: bool) -> list[tuple[Module, Chain]]:
        key = (name, home, gives)
        if key not in self._found:
            self._found[key] = [
                (module, chain)
                for module in self._files(name, home)
                for chain in self._chains(module)
                if isinstance(chain[-1], t.Func)
                and name in chain[-1].names
                and name in self._of(chain[-1])[0 if gives else 1]
            ]
        return self._found[key]

    def _of(self, node: t.Class | t.Func) -> tuple[frozenset[str], frozenset[str]]:
        """The names of what a function puts something into, and of what it may take something out of."""
        if node not in self._uses:
            gives: set[str] = set()
            takes: set[str] = set()
            _walk(node.body, gives, takes)
            # `data = options["data"]` is no container of that name that others share.
            takes -= _own(node)
            takes |= {name.removeprefix("self.") for name in takes}
            gives |= {name.removeprefix("self.") for name in gives}
            self._uses[node] = frozenset(gives), frozenset(takes)
        return self._uses[node]


def _own(node: t.Class | t.Func) -> set[str]:
    """The names that a function makes itself: not its parameters, not those that it takes from around it."""
    if not isinstance(node, t.Func):
        return set()
    made: set[str] = set()
    others = {param.name for param in node.params}
    stack: list[object] = [node.body]
    while stack:
        each = stack.pop()
        if isinstance(each, t.Assign):
            made |= {target.id for target in each.targets if isinstance(target, t.Name)}
        elif isinstance(each, t.Walrus) and isinstance(each.target, t.Name):
            made.add(each.target.id)
        elif isinstance(each, t.Global):
            others.update(each.names)
        if isinstance(each, tuple):
            stack.extend(each)
        elif hasattr(each, "__slots__") and not isinstance(each, (str, t.Const)):
            stack.extend(getattr(each, slot) for slot in each.__slots__ if slot not in {"at", "names", "called"})
    return made - others


def _walk(body: object, gives: set[str], takes: set[str]) -> None:
    stack: list[object] = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, t.Call) and isinstance(node.func, t.Attr) and _named(node.func.value):
            holder, name = node.func.value, node.func.name
            if name in GIVES:
                gives.add(_named(holder))
            elif name not in _ASKS:
                takes.add(_named(holder))
            stack += [holder.value if isinstance(holder, t.Attr) else None, *(arg.value for arg in node.args)]
            continue
        if isinstance(node, (t.Assign, t.AugAssign)):
            for target in node.targets if isinstance(node, t.Assign) else (node.target,):
                if isinstance(target, t.Sub) or isinstance(node, t.AugAssign):
                    gives.add(_named(target.value if isinstance(target, t.Sub) else target))
            stack.append(node.value)
            continue
        if isinstance(node, (t.Name, t.Attr)):
            takes.add(_named(node))
            stack.append(node.value if isinstance(node, t.Attr) else None)
        elif isinstance(node, (tuple, list)):
            stack.extend(node)
        elif hasattr(node, "__slots__") and not isinstance(node, (str, t.Const)):
            stack.extend(getattr(node, slot) for slot in node.__slots__ if slot not in {"at", "names", "called"})


def _named(node: t.Expr) -> str:
    if isinstance(node, t.Attr):
        own = isinstance(node.value, t.Name) and node.value.id in {"self", "cls"}
        return f"self.{node.name}" if own else node.name
    return node.id if isinstance(node, t.Name) else ""
