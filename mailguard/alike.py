"""Requests of one form are decoded and judged once.

A log holds a million requests that differ in their addresses and texts only. The *form* of a request is all else: the keys
of its JSON, the lengths of its lists, which texts are plain addresses, which of these are the same, and which are inside.
What a request comes to follows from its form and from the few texts that are looked at on the way.

Which texts these are is not declared, it is watched: the first request of a form is decoded a second time, as a twin in
which stand-ins take the places of the people, and whose mappings note what is read out of them. A later request of the
same form with the same read texts has the same twin, so the same messages, with other people in them. No service is
decoded here, and none has a second decoder. What is assumed of all of them, and held by ``tests/laws/alike/``: one
plain address is as good as another, and so is one plain name beside an address.

Whatever is not plain (an address that needs the careful reader, a key that is there twice, texts in which addresses may
hide, attachments, merge data) is no matter of forms: such a request goes the careful road, as does the first of each form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final, Protocol

from mailguard.addresses.compare import is_inside
from mailguard.addresses.plain import plain_keys, plain_named
from mailguard.documents.json_values import plain_json
from mailguard.mail_form import FREE, mail_of, transaction_of
from mailguard.model.count import ONE
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.links import Token
from mailguard.model.message import CannotTell, Decoded, Message, Recipient, Undecided
from mailguard.model.place import Place
from mailguard.model.value import Origin
from mailguard.outline import NAME, PAIRS, FormlessError, as_person, is_pair, is_running, lay
from mailguard.stencil import Stencil, stencil_of
from mailguard.tally.captures import CaptureTally, Effect, Growing
from mailguard.template import Sample, Template, cut
from mailguard.wire.bodies import payload

__all__ = ["Alike", "Decision", "Look"]

FORMS: Final = 2048
"""Forms that are remembered."""
LONGEST: Final = 4096
"""Steps of a form that is remembered."""
OUTCOMES: Final = 4096
"""Outcomes of one form that are remembered."""
TRIES: Final = 8
"""How often a form is learnt before it has to have been of use."""
VAIN: Final = 256
"""So many requests in a row that are like none before, and only one in eight is compared any more."""
STENCILS: Final = 8
"""Stencils that are laid on a line before it is parsed."""
STENCILLED: Final = 8192
"""Bytes of a line that one is made of; larger ones are parsed sooner."""
SAMPLES: Final = 6
"""Lines that a template is made of."""
NO_MORE: Final = 10
"""So often lines are laid side by side before that is given up."""
SAMPLED: Final = 1 << 17
"""Bytes of a line that one is made of."""
WORTH: Final = 48
"""Requests of one form before it gets a stencil, which takes as long as parsing some hundred."""


_MAIL: Final = object()
"""Begins the form of a message that was handed over, which is that of no request."""


class Decision(Protocol):
    """What is said of an exchange: whose it is, and which messages it makes."""

    @property
    def provider(self) -> object:
        """The service."""

    @property
    def operation(self) -> str:
        """The operation of the service."""

    @property
    def decoded(self) -> Decoded:
        """The messages, or why not."""


class Memory(Protocol):
    """What remembers to whom a capture wrote."""

    def wrote(self, people: str, count: int) -> None:
        """Take note of the readers of one request, in their comparing form, one a line."""

    def hears(
        self,
        heard: Sequence[tuple[str, bool, Sequence[str]]],
        senders: Collection[str],
        everybody: Collection[str],
        seen: Collection[str],
        place: Callable[[], Place],
    ) -> bool:
        """Whether texts show nobody to anybody; then their links are taken note of."""

    def linked(self, plan: Any, values: Sequence[bytes], owner: str, line: int) -> None:
        """Take note of the links of a request with one reader, of which ``values`` are the tokens."""

    def is_fixed(self, people: Collection[str]) -> bool:
        """Whether all addresses are known to belong to a template."""


class Hearing(Protocol):
    """What a text is in which addresses or links may stand."""

    @property
    def owners(self) -> frozenset[str]:
        """Whose it is; empty: everybody's."""

    @property
    def running(self) -> bool:
        """Whether links in it are looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """How requests are looked at; handed over by the neck, which knows the wings."""

    decide: Callable[[Exchange], Decision | None]
    """What the service says, without what readers find in texts; None for what is no mail."""
    settled: Callable[[object], bool]
    """Whether a body has no part but texts in which people may stand besides its addresses."""
    loud: Callable[[str], bool]
    """Whether a text without an ``@`` has to be looked at all the same."""
    deciding: Callable[[str, str], bool]
    """Whether what stands under a key, in what stands under another, may decide what a text beside it is."""
    hearing: Callable[[Exchange, Collection[str], Collection[str]], Mapping[str, Sequence[Hearing]] | None]
    """What readers get the texts as in whose places some stand; None where that cannot be told."""
    senders: Callable[[Exchange], frozenset[str]]
    """Who a request is from, in their comparing form."""
    found_in: Callable[[str], list[str]]
    """The addresses in a text, in their comparing form."""
    tokens_in: Callable[[str], list[Token]]
    """The tokens in the links of a text."""
    inside: frozenset[str] = frozenset()


# --- The twin ------------------------------------------------------------------------------------


class Watched(dict[Any, Any]):
    """A mapping that notes which of its texts are read. Whatever may read all of them does."""

    __slots__ = ("_places", "_read")

    def __init__(self, items: Mapping[Any, Any], places: Mapping[Any, int], read: set[int]) -> None:
        """``places``: the number of the text under a key; ``read``: the numbers of those that were read."""
        super().__init__(items)
        self._places = places
        self._read = read

    def _all(self) -> None:
        self._read.update(self._places.values())

    def __getitem__(self, key: Any) -> Any:
        if key in self._places:
            self._read.add(self._places[key])
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Like that of any mapping."""
        if key in self._places:
            self._read.add(self._places[key])
        return super().get(key, default)

    def __iter__(self) -> Iterator[Any]:
        # Of its own, so that {**this} and dict(this) come by __getitem__.
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        self._all()
        return super().__ne__(other)

    __hash__ = None  # like that of any mapping

    def __repr__(self) -> str:
        self._all()
        return super().__repr__()

    def __or__(self, other: Any) -> Any:
        self._all()
        return super().__or__(other)

    def __ror__(self, other: Any) -> Any:
        self._all()
        return super().__ror__(other)

    def __reversed__(self) -> Iterator[Any]:
        return super().__reversed__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        self._all()
        return super().__reduce_ex__(protocol)

    def items(self) -> Any:
        """Like that of any mapping; so are the others."""
        self._all()
        return super().items()

    def values(self) -> Any:
        self._all()
        return super().values()

    def copy(self) -> Any:
        self._all()
        return super().copy()

    def pop(self, *arguments: Any) -> Any:
        self._all()
        return super().pop(*arguments)

    def popitem(self) -> Any:
        self._all()
        return super().popitem()

    def setdefault(self, *arguments: Any) -> Any:
        self._all()
        return super().setdefault(*arguments)


