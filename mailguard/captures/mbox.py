"""A mailbox file (RFC 4155 and its older relatives): messages one after the other, each behind a ``From `` line.

Also MMDF (between lines of four ``^A``) and Babyl (behind ``^_``), as Python's ``mailbox`` and Emacs write them.

Writers differ: some forget the blank line in front of the separator, some do not quote ``From `` in bodies, some
end lines in CR. Splitting too often makes a message without recipients; splitting too seldom loses one with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import BABYL, LINE_LIMIT, broken, head_of, is_separator, lines, raw_message

__all__ = ["FORMAT"]

_MARK: Final = b"\xef\xbb\xbf"
"""A byte order mark, which some editor put in front."""
_BETWEEN: Final = b"\x1f"
_NEARLY = re.compile(
    rb"[^\s>]{1,6} ?\S{1,200}[ \t]+(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9][0-9] [0-9:]{8} [0-9]{4}\s*\Z"
)
"""A separator whose first word is damaged."""
_EOOH: Final = b"*** EOOH ***"
_MMDF_LIKE = re.compile(rb"\x01{2,}")
"""Part of a line between two messages of MMDF, or what is left of one."""
_MMDF_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[^\x01:@]{0,3}\x01{2,}")
_IN_MESSAGE = re.compile(rb"(?i)\*\*\* EOOH|(?:to|cc|bcc|from|subject)[ \t]*:")
"""A line that no options of a Babyl mailbox have."""
_UNSEPARATED: Final = CannotTell(Reason.BAD_RECORD, "what stands between two messages is damaged")
_LABELS = re.compile(rb"[01],[^:\r\n]{0,400},\r?\n")
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:|>?From ")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    first = sample.head.lstrip(b"\xef\xbb\xbf\r\n\t ")[:1000]
    if _MMDF_FIRST.match(sample.head) or sample.head.removeprefix(_MARK).startswith(BABYL):
        return True
    line, _, rest = first.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n")
    return is_separator(line) or (line.startswith(b"From ") and _HEADER.match(rest) is not None)


def _read(source: Source) -> Iterator[Record]:
    """Split at separators: those that end in a date, and others where an empty line stands before and a header behind."""
    with source.open() as stream:
        head = head_of(stream, 64).removeprefix(_MARK)
    if _MMDF_FIRST.match(head):
        yield from _read_mmdf(source)
        return
    if head.startswith(BABYL):
        yield from _read_babyl(source)
        return
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
        if line.startswith(b"From ") or (empty and _NEARLY.match(line)):
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


def _read_mmdf(source: Source) -> Iterator[Record]:
    pieces: list[bytes] = []
    size, start, count = 0, 1, 0
    for number, line in _lines(source):
        if isinstance(line, CannotTell):
            yield broken(source, line, number, f"message[{count}]")
        elif _MMDF_LIKE.search(line) or is_separator(line):
            # Also one that is damaged, or of which only the line behind it is left.
            before, *_, behind = _MMDF_LIKE.split(line) if not is_separator(line) else (b"", b"")
            pieces.append(before)
            if _holds_something(pieces):
                yield _record(source, pieces, start, start, count)
                count += 1
            kept = behind if b":" in behind and not behind.startswith(b"From ") else b""
            pieces, size, start = [kept] if kept else [], 0, number + (not kept)
        elif line.startswith(b"From ") and not pieces:
            start = number + 1
        else:
            size += len(line)
            if size <= 2 * BODY_LIMIT:
                pieces.append(line)
    if _holds_something(pieces):
        yield _record(source, pieces, start, start, count)


def _read_babyl(source: Source) -> Iterator[Record]:
    """Each message: a line of labels, its header block, ``*** EOOH ***``, the header block again, in part, and its text."""
    pieces: list[bytes] = []
    size, start, count, options = 0, 1, -1, True
    for number, line in _lines(source):
        if isinstance(line, CannotTell):
            yield broken(source, line, number, f"message[{max(count, 0)}]")
            continue
        if _BETWEEN in line:
            pieces.append(line.partition(_BETWEEN)[0])  # empty, but for a damaged one
            if not options:
                yield from _babyl_message(source, pieces, start, count)
            elif any(_IN_MESSAGE.match(piece) for piece in pieces):
                yield broken(source, _UNSEPARATED, start)
            options, count = False, count + 1
            pieces, size, start = [], 0, number + 1
            continue
        size += len(line)
        if size <= 2 * BODY_LIMIT:
            pieces.append(line)
    if not options:
        yield from _babyl_message(source, pieces, start, count)
    elif any(_IN_MESSAGE.match(piece) for piece in pieces):
        yield broken(source, _UNSEPARATED, start)


def _babyl_message(source: Source, pieces: list[bytes], line: int, count: int) -> Iterator[Record]:
    labels = 0
    while labels < len(pieces) and (pieces[labels].strip(b"\x0c\r\n") == b"" or _LABELS.match(pieces[labels])):
        labels += 1
    pieces = pieces[labels:]
    end = next((index for index, piece in enumerate(pieces) if piece.startswith(_EOOH)), None)
    inner = line + labels
    if end is not None:
        rest = pieces[end + 1 :]
        blank = next((index for index, piece in enumerate(rest) if not piece.strip()), len(rest))
        # The first block is whole; where the message was never shown there is the second only.
        if _holds_something(pieces[:end]):
            pieces = [*(piece for piece in pieces[:end] if piece.strip()), *rest[blank:]]
        else:
            pieces, inner = rest, inner + end + 1
    if _holds_something(pieces):
        yield _record(source, pieces, line, inner, count)
    if any(piece.startswith(_EOOH) for piece in pieces):
        yield broken(source, _UNSEPARATED, line, f"message[{count}]")


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
            for number, line in lines(stream):
                yield number, line.removeprefix(_MARK) if number == 1 and isinstance(line, bytes) else line
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
