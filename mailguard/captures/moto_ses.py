"""moto's SES: what a moto server returns under ``/moto-api/data.json``, and its ``sent_messages`` written as JSON.

moto 5.2 keeps messages in four classes: ``Message`` (``destinations`` is ``{ToAddresses, CcAddresses, BccAddresses}``),
``RawMessage`` (``destinations`` is the envelope, ``raw_data`` what was sent), ``TemplateMessage`` and ``BulkTemplateMessage``
(``destinations`` is a list of ``{Destination}``, one message each). Calls of SES v2 land in the same classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from mailguard.documents.json_files import Element, json_elements
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording import address_list, broken, composed, json_head, json_records, text_of
from mailguard.strays import complete
from mailguard.wire.header_blocks import header_block

__all__ = ["FORMAT"]

_KINDS: Final = ("Message", "RawMessage", "BulkTemplateMessage", "TemplateMessage")
_DATA = re.compile(r'"BulkTemplateMessage"\s*:\s*\[')
_SENT = re.compile(r'"destinations"\s*:\s*[\[{]')
_DESTINATIONS = re.compile(r'(?<!\\)"destinations"\s*:')
_WHAT = re.compile(r'"(?:raw_data|body|template_data)"\s*:')
_OTHERS: Final = '"core": {"CloudFormationModel": ['
"""What stands among the first services of every ``data.json``."""
_NO_MESSAGE: Final = CannotTell(Reason.BAD_RECORD, "no message in the record")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = json_head(sample.head)
    if _DATA.search(head) and '"RawMessage"' in head:
        return True
    if not sample.whole and _OTHERS in head:
        return True  # the policies of IAM, which moto 4 loads, are longer than what is looked at
    return _SENT.search(head) is not None and '"source"' in head and '"id"' in head and _WHAT.search(head) is not None


def _read(source: Source) -> Iterator[Record]:
    content = text_of(source)
    if isinstance(content, CannotTell):
        yield broken(source, content)
        return
    if not _DATA.search(content):
        if _OTHERS in content:
            if _DESTINATIONS.search(content):
                yield broken(source, CannotTell(Reason.BAD_RECORD, "messages stand in a class that is not known"))
            return  # or SES was not called
        for value, place in json_records(source, "messages", "sent_messages"):
            yield from _records(value, place)
        return
    bulk: list[Any] = []
    found, seen = False, 0
    for kind in _KINDS:
        for element in _elements(content, kind):
            found = True
            value = element.value
            seen += 1
            place = Place(source.path, element.line, element.column, pointer=f"ses.{kind}[{element.index}]")
            destinations = value.get("destinations") if isinstance(value, Mapping) else None
            if kind == "BulkTemplateMessage":
                bulk.append(destinations)
            elif kind == "TemplateMessage" and isinstance(destinations, list) and destinations in bulk:
                continue  # the same mail: moto keeps a bulk in both classes
            yield from _records(value, place)
    if len(_DESTINATIONS.findall(content)) > seen:
        yield broken(source, CannotTell(Reason.BAD_RECORD, "messages stand in a class that is not known"))
    elif not found and not all(re.search(rf'"{kind}"\s*:\s*\[\s*\]', content) for kind in _KINDS):
        yield broken(source, _NO_MESSAGE)


def _elements(content: str, kind: str) -> Iterable[Element]:
    return json_elements(content, "ses", kind)


def _records(value: Value | CannotTell, place: Place) -> Iterator[Record]:
    if isinstance(value, CannotTell):
        yield Record(place, value)
        return
    destinations = value.get("destinations") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or destinations is None:
        yield Record(place, _NO_MESSAGE)
        return
    if isinstance(value.get("raw_data"), str):
        raw = value["raw_data"]
        people = list(dict.fromkeys(map(str, address_list(destinations) or [])))
        if not raw.strip():
            yield Record(place, CannotTell(Reason.BODY_MISSING))
        elif isinstance(block := header_block(raw), CannotTell) or not block:
            yield Record(place, _NO_MESSAGE)
        else:
            yield Record(place, RawMessage(raw, list(people) or None))
    elif isinstance(destinations, Mapping):
        yield Record(place, _message(value, destinations))
    elif isinstance(destinations, list) and destinations and all(isinstance(one, Mapping) for one in destinations):
        for one in destinations:
            inner = one.get("Destination", one)
            yield Record(place, _message(value, inner) if isinstance(inner, Mapping) else _NO_MESSAGE)
    else:
        yield Record(place, _NO_MESSAGE)


def _message(value: Mapping[Any, Any], destination: Mapping[Any, Any]) -> RawMessage | CannotTell:
    headers: list[tuple[str, object]] = [("From", value.get("source"))]
    everybody: list[Value] = []
    for name, key in (("To", "ToAddresses"), ("Cc", "CcAddresses"), ("", "BccAddresses")):
        people = address_list(destination.get(key)) or []
        everybody += people
        if people and name:
            headers.append((name, ", ".join(str(person) for person in people)))
    headers.append(("Subject", value.get("subject")))
    return complete(RawMessage(composed(headers, value.get("body")), everybody), destination)


FORMAT = Format(
    name="moto-ses",
    title="SES export of moto",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see, who got a copy, and of a raw message whether a Bcc line was handed over.",
)
