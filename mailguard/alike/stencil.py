"""A stencil: a line of a log with holes where its people and texts are, as a regular expression.

What fits it is a line with the same keys, in the same order, with the same values wherever a value matters; so it need not
be parsed to know its form, on neither of its two levels (the line is JSON, and so is the body, a text in it). The holes take
plain addresses, plain names, and texts in which no address can hide, as they are written in such a line; everything else
does not fit, and is parsed. The expression runs in time linear in the line: what may follow a hole is never part of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Any, Final

from mailguard.addresses.plain import plain_named
from mailguard.alike.outline import FormlessError, is_running, lay
from mailguard.alike.twin import WHOLE
from mailguard.documents.covered_words import may_cover
from mailguard.documents.json_values import plain_json

__all__ = [
    "ADDRESS",
    "DATA",
    "INTEGER",
    "NAME",
    "NUMBER",
    "OUTER",
    "TEXT",
    "Kind",
    "Stencil",
    "by_number",
    "kinds_of",
    "split",
    "stencil_of",
]

ADDRESS: Final = rb"([A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9-])?)"
"""As ``addresses.plain_keys`` takes it."""

# A sign as JSON writes it by number: none of ASCII, no half of a pair alone, no full-width at sign (U+FF20).
_SIGN: Final = rb"u(?:(?!00[0-7]|[dD][89a-fA-F]|[fF][fF])[0-9a-fA-F]{4}|[dD][89abAB][0-9a-fA-F]{2}SLASHu[dD][c-fC-F][0-9a-fA-F]{2})"


def by_number(backslashes: int) -> bytes:
    """A sign written by number; with two backslashes in the body, whose backslashes the line writes twice."""
    slash = rb"\\" * backslashes
    return slash + _SIGN.replace(b"SLASH", slash)


_ONE: Final = by_number(1)
_TWO: Final = by_number(2)
_QUIET: Final = rb"[^\"\\@%&{*\[:\x00-\x1f\xef]*"
TEXT: Final = (
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
"""A text of the body that is not ``transports.content.hearing.loud`` and holds no ``@``."""
_PLAIN: Final = rb"[^\"\\@%&\x00-\x1f\xef]*"
DATA: Final = (
    _PLAIN
    + rb"(?:(?:%(?!40)|&(?!#|commat|period|lowbar)|\xef(?!\xbc\xa0)|\\\\[nrtbf/]|\\\\\\\"|\\\\\\\\|"
    + _ONE
    + rb"|"
    + _TWO
    + rb")"
    + _PLAIN
    + rb")*"
)
"""A text of merge data, in which links and tags are nobody's but of the one who reads it."""
NAME: Final = (
    rb"[^\"\\@=\x00-\x1f\xef]*(?:(?:=(?!\?)|\xef(?!\xbc\xa0)|" + _ONE + rb"|" + _TWO + rb")[^\"\\@=\x00-\x1f\xef]*)*"
)
"""A name that ``outline.is_pair`` takes."""
OUTER: Final = rb"[^\"\\\x00-\x1f\x80-\xff]*"
"""A text of the line that nobody reads."""
INTEGER: Final = rb"-?(?:0|[1-9][0-9]{0,17})"
NUMBER: Final = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"

