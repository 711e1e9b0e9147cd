"""Which files can matter, and names across files.

Modules are found by the shape of their path, never imported. An absolute import
is looked up below every folder that could be a root: a folder that is no
package itself, or the folder of the importing file (scripts beside each other).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.finding import Skip
from mailguard.model.place import Place
from mailguard.search import folded
from mailguard.source import facts, importing
from mailguard.source import tree as t

__all__ = ["Module", "Project", "SourceFile"]

SIBLINGS: Final = 12
"""So many modules of a package are tried where a text names one of them."""
STDLIB: Final = frozenset(sys.stdlib_module_names)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Python file of the tree."""

    path: str
    """Relative to the root of the run, with forward slashes."""
    read: Callable[[], bytes]
    """Its bytes; may raise ``OSError``."""


@dataclass(eq=False)
class Module:
    """One Python file, parsed when something asks for its body."""

    file: SourceFile
    project: Project
    name: str
    """Dotted, from the root of the run."""
    package: str
    """The folder, with a slash at its end unless it is the root."""
    _facts: facts.Facts | facts.Unreadable | None = None
    _defs: dict[str, t.Func | t.Class] | None = None
    data: bytes | None = None
    _plain: bytes | None = None
    """The content in plain letters, with plain ends of lines; empty where it has no others."""
    _imports: bytes | None = None
    places: dict[t.Span, Place] = field(default_factory=dict)
    """What was asked for of its places: the same ones are asked for over and over."""

    @property
    def path(self) -> str:
        """The file's path."""
        return self.file.path

    @property
    def is_package(self) -> bool:
        """Whether it is an ``__init__.py``."""
        return self.path.rsplit("/", 1)[-1] == "__init__.py"

    def keep(self, data: bytes) -> None:
        """Keep the file's content as long as there is room; else it is read again when it is asked for."""
        if self.data is None and len(data) <= self.project.room:
            self.project.room -= len(data)
            self.data = data

    def names(self) -> bytes:
        """The content in which names are searched for: letters that Python reads as plain ones are plain, and so are ends of lines."""
        data = self.bytes()
        if self._plain is None:
            self._plain = b"" if data.isascii() else folded(data)
            if b"\r" in data:
                self._plain = (self._plain or data).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return self._plain or data

    def imports(self) -> bytes:
        """What its import statements say, one a line."""
        if self._imports is None:
            self._imports = importing.said(self.names())
        return self._imports

    def bytes(self) -> bytes:
        """The file's content; empty where it cannot be read (a Skip says so)."""
        if self.data is not None:
            return self.data
        try:
            data = self.file.read()
        except OSError:
            data = b""
        self.keep(data)
        return data

    @property
    def parsed(self) -> bool:
        """Whether the body was asked for already."""
        return self._facts is not None

    @property
    def body(self) -> tuple[t.Stmt, ...]:
        """The statements; none where the file cannot be read."""
        if self._facts is None:
            self._facts = facts.read(self.path, self.bytes())
            if isinstance(self._facts, facts.Unreadable):
                self.project.skip(self, self._facts)
        return self._facts.body if isinstance(self._facts, facts.Facts) else ()

    @property
    def unreadable(self) -> bool:
        """Whether the file was parsed and could not be read."""
        return isinstance(self._facts, facts.Unreadable)

    @property
    def defs(self) -> dict[str, t.Func | t.Class]:
        """Functions and classes of the top level, also inside ``if`` and ``try``; the last one of a name counts."""
        if self._defs is None:
            self._defs = {}
            for node in _top_level(self.body):
                if isinstance(node, (t.Func, t.Class)):
                    self._defs[node.name] = node
        return self._defs


def _top_level(body: Iterable[t.Stmt]) -> Iterator[t.Stmt]:
    for node in body:
        yield node
        for block in t.blocks(node):
            yield from _top_level(block)


