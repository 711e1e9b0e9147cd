"""The Gmail API: ``users.messages.send`` and drafts, and the packages that call it.

A request holds one message as MIME source, in base64url, and no envelope: the To, Cc and Bcc lines say who gets it. A Bcc
line is therefore how hidden copies are asked for, and none is shown to readers.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.model.value import Absent, Fields, Object, Sort, Text, Unknown, Value, get, sort_of, text
from mailguard.transports.letters import line
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.header_blocks import header_block, header_lines, split_message
from mailguard.wire.urls import Url, url_parts

__all__ = ["PROVIDER"]

_HOST: Final = re.compile(r"(?:gmail|www|content|content-gmail)(?:\.mtls)?\.googleapis\.com")
_PATH: Final = re.compile(
    r"(?:/(?:resumable/)?upload)?/gmail/v1/users/[^/]+/(messages/send|drafts/send|drafts|drafts/[^/]+)"
)
_SEND: Final = "users.messages.send"
_DRAFT: Final = "users.drafts"
_SEND_DRAFT: Final = "users.drafts.send"
_BATCH: Final = "batch"
_OTHER: Final = "v1"
"""The operation of every request that sends nothing: reading, labels, watching."""


def claims(exchange: Exchange) -> str | None:
    """``users.messages.send``, ``users.drafts`` (made or changed), ``users.drafts.send``, ``batch``; ``v1`` for the others."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    if url is None or not _HOST.fullmatch(url.host):
        return None
    if url.path.startswith("/batch"):
        return _BATCH if "gmail" in url.path or url.host.startswith("gmail") else None
    if "/gmail/v1" not in url.path:
        return None
    match = _PATH.fullmatch(url.path)
    method = (text(exchange.method) or "POST").upper()
    if match is None or method in {"GET", "HEAD", "DELETE"}:
        return _OTHER
    if match.group(1) == "messages/send":
        return _SEND
    return _SEND_DRAFT if match.group(1) == "drafts/send" else _DRAFT


def decode(operation: str, exchange: Exchange) -> Decoded:
    """The one message of a request; a draft that is sent by its id was in the request that made it."""
    if operation == _OTHER:
        return ()
    if operation == _BATCH and isinstance(exchange, HttpRequest):
        return _batch(exchange)
    if not isinstance(exchange, HttpRequest) or operation not in {_SEND, _DRAFT, _SEND_DRAFT}:
        return CannotTell(Reason.UNKNOWN_FORM)
    source = _source(exchange, operation)
    if source is None:
        return ()
    if isinstance(source, CannotTell):
        return source
    message = message_of(source, None, bcc="removed")
    return message if isinstance(message, CannotTell) else (message,)


def _announces(url: Url | None) -> bool:
    return url is None or any(name == "uploadType" and text(value) == "resumable" for name, value in url.query.parts)


_REQUEST: Final = re.compile(r"\s{0,100}([A-Z]{3,7})\s{1,4}(\S{1,4000})[^\r\n]{0,40}(?:\r\n|\n)")


def _batch(request: HttpRequest) -> Decoded:
    """The messages of all requests of a batch; one that cannot be told is told of all."""
    body = payload(request)
    if isinstance(body, CannotTell):
        return body
    if not isinstance(body.value, Form) or not body.value.parts:
        return CannotTell(Reason.UNKNOWN_FORM, "the batch has no parts")
    found: list[Message] = []
    for _, part in body.value.parts:
        whole = part.decode("utf-8", "replace") if isinstance(part, bytes) else text(part)
        first = None if whole is None else _REQUEST.match(whole)
        if whole is None or first is None:
            return CannotTell(Reason.UNKNOWN_FORM, "a part of the batch is no request")
        path = first.group(2)
        place = path if "://" in path else f"https://gmail.googleapis.com{path}"
        head, inner = split_message(whole[first.end() :].encode("utf-8", "replace"))
        one = HttpRequest(first.group(1), place, dict(header_lines(head)), inner)
        operation = claims(one)
        if operation is None or operation == _BATCH:
            continue
        answer = decode(operation, one)
        if not isinstance(answer, tuple):
            return answer
        found.extend(answer)
    return tuple(found)


