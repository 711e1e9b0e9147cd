"""Frappe: one each, unless the recipients are exposed."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.model.count import ANY, MANY, ONE, OPTIONAL, UNBOUNDED
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Field
from mailguard.model.value import Either, Items, Member, Unknown, Value
from mailguard.providers.frappe import PROVIDER, sendmail

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"


def decoded(*arguments: Value, **options: Value) -> Any:
    request = sendmail(*arguments, **options)
    return PROVIDER.decode(PROVIDER.claims(request) or "", request)


@pytest.mark.parametrize("expose", [None, "", "other", False])
@pytest.mark.parametrize("people", [[A, B], f"{A}, {B}"])
def test_each_reader_sees_himself_only(expose: Any, people: Any) -> None:
    found = decoded(people, cc=[C], bcc=D, expose_recipients=expose, reply_to=C)
    assert [[person.address for person in one.to] for one in found] == [[A], [B], [C], [D]]
    assert all(one.cc == () and one.mentions == () for one in found)
    assert [person.address for person in found[0].reply_to] == [C]


def test_header_prints_all() -> None:
    (message,) = decoded([A, B], cc=[C], bcc=[D], expose_recipients="header")
    assert [[person.address for person in part] for part in (message.to, message.cc, message.bcc)] == [[A, B], [C], [D]]


def test_footer_writes_the_list_into_the_text() -> None:
    found = decoded([A, B], expose_recipients="footer")
    assert [[person.address for person in one.to] for one in found] == [[A], [B]]
    shown = [[(mention.field, mention.recipient.address, mention.known) for mention in one.mentions] for one in found]
    assert shown == [[(Field.TEXT, B, True)], [(Field.TEXT, A, True)]]
    (alone,) = decoded([A], expose_recipients="footer")
    assert alone.mentions == ()


def test_the_footer_of_a_list_names_others_than_its_reader() -> None:
    (each,) = decoded(Items((Member(Unknown("user.email", OPTIONAL), MANY),)), expose_recipients="footer")
    (mention,) = each.mentions
    assert mention.recipient.count.plain >= 1
    (one,) = decoded(Unknown("user.email", OPTIONAL), expose_recipients="footer")
    assert one.mentions == ()
    (all_of_them,) = decoded(Unknown("people", ANY), expose_recipients="footer")
    assert [mention.recipient.count.high for mention in all_of_them.mentions] == [UNBOUNDED]


def test_positions_are_those_of_the_library() -> None:
    filler = [None] * 16
    (message,) = decoded([A], "", *filler, [C], [D], None, None, None, "header")
    assert [[person.address for person in part] for part in (message.to, message.cc, message.bcc)] == [[A], [C], [D]]


def test_lists_of_unknown_length() -> None:
    people = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    (each,) = decoded(people)
    assert (each.to[0].count, each.copies) == (ONE, MANY)
    (shared,) = decoded(people, expose_recipients=Either(("header",)))
    assert shared.to[0].count == MANY


@pytest.mark.parametrize("expose", [Unknown("expose"), Either((None, "header"))])
def test_a_word_that_is_not_known_plainly_exposes_nobody(expose: Any) -> None:
    people = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    (message,) = decoded(people, expose_recipients=expose)
    assert (message.to[0].count.plain, message.to[0].count.high) == (1, MANY.high)


def test_only_what_the_model_makes_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com/api/method/frappe.sendmail")) is None
    for operation, body in (("sendmail", None), ("sendmail", "x"), ("other", {})):
        assert isinstance(PROVIDER.decode(operation, HttpRequest("POST", "frappe:sendmail", {}, body)), CannotTell)
