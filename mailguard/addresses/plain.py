"""The people of a text in which everything is known; lists of plain addresses are read without the careful reader."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from mailguard.addresses.compare import compare_key, domain_part
from mailguard.addresses.masks import is_masked
from mailguard.addresses.people import People
from mailguard.addresses.reader import Person, read
from mailguard.addresses.words import HOLE, TRANSLATION, addresses_in
from mailguard.model.message import Field, Mention, Recipient
from mailguard.model.value import Origin, Trail

ADDRESS: Final = re.compile(r"[A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9][A-Za-z0-9.-]*")
_NAMED: Final = re.compile(r"[A-Za-z][A-Za-z .'-]*<([A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9][A-Za-z0-9.-]*)>")
_CACHED_LENGTH: Final = 256


def _fast(source: str) -> list[str] | None:
    """The addresses of a list of plain mailboxes; None if any member needs the careful reader."""
    addresses = []
    for piece in source.split(","):
        member = piece.strip(" \t")
        if ADDRESS.fullmatch(member):
            addresses.append(member)
        elif found := _NAMED.fullmatch(member):
            addresses.append(found.group(1))
        elif member:
            return None
    return addresses


def plain_text(source: str) -> People:
    """The people of plain text, as given."""
    if len(source) <= _CACHED_LENGTH:
        return _plain_cached(source)
    return _plain_uncached(source)


def _plain_uncached(source: str) -> People:
    fast = _fast(source)
    if fast is not None:
        return People(tuple([Recipient(address) for address in fast]))
    return _careful(source)


def _careful(source: str) -> People:
    """The people of plain text by the careful reader, which the fast path must equal."""
    cleaned = HOLE.sub("?", source).translate(TRANSLATION)
    reading = read(cleaned)
    return People(
        tuple([as_given(person) for person in reading.persons]),
        tuple(mention for person in reading.persons for mention in name_mentions(person, Origin.GIVEN, ())),
    )


_plain_cached = functools.lru_cache(maxsize=4096)(_plain_uncached)


def as_given(person: Person) -> Recipient:
    """A member of a known text as a recipient; half an address, or a masked one, names nobody, but is somebody."""
    if person.address is None or not is_whole(person.address):
        return Recipient(None, domain=domain_part(person.address) if person.address else None)
    if is_masked(person.address):
        domain = domain_part(person.address)
        return Recipient(None, domain=None if domain is None or is_masked(f"@{domain}") else domain)
    return Recipient(person.address)


def is_whole(address: str) -> bool:
    """Whether something stands on both sides of the last ``@``."""
    local, _, domain = address.rpartition("@")
    return bool(local and domain)


def name_mentions(person: Person, where: Origin, trail: Trail) -> Iterator[Mention]:
    """Addresses in the names of a member, without those that repeat its own mailbox."""
    own = compare_key(person.address) if person.address else None
    for name in person.names:
        if "@" not in name and "=?" not in name and "\uff20" not in name:
            continue
        for address in addresses_in(name):
            if compare_key(address) != own:
                yield Mention(Field.NAME, Recipient(address, origin=where, trail=trail))


# That no dot is the last sign is looked up behind it: told by what may be there it would be read twice.
_PLAIN: Final = r"[A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9][A-Za-z0-9.-]*(?<!\.)"
_PLAIN_LINES: Final = re.compile(rf"{_PLAIN}(?:\n{_PLAIN})*")


def plain_keys(addresses: Sequence[Any]) -> list[str] | None:
    """The comparing forms of texts, if each of them is one plain address and nothing else; None otherwise.

    All at once: ``recipients(one)`` is the one recipient of that address, and :func:`compare_key` of it its key.
    """
    if not addresses:
        return []
    try:
        lines = "\n".join(addresses)
    except TypeError:
        return None
    if not _PLAIN_LINES.fullmatch(lines):
        return None
    keys = lines.lower().split("\n")
    return keys if len(keys) == len(addresses) else None


_PLAIN_NAMED: Final = re.compile(rf"[A-Za-z][A-Za-z0-9 .'-]{{0,100}}<({_PLAIN})>")


def plain_named(text: str) -> str | None:
    """The address of a text that is a plain name and one plain address: ``Ann Lee <ann@example.com>``; else None.

    ``recipients(text)`` is then the one recipient of that address.
    """
    found = _PLAIN_NAMED.fullmatch(text)
    return None if found is None else found.group(1)
