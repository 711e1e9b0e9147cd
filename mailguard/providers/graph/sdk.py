"""The package msgraph-sdk."""

from __future__ import annotations

from typing import Final

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import Object, Text, Value, text
from mailguard.transports.letters import attribute

_MODELS: Final = "msgraph.generated.models"


class _Model(Object):
    """A data class of the SDK: keyword arguments, which are live attributes, and go out in camel case."""

    FIELDS: tuple[tuple[str, str], ...] = ()
    """Attributes, and the keys that they become."""

    def __init__(self, *_: Value, **options: Value) -> None:
        for name, _key in self.FIELDS:
            if name in options:
                self.write(name, options[name])

    def render(self) -> Value:
        """The JSON."""
        pairs = ((key, attribute(self, name)) for name, key in self.FIELDS)
        return {key: value for key, value in pairs if value is not None}


class SdkMessage(_Model):
    """``msgraph.generated.models.message.Message``."""

    PATHS: tuple[str, ...] = (f"{_MODELS}.message.Message",)
    FIELDS = (
        ("subject", "subject"),
        ("to_recipients", "toRecipients"),
        ("cc_recipients", "ccRecipients"),
        ("bcc_recipients", "bccRecipients"),
        ("reply_to", "replyTo"),
    )


class SdkRecipient(_Model):
    """``msgraph.generated.models.recipient.Recipient``."""

    PATHS: tuple[str, ...] = (f"{_MODELS}.recipient.Recipient",)
    HOLDS = True
    FIELDS = (("email_address", "emailAddress"),)


class SdkEmailAddress(_Model):
    """``msgraph.generated.models.email_address.EmailAddress``."""

    PATHS: tuple[str, ...] = (f"{_MODELS}.email_address.EmailAddress",)
    HOLDS = True
    FIELDS = (("address", "address"), ("name", "name"))


class SdkSendMailBody(_Model):
    """``SendMailPostRequestBody``, which lies in a module for ``me`` and in one for ``users``."""

    PATHS: tuple[str, ...] = tuple(
        f"msgraph.generated.{place}.send_mail.send_mail_post_request_body.SendMailPostRequestBody"
        for place in ("users.item", "me")
    )
    FIELDS = (("message", "Message"), ("save_to_sent_items", "SaveToSentItems"))


class SdkForwardBody(_Model):
    """``ForwardPostRequestBody``."""

    PATHS: tuple[str, ...] = tuple(
        f"msgraph.generated.{place}.messages.item.forward.forward_post_request_body.ForwardPostRequestBody"
        for place in ("users.item", "me")
    )
    FIELDS = (("message", "Message"), ("to_recipients", "ToRecipients"))


class _Place(Object):
    """A request builder: a place in the tree of URLs, which attributes lengthen."""

    def __init__(self, url: Value = "https://graph.microsoft.com/v1.0") -> None:
        self.write("url", url)

    def _at(self, *segments: Value) -> Value:
        start = attribute(self, "url")
        known = [text(part) for part in (start, *segments)]
        if all(part is not None for part in known):
            return "/".join(part for part in known if part is not None)
        parts: list[Value] = [start]
        for segment in segments:
            parts += ["/", segment]
        return Text(tuple(parts))


class SdkAction(_Place):
    """What takes a POST: ``send_mail``, ``forward``, ``send``."""

    def post(self, body: Value = None, request_configuration: Value = None) -> HttpRequest:
        """Send the request."""
        del request_configuration
        return HttpRequest("POST", attribute(self, "url"), {}, body, "json")


class SdkMessagePlace(_Place):
    """``messages.by_message_id(id)``."""

    @property
    def forward(self) -> SdkAction:
        """Hand the message on."""
        return SdkAction(self._at("forward"))

    @property
    def send(self) -> SdkAction:
        """Send the draft."""
        return SdkAction(self._at("send"))

    def patch(self, body: Value = None, request_configuration: Value = None) -> HttpRequest:
        """Change the draft."""
        del request_configuration
        return HttpRequest("PATCH", attribute(self, "url"), {}, body, "json")


class SdkMessages(SdkAction):
    """``user.messages``: drafts."""

    def by_message_id(self, message_id: Value) -> SdkMessagePlace:
        """One message."""
        return SdkMessagePlace(self._at(message_id))


class SdkUser(_Place):
    """``client.me`` and ``client.users.by_user_id(id)``."""

    @property
    def send_mail(self) -> SdkAction:
        """The method that sends a message at once."""
        return SdkAction(self._at("sendMail"))

    @property
    def messages(self) -> SdkMessages:
        """The messages of the mailbox."""
        return SdkMessages(self._at("messages"))


class SdkUsers(_Place):
    """``client.users``."""

    def by_user_id(self, user_id: Value) -> SdkUser:
        """One mailbox."""
        return SdkUser(self._at(user_id))


class GraphServiceClient(_Place):
    """``msgraph.GraphServiceClient``."""

    PATHS: tuple[str, ...] = ("msgraph.GraphServiceClient", "msgraph.graph_service_client.GraphServiceClient")

    def __init__(self, *_: Value, **__: Value) -> None:
        super().__init__()

    @property
    def me(self) -> SdkUser:
        """The mailbox of the caller."""
        return SdkUser(self._at("me"))

    @property
    def users(self) -> SdkUsers:
        """All mailboxes."""
        return SdkUsers(self._at("users"))
