"""Which mailboxes are the same, how many people these are, and whose domains theirs are."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final

from mailguard.model.count import ONE, ZERO, Count, exactly
from mailguard.model.message import Recipient
from mailguard.model.value import Step


@functools.lru_cache(maxsize=8192)
def domain_key(domain: str) -> str:
    """A text that is equal for the same domain: case folded, in its ASCII form, without the root's dot."""
    folded = domain.strip().rstrip(".").casefold()
    if folded.isascii():
        return folded
    return ".".join(_ascii_label(label) for label in folded.replace("\u3002", ".").split("."))


def _ascii_label(label: str) -> str:
    try:
        # IDNA 2003, as in the standard library: this compares, it does not resolve.
        return label.encode("idna").decode("ascii")
    except UnicodeError:
        return label


@functools.lru_cache(maxsize=4096)
def compare_key(address: str) -> str:
    """A text that is equal for the same mailbox: case folded, the domain in its ASCII form (RFC 5890)."""
    if address.isascii() and address[-1:] != "." and " " not in address and address.isprintable():
        return address.lower()
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return domain.casefold()
    return f"{local.casefold()}@{domain_key(domain)}"


def domain_part(address: str) -> str | None:
    """The comparing form of what follows the last ``@``; None where there is nothing."""
    _, at, domain = address.rpartition("@")
    return domain_key(domain) or None if at else None


def domain_of(recipient: Recipient) -> str | None:
    """The domain of a recipient in its comparing form; None where it is not known."""
    if recipient.address is not None:
        return domain_part(recipient.address)
    return domain_key(recipient.domain) if recipient.domain else None


_RESERVED: Final = ("example.com", "example.net", "example.org", "example", "test", "invalid", "localhost")


def is_reserved(domain: str) -> bool:
    """Whether a domain never belongs to anybody (RFC 2606, sections 2 and 3), as in examples and tests."""
    return any(domain == reserved or domain.endswith(f".{reserved}") for reserved in _RESERVED)


def is_inside(recipient: Recipient, inside: Collection[str]) -> bool:
    """Whether the recipient's domain is one of ``inside``, or a subdomain of one. An unknown domain is not."""
    domain = domain_of(recipient)
    if domain is None:
        return False
    return any(domain == own or domain.endswith(f".{own}") for own in map(domain_key, inside) if own)


def distinct(people: Iterable[Recipient]) -> Count:
    """How many different people these are.

    Equal addresses are one person, however often each is there. Equal expressions
    whose ways start at the same step are the same people, written twice. All others
    are different people; only what came through branches of the code and is one of
    several may be anybody of the rest as well, so that it makes nobody certain.
    """
    by_address: dict[str, Count] = {}
    by_label: dict[tuple[str, Step | None], Count] = {}
    others = ZERO
    least = 0
    for person in people:
        if person.address is not None:
            key = compare_key(person.address)
            if person.count is ONE:
                by_address[key] = ONE
            elif by_address.get(key) != ONE:
                by_address[key] = _most(by_address.get(key, ZERO), person.count.at_most(1))
        elif person.label:
            start = (person.label, person.trail[0] if person.trail else None)
            by_label[start] = _most(by_label.get(start, ZERO), person.count)
        elif person.trail:
            others = others + replace(person.count, low=0)
            least = max(least, person.count.low)
        else:
            others = others + person.count
    total = others
    exact = 0
    for count in by_address.values():
        if count is ONE or count == ONE:
            exact += 1
        else:
            total = total + count
    for count in by_label.values():
        total = total + count
    return (total + exactly(exact)).at_least(least)


def _most(one: Count, other: Count) -> Count:
    return Count(max(one.low, other.low), max(one.plain, other.plain), max(one.high, other.high))
