"""Tencent Cloud SES: the action ``SendEmail``, and the package ``tencentcloud-sdk-python``.

Everybody in ``Destination`` and ``Cc`` of one call is printed to everybody in it. ``BatchSendEmail`` goes to a list there.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Sort, Value, get, sort_of, text
from mailguard.transports.json_api import ACCOUNT, Api, as_data, given, told
from mailguard.transports.services import data_of, of_data, printed, says_any
from mailguard.wire.media import header

__all__ = ["PROVIDER", "SesClient"]

_SEND: Final = "SendEmail"
_BATCH: Final = "lists"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, "Destination", "Destination.0") else None


_API: Final = Api(
    hosts=re.compile(r"ses(?:\.intl)?(?:\.[a-z]{2}-[a-z0-9]+)?\.tencentcloudapi\.com"),
    paths=((re.compile(r"/?"), _SEND),),
    like_sending=re.compile(r"send"),
    looks=_looks,
    names=("tencent",),
)


def claims(exchange: Exchange) -> str | None:
    """``SendEmail``, ``lists`` for a batch, or ``account`` for the other actions."""
    operation = _API.operation(exchange)
    if operation != _SEND or not isinstance(exchange, HttpRequest):
        return operation
    action = header(exchange.headers, "x-tc-action")
    if not action:
        body = data_of(exchange)
        action = text(given(get(body, "Action", fold=True))) or "" if not isinstance(body, CannotTell) else ""
    if action.casefold() == "batchsendemail":
        return _BATCH
    return _SEND if action.casefold() in {"", "sendemail"} else ACCOUNT


@of_data
def decode(_operation: str, body: Value) -> Decoded:
    """One message. In a form the members of a list are ``Destination.0``, ``Destination.1``."""
    if sort_of(body) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    held = dict(_listed(body)) if isinstance(body, dict) else body
    one = printed(held, to="Destination", cc="Cc", bcc="Bcc", reply_to="ReplyToAddresses")
    return told((one,), held, ("destination", "cc", "bcc"))


def _listed(body: dict[str, Value]) -> list[tuple[str, Value]]:
    found: dict[str, list[Value]] = {}
    for name, value in body.items():
        front, dot, number = name.partition(".")
        if dot and number.isdigit():
            found.setdefault(front, []).append(value)
    return [*((name, value) for name, value in body.items() if name not in found), *found.items()]


# --- The package tencentcloud-sdk-python -----------------------------------------------------------


class SendEmailRequest(Object):
    """``models.SendEmailRequest()``, filled by attributes or out of JSON."""

    PATHS: tuple[str, ...] = ("tencentcloud.ses.v20201002.models.SendEmailRequest",)

    def __init__(self) -> None:
        pass

    def render(self) -> Value:
        """The JSON."""
        names = ("Destination", "Cc", "Bcc", "ReplyToAddresses", "Subject")
        return {name: value for name in names if not isinstance(value := self.read(name), Absent)}


class SesClient(Object):
    """``ses_client.SesClient(credential, region)``."""

    PATHS: tuple[str, ...] = ("tencentcloud.ses.v20201002.ses_client.SesClient",)

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def SendEmail(self, request: Value) -> HttpRequest:
        """Send one message."""
        headers: Value = {"Content-Type": "application/json", "X-TC-Action": "SendEmail"}
        return HttpRequest("POST", "https://ses.tencentcloudapi.com/", headers, as_data(request), "json")


PROVIDER: Final = Provider(
    name="tencent-ses",
    title="Tencent Cloud SES",
    sources=(
        Source(
            "https://www.tencentcloud.com/document/api/1084/39408",
            "SendEmail: up to 50 in Destination, and the mail shows all of them; Cc, Bcc",
        ),
        Source(
            "https://www.tencentcloud.com/document/product/1084/43052", "BatchSendEmail goes to a list at the service"
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://ses.tencentcloudapi.com/",
    library=Library(
        classes=(SesClient, SendEmailRequest),
        tokens=("tencentcloud.ses", "tencentcloud & ses_client", "ses.tencentcloudapi"),
    ),
    explain=(
        "Everybody in Destination and Cc of one call is printed to everybody in it; Bcc is printed nowhere. Make one call for "
        "each reader."
    ),
)
"""Tencent Cloud SES."""
