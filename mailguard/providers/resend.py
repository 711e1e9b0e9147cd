"""Resend: ``/emails`` and ``/emails/batch``, and the package ``resend``.

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it; a batch is a list of e-mails of their own.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Sort, Value, each, get, is_tuple, sort_of, text, truth
from mailguard.transports.json_api import Api, given, mails, of_json, post, url

__all__ = ["PROVIDER", "Batch", "Broadcasts", "Emails"]

# --- Whose request it is, and what it means ------------------------------------------------------

_ONE: Final = "emails"
_BATCH: Final = "emails/batch"
_BROADCAST: Final = "broadcasts"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    if sort_of(body) is Sort.COLLECTION:
        first = next((item for item, _ in each(body)), None)
        return _BATCH if first is not None and _looks(first) == _ONE else None
    named = not any(isinstance(get(body, name), Absent) for name in ("from", "to"))
    said = any(not isinstance(get(body, name), Absent) for name in ("subject", "html", "text", "template"))
    return _ONE if named and said else None


_API: Final = Api(
    hosts=re.compile(r"api\.resend\.com"),
    paths=(
        (re.compile(r"/emails"), _ONE),
        (re.compile(r"/emails/batch"), _BATCH),
        (re.compile(r"/broadcasts"), _BROADCAST),
        (re.compile(r"/broadcasts/[^/]+/send"), "lists"),
        # An event may start an automation, whose mails go to one contact each.
        (re.compile(r"/events/send"), "account"),
        (re.compile(r"/emails/[^/]+/(?:cancel|share)"), "account"),
        (re.compile(r"/emails/(?!batch$)[^/]+"), "account"),
    ),
    like_sending=re.compile(r"^/emails/|/send$"),
    looks=_looks,
    names=("resend",),
)


def claims(exchange: Exchange) -> str | None:
    """``emails``, ``emails/batch``, ``broadcasts``, ``lists``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message for a request, or one for each e-mail of a batch."""
    if operation == _BROADCAST:
        # A broadcast is kept until it is sent by another request, unless it says otherwise.
        return () if truth(get(body, "send", fold=True)) is Truth.NO else CannotTell(Reason.LIST_AT_PROVIDER)
    return mails(body)


# --- The package resend --------------------------------------------------------------------------

_ROOT: Final = "https://api.resend.com"


class Emails(Object):
    """``resend.Emails``; its calls belong to the class."""

    PATHS: tuple[str, ...] = ("resend.Emails", "resend.emails._emails.Emails")

    @classmethod
    def send(cls, params: Value, options: Value = None) -> HttpRequest:
        """Send one e-mail, given as a mapping."""
        del options
        return post(f"{_ROOT}/emails", params)

    send_async = send

    @classmethod
    def SendParams(cls, **fields: Value) -> Value:
        """A mapping with these fields."""
        return fields


class Batch(Object):
    """``resend.Batch``."""

    PATHS: tuple[str, ...] = ("resend.Batch", "resend.emails._batch.Batch")

    @classmethod
    def send(cls, params: Value, options: Value = None) -> HttpRequest:
        """Send several e-mails, given as a list. The package sends nothing of another collection."""
        del options
        return post(f"{_ROOT}/emails/batch", None if is_tuple(params) else params)

    send_async = send


class Broadcasts(Object):
    """``resend.Broadcasts``: mail to a list at Resend."""

    PATHS: tuple[str, ...] = ("resend.Broadcasts", "resend.broadcasts._broadcasts.Broadcasts")

    @classmethod
    def create(cls, params: Value) -> HttpRequest:
        """Make one; with ``send`` it goes out at once."""
        return post(f"{_ROOT}/broadcasts", params)

    @classmethod
    def send(cls, params: Value) -> HttpRequest:
        """Send one that was made before."""
        number = given(get(params, "broadcast_id"))
        return post(url(f"{_ROOT}/broadcasts/", text(number) or "*", "/send"), params)

    create_async = create
    send_async = send


PROVIDER: Final = Provider(
    name="resend",
    title="Resend",
    sources=(
        Source("https://resend.com/docs/api-reference/emails/send-email", "to is a text or a list of up to 50"),
        Source("https://resend.com/docs/api-reference/emails/send-batch-emails", "a list of up to 100 e-mails"),
        Source("pypi:resend==2.52.0", "run: the requests of Emails, Batch and Broadcasts"),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.resend.com/emails",
    library=Library(
        classes=(Emails, Batch, Broadcasts),
        # The bare name is a word that much code uses for something else.
        tokens=("import resend", "from resend", "resend.Emails", "resend.Batch", "resend.Broadcasts", "resend.com"),
    ),
    explain=(
        "Everybody in to and cc of one e-mail is printed to everybody in it; bcc is blind. "
        "Each item of a batch is a message of its own, so one item for each person keeps them apart."
    ),
)
"""Resend."""
