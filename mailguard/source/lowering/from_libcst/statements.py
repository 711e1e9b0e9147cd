"""Lowers the statements of a file."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from mailguard.source import tree as t
from mailguard.source.lowering.from_libcst.expressions import OPERATORS, Expressions, folded
from mailguard.source.lowering.from_libcst.places import Places
from mailguard.source.lowering.scopes import Scopes

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


class _Lowering:
    """The statements of one file."""

    def __init__(self, module: cst.Module, lines: Sequence[int] | None) -> None:
        places, self._scopes = Places(module, lines), Scopes()
        expressions = Expressions(module, places, self._scopes)
        self._module, self._at = module, places.at
        self._expr, self._optional, self._params = expressions.expr, expressions.optional, expressions.params

    def body(self) -> tuple[t.Stmt, ...]:
        return tuple(self._block(self._module.body))

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
                yield t.AugAssign(
                    at, self._expr(node.target), OPERATORS.get(operator, operator), self._expr(node.value)
                )
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
                names = tuple(folded(item.name.value) for item in node.names)
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
                yield t.Class(self._at(node.name), folded(node.name.value), bases, self._suite(node.body), decorators)
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
                        folded(handler.name.name.value)
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
        self._scopes.enter()
        body = self._suite(node.body)
        names, called, generator = self._scopes.leave()
        return t.Func(
            self._at(node.name),
            folded(node.name.value),
            params,
            body,
            decorators,
            None if node.returns is None else self._expr(node.returns.annotation),
            generator,
            node.asynchronous is not None,
            names,
            called,
        )


def _dotted(node: cst.BaseExpression) -> str:
    parts = []
    while isinstance(node, cst.Attribute):
        parts.append(folded(node.attr.value))
        node = node.value
    if isinstance(node, cst.Name):
        parts.append(folded(node.value))
    return ".".join(reversed(parts))


def _alias(alias: cst.ImportAlias) -> str | None:
    if alias.asname is None or not isinstance(alias.asname.name, cst.Name):
        return None
    return folded(alias.asname.name.value)


def _bound(pattern: cst.CSTNode, names: list[str]) -> None:
    """The names that a pattern binds."""
    for field in ("name", "rest"):
        name = getattr(pattern, field, None)
        if isinstance(name, cst.Name) and isinstance(pattern, (cst.MatchAs, cst.MatchStar, cst.MatchMapping)):
            names.append(folded(name.value))
    for child in pattern.children:
        if not isinstance(child, cst.BaseExpression):
            _bound(child, names)