def stand_in(number: int) -> str:
    """The plain address that stands for somebody."""
    return f"q{number}.twin@q{number}.example"


class _Twin:
    """Builds the twin of a body, in the order of :func:`~mailguard.outline.lay`."""

    def __init__(
        self,
        people: Sequence[str],
        first: int,
        read: set[int],
        marks: Mapping[int, str] = MappingProxyType({}),
        deciding: Callable[[str, str], bool] | None = None,
    ) -> None:
        """Begin a twin.

        Args:
            people: for each address of the body its stand-in.
            first: the number of the first text of the body.
            read: takes the numbers of the texts that are read.
            marks: what stands in the places of texts, by their numbers.
            deciding: see :class:`Look`; the texts that it says yes to count as read.

        """
        self._people = iter(people)
        self._place = first
        self._read = read
        self._marks = marks
        self._deciding = deciding

    def next_place(self) -> int:
        """The number of the next text."""
        self._place += 1
        return self._place - 1

    def _is_person(self, item: str) -> bool:
        return "@" in item and (not is_running(item) or plain_named(item) is not None)

    def mapping(self, value: Mapping[str, Any], above: str = "") -> Watched:
        """The twin of a mapping."""
        items: dict[str, Any] = {}
        places: dict[str, int] = {}
        for key, item in value.items():
            if type(item) is str and self._is_person(item):
                items[key] = as_person(item, next(self._people))
            elif type(item) in (str, int, float):
                place = places[key] = self.next_place()
                items[key] = self._marks.get(place, item)
                if self._deciding is not None and self._deciding(key, above):
                    self._read.add(place)
            else:
                items[key] = self.inner(item, key)
        return Watched(items, places, self._read)

    def inner(self, item: Any, above: str = "") -> Any:
        """The twin of a mapping or a list that stands inside, under the key ``above``."""
        if type(item) is dict:
            spelled = tuple(item)
            if len(item) < 3 and spelled in PAIRS and is_pair(item, spelled, [], []):
                address, name = PAIRS[spelled]
                twin = {address: next(self._people), name: NAME}
                return Watched({key: twin[key] for key in spelled}, {}, self._read)
            return self.mapping(item, above)
        if type(item) is list:
            result: list[Any] = []
            for member in item:
                if type(member) is str and self._is_person(member):
                    result.append(as_person(member, next(self._people)))
                elif type(member) in (str, int, float):
                    place = self.next_place()
                    self._read.add(place)  # a list notes nothing, so all of it counts as read
                    result.append(self._marks.get(place, member))
                else:
                    result.append(self.inner(member, above))
            return result
        return item


