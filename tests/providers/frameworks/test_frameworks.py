"""Mail of frameworks: where each of them takes the people, and who of them is printed."""

from __future__ import annotations

import asyncio
from email.mime.text import MIMEText
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.provider import Refused
from mailguard.model.value import Items, Member, Parameter, Text, Unknown
from mailguard.providers import frameworks as provider
from mailguard.providers.frameworks import PROVIDER
from mailguard.transports import encodings
from mailguard.transports.mime.models import MimeText

from .. import postbox, samples  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"
MANY_PEOPLE = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
CALLS = postbox.functions(PROVIDER.library)


def shown(to: list[str], cc: Any = (), bcc: Any = (), visible: Any = ()) -> dict[str, list[str]]:
    return {"to": list(to), "cc": list(cc), "bcc": list(bcc), "visible_bcc": list(visible)}


# --- Twisted ---------------------------------------------------------------------------------------

SOURCE = f"To: {A}, {B}\nBcc: {C}\n\nT"


@pytest.mark.parametrize(
    "call",
    [
        lambda to: provider.twisted_sendmail("localhost", FROM, to, SOURCE, port=25),
        lambda to: provider.smtp_sender_factory(FROM, to, encodings.Buffer(SOURCE), None),
        lambda to: provider.esmtp_sender_factory("u", "p", FROM, to, SOURCE.encode(), None),
    ],
)
def test_twisted_hands_on_the_bytes_to_the_envelope(call: Any) -> None:
    assert postbox.views(call([A, D])) == [shown([A, B], bcc=[D], visible=[C])]
    assert postbox.views(call(D)) == [shown([A, B], bcc=[D], visible=[C])]
    with pytest.raises(Refused):
        call([])


def test_twisted_takes_message_objects() -> None:
    message = MimeText("T")
    message["To"] = Text((Unknown("name"), "@example.com"))
    sent = provider.twisted_sendmail(Unknown("host"), FROM, MANY_PEOPLE, message)
    (decoded,) = samples.decoded(sent)  # type: ignore[misc]  # a tuple
    assert len(decoded.to) == 1
    assert [person.count for person in decoded.bcc] == [MANY]


# --- Scrapy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [provider.MailSender("localhost", FROM), provider.MailSender.from_settings({})])
def test_scrapy_prints_to_and_cc(made: provider.MailSender) -> None:
    assert postbox.views(made.send([A, B], "S", "T", [C])) == [shown([A, B], [C])]
    assert postbox.views(made.send(A, "S", "T", cc=C)) == [shown([A], [C])]
    assert postbox.views(provider.MailSender.from_crawler(None).send((A, B), "S", "T")) == [shown([A, B])]
    with pytest.raises(Refused):
        made.send([], "S", "T")


# --- Airflow ---------------------------------------------------------------------------------------

PEOPLE = st.lists(postbox.PLAIN, min_size=1, max_size=3, unique=True)
ONE_OR_MORE = PEOPLE | PEOPLE.map(", ".join) | PEOPLE.map(";".join)
SENDS: dict[str, Any] = {
    "core": lambda to, cc, bcc, headers: provider.airflow_send_email(
        to, "S", "T", cc=cc, bcc=bcc, custom_headers=headers
    ),
    "ses": lambda to, cc, bcc, headers: provider.airflow_ses(to, "S", "T", None, cc, bcc, custom_headers=headers),
    "ses hook": lambda to, cc, bcc, headers: provider.SesHook().send_email(
        FROM, to, "S", "T", None, cc, bcc, custom_headers=headers
    ),
    "smtp hook": lambda to, cc, bcc, headers: (
        provider.SmtpHook().get_conn().asend_email_smtp(to=to, cc=cc, bcc=bcc, custom_headers=headers)
    ),
    "operator": lambda to, cc, bcc, headers: provider.EmailOperator(
        task_id="t", to=to, subject="S", cc=cc, bcc=bcc, custom_headers=headers
    ).execute(),
}


def split(value: Any) -> list[str]:
    return value if isinstance(value, list) else value.replace(";", ",").replace(" ", "").split(",")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(SENDS)), ONE_OR_MORE, st.none() | ONE_OR_MORE, st.none() | ONE_OR_MORE)
def test_airflow_prints_lists_and_texts_whole(name: str, to: Any, cc: Any, bcc: Any) -> None:
    visible = {*split(to), *(split(cc) if cc else [])}
    hidden = sorted({*(split(bcc) if bcc else [])} - visible)
    expected = shown(sorted(split(to)), sorted(split(cc)) if cc else [], hidden)
    assert postbox.views(SENDS[name](to, cc, bcc, None)) == [expected]


@pytest.mark.parametrize("name", SENDS)
def test_a_header_of_ones_own_is_a_line_besides(name: str) -> None:
    assert postbox.views(SENDS[name]([A], None, None, {"To": B, "Bcc": C})) == [shown([A, B], visible=[C])]


@pytest.mark.parametrize("name", SENDS)
def test_airflow_takes_lists_of_unknown_length(name: str) -> None:
    (message,) = samples.decoded(SENDS[name](MANY_PEOPLE, None, None, None))  # type: ignore[misc]  # a tuple
    assert [person.count for person in message.to] == [MANY]
    (message,) = samples.decoded(SENDS[name](Parameter("to", "m:f"), None, MANY_PEOPLE, None))  # type: ignore[misc]  # a tuple
    assert message.to[0].parameter


