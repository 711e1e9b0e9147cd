"""Notations, read and written again: encoded words, base64, JSON, YAML, netstrings."""

from __future__ import annotations

import base64
import contextlib
import json
import quopri
import re
import zlib
from collections.abc import Callable

from mailguard.documents.byte_text import base64_bytes, decode_text
from mailguard.pseudonyms.patterns import BASE64, HINT, NUMBERS, SECRETIVE, WORD


class Pieces:
    """A text of which some pieces are settled, and the rest is still to be looked at."""

    def __init__(self, text: str) -> None:
        self.pieces: list[tuple[str, bool]] = [(text, False)]

    def settle(self, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str | None]) -> None:
        """Settle what ``pattern`` finds; None leaves it to later steps."""
        result: list[tuple[str, bool]] = []
        for text, settled in self.pieces:
            if settled:
                result.append((text, True))
                continue
            position = 0
            for found in pattern.finditer(text):
                new = change(found)
                if new is not None:
                    result += [(text[position : found.start()], False), (new, True)]
                    position = found.end()
            result.append((text[position:], False))
        self.pieces = [piece for piece in result if piece[0]]

    def text(self, rest: Callable[[str], str]) -> str:
        """All of it, with ``rest`` done to what is not settled."""
        return "".join(text if settled else rest(text) for text, settled in self.pieces)


def decoded_words(text: str) -> str:
    """The text of encoded words (RFC 2047)."""
    pieces = []
    for charset, kind, content in WORD.findall(text):
        data = base64_bytes(content) if kind in "Bb" else None
        if data is None:
            raw = content.replace("_", " ").encode("utf-8", "surrogateescape")
            data = quopri.decodestring(raw) if kind in "Qq" else raw
        pieces.append(decode_text(data, charset.lower(), sniff=False))
    return "".join(pieces)


def encoded_words(text: str) -> str:
    """A text as encoded words."""
    result, chunk = [], ""
    for character in [*text, ""]:
        if not character or len((chunk + character).encode("utf-8", "replace")) > 45:
            result.append(f"=?utf-8?b?{base64.b64encode(chunk.encode('utf-8', 'replace')).decode()}?=")
            chunk = ""
        chunk += character
    return " ".join(result)


def header_of(head: str, name: str) -> str:
    """One header of a block, folds and all."""
    found = re.search(rf"(?im)^{name}[ \t]*:((?:[^\r\n]*)(?:\r?\n[ \t]+[^\r\n]*){{0,50}})", head)
    return found.group(1).strip() if found else ""


def as_text(data: bytes) -> str:
    """Bytes as text, of which :func:`as_bytes` makes the same bytes."""
    return data.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Text as bytes; see :func:`as_text`."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def wire_size(text: str) -> int:
    """The bytes of a body; of one in base64 those that it stands for."""
    data = base64_bytes(text) if len(text) >= 16 and BASE64.fullmatch("".join(text.split())) else None
    return len(as_bytes(text) if data is None else data)


def worth_opening(data: bytes) -> bool:
    """Whether decoded bytes are more than noise: a text with an address or a secret in some notation, or a compressed one."""
    if data[:3] == b"\x1f\x8b\x08":
        return True
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        if sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data[:400]) < 0.9 * len(data[:400]):
            return False
    if HINT.search(text) or SECRETIVE.search(text) or NUMBERS.search(text):
        return True
    return len(data) > 24 and BASE64.search(text) is not None


