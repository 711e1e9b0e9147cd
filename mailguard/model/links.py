"""Links that belong to one person, and to whom they went.

A link is told apart by its *token* (a long word of letters and digits in a path or a query) and its *slot*, the same link
without it. A slot in which most tokens went to one person each holds personal links; so does one whose words say so
(``reset``, ``verify``, ``login``). A token of such a slot that went to two people was sent to the wrong one at least once.

:class:`Links` is a summary of neighbouring messages: it holds hashes, has a size that is stated, and summaries add up with ``+``
(associative), so that a capture can be looked at in parts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from mailguard.model.count import Count, exactly
from mailguard.model.place import Place

__all__ = ["HINT", "LIMIT", "WIDE_HINT", "Links", "Token", "tokens_in"]

LIMIT: Final = 200_000
"""Tokens of one capture that are remembered, as hashes: some 60 MB. Beyond them nothing is said of links."""

_URLS: Final = 300  # links of one text
_TEXT: Final = 1 << 20

HINT: Final = re.compile(r":(?:\\?/){2}[^\s\"'<>]{0,1000}?(?:[A-Za-z0-9_-]{12}|secret-[0-9])")
"""What a text holds that may have such a link."""
WIDE_HINT: Final = re.compile(HINT.pattern.replace("1000", "12000"))
"""What the JSON of such a text holds, in which a sign may take twelve."""

_URL: Final = re.compile(r"https?://([^\s\"'<>\\^`{}|()\[\]]{4,2000})", re.IGNORECASE)
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
    for count, match in enumerate(_URL.finditer(text[:_TEXT])):
        if count >= _URLS:
            break
        link = match.group(1).replace("&amp;", "&").rstrip(".,;:!?")
        if not _UNIQUE.search(link):
            continue
        words = [word for word in _WORD.findall(link) if _UNIQUE.search(word)]
        if not words:
            continue
        before, mark, query = link.partition("?")
        slot = before
        for word in words:
            slot = slot.replace(word, "*")
        names = "&".join(sorted([part.partition("=")[0] for part in query.split("&")])) if mark else ""
        whole = f"{slot}?{names}"
        named = _says_so(whole)
        for word in words:
            result[Token(hash(word), hash(whole), named)] = None
    return list(result)


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


@dataclass(frozen=True, slots=True)
class _Sent:
    slot: int
    named: bool
    owner: int
    first: Place
    second: Place | None = None
    """The first message by which somebody else got it."""


@dataclass(slots=True)
class Links:
    """To whom the tokens of neighbouring messages went."""

    limit: int = LIMIT
    full: bool = False
    """Whether there were more than are remembered."""
    _tokens: dict[int, _Sent] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        """Tokens that are remembered."""
        return len(self._tokens)

    def add(self, found: Iterator[Token] | list[Token], owner: str, place: Place) -> None:
        """One message with one reader, behind the others."""
        who = hash(owner)
        for one in found:
            self._put(hash((one.token, one.slot)), _Sent(one.slot, one.named, who, place))

    def _put(self, token: int, later: _Sent) -> None:
        known = self._tokens.get(token)
        if known is None:
            if len(self._tokens) < self.limit:
                self._tokens[token] = later
            else:
                self.full = True
        elif known.second is None:
            second = later.first if later.owner != known.owner else later.second
            if second is not None:
                self._tokens[token] = replace(known, second=second)

    def __add__(self, later: Links) -> Links:
        """Append the part that comes ``later``. Where both together are too many, the whole is full."""
        result = Links(self.limit, self.full, dict(self._tokens))
        result.extend(later)
        return result

    def extend(self, later: Links) -> None:
        """Append the part that comes ``later`` to this one."""
        self.full = self.full or later.full
        for token, sent in later._tokens.items():
            self._put(token, sent)

    def moved(self, lines: int) -> Links:
        """The same of a part that has ``lines`` lines in front of it."""
        if not lines:
            return self

        def at(place: Place | None) -> Place | None:
            return replace(place, line=place.line + lines) if place is not None and place.line else place

        moved = {
            token: replace(sent, first=at(sent.first) or sent.first, second=at(sent.second))
            for token, sent in self._tokens.items()
        }
        return Links(self.limit, self.full, moved)

    def shared(self) -> tuple[Place, Count] | None:
        """How many personal links went to two people, and where that is seen first; None if none did.

        A link that says so itself counts. Of others it counts only where more links of its slot went to one person
        each; where that is so of one only, it may be.
        """
        single: dict[int, int] = {}
        several: dict[int, int] = {}
        for sent in self._tokens.values():
            side = single if sent.second is None else several
            side[sent.slot] = side.get(sent.slot, 0) + 1
        sure: list[Place] = []
        maybe: list[Place] = []
        for sent in self._tokens.values():
            if sent.second is None:
                continue
            alone = single.get(sent.slot, 0)
            if sent.named or (alone > 1 and alone > several[sent.slot]):
                sure.append(sent.second)
            elif alone and alone >= several[sent.slot]:
                maybe.append(sent.second)
        if not sure and not maybe:
            return None
        first = min(
            sure or maybe, key=lambda place: (place.path, place.line, place.column, len(place.pointer), place.pointer)
        )
        return first, exactly(len(sure)) if sure else Count(0, 0, len(maybe))
