"""Packages on top of Django's mail: post_office, templated_email, mail_templated, mailer, djmail, herald, djoser.

Each of them ends in a Django message; some keep it in a queue first. So they have
no wire form of their own either, and what is written here is where each of their
functions takes the recipients.
"""

from __future__ import annotations

from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.exchange import Exchange
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    sort_of,
    text,
    trail_of,
)
from mailguard.transports.django_mail import EmailMessage, EmailMultiAlternatives, configured, sent, tuples

__all__ = ["PROVIDER"]

Sent = Value | list[Exchange]


# --- post_office ---------------------------------------------------------------------------------


def _one_or_list(value: Value) -> Value:
    """A string is one address for post_office, which refuses one that holds several (``parse_emails``)."""
    if sort_of(value) is Sort.NONE:
        return []
    if sort_of(value) is not Sort.TEXT:
        return value
    if text(value) is not None and len(recipients(value).recipients) > 1:
        raise Refused("not a valid email address")
    return [value]


def post_office_send(
    recipients: Value = None,
    sender: Value = None,
    template: Value = None,
    context: Value = None,
    subject: Value = "",
    message: Value = "",
    html_message: Value = "",
    scheduled_time: Value = None,
    expires_at: Value = None,
    headers: Value = None,
    priority: Value = None,
    attachments: Value = None,
    render_on_delivery: Value = False,
    log_level: Value = None,
    commit: Value = True,
    cc: Value = None,
    bcc: Value = None,
    language: Value = "",
    backend: Value = "",
) -> Sent:
    """``post_office.mail.send``: one message, at once or from the queue; the list is printed in one To."""
    del template, context, html_message, scheduled_time, expires_at, priority, attachments
    del render_on_delivery, log_level, commit, language, backend
    to, copies, blind = _one_or_list(recipients), _one_or_list(cc), _one_or_list(bcc)
    return sent(EmailMultiAlternatives(subject, message, sender, to, blind, headers=headers, cc=copies))


def post_office_create(
    sender: Value,
    recipients: Value = None,
    cc: Value = None,
    bcc: Value = None,
    subject: Value = "",
    message: Value = "",
    html_message: Value = "",
    context: Value = None,
    scheduled_time: Value = None,
    expires_at: Value = None,
    headers: Value = None,
    *_: Value,
    **__: Value,
) -> Sent:
    """``post_office.mail.create``: the same for lists only, put into the queue, from which it is sent."""
    del html_message, context, scheduled_time, expires_at
    return sent(EmailMultiAlternatives(subject, message, sender, recipients, bcc, headers=headers, cc=cc))


def post_office_send_many(kwargs_list: Value) -> list[Exchange]:
    """``post_office.mail.send_many``: one message for each mapping of arguments."""
    result: list[Exchange] = []
    for arguments, count in each(kwargs_list):
        for option in arguments.options if isinstance(arguments, Either) else (arguments,):
            if count.high and not isinstance(option, Absent):
                found = _send_by(option)
                result += found if isinstance(found, list) else []
    return result


def _send_by(arguments: Value) -> Sent:
    if isinstance(arguments, (Unknown, Parameter)):
        label = arguments.why if isinstance(arguments, Unknown) else arguments.name
        return post_office_send(Unknown(f"{label}['recipients']", OPEN, arguments.trail))
    values = {name: get(arguments, name) for name in ("recipients", "sender", "headers", "cc", "bcc")}
    if isinstance(values["recipients"], Absent) and isinstance(arguments, Fields) and arguments.open:
        values["recipients"] = Unknown("recipients", OPEN, arguments.trail)
    return post_office_send(**{name: value for name, value in values.items() if not isinstance(value, Absent)})


# --- django-templated-email ----------------------------------------------------------------------


