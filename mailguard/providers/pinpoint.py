"""Amazon Pinpoint: ``SendMessages`` and ``SendUsersMessages``, which go by mail where the channel is mail.

Each address of ``Addresses`` gets a message of its own. A message that is given as MIME source (``RawEmail``) goes out as it
is, so its lines are what all of them read. People of the service (``Endpoints``, ``Users``) are named by their ids. The mail
API that is called pinpoint-email is the one of SES.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, ONE
from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Fields, Member, Parameter, Sort, Unknown, Value, each, get, sort_of, text
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import ACCOUNT, LISTS, Api, collected, field, given, of_json
from mailguard.transports.services import each_entry, raw_mail, says_any
from mailguard.wire.encodings import from_base64

__all__ = ["PROVIDER"]

_SEND: Final = "messages"
_USERS: Final = "users-messages"


def _looks(body: Value) -> str | None:
    named = says_any(body, "Addresses", "Endpoints", "Users")
    return _SEND if named and _mail(body) is not None else None


_API: Final = Api(
    hosts=re.compile(r"pinpoint(?:-fips)?\.[a-z0-9*-]+\.(?:amazonaws\.com(?:\.cn)?|api\.aws)"),
    paths=(
        (re.compile(r"/v1/apps/[^/]+/messages"), _SEND),
        (re.compile(r"/v1/apps/[^/]+/users-messages"), _USERS),
        # Who is in a segment is known to the service alone.
        (re.compile(r"/v1/apps/[^/]+/(?:campaigns|journeys)(?:/[^/]+)?"), LISTS),
        (re.compile(r"/v1/(?:templates|recommenders|phone|tags)(?:/.*)?|/v1/apps"), ACCOUNT),
    ),
    like_sending=re.compile(r"/messages?(?:/|$)|send"),
    looks=_looks,
    names=("pinpoint",),
)


def claims(exchange: Exchange) -> str | None:
    """``messages``, ``users-messages``, ``lists`` for campaigns, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message for each address."""
    # Some recorders note the arguments of the call: {"MessageRequest": {...}}.
    inner = next((one for name in _HOLDERS if not isinstance(one := field(body, name), Absent)), body)
    if isinstance(inner, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
    if sort_of(inner) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    addresses = field(inner, "Addresses")
    people = _by_mail(addresses)
    mail = _mail(inner)
    if mail is None:
        return (
            ()
            if not people and says_any(inner, "MessageConfiguration", "TemplateConfiguration")
            else CannotTell(Reason.UNKNOWN_FORM, "the request has no message for mail")
        )
    if sort_of(mail) is not Sort.MAPPING and not isinstance(mail, (Unknown, Parameter)):
        return CannotTell(Reason.UNKNOWN_FORM, "the message for mail is not an object")
    listed = collected(people)
    if says_any(mail, "RawEmail"):
        source = field(field(mail, "RawEmail"), "Data")
        if isinstance(source, (dict, list)) and isinstance(from_base64(source), (CannotTell, dict, list)):
            return CannotTell(Reason.UNKNOWN_FORM, "the message inside the request is not text")
        return raw_mail(source, listed)
    if not says_any(mail, "SimpleEmail", "Body", "Name") and not says_any(inner, "TemplateConfiguration"):
        return CannotTell(Reason.UNKNOWN_FORM, "nothing says what the message is")
    frame = Message(reply_to=contacts(field(mail, "ReplyToAddresses")).recipients)
    if isinstance(addresses, (Unknown, Parameter)):
        return each_entry(addresses, frame)
    found = each_entry(listed, frame)
    if says_any(inner, "Endpoints", "Users") or operation == _USERS:
        found += (replace(frame, hidden=ONE, copies=MANY),)
    return found or CannotTell(Reason.ADDRESSES, "the body names no recipients")


_HOLDERS: Final = ("MessageRequest", "SendUsersMessageRequest")


def _mail(body: Value) -> Value | None:
    """What is said by mail; None where the message is for other channels only."""
    for holder, name in (("MessageConfiguration", "EmailMessage"), ("TemplateConfiguration", "EmailTemplate")):
        mail = field(field(body, holder), name)
        if not isinstance(mail, Absent) and sort_of(mail) is not Sort.NONE:
            return mail
    return None


def _by_mail(addresses: Value | Absent) -> list[Member]:
    """The addresses that are of mail: a number gets a text message, a token a notice."""
    found: list[Member] = []
    if sort_of(addresses) is not Sort.MAPPING:
        return list(each(addresses))
    for key, count in each(addresses):
        channel = text(field(get(addresses, text(key) or ""), "ChannelType"))
        if channel is None or channel.upper() in {"EMAIL", "CUSTOM"}:
            found.append(Member(given(key), count))
    if isinstance(addresses, Fields) and (addresses.open or addresses.rest is not None):
        found.append(Member(Unknown("address", ONE, addresses.trail), MANY))  # keys that the code computes
    return found


PROVIDER: Final = Provider(
    name="pinpoint",
    title="Amazon Pinpoint",
    sources=(
        Source(
            "https://docs.aws.amazon.com/pinpoint/latest/apireference/apps-application-id-messages.html",
            "Addresses maps each address to its channel; the answer has one result for each",
        ),
        Source("pypi:boto3==1.44.5", "run: the request of send_messages, the same as that of 1.17.0"),
        Source("npm:@aws-sdk/client-pinpoint", "run: SendMessagesCommand and SendUsersMessagesCommand"),
    ),
    claims=claims,
    decode=decode,
    address="https://pinpoint.us-east-1.amazonaws.com/v1/apps/app/messages",
    library=Library(tokens=("boto & send_messages", "boto & send_users_messages", "pinpoint.")),
    explain=(
        "Each address of Addresses gets a message of its own. A message given as MIME source (RawEmail) prints its own lines "
        "to all of them."
    ),
)
"""Amazon Pinpoint."""
