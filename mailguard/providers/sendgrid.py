"""SendGrid: ``v3/mail/send``, the older ``api/mail.send.json``, and the ``sendgrid`` package from 1.x to 6.x.

A request holds personalizations. SendGrid writes one message for each of them, and everybody in one reads the same To
and Cc. So a list that was put into one personalization is shown to all of it, and the Python package puts it there
unless told otherwise. The package's habits, each of which is modelled below: ``is_multiple`` counts only if it *is*
True; assigning ``mail.to`` adds; a tuple is an address and its name; a text with commas is cut to its first address.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from email.utils import parseaddr
from typing import Any, Final, NamedTuple

from mailguard.addresses.pairs import mailbox, mailboxes
from mailguard.addresses.people import NOBODY, People
from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, OPEN, Count, Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason, Recipient, Trait
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    extended,
    get,
    has,
    inherit,
    is_tuple,
    join,
    known,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.transports.http import Encoded
from mailguard.transports.split import one_each, total, unless_split
from mailguard.wire.bodies import payload
from mailguard.wire.forms import fields_of, form_values
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]

# --- Whose request it is -------------------------------------------------------------------------

_HOSTS: Final = frozenset(
    {"api.sendgrid.com", "api.eu.sendgrid.com", "sendgrid.com", "www.sendgrid.com", "email.twilio.com"}
)
"""The last one is where ``TwilioEmailAPIClient`` of 6.12.5 sends the same requests."""

_SEND: Final = "v3/mail/send"
_SEND_OLD: Final = "api/mail.send"
_ACCOUNT: Final = "account"
"""The operation of every request that sends nothing: contacts, statistics, suppressions, templates, keys."""
_LIST: Final = "lists"
"""The operation of a campaign or a single send, whose people are a list at SendGrid."""
_UNKNOWN: Final = "?"

_READS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_V3: Final = re.compile(r"/v3/mail/send(?:/beta)?")
_V2: Final = re.compile(r"/(?:api|apiv2)/mail\.send\.(?:json|xml)")
_CAMPAIGN: Final = re.compile(r"/v3/(?:campaigns|marketing/singlesends)/[^/]+/schedules?(?:/now)?")
_LIKE_SENDING: Final = re.compile(r"(?:^|/)(?:mail\.)?(?:send|send_email|sendmail|schedules?|now)(?:[./]|$)")


def claims(exchange: Exchange) -> str | None:
    """``v3/mail/send``, ``api/mail.send``, ``lists`` or ``account``; ``?`` where it looks like sending in an unknown form."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    if url is None or url.host not in _HOSTS:
        return None
    path = url.path.lower()
    method = (text(exchange.method) or "POST").upper()
    if _V2.fullmatch(path):
        return _SEND_OLD  # GET too: everything may be in the query
    if method in _READS:
        return _ACCOUNT
    if _V3.fullmatch(path):
        return _SEND
    if _CAMPAIGN.fullmatch(path):
        return _LIST
    if "*" in path or path in {"", "/"}:
        return _SEND if _holds_personalizations(exchange) else _UNKNOWN if "*" in path or not path else _ACCOUNT
    if _LIKE_SENDING.search(path) and "/scheduled_sends" not in path:
        return _UNKNOWN
    return _UNKNOWN if _holds_personalizations(exchange) else _ACCOUNT


def _holds_personalizations(exchange: HttpRequest) -> bool:
    body = payload(exchange)
    return (
        not isinstance(body, CannotTell)
        and not isinstance(body.value, Form)
        and has(body.value, "personalizations") is Truth.YES
    )


