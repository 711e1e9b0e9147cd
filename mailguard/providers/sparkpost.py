"""SparkPost: ``POST /api/v1/transmissions``, and the package ``sparkpost``.

Each recipient gets a message of its own. What it prints in To is ``header_to`` of that recipient, or the recipient's own
address; what it prints in Cc is a header of the content, the same on every message. So a plain list keeps readers
apart, and a list that was joined into ``header_to`` shows all to all.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field, replace
from email.utils import parseaddr
from typing import Any, Final

from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE, Count
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Mention, Message, Reason, Recipient
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Member,
    Object,
    Parameter,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    inherit,
    is_tuple,
    join,
    plain,
    sort_of,
    text,
    trail_of,
)
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import (
    ACCOUNT,
    Api,
    collected,
    given,
    header_values,
    headers_of,
    of_json,
    options,
    post,
    truthy,
    url,
)
from mailguard.transports.mime.reading import blind_of

__all__ = ["PROVIDER", "SparkPost", "Transmissions"]

# --- Whose request it is -------------------------------------------------------------------------

_SEND: Final = "transmissions"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    named = not any(isinstance(get(body, name), Absent) for name in ("recipients", "content"))
    return _SEND if named else None


_API: Final = Api(
    # An enterprise account has a host of its own: NAME.api.e.sparkpost.com.
    hosts=re.compile(
        r"(?:[a-z0-9*-]+\.)*api(?:\.[a-z0-9*-]+)?\.sparkpost(?:elite)?\.com|[a-z0-9*-]+\.sparkpostelite\.com"
    ),
    paths=((re.compile(r"/api/v[0-9*]+/transmissions"), _SEND),),
    like_sending=re.compile(r"/transmissions?(?:/|$)|/send"),
    looks=_looks,
    names=("sparkpost",),
)


def claims(exchange: Exchange) -> str | None:
    """``transmissions``, or ``account`` for templates, recipient lists, statistics and whatever else sends nothing."""
    operation = _API.operation(exchange)
    if operation == _SEND and isinstance(exchange, HttpRequest) and (text(exchange.method) or "POST").upper() == "PUT":
        return ACCOUNT
    return operation


# --- What it means -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """Recipients whose messages print the same To."""

    printed: People
    own: list[Recipient] = field(default_factory=list)
    copies: Count = ONE


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each To that is printed; recipients who are not in it, nor in Cc, are blind."""
    listed, content = get(body, "recipients", fold=True), get(body, "content", fold=True)
    if isinstance(listed, Absent) or sort_of(listed) is Sort.NONE:
        return CannotTell(Reason.ADDRESSES, "the body names no recipients")
    if truthy(get(content, "email_rfc822", fold=True)):
        return CannotTell(Reason.UNKNOWN_FORM, "the message is given as MIME source")
    frame, cc = _frame(content)
    found: list[Message] = []
    if truthy(get(listed, "list_id", fold=True)):
        # Each member of the stored list gets a message of its own; who they are, the request does not say.
        found.append(replace(frame, hidden=ONE, copies=MANY))
        if sort_of(listed) is Sort.MAPPING:
            return tuple(found)
    return (*found, *(_message(group, frame, cc) for group in _groups(listed)))


def _frame(content: Value | Absent) -> tuple[Message, tuple[Mention, ...]]:
    """What the content prints on every message, and what its own To prints besides."""
    headers = get(content, "headers", fold=True)
    cc = recipients(header_values(headers, "cc"))
    bcc = recipients(header_values(headers, "bcc"))
    more_to = recipients(header_values(headers, "to"))
    reply = contacts(get(content, "reply_to", fold=True))
    header_reply, _ = headers_of(headers)
    frame = Message(
        to=more_to.recipients,
        cc=cc.recipients,
        transmitted_bcc=bcc.recipients,
        reply_to=(*reply.recipients, *header_reply.recipients),
    )
    return frame, (*more_to.mentions, *cc.mentions, *reply.mentions, *header_reply.mentions)


