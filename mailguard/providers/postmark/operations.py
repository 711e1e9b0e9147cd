"""What a request to Postmark means."""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.value import Absent, Sort, Value, each, get, sort_of
from mailguard.transports.json_api import Api, message, messages, of_json, told

_EMAIL: Final = "email"
_BATCH: Final = "email/batch"
_BATCH_TEMPLATES: Final = "email/batchWithTemplates"
_BULK: Final = "email/bulk"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known: only Postmark writes these names in capitals."""
    if sort_of(body) is Sort.COLLECTION:
        first = next((item for item, _ in each(body)), None)
        return _BATCH if first is not None and _looks(first) == _EMAIL else None
    if not isinstance(get(body, "Messages"), Absent):
        return _BATCH_TEMPLATES if isinstance(get(body, "From"), Absent) else _BULK
    named = not any(isinstance(get(body, name), Absent) for name in ("From", "To"))
    said = any(
        not isinstance(get(body, name), Absent) for name in ("TextBody", "HtmlBody", "TemplateId", "TemplateAlias")
    )
    return _EMAIL if named and said else None


_API: Final = Api(
    hosts=re.compile(r"api\.postmarkapp\.com"),
    paths=(
        (re.compile(r"/email"), _EMAIL),
        (re.compile(r"/email/withtemplate"), "email/withTemplate"),
        (re.compile(r"/email/batch"), _BATCH),
        (re.compile(r"/email/batchwithtemplates"), _BATCH_TEMPLATES),
        (re.compile(r"/email/bulk"), _BULK),
    ),
    like_sending=re.compile(r"^/email(?:/|$)"),
    looks=_looks,
    names=("postmark",),
)


def claims(exchange: Exchange) -> str | None:
    """``email``, ``email/withTemplate``, ``email/batch``, ``email/batchWithTemplates``, ``email/bulk``, or ``account``."""
    return _API.operation(exchange)


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message for a request, or one for each item of a batch."""
    if sort_of(body) is Sort.COLLECTION:
        return messages(body)
    listed = get(body, "Messages", fold=True)
    if not isinstance(listed, Absent) and sort_of(listed) is not Sort.NONE:
        # In the bulk form the root holds what all messages share.
        return messages(listed, body)
    if sort_of(body) not in {Sort.MAPPING, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if operation in {_BATCH_TEMPLATES, _BULK} and sort_of(body) is Sort.MAPPING and isinstance(get(body, "To"), Absent):
        return CannotTell(Reason.ADDRESSES, "the body names no messages")
    return told((message(body),), body)
