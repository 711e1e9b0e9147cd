"""The models of Django print and send what Django prints and sends."""

from __future__ import annotations

import inspect
from typing import Any

import django
import django.conf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE, OPEN, OPTIONAL, Count
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import Message
from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Origin,
    Parameter,
    Text,
    Unknown,
    text,
)
from mailguard.providers import django as provider
from mailguard.transports import django_mail as model
from mailguard.transports.mime.reading import message_of

OLD = django.VERSION < (6, 0)
_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

if not django.conf.settings.configured:
    # Another test of this process may have done it; both want the in-memory backend.
    django.conf.settings.configure(
        DEFAULT_FROM_EMAIL="from@example.com",
        **({"EMAIL_BACKEND": _BACKEND} if OLD else {"MAILERS": {"default": {"BACKEND": _BACKEND}}}),
    )

from django.core import mail  # noqa: E402  # wants its settings first
from django.core.mail import EmailMessage, EmailMultiAlternatives  # noqa: E402  # wants its settings first
from django.test import override_settings  # noqa: E402  # wants its settings first

ADDRESS = st.sampled_from(["ann@example.com", "Bob <bob@example.org>", "cat@example.net", '"Doe, D" <dan@example.com>'])
PEOPLE = st.none() | st.lists(ADDRESS, max_size=3) | st.lists(ADDRESS, max_size=3).map(tuple)
NAMES = ["To", "to", "TO", "Cc", "cc", "Reply-To", "reply-to", "X-Other", *(["Bcc", "bcc"] if OLD else [])]
HEADERS = st.none() | st.dictionaries(st.sampled_from(NAMES), ADDRESS, max_size=4)
MESSAGE = st.fixed_dictionaries(
    {}, optional={"to": PEOPLE, "cc": PEOPLE, "bcc": PEOPLE, "reply_to": PEOPLE, "headers": HEADERS}
)
CHANGE = st.tuples(
    st.sampled_from(["append", "assign", "extend"]),
    st.sampled_from(["to", "cc", "bcc", "reply_to"]),
    st.lists(ADDRESS, min_size=1, max_size=2),
)


def printed(message: EmailMessage) -> list[tuple[str, str]]:
    """The header lines about people, as real Django prints them."""
    lines = ((name, str(value).replace("\n", "")) for name, value in message.message().items())
    other = {"content-type", "mime-version", "content-transfer-encoding", "date", "message-id"}
    return sorted((name, value) for name, value in lines if name.lower() not in other)


def said(message: model.EmailMessage) -> list[tuple[str, str]]:
    """The same, as the model says it."""
    lines = []
    for name, value in model.header_block(message).known:
        whole = text(value)
        lines.append((name, "from@example.com" if isinstance(value, Unknown) else str(whole)))
    return sorted(lines)


@pytest.mark.parametrize(
    ("real", "imitation"),
    [(EmailMessage, model.EmailMessage), (EmailMultiAlternatives, model.EmailMultiAlternatives)],
)
@settings(max_examples=60, deadline=None)
@given(arguments=MESSAGE, changes=st.lists(CHANGE, max_size=3))
def test_headers_and_envelope_are_those_of_django(
    real: type[EmailMessage], imitation: type[model.EmailMessage], arguments: dict[str, Any], changes: list[Any]
) -> None:
    one, other = real("S", "T", **arguments), imitation("S", "T", **arguments)
    for kind, name, people in changes:
        if kind == "append":
            getattr(one, name).append(people[0])
            other.append(name, people[0])
        elif kind == "assign":
            setattr(one, name, list(people))
            other.write(name, list(people))
        else:
            setattr(one, name, getattr(one, name) + people)
            other.write(name, [*other.read(name, []), *people])  # type: ignore[misc]  # plain lists here
    assert other.recipients() == one.recipients()
    assert said(other) == printed(one)
    envelope = one.recipients()
    real_view = message_of(one.message().as_bytes(), envelope, bcc="transmitted")
    assert message_of(model.header_block(other), other.recipients(), bcc="transmitted") == real_view
    made = message_of(other.message().render(), other.recipients(), bcc="transmitted")
    assert made == real_view
    sent = other.send()
    if not one.recipients():
        assert sent == 0
        assert one.send() == 0
    else:
        assert isinstance(sent, list)
        (transaction,) = sent
        assert isinstance(transaction, SmtpTransaction)
        assert transaction.rcpt_to == one.recipients()


