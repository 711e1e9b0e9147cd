"""Mailtrap: ``/api/send`` and ``/api/batch`` of its sending hosts, and the package ``mailtrap``.

Everybody in ``to`` and ``cc`` of one request is printed to everybody in it; a batch writes one message for each of its
requests over a common base. The host for bulk mail does not separate anybody.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import Decoded
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Value, get, text
from mailguard.transports.json_api import Api, as_data, given, mails, messages, of_json, post, truthy, url

__all__ = ["PROVIDER", "MailtrapClient"]

# --- Whose request it is, and what it means ------------------------------------------------------

_ONE: Final = "api/send"
_BATCH: Final = "api/batch"


def _looks(body: Value) -> str | None:
    if not isinstance(get(body, "requests"), Absent):
        return _BATCH
    named = not any(isinstance(get(body, name), Absent) for name in ("from", "to"))
    said = any(not isinstance(get(body, name), Absent) for name in ("subject", "template_uuid"))
    return _ONE if named and said else None


_API: Final = Api(
    # send, bulk and sandbox.api.mailtrap.io, and hosts that the account got (alternative.host.mailtrap.io:8080).
    hosts=re.compile(r"(?:[a-z0-9*-]+\.)*mailtrap\.io"),
    paths=(
        # The sandbox has the number of an inbox behind it.
        (re.compile(r"/api/send(?:/[^/]+)?"), _ONE),
        (re.compile(r"/api/batch(?:/[^/]+)?"), _BATCH),
    ),
    # Answers to, and copies of, mail that the service keeps: whom it names is not in the request.
    like_sending=re.compile(r"/(?:send|batch|reply|reply_all|forward)(?:/|$)"),
    looks=_looks,
    names=("mailtrap",),
)


def claims(exchange: Exchange) -> str | None:
    """``api/send``, ``api/batch``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message for a request, or one for each request of a batch; what a request leaves out is the base's."""
    if operation == _BATCH and not isinstance(get(body, "requests", fold=True), Absent):
        return messages(get(body, "requests", fold=True), get(body, "base", fold=True))
    return mails(body)


# --- The package mailtrap ------------------------------------------------------------------------


class _Data(Object):
    """A data class of the package: the fields in its order, which are live attributes."""

    FIELDS: tuple[str, ...] = ()

    def __init__(self, *arguments: Value, **options: Value) -> None:
        for name, value in (*zip(self.FIELDS, arguments, strict=False), *options.items()):
            self.write(name, value)

    def render(self) -> Value:
        """The JSON: ``sender`` goes out as ``from``, and what is not set stays out."""
        pairs = ((name, given(self.read(name))) for name in self.FIELDS)
        return {"from" if name == "sender" else name: as_data(value) for name, value in pairs if value is not None}


_MAIL: Final = (
    "sender",
    "to",
    "subject",
    "text",
    "html",
    "category",
    "cc",
    "bcc",
    "headers",
    "reply_to",
    "template_uuid",
)


class Address(_Data):
    """``mailtrap.Address``."""

    PATHS: tuple[str, ...] = (
        "mailtrap.Address",
        "mailtrap.models.mail.Address",
        "mailtrap.models.mail.address.Address",
    )
    FIELDS = ("email", "name")


class Mail(_Data):
    """``mailtrap.Mail`` and ``MailFromTemplate``; both take their fields by name."""

    PATHS: tuple[str, ...] = (
        "mailtrap.Mail",
        "mailtrap.MailFromTemplate",
        "mailtrap.BatchMail",
        "mailtrap.BatchMailFromTemplate",
        "mailtrap.BatchEmailRequest",
        *(f"mailtrap.models.mail.{name}" for name in ("Mail", "MailFromTemplate", "BatchMail", "BatchEmailRequest")),
    )
    FIELDS = _MAIL


class Batch(_Data):
    """``mailtrap.BatchSendEmailParams``."""

    PATHS: tuple[str, ...] = ("mailtrap.BatchSendEmailParams", "mailtrap.models.mail.BatchSendEmailParams")
    FIELDS = ("base", "requests")


class SendingApi(Object):
    """``client.sending_api``."""

    def __init__(self, place: Value = "https://send.api.mailtrap.io/api/") -> None:
        self.write("place", place)

    def send(self, mail: Value) -> HttpRequest:
        """Send one message."""
        return post(url(given(self.read("place")), "send"), as_data(mail))

    def batch_send(self, params: Value) -> HttpRequest:
        """Send a batch."""
        return post(url(given(self.read("place")), "batch"), as_data(params))


class MailtrapClient(Object):
    """``mailtrap.MailtrapClient``: one of three hosts, or one of the caller's."""

    PATHS: tuple[str, ...] = ("mailtrap.MailtrapClient", "mailtrap.client.MailtrapClient")

    def __init__(
        self,
        token: Value = None,
        api_host: Value = None,
        api_port: Value = 443,
        bulk: Value = False,
        sandbox: Value = False,
        *_: Value,
        **__: Value,
    ) -> None:
        del token, api_port
        name = "bulk" if truthy(bulk) else "sandbox" if truthy(sandbox) else "send"
        own = text(api_host)
        self.write("_place", f"https://{own}/api/" if own else f"https://{name}.api.mailtrap.io/api/")

    @property
    def sending_api(self) -> SendingApi:
        """What sends."""
        return SendingApi(given(self.read("_place")))

    def send(self, mail: Value) -> HttpRequest:
        """Send one message."""
        return self.sending_api.send(mail)

    def batch_send(self, mail: Value) -> HttpRequest:
        """Send a batch."""
        return self.sending_api.batch_send(mail)


PROVIDER: Final = Provider(
    name="mailtrap",
    title="Mailtrap",
    sources=(
        Source(
            "https://docs.mailtrap.io/developers/email-sending",
            "to, cc and bcc are lists; a batch is base and requests",
        ),
        Source("pypi:mailtrap==2.11.0", "run: the requests of MailtrapClient, and its hosts"),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend"),
    ),
    claims=claims,
    decode=decode,
    address="https://send.api.mailtrap.io/api/send",
    library=Library(classes=(MailtrapClient, SendingApi, Mail, Batch, Address), tokens=("mailtrap",)),
    explain=(
        "Everybody in to and cc of one message is printed to everybody; bcc is printed nowhere. /api/batch writes one "
        "message for each of its requests. The bulk host alone separates nobody."
    ),
)
"""Mailtrap."""
