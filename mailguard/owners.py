r"""Who owns a file: ``CODEOWNERS``, by GitHub's rules, or by GitLab's where the file has sections.

The first of three places counts, the last pattern that matches a file wins, and a pattern
without owners says that nobody owns what it matches (docs.github.com, "About code owners").
Patterns are like those of ``.gitignore`` except that ``!``, ``[...]`` and ``\#`` mean nothing
special there. In a file with sections (docs.gitlab.com, "Code Owners syntax and error handling") each
section speaks for itself, and may name owners for its lines that name none.

A ``CODEOWNERS`` file is a stranger's: its size is bounded, and no pattern takes more time than
patterns times names. Owners may be written as addresses; whoever prints one goes through ``redact``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailguard.discover import File

__all__ = ["Owners", "owners_of", "read_owners"]

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where a forge looks, in this order. GitHub: the first three; GitLab: the root, ``docs/`` and ``.gitlab/``."""

SIZE_LIMIT: Final = 3 << 20
"""Bytes. GitHub does not load a larger file."""

_SECTION: Final = re.compile(r"\^?\[([^\[\]]{1,200})\](?:\[\d{1,4}\])?((?:\s[^#]{0,4000})?)(?:#.*)?\Z")
"""``[Name]``, ``^[Name]`` where its approval is optional, ``[Name][2] @default``."""

_WORD: Final = re.compile(r"(?:\\.|[^\\\s])+")
"""A pattern; a space in it is escaped."""


@dataclass(frozen=True, slots=True)
class _Line:
    names: tuple[str, ...]
    """The names of the pattern, one for each folder on the way; ``**`` stands for any number of them."""
    owners: tuple[str, ...]
    exclusion: bool = False
    """GitLab: what it matches has no owner in this section, whatever the other lines say."""
    below: bool = True
    """Whether a folder that it matches stands for all that is in it."""


@dataclass(frozen=True, slots=True)
class Owners:
    """What a ``CODEOWNERS`` file says."""

    path: str = ""
    """Where it lies; empty where there is none."""
    problem: str = ""
    """Why it was not read although it is there: ``larger than 3 MB``; empty if it was."""
    sections: tuple[tuple[_Line, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.path) and not self.problem

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file, as they are written there; empty if nobody owns it."""
        names = path.split("/")
        found: dict[str, None] = {}
        for section in self.sections:
            matching = [line for line in section if _matches(line, names)]
            if matching and not any(line.exclusion for line in matching):
                found.update(dict.fromkeys(matching[-1].owners))
        return tuple(found)


def owners_of(text: str, path: str = "CODEOWNERS") -> Owners:
    """What the text of a ``CODEOWNERS`` file says. Lines that mean nothing are passed over, as forges do."""
    lines = [line.strip() for line in text.removeprefix("\ufeff").splitlines()]
    gitlab = path.startswith(".gitlab/") or (
        not path.startswith(".github/") and any(_SECTION.match(line) for line in lines)
    )
    sections: dict[str, list[_Line]] = {"": []}
    current = sections[""]
    default: tuple[str, ...] = ()
    for line in lines:
        if not line or line.startswith("#"):
            continue
        if gitlab and (header := _SECTION.match(line)) is not None:
            # The same name again, in whatever case, goes on with the section.
            current = sections.setdefault(header[1].strip().casefold(), [])
            default = _named(header[2])
            continue
        found = _line(line, default, gitlab=gitlab)
        if found is not None:
            current.append(found)
    return Owners(path, "", tuple(tuple(section) for section in sections.values() if section))


def _line(line: str, default: tuple[str, ...], *, gitlab: bool) -> _Line | None:
    word = _WORD.match(line)
    if word is None:
        return None
    pattern = word.group()
    exclusion = gitlab and pattern.startswith("!")
    if not gitlab and (pattern.startswith(("!", "\\#")) or "[" in pattern):
        return None  # GitHub knows neither of them; such a line is an error there
    names = _names(pattern.removeprefix("!") if exclusion else pattern, gitlab=gitlab)
    if not names:
        return None
    owners = _named(line[word.end() :]) or default
    return _Line(names, owners, exclusion, below=not gitlab and names[-1] != "*")


def _named(text: str) -> tuple[str, ...]:
    """The owners on a line, up to a comment. What is neither a handle nor an address is none."""
    owners = []
    for word in text.split():
        if word.startswith("#"):
            break
        if "@" in word:
            owners.append(word)
    return tuple(dict.fromkeys(owners))


def _names(pattern: str, *, gitlab: bool) -> tuple[str, ...]:
    """The names of a pattern. Without a slash before its end it matches at any depth; with GitLab so does ``a/b``."""
    text = re.sub(r"\\(.)", r"\1", pattern)
    folder = text.endswith("/")
    names = [name for name in text.split("/") if name]
    if not names:
        return ()
    anchored = text.startswith("/") or (not gitlab and len(names) > 1)
    if not anchored and names[0] != "**":
        names.insert(0, "**")
    if folder:
        # A folder, and at least one name in it; behind stars the folder has a name too.
        names += ["*", "**"] if names[-1] == "**" else ["**"]
    return tuple(names)


def _matches(line: _Line, names: Sequence[str]) -> bool:
    """Whether a pattern matches the path of ``names``: a walk over all its places at once."""
    pattern = line.names
    places = _behind_stars(pattern, {0})
    for index, name in enumerate(names):
        reached: set[int] = set()
        for place in places:
            if place >= len(pattern):
                continue
            if pattern[place] == "**":
                reached.add(place)
                if place == len(pattern) - 1:
                    return True  # all that is below; at least this name is
            elif _one(name, pattern[place]):
                reached.add(place + 1)
        ends = len(pattern) in reached
        if ends and (index == len(names) - 1 or line.below):
            return True
        places = _behind_stars(pattern, reached)
    return False


def _behind_stars(pattern: tuple[str, ...], places: set[int]) -> set[int]:
    """The places with those behind stars that stand for no folder; a last ``**`` stands for one name at least."""
    result = set(places)
    for place in places:
        while place < len(pattern) - 1 and pattern[place] == "**":
            place += 1  # noqa: PLW2901  # any number of folders may be none
            result.add(place)
    return result


def _one(name: str, pattern: str) -> bool:
    # fnmatch's expressions have no way back over a star. Brackets are letters like any other.
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def read_owners(root: Path) -> Owners:
    """What the ``CODEOWNERS`` of the tree at ``root`` says. A link out of the tree is not followed."""
    for place in PLACES:
        file = root / place
        real = file.resolve()
        if not file.is_file() or not real.is_relative_to(root.resolve()):
            continue
        try:
            if real.stat().st_size > SIZE_LIMIT:
                return Owners(place, "larger than 3 MB")
            data = File(place, str(real)).read()
        except OSError:
            return Owners(place, "cannot be opened")
        return owners_of(data.decode("utf-8", "replace"), place)
    return Owners()
