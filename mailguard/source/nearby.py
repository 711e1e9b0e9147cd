"""Names that lead to a mail call in some files only.

``send_mail`` leads to a mail call wherever it stands. ``data``, ``client`` or ``get`` do in the file that binds them to a
mail call, and in those that import it; in any other file they are everyday names. Taken for hot everywhere, such a name
makes every function of a large program worth running.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mailguard.source import tree as t
from mailguard.source.project import Module, Project

__all__ = ["Nearby"]


@dataclass
class Nearby:
    """By file: the names in it that lead to a mail call, and do not elsewhere."""

    project: Project
    own: dict[Module, set[str]] = field(default_factory=dict)
    """What each file binds, or calls."""
    everything: set[str] = field(default_factory=set)
    """All of them, whatever the file."""
    version: int = 0
    """How often a name was added."""
    _of: dict[Module, tuple[int, frozenset[str]]] = field(default_factory=dict)
    _imported: dict[Module, tuple[Module, ...]] = field(default_factory=dict)

    def add(self, module: Module, names: Iterable[str]) -> None:
        """Let names count in a file, and in those that import it."""
        own = self.own.setdefault(module, set())
        added = set(names) - own
        if added:
            own |= added
            self.everything |= added
            self.version += 1

    def of(self, module: Module) -> frozenset[str]:
        """The names that count in a file: its own, and those of the files that it imports."""
        version, found = self._of.get(module, (-1, frozenset()))
        if version != self.version:
            names = set(self.own.get(module, ()))
            for each in self._imports(module):
                names |= self.own.get(each, set())
            # One set for one content: it is part of the keys under which slices are kept.
            found = found if found == names else frozenset(names)
            self._of[module] = (self.version, found)
        return found

    def copy(self) -> Nearby:
        """What is known by now, as later additions do not change it."""
        own = {module: set(names) for module, names in self.own.items()}
        return Nearby(self.project, own, set(self.everything), self.version, dict(self._of), self._imported)

    def _imports(self, module: Module) -> tuple[Module, ...]:
        """The files of the project that a file imports, and what the packages among them import in turn."""
        found = self._imported.get(module)
        if found is None:
            direct = dict.fromkeys(self._direct(module))
            for each in list(direct):
                if each.is_package:
                    direct |= dict.fromkeys(self._direct(each))
            found = self._imported[module] = tuple(direct)
        return found

    def _direct(self, module: Module) -> Iterator[Module]:
        for node in t.statements(module.body):
            if isinstance(node, t.Import):
                for dotted, _ in node.names:
                    found = self.project.find(dotted, module)
                    if found is not None:
                        yield found
            elif isinstance(node, t.From):
                if node.level:
                    found = self.project.relative(node.level, node.module, module)
                else:
                    found = self.project.find(node.module, module)
                if found is not None:
                    yield found
                    inner = (self.project.submodule(found, name) for name, _ in node.names)
                    yield from (each for each in inner if each is not None)
