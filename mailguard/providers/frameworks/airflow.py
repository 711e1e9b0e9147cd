"""Airflow: its functions, hooks and operators."""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Absent, Object, Unknown, Value, get, truth
from mailguard.providers.frameworks.servers import posted
from mailguard.transports.json_api import given, post, truthy
from mailguard.transports.letters import attribute, header_lines, line, transmission
from mailguard.transports.mime.models import MimeMultipart


def mime_mail(
    to: Value, subject: Value, cc: Value = None, bcc: Value = None, headers: Value = None, sender: Value = None
) -> SmtpTransaction:
    """One message to all: a text as it is, a list joined with commas; everybody is in the envelope."""
    people = [line(value) for value in (to, cc, bcc)]
    if all(truth(value) is Truth.NO for value in people):
        raise Refused("no recipients")
    return transmission(
        [("Subject", subject), ("To", people[0] or ""), ("CC", people[1])],
        [value for value in people if value is not None],
        sender=sender,
        extra=headers,
    )


def airflow_send_email(
    to: Value,
    subject: Value,
    html_content: Value,
    files: Value = None,
    dryrun: Value = False,
    cc: Value = None,
    bcc: Value = None,
    mime_subtype: Value = "mixed",
    mime_charset: Value = "utf-8",
    conn_id: Value = None,
    from_email: Value = None,
    custom_headers: Value = None,
    **_: Value,
) -> Value | SmtpTransaction:
    """``airflow.utils.email.send_email`` and ``send_email_smtp``: a list, or a text split at commas and semicolons."""
    del html_content, files, mime_subtype, mime_charset, conn_id
    return None if truth(dryrun) is Truth.YES else mime_mail(to, subject, cc, bcc, custom_headers, from_email)


def airflow_build_mime_message(
    mail_from: Value,
    to: Value,
    subject: Value,
    html_content: Value,
    files: Value = None,
    cc: Value = None,
    bcc: Value = None,
    mime_subtype: Value = "mixed",
    mime_charset: Value = "utf-8",
    custom_headers: Value = None,
) -> Value:
    """``airflow.utils.email.build_mime_message``: the message and the envelope, for the caller to send."""
    del mail_from, html_content, files, mime_subtype, mime_charset
    made = MimeMultipart()
    lines = [("Subject", subject), ("To", line(to) or ""), ("CC", line(cc))]
    for name, value in (*lines, *header_lines(custom_headers).known):
        if value is not None:
            made[name] = value
    people = [value for value in (line(to), line(cc), line(bcc)) if value is not None]
    return made, people


def airflow_send_mime_email(
    e_from: Value, e_to: Value, mime_msg: Value, conn_id: Value = None, dryrun: Value = False
) -> Value | SmtpTransaction:
    """``airflow.utils.email.send_mime_email``: envelope and message apart."""
    del conn_id
    return None if truth(dryrun) is Truth.YES else posted(Unknown("smtp_host"), e_from, e_to, mime_msg)


def airflow_sendgrid(
    to: Value,
    subject: Value,
    html_content: Value,
    files: Value = None,
    cc: Value = None,
    bcc: Value = None,
    *_: Value,
    **__: Value,
) -> HttpRequest:
    """``airflow.providers.sendgrid.utils.emailer.send_email``: one personalization for all of them."""
    del subject, html_content, files
    people = {name: line(value) for name, value in (("to", to), ("cc", cc), ("bcc", bcc))}
    one = {name: [{"email": value}] for name, value in people.items() if value is not None}
    return post("https://api.sendgrid.com/v3/mail/send", {"personalizations": [one]})


def airflow_ses(
    to: Value,
    subject: Value,
    html_content: Value,
    files: Value = None,
    cc: Value = None,
    bcc: Value = None,
    *_: Value,
    custom_headers: Value = None,
    **__: Value,
) -> SmtpTransaction:
    """``airflow.providers.amazon.aws.utils.emailer.send_email``: MIME source, with an envelope besides."""
    del html_content, files
    return mime_mail(to, subject, cc, bcc, custom_headers)


