"""Which format a capture is in: content decides, not the suffix."""

from __future__ import annotations

import functools
import json
import os
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from mailguard.capture.opening import NO_FIELDS, UnpackableError, sample_of
from mailguard.documents.byte_text import decode_text
from mailguard.model.capture import Format, Sample
from mailguard.model.count import Truth
from mailguard.model.message import CannotTell, Reason
from mailguard.shelf import shelf

__all__ = ["GROUP", "addresses_in", "detect", "folders", "formats", "is_damaged", "is_empty", "loose", "named_so"]

GROUP: Final = "mailguard.captures"
"""The group of entry points by which other packages bring formats."""


@functools.cache
def formats() -> tuple[Format, ...]:
    """Every known format, those of other packages included. Raises :class:`~mailguard.shelf.ShelfError`."""
    return shelf("mailguard.captures", "FORMAT", Format, GROUP)


def detect(real: str | os.PathLike[str], fields: Mapping[str, str] = NO_FIELDS) -> Format | CannotTell | None:
    """The format of a file, a folder or standard input (``-``); None if it is no capture that mailguard knows.

    ``fields`` is the mapping of the settings for a log in a shape of its own. A reason, where it may be a capture and
    cannot be looked at. Never raises, except :class:`~mailguard.shelf.ShelfError`.
    """
    try:
        sample = sample_of(os.fspath(real), fields)
    except UnpackableError as error:
        return error.reason
    except (OSError, EOFError, zlib.error, ValueError):
        return CannotTell(Reason.BAD_RECORD, "the file cannot be opened")
    return next((form for form in formats() if _says_yes(form, sample)), None)


_CAPTURE_NAMES: Final = (".eml", ".har", ".mbox", ".mitm")


def named_so(path: str) -> bool:
    """Whether the name of a file says that it is a capture, so that it must not pass unread, whatever is in it."""
    name = path.lower().removesuffix(".gz").removesuffix(".zst")
    return name.endswith(_CAPTURE_NAMES)


_JSON_NAMES: Final = (".json", ".jsonl", ".ndjson", ".chlsj")
_KEYS = re.compile(
    r'(?i)"(method|verb|urls?|uri|headers?|body|payload|request|envelope|rcpt_to|interactions|recipients|personalizations|Destination)\\?"\s*:'
)
_ADDRESS = re.compile(r"[\w.+-](?:@|%40|\\u0040)[\w-]{1,60}\.\w")
_KINDS: Final = 3
"""So many different names of a request stand in a recorded one; in one without its beginning, one less."""


def is_damaged(real: str | os.PathLike[str]) -> bool:
    """Whether a file that is in no known format looks like what is left of one in JSON: it is none, and people stand in it.

    Never raises. What is JSON, and no capture, is another file; see :func:`addresses_in`.
    """
    text, whole = _like_requests(real)
    return bool(text) and not _is_json(text, whole=whole)


def addresses_in(real: str | os.PathLike[str]) -> Sequence[str]:
    """The web addresses in a JSON file that is in no known format, where people and parts of requests stand in it. Never raises."""
    text, whole = _like_requests(real)
    if not text or _DESCRIPTION.match(text) is not None or not _is_json(text, whole=whole):
        return ()
    return tuple(dict.fromkeys(_URL.findall(text)))[:_ADDRESSES]


_DESCRIPTION = re.compile(
    r'\{\s*(?:"[\w$-]{1,40}"\s*:\s*(?:"[^"]{0,400}"|\d{1,9}|true|false|null|\[\s*\])\s*,\s*){0,12}'
    r'(?:"(?:openapi|swagger|asyncapi)"\s*:\s*"[0-9]|"(?:nbformat|lockfileVersion)"\s*:\s*[0-9]|"\$schema"\s*:\s*"https?://json-schema\.org/'
    r'|"kind"\s*:\s*"discovery#|"cells"\s*:\s*\[)'
)
"""How the description of an API begins, a notebook, or another file whose requests are examples at most."""


_URL = re.compile(r"https?://[^\s\"'\\\\<>{}]{4,300}")
_ADDRESSES: Final = 40
"""So many different ones are looked at."""


def _like_requests(real: str | os.PathLike[str]) -> tuple[str, bool]:
    """The beginning of a file that reads like recorded requests in JSON, and whether it is all of it; else nothing."""
    try:
        sample = sample_of(os.fspath(real), NO_FIELDS)
    except (OSError, EOFError, zlib.error, ValueError):
        return "", True
    text = decode_text(sample.head).lstrip("\ufeff \t\r\n")
    name = sample.name.lower().removesuffix(".gz").removesuffix(".zst")
    begun = text[:1] in ("{", "[")
    if not begun and not name.endswith(_JSON_NAMES):
        return "", True
    names = {name.lower() for name in _KEYS.findall(text)}
    like = len(names) >= _KINDS - (not begun) and _ADDRESS.search(text) is not None
    return (text, sample.whole) if like else ("", True)


def _is_json(text: str, *, whole: bool) -> bool:
    try:
        json.JSONDecoder(strict=False).raw_decode(text)
    except RecursionError:
        return False
    except json.JSONDecodeError as error:
        # Where there is more than was looked at, the end of that is none of the file.
        return not whole and (error.pos >= len(text) - _NEAR_THE_END or error.msg.startswith("Unterminated"))
    return True


_NEAR_THE_END: Final = 20


def is_empty(real: str | os.PathLike[str]) -> bool:
    """Whether nothing at all is in a file: a mailbox without messages."""
    try:
        return Path(real).stat().st_size == 0
    except OSError:
        return False


def loose(real: str | os.PathLike[str], form: Format) -> Truth:
    """Whether requests are answered from a capture whatever their body is; maybe: the tests say so. Never raises."""
    try:
        return form.loose(sample_of(os.fspath(real), NO_FIELDS))
    except Exception:  # noqa: BLE001  # see _says_yes; a file that went away, a format of another package
        return Truth.NO


def _says_yes(form: Format, sample: Sample) -> bool:
    try:
        return form.sniff(sample)
    except Exception:  # noqa: BLE001  # a format of another package must not stop the run
        return False


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
