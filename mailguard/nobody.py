"""Recorded requests that name nobody: read as they stand, a request without recipients shows nobody to anybody.

A service refuses such a request, so one that was sent has its people where they were not looked for: under a key of a
release that is not known, in a form that the recorder changed. It must not pass for a mail that shows nobody.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided

__all__ = ["named"]

_NOBODY: Final = CannotTell(Reason.ADDRESSES, "the request names no recipients")
_ONE_NOBODY: Final = CannotTell(Reason.ADDRESSES, "a message of the request names no recipients")


def named(exchange: Exchange, decoded: Decoded) -> Decoded:
    """``decoded``, or why it cannot be told where a message of it has no reader at all.

    Where another message of the same request shows people to each other, that is said rather than this.
    """
    if isinstance(decoded, CannotTell) or not isinstance(exchange, HttpRequest):
        return decoded  # of a message as such every form is known
    messages = decoded.messages if isinstance(decoded, Undecided) else decoded
    for one in messages:
        if not (one.to or one.cc or one.bcc or one.transmitted_bcc or one.hidden.high):
            break
    else:
        return decoded
    if any(_shows(one) for one in messages):
        return decoded
    return _NOBODY if len(messages) == 1 else _ONE_NOBODY


def _shows(message: Message) -> bool:
    """Whether anybody reads of somebody else in it."""
    people = len(message.to) + len(message.cc) + len(message.transmitted_bcc)
    return people > 1 or bool(message.mentions) or any(one.count.high > 1 for one in (*message.to, *message.cc))
