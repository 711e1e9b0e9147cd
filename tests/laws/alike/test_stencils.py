"""A line that fits a stencil is of its form."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.addresses.plain import plain_keys
from mailguard.alike import outline
from mailguard.alike.stencil import Stencil, split, stencil_of

from .logs import HOSTILE


def stencil_for(record: dict[str, Any]) -> tuple[Stencil, list[Any], list[Any]]:
    """The stencil of a record of which the URL, the first header and the kind of content matter."""
    form: list[Any] = []
    texts: list[Any] = []
    body = json.loads(record["body"])
    outline.lay(body, form, [], texts)
    matters = [text in ("text/html", "application/json", 7) for text in [*record["headers"].values(), *texts]]
    found = stencil_of(json.dumps(record).encode(), record["body"], form, matters, len(record["headers"]))
    assert found is not None
    return (
        found,
        form,
        [text for text in [*record["headers"].values(), *texts] if text in ("text/html", "application/json", 7)],
    )


RECORD: dict[str, Any] = {
    "method": "POST",
    "url": "https://api.sendgrid.com/v3/mail/send",
    "time": 5,
    "note": "x",
    "headers": {"Content-Type": "application/json", "X-Id": "1"},
    "body": json.dumps(
        {
            "personalizations": [{"to": [{"email": "ann@example.com", "name": "Ann"}, {"email": "bob@example.net"}], "n": 7, "m": 5}],
            "from": {"email": "desk@example.org"},
            "content": [{"type": "text/html", "value": "Hello"}],
            "other": ["cy@example.com", "text", -1, 2.5, None, True, {}],
        }
    ),
}  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 560), st.integers(0, 6), st.lists(HOSTILE, max_size=3).map("".join)),
        min_size=1,
        max_size=3,
    )
)
def test_what_fits_a_stencil_is_of_its_form(edits: list[tuple[int, int, str]]) -> None:
    from mailguard.documents.json_values import read_json
    from mailguard.transports.content.hearing import loud

    stencil, form, pinned = stencil_for(RECORD)
    line = json.dumps(RECORD)
    for start, length, piece in edits:
        line = line[:start] + piece + line[start + length :]
    raw = line.encode()
    people = stencil.people(raw)
    if people is None:
        return
    record = read_json(raw)
    assert isinstance(record, dict)
    assert list(record) == list(RECORD)
    assert (record["method"], record["url"]) == (RECORD["method"], RECORD["url"])
    assert list(record["headers"]) == list(RECORD["headers"])
    body = read_json(record["body"])
    assert isinstance(body, dict)
    steps: list[Any] = []
    addresses: list[Any] = []
    texts: list[Any] = [*record["headers"].values()]
    outline.lay(body, steps, addresses, texts)
    assert steps == form
    assert [address.encode() for address in addresses] == list(people)
    assert plain_keys(addresses) == [address.decode().lower() for address in people]
    assert [text for text in texts if text in ("text/html", "application/json", 7)][: len(pinned)] == pinned
    assert not any(isinstance(text, str) and loud(text) for text in texts[2:])


SHRILL = st.lists(HOSTILE, max_size=4).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(SHRILL, st.text(alphabet='a{}*|[]%:/&#64;recipient.data\n"\\é\uff20@ 0', max_size=20)),
    st.booleans(),
    st.booleans(),
)
@example("https://example.org/abcdefghijkl", True, True)
@example("a{{b", True, True)
def test_a_text_in_which_something_hides_fits_no_stencil(text: str, one: bool, two: bool) -> None:
    from mailguard.transports.content.hearing import loud

    stencil, _, _ = stencil_for(RECORD)
    body = json.loads(RECORD["body"])
    body["content"][0]["value"] = text
    record = RECORD | {"body": json.dumps(body, ensure_ascii=one)}
    fits = stencil.people(json.dumps(record, ensure_ascii=two).encode("utf-8", "surrogatepass")) is not None
    if loud(text) or "@" in text:
        assert not fits


def test_ordinary_texts_fit_a_stencil() -> None:
    stencil, _, _ = stencil_for(RECORD)
    for text in (
        "Hello Ann,\n\nhow is it?",
        'She said "yes"',
        "Grüße 😀",
        "50 % of a & b: [1] {2} *3*",
        "C:\\new",
        "Café\t",
        "",
    ):
        body = json.loads(RECORD["body"])
        body["content"][0]["value"] = text
        body["personalizations"][0]["to"][0] = {"email": "zoe@example.net", "name": "Zoë Jörg-Lee"}
        for ascii_only in (True, False):
            record = RECORD | {"body": json.dumps(body, ensure_ascii=ascii_only), "time": 1.5, "note": "y"}
            assert stencil.people(json.dumps(record).encode()) is not None


SLOW = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[^"0-9-]+|.', re.DOTALL)


@given(st.text(alphabet='"\\a\n{}:-1.e ', max_size=30))
def test_tokens_are_found_in_whatever_way(text: str) -> None:
    assert split(text) == SLOW.findall(text)
    assert "".join(split(text)) == text
