"""What is not known contains every run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mailguard.model.count import MANY, OPEN, Count
from mailguard.model.message import Message, Trait
from mailguard.model.value import Either, Items, Known, Member, Parameter, Repeat, Text, Unknown
from mailguard.providers import sendgrid as ours

from .support import FROM, A, B, messages, recorded, then

MANY_PEOPLE = Items((Member(Unknown("user.email", Count(0, 1, 1)), MANY),))


def _crowd(size: int) -> list[str]:
    return [f"person{number}@example.com" for number in range(size)]


def _objects(package: Any, people: Any) -> Any:
    """``[To(x) for x in people]``."""
    if isinstance(people, Items):
        return Items(tuple(Member(package.To(value), count) for value, count in people.members))
    return [package.To(value) for value in people]


SHAPES: dict[str, Callable[[Any, Any], Any]] = {
    "list": lambda s, people: s.Mail(FROM, people),
    "objects": lambda s, people: s.Mail(FROM, _objects(s, people)),
    "apart": lambda s, people: s.Mail(FROM, people, is_multiple=True),
    "objects apart": lambda s, people: s.Mail(FROM, _objects(s, people), is_multiple=True),
    "setter": lambda s, people: then(lambda m, _: setattr(m, "to", people), to_emails=A)(s),
    "setter of objects": lambda s, people: then(lambda m, _: setattr(m, "to", _objects(s, people)))(s),
    "blind": lambda s, people: then(lambda m, _: setattr(m, "bcc", people), to_emails=A)(s),
    "copies": lambda s, people: then(lambda m, _: setattr(m, "cc", people), to_emails=A)(s),
}


def _visible(message: Message) -> Count:
    count = Count(0, 0, 0)
    for person in (*message.to, *message.cc):
        count += person.count
    return count


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_an_open_list_contains_every_run(shape: str, size: int) -> None:
    build = SHAPES[shape]
    abstract = messages(lambda package: build(package, MANY_PEOPLE))
    for message in recorded(lambda package: build(package, _crowd(size))) if size else []:
        seen = len(message["to"]) + len(message["cc"])
        assert any(_visible(possible).low <= seen <= _visible(possible).high for possible in abstract)
    if size == 2:
        worst = max(len(m["to"]) + len(m["cc"]) for m in recorded(lambda package: build(package, _crowd(size))))
        assert max(_visible(possible).plain for possible in abstract) == min(worst, 2)


def test_an_open_list_apart_makes_many_messages_of_one() -> None:
    (message,) = messages(lambda package: package.Mail(FROM, MANY_PEOPLE, is_multiple=True))
    assert message.copies == MANY
    assert [person.count for person in message.to] == [Count(0, 1, 1)]
    assert message.traits == frozenset()


def test_an_open_list_is_shared_with_its_trait() -> None:
    (message,) = messages(lambda package: package.Mail(FROM, MANY_PEOPLE))
    assert [person.count for person in message.to] == [MANY]
    assert message.traits == {Trait.SHARED_PERSONALIZATION}


def test_a_joined_text_is_cut_to_one() -> None:
    joined = Text((Repeat(Unknown("user.email", Count(0, 1, 1)), MANY, ", "),))
    (message,) = messages(lambda package: package.Mail(FROM, joined))
    assert [person.count.high for person in message.to] == [1]


def test_a_text_with_a_name_is_taken_apart() -> None:
    value = Text((Unknown("user.name"), " <", Unknown("user.email"), ">"))
    email = ours.To(value)
    assert email.read("email") == Unknown("user.email", Count(0, 1, 1))
    assert email.read("name") == Unknown("user.name", Count(0, 1, 1))


def test_an_open_argument_may_be_a_list() -> None:
    (message,) = messages(lambda package: package.Mail(FROM, Parameter("to", "f")))
    assert [(person.count, person.parameter) for person in message.to] == [(OPEN, True)]


def test_an_open_argument_of_an_address_object_is_one() -> None:
    (message,) = messages(lambda package: package.Mail(FROM, package.To(Parameter("to", "f"))))
    assert [person.count for person in message.to] == [Count(0, 1, 1)]


def test_an_open_argument_apart_is_one_each() -> None:
    (message,) = messages(lambda package: package.Mail(FROM, Parameter("to", "f"), is_multiple=True))
    assert [person.count.high for person in message.to] == [1]
    assert message.copies == OPEN


def test_a_flag_that_is_not_known_counts_as_absent_and_is_not_certain() -> None:
    (message,) = messages(lambda package: package.Mail(FROM, [A, B], is_multiple=Unknown("flag")))
    assert [person.count for person in message.to] == [Count(0, 1, 1)] * 2


def test_branches_of_one_address_are_one_recipient() -> None:
    either = Either((Known(A), Known(B)))
    (message,) = messages(lambda package: package.Mail(FROM, either))
    assert [person.count.high for person in message.to] == [1]


def test_branches_with_a_list_keep_the_larger_one_plain() -> None:
    either = Either((Known(A), Items((Member(Unknown("x"), MANY),))))
    (message,) = messages(lambda package: package.Mail(FROM, either))
    count = _visible(message)
    assert (count.low, count.plain) == (0, 2)


def test_a_personalization_for_each_of_many_is_many_messages() -> None:
    personalization = ours.Personalization()
    personalization.add_to(ours.Email(Unknown("user.email")))
    mail = ours.Mail(FROM)
    mail.write("personalizations", Items((Member(personalization, MANY),)))
    (message,) = messages(lambda _: mail)
    assert message.copies == MANY
    assert [person.count.high for person in message.to] == [1]


def test_a_number_that_the_code_computes_means_one_each() -> None:
    mail = ours.Mail(FROM)
    mail.to = Items((Member(ours.To(Unknown("user.email"), p=Unknown("index")), MANY),))
    (message,) = messages(lambda _: mail)
    assert message.copies == MANY
