"""Mail libraries over SMTP: yagmail, redmail, Envelopes, emails, marrow.mailer.

None has a wire form of its own. Each prints its list of recipients in one To header; they differ in names, in what a pair
or a mapping means, and in what headers of one's own do.
"""

from __future__ import annotations

from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, Truth
from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.place import Place
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Sort,
    Step,
    StepKind,
    Unknown,
    Value,
    each,
    get,
    inherit,
    is_tuple,
    join,
    sort_of,
    text,
    truth,
)
from mailguard.transports.letters import (
    address_first,
    attribute,
    each_letter,
    header_lines,
    line,
    name_first,
    one_or_list,
    present,
    relay_of,
    transmission,
)
from mailguard.transports.mime.fields import header_fields, without_headers
from mailguard.transports.mime.models import EmailMessage, LegacyMessage

__all__ = ["PROVIDER"]

# --- yagmail -------------------------------------------------------------------------------------


def _yagmail_people(value: Value, *, strict: bool) -> tuple[Value, Value]:
    """Who gets a copy, and what is printed: of a mapping the keys and the values (``resolve_addresses``)."""
    if isinstance(value, Either):
        pairs = [_yagmail_people(present(option), strict=strict) for option in value.options]
        envelope, printed = (join(*(pair[side] for pair in pairs)) for side in (0, 1))
        return inherit(present(envelope), value.trail), inherit(present(printed), value.trail)
    if sort_of(value) is Sort.MAPPING:
        if isinstance(value, Fields):
            names: Value = Items(tuple(Member(item, ONE) for _, item in value.known))
        else:
            names = list(value.values()) if isinstance(value, dict) else value
        return value, line(names, separator=",")
    for member in [part.value for part in each(value)] if sort_of(value) is Sort.COLLECTION else [value]:
        if strict and text(member) is not None and len(recipients(member).recipients) > 1:
            raise Refused("YagInvalidEmailAddress: a text is one address")
    return value, line(value, separator=",")


class YagmailClient(Object):
    """``yagmail.SMTP`` and its other names."""

    PATHS: tuple[str, ...] = (
        "yagmail.SMTP",
        "yagmail.Client",
        "yagmail.SMTP_SSL",
        "yagmail.Connect",
        "yagmail.sender.SMTP",
        "yagmail.sender.Client",
        "yagmail.yagmail.SMTP",
        "yagmail.AIOSMTP",
        "yagmail.AsyncSMTP",
        "yagmail.AsyncClient",
    )

    def __init__(
        self,
        user: Value = None,
        password: Value = None,
        host: Value = "smtp.gmail.com",
        port: Value = None,
        *_: Value,
        soft_email_validation: Value = True,
        **__: Value,
    ) -> None:
        del password
        if sort_of(user) is Sort.MAPPING:
            names = [member.value for member in each(user)]
            user = names[0] if names else None
        # Readers find the sender in From anyway; in To he counts as configured, whoever wrote him where.
        trail = (Step(StepKind.CONFIGURED, Place(""), "user"),)
        name = text(user)
        address = f"{name}@gmail.com" if name is not None and "@" not in name else name
        self.write("user", Unknown("the sender", ONE, trail) if address is None else Known(address, trail))
        self.write("_relay", relay_of(host, port, "smtp.gmail.com"))
        self.write("_strict", truth(soft_email_validation) is Truth.YES)

    def __enter__(self) -> YagmailClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __aenter__(self) -> YagmailClient:
        return self

    def __aexit__(self, *_: object) -> None:
        return None

    def send(
        self,
        to: Value = None,
        subject: Value = None,
        contents: Value = None,
        attachments: Value = None,
        cc: Value = None,
        bcc: Value = None,
        preview_only: Value = False,
        headers: Value = None,
        prettify_html: Value = True,
        message_id: Value = None,
        group_messages: Value = True,
        **_: Value,
    ) -> Value | SmtpTransaction:
        """One message; nobody in ``to`` means the sender himself. Headers of one's own are lines besides."""
        del contents, attachments, prettify_html, message_id, group_messages
        if truth(preview_only) is Truth.YES:
            return Unknown("preview")
        strict = self.read("_strict", True) is not False
        own = attribute(self, "user")
        if sort_of(to) is Sort.NONE:
            to = [own, own] if sort_of(cc) is not Sort.NONE and sort_of(bcc) is not Sort.NONE else own
        envelope, lines = [], [("Subject", subject)]
        for name, value in (("To", to), ("Cc", cc), ("Bcc", bcc)):
            if sort_of(value) is Sort.NONE:
                continue
            people, printed = _yagmail_people(value, strict=strict)
            envelope.append(people)
            if name != "Bcc":
                lines.append((name, printed))
        if all(truth(people) is Truth.NO for people in envelope):
            raise Refused("no recipients")
        relay = attribute(self, "_relay")
        return transmission(lines, _keys(envelope), sender=own, relay=relay, extra=headers)


def _keys(envelope: list[Value]) -> Value:
    """The envelope as lists; a mapping is its keys."""
    return [
        Items(tuple(each(people))) if sort_of(people) is Sort.MAPPING else people  # iterating a mapping gives its keys
        for people in envelope
    ]


# --- redmail -------------------------------------------------------------------------------------


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


# --- Envelopes -----------------------------------------------------------------------------------


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


# --- emails --------------------------------------------------------------------------------------


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


# --- marrow.mailer -------------------------------------------------------------------------------


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


PROVIDER: Final = Provider(
    name="mail-libraries",
    title="yagmail, redmail, Envelopes, emails, marrow.mailer",
    sources=(
        Source("pypi:yagmail==0.16.0", "a list is one To; a mapping prints its values; nobody means oneself; run"),
        Source("pypi:redmail==0.6.0", "a list or a comma text is one To; headers replace; run"),
        Source("pypi:Envelopes==0.4", "a list is one To, a tuple is address and name; run"),
        Source("pypi:emails==1.1.3", "a list is one To; send(to=...) replaces it; run"),
        Source("pypi:marrow.mailer==4.0.3", "lists are printed, all of them are the envelope; read"),
    ),
    library=Library(
        functions=(
            Function(("redmail.send_email", "redmail.email.send_email"), redmail_send_email),
            Function(("redmail.gmail.send", "redmail.email.gmail.send"), redmail_gmail),
            Function(("redmail.outlook.send", "redmail.email.outlook.send"), redmail_outlook),
            Function(
                (
                    "emails.html",
                    "emails.message.html",
                    "emails.loader.from_html",
                    "emails.loader.from_url",
                    "emails.loader.from_file",
                    "emails.loader.from_zip",
                    "emails.loader.from_directory",
                ),
                emails_html,
            ),
        ),
        classes=(
            YagmailClient,
            RedmailSender,
            RedmailHandler,
            Envelope,
            EnvelopesSmtp,
            EnvelopesGmail,
            EnvelopesSendGrid,
            EmailsMessage,
            MarrowMessage,
            MarrowMailer,
        ),
        tokens=(
            "yagmail",
            "redmail",
            "import envelopes",
            "from envelopes",
            "import emails",
            "from emails",
            "marrow.mailer",
        ),
    ),
    explain=(
        "A list of recipients is one message, printed to all of it; bcc is printed nowhere. Write one message each. "
        "yagmail's group_messages=False changes the message's id only, not who sees whom."
    ),
)
"""Mail libraries over SMTP."""