# --- What it means: v3 ---------------------------------------------------------------------------


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each personalization; for the older API one message, or one for each address in ``x-smtpapi``."""
    if operation == _ACCOUNT:
        return ()
    if operation == _LIST:
        return CannotTell(Reason.LIST_AT_PROVIDER)
    if not isinstance(exchange, HttpRequest) or operation not in {_SEND, _SEND_OLD}:
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if operation == _SEND_OLD:
        return _decode_old(exchange)
    if isinstance(body, CannotTell):
        return body
    if body.kind == "empty":
        return CannotTell(Reason.BODY_MISSING)
    if body.kind != "json" or isinstance(body.value, Form):
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not JSON")
    return _decode_v3(body.value)


def _decode_v3(request: Value) -> Decoded:
    if sort_of(request) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    listed = get(request, "personalizations", fold=True)
    if listed is ABSENT or sort_of(listed) is Sort.NONE:
        if has(request, "personalizations", fold=True) is Truth.MAYBE:
            return CannotTell(Reason.ADDRESSES, "the code does not tell the personalizations")
        if any(has(request, name) is not Truth.NO for name in ("to", "cc", "bcc")):
            listed = [request]  # refused by SendGrid; people are in it all the same
        elif listed is ABSENT and has(request, "from") is Truth.YES and _NAMES_NOBODY.issuperset(_keys(request)):
            return ()  # what the package makes of an empty list: refused, and nobody is in it
        else:
            return CannotTell(Reason.UNKNOWN_FORM, "there are no personalizations")
    if sort_of(listed) in {Sort.TEXT, Sort.NUMBER}:
        return CannotTell(Reason.MASKED)
    if sort_of(listed) in {Sort.MAPPING, Sort.OBJECT}:
        listed = [listed]
    everywhere = _everywhere(request)
    return tuple(_personalization(value, count, everywhere) for value, count in each(listed) if count.high)


_NAMES_NOBODY: Final = frozenset(
    {
        *("from", "subject", "content", "template_id", "attachments", "categories", "custom_args", "send_at"),
        *("batch_id", "asm", "ip_pool_name", "tracking_settings", "sections"),
    }
)
"""Documented keys of a request that hold no recipients."""


def _keys(request: Value) -> set[str | None]:
    return {text(key) for key, _ in each(request)}


class _Everywhere(NamedTuple):
    """What the root of a request puts into every message of it."""

    bcc: tuple[Recipient, ...]
    reply_to: tuple[Recipient, ...]
    mentions: tuple[Mention, ...]


def _everywhere(request: Value) -> _Everywhere:
    reply_to = _people(get(request, "reply_to", fold=True))
    reply_to_list = _people(get(request, "reply_to_list", fold=True))
    headers = get(request, "headers", fold=True)
    printed = _people(get(headers, "reply-to", fold=True))
    return _Everywhere(
        _copied(get(get(request, "mail_settings", fold=True), "bcc", fold=True)),
        (*reply_to.recipients, *reply_to_list.recipients, *printed.recipients),
        (*reply_to.mentions, *reply_to_list.mentions, *_in_headers(headers)),
    )


def _copied(setting: Value | Absent) -> tuple[Recipient, ...]:
    """The blind copy that ``mail_settings.bcc`` adds to every message, if it is enabled."""
    if setting is ABSENT:
        return ()
    enabled = truth(get(setting, "enable", fold=True))
    if enabled is Truth.NO:
        return ()
    people = mailbox(get(setting, "email", fold=True)).recipients
    if enabled is Truth.YES:
        return people
    # A flag that is not known counts, plainly, as absent.
    return tuple(replace(person, count=Count(0, 0, person.count.high)) for person in people)


def _in_headers(headers: Value | Absent) -> tuple[Mention, ...]:
    if headers is ABSENT:
        return ()
    # SendGrid documents these names as reserved; what it does with them is not documented.
    return tuple(
        Mention(Field.HEADER, person, name)
        for name in ("To", "Cc", "Bcc")
        for person in recipients(get(headers, name, fold=True)).recipients
    )


def _personalization(value: Value, count: Count, everywhere: _Everywhere) -> Message:
    if isinstance(value, (Unknown, Parameter)):
        # Nothing tells who is in it, nor how many they are.
        to = recipients(replace(value, count=OPEN))
        cc = bcc = NOBODY
        mentions: tuple[Mention, ...] = ()
    else:
        to, cc, bcc = (_people(get(value, name, fold=True)) for name in ("to", "cc", "bcc"))
        if sort_of(value) in {Sort.TEXT, Sort.COLLECTION, Sort.NUMBER}:
            to = _people(value)  # addresses where an object is documented
        mentions = _in_headers(get(value, "headers", fold=True))
    several = total(to.recipients)
    shared = several.plainly_over(1) or several.over(1) is Truth.YES
    return Message(
        to=to.recipients,
        cc=cc.recipients,
        bcc=(*bcc.recipients, *everywhere.bcc),
        reply_to=everywhere.reply_to,
        copies=count,
        traits=frozenset({Trait.SHARED_PERSONALIZATION}) if shared else frozenset(),
        mentions=(*to.mentions, *cc.mentions, *mentions, *everywhere.mentions),
    )


_DEPTH: Final = 8
"""Lists inside lists where one list of objects is documented."""


def _people(value: Value | Absent, depth: int = 0) -> People:
    """The people of ``to``, ``cc``, ``bcc`` or ``reply_to``: objects with email and name, or whatever stands there."""
    if value is ABSENT or depth > _DEPTH:
        return recipients(value)
    if type(value) is list and (plain := mailboxes(value)) is not None:
        return plain
    match value:
        case Either():
            options = [ABSENT if option is ABSENT else inherit(option, value.trail) for option in value.options]
            if all(sort_of(option) in {Sort.MAPPING, Sort.NONE, Sort.OBJECT} for option in options):
                return _mailbox(value)
            return _alternatives([_people(option, depth + 1) for option in options])
        case Object():
            return _people(value.render(), depth + 1)
        case dict() | Fields():
            return _mailbox(value)
        case list() | tuple() | Items():
            return _together((_people(item, depth + 1), count) for item, count in each(value))
    return recipients(value)


def _mailbox(value: Value) -> People:
    address = get(value, "email", fold=True)
    if address is ABSENT:
        # Another spelling, an address as the key, or nothing that we know: somebody all the same.
        return recipients(value)
    if sort_of(address) in {Sort.COLLECTION, Sort.MAPPING}:
        return _people(address, 1)
    return mailbox(address, get(value, "name", fold=True))


def _together(groups: Iterable[tuple[People, Count]]) -> People:
    people: list[Recipient] = []
    mentions: list[Mention] = []
    for group, count in groups:
        people.extend(_times(person, count) for person in group.recipients)
        mentions.extend(replace(item, recipient=_times(item.recipient, count)) for item in group.mentions)
    return People(tuple(people), tuple(mentions))


def _times(person: Recipient, count: Count) -> Recipient:
    return person if count is ONE or count == ONE else replace(person, count=person.count * count)


def _alternatives(branches: list[People]) -> People:
    """People of branches that never meet: each may be missing, and plainly those of the largest branch are there."""
    largest = max(branches, key=lambda branch: total(branch.recipients).plain)

    def maybe(person: Recipient, branch: People) -> Recipient:
        return replace(person, count=Count(0, person.count.plain if branch is largest else 0, person.count.high))

    return People(
        tuple(maybe(person, branch) for branch in branches for person in branch.recipients),
        tuple(
            replace(item, recipient=maybe(item.recipient, branch)) for branch in branches for item in branch.mentions
        ),
    )


# --- What it means: the older API ----------------------------------------------------------------


def _decode_old(exchange: HttpRequest) -> Decoded:
    """``to[]`` is read by all, unless ``x-smtpapi`` has a ``to``: then one message for each of its addresses."""
    url = url_parts(exchange.url)
    parts = list(url.query.parts) if url is not None else []
    body = payload(exchange)
    if isinstance(body, CannotTell):
        if not parts:
            return body
    elif body.kind in {"form", "json"}:
        parts += fields_of(body.value).parts
    elif body.kind == "text":
        return CannotTell(Reason.UNKNOWN_FORM, "the body is no form")
    if not parts:
        return CannotTell(Reason.BODY_MISSING)
    form = Form(tuple(parts))
    to = _pairs(form, "to", "toname")
    cc = _pairs(form, "cc", "ccname")
    shared = Message(
        to=to.recipients,
        cc=cc.recipients,
        bcc=_pairs(form, "bcc", "bccname").recipients,
        reply_to=recipients(list(form_values(form, "replyto"))).recipients,
        mentions=(*to.mentions, *cc.mentions, *_in_headers(_first_json(form, "headers"))),
    )
    control = _first_json(form, "x-smtpapi")
    if isinstance(control, CannotTell):
        return control
    listed = get(control, "to")
    if truth(listed) is Truth.NO:
        return (unless_split(shared, Truth.NO),)
    # The To of the form is then a stand-in that gets nothing.
    one = tuple(
        message
        for value, count in ([Member(_given(listed), ONE)] if sort_of(listed) is Sort.TEXT else each(listed))
        for message in _times_message(one_each([recipients(value)], replace(shared, to=(), mentions=())), count)
    )
    if has(control, "to") is Truth.MAYBE:
        return (unless_split(shared, Truth.MAYBE), *one)
    return one


def _times_message(messages: Iterable[Message], count: Count) -> Iterator[Message]:
    for message in messages:
        yield message if count == ONE else replace(message, copies=message.copies * count)


def _pairs(form: Form, name: str, names: str) -> People:
    values, labels = form_values(form, name), form_values(form, names)
    people = recipients(list(values))
    # A name belongs to the address in the same place; which place that is, is often not known.
    extra = [mailbox(values[min(number, len(values) - 1)], label) for number, label in enumerate(labels) if values]
    return People(people.recipients, (*people.mentions, *(item for group in extra for item in group.mentions)))


def _first_json(form: Form, name: str) -> Any:
    """A field that holds JSON, as data; ABSENT where there is none."""
    values = form_values(form, name)
    if not values:
        return ABSENT
    value = values[0]
    if isinstance(value, (Unknown, Parameter)) or truth(value) is Truth.NO:
        return ABSENT
    inner = payload(HttpRequest("POST", "", {}, value, "json"))
    if isinstance(inner, CannotTell):
        return inner if name == "x-smtpapi" else ABSENT
    return inner.value


# --- The Python package: addresses ---------------------------------------------------------------

_LENIENT: Final[dict[str, Any]] = {"strict": False} if "strict" in inspect.signature(parseaddr).parameters else {}
"""Python 3.13 reads several addresses as none (gh-102988), and the package then fails; older ones take the first."""


def _first_of(source: str) -> tuple[str, str]:
    """Name and address as ``email.utils.parseaddr`` finds them in a text."""
    try:
        return parseaddr(source, **_LENIENT)
    except (RecursionError, ValueError, IndexError, AttributeError):
        return "", source


def _single(value: Value) -> Value:
    """A text of which the package keeps one address."""
    if isinstance(value, (Unknown, Parameter)):
        return replace(value, count=value.count.at_most(1))
    if isinstance(value, Text):
        return replace(value, parts=tuple(part if isinstance(part, Repeat) else _single(part) for part in value.parts))
    return value


def _member(value: Value) -> Value:
    """A member of a list is taken for one address where nothing tells what it is."""
    return _single(value) if isinstance(value, (Unknown, Parameter)) else value


def _parsed(value: Value) -> tuple[Value, Value]:
    """Name and address, each None if missing, as ``Email.parse_email`` takes them out of one text."""
    if isinstance(value, Either):
        pairs = [
            (None, None) if option is ABSENT or option is None else _parsed(inherit(option, value.trail))
            for option in value.options
        ]
        return _joined(pair[0] for pair in pairs), _joined(pair[1] for pair in pairs)
    whole = text(value)
    if whole is not None:
        name, address = _first_of(whole)
        if "@" not in address:
            # The package takes such a text for a name, and then has no address to send.
            name, address = address, ""
        trail = trail_of(value)
        return (inherit(name, trail) if name else None, inherit(address, trail) if address else None)
    if isinstance(value, Text):
        return _parsed_text(value)
    if isinstance(value, (Unknown, Parameter, Items, list, tuple)):
        # A collection fails, or is glued together into one bad address; its people are counted.
        return None, _single(value)
    raise Refused("an address must be a text")


def _joined(values: Iterable[Value]) -> Value:
    result = join(*values)
    return None if isinstance(result, Absent) else result


def _parsed_text(value: Text) -> tuple[Value, Value]:
    """The first address of a text with holes: what stands in angle brackets, or in front of the first comma."""
    before: list[Value | Repeat] = []
    inside: list[Value | Repeat] | None = None
    quoted = closed = False
    for part in _flat(value):
        whole = None if isinstance(part, Repeat) else text(part)
        if whole is None:
            (before if inside is None else inside).append(_first_round(part))
            closed = closed or (isinstance(part, Repeat) and "," in (part.separator or ""))
        for letter in whole or "":
            quoted ^= letter == '"'
            if letter == "<" and not quoted and inside is None:
                inside = []
            elif (letter == ">" and inside is not None) or (
                letter == "," and not quoted and inside is None and any(item != " " for item in before)
            ):
                closed = True
            else:
                (before if inside is None else inside).append(letter)
            if closed:
                break
        if closed:
            break
    if inside is None:
        return None, _whole(before, value)
    return _whole(before, value) if before else None, _whole(inside, value)


def _flat(value: Text) -> Iterator[Value | Repeat]:
    for part in value.parts:
        if isinstance(part, Text):
            yield from _flat(part)
        else:
            yield part


def _first_round(part: Value | Repeat) -> Value:
    while isinstance(part, Repeat):
        part = part.value
    return _single(part)


def _whole(pieces: list[Value | Repeat], source: Text) -> Value:
    """Pieces put together again, letters to literals; the hole itself where there is nothing else."""
    parts: list[Value | Repeat] = []
    for piece in pieces:
        if isinstance(piece, str) and parts and isinstance(parts[-1], str):
            parts[-1] += piece
        else:
            parts.append(piece)
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip(' "')
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip(' "')
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and not isinstance(parts[0], Repeat):
        return inherit(parts[0], source.trail)
    return Text(tuple(parts), source.trail)


def _there(value: Value | Absent) -> bool:
    """Whether a value is given, or may be."""
    return value is not ABSENT and sort_of(value) is not Sort.NONE


def _given(value: Value | Absent) -> Value:
    return None if isinstance(value, Absent) else value


_HELPERS: Final = "sendgrid.helpers.mail"


def _paths(name: str, module: str = "", *, root: bool = True) -> tuple[str, ...]:
    """Where a class of the helpers is imported from: 6.x re-exports all at the root, 3.x and 4.x had one module."""
    names = (f"{_HELPERS}.{name}", f"{_HELPERS}.mail.{name}")
    return (*names, *((f"{_HELPERS}.{module}.{name}",) if module else ()), *((f"sendgrid.{name}",) if root else ()))


class _Part(Object):
    """What the package turns into data with ``get``."""

    def get(self) -> Value:
        """The object as it goes into the request."""
        return super().render()

    def render(self) -> Value:
        """The same."""
        return self.get()


class Email(_Part):
    """``Email(email, name)``: without a name the text is read for one, and only its first address is kept."""

    PATHS: tuple[str, ...] = _paths("Email", "email")
    HOLDS = True
    KIND = ""
    """The list of a personalization into which the package puts an object of this class; it goes by the class's name."""

    def __init__(
        self,
        email: Value = None,
        name: Value = None,
        substitutions: Value = None,
        subject: Value = None,
        p: Value = 0,
        dynamic_template_data: Value = None,
    ) -> None:
        if sort_of(name) in {Sort.NUMBER, Sort.COLLECTION, Sort.MAPPING}:
            raise Refused("name must be of type string")
        if truth(name) is Truth.NO and truth(email) is not Truth.NO:
            name, email = _parsed(email)
        self.write("email", email)
        self.write("name", name)
        self.write("substitutions", substitutions)
        self.write("subject", subject)
        self.write("personalization", p)
        self.write("dynamic_template_data", dynamic_template_data)

    def get(self) -> dict[str, Value]:
        """The object as it goes into the request."""
        return {
            name: value
            for name in ("name", "email")
            if _there(value := self.read(name)) and not isinstance(value, Absent)
        }


