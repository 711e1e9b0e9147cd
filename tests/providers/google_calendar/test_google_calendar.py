"""Google Calendar on the wire. It has no hidden copies, so there is no sample with one."""

from __future__ import annotations

import json

import pytest

from mailguard.model.exchange import HttpRequest, RawMessage
from mailguard.model.message import CannotTell
from mailguard.providers.google_calendar import PROVIDER

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B = "ann@example.com", "bob@example.org"
URL = "https://www.googleapis.com/calendar/v3/calendars/primary/events"
GUESTS = [{"email": A, "displayName": "Ann"}, {"email": B}]


def event(body: object, url: str = URL, method: str = "POST") -> HttpRequest:
    return HttpRequest(method, url, {"Content-Type": "application/json"}, json.dumps(body))


def decoded(request: HttpRequest) -> object:
    return PROVIDER.decode(PROVIDER.claims(request) or "", request)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", URL),
        ("POST", URL + "?sendUpdates=all&alt=json"),
        ("PUT", URL + "/abc"),
        ("PATCH", URL + "/importv1"),  # an id of one's own
        ("PUT", "https://www.googleapis.com/calendar/v3/calendars/a%2Fb/events/abc"),
        ("PATCH", "https://calendar.googleapis.com/calendar/v3/calendars/x%40group.calendar.google.com/events/abc"),
    ],
)
def test_guests_read_who_else_is_invited(method: str, url: str) -> None:
    (found,) = postbox.views(event({"summary": "S", "attendees": GUESTS}, url, method))
    assert found["to"] == [A, B]
    apart = postbox.views(event({"attendees": GUESTS, "guestsCanSeeOtherGuests": False}, url, method))
    assert [one["to"] for one in apart] == [[A], [B]]
    assert len(postbox.views(event({"attendees": GUESTS, "guestsCanSeeOtherGuests": None}, url, method))) == 1


def test_what_invites_nobody_and_what_cannot_be_told() -> None:
    for body in ({"summary": "S"}, {"attendees": []}, {"attendees": None}):
        assert decoded(event(body)) == ()
    assert decoded(event({"attendees": GUESTS}, URL + "/import")) == ()
    assert decoded(event({"attendees": GUESTS}, method="GET")) == ()
    assert isinstance(decoded(event([{"attendees": GUESTS}])), CannotTell)
    assert isinstance(decoded(event({}, "https://www.googleapis.com/batch/calendar/v3")), CannotTell)
    assert PROVIDER.claims(event({}, "https://www.googleapis.com/drive/v3/files")) is None
    assert PROVIDER.claims(event({}, "https://example.com/calendar/v3/calendars/a/events")) is None
    assert PROVIDER.claims(RawMessage("")) is None
