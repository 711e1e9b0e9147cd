"""What doubles with each statement ends in a coarser value: memory and time are bounded, and nobody is lost."""

from __future__ import annotations

from mailguard.model.count import ONE, PLAIN_MANY
from mailguard.model.place import Place
from mailguard.model.value import Items, Known, Member, Parameter, Text, Unknown
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import MEMBERS_LIMIT, nested, total
from mailguard.source.library.containers import gathered
from mailguard.source.library.texts import LENGTH_LIMIT, PARTS_LIMIT, concat


def test_a_list_that_doubles_keeps_its_count() -> None:
    members = (Member(Parameter("to", "f"), ONE),)
    for doublings in range(1, 21):
        members = gathered(members, members, looping=False)
        assert len(members) <= MEMBERS_LIMIT + 1
        assert total(members).low == 2**doublings
        assert total(members).high == 2**doublings


def test_a_text_that_doubles_stays_one_for_many() -> None:
    state, value = State({}, {}), Parameter("to", "f")
    text: object = value
    for _ in range(20):
        text = concat(state, [text, text], Place("a.py"))
    assert isinstance(text, Text)
    assert len(text.parts) <= PARTS_LIMIT + 1
    assert any(isinstance(part, Unknown) and part.count.plain == PLAIN_MANY for part in text.parts)


def test_a_literal_that_doubles_is_let_go() -> None:
    state = State({}, {})
    text: object = Known("a@example.com, ")
    for _ in range(40):
        text = concat(state, [text, text], Place("a.py"))
        assert not isinstance(text, Known) or len(str(text.value)) <= LENGTH_LIMIT


def test_tuples_within_tuples_are_bounded() -> None:
    value = Items((Member(Parameter("to", "f"), ONE),), sort="tuple")
    for _ in range(30):
        value = nested(Items((Member(value, ONE),) * 8, sort="tuple"))
    assert total(value.members).plain == PLAIN_MANY
