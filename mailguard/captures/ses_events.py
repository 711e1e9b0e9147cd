"""Event notifications of Amazon SES, plain, or inside SNS, SQS, Lambda or EventBridge events.

``mail.destination`` is the envelope, ``mail.headers`` what is printed (docs.aws.amazon.com/ses, "Amazon SNS notification
contents"). Inside SNS, ``Message`` is JSON in a string. All events of one ``messageId`` are one mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mailguard.documents.json_values import read_json
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import address_list, composed, headers_of, iso_time, json_head, json_records
from mailguard.strays import complete

__all__ = ["FORMAT"]

_KIND = re.compile(r'"(?:notificationType|eventType)"\s*:')
_DEPTH: Final = 12
_REFUSED: Final = frozenset({"Reject", "Rendering Failure"})


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return _KIND.search(head) is not None and '"messageId"' in head and '"destination"' in head


def _read(source: Source) -> Iterator[Record]:
    told: set[str] = set()
    untold: dict[str, Record] = {}  # events that have no headers, by message; another event of it may have them
    for value, place in json_records(source, "Records", "Messages", "events"):
        if isinstance(value, CannotTell):
            yield Record(place, value)
            continue
        events = list(_events(value, 0))
        if not events:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no mail event in the record"))
        for event, mail in events:
            name = str(mail.get("messageId") or place)
            kind = event.get("eventType", event.get("notificationType"))
            cut = mail.get("headersTruncated") is True
            limits = "people at the end of long headers do not show, as the event cuts them" if cut else ""
            record = Record(place, _message(mail), iso_time(mail.get("timestamp")), str(kind) not in _REFUSED, limits)
            if isinstance(record.exchange, CannotTell):
                untold.setdefault(name, record)
            elif name not in told:
                told.add(name)
                yield record
    yield from (record for name, record in untold.items() if name not in told)


def _events(value: object, depth: int) -> Iterator[tuple[Mapping[Any, Any], Mapping[Any, Any]]]:
    """The events inside their wrappings, also inside the snapshots of tests, and the mail that each is about."""
    if depth > _DEPTH:
        return
    if isinstance(value, str):
        inner = read_json(value) if value.lstrip()[:1] == "{" else None
        if isinstance(inner, Mapping):
            yield from _events(inner, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _events(item, depth + 1)
    elif isinstance(value, Mapping):
        mail = value.get("mail")
        if isinstance(mail, Mapping) and ("destination" in mail or "messageId" in mail):
            yield value, mail
            return
        for item in value.values():
            yield from _events(item, depth + 1)


def _message(mail: Mapping[Any, Any]) -> RawMessage | CannotTell:
    envelope = address_list(mail.get("destination"))
    printed = headers_of(mail.get("headers"))
    names = {name.lower() for name in printed}
    common = mail.get("commonHeaders")
    headers: list[tuple[str, object]] = []
    for name, items in printed.items():
        if name.lower() not in ("content-type", "mime-version", "content-transfer-encoding"):
            headers.extend((name, item) for item in (items if isinstance(items, list) else [items]))
    if isinstance(common, Mapping):
        for name in ("from", "to", "cc", "replyTo", "subject"):
            if name.lower() not in names and name.replace("To", "-to").lower() not in names and common.get(name):
                items = common[name]
                headers.append(
                    (
                        name.replace("To", "-To").title(),
                        ", ".join(map(str, items)) if isinstance(items, list) else items,
                    )
                )
    if not headers:
        return CannotTell(Reason.BODY_MISSING, "the event holds no headers")
    if mail.get("headersTruncated") is True:
        printed_to = " ".join(str(item).casefold() for name, item in headers if name.lower() in ("to", "cc"))
        lost = [one for one in envelope or () if isinstance(one, str) and one.casefold() not in printed_to]
        # Whoever is not shown may have a blind copy, or have stood where the event was cut.
        if printed_to.count("@") < 2 and (lost or not printed_to):
            return CannotTell(Reason.BODY_CUT, "the headers of the event are cut")
    return complete(RawMessage(composed(headers), envelope), mail)


FORMAT = Format(
    name="ses-events",
    title="event notifications of Amazon SES",
    sniff=_sniff,
    read=_read,
    proves="What readers of each mail see and who got a copy, where the notification includes the headers.",
)
