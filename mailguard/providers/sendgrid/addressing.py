"""How addresses get into the personalizations of a mail, in every release of the package."""

from __future__ import annotations

from mailguard.model.count import ONE, Count, Truth
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Absent,
    Either,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    extended,
    inherit,
    is_tuple,
    scalar,
    sort_of,
    text,
    trail_of,
)
from mailguard.providers.sendgrid.arrivals import Arrival, arrivals_of
from mailguard.providers.sendgrid.parts import Bcc, Cc, Email, To, collected
from mailguard.providers.sendgrid.personalizations import Personalization
from mailguard.providers.sendgrid.texts import each_option, first_of, name_and_address, options_of, or_none, single


def exactly_true(flag: Value) -> Truth:
    """``is_multiple is True``: 1 and "yes" are not; what is not known plainly is not."""
    flag = scalar(flag)
    if flag is True:
        return Truth.YES
    if isinstance(flag, Either):
        answers = {exactly_true(option) for option in flag.options if not isinstance(option, Absent)}
        return answers.pop() if len(answers) == 1 else Truth.MAYBE
    return Truth.MAYBE if isinstance(flag, (Unknown, Parameter)) else Truth.NO


class Addressing(Object):
    """How the addresses of a mail find their way into its personalizations."""

    def _era(self) -> str:
        return text(self.read("era")) or ""

    def _set(
        self, value: Value, kind: type[Email], is_multiple: Value, p: Value, *, own_p: bool, many: Count = ONE
    ) -> None:
        """``_set_emails`` for each address by itself: into personalization ``p``, or into one of its own."""
        for arrival in self._ready(value, kind, is_multiple, many):
            self._into(or_none(arrival.email.read("personalization")) if own_p else p, [arrival])

    def _ready(self, value: Value, kind: type[Email], is_multiple: Value, many: Count) -> list[Arrival]:
        """What is left to be put into a personalization that others share."""
        apart = exactly_true(is_multiple)
        arrivals = arrivals_of(value, kind, many, alone=True)
        if apart is Truth.YES:
            self._alone(arrivals)
            return []
        if apart is Truth.MAYBE:
            return [Arrival(email, Count(0, count.plain, count.high)) for email, count in arrivals]
        return arrivals

    def _alone(self, arrivals: list[Arrival]) -> None:
        """Each into a personalization of its own, every new one in front of the others."""
        members: list[Member] = []
        for email, many in arrivals:
            address = email.read("email")
            count = many
            if isinstance(address, (Unknown, Parameter)) and address.count.high > 1:
                # It may be a list; each of its members then is alone.
                count = many * address.count
                email.write("email", single(address))
            personalization = Personalization()
            personalization.put(email, ONE)
            members.insert(0, Member(personalization, count))
        held = self.read("personalizations", [])
        if len(members) > 1 and sort_of(held) is Sort.COLLECTION:
            # At once, so that each stays a thing of its own.
            self.write("personalizations", collected([*members, *each(held)]))
            return
        for member in reversed(members):
            self._insert(member.value, 0, member.count)

    def _into(self, p: Value, arrivals: list[Arrival]) -> None:
        index = scalar(p)
        if isinstance(index, (Unknown, Parameter, Either)):
            # Whoever numbers personalizations with what the code computes means one each.
            self._alone(arrivals)
            return
        if not isinstance(index, int):
            raise Refused("list indices must be integers")
        found = self._at(index)
        for personalization in found:
            for email, many in arrivals:
                personalization.put(email, many if len(found) == 1 else Count(0, many.plain, many.high))
        if not found:
            personalization = Personalization()
            for email, many in arrivals:
                personalization.put(email, many)
            self._insert(personalization, index, ONE)

    def _at(self, index: int) -> list[Personalization]:
        """What stands at a position; several where branches differ, none where there is no such position."""
        members = [member for member in each(self.read("personalizations")) if member.count.high]
        if all(member.count == ONE for member in members):
            chosen = members[index : index + 1] if index >= 0 else members[index : index + 1 or None]
            if index < -len(members):
                chosen = []
        else:
            chosen = members[:1] if index == 0 else members[-1:]
        values = [option for member in chosen for option in each_option(member.value)]
        return [value for value in values if isinstance(value, Personalization)]

    def _insert(self, personalization: Value, index: int, count: Count) -> None:
        held = self.read("personalizations", [])
        members = list(each(held))
        if count == ONE and sort_of(held) is Sort.COLLECTION and all(member.count == ONE for member in members):
            values = [member.value for member in members]
            self.write("personalizations", [*values[:index], personalization, *values[index:]])
        elif count == ONE:
            self.append("personalizations", personalization)
        else:
            self.write("personalizations", extended(held, personalization, count))

    def add_personalization(self, personalization: Value, index: Value = 0) -> None:
        """Add one: in front of the others in 6.x, behind them in 3.x to 5.x."""
        place = scalar(index)
        if self._era() == "3" or not isinstance(place, int) or not isinstance(personalization, Personalization):
            self.append("personalizations", personalization)
        else:
            self._insert(personalization, place, ONE)

    def _put_plain(self, kind: str, value: Value, count: Count) -> None:
        """``add_to`` and its like of 1.x: texts, tuples, and whatever can be iterated, all into one list."""
        sort = sort_of(value)
        if isinstance(value, Either):
            for option in options_of(value):
                self._put_plain(kind, option, Count(0, count.plain, count.high))
            return
        if sort is Sort.NONE:
            return
        members = list(each(value))
        if is_tuple(value) and kind == "tos" and all(member.count == ONE for member in members):
            if members and len(members) < 3:
                self._put_plain(kind, members[0].value, count)
            if len(members) == 2:
                self.add_to_name(members[1].value)
            return
        if sort in {Sort.COLLECTION, Sort.MAPPING}:
            for item, many in members:
                self._put_plain(kind, item, count * many)
            return
        email: Email = {"tos": To, "ccs": Cc, "bccs": Bcc}[kind]()
        whole = text(value)
        if whole is not None:
            # Commas are deleted first, so that several addresses become one text that is none.
            name, address = first_of(whole.replace(",", ""))
            if not address:
                return
            email.write("email", inherit(address, trail_of(value)))
            email.write("name", inherit(name, trail_of(value)) if name and kind == "tos" else None)
        elif isinstance(value, (Unknown, Parameter)):
            email.write("email", value)
        else:
            name_value, address_value = name_and_address(value)
            email.write("email", address_value)
            email.write("name", name_value)
        self._into(0, [Arrival(email, count)])

    def add_to_name(self, to_name: Value) -> None:
        """The names of 1.x, in a list of their own."""
        self.append("to_names", to_name)
