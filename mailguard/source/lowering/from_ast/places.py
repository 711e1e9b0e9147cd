"""Where nodes of the running Python's own parser are in the file: it counts bytes, and does not place names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from mailguard.source import tree as t
from mailguard.source.lowering.from_ast.unsure import Unsure

__all__ = ["Places", "new_span"]

_HEADER: Final = re.compile(r"(?:async[ \t]+def|def|class)[ \t]+(\w+)")
_NEWLINE: Final = re.compile(r"\r\n|\r|\n")

new_span: Final = tuple.__new__
"""Makes a span of its four numbers, faster than its constructor."""


class Places:
    """The positions of one file."""

    def __init__(self, text: str, lines: Sequence[int] | None) -> None:
        """``lines`` says which line of the file each line of the text is; None: the same."""
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
        self._shift: tuple[int, int] | None = None
        """Where the expression of an f-string that is being read really starts: row, and column from 0."""

    def at(self, node: Any) -> t.Span:
        """Where a node is."""
        return self._between(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)

    def _between(self, line: int, column: int, end_line: int, end_column: int) -> t.Span:
        if self._odd is not None or self._map is not None or self._shift is not None:
            line, column = self._point(line, column)
            end_line, end_column = self._point(end_line, end_column)
        return new_span(t.Span, (line, column + 1, end_line, end_column + 1))

    def _point(self, line: int, column: int) -> tuple[int, int]:
        """A position in the file; the column is counted in letters, from 0."""
        if self._shift is not None:
            # The expression was parsed by itself behind one bracket; its columns are letters where it is plain.
            row, start = self._shift
            return self._mapped(row + line - 1), column - 1 + start if line == 1 else column
        return self._mapped(line), self.column(line, column)

    def column(self, line: int, column: int) -> int:
        """A column in letters, from 0; the parser counts bytes."""
        row = None if self._odd is None else self._odd.get(line)
        return column if row is None else len(row[:column].decode("utf-8", "surrogatepass"))

    @property
    def shifted(self) -> bool:
        """Whether the expression of a field is being read."""
        return self._shift is not None

    @contextmanager
    def field(self, line: int, column: int) -> Iterator[None]:
        """While an expression is read that was parsed by itself behind one bracket, and really starts there."""
        before, self._shift = self._shift, (line, column)
        try:
            yield
        finally:
            self._shift = before

    def _mapped(self, line: int) -> int:
        return line if self._map is None else self._map[min(line, len(self._map)) - 1]

    def row(self, line: int) -> str:
        """A line of the text, without its end."""
        if self._rows is None:
            self._rows = _NEWLINE.split(self._text)
        return self._rows[line - 1]

    def name_at(self, node: Any) -> t.Span:
        """The name behind ``def`` or ``class``, which the parser does not place. Raises :class:`Unsure`."""
        match = _HEADER.match(self.row(node.lineno), self.column(node.lineno, node.col_offset))
        if match is None or match.group(1) != node.name:
            raise Unsure
        line = self._mapped(node.lineno)
        return new_span(t.Span, (line, match.start(1) + 1, line, match.end(1) + 1))
