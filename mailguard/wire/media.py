"""Single headers of a request, and the media types in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from mailguard.model.exchange import HttpRequest
from mailguard.model.value import ABSENT, Absent, Either, Sort, Value, each, get, scalar, sort_of, text

SHORT: Final = 1000  # characters of a URL, or of a media type, that is worth remembering


def says_form(request: HttpRequest) -> bool:
    """Whether a request says that its data is to be sent as a form."""
    if request.encoding:
        return request.encoding == "form"
    media, _ = media_type(header(request.headers, "content-type"))
    return media == URLENCODED or media.startswith("multipart/")


URLENCODED: Final = "application/x-www-form-urlencoded"


def is_json(media: str) -> bool:
    """Whether a media type says JSON."""
    return media.endswith(("/json", "+json")) or "json" in media.partition("/")[2].split("-")


def header(headers: Value, name: str) -> str:
    """The text of one header of ``headers``, several joined by commas; empty where it is absent or not known.

    ``name`` is given in lower case.
    """
    if type(headers) is dict:
        # A capture: looked at for each of a million records.
        value: Value | Absent = ABSENT
        size = len(name)
        for key, item in headers.items():
            if type(key) is str and len(key) == size and key.lower() == name:
                value = item
                break
        if value is ABSENT:
            return ""
        if type(value) is str:
            return value
    else:
        value = get(headers, name, fold=True)
    if isinstance(value, Either):
        texts = [text(option) for option in value.options if option is not ABSENT]
        return next((item for item in texts if item), "")
    if sort_of(value) is Sort.COLLECTION:
        return ", ".join(_header_text(member.value) for member in each(value))
    return _header_text(value)


def _header_text(value: Value | Absent) -> str:
    if isinstance(value, Absent):
        return ""
    whole = scalar(value)
    if isinstance(whole, bytes):
        return whole.decode("latin-1")
    if isinstance(whole, (int, float)) and not isinstance(whole, bool):
        return str(whole)
    return text(whole) or ""


_PARAMETER = re.compile(r";[ \t\r\n]*([^\s=;\"]{1,64})[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.){0,1000})\"?|([^;\s]{0,1000}))")
_NO_TYPE: Final[tuple[str, Mapping[str, str]]] = ("", {})


def media_type(value: str) -> tuple[str, Mapping[str, str]]:
    """``type/subtype`` in lower case, and its parameters."""
    if not value:
        return _NO_TYPE
    return _known_type(value) if len(value) <= SHORT else _read_type(value[:4096])


def _read_type(value: str) -> tuple[str, Mapping[str, str]]:
    media = value.partition(";")[0].strip().lower()
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
        for name, quoted, bare in _PARAMETER.findall(value)
    }
    return media, parameters


_known_type = lru_cache(1024)(_read_type)
"""A capture has few different ones, and each many times."""
