"""Fixtures of nock for Node.js: ``nock.recorder.play()`` with ``output_objects``, and the files of ``nock.back``.

nock 13 writes an array of ``{scope, method, path, body, status, response, reqheaders?}``; a JSON body is data, a form a
mapping or text, and a compressed one hexadecimal text, or a list of such (https://github.com/nock/nock, "Recording").
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.count import Truth
from mailguard.model.exchange import HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import delivered, headers_of, http, json_head, json_records

__all__ = ["FORMAT"]

_MARK = re.compile(r'"scope"\s*:\s*"https?://')
_HEX = re.compile(r"(?:[0-9a-f]{2}){4,}")
_ESCAPED = re.compile(r"[^\s=&]{1,200}=[^\s]*")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return head[:1] == "[" and _MARK.search(head) is not None and '"path"' in head and '"method"' in head


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif not isinstance(value, Mapping) or not isinstance(value.get("scope"), str):
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no request in the record"))
        else:
            yield Record(place, _exchange(value), "", delivered(value.get("status")))


def _exchange(value: Mapping[str, Any]) -> HttpRequest | CannotTell:
    path, body = value.get("path"), value.get("body")
    headers = dict(headers_of(value.get("reqheaders")))
    if isinstance(body, list) and body and all(isinstance(piece, str) for piece in body):
        body = "".join(body)
    if isinstance(body, str) and _HEX.fullmatch(body):
        data: Any = binascii.unhexlify(body)
        body = data
    elif isinstance(body, str) and _ESCAPED.fullmatch(body) and not headers:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if body in ("", b""):
        body = None
    return http(value.get("method"), f"{value['scope']}{path if isinstance(path, str) else ''}", headers, body)


def _loose(sample: Sample) -> Truth:
    """nock compares the recorded bodies unless the tests filter them."""
    del sample
    return Truth.NO


FORMAT = Format(
    name="nock",
    title="fixture of nock",
    sniff=_sniff,
    read=_read,
    loose=_loose,
    proves="What the code sent when the fixture was recorded. Later changes of the code do not show in it.",
)
