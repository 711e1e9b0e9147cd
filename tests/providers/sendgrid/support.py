"""Programs for the package and for the model of it, and what their requests show."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mailguard.model.exchange import HttpRequest
from mailguard.model.message import Message
from mailguard.model.provider import Refused
from mailguard.providers import sendgrid as ours

from .. import samples  # noqa: TID252  # the tests are no package with a name

pytest.importorskip("sendgrid")

import sendgrid.helpers.mail as real  # behind the check that it is there

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"

FAILURES = (ValueError, KeyError, TypeError, AttributeError, IndexError, Refused)

Program = Callable[[Any], Any]
"""Takes the package, or its model, and gives the mail."""


def body(program: Program, package: Any) -> dict[str, Any] | None:
    """The request that a program makes; None if the package fails."""
    try:
        return json.loads(json.dumps(program(package).get()))
    except FAILURES:
        return None


def messages(program: Program) -> tuple[Message, ...]:
    """What readers see, by the model."""
    request = ours.SendGridAPIClient("key").send(program(ours))
    answer = ours.decode("v3/mail/send", request)
    assert isinstance(answer, tuple), answer
    return answer


def recorded(program: Program) -> list[samples.Shown]:
    """What readers see, by the package's own request as a recorder keeps it."""
    sent = json.dumps(program(real).get())
    url = "https://api.sendgrid.com/v3/mail/send"
    (reading,) = samples.readings(samples.decoded(HttpRequest("POST", url, {"Content-Type": "application/json"}, sent)))
    return reading


def each_with_its_own(package: Any) -> Any:
    mail = package.Mail(FROM)
    for address in (A, B, C):
        personalization = package.Personalization()
        personalization.add_to(package.Email(address))
        mail.add_personalization(personalization)
    return mail


def one_for_all(package: Any) -> Any:
    mail = package.Mail(FROM)
    personalization = package.Personalization()
    for address in (A, B, C):
        personalization.add_to(package.Email(address))
    mail.add_personalization(personalization)
    return mail


def then(*calls: Callable[[Any, Any], object], **options: Any) -> Program:
    def run(package: Any) -> Any:
        mail = package.Mail(FROM, **options)
        for call in calls:
            call(mail, package)
        return mail

    return run
