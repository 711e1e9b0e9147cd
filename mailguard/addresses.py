"""Text to recipients, and nobody lost on the way.

The reader here is written for headers as they are found, not as they should be
(RFC 5322, section 3.4, with the obsolete forms of section 4.4): whatever stands
between two separators is a person, also when no parser would accept it. It runs
in time linear in the text and does not recurse with its nesting.

Three checks stand behind the rule that text which nobody understands never
lowers a count: a lower bound that is counted in another way, a second reading
where a delimiter is never closed, and, for odd members only, flanker. The larger
number counts; who is missing is added as a person without an address.

This module is the one door to flanker, email-validator and publicsuffixlist.
None of them is imported before it is needed.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import io
import logging
import quopri
import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from operator import itemgetter
from typing import Any, Final, NamedTuple

from mailguard.model.count import ONE, OPEN, PLAIN_MANY, UNBOUNDED, ZERO, Count, exactly
from mailguard.model.message import Field, Mention, Recipient
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Object,
    Origin,
    Parameter,
    Repeat,
    Step,
    Text,
    Trail,
    Unknown,
    Value,
    each,
    inherit,
    origin,
    text,
)

__all__ = [
    "People",
    "addresses_in",
    "compare_key",
    "distinct",
    "domain_of",
    "inside_domain_problem",
    "is_inside",
    "mailbox",
    "mailboxes",
    "plain_keys",
    "plain_pairs",
    "recipients",
]


@dataclass(frozen=True, slots=True)
class People:
    """Who is addressed, and whose addresses a reader finds in the display names beside them."""

    recipients: tuple[Recipient, ...] = ()
    """In order of appearance."""
    mentions: tuple[Mention, ...] = ()
    """Addresses in display names and comments (``Field.NAME``), without those that repeat their own mailbox."""


NOBODY: Final = People()

# --------------------------------------------------------------------------------------------------
# The reader of plain text


class _Person(NamedTuple):
    """One member of a list, as read. ``address`` may hold stand-ins for holes."""

    address: str | None
    loose: str
    """The words of a member that shows no address: a placeholder, a local user, a hole."""
    names: tuple[str, ...]
    """Display name and comments, raw."""
    start: int
    """Where it begins in the text."""


class _Reading(NamedTuple):
    persons: tuple[_Person, ...]
    odd: tuple[tuple[int, int, int], ...]
    """Spans of members that no grammar allows, with the number of people read there."""
    torn: bool
    """A quotation mark is never closed, so that what it was to hold is a guess."""


# Characters that stand for others: full-width forms that input methods produce in place of the ASCII
# separators, and characters that nobody sees. Stand-ins for holes are taken out of the text first.
_TRANSLATION: Final[dict[int, str | None]] = {
    **{code: " " for code in range(0x20) if code not in (0x09, 0x0A, 0x0D)},
    0x7F: " ",
    **dict.fromkeys((0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A))),
    **dict.fromkeys((0xFF20, 0xFE6B), "@"),
    **dict.fromkeys((0xFF0C, 0x3001, 0xFE50, 0xFE51, 0x060C, 0xFF64), ","),
    **dict.fromkeys((0xFF1B, 0xFE54, 0x061B), ";"),
    0xFF1C: "<",
    0xFF1E: ">",
    0xFF1A: ":",
    0xFF0E: ".",
}
_HOLE_BASE: Final = 0xF0000
_HOLE_LAST: Final = 0xFFFFD
_HOLE: Final = re.compile("[\U000f0000-\U000ffffd]")

_GAP: Final = re.compile(r"\s+")
_RUN: Final = re.compile(r'[^\s"(),:;<>\[\\]+')
_LITERAL: Final = re.compile(r'\[[^\[\]<>"@,;\s]{0,300}\]')
_ENCODED: Final = re.compile(r"=\?[^?\s]{1,64}\?[bBqQ]\?[^?\s]{0,250}\?=")
_QUOTE_STOP: Final = re.compile(r'["\\]')
_COMMENT_STOP: Final = re.compile(r"[()\\]")
_ANGLE_STOP: Final = re.compile(r'[<>"]')
_SEPARATORS: Final = re.compile(r'[\s<>(),;:"]+')
_NAME_SEPARATORS: Final = re.compile(r'[\s<>(),;:"\[\]]+')
_ODD_DOMAIN: Final = re.compile(r"[|/&\\?=+*~^%$#!]")
_COMPLEX: Final = re.compile(r'[\s"(),:;\[\\]')
_NESTING: Final = 3
"""How often a quoted or encoded text is read again as a list (it cannot shrink for ever)."""


def _words_of(line: str) -> frozenset[str]:
    return frozenset(line.split())


_PARTICLES: Final = _words_of(
    "von van der den de di da del della la le du dos das zu zur zum af av ten ter bin ibn al el jr sr md phd"
)
_MASKS: Final = _words_of(
    "redacted masked filtered hidden removed censored anonymized anonymised scrubbed obfuscated secret private"
    " email mail e-mail address recipient recipients user username customer to cc bcc none null nil undefined"
    " xxx xxxx placeholder deleted confidential"
)
_NOBODY_WORDS: Final = _words_of(
    "undisclosedrecipients undisclosedrecipient undisclosed unlistedrecipients recipientlistnotshown"
    " recipientlistsuppressed recipientssuppressed suppressedrecipients hiddenrecipients"
)


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
        self.persons: list[_Person] = []
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
            elif character == "=" and (found := _ENCODED.match(source, position)):
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
            self._end_of_name(words)
            return
        count = len(self.persons)
        if not items:
            if notes and ender != ":":
                # A comment alone; an address in it is still read by everybody.
                inner = [word for note in notes for word in _at_pieces(note)]
                self.persons.extend(_Person(word, "", (), self.offset + begin) for word in inner)
        elif any(isinstance(item, _Angle) for item in items):
            broken = self._with_angles(items, notes) or broken
        else:
            broken = self._bare(words, notes, ender) or broken
        if ender != ",":
            self._flush()
        if broken and len(self.odd) < _ODD_LIMIT:
            self.odd.append((begin, position, len(self.persons) - count))

    def _end_of_name(self, words: list[_Word]) -> None:
        if len(words) == 1 and _is_route(words[0].raw):
            self.routes.clear()
        self._flush()
        for word in words:
            for hole in _HOLE.findall(word.raw):
                self.persons.append(_Person(None, f":{hole}", (), self.offset + word.start))

    def _flush(self) -> None:
        """People who were kept back because they could be part of a name or route are people after all."""
        for loose, start in (*self.waiting, *self.routes):
            self.persons.append(_Person(None, loose, (), start))
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
            if addressed and "@" not in item.content and not _HOLE.search(item.content):
                # The address stands outside, and the brackets hold something else.
                self._bare_addresses(_merged(pending), tuple(notes))
                broken = True
            else:
                self._angle_content(item, names, bool(pending))
            pending, notes = [], []
        if any(word.at or _HOLE.search(word.raw) for word in pending):
            self._bare_addresses(_merged(pending), ())
            broken = True
        return broken or angles > 1

    def _angle_content(self, angle: _Angle, names: tuple[str, ...], named: bool) -> None:
        content, start = angle.content.strip(), self.offset + angle.start
        if content.startswith("@") and ":" in content:
            content = content.partition(":")[2].strip()  # a source route says how, not to whom
        if not content:
            if named and _letters(" ".join(names)) not in _NOBODY_WORDS:
                self.persons.append(_Person(None, " ".join(names), (), start))
            return
        if not _COMPLEX.search(content):
            if "@" not in content:
                self.persons.append(_Person(None, f"<{content}", names, start))
            elif len(parts := _split_at_odd(content)) > 1:
                self.persons.extend(_Person(part, "", names, start) for part in parts)
            else:
                self.persons.append(_Person(_cleaned(content), "", names, start))
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
        holes = [word for word in merged if not word.at and word.kind == "w" and _HOLE.search(word.raw)]
        if addressed or holes:
            named = any(not word.at and not _HOLE.search(word.raw) for word in merged[:1])
            front = self._absorb(named=named)
            self._bare_addresses(merged, (*front, *notes))
            return len(addressed) > 1
        return self._no_address(merged, notes, ender)

    def waiting_to_routes(self, word: _Word) -> None:
        """Keep a ``@relay`` back until a colon shows that it is a route, or something else that it is not."""
        self.routes.append((word.raw, self.offset + word.start))

    def _bare_addresses(self, merged: list[_Word], names: tuple[str, ...]) -> None:
        others = " ".join(word.raw for word in merged if not word.at and not _HOLE.search(word.raw))
        every = tuple(part for part in (others, *names) if part)
        for word in merged:
            raw, start = word.raw, self.offset + word.start
            if word.at:
                for part in _split_at_odd(raw):
                    self.persons.append(_Person(_cleaned(part), "", every, start))
            elif _HOLE.search(raw):
                self.persons.append(_Person(None, raw, every, start))

    def _no_address(self, merged: list[_Word], notes: list[str], ender: str) -> bool:
        raw = " ".join(word.raw for word in merged)
        start = self.offset + merged[0].start
        if any(word.kind in "qe" for word in merged) or "=?" in raw:
            inside = " ".join(_unquoted(word.raw) if word.kind == "q" else _decoded(word.raw) for word in merged)
            if ("@" in inside or _HOLE.search(inside)) and self.depth < _NESTING:
                # Somebody wrote, or encoded, the whole list as one word.
                self._flush()
                inner = _read(inside, self.depth + 1)
                self.persons.extend(person._replace(start=start) for person in inner.persons)
                return True
            if "@" in inside or _HOLE.search(inside):
                self._flush()
                for piece in _at_pieces(inside) or [inside]:
                    self.persons.append(_Person(piece if "@" in piece else None, piece, (), start))
                return True
        if _letters(raw) in _NOBODY_WORDS:
            return False
        named = all(word.kind != "q" and _name_like(word.raw) for word in merged)
        if ender == "," and named and not notes:
            self.waiting.append((raw, start))
            return False
        self._flush()
        self.persons.append(_Person(None, raw, tuple(notes), start))
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


_QUOTE_LIKE: Final = "'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


def _cleaned(address: str) -> str:
    """The address without the quotation marks that some clients put around it."""
    if address[-1] in _QUOTE_LIKE:
        return address.rstrip(_QUOTE_LIKE).lstrip(_QUOTE_LIKE) or address
    return address


def _letters(phrase: str) -> str:
    return "".join(character for character in phrase[:80] if character.isalpha()).casefold()


def _name_like(words: str) -> bool:
    """Whether this may be the front of a name whose comma nobody quoted: ``Doe`` of ``Doe, J <...>``."""
    if len(words) > 100:
        return False
    for word in (_decoded(words) if "=?" in words else words).split():
        core = word.strip(_QUOTE_LIKE + ".")
        if not core or core.casefold() in _MASKS:
            return False
        if core[0].islower() and core.casefold() not in _PARTICLES:
            return False
        if not all(character.isalpha() or character in ".'\u2019-" for character in core):
            return False
    return True


def _unquoted(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1], flags=re.DOTALL)


def _decoded(name: str) -> str:
    """The text with its encoded words (RFC 2047) decoded; what cannot be decoded stays."""
    if "=?" not in name:
        return name
    # White space between two encoded words belongs to neither (RFC 2047, section 6.2).
    parts: list[str] = []
    position = 0
    after = False
    for found in _ENCODED.finditer(name):
        between = name[position : found.start()]
        if not (after and not between.strip()):
            parts.append(between)
        parts.append(_decoded_word(found.group()))
        position, after = found.end(), True
    parts.append(name[position:])
    return "".join(parts)


def _decoded_word(word: str) -> str:
    charset, how, payload = word[2:-2].split("?", 2)
    try:
        if how in "bB":
            data = base64.b64decode(payload + "=" * (-len(payload) % 4))
        else:
            data = quopri.decodestring(payload.encode("ascii"), header=True)
        return data.decode(charset.partition("*")[0], "replace")
    except (LookupError, ValueError, binascii.Error):
        return word


def _at_pieces(source: str) -> list[str]:
    """What looks like an address: pieces between separators that hold an ``@`` with something on both sides."""
    return [piece for piece in _SEPARATORS.split(source) if "@" in piece.strip("@")]


def _lower_bound(source: str) -> int:
    """How many people are there at least, counted in another way than the reader does."""
    if "@" not in source:
        return 0
    plain = re.sub(r"\\.", "__", source) if "\\" in source else source
    runs = plain.split('"')
    if len(runs) % 2:
        plain = "q".join(runs[::2])
    if "(" in plain:
        level = 0
        kept: list[str] = []
        for piece in re.split(r"([()])", plain):
            if piece == "(":
                level += 1
            elif piece == ")":
                level -= 1
                if level < 0:
                    break
            elif not level:
                kept.append(piece)
        if not level:
            plain = " ".join(kept)
    return len(_at_pieces(plain))


def _accounted(persons: Sequence[_Person]) -> int:
    names = {name for person in persons for name in person.names}
    seen = sum("@" in (person.address or person.loose) for person in persons)
    return seen + sum(len(_at_pieces(name)) for name in names if "@" in name)


_FLANKER_LIMIT: Final = 1024
"""flanker answers with nothing where a member is longer (0.9.11); such members are not shown to it."""
_ODD_LIMIT: Final = 32
"""Odd members of one text that flanker is asked about; further ones are left to the other checks."""


def _read(source: str, depth: int = 0) -> _Reading:
    """All people of a translated text, after the checks."""
    reader = _Reader(source, depth=depth)
    reading = reader.read()
    if reading.torn:
        other = _Reader(source, quotes=False, depth=depth).read()
        if len(other.persons) > len(reading.persons):
            reading = other
    missing = _lower_bound(source) - _accounted(reading.persons)
    if missing <= 0:
        for begin, end, found in reading.odd:
            member = source[begin:end]
            if "@" in member and len(member) <= _FLANKER_LIMIT and not _HOLE.search(member):
                missing = max(missing, _second_opinion(member) - max(found, len(_at_pieces(member))))
    if missing > 0:
        fill = tuple(_Person(None, "", (), len(source)) for _ in range(missing))
        reading = reading._replace(persons=reading.persons + fill)
    return reading


# --------------------------------------------------------------------------------------------------
# flanker, the second opinion


@functools.cache
def _flanker() -> Callable[[str], int] | None:
    """flanker's count of mailboxes in one member; None where it cannot be imported."""
    logger = logging.getLogger("flanker")
    logger.propagate = False
    logger.disabled = True
    logger.addHandler(logging.NullHandler())
    # The grammar module logs its own warnings while it is imported; later, the lexer logs pieces of
    # the header, which are addresses. Nothing of either may reach an output.
    for name in ("addresslib", "addresslib._parser.parser", "addresslib._parser.lexer", "addresslib.address"):
        child = logging.getLogger(f"flanker.{name}")
        child.propagate = False
        child.disabled = True
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            from flanker.addresslib import address  # noqa: PLC0415  # 0.2 s; only odd texts pay it
    except Exception:  # noqa: BLE001  # whatever breaks in it, the reader stands alone
        return None
    for name, later in list(logging.root.manager.loggerDict.items()):
        if name.startswith("flanker") and isinstance(later, logging.Logger):
            later.propagate = False
            later.disabled = True

    def count(member: str) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sum(isinstance(item, address.EmailAddress) for item in address.parse_list(member))

    return count


