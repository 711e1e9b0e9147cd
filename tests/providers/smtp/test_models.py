"""The models of Python's clients, held against the clients."""

import contextlib
import email.utils
import logging
import logging.handlers
import smtplib
import warnings
from types import SimpleNamespace

import pytest

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Known, Unknown
from mailguard.providers import smtp
from mailguard.providers.smtp import PROVIDER

from .programs import MODEL, PROGRAMS, REAL, AnyPort, Sink
from .support import ANN, BOB, FROM, only, people
from .test_values import _plain


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
    # A Python that reads addresses strictly (3.13, and security releases of older ones) sends to nobody.
    strict = hasattr(email.utils, "supports_strict_parsing")
    assert [envelope for envelope, _ in server.seen] == ([] if strict else [[ANN]])
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
