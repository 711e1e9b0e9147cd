"""The Gmail API on the wire, and the packages that call it."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.value import Either, Fields, Items, Known, Member, Object, Parameter, Repeat, Text, Unknown
from mailguard.providers import gmail as provider
from mailguard.providers.gmail import PROVIDER
from mailguard.transports import encodings
from mailguard.transports.mime.models import MimeText

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
SEND = "https://gmail.googleapis.com/gmail/v1/users/me/messages/send?alt=json"
ADDRESSES = st.lists(postbox.PLAIN, max_size=3, unique=True)


def source(to: list[str], cc: list[str], bcc: list[str]) -> bytes:
    message = EmailMessage()
    for name, people in (("To", to), ("Cc", cc), ("Bcc", bcc)):
        if people:
            message[name] = ", ".join(people)
    message["Subject"] = "S"
    message.set_content("T")
    return message.as_bytes()


def posted(body: Any, url: str = SEND, **headers: str) -> HttpRequest:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return HttpRequest("POST", url, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def raw(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@settings(max_examples=50, deadline=None)
@given(ADDRESSES, ADDRESSES, ADDRESSES)
def test_the_lines_are_the_envelope(to: list[str], cc: list[str], bcc: list[str]) -> None:
    data = source(to, cc, bcc)
    expected = [{"to": sorted(to), "cc": sorted(cc), "bcc": sorted(bcc), "visible_bcc": []}]
    multipart = (
        b'--b\r\nContent-Type: application/json\r\n\r\n{"labelIds": []}\r\n'
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + data + b"\r\n--b--\r\n"
    )
    for request in (
        posted({"raw": raw(data)}),
        posted({"raw": raw(data)}, "https://www.googleapis.com/gmail/v1/users/x%40example.com/messages/send"),
        posted({"message": {"raw": raw(data)}}, "https://gmail.googleapis.com/gmail/v1/users/me/drafts"),
        posted({"message": {"raw": raw(data)}}, "https://gmail.googleapis.com/gmail/v1/users/me/drafts/send"),
        posted(
            data,
            "https://gmail.googleapis.com/upload/gmail/v1/users/me/messages/send?uploadType=media",
            content_type="message/rfc822",
        ),
        posted(
            multipart,
            "https://www.googleapis.com/upload/gmail/v1/users/me/messages/send?uploadType=multipart",
            content_type='multipart/related; boundary="b"',
        ),
    ):
        assert postbox.views(request) == expected


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", SEND, "users.messages.send"),
        ("GET", "https://gmail.googleapis.com/gmail/v1/users/me/messages", "v1"),
        ("POST", "https://gmail.googleapis.com/gmail/v1/users/me/messages/import", "v1"),
        ("POST", "https://gmail.googleapis.com/gmail/v1/users/me/labels", "v1"),
        ("PUT", "https://gmail.googleapis.com/gmail/v1/users/me/drafts/r-1", "users.drafts"),
        ("DELETE", "https://gmail.googleapis.com/gmail/v1/users/me/drafts/r-1", "v1"),
        ("POST", "https://gmail.googleapis.com/batch/gmail/v1", "batch"),
        ("POST", "https://www.googleapis.com/calendar/v3/calendars/primary/events", None),
        ("POST", "https://www.googleapis.com/batch/drive/v3", None),
        ("POST", "https://example.com/gmail/v1/users/me/messages/send", None),
    ],
)
def test_what_is_claimed(method: str, url: str, operation: str | None) -> None:
    assert PROVIDER.claims(HttpRequest(method, url)) == operation


def test_what_sends_nothing_and_what_cannot_be_told() -> None:
    def decoded(body: Any, url: str = SEND) -> Any:
        request = posted(body, url)
        return PROVIDER.decode(PROVIDER.claims(request) or "", request)

    drafts = "https://gmail.googleapis.com/gmail/v1/users/me/drafts"
    assert decoded({"id": "r-1"}, f"{drafts}/send") == ()
    assert decoded({"raw": "x"}, "https://gmail.googleapis.com/gmail/v1/users/me/labels") == ()
    resumable = "https://gmail.googleapis.com/upload/gmail/v1/users/me/messages/send?uploadType=resumable"
    assert decoded({}, resumable) == ()
    assert decoded("", resumable) == ()
    assert isinstance(PROVIDER.decode("users.messages.send", HttpRequest("PUT", resumable)), CannotTell)
    for body in ({}, {"raw": "{"}, {"raw": None}, [], "x=1", ""):
        assert isinstance(decoded(body), CannotTell)
    assert isinstance(decoded({}, drafts), CannotTell)
    assert isinstance(decoded("--x", "https://gmail.googleapis.com/batch/gmail/v1"), CannotTell)
    upload = SEND.replace("/gmail/", "/upload/gmail/", 1)
    assert isinstance(decoded("x", upload), CannotTell)
    form = HttpRequest("POST", upload, {"content-type": "multipart/related; boundary=b"}, "--b\r\n\r\nx\r\n--b--\r\n")
    assert isinstance(PROVIDER.decode("users.messages.send", form), CannotTell)
    assert isinstance(PROVIDER.decode("x", SmtpTransaction(None, None, None, None)), CannotTell)


# --- The Python side --------------------------------------------------------------------------------


def service() -> provider.Service:
    found = provider.build("gmail", "v1", credentials=None)
    assert isinstance(found, provider.Service)
    return found


def only(exchange: Any) -> Message:
    (message,) = PROVIDER.decode(PROVIDER.claims(exchange) or "", exchange)  # type: ignore[misc]  # a tuple
    assert isinstance(message, Message)
    return message


def test_a_message_of_the_code_is_read_through_its_encoding() -> None:
    people = Text((Repeat(Unknown("user.email", OPTIONAL), MANY, ", "),))
    message = MimeText("T")
    message["To"] = people
    message["Bcc"] = D
    body = {"raw": encodings.urlsafe_b64encode(message.as_bytes())}
    found = only(service().users().messages().send(userId="me", body=body))
    assert [person.count for person in found.to] == [MANY]
    assert [person.address for person in found.bcc] == [D]
    assert found.transmitted_bcc == ()


def test_known_messages_are_encoded_as_python_does_it() -> None:
    data = source([A], [], [B])
    assert encodings.urlsafe_b64encode(data) == base64.urlsafe_b64encode(data)
    assert encodings.b64encode(data.decode()) == base64.b64encode(data)
    assert encodings.encodebytes(Known(data)) == base64.encodebytes(data)
    assert encodings.b64encode(Unknown("x")) == Unknown("x")
    assert encodings.b64encode(Either((b"a", Unknown("x")))) == Either((b"YQ==", Unknown("x")))
    found = only(service().users().drafts().create(body={"message": {"raw": encodings.b64encode(data)}}))
    assert [person.address for person in (*found.to, *found.bcc)] == [A, B]


def test_an_upload_is_what_was_uploaded() -> None:
    media = provider.MediaUpload(source([A, B], [], []), mimetype="message/rfc822")
    found = only(service().users().messages().send(userId="me", media_body=media))
    assert [person.address for person in found.to] == [A, B]
    other = service().users().messages().send(userId=Unknown("user"), media_body=Unknown("media"))
    assert isinstance(PROVIDER.decode("users.messages.send", other), CannotTell)


@pytest.mark.parametrize("body", [Parameter("message", "m:f"), {"raw": Parameter("raw", "m:f")}, Fields((), open=True)])
def test_a_message_that_the_code_does_not_tell_cannot_be_told(body: Any) -> None:
    request = service().users().messages().send(userId=Unknown("user"), body=body)
    assert PROVIDER.claims(request) == "users.messages.send"
    answer = PROVIDER.decode("users.messages.send", request)
    if isinstance(answer, CannotTell):
        assert answer.reason is Reason.ADDRESSES
    else:
        (message,) = answer  # type: ignore[misc]  # a tuple
        assert message.to[0].parameter


def test_only_gmails_service_is_modelled() -> None:
    assert isinstance(provider.build(serviceName=Unknown("name")), Object)
    assert provider.build("calendar", "v3") == Unknown("service")
    assert isinstance(provider.build_from_document({}), provider.Service)


def test_the_small_packages_take_texts_and_lists() -> None:
    assert [e.address for e in only(provider.ezgmail_send(f"{A}, {B}", "S", "T", bcc=D)).to] == [A, B]
    found = only(provider.SimpleGmail().send_message("x@example.com", A, cc=[B, C], bcc=[D]))
    assert [e.address for e in (*found.to, *found.cc, *found.bcc)] == [A, B, C, D]
    many = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    assert [e.count for e in only(provider.SimpleGmail().send_message("x@example.com", A, cc=many)).cc] == [MANY]


def test_the_real_client_posts_what_the_model_posts() -> None:
    discovery = pytest.importorskip(
        "googleapiclient.discovery", reason="Google's client is compared where it is installed"
    )
    http = pytest.importorskip("googleapiclient.http", reason="Google's client is compared where it is installed")
    real = discovery.build("gmail", "v1", http=http.HttpMock(None, {"status": "200"}), static_discovery=True)
    body = {"raw": raw(source([A, B], [C], [D]))}
    request = real.users().messages().send(userId="me", body=body)
    ours = service().users().messages().send(userId="me", body=body)
    recorded = HttpRequest(request.method, request.uri, request.headers, request.body)
    assert PROVIDER.claims(recorded) == PROVIDER.claims(ours)
    assert postbox.views(recorded) == postbox.views(ours)


def batch(*requests: str) -> HttpRequest:
    parts = "".join(f"--b\r\nContent-Type: application/http\r\nContent-ID: <1>\r\n\r\n{one}\r\n" for one in requests)
    headers = {"Content-Type": 'multipart/mixed; boundary="b"'}
    return HttpRequest("POST", "https://gmail.googleapis.com/batch/gmail/v1", headers, f"{parts}--b--\r\n")


def test_a_batch_is_all_its_requests() -> None:
    def one(to: list[str]) -> str:
        body = json.dumps({"Raw": raw(source(to, [], []))})
        return f"POST /gmail/v1/users/me/messages/send? HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}"

    reading = "GET /gmail/v1/users/me/messages/1? HTTP/1.1\r\nAccept: application/json\r\n\r\n"
    views = postbox.views(batch(one([A, B]), reading, one([C])))
    assert [view["to"] for view in views] == [[A, B], [C]]
    broken = batch(one([A]), "POST /gmail/v1/users/me/messages/send HTTP/1.1\r\n\r\n{")
    for request in (broken, batch("nothing"), batch()):
        assert isinstance(PROVIDER.decode("batch", request), CannotTell)
