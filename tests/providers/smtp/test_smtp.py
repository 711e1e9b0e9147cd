"""SMTP transactions, decoded."""

import json
from pathlib import Path

import pytest

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Reason, Trait, Undecided
from mailguard.model.value import Fields, Items, Member, Unknown
from mailguard.providers.smtp import PROVIDER

from .support import ANN, BOB, CAT, DAN, FROM, decoded, only, people

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.json"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_recorded_transmission_shows_what_it_showed(path):
    sample = json.loads(path.read_text("utf-8"))
    request = sample["request"]
    for line_end in ("\n", "\r\n"):
        exchange = SmtpTransaction(
            request["url"],
            request["envelope"]["mail_from"],
            request["envelope"]["rcpt_to"],
            request["body"].replace("\n", line_end).encode(),
        )
        assert PROVIDER.claims(exchange) == "smtp"
        found = [
            {
                "to": sorted(people(message.to)),
                "cc": sorted(people(message.cc)),
                "bcc": sorted(people(message.bcc)),
                "visible_bcc": sorted(people(message.transmitted_bcc)),
            }
            for message in decoded(exchange)
        ]
        expected = [
            {key: sorted(message.get(key, [])) for key in ("to", "cc", "bcc", "visible_bcc")}
            for message in sample["expect"]["messages"]
        ]
        assert found == expected


def test_every_sample_is_there():
    assert len(SAMPLES) == 27


def test_only_smtp_and_messages_are_claimed():
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com/")) is None
    assert PROVIDER.claims(RawMessage(b"")) == "message"


def test_a_message_without_an_envelope_is_its_headers():
    data = f"To: {ANN}\nBcc: {DAN}\n\n".encode()
    message = only(RawMessage(data))
    assert (people(message.to), people(message.bcc), people(message.transmitted_bcc)) == ([ANN], [], [DAN])
    message = only(RawMessage(data, [ANN, CAT]))
    assert (people(message.to), people(message.bcc), people(message.transmitted_bcc)) == ([ANN], [CAT], [DAN])
    message = only(RawMessage(data, bcc_is_envelope=True))
    assert (people(message.to), people(message.bcc), people(message.transmitted_bcc)) == ([ANN], [DAN], [])


def test_a_missing_message_cannot_be_told():
    assert decoded(SmtpTransaction("smtp://localhost", FROM, [ANN], None)) == CannotTell(Reason.BODY_MISSING)
    assert decoded(RawMessage(None)) == CannotTell(Reason.BODY_MISSING)


def _at(relay, headers):
    return decoded(SmtpTransaction(relay, FROM, [FROM], f"To: {FROM}\r\n{headers}\r\n\r\nx".encode()))


XSMTPAPI = f'X-SMTPAPI: {{"to": ["{ANN}",\r\n "Bob <{BOB}>"]}}'


@pytest.mark.parametrize("relay", ["smtp://smtp.sendgrid.net:587", "smtp://smtp.eu.sendgrid.net"])
def test_sendgrids_header_writes_one_message_each_at_sendgrid(relay):
    assert [people(message.to) for message in _at(relay, XSMTPAPI)] == [[ANN], [BOB]]
    # Only the first such header counts.
    assert [people(m.to) for m in _at(relay, f'{XSMTPAPI}\r\nX-SMTPAPI: {{"to": ["{CAT}"]}}')] == [[ANN], [BOB]]


@pytest.mark.parametrize(
    ("relay", "headers"),
    [
        ("smtp://smtp.example.com:587", f'X-SMTPAPI: {{"to": ["{FROM}"]}}'),
        ("smtp://smtp.example.com:587", 'X-SMTPAPI: {"category": "x"}'),
        ("smtp://smtp.sendgrid.net", 'X-SMTPAPI: {"category": "x"}'),
        ("smtp://smtp.sendgrid.net", 'X-SMTPAPI: {"to": []}'),
        ("smtp://smtp.sendgrid.net", "X-SMTPAPI: no json"),
        ("smtp://smtp.sendgrid.net", "X-Other: 1"),
    ],
)
def test_sendgrids_header_means_nothing_elsewhere_or_without_people(relay, headers):
    assert [people(message.to) for message in _at(relay, headers)] == [[FROM]]


