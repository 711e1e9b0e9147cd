"""A mailbox file (RFC 4155 and its older relatives): messages one after the other, each behind a ``From `` line.

Writers differ: some forget the blank line in front of the separator, some do not quote ``From `` in bodies, some
end lines in CR. Splitting too often makes a message without recipients; splitting too seldom loses one with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import LINE_LIMIT, broken, head_of, is_separator, lines, raw_message

__all__ = ["FORMAT"]

_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:|>?From ")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    first = sample.head.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1000]
    line, _, rest = first.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n")
    return is_separator(line) or (line.startswith(b"From ") and _HEADER.match(rest) is not None)


def _read(source: Source) -> Iterator[Record]:
    """Split at separators: those that end in a date, and others where an empty line stands before and a header behind."""
    pieces: list[bytes] = []
    size = 0
    start, count = 1, 0
    inner = 1  # where the message behind the separator begins
    held: tuple[int, bytes] | None = None  # a "From " line that the next line decides about
    empty = True  # whether the line before was empty, or there was none

    for number, line in _lines(source):
        if isinstance(line, CannotTell):
            yield broken(source, line, number, f"message[{count}]")
            continue
        if held is not None:
            if _HEADER.match(line):
                if _holds_something(pieces):
                    yield _record(source, pieces, start, inner, count)
                    count += 1
                pieces, size, start, inner = [], 0, held[0], held[0] + 1
            else:
                pieces.append(held[1])
            held = None
        if line.startswith(b"From "):
            if is_separator(line):
                if _holds_something(pieces):
                    yield _record(source, pieces, start, inner, count)
                    count += 1
                pieces, size, start, inner = [], 0, number, number + 1
                empty = False
                continue
            if empty:
                held = (number, line)
                empty = False
                continue
        empty = not line.strip(b"\r\n")
        size += len(line)
        if size <= 2 * BODY_LIMIT:  # the rest of a longer message is not kept; its headers are
            pieces.append(line)
    if held is not None:
        pieces.append(held[1])
    if _holds_something(pieces):
        yield _record(source, pieces, start, inner, count)


def _holds_something(pieces: list[bytes]) -> bool:
    return any(piece.strip() for piece in pieces)


def _record(source: Source, pieces: list[bytes], line: int, inner: int, count: int) -> Record:
    return Record(
        Place(source.path, line, pointer=f"message[{count}]"), raw_message(b"".join(pieces)), first_line=inner
    )


def _lines(source: Source) -> Iterator[tuple[int, bytes | CannotTell]]:
    with source.open() as stream:
        head = head_of(stream)
    if b"\n" in head or b"\r" not in head:
        with source.open() as stream:
            yield from lines(stream)
        return
    # Lines that end in CR alone (old Macs).
    with source.open() as stream:
        number = 0
        rest = b""
        while piece := stream.read(1 << 20):
            *whole, rest = (rest + piece).split(b"\r")
            for line in whole:
                number += 1
                yield number, line + b"\r"
            if len(rest) > LINE_LIMIT:
                yield number + 1, CannotTell(Reason.TOO_LARGE, "the line is longer than the limit")
                return
        if rest:
            yield number + 1, rest


FORMAT = Format(
    name="mbox",
    title="mailbox file",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see. Who got a blind copy only where the recorder noted the envelope.",
)
