"""Microsoft Graph: ``sendMail``, drafts, forwarding, answers, invitations; and the packages ``msgraph-sdk`` and ``O365``.

One request is one message; everybody in ``toRecipients`` and ``ccRecipients`` is printed to everybody. Keys of the JSON
are read in any case, as the service does: msgraph-sdk writes ``Message``, others ``message``.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Library, Provider, Source
from mailguard.providers.graph.o365 import O365Account, O365Folder, O365Message, O365Recipients
from mailguard.providers.graph.operations import claims, decode
from mailguard.providers.graph.sdk import (
    GraphServiceClient,
    SdkAction,
    SdkEmailAddress,
    SdkForwardBody,
    SdkMessage,
    SdkMessagePlace,
    SdkMessages,
    SdkRecipient,
    SdkSendMailBody,
    SdkUser,
    SdkUsers,
)

PROVIDER: Final = Provider(
    name="graph",
    title="Microsoft Graph",
    sources=(
        Source(
            "https://learn.microsoft.com/en-us/graph/api/user-sendmail",
            "toRecipients, ccRecipients, bccRecipients; or MIME source in base64 as text/plain",
        ),
        Source(
            "https://learn.microsoft.com/en-us/graph/api/resources/event",
            "a meeting invites all its attendees; with hideAttendees each reads himself only",
        ),
        Source(
            "https://learn.microsoft.com/en-us/graph/api/message-replyall", "who gets an answer is kept at the service"
        ),
        Source("https://learn.microsoft.com/en-us/graph/api/invitation-post", "a guest, and one more in ccRecipients"),
        Source("https://learn.microsoft.com/en-us/graph/deployments", "the hosts of the national clouds"),
        Source("pypi:msgraph-sdk==1.65.0", "send_mail.post; keys in capitals; run"),
        Source("pypi:O365==2.1.10", "to.add: a text is one address, a pair is name and address; run and read"),
    ),
    claims=claims,
    decode=decode,
    address="https://graph.microsoft.com/v1.0/me/sendMail",
    library=Library(
        classes=(
            GraphServiceClient,
            SdkUsers,
            SdkUser,
            SdkMessages,
            SdkMessagePlace,
            SdkAction,
            SdkMessage,
            SdkRecipient,
            SdkEmailAddress,
            SdkSendMailBody,
            SdkForwardBody,
            O365Account,
            O365Folder,
            O365Message,
            O365Recipients,
        ),
        tokens=("graph.microsoft", "toRecipients", "microsoftgraph.chinacloudapi", "sendMail", "msgraph", "O365"),
    ),
    explain=(
        "Everybody in toRecipients and ccRecipients is printed to everybody; bccRecipients is printed nowhere. One request "
        "is one message: write one request for each reader (20 fit into a $batch). Who attends an event reads who else does, "
        "unless hideAttendees is set."
    ),
)
"""Microsoft Graph."""
