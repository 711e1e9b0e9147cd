"""Captures: which format a file is in, and its records.

Content decides, not the suffix. Compressed files are unpacked on the way (gzip; zstd where Python has it).
"""

from __future__ import annotations

import functools
import io
import itertools
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import IO, Any, BinaryIO, Final

from mailguard.documents import zstd
from mailguard.model.capture import Format, Sample, Seen, Source
from mailguard.model.count import Truth
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import head_of
from mailguard.shelf import shelf

__all__ = [
    "GROUP",
    "PART",
    "STDIN",
    "Part",
    "detect",
    "folders",
    "formats",
    "is_empty",
    "loose",
    "named_so",
    "parts",
    "records",
    "standard_input",
]

GROUP: Final = "mailguard.captures"
"""The group of entry points by which other packages bring formats."""

STDIN: Final = "-"
"""The path that means standard input."""

HEAD: Final = 1 << 16
"""Bytes that are looked at to tell a format."""

FOLDER_LIMIT: Final = 200_000
"""Files of one folder capture (a Maildir)."""

_NO_FIELDS: Final[Mapping[str, str]] = MappingProxyType({})


@functools.cache
def formats() -> tuple[Format, ...]:
    """Every known format, those of other packages included. Raises :class:`~mailguard.shelf.ShelfError`."""
    return shelf("mailguard.captures", "FORMAT", Format, GROUP)


def detect(real: str | os.PathLike[str], fields: Mapping[str, str] = _NO_FIELDS) -> Format | CannotTell | None:
    """The format of a file, a folder or standard input (``-``); None if it is no capture that mailguard knows.

    ``fields`` is the mapping of the settings for a log in a shape of its own. A reason, where it may be a capture and
    cannot be looked at. Never raises, except :class:`~mailguard.shelf.ShelfError`.
    """
    try:
        sample = _sample(os.fspath(real), fields)
    except _UnpackableError as error:
        return error.reason
    except (OSError, EOFError, zlib.error, ValueError):
        return CannotTell(Reason.BAD_RECORD, "the file cannot be opened")
    return next((form for form in formats() if _says_yes(form, sample)), None)


_CAPTURE_NAMES: Final = (".eml", ".har", ".mbox", ".mitm")


def named_so(path: str) -> bool:
    """Whether the name of a file says that it is a capture, so that it must not pass unread, whatever is in it."""
    name = path.lower().removesuffix(".gz").removesuffix(".zst")
    return name.endswith(_CAPTURE_NAMES)


def is_empty(real: str | os.PathLike[str]) -> bool:
    """Whether nothing at all is in a file: a mailbox without messages."""
    try:
        return Path(real).stat().st_size == 0
    except OSError:
        return False


def loose(real: str | os.PathLike[str], form: Format) -> Truth:
    """Whether requests are answered from a capture whatever their body is; maybe: the tests say so. Never raises."""
    try:
        return form.loose(_sample(os.fspath(real), _NO_FIELDS))
    except Exception:  # noqa: BLE001  # see _says_yes; a file that went away, a format of another package
        return Truth.NO


def _says_yes(form: Format, sample: Sample) -> bool:
    try:
        return form.sniff(sample)
    except Exception:  # noqa: BLE001  # a format of another package must not stop the run
        return False


def _sample(real: str, fields: Mapping[str, str]) -> Sample:
    place = Path(real)
    if real != STDIN and place.is_dir():
        return Sample(place.name, entries=frozenset(entry.name for entry in place.iterdir()), fields=fields)
    if real != STDIN and _undelivered(place):
        return Sample(place.name, fields=fields)
    with _open(real) as stream:
        head = head_of(stream, HEAD + 1)
    return Sample(place.name, head[:HEAD], len(head) <= HEAD, None, fields)


def _undelivered(file: Path) -> bool:
    """Whether a file lies in the ``tmp`` of a Maildir: being written, not delivered."""
    folder = file.absolute().parent
    return folder.name == "tmp" and all((folder.parent / name).is_dir() for name in ("cur", "new"))


class _UnpackableError(OSError):
    """A compression that this Python cannot undo."""

    def __init__(self, reason: CannotTell) -> None:
        super().__init__(reason.detail)
        self.reason = reason


def _nothing() -> None:
    """Hear of a cut file and leave it to the reader."""


def _unwatched(raw: BinaryIO) -> None:
    """Hear which file is opened, and leave it alone."""
    del raw


