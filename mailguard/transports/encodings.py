"""Models of what holds the source of a message on its way: ``base64``, ``io.BytesIO`` and ``email.generator``.

A text with holes stays as it is, so that the raw message of a Gmail or a Graph request can be read where the request is
decoded (``wire.encodings.from_base64`` leaves it alone as well). A text that is wholly known is encoded as Python does it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from mailguard.model.provider import Function, Library
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Object,
    Sort,
    Text,
    Unknown,
    Value,
    inherit,
    join,
    plain,
    scalar,
    sort_of,
    trail_of,
)

__all__ = ["LIBRARY", "Buffer", "Generator", "encoded"]


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


class Buffer(Object):
    """``io.BytesIO`` and ``io.StringIO``: a text that is written piece by piece."""

    PATHS: tuple[str, ...] = (
        "io.BytesIO",
        "io.StringIO",
        "StringIO.StringIO",
        "cStringIO.StringIO",
        "six.BytesIO",
        "six.StringIO",
    )

    def __init__(self, initial_value: Value = None, *_: Value, **options: Value) -> None:
        given = options.get("initial_bytes", initial_value)
        self.write("content", "" if sort_of(given) is Sort.NONE else given)

    def __enter__(self) -> Buffer:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def write(self, name: Value, value: Value | Absent = ABSENT) -> None:
        """``buffer.write(text)``; with two arguments, what every model's object has under this name."""
        if not isinstance(value, Absent):
            super().write(str(name), value)
            return
        held = self.getvalue()
        super().write("content", name if scalar(held) in {"", b""} else Text((held, name)))

    def read(self, name: Value | Absent = ABSENT, default: Value | Absent = ABSENT) -> Value | Absent:
        """``buffer.read()``: all of it; with a name, what every model's object has under this name."""
        return super().read(name, default) if isinstance(name, str) else self.getvalue()

    def getvalue(self) -> Value:
        """Everything that was written."""
        found = super().read("content", "")
        return "" if isinstance(found, Absent) else found

    def render(self) -> Value:
        """The same."""
        return self.getvalue()

    def seek(self, *_: Value) -> None:
        """Where the next read begins does not matter."""

    def close(self) -> None:
        """Nothing is left to do."""


class Generator(Object):
    """``email.generator.Generator`` and ``BytesGenerator``: write a message into a file."""

    PATHS: tuple[str, ...] = (
        "email.generator.Generator",
        "email.generator.BytesGenerator",
        "email.Generator.Generator",
    )

    def __init__(self, outfp: Value = None, *_: Value, **__: Value) -> None:
        self.write("outfp", outfp)

    def flatten(self, msg: Value, *_: Value, **__: Value) -> None:
        """Write the message."""
        held = self.read("outfp", None)
        if isinstance(held, Buffer):
            as_string = getattr(msg, "as_string", None)
            held.write(as_string() if callable(as_string) else Unknown("a message", trail=trail_of(msg)))


LIBRARY: Final = Library(
    classes=(Buffer, Generator),
    functions=(
        Function(("base64.b64encode", "base64.standard_b64encode"), b64encode),
        Function(("base64.urlsafe_b64encode",), urlsafe_b64encode),
        Function(("base64.encodebytes", "base64.encodestring"), encodebytes),
    ),
)
"""Encodings. It names no tokens: encoding alone sends nothing."""