_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*|[^"0-9-]+|.', re.DOTALL)


class Stencil:
    """A line with holes."""

    __slots__ = ("_addresses", "_data", "_match", "of", "pinned", "pins")

    def __init__(self, pattern: re.Pattern[bytes], data: Collection[int] = ()) -> None:
        """``pattern``: has a group for each address, and one for each text of merge data; ``data`` are the numbers of those."""
        self._match = pattern.fullmatch
        self._addresses = [number for number in range(1, pattern.groups + 1) if number not in data]
        self._data = sorted(data)
        self.of: Any = None
        """What is known of lines that fit."""
        self.pins: object = None
        """The texts that mattered when this was made."""
        self.pinned: object = None
        """What they said."""

    def people(self, line: bytes) -> tuple[bytes, ...] | None:
        """The addresses of a line, in order; None for one that does not fit, or in whose merge data a link may name somebody."""
        match = self._match(line)
        if match is None or not self._data:
            return None if match is None else match.groups()
        # No link goes on behind a blank, nor does a word of one.
        if may_cover(b" ".join([match[number] for number in self._data])):
            return None
        return tuple([match[number] for number in self._addresses])


def stencil_of(
    line: bytes, body: str, form: Sequence[Any], pinned: Sequence[bool], headers: int, data: Collection[int] = ()
) -> Stencil | None:
    """The stencil of a line; None for one that is written in an unusual way.

    Args:
        line: a record with a method, a URL, headers and a body, and other things that are not looked at.
        body: the body in it.
        form: its form, from :func:`~mailguard.alike.outline.lay`.
        pinned: for each text of the headers and then of the body whether it matters.
        headers: how many headers there are.
        data: the numbers of the texts of the body that are merge data for the one reader that there is.

    """
    found = _inner(body, form, pinned[headers:], data)
    if found is None:
        return None
    inner, groups = found
    parts: list[bytes] = []
    tokens = split(line.decode("latin-1"))
    depth, key, header = 0, "", 0
    for place, token in enumerate(tokens):
        raw = token.encode("latin-1")
        if token[0] == '"':
            if place + 1 < len(tokens) and tokens[place + 1].lstrip(" \t\r\n")[:1] == ":":
                if depth == 1:
                    key = json.loads(token)
                parts.append(re.escape(raw))
            elif depth == 2:
                parts.append(re.escape(raw) if pinned[header] else b'"' + OUTER + b'"')
                header += 1
            elif key == "body":
                if raw != json.dumps(body, ensure_ascii=b"\\u" in raw or raw.isascii()).encode():
                    return None
                parts.append(b'"' + inner + b'"')
            elif key in ("method", "url", "status"):
                parts.append(re.escape(raw))
            else:
                parts.append(b'"' + OUTER + b'"')
        elif token[0] in "-0123456789":
            parts.append(NUMBER if depth == 1 and key != "status" else re.escape(raw))
        else:
            depth += token.count("{") - token.count("}")
            parts.append(re.escape(raw))
    if header != headers:
        return None
    try:
        stencil = Stencil(re.compile(b"".join(parts)), groups)
    except (re.error, RecursionError, OverflowError):
        return None
    # A line does not fit its own stencil where one of its texts is unusual.
    return stencil if stencil.people(line) is not None else None


def split(text: str) -> list[str]:
    """The tokens of a JSON text; what stands between them is one as well."""
    return _TOKEN.findall(text)


class Kind(Enum):
    """What a token of a body is."""

    FIXED = "a key, a bracket, a word"
    PERSON = "a plain address"
    NAMED = "a plain name with a plain address"
    NAME = "a plain name beside an address"
    TEXT = "another text"
    INTEGER = "a whole number"
    NUMBER = "another number"


def kinds_of(body: str, form: Sequence[Any]) -> dict[int, tuple[Kind, int]] | None:
    """What the tokens of a body are, with the number of each person and of each text or number, as ``lay`` gives them.

    Of a list that is what it gives of the mapping in which that stands under ``WHOLE``. None where the body has another form than it should. Raises ``FormlessError``.
    """
    tokens = split(body)
    numbered = list(tokens)
    values: dict[int, bool] = {}
    for place, token in enumerate(tokens):
        if token[0] == '"' and not (place + 1 < len(tokens) and tokens[place + 1].lstrip(" \t\r\n")[:1] == ":"):
            # The same kind of text for what is laid, and its place to know it by.
            text = json.loads(token)
            named = False
            if "@" not in text:
                odd = "=?" if "=?" in text or "\uff20" in text else ""
                numbered[place] = f'"{place}{odd}"'
            elif not is_running(text):
                numbered[place] = f'"p{place}@x.example"'
            elif plain_named(text) is not None:
                numbered[place], named = f'"N <p{place}@x.example>"', True
            else:
                numbered[place] = f'"{place}: @"'
            values[place] = named
    again = plain_json("".join(numbered))
    if type(again) is list:
        again = {WHOLE: again}
    steps: list[Any] = []
    addresses: list[str] = []
    texts: list[Any] = []
    if type(again) is not dict:
        return None
    lay(again, steps, addresses, texts)
    if steps != list(form):
        return None
    result: dict[int, tuple[Kind, int]] = {}
    for number, address in enumerate(addresses):
        place = int(address[1:].partition("@")[0])
        result[place] = (Kind.NAMED if values[place] else Kind.PERSON, number)
    numbers = []
    for number, text in enumerate(texts):
        if type(text) is str:
            result[int(text.rstrip("=?: @"))] = (Kind.TEXT, number)
        else:
            numbers.append((Kind.INTEGER if type(text) is int else Kind.NUMBER, number))
    for place, token in enumerate(tokens):
        if token[0] in "-0123456789":
            result[place] = numbers.pop(0)
        elif place in values and place not in result:
            result[place] = (Kind.NAME, 0)
    return result


def _inner(
    body: str, form: Sequence[Any], pinned: Sequence[bool], data: Collection[int]
) -> tuple[bytes, list[int]] | None:
    """The body, as the line writes it, with holes; and which of the groups of that are texts of merge data."""
    try:
        kinds = kinds_of(body, form)
    except FormlessError:
        return None
    if kinds is None or sum(kind in (Kind.TEXT, Kind.INTEGER, Kind.NUMBER) for kind, _ in kinds.values()) != len(
        pinned
    ):
        return None
    parts: list[bytes] = []
    groups: list[int] = []
    count = 0
    for place, token in enumerate(split(body)):
        hole = b""
        match kinds.get(place):
            case Kind.PERSON, _:
                hole = ADDRESS
                count += 1
            case Kind.NAME, _:
                hole = NAME
            case Kind.NAMED, _:
                return None
            case Kind.TEXT, number if not pinned[number] and number in data:
                hole = b"(" + DATA + b")"
                count += 1
                groups.append(count)
            case Kind.TEXT, number if not pinned[number]:
                hole = TEXT
            case Kind.INTEGER, number if not pinned[number] and re.fullmatch(INTEGER, token.encode("utf-8")):
                parts.append(INTEGER)
                continue
        # As the line writes it: its marks and backslashes with a backslash in front.
        if hole:
            parts.append(rb"\\\"" + hole + rb"\\\"")
        else:
            ascii_only, both = json.dumps(token)[1:-1], json.dumps(token, ensure_ascii=False)[1:-1]
            if ascii_only != both:
                return None  # which of the two the writer uses is not known
            parts.append(re.escape(both.encode()))
    return b"".join(parts), groups
