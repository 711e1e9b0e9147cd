"""Where the nodes of libcst's tree are.

Each node notes how many tokens of one code generation were out before and after it, without the brackets around it; a prefix
sum turns tokens into offsets.
"""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import libcst as cst
from libcst._nodes.internal import CodegenState

from mailguard.source import tree as t

__all__ = ["Places"]


class _Tokens(CodegenState):
    """Code generation that notes which tokens a node is made of."""

    def __init__(self, indent: str, newline: str) -> None:
        super().__init__(default_indent=indent, default_newline=newline)
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        self.outer: dict[int, int] = {}

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        start = len(self.tokens)
        yield
        self.starts[id(node)] = start if start_node is None else self.starts[id(start_node)]
        self.ends[id(node)] = len(self.tokens) if end_node is None else self.ends[id(end_node)]

    def before_codegen(self, node: cst.CSTNode) -> None:
        self.outer[id(node)] = len(self.tokens)

    def after_codegen(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.Tuple) or id(node) not in self.ends:
            # A tuple's brackets are its own; what notes no position has no brackets.
            self.starts[id(node)] = self.outer[id(node)]
            self.ends[id(node)] = len(self.tokens)


class Places:
    """The positions of one file."""

    def __init__(self, module: cst.Module, lines: Sequence[int] | None) -> None:
        """``lines`` says which line of the file each line of the module is; None: the same."""
        state = _Tokens(module.default_indent, module.default_newline)
        module._codegen(state)  # noqa: SLF001  # the public face computes far more than offsets
        self._offsets = [0, *itertools.accumulate(map(len, state.tokens))]
        code = "".join(state.tokens)
        self._starts = state.starts
        self._ends = state.ends
        self._newlines = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", code))]
        self._lines = lines

    def _point(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._newlines, offset)
        column = offset - self._newlines[line - 1] + 1
        if self._lines is not None:
            line = self._lines[min(line, len(self._lines)) - 1]
        return line, column

    def knows(self, node: cst.CSTNode) -> bool:
        """Whether a node has a place."""
        return id(node) in self._starts

    def at(self, node: cst.CSTNode) -> t.Span:
        """Where a node is."""
        return t.Span(
            *self._point(self._offset(self._starts[id(node)])), *self._point(self._offset(self._ends[id(node)]))
        )

    def _offset(self, token: int) -> int:
        # The newline at the end of the file is generated and taken back where the file has none.
        return self._offsets[min(token, len(self._offsets) - 1)]
