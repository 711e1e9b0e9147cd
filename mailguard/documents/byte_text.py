"""Text of bytes, whatever their encoding, and bytes of base64."""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import re


def is_utf8(data: bytes) -> bool:
    """Whether ``data`` is text in UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def wide(beginning: bytes) -> str:
    """The character set of a file with two bytes for each sign, as PowerShell writes what a program prints; empty for others."""
    if beginning[:4] == codecs.BOM_UTF32_LE:
        return ""
    if beginning[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    for charset, zeros, signs in (
        ("utf-16-le", beginning[1:4:2], beginning[:4:2]),
        ("utf-16-be", beginning[:4:2], beginning[1:4:2]),
    ):
        if zeros == b"\0\0" and all(32 <= sign < 127 or sign in b"\r\n\t" for sign in signs):
            return charset
    return ""


def decode_text(data: bytes, charset: str = "", *, sniff: bool = True) -> str:
    """Bytes as text, never failing and never merging two different texts into one.

    ``charset`` is tried first, then UTF-8; with ``sniff``, UTF-16 and UTF-32 are known by their marks and zeros.
    """
    if sniff and (data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:3] == b"\xef\xbb\xbf" or b"\0" in data[:4]):
        charset = json.detect_encoding(data)  # RFC 4627, section 3; it knows the byte order marks too
        beginning = data[:64].decode(charset, "replace")
        marked = data[:1] in (b"\xff", b"\xfe", b"\xef")
        if not marked and sum(character.isascii() for character in beginning) < len(beginning) / 2:
            charset = ""  # zeros of another kind
    for name in (_in_order(charset, data), "utf-8"):
        if name and _is_charset(name):
            try:
                return data.decode(name)
            except (LookupError, UnicodeError, ValueError):
                continue
    return data.decode("latin-1")


def _in_order(charset: str, data: bytes) -> str:
    """A character set; of one whose bytes may stand in either order, and no mark says which, the one that its zeros tell."""
    if charset.lower().replace("_", "-") not in ("utf-16", "utf-32", "utf16", "utf32") or data.startswith(_MARKS):
        return charset
    told = json.detect_encoding(data)
    return charset if told == "utf-8" else told


_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def _is_charset(name: str) -> bool:
    """Whether a name is that of a character set; Python's other codecs are slow, warn, or are none of bytes to text."""
    try:
        found = codecs.lookup(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return found.name not in (
        "punycode",
        "idna",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "undefined",
    )


def clean_text(value: str) -> str:
    """A text that every encoder takes: lone surrogates are written out."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def base64_bytes(data: str | bytes) -> bytes | None:
    """What a base64 text holds, in either alphabet, white space and missing padding allowed; None if it is none."""
    raw = data.encode("ascii", "replace") if isinstance(data, str) else data
    raw = b"".join(raw.split()).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    if not raw or len(raw) % 4 == 1 or _NOT_BASE64.search(raw):
        return None
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return None
