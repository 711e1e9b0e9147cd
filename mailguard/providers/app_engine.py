"""Mail of Google App Engine: messages that an application hands to the platform's own service.

It has no wire form of its own: the platform takes one message and delivers it. Everybody in ``to`` and ``cc`` stands in one
message, ``bcc`` in its envelope only. An address field holds one text, in which commas part people, or a list of texts.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import MANY, OPTIONAL, Truth
from mailguard.model.exchange import Exchange, RawMessage
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import Items, Member, Object, Value, trail_of, truth
from mailguard.transports.django_mail import configured
from mailguard.transports.letters import attribute, header_lines, line, note

__all__ = ["PROVIDER", "AdminEmailMessage", "EmailMessage", "send_mail", "send_mail_to_admins"]

_PACKAGE: Final = "google.appengine.api.mail"
_PEOPLE: Final = ("to", "cc", "bcc")


class EmailMessage(Object):
    """``mail.EmailMessage``; ``to``, ``cc``, ``bcc`` and ``headers`` are live attributes, each a text or a list of texts."""

    PATHS: tuple[str, ...] = (f"{_PACKAGE}.EmailMessage",)

    def __init__(self, mime_message: Value = None, **fields: Value) -> None:
        del mime_message
        self.initialize(**fields)

    def initialize(self, **fields: Value) -> None:
        """Set some of the fields."""
        for name, value in fields.items():
            self.write(name, value)

    def check_initialized(self) -> None:
        """Refuse a message that lacks something; it changes nothing for the recipients."""

    def send(self, make_sync_call: Value = None) -> list[Exchange]:
        """Hand the message to the platform."""
        del make_sync_call
        return [_sent(self)]


def _sent(message: Object) -> RawMessage:
    people = [attribute(message, name) for name in _PEOPLE]
    if all(truth(group) is Truth.NO for group in people):
        raise Refused("MissingRecipientsError")
    to, cc, bcc = map(line, people)
    lines: list[tuple[str, Value]] = [
        ("From", attribute(message, "sender")),
        ("Reply-To", attribute(message, "reply_to")),
        ("To", to),
        ("Cc", cc),
        ("Subject", attribute(message, "subject")),
    ]
    # ``headers`` takes a few names only, none of a line that holds people.
    return note(lines, [to, cc, bcc], extra=header_lines(attribute(message, "headers")))


class AdminEmailMessage(Object):
    """``mail.AdminEmailMessage``: one message to all administrators of the application."""

    PATHS: tuple[str, ...] = (f"{_PACKAGE}.AdminEmailMessage",)

    def __init__(self, mime_message: Value = None, **fields: Value) -> None:
        del mime_message
        for name, value in fields.items():
            self.write(name, value)

    def send(self, make_sync_call: Value = None) -> list[Exchange]:
        """Hand the message to the platform, which knows the administrators."""
        del make_sync_call
        everybody = configured("ADMINS", OPTIONAL)
        to = line(Items((Member(everybody, MANY),), trail_of(everybody)))
        return [note([("To", to), ("Subject", attribute(self, "subject"))], [to])]


def send_mail(
    sender: Value, to: Value, subject: Value, body: Value, make_sync_call: Value = None, **fields: Value
) -> list[Exchange]:
    """One message to everybody in ``to``."""
    del make_sync_call
    return EmailMessage(sender=sender, to=to, subject=subject, body=body, **fields).send()


def send_mail_to_admins(
    sender: Value, subject: Value, body: Value, make_sync_call: Value = None, **fields: Value
) -> list[Exchange]:
    """One message to all administrators of the application."""
    del make_sync_call
    return AdminEmailMessage(sender=sender, subject=subject, body=body, **fields).send()


PROVIDER: Final = Provider(
    name="app-engine",
    title="Google App Engine mail",
    sources=(
        Source(
            "pypi:appengine-python-standard==3.1.0",
            "to, cc and bcc of one message, texts and lists; what is refused; run",
        ),
        Source(
            "https://cloud.google.com/appengine/docs/standard/services/mail", "EmailMessage, send_mail, administrators"
        ),
    ),
    library=Library(
        functions=(
            Function((f"{_PACKAGE}.send_mail", f"{_PACKAGE}.SendMail"), send_mail),
            Function((f"{_PACKAGE}.send_mail_to_admins", f"{_PACKAGE}.SendMailToAdmins"), send_mail_to_admins),
        ),
        classes=(EmailMessage, AdminEmailMessage),
        tokens=(_PACKAGE, "google.appengine.api import & mail"),
    ),
    explain=(
        "EmailMessage(to=[...]) and send_mail(to=[...]) write one message: everybody in to and cc sees everybody there; bcc is hidden. "
        "A text with commas is as many people. send_mail_to_admins() writes to the administrators of the application, at most a note."
    ),
)
"""Google App Engine mail."""
