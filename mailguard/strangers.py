"""Recorded requests that look like mail, at a host that no mail service has: a proxy, a mock, a service of one's own.

Whose they are nobody knows, so they are not decoded; but they do not pass in silence either. What looks like mail: a body
or a query that names people with their addresses under a name like ``to``, and a subject or a content beside or above
them, or several people; a body that is a MIME message; a request that the client signed for Amazon's mail service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text
from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value
from mailguard.recording import looks_like_message
from mailguard.strays import DATA, strays
from mailguard.wire.bodies import payload
from mailguard.wire.media import header
from mailguard.wire.urls import url_parts

__all__ = ["stranger", "whereto"]

_STRANGER: Final = CannotTell(Reason.NOT_MAIL_HOST)
_PEOPLE: Final = re.compile(
    r"(?:e?mail)?(?:to|ccs?|bccs?)(?:e?mails?|addresse?s?|list|recipients?|fields?|handles?)?|(?:to)?recipients?(?:list|e?mails?|addresse?s?)?"
    r"|(?:e?mail|message)?receivers?|rcptto|attendees|invitees|destinations?(?:(?:to|cc|bcc)addresses(?:member)?)?|(?:send|mail)to"
    r"|emails|emailaddresses|(?:subscriber|customer|user)emails?"
)
_READERS: Final = re.compile(
    r"(?:e?mail|send)?(?:to|ccs?|bccs?)(?:e?mails?|addresse?s?|list|recipients?)?|(?:to|cc|bcc|e?mail)?recipients?(?:list|e?mails?|addresse?s?)?"
    r"|(?:e?mail)?receivers?|rcptto"
)
"""Names under which hardly anybody stands but who gets a mail."""
_CONTENT: Final = re.compile(
    r"(?:e?mail|message)?subject(?:data)?|(?:html|text|plain)(?:body|content|part)?|(?:e?mail)?(?:body|content)(?:html|text|plain)?"
    r"|(?:dynamic)?template(?:id|name|uuid|alias)?|messageversions|globalmergevars"
    r"|e?mailid|transactional(?:message)?id|comment"
)
_SOURCE: Final = re.compile(r"raw|rawmessage|mime|mime(?:e?mail|message|body)|rawmime|rawe?mail")
"""Where services take a MIME message inside JSON."""
_SENDERS: Final = frozenset({"from", "sender", "fromemail", "fromaddress", "senderemail", "mailfrom", "source"})
_ACTION: Final = re.compile(r"\bAction=Send(?:Raw|Bulk|Templated|BulkTemplated)?Email\b")
_SIGNED: Final = re.compile(r"/(?:ses|email)/aws4_request")
_SENDING: Final = re.compile(
    r"(?i)/(?:send[-_]?(?:bulk[-_]?|raw[-_]?|templated[-_]?)?e?-?mails?|e?-?mails?/send|messages/send(?:-template|-raw)?)(?:\.json|\.xml)?/?\Z"
)
"""How the address of an endpoint ends that does nothing but send mail: of a request without its body nothing else is left."""
_READS: Final = frozenset({"HEAD", "DELETE", "OPTIONS"})
_DEPTH: Final = 6
_MEMBERS: Final = 64
_LONGEST: Final = 1 << 20


def stranger(exchange: Exchange) -> CannotTell | None:
    """Why nobody can tell who sees whom in a request that no service claims; None if it does not look like mail."""
    if not isinstance(exchange, HttpRequest) or not isinstance(exchange.url, str):
        return None
    method = exchange.method.upper() if isinstance(exchange.method, str) else "POST"
    if method in _READS:
        return None
    url = exchange.url[:_LONGEST]
    if "@" in url or "%40" in url:
        query = url.partition("?")[2].partition("#")[0]
        asked = _grouped(parse_qsl(query, max_num_fields=_LONGEST))
        if _mail_like(asked, 0) or (method != "GET" and len(_readers(asked, 0)) > 1):
            return _STRANGER
    if "Action=Send" in url and _ACTION.search(url):
        return _STRANGER
    if method == "GET":
        return None
    if _SIGNED.search(header(exchange.headers, "authorization")) and _sends(exchange):
        return _STRANGER
    body = payload(exchange)
    if not exchange.body and _SENDING.search(url.partition("?")[0]):
        return CannotTell(Reason.BODY_MISSING)
    if isinstance(body, CannotTell):
        return None
    value = body.value
    if isinstance(value, (str, bytes)):
        return _STRANGER if _is_source(value) else None
    if isinstance(value, Form):
        if any(_is_source(item) for _, item in value.parts[:_MEMBERS]):
            return _STRANGER
        value = _grouped((name, item) for name, item in value.parts if isinstance(item, (str, bytes)))
        value = {name: _opened(item) for name, item in value.items()}
    return _STRANGER if _mail_like(value, 0) or len(_readers(value, 0)) > 1 else None


_WORDS: Final = re.compile(r"[a-z][a-z_.-]{0,30}|v[0-9]{1,2}(?:\.[0-9]{1,2})?", re.IGNORECASE)


def whereto(exchange: Exchange) -> str:
    """Method, host and path of a request, as they may be printed: what is no word of the path is a star."""
    if not isinstance(exchange, HttpRequest):
        return ""
    place = url_parts(exchange.url)
    method = exchange.method if isinstance(exchange.method, str) else "POST"
    if place is None:
        return method
    steps = [step if _WORDS.fullmatch(step) else "*" for step in place.path.split("/")[1:7] if step]
    return "/".join([f"{method} {place.host}"[:100], *steps])


def _sends(request: HttpRequest) -> bool:
    place = url_parts(request.url)
    body = request.body
    text = decode_text(body[:200]) if isinstance(body, bytes) else body[:200] if isinstance(body, str) else ""
    return "Action=Send" in text or (place is not None and "/outbound-" in place.path)


def _opened(value: Value) -> Value:
    """A part of a form that is JSON, as data."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    inner = read_json(value[:_LONGEST])
    return value if isinstance(inner, CannotTell) else inner


