"""MailChannels: ``/tx/v1/send`` and ``/tx/v1/send-async``, and the package ``mailchannels``.

Each item of ``personalizations`` is a message; everybody in its To and Cc reads everybody else there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.model.value import Absent, Object, Sort, Value, each, sort_of
from mailguard.transports.json_api import Api, as_data, field, given, of_json, post, told
from mailguard.transports.services import printed, says_any

__all__ = ["PROVIDER", "Client"]

_SEND: Final = "tx/v1/send"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, "personalizations") and says_any(body, "content", "subject", "from") else None


_API: Final = Api(
    hosts=re.compile(r"api\.mailchannels\.net"),
    paths=((re.compile(r"/tx/v1/send(?:-async)?"), _SEND),),
    like_sending=re.compile(r"/send(?:-|/|$)"),
    looks=_looks,
    names=("mailchannels",),
)


def claims(exchange: Exchange) -> str | None:
    """``tx/v1/send``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each personalization."""
    listed = field(body, "personalizations")
    if isinstance(listed, Absent) or sort_of(listed) is Sort.NONE:
        return told((printed(body),), body)
    if sort_of(listed) is Sort.UNKNOWN:
        return CannotTell(Reason.ADDRESSES, "the code does not tell the personalizations")
    items = [(listed, None)] if sort_of(listed) is Sort.MAPPING else [(item, count) for item, count in each(listed)]
    found = []
    for item, count in items:
        one = printed(given(item), {"reply_to": given(field(body, "reply_to"))})
        if count is None or count.high:
            found.append(one if count is None else replace(one, copies=count))
    return tuple(found)


# --- The package mailchannels --------------------------------------------------------------------


class Emails(Object):
    """``client.emails``, and ``mailchannels.Emails`` of the module."""

    PATHS: tuple[str, ...] = (
        "mailchannels.Emails",
        "mailchannels.emails.Emails",
        "mailchannels.emails.EmailsResource",
        "mailchannels.emails.emails.Emails",
    )

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    @classmethod
    def send(cls, params: Value = None, *_: Value, **__: Value) -> HttpRequest:
        """Send it at once."""
        return post("https://api.mailchannels.net/tx/v1/send", as_data(params))

    send_async = queue = queue_async = send


class Client(Object):
    """``mailchannels.Client(api_key=...)``."""

    PATHS: tuple[str, ...] = ("mailchannels.Client", "mailchannels.client.Client")

    def __init__(self, *_: Value, **__: Value) -> None:
        self.write("emails", Emails())


def data_class(**fields: Value) -> Value:
    """``EmailParams(...)`` and what it holds: the JSON under the same names."""
    return {
        {"from_": "from"}.get(name, name): value for name, value in fields.items() if sort_of(value) is not Sort.NONE
    }


PROVIDER: Final = Provider(
    name="mailchannels",
    title="MailChannels",
    sources=(
        Source(
            "https://docs.mailchannels.net/email-api/api-reference/send-a-message-over-mail-channels-api",
            "up to 1,000 personalizations, each with to, cc and bcc",
        ),
        Source("pypi:mailchannels==1.5.1", "run: the request of Emails.send"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.mailchannels.net/tx/v1/send",
    library=Library(
        classes=(Client, Emails),
        functions=(
            Function(
                tuple(
                    f"mailchannels.{place}{name}"
                    for name in ("EmailParams", "Personalization", "EmailAddress", "Content")
                    for place in ("", "emails.", "emails.types.")
                ),
                data_class,
            ),
        ),
        tokens=("mailchannels",),
    ),
    explain=(
        "Each item of personalizations is a message of its own: everybody in its to and cc is printed to everybody there, "
        "bcc is blind. One item for each person keeps them apart."
    ),
)
"""MailChannels."""
