"""The words of a command that a program starts, known or not: a list of arguments, or a line for the shell."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.count import ONE, OPEN, Count
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

_ENDS: Final = frozenset("|;&\n()")
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

    def is_number(self) -> bool:
        """Whether the word is a number, as that of a file in front of a redirection."""
        return len(self.parts) == 1 and isinstance(self.parts[0], str) and self.parts[0].isdigit()

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


class _Line:
    """Reads a line for the shell, sign by sign (POSIX, Shell Command Language, 2.2, 2.3, 2.7, 2.9)."""

    def __init__(self) -> None:
        self._done: list[list[Member]] = []
        self._words: list[Member] = []
        self._word = _Word()
        self._quote = ""
        self._literal = False
        """Whether the last sign was a backslash that takes the meaning of the next one."""
        self._file = False
        """Whether the next word is the name of a file."""
        self._comment = False
        self._last = ""
        self._inner = ""
        """What ends the command, or the name, whose output or value stands here."""
        self._inner_quote = ""
        self._depth = 0
        self._named = False
        """Whether a name is being read whose value stands here: ``$PEOPLE``."""

    def hole(self, part: Value | Repeat) -> None:
        """Take a part that is no plain text."""
        self._named, self._last = False, ""
        if not self._comment and not self._inner:
            self._word.add(part)

    def sign(self, sign: str) -> None:
        """Take one character."""
        last, self._last = self._last, sign
        self._named = self._named and (sign.isalnum() or sign == "_")
        if self._named:
            return
        if self._inner:
            self._within(sign)
        elif self._literal:
            self._literal, self._last = False, ""
            if sign != "\n":  # which joins two lines
                self._word.add(sign if not self._quote or sign in _ESCAPED else "\\" + sign)
        elif sign == "\\" and self._quote != "'":
            self._literal = True
        elif not self._comment and self._quote != "'" and (sign == "`" or (last == "$" and _STANDS_FOR.match(sign))):
            self._stands(sign)
        elif self._quote:
            if sign == self._quote:
                self._quote = ""
            else:
                self._word.add(sign)
        elif self._comment:
            if sign == "\n":
                self._comment = False
                self._end()
        elif sign == "#" and not self._word.begun:
            self._comment = True
        elif sign in "'\"":
            self._quote = sign
            self._word.begun = True
        elif sign in _REDIRECTS or (sign == "&" and last in _REDIRECTS):
            if self._word.is_number():
                self._word = _Word()  # of the file that is redirected: 2>&1
            self._close()
            self._file = True
        elif sign in _ENDS:
            self._end()
        elif sign.isspace():
            self._close()
        else:
            self._word.add(sign)

    def _within(self, sign: str) -> None:
        """Take one character of a command whose output stands here, up to its end."""
        if self._literal:
            self._literal = False
        elif sign == "\\" and self._inner_quote != "'":
            self._literal = True
        elif self._inner_quote:
            if sign == self._inner_quote:
                self._inner_quote = ""
        elif sign in "'\"" and self._inner != "`":  # the next one of these ends it, whatever stands between (2.6.3)
            self._inner_quote = sign
        else:
            self._depth += (sign == _OPENS.get(self._inner)) - (sign == self._inner)
            if not self._depth:
                self._inner = self._last = ""

    def _stands(self, sign: str) -> None:
        """The output of a command, or the value of a name, stands here (2.6): nobody knows how many words it is."""
        if self._word.parts and isinstance(self._word.parts[-1], str):
            self._word.parts[-1] = self._word.parts[-1].removesuffix("" if sign == "`" else "$")
        self._word.parts = [part for part in self._word.parts if part != ""]
        self._word.add(Unknown("$(...)", OPEN))
        self._depth = 1
        self._inner = _CLOSES.get(sign, "")
        self._named = not self._inner and (sign.isalpha() or sign == "_")

    def _close(self) -> None:
        if self._word.begun:
            if not self._file:
                self._words.append(self._word.member())
            self._file = False
        self._word = _Word()

    def _end(self) -> None:
        self._close()
        self._file = False
        self._done.append(self._words)
        self._words = []

    def commands(self) -> list[list[Member]]:
        """The commands, each as its words."""
        self._end()
        return self._done


_CLOSES: Final = {"(": ")", "{": "}", "`": "`"}
_OPENS: Final = {")": "(", "}": "{"}
_STANDS_FOR: Final = re.compile(r"[({\w@*]")
"""What makes ``$`` in front of it stand for something else: a command, a name, an argument of the script (2.5, 2.6)."""
_ESCAPED: Final = frozenset('$`"\\\n')
"""What a backslash in double quotes takes the meaning of; in front of others it stands for itself (2.2.3)."""


def _lines(value: Value) -> list[list[Member]]:
    """The commands of a line for the shell, each as its words."""
    line = _Line()
    for part in _parts(value):
        if isinstance(part, str):
            for sign in part:
                line.sign(sign)
        else:
            line.hole(part)
    return line.commands()


def _flat(value: Value, count: Count = ONE) -> Iterator[Member]:
    for member in each(value):
        several = count * member.count
        if sort_of(member.value) is Sort.COLLECTION:
            yield from _flat(member.value, several)
        else:
            yield Member(member.value, several)


_IN_FRONT: Final = {
    "sudo": "CDghpRrTtUu",
    "doas": "aCu",
    "env": "CSu",
    "exec": "a",
    "nice": "n",
    "ionice": "cn",
    "time": "fo",
    "timeout": "ks",
    "stdbuf": "eio",
    "xargs": "adEILnPs",
    **dict.fromkeys(("nohup", "command", "setsid"), ""),
    **dict.fromkeys(("if", "then", "else", "elif", "do", "while", "until", "!", "{"), ""),
}
"""Words in front of a program: those that start another one, with the letters of options after which a value follows
(sudo(8), doas(1), coreutils, ionice(1), time(1), xargs(1)), and those of the shell (2.4, 2.9.4)."""

_SETS: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
"""How a word begins that sets a variable of the environment (2.10.2)."""
_LASTS: Final = re.compile(r"\d+(?:\.\d+)?[smhd]?$")
"""How long a program may run: ``timeout 10 mail``."""


def _command(words: Sequence[Member]) -> Command | None:
    takes: str | None = None
    value = False
    further: tuple[Member, ...] = ()
    for position, word in enumerate(words):
        name = name_of(word.value)
        program = posixpath.basename(name)
        if value:
            value = False
        elif takes is not None and (name.startswith("-") or _LASTS.match(name)):
            first = next((letter for letter in name[1:] if letter in takes), "")
            # The value stands in the same word (``-uweb``) or is the next one.
            value = (
                name.startswith("-")
                and not name.startswith("--")
                and first != ""
                and name.index(first) == len(name) - 1
            )
        elif program in _IN_FRONT:
            takes = _IN_FRONT[program]
            if program == "xargs":
                further = (Member(Unknown("xargs", OPEN), ONE),)
        elif not _SETS.match(name):
            return Command(program, (*words[position + 1 :], *further))
    return None


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
