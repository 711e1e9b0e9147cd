"""From the parts of a record to an exchange."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text
from mailguard.model.exchange import Body, Exchange, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value
from mailguard.recording.messages import looks_like_message
from mailguard.recording.parts import headers_of, name_of
from mailguard.wire.media import header

__all__ = ["address_list", "exchange_of", "http"]


def http(method: object, url: object, headers: object, body: object, encoding: str = "") -> HttpRequest | CannotTell:
    """The HTTP request of recorded parts. A URL without a host, or with that of a stub here, gets that of the Host header."""
    names = headers_of(headers)
    address = url.decode("latin-1") if isinstance(url, bytes) else url
    if not isinstance(address, str) or not address.strip():
        return CannotTell(Reason.BAD_RECORD, "the record has no URL")
    if (body or len(address) > _SHORT) and not _URL.match(address):
        return CannotTell(Reason.BAD_RECORD, "the URL of the record is damaged")
    if _CONTROL.search(address.strip()):
        return CannotTell(Reason.BAD_RECORD, "the URL of the record is damaged")
    if isinstance(method, str) and not _METHOD.fullmatch(method):
        return CannotTell(Reason.BAD_RECORD, "the method of the record is damaged")
    if address.startswith("/") and not address.startswith("//"):
        host = header(names, "host") or header(names, "authority") or header(names, ":authority")
        address = f"https://{host}{address}" if host else address
    elif local := _LOCAL.match(address):
        host = header(names, "host")
        if host and not _LOCAL.match(f"http://{host}/"):
            address = f"https://{host}{address[local.end() :]}"
    verb = name_of(method).removeprefix(":").upper() if isinstance(method, (str, bytes)) else "POST"
    content = _body(body, encoding)
    if isinstance(content, CannotTell):
        return content
    kind = "json" if isinstance(content, (dict, list)) else ""
    return HttpRequest(verb, address, names, content, kind)


# With a scheme and a host, or what stands for them; a path; a host alone. Other schemes (data:) have no double slash.
_URL = re.compile(
    r"[\s\"'<]*(?:[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/&%?#]|/|(?:data|blob|about|file|urn|cid):|[\w.-]*[.\w](?::[0-9]{1,5})?(?:/|\?)"
    r"|[\w-]+(?:\.[\w-]+)+(?::[0-9]{1,5})?\Z|localhost|[<\[*$%(])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHORT: Final = 60
"""Characters of an address in which nobody can stand."""
_METHOD = re.compile(r"[\s:\"']*[A-Za-z][A-Za-z_-]{0,30}[\s\"']*|")
_RELAY = re.compile(r"\S{0,300}")
_LOCAL = re.compile(
    r"https?://(?:localhost|127\.[0-9.]{1,12}|0\.0\.0\.0|\[::1\])(?::[0-9]{1,5})?(?=[/?]|\Z)", re.IGNORECASE
)


def _body(body: object, encoding: str) -> Body | CannotTell:
    if encoding in ("base64", "base64_string") and isinstance(body, (str, bytes)) and body:
        data = base64_bytes(body)
        if data is None:
            return CannotTell(Reason.WRONG_ENCODING, "the record says base64, the body is not base64")
        return data
    if isinstance(body, str):
        return clean_text(body)
    if body is None or isinstance(body, (bytes, dict, list)):
        return body
    return CannotTell(Reason.BAD_RECORD, "the body of the record is neither text nor data")


def exchange_of(record: Mapping[str, Any]) -> Exchange | CannotTell | None:
    """The exchange of a record in mailguard's own shape; None where it has another shape.

    ``{method, url, headers, body | body_base64}`` is an HTTP request; with ``envelope: {mail_from, rcpt_to}``, a method
    ``SMTP`` or an ``smtp:`` URL it is an SMTP transaction.
    """
    url = record.get("url")
    method = record.get("method")
    envelope = record.get("envelope")
    smtp = (
        isinstance(envelope, Mapping)
        or method == "SMTP"
        or (isinstance(url, str) and url.startswith(("smtp:", "smtps:")))
    )
    if not isinstance(url, str) or not (isinstance(method, str) or "body" in record or "body_base64" in record or smtp):
        return None
    body, encoding = record.get("body"), ""
    if record.get("body_base64") is not None:
        body, encoding = record["body_base64"], "base64"
    if not smtp:
        return http(method or "POST", url, record.get("headers"), body, encoding)
    if not _RELAY.fullmatch(url) or (isinstance(method, str) and not _METHOD.fullmatch(method)):
        return CannotTell(Reason.BAD_RECORD, "the method or the URL of the record is damaged")
    if not isinstance(envelope, Mapping):
        return CannotTell(Reason.ENVELOPE_MISSING)
    data = _body(body, encoding)
    if isinstance(data, CannotTell):
        return data
    people = address_list(envelope.get("rcpt_to"))
    if people is None:
        return CannotTell(Reason.ENVELOPE_MISSING)
    if not isinstance(data, (str, bytes)):
        return (
            CannotTell(Reason.BODY_MISSING)
            if data is None
            else CannotTell(Reason.BAD_RECORD, "the message is not text")
        )
    sender = envelope.get("mail_from")
    return SmtpTransaction(url, sender if isinstance(sender, str) else None, people, _opened(data))


def _opened(data: str | bytes) -> str | bytes:
    """A message that the recorder wrote in base64 without saying so."""
    colon: str | bytes = ":" if isinstance(data, str) else b":"
    if colon in data[:_SHORT]:  # type: ignore[operator]  # both are text, or both are bytes
        return data
    inner = base64_bytes(data)
    return inner if inner is not None and looks_like_message(inner) else data


def address_list(value: object) -> list[Value] | None:
    """Recorded envelope addresses as a list; None if none were recorded. What is no text stays, so that it counts."""
    if value is None:
        return None
    items = value if isinstance(value, (list, tuple)) else [value]
    return [_envelope_address(item) for item in items]


def _envelope_address(item: object) -> Value:
    if isinstance(item, Mapping):
        # {"address": "ann@example.com", "args": {"NOTIFY": "NEVER"}}, as smtp-server of Node.js writes it.
        for name in ("address", "email", "addr", "mailbox", "rcpt", "to"):
            if isinstance(item.get(name), str):
                return clean_text(item[name])
    if isinstance(item, bytes):
        item = decode_text(item)
    if not isinstance(item, str):
        return str(item)
    path, end, rest = item.partition(">")
    return clean_text(path + end if end and "<" in path and _PARAMETERS.fullmatch(rest) else item)


_PARAMETERS: Final = re.compile(r"(?:\s+[A-Za-z0-9-]{1,30}=\S*)+\s*")
"""What follows the address of RCPT TO (RFC 3461, section 4); one of them names whom the mail was for at first."""
