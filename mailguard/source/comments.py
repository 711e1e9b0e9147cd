"""Comments of a file, each with the code that it speaks of.

A comment on a line of a statement speaks of that statement, on the header of a function or class (or a line of its
decorators) of all of it; on a line of its own of the statement that follows right below. Only real comments count: what
looks like one inside a string does not.
"""

from __future__ import annotations

import bisect
import io
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.place import Comment
from mailguard.source import facts

__all__ = ["Statement", "comments", "symbols", "texts_of_symbols", "with_comment"]

_BLANK: Final = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.ENCODING, tokenize.ENDMARKER})


@dataclass(slots=True)
class Statement:
    """A simple statement, or the header of a compound one."""

    first: int
    last: int
    column: int
    """Where it starts, from 1."""
    symbol: str
    """The function or class that it is in; its own name for the header of one."""
    block_end: int = 0
    """The last line of what it is the header of: a function or a class with its decorators; else its own last line."""


@dataclass(slots=True)
class _Open:
    """A function or class whose block has begun."""

    headers: list[Statement]
    depth: int


@dataclass(slots=True)
class _Reader:
    """One pass over the tokens of a file."""

    statements: list[Statement] = field(default_factory=list)
    comments: list[tuple[int, int, str, bool]] = field(default_factory=list)
    """Line, column, text, whether it stands alone on its line."""
    _names: list[str] = field(default_factory=list)
    _blocks: list[_Open] = field(default_factory=list)
    _depth: int = 0
    _decorators: list[Statement] = field(default_factory=list)
    _pending: _Open | None = None

    def read(self, tokens: Iterator[tokenize.TokenInfo]) -> None:
        current: list[tokenize.TokenInfo] = []
        try:
            for token in tokens:
                if token.type == tokenize.COMMENT:
                    alone = not token.line[: token.start[1]].strip()
                    self.comments.append((token.start[0], token.start[1] + 1, token.string, alone))
                elif token.type == tokenize.INDENT:
                    self._depth += 1
                    if self._pending is not None:
                        self._pending.depth = self._depth
                        self._blocks.append(self._pending)
                        self._pending = None
                elif token.type == tokenize.DEDENT:
                    self._close(self._depth)
                    self._depth -= 1
                elif token.type == tokenize.NEWLINE:
                    if current:
                        self._statement(current)
                    current = []
                elif token.type not in _BLANK:
                    current.append(token)
        except (tokenize.TokenError, SyntaxError):
            pass  # what comes behind is not understood, and no comment there allows anything
        while self._blocks:
            self._close(self._blocks[-1].depth)

    def _close(self, depth: int) -> None:
        if self._blocks and self._blocks[-1].depth == depth:
            for header in self._blocks.pop().headers:
                header.block_end = self.statements[-1].last
            self._names.pop()

    def _statement(self, tokens: Sequence[tokenize.TokenInfo]) -> None:
        first, last = tokens[0], tokens[-1]
        if self._pending is not None:
            # `def f(): pass`: the block was on the line of its header.
            self._pending = None
            self._names.pop()
        statement = Statement(first.start[0], last.end[0], first.start[1] + 1, ".".join(self._names))
        statement.block_end = statement.last
        self.statements.append(statement)
        if first.string == "@":
            self._decorators.append(statement)
            return
        words = [token.string for token in tokens[:3]]
        if words[0] == "async":
            words = words[1:]
        if words[0] in ("def", "class") and len(words) > 1:
            self._names.append(words[1])
            headers = [*self._decorators, statement]
            for header in headers:
                header.symbol = ".".join(self._names)
                header.block_end = statement.last
            self._pending = _Open(headers, 0)
        self._decorators = []


def _read(path: str, data: bytes) -> tuple[_Reader, Callable[[int], int]]:
    """The statements and comments of a file, and where each of their lines is in it."""
    lines: Sequence[int] | None = None
    if path.endswith(".ipynb"):
        cells = facts.notebook(data)
        if isinstance(cells, facts.Unreadable):
            return _Reader(), int
        data, lines = cells
    reader = _Reader()
    try:
        try:
            reader.read(tokenize.tokenize(io.BytesIO(data).readline))
        except UnicodeError:
            # Python 3.12 and later ask codecs to pass over what is wrong, which that of ``idna`` refuses.
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            reader = _Reader()
            reader.read(tokenize.generate_tokens(io.StringIO(data.decode(encoding)).readline))
    except (SyntaxError, UnicodeError, LookupError):
        return _Reader(), int  # no text in the encoding that it declares; a Skip says so where it matters
    if lines is None:
        return reader, int
    physical = lines
    return reader, lambda line: physical[min(line, len(physical)) - 1] if line else 0


