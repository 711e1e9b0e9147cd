"""Prefect, Dagster and Superset."""

from __future__ import annotations

from mailguard.model.exchange import SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Value
from mailguard.providers.frameworks.airflow import mime_mail
from mailguard.transports.letters import line, relay_of, transmission


def prefect_send_message(
    subject: Value = None,
    msg: Value = None,
    email_server_credentials: Value = None,
    msg_plain: Value = None,
    email_from: Value = None,
    email_to: Value = None,
    email_to_cc: Value = None,
    email_to_bcc: Value = None,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``prefect_email.email_send_message``: lists or comma texts; the Bcc line is taken out when it is sent."""
    del msg, email_server_credentials, msg_plain
    people = [line(value) for value in (email_to, email_to_cc, email_to_bcc)]
    if people == [None, None, None]:
        raise Refused("ValueError: One of email_to, email_to_cc, or email_to_bcc must be specified")
    return transmission(
        [("Subject", subject), ("To", people[0]), ("Cc", people[1])],
        [value for value in people if value is not None],
        sender=email_from,
    )


def dagster_alert(
    email_from: Value = None, email_password: Value = None, email_to: Value = None, *_: Value, **options: Value
) -> SmtpTransaction:
    """``dagster.make_email_on_run_failure_sensor``: each alert shows the whole list."""
    del email_password
    relay = relay_of(options.get("smtp_host", "smtp.gmail.com"), options.get("smtp_port"))
    return transmission([("To", line(email_to))], line(email_to), sender=email_from, relay=relay)


def superset_send_email_smtp(
    to: Value, subject: Value, html_content: Value, *_: Value, bcc: Value = None, cc: Value = None, **__: Value
) -> SmtpTransaction:
    """``superset.utils.core.send_email_smtp``: a text split at commas, semicolons and white space."""
    del html_content
    return mime_mail(to, subject, cc, bcc)
