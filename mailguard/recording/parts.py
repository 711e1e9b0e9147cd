"""The parts of a record, however a recorder writes them: headers, a status, a time, whatever stands under a path."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from mailguard.model.message import CannotTell
from mailguard.model.value import Value
from mailguard.wire.header_blocks import header_block

__all__ = ["delivered", "dig", "headers_of", "iso_time", "name_of"]


def dig(value: object, path: str) -> Any:
    """What stands under a dotted path (``req.headers``, ``items.0.body``); None if nothing does.

    A key that itself holds dots is found too, as log shippers flatten names.
    """
    if isinstance(value, Mapping) and path in value:
        return value[path]
    if isinstance(value, list) and path.isdigit() and len(path) < 10:
        return value[int(path)] if int(path) < len(value) else None
    start = path.find(".")
    while start > 0:
        inner = dig(value, path[:start])
        if inner is not None:
            found = dig(inner, path[start + 1 :])
            if found is not None:
                return found
        start = path.find(".", start + 1)
    return None


def headers_of(value: object) -> dict[str, Value]:
    """Recorded headers as a mapping: of pairs, of ``{name, value}`` objects, of lists, or a raw header block.

    Several lines of one name become a list. Names keep their case; a leading colon (Ruby symbols) is dropped.
    """
    result: dict[str, Value] = {}
    if type(value) is dict:
        # As most recorders write them.
        for name, item in value.items():
            if type(name) is not str or type(item) is not str or name[:1] == ":":
                break
            result[name] = item
        else:
            return result
        result = {}
    for name, item in _header_pairs(value):
        key = name.removeprefix(":")
        for part in item if isinstance(item, list) else [item]:
            text = part if isinstance(part, str) else part.decode("latin-1") if isinstance(part, bytes) else str(part)
            before = result.get(key)
            result[key] = text if before is None else [*(before if isinstance(before, list) else [before]), text]
    return result


def _header_pairs(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (str, bytes)):
        block = header_block(value)
        if not isinstance(block, CannotTell):
            yield from block
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if item is None:
                continue
            # WireMock writes {"name": "v"}; Nock and some loggers {"name": ["v"]}; Go's mail tools the same.
            yield name_of(key), item
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, Mapping):
                name = item.get("name", item.get("key", item.get("Name")))
                if name is not None:
                    yield name_of(name), item.get("value", item.get("Value", ""))
            elif isinstance(item, (list, tuple)) and len(item) == 2:
                yield name_of(item[0]), item[1]
            elif isinstance(item, str) and ":" in item:
                name, _, text = item.partition(":")
                yield name.strip(), text.strip()


def name_of(value: object) -> str:
    """A recorded name or method as text. Bytes are Latin-1, as the field values of HTTP were from the first (RFC 9110, 5.5)."""
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def delivered(status: object) -> bool:
    """Whether a response says that the request was taken: a 4xx status says that it was not."""
    if isinstance(status, str) and status[:3].isdigit():
        status = int(status[:3])
    return not (isinstance(status, int) and 400 <= status < 500)


_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.,][0-9]{1,9})? ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


@functools.lru_cache(1024)
def _iso_text(text: str) -> str:
    """A text that is ISO 8601 already, to the second; empty for another."""
    match = _ISO.match(text)
    if not match:
        return ""
    day, clock, zone = match.groups()
    return day + (f"T{clock}{zone or ''}" if clock else "")


def iso_time(value: object) -> str:
    """A recorded time as ISO 8601, to the second; empty for what is none. Numbers are seconds, or milliseconds, since 1970."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, str):
        text = value.strip()[:64]
        if known := _iso_text(text):
            return known
        if re.fullmatch(r"[0-9]{9,13}(?:\.[0-9]{1,9})?", text):
            value = float(text)
        else:
            try:
                return parsedate_to_datetime(text).isoformat()
            except (TypeError, ValueError, IndexError, OverflowError):
                return ""
    if isinstance(value, (int, float)) and 1e8 < value < 1e14:
        seconds = value / 1000 if value > 1e11 else value
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=int(seconds))
        return moment.isoformat()
    return ""
