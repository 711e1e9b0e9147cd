"""The characters and words of an address header: stand-ins, encoded words, what a name looks like."""

from __future__ import annotations

import re
from typing import Final

from mailguard.documents.rfc2047 import words_text

# Characters that stand for others: full-width forms that input methods produce in place of the ASCII
# separators, and characters that nobody sees. Stand-ins for holes are taken out of the text first.
TRANSLATION: Final[dict[int, str | None]] = {
    **{code: " " for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)},
    0x7F: " ",
    **dict.fromkeys((0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))),
    **dict.fromkeys((0xFF20, 0xFE6B), "@"),
    **dict.fromkeys((0xFF0C, 0x3001, 0xFE50, 0xFE51, 0x060C, 0xFF64), ","),
    **dict.fromkeys((0xFF1B, 0xFE54, 0x061B), ";"),
    0xFF1C: "<",
    0xFF1E: ">",
    0xFF1A: ":",
    0xFF0E: ".",
}
HOLE_BASE: Final = 0xF0000
HOLE_LAST: Final = 0xFFFFD
HOLE: Final = re.compile("[\U000f0000-\U000ffffd]")
ENCODED_WORD: Final = re.compile(r"=\?[^?\s]{0,64}\?[bBqQ]\?[^?\s]*\?=")
_ENCODED_RUN: Final = re.compile(rf"{ENCODED_WORD.pattern}(?:\s*{ENCODED_WORD.pattern})*")
_SEPARATORS: Final = re.compile(r'[\s<>(),;:"]+')
_NAME_SEPARATORS: Final = re.compile(r'[\s<>(),;:"\[\]]+')


def _words_of(line: str) -> frozenset[str]:
    return frozenset(line.split())


_PARTICLES: Final = _words_of(
    "von van der den de di da del della la le du dos das zu zur zum af av ten ter bin ibn al el jr sr md phd"
)
_MASKS: Final = _words_of(
    "redacted masked filtered hidden removed censored anonymized anonymised scrubbed obfuscated secret private"
    " email mail e-mail address recipient recipients user username customer to cc bcc none null nil undefined"
    " xxx xxxx placeholder deleted confidential"
)
NOBODY_WORDS: Final = _words_of(
    "undisclosedrecipients undisclosedrecipient undisclosed unlistedrecipients recipientlistnotshown"
    " recipientlistsuppressed recipientssuppressed suppressedrecipients hiddenrecipients"
)
QUOTE_LIKE: Final = "'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


def letters_of(phrase: str) -> str:
    """The letters of a phrase's beginning, folded, to be looked up."""
    return "".join(character for character in phrase[:80] if character.isalpha()).casefold()


def name_like(words: str) -> bool:
    """Whether this may be the front of a name whose comma nobody quoted: ``Doe`` of ``Doe, J <...>``."""
    if len(words) > 100:
        return False
    for word in (decoded(words) if "=?" in words else words).split():
        core = word.strip(QUOTE_LIKE + ".")
        if not core or core.casefold() in _MASKS:
            return False
        if core[0].islower() and core.casefold() not in _PARTICLES:
            return False
        if not all(character.isalpha() or character in ".'\u2019-" for character in core):
            return False
    return True


def unquoted(quoted: str) -> str:
    """What stands between quotation marks, without the backslashes that shield it."""
    return re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)


def decoded(name: str) -> str:
    """The text with its encoded words (RFC 2047) decoded; white space between two of them belongs to neither (section 6.2)."""
    if "=?" not in name:
        return name
    return _ENCODED_RUN.sub(lambda run: words_text(run.group()), name)


def at_pieces(source: str) -> list[str]:
    """What looks like an address: pieces between separators that hold an ``@`` with something on both sides."""
    return [piece for piece in _SEPARATORS.split(source) if "@" in piece.strip("@")]


def addresses_in(name: str) -> list[str]:
    """Addresses that a reader finds in running text: a display name, a subject. Encoded words are decoded."""
    found = []
    for piece in _NAME_SEPARATORS.split(decoded(name).translate(TRANSLATION)):
        candidate = piece.strip(QUOTE_LIKE + ".,!?*{}|")
        local, _, domain = candidate.rpartition("@")
        if local and "." in domain.strip("."):
            found.append(candidate)
    return found


def decoded_bytes(data: bytes) -> str:
    """Bytes as text: UTF-8, else a character a byte, so that none is lost."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
