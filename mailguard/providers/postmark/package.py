"""The package postmarker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import HttpRequest
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    inherit,
    join,
    plain,
    sort_of,
    text,
    truth,
)
from mailguard.transports.json_api import given, host_of, options, post, url
from mailguard.transports.mime.models import MimeMultipart, MimeText

_ROOT: Final = "https://api.postmarkapp.com/"


def _csv(value: Value) -> Value:
    """A list, tuple or set as the text that ``list_to_csv`` makes of it; a text as it is.

    A collection of which something is not known stays one: joined or not, it names the same people.
    """
    if isinstance(value, Either):
        found = [_csv(inherit(option, value.trail)) for option in value.options if not isinstance(option, Absent)]
        return given(join(*found)) if found else value
    if sort_of(value) is Sort.COLLECTION:
        members = [plain(item) for item, _ in each(value)] if isinstance(value, (list, tuple)) else [None]
        if any(isinstance(member, (int, float, dict, list, tuple)) for member in members):
            raise Refused("only texts can be joined")
        if all(isinstance(member, str) for member in members):
            return ",".join(str(member) for member in members)
    return value


class _Base(Object):
    """What an e-mail and a template e-mail share. The data that is sent is apart from the attributes.

    The package keeps its own copy of the fields, so that assigning ``email.To`` afterwards changes nothing of what is
    sent; items of the headers are shared, so that ``email["X-Name"] = ...`` does.
    """

    def __init__(self, manager: Value = None, **fields: Value) -> None:
        del manager
        headers = fields.get("Headers")
        fields["Headers"] = {} if truth(headers) is Truth.NO else headers
        if truth(fields.get("Attachments")) is Truth.NO:
            fields["Attachments"] = []
        self.write("fields", list(fields))
        for name, value in fields.items():
            self.write(name, value)
            self.write(f"sent {name}", value)

    def __setitem__(self, key: Value, value: Value) -> None:
        name = text(key)
        self.write("sent Headers", _with(given(self.read("sent Headers")), name or "*", value))

    def __delitem__(self, key: Value) -> None:
        self.write("sent Headers", _with(given(self.read("sent Headers")), text(key) or "*", None))

    def attach(self, *payloads: Value) -> None:
        """Attachments take no part."""

    def attach_binary(self, content: Value, filename: Value) -> None:
        """Attachments take no part."""

    def as_dict(self) -> dict[str, Value]:
        """The item of a request that this is."""
        result: dict[str, Value] = {}
        for item, _ in each(self.read("fields")):
            name = text(item) or ""
            value = given(self.read(f"sent {name}"))
            if name in {"To", "Cc", "Bcc"}:
                value = _csv(value)
            elif name == "Headers":
                value = [{"Name": key, "Value": get(value, key)} for key in _keys(value)]
            result[name] = value
        return result

    def updated(self, extra: dict[str, Value]) -> dict[str, Value]:
        """The same with further fields, which ``send`` of a batch adds to every item."""
        return {**self.as_dict(), **extra}

    def render(self) -> Value:
        """The item of a request that this is."""
        return self.as_dict()


def _keys(headers: Value) -> list[str]:
    return [key for item, _ in each(headers) if (key := text(item)) is not None]


def _with(headers: Value, name: str, value: Value) -> Value:
    pairs = {key: given(get(headers, key)) for key in _keys(headers)}
    if value is None:
        pairs.pop(name, None)
    else:
        pairs[name] = value
    return pairs


class Email(_Base):
    """``postmarker.models.emails.Email(**fields)``, and what ``client.emails.Email(...)`` makes."""

    PATHS: tuple[str, ...] = ("postmarker.models.emails.Email",)
    WHERE = "email"

    def __init__(self, manager: Value = None, **fields: Value) -> None:
        if not {"TextBody", "HtmlBody"} & set(fields) or all(
            truth(fields.get(name)) is Truth.NO for name in ("TextBody", "HtmlBody")
        ):
            raise Refused("Provide either email TextBody or HtmlBody or both")
        super().__init__(manager, **fields)
        self.write("root", given(manager.read("root")) if isinstance(manager, EmailManager) else _ROOT)

    def send(self) -> HttpRequest:
        """Send it."""
        return post(url(given(self.read("root")), "email"), self.as_dict())


class EmailTemplate(_Base):
    """``postmarker.models.emails.EmailTemplate(**fields)``, and what ``client.emails.EmailTemplate(...)`` makes."""

    PATHS: tuple[str, ...] = ("postmarker.models.emails.EmailTemplate",)

    def __init__(self, manager: Value = None, **fields: Value) -> None:
        if all(sort_of(fields.get(name)) is Sort.NONE for name in ("TemplateId", "TemplateAlias")):
            raise Refused("You need to specify either TemplateId or TemplateAlias")
        super().__init__(manager, **fields)
        self.write("root", given(manager.read("root")) if isinstance(manager, EmailManager) else _ROOT)

    def send(self) -> HttpRequest:
        """Send it."""
        return post(url(given(self.read("root")), "email/withTemplate/"), self.as_dict())


_CHUNK: Final = 500
"""Items in one request; the package makes several requests of a longer batch."""


def _of_mime(source: Value) -> dict[str, Value]:
    """What the package takes out of a MIME object: of several lines with one name, the first."""
    lines = {"To": "To", "Cc": "Cc", "Bcc": "Bcc", "ReplyTo": "Reply-To", "From": "From", "Subject": "Subject"}
    assert isinstance(source, (MimeText, MimeMultipart))  # noqa: S101  # narrows for the type checker
    return {name: source[line] for name, line in lines.items()}


class _Batch(Object):
    """What the two kinds of batches share."""

    TEMPLATES = False

    def __init__(self, *emails: Value, manager: Value = None) -> None:
        self.write("emails", list(emails))
        self.write("root", given(manager.read("root")) if isinstance(manager, EmailManager) else _ROOT)

    def _item(self, value: Value, extra: dict[str, Value]) -> Value:
        found = [self._one(option, extra) for option in options(value)]
        return given(join(*found)) if found else None

    def _one(self, value: Value, extra: dict[str, Value]) -> Value:
        wanted: type[_Base] = EmailTemplate if self.TEMPLATES else Email
        if isinstance(value, wanted):
            return value.updated(extra)
        if isinstance(value, dict):
            return wanted(**{str(key): item for key, item in value.items()}).updated(extra)
        if isinstance(value, Fields):
            if value.open or value.rest is not None:
                return value
            return wanted(**dict(value.known)).updated(extra)
        if isinstance(value, (MimeText, MimeMultipart)) and not self.TEMPLATES:
            return {**_of_mime(value), **extra}
        if isinstance(value, (Unknown, Parameter, Items)):
            return value
        raise Refused("an item must be an e-mail or a dict")

    def _requests(self, extra: dict[str, Value]) -> Iterator[HttpRequest]:
        members = [Member(self._item(value, extra), count) for value, count in each(self.read("emails"))]
        root = given(self.read("root"))
        for start in range(0, len(members), _CHUNK):
            chunk = members[start : start + _CHUNK]
            body: Value = (
                [value for value, count in chunk] if all(c.exact == 1 for _, c in chunk) else Items(tuple(chunk))
            )
            if self.TEMPLATES:
                yield post(url(root, "email/batchWithTemplates/"), {"Messages": body})
            else:
                yield post(url(root, "email/batch"), body)

    def send(self, **extra: Value) -> list[HttpRequest]:
        """Send all; what is given here is added to every item."""
        return list(self._requests(extra))


class EmailBatch(_Batch):
    """``postmarker.models.emails.EmailBatch(*emails)``."""

    PATHS: tuple[str, ...] = ("postmarker.models.emails.EmailBatch",)


class EmailTemplateBatch(_Batch):
    """``postmarker.models.emails.EmailTemplateBatch(*emails)``."""

    PATHS: tuple[str, ...] = ("postmarker.models.emails.EmailTemplateBatch",)
    TEMPLATES = True


class EmailManager(Object):
    """``client.emails``."""

    PATHS: tuple[str, ...] = ("postmarker.models.emails.EmailManager",)

    def __init__(self, client: Value = None) -> None:
        self.write("root", given(client.read("root")) if isinstance(client, PostmarkClient) else _ROOT)

    def send(
        self,
        message: Value = None,
        From: Value = None,
        To: Value = None,
        Cc: Value = None,
        Bcc: Value = None,
        Subject: Value = None,
        Tag: Value = None,
        HtmlBody: Value = None,
        TextBody: Value = None,
        Metadata: Value = None,
        ReplyTo: Value = None,
        Headers: Value = None,
        TrackOpens: Value = None,
        TrackLinks: Value = "None",
        Attachments: Value = None,
        MessageStream: Value = None,
    ) -> HttpRequest | list[HttpRequest]:
        """Send one e-mail, given by its fields, as an :class:`Email` or as a MIME object."""
        if sort_of(message) is Sort.NONE:
            return self.Email(
                From,
                To,
                Cc,
                Bcc,
                Subject,
                Tag,
                HtmlBody,
                TextBody,
                Metadata,
                ReplyTo,
                Headers,
                TrackOpens,
                TrackLinks,
                Attachments,
                MessageStream,
            ).send()
        if truth(message) is Truth.YES and Truth.YES in (truth(From), truth(To)):
            raise Refused("You should specify either message or From and To parameters")
        return [self._sent(option) for option in options(message)]

    def _sent(self, message: Value) -> HttpRequest:
        if isinstance(message, Email):
            return message.send()
        place = url(given(self.read("root")), "email")
        if isinstance(message, (MimeText, MimeMultipart)):
            return post(place, _of_mime(message))
        if isinstance(message, (Unknown, Parameter)):
            return post(place, message)
        raise Refused("message should be either Email or MIMEText or MIMEMultipart instance")

    def send_with_template(
        self,
        *,
        TemplateModel: Value,
        From: Value,
        To: Value,
        **fields: Value,
    ) -> HttpRequest:
        """Send one e-mail made from a template."""
        return self.EmailTemplate(TemplateModel=TemplateModel, From=From, To=To, **fields).send()

    def send_batch(self, email: Value, *emails: Value, **extra: Value) -> list[HttpRequest]:
        """Send several e-mails, each of which is a message of its own."""
        # The package has no first one; here it stands for a list of unknown length behind a star.
        return self.EmailBatch(email, *emails).send(**extra)

    def send_template_batch(self, email: Value, *emails: Value, **extra: Value) -> list[HttpRequest]:
        """Send several e-mails made from templates."""
        return self.EmailTemplateBatch(email, *emails).send(**extra)

    def Email(
        self,
        From: Value,
        To: Value,
        Cc: Value = None,
        Bcc: Value = None,
        Subject: Value = None,
        Tag: Value = None,
        HtmlBody: Value = None,
        TextBody: Value = None,
        Metadata: Value = None,
        ReplyTo: Value = None,
        Headers: Value = None,
        TrackOpens: Value = None,
        TrackLinks: Value = "None",
        Attachments: Value = None,
        MessageStream: Value = None,
    ) -> Email:
        """Make an e-mail that is sent later."""
        return Email(
            manager=self,
            From=From,
            To=To,
            Cc=Cc,
            Bcc=Bcc,
            Subject=Subject,
            Tag=Tag,
            HtmlBody=HtmlBody,
            TextBody=TextBody,
            Metadata=Metadata,
            ReplyTo=ReplyTo,
            Headers=Headers,
            TrackOpens=TrackOpens,
            TrackLinks=TrackLinks,
            Attachments=Attachments,
            MessageStream=MessageStream,
        )

    def EmailTemplate(
        self,
        *,
        TemplateId: Value = None,
        TemplateModel: Value,
        From: Value,
        To: Value,
        TemplateAlias: Value = None,
        Cc: Value = None,
        Bcc: Value = None,
        Subject: Value = None,
        Tag: Value = None,
        ReplyTo: Value = None,
        Headers: Value = None,
        TrackOpens: Value = None,
        TrackLinks: Value = "None",
        Attachments: Value = None,
        InlineCss: Value = True,
        Metadata: Value = None,
        MessageStream: Value = None,
    ) -> EmailTemplate:
        """Make an e-mail from a template that is sent later."""
        return EmailTemplate(
            manager=self,
            TemplateId=TemplateId,
            TemplateAlias=TemplateAlias,
            TemplateModel=TemplateModel,
            From=From,
            To=To,
            Cc=Cc,
            Bcc=Bcc,
            Subject=Subject,
            Tag=Tag,
            ReplyTo=ReplyTo,
            Headers=Headers,
            TrackOpens=TrackOpens,
            TrackLinks=TrackLinks,
            Attachments=Attachments,
            InlineCss=InlineCss,
            Metadata=Metadata,
            MessageStream=MessageStream,
        )

    def EmailBatch(self, email: Value, *emails: Value) -> EmailBatch:
        """Make a batch that is sent later."""
        return EmailBatch(email, *emails, manager=self)

    def EmailTemplateBatch(self, email: Value, *emails: Value) -> EmailTemplateBatch:
        """Make a batch that is sent later."""
        return EmailTemplateBatch(email, *emails, manager=self)


class PostmarkClient(Object):
    """``postmarker.core.PostmarkClient(server_token=...)``."""

    PATHS: tuple[str, ...] = ("postmarker.core.PostmarkClient",)

    def __init__(
        self,
        server_token: Value = None,
        account_token: Value = None,
        verbosity: Value = 0,
        max_retries: Value = 0,
        timeout: Value = None,
        logs_stream: Value = None,
        root_api_url: Value = _ROOT,
    ) -> None:
        del server_token, account_token, verbosity, max_retries, timeout, logs_stream
        self.write("root", host_of(root_api_url, _ROOT))
        # No property: functions that mention a name like this one would all be looked at.
        self.write("emails", EmailManager(self))

    @classmethod
    def from_config(cls, config: Value, prefix: Value = "postmark_", is_uppercase: Value = False) -> PostmarkClient:
        """A client whose token is in a configuration."""
        del config, prefix, is_uppercase
        return cls()
