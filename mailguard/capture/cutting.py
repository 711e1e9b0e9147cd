"""Large captures in parts, which one process reads after the other, or several at once."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from mailguard.capture.opening import NO_FIELDS, STDIN, sample_of, unwatched
from mailguard.documents.byte_text import wide
from mailguard.model.capture import Format, Seen, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place

__all__ = ["PART", "Part", "parts"]

PART: Final = 16 << 20
"""Bytes of a part of a file that is read in parts, at most. The same whether one process reads them or several."""


def parts(
    real: str | os.PathLike[str], form: Format, fields: Mapping[str, str] = NO_FIELDS, size: int = 0
) -> Sequence[tuple[int, int]]:
    """Where the parts of a large file begin and end; nothing for a file that is read as a whole. Never raises."""
    real = os.fspath(real)
    size = size or PART
    try:
        if real == STDIN or not Path(real).is_file() or Path(real).stat().st_size <= size:
            return ()
        with Path(real).open("rb") as stream:
            head = stream.read(4)
            if head[:3] == b"\x1f\x8b\x08" or wide(head) or form.part(sample_of(real, fields)) is None:
                return ()
            end = stream.seek(0, os.SEEK_END)
            starts = [0]
            for at in _cuts(end, size):
                if at <= starts[-1]:
                    continue  # within a line that begins in the part before
                # A part takes the lines that begin in it.
                stream.seek(at - 1)
                while (piece := stream.readline(1 << 20)) and not piece.endswith(b"\n"):
                    pass
                if stream.tell() < end:
                    starts.append(stream.tell())
    except (OSError, ValueError):
        return ()
    return tuple(itertools.pairwise([*starts, end]))


def _cuts(end: int, size: int) -> Iterator[int]:
    """Where a file is cut: into equal parts in a number that two or four processes can share.

    The last four are cut once more: a process that is late with one of them keeps the others waiting for half as long.
    """
    count = -(-end // size)
    count += -count % (4 if count > 4 else 2)
    for half in range(1, 2 * count):
        if half % 2 == 0 or half > 2 * (count - 4):
            yield end * half // (2 * count)


class _Slice(io.RawIOBase):
    """A part of a file, as a file; counts its line ends."""

    def __init__(self, raw: BinaryIO, start: int, end: int) -> None:
        super().__init__()
        raw.seek(start)
        self._raw = raw
        self._left = end - start
        self.lines = 0

    def readable(self) -> bool:
        """Like that of any stream."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Like that of any stream."""
        piece = self._raw.read(min(len(buffer), self._left))
        self._left -= len(piece)
        self.lines += piece.count(b"\n")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close both."""
        try:
            super().close()
        finally:
            self._raw.close()


class Part:
    """One part of a large file; ``lines`` is how many it had, once it was read."""

    def __init__(
        self,
        path: str,
        real: str | os.PathLike[str],
        span: tuple[int, int],
        fields: Mapping[str, str] = NO_FIELDS,
        first_line: int = 0,
        opened: Callable[[BinaryIO], None] = unwatched,
        seen: Seen | None = None,
    ) -> None:
        """``span``: one of :func:`parts`; ``first_line``: lines in front of it; ``seen``: see :func:`records`."""
        self.lines = 0
        self._slices: list[_Slice] = []
        self._path, self._real, self._span = path, os.fspath(real), span
        self._fields, self._first_line, self._opened, self._seen = fields, first_line, opened, seen

    def records(self, form: Format) -> Iterator[Record]:
        """Its records; see :func:`records`."""
        try:
            read = form.part(sample_of(self._real, self._fields))
            source = Source(self._path, self._open, tuple, self._fields, self._first_line, self._seen)
            yield from read(source) if read is not None else ()
        except (OSError, EOFError):
            yield Record(Place(self._path), CannotTell(Reason.BAD_RECORD, "the file cannot be read to its end"))
        except Exception as error:  # noqa: BLE001  # see records
            yield Record(
                Place(self._path),
                CannotTell(Reason.BAD_RECORD, f"the reader of this format failed ({type(error).__name__})"),
            )
        self.lines = max((piece.lines for piece in self._slices), default=0)

    def _open(self) -> BinaryIO:
        raw = Path(self._real).open("rb")  # noqa: SIM115  # closed by the slice
        self._opened(raw)
        piece = _Slice(raw, *self._span)
        self._slices.append(piece)
        return io.BufferedReader(piece, 1 << 18)