def _source(request: HttpRequest, operation: str) -> Value | CannotTell:
    """The MIME source; None for a request that sends a draft of which it tells the id only."""
    url = url_parts(request.url)
    upload = url is not None and "/upload/" in f"{url.path}/"
    body = payload(request)
    if isinstance(body, CannotTell):
        # The first request of a resumable upload announces the message, which follows in the next.
        announced = upload and (text(request.method) or "POST").upper() == "POST" and _announces(url)
        return None if announced and body.reason is Reason.BODY_MISSING else body
    if isinstance(body.value, Form):
        found = next((value for name, value in body.value.parts if name.casefold() == "message/rfc822"), None)
        if found is None:
            return CannotTell(Reason.UNKNOWN_FORM, "the upload has no message part")
        return found
    if sort_of(body.value) is not Sort.MAPPING:
        if body.kind != "text" or not upload:
            return CannotTell(Reason.UNKNOWN_FORM)
        return (
            body.value if header_block(body.value) else CannotTell(Reason.BAD_RECORD, "the upload has no header lines")
        )
    holder = body.value if operation == _SEND else get(body.value, "message", fold=True)
    if isinstance(holder, Absent):
        return None if operation == _SEND_DRAFT or upload else CannotTell(Reason.BODY_MISSING)
    raw = get(holder, "raw", fold=True)
    if isinstance(raw, Absent) and upload:
        return None
    if isinstance(raw, Absent) and isinstance(holder, Fields) and holder.open:
        return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
    return from_base64(raw)


# --- google-api-python-client ----------------------------------------------------------------------

_BASE: Final = "https://gmail.googleapis.com/gmail/v1/users/"


def _posted(user: Value, path: str, body: Value, media: Value) -> HttpRequest:
    name = text(user)
    if sort_of(media) is not Sort.NONE:
        # A media upload is a file or a stream, of which the code tells nothing but the message it was made of.
        body = media.render() if isinstance(media, MediaUpload) else media
        start = _BASE.replace("/gmail/v1", "/upload/gmail/v1")
        return HttpRequest("POST", f"{start}me{path}", {"content-type": "message/rfc822"}, body)
    url: Value = f"{_BASE}{name}{path}" if name is not None else Text((_BASE, user, path))
    return HttpRequest("POST", url, {}, body, "json")


class MediaUpload(Object):
    """``googleapiclient.http.MediaIoBaseUpload`` and ``MediaInMemoryUpload``: MIME source as an upload."""

    PATHS: tuple[str, ...] = (
        "googleapiclient.http.MediaIoBaseUpload",
        "googleapiclient.http.MediaInMemoryUpload",
        "apiclient.http.MediaInMemoryUpload",
    )

    def __init__(self, body: Value = None, *_: Value, **options: Value) -> None:
        self.write("body", options.get("fd", body))

    def render(self) -> Value:
        """What is uploaded."""
        found = self.read("body", None)
        return None if isinstance(found, Absent) else found


class Messages(Object):
    """``service.users().messages()``."""

    def send(self, userId: Value = "me", body: Value = None, media_body: Value = None, **_: Value) -> HttpRequest:
        """The request; ``execute()`` is what sends it, and nobody builds it for another reason."""
        return _posted(userId, "/messages/send", body, media_body)


class Drafts(Object):
    """``service.users().drafts()``."""

    def create(self, userId: Value = "me", body: Value = None, media_body: Value = None, **_: Value) -> HttpRequest:
        """A draft: sent later by its id, with these recipients."""
        return _posted(userId, "/drafts", body, media_body)

    def send(self, userId: Value = "me", body: Value = None, media_body: Value = None, **_: Value) -> HttpRequest:
        """Send a draft."""
        return _posted(userId, "/drafts/send", body, media_body)


