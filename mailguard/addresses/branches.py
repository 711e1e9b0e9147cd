"""The people of one of several branches, of which no two meet in one run."""

from __future__ import annotations

from dataclasses import replace

from mailguard.addresses.compare import compare_key, domain_of
from mailguard.addresses.people import People
from mailguard.model.count import Count
from mailguard.model.message import Recipient


def one_of(branches: list[People]) -> People:
    """The people of one of several branches.

    Members of different branches never meet in one run. So the branches are laid
    over each other, equal addresses and equal labels first: each place holds one
    of its people, and the sum over the places is a bound for every branch.
    """
    branches = [
        branch for index, branch in enumerate(branches) if not any(_alike(branch, other) for other in branches[:index])
    ]
    if len(branches) == 1:
        return branches[0]
    leading = max(branches, key=lambda branch: sum(person.count.plain for person in branch.recipients))
    slots: list[list[Recipient]] = [[person] for person in leading.recipients]
    for branch in branches:
        if branch is leading:
            continue
        free = list(range(len(slots)))
        same: dict[object, list[int]] = {}
        for index in reversed(free):
            same.setdefault(_identity(slots[index][0]), []).append(index)
        taken: set[int] = set()
        left: list[Recipient] = []
        for person in branch.recipients:
            places = same.get(_identity(person))
            if places and _identity(person) is not None:
                index = places.pop()
                slots[index].append(person)
                taken.add(index)
            else:
                left.append(person)
        rest = [index for index in free if index not in taken]
        for index, person in zip(rest, left, strict=False):
            slots[index].append(person)
        slots.extend([person] for person in left[len(rest) :])
    mentions = tuple(
        replace(
            mention,
            recipient=replace(
                mention.recipient,
                count=Count(0, mention.recipient.count.plain if branch is leading else 0, mention.recipient.count.high),
            ),
        )
        for branch in branches
        for mention in branch.mentions
    )
    return People(tuple(_slot(slot, len(branches)) for slot in slots), mentions)


def _alike(one: People, other: People) -> bool:
    # Neither labels nor ways take part in the equality of recipients, and they are all that tells two holes apart.
    return one == other and list(map(_identity, one.recipients)) == list(map(_identity, other.recipients))


def _identity(person: Recipient) -> object:
    if person.address is not None:
        return compare_key(person.address)
    if person.label:
        return (person.label, person.trail[:1])
    return None


def _slot(people: list[Recipient], branches: int) -> Recipient:
    """One place of a joined list: whoever of ``people`` it is."""
    first = max(people, key=lambda person: (person.count.plain, person.origin))
    count = first.count
    for person in people:
        count = count | person.count
    keys = {_identity(person) for person in people}
    domains = {domain_of(person) for person in people}
    alike = len(keys) == 1 and None not in keys
    each_one = None not in keys and all(person.count.high <= 1 for person in people)
    if len(people) < branches or (not alike and len(domains) > 1):
        count = Count(0, count.plain, count.high)
    return replace(
        first,
        address=first.address if alike else None,
        count=count,
        origin=max(person.origin for person in people),
        domain=first.domain if alike else (domains.pop() if len(domains) == 1 else None),
        parameter=any(person.parameter for person in people),
        label=first.label if alike else "",
        either=() if alike or not each_one else tuple(people),
    )
