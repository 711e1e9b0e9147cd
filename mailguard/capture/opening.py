"""Captures as bytes: files, parts of folders and standard input, unpacked on the way (gzip; zstd where Python has it)."""

from __future__ import annotations

import codecs
import functools
import io
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, BinaryIO, Final

from mailguard.documents import zstd
from mailguard.documents.byte_text import wide
from mailguard.model.capture import Sample
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import head_of

__all__ = [
    "HEAD",
    "NO_FIELDS",
    "STDIN",
    "UnpackableError",
    "nothing",
    "open_capture",
    "sample_of",
    "standard_input",
    "stdin_copy",
    "unwatched",
]

STDIN: Final = "-"
"""The path that means standard input."""


HEAD: Final = 1 << 16
"""Bytes that are looked at to tell a format."""


NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


def sample_of(real: str, fields: Mapping[str, str] = NO_FIELDS) -> Sample:
    """What a format is told by: the beginning of a file, or the names in a folder. Raises ``OSError`` and what unpacking raises."""
    place = Path(real)
    if real != STDIN and place.is_dir():
        return Sample(place.name, entries=frozenset(entry.name for entry in place.iterdir()), fields=fields)
    if real != STDIN and _undelivered(place):
        return Sample(place.name, fields=fields)
    with open_capture(real) as stream:
        head = head_of(stream, HEAD + 1)
    return Sample(place.name, head[:HEAD], len(head) <= HEAD, None, fields)


def _undelivered(file: Path) -> bool:
    """Whether a file lies in the ``tmp`` of a Maildir: being written, not delivered."""
    folder = file.absolute().parent
    return folder.name == "tmp" and all((folder.parent / name).is_dir() for name in ("cur", "new"))


class UnpackableError(OSError):
    """A compression that this Python cannot undo."""

    def __init__(self, reason: CannotTell) -> None:
        super().__init__(reason.detail)
        self.reason = reason


def nothing() -> None:
    """Hear of a cut file and leave it to the reader."""


def unwatched(raw: BinaryIO) -> None:
    """Hear which file is opened, and leave it alone."""
    del raw


def open_capture(
    real: str, on_cut: Callable[[], None] = nothing, opened: Callable[[BinaryIO], None] = unwatched
) -> BinaryIO:
    """A file, or standard input, from its first byte, unpacked; ``on_cut`` hears of a compressed one that is cut."""
    if real == STDIN:
        raw = standard_input()
    else:
        if not Path(real).is_file():
            raise OSError("not a regular file")
        raw = Path(real).open("rb")  # noqa: SIM115  # closed by the caller, who gets it
    opened(raw)
    magic = raw.read(4)
    raw.seek(0)
    if magic[:3] == b"\x1f\x8b\x08":
        return io.BufferedReader(_Gunzip(raw, on_cut), 1 << 16)
    if magic == zstd.MAGIC:
        unpacked = zstd.reader(raw, on_cut)
        if unpacked is None:
            raw.close()
            word = "compressed with zstd, which needs Python 3.14 or the package backports.zstd or zstandard 0.19"
            raise UnpackableError(CannotTell(Reason.WRONG_ENCODING, word))
        return unpacked
    charset = wide(magic)
    return io.BufferedReader(_Narrow(raw, charset), 1 << 16) if charset else raw


class _Narrow(io.RawIOBase):
    """A text in UTF-16 as one in UTF-8, which every format reads; what is no character becomes a mark for one."""

    def __init__(self, raw: BinaryIO, charset: str) -> None:
        super().__init__()
        self._raw = raw
        self._decoder = codecs.getincrementaldecoder(charset)("replace")
        self._ready = b""

    def readable(self) -> bool:
        """Like that of any stream."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Like that of any stream."""
        while not self._ready:
            piece = self._raw.read(1 << 16)
            self._ready = self._decoder.decode(piece, not piece).encode("utf-8", "replace")
            if not piece:
                break
        given, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)

    def close(self) -> None:
        """Close both."""
        try:
            super().close()
        finally:
            self._raw.close()


class _Gunzip(io.RawIOBase):
    """A gzip stream. Gives all that can be unpacked before it says that the stream is cut, unlike ``gzip.GzipFile``."""

    def __init__(self, raw: BinaryIO, on_cut: Callable[[], None]) -> None:
        super().__init__()
        self._raw = raw
        self._on_cut = on_cut
        self._machine = zlib.decompressobj(31)
        self._input = b""

    def readable(self) -> bool:
        """Like that of any stream."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Like that of any stream. Raises ``EOFError`` at the end of a cut stream, ``OSError`` for a damaged one."""
        while True:
            if self._machine.eof:
                # Members follow each other (RFC 1952, section 2.2); zeros or anything else behind the last is padding.
                self._input = self._machine.unused_data or self._raw.read(1 << 16)
                if self._input[:2] != b"\x1f\x8b":
                    return 0
                self._machine = zlib.decompressobj(31)
            if not self._input:
                self._input = self._raw.read(1 << 16)
            try:
                # Also at the end of a cut stream: some may be unpacked that no buffer had room for.
                piece = self._machine.decompress(self._input, len(buffer))
            except zlib.error as error:
                raise OSError("damaged gzip stream") from error
            cut = not self._input and not piece and not self._machine.eof
            self._input = self._machine.unconsumed_tail
            if cut:
                self._on_cut()
                raise EOFError("the gzip stream is cut")
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)

    def close(self) -> None:
        """Close both."""
        try:
            super().close()
        finally:
            self._raw.close()


@functools.cache
def stdin_copy() -> IO[bytes]:
    """All of standard input, which can be read once; a capture is read twice: to tell its format, and to read it."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
    if sys.stdin is not None:  # it is None where the process was started without one
        while piece := sys.stdin.buffer.read(1 << 20):
            copy.write(piece)
    return copy


def standard_input() -> BinaryIO:
    """What came through standard input, from its first byte, as often as it is asked for."""
    copy = os.fdopen(os.dup(stdin_copy().fileno()), "rb")
    stdin_copy().flush()
    copy.seek(0)
    return copy