@settings(max_examples=40, deadline=None)
@given(people=st.lists(ADDRESS, max_size=3))
def test_send_mail_sends_what_django_sends(people: list[str]) -> None:
    mail.outbox = []
    mail.send_mail("S", "T", "from@example.com", people)
    sent = provider.send_mail("S", "T", "from@example.com", people)
    assert [(t.rcpt_to, t.mail_from) for t in sent or []] == [(m.recipients(), m.from_email) for m in mail.outbox]  # type: ignore[union-attr]


@settings(max_examples=40, deadline=None)
@given(lists=st.lists(st.lists(ADDRESS, max_size=3), max_size=3))
def test_send_mass_mail_writes_one_message_for_each_tuple(lists: list[list[str]]) -> None:
    data = [("S", "T", "from@example.com", people) for people in lists]
    mail.outbox = []
    mail.send_mass_mail(data)
    sent = provider.send_mass_mail(data)
    # The in-memory backend keeps messages that are addressed to nobody; SMTP does not send them.
    assert [t.rcpt_to for t in sent] == [m.recipients() for m in mail.outbox if m.recipients()]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["to", "cc", "bcc", "reply_to"])
def test_a_string_for_a_list_is_refused_as_django_refuses_it(name: str) -> None:
    with pytest.raises(TypeError):
        EmailMessage(**{name: "ann@example.com"})
    for value in ("ann@example.com", Known("ann@example.com"), Text(("a", Unknown("x")))):
        with pytest.raises(Refused):
            model.EmailMessage(**{name: value})
    assert EmailMessage(**{name: ""}).recipients() == model.EmailMessage(**{name: ""}).recipients() == []


def test_a_branch_that_hands_over_a_string_ends_there() -> None:
    message = model.EmailMessage(to=Either(("ann@example.com", ["bob@example.org"])))
    assert message.recipients() == ["bob@example.org"]


@pytest.mark.parametrize("name", ["mail_admins", "mail_managers"])
def test_admins_and_managers_are_configured_people_who_see_each_other(name: str) -> None:
    staff = [("Ann", "ann@example.com"), ("Bob", "bob@example.org")]
    addresses = staff if OLD else [address for _, address in staff]
    mail.outbox = []
    with override_settings(ADMINS=addresses, MANAGERS=addresses):
        getattr(mail, name)("S", "T")
    (real,) = mail.outbox
    assert len(real.to) == 2
    (transaction,) = getattr(provider, name)("S", "T")
    header = dict(transaction.data.known)["To"]
    (person,) = recipients(header).recipients
    assert person.count == MANY
    assert person.origin is Origin.CONFIGURED


def test_the_error_handler_writes_to_the_admins() -> None:
    handler = provider.AdminEmailHandler(include_html=True)
    assert len(handler.send_mail("S", "T", fail_silently=True)) == 1  # type: ignore[arg-type]
    assert len(handler.emit(Unknown("record"))) == 1  # type: ignore[arg-type]


def test_email_user_writes_to_one() -> None:
    (transaction,) = provider.email_user(Unknown("user"), "S", "T")  # type: ignore[misc]
    assert isinstance(transaction, SmtpTransaction)
    (person,) = transaction.rcpt_to  # type: ignore[misc]
    assert person == Unknown("user.email", Count(0, 1, 1))


