"""Cloudflare Email Service: ``/client/v4/accounts/<id>/email/sending/send`` and ``send_raw``.

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import Decoded
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Value
from mailguard.transports.json_api import Api, field, given, of_object, told
from mailguard.transports.services import LISTS, printed, raw_mail, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "email/sending/send"
_RAW: Final = "email/sending/send_raw"


def _looks(body: Value) -> str | None:
    if says_any(body, "mime_message"):
        return _RAW
    return _SEND if says_any(body, *LISTS) and says_any(body, "subject") and says_any(body, "from") else None


_API: Final = Api(
    hosts=re.compile(r"api\.cloudflare\.com"),
    paths=(
        (re.compile(r"/client/v4/accounts/[^/]+/email/sending/send"), _SEND),
        (re.compile(r"/client/v4/accounts/[^/]+/email/sending/send_raw"), _RAW),
    ),
    like_sending=re.compile(r"/email/sending/.*send"),
    looks=_looks,
)


def claims(exchange: Exchange) -> str | None:
    """``email/sending/send``, ``email/sending/send_raw``, or ``account`` for everything else at Cloudflare."""
    return _API.operation(exchange)


@of_object
def decode(operation: str, body: Value) -> Decoded:
    """One message; of MIME source ``recipients`` is the envelope."""
    if operation == _RAW:
        listed = field(body, "recipients")
        return raw_mail(field(body, "mime_message"), None if isinstance(listed, Absent) else given(listed))
    return told((printed(body, address="address"),), body)


PROVIDER: Final = Provider(
    name="cloudflare-email",
    title="Cloudflare Email Service",
    sources=(
        Source(
            "https://developers.cloudflare.com/email-service/examples/email-sending/recipients/",
            "to, cc and bcc: a text, an object, or a list; 50 in all",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.cloudflare.com/client/v4/accounts/me/email/sending/send",
    library=Library(tokens=("email/sending/send",)),
    explain="Everybody in to and cc of one e-mail is printed to everybody in it; bcc is printed nowhere.",
)
"""Cloudflare Email Service."""
