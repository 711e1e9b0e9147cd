"""Which texts of a request can tell of anybody, so that the others need not be looked at again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final
from urllib.parse import unquote_to_bytes

from mailguard.documents.covered_words import may_cover
from mailguard.model.exchange import Exchange
from mailguard.model.links import HINT
from mailguard.model.message import Field
from mailguard.transports.content.blanks import Blanks
from mailguard.transports.content.fields import ATTACHED, FOLLOW_UP, HEADERS, MERGE, RAW, key_of_field
from mailguard.transports.content.pieces import pieces
from mailguard.transports.content.sharing import Personal
from mailguard.transports.content.texts import ENTITY, Piece
from mailguard.transports.tags import MARK


def settled(value: object) -> bool:
    """Whether the body of a request has no parts of its own: files, MIME.

    Then a reader finds nobody in it as long as none of its texts is :func:`loud` or holds an ``@``; of others, and of merge
    data, :func:`hearing` tells what they are.
    """
    if isinstance(value, dict):
        for name, item in value.items():
            key = key_of_field(name)
            if key in ATTACHED or (key in RAW and not _is_packed(item)):
                return False
            if key in MERGE:
                continue
            if isinstance(item, (dict, list)) and not settled(item):
                return False
    elif isinstance(value, list):
        return all(settled(item) for item in value)
    return True


def _is_packed(item: object) -> bool:
    """Whether what should be MIME was taken apart: then all of it stands under a key that no JSON has."""
    return isinstance(item, dict) and all(name[:1] == "\0" or _is_packed(inner) for name, inner in item.items())


def deciding(key: str, above: str) -> bool:
    """Whether what stands under ``key`` may decide what a text beside it is: its kind, the name of a header."""
    folded = key_of_field(key)
    return folded in ("type", "contenttype") or (folded in ("name", "key", "header") and key_of_field(above) in HEADERS)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the texts of a request are in which addresses or links may stand."""

    field: Field
    owners: frozenset[str]
    """See :class:`Piece`."""

    @property
    def running(self) -> bool:
        """Whether links and merge tags in it are looked at."""
        return self.field in RUNNING


@dataclass(frozen=True, slots=True)
class Data:
    """The merge data of a request, of which the texts may be others."""

    personal: tuple[Personal, ...]
    """The fields that belong to one person each."""
    blanks: Blanks
    """What it has for the tags in texts."""
    names: frozenset[str]
    """Marks of texts that are names of it, or may be."""
    decided: bool
    """Whether what the texts are does not depend on those that the marks stand for, as far as can be seen here."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What readers get the texts of a request as."""

    roles: Mapping[str, Sequence[Hearing]]
    """For each mark."""
    data: Data


def hearing(
    exchange: Exchange,
    marks: Mapping[str, str],
    texts: Collection[str],
    data: Collection[str] = (),
    everybody: Collection[str] = (),
    plain: Exchange | None = None,
) -> Heard | None:
    """For each of ``marks``, texts that stand in the places of others, what a reader gets it as.

    None where a reader gets more than these, or parts of them, or where it is decided by them what others are.

    Args:
        exchange: the request.
        marks: texts that stand in the places of others, and these.
        texts: the other texts of the request.
        data: those of ``marks`` that stand in merge data.
        everybody: who reads the request, in their comparing form.
        plain: the request without marks; asked only where there is merge data.

    """
    roles: dict[str, list[Hearing]] = {mark: [] for mark in marks}
    signs = {mark[0] for mark in marks}
    blocks: list[Piece] = []
    names: set[str] = set()
    decided = True
    personal: dict[str, list[str]] = {}
    for piece, other in zip_longest(pieces(exchange), pieces(plain) if plain is not None else ()):
        if piece is None or piece.missing:
            return None
        if plain is not None:
            names |= roles.keys() & piece.names
            decided = decided and other is not None and _is_marked(piece, marks, other)
            blocks.append(piece)
            if piece.field is Field.MERGE:
                for name, value in piece.personal if piece.own else ():
                    personal.setdefault(name, []).append(value)
                continue
        if piece.own or piece.personal:
            return None
        if not piece.text:
            continue  # names of merge data for everybody
        if piece.text in roles and piece.text not in data:
            if piece.field not in RUNNING and (piece.field is not Field.HEADER or piece.detail.casefold() in FOLLOW_UP):
                return None
            roles[piece.text].append(Hearing(piece.field, piece.owners))
        elif "@" in piece.text or piece.text not in texts or not signs.isdisjoint(piece.text):
            return None
    own = tuple([Personal.of(name, values, data) for name, values in personal.items()])
    return Heard(roles, Data(own, Blanks(blocks, everybody), frozenset(names), decided))


def _is_marked(piece: Piece, marks: Mapping[str, str], other: Piece) -> bool:
    """Whether a piece is another one, but for marks in the places of texts."""

    def back(text: str) -> str:
        return "\0".join([marks.get(leaf, leaf) for leaf in text.split("\0")])

    personal = tuple([(name, back(value)) for name, value in piece.personal])
    names = frozenset([marks.get(name, name) for name in piece.names])
    return replace(piece, text=back(piece.text), personal=personal, names=names) == other


def alike(one: Exchange, other: Exchange) -> bool:
    """Whether readers get the texts of two requests as the same, whatever they are and whatever merge data is called."""
    shapes = [
        [
            (piece.field, piece.owners, piece.detail, piece.own, [name for name, _ in piece.personal], piece.missing)
            for piece in pieces(exchange)
        ]
        for exchange in (one, other)
    ]
    return shapes[0] == shapes[1]


_REFERENCE: Final = re.compile(r"%40|\uff20|" + ENTITY.pattern)


def merges(key: str) -> bool:
    """Whether merge data stands under a key."""
    return key_of_field(key) in MERGE


def raw(key: str) -> bool:
    """Whether a message may stand under a key, in MIME."""
    return key_of_field(key) in RAW


def plain_data(texts: Sequence[str]) -> bool:
    """Whether texts of merge data are nothing but texts in which nobody can be: no address, in whatever way, and no data."""
    whole = "\0" + "\0".join(texts)
    if "@" in whole or "\0{" in whole or "\0[" in whole or _REFERENCE.search(whole) is not None:
        return False
    return "//" not in whole or not may_cover(unquote_to_bytes(whole))


def loud(text: str) -> bool:
    """Whether a text without an ``@`` has to be looked at all the same.

    Addresses may be written as percent signs or character references; a link may belong to one person; a merge tag may
    have been left.
    """
    # What is told fastest of most texts comes first.
    return (
        ("://" in text and HINT.search(text) is not None)
        or "%40" in text
        or "\uff20" in text
        or ("&" in text and ENTITY.search(text) is not None)
        or MARK.search(text) is not None
    )


RUNNING: Final = frozenset({Field.SUBJECT, Field.TEXT, Field.HTML})
