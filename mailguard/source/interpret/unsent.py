"""Messages that are made and not seen to be sent: what sending them would be, as far as the code tells."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mailguard.model.exchange import Dispatch
from mailguard.model.value import Object
from mailguard.source.interpret.base import members_of_class, plain_function
from mailguard.source.interpret.context import Context, Dead
from mailguard.source.interpret.state import State
from mailguard.source.interpret.statements import Statements
from mailguard.source.interpret.values import ModelCls, ModelMethod, Ref

__all__ = ["Unsent"]

_SENDS: Final = ("send", "send_message", "deliver")
"""Methods by which the client of a library sends a message."""


class Unsent(Statements):
    """What becomes of a message that leaves a function."""

    def note_unsent(self, context: Context, state: State) -> None:
        """Note the messages that a function made and did not send; the last function that holds one knows most of it."""
        for ref, (place, symbol) in self._made.items():
            if ref.site in self.sent or ref not in state.heap.own:
                continue
            model = self._model_of(state, ref)
            if model is None or not _is_letter(model.cls):
                continue
            found = self._would_send(context, state, ref, model)
            for dispatch in found:
                told = replace(dispatch, place=place, symbol=symbol, root=symbol, unsent=True)
                self.unsent[ref.site] = replace(told, api=model.path)

    def _would_send(self, context: Context, state: State, ref: Ref, model: ModelCls) -> list[Dispatch]:
        """What sending a message would be: by its own method, or by a client of its library."""
        first, self.first = self.first, False
        dispatches, self.dispatches = self.dispatches, []
        known = set(self.sent)
        made = dict(self._made)
        try:
            own = plain_function(inspect.getattr_static(model.cls, "send", None))
            if callable(own) and _asks(own) == 1:
                with contextlib.suppress(Dead):
                    self.call(context, state.copy(), ModelMethod(own, "send", model, ref), [], [], None)
                return self.dispatches
            for name in _SENDS:
                with contextlib.suppress(Dead):
                    self.client_of(context, state.copy(), name, [ref], [], None)
                if self.dispatches:
                    return self.dispatches
            return []
        finally:
            self.first, self.dispatches, self.sent, self._made = first, dispatches, known, made


def _is_letter(cls: type[Object]) -> bool:
    """Whether a class of a library says to whom something goes; a client does not until it sends."""
    return not _NAMES_PEOPLE.isdisjoint({*members_of_class(cls), *inspect.signature(cls.__init__).parameters})


_NAMES_PEOPLE: Final = frozenset(
    "__setitem__ to cc recipients to_emails to_addrs to_address to_recipients add_to add_recipient add_personalization "
    "personalizations mail_to rcpt".split()
)
"""Names of what a message has: parameters, attributes and methods that take recipients."""


def _asks(function: Callable[..., object]) -> int:
    """How many arguments a function needs."""
    parameters = inspect.signature(function).parameters.values()
    return sum(each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters)
