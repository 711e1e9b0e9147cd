"""Zoho Mail: ``/api/accounts/<id>/messages``, mail out of somebody's own mailbox.

``toAddress``, ``ccAddress`` and ``bccAddress`` are texts with commas; everybody in the first two is printed to everybody.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import Decoded
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Value
from mailguard.transports.json_api import Api, of_object, told
from mailguard.transports.services import printed, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "accounts/messages"
_LISTS: Final = ("toaddress", "ccaddress", "bccaddress")


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, *_LISTS) else None


_API: Final = Api(
    hosts=re.compile(r"(?:mail|workplace)\.zoho(?:cloud)?\.(?:com\.(?:au|cn)|[a-z]{2,3})"),
    paths=((re.compile(r"/api/accounts/[^/]+/messages(?:/\d+)?"), _SEND),),
    like_sending=re.compile(r"/messages(?:/[^/]+)?/?$"),
    looks=_looks,
    names=("zoho_mail", "zohomail"),
)


def claims(exchange: Exchange) -> str | None:
    """``accounts/messages`` for a mail or an answer, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_object
def decode(_operation: str, body: Value) -> Decoded:
    """One message; a draft counts where its people are written."""
    one = printed(body, to="toAddress", cc="ccAddress", bcc="bccAddress", reply_to="replyTo")
    return told((one,), body, _LISTS)


PROVIDER: Final = Provider(
    name="zoho-mail",
    title="Zoho Mail",
    sources=(
        Source(
            "https://www.zoho.com/mail/help/api/post-send-an-email.html",
            "toAddress, ccAddress and bccAddress are texts",
        ),
        Source(
            "https://www.zoho.com/mail/help/api/post-reply-to-an-email.html",
            "an answer names its people in the same fields",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://mail.zoho.com/api/accounts/1/messages",
    library=Library(tokens=("mail.zoho.",)),
    explain="Everybody in toAddress and ccAddress of one mail is printed to everybody in it; bccAddress is printed nowhere.",
)
"""Zoho Mail."""
