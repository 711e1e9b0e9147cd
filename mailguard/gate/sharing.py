"""Shares numbered work between processes, of which the one that asks is one.

Who asks works as well, so that nothing waits for it: with two processes one is started, and what the other is done with is
taken in between two pieces of one's own. Numbers are drawn from a pipe, so that a process on a busy core gets fewer.
"""

from __future__ import annotations

import gc
import os
import signal
import struct
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["shared"]

_T = TypeVar("_T")
_TICKETS: Final = 2048
"""Tickets at most: as many as the smallest pipe holds (16 KiB, where 4096 would be at its brim)."""
_TICKET: Final = struct.Struct("=I")


def shared(work: Callable[[int], _T], count: int, jobs: int) -> Iterator[_T]:
    """What ``work`` makes of each number below ``count``, in their order.

    Args:
        work: may remember from one number to the next; each process has its own memory. What it gives is handed over in
            memory, and can be pickled.
        count: how many numbers there are.
        jobs: how many processes there may be. Where processes cannot be forked there is one.

    What a process did not hand over because it was ended is done here.

    """
    if min(jobs, count) < 2 or not hasattr(os, "fork"):
        yield from map(work, range(count))
        return
    tickets = _Tickets(count)
    crew = _Crew(work, tickets)
    try:
        crew.hire(min(jobs, count) - 1)
        done: dict[int, _T] = {}
        following = 0
        while (numbers := tickets.draw()) or crew.pipes:
            for number in numbers:
                done[number] = work(number)
            crew.collect(done, wait=not numbers)
            while following in done:
                yield done.pop(following)
                following += 1
        for number in range(following, count):
            yield done.pop(number) if number in done else work(number)
    finally:
        crew.dismiss()
        tickets.close()


class _Tickets:
    """Numbers, each of which one process draws."""

    def __init__(self, count: int) -> None:
        self._count, self._each = count, 1 + count // _TICKETS
        self._end, other = os.pipe()
        os.write(other, b"".join(map(_TICKET.pack, range(0, count, self._each))))
        os.close(other)

    def draw(self) -> range:
        """The next numbers; nothing where none is left."""
        ticket = os.read(self._end, _TICKET.size)
        first = _TICKET.unpack(ticket)[0] if ticket else self._count
        return range(first, min(first + self._each, self._count))

    def close(self) -> None:
        """Draw no more."""
        os.close(self._end)


class _Crew:
    """The processes that were started."""

    def __init__(self, work: Callable[[int], object], tickets: _Tickets) -> None:
        self._work, self._tickets = work, tickets
        self._pids: list[int] = []
        self.pipes: list[Connection] = []
        """What they hand over comes through these; those that are done have none."""

    def hire(self, count: int) -> None:
        """Start so many, or fewer where the system does not let it."""
        from multiprocessing import Pipe  # noqa: PLC0415  # few runs share their work

        # What is there already stays where it is: looking at it again and again would copy it into each process.
        gc.freeze()
        with suppress(OSError):
            for _ in range(count):
                ours, theirs = Pipe(duplex=False)
                with warnings.catch_warnings():
                    # Of threads that this process may have none is needed in the other.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    pid = os.fork()
                if not pid:
                    self._help(theirs, [*self.pipes, ours])
                theirs.close()
                self.pipes.append(ours)
                self._pids.append(pid)

    def _help(self, pipe: Connection, others: Sequence[Connection]) -> NoReturn:
        """Work, and hand over; never returns. ``others`` are the ends of who asked."""
        results: SimpleQueue[tuple[int, object] | None] = SimpleQueue()

        def hand_over() -> None:
            # Who asked is busy as well: a pipe that is full must not keep anybody from work.
            try:
                while (result := results.get()) is not None:
                    pipe.send(result)
            finally:
                # Whatever happened happens again where it can be told: what is missing is done there.
                os._exit(0)

        try:
            for end in others:
                end.close()  # else nothing would tell that who asked was ended, and a full pipe would be waited for for ever
            thread = threading.Thread(target=hand_over, daemon=True)
            thread.start()
            while numbers := self._tickets.draw():
                for number in numbers:
                    results.put((number, self._work(number)))
            results.put(None)
            thread.join()
        finally:
            os._exit(0)  # see above

    def collect(self, done: dict[int, _T], *, wait: bool) -> None:
        """Take in what was handed over; ``wait`` until there is something."""
        from multiprocessing.connection import wait as ready  # noqa: PLC0415  # see hire

        while self.pipes and (found := ready(self.pipes, None if wait else 0)):
            wait = False
            for pipe in self.pipes.copy():
                if pipe in found:
                    try:
                        number, result = pipe.recv()
                    except (EOFError, OSError):
                        self.pipes.remove(pipe)
                        pipe.close()
                    else:
                        done[number] = result

    def dismiss(self) -> None:
        """Send all home; who still works is ended."""
        if self.pipes:
            for pid in self._pids:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        for pipe in self.pipes:
            pipe.close()
        for pid in self._pids:
            with suppress(OSError):
                os.waitpid(pid, 0)
        gc.unfreeze()
