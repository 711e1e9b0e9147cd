"""One text to the members of its list, in one pass, with the checks behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from mailguard.addresses.checks import lower_bound, second_opinion
from mailguard.addresses.words import (
    ENCODED_WORD,
    HOLE,
    NOBODY_WORDS,
    QUOTE_LIKE,
    at_pieces,
    decoded,
    letters_of,
    name_like,
    unquoted,
)


class Person(NamedTuple):
    """One member of a list, as read. ``address`` may hold stand-ins for holes."""

    address: str | None
    loose: str
    """The words of a member that shows no address: a placeholder, a local user, a hole."""
    names: tuple[str, ...]
    """Display name and comments, raw."""
    start: int
    """Where it begins in the text."""


class _Reading(NamedTuple):
    persons: tuple[Person, ...]
    odd: tuple[tuple[int, int, int], ...]
    """Spans of members that no grammar allows, with the number of people read there."""
    torn: bool
    """A quotation mark is never closed, so that what it was to hold is a guess."""


_GAP: Final = re.compile(r"\s+")
_RUN: Final = re.compile(r'[^\s"(),:;<>\[\\]+')
_LITERAL: Final = re.compile(r'\[[^\[\]<>"@,;\s]{0,300}\]')
_QUOTE_STOP: Final = re.compile(r'["\\]')
_COMMENT_STOP: Final = re.compile(r"[()\\]")
_ANGLE_STOP: Final = re.compile(r'[<>"]')
_ODD_DOMAIN: Final = re.compile(r"[|/&\\?=+*~^%$#!{}'`\]]")
_QUOTED: Final = re.compile(r'".*"', re.DOTALL)
_COMPLEX: Final = re.compile(r'[\s"(),:;\[\\]')
_NESTING: Final = 3
"""How often a quoted or encoded text is read again as a list (it cannot shrink for ever)."""


class _Word:
    """A run of the text without white space; ``raw`` parts are joined once, at the end."""

    __slots__ = ("at", "kind", "parts", "start")

    def __init__(self, kind: str, part: str, start: int) -> None:
        self.kind = kind  # w: plain, q: a quoted string and nothing else, e: an encoded word and nothing else
        self.parts = [part]
        self.start = start
        self.at = kind == "w" and "@" in part

    def add(self, part: str, *, plain: bool) -> None:
        self.parts.append(part)
        self.kind = "w"
        self.at = self.at or (plain and "@" in part)

    @property
    def raw(self) -> str:
        return "".join(self.parts)


class _Angle(NamedTuple):
    content: str
    start: int


class _Reader:
    """One pass over one text. ``quotes`` off: a quotation mark is a character like any other."""

    def __init__(self, source: str, *, quotes: bool = True, depth: int = 0, offset: int = 0) -> None:
        self.source = source
        self.depth = depth
        self.offset = offset
        self.quotes = quotes
        self.comments = True
        self.torn = False
        self.persons: list[Person] = []
        self.odd: list[tuple[int, int, int]] = []
        self.items: list[_Word | _Angle] = []
        self.notes: list[str] = []  # the comments of this member
        self.glued = False  # whether the last word is still open for what follows without a gap
        self.broken = False  # whether this member is malformed
        self.begin = 0
        self.waiting: list[tuple[str, int]] = []  # members that may be the front of "Doe, J <...>"
        self.routes: list[tuple[str, int]] = []  # "@relay," members of a source route without brackets

    def read(self) -> _Reading:
        source, end, position = self.source, len(self.source), 0
        while position < end:
            character = source[position]
            if found := _GAP.match(source, position):
                self.glued = False
                position = found.end()
            elif character in ",;:":
                self._close(character, position)
                position += 1
            elif character == "<":
                position = self._angle(position)
            elif character == ">":
                self.broken, self.glued = True, False
                position += 1
            elif character == '"':
                position = self._quoted(position)
            elif character in "()":
                position = self._comment(position)
            elif character == "=" and (found := ENCODED_WORD.match(source, position)):
                self._word("e", found.group(), position)
                position = found.end()
            elif character == "[" and (found := _LITERAL.match(source, position)):
                self._word("w", found.group(), position)
                position = found.end()
            elif character == "\\":
                self._word("w", source[position : position + 2], position)
                position += 2
            elif found := _RUN.match(source, position):
                self._word("w", found.group(), position)
                position = found.end()
            else:
                self._word("w", character, position)
                position += 1
        self._close("", end)
        return _Reading(tuple(self.persons), tuple(self.odd), self.torn)

    # -- tokens

    def _word(self, kind: str, part: str, start: int) -> None:
        last = self.items[-1] if self.items and self.glued else None
        if isinstance(last, _Word) and not self._apart(last, kind, part):
            last.add(part, plain=kind == "w")
        else:
            self.items.append(_Word(kind, part, start))
        self.glued = True

    @staticmethod
    def _apart(last: _Word, kind: str, part: str) -> bool:
        # "Doe, J"a@example.com lacks a space; "john doe"@example.com does not.
        if last.kind in "qe":
            return part[0] not in "@."
        return kind != "w" and last.parts[-1][-1] not in ".@"

    def _quote_end(self, start: int) -> int:
        """The position behind the closing quotation mark, or -1; after a miss no mark counts any more."""
        if not self.quotes:
            return -1
        position = start + 1
        while found := _QUOTE_STOP.search(self.source, position):
            if found.group() == '"':
                return found.end()
            position = found.end() + 1
        self.quotes = False
        self.torn = self.broken = True
        return -1

    def _quoted(self, start: int) -> int:
        end = self._quote_end(start)
        if end < 0:
            self.glued = False
            return start + 1
        self._word("q", self.source[start:end], start)
        return end

    def _comment(self, start: int) -> int:
        self.glued = False
        if self.source[start] == ")" or not self.comments:
            self.broken = True
            return start + 1
        level, position = 1, start + 1
        while found := _COMMENT_STOP.search(self.source, position):
            position = found.end()
            if found.group() == "(":
                level += 1
            elif found.group() == ")":
                level -= 1
                if not level:
                    self.notes.append(self.source[start + 1 : position - 1])
                    return position
            else:
                position += 1
        # Never closed: from here on brackets are no more than gaps, so that nobody hides behind this one.
        self.comments = False
        self.broken = True
        return start + 1

    def _angle(self, start: int) -> int:
        self.glued = False
        position = start + 1
        while found := _ANGLE_STOP.search(self.source, position):
            if found.group() == ">":
                self.items.append(_Angle(self.source[start + 1 : found.start()], start + 1))
                return found.end()
            if found.group() == "<":
                break
            end = self._quote_end(found.start())
            position = end if end >= 0 else found.end()
        self.broken = True
        return start + 1

    # -- members

    def _close(self, ender: str, position: int) -> None:
        """Take the member that ends here, and start the next one."""
        items, notes, broken = self.items, self.notes, self.broken
        begin, self.begin = self.begin, position + 1
        self.items, self.notes, self.broken, self.glued = [], [], False, False
        words = [item for item in items if isinstance(item, _Word)]
        if ender == ":" and len(words) == len(items) and not any(word.at and not _is_route(word.raw) for word in words):
            # The name of a group, a scheme (mailto:), a subject prefix, a route: nobody yet.
            self._end_of_name(words, notes)
            return
        count = len(self.persons)
        if not items:
            if notes and ender != ":":
                # A comment alone; an address in it is still read by everybody.
                self._printed(notes, self.offset + begin)
        elif any(isinstance(item, _Angle) for item in items):
            broken = self._with_angles(items, notes) or broken
        else:
            broken = self._bare(words, notes, ender) or broken
        if ender != ",":
            self._flush()
        if broken and len(self.odd) < _ODD_LIMIT:
            self.odd.append((begin, position, len(self.persons) - count))

    def _printed(self, texts: Iterable[str], start: int) -> bool:
        """Take the addresses in texts that belong to nobody's address; whether there are any."""
        found = [Person(piece, "", (), start) for one in texts for piece in at_pieces(one)]
        self.persons.extend(found)
        return bool(found)

    def _end_of_name(self, words: list[_Word], notes: list[str]) -> None:
        if len(words) == 1 and _is_route(words[0].raw):
            self.routes.clear()
        self._flush()
        self._printed([*(_opened(word) for word in words if not word.at), *notes], self.offset + self.begin)
        for word in words:
            for hole in HOLE.findall(word.raw):
                self.persons.append(Person(None, f":{hole}", (), self.offset + word.start))

    def _flush(self) -> None:
        """People who were kept back because they could be part of a name or route are people after all."""
        for loose, start in (*self.waiting, *self.routes):
            self.persons.append(Person(None, loose, (), start))
        self.waiting.clear()
        self.routes.clear()

    def _absorb(self, *, named: bool) -> list[str]:
        """What was kept back: the front of this name, if the member has a name; else people."""
        if not named:
            self._flush()
            return []
        front = [loose for loose, _ in self.waiting]
        self.waiting.clear()
        self._flush()
        return front

    def _with_angles(self, items: list[_Word | _Angle], notes: list[str]) -> bool:
        pending: list[_Word] = []
        broken = False
        angles = 0
        for item in items:
            if isinstance(item, _Word):
                pending.append(item)
                continue
            angles += 1
            front = self._absorb(named=bool(pending)) if angles == 1 else []
            name = " ".join((*front, *(word.raw for word in pending)))
            names = tuple(part for part in (name, *notes) if part)
            addressed = [word for word in pending if word.at]
            if addressed and "@" not in item.content and not HOLE.search(item.content):
                # The address stands outside, and the brackets hold something else.
                self._bare_addresses(_merged(pending), tuple(notes))
                broken = True
            else:
                self._angle_content(item, names, bool(pending))
            pending, notes = [], []
        if any(word.at or HOLE.search(word.raw) for word in pending):
            self._bare_addresses(_merged(pending), ())
            broken = True
        elif pending:
            self._printed((_opened(word) for word in pending), self.offset + pending[0].start)
        return broken or angles > 1

    def _angle_content(self, angle: _Angle, names: tuple[str, ...], named: bool) -> None:
        content, start = angle.content.strip(), self.offset + angle.start
        if content.startswith("@") and ":" in content:
            content = content.partition(":")[2].strip()  # a source route says how, not to whom
        if not content:
            said = " ".join(names)
            # ``formataddr((everybody, ""))``: nobody gets it, and all of them are read.
            if not self._printed([decoded(said)], start) and named and letters_of(said) not in NOBODY_WORDS:
                self.persons.append(Person(None, said, (), start))
            return
        if not _COMPLEX.search(content):
            if "@" not in content:
                self.persons.append(Person(None, f"<{content}", names, start))
            elif len(parts := _split_at_odd(content)) > 1:
                self.persons.extend(Person(part, "", names, start) for part in parts)
            else:
                self.persons.append(Person(_cleaned(content), "", names, start))
            return
        inner = _Reader(content, quotes=self.quotes, depth=self.depth + 1, offset=start).read().persons
        self.persons.extend(
            person._replace(
                names=(*names, *person.names),
                loose=f"<{person.loose}" if person.loose and len(inner) == 1 else person.loose,
            )
            for person in inner
        )

    def _bare(self, words: list[_Word], notes: list[str], ender: str) -> bool:
        merged = _merged(words)
        if len(merged) == 1 and merged[0].at and _is_route(merged[0].raw) and ender == ",":
            self.waiting_to_routes(merged[0])
            return True
        addressed = [word for word in merged if word.at]
        holes = [word for word in merged if not word.at and word.kind == "w" and HOLE.search(word.raw)]
        if addressed or holes:
            named = any(not word.at and not HOLE.search(word.raw) for word in merged[:1])
            front = self._absorb(named=named)
            self._bare_addresses(merged, (*front, *notes))
            return len(addressed) > 1
        return self._no_address(merged, notes, ender)

    def waiting_to_routes(self, word: _Word) -> None:
        """Keep a ``@relay`` back until a colon shows that it is a route, or something else that it is not."""
        self.routes.append((word.raw, self.offset + word.start))

    def _bare_addresses(self, merged: list[_Word], names: tuple[str, ...]) -> None:
        others = " ".join(word.raw for word in merged if not word.at and not HOLE.search(word.raw))
        every = tuple(part for part in (others, *names) if part)
        for word in merged:
            raw, start = word.raw, self.offset + word.start
            if word.at:
                for part in _split_at_odd(raw):
                    # In quotes a local part may be a whole list: one mailbox by the grammar, and read by everybody.
                    held = (part,) if '"' in part and len(at_pieces(part)) > 1 else ()
                    self.persons.append(Person(_cleaned(part), "", (*every, *held), start))
            elif HOLE.search(raw):
                self.persons.append(Person(None, raw, every, start))

    def _no_address(self, merged: list[_Word], notes: list[str], ender: str) -> bool:
        raw = " ".join(word.raw for word in merged)
        start = self.offset + merged[0].start
        if any(word.kind in "qe" for word in merged) or "=?" in raw or ('"' in raw and "@" in raw):
            inside = " ".join(_opened(word) for word in merged)
            encoded = "=?" in inside and inside != raw  # twice
            if ("@" in inside or encoded or HOLE.search(inside)) and self.depth < _NESTING:
                # Somebody wrote, or encoded, the whole list as one word.
                self._flush()
                inner = [person._replace(start=start) for person in read(inside, self.depth + 1).persons]
                if inner:
                    inner[0] = inner[0]._replace(names=(*inner[0].names, *notes))
                    self.persons.extend(inner)
                else:
                    self._printed(notes, start)
                return True
            if "@" in inside or HOLE.search(inside):
                self._flush()
                for piece in at_pieces(inside) or [inside]:
                    self.persons.append(Person(piece if "@" in piece else None, piece, (), start))
                return True
        if letters_of(raw) in NOBODY_WORDS:
            return False
        named = all(word.kind != "q" and name_like(word.raw) for word in merged)
        if ender == "," and named and not notes:
            self.waiting.append((raw, start))
            return False
        self._flush()
        self.persons.append(Person(None, raw, tuple(notes), start))
        return False


