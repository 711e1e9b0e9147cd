"""SocketLabs: ``/api/v1/email`` of the Injection API, and the package ``socketlabs-injectionapi``.

Each item of ``Messages`` is a message, and everybody in its To and CC reads everybody else there. With merge data for each
message (``MergeData.PerMessage``) it is sent once for each set of data, and To is a placeholder that the set fills.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailguard.addresses.pairs import mailbox
from mailguard.model.count import ONE, Count
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Member, Object, Sort, Value, each, get, sort_of, text
from mailguard.transports.json_api import Api, as_data, collected, field, given, of_json, post
from mailguard.transports.services import printed, says_any

__all__ = ["PROVIDER", "BasicMessage", "BulkMessage", "SocketLabsClient"]

_SEND: Final = "v1/email"
_PLACEHOLDER: Final = "%%deliveryaddress%%"


def _looks(body: Value) -> str | None:
    listed = field(body, "messages")
    first = next((item for item, _ in each(given(listed))), None) if sort_of(listed) is Sort.COLLECTION else None
    return _SEND if first is not None and says_any(first, "to", "cc", "bcc", "mergedata") else None


_API: Final = Api(
    hosts=re.compile(r"inject(?:-[a-z0-9]+)?\.socketlabs\.com"),
    paths=((re.compile(r"/api/v1/email"), _SEND),),
    like_sending=re.compile(r"/email"),
    looks=_looks,
    names=("socketlabs",),
)


def claims(exchange: Exchange) -> str | None:
    """``v1/email``, or ``account``."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each item, or one for each set of its merge data."""
    listed = field(body, "messages")
    if isinstance(listed, Absent) or sort_of(listed) in {Sort.NONE, Sort.UNKNOWN}:
        return CannotTell(Reason.ADDRESSES, "the body names no messages")
    items = [Member(given(listed), ONE)] if sort_of(listed) is Sort.MAPPING else each(listed)
    return tuple(one for item, count in items if count.high for one in _messages(item, count))


def _messages(item: Value, count: Count) -> Iterator[Message]:
    listed = given(field(item, "to"))
    entries = list(each(listed)) if sort_of(listed) is Sort.COLLECTION else [Member(listed, ONE)]
    own = [member for member in entries if not _filled(member.value)]
    sets = given(field(field(item, "mergeData"), "perMessage"))
    if len(own) == len(entries) or sort_of(sets) is not Sort.COLLECTION:
        yield replace(_printed(item), copies=count)
        return
    pairs = {name: given(field(item, name)) for name in ("cc", "bcc", "replyTo")}
    shared = _printed({**pairs, "to": collected(own)})
    for each_set, times in each(sets):
        fields = {(text(given(get(one, "field", fold=True))) or "").casefold(): one for one, _ in each(each_set)}
        address = given(get(fields.get("deliveryaddress"), "value", fold=True))
        people = mailbox(address, get(fields.get("recipientname"), "value", fold=True))
        if times.high:
            mentions = (*people.mentions, *shared.mentions)
            to = (*people.recipients, *shared.to)
            yield replace(shared, to=to, mentions=mentions, copies=count * times)


def _printed(item: Value) -> Message:
    return printed(item, reply_to="replyTo", address="emailAddress", name="friendlyName")


def _filled(entry: Value) -> bool:
    """Whether an entry of To stands for the address in each set of merge data."""
    return (text(given(get(entry, "emailAddress", fold=True))) or "").casefold() == _PLACEHOLDER


# --- The package socketlabs-injectionapi -----------------------------------------------------------


class EmailAddress(Object):
    """``EmailAddress(email_address, friendly_name)``."""

    PATHS: tuple[str, ...] = (
        "socketlabs.injectionapi.message.emailaddress.EmailAddress",
        "socketlabs.injectionapi.message.__imports__.EmailAddress",
    )
    HOLDS = True

    def __init__(self, email_address: Value = None, friendly_name: Value = None) -> None:
        self.write("email_address", email_address)
        self.write("friendly_name", friendly_name)

    def render(self) -> Value:
        """The JSON."""
        return _pair(given(self.read("email_address")), given(self.read("friendly_name")))


def _pair(address: Value, name: Value = None) -> Value:
    if isinstance(address, Object):
        return address.render()
    return {"emailAddress": address, **({} if name is None else {"friendlyName": name})}


