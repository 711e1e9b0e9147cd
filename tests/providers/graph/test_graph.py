"""Microsoft Graph on the wire, and the packages that call it."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Undecided
from mailguard.model.value import Fields, Items, Known, Member, Parameter, Repeat, Text, Unknown
from mailguard.providers import graph as provider
from mailguard.providers.graph import PROVIDER

from .. import postbox, sdk  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
BASE = "https://graph.microsoft.com/v1.0"
ADDRESSES = st.lists(postbox.PLAIN, max_size=3, unique=True)
MANY_PEOPLE = Items((Member(Unknown("user.email", OPTIONAL), MANY),))


def entry(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address, "name": "N"}}


def message_json(to: list[str], cc: list[str], bcc: list[str]) -> dict[str, Any]:
    return {
        "subject": "S",
        "toRecipients": [entry(each) for each in to],
        "ccRecipients": [entry(each) for each in cc],
        "bccRecipients": [entry(each) for each in bcc],
    }


def posted(body: Any, url: str = f"{BASE}/me/sendMail", method: str = "POST") -> HttpRequest:
    return HttpRequest(method, url, {"content-type": "application/json"}, json.dumps(body))


def capitals(data: Any) -> Any:
    if isinstance(data, dict):
        return {key[:1].upper() + key[1:]: capitals(value) for key, value in data.items()}
    return [capitals(each) for each in data] if isinstance(data, list) else data


@settings(max_examples=50, deadline=None)
@given(ADDRESSES, ADDRESSES, ADDRESSES)
def test_lists_are_shared_however_the_keys_are_written(to: list[str], cc: list[str], bcc: list[str]) -> None:
    expected = [{"to": sorted(to), "cc": sorted(cc), "bcc": sorted(bcc), "visible_bcc": []}]
    message = message_json(to, cc, bcc)
    source = f"To: {', '.join(to)}\r\nCc: {', '.join(cc)}\r\nBcc: {', '.join(bcc)}\r\n\r\nT".encode()
    mime = HttpRequest("POST", f"{BASE}/me/sendMail", {"content-type": "text/plain"}, base64.b64encode(source))
    for request in (
        posted({"message": message, "saveToSentItems": False}),
        posted(capitals({"message": message})),
        posted({"message": message}, "https://graph.microsoft.us/v1.0/users/x%40example.com/sendMail"),
        posted({"message": message}, "https://dod-graph.microsoft.us/beta/users/x/microsoft.graph.sendMail"),
        posted({"message": message}, "https://microsoftgraph.chinacloudapi.cn/v1.0/users/x/SendMail"),
        posted(message, f"{BASE}/users/x/messages"),
        posted(message, f"{BASE}/me/mailFolders/drafts/messages"),
        posted(message, f"{BASE}/me/messages/1", "PATCH"),
        posted({"message": message}, f"{BASE}/me/messages/1/forward"),
        posted(
            {"requests": [{"id": 1, "method": "POST", "url": "/me/sendMail", "body": {"message": message}}]},
            f"{BASE}/$batch",
        ),
        mime,
    ):
        assert postbox.views(request) == expected


def decoded(request: Exchange) -> Any:
    return PROVIDER.decode(PROVIDER.claims(request) or "", request)


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", f"{BASE}/me/sendMail", "sendMail"),
        ("GET", f"{BASE}/me/messages", "v1.0"),
        ("POST", f"{BASE}/me/messages", "messages"),
        ("POST", f"{BASE}/teams/1/channels/2/messages", "v1.0"),
        ("POST", f"{BASE}/me/messages/1/send", "v1.0"),
        ("POST", f"{BASE}/me/messages/1/createForward", "forward"),
        ("POST", f"{BASE}/me/messages/1/reply", "reply"),
        ("POST", f"{BASE}/me/messages/1/createReplyAll", "replyAll"),
        ("PATCH", f"{BASE}/me/messages/1", "messages"),
        ("PATCH", f"{BASE}/me/mailboxSettings", "v1.0"),
        ("POST", f"{BASE}/$batch", "$batch"),
        ("POST", f"{BASE}/me/events", "events"),
        ("POST", f"{BASE}/me/calendars/1/events", "events"),
        ("PATCH", f"{BASE}/me/events/1", "events"),
        ("POST", f"{BASE}/me/events/1/forward", "forward"),
        ("POST", f"{BASE}/me/events/1/accept", "v1.0"),
        ("POST", f"{BASE}/invitations", "invitations"),
        ("POST", "https://canary.graph.microsoft.com/v1.0/me/sendMail", "sendMail"),
        ("POST", "https://example.com/v1.0/me/sendMail", None),
        ("POST", "https://graph.microsoft.com.example.com/v1.0/me/sendMail", None),
    ],
)
def test_what_is_claimed(method: str, url: str, operation: str | None) -> None:
    assert PROVIDER.claims(HttpRequest(method, url)) == operation


def test_a_host_or_a_path_may_be_a_setting() -> None:
    url = Text((Unknown("GRAPH_URL"), "/users/", Unknown("sender"), "/sendMail"))
    assert PROVIDER.claims(HttpRequest("POST", url)) == "sendMail"
    assert PROVIDER.claims(HttpRequest("POST", Text((Unknown("url"), "/sendmail")))) is None
    assert PROVIDER.claims(HttpRequest("POST", Text((f"{BASE}/users/x/", Unknown("action"))))) == "?sendMail"
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


def test_what_sends_nothing_and_what_cannot_be_told() -> None:
    assert decoded(posted({}, f"{BASE}/me/events")) == ()
    assert decoded(posted({"subject": "S"}, f"{BASE}/me/messages")) == ()
    assert decoded(posted({"showAs": "busy"}, f"{BASE}/me/events/1", "PATCH")) == ()
    guest = {"invitedUserEmailAddress": A, "sendInvitationMessage": False}
    assert decoded(posted(guest, f"{BASE}/invitations")) == ()
    (message,) = decoded(posted({"message": message_json([A, B], [], [])}, f"{BASE}/me/messages/1/createForward"))
    assert len(message.to) == 2
    for request in (
        posted({}),
        posted([]),
        HttpRequest("POST", f"{BASE}/me/sendMail", {}, None),
        HttpRequest("POST", f"{BASE}/me/sendMail", {}, "a=1&b=2"),
        HttpRequest("POST", f"{BASE}/me/sendMail", {"content-type": "text/plain"}, "%%%"),
        HttpRequest("POST", f"{BASE}/me/sendMail", {}, {"message": Parameter("message", "m:f")}, "json"),
        HttpRequest("POST", f"{BASE}/me/sendMail", {}, Unknown("body"), "json"),
        HttpRequest("POST", Text((f"{BASE}/users/x/", Unknown("action"))), {}, {}, "json"),
        HttpRequest("POST", f"{BASE}/$batch", {}, {"requests": [{"url": Unknown("url")}]}, "json"),
        posted({"requests": [{"method": "POST", "url": "/me/sendMail", "body": {}}]}, f"{BASE}/$batch"),
        posted({"toRecipients-": [entry(A)]}, f"{BASE}/me/messages/1/forward"),
        posted({"attendees ": [entry(A), entry(B)]}, f"{BASE}/me/events"),
        posted({"attendees": [entry(A), {"emailAddress": {"adres": B}}]}, f"{BASE}/me/events"),
    ):
        assert isinstance(decoded(request), CannotTell)
    inner = [{"method": "GET", "url": "/me"}, {"method": "POST", "url": "me/sendMail", "body": {"message": {}}}]
    assert decoded(posted({"requests": inner}, f"{BASE}/$batch")) == (Message(),)


def test_an_answer_goes_to_people_whom_the_request_does_not_name() -> None:
    assert decoded(posted({"comment": "C"}, f"{BASE}/me/messages/1/reply")) == ()
    assert decoded(HttpRequest("POST", f"{BASE}/me/messages/1/reply", {}, None)) == ()
    for nothing in ({"comment": "C"}, {}):
        found = decoded(posted(nothing, f"{BASE}/me/messages/1/replyAll"))
        assert isinstance(found, Undecided)
        assert [person.count for person in found.messages[0].to] == [MANY]
        assert found.alternative == ()
    added = {"message": message_json([A], [], [])}
    for action, others in (("reply", ONE), ("replyAll", MANY)):
        found = decoded(posted(added, f"{BASE}/me/messages/1/{action}"))
        assert isinstance(found, Undecided)
        assert [person.count for person in found.messages[0].to] == [ONE, others]
        assert [person.address for person in found.alternative[0].to] == [A]


def test_who_attends_reads_who_else_does_unless_they_are_hidden() -> None:
    meeting: dict[str, Any] = {"subject": "S", "attendees": [entry(A), entry(B)]}
    (message,) = decoded(posted(meeting, f"{BASE}/me/events"))
    assert [person.address for person in message.to] == [A, B]
    one, other = decoded(posted({**meeting, "hideAttendees": True}, f"{BASE}/me/events"))
    assert [[person.address for person in each.to] for each in (one, other)] == [[A], [B]]


@pytest.mark.parametrize(
    "people",
    [
        [entry(A), entry(B)],
        {"emailAddress": {"address": f"{A}; {B}"}},
        [{"emailAddress": A}, B],
        f"{A}, {B}",
        [{"EmailAddress": {"Address": A}}, {"emailaddress": {"address": B}}],
    ],
)
def test_nobody_is_lost_in_a_form_that_is_not_quite_right(people: Any) -> None:
    (message,) = decoded(posted({"message": {"toRecipients": people}}))
    assert [person.address for person in message.to] == [A, B]


def test_names_that_hold_addresses_are_mentioned() -> None:
    named = {"emailAddress": {"address": A, "name": B}}
    (message,) = decoded(posted({"message": {"toRecipients": [named]}}))
    assert [mention.recipient.address for mention in message.mentions] == [B]


def test_source_of_the_code_is_read_with_its_holes() -> None:
    block = Text(("To: ", Repeat(Unknown("user.email", OPTIONAL), MANY, ", "), "\n\n"))
    (message,) = decoded(HttpRequest("POST", f"{BASE}/me/sendMail", {"content-type": "text/plain"}, block))
    assert [person.count for person in message.to] == [MANY]


# --- The Python side --------------------------------------------------------------------------------


def sdk_message(people: Any) -> provider.SdkMessage:
    return provider.SdkMessage(subject="S", to_recipients=people)


def sdk_person(address: Any) -> provider.SdkRecipient:
    return provider.SdkRecipient(email_address=provider.SdkEmailAddress(address=address))


def test_msgraph_sdk_posts_to_the_mailbox_that_is_named() -> None:
    client = provider.GraphServiceClient("credentials", scopes=["s"])
    message = sdk_message([sdk_person(A), sdk_person(B)])
    body = provider.SdkSendMailBody()
    body.write("message", message)
    by_me = client.me.send_mail.post(body)
    by_id = client.users.by_user_id("x").send_mail.post(body=body)
    assert (by_me.url, by_id.url) == (f"{BASE}/me/sendMail", f"{BASE}/users/x/sendMail")
    draft = client.me.messages.post(message)
    place = client.users.by_user_id(Unknown("id")).messages.by_message_id(Unknown("id"))
    for request in (by_me, by_id, draft, place.patch(message)):
        (found,) = postbox.views(request)
        assert found["to"] == [A, B]
    forward = place.forward.post(provider.SdkForwardBody(to_recipients=[sdk_person(A)]))
    assert postbox.views(forward)[0]["to"] == [A]
    assert decoded(place.send.post()) == ()


def test_msgraph_sdk_takes_lists_of_unknown_length() -> None:
    people = Items((Member(sdk_person(Unknown("user.email", OPTIONAL)), MANY),))
    body = provider.SdkSendMailBody(message=sdk_message(people))
    (message,) = decoded(provider.GraphServiceClient().me.send_mail.post(body))
    assert [person.count for person in message.to] == [MANY]


def test_o365_adds_texts_pairs_and_lists() -> None:
    message = provider.O365Account(("id", "secret")).mailbox().new_message()
    to = message.read("to")
    assert isinstance(to, provider.O365Recipients)
    to.add(A)
    to.add(("Bob", B))
    to.add([C, ("Dan", D)])
    for request in (message.send(), message.save_draft()):
        (found,) = postbox.views(request)
        assert found["to"] == [A, B, C, D]
    to.clear()
    to.add(MANY_PEOPLE)
    (sent,) = decoded(message.send())
    assert [person.count for person in sent.to] == [MANY]


def test_o365_posts_what_its_model_posts() -> None:
    real = pytest.importorskip("O365", reason="O365 is compared where it is installed")
    message = real.Message(auth_method="oauth", protocol=real.MSGraphProtocol(), main_resource="me", con=None)
    model = provider.O365Account().new_message()
    for name, people in (("to", [A, ("Bob", B)]), ("cc", C), ("bcc", ("Dan", D))):
        getattr(message, name).add(people)
        held = model.read(name)
        assert isinstance(held, provider.O365Recipients)
        held.add(people)
    recorded = posted({"message": message.to_api_data()})
    assert postbox.views(recorded) == postbox.views(model.send())


def graph_sdk() -> Any:
    """Microsoft's package down to its HTTP client, which answers by itself; its requests are in ``seen``."""
    pytest.importorskip("msgraph", reason="260 MB; Microsoft's package is compared where it is installed")
    import httpx
    from kiota_abstractions.authentication.anonymous_authentication_provider import AnonymousAuthenticationProvider
    from msgraph import GraphRequestAdapter, GraphServiceClient

    seen: list[HttpRequest] = []

    def answer(request: Any) -> Any:
        seen.append(HttpRequest(request.method, str(request.url), dict(request.headers), request.content))
        return httpx.Response(202)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    service = GraphServiceClient(request_adapter=GraphRequestAdapter(AnonymousAuthenticationProvider(), client=client))
    return service, seen


