"""Who stands in an address field of a JSON body: texts, ``{email, name}`` objects, lists of either.

What stands where something else is documented is read all the same, so that nobody gets lost in a body that the service
would refuse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from mailguard.addresses.pairs import mailbox, mailboxes
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, Count
from mailguard.model.message import Recipient
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Object,
    Sort,
    Value,
    each,
    get,
    inherit,
    sort_of,
)
from mailguard.transports.split import total

__all__ = ["DEPTH", "alternatives", "contacts", "groups", "scaled", "together"]


DEPTH: Final = 8
"""Lists inside lists where one list is documented."""


def contacts(value: Value | Absent) -> People:
    """The people of an address field: texts, ``{email, name}`` objects, lists of them, or whatever stands there."""
    return _contacts(value, 0)


def _contacts(value: Value | Absent, depth: int) -> People:
    if value is ABSENT or depth > DEPTH:
        return recipients(value)
    if type(value) is list and (plain := mailboxes(value)) is not None:
        return plain
    match value:
        case Either():
            branches = [
                option if isinstance(option, Absent) else inherit(option, value.trail) for option in value.options
            ]
            if all(sort_of(branch) in {Sort.MAPPING, Sort.NONE, Sort.OBJECT} for branch in branches):
                return _mailbox(value, depth)
            if all(sort_of(branch) in {Sort.TEXT, Sort.NONE, Sort.UNKNOWN} for branch in branches):
                return recipients(value)
            return alternatives([_contacts(branch, depth + 1) for branch in branches])
        case Object():
            return _contacts(value.render(), depth + 1)
        case dict() | Fields():
            return _mailbox(value, depth)
        case list() | tuple() | Items():
            return together(scaled(_contacts(item, depth + 1), count) for item, count in each(value) if count.high)
    return recipients([value] if depth and type(value) is str else value)


def _mailbox(value: Value, depth: int) -> People:
    address = get(value, "email", fold=True)
    if isinstance(address, Absent):
        # Another spelling, an address as the key, or nothing that we know: somebody all the same.
        return recipients(value)
    if sort_of(address) in {Sort.COLLECTION, Sort.MAPPING}:
        return _contacts(address, depth + 1)
    return mailbox(address, get(value, "name", fold=True))


def together(parts: Iterable[People]) -> People:
    """The people of several groups."""
    found = list(parts)
    return People(
        tuple(person for part in found for person in part.recipients),
        tuple(mention for part in found for mention in part.mentions),
    )


def scaled(people: People, count: Count) -> People:
    """The same people once for each of ``count`` things like the one that they were found in."""
    if count == ONE:
        return people
    return People(
        tuple(_times(person, count) for person in people.recipients),
        tuple(replace(mention, recipient=_times(mention.recipient, count)) for mention in people.mentions),
    )


def _times(person: Recipient, count: Count) -> Recipient:
    return replace(person, count=person.count * count)


def alternatives(branches: list[People]) -> People:
    """People of branches that never meet: each may be missing, and plainly those of the largest branch are there."""
    largest = max(branches, key=lambda branch: total(branch.recipients).plain)

    def maybe(person: Recipient, branch: People) -> Recipient:
        return replace(person, count=Count(0, person.count.plain if branch is largest else 0, person.count.high))

    return People(
        tuple(maybe(person, branch) for branch in branches for person in branch.recipients),
        tuple(
            replace(item, recipient=maybe(item.recipient, branch)) for branch in branches for item in branch.mentions
        ),
    )


def groups(value: Value | Absent) -> list[People]:
    """The people of an address field, one group for each of its entries: what one entry prints belongs together."""
    if isinstance(value, (list, tuple, Items)):
        return [scaled(_contacts(item, 1), count) for item, count in each(value) if count.high]
    return [contacts(value)]
