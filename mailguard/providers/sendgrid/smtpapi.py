"""The control header of the older API."""

from __future__ import annotations

from dataclasses import replace

from mailguard.model.count import ONE, Truth
from mailguard.model.value import Absent, Fields, Member, Object, Value, each, extended, truth
from mailguard.providers.sendgrid.arrivals import is_list
from mailguard.providers.sendgrid.texts import or_none
from mailguard.transports.http.bodies import Encoded


class SMTPAPIHeader(Object):
    """``smtpapi.SMTPAPIHeader``: control data, whose ``to`` makes one message for each address."""

    PATHS = ("smtpapi.SMTPAPIHeader",)

    def __init__(self) -> None:
        self.write("data", {})

    def add_to(self, to: Value) -> None:
        """One more, or a list of them."""
        held = self.read("people", [])
        for value, count in each(to) if is_list(to) else [Member(to, ONE)]:
            held = extended(held, value, count)
        self.write("people", or_none(held))

    def set_tos(self, tos: Value) -> None:
        """All of them."""
        self.write("people", tos)

    def _ignore(self, *_: Value) -> None:
        """Merge data and categories take no part."""

    add_substitution = set_substitutions = add_unique_arg = set_unique_args = add_category = set_categories = _ignore
    add_section = set_sections = add_send_each_at = set_send_each_at = set_send_at = add_filter = _ignore
    set_asm_group_id = set_ip_pool = _ignore

    def json_string(self) -> Encoded:
        """The header's value."""
        people = self.read("people")
        data = or_none(self.read("data"))
        if isinstance(people, Absent) or truth(people) is Truth.NO:
            return Encoded(data)
        if isinstance(data, Fields):
            return Encoded(replace(data, known=(*data.known, ("to", people))))
        return Encoded({**data, "to": people} if isinstance(data, dict) else {"to": people})
