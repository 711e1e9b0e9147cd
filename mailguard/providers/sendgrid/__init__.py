"""SendGrid: ``v3/mail/send``, the older ``api/mail.send.json``, and the ``sendgrid`` package from 1.x to 6.x.

A request holds personalizations. SendGrid writes one message for each of them, and everybody in one reads the same To
and Cc. So a list that was put into one personalization is shown to all of it, and the Python package puts it there
unless told otherwise. The package's habits, each of which is modelled: ``is_multiple`` counts only if it *is* True;
assigning ``mail.to`` adds; a tuple is an address and its name; a text with commas is cut to its first address.

The wire is read in ``operations``, ``v3`` and ``v2``. The package is modelled in ``texts`` (what it makes of a text),
``parts`` (address objects, headers, settings), ``personalizations``, ``arrivals`` and ``addressing`` (how an argument
gets into them), ``mail``, ``smtpapi`` and ``clients``.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Library, Provider, Source
from mailguard.providers.sendgrid.clients import ApiClient, SendGridAPIClient, SendGridClient, TwilioEmailAPIClient
from mailguard.providers.sendgrid.mail import Mail, OldMail
from mailguard.providers.sendgrid.operations import claims, decode
from mailguard.providers.sendgrid.parts import (
    Bcc,
    BccSettings,
    BccSettingsEmail,
    Cc,
    Email,
    From,
    Header,
    MailSettings,
    ReplyTo,
    Subject,
    To,
)
from mailguard.providers.sendgrid.personalizations import Personalization
from mailguard.providers.sendgrid.smtpapi import SMTPAPIHeader

PROVIDER: Final = Provider(
    name="sendgrid",
    title="SendGrid",
    sources=(
        Source(
            "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/personalizations",
            "one message for each personalization; up to 1,000 people in one",
        ),
        Source(
            "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors",
            "to is required, and an address may be in a personalization once",
        ),
        Source(
            "https://docs.sendgrid.com/for-developers/sending-email/building-an-x-smtpapi-header",
            "a to in x-smtpapi makes one message for each address, and the To beside it is a stand-in",
        ),
        Source("pypi:sendgrid==6.12.5", "run"),
        Source("pypi:sendgrid==6.0.5", "read: the positions of Mail"),
        Source("pypi:sendgrid==5.6.0", "run"),
        Source("pypi:sendgrid==1.6.22", "run, with smtpapi==0.3.1"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.sendgrid.com/v3/mail/send",
    relay="smtp://smtp.sendgrid.net:587",
    library=Library(
        classes=(
            *(Mail, OldMail, Personalization, Email, To, Cc, Bcc, From, ReplyTo, Header, Subject),
            *(MailSettings, BccSettings, BccSettingsEmail, SMTPAPIHeader),
            *(ApiClient, SendGridAPIClient, TwilioEmailAPIClient, SendGridClient),
        ),
        tokens=("sendgrid", "personalizations", "smtpapi", "email.twilio.com"),
    ),
    explain=(
        "SendGrid writes one message for each personalization of a request; everybody in one reads the same To and Cc. "
        "The Python package puts a list into one personalization unless is_multiple is exactly True, and assigning "
        "mail.to adds to whom is there. One Personalization for each person keeps them apart."
    ),
)