def send_templated_mail(
    template_name: Value,
    from_email: Value = None,
    recipient_list: Value = None,
    context: Value = None,
    cc: Value = None,
    bcc: Value = None,
    fail_silently: Value = False,
    connection: Value = None,
    headers: Value = None,
    template_prefix: Value = None,
    template_suffix: Value = None,
    create_link: Value = False,
    **options: Value,
) -> Sent:
    """``templated_email.send_templated_mail``: one message to the list."""
    del template_name, context, fail_silently, template_prefix, template_suffix, create_link, options
    return sent(
        EmailMultiAlternatives("", "", from_email, recipient_list, bcc, connection, headers=headers, cc=cc),
    )


def get_templated_mail(
    template_name: Value,
    context: Value,
    from_email: Value = None,
    to: Value = None,
    cc: Value = None,
    bcc: Value = None,
    headers: Value = None,
    template_prefix: Value = None,
    template_suffix: Value = None,
    template_dir: Value = None,
    file_extension: Value = None,
    create_link: Value = False,
) -> EmailMultiAlternatives:
    """``templated_email.get_templated_mail``: the message, for the caller to send."""
    del template_name, context, template_prefix, template_suffix, template_dir, file_extension, create_link
    return EmailMultiAlternatives("", "", from_email, to, bcc, headers=headers, cc=cc)


# --- django-mail-templated -----------------------------------------------------------------------


class TemplatedMessage(EmailMultiAlternatives):
    """``mail_templated.EmailMessage``: template and context stand where Django has subject and body."""

    PATHS: tuple[str, ...] = ("mail_templated.EmailMessage", "mail_templated.message.EmailMessage")

    def __init__(self, template_name: Value = None, context: Value = None, *arguments: Value, **options: Value) -> None:
        del template_name, context
        for name in ("subject", "body", "render", "clean"):
            options.pop(name, None)
        super().__init__("", "", *arguments, **options)

    def send(self, *arguments: Value, **options: Value) -> Sent:
        """Render and send."""
        del arguments, options
        return sent(self)


def send_template(
    template_name: Value,
    context: Value,
    from_email: Value,
    recipient_list: Value,
    fail_silently: Value = False,
    auth_user: Value = None,
    auth_password: Value = None,
    connection: Value = None,
    **options: Value,
) -> Sent:
    """``mail_templated.send_mail``: one message to the list."""
    del fail_silently, auth_user, auth_password
    options.pop("connection", None)
    return sent(TemplatedMessage(template_name, context, from_email, recipient_list, connection=connection, **options))


# --- django-mailer -------------------------------------------------------------------------------


def queue_mail(
    subject: Value,
    message: Value,
    from_email: Value,
    recipient_list: Value,
    priority: Value = None,
    fail_silently: Value = False,
    auth_user: Value = None,
    auth_password: Value = None,
) -> Sent:
    """``mailer.send_mail``: one message for the queue, printed to the list."""
    del priority, fail_silently, auth_user, auth_password
    return sent(EmailMessage(subject, message, from_email, recipient_list))


def queue_html_mail(
    subject: Value,
    message: Value,
    message_html: Value,
    from_email: Value,
    recipient_list: Value,
    priority: Value = None,
    fail_silently: Value = False,
    auth_user: Value = None,
    auth_password: Value = None,
    headers: Value = None,
) -> Sent:
    """``mailer.send_html_mail``: the list is one position further back."""
    del message_html, priority, fail_silently, auth_user, auth_password
    return sent(EmailMessage(subject, message, from_email, recipient_list, headers=headers))


def queue_mass_mail(
    datatuple: Value,
    fail_silently: Value = False,
    auth_user: Value = None,
    auth_password: Value = None,
    connection: Value = None,
) -> list[Exchange]:
    """``mailer.send_mass_mail``: one message for each tuple."""
    del fail_silently, auth_user, auth_password, connection
    result: list[Exchange] = []
    for subject, body, sender, people in tuples(datatuple):
        found = queue_mail(subject, body, sender, people)
        result += found if isinstance(found, list) else []
    return result


def queue_to_admins(
    subject: Value,
    message: Value,
    fail_silently: Value = False,
    connection: Value = None,
    priority: Value = None,
) -> Sent:
    """``mailer.mail_admins``: one message to all of ``settings.ADMINS``."""
    del fail_silently, connection, priority
    return _queue_to_settings("ADMINS", subject, message)


