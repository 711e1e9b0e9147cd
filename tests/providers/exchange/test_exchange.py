"""Exchange Web Services on the wire, and exchangelib."""

from __future__ import annotations

import base64
import time
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Items, Member, Parameter, Unknown
from mailguard.providers import exchange as provider
from mailguard.providers.exchange import PROVIDER

from .. import postbox, samples  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
URL = "https://mail.example.com/EWS/Exchange.asmx"
PEOPLE = st.lists(postbox.PLAIN, max_size=3, unique=True)


def entries(name: str, people: list[str], prefix: str = "t:") -> str:
    inside = "".join(
        f"<{prefix}Mailbox><{prefix}Name>N</{prefix}Name><{prefix}EmailAddress>{escape(each)}</{prefix}EmailAddress></{prefix}Mailbox>"
        for each in people
    )
    return f"<{prefix}{name}>{inside}</{prefix}{name}>" if people else ""


def request(inner: str, operation: str = "m:CreateItem") -> HttpRequest:
    body = f'<?xml version="1.0"?><s:Envelope><s:Body><{operation} MessageDisposition="SendOnly">{inner}</{operation.split(maxsplit=1)[0]}></s:Body></s:Envelope>'
    return HttpRequest("POST", URL, {"content-type": "text/xml; charset=utf-8"}, body)


def message(to: list[str], cc: list[str], bcc: list[str], prefix: str = "t:") -> str:
    lists = (
        entries("ToRecipients", to, prefix)
        + entries("CcRecipients", cc, prefix)
        + entries("BccRecipients", bcc, prefix)
    )
    return f"<{prefix}Message><{prefix}Subject>S</{prefix}Subject>{lists}</{prefix}Message>"


def decoded(exchange: HttpRequest) -> Any:
    return PROVIDER.decode(PROVIDER.claims(exchange) or "", exchange)


@settings(max_examples=40, deadline=None)
@given(PEOPLE, PEOPLE, PEOPLE, st.sampled_from(["t:", "", "types:"]))
def test_lists_of_an_item_are_shared(to: list[str], cc: list[str], bcc: list[str], prefix: str) -> None:
    found = postbox.views(request(message(to, cc, bcc, prefix)))
    expected = {"to": sorted(to), "cc": sorted(cc), "bcc": sorted(bcc), "visible_bcc": []}
    assert found == ([expected] if to or cc or bcc else [])


def test_several_items_are_several_messages() -> None:
    found = postbox.views(request(message([A], [], []) + message([B, C], [], [])))
    assert [view["to"] for view in found] == [[A], [B, C]]
    forward = message([A, B], [], []).replace("t:Message", "t:ForwardItem")
    assert [view["to"] for view in postbox.views(request(forward))] == [[A, B]]


def test_who_is_invited_reads_who_else_is() -> None:
    def mailboxes(people: list[str]) -> str:
        return "".join(
            f"<t:Attendee><t:Mailbox><t:EmailAddress>{each}</t:EmailAddress></t:Mailbox></t:Attendee>"
            for each in people
        )

    item = (
        f"<t:CalendarItem><t:Subject>S</t:Subject><t:RequiredAttendees>{mailboxes([A, B])}</t:RequiredAttendees>"
        f"<t:OptionalAttendees>{mailboxes([C])}</t:OptionalAttendees></t:CalendarItem>"
    )
    for mode, told in (("SendToAllAndSaveCopy", [A, B, C]), ("SendOnlyToAll", [A, B, C]), ("SendToNone", None)):
        found = postbox.views(request(item, f'm:CreateItem SendMeetingInvitations="{mode}"'))
        assert [view["to"] for view in found] == ([] if told is None else [told])
    said = item.replace("<t:Subject>S", '<t:Subject>How: SendMeetingInvitations="SendToNone"')
    assert postbox.views(request(said, 'm:CreateItem SendMeetingInvitations="SendOnlyToAll"'))


def test_mime_content_is_read() -> None:
    source = base64.b64encode(f"To: {A}, {B}\r\nBcc: {C}\r\n\r\nT".encode()).decode()
    item = f'<t:Message><t:MimeContent CharacterSet="UTF-8">{source}</t:MimeContent></t:Message>'
    assert postbox.views(request(item)) == [{"to": [A, B], "cc": [], "bcc": [C], "visible_bcc": []}]
    assert isinstance(decoded(request(item.replace(source, "%%%"))), CannotTell)


def test_nobody_is_lost_in_a_form_that_is_not_quite_right() -> None:
    odd = f"<t:Message><t:ToRecipients><t:SingleRecipient>{A}</t:SingleRecipient> {B}</t:ToRecipients></t:Message>"
    (found,) = decoded(request(odd))
    assert len(found.to) == 2


