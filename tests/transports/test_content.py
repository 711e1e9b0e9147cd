"""Other people in texts, attachments, calendars, headers and merge data."""

from __future__ import annotations

import base64
import json
import re
import time
from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.documents import covered_words
from mailguard.documents.covered_words import names_somebody, uncovered
from mailguard.model.exchange import Exchange, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.finding import Verdict
from mailguard.model.message import CannotTell, Field, Message, Undecided
from mailguard.rulebook.judging import judge, verdict_of
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.transports.content.contents import Contents
from mailguard.transports.content.pieces import pieces
from mailguard.transports.content.senders import names_of
from mailguard.transports.content.texts import found_in

POLICY = Policy(frozenset(), chosen(load_rules()))
A, B = "ann@example.com", "bob@example.net"


def messages(exchange: Exchange, contents: Contents | None = None) -> tuple[Message, ...]:
    claim = gate.claimed(exchange, contents or Contents())
    assert claim is not None
    assert not isinstance(claim.decoded, CannotTell)
    return claim.decoded.messages if isinstance(claim.decoded, Undecided) else claim.decoded


def mentioned(exchange: Exchange, contents: Contents | None = None) -> set[tuple[str, str]]:
    return {
        (mention.field.name, mention.recipient.address or "")
        for message in messages(exchange, contents)
        for mention in message.mentions
        if mention.known
    }


def broken(exchange: Exchange, contents: Contents | None = None) -> set[str]:
    return {one.rule.id for message in messages(exchange, contents) for one in judge(message, POLICY)}


def sendgrid(*people: str, **more: Any) -> HttpRequest:
    body = {
        "personalizations": [{"to": [{"email": person}]} for person in people],
        "from": {"email": "desk@example.org"},
    }
    body |= {"subject": "Hello", "content": [{"type": "text/plain", "value": "Hello"}], **more}
    return HttpRequest(
        "POST", "https://api.sendgrid.com/v3/mail/send", {"Content-Type": "application/json"}, json.dumps(body)
    )


def smtp(people: list[str], message: EmailMessage) -> SmtpTransaction:
    return SmtpTransaction("smtp://mail.example.org", "desk@example.org", list(people), message.as_bytes())


def mail(to: str, text: str = "Hello", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "desk@example.org"
    message["To"] = to
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


BOB = ["bob@example.net", "bob&#64;example.net", "bob%40example.net", "mailto:bob@example.net?subject=x", "<bob@example.net>",
       "(bob@example.net)", "'bob@example.net'", "Bob@Example.net.", "bob\uff20example.net"]  # fmt: skip


@pytest.mark.parametrize("written", BOB)
def test_an_address_is_found_however_it_is_written(written: str) -> None:
    assert "bob@example.net" in found_in(f"see {written} there")


@pytest.mark.parametrize("written", BOB[:6])
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "subject", "attachment"])
def test_somebody_else_of_the_request_is_found(written: str, kind: str) -> None:
    more: dict[str, Any] = {"content": [{"type": kind, "value": f"<p>{written}</p>"}]}
    if kind == "subject":
        more = {"subject": written}
    elif kind == "attachment":
        more = {"attachments": [{"content": base64.b64encode(written.encode()).decode(), "filename": "list.csv"}]}
    request = sendgrid("ann@example.com", "bob@example.net", **more)
    field = {"text/plain": "TEXT", "text/html": "HTML", "subject": "SUBJECT", "attachment": "ATTACHMENT"}[kind]
    assert mentioned(request) == {(field, "bob@example.net")}
    assert broken(request) == {"recipient-in-content"}


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "word",
    [
        coded(B),
        coded(B).rstrip("="),
        base64.urlsafe_b64encode(f"??>{B}".encode()).decode(),
        quote(coded(f"Bob <{B}>"), safe=""),
        quote(quote(coded(f"Bo <{B}>"), safe=""), safe=""),
        coded(coded(B)),
        coded(quote(B, safe="")),
        coded(json.dumps({"email": B, "list": 7})),
        f"eyJhbGciOiJIUzI1NiJ9.{coded(json.dumps({'sub': B})).rstrip('=')}.c2lnbmF0dXJlc2ln",
        B.encode().hex(),
        coded(f"{A},{B}"),
        f"u_{coded(B)}",
        coded(B.upper()),
    ],
)
@pytest.mark.parametrize("text", ["Off: https://example.org/u?e={}&x=1", '<a href="https://example.org/u/{}">off</a>'])
def test_somebody_else_is_found_in_the_words_of_a_link(word: str, text: str) -> None:
    """``?e=Ym9i...`` is read by whoever pastes it into a decoder, and by the one who gets the mail forwarded."""
    kind = "text/html" if "<" in text else "text/plain"
    content = [{"type": kind, "value": text.format(word)}]
    field = "HTML" if "<" in text else "TEXT"
    assert {(field, B)} <= mentioned(sendgrid(A, B, content=content)) <= {(field, A), (field, B)}
    assert mentioned(sendgrid(B, content=content)) == set()


