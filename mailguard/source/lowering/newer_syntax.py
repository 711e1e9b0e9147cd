"""Code in newer syntax than the running Python has, made readable for its parser without moving anything.

Type parameters (PEP 695, 696: ``def first[T](x: T)``, ``class Box[T: object = int]:``), type aliases (PEP 695: ``type Rows =
list[Row]``) and the star of ``except*`` (PEP 654) hold no person: they are written over with blanks, so that every line and
column stays as it is. Whether what is left is Python, the parser says; what it still refuses is for libcst, which takes ten
times as long.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["blanked"]

_STRING: Final = (
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'
    r"|'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'"
    r"|\#[^\r\n]*"
)
"""A string or a comment. No f-string that an older Python takes holds its own quotes inside; where one does, the parser refuses."""

_NEWER: Final = re.compile(
    rf"{_STRING}"
    r"|(?P<head>\b(?:def|class)[ \t]+\w+[ \t]*)\["
    r"|(?<![\w.])(?P<alias>type)[ \t]+(?!(?:if|in|is|or|and|not)\b)\w+[ \t]*(?=\[|=(?!=))"
    r"|\bexcept[ \t]*(?P<star>\*)(?=[ \t]*[\w(])",
    re.DOTALL,
)
_PARTS: Final = re.compile(rf"{_STRING}|[\[\](){{}};\r\n]|\\\r?\n", re.DOTALL)
_LINE: Final = re.compile(r"\r\n|\r|\n")


def blanked(text: str) -> str | None:
    """The text without what only newer Pythons know, each place in it as it was; None where there is nothing of that.

    A line of blanks ends with a backslash, so that its statement goes on.
    """
    pieces: list[str] = []
    done = 0
    at = 0
    while (match := _NEWER.search(text, at)) is not None:
        at = match.end()
        if match["head"] is not None:
            start = match.end() - 1
            at = _behind_brackets(text, start)
            pieces += (text[done:start], _blank(text[start:at]))
        elif match["alias"] is not None:
            at = _behind_statement(text, at)
            pieces += (text[done : match.start()], "pass", _blank(text[match.start() + 4 : at]))
        elif match["star"] is not None:
            at = match.end("star")
            pieces += (text[done : match.start("star")], " ")
        else:
            continue
        if at <= match.start():
            return None
        done = at
    if not done:
        return None
    return "".join([*pieces, text[done:]])


def _behind_brackets(text: str, start: int) -> int:
    """The place behind the brackets that open at ``start``; 0 where they stay open."""
    depth = 0
    for part in _PARTS.finditer(text, start):
        found = part.group()
        if found in "([{":
            depth += 1
        elif found in ")]}":
            depth -= 1
            if not depth:
                return part.end()
    return 0


def _behind_statement(text: str, start: int) -> int:
    """Where the simple statement ends that goes on at ``start``: at a line's end or a semicolon outside brackets."""
    depth = 0
    for part in _PARTS.finditer(text, start):
        found = part.group()
        if found in "([{":
            depth += 1
        elif found in ")]}":
            depth -= 1
        elif found in ";\r\n" and not depth:
            return part.start()
    return len(text)


def _blank(text: str) -> str:
    """As many blanks, line by line; what follows belongs to the same statement."""
    lines: list[str] = []
    at = 0
    for match in _LINE.finditer(text):
        lines.append(f"{' ' * (match.start() - at)} \\{match.group()}")
        at = match.end()
    return "".join([*lines, " " * (len(text) - at)])
