"""Who is addressed: the answer of all that reads addresses, and how answers are put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from mailguard.model.count import ONE, Count
from mailguard.model.message import Mention, Recipient
from mailguard.model.value import Origin, Trail


@dataclass(frozen=True, slots=True)
class People:
    """Who is addressed, and whose addresses a reader finds in the display names beside them."""

    recipients: tuple[Recipient, ...] = ()
    """In order of appearance."""
    mentions: tuple[Mention, ...] = ()
    """Addresses in display names and comments (``Field.NAME``), without those that repeat their own mailbox."""


NOBODY: Final = People()


def together(groups: Iterable[People]) -> People:
    """Several answers as one, in their order."""
    people: list[Recipient] = []
    mentions: list[Mention] = []
    for group in groups:
        people.extend(group.recipients)
        mentions.extend(group.mentions)
    return People(tuple(people), tuple(mentions))


def times(people: People, count: Count) -> People:
    """An answer of which each person is there ``count`` times."""
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


def placed(people: People, where: Origin, trail: Trail) -> People:
    """The people of a plain text, as people of a literal that came by ``trail``."""
    return People(
        tuple(replace(person, origin=where, trail=trail) for person in people.recipients),
        tuple(
            replace(mention, recipient=replace(mention.recipient, origin=where, trail=trail))
            for mention in people.mentions
        ),
    )
