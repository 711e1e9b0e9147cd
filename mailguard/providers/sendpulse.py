"""SendPulse: ``/smtp/emails``, and the package ``pysendpulse``.

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Object, Parameter, Sort, Unknown, Value, sort_of
from mailguard.transports.json_api import Api, field, given, post, told
from mailguard.transports.services import LISTS, of_data, opened, printed, says_any

__all__ = ["PROVIDER", "PySendPulse"]

_SEND: Final = "smtp/emails"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(opened(given(field(body, "email"))), *LISTS) else None


_API: Final = Api(
    hosts=re.compile(r"api\.sendpulse\.com"),
    paths=(
        (re.compile(r"/smtp/emails"), _SEND),
        (re.compile(r"/campaigns"), "lists"),
        (re.compile(r"/(?:sms|push|viber|whatsapp|telegram|messenger|instagram)/.*"), "account"),
    ),
    like_sending=re.compile(r"/smtp/emails|/send$"),
    looks=_looks,
    names=("sendpulse",),
)


def claims(exchange: Exchange) -> str | None:
    """``smtp/emails``, ``lists`` for a campaign, or ``account`` for what sends no mail."""
    return _API.operation(exchange)


@of_data
def decode(_operation: str, body: Value) -> Decoded:
    """One message, as an object; the clients in Python and PHP write it as a text with the JSON."""
    inner = opened(given(field(body, "email")))
    if isinstance(inner, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the e-mail")
    if sort_of(inner) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the body holds no e-mail")
    return told((printed(inner),), inner)


class PySendPulse(Object):
    """``pysendpulse.PySendPulse(id, secret)``."""

    PATHS: tuple[str, ...] = ("pysendpulse.PySendPulse", "pysendpulse.pysendpulse.PySendPulse")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def smtp_send_mail(self, email: Value) -> HttpRequest:
        """Send one message, given as a mapping."""
        return post("https://api.sendpulse.com/smtp/emails", {"email": email})

    smtp_send_mail_with_template = smtp_send_mail


PROVIDER: Final = Provider(
    name="sendpulse",
    title="SendPulse",
    sources=(
        Source(
            "https://sendpulse.com/integrations/api/smtp", "email holds to, cc and bcc, each a list of {name, email}"
        ),
        Source("pypi:pysendpulse==0.1.8", "run: smtp_send_mail posts JSON whose email is a text with JSON"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.sendpulse.com/smtp/emails",
    library=Library(classes=(PySendPulse,), tokens=("sendpulse",)),
    explain="Everybody in to and cc of one e-mail is printed to everybody in it; bcc is printed nowhere.",
)
"""SendPulse."""
