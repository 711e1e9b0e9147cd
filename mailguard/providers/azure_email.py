"""Azure Communication Services Email: ``/emails:send`` of one's own resource, and ``azure-communication-email``.

Everybody in ``to`` and ``cc`` of ``recipients`` is printed to everybody.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Parameter, Sort, Unknown, Value, sort_of
from mailguard.transports.json_api import Api, as_data, field, given, of_json, post, told
from mailguard.transports.services import LISTS, printed, says_any

__all__ = ["PROVIDER", "EmailClient"]

_SEND: Final = "emails:send"


def _looks(body: Value) -> str | None:
    people = field(body, "recipients")
    return _SEND if says_any(people, *LISTS) and says_any(body, "content", "senderAddress", "sender") else None


_API: Final = Api(
    hosts=re.compile(r"[a-z0-9*.-]+\.communication\.azure\.(?:com|us|cn)"),
    paths=((re.compile(r"/emails:send"), _SEND),),
    like_sending=re.compile(r"/emails"),
    looks=_looks,
    names=("acs_endpoint", "communication_endpoint", "azure_communication"),
)


def claims(exchange: Exchange) -> str | None:
    """``emails:send``, or ``account`` for text messages, calls and chats."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message."""
    people = field(body, "recipients")
    if isinstance(people, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the recipients")
    if isinstance(people, Absent) or sort_of(people) is Sort.NONE:
        return CannotTell(Reason.ADDRESSES, "the body names no recipients")
    held = given(people)
    if sort_of(held) is not Sort.MAPPING:
        held = {"to": held}  # a list where an object is documented
    pairs: dict[str, Value] = {name: given(field(held, name)) for name in LISTS}
    # The first preview called the address email.
    pairs |= {"reply_to": given(field(body, "replyTo")), "headers": given(field(body, "headers"))}
    return told((printed(pairs, address="address", name="displayName"),), held)


# --- The package azure-communication-email -------------------------------------------------------


class EmailClient(Object):
    """``azure.communication.email.EmailClient``, and the one of ``aio``."""

    PATHS: tuple[str, ...] = ("azure.communication.email.EmailClient", "azure.communication.email.aio.EmailClient")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    @classmethod
    def from_connection_string(cls, *_: Value, **__: Value) -> EmailClient:
        """A client, out of one text."""
        return cls()

    def __enter__(self) -> EmailClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __aenter__(self) -> EmailClient:
        return self

    def __aexit__(self, *_: object) -> None:
        return None

    def begin_send(self, message: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """Send a message, given as a mapping."""
        return post("https://resource.communication.azure.com/emails:send", as_data(message))

    send = begin_send  # the preview


class _Data(Object):
    """A class of the preview (1.0.0b1): ``EmailMessage(sender=..., content=..., recipients=...)``."""

    SENT: tuple[tuple[str, str], ...] = ()

    def __init__(self, *values: Value, **fields: Value) -> None:
        for (name, _), value in zip(self.SENT, values, strict=False):
            self.write(name, value)
        for name, value in fields.items():
            self.write(name, value)

    def render(self) -> Value:
        """The JSON."""
        pairs = ((sent, given(self.read(name))) for name, sent in self.SENT)
        return {sent: value for sent, value in pairs if value is not None}


class EmailAddress(_Data):
    """``EmailAddress(email=..., display_name=...)``."""

    PATHS: tuple[str, ...] = ("azure.communication.email.EmailAddress",)
    HOLDS = True
    SENT = (("email", "address"), ("display_name", "displayName"))


class EmailRecipients(_Data):
    """``EmailRecipients(to=[...], cc=[...], bcc=[...])``."""

    PATHS: tuple[str, ...] = ("azure.communication.email.EmailRecipients",)
    SENT = (("to", "to"), ("cc", "CC"), ("bcc", "bCC"))


class EmailContent(_Data):
    """``EmailContent(subject=..., plain_text=..., html=...)``."""

    PATHS: tuple[str, ...] = ("azure.communication.email.EmailContent",)
    SENT = (("subject", "subject"), ("plain_text", "plainText"), ("html", "html"))


class EmailMessage(_Data):
    """``EmailMessage(sender=..., content=..., recipients=...)``."""

    PATHS: tuple[str, ...] = ("azure.communication.email.EmailMessage",)
    SENT = (("sender", "sender"), ("content", "content"), ("recipients", "recipients"), ("reply_to", "replyTo"))


PROVIDER: Final = Provider(
    name="azure-email",
    title="Azure Communication Services Email",
    sources=(
        Source(
            "https://learn.microsoft.com/en-us/azure/communication-services/quickstarts/email/send-email-advanced/"
            "send-email-to-multiple-recipients",
            "recipients holds to, cc and bcc, each a list of {address, displayName}",
        ),
        Source("pypi:azure-communication-email==1.1.0", "run: the request of EmailClient.begin_send"),
        Source("pypi:azure-communication-email==1.0.0b1", "classes for a message; read"),
    ),
    claims=claims,
    decode=decode,
    address="https://resource.communication.azure.com/emails:send",
    library=Library(
        classes=(EmailClient, EmailAddress, EmailRecipients, EmailContent, EmailMessage),
        tokens=("azure.communication.email", "communication.azure.com"),
    ),
    explain=(
        "Everybody in to and cc of recipients is printed to everybody in it; bcc is printed nowhere. Make one call for each "
        "reader."
    ),
)
"""Azure Communication Services Email."""