def graph_message(to: Any, cc: Any = (), bcc: Any = ()) -> Any:
    from msgraph.generated.models.email_address import EmailAddress
    from msgraph.generated.models.message import Message as Letter
    from msgraph.generated.models.recipient import Recipient as Person

    def people(pairs: Any) -> list[Any]:
        return [Person(email_address=EmailAddress(address=address, name=name)) for address, name in pairs]

    return Letter(subject="S", to_recipients=people(to), cc_recipients=people(cc), bcc_recipients=people(bcc))


# The package uses what its own parts have put aside.
OF_MICROSOFT = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@OF_MICROSOFT
@settings(max_examples=30, deadline=None)
@given(sdk.PERSONS, sdk.PERSONS, sdk.PERSONS)
def test_what_the_package_of_microsoft_sends_is_what_was_asked_of_it(to: Any, cc: Any, bcc: Any) -> None:
    service, seen = graph_sdk()
    from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody

    async def send() -> None:
        letter = graph_message(to, cc, bcc)
        await service.users.by_user_id("desk@example.com").send_mail.post(SendMailPostRequestBody(message=letter))
        await service.me.send_mail.post(SendMailPostRequestBody(message=letter, save_to_sent_items=False))
        await service.me.messages.post(letter)

    asyncio.run(send())
    assert len(seen) == 3
    for request in seen:
        found = decoded(request)
        if not (to or cc or bcc):
            continue
        (message,) = found
        lines = [sorted(str(person.address) for person in line) for line in (message.to, message.cc, message.bcc)]
        assert lines == [sdk.wanted(to), sdk.wanted(cc), sdk.wanted(bcc)]
        named = [name for _, name in [*to, *cc] if "@" in name]
        assert {mention.recipient.address for mention in message.mentions} >= {*named} - {
            address for address, _ in [*to, *cc]
        }