def _merged(words: list[_Word]) -> list[_Word]:
    """The words, with those joined that white space or a comment separates around an ``@``."""
    result: list[_Word] = []
    for word in words:
        last = result[-1] if result else None
        first = word.parts[0]
        if (
            last is not None
            and word.kind == "w"
            and ((first.startswith("@") and not last.at) or (last.at and last.parts[-1].endswith("@") and not word.at))
        ):
            last.parts.extend(word.parts)
            last.kind = "w"
            last.at = True
        else:
            result.append(word)
    return result


def _opened(word: _Word) -> str:
    """What is in a word: between its quotation marks, also where something is glued to them, or encoded."""
    if len(word.parts) == 1 or '"' not in word.raw:
        return unquoted(word.raw) if word.kind == "q" else decoded(word.raw)
    return " ".join(unquoted(part) if _QUOTED.fullmatch(part) else decoded(part) for part in word.parts)


def _is_route(word: str) -> bool:
    return word.startswith("@") and "@" not in word[1:]


def _split_at_odd(word: str) -> list[str]:
    """One word with several addresses that a character separates which no domain holds (``a@x/b@y``)."""
    if word.count("@") < 2 or '"' in word:
        return [word]
    pieces = word.split("@")
    result, current = [], pieces[0]
    for piece in pieces[1:-1]:
        found = None if "[" in piece else _ODD_DOMAIN.search(piece)
        if found is None:
            current += "@" + piece  # the @ itself is the oddity: one mailbox
        else:
            result.append(f"{current}@{piece[: found.start()]}")
            current = piece[found.end() :]
    result.append(f"{current}@{pieces[-1]}")
    return result


