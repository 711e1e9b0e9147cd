"""Rewritings of a program that leave what it does as it was: as people move code about without a thought of mail."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

Files = Mapping[str, str]
"""A program: the text of each file by its path."""

_SENDS = frozenset({"send", "send_mail", "send_mass_mail", "send_messages", "sendmail", "send_message", "send_email"})


def _imports(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]


def _defined(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]


def _main(tree: ast.Module) -> ast.FunctionDef:
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")


def _text(*body: ast.stmt) -> str:
    return ast.unparse(ast.fix_missing_locations(ast.Module(list(body), []))) + "\n"


def _import(module: str, *names: str) -> ast.stmt:
    return ast.ImportFrom(module, [ast.alias(name) for name in names], 0)


# --- Names ----------------------------------------------------------------------------------------


class _Renamed(ast.NodeTransformer):
    """Every variable of ``main`` gets a name that says nothing."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)


def _assigned(nodes: list[ast.stmt]) -> list[str]:
    """The variables that statements bind, in the order of their names."""
    found = {
        node.id
        for statement in nodes
        for node in _own(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    found |= {
        node.name
        for statement in nodes
        for node in _own(statement)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    return sorted(found)


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is within it; of functions and classes in it the name only."""
    yield node
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
        for each in ast.iter_child_nodes(node):
            yield from _own(each)


def renamed(text: str) -> Files:
    """All variables of ``main`` renamed."""
    tree = ast.parse(text)
    main = _main(tree)
    variables = [
        name
        for name in _assigned(main.body)
        if not any(isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name for node in ast.walk(main))
    ]
    names = {name: f"value_{number}" for number, name in enumerate(variables)}
    main.body = [_Renamed(names).visit(node) for node in main.body]
    return {"app.py": _text(*tree.body)}


# --- Places ---------------------------------------------------------------------------------------


def moved(text: str) -> Files:
    """The helpers in a file of their own; without helpers, what ``main`` does."""
    tree = ast.parse(text)
    helpers = [node for node in _defined(tree) if node is not _main(tree)]
    if helpers:
        names = [node.name for node in helpers if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        return {
            "helpers.py": _text(*_imports(tree), *helpers),
            "app.py": _text(*_imports(tree), _import("helpers", *names), _main(tree)),
        }
    main = _main(tree)
    given = [argument.arg for argument in main.args.args]
    call = ast.Call(ast.Name("main", ast.Load()), [ast.Name(name, ast.Load()) for name in given], [])
    start = ast.FunctionDef("start", main.args, [ast.Expr(call)], [], None)
    return {"pkg/__init__.py": "", "pkg/work.py": text, "pkg/app.py": _text(_import("pkg.work", "main"), start)}


# --- Functions ------------------------------------------------------------------------------------


def _cut(body: list[ast.stmt]) -> int:
    """Where the second half begins, which takes along what guards it, and lists that are still empty.

    Without these it would be reached where it was not, as a function that anybody may call.
    """
    cut = next(
        (at for at, node in enumerate(body) if any(isinstance(each, ast.Return) for each in _own(node))), len(body) // 2
    )
    cut = min(cut, len(body) // 2)
    while (
        cut
        and isinstance(made := body[cut - 1], ast.Assign)
        and isinstance(made.value, ast.List)
        and not made.value.elts
    ):
        cut -= 1
    return cut


def outlined(text: str, *, away: bool) -> Files:
    """The second half of ``main`` as a function of its own, with what it needs as its arguments; ``away`` in another file."""
    tree = ast.parse(text)
    main = _main(tree)
    cut = _cut(main.body)
    if not cut:
        return {"app.py": text}
    before, after = main.body[:cut], main.body[cut:]
    read = {node.id for statement in after for node in ast.walk(statement) if isinstance(node, ast.Name)}
    given = [argument.arg for argument in main.args.args]
    needed = [name for name in [*given, *_assigned(before)] if name in read]
    arguments = ast.arguments([], [ast.arg(name) for name in needed], None, [], [], None, [])
    rest = ast.FunctionDef("rest", arguments, after, [], None)
    call = ast.Call(ast.Name("rest", ast.Load()), [ast.Name(name, ast.Load()) for name in needed], [])
    main.body = [*before, ast.Expr(call)]
    helpers = [node for node in _defined(tree) if node is not main]
    if not away:
        return {"app.py": _text(*_imports(tree), *helpers, rest, main)}
    names = [node.name for node in helpers if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return {
        "helpers.py": _text(*_imports(tree), *helpers, rest),
        "app.py": _text(*_imports(tree), _import("helpers", *names, "rest"), main),
    }


class _Forwarded(ast.NodeTransformer):
    """Calls that send go through a function that hands on all it is given."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in _SENDS:
            return node
        self.count += 1
        return ast.Call(ast.Name("forward", ast.Load()), [node.func, *node.args], node.keywords)


_FORWARD = "def forward(call, *args, **kwargs):\n    return call(*args, **kwargs)\n"


def forwarded(text: str, *, away: bool) -> Files:
    """Every call that sends handed to a function that makes it; ``away`` in another file."""
    tree = ast.parse(text)
    defined = [_Forwarded().visit(node) for node in _defined(tree)]
    if away:
        return {"calls.py": _FORWARD, "app.py": _text(*_imports(tree), _import("calls", "forward"), *defined)}
    return {"app.py": _text(*_imports(tree), *ast.parse(_FORWARD).body, *defined)}


REWRITINGS: Mapping[str, Callable[[str], Files]] = {
    "renamed": renamed,
    "moved": moved,
    "outlined": lambda text: outlined(text, away=False),
    "outlined into another file": lambda text: outlined(text, away=True),
    "forwarded": lambda text: forwarded(text, away=False),
    "forwarded from another file": lambda text: forwarded(text, away=True),
}
