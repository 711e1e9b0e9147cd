"""Cassettes: vcrpy and pytest-recording (YAML, JSON), betamax (JSON), VCR for Ruby (three dialects), php-vcr, go-vcr.

* vcrpy 9: ``interactions: [{request: {body, headers, method, uri}, response: {status: {code}}}]``, ``version: 1``;
  a compressed body is ``!!binary``.
* VCR 2 and later, betamax 0.9: ``http_interactions: [{request: {method, uri, body: {encoding, string | base64_string},
  headers: {name: [..]}}, recorded_at}]``.
* php-vcr 1: a bare list of ``{request: {method, url, headers, body | post_fields}, response}``; go-vcr and okreplay write
  ``interactions`` with ``url`` or ``uri``.
* VCR 1: a bare list of ``!ruby/struct:VCR::HTTPInteraction`` with symbols (``:post``) for methods.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_files import json_elements
from mailguard.documents.json_values import BODY_LIMIT
from mailguard.documents.yaml_values import Document, yaml_documents
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.count import Truth
from mailguard.model.exchange import Form, HttpRequest, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import broken, delivered, http, iso_time, text_of

__all__ = ["FORMAT"]

_LISTS: Final = ("interactions", "http_interactions")
_JSON = re.compile(r'[\ufeff\s]*\{[^{}\[\]]{0,2000}"(interactions|http_interactions)"\s*:\s*\[')
_YAML = re.compile(
    r"(?:^|\n)(?:\"|')?:?(?:http_)?interactions(?:\"|')?[ \t]*:[ \t]*(?:\r?\n|\[|\Z)|(?:^|\n)-[ \t]+!ruby/\w+:VCR::HTTPInteraction"
    r"|\A(?:---)?\s*-[ \t]*\r?\n?[ \t]+request:[ \t]*\r?\n[ \t]+(?:method|url):"
)
_NO_LIST: Final = CannotTell(Reason.BAD_RECORD, "the cassette has no interactions")
_NO_REQUEST: Final = CannotTell(Reason.BAD_RECORD, "no request in the record")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = decode_text(sample.head).lstrip("\ufeff")
    if head.lstrip()[:1] == "{":
        return _json_key(head) != ""
    return _YAML.search(head) is not None and re.search(r"\brequest['\"]?[ \t]*:", head) is not None


def _json_key(head: str) -> str:
    match = _JSON.match(head)
    if match:
        return match.group(1)
    return next((key for key in _LISTS if re.search(rf'"{key}"\s*:\s*\[\s*\{{', head) and '"request"' in head), "")


def _read(source: Source) -> Iterator[Record]:
    content = text_of(source)
    if isinstance(content, CannotTell):
        yield broken(source, content)
        return
    if content.lstrip("\ufeff \t\r\n").startswith("{"):
        key = _json_key(content[: 1 << 16]) or _LISTS[0]
        empty = re.search(rf'"{key}"\s*:\s*(?:\[\s*\]|null)', content) is not None
        for element in json_elements(content, key):
            empty = True
            place = Place(source.path, element.line, element.column, pointer=f"{key}[{element.index}]")
            yield (
                Record(place, element.value)
                if isinstance(element.value, CannotTell)
                else _interaction(element.value, place)
            )
        if not empty:
            yield broken(source, _NO_LIST)
        return
    records, whole = _read_yaml(source, content)
    if not whole:
        rescued = list(_read_pieces(source, content))
        if rescued:
            records = rescued
    yield from records


def _read_yaml(source: Source, content: str) -> tuple[list[Record], bool]:
    """The interactions of every document, and whether all of the file was read."""
    records: list[Record] = []
    for number, document in enumerate(yaml_documents(content)):
        if isinstance(document, CannotTell):
            return [*records, broken(source, document)], document.reason is Reason.TOO_LARGE
        prefix = f"[{number}]." if number else ""
        found = _interactions(document)
        if found is None:
            records.append(broken(source, _NO_LIST, document.line))
            continue
        key, items = found
        for index, item in enumerate(items):
            line, column = document.position(*([key] if key else []), index)
            pointer = f"{prefix}{key.removeprefix(':')}[{index}]"
            last = index + 1 == len(items)
            records.append(_interaction(item, Place(source.path, line, column, pointer=pointer), last=last))
    return records, True


def _interactions(document: Document) -> tuple[str, list[Any]] | None:
    value = document.value
    if isinstance(value, list):
        return "", value
    if isinstance(value, Mapping):
        for key in (*_LISTS, *(f":{name}" for name in _LISTS)):
            if key in value and (value[key] is None or isinstance(value[key], list)):
                return key, value[key] or []
    return None


_ITEM = re.compile(r"(?m)^([ \t]*)-[ \t]+(?:![^\s]*[ \t]*\r?\n[ \t]*)?['\"]?:?request['\"]?[ \t]*:")


def _read_pieces(source: Source, content: str) -> Iterator[Record]:
    """A cassette that is broken somewhere: each interaction by itself, so that one costs no other."""
    first = _ITEM.search(content)
    if first is None or len(content) > BODY_LIMIT:
        return
    indent = first.group(1)
    starts = [match.start() for match in _ITEM.finditer(content) if match.group(1) == indent]
    line, counted = 1, 0
    for lost in re.finditer(rf"(?m)^{indent}-[ \t]", content[: starts[0]]):
        # What begins like an interaction, and has no request, is one that is damaged.
        yield broken(source, _NO_REQUEST, content.count("\n", 0, lost.start()) + 1)
    for index, start in enumerate(starts):
        end = starts[index + 1] if index + 1 < len(starts) else len(content)
        line += content.count("\n", counted, start)
        counted = start
        place = Place(source.path, line, len(indent) + 3, pointer=f"interactions[{index}]")
        piece = content[start:end]
        if index + 1 == len(starts):
            # Behind the last one may follow keys of the cassette itself.
            outdented = re.search(rf"(?m)^(?!{indent}[ \t-])[^\s#]", piece)
            piece = piece[: outdented.start()] if outdented else piece
        document = next(yaml_documents(piece), None)
        if isinstance(document, Document) and isinstance(document.value, list) and document.value:
            yield _interaction(document.value[0], place, last=index + 1 == len(starts))
            yield from (Record(place, _NO_REQUEST) for _ in document.value[1:])
        else:
            yield Record(place, CannotTell(Reason.BAD_RECORD, "the record is not valid YAML"))


def _interaction(value: Any, place: Place, *, last: bool = False) -> Record:
    """The request of an interaction. The last one of a YAML file that was cut may look whole, but has no response."""
    if not isinstance(value, Mapping):
        return Record(place, _NO_REQUEST)
    request, response = _under(value, "request"), _under(value, "response")
    if not isinstance(request, Mapping):
        return Record(place, _NO_REQUEST)
    status = _under(response, "status")
    if response is None and "request" in value and last:
        return Record(place, CannotTell(Reason.BAD_RECORD, "the file ends inside the record"))
    code = _under(status, "code") if isinstance(status, Mapping) else status
    when = iso_time(_under(value, "recorded_at"))
    return Record(place, _exchange(request), when, delivered(code))


def _under(value: Any, key: str) -> Any:
    """What stands under a key, also where it is a Ruby symbol."""
    if not isinstance(value, Mapping):
        return None
    return value.get(key, value.get(":" + key))


def _exchange(request: Mapping[Any, Any]) -> HttpRequest | CannotTell:
    url = _under(request, "uri")
    if url is None:
        url = _under(request, "url")
    body, encoding = _under(request, "body"), ""
    if isinstance(body, Mapping):
        if _under(body, "base64_string") is not None:
            body, encoding = _under(body, "base64_string"), "base64"
        elif _under(body, "string") is not None or _under(body, "encoding") is not None:
            body = _under(body, "string")
        if isinstance(body, Mapping):
            # !ruby/string:ActiveSupport::SafeBuffer and its like
            body = _under(body, "str") if _under(body, "str") is not None else dict(body)
    posted = _under(request, "post_fields")
    if not body and isinstance(posted, Mapping) and posted:
        made = http(_under(request, "method"), url, _under(request, "headers"), None)
        parts = tuple((str(name), value) for name, value in _flat(posted))
        return made if isinstance(made, CannotTell) else replace(made, body=Form(parts))
    if isinstance(body, (int, float)):
        body = str(body)  # an unquoted body that YAML takes for a number
    if body in ("", b""):
        body = None
    return http(_under(request, "method"), url, _under(request, "headers"), body, encoding)


def _flat(fields: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        for item in value if isinstance(value, list) else value.values() if isinstance(value, Mapping) else [value]:
            yield str(name), str(item)


def _loose(sample: Sample) -> Truth:
    """vcrpy, betamax and VCR compare no bodies unless the tests ask for it."""
    del sample
    return Truth.MAYBE


FORMAT = Format(
    name="vcr",
    title="cassette",
    sniff=_sniff,
    read=_read,
    loose=_loose,
    proves="What the code sent when the cassette was recorded. Later changes of the code do not show in it.",
)
