"""JSON records of requests: JSON Lines, a JSON array, a single object; mailguard's own shape or a described one.

Own shape: ``{"method", "url", "headers", "body" | "body_base64", "time"?, "status"?}``, for SMTP with
``"envelope": {"mail_from", "rcpt_to"}``; the request may also stand under ``"request"``. A log in another shape is described
in the settings: ``fields = {url = "req.uri", body = "req.payload"}``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mailguard.documents.byte_text import decode_text
from mailguard.documents.json_files import json_elements
from mailguard.documents.json_values import count_marks, hides_marks, plain_json, read_json
from mailguard.model.capture import Format, Read, Sample, Seen, Source
from mailguard.model.exchange import Exchange, Record, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.model.value import Value
from mailguard.recording import batches, broken, delivered, dig, exchange_of, head_of, iso_time, text_of

__all__ = ["FORMAT"]

_WORDS: Final = frozenset({"base64", "json", "text", "plain", "utf-8", "gzip", "none"})
"""What ``body_encoding`` may say itself; anything else is the path of the field that says it."""

_NO_REQUEST: Final = CannotTell(Reason.BAD_RECORD, "no request in the record")


def _sniff(sample: Sample) -> bool:
    if sample.entries is not None:
        return False
    head = decode_text(sample.head).lstrip("\ufeff \t\r\n")
    if sample.fields:
        return head[:1] in ("{", "[") or _is_lines(head)
    if _is_lines(head):
        # Any of the first lines: the very first may be damaged, or a note of the recorder.
        return any(_is_own(read_json(line)) for line in head.split("\n")[:200] if line.lstrip()[:1] == "{")
    if head[:1] not in ("{", "["):
        return False
    values = [element.value for _, element in zip(range(20), json_elements(head), strict=False)]
    if any(map(_is_own, values)):
        return True
    # A single record, or the first of an array, that is longer than what is looked at.
    return not sample.whole and not any(isinstance(value, Mapping) for value in values) and _begins_own(head)


_OWN_HEAD = re.compile(r'\[?\s*\{\s*(?:"source"\s*:\s*"[^"]*",\s*)?(?:"request"\s*:\s*\{\s*)?"(?:method|url)"\s*:\s*"')
_OWN_KEYS = re.compile(r'"(?:method|headers|body|body_base64|envelope)"\s*:')
_NEAR = 800


def _begins_own(head: str) -> bool:
    """Whether a record begins here as those of requests do: many things have a ``url``, but beside it nothing of a request."""
    begun = _OWN_HEAD.match(head)
    return begun is not None and _OWN_KEYS.search(head[begun.start() : begun.start() + _NEAR]) is not None


def _is_lines(head: str) -> bool:
    """Whether lines are values of their own, rather than the file as a whole; a first line may be damaged."""
    first, end, rest = head.partition("\n")
    if first[:1] in ("{", "[") and not isinstance(read_json(first), CannotTell):
        return bool(rest.strip()) or (bool(end) and first[:1] == "{")
    return head[:1] != "[" and any(
        line[:1] == "{" and not isinstance(read_json(line), CannotTell) for line in rest.split("\n")[:50]
    )


def _is_own(value: object) -> bool:
    if not isinstance(value, Mapping):
        return False
    inner = value.get("request", value)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("url"), str):
        return False
    if "bodyPatterns" in inner or "loggedDate" in inner or "bodyAsBase64" in inner or "responseDefinition" in value:
        return False  # WireMock: a stub, which is no request, or its journal
    headers = inner.get("headers")
    if isinstance(headers, Mapping) and any(isinstance(item, Mapping) for item in headers.values()):
        return False
    return isinstance(inner.get("envelope"), Mapping) or any(
        name in inner for name in ("body", "body_base64", "headers")
    )


def _read(source: Source) -> Iterator[Record]:
    with source.open() as stream:
        head = head_of(stream)
    if _by_lines(head):
        yield from _read_lines(source)
        return
    content = text_of(source)
    if isinstance(content, CannotTell):
        yield broken(source, content)
        return
    if _is_lines(content[: 1 << 16].lstrip("\ufeff \t\r\n")):
        for number, line in enumerate(content.split("\n"), 1):
            if line.strip("\ufeff \t\r\n\0"):
                yield from _record(source, read_json(line), Place(source.path, number))
        return
    whole = content.lstrip("\ufeff \t\r\n").startswith("{")
    for element in json_elements(content):
        pointer = "" if whole else f"[{element.index}]"
        yield from _record(source, element.value, Place(source.path, element.line, element.column, pointer=pointer))


def _by_lines(head: bytes) -> bool:
    """Whether a file that begins like this is read line by line."""
    start = decode_text(head).lstrip("\ufeff \t\r\n")
    utf_16 = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return not utf_16 and (_is_lines(start) or (start.startswith("{") and "\n" not in start))


def _part(sample: Sample) -> Read | None:
    return _read_lines if sample.entries is None and _by_lines(sample.head) else None


def _read_lines(source: Source) -> Iterator[Record]:
    """One record a line, and no more than some lines in memory."""
    number = source.first_line
    seen = source.seen if not source.fields else None
    with source.open() as stream:
        for batch in batches(stream):
            if isinstance(batch, CannotTell):
                number += 1
                yield broken(source, batch, number)
                continue
            for line in batch:
                number += 1
                if seen is not None and (seen.line(line, number) or _seen(line, number, seen)):
                    continue
                text = line.strip(b"\xef\xbb\xbf \t\r\n\0\x1e")
                if text:
                    yield from _record(source, read_json(text), Place(source.path, number))


_plans: dict[tuple[object, ...], int] = {}
"""For the keys of a record and the types of what is under them: the quotation marks around keys and texts, without those
of headers and inside the body; -1 for a record that is not plain."""


def _seen(line: bytes, number: int, seen: Seen) -> bool:
    """Whether the request of a line, in our own plain shape, is like one that was looked at."""
    record = plain_json(line)
    if type(record) is not dict:
        return False
    shape = (*record, *map(type, record.values()))
    marks = _plans.get(shape)
    if marks is None:
        marks = _plan(record)
        if len(_plans) < 1024:
            _plans[shape] = marks
    if marks < 0:
        return "envelope" in record and _seen_mail(line, number, record, seen)
    # Of two equal keys the parser keeps the last. Then more marks are left for the body than it has, unless some of its
    # own are written as numbers.
    if hides_marks(line):
        return False
    headers = record["headers"]
    left = count_marks(line) - marks - 4 * len(headers)
    status = record.get("status")
    return seen.request(line, number, record["method"], record["url"], headers, record["body"], status, left)


_MAIL: Final = frozenset({"method", "url", "time", "status", "envelope", "body"})


def _seen_mail(line: bytes, number: int, record: dict[str, Any], seen: Seen) -> bool:
    """The same of a message that was handed over, in our own plain shape."""
    if not _MAIL.issuperset(record) or hides_marks(line):
        return False
    # Of two equal keys the parser keeps the last.
    texts = _texts_in(record)
    if count_marks(line) != 2 * len(texts) + count_marks("\0".join(texts)):
        return False
    status = record.get("status")
    mail = exchange_of(record)
    return (
        isinstance(mail, SmtpTransaction) and type(status) in (int, str, type(None)) and seen.mail(number, mail, status)
    )


def _texts_in(value: dict[Any, Any]) -> list[str]:
    """Every key and every text in a value."""
    texts: list[str] = [*value]
    for item in value.values():
        if type(item) is str:
            texts.append(item)
        elif type(item) is dict:
            texts += _texts_in(item)
        elif type(item) is list:
            texts += [one for one in item if type(one) is str]
            for one in item:
                if type(one) is dict or type(one) is list:
                    texts += _texts_in({"": one})[1:]
    return texts


_OTHER_SHAPES: Final = frozenset({"request", "envelope", "body_base64", "response"})


def _plan(record: dict[str, Any]) -> int:
    if not _OTHER_SHAPES.isdisjoint(record) or type(record.get("status")) not in (int, str, type(None)):
        return -1
    if [type(record.get(key)) for key in ("method", "url", "body", "headers")] != [str, str, str, dict]:
        return -1
    if any(type(value) in (dict, list) for key, value in record.items() if key != "headers"):
        return -1
    return 2 * (len(record) + sum(type(value) is str for value in record.values()))


def _record(source: Source, value: Value | CannotTell, place: Place) -> Iterator[Record]:
    if isinstance(value, CannotTell):
        # Of a damaged line nothing is known, not even that its body is cut.
        yield Record(place, CannotTell(Reason.BAD_RECORD, "the record is not valid JSON") if _syntax(value) else value)
        return
    if not isinstance(value, dict):
        yield Record(place, _NO_REQUEST)
        return
    if source.fields:
        yield from _mapped(source.fields, value, place)
        return
    inner = value.get("request", value)
    if not isinstance(inner, dict):
        yield Record(place, _NO_REQUEST)
        return
    if inner is value and "url" not in value and ("mailguard" in value or "version" in value):
        return  # the recorder's own first line
    when = iso_time(inner.get("time", value.get("time")))
    yield Record(place, exchange_of(inner) or _NO_REQUEST, when, _delivered(inner, value))


def _syntax(reason: CannotTell) -> bool:
    return reason.reason in (Reason.WRONG_ENCODING, Reason.BODY_CUT)


def _delivered(*records: Mapping[str, Any]) -> bool:
    for record in records:
        response = record.get("response")
        for value in (record.get("status"), response.get("status") if isinstance(response, Mapping) else None):
            if not delivered(value):
                return False
    return True


def _mapped(fields: Mapping[str, str], value: dict[Any, Any], place: Place) -> Iterator[Record]:
    """A line of a log in a shape of its own, read as the settings say."""
    found = {name: dig(value, path) for name, path in fields.items()}
    url = found.get("url")
    if url is None and found.get("path") is not None:
        url = f"{fields.get('scheme', 'https')}://{found.get('host') or ''}{found['path']}"
    if url is None and fields.get("url", "").startswith(("http:", "https:", "smtp:")):
        url = fields["url"]
    if url is None and all(found.get(name) is None for name in ("body", "data", "rcpt_to")):
        return  # another kind of line; it holds no request
    method = found.get("method") or (fields["method"] if fields.get("method", "").isupper() else None)
    encoding = fields.get("body_encoding", "")
    if encoding not in _WORDS:
        encoding = str(found.get("body_encoding") or "")
    body: Any = found.get("body", found.get("data"))
    record: dict[str, Any] = {"method": method or "POST", "url": url, "headers": found.get("headers")}
    record["body_base64" if encoding == "base64" else "body"] = body
    if isinstance(body, dict) and body.get("type") == "Buffer" and isinstance(body.get("data"), list):
        # Node.js logs a Buffer so; its numbers are bytes.
        record["body"] = None
        record["body_base64"] = base64.b64encode(bytes(n & 255 for n in body["data"] if isinstance(n, int))).decode()
    if found.get("rcpt_to") is not None:
        people = found["rcpt_to"]
        record["envelope"] = {"mail_from": found.get("mail_from"), "rcpt_to": people}
        record["url"] = url or "smtp:"
    exchange: Exchange | CannotTell = exchange_of(record) or _NO_REQUEST
    yield Record(place, exchange, iso_time(found.get("time")), delivered(found.get("status")))


FORMAT = Format(
    name="jsonl",
    title="JSON records of requests",
    sniff=_sniff,
    read=_read,
    part=_part,
    proves="What was sent, as far as the recorder kept the body; with an envelope also who got a blind copy.",
)
