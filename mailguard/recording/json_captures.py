"""The records of a capture that is JSON: lines, an array, or the array under a key."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Generator, Iterator
from typing import Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_files import Element, json_elements, streamed_elements
from mailguard.documents.json_values import read_json
from mailguard.model.capture import Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording.streams import broken, head_of, lines, text_of

__all__ = ["STREAMED", "elements_of", "json_head", "json_records", "records_in"]


def elements_of(source: Source, *path: str) -> Iterator[Element] | CannotTell:
    """The members of the array under ``path`` in a JSON file, with no more than a part of a large one in memory.

    They are those of :func:`~mailguard.documents.json_files.json_elements` of :func:`text_of`.
    """
    try:
        with source.open() as stream:
            head = head_of(stream, STREAMED + 1)
        charset = "utf-8-sig" if head[:3] == b"\xef\xbb\xbf" else "utf-8"
        odd = head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head[:4]
        large = len(head) > STREAMED and not odd and all(_texts(source, charset))
    except UnicodeDecodeError:
        large = False  # then all of it is in another encoding
    except (OSError, ValueError):
        return CannotTell(Reason.BAD_RECORD, "the file cannot be read")
    if large:
        return streamed_elements(_texts(source, charset), *path)
    content = text_of(source)
    return content if isinstance(content, CannotTell) else json_elements(content, *path)


def records_in(
    source: Source, path: tuple[str, ...], read: Callable[[Value, Place], Record]
) -> Generator[Record, None, bool]:
    """The records that ``read`` makes of the members of the array under ``path``, with their places; a broken one costs itself.

    Gives whether there was any; a file that cannot be read is a record that says so.
    """
    elements = elements_of(source, *path)
    if isinstance(elements, CannotTell):
        yield broken(source, elements)
        return True
    found = False
    for element in elements:
        found = True
        place = Place(source.path, element.line, element.column, pointer=f"{'.'.join(path)}[{element.index}]")
        yield Record(place, element.value) if isinstance(element.value, CannotTell) else read(element.value, place)
    return found


STREAMED: Final = 4 << 20
"""Bytes of a file that is read at once."""
_PIECE: Final = 1 << 20
"""Bytes of a larger one that are: each time what is left of those before is copied."""


def _texts(source: Source, charset: str) -> Iterator[str]:
    """A file piece by piece; of a cut gzip stream what there is. Raises ``OSError`` and ``UnicodeDecodeError``."""
    decoder = codecs.getincrementaldecoder(charset)()
    with source.open() as stream:
        read = getattr(stream, "read1", stream.read)  # see head_of
        while True:
            try:
                piece = read(_PIECE)
            except EOFError:
                piece = b""
            if text := decoder.decode(piece, final=not piece):
                yield text
            if not piece:
                return


def json_head(head: bytes) -> str:
    """The beginning of a JSON file as text, its strings inside strings opened; empty for what is no JSON."""
    text = decode_text(head).lstrip("\ufeff \t\r\n")
    return text.replace("\\", "") if text[:1] in ("{", "[") else ""


def json_records(source: Source, *keys: str) -> Iterator[tuple[Value | CannotTell, Place]]:
    """The objects of a JSON file, with their places.

    They are the lines of JSON Lines, the members of an array, those of the first array under one of ``keys`` that is there,
    or else the file itself.
    """
    with source.open() as stream:
        head = decode_text(head_of(stream)).lstrip("\ufeff \t\r\n")
    first, end, rest = head.partition("\n")
    if end and rest.lstrip()[:1] == "{" and first[:1] == "{" and not isinstance(read_json(first), CannotTell):
        with source.open() as stream:
            for number, line in lines(stream):
                place = Place(source.path, number)
                if isinstance(line, CannotTell):
                    yield line, place
                elif text := line.strip(b"\xef\xbb\xbf \t\r\n\0"):
                    value = read_json(text)
                    yield _NOT_JSON if isinstance(value, CannotTell) else value, place
        return
    content = text_of(source)
    if isinstance(content, CannotTell):
        yield content, Place(source.path)
        return
    whole = content.lstrip("\ufeff \t\r\n").startswith("{")
    for key in keys if whole else ():
        found = False
        for element in json_elements(content, *key.split(".")):
            found = True
            yield element.value, Place(source.path, element.line, element.column, pointer=f"{key}[{element.index}]")
        if found:
            return
    for element in json_elements(content):
        pointer = "" if whole else f"[{element.index}]"
        yield element.value, Place(source.path, element.line, element.column, pointer=pointer)


_NOT_JSON: Final = CannotTell(Reason.BAD_RECORD, "the record is not valid JSON")
