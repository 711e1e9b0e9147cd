"""One address in every notation, planted wherever a text can stand: no output may show a trace of it."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import enum
import hashlib
import html
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, unquote

SECRET = "zq7canary"
ADDRESS = f"{SECRET}@mail.example.com"
FORMS = {
    "plain": ADDRESS,
    "name and address": f'"Zq7Canary" <{ADDRESS}>',
    "percent": ADDRESS.replace("@", "%40"),
    "percent twice": quote(quote(ADDRESS)),
    "quoted-printable": ADDRESS.replace("@", "=40"),
    "reference": ADDRESS.replace("@", "&#64;"),
    "escape": ADDRESS.replace("@", r"\x40"),
    "base64": base64.b64encode(ADDRESS.encode()).decode(),
    "encoded word": f"=?utf-8?b?{base64.b64encode(ADDRESS.encode()).decode()}?=",
    "hexadecimal": ADDRESS.encode().hex(),
    "bracketed": f"{SECRET} [at] mail [dot] example [dot] com",
    "full-width": ADDRESS.replace("@", "\uff20"),
}
TRACES = {
    SECRET,
    base64.b64encode(ADDRESS.encode()).decode().rstrip("="),
    ADDRESS.encode().hex(),
    *(hashlib.new(name, ADDRESS.encode()).hexdigest()[:32] for name in ("md5", "sha1", "sha256")),
    base64.b64encode(hashlib.sha256(ADDRESS.encode()).digest()).decode()[:32],
}


def planted(thing: Any, text: str) -> Any:
    """``thing`` with ``text`` in each of its texts, however deep; what was there takes the place of ``{}`` in it."""
    if isinstance(thing, (enum.Enum, date)):
        return thing
    if isinstance(thing, str):
        return text.replace("{}", thing)
    if isinstance(thing, tuple):
        return tuple(planted(item, text) for item in thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        values = {item.name: planted(getattr(thing, item.name), text) for item in dataclasses.fields(thing)}
        return dataclasses.replace(thing, **values)
    return thing


def texts_in(thing: object) -> Iterator[str]:
    """Every text in which something can be planted, and those that cannot be reached."""
    if isinstance(thing, str) and not isinstance(thing, enum.Enum):
        yield thing
    elif isinstance(thing, (tuple, list)):
        for item in thing:
            yield from texts_in(item)
    elif isinstance(thing, Mapping):
        yield from texts_in(list(thing.values()))
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        for field in dataclasses.fields(thing):
            yield from texts_in(getattr(thing, field.name))


def traces_in(text: str) -> set[str]:
    """What an output tells of the address, also by a digest."""
    views = [text, unquote(text), html.unescape(text)]
    with contextlib.suppress(ValueError):
        views.append(json.dumps(json.loads(text), ensure_ascii=False))
    return {trace for trace in TRACES for view in views if trace.casefold() in view.casefold()}
