"""ZeptoMail: an e-mail is shared, a batch is not; the package's requests and its model's agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.value import Items, Member, Parameter, Unknown, Value
from mailguard.providers import zeptomail as provider
from mailguard.providers.zeptomail import PROVIDER

from .. import sdk  # noqa: TID252  # the tests are no package with a name

ROOT = "https://api.zeptomail.com/v1.1/email"
A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
ENTRY = sdk.PLAIN | st.fixed_dictionaries({"address": sdk.PLAIN}, optional={"name": sdk.NAME})


@settings(max_examples=50, deadline=None)
@given(to=st.lists(ENTRY, min_size=1, max_size=3), reply=st.lists(st.tuples(sdk.PLAIN, sdk.NAME), max_size=1))
def test_a_send_of_the_package_is_what_its_model_says(to: list[Any], reply: list[Any]) -> None:
    real = pytest.importorskip("zeptomail", reason="compares with the package")

    def run(library: Any) -> Any:
        email = library.Email(library.Config("key"))
        return email.send(from_="from@example.com", from_name="x", to=to, subject="S", text_body="T", reply_to=reply)

    assert sdk.agree(PROVIDER, lambda: run(real), lambda: run(provider))


def person(address: Value) -> dict[str, Any]:
    return {"email_address": {"address": address, "name": "N"}}


def sent(body: Value, url: str = ROOT) -> Any:
    return sdk.asked(PROVIDER, HttpRequest("POST", url, {}, body, "json"))


BODY = {"to": [person(A), person(B)], "cc": [person(C)], "bcc": [person(D)], "reply_to": [{"address": C}]}


@pytest.mark.parametrize(
    "url", [ROOT, f"{ROOT}/template", "https://api.zeptomail.eu/v1.1/email", "https://api.zeptomail.com.au/v1.1/email"]
)
def test_everybody_in_to_and_cc_is_printed(url: str) -> None:
    (message,) = sent(BODY, url)
    assert [[entry.address for entry in part] for part in (message.to, message.cc, message.bcc, message.reply_to)] == [
        [A, B],
        [C],
        [D],
        [C],
    ]


@pytest.mark.parametrize("url", [f"{ROOT}/batch", f"{ROOT}/template/batch"])
def test_a_batch_writes_one_each_with_cc_on_each(url: str) -> None:
    first, second = sent(BODY, url)
    assert [[entry.address for entry in part] for part in (first.to, first.cc, second.to, second.cc)] == [
        [A],
        [C],
        [B],
        [C],
    ]
    people = Items((Member(person(Unknown("user.email", OPTIONAL)), MANY),))
    (each,) = sent({"to": people}, url)
    assert (each.to[0].count, each.copies) == (ONE, MANY)


@pytest.mark.parametrize("people", [[{"email_address": A}, B], [{"address": A}, {"email": B}], [[A], [B]], f"{A}, {B}"])
def test_nobody_is_lost_in_a_form_that_is_not_quite_right(people: Any) -> None:
    (message,) = sent({"to": people})
    assert [entry.address for entry in message.to] == [A, B]


def test_lists_of_unknown_length_are_many() -> None:
    people = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    config = provider.Config("key", url="https://api.zeptomail.eu/v1.1/email")
    (message,) = sdk.asked(PROVIDER, provider.Email(config).send(to=people))  # type: ignore[misc]  # a tuple
    assert [entry.count for entry in message.to] == [MANY]
    (other,) = sdk.asked(PROVIDER, provider.Email(Unknown("config")).send(to=Parameter("to", "m:f")))  # type: ignore[misc]  # a tuple
    assert other.to[0].parameter


def test_what_is_not_for_sending() -> None:
    assert PROVIDER.claims(HttpRequest("GET", ROOT)) == "account"
    assert PROVIDER.claims(HttpRequest("POST", "https://api.zeptomail.com/v1.1/files")) == "account"
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com/v1.1/email")) is None
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    named = HttpRequest("POST", Unknown("ZEPTOMAIL_URL"), {}, {"from": {}, "to": [], "htmlbody": "T"}, "json")
    assert PROVIDER.claims(named) == "v1.1/email"
    assert sdk.asked(PROVIDER, HttpRequest("GET", ROOT)) == ()
    for body in (None, "x", {"from": {}}, [], Unknown("body")):
        assert isinstance(sent(body), CannotTell)
