"""SMTP, and messages as such: ``smtplib``, ``aiosmtplib``, ``logging.handlers.SMTPHandler``; any relay, any recorded message.

The envelope decides who gets a copy, the header lines decide who is seen (RFC 5321,
section 3.3; RFC 5322, section 3.6.3); neither follows from the other. Two relays read
headers of their own: SendGrid's ``X-SMTPAPI``, Mandrill's ``X-MC-PreserveRecipients``.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import ONE
from mailguard.model.exchange import Exchange, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import (
    Absent,
    Either,
    Items,
    Member,
    Object,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    inherit,
    join,
    scalar,
    sort_of,
    text,
)
from mailguard.transports import mime, pipes
from mailguard.transports.mime.addresses import parseaddr
from mailguard.transports.mime.fields import header_fields, without_headers
from mailguard.transports.mime.models import EmailMessage, checked
from mailguard.transports.mime.reading import message_of
from mailguard.transports.relays import at_relay, elsewhere

__all__ = ["PROVIDER"]

# --------------------------------------------------------------------------------------------------
# What a transaction means


def claims(exchange: Exchange) -> str | None:
    """Every SMTP transaction, and every message without one."""
    match exchange:
        case SmtpTransaction():
            return "smtp"
        case RawMessage():
            return "message"
        case _:
            return None


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for all of the envelope, unless a header says otherwise to a relay that reads it."""
    del operation
    match exchange:
        case SmtpTransaction():
            message = message_of(exchange.data, exchange.rcpt_to, bcc="transmitted")
            return message if isinstance(message, CannotTell) else at_relay(exchange, message)
        case RawMessage():
            message = message_of(
                exchange.data,
                exchange.rcpt_to,
                bcc="removed" if exchange.bcc_is_envelope else "transmitted",
            )
            return message if isinstance(message, CannotTell) else elsewhere(exchange.data, message)
        case _:
            return CannotTell(Reason.UNKNOWN_FORM)


# --------------------------------------------------------------------------------------------------
# The Python side


def _relay(host: Value, port: Value = None) -> Value:
    if isinstance(host, (list, tuple, Items)):  # logging.handlers takes (host, port)
        members = [member.value for member in each(host)]
        return _relay(members[0], members[1] if len(members) > 1 else None) if members else "smtp://localhost"
    name = text(host)
    number = scalar(port)
    tail = f":{number}" if isinstance(number, int) and number else ""
    if name is not None:
        return name if name.startswith("smtp://") else f"smtp://{name or 'localhost'}{tail}"
    return Text(("smtp://", host, tail)) if sort_of(host) is not Sort.NONE else "smtp://localhost"


def _envelope(to_addrs: Value) -> Value:
    """``to_addrs`` as it is used for RCPT: one text is one mailbox, also if it holds several.

    Up to CPython 3.12.1 the first of them is used; 3.13 sends the raw text.
    """
    match to_addrs:
        case Either():
            joined = join(
                *(
                    option if isinstance(option, Absent) else _envelope(inherit(option, to_addrs.trail))
                    for option in to_addrs.options
                )
            )
            return None if isinstance(joined, Absent) else joined
        case _ if sort_of(to_addrs) is Sort.TEXT:
            return Items((_mailbox(to_addrs),))
        case _ if sort_of(to_addrs) is Sort.COLLECTION:
            members = []
            for value, count in each(to_addrs):
                address, own = _mailbox(value)
                members.append(Member(address, own * count))
            return Items(tuple(members))
        case _:
            return to_addrs


def _mailbox(value: Value) -> Member:
    if sort_of(value) is not Sort.TEXT:
        return Member(value, ONE)
    pair = list(each(parseaddr(value)))
    return Member(pair[1].value, ONE) if pair and pair[1].value != "" else Member(value, ONE)


def _refuse_nobody(envelope: Value) -> None:
    if sort_of(envelope) is Sort.COLLECTION and not any(count.high for _, count in each(envelope)):
        raise Refused("no recipients")


