"""Finds in each request one that was learnt: by the line it is written in, else by its form, and deals with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mailguard.addresses.plain import plain_keys
from mailguard.alike.form import Form, Outcome, Pending
from mailguard.alike.learn import Careful, learnt
from mailguard.alike.look import Decision, Look, Memory
from mailguard.alike.mail_form import mail_of
from mailguard.alike.outline import FormlessError, lay
from mailguard.alike.records import Said, line_of, opened
from mailguard.alike.sides import Sides
from mailguard.alike.stencil import Stencil, stencil_of
from mailguard.alike.template import Sample, Template, cut
from mailguard.alike.twin import WHOLE, Twin, stand_in
from mailguard.alike.unpacking import marks_in, strings, unpack
from mailguard.documents.covered_words import is_word_for, names_somebody
from mailguard.documents.json_values import count_marks, hides_signs, json_text, plain_json
from mailguard.model.exchange import HttpRequest, Record, SmtpTransaction
from mailguard.model.message import Decoded
from mailguard.model.place import Place
from mailguard.tally.captures import CaptureTally, Growing

__all__ = ["Alike"]

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
SAMPLED: Final = 1 << 17
"""Bytes of a line that one is made of."""


_MAIL: Final = object()


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
    _forms: dict[tuple[Any, ...], Form] = field(default_factory=dict)
    _stencils: list[Stencil] = field(default_factory=list)
    _templates: list[Template] = field(default_factory=list)
    _mail_templates: list[Template] = field(default_factory=list)
    """Those of messages that were handed over, whose form is written as a line."""
    _outcomes: list[Outcome] = field(default_factory=list)
    _sides: Sides = field(init=False)
    _pending: Pending | None = None
    _ticks: int = 0
    _vain: int = 0
    """Requests in a row that had to be looked at."""
    _asked: bool = False
    """Whether the next record is one that :meth:`request` or :meth:`mail` was asked about."""
    _where: Place | None = None
    """Where the request stands that is being compared, if that is no line of its own; those are records, and counted as such."""

    def __post_init__(self) -> None:
        """Find what sums up how the messages of the capture grow."""
        self.growing = self.tally.growing(self.path)
        self._sides = Sides(self.look.inside)

    def go_on(self, tally: CaptureTally) -> None:
        """Go on with a later part, of which ``tally`` is kept; it follows the one that was kept so far."""
        tally.follow(self.tally)
        self.tally, self.growing = tally, tally.growing(self.path)
        self._pending = None

    def _cut_stencil(
        self, line: bytes, body: str, form: list[Any], headers: dict[str, Any], known: Form, texts: list[Any]
    ) -> None:
        """Make a stencil of a line, so that others like it need not be parsed."""
        pins = frozenset(known.pins)
        pinned, data = [2 + place in pins for place in range(len(texts) - 2)], known.data or ()
        stencil = stencil_of(line, body, form, pinned, len(headers), {place - 2 - len(headers) for place in data})
        if stencil is not None:
            stencil.of, stencil.pins, stencil.pinned = known, known.pins, known.pick(texts)
            self._stencils.insert(0, stencil)
            del self._stencils[STENCILS:]

    def _again(self, known: Form, outcome: Outcome, keys: list[str]) -> None:
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
            if outcome.each is not None:
                self.growing.show_each(outcome.each(keys))
            else:
                for pick in outcome.picks:
                    self.growing.show(people if pick is outcome.pick else pick(keys))
        self._ticks += self._where is None
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
            known: Form = stencil.of
            keys = [address.decode().lower() for address in people]
            outcome = known.outcomes.get((stencil.pinned, self._sides.rest(people, keys), ()))
            if outcome is None or known.pins is not stencil.pins:
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
        if known.pins is not template.pins:
            return False
        keys = template.keys.copy()
        for place, hole in template.people:
            keys[place] = values[hole].decode().lower()
        rest = None
        if self.look.inside or len({*keys}) != len(keys):
            addresses: list[str | bytes] = [*template.keys]
            for place, hole in template.people:
                addresses[place] = values[hole]
            rest = self._sides.rest(addresses, keys)
        if rest != template.rest:
            return False
        readers = outcome.pick(keys)
        # Whoever is part of a template, of this one or of another, and reads it, may be one of a list.
        if self.memory.knows_fixed(readers) or (outcome.hidden and not template.constant.isdisjoint(readers)):
            return False
        if template.constant and template.cleared is not self.memory.template:
            others = template.constant.difference(outcome.constant, outcome.senders(keys))
            if not self.memory.is_fixed(others):
                return False
            template.cleared = self.memory.template if others == template.constant else None
        for hole in template.words:
            if names_somebody(word := values[hole]):
                # Whoever gets a link may find his own address in it.
                own = keys[outcome.only] if outcome.only >= 0 else ""
                if not is_word_for(word, own) and self.look.found_in(f"http://a/{word.decode()}") != [own]:
                    return False
        if template.links and outcome.target >= 0:
            self.memory.linked(template.plan, values, keys[outcome.target], self._where or number)
        self._again(known, outcome, keys)
        return True

    def _keep(
        self,
        line: bytes,
        body: str,
        form: list[Any],
        headers: int,
        known: Form,
        outcome: Outcome,
        texts: list[Any],
        addresses: list[str],
        keys: list[str],
        templates: list[Template],
    ) -> None:
        """Keep a line, and make a template when there are enough; later ones of what did not fit the earlier."""
        if outcome.samples is None or len(line) > SAMPLED:
            return
        if not outcome.keep(Sample(line, body, tuple(addresses))):
            return
        first = 2 + headers
        template = cut(
            outcome.samples,
            form,
            [2 + place in known.pins for place in range(len(texts) - 2)],
            headers,
            {place - first: running for place, running, _ in outcome.heard},
            outcome.visible,
            self.look.found_in,
            self.look.tokens_in,
        )
        outcome.cut(succeeded=template is not None)
        if template is not None:
            template.of, template.pins = (known, outcome), known.pins
            template.plan = template.links, self.path
            template.rest = self._sides.rest(addresses, keys)
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
        self._asked = not self._is_like(line, number, (method, url, headers, body), status, marks)
        return not self._asked

    def _is_like(self, line: bytes, number: int, said: Said, status: int | str | None, marks: int) -> bool:
        method, url, headers, body = said
        if not self._begins(headers):
            return False
        head, slashed = (status, *headers), "\\" in body
        value: Any = plain_json(body) if body[:1] in ("{", "[") else None
        kind = type(value)
        if kind is not dict and kind is not list:
            # What was dropped from the line had marks; those of JSON are compared with what a body of its form has.
            found = (
                opened(HttpRequest(method, url, headers, body), self.look.raw) if count_marks(body) == marks else None
            )
            return found is not None and self._written(number, said, head, found.value, found.marks)
        # Of two equal keys the parser keeps one; the marks of the other are too many then.
        if hides_signs(body):
            return False
        if kind is list:
            return self._compared(line, number, said, head, {WHOLE: value}, marks + 2, body, escaped=slashed)
        packed = unpack(value, self.look.raw)
        if packed is not None:
            return self._written(number, said, head, packed, marks - marks_in(value) if slashed else marks)
        return self._compared(line, number, said, head, value, marks, body, escaped=slashed)

    def _begins(self, headers: dict[str, Any]) -> bool:
        """Begin with another request; whether it is worth it, and all of its headers are texts."""
        self._pending = None
        self._vain += 1
        if self._vain > VAIN and self._vain % 8:
            return False
        return {*map(type, headers.values())} <= {str}

    def record(self, record: Record) -> bool:
        """The same of a record in whatever format, that was not asked about before."""
        asked, self._asked = self._asked, False
        if asked:
            return False
        self._pending = None
        exchange, place = record.exchange, record.place
        if type(exchange) is not HttpRequest or not exchange.body or place.path != self.path:
            return False
        method, url, headers, body = exchange.method, exchange.url, exchange.headers, exchange.body
        if type(method) is not str or type(url) is not str or type(headers) is not dict or not self._begins(headers):
            return False
        said, head = (method, url, headers, body), (f"\0{record.delivered} {record.unproven}", *headers)
        self._where = place
        try:
            return self._is_record_like(exchange, said, head)
        finally:
            self._where = None

    def _is_record_like(self, exchange: HttpRequest, said: Said, head: tuple[str, ...]) -> bool:
        body: Any = exchange.body
        line = json_text(line_of(said, head, body)) if type(body) is str and body[:1] == "{" else None
        for template in self._templates:
            if line is not None and (values := template.values(line)) is not None:
                return self._fits(template, values, 0)
        found = opened(exchange, self.look.raw)
        if found is None:
            return False
        if line is None or not found.as_it_is:
            return self._written(0, said, head, found.value, found.marks)
        return self._compared(line, 0, said, head, found.value, found.marks, body)

    def _compared(
        self,
        line: bytes,
        number: int,
        said: Said,
        head: tuple[Any, ...],
        value: dict[str, Any],
        marks: int | None,
        body: str,
        *,
        escaped: bool = False,
        written: bool = False,
        mail: SmtpTransaction | None = None,
    ) -> bool:
        """Whether a request is like one that was learnt, by its form.

        Args:
            line: where it was read, or as what it is written to be compared.
            number: which line that is.
            said: what was recorded.
            head: what else belongs to its form.
            value: its body as a mapping.
            marks: the quotation marks around what is in it, the key over a list included; None where they say nothing.
            body: that mapping, as it stands in ``line``.
            escaped: whether those inside its texts were counted as well.
            written: whether ``line`` was written to be compared, and something else stands in it than what was recorded.
            mail: what it is where it is no request.

        """
        method, url, headers, _ = said
        texts: list[Any] = [method, url, *headers.values()]
        first = len(texts)
        laid = self._lay(head, value, texts)
        if laid is None:
            return False
        known, form, addresses, keys = laid
        if known.data is not None and (written or WHOLE in value or not self.look.plain_data(known.pick_data(texts))):
            return False
        if escaped and marks is not None:
            marks -= sum([text.count('"') for text in texts[first:] if type(text) is str])
        if marks is not None and marks != known.marks:
            return False
        heard = self._heard(texts, known.others if known.data is not None else range(first, len(texts)))
        rest = self._sides.rest(addresses, keys)
        if rest is False:
            return False
        outcome = known.outcomes.get((known.pick(texts), rest, heard), known)
        if type(outcome) is Outcome:
            if outcome.filling is not None and not outcome.filling.fits(texts):
                return False
            if heard:
                if not self._hears(outcome, texts, keys, number):
                    return False
            elif (
                not written
                and self._where is None
                and known.is_worth_a_stencil()
                and len(line) <= STENCILLED
                and (outcome.filling is None or outcome.filling.harmless)
            ):
                self._cut_stencil(line, body, form, headers, known, texts)
            templates = self._mail_templates if written else self._templates
            self._keep(line, body, form, len(headers), known, outcome, texts, addresses, keys, templates)
            self._again(known, outcome, keys)
            return True
        if known.data is not None and "" in known.pick_data(texts):
            return False  # what is empty says nothing of what else may stand there
        if self._is_worth_learning(known, outcome):
            self._pending = Pending(known, *said, value, texts, addresses, keys, rest, heard, mail)
        return False

    def _is_worth_learning(self, known: Form, outcome: object) -> bool:
        """Whether a request says something new: nothing is known of it (that is ``known`` itself), and learning was of use so far."""
        return outcome is known and known.tries <= TRIES + known.used // 8 and len(known.outcomes) < OUTCOMES

    def _written(
        self,
        number: int,
        said: Said,
        head: tuple[Any, ...],
        value: dict[str, Any],
        marks: int | None,
        mail: SmtpTransaction | None = None,
    ) -> bool:
        """The same of a request whose body is written anew, as ``value``: with the form of a message in the place of its text, or as what it is.

        See :meth:`_compared`.
        """
        written = json_text(value)
        body = "" if written is None else written.decode()
        line = json_text(line_of(said, head, body)) if body else None
        if line is None:
            return False
        for template in self._mail_templates:
            values = template.values(line)
            if values is not None:
                return marks in (None, template.of[0].marks) and self._fits(template, values, number)
        return self._compared(line, number, said, head, value, marks, body, written=True, mail=mail)

    def _lay(
        self, head: tuple[Any, ...], value: dict[str, Any], texts: list[Any]
    ) -> tuple[Form, list[Any], list[Any], list[str]] | None:
        """Take a value apart: what is known of its form, which that is, and its addresses; puts its texts behind ``texts``."""
        form: list[Any] = []
        addresses: list[Any] = []
        first = len(texts)
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
                self._forms[steps] = self._form(value, len(addresses), len(texts), first)
            return None
        return known, form, addresses, keys

    def _form(self, value: dict[str, Any], people: int, texts: int, first: int) -> Form:
        """What there is to know of a form as such: its quotation marks, and which of its texts are merge data."""
        twin = Twin([stand_in(0)] * people, first, set(), merges=self.look.merges)
        twin.mapping(value)
        data = twin.data
        if data is None:
            return Form(2 * strings(value))
        form = Form(2 * strings(value), data, [place for place in range(first, texts) if place not in data])
        if twin.names_in_data:
            form.tries = sys.maxsize  # a name beside an address is in none of the texts, and may be anything here
        return form

    def _heard(self, texts: list[Any], places: Iterable[int]) -> tuple[int, ...]:
        loud, spoken = self.look.loud, [place for place in places if type(texts[place]) is str]
        # What one of them has is in all of them together as well.
        whole = "\0".join([texts[place] for place in spoken])
        if "@" not in whole and not loud(whole):
            return ()
        return tuple([place for place in spoken if "@" in (text := texts[place]) or loud(text)])

    def mail(self, number: int, mail: SmtpTransaction, status: int | str | None) -> bool:
        """Whether a message that was handed over is like one that was learnt; then it is dealt with. See :meth:`request`."""
        self._asked = not self._is_mail_like(number, mail, status)
        return not self._asked

    def _is_mail_like(self, number: int, mail: SmtpTransaction, status: int | str | None) -> bool:
        if not self._begins({}):
            return False
        form = mail_of(mail.data) if type(mail.data) is str else None
        if form is None or type(mail.relay) is not str or type(mail.rcpt_to) is not list:
            return False
        value: dict[str, Any] = {"from": mail.mail_from, "to": mail.rcpt_to, **form}
        return self._written(number, ("SMTP", mail.relay, {}, ""), (status, _MAIL), value, None, mail)

    def _hears(self, outcome: Outcome, texts: list[Any], keys: list[str], number: int) -> bool:
        """Whether the texts of a request show nobody to anybody."""
        heard = [(texts[place], running, targets(keys)) for place, running, targets in outcome.heard]
        senders = (*outcome.constant, *outcome.senders(keys))
        place = lambda: self._where or Place(self.path, number)  # noqa: E731  # made only where there are links
        everybody, seen = frozenset(outcome.pick(keys)), frozenset(outcome.seen(keys))
        return self.memory.hears(heard, senders, everybody, seen, place, filled=outcome.filling is not None)

    def learn(self, exchange: object, claim: Decision | None, looked: Decoded | None) -> None:
        """Hear what the request behind the last :meth:`request` came to on the careful road.

        ``claim`` is what its service said, ``looked`` the same with what readers find in texts.
        """
        pending, self._pending = self._pending, None
        if pending is None:
            return
        pending.form.tries += 1
        careful = Careful(exchange, claim, looked, self.tally.last)
        outcome, read = learnt(pending, careful, self.look, self._sides.of)
        pending.form.pin(read)
        pending.form.outcomes[pending.form.pick(pending.texts), pending.rest, pending.heard] = outcome
        if outcome is not None:
            self._outcomes.append(outcome)

    def flush(self) -> None:
        """Tell the tally what was counted since the last time."""
        for outcome in self._outcomes:
            if outcome.count:
                self.tally.again(outcome.effect, outcome.count)
                outcome.count = 0
        self.tick(self._ticks)
        self._ticks = 0