class BulkRecipient(EmailAddress):
    """``BulkRecipient(email_address, friendly_name)``."""

    PATHS = (
        "socketlabs.injectionapi.message.bulkrecipient.BulkRecipient",
        "socketlabs.injectionapi.message.__imports__.BulkRecipient",
    )

    def __init__(self, email_address: Value = None, friendly_name: Value = None, *_: Value) -> None:
        super().__init__(email_address, friendly_name)

    def add_merge_data(self, *_: Value) -> None:
        """Data for the text."""


class BasicMessage(Object):
    """``BasicMessage()``: people are collected in lists, which makes them shared."""

    PATHS: tuple[str, ...] = (
        "socketlabs.injectionapi.message.basicmessage.BasicMessage",
        "socketlabs.injectionapi.message.__imports__.BasicMessage",
    )
    LISTS = (("to", "to_email_address"), ("cc", "cc_email_address"), ("bcc", "bcc_email_address"))

    def __init__(self) -> None:
        pass

    def add_to_email_address(self, email_address: Value, friendly_name: Value = None) -> None:
        """One more in To."""
        self.append("to_email_address", _pair(email_address, friendly_name))

    def add_cc_email_address(self, email_address: Value, friendly_name: Value = None) -> None:
        """One more in CC."""
        self.append("cc_email_address", _pair(email_address, friendly_name))

    def add_bcc_email_address(self, email_address: Value, friendly_name: Value = None) -> None:
        """One more blind copy."""
        self.append("bcc_email_address", _pair(email_address, friendly_name))

    def render(self) -> Value:
        """The JSON of one message."""
        pairs = ((sent, given(self.read(name))) for sent, name in self.LISTS)
        return {
            **{sent: value for sent, value in pairs if value is not None},
            "replyTo": as_data(given(self.read("reply_to"))),
        }


class BulkMessage(Object):
    """``BulkMessage()``: one message for each recipient."""

    PATHS: tuple[str, ...] = (
        "socketlabs.injectionapi.message.bulkmessage.BulkMessage",
        "socketlabs.injectionapi.message.__imports__.BulkMessage",
    )

    def __init__(self) -> None:
        pass

    def add_to_recipient(self, bulk_recipient: Value, friendly_name: Value = None) -> None:
        """One more, who gets a message of his own."""
        self.append("to_recipient", _pair(bulk_recipient, friendly_name))

    def render(self) -> Value:
        """The JSON: a placeholder, and a set of data for each."""
        people = as_data(given(self.read("to_recipient")))
        sets = collected(
            Member([{"field": "DeliveryAddress", "value": given(get(one, "emailAddress"))}], count)
            for one, count in (each(people) if sort_of(people) is Sort.COLLECTION else ())
        )
        return {"to": [{"emailAddress": "%%DeliveryAddress%%"}], "mergeData": {"perMessage": sets}}


class SocketLabsClient(Object):
    """``SocketLabsClient(server_id, api_key)``."""

    PATHS: tuple[str, ...] = (
        "socketlabs.injectionapi.SocketLabsClient",
        "socketlabs.injectionapi.socketlabsclient.SocketLabsClient",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def send(self, message: Value) -> HttpRequest:
        """Send one."""
        return post("https://inject.socketlabs.com/api/v1/email", {"messages": [as_data(message)]})

    def send_async(self, message: Value, *_: Value) -> HttpRequest:
        """Send one, and be told later."""
        return self.send(message)


PROVIDER: Final = Provider(
    name="socketlabs",
    title="SocketLabs",
    sources=(
        Source(
            "https://help.socketlabs.com/docs/email/v2/injection-api",
            "To, CC and BCC of a message; a bulk message has merge data for each of its people",
        ),
        Source("pypi:socketlabs-injectionapi==1.4.4", "run: the JSON of BasicMessage and BulkMessage"),
    ),
    claims=claims,
    decode=decode,
    address="https://inject.socketlabs.com/api/v1/email",
    library=Library(
        classes=(SocketLabsClient, BasicMessage, BulkMessage, EmailAddress, BulkRecipient), tokens=("socketlabs",)
    ),
    explain=(
        "Everybody in To and CC of one message is printed to everybody in it; BCC is blind. A bulk message, with merge data for "
        "each of its people, is sent to each of them alone."
    ),
)
"""SocketLabs."""
