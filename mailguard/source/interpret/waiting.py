"""Classes at the top level of a file that are made once somebody asks for them.

Most of what a program's files define is never looked at on the way to a mail call, and a class with its bases and its fields is
the dear part of loading a file. A class waits whose making does nothing else: none with a decorator, which may register it;
none whose name is bound twice; none whose body calls something as a statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from mailguard.source import tree as t

__all__ = ["waiting"]


def waiting(body: Iterable[t.Stmt]) -> frozenset[t.Class]:
    """The classes of a file that are not made when its body is run."""
    body = tuple(body)
    classes = [node for node in body if isinstance(node, t.Class) and not node.decorators and _only_defines(node)]
    if not classes:
        return frozenset()
    bound = Counter(name for node in _nodes(body) for name in _binds(node))
    return frozenset(node for node in classes if bound[node.name] == 1)


def _only_defines(cls: t.Class) -> bool:
    """Whether the body of a class does nothing but bind names."""
    for node in cls.body:
        if isinstance(node, t.ExprStmt) and not isinstance(node.value, t.Const):
            return False
        if isinstance(node, t.Class) and not _only_defines(node):
            return False
        if not isinstance(node, (t.ExprStmt, t.Class, t.Func, t.Assign)):
            return False
    return True


def _nodes(body: Iterable[t.Stmt]) -> Iterator[t.Stmt]:
    for node in body:
        yield node
        for block in t.blocks(node):
            yield from _nodes(block)


def _binds(node: t.Stmt) -> Iterator[str]:
    """The names that a statement of a top level binds, deletes, or lets functions bind (``global``)."""
    if isinstance(node, (t.Func, t.Class)):
        yield node.name
        for inner in t.statements(node.body):
            if isinstance(inner, t.Global):
                yield from inner.names
    elif isinstance(node, (t.Import, t.From)):
        for name, alias in node.names:
            yield alias or name.split(".", 1)[0]
    elif isinstance(node, (t.Assign, t.Delete)):
        for target in node.targets:
            yield from _names(target)
    elif isinstance(node, (t.AugAssign, t.For)):
        yield from _names(node.target)
    elif isinstance(node, t.With):
        for _, bound in node.items:
            if bound is not None:
                yield from _names(bound)
    elif isinstance(node, t.Try):
        yield from (handler.name for handler in node.handlers if handler.name)
    elif isinstance(node, t.Match):
        for case in node.cases:
            yield from case.binds


def _names(target: t.Expr) -> Iterator[str]:
    """The names in what is assigned to; also of a thing of which a part is (``X.attr = 1``)."""
    if isinstance(target, t.Name):
        yield target.id
    elif isinstance(target, t.Seq):
        for item in target.items:
            yield from _names(item)