# --- What is remembered --------------------------------------------------------------------------


@dataclass(slots=True)
class _Outcome:
    """What the requests of one form, with the same read texts, come to."""

    effect: Effect
    readers: int = 0
    """To how many people it was written."""
    pick: Callable[[list[str]], tuple[str, ...]] = tuple
    """Who they are, out of all addresses."""
    picks: tuple[Callable[[list[str]], tuple[str, ...]], ...] = ()
    """For each message the outside people in To and Cc."""
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
    awake: bool = True
    """Whether it came about in the part of the capture that is being read."""
    samples: list[Sample] | None = None
    """Lines that came to this; None where no template can be made of them."""
    missed: int = 0
    """Lines since a template was made of them."""
    wait: int = field(default_factory=lambda: SAMPLES)
    """So many lines before the next one is made."""
    tries: int = 0
    """How often one was made, or could not be."""


class _Form:
    __slots__ = ("marks", "outcomes", "pick", "pins", "tries", "used")

    def __init__(self, marks: int) -> None:
        self.marks = marks
        """Quotation marks around keys and texts."""
        self.pins: tuple[int, ...] = (0, 1)
        """The numbers of the texts that matter."""
        self.pick: Callable[[list[Any]], Any] = itemgetter(0, 1)
        self.outcomes: dict[Any, _Outcome | None] = {}
        self.tries = 0
        self.used = 0

    def pin(self, read: Collection[int]) -> None:
        """Look at more texts from now on. What was learnt without them is forgotten."""
        pins = tuple(sorted({*self.pins, *read}))
        if pins != self.pins:
            self.pins, self.pick, self.outcomes = pins, itemgetter(*pins), {}


@dataclass(slots=True)
class _Pending:
    """A request that goes the careful road, and may be learnt from."""

    form: _Form
    method: str
    url: str
    headers: dict[str, str]
    body: str
    value: dict[str, Any]
    texts: list[Any]
    addresses: list[str]
    keys: list[str]
    rest: object
    heard: tuple[int, ...]
    """The numbers of the texts in which addresses or links may stand."""
    mail: SmtpTransaction | None = None
    """What it is where it is no request; ``value`` is the form of its message then, with the envelope."""


def _strings(value: Any) -> int:
    """Keys and texts in a value."""
    if type(value) is str:
        return 1
    if type(value) is dict:
        return len(value) + sum(map(_strings, value.values()))
    return sum(map(_strings, value)) if type(value) is list else 0


