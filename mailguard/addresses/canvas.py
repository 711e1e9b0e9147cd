"""A text with holes as a text with stand-ins, which the reader of plain text reads."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Final

from mailguard.addresses.words import HOLE, HOLE_BASE, HOLE_LAST, TRANSLATION, decoded_bytes
from mailguard.model.value import Absent, Either, Items, Known, Repeat, Text, Trail, Value, inherit

DEPTH: Final = 24
"""Collections inside collections that are opened; what lies deeper is one person without an address."""
_EXPANSIONS: Final = 16
"""Combinations of branches inside one text that are read one by one."""


def flattened(parts: Iterable[Value | Repeat], trail: Trail, depth: int) -> Iterator[Value | Repeat]:
    """The parts of a text, with texts inside it opened; each comes by ``trail`` as well."""
    for part in parts:
        if isinstance(part, Text) and depth < DEPTH:
            yield from flattened(part.parts, part.trail + trail, depth + 1)
        elif not trail:
            yield part
        elif isinstance(part, Repeat):
            yield Repeat(inherit(part.value, trail), part.count, part.separator)
        else:
            yield inherit(part, trail)


def expanded(flat: list[Value | Repeat]) -> list[list[Value | Repeat]]:
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
    return [list(flattened(combination, (), 0)) for combination in product(*choices)]


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


class Canvas:
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
            literal = decoded_bytes(literal)
        if isinstance(literal, str):
            return HOLE.sub("?", literal).translate(TRANSLATION)
        if HOLE_BASE + len(self.holes) > HOLE_LAST:
            return "?"
        self.holes.append(part)
        stand_in = chr(HOLE_BASE + len(self.holes) - 1)
        # Rounds of a join are members of their own, whatever stands beside them.
        if isinstance(part, Repeat) and part.separator is not None and not _parting(part):
            # Words side by side: a name in front of an address, or people who are counted where they stand alone.
            return stand_in
        return f",{stand_in}," if isinstance(part, (Repeat, Items, list, tuple)) else stand_in

    def hole(self, stand_in: str) -> Value | Repeat:
        """What a stand-in stands for."""
        return self.holes[ord(stand_in) - HOLE_BASE]

    def trail(self, start: int) -> Trail:
        """The way of the literal that holds this position."""
        index = bisect_right(self.starts, start) - 1
        return self.trails[index] if index >= 0 else ()