class To(Email):
    """A visible recipient. ``p`` says which personalization, if it is added by itself."""

    PATHS = _paths("To", "to_email")
    KIND = "tos"


class Cc(Email):
    """A visible recipient of a copy."""

    PATHS = _paths("Cc", "cc_email")
    KIND = "ccs"


class Bcc(Email):
    """A recipient of a blind copy."""

    PATHS = _paths("Bcc", "bcc_email")
    KIND = "bccs"


class From(Email):
    """A sender."""

    PATHS = _paths("From", "from_email")
    KIND = "from"


class ReplyTo(Email):
    """An address for answers."""

    PATHS = _paths("ReplyTo", "reply_to")


def _entry(value: Value) -> Value:
    """What ``add_to`` of a personalization stores for an address object: its data at that moment."""
    match value:
        case Email():
            return value.get()
        case Unknown() | Parameter():
            return {"email": _single(value)}
        case Either():
            return _joined(_entry(option) for option in _options(value))
    raise Refused("no address object")


def _options(value: Either) -> Iterator[Value]:
    for option in value.options:
        if not isinstance(option, Absent) and option is not None:
            yield inherit(option, value.trail)


def _unique(values: Value | Absent) -> Value:
    """The entries of one list as 6.x emits them: without those whose address was there before, in any case."""
    if isinstance(values, Absent) or sort_of(values) is not Sort.COLLECTION:
        return _given(values)
    seen: set[str] = set()
    members: list[Member] = []
    for item, count in each(values):
        entry = item.get() if isinstance(item, Email) else item
        address = get(entry, "email")
        if address is ABSENT and known(entry):
            raise Refused("an entry without an address")
        literal = text(address)
        if literal is not None and count == ONE:
            if literal.lower() in seen:
                continue
            seen.add(literal.lower())
        members.append(Member(entry, count))
    return _collected(members)


def _collected(members: list[Member]) -> Value:
    if all(member.count == ONE for member in members):
        return [member.value for member in members]
    return Items(tuple(members))


