"""The fast reader of JSON and the careful one give the same data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.documents import json_values
from mailguard.documents.json_values import NOT_PLAIN, read_json

TEXT = st.one_of(
    st.text(max_size=6),
    st.sampled_from(['"', '\\"', "\\", "\\u0022", '":', "to", "{", "[", "\0", "\ud800", "\ufeff", "\U0001f600", "é"]),
)
NUMBER = st.one_of(
    st.integers(),
    st.integers(-(1 << 65), 1 << 65),
    st.sampled_from([(1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, -(1 << 63), -(1 << 63) - 1, 10**40]),
    st.floats(),
    st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308, 1e22, 1e23]),
)
VALUE = st.recursive(
    st.one_of(TEXT, NUMBER, st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Equal, also in the types of numbers, in the order of keys, and where something is no number."""
    return repr(one) == repr(other)


@settings(max_examples=300, deadline=None)
@given(VALUE, st.booleans(), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_both_readers_read_alike(value: Any, ascii_only: bool, indent: Any, as_bytes: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    content = text.encode("utf-8", "surrogatepass") if as_bytes else text
    assert same(read_json(content), json_values._careful(content))


PIECE = st.sampled_from(
    ["{", "}", "[", "]", ",", ":", '"to"', '"to"', '"a@b.example"', " ", "\n", "\\", '"', "\\u0022", '"\\u0022"', '"\\u0074o"', "1",
     "-0", "-", ".5", "e5", "1e400", "9" * 25, "NaN", "null", "true", "\ufeff", "\0", '"\\ud800"', '"\t"', "'", "/**/"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECE, max_size=12).map("".join), st.booleans())
@example('{"to":1,"to":2}', True)
@example('{"to" :1,"\\u0074o":2,"x":"\\u0022\\u0022"}', True)
@example('{"a":"\\"","a":""}', False)
@example('{"":1,"":2}', False)
@example('{"a":{"to":[1],"to":[2]}}', True)
def test_damaged_text_is_read_alike(content: str, as_bytes: bool) -> None:
    given_as = content.encode("utf-8", "surrogatepass") if as_bytes else content
    assert same(read_json(given_as), json_values._careful(given_as))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["to", "cc", '"', "é"]), TEXT), min_size=2, max_size=5))
def test_a_key_that_is_there_twice_is_never_read_fast(pairs: list[tuple[str, str]]) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    if len({key for key, _ in pairs}) < len(pairs):
        assert json_values.quick_json(text) is NOT_PLAIN
        assert json_values.quick_json(text.encode("utf-8", "replace")) is NOT_PLAIN


@pytest.mark.parametrize("depth", [99, 100, 101, 253, 254, 255, 1023, 1025, 5000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_is_judged_alike(depth: int, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    text = opening * depth + "1" + closing * depth
    assert same(read_json(text), json_values._careful(text))


def test_ordinary_requests_are_read_fast() -> None:
    body = {"to": [{"email": "a@b.example", "name": 'Ann "A" Lee'}], "text": "Grüße\n", "n": [1, 2.5, None, True]}
    for ascii_only in (True, False):
        text = json.dumps(body, ensure_ascii=ascii_only)
        assert json_values.quick_json(text) == json_values.quick_json(text.encode()) == body
