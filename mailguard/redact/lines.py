"""Lines of code without addresses: a string or comment that holds one is blanked, and the columns stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mailguard.redact.spotting import LINE_LIMIT, SIGN, Span, direct, holds_address
from mailguard.redact.words import ADDRESS

_QUOTES: Final = re.compile(r"\"\"\"|'''|[\"'#]")
_PREFIX: Final = re.compile(r"[rbfuRBFU]{1,2}[\"']{1,3}")
_CLOSING: Final = re.compile(r"\s{0,400}(\"\"\"|''')\s{0,40}(?:[%.,)\]}+]|\Z)")
_SEAM: Final = re.compile(r"[\"']\s{0,200}\+?\s{0,200}[rbfuRBFU]{0,2}[\"']")


def _blank(width: int) -> str:
    if width >= len(ADDRESS):
        return ADDRESS.ljust(width)
    return (ADDRESS[: width - 1] + ">") if width > 1 else "*" * width


def _texts(line: str) -> Iterator[Span]:
    """The insides of the strings and comments of one line of Python; an open one runs to the line's end."""
    position = 0
    if (closing := _CLOSING.match(line)) and line.count(closing.group(1)) % 2:
        # The end of a text of several lines; what follows is code again.
        position = closing.end(1)
    while found := _QUOTES.search(line, position):
        if found.group() == "#":
            comment = line[found.end() :]
            yield len(line) - len(comment.lstrip()), len(line)
            return
        quote, start = found.group(), found.end()
        end = start
        while end < len(line) and not line.startswith(quote, end):
            end += 2 if line[end] == "\\" else 1
        end = min(end, len(line))
        yield start, end
        position = end + len(quote)


def _blanked(line: str, spans: Iterable[Span]) -> str:
    for start, end in spans:
        line = line[:start] + _blank(end - start) + line[end:]
    return line


def code_line(text: str) -> str:
    """A line of code for printing: every string or comment with an address in it reads ``<address>``, in the same width.

    Where the address is outside of what looks like a string (inside a text of several lines), all of the line goes.
    """
    if len(text) > LINE_LIMIT:
        return _blank(len(text))
    insides = list(_texts(text))
    line = _blanked(text, (span for span in insides if _inside_holds(text[span[0] : span[1]])))
    if holds_address(line) or any(_crosses(text, span, insides) for span in direct(text)):
        indent = len(line) - len(line.lstrip())
        return line[:indent] + _blank(len(line) - indent)
    if holds_address(_SEAM.sub("", line)):
        return _blanked(line, insides)
    return line


def _crosses(text: str, span: Span, insides: Sequence[Span]) -> bool:
    """Whether an address reaches out of what looks like a string, which then is none: ``o'neil@example.com``."""
    for start, end in insides:
        if span[0] < start < span[1] and not _PREFIX.fullmatch(text[span[0] : start]):
            return True
        if span[0] < end < span[1]:
            return True
    return False


def _inside_holds(text: str) -> bool:
    # The end of a text may be glued to the start of another one: "jane@" on one line, "example.com" on the next.
    return holds_address(text) or re.search(rf"\w(?:{SIGN})\s{{0,8}}\Z", text, re.VERBOSE) is not None


def code_frame(lines: Sequence[str]) -> list[str]:
    """:func:`code_line` for neighbouring lines: also finds an address whose parts are glued across lines."""
    result = [code_line(line) for line in lines]
    if holds_address(_SEAM.sub("", "\n".join(result))):
        return [_blanked(line, list(_texts(line))) for line in result]
    return result
