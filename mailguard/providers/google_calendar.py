"""Google Calendar: ``/calendar/v3/calendars/<id>/events``.

Who is invited reads who else is, in the invitation and in the calendar, unless ``guestsCanSeeOtherGuests`` is false. Mails
go out where ``sendUpdates`` asks for them; the list of guests stands in their calendars all the same, so it counts either way.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Sort, Value, each, sort_of, text, truth
from mailguard.transports.json_api import ACCOUNT, UNKNOWN, apart, field, given, of_json
from mailguard.transports.services import printed
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]

_HOST: Final = re.compile(r"(?:www|content|calendar|calendar-json)(?:\.mtls)?\.googleapis\.com")
_EVENT: Final = re.compile(r"/calendar/v3/calendars/.+/events(?:/[^/]+)?")
_NO_INVITATION: Final = re.compile(r"/events/(?:import|quickadd|watch)\Z")
_EVENTS: Final = "events"


def claims(exchange: Exchange) -> str | None:
    """``events`` for what writes one or changes it; ``account`` for everything else in a calendar."""
    if not isinstance(exchange, HttpRequest):
        return None
    place = url_parts(exchange.url)
    if place is None or not _HOST.fullmatch(place.host):
        return None
    path = place.path.lower()
    if path.startswith("/batch/calendar"):
        return UNKNOWN
    if not path.startswith("/calendar/v3"):
        return None
    if (text(exchange.method) or "POST").upper() in {"GET", "HEAD", "DELETE", "OPTIONS"} or _NO_INVITATION.search(path):
        return ACCOUNT
    return _EVENTS if _EVENT.fullmatch(path) else ACCOUNT


@of_json
def decode(_: str, body: Value) -> Decoded:
    """The invitation of an event, to everybody or to each by himself; none of one without guests."""
    if sort_of(body) is Sort.COLLECTION:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    guests = given(field(body, "attendees"))
    if sort_of(guests) is Sort.NONE or (sort_of(guests) is Sort.COLLECTION and not list(each(guests))):
        return ()
    shown = given(field(body, "guestsCanSeeOtherGuests"))
    if sort_of(shown) is not Sort.NONE and truth(shown) is Truth.NO:
        return apart(guests, Message())
    event = printed(body, to="attendees", cc="", bcc="", reply_to="", name="displayName")
    return (replace(event, sender=_no_guests(body, guests)),)


def _no_guests(body: Value, listed: Value) -> tuple[Recipient, ...]:
    """Who is told to all guests and learns of nobody by it: whoever invites them, and rooms, which are no people."""
    found = list(recipients(field(field(body, "organizer"), "email")).recipients)
    for one, _ in each(listed) if sort_of(listed) is Sort.COLLECTION else ():
        if any(truth(given(field(one, name))) is Truth.YES for name in ("resource", "organizer")):
            found += recipients(field(one, "email")).recipients
    return tuple(found)


PROVIDER: Final = Provider(
    name="google-calendar",
    title="Google Calendar",
    sources=(
        Source(
            "https://developers.google.com/workspace/calendar/api/v3/reference/events",
            "attendees[].email, displayName, organizer, resource (a room); organizer.email; guestsCanSeeOtherGuests, which is true unless it is said",
        ),
        Source(
            "https://developers.google.com/workspace/calendar/api/v3/reference/events/insert",
            "sendUpdates: some e-mails may be sent even without it",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://www.googleapis.com/calendar/v3/calendars/primary/events",
    library=Library(tokens=("calendar/v3/calendars",)),
    explain=(
        "Who is invited to an event reads who else is, in the invitation and in the calendar. With guestsCanSeeOtherGuests set "
        "to false each reads of himself only."
    ),
)
"""Google Calendar."""
