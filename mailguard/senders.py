"""Functions of other packages that the settings declare as senders of mail.

A declared sender becomes the model of a library function: a call of it makes one
message with the named parameters in its headers, or one for each person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import Parameter, Signature
from typing import Final

from mailguard.config import Sender
from mailguard.model.count import ONE, OPTIONAL
from mailguard.model.exchange import Dispatch, RawMessage
from mailguard.model.finding import Finding, Severity, without_people
from mailguard.model.message import Message, Recipient
from mailguard.model.provider import Function, Library
from mailguard.model.reporter import RuleText
from mailguard.model.value import Fields, Repeat, Sort, Text, Unknown, Value, each, sort_of, trail_of

__all__ = ["CONTRADICTED", "contradiction", "library_of"]

CONTRADICTED: Final = RuleText(
    "sender-contradicted",
    "A declared sender does otherwise",
    Severity.ERROR,
    "The settings declare that a function writes one message to each person. Its own body, which lies in the project, puts"
    " several people into the To or Cc of one message. Calls of it are judged by what the body does.",
)
"""What is wrong with a declaration that the code does not keep, as a rule."""


def contradiction(
    senders: Iterable[Sender], dispatch: Dispatch, messages: Iterable[Message]
) -> Iterator[tuple[Finding, str]]:
    """The declarations that a mail call of the project contradicts, each with the function that it lies in.

    A sender is declared to write one message to each, and this call, which is part of it, puts a whole list that it was
    given into one.
    """
    through = {dispatch.symbol, *(step.detail for step in dispatch.path)}
    symbols = {symbol.replace(":", ".") for symbol in through if symbol}
    told = [*messages]
    for sender in senders:
        inside = any(symbol == sender.name or symbol.endswith(f".{sender.name}") for symbol in symbols)
        if sender.one_each and inside and any(_shows_all(message, sender) for message in told):
            yield _finding(sender, dispatch), dispatch.symbol


def _shows_all(message: Message, sender: Sender) -> bool:
    return any(_whole(person, sender) for person in (*message.to, *message.cc))


def _whole(person: Recipient, sender: Sender) -> bool:
    given = person.parameter and person.label in {*sender.to, *sender.cc}
    return person.count.plainly_over(1) or (given and person.count.high > 1)


def _finding(sender: Sender, dispatch: Dispatch) -> Finding:
    place = dispatch.place
    return without_people(
        CONTRADICTED.rule,
        CONTRADICTED.severity,
        place,
        f'{sender.name} is declared "one message each", but {place.path}:{place.line} sends one to all',
        why=CONTRADICTED.summary,
        change=f'take one_each out of [tool.mailguard.senders."{sender.name}"], or send one message to each person there',
        api=dispatch.api,
        symbol=dispatch.symbol,
    )


def library_of(senders: Iterable[Sender]) -> Library:
    """The declared senders as a library."""
    declared = tuple(senders)
    return Library(
        functions=tuple(Function((sender.name,), _model(sender)) for sender in declared),
        # A file that calls it names it, in its import or at the call.
        tokens=tuple(dict.fromkeys(sender.name.rsplit(".", 1)[1] for sender in declared)),
    )


def _line(value: Value) -> Value:
    """One line of a message with everybody in ``value``; a list as it stands would be several lines."""
    if sort_of(value) is not Sort.COLLECTION:
        return value
    parts: list[Value | Repeat] = []
    for member in each(value):
        if parts:
            parts.append(", ")
        parts.append(member.value if member.count == ONE else Repeat(member.value, member.count, ", "))
    return Text(tuple(parts), trail_of(value))


def _model(sender: Sender) -> Callable[..., object]:
    """A function with the declared parameters that returns the message which the sender makes."""

    def model(**arguments: Value) -> RawMessage:
        headers: list[tuple[str, Value]] = []
        envelope: list[Value] = []
        for header, names in (("To", sender.to), ("Cc", sender.cc), ("Bcc", sender.bcc)):
            for name in names:
                value = arguments.get(name)
                if value is None:
                    continue
                if sender.one_each:
                    # One message for each of them: a message of this kind has one of them.
                    value = Unknown(name, OPTIONAL, trail_of(value))
                envelope.append(value)
                if header != "Bcc":
                    headers.append((header, _line(value)))
        return RawMessage(Fields(tuple(headers)), rcpt_to=envelope if sender.bcc else None)

    def called(*positional: Value, **named: Value) -> RawMessage:
        return model(**signature.bind(*positional, **named).arguments)

    names = dict.fromkeys((*sender.parameters, *sender.to, *sender.cc, *sender.bcc))
    signature = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=None) for name in names])
    called.__signature__ = signature  # type: ignore[attr-defined]  # what inspect.signature looks at
    called.__name__ = sender.name.rsplit(".", 1)[1]
    return called
