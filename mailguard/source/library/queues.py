"""Queues and deques: lists of which one member at a time is taken out.

Shapes after the standard library (``queue``, ``asyncio``, ``multiprocessing``, ``collections.deque``), gevent, eventlet,
janus and persist-queue: what is put in comes out one by one, in whatever order.
"""

from __future__ import annotations

from typing import Any, Final

from mailguard.model.count import OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import Known, Parameter, Step, StepKind, Unknown
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, Ext, Ref, Val
from mailguard.source.library.containers import element, list_append, members_of
from mailguard.source.library.literals import number

__all__ = ["DEQUE", "GIVES", "QUEUES", "WAITED_FOR", "deque", "is_queue", "queue", "queue_method"]

_MODULES: Final = (
    "queue Queue asyncio asyncio.queues multiprocessing multiprocessing.queues six.moves.queue six.moves gevent.queue "
    "eventlet.queue eventlet.green.Queue persistqueue billiard torch.multiprocessing tornado.queues culsans"
).split()
_CLASSES: Final = (
    "Queue SimpleQueue LifoQueue PriorityQueue JoinableQueue UniqueQueue FIFOSQLiteQueue SQLiteQueue".split()
)
QUEUES: Final = frozenset([*(f"{module}.{cls}" for module in _MODULES for cls in _CLASSES), "janus.Queue"])
"""Dotted names of classes of queues."""
DEQUE: Final = "collections.deque"

GIVES: Final = frozenset("put put_nowait append appendleft add insert extend update setdefault push".split())
"""Methods by which a container is given what somebody else takes out."""

WAITED_FOR: Final = "what waits in a queue"
"""The name of what is taken out of a queue before anything is put into it."""

_QUEUE: Final = Ext("queue.Queue")


def is_queue(cell: Cell | None) -> bool:
    """Whether a thing on the heap is a queue, of which ``get`` gives a member."""
    return cell is not None and cell.cls == _QUEUE


def queue(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """``queue.Queue(...)``: a queue with nothing in it."""
    return state.allocate(context.path, ("queue", place), Cell("list", cls=_QUEUE))


def deque(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """``collections.deque(iterable, maxlen)``."""
    held = args[0] if args else named_args.get("iterable")
    members = members_of(state, held, place) if held is not None else ()
    return state.allocate(context.path, ("deque", place), Cell("list", members=members))


def queue_method(
    machine: Any, context: Any, state: State, holder: Ref, name: str, args: list[Val], place: Place
) -> Val | None:
    """``holder.name(*args)`` on a queue; None for what it has in common with a list."""
    cell = state.heap[holder]
    if name in {"put", "put_nowait", "async_put", "push"} and args:
        list_append(state, holder, args[0], looping=bool(context.loops))
        return Known(None)
    if name in {"get", "get_nowait", "async_get", "pop"} and not (
        args and number(args[0]) is not None and name == "pop"
    ):
        machine.taken(context, holder)
        if cell.members:
            return element(state, holder, place)
        # Whoever fills it comes later, or is not known: one thing of which nothing is known.
        step = Step(StepKind.PARAMETER, place, "queue")
        return Parameter(WAITED_FOR, context.symbol, OPTIONAL, (step,))
    if name in {
        "empty",
        "full",
        "qsize",
        "task_done",
        "join",
        "join_thread",
        "close",
        "cancel_join_thread",
        "shutdown",
    }:
        return Unknown("a flag", OPTIONAL)
    return None
