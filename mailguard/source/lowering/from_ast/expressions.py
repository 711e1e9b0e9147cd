"""Lowers expressions, and the parameters of functions."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal

from mailguard.source import tree as t
from mailguard.source.lowering.from_ast.fields import fields
from mailguard.source.lowering.from_ast.places import Places, new_span
from mailguard.source.lowering.from_ast.unsure import Unsure
from mailguard.source.lowering.scopes import Scopes, asked_by_name

__all__ = ["OPERATORS", "Expressions"]

OPERATORS: Final[dict[type, str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not", ast.And: "and", ast.Or: "or", ast.Not: "not",
    ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip

_OWN_FSTRINGS: Final = sys.version_info < (3, 12)
"""Before 3.12 the positions inside f-strings are not reliable; they are worked out here."""


class Expressions:
    """The expressions of one file."""

    def __init__(self, places: Places, scopes: Scopes) -> None:
        """``scopes`` hears of what is mentioned."""
        self._places = places
        # Asked for every node, so at hand.
        self._at = places.at
        self._scopes, self._names, self._called = scopes, scopes.names, scopes.called

    def optional(self, node: ast.expr | None) -> t.Expr | None:
        """What :meth:`expr` says, of what may be left out."""
        return None if node is None else self.expr(node)

    def expr(self, node: ast.expr) -> t.Expr:
        """An expression. Raises :class:`Unsure`."""
        lower = _EXPRESSIONS.get(type(node))
        if lower is None:
            raise Unsure
        return lower(self, node)

    def _constant(self, node: ast.Constant) -> t.Expr:
        value = node.value
        return t.Const(self._at(node), ... if isinstance(value, complex) else value)

    def _name(self, node: ast.Name) -> t.Expr:
        if self._names:
            self._names[-1].add(node.id)
        return t.Name(self._at(node), node.id)

    def _attribute(self, node: ast.Attribute) -> t.Expr:
        if self._names:
            self._names[-1].add(node.attr)
        return t.Attr(self._at(node), self.expr(node.value), node.attr)

    def _call(self, node: ast.Call) -> t.Expr:
        at = self._at(node)
        func = self.expr(node.func)
        args = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                value = self.expr(arg.value)
                args.append((arg.lineno, arg.col_offset, t.Arg(value, None, "*", value.at)))
            else:
                value = self.expr(arg)
                args.append((arg.lineno, arg.col_offset, t.Arg(value, None, "", value.at)))
        for keyword in node.keywords:
            value = self.expr(keyword.value)
            span = value.at
            if keyword.arg is not None:
                first = self._at(keyword)
                span = new_span(t.Span, (first[0], first[1], span[2], span[3]))
            star: Literal["", "**"] = "**" if keyword.arg is None else ""
            args.append((keyword.lineno, keyword.col_offset, t.Arg(value, keyword.arg, star, span)))
        if node.keywords and node.args:
            args.sort(key=_by_place)
        if self._called:
            called = self._called[-1]
            for one in (func, *(arg[2].value for arg in args)):
                if type(one) is t.Name:
                    called.add(one.id)
                elif type(one) is t.Attr:
                    called.add(one.name)
        call = t.Call(at, func, tuple([arg[2] for arg in args]))
        asked = asked_by_name(call) if type(func) is t.Name and func.id == "getattr" else None
        if asked is None:
            return call
        self._scopes.mention(asked.name)
        return asked

    def _subscript(self, node: ast.Subscript) -> t.Expr:
        at = self._at(node)
        index = node.slice
        if isinstance(index, ast.Tuple) and index.elts:
            items = [self._index(item, at) for item in index.elts]
            lowered = items[0] if len(items) == 1 and isinstance(index.elts[0], ast.Starred) else None
            if lowered is None:
                lowered = t.Seq(at, "tuple", tuple(items), (False,) * len(items))
        else:
            lowered = self._index(index, at)
        return t.Sub(at, self.expr(node.value), lowered)

    def _index(self, node: ast.expr, at: t.Span) -> t.Expr:
        if isinstance(node, ast.Slice):
            return t.Slice(at, self.optional(node.lower), self.optional(node.upper), self.optional(node.step))
        return self.expr(node.value if isinstance(node, ast.Starred) else node)

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> t.Expr:
        items, stars = [], []
        for item in node.elts:
            star = isinstance(item, ast.Starred)
            items.append(self.expr(item.value if isinstance(item, ast.Starred) else item))
            stars.append(star)
        return t.Seq(self._at(node), _SEQUENCES[type(node)], tuple(items), tuple(stars))

    def _dict(self, node: ast.Dict) -> t.Expr:
        items = tuple(
            [(self.optional(key), self.expr(value)) for key, value in zip(node.keys, node.values, strict=True)]
        )
        return t.Dict(self._at(node), items)

    def _clauses(self, node: Any) -> tuple[t.Clause, ...]:
        return tuple(
            [
                t.Clause(self.expr(each.target), self.expr(each.iter), tuple([self.expr(one) for one in each.ifs]))
                for each in node.generators
            ]
        )

    def _comprehension(self, node: ast.ListComp | ast.SetComp) -> t.Expr:
        clauses = self._clauses(node)
        sort: Literal["list", "set"] = "list" if isinstance(node, ast.ListComp) else "set"
        return t.Comp(self._at(node), sort, self.expr(node.elt), None, clauses)

    def _generator(self, node: ast.GeneratorExp) -> t.Expr:
        clauses = self._clauses(node)
        element = self.expr(node.elt)
        return t.Comp(t.generator_span(element, clauses), "iterator", element, None, clauses)

    def _dict_comprehension(self, node: ast.DictComp) -> t.Expr:
        if node.value is None:
            raise Unsure
        clauses = self._clauses(node)
        return t.Comp(self._at(node), "dict", self.expr(node.key), self.expr(node.value), clauses)

    def params(self, args: ast.arguments) -> tuple[t.Param, ...]:
        """The parameters of a function, in their order."""
        positional = [*args.posonlyargs, *args.args]
        bare = len(positional) - len(args.defaults)
        result = []
        for index, arg in enumerate(positional):
            default = args.defaults[index - bare] if index >= bare else None
            result.append(self._param(arg, "positional" if index < len(args.posonlyargs) else "both", default))
        if args.vararg is not None:
            result.append(self._param(args.vararg, "*", None))
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            result.append(self._param(arg, "keyword", default))
        if args.kwarg is not None:
            result.append(self._param(args.kwarg, "**", None))
        return tuple(result)

    def _param(
        self, arg: ast.arg, sort: Literal["positional", "both", "keyword", "*", "**"], default: ast.expr | None
    ) -> t.Param:
        annotation = arg.annotation
        at = self._at(arg)
        if annotation is not None:
            at = new_span(t.Span, (at[0], at[1], at[0], at[1] + len(arg.arg)))
        lowered: t.Expr | None = None
        if isinstance(annotation, ast.Starred):
            lowered = t.Const(self._at(annotation), ...)  # the types of several arguments
        elif annotation is not None:
            lowered = self.expr(annotation)
        return t.Param(arg.arg, sort, self.optional(default), lowered, at)

    def _lambda(self, node: ast.Lambda) -> t.Expr:
        return t.Lam(self._at(node), self.params(node.args), self.expr(node.body))

    def _yield(self, node: ast.Yield) -> t.Expr:
        self._scopes.generates()
        return t.Yield(self._at(node), self.optional(node.value), each=False)

    def _yield_from(self, node: ast.YieldFrom) -> t.Expr:
        self._scopes.generates()
        return t.Yield(self._at(node), self.expr(node.value), each=True)

    def _binary(self, node: ast.BinOp) -> t.Expr:
        # A long sum of strings leans to the left; a loop keeps the stack flat.
        chain = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            chain.append(left)
            left = left.left
        result = self.expr(left)
        for link in reversed(chain):
            result = t.Bin(self._at(link), OPERATORS[type(link.op)], result, self.expr(link.right))
        return result

    def _boolean(self, node: ast.BoolOp) -> t.Expr:
        at = self._at(node)
        operator = OPERATORS[type(node.op)]
        result = self.expr(node.values[0])
        for value in node.values[1:]:
            result = t.Bool(at, operator, result, self.expr(value))
        return result

    def _comparison(self, node: ast.Compare) -> t.Expr:
        left = self.expr(node.left)
        rest = tuple(
            [
                (OPERATORS[type(operator)], self.expr(value))
                for operator, value in zip(node.ops, node.comparators, strict=True)
            ]
        )
        return t.Compare(self._at(node), left, rest)

    def _unary(self, node: ast.UnaryOp) -> t.Expr:
        return t.Unary(self._at(node), OPERATORS[type(node.op)], self.expr(node.operand))

    def _condition(self, node: ast.IfExp) -> t.Expr:
        body, test = self.expr(node.body), self.expr(node.test)
        return t.Cond(self._at(node), test, body, self.expr(node.orelse))

    def _walrus(self, node: ast.NamedExpr) -> t.Expr:
        return t.Walrus(self._at(node), self.expr(node.target), self.expr(node.value))

    def _formatted(self, node: ast.JoinedStr) -> t.Expr:
        at = self._at(node)
        places = self._fields(node) if _OWN_FSTRINGS else None
        parts: list[t.Expr] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                if isinstance(part.value, str) and part.value:
                    parts.append(t.Const(at, part.value))
            elif not isinstance(part, ast.FormattedValue):
                raise Unsure
            elif places is None:
                parts.append(self.expr(part.value))
            else:
                field = next(places, None)
                if field is None:
                    raise Unsure
                parts.append(self._field(*field))
        if places is not None and next(places, None) is not None:
            raise Unsure
        return t.FStr(at, tuple(parts))

    def _field(self, source: str, line: int, column: int) -> t.Expr:
        """The expression of a field, whose text starts at a row and a column (from 0, in letters)."""
        if not source.isascii():
            raise Unsure
        tree = ast.parse(f"({source})", mode="eval")
        body = tree.body
        if (body.lineno, body.col_offset) == (1, 0):
            raise Unsure  # the bracket became part of it: a tuple
        with self._places.field(line, column):
            return self.expr(body)

    def _fields(self, node: ast.JoinedStr) -> Iterator[tuple[str, int, int]]:
        """The outer fields of the f-strings that a node is made of: text, row, column."""
        if self._places.shifted:
            raise Unsure  # an f-string within an f-string
        first, last = node.lineno, node.end_lineno or node.lineno
        rows = [self._places.row(number) for number in range(first, last + 1)]
        start = self._places.column(first, node.col_offset)
        rows[-1] = rows[-1][: self._places.column(last, node.end_col_offset or 0)]
        text = "\n".join(rows)
        for begin, stop in fields(text, start):
            line = text.count("\n", 0, begin)
            column = begin - (text.rfind("\n", 0, begin) + 1)
            yield text[begin:stop], first + line, column


def _by_place(arg: tuple[int, int, t.Arg]) -> tuple[int, int]:
    return arg[:2]


_SEQUENCES: Final[dict[type, Literal["list", "tuple", "set"]]] = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}

# The table names methods of this module's own class.
# ruff: noqa: SLF001
_EXPRESSIONS: Final[dict[type, Callable[[Expressions, Any], t.Expr]]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: Expressions._call,
    ast.Subscript: Expressions._subscript,
    ast.List: Expressions._sequence,
    ast.Tuple: Expressions._sequence,
    ast.Set: Expressions._sequence,
    ast.Dict: Expressions._dict,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.DictComp: Expressions._dict_comprehension,
    ast.GeneratorExp: Expressions._generator,
    ast.JoinedStr: Expressions._formatted,
    ast.Lambda: Expressions._lambda,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield_from,
    ast.Await: lambda self, node: self.expr(node.value),  # awaiting changes no value
    ast.BinOp: Expressions._binary,
    ast.BoolOp: Expressions._boolean,
    ast.Compare: Expressions._comparison,
    ast.UnaryOp: Expressions._unary,
    ast.IfExp: Expressions._condition,
    ast.NamedExpr: Expressions._walrus,
}