@functools.lru_cache(maxsize=512)
def _second_opinion(member: str) -> int:
    """How many mailboxes flanker sees in one odd member. Its silence means nothing, so 0 says nothing."""
    count = _flanker()
    if count is None:
        return 0
    try:
        return count(member)
    except Exception:  # noqa: BLE001  # a parser that breaks has no opinion
        return 0


# --------------------------------------------------------------------------------------------------
# Plain text to people

_ADDRESS: Final = re.compile(r"[A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9][A-Za-z0-9.-]*")
_NAMED: Final = re.compile(r"[A-Za-z][A-Za-z .'-]*<([A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9][A-Za-z0-9.-]*)>")
_CACHED_LENGTH: Final = 256


def _fast(source: str) -> list[str] | None:
    """The addresses of a list of plain mailboxes; None if any member needs the careful reader."""
    addresses = []
    for piece in source.split(","):
        member = piece.strip(" \t")
        if _ADDRESS.fullmatch(member):
            addresses.append(member)
        elif found := _NAMED.fullmatch(member):
            addresses.append(found.group(1))
        elif member:
            return None
    return addresses


def _plain_text(source: str) -> People:
    """The people of plain text, as given."""
    if len(source) <= _CACHED_LENGTH:
        return _plain_cached(source)
    return _plain_uncached(source)


