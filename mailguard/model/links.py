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

__all__ = ["HINT", "LIMIT", "URL", "WIDE_HINT", "Links", "Token", "is_drawn", "tokens_in"]

LIMIT: Final = 200_000
"""Tokens of one capture that are remembered, as hashes: some 60 MB. Beyond them nothing is said of links."""

_URLS: Final = 300  # links of one text
_TEXT: Final = 1 << 20

HINT: Final = re.compile(r":(?:\\?/){2}[^\s\"'<>]{0,1000}?(?:[A-Za-z0-9_-]{12}|secret-[0-9])")
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


_Sent: TypeAlias = "tuple[int, bool, int, Place | int, Place | int | None]"
"""The slot of a token, whether it is named, its first reader, the message by which he got it, and the first by which
somebody else did. Of a message that stands on a line of its own the number of that line is kept."""


@dataclass(slots=True)
class Links:
    """To whom the tokens of neighbouring messages went."""

    limit: int = LIMIT
    full: bool = False
    """Whether there were more than are remembered."""
    path: str = ""
    """The capture in which the lines are."""
    _tokens: dict[int, _Sent] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Tokens that are remembered."""
        return len(self._tokens)

    def add(self, found: Iterable[Token], owner: str, place: Place) -> None:
        """One message with one reader, behind the others."""
        who = hash(owner)
        where: Place | int = place
        if place.line and place == Place(place.path, place.line):
            self.path = self.path or place.path
            where = place.line if place.path == self.path else place
        for one in found:
            self._put(hash((one.token, one.slot)), (one.slot, one.named, who, where, None))

    def add_all(
        self, path: str, batches: Sequence[tuple[int, bool, Sequence[int], Sequence[int], Sequence[int]]]
    ) -> None:
        """Many messages with one reader each, behind the others, each on a line of its own of one capture.

        Of each batch the slot of its links and whether that is named; the hashes of the tokens and of their readers, and
        the lines on which the messages stand.
        """
        if self.path not in ("", path):
            raise ValueError("the links of one capture at a time")
        self.path = path
        keys = [
            [*map(hash, zip(tokens, itertools.repeat(slot)))] for slot, _, tokens, _, _ in batches
        ]  # one never ends
        known, count = self._tokens, sum(map(len, keys))
        if (
            len(known) + count <= self.limit
            and len(set().union(*keys)) == count
            and all(known.keys().isdisjoint(some) for some in keys)
        ):
            for some, (slot, named, _, owners, lines) in zip(keys, batches, strict=True):
                sent = zip(
                    itertools.repeat(slot), itertools.repeat(named), owners, lines, itertools.repeat(None)
                )  # see above
                known.update(zip(some, sent, strict=False))
            return
        every: list[tuple[int, int, _Sent]] = [
            (line, key, (slot, named, owner, line, None))
            for some, (slot, named, _, owners, lines) in zip(keys, batches, strict=True)
            for key, owner, line in zip(some, owners, lines, strict=True)
        ]
        for _, key, one in sorted(every, key=itemgetter(0)):
            self._put(key, one)

    def _put(self, token: int, later: _Sent) -> None:
        known = self._tokens.get(token)
        if known is None:
            if len(self._tokens) < self.limit:
                self._tokens[token] = later
            else:
                self.full = True
        elif known[4] is None:
            second = later[3] if later[2] != known[2] else later[4]
            if second is not None:
                self._tokens[token] = (*known[:4], second)

    def __add__(self, later: Links) -> Links:
        """Append the part that comes ``later``. Where both together are too many, the whole is full."""
        result = Links(self.limit, self.full, self.path, dict(self._tokens))
        result.extend(later)
        return result

    def extend(self, later: Links) -> None:
        """Append the part that comes ``later`` to this one."""
        self.full = self.full or later.full
        self.path = self.path or later.path
        known, tokens = self._tokens, later._tokens
        if later.path not in ("", self.path):
            tokens = {token: later._whole(sent) for token, sent in tokens.items()}
        if len(known) + len(tokens) <= self.limit and known.keys().isdisjoint(tokens):
            known.update(tokens)
            return
        for token, sent in tokens.items():
            self._put(token, sent)

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

        moved: dict[int, _Sent] = {
            token: (slot, named, owner, at(first), None if second is None else at(second))
            for token, (slot, named, owner, first, second) in self._tokens.items()
        }
        return Links(self.limit, self.full, self.path, moved)

    def __reduce__(self) -> tuple[object, ...]:
        """Packed into few pieces: a process hands over some ten thousand tokens for each part of a log."""
        plain = {token: sent for token, sent in self._tokens.items() if isinstance(sent[3], int) and sent[4] is None}
        rest = {token: sent for token, sent in self._tokens.items() if token not in plain}
        columns = []
        if plain:
            slots, named, owners, lines, _ = zip(*plain.values(), strict=True)
            columns = [array("q", column) for column in (plain, slots, named, owners, lines)]
        return _unpacked, (self.limit, self.full, self.path, columns, rest)

    def shared(self) -> tuple[Place, Count] | None:
        """How many personal links went to two people, and where that is seen first; None if none did.

        A link that says so itself counts. Of others it counts only where more links of its slot went to one person
        each; where that is so of one only, it may be.
        """
        single: dict[int, int] = {}
        several: dict[int, int] = {}
        twice: list[tuple[int, bool, Place | int]] = []
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


def _unpacked(limit: int, full: bool, path: str, columns: Sequence[array[int]], rest: dict[int, _Sent]) -> Links:
    """What :meth:`Links.__reduce__` packed."""
    tokens: dict[int, _Sent] = {}
    if columns:
        keys, slots, named, owners, lines = columns
        tokens.update(
            zip(keys, zip(slots, map(bool, named), owners, lines, itertools.repeat(None)), strict=False)
        )  # one never ends
    return Links(limit, full, path, {**tokens, **rest})
