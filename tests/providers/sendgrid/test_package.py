"""The models of the ``sendgrid`` package give, on plain data, the request that the package itself makes (6.12.5)."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPEN, Count
from mailguard.model.exchange import HttpRequest
from mailguard.model.message import Message, Trait
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Items, Known, Member, Parameter, Repeat, Text, Unknown
from mailguard.providers import sendgrid as ours

from .. import samples  # noqa: TID252  # the tests are no package with a name

pytest.importorskip("sendgrid")

import sendgrid.helpers.mail as real  # behind the check that it is there

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"

FAILURES = (ValueError, KeyError, TypeError, AttributeError, IndexError, Refused)

Program = Callable[[Any], Any]
"""Takes the package, or its model, and gives the mail."""


def body(program: Program, package: Any) -> dict[str, Any] | None:
    """The request that a program makes; None if the package fails."""
    try:
        return json.loads(json.dumps(program(package).get()))
    except FAILURES:
        return None


def messages(program: Program) -> tuple[Message, ...]:
    """What readers see, by the model."""
    request = ours.SendGridAPIClient("key").send(program(ours))
    answer = ours.decode("v3/mail/send", request)
    assert isinstance(answer, tuple), answer
    return answer


def recorded(program: Program) -> list[samples.Shown]:
    """What readers see, by the package's own request as a recorder keeps it."""
    sent = json.dumps(program(real).get())
    url = "https://api.sendgrid.com/v3/mail/send"
    (reading,) = samples.readings(samples.decoded(HttpRequest("POST", url, {"Content-Type": "application/json"}, sent)))
    return reading


# --- The law: any sequence of operations ----------------------------------------------------------

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


# --- Each habit of the package, one by one --------------------------------------------------------


def _each_with_its_own(package: Any) -> Any:
    mail = package.Mail(FROM)
    for address in (A, B, C):
        personalization = package.Personalization()
        personalization.add_to(package.Email(address))
        mail.add_personalization(personalization)
    return mail


def _one_for_all(package: Any) -> Any:
    mail = package.Mail(FROM)
    personalization = package.Personalization()
    for address in (A, B, C):
        personalization.add_to(package.Email(address))
    mail.add_personalization(personalization)
    return mail


def _then(*calls: Callable[[Any, Any], object], **options: Any) -> Program:
    def run(package: Any) -> Any:
        mail = package.Mail(FROM, **options)
        for call in calls:
            call(mail, package)
        return mail

    return run


def _settings(mail: Any, package: Any) -> None:
    email = (
        package.BccSettingsEmail
        if package is ours
        else __import__("sendgrid.helpers.mail.bcc_settings_email", fromlist=["_"]).BccSettingsEmail
    )
    mail.mail_settings = package.MailSettings(bcc_settings=package.BccSettings(True, email(D)))


