"""Transmissions in which not everything is known."""

from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, MANY, ONE, OPTIONAL
from mailguard.model.message import Trait
from mailguard.model.place import Place
from mailguard.model.value import Either, Items, Known, Member, Parameter, Repeat, Step, StepKind, Text, Unknown
from mailguard.providers import smtp
from mailguard.transports.mime.models import EmailMessage, MimeText

from .support import ANN, BOB, CAT, DAN, FROM, only, people

STEP = Step(StepKind.SHOWN, Place("a.py", 7))


def _plain(group):
    total = 0
    for person in group:
        total += person.count.plain
    return min(total, 2)


def test_a_list_in_the_header_and_the_envelope_is_seen_and_not_blind():
    everybody = Items((Member(Unknown("u.email", OPTIONAL, (STEP,)), MANY),))
    message = MimeText("x")
    message["To"] = Text((Unknown("u.email", MANY, (STEP,)),))
    found = only(smtp.Smtp("localhost").sendmail(FROM, everybody, message.as_string()))
    assert _plain(found.to) == 2
    assert found.bcc == ()


def test_the_members_of_a_list_are_the_list_of_the_envelope():
    step = Step(StepKind.PARAMETER, Place("a.py", 1))
    message = MimeText("x")
    message["To"] = Text((Repeat(Unknown("people[]", OPTIONAL, (step,)), MANY, ", "),))
    found = only(smtp.Smtp("localhost").sendmail(FROM, Parameter("people", "m:f", trail=(step,)), message.as_string()))
    assert _plain(found.to) == 2
    assert found.bcc == ()
    message.replace_header("To", Unknown("people[]", OPTIONAL, (step,)))
    found = only(smtp.Smtp("localhost").sendmail(FROM, Parameter("people", "m:f", trail=(step,)), message.as_string()))
    assert (_plain(found.to), len(found.bcc)) == (1, 1)


def test_a_header_that_grew_in_a_loop_is_seen_whole_and_delivered_once():
    message = MimeText("x")
    message.write("header to", Items((Member(Unknown("u.email", OPTIONAL), MANY),)))
    sent = smtp.Smtp("localhost").send_message(message)
    assert recipients(sent.rcpt_to).recipients[0].count.plain == 1
    found = only(sent)
    assert found.to[0].count.plain == 2
    assert Trait.REPEATED_HEADER in found.traits


def test_an_unknown_message_shows_plainly_nobody():
    for send in (smtp.Smtp("localhost").send_message, smtp.AioSmtp(hostname="localhost").send_message):
        found = only(send(Parameter("msg", "m:f")))
        assert found.to[0].count == ANY
        assert found.to[0].parameter
        found = only(
            send(Unknown("msg"), to_addrs=[ANN])
            if "to_addrs" in send.__code__.co_varnames
            else send(Unknown("msg"), recipients=[ANN])
        )
        assert people(found.bcc) == [ANN]


def test_one_of_two_messages_is_sent():
    one, other = EmailMessage(), EmailMessage()
    one["To"], other["To"], other["Bcc"] = Known(ANN), Known(DAN), Known(CAT)
    sent = smtp.Smtp("localhost").send_message(Either((one, other)))
    found = only(sent)
    assert [(person.domain, person.count) for person in found.to] == [("example.com", ONE)]
    assert found.transmitted_bcc == ()


def test_an_envelope_that_may_be_left_out_is_one_or_the_other():
    message = EmailMessage()
    message["To"] = Known(ANN)
    sent = smtp.Smtp("localhost").send_message(message, None, Either((None, Known(BOB))))
    found = recipients(sent.rcpt_to).recipients
    assert [person.count.high for person in found] == [1]
