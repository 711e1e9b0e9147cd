"""What the tests of mail libraries share: a place where the real libraries deliver, and the same view of both sides.

A library is run for real down to ``sendmail``, where its envelope and its bytes are kept; the model's exchange is decoded
like a recorded one. Both are then the same lists of people.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from hypothesis import strategies as st

from mailguard.model.exchange import SmtpTransaction
from mailguard.model.message import Message
from mailguard.model.provider import Library, Refused

from . import samples

PLAIN = st.sampled_from(["ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"])
NAMED = PLAIN | st.sampled_from(["Eve <eve@example.com>", '"Doe, F" <fay@example.org>'])

Views = list[samples.Shown]


class Postbox:
    """The transactions that were made."""

    def __init__(self) -> None:
        self.sent: list[SmtpTransaction] = []

    def take(self, sender: Any, to_addrs: Any, data: Any) -> dict[str, Any]:
        people = [to_addrs] if isinstance(to_addrs, str) else list(to_addrs)
        self.sent.append(SmtpTransaction("smtp://localhost", sender, people, data))
        return {}

    def views(self) -> Views:
        return views(list(self.sent))


@contextmanager
def posting() -> Iterator[Postbox]:
    """Everything that goes through ``smtplib`` ends in a postbox; ``send_message`` is smtplib's own."""
    box = Postbox()

    class Client(smtplib.SMTP):
        def __init__(self, *_: Any, **__: Any) -> None:
            self.does_esmtp = True
            self.esmtp_features: dict[str, str] = {"8bitmime": "", "smtputf8": ""}
            self.command_encoding = "ascii"
            self.ehlo_resp = b""
            self.sock = None

        def ehlo_or_helo_if_needed(self) -> None: ...
        def starttls(self, *_: Any, **__: Any) -> Any: ...
        def login(self, *_: Any, **__: Any) -> Any: ...
        def quit(self) -> Any: ...
        def set_debuglevel(self, debuglevel: Any) -> None: ...
        def ehlo(self, name: str = "") -> Any:
            return 250, b""

        def sendmail(self, from_addr: Any, to_addrs: Any, msg: Any, *_: Any, **__: Any) -> Any:
            if not to_addrs:
                raise smtplib.SMTPRecipientsRefused({})  # as the real one does
            return box.take(from_addr, to_addrs, msg)

    with mock.patch.object(smtplib, "SMTP", Client), mock.patch.object(smtplib, "SMTP_SSL", Client):
        yield box


def views(exchanges: Any) -> Views:
    """What the readers of these exchanges see, each list of people sorted and without those who are named twice."""
    found: Views = []
    for exchange in exchanges if isinstance(exchanges, list) else [exchanges]:
        decoded = samples.decoded(exchange)
        assert isinstance(decoded, tuple), decoded
        found += [_once(message) for message in decoded]
    return found


def _once(message: Message) -> samples.Shown:
    return {name: sorted(set(people), key=str) for name, people in samples.shown(message).items()}


def functions(library: Library) -> dict[str, Callable[..., Any]]:
    """The models of a library's functions, by every name."""
    return {path: function.call for function in library.functions for path in function.paths}


def outcome(act: Callable[[], Any]) -> Any:
    """The views of what ``act`` makes; "refused" where it raises, as models do where the library does."""
    try:
        made = act()
    except (Refused, ValueError, TypeError, AssertionError, AttributeError, smtplib.SMTPException):
        return "refused"
    return views(made if isinstance(made, list) else [made])