def queue_to_managers(
    subject: Value,
    message: Value,
    fail_silently: Value = False,
    connection: Value = None,
    priority: Value = None,
) -> Sent:
    """``mailer.mail_managers``: one message to all of ``settings.MANAGERS``."""
    del fail_silently, connection, priority
    return _queue_to_settings("MANAGERS", subject, message)


def _queue_to_settings(name: str, subject: Value, message: Value) -> Sent:
    people = configured(name, OPTIONAL)
    everybody = Items((Member(people, MANY),), trail_of(people))
    return queue_mail(subject, message, configured("SERVER_EMAIL", OPTIONAL), everybody)


# --- djmail --------------------------------------------------------------------------------------


class _Template(Object):
    """Apart from what sends: the name of a class that is listed marks functions that may send."""

    def __init__(self, name: Value = None) -> None:
        self.write("name", name)

    def make_email_object(self, to: Value, context: Value, **options: Value) -> EmailMultiAlternatives:
        """The message, for the caller to send; what is no list becomes one."""
        del context
        message = EmailMultiAlternatives(**options)
        message.write("to", [to] if sort_of(to) is Sort.TEXT else to)
        return message


class TemplateMail(_Template):
    """``djmail.template_mail.TemplateMail`` and its relatives."""

    PATHS: tuple[str, ...] = (
        "djmail.template_mail.TemplateMail",
        "djmail.template_mail.InlineCSSTemplateMail",
    )

    def send(self, to: Value, context: Value, **options: Value) -> Sent:
        """One message to the list, or to the one."""
        return sent(self.make_email_object(to, context, **options))


def make_email(
    name: Value, to: Value, context: Value = None, template_mail_cls: Value = None, **options: Value
) -> EmailMultiAlternatives:
    """``djmail.template_mail.make_email``: the message, for the caller to send."""
    del template_mail_cls
    return TemplateMail(name).make_email_object(to, context, **options)


# --- herald --------------------------------------------------------------------------------------


class EmailNotification(Object):
    """``herald.base.EmailNotification``: subclasses set ``to_emails``, ``cc``, ``bcc``; ``send()`` writes one message."""

    PATHS: tuple[str, ...] = ("herald.base.EmailNotification",)

    def __init__(self, *arguments: Value, **options: Value) -> None:
        del arguments, options

    def send(self, raise_exception: Value = False, user: Value = None) -> Sent:
        """One message whose To, Cc and Bcc are the attributes of those names, as they are now.

        Whom it goes to is asked of ``get_recipients``, which gives ``to_emails`` (django-herald 0.3, ``herald/base.py``).
        """
        del raise_exception, user
        asked = self.asked("get_recipients")
        to, copies, blind, answers, headers = (
            None if isinstance(value := self.read(name), Absent) else value
            for name in ("to_emails", "cc", "bcc", "reply_to", "headers")
        )
        to = to if isinstance(asked, Absent) else asked
        return sent(
            EmailMultiAlternatives("", "", None, to, blind, headers=headers, cc=copies, reply_to=answers),
        )


# --- templated_mail ------------------------------------------------------------------------------


class BaseEmailMessage(EmailMultiAlternatives):
    """``templated_mail.mail.BaseEmailMessage``, which the mails of djoser derive from: ``send(to)`` sets the lists."""

    PATHS: tuple[str, ...] = (
        "templated_mail.mail.BaseEmailMessage",
        "djoser.email.BaseDjoserEmail",
        "djoser.email.ActivationEmail",
        "djoser.email.ConfirmationEmail",
        "djoser.email.PasswordResetEmail",
        "djoser.email.PasswordChangedConfirmationEmail",
        "djoser.email.UsernameChangedConfirmationEmail",
        "djoser.email.UsernameResetEmail",
    )

    def __init__(
        self, request: Value = None, context: Value = None, template_name: Value = None, *_: Value, **__: Value
    ) -> None:
        del request, context, template_name
        super().__init__()

    def send(  # type: ignore[override]  # the library's own signature
        self,
        to: Value,
        *_: Value,
        cc: Value = None,
        bcc: Value = None,
        reply_to: Value = None,
        from_email: Value = None,
        **__: Value,
    ) -> Sent:
        """One message to the list; what was set before is replaced."""
        del from_email
        for name, people in (("to", to), ("cc", cc), ("bcc", bcc), ("reply_to", reply_to)):
            self.write(name, [] if people is None else people)
        return sent(self)


