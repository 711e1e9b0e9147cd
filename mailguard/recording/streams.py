"""A capture as it is read: the lines of a stream, its beginning, or all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place

__all__ = ["CHUNK", "FILE_LIMIT", "LINE_LIMIT", "batches", "broken", "content_of", "head_of", "lines", "text_of"]

FILE_LIMIT: Final = 512 << 20
"""Bytes of a capture in a format that has to be read whole (HAR, cassettes)."""

LINE_LIMIT: Final = 2 * BODY_LIMIT
"""Bytes of one line of a capture: a body at its limit, in base64 and with its headers."""

CHUNK: Final = 1 << 17
"""Bytes that are read at once: so few that memory is used again, where of more each page is asked of the system anew."""


def lines(stream: BinaryIO, limit: int = LINE_LIMIT) -> Iterator[tuple[int, bytes | CannotTell]]:
    """The lines of a stream with their numbers, from 1, line ends included.

    A line above ``limit`` is a reason instead, and is passed over without being kept. Where the stream breaks (a cut or
    damaged gzip stream), the last one is a reason.
    """
    number = 0
    while True:
        number += 1
        try:
            line = stream.readline(limit)
            whole = len(line) < limit or line.endswith(b"\n")
            while not whole:
                rest = stream.readline(CHUNK)
                whole = not rest or rest.endswith(b"\n")
        except (OSError, EOFError, ValueError):
            yield number, CannotTell(Reason.BODY_CUT, "the file ends before its end, or is damaged")
            return
        if not line:
            return
        if len(line) >= limit and not line.endswith(b"\n"):
            yield number, _TOO_LONG
        else:
            yield number, line


def batches(stream: BinaryIO, limit: int = LINE_LIMIT) -> Iterator[list[bytes] | CannotTell]:
    """The lines of a stream without their ends, many at once; what :func:`lines` says a reason of is a reason here."""
    # read() of a buffered stream drops what it has when the stream breaks; read1() gives it first.
    read = getattr(stream, "read1", stream.read)
    pieces: list[bytes] = []  # the line whose end was not read yet
    size = 0
    while True:
        try:
            piece = read(CHUNK)
        except (OSError, EOFError, ValueError):
            if pieces and size < limit:
                yield [b"".join(pieces)]
            elif pieces:
                yield _TOO_LONG
            yield CannotTell(Reason.BODY_CUT, "the file ends before its end, or is damaged")
            return
        if not piece:
            break
        first, end, rest = piece.partition(b"\n")
        if size + len(first) >= limit:
            size += len(first)
            pieces = [b""]
        else:
            pieces.append(first)
            size += len(first)
        if not end:
            continue
        if size >= limit:
            yield _TOO_LONG
            whole = []
        else:
            whole = [b"".join(pieces)]
        *more, last = rest.split(b"\n")
        whole += more
        pieces, size = ([last] if last else []), len(last)
        if whole:
            yield whole
    if pieces:
        yield _TOO_LONG if size >= limit else [b"".join(pieces)]


_TOO_LONG: Final = CannotTell(Reason.TOO_LARGE, "the line is longer than the limit")


def head_of(stream: BinaryIO, size: int = 1 << 16) -> bytes:
    """The first bytes of a stream, as many as there are; a cut gzip stream gives what it has. Raises ``OSError``."""
    # read() of a buffered stream drops what it has when the stream breaks; read1() gives it first.
    read = getattr(stream, "read1", stream.read)
    head = b""
    try:
        while len(head) < size and (piece := read(size - len(head))):
            head += piece
    except EOFError:
        pass  # reading on will say so
    return head


def content_of(source: Source, limit: int = FILE_LIMIT) -> bytes | CannotTell:
    """All of a capture, or why not."""
    pieces: list[bytes] = []
    room = limit
    try:
        with source.open() as stream:
            read = getattr(stream, "read1", stream.read)  # see head_of
            while piece := read(CHUNK):
                room -= len(piece)
                if room < 0:
                    return CannotTell(Reason.TOO_LARGE, "the file is larger than the limit")
                pieces.append(piece)
    except EOFError:
        # A gzip stream that was cut. What came before is worth reading; capture.records says that it is not all.
        return b"".join(pieces) if pieces else CannotTell(Reason.BODY_CUT, "the file ends before its end")
    except (OSError, ValueError):
        return CannotTell(Reason.BAD_RECORD, "the file cannot be read")
    return b"".join(pieces)


def text_of(source: Source, limit: int = FILE_LIMIT) -> str | CannotTell:
    """All of a capture as text, in whatever encoding it is."""
    content = content_of(source, limit)
    return content if isinstance(content, CannotTell) else decode_text(content)


def broken(source: Source, reason: CannotTell, line: int = 0, pointer: str = "") -> Record:
    """The record of something that could not be read."""
    return Record(Place(source.path, line, pointer=pointer), reason)
