"""The package O365."""

from __future__ import annotations

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import Items, Member, Object, Sort, Value, each, inherit, sort_of, trail_of
from mailguard.transports.letters import attribute, or_empty


class O365Recipients(Object):
    """``message.to``, ``.cc``, ``.bcc``, ``.reply_to``: a list that is added to."""

    def __init__(self) -> None:
        self.write("people", [])

    def add(self, recipients: Value) -> None:
        """One text (one address), a pair of name and address, or a list of these."""
        if sort_of(recipients) is Sort.COLLECTION and not _is_pair(recipients):
            for member, count in each(recipients):
                entry = _entry(inherit(member, trail_of(recipients)))
                held = list(each(attribute(self, "people")))
                self.write("people", Items((*held, Member(entry, count))))
            return
        self.append("people", _entry(recipients))

    def clear(self) -> None:
        """Nobody."""
        self.write("people", [])

    def render(self) -> Value:
        """The JSON."""
        return or_empty(attribute(self, "people"))


def _is_pair(value: Value) -> bool:
    return isinstance(value, tuple) or (isinstance(value, Items) and value.sort == "tuple")


def _entry(member: Value) -> Value:
    if _is_pair(member):
        parts = [part.value for part in each(member)]
        if len(parts) == 2:
            return {"emailAddress": {"address": parts[1], "name": parts[0]}}
    return {"emailAddress": {"address": member}}


class O365Message(Object):
    """``O365.Message``, ``account.new_message()``."""

    PATHS: tuple[str, ...] = ("O365.Message", "O365.message.Message", "O365.utils.Message")

    def __init__(self, *_: Value, **__: Value) -> None:
        for name in ("to", "cc", "bcc", "reply_to"):
            self.write(name, O365Recipients())

    def _data(self) -> dict[str, Value]:
        keys = (("toRecipients", "to"), ("ccRecipients", "cc"), ("bccRecipients", "bcc"), ("replyTo", "reply_to"))
        return {key: attribute(self, name) for key, name in keys}

    def send(self, save_to_sent_folder: Value = True) -> HttpRequest:
        """Send it."""
        del save_to_sent_folder
        return HttpRequest(
            "POST", "https://graph.microsoft.com/v1.0/me/sendMail", {}, {"message": self._data()}, "json"
        )

    def save_draft(self, *_: Value, **__: Value) -> HttpRequest:
        """Keep it as a draft, with these recipients."""
        return HttpRequest("POST", "https://graph.microsoft.com/v1.0/me/messages", {}, self._data(), "json")


class O365Folder(Object):
    """A mailbox or a folder."""

    def new_message(self, *_: Value, **__: Value) -> O365Message:
        """An empty message."""
        return O365Message()


class O365Account(Object):
    """``O365.Account``."""

    PATHS: tuple[str, ...] = ("O365.Account", "O365.account.Account")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def new_message(self, *_: Value, **__: Value) -> O365Message:
        """An empty message."""
        return O365Message()

    def mailbox(self, *_: Value, **__: Value) -> O365Folder:
        """A mailbox."""
        return O365Folder()