def _cleaned(address: str) -> str:
    """The address without the quotation marks that some clients put around it."""
    if address[-1] in QUOTE_LIKE:
        return address.rstrip(QUOTE_LIKE).lstrip(QUOTE_LIKE) or address
    return address


def _accounted(persons: Sequence[Person]) -> int:
    names = {name for person in persons for name in person.names}
    seen = sum("@" in (person.address or person.loose) for person in persons)
    return seen + sum(len(at_pieces(name)) for name in names if "@" in name)


_FLANKER_LIMIT: Final = 1024
"""flanker answers with nothing where a member is longer (0.9.11); such members are not shown to it."""
_ODD_LIMIT: Final = 32
"""Odd members of one text that flanker is asked about; further ones are left to the other checks."""


def read(source: str, depth: int = 0) -> _Reading:
    """All people of a translated text, after the checks."""
    reader = _Reader(source, depth=depth)
    reading = reader.read()
    if reading.torn:
        other = _Reader(source, quotes=False, depth=depth).read()
        if len(other.persons) > len(reading.persons):
            reading = other
    missing = lower_bound(source) - _accounted(reading.persons)
    if missing <= 0:
        for begin, end, found in reading.odd:
            member = source[begin:end]
            if "@" in member and len(member) <= _FLANKER_LIMIT and not HOLE.search(member):
                missing = max(missing, second_opinion(member) - max(found, len(at_pieces(member))))
    if missing > 0:
        fill = tuple(Person(None, "", (), len(source)) for _ in range(missing))
        reading = reading._replace(persons=reading.persons + fill)
    return reading
