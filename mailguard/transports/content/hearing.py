"""Which texts of a request can tell of anybody, so that the others need not be looked at again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from mailguard.addresses.plain import plain_keys, plain_named
from mailguard.model.exchange import Exchange
from mailguard.model.links import HINT
from mailguard.model.message import Field
from mailguard.transports.content.fields import ATTACHED, BODY, FOLLOW_UP, HEADERS, MERGE, RAW, key_of_field
from mailguard.transports.content.pieces import field_of, pieces
from mailguard.transports.content.texts import ENTITY
from mailguard.transports.tags import MARK


def settled(value: object) -> bool:
    """Whether the body of a request has no parts of its own (files, merge data, MIME) and no lone address in a text.

    Then a reader finds nobody in it as long as none of its texts is :func:`loud` or holds an ``@``; of others,
    :func:`hearing` tells what they are.
    """
    if isinstance(value, dict):
        for name, item in value.items():
            key = key_of_field(name)
            if key in ATTACHED or key in MERGE or key in RAW:
                return False
            if (field_of(key) is not None or key in BODY or key in HEADERS) and _is_lone(item):
                return False
            if isinstance(item, (dict, list)) and not settled(item):
                return False
    elif isinstance(value, list):
        return all(settled(item) for item in value)
    return True


def _is_lone(item: object) -> bool:
    """Whether a text, or one in a list or a mapping, is an address and nothing else."""
    if isinstance(item, dict):
        return any(_is_lone(one) for one in item.values())
    if isinstance(item, list):
        return any(_is_lone(one) for one in item)
    return isinstance(item, str) and "@" in item and (plain_keys([item]) is not None or plain_named(item) is not None)


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


def hearing(exchange: Exchange, marks: Collection[str], texts: Collection[str]) -> dict[str, list[Hearing]] | None:
    """For each of ``marks``, texts that stand in the places of others, what a reader gets it as.

    ``texts`` are the other texts of the request. None where a reader gets more than these, or parts of them.
    """
    result: dict[str, list[Hearing]] = {mark: [] for mark in marks}
    for piece in pieces(exchange):
        if piece.missing or piece.own or piece.personal:
            return None
        if not piece.text:
            continue  # names of merge data for everybody
        if piece.text in result:
            if piece.field not in RUNNING and (piece.field is not Field.HEADER or piece.detail.casefold() in FOLLOW_UP):
                return None
            result[piece.text].append(Hearing(piece.field, piece.owners))
        elif "@" in piece.text or piece.text not in texts or any(mark in piece.text for mark in marks):
            return None
    return result


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
