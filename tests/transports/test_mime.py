"""Messages read, and the models of the email package held against the package itself."""

import email
import email.headerregistry
import email.message
import email.mime.base
import email.mime.multipart
import email.mime.text
import email.utils
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, MANY, ONE, OPTIONAL, ZERO
from mailguard.model.message import CannotTell, Field, Message, Reason, Trait
from mailguard.model.place import Place
from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
    known,
    text,
)
from mailguard.transports.mime import addresses
from mailguard.transports.mime.addresses import (
    Address,
    formataddr,
    formatdate,
    getaddresses,
    make_msgid,
    parseaddr,
)
from mailguard.transports.mime.fields import header_fields, without_headers
from mailguard.transports.mime.models import (
    EmailMessage,
    LegacyMessage,
    MimeLeaf,
    MimeMultipart,
    MimeText,
    message_from,
)
from mailguard.transports.mime.reading import message_of
from mailguard.transports.mime.sources import header

EXAMPLES = settings(max_examples=80, deadline=None)
ANN, BOB, CAT, DAN = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"


def people(group):
    return [person.address for person in group]


def shown(message):
    """Who is where, as plain data. (The models keep the order of lines of one name, not that of names.)"""
    assert isinstance(message, Message)
    return {
        "to": sorted(people(message.to), key=str),
        "cc": sorted(people(message.cc), key=str),
        "bcc": sorted(people(message.bcc), key=str),
        "transmitted": sorted(people(message.transmitted_bcc), key=str),
        "reply-to": people(message.reply_to),
        "mentions": [mention.recipient.address for mention in message.mentions],
        "traits": message.traits,
    }


# -- message_of


def test_visible_is_every_to_and_cc_line_and_blind_is_the_rest_of_the_envelope():
    data = f"To: {ANN}\r\nCC: {BOB}\r\nto: {CAT}\r\nSubject: s\r\n\r\nTo: x@example.com\r\n".encode()
    message = message_of(data, [ANN, BOB, DAN], bcc="transmitted")
    assert people(message.to) == [ANN, CAT]
    assert people(message.cc) == [BOB]
    assert people(message.bcc) == [DAN]
    assert message.traits == {Trait.REPEATED_HEADER}


def test_a_resent_block_is_visible_too():
    data = f"Resent-To: {CAT}\nResent-Cc: {DAN}\nTo: {ANN}\n\n"
    message = message_of(data, None, bcc="transmitted")
    assert people(message.to) == [CAT, ANN]
    assert people(message.cc) == [DAN]


@pytest.mark.parametrize(
    ("mode", "envelope", "blind", "transmitted"),
    [
        ("transmitted", [ANN, DAN], [DAN], [DAN]),
        ("transmitted", None, [], [DAN]),
        ("removed", [ANN, DAN], [DAN], []),
        ("removed", None, [DAN], []),
        ("undocumented", [ANN], [], [DAN]),
    ],
)
def test_a_bcc_line_counts_as_the_way_says(mode, envelope, blind, transmitted):
    message = message_of(f"To: {ANN}\nBcc: {DAN}\n\n", envelope, bcc=mode)
    assert people(message.to) == [ANN]
    assert people(message.bcc) == blind
    assert people(message.transmitted_bcc) == transmitted


def test_empty_and_null_lines_are_nobody():
    message = message_of("To: \nCc: undisclosed-recipients:;\n\n", [ANN], bcc="transmitted")
    assert (message.to, message.cc, people(message.bcc)) == ((), (), [ANN])
    assert message.traits == frozenset()


def test_what_is_missing_cannot_be_told():
    assert message_of(None, [ANN], bcc="removed") == CannotTell(Reason.BODY_MISSING)


def test_a_message_that_the_code_does_not_tell_shows_plainly_nobody_and_possibly_anybody():
    for data in (Unknown("msg"), Parameter("msg", "m:f"), Either((Unknown("msg"), Fields((("To", ANN),))))):
        message = message_of(data, [DAN], bcc="removed")
        assert any(person.count == ANY for person in message.to)
        assert people(message.bcc) == [DAN]
    message = message_of(Parameter("msg", "m:f"), None, bcc="removed")
    assert message.to[0].parameter


