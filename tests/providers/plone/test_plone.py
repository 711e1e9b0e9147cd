"""The models of Plone's and Zope's mail print and send what the packages print and send."""

from __future__ import annotations

import warnings
from email.mime.text import MIMEText
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Items, Member, Parameter, Text, Unknown
from mailguard.providers import plone as provider
from mailguard.providers.plone import PROVIDER
from mailguard.transports.mime.models import MimeText

from .. import postbox, samples  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"
MANY_PEOPLE = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
CALLS = postbox.functions(PROVIDER.library)


def shown(to: list[str], cc: Any = (), bcc: Any = (), visible: Any = ()) -> dict[str, list[str]]:
    return {"to": list(to), "cc": list(cc), "bcc": list(bcc), "visible_bcc": list(visible)}


PEOPLE = st.lists(postbox.NAMED, min_size=1, max_size=3, unique=True)
LINES = st.lists(st.tuples(st.sampled_from(["To", "to", "Cc", "Bcc", "X-A"]), PEOPLE.map(", ".join)), max_size=3)
MTO = st.none() | PEOPLE | PEOPLE.map(", ".join)


@settings(max_examples=60, deadline=None)
@given(LINES, MTO, st.booleans())
def test_mailhost(lines: list[tuple[str, str]], mto: Any, as_text: bool) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        real = pytest.importorskip("Products.MailHost.MailHost", reason="MailHost is compared where it is installed")
    if sum(name == "Bcc" for name, _ in lines) > 1:
        return  # two Bcc lines are one more than anybody writes

    def message(kind: Any) -> Any:
        made = kind("T")
        made["From"] = FROM
        for name, value in lines:
            made[name] = value
        return made.as_string() if as_text else made

    box = postbox.Postbox()
    host = real.MailHost()
    with mock.patch.object(real.MailBase, "_send", lambda _, sender, to, data, *__: box.take(sender, to, data)):

        def act() -> Any:
            try:
                host.send(message(MIMEText), mto, FROM, "S")
            except real.MailHostError as error:
                raise ValueError from error
            return box.sent

        expected = postbox.outcome(act)
    assert postbox.outcome(lambda: provider.MailHost().send(message(MimeText), mto, FROM, "S")) == expected


def test_mto_overwrites_what_is_printed() -> None:
    host = CALLS["plone.api.portal.get_tool"]("MailHost")
    assert postbox.views(host.send("To: undisclosed-recipients:;\n\nT", [A, B])) == [shown([A, B])]
    assert postbox.views(host.scheduledSend(f"To: {A}\nBcc: {B}\n\nT")) == [shown([A], bcc=[B])]
    assert postbox.views(host.simple_send(f"{A}, {B}", FROM, "S", "T")) == [shown([A, B])]
    assert postbox.views(host.secureSend("T", A, mcc=B, mbcc=[C])) == [shown([A], [B], [C])]
    assert postbox.views(CALLS["plone.api.portal.send_email"](FROM, f"{A}, {B}", "S", "T")) == [shown([A, B])]
    with pytest.raises(Refused):
        host.send("Subject: S\n\nT")


def test_people_that_the_code_does_not_tell() -> None:
    host = CALLS["Products.CMFCore.utils.getToolByName"](Unknown("context"), "MailHost")
    (message,) = samples.decoded(host.send("Subject: S\n\nT", MANY_PEOPLE))
    assert [person.count for person in message.to] == [MANY]
    (message,) = samples.decoded(host.send("Subject: S\n\nT", Parameter("mto", "m:f")))
    assert message.to[0].parameter
    (message,) = samples.decoded(host.send(Unknown("message"), [A]))
    assert [person.address for person in message.to][-1:] == [A]
    (message,) = samples.decoded(host.send(f"To: {C}\n\nT", Either((None, f"{A}, {B}"))))
    assert sum(person.count.plain for person in message.to) >= 2
    (message,) = samples.decoded(host.simple_send(Text((Unknown("mto"),)), FROM, "S", "T"))
    assert message.to
    assert samples.decoded(host.sendTemplate(None, "t", mto=[A])) is not None
    assert CALLS["plone.api.portal.get_tool"]("portal_catalog") == Unknown("a tool")


def test_zope_sendmail_hands_on_the_bytes() -> None:
    delivery = provider.Delivery("queue")
    assert postbox.views(delivery.send(FROM, [A, D], f"To: {A}\nBcc: {C}\n\nT")) == [shown([A], bcc=[D], visible=[C])]
    with pytest.raises(Refused):
        delivery.send(FROM, [], "T")


def test_nothing_on_the_wire_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None


def test_a_site_finds_its_mail_by_an_interface() -> None:
    constants = dict(PROVIDER.library.constants)
    get_utility = CALLS["zope.component.getUtility"]
    assert isinstance(get_utility(constants["Products.MailHost.interfaces.IMailHost"]), provider.MailHost)
    assert isinstance(get_utility(constants["zope.sendmail.interfaces.IMailDelivery"], "mail"), provider.Delivery)
    assert get_utility("zope.intid.interfaces.IIntIds") == Unknown("a utility")