def _source(message: Value) -> Value:
    """What ``sendmail`` takes as the message: bytes, or a text in ASCII; an object stands for ``str(message)``."""
    whole = text(message)
    if whole is not None and not whole.isascii():
        raise Refused("UnicodeEncodeError: the text of a message must be ASCII")
    return message


def _sent(
    relay: Value, message: Value, sender: Value, to_addrs: Value, *, order: tuple[str, ...], first_only: bool
) -> SmtpTransaction:
    """A message object: the envelope comes from its headers where none is given, and Bcc lines are removed."""
    checked(message)
    if sort_of(to_addrs) is Sort.NONE:
        envelope = _from_headers(message, order, first_only=first_only)
    elif isinstance(to_addrs, Either) and any(
        isinstance(option, Absent) or sort_of(option) is Sort.NONE for option in to_addrs.options
    ):
        given = [o for o in to_addrs.options if not isinstance(o, Absent) and sort_of(o) is not Sort.NONE]
        options = [_envelope(inherit(option, to_addrs.trail)) for option in given]
        joined = join(_from_headers(message, order, first_only=first_only), *options)
        envelope = None if isinstance(joined, Absent) else joined
    else:
        envelope = _envelope(to_addrs)
    _refuse_nobody(envelope)
    return SmtpTransaction(relay, sender, envelope, without_headers(message, ("bcc", "resent-bcc")))


def _from_headers(message: Value, order: tuple[str, ...], *, first_only: bool) -> Value:
    dates = header_fields(message, ("resent-date",))
    blocks = [member.count for member in each(dates)]
    if sum(count.low for count in blocks) > 1:
        raise Refused("ValueError: message has more than one 'Resent-' header block")
    usual = header_fields(message, order, first_only=first_only)
    if isinstance(usual, Absent):
        return None
    if not any(count.high for count in blocks):
        return usual
    again = header_fields(message, tuple(f"resent-{name}" for name in order), first_only=first_only)
    joined = again if any(count.low for count in blocks) else join(usual, again)
    return None if isinstance(joined, Absent) else joined


class Smtp(Object):
    """``smtplib.SMTP``, ``SMTP_SSL`` and ``LMTP``."""

    PATHS = ("smtplib.SMTP", "smtplib.SMTP_SSL", "smtplib.LMTP")

    def __init__(self, host: Value = "", port: Value = 0, *_arguments: Value, **_options: Value) -> None:
        del _arguments, _options
        self.write("_relay", _relay(host, port))

    def __enter__(self) -> Value:
        return self

    def __exit__(self, *arguments: Value) -> None:
        del arguments

    def quit(self) -> None:
        """End the session."""

    def close(self) -> None:
        """Close the connection."""

    def connect(self, host: Value = "localhost", port: Value = 0, source_address: Value = None) -> None:
        """Name the server afterwards."""
        del source_address
        self.write("_relay", _relay(host, port))

    def sendmail(
        self,
        from_addr: Value,
        to_addrs: Value,
        msg: Value,
        mail_options: Value = (),
        rcpt_options: Value = (),
    ) -> SmtpTransaction:
        """``to_addrs`` is the envelope; ``msg`` goes out byte for byte, with its Bcc line."""
        del mail_options, rcpt_options
        envelope = _envelope(to_addrs)
        _refuse_nobody(envelope)
        return SmtpTransaction(self._server(), from_addr, envelope, _source(msg))

    def send_message(
        self,
        msg: Value,
        from_addr: Value = None,
        to_addrs: Value = None,
        mail_options: Value = (),
        rcpt_options: Value = (),
    ) -> SmtpTransaction:
        """The envelope is the first To, Bcc and Cc line each; with a Resent-Date the Resent lines instead."""
        del mail_options, rcpt_options
        return _sent(self._server(), msg, from_addr, to_addrs, order=("to", "bcc", "cc"), first_only=True)

    def mail(self, sender: Value, options: Value = ()) -> None:
        """Start a transaction by hand."""
        del options
        self.write("_sender", sender)
        self.write("_envelope", [])

    def rcpt(self, recip: Value, options: Value = ()) -> None:
        """Add to the envelope by hand."""
        del options
        self.append("_envelope", recip)

    def data(self, msg: Value) -> SmtpTransaction:
        """Hand over the message by hand."""
        sender, envelope = self.read("_sender", None), self.read("_envelope", None)
        return SmtpTransaction(
            self._server(),
            None if isinstance(sender, Absent) else sender,
            None if isinstance(envelope, Absent) else envelope,
            _source(msg),
        )

    def _server(self) -> Value:
        relay = self.read("_relay", "smtp://localhost")
        return "smtp://localhost" if isinstance(relay, Absent) else relay


