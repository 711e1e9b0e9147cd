"""Calls that are taken over from one that was made before: what they depend on, what is remembered of them."""

from __future__ import annotations

from itertools import islice

from mailguard.model.exchange import Dispatch
from mailguard.source.interpret.context import Dead
from mailguard.source.interpret.objects import Objects
from mailguard.source.interpret.repeats import WORTH, Asked, Done
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cell, FrameId, Ref, Val

__all__ = ["Again"]


class Again(Objects):
    """Calls that are made again as they were."""

    def _marks(self, node: object) -> tuple[object, ...]:
        """What of the machine a call depends on, besides what it gets."""
        return (
            id(node) in self._unread,
            self.used,
            len(self.gathered),
            len(self.kept),
            sum(map(len, self._fed.values())),
        )

    def _keep(
        self,
        path: int,
        asked: Asked,
        end: State | None,
        value: Val,
        frames: list[FrameId],
        before: tuple[int, int, int, dict[object, Dispatch], int, set[object]],
    ) -> None:
        """Remember what a call came to, unless it is not the same the next time: something was passed over, a queue was read."""
        begun, left_out, sent, unsent, made, sites = before
        marks = self._marks(asked.func)[1:]
        if left_out != self.left_out or self.steps - begun < WORTH or marks != asked.marks[1:]:
            return
        done = Done(
            end,
            value,
            frames,
            tuple(self.dispatches[sent:]),
            tuple(islice(self._made.items(), made, None)),
            frozenset(self.sent - sites),
            tuple((site, one) for site, one in self.unsent.items() if unsent.get(site) is not one),
        )
        self._repeats.keep(path, asked, done)

    def _again(self, outer: State, seen: dict[Ref, Cell], done: Done) -> Val:
        """Do what the same call did."""
        self.dispatches += done.dispatches
        self._made.update(done.made)
        self.sent |= done.sent
        self.unsent.update(done.unsent)
        if done.end is None:
            raise Dead
        outer.merge(done.end, seen, [done.value], done.frames)
        return done.value
