"""Odoo: email_to is shared, partners are not; the mail server's own headers."""

from __future__ import annotations

from typing import Any

import pytest

from mailguard.model.count import MANY, ONE, OPTIONAL
from mailguard.model.exchange import HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell
from mailguard.model.provider import Refused
from mailguard.model.value import Either, Fields, Items, Member, Parameter, Repeat, Text, Unknown, Value
from mailguard.providers import odoo as provider
from mailguard.providers.odoo import PROVIDER

from .. import postbox, samples  # noqa: TID252  # the tests are no package with a name

A, B, C, D = "ann@example.com", "bob@example.org", "cat@example.net", "dan@example.com"
FROM = "from@example.com"


def shown(to: list[str], cc: Any = (), bcc: Any = ()) -> dict[str, list[str]]:
    return {"to": list(to), "cc": list(cc), "bcc": list(bcc), "visible_bcc": []}


def table(name: Value) -> Any:
    return provider.Model().env[name]


def created(values: Value) -> list[Any]:
    return [samples.decoded(exchange) for exchange in table("mail.mail").sudo().create(values)]


def test_email_to_is_one_message() -> None:
    assert postbox.views(table("mail.mail").create({"email_to": f"{A}, {B}", "email_cc": C})) == [shown([A, B], [C])]


def test_each_partner_gets_a_message_of_his_own() -> None:
    ((message,),) = created({"recipient_ids": [(6, 0, [1, 2, 3])], "email_cc": C})
    assert (message.to[0].count, message.copies) == (ONE, MANY)
    assert [person.address for person in message.cc] == [C]
    ((one, other),) = created({"email_to": A, "recipient_ids": Unknown("partners")})
    assert [person.address for person in one.to] == [A]
    assert other.to[0].count == ONE
    assert created({"email_to": False, "recipient_ids": []}) == [()]
    ((message,),) = created({"email_cc": C, "reply_to": A})
    assert (message.to, len(message.cc), len(message.reply_to)) == ((), 1, 1)


def test_several_records_and_branches() -> None:
    assert len(created([{"email_to": A}, {"email_to": B}])) == 2
    assert len(created(Either(({"email_to": A}, [{"email_to": B}])))) == 2
    joined = Text((Repeat(Unknown("user.email", OPTIONAL), MANY, ","),))
    ((message,),) = created(Fields((("email_to", joined),)))
    assert [person.count for person in message.to] == [MANY]
    (answer,) = created(Parameter("values", "m:f"))
    assert isinstance(answer, CannotTell)


def test_the_mail_server_prints_lists_and_takes_bcc_out() -> None:
    server = table("ir.mail_server").sudo()
    message = server.build_email(FROM, [A, B], "S", "T", [C], [D], reply_to=A, headers={"X-A": "1"})
    assert postbox.views(server.send_email(message)) == [shown([A, B], [C], [D])]
    many = Items((Member(Unknown("user.email", OPTIONAL), MANY),))
    (sent,) = server.send_email(server.build_email(FROM, many, "S", "T"))
    (decoded,) = samples.decoded(sent)  # type: ignore[misc]  # a tuple
    assert [person.count for person in decoded.to] == [MANY]
    assert len(server.send_email(Either((message, Unknown("message"))))) == 2
    with pytest.raises(Refused):
        server.send_email(server.build_email(FROM, [], "S", "T"))


def test_two_headers_change_what_to_shows() -> None:
    server = table("ir.mail_server")
    forged = server.build_email(FROM, [A], "S", "T", headers={"X-Forge-To": f"{B}, {C}"})
    assert postbox.views(server.send_email(forged)) == [shown([B, C], bcc=[A])]
    added = server.build_email(FROM, [A], "S", "T", headers={"X-Msg-To-Add": f"{B}, {C}"})
    assert postbox.views(server.send_email(added)) == [shown([A, B, C])]


def test_old_releases_have_a_function() -> None:
    call = postbox.functions(PROVIDER.library)["openerp.tools.email_send"]
    assert postbox.views(call(FROM, [A, B], "S", "T", [C], [D])) == [shown([A, B], [C], [D])]


def test_other_tables_are_queries() -> None:
    assert table("res.partner") == Unknown("ResPartner")
    assert table(Unknown("name")) == Unknown("Model")


def test_only_what_the_model_makes_is_claimed() -> None:
    assert PROVIDER.claims(SmtpTransaction(None, None, None, None)) is None
    assert PROVIDER.claims(HttpRequest("POST", "https://example.com/web/dataset/call_kw/mail.mail/create")) is None
    for operation, body in (("mail.mail", None), ("mail.mail", "x"), ("other", {})):
        assert isinstance(PROVIDER.decode(operation, HttpRequest("POST", "odoo:mail.mail", {}, body)), CannotTell)


def test_a_template_may_be_given_other_people() -> None:
    for template in (table("mail.template").browse(1), provider.Environment().ref("news.email_template")):
        sent = template.with_context(lang="de").send_mail(1, True, email_values={"email_to": f"{A}, {B}"})
        assert postbox.views(sent) == [shown([A, B])]
        assert template.send_mail(1) == []
    assert provider.Environment().ref("base.main_company") == Unknown("a record")