@dataclass(slots=True)
class Alike:
    """What was seen in one capture, and what it came to."""

    look: Look
    tally: CaptureTally
    path: str
    tick: Callable[[int], None]
    """Hears now and then how many requests were dealt with."""
    memory: Memory
    growing: Growing = field(init=False)
    _forms: dict[tuple[Any, ...], _Form] = field(default_factory=dict)
    _stencils: list[Stencil] = field(default_factory=list)
    _templates: list[Template] = field(default_factory=list)
    _mail_templates: list[Template] = field(default_factory=list)
    """Those of messages that were handed over, whose form is written as a line."""
    _outcomes: list[_Outcome] = field(default_factory=list)
    _sides: dict[str, bool] = field(default_factory=dict)
    _pending: _Pending | None = None
    _waking: _Outcome | None = None
    """An outcome that the request on the careful road came to in an earlier part."""
    _ticks: int = 0
    _vain: int = 0
    """Requests in a row that had to be looked at."""

    def __post_init__(self) -> None:
        """Find what sums up how the messages of the capture grow."""
        self.growing = self.tally.growing(self.path)

    def go_on(self, tally: CaptureTally) -> None:
        """Go on with another part, of which ``tally`` is kept.

        What was learnt counts there as soon as one request went the careful road: the tally has to have it once.
        """
        self.tally, self.growing = tally, tally.growing(self.path)
        self._pending = self._waking = None
        for form in self._forms.values():
            for one in form.outcomes.values():
                if one is not None:
                    one.awake = False

    def _rest(self, addresses: Sequence[str | bytes], keys: list[str]) -> object:
        """Who is the same, and who is inside; False where that is not plain."""
        same = None
        if len(keys) > 1 and len(set(keys)) != len(keys):
            same = _numbered(keys)
            if same != _numbered(addresses):
                return False
        if self.look.inside:
            return same, tuple([self._side(key) for key in keys])
        return same

    def _cut_stencil(
        self, line: bytes, body: str, form: list[Any], headers: dict[str, Any], known: _Form, texts: list[Any]
    ) -> None:
        """Make a stencil of a line, so that others like it need not be parsed."""
        pins = frozenset(known.pins)
        stencil = stencil_of(line, body, form, [2 + place in pins for place in range(len(texts) - 2)], len(headers))
        if stencil is not None:
            stencil.of, stencil.pins, stencil.pinned = known, known.pins, known.pick(texts)
            self._stencils.insert(0, stencil)
            del self._stencils[STENCILS:]

    def _again(self, known: _Form, outcome: _Outcome, keys: list[str]) -> None:
        """Take in a request that comes to what others came to."""
        known.used += 1
        outcome.count += 1
        self._vain = 0
        if outcome.only >= 0:
            key = keys[outcome.only]
            self.memory.wrote(key, 1)
            self.growing.show_one(key)
        elif outcome.readers:
            people = outcome.pick(keys)
            self.memory.wrote("\n".join(people), len(people))
            for pick in outcome.picks:
                self.growing.show(people if pick is outcome.pick else pick(keys))
        self._ticks += 1
        if self._ticks >= 64:
            self.tick(self._ticks)
            self._ticks = 0

    def line(self, line: bytes, number: int) -> bool:
        """Whether a line is like one that was learnt, and is dealt with, told without parsing it."""
        for place, template in enumerate(self._templates):
            values = template.values(line)
            if values is None:
                continue
            if place > 1:
                self._templates.insert(0, self._templates.pop(place))
            return self._fits(template, values, number)
        for place, stencil in enumerate(self._stencils):
            people = stencil.people(line)
            if people is None:
                continue
            known: _Form = stencil.of
            keys = [address.decode().lower() for address in people]
            outcome = known.outcomes.get((stencil.pinned, self._rest(people, keys), ()))
            if outcome is None or known.pins is not stencil.pins or not outcome.awake:
                return False
            if place > 1:
                self._stencils.insert(0, self._stencils.pop(place))
            self._again(known, outcome, keys)
            return True
        return False

    def _fits(self, template: Template, values: tuple[bytes, ...], number: int) -> bool:
        """Whether a line that fits a template is dealt with."""
        known, outcome = template.of
        # While the same texts matter an outcome is not taken back.
        if known.pins is not template.pins or not outcome.awake:
            return False
        keys = template.keys.copy()
        for place, hole in template.people:
            keys[place] = values[hole].decode().lower()
        rest = None
        if self.look.inside or len({*keys}) != len(keys):
            addresses: list[str | bytes] = [*template.keys]
            for place, hole in template.people:
                addresses[place] = values[hole]
            rest = self._rest(addresses, keys)
        if rest != template.rest:
            return False
        if template.constant and template.cleared is not self.memory:
            others = template.constant.difference(outcome.constant, outcome.senders(keys))
            if not self.memory.is_fixed(others):
                return False
            # What belongs to a template once does so until there is another memory.
            template.cleared = self.memory if others == template.constant else None
        if outcome.hidden and not template.constant.isdisjoint(outcome.pick(keys)):
            return False
        if template.links and outcome.target >= 0:
            self.memory.linked(template.plan, values, keys[outcome.target], number)
        self._again(known, outcome, keys)
        return True

    def _keep(
        self,
        line: bytes,
        body: str,
        form: list[Any],
        headers: int,
        known: _Form,
        outcome: _Outcome,
        texts: list[Any],
        addresses: list[str],
        keys: list[str],
        templates: list[Template],
    ) -> None:
        """Keep a line, and make a template when there are enough; later ones of what did not fit the earlier."""
        kept = outcome.samples
        if kept is None or len(line) > SAMPLED:
            return
        kept.append(Sample(line, body, tuple(addresses)))
        outcome.missed += 1
        if len(kept) > SAMPLES:
            del kept[0]
        if outcome.missed < outcome.wait:
            return
        outcome.missed = 0
        outcome.tries += 1
        first = 2 + headers
        template = cut(
            kept,
            form,
            [2 + place in known.pins for place in range(len(texts) - 2)],
            headers,
            {place - first: running for place, running, _ in outcome.heard},
            outcome.visible,
            self.look.found_in,
            self.look.tokens_in,
        )
        # Lines that happen to have too little in common say little about others.
        outcome.wait *= 2 if template is None else 8
        if outcome.tries >= (NO_MORE if template is None else 5):
            outcome.samples = None
        if template is not None:
            template.of, template.pins = (known, outcome), known.pins
            template.plan = template.links, self.path
            template.rest = self._rest(addresses, keys)
            templates.insert(0, template)
            del templates[STENCILS:]

    def request(
        self,
        line: bytes,
        number: int,
        method: str,
        url: str,
        headers: dict[str, Any],
        body: str,
        status: int | str | None,
        marks: int,
    ) -> bool:
        """Whether a request is like one that was learnt; then it is dealt with.

        ``line`` is where it was read, ``number`` which one that is; ``marks`` are the quotation marks in ``body``, unless something was dropped from the
        line. A request that is not dealt with goes the careful road; :meth:`learn` is told what it came to.
        """
        self._pending = self._waking = None
        self._vain += 1
        if self._vain > VAIN and self._vain % 8:
            return False
        try:
            "".join(headers.values())
        except TypeError:
            return False  # not all of them are texts
        value = plain_json(body)
        if type(value) is not dict or body.count('"') != marks:
            return False
        texts: list[Any] = [method, url, *headers.values()]
        first = len(texts)
        laid = self._lay((status, *headers), value, texts)
        if laid is None:
            return False
        known, form, addresses, keys = laid
        # Of two equal keys the parser keeps one; the marks of the other are too many then.
        if "\\" in body:
            if "\\u0022" in body:
                return False
            marks -= sum([text.count('"') for text in texts[first:] if type(text) is str])
        if marks != known.marks:
            return False
        heard = self._heard(texts, first)
        rest = self._rest(addresses, keys)
        if rest is False:
            return False
        outcome = known.outcomes.get((known.pick(texts), rest, heard), known)
        if type(outcome) is _Outcome:
            if not outcome.awake:
                self._waking = outcome
                return False
            if heard:
                if not self._hears(outcome, texts, keys, number):
                    return False
            elif known.used == WORTH and len(line) <= STENCILLED:
                self._cut_stencil(line, body, form, headers, known, texts)
            self._keep(line, body, form, len(headers), known, outcome, texts, addresses, keys, self._templates)
            self._again(known, outcome, keys)
            return True
        if outcome is known and known.tries <= TRIES + known.used // 8 and len(known.outcomes) < OUTCOMES:
            self._pending = _Pending(known, method, url, headers, body, value, texts, addresses, keys, rest, heard)
        return False

    def _lay(
        self, head: tuple[Any, ...], value: dict[str, Any], texts: list[Any]
    ) -> tuple[_Form, list[Any], list[Any], list[str]] | None:
        """Take a value apart: what is known of its form, which that is, and its addresses; puts its texts behind ``texts``."""
        form: list[Any] = []
        addresses: list[Any] = []
        try:
            lay(value, form, addresses, texts)
        except FormlessError:
            return None
        keys = plain_keys(addresses)
        if keys is None:
            return None
        steps = (*head, *form)
        known = self._forms.get(steps)
        if known is None:
            if len(self._forms) < FORMS and len(steps) <= LONGEST:
                self._forms[steps] = _Form(2 * _strings(value))
            return None
        return known, form, addresses, keys

    def _heard(self, texts: list[Any], first: int) -> tuple[int, ...]:
        loud = self.look.loud
        return tuple(
            [
                place
                for place, text in enumerate(texts[first:], first)
                if type(text) is str and ("@" in text or loud(text))
            ]
        )

    def mail(self, number: int, mail: SmtpTransaction, status: int | str | None) -> bool:
        """Whether a message that was handed over is like one that was learnt; then it is dealt with. See :meth:`request`."""
        self._pending = self._waking = None
        self._vain += 1
        if self._vain > VAIN and self._vain % 8:
            return False
        form = mail_of(mail.data) if type(mail.data) is str else None
        if form is None or type(mail.relay) is not str or type(mail.rcpt_to) is not list:
            return False
        value: dict[str, Any] = {"from": mail.mail_from, "to": mail.rcpt_to, **form}
        body = json.dumps(value)
        line = json.dumps({"method": "SMTP", "url": mail.relay, "status": status, "headers": {}, "body": body}).encode()
        for template in self._mail_templates:
            values = template.values(line)
            if values is not None:
                return self._fits(template, values, number)
        texts: list[Any] = ["SMTP", mail.relay]
        laid = self._lay((status, _MAIL), value, texts)
        if laid is None:
            return False
        known, steps, addresses, keys = laid
        heard = self._heard(texts, 2)
        rest = self._rest(addresses, keys)
        if rest is False:
            return False
        outcome = known.outcomes.get((known.pick(texts), rest, heard), known)
        if type(outcome) is _Outcome:
            if not outcome.awake:
                self._waking = outcome
                return False
            if heard and not self._hears(outcome, texts, keys, number):
                return False
            self._keep(line, body, steps, 0, known, outcome, texts, addresses, keys, self._mail_templates)
            self._again(known, outcome, keys)
            return True
        if outcome is known and known.tries <= TRIES + known.used // 8 and len(known.outcomes) < OUTCOMES:
            self._pending = _Pending(
                known, "SMTP", mail.relay, {}, "", value, texts, addresses, keys, rest, heard, mail
            )
        return False

    def _hears(self, outcome: _Outcome, texts: list[Any], keys: list[str], number: int) -> bool:
        """Whether the texts of a request show nobody to anybody."""
        heard = [(texts[place], running, targets(keys)) for place, running, targets in outcome.heard]
        senders = (*outcome.constant, *outcome.senders(keys))
        place = lambda: Place(self.path, number)  # noqa: E731  # made only where there are links
        return self.memory.hears(heard, senders, frozenset(outcome.pick(keys)), frozenset(outcome.seen(keys)), place)

    def _side(self, key: str) -> bool:
        domain = key.rpartition("@")[2]
        side = self._sides.get(domain)
        if side is None:
            side = is_inside(Recipient(key), self.look.inside)
            if len(self._sides) < 100_000:
                self._sides[domain] = side
        return side

    def learn(self, exchange: object, claim: Decision | None, looked: Decoded | None) -> None:
        """Hear what the request behind the last :meth:`request` came to on the careful road.

        ``claim`` is what its service said, ``looked`` the same with what readers find in texts.
        """
        pending, self._pending = self._pending, None
        waking, self._waking = self._waking, None
        if waking is not None:
            waking.awake = waking.effect == (self.tally.last if claim is not None else Effect())
        if pending is None:
            return
        pending.form.tries += 1
        outcome, read = self._learnt(pending, exchange, claim, looked)
        pending.form.pin(read)
        pending.form.outcomes[pending.form.pick(pending.texts), pending.rest, pending.heard] = outcome
        if outcome is not None:
            self._outcomes.append(outcome)

    def _learnt(
        self, pending: _Pending, exchange: object, claim: Decision | None, looked: Decoded | None
    ) -> tuple[_Outcome | None, Collection[int]]:
        numbers = _numbered(pending.keys)
        people = [stand_in(number) for number in numbers]
        read: set[int] = set()
        twins: Exchange
        if pending.mail is not None:
            if exchange != pending.mail:
                return None, ()
            read |= _decisive(pending)
            twins = _mail_twin(pending, people)
        else:
            if type(exchange) is not HttpRequest or (exchange.url, exchange.headers, exchange.body) != (
                pending.url,
                pending.headers,
                pending.body,
            ):
                return None, ()
            twin = _Twin(people, 2 + len(pending.headers), read)
            headers = Watched(pending.headers, {name: 2 + place for place, name in enumerate(pending.headers)}, read)
            body = twin.mapping(pending.value)
            if twin.next_place() != len(pending.texts):
                return None, ()
            # The body of the twin is data already; that of the request is unpacked first, and headers say how.
            payload(replace(exchange, headers=headers))
            twins = replace(exchange, headers=headers, body=body, encoding="json")
        said = self.look.decide(twins)
        read = {*read}  # what is read from here on says nothing
        if said is None or claim is None:
            return (_Outcome(Effect()) if said is None and claim is None else None), read
        if said.provider is not claim.provider or said.operation != claim.operation or looked != claim.decoded:
            return None, read
        first: dict[str, int] = {}
        for place, number in enumerate(numbers):
            first.setdefault(stand_in(number), place)
        effect = self.tally.last
        match said.decoded, claim.decoded:
            case CannotTell() as one, CannotTell() as other:
                return (_Outcome(effect) if one == other else None), read
            case tuple() as messages, tuple() as others:
                alternative: tuple[Message, ...] = ()
            case Undecided() as one, Undecided() as other if one.reason is other.reason:
                messages, others = one.messages, other.messages
                alternative = one.alternative
                if not _renamed(alternative, other.alternative, first, pending.addresses):
                    return None, read
            case _:
                return None, read
        if not _renamed(messages, others, first, pending.addresses):
            return None, read
        if any(person.address not in first for one in (*messages, *alternative) for person in one.sender):
            return None, read  # somebody who is written to may be who it is from
        if not messages:
            return _Outcome(Effect()), read
        if pending.mail is None and not self.look.settled(pending.value):
            return None, read
        everybody = [_places(first, one.to, one.cc, one.bcc, one.transmitted_bcc) for one in (*messages, *alternative)]
        readers = sorted(set().union(*everybody))
        pick = _picker(readers)
        picks = []
        for message in messages:
            shown = sorted(_places(first, message.to, message.cc) - _places(first, message.sender))
            if self.look.inside:
                shown = [place for place in shown if not self._side(pending.keys[place])]
            picks.append(pick if shown == readers else _picker(shown))
        only = readers[0] if len(readers) == 1 and picks == [pick] else -1
        outcome = _Outcome(effect, len(readers), pick, tuple(picks), only)
        if not pending.heard:
            outcome.samples, outcome.wait = [], max(SAMPLES, WORTH)
            return outcome, read
        seen = [
            mine if len(mine) == 1 else _places(first, one.to, one.cc)
            for mine, one in zip(everybody, (*messages, *alternative), strict=True)
        ]
        outcome.seen = _picker(sorted(set.intersection(*seen)))
        outcome.only = -1 if len(readers) != 1 else outcome.only
        alone = list(dict.fromkeys(min(mine) for mine in everybody if len(mine) == 1))
        senders = self.look.senders(twins)
        senders |= {person.address for one in (*messages, *alternative) for person in one.reply_to if person.address}
        named = {first[one] for one in senders & first.keys()}
        outcome.senders = _picker(sorted(named))
        outcome.visible = tuple(sorted(named.union(set.intersection(*seen))))
        outcome.hidden = not set(readers) <= set(outcome.visible)
        outcome.constant = senders - first.keys()
        return (outcome if self._listen(pending, outcome, twins, people, alone, read) else None), read

    def _listen(
        self,
        pending: _Pending,
        outcome: _Outcome,
        twins: Exchange,
        people: Sequence[str],
        alone: Sequence[int],
        read: set[int],
    ) -> bool:
        """Learn what the texts of a request are in which addresses or links may stand; whether that can be told.

        ``alone`` are those who get a message for themselves. Texts that no reader gets matter as they are: they may decide
        what others are.
        """
        shapes = {place: "".join([sign for sign in "@<" if sign in pending.texts[place]]) for place in pending.heard}
        marks = {place: f"\ue000{place}\ue000{shape}" for place, shape in shapes.items()}
        decide: set[int] = set()
        if isinstance(twins, HttpRequest):
            twin = _Twin(people, 2 + len(pending.headers), decide, marks, self.look.deciding)
            exchange: Exchange = replace(twins, body=twin.mapping(pending.value))
        else:
            exchange = _mail_twin(pending, people, marks)
        read |= decide
        others = {text for place, text in enumerate(pending.texts) if type(text) is str and place not in marks}
        roles = self.look.hearing(exchange, frozenset(marks.values()), others)
        if roles is None:
            return False
        said: list[tuple[int, bool, tuple[int, ...]]] = []
        to: set[int] = set()
        for place in pending.heard:
            if not roles[marks[place]]:
                read.add(place)
            for role in roles[marks[place]]:
                targets = [one for one in alone if people[one] in role.owners] if role.owners else [*alone[:2]]
                said.append((place, role.running, tuple(targets)))
                to.update(targets)
        outcome.heard = tuple([(place, running, _picker([*targets])) for place, running, targets in said])
        outcome.target = min(to) if len(to) == 1 else -1
        if (
            len(to) < 2
            and len({targets for _, _, targets in said}) < 2
            and len(said) == len({place for place, _, _ in said})
        ):
            outcome.samples = []
        return True

    def flush(self) -> None:
        """Tell the tally what was counted since the last time."""
        for outcome in self._outcomes:
            if outcome.count:
                self.tally.again(outcome.effect, outcome.count)
                outcome.count = 0
        self.tick(self._ticks)
        self._ticks = 0


