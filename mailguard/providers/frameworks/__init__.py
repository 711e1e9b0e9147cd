"""Mail of frameworks: Twisted, Scrapy, Airflow, Prefect, Dagster, Superset, Apprise.

All but Apprise print their list of recipients in one To header and end in SMTP (Airflow's SendGrid and SES backends in the
services' own requests). Apprise writes one message for each target of an address, with Cc on each of them.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.providers.frameworks.airflow import (
    TASKS,
    EmailOperator,
    SesHook,
    SmtpHook,
    airflow_build_mime_message,
    airflow_send_email,
    airflow_send_mime_email,
    airflow_sendgrid,
    airflow_ses,
    airflow_task,
)
from mailguard.providers.frameworks.notifications import Apprise, claims, decode
from mailguard.providers.frameworks.servers import (
    MailSender,
    esmtp_sender_factory,
    smtp_sender_factory,
    twisted_sendmail,
)
from mailguard.providers.frameworks.workflows import dagster_alert, prefect_send_message, superset_send_email_smtp

PROVIDER: Final = Provider(
    name="frameworks",
    title="Twisted, Scrapy, Airflow, Prefect, Dagster, Superset, Apprise",
    sources=(
        Source("pypi:Twisted==26.10.0", "to_addrs and toEmail are the envelope, the bytes go out as they are; run"),
        Source("pypi:Scrapy==2.19.0", "MailSender.send prints to and cc; run"),
        Source("pypi:apache-airflow-core==3.3.2", "send_email, build_mime_message; run and read"),
        Source("pypi:apache-airflow-providers-smtp==3.2.0", "EmailOperator, SmtpHook; read"),
        Source("pypi:apache-airflow-providers-amazon==9.39.0", "emailer, SesHook; read"),
        Source("pypi:apache-airflow-providers-sendgrid==4.2.5", "one personalization; read"),
        Source("pypi:prefect-email==0.4.3", "email_send_message; run"),
        Source("pypi:dagster==1.13.29", "make_email_on_run_failure_sensor; read"),
        Source("pypi:apache-superset==6.1.0", "send_email_smtp; read"),
        Source("pypi:apprise==1.13.1", "one message for each target, Cc on each; read"),
    ),
    claims=claims,
    decode=decode,
    library=Library(
        functions=(
            Function(("twisted.mail.smtp.sendmail",), twisted_sendmail),
            Function(("twisted.mail.smtp.SMTPSenderFactory",), smtp_sender_factory),
            Function(("twisted.mail.smtp.ESMTPSenderFactory",), esmtp_sender_factory),
            Function(
                ("airflow.utils.email.send_email", "airflow.utils.email.send_email_smtp"),
                airflow_send_email,
            ),
            Function(("airflow.utils.email.build_mime_message",), airflow_build_mime_message),
            Function(TASKS, airflow_task),
            Function(
                ("airflow.utils.email.send_mime_email", "airflow.utils.email.send_MIME_email"), airflow_send_mime_email
            ),
            Function(
                (
                    "airflow.providers.sendgrid.utils.emailer.send_email",
                    "airflow.contrib.utils.sendgrid.send_email",
                ),
                airflow_sendgrid,
            ),
            Function(("airflow.providers.amazon.aws.utils.emailer.send_email",), airflow_ses),
            Function(
                ("prefect_email.email_send_message", "prefect_email.message.email_send_message"), prefect_send_message
            ),
            Function(("dagster.make_email_on_run_failure_sensor",), dagster_alert),
            Function(("superset.utils.core.send_email_smtp",), superset_send_email_smtp),
        ),
        classes=(MailSender, SesHook, SmtpHook, EmailOperator, Apprise),
        tokens=(
            "twisted.mail",
            "scrapy.mail",
            "MailSender",
            "airflow.utils.email",
            "airflow & email_on_failure",
            "airflow & email=",
            "EmailOperator",
            "SmtpHook",
            "SesHook",
            "utils.emailer",
            "prefect_email",
            "make_email_on_run_failure_sensor",
            "send_email_smtp",
            "apprise",
        ),
    ),
    explain=(
        "A list of recipients is one message, printed to all of it; Airflow's bcc is printed nowhere, Scrapy has none. What "
        "Twisted is given as a message goes out byte for byte, with a Bcc line that is in it. Apprise writes one message for "
        "each target, with Cc on each."
    ),
)
"""Mail of frameworks."""