@given(st.text(st.sampled_from('ann@exmpl.org-_<>"{}:, \u00e9'), max_size=40), st.sampled_from([0, 1, 2]))
def test_what_stands_for_a_text_is_looked_at_like_the_text(text: str, times: int) -> None:
    inner = f"{text} {A} {text}"
    word = base64.urlsafe_b64encode(inner.encode()).rstrip(b"=")
    for _ in range(times):
        word = base64.urlsafe_b64encode(word).rstrip(b"=")
    assert names_somebody(word)
    assert set(found_in(inner)) <= set(found_in(f"https://example.org/{word.decode()}"))


@given(st.binary(min_size=9, max_size=60))
def test_what_is_fast_overlooks_nobody(data: bytes) -> None:
    for word in (
        base64.urlsafe_b64encode(data).rstrip(b"="),
        base64.b64encode(b"a@b.example" + data),
        data.hex().encode(),
    ):
        assert names_somebody(word) or not list(uncovered(word))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"https", b"s", b"S", b":", b"//", b"/", b"\\/", b"\\\\/", b" ", b'"', b"a" * 12, b"?e=", b"b" * 4100]
        ),
        max_size=14,
    ).map(b"".join)
)
def test_a_link_begins_behind_the_name_of_its_scheme(text: bytes) -> None:
    pattern = covered_words._LINK.pattern
    assert re.findall(b"[A-Za-z]?" + pattern, text) == covered_words._LINK.findall(text)


def test_only_the_others_are_counted() -> None:
    request = sendgrid("ann@example.com", "bob@example.net", subject="ann@example.com and bob@example.net")
    first, second = messages(request)
    assert [mention.recipient.address for mention in first.mentions] == ["bob@example.net"]
    assert [mention.recipient.address for mention in second.mentions] == ["ann@example.com"]


def test_an_address_that_nobody_wrote_to_is_nothing() -> None:
    assert (
        mentioned(sendgrid("ann@example.com", subject="Questions: help@example.net, desk@example.org, ann@example.com"))
        == set()
    )


def test_what_stands_in_to_is_not_told_again() -> None:
    request = HttpRequest(
        "POST",
        "https://api.sendgrid.com/v3/mail/send",
        {},
        json.dumps({"personalizations": [{"to": [{"email": "ann@example.com"}, {"email": "bob@example.net"}]}],
                    "from": {"email": "desk@example.org"}, "subject": "bob@example.net"}),
    )  # fmt: skip
    assert mentioned(request) == set()


def test_a_text_that_gathers_earlier_people_is_found() -> None:
    contents = Contents()
    people = [f"p{number}@example.com" for number in range(5)]
    found = [
        broken(sendgrid(person, subject=" ".join(people[:number])), contents) for number, person in enumerate(people)
    ]
    assert found == [set(), set(), *[{"body-accumulation"}] * 3]


def test_a_footer_is_nothing_also_after_a_mail_to_it() -> None:
    contents = Contents()
    footer = "Write to help@example.net or sales@example.net"
    assert mentioned(sendgrid("ann@example.com", subject=footer), contents) == set()
    assert mentioned(sendgrid("help@example.net"), contents) == set()
    assert mentioned(sendgrid("sales@example.net"), contents) == set()
    assert mentioned(sendgrid("bob@example.net", subject=footer), contents) == set()


