"""Addresses in one text, and the attendees of a calendar."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from mailguard.addresses.compare import compare_key
from mailguard.documents.covered_words import COVERED, names_somebody, uncovered
from mailguard.model.links import URL
from mailguard.model.message import Field

TEXT_LIMIT: Final = 4 << 20
"""Characters of one text, or bytes of one attachment, that are looked at."""
_LOCAL: Final = re.compile(r"[\w.+'~-]{1,64}")
_DOMAIN: Final = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,10}")
ENTITY: Final = re.compile(r"&(?:#|commat|period|lowbar)")
_RETURN: Final = re.compile(r"[\w.'-]{1,64}")


def may_name(text: str) -> bool:
    """Whether :func:`found_in` can find anybody in a text; fast."""
    return "@" in text or "40" in text or "&" in text or "://" in text or "\uff20" in text


def found_in(text: str) -> list[str]:
    """The addresses in a running text, each once, in their comparing form.

    Also percent-encoded and as character references; in links also in base64 and in hexadecimal digits, also twice.
    """
    text = text[:TEXT_LIMIT]
    if "&" in text and ENTITY.search(text):
        text = html.unescape(text)
    if "://" not in text:
        return _found_in(text)
    return list(dict.fromkeys([*_found_in(text), *_covered_in(text)]))


def _covered_in(text: str) -> Iterator[str]:
    """The addresses in the words of links that stand for a text."""
    words: dict[str, None] = {}
    for link in URL.findall(text):
        for _ in range(_TIMES):
            words.update(dict.fromkeys(COVERED.findall(link)))
            if "%" not in link:
                break
            link = unquote(link)  # noqa: PLW2901  # the same one, opened
    for word in words:
        if names_somebody(word.encode("ascii")):
            for inner in uncovered(word.encode("ascii")):
                yield from _found_in(inner)


_TIMES: Final = 3
"""How often a link may have been written in percent signs."""


def _found_in(text: str) -> list[str]:
    """The same without what stands for a text."""
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
_NO_PERSON: Final = re.compile(r"(?i)(?:^|;)CUTYPE=(?:ROOM|RESOURCE)(?:;|$)")
_QUOTED: Final = re.compile(r'"[^"]*"')


def attendees(text: str) -> tuple[list[str], list[str]]:
    """The attendees of an iCalendar text; and its organizers, with the rooms, which are no people (RFC 5545, section 3.2.3)."""
    unfolded = re.sub(r"\r?\n[ \t]", "", text[:TEXT_LIMIT])
    people: list[str] = []
    hosts = [address for line in _ORGANIZER.findall(unfolded) for address in found_in(line)]
    for line in _ATTENDEE.findall(unfolded):
        parameters = _QUOTED.sub("", line).partition(":")[0]
        (hosts if _NO_PERSON.search(parameters) else people).extend(found_in(line))
    return people, hosts


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
