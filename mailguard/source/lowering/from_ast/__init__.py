"""Lowers the tree of the running Python's own parser.

It reads only the syntax of the Python that it runs on, and leaves out what positions need in a few places. Whatever is
not exactly as ``from_libcst`` would have it raises :class:`Unsure`, and the file goes there. Rooms: ``places`` are positions in
the file, ``fields`` the expressions of f-strings, which older parsers do not place; ``expressions`` and ``statements`` lower; ``unsure``
is the signal.
"""

from __future__ import annotations

from mailguard.source.lowering.from_ast.statements import lower
from mailguard.source.lowering.from_ast.unsure import Unsure

__all__ = ["Unsure", "lower"]
