"""Ways to send, and calls that send nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailguard.model.exchange import HttpRequest
from mailguard.model.provider import Refused
from mailguard.model.value import Unknown
from mailguard.providers import sendgrid as ours

from .. import samples  # noqa: TID252  # the tests are no package with a name
from .support import FROM, A, B

DATA = {"personalizations": [{"to": [{"email": A}, {"email": B}]}], "from": {"email": FROM}}


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.send(DATA),
        lambda client: client.client.mail.send.post(request_body=DATA),
        lambda client: client.client._("mail/send").post(request_body=DATA),
        lambda client: client.client._("mail").send.post(DATA),
        lambda client: client.client.version(3).mail.send.post(request_body=DATA),
    ],
)
def test_every_way_to_send_is_the_same_request(send: Callable[[Any], HttpRequest]) -> None:
    request = send(ours.SendGridAPIClient("key"))
    assert ours.claims(request) == "v3/mail/send"
    assert samples.readings(samples.decoded(request)) == [[samples.expected({"to": [A, B]})]]


def test_other_calls_of_the_api_send_nothing() -> None:
    client = ours.SendGridAPIClient(api_key=Unknown("key")).client
    for request in (client._("suppression/bounces").get(), client._("contactdb/recipients").post([{"email": A}])):
        operation = ours.claims(request)
        assert operation is not None
        assert ours.decode(operation, request) == ()


def test_the_hosts_of_the_package() -> None:
    client = ours.SendGridAPIClient("key")
    client.set_sendgrid_data_residency("eu")
    assert client.send(DATA).url == "https://api.eu.sendgrid.com/v3/mail/send"
    assert ours.TwilioEmailAPIClient("user", "password").send(DATA).url == "https://email.twilio.com/v3/mail/send"


def test_a_mail_that_was_not_made_data_is_refused() -> None:
    with pytest.raises(Refused):
        ours.SendGridAPIClient("key").client.mail.send.post(request_body=ours.Mail(FROM, A))


def test_a_mail_of_the_package_is_sendgrids_wherever_it_goes() -> None:
    client = ours.SendGridAPIClient("key", host=Unknown("settings.HOST"))
    assert ours.claims(client.send(DATA)) == "v3/mail/send"
