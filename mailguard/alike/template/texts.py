"""Texts side by side: what they have in common, and what may differ in another one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailguard.alike.template.holes import RUN, SHORT, TOKEN, WORD_TEXT
from mailguard.model.links import URL, is_drawn

__all__ = ["PEOPLE", "Filling", "Gap", "Person", "Text", "in_common"]

_LONGEST: Final = 1 << 16
"""Characters of a text that is compared with others."""
_FAR: Final = 400
"""Characters that differ, at most, before two texts go on as one."""
_PROBE: Final = 20
"""So many have to be the same again."""
_HOLES: Final = 400
PEOPLE: Final = 64
"""Addresses of a line of which there is a template."""


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_~-"


def _differing(one: str, other: str) -> list[tuple[int, int]] | None:
    """Where ``one`` differs from ``other``, in whole words; None where they have little in common."""
    one, other = one + "\0" * (_PROBE + 1), other + "\0" * (_PROBE + 1)
    here = there = 0
    spans: list[tuple[int, int]] = []
    while True:
        step = 256
        while step:
            while one[here : here + step] == other[there : there + step]:
                if here >= len(one):
                    return spans
                here, there = here + step, there + step
            step //= 4
        # Back to where the word begins, but not into what differed before.
        least = spans[-1][1] if spans else 0
        while here > least and _is_word(one[here - 1]):
            here, there = here - 1, there - 1
        for far in range(_FAR):
            start = here + far
            if _is_word(one[start - 1 : start] or " ") and _is_word(one[start : start + 1] or " "):
                continue  # inside a word
            probe = one[start : start + _PROBE]
            found = other.find(probe, there, there + far + _FAR) if len(probe) == _PROBE else -1
            if found >= 0 and not (found > there and _is_word(other[found - 1]) and _is_word(other[found])):
                spans.append((here, start))
                here, there = start, found
                break
        else:
            return None
        if len(spans) > _HOLES:
            return None


def _together(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that do not touch each other, in order."""
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _fillings(literals: Sequence[str], text: str) -> list[str] | None:
    """What stands between ``literals`` in a text."""
    if not text.startswith(literals[0]):
        return None
    at, found = len(literals[0]), []
    for place, literal in enumerate(literals[1:], 1):
        last = place == len(literals) - 1
        start = (
            len(text) - len(literal) if last and text.endswith(literal) else text.find(literal, at) if literal else -1
        )
        if start < at:
            return None
        found.append(text[at:start])
        at = start + len(literal)
    return found if at == len(text) else None


_OWN: Final = 0xE000
"""Signs that stand for the addresses of a line in its texts, and from 64 on for these with ``%40``."""
_OWNS: Final = re.compile("([\ue000-\ue07f])")
_BEFORE: Final = frozenset(" \n\t>(,;\"'")
_BEHIND: Final = frozenset(" \n\t<),;!?\"'.")


class Filling(Enum):
    """What stands in a hole of a text."""

    TOKEN = "the token of a link"  # noqa: S105  # no password
    SHORT = "a part of a link that is too short for a token"
    RUN = "a word outside of links"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a text."""

    filling: Filling
    values: tuple[str, ...]
    """What stands there in each of the texts."""


@dataclass(frozen=True, slots=True)
class Person:
    """An address of the line, where it stands in a text."""

    place: int
    """Which of the addresses of the line."""
    escaped: bool
    """Whether ``%40`` takes the place of the at sign."""

    def written(self, addresses: Sequence[str]) -> str:
        """As the text writes it, out of the addresses of a line."""
        address = addresses[self.place]
        return address.replace("@", "%40") if self.escaped else address


Text = list["str | Gap | Person"]
"""What is always there in a text, what differs, and who is in it."""


def in_common(texts: Sequence[str], people: Sequence[Sequence[str]]) -> Text | None:
    """What some texts have in common; None where that cannot be told.

    ``people``: for each text the addresses of its line, in the same order in all.
    """
    if max(map(len, texts)) > _LONGEST or any(_OWNS.search(text) for text in texts):
        return None
    marked = [_marked(text, own) for text, own in zip(texts, people, strict=True)]
    first = marked[0]
    spans: list[tuple[int, int]] = []
    for other in marked[1:]:
        found = _differing(first, other)
        if found is None:
            return None
        spans += found
    spans = _together(spans)
    literals, at = [], 0
    for start, end in spans:
        literals.append(first[at:start])
        at = end
    literals.append(first[at:])
    columns = [_fillings(literals, text) for text in marked]
    links = [match.span(1) for match in URL.finditer(first)]
    result: Text = []
    for place, literal in enumerate(literals):
        result += [_unmarked(piece) if _OWNS.fullmatch(piece) else piece for piece in _OWNS.split(literal) if piece]
        if place == len(spans):
            break
        values = tuple([column[place] if column is not None else "\0" for column in columns])
        start, end = spans[place]
        in_link = any(one <= start and end <= other for one, other in links)
        filling = _filling(first[start - 1 : start], values, first[end : end + 1], in_link=in_link)
        if filling is None:
            return None
        result.append(Gap(filling, values))
    return result


def _marked(text: str, own: Sequence[str]) -> str:
    """A text with signs in the places of the addresses of its line; of two that begin alike the longer one counts."""
    for place in sorted(range(len(own)), key=lambda place: -len(own[place])):
        if "@" in text:
            text = text.replace(own[place], chr(_OWN + place))
        if "%40" in text:
            text = text.replace(own[place].replace("@", "%40"), chr(_OWN + PEOPLE + place))
    return text


def _unmarked(sign: str) -> Person:
    escaped, place = divmod(ord(sign) - _OWN, PEOPLE)
    return Person(place, escaped=bool(escaped))


def _filling(before: str, values: Sequence[str], behind: str, *, in_link: bool) -> Filling | None:
    """What stands between two signs; None where that may be anything."""
    if in_link:
        if _is_word(before or "-") or _is_word(behind or " "):
            return None
        if all(re.fullmatch(TOKEN.decode(), value) and is_drawn(value) for value in values):
            return Filling.TOKEN
        return Filling.SHORT if all(re.fullmatch(SHORT.decode(), value) for value in values) else None
    if (
        (not before or before in _BEFORE)
        and (not behind or behind in _BEHIND)
        and all(WORD_TEXT.fullmatch(value) and not _OWNS.search(value) for value in values)
    ):
        return Filling.WORDS
    if (
        not _is_word(before or " ")
        and before in ("=", "#", *_BEFORE)
        and (not behind or behind in _BEHIND or behind in ("&", ">"))
        and all(re.fullmatch(RUN.decode(), value) for value in values)
    ):
        return Filling.RUN
    return None
