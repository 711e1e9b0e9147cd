"""django-anymail: the model's reading is the reading of the request that a real backend sends."""

from __future__ import annotations

from typing import Any

import django
import django.conf
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Message, Trait
from mailguard.model.value import Either, Items, Known, Member, Unknown
from mailguard.providers import anymail as provider
from mailguard.providers import mailgun
from mailguard.providers.anymail import PROVIDER
from mailguard.transports import django_mail

_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if not django.conf.settings.configured:
    # Another test of this process may have done it; both want the in-memory backend.
    old = django.VERSION < (6, 0)
    django.conf.settings.configure(
        DEFAULT_FROM_EMAIL="from@example.com",
        **({"EMAIL_BACKEND": _BACKEND} if old else {"MAILERS": {"default": {"BACKEND": _BACKEND}}}),
    )

pytest.importorskip("anymail")

from anymail.backends.mailgun import EmailBackend  # noqa: E402  # wants its settings first
from anymail.message import AnymailMessage  # noqa: E402
from django.core.mail import EmailMessage  # noqa: E402

ADDRESS = st.sampled_from(["ann@example.com", "Bob <bob@example.org>", "cat@example.net", "dan@example.com"])
PEOPLE = st.lists(ADDRESS, max_size=3)
TO = st.lists(ADDRESS, min_size=1, max_size=3, unique=True)
MERGED = st.dictionaries(
    st.sampled_from(["merge_data", "merge_metadata"]), st.sampled_from([None, {}, {"ann@example.com": {"n": "1"}}])
)


class Answers(requests.Session):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.seen.append(request)
        response = requests.Response()
        response.status_code = 200
        response._content = b'{"id": "<1@example.com>", "message": "Queued. Thank you."}'
        response.request = request
        return response


def real_reading(message: EmailMessage) -> list[Any]:
    """What Mailgun makes of the request of anymail's own backend."""
    backend = EmailBackend(api_key="key", sender_domain="mg.example.com")
    backend.session = Answers()
    backend.send_messages([message])
    (request,) = backend.session.seen
    exchange = HttpRequest(request.method, request.url, dict(request.headers), request.body)  # type: ignore[arg-type]
    operation = mailgun.PROVIDER.claims(exchange)
    assert operation is not None
    answer = mailgun.PROVIDER.decode(operation, exchange)
    assert isinstance(answer, tuple)
    return [view(one) for one in answer]


def of(exchanges: list[Exchange]) -> tuple[Message, ...]:
    (exchange,) = exchanges
    operation = PROVIDER.claims(exchange)
    assert operation == "send"
    answer = PROVIDER.decode(operation, exchange)
    assert isinstance(answer, tuple)
    return answer


def view(message: Message) -> tuple[Any, ...]:
    people = (message.to, message.cc, message.bcc, message.reply_to)
    return (*([person.address for person in group] for group in people), message.traits)


@settings(max_examples=60, deadline=None)
@given(to=TO, cc=PEOPLE, bcc=PEOPLE, reply_to=PEOPLE, merged=MERGED)
def test_a_message_reads_like_the_request_of_a_real_backend(
    to: list[str], cc: list[str], bcc: list[str], reply_to: list[str], merged: dict[str, Any]
) -> None:
    lists = {"to": to, "cc": cc, "bcc": bcc, "reply_to": reply_to}
    real = real_reading(AnymailMessage("S", "T", "from@example.com", **lists, **merged))
    model = provider.AnymailMessage("S", "T", "from@example.com", **lists, **merged)
    assert [view(one) for one in of(django_mail.exchanges(model))] == real
    # The attributes do the same on a plain message; without them it is not known that anymail sends it.
    plain = django_mail.EmailMessage("S", "T", "from@example.com", **lists)
    plain_real = EmailMessage("S", "T", "from@example.com", **lists)
    for name, value in merged.items():
        plain.write(name, value)
        setattr(plain_real, name, value)
    assert real_reading(plain_real) == real
    if any(value is not None for value in merged.values()):
        assert [view(one) for one in of(django_mail.exchanges(plain))] == real
    else:
        assert isinstance(django_mail.exchanges(plain)[0], SmtpTransaction)


def message_to(to: Any, **options: Any) -> tuple[Message, ...]:
    return of(django_mail.exchanges(provider.AnymailMessage(to=to, **options)))


def test_many_people_of_the_code_are_one_message_each() -> None:
    many = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    (each,) = message_to(many, merge_data=Unknown("data"))
    assert each.copies == MANY
    assert [person.count for person in each.to] == [ONE]
    (shared,) = message_to(many)
    assert [person.count for person in shared.to] == [MANY]
    assert shared.traits == {Trait.MISSING_SPLIT}


def test_what_only_one_branch_merges_is_plainly_shared() -> None:
    people = [Known("ann@example.com"), Known("bob@example.org")]
    (message,) = message_to(people, merge_metadata=Either(({}, None)))
    assert message.traits == {Trait.MISSING_SPLIT}
    assert [(person.count.low, person.count.plain) for person in message.to] == [(0, 1), (0, 1)]


def test_a_to_header_replaces_what_is_printed() -> None:
    (message,) = message_to(["ann@example.com"], headers={"To": "list@example.com"})
    assert view(message)[:3] == (["list@example.com"], [], ["ann@example.com"])
    (message,) = message_to(["ann@example.com", "bob@example.org"], headers={"To": "x@example.com"}, merge_data={})
    assert view(message)[0] == ["x@example.com"]


def test_nobody_addressed_is_nothing_sent() -> None:
    assert provider.AnymailMessage(merge_data={}).send() == 0


def test_other_exchanges_are_not_ours() -> None:
    assert PROVIDER.claims(HttpRequest("POST", "https://api.example.com/")) is None
    assert isinstance(PROVIDER.decode("send", HttpRequest("POST", django_mail.MERGE_URL)), CannotTell)


def test_what_is_handed_through_to_mandrill_has_the_last_word() -> None:
    people = ["ann@example.com", "bob@example.org"]
    (shared,) = message_to(people, merge_data={}, esp_extra={"message": {"preserve_recipients": True}})
    assert view(shared)[0] == people
    assert len(message_to(people, merge_data={}, esp_extra={"message": {"preserve_recipients": False}})) == 2
