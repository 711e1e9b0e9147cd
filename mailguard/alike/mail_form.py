"""A simple message as data, and back: headers that everybody writes, one text or several beside each other.

Only what is simple has such a form; whatever is not (another header, a fold in an odd place, a part in a part, another
encoding) has none, and is read as it stands. What a reader finds in a message, and what a service says of it, is the same
for the message that is written from its form.
"""

from __future__ import annotations

import base64
import binascii
import functools
import itertools
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mailguard.addresses.plain import plain_named
from mailguard.alike.outline import is_running
from mailguard.documents.byte_text import decode_text
from mailguard.model.exchange import SmtpTransaction

__all__ = ["FREE", "PACKINGS", "is_packed", "mail_of", "packed", "transaction_of", "unpacked"]

_LONGEST: Final = 1 << 20
_HEAD: Final = 1 << 14
_PARTS: Final = 8

_PEOPLE: Final = frozenset({"from", "to", "cc", "reply-to", "sender"})
FREE: Final = frozenset({"subject", "list-unsubscribe", "list-id"})
"""Headers with a text that readers may see, and by which no service decides anything."""
_PINNED: Final = frozenset({"list-unsubscribe-post", "precedence", "auto-submitted", "mime-version"})
_DROPPED: Final = frozenset({"date", "message-id"})
"""Headers that tell of nobody, and that differ from message to message."""
_OF_PARTS: Final = frozenset({"content-type", "content-transfer-encoding"})

_ADDRESSED: Final = re.compile(r"\n[ \t]*(?:resent-)?(?:to|cc|bcc)[ \t]*:", re.IGNORECASE)
"""A line of readers in a text: the block of headers may have been torn above it."""
_TORN: Final = 1 << 17
"""Characters of a text that such a line is looked for in, more than :mod:`mailguard.doubts` does."""

_HEADER: Final = re.compile(r"([A-Za-z][A-Za-z-]{0,40}): ([!-~](?:[ -~\t]*[!-~])?)")
_MULTIPART: Final = re.compile(
    r'multipart/(alternative|mixed|related);\s{0,8}boundary="?([0-9A-Za-z=_.+-]{1,70})"?', re.IGNORECASE
)
_TEXT: Final = re.compile(r'text/(plain|html)(?:;\s{0,8}charset="?(utf-8|us-ascii)"?)?', re.IGNORECASE)
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64: Final = bytes.maketrans(b"-_", b"+/")
_FROM_BASE64: Final = bytes.maketrans(b"+/", b"-_")


def _headers(head: str) -> dict[str, str] | None:
    """The lines of a header block, unfolded; None where a name is there twice, or a line is unusual."""
    result: dict[str, str] = {}
    names: set[str] = set()
    for line in head.replace("\n ", " ").replace("\n\t", "\t").split("\n"):
        match = _HEADER.fullmatch(line)
        if match is None:
            return None
        name, value = match.groups()
        if (low := name.lower()) in names or "=?" in value:
            return None
        names.add(low)
        result[name] = value
    return result


def _kind_of(headers: Mapping[str, str]) -> tuple[str, str, bool] | None:
    """Of a part: what it is, its character set, and whether it is in base64; None for anything unusual."""
    low = {name.lower(): value for name, value in headers.items()}
    kind = _TEXT.fullmatch(low.get("content-type", ""))
    encoding = low.get("content-transfer-encoding", "7bit").lower()
    if kind is None or encoding not in ("base64", "7bit"):
        return None
    return f"text/{kind.group(1).lower()}", (kind.group(2) or "").lower(), encoding == "base64"


@functools.lru_cache(1024)
def _kind_of_part(head: str) -> tuple[str, str, bool] | None:
    # All messages of a program have the same ones.
    headers = _headers(head)
    if headers is None or not _OF_PARTS.union({"mime-version"}).issuperset(map(str.lower, headers)):
        return None
    return _kind_of(headers)


def _part(kind: tuple[str, str, bool] | None, lines: Sequence[str], line_end: str) -> dict[str, str] | None:
    """The text of a part under what it is."""
    if kind is None:
        return None
    name, charset, packed = kind
    data = _from_base64("".join(lines).encode("ascii")) if packed else line_end.join(lines).encode("ascii")
    if data is None:
        return None
    text = decode_text(data, charset)
    # What is written as UTF-8 has to be read as such again.
    plain = text.isascii() and "\0" not in text[:4]
    if not text or not (plain or decode_text(text.encode("utf-8", "replace"), "utf-8") == text):
        return None
    return {name: text}


def _from_base64(data: bytes) -> bytes | None:
    """What a text in base64 holds; None unless it is written as it should be."""
    if len(data) % 4:
        return None
    if sys.version_info >= (3, 11):
        try:
            return binascii.a2b_base64(data, strict_mode=True)
        except ValueError:
            return None
    rest = data.translate(None, _BASE64)
    return binascii.a2b_base64(data) if rest in (b"", b"=", b"==") and data.endswith(rest) else None


