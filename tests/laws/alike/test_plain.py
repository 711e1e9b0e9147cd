"""What counts as plain is what the careful reader takes it for."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.addresses.compare import compare_key
from mailguard.addresses.pairs import plain_pairs
from mailguard.addresses.people import People
from mailguard.addresses.plain import plain_keys, plain_named
from mailguard.addresses.values import recipients
from mailguard.alike import outline
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import Recipient
from mailguard.transports.content import pieces

from .logs import ADDRESS, ODD, PERSON, TEXT

CHARACTER = st.text(alphabet="ab.@-+_'~A1 \n,;<>\"\uff20ä%", max_size=12)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(CHARACTER, ADDRESS, ODD), min_size=1, max_size=4))
@example(["a@b\nc@d"])
@example(["a@b.", "c@d"])
@example(["", "c@d"])
@example(["c@d", ""])
@example(["c@d\n"])
def test_plain_addresses_are_what_the_careful_reader_takes_them_for(texts: list[str]) -> None:
    keys = plain_keys(texts)
    if keys is not None:
        for text, key in zip(texts, keys, strict=True):
            assert recipients(text) == People((Recipient(text),))
            assert compare_key(text) == key


MEMBER = st.lists(
    st.sampled_from(
        ["ann", "A", "Lee", " ", ".", "'", "-", "1", "<", ">", "@", "x.example", "ann@x.example", "team:", ";", ",", '"', "=?", "undisclosed", "mailto:", "\n", "\uff20"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    MEMBER, st.sampled_from(["{}", "N{} <ann@x.example>", "{} <ann@x.example>", "Nn <{}@x.example>", "Ann <ann@{}>"])
)
def test_a_plain_name_with_an_address_is_what_the_careful_reader_takes_it_for(text: str, form: str) -> None:
    from mailguard.addresses.plain import _careful

    person = plain_named(form.format(text))
    if person is not None:
        assert _careful(form.format(text)) == recipients(form.format(text)) == People((Recipient(person),))
        assert outline.as_person(form.format(text), "q@y.example") == "N <q@y.example>"


def test_hostile_headers_are_not_plain() -> None:
    for text in ("a@b, c@d", "a@b;c@d", "a b@c", "<a@b>", "a@b ", "a@@b", "a@b\u200b", '"a"@b', "a@[1.2.3.4]", "(x)a@b", "a@b(x)", "@b", "a@", "a@b.",
                 "a:b@c", "=?utf-8?q?a=40b?=", "a@b\r\nBcc: c@d", "a@b\0", "a\uff20b", "ä@b", ".a@b", "a@.b", "mailto:a@b"):  # fmt: skip
        assert plain_keys([text]) is None
        assert plain_named(text) is plain_named(f"Ann <{text}>") is None
        assert plain_keys(["ok@example.com", text]) is None
    assert plain_keys([7]) is plain_keys([None, "a@b"]) is None


@settings(max_examples=100, deadline=None)
@given(st.lists(PERSON, min_size=1, max_size=4))
def test_plain_pairs_are_what_a_pair_is(pairs: list[dict[str, str]]) -> None:
    from mailguard.addresses.pairs import mailbox
    from mailguard.model.value import ABSENT

    found = plain_pairs(pairs, "email", "name", len(pairs[0]))
    if found is not None and plain_keys(found) is not None and len(pairs[0]) < 3:
        for pair, address in zip(pairs, found, strict=True):
            assert mailbox(pair["email"], pair.get("name", ABSENT)) == People((Recipient(address),))


LONG = re.compile(r"[A-Za-z0-9_+'~-][A-Za-z0-9_.+'~-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9-])?")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(CHARACTER, ADDRESS, st.text(alphabet="a@.-_\n", max_size=8)), min_size=1, max_size=3))
def test_a_plain_address_ends_with_no_dot(texts: list[str]) -> None:
    assert (plain_keys(texts) is not None) == all(LONG.fullmatch(text) for text in texts)


LEAF = st.one_of(
    ADDRESS, ADDRESS, ODD, st.sampled_from(["", "Hello", "x: y"]), st.integers(0, 3), st.floats(0, 1), st.booleans(), st.none()
)  # fmt: skip
VALUE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        PERSON,
        st.lists(inner, max_size=3),
        st.lists(PERSON, min_size=1, max_size=2),
        st.dictionaries(st.sampled_from(["to", "email", "name", "b", "c"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def other(value: Any, draw: st.DrawFn) -> Any:
    """The same with other people and texts, mostly of the same kinds."""
    if isinstance(value, dict):
        items = [(key, other(item, draw)) for key, item in value.items()]
        return dict(items[::-1] if draw(st.integers(0, 60)) == 0 else items)
    if isinstance(value, list):
        return [other(item, draw) for item in value]
    if draw(st.integers(0, 40)) == 0:
        return draw(LEAF)
    if isinstance(value, str):
        return draw(ADDRESS) if "@" in value and " " not in value else value + draw(st.sampled_from(["", "a", "b"]))
    return value


@st.composite
def members(draw: st.DrawFn) -> list[Any]:
    """A list of members of one form, most of the time."""
    first = draw(st.dictionaries(st.sampled_from(["to", "email", "name", "data", "x"]), VALUE, min_size=1, max_size=4))
    result = [first, *(other(first, draw) for _ in range(draw(st.integers(7, 9))))]
    return copy.deepcopy(result)


def laid(value: dict[str, Any]) -> object:
    form: list[Any] = []
    addresses: list[Any] = []
    texts: list[Any] = []
    try:
        outline.lay(value, form, addresses, texts)
    except outline.FormlessError:
        return None
    return form, addresses, texts


@settings(max_examples=300, deadline=None)
@given(members(), st.integers(0, 22))
def test_members_of_one_form_at_once_are_each_of_them_by_itself(items: list[Any], depth: int) -> None:
    value: Any = {"each": items}
    for _ in range(depth):
        value = {"in": value}
    found = laid(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outline, "_members", lambda _: None)
        assert laid(value) == found


def test_members_of_one_form_are_taken_apart_at_once() -> None:
    """So that the law above says something."""
    items = [
        {"to": [{"email": f"p{one}@example.com", "name": "Ann"}], "n": one, "data": {"a": "x", "b": ["y", f"q{one}@example.com"]}, "f": True}
        for one in range(8)
    ]  # fmt: skip
    found = outline._members(items)
    assert found is not None
    assert [len(part) for part in found[1:]] == [2, 3]
    assert outline._members([*items[:7], {**items[7], "f": False}]) is None
    assert outline._members([*items[:7], dict([*items[7].items()][::-1])]) is None


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["email", "name", "text", "to"]), st.one_of(ADDRESS, ODD, TEXT), max_size=3),
        max_size=4,
    ),
    st.sampled_from(["to", "content", "html", "body", "headers", "attachments", "substitutions", "Messages", "raw"]),
)
def test_no_reader_gets_the_pair_of_an_address_and_a_name_as_a_text(items: list[dict[str, str]], key: str) -> None:
    request = HttpRequest("POST", "https://example.org", {}, {key: items, "subject": "Hello"}, "json")
    found = list(pieces.pieces(request))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "_NOBODY_READS", frozenset({"\0"}))
        assert list(pieces.pieces(request)) == found
