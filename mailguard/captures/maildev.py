"""MailDev: what ``GET /email`` and ``GET /email/ID`` return, in releases 2.0 and 2.2 (https://github.com/maildev/maildev).

``headers`` are the header lines, decoded; ``to``, ``cc``, ``bcc`` and ``replyTo`` MailDev's own reading of some of them, with
groups; ``envelope.to`` is whom the server took. ``calculatedBcc`` is not read: it names members of groups again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.recording import address_list, composed, headers_of, iso_time, json_head, json_records, mailbox_text
from mailguard.strays import complete, keys_in

__all__ = ["FORMAT"]

_PEOPLE: Final = {"from": "from", "to": "to", "cc": "cc", "bcc": "bcc", "reply-to": "replyTo"}
"""Header lines that MailDev reads, and where it puts what it read."""
_OF_THE_BODY: Final = frozenset({"content-type", "content-transfer-encoding", "mime-version"})


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    return '"envelope"' in head and '"calculatedBcc"' in head and '"remoteAddress"' in head


def _read(source: Source) -> Iterator[Record]:
    for value, place in json_records(source):
        if isinstance(value, CannotTell):
            yield Record(place, value)
        elif isinstance(value, Mapping) and isinstance(value.get("headers"), Mapping):
            yield Record(place, _message(value), iso_time(value.get("time")))
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no message in the record"))


def _message(value: Mapping[Any, Any]) -> RawMessage | CannotTell:
    headers: list[tuple[str, object]] = []
    written = headers_of(value["headers"])
    for name, item in written.items():
        lines = [str(line) for line in (item if isinstance(item, list) else [item])]
        if name.lower() in _PEOPLE:
            headers.append((name, _people(lines, value.get(_PEOPLE[name.lower()]))))
        elif name.lower() not in _OF_THE_BODY:
            headers.extend((name, line) for line in lines)
    envelope = value.get("envelope")
    people = address_list(envelope.get("to")) if isinstance(envelope, Mapping) else None
    message = RawMessage(composed(headers, value.get("text"), value.get("html")), people)
    return complete(message, value)


def _people(lines: list[str], read: object) -> str:
    """A header line of people: as MailDev read it, unless that lost somebody.

    The line itself is decoded, so that a comma in an encoded name looks like one between people.
    """
    text = ", ".join(lines)
    taken = ", ".join(_mailbox(one) for one in read) if isinstance(read, list) else ""
    return taken if {*keys_in(text)} <= {*keys_in(taken)} and (taken or not text) else text


def _mailbox(one: object) -> str:
    if not isinstance(one, Mapping):
        return str(one)
    members = one.get("group")
    if isinstance(members, list):
        return f"{mailbox_text(one.get('name'), '').removesuffix(' <>')}: {', '.join(map(_mailbox, members))};"
    return mailbox_text(one.get("name"), one.get("address"))


FORMAT = Format(
    name="maildev",
    title="MailDev export",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see, who got a copy, and whether a Bcc line was transmitted; no attachments.",
)