@pytest.mark.parametrize(
    ("link", "rules"),
    [
        ("<mailto:leave+ann=example.com@lists.example.org>", {"list-header-leak"}),
        ("<https://example.org/leave?who=ann%40example.com>", {"list-header-leak"}),
        ("<mailto:leave@example.org?subject=ann@example.com>", {"list-header-leak"}),
        ("<mailto:ann@example.com>", set()),
        ("<mailto:leave+cat=example.com@lists.example.org>", set()),
    ],
)
def test_the_link_to_leave_a_list_is_ones_own(link: str, rules: set[str]) -> None:
    contents = Contents()
    headers = {"List-Unsubscribe": link}
    assert broken(sendgrid(A, headers=headers), contents) == set()
    assert broken(sendgrid(B, headers=headers), contents) == rules


@pytest.mark.parametrize("data", [[A, B], [{"email": A}, {"email": B}], {"to": [A, B]}])
def test_lists_in_an_attached_file_are_read_and_get_no_mail(data: object) -> None:
    content = base64.b64encode(json.dumps(data).encode()).decode()
    request = sendgrid(A, B, attachments=[{"content": content, "type": "application/json", "filename": "a.json"}])
    claim = gate.claimed(request, Contents())
    assert claim is not None
    assert not isinstance(claim.decoded, Undecided)
    assert broken(request) == {"recipient-in-content"}
    alone = sendgrid("cat@example.com", attachments=[{"content": content, "filename": "a.json"}])
    assert broken(alone) == set()


@pytest.mark.parametrize("count", [3, 5])
@pytest.mark.parametrize("field", ["content", "headers"])
def test_a_list_of_all_that_stands_in_each_of_their_mails_is_found(count: int, field: str) -> None:
    people = [f"p{number}@example.com" for number in range(count)]
    text = ", ".join(people)
    more = {"content": [{"type": "text/plain", "value": text}]} if field == "content" else {"headers": {"X-All": text}}
    contents = Contents()
    told = [broken(sendgrid(person, **more), contents) for person in people]
    assert told[-1] == {"recipient-in-content" if field == "content" else "list-header-leak"}
    assert not any(told[:2])  # so far nobody, or one, of the list was written to


def test_so_many_people_are_remembered_and_no_more() -> None:
    contents = Contents(limit=2)
    for person in ("a@example.com", "b@example.com", "c@example.com", "d@example.com"):
        messages(sendgrid(person), contents)
    assert contents.full
    assert len(contents._earlier) == 2


@pytest.mark.parametrize("coding", ["quoted-printable", "base64", "8bit"])
def test_mime_parts_are_opened(coding: str) -> None:
    message = mail("ann@example.com")
    message.set_content("Grüße von bob@example.net " + "x" * 80, cte=coding)
    message.add_attachment(b"email\nbob@example.net\n", maintype="text", subtype="csv", filename="list.csv")
    message.add_attachment(b'["bob@example.net"]', maintype="application", subtype="json", filename="list.json")
    assert mentioned(smtp(["ann@example.com", "bob@example.net"], message)) == {
        ("TEXT", "bob@example.net"),
        ("ATTACHMENT", "bob@example.net"),
    }


