"""Statements, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from mailguard.source.tree.expression import Expr, Param, Span

__all__ = [
    "Assert",
    "Assign",
    "AugAssign",
    "Break",
    "Case",
    "Class",
    "Continue",
    "Delete",
    "ExprStmt",
    "For",
    "From",
    "Func",
    "Global",
    "Handler",
    "If",
    "Import",
    "Match",
    "Raise",
    "Return",
    "Stmt",
    "Try",
    "While",
    "With",
    "statements",
]


@dataclass(slots=True, eq=False)
class Assign:
    """An assignment, or an annotated name."""

    at: Span
    targets: tuple[Expr, ...]
    value: Expr | None
    """None for a bare annotation."""
    annotation: Expr | None = None


@dataclass(slots=True, eq=False)
class AugAssign:
    """``target op= value``."""

    at: Span
    target: Expr
    op: str
    value: Expr


@dataclass(slots=True, eq=False)
class ExprStmt:
    """An expression as a statement."""

    at: Span
    value: Expr


@dataclass(slots=True, eq=False)
class Return:
    """``return``."""

    at: Span
    value: Expr | None


@dataclass(slots=True, eq=False)
class Raise:
    """``raise``."""

    at: Span
    value: Expr | None


@dataclass(slots=True, eq=False)
class Assert:
    """``assert``."""

    at: Span
    test: Expr


@dataclass(slots=True, eq=False)
class Delete:
    """``del``."""

    at: Span
    targets: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Break:
    """``break``."""

    at: Span


@dataclass(slots=True, eq=False)
class Continue:
    """``continue``."""

    at: Span


@dataclass(slots=True, eq=False)
class Global:
    """``global`` or ``nonlocal``."""

    at: Span
    names: tuple[str, ...]
    nonlocal_: bool


@dataclass(slots=True, eq=False)
class Import:
    """``import a.b as c``: pairs of dotted name and alias."""

    at: Span
    names: tuple[tuple[str, str | None], ...]


@dataclass(slots=True, eq=False)
class From:
    """``from ..a import b as c``; a name of ``*`` stands for everything."""

    at: Span
    module: str
    level: int
    names: tuple[tuple[str, str | None], ...]


@dataclass(slots=True, eq=False)
class If:
    """``if``; an ``elif`` is an If within ``orelse``."""

    at: Span
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class For:
    """``for``, also ``async for``."""

    at: Span
    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class While:
    """``while``."""

    at: Span
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class Handler(NamedTuple):
    """One ``except``."""

    type: Expr | None
    name: str | None
    body: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class Try:
    """``try``."""

    at: Span
    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


@dataclass(slots=True, eq=False)
class With:
    """``with``: pairs of manager and target."""

    at: Span
    items: tuple[tuple[Expr, Expr | None], ...]
    body: tuple[Stmt, ...]


class Case(NamedTuple):
    """One ``case``: the names that its pattern binds, its guard, its body."""

    binds: tuple[str, ...]
    guard: Expr | None
    body: tuple[Stmt, ...]
    wildcard: bool


@dataclass(slots=True, eq=False)
class Match:
    """``match``."""

    at: Span
    subject: Expr
    cases: tuple[Case, ...]


@dataclass(slots=True, eq=False)
class Func:
    """``def``, also ``async def``."""

    at: Span
    """The name."""
    name: str
    params: tuple[Param, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    generator: bool
    asynchronous: bool
    names: frozenset[str] = field(default_factory=frozenset)
    """Every name and attribute that the body mentions; tells cheaply whether it can matter."""
    called: frozenset[str] = field(default_factory=frozenset)
    """Those of them that are called, or handed to a call."""


@dataclass(slots=True, eq=False)
class Class:
    """``class``."""

    at: Span
    name: str
    bases: tuple[Expr, ...]
    body: tuple[Stmt, ...]
    decorators: tuple[Expr, ...]


Stmt: TypeAlias = (
    Assign
    | AugAssign
    | ExprStmt
    | Return
    | Raise
    | Assert
    | Delete
    | Break
    | Continue
    | Global
    | Import
    | From
    | If
    | For
    | While
    | Try
    | With
    | Match
    | Func
    | Class
)


def blocks(node: Stmt) -> Iterator[tuple[Stmt, ...]]:
    """The blocks of a statement whose names are those of the code around it, in their order: of an ``if``, not of a function."""
    if isinstance(node, (If, For, While)):
        yield node.body
        yield node.orelse
    elif isinstance(node, With):
        yield node.body
    elif isinstance(node, Try):
        yield node.body
        yield from (handler.body for handler in node.handlers)
        yield node.orelse
        yield node.final
    elif isinstance(node, Match):
        yield from (case.body for case in node.cases)


def statements(body: Iterable[Stmt]) -> Iterator[Stmt]:
    """Every statement of a body, at any depth."""
    stack: list[Stmt] = list(body)
    while stack:
        node = stack.pop()
        yield node
        for name in ("body", "orelse", "final"):
            stack.extend(getattr(node, name, ()))
        if isinstance(node, Try):
            for handler in node.handlers:
                stack.extend(handler.body)
        elif isinstance(node, Match):
            for case in node.cases:
                stack.extend(case.body)
