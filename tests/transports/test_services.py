"""What small services share: forms as data, addresses by other words, entries that are printed whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.message import CannotTell, Message
from mailguard.model.value import ABSENT, Fields, Items, Known, Member, Parameter, Repeat, Text, Unknown, Value
from mailguard.transports.services import data_of, each_entry, printed, respelled, says_any
from mailguard.wire.forms import form_of_text, nested

A, B, C = "ann@example.com", "bob@example.org", "cat@example.net"
_NAMES = st.sampled_from(
    ["to", "to[]", "to[0]", "to[0][email]", "to[1][email]", "m[to][]", "to[x]", "[to]", "to[", "cc"]
)


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, list) else [value]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(_NAMES, st.sampled_from("abcdef")), max_size=8))
def test_a_form_as_data_loses_no_value(parts: list[tuple[str, str]]) -> None:
    assert sorted(leaves(nested(Form(tuple(parts))))) == sorted(value for _, value in parts)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("to=a&to=b&cc=c", {"to": ["a", "b"], "cc": "c"}),
        ("to[]=a", {"to": ["a"]}),
        ("to[0][email]=a&to[0][name]=n&to[1][email]=b", {"to": [{"email": "a", "name": "n"}, {"email": "b"}]}),
        ("message[to][0]=a&message[subject]=s", {"message": {"to": ["a"], "subject": "s"}}),
        ("to[a@example.com][id]=1", {"to": {"a@example.com": {"id": "1"}}}),
        ("[to]=a&to[=b", {"[to]": "a", "to[": "b"}),
    ],
)
def test_a_form_as_data(text: str, data: dict[str, Any]) -> None:
    assert nested(form_of_text(text)) == data


def test_a_body_may_be_json_in_a_form() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = HttpRequest("POST", "https://example.com", headers, "email=%7B%22to%22%3A%5B1%5D%7D&text=%7Bhi&n=1")
    assert data_of(request) == {"email": {"to": [1]}, "text": "{hi", "n": "1"}
    assert isinstance(data_of(HttpRequest("POST", "https://example.com", headers, None)), CannotTell)


def people(found: Message) -> list[list[str | None]]:
    return [[one.address for one in part] for part in (found.to, found.cc, found.bcc, found.reply_to)]


@pytest.mark.parametrize("wrapped", [False, True])
def test_lists_by_other_words(wrapped: bool) -> None:
    entry: Value = {"address": A, "displayName": "Ann"}
    body: Value = {"To": [entry, B], "copy": {"address": C}, "replyTo": C, "headers": {"Cc": B}}
    if wrapped:
        listed = Items(
            (Member(Fields((("address", Known(A)), ("displayName", Known("Ann")))), MANY), Member(Known(B), MANY))
        )
        body = Fields(
            (
                ("To", listed),
                ("copy", Fields((("address", Known(C)),))),
                ("replyTo", Known(C)),
                ("headers", Fields((("Cc", Known(B)),))),
            )
        )
    found = printed(body, cc="copy", reply_to="replyTo", address="address", name="displayName")
    assert people(found) == [[A, B], [C], [], [C]]
    assert [mention.recipient.address for mention in found.mentions] == [B]


def test_what_is_not_known_names_somebody() -> None:
    assert printed(Parameter("mail", "m:f")).to[0].count.low == 0
    assert printed(Fields((("cc", A),), open=True)).to[0].address is None
    assert printed(Fields((("cc", A),))).to == ()
    assert printed({}, {"reply_to": A}).reply_to[0].address == A
    assert respelled(ABSENT, "address") is ABSENT
    assert respelled({"mail": A}, "address") == {"mail": A}


def test_an_entry_with_several_addresses_is_printed_whole() -> None:
    def told(value: Value) -> list[tuple[list[str | None], int]]:
        found = each_entry(value, Message())
        return [([one.address for one in each.to], each.copies.plain) for each in found]

    assert told([A, f"{B}, {C}", {"email": A}, None, ""]) == [([A], 1), ([B, C], 1), ([A], 1)]
    assert told({"email": A}) == [([A], 1)]
    assert told(f"{A},{B}") == [([A, B], 1)]
    assert told(ABSENT) == told(None) == []
    assert told(Items((Member(Unknown("user.email", OPTIONAL), MANY),))) == [([None], 2)]
    assert told(Unknown("people", MANY)) == [([None], 2)]
    (joined,) = each_entry([Text((Repeat(Unknown("user.email", OPTIONAL), MANY, ","),))], Message())
    assert sum(one.count.plain for one in joined.to) == 2


def test_a_value_under_a_key() -> None:
    assert says_any({"To": A}, "cc", "to")
    assert not says_any({"to": None}, "to")
    assert not says_any(ABSENT, "to")
