"""Messages behind each other with a line of 79 dashes between them: Django's file and console mail backends.

``django.core.mail.backends.filebased`` and ``console`` (Django 5.2) write ``message.as_bytes()`` and then such a line. Neither
a Bcc line nor the envelope is written, so blind copies do not show.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell
from mailguard.model.place import Place
from mailguard.recording import broken, is_message_log, lines, looks_like_message, raw_message

__all__ = ["FORMAT"]

_DASHES: Final = b"-" * 79


def _sniff(sample: Sample) -> bool:
    return sample.entries is None and looks_like_message(sample.head) and is_message_log(sample.head)


def _read(source: Source) -> Iterator[Record]:
    # A line of dashes in the text of a message does not end it, unless header lines follow.
    pieces: list[bytes] = []
    after: list[bytes] = []
    start, start_after, count, size = 1, 0, 0, 0
    with source.open() as stream:
        for number, line in lines(stream):
            if isinstance(line, CannotTell):
                yield broken(source, line, number, f"message[{count}]")
                continue
            size += len(line)
            if size > 2 * BODY_LIMIT:
                continue
            if line.rstrip(b"\r\n") == _DASHES:
                if start_after and not _is_message(after):
                    pieces += after
                elif start_after:
                    yield _record(source, pieces, start, count)
                    pieces, start, count, size = after[1:], start_after, count + 1, 0
                after, start_after = [line], number + 1
            elif start_after:
                after.append(line)
            else:
                pieces.append(line)
    if start_after and any(line.strip() for line in after[1:]):
        if _is_message(after):
            yield _record(source, pieces, start, count)
            pieces, start, count = after[1:], start_after, count + 1
        else:
            pieces += after
    if any(piece.strip() for piece in pieces):
        yield _record(source, pieces, start, count)


def _is_message(lines_after: list[bytes]) -> bool:
    return looks_like_message(b"".join(lines_after[1:200]).lstrip())


def _record(source: Source, pieces: list[bytes], line: int, count: int) -> Record:
    return Record(Place(source.path, line, pointer=f"message[{count}]"), raw_message(b"".join(pieces)), first_line=line)


FORMAT = Format(
    name="message-log",
    title="mail log of Django",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see. It keeps neither Bcc nor the envelope, so blind copies do not show.",
)
