"""mitmproxy flow files: typed netstrings (https://tnetstrings.info), one for each flow.

Only what every version since 1.0 writes is read: ``type``, ``request`` and ``response`` with their bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_values import BODY_LIMIT, DEPTH_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import broken, delivered, http, iso_time

__all__ = ["FORMAT"]

_HEAD = re.compile(rb"[0-9]{1,12}:[0-9]{1,12}:")
_KEYS = re.compile(rb"7:request[;,]|4:type[;,]4:http")
_FLOW_LIMIT: Final = 4 * BODY_LIMIT
_CUT: Final = CannotTell(Reason.BAD_RECORD, "the file ends inside the record")


_NO_FLOW: Final = CannotTell(Reason.BAD_RECORD, "the record is not a flow of mitmproxy")


class _Damaged(Exception):  # noqa: N818  # ends the reading of one flow; never leaves this module
    """What stands there is no typed netstring."""


def _sniff(sample: Sample) -> bool:
    return sample.entries is None and _HEAD.match(sample.head) is not None and _KEYS.search(sample.head) is not None


def _read(source: Source) -> Iterator[Record]:
    with source.open() as stream:
        index = 0
        while True:
            flow = _flow(stream)
            if flow is None:
                return
            pointer = f"flow[{index}]"
            if isinstance(flow, CannotTell):
                yield broken(source, flow, pointer=pointer)
                if flow is _CUT:
                    return
            elif isinstance(flow, dict) and isinstance(flow.get("request"), dict):
                yield _record(flow, Place(source.path, pointer=pointer))
            elif not isinstance(flow, dict) or flow.get("type") == "http":
                yield broken(source, CannotTell(Reason.BAD_RECORD, "no request in the record"), pointer=pointer)
            index += 1


def _flow(stream: BinaryIO) -> Any:
    """The next flow: data, a reason, or None at the end."""
    digits = b""
    while (byte := stream.read(1)) not in (b":", b""):
        digits += byte
        if len(digits) > 12 or not byte.isdigit():
            return _CUT  # lengths are all that tells where the next flow begins
    if not digits and not byte:
        return None
    if not digits or not byte:
        return _CUT
    size = int(digits)
    if size > _FLOW_LIMIT:
        left = size + 1
        while left and (piece := stream.read(min(left, 1 << 20))):
            left -= len(piece)
        return CannotTell(Reason.TOO_LARGE, "the flow is larger than the limit")
    payload = stream.read(size)
    kind = stream.read(1)
    if len(payload) < size or not kind:
        return _CUT
    try:
        flow = _value(payload, kind, 0)
    except (_Damaged, ValueError):
        return _NO_FLOW
    return _NO_FLOW if flow is None else flow  # None is the end of the file


def _value(payload: bytes, kind: bytes, depth: int) -> Any:
    if depth > DEPTH_LIMIT:
        raise _Damaged
    match kind:
        case b",":
            return payload
        case b";":
            return decode_text(payload)
        case b"#":
            return int(payload[:400])
        case b"^":
            return float(payload[:400])
        case b"!":
            return payload == b"true"
        case b"~":
            return None
        case b"]":
            return list(_items(payload, depth))
        case b"}":
            items = list(_items(payload, depth))
            keys = (decode_text(key) if isinstance(key, bytes) else str(key) for key in items[::2])
            return dict(zip(keys, items[1::2], strict=False))
        case _:
            raise _Damaged


def _items(payload: bytes, depth: int) -> Iterator[Any]:
    at = 0
    while at < len(payload):
        colon = payload.find(b":", at, at + 13)
        if colon < 0 or not payload[at:colon].isdigit():
            raise _Damaged
        start = colon + 1
        end = start + int(payload[at:colon])
        if end >= len(payload):
            raise _Damaged
        yield _value(payload[start:end], payload[end : end + 1], depth + 1)
        at = end + 1


def _record(flow: dict[str, Any], place: Place) -> Record:
    request, response = flow["request"], flow.get("response")
    status = response.get("status_code", response.get("code")) if isinstance(response, dict) else None
    return Record(place, _exchange(request), iso_time(request.get("timestamp_start")), delivered(status))


def _exchange(request: dict[str, Any]) -> HttpRequest | CannotTell:
    scheme, host, path = (_string(request.get(key)) for key in ("scheme", "host", "path"))
    port = request.get("port")
    # In a reverse proxy the Host header names the service that the client meant.
    for item in request.get("headers") or []:
        if (
            isinstance(item, list)
            and len(item) == 2
            and _string(item[0]).lower() in ("host", ":authority")
            and _string(item[1])
        ):
            host, port = _string(item[1]), None
    default = {"http": 80, "https": 443}.get(scheme)
    where = f"{host}:{port}" if isinstance(port, int) and port != default else host
    return http(
        request.get("method"), f"{scheme or 'https'}://{where}{path}", request.get("headers"), request.get("content")
    )


def _string(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else ""


FORMAT = Format(
    name="mitmproxy",
    title="flow file of mitmproxy",
    sniff=_sniff,
    read=_read,
    proves="What a program sent over HTTP, byte for byte.",
)
