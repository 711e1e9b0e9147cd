"""The models of Flask-Mail and Flask-Mailman print and send what the packages print and send."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.message import Message, Trait
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Items, Member, Parameter, Unknown
from mailguard.providers import flask_mail as provider
from mailguard.providers.flask_mail import PROVIDER
from mailguard.transports.mime.reading import message_of

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"
PEOPLE = st.lists(postbox.NAMED, max_size=3)
HEADERS = st.none() | st.dictionaries(st.sampled_from(["To", "cc", "Bcc", "X-Other"]), postbox.PLAIN, max_size=2)
MESSAGE = st.fixed_dictionaries(
    {"recipients": PEOPLE},
    optional={
        "cc": PEOPLE,
        "bcc": PEOPLE,
        "reply_to": postbox.NAMED,
        "extra_headers": HEADERS,
    },
)
STYLE = st.sampled_from(["send", "send_message", "connect", "of the message", "added one by one"])


def package(name: str) -> Any:
    """A package, if it is installed."""
    return pytest.importorskip(name, reason=f"the models are compared with {name} where it is installed")


def app() -> Any:
    made = package("flask").Flask("test")
    made.config.update(MAIL_DEFAULT_SENDER=FROM, MAIL_SUPPRESS_SEND=False, MAIL_SERVER="localhost", MAIL_BACKEND="smtp")
    return made


def transmit(library: Any, mail: Any, style: str, options: dict[str, Any]) -> Any:
    match style:
        case "send":
            return mail.send(library.Message("S", sender=FROM, body="T", **options))
        case "send_message":
            return mail.send_message("S", sender=FROM, body="T", **options)
        case "connect":
            with mail.connect() as connection:
                return connection.send(library.Message("S", sender=FROM, body="T", **options))
        case "of the message":
            with mail.connect() as connection:
                return library.Message("S", sender=FROM, body="T", **options).send(connection)
        case _:
            message = library.Message("S", sender=FROM, body="T", **{**options, "recipients": None})
            for person in options["recipients"]:
                message.add_recipient(person)
            return mail.send(message)


@settings(max_examples=60, deadline=None)
@given(MESSAGE, STYLE)
def test_the_model_of_flask_mail_sends_what_it_sends(options: dict[str, Any], style: str) -> None:
    real_mail = package("flask_mail")
    made = app()
    with made.app_context(), postbox.posting() as box:

        def act() -> Any:
            transmit(real_mail, real_mail.Mail(made), style, options)
            return box.sent

        expected = postbox.outcome(act)
    found = postbox.outcome(lambda: transmit(provider, provider.Mail(), style, options))
    assert found == expected


MAILMAN = st.fixed_dictionaries(
    {"to": PEOPLE},
    optional={"cc": PEOPLE, "bcc": PEOPLE, "reply_to": PEOPLE, "headers": HEADERS},
)


@settings(max_examples=60, deadline=None)
@given(MAILMAN, st.booleans())
def test_the_model_of_flask_mailman_sends_what_it_sends(options: dict[str, Any], over: bool) -> None:
    real_mailman = package("flask_mailman")
    made = app()
    real_mailman.Mail(made)
    with made.app_context(), postbox.posting() as box:

        def act() -> Any:
            message = real_mailman.EmailMessage("S", "T", FROM, **options)
            if over:
                real_mailman.Mail(made).get_connection().send_messages([message])
            else:
                message.send()
            return box.sent

        expected = postbox.outcome(act)

    def model() -> Any:
        message = provider.MailmanMessage("S", "T", FROM, **options)
        return provider.MailmanConnection().send_messages([message]) if over else message.send() or []

    assert postbox.outcome(model) == expected


def test_the_functions_of_flask_mailman_are_djangos() -> None:
    mail = provider.Mailman()
    (one,) = postbox.views(mail.send_mail("S", "T", FROM, [A, B]))
    assert one["to"] == [A, B]
    first, second = postbox.views(mail.send_mass_mail([("S", "T", FROM, [A]), ("S", "T", FROM, [B, C])]))
    assert (first["to"], second["to"]) == ([A], [B, C])
    (other,) = postbox.views(provider.MailmanAlternatives("S", "T", FROM, [A], [B], None, None, None, None, [C]).send())
    assert (other["to"], other["bcc"], other["cc"]) == ([A], [B], [C])


def only(exchanges: Any) -> Message:
    (exchange,) = exchanges
    assert isinstance(exchange, SmtpTransaction)
    message = message_of(exchange.data, exchange.rcpt_to, bcc="transmitted")
    assert isinstance(message, Message)
    return message


def test_a_list_of_unknown_length_is_many() -> None:
    people = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    message = only(provider.Mail().send(provider.Message("S", people, cc=[A])))
    assert [person.count for person in message.to] == [MANY]
    assert [person.address for person in message.cc] == [A]
    assert message.bcc == ()


def test_hidden_copies_are_not_shown() -> None:
    people = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    message = only(provider.Mail().send_message("S", [FROM], bcc=people))
    assert [person.address for person in message.to] == [FROM]
    assert [person.count for person in message.bcc] == [MANY]


def test_a_message_that_the_code_does_not_show_has_recipients() -> None:
    message = only(provider.Mail().send(Parameter("msg", "app:send_async")))
    assert [(person.count, person.parameter) for person in message.to] == [(OPEN, True)]


def test_branches_are_both_sent() -> None:
    either = Either((provider.Message("S", [A]), provider.Message("S", [B])))
    assert [view["to"] for view in postbox.views(provider.Mail().send(either))] == [[A], [B]]


def test_a_to_among_the_headers_is_a_second_line() -> None:
    message = only(provider.Mail().send(provider.Message("S", [A], extra_headers={"To": B})))
    assert Trait.REPEATED_HEADER in message.traits


def test_nobody_is_refused() -> None:
    with pytest.raises(Refused):
        provider.Mail().send(provider.Message("S"))


def test_what_is_made_of_a_message_can_be_sent_by_hand() -> None:
    source = provider.Message("S", [A, B], cc=[C], extra_headers={"X-Other": "1"}).as_string()
    message = message_of(source, [A, B, C, D], bcc="transmitted")
    assert isinstance(message, Message)
    assert [person.address for person in message.bcc] == [D]
    made = provider.MailmanMessage("S", "T", FROM, [A], headers={"X-Other": "1"}).message()
    assert made["To"] == A


def test_nothing_on_the_wire_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
