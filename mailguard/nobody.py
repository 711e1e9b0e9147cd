"""Recorded requests whose people are not in them: nobody is named, or a field was masked as a whole.

A service refuses a request without recipients, so one that was sent has its people where they were not looked for: under a
key of a release that is not known, in a form that the recorder changed. And where a filter wrote ``[FILTERED]`` over a
field, one person stood there or a thousand. Neither must pass for a mail that shows nobody.
"""

from __future__ import annotations

from typing import Final

from mailguard.addresses.masks import MASKED
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided

__all__ = ["named"]

_NOBODY: Final = CannotTell(Reason.ADDRESSES, "the request names no recipients")
_ONE_NOBODY: Final = CannotTell(Reason.ADDRESSES, "a message of the request names no recipients")
_MASKED: Final = CannotTell(Reason.MASKED, "a field of visible recipients was masked as a whole")


def named(exchange: Exchange, decoded: Decoded) -> Decoded:
    """``decoded``, or why it cannot be told: a message of a recorded request has no reader at all, or nobody knows how many.

    Where a message of the same request shows people to each other all the same, that is said rather than this.
    """
    if isinstance(decoded, CannotTell):
        return decoded
    messages = decoded.messages if isinstance(decoded, Undecided) else decoded
    for one in messages:
        if not (one.to or one.cc or one.bcc or one.transmitted_bcc or one.hidden.high):
            if not isinstance(exchange, HttpRequest) or type(exchange.body) not in (str, bytes):
                continue  # of a message as such every form is known, and an empty list in the code is one
            reason = _NOBODY if len(messages) == 1 else _ONE_NOBODY
            break
        if any(person.address is None and person.label == MASKED for person in one.to + one.cc + one.transmitted_bcc):
            reason = _MASKED
            break
    else:
        return decoded
    return decoded if any(_shows(one) for one in messages) else reason


def _shows(message: Message) -> bool:
    """Whether anybody reads of somebody else in it."""
    people = [one for one in message.to + message.cc + message.transmitted_bcc if one.label != MASKED]
    return len(people) > 1 or bool(message.mentions) or any(one.count.high > 1 for one in people)
