"""Recordings of the ``responses`` package: they keep no request body, so they show nothing. Said, not passed over.

``responses._recorder`` (0.26) writes ``responses: [{response: {method, url, status, body, ...}}]``, the body being that of
the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mailguard.documents.byte_text import decode_text
from mailguard.documents.yaml_values import Document, yaml_documents
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import broken, delivered, http, text_of

__all__ = ["FORMAT"]

_HEAD = re.compile(r"(?:^|\n)responses:[ \t]*\r?\n[ \t]*-[ \t]+response:")


def _sniff(sample: Sample) -> bool:
    return sample.entries is None and _HEAD.search(decode_text(sample.head)) is not None


def _read(source: Source) -> Iterator[Record]:
    content = text_of(source)
    if isinstance(content, CannotTell):
        yield broken(source, content)
        return
    for document in yaml_documents(content):
        if isinstance(document, CannotTell):
            yield broken(source, document)
            continue
        yield from _records(source, document)


def _records(source: Source, document: Document) -> Iterator[Record]:
    items = document.value.get("responses") if isinstance(document.value, Mapping) else None
    for index, item in enumerate(items if isinstance(items, list) else []):
        line, column = document.position("responses", index)
        place = Place(source.path, line, column, pointer=f"responses[{index}]")
        response = item.get("response") if isinstance(item, Mapping) else None
        if isinstance(response, Mapping):
            yield Record(
                place,
                http(response.get("method"), response.get("url"), {}, None),
                "",
                delivered(response.get("status")),
            )
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "no request in the record"))


FORMAT = Format(
    name="responses",
    title="recording of the responses package",
    sniff=_sniff,
    read=_read,
    proves="Nothing about who sees whom: it keeps no request bodies.",
)