def blotted(text: str) -> str:
    """A text in base64 that holds noise, or is damaged, with what reads like an address in it crossed out, in place.

    Where letters are lost the rest is shifted: whoever looks for people tries each of the four ways to read it.
    """
    tight = "".join(text.split())
    if len(tight) != len(text):
        return text  # in lines: each of them is looked at by itself
    for start in range(4):
        body = text[start:].rstrip("=")
        body = body[: len(body) // 4 * 4]
        data = base64_bytes(body)
        if data is None or not _BARE.search(data):
            continue
        crossed = _BARE.sub(lambda found: b"x" * len(found.group()), data)
        text = text[:start] + written_like(crossed, body) + text[start + len(body) :]
    return text


_BARE = re.compile(rb"[\w.+'-]{2,64}@[\w-]{4,64}(?:\.[\w-]{1,64}){0,8}")


def begun(data: bytes, limit: int) -> tuple[bytes, bool]:
    """What can be unpacked of a gzip stream without an end, and whether that is all that is there; False where it is damaged."""
    try:
        return zlib.decompressobj(31).decompress(data, limit), True
    except zlib.error:
        machine, found = zlib.decompressobj(31), bytearray()
    with contextlib.suppress(zlib.error):
        for at in range(0, len(data), _PIECE):
            found += machine.decompress(data[at : at + _PIECE], max(1, limit - len(found)))
    return bytes(found), False


_PIECE = 64
"""Bytes that are unpacked at once: those in front of the damage are told."""


def written_like(data: bytes, like: str) -> str:
    """``data`` in base64, in the alphabet, the padding and the lines of ``like``."""
    text = base64.b64encode(data).decode()
    stripped = like.rstrip()
    if "-" in stripped or "_" in stripped:
        text = text.replace("+", "-").replace("/", "_")
    if not stripped.endswith("=") and len("".join(stripped.split())) % 4:
        text = text.rstrip("=")
    first = re.match(r"([ \t]*)(\S+)(\r?\n)", like)
    if first and "\n" in stripped:
        margin, line, end = first.groups()
        pieces = [text[at : at + len(line)] for at in range(0, len(text), len(line))]
        text = margin + f"{end}{margin}".join(pieces)
    return text + like[len(stripped) :]


def unquote_json(mark: str) -> str:
    """A JSON string as text; empty where it is none."""
    value = json.loads(mark, strict=False)
    return value if isinstance(value, str) else ""


def quote_json(value: str, raw: str) -> str:
    """A text as a JSON string, escaped like ``raw``."""
    if raw.isascii():
        return json.dumps(value)
    return json.dumps(
        value, ensure_ascii=any("\ud800" <= character <= "\udfff" for character in value) and "\\u" in raw
    )


def quote_yaml(value: str, raw: str) -> str:
    """A text as a YAML scalar, with the tag and the line end of ``raw``."""
    tag = re.match(r"(?:[!&]\S*[ \t\r\n]+)*", raw)
    text = json.dumps(value, ensure_ascii=False)
    text = re.sub(r"[\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029]", lambda found: f"\\u{ord(found.group()):04x}", text)
    body = raw.rstrip()
    tail = raw[len(body) :]
    block = re.match(r"(?:[!&]\S*[ \t\r\n]+)*[|>]", raw) is not None
    if block and "\n" in tail:
        tail = "\n" + tail.rpartition("\n")[2]
    return f"{tag.group() if tag else ''}{text}{tail}"


def netstring(inner: bytes, mark: bytes) -> bytes:
    """A typed netstring."""
    return b"%d:%s%s" % (len(inner), inner, mark)


def net_items(inner: bytes) -> list[tuple[bytes, bytes]] | None:
    """The members of a typed netstring that is a list or a mapping, and their types; None for what is none."""
    items: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(inner):
        colon = inner.find(b":", at, at + 13)
        if colon < 0 or not inner[at:colon].isdigit():
            return None
        end = colon + 1 + int(inner[at:colon])
        items.append((inner[colon + 1 : end], inner[end : end + 1]))
        at = end + 1
    return items


def net_grown(headers: bytes, grown: int) -> bytes:
    """Recorded header lines with a Content-Length that is so much larger."""
    lines = net_items(headers) if grown else None
    if lines is None:
        return headers
    result: list[bytes] = []
    for value, kind in lines:
        pair = net_items(value) if kind == b"]" else None
        if pair is not None and len(pair) == 2 and pair[0][0].lower() == b"content-length" and pair[1][0].isdigit():
            length = str(max(1, int(pair[1][0]) + grown)).encode()
            value = netstring(pair[0][0], pair[0][1]) + netstring(length, pair[1][1])  # noqa: PLW2901  # the line, anew
        result.append(netstring(value, kind))
    return b"".join(result)


def own_lines(lines: list[str]) -> bool:
    """Whether each line is a value of its own rather than a part of one."""
    for line in lines[:50]:
        body = line.strip("\ufeff \t\r\0\x1e")
        if body[:1] == "{":
            try:
                json.loads(body, strict=False)
            except ValueError:
                continue
            return True
    return False
