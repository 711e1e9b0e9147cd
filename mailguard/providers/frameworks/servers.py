"""Twisted and Scrapy."""

from __future__ import annotations

from mailguard.model.exchange import SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Object, Sort, Unknown, Value, each, sort_of
from mailguard.transports.letters import attribute, line, one_or_list, relay_of, transmission
from mailguard.transports.mime.models import checked


def posted(relay: Value, sender: Value, people: Value, message: Value) -> SmtpTransaction:
    """The envelope is what is given, a text in it one mailbox; the message goes out byte for byte, Bcc lines and all."""
    everybody = one_or_list(people)
    if sort_of(everybody) is Sort.COLLECTION and not any(count.high for _, count in each(everybody)):
        raise Refused("no recipients")
    return SmtpTransaction(relay, sender, everybody, checked(message))


def twisted_sendmail(
    smtphost: Value,
    from_addr: Value,
    to_addrs: Value,
    msg: Value,
    senderDomainName: Value = None,
    port: Value = 25,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``twisted.mail.smtp.sendmail``."""
    del senderDomainName
    return posted(relay_of(smtphost, port), from_addr, to_addrs, msg)


def smtp_sender_factory(
    fromEmail: Value,
    toEmail: Value,
    file: Value,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``twisted.mail.smtp.SMTPSenderFactory``: making one is for sending one message."""
    return posted(Unknown("the mail server"), fromEmail, toEmail, file)


def esmtp_sender_factory(
    username: Value,
    password: Value,
    fromEmail: Value,
    toEmail: Value,
    file: Value,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``twisted.mail.smtp.ESMTPSenderFactory``."""
    del username, password
    return posted(Unknown("the mail server"), fromEmail, toEmail, file)


class MailSender(Object):
    """``scrapy.mail.MailSender``."""

    PATHS: tuple[str, ...] = ("scrapy.mail.MailSender",)

    def __init__(self, smtphost: Value = "localhost", mailfrom: Value = None, *_: Value, **options: Value) -> None:
        self.write("_relay", relay_of(smtphost, options.get("smtpport", 25)))
        self.write("mailfrom", mailfrom)

    @classmethod
    def from_settings(cls, settings: Value) -> MailSender:
        """One with the settings of the project."""
        del settings
        return MailSender()

    @classmethod
    def from_crawler(cls, crawler: Value) -> MailSender:
        """One with the settings of a crawler."""
        del crawler
        return MailSender()

    def send(
        self,
        to: Value,
        subject: Value,
        body: Value,
        cc: Value = None,
        attachs: Value = (),
        mimetype: Value = "text/plain",
        charset: Value = None,
        _callback: Value = None,
    ) -> SmtpTransaction:
        """One message; ``to`` and ``cc`` are printed, there are no hidden copies."""
        del body, attachs, mimetype, charset, _callback
        people = [line(one_or_list(value)) for value in (to, cc)]
        if people == [None, None]:
            raise Refused("no recipients")
        return transmission(
            [("To", people[0] or ""), ("Subject", subject), ("Cc", people[1])],
            [value for value in people if value is not None],
            sender=attribute(self, "mailfrom"),
            relay=attribute(self, "_relay"),
        )
