"""Links that belong to one person, and to whom they went.

A link is told apart by its *token* (a long word of letters and digits in a path or a query) and its *slot*, the same link
without it. A slot in which most tokens went to one person each holds personal links; so does one whose words say so
(``reset``, ``verify``, ``login``). A token of such a slot that went to two people was sent to the wrong one at least once.

:class:`Links` is a summary of neighbouring messages: it holds hashes, has a size that is stated, and summaries add up with ``+``
(associative), so that a capture can be looked at in parts.
"""

from __future__ import annotations

import functools
import itertools
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from mailguard.model.count import Count, exactly
from mailguard.model.place import Place

__all__ = ["DRAWN", "HINT", "LIMIT", "URL", "WIDE_HINT", "Links", "Token", "is_drawn", "tokens_in"]

LIMIT: Final = 1_000_000
"""Tokens of one capture that are remembered, as hashes: some 110 MB. Beyond them nothing is said of links."""
_LOOSE: Final = 5
"""One in so many may be remembered by itself: as one of a kind, by a place that is no line, or because it went to two people."""
_OPEN: Final = 4096
"""Slots of which tokens are put together."""
_WAITING: Final = 50_000
"""Tokens that were there before, until it is looked up to whom they went then."""

_URLS: Final = 300  # links of one text
_TEXT: Final = 1 << 20

HINT: Final = re.compile(r":(?:\\?/){2}[^\s\"'<>]{0,1000}?(?:[A-Za-z0-9_~-]{12}|secret-[0-9])")
"""What a text holds that may have such a link."""
WIDE_HINT: Final = re.compile(HINT.pattern.replace("1000", "12000"))
"""What the JSON of such a text holds, in which a sign may take twelve."""

_TAIL: Final = r"([^\s\"'<>\\^`{}|()\[\]]{4,2000})"
URL: Final = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://" + _TAIL)
_WORD: Final = re.compile(r"[A-Za-z0-9_~-]{12,}|(?<![A-Za-z0-9_~-])secret-[0-9]{1,9}(?![A-Za-z0-9_~-])")
_NAMED: Final = re.compile(
    r"(?:^|[^a-z])(?:re-?set|pass-?word|verif(?:y|ication)|confirm(?:ation)?|activat(?:e|ion)|magic|log-?in|sign-?in|invit(?:e|ation)"
    r"|otp|one-?time|auth(?:enticate)?|access_?token|sso)(?:$|[^a-z])",
    re.IGNORECASE,
)


class Token(NamedTuple):
    """A word in a link that may belong to one person. Hashes: nothing of it can be printed."""

    token: int
    slot: int
    named: bool
    """Whether the words of the link say that it belongs to one person."""


def tokens_in(text: str) -> list[Token]:
    """The tokens in the links of a text, each once."""
    if "://" not in text:
        return []
    result: dict[Token, None] = {}
    for link in itertools.islice(_links(text[:_TEXT]), _URLS):
        words = _WORD.findall(link)
        drawn = [word for word in words if is_drawn(word)]
        if not drawn:
            continue
        gaps = _WORD.split(link)
        before, mark, query = "".join(
            [gap + ("*" if word in drawn else word) for gap, word in zip(gaps, [*words, ""], strict=True)]
        ).partition("?")
        names = "&".join(sorted([part.partition("=")[0] for part in query.split("&")])) if mark else ""
        whole = f"{before}?{names}"
        named = _says_so(whole)
        for word in drawn:
            result[Token(hash(word), hash(whole), named)] = None
    return list(result)


def _links(text: str) -> Iterator[str]:
    """What :data:`URL` finds, several times as fast."""
    at = text.find("://")
    while at >= 0:
        match = (
            _BEHIND_SCHEME.match(text, at + 3)
            if text[max(0, at - 5) : at].lower().endswith(("http", "https"))
            else None
        )
        if match is not None:
            link = match.group().replace("&amp;", "&").rstrip(".,;:!?")
            yield _ADDRESS.sub("@", link) if "@" in link or "%40" in link else link
        at = text.find("://", at + 3 if match is None else match.end())


_BEHIND_SCHEME: Final = re.compile(_TAIL)
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._+~-]{0,64}(?:@|%40)[A-Za-z0-9.-]*")
"""An address in a link. It belongs to one person, but its parts do not: others have mailboxes in its domain."""


@functools.lru_cache(4096)
def is_drawn(word: str) -> bool:
    """Whether a word of a link looks as if a machine had drawn it."""
    return _UNIQUE.search(word) is not None