@OF_MICROSOFT
def test_a_thousand_people_of_microsofts_package() -> None:
    service, seen = graph_sdk()
    from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody

    letter = graph_message([(person, "Doe, Jane") for person in sdk.THOUSAND])
    asyncio.run(service.me.send_mail.post(SendMailPostRequestBody(message=letter)))
    (message,) = decoded(seen[0])
    assert len(message.to) == 1000


def test_known_texts_of_the_code_are_texts() -> None:
    body = Fields((("message", Fields((("toRecipients", Items((Member(Known(A), ONE),))),))),))
    (message,) = decoded(HttpRequest("POST", f"{BASE}/me/sendMail", {}, body, "json"))
    assert [person.address for person in message.to] == [A]


@pytest.mark.parametrize("host", ["outlook.office.com", "outlook.office365.com", "outlook.live.com"])
def test_the_api_before_graph_writes_the_same_in_capitals(host: str) -> None:
    body = capitals({"message": message_json([A, B], [C], [D])})
    assert postbox.views(posted(body, f"https://{host}/api/v2.0/me/sendmail")) == [
        {"to": [A, B], "cc": [C], "bcc": [D], "visible_bcc": []}
    ]
    assert PROVIDER.claims(posted(body, f"https://{host}/EWS/Exchange.asmx")) is None


def test_a_batch_whose_requests_are_not_known_cannot_be_told() -> None:
    member = {"id": "1", "method": "POST", "url": "/me/sendMail", "body": {"message": message_json([A, B], [], [])}}
    assert isinstance(PROVIDER.decode("$batch", posted({"request": [member]}, f"{BASE}/$batch")), CannotTell)
    assert PROVIDER.decode("$batch", posted({}, f"{BASE}/$batch")) == ()
    [message] = PROVIDER.decode("$batch", posted({"requests": [member]}, f"{BASE}/$batch"))
    assert len(message.to) == 2
