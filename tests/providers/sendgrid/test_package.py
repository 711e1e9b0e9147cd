"""The model of the package is the package: any sequence of calls, and each of its habits."""

from __future__ import annotations

import inspect
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY
from mailguard.model.message import Trait
from mailguard.model.provider import Refused
from mailguard.model.value import Items, Member, Unknown
from mailguard.providers import sendgrid as ours

from .. import samples  # noqa: TID252  # the tests are no package with a name
from .support import FROM, A, B, C, D, Program, body, each_with_its_own, messages, one_for_all, real, recorded, then

STRICT = "strict" in inspect.signature(parseaddr).parameters
"""Pythons since gh-102988 read a text with several addresses as none, and the package then fails."""

addresses = st.sampled_from(
    [
        *(A, B, C, D, "Ann@Example.com", "Ann <ann@example.com>", '"B, b" <bob@example.org>'),
        *([] if STRICT else [f"{A}, {B}"]),
    ]
)
texts = st.one_of(*[addresses] * 30, st.sampled_from(["", "nobody"]))


def made(kind: str) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(st.just(kind), texts, st.sampled_from([None, "", "Name", B]), st.sampled_from([0, 0, 0, 1, 2, -1]))


people = (
    texts
    | st.tuples(st.just("tuple"), st.lists(texts | st.none(), min_size=2, max_size=2))
    | st.one_of(*(made(kind) for kind in ("To", "To", "To", "Cc", "Bcc")))
).map(lambda spec: spec)
strange = (
    made("Email")
    | st.none()
    | st.just(7)
    | st.tuples(st.just("tuple"), st.lists(texts, max_size=3))
    | st.lists(st.none() | st.lists(texts, max_size=1), max_size=2)
).map(lambda spec: spec)  # as one choice among others, not five
several = st.lists(people, max_size=3)
one_or_several = st.one_of(
    people, people, people, several, several, several, several, several, several, several, several, strange
)
flags = st.sampled_from([False, False, True, True, 1, "yes", None])

objects = st.one_of(*(made(kind) for kind in ("To", "Email", "Cc", "To", "Email", "Cc")), people)

operations = st.one_of(
    st.tuples(st.just("add_to"), one_or_several, flags, st.sampled_from([0, 0, 1, 2])),
    st.tuples(
        st.sampled_from(["add_cc", "add_bcc"]),
        st.one_of(*[people] * 20, one_or_several),
        flags,
        st.sampled_from([0, 0, 0, 1, 1, 1, None]),
    ),
    st.tuples(st.sampled_from(["to", "cc", "bcc"]), one_or_several),
    st.tuples(
        st.just("personalization"),
        st.lists(st.tuples(st.sampled_from(["add_to", "add_cc", "add_bcc"]), objects), max_size=3),
        st.sampled_from([0, 0, 1]),
    ),
    st.tuples(st.just("first"), objects),
    st.tuples(st.just("header"), st.sampled_from(["To", "X-A"]), addresses, st.sampled_from([None, 0, 2])),
)


def person(spec: Any, package: Any) -> Any:
    match spec:
        case ("tuple", parts):
            return tuple(parts)
        case (kind, address, name, p):
            return getattr(package, kind)(address, name, p=p)
        case list():
            return [person(item, package) for item in spec]
    return spec


def program(to: Any, flag: Any, steps: list[Any]) -> Program:
    def run(package: Any) -> Any:
        mail = package.Mail(FROM, person(to, package), "Subject", "Text", is_multiple=flag)
        for step in steps:
            match step:
                case (("add_to" | "add_cc" | "add_bcc") as name, who, apart, p):
                    getattr(mail, name)(person(who, package), is_multiple=apart, p=p)
                case (("to" | "cc" | "bcc") as name, who):
                    setattr(mail, name, person(who, package))
                case ("personalization", adds, index):
                    made = package.Personalization()
                    for name, who in adds:
                        getattr(made, name)(person(who, package))
                    mail.add_personalization(made, index)
                case ("first", who):
                    first = mail.personalizations if package is real else mail.read("personalizations")
                    first[0].add_to(person(who, package))
                case ("header", key, value, p):
                    mail.add_header(package.Header(key, value, p))
        return mail

    return run


PARTS = ("personalizations", "headers")


@settings(max_examples=100, deadline=None)
@given(to=one_or_several, flag=flags, steps=st.lists(operations, max_size=5))
def test_any_sequence_of_calls_makes_the_request_of_the_package(to: Any, flag: Any, steps: list[Any]) -> None:
    run = program(to, flag, steps)
    sent, modelled = body(run, real), body(run, ours)
    if sent is None or modelled is None:
        assert sent is modelled
    else:
        assert {name: modelled.get(name) for name in PARTS} == {name: sent.get(name) for name in PARTS}


def _settings(mail: Any, package: Any) -> None:
    email = (
        package.BccSettingsEmail
        if package is ours
        else __import__("sendgrid.helpers.mail.bcc_settings_email", fromlist=["_"]).BccSettingsEmail
    )
    mail.mail_settings = package.MailSettings(bcc_settings=package.BccSettings(True, email(D)))


