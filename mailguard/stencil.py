"""A stencil: a line of a log with holes where its people and texts are, as a regular expression.

What fits it is a line with the same keys, in the same order, with the same values wherever a value matters; so it need not
be parsed to know its form, on neither of its two levels (the line is JSON, and so is the body, a text in it). The holes take
plain addresses, plain names, and texts in which no address can hide, as they are written in such a line; everything else
does not fit, and is parsed. The expression runs in time linear in the line: what may follow a hole is never part of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from mailguard.documents.json_values import plain_json
from mailguard.outline import FormlessError, lay

__all__ = ["Stencil", "stencil_of"]

_ADDRESS: Final = rb"([A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9-])?)"
"""As ``addresses.plain_keys`` takes it."""

# A sign as JSON writes it by number: none of ASCII, no half of a pair alone, no full-width at sign (U+FF20).
_SIGN: Final = rb"u(?:(?!00[0-7]|[dD][89a-fA-F]|[fF][fF])[0-9a-fA-F]{4}|[dD][89abAB][0-9a-fA-F]{2}SLASHu[dD][c-fC-F][0-9a-fA-F]{2})"
_ONE: Final = rb"\\" + _SIGN.replace(b"SLASH", rb"\\")
"""Written by number in the line."""
_TWO: Final = rb"\\\\" + _SIGN.replace(b"SLASH", rb"\\\\")
"""Written by number in the body, whose backslashes the line writes twice."""
_QUIET: Final = rb"[^\"\\@%&{*\[:\x00-\x1f\xef]*"
_TEXT: Final = (
    _QUIET
    + rb"(?:(?:%(?!40|recipient\.)|&(?!#|commat|period|lowbar)|\{(?!\{)|\*(?!\|)|\[(?!\[)|:(?!/|\\\\/)|\xef(?!\xbc\xa0)"
    + rb"|\\\\[nrtbf/]|\\\\\\\"|\\\\\\\\|"
    + _ONE
    + rb"|"
    + _TWO
    + rb")"
    + _QUIET
    + rb")*"
)
"""A text of the body that is not ``transports.content.loud`` and holds no ``@``."""
_NAME: Final = (
    rb"[^\"\\@=\x00-\x1f\xef]*(?:(?:=(?!\?)|\xef(?!\xbc\xa0)|" + _ONE + rb"|" + _TWO + rb")[^\"\\@=\x00-\x1f\xef]*)*"
)
"""A name that ``outline.is_pair`` takes."""
_OUTER: Final = rb"[^\"\\\x00-\x1f\x80-\xff]*"
"""A text of the line that nobody reads."""
_INTEGER: Final = rb"-?(?:0|[1-9][0-9]{0,17})"
_NUMBER: Final = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[^"0-9-]+|.', re.DOTALL)


class Stencil:
    """A line with holes."""

    __slots__ = ("_match", "of", "pinned", "pins")

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        """``pattern``: has a group for each address."""
        self._match = pattern.fullmatch
        self.of: Any = None
        """What is known of lines that fit."""
        self.pins: object = None
        """The texts that mattered when this was made."""
        self.pinned: object = None
        """What they said."""

    def people(self, line: bytes) -> tuple[bytes, ...] | None:
        """The addresses of a line, in order; None for one that does not fit."""
        match = self._match(line)
        return None if match is None else match.groups()


def stencil_of(line: bytes, body: str, form: Sequence[Any], pinned: Sequence[bool], headers: int) -> Stencil | None:
    """The stencil of a line; None for one that is written in an unusual way.

    Args:
        line: a record with a method, a URL, headers and a body, and other things that are not looked at.
        body: the body in it.
        form: its form, from :func:`~mailguard.outline.lay`.
        pinned: for each text of the headers and then of the body whether it matters.
        headers: how many headers there are.

    """
    inner = _inner(body, form, pinned[headers:])
    if inner is None:
        return None
    parts: list[bytes] = []
    tokens = [match.group() for match in _TOKEN.finditer(line.decode("latin-1"))]
    depth, key, header = 0, "", 0
    for place, token in enumerate(tokens):
        raw = token.encode("latin-1")
        if token[0] == '"':
            if place + 1 < len(tokens) and tokens[place + 1].lstrip(" \t\r\n")[:1] == ":":
                if depth == 1:
                    key = json.loads(token)
                parts.append(re.escape(raw))
            elif depth == 2:
                parts.append(re.escape(raw) if pinned[header] else b'"' + _OUTER + b'"')
                header += 1
            elif key == "body":
                if raw != json.dumps(body, ensure_ascii=b"\\u" in raw or raw.isascii()).encode():
                    return None
                parts.append(b'"' + inner + b'"')
            elif key in ("method", "url", "status"):
                parts.append(re.escape(raw))
            else:
                parts.append(b'"' + _OUTER + b'"')
        elif token[0] in "-0123456789":
            parts.append(_NUMBER if depth == 1 and key != "status" else re.escape(raw))
        else:
            depth += token.count("{") - token.count("}")
            parts.append(re.escape(raw))
    if header != headers:
        return None
    try:
        stencil = Stencil(re.compile(b"".join(parts)))
    except (re.error, RecursionError, OverflowError):
        return None
    # A line does not fit its own stencil where one of its texts is unusual.
    return stencil if stencil.people(line) is not None else None


def _inner(body: str, form: Sequence[Any], pinned: Sequence[bool]) -> bytes | None:
    """The body, as the line writes it, with holes."""
    tokens = [match.group() for match in _TOKEN.finditer(body)]
    numbered = list(tokens)
    values = []
    for place, token in enumerate(tokens):
        if token[0] == '"' and not (place + 1 < len(tokens) and tokens[place + 1].lstrip(" \t\r\n")[:1] == ":"):
            # The same kind of text for what is laid, and its place to know it by.
            odd = "=?" if "=?" in token or "\uff20" in token or "\\" in token else ""
            numbered[place] = f'"{place}{"@" if "@" in token else ""}{odd}"'
            values.append(place)
    again = plain_json("".join(numbered))
    steps: list[Any] = []
    addresses: list[str] = []
    texts: list[Any] = []
    if type(again) is not dict:
        return None
    try:
        lay(again, steps, addresses, texts)
    except FormlessError:
        return None
    if steps != list(form) or len(texts) != len(pinned):
        return None
    people = {int(text.rstrip("@=?")) for text in addresses}
    matters = {int(text.rstrip("=?")): pin for text, pin in zip(texts, pinned, strict=True) if type(text) is str}
    numbers = iter([pin for text, pin in zip(texts, pinned, strict=True) if type(text) is not str])
    parts: list[bytes] = []
    for place, token in enumerate(tokens):
        hole = b""
        if place in people:
            hole = _ADDRESS
        elif token[0] == '"' and place in matters:
            hole = b"" if matters[place] else _TEXT
        elif place in values:
            hole = _NAME
        elif token[0] in "-0123456789" and not next(numbers) and re.fullmatch(_INTEGER, token.encode("utf-8")):
            parts.append(_INTEGER)
            continue
        # As the line writes it: its marks and backslashes with a backslash in front.
        if hole:
            parts.append(rb"\\\"" + hole + rb"\\\"")
        else:
            ascii_only, both = json.dumps(token)[1:-1], json.dumps(token, ensure_ascii=False)[1:-1]
            if ascii_only != both:
                return None  # which of the two the writer uses is not known
            parts.append(re.escape(both.encode()))
    return b"".join(parts)
