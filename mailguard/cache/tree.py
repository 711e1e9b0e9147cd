"""What of a tree decides an answer: times, contents, and what files name."""

from __future__ import annotations

import os
import stat

from mailguard.cache.store import PASSED_OVER, digest

TYPE_CHECKING = False  # typing is not loaded for this
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Final


CODE: Final = (".py", ".pyw", ".ipynb", ".wsgi", "", ".cgi", ".sh")
"""Suffixes of files that are, or may be, Python; ``discover`` says which. A name that starts with a dot has none."""

SETTINGS: Final = (".toml", ".yaml", ".yml", ".json", ".cfg", ".ini")
"""Suffixes of files that may hold settings, rules, or what is known."""

LOUD: Final = b"-"
"""The kind of a file of which any change counts."""

TEST: Final = b"t"
"""The kind of a test file that was not parsed."""

_DEFINES: Final = (b"def", b"class", b"async", b"@")


def suffix_of(name: str) -> str:
    """The suffix of a file name, in small letters; empty for none."""
    return os.path.splitext(name)[1].lower()


def could_matter(name: str) -> bool:
    """Whether a file may be code, or hold settings, by its name."""
    return suffix_of(name) in CODE or suffix_of(name) in SETTINGS


def times_of(about: os.stat_result) -> bytes:
    """What changes whenever a file is written, moved or replaced."""
    return b"%d.%d.%d.%d.%d" % (
        about.st_mtime_ns,
        about.st_ctime_ns,
        about.st_size,
        about.st_ino,
        about.st_mode,
    )


def content_of(path: str, about: os.stat_result) -> bytes:
    """A digest of a file; of a link, where it leads and whether a file is there; the same one for anything else."""
    if stat.S_ISLNK(about.st_mode):
        return digest(os.fsencode(os.readlink(path)) + b"\0%d" % os.path.isfile(path))
    if not stat.S_ISREG(about.st_mode):
        return digest(b"neither")
    with open(path, "rb") as stream:
        return digest(stream.read())


def listing_of(names: Iterable[tuple[str, bool]]) -> bytes:
    """A digest of what is in a folder and could matter; beside each name stands whether it is a folder."""
    kept = sorted(
        name + ("/" if is_folder else "")
        for name, is_folder in names
        if (name not in PASSED_OVER if is_folder else could_matter(name))
    )
    return digest("\0".join(kept).encode("utf-8", "surrogateescape"))


def definitions_of(data: bytes) -> bytes:
    """A digest of the lines that define classes and functions, up to the end of their bases or parameters."""
    kept: list[bytes] = []
    wanted, last = 0, -2
    for number, line in enumerate(data.split(b"\n")):
        if wanted:
            kept.append(line)
            wanted = 0 if b")" in line else wanted - 1
        elif line.lstrip().startswith(_DEFINES):
            kept.append(b"%d" % (bool(kept) and number - last == 1))
            kept.append(line)
            wanted = 20 if b"(" in line and b")" not in line else 0
        else:
            continue
        last = number
    return digest(b"\n".join(kept))


def could_speak(data: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    """Whether a file could matter by what it names, or is in letters that a search may miss."""
    if b"mailguard" in data or b"\0" in data or b"coding" in data[:200]:
        return True
    if not data.isascii() and any(odd in data for odd in (b"\xf0\x9d", b"\xef\xbc", b"\xef\xbd", b"\xef\xbb\xbf")):
        return True
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    from mailguard.search import holds  # noqa: PLC0415  # where a file was edited

    return any(all(holds(part, data) for part in word) for word in words)


def changed_quietly(kind: bytes, data: bytes, words: Sequence[Sequence[bytes]]) -> bool:
    """Whether new content of a file that the run did not look into changes nothing."""
    if kind == LOUD or (kind != TEST and (b"test" in data or definitions_of(data) != kind)):
        return False
    return not data.startswith(b"#!") and not could_speak(data, words)
