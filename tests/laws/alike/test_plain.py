"""What counts as plain is what the careful reader takes it for."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard.addresses.compare import compare_key
from mailguard.addresses.pairs import plain_pairs
from mailguard.addresses.people import People
from mailguard.addresses.plain import plain_keys, plain_named
from mailguard.addresses.values import recipients
from mailguard.alike import outline
from mailguard.model.message import Recipient

from .logs import ADDRESS, ODD, PERSON

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
