"""What debugging mail servers print: ``python -m smtpd -c DebuggingServer`` and aiosmtpd's ``Debugging`` handler.

Python's ``smtpd`` (to 3.11) and ``aiosmtpd.handlers.Debugging`` (1.4) print each message between two lines of dashes and
words, with a line of mail options in front; smtpd prints bytes as ``b'...'``. Neither prints the envelope.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import broken, lines, looks_like_message, raw_message

__all__ = ["FORMAT"]

_BEGIN: Final = b"---------- MESSAGE FOLLOWS ----------"
_END: Final = b"------------ END MESSAGE ------------"
_NO_BEGINNING: Final = CannotTell(Reason.BAD_RECORD, "a message ends that did not begin")
_LOST: Final = CannotTell(Reason.BAD_RECORD, "lines of a message stand outside of any")
_TORN: Final = CannotTell(Reason.BAD_RECORD, "lines of the message are damaged")
_READERS = re.compile(rb"(?i)(?:b['\"])?(?:resent-)?(?:to|cc|bcc)[ \t]*:[^\r\n]*@")
_MARK = re.compile(rb"-{3,} ?.{0,20}(?:MESSAGE FOLLOWS|END MESSAGE)|(?:MESSAGE FOLLOWS|END MESSAGE).{0,20} ?-{3,}")
"""What is left of the line between two messages."""
_OPTIONS = re.compile(rb"(?:mail|rcpt) options: ")
_LITERAL = re.compile(rb"b(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")
_MARKED: Final = re.compile(rb"(?:\A|\n)" + re.escape(_BEGIN) + rb"[ \t]*(?:\r?\n|\Z)")


def _sniff(sample: Sample) -> bool:
    found = _MARKED.search(sample.head) if sample.entries is None else None
    if found is None:
        return False
    front = sample.head[: found.start()]
    return _END in front or not looks_like_message(front)  # it may have lost its beginning


def _read(source: Source) -> Iterator[Record]:
    pieces: list[bytes] | None = None
    start, count, size = 0, 0, 0
    options = False
    lost = 0  # the line of readers that stands outside of any message
    with source.open() as stream:
        for number, line in lines(stream):
            if isinstance(line, CannotTell):
                yield broken(source, line, number, f"message[{count}]")
                continue
            bare = line.strip()
            if bare == _BEGIN:
                if pieces is not None:
                    yield _record(source, pieces, start, count, whole=False)
                    count += 1
                if lost:
                    yield broken(source, _LOST, lost, f"message[{count}]")
                    count += 1
                pieces, start, size, options, lost = [], number + 1, 0, False, 0
            elif pieces is None and bare == _END:
                yield broken(source, _NO_BEGINNING, number, f"message[{count}]")
                count += 1
                lost = 0
            elif pieces is None:
                # What else the server, or the program beside it, prints; or lines of a message that lost its mark.
                lost = lost or (number if _READERS.match(line) else 0)
            elif bare == _END:
                yield _record(source, pieces, start, count)
                count += 1
                if any(map(_MARK.search, pieces)) or (
                    any(map(_is_bytes, pieces[:2])) and not all(map(_is_bytes, pieces))
                ):
                    # Not written by the server: where one message ends and another one begins may stand there.
                    yield broken(source, _TORN, number, f"message[{count}]")
                    count += 1
                pieces = None
            elif not pieces and (_OPTIONS.match(line) or not bare or (options and bare == b"b''")):
                options, start = True, number + 1
            else:
                size += len(line)
                if size <= 2 * BODY_LIMIT:
                    pieces.append(line)
    if pieces is not None:
        yield _record(source, pieces, start, count, whole=False)
        count += 1
    if lost:
        yield broken(source, _LOST, lost, f"message[{count}]")


def _is_bytes(line: bytes) -> bool:
    return _LITERAL.fullmatch(line.rstrip(b"\r\n")) is not None


def _plain(line: bytes) -> bytes:
    """A line as it was sent: smtpd prints bytes as Python writes them."""
    text = line.rstrip(b"\r\n")
    if _LITERAL.fullmatch(text):
        try:
            value = ast.literal_eval(text.decode("ascii"))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return line
        if isinstance(value, bytes):
            return value + b"\n"
    return line


def _record(source: Source, pieces: list[bytes], line: int, count: int, *, whole: bool = True) -> Record:
    place = Place(source.path, line, pointer=f"message[{count}]")
    data = b"".join(map(_plain, pieces))
    if not whole and b"\n\n" not in data.replace(b"\r", b""):
        # Cut inside its header lines: people may be missing.
        return Record(place, CannotTell(Reason.BODY_CUT, "the file ends inside the message"))
    return Record(place, raw_message(data), first_line=line)


FORMAT = Format(
    name="debugging-server",
    title="output of a debugging mail server",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see. It prints no envelope, so who got a blind copy does not show.",
)
