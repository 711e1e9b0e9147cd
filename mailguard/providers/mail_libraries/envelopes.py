"""Envelopes: one object for the message, one for the connection."""

from __future__ import annotations

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Fields, Object, Sort, Value, is_tuple, sort_of, text, truth
from mailguard.transports.letters import (
    address_first,
    attribute,
    each_letter,
    header_lines,
    line,
    relay_of,
    transmission,
)


def _one_or_more(value: Value) -> Value:
    """A list as it is; anything else is one address, a pair too."""
    if truth(value) is Truth.NO:
        return []
    return [value] if is_tuple(value) or sort_of(value) is Sort.TEXT else value


class Envelope(Object):
    """``envelopes.Envelope``."""

    PATHS: tuple[str, ...] = ("envelopes.Envelope", "envelopes.envelope.Envelope")

    def __init__(
        self,
        to_addr: Value = None,
        from_addr: Value = None,
        subject: Value = None,
        html_body: Value = None,
        text_body: Value = None,
        cc_addr: Value = None,
        bcc_addr: Value = None,
        headers: Value = None,
        charset: Value = "utf-8",
    ) -> None:
        del html_body, text_body, charset
        self.write("_to", _one_or_more(to_addr))
        self.write("_cc", _one_or_more(cc_addr))
        self.write("_bcc", _one_or_more(bcc_addr))
        self.write("from_addr", from_addr)
        self.write("_subject", subject)
        self.write("_headers", headers)

    @property
    def to_addr(self) -> Value:
        """The To addresses."""
        return attribute(self, "_to")

    @property
    def cc_addr(self) -> Value:
        """The Cc addresses."""
        return attribute(self, "_cc")

    @property
    def bcc_addr(self) -> Value:
        """The addresses that are printed nowhere."""
        return attribute(self, "_bcc")

    def add_to_addr(self, to_addr: Value) -> None:
        """One more in To."""
        self.append("_to", to_addr)

    def add_cc_addr(self, cc_addr: Value) -> None:
        """One more in Cc."""
        self.append("_cc", cc_addr)

    def add_bcc_addr(self, bcc_addr: Value) -> None:
        """One more who is printed nowhere."""
        self.append("_bcc", bcc_addr)

    def clear_to_addr(self) -> None:
        """Nobody in To."""
        self.write("_to", [])

    def clear_cc_addr(self) -> None:
        """Nobody in Cc."""
        self.write("_cc", [])

    def clear_bcc_addr(self) -> None:
        """No hidden copies."""
        self.write("_bcc", [])

    def add_header(self, key: Value, value: Value) -> None:
        """A header of one's own: a line besides the others."""
        lines = header_lines(attribute(self, "_headers"))
        name = text(key) or "*"
        kept = tuple(pair for pair in lines.known if pair[0] != name)
        self.write("_headers", Fields((*kept, (name, value)), lines.open, (), lines.rest))

    def add_attachment(self, file_path: Value, mimetype: Value = None) -> None:
        """Add a file; it changes nothing for the recipients."""
        del file_path, mimetype

    def send(self, *arguments: Value, **options: Value) -> SmtpTransaction:
        """Send it over a connection of its own."""
        host = arguments[0] if arguments else options.get("host")
        port = arguments[1] if len(arguments) > 1 else options.get("port", 25)
        return _envelope_sent(self, relay_of(host, port))


def _envelope_sent(envelope: Envelope, relay: Value) -> SmtpTransaction:
    people = [line(attribute(envelope, name), address_first, ",") for name in ("_to", "_cc", "_bcc")]
    if all(value is None for value in people):
        raise Refused("no recipients")
    return transmission(
        [("Subject", attribute(envelope, "_subject")), ("To", people[0] or ""), ("CC", people[1])],
        [value for value in people if value is not None],
        sender=attribute(envelope, "from_addr"),
        relay=relay,
        extra=attribute(envelope, "_headers"),
    )


class EnvelopesSmtp(Object):
    """``envelopes.SMTP`` and ``MailcatcherSMTP``."""

    PATHS: tuple[str, ...] = ("envelopes.SMTP", "envelopes.conn.SMTP", "envelopes.MailcatcherSMTP")
    HOST: str = "localhost"

    def __init__(self, host: Value = None, port: Value = 25, *_: Value, **__: Value) -> None:
        self.write("_relay", relay_of(host, port, self.HOST))

    def send(self, envelope: Value) -> list[Exchange]:
        """Send an envelope."""
        relay = attribute(self, "_relay")
        return each_letter(envelope, Envelope, lambda found: [_envelope_sent(found, relay)])


class EnvelopesGmail(EnvelopesSmtp):
    """``envelopes.GMailSMTP``."""

    PATHS = ("envelopes.GMailSMTP", "envelopes.conn.GMailSMTP")
    HOST = "smtp.googlemail.com"

    def __init__(self, *_: Value, **__: Value) -> None:
        super().__init__()


class EnvelopesSendGrid(EnvelopesGmail):
    """``envelopes.SendGridSMTP``."""

    PATHS = ("envelopes.SendGridSMTP", "envelopes.conn.SendGridSMTP")
    HOST = "smtp.sendgrid.net"
