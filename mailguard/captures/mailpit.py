"""Mailpit: what ``GET /api/v1/message/ID`` and the lists of its API return (https://mailpit.axllent.org/docs/api-v1/).

Mailpit writes people of the envelope whom no header names into ``Bcc``, so whether a Bcc line was transmitted does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import composed, iso_time, json_head, json_records, mailbox_text
from mailguard.strays import complete

__all__ = ["FORMAT"]

_MARK = re.compile(r'"Bcc"\s*:\s*(?:\[|null)')


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    # Lists of releases before 1.3 have no MessageID.
    own = '"MessageID"' in head or ('"Read"' in head and '"Attachments"' in head)
    return own and '"Address"' in head and _MARK.search(head) is not None


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source, "messages"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif isinstance(value, Mapping) and ("To" in value or "Bcc" in value):
            yield Record(place, _message(value), iso_time(value.get("Created", value.get("Date"))))
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no message in the record"))


def _message(value: Mapping[Any, Any]) -> RawMessage | CannotTell:
    headers: list[tuple[str, object]] = []
    for name, key in (("From", "From"), ("To", "To"), ("Cc", "Cc"), ("Bcc", "Bcc"), ("Reply-To", "ReplyTo")):
        people = value.get(key)
        items = people if isinstance(people, list) else [people] if people else []
        if any(isinstance(item, Mapping) and "Address" not in item for item in items):
            return CannotTell(Reason.BAD_RECORD, "somebody in the record has no address")
        if items:
            headers.append((name, ", ".join(_mailbox(item) for item in items)))
    headers.append(("Subject", value.get("Subject")))
    message = RawMessage(composed(headers, value.get("Text"), value.get("HTML")), bcc_is_envelope=True)
    return complete(message, value)


def _mailbox(item: object) -> str:
    return mailbox_text(item.get("Name"), item.get("Address")) if isinstance(item, Mapping) else str(item)


FORMAT = Format(
    name="mailpit",
    title="Mailpit export",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see and who got a blind copy. Whether a Bcc line was transmitted does not show.",
)