def _plain_uncached(source: str) -> People:
    fast = _fast(source)
    if fast is not None:
        return People(tuple([Recipient(address) for address in fast]))
    return _careful(source)


def _careful(source: str) -> People:
    """The people of plain text by the careful reader, which the fast path must equal."""
    cleaned = _HOLE.sub("?", source).translate(_TRANSLATION)
    reading = _read(cleaned)
    return People(
        tuple([_given(person) for person in reading.persons]),
        tuple(mention for person in reading.persons for mention in _name_mentions(person, Origin.GIVEN, ())),
    )


_plain_cached = functools.lru_cache(maxsize=4096)(_plain_uncached)


def _given(person: _Person) -> Recipient:
    if person.address is None or not _whole(person.address):
        return Recipient(None, domain=_domain_part(person.address) if person.address else None)
    return Recipient(person.address)


def _whole(address: str) -> bool:
    """Whether something stands on both sides of the last ``@``."""
    local, _, domain = address.rpartition("@")
    return bool(local and domain)


def _name_mentions(person: _Person, where: Origin, trail: Trail) -> Iterator[Mention]:
    own = compare_key(person.address) if person.address else None
    for name in person.names:
        if "@" not in name and "=?" not in name and "\uff20" not in name:
            continue
        for address in addresses_in(name):
            if compare_key(address) != own:
                yield Mention(Field.NAME, Recipient(address, origin=where, trail=trail))


