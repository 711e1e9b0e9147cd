"""Values of the code, in which not everything is known."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE
from mailguard.model.exchange import Form, HttpRequest
from mailguard.model.value import ABSENT, Either, Fields, Items, Known, Member, Object, Parameter, Repeat, Text, Unknown
from mailguard.wire.bodies import Payload, payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.forms import form_values
from mailguard.wire.header_blocks import header_block
from mailguard.wire.urls import url_parts

from .support import TRAIL, USER, told


def test_counts_are_exact_for_what_is_known() -> None:
    assert Member("a", ONE).count == ONE


holes = st.sampled_from([USER, Parameter("p", "m:f"), Unknown("x", MANY), Object(), ABSENT, 5, None, b"\xff", True])
literals = st.sampled_from(
    [
        "To: ",
        "a@example.com",
        "\r\n",
        "\n\n",
        ", ",
        '{"to": "',
        '"}',
        "&to=",
        "=",
        "https://",
        "/v3/",
        "?",
        "é",
        "<",
        "",
    ]
)
atoms = literals | literals.map(lambda piece: Known(piece, TRAIL)) | holes.filter(lambda hole: hole is not ABSENT)
values = st.recursive(
    atoms | holes,
    lambda inner: (
        st.lists(inner.filter(lambda item: item is not ABSENT), max_size=4).map(lambda parts: Text(tuple(parts)))
        | st.tuples(inner, st.sampled_from([ONE, MANY]), st.sampled_from(["\n", ", ", None, ""])).map(
            lambda triple: Text(("To: ", Repeat(triple[0], triple[1], triple[2]), "\n"))
        )
        | st.lists(inner, min_size=2, max_size=3).map(lambda options: Either(tuple(options)))
        | st.lists(st.tuples(literals, inner), max_size=3).map(lambda known: Fields(tuple(known), open=True))
        | st.lists(inner, max_size=3).map(lambda members: Items(tuple(Member(item, MANY) for item in members)))
        | st.dictionaries(literals, inner, max_size=3)
        | st.lists(inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(values, st.sampled_from(["", "json", "form"]))
@example(Either((ABSENT, ABSENT)), "")
def test_no_value_of_the_source_makes_anything_raise(value: object, encoding: str) -> None:
    found = told(value, encoding=encoding)
    if isinstance(found, Payload) and isinstance(found.value, Form):
        form_values(found.value, "to")
    header_block(value)  # type: ignore[arg-type]
    url_parts(value)  # type: ignore[arg-type]
    from_base64(value)  # type: ignore[arg-type]
    payload(HttpRequest(value, value, value, value))  # type: ignore[arg-type]
