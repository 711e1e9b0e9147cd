"""Bodies with messages in them, in MIME: each is put in the place of its text as what it is, and looked at like the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mailguard.alike.mail_form import is_packed, unpacked
from mailguard.alike.twin import WHOLE

__all__ = ["marks_in", "strings", "unpack", "unpack_whole"]

_LEAST: Final = 64
"""Signs of a text in which a message is looked for."""
_DEPTH: Final = 4


def unpack(value: dict[str, Any], raw: Callable[[str], bool], above: str = "", depth: int = 0) -> dict[str, Any] | None:
    """A body with the forms of messages in the places of the texts that hold them; None where there are none.

    ``raw``: whether a message may stand under a key; ``above``: the key over the mapping.
    """
    result = value
    for key, item in value.items():
        inner: Any = None
        if type(item) is str:
            if len(item) >= _LEAST and (raw(key) or raw(above)):
                inner = unpacked(item)
        elif type(item) is dict and depth < _DEPTH:
            inner = unpack(item, raw, key, depth + 1)
        if inner is not None:
            result = {**result, key: inner}
    return None if result is value else result


def unpack_whole(body: str) -> dict[str, Any] | None:
    """The same of a body that is one text and no JSON."""
    mail = unpacked(body) if len(body) >= _LEAST and body[:1] not in ("{", "[") else None
    return None if mail is None else {WHOLE: mail}


def strings(value: Any) -> int:
    """Keys and texts in a value; what stands in the place of a text is one as well."""
    if type(value) is str:
        return 1
    if type(value) is dict:
        if is_packed(value):
            return 1
        return len(value) + sum(map(strings, value.values()))
    return sum(map(strings, value)) if type(value) is list else 0


def marks_in(value: Any) -> int:
    """Quotation marks in the keys and texts of a value."""
    if type(value) is str:
        return value.count('"')
    if type(value) is dict:
        return sum([key.count('"') + marks_in(item) for key, item in value.items()])
    return sum(map(marks_in, value)) if type(value) is list else 0