def addresses_in(name: str) -> list[str]:
    """Addresses that a reader finds in running text: a display name, a subject. Encoded words are decoded."""
    found = []
    for piece in _NAME_SEPARATORS.split(_decoded(name).translate(_TRANSLATION)):
        candidate = piece.strip(_QUOTE_LIKE + ".,!?*{}|")
        local, _, domain = candidate.rpartition("@")
        if local and "." in domain.strip("."):
            found.append(candidate)
    return found


# --------------------------------------------------------------------------------------------------
# Values to people


def recipients(value: Value | Absent) -> People:
    """The people in a header text or in a collection of texts, known or not.

    None, an absent value and an empty text are nobody. A plain string or what
    holds one has the origin *given*; a literal of the code has that of its way,
    or *written*. Where text cannot be understood the number of people does not
    go down. Never raises.
    """
    if value is ABSENT or value is None:
        return NOBODY  # most fields of most requests
    return _people(value, 0)


_DEPTH: Final = 24
"""Collections inside collections that are opened; what lies deeper is one person without an address."""


def _people(value: Value | Absent, depth: int) -> People:
    if isinstance(value, str):
        return _plain_text(value) if value else NOBODY
    if value is None or isinstance(value, Absent):
        return NOBODY
    if depth > _DEPTH:
        return People((Recipient(None, OPEN, origin(value)),))
    if isinstance(value, (list, tuple)):
        return _list(value, depth)
    if isinstance(value, bytes):
        return _plain_text(_decoded_bytes(value))
    if isinstance(value, Known):
        return _known(value)
    if isinstance(value, Text):
        return _text(value, depth)
    if isinstance(value, Items):
        return _together(_times(_people(_printed(item, value.trail), depth + 1), count) for item, count in each(value))
    if isinstance(value, (Unknown, Parameter)):
        return _open(value)
    if isinstance(value, Either):
        options = [
            option if isinstance(option, Absent) else _printed(inherit(option, value.trail), value.trail)
            for option in value.options
        ]
        return _one_of([_people(option, depth + 1) for option in options])
    if isinstance(value, (dict, Fields)):
        return _mapping(value, depth)
    if isinstance(value, Object):
        return _object(value, depth)
    # A number in a place for addresses: an id that stands for somebody, unless it is a flag or zero.
    return People((Recipient(None),)) if value and not isinstance(value, bool) else NOBODY


def _list(values: Sequence[Value], depth: int) -> People:
    people: list[Recipient] = []
    mentions: list[Mention] = []
    for item in values:
        # Recorded requests are lists of plain addresses; they need no more than this.
        if type(item) is str and _ADDRESS.fullmatch(item):
            people.append(Recipient(item))
            continue
        group = _people(item, depth + 1)
        people.extend(group.recipients)
        mentions.extend(group.mentions)
    return People(tuple(people), tuple(mentions))


