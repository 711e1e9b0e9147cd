"""Where a text holds addresses.

What an address looks like follows RFC 5322 section 3.4.1, loosely: any run of
atext, an at sign in one of its disguises, and something that starts like a
domain. The disguises: percent-encoding (RFC 3986 section 2.1), also repeated;
quoted-printable and encoded words (RFC 2045 section 6.7, RFC 2047); character
references of HTML; backslash escapes of Python, JavaScript and JSON; base64
(RFC 4648, both alphabets); hexadecimal digits; full-width signs; invisible
characters in between; ``name (at) host dot tld``.

No expression here can backtrack over more than a fixed number of characters, so
all of it takes time in proportion to its input.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, TypeAlias
from urllib.parse import unquote

LINE_LIMIT: Final = 4_000
"""Characters of a code line that is looked into; a longer one is data, and is blanked whole."""

DEPTH: Final = 3
"""How many encodings inside each other are undone."""

INVISIBLE: Final = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
"""Characters that nobody sees, as part of a class of a regular expression."""

_DOTS: Final = "\u3002\uff0e\uff61"

SIGN: Final = (
    r"[@\uff20\ufe6b]"
    r"|%(?:25){0,4}40"
    r"|=40"
    r"|&\#0{0,6}64;?|&\#[xX]0{0,6}40;?|&commat;?"
    r"|\\{1,4}(?:x40|u0040|U00000040|u\{0{0,6}40\}|N\{(?i:commercial\ at)\}|0?100)"
)
"""An at sign and its disguises, as a verbose regular expression."""

_ENCODED: Final = (
    r"%(?:25){0,4}[0-9A-Fa-f]{2}"
    r"|=[0-9A-F]{2}"
    r"|&\#?[xX]?\w{1,10};"
    r"|\\{1,4}(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|u\{[0-9A-Fa-f]{1,6}\}|N\{[A-Za-z\ -]{1,60}\}|[0-7]{2,3})"
    rf"|[{INVISIBLE}]"
)
_AT_SIGN: Final = re.compile(SIGN, re.VERBOSE)
# A slash is left out of what RFC 5322 allows in a local part, so that of a path only the segment goes.
_UNIT: Final = re.compile(
    rf"(?P<at>{SIGN})|(?P<encoded>{_ENCODED})|(?P<word>(?:[\w.!\#$*+?^{{|}}~-]|(?<=\w)['`](?=\w))+)|(?P<lone>[%=&])",
    re.VERBOSE,
)
_DOMAIN: Final = re.compile(
    rf"(?:\([^()]{{0,64}}\))?(?:\[[^\]\s]{{1,80}}\]|(?=[\w{INVISIBLE}%=&\\])(?:{_ENCODED}|[\w-]|[.{_DOTS}](?=[\w%=&\\{INVISIBLE}-]))+)",
    re.VERBOSE,
)
_DOTTED: Final = re.compile(
    rf"(?:[.{_DOTS}]|%(?:25){{0,4}}2[eE]|=2E|&\#0{{0,6}}46;?|&\#[xX]0{{0,6}}2[eE];?|&period;|\\{{1,4}}(?:x2[eE]|u002[eE]|0?56))",
    re.VERBOSE,
)
_WEAK_AT: Final = re.compile(r"=40|%40")
"""Signs that are often something else (``width=40px``, ``"%-%40s"``): what follows must have a dot."""

Span: TypeAlias = tuple[int, int]


def direct(text: str) -> list[Span]:
    """Where ``text`` holds addresses that are written as such, or character by character in another notation."""
    if not _AT_SIGN.search(text):
        return []
    spans: list[Span] = []
    start: int | None = None
    behind = position = 0
    while found := _UNIT.search(text, position):
        position = found.end()
        if found.start() != behind:
            start = None
        behind = position
        if found.lastgroup != "at":
            if start is None:
                start = found.start()
            continue
        if start is None:
            start = _quoted_start(text, found.start())
        if start is None and spans and spans[-1][1] == found.start():
            start = spans.pop()[0]  # a route: one@two@three
        domain = _DOMAIN.match(text, position)
        if (
            start is None
            or domain is None
            or (_WEAK_AT.fullmatch(found.group()) and not _DOTTED.search(domain.group()))
        ):
            # The sign may yet be part of the next one's local part.
            continue
        spans.append((start, domain.end()))
        position = behind = domain.end()
        start = None
    return [_with_name(text, span) for span in spans]


_NAME: Final = re.compile(
    r"(?:\"[^\"]{0,80}\"|(?:[^\W\d_][\w.'-]{0,40}[ \t]{1,3}){0,4}[^\W\d_][\w.'-]{0,40})[ \t]{0,3}\Z"
)


def _with_name(text: str, span: Span) -> Span:
    """The span of an address in angle brackets with these, and with the name before them (RFC 5322 section 3.4)."""
    start, end = span
    if not (text[start - 1 : start] == "<" and text[end : end + 1] == ">"):
        return span
    offset = max(0, start - 1 - 200)
    name = _NAME.search(text[offset : start - 1])
    return (offset + name.start() if name else start - 1), end + 1


def _quoted_start(text: str, sign: int) -> int | None:
    """Where a quoted local part (RFC 5321 section 4.1.2), or one with a comment, before ``sign`` starts."""
    before = text[max(0, sign - 66) : sign]
    for closing, opening in (('"', '"'), (")", "(")):
        if before.endswith(closing):
            at = before.rfind(opening, 0, len(before) - 1)
            if at >= 0 and re.search(r"\w", before[at:]):
                while closing == ")" and at and (before[at - 1].isalnum() or before[at - 1] in "._+-"):
                    at -= 1
                return sign - len(before) + at
    return None


_SPACED: Final = re.compile(r"(?:[ \t]{1,3}@[ \t]{0,3}|@[ \t]{1,3})(?=[\w-]{1,63}\.[\w.-]{0,200}[^\W\d_]{2})")
_BRACKETED_AT: Final = re.compile(r"[ \t_]{0,3}[\[({<][ \t]{0,2}(?:at|@)[ \t]{0,2}[\])}>][ \t_]{0,3}", re.IGNORECASE)
_SPOKEN_AT: Final = re.compile(r"[ \t]{1,3}at[ \t]{1,3}|_at_|-at-", re.IGNORECASE)
_DOT: Final = r"(?:[ \t_]{0,3}[\[({<][ \t]{0,2}dot[ \t]{0,2}[\])}>][ \t_]{0,3}|[ \t]{1,3}dot[ \t]{1,3}|_dot_|-dot-)"
_SPOKEN_HOST: Final = re.compile(rf"[^\W_]{{1,63}}(?:(?:\.|{_DOT})[^\W_]{{1,63}}){{0,8}}", re.IGNORECASE)
_WRITTEN_HOST: Final = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}(?![\w])")
_DOT_WORD: Final = re.compile(_DOT, re.IGNORECASE)
_SPOKEN_NAME: Final = re.compile(rf"(?:[\w+-]{{1,64}}(?:\.|{_DOT})){{0,4}}[\w.+-]{{1,64}}\Z", re.IGNORECASE)


def spelled(text: str, *, prose: bool) -> Iterator[Span]:
    """Where an address is spelled for human eyes only. In ``prose`` of ours "at" and a file name may meet."""
    for expression, bracketed in ((_SPACED, True), (_BRACKETED_AT, True), (_SPOKEN_AT, False)):
        for sign in expression.finditer(text):
            offset = max(0, sign.start() - 96)
            name = _SPOKEN_NAME.search(text[offset : sign.start()])
            if name is None:
                continue
            host = _SPOKEN_HOST.match(text, sign.end())
            if host is not None and not (bracketed and "." in host.group()) and not _DOT_WORD.search(host.group()):
                host = None
            if host is None and (bracketed or not prose) and sign.group().strip(" \t") not in {"_at_", "-at-"}:
                host = _WRITTEN_HOST.match(text, sign.end())
            if host is not None:
                yield offset + name.start(), host.end()


_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_PIECE: Final = re.compile(r"[A-Za-z0-9]{8,}")
_URLSAFE: Final = str.maketrans("-_", "+/")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_ASCII_HOST: Final = re.compile(rb"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2}")


def _bytes_hold(data: bytes) -> bool:
    """Whether decoded bytes hold an address with a dotted domain. Random bytes practically never do."""
    if b"\0" in data:
        data = data.replace(b"\0", b"")  # UTF-16, both ways round
    position = data.find(b"@")
    while position >= 0:
        left = data[position - 1 : position]
        if left.isalnum() and _ASCII_HOST.match(data, position + 1):
            return True
        position = data.find(b"@", position + 1)
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        return False
    return decoded.isprintable() and any(_DOTTED.search(decoded[first:last]) for first, last in direct(decoded))


def _decoded_holds(data: bytes, depth: int) -> bool:
    if _bytes_hold(data):
        return True
    # Base64 of base64: only a whole text of that alphabet is worth a second look.
    inner = data.decode("ascii", errors="replace")
    return depth > 0 and inner.isprintable() and any(_token_holds(each, depth - 1) for each in _TOKEN.findall(inner))


def _token_holds(token: str, depth: int = DEPTH) -> bool:
    for run in _HEX.findall(token):
        if _decoded_holds(bytes.fromhex(run), depth):
            return True
    if token == token.lower():
        return False  # an at sign leaves a capital letter among the digits of base64, wherever it stands
    alphabet = token.translate(_URLSAFE)
    for offset in range(4):
        # What stands before it in the same run (a folder and a slash) may shift the groups of four.
        part = alphabet[offset:]
        rest = len(part) % 4
        part = part[:-1] if rest == 1 else part + "=" * (-len(part) % 4)
        try:
            data = base64.b64decode(part)
        except (binascii.Error, ValueError):
            continue
        if _decoded_holds(data, depth):
            return True
    return False


def hidden(text: str) -> Iterator[Span]:
    """Where ``text`` holds base64 or hexadecimal digits of an address."""
    for token in _TOKEN.finditer(text):
        pieces = [piece.span() for piece in _PIECE.finditer(text, *token.span()) if _token_holds(piece.group())]
        if pieces:
            yield from pieces
        elif _token_holds(token.group()):
            yield token.span()


_ESCAPE: Final = re.compile(
    r"\\{1,4}(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]{1,6})\}|([0-7]{2,3}))"
)
_QUOTED_PRINTABLE: Final = re.compile(r"=([0-9A-F]{2})")


def _unescaped(found: re.Match[str]) -> str:
    digits, octal = found.group(1) or found.group(2) or found.group(3) or found.group(4), found.group(5)
    code = int(digits, 16) if digits else int(octal, 8)
    return chr(code) if code <= 0x10FFFF else found.group()


def _kept_if_sign(found: re.Match[str]) -> str:
    domain = _DOMAIN.match(found.string, found.end())
    return found.group() if domain is not None and _DOTTED.search(domain.group()) else "\0"


def _unwrapped(text: str) -> str:
    """``text`` with one layer of each notation undone."""
    text = _WEAK_AT.sub(_kept_if_sign, text)
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if "%" in text:
        text = unquote(text, errors="replace")
    if "=" in text:
        text = _QUOTED_PRINTABLE.sub(lambda found: chr(int(found.group(1), 16)), text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return text


def holds_address(text: str, *, prose: bool = False, depth: int = DEPTH) -> bool:
    """Whether ``text`` holds an address, in clear or in one of the notations that the module names.

    ``prose`` is for sentences of ours: "first at november.jsonl" is none there.
    """
    if direct(text) or any(spelled(text, prose=prose)) or any(hidden(text)):
        return True
    if depth:
        inner = _unwrapped(text)
        if inner != text:
            return holds_address(inner, prose=prose, depth=depth - 1)
    return False
