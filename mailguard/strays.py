"""Addresses in recorded data that stand like those of people who get a mail, under whatever name.

Not taken for such: texts, merge data, metadata, senders, and whatever else holds addresses without anybody getting a mail.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import unquote

from mailguard.addresses.compare import compare_key
from mailguard.addresses.plain import ADDRESS
from mailguard.addresses.values import recipients
from mailguard.documents.byte_text import base64_bytes, decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Form, RawMessage
from mailguard.model.message import CannotTell, Reason
from mailguard.wire.header_blocks import header_block

__all__ = [
    "DATA",
    "LONGEST",
    "PEOPLE",
    "complete",
    "keys_in",
    "leaves",
    "letters",
    "misplaced",
    "nearly_people",
    "strays",
]

PEOPLE: Final = re.compile(
    r"x?(?:e?mail|send|resent)?(?:to|cc|bcc)(?:e?mails?|addresse?s?|list|recipients?|members?)*s?"
    r"|x?(?:to|cc|bcc)?recipients?(?:list|e?mails?|addresse?s?)?|(?:e?mail|message)?receivers?|rcptto|targets?"
    r"|destinations?(?:(?:to|cc|bcc)addresses)?(?:members?)?|attendees|personali[sz]ations?|messageversions|envelope|messages"
)
"""Names under which people stand who get a mail."""
_LONG: Final = (
    "toaddresses",
    "ccaddresses",
    "bccaddresses",
    "recipients",
    "torecipients",
    "destination",
    "personalizations",
    "attendees",
)
_SENDERS: Final = re.compile(
    r"(?:x|e?mail|reply|return|bounce|errors?|feedback)?(?:from|sender|source|replyto|returnpath)(?:e?mail|address|name|arn)*s?"
    r"|replyto(?:list|addresses)?(?:members?)?|(?:feedback|bounce|complaint|return|unsubscribe|errors?|abuse|postmaster)\w*"
    r"|(?:api)?(?:user|username|login|account|identity|author|owner|contact|subaccount|onbehalfof|signature)\w*"
)
"""Names under which people stand who write, or to whom answers go."""
DATA: Final = re.compile(
    r"\w*(?:data|vars?|variables?|params?|parameters?|substitutions?|merge\w*|meta|metadata|custom\w*|tags?|args|attributes|properties"
    r"|context|track\w*|analytics\w*|campaign\w*|categor\w*|payload|settings|options|filters?)|xsmtpapi"
)
"""Names above what belongs to the program and to templates: nothing below gets a mail."""
_TEXTS: Final = re.compile(
    r"\w*(?:headers?|attachments?|contents?|text\w*|html\w*|body\w*|subject\w*|sections?|messageid|ids?|uid|urls?|links?|images?"
    r"|files?|filename)"
)
"""Names under which addresses are no people who get a mail, unless a name below says that they are."""
_OF_TEXT: Final = re.compile(r"subject|(?:text|html)?(?:content|body|part)?")
"""Those of a text in which no list stands."""
_NEUTRAL: Final = frozenset(
    {"", "email", "emails", "address", "addresses", "emailaddress", "name", "mail", "value", "member", "xemail"}
)
_ADDRESS: Final = ("address", "email", "emailaddress")
"""Of these also what is nearly one."""
_MAILBOX: Final = re.compile(
    r"(?:[^@<>\r\n]{0,200}<[^\s@<>]{1,100}@[^\s@<>]{1,200}>|[^\s@<>,;:]{1,100}@[^\s@<>,;:]{1,200})"
)
LONGEST: Final = 1 << 16
"""Characters of one text that are searched for people; who stands at its beginning is doubt enough."""
_CODED: Final = ("eyJ", "eyA", "W3si", "WyJ")
"""How an object, a list of objects and a list of texts begin in JSON that is written in base64."""
_DEPTH: Final = 40
_MEMBERS: Final = 100_000


def letters(key: object) -> str:
    """A key in letters only: ``to[0][email]`` is ``to``, ``Cc-`` is ``cc``."""
    return _letters(key[:80]) if isinstance(key, str) else ""


@functools.lru_cache(4096)
def _letters(name: str) -> str:
    # A log has few different keys, and each many times.
    return re.sub(r"[^a-z]", "", re.split(r"[\[<]", name.lower().replace(".member.", ""), maxsplit=1)[0])


def leaves(value: object) -> Leaves:
    """The texts of data with an ``@``, and the keys above each."""
    return Leaves([*islice(_leaves(value, (), 0), _MEMBERS)])


def strays(value: object, known: Collection[str], *, anywhere: bool = False) -> list[str]:
    """Addresses in data, or in its :func:`leaves`, in their comparing form, that stand like those of readers and are none of ``known``.

    ``anywhere``: a name of which nothing is known is one of readers, too.
    """
    found: dict[str, None] = {}
    for chain, text in value.texts if isinstance(value, Leaves) else islice(_leaves(value, (), 0), _MEMBERS):
        # Most are one plain address, of somebody who is known: nobody need read it, nor where it stands.
        if text.lower() in known and ADDRESS.fullmatch(text):
            continue
        if _placed(_names_of(chain), text, anywhere=anywhere):
            found.update(dict.fromkeys(key for key in keys_in(text[:LONGEST]) if key not in known))
    return list(found)


def misplaced(value: Leaves, shown: Collection[str]) -> list[str]:
    """Addresses in data, in their comparing form, where those stand who are printed, and that are none of ``shown``.

    They are To and Cc lines among own headers; and who writes, where they are several: one person writes a mail.
    """
    found: dict[str, None] = {}
    writers: dict[int, tuple[_Chain, set[str]]] = {}
    for chain, text in value.texts:
        names = _names_of(chain)
        if "headers" in names[:-1] and any(name in ("to", "cc") for name in names):
            found.update(dict.fromkeys(key for key in keys_in(text[:LONGEST]) if key not in shown))
        elif names[-1:] != ("name",) and (writer := _writer(chain)):
            # Held, so that no other gets its number.
            writers.setdefault(id(writer), (writer, set()))[1].update(keys_in(text[:LONGEST]))
    several = [people for _, people in writers.values() if len(people) > 1]
    found.update(dict.fromkeys(key for people in several for key in sorted(people) if key not in shown))
    return list(found)


_WRITERS: Final = frozenset({"from", "sender", "fromemail", "fromaddress", "fromemailaddress", "senderemail"})


def _writer(chain: _Chain) -> _Chain:
    """The place of who writes that a text is in; empty for none."""
    if any(map(DATA.fullmatch, _names_of(chain))):
        return ()
    while chain:
        if chain[1] is not None and letters(chain[1]) in _WRITERS:
            return chain
        chain = chain[0]
    return ()


def keys_in(text: str) -> Iterator[str]:
    """The addresses of the people in a text, in their comparing form."""
    for person in recipients(text).recipients:
        if person.address is not None and "@" in person.address:
            yield compare_key(person.address)


_Chain: TypeAlias = "tuple[()] | tuple[_Chain, str | None]"
"""The keys above a text, from the last one on; None for a list."""


class Leaves(NamedTuple):
    """What is asked of data more than once; see :func:`leaves`."""

    texts: list[tuple[_Chain, str]]


def _leaves(value: object, chain: _Chain, depth: int) -> Iterator[tuple[_Chain, str]]:
    """The texts of data with an ``@``, and the keys above each."""
    if depth > _DEPTH:
        yield (chain, "to"), " ".join(_texts(value))  # nobody puts data so deep that is read
        return
    match value:
        case str():
            if "@" in value:
                inner = read_json(value) if value[:1] in ("{", "[") and not _is_attached(chain) else None
                if isinstance(inner, (dict, list)):
                    yield from _leaves(inner, chain, depth + 1)
                else:
                    yield chain, value
            elif value.startswith(_CODED) and not _is_attached(chain):
                coded = base64_bytes(value)
                inner = read_json(coded) if coded is not None else None
                if isinstance(inner, (dict, list)):
                    yield from _leaves(inner, chain, depth + 1)
        case bytes():
            text = decode_text(value[:LONGEST])
            if "@" in text:
                yield chain, text
        case Form(parts=parts):
            for name, item in parts:
                # What was encoded twice still is once.
                once = unquote(item) if isinstance(item, str) and "%40" in item and "@" not in item else item
                yield from _leaves(once, (chain, name), depth + 1)
                if "@" in name:
                    yield (chain, "to"), re.sub(r"[\[\]]", " ", name)
        case dict() | Mapping():
            for key, item in value.items():
                # Half of what is asked, and more, are texts of which there is nothing to tell.
                if type(item) is not str or "@" in item or item.startswith(_CODED):
                    yield from _leaves(item, (chain, key if isinstance(key, str) else ""), depth + 1)
        case list() | tuple():
            below = chain, None
            for item in value:
                if type(item) is not str or "@" in item or item.startswith(_CODED):
                    yield from _leaves(item, below, depth + 1)


def _is_attached(chain: _Chain) -> bool:
    """Whether a text is a file that goes along: its lists are for readers, and nobody in them gets the mail."""
    while chain:
        chain, key = chain
        if key is not None and _FILES.fullmatch(letters(key)):
            return True
    return False


_FILES: Final = re.compile(r"(?:inlined?|base)?(?:attachments?|images)")


def _texts(value: object) -> Iterator[str]:
    """The texts of data with an ``@``, however deep it is."""
    held = [value]
    while held:
        match held.pop():
            case str(text):
                if "@" in text:
                    yield text[:LONGEST]
            case Mapping() as inner:
                held.extend(inner.values())
            case list() | tuple() as inner:
                held.extend(inner)


def _names_of(chain: _Chain) -> tuple[str, ...]:
    """The keys above a text from the first one on, those of a nested name one by one, in letters only; ``*`` for a list."""
    names: tuple[str, ...] = ()
    while chain:
        chain, key = chain
        names = ("*", *names) if key is None else (*_named(key), *names)
    return names


@functools.lru_cache(1024)
def _named(key: str) -> tuple[str, ...]:
    """The keys of a nested name: ``Destinations.member.2.Destination.CcAddresses.member.1`` is several."""
    return tuple([letters(part) for part in re.split(r"[.\[]", key[:200])])


def _placed(chain: tuple[str, ...], text: str, *, anywhere: bool) -> bool:
    """Whether a text stands where those stand who get a mail."""
    mailbox = _MAILBOX.fullmatch(text.strip()) is not None
    if not mailbox and anywhere:
        mailbox = all(_MAILBOX.fullmatch(part.strip()) for part in re.split("[,;]", text[:LONGEST]))
    return _stands(chain, mailbox=mailbox, anywhere=anywhere)


def _is_neutral(word: str) -> bool:
    """Whether a name says of an address only that it is one."""
    if word in _NEUTRAL:
        return True
    known = PEOPLE.fullmatch(word) or _SENDERS.fullmatch(word)
    return not known and bool(difflib.get_close_matches(word, _ADDRESS, 1, 0.85))


@functools.lru_cache(1024)
def _stands(chain: tuple[str, ...], *, mailbox: bool, anywhere: bool) -> bool:
    # A log has few places for addresses, and each of them many times.
    if any(map(DATA.fullmatch, chain)):
        return False
    named = len(chain)
    while named and _is_neutral(chain[named - 1]):
        named -= 1
    listed = chain[named - 1 : named] == ("*",) and mailbox
    for word in reversed(chain[:named]):
        if word in _NEUTRAL or word == "*":
            continue
        if PEOPLE.fullmatch(word):
            return True
        if _SENDERS.fullmatch(word):
            return False
        if _TEXTS.fullmatch(word):
            # {"text": [{"email": ...}]}: no text, but people in the wrong place.
            return listed and _OF_TEXT.fullmatch(word) is not None
        # A name that nobody knows, or one that is nearly known; a list of mailboxes is people all the same.
        return listed or (anywhere and mailbox) or nearly_people(word)
    return False


@functools.lru_cache(1024)
def nearly_people(word: str) -> bool:
    """Whether a name is nearly one of those under which people stand who get a mail: one sign too many, or too few."""
    return len(word) > 7 and bool(difflib.get_close_matches(word, _LONG, 1, 0.85))


def complete(message: RawMessage, value: object, *, enveloped: bool = True) -> RawMessage | CannotTell:
    """A message put together from recorded fields, unless others than those in it stand in the data like its readers.

    ``enveloped``: whether those of the envelope are in it.
    """
    block = header_block(message.data)
    known = set() if isinstance(block, CannotTell) else {key for _, line in block for key in keys_in(str(line))}
    if enveloped and isinstance(message.rcpt_to, list):
        known.update(key for person in message.rcpt_to for key in keys_in(str(person)))
    if strays(value, known):
        return CannotTell(Reason.BAD_RECORD, "people stand in fields that are not known")
    return message