def test_airflow_builds_a_message_for_the_caller() -> None:
    message, people = provider.airflow_build_mime_message(
        FROM, [A, B], "S", "T", cc=[C], bcc=D, custom_headers={"X": "1"}
    )  # type: ignore[misc]  # a pair
    sent = provider.airflow_send_mime_email(FROM, people, message)
    assert isinstance(sent, SmtpTransaction)
    assert postbox.views(sent) == [shown([A, B], [C], [D])]


def test_airflow_posts_one_personalization_to_sendgrid() -> None:
    assert postbox.views(provider.airflow_sendgrid([A, B], "S", "T", cc=C, bcc=[D])) == [shown([A, B], [C], [D])]


def test_a_dry_run_sends_nothing() -> None:
    assert provider.airflow_send_email(A, "S", "T", dryrun=True) is None
    assert provider.airflow_send_mime_email(FROM, A, "T", dryrun=True) is None
    assert provider.SmtpHook().send_email_smtp(to=A, dryrun=True) is None
    with pytest.raises(Refused):
        provider.airflow_send_email([], "S", "T")


# --- Prefect, Dagster, Superset --------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={name: PEOPLE | PEOPLE.map(", ".join) for name in ("email_to", "email_to_cc", "email_to_bcc")},
    )
)
def test_prefect(options: dict[str, Any]) -> None:
    real = pytest.importorskip("prefect_email", reason="prefect-email is compared where it is installed")
    with postbox.posting() as box:
        import smtplib

        credentials = SimpleNamespace(username=FROM, get_server=smtplib.SMTP)

        def act() -> Any:
            asyncio.run(real.email_send_message.fn("S", "T", credentials, **options))
            return box.sent

        expected = postbox.outcome(act)
    assert postbox.outcome(lambda: provider.prefect_send_message("S", "T", None, **options)) == expected


def test_positions() -> None:
    assert postbox.views(CALLS["prefect_email.email_send_message"]("S", "T", None, None, FROM, [A, B], C, D)) == [
        shown([A, B], [C], [D])
    ]
    with pytest.raises(Refused):
        CALLS["prefect_email.email_send_message"]("S", "T", None)
    assert postbox.views(CALLS["dagster.make_email_on_run_failure_sensor"](FROM, "p", [A, B])) == [shown([A, B])]
    assert postbox.views(CALLS["superset.utils.core.send_email_smtp"](f"{A}; {B}", "S", "T", {}, bcc=C)) == [
        shown([A, B], bcc=[C])
    ]


# --- Apprise ---------------------------------------------------------------------------------------


def test_apprise_writes_one_message_for_each_target_with_cc_on_each() -> None:
    apprise = provider.Apprise()
    apprise.add(f"mailto://user:pw@example.com?to={A},{B}&cc={C}&bcc={D}")
    apprise.add(["slack://token", f"mailtos://user:pw@example.com/{C}"])
    apprise.add(Unknown("url"))
    found = postbox.views(apprise.notify("T"))
    assert found == [shown([A], [C], [D]), shown([B], [C], [D]), shown([C])]
    apprise.clear()
    assert apprise.async_notify("T") == []
    assert len(provider.Apprise("mailto://user:pw@example.com").notify()) == 1


def test_only_what_the_model_makes_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com")) is None
    assert isinstance(PROVIDER.decode("notify", HttpRequest("POST", "apprise:notify", {}, None)), CannotTell)
    assert isinstance(PROVIDER.decode("other", HttpRequest("POST", "apprise:notify", {}, {})), CannotTell)


# --- What holds a message on its way -----------------------------------------------------------------


def test_a_message_is_written_through_a_generator() -> None:
    message = MimeText("T")
    message["To"] = f"{A}, {B}"
    buffer = encodings.Buffer()
    encodings.Generator(buffer, mangle_from_=False).flatten(message)
    assert postbox.views(SmtpTransaction("smtp://localhost", FROM, [A, B], buffer.getvalue())) == [shown([A, B])]
    real = MIMEText("T")
    real["To"] = f"{A}, {B}"
    with encodings.Buffer(initial_bytes=real.as_bytes()) as held:
        held.seek(0)
        assert held.read() == real.as_bytes()
        held.write(b"more")
        held.close()
    encodings.Generator(Unknown("file")).flatten(message)
    encodings.Generator(buffer).flatten(Unknown("message"))


@pytest.mark.parametrize("name", ["airflow.DAG", "airflow.operators.bash.BashOperator"])
def test_airflow_tells_all_of_a_task_at_once(name: str) -> None:
    task = CALLS[name]
    assert postbox.views(task("x", email=[A, B])) == [shown([A, B])]
    assert postbox.views(task("x", default_args={"email": [A, B], "email_on_failure": True})) == [shown([A, B])]
    quiet: dict[str, Any] = {"email_on_failure": False, "email_on_retry": False}
    assert task("x", email=[A, B], **quiet) is None
    assert task("x", default_args={"email": [A, B], **quiet}) is None
    assert task("x") is task("x", default_args={"owner": "me"}) is task("x", email=[]) is None
