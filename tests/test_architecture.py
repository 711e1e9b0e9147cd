"""The arrows between the parts. README, "Architecture", says why they point where they do."""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path

import pytest

import mailguard

PACKAGE = Path(mailguard.__file__).parent
SHELVES = ("providers", "captures", "reporters", "fixes")
MACHINES = ("source", "record")
WINGS = (*SHELVES, *MACHINES)

DOORS = {
    "libcst": {"source", "codemod", "fixes"},
    "flanker": {"addresses"},
    "email_validator": {"addresses"},
    "publicsuffixlist": {"addresses"},
    "yaml": {"documents", "rulebook"},
    "orjson": {"documents"},
    "click": {"cli"},
    "tomli": {"config"},
}
"""The parts that may import a third-party package; every package that is imported is listed."""

STANDARD = {*sys.stdlib_module_names, "tomllib"}
"""The standard library of the newest Python: 3.10 does not know ``tomllib`` yet."""

NETWORK = {"socket", "http", "urllib.request", "ssl", "smtplib", "ftplib", "asyncio", "socketserver", "xmlrpc"}
RUNS_CODE = {"pickle", "marshal", "shelve", "code", "codeop", "runpy", "pty"}


@functools.cache
def modules() -> tuple[str, ...]:
    """Every module of the package, dotted, without ``mailguard.``."""
    names = []
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return tuple(names)


def path_of(module: str) -> Path:
    base = PACKAGE.joinpath(*module.split(".")) if module else PACKAGE
    return base / "__init__.py" if base.is_dir() else base.with_suffix(".py")


@functools.cache
def tree(module: str) -> ast.Module:
    return ast.parse(path_of(module).read_bytes())


@functools.cache
def imports(module: str) -> tuple[str, ...]:
    """Everything a module imports, wherever in it the import stands, as dotted names."""
    package = module if path_of(module).name == "__init__.py" else module.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = ["mailguard", *package.split(".")][: 1 + len(package.split(".")) - (node.level - 1)]
                base = ".".join(part for part in (*up, base) if part)
            # `from package import name` may import a module of that name.
            found.extend(f"{base}.{alias.name}" for alias in node.names)
    return tuple(found)


@functools.cache
def own(module: str) -> frozenset[str]:
    """The modules of ours that a module imports, without ``mailguard.``."""
    known = set(modules())
    result = set()
    for name in imports(module):
        if name.split(".")[0] == "mailguard":
            inner = name.removeprefix("mailguard").lstrip(".")
            while inner and inner not in known:
                inner = inner.rpartition(".")[0]
            result.add(inner)
    return frozenset(result - {module})


def part(module: str) -> str:
    """The part of the house that a module belongs to: its top-level folder or file."""
    return module.split(".", maxsplit=1)[0]


@pytest.mark.parametrize("module", [name for name in modules() if part(name) == "model"])
def test_the_model_imports_only_itself_and_the_standard_library(module: str) -> None:
    assert {part(name) for name in own(module)} <= {"model"}
    others = {name.split(".")[0] for name in imports(module)} - {"mailguard"}
    assert others <= STANDARD


@pytest.mark.parametrize("module", [name for name in modules() if part(name) in SHELVES and "." in name])
def test_files_of_a_shelf_know_neither_each_other_nor_another_wing(module: str) -> None:
    # A folder on a shelf (a provider that needs several files) is one thing.
    mine = ".".join(module.split(".")[:2])
    wings = {name for name in own(module) if part(name) in WINGS and "." in name}
    strangers = {name for name in wings if ".".join(name.split(".")[:2]) != mine}
    assert not strangers, f"{module} imports {strangers}; what several need belongs below the shelf"


@pytest.mark.parametrize("module", [name for name in modules() if part(name) in MACHINES])
def test_the_machines_know_no_shelf_and_no_other_machine(module: str) -> None:
    assert not {name for name in own(module) if part(name) in WINGS and part(name) != part(module)}


@pytest.mark.parametrize("module", [name for name in modules() if part(name) == "transports"])
def test_transports_lie_below_the_shelves(module: str) -> None:
    assert {part(name) for name in own(module)} <= {"transports", "model", "addresses", "wire", "documents"}


def test_only_the_neck_knows_the_wings() -> None:
    # capture is the door of one shelf: it tells formats by content and knows none by name.
    outside = [name for name in modules() if part(name) not in (*WINGS, "gate", "capture")]
    knows = {
        module: {name for name in own(module) if part(name) in WINGS or (part(name) == "transports" != part(module))}
        for module in outside
    }
    assert {module: names for module, names in knows.items() if names} == {}


@pytest.mark.parametrize("module", modules())
def test_a_third_party_package_has_one_door(module: str) -> None:
    for name in imports(module):
        top = name.split(".")[0]
        if top == "mailguard" or top in STANDARD:
            continue
        assert top in DOORS, f"{module} imports {top}, which is no dependency"
        assert part(module) in DOORS[top], f"{module} imports {top}; its door is {sorted(DOORS[top])}"


@pytest.mark.parametrize("module", [name for name in modules() if part(name) != "record"])
def test_the_core_opens_no_connection_and_runs_no_code_of_others(module: str) -> None:
    found = set()
    for name in imports(module):
        pieces = name.split(".")
        found |= {".".join(pieces[: size + 1]) for size in range(len(pieces))} & (NETWORK | RUNS_CODE)
    assert not found
    calls = {
        node.func.id
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & {"eval", "exec", "compile"}


def test_other_programs_are_run_in_one_place() -> None:
    assert [module for module in modules() if "subprocess" in {name.split(".")[0] for name in imports(module)}] == [
        "git"
    ]


def test_nothing_imports_in_a_circle() -> None:
    graph = {module: own(module) for module in modules()}
    done: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module in done:
            return
        for name in sorted(graph[module] - {""}):
            visit(name, (*way, module))
        done.add(module)

    # The face names the gate for type checkers only; it is the one that everything may reach back to.
    for module in graph:
        if module:
            visit(module, ())
