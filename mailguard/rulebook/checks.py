"""Checks on what a rule file holds, and the words of the errors: never an address of the file."""

from __future__ import annotations

import difflib
import enum
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from mailguard.rulebook.rules import RulesError

LIMIT_MAX: Final = 1_000_000
"""The largest limit of a rule; beyond it a rule says nothing."""
TEXT_CHARS: Final = 600
"""The longest text of a rule, examples apart."""
_SLOT: Final = re.compile(r"\{[^{}]*\}")
_T = TypeVar("_T")
_E = TypeVar("_E", bound=enum.Enum)
Lines = dict[tuple[str | int, ...], int]


class Reader:
    """Checks on plain data; each failure is one line."""

    def __init__(self, name: str, lines: Lines) -> None:
        self.name = name
        self.lines = lines

    def fail(self, path: tuple[str | int, ...], what: str) -> NoReturn:
        """Raise the error that ``what`` is wrong at ``path``."""
        line = next((self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), None)
        raise RulesError(f"{self.name}:{line}: {what}" if line else f"{self.name}: {what}")

    def mapping(self, value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        """A mapping."""
        if not isinstance(value, dict):
            self.fail(path, f"{self.called(path)} must be a block of names and values. Write NAME: VALUE lines")
        return value

    def sequence(self, value: Any, path: tuple[str | int, ...]) -> list[Any]:
        """A list."""
        if not isinstance(value, list):
            self.fail(path, f"{self.called(path)} must be a list. Write each entry after a dash")
        return value

    def keys(self, value: dict[str, Any], path: tuple[str | int, ...], allowed: Collection[str]) -> None:
        """No key but those."""
        for key in value:
            if key not in allowed:
                self.fail((*path, key), f"there is no {quoted(key)}{meant(key, allowed)}")

    def text(self, value: Any, path: tuple[str | int, ...], *, slots: Collection[str] = (), most: int = 0) -> str:
        """A text for people: not empty, not too long, no control characters, no address."""
        if not isinstance(value, str) or not value.strip():
            self.fail(path, f"{self.called(path)} must be a text. Write it after the colon, in quotes")
        content = " ".join(value.split())
        if len(content) > (most or TEXT_CHARS):
            self.fail(path, f"{self.called(path)} is longer than {most or TEXT_CHARS} characters. Shorten it")
        if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in content):
            self.fail(path, f"{self.called(path)} holds a control character. Remove it")
        if "@" in content:
            self.fail(path, f"{self.called(path)} holds an @. Keep addresses out of what is printed")
        for slot in _SLOT.findall(content):
            if slot not in slots:
                known = ", ".join(sorted(slots)) or "none"
                self.fail(path, f"{self.called(path)} has the slot {quoted(slot)}. Known here: {known}")
        return content

    def number(self, value: Any, path: tuple[str | int, ...], most: int) -> int:
        """A whole number from 0 to ``most``."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.fail(path, f"{self.called(path)} must be a whole number from 0 to {most:,}")
        return value

    def flag(self, value: Any, path: tuple[str | int, ...]) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            self.fail(path, f"{self.called(path)} must be true or false")
        return value

    def member(self, value: Any, path: tuple[str | int, ...], kinds: Mapping[str, _T]) -> _T:
        """One of the words of ``kinds``."""
        if not isinstance(value, str) or value not in kinds:
            if isinstance(value, str):
                self.fail(path, f"there is no {self.called(path)} {quoted(value)}{meant(value, kinds)}")
            self.fail(path, f"{self.called(path)} must be one of: {', '.join(kinds)}")
        return kinds[value]

    @staticmethod
    def called(path: tuple[str | int, ...]) -> str:
        """How an error names the value at ``path``."""
        names = [part for part in path if isinstance(part, str)]
        return quoted(names[-1]) if names else "the file"


def quoted(content: object) -> str:
    """A word of a rule file as errors print it: never an address, a control character or a long text."""
    if isinstance(content, str) and 0 < len(content) <= 60 and content.isprintable() and "@" not in content:
        return f'"{content}"'
    return "this"


def shown_path(path: Path) -> str:
    """A path as errors print it."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in path.as_posix())


def meant(content: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown word: the nearest known one, or all of them."""
    words = [str(word) for word in known]
    near = difflib.get_close_matches(content[:100], words, n=1)
    if near:
        return f'. Did you mean "{near[0]}"?'
    return f". Known: {', '.join(words)}" if len(words) <= 16 else ""


def words_of(kind: type[_E]) -> dict[str, _E]:
    """The words of an enumeration, as rule files have them."""
    return {str(member.value): member for member in kind}
