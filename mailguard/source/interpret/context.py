"""Where the interpreter is, how hard it looks, and how a block of statements was left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mailguard.model.place import Place
from mailguard.model.value import Member, Step
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import FrameId, Func, Val
from mailguard.source.project import Module

__all__ = [
    "COARSE",
    "DEAR",
    "DEPTH_LIMIT",
    "FREEZE_LIMIT",
    "FULL",
    "GLANCE",
    "JOINED",
    "PASSES_LIMIT",
    "SHARE",
    "SKIM",
    "UNROLL_LIMIT",
    "YIELDS",
    "Activation",
    "Body",
    "Budget",
    "Context",
    "Dead",
    "Effort",
    "Enough",
    "Flow",
]

PASSES_LIMIT: Final = 6
"""Passes over a loop until what still changes is given up as it is."""


UNROLL_LIMIT: Final = 8
"""A loop over so many written members runs once for each."""


DEPTH_LIMIT: Final = 24
"""Calls within calls."""


FREEZE_LIMIT: Final = 12
"""Containers within containers that are read into a request."""


YIELDS: Final = "the members that a generator yields"
"""The name in a generator's frame under which they are collected."""


SHARE: Final = 2
"""The part of a root's steps that the constructor of an object may take of which nothing is known: a half."""


DEAR: Final = 1_500
"""Steps that one root spends within one function that names no mail call, before further calls of it are passed over."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard one root is looked at."""

    steps: int
    """Expressions evaluated."""
    states: int
    """Branch states kept apart within one function."""
    idle: int
    """Calls within calls of functions that name no mail call."""
    blind: int = 0
    """Steps after which a root ends that has met no mail call by then; 0 for all of them."""
    spare: int = 0
    """Steps that are taken before helpers are passed over that have cost much; 0 for a third of all."""

    def limit(self, *, met: bool) -> int:
        """The steps of a root; ``met``: it has met a mail call."""
        return self.steps if met or not self.blind else self.blind

    @property
    def spent(self) -> int:
        """The steps that are taken before dear helpers are passed over."""
        return self.spare or self.steps // 3


FULL: Final = Effort(20_000, 8, 4, spare=13_000)
"""Where every root starts."""


JOINED: Final = Effort(20_000, 1, 4, spare=13_000)
"""The same with the branches joined at once, where nothing is asked but whether a root sends."""


COARSE: Final = Effort(80_000, 1, 1, blind=50_000)
"""For a root that took more: branches are joined at once, helpers are not followed as far."""


SKIM: Final = Effort(40_000, 1, 0, blind=30_000)
"""For a root that took more than that: what names no mail call is not entered, and what it gives is not known.

What is seen so is told; that the root was not read as a whole is told as well.
"""


GLANCE: Final = Effort(4_000, 1, 1)
"""For test code, which closes no gate."""


class Budget(Exception):  # noqa: N818  # a signal, caught where the root is run
    """The analysis of one root took more steps than the limit."""


class Dead(Exception):  # noqa: N818  # a signal, caught by the statement
    """The path ends here: the call raises in every run."""


class Enough(Exception):  # noqa: N818  # a signal, caught where the root is run
    """A mail call was found where only that was asked."""


class Activation:
    """One call of a function of the project, which may take something out of a queue before it is put there."""

    __slots__ = ("args", "func", "keywords", "node")

    def __init__(self, func: Func, args: list[Val], keywords: list[tuple[str | None, Val]], node: object) -> None:
        self.func, self.args, self.keywords, self.node = func, args, keywords, node


class Body:
    """The block of a ``with``, which runs where the function that manages it yields."""

    __slots__ = ("frames", "item", "ran", "run")

    def __init__(self, item: object, run: Callable[[State, Val], None], frames: tuple[FrameId, ...]) -> None:
        self.item, self.run = item, run
        self.frames = frames
        """Those that it sees: its own, and those of the block that the function around it manages in turn."""
        self.ran = False


@dataclass(frozen=True)
class Context:
    """Where the interpreter is: one activation of one function."""

    module: Module
    symbol: str
    path: int
    frames: tuple[FrameId, ...]
    """Frames whose names are visible, innermost first."""
    owner: Val = None
    """The class whose method runs."""
    loops: frozenset[str] = frozenset()
    calls: tuple[Step, ...] = ()
    stack: tuple[object, ...] = ()
    yields: list[Member] | None = None
    main: bool = False
    """Whether ``__name__`` is ``"__main__"``."""
    pinned: frozenset[tuple[int, object]] = frozenset()
    """Path and site of the things that the caller still holds."""
    chosen: frozenset[int] | None = None
    """The statements that can matter; None for all of them."""
    idle: int = 0
    """How many of the innermost calls are of functions that name no mail call."""
    active: tuple[Activation, ...] = ()
    """The calls that led here, outermost first."""
    body: Body | None = None
    """What a context manager made of a function runs where it yields."""

    @property
    def frame(self) -> FrameId:
        """The innermost frame."""
        return self.frames[0]

    def place(self, at: t.Span) -> Place:
        """A span of this file."""
        places = self.module.places
        found = places.get(at)
        if found is None:
            found = places[at] = Place(self.module.path, at.line, at.column, at.end_line, at.end_column)
        return found


class Flow:
    """How a block of statements was left."""

    __slots__ = ("breaks", "continues", "normal", "returns")

    def __init__(
        self,
        normal: list[State] | None = None,
        breaks: list[State] | None = None,
        continues: list[State] | None = None,
        returns: list[tuple[State, Val]] | None = None,
    ) -> None:
        self.normal: list[State] = [] if normal is None else normal
        self.breaks: list[State] = [] if breaks is None else breaks
        self.continues: list[State] = [] if continues is None else continues
        self.returns: list[tuple[State, Val]] = [] if returns is None else returns

    def take(self, other: Flow) -> None:
        """Add the ways that leave the enclosing block."""
        if other.breaks:
            self.breaks += other.breaks
        if other.continues:
            self.continues += other.continues
        if other.returns:
            self.returns += other.returns
