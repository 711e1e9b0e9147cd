"""Writes a template from its first sign to its last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mailguard.alike.stencil import ADDRESS
from mailguard.alike.template.holes import Hole, Item
from mailguard.alike.template.line import Sample, Template
from mailguard.alike.template.said import Said

__all__ = ["template_of"]


def _joined(items: Sequence[Item]) -> Iterator[Item]:
    """The same with nothing that is fixed beside something else that is."""
    fixed: list[bytes] = []
    for item in items:
        if isinstance(item, bytes):
            fixed.append(item)
        else:
            yield b"".join(fixed)
            fixed = []
            yield item
    yield b"".join(fixed)


def template_of(
    samples: Sequence[Sample], items: Sequence[Item], holes: Mapping[int, Hole], said: Said
) -> Template | None:
    """The template of some lines; None where it could not be told what is in the holes of a line.

    Args:
        samples: the lines.
        items: what is the same in all of them and what differs, in the order of the line.
        holes: those that addresses of the line stand in, by the numbers of these.
        said: what the texts say.

    """
    strictest: dict[object, Hole] = {}
    for item in items:
        if isinstance(item, Hole) and item.strict >= 0 and not item.alone:
            known = strictest.get(item.values)
            if known is None or known.strict < item.strict:
                strictest[item.values] = item
    numbers: dict[object, int] = {}
    writer = _Writer()
    for item in _joined(items):
        if isinstance(item, bytes):
            writer.fixed(item)
            continue
        group: object = id(item) if item.alone else item.values
        again, changed = numbers.get(group), False
        if again is None and item.strict < 0:
            plain = tuple([value.replace(b"%40", b"@") for value in item.values])
            again, changed = numbers.get(plain) if plain != item.values else None, True
            if again is None and item.values not in strictest:
                return None
        if again is not None:
            if not writer.again(again, changed=changed):
                return None
            continue
        numbers[group] = len(numbers)
        writer.hole(item if item.alone else strictest[item.values])
    template = writer.template()
    if template is None:
        return None
    everybody = range(len(samples[0].addresses))
    template.keys = ["" if place in holes else samples[0].addresses[place].lower() for place in everybody]
    template.people = tuple([(place, numbers[holes[place].values]) for place in everybody if place in holes])
    template.constant = said.constant
    hole_of = [numbers[tuple([value.encode() for value in values])] for values in said.tokens]
    template.links = tuple([(hole_of[number] if number >= 0 else -1, one) for number, one in said.links])
    template.tokens = tuple(sorted({number for number, _ in template.links if number >= 0}))
    template.words = tuple(sorted(set(hole_of)))
    # What does not fit itself fits nobody.
    return template if all(template.values(sample.line) is not None for sample in samples) else None


_IN_PARTS: Final = b"(?P<localNUMBER>" + ADDRESS[1:-1].replace(b"@", b")@(?P<domainNUMBER>", 1) + b")"


class _Writer:
    """Writes a template from its first sign to its last."""

    def __init__(self) -> None:
        self._pattern: list[bytes] = []
        self._line: list[bytes] = []
        self._order: list[int] = []
        self._groups: list[int] = []
        self._count = 0
        self._addresses: set[int] = set()
        self._lazy: Hole | None = None
        """A hole that ends where what follows begins."""
        self._found = 0
        """How much of the pattern is up to the last hole."""

    def fixed(self, piece: bytes) -> None:
        """What is the same in all lines."""
        self._line.append(piece.replace(b"%", b"%%"))
        if self._lazy is not None:
            self._close(piece[:16])
        if self._groups and piece:
            self._pattern.append(b".{%d}" % len(piece))

    def _close(self, following: bytes) -> None:
        if self._lazy is not None:
            self._add(self._lazy.pattern + b"(?=" + re.escape(following) + b")" if following else b"(?!)")
            self._lazy = None

    def _add(self, pattern: bytes) -> None:
        """Add a hole. Once it is found it stays as long as it is."""
        self._count += 1
        self._groups.append(self._count)
        self._pattern.append(b"(?=(?P<h%d>%b))(?P=h%d)" % (self._count, pattern, self._count))
        self._count += re.compile(pattern).groups
        self._found = len(self._pattern)

    def hole(self, hole: Hole) -> None:
        """What differs from line to line."""
        self._close(b"")
        self._line.append(b"%b")
        self._order.append(self._count + 1)
        if hole.lazy:
            self._lazy = hole
            return
        if hole.pattern == ADDRESS:
            self._addresses.add(len(self._groups))
        self._add(_IN_PARTS.replace(b"NUMBER", b"%d" % (self._count + 1)) if hole.pattern == ADDRESS else hole.pattern)

    def again(self, number: int, *, changed: bool) -> bool:
        """What stands in an earlier hole, perhaps with ``%40`` in it; whether that can be told."""
        self._close(b"")
        first = self._groups[number]
        if not changed:
            self._line.append(b"%b")
            self._order.append(first)
            self._pattern.append(b"(?P=h%d)" % first)
            return True
        if number not in self._addresses:
            return False
        self._line.append(b"%b%%40%b")
        self._order += [first + 1, first + 2]
        self._pattern.append(b"(?P=local%d)%%40(?P=domain%d)" % (first, first))
        return True

    def template(self) -> Template | None:
        """The template; None for one without holes."""
        self._close(b"")
        if not self._groups:
            return None
        before = self._line[0].replace(b"%%", b"%")
        pattern = re.compile(b"".join(self._pattern[: self._found]), re.DOTALL)
        return Template(before, pattern, self._groups, b"".join(self._line), self._order)
