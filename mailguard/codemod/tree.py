"""Nodes of libcst as they are: their names, texts and what is in them, and how some are put in place of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import libcst as cst

Function: TypeAlias = cst.FunctionDef | cst.Module
"""A function, or the module for code outside of functions."""

Swaps: TypeAlias = Mapping[cst.CSTNode, "cst.CSTNode | Sequence[cst.BaseStatement] | cst.RemovalSentinel"]
"""What stands in place of nodes; several statements may stand in place of one."""


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """``node`` and all nodes in it, in no order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(current.children)


def name_of(node: cst.CSTNode | None) -> str:
    """The last name of a dotted expression: ``send_mail`` of ``mail.send_mail``; empty for anything else."""
    match node:
        case cst.Name():
            return node.value
        case cst.Attribute():
            return node.attr.value
        case _:
            return ""


def text_of(node: cst.CSTNode | None) -> str | None:
    """The value of a plain string literal; None for anything else."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def code(node: cst.CSTNode) -> str:
    """The text of a node."""
    return cst.Module([]).code_for_node(node)


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two pieces of code are the same but for spaces."""
    return one.deep_equals(other) or code(one) == code(other)


def names(node: cst.CSTNode) -> frozenset[str]:
    """All names in a piece of code."""
    return frozenset(inner.value for inner in walk(node) if isinstance(inner, cst.Name))


class Swap(cst.CSTTransformer):
    """Puts something in place of nodes; what is in a replaced node is left alone."""

    def __init__(self, swaps: Swaps) -> None:
        super().__init__()
        self._swaps = swaps

    def on_visit(self, node: cst.CSTNode) -> bool:
        """Whether to look into ``node``."""
        return node not in self._swaps

    def on_leave(  # type: ignore[override]  # the answer depends on the kind of the node
        self, original_node: cst.CSTNode, updated_node: cst.CSTNode
    ) -> cst.CSTNode | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]:
        """What stands in place of a node; the node itself where nothing does."""
        new = self._swaps.get(original_node, updated_node)
        return cst.FlattenSentinel(new) if isinstance(new, (list, tuple)) else new  # type: ignore[return-value]  # as Swaps says
