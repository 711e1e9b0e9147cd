"""Personalizations: who receives one message."""

from __future__ import annotations

from mailguard.model.count import ONE, Count, Truth
from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    extended,
    get,
    known,
    sort_of,
    text,
    truth,
)
from mailguard.providers.sendgrid.parts import Email, Header, collected, flattened, paths
from mailguard.providers.sendgrid.texts import joined, options_of, or_none, single


def _entry(value: Value) -> Value:
    """What ``add_to`` of a personalization stores for an address object: its data at that moment."""
    match value:
        case Email():
            return value.get()
        case Unknown() | Parameter():
            return {"email": single(value)}
        case Either():
            return joined(_entry(option) for option in options_of(value))
    raise Refused("no address object")


def _unique(values: Value | Absent) -> Value:
    """The entries of one list as 6.x emits them: without those whose address was there before, in any case."""
    if isinstance(values, Absent) or sort_of(values) is not Sort.COLLECTION:
        return or_none(values)
    seen: set[str] = set()
    members: list[Member] = []
    for item, count in each(values):
        entry = item.get() if isinstance(item, Email) else item
        address = get(entry, "email")
        if address is ABSENT and known(entry):
            raise Refused("an entry without an address")
        literal = text(address)
        if literal is not None and count == ONE:
            if literal.lower() in seen:
                continue
            seen.add(literal.lower())
        members.append(Member(entry, count))
    return collected(members)


class Personalization(Object):
    """Who receives one message. Everybody added to it reads everybody else in its To and Cc."""

    PATHS = paths("Personalization", "personalization")

    def __init__(self) -> None:
        for name in ("tos", "ccs", "bccs", "headers"):
            self.write(name, [])

    def add_email(self, email: Value) -> None:
        """Put an object into the list that its class names (6.x)."""
        self.put(email, ONE)

    def put(self, email: Value, count: Count) -> None:
        """The same for an object that stands for ``count`` like it."""
        kind = email.KIND if isinstance(email, Email) else "tos"
        if kind == "":
            raise Refused("Please use a To, From, Cc or Bcc object.")
        if kind == "from":
            self.write("from_email", _entry(email))
            return
        entry = _entry(email)
        if count == ONE:
            self.append(kind, entry)
        else:
            self.write(kind, extended(self.read(kind, []), entry, count))

    def add_to(self, email: Value) -> None:
        """One more visible recipient."""
        self.append("tos", _entry(email))

    def add_cc(self, email: Value) -> None:
        """One more visible recipient of a copy."""
        self.append("ccs", _entry(email))

    def add_bcc(self, email: Value) -> None:
        """One more recipient of a blind copy."""
        self.append("bccs", _entry(email))

    def set_from(self, email: Value) -> None:
        """The sender of this message."""
        self.write("from_email", _entry(email))

    def add_header(self, header: Value) -> None:
        """One more header of this message."""
        self.append("headers", header.get() if isinstance(header, Header) else header)

    def add_substitution(self, *_: Value) -> None:
        """Merge data takes no part."""

    def add_custom_arg(self, *_: Value) -> None:
        """Custom arguments take no part."""

    def set_subject(self, *_: Value) -> None:
        """The subject takes no part (3.x)."""

    def set_send_at(self, *_: Value) -> None:
        """The time takes no part (3.x)."""

    def get(self) -> dict[str, Value]:
        """The personalization as it goes into the request."""
        result: dict[str, Value] = {}
        for name in ("tos", "ccs", "bccs"):
            value = _unique(self.read(name))
            if truth(value) is not Truth.NO:
                result[name[:-1]] = value
        headers = flattened(self.read("headers"))
        if headers:
            result["headers"] = headers
        return result

    def render(self) -> Value:
        """The same, or its bare lists where it cannot be sent."""
        try:
            return self.get()
        except Refused:
            return {name[:-1]: or_none(self.read(name)) for name in ("tos", "ccs", "bccs")}
