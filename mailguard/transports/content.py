"""What readers find besides To and Cc: other people's addresses in texts, attachments, calendars, headers, merge data.

Works on what a capture holds, after a provider has said which messages a request makes. A service's fields are known by
their names, which the services share (``subject``, ``HtmlBody``, ``attachments``, ``substitutions``); a part of a request that
names people of its own (a personalization, an entry of a batch) belongs to these, what stands beside them to everybody.

An address counts only if it is that of somebody else who was written to: in the same request, or earlier in the same capture.
So a support address in a footer is nothing. The ATTENDEE lines of a calendar part (RFC 5545, section 3.8.4.1) are a
list of people by themselves; there everybody but the reader, the sender and the organizer counts.

Every text is looked at once, up to ``TEXT_LIMIT`` characters, in time linear in its length.
"""

from __future__ import annotations

import functools
import html
import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import Message as Mail
from typing import Final, TypeAlias
from urllib.parse import unquote

from mailguard.addresses.compare import compare_key
from mailguard.addresses.plain import plain_keys, plain_named
from mailguard.addresses.values import recipients
from mailguard.documents.byte_text import base64_bytes, decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.count import ONE, Count
from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.links import HINT, WIDE_HINT, Links, Token, tokens_in
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Recipient, Trait, Undecided
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.transports.files import opened, packed
from mailguard.transports.tags import MARK, name_of, tags
from mailguard.wire.bodies import payload
from mailguard.wire.header_blocks import header_block

__all__ = [
    "EARLIER_LIMIT",
    "TEXT_LIMIT",
    "Contents",
    "Hearing",
    "Piece",
    "deciding",
    "found_in",
    "hearing",
    "loud",
    "names_of",
    "pieces",
    "senders",
    "settled",
]

TEXT_LIMIT: Final = 4 << 20
"""Characters of one text, or bytes of one attachment, that are looked at."""

EARLIER_LIMIT: Final = 250_000
"""People of earlier requests of a capture that are remembered, as hashes: some 20 MB."""

_FIXED_LIMIT: Final = 20_000  # addresses that belong to a template
_PIECES: Final = 20_000  # texts of one request
_PARTS: Final = 500  # parts of one message
_DEPTH: Final = 12

# --- addresses in texts ---------------------------------------------------------------------------

_LOCAL: Final = re.compile(r"[\w.+'~-]{1,64}")
_DOMAIN: Final = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}")
_ENTITY: Final = re.compile(r"&(?:#|commat|period|lowbar)")
_RETURN: Final = re.compile(r"[\w.'-]{1,64}")


def found_in(text: str) -> list[str]:
    """The addresses in a running text, each once, in their comparing form; also percent-encoded and as character references."""
    text = text[:TEXT_LIMIT]
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if "%40" in text:
        text = unquote(text)
    if "\uff20" in text:
        text = text.replace("\uff20", "@")
    result: dict[str, None] = {}
    at = text.find("@")
    while at >= 0:
        # Read backwards: a search for what ends here would look at each start.
        local = _LOCAL.match(text[max(0, at - 64) : at][::-1])
        domain = _DOMAIN.match(text, at + 1)
        if local and domain:
            start = at - local.end()
            name = text[start:at].lstrip(".'")
            if name:
                result[compare_key(f"{name}@{domain.group()}")] = None
            if text[start - 1 : start] == "=" or "=" in text[max(0, at - 130) : at]:
                # A variable return path holds the reader's address with another sign: news+ann=example.com@...
                sign = text.rfind("=", max(0, at - 130), at)
                returned = _RETURN.match(text[max(0, at - 130, sign - 64) : sign][::-1]) if sign > 0 else None
                behind = _DOMAIN.match(text, sign + 1, at)
                # What stands between ? or & and = is the name of a field in a link.
                field = returned and text[sign - returned.end() - 1 : sign - returned.end()] in ("?", "&", ";")
                if returned and behind and behind.end() == at and not field:
                    inner = returned.group()[::-1].rpartition("+")[2]
                    result[compare_key(f"{inner}@{behind.group()}")] = None
        at = text.find("@", at + 1)
    return list(result)


_ATTENDEE: Final = re.compile(r"(?im)^ATTENDEE[;:]([^\r\n]{1,2000})")
_ORGANIZER: Final = re.compile(r"(?im)^ORGANIZER[;:]([^\r\n]{1,2000})")


def _calendar(text: str) -> tuple[list[str], list[str]]:
    """The attendees and the organizers of an iCalendar text."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text[:TEXT_LIMIT])
    people = [address for line in _ATTENDEE.findall(unfolded) for address in found_in(line)]
    hosts = [address for line in _ORGANIZER.findall(unfolded) for address in found_in(line)]
    return people, hosts


# --- what a request holds -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of a request that readers get, or data about people that it is made of."""

    field: Field
    text: str
    owners: frozenset[str] = frozenset()
    """Whose it is, in their comparing form; empty: everybody's to whom the request writes."""
    detail: str = ""
    """The name of a header."""
    own: bool = False
    """Whether it is merge data of its owners."""
    personal: tuple[tuple[str, str], ...] = ()
    """What in merge data belongs to one person: names of fields, and values."""
    names: frozenset[str] = frozenset()
    """The names under which merge data has something, as they are written."""
    missing: str = ""
    """Why an attached file was not looked into; then there is no text."""


