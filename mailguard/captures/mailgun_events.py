"""Mailgun: events (``GET /v3/DOMAIN/events``, webhooks) and stored messages.

An event is about one recipient; ``message.headers.to`` is the whole To line that this person reads. A stored message has
``recipients`` (the envelope) and ``message-headers`` (https://documentation.mailgun.com).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import address_list, composed, headers_of, iso_time, json_head, json_records
from mailguard.strays import complete

__all__ = ["FORMAT"]

_NOT_SENT: Final = frozenset({"rejected"})


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return '"message-headers"' in head or ('"message-id"' in head and '"recipient"' in head and '"event"' in head)


def _read(source: Source) -> Iterator[Record]:
    seen: set[int] = set()
    told: set[str] = set()
    untold: dict[str, Record] = {}  # events that have no headers, by message; another event of it may have them
    for value, place in json_records(source, "items"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
            continue
        event = value.get("event-data", value) if isinstance(value, Mapping) else None
        if not isinstance(event, Mapping) or not (
            "message" in event or "message-headers" in event or "recipients" in event
        ):
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no message in the record"))
            continue
        if "message-headers" in event or "recipients" in event:
            yield Record(place, _stored(event), iso_time(event.get("Date", event.get("timestamp"))))
            continue
        # accepted, delivered, opened of one person are one mail.
        exchange = _event(event)
        headers = event["message"].get("headers") if isinstance(event["message"], Mapping) else None
        name = headers.get("message-id") if isinstance(headers, Mapping) else None
        sent = str(event.get("event")) not in _NOT_SENT
        record = Record(
            place, exchange, iso_time(event.get("timestamp")), sent, "Cc lines do not show, as events hold none"
        )
        if isinstance(exchange, CannotTell):
            untold.setdefault(str(name or place), record)
            continue
        told.add(str(name))
        key = hash((str(name), str(event.get("recipient")), str(headers)))
        if not name or key not in seen:
            seen.add(key)
            yield record
    yield from (record for name, record in untold.items() if name not in told)


def _event(event: Mapping[Any, Any]) -> RawMessage | CannotTell:
    message = event.get("message")
    headers = message.get("headers") if isinstance(message, Mapping) else None
    if not isinstance(headers, Mapping) or not isinstance(headers.get("to"), str):
        return CannotTell(Reason.BODY_MISSING, "the event holds no headers")
    block = [(name.title(), headers.get(name)) for name in ("from", "to", "cc", "subject")]
    return complete(RawMessage(composed(block), address_list(event.get("recipient"))), event)


def _stored(message: Mapping[Any, Any]) -> RawMessage | CannotTell:
    envelope = message.get("recipients")
    people = address_list(envelope)
    raw = message.get("body-mime")
    if isinstance(raw, str) and raw.strip():
        return RawMessage(raw, people)
    block: list[tuple[str, object]] = []
    for name, items in headers_of(message.get("message-headers")).items():
        if name.lower() not in ("content-type", "mime-version", "content-transfer-encoding"):
            block.extend((name, item) for item in (items if isinstance(items, list) else [items]))
    if not block:
        block = [
            (name, message.get(name)) for name in ("From", "To", "Cc", "Subject") if isinstance(message.get(name), str)
        ]
    if not block:
        return CannotTell(Reason.BODY_MISSING, "the message holds no headers")
    return complete(RawMessage(composed(block, message.get("body-plain"), message.get("body-html")), people), message)


FORMAT = Format(
    name="mailgun-events",
    title="events and stored messages of Mailgun",
    sniff=_sniff,
    read=_read,
    proves="The To line that each person read. An event holds no Cc line; a stored message holds everything.",
)
