"""marrow.mailer: messages that a manager delivers."""

from __future__ import annotations

from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Object, Value, is_tuple
from mailguard.transports.letters import attribute, each_letter, line, one_or_list, transmission


def _marrow_people(value: Value) -> Value:
    """A text may hold several (it is split at commas), a tuple is name and address, a list is a list of these."""
    return [value] if is_tuple(value) else value


class MarrowMessage(Object):
    """``marrow.mailer.Message``; ``to``, ``cc``, ``bcc`` and ``reply`` are live attributes."""

    PATHS: tuple[str, ...] = ("marrow.mailer.Message", "marrow.mailer.message.Message")

    def __init__(self, author: Value = None, to: Value = None, subject: Value = None, **options: Value) -> None:
        self.write("author", author)
        self.write("to", one_or_list(_marrow_people(to)))
        self.write("subject", subject)
        for name in ("cc", "bcc", "reply"):
            self.write(name, one_or_list(_marrow_people(options.get(name))))
        self.write("headers", options.get("headers"))

    def attach(self, *_: Value, **__: Value) -> None:
        """Add a file; it changes nothing for the recipients."""

    def embed(self, *_: Value, **__: Value) -> None:
        """Add a picture; it changes nothing for the recipients."""

    def send(self) -> list[Exchange]:
        """Send it by the mailer that made it."""
        return [_marrow_sent(self)]


def _marrow_sent(message: MarrowMessage) -> SmtpTransaction:
    to, cc, bcc, reply = (line(_marrow_people(attribute(message, name))) for name in ("to", "cc", "bcc", "reply"))
    if to is None and cc is None and bcc is None:
        raise Refused("ValueError: You must specify at least one recipient.")
    return transmission(
        [("Reply-To", reply), ("Subject", attribute(message, "subject")), ("To", to), ("Cc", cc)],
        [value for value in (to, cc, bcc) if value is not None],
        sender=attribute(message, "author"),
        extra=attribute(message, "headers"),
    )


class MarrowMailer(Object):
    """``marrow.mailer.Mailer``."""

    PATHS: tuple[str, ...] = ("marrow.mailer.Mailer", "marrow.mailer.Delivery")

    def __init__(self, config: Value = None, prefix: Value = None) -> None:
        del config, prefix

    def __enter__(self) -> MarrowMailer:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def start(self) -> MarrowMailer:
        """Start the service."""
        return self

    def stop(self) -> MarrowMailer:
        """Stop the service."""
        return self

    def new(self, author: Value = None, to: Value = None, subject: Value = None, **options: Value) -> MarrowMessage:
        """A message that this mailer sends."""
        return MarrowMessage(author, to, subject, **options)

    def send(self, message: Value) -> list[Exchange]:
        """Send a message."""
        return each_letter(message, MarrowMessage, lambda found: [_marrow_sent(found)])
