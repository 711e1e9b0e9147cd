"""JSON as data: quickly where it is plain, carefully where it is not."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from typing import Any, Final

from mailguard.documents.byte_text import clean_text, decode_text
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value

BODY_LIMIT: Final = 64 << 20
"""Bytes of one body after its compression is undone. The largest service limit is 40 MB (SES v2)."""
DEPTH_LIMIT: Final = 100
"""Levels of nesting in JSON and YAML. No mail API nests deeper than ten."""


def read_json(content: str | bytes) -> Value | CannotTell:
    """JSON as data.

    Tolerated: a byte order mark, NaN, integers of any length (beyond 64 bits as a float), a key that is there twice (what
    is under it is put together, so that nobody is lost), text that is not UTF-8, lone surrogates.
    """
    value: Value = quick_json(content)
    return _careful(content) if value is NOT_PLAIN else value


NOT_PLAIN: Final = object()
"""What :func:`plain_json` says of a text that only the careful reader understands."""


@functools.cache
def _parser() -> tuple[Callable[[str | bytes], Any], Callable[[Any], bytes]]:
    import orjson  # noqa: PLC0415  # most runs of the scanner read no JSON

    return orjson.loads, orjson.dumps


def plain_json(content: str | bytes) -> Any:
    """Valid JSON as data; ``NOT_PLAIN`` for all else. Of a key that is there twice it holds the last."""
    try:
        return _parser()[0](content)
    except ValueError:
        return NOT_PLAIN


_FEW: Final = 8
"""So many signs one after the other are jumped to before a text counts as full of them."""
_LONG: Final = 1 << 14
"""Signs of a text that is worth jumping through: one that is shorter is counted in less time than some jumps take."""


def count_marks(text: str | bytes) -> int:
    """The quotation marks in a text. A long one with few of them, as MIME is, is jumped through from one to the next."""
    sign: Any = '"' if isinstance(text, str) else b'"'
    within: Any = text
    if len(text) < _LONG:
        return int(within.count(sign))
    at, found = within.find(sign), 0
    while at >= 0:
        found += 1
        if found > 4 * _FEW:
            return found + int(within.count(sign, at + 1))
        at = within.find(sign, at + 1)
    return found


def hides_marks(text: str | bytes) -> bool:
    """Whether a quotation mark may be written as a number in JSON."""
    return _hides(text, _MARK)


def hides_signs(text: str | bytes) -> bool:
    """The same; or a NUL, with which no key of a request begins, but what stands here for a body."""
    return _hides(text, _SIGNS)


_MARK: Final = ("\\u0022", ("\\u0022",))
_SIGNS: Final = ("\\u00", ("\\u0022", "\\u0000"))
"""What is looked for, and that one of which has to be there then. A longer text is found sooner."""


def _hides(text: str | bytes, signs: tuple[str, tuple[str, ...]]) -> bool:
    within: Any = text
    as_text = isinstance(text, str)
    slash: Any = "\\" if as_text else b"\\"
    at, found = within.find(slash), 0
    if at < 0:
        return False
    first, which = signs if as_text else _in_bytes(signs)
    if len(text) < _LONG:
        return first in within and any(sign in within for sign in which)
    while at >= 0:
        found += 1
        if found > _FEW:
            return within.find(first, at) >= 0 and any(within.find(sign, at) >= 0 for sign in which)
        if within[at : at + 6] in which:
            return True
        at = within.find(slash, at + 1)
    return False


@functools.cache
def _in_bytes(signs: tuple[str, tuple[str, ...]]) -> tuple[Any, tuple[Any, ...]]:
    first, which = signs
    return first.encode(), tuple([sign.encode() for sign in which])


def json_text(value: Any) -> bytes | None:
    """Data as JSON without blanks, in UTF-8; None for what cannot be written so: half of a pair of surrogates."""
    try:
        return _parser()[1](value)
    except (TypeError, ValueError):
        return None


def quick_json(content: str | bytes) -> Any:
    """What the careful reader makes of ordinary JSON, several times as fast; ``NOT_PLAIN`` where that is not sure.

    The parser keeps the last of two equal keys. What it dropped had quotation marks, two for the key at least; so nothing
    was dropped if the value, written again, has as many as the text. That holds as long as no mark is written as a number.
    """
    value = plain_json(content)
    if type(value) is not dict and type(value) is not list:
        return NOT_PLAIN  # rare, and the careful reader has its own words for scalars
    if isinstance(content, str):
        marks, hidden = content.count('"'), "\\u0022" in content
    else:
        marks, hidden = content.count(b'"'), b"\\u0022" in content
    if hidden or len(content) > BODY_LIMIT:
        return NOT_PLAIN
    try:
        again = _parser()[1](value)
    except (TypeError, ValueError):
        return NOT_PLAIN  # too deep to be written
    if again.count(b'"') != marks:
        return NOT_PLAIN
    if again.count(b"[") + again.count(b"{") > DEPTH_LIMIT and _nests_deeper(value):
        return NOT_PLAIN
    return value


def _careful(content: str | bytes) -> Value | CannotTell:
    if isinstance(content, bytes):
        content = decode_text(content)
    if len(content) > BODY_LIMIT:
        return CannotTell(Reason.TOO_LARGE)
    content = content.strip("\ufeff \t\r\n")
    try:
        value, end = DECODER.raw_decode(content)
        if end != len(content):
            return CannotTell(Reason.WRONG_ENCODING, "the body is not valid JSON")
    except json.JSONDecodeError as error:
        return _not_json(content, error)
    except (ValueError, RecursionError) as error:
        return _json_failed(error)
    if too_deep(content, value):
        return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
    if "\\u" in content and ("\\ud" in content or "\\uD" in content):
        value = deep_clean(value)
    data: Value = value
    return data


def _json_failed(error: ValueError | RecursionError) -> CannotTell:
    if isinstance(error, RecursionError):
        return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
    return CannotTell(Reason.BAD_RECORD, "the body is not valid JSON")


def _not_json(content: str, error: json.JSONDecodeError) -> CannotTell:
    # Where the text ends inside a value, it was cut; where something else stands, it is no JSON.
    rest = content[error.pos :]
    cut = (
        not rest
        or error.msg.startswith("Unterminated string")
        or re.fullmatch(r"\\?[-+.0-9A-Za-z]{1,12}", rest) is not None
    )
    if cut and content[:1] in ("{", "[", '"'):
        return CannotTell(Reason.BODY_CUT, "the JSON ends before its end")
    return CannotTell(Reason.WRONG_ENCODING, "the body is not valid JSON")


def _integer(digits: str) -> int | float:
    # As the fast parser reads them. int() of more than 4,300 digits is refused (CVE-2020-10735) and slow where it is not.
    if len(digits) < 19:
        return int(digits)
    number = int(digits) if len(digits) < 30 else None
    return number if number is not None and -(1 << 63) <= number < 1 << 64 else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    result = {}
    for key, value in pairs:
        result[key] = both(result[key], value) if key in result else value
    return result


def both(one: Any, other: Any) -> Any:
    """What two values under one name hold between them, each once."""
    if one == other or other is None:
        return one
    if one is None:
        return other
    return [*(one if isinstance(one, list) else [one]), *(other if isinstance(other, list) else [other])]


DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, strict=False)


def too_deep(content: str, value: Any) -> bool:
    """Whether a value nests deeper than the limit; its brackets are counted first."""
    return content.count("[") + content.count("{") > DEPTH_LIMIT and _nests_deeper(value)


def _nests_deeper(value: Any) -> bool:
    """Whether a value nests deeper than the limit."""
    level: list[Any] = [value]
    for _ in range(DEPTH_LIMIT):
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                below.extend(child for child in item.values() if type(child) in (dict, list))
            elif type(item) is list:
                below.extend(child for child in item if type(child) in (dict, list))
        if not below:
            return False
        level = below
    return True


def deep_clean(value: Any) -> Any:
    # Depth is limited before this is called.
    """A value with its texts cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [deep_clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): deep_clean(item) for key, item in value.items()}
    return value
