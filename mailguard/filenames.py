"""What a file is, as far as its name tells. Imports nothing, as whole trees are answered without the rest."""

from __future__ import annotations

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from typing import Final

__all__ = ["INSTALLED", "MACHINE_FOLDERS", "PYTHON_SUFFIXES", "SHEBANG_SUFFIXES", "is_test_code", "module_of"]

PYTHON_SUFFIXES: Final = (".py", ".pyw", ".ipynb", ".wsgi")
"""Files of Python code by name. Stub files (``.pyi``) hold no code that runs and would shadow the files that do."""

SHEBANG_SUFFIXES: Final = ("", ".cgi", ".sh")
"""Files with these suffixes are Python if their first line says so."""

MACHINE_FOLDERS: Final = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        "node_modules",
        ".tox",
        ".nox",
        ".venv",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    }
)
"""Folders that tools make. They are passed over unless git tracks what is in them."""

INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
"""Folders of installed packages: nobody's own code, also where a virtual environment was committed."""


def is_test_code(path: str) -> bool:
    """Whether a path is test code: by the folders on its way, or by its name."""
    *folders, name = path.split("/")
    return (
        any(part in ("test", "tests", "testing") for part in folders)
        or name in ("conftest.py", "tests.py", "test.py")
        or name.startswith("test_")
        or name.endswith(("_test.py", "_tests.py"))
    )


def module_of(path: str) -> str:
    """The dotted name of a Python file, from the root: ``news/views.py`` is ``news.views``."""
    base = path.rsplit(".", 1)[0] if "." in path.rsplit("/", 1)[-1] else path
    return base.removesuffix("/__init__").replace("/", ".")
