"""The records of a capture, one after the other."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from mailguard.capture.opening import NO_FIELDS, STDIN, UnpackableError, nothing, open_capture, unwatched
from mailguard.capture.telling import detect
from mailguard.model.capture import Format, Seen, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place

__all__ = ["records", "source_of"]

FOLDER_LIMIT: Final = 200_000
"""Files of one folder capture (a Maildir)."""


def records(
    path: str,
    real: str | os.PathLike[str],
    form: Format | None = None,
    fields: Mapping[str, str] = NO_FIELDS,
    opened: Callable[[BinaryIO], None] = unwatched,
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
    except UnpackableError as error:
        yield Record(Place(path), error.reason)
    except (OSError, EOFError):
        yield Record(Place(path), CannotTell(Reason.BAD_RECORD, "the file cannot be read to its end"))
    except Exception as error:  # noqa: BLE001  # one broken reader must not stop the others, and must not pass in silence
        yield Record(
            Place(path), CannotTell(Reason.BAD_RECORD, f"the reader of this format failed ({type(error).__name__})")
        )


def source_of(
    path: str,
    real: str,
    fields: Mapping[str, str] = NO_FIELDS,
    on_cut: Callable[[], None] = nothing,
    opened: Callable[[BinaryIO], None] = unwatched,
    seen: Seen | None = None,
) -> Source:
    """What a format reads from; ``on_cut`` is called when a compressed file turns out to be cut."""
    if real != STDIN and Path(real).is_dir():
        return Source(path, _folder, lambda: _members(path, real, fields, on_cut), fields)
    return Source(path, lambda: open_capture(real, on_cut, opened), tuple, fields, 0, seen)


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
    return lambda: open_capture(full, on_cut)
