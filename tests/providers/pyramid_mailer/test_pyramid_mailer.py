"""The model of pyramid_mailer prints and sends what the package prints and sends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.provider import Refused
from mailguard.providers import pyramid_mailer as provider

from .. import postbox  # noqa: TID252  # the tests are no package with a name

A, B, C = "ann@example.com", "bob@example.org", "cat@example.net"
FROM = "from@example.com"
PEOPLE = st.lists(postbox.PLAIN, max_size=3)
HEADERS = st.none() | st.dictionaries(st.sampled_from(["To", "cc", "X-Other"]), postbox.PLAIN, max_size=2)
MESSAGE = st.fixed_dictionaries(
    {"recipients": PEOPLE}, optional={"cc": PEOPLE, "bcc": PEOPLE, "extra_headers": HEADERS}
)


def transmit(message: Any, mailer: Any, options: dict[str, Any], one_by_one: bool) -> Any:
    if not one_by_one:
        return mailer.send_immediately(message("S", sender=FROM, body="T", **options))
    made = message("S", sender=FROM, body="T", **{**options, "recipients": None})
    for person in options["recipients"]:
        made.add_recipient(person)
    return mailer.send_immediately(made)


# pyramid_mailer 0.15.1 imports ``cgi``, which Python 3.13 no longer has.
@pytest.mark.filterwarnings("ignore:'cgi' is deprecated:DeprecationWarning")
@settings(max_examples=60, deadline=None)
@given(MESSAGE, st.booleans())
def test_the_model_sends_what_the_package_sends(options: dict[str, Any], one_by_one: bool) -> None:
    pytest.importorskip(
        "pyramid_mailer.mailer",
        exc_type=ImportError,
        reason="the model is compared with pyramid_mailer where it is installed",
    )
    from pyramid_mailer.exceptions import InvalidMessage
    from pyramid_mailer.mailer import Mailer
    from pyramid_mailer.message import Message
    from repoze.sendmail.encoding import encode_message

    box = postbox.Postbox()

    class Relay:
        """What repoze.sendmail hands to ``smtplib``."""

        def send(self, sender: Any, people: Any, message: Any) -> None:
            box.take(sender, people, encode_message(message))

    def act() -> Any:
        try:
            transmit(Message, Mailer(smtp_mailer=Relay()), options, one_by_one)
        except InvalidMessage as error:
            raise ValueError from error
        return box.sent

    expected = postbox.outcome(act)
    found = postbox.outcome(lambda: transmit(provider.Message, provider.Mailer(), options, one_by_one))
    assert found == expected


def test_everybody_stands_in_one_line() -> None:
    message = provider.Message("S", [A, B], "T", sender=FROM, cc=[C])
    (view,) = postbox.views(provider.Mailer().bind().send_to_queue(message))
    assert (view["to"], view["cc"]) == ([A, B], [C])
    with pytest.raises(Refused):
        provider.Mailer().send(provider.Message("S", body="T", sender=FROM))
