"""Oracle Cloud Email Delivery: ``submitEmail`` and ``submitRawEmail`` over HTTPS.

Everybody in ``to`` and ``cc`` of ``recipients`` is printed to everybody.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Object, Parameter, Sort, Unknown, Value, sort_of
from mailguard.transports.json_api import Api, as_data, field, given, of_json, post, told
from mailguard.transports.services import LISTS, printed, raw_mail, says_any
from mailguard.wire.bodies import payload
from mailguard.wire.media import header

__all__ = ["PROVIDER", "EmailDPClient"]

_SEND: Final = "submitEmail"
_RAW: Final = "submitRawEmail"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(field(body, "recipients"), *LISTS) else None


_API: Final = Api(
    hosts=re.compile(r"(?:cell\d+\.)?(?:submit\.)?email\.[a-z0-9*-]+\.oci\.[a-z0-9.-]+"),
    paths=(
        (re.compile(r"/\d{8}/actions/submitemail"), _SEND),
        (re.compile(r"/\d{8}/actions/submitrawemail"), _RAW),
    ),
    like_sending=re.compile(r"/actions/submit"),
    looks=_looks,
    names=("email_delivery_endpoint",),
)


def claims(exchange: Exchange) -> str | None:
    """``submitEmail``, ``submitRawEmail``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message; of MIME source the header ``recipients`` of the request is the envelope."""
    if operation == _RAW and isinstance(exchange, HttpRequest):
        body = payload(exchange)
        if isinstance(body, CannotTell):
            return body
        return (
            CannotTell(Reason.UNKNOWN_FORM)
            if isinstance(body.value, Form)
            else raw_mail(body.value, header(exchange.headers, "recipients") or None)
        )
    return _data(operation, exchange)


@of_json
def _data(_operation: str, body: Value) -> Decoded:
    people = field(body, "recipients")
    if isinstance(people, (Absent, Unknown, Parameter)) or sort_of(people) is not Sort.MAPPING:
        return CannotTell(Reason.ADDRESSES, "the body names no recipients")
    held = {name: given(field(people, name)) for name in LISTS}
    replies = given(field(body, "replyTo"))
    return told((printed({**held, "reply_to": replies, "headers": given(field(body, "headerFields"))}),), people)


# --- The package oci -------------------------------------------------------------------------------


class _Model(Object):
    """A class of ``oci.email_data_plane.models``, filled by name."""

    SENT: tuple[tuple[str, str], ...] = ()

    def __init__(self, **fields: Value) -> None:
        for name, value in fields.items():
            self.write(name, value)

    def render(self) -> Value:
        """The JSON."""
        pairs = ((sent, given(self.read(name))) for name, sent in self.SENT)
        return {sent: value for sent, value in pairs if value is not None}


class EmailAddress(_Model):
    """``EmailAddress(email=..., name=...)``."""

    PATHS: tuple[str, ...] = ("oci.email_data_plane.models.EmailAddress",)
    HOLDS = True
    SENT = (("email", "email"), ("name", "name"))


class Recipients(_Model):
    """``Recipients(to=[...], cc=[...], bcc=[...])``."""

    PATHS: tuple[str, ...] = ("oci.email_data_plane.models.Recipients",)
    SENT = (("to", "to"), ("cc", "cc"), ("bcc", "bcc"))


class SubmitEmailDetails(_Model):
    """``SubmitEmailDetails(sender=..., recipients=..., subject=...)``."""

    PATHS: tuple[str, ...] = ("oci.email_data_plane.models.SubmitEmailDetails",)
    SENT = (("recipients", "recipients"), ("reply_to", "replyTo"), ("header_fields", "headerFields"))


class EmailDPClient(Object):
    """``oci.email_data_plane.EmailDPClient(config)``."""

    PATHS: tuple[str, ...] = (
        "oci.email_data_plane.EmailDPClient",
        "oci.email_data_plane.email_dp_client.EmailDPClient",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def submit_email(self, submit_email_details: Value = None, **_: Value) -> HttpRequest:
        """Send one message."""
        place = "https://cell0.submit.email.us-ashburn-1.oci.oraclecloud.com/20220926/actions/submitEmail"
        return post(place, as_data(submit_email_details))


PROVIDER: Final = Provider(
    name="oracle-email",
    title="Oracle Cloud Email Delivery",
    sources=(
        Source(
            "https://docs.oracle.com/en-us/iaas/tools/python/latest/api/email_data_plane/models/"
            "oci.email_data_plane.models.Recipients.html",
            "to, cc and bcc are lists of EmailAddress, at most 50 in all; bcc is not seen",
        ),
        Source("pypi:oci==2.189.0", "submit_email and submit_raw_email, and where they go; read"),
    ),
    claims=claims,
    decode=decode,
    address="https://cell0.submit.email.us-ashburn-1.oci.oraclecloud.com/20220926/actions/submitEmail",
    library=Library(
        classes=(EmailDPClient, EmailAddress, Recipients, SubmitEmailDetails),
        tokens=("email_data_plane", "submit.email."),
    ),
    explain=(
        "Everybody in to and cc of recipients is printed to everybody in it; bcc is printed nowhere. Make one call for each "
        "reader."
    ),
)
"""Oracle Cloud Email Delivery."""
