"""What goes into a request: its body, its address and query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple
from urllib.parse import quote

from mailguard.model.count import ONE, Truth
from mailguard.model.exchange import Body, Form
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Object,
    Repeat,
    Sort,
    Text,
    Value,
    each,
    get,
    inherit,
    join,
    plain,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.wire.forms import fields_of
from mailguard.wire.urls import url_parts


class Encoded(Object):
    """A text or bytes made of data, which it still knows: the result of ``json.dumps``, ``urlencode`` and their like."""

    def __init__(self, data: Value = None, kind: str = "json") -> None:
        self.write("data", data)
        self.write("kind", kind)

    def render(self) -> Value:
        """The data that was encoded."""
        data = self.read("data", None)
        return None if isinstance(data, Absent) else data

    @property
    def kind(self) -> str:
        """``json`` or ``form``."""
        return text(self.read("kind", "json")) or "json"

    def encode(self, *_: Value, **__: Value) -> Encoded:
        """The same as bytes."""
        return self

    def decode(self, *_: Value, **__: Value) -> Encoded:
        """The same as text."""
        return self

    def strip(self, *_: Value) -> Encoded:
        """The same without white space around it."""
        return self


def dumps(obj: Value = None, *_: Value, **__: Value) -> Encoded:
    """``json.dumps(obj)`` and the same function of other JSON packages: a text that keeps its structure."""
    return Encoded(obj, "json")


def urlencode(query: Value, *_: Value, **__: Value) -> Encoded:
    """``urllib.parse.urlencode(query, doseq)``: a mapping or pairs as a form.

    Without ``doseq`` a list is written as Python prints it, brackets and quotes and all; whoever is named in it is still named.
    """
    return Encoded(query, "form")


class _Content(NamedTuple):
    body: Body
    encoding: str


_NOTHING: Final = _Content(None, "")


def content_of(data: Value) -> _Content:
    """A body that is handed over as data, and how it is encoded."""
    """What a client makes of its ``data``: mappings and pairs become a form, texts go as they are."""
    if isinstance(data, Encoded):
        return _Content(data.render(), data.kind)
    if isinstance(data, FormData):
        return _Content(data.form(), "form")
    if isinstance(data, Either):
        contents = [
            content_of(inherit(option, data.trail)) for option in data.options if not isinstance(option, Absent)
        ]
        encoding = next((item.encoding for item in contents if item.encoding), "")
        bodies = [item.body for item in contents]
        if any(isinstance(body, Form) for body in bodies):
            return max(contents, key=lambda item: len(item.body.parts) if isinstance(item.body, Form) else 0)
        joined = join(*(body for body in bodies if not isinstance(body, Form)))
        return _Content(None if isinstance(joined, Absent) else joined, encoding)
    if sort_of(data) is Sort.MAPPING:
        return _Content(data, "form")
    if sort_of(data) is Sort.COLLECTION:
        return _Content(data, "form") if _pairs(data) else _Content(_concatenated(data), "")
    return _Content(data, "")


def _pairs(data: Value) -> bool:
    """Whether a collection holds pairs of names and values, and not chunks of a body."""
    return any(sort_of(member.value) in {Sort.COLLECTION, Sort.UNKNOWN} for member in each(data))


def _concatenated(data: Value) -> Value:
    return Text(
        tuple(value if count == ONE else Repeat(value, count, "") for value, count in each(data)), trail_of(data)
    )


def multipart_form(data: Value, files: Value) -> Form:
    """Fields and files as one form."""
    """The parts of a multipart body: the fields first, then the files, as requests and httpx order them.

    A file is its content, or a tuple (name, content, ...); a name of None makes it a field like the others.
    """
    fields = content_of(data).body
    parts = fields.parts if isinstance(fields, Form) else fields_of(fields).parts if fields is not None else ()
    members = [(name, _file(value)) for name, value in (_items(files) if sort_of(files) is not Sort.NONE else ())]
    return Form((*parts, *members))


def _items(pairs: Value) -> Iterable[tuple[str, Value]]:
    # Unlike the values of a form, a tuple under a name is one file, not several values.
    if sort_of(pairs) is Sort.MAPPING:
        for member in each(pairs):
            name = text(member.value)
            value = get(pairs, name) if name is not None else ABSENT
            if name is not None and not isinstance(value, Absent):
                yield name, value
        return
    for member in each(pairs):
        pair = [item.value for item in each(member.value)]
        if len(pair) == 2:
            yield text(pair[0]) or "*", pair[1]


def _file(value: Value) -> Value:
    if sort_of(value) is Sort.COLLECTION:
        parts = [member.value for member in each(value)]
        return parts[1] if len(parts) > 1 else parts[0] if parts else None
    return value


def is_given(value: Value | Absent) -> bool:
    """Whether an argument was handed over, and is not surely empty."""
    return value is not ABSENT and value is not None and truth(value) is not Truth.NO


def with_query(url: Value, params: Value) -> Value:
    """``url`` with a query behind it; known names and values percent-encoded, holes left as they are."""
    if isinstance(params, Encoded):
        params = params.render()
    if not is_given(params):
        return url
    pieces: list[Value | Repeat] = [url, "&" if "?" in (text(url) or "") else "?"]
    if sort_of(params) is Sort.TEXT:
        return Text((*pieces, params))
    for number, (name, value) in enumerate(fields_of(params).parts):
        pieces += ["&" if number else "", quote(name, safe="[]") + "="]
        literal = plain(value)
        pieces.append(
            inherit(quote(str(literal)), trail_of(value)) if isinstance(literal, (str, int, float)) else value
        )
    return Text(tuple(pieces))


def joined_url(base: Value | Absent, url: Value) -> Value:
    """``url`` under the base address of a session, where it has none of its own (httpx, aiohttp)."""
    if isinstance(base, Absent) or not is_given(base):
        return url
    own = url_parts(url)
    if own is not None and own.host:
        return url
    first = text(base)
    start = text(url)
    if first is not None and start is not None:
        return inherit(first.rstrip("/") + "/" + start.lstrip("/"), trail_of(url))
    return Text((base, "/", url))


def or_none(value: Value | Absent) -> Value:
    """A value, or None where there is none."""
    return None if isinstance(value, Absent) else value


class FormData(Object):
    """``aiohttp.FormData`` and ``requests_toolbelt.MultipartEncoder``: a form that is filled part by part."""

    PATHS = (
        "aiohttp.FormData",
        "aiohttp.formdata.FormData",
        "requests_toolbelt.MultipartEncoder",
        "requests_toolbelt.multipart.encoder.MultipartEncoder",
    )

    def __init__(self, fields: Value = None, *_: Value, **__: Value) -> None:
        self.write("parts", [[name, _file(value)] for name, value in _items(fields)])
        self.write("content_type", "multipart/form-data")

    def add_field(self, name: Value, value: Value, *_: Value, **__: Value) -> None:
        """One more part."""
        self.append("parts", [name, value])

    def form(self) -> Form:
        """The parts that are there now."""
        return fields_of(or_none(self.read("parts")))

    def render(self) -> Value:
        """The parts as pairs."""
        return or_none(self.read("parts"))
