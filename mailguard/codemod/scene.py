"""A parsed file in which something is looked for, and then changed."""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from mailguard.codemod.tree import Function, Swap, Swaps, walk
from mailguard.model.place import Place

_N = TypeVar("_N", bound=cst.CSTNode)


@functools.lru_cache(maxsize=4)
def scene_of(source: bytes) -> Scene | None:
    """A file, parsed; None if libcst cannot, or would take minutes for it."""
    if _is_deep(source):
        return None
    try:
        return Scene(cst.parse_module(source))
    except (cst.ParserSyntaxError, UnicodeError, RecursionError, LookupError):
        return None
    except Exception:  # noqa: BLE001  # libcst raises bare exceptions on some inputs; such a file has no repair
        return None


DEEP: Final = 1_000
"""Expressions within expressions. libcst takes a time for ``1 + 1 + ...`` that grows with the square of its parts."""


def _is_deep(source: bytes) -> bool:
    """Whether a file has an expression that is nested deeper than anybody writes one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            level: list[ast.AST] = [ast.parse(source)]
    except (RecursionError, MemoryError):
        return True
    except (SyntaxError, ValueError):
        return False  # newer than this Python, perhaps
    depth = 0
    while level and depth <= DEEP:
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        depth += 1
    return bool(level)


class Scene:
    """A parsed file in which something is looked for, and then changed."""

    def __init__(self, module: cst.Module) -> None:
        # The parser makes a fresh tree in which no node stands twice.
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = wrapper.module
        self._ranges: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        self._parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self._taken: dict[cst.CSTNode, frozenset[str]] = {}
        stack: list[cst.CSTNode] = [self.module]
        while stack:
            node = stack.pop()
            for child in node.children:
                self._parents[child] = node
                stack.append(child)

    # --- where things are

    def at(self, place: Place, kind: type[_N]) -> _N | None:
        """The outermost node of a kind that spans exactly ``place``."""
        wanted = (place.line, place.column - 1, place.end_line or place.line, place.end_column - 1)
        found = None
        for node, span in self._ranges.items():
            if (span.start.line, span.start.column, span.end.line, span.end.column) == wanted and isinstance(
                node, kind
            ):
                inner = found is not None and found in self.ancestors(node)
                found = found if inner else node
        return found

    def value_at(self, place: Place) -> cst.BaseExpression | None:
        """The expression at ``place``; for a keyword argument its value."""
        keyword = self.at(place, cst.Arg) or self._keyword_at(place)
        return keyword.value if keyword is not None else self.at(place, cst.BaseExpression)  # type: ignore[type-abstract]  # any of them

    def _keyword_at(self, place: Place) -> cst.Arg | None:
        """The keyword argument at ``place``, which ends where its value does: before a parenthesis around that."""
        for node, span in self._ranges.items():
            if isinstance(node, cst.Arg) and node.value.lpar and span.start.line == place.line:
                end = self._ranges[node.value].end
                wanted = (place.column - 1, place.end_line or place.line, place.end_column - 1)
                if (span.start.column, end.line, end.column) == wanted:
                    return node
        return None

    def before(self, first: cst.CSTNode, second: cst.CSTNode) -> bool:
        """Whether ``first`` starts before ``second`` in the text."""
        one, two = self._ranges[first].start, self._ranges[second].start
        return (one.line, one.column) < (two.line, two.column)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around ``node``."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around ``node``, the closest first."""
        current = self._parents.get(node)
        while current is not None:
            yield current
            current = self._parents.get(current)

    def ancestors_in_line(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """The nodes around ``node`` within its statement."""
        found: list[cst.CSTNode] = []
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.BaseStatement, cst.BaseSmallStatement)):
                break
            found.append(ancestor)
        return found

    def around(self, node: cst.CSTNode, kind: type[_N]) -> _N | None:
        """The closest node of a kind around ``node``, within its function."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, kind):
                return ancestor
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
                return None
        return None

    def line(self, node: cst.CSTNode) -> cst.SimpleStatementLine | None:
        """The statement around ``node``, if it stands on lines of its own and is the only one there."""
        line = node if isinstance(node, cst.SimpleStatementLine) else self.around(node, cst.SimpleStatementLine)
        return line if line is not None and len(line.body) == 1 else None

    def function(self, node: cst.CSTNode) -> Function:
        """The function that ``node`` is in, or the module. Code of a class body belongs to nobody's function."""
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, cst.FunctionDef):
                return ancestor
        return self.module

    def block(self, line: cst.BaseStatement) -> Sequence[cst.BaseStatement]:
        """The statements beside ``line``, with it; empty for what does not stand in a block."""
        owner = self._parents.get(line)
        if isinstance(owner, (cst.Module, cst.IndentedBlock)):
            return owner.body
        return ()

    def beside(self, line: cst.BaseStatement, inner: cst.CSTNode) -> cst.BaseStatement | None:
        """The statement of the block of ``line`` that is or holds ``inner``."""
        chain = {inner, *self.ancestors(inner)}
        return next((one for one in self.block(line) if one in chain), None)

    def leads_to(self, line: cst.BaseStatement, inner: cst.CSTNode) -> bool:
        """Whether ``line`` has always run, once, when ``inner`` runs: no function, class or loop is entered between."""
        block = self.block(line)
        stop = self.beside(line, inner)
        if stop is None or block.index(stop) <= block.index(line):
            return False
        holder: cst.CSTNode = inner
        for ancestor in self.ancestors(inner):
            if holder is stop:
                return True
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef, cst.Lambda, cst.For, cst.While)):
                return False
            holder = ancestor
        return holder is stop

    def between(self, line: cst.BaseStatement, inner: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """All nodes that may run after ``line`` and before ``inner``, which it leads to; or after it, in its statement."""
        block = self.block(line)
        stop = self.beside(line, inner)
        assert stop is not None  # noqa: S101  # line leads to inner
        for one in block[block.index(line) + 1 : block.index(stop)]:
            yield from walk(one)
        if stop is not inner:
            for node in walk(stop):
                if node is not inner and inner not in set(self.ancestors(node)):
                    yield node

    def indented(self, body: Sequence[cst.BaseStatement], near: cst.CSTNode) -> cst.IndentedBlock:
        """A block of statements, indented like the one that ``near`` stands in."""
        around = next((node for node in self.ancestors(near) if isinstance(node, cst.IndentedBlock)), None)
        return cst.IndentedBlock(list(body), indent=around.indent if around is not None else None)

    # --- names

    def taken(self, near: cst.CSTNode) -> frozenset[str]:
        """The names that the function of ``near`` uses for something: any other can become a variable of it."""
        function = self.function(near)
        if function not in self._taken:
            self._taken[function] = frozenset(
                node.value for node in walk(function) if isinstance(node, cst.Name) and not self._stands_apart(node)
            )
        return self._taken[function]

    def _stands_apart(self, node: cst.Name) -> bool:
        """Whether a name is that of an attribute, or the keyword of an argument."""
        parent = self._parents.get(node)
        return (isinstance(parent, cst.Arg) and parent.keyword is node) or (
            isinstance(parent, cst.Attribute) and parent.attr is node
        )

    def free(self, near: cst.CSTNode, *wanted: str) -> str:
        """The first of ``wanted`` that can become a variable of a function; with a number if none can."""
        taken = self.taken(near)
        for name in wanted:
            if name not in taken:
                return name
        number = 2
        while f"{wanted[-1]}_{number}" in taken:
            number += 1
        return f"{wanted[-1]}_{number}"

    def uses(self, name: str, where: cst.CSTNode) -> list[cst.Name]:
        """Where ``name`` is read, written or deleted as a variable."""
        return [
            node for node in walk(where) if isinstance(node, cst.Name) and node.value == name and self.variable(node)
        ]

    def variable(self, name: cst.Name) -> bool:
        """Whether a name stands for a variable: no attribute, no keyword of an argument."""
        parent = self._parents.get(name)
        match parent:
            case cst.Attribute():
                return parent.value is name
            case cst.Arg():
                return parent.value is name
            case cst.NameItem():
                return True
            case cst.ImportAlias() | cst.AsName():
                return False
            case _:
                return True

    def read_after(self, name: str, line: cst.BaseStatement) -> bool:
        """Whether a variable may be read after ``line`` has run: anywhere in its function but before it, outside loops."""
        function = self.function(line)
        inside = {id(node) for node in walk(line)}
        looped = self.around(line, cst.For) is not None or self.around(line, cst.While) is not None
        for use in self.uses(name, function):
            if id(use) in inside or (isinstance(self._parents[use], cst.AssignTarget)):
                continue
            if looped or self.before(line, use) or function is self.module:
                return True
        return False

    def loops(self, node: cst.CSTNode) -> list[cst.CSTNode]:
        """The loops around ``node`` within its function, the closest first."""
        found: list[cst.CSTNode] = []
        for ancestor in self.ancestors(node):
            if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef)):
                break
            if isinstance(ancestor, (cst.For, cst.While)):
                found.append(ancestor)
        return found

    def assignments(self, name: str, function: cst.CSTNode) -> list[cst.Assign]:
        """The statements ``name = ...`` of a function."""
        found = []
        for use in self.uses(name, function):
            target = self._parents[use]
            if isinstance(target, cst.AssignTarget) and isinstance(assign := self._parents[target], cst.Assign):
                found.append(assign)
        return found

    # --- the change

    def edited(self, swaps: Swaps) -> bytes:
        """The file with some nodes replaced."""
        return self.module.visit(Swap(swaps)).bytes

    def swapped(self, node: _N, swaps: Swaps) -> _N:
        """One node with some nodes in it replaced."""
        result = node.visit(Swap(swaps))
        assert isinstance(result, cst.CSTNode)  # noqa: S101  # the node itself is not removed
        return result
