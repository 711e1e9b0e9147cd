"""What the hooks of the laws keep is what a server on the loopback gets."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from mailguard.model.exchange import SmtpTransaction

from . import runs

PROGRAM = """
import smtplib
from email.message import EmailMessage
from email.mime.text import MIMEText

def main(host="relay.example.com", port=25):
    old = MIMEText("T")
    old["To"] = "ann@example.com"
    old["To"] = "Bob <bob@example.org>"
    old["Bcc"] = "cat@example.net"
    new = EmailMessage()
    new["From"] = "from@example.com"
    new["To"] = ["ann@example.com", "bob@example.org"]
    new["Bcc"] = "cat@example.net"
    new.set_content("T\\n.\\n")
    with smtplib.SMTP(host, port) as server:
        server.sendmail("from@example.com", ["ann@example.com", "Bob <bob@example.org>"], old.as_string())
        server.sendmail("from@example.com", "ann@example.com", old.as_bytes())
        server.send_message(new)
        server.send_message(old, "from@example.com")
"""


class _Keeper:
    def __init__(self) -> None:
        self.seen: list[tuple[str | None, list[str], bytes]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802  # aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.seen.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[_Keeper, int]]:
    keeper = _Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield keeper, controller.port
    controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_kept_transactions_are_those_of_a_server(server: tuple[_Keeper, int]) -> None:
    keeper, port = server
    namespace: dict[str, Any] = {}
    exec(PROGRAM, namespace)
    namespace["main"]("127.0.0.1", port)
    kept, error = runs.run(PROGRAM, runs.World())
    assert error is None
    transactions = [each.exchange for each in kept if isinstance(each.exchange, SmtpTransaction)]
    assert [(one.mail_from, list(one.rcpt_to), _ended(one.data)) for one in transactions] == keeper.seen  # type: ignore[arg-type]  # what a run keeps is known
    assert smtplib.SMTP is not runs.Wire


def _ended(data: Any) -> bytes:
    # The client ends the data with an empty line of its own where the last line has none.
    return data if data.endswith(b"\r\n") else data + b"\r\n"
