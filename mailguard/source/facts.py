"""One file to its facts: its text, read and lowered to :mod:`mailguard.source.tree`."""

from __future__ import annotations

import gc
import io
import json
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailguard.model.finding import SkipReason
from mailguard.source import tree as t
from mailguard.source.lowering import from_ast

__all__ = ["Facts", "Unreadable", "notebook", "read"]

SIZE_LIMIT: Final = 4_000_000
"""Bytes of a Python file that are parsed; libcst takes some two seconds for each million."""

DEPTH_LIMIT: Final = 150
"""Brackets within brackets, or columns of indentation over four; deeper code overflows parsers."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the interpreter knows of one file."""

    path: str
    body: tuple[t.Stmt, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a file has no facts."""

    reason: SkipReason
    line: int = 0
    detail: str = ""


_PYTHON_2: Final = re.compile(
    rb"^[ \t]*(?:print[ \t]+[^\s(=.:,)+\-*/\]}]|print[ \t]*>>|exec[ \t]+[\"'A-Za-z_]|except[ \t]+[\w.()]+[ \t]*,[ \t]*\w+[ \t]*:"
    rb"|raise[ \t]+[\w.]+[ \t]*,)|<>|\b0[0-7]+[lL]?\b|\b\d+[lL]\b|\bur[\"']",
    re.MULTILINE,
)


def read(path: str, data: bytes) -> Facts | Unreadable:
    """The facts of a file, or why there are none. Never raises on hostile input."""
    if len(data) > SIZE_LIMIT:
        return Unreadable(SkipReason.TOO_LARGE, 0, f"{len(data) // 1_000_000} MB")
    lines: Sequence[int] | None = None
    if path.endswith(".ipynb"):
        cells = notebook(data)
        if isinstance(cells, Unreadable):
            return cells
        data, lines = cells
    if b"\0" in data:
        return Unreadable(SkipReason.ENCODING, data[: data.index(b"\0")].count(b"\n") + 1, "a NUL byte")
    try:
        text = _text(data)
    except (SyntaxError, ValueError, LookupError, Warning) as error:
        # Not every codec says with a UnicodeDecodeError what it cannot read: punycode does not.
        line = data[: error.start].count(b"\n") + 1 if isinstance(error, UnicodeDecodeError) else 1
        return Unreadable(SkipReason.ENCODING, line)
    text = text.removeprefix("\ufeff")
    too_deep = _too_deep(text)
    if too_deep:
        return Unreadable(SkipReason.DEPTH, too_deep)
    collecting = gc.isenabled()
    # A collection walks every node that exists and frees none of them.
    gc.disable()
    try:
        return Facts(path, _lowered(text, lines), text.count("\n") + 1)
    except RecursionError:
        return Unreadable(SkipReason.DEPTH)
    except Exception as error:  # noqa: BLE001  # libcst raises bare exceptions on some inputs; a file costs itself only
        gave_up: object = getattr(error, "line", None)
        if not isinstance(gave_up, int):
            return Unreadable(SkipReason.INTERNAL, 0, type(error).__name__)
        if lines is not None and gave_up - 1 < len(lines):
            gave_up = lines[gave_up - 1]
        return Unreadable(SkipReason.PYTHON_2 if _PYTHON_2.search(data) else SkipReason.SYNTAX, gave_up)
    finally:
        if collecting:
            gc.enable()


def _text(data: bytes) -> str:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return data.decode(encoding)


def plain(data: bytes) -> bytes:
    """A file in UTF-8 that declares another encoding; empty where it is none in that encoding."""
    try:
        return _text(data).encode("utf-8", "replace")
    except (SyntaxError, ValueError, LookupError, Warning):
        return b""


def _lowered(text: str, lines: Sequence[int] | None) -> tuple[t.Stmt, ...]:
    """The statements: by the running Python's own parser, else by libcst, which knows more and takes ten times as long."""
    try:
        return from_ast.lower(text, lines)
    except from_ast.Unsure:
        from mailguard.source.lowering import from_libcst  # noqa: PLC0415  # loads libcst, which few runs need

        return from_libcst.lower(text, lines)


def _too_deep(text: str) -> int:
    """The line at which brackets are nested too deeply; 0 if none are. Strings are not told apart: it is a bound."""
    depth = 0
    for match in re.finditer(r"[()\[\]{}]", text):
        if match.group() in "([{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return text.count("\n", 0, match.start()) + 1
        elif depth:
            depth -= 1
    for match in re.finditer(rf"^[ \t]{{{DEPTH_LIMIT * 4},}}(?=\S)", text, re.MULTILINE):
        before = text[: match.start()].rstrip()
        if before.endswith(":"):
            return text.count("\n", 0, match.start()) + 1
    return 0


def notebook(data: bytes) -> tuple[bytes, list[int]] | Unreadable:
    """The code cells of a notebook as one script, and for each of its lines the line in the file."""
    try:
        document = json.loads(data)
        cells = [cell for cell in document["cells"] if cell.get("cell_type") == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Unreadable(SkipReason.SYNTAX, 1, "not a notebook")
    physical = data.decode("utf-8", "replace").splitlines()
    script: list[str] = []
    lines: list[int] = []
    at = 0
    for cell in cells:
        source = cell.get("source", "")
        pieces = source.splitlines() if isinstance(source, str) else "".join(map(str, source)).splitlines()
        magic = (
            bool(pieces) and pieces[0].startswith("%%") and not pieces[0].startswith(("%%time", "%%capture", "%%prun"))
        )
        for piece in pieces:
            inner = json.dumps(piece)[1:-1]
            loose = json.dumps(piece, ensure_ascii=False)[1:-1]
            for ahead in range(at, len(physical)):
                if piece.strip() and (inner in physical[ahead] or loose in physical[ahead]):
                    at = ahead
                    break
            stripped = piece.lstrip()
            code = "" if magic else piece
            if stripped.startswith(("%", "!", "?")) or piece.rstrip().endswith("?"):
                # A line magic; `pass` keeps a block that held nothing else.
                code = piece[: len(piece) - len(stripped)] + "pass"
            script.append(code)
            lines.append(at + 1)
            at = min(at + 1, max(len(physical) - 1, 0)) if piece.strip() and not isinstance(source, str) else at
        script.append("")
        lines.append(at + 1)
    return "\n".join(script).encode(), lines
