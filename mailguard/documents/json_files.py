"""The elements of an array in a JSON file, one after the other, with where each begins; also of a stream."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailguard.documents.json_values import DECODER, NOT_PLAIN, deep_clean, quick_json, too_deep
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value


@dataclass(frozen=True, slots=True)
class Element:
    """One member of an array in a JSON file."""

    value: Value | CannotTell
    index: int
    line: int
    """Where it begins, from 1."""
    column: int


def json_elements(content: str, *path: str) -> Iterator[Element]:
    """The members of the array under the keys ``path``, each parsed by itself, with its position.

    A broken member costs that member. What is no array counts as one member; nothing is yielded where the path leads nowhere.
    """
    yield from _JsonFile(content).elements(path)


def streamed_elements(pieces: Iterator[str], *path: str) -> Iterator[Element]:
    """The same of a file that is read piece by piece: what was yielded is let go.

    A broken member needs all that follows it in memory, up to ``STREAM_LIMIT``.
    """
    yield from _JsonStream(pieces).elements(path)


STREAM_LIMIT: Final = 512 << 20
"""Characters of a file that are in memory at once; what is longer ends there."""
_SEARCH: Final = 1 << 27
"""Characters of a file that are read at most in search of whole members behind broken ones."""
_NEAR: Final = 200
_TRY: Final = 1 << 15
"""What a place counts for in this at which none begins: to say where it is broken costs, too."""
_WINDOW: Final = 1 << 20  # characters that are done with before they are let go: that costs a copy of the others


class _Guess:
    """Where the next member of an array begins: members that a program wrote begin alike."""

    def __init__(self) -> None:
        self._between = ""
        self._failures = 0

    def end(self, content: str, start: int) -> int:
        """Where the member seems to end that begins at a place; -1 for nowhere."""
        if not self._between or self._failures >= _FAILURES:
            return -1
        return content.find(self._between, start, start + _FAR)

    def succeed(self) -> None:
        """Hear that it did."""
        self._failures = 0

    def fail(self, content: str, start: int) -> None:
        """Hear that it did not, or that nobody knew; look at where it begins."""
        self._failures += bool(self._between)
        first = _BEGINNING.match(content, start)
        before = content[max(0, start - _GAP) : start]
        gap = before[len(before.rstrip(" \t\r\n,")) :]
        if first is not None and gap.count(",") == 1:
            self._between = gap + first.group()


_FAILURES: Final = 16
"""So often in a row it is wrong, and nobody asks any more."""
_FAR: Final = 1 << 18
"""Characters in which the end of a member is looked for."""
_GAP: Final = 200
"""Signs between two members."""
_BEGINNING: Final = re.compile(r'\{\s{0,100}"[^"\\]{1,60}"\s{0,9}:')


class _Uncounted(str):
    """A text of which nobody counts the lines in front of an error: for each, ``JSONDecodeError`` would begin with the first."""

    __slots__ = ()

    def count(self, *args: object) -> int:
        """Nothing."""
        del args
        return 0

    def rfind(self, *args: object) -> int:
        """Nowhere."""
        del args
        return -1


class _JsonFile:
    def __init__(self, content: str) -> None:
        self.content = _Uncounted(content)
        self.at = 0
        self.line = 1
        self.counted = 0
        self.break_at = -1  # the last line end in front of ``counted``
        self.found = False  # whether the array was met
        self.index = 0  # of the member behind the last one
        self.guess = _Guess()
        self.like: dict[str, Value] = {}  # the last whole member: others look like it
        self.next_at, self.next_name = -1, ""  # where the next one like it begins, and with which key
        self.spent = 0  # characters that were read in search of those

    def elements(self, path: Sequence[str]) -> Iterator[Element]:
        yield from self.walk(path)
        if not path:
            yield from self.behind_it()
        if self.found and path:
            yield from self.left_over()
        while not self.found and path and self.is_left():
            # The file is broken in front of the array; what is in the array can be read all the same.
            start = re.compile(rf'"{re.escape(path[-1])}"\s*:\s*(?=\[)').search(self.content, self.at)
            self.at = start.end() if start else len(self.content)
            if start:
                yield from self.members("[")

    def walk(self, path: Sequence[str]) -> Iterator[Element]:
        """The array under ``path``; leaves ``at`` behind what it stands in, or inside where that is broken."""
        opener = self.next()
        if not path:
            self.found = True
            yield from self.members(opener)
            return
        if opener != "{":
            self.skip()
            return
        self.at += 1
        while (mark := self.next()) != "}":
            start = self.at
            if mark == ",":
                self.at += 1
                continue
            key = self.key() if mark == '"' else None
            if key is None:
                if not self.found:
                    word = (
                        "the file ends before its end" if self.at >= len(self.content) else "the file is not valid JSON"
                    )
                    yield self.element(CannotTell(Reason.BAD_RECORD, word), 0, start)
                return
            if key == path[0]:
                yield from self.walk(path[1:])
            else:
                self.skip()
        self.at += 1

    def left_over(self) -> Iterator[Element]:
        """What stands behind the object with the array, or within it where that is broken: more than its end costs a member."""
        while (mark := self.next()) and mark in ",]}\0\x1a\x1e":
            self.at += 1
        if mark:
            yield self.element(
                CannotTell(Reason.BAD_RECORD, "the file goes on where it should end"), self.index, self.at
            )

    def behind_it(self) -> Iterator[Element]:
        """More values, where a file holds several behind each other."""
        index = 1
        while following := self.next():
            if following in ",]}:\0\x1a\x1e":
                self.at += 1
                continue
            start = self.at
            yield self.element(self.value(), index, start)
            index += 1
            if self.at <= start:
                return

    def key(self) -> str | None:
        """A key and its colon; None if there is none."""
        try:
            key, self.at = _scanstring(self.content, self.at + 1, False)
        except (ValueError, IndexError):
            self.at = len(self.content)
            return None
        if self.next() != ":":
            return None
        self.at += 1
        self.next()
        return key

    def skip(self) -> None:
        if self.at < len(self.content):
            self.value()

    def members(self, opener: str) -> Iterator[Element]:
        if opener != "[":
            start = self.at
            yield self.element(self.value(), 0, start)
            return
        self.at += 1
        index = 0
        while True:
            self.forget()
            following = self.next()
            if following == "," or (following in "}:" and following):
                self.at += 1
                continue
            if following == "]":
                self.at += 1
                return
            start = self.at
            if not following:
                yield self.element(CannotTell(Reason.BAD_RECORD, "the file ends before its end"), index, start)
                return
            value = self.guessed(start)
            if value is NOT_PLAIN:
                value = self.value(member=True)
            yield self.element(value, index, start)
            self.index = index + 1
            if isinstance(value, dict):
                self.like = value
            elif isinstance(value, CannotTell) and self.at >= len(self.content):
                return
            index += 1

    def guessed(self, start: int) -> Any:
        """The member that begins here, if it ends where it seems to; else ``NOT_PLAIN``."""
        end = self.guess.end(self.content, start)
        # No value begins with another one that begins and ends with braces.
        value = quick_json(self.content[start:end]) if end > start else NOT_PLAIN
        if type(value) is not dict:
            self.guess.fail(self.content, start)
            return NOT_PLAIN
        self.guess.succeed()
        self.at = end
        return value

    def is_left(self) -> bool:
        """Whether there is more; all of it is in ``content`` then."""
        return self.at < len(self.content)

    def forget(self) -> None:
        """Hear that nothing in front of ``at`` is needed any more."""

    def decode(self, start: int) -> tuple[Any, int]:
        """The value at a place, and its end. Raises ``ValueError`` and ``RecursionError``."""
        return DECODER.raw_decode(self.content, start)

    def next(self) -> str:
        """The next character that is no white space, not consumed; empty at the end."""
        match = _SPACE.match(self.content, self.at)
        self.at = match.end() if match else self.at
        return self.content[self.at : self.at + 1]

    def value(self, *, member: bool = False) -> Value | CannotTell:
        start = self.at
        try:
            value, self.at = self.decode(start)
        except RecursionError:
            self.at = self.behind(start)
            return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
        except ValueError:
            self.at = self.behind(start, self.next_like(start) if member else len(self.content))
            if self.at >= len(self.content):
                return CannotTell(Reason.BAD_RECORD, "the file ends inside the record")
            return CannotTell(Reason.BAD_RECORD, "the record is not valid JSON")
        if too_deep(self.content[start : self.at], value):
            return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
        if self.content.find("\\ud", start, self.at) >= 0 or self.content.find("\\uD", start, self.at) >= 0:
            value = deep_clean(value)
        data: Value = value
        return data

    def behind(self, start: int, end: int | None = None) -> int:
        """The end of a broken value: where its brackets close, or the next comma of a scalar; ``end``, or that of the file, at the latest."""
        depth = 0
        at, end = start, len(self.content) if end is None else end
        torn = 0  # up to here no quotation mark counts: the one that opens is never closed
        while at < end:
            match = _MARK.search(self.content, at, torn) if at < torn else _BRACKET.search(self.content, at, end)
            if match is None:
                if at >= torn:
                    return end
                at = torn
                continue
            at = match.end()
            mark = self.content[match.start()]
            if mark == '"':
                if not match.group(1):
                    # Looked at once more, and not once for each of the marks in it.
                    torn, at = match.end(), match.start() + 1
            elif mark in "[{":
                depth += 1
            elif mark in "]}":
                depth -= 1
                if depth <= 0:
                    return match.end() if depth == 0 else match.start()
            elif mark == "," and depth == 0:
                return max(match.start(), start + 1)
        return end

    def next_like(self, start: int) -> int:
        """Where behind the beginning of a broken member the next one begins that is whole; the end if none does.

        Where a bracket is missing, or one too many, those that follow seem to be inside of it. One begins behind a comma
        with the key with which the last whole member begins, or else the broken one, and has half of the keys of that.
        """
        opened = None if self.like else _FIRST_KEY.search(self.content, start, start + _NEAR)
        name = json.dumps(next(iter(self.like))) if self.like else opened.group(1) if opened else None
        if name is None:
            return len(self.content)
        if start < self.next_at and name == self.next_name:
            return self.next_at
        self.next_at, self.next_name, searched = len(self.content), name, start
        for found in re.compile(rf",\s*(?=\{{\s*{re.escape(name)}\s*:)").finditer(self.content, start):
            at = found.end()
            self.spent += at - searched
            searched = at
            if self.spent > _SEARCH:
                break
            try:
                value, behind = DECODER.raw_decode(self.content, at)
            except (RecursionError, ValueError) as error:
                self.spent += _TRY + (error.pos - at if isinstance(error, json.JSONDecodeError) else 0)
                continue
            self.spent += behind - at
            if 2 * len(value.keys() & self.like.keys()) >= len(self.like):
                self.next_at = at
                break
        return self.next_at

    def count(self, start: int) -> None:
        """Count lines up to a place."""
        # Counted from where the last one was: a file may be one line of many megabytes.
        self.line += str.count(self.content, "\n", self.counted, start)
        found = str.rfind(self.content, "\n", self.counted, start)
        self.break_at = found if found >= 0 else self.break_at
        self.counted = start

    def element(self, value: Value | CannotTell, index: int, start: int) -> Element:
        self.count(start)
        return Element(value, index, self.line, start - self.break_at)


class _JsonStream(_JsonFile):
    """Holds the part of a file from ``at`` on, and as much behind it as is needed to go on."""

    def __init__(self, pieces: Iterator[str]) -> None:
        super().__init__("")
        self.pieces = pieces

    def more(self, size: int = 1) -> bool:
        """Read on, by ``size`` characters at least if there are so many; whether there were any."""
        added = []
        room = STREAM_LIMIT - len(self.content)
        while size > 0 and room > 0 and (piece := next(self.pieces, "")):
            added.append(piece)
            size -= len(piece)
            room -= len(piece)
        self.content = _Uncounted("".join([self.content, *added]))
        return bool(added)

    def is_left(self) -> bool:
        while self.more(len(self.content)):
            pass
        return super().is_left()

    def forget(self) -> None:
        # Where much is in memory, behind something broken, seldom: the others are copied each time.
        if self.at > max(_WINDOW, len(self.content) // 4):
            self.count(self.at)
            self.content = _Uncounted(self.content[self.at :])
            self.break_at -= self.at
            self.next_at -= self.at
            self.at = self.counted = 0

    def decode(self, start: int) -> tuple[Any, int]:
        while True:
            try:
                value, end = super().decode(start)
            except (ValueError, RecursionError):
                # Perhaps only its end is missing. So much more each time that the whole is read twice at most.
                if not self.more(len(self.content) - start):
                    raise
                continue
            # Of "1.5" the first two characters are a number with a full stop behind it.
            done = end < len(self.content) and (
                self.content[end] not in "0123456789.eE+-" or type(value) in (str, list, dict)
            )
            if done or not self.more(1 if end == len(self.content) else len(self.content) - start):
                return value, end

    def next(self) -> str:
        while not (found := super().next()) and self.more():
            pass
        return found

    def key(self) -> str | None:
        start = self.at
        while (found := super().key()) is None and self.more(len(self.content) - start):
            self.at = start
        return found


_scanstring: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]  # public in practice, not in the stubs
_FIRST_KEY = re.compile(r'\{[\s{}\[\]]*("(?:[^"\\\n]|\\.)*")')
_SPACE = re.compile(r"[\s\ufeff]*")
_BRACKET = re.compile(r"\"(?:[^\"\\\n]|\\.)*(\"?)|[\[\]{},]")
_MARK = re.compile(r"[\[\]{},]")
