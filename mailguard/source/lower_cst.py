"""Lowers libcst's tree to :mod:`mailguard.source.tree`.

libcst reads newer syntax than the Python it runs on. Its visitors and metadata cost many times the parse, so this module
walks the tree by hand and works positions out of one code generation: each node notes how many tokens were out before and
after it, without the brackets around it, and a prefix sum turns tokens into offsets.
"""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal

import libcst as cst
from libcst._nodes.internal import CodegenState

from mailguard.source import tree as t

__all__ = ["NotPython", "lower"]


class NotPython(Exception):  # noqa: N818  # what was handed over is at fault
    """libcst cannot read the text; ``line`` is where it gave up."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def lower(text: str, lines: Sequence[int] | None) -> tuple[t.Stmt, ...]:
    """The statements of a file; ``lines`` says which line of the file each line of a notebook's code is.

    Raises :class:`NotPython`, and what libcst raises on hostile input.
    """
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise NotPython(error.raw_line) from error
    return _Lowering(module, lines).body()


class _Tokens(CodegenState):
    """Code generation that notes which tokens a node is made of."""

    def __init__(self, indent: str, newline: str) -> None:
        super().__init__(default_indent=indent, default_newline=newline)
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.outer: dict[int, int] = {}

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        start = len(self.tokens)
        yield
        self.starts[id(node)] = start if start_node is None else self.starts[id(start_node)]
        self.ends[id(node)] = len(self.tokens) if end_node is None else self.ends[id(end_node)]

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.outer[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Tuple) or id(node) not in self.ends:
            # A tuple's brackets are its own; what notes no position has no brackets.
            self.starts[id(node)] = self.outer[id(node)]
            self.ends[id(node)] = len(self.tokens)


_BIN: Final = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "FloorDivide": "//", "Modulo": "%", "Power": "**",
    "BitOr": "|", "BitAnd": "&", "BitXor": "^", "LeftShift": "<<", "RightShift": ">>", "MatrixMultiply": "@",
}  # fmt: skip
_COMPARE: Final = {
    "Equal": "==", "NotEqual": "!=", "LessThan": "<", "LessThanEqual": "<=", "GreaterThan": ">",
    "GreaterThanEqual": ">=", "In": "in", "NotIn": "not in", "Is": "is", "IsNot": "is not",
}  # fmt: skip


class _Lowering:
    def __init__(self, module: cst.Module, lines: Sequence[int] | None) -> None:
        state = _Tokens(module.default_indent, module.default_newline)
        module._codegen(state)  # noqa: SLF001  # the public face computes far more than offsets
        self._offsets = [0, *itertools.accumulate(map(len, state.tokens))]
        code = "".join(state.tokens)
        self._starts = state.starts
        self._ends = state.ends
        self._newlines = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", code))]
        self._lines = lines
        self._module = module
        self._names: list[set[str]] = []
        self._called: list[set[str]] = []
        self._yields: list[bool] = []

    def body(self) -> tuple[t.Stmt, ...]:
        return tuple(self._block(self._module.body))

    # Positions

    def _point(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._newlines, offset)
        column = offset - self._newlines[line - 1] + 1
        if self._lines is not None:
            line = self._lines[min(line, len(self._lines)) - 1]
        return line, column

    def _at(self, node: cst.CSTNode) -> t.Span:
        return t.Span(
            *self._point(self._offset(self._starts[id(node)])), *self._point(self._offset(self._ends[id(node)]))
        )

    def _offset(self, token: int) -> int:
        # The newline at the end of the file is generated and taken back where the file has none.
        return self._offsets[min(token, len(self._offsets) - 1)]

    # Statements

    def _block(self, statements: Iterable[cst.CSTNode]) -> Iterator[t.Stmt]:
        for statement in statements:
            if isinstance(statement, cst.SimpleStatementLine):
                for small in statement.body:
                    yield from self._small(small)
            else:
                yield from self._compound(statement)

    def _suite(self, suite: cst.BaseSuite) -> tuple[t.Stmt, ...]:
        if isinstance(suite, cst.SimpleStatementSuite):
            return tuple(itertools.chain.from_iterable(map(self._small, suite.body)))
        return tuple(self._block(suite.body))

    def _small(self, node: cst.BaseSmallStatement) -> Iterator[t.Stmt]:
        at = self._at(node)
        match node:
            case cst.Expr():
                yield t.ExprStmt(at, self._expr(node.value))
            case cst.Assign():
                yield t.Assign(at, tuple(self._expr(target.target) for target in node.targets), self._expr(node.value))
            case cst.AnnAssign():
                value = None if node.value is None else self._expr(node.value)
                yield t.Assign(at, (self._expr(node.target),), value, self._expr(node.annotation.annotation))
            case cst.AugAssign():
                operator = type(node.operator).__name__.removesuffix("Assign")
                yield t.AugAssign(at, self._expr(node.target), _BIN.get(operator, operator), self._expr(node.value))
            case cst.Return():
                yield t.Return(at, self._optional(node.value))
            case cst.Raise():
                yield t.Raise(at, self._optional(node.exc))
            case cst.Assert():
                yield t.Assert(at, self._expr(node.test))
            case cst.Del():
                target = self._expr(node.target)
                yield t.Delete(at, target.items if isinstance(target, t.Seq) else (target,))
            case cst.Break():
                yield t.Break(at)
            case cst.Continue():
                yield t.Continue(at)
            case cst.Global() | cst.Nonlocal():
                names = tuple(_folded(item.name.value) for item in node.names)
                yield t.Global(at, names, isinstance(node, cst.Nonlocal))
            case cst.Import():
                yield t.Import(at, tuple((_dotted(alias.name), _alias(alias)) for alias in node.names))
            case cst.ImportFrom():
                module = "" if node.module is None else _dotted(node.module)
                names_of: tuple[tuple[str, str | None], ...] = (("*", None),)
                if not isinstance(node.names, cst.ImportStar):
                    names_of = tuple((_dotted(alias.name), _alias(alias)) for alias in node.names)
                yield t.From(at, module, len(node.relative), names_of)
            case _:
                # pass, a type alias: nothing that could hold a person
                return

    def _compound(self, node: cst.CSTNode) -> Iterator[t.Stmt]:
        match node:
            case cst.FunctionDef():
                yield self._function(node)
            case cst.ClassDef():
                bases = tuple(self._expr(base.value) for base in node.bases)
                decorators = tuple(self._expr(item.decorator) for item in node.decorators)
                yield t.Class(self._at(node.name), _folded(node.name.value), bases, self._suite(node.body), decorators)
            case cst.If():
                orelse: tuple[t.Stmt, ...] = ()
                if isinstance(node.orelse, cst.If):
                    orelse = tuple(self._compound(node.orelse))
                elif node.orelse is not None:
                    orelse = self._suite(node.orelse.body)
                test = self._expr(node.test)
                yield t.If(test.at, test, self._suite(node.body), orelse)
            case cst.For():
                target = self._expr(node.target)
                yield t.For(
                    target.at,
                    target,
                    self._expr(node.iter),
                    self._suite(node.body),
                    () if node.orelse is None else self._suite(node.orelse.body),
                )
            case cst.While():
                orelse = () if node.orelse is None else self._suite(node.orelse.body)
                test = self._expr(node.test)
                yield t.While(test.at, test, self._suite(node.body), orelse)
            case cst.Try() | cst.TryStar():
                body = self._suite(node.body)
                handlers = tuple(
                    t.Handler(
                        self._optional(handler.type),
                        _folded(handler.name.name.value)
                        if handler.name is not None and isinstance(handler.name.name, cst.Name)
                        else None,
                        self._suite(handler.body),
                    )
                    for handler in node.handlers
                )
                yield t.Try(
                    body[0].at if body else t.NOWHERE,
                    body,
                    handlers,
                    () if node.orelse is None else self._suite(node.orelse.body),
                    () if node.finalbody is None else self._suite(node.finalbody.body),
                )
            case cst.With():
                items = tuple(
                    (self._expr(item.item), None if item.asname is None else self._expr(item.asname.name))
                    for item in node.items
                )
                yield t.With(items[0][0].at, items, self._suite(node.body))
            case cst.Match():
                cases = []
                for case in node.cases:
                    binds: list[str] = []
                    _bound(case.pattern, binds)
                    wildcard = (
                        isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None and case.guard is None
                    )
                    cases.append(t.Case(tuple(binds), self._optional(case.guard), self._suite(case.body), wildcard))
                subject = self._expr(node.subject)
                yield t.Match(subject.at, subject, tuple(cases))
            case _:
                return

    def _function(self, node: cst.FunctionDef) -> t.Func:
        decorators = tuple(self._expr(item.decorator) for item in node.decorators)
        params = tuple(self._params(node.params))
        self._names.append(set())
        self._called.append(set())
        self._yields.append(False)
        body = self._suite(node.body)
        names, called = self._names.pop(), self._called.pop()
        if self._names:
            self._names[-1] |= names
            self._called[-1] |= called
        return t.Func(
            self._at(node.name),
            _folded(node.name.value),
            params,
            body,
            decorators,
            None if node.returns is None else self._expr(node.returns.annotation),
            self._yields.pop(),
            node.asynchronous is not None,
            frozenset(names),
            frozenset(called),
        )

    def _params(self, params: cst.Parameters) -> Iterator[t.Param]:
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
        annotation = None if param.annotation is None else self._expr(param.annotation.annotation)
        name = _folded(param.name.value)
        return t.Param(name, sort, self._optional(param.default), annotation, self._at(param.name))

    # Expressions

    def _optional(self, node: cst.BaseExpression | None) -> t.Expr | None:
        return None if node is None else self._expr(node)

    def _note(self, name: str) -> None:
        if self._names:
            self._names[-1].add(name)

    def _expr(self, node: cst.CSTNode) -> t.Expr:
        lower = _EXPRESSIONS.get(type(node))
        if lower is not None:
            return lower(self, node)
        at = self._at(node) if id(node) in self._starts else t.NOWHERE
        return t.Const(at, ...)

    def _name(self, node: cst.Name) -> t.Expr:
        if node.value in {"None", "True", "False"}:
            return t.Const(self._at(node), {"None": None, "True": True, "False": False}[node.value])
        name = _folded(node.value)
        self._note(name)
        return t.Name(self._at(node), name)

    def _attribute(self, node: cst.Attribute) -> t.Expr:
        name = _folded(node.attr.value)
        self._note(name)
        return t.Attr(self._at(node), self._expr(node.value), name)

    def _call(self, node: cst.Call) -> t.Expr:
        args = []
        for arg in node.args:
            star: Literal["", "*", "**"] = "**" if arg.star == "**" else "*" if arg.star == "*" else ""
            # The span of an argument is that of its keyword and value: the comma belongs to libcst's node.
            value = self._expr(arg.value)
            span = value.at
            if arg.keyword is not None:
                first = self._at(arg.keyword)
                span = t.Span(first.line, first.column, span.end_line, span.end_column)
            args.append(t.Arg(value, None if arg.keyword is None else _folded(arg.keyword.value), star, span))
        func = self._expr(node.func)
        if self._called:
            for one in (func, *(arg.value for arg in args)):
                if isinstance(one, (t.Name, t.Attr)):
                    self._called[-1].add(one.id if isinstance(one, t.Name) else one.name)
        return t.Call(self._at(node), func, tuple(args))

    def _subscript(self, node: cst.Subscript) -> t.Expr:
        at = self._at(node)
        elements = [element.slice for element in node.slice]
        lowered: list[t.Expr] = []
        for element in elements:
            if isinstance(element, cst.Slice):
                lowered.append(
                    t.Slice(
                        at,
                        self._optional(element.lower),
                        self._optional(element.upper),
                        self._optional(element.step),
                    )
                )
            elif isinstance(element, cst.Index):
                value = self._expr(element.value)
                if len(elements) == 1 and isinstance(value, t.Seq) and value.sort == "tuple" and value.items:
                    # Brackets around the indexes change nothing.
                    value.at = at
                lowered.append(value)
        index = lowered[0] if len(lowered) == 1 else t.Seq(at, "tuple", tuple(lowered), (False,) * len(lowered))
        return t.Sub(at, self._expr(node.value), index)

    def _sequence(self, node: cst.List | cst.Tuple | cst.Set) -> t.Expr:
        sort: Literal["list", "tuple", "set"] = (
            "list" if isinstance(node, cst.List) else "tuple" if isinstance(node, cst.Tuple) else "set"
        )
        stars = tuple(isinstance(element, cst.StarredElement) for element in node.elements)
        return t.Seq(self._at(node), sort, tuple(self._expr(element.value) for element in node.elements), stars)

    def _dict(self, node: cst.Dict) -> t.Expr:
        items = tuple(
            (self._expr(element.key), self._expr(element.value))
            if isinstance(element, cst.DictElement)
            else (None, self._expr(element.value))
            for element in node.elements
        )
        return t.Dict(self._at(node), items)

    def _comprehension(self, node: Any) -> t.Expr:
        clauses = []
        clause = node.for_in
        while clause is not None:
            clauses.append(
                t.Clause(
                    self._expr(clause.target),
                    self._expr(clause.iter),
                    tuple(self._expr(each.test) for each in clause.ifs),
                )
            )
            clause = clause.inner_for_in
        if isinstance(node, cst.DictComp):
            return t.Comp(self._at(node), "dict", self._expr(node.key), self._expr(node.value), tuple(clauses))
        sort: Literal["list", "set", "iterator"] = (
            "list" if isinstance(node, cst.ListComp) else "set" if isinstance(node, cst.SetComp) else "iterator"
        )
        element = self._expr(node.elt)
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
                yield self._expr(part.expression)

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
                value = self._expr(link)
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

    def _lambda(self, node: cst.Lambda) -> t.Expr:
        return t.Lam(self._at(node), tuple(self._params(node.params)), self._expr(node.body))

    def _yield(self, node: cst.Yield) -> t.Expr:
        if self._yields:
            self._yields[-1] = True
        if isinstance(node.value, cst.From):
            return t.Yield(self._at(node), self._expr(node.value.item), each=True)
        return t.Yield(self._at(node), self._optional(node.value), each=False)

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
        result = self._expr(left)
        for link in reversed(chain):
            operator = _BIN.get(type(link.operator).__name__, "?")
            result = t.Bin(self._at(link), operator, result, self._expr(link.right))
        return result

    def _boolean(self, node: cst.BooleanOperation) -> t.Expr:
        operator = "and" if isinstance(node.operator, cst.And) else "or"
        at = self._at(node)
        chain = [node.right]
        left = node.left
        while isinstance(left, cst.BooleanOperation) and type(left.operator) is type(node.operator) and not left.lpar:
            chain.append(left.right)
            left = left.left
        result = self._expr(left)
        for right in reversed(chain):
            result = t.Bool(at, operator, result, self._expr(right))
        return result

    def _comparison(self, node: cst.Comparison) -> t.Expr:
        rest = tuple(
            (_COMPARE.get(type(target.operator).__name__, "?"), self._expr(target.comparator))
            for target in node.comparisons
        )
        return t.Compare(self._at(node), self._expr(node.left), rest)

    def _unary(self, node: cst.UnaryOperation) -> t.Expr:
        operator = {"Not": "not", "Minus": "-", "Plus": "+", "BitInvert": "~"}[type(node.operator).__name__]
        return t.Unary(self._at(node), operator, self._expr(node.expression))

    def _condition(self, node: cst.IfExp) -> t.Expr:
        return t.Cond(self._at(node), self._expr(node.test), self._expr(node.body), self._expr(node.orelse))

    def _walrus(self, node: cst.NamedExpr) -> t.Expr:
        return t.Walrus(self._at(node), self._expr(node.target), self._expr(node.value))


_EXPRESSIONS: Final[dict[type, Callable[[_Lowering, Any], t.Expr]]] = {
    cst.Name: _Lowering._name,  # noqa: SLF001  # a dispatch table of this module's own class, here and below
    cst.Attribute: _Lowering._attribute,  # noqa: SLF001
    cst.Call: _Lowering._call,  # noqa: SLF001
    cst.Subscript: _Lowering._subscript,  # noqa: SLF001
    cst.List: _Lowering._sequence,  # noqa: SLF001
    cst.Tuple: _Lowering._sequence,  # noqa: SLF001
    cst.Set: _Lowering._sequence,  # noqa: SLF001
    cst.Dict: _Lowering._dict,  # noqa: SLF001
    cst.ListComp: _Lowering._comprehension,  # noqa: SLF001
    cst.SetComp: _Lowering._comprehension,  # noqa: SLF001
    cst.DictComp: _Lowering._comprehension,  # noqa: SLF001
    cst.GeneratorExp: _Lowering._comprehension,  # noqa: SLF001
    cst.SimpleString: _Lowering._string,  # noqa: SLF001
    cst.FormattedString: _Lowering._formatted,  # noqa: SLF001
    cst.ConcatenatedString: _Lowering._concatenated,  # noqa: SLF001
    cst.Lambda: _Lowering._lambda,  # noqa: SLF001
    cst.Yield: _Lowering._yield,  # noqa: SLF001
    cst.Await: lambda self, node: self._expr(node.expression),  # awaiting changes no value
    cst.Integer: _Lowering._number,  # noqa: SLF001
    cst.Float: _Lowering._number,  # noqa: SLF001
    cst.BinaryOperation: _Lowering._binary,  # noqa: SLF001
    cst.BooleanOperation: _Lowering._boolean,  # noqa: SLF001
    cst.Comparison: _Lowering._comparison,  # noqa: SLF001
    cst.UnaryOperation: _Lowering._unary,  # noqa: SLF001
    cst.IfExp: _Lowering._condition,  # noqa: SLF001
    cst.NamedExpr: _Lowering._walrus,  # noqa: SLF001
}
for _name in ("TemplatedString",):
    # Template strings are newer than the oldest libcst that we accept.
    if hasattr(cst, _name):
        _EXPRESSIONS[getattr(cst, _name)] = _Lowering._formatted  # noqa: SLF001
_EXPRESSIONS[cst.FormattedString] = _Lowering._formatted  # noqa: SLF001


def _folded(name: str) -> str:
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


def _dotted(node: cst.BaseExpression) -> str:
    parts = []
    while isinstance(node, cst.Attribute):
        parts.append(_folded(node.attr.value))
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(_folded(node.value))
    return ".".join(reversed(parts))


def _alias(alias: cst.ImportAlias) -> str | None:
    if alias.asname is None or not isinstance(alias.asname.name, cst.Name):
        return None
    return _folded(alias.asname.name.value)


def _bound(pattern: cst.CSTNode, names: list[str]) -> None:
    """The names that a pattern binds."""
    for field in ("name", "rest"):
        name = getattr(pattern, field, None)
        if isinstance(name, cst.Name) and isinstance(pattern, (cst.MatchAs, cst.MatchStar, cst.MatchMapping)):
            names.append(_folded(name.value))
    for child in pattern.children:
        if not isinstance(child, cst.BaseExpression):
            _bound(child, names)
