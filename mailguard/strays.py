"""Addresses in recorded data that stand like those of people who get a mail, under whatever name.

Not taken for such: texts, merge data, metadata, senders, and whatever else holds addresses without anybody getting a mail.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Final

from mailguard.addresses.compare import compare_key
from mailguard.addresses.values import recipients
from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Form, RawMessage
from mailguard.model.message import CannotTell, Reason
from mailguard.wire.header_blocks import header_block

__all__ = ["LONGEST", "PEOPLE", "complete", "keys_in", "letters", "strays"]

PEOPLE: Final = re.compile(
    r"x?(?:e?mail|send|resent)?(?:to|cc|bcc)(?:e?mails?|addresse?s?|list|recipients?|members?)*s?"
    r"|x?(?:to|cc|bcc)?recipients?(?:list|e?mails?|addresse?s?)?|(?:e?mail|message)?receivers?|rcptto|targets?"
    r"|destinations?(?:(?:to|cc|bcc)addresses)?(?:members?)?|personali[sz]ations?|messageversions|envelope|messages"
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
)
_SENDERS: Final = re.compile(
    r"(?:x|e?mail|reply|return|bounce|errors?|feedback)?(?:from|sender|source|replyto|returnpath)(?:e?mail|address|name|arn)*s?"
    r"|replyto(?:list|addresses)?(?:members?)?|(?:feedback|bounce|complaint|return|unsubscribe|errors?|abuse|postmaster)\w*"
    r"|(?:api)?(?:user|username|login|account|identity|author|owner|contact|subaccount|onbehalfof|signature)\w*"
)
"""Names under which people stand who write, or to whom answers go."""
_DATA: Final = re.compile(
    r"\w*(?:data|vars?|variables?|params?|parameters?|substitutions?|merge\w*|meta|metadata|custom\w*|tags?|args|attributes|properties"
    r"|context|track\w*|analytics\w*|campaign\w*|categor\w*|payload|settings|options|filters?|xsmtpapi)"
)
"""Names above what belongs to the program and to templates: nothing below gets a mail."""
_TEXTS: Final = re.compile(
    r"\w*(?:headers?|attachments?|contents?|text\w*|html\w*|body\w*|subject\w*|sections?|messageid|ids?|uid|urls?|links?|images?"
    r"|files?|filename)"
)
"""Names under which addresses are no people who get a mail, unless a name below says that they are."""
_NEUTRAL: Final = frozenset(
    {"", "email", "emails", "address", "addresses", "emailaddress", "name", "mail", "value", "member", "xemail"}
)
_MAILBOX: Final = re.compile(
    r"(?:[^@<>\r\n]{0,200}<[^\s@<>]{1,100}@[^\s@<>]{1,200}>|[^\s@<>,;:]{1,100}@[^\s@<>,;:]{1,200})"
)
LONGEST: Final = 1 << 16
_DEPTH: Final = 40
_MEMBERS: Final = 100_000


def letters(key: object) -> str:
    """A key in letters only: ``to[0][email]`` is ``to``, ``Cc-`` is ``cc``."""
    name = key if isinstance(key, str) else ""
    return re.sub(r"[^a-z]", "", re.split(r"[\[<]", name[:80].lower().replace(".member.", ""), maxsplit=1)[0])


def strays(value: object, known: Collection[str]) -> list[str]:
    """Addresses in data, in their comparing form, that stand like those of readers and are none of ``known``."""
    found: list[str] = []
    for chain, text in islice(_leaves(value, (), 0), _MEMBERS):
        if "@" not in text or len(text) > LONGEST or not _placed(chain, text):
            continue
        found += [key for key in keys_in(text) if key not in known and key not in found]
    return found


def keys_in(text: str) -> Iterator[str]:
    """The addresses of the people in a text, in their comparing form."""
    for person in recipients(text).recipients:
        if person.address is not None and "@" in person.address:
            yield compare_key(person.address)


def _leaves(value: object, chain: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """The texts of data, and the keys above each; a list is the key ``*``."""
    if depth > _DEPTH:
        return
    match value:
        case str():
            inner = read_json(value) if value[:1] in ("{", "[") and "@" in value else None
            if isinstance(inner, (dict, list)):
                yield from _leaves(inner, chain, depth + 1)
            else:
                yield chain, value
        case bytes():
            yield chain, decode_text(value[:LONGEST])
        case Form(parts=parts):
            for name, item in parts:
                yield from _leaves(item, (*chain, *_named(name)), depth + 1)
                if "@" in name:
                    yield (*chain, "to"), re.sub(r"[\[\]]", " ", name)
        case Mapping():
            for key, item in value.items():
                yield from _leaves(item, (*chain, *_named(key)), depth + 1)
        case list() | tuple():
            for item in value:
                yield from _leaves(item, (*chain, "*"), depth + 1)


def _named(key: object) -> Iterator[str]:
    """The keys of a nested name: ``Destinations.member.2.Destination.CcAddresses.member.1`` is several."""
    for part in re.split(r"[.\[]", key[:200]) if isinstance(key, str) else ():
        yield letters(part)


def _placed(chain: tuple[str, ...], text: str) -> bool:
    """Whether a text stands where those stand who get a mail."""
    if any(map(_DATA.fullmatch, chain)):
        return False
    named = len(chain)
    while named and chain[named - 1] in _NEUTRAL:
        named -= 1
    listed = chain[named - 1 : named] == ("*",) and _MAILBOX.fullmatch(text.strip()) is not None
    for word in reversed(chain[:named]):
        if word in _NEUTRAL or word == "*":
            continue
        if PEOPLE.fullmatch(word):
            return True
        if _SENDERS.fullmatch(word):
            return False
        if _TEXTS.fullmatch(word):
            # {"text": [{"email": ...}]}: no text, but people in the wrong place.
            return listed and word in ("subject", "text", "html", "content")
        # A name that nobody knows, or one that is nearly known; a list of mailboxes is people all the same.
        return listed or (len(word) > 7 and bool(difflib.get_close_matches(word, _LONG, 1, 0.85)))
    return False


def complete(message: RawMessage, value: object) -> RawMessage | CannotTell:
    """A message put together from recorded fields, unless others than those in it stand in the data like its readers."""
    block = header_block(message.data)
    known = set() if isinstance(block, CannotTell) else {key for _, line in block for key in keys_in(str(line))}
    if isinstance(message.rcpt_to, list):
        known.update(key for person in message.rcpt_to for key in keys_in(str(person)))
    if strays(value, known):
        return CannotTell(Reason.BAD_RECORD, "people stand in fields that are not known")
    return message