class Personalization(Object):
    """Who receives one message. Everybody added to it reads everybody else in its To and Cc."""

    PATHS = _paths("Personalization", "personalization")

    def __init__(self) -> None:
        for name in ("tos", "ccs", "bccs", "headers"):
            self.write(name, [])

    def add_email(self, email: Value) -> None:
        """Put an object into the list that its class names (6.x)."""
        self.put(email, ONE)

    def put(self, email: Value, count: Count) -> None:
        """The same for an object that stands for ``count`` like it."""
        kind = email.KIND if isinstance(email, Email) else "tos"
        if kind == "":
            raise Refused("Please use a To, From, Cc or Bcc object.")
        if kind == "from":
            self.write("from_email", _entry(email))
            return
        entry = _entry(email)
        if count == ONE:
            self.append(kind, entry)
        else:
            self.write(kind, extended(self.read(kind, []), entry, count))

    def add_to(self, email: Value) -> None:
        """One more visible recipient."""
        self.append("tos", _entry(email))

    def add_cc(self, email: Value) -> None:
        """One more visible recipient of a copy."""
        self.append("ccs", _entry(email))

    def add_bcc(self, email: Value) -> None:
        """One more recipient of a blind copy."""
        self.append("bccs", _entry(email))

    def set_from(self, email: Value) -> None:
        """The sender of this message."""
        self.write("from_email", _entry(email))

    def add_header(self, header: Value) -> None:
        """One more header of this message."""
        self.append("headers", header.get() if isinstance(header, Header) else header)

    def add_substitution(self, *_: Value) -> None:
        """Merge data takes no part."""

    def add_custom_arg(self, *_: Value) -> None:
        """Custom arguments take no part."""

    def set_subject(self, *_: Value) -> None:
        """The subject takes no part (3.x)."""

    def set_send_at(self, *_: Value) -> None:
        """The time takes no part (3.x)."""

    def get(self) -> dict[str, Value]:
        """The personalization as it goes into the request."""
        result: dict[str, Value] = {}
        for name in ("tos", "ccs", "bccs"):
            value = _unique(self.read(name))
            if truth(value) is not Truth.NO:
                result[name[:-1]] = value
        headers = _flattened(self.read("headers"))
        if headers:
            result["headers"] = headers
        return result

    def render(self) -> Value:
        """The same, or its bare lists where it cannot be sent."""
        try:
            return self.get()
        except Refused:
            return {name[:-1]: _given(self.read(name)) for name in ("tos", "ccs", "bccs")}


def _flattened(headers: Value | Absent, *, first: bool = False) -> dict[str, Value]:
    """Header objects as one mapping; of several with one name the last counts, or the first."""
    result: dict[str, Value] = {}
    for item, _ in each(headers):
        for name, value in fields_of(item.get() if isinstance(item, Header) else item).parts:
            if not first or name not in result:
                result[name] = value
    return result


class Header(_Part):
    """``Header(key, value, p)``."""

    PATHS = _paths("Header", "header")

    def __init__(self, key: Value = None, value: Value = None, p: Value = None) -> None:
        self.write("key", key)
        self.write("value", value)
        self.write("personalization", p)

    def get(self) -> dict[str, Value]:
        """The header as it goes into the request."""
        name = text(self.read("key"))
        value = self.read("value")
        return {name: _given(value)} if name is not None and _there(value) else {}


class Subject(_Part):
    """``Subject(subject, p)``."""

    PATHS = _paths("Subject", "subject")

    def __init__(self, subject: Value = None, p: Value = None) -> None:
        self.write("subject", subject)
        self.write("personalization", p)

    def get(self) -> Value:
        """The text."""
        return _given(self.read("subject"))


class BccSettingsEmail(_Part):
    """``BccSettingsEmail(email)``."""

    PATHS = ("sendgrid.helpers.mail.bcc_settings_email.BccSettingsEmail", "sendgrid.helpers.mail.BccSettingsEmail")

    def __init__(self, email: Value = None) -> None:
        self.write("email", email)

    def get(self) -> Value:
        """The address."""
        return _given(self.read("email"))


class BccSettings(_Part):
    """``BccSettings(enable, email)``: a blind copy of every message."""

    PATHS = (*_paths("BccSettings", "bcc_settings"), *_paths("BCCSettings", "bcc_settings"))

    def __init__(self, enable: Value = None, email: Value = None) -> None:
        self.write("enable", enable)
        self.write("email", email)

    def set_enable(self, enable: Value) -> None:
        """The setter of 3.x."""
        self.write("enable", enable)

    def set_email(self, email: Value) -> None:
        """The setter of 3.x."""
        self.write("email", email)

    def get(self) -> dict[str, Value]:
        """The setting as it goes into the request."""
        email = self.read("email")
        if isinstance(email, Email):
            email = get(email.get(), "email")
        elif isinstance(email, BccSettingsEmail):
            email = email.get()
        pairs = (("enable", self.read("enable")), ("email", email))
        return {name: value for name, value in pairs if _there(value) and not isinstance(value, Absent)}


class MailSettings(_Part):
    """``MailSettings(bcc_settings, ...)``; only the blind copy takes part."""

    PATHS = _paths("MailSettings", "mail_settings")

    def __init__(self, bcc_settings: Value = None, *_: Value, **__: Value) -> None:
        self.write("bcc_settings", bcc_settings)

    def set_bcc_settings(self, bcc_settings: Value) -> None:
        """The setter of 3.x."""
        self.write("bcc_settings", bcc_settings)

    def get(self) -> dict[str, Value]:
        """The settings as they go into the request."""
        value = self.read("bcc_settings")
        if isinstance(value, BccSettings):
            return {"bcc": value.get()}
        return {"bcc": value} if _there(value) and not isinstance(value, Absent) else {}


# --- The Python package: the mail ----------------------------------------------------------------


class _Arrival(NamedTuple):
    """An address object on its way into a personalization."""

    email: Email
    many: Count
    """How many like it there are."""


def _arrivals(value: Value, kind: type[Email], count: Count = ONE, *, alone: bool = False) -> list[_Arrival]:
    """The address objects that the package makes of one argument, or of one member of a list.

    ``alone``: the argument itself, so that what is not known may be a list.
    """
    match value:
        case Email():
            return [_Arrival(value, count)]
        case Unknown() | Parameter():
            made = kind()
            made.write("email", value if alone else _single(value))
            return [_Arrival(made, count)]
        case Either():
            return _branches([_quietly(option, kind, alone=alone) for option in _options(value)], count, value)
    if sort_of(value) is Sort.TEXT:
        return [_Arrival(kind(value, None), count)]
    if is_tuple(value):
        return [_Arrival(_pair(value, kind), count)]
    if alone and sort_of(value) is Sort.COLLECTION:
        return [arrival for item, many in each(value) for arrival in _arrivals(item, kind, count * many)]
    raise Refused("Please use a To/Cc/Bcc, tuple, or a str for a to_email list.")


def _quietly(value: Value, kind: type[Email], *, alone: bool) -> list[_Arrival]:
    try:
        return _arrivals(value, kind, alone=alone)
    except Refused:
        return []