@functools.lru_cache(4096)
def _says_so(slot: str) -> bool:
    """Whether the words of a slot say that its tokens belong to one person each."""
    # Many links have one slot: that of a template.
    return _NAMED.search(slot.partition("/")[2]) is not None


_UNIQUE: Final = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:"
    # Eight letters and digits or more, two digits at least, and not digits only.
    r"(?=[A-Za-z]*[0-9][A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{8}"
    # Twenty, neither all in small letters nor all in capitals.
    r"|(?:(?=[0-9A-Z]*[a-z])(?=[0-9a-z]*[A-Z])|(?=[0-9]+(?![A-Za-z0-9])))[A-Za-z0-9]{20}"
    # A UUID (RFC 9562), whatever stands in front of it.
    r")|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    # What stands in the place of one in a capture that was scrubbed.
    r"|(?<![A-Za-z0-9_~-])secret-[0-9])"
)
"""A part of a word that looks as if a machine had drawn it: not the words of a title, not a number."""
DRAWN: Final = re.compile(_UNIQUE.pattern.encode())
"""The same for words of ASCII."""


_Sent: TypeAlias = "tuple[int, bool, int, Place | int, Place | int | None]"
"""The slot of a token, whether it is named, its first reader, the message by which he got it, and the first by which
somebody else did. Of a message that stands on a line of its own the number of that line is kept."""

Column: TypeAlias = tuple[int, bool, "Sequence[int] | int"]
"""A link of a letter that went out many times: its slot, whether that is named, and the hash of its token in each of the
messages; a number where that is the same in all."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one letter with one reader each, in order, each on a line of its own of one capture."""

    owners: Sequence[int]
    """The hashes of the readers."""
    lines: Sequence[int]
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class _Column:
    """Tokens of one slot, none of which is remembered elsewhere: the smallest form that there is of them."""

    slot: int
    named: bool
    tokens: array[int]
    owners: array[int]
    """For each token its first reader; columns of one batch share these, and the lines."""
    lines: array[int]
    above: int = 0
    """Lines of the capture in front of its part."""

    def __iter__(self) -> Iterator[tuple[int, _Sent]]:
        for token, owner, line in zip(self.tokens, self.owners, self.lines, strict=True):
            yield token, (self.slot, self.named, owner, line + self.above, None)


_Again: TypeAlias = "tuple[int, Place | int, Place | int | None]"
"""Of a token that was there before: who got it now, by which message, and by which one somebody else than he did first."""


