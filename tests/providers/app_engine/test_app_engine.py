"""The model of App Engine's mail hands over the people whom the package hands over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.exchange import RawMessage
from mailguard.model.provider import Refused
from mailguard.providers import app_engine as provider
from mailguard.transports.mime.reading import message_of

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B, C = "ann@example.com", "bob@example.org", "cat@example.net"
PEOPLE = st.lists(postbox.PLAIN, min_size=1, max_size=3, unique=True) | postbox.PLAIN
FIELDS = st.fixed_dictionaries({}, optional={"to": PEOPLE, "cc": PEOPLE, "bcc": PEOPLE})


def seen(exchanges: Any) -> tuple[list[str], list[str], list[str]]:
    """Who stands in To, in Cc, and who is hidden."""
    [raw] = exchanges
    assert isinstance(raw, RawMessage)
    message = message_of(raw.data, raw.rcpt_to, bcc="removed")
    groups = (message.to, message.cc, message.bcc)  # type: ignore[union-attr]  # concrete people can be told
    to, cc, bcc = ([str(person.address) for person in group] for group in groups)
    return to, cc, bcc


@settings(max_examples=60, deadline=None)
@given(FIELDS, st.booleans())
def test_the_model_sends_to_whom_the_package_sends(fields: dict[str, Any], later: bool) -> None:
    real = pytest.importorskip(
        "google.appengine.api.mail", reason="the model is compared with App Engine's package where it is installed"
    )
    options = {"sender": A, "subject": "S", "body": "B"}

    def act(message: Any, send: Any) -> Any:
        made = message(**options, **({} if later else fields))
        for name, value in (fields if later else {}).items():
            # A model keeps what is assigned where the interpreter finds it.
            made.write(name, value) if isinstance(made, provider.EmailMessage) else setattr(made, name, value)
        return send(made)

    if not fields:
        with pytest.raises(real.MissingRecipientsError):
            act(real.EmailMessage, lambda made: made.ToProto())
        with pytest.raises(Refused):
            act(provider.EmailMessage, lambda made: made.send())
        return
    expected = act(real.EmailMessage, lambda made: made.ToProto())
    to, cc, bcc = seen(act(provider.EmailMessage, lambda made: made.send()))
    assert (to, cc) == (list(expected.To), list(expected.Cc))
    assert set(bcc) == {*expected.Bcc} - {*to, *cc}


@pytest.mark.parametrize("to", [[A, B], (A, B), f"{A}, {B}"])
def test_everybody_stands_in_one_message(to: Any) -> None:
    assert seen(provider.send_mail(C, to, "S", "T", bcc=[C])) == ([A, B], [], [C])


def test_a_message_to_nobody_is_refused() -> None:
    with pytest.raises(Refused):
        provider.EmailMessage(sender=A, subject="S", body="T").send()


def test_the_administrators_are_the_operators() -> None:
    assert len(provider.send_mail_to_admins(A, "S", "T")) == len(provider.AdminEmailMessage(sender=A).send()) == 1