def _branches(branches: list[list[_Arrival]], count: Count, value: Either) -> list[_Arrival]:
    branches = [branch for branch in branches if branch]
    if not branches:
        raise Refused("no branch holds an address")
    firsts = [branch[0] for branch in branches]
    if (
        all(len(branch) == 1 and branch[0].many == ONE for branch in branches)
        and len({type(first.email) for first in firsts}) == 1
    ):
        # One address, whichever branch was taken.
        nobody = [None] if any(option is None or option is ABSENT for option in value.options) else []
        made = type(firsts[0].email)()
        made.write("email", _joined([*(_given(first.email.read("email")) for first in firsts), *nobody]))
        made.write("name", _joined([*(_given(first.email.read("name")) for first in firsts), *nobody]))
        made.write("personalization", _joined(_given(first.email.read("personalization")) for first in firsts))
        return [_Arrival(made, count)]
    largest = max(branches, key=lambda branch: sum(arrival.many.plain for arrival in branch))
    return [
        _Arrival(email, Count(0, one.plain if branch is largest else 0, one.high) * count)
        for branch in branches
        for email, one in branch
    ]


def _pair(value: Value, kind: type[Email]) -> Email:
    """A tuple is an address and its name, however many addresses it was meant to hold."""
    members = list(each(value))
    if len(members) == 1 and members[0].count.high > 1:
        members *= 2
    if len(members) < 2:
        raise Refused("tuple index out of range")
    return kind(members[0].value, members[1].value)


def _is_list(value: Value) -> bool:
    """Whether the package takes a value for a list: tuples are not, sets and generators it refuses."""
    return sort_of(value) is Sort.COLLECTION and not is_tuple(value) and not isinstance(value, Either)


def _refuse_no_list(value: Value) -> None:
    if isinstance(value, Items) and value.sort in {"set", "iterator"}:
        raise Refused("Please use a To, From, Cc or Bcc object.")


def _exactly_true(flag: Value) -> Truth:
    """``is_multiple is True``: 1 and "yes" are not; what is not known plainly is not."""
    flag = scalar(flag)
    if flag is True:
        return Truth.YES
    if isinstance(flag, Either):
        answers = {_exactly_true(option) for option in flag.options if not isinstance(option, Absent)}
        return answers.pop() if len(answers) == 1 else Truth.MAYBE
    return Truth.MAYBE if isinstance(flag, (Unknown, Parameter)) else Truth.NO


def _label(value: Value) -> str:
    """What the code calls a value that it does not tell."""
    if isinstance(value, Unknown):
        return value.why.lower()
    return value.name.lower() if isinstance(value, Parameter) else ""


def _is_subject_first(second: Value, third: Value) -> bool:
    """Whether positions are those of 3.x to 5.x, ``Mail(from_email, subject, to_email, content)``."""
    if isinstance(third, Email) or (isinstance(third, Either) and any(isinstance(o, Email) for o in third.options)):
        return True
    if sort_of(second) is Sort.TEXT and sort_of(third) is not Sort.NONE:
        literal = second if isinstance(second, str) else text(second)
        if literal is None and isinstance(second, Text):
            literal = "".join(text(part) or "" for part in second.parts if not isinstance(part, Repeat))
            return " " in literal and not re.search("[@<]", literal)
        # 6.x would take it for an address and fail.
        return bool(literal) and "@" not in str(literal) and not isinstance(third, Subject)
    return "subj" in _label(second) and "subj" not in _label(third)


_OLD_KEYWORDS: Final = frozenset(
    {"to", "to_name", "cc", "bcc", "from_name", "text", "html", "reply_to", "date", "headers", "files", "smtpapi"}
)


