"""The address objects that the package makes of one argument."""

from __future__ import annotations

from typing import NamedTuple

from mailguard.model.count import ONE, Count
from mailguard.model.provider import Refused
from mailguard.model.value import ABSENT, Either, Items, Parameter, Sort, Unknown, Value, each, is_tuple, sort_of
from mailguard.providers.sendgrid.parts import Email
from mailguard.providers.sendgrid.texts import joined, options_of, or_none, single


class Arrival(NamedTuple):
    """An address object on its way into a personalization."""

    email: Email
    many: Count
    """How many like it there are."""


def arrivals_of(value: Value, kind: type[Email], count: Count = ONE, *, alone: bool = False) -> list[Arrival]:
    """The address objects that the package makes of one argument, or of one member of a list.

    ``alone``: the argument itself, so that what is not known may be a list.
    """
    match value:
        case Email():
            return [Arrival(value, count)]
        case Unknown() | Parameter():
            made = kind()
            made.write("email", value if alone else single(value))
            return [Arrival(made, count)]
        case Either():
            return _branches([_quietly(option, kind, alone=alone) for option in options_of(value)], count, value)
    if sort_of(value) is Sort.TEXT:
        return [Arrival(kind(value, None), count)]
    if is_tuple(value):
        return [Arrival(pair_of(value, kind), count)]
    if alone and sort_of(value) is Sort.COLLECTION:
        return [arrival for item, many in each(value) for arrival in arrivals_of(item, kind, count * many)]
    raise Refused("Please use a To/Cc/Bcc, tuple, or a str for a to_email list.")


def _quietly(value: Value, kind: type[Email], *, alone: bool) -> list[Arrival]:
    try:
        return arrivals_of(value, kind, alone=alone)
    except Refused:
        return []


def _branches(branches: list[list[Arrival]], count: Count, value: Either) -> list[Arrival]:
    branches = [branch for branch in branches if branch]
    if not branches:
        raise Refused("no branch holds an address")
    firsts = [branch[0] for branch in branches]
    if (
        all(len(branch) == 1 and branch[0].many == ONE for branch in branches)
        and len({type(first.email) for first in firsts}) == 1
    ):
        # One address, whichever branch was taken.
        nobody = [None] if any(option is None or option is ABSENT for option in value.options) else []
        made = type(firsts[0].email)()
        made.write("email", joined([*(or_none(first.email.read("email")) for first in firsts), *nobody]))
        made.write("name", joined([*(or_none(first.email.read("name")) for first in firsts), *nobody]))
        made.write("personalization", joined(or_none(first.email.read("personalization")) for first in firsts))
        return [Arrival(made, count)]
    largest = max(branches, key=lambda branch: sum(arrival.many.plain for arrival in branch))
    return [
        Arrival(email, Count(0, one.plain if branch is largest else 0, one.high) * count)
        for branch in branches
        for email, one in branch
    ]


def pair_of(value: Value, kind: type[Email]) -> Email:
    """A tuple is an address and its name, however many addresses it was meant to hold."""
    members = list(each(value))
    if len(members) == 1 and members[0].count.high > 1:
        members *= 2
    if len(members) < 2:
        raise Refused("tuple index out of range")
    return kind(members[0].value, members[1].value)


def is_list(value: Value) -> bool:
    """Whether the package takes a value for a list: tuples are not, sets and generators it refuses."""
    return sort_of(value) is Sort.COLLECTION and not is_tuple(value) and not isinstance(value, Either)


def refuse_no_list(value: Value) -> None:
    """Fail as the package does where a set or an iterator stands for a list."""
    if isinstance(value, Items) and value.sort in {"set", "iterator"}:
        raise Refused("Please use a To, From, Cc or Bcc object.")