INVITE = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
ORGANIZER:mailto:host@example.org
ATTENDEE;CN="A: B":mailto:ann@example.com
ATTENDEE;CN=Bob;X=1:MAILTO:bob@exam
 ple.net
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def test_attendees_are_found_although_nobody_wrote_to_them() -> None:
    message = mail("ann@example.com")
    message.add_attachment(INVITE.encode(), maintype="text", subtype="calendar", filename="invite.ics")
    assert mentioned(smtp(["ann@example.com"], message)) == {("CALENDAR", "bob@example.net")}
    assert broken(RawMessage(message.as_bytes())) == {"calendar-attendees"}
    attached = [
        {"content": base64.b64encode(INVITE.encode()).decode(), "filename": "invite.ics", "type": "text/calendar"}
    ]
    assert mentioned(sendgrid("ann@example.com", attachments=attached)) == {("CALENDAR", "bob@example.net")}


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("ATTENDEE;CUTYPE=ROOM:mailto:room@example.org", set()),
        ("ATTENDEE;CN=Hall;cutype=resource;PARTSTAT=ACCEPTED:mailto:room@example.org", set()),
        ("ATTENDEE;CUTYPE=INDIVIDUAL:mailto:bob@example.net", {("CALENDAR", "bob@example.net")}),
        ('ATTENDEE;CN=";CUTYPE=ROOM;":mailto:bob@example.net', {("CALENDAR", "bob@example.net")}),
        ("ATTENDEE:mailto:bob@example.net?x=;CUTYPE=ROOM", {("CALENDAR", "bob@example.net")}),
    ],
)
def test_a_room_is_no_person(line: str, people: set[tuple[str, str]]) -> None:
    message = mail("ann@example.com")
    invite = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    message.add_attachment(invite.encode(), maintype="text", subtype="calendar", filename="invite.ics")
    assert mentioned(smtp(["ann@example.com"], message)) == people


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("List_Unsubscribe", "<mailto:leave+bob=example.net@lists.example.org>"),
        ("X_Intercepted_To", "bob@example.net"),
        ("X_Original_To", "bob@example.net"),
        ("Resent_Sender", "bob@example.net"),
    ],
)
def test_headers_are_looked_at(name: str, value: str) -> None:
    both = ["ann@example.com", "bob@example.net"]
    assert broken(smtp(both, mail("ann@example.com", **{name: value}))) >= {"list-header-leak"}
    assert mentioned(smtp(both[:1], mail("ann@example.com", **{name: value}))) == set()


def test_what_a_recorder_or_a_service_reads_is_no_header_of_the_mail() -> None:
    message = mail("ann@example.com", X_RcptTo="ann@example.com, bob@example.net", X_Peer="bob@example.net")
    assert mentioned(RawMessage(message.as_bytes(), ["ann@example.com", "bob@example.net"])) == set()


def test_a_list_to_answer_to_is_a_list_in_reply_to() -> None:
    message = mail("ann@example.com", Mail_Followup_To="bob@example.net, eve@example.org")
    assert broken(smtp(["ann@example.com"], message)) == {"reply-to-lists-recipients"}


def test_merge_data_of_somebody_else_is_found() -> None:
    own = {"to": [{"email": "ann@example.com"}], "dynamic_template_data": {"email": "ann@example.com"}}
    wrong = {"to": [{"email": "bob@example.net"}], "substitutions": {"-account-": "ann@example.com"}}
    request = sendgrid(personalizations=[own, wrong])
    assert broken(request) == {"merge-key-mismatch"}
    assert [len(message.mentions) for message in messages(request)] == [0, 1]


def test_mandrill_data_is_compared_with_its_people() -> None:
    def send(*keys: str) -> HttpRequest:
        data = [{"rcpt": key, "vars": [{"name": "SEAT", "content": str(place)}]} for place, key in enumerate(keys)]
        to = [{"email": "ann@example.com"}, {"email": "bob@example.net"}]
        body = {
            "message": {"to": to, "preserve_recipients": False, "merge_vars": data, "from_email": "desk@example.org"}
        }
        return HttpRequest("POST", "https://mandrillapp.com/api/1.0/messages/send.json", {}, json.dumps(body))

    assert broken(send("ann@example.com", "bob@example.net")) == set()
    assert broken(send("ann@example.com")) == set()
    assert broken(send("ann@example.com", "eve@example.org")) == {"merge-key-mismatch"}


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ([{"token": "x1"}, {"token": "x1"}], {"merge-data-shared"}),
        ([{"token": "x1"}, {"token": "x2"}], set()),
        ([{"shop": "Corner"}, {"shop": "Corner"}, {"shop": "Corner"}], set()),
        ([{"name": "Ann"}, {"name": "Ann"}], set()),
        ([{"name": "Ann"}, {"name": "Ann"}, {"name": "Ann"}], {"merge-data-shared"}),
        ([{"name": "Ann"}, {"name": "Ann"}, {"name": "Bob"}], set()),
    ],
)
def test_personal_data_that_several_share_is_found(values: list[dict[str, str]], rules: set[str]) -> None:
    entries = [{"to": [{"email": f"p{n}@example.com"}], "dynamic_template_data": data} for n, data in enumerate(values)]
    assert broken(sendgrid(personalizations=entries)) == rules