def test_what_is_not_known_keeps_its_count() -> None:
    people = Parameter("people", "m:f", OPEN)
    (transaction,) = provider.send_mail("S", "T", None, people)  # type: ignore[misc]
    assert isinstance(transaction, SmtpTransaction)
    assert dict(transaction.data.known)["To"] == people  # type: ignore[union-attr]
    many = Items((Member(Unknown("user.email", OPTIONAL), MANY),), sort="iterator")
    (transaction,) = provider.send_mail("S", "T", None, many)  # type: ignore[misc]
    assert isinstance(transaction, SmtpTransaction)
    view = message_of(transaction.data, transaction.rcpt_to, bcc="transmitted")
    assert isinstance(view, Message)
    assert [(person.label, person.count) for person in view.to] == [("user.email", MANY)]
    assert view.bcc == ()
    assert not view.traits


def test_mass_mail_of_many_tuples_is_one_exchange_for_each_shape() -> None:
    entry = ("S", "T", None, [Unknown("user.email", Count(0, 1, 1))])
    sent = provider.send_mass_mail(Items((Member(entry, MANY), Member(("S", "T", None, ["ann@example.com"]), ONE))))
    assert len(sent) == 2
    (unknown,) = provider.send_mass_mail(Parameter("messages", "m:f"))
    assert isinstance(unknown, SmtpTransaction)
    assert unknown.rcpt_to == [Unknown("messages[3]", OPEN)]


def test_a_printed_header_that_one_branch_sets_keeps_the_list_of_the_other() -> None:
    headers = Fields((("To", Either(("list@example.com", ABSENT))),))
    message = model.EmailMessage(to=["ann@example.com"], headers=headers)
    assert dict(model.header_block(message).known)["To"] == Either(("list@example.com", "ann@example.com"))


def test_a_connection_sends_each_message_by_itself() -> None:
    messages = [model.EmailMessage(to=["ann@example.com"]), model.EmailMultiAlternatives(to=["bob@example.org"])]
    with provider.get_connection() as connection:
        sent = connection.send_messages(messages)
    assert [t.rcpt_to for t in sent] == [["ann@example.com"], ["bob@example.org"]]  # type: ignore[union-attr]
    (lost,) = connection.send_messages([Unknown("message")])
    assert isinstance(lost, SmtpTransaction)
    assert lost.rcpt_to == Unknown("message", OPEN)


@pytest.mark.parametrize("name", model.MERGE)
def test_a_merge_attribute_makes_it_one_message_each(name: str) -> None:
    message = model.EmailMessage(to=["ann@example.com", "bob@example.org"])
    for value, split in (
        ({}, True),
        ({"a": 1}, True),
        (Unknown("data"), True),
        (Either(({}, None)), Either((True, None))),
    ):
        message.write(name, value)
        (request,) = model.exchanges(message)
        assert isinstance(request, HttpRequest)
        assert request.body["split"] == split  # type: ignore[index,call-overload]
    message.write(name, None)
    assert isinstance(model.exchanges(message)[0], SmtpTransaction)


@pytest.mark.parametrize(
    ("real", "imitation"),
    [
        (mail.send_mail, provider.send_mail),
        (mail.send_mass_mail, provider.send_mass_mail),
        (mail.mail_admins, provider.mail_admins),
        (mail.mail_managers, provider.mail_managers),
        (EmailMessage.__init__, model.EmailMessage.__init__),
        (EmailMultiAlternatives.__init__, model.EmailMultiAlternatives.__init__),
        (EmailMessage.send, model.EmailMessage.send),
    ],
)
def test_the_signatures_are_those_of_django(real: Any, imitation: Any) -> None:
    """Every argument of the installed release is there, and in its place."""
    ours = list(inspect.signature(imitation).parameters)
    theirs = [name for name in inspect.signature(real).parameters if name not in {"args", "kwargs"}]
    assert [name for name in ours if name in theirs] == theirs
    assert set(ours) - set(theirs) <= {"using"}


def test_nothing_on_the_wire_is_claimed() -> None:
    assert provider.PROVIDER.claims(HttpRequest("POST", "https://api.example.com/")) is None
    assert provider.PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
