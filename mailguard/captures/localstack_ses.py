"""LocalStack's SES: what ``GET /_aws/ses`` returns, and the files of its state directory.

A message has ``Destination`` with ``ToAddresses``, ``CcAddresses`` and ``BccAddresses``, or ``RawData`` for a raw one
(https://docs.localstack.cloud/aws/services/ses/).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value
from mailguard.recording import address_list, composed, iso_time, json_head, json_records
from mailguard.strays import complete
from mailguard.wire.header_blocks import header_block

__all__ = ["FORMAT"]

_MARK = re.compile(r'"(?:RawData|Destination)"\s*:\s*(?:"|\{\s*(?:\}|"(?:To|Cc|Bcc)Addresses"))')
_TEXTS = tuple(re.compile(rf'"{name}"\s*:\s*(?:"|null)') for name in ("Source", "Id"))
"""Texts in a message; in the description of a service (``"Source": {"type": ...}``) they are none."""


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return (
        _MARK.search(head) is not None
        and all(one.search(head) for one in _TEXTS)
        and ('"Region"' in head or '"Timestamp"' in head)
    )


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source, "messages"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif isinstance(value, Mapping):
            yield Record(place, _message(value), iso_time(value.get("Timestamp")))
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no message in the record"))


def _message(value: Mapping[Any, Any]) -> RawMessage | CannotTell:
    destination = value.get("Destination", value.get("Destinations"))
    raw = value.get("RawData")
    if isinstance(raw, str) and raw.strip():
        if isinstance(block := header_block(raw), CannotTell) or not block:
            return CannotTell(Reason.BAD_RECORD, "no message in the record")
        return RawMessage(
            raw, address_list(destination) if not isinstance(destination, Mapping) else _everybody(destination) or None
        )
    if not isinstance(destination, Mapping):
        return CannotTell(Reason.BODY_MISSING)
    body = value.get("Body")
    body = body if isinstance(body, Mapping) else {}
    headers: list[tuple[str, object]] = [("From", value.get("Source"))]
    for name, key in (("To", "ToAddresses"), ("Cc", "CcAddresses")):
        people = address_list(destination.get(key))
        if people:
            headers.append((name, ", ".join(str(person) for person in people)))
    headers.append(("Subject", value.get("Subject")))
    message = RawMessage(composed(headers, body.get("text_part"), body.get("html_part")), _everybody(destination))
    return complete(message, value)


def _everybody(destination: Mapping[Any, Any]) -> list[Value]:
    people: list[Value] = []
    for key in ("ToAddresses", "CcAddresses", "BccAddresses"):
        people += address_list(destination.get(key)) or []
    return people


FORMAT = Format(
    name="localstack-ses",
    title="SES export of LocalStack",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see and who got a copy. Of a raw message the envelope may be missing.",
)
