"""Netcore Email API, once Pepipost: ``/v5/mail/send`` and its kin.

Each item of ``personalizations`` is a message; who is together in its ``to`` and ``cc`` is taken to read each other.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Sort, Value, each, sort_of
from mailguard.transports.json_api import Api, field, given, of_json, told
from mailguard.transports.services import printed, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "v5/mail/send"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, "personalizations") and says_any(body, "from", "content", "subject") else None


_API: Final = Api(
    hosts=re.compile(
        r"(?:[a-z]{2}-)?(?:api\.pepipost\.com|(?:apieu|emailapi)\.netcorecloud\.net|emailapi\.netcorecloud\.com)"
    ),
    paths=((re.compile(r"/v5(?:\.\d)?/mail/send"), _SEND),),
    # The older versions (/v1/emails.json, /v2/sendEmail) are not read.
    like_sending=re.compile(r"/send|/mail/|/emails?(?:\.json)?$"),
    looks=_looks,
    names=("pepipost", "netcore"),
)


def claims(exchange: Exchange) -> str | None:
    """``v5/mail/send``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each personalization; a Bcc at the root gets a copy of each."""
    listed = field(body, "personalizations")
    if isinstance(listed, Absent) or sort_of(listed) is Sort.NONE:
        return told((printed(body),), body)
    if sort_of(listed) is Sort.UNKNOWN:
        return CannotTell(Reason.ADDRESSES, "the code does not tell the personalizations")
    beneath = {"reply_to": given(field(body, "reply_to")), "bcc": given(field(body, "bcc"))}
    if sort_of(listed) is Sort.MAPPING:
        return (printed(given(listed), beneath),)
    return tuple(replace(printed(item, beneath), copies=count) for item, count in each(given(listed)) if count.high)


PROVIDER: Final = Provider(
    name="netcore",
    title="Netcore Email API",
    sources=(
        Source("https://cpaasdocs.netcorecloud.com/docs/pepipost-api/", "personalizations, each with to, cc and bcc"),
        Source("https://www.npmjs.com/package/pepipost", "the client of version 5: the names of the fields; read"),
    ),
    claims=claims,
    decode=decode,
    address="https://emailapi.netcorecloud.net/v5/mail/send",
    library=Library(tokens=("pepipost.com", "netcorecloud")),
    explain=(
        "Each item of personalizations is a message of its own; who is together in its to and cc is taken to read each other. "
        "One item for each person keeps them apart."
    ),
)
"""Netcore Email API."""
