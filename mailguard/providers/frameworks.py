"""Mail of frameworks: Twisted, Scrapy, Airflow, Prefect, Dagster, Superset, Apprise.

All but Apprise print their list of recipients in one To header and end in SMTP (Airflow's SendGrid and SES backends in the
services' own requests). Apprise writes one message for each target of an address, with Cc on each of them.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import Absent, Items, Object, Sort, Unknown, Value, each, get, sort_of, text, truth
from mailguard.transports.json_api import given, post, truthy
from mailguard.transports.letters import attribute, header_lines, line, one_each_of, one_or_list, relay_of, transmission
from mailguard.transports.mime.models import MimeMultipart, checked
from mailguard.wire.forms import form_values
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER"]

# --- Twisted -------------------------------------------------------------------------------------


def _posted(relay: Value, sender: Value, people: Value, message: Value) -> SmtpTransaction:
    """The envelope is what is given, a text in it one mailbox; the message goes out byte for byte, Bcc lines and all."""
    everybody = one_or_list(people)
    if sort_of(everybody) is Sort.COLLECTION and not any(count.high for _, count in each(everybody)):
        raise Refused("no recipients")
    return SmtpTransaction(relay, sender, everybody, checked(message))


def twisted_sendmail(
    smtphost: Value,
    from_addr: Value,
    to_addrs: Value,
    msg: Value,
    senderDomainName: Value = None,  # noqa: N803  # the library's own name
    port: Value = 25,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``twisted.mail.smtp.sendmail``."""
    del senderDomainName
    return _posted(relay_of(smtphost, port), from_addr, to_addrs, msg)


def smtp_sender_factory(
    fromEmail: Value,  # noqa: N803  # the library's own name
    toEmail: Value,  # noqa: N803  # the library's own name
    file: Value,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``twisted.mail.smtp.SMTPSenderFactory``: making one is for sending one message."""
    return _posted(Unknown("the mail server"), fromEmail, toEmail, file)


def esmtp_sender_factory(
    username: Value,
    password: Value,
    fromEmail: Value,  # noqa: N803  # the library's own name
    toEmail: Value,  # noqa: N803  # the library's own name
    file: Value,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``twisted.mail.smtp.ESMTPSenderFactory``."""
    del username, password
    return _posted(Unknown("the mail server"), fromEmail, toEmail, file)


# --- Scrapy --------------------------------------------------------------------------------------


class MailSender(Object):
    """``scrapy.mail.MailSender``."""

    PATHS: tuple[str, ...] = ("scrapy.mail.MailSender",)

    def __init__(self, smtphost: Value = "localhost", mailfrom: Value = None, *_: Value, **options: Value) -> None:
        self.write("_relay", relay_of(smtphost, options.get("smtpport", 25)))
        self.write("mailfrom", mailfrom)

    @classmethod
    def from_settings(cls, settings: Value) -> MailSender:
        """One with the settings of the project."""
        del settings
        return MailSender()

    @classmethod
    def from_crawler(cls, crawler: Value) -> MailSender:
        """One with the settings of a crawler."""
        del crawler
        return MailSender()

    def send(
        self,
        to: Value,
        subject: Value,
        body: Value,
        cc: Value = None,
        attachs: Value = (),
        mimetype: Value = "text/plain",
        charset: Value = None,
        _callback: Value = None,
    ) -> SmtpTransaction:
        """One message; ``to`` and ``cc`` are printed, there are no hidden copies."""
        del body, attachs, mimetype, charset, _callback
        people = [line(one_or_list(value)) for value in (to, cc)]
        if people == [None, None]:
            raise Refused("no recipients")
        return transmission(
            [("To", people[0] or ""), ("Subject", subject), ("Cc", people[1])],
            [value for value in people if value is not None],
            sender=attribute(self, "mailfrom"),
            relay=attribute(self, "_relay"),
        )


# --- Airflow -------------------------------------------------------------------------------------


def _airflow(
    to: Value, subject: Value, cc: Value = None, bcc: Value = None, headers: Value = None, sender: Value = None
) -> SmtpTransaction:
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
    return None if truth(dryrun) is Truth.YES else _airflow(to, subject, cc, bcc, custom_headers, from_email)


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
    return None if truth(dryrun) is Truth.YES else _posted(Unknown("smtp_host"), e_from, e_to, mime_msg)


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
    return _airflow(to, subject, cc, bcc, custom_headers)


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
        return _airflow(to, subject, cc, bcc, custom_headers, mail_from)


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
        return None if truth(dryrun) is Truth.YES else _airflow(to, subject, cc, bcc, custom_headers, from_email)

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
        return _airflow(to, subject, cc, bcc, attribute(self, "custom_headers"))


_TASKS: Final = (
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
    return _airflow(email, "Airflow alert")


# --- Prefect, Dagster, Superset --------------------------------------------------------------------


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
    return _airflow(to, subject, cc, bcc)


# --- Apprise -------------------------------------------------------------------------------------

_APPRISE: Final = "apprise:notify"
"""The URL of the request that stands for a notification by mail: one message for each target."""


class Apprise(Object):
    """``apprise.Apprise``: addresses of services, of which those of mail are read."""

    PATHS: tuple[str, ...] = ("apprise.Apprise", "apprise.apprise.Apprise")

    def __init__(self, servers: Value = None, *_: Value, **__: Value) -> None:
        self.write("servers", one_or_list(servers))

    def add(self, servers: Value, *_: Value, **__: Value) -> Value:
        """One more address, or several."""
        if sort_of(servers) is Sort.COLLECTION:
            held = each(attribute(self, "servers"))
            self.write("servers", Items((*held, *each(servers))))
        else:
            self.append("servers", servers)
        return True

    def clear(self) -> None:
        """No addresses."""
        self.write("servers", [])

    def notify(self, *_: Value, **__: Value) -> list[Exchange]:
        """Tell all of them."""
        return [
            HttpRequest("POST", _APPRISE, {}, people, "json")
            for server, count in each(attribute(self, "servers"))
            if count.high and (people := _mail_targets(server)) is not None
        ]

    def async_notify(self, *arguments: Value, **options: Value) -> list[Exchange]:
        """The same, awaited."""
        return self.notify(*arguments, **options)


def _mail_targets(server: Value) -> dict[str, Value] | None:
    url = url_parts(server)
    if url is None or url.scheme not in {"mailto", "mailtos"}:
        return None
    found: dict[str, Value] = {name: list(form_values(url.query, name)) for name in ("to", "cc", "bcc")}
    paths = [part for part in url.path.split("/") if part]
    return {**found, "to": [*_values(found["to"]), *paths] or [Unknown("the sender")]}


def _values(values: Value) -> list[Value]:
    """The members of a list."""
    return [member.value for member in each(values)]


# -------------------------------------------------------------------------------------------------


def claims(exchange: Exchange) -> str | None:
    """``notify`` of Apprise, which a model makes and no capture holds."""
    return "notify" if isinstance(exchange, HttpRequest) and text(exchange.url) == _APPRISE else None


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each target; Cc is printed on each."""
    if operation != "notify" or not isinstance(exchange, HttpRequest) or isinstance(exchange.body, Form):
        return CannotTell(Reason.UNKNOWN_FORM)
    return one_each_of(exchange.body) if sort_of(exchange.body) is Sort.MAPPING else CannotTell(Reason.UNKNOWN_FORM)


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
            Function(_TASKS, airflow_task),
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
