"""Programs that send mail with Python's clients, for the clients themselves and for the models of them."""

import asyncio
import email.headerregistry
import email.message
import email.mime.multipart
import email.mime.text
import email.utils
import smtplib
import warnings
from types import SimpleNamespace

import aiosmtplib

from mailguard.providers import smtp
from mailguard.transports.mime.addresses import Address, formataddr
from mailguard.transports.mime.models import EmailMessage, MimeMultipart, MimeText, message_from

from .support import ANN, BOB, CAT, DAN, FROM

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.controller import Controller


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
