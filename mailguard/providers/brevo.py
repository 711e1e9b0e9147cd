"""Brevo, once Sendinblue: ``POST /v3/smtp/email``, and the packages ``sib-api-v3-sdk`` and ``brevo-python``.

A request is one message whose To and Cc all of it read, unless it has ``messageVersions``: then each version is a message
with a To of its own, and the To of the request is not used. In the generated packages Bcc comes before Cc.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Final

from mailguard.model.count import Count, Truth
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import Absent, Either, Object, Sort, Value, each, get, sort_of, text, truth
from mailguard.transports.json_api import (
    Api,
    as_data,
    attributes,
    given,
    host_of,
    message,
    messages,
    of_json,
    post,
    told,
    url,
)
from mailguard.transports.split import unless_split

__all__ = [
    "PROVIDER",
    "Brevo",
    "SendSmtpEmail",
    "SendSmtpEmailMessageVersions",
    "TransactionalEmailsApi",
]

# --- Whose request it is -------------------------------------------------------------------------

_SEND: Final = "v3/smtp/email"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    said = any(
        not isinstance(get(body, name), Absent) for name in ("sender", "htmlContent", "textContent", "templateId")
    )
    named = any(not isinstance(get(body, name), Absent) for name in ("to", "messageVersions"))
    return _SEND if said and named else None


_API: Final = Api(
    hosts=re.compile(r"api\.(?:brevo|sendinblue)\.com"),
    paths=(
        (re.compile(r"/v3/smtp/email"), _SEND),
        (re.compile(r"/v3/emailcampaigns/[^/]+/sendnow"), "lists"),
        # Text messages.
        (re.compile(r"/v[0-9.]+/(?:transactionalsms|smscampaigns|sms|whatsapp|organization)(?:/.*)?"), "account"),
    ),
    like_sending=re.compile(r"/smtp/emails?(?:/|$)|/send|^/v2(?:\.0)?/email"),
    looks=_looks,
    names=("brevo", "sendinblue"),
)


def claims(exchange: Exchange) -> str | None:
    """``v3/smtp/email``, ``lists`` for a campaign, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message, or one for each of ``messageVersions``."""
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    versions = get(body, "messageVersions", fold=True)
    split = _given(versions)
    if split is Truth.NO:
        return told((message(body),), body)
    # A version takes what it does not say itself from the request.
    found = messages(versions, body)
    if split is Truth.YES and found:
        return found
    whole = message(body)
    shared = replace(unless_split(whole, Truth.MAYBE), traits=whole.traits)
    return told((shared, *(_perhaps(one) for one in found)), body)


def _given(versions: Value | Absent) -> Truth:
    """Whether there are versions; a list that the code fills has some, plainly."""
    sure = truth(versions)
    if sure is Truth.MAYBE and sort_of(versions) is Sort.COLLECTION:
        filled = not isinstance(versions, Either) and any(count.plain for _, count in each(versions))
        return Truth.YES if filled else sure
    return sure


def _perhaps(one: Message) -> Message:
    return replace(one, copies=Count(0, one.copies.plain, one.copies.high))


# --- The generated packages ----------------------------------------------------------------------


def _paths(name: str, module: str) -> tuple[str, ...]:
    return tuple(
        f"{package}.{place}{name}"
        for package in ("sib_api_v3_sdk", "brevo_python")
        for place in ("", "models.", f"models.{module}.")
    )


class _Model(Object):
    """An object of a request: attributes that may be set at any time; None is left out."""

    NAMES: ClassVar[Mapping[str, str]] = {}
    NEEDS: ClassVar[str] = ""

    def _fill(self, **fields: Value) -> None:
        if self.NEEDS and fields.get(self.NEEDS) is None:
            raise Refused(f"Invalid value for `{self.NEEDS}`, must not be `None`")
        for name, value in fields.items():
            if value is not None:
                self.write(name, value)

    def render(self) -> Value:
        """The object as it is sent."""
        return attributes(self, self.NAMES)

    def to_dict(self) -> Value:
        """The same under the names of the attributes."""
        found = {name: self.read(name) for name in self.NAMES}
        return {name: as_data(given(value)) for name, value in found.items()}


_CONTACT: Final = {"email": "email", "name": "name"}


class SendSmtpEmailTo(_Model):
    """An address in To, Cc, Bcc or Reply-To."""

    PATHS: tuple[str, ...] = (
        *_paths("SendSmtpEmailTo", "send_smtp_email_to"),
        *_paths("SendSmtpEmailTo1", "send_smtp_email_to1"),
        *_paths("SendSmtpEmailCc", "send_smtp_email_cc"),
        *_paths("SendSmtpEmailBcc", "send_smtp_email_bcc"),
        *_paths("SendSmtpEmailReplyTo", "send_smtp_email_reply_to"),
        *_paths("SendSmtpEmailReplyTo1", "send_smtp_email_reply_to1"),
    )
    HOLDS = True
    NAMES = _CONTACT
    NEEDS = "email"

    def __init__(self, email: Value = None, name: Value = None) -> None:
        self._fill(email=email, name=name)


class SendSmtpEmailSender(_Model):
    """The sender; the name comes first."""

    PATHS: tuple[str, ...] = _paths("SendSmtpEmailSender", "send_smtp_email_sender")
    NAMES: ClassVar[Mapping[str, str]] = {"name": "name", "email": "email", "id": "id"}

    def __init__(
        self,
        name: Value = None,
        email: Value = None,
        id: Value = None,  # noqa: A002  # the package's name
    ) -> None:
        self._fill(name=name, email=email, id=id)


class SendSmtpEmailMessageVersions(_Model):
    """One of several messages of a request; Bcc comes before Cc."""

    PATHS: tuple[str, ...] = _paths("SendSmtpEmailMessageVersions", "send_smtp_email_message_versions")
    NAMES: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("to", "params", "bcc", "cc", "subject")},
        "reply_to": "replyTo",
        "html_content": "htmlContent",
        "text_content": "textContent",
    }
    NEEDS = "to"

    def __init__(
        self,
        to: Value = None,
        params: Value = None,
        bcc: Value = None,
        cc: Value = None,
        reply_to: Value = None,
        subject: Value = None,
        html_content: Value = None,
        text_content: Value = None,
    ) -> None:
        self._fill(
            to=to,
            params=params,
            bcc=bcc,
            cc=cc,
            reply_to=reply_to,
            subject=subject,
            html_content=html_content,
            text_content=text_content,
        )


class SendSmtpEmail(_Model):
    """A request; in its positions Bcc comes before Cc."""

    PATHS: tuple[str, ...] = _paths("SendSmtpEmail", "send_smtp_email")
    NAMES: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("sender", "to", "bcc", "cc", "subject", "attachment", "headers", "params", "tags")},
        "html_content": "htmlContent",
        "text_content": "textContent",
        "reply_to": "replyTo",
        "template_id": "templateId",
        "message_versions": "messageVersions",
        "scheduled_at": "scheduledAt",
        "batch_id": "batchId",
        "preheader": "preheader",
    }

    def __init__(
        self,
        sender: Value = None,
        to: Value = None,
        bcc: Value = None,
        cc: Value = None,
        html_content: Value = None,
        text_content: Value = None,
        subject: Value = None,
        reply_to: Value = None,
        attachment: Value = None,
        headers: Value = None,
        template_id: Value = None,
        params: Value = None,
        message_versions: Value = None,
        tags: Value = None,
        scheduled_at: Value = None,
        batch_id: Value = None,
        preheader: Value = None,
    ) -> None:
        self._fill(
            sender=sender,
            to=to,
            bcc=bcc,
            cc=cc,
            html_content=html_content,
            text_content=text_content,
            subject=subject,
            reply_to=reply_to,
            attachment=attachment,
            headers=headers,
            template_id=template_id,
            params=params,
            message_versions=message_versions,
            tags=tags,
            scheduled_at=scheduled_at,
            batch_id=batch_id,
            preheader=preheader,
        )


class Configuration(Object):
    """``Configuration()``: keys, and perhaps another host."""

    PATHS: tuple[str, ...] = (
        "sib_api_v3_sdk.Configuration",
        "sib_api_v3_sdk.configuration.Configuration",
        "brevo_python.Configuration",
        "brevo_python.configuration.Configuration",
    )

    def __init__(self) -> None:
        self.write("api_key", {})
        self.write("api_key_prefix", {})


class ApiClient(Object):
    """``ApiClient(configuration)``."""

    PATHS: tuple[str, ...] = (
        "sib_api_v3_sdk.ApiClient",
        "sib_api_v3_sdk.api_client.ApiClient",
        "brevo_python.ApiClient",
        "brevo_python.api_client.ApiClient",
    )

    def __init__(self, configuration: Value = None, *_: Value, **__: Value) -> None:
        self.write("configuration", configuration)


class _Calls(Object):
    """An API of the generated packages."""

    HOST = "https://api.sendinblue.com/v3"

    def __init__(self, api_client: Value = None) -> None:
        configuration = api_client.read("configuration") if isinstance(api_client, ApiClient) else None
        host = configuration.read("host") if isinstance(configuration, Configuration) else None
        self.write("host", host_of(host, self.HOST))


class TransactionalEmailsApi(_Calls):
    """``sib_api_v3_sdk.TransactionalEmailsApi(api_client)``, in older releases ``SMTPApi``."""

    PATHS: tuple[str, ...] = (
        "sib_api_v3_sdk.TransactionalEmailsApi",
        "sib_api_v3_sdk.api.TransactionalEmailsApi",
        "sib_api_v3_sdk.api.transactional_emails_api.TransactionalEmailsApi",
        "sib_api_v3_sdk.SMTPApi",
        "sib_api_v3_sdk.api.smtp_api.SMTPApi",
    )

    def send_transac_email(self, send_smtp_email: Value, **_: Value) -> HttpRequest:
        """Send a request that was built before, or a mapping as it is."""
        if sort_of(send_smtp_email) is Sort.NONE:
            raise Refused("Missing the required parameter `send_smtp_email`")
        return post(url(given(self.read("host")), "/smtp/email"), as_data(send_smtp_email))

    send_transac_email_with_http_info = send_transac_email


class TransactionalEmailsApi1(TransactionalEmailsApi):
    """``brevo_python.TransactionalEmailsApi(api_client)`` of 1.x."""

    PATHS = (
        "brevo_python.TransactionalEmailsApi",
        "brevo_python.api.TransactionalEmailsApi",
        "brevo_python.api.transactional_emails_api.TransactionalEmailsApi",
    )
    HOST = "https://api.brevo.com/v3"


class EmailCampaignsApi(_Calls):
    """``EmailCampaignsApi(api_client)``: campaigns go to lists at Brevo."""

    PATHS: tuple[str, ...] = ("sib_api_v3_sdk.EmailCampaignsApi", "brevo_python.EmailCampaignsApi")

    def send_email_campaign_now(self, campaign_id: Value, **_: Value) -> HttpRequest:
        """Send a campaign."""
        known = text(campaign_id)
        number = known if known is not None else str(campaign_id) if isinstance(campaign_id, int) else "*"
        return post(url(given(self.read("host")), f"/emailCampaigns/{number}/sendNow"), {})


# --- brevo-python 5 ------------------------------------------------------------------------------

_ITEMS: Final = (
    *("SendTransacEmailRequestToItem", "SendTransacEmailRequestCcItem", "SendTransacEmailRequestBccItem"),
    *("SendTransacEmailRequestReplyTo", "SendTransacEmailRequestSender", "SendTransacEmailRequestMessageVersionsItem"),
    "SendTransacEmailRequestMessageVersionsItemToItem",
    "SendTransacEmailRequestMessageVersionsItemCcItem",
    "SendTransacEmailRequestMessageVersionsItemBccItem",
    "SendTransacEmailRequestMessageVersionsItemReplyTo",
)


class RequestItem(Object):
    """An object of a request of 5.x, filled by name."""

    PATHS: tuple[str, ...] = tuple(
        f"brevo.{place}{name}"
        for name in _ITEMS
        for place in ("", "transactional_emails.", "transactional_emails.types.")
    )

    def __init__(self, **fields: Value) -> None:
        for name, value in fields.items():
            self.write(name, value)


class TransactionalEmailsClient(Object):
    """``client.transactional_emails`` of 5.x."""

    PATHS: tuple[str, ...] = (
        "brevo.transactional_emails.client.TransactionalEmailsClient",
        "brevo.transactional_emails.client.AsyncTransactionalEmailsClient",
    )

    def __init__(self, base: Value = "https://api.brevo.com/v3") -> None:
        self.write("base", host_of(base, "https://api.brevo.com/v3"))

    def send_transac_email(
        self,
        *,
        bcc: Value = None,
        cc: Value = None,
        headers: Value = None,
        html_content: Value = None,
        message_versions: Value = None,
        reply_to: Value = None,
        sender: Value = None,
        subject: Value = None,
        template_id: Value = None,
        text_content: Value = None,
        to: Value = None,
        **_: Value,
    ) -> HttpRequest:
        """Send; everything is given by name."""
        fields: dict[str, Value] = {
            "bcc": bcc,
            "cc": cc,
            "headers": headers,
            "htmlContent": html_content,
            "messageVersions": message_versions,
            "replyTo": reply_to,
            "sender": sender,
            "subject": subject,
            "templateId": template_id,
            "textContent": text_content,
            "to": to,
        }
        body = {name: as_data(value) for name, value in fields.items() if value is not None}
        return post(url(given(self.read("base")), "/smtp/email"), body)


class Brevo(Object):
    """``brevo.Brevo(api_key=...)`` and ``AsyncBrevo``."""

    PATHS: tuple[str, ...] = ("brevo.Brevo", "brevo.client.Brevo", "brevo.AsyncBrevo", "brevo.client.AsyncBrevo")

    def __init__(self, *, base_url: Value = None, **_: Value) -> None:
        self.write("transactional_emails", TransactionalEmailsClient(*(() if base_url is None else (base_url,))))


PROVIDER: Final = Provider(
    name="brevo",
    title="Brevo",
    sources=(
        Source(
            "https://developers.brevo.com/docs/batch-send-transactional-emails",
            "messageVersions makes one message for each version; up to 1,000 versions, 99 people in one",
        ),
        Source("pypi:sib-api-v3-sdk==7.6.0", "run: the requests; Bcc before Cc"),
        Source("pypi:brevo-python==1.2.0", "run: the same at another host"),
        Source("pypi:brevo-python==5.1.0", "run: the requests; everything by name"),
        Source(
            "pypi:django-anymail==15.2",
            "run: the requests of its backend; Cc and Bcc of the request go to all versions",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.brevo.com/v3/smtp/email",
    library=Library(
        classes=(
            *(
                SendSmtpEmail,
                SendSmtpEmailMessageVersions,
                SendSmtpEmailTo,
                SendSmtpEmailSender,
                Configuration,
                ApiClient,
            ),
            *(TransactionalEmailsApi, TransactionalEmailsApi1, EmailCampaignsApi),
            *(Brevo, TransactionalEmailsClient, RequestItem),
        ),
        tokens=("sib_api_v3_sdk", "brevo", "sendinblue"),
    ),
    explain=(
        "Everybody in to and cc of a request is printed to everybody. With messageVersions, each version is a message of "
        "its own, so one version for each person keeps them apart; a version with many people shows them to each other."
    ),
)
"""Brevo, once Sendinblue."""
