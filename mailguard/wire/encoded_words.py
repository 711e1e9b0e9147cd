"""Encoded words of headers (RFC 2047), decoded without making recipients of a display name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mailguard.documents.byte_text import clean_text
from mailguard.documents.rfc2047 import WORD, words_text

_ADDRESS_HEADERS: Final = frozenset(
    {
        *("to", "cc", "bcc", "from", "sender", "reply-to", "return-path", "apparently-to", "delivered-to", "errors-to"),
        *(
            "resent-to",
            "resent-cc",
            "resent-bcc",
            "resent-from",
            "resent-sender",
            "resent-reply-to",
            "mail-followup-to",
        ),
        *(
            "x-rcptto",
            "x-mailfrom",
            "x-original-to",
            "envelope-to",
            "disposition-notification-to",
            "mail-reply-to",
            "*",
        ),
    }
)
_SPECIALS: Final = frozenset('()<>[]:;@\\,."')


_RUN: Final = re.compile(rf"(?:{WORD}[ \t\r\n]*)+(?<=[ \t\r\n=])")
_TOKEN: Final = re.compile(
    rf"(?P<word>(?:{WORD}[ \t\r\n]*)+)"
    r"|(?P<quoted>\"(?:[^\"\\]|\\.){0,2000}\"?)|(?P<mark>[(),;<>])|(?P<plain>[^=\"(),;<>]+|.)",
    re.DOTALL,
)


def decoded_words(name: str, value: str) -> str:
    """A header value with its encoded words decoded; see :func:`header_block` for what happens in address headers."""
    if "=?" not in value:
        return value
    if name.lower() not in _ADDRESS_HEADERS:
        return clean_text(_RUN.sub(_run, value)).strip()
    members: list[list[tuple[str, str]]] = [[]]
    comment = 0
    angle = False
    for token in _TOKEN.finditer(value):
        kind, piece = str(token.lastgroup), token.group(0)
        if kind == "mark":
            if piece == "(":
                comment += 1
            elif piece == ")":
                comment = max(0, comment - 1)
            elif not comment:
                angle = piece == "<" or (angle and piece != ">")
        elif kind == "word":
            kind = "comment" if comment else "address" if angle else "word"
        elif comment and kind == "plain":
            kind = "aside"
        members[-1].append((kind, piece))
        if kind == "mark" and piece in ",;" and not comment and not angle:
            members.append([])
    return "".join(_member(member) for member in members).strip()


def _run(match: re.Match[str]) -> str:
    run = match.group(0)
    # White space between encoded words is none (RFC 2047, section 6.2); behind the last one it stays.
    return words_text(run) + run[len(run.rstrip()) :]


def _member(tokens: Sequence[tuple[str, str]]) -> str:
    """One member of an address list, its encoded words decoded without making new members of a display name."""
    addressed = any(kind == "address" or (kind == "plain" and "@" in piece) for kind, piece in tokens)
    before = False  # whether an address stands in front
    result: list[str] = []
    for kind, piece in tokens:
        match kind:
            case "word":
                decoded = _RUN.sub(_run, piece)
                if before and decoded.lstrip().startswith(","):
                    # Python's email package (3.6 to 3.13) may encode the comma between two members with the name behind it.
                    result.append(",")
                    decoded = decoded.lstrip()[1:]
                result.append(decoded if "@" in decoded and not addressed else _quoted(decoded))
            case "comment":
                result.append(re.sub(r"[()\\]", r"\\\g<0>", _RUN.sub(_run, piece)))
            case "address":
                result.append(_RUN.sub(_run, piece))
            case "quoted" if "=?" in piece:
                # Encoded words do not belong inside quotes (RFC 2047, section 5); readers show them decoded all the same.
                result.append(_RUN.sub(lambda match: re.sub(r"[\"\\]", r"\\\g<0>", _run(match)), piece))
            case _:
                before = before or (kind == "plain" and "@" in piece)
                result.append(piece)
    return clean_text("".join(result))


def _quoted(decoded: str) -> str:
    """A decoded text as a phrase: in quotes where it holds what would end it."""
    name = decoded.strip()
    if not _SPECIALS & set(name):
        return decoded
    escaped = re.sub(r"[\"\\]", r"\\\g<0>", name)
    return decoded.replace(name, f'"{escaped}"', 1)
