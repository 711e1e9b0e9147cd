"""JSON sessions of Charles (``.chlsj``): an array of ``{scheme, host, path, query, method, request: {header, body}}``.

A body is ``{"text": ...}``, or ``{"encoding": "base64", "encoded": ...}`` where it is no text
(https://www.charlesproxy.com/documentation/using-charles/session-export/). Its HAR files are HAR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording import delivered, headers_of, http, iso_time, json_head, records_in

__all__ = ["FORMAT"]

_MARKS = tuple(re.compile(rf'"{name}"\s*:') for name in ("scheme", "host", "protocolVersion"))
_BEGINNING = re.compile(r'\[\s*\{\s*"(?:status|method|protocolVersion|scheme|host)"\s*:')


def _sniff(sample: Sample) -> bool:
    head = json_head(sample.head) if sample.entries is None else ""
    return _BEGINNING.match(head) is not None and all(mark.search(head) for mark in _MARKS)


def _read(source: Source) -> Iterator[Record]:
    yield from records_in(source, (), _transaction)


def _transaction(value: Value, place: Place) -> Record:
    if not isinstance(value, Mapping) or not isinstance(value.get("request"), Mapping):
        return Record(place, CannotTell(Reason.BAD_RECORD, "no request in the record"))
    times, answer = _mapping(value.get("times")), _mapping(value.get("response"))
    return Record(place, _exchange(value), iso_time(times.get("start")), delivered(answer.get("status")))


def _exchange(value: Mapping[str, Any]) -> HttpRequest | CannotTell:
    request, host = value["request"], value.get("host")
    if not isinstance(host, str) or not host:
        return CannotTell(Reason.BAD_RECORD, "the record has no URL")
    port = value.get("port")
    query = value.get("query")
    url = f"{value.get('scheme') or 'https'}://{host}{f':{port}' if port else ''}{value.get('path') or '/'}{f'?{query}' if query else ''}"
    headers: dict[str, Value] = headers_of(_mapping(request.get("header")).get("headers"))
    if isinstance(request.get("mimeType"), str) and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = request["mimeType"]
    body = _mapping(request.get("body"))
    packed = body.get("encoded")
    if isinstance(packed, str):
        return http(value.get("method"), url, headers, packed or None, str(body.get("encoding") or "base64"))
    if isinstance(body.get("text"), str):
        # Charles shows what it unpacked.
        headers = {name: item for name, item in headers.items() if name.lower() != "content-encoding"}
    return http(value.get("method"), url, headers, body.get("text") or None)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


FORMAT = Format(
    name="charles",
    title="session of Charles",
    sniff=_sniff,
    read=_read,
    proves="What a program sent over HTTP, as far as Charles saw it.",
)
