"""Every service of django-anymail: its real backend sends to a stub, and the decoded messages are what was asked of it.

Also the services that have no package of their own in Python (Postal, Scaleway, Unisender Go).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard.addresses.compare import compare_key
from mailguard.model.message import CannotTell, Message, Recipient, Undecided

from .. import samples, sdk  # noqa: TID252  # the tests are no package with a name

pytest.importorskip("anymail")
django = pytest.importorskip("django.conf")
if not django.settings.configured:
    django.settings.configure(USE_I18N=False, DEFAULT_CHARSET="utf-8")

import django as _django  # noqa: E402  # wants its settings first
from django.test.utils import override_settings  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

_django.setup()

ANYMAIL = {
    "MAILGUN_API_KEY": "k",
    "MAILGUN_SENDER_DOMAIN": "mg.example.org",
    "MANDRILL_API_KEY": "k",
    "MAILJET_API_KEY": "k",
    "MAILJET_SECRET_KEY": "k",
    "POSTMARK_SERVER_TOKEN": "k",
    "SENDGRID_API_KEY": "k",
    "SPARKPOST_API_KEY": "k",
    "BREVO_API_KEY": "k",
    "RESEND_API_KEY": "k",
    "MAILERSEND_API_TOKEN": "k",
    "MAILTRAP_API_TOKEN": "k",
    "POSTAL_API_KEY": "k",
    "POSTAL_API_URL": "https://postal.example.org",
    "SCALEWAY_SECRET_KEY": "k",
    "SCALEWAY_PROJECT_ID": "p",
    "UNISENDER_GO_API_KEY": "k",
    "UNISENDER_GO_API_URL": "https://go1.unisender.ru/ru/transactional/api/v1/",
}
SHARED = ["mailgun", "mandrill", "mailjet", "postmark", "sendgrid", "sparkpost", "brevo", "resend", "mailersend", "mailtrap", "postal", "scaleway", "unisender_go"]  # fmt: skip
APART = [name for name in SHARED if name not in ("mailersend", "postal", "scaleway")]
"""The others refuse to write one message each."""

LOCAL = st.sampled_from(["ann", "Bob.B", "cat+news", "d'an", "e_e", "o-o", "x1"])
DOMAIN = st.sampled_from(["example.com", "example.org", "EXAMPLE.net", "bücher.example"])
PERSON = st.tuples(sdk.NAME, LOCAL, DOMAIN).map(lambda parts: (parts[0], f"{parts[1]}@{parts[2]}"))
PEOPLE = st.lists(PERSON, min_size=1, max_size=6, unique_by=lambda person: person[1].casefold())
FEW = st.lists(PERSON, max_size=2, unique_by=lambda person: person[1].casefold())
THOUSAND = [("Reader, the", f"reader{number}@example.com") for number in range(1000)]


def spelled(person: tuple[str, str]) -> str:
    name, address = person
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if name else address


def keys(people: list[tuple[str, str]]) -> set[str]:
    return {compare_key(address) for _, address in people}


def seen(people: tuple[Recipient, ...]) -> set[str]:
    return {compare_key(person.address or "") for person in people}


def sent(service: str, to: Any, cc: Any, bcc: Any, **options: Any) -> tuple[tuple[Message, ...], bool] | None:
    """The messages of what the backend sends, and whether the service leaves it open; None where it refuses."""
    from anymail.exceptions import AnymailError
    from anymail.message import AnymailMessage

    backend = f"anymail.backends.{service}.EmailBackend"
    with override_settings(ANYMAIL=ANYMAIL), sdk.recorded({}) as requests:
        message = AnymailMessage("S", "T", "desk@example.org", *[[spelled(one) for one in to]], **options)
        message.cc, message.bcc = [spelled(one) for one in cc], [spelled(one) for one in bcc]
        message.connection = import_string(backend)()  # what get_connection does, where settings allow it
        try:
            message.send()
        except Exception as error:  # the answer of the stub says nothing to a backend
            if not requests:
                if not isinstance(error, (AnymailError, ValueError)):
                    raise
                return None
    (request,) = requests
    answer = samples.decoded(request)
    assert not isinstance(answer, CannotTell), answer
    return (answer.messages, True) if isinstance(answer, Undecided) else (answer, False)


few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.filterwarnings("ignore")  # the backend of SendGrid warns that it will go
@pytest.mark.parametrize("service", SHARED)
@few
@given(PEOPLE, FEW, FEW)
def test_one_message_for_all_is_read_as_one(service: str, to: Any, cc: Any, bcc: Any) -> None:
    if service == "unisender_go":
        bcc = []  # it prints in its headers who is a copy; the rest of its copies are another test's matter
    found = sent(service, to, cc, bcc)
    if found is None:
        return
    messages, left_open = found
    assert not left_open or (service == "mandrill" and len([*to, *cc, *bcc]) > 1)
    everybody = set().union(*(seen((*one.to, *one.cc, *one.bcc)) for one in messages))
    assert everybody == keys([*to, *cc, *bcc])
    for message in messages:
        # SparkPost writes to each by himself, and prints the same lines for all.
        assert seen(message.to) | seen(message.cc) == keys([*to, *cc])
        assert not seen(message.bcc) - keys(bcc) or service == "sparkpost"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("service", APART)
@few
@given(PEOPLE, st.sampled_from([{"merge_metadata": {}}, {"merge_data": {}}]))
def test_one_message_each_is_read_as_such(service: str, to: Any, options: Any) -> None:
    found = sent(service, to, [], [], **options)
    if found is None:
        return
    messages, left_open = found
    assert not left_open
    assert [len(seen(one.to)) for one in messages] == [1] * len(messages)
    assert set().union(*(seen(one.to) for one in messages)) == keys(to)
    assert not any(one.cc or one.bcc for one in messages)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("service", SHARED)
def test_nobody_of_a_thousand_is_lost(service: str) -> None:
    found = sent(service, THOUSAND, [], [])
    assert found is not None
    assert set().union(*(seen(one.to) for one in found[0])) == keys(THOUSAND)
    if service in APART:
        found = sent(service, THOUSAND, [], [], merge_metadata={})
        assert found is not None
        assert len(found[0]) == 1000
