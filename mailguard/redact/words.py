"""Foreign words without addresses: names of files, reasons, pointers, and whole reports."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from typing import Final, TypeAlias

from mailguard.redact.spotting import INVISIBLE, LINE_LIMIT, Span, direct, hidden, holds_address, spelled

ADDRESS: Final = "<address>"
"""What is printed where an address was."""

_SHORT: Final = 400
"""Characters up to which a text is remembered without its addresses."""

_TOKENS: Final = re.compile(r"\S+")
_SEGMENTS: Final = re.compile(r"[^\s/\"'`<>()\[\],;]+")
_NOTATION: Final = re.compile(rf"[%=&\\{INVISIBLE}]|[^\x00-\x7f]")


def _without(text: str, spans: Iterable[Span]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if end <= position:
            continue
        if start >= position:
            pieces += [text[position:start], ADDRESS]
        position = end
    return "".join([*pieces, text[position:]])


def _cleaned(text: str, *, prose: bool) -> str:
    spans = [*direct(text), *spelled(text, prose=prose), *hidden(text)]
    if spans:
        text = _without(text, spans)
    if _NOTATION.search(text) and holds_address(text, prose=prose):
        # Encoded twice, or in two notations at once: the smallest piece that holds it goes whole.
        for pieces in (_SEGMENTS, _TOKENS):
            held = [piece.span() for piece in pieces.finditer(text) if holds_address(piece.group(), prose=prose)]
            text = _without(text, held)
        if holds_address(text, prose=prose):
            return ADDRESS
    return text


_kept = functools.lru_cache(maxsize=8192)(_cleaned)
"""Paths, symbols and phrases come again and again within a report."""


def _cleaned_once(text: str, *, prose: bool) -> str:
    if not text:
        return text
    return _kept(text, prose=prose) if len(text) <= _SHORT else _cleaned(text, prose=prose)


def foreign(text: str) -> str:
    """Words of a stranger (a path, a symbol, a host, a reason) without any address."""
    return _cleaned_once(text, prose=False)


def no_address(text: str) -> str:
    """The last belt: sentences of ours, and whole outputs, without any address that slipped in. Idempotent."""
    if len(text) <= LINE_LIMIT:
        return _cleaned_once(text, prose=True)
    return "".join(_cleaned_once(line, prose=True) for line in text.splitlines(keepends=True))


class Revealed(str):
    """An address that is printed because ``--reveal`` asked for it. The belt leaves it alone."""

    __slots__ = ()


Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""What JSON can say."""


def scrub(data: Json) -> Json:
    """The belt for data that is about to be written as JSON; texts that are :class:`Revealed` stay."""
    match data:
        case Revealed():
            return str(data)
        case str():
            return no_address(data)
        case list():
            return [scrub(item) for item in data]
        case dict():
            return {
                str(key) if isinstance(key, Revealed) else no_address(key): scrub(item) for key, item in data.items()
            }
        case _:
            return data


_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]{0,60}\Z", re.ASCII)


def pointer(steps: Iterable[tuple[str | int, int]], words: Collection[str]) -> str:
    """A place inside data: ``personalizations[0].to[3]``; ``recipient-variables{2}`` for the second of the request's own keys.

    Each step is a key or an index, and the ordinal (from 1) of the key in its mapping. Only keys among ``words``, those of
    the service itself, are printed: the others may be addresses or names.
    """
    text = ""
    for key, ordinal in steps:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key in words and _PLAIN_KEY.match(key):
            text += f".{key}" if text else key
        else:
            text += f"{{{ordinal}}}"
    return text
