"""A small syntax tree of our own: what the interpreter needs of Python, and nothing else.

``facts`` lowers libcst's tree to this one, so that nothing else depends on a
parser, and so that a tree costs a tenth of the memory. Every node knows its span.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = [
    "NOWHERE",
    "Arg",
    "Assert",
    "Assign",
    "Attr",
    "AugAssign",
    "Bin",
    "Bool",
    "Break",
    "Call",
    "Case",
    "Class",
    "Clause",
    "Comp",
    "Compare",
    "Cond",
    "Const",
    "Continue",
    "Delete",
    "Dict",
    "Expr",
    "ExprStmt",
    "FStr",
    "For",
    "From",
    "Func",
    "Global",
    "Handler",
    "If",
    "Import",
    "Lam",
    "Match",
    "Name",
    "Param",
    "Raise",
    "Return",
    "Seq",
    "Slice",
    "Span",
    "Stmt",
    "Sub",
    "Try",
    "Unary",
    "Walrus",
    "While",
    "With",
    "Yield",
    "generator_span",
]


class Span(NamedTuple):
    """Lines and columns from 1; the end column is the one behind the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


NOWHERE: Final = Span(0, 0, 0, 0)
"""Where there is no place to name."""


@dataclass(slots=True, eq=False)
class Const:
    """A literal: None, a number, a string, bytes, a truth value, an ellipsis."""

    at: Span
    value: object


@dataclass(slots=True, eq=False)
class Name:
    """A name."""

    at: Span
    id: str


@dataclass(slots=True, eq=False)
class Attr:
    """``value.name``."""

    at: Span
    value: Expr
    name: str


@dataclass(slots=True, eq=False)
class Slice:
    """``lower:upper:step`` within brackets."""

    at: Span
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


@dataclass(slots=True, eq=False)
class Sub:
    """``value[index]``."""

    at: Span
    value: Expr
    index: Expr


class Arg(NamedTuple):
    """One argument of a call."""

    value: Expr
    keyword: str | None
    star: Literal["", "*", "**"]
    at: Span
    """The whole argument, with its keyword."""


@dataclass(slots=True, eq=False)
class Call:
    """A call."""

    at: Span
    func: Expr
    args: tuple[Arg, ...]


@dataclass(slots=True, eq=False)
class Bin:
    """An operator between two expressions."""

    at: Span
    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Bool:
    """``and`` or ``or``."""

    at: Span
    op: str
    left: Expr
    right: Expr


@dataclass(slots=True, eq=False)
class Unary:
    """An operator before an expression."""

    at: Span
    op: str
    operand: Expr


@dataclass(slots=True, eq=False)
class Compare:
    """A chain of comparisons: pairs of operator and operand."""

    at: Span
    left: Expr
    rest: tuple[tuple[str, Expr], ...]


@dataclass(slots=True, eq=False)
class Cond:
    """``body if test else orelse``."""

    at: Span
    test: Expr
    body: Expr
    orelse: Expr


@dataclass(slots=True, eq=False)
class Seq:
    """A display of a list, tuple or set; a starred member is true in ``stars``."""

    at: Span
    sort: Literal["list", "tuple", "set"]
    items: tuple[Expr, ...]
    stars: tuple[bool, ...]


@dataclass(slots=True, eq=False)
class Dict:
    """A display of a dict; a key of None stands for ``**value``."""

    at: Span
    items: tuple[tuple[Expr | None, Expr], ...]


class Clause(NamedTuple):
    """``for target in iter if ...``."""

    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Comp:
    """A comprehension or generator expression."""

    at: Span
    sort: Literal["list", "set", "iterator", "dict"]
    element: Expr
    value: Expr | None
    """The value of a dict comprehension, whose key is ``element``."""
    clauses: tuple[Clause, ...]


@dataclass(slots=True, eq=False)
class FStr:
    """An f-string or implicitly joined strings."""

    at: Span
    parts: tuple[Expr, ...]


@dataclass(slots=True, eq=False)
class Lam:
    """A lambda."""

    at: Span
    params: tuple[Param, ...]
    body: Expr


@dataclass(slots=True, eq=False)
class Yield:
    """``yield`` or ``yield from``."""

    at: Span
    value: Expr | None
    each: bool
    """``yield from``."""


@dataclass(slots=True, eq=False)
class Walrus:
    """``target := value``."""

    at: Span
    target: Expr
    value: Expr


Expr: TypeAlias = (
    Const
    | Name
    | Attr
    | Slice
    | Sub
    | Call
    | Bin
    | Bool
    | Unary
    | Compare
    | Cond
    | Seq
    | Dict
    | Comp
    | FStr
    | Lam
    | Yield
    | Walrus
)


@dataclass(slots=True, eq=False)
class Param:
    """A parameter of a function."""

    name: str
    sort: Literal["positional", "both", "keyword", "*", "**"]
    default: Expr | None
    annotation: Expr | None
    at: Span


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


def generator_span(element: Expr, clauses: tuple[Clause, ...]) -> Span:
    """The span of a generator expression without brackets, which may be those of a call: from its element to its end."""
    last = clauses[-1].ifs[-1] if clauses[-1].ifs else clauses[-1].iter
    return Span(element.at.line, element.at.column, last.at.end_line, last.at.end_column)