def _open(
    real: str, on_cut: Callable[[], None] = _nothing, opened: Callable[[BinaryIO], None] = _unwatched
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
            word = "compressed with zstd, which needs Python 3.14 or the package backports.zstd or zstandard"
            raise _UnpackableError(CannotTell(Reason.WRONG_ENCODING, word))
        return unpacked
    return raw


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
def _stdin_copy() -> IO[bytes]:
    # Standard input can be read once, a capture is read twice: to tell its format, and to read it.
    copy = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
    if sys.stdin is not None:  # it is None where the process was started without one
        while piece := sys.stdin.buffer.read(1 << 20):
            copy.write(piece)
    return copy


def standard_input() -> BinaryIO:
    """What came through standard input, from its first byte, as often as it is asked for."""
    copy = os.fdopen(os.dup(_stdin_copy().fileno()), "rb")
    _stdin_copy().flush()
    copy.seek(0)
    return copy


def records(
    path: str,
    real: str | os.PathLike[str],
    form: Format | None = None,
    fields: Mapping[str, str] = _NO_FIELDS,
    opened: Callable[[BinaryIO], None] = _unwatched,
    seen: Seen | None = None,
) -> Iterator[Record]:
    """The records of a capture, one after the other.

    Args:
        path: what places name; relative to the root of the run, with forward slashes.
        real: what is opened; ``-`` for standard input.
        form: its format, if it is known already.
        fields: the mapping of the settings for a log in a shape of its own.
        opened: hears of each file that is opened, as it lies on the disk.
        seen: see :class:`~mailguard.model.capture.Source`; what it says yes to is no record.

    What cannot be read is a record with a reason; a capture in no known format is one such record. Never raises, except
    :class:`~mailguard.shelf.ShelfError`.

    """
    real = os.fspath(real)
    found: Format | CannotTell | None = form or detect(real, fields)
    if found is None:
        found = CannotTell(Reason.BAD_RECORD, "no format that mailguard knows")
    if isinstance(found, CannotTell):
        yield Record(Place(path), found)
        return
    cut: list[bool] = []
    try:
        told = False
        for record in found.read(source_of(path, real, fields, lambda: cut.append(True), opened, seen)):
            told = isinstance(record.exchange, CannotTell) and record.exchange.reason is Reason.BODY_CUT
            yield record
        if cut and not told:
            yield Record(Place(path), CannotTell(Reason.BODY_CUT, "the file ends before its end"))
    except _UnpackableError as error:
        yield Record(Place(path), error.reason)
    except (OSError, EOFError):
        yield Record(Place(path), CannotTell(Reason.BAD_RECORD, "the file cannot be read to its end"))
    except Exception as error:  # noqa: BLE001  # one broken reader must not stop the others, and must not pass in silence
        yield Record(
            Place(path), CannotTell(Reason.BAD_RECORD, f"the reader of this format failed ({type(error).__name__})")
        )


PART: Final = 16 << 20
"""Bytes of a part of a file that is read in parts, at most. The same whether one process reads them or several."""


def parts(
    real: str | os.PathLike[str], form: Format, fields: Mapping[str, str] = _NO_FIELDS, size: int = 0
) -> Sequence[tuple[int, int]]:
    """Where the parts of a large file begin and end; nothing for a file that is read as a whole. Never raises."""
    real = os.fspath(real)
    size = size or PART
    try:
        if real == STDIN or not Path(real).is_file() or Path(real).stat().st_size <= size:
            return ()
        with Path(real).open("rb") as stream:
            if stream.read(4)[:3] == b"\x1f\x8b\x08" or form.part(_sample(real, fields)) is None:
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
        fields: Mapping[str, str] = _NO_FIELDS,
        first_line: int = 0,
        opened: Callable[[BinaryIO], None] = _unwatched,
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
            read = form.part(_sample(self._real, self._fields))
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


def source_of(
    path: str,
    real: str,
    fields: Mapping[str, str] = _NO_FIELDS,
    on_cut: Callable[[], None] = _nothing,
    opened: Callable[[BinaryIO], None] = _unwatched,
    seen: Seen | None = None,
) -> Source:
    """What a format reads from; ``on_cut`` is called when a compressed file turns out to be cut."""
    if real != STDIN and Path(real).is_dir():
        return Source(path, _folder, lambda: _members(path, real, fields, on_cut), fields)
    return Source(path, lambda: _open(real, on_cut, opened), tuple, fields, 0, seen)


def _folder() -> BinaryIO:
    raise OSError("a folder")


def _members(path: str, real: str, fields: Mapping[str, str], on_cut: Callable[[], None]) -> Iterator[Source]:
    """The regular files under a folder, in order; links are not followed."""
    count = 0
    above = "" if path == "." else path.rstrip("/")
    closed: list[OSError] = []
    for folder, names, files in os.walk(real, onerror=closed.append):
        names.sort()
        inner = os.path.relpath(folder, real).replace(os.sep, "/")
        for name in sorted(files):
            full = Path(folder, name)
            if not stat.S_ISREG(full.lstat().st_mode):
                continue
            count += 1
            if count > FOLDER_LIMIT:
                raise OSError("more files than the limit")
            shown = "/".join(part for part in (above, inner if inner != "." else "", name) if part)
            yield Source(shown, _opener(str(full), on_cut), tuple, fields)
    if closed:
        raise closed[0]  # what is inside does not pass unread


def _opener(full: str, on_cut: Callable[[], None]) -> Callable[[], BinaryIO]:
    return lambda: _open(full, on_cut)


def folders(files: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Files as they were found, with the files of each folder capture (Maildir, MH) put together.

    Takes and gives pairs of what is printed and what is opened. A file in the ``tmp`` of a Maildir goes with it.
    """
    result: dict[str, str] = {}
    known: dict[Path, tuple[str, str] | None] = {}
    for path, real in files:
        folder = Path(real).parent
        if folder not in known:
            known[folder] = _folder_capture(PurePosixPath(path).parent, folder)
        shown, opened = known[folder] or (path, real)
        result.setdefault(shown, opened)
    return tuple(result.items())


def _folder_capture(shown: PurePosixPath, folder: Path) -> tuple[str, str] | None:
    # The Maildir is the folder above cur, new and tmp; an MH folder is the folder itself.
    if folder.name in ("cur", "new", "tmp") and isinstance(detect(folder.parent), Format):
        return str(shown.parent), str(folder.parent)
    return (str(shown), str(folder)) if isinstance(detect(folder), Format) else None
