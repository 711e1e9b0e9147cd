"""Flask-Mail and Flask-Mailman: messages of Flask applications, which leave through SMTP.

Neither has a wire form of its own. Flask-Mail prints ``recipients`` in one To, ``cc`` in one Cc, ``bcc`` nowhere;
Flask-Mailman is Django's mail without Django.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import Absent, Fields, Object, Unknown, Value, get, truth
from mailguard.transports import django_mail
from mailguard.transports.letters import (
    attribute,
    each_letter,
    header_lines,
    line,
    name_first,
    or_empty,
    present,
    transmission,
)
from mailguard.transports.mime.models import LegacyMessage

__all__ = ["PROVIDER", "Connection", "Mail", "MailmanMessage", "Message"]

# --- Flask-Mail ----------------------------------------------------------------------------------


class Message(Object):
    """``flask_mail.Message``; ``recipients``, ``cc``, ``bcc``, ``reply_to`` and ``extra_headers`` are live attributes."""

    PATHS: tuple[str, ...] = (
        "flask_mail.Message",
        "flask_mail.message.Message",
        "flaskext.mail.Message",
        "flask.ext.mail.Message",
    )

    def __init__(
        self,
        subject: Value = "",
        recipients: Value = None,
        body: Value = None,
        html: Value = None,
        alts: Value = None,
        sender: Value = None,
        cc: Value = None,
        bcc: Value = None,
        attachments: Value = None,
        reply_to: Value = None,
        date: Value = None,
        charset: Value = None,
        extra_headers: Value = None,
        mail_options: Value = None,
        rcpt_options: Value = None,
    ) -> None:
        del alts, attachments, date, charset, mail_options, rcpt_options
        self.write("recipients", or_empty(recipients))
        self.write("cc", or_empty(cc))
        self.write("bcc", or_empty(bcc))
        self.write("subject", subject)
        self.write("sender", sender)
        self.write("reply_to", reply_to)
        self.write("body", body)
        self.write("html", html)
        self.write("extra_headers", extra_headers)

    def add_recipient(self, recipient: Value) -> None:
        """Add one more person to ``recipients``, which keeps those of earlier passes of a loop."""
        self.append("recipients", recipient)

    def attach(self, *arguments: Value, **options: Value) -> None:
        """Add an attachment; it changes nothing for the recipients."""
        del arguments, options

    def _block(self) -> list[tuple[str, Value]]:
        copies = attribute(self, "cc")
        return [
            ("Subject", attribute(self, "subject")),
            ("To", line(attribute(self, "recipients")) or ""),
            ("Cc", line(copies)),
            ("Reply-To", name_first(attribute(self, "reply_to"))),
        ]

    def _message(self) -> LegacyMessage:
        made = LegacyMessage()
        lines = [pair for pair in self._block() if pair[1] is not None]
        for name, value in (*lines, *header_lines(attribute(self, "extra_headers")).known):
            made[name] = value
        return made

    def as_string(self) -> Value:
        """The source of the message, for the caller to send."""
        return self._message().as_string()

    def as_bytes(self) -> Value:
        """The same as bytes."""
        return self._message().as_bytes()

    def send(self, connection: Value) -> list[Exchange]:
        """Send it over a connection."""
        del connection
        return [_sent(self)]


def _sent(message: Message) -> SmtpTransaction:
    # Headers of one's own are written after the others: a To among them is a second To line. The envelope is
    # what the three lists hold, and nothing is taken out of the lines.
    people = [attribute(message, name) for name in ("recipients", "bcc", "cc")]
    if all(truth(group) is Truth.NO for group in people):
        raise Refused("AssertionError: No recipients have been added")
    return transmission(
        message._block(),  # noqa: SLF001  # a method that user code must not find
        [line(group) for group in people],
        sender=attribute(message, "sender"),
        relay=Unknown("MAIL_SERVER"),
        extra=attribute(message, "extra_headers"),
    )


class Connection(Object):
    """``flask_mail.Connection``: what ``mail.connect()`` opens."""

    PATHS: tuple[str, ...] = ("flask_mail.Connection", "flaskext.mail.Connection", "flask.ext.mail.Connection")

    def __init__(self, mail: Value = None) -> None:
        del mail

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send(self, message: Value, envelope_from: Value = None) -> list[Exchange]:
        """Send a message."""
        del envelope_from
        return each_letter(message, Message, lambda found: [_sent(found)])

    def send_message(self, *arguments: Value, **options: Value) -> list[Exchange]:
        """Make a message of the arguments, and send it."""
        return [_sent(Message(*arguments, **options))]


class Mail(Connection):
    """``flask_mail.Mail``: the extension; the state that ``init_app`` gives sends as well."""

    PATHS: tuple[str, ...] = ("flask_mail.Mail", "flask_mail._Mail", "flaskext.mail.Mail", "flask.ext.mail.Mail")

    def __init__(self, app: Value = None) -> None:
        del app

    def init_app(self, app: Value) -> Mail:
        """Take the settings of an application."""
        del app
        return self

    def connect(self) -> Connection:
        """A connection for several messages."""
        return Connection()


# --- Flask-Mailman -------------------------------------------------------------------------------


class MailmanMessage(django_mail.EmailMessage):
    """``flask_mailman.EmailMessage``."""

    PATHS: tuple[str, ...] = ("flask_mailman.EmailMessage", "flask_mailman.message.EmailMessage")

    def send(self, fail_silently: Value = False, *, using: Value = None) -> Value | list[Exchange]:
        """Hand the message to the backend; without recipients nothing is sent."""
        del fail_silently, using
        return _mailman_sent(self) or 0

    def message(self, *, policy: Value = None) -> LegacyMessage:
        """The MIME message, to which the caller may add headers of his own."""
        del policy
        made = LegacyMessage()
        for name, value in (*_mailman_block(self), *_mailman_extra(self).known):
            if value is not None:
                made[name] = value
        return made


class MailmanAlternatives(MailmanMessage):
    """``flask_mailman.EmailMultiAlternatives``: the same with ``alternatives`` in front of ``cc``."""

    PATHS: tuple[str, ...] = ("flask_mailman.EmailMultiAlternatives", "flask_mailman.message.EmailMultiAlternatives")

    def __init__(
        self,
        subject: Value = "",
        body: Value = "",
        from_email: Value = None,
        to: Value = None,
        bcc: Value = None,
        connection: Value = None,
        attachments: Value = None,
        headers: Value = None,
        alternatives: Value = None,
        cc: Value = None,
        reply_to: Value = None,
    ) -> None:
        del alternatives
        super().__init__(subject, body, from_email, to, bcc, connection, attachments, headers, cc, reply_to)


def _mailman_block(message: django_mail.Letter) -> list[tuple[str, Value]]:
    # A header of the caller's own replaces the list that is printed, and is written once more: Flask-Mailman has not
    # followed Django in leaving such names out.
    extra = message.read("extra_headers", {})
    lines: list[tuple[str, Value]] = [("Subject", attribute(message, "subject"))]
    for name, held in (("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to")):
        people = django_mail.people(message, held)
        if truth(people) is Truth.NO:
            continue
        own = get(extra, name)
        lines.append((name, line(people) if isinstance(own, Absent) else own))
    return lines


def _mailman_extra(message: django_mail.Letter) -> Fields:
    found = header_lines(message.read("extra_headers", {}))
    return Fields(tuple(pair for pair in found.known if pair[0].lower() != "from"), found.open, found.trail, found.rest)


def _mailman_sent(message: django_mail.Letter) -> list[Exchange]:
    everybody = message.recipients()
    if truth(everybody) is Truth.NO:
        return []
    return [
        transmission(
            _mailman_block(message),
            everybody,
            sender=present(message.read("from_email")),
            relay=Unknown("MAIL_SERVER"),
            extra=_mailman_extra(message),
        )
    ]


class MailmanConnection(Object):
    """A backend of Flask-Mailman."""

    PATHS: tuple[str, ...] = ("flask_mailman.backends.smtp.EmailBackend",)

    def __init__(self, *arguments: Value, **options: Value) -> None:
        del arguments, options

    def __enter__(self) -> MailmanConnection:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send_messages(self, email_messages: Value) -> list[Exchange]:
        """Send each message by itself."""
        return each_letter(email_messages, MailmanMessage, _mailman_sent, several=True)


class Mailman(Object):
    """``flask_mailman.Mail``: the extension, with Django's functions as methods."""

    PATHS: tuple[str, ...] = ("flask_mailman.Mail",)

    def __init__(self, app: Value = None) -> None:
        del app

    def init_app(self, app: Value) -> Mailman:
        """Take the settings of an application."""
        del app
        return self

    def get_connection(self, backend: Value = None, fail_silently: Value = False, **options: Value) -> Object:
        """A backend."""
        del backend, fail_silently, options
        return MailmanConnection()

    def send_mail(
        self,
        subject: Value,
        message: Value,
        from_email: Value = None,
        recipient_list: Value = None,
        fail_silently: Value = False,
        auth_user: Value = None,
        auth_password: Value = None,
        connection: Value = None,
        html_message: Value = None,
    ) -> Value | list[Exchange]:
        """One message; the whole list is printed in To."""
        del fail_silently, auth_user, auth_password, html_message
        return MailmanAlternatives(subject, message, from_email, recipient_list, connection=connection).send()

    def send_mass_mail(
        self,
        datatuple: Value,
        fail_silently: Value = False,
        auth_user: Value = None,
        auth_password: Value = None,
        connection: Value = None,
    ) -> list[Exchange]:
        """One message for each tuple; the recipients of one tuple share it."""
        del fail_silently, auth_user, auth_password, connection
        result: list[Exchange] = []
        for subject, body, sender, people in django_mail.tuples(datatuple):
            result += _mailman_sent(MailmanMessage(subject, body, sender, people))
        return result


PROVIDER: Final = Provider(
    name="flask-mail",
    title="Flask-Mail and Flask-Mailman",
    sources=(
        Source("pypi:Flask-Mail==0.10.0", "one To for all recipients, bcc in the envelope only; run"),
        Source("pypi:Flask-Mailman==1.1.1", "Django's semantics; headers of one's own are lines of their own; run"),
        Source("https://flask-mail.readthedocs.io/en/latest/", "Message, Mail, connect"),
    ),
    library=Library(
        classes=(
            Message,
            Connection,
            Mail,
            MailmanMessage,
            MailmanAlternatives,
            MailmanConnection,
            Mailman,
        ),
        tokens=("flask_mail", "flaskext.mail", "flask.ext.mail", "flask.ext import"),
    ),
    explain=(
        "Message(recipients=[...]) prints the whole list in one To header; cc in Cc, bcc nowhere. add_recipient() on a "
        "message that is made outside the loop keeps the people of earlier passes. A To in extra_headers is a second To line."
    ),
)
"""Flask-Mail and Flask-Mailman."""