def test_what_readers_find_is_shown() -> None:
    request = sendgrid("ann@example.com", "bob@example.net", subject="bob@example.net")
    first, _ = messages(request)
    assert verdict_of(judge(first, POLICY), first, POLICY) is Verdict.SHOWS


def test_inside_people_are_nothing() -> None:
    policy = Policy(frozenset({"example.net"}), POLICY.rules)
    first, _ = messages(sendgrid("ann@example.com", "bob@example.net", subject="bob@example.net"))
    assert judge(first, policy) == ()


def test_names_beside_addresses_are_known() -> None:
    wanted = frozenset({"ann@example.com", "bob@example.net", "eve@example.org"})
    body = {
        "to": [{"email": "ann@example.com", "name": "Ann"}, {"email": "bob@example.net", "name": ""}],
        "Cc": "Eve E <eve@example.org>",
    }
    assert names_of(HttpRequest("POST", "https://x.example", {}, json.dumps(body)), wanted) == {
        "ann@example.com",
        "eve@example.org",
    }
    raw = mail("Ann A <ann@example.com>, bob@example.net")
    assert names_of(RawMessage(raw.as_bytes()), wanted) == {"ann@example.com"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(BOB),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "to",
                    "subject",
                    "html",
                    "attachments",
                    "content",
                    "headers",
                    "substitutions",
                    "vars",
                    "rcpt",
                    "email",
                    "raw",
                    "data",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_no_body_can_make_it_fail(body: Any) -> None:
    request = HttpRequest(
        "POST", "https://api.sendgrid.com/v3/mail/send", {"Content-Type": "application/json"}, json.dumps(body)
    )
    list(pieces(request))
    gate.claimed(request, Contents())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "x"]))
def test_no_message_can_make_it_fail(body: bytes, coding: str) -> None:
    head = (
        b"To: ann@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
        + coding.encode()
    )
    for data in (head + b"\r\n\r\n" + body, body, head + b"\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + body):
        list(pieces(RawMessage(data)))


@pytest.mark.parametrize(
    "junk",
    ["a" * 400_000, "@" * 200_000, "a@" * 150_000, "a.b-" * 100_000 + "@x", "=" * 300_000 + "@a.b", "&#64;" * 60_000],
)
def test_time_is_linear(junk: str) -> None:
    start = time.process_time()
    found_in(junk)
    assert time.process_time() - start < 3


def test_the_fields_are_those_that_are_printed() -> None:
    assert {field.value for field in Field} >= {
        "the subject",
        "the text",
        "the HTML",
        "an attachment",
        "a calendar part",
        "the merge data",
    }


def ews(text: str) -> HttpRequest:
    lists = "".join(
        f"<t:{name}><t:Mailbox><t:EmailAddress>{person}</t:EmailAddress></t:Mailbox></t:{name}>"
        for name, person in (("ToRecipients", "ann@example.com"), ("BccRecipients", "bob@example.org"))
    )
    item = f'<t:Message><t:Subject>S</t:Subject><t:Body BodyType="HTML">{text}</t:Body>{lists}</t:Message>'
    body = f"<s:Envelope><s:Body><m:CreateItem><m:Items>{item}</m:Items></m:CreateItem></s:Body></s:Envelope>"
    return HttpRequest("POST", "https://mail.example.com/EWS/Exchange.asmx", {"Content-Type": "text/xml"}, body)


def test_the_lists_of_an_exchange_request_are_no_text() -> None:
    assert mentioned(ews("&lt;b&gt;Hello&lt;/b&gt;")) == set()
    assert broken(ews("Hello")) == set()


def test_the_text_of_an_exchange_request_is_one() -> None:
    assert mentioned(ews("sent to bob@example.org too")) == {("HTML", "bob@example.org")}
    assert mentioned(ews("sent to bob&#64;example.org too")) == {("HTML", "bob@example.org")}
