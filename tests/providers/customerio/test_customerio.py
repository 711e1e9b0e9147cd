"""Customer.io: one message for one request; the package's requests and its model's agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Repeat, Text, Unknown, Value
from mailguard.providers import customerio as provider
from mailguard.providers.customerio import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.customer.io/v1/send/email"
FIELDS = st.fixed_dictionaries(
    {"to": sdk.LINE}, optional={"cc": sdk.LINE, "bcc": sdk.LINE, "reply_to": sdk.MAILBOX, "fake_bcc": st.booleans()}
)


@settings(max_examples=50, deadline=None)
@given(fields=FIELDS, as_request=st.booleans())
def test_a_send_of_the_package_is_what_its_model_says(fields: dict[str, Any], as_request: bool) -> None:
    real = pytest.importorskip("customerio", reason="compares with the package")

    def run(library: Any) -> Any:
        data = {"transactional_message_id": 1, "identifiers": {"id": "1"}, **fields}
        request = library.SendEmailRequest(**data) if as_request else data
        if as_request:
            request.attach("a.txt", "T")
        return library.APIClient("key").send_email(request)

    assert sdk.agree(PROVIDER, lambda: run(real), lambda: run(provider))


def sent(body: Value, url: str = ROOT) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", url, {}, body, "json"))


@pytest.mark.parametrize("url", [ROOT, "https://api-eu.customer.io/v1/send/email"])
def test_everybody_in_to_is_printed(url: str) -> None:
    (message,) = sent({"to": "ann@example.com, bob@example.org", "bcc": "cat@example.net"}, url)
    assert len(message.to) == 2
    assert len(message.bcc) == 1


def test_joined_texts_of_the_code_are_many() -> None:
    joined = Text((Repeat(Unknown("user.email", OPTIONAL), MANY, ","),))
    client = provider.APIClient("key", url="https://api-eu.customer.io")
    (message,) = sdk.asked(PROVIDER, client.send_email(provider.SendEmailRequest(1, joined)))  # type: ignore[misc]  # a tuple
    assert [entry.count for entry in message.to] == [MANY]


def test_what_is_not_for_sending_mail() -> None:
    assert PROVIDER.claims(HttpRequest("POST", "https://api.customer.io/v1/send/push")) == "account"
    assert PROVIDER.claims(HttpRequest("GET", "https://api.customer.io/v1/messages")) == "account"
    assert PROVIDER.claims(HttpRequest("POST", "https://track.customer.io/api/v1/customers/1/events")) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    named = HttpRequest("POST", Unknown("CUSTOMERIO_URL"), {}, {"to": "x", "identifiers": {}}, "json")
    assert PROVIDER.claims(named) == "v1/send/email"
    campaign = HttpRequest("POST", "https://api.customer.io/v1/campaigns/1/triggers", {}, {}, "json")
    assert sdk.asked(PROVIDER, campaign) == CannotTell(Reason.LIST_AT_PROVIDER)
    for body in (None, "x", {"identifiers": {}}, [], Unknown("body")):
        assert isinstance(sent(body), CannotTell)
