"""What Newman reports of a run of a Postman collection: ``newman run --reporters json``, ``run.executions[].request``.

A request is written as Postman keeps it: its URL in parts, its headers as a list, its body as ``raw``, ``urlencoded`` or
``formdata`` (https://schema.getpostman.com/collection/v2.1.0). A collection itself is no recording: its variables are open.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Form, HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording import broken, delivered, headers_of, http, iso_time, json_head, records_in, text_of

__all__ = ["FORMAT"]

_FIRST = re.compile(r'\{\s*"collection"\s*:\s*\{|\{\s*"run"\s*:\s*\{')
_OF_POSTMAN = re.compile(r'"(?:_postman_id|item|executions|info)"\s*:')
_FORMS: Final = ("urlencoded", "formdata")


def _sniff(sample: Sample) -> bool:
    head = json_head(sample.head) if sample.entries is None else ""
    return _FIRST.match(head) is not None and _OF_POSTMAN.search(head) is not None


def _read(source: Source) -> Iterator[Record]:
    found = yield from records_in(source, ("run", "executions"), _execution)
    if not found:
        content = text_of(source)
        if isinstance(content, CannotTell) or not _NO_RUNS.search(content):
            yield broken(source, CannotTell(Reason.BAD_RECORD, "the report has no requests"))


def _execution(value: Value, place: Place) -> Record:
    if not isinstance(value, Mapping) or not isinstance(value.get("request"), Mapping):
        return Record(place, CannotTell(Reason.BAD_RECORD, "no request in the record"))
    answer = value.get("response")
    answer = answer if isinstance(answer, Mapping) else {}
    moment = next((one.get("value") for one in _named(answer.get("header"), "date")), None)
    return Record(place, _exchange(value["request"]), iso_time(moment), delivered(answer.get("code")))


_NO_RUNS = re.compile(r'"executions"\s*:\s*\[\s*\]')


def _named(headers: object, name: str) -> Iterator[Mapping[str, Any]]:
    for one in headers if isinstance(headers, list) else ():
        if isinstance(one, Mapping) and str(one.get("key")).lower() == name:
            yield one


def _exchange(request: Mapping[str, Any]) -> HttpRequest | CannotTell:
    body, headers, encoding = request.get("body"), dict(headers_of(request.get("header"))), ""
    if not isinstance(body, Mapping):
        return http(request.get("method"), _url(request.get("url")), headers, body or None)
    kind = str(body.get("mode"))
    content: Any = body.get(kind)
    if kind in _FORMS and isinstance(content, list):
        made = http(request.get("method"), _url(request.get("url")), headers, None)
        parts = [one for one in content if isinstance(one, Mapping) and not one.get("disabled")]
        # Of a file there is the name only.
        form = Form(tuple((str(one.get("key", "")), str(one.get("value") or "")) for one in parts))
        return made if isinstance(made, CannotTell) else replace(made, body=form)
    if isinstance(content, Mapping) and isinstance(content.get("data"), list):
        content = base64.b64encode(bytes(one & 255 for one in content["data"] if isinstance(one, int))).decode()
        encoding = "base64"
    if kind in ("file", "graphql") and content:
        return CannotTell(Reason.BODY_MISSING, "the body is a file")
    return http(request.get("method"), _url(request.get("url")), headers, content or None, encoding)


def _url(value: object) -> object:
    """A URL that was taken apart, put together again."""
    if not isinstance(value, Mapping):
        return value
    if isinstance(value.get("raw"), str):
        return value["raw"]
    host, path = (
        mark.join(map(str, part)) if isinstance(part, list) else str(part or "")
        for mark, part in ((".", value.get("host")), ("/", value.get("path")))
    )
    port = f":{value['port']}" if value.get("port") else ""
    asked = [one for one in value.get("query") or () if isinstance(one, Mapping) and not one.get("disabled")]
    query = urlencode([(str(one.get("key", "")), str(one.get("value", ""))) for one in asked])
    return f"{value.get('protocol') or 'https'}://{host}{port}/{path.lstrip('/')}{'?' + query if query else ''}"


FORMAT = Format(
    name="newman",
    title="report of Newman",
    sniff=_sniff,
    read=_read,
    proves="What the collection sent when it was run. What another program sends does not show in it.",
)