def test_addresses_in_the_subject_and_in_headers_of_ones_own_are_mentions():
    data = f"To: {ANN}\nSubject: about {BOB}\nX-Cc: {CAT}\nX-Original-To: {DAN}\nMessage-ID: <x@example.com>\n\n"
    message = message_of(data, None, bcc="transmitted")
    assert [(mention.field, mention.recipient.address, mention.detail) for mention in message.mentions] == [
        (Field.SUBJECT, BOB, ""),
        (Field.HEADER, CAT, "X-Cc"),
    ]
    message = message_of(f'To: "{BOB}" <{ANN}>\nSubject: {ANN}\n\n', None, bcc="transmitted")
    assert [mention.recipient.address for mention in message.mentions] == [BOB]


def test_the_same_expression_in_header_and_envelope_is_not_blind():
    step = Step(StepKind.DATABASE, Place("a.py", 1))
    everybody = Unknown("users", MANY, (step,))
    data = Fields((("To", Text((Repeat(everybody, ONE, ", "),))),))
    message = message_of(data, Items((Member(everybody, ONE), Member(DAN, ONE))), bcc="transmitted")
    assert people(message.bcc) == [DAN]


def test_what_is_printed_in_part_is_blind_in_part():
    step = Step(StepKind.DATABASE, Place("a.py", 1))
    first, everybody = Unknown("users", OPTIONAL, (step,)), Unknown("users", MANY, (step,))
    message = message_of(Fields((("To", first),)), Items((Member(everybody, ONE),)), bcc="transmitted")
    assert [person.count for person in message.bcc] == [MANY]
    message = message_of(Fields((("To", everybody),)), Items((Member(first, ONE),)), bcc="transmitted")
    assert message.bcc == ()


def test_an_address_that_is_printed_in_one_branch_may_be_blind():
    for line in (Items((Member(ANN, OPTIONAL),)), Either((ANN, BOB))):
        message = message_of(Fields((("To", line),)), [ANN], bcc="transmitted")
        assert [(person.address, person.count.low, person.count.high) for person in message.bcc] == [(ANN, 0, 1)]


def test_several_rounds_of_a_line_are_repeated_headers():
    data = Fields((("To", Items((Member(Unknown("x", OPTIONAL), MANY),))),))
    message = message_of(data, None, bcc="transmitted")
    assert message.traits == {Trait.REPEATED_HEADER}
    assert message.to[0].count.plain == 2


def test_a_line_whose_name_is_not_known_plainly_is_no_to():
    message = message_of(Fields((("*", Unknown("x", OPTIONAL)),)), None, bcc="transmitted")
    assert (message.to[0].count.plain, message.to[0].count.high) == (0, 1)


@EXAMPLES
@given(st.binary(max_size=80))
def test_any_bytes_are_read_without_an_error(data):
    message_of(b"To: " + data, [data], bcc="transmitted")
    message_of(data, None, bcc="removed")


# -- the models against the package

REAL = {
    "EmailMessage": email.message.EmailMessage,
    "Message": email.message.Message,
    "MIMEText": lambda: email.mime.text.MIMEText("x"),
    "MIMEMultipart": email.mime.multipart.MIMEMultipart,
    "MIMEBase": lambda: email.mime.base.MIMEBase("application", "pdf"),
}
MODEL = {
    "EmailMessage": EmailMessage,
    "Message": LegacyMessage,
    "MIMEText": lambda: MimeText("x"),
    "MIMEMultipart": MimeMultipart,
    "MIMEBase": lambda: MimeLeaf("application", "pdf"),
}

_names = st.sampled_from(["To", "to", "CC", "Cc", "Bcc", "Reply-To", "Resent-To", "Subject", "From", "X-A"])
_texts = st.one_of(
    st.sampled_from(
        [ANN, BOB, f"{ANN}, {BOB}", f"Ann <{ANN}>", f'"A, B" <{CAT}>', "", "undisclosed-recipients:;", f"team: {DAN};"]
    ),
)
_lists = st.lists(st.sampled_from([ANN, BOB, CAT, f"Dan <{DAN}>"]), max_size=3)
_operations = st.one_of(
    st.tuples(st.just("set"), _names, _texts),
    st.tuples(st.just("set"), st.sampled_from(["To", "Cc", "Bcc"]), st.one_of(_lists, _lists.map(tuple))),
    st.tuples(st.just("add"), _names, _texts),
    st.tuples(st.just("replace"), _names, _texts),
    st.tuples(st.just("delete"), _names, st.just("")),
)


def _apply(message, operations):
    for operation, name, value in operations:
        if operation == "set":
            message[name] = value
        elif operation == "add":
            message.add_header(name, value)
        elif operation == "replace":
            message.replace_header(name, value)
        else:
            del message[name]
    return message


