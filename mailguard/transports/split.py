"""Services that write one message for each recipient only if the request asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from mailguard.addresses.people import People
from mailguard.model.count import ONE, ZERO, Count, Truth, exactly
from mailguard.model.message import Mention, Message, Recipient, Trait

__all__ = ["one_each", "total", "unless_split"]


def one_each(groups: Iterable[People], shared: Message, elsewhere: tuple[Mention, ...] = ()) -> tuple[Message, ...]:
    """One message for everybody in ``groups``; the rest of each is ``shared``, whose To is printed beside the one.

    The display names of a group are printed to its own people only; ``elsewhere`` is what all read besides.
    """
    return tuple(
        replace(
            shared,
            to=(replace(person, count=ONE), *shared.to),
            copies=person.count,
            mentions=(*group.mentions, *elsewhere),
        )
        for group in groups
        for person in group.recipients
        if person.count.high
    )


def unless_split(shared: Message, split: Truth) -> Message:
    """The message that all read, where nothing surely asks for one each.

    A request that may ask for it plainly does not; where it does, a reader sees nobody else, so nobody is certain to be
    seen.
    """
    if split is Truth.MAYBE:
        shared = replace(
            shared,
            to=tuple(replace(person, count=Count(0, person.count.plain, person.count.high)) for person in shared.to),
        )
    number = total(shared.to)
    if number.plainly_over(1) or number.over(1) is Truth.YES:
        shared = replace(shared, traits=shared.traits | {Trait.MISSING_SPLIT})
    return shared


def total(people: Iterable[Recipient]) -> Count:
    """How many these are, without looking for equal ones."""
    number = ZERO
    ones = 0
    for person in people:
        if person.count is ONE:
            ones += 1  # all of a capture
        else:
            number += person.count
    return number + exactly(ones)
