"""MailHog: what ``GET /api/v2/messages`` (``items``) and ``/api/v1/messages`` (an array) return.

``Raw.To`` is the envelope, ``Raw.Data`` what was transmitted; ``Content`` is MailHog's own reading of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value
from mailguard.recording import address_list, composed, headers_of, iso_time, json_head, json_records
from mailguard.strays import complete

__all__ = ["FORMAT"]


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return '"Mailbox"' in head and '"Domain"' in head and '"Content"' in head and '"Headers"' in head


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source, "items"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif isinstance(value, Mapping):
            yield Record(place, _message(value), iso_time(value.get("Created")))
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no message in the record"))


def _message(value: Mapping[Any, Any]) -> RawMessage | CannotTell:
    raw = value.get("Raw")
    raw = raw if isinstance(raw, Mapping) else {}
    envelope = address_list(raw.get("To")) or _envelope(value.get("To"))
    data = raw.get("Data")
    content = value.get("Content")
    if isinstance(data, str) and data.strip():
        message = RawMessage(data, envelope)
        # MailHog keeps the header lines once more, as it read them.
        again = {"headers": content.get("Headers")} if isinstance(content, Mapping) else {}
        return complete(message, again, enveloped=False)
    if not isinstance(content, Mapping) or not content.get("Headers"):
        return CannotTell(Reason.BODY_MISSING)
    if not isinstance(content["Headers"], Mapping):
        return CannotTell(Reason.BAD_RECORD, "the header lines of the record are no object")
    headers: list[tuple[str, object]] = []
    for name, items in headers_of(content["Headers"]).items():
        if name.lower() != "content-type":
            headers.extend((name, item) for item in (items if isinstance(items, list) else [items]))
    return RawMessage(composed(headers, content.get("Body")), envelope)


def _envelope(people: object) -> list[Value] | None:
    if not isinstance(people, list):
        return None
    return [f"{item.get('Mailbox')}@{item.get('Domain')}" for item in people if isinstance(item, Mapping)]


FORMAT = Format(
    name="mailhog",
    title="MailHog export",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see, who got a copy, and whether a Bcc line was transmitted.",
)
