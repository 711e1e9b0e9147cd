"""Words of links that stand for a text: in base64 in either alphabet, or in hexadecimal digits, also twice."""

from __future__ import annotations

import re
from binascii import a2b_base64, unhexlify
from collections.abc import Iterator
from typing import Final

__all__ = [
    "COVERED",
    "is_digits",
    "is_text",
    "is_word_for",
    "may_cover",
    "names_somebody",
    "opened",
    "uncovered",
]

COVERED: Final = re.compile(r"[A-Za-z0-9_+-]{12,8192}")
"""A word that may be one: what makes less is shorter than hardly any address."""
_LEAST: Final = 10
_BASE64: Final = re.compile(rb"[A-Za-z0-9_+/-]{10,8192}={0,2}")
_PARTS: Final = re.compile(rb"[-_+]")
_HEX_TEXT: Final = re.compile(rb"(?:[2-7][0-9a-fA-F]){7,4096}")
_SOMEBODY: Final = re.compile(rb"[^\x00-\x20@](?:@|%40)[A-Za-z0-9\x80-\xff-]{1,253}\.[A-Za-z0-9\x80-\xff]")
_DEPTH: Final = 3
_URLSAFE: Final = bytes.maketrans(b"-_", b"+/")


def names_somebody(word: bytes) -> bool:
    """Whether an address may stand in a word; fast, for the words of a million links."""
    if b"-" in word or b"_" in word:
        return next(uncovered(word), None) is not None
    try:
        data = a2b_base64(word + b"==")
    except ValueError:
        return next(uncovered(word), None) is not None
    if b"@" in data and _SOMEBODY.search(data) is not None:
        return True
    # Hardly a word that a machine drew is a text of ASCII in base64, or in digits.
    return (data.isascii() or b"%40" in data or (b"40" in word and _HEX_TEXT.fullmatch(word) is not None)) and next(
        uncovered(word), None
    ) is not None


def may_cover(text: bytes) -> bool:
    """Whether an address may stand in a word of a link in a text, also in one that JSON wrote, once or twice; fast."""
    if b"//" not in text and b"/\\" not in text:
        return False
    if b"\\u00" in text:
        text = _BY_NUMBER.sub(b" & ", text)
    for link in _LINK.findall(text):
        for word in _WORD.findall(link):
            if names_somebody(word):
                return True
    return False


_BY_NUMBER: Final = re.compile(rb"\\{1,4}u00[2-7][0-9a-fA-F]")
_LINK: Final = re.compile(rb":(?:\\{0,4}/){2}([^\s\"'<>]{12,4000}(?: & [^\s\"'<>]{1,4000})*)")
_WORD: Final = re.compile(COVERED.pattern.encode())


def is_word_for(word: bytes, address: str) -> bool:
    """Whether a word is one address in base64, written in whatever case; fast."""
    return opened(word).lower() == address.encode()


def is_text(word: bytes) -> bool:
    """Whether a word is a text in base64 in which an address stands."""
    return _SOMEBODY.search(opened(word)) is not None


def is_digits(word: bytes) -> bool:
    """Whether a word is such a text in hexadecimal digits."""
    return _HEX_TEXT.fullmatch(word) is not None and _SOMEBODY.search(unhexlify(word)) is not None


def uncovered(word: bytes, depth: int = _DEPTH) -> Iterator[str]:
    """The texts with an ``@`` that stand in a word of a link, and in its parts (``u_Ym9i...``)."""
    parts = [word]
    if _PARTS.search(word) is not None:
        parts += [part for part in _PARTS.split(word) if len(part) >= _LEAST]
    for part in parts:
        found = [opened(part)]
        if _HEX_TEXT.fullmatch(part):
            found.append(unhexlify(part))
        for data in found:
            if _SOMEBODY.search(data):
                yield data.decode("utf-8", "replace")
            elif depth > 1 and _BASE64.fullmatch(data := data.strip()):
                yield from uncovered(data.rstrip(b"="), depth - 1)


def opened(word: bytes) -> bytes:
    """What a word in base64 holds, of one sign too many what is in front of that; nothing where it is none."""
    word = word.translate(_URLSAFE)
    if len(word) % 4 == 1:
        word = word[:-1]
    try:
        return a2b_base64(word + b"==")
    except ValueError:
        return b""
