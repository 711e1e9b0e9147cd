"""Models of Python's ``base64``: what is encoded is still the message that it was.

A text with holes stays as it is, so that the raw message of a Gmail or a Graph request can be read where the request is
decoded (``wire.from_base64`` leaves it alone as well). A text that is wholly known is encoded as Python does it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from mailguard.model.provider import Function, Library
from mailguard.model.value import Absent, Either, Sort, Value, inherit, join, plain, sort_of, trail_of

__all__ = ["LIBRARY", "encoded"]


def encoded(value: Value, encode: Callable[[bytes], bytes] = base64.b64encode) -> Value:
    """``value`` in base64 where all of it is known, and ``value`` itself otherwise."""
    if isinstance(value, Either):
        joined = join(*(option if isinstance(option, Absent) else encoded(option, encode) for option in value.options))
        return None if isinstance(joined, Absent) else inherit(joined, value.trail)
    whole = plain(value) if sort_of(value) is Sort.TEXT else value
    if isinstance(whole, str):
        whole = whole.encode("utf-8", "surrogatepass")
    return inherit(encode(whole), trail_of(value)) if isinstance(whole, bytes) else value


def b64encode(s: Value, altchars: Value = None) -> Value:
    """``base64.b64encode``; which two letters stand for the last two digits does not matter to a reader of it."""
    del altchars
    return encoded(s)


def urlsafe_b64encode(s: Value) -> Value:
    """``base64.urlsafe_b64encode``."""
    return encoded(s, base64.urlsafe_b64encode)


def encodebytes(s: Value) -> Value:
    """``base64.encodebytes``: the same in lines."""
    return encoded(s, base64.encodebytes)


LIBRARY: Final = Library(
    functions=(
        Function(("base64.b64encode", "base64.standard_b64encode"), b64encode),
        Function(("base64.urlsafe_b64encode",), urlsafe_b64encode),
        Function(("base64.encodebytes", "base64.encodestring"), encodebytes),
    ),
)
"""Encodings. It names no tokens: encoding alone sends nothing."""
