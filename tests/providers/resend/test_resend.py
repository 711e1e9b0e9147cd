"""Resend: an e-mail is shared, items of a batch are not; the package's requests and its model's agree."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import CannotTell, Message, Reason
from mailguard.model.value import Fields, Items, Known, Member, Parameter, Text, Unknown, Value
from mailguard.providers import resend as provider
from mailguard.providers.resend import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.resend.com"
FIELD = sdk.LINE | sdk.MAILBOXES
PARAMS = st.fixed_dictionaries(
    {"from": st.just("from@example.com"), "to": FIELD, "subject": st.just("S"), "text": st.just("T")},
    optional={
        "cc": FIELD,
        "bcc": FIELD,
        "reply_to": FIELD,
        "headers": st.sampled_from([{"X-A": "1"}, {"Reply-To": "team@example.com"}, {"To": "cat@example.net"}]),
    },
)


def sent(body: Value, path: str = "/emails") -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", ROOT + path, {}, body, "json"))


def people(found: Message) -> list[list[str | None]]:
    return [[person.address for person in part] for part in (found.to, found.cc, found.bcc)]


def package() -> Any:
    real = pytest.importorskip("resend", reason="compares with the package")
    real.api_key = "key"
    return real


@settings(max_examples=60, deadline=None)
@given(params=PARAMS)
def test_a_send_of_the_package_is_what_its_model_says(params: dict[str, Any]) -> None:
    real = package()
    assert sdk.agree(
        PROVIDER, lambda: real.Emails.send(params), lambda: provider.Emails.send(params), answer={"id": "1"}
    )
    made = {name: value for name, value in params.items() if name != "from"}
    assert sdk.agree(
        PROVIDER,
        lambda: real.Emails.send(real.Emails.SendParams(**made), {"idempotency_key": "k"}),
        lambda: provider.Emails.send(provider.Emails.SendParams(**made), {"idempotency_key": "k"}),
        answer={"id": "1"},
    )


@settings(max_examples=40, deadline=None)
@given(batch=st.lists(PARAMS, min_size=1, max_size=4), kind=st.sampled_from([list, tuple]))
def test_a_batch_of_the_package_is_what_its_model_says(batch: list[dict[str, Any]], kind: type) -> None:
    real = package()
    params = kind(batch)
    assert sdk.agree(
        PROVIDER, lambda: real.Batch.send(params), lambda: provider.Batch.send(params), answer={"data": []}
    )


def test_the_async_twins_send_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    real = package()
    seen: list[HttpRequest] = []

    class Recorder:
        async def request(self, method: str, url: str, headers: Any, json: Any) -> tuple[bytes, int, dict[str, str]]:
            seen.append(HttpRequest(method, url, dict(headers), json, "json"))
            return b'{"id": "1", "data": []}', 200, {"content-type": "application/json"}

    monkeypatch.setattr(real, "default_async_http_client", Recorder())
    params = {"from": "from@example.com", "to": ["ann@example.com", "bob@example.org"], "text": "T"}
    asyncio.run(real.Emails.send_async(params))
    asyncio.run(real.Batch.send_async([params]))
    ours = [provider.Emails.send_async(params), provider.Batch.send_async([params])]
    assert sdk.meaning(PROVIDER, seen) == sdk.meaning(PROVIDER, ours)


def test_broadcasts_go_to_a_list_at_resend() -> None:
    real = package()
    for flag in ({}, {"send": False}, {"send": True}):
        params = {"segment_id": "s", "from": "from@example.com", "subject": "S", **flag}
        assert sdk.agree(
            PROVIDER,
            lambda params=params: real.Broadcasts.create(params),
            lambda params=params: provider.Broadcasts.create(params),
            answer={"id": "1"},
        )
        answer = sdk.asked(PROVIDER, provider.Broadcasts.create(params))
        assert answer == (CannotTell(Reason.LIST_AT_PROVIDER) if flag.get("send") else ())
    params = {"broadcast_id": "b"}
    assert sdk.agree(
        PROVIDER, lambda: real.Broadcasts.send(params), lambda: provider.Broadcasts.send(params), answer={"id": "1"}
    )
    assert sdk.asked(PROVIDER, provider.Broadcasts.send(Unknown("params"))) == CannotTell(Reason.LIST_AT_PROVIDER)


def test_a_thousand_people_are_a_thousand() -> None:
    real = package()
    params = {"from": "from@example.com", "to": sdk.THOUSAND, "text": "T"}
    assert sdk.agree(
        PROVIDER, lambda: real.Emails.send(params), lambda: provider.Emails.send(params), answer={"id": "1"}
    )
    (shared,) = sent(params)
    assert len(shared.to) == 1000
    each = sent([{**params, "to": address} for address in sdk.THOUSAND], "/emails/batch")
    assert [len(found.to) for found in each] == [1] * 1000


# --- The wire ------------------------------------------------------------------------------------


def test_a_text_with_commas_and_objects_are_read_all_the_same() -> None:
    (found,) = sent({"to": "Ann <ann@example.com>, bob@example.org", "cc": [{"email": "cat@example.net"}], "bcc": None})
    assert people(found) == [["ann@example.com", "bob@example.org"], ["cat@example.net"], []]


@pytest.mark.parametrize(
    ("method", "url", "operation"),
    [
        ("post", ROOT + "/emails/", "emails"),
        ("POST", ROOT + "/emails/batch", "emails/batch"),
        ("POST", Text((Unknown("RESEND_URL"), "/emails")), "emails"),
        ("POST", Text((ROOT, "/", Unknown("path"))), "emails"),
        ("POST", Text((Unknown("url"), "/emails")), None),
        ("GET", ROOT + "/emails", "account"),
        ("PATCH", ROOT + "/emails/1", "account"),
        ("POST", ROOT + "/emails/1/cancel", "account"),
        ("POST", ROOT + "/emails/1/later", "?"),
        ("POST", ROOT + "/contacts", "account"),
        ("POST", ROOT + "/events/send", "account"),
        ("POST", ROOT + "/broadcasts/1/send", "lists"),
    ],
)
def test_whose_request_it_is(method: str, url: Value, operation: str | None) -> None:
    body = (
        {"from": "from@example.com", "to": "ann@example.com", "text": "T"} if operation != "account" else {"name": "x"}
    )
    sdk.hold_claim(PROVIDER, HttpRequest(method, url, {}, body, "json"), operation)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, Reason.BODY_MISSING),
        ({"subject": "S"}, Reason.ADDRESSES),
        (7, Reason.UNKNOWN_FORM),
        (Parameter("params", "m:f"), Reason.ADDRESSES),
    ],
)
def test_why_a_request_cannot_be_told(body: Value, reason: Reason) -> None:
    answer = sent(body)
    assert isinstance(answer, CannotTell)
    assert answer.reason is reason


# --- The code's side -----------------------------------------------------------------------------


def test_a_list_of_unknown_length() -> None:
    user = Unknown("user.email", OPTIONAL)
    (shared,) = sent({"to": Items((Member(user, MANY),))})
    assert shared.to[0].count == MANY
    item = Fields((("to", user), ("text", Known("T"))))
    (each,) = sdk.asked(PROVIDER, provider.Batch.send(Items((Member(item, MANY),))))
    assert (each.to[0].count, each.copies) == (OPTIONAL, MANY)
    (open_item,) = sent([Parameter("item", "m:f")])
    assert open_item.to[0].parameter
