"""Classes and methods of a project by name, found over bytes: what an object of which little is known may be."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

from mailguard.source import tree as t
from mailguard.source.project import Module, Project

__all__ = ["Methods"]

_CLASS: Final = re.compile(
    rb"class[ \t]+(?P<class>\w+)[ \t]*(?:\[[^\n]{0,200}?\][ \t]*(?=[(:]))?"
    rb"(?:\((?P<bases>(?:#[^\n]*\n|\((?:[^()]|\([^()]*\)){0,400}\)|[^()#]){0,400})\))?"
)
_METHOD: Final = re.compile(rb"def[ \t]+(\w+)\([ \t\n]*self\b")
"""Both begin with a word that is searched for as fast as bytes are read; what stands before it on its line is looked at after."""
_PROPERTY: Final = re.compile(rb"@(?:[\w.]*\.)?\w*property[ \t]*$")
_BASE: Final = re.compile(rb"(?:^|,)\s*(?:[\w.]+\.)?(\w+)\s*(?=,|$)")
_BESIDE: Final = (re.compile(rb"#[^\n]*"), *(re.compile(rb"\[[^\[\]]*\]|\([^()]*\)"),) * 3)
"""What stands beside the names of base classes: remarks, and up to three levels of brackets."""
_LINE: Final = 200
"""So much of what stands before a method is looked at for a decorator."""
_HEIRS: Final = 12
"""So many subclasses of one class are tried, where nobody says how many."""
_KIN: Final = 3
"""So many classes of one name are looked at; more tell nothing."""


class Methods:
    """An index of the classes at the top level of files and of the methods in them; test code is left out."""

    def __init__(self, project: Project, is_test: Callable[[str], bool]) -> None:
        self._project = project
        self._is_test = is_test
        self._classes: dict[str, list[tuple[Module, str]]] | None = None
        self._methods: dict[str, list[Module]] = defaultdict(list)
        self._properties: set[str] = set()
        self._subclasses: dict[str, list[tuple[Module, str]]] = defaultdict(list)

    def properties(self, name: str) -> bool:
        """Whether some class has a property of this name."""
        self._read()
        return name in self._properties

    def of_name(self, label: str) -> list[tuple[Module, str]]:
        """The classes that something called ``label`` may be of: ``offer`` of ``Offer``, ``event_admins`` of ``EventAdmin``."""
        found = self._read().get(_folded(label)) or self._read().get(_folded(label).removesuffix("s"), [])
        return found if len(found) <= _KIN else []

    def of_method(self, name: str) -> list[tuple[Module, str]]:
        """The one class that has a method of this name; none where several have."""
        self._read()
        modules = self._methods.get(name, ())
        if len(modules) != 1:
            return []
        return [
            (modules[0], node.name)
            for node in modules[0].defs.values()
            if isinstance(node, t.Class) and any(isinstance(each, t.Func) and each.name == name for each in node.body)
        ]

    def having(self, name: str) -> list[tuple[Module, str]]:
        """The few classes that have a method of this name; none where many have."""
        self._read()
        found = [
            (module, node.name)
            for module in dict.fromkeys(self._methods.get(name, ()))
            for node in module.defs.values()
            if isinstance(node, t.Class) and any(isinstance(each, t.Func) and each.name == name for each in node.body)
        ]
        return found if len(found) <= _KIN else []

    def subclasses(self, name: str, most: int = _HEIRS) -> list[tuple[Module, t.Class]]:
        """The classes that are derived from one called ``name``, directly or not, ``most`` of them; those of one level first."""
        self._read()
        found: dict[t.Class, Module] = {}
        names = [name]
        for each in names:
            for module, sub in self._subclasses.get(each, ()):
                node = module.defs.get(sub)
                if isinstance(node, t.Class) and node not in found and len(found) < most:
                    found[node] = module
                    names.append(sub)
        return [(module, node) for node, module in found.items()]

    def _read(self) -> dict[str, list[tuple[Module, str]]]:
        if self._classes is None:
            self._classes = defaultdict(list)
            for module in self._project.modules.values():
                if not self._is_test(module.path):
                    self._read_module(module, module.names(), self._classes)
        return self._classes

    def _read_module(self, module: Module, data: bytes, classes: dict[str, list[tuple[Module, str]]]) -> None:
        for match in _CLASS.finditer(data) if b"class" in data else ():
            before = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
            if before.strip(b" \t"):
                continue
            name = match["class"].decode("utf-8", "replace")
            if not before:
                classes[_folded(name)].append((module, name))
            for base in _bases(match["bases"] or b"", module):
                self._subclasses[base].append((module, name))
        with_properties = b"property" in data
        for match in _METHOD.finditer(data):
            start = data.rfind(b"\n", 0, match.start()) + 1
            before = data[start : match.start()]
            if before[:1] not in {b" ", b"\t"} or before.strip(b" \t") not in {b"", b"async"}:
                continue
            name = match[1].decode("utf-8", "replace")
            self._methods[name].append(module)
            if with_properties and _PROPERTY.search(data[max(0, start - _LINE) : max(0, start - 1)]):
                self._properties.add(name)


def _bases(written: bytes, module: Module) -> Iterator[str]:
    """The names of base classes, each also as it is called where it was imported from."""
    for beside in _BESIDE if written else ():
        written = beside.sub(b"", written)
    for base in _BASE.findall(written):
        yield base.decode("utf-8", "replace")
        if b" as " + base in module.names():
            for other in re.findall(rb"\b(\w+)[ \t]+as %b\b" % base, module.names()):
                yield other.decode("utf-8", "replace")


def _folded(name: str) -> str:
    return name.replace("_", "").casefold()