def _groups(listed: Value) -> list[_Group]:
    items = [Member(listed, ONE)] if sort_of(listed) in {Sort.MAPPING, Sort.TEXT, Sort.OBJECT} else each(listed)
    known: dict[tuple[str, ...], _Group] = {}
    groups: list[_Group] = []
    lines: dict[str, tuple[People, tuple[str, ...] | None]] = {}
    for item, count in items:
        if not count.high:
            continue
        address = get(item, "address", fold=True)
        place = item if isinstance(address, Absent) else address
        own = contacts(place)
        header = get(place, "header_to", fold=True)
        stated = not isinstance(header, Absent) and sort_of(header) is not Sort.NONE and header != ""
        if stated and isinstance(header, str):
            # A request to a thousand repeats the line of a thousand for each of them: it is read once.
            if header not in lines:
                line = recipients(header)
                lines[header] = line, _key(line)
            printed, key = lines[header]
        else:
            printed = recipients(header) if stated else own
            key = _key(printed) if count == ONE or (stated and text(header) is not None) else None
        if key is None:
            groups.append(_Group(printed, list(own.recipients), count))
            continue
        if key not in known:
            known[key] = _Group(printed)
            groups.append(known[key])
        people = own.recipients if count == ONE else tuple(replace(p, count=p.count * count) for p in own.recipients)
        known[key].own.extend(people)
    return groups


def _key(printed: People) -> tuple[str, ...] | None:
    """What tells one To from another; None where it is not wholly known."""
    addresses = [person.address for person in printed.recipients if person.count == ONE]
    if not addresses or len(addresses) != len(printed.recipients) or None in addresses:
        return None
    return tuple(sorted(compare_key(address) for address in addresses if address is not None))


def _message(group: _Group, frame: Message, mentions: tuple[Mention, ...]) -> Message:
    to = (*group.printed.recipients, *frame.to)
    return replace(
        frame,
        to=to,
        bcc=blind_of(group.own, (*to, *frame.cc)),
        copies=group.copies,
        mentions=(*group.printed.mentions, *mentions),
    )


# --- The package ---------------------------------------------------------------------------------

_LENIENT: Final[dict[str, Any]] = {"strict": False} if "strict" in inspect.signature(parseaddr).parameters else {}
"""Python 3.13 reads several addresses as none (gh-102988); older ones take the first, as the package expects."""


def _address(value: Value) -> Value:
    """The object that the package makes of a text: of several addresses in one, the first is kept."""
    whole = text(value)
    if whole is None:
        return {"email": value}
    name, email = parseaddr(whole, **_LENIENT)
    trail = trail_of(value)
    return {"email": inherit(email, trail), **({"name": inherit(name, trail)} if name else {})}


def _extracted(listed: Value) -> Value:
    if sort_of(listed) is Sort.TEXT or is_tuple(listed) or sort_of(listed) is Sort.NUMBER:
        raise Refused("recipients must be a list or dict")
    return collected(Member(_recipient(item), count) for item, count in each(listed))


def _recipient(item: Value) -> Value:
    if sort_of(item) is Sort.TEXT or isinstance(item, (Unknown, Parameter)):
        return {"address": _address(item)}
    if isinstance(item, Either):
        return given(join(*(_recipient(option) for option in options(item))))
    return item


def _copies(first: Value, copies: Value) -> list[Member]:
    """Recipients that are printed nowhere in To: their messages print the first recipient."""
    address = get(first, "address")
    if sort_of(address) is Sort.TEXT:
        raise Refused("the first recipient is a text, not an object")
    email, name = given(get(address, "email")), get(address, "name")
    header = email if isinstance(name, Absent) else _quoted(name, email)
    members = []
    for item, count in each(_extracted(copies)):
        own = get(item, "address")
        if sort_of(own) is Sort.TEXT:
            raise Refused("a copy is a text, not an object")
        pairs = {key: given(get(own, key)) for key in ("email", "name") if not isinstance(get(own, key), Absent)}
        members.append(Member({"address": {**pairs, "header_to": header}}, count))
    return members


def _quoted(name: Value, email: Value) -> Value:
    parts = ('"', name, '" <', email, ">")
    if text(name) is not None and text(email) is not None:
        return f'"{text(name)}" <{text(email)}>'
    return Text(parts)


