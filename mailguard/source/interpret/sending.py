"""Mail calls: what was sent, read at once, as the heap changes afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mailguard.model.exchange import Dispatch, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.value import (
    ABSENT,
    CALLS,
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
    inherit,
    trail_of,
)
from mailguard.source import tree as t
from mailguard.source.interpret.context import FREEZE_LIMIT, Context, Enough
from mailguard.source.interpret.freezing import Freezing
from mailguard.source.interpret.values import Ref, Val, join_values

__all__ = ["Sending", "is_exchange", "sends"]


class Sending(Freezing):
    """What is noted of a mail call."""

    def _note_sent(self, values: Iterable[Val]) -> None:
        """Note the messages among ``values``, or within them, as sent."""
        stack = list(values)
        while stack:
            value = stack.pop()
            if isinstance(value, Object):
                if isinstance(value._ref, Ref):  # noqa: SLF001  # this is the interpreter's side of Object
                    self.sent.add(value._ref.site)  # noqa: SLF001
            elif isinstance(value, Items):
                stack += [item for item, _ in value.members]
            elif isinstance(value, Either):
                stack += value.options
            elif isinstance(value, Fields):
                stack += [item for _, item in value.known]
            elif isinstance(value, (list, tuple)):
                stack += value

    def record(self, context: Context, exchange: Any, node: object, api: str) -> None:
        """Note a mail call. The request is read now: the heap changes afterwards."""
        at = getattr(node, "at", t.Span(0, 0, 0, 0))
        self.met = True
        calls = (*context.calls, Step(StepKind.SENT, context.place(at)))
        self.dispatches += (
            Dispatch(each, context.place(at), context.symbol, "", api, calls, context.loops)
            for each in _apart(self._solid_exchange(exchange, context.loops))
        )
        if self.first:
            raise Enough

    def _solid_exchange(self, exchange: Any, loops: frozenset[str]) -> Any:
        def solid(value: Val) -> Val:
            return _outside_loops(self._solid(value), loops)

        match exchange:
            case HttpRequest():
                body = exchange.body
                if isinstance(body, Form):
                    body = Form(tuple((name, solid(value)) for name, value in body.parts))
                else:
                    body = solid(body)
                return replace(exchange, url=solid(exchange.url), headers=solid(exchange.headers), body=body)
            case SmtpTransaction():
                return SmtpTransaction(
                    solid(exchange.relay), solid(exchange.mail_from), solid(exchange.rcpt_to), solid(exchange.data)
                )
            case RawMessage():
                return replace(exchange, data=solid(exchange.data), rcpt_to=solid(exchange.rcpt_to))
        return exchange

    def _solid(self, value: Val, depth: int = 0) -> Val:
        """A value without references to the heap."""
        if depth > FREEZE_LIMIT:
            return Unknown("nested too deeply")
        match value:
            case Object():
                return self._solid(value.render(), depth + 1)
            case list() | tuple():
                return type(value)(self._solid(each, depth + 1) for each in value)
            case dict():
                return {key: self._solid(each, depth + 1) for key, each in value.items()}
            case Items():
                return replace(
                    value, members=tuple(Member(self._solid(each, depth + 1), count) for each, count in value.members)
                )
            case Fields():
                return replace(
                    value,
                    known=tuple((key, self._solid(each, depth + 1)) for key, each in value.known),
                    rest=self._solid(value.rest, depth + 1),
                )
            case Either(options=()):
                return Unknown("nothing that is known", trail=value.trail)
            case Either():
                joined = join_values(
                    *(option if option is ABSENT else self._solid(option, depth + 1) for option in value.options)
                )
                return replace(joined, trail=value.trail) if isinstance(joined, Either) else joined
            case Text():
                parts = tuple(
                    Repeat(self._solid(part.value, depth + 1), part.count, part.separator)
                    if isinstance(part, Repeat)
                    else self._solid(part, depth + 1)
                    for part in value.parts
                )
                return replace(value, parts=parts)
        return value


def sends(result: object) -> bool:
    """Whether a model gave back one mail call or several, and nothing else."""
    return is_exchange(result) or (isinstance(result, (list, tuple)) and bool(result) and all(map(is_exchange, result)))


def is_exchange(value: object) -> bool:
    """Whether a value is what a mail call sends."""
    return isinstance(value, (HttpRequest, SmtpTransaction, RawMessage))


def _apart(exchange: Any) -> Iterable[Any]:
    """One exchange for each of the messages of which one is sent, where all of them are told.

    What different branches wrote never meets in one message, and each of them has its own place.
    """
    data = exchange.data if isinstance(exchange, (SmtpTransaction, RawMessage)) else None
    if isinstance(data, Either) and all(isinstance(option, (Fields, Object, Text)) for option in data.options):
        options = (option for option in data.options if not isinstance(option, Absent))
        return [replace(exchange, data=inherit(option, data.trail)) for option in options]
    return (exchange,)


def _outside_loops(value: Val, loops: frozenset[str]) -> Val:
    """What grew in a loop that the send is not in was collected: no message showed it half done."""
    if isinstance(value, (list, tuple)) and not isinstance(value, Member):
        return type(value)(_outside_loops(each, loops) for each in value)
    if isinstance(value, dict):
        return {key: _outside_loops(each, loops) for key, each in value.items()}
    if isinstance(value, Items):
        value = replace(
            value, members=tuple(Member(_outside_loops(each, loops), count) for each, count in value.members)
        )
    elif isinstance(value, Fields):
        value = replace(
            value,
            known=tuple((key, _outside_loops(each, loops)) for key, each in value.known),
            rest=_outside_loops(value.rest, loops),
        )
    elif isinstance(value, Either):
        value = replace(
            value, options=tuple(each if each is ABSENT else _outside_loops(each, loops) for each in value.options)
        )
    elif isinstance(value, Text):
        value = replace(
            value,
            parts=tuple(
                Repeat(_outside_loops(part.value, loops), part.count, part.separator)
                if isinstance(part, Repeat)
                else _outside_loops(part, loops)
                for part in value.parts
            ),
        )
    trail = trail_of(value)
    done = {
        step
        for step in trail
        if step.kind is StepKind.GROWN and step.detail not in loops and not step.detail.startswith(CALLS)
    }
    if done:
        return replace(
            value, trail=tuple(replace(step, kind=StepKind.COLLECTED) if step in done else step for step in trail)
        )
    return value
