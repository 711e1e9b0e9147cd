"""Who can tell what a mail call leaves open: callers of the function that was run, makers of its object, or nobody here.

A parameter that is still open belongs to a function. What the root itself was to be given its callers tell; what the
constructor of its object was to be given, whoever makes that object. A parameter of any other function stands where the
program calls a thing of which only the class was guessed: it is filled where that thing was handed over, if that was the
root or its object, and by nobody who calls the root otherwise.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.place import Place
from mailguard.model.value import Either, Fields, Items, Known, Object, Parameter, Repeat, StepKind, Text, Unknown
from mailguard.source.library.queues import WAITED_FOR

__all__ = ["Holders", "Who", "parameters_in", "who_tells"]

VALUES_LIMIT: Final = 50_000
"""Values of one mail call that are looked through; a larger one counts as open to callers."""
_ADDRESSED: Final = frozenset({"to", "cc", "bcc", "reply-to", "resent-to", "resent-cc", "x-smtpapi"})
"""Header lines that hold people, or that tell a service whom to write to."""


class Who(enum.Flag):
    """Who can fill what is open."""

    NOBODY = 0
    """No code that calls the root, or makes its object."""
    CALLERS = enum.auto()
    """Callers of the function that was run."""
    MAKERS = enum.auto()
    """Whoever makes the object whose method was run."""


@dataclass
class Holders:
    """Whose parameters a run leaves open."""

    own: frozenset[str] = frozenset()
    """Symbols of the function that was run."""
    makers: frozenset[str] = frozenset()
    """Symbols of the constructors of its object."""
    classes: frozenset[str] = frozenset()
    """Symbols of the classes of its object: what their methods fill, or other code sets."""
    places: frozenset[Place] = frozenset()
    """Where the parameters of the function stand."""
    guessed: dict[str, Who] = field(default_factory=dict)
    """By the symbols of further classes and constructors: who hands over the things that were taken for theirs."""

    def of(self, one: Parameter) -> Who:
        """Who can fill a parameter."""
        function = one.function
        # What a function defines within it is its own: a decorator's wrapper has the parameters of what it is put on.
        # And whoever calls it may have filled before what a file, or a queue, holds.
        own = function in self.own or any(function.startswith(f"{symbol}.") for symbol in self.own)
        if own or function.endswith(":<module>") or one.name == WAITED_FOR:
            return Who.CALLERS
        if function in self.classes:
            # Whoever calls the method that fills it decides as well.
            return Who.CALLERS | Who.MAKERS
        return Who.MAKERS if function in self.makers else self.guessed.get(function, Who.NOBODY)

    def guess(self, symbols: Iterable[str], thing: Any) -> None:
        """Take ``thing`` for an object of the class that ``symbols`` name."""
        who = Who.NOBODY
        for one in thing.options if isinstance(thing, Either) else (thing,):
            if isinstance(one, Parameter):
                who |= self.of(one)
            if isinstance(one, (Parameter, Unknown)):
                given = [step.place for step in one.trail if step.kind is StepKind.PARAMETER]
                if given:
                    who |= Who.MAKERS if self.places.isdisjoint(given) else Who.CALLERS
        for symbol in symbols:
            self.guessed[symbol] = self.guessed.get(symbol, Who.NOBODY) | who


def who_tells(exchange: Exchange, holders: Holders) -> Who:
    """Who can fill what decides who reads a mail call."""
    found = list(parameters_in(_people(exchange)))
    if not found:
        # What else is open may decide what the call means at all.
        found = list(parameters_in(_parts(exchange)))
    who = Who.NOBODY
    for one in found:
        who |= Who.CALLERS if one is None else holders.of(one)
    return who


def parameters_in(value: Any) -> Iterator[Parameter | None]:
    """The parameters that a value is made of, as often as they stand in it; None where it is too large to tell."""
    stack = [value]
    for _ in range(VALUES_LIMIT):
        if not stack:
            return
        one = stack.pop()
        match one:
            case Parameter():
                yield one
            case Known() | Unknown() | str() | bytes() | int() | float() | None:
                pass
            case Text(parts=parts):
                stack += parts
            case Repeat(value=each):
                stack.append(each)
            case Items(members=members):
                stack += [item for item, _ in members]
            case Fields(known=known, rest=rest):
                stack += [*(item for _, item in known), rest]
            case Either(options=options):
                stack += options
            case Form(parts=pairs):
                stack += [item for _, item in pairs]
            case Object():
                stack.append(one.render())
            case dict():
                stack += one.values()
            case list() | tuple():
                stack += one
    if stack:
        yield None


def _people(exchange: Exchange) -> list[Any]:
    """The parts of a mail call that hold people; all of it where they are not told apart."""
    match exchange:
        case SmtpTransaction(data=Fields()) | RawMessage(data=Fields()):
            assert isinstance(exchange.data, Fields)  # noqa: S101  # as the case says
            lines = exchange.data.known
            return [
                exchange.rcpt_to,
                exchange.data.rest,
                *(value for name, value in lines if name.lower() in _ADDRESSED),
            ]
        case _:
            return _parts(exchange)


def _parts(exchange: Exchange) -> list[Any]:
    match exchange:
        case HttpRequest():
            return [exchange.method, exchange.url, exchange.headers, exchange.body]
        case SmtpTransaction():
            return [exchange.relay, exchange.mail_from, exchange.rcpt_to, exchange.data]
        case RawMessage():
            return [exchange.data, exchange.rcpt_to]
