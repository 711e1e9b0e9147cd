"""Other people in what readers of a capture find, message by message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from mailguard.addresses.compare import compare_key
from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, Count
from mailguard.model.exchange import Exchange
from mailguard.model.links import Batch, Links, Token, tokens_in
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Recipient, Trait, Undecided
from mailguard.model.place import Place
from mailguard.transports.content.blanks import Blanks
from mailguard.transports.content.fields import FOLLOW_UP
from mailguard.transports.content.hearing import RUNNING
from mailguard.transports.content.pieces import pieces
from mailguard.transports.content.senders import senders
from mailguard.transports.content.sharing import mismatched, shared_values
from mailguard.transports.content.texts import Piece, attendees, found_in, may_name
from mailguard.transports.content.worth import worth_a_look
from mailguard.transports.tags import MARK

EARLIER_LIMIT: Final = 250_000
"""People of earlier requests of a capture that are remembered, as hashes: some 20 MB."""
_FIXED_LIMIT: Final = 20_000  # addresses that belong to a template
_CONTACTS: Final = 3
"""People of a footer, at most; more are a list."""
_PERHAPS: Final = Count(0, 0, 1)
_NOWHERE: Final = Place("")
_Found: TypeAlias = tuple[Piece, list[Mention]]
_Plan: TypeAlias = tuple[tuple[tuple[int, Token], ...], str]
_LATE: Final = 256
"""Requests whose links are put with the others at once."""


class Contents:
    """Looks into the requests of one capture, one after the other, and remembers to whom they went."""

    def __init__(self, limit: int = EARLIER_LIMIT) -> None:
        """``limit``: how many people of earlier requests are remembered."""
        self._limit = limit
        self._earlier: set[int] = set()
        self._late: list[str] = []
        self._late_count = 0
        self._fixed: set[str] = set()
        self._listed: set[str] = set()
        """Those of ``_fixed`` who got a text in which they stand themselves."""
        self._pairs: dict[int, int] = {}
        """Who, of two that a text named, read it first."""
        self.template = object()
        """Stands for what belongs to a template: another one as soon as less does."""
        self.full = False
        """Whether the capture had more people than are remembered."""
        self._links = Links()
        self._late_links: dict[int, tuple[_Plan, list[tuple[Sequence[bytes], str, int]]]] = {}
        self._late_rows = 0
        self.missing: Counter[str] = Counter()
        """Attached files that were not looked into, by the reason."""
        self._gathered: frozenset[str] = frozenset()

    @property
    def links(self) -> Links:
        """To whom the links of the capture went that may belong to one person."""
        if self._late_links:
            self._settle_links()
        return self._links

    def _settle_links(self) -> None:
        late, self._late_links, self._late_rows = self._late_links, {}, 0
        batches = []
        for (plan, _), rows in late.values():
            columns = {number: [hash(values[number].decode()) for values, _, _ in rows] for number in _holes(plan)}
            links = [(one.slot, one.named, columns[number] if number >= 0 else one.token) for number, one in plan]
            batches.append(Batch([hash(owner) for _, owner, _ in rows], [line for _, _, line in rows], links))
        (_, path), _ = next(iter(late.values()))
        self._links.add_all(path, batches)

    def linked(self, plan: _Plan, values: Sequence[bytes], owner: str, where: int | Place) -> None:
        """Take note of the links of a request with one reader.

        ``plan`` has, for each link, which of ``values`` is its token (-1: the one that is said) and its slot, and which
        capture it is; ``where`` in that, as the number of a line where it has one of its own.
        """
        if isinstance(where, Place):
            words = [one if hole < 0 else one._replace(token=hash(values[hole].decode())) for hole, one in plan[0]]
            self.links.add(words, owner, where)
            return
        known = self._late_links.get(id(plan))
        if known is None:
            known = self._late_links[id(plan)] = (plan, [])
        known[1].append((values, owner, where))
        self._late_rows += 1
        if self._late_rows >= _LATE:
            self._settle_links()

    @property
    def strangers(self) -> bool:
        """Whether addresses stood in texts to which nobody had written before."""
        return bool(self._fixed)

    def is_fixed(self, people: Collection[str]) -> bool:
        """Whether all addresses, in their comparing form, are known to belong to a template."""
        return all(key in self._fixed for key in people)

    def knows_fixed(self, people: Iterable[str]) -> bool:
        """Whether one of the addresses, in their comparing form, is known to belong to a template."""
        return not self._fixed.isdisjoint(people)

    def add(self, exchange: Exchange, decoded: Decoded, place: Place = _NOWHERE) -> Decoded:
        """``decoded`` with what readers find elsewhere. Call it for each request of a capture, in order."""
        self._place = place
        match decoded:
            case CannotTell():
                return decoded
            case Undecided(messages=messages, alternative=other):
                found = self._with(exchange, (*messages, *other))
                return replace(decoded, messages=found[: len(messages)], alternative=found[len(messages) :])
            case tuple():
                return self._with(exchange, decoded)

    def _with(self, exchange: Exchange, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        if not messages:
            return messages
        self._settle()
        readers = [_keys((*one.to, *one.cc, *one.bcc, *one.transmitted_bcc)) for one in messages]
        everybody = frozenset().union(*readers)
        result = messages
        if worth_a_look(exchange, everybody):
            result = self._searched(exchange, messages, readers, everybody)
        self.written(everybody)
        return result

    def hears(
        self,
        heard: Sequence[tuple[str, bool, Sequence[str]]],
        senders: Collection[str],
        everybody: Collection[str],
        seen: Collection[str],
        place: Callable[[], Place],
        *,
        filled: bool = False,
    ) -> bool:
        """Whether texts show nobody to anybody, as far as can be told at once; then their links are taken note of.

        Args:
            heard: each text, whether it is a running one, and whom its links go to, as :meth:`_linked` says.
            senders: who the mail is from. All are in their comparing form.
            everybody: to whom the request writes.
            seen: who of them is seen by all others anyway.
            place: where the request stands.
            filled: whether it is known already that no merge tag is left in them.

        """
        tokens: dict[str, list[Token]] = {}
        for text, running, targets in heard:
            if running and not filled and MARK.search(text):
                return False
            if may_name(text):
                for key in found_in(text):
                    if key in senders:
                        continue
                    # Whoever is part of a template, and reads it, may be one of a list.
                    if key not in seen or key in self._fixed if key in everybody else key not in self._fixed:
                        return False
            if targets and running:
                found = tokens_in(text)
                for target in targets if found else ():
                    tokens.setdefault(target, []).extend(found)
        if len(tokens) > 1 and any(one.named for found in tokens.values() for one in found):
            return False
        if tokens:
            where = place()
            for target, found in tokens.items():
                self.links.add(found, target, where)
        return True

    def written(self, everybody: Collection[str]) -> None:
        """Take note of whom a request wrote to, in their comparing form; that is all where :func:`settled` and not :func:`loud`."""
        if len(self._earlier) < self._limit:
            self._earlier.update(map(hash, everybody))
        elif not self.full:
            self.full = any(hash(key) not in self._earlier for key in everybody)

    def wrote(self, people: str, count: int) -> None:
        """The same of ``count`` people, one a line. They are put with the others when a text is looked into, which may be never."""
        self._late.append(people)
        self._late_count += count
        if self._late_count + len(self._earlier) >= self._limit:
            self._settle()

    def _settle(self) -> None:
        late, self._late, self._late_count = self._late, [], 0
        for people in late:
            self.written(people.split("\n"))

    def _searched(
        self,
        exchange: Exchange,
        messages: tuple[Message, ...],
        readers: list[frozenset[str]],
        everybody: frozenset[str],
    ) -> tuple[Message, ...]:
        from_ = senders(exchange) | _keys(person for one in messages for person in one.reply_to)
        shared: list[_Found] = []
        owned: dict[str, list[_Found]] = {}
        follow: list[Recipient] = []
        blocks: list[Piece] = []
        texts: list[Piece] = []
        data: list[Piece] = []
        gathered: set[str] = set()
        for piece in pieces(exchange):
            if piece.missing:
                self.missing[piece.missing] += 1
                continue
            if piece.names:
                data.append(piece)
            if piece.field in RUNNING:
                texts.append(piece)
            if piece.field is Field.HEADER and piece.detail.casefold() in FOLLOW_UP:
                follow += recipients(piece.text).recipients
                continue
            if piece.own:
                blocks.append(piece)
            if piece.field is Field.CALENDAR:
                people, hosts = attendees(piece.text)
                known = [(key, ONE) for key in people if key not in from_ and key not in hosts]
            else:
                known = (
                    self._known(found_in(piece.text), everybody, from_, gathered, _leaving(piece))
                    if may_name(piece.text)
                    else []
                )
            if not known:
                continue
            entry = (
                piece,
                [Mention(piece.field, Recipient(key, count), piece.detail, known=True) for key, count in known],
            )
            if piece.owners:
                for owner in piece.owners:
                    owned.setdefault(owner, []).append(entry)
            else:
                shared.append(entry)
        wrong = mismatched(blocks, _keys(person for one in messages for person in one.to))
        alike = tuple(
            Mention(Field.MERGE, Recipient(key), "shared", known=True) for key in sorted(shared_values(blocks))
        )
        left = Blanks(data, everybody).left(texts)
        stray = self._linked(texts, readers)
        # What named people before anybody wrote to them does not grow, only what is known of them.
        growing = bool(self._gathered) and self._gathered < gathered and gathered.isdisjoint(self._listed)
        if gathered:
            self._gathered = frozenset(gathered)
        if not (shared or owned or follow or wrong or alike or left or stray):
            return messages
        return _gathering(
            tuple(
                self._one(
                    message, mine, [*shared, *_once(owned, mine)], follow, wrong, alike, left, stray, growing=growing
                )
                for message, mine in zip(messages, readers, strict=True)
            )
        )

    def _linked(self, texts: list[Piece], readers: list[frozenset[str]]) -> dict[str, set[str]]:
        """Note the links of a request; for each reader, whose links he gets besides his own.

        Within one request only links count that say that they belong to one person: the same text for everybody is
        what a mailing is.
        """
        alone = list(dict.fromkeys(next(iter(mine)) for mine in readers if len(mine) == 1))
        if not alone:
            return {}
        owners: dict[str, list[Token]] = {}
        for piece in texts:
            found = tokens_in(piece.text)
            if found:
                # The first two stand for all of those who get one and the same text.
                for reader in [key for key in alone if key in piece.owners] if piece.owners else alone[:2]:
                    owners.setdefault(reader, []).extend(found)
        whose: dict[int, list[str]] = {}
        for reader, found in owners.items():
            kept = []
            for one in found:
                before = whose.setdefault(one.token, [])
                if reader not in before:
                    before.append(reader)
                if not one.named or len(before) == 1:
                    kept.append(one)
            self.links.add(kept, reader, self._place)
        stray: dict[str, set[str]] = {}
        named = {one.token for found in owners.values() for one in found if one.named}
        for token, people in whose.items():
            if token in named and len(people) > 1:
                for reader in people[1:]:
                    stray.setdefault(reader, set()).add(people[0])
        return stray

    def _known(
        self,
        found: list[str],
        everybody: frozenset[str],
        senders: frozenset[str],
        gathered: set[str],
        leaving: Collection[str] = (),
    ) -> list[tuple[str, Count]]:
        """Those of ``found`` who were written to; those of earlier requests are put into ``gathered`` as well.

        Who may be there by right counts as perhaps one. ``leaving``: who can leave a list by the link that they stand
        in: that is one's own, so that one other is one too many.
        """
        here, before, new = [], [], []
        named = not self._fixed.isdisjoint(everybody)
        others = [key for key in found if key not in senders and key not in everybody]
        for key in found:
            if key in senders:
                continue
            if key in everybody:
                here.append(key)
                if key in self._fixed:
                    self._listed.add(key)
            elif key in self._listed or (key not in self._fixed and hash(key) in self._earlier):
                before.append(key)
            elif key in self._fixed:
                continue
            elif len(self._fixed) < _FIXED_LIMIT:
                # Stands there before anybody wrote to it: part of a template.
                self._fixed.add(key)
                new.append(key)
        if named and len(others) > 1:
            # Named to others, who are named to him: a list may leave out the one who reads it.
            self._listed |= self._fixed & everybody
        if len(before) != 1 or before[0] not in self._fixed:  # an address for answers gathers nobody
            gathered.update(before)
        paired = self._paired(here, others, new, everybody)
        if len(self._listed) > 1 and not self._fixed.isdisjoint(self._listed):
            # A template that names those who get it, one after the other, is a list of them.
            self._fixed -= self._listed
            self.template = object()
        sure = [(key, ONE) for key in here]
        if len(before) > 1:
            # Two or three who got it as well, and whom those read who are not among them: contacts most likely.
            few = not named and len(before) <= _CONTACTS and len(self._listed.intersection(before)) >= len(before) - 1
            return sure + [(key, _PERHAPS if few and self._listed.isdisjoint(everybody) else ONE) for key in before]
        # One person of an earlier mail may be whom this one is about ("Ann invites you"); several are a list.
        sure += [(key, ONE) for key in before if key in leaving and key not in self._fixed]
        return sure if not paired else [*sure, *((key, _PERHAPS) for key in others)]

    def _paired(self, here: list[str], others: list[str], new: list[str], everybody: Collection[str]) -> bool:
        """Whether a text names its reader and one other, who got one that named the same two: perhaps a list of two."""
        if len(here) != 1 or len(others) != 1 or len(everybody) != 1:
            return False
        pair = hash(frozenset((here[0], others[0])))
        if pair in self._pairs:
            return here[0] in self._fixed and self._pairs[pair] != hash(here[0])
        if (others[0] in new or others[0] not in self._fixed) and len(self._pairs) < _FIXED_LIMIT:
            self._pairs[pair] = hash(here[0])
        return False

    def _one(
        self,
        message: Message,
        readers: frozenset[str],
        texts: Iterable[_Found],
        follow: list[Recipient],
        wrong: frozenset[str],
        alike: tuple[Mention, ...],
        left: Mapping[str, bool],
        stray: Mapping[str, set[str]],
        *,
        growing: bool,
    ) -> Message:
        visible = _keys((*message.to, *message.cc))
        if len(readers) == 1:
            visible |= readers
        mentions: dict[tuple[Field, str], Mention] = {}
        for piece, known in texts:
            for mention in known:
                key = _key_of(mention)
                if key not in visible:
                    mentions.setdefault((piece.field, key), mention)
        for key in wrong & readers if len(readers) == 1 else wrong:
            mentions.setdefault((Field.MERGE, key), Mention(Field.MERGE, Recipient(key), "key", known=True))
        for key in readers & left.keys():
            count = ONE if left[key] else Count(0, 0, 1)
            mentions.setdefault((Field.TAG, key), Mention(Field.TAG, Recipient(key, count), known=True))
        for reader in readers & stray.keys() if len(readers) == 1 else ():
            for key in stray[reader]:
                mentions.setdefault((Field.LINK, key), Mention(Field.LINK, Recipient(key), known=True))
        if not any(_key_of(mention) in readers for mention in alike):
            alike = ()
        if not (mentions or follow or alike):
            return message
        if growing:
            message = replace(message, traits=message.traits | {Trait.GATHERING})
        before = tuple(
            one
            for one in message.mentions
            if one.recipient.address is None or (one.field, compare_key(one.recipient.address)) not in mentions
        )
        everything = (*before, *mentions.values(), *alike)
        return replace(message, mentions=everything, reply_to=(*message.reply_to, *follow))


def _leaving(piece: Piece) -> frozenset[str]:
    """Who stands in the link to leave a list (RFC 2369, section 3.2); not the address that a mail to leave it goes to."""
    if piece.field is not Field.HEADER or piece.detail.casefold() != "list-unsubscribe":
        return frozenset()
    to = {compare_key(target) for target in re.findall(r"(?i)mailto:\s{0,9}([^\s?>,]{1,320})", piece.text)}
    return frozenset(found_in(piece.text)) - to


def _holes(plan: Sequence[tuple[int, Token]]) -> set[int]:
    """Where the tokens of some links stand."""
    return {number for number, _ in plan if number >= 0}


def _gathering(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages of one request; those are marked whose texts hold everybody of the one before and more."""
    before: frozenset[str] = frozenset()
    result = []
    for message in messages:
        found = frozenset(_key_of(one) for one in message.mentions if one.known and one.field in _WRITTEN)
        if before and before < found:
            message = replace(message, traits=message.traits | {Trait.GATHERING})  # noqa: PLW2901  # the same one, marked
        before = found
        result.append(message)
    return tuple(result)


_WRITTEN: Final = frozenset({Field.SUBJECT, Field.TEXT, Field.HTML, Field.ATTACHMENT})


def _key_of(mention: Mention) -> str:
    return mention.recipient.address or ""


def _once(owned: Mapping[str, list[_Found]], readers: frozenset[str]) -> Iterator[_Found]:
    seen: set[int] = set()
    for reader in readers if len(readers) < len(owned) else [key for key in owned if key in readers]:
        for entry in owned.get(reader, ()):
            if id(entry[0]) not in seen:
                seen.add(id(entry[0]))
                yield entry


def _keys(people: Iterable[Recipient]) -> frozenset[str]:
    return frozenset([compare_key(person.address) for person in people if person.address is not None])
