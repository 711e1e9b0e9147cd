"""fastapi-mail: ``MessageSchema`` and ``FastMail``, which leave through SMTP (aiosmtplib).

It has no wire form of its own.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import (
    Fields,
    Items,
    Member,
    Object,
    Sort,
    Unknown,
    Value,
    each,
    get,
    inherit,
    sort_of,
    text,
    truth,
)
from mailguard.transports.letters import attribute, each_letter, header_lines, line, or_empty, present, transmission
from mailguard.transports.mime.addresses import formataddr
from mailguard.transports.mime.models import LegacyMessage

__all__ = ["PROVIDER", "FastMail", "MessageSchema"]


def _list(value: Value, name: str) -> Value:
    """What the schema takes as a list; it refuses a plain text."""
    if sort_of(value) is Sort.TEXT:
        raise Refused(f"ValidationError: {name} must be a list")
    return or_empty(value)


class MessageSchema(Object):
    """``fastapi_mail.MessageSchema``; its fields are live attributes."""

    PATHS: tuple[str, ...] = ("fastapi_mail.MessageSchema", "fastapi_mail.schemas.MessageSchema")

    def __init__(
        self,
        *,
        recipients: Value = None,
        subject: Value = "",
        cc: Value = None,
        bcc: Value = None,
        reply_to: Value = None,
        headers: Value = None,
        from_email: Value = None,
        **options: Value,
    ) -> None:
        # Releases before 1 call it `receipients`.
        people = options.pop("receipients", None) if recipients is None else recipients
        self.write("recipients", _list(people, "recipients"))
        self.write("cc", _list(cc, "cc"))
        self.write("bcc", _list(bcc, "bcc"))
        self.write("reply_to", _list(reply_to, "reply_to"))
        self.write("subject", subject)
        self.write("headers", headers)
        self.write("from_email", from_email)


def _address(member: Value) -> Value:
    # NameEmail(name, email), if it is not a text.
    email = get(member, "email")
    if sort_of(member) is Sort.TEXT or sort_of(email) is Sort.NONE:
        return member
    return formataddr((present(get(member, "name")), present(email)))


def _printed(message: MessageSchema, name: str) -> Value:
    return line(attribute(message, name), _address)


def _lines(message: MessageSchema) -> list[tuple[str, Value]]:
    return [
        ("Subject", attribute(message, "subject")),
        ("To", _printed(message, "recipients") or ""),
        ("Cc", _printed(message, "cc")),
        ("Bcc", _printed(message, "bcc")),
        ("Reply-To", _printed(message, "reply_to")),
    ]


def _sent(message: MessageSchema) -> SmtpTransaction:
    """The envelope is every To, Cc and Bcc line, those of ``headers`` too; Bcc lines are taken out then."""
    own = header_lines(attribute(message, "headers"))
    lines = [*_lines(message), *((name, inherit(value, own.trail)) for name, value in own.known)]
    envelope = [value for name, value in lines if name.casefold() in {"to", "cc", "bcc"} and value is not None]
    if all(truth(value) is Truth.NO for value in envelope):
        raise Refused("ValueError: no recipients")
    return transmission(
        [(name, value) for name, value in lines if name.casefold() != "bcc"],
        envelope,
        sender=attribute(message, "from_email"),
        relay=Unknown("MAIL_SERVER"),
        extra=Fields((), own.open, (), own.rest),
    )


class FastMail(Object):
    """``fastapi_mail.FastMail``."""

    PATHS: tuple[str, ...] = ("fastapi_mail.FastMail", "fastapi_mail.fastmail.FastMail")

    def __init__(self, config: Value = None, *_: Value, **__: Value) -> None:
        del config

    def send_message(
        self,
        message: Value = None,
        template_name: Value = None,
        html_template: Value = None,
        plain_template: Value = None,
        **options: Value,
    ) -> list[Exchange]:
        """One message for each schema; a schema's recipients share it."""
        del template_name, html_template, plain_template
        if message is None and "recipient" in options:
            # The first releases take the parts of the message themselves.
            people = options["recipient"]
            return [_sent(MessageSchema(recipients=[people] if sort_of(people) is Sort.TEXT else people))]
        return each_letter(message, MessageSchema, lambda found: [_sent(found)], several=True)

    def get_message(self, message: Value, *arguments: Value, **options: Value) -> Value:
        """The MIME message of a schema, or a list of them, for the caller to send."""
        del arguments, options
        if sort_of(message) is Sort.COLLECTION:
            return Items(tuple(Member(self._made(schema), count) for schema, count in each(message)))
        return self._made(message)

    def _made(self, message: Value) -> Value:
        if not isinstance(message, MessageSchema):
            return message
        made = LegacyMessage()
        for name, value in (*_lines(message), *header_lines(attribute(message, "headers")).known):
            if value is not None and (text(value) != "" or name == "To"):
                made[name] = value
        return made


PROVIDER: Final = Provider(
    name="fastapi-mail",
    title="fastapi-mail",
    sources=(
        Source("pypi:fastapi-mail==1.6.8", "one To for recipients; headers are lines besides, and deliver; run"),
        Source("https://sabuhish.github.io/fastapi-mail/", "MessageSchema, FastMail.send_message"),
    ),
    library=Library(classes=(MessageSchema, FastMail), tokens=("fastapi_mail",)),
    explain=(
        "MessageSchema(recipients=[...]) prints the whole list in one To header, cc in Cc, bcc nowhere. A list of schemas "
        "is one message for each. A To in headers is printed and delivered besides."
    ),
)
"""fastapi-mail."""
