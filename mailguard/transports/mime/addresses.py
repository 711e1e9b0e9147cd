"""Models of ``email.headerregistry`` and of what ``email.utils`` does to addresses."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formataddr as _format_pair

from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, OPTIONAL, ZERO, Truth
from mailguard.model.message import Recipient
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Absent,
    Either,
    Items,
    Known,
    Member,
    Object,
    Origin,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    inherit,
    join,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.transports.mime.models import joined_addresses, text_of_parts


class Address(Object):
    """``email.headerregistry.Address``."""

    PATHS = ("email.headerregistry.Address",)
    HOLDS = True

    def __init__(
        self,
        display_name: Value = "",
        username: Value = "",
        domain: Value = "",
        addr_spec: Value = None,
    ) -> None:
        if _given(addr_spec) and (_given(username) or _given(domain)):
            raise Refused("TypeError: addrspec specified when username and/or domain also specified")
        self.write("_name", display_name)
        if sort_of(addr_spec) is Sort.NONE:
            self.write("_username", username)
            self.write("_domain", domain)
        else:
            self.write("_spec", addr_spec)

    def _read(self, name: str) -> Value:
        value = self.read(name, "")
        return "" if isinstance(value, Absent) else value

    @property
    def display_name(self) -> Value:
        """The name beside the address."""
        return self._read("_name")

    @property
    def addr_spec(self) -> Value:
        """``username@domain``."""
        spec = self.read("_spec")
        if not isinstance(spec, Absent):
            return spec
        return text_of_parts((self._read("_username"), "@", self._read("_domain")))

    @property
    def username(self) -> Value:
        """What stands before the ``@``."""
        spec = text(self.read("_spec"))
        return self._read("_username") if spec is None else spec.rpartition("@")[0]

    @property
    def domain(self) -> Value:
        """What stands behind the ``@``."""
        spec = text(self.read("_spec"))
        return self._read("_domain") if spec is None else spec.rpartition("@")[2]

    def render(self) -> Value:
        """``Name <username@domain>``, the name quoted where it must be."""
        return _named(self._read("_name"), self.addr_spec)


def _given(value: Value) -> bool:
    whole = text(value)
    return bool(whole) if whole is not None else sort_of(value) is Sort.TEXT


class Group(Object):
    """``email.headerregistry.Group``."""

    PATHS = ("email.headerregistry.Group",)

    def __init__(self, display_name: Value = None, addresses: Value = None) -> None:
        self.write("_name", display_name)
        self.write("_addresses", addresses)

    @property
    def addresses(self) -> Value:
        """The members."""
        value = self.read("_addresses")
        return () if isinstance(value, Absent) or value is None else value

    def render(self) -> Value:
        """``name: a, b;``, or the one member of a group without a name."""
        members = joined_addresses(self.addresses)
        name = self.read("_name", None)
        if sort_of(name) is Sort.NONE:
            return members
        return text_of_parts((name if not isinstance(name, Absent) else "", ": ", members, ";"))


def _named(name: Value, address: Value) -> Value:
    if truth(name) is Truth.NO:
        return address
    whole = text(name)
    if whole is not None:
        # As the library quotes it; the name is put in front of whatever the address is.
        front = _format_pair((whole, "a@example.com")).rpartition("<")[0]
        return text_of_parts((inherit(front, trail_of(name)), "<", address, ">"))
    return text_of_parts(('"', name, '" <', address, ">"))


def formataddr(pair: Value, charset: Value = "utf-8") -> Value:
    """``Name <address>``; the address alone where the name is empty."""
    del charset
    if isinstance(pair, Either):
        joined = join(*(formataddr(inherit(o, pair.trail)) for o in pair.options if not isinstance(o, Absent)))
        return None if isinstance(joined, Absent) else joined
    if sort_of(pair) is Sort.COLLECTION:
        members = [member.value for member in each(pair)]
        if len(members) == 2:
            return _named(members[0], members[1])
    return Unknown("an address", OPTIONAL, trail_of(pair))


def _pair_of(person: Recipient) -> Value:
    address: Value
    if person.address is not None:
        address = Known(person.address, person.trail) if person.origin is not Origin.GIVEN else person.address
    else:
        address = Unknown(person.label or "an address", person.count.at_most(1), person.trail)
    return Items((Member("", ONE), Member(address, ONE)), sort="tuple")


def _read_pairs(value: Value) -> list[Member]:
    if isinstance(value, (Unknown, Parameter)):
        # Kept as it is, so that a caller's list is still the caller's.
        one = replace(value, count=value.count.at_most(1))
        return [Member(Items((Member("", ONE), Member(one, ONE)), sort="tuple"), value.count)]
    return [Member(_pair_of(person), person.count) for person in recipients(value).recipients]


def getaddresses(fieldvalues: Value, *, strict: Value = True) -> Value:
    """A list of (name, address) pairs; the names are not followed."""
    del strict
    values = each(fieldvalues) if sort_of(fieldvalues) is Sort.COLLECTION else [Member(fieldvalues, ONE)]
    return Items(tuple(Member(pair, own * count) for value, count in values for pair, own in _read_pairs(value)))


def parseaddr(addr: Value, *, strict: Value = True) -> Value:
    """The first (name, address) pair. Since CPython 3.13 a text with several is refused and gives two empty texts."""
    del strict
    pairs = _read_pairs(addr)
    return pairs[0].value if pairs else Items((Member("", ONE), Member("", ONE)), sort="tuple")


def make_msgid(idstring: Value = None, domain: Value = None) -> Value:
    """An identifier, which is nobody's address."""
    del idstring, domain
    return Unknown("make_msgid()", ZERO)


def formatdate(timeval: Value = None, localtime: Value = False, usegmt: Value = False) -> Value:
    """A date, which is nobody's address."""
    del timeval, localtime, usegmt
    return Unknown("formatdate()", ZERO)
