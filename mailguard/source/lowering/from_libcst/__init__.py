"""Lowers libcst's tree.

libcst reads newer syntax than the Python it runs on. Its visitors and metadata cost many times the parse, so the tree is
walked by hand. Rooms: ``places`` are positions, worked out of one code generation; ``expressions`` and ``statements`` lower.
"""

from __future__ import annotations

from mailguard.source.lowering.from_libcst.statements import NotPython, lower

__all__ = ["NotPython", "lower"]
