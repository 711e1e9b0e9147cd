"""Older releases of the package, whose requests are samples."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mailguard.model.value import Parameter, Text, Unknown
from mailguard.providers import sendgrid as ours

from .. import samples  # noqa: TID252  # the tests are no package with a name
from .support import FROM, A, B, C, D, messages


def _sample(name: str) -> dict[str, Any]:
    return json.loads((samples.FOLDER / "sendgrid" / f"{name}.json").read_text("utf-8"))


def test_positions_of_releases_3_to_5() -> None:
    mail = ours.Mail(ours.Email(FROM), "S", ours.Email(A), Unknown("content"))
    emitted = json.loads(_sample("sendgrid_v5_mail_single")["request"]["body"])
    assert mail.get()["personalizations"] == emitted["personalizations"]
    mail.read("personalizations")[0].add_to(ours.Email(B))
    mail.read("personalizations")[0].add_to(ours.Email(C))
    emitted = json.loads(_sample("sendgrid_v5_personalizations0_add_to")["request"]["body"])
    assert mail.get()["personalizations"] == emitted["personalizations"]


def test_releases_3_to_5_append_personalizations() -> None:
    mail = ours.Mail(ours.Email(FROM), "S", ours.Email(A), Unknown("content"))
    second = ours.Personalization()
    second.add_to(ours.Email(B))
    second.add_cc(ours.Email(C))
    second.add_bcc(ours.Email(D))
    mail.add_personalization(second)
    emitted = json.loads(_sample("sendgrid_v5_second_personalization")["request"]["body"])
    assert mail.get()["personalizations"] == emitted["personalizations"]


@pytest.mark.parametrize(
    "arguments",
    [
        (Unknown("from"), Unknown("subject"), Unknown("to_email"), Unknown("content")),
        (Unknown("from"), Parameter("subject", "f"), Parameter("to", "f"), Unknown("content")),
        (Unknown("from"), "Welcome", Unknown("to"), Unknown("content")),
        (Unknown("from"), Text(("Welcome to ", Unknown("site"))), Unknown("to"), Unknown("content")),
    ],
)
def test_a_subject_in_the_second_place_is_no_recipient(arguments: tuple[Any, ...]) -> None:
    (message,) = messages(lambda package: package.Mail(*arguments))
    assert [person.label in ("to", "to_email") for person in message.to] == [True]
    assert [person.count.high for person in message.to] == [1]


def test_the_seventh_position_of_6_0_is_is_multiple() -> None:
    found = messages(lambda package: package.Mail(FROM, [A, B], "S", "T", "H", None, True))
    assert [len(message.to) for message in found] == [1, 1]


def _release_1(calls: Callable[[Any], object], **opts: Any) -> list[samples.Shown]:
    mail = ours.OldMail(**opts)
    calls(mail)
    request = ours.SendGridClient("key").send(mail)
    (reading,) = samples.readings(samples.decoded(request))
    return reading


RELEASE_1: dict[str, tuple[Callable[[Any], object], dict[str, Any]]] = {
    "sendgrid_v1_add_to_list": (lambda m: (m.add_to([A, B]), m.add_to("Cat <cat@example.net>")), {}),
    "sendgrid_v1_bcc_only": (lambda m: m.add_bcc([A, B]), {}),
    "sendgrid_v1_comma_lost": (lambda m: None, {"to": f"{A}, {B}"}),
    "sendgrid_v1_tuple": (lambda m: m.add_to((A, B)), {"cc": [C]}),
    "sendgrid_v2_web_xsmtpapi_to": (lambda m: m.read("smtpapi").add_to([A, B, C]), {}),
    "sendgrid_v1_set_tos": (lambda m: m.read("smtpapi").set_tos([A, B]), {"cc": [C]}),
}


@pytest.mark.parametrize("name", RELEASE_1)
def test_release_1_sends_what_it_sent(name: str) -> None:
    calls, opts = RELEASE_1[name]
    expected = [samples.expected(message) for message in _sample(name)["expect"]["messages"]]
    assert _release_1(calls, from_email=FROM, subject="S", text="T", **opts) == expected


def test_a_name_of_release_1_that_is_an_address_is_printed() -> None:
    mail = ours.OldMail(from_email=FROM)
    mail.add_to((A, B))
    answer = ours.decode("api/mail.send", ours.SendGridClient("key").send(mail))
    assert isinstance(answer, tuple)
    assert [mention.recipient.address for mention in answer[0].mentions] == [B]
