"""Takes lines apart, and finds what may differ in each part of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from mailguard.alike.outline import FormlessError
from mailguard.alike.stencil import ADDRESS, INTEGER, NAME, NUMBER, OUTER, TEXT, Kind, kinds_of, split
from mailguard.alike.template.holes import RUN, SHORT, TOKEN, WORDS, Hole, Item
from mailguard.alike.template.line import Sample, Template
from mailguard.alike.template.said import said_by
from mailguard.alike.template.texts import PEOPLE, Filling, Gap, Person, Text, in_common
from mailguard.alike.template.writing import template_of
from mailguard.model.links import Token

__all__ = ["cut"]

_ALIKE: Final = 64
"""Signs of a text that is compared with others though nobody looks into it."""


def cut(
    samples: Sequence[Sample],
    form: Sequence[Any],
    pinned: Sequence[bool],
    headers: int,
    heard: Mapping[int, bool],
    seen: Collection[int],
    found_in: Callable[[str], list[str]],
    tokens_in: Callable[[str], list[Token]],
) -> Template | None:
    """The template of some lines; None where they have too little in common, or are written in an unusual way.

    Args:
        samples: lines with a method, a URL, headers and a body, of one form.
        form: that form, from :func:`~mailguard.alike.outline.lay`.
        pinned: for each text of the headers and then of the body whether it matters; such ones are the same in all.
        headers: how many headers there are.
        heard: the texts of the body in which addresses or links may stand, and whether they are running ones.
        seen: which of the addresses may stand in these.
        found_in: the addresses in a text.
        tokens_in: the tokens in its links.

    """
    people = [sample.addresses for sample in samples]
    if len(people[0]) > PEOPLE:
        return None
    lines = [split(sample.line.decode("latin-1")) for sample in samples]
    if len({len(line) for line in lines}) != 1:
        return None
    texts: dict[int, Text] = {}
    holes: dict[int, Hole] = {}
    items: list[Item] = []
    depth, key, header = 0, "", 0
    for place, tokens in enumerate(zip(*lines, strict=True)):
        token = tokens[0]
        same = all(other == token for other in tokens)
        raw = token.encode("latin-1")
        if token[0] == '"':
            if place + 1 < len(lines[0]) and lines[0][place + 1].lstrip(" \t\r\n")[:1] == ":":
                if depth == 1:
                    key = json.loads(token)
                if not same:
                    return None
                items.append(raw)
                continue
            matters = key in ("method", "url", "status")
            if depth == 2:
                matters = pinned[header]
                header += 1
            elif key == "body":
                inner = _body(
                    samples,
                    [one.encode("latin-1") for one in tokens],
                    form,
                    pinned[headers:],
                    heard,
                    people,
                    texts,
                    holes,
                )
                if inner is None:
                    return None
                items += inner
                continue
            if same:
                items.append(raw)
            elif matters:
                return None
            else:
                items += [
                    b'"',
                    Hole(OUTER, tuple([one.encode("latin-1")[1:-1] for one in tokens]), 0, alone=True),
                    b'"',
                ]
        elif same:
            depth += token.count("{") - token.count("}") if token[0] not in "-0123456789" else 0
            items.append(raw)
        elif all(one[0] in "-0123456789" for one in tokens) and depth == 1 and key != "status":
            items.append(Hole(NUMBER, tuple([one.encode() for one in tokens]), 0, alone=True))
        else:
            return None
    if header != headers or len(texts) != len(heard):
        return None
    said = said_by([(texts[place], heard[place]) for place in sorted(texts)], len(people[0]), seen, found_in, tokens_in)
    return None if said is None else template_of(samples, items, holes, said)


def _body(
    samples: Sequence[Sample],
    tokens: Sequence[bytes],
    form: Sequence[Any],
    pinned: Sequence[bool],
    heard: Mapping[int, bool],
    people: Sequence[Sequence[str]],
    texts: dict[int, Text],
    holes: dict[int, Hole],
) -> list[Item] | None:
    """The bodies, as the lines write them; fills ``texts``, and ``holes`` for addresses."""
    ascii_only = all(token.isascii() for token in tokens)
    for sample, token in zip(samples, tokens, strict=True):
        if token != json.dumps(sample.body, ensure_ascii=ascii_only).encode():
            return None
    bodies = [split(sample.body) for sample in samples]
    if len({len(body) for body in bodies}) != 1:
        return None
    try:
        kinds = [kinds_of(sample.body, form) for sample in samples]
    except FormlessError:
        return None
    if any(one != kinds[0] for one in kinds) or kinds[0] is None:
        return None

    def written(text: str) -> bytes:
        """Part of the body, as the line writes it."""
        return json.dumps(text, ensure_ascii=ascii_only)[1:-1].encode()

    items: list[Item] = [b'"']
    for place, column in enumerate(zip(*bodies, strict=True)):
        kind, number = kinds[0].get(place, (Kind.FIXED, 0))
        same = all(other == column[0] for other in column)
        if kind is Kind.TEXT and number in heard and not pinned[number]:
            inner = _heard(column, people, written)
            if inner is None:
                return None
            texts[number] = inner[0]
            items += inner[1]
        elif same:
            items.append(written(column[0]))
        elif kind is Kind.PERSON:
            values = tuple([written(one[1:-1]) for one in column])
            hole = holes[number] = Hole(ADDRESS, values, 6)
            items += [written('"'), hole, written('"')]
        elif kind is Kind.NAMED:
            parts = [json.loads(one).rstrip(">").rpartition("<") for one in column]
            if any("\\" in one for one in column):
                return None
            items += [
                written('"'),
                Hole(rb"[A-Za-z][A-Za-z0-9 .'-]{0,100}", tuple([one[0].encode() for one in parts]), 0, alone=True),
            ]
            hole = holes[number] = Hole(ADDRESS, tuple([one[2].encode() for one in parts]), 6)
            items += [b"<", hole, b">" + written('"')]
        elif kind is Kind.NAME:
            items += [written('"'), Hole(NAME, tuple([written(one[1:-1]) for one in column]), 1), written('"')]
        elif kind is Kind.TEXT and not pinned[number] and number not in heard and (quiet := _quiet(column, written)):
            items += quiet
        elif kind is Kind.TEXT and not pinned[number] and number not in heard:
            items += [
                written('"'),
                Hole(TEXT, tuple([written(one[1:-1]) for one in column]), 0, alone=True),
                written('"'),
            ]
        elif kind is Kind.INTEGER and not pinned[number] and all(re.fullmatch(INTEGER, one.encode()) for one in column):
            items.append(Hole(INTEGER, tuple([one.encode() for one in column]), 0, alone=True))
        else:
            return None
    items.append(b'"')
    return items


_STRICT: Final = {Filling.TOKEN: (TOKEN, 5), Filling.SHORT: (SHORT, 4), Filling.RUN: (RUN, 3)}
"""What may stand in a hole, and how strict that is among holes; see :class:`~mailguard.alike.template.holes.Hole`."""


def _heard(
    column: Sequence[str], people: Sequence[Sequence[str]], written: Callable[[str], bytes]
) -> tuple[Text, list[Item]] | None:
    """Texts of the body in which addresses or links may stand: what they have in common, and that as the line writes it."""
    decoded = [json.loads(token) for token in column]
    text = in_common(decoded, people)
    if text is None:
        return None
    ascii_only = column[0].isascii()

    def inner(piece: str) -> bytes:
        return written(json.dumps(piece, ensure_ascii=ascii_only)[1:-1])

    items: list[Item] = [written('"')]
    for item in text:
        match item:
            case str():
                items.append(inner(item))
            case Person():
                items.append(Hole(b"", tuple([item.written(mine).encode() for mine in people]), -1))
            case Gap(Filling.WORDS, values):
                items.append(Hole(WORDS, tuple([inner(one) for one in values]), 2, lazy=True))
            case Gap(filling, values):
                pattern, strict = _STRICT[filling]
                items.append(Hole(pattern, tuple([one.encode() for one in values]), strict))
    items.append(written('"'))
    # A line that writes its texts in another way has another template.
    for number, token in enumerate(column):
        again = b"".join([item if isinstance(item, bytes) else item.values[number] for item in items])
        if again != written(token):
            return None
    return text, items


def _quiet(column: Sequence[str], written: Callable[[str], bytes]) -> list[Item]:
    """Texts that nobody looks into, as the line writes them, if they have most in common; else nothing.

    What may stand in the holes of a text outside of its links, and beside them, cannot make part of what would have to be looked into.
    """
    if min(map(len, column)) < _ALIKE or any("/" in token and "://" in json.loads(token) for token in column):
        return []
    found = _heard(column, [()] * len(column), written)
    if found is None or sum(isinstance(item, bytes) for item in found[1]) < 2:
        return []
    return found[1]