# --- djblets -------------------------------------------------------------------------------------


class DjbletsMessage(EmailMultiAlternatives):
    """``djblets.mail.message.EmailMessage``: Django's, with names of its own for the bodies, all by keyword."""

    PATHS: tuple[str, ...] = ("djblets.mail.message.EmailMessage",)

    def __init__(
        self,
        subject: Value = "",
        text_body: Value = "",
        html_body: Value = "",
        from_email: Value = None,
        to: Value = None,
        cc: Value = None,
        bcc: Value = None,
        sender: Value = None,
        in_reply_to: Value = None,
        headers: Value = None,
        auto_generated: Value = False,
        prevent_auto_responses: Value = False,
        from_spoofing: Value = None,
        enable_smart_spoofing: Value = None,
        reply_to: Value = None,
    ) -> None:
        del html_body, sender, in_reply_to, auto_generated, prevent_auto_responses, from_spoofing
        del enable_smart_spoofing
        super().__init__(subject, text_body, from_email, to, bcc, headers=headers, cc=cc, reply_to=reply_to)


PROVIDER: Final = Provider(
    name="django-packages",
    title="Packages on top of Django's mail",
    sources=(
        Source("pypi:django-post_office==3.12.0", "send and send_many: one To for each message; read and run"),
        Source("pypi:django-templated-email==3.1.1", "recipient_list is one To; read and run"),
        Source("pypi:django-mail-templated==2.6.5", "recipient_list is one To; read"),
        Source("pypi:django-mailer==2.3.2", "what the queue sends is what Django would have sent; read and run"),
        Source("pypi:djmail==2.0.0", "a list for `to` is shared; read"),
        Source("pypi:django-herald==0.3.0", "herald/base.py: get_recipients, get_extra_data, _send; read"),
        Source("pypi:django-templated-mail==1.1.1", "mail.py: BaseEmailMessage.send sets to, cc, bcc; read"),
        Source("pypi:djblets==6.1", "mail/message.py: EmailMessage.__init__ hands to, cc, bcc on to Django; read"),
    ),
    library=Library(
        functions=(
            Function(("post_office.mail.send",), post_office_send),
            Function(("post_office.mail.send_many",), post_office_send_many),
            Function(("post_office.mail.create",), post_office_create),
            Function(("templated_email.send_templated_mail",), send_templated_mail),
            Function(("templated_email.get_templated_mail",), get_templated_mail),
            Function(("mail_templated.send_mail", "mail_templated.utils.send_mail"), send_template),
            Function(("mailer.send_mail",), queue_mail),
            Function(("mailer.send_html_mail",), queue_html_mail),
            Function(("mailer.send_mass_mail",), queue_mass_mail),
            Function(("mailer.mail_admins",), queue_to_admins),
            Function(("mailer.mail_managers",), queue_to_managers),
            Function(("djmail.template_mail.make_email",), make_email),
        ),
        classes=(TemplatedMessage, TemplateMail, EmailNotification, BaseEmailMessage, DjbletsMessage),
        tokens=(
            "post_office",
            "templated_email",
            "mail_templated",
            "from mailer import",
            "import mailer",
            "djmail",
            "herald.base",
            "djblets.mail",
            "templated_mail",
            "djoser.email",
        ),
    ),
    explain=(
        "A list of recipients is one message, printed to all of it. post_office.mail.send_many and mailer.send_mass_mail "
        "write one message for each entry, whose recipients still share it."
    ),
)
"""Packages that end in a Django message."""