@dataclass(eq=False)
class Project:
    """All Python files of the tree."""

    files: Sequence[SourceFile]
    modules: dict[str, Module] = field(default_factory=dict)
    skips: dict[str, Skip] = field(default_factory=dict)
    room: int = 100_000_000
    """Bytes of files that may still be kept in memory."""

    def __post_init__(self) -> None:
        """Index the files by path and by the last part of their dotted name."""
        self._by_stem: dict[str, list[Module]] = {}
        for file in self.files:
            package, _, base = file.path.rpartition("/")
            stem = base.rsplit(".", 1)[0] if "." in base else base
            dotted = file.path.rsplit(".", 1)[0] if "." in base else file.path
            if stem == "__init__":
                dotted = package
                stem = package.rpartition("/")[2]
            module = Module(file, self, dotted.replace("/", ".") or stem, f"{package}/" if package else "")
            self.modules[file.path] = module
            self._by_stem.setdefault(stem, []).append(module)
        self._packages = {module.package for module in self.modules.values() if module.is_package}
        self._found: dict[tuple[str, str], Module | None] = {}

    def skip(self, module: Module, unreadable: facts.Unreadable) -> None:
        """Note that a file could not be read."""
        self.skips[module.path] = Skip(unreadable.reason, Place(module.path, unreadable.line), unreadable.detail)

    def find(self, dotted: str, importer: Module) -> Module | None:
        """The module of the project that ``import dotted`` means in ``importer``; None if it lies outside."""
        key = (dotted, importer.package)
        if key not in self._found:
            self._found[key] = self._find(dotted, importer)
        return self._found[key]

    def _find(self, dotted: str, importer: Module) -> Module | None:
        parts = dotted.split(".")
        tail = "/".join(parts)
        best: tuple[bool, bool, int, int] | None = None
        found: Module | None = None
        for module in self._by_stem.get(parts[-1], ()):
            if module is importer and not module.is_package:
                # A file named like the library that it imports.
                continue
            base = module.path.rsplit(".", 1)[0].removesuffix("/__init__")
            if base != tail and not base.endswith(f"/{tail}"):
                continue
            root = base[: len(base) - len(tail)]
            beside = root == importer.package
            if parts[0] in STDLIB and not (beside and root not in self._packages and len(parts) > 1):
                continue
            # Within a package an absolute import never means a sibling, unless nothing else has the name (Python 2).
            # The same holds for a folder that has an __init__.py: it may be where the program is started all the same.
            # What lies beside the importer's own folders (the helpers of its tests) is on nobody's path before those.
            above = importer.package.startswith(root)
            rank = (above, root not in self._packages, _common(root, importer.package), -len(root))
            if found is None or best is None or rank > best or (rank == best and module.path < found.path):
                best, found = rank, module
        return found

    def relative(self, level: int, dotted: str, importer: Module) -> Module | None:
        """The module that ``from ..dotted import`` means in ``importer``."""
        package = importer.package
        for _ in range(level - 1):
            package = package.rstrip("/").rpartition("/")[0]
            package = f"{package}/" if package else ""
        base = package + dotted.replace(".", "/") if dotted else package.rstrip("/")
        return self.at(base)

    def at(self, base: str) -> Module | None:
        """The module at a path without its suffix: ``base.py`` or ``base/__init__.py``."""
        for candidate in (f"{base}.py", f"{base}/__init__.py" if base else "__init__.py"):
            if candidate in self.modules:
                return self.modules[candidate]
        return None

    def modules_in(self, package: Module) -> list[Module]:
        """The modules right in a package, in order of their paths; none where they are many."""
        if not package.is_package:
            return []
        found = sorted(
            (module for module in self.modules.values() if module.package == package.package and module is not package),
            key=lambda module: module.path,
        )
        return found if len(found) <= SIBLINGS else []

    def submodule(self, package: Module, name: str) -> Module | None:
        """``package.name`` where it is a module of the project."""
        return self.at(f"{package.package}{name}") if package.is_package else None


def _common(one: str, other: str) -> int:
    """How many leading folders two paths share."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right or not left:
            break
        count += 1
    return count
