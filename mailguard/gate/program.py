"""The Python files of a run: their lines, functions and comments, read when somebody asks for them."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Sequence

from mailguard import discover
from mailguard.allow import MARK
from mailguard.discover import File
from mailguard.filenames import module_of
from mailguard.model.place import Comment, Place
from mailguard.redact import foreign

__all__ = ["Program"]


class Program:
    """The Python files of a run. What cannot be read is empty here; a Skip says so."""

    def __init__(self, files: Sequence[File]) -> None:
        self.files = files
        self._lines: dict[str, list[str]] = {}
        self._symbols: dict[str, Callable[[int], str]] = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._tests: dict[str, bool] = {}
        self._plain: set[str] = set()

    @functools.cached_property
    def _by_path(self) -> dict[str, File]:
        return {file.path: file for file in self.files}

    @functools.cached_property
    def modules(self) -> frozenset[str]:
        """The names of the modules, as they are printed."""
        return frozenset(foreign(module_of(file.path)) for file in self.files)

    def file(self, path: str) -> File | None:
        """The file that is printed as ``path``."""
        return self._by_path.get(path)

    def read(self, file: File) -> bytes:
        """The bytes of a file. Raises ``OSError``. Notes whether it holds no exception, so that it is not read again for that."""
        data = file.read()
        if MARK not in data:
            self._plain.add(file.path)
        return data

    def _data(self, path: str) -> bytes:
        file = self.file(path)
        try:
            return file.read() if file is not None else b""
        except OSError:
            return b""

    def code_lines(self, path: str, first: int, last: int) -> Sequence[str] | None:
        """Lines of a file that was read; of no other file."""
        if path not in self._lines:
            file = self.file(path)
            try:
                # Notebooks are shown by place only: their lines are those of the JSON around the code.
                text = file.read() if file is not None and not path.endswith(".ipynb") else None
            except OSError:
                text = None
            if text is None:
                return None
            self._lines[path] = text.decode("utf-8", "replace").splitlines()
        return self._lines[path][first - 1 : last]

    def line(self, place: Place) -> str:
        """The line of code at a place, without its indentation; empty where there is none."""
        lines = self.code_lines(place.path, place.line, place.line) if place.line else None
        return lines[0].strip() if lines else ""

    def symbol_at(self, place: Place) -> str:
        """The function around a place, ``news.views:publish``."""
        if place.path not in self._symbols:
            from mailguard.source.comments import symbols  # noqa: PLC0415  # loads libcst

            self._symbols[place.path] = symbols(place.path, self._data(place.path))
        return f"{module_of(place.path)}:{self._symbols[place.path](place.line) or '<module>'}"

    def comments(self, path: str) -> list[Comment]:
        """The comments of a file that holds an exception; of any other file none."""
        if path in self._plain:
            return []
        data = self._data(path)
        if MARK not in data:
            return []
        from mailguard.source.comments import comments  # noqa: PLC0415  # loads libcst

        return comments(path, data)

    def is_test_code(self, path: str) -> bool:
        """Whether a file is test code: by its name, unless the application imports it."""
        if path not in self._tests:
            self._tests[path] = discover.is_test_code(path) and not self._is_imported(path)
        return self._tests[path]

    def _is_imported(self, path: str) -> bool:
        names = discover.imports_of(module_of(path))
        return any(names.search(data) for data in self._importing)

    @functools.cached_property
    def _importing(self) -> list[bytes]:
        """The files of the application that may import test code."""
        found = []
        for file in self.files:
            if not discover.is_test_code(file.path):
                with contextlib.suppress(OSError):
                    found.append(file.read())
        # Whatever is test code has that in its name.
        return [data for data in found if b"test" in data]

    def may_have_become(self, symbol: str, now: str) -> bool:
        """Whether a function can be what another one is now: it is no longer there, or it names the other one.

        While it is there and has nothing to do with the other one, what it no longer does was repaired, and equal code
        elsewhere is another problem. Captures are told by their names.
        """
        module, colon, name = symbol.partition(":")
        if not colon:
            return True
        text = self._texts_of(module).get(name)
        other = now.rpartition(":")[2].rpartition(".")[2]
        return text is None or re.search(rf"\b{re.escape(other)}\b", text) is not None

    def _texts_of(self, module: str) -> dict[str, str]:
        """The code of each function and class of a module."""
        if module not in self._texts:
            texts: dict[str, str] = {}
            for file in self.files:
                if foreign(module_of(file.path)) == module:
                    from mailguard.source.comments import texts_of_symbols  # noqa: PLC0415  # loads libcst

                    with contextlib.suppress(OSError):
                        texts |= texts_of_symbols(file.path, file.read())
            self._texts[module] = {foreign(one) or "<module>": text for one, text in texts.items()}
        return self._texts[module]

    def with_comment(self, path: str, target: int | str, comment: str) -> tuple[bytes, int] | None:
        """A file with a comment above a statement, and its line; see ``source.comments.with_comment``."""
        from mailguard.source.comments import with_comment  # noqa: PLC0415  # loads libcst

        file = self.file(path)
        return with_comment(path, file.read(), target, comment) if file is not None else None
