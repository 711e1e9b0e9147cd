"""Mailtrap: a request is shared, requests of a batch are not; the package's requests and its model's agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.value import Items, Member, Parameter, Unknown, Value
from mailguard.providers import mailtrap as provider
from mailguard.providers.mailtrap import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://send.api.mailtrap.io/api"
PEOPLE = st.lists(sdk.CONTACT, min_size=1, max_size=3)
MAIL = st.fixed_dictionaries({"to": PEOPLE}, optional={"cc": PEOPLE, "bcc": PEOPLE, "reply_to": sdk.CONTACT})
FROM = {"email": "from@example.com"}


def built(library: Any, mail: dict[str, Any]) -> dict[str, Any]:
    """The fields of a mail with the address objects of ``library``."""
    return {
        name: [library.Address(**each) for each in value] if isinstance(value, list) else library.Address(**value)
        for name, value in {**mail, "sender": FROM}.items()
    }


@settings(max_examples=50, deadline=None)
@given(mail=MAIL, bulk=st.booleans())
def test_a_send_of_the_package_is_what_its_model_says(mail: dict[str, Any], bulk: bool) -> None:
    real = pytest.importorskip("mailtrap", reason="compares with the package")

    def run(library: Any) -> Any:
        client = library.MailtrapClient("token", bulk=bulk)
        return client.send(library.Mail(subject="S", text="T", **built(library, mail)))

    answer = {"success": True, "message_ids": []}
    assert sdk.agree(PROVIDER, lambda: run(real), lambda: run(provider), answer=answer)


@settings(max_examples=30, deadline=None)
@given(mails=st.lists(MAIL, min_size=1, max_size=3))
def test_a_batch_of_the_package_is_what_its_model_says(mails: list[dict[str, Any]]) -> None:
    real = pytest.importorskip("mailtrap", reason="compares with the package")

    def really() -> Any:
        base = real.BatchMail(sender=real.Address(**FROM), subject="S", text="T")
        requests = [real.BatchEmailRequest(**built(real, mail)) for mail in mails]
        return real.MailtrapClient("token").batch_send(real.BatchSendEmailParams(base=base, requests=requests))

    def model() -> Any:
        base = provider.Mail(sender=provider.Address(**FROM), subject="S", text="T")
        requests: Any = [provider.Mail(**built(provider, mail)) for mail in mails]
        return provider.MailtrapClient("token").batch_send(provider.Batch(base=base, requests=requests))

    assert sdk.agree(PROVIDER, really, model, answer={"success": True, "responses": []})


def sent(body: Value, url: str = f"{ROOT}/send") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", url, {}, body, "json"))


@pytest.mark.parametrize(
    "url",
    [
        f"{ROOT}/send",
        "https://bulk.api.mailtrap.io/api/send",
        "https://sandbox.api.mailtrap.io/api/send/12",
    ],
)
def test_a_list_is_shared_on_every_host(url: str) -> None:
    (message,) = sent({"from": FROM, "to": [{"email": "ann@example.com"}, {"email": "bob@example.org"}]}, url)
    assert len(message.to) == 2


def test_what_a_request_leaves_out_is_the_bases() -> None:
    base = {"from": FROM, "cc": [{"email": "cat@example.net"}]}
    one, other = [{"to": [{"email": "ann@example.com"}]}, {"to": [{"email": "bob@example.org"}], "cc": []}]
    first, second = sent({"base": base, "requests": [one, other]}, f"{ROOT}/batch")
    assert [len(first.to), len(first.cc)] == [1, 1]
    assert [len(second.to), len(second.cc)] == [1, 0]
    assert len(sent([one, other])) == 2


def test_lists_of_unknown_length_are_many() -> None:
    person = provider.Address(email=Unknown("user.email", OPTIONAL))
    people = Items((Member(person, MANY),))
    request = provider.MailtrapClient("token", sandbox=True).send(provider.Mail(sender=None, to=people, subject="S"))
    (message,) = sdk.asked(PROVIDER, request)  # type: ignore[misc]  # a tuple
    assert [entry.count for entry in message.to] == [MANY]
    other = provider.MailtrapClient("token", "send.api.mailtrap.io").sending_api.batch_send(Parameter("batch", "m:f"))
    assert isinstance(sdk.asked(PROVIDER, other), CannotTell)


def test_what_is_not_for_sending() -> None:
    assert PROVIDER.claims(HttpRequest("GET", f"{ROOT}/send")) == "account"
    assert PROVIDER.claims(HttpRequest("POST", "https://send.api.mailtrap.io/api/v2/send")) == "?"
    assert PROVIDER.claims(HttpRequest("POST", "https://mailtrap.io/api/accounts/1/contacts")) == "account"
    assert PROVIDER.claims(HttpRequest("POST", "https://mailtrap.io/api/accounts/1/sending_domains/2/x")) == "account"
    assert PROVIDER.claims(HttpRequest("POST", "https://own.host.mailtrap.io:8080/api/send")) == "api/send"
    assert PROVIDER.claims(HttpRequest("POST", "https://mailtrap.io/api/inbound/inboxes/1/messages/2/reply_all")) == "?"
    assert PROVIDER.claims(HttpRequest("POST", "https://notmailtrap.io/api/send")) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    named = HttpRequest("POST", Unknown("MAILTRAP_URL"), {}, {"from": FROM, "to": [], "subject": "S"}, "json")
    assert PROVIDER.claims(named) == "api/send"
    batch = HttpRequest("POST", Unknown("MAILTRAP_URL"), {}, {"base": {}, "requests": []}, "json")
    assert PROVIDER.claims(batch) == "api/batch"
    assert sdk.asked(PROVIDER, HttpRequest("GET", f"{ROOT}/send")) == ()
    for body in (None, "x", {"from": FROM}, 7, Unknown("body")):
        assert isinstance(sent(body), CannotTell)
