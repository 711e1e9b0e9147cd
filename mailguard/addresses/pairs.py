"""The people of the ``{email, name}`` pairs of the JSON APIs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import People
from mailguard.addresses.plain import ADDRESS
from mailguard.addresses.values import label_of, recipients
from mailguard.addresses.words import addresses_in
from mailguard.model.count import Count
from mailguard.model.message import Field, Mention, Recipient
from mailguard.model.value import ABSENT, Absent, Either, Items, Origin, Parameter, Unknown, Value, origin, text

_MAIL_WORD: Final = re.compile(r"(?:^|[._\]\"'])(?:e?_?mail|email_?addr(?:ess)?|addr(?:ess)?)[\"'\])]*$", re.IGNORECASE)


def mailbox(address: Value | Absent, name: Value | Absent = ABSENT) -> People:
    """The ``{email, name}`` pair of the JSON APIs.

    An address text that holds several people counts as several. A pair whose
    address is empty is one person whose address is hidden, unless there is no name
    either. A name that is, or holds, an address is a mention.
    """
    if type(address) is str and ADDRESS.fullmatch(address) and (name is ABSENT or _plainly_a_name(name)):
        return People((Recipient(address),))
    people = recipients([address] if type(address) is str else address)  # a masked address is one all the same
    if not isinstance(name, Absent) and name is not None:
        if not people.recipients and not _says_nobody(address):
            hidden = Recipient(None, origin=Origin.GIVEN if isinstance(name, str) else origin(name))
            people = People((hidden,), people.mentions)
        mentions = _name_of_pair(name, people)
        if mentions:
            people = People(people.recipients, people.mentions + mentions)
    return people


def mailboxes(values: Sequence[Value]) -> People | None:
    """The people of a list of ``{email, name}`` pairs of a capture, all at once; None if any needs the careful reader.

    Equal to :func:`mailbox` of each of them: only what that takes for a plain address with a plain name passes here.
    """
    people: list[Recipient] = []
    for value in values:
        if type(value) is not dict:
            return None
        address = value.get("email")
        if type(address) is not str or not ADDRESS.fullmatch(address):
            return None
        if len(value) > 1 and (len(value) > 2 or not _plainly_a_name(value.get("name"))):
            return None
        people.append(Recipient(address))
    return People(tuple(people))


def plain_pairs(values: Sequence[Any], address: str, name: str, size: int) -> list[Any] | None:
    """What stands under ``address`` in each of ``values``, if each of them holds that alone or, with ``size`` 2, a plain name.

    A plain name is one that :func:`mailbox` makes nothing of. Whether the addresses are plain, :func:`plain_keys` tells.
    """
    try:
        # Who has both keys has at least so many; only what is a mapping has keys.
        if sum(map(len, values)) != size * len(values):
            return None
        found = list(map(itemgetter(address), values))
        if size == 2:
            names = "\n".join(map(itemgetter(name), values))
            if "@" in names or "=?" in names or "\uff20" in names:
                return None
    except (KeyError, TypeError):
        return None
    return found


def _plainly_a_name(name: Value) -> bool:
    return type(name) is str and "@" not in name and "=?" not in name and "\uff20" not in name


def _says_nobody(address: Value | Absent) -> bool:
    """Whether an address text is there that names nobody (``undisclosed-recipients:;``), or never holds anybody."""
    if isinstance(address, (Unknown, Parameter, Either, Items)):
        return True
    return not isinstance(address, Absent) and bool(text(address))


def _name_of_pair(name: Value, people: People) -> tuple[Mention, ...]:
    own = {compare_key(person.address) for person in people.recipients if person.address}
    if isinstance(name, (Unknown, Parameter)):
        label = label_of(name)
        if _MAIL_WORD.search(label) and all(person.label != label for person in people.recipients):
            other = Recipient(None, Count(0, 1, 1), origin(name), name.trail, label=label)
            return (Mention(Field.NAME, other),)
        return ()
    whole = text(name)
    if whole is None or ("@" not in whole and "=?" not in whole and "\uff20" not in whole):
        return ()
    where = Origin.GIVEN if isinstance(name, str) else origin(name)
    trail = () if isinstance(name, str) else getattr(name, "trail", ())
    return tuple(
        Mention(Field.NAME, Recipient(found, origin=where, trail=trail))
        for found in addresses_in(whole)
        if compare_key(found) not in own
    )
