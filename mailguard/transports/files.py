"""What stands in attached files: text of Office documents, archives and PDF, without a parser for any of them.

Bounded in all it does: members, bytes after decompression, streams. What cannot be looked into is said in words, never
passed over. Office files are ZIP archives of XML (ECMA-376, ISO/IEC 26300); of PDF (ISO 32000-1) only the literal strings
of text operators and link targets are read, which is what plain reports hold; fonts with an encoding of their own are not.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from mailguard.documents.byte_text import decode_text

__all__ = ["BYTES", "opened", "packed"]

BYTES: Final = 16 << 20
"""Bytes of one attached file after decompression that are looked at."""
_MEMBERS: Final = 2000  # files of one archive
_STREAMS: Final = 2000  # streams of one PDF
_LAYERS: Final = 2  # archives in archives

_TEXTS: Final = re.compile(r"(?i)\.(?:xml|rels|csv|tsv|txt|json|jsonl|ics|vcf|html?|eml|md|log|ya?ml|sql)$")
_NO_TEXT: Final = re.compile(r"(?i)\.(?:png|jpe?g|gif|webp|svgz|bmp|ico|emf|wmf|ttf|otf|woff2?|mp[34]|wav|bin|vml)$")
_INNER: Final = re.compile(r"(?i)\.(?:zip|xlsx|xlsm|docx|docm|pptx|odt|ods|odp|gz|pdf)$")
_BREAKS: Final = re.compile(
    rb"</(?:si|c|is|row|w:p|w:tc|a:p|text:p|table:table-cell|comment)>|<(?:w|text):(?:br|tab|line-break)"
)
_TAGS: Final = re.compile(rb"<[^<>]{0,10000}>")


def packed(data: bytes, kind: str, name: str) -> str:
    """What kind of packed file this is: ``zip``, ``gzip``, ``pdf``, ``ole``; ``other`` for an archive that is not read.

    Empty for a file that is text, or no text at all.
    """
    if data[:4] in (b"PK\3\4", b"PK\5\6"):
        return "zip"
    if data[:3] == b"\x1f\x8b\x08":
        return "gzip"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return "ole"
    if data[:6] in (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07") or data[:4] == b"\x28\xb5\x2f\xfd" or data[:3] == b"BZh":
        return "other"
    if data[:6] == b"\xfd7zXZ\x00" or data[:4] == b"\x78\x9f\x3e\x22":
        return "other"
    named = re.search(r"(?i)\.(pdf|xlsx?|docx?|zip|7z|rar|gz)$", name)
    if b"\0" in data[:1000] and named is not None and "image" not in kind:
        return "other"  # it should be one of these, and is damaged
    return ""


def opened(data: bytes, form: str) -> Iterator[tuple[str, str]]:
    """The texts of a packed file: pairs of a text and of an empty word, or of an empty text and why one is missing."""
    yield from _opened(data, form, _Room(), 0)


class _Room:
    """What may still be unpacked."""

    def __init__(self) -> None:
        self.left = BYTES


def _opened(data: bytes, form: str, room: _Room, layer: int) -> Iterator[tuple[str, str]]:
    match form:
        case "zip":
            yield from _zip(data, room, layer)
        case "gzip":
            text = _inflated(zlib.decompressobj(31), data, room)
            inner = packed(text, "", "") if text is not None else ""
            if text is None:
                yield "", "a damaged archive, or one that is larger than the limit"
            elif inner and layer < _LAYERS:
                yield from _opened(text, inner, room, layer + 1)
            else:
                yield decode_text(text), ""
        case "pdf":
            yield from _pdf(data, room)
        case "ole":
            yield "", "an Office file of the old kind"
        case _:
            yield "", "an archive of a kind that is not read"


def _inflated(machine: zlib._Decompress, data: bytes, room: _Room) -> bytes | None:
    """What a stream holds; None where it is damaged or larger than there is room for."""
    try:
        text = machine.decompress(data, room.left + 1)
    except zlib.error:
        return None
    if len(text) > room.left:
        room.left = 0
        return None
    room.left -= len(text)
    return text


def _zip(data: bytes, room: _Room, layer: int) -> Iterator[tuple[str, str]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, IndexError, KeyError, UnicodeError):
        yield "", "a damaged archive"
        return
    if len(members) > _MEMBERS:
        yield "", "an archive of more files than the limit"
    for member in members[:_MEMBERS]:
        name = member.filename
        if name.endswith("/") or _NO_TEXT.search(name):
            continue
        if member.flag_bits & 1:
            yield "", "an archive with a password"
            return
        inner = _INNER.search(name) is not None
        if not inner and not _TEXTS.search(name):
            continue
        content = _member(archive, member, room)
        if content is None:
            yield "", "a damaged archive, or one that is larger than the limit"
            if not room.left:
                return
        elif inner:
            form = packed(content, "", name)
            if layer >= _LAYERS or not form:
                yield "", "an archive inside an archive"
            else:
                yield from _opened(content, form, room, layer + 1)
        else:
            yield _text(content, name), ""


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: _Room) -> bytes | None:
    # What the directory says of sizes is not believed: reading stops at the limit.
    try:
        with archive.open(member) as stream:
            content = stream.read(room.left + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, EOFError, RuntimeError):
        return None
    except Exception as error:  # noqa: BLE001  # lzma.LZMAError, where Python has lzma at all
        del error
        return None
    if len(content) > room.left:
        room.left = 0
        return None
    room.left -= len(content)
    return content


def _text(content: bytes, name: str) -> str:
    if not name.lower().endswith(".xml"):
        return decode_text(content)  # links of a sheet stand in attributes: mailto:...
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = decode_text(content).encode("utf-8", "replace")
    # A cell ends at its end only: an address may be written in several runs of letters.
    return decode_text(_TAGS.sub(b"", _BREAKS.sub(b"\n\\g<0>", content)), sniff=False)


# --- PDF -------------------------------------------------------------------------------------------

_STREAM: Final = re.compile(rb"stream\r?\n")
_STRING: Final = re.compile(rb"\((?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,1000}\)){0,20000}\)", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(?:([0-7]{1,3})|\r?\n|(.))", re.DOTALL)
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"", b"f": b""}
_SHOWN: Final = re.compile(rb"\[((?:[^\[\]\\()]|\\.|\((?:[^()\\]|\\.){0,20000}\)){0,50000})\]\s*TJ", re.DOTALL)
_OWN_FONTS: Final = re.compile(rb"/Identity-[HV]|/Type3\b|/Differences\b")


def _pdf(data: bytes, room: _Room) -> Iterator[tuple[str, str]]:
    data = data[:BYTES]
    if b"/Encrypt" in data:
        yield "", "a PDF with a password"
        return
    missing = False
    pieces = [data]
    fonts = bool(_OWN_FONTS.search(data))
    end = 0
    for count, match in enumerate(_STREAM.finditer(data)):
        if count >= _STREAMS:
            missing = True
            break
        if match.start() < end:
            continue
        end = data.find(b"endstream", match.end())
        end = len(data) if end < 0 else end
        head = data[max(0, match.start() - 1000) : match.start()].rpartition(b"obj")[2]
        if b"/Image" in head or b"/FontFile" in head or b"/Length1" in head:
            continue
        if b"FlateDecode" in head or b"/Fl " in head:
            content = _inflated(zlib.decompressobj(), data[match.end() : end], room)
            if content is None:
                missing = True
                continue
            fonts = fonts or bool(_OWN_FONTS.search(content))
            pieces.append(content)
        elif b"Filter" in head:
            missing = True
    for piece in pieces:
        text = _strings(piece)
        if "@" in text:
            yield text, ""
    if fonts:
        yield "", "a PDF with fonts of its own"
    elif missing:
        yield "", "a PDF that is packed otherwise, or larger than the limit"


def _strings(content: bytes) -> str:
    """The literal strings of a stream; those of one array are one word, as letters are moved closer in it."""
    arrays = (b"".join(_plain(part) for part in _STRING.findall(match)) for match in _SHOWN.findall(content))
    single = (_plain(part) for part in _STRING.findall(content))
    return decode_text(b"\n".join((*arrays, *single)), sniff=False)


def _plain(string: bytes) -> bytes:
    inner = string[1:-1]
    if b"\\" not in inner:
        return inner

    def unescaped(match: re.Match[bytes]) -> bytes:
        if match[1]:
            return bytes([int(match[1], 8) & 255])
        return _ESCAPES.get(match[2], match[2]) if match[2] else b""

    return _ESCAPE.sub(unescaped, inner)
