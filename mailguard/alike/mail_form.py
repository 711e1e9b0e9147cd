"""A simple message as data, and back: headers that everybody writes, one text or several beside each other.

Only what is simple has such a form; whatever is not (another header, a fold in an odd place, a part in a part, another
encoding) has none, and is read as it stands. What a reader finds in a message, and what a service says of it, is the same
for the message that is written from its form.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from mailguard.addresses.plain import plain_named
from mailguard.alike.outline import is_running
from mailguard.documents.byte_text import decode_text
from mailguard.model.exchange import SmtpTransaction

__all__ = ["FREE", "mail_of", "transaction_of"]

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

_HEADER: Final = re.compile(r"([A-Za-z][A-Za-z-]{0,40}): ([!-~](?:[ -~\t]*[!-~])?)")
_MULTIPART: Final = re.compile(
    r'multipart/(alternative|mixed|related);\s{0,8}boundary="?([0-9A-Za-z=_.+-]{1,70})"?', re.IGNORECASE
)
_TEXT: Final = re.compile(r'text/(plain|html)(?:;\s{0,8}charset="?(utf-8|us-ascii)"?)?', re.IGNORECASE)
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


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


def _part(kind: tuple[str, str, bool] | None, content: str, line_end: str) -> dict[str, str] | None:
    """The text of a part under what it is."""
    if kind is None:
        return None
    name, charset, packed = kind
    if packed:
        data = content.replace("\n", "").encode("ascii")
        rest = data.translate(None, _BASE64)
        if len(data) % 4 or rest not in (b"", b"=", b"==") or not data.endswith(rest):
            return None
        data = binascii.a2b_base64(data)
    else:
        data = content.replace("\n", line_end).encode("ascii")
    text = decode_text(data, charset)
    # What is written as UTF-8 has to be read as such again.
    plain = text.isascii() and "\0" not in text[:4]
    if not text or not (plain or decode_text(text.encode("utf-8", "replace"), "utf-8") == text):
        return None
    return {name: text}


def mail_of(data: str) -> dict[str, Any] | None:
    """The form of a message: ``headers``, without those that tell of nobody, and ``parts``; None for one that is not simple."""
    if len(data) > _LONGEST or not data.isascii():
        return None
    line_end = "\n"
    if "\r" in data:
        if data.count("\r\n") != data.count("\n"):
            return None
        line_end, data = "\r\n", data.replace("\r\n", "\n")
        if "\r" in data:
            return None
    head, _, body = data.partition("\n\n")
    headers = _headers(head) if len(head) < _HEAD and "\0" not in data else None
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
            continue
        elif low not in _PINNED or "@" in value:
            return None
        kept[name] = value
    several = _MULTIPART.fullmatch(kind)
    if several is None:
        part = _part(_kind_of(headers), body, line_end)
        return None if part is None else {"headers": kept, "parts": [part]}
    if "content-transfer-encoding" in map(str.lower, headers):
        return None
    parts = _parts(body, several.group(2), line_end)
    return None if parts is None else {"headers": kept, several.group(1).lower(): parts}


def _parts(body: str, boundary: str, line_end: str) -> list[dict[str, str]] | None:
    mark = f"--{boundary}"
    pieces = f"\n{body}".split(f"\n{mark}\n")
    last, end, rest = pieces[-1].rpartition(f"\n{mark}--")
    if pieces[0] or not 1 < len(pieces) <= _PARTS or not end or rest.strip("\n") or body.count(mark) != len(pieces):
        return None
    pieces[-1] = last
    parts = []
    for piece in pieces[1:]:
        head, empty, content = piece.partition("\n\n")
        part = _part(_kind_of_part(head), content, line_end) if empty else None
        if part is None:
            return None
        parts.append(part)
    return parts


def transaction_of(relay: str, mail: Mapping[str, Any]) -> SmtpTransaction:
    """The transaction of a form that has ``from`` and ``to`` as well: its envelope."""
    lines = [f"{name}: {mail['headers'][name]}" for name in mail["headers"]]
    several = next((name for name in mail if name in ("alternative", "mixed", "related")), "")
    written = [_written(kind, part[kind]) for part in mail[several or "parts"] for kind in part]
    if not several:
        return SmtpTransaction(relay, mail["from"], [*mail["to"]], "\n".join([*lines, *written]))
    # No sign of base64, so that it is in none of the parts.
    lines.append(f'Content-Type: multipart/{several}; boundary="=_"')
    parts = "".join(f"\n--=_\n{part}" for part in written)
    return SmtpTransaction(relay, mail["from"], [*mail["to"]], "\n".join(lines) + f"\n{parts}\n--=_--\n")


def _written(kind: str, text: str) -> str:
    packed = base64.encodebytes(text.encode("utf-8")).decode("ascii")
    return f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{packed}"