def comments(path: str, data: bytes) -> list[Comment]:
    """The comments of a file, in order. Never raises: what cannot be read has none."""
    reader, place = _read(path, data)
    statements = reader.statements
    alone = {line for line, _, _, stands_alone in reader.comments if stands_alone}
    result = []
    at = 0
    for line, column, text, stands_alone in reader.comments:
        while at < len(statements) and statements[at].last < line:
            at += 1
        target = statements[at] if at < len(statements) else None
        if target is not None and stands_alone and target.first > line:
            # Above a statement: only other comments may stand between, and it begins in the same column.
            together = target.column == column and all(number in alone for number in range(line + 1, target.first))
            target = target if together else None
        elif target is not None and not target.first <= line <= target.last:
            target = None
        if target is None:
            symbol = statements[at - 1].symbol if 0 < at <= len(statements) else ""
            result.append(Comment(place(line), column, text, symbol=symbol))
        else:
            first, last = place(target.first), place(max(target.block_end, target.last))
            result.append(Comment(place(line), column, text, first, last, target.symbol))
    return result


def symbols(path: str, data: bytes) -> Callable[[int], str]:
    """The function or class around a line, ``Class.method``; empty at the top level and where nothing can be read."""
    reader, place = _read(path, data)
    spans = sorted((place(one.first), place(one.last), one.symbol) for one in reader.statements)
    starts = [first for first, _, _ in spans]

    def around(line: int) -> str:
        at = bisect.bisect_right(starts, line) - 1
        return spans[at][2] if at >= 0 and line <= spans[at][1] else ""

    return around


def texts_of_symbols(path: str, data: bytes) -> dict[str, str]:
    """The code of every function and class of a file, and of its top level (an empty name).

    Each without its header, and without what is inside another one. Nothing where nothing can be read.
    """
    reader, place = _read(path, data)
    lines = data.decode("utf-8", "replace").splitlines()
    found: dict[str, list[str]] = {"": []}
    for one in reader.statements:
        own = found.setdefault(one.symbol, [])
        first = lines[place(one.first) - 1 : place(one.first)]
        if not first or not first[0].lstrip().startswith(("def ", "class ", "async def ", "@")):
            own.extend(lines[place(one.first) - 1 : place(one.last)])
    return {symbol: "\n".join(texts) for symbol, texts in found.items()}


def with_comment(path: str, data: bytes, target: int | str, comment: str) -> tuple[bytes, int] | None:
    """A file with ``comment`` on a line of its own above a statement, and the number of that line.

    ``target`` is a line of the statement, or the name of a function or class (``Class.method``) whose header is meant. A
    comment of the same kind that stands there already is replaced: one with the same words up to its first ``]``.
    None where there is no such statement, in a notebook, and where the encoding of the file lacks a letter.
    """
    if path.endswith(".ipynb"):
        return None
    reader, _ = _read(path, data)
    found = next(
        (
            one
            for one in reader.statements
            if (one.first <= target <= one.last if isinstance(target, int) else one.symbol == target)
        ),
        None,
    )
    lines = data.splitlines(keepends=True)
    if found is None or found.first > len(lines):
        return None
    line = lines[found.first - 1]
    body = line.lstrip(b" \t\f")
    indent = line[: len(line) - len(body)]
    ending = b"\r\n" if line.endswith(b"\r\n") else b"\n"
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        text = comment.encode("utf-8" if encoding == "utf-8-sig" else encoding)
    except UnicodeEncodeError:
        return None
    at = found.first - 1
    start = text.partition(b"]")[0]
    if at and lines[at - 1].strip().startswith(start + b"]"):
        at -= 1
        del lines[at]
    elif at == 0 and line.startswith(b"\xef\xbb\xbf"):
        lines[0] = line.removeprefix(b"\xef\xbb\xbf")
        return b"\xef\xbb\xbf" + text + ending + b"".join(lines), 1
    lines.insert(at, indent + text + ending)
    return b"".join(lines), at + 1
