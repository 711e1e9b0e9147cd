"""emails: a message whose recipients are live attributes."""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Either,
    Fields,
    Object,
    Sort,
    Value,
    each,
    get,
    inherit,
    is_tuple,
    join,
    sort_of,
    truth,
)
from mailguard.transports.letters import (
    attribute,
    header_lines,
    line,
    name_first,
    one_or_list,
    present,
    relay_of,
    transmission,
)
from mailguard.transports.mime.models import LegacyMessage


def _emails_people(value: Value) -> Value:
    """A text is one address, a pair of texts in a tuple is name and address, a list is a list of these."""
    if isinstance(value, Either):
        return inherit(present(join(*(_emails_people(present(option)) for option in value.options))), value.trail)
    if is_tuple(value):
        parts = [part.value for part in each(value)]
        if len(parts) == 2 and all(sort_of(part) in {Sort.TEXT, Sort.NONE, Sort.UNKNOWN} for part in parts):
            return [value]
    return one_or_list(value)


class EmailsMessage(Object):
    """``emails.Message``; ``mail_to``, ``cc``, ``bcc`` and ``reply_to`` are live attributes."""

    PATHS: tuple[str, ...] = ("emails.Message", "emails.message.Message", "emails.message.BaseMessage")

    def __init__(
        self,
        charset: Value = None,
        message_id: Value = None,
        date: Value = None,
        subject: Value = None,
        mail_from: Value = None,
        mail_to: Value = None,
        headers: Value = None,
        html: Value = None,
        text: Value = None,  # noqa: A002,RUF100  # the library's own name
        attachments: Value = None,
        cc: Value = None,
        bcc: Value = None,
        headers_encoding: Value = None,
        reply_to: Value = None,
        **_: Value,
    ) -> None:
        del charset, message_id, date, html, text, attachments, headers_encoding
        self.write("subject", subject)
        self.write("mail_from", mail_from)
        self.write("mail_to", mail_to)
        self.write("cc", cc)
        self.write("bcc", bcc)
        self.write("reply_to", reply_to)
        self.write("_headers", headers)

    def set_mail_to(self, mail_to: Value) -> None:
        """Replace the recipients."""
        self.write("mail_to", mail_to)

    def set_mail_from(self, mail_from: Value) -> None:
        """Replace the sender."""
        self.write("mail_from", mail_from)

    def set_cc(self, addr: Value) -> None:
        """Replace the copies."""
        self.write("cc", addr)

    def set_bcc(self, addr: Value) -> None:
        """Replace the hidden copies."""
        self.write("bcc", addr)

    def set_reply_to(self, addr: Value) -> None:
        """Replace the addresses for answers."""
        self.write("reply_to", addr)

    def set_subject(self, value: Value) -> None:
        """Replace the subject."""
        self.write("subject", value)

    def set_headers(self, headers: Value) -> None:
        """Replace the headers of one's own."""
        self.write("_headers", headers)

    def attach(self, **_: Value) -> None:
        """Add a file; it changes nothing for the recipients."""

    def transform(self, **_: Value) -> None:
        """Change the HTML; it changes nothing for the recipients."""

    def render(self, **_: Value) -> Value:
        """Set what the templates read; as data, the headers."""
        return Fields(tuple((name, value) for name, value in self._lines() if value is not None))

    def dkim(self, **_: Value) -> EmailsMessage:
        """Sign it."""
        return self

    def sign(self, **_: Value) -> EmailsMessage:
        """Sign it."""
        return self

    def as_message(self, *_: Value) -> LegacyMessage:
        """The MIME message, for the caller to send."""
        made = LegacyMessage()
        for name, value in self._lines():
            if value is not None:
                made[name] = value
        return made

    def as_string(self, *_: Value) -> Value:
        """The source, for the caller to send."""
        return self.as_message().as_string()

    def as_bytes(self, *_: Value) -> Value:
        """The same as bytes."""
        return self.as_string()

    def _lines(self) -> list[tuple[str, Value]]:
        own = header_lines(attribute(self, "_headers"))
        return [
            *((name, inherit(value, own.trail)) for name, value in own.known),
            ("Subject", attribute(self, "subject")),
            ("To", line(_emails_people(attribute(self, "mail_to")))),
            ("Cc", line(_emails_people(attribute(self, "cc")))),
            ("Reply-To", line(_emails_people(attribute(self, "reply_to")))),
        ]

    def send(
        self,
        to: Value = None,
        set_mail_to: Value = True,
        mail_from: Value = None,
        set_mail_from: Value = False,
        render: Value = None,
        smtp_mail_options: Value = None,
        smtp_rcpt_options: Value = None,
        smtp: Value = None,
    ) -> SmtpTransaction:
        """``to`` replaces the printed recipients, unless ``set_mail_to`` is false: then it replaces the envelope."""
        del set_mail_from, render, smtp_mail_options, smtp_rcpt_options
        envelope: Value = None
        if truth(to) is not Truth.NO:
            if truth(set_mail_to) is Truth.NO:
                envelope = line(_emails_people(to))
            else:
                self.write("mail_to", to)
        people = [line(_emails_people(attribute(self, name))) for name in ("mail_to", "cc", "bcc")]
        if envelope is None and all(value is None for value in people):
            raise Refused("ValueError: No to-addr")
        host = get(smtp, "host")
        return transmission(
            self._lines(),
            [value for value in people if value is not None] if envelope is None else envelope,
            sender=name_first(attribute(self, "mail_from") if sort_of(mail_from) is Sort.NONE else mail_from),
            relay=relay_of(present(host), present(get(smtp, "port"))),
        )

    def send_async(self, *arguments: Value, **options: Value) -> SmtpTransaction:
        """The same, awaited."""
        return self.send(*arguments, **options)


def emails_html(html: Value = None, **options: Value) -> EmailsMessage:
    """``emails.html`` and the loaders: a message."""
    del html
    return EmailsMessage(**{name: value for name, value in options.items() if name in _EMAILS})


_EMAILS: Final = frozenset(("subject", "mail_from", "mail_to", "headers", "cc", "bcc", "reply_to"))