@EXAMPLES
@given(st.sampled_from(sorted(REAL)), st.lists(_operations, max_size=6))
def test_a_message_of_the_model_shows_what_the_real_one_shows(kind, operations):
    try:
        real = _apply(REAL[kind](), operations).as_bytes()
    except (ValueError, KeyError, AttributeError):
        with pytest.raises(Refused):
            _apply(MODEL[kind](), operations).as_bytes()
        return
    assume(real.strip())  # a message of nothing is one that a recorder did not keep
    model = _apply(MODEL[kind](), operations)
    expected = shown(message_of(real, [ANN, DAN], bcc="transmitted"))
    assert shown(message_of(model, [ANN, DAN], bcc="transmitted")) == expected
    assert shown(message_of(model.as_string(), [ANN, DAN], bcc="transmitted")) == expected
    assert shown(message_of(model.render(), [ANN, DAN], bcc="transmitted")) == expected


@EXAMPLES
@given(st.sampled_from(sorted(REAL)), st.lists(_operations, max_size=6), _names)
def test_what_was_written_is_read_back(kind, operations, name):
    def read(message):
        value = message[name]
        every = message.get_all(name)
        return (
            value is None,
            people(recipients(None if value is None else value if not known(value) else text(value)).recipients),
            None if every is None else [people(recipients(text(one)).recipients) for one in every],
            (name in message),
            message.get(name, "nothing") == "nothing",
        )

    try:
        real = _apply(REAL[kind](), operations)
        real.as_bytes()
    except (ValueError, KeyError, AttributeError):
        return
    assert read(_apply(MODEL[kind](), operations)) == read(real)


def test_a_list_in_a_legacy_message_is_refused_when_it_is_written_out():
    message = MimeText("x")
    message["To"] = [ANN, BOB]
    for write in (message.as_string, message.as_bytes):
        with pytest.raises(Refused):
            write()


@pytest.mark.parametrize("name", ["pop", "setdefault", "update"])
def test_a_message_lacks_what_a_mapping_has_and_the_real_one_does(name):
    assert not hasattr(email.message.Message(), name)
    assert not hasattr(email.message.EmailMessage(), name)
    with pytest.raises(Refused):
        getattr(LegacyMessage(), name)("Bcc", None)


def test_address_objects_are_printed_as_the_package_prints_them():
    def program(registry, kind):
        message = kind()
        message["To"] = [
            registry.Address("Ann A", "ann", "example.com"),
            registry.Address("B, B", "bob", "example.org"),
            registry.Address(addr_spec=CAT),
        ]
        message["Cc"] = registry.Group("team", [registry.Address("", "dan", "example.com")])
        message["Reply-To"] = registry.Address("", "ann", "example.com")
        return message

    real = program(email.headerregistry, email.message.EmailMessage)
    model = program(addresses, EmailMessage)
    assert text(model["To"]) == str(real["To"])
    assert text(model["Cc"]) == str(real["Cc"])
    assert shown(message_of(model, bcc="removed")) == shown(message_of(real.as_bytes(), bcc="removed"))
    with pytest.raises(Refused):
        Address("n", "u", "d", addr_spec=ANN)


@pytest.mark.parametrize("name", ["", None, "Ann", "Doe, J", 'the "A"', "J\u00f6rg"])
def test_formataddr_shows_the_same_people(name):
    real = recipients(email.utils.formataddr((name, ANN)))
    assert people(recipients(formataddr((name, ANN))).recipients) == people(real.recipients) == [ANN]


def test_getaddresses_gives_one_pair_for_each():
    fields = [f"{ANN}, Bob <{BOB}>", f"team: {CAT};"]
    pairs = [[text(part.value) for part in pair.value.members] for pair in getaddresses(fields).members]
    assert [address for _, address in pairs] == [address for _, address in email.utils.getaddresses(fields) if address]


def test_getaddresses_and_parseaddr_keep_what_is_open():
    open_list = Parameter("to", "m:f")
    (pair,) = getaddresses([open_list]).members
    assert pair.count == open_list.count
    assert pair.value.members[1].value == replace(open_list, count=OPTIONAL)
    assert parseaddr(open_list).members[1].value == replace(open_list, count=OPTIONAL)
    assert text(parseaddr(f"Ann <{ANN}>").members[1].value) == ANN


def test_a_message_from_its_source_can_be_changed():
    def program(parse, deletes):
        message = parse(f"To: {ANN}\nCc: {BOB}\nBcc: {CAT}\n\nbody")
        for name in deletes:
            del message[name]
        message["To"] = DAN
        return message

    for deletes in ((), ("Bcc",), ("to", "cc")):
        real = program(email.message_from_string, deletes)
        model = program(message_from, deletes)
        assert shown(message_of(model, bcc="transmitted")) == shown(message_of(real.as_bytes(), bcc="transmitted"))