def _joined(cc: Value) -> Value:
    """The list as a header; what is not wholly known stays a list, which names the same people."""
    members = [plain(item) for item, _ in each(cc)]
    if any(sort_of(member) in {Sort.MAPPING, Sort.NUMBER, Sort.NONE} for member in members):
        raise Refused("only texts can be joined")
    if isinstance(cc, list) and all(isinstance(member, str) for member in members):
        return ",".join(str(member) for member in members)
    return cc


def _with_header(headers: Value | Absent, name: str, value: Value) -> Value:
    if isinstance(headers, Fields):
        return replace(headers, known=(*(pair for pair in headers.known if pair[0] != name), (name, value)))
    return {**headers, name: value} if isinstance(headers, dict) else {name: value}


class Transmissions(Object):
    """``SparkPost(key).transmissions``."""

    PATHS: tuple[str, ...] = (
        "sparkpost.Transmissions",
        "sparkpost.transmissions.Transmissions",
        "sparkpost.tornado.Transmissions",
        "sparkpost.tornado.transmissions.Transmissions",
    )

    def __init__(self, base_uri: Value = "https://api.sparkpost.com/api/v1", *_: Value, **__: Value) -> None:
        self.write("base_uri", base_uri)

    def send(self, **options: Value) -> HttpRequest:
        """Send; everything is given by name.

        ``cc`` must be a list. It is printed on every message, but copies for Cc and Bcc print the first recipient only.
        """
        content: dict[str, Value] = {}
        for name, key in (("custom_headers", "headers"), ("reply_to", "reply_to"), ("email_rfc822", "email_rfc822")):
            if name in options:
                content[key] = options[name]
        listed = options.get("recipients", [])
        if "recipient_list" in options:
            if sort_of(listed) is Sort.COLLECTION and "recipients" in options:
                raise Refused("recipients is a list already")
            listed = {"list_id": options["recipient_list"]}
        if truthy(listed) and sort_of(listed) is not Sort.MAPPING:
            found = _extracted(listed)
            members = list(each(found))
            first = next((item for item, _ in members), ABSENT)
            for kind in ("cc", "bcc"):
                copies = options.get(kind)
                if copies is None or not truthy(copies):
                    continue
                if kind == "cc":
                    content["headers"] = _with_header(content.get("headers", ABSENT), "CC", _joined(copies))
                if not isinstance(first, Absent):
                    members += _copies(first, copies)
            listed = collected(members)
        body: dict[str, Value] = {"recipients": listed, "content": content}
        return post(url(given(self.read("base_uri")), "/transmissions"), body)


class SparkPost(Object):
    """``sparkpost.SparkPost(api_key, base_uri)``."""

    PATHS: tuple[str, ...] = ("sparkpost.SparkPost", "sparkpost.tornado.SparkPost")

    def __init__(self, api_key: Value = None, base_uri: Value = "api.sparkpost.com", version: Value = "1") -> None:
        del api_key
        root = url("https://", base_uri, "/api/v", version)
        self.write("transmissions", Transmissions(root))
        self.write("transmission", Transmissions(root))


PROVIDER: Final = Provider(
    name="sparkpost",
    title="SparkPost",
    sources=(
        Source(
            "https://support.sparkpost.com/docs/faq/cc-bcc-with-rest-api",
            "a message for each recipient; header_to is what it prints in To; Cc is a header of the content",
        ),
        Source("https://developers.sparkpost.com/api/transmissions/", "recipients, or the id of a stored list"),
        Source("pypi:sparkpost==1.3.10", "run: the requests of transmissions.send"),
        Source("pypi:django-anymail==15.2", "run: the requests of its backend; the European host"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.sparkpost.com/api/v1/transmissions",
    library=Library(
        classes=(SparkPost, Transmissions),
        constants=(("sparkpost.EU_API", "api.eu.sparkpost.com"), ("sparkpost.US_API", "api.sparkpost.com")),
        tokens=("sparkpost",),
    ),
    explain=(
        "Each recipient gets a message of its own. It prints header_to in To, or else the recipient's own address, so a "
        "list that was joined into header_to shows all to all. A Cc header of the content is printed on every message."
    ),
)
"""SparkPost, by Bird."""
