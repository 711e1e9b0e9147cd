"""Merge tags that nothing fills: ``{{name}}``, ``*|NAME|*``, ``%recipient.name%``, and the tags that a request has for others.

Services fill a tag from the data of a request: of the reader, or of everybody. What has no data there, and is none that the service
fills by itself, goes out as it is written. Sources: the pages of the services on merge data (SendGrid substitutions, Mailgun
recipient variables, Mandrill merge tags, SparkPost template syntax, Postmark templates, Mailjet variables, Brevo params).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["MARK", "name_of", "tags"]

MARK: Final = re.compile(r"\{\{|\*\||%recipient\.|\[\[data:")
"""What a text with such a tag holds."""

_BRACES: Final = re.compile(
    r"(?<![$\\{#])\{\{\{?[ \t]{0,4}([A-Za-z_][A-Za-z0-9_.\-]{0,60}(?::[A-Za-z0-9_.]{1,60})?)[ \t]{0,4}(?:[|:][^{}]{0,60})?\}\}\}?(?!\})"
)
_STARS: Final = re.compile(r"\*\|([A-Za-z_][A-Za-z0-9_]{0,60})\|\*")
_PERCENT: Final = re.compile(r"%recipient\.([A-Za-z0-9_.\-]{1,60})%")
_SQUARE: Final = re.compile(r"\[\[(data:[A-Za-z0-9_]{1,60})(?::[^\[\]]{0,60})?\]\]")
_BLOCK: Final = re.compile(
    r"\{\{[~ \t]{0,4}[#/^>!&]|\{%|\{\{[ \t]{0,4}(?:if|each|end|else|loop_vars?)\b|\*\|(?:IF|ELSE|END|MC|HTML|RSS)[:|]"
)
_CODE: Final = re.compile(r"(?is)<(code|pre|script|style)\b[^>]{0,1000}>.*?</\1\s*>")

_WORDS: Final = frozenset({"else", "this", "end", "if", "each", "unless", "with", "true", "false", "null"})
_BY_SERVICE: Final = re.compile(
    # Mandrill fills these by itself (EMAIL, UNSUB, CURRENT_YEAR, the names of lists and archives).
    r"email|unsub\w*|current_year|archive|forward|update_profile|date|reward\w*|subject"
    # SparkPost and Postmark: address.email, return_path, pm:unsubscribe; Mailgun: unsubscribe_url; Brevo: mirror, unsubscribe.
    r"|address\..*|address|return_path|env\..*|pm[:.].*|\w*unsubscribe\w*|mirror|update_profile|doubleoptin|resend\w*|mj\..*|optout\w*"
    r"|account\..*|sender\..*|sm_\w+",
    re.IGNORECASE,
)
_KEPT_THERE: Final = re.compile(
    r"contacts?\..*|data:.*|subscriber\..*|customer\..*|profile\..*|list\..*", re.IGNORECASE
)
"""Properties of people that the service keeps itself."""


def name_of(key: str) -> str:
    """A name of merge data as tags are compared: without its marks, the first part of a path, in small letters."""
    bare = key.strip("-{}%*|[]:<>$ \t").casefold()
    bare = bare.removeprefix("recipient.").removeprefix("params.").removeprefix("var:").removeprefix("data:")
    return bare.partition(".")[0]


def tags(text: str) -> Iterator[tuple[str, bool]]:
    """The tags of a text that may be left: name, and whether it is sure that a service fills none like it by itself."""
    if not MARK.search(text):
        return
    if "<" in text:
        text = _CODE.sub(" ", text[: 1 << 20])
    blocks = _BLOCK.search(text) is not None
    seen: set[str] = set()
    for pattern in (_BRACES, _STARS, _PERCENT, _SQUARE):
        for match in pattern.finditer(text[: 1 << 20]):
            name = match.group(1)
            if name in seen or name.casefold() in _WORDS or _BY_SERVICE.fullmatch(name):
                continue
            seen.add(name)
            # Inside loops and conditions names mean something else.
            yield name, not (blocks and pattern is _BRACES) and not _KEPT_THERE.fullmatch(name)
