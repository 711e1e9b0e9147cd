"""The three laws between what the scanner says of a program and what runs of it send."""

from __future__ import annotations

import enum
import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailguard.model.finding import Certainty
from mailguard.model.message import Message

from . import runs
from .programs import Program, closed_program
from .runs import Said, World

SIZES = (0, 1, 2, 5)
"""How many people the sources of a program hold in a run."""


class Law(enum.Enum):
    """What holds between a program and its runs; the value is what is told when it does not."""

    READ = "the scanner gave up"
    UNDERSTOOD = "a recorded request is not understood"
    CONTAINED = "a run sends what the code does not hold"
    NOTHING_MISSED = "the run shows people to each other, the code does not"
    NO_FALSE_ALARM = "the code shows people to each other, the run does not"
    DECIDED = "undecided without an open parameter"


class Broken(AssertionError):  # noqa: N818  # said of a law
    """A law that a program breaks; the text holds the program."""

    def __init__(self, law: Law, text: str) -> None:
        super().__init__(f"{law.value}{text}")
        self.law = law


@dataclass(frozen=True)
class _Run:
    world: World
    said: list[Said]


def _flags(program: Program) -> Iterator[dict[str, bool]]:
    for answers in itertools.product((False, True), repeat=len(program.flags)):
        yield dict(zip(program.flags, answers, strict=True))


def _argument(program: Program, number: int) -> tuple[object, ...]:
    return (runs.unknown(number),) if program.argument else ()


def _worlds(program: Program) -> Iterator[World]:
    for size, flags in itertools.product(SIZES, list(_flags(program))):
        yield World(size, size, flags, active=size != SIZES[-1])


def _plain_worlds(program: Program) -> Iterator[World]:
    """Two people for each collection, or fewer where only that passes a check; one for what is not known."""
    for size, flags in itertools.product((2, 1, 0), list(_flags(program))):
        yield World(size, min(size, program.plain_unknown), flags)


def _run(program: Program, world: World, known: Sequence[_Run] = ()) -> _Run:
    """A run, or that of ``known`` which met the same."""
    for run in known:
        if run.world == world:
            return run
    sent, _ = runs.run(program.text, world, *_argument(program, world.unknown))
    return _Run(world, runs.replayed(sent))


def check(program: Program) -> None:
    """Hold a program to all three laws. Raises :class:`Broken`."""
    abstract, skips = runs.scanned(program.text)
    if skips:
        raise Broken(Law.READ, _told(program, f": {skips}"))
    concrete = [_run(program, world) for world in _worlds(program)]
    for run in concrete:
        for each in run.said:
            _contained(program, run.world, each, [known for known in abstract if known.line == each.line])
    plain = [each for world in _plain_worlds(program) for each in _run(program, world, concrete).said]
    if not plain and not any(run.said for run in concrete):
        return  # what no run reaches has no verdict
    says, does = any(each.shows for each in abstract), any(each.shows for each in plain)
    if says != does:
        raise Broken(Law.NO_FALSE_ALARM if says else Law.NOTHING_MISSED, _told(program, "", abstract, plain))
    if not program.open:
        for known in abstract:
            if known.problem or known.certainty is Certainty.UNDECIDED:
                raise Broken(Law.DECIDED, _told(program, f", line {known.line}", [known], plain))


def _contained(program: Program, world: World, sent: Said, known: list[Said]) -> None:
    if sent.problem:
        raise Broken(Law.UNDERSTOOD, _told(program, f": {sent.problem}"))
    if any(each.problem for each in known):
        return  # told by another law, where it may not be
    for message in sent.messages:
        if not any(runs.contains(abstract, message) for each in known for abstract in each.messages):
            raise Broken(Law.CONTAINED, _told(program, f", line {sent.line}, {world}", known, [sent], message))


def _told(
    program: Program,
    more: str,
    abstract: Sequence[Said] = (),
    concrete: Sequence[Said] = (),
    message: Message | None = None,
) -> str:
    lines = [more, ""]
    lines += [f"{number:3} {line}" for number, line in enumerate(program.text.splitlines(), 1)]
    for name, side in (("code", abstract), ("runs", concrete)):
        for each in side:
            lines.append(f"{name}: line {each.line}, {each.certainty}, {each.problem}")
            lines += [f"      {_numbers(one)}" for one in each.messages]
    if message is not None:
        lines.append(f"message: {_numbers(message)}")
    return "\n".join(lines)


def _numbers(message: Message) -> str:
    return (
        ", ".join(
            f"{name} {low}..{plain}..{high if high < 1 << 40 else 'any'}"
            for name, low, plain, high in runs.numbers(message)
            if high
        )
        or "nobody"
    )


def share_that_sends(api: str, number: int = 60) -> float:
    """How many of the programs of the grammar send at least one request in a run with two people."""
    sending = 0
    for seed in range(number):
        choose = random.Random(seed).choice  # the same programs every time
        program = closed_program(choose, api)
        sent, _ = runs.run(program.text, World(2, 1, dict.fromkeys(program.flags, True)))
        sending += bool(sent)
    return sending / number