class AioSmtp(Object):
    """``aiosmtplib.SMTP``."""

    PATHS = ("aiosmtplib.SMTP", "aiosmtplib.smtp.SMTP")

    def __init__(self, hostname: Value = None, port: Value = None, **_options: Value) -> None:
        del _options
        self.write("_relay", _relay(hostname, port))

    def __aenter__(self) -> Value:
        return self

    def __aexit__(self, *arguments: Value) -> None:
        del arguments

    def connect(self, *, hostname: Value = None, port: Value = None, **_options: Value) -> None:
        """Connect; a server that is named here counts."""
        del _options
        if sort_of(hostname) is not Sort.NONE:
            self.write("_relay", _relay(hostname, port))

    def sendmail(self, sender: Value, recipients: Value, message: Value, **_options: Value) -> SmtpTransaction:
        """``recipients`` is the envelope; the message goes out byte for byte."""
        del _options
        envelope = _envelope(recipients)
        _refuse_nobody(envelope)
        return SmtpTransaction(self._server(), sender, envelope, _source(message))

    def send_message(
        self, message: Value, sender: Value = None, recipients: Value = None, **_options: Value
    ) -> SmtpTransaction:
        """The envelope is every To, Cc and Bcc line; with a Resent-Date the Resent lines instead."""
        del _options
        return _sent(self._server(), message, sender, recipients, order=("to", "cc", "bcc"), first_only=False)

    def sendmail_sync(self, *arguments: Value, **options: Value) -> SmtpTransaction:
        """See :meth:`sendmail`."""
        return self.sendmail(*arguments, **options)

    def send_message_sync(self, *arguments: Value, **options: Value) -> SmtpTransaction:
        """See :meth:`send_message`."""
        return self.send_message(*arguments, **options)

    def _server(self) -> Value:
        relay = self.read("_relay", "smtp://localhost")
        return "smtp://localhost" if isinstance(relay, Absent) else relay


def aiosmtplib_send(
    message: Value,
    sender: Value = None,
    recipients: Value = None,
    *,
    hostname: Value = "localhost",
    port: Value = None,
    **_options: Value,
) -> SmtpTransaction:
    """Send a message object, whose Bcc lines are removed, or a text, whose lines all stay.

    ``sender`` and ``recipients`` are taken by position too, where version 5 wants their names: nobody is lost by it.
    """
    del _options
    relay = _relay(hostname, port)
    if sort_of(message) is Sort.TEXT:
        if sort_of(recipients) is Sort.NONE:
            raise Refused("ValueError: recipients must be provided with raw messages")
        envelope = _envelope(recipients)
        _refuse_nobody(envelope)
        return SmtpTransaction(relay, sender, envelope, _source(message))
    return _sent(relay, message, sender, recipients, order=("to", "cc", "bcc"), first_only=False)


