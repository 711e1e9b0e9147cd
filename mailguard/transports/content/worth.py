"""Whether a request can hold more than the addresses that it was decoded to."""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.links import WIDE_HINT

_HINTS: Final = (
    *(
        "ttachment",
        "nline",
        "ase64",
        '"raw',
        '"Raw',
        "message",
        "Message",
        "&#",
        "%40",
        "commat",
        "ariables",
    ),
    *(
        "_vars",
        "substitution",
        "template",
        "Template",
        'ersonalization"',
        ".ics",
        "alendar",
        "VCALENDAR",
        "MergeVars",
        "=40",
    ),
)
"""What a body holds in which addresses may be written otherwise than with their sign, or that has parts of its own."""
_BY_NUMBER: Final = re.compile(r"\\u00[2-7]")
"""A sign of ASCII that JSON writes by number: part of an address, or of a link."""


def worth_a_look(exchange: Exchange, everybody: frozenset[str]) -> bool:
    """Whether a request can hold more than the addresses that it was decoded to. Cheap, and errs towards looking."""
    if not isinstance(exchange, HttpRequest):
        return True
    body = exchange.body
    if not isinstance(body, str):
        return True
    if ("{{" in body or "*|" in body or "%recipient." in body or "[[data:" in body) or (
        (":/" in body or ":\\/" in body) and WIDE_HINT.search(body)
    ):
        return True
    # Every reader once, and the sender: what a request without any address in its texts has.
    if body.count("@") > len(everybody) + 1 or len(everybody) > body.count("@"):
        return True
    if "\\u00" in body and _BY_NUMBER.search(body):
        return True
    for hint in _HINTS:  # noqa: SIM110  # half the time of any(), for each record
        if hint in body:
            return True
    return False
