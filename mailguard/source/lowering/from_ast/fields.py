"""Where the expressions of f-strings are in their text. Before 3.12 the parser does not place them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailguard.source.lowering.from_ast.unsure import Unsure

__all__ = ["fields"]

_LITERAL: Final = re.compile(r"""(?P<prefix>[A-Za-z]{0,2})(?P<quote>\"\"\"|'''|"|')""")


def fields(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the expressions of the f-strings are that stand in ``text`` from ``start`` on: from and to, without format and conversion.

    Raises :class:`Unsure`.
    """
    at = start
    while at < len(text):
        letter = text[at]
        if letter in " \t\n\\()":
            at += 1
            continue
        if letter == "#":
            at = text.find("\n", at)
            if at < 0:
                return
            continue
        literal = _LITERAL.match(text, at)
        if literal is None:
            raise Unsure
        prefix, quote = literal["prefix"].lower(), literal["quote"]
        at = literal.end()
        if "f" not in prefix:
            at = _behind(text, at, quote)
            continue
        raw = "r" in prefix
        while not text.startswith(quote, at):
            if at >= len(text):
                raise Unsure
            if text[at] == "\\" and not raw:
                if text.startswith("\\N{", at):
                    at = text.index("}", at)
                elif text[at + 1 : at + 2] not in "{}":
                    at += 1
                at += 1
            elif (text[at] == "\\" and text[at + 1 : at + 2] not in "{}") or text.startswith(("{{", "}}"), at):
                at += 2
            elif text[at] == "{":
                stop = _expression_end(text, at + 1, quote)
                yield at + 1, stop
                at = _field_end(text, stop, quote)
            else:
                at += 1
        at += len(quote)


def _behind(text: str, at: int, quote: str) -> int:
    """The place behind a plain string literal whose content starts at ``at``."""
    while not text.startswith(quote, at):
        if at >= len(text):
            raise Unsure
        at += 2 if text[at] == "\\" else 1
    return at + len(quote)


def _expression_end(text: str, at: int, quote: str) -> int:
    """Where the expression of a field ends: at its ``!``, ``:`` or ``}``."""
    depth = 0
    while at < len(text):
        letter = text[at]
        if text.startswith(quote, at) or letter in "\\#":
            break
        if letter in "\"'":
            inner = letter * 3 if text.startswith(letter * 3, at) else letter
            at = _behind(text, at + len(inner), inner)
            continue
        if letter in "([{":
            depth += 1
        elif depth and letter in ")]}":
            depth -= 1
        elif not depth and letter == "!" and text[at + 1 : at + 2] == "=":
            at += 1
        elif not depth and letter in "!:}":
            return at
        elif not depth and letter == "=":
            if text[at + 1 : at + 2] == "=":
                at += 1
            elif text[at - 1] not in "<>":
                return at  # {name=}
        at += 1
    raise Unsure


def _field_end(text: str, at: int, quote: str) -> int:
    """The place behind a field whose expression ends at ``at``; its format may hold further fields."""
    depth = 1
    while at < len(text) and not text.startswith(quote, at):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if not depth:
                return at + 1
        elif text[at] == "\\":
            break
        at += 1
    raise Unsure
