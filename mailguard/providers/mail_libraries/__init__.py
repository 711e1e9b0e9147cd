"""Mail libraries over SMTP: yagmail, redmail, Envelopes, emails, marrow.mailer.

None has a wire form of its own. Each prints its list of recipients in one To header; they differ in names, in what a pair
or a mapping means, and in what headers of one's own do.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.providers.mail_libraries.emails import EmailsMessage, emails_html
from mailguard.providers.mail_libraries.envelopes import Envelope, EnvelopesGmail, EnvelopesSendGrid, EnvelopesSmtp
from mailguard.providers.mail_libraries.marrow import MarrowMailer, MarrowMessage
from mailguard.providers.mail_libraries.redmail import (
    RedmailHandler,
    RedmailSender,
    redmail_gmail,
    redmail_outlook,
    redmail_send_email,
)
from mailguard.providers.mail_libraries.yagmail import YagmailClient

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
