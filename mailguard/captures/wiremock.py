"""WireMock's request journal: ``GET /__admin/requests`` (https://wiremock.org/docs/verifying/).

Stub mappings hold patterns, not requests; they are no capture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_files import json_elements
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.count import Truth
from mailguard.model.exchange import HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import delivered, http, iso_time, json_head, json_records

__all__ = ["FORMAT"]


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return '"loggedDate"' in head or ('"bodyAsBase64"' in head and '"absoluteUrl"' in head) or _is_empty(head)


def _is_empty(head: str) -> bool:
    return '"requestJournalDisabled"' in head


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source, "requests", "serveEvents"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif isinstance(value, Mapping) and "requestJournalDisabled" in value:
            if value["requestJournalDisabled"] is True:
                yield Record(place, CannotTell(Reason.BODY_MISSING, "the journal was switched off"))
            elif not _JOURNAL.issuperset(value):
                yield Record(place, CannotTell(Reason.BAD_RECORD, "the journal holds what is no list of requests"))
        elif isinstance(value, Mapping):
            response = value.get("response") or value.get("responseDefinition")
            status = response.get("status") if isinstance(response, Mapping) else None
            request = value.get("request", value)
            when = iso_time(request.get("loggedDate")) if isinstance(request, Mapping) else ""
            yield Record(place, _exchange(request), when, delivered(status) or value.get("wasMatched") is False)
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no request in the record"))


_JOURNAL: Final = frozenset({"requests", "serveEvents", "meta", "requestJournalDisabled"})


def _exchange(request: object) -> HttpRequest | CannotTell:
    if not isinstance(request, Mapping):
        return CannotTell(Reason.BAD_RECORD, "no request in the record")
    body: Any = request.get("bodyAsBase64")
    encoding = "base64"
    if not body:
        body, encoding = request.get("body") or None, ""
    url = request.get("absoluteUrl") or request.get("url")
    made = http(request.get("method"), url, request.get("headers"), body, encoding)
    return made if isinstance(made, CannotTell) else _unpacked(made)


def _unpacked(request: HttpRequest) -> HttpRequest:
    """WireMock (2.23 to 3.13) keeps the body as it is after unpacking, and the header that says it is packed."""
    data = request.body.encode() if isinstance(request.body, str) else request.body
    if not isinstance(data, bytes) or data.startswith(b"\x1f\x8b") or not isinstance(request.headers, dict):
        return request
    said = {name for name, value in request.headers.items() if name.lower() == "content-encoding" and value == "gzip"}
    return replace(request, headers={name: value for name, value in request.headers.items() if name not in said})


def _loose(sample: Sample) -> Truth:
    """A served event holds the stub that answered: one without a body pattern answers whatever the body is."""
    head = decode_text(sample.head)
    for key in ("requests", "serveEvents"):
        for element in json_elements(head, key):
            event: Any = element.value
            if not isinstance(event, Mapping) or event.get("wasMatched") is False:
                continue
            stub = event.get("stubMapping")
            pattern = stub.get("request") if isinstance(stub, Mapping) else None
            if not isinstance(pattern, Mapping):
                continue
            if str(pattern.get("method", "ANY")).upper() in ("POST", "PUT", "ANY") and not any(
                pattern.get(name) for name in ("bodyPatterns", "multipartPatterns", "formParameters")
            ):
                return Truth.YES
    return Truth.NO


FORMAT = Format(
    name="wiremock",
    title="request journal of WireMock",
    sniff=_sniff,
    read=_read,
    loose=_loose,
    proves="What the code sent to the stub server; its host name is that of the stub unless the stub was a proxy.",
)
