"""Lowers the statements of a file."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from mailguard.source import tree as t
from mailguard.source.lowering import newer_syntax
from mailguard.source.lowering.from_ast.expressions import OPERATORS, Expressions
from mailguard.source.lowering.from_ast.places import Places
from mailguard.source.lowering.from_ast.unsure import Unsure
from mailguard.source.lowering.scopes import Scopes

__all__ = ["lower"]


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


class _Lowering:
    """The statements of one file."""

    def __init__(self, text: str, lines: Sequence[int] | None) -> None:
        places, self._scopes = Places(text, lines), Scopes()
        expressions = Expressions(places, self._scopes)
        self._at, self._name_at = places.at, places.name_at
        self._expr, self._optional, self._params = expressions.expr, expressions.optional, expressions.params

    def block(self, statements: Iterable[ast.stmt]) -> Iterator[t.Stmt]:
        for statement in statements:
            lowered = _STATEMENTS.get(type(statement))
            if lowered is not None:
                yield lowered(self, statement)
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
        return t.AugAssign(self._at(node), self._expr(node.target), OPERATORS[type(node.op)], self._expr(node.value))

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
        self._scopes.enter()
        body = self._suite(node.body)
        names, called, generator = self._scopes.leave()
        return t.Func(
            self._name_at(node),
            node.name,
            params,
            body,
            decorators,
            None if node.returns is None else self._expr(node.returns),
            generator,
            isinstance(node, ast.AsyncFunctionDef),
            names,
            called,
        )


def _bound(pattern: Any, names: list[str]) -> None:
    """The names that a pattern binds."""
    if isinstance(pattern, (ast.MatchAs, ast.MatchStar)) and pattern.name is not None:
        names.append(pattern.name)
    if isinstance(pattern, ast.MatchMapping) and pattern.rest is not None:
        names.append(pattern.rest)
    for child in ast.iter_child_nodes(pattern):
        if isinstance(child, ast.pattern):
            _bound(child, names)


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