def _grouped(pairs: Iterator[tuple[str, Value]] | list[tuple[str, str]]) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for name, value in pairs:
        before = result.get(name)
        result[name] = value if before is None else [*(before if isinstance(before, list) else [before]), value]
    return result


def _word(key: object) -> str:
    """A key as the patterns have it: ``to[0][email]`` is ``to``, ``Html-part`` is ``htmlpart``."""
    name = key if isinstance(key, str) else ""
    return re.sub(r"[^a-z0-9]", "", re.split(r"[\[<]", name[:80].lower(), maxsplit=1)[0]).rstrip("0123456789") or name


def _mail_like(value: Value, depth: int, *, content: bool = False) -> bool:
    """Whether a mapping, or one inside it, has people with addresses and a content; ``content``: one above it has."""
    if depth > _DEPTH:
        return False
    if isinstance(value, (list, tuple)):
        return any(_mail_like(member, depth + 1, content=content) for member in value[:_MEMBERS])
    if not isinstance(value, Mapping):
        return False
    words = {key: _word(key) for key in value}
    content = content or any(
        _CONTENT.fullmatch(word) or (word in _SENDERS and _address(value[key], 0)) for key, word in words.items()
    )
    if content and _names_people(value, words):
        return True
    if any(_SOURCE.fullmatch(word) and _holds_source(value[key]) for key, word in words.items()):
        return True
    # {"message": {"subject"}, "to": [...]}: what is said may stand beside.
    content = content or any(
        isinstance(value[key], Mapping) and any(_CONTENT.fullmatch(_word(inner)) for inner in value[key])
        for key in words
    )
    if content and _names_people(value, words):
        return True
    return any(_mail_like(_opened(value[key]), depth + 1, content=content) for key in words)


def _readers(value: Value, depth: int) -> set[str]:
    """Who stands in data under names of those who get a mail, in comparing form; also where no content stands beside them."""
    found: set[str] = set()
    if depth > _DEPTH:
        return found
    if isinstance(value, (list, tuple)):
        for member in value[:_MEMBERS]:
            found |= _readers(member, depth + 1)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            word = _word(key)
            if _READERS.fullmatch(word):
                found.update(strays({"to": item}, ()))
            elif not DATA.fullmatch(word):
                found |= _readers(item, depth + 1)
    return found


def _names_people(value: Mapping[Any, Value], words: Mapping[Any, str]) -> bool:
    # Some forms have the address in the key: to[ann@example.com]=
    return any(_PEOPLE.fullmatch(word) and (_address(value[key], 0) or _address(key, 0)) for key, word in words.items())


def _holds_source(value: Value) -> bool:
    """Whether a value is a MIME message, or has one (``{"Data": ...}``)."""
    return any(map(_is_source, list(value.values())[:_MEMBERS])) if isinstance(value, Mapping) else _is_source(value)


def _is_source(value: Value) -> bool:
    """Whether a text is a MIME message, also in base64."""
    if not isinstance(value, (str, bytes)):
        return False
    head = value[: 1 << 16]
    head = head[: len(head) // 4 * 4]
    opened = base64_bytes(head) or head
    return looks_like_message(opened.encode("utf-8", "replace") if isinstance(opened, str) else opened)


def _address(value: Value, depth: int) -> bool:
    if isinstance(value, bytes):
        value = decode_text(value[:_LONGEST])
    if isinstance(value, str):
        return re.search(r"[^\s@]@[^\s@]", clean_text(value[:_LONGEST])) is not None
    if depth > _DEPTH:
        return False
    if isinstance(value, (list, tuple)):
        return any(_address(member, depth + 1) for member in value[:_MEMBERS])
    if isinstance(value, Mapping):
        return any(_address(value[key], depth + 1) or _address(key, depth + 1) for key in value)
    return False