_SUBJECT: Final = frozenset({"subject", "conversationsubject"})
_TEXT: Final = frozenset(
    {"text", "textbody", "textpart", "textcontent", "plain", "plaintext", "bodytext", "bodyplain", "textplain", "txt"}
)
_HTML: Final = frozenset(
    {"html", "htmlbody", "htmlpart", "htmlcontent", "bodyhtml", "texthtml", "amphtml", "amp", "watchhtml"}
)
_BODY: Final = frozenset({"body", "content", "value", "data", "message"})
_ATTACHED: Final = frozenset(
    {"attachments", "attachment", "inlinedattachments", "inlineattachments", "inline", "images", "files"}
)
_FILE: Final = frozenset(
    {"content", "base64content", "data", "filecontent", "rawcontent", "contentbytes", "binarycontent", "body"}
)
_MERGE: Final = frozenset(
    {
        *(
            "substitutions",
            "dynamictemplatedata",
            "recipientvariables",
            "mergevars",
            "vars",
            "variables",
            "templatemodel",
        ),
        *(
            "templatedata",
            "replacementtemplatedata",
            "substitutiondata",
            "personalization",
            "params",
            "mergedata",
            "merge",
        ),
        *("replacementemailcontent", "dynamicdata", "templatevariables", "sub", "section", "fields"),
    }
)
_GLOBAL: Final = frozenset(
    {
        *("globalmergevars", "globalsubstitutions", "globalvariables", "globaldata", "messagedata", "datavariables"),
        *("mergeinfo", "mergefields", "tvariables", "hxmailgunvariables", "defaulttemplatedata", "metadata", "section"),
    }
)
"""Merge data for everybody."""
_HEADERS: Final = frozenset({"headers", "messageheaders", "internetmessageheaders", "customheaders"})
_RAW: Final = frozenset({"raw", "rawmessage", "mime", "rawmime", "rawemail", "emailrfc822", "rawmessagedata"})
_OWNERS: Final = frozenset(
    {"to", "cc", "bcc", "email", "emailaddress", "address", "rcpt", "recipient", "recipients", "destination", "destinations", "toaddresses",
     "ccaddresses", "bccaddresses", "torecipients", "ccrecipients", "bccrecipients"}
)  # fmt: skip
_SHOWN_HEADER: Final = re.compile(
    r"(?:list-.{1,40}|x-.{1,60}|resent-(?:reply-to|sender|from)|mail-followup-to|mail-reply-to|comments|keywords|errors-to|thread-topic"
    r"|disposition-notification-to|references|in-reply-to|apparently-to|envelope-to|delivered-to)",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile(
    r"(?:x-smtpapi|x-mc-.*|x-mailgun-.*|x-msys-api|x-mj-.*|x-pm-.*|x-ses-.*|x-postmark-.*|x-rcpt-?to|x-mailfrom|x-peer|x-sender|x-envelope-.*"
    r"|x-received|x-google-.*|x-forwarded-.*|references|in-reply-to)",
    re.IGNORECASE,
)
"""Headers that a service takes out, that a recorder adds, or that hold ids which only look like addresses."""
_MERGING: Final = frozenset(
    {"x-smtpapi", "x-mc-mergevars", "x-mailgun-variables", "x-mailgun-recipient-variables", "x-msys-api", "x-mj-vars"}
)
"""Headers with merge data for the service that gets the message."""
_FOLLOW_UP: Final = frozenset({"mail-followup-to", "mail-reply-to"})


def _folded(key: object) -> str:
    if not isinstance(key, str):
        return ""
    return _folded_name(key) if len(key) < 64 else _NO_LETTER.sub("", key.casefold())


_NO_LETTER: Final = re.compile(r"[^a-z0-9]")


@functools.lru_cache(2048)
def _folded_name(key: str) -> str:
    # A log has few different keys, and each many times.
    return _NO_LETTER.sub("", key.casefold())


def pieces(exchange: Exchange) -> Iterator[Piece]:
    """The texts of an exchange of a capture. Never raises; stops after a fixed number."""
    yield from itertools.islice(_pieces(exchange), _PIECES)


def _pieces(exchange: Exchange) -> Iterator[Piece]:
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if isinstance(body, CannotTell):
                return
            if isinstance(body.value, Form):
                yield from _form(body.value)
            elif isinstance(body.value, (dict, list)):
                yield from _walk(body.value, "", frozenset(), 0)
            elif isinstance(body.value, (str, bytes)):
                opened = base64_bytes(body.value) if "\n" not in str(body.value[:200]).strip() else None
                yield from _mail(opened or body.value)
        case SmtpTransaction() | RawMessage():
            if isinstance(exchange.data, (str, bytes)):
                yield from _mail(exchange.data)


def _form(form: Form) -> Iterator[Piece]:
    for name, value in form.parts:
        if not isinstance(value, (str, bytes)):
            continue
        text = value if isinstance(value, str) else decode_text(value[:TEXT_LIMIT])
        prefix, colon, header = name.partition(":")
        if _folded(name) in _GLOBAL:
            yield _named_globally(read_json(text))
            continue
        if colon and prefix == "v":
            yield Piece(Field.MERGE, "", names=frozenset({header}))
            continue
        if colon and prefix in ("h", "H"):
            yield from _header(header, text, frozenset())
            continue
        if colon and prefix == "t":
            continue
        # The query protocol of AWS spells a path: Message.Body.Html.Data.
        steps = [_folded(step) for step in re.sub(r"\[[^\]]*\]", "", name).split(".")]
        last = steps[-2] if steps[-1] in ("data", "member") and len(steps) > 1 else steps[-1]
        if last in _RAW or (last == "message" and len(text) > 40):
            yield from _mail(base64_bytes(value) or value if "@" not in text[:4000] else value)
        elif last == "xsmtpapi":
            data = read_json(text)
            if isinstance(data, dict):
                yield from _by_position(data)
        elif last in _MERGE:
            data = read_json(text)
            if isinstance(data, (dict, list)):
                yield from _merge(data, frozenset(), 0)
        elif last in _ATTACHED:
            yield from _file(value, "", "", frozenset())
        elif last == "headers":
            data = read_json(text)
            if isinstance(data, dict):
                yield from _headers(data, frozenset())
        elif (field := _field_of(last)) is not None:
            yield Piece(field, text)


def _by_position(control: Mapping[object, Value]) -> Iterator[Piece]:
    """SendGrid's old control header: the values of each tag stand in the order of ``to``."""
    to, tags = control.get("to"), control.get("sub")
    yield _named_globally(control.get("section"))
    if not isinstance(to, list) or not isinstance(tags, dict):
        return
    for place, person in enumerate(to):
        block = {
            tag: values[place] for tag, values in tags.items() if isinstance(values, list) and len(values) == len(to)
        }
        found: set[str] = set()
        _addresses(person, found, 0)
        yield _block(block, frozenset(found))


def _named_globally(value: Value | CannotTell) -> Piece:
    """The names of merge data for everybody."""
    known = not isinstance(value, CannotTell)
    return Piece(Field.MERGE, "", names=frozenset(_names_in(value, 0)) if known else frozenset())


def _names_in(value: object, depth: int) -> Iterator[str]:
    """The names in merge data, at any depth: keys, and what stands under ``name``."""
    if depth > _DEPTH:
        return
    if isinstance(value, str) and value[:1] in ("{", "["):
        data = read_json(value)
        if isinstance(data, (dict, list)):
            yield from _names_in(data, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(name, str):
                yield name
                if name.casefold() in ("name", "var", "tag", "key", "id") and isinstance(item, str):
                    yield item
            yield from _names_in(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _names_in(item, depth + 1)


def _field_of(key: str) -> Field | None:
    if key in _SUBJECT:
        return Field.SUBJECT
    if key in _TEXT:
        return Field.TEXT
    return Field.HTML if key in _HTML else None


def _walk(value: Value, key: str, owners: frozenset[str], depth: int) -> Iterator[Piece]:
    """The texts of a JSON body."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, key, owners, depth + 1)
    elif isinstance(value, str):
        field = _field_of(key)
        if field is not None:
            yield Piece(field, value, owners)
        elif key in _RAW and len(value) > 20:
            yield from (replace(piece, owners=owners) for piece in _mail(base64_bytes(value) or value))
    elif isinstance(value, dict):
        owners = _owners(value) or owners
        kind = _folded(value.get("type", value.get("contentType", value.get("Type", ""))))
        for name, item in value.items():
            inner = _folded(name)
            if inner in _HEADERS:
                yield from _headers(item, owners)
            elif inner in _ATTACHED:
                yield from _files(item, owners)
            elif inner in _MERGE:
                yield from _merge(item, owners, 0)
            elif inner in _GLOBAL:
                yield _named_globally(item)
            elif inner in _BODY and isinstance(item, str):
                # What it is stands beside it (SendGrid) or above it (SES).
                if key in _RAW:
                    yield from (replace(piece, owners=owners) for piece in _mail(base64_bytes(item) or item))
                elif "calendar" in kind:
                    yield Piece(Field.CALENDAR, item, owners)
                elif (field := _field_of(key) or _field_of(kind)) is not None:
                    yield Piece(field, item, owners)
                elif inner in ("body", "content") and key not in _FILE:
                    yield Piece(Field.HTML if "<" in item else Field.TEXT, item, owners)
            elif inner not in _OWNERS or isinstance(item, (dict, list)):
                yield from _walk(item, inner, owners, depth + 1)


def settled(value: object) -> bool:
    """Whether the body of a request has no parts of its own (files, merge data, MIME) and no lone address in a text.

    Then a reader finds nobody in it as long as none of its texts is :func:`loud` or holds an ``@``; of others,
    :func:`hearing` tells what they are.
    """
    if isinstance(value, dict):
        for name, item in value.items():
            key = _folded(name)
            if key in _ATTACHED or key in _MERGE or key in _RAW:
                return False
            if (_field_of(key) is not None or key in _BODY or key in _HEADERS) and _is_lone(item):
                return False
            if isinstance(item, (dict, list)) and not settled(item):
                return False
    elif isinstance(value, list):
        return all(settled(item) for item in value)
    return True


def _is_lone(item: object) -> bool:
    """Whether a text, or one in a list or a mapping, is an address and nothing else."""
    if isinstance(item, dict):
        return any(_is_lone(one) for one in item.values())
    if isinstance(item, list):
        return any(_is_lone(one) for one in item)
    return isinstance(item, str) and "@" in item and (plain_keys([item]) is not None or plain_named(item) is not None)


def deciding(key: str, above: str) -> bool:
    """Whether what stands under ``key`` may decide what a text beside it is: its kind, the name of a header."""
    folded = _folded(key)
    return folded in ("type", "contenttype") or (folded in ("name", "key", "header") and _folded(above) in _HEADERS)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the texts of a request are in which addresses or links may stand."""

    field: Field
    owners: frozenset[str]
    """See :class:`Piece`."""

    @property
    def running(self) -> bool:
        """Whether links and merge tags in it are looked at."""
        return self.field in _RUNNING


def hearing(exchange: Exchange, marks: Collection[str], texts: Collection[str]) -> dict[str, list[Hearing]] | None:
    """For each of ``marks``, texts that stand in the places of others, what a reader gets it as.

    ``texts`` are the other texts of the request. None where a reader gets more than these, or parts of them.
    """
    result: dict[str, list[Hearing]] = {mark: [] for mark in marks}
    for piece in pieces(exchange):
        if piece.missing or piece.own or piece.personal:
            return None
        if not piece.text:
            continue  # names of merge data for everybody
        if piece.text in result:
            if piece.field not in _RUNNING and (
                piece.field is not Field.HEADER or piece.detail.casefold() in _FOLLOW_UP
            ):
                return None
            result[piece.text].append(Hearing(piece.field, piece.owners))
        elif "@" in piece.text or piece.text not in texts or any(mark in piece.text for mark in marks):
            return None
    return result


def loud(text: str) -> bool:
    """Whether a text without an ``@`` has to be looked at all the same.

    Addresses may be written as percent signs or character references; a link may belong to one person; a merge tag may
    have been left.
    """
    # What is told fastest of most texts comes first.
    return (
        ("://" in text and HINT.search(text) is not None)
        or "%40" in text
        or "\uff20" in text
        or ("&" in text and _ENTITY.search(text) is not None)
        or MARK.search(text) is not None
    )


def _owners(value: Mapping[object, Value]) -> frozenset[str]:
    """The people whom a mapping names as those it is for."""
    found: set[str] = set()
    for name, item in value.items():
        key = _folded(name)
        if key in _OWNERS:
            _addresses(item, found, 0)
    return frozenset(found)


def _addresses(value: Value, found: set[str], depth: int) -> None:
    if isinstance(value, str):
        if "@" in value:
            found.update(compare_key(one.address) for one in recipients(value).recipients if one.address)
    elif isinstance(value, list) and depth < 4:
        for item in value:
            _addresses(item, found, depth + 1)
    elif isinstance(value, dict) and depth < 4:
        for name, item in value.items():
            if _folded(name) in _OWNERS:
                _addresses(item, found, depth + 1)


def _headers(value: Value, owners: frozenset[str]) -> Iterator[Piece]:
    if isinstance(value, dict):
        for name, item in value.items():
            for text in item if isinstance(item, list) else [item]:
                if isinstance(name, str) and isinstance(text, str):
                    yield from _header(name, text, owners)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                name = item.get("name", item.get("Name", item.get("key", item.get("header"))))
                text = item.get("value", item.get("Value"))
                if isinstance(name, str) and isinstance(text, str):
                    yield from _header(name, text, owners)
                elif len(item) == 1:
                    yield from _headers(item, owners)


def _header(name: str, text: str, owners: frozenset[str]) -> Iterator[Piece]:
    name = name.strip()
    if name.casefold() == "subject":
        yield Piece(Field.SUBJECT, text, owners)
    elif _SHOWN_HEADER.fullmatch(name) and not _CONTROL.fullmatch(name):
        yield Piece(Field.HEADER, text, owners, name.title())


def _merge(value: Value, owners: frozenset[str], depth: int) -> Iterator[Piece]:
    """Merge data: blocks under addresses, blocks beside an address, one block for all."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            yield from _merge(item, owners, depth + 1)
        return
    if isinstance(value, str):
        data = read_json(value) if value[:1] in "{[" and value else None
        if isinstance(data, (dict, list)):
            yield from _merge(data, owners, depth + 1)
        elif owners:
            yield Piece(Field.MERGE, value, owners, own=True)
        return
    if not isinstance(value, dict):
        return
    keyed = {
        name: item
        for name, item in value.items()
        if isinstance(name, str) and "@" in name and isinstance(item, (dict, list, str))
    }
    for name, item in keyed.items():
        yield _block(item, frozenset({compare_key(name)}))
    if keyed:
        return
    # {rcpt, vars}, {email, data}: a block that says whose it is. An address alone is data.
    names = {_folded(name) for name in value}
    if "rcpt" in names or (names & _OWNERS and names & _DATA):
        named = _owners(value)
        rest = {name: item for name, item in value.items() if _folded(name) not in _OWNERS}
        yield _block(rest, named or owners)
    else:
        yield _block(value, owners)


_DATA: Final = frozenset({"vars", "data", "substitutions", "variables", "personalization", "values", "mergedata"})


def _block(value: Value, owners: frozenset[str]) -> Piece:
    personal = tuple((name, text) for name, text in _fields(value, 0) if text and _PERSONAL.fullmatch(name))
    names = frozenset(_names_in(value, 0))
    return Piece(Field.MERGE, "\0".join(_leaves(value, 0)), owners, own=bool(owners), personal=personal, names=names)


def _fields(value: Value, depth: int) -> Iterator[tuple[str, str]]:
    """The fields of merge data with their texts; marks around a name (``-name-``, ``{{name}}``) are taken off."""
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        content = value.get("content", value.get("value"))
        if isinstance(value.get("name"), str) and isinstance(content, str):
            yield value["name"].strip("-{}%*|[]: ").casefold(), content
            return
        for name, item in value.items():
            if isinstance(item, str) and isinstance(name, str):
                yield name.strip("-{}%*|[]: ").casefold(), item
            elif isinstance(item, (dict, list)):
                yield from _fields(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _fields(item, depth + 1)


def _leaves(value: Value, depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, depth + 1)


def _files(value: Value, owners: frozenset[str]) -> Iterator[Piece]:
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, dict):
            continue
        keys = {_folded(name): text for name, text in item.items() if isinstance(text, (str, bytes))}
        kind = str(keys.get("type") or keys.get("contenttype") or keys.get("mimetype") or "")
        name = str(keys.get("filename") or keys.get("name") or "")
        content = next((text for key, text in keys.items() if key in _FILE), None)
        if content:
            yield from _file(base64_bytes(content) or content, kind, name, owners)


_BINARY: Final = re.compile(r"image/(?!svg)|audio/|video/|font/", re.IGNORECASE)


def _file(content: str | bytes, kind: str, name: str, owners: frozenset[str]) -> Iterator[Piece]:
    """What stands in an attached file: CSV, JSON, a calendar, an Office document, an archive, a PDF."""
    if _BINARY.match(kind):
        return
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    form = packed(data, kind, name)
    if form:
        for inner, missing in opened(data, form):
            yield Piece(Field.ATTACHMENT, inner, owners, missing=missing)
        return
    if b"\0" in data[:1000] and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return
    text = decode_text(data[:TEXT_LIMIT])
    calendar = (
        "calendar" in kind.casefold()
        or name.casefold().endswith(".ics")
        or text.lstrip()[:15].upper() == "BEGIN:VCALENDAR"
    )
    yield Piece(Field.CALENDAR if calendar else Field.ATTACHMENT, text, owners)


def _mail(data: str | bytes) -> Iterator[Piece]:
    """The texts of a message: header lines, and the parts of its body."""
    block = header_block(data)
    if isinstance(block, CannotTell):
        return
    for name, value in block:
        if isinstance(value, str):
            yield from _header(name, value, frozenset())
            if name.strip().casefold() in _MERGING:
                found = read_json(value)
                yield _named_globally(found)
                if isinstance(found, dict) and name.strip().casefold() == "x-smtpapi":
                    yield from _by_position(found)
    raw = data.encode("utf-8", "surrogateescape" if data.isascii() else "replace") if isinstance(data, str) else data
    if len(raw) > 4 * TEXT_LIMIT:
        raw = raw[: 4 * TEXT_LIMIT]
    try:
        mail = message_from_bytes(raw)
        parts = list(_leaf_parts(mail, 0))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    first = True
    for part in parts[:_PARTS]:
        kind = part.get_content_type()
        try:
            content = part.get_payload(decode=True)
            charset = part.get_content_charset() or ""
            name = part.get_filename() or ""
            attached = part.get_content_disposition() == "attachment"
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        if not isinstance(content, bytes) or not content:
            continue
        if kind == "text/calendar" or attached or name or not kind.startswith("text/"):
            yield from _file(content, kind, name, frozenset())
        else:
            text = decode_text(content[:TEXT_LIMIT], charset)
            yield Piece(
                Field.HTML
                if kind == "text/html"
                else Field.TEXT
                if first or kind == "text/plain"
                else Field.ATTACHMENT,
                text,
            )
        first = False


def _leaf_parts(mail: Mail, depth: int) -> Iterator[Mail]:
    inner = mail.get_payload()
    if isinstance(inner, list) and depth < _DEPTH:
        for part in inner:
            if isinstance(part, Mail):
                yield from _leaf_parts(part, depth + 1)
    else:
        yield mail


# --- who else is in there -------------------------------------------------------------------------

_PERSONAL: Final = re.compile(
    r"(?:first|last|full|user)?_?name|e?_?mail|user_?(?:name|id)|customer_?(?:id|number)|account(?:_?(?:id|number))?|member_?id|token|otp|pin|password"
    r"|phone(?:_?number)?|address|iban|birth_?da(?:y|te)|magic_?link|(?:login|reset|confirm\w*|verif\w*|unsubscribe)_?(?:url|link|code)",
    re.IGNORECASE,
)
"""Names of merge fields whose value belongs to one person."""
_UNIQUE: Final = re.compile(
    r"e?_?mail|token|otp|pin|password|iban|magic_?link|(?:login|reset|confirm\w*|verif\w*)_?(?:url|link|code)",
    re.IGNORECASE,
)
"""Those of them that two people never share."""
_SHARED_LEAST: Final = 3
"""So many people with one value before it counts, where it is none that two people never share."""


_NOWHERE: Final = Place("")

_Found: TypeAlias = tuple[Piece, list[Mention]]

_Plan: TypeAlias = tuple[tuple[tuple[int, Token], ...], str]

_LATE: Final = 256
"""Requests whose links are put with the others at once."""


class Contents:
    """Looks into the requests of one capture, one after the other, and remembers to whom they went."""

    def __init__(self, limit: int = EARLIER_LIMIT) -> None:
        """``limit``: how many people of earlier requests are remembered."""
        self._limit = limit
        self._earlier: set[int] = set()
        self._late: list[str] = []
        self._late_count = 0
        self._fixed: set[str] = set()
        self.full = False
        """Whether the capture had more people than are remembered."""
        self._links = Links()
        self._late_links: dict[int, tuple[_Plan, list[tuple[Sequence[bytes], str, int]]]] = {}
        self._late_rows = 0
        self.missing: Counter[str] = Counter()
        """Attached files that were not looked into, by the reason."""
        self._gathered: frozenset[str] = frozenset()

    @property
    def links(self) -> Links:
        """To whom the links of the capture went that may belong to one person."""
        if self._late_links:
            self._settle_links()
        return self._links

    def _settle_links(self) -> None:
        late, self._late_links, self._late_rows = self._late_links, {}, 0
        batches = []
        for (plan, _), rows in late.values():
            lines = [line for _, _, line in rows]
            owners = [hash(owner) for _, owner, _ in rows]
            columns: dict[int, list[int]] = {}
            for number, one in plan:
                if number >= 0 and number not in columns:
                    columns[number] = [hash(values[number].decode()) for values, _, _ in rows]
                tokens = columns[number] if number >= 0 else [one.token] * len(rows)
                batches.append((one.slot, one.named, tokens, owners, lines))
        (_, path), _ = next(iter(late.values()))
        self._links.add_all(path, batches)

    def linked(self, plan: _Plan, values: Sequence[bytes], owner: str, line: int) -> None:
        """Take note of the links of a request with one reader.

        ``plan`` has, for each link, which of ``values`` is its token (-1: the one that is said) and its slot, and which
        capture it is; ``line`` where in that.
        """
        known = self._late_links.get(id(plan))
        if known is None:
            known = self._late_links[id(plan)] = (plan, [])
        known[1].append((values, owner, line))
        self._late_rows += 1
        if self._late_rows >= _LATE:
            self._settle_links()

    def is_fixed(self, people: Collection[str]) -> bool:
        """Whether all addresses, in their comparing form, are known to belong to a template."""
        return all(key in self._fixed for key in people)

    def add(self, exchange: Exchange, decoded: Decoded, place: Place = _NOWHERE) -> Decoded:
        """``decoded`` with what readers find elsewhere. Call it for each request of a capture, in order."""
        self._place = place
        match decoded:
            case CannotTell():
                return decoded
            case Undecided(messages=messages, alternative=other):
                found = self._with(exchange, (*messages, *other))
                return replace(decoded, messages=found[: len(messages)], alternative=found[len(messages) :])
            case tuple():
                return self._with(exchange, decoded)

    def _with(self, exchange: Exchange, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if not messages:
            return messages
        self._settle()
        readers = [_keys((*one.to, *one.cc, *one.bcc, *one.transmitted_bcc)) for one in messages]
        everybody = frozenset().union(*readers)
        result = messages
        if _worth(exchange, everybody):
            result = self._searched(exchange, messages, readers, everybody)
        self.written(everybody)
        return result

    def hears(
        self,
        heard: Sequence[tuple[str, bool, Sequence[str]]],
        senders: Collection[str],
        everybody: Collection[str],
        seen: Collection[str],
        place: Callable[[], Place],
    ) -> bool:
        """Whether texts show nobody to anybody, as far as can be told at once; then their links are taken note of.

        Args:
            heard: each text, whether it is a running one, and whom its links go to, as :meth:`_linked` says.
            senders: who the mail is from. All are in their comparing form.
            everybody: to whom the request writes.
            seen: who of them is seen by all others anyway.
            place: where the request stands.

        """
        tokens: dict[str, list[Token]] = {}
        for text, running, targets in heard:
            if running and MARK.search(text):
                return False
            if "@" in text or "40" in text or "&" in text:
                for key in found_in(text):
                    if key in senders:
                        continue
                    if key not in seen if key in everybody else key not in self._fixed:
                        return False
            if targets and running:
                found = tokens_in(text)
                for target in targets if found else ():
                    tokens.setdefault(target, []).extend(found)
        if len(tokens) > 1 and any(one.named for found in tokens.values() for one in found):
            return False
        if tokens:
            where = place()
            for target, found in tokens.items():
                self.links.add(found, target, where)
        return True

    def written(self, everybody: Collection[str]) -> None:
        """Take note of whom a request wrote to, in their comparing form; that is all where :func:`settled` and not :func:`loud`."""
        if len(self._earlier) < self._limit:
            self._earlier.update(map(hash, everybody))
        elif not self.full:
            self.full = any(hash(key) not in self._earlier for key in everybody)

    def wrote(self, people: str, count: int) -> None:
        """The same of ``count`` people, one a line. They are put with the others when a text is looked into, which may be never."""
        self._late.append(people)
        self._late_count += count
        if self._late_count + len(self._earlier) >= self._limit:
            self._settle()

    def _settle(self) -> None:
        late, self._late, self._late_count = self._late, [], 0
        for people in late:
            self.written(people.split("\n"))

    def _searched(
        self,
        exchange: Exchange,
        messages: tuple[Message, ...],
        readers: list[frozenset[str]],
        everybody: frozenset[str],
    ) -> tuple[Message, ...]:
        from_ = senders(exchange) | _keys(person for one in messages for person in one.reply_to)
        shared: list[_Found] = []
        owned: dict[str, list[_Found]] = {}
        follow: list[Recipient] = []
        blocks: list[Piece] = []
        texts: list[Piece] = []
        data: list[Piece] = []
        gathered: set[str] = set()
        for piece in pieces(exchange):
            if piece.missing:
                self.missing[piece.missing] += 1
                continue
            if piece.names:
                data.append(piece)
            if piece.field in _RUNNING:
                texts.append(piece)
            if piece.field is Field.HEADER and piece.detail.casefold() in _FOLLOW_UP:
                follow += recipients(piece.text).recipients
                continue
            if piece.own:
                blocks.append(piece)
            if piece.field is Field.CALENDAR:
                people, hosts = _calendar(piece.text)
                known = [key for key in people if key not in from_ and key not in hosts]
            else:
                known = (
                    self._known(found_in(piece.text), everybody, from_, gathered)
                    if "@" in piece.text or "40" in piece.text or "&" in piece.text
                    else []
                )
            if not known:
                continue
            entry = (piece, [Mention(piece.field, Recipient(key), piece.detail, known=True) for key in known])
            if piece.owners:
                for owner in piece.owners:
                    owned.setdefault(owner, []).append(entry)
            else:
                shared.append(entry)
        wrong = _mismatched(blocks, _keys(person for one in messages for person in one.to))
        alike = tuple(Mention(Field.MERGE, Recipient(key), "shared", known=True) for key in sorted(_alike(blocks)))
        left = _left(texts, data, everybody)
        stray = self._linked(texts, readers)
        growing = bool(self._gathered) and self._gathered < gathered
        if gathered:
            self._gathered = frozenset(gathered)
        if not (shared or owned or follow or wrong or alike or left or stray):
            return messages
        return _gathering(
            tuple(
                self._one(
                    message, mine, [*shared, *_once(owned, mine)], follow, wrong, alike, left, stray, growing=growing
                )
                for message, mine in zip(messages, readers, strict=True)
            )
        )

    def _linked(self, texts: list[Piece], readers: list[frozenset[str]]) -> dict[str, set[str]]:
        """Note the links of a request; for each reader, whose links he gets besides his own.

        Within one request only links count that say that they belong to one person: the same text for everybody is
        what a mailing is.
        """
        alone = list(dict.fromkeys(next(iter(mine)) for mine in readers if len(mine) == 1))
        if not alone:
            return {}
        owners: dict[str, list[Token]] = {}
        for piece in texts:
            found = tokens_in(piece.text)
            if found:
                # The first two stand for all of those who get one and the same text.
                for reader in [key for key in alone if key in piece.owners] if piece.owners else alone[:2]:
                    owners.setdefault(reader, []).extend(found)
        whose: dict[int, list[str]] = {}
        for reader, found in owners.items():
            kept = []
            for one in found:
                before = whose.setdefault(one.token, [])
                if reader not in before:
                    before.append(reader)
                if not one.named or len(before) == 1:
                    kept.append(one)
            self.links.add(kept, reader, self._place)
        stray: dict[str, set[str]] = {}
        named = {one.token for found in owners.values() for one in found if one.named}
        for token, people in whose.items():
            if token in named and len(people) > 1:
                for reader in people[1:]:
                    stray.setdefault(reader, set()).add(people[0])
        return stray

    def _known(
        self, found: list[str], everybody: frozenset[str], senders: frozenset[str], gathered: set[str]
    ) -> list[str]:
        """Those of ``found`` who were written to; those of earlier requests are put into ``gathered`` as well."""
        here, before = [], []
        for key in found:
            if key in senders:
                continue
            if key in everybody:
                here.append(key)
            elif key in self._fixed:
                continue
            elif hash(key) in self._earlier:
                before.append(key)
            elif len(self._fixed) < _FIXED_LIMIT:
                # Stands there before anybody wrote to it: part of a template.
                self._fixed.add(key)
        gathered.update(before)
        # One person of an earlier mail may be whom this one is about ("Ann invites you"); several are a list.
        return [*here, *before] if len(before) > 1 else here

    def _one(
        self,
        message: Message,
        readers: frozenset[str],
        texts: Iterable[_Found],
        follow: list[Recipient],
        wrong: frozenset[str],
        alike: tuple[Mention, ...],
        left: Mapping[str, bool],
        stray: Mapping[str, set[str]],
        *,
        growing: bool,
    ) -> Message:
        visible = _keys((*message.to, *message.cc))
        if len(readers) == 1:
            visible |= readers
        mentions: dict[tuple[Field, str], Mention] = {}
        for piece, known in texts:
            for mention in known:
                key = _key_of(mention)
                if key not in visible:
                    mentions.setdefault((piece.field, key), mention)
        for key in wrong & readers if len(readers) == 1 else wrong:
            mentions.setdefault((Field.MERGE, key), Mention(Field.MERGE, Recipient(key), "key", known=True))
        for key in readers & left.keys():
            count = ONE if left[key] else Count(0, 0, 1)
            mentions.setdefault((Field.TAG, key), Mention(Field.TAG, Recipient(key, count), known=True))
        for reader in readers & stray.keys() if len(readers) == 1 else ():
            for key in stray[reader]:
                mentions.setdefault((Field.LINK, key), Mention(Field.LINK, Recipient(key), known=True))
        if not any(_key_of(mention) in readers for mention in alike):
            alike = ()
        if not (mentions or follow or alike):
            return message
        if growing:
            message = replace(message, traits=message.traits | {Trait.GATHERING})
        before = tuple(
            one
            for one in message.mentions
            if one.recipient.address is None or (one.field, compare_key(one.recipient.address)) not in mentions
        )
        everything = (*before, *mentions.values(), *alike)
        return replace(message, mentions=everything, reply_to=(*message.reply_to, *follow))


def _gathering(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages of one request; those are marked whose texts hold everybody of the one before and more."""
    before: frozenset[str] = frozenset()
    result = []
    for message in messages:
        found = frozenset(_key_of(one) for one in message.mentions if one.known and one.field in _WRITTEN)
        if before and before < found:
            message = replace(message, traits=message.traits | {Trait.GATHERING})  # noqa: PLW2901  # the same one, marked
        before = found
        result.append(message)
    return tuple(result)


_WRITTEN: Final = frozenset({Field.SUBJECT, Field.TEXT, Field.HTML, Field.ATTACHMENT})


def _key_of(mention: Mention) -> str:
    return mention.recipient.address or ""


def _once(owned: Mapping[str, list[_Found]], readers: frozenset[str]) -> Iterator[_Found]:
    seen: set[int] = set()
    for reader in readers if len(readers) < len(owned) else [key for key in owned if key in readers]:
        for entry in owned.get(reader, ()):
            if id(entry[0]) not in seen:
                seen.add(id(entry[0]))
                yield entry


def _keys(people: Iterable[Recipient]) -> frozenset[str]:
    return frozenset([compare_key(person.address) for person in people if person.address is not None])


_HINTS: Final = (
    *(
        "ttachment",
        "nline",
        "ase64",
        '"raw',
        '"Raw',
        "message",
        "Message",
        "&#",
        "%40",
        "commat",
        "ariables",
    ),
    *(
        "_vars",
        "substitution",
        "template",
        "Template",
        'ersonalization"',
        ".ics",
        "alendar",
        "VCALENDAR",
        "MergeVars",
        "=40",
    ),
)
"""What a body holds in which addresses may be written otherwise than with their sign, or that has parts of its own."""


_BY_NUMBER: Final = re.compile(r"\\u00[2-7]")
"""A sign of ASCII that JSON writes by number: part of an address, or of a link."""

_RUNNING: Final = frozenset({Field.SUBJECT, Field.TEXT, Field.HTML})


def _left(texts: list[Piece], data: list[Piece], everybody: frozenset[str]) -> dict[str, bool]:
    """Who reads a merge tag that nothing fills, and whether that is sure."""
    # What others have data for is a tag, however it is written.
    literal = frozenset(
        name
        for piece in data
        for name in piece.names
        if 2 < len(name) < 80 and name[0] in "-%[{*#:<$" and name[-1] in "-%]}*#:>"
    )
    found: list[tuple[Piece, dict[str, bool], frozenset[str]]] = []
    for piece in texts:
        named = dict(tags(piece.text))
        spelled = frozenset(name for name in literal if name in piece.text)
        if named or spelled:
            found.append((piece, named, spelled))
    if not found:
        return {}
    common = frozenset().union(*(piece.names for piece in data if not piece.owners))
    own: dict[str, frozenset[str]] = {}
    for piece in data:
        for owner in piece.owners:
            own[owner] = own.get(owner, frozenset()) | piece.names
    result: dict[str, bool] = {}
    cache: dict[frozenset[str], tuple[bool, bool]] = {}
    for reader in everybody:
        mine = common | own.get(reader, frozenset())
        for piece, named, spelled in found:
            if piece.owners and reader not in piece.owners:
                continue
            known = cache.get(mine) if len(found) == 1 else None
            if known is None:
                names = {name_of(name) for name in mine}
                missing = [sure for name, sure in named.items() if name_of(name) not in names]
                bare = bool(spelled - mine)
                known = cache[mine] = (bool(missing) or bare, any(missing) or bare)
            if known[0]:
                result[reader] = result.get(reader, False) or known[1]
    return result


def _worth(exchange: Exchange, everybody: frozenset[str]) -> bool:
    """Whether a request can hold more than the addresses that it was decoded to. Cheap, and errs towards looking."""
    if not isinstance(exchange, HttpRequest):
        return True
    body = exchange.body
    if not isinstance(body, str):
        return True
    if ("{{" in body or "*|" in body or "%recipient." in body or "[[data:" in body) or (
        (":/" in body or ":\\/" in body) and WIDE_HINT.search(body)
    ):
        return True
    # Every reader once, and the sender: what a request without any address in its texts has.
    if body.count("@") > len(everybody) + 1 or len(everybody) > body.count("@"):
        return True
    if "\\u00" in body and _BY_NUMBER.search(body):
        return True
    for hint in _HINTS:  # noqa: SIM110  # half the time of any(), for each record
        if hint in body:
            return True
    return False


def senders(exchange: Exchange) -> frozenset[str]:
    """Who the mail is from, in their comparing form: such an address in a signature shows nobody."""
    found: set[str] = set()
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if isinstance(body, CannotTell):
                return frozenset()
            if isinstance(body.value, Form):
                for name, value in body.value.parts:
                    if _folded(name) in _FROM:
                        _addresses(value, found, 0)
            else:
                _from(body.value, found, 0)
        case SmtpTransaction() | RawMessage():
            if isinstance(exchange, SmtpTransaction) and isinstance(exchange.mail_from, str):
                found.update(found_in(exchange.mail_from))
            block = header_block(exchange.data)
            if not isinstance(block, CannotTell):
                for name, value in block:
                    if _folded(name) in _FROM and isinstance(value, str):
                        found.update(found_in(value))
    return frozenset(found)


_FROM: Final = frozenset(
    {
        "from",
        "fromemail",
        "fromaddress",
        "fromemailaddress",
        "source",
        "sender",
        "replyto",
        "replytoaddresses",
        "returnpath",
        "hfrom",
        "hreplyto",
        "hsender",
    }
)


def _from(value: Value, found: set[str], depth: int) -> None:
    if depth > 4:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            if _folded(name) in _FROM:
                _addresses(item, found, 0)
            elif isinstance(item, (dict, list)):
                _from(item, found, depth + 1)
    elif isinstance(value, list):
        for item in value[:2000]:
            _from(item, found, depth + 1)


def _mismatched(blocks: list[Piece], addressed: frozenset[str]) -> frozenset[str]:
    """People in To without merge data of their own, where some of the data is under addresses that nobody here has."""
    keys: frozenset[str] = frozenset().union(*(piece.owners for piece in blocks))
    return addressed - keys if keys - addressed and keys else frozenset()


def _alike(blocks: list[Piece]) -> frozenset[str]:
    """People whose merge data has the value of somebody else in a field that belongs to one person."""
    values: dict[str, dict[str, set[str]]] = {}
    for piece in blocks:
        for name, text in piece.personal:
            values.setdefault(name, {}).setdefault(text, set()).update(piece.owners)
    result: set[str] = set()
    for name, groups in values.items():
        for owners in groups.values():
            if len(owners) > 1 and (_UNIQUE.fullmatch(name) or (len(groups) == 1 and len(owners) >= _SHARED_LEAST)):
                result |= owners
    return frozenset(result)


def names_of(exchange: Exchange, wanted: frozenset[str]) -> frozenset[str]:
    """Those of ``wanted`` (in their comparing form) whose names stand beside their addresses in the request."""
    found: set[str] = set()
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if isinstance(body, CannotTell):
                return frozenset()
            if isinstance(body.value, Form):
                for _, value in body.value.parts:
                    _named(value, wanted, found, 0)
            elif isinstance(body.value, (str, bytes)):
                _named_lines(base64_bytes(body.value) or body.value, wanted, found)
            else:
                _named(body.value, wanted, found, 0)
        case SmtpTransaction() | RawMessage():
            _named_lines(exchange.data, wanted, found)
    return frozenset(found)


_NAME: Final = re.compile(r"(?:\"(?:[^\"\\]|\\.){1,200}\"|[^<>\",;:@]{1,200}?)[ \t]*<([^<>\s]{3,320})>")


def _named(value: Value, wanted: frozenset[str], found: set[str], depth: int) -> None:
    if depth > _DEPTH:
        return
    if isinstance(value, str):
        if "<" in value and "@" in value:
            for match in _NAME.finditer(value[:TEXT_LIMIT]):
                key = compare_key(match.group(1))
                if key in wanted and match.group(0).partition("<")[0].strip(" \"'"):
                    found.add(key)
    elif isinstance(value, list):
        for item in value:
            _named(item, wanted, found, depth + 1)
    elif isinstance(value, dict):
        low = {_folded(name): item for name, item in value.items()}
        name = low.get("name") or low.get("fullname") or low.get("displayname")
        address = low.get("email") or low.get("address") or low.get("emailaddress")
        if (
            isinstance(name, str)
            and name.strip()
            and isinstance(address, str)
            and (key := compare_key(address)) in wanted
        ):
            found.add(key)
        for item in value.values():
            if isinstance(item, (dict, list, str)):
                _named(item, wanted, found, depth + 1)


def _named_lines(data: Value, wanted: frozenset[str], found: set[str]) -> None:
    block = header_block(data)
    if not isinstance(block, CannotTell):
        for name, value in block:
            if name.casefold() in ("to", "cc", "bcc", "reply-to", "resent-to", "resent-cc"):
                _named(value, wanted, found, 0)
