"""What a mail service must declare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.value import Object, Value

__all__ = ["Function", "Library", "Provider", "Refused", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact is written."""

    url: str
    """A page, or ``pypi:sendgrid==6.12.5`` for a package that was run or read."""
    fact: str = ""
    """What it says, in our words."""


@dataclass(frozen=True, slots=True)
class Function:
    """The model of one function of a library."""

    paths: tuple[str, ...]
    """The dotted names under which it can be imported."""
    call: Callable[..., object]
    """A Python function with the library's own signature. It gets Values, and returns a Value, or the
    exchange (or a list of exchanges) that the call makes. Arguments are bound with ``inspect.signature``."""


@dataclass(frozen=True, slots=True)
class Library:
    """The Python side of a service or of a transport."""

    functions: tuple[Function, ...] = ()
    classes: tuple[type[Object], ...] = ()
    """Models of classes; each names its import paths in ``PATHS``."""
    constants: tuple[tuple[str, Value], ...] = ()
    """Dotted names that stand for a value (``email.utils.COMMASPACE``), and the value."""
    tokens: tuple[str, ...] = ()
    """Literal strings one of which every file that uses the library holds (``sendgrid``, ``smtplib``);
    searched case-sensitively in the bytes of each file. ``"boto & send_email"`` asks for both parts."""


class Refused(Exception):  # noqa: N818  # the library refuses; it is no error of ours
    """Raised by a model where the library itself raises: the call sends nothing and ends there."""


Claims: TypeAlias = Callable[[Exchange], str | None]
Decode: TypeAlias = Callable[[str, Exchange], Decoded]


def claims_nothing(_exchange: Exchange) -> str | None:
    """What has no wire form of its own claims no exchange."""
    return None


def decodes_nothing(_operation: str, _exchange: Exchange) -> Decoded:
    """Never called for an exchange of ours, as none is claimed."""
    return CannotTell(Reason.UNKNOWN_FORM)


@dataclass(frozen=True, slots=True)
class Provider:
    """One mail service or mail library: its Python calls and its wire form."""

    name: str
    """Kebab-case id: ``sendgrid``."""
    title: str
    """As the service writes itself: ``SendGrid``."""
    sources: tuple[Source, ...]
    """Where its facts are written."""
    claims: Claims = claims_nothing
    """The operation that an exchange is (``v3/mail/send``), or None if it is not this service's. Works on
    exchanges with holes: what is not known is not claimed. An operation that starts with ``?`` is a request
    to the service's mail host in a form that is not known: it cannot be told. A library that sends by plain SMTP, or
    by somebody else's API, claims nothing."""
    decode: Decode = decodes_nothing
    """``decode(operation, exchange)``: the messages, or why not. Never raises, never guesses."""
    library: Library = Library()
    """Its Python side; empty for a service that is used over plain HTTP or SMTP."""
    address: str = ""
    """Where its mail is sent over HTTP, as a URL: what a host of the settings that stands for the service is taken for.
    Empty for what has no HTTP API of its own."""
    relay: str = ""
    """Its SMTP server, as a URL, where that reads headers of its own."""
    explain: str = ""
    """What the service does to recipients, in two or three sentences for `mailguard explain API`."""