@dataclass(slots=True)
class Links:
    """To whom the tokens of neighbouring messages went."""

    limit: int = LIMIT
    full: bool = False
    """Whether there were more than are remembered."""
    path: str = ""
    """The capture in which the lines are."""
    _tokens: dict[int, _Sent] = field(default_factory=dict, repr=False)
    """What is remembered one by one."""
    _columns: list[_Column] = field(default_factory=list, repr=False)
    """The rest: no token is there twice, or in ``_tokens`` as well."""
    _count: int = 0
    """Tokens in these."""
    _twice: dict[int, tuple[int, bool, Place | int]] = field(default_factory=dict, repr=False)
    """Those of them that went to a second person: slot, whether it is named, and by which message."""
    _found: set[int] | None = field(default=None, repr=False)
    """All tokens in columns; None where nobody has asked yet."""
    _again: dict[int, _Again] = field(default_factory=dict, repr=False)
    """Tokens in columns that were there again, of which the first reader was not looked up yet."""
    _repeats: bool = field(default=False, repr=False)
    """Whether tokens were there again that came in columns."""
    _open: dict[tuple[int, bool], _Column] = field(default_factory=dict, repr=False)
    """Columns to which more may be put."""

    def __len__(self) -> int:
        """Tokens that are remembered."""
        return len(self._tokens) + self._count

    @property
    def _keys(self) -> set[int]:
        if self._found is None:
            self._found = set().union(*(one.tokens for one in self._columns))
        return self._found

    def __eq__(self, other: object) -> bool:
        """Whether the same is remembered, in whatever way."""
        if not isinstance(other, Links):
            return NotImplemented
        alike = (self.limit, self.full, self.path) == (other.limit, other.full, other.path)
        return alike and self._every() == other._every()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def add(self, found: Iterable[Token], owner: str, place: Place) -> None:
        """One message with one reader, behind the others."""
        who = hash(owner)
        where: Place | int = place
        if place.line and place == Place(place.path, place.line):
            self.path = self.path or place.path
            where = place.line if place.path == self.path else place
        for one in found:
            self._put(hash((one.token, one.slot)), (one.slot, one.named, who, where, None))

    def add_all(self, path: str, batches: Sequence[Batch]) -> None:
        """Many messages, behind the others. Batches may overlap, as different letters do that go out together."""
        if self.path not in ("", path):
            raise ValueError("the links of one capture at a time")
        self.path = path
        always: dict[int, list[tuple[int, bool, Batch]]] = {}
        kept: list[_Column] = []
        for batch in batches:
            owners, lines = array("q", batch.owners), array("q", batch.lines)
            for slot, named, tokens in batch.columns:
                if isinstance(tokens, int):
                    always.setdefault(hash((tokens, slot)), []).append((slot, named, batch))
                else:
                    keys = array("q", map(hash, zip(tokens, itertools.repeat(slot))))  # one never ends
                    kept.append(_Column(slot, named, keys, owners, lines))
        fresh = set().union(*(one.tokens for one in kept))
        apart = len(fresh) == sum([len(one.tokens) for one in kept]) and fresh.isdisjoint(always)
        if apart and len(self) + len(fresh) + len(always) <= self.limit and self._take(kept):
            for key, found in always.items():
                self._put(key, _first_of(found))
            return
        every = [(line, key, sent) for one in kept for key, sent in one for line in [sent[3]] if isinstance(line, int)]
        for key, found in always.items():
            for slot, named, batch in found:
                every += [
                    (line, key, (slot, named, owner, line, None))
                    for owner, line in zip(batch.owners, batch.lines, strict=True)
                ]
        for _, key, one in sorted(every, key=itemgetter(0)):
            self._put(key, one)

    def _take(self, columns: Sequence[_Column]) -> bool:
        """Take in columns that have no token twice, as they are, if there is room and none is there yet; whether that is so."""
        tokens = [one.tokens.tolist() for one in columns]
        keys, count = self._keys, sum(map(len, tokens))
        if len(self) + count > self.limit or (self._tokens and not all(map(self._tokens.keys().isdisjoint, tokens))):
            return False
        if self._repeats and not all(map(keys.isdisjoint, tokens)):
            return False
        # Where none was there so far none is there most likely; to look and to put are one thing then.
        keys.update(*tokens)
        if len(keys) != self._count + count:
            self._found, self._repeats = None, True
            return False
        self._columns += columns
        self._count += count
        return True

    def _every(self) -> dict[int, _Sent]:
        """All that is remembered, token by token."""
        self._look_up()
        every = {**self._tokens, **dict(itertools.chain.from_iterable(self._columns))}
        for token, (_, _, second) in self._twice.items():
            every[token] = (*every[token][:4], second)
        return every

    def _put(self, token: int, later: _Sent) -> None:
        slot, named, owner, first, second = later
        known = self._tokens.get(token)
        if known is not None:
            if known[4] is None:
                other = first if owner != known[2] else second
                if other is not None:
                    self._tokens[token] = (*known[:4], other)
        elif token in self._keys:
            self._repeat(token, owner, first, second)
        elif len(self) >= self.limit:
            self.full = True
        elif isinstance(first, int) and ((slot, named) in self._open or len(self._open) < _OPEN):
            column = self._open.get((slot, named))
            if column is None:
                column = self._open[slot, named] = _Column(slot, named, array("q"), array("q"), array("q"))
                self._columns.append(column)
            column.tokens.append(token)
            column.owners.append(owner)
            column.lines.append(first)
            self._keys.add(token)
            self._count += 1
            if second is not None:
                self._repeat(token, owner, first, second)
        elif len(self._tokens) >= max(1, self.limit // _LOOSE):
            self.full = True
        else:
            self._tokens[token] = later

    def _repeat(self, token: int, owner: int, first: Place | int, second: Place | int | None) -> None:
        """A token in a column was there again."""
        if token in self._twice:
            return
        before = self._again.get(token)
        if before is None:
            self._again[token] = (owner, first, second)
            if len(self._again) >= _WAITING:
                self._look_up()
        elif before[2] is None:
            other = first if owner != before[0] else second
            if other is not None:
                self._again[token] = (*before[:2], other)

    def _look_up(self) -> None:
        """Find out which tokens in columns went to a second person."""
        again, self._again = self._again, {}
        for column in self._columns if again else ():
            if again.keys().isdisjoint(column.tokens):
                continue
            for token, owner in zip(column.tokens, column.owners, strict=True):
                if (found := again.get(token)) is not None:
                    second = found[1] if owner != found[0] else found[2]
                    if second is None:
                        continue
                    if len(self._twice) >= max(1, self.limit // _LOOSE):
                        self.full = True
                    else:
                        self._twice[token] = (column.slot, column.named, second)

    def __add__(self, later: Links) -> Links:
        """Append the part that comes ``later``. Where both together are too many, the whole is full."""
        self._close()
        result = Links(
            self.limit, self.full, self.path, dict(self._tokens), [*self._columns], self._count, dict(self._twice)
        )
        result.extend(later)
        return result

    def _close(self) -> None:
        """Leave nothing to look up, and put nothing more to the columns that there are: others get them."""
        self._look_up()
        self._open.clear()

    def extend(self, later: Links) -> None:
        """Append the part that comes ``later`` to this one."""
        later._close()
        self.full = self.full or later.full
        self.path = self.path or later.path
        if later.path not in ("", self.path):
            for token, sent in later._every().items():
                self._put(token, later._whole(sent))
            return
        for token, sent in later._tokens.items():
            self._put(token, sent)
        if not later._twice and self._take(later._columns):
            return
        for column in later._columns:
            if later._twice.keys().isdisjoint(column.tokens) and self._take([column]):
                continue
            for token, sent in column:
                twice = later._twice.get(token)
                self._put(token, sent if twice is None else (*sent[:4], twice[2]))

    def _at(self, place: Place | int) -> Place:
        return place if isinstance(place, Place) else Place(self.path, place)

    def _whole(self, sent: _Sent) -> _Sent:
        return (*sent[:3], self._at(sent[3]), None if sent[4] is None else self._at(sent[4]))

    def moved(self, lines: int) -> Links:
        """The same of a part that has ``lines`` lines in front of it."""
        if not lines:
            return self

        def at(place: Place | int) -> Place | int:
            if isinstance(place, int):
                return place + lines
            return replace(place, line=place.line + lines) if place.line else place

        self._close()
        moved: dict[int, _Sent] = {
            token: (slot, named, owner, at(first), None if second is None else at(second))
            for token, (slot, named, owner, first, second) in self._tokens.items()
        }
        columns = [replace(one, above=one.above + lines) for one in self._columns]
        twice = {token: (slot, named, at(second)) for token, (slot, named, second) in self._twice.items()}
        return Links(self.limit, self.full, self.path, moved, columns, self._count, twice)

    def __reduce__(self) -> tuple[object, ...]:
        """Without the tokens that are there twice: a process hands over some ten thousand of them for each part of a log."""
        self._close()
        return Links, (self.limit, self.full, self.path, self._tokens, self._columns, self._count, self._twice)

    def shared(self) -> tuple[Place, Count] | None:
        """How many personal links went to two people, and where that is seen first; None if none did.

        A link that says so itself counts. Of others it counts only where more links of its slot went to one person
        each; where that is so of one only, it may be.
        """
        self._look_up()
        single: dict[int, int] = {}
        several: dict[int, int] = {}
        twice: list[tuple[int, bool, Place | int]] = [*self._twice.values()]
        for one in self._columns:
            single[one.slot] = single.get(one.slot, 0) + len(one.tokens)
        for slot, _, _ in twice:
            single[slot] -= 1
            several[slot] = several.get(slot, 0) + 1
        for slot, named, _, _, second in self._tokens.values():
            if second is None:
                single[slot] = single.get(slot, 0) + 1
            else:
                several[slot] = several.get(slot, 0) + 1
                twice.append((slot, named, second))
        sure: list[Place] = []
        maybe: list[Place] = []
        for slot, named, place in twice:
            alone = single.get(slot, 0)
            if named or (alone > 1 and alone > several[slot]):
                sure.append(self._at(place))
            elif alone and alone >= several[slot]:
                maybe.append(self._at(place))
        if not sure and not maybe:
            return None
        first = min(
            sure or maybe, key=lambda place: (place.path, place.line, place.column, len(place.pointer), place.pointer)
        )
        return first, exactly(len(sure)) if sure else Count(0, 0, len(maybe))


def _first_of(found: Sequence[tuple[int, bool, Batch]]) -> _Sent:
    """To whom one token went that all messages of some batches have."""
    slot, named, _ = found[0]
    firsts = [(one.lines[0], one.owners[0]) for _, _, one in found]
    line, owner = min(firsts)
    # The first in each batch that somebody else got.
    others = [
        next((line for line, who in zip(one.lines, one.owners, strict=True) if who != owner), None)
        for _, _, one in found
    ]
    return slot, named, owner, line, min((line for line in others if line is not None), default=None)
