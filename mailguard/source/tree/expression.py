"""Expressions, and the places of all nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

__all__ = [
    "NOWHERE",
    "Arg",
    "Attr",
    "Bin",
    "Bool",
    "Call",
    "Clause",
    "Comp",
    "Compare",
    "Cond",
    "Const",
    "Dict",
    "Expr",
    "FStr",
    "Lam",
    "Name",
    "Param",
    "Seq",
    "Slice",
    "Span",
    "Sub",
    "Unary",
    "Walrus",
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


def generator_span(element: Expr, clauses: tuple[Clause, ...]) -> Span:
    """The span of a generator expression without brackets, which may be those of a call: from its element to its end."""
    last = clauses[-1].ifs[-1] if clauses[-1].ifs else clauses[-1].iter
    return Span(element.at.line, element.at.column, last.at.end_line, last.at.end_column)