class Mail(Object):
    """``Mail`` of every release.

    6.x: ``Mail(from_email, to_emails, subject, plain_text_content, html_content, amp_html_content,
    global_substitutions, is_multiple)``; 6.0 and 6.1 have no ``amp_html_content``. 3.x to 5.x:
    ``Mail(from_email, subject, to_email, content)``. 1.x: keywords only, and a body for the older API.
    """

    PATHS: tuple[str, ...] = _paths("Mail", "mail")

    def __init__(
        self,
        from_email: Value = None,
        to_emails: Value = None,
        subject: Value = None,
        plain_text_content: Value = None,
        html_content: Value = None,
        amp_html_content: Value = None,  # noqa: ARG002  # a position
        global_substitutions: Value = None,
        is_multiple: Value = False,
        *,
        to_email: Value = None,
        content: Value = None,
        **opts: Value,
    ) -> None:
        for name in ("personalizations", "headers"):
            self.write(name, [])
        if opts.keys() & _OLD_KEYWORDS:
            self._start_as_1(from_email, opts)
            return
        if _there(to_email) or _is_subject_first(to_emails, subject):
            self.write("era", "3")
            self._start_as_3(from_email, subject if to_email is None else to_email, content or plain_text_content)
            return
        if _there(from_email) or _there(to_emails):
            self.write("era", "6")
        else:
            self.write("smtpapi", SMTPAPIHeader())
        if scalar(global_substitutions) is True:
            # In 6.0 and 6.1 the seventh position is is_multiple; later releases fail on it.
            is_multiple = True
        if _there(from_email):
            self.from_email = from_email
        if _there(to_emails):
            self.add_to(to_emails, global_substitutions, is_multiple)
        if _there(subject):
            self.subject = subject
        del html_content

    def _start_as_3(self, from_email: Value, to_email: Value, content: Value) -> None:
        del content
        if _there(from_email):
            self.from_email = from_email
        if truth(to_email) is not Truth.NO:
            personalization = Personalization()
            personalization.add_to(to_email)
            self.add_personalization(personalization)

    def _start_as_1(self, from_email: Value, opts: dict[str, Value]) -> None:
        self.write("era", "1")
        self.write("smtpapi", opts.get("smtpapi") or SMTPAPIHeader())
        if _there(from_email):
            self.from_email = from_email
        for name, kind in (("to", "tos"), ("cc", "ccs"), ("bcc", "bccs")):
            if _there(opts.get(name)):
                self._put_plain(kind, opts[name], ONE)
        if _there(opts.get("to_name")):
            self.add_to_name(opts["to_name"])
        if _there(opts.get("reply_to")):
            self.set_replyto(opts["reply_to"])

    def _era(self) -> str:
        return text(self.read("era")) or ""

    # Recipients

    def add_to(
        self, to_email: Value, global_substitutions: Value = None, is_multiple: Value = False, p: Value = 0
    ) -> None:
        """Add one, or a list; a list ignores the ``p`` of its members."""
        del global_substitutions
        if self._era() == "1":
            self._put_plain("tos", to_email, ONE)
            return
        if self._era():
            _refuse_no_list(to_email)
        self._set(to_email, To, is_multiple, p, own_p=not _is_list(to_email))

    def add_cc(
        self, cc_email: Value, global_substitutions: Value = None, is_multiple: Value = False, p: Value = 0
    ) -> None:
        """Add one Cc."""
        del global_substitutions
        self._add_copy(cc_email, Cc, is_multiple, p)

    def add_bcc(
        self, bcc_email: Value, global_substitutions: Value = None, is_multiple: Value = False, p: Value = 0
    ) -> None:
        """Add one Bcc."""
        del global_substitutions
        self._add_copy(bcc_email, Bcc, is_multiple, p)

    def _add_copy(self, value: Value, kind: type[Email], is_multiple: Value, p: Value, many: Count = ONE) -> None:
        if self._era() == "1":
            self._put_plain(kind.KIND, value, many)
            return
        if self._era() and _is_list(value):
            # 6.x takes a list of objects here, and no list of texts; 1.x takes both.
            _refuse_no_list(value)
            if any(sort_of(item) is Sort.TEXT or is_tuple(item) for item, _ in each(value)):
                raise Refused("Please use a To, From, Cc or Bcc object.")
            arrivals = self._ready(value, kind, is_multiple, many)
            if _exactly_true(is_multiple) is not Truth.YES:
                self._into(p, arrivals)
            return
        self._set(value, kind, is_multiple, p, own_p=not _is_list(value), many=many)

    @property
    def to(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @to.setter
    def to(self, to_emails: Value) -> None:
        if not _is_list(to_emails):
            self._set(to_emails, To, False, 0, own_p=True)
            return
        if self._era():
            _refuse_no_list(to_emails)
        for item, many in each(to_emails):
            self._set(_member(item), To, False, 0, own_p=not _is_list(item), many=many)

    @property
    def cc(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @cc.setter
    def cc(self, cc_emails: Value) -> None:
        # A tuple becomes a To here (a bug of the package, in all of 6.x).
        self._assign_copy(cc_emails, To if is_tuple(cc_emails) else Cc)

    @property
    def bcc(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @bcc.setter
    def bcc(self, bcc_emails: Value) -> None:
        self._assign_copy(bcc_emails, Bcc)

    def _assign_copy(self, value: Value, kind: type[Email]) -> None:
        if not _is_list(value):
            self._set(value, kind, False, 0, own_p=True)
            return
        for item, many in each(value):
            self._add_copy(_member(item), kind, False, 0, many)

    def _set(
        self, value: Value, kind: type[Email], is_multiple: Value, p: Value, *, own_p: bool, many: Count = ONE
    ) -> None:
        """``_set_emails`` for each address by itself: into personalization ``p``, or into one of its own."""
        for arrival in self._ready(value, kind, is_multiple, many):
            self._into(_given(arrival.email.read("personalization")) if own_p else p, [arrival])

    def _ready(self, value: Value, kind: type[Email], is_multiple: Value, many: Count) -> list[_Arrival]:
        """What is left to be put into a personalization that others share."""
        apart = _exactly_true(is_multiple)
        arrivals = _arrivals(value, kind, many, alone=True)
        if apart is Truth.YES:
            self._alone(arrivals)
            return []
        if apart is Truth.MAYBE:
            return [_Arrival(email, Count(0, count.plain, count.high)) for email, count in arrivals]
        return arrivals

    def _alone(self, arrivals: list[_Arrival]) -> None:
        """Each into a personalization of its own, every new one in front of the others."""
        members: list[Member] = []
        for email, many in arrivals:
            address = email.read("email")
            count = many
            if isinstance(address, (Unknown, Parameter)) and address.count.high > 1:
                # It may be a list; each of its members then is alone.
                count = many * address.count
                email.write("email", _single(address))
            personalization = Personalization()
            personalization.put(email, ONE)
            members.insert(0, Member(personalization, count))
        if len(members) > 1 and not list(each(self.read("personalizations"))):
            # At once, so that each stays a thing of its own.
            self.write("personalizations", _collected(members))
            return
        for member in reversed(members):
            self._insert(member.value, 0, member.count)

    def _into(self, p: Value, arrivals: list[_Arrival]) -> None:
        index = scalar(p)
        if isinstance(index, (Unknown, Parameter, Either)):
            # Whoever numbers personalizations with what the code computes means one each.
            self._alone(arrivals)
            return
        if not isinstance(index, int):
            raise Refused("list indices must be integers")
        found = self._at(index)
        for personalization in found:
            for email, many in arrivals:
                personalization.put(email, many if len(found) == 1 else Count(0, many.plain, many.high))
        if not found:
            personalization = Personalization()
            for email, many in arrivals:
                personalization.put(email, many)
            self._insert(personalization, index, ONE)

    def _at(self, index: int) -> list[Personalization]:
        """What stands at a position; several where branches differ, none where there is no such position."""
        members = [member for member in each(self.read("personalizations")) if member.count.high]
        if all(member.count == ONE for member in members):
            chosen = members[index : index + 1] if index >= 0 else members[index : index + 1 or None]
            if index < -len(members):
                chosen = []
        else:
            chosen = members[:1] if index == 0 else members[-1:]
        values = [option for member in chosen for option in _each_option(member.value)]
        return [value for value in values if isinstance(value, Personalization)]

    def _insert(self, personalization: Value, index: int, count: Count) -> None:
        held = self.read("personalizations", [])
        if isinstance(held, list) and count == ONE:
            self.write("personalizations", [*held[:index], personalization, *held[index:]])
        elif count == ONE:
            self.append("personalizations", personalization)
        else:
            self.write("personalizations", extended(held, personalization, count))

    def add_personalization(self, personalization: Value, index: Value = 0) -> None:
        """Add one: in front of the others in 6.x, behind them in 3.x to 5.x."""
        held = self.read("personalizations", [])
        place = scalar(index)
        if not isinstance(held, list) or not isinstance(personalization, Personalization):
            self.append("personalizations", personalization)
        elif self._era() == "3" or not isinstance(place, int):
            self.write("personalizations", [*held, personalization])
        else:
            self._insert(personalization, place, ONE)

    # 1.x

    def _put_plain(self, kind: str, value: Value, count: Count) -> None:
        """``add_to`` and its like of 1.x: texts, tuples, and whatever can be iterated, all into one list."""
        sort = sort_of(value)
        if isinstance(value, Either):
            for option in _options(value):
                self._put_plain(kind, option, Count(0, count.plain, count.high))
            return
        if sort is Sort.NONE:
            return
        members = list(each(value))
        if is_tuple(value) and kind == "tos" and all(member.count == ONE for member in members):
            if members and len(members) < 3:
                self._put_plain(kind, members[0].value, count)
            if len(members) == 2:
                self.add_to_name(members[1].value)
            return
        if sort in {Sort.COLLECTION, Sort.MAPPING}:
            for item, many in members:
                self._put_plain(kind, item, count * many)
            return
        email: Email = {"tos": To, "ccs": Cc, "bccs": Bcc}[kind]()
        whole = text(value)
        if whole is not None:
            # Commas are deleted first, so that several addresses become one text that is none.
            name, address = _first_of(whole.replace(",", ""))
            if not address:
                return
            email.write("email", inherit(address, trail_of(value)))
            email.write("name", inherit(name, trail_of(value)) if name and kind == "tos" else None)
        elif isinstance(value, (Unknown, Parameter)):
            email.write("email", value)
        else:
            name_value, address_value = _parsed(value)
            email.write("email", address_value)
            email.write("name", name_value)
        self._into(0, [_Arrival(email, count)])

    def add_to_name(self, to_name: Value) -> None:
        """The names of 1.x, in a list of their own."""
        self.append("to_names", to_name)

    def set_replyto(self, replyto: Value) -> None:
        """The address for answers (1.x)."""
        self.write("reply", replyto)

    def set_headers(self, headers: Value) -> None:
        """Headers as a mapping (1.x)."""
        self.append("headers", headers)

    # The rest of the message

    @property
    def from_email(self) -> Value:
        """The sender."""
        return _given(self.read("from"))

    @from_email.setter
    def from_email(self, value: Value) -> None:
        if sort_of(value) is Sort.TEXT:
            value = From(value, None)
        elif is_tuple(value):
            value = _pair(value, From)
        self.write("from", value)

    @property
    def subject(self) -> Value:
        """The subject."""
        return _given(self.read("title"))

    @subject.setter
    def subject(self, value: Value) -> None:
        self.write("title", value.get() if isinstance(value, Subject) else value)

    @property
    def reply_to(self) -> Value:
        """The address for answers."""
        return _given(self.read("reply"))

    @reply_to.setter
    def reply_to(self, value: Value) -> None:
        if sort_of(value) is Sort.TEXT:
            value = ReplyTo(value, None)
        elif is_tuple(value):
            value = _pair(value, ReplyTo)
        self.write("reply", value)

    @property
    def reply_to_list(self) -> Value:
        """The addresses for answers."""
        return _given(self.read("replies"))

    @reply_to_list.setter
    def reply_to_list(self, value: Value) -> None:
        if _is_list(value):
            for item, _ in each(value):
                if not isinstance(item, (ReplyTo, Unknown, Parameter, Either)):
                    raise Refused("Please use a list of ReplyTos for a reply_to_list.")
            self.write("replies", value)
        elif isinstance(value, (Unknown, Parameter, Either)):
            self.write("replies", value)

    @property
    def mail_settings(self) -> Value:
        """The settings."""
        return _given(self.read("settings"))

    @mail_settings.setter
    def mail_settings(self, value: Value) -> None:
        self.write("settings", value)

    @property
    def header(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @header.setter
    def header(self, headers: Value) -> None:
        for item in [member.value for member in each(headers)] if _is_list(headers) else [headers]:
            self.add_header(item)

    def add_header(self, header: Value) -> None:
        """One more header, of all messages or of one personalization."""
        index = scalar(_given(header.read("personalization"))) if isinstance(header, Header) else None
        if not isinstance(index, int):
            self.append("headers", header.get() if isinstance(header, Header) else header)
            return
        found = self._at(index)
        for personalization in found:
            personalization.add_header(header)
        if not found:
            personalization = Personalization()
            personalization.add_header(header)
            self._insert(personalization, index, ONE)

    def set_from(self, email: Value) -> None:
        """The sender (1.x to 4.x)."""
        self.from_email = email

    def set_subject(self, subject: Value) -> None:
        """The subject (1.x to 4.x)."""
        self.subject = subject

    def set_reply_to(self, reply_to: Value) -> None:
        """The address for answers (3.x and 4.x)."""
        self.reply_to = reply_to

    def set_mail_settings(self, mail_settings: Value) -> None:
        """The settings (3.x and 4.x)."""
        self.write("settings", mail_settings)

    def _ignore(self, *_: Value, **__: Value) -> None:
        """Text, attachments, templates, times and tracking take no part."""

    set_text = set_html = set_date = set_from_name = set_reply_to_name = _ignore
    set_template_id = set_send_at = set_batch_id = set_asm = set_ip_pool_name = set_tracking_settings = _ignore
    set_substitutions = set_unique_args = set_categories = set_sections = set_asm_group_id = _ignore
    add_content = add_attachment = add_category = add_section = add_custom_arg = add_substitution = _ignore
    add_attachment_stream = add_content_id = add_unique_arg = add_filter = _ignore

    @classmethod
    def from_EmailMessage(cls, *_: Value) -> None:  # noqa: N802  # the package's name
        """Always fails in 6.x: the constructor wants a To and is given an Email."""
        raise Refused("Please use a To, From, Cc or Bcc object.")

    # What is sent

    def get(self) -> dict[str, Value]:
        """The body of the request."""
        return self._body(lambda value: value.get())

    def render(self) -> Value:
        """The same, also where the package would fail."""
        return self._body(lambda value: value.render())

    def _body(self, read: Callable[[Personalization], Value]) -> dict[str, Value]:
        members = [
            Member(_joined(read(o) if isinstance(o, Personalization) else o for o in _each_option(value)), count)
            for value, count in each(self.read("personalizations"))
        ]
        unresolved = self.read("personalizations")
        body: dict[str, Value] = {
            "from": _data(self.read("from")),
            "subject": _given(self.read("title")),
            "personalizations": _collected(members) if sort_of(unresolved) is Sort.COLLECTION else _given(unresolved),
            # 6.x keeps them newest first, and then lets the oldest win.
            "headers": _flattened(self.read("headers"), first=self._era() != "3"),
            "mail_settings": _data(self.read("settings")),
            "reply_to": _data(self.read("reply")),
            "reply_to_list": _data(self.read("replies")),
        }
        return {name: value for name, value in body.items() if _there(value) and value not in ([], {})}

    def old_form(self) -> Value:
        """The form of the older API, as ``SendGridClient`` of 1.x and 2.x makes it."""
        people: dict[str, list[Member]] = {"tos": [], "ccs": [], "bccs": []}
        names: list[Member] = []
        for value, many in each(self.read("personalizations")):
            for personalization in _each_option(value):
                if isinstance(personalization, Personalization):
                    for kind, found in people.items():
                        for entry, count in each(personalization.read(kind)):
                            found.append(Member(_given(get(entry, "email")), count * many))
                            name = get(entry, "name")
                            if kind == "tos" and not isinstance(name, Absent):
                                names.append(Member(name, count * many))
        names += each(self.read("to_names"))
        sender = get(_data(self.read("from")), "email")
        control, reply = self.read("smtpapi"), self.read("reply")
        headers = _flattened(self.read("headers"))
        form: dict[str, Value] = {
            "to[]": _collected(people["tos"]) if people["tos"] else _given(sender),
            "toname[]": _collected(names),
            "cc[]": _collected(people["ccs"]),
            "bcc[]": _collected(people["bccs"]),
            "from": _given(sender),
            "subject": _given(self.read("title")),
            "replyto": _given(get(reply, "email") if isinstance(reply, Email) else reply),
            "headers": Encoded(headers) if headers else None,
            "x-smtpapi": control.json_string() if isinstance(control, SMTPAPIHeader) else _given(control),
        }
        return {name: value for name, value in form.items() if _there(value) and value != []}


def _each_option(value: Value) -> Iterator[Value]:
    if isinstance(value, Either):
        yield from _options(value)
    else:
        yield value


def _data(value: Value | Absent) -> Value:
    """An address object, settings, or a list of them, as data."""
    match value:
        case Email() | MailSettings():
            return value.get()
        case Absent():
            return None
        case Either():
            return _joined(_data(option) for option in _options(value))
        case list() | Items():
            return _collected([Member(_data(item), count) for item, count in each(value)])
    return value


class OldMail(Mail):
    """``sendgrid.message.Mail`` of 1.x and 2.x."""

    PATHS = ("sendgrid.message.Mail",)

    def __init__(self, **opts: Value) -> None:
        super().__init__(**{"to": None, **opts})


class SMTPAPIHeader(Object):
    """``smtpapi.SMTPAPIHeader``: control data, whose ``to`` makes one message for each address."""

    PATHS = ("smtpapi.SMTPAPIHeader",)

    def __init__(self) -> None:
        self.write("data", {})

    def add_to(self, to: Value) -> None:
        """One more, or a list of them."""
        held = self.read("people", [])
        for value, count in each(to) if _is_list(to) else [Member(to, ONE)]:
            held = extended(held, value, count)
        self.write("people", _given(held))

    def set_tos(self, tos: Value) -> None:
        """All of them."""
        self.write("people", tos)

    def _ignore(self, *_: Value) -> None:
        """Merge data and categories take no part."""

    add_substitution = set_substitutions = add_unique_arg = set_unique_args = add_category = set_categories = _ignore
    add_section = set_sections = add_send_each_at = set_send_each_at = set_send_at = add_filter = _ignore
    set_asm_group_id = set_ip_pool = _ignore

    def json_string(self) -> Encoded:
        """The header's value."""
        people = self.read("people")
        data = _given(self.read("data"))
        if isinstance(people, Absent) or truth(people) is Truth.NO:
            return Encoded(data)
        if isinstance(data, Fields):
            return Encoded(replace(data, known=(*data.known, ("to", people))))
        return Encoded({**data, "to": people} if isinstance(data, dict) else {"to": people})


# --- The Python package: the clients -------------------------------------------------------------


class ApiClient(Object):
    """``python_http_client.Client``: attributes are segments of the path, methods of HTTP make the request."""

    PATHS = ("python_http_client.Client", "python_http_client.client.Client")

    def __init__(
        self,
        host: Value,
        request_headers: Value = None,
        version: Value = None,
        url_path: Value = None,
        *_: Value,
        **__: Value,
    ) -> None:
        del request_headers
        number = scalar(version)
        segments = [member.value for member in each(url_path)]
        self.write("host", host)
        self.write("prefix", f"/v{number}" if isinstance(number, int) and number else "")
        self.write("path", _joined_path(segments))

    def _below(self, name: Value) -> ApiClient:
        made = ApiClient(_given(self.read("host")))
        made.write("prefix", _given(self.read("prefix")))
        made.write("path", _concatenated(_given(self.read("path")), "/", name))
        return made

    def _(self, name: Value) -> ApiClient:
        """A segment that is no name of Python, or is not known."""
        return self._below(name)

    def version(self, number: Value) -> ApiClient:
        """Another version of the API."""
        made = self._below("")
        made.write("path", _given(self.read("path")))
        made.write("prefix", _concatenated("/v", number))
        return made

    @property
    def mail(self) -> ApiClient:
        """The segment of that name."""
        return self._below("mail")

    @property
    def send(self) -> ApiClient:
        """The segment of that name."""
        return self._below("send")

    @property
    def beta(self) -> ApiClient:
        """The segment of that name."""
        return self._below("beta")

    def _made(self, method: str, body: Value) -> HttpRequest:
        if isinstance(body, Object) and not isinstance(body, Encoded):
            raise Refused("Object is not JSON serializable")
        url = _concatenated(_given(self.read("host")), _given(self.read("prefix")), _given(self.read("path")))
        return HttpRequest(method, url, {"Content-Type": "application/json"}, body, "json")

    def post(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """POST."""
        return self._made("POST", request_body)

    def put(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """PUT."""
        return self._made("PUT", request_body)

    def patch(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """PATCH."""
        return self._made("PATCH", request_body)

    def get(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """GET."""
        return self._made("GET", request_body)

    def delete(self, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """DELETE."""
        return self._made("DELETE", request_body)


def _concatenated(*parts: Value) -> Value:
    texts = [str(scalar(part)) if isinstance(scalar(part), int) else text(part) for part in parts]
    if None in texts:
        return Text(tuple(parts))
    return "".join(part or "" for part in texts)


def _joined_path(segments: list[Value]) -> Value:
    return _concatenated(*(piece for segment in segments for piece in ("/", segment)))


_HOST: Final = "https://api.sendgrid.com"


class SendGridAPIClient(Object):
    """``SendGridAPIClient(api_key)`` of 2.x to 6.x; earlier releases have no ``send``."""

    PATHS: tuple[str, ...] = (
        "sendgrid.SendGridAPIClient",
        "sendgrid.sendgrid.SendGridAPIClient",
        "sendgrid.client.SendGridAPIClient",
        "sendgrid.base_interface.BaseInterface",
    )
    HOST = _HOST

    def __init__(self, api_key: Value = None, *positional: Value, host: Value = None, **_: Value) -> None:
        del api_key
        # The second position is the host in 6.x, another spelling of the key in 5.x.
        given = (
            host if host is not None else next((each_ for each_ in positional if "://" in (text(each_) or "")), None)
        )
        self.write("host", self.HOST if given is None else given)

    @property
    def client(self) -> ApiClient:
        """The API, segment by segment."""
        return ApiClient(_given(self.read("host")), version=3)

    def set_sendgrid_data_residency(self, region: Value) -> None:
        """Another host (6.12)."""
        if text(region) == "eu":
            self.write("host", "https://api.eu.sendgrid.com")

    def reset_request_headers(self) -> None:
        """Headers take no part."""

    def send(self, message: Value) -> HttpRequest:
        """Send a mail, or the body of a request as a dict (6.x)."""
        bodies = [option.get() if isinstance(option, Mail) else option for option in _each_option(message)]
        return self.client.mail.send.post(_joined(bodies))


class TwilioEmailAPIClient(SendGridAPIClient):
    """``TwilioEmailAPIClient(username, password)`` of 6.x."""

    PATHS = ("sendgrid.TwilioEmailAPIClient", "sendgrid.twilio_email.TwilioEmailAPIClient")
    HOST = "https://email.twilio.com"


class SendGridClient(Object):
    """``SendGridClient(username_or_apikey, password)`` of 1.x and 2.x: the older API."""

    PATHS = ("sendgrid.SendGridClient", "sendgrid.sendgrid.SendGridClient")

    def __init__(self, username_or_apikey: Value = None, password: Value = None, **opts: Value) -> None:
        del username_or_apikey, password
        self.write("url", _concatenated(opts.get("host") or _HOST, opts.get("endpoint") or "/api/mail.send.json"))

    def send(self, message: Value) -> HttpRequest:
        """Send a mail."""
        bodies = [option.old_form() if isinstance(option, Mail) else option for option in _each_option(message)]
        return HttpRequest("POST", _given(self.read("url")), {}, _joined(bodies), "form")


PROVIDER: Final = Provider(
    name="sendgrid",
    title="SendGrid",
    sources=(
        Source(
            "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/personalizations",
            "one message for each personalization; up to 1,000 people in one",
        ),
        Source(
            "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors",
            "to is required, and an address may be in a personalization once",
        ),
        Source(
            "https://docs.sendgrid.com/for-developers/sending-email/building-an-x-smtpapi-header",
            "a to in x-smtpapi makes one message for each address, and the To beside it is a stand-in",
        ),
        Source("pypi:sendgrid==6.12.5", "run"),
        Source("pypi:sendgrid==6.0.5", "read: the positions of Mail"),
        Source("pypi:sendgrid==5.6.0", "run"),
        Source("pypi:sendgrid==1.6.22", "run, with smtpapi==0.3.1"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.sendgrid.com/v3/mail/send",
    relay="smtp://smtp.sendgrid.net:587",
    library=Library(
        classes=(
            *(Mail, OldMail, Personalization, Email, To, Cc, Bcc, From, ReplyTo, Header, Subject),
            *(MailSettings, BccSettings, BccSettingsEmail, SMTPAPIHeader),
            *(ApiClient, SendGridAPIClient, TwilioEmailAPIClient, SendGridClient),
        ),
        tokens=("sendgrid", "smtpapi", "email.twilio.com"),
    ),
    explain=(
        "SendGrid writes one message for each personalization of a request; everybody in one reads the same To and Cc. "
        "The Python package puts a list into one personalization unless is_multiple is exactly True, and assigning "
        "mail.to adds to whom is there. One Personalization for each person keeps them apart."
    ),
)