HABITS: dict[str, tuple[Program, list[tuple[list[str], list[str], list[str]]] | None]] = {
    "a list is shared": (_then(to_emails=[A, B, C]), [([A, B, C], [], [])]),
    "is_multiple keeps apart, last first": (
        _then(to_emails=[A, B, C], is_multiple=True),
        [([C], [], []), ([B], [], []), ([A], [], [])],
    ),
    "is_multiple=1 does not": (_then(to_emails=[A, B], is_multiple=1), [([A, B], [], [])]),
    "add_to is shared": (
        _then(lambda m, _: m.add_to(B), lambda m, _: m.add_to(C), to_emails=A),
        [([A, B, C], [], [])],
    ),
    "assigning to adds": (_then(lambda m, _: setattr(m, "to", [B, C]), to_emails=A), [([A, B, C], [], [])]),
    "p of an object counts when it is assigned": (
        _then(lambda m, s: setattr(m, "to", [s.To(A), s.To(B, p=1)])),
        [([A], [], []), ([B], [], [])],
    ),
    "p of an object counts when it is added by itself": (
        _then(lambda m, s: m.add_to(s.To(B, p=1)), to_emails=A),
        [([A], [], []), ([B], [], [])],
    ),
    "p of an object in a list does not count": (
        lambda s: s.Mail(FROM, [s.To(A), s.To(B, p=1)]),
        [([A, B], [], [])],
    ),
    "p of an object in an added list does not count": (
        _then(lambda m, s: m.add_to([s.To(A), s.To(B, p=1)])),
        [([A, B], [], [])],
    ),
    "one personalization for all is shared": (_one_for_all, [([A, B, C], [], [])]),
    "a personalization each keeps apart": (_each_with_its_own, [([C], [], []), ([B], [], []), ([A], [], [])]),
    "a text with commas is cut": (_then(to_emails=f"{A}, {B}"), [([A], [], [])]),
    "add_to with is_multiple keeps apart": (
        _then(lambda m, _: m.add_to(A, is_multiple=True), lambda m, _: m.add_to(B, is_multiple=True)),
        [([B], [], []), ([A], [], [])],
    ),
    "add_bcc with is_multiple makes a message of its own": (
        _then(lambda m, _: m.add_bcc(B, is_multiple=True), to_emails=A),
        [([], [], [B]), ([A], [], [])],
    ),
    "a tuple is an address and its name": (_then(to_emails=(A, B)), [([A], [], [])]),
    "a tuple assigned to cc becomes a To": (
        _then(lambda m, _: setattr(m, "cc", (B, "Bob")), to_emails=A),
        [([A, B], [], [])],
    ),
    "copies go to the first personalization": (
        _then(lambda m, _: setattr(m, "cc", [B]), lambda m, _: setattr(m, "bcc", [C]), to_emails=A),
        [([A], [B], [C])],
    ),
    "a copy after is_multiple goes to the last address": (
        _then(lambda m, _: m.add_cc(C), lambda m, _: m.add_bcc(D), to_emails=[A, B], is_multiple=True),
        [([B], [C], [D]), ([A], [], [])],
    ),
    "add_cc refuses a list": (_then(lambda m, _: m.add_cc([B]), to_emails=A), None),
    "add_bcc refuses a list": (_then(lambda m, _: m.add_bcc([B]), to_emails=A), None),
    "an Email is no To": (lambda s: s.Mail(FROM, s.Email(A)), None),
    "a list of dicts is refused": (_then(to_emails=[{"email": A}]), None),
    "duplicates are left out": (_then(to_emails=[A, A.upper(), B]), [([A, B], [], [])]),
    "the setting adds a blind copy": (_then(_settings, to_emails=A), [([A], [], [D])]),
    "a To header stays a header": (
        _then(lambda m, s: setattr(m, "header", s.Header("To", B)), to_emails=A),
        [([A], [], [])],
    ),
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_of_the_package(habit: str) -> None:
    run, expected = HABITS[habit]
    if STRICT and "commas" in habit:
        pytest.skip("the package fails")
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
    (message,) = messages(_then(to_emails=(A, B)))
    assert [mention.recipient.address for mention in message.mentions] == [B]


def test_a_header_that_names_somebody_is_mentioned() -> None:
    (message,) = messages(HABITS["a To header stays a header"][0])
    assert [(mention.detail, mention.recipient.address) for mention in message.mentions] == [("To", B)]


def test_several_in_one_personalization_have_the_trait() -> None:
    assert [message.traits for message in messages(_then(to_emails=[A, B]))] == [{Trait.SHARED_PERSONALIZATION}]
    assert [message.traits for message in messages(_then(to_emails=[A]))] == [frozenset()]


def test_from_an_email_message_always_fails() -> None:
    with pytest.raises(Refused):
        ours.Mail.from_EmailMessage(Unknown("message"))
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"] = FROM, A
    with pytest.raises(ValueError, match="Please use"):
        real.Mail.from_EmailMessage(message)


# --- The law: what is not known contains every run ------------------------------------------------

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
    "setter": lambda s, people: _then(lambda m, _: setattr(m, "to", people), to_emails=A)(s),
    "setter of objects": lambda s, people: _then(lambda m, _: setattr(m, "to", _objects(s, people)))(s),
    "blind": lambda s, people: _then(lambda m, _: setattr(m, "bcc", people), to_emails=A)(s),
    "copies": lambda s, people: _then(lambda m, _: setattr(m, "cc", people), to_emails=A)(s),
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


# --- Clients --------------------------------------------------------------------------------------

DATA = {"personalizations": [{"to": [{"email": A}, {"email": B}]}], "from": {"email": FROM}}


@pytest.mark.parametrize(
    "send",
    [
        lambda client: client.send(DATA),
        lambda client: client.client.mail.send.post(request_body=DATA),
        lambda client: client.client._("mail/send").post(request_body=DATA),
        lambda client: client.client._("mail").send.post(DATA),
        lambda client: client.client.version(3).mail.send.post(request_body=DATA),
    ],
)
def test_every_way_to_send_is_the_same_request(send: Callable[[Any], HttpRequest]) -> None:
    request = send(ours.SendGridAPIClient("key"))
    assert ours.claims(request) == "v3/mail/send"
    assert samples.readings(samples.decoded(request)) == [[samples.expected({"to": [A, B]})]]


def test_other_calls_of_the_api_send_nothing() -> None:
    client = ours.SendGridAPIClient(api_key=Unknown("key")).client
    for request in (client._("suppression/bounces").get(), client._("contactdb/recipients").post([{"email": A}])):
        operation = ours.claims(request)
        assert operation is not None
        assert ours.decode(operation, request) == ()


def test_the_hosts_of_the_package() -> None:
    client = ours.SendGridAPIClient("key")
    client.set_sendgrid_data_residency("eu")
    assert client.send(DATA).url == "https://api.eu.sendgrid.com/v3/mail/send"
    assert ours.TwilioEmailAPIClient("user", "password").send(DATA).url == "https://email.twilio.com/v3/mail/send"


def test_a_mail_that_was_not_made_data_is_refused() -> None:
    with pytest.raises(Refused):
        ours.SendGridAPIClient("key").client.mail.send.post(request_body=ours.Mail(FROM, A))


def test_a_mail_of_the_package_is_sendgrids_wherever_it_goes() -> None:
    client = ours.SendGridAPIClient("key", host=Unknown("settings.HOST"))
    assert ours.claims(client.send(DATA)) == "v3/mail/send"


# --- Older releases, whose requests are samples ---------------------------------------------------


def _sample(name: str) -> dict[str, Any]:
    return json.loads((samples.FOLDER / "sendgrid" / f"{name}.json").read_text("utf-8"))


def test_positions_of_releases_3_to_5() -> None:
    mail = ours.Mail(ours.Email(FROM), "S", ours.Email(A), Unknown("content"))
    emitted = json.loads(_sample("sendgrid_v5_mail_single")["request"]["body"])
    assert mail.get()["personalizations"] == emitted["personalizations"]
    mail.read("personalizations")[0].add_to(ours.Email(B))
    mail.read("personalizations")[0].add_to(ours.Email(C))
    emitted = json.loads(_sample("sendgrid_v5_personalizations0_add_to")["request"]["body"])
    assert mail.get()["personalizations"] == emitted["personalizations"]


def test_releases_3_to_5_append_personalizations() -> None:
    mail = ours.Mail(ours.Email(FROM), "S", ours.Email(A), Unknown("content"))
    second = ours.Personalization()
    second.add_to(ours.Email(B))
    second.add_cc(ours.Email(C))
    second.add_bcc(ours.Email(D))
    mail.add_personalization(second)
    emitted = json.loads(_sample("sendgrid_v5_second_personalization")["request"]["body"])
    assert mail.get()["personalizations"] == emitted["personalizations"]


@pytest.mark.parametrize(
    "arguments",
    [
        (Unknown("from"), Unknown("subject"), Unknown("to_email"), Unknown("content")),
        (Unknown("from"), Parameter("subject", "f"), Parameter("to", "f"), Unknown("content")),
        (Unknown("from"), "Welcome", Unknown("to"), Unknown("content")),
        (Unknown("from"), Text(("Welcome to ", Unknown("site"))), Unknown("to"), Unknown("content")),
    ],
)
def test_a_subject_in_the_second_place_is_no_recipient(arguments: tuple[Any, ...]) -> None:
    (message,) = messages(lambda package: package.Mail(*arguments))
    assert [person.label in ("to", "to_email") for person in message.to] == [True]
    assert [person.count.high for person in message.to] == [1]


def test_the_seventh_position_of_6_0_is_is_multiple() -> None:
    found = messages(lambda package: package.Mail(FROM, [A, B], "S", "T", "H", None, True))
    assert [len(message.to) for message in found] == [1, 1]


def _release_1(calls: Callable[[Any], object], **opts: Any) -> list[samples.Shown]:
    mail = ours.OldMail(**opts)
    calls(mail)
    request = ours.SendGridClient("key").send(mail)
    (reading,) = samples.readings(samples.decoded(request))
    return reading


RELEASE_1: dict[str, tuple[Callable[[Any], object], dict[str, Any]]] = {
    "sendgrid_v1_add_to_list": (lambda m: (m.add_to([A, B]), m.add_to("Cat <cat@example.net>")), {}),
    "sendgrid_v1_bcc_only": (lambda m: m.add_bcc([A, B]), {}),
    "sendgrid_v1_comma_lost": (lambda m: None, {"to": f"{A}, {B}"}),
    "sendgrid_v1_tuple": (lambda m: m.add_to((A, B)), {"cc": [C]}),
    "sendgrid_v2_web_xsmtpapi_to": (lambda m: m.read("smtpapi").add_to([A, B, C]), {}),
    "sendgrid_v1_set_tos": (lambda m: m.read("smtpapi").set_tos([A, B]), {"cc": [C]}),
}


@pytest.mark.parametrize("name", RELEASE_1)
def test_release_1_sends_what_it_sent(name: str) -> None:
    calls, opts = RELEASE_1[name]
    expected = [samples.expected(message) for message in _sample(name)["expect"]["messages"]]
    assert _release_1(calls, from_email=FROM, subject="S", text="T", **opts) == expected


def test_a_name_of_release_1_that_is_an_address_is_printed() -> None:
    mail = ours.OldMail(from_email=FROM)
    mail.add_to((A, B))
    answer = ours.decode("api/mail.send", ours.SendGridClient("key").send(mail))
    assert isinstance(answer, tuple)
    assert [mention.recipient.address for mention in answer[0].mentions] == [B]