def mail_of(data: str) -> dict[str, Any] | None:
    """The form of a message: ``headers``, without those that tell of nobody, and ``parts``; None for one that is not simple."""
    if len(data) > _LONGEST or not data.isascii() or "\0" in data:
        return None
    line_end = "\r\n" if "\r" in data else "\n"
    lines = data.split(line_end)
    if line_end == "\r\n" and not data.count("\r") == data.count("\n") == len(lines) - 1:
        return None
    # What ends with a line end has an empty last line.
    end = lines.index("") if data[-1:] == "\n" or "" in lines else len(lines)
    head, body = "\n".join(lines[:end]), lines[end + 1 :]
    headers = _headers(head) if len(head) < _HEAD else None
    if headers is None:
        return None
    kept: dict[str, str] = {}
    kind = ""
    for name, value in headers.items():
        low = name.lower()
        if low in _PEOPLE:
            # One person each: plain, or with a plain name.
            if "@" not in value or (is_running(value) and plain_named(value) is None):
                return None
        elif low in FREE:
            if "@" in value and (not is_running(value) or plain_named(value) is not None):
                return None
        elif low == "content-type":
            kind = value
            continue
        elif low in _DROPPED or low in _OF_PARTS:
            if "@" in value and (":" in value or low != "message-id"):
                return None  # the line behind it may be in it; only the name of a message looks like an address
            continue
        elif low not in _PINNED or "@" in value:
            return None
        kept[name] = value
    several = _MULTIPART.fullmatch(kind)
    if several is None:
        start = len(head) + (len(line_end) - 1) * (end - 1)
        if _ADDRESSED.search(data, start, start + _TORN):
            return None
        part = _part(_kind_of(headers), body, line_end)
        return None if part is None else {"headers": kept, "parts": [part]}
    if "content-transfer-encoding" in map(str.lower, headers):
        return None
    mark = f"--{several.group(2)}"
    parts = _parts(body, mark, line_end) if data.count(mark) <= _PARTS else None
    return None if parts is None else {"headers": kept, several.group(1).lower(): parts}


def _parts(body: Sequence[str], mark: str, line_end: str) -> list[dict[str, str]] | None:
    """The parts between lines with a mark, which stands nowhere else, and in front of and behind which there is nothing."""
    marks = [place for place, line in enumerate(body) if mark in line]
    if len(marks) < 2 or marks[0] != 0 or body[marks[-1]] != f"{mark}--" or any(body[marks[-1] + 1 :]):
        return None
    parts = []
    for place, following in itertools.pairwise(marks):
        piece = body[place + 1 : following]
        if body[place] != mark or "" not in piece:
            return None
        end = piece.index("")
        part = _part(_kind_of_part("\n".join(piece[:end])), piece[end + 1 :], line_end)
        if part is None:
            return None
        parts.append(part)
    return parts


PACKINGS: Final = ("\0base64", "\0base64url", "\0text")
"""How a message is written in a text: each is the key over its form."""


def unpacked(text: str) -> dict[str, Any] | None:
    """The form of a message that a text holds, under how it is written there; None for a text that holds no simple one."""
    if not text.isascii():
        return None
    if ":" in text[:200]:
        mail, packing = mail_of(text), "\0text"
    elif "=" in text[:-2]:
        return None  # a form; base64 has that sign at its end only
    else:
        packing = "\0base64"
        data = text.rstrip("=").encode("ascii")
        if b"-" in data or b"_" in data:
            packing, data = "\0base64url", data.translate(_TO_BASE64)
        inner = _from_base64(data + b"=" * (-len(data) % 4))
        mail = mail_of(inner.decode("ascii")) if inner is not None and inner.isascii() else None
    return None if mail is None else {packing: mail}


def is_packed(item: object) -> bool:
    """Whether a value is the form of a message that stands in the place of a text."""
    return type(item) is dict and len(item) == 1 and not item.keys().isdisjoint(PACKINGS)


def packed(packing: str, mail: Mapping[str, Any]) -> str:
    """The text that holds the message of a form."""
    text = _text_of(mail)
    if packing == "\0text":
        return text
    data = base64.b64encode(text.encode("utf-8"))
    return (data if packing == "\0base64" else data.translate(_FROM_BASE64)).decode("ascii")


def transaction_of(relay: str, mail: Mapping[str, Any]) -> SmtpTransaction:
    """The transaction of a form that has ``from`` and ``to`` as well: its envelope."""
    return SmtpTransaction(relay, mail["from"], [*mail["to"]], _text_of(mail))


def _text_of(mail: Mapping[str, Any]) -> str:
    lines = [f"{name}: {mail['headers'][name]}" for name in mail["headers"]]
    several = next((name for name in mail if name in ("alternative", "mixed", "related")), "")
    written = [_written(kind, part[kind]) for part in mail[several or "parts"] for kind in part]
    if not several:
        return "\n".join([*lines, *written])
    # No sign of base64, so that it is in none of the parts.
    lines.append(f'Content-Type: multipart/{several}; boundary="=_"')
    parts = "".join(f"\n--=_\n{part}" for part in written)
    return "\n".join(lines) + f"\n{parts}\n--=_--\n"


def _written(kind: str, text: str) -> str:
    packed = base64.encodebytes(text.encode("utf-8")).decode("ascii")
    return f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{packed}"