class Users(Object):
    """``service.users()``."""

    def messages(self) -> Messages:
        """The messages of a mailbox."""
        return Messages()

    def drafts(self) -> Drafts:
        """The drafts of a mailbox."""
        return Drafts()


class Service(Object):
    """What ``build("gmail", "v1", ...)`` gives."""

    def users(self) -> Users:
        """The mailboxes."""
        return Users()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def build(serviceName: Value = None, version: Value = None, *_: Value, **__: Value) -> Value:
    """``googleapiclient.discovery.build``: Gmail's service, where the name is Gmail's or is not known."""
    del version
    name = text(serviceName)
    return Service() if name is None or name == "gmail" else Unknown("service")


def build_from_document(service: Value = None, *_: Value, **__: Value) -> Value:
    """``build_from_document``: a service of which a document tells what it is."""
    del service
    return Service()


# --- ezgmail, simplegmail ----------------------------------------------------------------------------


def _of_parts(to: Value, cc: Value, bcc: Value) -> HttpRequest:
    lines = [("To", line(to)), ("Cc", line(cc)), ("Bcc", line(bcc))]
    block = Fields(tuple((name, value) for name, value in lines if value is not None))
    return HttpRequest("POST", f"{_BASE}me/messages/send", {}, {"raw": block}, "json")


def ezgmail_send(
    recipient: Value,
    subject: Value,
    body: Value,
    attachments: Value = None,
    sender: Value = None,
    cc: Value = None,
    bcc: Value = None,
    *_: Value,
    **__: Value,
) -> HttpRequest:
    """``ezgmail.send``: texts, each of which may hold several addresses."""
    del subject, body, attachments, sender
    return _of_parts(recipient, cc, bcc)


class SimpleGmail(Object):
    """``simplegmail.Gmail``."""

    PATHS: tuple[str, ...] = ("simplegmail.Gmail", "simplegmail.gmail.Gmail")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def send_message(
        self,
        sender: Value,
        to: Value,
        subject: Value = "",
        msg_html: Value = None,
        msg_plain: Value = None,
        cc: Value = None,
        bcc: Value = None,
        *_: Value,
        **__: Value,
    ) -> HttpRequest:
        """One message; ``to`` is one text, the others are lists."""
        del sender, subject, msg_html, msg_plain
        return _of_parts(to, cc, bcc)


PROVIDER: Final = Provider(
    name="gmail",
    title="Gmail API",
    sources=(
        Source(
            "https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send",
            "the message goes to the recipients in the To, Cc and Bcc headers",
        ),
        Source("https://developers.google.com/workspace/gmail/api/guides/sending", "raw is base64url; drafts"),
        Source("pypi:google-api-python-client==2.202.0", "users().messages().send(userId, body); run"),
    ),
    claims=claims,
    decode=decode,
    address="https://gmail.googleapis.com/gmail/v1/users/me/messages/send",
    library=Library(
        functions=(
            Function(("googleapiclient.discovery.build", "apiclient.discovery.build"), build),
            Function(
                ("googleapiclient.discovery.build_from_document", "apiclient.discovery.build_from_document"),
                build_from_document,
            ),
            Function(("ezgmail.send",), ezgmail_send),
        ),
        classes=(MediaUpload, SimpleGmail, Service, Users, Messages, Drafts),
        tokens=(
            "apiclient & gmail",
            "messages() & send",
            "gmail.googleapis.com",
            "/gmail/v1/",
            "ezgmail",
            "simplegmail",
        ),
    ),
    explain=(
        "Everybody in To and Cc of the raw message is printed to everybody. The headers are the envelope too: a Bcc line "
        "asks for hidden copies, and readers do not get to see it."
    ),
)
"""The Gmail API."""
