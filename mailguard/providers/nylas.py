"""Nylas: ``/v3/grants/<id>/messages/send`` and drafts, ``/send`` of v2, and the package ``nylas``.

Mail goes out of somebody's own mailbox: everybody in ``to`` and ``cc`` is printed to everybody.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Sort, Unknown, Value, sort_of, text
from mailguard.transports.json_api import ACCOUNT, Api, as_data, field, given, post, told, truthy, url
from mailguard.transports.services import LISTS, data_of, of_data, printed, raw_mail, says_any
from mailguard.wire.bodies import payload

__all__ = ["PROVIDER", "Client"]

_SEND: Final = "messages/send"
_DRAFT: Final = "drafts"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, *LISTS) and says_any(body, "subject", "body") else None


_API: Final = Api(
    hosts=re.compile(r"(?:api|api-staging|ireland\.api)\.nylas\.com|api\.(?:us|eu)\.nylas\.com"),
    paths=(
        (re.compile(r"/v3/grants/[^/]+/messages/send|(?:/v2)?/send|/a/[^/]+/send|/n/[^/]+/send"), _SEND),
        (re.compile(r"(?:/v3/grants/[^/]+|/v2)?/drafts(?:/[^/]+)?"), _DRAFT),
    ),
    like_sending=re.compile(r"/send(?:$|[-/])|/drafts(?:/|$)"),
    looks=_looks,
    names=("nylas",),
)


def claims(exchange: Exchange) -> str | None:
    """``messages/send``, ``drafts``, or ``account`` for what sends nothing."""
    operation = _API.operation(exchange)
    if operation == _DRAFT and isinstance(exchange, HttpRequest):
        body = data_of(exchange)
        if isinstance(body, CannotTell) and body.reason is Reason.BODY_MISSING:
            return ACCOUNT  # a draft that is sent by its number: it counted where its people were written
    return operation


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message; a draft counts where its people are written."""
    if operation == _SEND and isinstance(exchange, HttpRequest):
        body = payload(exchange)
        if not isinstance(body, CannotTell) and body.kind == "text" and not isinstance(body.value, Form):
            return raw_mail(body.value)  # Content-Type: message/rfc822
    return _data(operation, exchange)


@of_data
def _data(operation: str, body: Value) -> Decoded:
    """JSON, or a form with the JSON in ``message`` or the MIME source in ``mime``."""
    inner = field(body, "message")
    if sort_of(inner) is Sort.MAPPING:
        body = given(inner)
    source = field(body, "mime")
    if not isinstance(source, Absent):
        return raw_mail(source)
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if operation == _DRAFT and not says_any(body, *LISTS):
        return ()
    return told((printed(body),), body)


# --- The package nylas ---------------------------------------------------------------------------


class _Resource(Object):
    """``client.messages`` and ``client.drafts``."""

    def __init__(self, root: Value = None) -> None:
        self.write("root", root)

    def _posted(self, identifier: Value, path: str, body: Value) -> HttpRequest:
        grant: Value = identifier if text(identifier) is not None else Unknown("grant")
        return post(url(given(self.read("root")), "/v3/grants/", grant, path), as_data(body))


class Messages(_Resource):
    """``client.messages``."""

    PATHS: tuple[str, ...] = ("nylas.resources.messages.Messages",)

    def send(self, identifier: Value = None, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """Send at once."""
        return self._posted(identifier, "/messages/send", request_body)


class Drafts(_Resource):
    """``client.drafts``."""

    PATHS: tuple[str, ...] = ("nylas.resources.drafts.Drafts",)

    def create(self, identifier: Value = None, request_body: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """A draft; what it says is what is sent later."""
        return self._posted(identifier, "/drafts", request_body)

    def update(
        self, identifier: Value = None, draft_id: Value = None, request_body: Value = None, *_: Value, **__: Value
    ) -> HttpRequest:
        """Another text, or other people."""
        del draft_id
        return self._posted(identifier, "/drafts", request_body)

    def send(self, identifier: Value = None, draft_id: Value = None, *_: Value, **__: Value) -> None:
        """Send a draft by its number."""


class Client(Object):
    """``nylas.Client(api_key, api_uri)`` of 6.x."""

    PATHS: tuple[str, ...] = ("nylas.Client", "nylas.client.Client")

    def __init__(self, api_key: Value = None, api_uri: Value = None, *_: Value, **__: Value) -> None:
        del api_key
        root = api_uri if truthy(api_uri) and text(api_uri) is not None else "https://api.us.nylas.com"
        self.write("messages", Messages(root))
        self.write("drafts", Drafts(root))


class Draft(Object):
    """A draft of 4.x and 5.x: ``APIClient(...).drafts.create()``, filled and sent."""

    PATHS: tuple[str, ...] = ("nylas.client.restful_models.Draft",)

    def __init__(self, *_: Value, **fields: Value) -> None:
        for name, value in fields.items():
            self.write(name, value)

    def send(self) -> HttpRequest:
        """Send it."""
        names = ("to", "cc", "bcc", "reply_to", "subject")
        body = {name: value for name in names if not isinstance(value := self.read(name), Absent)}
        return post("https://api.nylas.com/send", as_data(body))


class DraftTable(Object):
    """``APIClient(...).drafts``."""

    PATHS: tuple[str, ...] = ("nylas.client.restful_model_collection.RestfulModelCollection",)

    def create(self, *_: Value, **fields: Value) -> Draft:
        """A draft to fill."""
        return Draft(**fields)


class APIClient(Object):
    """``nylas.APIClient`` of 4.x and 5.x."""

    PATHS: tuple[str, ...] = ("nylas.APIClient", "nylas.client.APIClient", "nylas.client.client.APIClient")

    def __init__(self, *_: Value, **__: Value) -> None:
        self.write("drafts", DraftTable())


PROVIDER: Final = Provider(
    name="nylas",
    title="Nylas",
    sources=(
        Source(
            "https://developer.nylas.com/docs/v3/email/send-email/", "to, cc and bcc are lists of {name, email}; drafts"
        ),
        Source("https://developer.nylas.com/docs/v2/email/send-email/", "the same lists under /send"),
        Source("pypi:nylas==6.18.0", "run: JSON, and multipart with the JSON in message where files are large"),
        Source("pypi:nylas==5.14.1", "a draft is filled and sent; read"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.us.nylas.com/v3/grants/me/messages/send",
    library=Library(classes=(Client, Messages, Drafts, APIClient, DraftTable, Draft), tokens=("nylas",)),
    explain=(
        "Everybody in to and cc of one message is printed to everybody in it; bcc is printed nowhere. A draft counts where "
        "its people are written."
    ),
)
"""Nylas."""
