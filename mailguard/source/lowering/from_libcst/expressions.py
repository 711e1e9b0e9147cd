"""Lowers expressions, and the parameters of functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Literal

import libcst as cst

from mailguard.source import tree as t
from mailguard.source.lowering.from_libcst.places import Places
from mailguard.source.lowering.scopes import Scopes, asked_by_name

__all__ = ["OPERATORS", "Expressions", "folded"]

OPERATORS: Final = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "FloorDivide": "//", "Modulo": "%", "Power": "**",
    "BitOr": "|", "BitAnd": "&", "BitXor": "^", "LeftShift": "<<", "RightShift": ">>", "MatrixMultiply": "@",
}  # fmt: skip
_COMPARE: Final = {
    "Equal": "==", "NotEqual": "!=", "LessThan": "<", "LessThanEqual": "<=", "GreaterThan": ">",
    "GreaterThanEqual": ">=", "In": "in", "NotIn": "not in", "Is": "is", "IsNot": "is not",
}  # fmt: skip


class Expressions:
    """The expressions of one file."""

    def __init__(self, module: cst.Module, places: Places, scopes: Scopes) -> None:
        """``scopes`` hears of what is mentioned."""
        self._module, self._places, self._scopes = module, places, scopes
        self._at = places.at

    def optional(self, node: cst.BaseExpression | None) -> t.Expr | None:
        """What :meth:`expr` says, of what may be left out."""
        return None if node is None else self.expr(node)

    def expr(self, node: cst.CSTNode) -> t.Expr:
        """An expression; what no request can hold is an ellipsis."""
        lower = _EXPRESSIONS.get(type(node))
        if lower is not None:
            return lower(self, node)
        at = self._at(node) if self._places.knows(node) else t.NOWHERE
        return t.Const(at, ...)

    def _name(self, node: cst.Name) -> t.Expr:
        if node.value in {"None", "True", "False"}:
            return t.Const(self._at(node), {"None": None, "True": True, "False": False}[node.value])
        name = folded(node.value)
        self._scopes.mention(name)
        return t.Name(self._at(node), name)

    def _attribute(self, node: cst.Attribute) -> t.Expr:
        name = folded(node.attr.value)
        self._scopes.mention(name)
        return t.Attr(self._at(node), self.expr(node.value), name)

    def _call(self, node: cst.Call) -> t.Expr:
        args = []
        for arg in node.args:
            star: Literal["", "*", "**"] = "**" if arg.star == "**" else "*" if arg.star == "*" else ""
            # The span of an argument is that of its keyword and value: the comma belongs to libcst's node.
            value = self.expr(arg.value)
            span = value.at
            if arg.keyword is not None:
                first = self._at(arg.keyword)
                span = t.Span(first.line, first.column, span.end_line, span.end_column)
            args.append(t.Arg(value, None if arg.keyword is None else folded(arg.keyword.value), star, span))
        func = self.expr(node.func)
        if self._scopes.called:
            for one in (func, *(arg.value for arg in args)):
                if isinstance(one, (t.Name, t.Attr)):
                    self._scopes.called[-1].add(one.id if isinstance(one, t.Name) else one.name)
        call = t.Call(self._at(node), func, tuple(args))
        asked = asked_by_name(call)
        if asked is None:
            return call
        self._scopes.mention(asked.name)
        return asked

    def _subscript(self, node: cst.Subscript) -> t.Expr:
        at = self._at(node)
        elements = [element.slice for element in node.slice]
        lowered: list[t.Expr] = []
        for element in elements:
            if isinstance(element, cst.Slice):
                lowered.append(
                    t.Slice(
                        at,
                        self.optional(element.lower),
                        self.optional(element.upper),
                        self.optional(element.step),
                    )
                )
            elif isinstance(element, cst.Index):
                value = self.expr(element.value)
                if len(elements) == 1 and isinstance(value, t.Seq) and value.sort == "tuple" and value.items:
                    # Brackets around the indexes change nothing.
                    value.at = at
                lowered.append(value)
        index = lowered[0] if len(lowered) == 1 else t.Seq(at, "tuple", tuple(lowered), (False,) * len(lowered))
        return t.Sub(at, self.expr(node.value), index)

    def _sequence(self, node: cst.List | cst.Tuple | cst.Set) -> t.Expr:
        sort: Literal["list", "tuple", "set"] = (
            "list" if isinstance(node, cst.List) else "tuple" if isinstance(node, cst.Tuple) else "set"
        )
        stars = tuple(isinstance(element, cst.StarredElement) for element in node.elements)
        return t.Seq(self._at(node), sort, tuple(self.expr(element.value) for element in node.elements), stars)

    def _dict(self, node: cst.Dict) -> t.Expr:
        items = tuple(
            (self.expr(element.key), self.expr(element.value))
            if isinstance(element, cst.DictElement)
            else (None, self.expr(element.value))
            for element in node.elements
        )
        return t.Dict(self._at(node), items)

    def _comprehension(self, node: Any) -> t.Expr:
        clauses = []
        clause = node.for_in
        while clause is not None:
            clauses.append(
                t.Clause(
                    self.expr(clause.target),
                    self.expr(clause.iter),
                    tuple(self.expr(each.test) for each in clause.ifs),
                )
            )
            clause = clause.inner_for_in
        if isinstance(node, cst.DictComp):
            return t.Comp(self._at(node), "dict", self.expr(node.key), self.expr(node.value), tuple(clauses))
        sort: Literal["list", "set", "iterator"] = (
            "list" if isinstance(node, cst.ListComp) else "set" if isinstance(node, cst.SetComp) else "iterator"
        )
        element = self.expr(node.elt)
        at = t.generator_span(element, tuple(clauses)) if sort == "iterator" else self._at(node)
        return t.Comp(at, sort, element, None, tuple(clauses))

    def _string(self, node: cst.SimpleString) -> t.Expr:
        try:
            return t.Const(self._at(node), node.evaluated_value)
        except Exception:  # noqa: BLE001  # an escape that only another Python version reads: the text is not known
            return t.Const(self._at(node), ...)

    def _formatted(self, node: Any) -> t.Expr:
        at = self._at(node)
        return t.FStr(at, _merged(at, self._parts(node)))

    def _parts(self, node: Any) -> Iterator[t.Expr | str]:
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                value = part.value.replace("{{", "{").replace("}}", "}")
                if "r" not in node.prefix.lower() and "\\" in value:
                    with suppress(UnicodeDecodeError):
                        value = value.encode("latin-1", "backslashreplace").decode("unicode_escape")
                yield value
            elif hasattr(part, "expression"):
                if part.equal is not None:
                    yield self._module.code_for_node(part.expression) + self._module.code_for_node(part.equal)
                yield self.expr(part.expression)

    def _concatenated(self, node: cst.ConcatenatedString) -> t.Expr:
        at = self._at(node)
        # Many strings lean to the right.
        links: list[cst.BaseExpression] = []
        right: cst.BaseExpression = node
        while isinstance(right, cst.ConcatenatedString):
            links.append(right.left)
            right = right.right
        links.append(right)
        parts: list[t.Expr | str] = []
        joined: list[object] = []
        for link in links:
            if isinstance(link, cst.SimpleString):
                value = self.expr(link)
                joined.append(value.value if isinstance(value, t.Const) else ...)
                parts.append(joined[-1] if isinstance(joined[-1], str) else value)
            else:
                joined.append(...)
                parts += self._parts(link)
        if all(isinstance(one, str) for one in joined):
            return t.Const(at, "".join(one for one in joined if isinstance(one, str)))
        if all(isinstance(one, bytes) for one in joined):
            return t.Const(at, b"".join(one for one in joined if isinstance(one, bytes)))
        return t.FStr(at, _merged(at, parts))

    def params(self, params: cst.Parameters) -> Iterator[t.Param]:
        """The parameters of a function, in their order."""
        groups: tuple[tuple[Literal["positional", "both", "keyword"], Sequence[cst.Param]], ...] = (
            ("positional", params.posonly_params),
            ("both", params.params),
        )
        for sort, group in groups:
            for param in group:
                yield self._param(param, sort)
        if isinstance(params.star_arg, cst.Param):
            yield self._param(params.star_arg, "*")
        for param in params.kwonly_params:
            yield self._param(param, "keyword")
        if params.star_kwarg is not None:
            yield self._param(params.star_kwarg, "**")

    def _param(self, param: cst.Param, sort: Literal["positional", "both", "keyword", "*", "**"]) -> t.Param:
        annotation = None if param.annotation is None else self.expr(param.annotation.annotation)
        name = folded(param.name.value)
        return t.Param(name, sort, self.optional(param.default), annotation, self._at(param.name))

    def _lambda(self, node: cst.Lambda) -> t.Expr:
        return t.Lam(self._at(node), tuple(self.params(node.params)), self.expr(node.body))

    def _yield(self, node: cst.Yield) -> t.Expr:
        self._scopes.generates()
        if isinstance(node.value, cst.From):
            return t.Yield(self._at(node), self.expr(node.value.item), each=True)
        return t.Yield(self._at(node), self.optional(node.value), each=False)

    def _number(self, node: cst.Integer | cst.Float) -> t.Expr:
        try:
            return t.Const(self._at(node), node.evaluated_value)
        except (ValueError, SyntaxError, MemoryError):
            return t.Const(self._at(node), ...)

    def _binary(self, node: cst.BinaryOperation) -> t.Expr:
        # A long sum of strings leans to the left; a loop keeps the stack flat.
        chain = []
        left: cst.BaseExpression = node
        while isinstance(left, cst.BinaryOperation):
            chain.append(left)
            left = left.left
        result = self.expr(left)
        for link in reversed(chain):
            operator = OPERATORS.get(type(link.operator).__name__, "?")
            result = t.Bin(self._at(link), operator, result, self.expr(link.right))
        return result

    def _boolean(self, node: cst.BooleanOperation) -> t.Expr:
        operator = "and" if isinstance(node.operator, cst.And) else "or"
        at = self._at(node)
        chain = [node.right]
        left = node.left
        while isinstance(left, cst.BooleanOperation) and type(left.operator) is type(node.operator) and not left.lpar:
            chain.append(left.right)
            left = left.left
        result = self.expr(left)
        for right in reversed(chain):
            result = t.Bool(at, operator, result, self.expr(right))
        return result

    def _comparison(self, node: cst.Comparison) -> t.Expr:
        rest = tuple(
            (_COMPARE.get(type(target.operator).__name__, "?"), self.expr(target.comparator))
            for target in node.comparisons
        )
        return t.Compare(self._at(node), self.expr(node.left), rest)

    def _unary(self, node: cst.UnaryOperation) -> t.Expr:
        operator = {"Not": "not", "Minus": "-", "Plus": "+", "BitInvert": "~"}[type(node.operator).__name__]
        return t.Unary(self._at(node), operator, self.expr(node.expression))

    def _condition(self, node: cst.IfExp) -> t.Expr:
        return t.Cond(self._at(node), self.expr(node.test), self.expr(node.body), self.expr(node.orelse))

    def _walrus(self, node: cst.NamedExpr) -> t.Expr:
        return t.Walrus(self._at(node), self.expr(node.target), self.expr(node.value))


# The table names methods of this module's own class.
# ruff: noqa: SLF001
_EXPRESSIONS: Final[dict[type, Callable[[Expressions, Any], t.Expr]]] = {
    cst.Name: Expressions._name,
    cst.Attribute: Expressions._attribute,
    cst.Call: Expressions._call,
    cst.Subscript: Expressions._subscript,
    cst.List: Expressions._sequence,
    cst.Tuple: Expressions._sequence,
    cst.Set: Expressions._sequence,
    cst.Dict: Expressions._dict,
    cst.ListComp: Expressions._comprehension,
    cst.SetComp: Expressions._comprehension,
    cst.DictComp: Expressions._comprehension,
    cst.GeneratorExp: Expressions._comprehension,
    cst.SimpleString: Expressions._string,
    cst.FormattedString: Expressions._formatted,
    cst.ConcatenatedString: Expressions._concatenated,
    cst.Lambda: Expressions._lambda,
    cst.Yield: Expressions._yield,
    cst.Await: lambda self, node: self.expr(node.expression),  # awaiting changes no value
    cst.Integer: Expressions._number,
    cst.Float: Expressions._number,
    cst.BinaryOperation: Expressions._binary,
    cst.BooleanOperation: Expressions._boolean,
    cst.Comparison: Expressions._comparison,
    cst.UnaryOperation: Expressions._unary,
    cst.IfExp: Expressions._condition,
    cst.NamedExpr: Expressions._walrus,
}
if hasattr(cst, "TemplatedString"):
    # Template strings are newer than the oldest libcst that we accept.
    _EXPRESSIONS[cst.TemplatedString] = Expressions._formatted


def folded(name: str) -> str:
    """An identifier as Python takes it."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def _merged(at: t.Span, parts: Iterable[t.Expr | str]) -> tuple[t.Expr, ...]:
    """Texts and expressions, with neighbouring texts as one; empty ones are nothing."""
    result: list[t.Expr] = []
    for part in parts:
        last = result[-1] if result else None
        if not isinstance(part, str):
            result.append(part)
        elif isinstance(last, t.Const) and last.at is at and isinstance(last.value, str):
            result[-1] = t.Const(at, last.value + part)
        elif part:
            result.append(t.Const(at, part))
    return tuple(result)
