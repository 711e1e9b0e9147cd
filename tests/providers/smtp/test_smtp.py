"""SMTP transactions decoded, and the models of Python's clients held against the clients."""

import asyncio
import contextlib
import email.headerregistry
import email.message
import email.mime.multipart
import email.mime.text
import email.utils
import json
import logging
import logging.handlers
import smtplib
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import aiosmtplib
import pytest

from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Reason, Trait, Undecided
from mailguard.model.place import Place
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Fields, Items, Known, Member, Parameter, Repeat, Step, StepKind, Text, Unknown
from mailguard.providers import smtp
from mailguard.providers.smtp import PROVIDER
from mailguard.transports.mime.addresses import Address, formataddr
from mailguard.transports.mime.models import EmailMessage, MimeMultipart, MimeText, message_from

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.controller import Controller

ANN, BOB, CAT, DAN = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"
SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.json"))


def people(group):
    return [person.address for person in group]


def decoded(exchange):
    operation = PROVIDER.claims(exchange)
    assert operation is not None
    return PROVIDER.decode(operation, exchange)


def only(exchange) -> Message:
    (message,) = decoded(exchange)
    return message


# -- samples


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


# -- decoding


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


# -- the real clients, and the models


class Sink:
    """A handler that keeps what arrives."""

    def __init__(self):
        self.seen = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  # aiosmtpd calls it so
        self.seen.append((list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


class AnyPort(Controller):
    """A controller that takes the port that it gets, before it connects to itself to see that it is there."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture(scope="module")
def server():
    sink = Sink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        controller = AnyPort(sink, hostname="127.0.0.1", port=0)
        controller.start()
    host, port = controller.hostname, controller.port
    yield SimpleNamespace(host=host, port=port, seen=sink.seen)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        controller.stop()


REAL = SimpleNamespace(
    smtplib=smtplib,
    aiosmtplib=aiosmtplib,
    EmailMessage=email.message.EmailMessage,
    MIMEText=email.mime.text.MIMEText,
    MIMEMultipart=email.mime.multipart.MIMEMultipart,
    Address=email.headerregistry.Address,
    formataddr=email.utils.formataddr,
    message_from_string=email.message_from_string,
    run=asyncio.run,
)


async def _model_send(*args, **kwargs):
    return smtp.aiosmtplib_send(*args, **kwargs)


class _ModelAioSmtp:
    """The model with coroutines, as the interpreter takes it: what is awaited is there at once."""

    def __init__(self, **options):
        self.inner = smtp.AioSmtp(**options)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *arguments):
        return None

    async def send_message(self, *args, **kwargs):
        return self.inner.send_message(*args, **kwargs)

    async def sendmail(self, *args, **kwargs):
        return self.inner.sendmail(*args, **kwargs)


MODEL = SimpleNamespace(
    smtplib=SimpleNamespace(SMTP=smtp.Smtp),
    aiosmtplib=SimpleNamespace(send=_model_send, SMTP=_ModelAioSmtp),
    EmailMessage=EmailMessage,
    MIMEText=MimeText,
    MIMEMultipart=MimeMultipart,
    Address=Address,
    formataddr=formataddr,
    message_from_string=message_from,
    run=asyncio.run,
)

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


def _mail(kind, to=(), cc=(), bcc=(), **others):
    message = kind("x") if "Text" in kind.__name__ else kind()
    message["From"] = FROM
    message["Subject"] = "s"
    for name, values in (("To", to), ("Cc", cc), ("Bcc", bcc)):
        for value in values:
            message[name] = value
    for name, value in others.items():
        message[name.replace("_", "-")] = value
    return message


@program
def send_message_of_an_email_message(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.EmailMessage, [f"{ANN}, {BOB}"], [CAT], [DAN]))


@program
def send_message_of_a_legacy_message_with_two_to_lines(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.MIMEText, [ANN, BOB]))


@program
def send_message_with_an_envelope_of_its_own(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.MIMEText, [ANN, BOB], bcc=[CAT]), FROM, [DAN])


@program
def send_message_with_one_text_as_envelope(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.EmailMessage, [ANN]), to_addrs=DAN)


@program
def send_message_with_only_a_bcc(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.EmailMessage, bcc=[f"{ANN}, {BOB}"]))


@program
def send_message_with_a_resent_block(lib, host, port):
    message = _mail(
        lib.MIMEText,
        [ANN],
        bcc=[CAT],
        Resent_Date="Fri, 20 Nov 2026 10:00:00 +0000",
        Resent_From=FROM,
        Resent_To=BOB,
        Resent_Bcc=DAN,
    )
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(message)


@program
def send_message_with_resent_lines_but_no_date(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.MIMEText, [ANN], Resent_To=BOB))


@program
def send_message_with_two_resent_blocks(lib, host, port):
    message = _mail(lib.MIMEText, [ANN])
    for _ in range(2):
        message["Resent-Date"] = "Fri, 20 Nov 2026 10:00:00 +0000"
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(message)


@program
def send_message_to_nobody(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(_mail(lib.EmailMessage))


@program
def send_message_of_address_objects(lib, host, port):
    message = _mail(lib.EmailMessage)
    message["To"] = [lib.Address("Ann", "ann", "example.com"), lib.Address("B, B", addr_spec=BOB)]
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(message)


@program
def send_message_twice_to_an_email_message(lib, host, port):
    message = _mail(lib.EmailMessage, [ANN])
    message["To"] = BOB
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(message)


@program
def send_message_of_a_legacy_list(lib, host, port):
    message = _mail(lib.MIMEText)
    message["To"] = [ANN, BOB]
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(message)


@program
def one_legacy_message_reused_in_a_loop(lib, host, port):
    message = lib.MIMEText("x")
    message["From"] = FROM
    result = None
    with lib.smtplib.SMTP(host, port) as client:
        for address in (ANN, BOB, CAT):
            message["To"] = address
            result = client.sendmail(FROM, address, message.as_string())
    return result


@program
def one_legacy_message_with_the_line_deleted_in_a_loop(lib, host, port):
    message = lib.MIMEMultipart()
    message["From"] = FROM
    result = None
    with lib.smtplib.SMTP(host, port) as client:
        for address in (ANN, BOB, CAT):
            del message["to"]
            message["To"] = address
            result = client.send_message(message)
    return result


@program
def one_legacy_message_with_the_line_replaced_in_a_loop(lib, host, port):
    message = _mail(lib.MIMEText, ["placeholder@example.com"])
    result = None
    with lib.smtplib.SMTP(host, port) as client:
        for address in (ANN, BOB):
            message.replace_header("to", address)
            result = client.send_message(message)
    return result


@program
def sendmail_of_a_source_with_a_bcc_line(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, [ANN, DAN], _mail(lib.MIMEText, [ANN], bcc=[DAN]).as_string())


@program
def sendmail_of_bytes(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, (ANN, f"Bob <{BOB}>"), _mail(lib.EmailMessage, [f"{ANN}, {BOB}"]).as_bytes())


@program
def sendmail_of_raw_text(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, [ANN, BOB], f"From: {FROM}\nTo: {ANN}, {BOB}\n\nhello")


@program
def sendmail_of_raw_text_that_is_not_ascii(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, [ANN], f"To: J\u00f6rg <{ANN}>\n\nhello")


@program
def sendmail_of_undisclosed_recipients(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, [ANN, BOB], _mail(lib.MIMEText, ["undisclosed-recipients:;"]).as_string())


@program
def sendmail_to_nobody(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, [], f"To: {ANN}\n\n")


@program
def a_transaction_by_hand(lib, host, port):
    with lib.smtplib.SMTP(host, port) as client:
        if lib is REAL:
            client.ehlo()
        client.mail(FROM)
        client.rcpt(ANN)
        client.rcpt(DAN)
        return client.data(_mail(lib.MIMEText, [ANN]).as_string())


@program
def a_message_from_its_source_without_its_bcc(lib, host, port):
    message = lib.message_from_string(f"From: {FROM}\nTo: {ANN}\nBcc: {DAN}\n\nx")
    envelope = [message["To"], message["Bcc"]]
    del message["Bcc"]
    with lib.smtplib.SMTP(host, port) as client:
        return client.sendmail(FROM, envelope, message.as_string())


@program
def a_formatted_address(lib, host, port):
    message = _mail(lib.MIMEText, [lib.formataddr(("Doe, J", ANN))])
    with lib.smtplib.SMTP(host, port) as client:
        return client.send_message(message)


@program
def aiosmtplib_send_of_an_email_message(lib, host, port):
    return lib.run(
        lib.aiosmtplib.send(
            _mail(lib.EmailMessage, [f"{ANN}, {BOB}"], [CAT], [DAN]), hostname=host, port=port, start_tls=False
        )
    )


@program
def aiosmtplib_send_of_a_legacy_message_with_two_to_lines(lib, host, port):
    return lib.run(
        lib.aiosmtplib.send(_mail(lib.MIMEText, [ANN, BOB], bcc=[DAN]), hostname=host, port=port, start_tls=False)
    )


@program
def aiosmtplib_send_of_text_with_a_bcc_line(lib, host, port):
    text = _mail(lib.MIMEText, [ANN], bcc=[DAN]).as_string()
    return lib.run(
        lib.aiosmtplib.send(text, sender=FROM, recipients=[ANN, DAN], hostname=host, port=port, start_tls=False)
    )


@program
def aiosmtplib_send_of_text_without_recipients(lib, host, port):
    return lib.run(lib.aiosmtplib.send(f"To: {ANN}\n\n", sender=FROM, hostname=host, port=port, start_tls=False))


@program
def aiosmtplib_send_with_a_resent_block(lib, host, port):
    message = _mail(lib.MIMEText, [ANN], Resent_Date="Fri, 20 Nov 2026 10:00:00 +0000", Resent_From=FROM, Resent_Cc=BOB)
    return lib.run(lib.aiosmtplib.send(message, hostname=host, port=port, start_tls=False))


@program
def aiosmtplib_client_with_an_envelope_of_its_own(lib, host, port):
    async def deliver():
        async with lib.aiosmtplib.SMTP(hostname=host, port=port, start_tls=False) as client:
            return await client.send_message(_mail(lib.EmailMessage, [f"{ANN}, {BOB}"]), recipients=[CAT])

    return lib.run(deliver())


@program
def aiosmtplib_client_sendmail(lib, host, port):
    async def deliver():
        async with lib.aiosmtplib.SMTP(hostname=host, port=port, start_tls=False) as client:
            return await client.sendmail(FROM, [ANN, DAN], f"To: {ANN}\r\nBcc: {DAN}\r\n\r\n")

    return lib.run(deliver())


@program
def aiosmtplib_client_to_nobody(lib, host, port):
    async def deliver():
        async with lib.aiosmtplib.SMTP(hostname=host, port=port, start_tls=False) as client:
            return await client.send_message(_mail(lib.EmailMessage))

    return lib.run(deliver())


def seen_as(exchange):
    message = only(exchange)
    return {
        "envelope": sorted(people(recipients(exchange.rcpt_to).recipients)),
        "to": sorted(people(message.to)),
        "cc": sorted(people(message.cc)),
        "bcc": sorted(people(message.bcc)),
        "transmitted": sorted(people(message.transmitted_bcc)),
        "traits": message.traits,
    }


@pytest.mark.parametrize("run", PROGRAMS, ids=lambda function: function.__name__)
def test_the_model_sends_what_the_client_sends(run, server):
    server.seen.clear()
    try:
        run(REAL, server.host, server.port)
    except Exception:  # noqa: BLE001  # whatever the library raises, the model says Refused
        with pytest.raises(Refused):
            run(MODEL, server.host, server.port)
        return
    envelope, data = server.seen[-1]
    real = SmtpTransaction(f"smtp://{server.host}:{server.port}", FROM, envelope, data)
    model = run(MODEL, server.host, server.port)
    assert isinstance(model, SmtpTransaction)
    assert model.relay == real.relay
    assert seen_as(model) == seen_as(real)


def test_some_programs_are_refused_and_most_are_not(server):
    def refuses(run):
        try:
            run(MODEL, server.host, server.port)
        except Refused:
            return True
        return False

    assert sorted(run.__name__ for run in PROGRAMS if refuses(run)) == [
        "aiosmtplib_client_to_nobody",
        "aiosmtplib_send_of_text_without_recipients",
        "send_message_of_a_legacy_list",
        "send_message_to_nobody",
        "send_message_twice_to_an_email_message",
        "send_message_with_two_resent_blocks",
        "sendmail_of_raw_text_that_is_not_ascii",
        "sendmail_to_nobody",
    ]


def test_one_text_with_several_is_one_mailbox_for_the_envelope(server):
    server.seen.clear()
    with smtplib.SMTP(server.host, server.port) as client, contextlib.suppress(smtplib.SMTPException):
        client.sendmail(FROM, f"{ANN}, {BOB}", f"To: {ANN}, {BOB}\n\n")
    if sys.version_info < (3, 12):
        assert [envelope for envelope, _ in server.seen] == [[ANN]]
    model = smtp.Smtp("localhost").sendmail(FROM, f"{ANN}, {BOB}", f"To: {ANN}, {BOB}\n\n")
    assert people(recipients(model.rcpt_to).recipients) == [ANN]
    assert people(only(model).to) == [ANN, BOB]


@pytest.mark.parametrize("to", [[ANN, BOB], (ANN, BOB), f"{ANN},{BOB}", ANN])
def test_the_logging_handler_prints_all_in_one_line(to, server):
    server.seen.clear()
    handler = logging.handlers.SMTPHandler((server.host, server.port), FROM, to, "s")
    handler.emit(logging.LogRecord("x", logging.ERROR, "x.py", 1, "message", (), None))
    handler.close()
    envelope, data = server.seen[-1]
    real = SmtpTransaction(f"smtp://{server.host}:{server.port}", FROM, envelope, data)
    model = smtp.SmtpHandler((server.host, server.port), FROM, to, "s").emit("record")
    assert model.relay == real.relay
    assert people(only(model).to) == people(only(real).to)
    assert only(model).bcc == only(real).bcc == ()


# -- with holes

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


def test_the_handler_sends_when_the_interpreter_makes_it():
    class Heap:
        def __init__(self):
            self.fields = {}

        def model_read(self, ref, name, default):
            return self.fields.get(name, default)

        def model_write(self, ref, name, value):
            self.fields[name] = value

    handler = smtp.SmtpHandler.__new__(smtp.SmtpHandler)
    handler._heap = Heap()
    sent = smtp.SmtpHandler.__init__(handler, "localhost", Known(FROM), Unknown("settings.ADMINS", MANY), "s")
    assert isinstance(sent, SmtpTransaction)
    assert _plain(only(sent).to) == 2


def test_the_import_paths_are_where_the_classes_are():
    import importlib

    for model in PROVIDER.library.classes:
        for path in model.PATHS:
            module, _, name = path.rpartition(".")
            if module.startswith(("email.MIME", "email.Message", "email.mime.Text")):
                continue  # Python 2
            assert hasattr(importlib.import_module(module), name), path
    for function in PROVIDER.library.functions:
        for path in function.paths:
            module, _, name = path.rpartition(".")
            if module in {"email.Utils", "email.Header"}:
                continue
            assert hasattr(importlib.import_module(module), name), path
