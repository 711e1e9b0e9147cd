"""A recorded request of whatever format as a value that has a form: its JSON, or what stands in the place of a body that is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mailguard.alike.twin import FORM, WHOLE
from mailguard.alike.unpacking import marks_in, unpack, unpack_whole
from mailguard.documents.json_values import count_marks, hides_signs, json_text, plain_json
from mailguard.model.exchange import Form, HttpRequest
from mailguard.wire.bodies import Payload, payload

__all__ = ["Opened", "Said", "line_of", "opened"]


Said: TypeAlias = "tuple[str, str, dict[str, Any], Any]"
"""The method, URL, headers and body of a request, as they were recorded."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A body as a mapping."""

    value: dict[str, Any]
    marks: int | None
    """The quotation marks around its keys and texts, if nothing was dropped; None where nothing can have been."""
    as_it_is: bool = False
    """Whether it is the mapping that the body itself is."""


def opened(exchange: HttpRequest, raw: Callable[[str], bool]) -> Opened | None:
    """The body of a request, which may be data already; None for one that is not looked at at once.

    ``raw``: see :attr:`~mailguard.alike.look.Look.raw`.
    """
    body: Any = exchange.body
    if type(body) is Form:
        return _form(body)
    if type(body) is dict or type(body) is list:
        written = json_text(body)
        if written is None or hides_signs(written):  # a NUL: the writer gives no mark a number
            return None
        value: Any = {WHOLE: body} if type(body) is list else body
        return Opened(unpack(value, raw) or value, None)
    if type(body) is not str or not body:
        return None
    value = plain_json(body)
    kind = type(value)
    if kind is dict or kind is list:
        if hides_signs(body):
            return None
        marks = count_marks(body) - (marks_in(value) if "\\" in body else 0)
        if kind is list:
            return Opened({WHOLE: value}, marks + 2)  # those around the key that it got
        packed = unpack(value, raw)
        return Opened(value, marks, as_it_is=True) if packed is None else Opened(packed, marks)
    mail = unpack_whole(body)
    if mail is not None:
        return Opened(mail, None)
    found = payload(exchange)
    return _form(found.value) if isinstance(found, Payload) and isinstance(found.value, Form) else None


def _form(form: Form) -> Opened | None:
    if not all(type(text) is str and name[:1] != "\0" for name, text in form.parts):
        return None  # files, and names that say something else here
    # What is empty may be another thing than what is not.
    return Opened({FORM: [{name: text or None} for name, text in form.parts]}, None)


def line_of(said: Said, head: tuple[Any, ...], body: str) -> dict[str, Any]:
    """A request as the line of a log; of what else belongs to its form, ``head``, the first; its body as it is compared."""
    method, url, headers, _ = said
    return {"method": method, "url": url, "status": head[0], "headers": headers, "body": body}
