"""Encoded words of headers (RFC 2047): what they hold, whatever character set they name.

One reading for MIME and for what services take as JSON and forms, so that nobody is seen in the one and not in the other.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text

__all__ = ["WORD", "words_text"]

WORD: Final = r"=\?[^?\s]{0,64}\?[BbQq]\?[^?\r\n]*\?="
"""One encoded word, as a regular expression. Blanks inside and a missing character set are not allowed, and found all the same."""

_PARTS: Final = re.compile(r"=\?([^?\s]{0,64})\?([BbQq])\?([^?\r\n]*)\?=")


def words_text(words: str) -> str:
    """Encoded words that stand side by side, decoded together: some encoders cut inside a character.

    Each that :data:`WORD` finds is decoded: in a set that nobody knows as UTF-8, else a character a byte.
    """
    pieces: list[tuple[str, bytes]] = []
    for charset, encoding, content in _PARTS.findall(words):
        if encoding in "Bb":
            data = base64_bytes(content)
            if data is None:
                data = content.encode("utf-8", "replace")
        else:
            data = unquote_to_bytes(content.replace("%", "%25").replace("=", "%").replace("_", " "))
        name = charset.partition("*")[0].lower()  # behind the star stands a language (RFC 2231, section 5)
        if pieces and pieces[-1][0] == name:
            pieces[-1] = (name, pieces[-1][1] + data)
        else:
            pieces.append((name, data))
    return "".join(clean_text(decode_text(data, name, sniff=False)) for name, data in pieces)