def test_a_message_from_an_unknown_source_may_show_anybody():
    message = message_from(Unknown("raw"))
    assert message_of(message, bcc="removed").to[0].count == ANY


# -- with holes

STEP = Step(StepKind.SHOWN, Place("a.py", 7))


def test_a_header_keeps_the_way_of_its_value():
    for value in (
        Known(ANN, (STEP,)),
        Unknown("x.email", OPTIONAL, (STEP,)),
        Text(("A <", Unknown("x"), ">"), (STEP,)),
    ):
        for kind in (EmailMessage, MimeText):
            message = kind()
            message["To"] = value
            for data in (message, message.render(), message.as_string()):
                (person,) = message_of(data, bcc="removed").to
                assert person.trail == (STEP,)


def test_address_objects_have_the_way_of_what_they_are_in():
    written = Step(StepKind.WRITTEN, Place("a.py", 2))
    message = EmailMessage()
    message["To"] = Items((Member(Address("Ann", addr_spec=Known(ANN, (written,))), ONE),), (STEP,))
    (person,) = message_of(message, bcc="removed").to
    assert person.trail == (written, STEP)
    (person,) = recipients(Items((Member(Address("Ann", addr_spec=ANN), ONE),), (STEP,))).recipients
    assert person.trail == (STEP,)


def test_a_list_of_unknown_length_is_joined_into_one_line():
    message = EmailMessage()
    message["To"] = Items((Member(Unknown("u.email", OPTIONAL), MANY),), (STEP,))
    found = message_of(message, bcc="removed")
    assert found.to[0].count.plain == 2
    assert found.traits == frozenset()
    assert found.to[0].trail == (STEP,)


def test_a_name_that_is_one_of_two_writes_one_of_two():
    message = EmailMessage()
    message[Either(("To", "Bcc"))] = Known(ANN)
    found = message_of(message, bcc="removed")
    assert [person.count for person in found.to] == [OPTIONAL]
    assert [person.count for person in found.bcc] == [OPTIONAL]


def test_a_name_that_is_unknown_may_be_any():
    message = EmailMessage()
    message[Unknown("name")] = Known(ANN)
    (person,) = message_of(message, bcc="removed").to
    assert (person.count.plain, person.count.high) == (0, 1)


def test_branches_lie_over_each_other():
    message = MimeText("x")
    message.write("header to", Either(([Known(ANN)], [Known(DAN)])))
    (person,) = message_of(message, bcc="removed").to
    assert (person.address, person.domain, person.count) == (None, "example.com", ONE)
    message.write("header to", Either(([Known(ANN)], ABSENT)))
    (person,) = message_of(message, bcc="removed").to
    assert person.count == OPTIONAL


def test_a_line_that_is_only_perhaps_there_may_be_written_again():
    message = EmailMessage()
    message.write("header to", Items((Member(Known(ANN), OPTIONAL),)))
    message["To"] = Known(BOB)
    assert people(message_of(message, bcc="removed").to) == [BOB]


def test_what_a_loop_appends_is_there_many_times():
    message = MimeText("x")
    message.write("header to", Items((Member(Unknown("x.email", OPTIONAL), MANY),)))
    for data in (message, message.as_string()):
        found = message_of(data, bcc="removed")
        assert found.to[0].count.plain == 2
        assert found.traits == {Trait.REPEATED_HEADER}
    assert message.get_all("To").members[0].count == MANY
    assert recipients(message["To"]).recipients[0].count.plain == 1


def test_header_passes_its_text_through():
    assert header(Known(ANN, (STEP,)), "utf-8") == Known(ANN)


def test_ids_and_dates_are_nobody():
    assert recipients(make_msgid()).recipients == recipients(formatdate()).recipients == ()
    assert make_msgid().count == ZERO


def test_headers_are_taken_out_and_looked_up_through_branches():
    one, other = Fields((("To", ANN), ("Bcc", BOB))), Fields((("To", CAT),))
    left = without_headers(Either((one, other)), ("bcc",))
    assert shown(message_of(left, bcc="transmitted"))["transmitted"] == []
    found = header_fields(Either((one, other)), ("to", "bcc"))
    assert isinstance(found, Either)
    assert header_fields(Unknown("m"), ("to",)) is ABSENT