class SesHook(Object):
    """``airflow.providers.amazon.aws.hooks.ses.SesHook``."""

    PATHS: tuple[str, ...] = ("airflow.providers.amazon.aws.hooks.ses.SesHook",)

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def send_email(
        self,
        mail_from: Value,
        to: Value,
        subject: Value,
        html_content: Value,
        files: Value = None,
        cc: Value = None,
        bcc: Value = None,
        *_: Value,
        custom_headers: Value = None,
        **__: Value,
    ) -> SmtpTransaction:
        """One message."""
        del html_content, files
        return mime_mail(to, subject, cc, bcc, custom_headers, mail_from)


class SmtpHook(Object):
    """``airflow.providers.smtp.hooks.smtp.SmtpHook``."""

    PATHS: tuple[str, ...] = ("airflow.providers.smtp.hooks.smtp.SmtpHook",)

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def __enter__(self) -> SmtpHook:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __aenter__(self) -> SmtpHook:
        return self

    def __aexit__(self, *_: object) -> None:
        return None

    def get_conn(self) -> SmtpHook:
        """Connect."""
        return self

    def send_email_smtp(
        self,
        *,
        to: Value = None,
        subject: Value = None,
        html_content: Value = None,
        from_email: Value = None,
        dryrun: Value = False,
        cc: Value = None,
        bcc: Value = None,
        custom_headers: Value = None,
        **_: Value,
    ) -> Value | SmtpTransaction:
        """One message."""
        del html_content
        return None if truth(dryrun) is Truth.YES else mime_mail(to, subject, cc, bcc, custom_headers, from_email)

    def asend_email_smtp(self, **options: Value) -> Value | SmtpTransaction:
        """The same, awaited."""
        return self.send_email_smtp(**options)


class EmailOperator(Object):
    """``EmailOperator``: a task that sends one message in each run of its DAG."""

    PATHS: tuple[str, ...] = (
        "airflow.operators.email.EmailOperator",
        "airflow.operators.email_operator.EmailOperator",
        "airflow.providers.smtp.operators.smtp.EmailOperator",
    )

    def __init__(
        self,
        *,
        to: Value = None,
        subject: Value = None,
        cc: Value = None,
        bcc: Value = None,
        custom_headers: Value = None,
        **_: Value,
    ) -> None:
        for name, value in (("to", to), ("subject", subject), ("cc", cc), ("bcc", bcc)):
            self.write(name, value)
        self.write("custom_headers", custom_headers)
        # The scheduler runs it, nothing in the code does: to the interpreter, which calls this as a function, making it is
        # its one send. Python itself lets an __init__ return nothing but None.
        return None if self._heap is None else self.execute()  # type: ignore[return-value]  # noqa: PLE0101  # see above

    def execute(self, context: Value = None) -> SmtpTransaction:
        """Run the task."""
        del context
        to, subject, cc, bcc = (attribute(self, name) for name in ("to", "subject", "cc", "bcc"))
        return mime_mail(to, subject, cc, bcc, attribute(self, "custom_headers"))


TASKS: Final = (
    *(f"airflow.{name}.DAG" for name in ("models", "models.dag", "sdk")),
    *(
        "airflow.DAG",
        "airflow.decorators.dag",
        "airflow.sdk.dag",
        "airflow.models.BaseOperator",
        "airflow.sdk.BaseOperator",
    ),
    *("airflow.models.baseoperator.BaseOperator", "airflow.operators.bash.BashOperator"),
    *("airflow.operators.bash_operator.BashOperator", "airflow.providers.standard.operators.bash.BashOperator"),
    *("airflow.operators.python.PythonOperator", "airflow.operators.python_operator.PythonOperator"),
    *("airflow.providers.standard.operators.python.PythonOperator", "airflow.operators.empty.EmptyOperator"),
)
"""A DAG, and the tasks that everybody has."""


def airflow_task(
    *_: Value,
    email: Value = None,
    email_on_failure: Value = True,
    email_on_retry: Value = True,
    default_args: Value = None,
    **__: Value,
) -> Value | SmtpTransaction:
    """A task, or a DAG with arguments for its tasks: when one of them fails, all of ``email`` get one message."""
    if truthy(get(default_args, "email")):
        email = given(get(default_args, "email"))
        switches = [get(default_args, name) for name in ("email_on_failure", "email_on_retry")]
        email_on_failure, email_on_retry = (True if isinstance(value, Absent) else value for value in switches)
    if truth(email) is Truth.NO or truth(email_on_failure) is truth(email_on_retry) is Truth.NO:
        return None
    return mime_mail(email, "Airflow alert")
