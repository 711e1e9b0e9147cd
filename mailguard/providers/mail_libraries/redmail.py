"""redmail: senders, and a handler of the logging package."""

from __future__ import annotations

from mailguard.model.count import Truth
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Absent, Either, Object, Unknown, Value, each, join, truth
from mailguard.transports.letters import attribute, header_lines, present, relay_of
from mailguard.transports.mime.fields import header_fields, without_headers
from mailguard.transports.mime.models import EmailMessage


def _sent_message(message: EmailMessage, sender: Value, relay: Value) -> SmtpTransaction:
    """``smtplib.SMTP.send_message``: the first line of each header is the envelope, Bcc lines are taken out."""
    found = header_fields(message, ("to", "bcc", "cc"), first_only=True)
    if isinstance(found, Absent) or not any(count.high for _, count in each(found)):
        raise Refused("no recipients")
    return SmtpTransaction(relay, sender, found, without_headers(message, ("bcc",)))


class RedmailSender(Object):
    """``redmail.EmailSender``; ``receivers``, ``cc``, ``bcc`` and ``headers`` are its defaults."""

    PATHS: tuple[str, ...] = ("redmail.EmailSender", "redmail.email.EmailSender", "redmail.email.sender.EmailSender")

    def __init__(self, host: Value = None, port: Value = None, *_: Value, **__: Value) -> None:
        self.write("_relay", relay_of(host, port))

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None

    def copy(self) -> RedmailSender:
        """Another one with the same settings."""
        return self

    def get_message(
        self,
        subject: Value = None,
        sender: Value = None,
        receivers: Value = None,
        cc: Value = None,
        bcc: Value = None,
        html: Value = None,
        text: Value = None,  # noqa: A002,RUF100  # the library's own name
        *_: Value,
        headers: Value = None,
        **__: Value,
    ) -> EmailMessage:
        """The message; a header of the caller's own replaces one of the same spelling."""
        del html, text
        block: dict[str, Value] = {"Subject": self._or("subject", subject), "From": self._or("sender", sender)}
        for key, name, value in (("To", "receivers", receivers), ("Cc", "cc", cc), ("Bcc", "bcc", bcc)):
            people = self._or(name, value)
            if truth(people) is not Truth.NO:
                block[key] = people
        for key, value in header_lines(self._or("headers", headers)).known:
            found = join(value, block.get(key, value)) if isinstance(value, Either) else value
            block[key] = present(found)
        made = EmailMessage()
        for key, value in block.items():
            if value is not None:
                made[key] = value
        return made

    def _or(self, name: str, value: Value) -> Value:
        given = truth(value)
        held = attribute(self, name)
        if given is Truth.YES or truth(held) is Truth.NO:
            return value
        return held if given is Truth.NO else present(join(value, held))

    def send(
        self,
        subject: Value = None,
        sender: Value = None,
        receivers: Value = None,
        cc: Value = None,
        bcc: Value = None,
        headers: Value = None,
        *_: Value,
        **__: Value,
    ) -> SmtpTransaction:
        """One message; lists and comma texts are printed whole."""
        made = self.get_message(subject, sender, receivers, cc, bcc, headers=headers)
        return _sent_message(made, self._or("sender", sender), attribute(self, "_relay"))

    def send_message(self, msg: Value) -> Value | SmtpTransaction:
        """Send a message of :meth:`get_message`."""
        return _sent_message(msg, None, attribute(self, "_relay")) if isinstance(msg, EmailMessage) else None


def redmail_send_email(*arguments: Value, host: Value = None, port: Value = None, **options: Value) -> SmtpTransaction:
    """``redmail.send_email``: a sender for one message."""
    for name in ("username", "password", "user_name"):
        options.pop(name, None)
    return RedmailSender(host, port).send(*arguments, **options)


def redmail_gmail(*arguments: Value, **options: Value) -> SmtpTransaction:
    """``redmail.gmail.send``."""
    return RedmailSender("smtp.gmail.com", 587).send(*arguments, **options)


def redmail_outlook(*arguments: Value, **options: Value) -> SmtpTransaction:
    """``redmail.outlook.send``."""
    return RedmailSender("smtp.office365.com", 587).send(*arguments, **options)


class RedmailHandler(Object):
    """``redmail.EmailHandler`` and ``MultiEmailHandler``: what they are made with is what each of their messages shows."""

    PATHS: tuple[str, ...] = (
        "redmail.EmailHandler",
        "redmail.MultiEmailHandler",
        "redmail.log.EmailHandler",
        "redmail.log.MultiEmailHandler",
    )

    def __init__(self, level: Value = None, email: Value = None, **options: Value) -> None:
        del level
        sender = email if isinstance(email, RedmailSender) else RedmailSender(options.get("host"), options.get("port"))
        for name in ("subject", "sender", "receivers", "cc", "bcc", "headers"):
            self.write(name, options.get(name, attribute(sender, name)))
        # Nothing in the code says when it logs: to the interpreter, which calls this as a function, making it is its
        # one send. Python itself lets an __init__ return nothing but None.
        return None if self._heap is None else self.emit(Unknown("the record"))  # type: ignore[return-value]  # noqa: PLE0101  # see above

    def emit(self, record: Value) -> SmtpTransaction:
        """Send one record."""
        del record
        options = {name: attribute(self, name) for name in ("subject", "sender", "receivers", "cc", "bcc", "headers")}
        return RedmailSender().send(**options)
