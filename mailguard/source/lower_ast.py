"""Lowers the tree of the running Python's own parser to :mod:`mailguard.source.tree`: ten times faster than libcst.

It reads only the syntax of the Python that it runs on, and leaves out what positions need in a few places. Whatever is
not exactly as :mod:`mailguard.source.lower_cst` would have it raises :class:`Unsure`, and the file goes there. A test
compares the two on many files, node by node and position by position.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from mailguard.source import newer_syntax
from mailguard.source import tree as t

__all__ = ["Unsure", "lower"]


class Unsure(Exception):  # noqa: N818  # a signal: the careful reader takes over
    """The file has to be read by libcst."""


def lower(text: str, lines: Sequence[int] | None) -> tuple[t.Stmt, ...]:
    """The statements of a file; ``lines`` says which line of the file each line of a notebook's code is.

    Raises :class:`Unsure` where libcst has to decide, also on text that is no Python, and ``RecursionError`` for code that
    is nested too deeply for any parser.
    """
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's string is no concern of ours, and quotes the string.
            warnings.simplefilter("ignore")
            try:
                module = ast.parse(text)
            except SyntaxError:
                older = newer_syntax.blanked(text)
                if older is None:
                    raise
                module, text = ast.parse(older), older
            return tuple(_Lowering(text, lines).block(module.body))
    except (SyntaxError, ValueError) as error:
        raise Unsure from error
    except MemoryError as error:
        # What the parser says of its own stack; libcst would not come to an end.
        raise RecursionError from error


_OPERATORS: Final[dict[type, str]] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.LShift: "<<", ast.RShift: ">>", ast.MatMult: "@",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not", ast.And: "and", ast.Or: "or", ast.Not: "not",
    ast.USub: "-", ast.UAdd: "+", ast.Invert: "~",
}  # fmt: skip

_HEADER: Final = re.compile(r"(?:async[ \t]+def|def|class)[ \t]+(\w+)")
_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_OWN_FSTRINGS: Final = sys.version_info < (3, 12)
"""Before 3.12 the positions inside f-strings are not reliable; they are worked out here."""
_LITERAL: Final = re.compile(r"""(?P<prefix>[A-Za-z]{0,2})(?P<quote>\"\"\"|'''|"|')""")

_span = tuple.__new__


class _Lowering:
    def __init__(self, text: str, lines: Sequence[int] | None) -> None:
        self._text = text
        self._map = lines
        self._rows: list[str] | None = None
        self._odd: dict[int, bytes] | None = None
        """Rows with letters of several bytes, in which the parser counts bytes."""
        if not text.isascii():
            self._odd = {
                number: row.encode("utf-8", "surrogatepass")
                for number, row in enumerate(_NEWLINE.split(text), 1)
                if not row.isascii()
            }
        self._names: list[set[str]] = []
        self._called: list[set[str]] = []
        self._yields: list[bool] = []
        self._shift: tuple[int, int] | None = None
        """Where the expression of an f-string that is being read really starts: row, and column from 0."""

    # Positions

    def _at(self, node: Any) -> t.Span:
        return self._between(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def _between(self, line: int, column: int, end_line: int, end_column: int) -> t.Span:
        if self._odd is not None or self._map is not None or self._shift is not None:
            line, column = self._point(line, column)
            end_line, end_column = self._point(end_line, end_column)
        return _span(t.Span, (line, column + 1, end_line, end_column + 1))

    def _point(self, line: int, column: int) -> tuple[int, int]:
        """A position in the file; the column is counted in letters, from 0."""
        if self._shift is not None:
            # The expression was parsed by itself behind one bracket; its columns are letters where it is plain.
            row, start = self._shift
            return self._mapped(row + line - 1), column - 1 + start if line == 1 else column
        if self._odd is not None:
            row_bytes = self._odd.get(line)
            if row_bytes is not None:
                column = len(row_bytes[:column].decode("utf-8", "surrogatepass"))
        return self._mapped(line), column

    def _mapped(self, line: int) -> int:
        return line if self._map is None else self._map[min(line, len(self._map)) - 1]

    def _row(self, line: int) -> str:
        if self._rows is None:
            self._rows = _NEWLINE.split(self._text)
        return self._rows[line - 1]

    def _name_at(self, node: Any) -> t.Span:
        """The name behind ``def`` or ``class``, which the parser does not place."""
        row = self._row(node.lineno)
        start = node.col_offset
        if self._odd is not None and node.lineno in self._odd:
            start = len(self._odd[node.lineno][:start].decode("utf-8", "surrogatepass"))
        match = _HEADER.match(row, start)
        if match is None or match.group(1) != node.name:
            raise Unsure
        line = self._mapped(node.lineno)
        return _span(t.Span, (line, match.start(1) + 1, line, match.end(1) + 1))

    # Statements

    def block(self, statements: Iterable[ast.stmt]) -> Iterator[t.Stmt]:
        for statement in statements:
            lower = _STATEMENTS.get(type(statement))
            if lower is not None:
                yield lower(self, statement)
            elif type(statement) not in _NOTHING:
                raise Unsure

    def _suite(self, statements: Sequence[ast.stmt]) -> tuple[t.Stmt, ...]:
        return tuple(self.block(statements))

    def _expression(self, node: ast.Expr) -> t.Stmt:
        return t.ExprStmt(self._at(node), self._expr(node.value))

    def _assign(self, node: ast.Assign) -> t.Stmt:
        targets = tuple([self._expr(target) for target in node.targets])
        return t.Assign(self._at(node), targets, self._expr(node.value))

    def _annotated(self, node: ast.AnnAssign) -> t.Stmt:
        value = None if node.value is None else self._expr(node.value)
        return t.Assign(self._at(node), (self._expr(node.target),), value, self._expr(node.annotation))

    def _augmented(self, node: ast.AugAssign) -> t.Stmt:
        return t.AugAssign(self._at(node), self._expr(node.target), _OPERATORS[type(node.op)], self._expr(node.value))

    def _return(self, node: ast.Return) -> t.Stmt:
        return t.Return(self._at(node), self._optional(node.value))

    def _raise(self, node: ast.Raise) -> t.Stmt:
        return t.Raise(self._at(node), self._optional(node.exc))

    def _assert(self, node: ast.Assert) -> t.Stmt:
        return t.Assert(self._at(node), self._expr(node.test))

    def _delete(self, node: ast.Delete) -> t.Stmt:
        targets = [self._expr(target) for target in node.targets]
        if len(targets) == 1 and isinstance(targets[0], t.Seq):
            return t.Delete(self._at(node), targets[0].items)
        return t.Delete(self._at(node), tuple(targets))

    def _global(self, node: ast.Global | ast.Nonlocal) -> t.Stmt:
        return t.Global(self._at(node), tuple(node.names), isinstance(node, ast.Nonlocal))

    def _import(self, node: ast.Import) -> t.Stmt:
        return t.Import(self._at(node), tuple([(alias.name, alias.asname) for alias in node.names]))

    def _from(self, node: ast.ImportFrom) -> t.Stmt:
        names = tuple([(alias.name, alias.asname) for alias in node.names])
        return t.From(self._at(node), node.module or "", node.level, names)

    def _if(self, node: ast.If) -> t.Stmt:
        test = self._expr(node.test)
        return t.If(test.at, test, self._suite(node.body), self._suite(node.orelse))

    def _for(self, node: ast.For | ast.AsyncFor) -> t.Stmt:
        target, iterated = self._expr(node.target), self._expr(node.iter)
        return t.For(target.at, target, iterated, self._suite(node.body), self._suite(node.orelse))

    def _while(self, node: ast.While) -> t.Stmt:
        test = self._expr(node.test)
        return t.While(test.at, test, self._suite(node.body), self._suite(node.orelse))

    def _try(self, node: Any) -> t.Stmt:
        body = self._suite(node.body)
        handlers = tuple(
            [
                t.Handler(self._optional(handler.type), handler.name, self._suite(handler.body))
                for handler in node.handlers
            ]
        )
        at = body[0].at if body else t.NOWHERE
        return t.Try(at, body, handlers, self._suite(node.orelse), self._suite(node.finalbody))

    def _with(self, node: ast.With | ast.AsyncWith) -> t.Stmt:
        items = tuple([(self._expr(item.context_expr), self._optional(item.optional_vars)) for item in node.items])
        return t.With(items[0][0].at, items, self._suite(node.body))

    def _match(self, node: ast.Match) -> t.Stmt:
        subject = self._expr(node.subject)
        cases = []
        for case in node.cases:
            binds: list[str] = []
            _bound(case.pattern, binds)
            pattern = case.pattern
            wildcard = isinstance(pattern, ast.MatchAs) and pattern.pattern is None and case.guard is None
            cases.append(t.Case(tuple(binds), self._optional(case.guard), self._suite(case.body), wildcard))
        return t.Match(subject.at, subject, tuple(cases))

    def _class(self, node: ast.ClassDef) -> t.Stmt:
        bases = tuple([self._expr(base.value if isinstance(base, ast.Starred) else base) for base in node.bases])
        decorators = tuple([self._expr(item) for item in node.decorator_list])
        return t.Class(self._name_at(node), node.name, bases, self._suite(node.body), decorators)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> t.Stmt:
        decorators = tuple([self._expr(item) for item in node.decorator_list])
        params = self._params(node.args)
        self._names.append(set())
        self._called.append(set())
        self._yields.append(False)
        body = self._suite(node.body)
        names, called = self._names.pop(), self._called.pop()
        if self._names:
            self._names[-1] |= names
            self._called[-1] |= called
        return t.Func(
            self._name_at(node),
            node.name,
            params,
            body,
            decorators,
            None if node.returns is None else self._expr(node.returns),
            self._yields.pop(),
            isinstance(node, ast.AsyncFunctionDef),
            frozenset(names),
            frozenset(called),
        )

    def _params(self, args: ast.arguments) -> tuple[t.Param, ...]:
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
            at = _span(t.Span, (at[0], at[1], at[0], at[1] + len(arg.arg)))
        lowered: t.Expr | None = None
        if isinstance(annotation, ast.Starred):
            lowered = t.Const(self._at(annotation), ...)  # the types of several arguments
        elif annotation is not None:
            lowered = self._expr(annotation)
        return t.Param(arg.arg, sort, self._optional(default), lowered, at)

    # Expressions

    def _optional(self, node: ast.expr | None) -> t.Expr | None:
        return None if node is None else self._expr(node)

    def _expr(self, node: ast.expr) -> t.Expr:
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
        return t.Attr(self._at(node), self._expr(node.value), node.attr)

    def _call(self, node: ast.Call) -> t.Expr:
        at = self._at(node)
        func = self._expr(node.func)
        args = []
        for arg in node.args:
            if isinstance(arg, ast.Starred):
                value = self._expr(arg.value)
                args.append((arg.lineno, arg.col_offset, t.Arg(value, None, "*", value.at)))
            else:
                value = self._expr(arg)
                args.append((arg.lineno, arg.col_offset, t.Arg(value, None, "", value.at)))
        for keyword in node.keywords:
            value = self._expr(keyword.value)
            span = value.at
            if keyword.arg is not None:
                first = self._at(keyword)
                span = _span(t.Span, (first[0], first[1], span[2], span[3]))
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
        return t.Call(at, func, tuple([arg[2] for arg in args]))

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
        return t.Sub(at, self._expr(node.value), lowered)

    def _index(self, node: ast.expr, at: t.Span) -> t.Expr:
        if isinstance(node, ast.Slice):
            return t.Slice(at, self._optional(node.lower), self._optional(node.upper), self._optional(node.step))
        return self._expr(node.value if isinstance(node, ast.Starred) else node)

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> t.Expr:
        items, stars = [], []
        for item in node.elts:
            star = isinstance(item, ast.Starred)
            items.append(self._expr(item.value if isinstance(item, ast.Starred) else item))
            stars.append(star)
        return t.Seq(self._at(node), _SEQUENCES[type(node)], tuple(items), tuple(stars))

    def _dict(self, node: ast.Dict) -> t.Expr:
        items = tuple(
            [(self._optional(key), self._expr(value)) for key, value in zip(node.keys, node.values, strict=True)]
        )
        return t.Dict(self._at(node), items)

    def _clauses(self, node: Any) -> tuple[t.Clause, ...]:
        return tuple(
            [
                t.Clause(self._expr(each.target), self._expr(each.iter), tuple([self._expr(one) for one in each.ifs]))
                for each in node.generators
            ]
        )

    def _comprehension(self, node: ast.ListComp | ast.SetComp) -> t.Expr:
        clauses = self._clauses(node)
        sort: Literal["list", "set"] = "list" if isinstance(node, ast.ListComp) else "set"
        return t.Comp(self._at(node), sort, self._expr(node.elt), None, clauses)

    def _generator(self, node: ast.GeneratorExp) -> t.Expr:
        clauses = self._clauses(node)
        element = self._expr(node.elt)
        return t.Comp(t.generator_span(element, clauses), "iterator", element, None, clauses)

    def _dict_comprehension(self, node: ast.DictComp) -> t.Expr:
        if node.value is None:
            raise Unsure
        clauses = self._clauses(node)
        return t.Comp(self._at(node), "dict", self._expr(node.key), self._expr(node.value), clauses)

    def _lambda(self, node: ast.Lambda) -> t.Expr:
        return t.Lam(self._at(node), self._params(node.args), self._expr(node.body))

    def _yield(self, node: ast.Yield) -> t.Expr:
        if self._yields:
            self._yields[-1] = True
        return t.Yield(self._at(node), self._optional(node.value), each=False)

    def _yield_from(self, node: ast.YieldFrom) -> t.Expr:
        if self._yields:
            self._yields[-1] = True
        return t.Yield(self._at(node), self._expr(node.value), each=True)

    def _binary(self, node: ast.BinOp) -> t.Expr:
        # A long sum of strings leans to the left; a loop keeps the stack flat.
        chain = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            chain.append(left)
            left = left.left
        result = self._expr(left)
        for link in reversed(chain):
            result = t.Bin(self._at(link), _OPERATORS[type(link.op)], result, self._expr(link.right))
        return result

    def _boolean(self, node: ast.BoolOp) -> t.Expr:
        at = self._at(node)
        operator = _OPERATORS[type(node.op)]
        result = self._expr(node.values[0])
        for value in node.values[1:]:
            result = t.Bool(at, operator, result, self._expr(value))
        return result

    def _comparison(self, node: ast.Compare) -> t.Expr:
        left = self._expr(node.left)
        rest = tuple(
            [
                (_OPERATORS[type(operator)], self._expr(value))
                for operator, value in zip(node.ops, node.comparators, strict=True)
            ]
        )
        return t.Compare(self._at(node), left, rest)

    def _unary(self, node: ast.UnaryOp) -> t.Expr:
        return t.Unary(self._at(node), _OPERATORS[type(node.op)], self._expr(node.operand))

    def _condition(self, node: ast.IfExp) -> t.Expr:
        body, test = self._expr(node.body), self._expr(node.test)
        return t.Cond(self._at(node), test, body, self._expr(node.orelse))

    def _walrus(self, node: ast.NamedExpr) -> t.Expr:
        return t.Walrus(self._at(node), self._expr(node.target), self._expr(node.value))

    # Strings with holes

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
                parts.append(self._expr(part.value))
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
        before, self._shift = self._shift, (line, column)
        try:
            return self._expr(body)
        finally:
            self._shift = before

    def _fields(self, node: ast.JoinedStr) -> Iterator[tuple[str, int, int]]:
        """The outer fields of the f-strings that a node is made of: text, row, column."""
        if self._shift is not None:
            raise Unsure  # an f-string within an f-string
        first, last = node.lineno, node.end_lineno or node.lineno
        rows = [self._row(number) for number in range(first, last + 1)]
        if any(self._odd is not None and number in self._odd for number in (first, last)):
            odd = self._odd or {}
            start = len(odd[first][: node.col_offset].decode()) if first in odd else node.col_offset
            end = len(odd[last][: node.end_col_offset].decode()) if last in odd else node.end_col_offset or 0
        else:
            start, end = node.col_offset, node.end_col_offset or 0
        rows[-1] = rows[-1][:end]
        text = "\n".join(rows)
        for begin, stop in _pieces(text, start):
            line = text.count("\n", 0, begin)
            column = begin - (text.rfind("\n", 0, begin) + 1)
            yield text[begin:stop], first + line, column


def _pieces(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the expressions of the f-strings in ``text`` are: from and to, without format and conversion."""
    at = start
    while at < len(text):
        letter = text[at]
        if letter in " \t\n\\()":
            at += 1
            continue
        if letter == "#":
            at = text.find("\n", at)
            if at < 0:
                return
            continue
        literal = _LITERAL.match(text, at)
        if literal is None:
            raise Unsure
        prefix, quote = literal["prefix"].lower(), literal["quote"]
        at = literal.end()
        if "f" not in prefix:
            at = _behind(text, at, quote)
            continue
        raw = "r" in prefix
        while not text.startswith(quote, at):
            if at >= len(text):
                raise Unsure
            if text[at] == "\\" and not raw:
                if text.startswith("\\N{", at):
                    at = text.index("}", at)
                elif text[at + 1 : at + 2] not in "{}":
                    at += 1
                at += 1
            elif (text[at] == "\\" and text[at + 1 : at + 2] not in "{}") or text.startswith(("{{", "}}"), at):
                at += 2
            elif text[at] == "{":
                stop = _expression_end(text, at + 1, quote)
                yield at + 1, stop
                at = _field_end(text, stop, quote)
            else:
                at += 1
        at += len(quote)


def _behind(text: str, at: int, quote: str) -> int:
    """The place behind a plain string literal whose content starts at ``at``."""
    while not text.startswith(quote, at):
        if at >= len(text):
            raise Unsure
        at += 2 if text[at] == "\\" else 1
    return at + len(quote)


def _expression_end(text: str, at: int, quote: str) -> int:
    """Where the expression of a field ends: at its ``!``, ``:`` or ``}``."""
    depth = 0
    while at < len(text):
        letter = text[at]
        if text.startswith(quote, at) or letter in "\\#":
            break
        if letter in "\"'":
            inner = letter * 3 if text.startswith(letter * 3, at) else letter
            at = _behind(text, at + len(inner), inner)
            continue
        if letter in "([{":
            depth += 1
        elif depth and letter in ")]}":
            depth -= 1
        elif not depth and letter == "!" and text[at + 1 : at + 2] == "=":
            at += 1
        elif not depth and letter in "!:}":
            return at
        elif not depth and letter == "=":
            if text[at + 1 : at + 2] == "=":
                at += 1
            elif text[at - 1] not in "<>":
                return at  # {name=}
        at += 1
    raise Unsure


def _field_end(text: str, at: int, quote: str) -> int:
    """The place behind a field whose expression ends at ``at``; its format may hold further fields."""
    depth = 1
    while at < len(text) and not text.startswith(quote, at):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at + 1
        elif text[at] == "\\":
            break
        at += 1
    raise Unsure


def _by_place(arg: tuple[int, int, t.Arg]) -> tuple[int, int]:
    return arg[:2]


def _bound(pattern: Any, names: list[str]) -> None:
    """The names that a pattern binds."""
    if isinstance(pattern, (ast.MatchAs, ast.MatchStar)) and pattern.name is not None:
        names.append(pattern.name)
    if isinstance(pattern, ast.MatchMapping) and pattern.rest is not None:
        names.append(pattern.rest)
    for child in ast.iter_child_nodes(pattern):
        if isinstance(child, ast.pattern):
            _bound(child, names)


_SEQUENCES: Final[dict[type, Literal["list", "tuple", "set"]]] = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}

# The tables name methods of this module's own class.
# ruff: noqa: SLF001
_STATEMENTS: Final[dict[type, Callable[[_Lowering, Any], t.Stmt]]] = {
    ast.Expr: _Lowering._expression,
    ast.Assign: _Lowering._assign,
    ast.AnnAssign: _Lowering._annotated,
    ast.AugAssign: _Lowering._augmented,
    ast.Return: _Lowering._return,
    ast.Raise: _Lowering._raise,
    ast.Assert: _Lowering._assert,
    ast.Delete: _Lowering._delete,
    ast.Break: lambda self, node: t.Break(self._at(node)),
    ast.Continue: lambda self, node: t.Continue(self._at(node)),
    ast.Global: _Lowering._global,
    ast.Nonlocal: _Lowering._global,
    ast.Import: _Lowering._import,
    ast.ImportFrom: _Lowering._from,
    ast.If: _Lowering._if,
    ast.For: _Lowering._for,
    ast.AsyncFor: _Lowering._for,
    ast.While: _Lowering._while,
    ast.Try: _Lowering._try,
    ast.With: _Lowering._with,
    ast.AsyncWith: _Lowering._with,
    ast.Match: _Lowering._match,
    ast.ClassDef: _Lowering._class,
    ast.FunctionDef: _Lowering._function,
    ast.AsyncFunctionDef: _Lowering._function,
}
if hasattr(ast, "TryStar"):
    _STATEMENTS[ast.TryStar] = _Lowering._try
_NOTHING: Final = (ast.Pass, *((ast.TypeAlias,) if hasattr(ast, "TypeAlias") else ()))
"""Statements that could hold no person."""

_EXPRESSIONS: Final[dict[type, Callable[[_Lowering, Any], t.Expr]]] = {
    ast.Constant: _Lowering._constant,
    ast.Name: _Lowering._name,
    ast.Attribute: _Lowering._attribute,
    ast.Call: _Lowering._call,
    ast.Subscript: _Lowering._subscript,
    ast.List: _Lowering._sequence,
    ast.Tuple: _Lowering._sequence,
    ast.Set: _Lowering._sequence,
    ast.Dict: _Lowering._dict,
    ast.ListComp: _Lowering._comprehension,
    ast.SetComp: _Lowering._comprehension,
    ast.DictComp: _Lowering._dict_comprehension,
    ast.GeneratorExp: _Lowering._generator,
    ast.JoinedStr: _Lowering._formatted,
    ast.Lambda: _Lowering._lambda,
    ast.Yield: _Lowering._yield,
    ast.YieldFrom: _Lowering._yield_from,
    ast.Await: lambda self, node: self._expr(node.value),  # awaiting changes no value
    ast.BinOp: _Lowering._binary,
    ast.BoolOp: _Lowering._boolean,
    ast.Compare: _Lowering._comparison,
    ast.UnaryOp: _Lowering._unary,
    ast.IfExp: _Lowering._condition,
    ast.NamedExpr: _Lowering._walrus,
}