class SmtpHandler(Object):
    """``logging.handlers.SMTPHandler``: what it is made with is what each of its messages shows."""

    PATHS = ("logging.handlers.SMTPHandler",)

    def __init__(
        self,
        mailhost: Value,
        fromaddr: Value,
        toaddrs: Value,
        subject: Value,
        credentials: Value = None,
        secure: Value = None,
        timeout: Value = 5.0,
    ) -> None:
        del subject, credentials, secure, timeout
        self.write("_relay", _relay(mailhost))
        self.write("fromaddr", fromaddr)
        self.write("toaddrs", toaddrs)
        # Nothing in the code says when it logs: to the interpreter, which calls this as a function, making it is
        # its one send. Python itself lets an __init__ return nothing but None.
        return None if self._heap is None else self.emit(Unknown("the record"))  # type: ignore[return-value]  # noqa: PLE0101  # see above

    def emit(self, record: Value) -> SmtpTransaction:
        """Send one record: all of ``toaddrs`` in one To, joined with a comma."""
        del record
        relay, sender, people = (self.read(name, None) for name in ("_relay", "fromaddr", "toaddrs"))
        message = EmailMessage()
        message["To"] = None if isinstance(people, Absent) else people
        return SmtpTransaction(
            None if isinstance(relay, Absent) else relay,
            None if isinstance(sender, Absent) else sender,
            None if isinstance(people, Absent) else people,
            message.render(),
        )


def dict_config(config: Value, *_: Value) -> list[SmtpTransaction] | None:
    """``logging.config.dictConfig``: each handler of the class ``SMTPHandler`` sends; a setting it lacks is not known."""
    handlers = get(config, "handlers")
    found = []
    for name, _count in each(handlers):
        handler = get(handlers, text(name) or "")
        if (text(get(handler, "class")) or "").endswith("SMTPHandler"):
            told = {key: get(handler, key) for key in ("mailhost", "fromaddr", "toaddrs", "subject")}
            made = SmtpHandler(*(Unknown(key) if isinstance(value, Absent) else value for key, value in told.items()))
            found.append(made.emit(Unknown("the record")))
    return found or None


LIBRARY: Final = Library(
    constants=mime.LIBRARY.constants,
    functions=(
        *mime.LIBRARY.functions,
        *pipes.LIBRARY.functions,
        Function(("aiosmtplib.send", "aiosmtplib.api.send"), aiosmtplib_send),
        Function(("logging.config.dictConfig",), dict_config),
    ),
    classes=(*mime.LIBRARY.classes, *pipes.LIBRARY.classes, Smtp, AioSmtp, SmtpHandler),
    tokens=("smtplib", "SMTPHandler", "email.mime", "email.message", *pipes.LIBRARY.tokens),
)

PROVIDER: Final = Provider(
    name="smtp",
    title="SMTP",
    sources=(
        Source("https://www.rfc-editor.org/rfc/rfc5321#section-3.3", "the envelope decides who gets a copy"),
        Source("https://www.rfc-editor.org/rfc/rfc5322#section-3.6.3", "To and Cc are printed for every reader"),
        Source(
            "https://docs.python.org/3/library/smtplib.html", "sendmail, send_message; run on CPython 3.11 and 3.13"
        ),
        Source("https://www.postfix.org/sendmail.1.html", "-t reads the readers from the lines and removes Bcc"),
        Source("https://docs.python.org/3/library/logging.handlers.html", "SMTPHandler; run on CPython 3.11"),
        Source("pypi:aiosmtplib==5.1.3", "send, send_message, sendmail; run"),
        Source(
            "https://docs.sendgrid.com/for-developers/sending-email/building-an-x-smtpapi-header",
            "one message for each address in `to`; only the first header counts",
        ),
        Source(
            "https://mandrill.zendesk.com/hc/en-us/articles/205582557",
            "X-MC-PreserveRecipients; without it an option of the account decides",
        ),
    ),
    claims=claims,
    decode=decode,
    library=LIBRARY,
    explain=(
        "Everybody in the envelope gets the same message and reads its To and Cc lines, whoever is in them. Who is in the"
        " envelope only is blind. send_message() removes Bcc lines; sendmail() transmits the text as it is, with a Bcc line"
        " that is still in it. Assigning To twice to a legacy message (MIMEText, MIMEMultipart) prints both lines."
    ),
)