def _decoded_bytes(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _together(groups: Iterable[People]) -> People:
    people: list[Recipient] = []
    mentions: list[Mention] = []
    for group in groups:
        people.extend(group.recipients)
        mentions.extend(group.mentions)
    return People(tuple(people), tuple(mentions))


def _times(people: People, count: Count) -> People:
    if count == ONE:
        return people
    if not count.high:
        return NOBODY
    return People(
        tuple(replace(person, count=person.count * count) for person in people.recipients),
        tuple(
            replace(mention, recipient=replace(mention.recipient, count=mention.recipient.count * count))
            for mention in people.mentions
        ),
    )


def _known(value: Known) -> People:
    literal = value.value
    if isinstance(literal, bytes):
        literal = _decoded_bytes(literal)
    if isinstance(literal, str):
        return _placed(_plain_text(literal), origin(value), value.trail) if literal else NOBODY
    if literal is None or isinstance(literal, bool) or not literal:
        return NOBODY
    return People((Recipient(None, origin=origin(value), trail=value.trail),))


def _placed(people: People, where: Origin, trail: Trail) -> People:
    """The people of a plain text, as people of a literal that came by ``trail``."""
    return People(
        tuple(replace(person, origin=where, trail=trail) for person in people.recipients),
        tuple(
            replace(mention, recipient=replace(mention.recipient, origin=where, trail=trail))
            for mention in people.mentions
        ),
    )


def _label(value: Unknown | Parameter) -> str:
    return value.name if isinstance(value, Parameter) else value.why


def _open(value: Unknown | Parameter) -> People:
    if not value.count.high:
        return NOBODY
    person = Recipient(
        None,
        value.count,
        origin(value),
        value.trail,
        parameter=isinstance(value, Parameter),
        label=_label(value),
    )
    return People((person,))


def _mapping(value: dict[Any, Any] | Fields, depth: int) -> People:
    """A mapping where a text was expected: addresses among its keys, else in its values, else one person."""
    pairs = list(value.items()) if isinstance(value, dict) else list(value.known)
    rest = value.rest if isinstance(value, Fields) else None
    trail = value.trail if isinstance(value, Fields) else ()
    keys = [key for key, _ in pairs if isinstance(key, str) and "@" in key]
    people = _together(_people(inherit(key, trail), depth + 1) for key in keys)
    if not people.recipients:
        inner = [_people(inherit(item, trail), depth + 1) for _, item in pairs if not isinstance(item, Absent)]
        people = _together(group for group in inner if any(person.address for person in group.recipients))
    if not people.recipients and pairs:
        people = People((Recipient(None, origin=origin(value), trail=trail),))
    if rest is not None:
        people = _together((people, _people(inherit(rest, trail), depth + 1)))
    if isinstance(value, Fields) and value.open and not pairs and rest is None:
        people = People((Recipient(None, OPEN, origin(value), trail),))
    return people


def _printed(value: Value, trail: Trail) -> Value:
    """A member of something that came by ``trail``: a thing, which cannot carry a way, as what it prints."""
    if not isinstance(value, Object) or not trail:
        return value
    try:
        return inherit(value.render(), trail)
    except Exception:  # noqa: BLE001  # see _object
        return Unknown("", OPEN, trail)


def _object(value: Object, depth: int) -> People:
    try:
        data = value.render()
    except Exception:  # noqa: BLE001  # a model that cannot be rendered still stands for somebody
        return People((Recipient(None, OPEN, Origin.UNKNOWN),))
    return _people(data, depth + 1)


# -- branches


def _one_of(branches: list[People]) -> People:
    """The people of one of several branches.

    Members of different branches never meet in one run. So the branches are laid
    over each other, equal addresses and equal labels first: each place holds one
    of its people, and the sum over the places is a bound for every branch.
    """
    branches = [
        branch for index, branch in enumerate(branches) if not any(_alike(branch, other) for other in branches[:index])
    ]
    if len(branches) == 1:
        return branches[0]
    leading = max(branches, key=lambda branch: sum(person.count.plain for person in branch.recipients))
    slots: list[list[Recipient]] = [[person] for person in leading.recipients]
    for branch in branches:
        if branch is leading:
            continue
        free = list(range(len(slots)))
        same: dict[object, list[int]] = {}
        for index in reversed(free):
            same.setdefault(_identity(slots[index][0]), []).append(index)
        taken: set[int] = set()
        left: list[Recipient] = []
        for person in branch.recipients:
            places = same.get(_identity(person))
            if places and _identity(person) is not None:
                index = places.pop()
                slots[index].append(person)
                taken.add(index)
            else:
                left.append(person)
        rest = [index for index in free if index not in taken]
        for index, person in zip(rest, left, strict=False):
            slots[index].append(person)
        slots.extend([person] for person in left[len(rest) :])
    mentions = tuple(
        replace(
            mention,
            recipient=replace(
                mention.recipient,
                count=Count(0, mention.recipient.count.plain if branch is leading else 0, mention.recipient.count.high),
            ),
        )
        for branch in branches
        for mention in branch.mentions
    )
    return People(tuple(_slot(slot, len(branches)) for slot in slots), mentions)


def _alike(one: People, other: People) -> bool:
    # Neither labels nor ways take part in the equality of recipients, and they are all that tells two holes apart.
    return one == other and list(map(_identity, one.recipients)) == list(map(_identity, other.recipients))


def _identity(person: Recipient) -> object:
    if person.address is not None:
        return compare_key(person.address)
    if person.label:
        return (person.label, person.trail[:1])
    return None


def _slot(people: list[Recipient], branches: int) -> Recipient:
    """One place of a joined list: whoever of ``people`` it is."""
    first = max(people, key=lambda person: (person.count.plain, person.origin))
    count = first.count
    for person in people:
        count = count | person.count
    keys = {_identity(person) for person in people}
    domains = {domain_of(person) for person in people}
    alike = len(keys) == 1 and None not in keys
    if len(people) < branches or (not alike and len(domains) > 1):
        count = Count(0, count.plain, count.high)
    return replace(
        first,
        address=first.address if alike else None,
        count=count,
        origin=max(person.origin for person in people),
        domain=first.domain if alike else (domains.pop() if len(domains) == 1 else None),
        parameter=any(person.parameter for person in people),
        label=first.label if alike else "",
    )


# -- texts with holes

_EXPANSIONS: Final = 16
"""Combinations of branches inside one text that are read one by one."""


def _text(value: Text, depth: int) -> People:
    whole = text(value)
    flat = list(_flat(value.parts, (), 0))
    if whole is not None and not any(isinstance(part, Known) and part.trail for part in flat):
        return _placed(_plain_text(whole), origin(value), value.trail) if whole else NOBODY
    return _one_of([_parts(parts, value.trail, depth) for parts in _expanded(flat)])


def _flat(parts: Iterable[Value | Repeat], trail: Trail, depth: int) -> Iterator[Value | Repeat]:
    for part in parts:
        if isinstance(part, Text) and depth < _DEPTH:
            yield from _flat(part.parts, part.trail + trail, depth + 1)
        elif not trail:
            yield part
        elif isinstance(part, Repeat):
            yield Repeat(inherit(part.value, trail), part.count, part.separator)
        else:
            yield inherit(part, trail)


def _expanded(flat: list[Value | Repeat]) -> list[list[Value | Repeat]]:
    """The text once per combination of its branches; too many of them stay holes."""
    choices: list[list[Value | Repeat]] = []
    total = 1
    for part in flat:
        if isinstance(part, Either) and total * len(part.options) <= _EXPANSIONS:
            total *= len(part.options)
            choices.append(
                ["" if isinstance(option, Absent) else inherit(option, part.trail) for option in part.options]
            )
        else:
            choices.append([part])
    if total == 1:
        return [flat]
    return [list(_flat(combination, (), 0)) for combination in product(*choices)]


_PARTING: Final = re.compile(r"[,;:<>\r\n]")
"""What ends a member of an address list, or begins an address."""


def _parting(part: Value | Repeat) -> bool:
    """Whether something written in a part of a text tells its members apart."""
    match part:
        case Repeat():
            return bool(_PARTING.search(part.separator or "")) or _parting(part.value)
        case Text():
            return any(map(_parting, part.parts))
        case Known():
            return _parting(part.value)
        case str():
            return bool(_PARTING.search(part))
    return False


class _Canvas:
    """The text with a stand-in character for each hole, and where its literals came from."""

    def __init__(self, parts: Iterable[Value | Repeat]) -> None:
        self.holes: list[Value | Repeat] = []
        self.starts: list[int] = []
        self.trails: list[Trail] = []
        pieces: list[str] = []
        length = 0
        for part in parts:
            piece = self._piece(part)
            self.starts.append(length)
            self.trails.append(part.trail if isinstance(part, Known) else ())
            pieces.append(piece)
            length += len(piece)
        self.source = "".join(pieces)

    def _piece(self, part: Value | Repeat) -> str:
        literal = part.value if isinstance(part, Known) else part
        if literal is None or isinstance(literal, (bool, int, float)):
            literal = str(literal)
        if isinstance(literal, bytes):
            literal = _decoded_bytes(literal)
        if isinstance(literal, str):
            return _HOLE.sub("?", literal).translate(_TRANSLATION)
        if _HOLE_BASE + len(self.holes) > _HOLE_LAST:
            return "?"
        self.holes.append(part)
        stand_in = chr(_HOLE_BASE + len(self.holes) - 1)
        # Rounds of a join are members of their own, whatever stands beside them.
        if isinstance(part, Repeat) and part.separator is not None and not _parting(part):
            # Words side by side: a name in front of an address, or people who are counted where they stand alone.
            return stand_in
        return f",{stand_in}," if isinstance(part, (Repeat, Items, list, tuple)) else stand_in

    def hole(self, stand_in: str) -> Value | Repeat:
        return self.holes[ord(stand_in) - _HOLE_BASE]

    def trail(self, start: int) -> Trail:
        index = bisect_right(self.starts, start) - 1
        return self.trails[index] if index >= 0 else ()


def _parts(parts: Sequence[Value | Repeat], trail: Trail, depth: int) -> People:
    canvas = _Canvas(parts)
    reading = _read(canvas.source)
    people = _together(_member(person, canvas, trail, depth) for person in reading.persons)
    if len(canvas.holes) > _HOLE_LAST - _HOLE_BASE:
        people = _together((people, People((Recipient(None, OPEN, Origin.UNKNOWN, trail),))))
    return people


def _member(person: _Person, canvas: _Canvas, trail: Trail, depth: int) -> People:
    """The people of one member of a text with holes."""
    written = person.address or person.loose
    holes = [canvas.hole(found) for found in _HOLE.findall(written)]
    way = canvas.trail(person.start) + trail
    where = _origin_of(way)
    mentions = tuple(_name_mentions(person, where, way)) if not any(map(_HOLE.search, person.names)) else ()
    if not holes:
        known = _given(person)
        return People((replace(known, origin=where, trail=way),), mentions)
    inner = [_hole_people(hole, depth) for hole in holes]
    if person.address is not None:
        found = [_composed(person.address, holes, inner, way)]
    elif person.loose.startswith(":"):
        # A group's name, plainly; but nothing shows that it holds no address.
        found = [
            replace(one, count=Count(0, 0, one.count.high), trail=_joined(one.trail, way))
            for group in inner
            for one in group.recipients
        ]
    elif person.loose.startswith("<") and not any(isinstance(hole, Repeat) for hole in holes):
        found = [_single(inner, way)]
    elif len(holes) == 1:
        found = [replace(one, trail=_joined(one.trail, way)) for one in inner[0].recipients]
        mentions += inner[0].mentions
    else:
        found = _words(person.loose, canvas, depth, way)
    return People(tuple(found), mentions)


def _origin_of(way: Trail) -> Origin:
    return origin(Known("", way))


def _joined(own: Trail, way: Trail) -> Trail:
    if not way:
        return own
    carried = inherit(Known("", own), way)
    return carried.trail if isinstance(carried, Known) else own


def _hole_people(hole: Value | Repeat, depth: int) -> People:
    if isinstance(hole, Repeat):
        return _times(_people(hole.value, depth + 1), hole.count)
    return _people(hole, depth + 1)


def _words(loose: str, canvas: _Canvas, depth: int, way: Trail) -> list[Recipient]:
    """Holes without an address around them: words apart are people apart, one word is one of them."""
    found: list[Recipient] = []
    for word in loose.split():
        inner = [_hole_people(canvas.hole(stand_in), depth) for stand_in in _HOLE.findall(word)]
        people = [one for group in inner for one in group.recipients]
        if not people:
            continue
        if len(inner) == 1:
            found.extend(replace(one, trail=_joined(one.trail, way)) for one in people)
            continue
        first = max(people, key=lambda one: one.count.plain)
        high = min(sum(one.count.high for one in people), UNBOUNDED)
        low = max(one.count.low for one in people)
        found.append(
            replace(
                first,
                address=None,
                domain=None,
                count=Count(low, first.count.plain, high) if low <= high else first.count,
                trail=_joined(first.trail, way),
                label="",
                parameter=any(one.parameter for one in people),
            )
        )
    return found


def _single(inner: list[People], way: Trail) -> Recipient:
    """What stands alone in angle brackets is one mailbox, whatever its own count."""
    people = [one for group in inner for one in group.recipients]
    if not people:
        return Recipient(None, Count(0, 1, 1), _origin_of(way), way)
    first = max(people, key=lambda one: one.count.plain)
    if len(people) == 1:
        return replace(first, count=first.count.at_most(1), trail=_joined(first.trail, way))
    return replace(
        first, address=None, domain=None, label="", count=first.count.at_most(1), trail=_joined(first.trail, way)
    )


def _composed(address: str, holes: list[Value | Repeat], inner: list[People], way: Trail) -> Recipient:
    """An address with holes: one mailbox, of which the domain may be known."""
    local, _, domain = address.rpartition("@")
    people = [one for group in inner for one in group.recipients]
    carried = max(people, key=lambda one: one.origin, default=None)
    trail = _joined(carried.trail, way) if carried is not None else way
    where = carried.origin if carried is not None else _origin_of(way)
    count = ONE
    front = _HOLE.split(domain)[0]
    if "." in front.strip(".") and front != domain:
        # ``a@example.com`` + more: what follows a whole address may be further members.
        extra = [one.count for one in people]
        high = min(sum(one.high for one in extra), UNBOUNDED)
        plain = PLAIN_MANY if any(one.plain == PLAIN_MANY for one in extra) else 1
        count = Count(1, plain if high else 1, min(1 + high, UNBOUNDED))
    names = [_label(hole) for hole in holes if isinstance(hole, (Unknown, Parameter))]
    label = f"{names[0]} at {domain}" if len(names) == len(holes) == 1 and names[0] and _HOLE.fullmatch(local) else ""
    return Recipient(
        None,
        count,
        where,
        trail,
        domain=None if _HOLE.search(domain) or not domain else _domain_key(domain),
        label=label,
    )


# -- the pair of the JSON APIs

_MAIL_WORD: Final = re.compile(r"(?:^|[._\]\"'])(?:e?_?mail|email_?addr(?:ess)?|addr(?:ess)?)[\"'\])]*$", re.IGNORECASE)


def mailbox(address: Value | Absent, name: Value | Absent = ABSENT) -> People:
    """The ``{email, name}`` pair of the JSON APIs.

    An address text that holds several people counts as several. A pair whose
    address is empty is one person whose address is hidden, unless there is no name
    either. A name that is, or holds, an address is a mention.
    """
    if type(address) is str and _ADDRESS.fullmatch(address) and (name is ABSENT or _plainly_a_name(name)):
        return People((Recipient(address),))
    people = recipients(address)
    if not isinstance(name, Absent) and name is not None:
        if not people.recipients and not _says_nobody(address):
            hidden = Recipient(None, origin=Origin.GIVEN if isinstance(name, str) else origin(name))
            people = People((hidden,), people.mentions)
        mentions = _name_of_pair(name, people)
        if mentions:
            people = People(people.recipients, people.mentions + mentions)
    return people


def mailboxes(values: Sequence[Value]) -> People | None:
    """The people of a list of ``{email, name}`` pairs of a capture, all at once; None if any needs the careful reader.

    Equal to :func:`mailbox` of each of them: only what that takes for a plain address with a plain name passes here.
    """
    people: list[Recipient] = []
    for value in values:
        if type(value) is not dict:
            return None
        address = value.get("email")
        if type(address) is not str or not _ADDRESS.fullmatch(address):
            return None
        if len(value) > 1 and (len(value) > 2 or not _plainly_a_name(value.get("name"))):
            return None
        people.append(Recipient(address))
    return People(tuple(people))


_PLAIN: Final = r"[A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9-])?"
_PLAIN_LINES: Final = re.compile(rf"{_PLAIN}(?:\n{_PLAIN})*")


def plain_keys(addresses: Sequence[Any]) -> list[str] | None:
    """The comparing forms of texts, if each of them is one plain address and nothing else; None otherwise.

    All at once: ``recipients(one)`` is the one recipient of that address, and :func:`compare_key` of it its key.
    """
    if not addresses:
        return []
    try:
        lines = "\n".join(addresses)
    except TypeError:
        return None
    if not _PLAIN_LINES.fullmatch(lines):
        return None
    keys = lines.lower().split("\n")
    return keys if len(keys) == len(addresses) else None


def plain_pairs(values: Sequence[Any], address: str, name: str, size: int) -> list[Any] | None:
    """What stands under ``address`` in each of ``values``, if each of them holds that alone or, with ``size`` 2, a plain name.

    A plain name is one that :func:`mailbox` makes nothing of. Whether the addresses are plain, :func:`plain_keys` tells.
    """
    try:
        # Who has both keys has at least so many; only what is a mapping has keys.
        if sum(map(len, values)) != size * len(values):
            return None
        found = list(map(itemgetter(address), values))
        if size == 2:
            names = "\n".join(map(itemgetter(name), values))
            if "@" in names or "=?" in names or "\uff20" in names:
                return None
    except (KeyError, TypeError):
        return None
    return found


def _plainly_a_name(name: Value) -> bool:
    return type(name) is str and "@" not in name and "=?" not in name and "\uff20" not in name


def _says_nobody(address: Value | Absent) -> bool:
    """Whether an address text is there that names nobody (``undisclosed-recipients:;``), or never holds anybody."""
    if isinstance(address, (Unknown, Parameter, Either, Items)):
        return True
    return not isinstance(address, Absent) and bool(text(address))


def _name_of_pair(name: Value, people: People) -> tuple[Mention, ...]:
    own = {compare_key(person.address) for person in people.recipients if person.address}
    if isinstance(name, (Unknown, Parameter)):
        label = _label(name)
        if _MAIL_WORD.search(label) and all(person.label != label for person in people.recipients):
            other = Recipient(None, Count(0, 1, 1), origin(name), name.trail, label=label)
            return (Mention(Field.NAME, other),)
        return ()
    whole = text(name)
    if whole is None or ("@" not in whole and "=?" not in whole and "\uff20" not in whole):
        return ()
    where = Origin.GIVEN if isinstance(name, str) else origin(name)
    trail = () if isinstance(name, str) else getattr(name, "trail", ())
    return tuple(
        Mention(Field.NAME, Recipient(found, origin=where, trail=trail))
        for found in addresses_in(whole)
        if compare_key(found) not in own
    )


# --------------------------------------------------------------------------------------------------
# Comparing


@functools.lru_cache(maxsize=8192)
def _domain_key(domain: str) -> str:
    folded = domain.strip().rstrip(".").casefold()
    if folded.isascii():
        return folded
    return ".".join(_ascii_label(label) for label in folded.replace("\u3002", ".").split("."))


def _ascii_label(label: str) -> str:
    try:
        # IDNA 2003, as in the standard library: this compares, it does not resolve.
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label


def compare_key(address: str) -> str:
    """A text that is equal for the same mailbox: case folded, the domain in its ASCII form (RFC 5890)."""
    if address.isascii() and address[-1:] != "." and " " not in address and address.isprintable():
        return address.lower()
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return domain.casefold()
    return f"{local.casefold()}@{_domain_key(domain)}"


def _domain_part(address: str) -> str | None:
    _, at, domain = address.rpartition("@")
    return _domain_key(domain) or None if at else None


def domain_of(recipient: Recipient) -> str | None:
    """The domain of a recipient in its comparing form; None where it is not known."""
    if recipient.address is not None:
        return _domain_part(recipient.address)
    return _domain_key(recipient.domain) if recipient.domain else None


_RESERVED: Final = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")


def is_reserved(domain: str) -> bool:
    """Whether a domain never belongs to anybody (RFC 2606, sections 2 and 3), as in examples and tests."""
    return any(domain == reserved or domain.endswith(f".{reserved}") for reserved in _RESERVED)


def is_inside(recipient: Recipient, inside: Collection[str]) -> bool:
    """Whether the recipient's domain is one of ``inside``, or a subdomain of one. An unknown domain is not."""
    domain = domain_of(recipient)
    if domain is None:
        return False
    return any(domain == own or domain.endswith(f".{own}") for own in map(_domain_key, inside) if own)


def distinct(people: Iterable[Recipient]) -> Count:
    """How many different people these are.

    Equal addresses are one person, however often each is there. Equal expressions
    whose ways start at the same step are the same people, written twice. All others
    are different people; only what came through branches of the code and is one of
    several may be anybody of the rest as well, so that it makes nobody certain.
    """
    by_address: dict[str, Count] = {}
    by_label: dict[tuple[str, Step | None], Count] = {}
    others = ZERO
    least = 0
    for person in people:
        if person.address is not None:
            key = compare_key(person.address)
            if person.count is ONE:
                by_address[key] = ONE
            elif by_address.get(key) != ONE:
                by_address[key] = _most(by_address.get(key, ZERO), person.count.at_most(1))
        elif person.label:
            start = (person.label, person.trail[0] if person.trail else None)
            by_label[start] = _most(by_label.get(start, ZERO), person.count)
        elif person.trail:
            others = others + replace(person.count, low=0)
            least = max(least, person.count.low)
        else:
            others = others + person.count
    total = others
    exact = 0
    for count in by_address.values():
        if count is ONE or count == ONE:
            exact += 1
        else:
            total = total + count
    for count in by_label.values():
        total = total + count
    return (total + exactly(exact)).at_least(least)


def _most(one: Count, other: Count) -> Count:
    return Count(max(one.low, other.low), max(one.plain, other.plain), max(one.high, other.high))


# --------------------------------------------------------------------------------------------------
# Configured domains


def inside_domain_problem(domain: str) -> str | None:
    """Why a domain cannot be one's own, in words that continue "the domain ... ", or None if it can.

    Refused are texts that are no domain (email-validator's rules, without DNS and
    without its objection to reserved names) and public suffixes, under which
    anybody may have an address (publicsuffixlist's own copy of the list).
    """
    wanted = domain.strip()
    if wanted.casefold().rstrip(".") == "localhost":
        return None
    if "@" in wanted:
        return "is an address; write only what follows the @"
    if wanted.startswith(("*", ".")):
        return "starts with a wildcard; subdomains are always included, so write the domain itself"
    key = _domain_key(wanted)
    if not key:
        return "is empty"
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415  # needed by settings only
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  # reads a file of 300 KB

    if PublicSuffixList().publicsuffix(key) == key:
        return "is a public suffix, under which anybody can have an address"
    try:
        validate_email(f"somebody@{key}", check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        if "special-use or reserved" not in str(error):
            return "is not a domain name"
    return None