@pytest.mark.parametrize(
    "inner",
    [
        "<t:Message>" + entries("ToRecipients", ["a@example.com"]),
        "<t:Message " * 60_000,
        "<t:Message>" + "<t:ToRecipients>" * 60_000 + "</t:Message>",
        "<t:Message><t:ToRecipients>" + "<t:Mailbox>" * 60_000 + "</t:ToRecipients></t:Message>",
        "<t:Message><t:ToRecipients><t:Mailbox>"
        + "<t:EmailAddress>" * 60_000
        + "</t:Mailbox></t:ToRecipients></t:Message>",
        "<t:CalendarItem>" + " " * 200_000 + "<",
    ],
)
def test_an_element_without_an_end_cannot_be_told_and_takes_no_time(inner: str) -> None:
    start = time.process_time()
    assert decoded(request(inner)) == CannotTell(Reason.BAD_RECORD, "an element has no end")
    assert time.process_time() - start < 2  # some 0.05; all of it was searched for each of them, for minutes


def test_a_list_of_contacts_by_its_number_is_somebody() -> None:
    (one,) = decoded(
        request(
            "<t:Message><t:ToRecipients><t:Mailbox><t:EmailAddress>a@example.com</t:EmailAddress></t:Mailbox>"
            '<t:Mailbox><t:ItemId Id="AAA"/></t:Mailbox><t:Mailbox/></t:ToRecipients></t:Message>'
        )
    )
    assert [person.address for person in one.to] == ["a@example.com", None]


def test_what_sends_nothing_and_what_cannot_be_told() -> None:
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com/other.asmx")) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    assert decoded(request("", "m:FindItem")) == ()
    assert decoded(request("<t:CalendarItem/>")) == ()
    cut = request(message([A], [], []))
    assert decoded(HttpRequest("POST", URL, {}, str(cut.body)[:-40])) == CannotTell(Reason.BODY_CUT)
    assert isinstance(decoded(HttpRequest("POST", URL, {}, None)), CannotTell)
    assert isinstance(decoded(HttpRequest("POST", URL, {}, {"a": 1}, "json")), CannotTell)
    assert isinstance(PROVIDER.decode("CreateItem", SmtpTransaction(None, None, None, None)), CannotTell)


# --- exchangelib -----------------------------------------------------------------------------------


def test_a_message_of_exchangelib_prints_its_lists() -> None:
    box = provider.Mailbox(email_address=B, name="Bob")
    made = provider.EwsMessage(account=None, subject="S", to_recipients=[A, box], cc_recipients=[C], bcc_recipients=[D])
    expected = [{"to": [A, B], "cc": [C], "bcc": [D], "visible_bcc": []}]
    for sent in (made.send(), made.send_and_save()):
        assert postbox.views(sent) == expected
    account = provider.Account(sender := "from@example.com")
    assert postbox.views(account.bulk_create(folder=None, items=[made], message_disposition="SendOnly")) == expected
    assert account.bulk_create(items=[made]) == []
    assert postbox.views(account.bulk_send(ids=[made, Unknown("id")])) == expected
    assert postbox.views(made.reply("S", "T", [A], [B], [C])) == [{"to": [A], "cc": [B], "bcc": [C], "visible_bcc": []}]
    assert postbox.views(made.forward("S", "T", [A, sender]))[0]["to"] == sorted([A, sender])
    assert made.reply("S", "T") == []


def test_lists_of_unknown_length_are_many() -> None:
    people = Items((Member(provider.Mailbox(email_address=Unknown("user.email", OPTIONAL)), MANY),))
    (sent,) = provider.EwsMessage(to_recipients=people).send()
    (found,) = samples.decoded(sent)  # type: ignore[misc]  # a tuple
    assert [person.count for person in found.to] == [MANY]
    (sent,) = provider.EwsMessage(to_recipients=Parameter("people", "m:f")).send()
    (found,) = samples.decoded(sent)  # type: ignore[misc]  # a tuple
    assert found.to[0].parameter


def test_the_xml_of_exchangelib_means_what_the_model_says() -> None:
    real = pytest.importorskip("exchangelib", reason="exchangelib is compared where it is installed")
    from exchangelib.util import xml_to_str
    from exchangelib.version import EXCHANGE_2016, Version

    lists = {"to_recipients": [A, B], "cc_recipients": [C], "bcc_recipients": [D]}
    boxes = {name: [real.Mailbox(email_address=each) for each in people] for name, people in lists.items()}
    item = real.Message(subject="S", **boxes).to_xml(version=Version(EXCHANGE_2016))
    recorded = request(xml_to_str(item))
    assert postbox.views(recorded) == postbox.views(provider.EwsMessage(subject="S", **lists).send())
