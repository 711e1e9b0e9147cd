"""What a record of a capture comes to, in a form that stands beside the sample and is read by people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mailguard.model.exchange import Form, HttpRequest, RawMessage, Record, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.value import Value
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.header_blocks import header_block

SAMPLES = Path(__file__).parent / "samples"
TWIN = ".expected.json"


def samples() -> list[Path]:
    """Every sample: the files and folders one level below the folder of their format."""
    return sorted(
        path
        for folder in SAMPLES.iterdir()
        if folder.is_dir()
        for path in folder.iterdir()
        if not path.name.endswith(TWIN)
    )


def shown(record: Record, sample: str) -> dict[str, Any]:
    """A record as plain data."""
    exchange = record.exchange
    result: dict[str, Any] = {"place": str(record.place).removeprefix(sample)}
    if record.when:
        result["when"] = record.when
    if not record.delivered:
        result["delivered"] = False
    match exchange:
        case CannotTell():
            result["cannot tell"] = _reason(exchange)
        case HttpRequest():
            result |= {"request": f"{exchange.method} {exchange.url}", "payload": _payload(payload(exchange))}
        case SmtpTransaction():
            result |= {"relay": exchange.relay, "mail_from": exchange.mail_from, "rcpt_to": exchange.rcpt_to}
            result["headers"] = _headers(exchange.data)
        case RawMessage():
            result |= {"rcpt_to": exchange.rcpt_to, "headers": _headers(exchange.data)}
            if exchange.bcc_is_envelope:
                result["bcc_is_envelope"] = True
    return result


def _reason(reason: CannotTell) -> str:
    return f"{reason.reason.name}: {reason.detail}"


def _payload(found: Payload | CannotTell) -> Any:
    if isinstance(found, CannotTell):
        return {"cannot tell": _reason(found)}
    if isinstance(found.value, Form):
        # The content of an attached file may be bytes that are no text.
        parts = [
            [name, value.decode("latin-1") if isinstance(value, bytes) else value] for name, value in found.value.parts
        ]
        return {found.kind: parts}
    return {found.kind: found.value}


def _headers(data: Value) -> Any:
    block = header_block(data)
    return _reason(block) if isinstance(block, CannotTell) else [f"{name}: {value}" for name, value in block]
