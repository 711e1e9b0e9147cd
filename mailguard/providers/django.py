"""Django's ``django.core.mail``: functions and message classes that end in SMTP.

It claims nothing on the wire: what Django sends is plain SMTP, or the request of
whatever service ``EMAIL_BACKEND`` names, and is read there.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import Exchange
from mailguard.model.provider import Function, Library, Provider, Source
from mailguard.model.value import Items, Member, Object, Unknown, Value, trail_of
from mailguard.transports.django_mail import (
    Connection,
    EmailMessage,
    EmailMultiAlternatives,
    configured,
    exchanges,
    sent,
    tuples,
)

__all__ = ["PROVIDER"]


def send_mail(
    subject: Value,
    message: Value,
    from_email: Value,
    recipient_list: Value,
    fail_silently: Value = False,
    auth_user: Value = None,
    auth_password: Value = None,
    connection: Value = None,
    html_message: Value = None,
    *,
    using: Value = None,
) -> Value | list[Exchange]:
    """One message; the whole list is printed in To. 6.1 takes what follows the list by keyword only, and ``using``."""
    del fail_silently, auth_user, auth_password, html_message, using
    return sent(EmailMultiAlternatives(subject, message, from_email, recipient_list, connection=connection))


def send_mass_mail(
    datatuple: Value,
    fail_silently: Value = False,
    auth_user: Value = None,
    auth_password: Value = None,
    connection: Value = None,
    *,
    using: Value = None,
) -> list[Exchange]:
    """One message for each tuple; the recipients of one tuple share it."""
    del fail_silently, auth_user, auth_password, connection, using
    result: list[Exchange] = []
    for subject, body, sender, people in tuples(datatuple):
        result.extend(exchanges(EmailMessage(subject, body, sender, people)))
    return result


def mail_admins(
    subject: Value,
    message: Value,
    fail_silently: Value = False,
    connection: Value = None,
    html_message: Value = None,
    *,
    using: Value = None,
) -> Value | list[Exchange]:
    """One message to all of ``settings.ADMINS``, who are printed to each other."""
    del fail_silently, html_message, using
    return _to_settings("ADMINS", subject, message, connection)


def mail_managers(
    subject: Value,
    message: Value,
    fail_silently: Value = False,
    connection: Value = None,
    html_message: Value = None,
    *,
    using: Value = None,
) -> Value | list[Exchange]:
    """One message to all of ``settings.MANAGERS``, who are printed to each other."""
    del fail_silently, html_message, using
    return _to_settings("MANAGERS", subject, message, connection)


def _to_settings(name: str, subject: Value, message: Value, connection: Value) -> Value | list[Exchange]:
    people = configured(name, OPTIONAL)
    everybody = Items((Member(people, MANY),), trail_of(people))
    sender = configured("SERVER_EMAIL", OPTIONAL)
    return sent(EmailMultiAlternatives(subject, message, sender, everybody, connection=connection))


def get_connection(backend: Value = None, fail_silently: Value = False, **options: Value) -> Connection:
    """An email backend."""
    del backend, fail_silently, options
    return Connection()


def send_messages(email_messages: Value) -> list[Exchange]:
    """``mailers.default.send_messages`` of 6.1."""
    return Connection().send_messages(email_messages)


def email_user(
    user: Value, subject: Value, message: Value, from_email: Value = None, **options: Value
) -> Value | list[Exchange]:
    """``user.email_user(...)``: one message to the one address of the user."""
    del options
    return sent(EmailMultiAlternatives(subject, message, from_email, [Unknown("user.email", OPTIONAL, trail_of(user))]))


class AdminEmailHandler(Object):
    """``django.utils.log.AdminEmailHandler``: a logging handler that writes to ``settings.ADMINS``."""

    PATHS = ("django.utils.log.AdminEmailHandler",)

    def __init__(self, include_html: Value = False, email_backend: Value = None, reporter_class: Value = None) -> None:
        del include_html, email_backend, reporter_class

    def emit(self, record: Value) -> Value | list[Exchange]:
        """Send the record."""
        return mail_admins(Unknown("subject"), record)

    def send_mail(self, subject: Value, message: Value, *arguments: Value, **options: Value) -> Value | list[Exchange]:
        """Send a message."""
        del arguments, options
        return mail_admins(subject, message)


_PACKAGE: Final = "django.core.mail"


PROVIDER: Final = Provider(
    name="django",
    title="Django",
    sources=(
        Source("pypi:Django==5.2.19", "transmissions of all functions and classes, headers and envelope"),
        Source("pypi:Django==6.1.3", "keyword-only signatures, `using`, a Bcc header is refused"),
        Source(
            "https://docs.djangoproject.com/en/5.2/topics/email/",
            "recipients of send_mail see each other in To; send_mass_mail writes one message for each tuple",
        ),
    ),
    library=Library(
        functions=(
            Function((f"{_PACKAGE}.send_mail",), send_mail),
            Function((f"{_PACKAGE}.send_mass_mail",), send_mass_mail),
            Function((f"{_PACKAGE}.mail_admins",), mail_admins),
            Function((f"{_PACKAGE}.mail_managers",), mail_managers),
            Function((f"{_PACKAGE}.get_connection",), get_connection),
            Function((f"{_PACKAGE}.mailers.default.send_messages",), send_messages),
            Function(
                (
                    "django.contrib.auth.models.AbstractUser.email_user",
                    "django.contrib.auth.models.User.email_user",
                ),
                email_user,
            ),
        ),
        classes=(EmailMessage, EmailMultiAlternatives, Connection, AdminEmailHandler),
        tokens=(_PACKAGE, "django.core import & mail", "django.utils.log"),
    ),
    explain=(
        "send_mail and EmailMessage print the whole To and Cc list to everybody; bcc is in no header. "
        "send_mass_mail writes one message for each tuple, whose recipients still share it. "
        'headers={"To": ...} replaces what is printed, not who gets it.'
    ),
)
"""Django."""
