"""Messages that go as text to code outside the project: a task of another package, a client that nothing tells.

Nobody but a mail program has a use for the text of a message, and the name of what gets it says that it sends.
"""

from __future__ import annotations

import re
from typing import Any, Final

from mailguard.model.exchange import RawMessage
from mailguard.model.value import Either, Items, Known, Repeat, Text, Unknown
from mailguard.source.interpret.context import Context
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Ext, Ref, Val

__all__ = ["label_of", "note_letter"]

_SENDS: Final = re.compile(
    r"(?:^|_)(?:send|sends|sendmail|deliver|submit|dispatch|transmit|relay)(?:$|_)|send_?mail|^send", re.IGNORECASE
)
_QUEUES: Final = re.compile(
    r"delay|apply_async|apply|enqueue|defer|publish|push|put|queue|call|run|remote|spawn", re.IGNORECASE
)
_OF_MAIL: Final = re.compile(r"mail|send|smtp|deliver", re.IGNORECASE)
_LINES: Final = re.compile(r"(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*(?:to|cc):", re.IGNORECASE)
"""The lines of a message as far as the first that names its readers."""
_DEPTH: Final = 3
_PIECES: Final = 40
"""Parts of a text within which its readers are named."""


def label_of(callee: Ext | Unknown) -> str:
    """What the code calls something outside the project."""
    return callee.path if isinstance(callee, Ext) else callee.why.removesuffix("()")


def note_letter(
    machine: Any,
    context: Context,
    state: State,
    label: str,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    node: object,
) -> None:
    """Note the message whose text is given to ``label`` (``tasks.sendmail.delay``), if that sends by its name."""
    name = label.rpartition(".")[2]
    if not (_SENDS.search(name) or (_QUEUES.fullmatch(name) and _OF_MAIL.search(label))):
        return
    for value in (*args, *(value for _, value in keywords)):
        letter = _letter(state, value, 0)
        if letter is not None:
            machine.record(context, RawMessage(machine.freeze(state, letter, context, node)), node, label)
            return


def _letter(state: State, value: Val, depth: int) -> Val | None:
    """A value that is the text of a message, or the one within it."""
    if depth > _DEPTH:
        return None
    parts: list[Val] = []
    if isinstance(value, (Text, Known)):
        return value if _LINES.match(_outline(value)) else None
    if isinstance(value, Either):
        # A message as this branch or that one writes it.
        return value if any(_letter(state, option, depth + 1) is option for option in value.options) else None
    if isinstance(value, Items):
        parts = [item for item, _ in value.members]
    elif isinstance(value, Ref) and value in state.heap and state.heap[value].sort in {"list", "dict"}:
        cell = state.heap[value]
        parts = [*(item for item, _ in cell.members), *(item for _, item in cell.fields)]
    return next((found for part in parts if (found := _letter(state, part, depth + 1)) is not None), None)


def _outline(value: Val) -> str:
    """What is known of the beginning of a text."""
    if isinstance(value, (str, Known)):
        known = value.value if isinstance(value, Known) else value
        return known.decode("latin-1") if isinstance(known, bytes) else known if isinstance(known, str) else "?"
    if isinstance(value, Text):
        return "".join(_outline(part.value if isinstance(part, Repeat) else part) for part in value.parts[:_PIECES])
    return "?"
