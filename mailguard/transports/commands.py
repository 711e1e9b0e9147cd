"""The words of a command that a program starts, known or not: a list of arguments, or a line for the shell."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.count import ONE, Count
from mailguard.model.value import (
    Known,
    Member,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    inherit,
    sort_of,
    text,
)

__all__ = ["Command", "commands", "name_of"]

_ENDS: Final = frozenset("|;&\n")
"""What ends a command of the shell, so that another one may follow (POSIX, Shell Command Language, 2.9)."""

_REDIRECTS: Final = frozenset("<>")
"""What is followed by the name of a file, which is no argument (2.7)."""


@dataclass(frozen=True, slots=True)
class Command:
    """One program and what it is started with."""

    program: str
    """Its name without the folder; of a value that is not known, the name which that has in the code."""
    arguments: tuple[Member, ...]
    """Its arguments in order; one may stand for several like it."""


@dataclass(slots=True)
class _Word:
    """A word of a line that is being read."""

    parts: list[Value | Repeat] = field(default_factory=list)
    begun: bool = False

    def add(self, part: Value | Repeat) -> None:
        self.begun = True
        if isinstance(part, str) and self.parts and isinstance(self.parts[-1], str):
            self.parts[-1] += part
        elif part != "":
            self.parts.append(part)

    def member(self) -> Member:
        """The word as an argument: what is joined with blanks or commas are the several that were joined."""
        if len(self.parts) != 1:
            return Member(Text(tuple(self.parts)) if self.parts else "", ONE)
        (only,) = self.parts
        return Member(only.value, only.count) if isinstance(only, Repeat) else Member(only, ONE)


def name_of(value: Value) -> str:
    """What ``value`` is called: its own text, or the name of what is not known; empty if it has neither."""
    match value:
        case Unknown():
            return value.why
        case Parameter():
            return value.name
        case Text():
            return "".join("" if isinstance(part, Repeat) else name_of(part) for part in value.parts)
        case _:
            return text(value) or ""


def _parts(value: Value) -> Iterator[Value | Repeat]:
    if isinstance(value, Text):
        for part in value.parts:
            if isinstance(part, Repeat):
                yield Repeat(inherit(part.value, value.trail), part.count, part.separator)
            else:
                yield from (_parts(part) if isinstance(part, (Text, Known, str)) else (inherit(part, value.trail),))
    else:
        known = text(value)
        yield value if known is None else known


def _lines(value: Value) -> Iterator[list[Member]]:
    """The commands of a line for the shell, each as its words."""
    words: list[Member] = []
    word, quote, skip = _Word(), "", False

    def close() -> None:
        nonlocal word, skip
        if word.begun:
            if not skip:
                words.append(word.member())
            skip = False
        word = _Word()

    for part in _parts(value):
        if not isinstance(part, str):
            word.add(part)
            continue
        for sign in part:
            if quote:
                if sign == quote:
                    quote = ""
                else:
                    word.add(sign)
            elif sign in "'\"":
                quote = sign
                word.begun = True
            elif sign in _ENDS:
                close()
                skip = False
                yield words
                words = []
            elif sign in _REDIRECTS:
                close()
                skip = True
            elif sign.isspace():
                close()
            else:
                word.add(sign)
    close()
    yield words


def _flat(value: Value, count: Count = ONE) -> Iterator[Member]:
    for member in each(value):
        several = count * member.count
        if sort_of(member.value) is Sort.COLLECTION:
            yield from _flat(member.value, several)
        else:
            yield Member(member.value, several)


def _command(words: Sequence[Member]) -> Command | None:
    return Command(posixpath.basename(name_of(words[0].value)), tuple(words[1:])) if words else None


def commands(value: Value) -> tuple[Command, ...]:
    """The programs that ``value`` starts: one for a list of arguments, one for each part of a line for the shell.

    A list that hands a line to a shell (``["sh", "-c", line]``) stands for the programs of the line.
    """
    if sort_of(value) is not Sort.COLLECTION:
        return tuple(found for line in _lines(value) if (found := _command(line)) is not None)
    words = list(_flat(value))
    if len(words) >= 3 and name_of(words[0].value).endswith("sh") and text(words[1].value) == "-c":
        return commands(words[2].value)
    found = _command(words)
    return () if found is None else (found,)
