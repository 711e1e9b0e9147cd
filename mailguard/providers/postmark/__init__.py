"""Postmark: ``/email``, its template, batch and bulk forms, and the package ``postmarker``.

``To``, ``Cc`` and ``Bcc`` are texts with commas. Each item of a batch is a message of its own; inside an item, To and Cc
are printed to everybody. The package joins lists into such texts, so a list that is handed over whole is shared.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Library, Provider, Source
from mailguard.providers.postmark.operations import claims, decode
from mailguard.providers.postmark.package import (
    Email,
    EmailBatch,
    EmailManager,
    EmailTemplate,
    EmailTemplateBatch,
    PostmarkClient,
)

PROVIDER: Final = Provider(
    name="postmark",
    title="Postmark",
    sources=(
        Source(
            "https://postmarkapp.com/developer/api/email-api",
            "To, Cc and Bcc are texts with commas; /email/batch takes an array of up to 500 messages",
        ),
        Source("https://postmarkapp.com/developer/api/bulk-email", "one message for each item of Messages"),
        Source(
            "https://postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails", "one message for each item"
        ),
        Source("pypi:postmarker==1.0", "run: the requests of all ways to send"),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.postmarkapp.com/email",
    library=Library(
        classes=(PostmarkClient, EmailManager, Email, EmailTemplate, EmailBatch, EmailTemplateBatch),
        tokens=("postmarker", "postmarkapp.com"),
    ),
    explain=(
        "Everybody in To and Cc of one message is printed to everybody in it; Bcc is blind. "
        "Each item of a batch is a message of its own, so one item for each person keeps them apart."
    ),
)
"""Postmark."""
