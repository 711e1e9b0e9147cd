"""OneSignal: mail by ``/notifications``.

Each person in ``email_to`` or ``include_email_tokens`` gets a message of his own; ``email_bcc`` is a hidden copy of each.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Value
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import Api, field, of_object
from mailguard.transports.services import each_entry, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "notifications"
_MAIL: Final = ("email_subject", "email_body", "email_to", "include_email_tokens", "email_bcc")


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, *_MAIL) else None


_API: Final = Api(
    hosts=re.compile(r"(?:api\.)?onesignal\.com"),
    paths=((re.compile(r"(?:/api/v1)?/notifications"), _SEND),),
    like_sending=re.compile(r"/notifications$"),
    looks=_looks,
    names=("onesignal",),
)


def claims(exchange: Exchange) -> str | None:
    """``notifications``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_object
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each address. Without mail in it, it is a push message, which prints nobody's address."""
    if not says_any(body, *_MAIL):
        return ()
    frame = Message(
        bcc=contacts(field(body, "email_bcc")).recipients,
        reply_to=contacts(field(body, "email_reply_to_address")).recipients,
    )
    found = tuple(one for name in ("email_to", "include_email_tokens") for one in each_entry(field(body, name), frame))
    # Segments, aliases and filters name people whom OneSignal keeps.
    return found or CannotTell(Reason.LIST_AT_PROVIDER)


PROVIDER: Final = Provider(
    name="onesignal",
    title="OneSignal",
    sources=(
        Source(
            "https://documentation.onesignal.com/reference/email",
            "email_to and include_email_tokens are lists of addresses",
        ),
        Source(
            "https://documentation.onesignal.com/docs/en/email-bcc",
            "one more e-mail for each reader, to each bcc; unseen",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.onesignal.com/notifications",
    library=Library(tokens=("onesignal",)),
    explain="Each address of email_to gets a message of its own: readers do not see each other. A text with commas in one is printed whole.",
)
"""OneSignal."""
