"""Loops: ``/api/v1/transactional``. A request names one person.

Campaigns and events go to contacts whom Loops keeps.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import Decoded, Message
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Value, get
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import Api, field, of_object, told

__all__ = ["PROVIDER"]

_ONE: Final = "v1/transactional"


def _looks(body: Value) -> str | None:
    return _ONE if not any(isinstance(get(body, name), Absent) for name in ("transactionalId", "email")) else None


_API: Final = Api(
    hosts=re.compile(r"app\.loops\.so"),
    paths=(
        (re.compile(r"/api/v1/transactional"), _ONE),
        # An event starts an automation, which mails one contact.
        (re.compile(r"/api/v1/(?:events/send|contacts/.*|lists.*|transactional/.*)"), "account"),
    ),
    like_sending=re.compile(r"transactional|send"),
    looks=_looks,
    names=("loops",),
)


def claims(exchange: Exchange) -> str | None:
    """``v1/transactional``, or ``account`` for what sends nothing to an address in the request."""
    return _API.operation(exchange)


@of_object
def decode(_operation: str, body: Value) -> Decoded:
    """One message to ``email``. Several in it are not documented; those that are there are read."""
    to = contacts(field(body, "email"))
    return told((Message(to=to.recipients, mentions=to.mentions),), body, ("email",))


PROVIDER: Final = Provider(
    name="loops",
    title="Loops",
    sources=(
        Source(
            "https://loops.so/docs/api-reference/send-transactional-email", "email is one address, of one recipient"
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://app.loops.so/api/v1/transactional",
    library=Library(tokens=("loops.so",)),
    explain="One request is one message to the one address in email: readers do not see each other.",
)
"""Loops."""
