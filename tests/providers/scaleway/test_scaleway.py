"""Scaleway: a request is shared; the client's requests and its model's agree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.value import Items, Member, Unknown, Value
from mailguard.providers import scaleway as provider
from mailguard.providers.scaleway import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

URL = "https://api.scaleway.com/transactional-email/v1alpha1/regions/fr-par/emails"
A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"


def sent(body: Value, url: str = URL) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", url, {}, body, "json"))


@settings(max_examples=50, deadline=None)
@given(to=sdk.CONTACTS, cc=sdk.CONTACTS, bcc=sdk.CONTACTS)
def test_lists_are_shared_in_requests_and_in_calls(to: list[Any], cc: list[Any], bcc: list[Any]) -> None:
    body = {"from": {"email": "from@example.com"}, "to": to, "cc": cc, "bcc": bcc, "subject": "S", "project_id": "p"}
    (message,) = sdk.asked(PROVIDER, HttpRequest("POST", URL, {}, json.dumps(body)))  # type: ignore[misc]  # a tuple
    assert [len(message.to), len(message.cc), len(message.bcc)] == [len(to), len(cc), len(bcc)]
    made = {
        name: [provider.CreateEmailRequestAddress(**each) for each in people]
        for name, people in (("to", to), ("cc", cc), ("bcc", bcc))
    }
    request = provider.TemV1Alpha1Api(Unknown("client")).create_email(subject="S", region="fr-par", **made)
    assert request.url == URL
    assert sdk.asked(PROVIDER, request) == (message,)


def test_headers_are_pairs() -> None:
    header = provider.CreateEmailRequestHeader("Reply-To", f"{B}, {C}")
    request = provider.TemV1Alpha1Api().create_email(
        to=[provider.CreateEmailRequestAddress(A)], additional_headers=[header, {"key": "To", "value": D}]
    )
    (message,) = sdk.asked(PROVIDER, request)  # type: ignore[misc]  # a tuple
    assert [person.address for person in message.reply_to] == [B, C]
    assert [mention.recipient.address for mention in message.mentions] == [D]


def test_lists_of_unknown_length_are_many() -> None:
    person = provider.CreateEmailRequestAddress(Unknown("user.email", OPTIONAL), "N")
    people = Items((Member(person, MANY),))
    (message,) = sdk.asked(PROVIDER, provider.TemV1Alpha1Api().create_email(to=people))  # type: ignore[misc]  # a tuple
    assert [entry.count for entry in message.to] == [MANY]


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("POST", URL, "emails"),
        ("POST", URL.replace("fr-par", "nl-ams"), "emails"),
        ("GET", URL, "account"),
        ("POST", f"{URL}/1/cancel", "account"),
        ("POST", "https://api.scaleway.com/instance/v1/zones/fr-par-1/servers", "account"),
        ("POST", "https://example.com/transactional-email/v1alpha1/regions/fr-par/emails", None),
    ],
)
def test_what_is_claimed(method: str, url: str, operation: str | None) -> None:
    assert PROVIDER.claims(HttpRequest(method, url)) == operation


def test_what_cannot_be_told() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    named = HttpRequest("POST", Unknown("SCALEWAY_URL"), {}, {"to": [], "subject": "S", "project_id": "p"}, "json")
    assert PROVIDER.claims(named) == "emails"
    for body in (None, "x", {"subject": "S"}, [], Unknown("body")):
        assert isinstance(sent(body), CannotTell)


@settings(max_examples=30, deadline=None)
@given(sdk.PERSONS, sdk.PERSONS, sdk.PERSONS)
def test_what_the_package_sends_is_what_was_asked_of_it(to: Any, cc: Any, bcc: Any) -> None:
    scaleway = pytest.importorskip("scaleway", reason="15 MB; the package is compared where it is installed")
    from scaleway.tem.v1alpha1 import CreateEmailRequestAddress, TemV1Alpha1API

    client = scaleway.Client(
        access_key="SCWXXXXXXXXXXXXXXXXX", secret_key="11111111-1111-1111-1111-111111111111", default_region="fr-par"
    )
    lines = [[CreateEmailRequestAddress(email=person, name=name) for person, name in line] for line in (to, cc, bcc)]
    with sdk.recorded({"emails": []}) as seen:
        TemV1Alpha1API(client).create_email(
            from_=CreateEmailRequestAddress(email="desk@example.com"), subject="S", text="T", html="", project_id="p",
            to=lines[0], cc=lines[1], bcc=lines[2],
        )  # fmt: skip
    if not (to or cc or bcc):
        return
    (message,) = sdk.asked(PROVIDER, seen[0])
    found = [sorted(str(person.address) for person in line) for line in (message.to, message.cc, message.bcc)]
    assert found == [sdk.wanted(to), sdk.wanted(cc), sdk.wanted(bcc)]