HABITS: dict[str, tuple[Program, list[tuple[list[str], list[str], list[str]]] | None]] = {
    "a list is shared": (then(to_emails=[A, B, C]), [([A, B, C], [], [])]),
    "is_multiple keeps apart, last first": (
        then(to_emails=[A, B, C], is_multiple=True),
        [([C], [], []), ([B], [], []), ([A], [], [])],
    ),
    "is_multiple=1 does not": (then(to_emails=[A, B], is_multiple=1), [([A, B], [], [])]),
    "add_to is shared": (
        then(lambda m, _: m.add_to(B), lambda m, _: m.add_to(C), to_emails=A),
        [([A, B, C], [], [])],
    ),
    "assigning to adds": (then(lambda m, _: setattr(m, "to", [B, C]), to_emails=A), [([A, B, C], [], [])]),
    "p of an object counts when it is assigned": (
        then(lambda m, s: setattr(m, "to", [s.To(A), s.To(B, p=1)])),
        [([A], [], []), ([B], [], [])],
    ),
    "p of an object counts when it is added by itself": (
        then(lambda m, s: m.add_to(s.To(B, p=1)), to_emails=A),
        [([A], [], []), ([B], [], [])],
    ),
    "p of an object in a list does not count": (
        lambda s: s.Mail(FROM, [s.To(A), s.To(B, p=1)]),
        [([A, B], [], [])],
    ),
    "p of an object in an added list does not count": (
        then(lambda m, s: m.add_to([s.To(A), s.To(B, p=1)])),
        [([A, B], [], [])],
    ),
    "one personalization for all is shared": (one_for_all, [([A, B, C], [], [])]),
    "a personalization each keeps apart": (each_with_its_own, [([C], [], []), ([B], [], []), ([A], [], [])]),
    "a text with commas is cut": (then(to_emails=f"{A}, {B}"), [([A], [], [])]),
    "add_to with is_multiple keeps apart": (
        then(lambda m, _: m.add_to(A, is_multiple=True), lambda m, _: m.add_to(B, is_multiple=True)),
        [([B], [], []), ([A], [], [])],
    ),
    "add_bcc with is_multiple makes a message of its own": (
        then(lambda m, _: m.add_bcc(B, is_multiple=True), to_emails=A),
        [([], [], [B]), ([A], [], [])],
    ),
    "a tuple is an address and its name": (then(to_emails=(A, B)), [([A], [], [])]),
    "a tuple assigned to cc becomes a To": (
        then(lambda m, _: setattr(m, "cc", (B, "Bob")), to_emails=A),
        [([A, B], [], [])],
    ),
    "copies go to the first personalization": (
        then(lambda m, _: setattr(m, "cc", [B]), lambda m, _: setattr(m, "bcc", [C]), to_emails=A),
        [([A], [B], [C])],
    ),
    "a copy after is_multiple goes to the last address": (
        then(lambda m, _: m.add_cc(C), lambda m, _: m.add_bcc(D), to_emails=[A, B], is_multiple=True),
        [([B], [C], [D]), ([A], [], [])],
    ),
    "add_cc refuses a list": (then(lambda m, _: m.add_cc([B]), to_emails=A), None),
    "add_bcc refuses a list": (then(lambda m, _: m.add_bcc([B]), to_emails=A), None),
    "an Email is no To": (lambda s: s.Mail(FROM, s.Email(A)), None),
    "a list of dicts is refused": (then(to_emails=[{"email": A}]), None),
    "duplicates are left out": (then(to_emails=[A, A.upper(), B]), [([A, B], [], [])]),
    "the setting adds a blind copy": (then(_settings, to_emails=A), [([A], [], [D])]),
    "a To header stays a header": (
        then(lambda m, s: setattr(m, "header", s.Header("To", B)), to_emails=A),
        [([A], [], [])],
    ),
}


# Where Python reads two addresses in one text as none, the package fails on it.
@pytest.mark.parametrize("habit", [habit for habit in HABITS if not (STRICT and "commas" in habit)])
def test_a_habit_of_the_package(habit: str) -> None:
    run, expected = HABITS[habit]
    if expected is None:
        assert body(run, real) is None
        assert body(run, ours) is None
        return
    lists = [samples.expected({"to": to, "cc": cc, "bcc": bcc}) for to, cc, bcc in expected]
    assert recorded(run) == lists
    assert [samples.shown(message) for message in messages(run)] == lists


def test_a_set_and_a_generator_are_refused() -> None:
    for sort in ("set", "iterator"):
        with pytest.raises(Refused):
            ours.Mail(FROM, Items((Member(Unknown("x"), MANY),), sort=sort))
    for refused in ({A, B}, (address for address in (A, B))):
        with pytest.raises(ValueError, match="Please use"):
            real.Mail(FROM, refused)


def test_a_name_that_is_an_address_is_printed() -> None:
    (message,) = messages(then(to_emails=(A, B)))
    assert [mention.recipient.address for mention in message.mentions] == [B]


def test_a_header_that_names_somebody_is_mentioned() -> None:
    (message,) = messages(HABITS["a To header stays a header"][0])
    assert [(mention.detail, mention.recipient.address) for mention in message.mentions] == [("To", B)]


def test_several_in_one_personalization_have_the_trait() -> None:
    assert [message.traits for message in messages(then(to_emails=[A, B]))] == [{Trait.SHARED_PERSONALIZATION}]
    assert [message.traits for message in messages(then(to_emails=[A]))] == [frozenset()]


def test_from_an_email_message_always_fails() -> None:
    with pytest.raises(Refused):
        ours.Mail.from_EmailMessage(Unknown("message"))
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"] = FROM, A
    with pytest.raises(ValueError, match="Please use"):
        real.Mail.from_EmailMessage(message)