@pytest.mark.parametrize(
    "relay", ["smtp://localhost:1025", "smtp:", "smtp://smtp.example.com:587", "smtp://smtp.sendgrid.net.example.com"]
)
def test_whom_sendgrids_header_names_at_another_server_is_not_passed_over(relay):
    for found in (_at(relay, XSMTPAPI), decoded(RawMessage(f"To: {FROM}\r\n{XSMTPAPI}\r\n\r\nx".encode(), [FROM]))):
        assert isinstance(found, Undecided)
        assert found.reason is Reason.RELAY
        (printed,) = found.messages
        assert [one.recipient.address for one in printed.mentions] == [ANN, BOB]
        assert [people(message.to) for message in found.alternative] == [[ANN], [BOB]]


def test_sendgrids_header_with_holes_is_read_as_well():
    block = Fields(
        (
            ("To", FROM),
            ("X-SMTPAPI", Fields((("to", Items((Member(Unknown("u.email", OPTIONAL), MANY),))),))),
        )
    )
    (message,) = decoded(SmtpTransaction("smtp://smtp.sendgrid.net", FROM, [FROM], block))
    assert (message.to[0].count, message.copies.plain) == (ONE, 2)


def _mandrill(header):
    data = f"To: {ANN}\r\nCc: {BOB}\r\n{header}\r\n".encode()
    return decoded(SmtpTransaction("smtp://smtp.mandrillapp.com:587", FROM, [ANN, BOB, CAT], data))


def test_mailguns_variables_leave_it_open():
    """With them it sends one message each; what it prints in To is not documented."""
    data = f"To: {ANN}, {BOB}\r\nX-Mailgun-Recipient-Variables: {{}}\r\n\r\nT"
    for relay in ("smtp://smtp.mailgun.org:587", "smtp://localhost:1025"):
        answer = decoded(SmtpTransaction(relay, FROM, [ANN, BOB], data))
        assert isinstance(answer, Undecided)
        assert [len(message.to) for message in answer.messages] == [2]
        assert [len(message.to) for message in answer.alternative] == [1, 1]
    each = data.replace(f"{ANN}, {BOB}", "%recipient%")
    assert isinstance(decoded(SmtpTransaction("smtp://smtp.mailgun.org", FROM, [ANN, BOB], each)), tuple)
    broken = data.replace("{}", "none")
    assert isinstance(decoded(SmtpTransaction("smtp://smtp.mailgun.org", FROM, [ANN, BOB], broken)), tuple)


def test_mandrills_header_leaves_it_open_at_a_server_of_another_name():
    """A sink in between hands the message on, header and all; any other server sends it as it is."""
    data = f"To: {ANN}, {BOB}\r\nX-MC-PreserveRecipients: no\r\n\r\nT"
    answer = decoded(SmtpTransaction("smtp://localhost:1025", FROM, [ANN, BOB], data))
    assert isinstance(answer, Undecided)
    assert answer.reason is Reason.RELAY
    assert [len(message.to) for message in answer.messages] == [2]
    assert [len(message.to) for message in answer.alternative] == [1, 1]
    assert isinstance(decoded(SmtpTransaction("smtp://localhost", FROM, [ANN], data.replace(f", {BOB}", ""))), tuple)


def test_mandrills_header_decides_or_the_account_does():
    (shared,) = _mandrill("X-MC-PreserveRecipients: true\r\n")
    assert (people(shared.to), people(shared.cc), people(shared.bcc)) == ([ANN], [BOB], [CAT])
    assert Trait.MISSING_SPLIT in shared.traits
    apart = _mandrill("x-mc-preserverecipients: False\r\n")
    assert [people(message.to) for message in apart] == [[ANN], [BOB], [CAT]]
    undecided = _mandrill("")
    assert isinstance(undecided, Undecided)
    assert undecided.reason is Reason.ACCOUNT_OPTION
    assert undecided.messages == (shared,)
    assert undecided.alternative == apart
    data = f"To: {ANN}\r\n\r\n".encode()
    assert isinstance(decoded(SmtpTransaction("smtp://smtp.mandrillapp.com", FROM, [ANN], data)), tuple)
