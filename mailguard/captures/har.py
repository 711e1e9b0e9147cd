"""HAR 1.2: what browsers, mitmproxy, Charles, Fiddler, Insomnia and Postman export.

The format (http://www.softwareishard.com/blog/har-12-spec/) has no encoding for request bodies: ``postData.text`` is
the body as plain text, after its content encoding was undone. Compressed bodies that a tool wrote there are damaged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mailguard.documents.byte_text import decode_text
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Form, HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording import broken, delivered, http, iso_time, records_in, text_of

__all__ = ["FORMAT"]

_EMPTY = re.compile(r'"entries"\s*:\s*\[\s*\]')
_REQUEST = re.compile(r'"(?:postData|request)"\s*:\s*\{')
_HEAD = re.compile(r'[\ufeff\s]*\{\s*"log"\s*:\s*\{')


def _sniff(sample: Sample) -> bool:
    return sample.entries is None and _HEAD.match(decode_text(sample.head)) is not None


def _read(source: Source) -> Iterator[Record]:
    found = yield from records_in(source, ("log", "entries"), _entry)
    if not found:
        content = text_of(source)
        if isinstance(content, CannotTell):
            yield broken(source, content)
        elif not _EMPTY.search(content) or _REQUEST.search(content):
            yield broken(source, CannotTell(Reason.BAD_RECORD, "the log has no entries"))


def _entry(value: Value, place: Place) -> Record:
    request = value.get("request") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(request, dict):
        return Record(place, CannotTell(Reason.BAD_RECORD, "no request in the record"))
    response = value.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    exchange = _exchange(request)
    return Record(place, exchange, iso_time(value.get("startedDateTime")), delivered(status))


def _exchange(request: Mapping[str, Any]) -> HttpRequest | CannotTell:
    posted = request.get("postData")
    if not isinstance(posted, Mapping):
        posted = {}
    body, encoding = posted.get("text"), posted.get("encoding")
    made = http(request.get("method"), request.get("url"), request.get("headers"), body or None, str(encoding or ""))
    if isinstance(made, CannotTell):
        return made
    headers: dict[str, Value] = dict(made.headers) if isinstance(made.headers, dict) else {}
    names = {name.lower() for name in headers}
    if "content-type" not in names and isinstance(posted.get("mimeType"), str):
        headers["Content-Type"] = posted["mimeType"]
    content: Any = made.body
    if isinstance(content, str) and not content.startswith("\x1f") and "\ufffd" not in content[:16]:
        # Plain text, whatever the header of the request said about its compression.
        headers = {
            name: item for name, item in headers.items() if name.lower() not in ("content-encoding", "content-length")
        }
    if not content and isinstance(posted.get("params"), list) and posted["params"]:
        content = Form(tuple(_parameter(item) for item in posted["params"] if isinstance(item, Mapping)))
    return replace(made, headers=headers, body=content)


def _parameter(item: Mapping[str, Any]) -> tuple[str, Value]:
    value = item.get("value")
    return str(item.get("name") or ""), value if isinstance(value, str) else "" if value is None else str(value)


FORMAT = Format(
    name="har",
    title="HAR file",
    sniff=_sniff,
    read=_read,
    proves="What a program sent over HTTP. A compressed or binary body may be damaged in it, and is then not told.",
)
