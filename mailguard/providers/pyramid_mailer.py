"""pyramid_mailer: messages of Pyramid applications, which leave through repoze.sendmail and SMTP.

It has no wire form of its own. ``recipients`` are joined in one To, ``cc`` in one Cc, ``bcc`` goes into the envelope only.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import Object, Unknown, Value, truth
from mailguard.transports.letters import attribute, each_letter, header_lines, line, or_empty, transmission

__all__ = ["PROVIDER", "Mailer", "Message"]


class Message(Object):
    """``pyramid_mailer.message.Message``; ``recipients``, ``cc``, ``bcc`` and ``extra_headers`` are live attributes."""

    PATHS: tuple[str, ...] = ("pyramid_mailer.message.Message",)

    def __init__(
        self,
        subject: Value = None,
        recipients: Value = None,
        body: Value = None,
        html: Value = None,
        sender: Value = None,
        cc: Value = None,
        bcc: Value = None,
        extra_headers: Value = None,
        attachments: Value = None,
    ) -> None:
        del attachments
        self.write("subject", subject)
        self.write("sender", sender)
        self.write("body", body)
        self.write("html", html)
        self.write("recipients", or_empty(recipients))
        self.write("cc", or_empty(cc))
        self.write("bcc", or_empty(bcc))
        self.write("extra_headers", extra_headers)

    def add_recipient(self, recipient: Value) -> None:
        """Add one more person to ``recipients``, which keeps those of earlier passes of a loop."""
        self.append("recipients", recipient)

    def add_cc(self, recipient: Value) -> None:
        """Add one more person to ``cc``."""
        self.append("cc", recipient)

    def add_bcc(self, recipient: Value) -> None:
        """Add one more person to ``bcc``."""
        self.append("bcc", recipient)

    def attach(self, *arguments: Value, **options: Value) -> None:
        """Add an attachment; it changes nothing for the recipients."""
        del arguments, options


def _sent(message: Message) -> SmtpTransaction:
    people = [attribute(message, name) for name in ("recipients", "bcc", "cc")]
    if all(truth(group) is Truth.NO for group in people):
        raise Refused("InvalidMessage: No recipients have been added")
    extra = header_lines(attribute(message, "extra_headers"))
    # Headers of one's own replace those of the same name, whatever its case (``MailBase.update``).
    own = {name.casefold() for name, _ in extra.known}
    lines = [
        ("To", line(attribute(message, "recipients")) or ""),
        ("Subject", attribute(message, "subject")),
        ("Cc", line(attribute(message, "cc"))),
    ]
    return transmission(
        [pair for pair in lines if pair[0].casefold() not in own],
        [line(group) for group in people],
        sender=attribute(message, "sender"),
        relay=Unknown("mail.host"),
        extra=extra,
    )


class Mailer(Object):
    """``pyramid_mailer.mailer.Mailer`` and what ``get_mailer(request)`` gives."""

    PATHS: tuple[str, ...] = ("pyramid_mailer.mailer.Mailer", "pyramid_mailer.Mailer")

    def __init__(self, **options: Value) -> None:
        del options

    def bind(self, **options: Value) -> Mailer:
        """The same mailer with other options of delivery."""
        del options
        return self

    def send(self, message: Value) -> list[Exchange]:
        """Send a message when the transaction is committed."""
        return each_letter(message, Message, lambda found: [_sent(found)])

    def send_immediately(self, message: Value, fail_silently: Value = False) -> list[Exchange]:
        """Send a message at once."""
        del fail_silently
        return self.send(message)

    def send_to_queue(self, message: Value) -> list[Exchange]:
        """Put a message into the queue of a Maildir."""
        return self.send(message)

    def send_sendmail(self, message: Value) -> list[Exchange]:
        """Send a message through the program ``sendmail`` when the transaction is committed."""
        return self.send(message)

    def send_immediately_sendmail(self, message: Value, fail_silently: Value = False) -> list[Exchange]:
        """Send a message through the program ``sendmail`` at once."""
        del fail_silently
        return self.send(message)


def _mailer(request: Value = None, *arguments: Value) -> Mailer:
    del request, arguments
    return Mailer()


PROVIDER: Final = Provider(
    name="pyramid-mailer",
    title="pyramid_mailer",
    sources=(
        Source("pypi:pyramid_mailer==0.15.1", "one To for all recipients, bcc in the envelope only; run"),
        Source("https://docs.pylonsproject.org/projects/pyramid-mailer/en/latest/", "Message, get_mailer"),
    ),
    library=Library(
        functions=(
            Function(
                (
                    "pyramid_mailer.get_mailer",
                    "pyramid_mailer.mailer_factory_from_settings",
                    "pyramid_mailer.mailer.Mailer.from_settings",
                ),
                _mailer,
            ),
        ),
        classes=(Message, Mailer),
        tokens=("pyramid_mailer",),
    ),
    explain=(
        "Message(recipients=[...]) joins the whole list in one To header; cc in Cc, bcc is in the envelope only. "
        "add_recipient() on a message that is made outside the loop keeps the people of earlier passes."
    ),
)
"""pyramid_mailer."""