def _mail_twin(
    pending: _Pending, people: Sequence[str], marks: Mapping[int, str] = MappingProxyType({})
) -> SmtpTransaction:
    return transaction_of(pending.url, _Twin(people, 2, set(), marks).mapping(pending.value))


def _decisive(pending: _Pending) -> set[int]:
    """The texts of a message that matter: all but those of which it is known that nobody decides anything by them."""
    free: list[object] = []
    for name, item in pending.value.items():
        if name == "headers":
            free += [text for key, text in item.items() if key.lower() in FREE]
        elif name not in ("from", "to"):
            free += [text for part in item for text in part.values()]
    return {place for place, text in enumerate(pending.texts) if not any(text is one for one in free)}


def _picker(places: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    """What stands in some places, as a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda keys: tuple([keys[place] for place in places])


def _numbered(keys: Sequence[str | bytes]) -> tuple[int, ...]:
    """For each text its number, from 0; equal ones have one."""
    numbers: dict[str | bytes, int] = {}
    return tuple([numbers.setdefault(key, len(numbers)) for key in keys])


def _places(first: Mapping[str, int], *lines: tuple[Recipient, ...]) -> set[int]:
    """The numbers of the people whose address is known."""
    return {first[person.address] for line in lines for person in line if person.address is not None}


def _renamed(
    messages: Sequence[Message], others: Sequence[Message], first: Mapping[str, int], addresses: Sequence[str]
) -> bool:
    """Whether ``others`` are ``messages`` with the people in the places of their stand-ins, and nothing else is in them."""

    def line(people: tuple[Recipient, ...]) -> tuple[Recipient, ...] | None:
        result = []
        for one in people:
            if one.count != ONE or one.origin is not Origin.GIVEN or one.trail or one.label or one.domain is not None:
                return None
            if one.address is None:
                result.append(one)
            elif one.address in first:
                result.append(Recipient(addresses[first[one.address]]))
            else:
                return None
        return tuple(result)

    if len(messages) != len(others):
        return False
    for message, other in zip(messages, others, strict=True):
        if message.mentions or other.mentions:
            return False
        lines = {name: line(getattr(message, name)) for name in ("to", "cc", "bcc", "transmitted_bcc", "reply_to")}
        if None in lines.values() or replace(message, **lines) != other:  # type: ignore[arg-type]  # none is None
            return False
    return True
