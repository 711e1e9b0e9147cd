"""Packages on top of Django: where each of their functions takes the recipients."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.exchange import Exchange, SmtpTransaction
from mailguard.model.message import Message
from mailguard.model.provider import Refused
from mailguard.model.value import Fields, Items, Known, Member, Object, Parameter, Text, Unknown
from mailguard.providers import django_packages as provider
from mailguard.providers.django_packages import PROVIDER
from mailguard.transports.mime.reading import message_of

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"
CALLS: dict[str, Any] = {function.paths[0]: function.call for function in PROVIDER.library.functions}


def views(result: Any) -> list[Message]:
    exchanges: list[Exchange] = result if isinstance(result, list) else []
    found = []
    for exchange in exchanges:
        assert isinstance(exchange, SmtpTransaction)
        message = message_of(exchange.data, exchange.rcpt_to, bcc="transmitted")
        assert isinstance(message, Message)
        found.append(message)
    return found


def people(message: Message) -> tuple[list[str | None], ...]:
    return tuple([person.address for person in group] for group in (message.to, message.cc, message.bcc))


@pytest.mark.parametrize(
    ("path", "arguments", "options", "expected"),
    [
        ("post_office.mail.send", ([A, B], FROM), {"cc": [C], "bcc": [D]}, ([A, B], [C], [D])),
        ("post_office.mail.send", (A, FROM), {"cc": C, "bcc": None}, ([A], [C], [])),
        ("post_office.mail.create", (FROM, [A, B], [C], [D]), {"commit": False}, ([A, B], [C], [D])),
        ("templated_email.send_templated_mail", ("t", FROM, [A, B], {}, [C], [D]), {}, ([A, B], [C], [D])),
        ("mail_templated.send_mail", ("t", {}, FROM, [A, B]), {"cc": [C], "bcc": [D]}, ([A, B], [C], [D])),
        ("mailer.send_mail", ("S", "T", FROM, [A, B]), {}, ([A, B], [], [])),
        ("mailer.send_html_mail", ("S", "T", "H", FROM, [A, B]), {"headers": {"To": C}}, ([C], [], [A, B])),
    ],
)
def test_a_list_is_one_message_to_all_of_it(
    path: str, arguments: tuple[Any, ...], options: dict[str, Any], expected: tuple[list[str], ...]
) -> None:
    (message,) = views(CALLS[path](*arguments, **options))
    assert people(message) == expected


def test_messages_that_the_caller_sends() -> None:
    made: Object
    for made in (
        CALLS["templated_email.get_templated_mail"]("t", {}, FROM, [A], [C], [D]),
        provider.TemplatedMessage("t", {}, FROM, [A], [D], cc=[C], render=True),
        CALLS["djmail.template_mail.make_email"]("t", [A], cc=[C], bcc=[D]),
        provider.TemplateMail("t").make_email_object(A, {}, cc=[C], bcc=[D]),
    ):
        assert people(views(made.send())[0]) == ([A], [C], [D])  # type: ignore[attr-defined]  # all of them can
    assert people(views(provider.TemplateMail("t").send([A, B], {}))[0])[0] == [A, B]


def test_a_herald_notification_shows_its_attributes() -> None:
    notification = provider.EmailNotification()
    assert views(notification.send()) == []
    for name, value in {"to_emails": {A, B}, "cc": [C], "bcc": [D], "reply_to": [FROM]}.items():
        notification.write(name, sorted(value))
    (message,) = views(notification.send(raise_exception=True))
    assert people(message) == ([A, B], [C], [D])
    assert [person.address for person in message.reply_to] == [FROM]


def test_a_templated_mail_goes_to_the_list_of_its_send() -> None:
    mail = provider.BaseEmailMessage(None, {})
    mail.write("to", [D])
    (message,) = views(mail.send([A, B], cc=[C], bcc=[D]))
    assert people(message) == ([A, B], [C], [D])
    assert people(views(mail.send([A]))[0]) == ([A], [], [])


def test_a_djblets_message_is_a_message_of_django() -> None:
    message = provider.DjbletsMessage(subject="S", text_body="T", from_email=FROM, to=[A], cc=[C], bcc=[D], sender=B)
    assert people(views(message.send())[0]) == ([A], [C], [D])


@pytest.mark.parametrize("text", [f"{A}, {B}", Known(f"{A}, {B}")])
def test_post_office_refuses_a_text_with_several(text: Any) -> None:
    with pytest.raises(Refused):
        provider.post_office_send(text)


def test_a_text_of_the_code_is_one_address_for_post_office() -> None:
    (message,) = views(provider.post_office_send(Text((Unknown("name"), "@example.com"))))
    assert len(message.to) == 1


def test_send_many_writes_one_message_for_each_entry() -> None:
    one = {"recipients": [A], "sender": FROM}
    other = Fields((("recipients", Items((Member(Unknown("user.email", OPTIONAL), MANY),))),))
    first, second = views(provider.post_office_send_many([one, other]))
    assert people(first)[0] == [A]
    assert [person.count for person in second.to] == [MANY]
    for unknown in (Parameter("entries", "m:f"), Items((Member(Fields((), open=True), MANY),))):
        (message,) = views(provider.post_office_send_many(unknown))
        assert [person.count for person in message.to] == [OPEN]


def test_mass_mail_writes_one_message_for_each_tuple() -> None:
    first, second = views(provider.queue_mass_mail([("S", "T", FROM, [A]), ("S", "T", FROM, [B, C])]))
    assert people(first)[0] == [A]
    assert people(second)[0] == [B, C]


@pytest.mark.parametrize("call", [provider.queue_to_admins, provider.queue_to_managers])
def test_admins_and_managers_are_many(call: Any) -> None:
    (message,) = views(call("S", "T"))
    assert [person.count for person in message.to] == [MANY]


def test_nothing_on_the_wire_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
