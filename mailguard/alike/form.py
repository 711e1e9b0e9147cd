"""What is remembered of a form: which of its texts matter, and what the requests come to in which these are the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from mailguard.alike.look import Blanks, Personal
from mailguard.alike.template import Sample
from mailguard.model.exchange import SmtpTransaction
from mailguard.tally.captures import Effect

__all__ = ["Filling", "Form", "Outcome", "Pending", "numbered", "picker"]

SAMPLES: Final = 6
"""Lines that a template is made of."""
ENOUGH: Final = 5
"""So often a template is made of the lines of one outcome."""
VAIN_TRIES: Final = 10
"""So often lines are laid side by side before that is given up."""
WORTH: Final = 48
"""Requests of one form before it gets a stencil, which takes as long as parsing some hundred."""


@dataclass(slots=True)
class Outcome:
    """What the requests of one form, with the same read texts, come to."""

    effect: Effect
    readers: int = 0
    """To how many people it was written."""
    pick: Callable[[list[str]], tuple[str, ...]] = tuple
    """Who they are, out of all addresses."""
    picks: tuple[Callable[[list[str]], tuple[str, ...]], ...] = ()
    """For each message the outside people in To and Cc."""
    each: Callable[[list[str]], tuple[str, ...]] | None = None
    """The same of all messages together, where there is one person in each of them."""
    only: int = -1
    """The one person of the one message, where there is no other; else -1."""
    count: int = 0
    """Requests since the tally was told."""
    heard: tuple[tuple[int, bool, Callable[[list[str]], tuple[str, ...]]], ...] = ()
    """Of each text in which addresses or links may stand: its number, whether it is a running one, whom its links go to."""
    senders: Callable[[list[str]], tuple[str, ...]] = tuple
    """Who the mail is from, out of all addresses; where something is heard."""
    constant: frozenset[str] = frozenset()
    """Others who it is from, who stand in the texts that matter."""
    seen: Callable[[list[str]], tuple[str, ...]] = tuple
    """Who of the readers is seen by all others anyway."""
    visible: tuple[int, ...] = ()
    """The same and who the mail is from, by their numbers: they may stand in texts."""
    hidden: bool = False
    """Whether there are readers who are not among them."""
    target: int = -1
    """The only one to whom links go; else -1."""
    filling: Filling | None = None
    """Its merge data, where it has any."""
    samples: list[Sample] | None = None
    """Lines that came to this; None where no template can be made of them."""
    missed: int = 0
    """Lines since a template was made of them."""
    wait: int = field(default_factory=lambda: SAMPLES)
    """So many lines before the next one is made."""
    tries: int = 0
    """How often one was made, or could not be."""

    def sample(self, *, after_stencil: bool) -> None:
        """Keep lines from now on, to make a template of; later on where a stencil is made first."""
        self.samples, self.wait = [], max(SAMPLES, WORTH) if after_stencil else SAMPLES

    def keep(self, sample: Sample) -> bool:
        """Keep a line of those that lines are kept of; whether a template is due."""
        self.samples = [*(self.samples or ()), sample][-SAMPLES:]
        self.missed += 1
        return self.missed >= self.wait

    def cut(self, *, succeeded: bool) -> None:
        """Hear whether a template came of the lines. Lines that happen to have too little in common say little about others."""
        self.missed = 0
        self.tries += 1
        self.wait *= 8 if succeeded else 2
        if self.tries >= (ENOUGH if succeeded else VAIN_TRIES):
            self.samples = None


class Form:
    """A form that was seen."""

    __slots__ = ("data", "marks", "others", "outcomes", "pick", "pick_data", "pins", "tries", "used")

    def __init__(self, marks: int, data: Collection[int] | None = None, others: Sequence[int] = ()) -> None:
        """``data``: the numbers of the texts of merge data, None where there is none; ``others``: those of the others of the body."""
        self.marks = marks
        """Quotation marks around keys and texts."""
        self.data = data
        self.others = others
        self.pick_data = picker(sorted(data or ()))
        """The texts of merge data."""
        self.pins: tuple[int, ...] = (0, 1)
        """The numbers of the texts that matter."""
        self.pick: Callable[[list[Any]], Any] = itemgetter(0, 1)
        self.outcomes: dict[Any, Outcome | None] = {}
        self.tries = 0
        self.used = 0

    def pin(self, read: Collection[int]) -> None:
        """Look at more texts from now on. What was learnt without them is forgotten."""
        pins = tuple(sorted({*self.pins, *read}))
        if pins != self.pins:
            self.pins, self.pick, self.outcomes = pins, itemgetter(*pins), {}

    def is_worth_a_stencil(self) -> bool:
        """Whether this is the moment to make one: no sooner than it pays, and once."""
        return self.used == WORTH


@dataclass(slots=True)
class Pending:
    """A request that goes the careful road, and may be learnt from."""

    form: Form
    method: str
    url: str
    headers: dict[str, str]
    body: object
    """As it was recorded: a text, or data."""
    value: dict[str, Any]
    texts: list[Any]
    addresses: list[str]
    keys: list[str]
    rest: object
    heard: tuple[int, ...]
    """The numbers of the texts in which addresses or links may stand."""
    mail: SmtpTransaction | None = None
    """What it is where it is no request; ``value`` is the form of its message then, with the envelope."""


class Filling:
    """Merge data that shows nobody to anybody, and the texts that it fills, of which others may stand in their places."""

    __slots__ = ("_blanks", "_names", "_personal", "_running", "harmless")

    def __init__(
        self,
        blanks: Blanks,
        running: Sequence[tuple[int, frozenset[str]]],
        personal: Sequence[tuple[Personal, Sequence[int]]],
        names: Sequence[int],
    ) -> None:
        """Begin.

        Args:
            blanks: what there is for merge tags.
            running: the numbers of texts in which tags may stand, and whose each is.
            personal: the fields that belong to one person each, and the numbers of the texts that stand in them.
            names: the numbers of texts that may be names of the data besides.

        """
        self._blanks = blanks
        self._running = tuple(running)
        self._names = picker([*names])
        self._personal = [(one.apart, picker([*places])) for one, places in personal]
        self.harmless = blanks.alone
        """Whether it shows nobody to anybody whatever stands in it, as long as no text has a merge tag."""

    def fits(self, texts: list[Any]) -> bool:
        """Whether that holds with these texts."""
        return (
            all(apart(pick(texts)) for apart, pick in self._personal)
            and self._blanks.adds_none(self._names(texts))
            and all(self._blanks.filled(texts[place], owners) for place, owners in self._running)
        )


def picker(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """What stands in some places, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda keys: tuple([keys[place] for place in places])


def numbered(keys: Sequence[str | bytes]) -> tuple[int, ...]:
    """For each text its number, from 0; equal ones have one."""
    numbers: dict[str | bytes, int] = {}
    return tuple([numbers.setdefault(key, len(numbers)) for key in keys])
