"""Outlook and CDO: texts with semicolons, and entries of three kinds."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.model.count import MANY, OPTIONAL
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.value import Either, Known, Object, Repeat, Text, Unknown
from mailguard.providers import outlook as provider
from mailguard.providers.outlook import PROVIDER

from .. import postbox, samples  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"


def item(name: Any = "Outlook.Application") -> provider.MailItem:
    found = provider.dispatch(name)
    assert isinstance(found, provider.Application)
    made = found.CreateItem(0)
    assert isinstance(made, provider.MailItem)
    return made


def add(made: provider.MailItem, name: Any, kind: int | None = None) -> None:
    people = made.read("Recipients")
    assert isinstance(people, provider.Recipients)
    entry = people.Add(name)
    assert isinstance(entry, provider.Recipient)
    if kind is not None:
        entry.write("Type", Known(kind))
    assert entry.Resolve()
    assert people.ResolveAll()


@pytest.mark.parametrize("names", [("To", "CC", "BCC"), ("to", "Cc", "Bcc"), ("TO", "cc", "bcc")])
def test_texts_are_split_at_semicolons_however_the_names_are_spelled(names: tuple[str, ...]) -> None:
    made = item("outlook.application")
    for name, value in zip(names, (f"{A}; {B}", C, D), strict=True):
        made.write(name, value)
    made.write("Subject", "S")
    made.Display()
    made.Save()
    assert postbox.views(made.Copy().Send()) == [{"to": [A, B], "cc": [C], "bcc": [D], "visible_bcc": []}]


def test_the_last_spelling_counts() -> None:
    made = item()
    made.write("to", A)
    made.write("To", B)
    assert postbox.views(made.send())[0]["to"] == [B]


def test_entries_are_of_the_kind_that_their_type_says() -> None:
    made = item()
    made.write("To", A)
    add(made, B)
    add(made, C, 2)
    add(made, D, 3)
    assert postbox.views(made.Send()) == [{"to": [A, B], "cc": [C], "bcc": [D], "visible_bcc": []}]


def test_what_is_added_in_a_loop_is_many() -> None:
    made = item()
    for _ in range(3):
        add(made, Unknown("user.email", OPTIONAL))
    (message,) = samples.decoded(made.Send())  # type: ignore[misc]  # a tuple
    assert [person.count for person in message.to] == [MANY]


def test_joined_texts_are_many() -> None:
    made = item()
    made.write("To", Text((Repeat(Unknown("user.email", OPTIONAL), MANY, ";"),)))
    (message,) = samples.decoded(made.Send())  # type: ignore[misc]  # a tuple
    assert [person.count for person in message.to] == [MANY]


def test_only_mails_of_outlook_and_cdo_are_modelled() -> None:
    assert provider.dispatch("Excel.Application") == Unknown("COM")
    assert isinstance(provider.dispatch("CDO.Message"), provider.MailItem)
    assert isinstance(provider.dispatch(Either(("Excel.Application", "Outlook.Application"))), Object)
    application = provider.dispatch("Outlook.Application.16")
    assert isinstance(application, provider.Application)
    assert application.CreateItem(1) == Unknown("an item")
    assert isinstance(application.CreateItemFromTemplate("x.oft"), provider.MailItem)
    assert isinstance(application.CreateItem(Unknown("kind")), provider.MailItem)


def test_nothing_on_the_wire_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
