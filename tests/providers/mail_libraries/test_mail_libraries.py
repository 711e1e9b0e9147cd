"""The models of the mail libraries print and send what the libraries print and send."""

from __future__ import annotations

import smtplib
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.message import Message
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Items, Member, Parameter, Text, Unknown
from mailguard.providers import mail_libraries as provider
from mailguard.providers.mail_libraries import PROVIDER
from mailguard.transports.mime.reading import message_of

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"
MANY_PEOPLE = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
PLAIN = st.lists(postbox.PLAIN, min_size=1, max_size=3, unique=True)
NAMED = st.lists(postbox.NAMED, min_size=1, max_size=3, unique=True)


def same(real: Any, model: Any) -> None:
    """Both make the same messages, or both raise."""
    with postbox.posting() as box:

        def act() -> Any:
            real()
            return box.sent

        expected = postbox.outcome(act)
    assert postbox.outcome(model) == expected


def headers(*names: str) -> Any:
    return st.dictionaries(st.sampled_from(names), postbox.PLAIN, max_size=2)


# --- yagmail ---------------------------------------------------------------------------------------

YAG_PEOPLE = (
    st.none() | postbox.PLAIN | PLAIN | PLAIN.map(tuple) | st.dictionaries(postbox.PLAIN, postbox.PLAIN, min_size=1)
)


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={"to": YAG_PEOPLE, "cc": YAG_PEOPLE, "bcc": YAG_PEOPLE, "headers": headers("To", "Cc", "Bcc", "X-A")},
    )
)
def test_yagmail(options: dict[str, Any]) -> None:
    real = pytest.importorskip("yagmail", reason="yagmail is compared where it is installed")

    def act() -> None:
        with real.SMTP(FROM, "p", host="localhost") as client:
            client.send(subject="S", contents="T", prettify_html=False, **options)

    same(act, lambda: provider.YagmailClient(FROM, "p", host="localhost").send(subject="S", **options))


def test_yagmail_takes_one_address_for_a_text() -> None:
    client = provider.YagmailClient("me")
    with pytest.raises(Refused):
        client.send(f"{A}, {B}")
    with pytest.raises(Refused):
        client.send([f"{A}, {B}"])
    assert postbox.views(provider.YagmailClient("me", soft_email_validation=False).send(f"{A}, {B}"))[0]["to"] == [A, B]
    assert client.send(A, preview_only=True) == Unknown("preview")
    assert postbox.views(client.send(None, "S"))[0]["to"] == ["me@gmail.com"]
    assert postbox.views(provider.YagmailClient({FROM: "Me"}).send())[0]["to"] == [FROM]


# --- redmail ---------------------------------------------------------------------------------------

RED_PEOPLE = st.none() | postbox.NAMED | NAMED | NAMED.map(", ".join)


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "receivers": RED_PEOPLE,
            "cc": RED_PEOPLE,
            "bcc": RED_PEOPLE,
            "headers": headers("To", "to", "Cc", "Bcc", "X-A"),
        },
    ),
    st.fixed_dictionaries({}, optional={"receivers": RED_PEOPLE, "cc": RED_PEOPLE, "bcc": RED_PEOPLE}),
    st.booleans(),
)
def test_redmail(options: dict[str, Any], defaults: dict[str, Any], at_once: bool) -> None:
    real = pytest.importorskip("redmail", reason="redmail is compared where it is installed")

    def act() -> None:
        # The class of the client is a default of the signature.
        default = (None, None, smtplib.SMTP, True, None)
        with mock.patch.object(real.EmailSender.__init__, "__defaults__", default):
            if at_once:
                real.send_email("S", FROM, host="localhost", port=0, **options)
                return
            sender = real.EmailSender("localhost", 0)
            for name, value in defaults.items():
                setattr(sender, name, value)
            sender.send("S", FROM, **options)

    def model() -> Any:
        if at_once:
            return provider.redmail_send_email("S", FROM, host="localhost", port=0, **options)
        sender = provider.RedmailSender("localhost", 0)
        for name, value in defaults.items():
            sender.write(name, value)
        return sender.send("S", FROM, **options)

    same(act, model)


