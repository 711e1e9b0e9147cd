"""Customer.io: ``/v1/send/email`` of its App API, and the package ``customerio``.

A transactional message is meant for one person; whoever else is named in ``to`` and ``cc`` is printed. Campaigns and
broadcasts go to people whom Customer.io keeps.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import Decoded
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Value, get
from mailguard.transports.json_api import Api, as_data, given, message, of_object, post, told, truthy, url

__all__ = ["PROVIDER", "APIClient", "SendEmailRequest"]

# --- Whose request it is, and what it means ------------------------------------------------------

_ONE: Final = "v1/send/email"


def _looks(body: Value) -> str | None:
    return _ONE if not any(isinstance(get(body, name), Absent) for name in ("to", "identifiers")) else None


_API: Final = Api(
    hosts=re.compile(r"(?:beta-)?api(?:-eu)?\.customer\.io"),
    paths=(
        (re.compile(r"/v1/send/email"), _ONE),
        # Push, SMS and messages inside an app print nobody's address.
        (re.compile(r"/v1/send/(?!email)[a-z_]+"), "account"),
        (re.compile(r"/v1/(?:api/)?campaigns/[^/]+/triggers"), "lists"),
    ),
    like_sending=re.compile(r"/send/email|/triggers$"),
    looks=_looks,
    names=("customerio", "customer_io"),
)


def claims(exchange: Exchange) -> str | None:
    """``v1/send/email``, ``lists`` for a broadcast, or ``account`` for what sends no mail to addresses."""
    return _API.operation(exchange)


@of_object
def decode(_operation: str, body: Value) -> Decoded:
    """One message. With ``fake_bcc`` each hidden copy is a message of its own, which prints the same."""
    return told((message(body),), body)


# --- The package customerio ----------------------------------------------------------------------

_FIELDS: Final = (
    *("transactional_message_id", "to", "identifiers", "_from", "headers", "reply_to", "cc", "bcc", "subject"),
    *("preheader", "body", "body_plain", "body_amp", "fake_bcc", "disable_message_retention", "send_to_unsubscribed"),
    *("tracked", "queue_draft", "message_data", "attachments", "disable_css_preprocessing", "send_at", "language"),
)
"""The arguments in their order."""


class SendEmailRequest(Object):
    """``customerio.SendEmailRequest``; its fields are live attributes."""

    PATHS: tuple[str, ...] = ("customerio.SendEmailRequest", "customerio.api.SendEmailRequest")

    def __init__(self, *arguments: Value, **options: Value) -> None:
        for name, value in (*zip(_FIELDS, arguments, strict=False), *options.items()):
            self.write(name, value)

    def attach(self, name: Value, content: Value, encode: Value = True) -> None:
        """Add a file; it changes nothing for the recipients."""
        del name, content, encode

    def render(self) -> Value:
        """The JSON; what is None stays out."""
        pairs = (
            (name, given(self.read(name))) for name in ("_from", "to", "reply_to", "cc", "bcc", "headers", "fake_bcc")
        )
        return {name.lstrip("_"): value for name, value in pairs if value is not None}


class APIClient(Object):
    """``customerio.APIClient``."""

    PATHS: tuple[str, ...] = ("customerio.APIClient", "customerio.api.APIClient")

    def __init__(self, key: Value = None, url: Value = None, region: Value = None, *_: Value, **__: Value) -> None:
        del key
        # A region is an object of the package; which one it is does not matter for who sees whom.
        del region
        self.write("_url", url if truthy(url) else "https://api.customer.io")

    def send_email(self, request: Value) -> HttpRequest:
        """Send one message, given as a request or as a mapping."""
        return post(url(given(self.read("_url")), "/v1/send/email"), as_data(request))


PROVIDER: Final = Provider(
    name="customerio",
    title="Customer.io",
    sources=(
        Source(
            "https://docs.customer.io/journeys/transactional-email/", "a transactional message is meant for one person"
        ),
        Source("pypi:customerio==3.2.0", "run: the requests of APIClient.send_email; texts for to, cc and bcc"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.customer.io/v1/send/email",
    library=Library(classes=(APIClient, SendEmailRequest), tokens=("customerio", "customer.io")),
    explain=(
        "One request is one message; everybody in to and cc is printed to everybody, bcc is printed nowhere. That to may "
        "hold several addresses is not documented; those that are in it are read."
    ),
)
"""Customer.io."""
