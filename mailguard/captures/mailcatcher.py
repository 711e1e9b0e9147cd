"""MailCatcher: what ``GET /messages`` and ``/messages/ID.json`` return (https://mailcatcher.me).

``recipients`` is the envelope. The list has no headers, so what readers see is only known where ``source`` is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import address_list, iso_time, json_head, json_records

__all__ = ["FORMAT"]

_MARK = re.compile(r'"sender"\s*:\s*(?:"|null)')


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return _MARK.search(head) is not None and '"recipients"' in head and '"created_at"' in head


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source, "messages"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif isinstance(value, Mapping) and "recipients" in value:
            yield Record(place, _message(value), iso_time(value.get("created_at")))
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no message in the record"))


def _message(value: Mapping[Any, Any]) -> RawMessage | CannotTell:
    data = value.get("source")
    if not isinstance(data, str) or not data.strip():
        return CannotTell(Reason.BODY_MISSING, "the list has no headers; save the source of each message")
    return RawMessage(data, address_list(value.get("recipients")))


FORMAT = Format(
    name="mailcatcher",
    title="MailCatcher export",
    sniff=_sniff,
    read=_read,
    proves="With the source of a message: what its readers see and who got a copy. Without it: nothing.",
)