def test_redmail_has_senders_that_are_made_already() -> None:
    assert postbox.views(provider.redmail_gmail("S", FROM, [A, B]))[0]["to"] == [A, B]
    assert provider.redmail_outlook("S", FROM, A).relay == "smtp://smtp.office365.com:587"
    sender = provider.RedmailSender("localhost", 0)
    message = sender.get_message("S", FROM, [A], [B], [C])
    sent = sender.copy().send_message(message)
    assert isinstance(sent, SmtpTransaction)
    assert postbox.views(sent) == [{"to": [A], "cc": [B], "bcc": [C], "visible_bcc": []}]
    assert sender.send_message(Unknown("message")) is None


def test_a_logging_handler_of_redmail_shows_its_receivers_in_each_message() -> None:
    handler = provider.RedmailHandler(subject="S", receivers=[A, B], host="localhost", port=0)
    assert postbox.views(handler.emit("record"))[0]["to"] == [A, B]
    sender = provider.RedmailSender("localhost", 0)
    sender.write("receivers", [C])
    assert postbox.views(provider.RedmailHandler(email=sender).emit("record"))[0]["to"] == [C]


# --- Envelopes -------------------------------------------------------------------------------------

ENV_MEMBER = postbox.NAMED | st.tuples(postbox.PLAIN, st.sampled_from(["Zoe", "Zed"]))
ENV_PEOPLE = st.none() | ENV_MEMBER | st.lists(ENV_MEMBER, min_size=1, max_size=3)


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "to_addr": ENV_PEOPLE,
            "cc_addr": ENV_PEOPLE,
            "bcc_addr": ENV_PEOPLE,
            "headers": headers("To", "Cc", "Bcc", "X-A"),
        },
    ),
    st.lists(postbox.PLAIN, max_size=1),
    st.booleans(),
)
def test_envelopes(options: dict[str, Any], added: list[str], over: bool) -> None:
    real = pytest.importorskip("envelopes", reason="Envelopes is compared where it is installed")

    def act(library: Any, smtp: Any) -> Any:
        envelope = library.Envelope(from_addr=FROM, subject="S", text_body="T", **options)
        for person in added:
            envelope.add_to_addr(person)
            envelope.add_header("X-Added", person)
        return smtp("localhost").send(envelope) if over else envelope.send("localhost")

    def model() -> Any:
        return act(provider, provider.EnvelopesSmtp)

    same(lambda: act(real, real.SMTP), model)


def test_lists_of_an_envelope_can_be_emptied_and_read() -> None:
    envelope = provider.Envelope([A], FROM, "S", cc_addr=[B], bcc_addr=C)
    assert (envelope.to_addr, envelope.cc_addr, envelope.bcc_addr) == ([A], [B], [C])
    envelope.clear_to_addr()
    envelope.clear_cc_addr()
    envelope.clear_bcc_addr()
    envelope.add_cc_addr(D)
    envelope.add_bcc_addr(A)
    assert postbox.views(envelope.send(host="localhost")) == [{"to": [], "cc": [D], "bcc": [A], "visible_bcc": []}]
    (sent,) = provider.EnvelopesGmail("u", "p").send(envelope)
    assert isinstance(sent, SmtpTransaction)
    assert sent.relay == "smtp://smtp.googlemail.com:25"
    assert len(provider.EnvelopesSmtp().send(Unknown("envelope"))) == 1


# --- emails ----------------------------------------------------------------------------------------

EM_MEMBER = postbox.NAMED | st.tuples(st.sampled_from(["Zoe", "zed@example.com"]), postbox.PLAIN)
EM_PEOPLE = st.none() | EM_MEMBER | st.lists(EM_MEMBER, max_size=3)


@settings(max_examples=80, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "mail_to": EM_PEOPLE,
            "cc": EM_PEOPLE,
            "bcc": EM_PEOPLE,
            "reply_to": EM_PEOPLE,
            "headers": headers("To", "Cc", "Bcc", "X-A"),
        },
    ),
    EM_PEOPLE,
    st.booleans(),
)
def test_emails(options: dict[str, Any], to: Any, shown: bool) -> None:
    real = pytest.importorskip("emails", reason="emails is compared where it is installed")
    box = postbox.Postbox()

    class Backend:
        def sendmail(self, from_addr: Any, to_addrs: Any, msg: Any, **_: Any) -> Any:
            return box.take(from_addr, to_addrs, msg.as_string())

    def act() -> Any:
        message = real.Message(subject="S", text="T", mail_from=FROM, **options)
        message.send(to=to, set_mail_to=shown, smtp=Backend())
        return box.sent

    def model() -> Any:
        return provider.EmailsMessage(subject="S", mail_from=FROM, **options).send(to=to, set_mail_to=shown)

    assert postbox.outcome(model) == postbox.outcome(act)


