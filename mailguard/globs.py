"""Patterns for paths, like those of ``.gitignore``."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence

__all__ = ["Globs"]


class Globs:
    """Patterns like those of ``.gitignore``: ``*`` stays in one name, ``**`` crosses folders.

    A pattern without a slash matches a file or folder of that name anywhere; one with a slash
    is relative to ``folder``. What matches a folder matches everything in it. Patterns are a
    stranger's: no number of stars takes more than patterns times names.
    """

    def __init__(self, patterns: Iterable[str], folder: str = "") -> None:
        """``folder`` is that of the settings, relative to the root; empty for the root itself."""
        self._folder = folder.strip("/") + "/" if folder.strip("/") else ""
        self._patterns = [_names(pattern) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def match(self, path: str) -> bool:
        """Whether a path relative to the root matches one of them."""
        if not path.startswith(self._folder):
            return False
        names = path[len(self._folder) :].split("/")
        return any(_matches(pattern, names) for pattern in self._patterns)


def _names(pattern: str) -> tuple[str, ...]:
    """The names of a pattern, one for each folder on the way; ``**`` stands for any number of them."""
    text = pattern.strip().replace("\\", "/").removeprefix("./").rstrip("/")
    names = tuple(name for name in text.split("/") if name)
    return names if "/" in text else ("**", *names)


def _matches(pattern: tuple[str, ...], names: Sequence[str]) -> bool:
    """Whether ``pattern`` matches the path of ``names``, or a folder on its way."""

    def behind_stars(places: set[int]) -> set[int]:
        result = set(places)
        for place in places:
            while place < len(pattern) and pattern[place] == "**":
                place += 1  # noqa: PLW2901  # any number of folders may be none
                result.add(place)
        return result

    places = behind_stars({0})
    if len(pattern) in places:
        return bool(pattern)  # nothing but stars; an empty pattern matches nothing
    for name in names:
        reached = set()
        for place in places:
            if pattern[place] == "**":
                reached.add(place)
            # fnmatch's expressions have no way back over a star.
            elif fnmatch.fnmatchcase(name, pattern[place]):
                reached.add(place + 1)
        places = behind_stars(reached)
        if len(pattern) in places:
            return True
    return False
