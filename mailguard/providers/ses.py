"""Amazon SES: the query protocol of 2010, the JSON API (v2), and ``pinpoint-email``, which is the same API under /v1.

Both APIs say the same things with the same words, so the flattened form of the
query protocol (``Destination.ToAddresses.member.1``) is put back into nested
data first and read like the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, ONE, OPEN, OPTIONAL, Count, Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Mention, Message, Reason, Undecided
from mailguard.model.provider import Provider, Source
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    has,
    inherit,
    join,
    scalar,
    sort_of,
    text,
    truth,
)
from mailguard.transports.aws import LIBRARY
from mailguard.transports.aws.requests import QUERY_VERSION
from mailguard.transports.json_api import headers_of
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.urls import Url, url_parts

__all__ = ["PROVIDER"]

_SUFFIX: Final = (
    r"(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn"
    r"|api\.amazonwebservices\.eu|c2s\.ic\.gov|api\.aws\.ic\.gov|sc2s\.sgov\.gov|api\.aws\.scloud"
    r"|cloud\.adc-e\.uk|api\.cloud-aws\.adc-e\.uk|csp\.hci\.ic\.gov|api\.aws\.hci\.ic\.gov)"
)
_HOST: Final = re.compile(
    # A VPC endpoint has a name in front of the service and "vpce" behind the region.
    rf"(?:[a-z0-9-]+\.)?email(?:-fips)?\.(?:[a-z0-9*-]+\.)?(?:vpce\.)?{_SUFFIX}"
    # A multi-region endpoint is named by its id.
    rf"|[a-z0-9*.-]+\.endpoints\.email\.(?:(?:global|us-gov)\.)?{_SUFFIX}"
)
"""The endpoint rules of botocore 1.44.5 for ``ses``, ``sesv2`` and ``pinpoint-email`` in all partitions."""

_PATH: Final = re.compile(r"/(v[12])/email/([^/]*)(?:/.*)?", re.DOTALL)
_SENDS_NOTHING: Final = frozenset(
    {
        *(
            "account",
            "configuration-sets",
            "contact-lists",
            "custom-verification-email-templates",
            "dedicated-ip-pools",
        ),
        *(
            "dedicated-ips",
            "deliverability-dashboard",
            "email-address-insights",
            "export-jobs",
            "identities",
            "identity",
        ),
        *("import-jobs", "insights", "list-configuration-sets", "list-export-jobs", "list-identities", "metrics"),
        *("multi-region-endpoints", "reputation", "resources", "suppression", "tags", "templates", "tenant", "tenants"),
        *("update-configuration-sets", "vdm"),
    }
)
"""First path segments of the v2 operations that are about the account (service model ``sesv2`` 2019-09-27)."""

_SENDING_PATHS: Final = frozenset({"outbound-emails", "outbound-bulk-emails", "outbound-custom-verification-emails"})
_SENDING_ACTIONS: Final = frozenset(
    {
        "SendEmail",
        "SendTemplatedEmail",
        "SendRawEmail",
        "SendBulkTemplatedEmail",
        "SendCustomVerificationEmail",
        "SendBounce",
    }
)
_ACTION: Final = re.compile(r"[A-Z][A-Za-z]{2,60}")
_UNREAD: Final = "query"
"""The operation of a query request whose action cannot be read; ``decode`` says why."""


# --- Whose request it is -------------------------------------------------------------------------


def claims(exchange: Exchange) -> str | None:
    """The action (``SendEmail``) or the path (``v2/email/outbound-emails``) of a request to SES.

    A request to another host (a local stack, a proxy) is claimed only where its form is unmistakable.
    """
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    if url is None:
        return None
    ours = _HOST.fullmatch(url.host) is not None
    path = _PATH.fullmatch(url.path)
    if path is not None:
        return _by_path(path.group(1), path.group(2), _method(exchange), ours=ours)
    if url.path in {"", "/"}:
        return _by_action(exchange, url, ours=ours)
    return f"?{_method(exchange)}" if ours else None


def _method(request: HttpRequest) -> str:
    method = (text(request.method) or "POST").upper()
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "POST"


def _by_path(version: str, segment: str, method: str, *, ours: bool) -> str | None:
    if segment in _SENDING_PATHS:
        return f"{version}/email/{segment}" if method in {"POST", "PUT"} else f"{version}/email" if ours else None
    if not ours:
        return None
    if segment in _SENDS_NOTHING or method in {"GET", "HEAD", "DELETE", "OPTIONS"}:
        return f"{version}/email"
    return f"?{version}/email"


def _by_action(request: HttpRequest, url: Url, *, ours: bool) -> str | None:
    if not ours and not _like_a_query(request):
        return None
    members = _members(request, url)
    if isinstance(members, CannotTell):
        return _UNREAD if ours else None
    if not ours and text(get(members, "Version", fold=True)) != QUERY_VERSION:
        return None
    action = text(get(members, "Action", fold=True))
    if action is None:
        return _UNREAD if ours else None
    if not _ACTION.fullmatch(action):
        return "?" if ours else None
    if action in _SENDING_ACTIONS:
        return action
    if not ours:
        return None
    return f"?{action}" if action.startswith("Send") else action


def _like_a_query(request: HttpRequest) -> bool:
    # Reading the body of every request of a capture would cost too much.
    match scalar(request.body) if not isinstance(request.body, Form) else None:
        case str(body):
            return "Action=Send" in body
        case bytes(body):
            return b"Action=Send" in body
        case dict(body):
            return "Action" in body
        case _:
            return False


# --- The query protocol as nested data -----------------------------------------------------------


@dataclass(slots=True)
class _Node:
    values: list[Value] = field(default_factory=list)
    children: dict[str, _Node] = field(default_factory=dict)


def _members(request: HttpRequest, url: Url) -> Value | CannotTell:
    """The parameters of a query request as nested data: of its body, of its URL, or some of either."""
    if url.query.parts and _method(request) in {"GET", "HEAD"}:
        return _nested(url.query)
    body = payload(request)
    if isinstance(body, CannotTell):
        # A request may have all of it in its URL, and then has no body that could be missing.
        return _nested(url.query) if _acts(url) and body.reason is Reason.BODY_MISSING else body
    if isinstance(body.value, Form):
        return _nested(Form((*url.query.parts, *body.value.parts)) if _acts(url) else body.value)
    if body.kind == "empty":
        return _nested(url.query) if url.query.parts else CannotTell(Reason.BODY_MISSING)
    return body.value


def _acts(url: Url) -> bool:
    """Whether the URL names an action; the service takes parameters there and in the body."""
    return any(name.casefold() == "action" for name, _ in url.query.parts)


def _nested(form: Form) -> Value:
    root = _Node()
    for name, value in form.parts:
        node = root
        for step in name.split(".", 12):
            node = node.children.setdefault(step, _Node())
        node.values.append(value)
    return {name: _data(node) for name, node in root.children.items()}


def _data(node: _Node) -> Value:
    if not node.children:
        return node.values[0] if len(node.values) == 1 else list(node.values)
    listed = node.children.get("member")
    if listed is None:
        named: Value = {name: _data(child) for name, child in node.children.items()}
        return [*node.values, named] if node.values else named
    numbers = sorted(listed.children, key=lambda number: (int(number) if _is_number(number) else 1 << 40, number))
    rest = [_data(child) for name, child in node.children.items() if name != "member"]
    return [*node.values, *listed.values, *(_data(listed.children[number]) for number in numbers), *rest]


def _is_number(step: str) -> bool:
    return step.isascii() and step.isdigit() and len(step) < 10


# --- What it means -------------------------------------------------------------------------------


def decode(operation: str, exchange: Exchange) -> Decoded:
    """The messages of a request that :func:`claims` claimed."""
    if not isinstance(exchange, HttpRequest) or operation.startswith("?"):
        return CannotTell(Reason.UNKNOWN_FORM)
    if "/" not in operation:
        return _decode_action(operation, exchange)
    segment = operation.rpartition("/")[2]
    if segment not in _SENDING_PATHS:
        return ()
    body = payload(exchange)
    if isinstance(body, CannotTell):
        return body
    if body.kind != "json" or isinstance(body.value, Form):
        return CannotTell(Reason.BODY_MISSING if body.kind == "empty" else Reason.UNKNOWN_FORM, "the body is not JSON")
    return _decode_path(segment, body.value)


def _decode_path(segment: str, members: Value) -> Decoded:
    if sort_of(members) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if segment == "outbound-custom-verification-emails":
        return (_printed({"ToAddresses": get(members, "EmailAddress", fold=True)}, ABSENT),)
    if segment == "outbound-bulk-emails":
        return _bulk(members, "BulkEmailEntries")
    content = get(members, "Content", fold=True)
    destination = get(members, "Destination", fold=True)
    raw = get(content, "Raw", fold=True)
    printed = _printed(destination, get(members, "ReplyToAddresses", fold=True), headers=_headers(content))
    plain_data = isinstance(content, (Absent, dict, list)) and type(members) is dict
    if type(content) in (str, bool, int, float):
        return CannotTell(Reason.UNKNOWN_FORM, "the content is not an object")
    if plain_data and (isinstance(raw, Absent) or not raw) and not _composed(content):
        return CannotTell(Reason.BODY_MISSING, "the request has no content")
    match _given(has(content, "Raw", fold=True), raw):
        case Truth.NO:
            return (printed,)
        case Truth.YES:
            return _raw(get(raw, "Data", fold=True), _envelope(destination))
        case Truth.MAYBE:
            return _either(printed, _raw(get(raw, "Data", fold=True), _envelope(destination)))


def _composed(content: Value | Absent) -> bool:
    """Whether Amazon writes the header of the message."""
    return any(has(content, kind, fold=True) is Truth.YES for kind in ("Simple", "Template"))


def _given(present: Truth, value: Value | Absent) -> Truth:
    if present is Truth.NO or truth(value) is Truth.NO or isinstance(value, Absent):
        return Truth.NO
    # A mapping that may hold more than is known plainly does not hold this.
    return present & (Truth.MAYBE if sort_of(value) is Sort.UNKNOWN and isinstance(value, Either) else Truth.YES)


def _either(printed: Message, raw: Decoded) -> Decoded:
    """Branches of the code that send one form or the other: what either shows is shown."""
    one = replace(printed, copies=OPTIONAL)
    match raw:
        case CannotTell():
            return (one,)
        case Undecided():
            return Undecided(raw.reason, (one, *raw.messages), (one, *raw.alternative))
        case _:
            return (one, *(replace(message, copies=OPTIONAL) for message in raw))


def _decode_action(action: str, request: HttpRequest) -> Decoded:
    url = url_parts(request.url) or Url("", "")
    members = _members(request, url)
    if isinstance(members, CannotTell):
        return members
    match action:
        case "SendEmail" | "SendTemplatedEmail":
            return (_printed(get(members, "Destination", fold=True), get(members, "ReplyToAddresses", fold=True)),)
        case "SendRawEmail":
            listed = get(members, "Destinations", fold=True)
            data = get(get(members, "RawMessage", fold=True), "Data", fold=True)
            return _raw(data, None if isinstance(listed, Absent) else listed)
        case "SendBulkTemplatedEmail":
            return _bulk(members, "Destinations")
        case "SendCustomVerificationEmail":
            return (_printed({"ToAddresses": get(members, "EmailAddress", fold=True)}, ABSENT),)
        case "SendBounce":
            # Goes to whoever sent the message with OriginalMessageId, whom the request does not name.
            return (Message(hidden=ONE),)
        case "query":
            return CannotTell(Reason.UNKNOWN_FORM, "the request names no action")
        case _:
            return ()


def _open(value: Unknown | Parameter) -> Value:
    """What is not known of a destination: nothing limits how many it names."""
    return replace(value, count=OPEN)


def _list(destination: Value | Absent, name: str) -> Value | Absent:
    """One list of a destination; of a destination that is not known, To is all of it."""
    match destination:
        case Unknown() | Parameter():
            return _open(destination) if name == "ToAddresses" else ABSENT
        case Either():
            return join(
                *(
                    _list(option if isinstance(option, Absent) else inherit(option, destination.trail), name)
                    for option in destination.options
                )
            )
        case _ if sort_of(destination) is Sort.COLLECTION:
            # A destination written twice; the request is damaged, and nobody in it may get lost.
            found = [_list(item, name) for item, _ in each(destination)]
            return [item for item in found if not isinstance(item, Absent)]
        case _:
            found_one = get(destination, name, fold=True)
            if name != "ToAddresses":
                return found_one
            # A key with a hole (Destination.%s.member.1) may be any list: the visible one is the worst.
            unnamed = get(destination, "*")
            if not isinstance(unnamed, Absent):
                return unnamed if isinstance(found_one, Absent) else [found_one, unnamed]
            if isinstance(found_one, Absent) and isinstance(destination, Fields) and destination.open:
                return Unknown("ToAddresses", ANY, destination.trail)
            return found_one


def _envelope(destination: Value | Absent) -> Value | None:
    """Everybody in a destination; None where it names nobody, so that the headers decide."""
    lists = (_list(destination, name) for name in ("ToAddresses", "CcAddresses", "BccAddresses"))
    found = [item for item in lists if not isinstance(item, Absent) and truth(item) is not Truth.NO]
    return found or None


def _headers(content: Value | Absent) -> list[Value | Absent]:
    """The lists of own headers that a message has beside those which SES writes."""
    return [get(get(content, kind, fold=True), "Headers", fold=True) for kind in ("Simple", "Template")]


def _printed(
    destination: Value | Absent, reply_to: Value | Absent, copies: Count = ONE, headers: Iterable[Value | Absent] = ()
) -> Message:
    """SES writes the header: To and Cc lists are shown to everybody, Bcc to nobody (API reference, Destination)."""
    to = recipients(_list(destination, "ToAddresses"))
    cc = recipients(_list(destination, "CcAddresses"))
    bcc = recipients(_list(destination, "BccAddresses"))
    reply = recipients(reply_to)
    own = [headers_of(listed) for listed in headers]
    return Message(
        to=to.recipients,
        cc=cc.recipients,
        bcc=bcc.recipients,
        reply_to=(*reply.recipients, *(person for people, _ in own for person in people.recipients)),
        copies=copies,
        mentions=(*_mentions(to, cc, reply), *(mention for _, found in own for mention in found)),
    )


def _mentions(*visible: People) -> Iterator[Mention]:
    for people in visible:
        yield from people.mentions


_NAMES_NOBODY: Final = frozenset(
    {
        *("Action", "Version", "Source", "SourceArn", "ReturnPath", "ReturnPathArn", "ConfigurationSetName"),
        *("ReplyToAddresses", "DefaultTags", "Template", "TemplateArn", "DefaultTemplateData", "FromEmailAddress"),
        *("FromEmailAddressIdentityArn", "DefaultEmailTags", "DefaultContent", "EndpointId", "TenantName"),
    }
)
"""Documented members of a bulk request that hold no recipients."""


def _bulk(members: Value, name: str) -> Decoded:
    """One message for each entry of the list ``name``; inside an entry the lists are shared."""
    entries, reply_to = get(members, name, fold=True), get(members, "ReplyToAddresses", fold=True)
    named = {text(key) for key, _ in each(members)}
    if isinstance(entries, Absent) and named and _NAMES_NOBODY.issuperset(named):
        return ()  # what the client makes of an empty list: refused, and nobody is in it
    sort = sort_of(entries)
    if sort is Sort.MAPPING:
        entries = [entries]
    elif sort not in {Sort.COLLECTION, Sort.UNKNOWN} or isinstance(entries, Absent):
        return CannotTell(Reason.UNKNOWN_FORM, "the request has no list of destinations")
    messages = []
    shared = _headers(get(members, "DefaultContent", fold=True))
    for entry, count in each(entries):
        if count.high:
            destination = entry if isinstance(entry, (Unknown, Parameter)) else get(entry, "Destination", fold=True)
            headers = [get(entry, "ReplacementHeaders", fold=True), *shared]
            messages.append(_printed(destination, reply_to, count, headers))
    return tuple(messages)


def _raw(data: Value | Absent, envelope: Value | None) -> Decoded:
    """MIME source: its headers are what is seen, the destinations are the envelope; without them the headers are it.

    What happens to a Bcc line is not stated on the pages read, so a request that has one is never decided.
    """
    source = _source(data)
    if isinstance(source, CannotTell):
        return source
    rcpt_to = None if envelope is None or truth(envelope) is Truth.NO else envelope
    worst = message_of(source, rcpt_to, bcc="transmitted")
    if isinstance(worst, CannotTell):
        return worst
    if not worst.transmitted_bcc:
        return (worst,)
    removed = message_of(source, rcpt_to, bcc="removed")
    if isinstance(removed, CannotTell):
        return removed
    return Undecided(Reason.RAW_BCC, (worst,), (removed,))


def _source(data: Value | Absent) -> Value | CannotTell:
    """MIME source: the models hand over bytes as the caller gave them, the wire carries base64 text."""
    if isinstance(data, Either):
        found = [_source(inherit(option, data.trail)) for option in data.options if not isinstance(option, Absent)]
        known = [source for source in found if not isinstance(source, CannotTell)]
        joined = join(*known) if known else ABSENT
        return found[0] if isinstance(joined, Absent) else joined
    if not isinstance(data, Absent) and isinstance(scalar(data), bytes):
        return data
    source = from_base64(data)
    if not isinstance(source, CannotTell) and (not source or isinstance(source, (dict, list, int, float))):
        return CannotTell(Reason.BODY_MISSING, "the raw message is not text")
    return source


PROVIDER: Final = Provider(
    name="ses",
    title="Amazon SES",
    sources=(
        Source("pypi:boto3==1.44.5", "the requests of all calls, and the service models with their endpoints"),
        Source(
            "https://docs.aws.amazon.com/ses/latest/APIReference/API_Destination.html",
            "To and Cc lists of one destination are shared, Bcc is blind; 50 recipients at most",
        ),
        Source(
            "https://docs.aws.amazon.com/ses/latest/APIReference/API_SendBulkTemplatedEmail.html",
            "one message for each destination, up to 50 destinations",
        ),
        Source(
            "https://docs.aws.amazon.com/ses/latest/APIReference/API_SendRawEmail.html",
            "Destinations is the envelope; without it To, Cc and Bcc headers are; no word on whether Bcc is removed",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://email.us-east-1.amazonaws.com/v2/email/outbound-emails",
    library=LIBRARY,
    explain=(
        "A send shows everybody in ToAddresses and CcAddresses to everybody; BccAddresses are blind. "
        "A bulk call writes one message for each entry, and shares the lists inside an entry. "
        "In a raw message the headers decide what is seen, the destinations only who gets it."
    ),
)
"""Amazon Simple Email Service."""