def test_a_message_of_emails_is_changed_and_sent_again() -> None:
    message = provider.emails_html("<p>", subject="S", mail_to=[A, B])
    message.set_cc(C)
    message.set_bcc([D])
    message.set_reply_to(B)
    message.set_mail_from(FROM)
    message.set_headers({"X-A": "1"})
    message.set_subject("T")
    assert postbox.views(message.send()) == [{"to": [A, B], "cc": [C], "bcc": [D], "visible_bcc": []}]
    assert postbox.views(message.dkim().sign().send_async(to=A, smtp={"host": "localhost", "port": 25}))[0]["to"] == [A]
    message.set_mail_to([B])
    found = message_of(message.as_bytes(), None, bcc="removed")
    assert isinstance(found, Message)
    assert [person.address for person in found.to] == [B]
    assert message_of(message.render(), None, bcc="removed") == message_of(message.as_string(), None, bcc="removed")


# --- marrow.mailer ---------------------------------------------------------------------------------


def test_marrow_mailer_prints_its_lists() -> None:
    with provider.MarrowMailer({}) as mailer:
        mailer.start()
        message = mailer.new(FROM, [A, B], "S", cc=f"{C}, {D}")
        expected = [{"to": [A, B], "cc": [C, D], "bcc": [], "visible_bcc": []}]
        assert postbox.views(message.send()) == postbox.views(mailer.send(message)) == expected
        pair = provider.MarrowMessage(FROM, ("Ann", A), "S", bcc=[("Bob", B)])
        assert postbox.views(pair.send()) == [{"to": [A], "cc": [], "bcc": [B], "visible_bcc": []}]
        mailer.stop()
    with pytest.raises(Refused):
        provider.MarrowMessage(FROM).send()


# --- All of them -------------------------------------------------------------------------------------

SENDS: dict[str, Any] = {
    "yagmail": lambda to, bcc: provider.YagmailClient(FROM).send(to, bcc=bcc),
    "redmail": lambda to, bcc: provider.RedmailSender("h", 0).send("S", FROM, to, bcc=bcc),
    "envelopes": lambda to, bcc: provider.Envelope(to, FROM, "S", bcc_addr=bcc).send("h"),
    "emails": lambda to, bcc: provider.EmailsMessage(mail_to=to, bcc=bcc).send(),
    "marrow": lambda to, bcc: provider.MarrowMessage(FROM, to, "S", bcc=bcc).send()[0],
}


def message_to(name: str, to: Any, bcc: Any = None) -> Message:
    exchange = SENDS[name](to, bcc)
    assert isinstance(exchange, SmtpTransaction)
    message = message_of(exchange.data, exchange.rcpt_to, bcc="transmitted")
    assert isinstance(message, Message)
    return message


@pytest.mark.parametrize("name", SENDS)
def test_a_list_of_unknown_length_is_many(name: str) -> None:
    assert [person.count for person in message_to(name, MANY_PEOPLE).to] == [MANY]
    hidden = message_to(name, [FROM], MANY_PEOPLE)
    assert [person.count for person in hidden.bcc] == [MANY]
    assert [person.address for person in hidden.to] == [FROM]


@pytest.mark.parametrize("name", SENDS)
def test_what_is_not_known_is_open(name: str) -> None:
    (person,) = message_to(name, Parameter("to", "m:f")).to
    assert person.parameter
    assert person.count == OPEN


@pytest.mark.parametrize("name", SENDS)
def test_both_branches_are_there(name: str) -> None:
    people = message_to(name, Either(([A], [B, C]))).to
    assert sum(person.count.plain for person in people) == 2
    assert message_to(name, Text((Unknown("name"), "@example.com"))).to


def test_nothing_on_the_wire_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
