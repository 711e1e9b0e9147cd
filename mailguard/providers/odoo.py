"""Odoo: records of ``mail.mail``, and ``ir.mail_server``.

``email_to`` of a record is one message, printed to all who are in it; each partner of ``recipient_ids`` gets a message of
his own. Cc is printed on the messages of the record (newer releases: on the first).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE, Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient
from mailguard.model.provider import Function, Library, Provider, Refused, Source
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    inherit,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.transports.letters import header_lines, line, present, transmission
from mailguard.transports.mime.models import LegacyMessage, checked

__all__ = ["PROVIDER", "Environment", "MailMail", "MailServer"]

# --- mail.mail -----------------------------------------------------------------------------------

_URL: Final = "odoo:mail.mail"
"""The URL of the request that stands for a record of ``mail.mail``."""


def claims(exchange: Exchange) -> str | None:
    """``mail.mail``: the request that the model makes; no capture holds one."""
    return "mail.mail" if isinstance(exchange, HttpRequest) and text(exchange.url) == _URL else None


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for ``email_to``, and one for each partner."""
    if operation != "mail.mail" or not isinstance(exchange, HttpRequest) or isinstance(exchange.body, Form):
        return CannotTell(Reason.UNKNOWN_FORM)
    record = exchange.body
    if isinstance(record, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the record")
    if sort_of(record) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM)
    to, cc = (recipients(present(get(record, name))) for name in ("email_to", "email_cc"))
    reply_to = recipients(present(get(record, "reply_to"))).recipients
    shared = Message(to=to.recipients, cc=cc.recipients, reply_to=reply_to, mentions=(*to.mentions, *cc.mentions))
    found = [shared] if to.recipients else []
    partners = get(record, "recipient_ids")
    if not isinstance(partners, Absent) and truth(partners) is not Truth.NO:
        each_of_them = Recipient(None, ONE, trail=trail_of(partners), label="recipient_ids")
        found.append(replace(shared, to=(each_of_them,), copies=MANY, mentions=cc.mentions))
    if not found and cc.recipients:
        found.append(shared)
    return tuple(found)


class MailMail(Object):
    """``env["mail.mail"]``: the table of mails that go out."""

    def _same(self, *_: Value, **__: Value) -> MailMail:
        return self

    sudo = with_context = with_user = with_company = browse = with_env = _same

    def create(self, vals_list: Value = None) -> list[Exchange]:
        """A record, or several. It goes out when it is sent, or when the queue is worked off."""
        return [HttpRequest("POST", _URL, {}, record, "json") for record in _each_record(vals_list)]


class MailTemplate(Object):
    """``env["mail.template"]``, or a template by its name: what is written besides replaces what the template says."""

    def _same(self, *_: Value, **__: Value) -> MailTemplate:
        return self

    sudo = with_context = with_user = with_company = browse = search = with_env = _same

    def send_mail(
        self,
        res_id: Value = None,
        force_send: Value = False,
        raise_exception: Value = False,
        email_values: Value = None,
        *_: Value,
        **__: Value,
    ) -> list[Exchange]:
        """A mail out of the template; without values of its own the template, and the record, tell its people."""
        del res_id, force_send, raise_exception
        return [HttpRequest("POST", _URL, {}, email_values, "json")] if sort_of(email_values) is Sort.MAPPING else []


def _each_record(values: Value) -> list[Value]:
    if isinstance(values, Either):
        options = [inherit(option, values.trail) for option in values.options if not isinstance(option, Absent)]
        return [record for option in options for record in _each_record(option)]
    if sort_of(values) is Sort.COLLECTION:
        return [member.value for member in each(values) if member.count.high]
    return [values]


# --- ir.mail_server --------------------------------------------------------------------------------


class MailServer(Object):
    """``env["ir.mail_server"]``."""

    def _same(self, *_: Value, **__: Value) -> MailServer:
        return self

    sudo = with_context = with_user = browse = search = _same

    def build_email(
        self,
        email_from: Value = None,
        email_to: Value = None,
        subject: Value = None,
        body: Value = None,
        email_cc: Value = None,
        email_bcc: Value = None,
        reply_to: Value = False,
        attachments: Value = None,
        message_id: Value = None,
        references: Value = None,
        object_id: Value = False,
        subtype: Value = "plain",
        headers: Value = None,
        *_: Value,
        **__: Value,
    ) -> LegacyMessage:
        """The message; each list is one header line, Bcc too."""
        del email_from, body, attachments, message_id, references, object_id, subtype
        made = LegacyMessage()
        lines = [("Subject", subject), ("To", line(email_to)), ("Cc", line(email_cc)), ("Bcc", line(email_bcc))]
        for name, value in (*lines, ("Reply-To", reply_to)):
            if value is not None and scalar(value) is not False:
                made[name] = value
        for name, value in header_lines(headers).known:
            made[name] = value
        return made

    def send_email(self, message: Value, *_: Value, **__: Value) -> list[Exchange]:
        """The lines are the envelope, Bcc lines are taken out. Two headers of Odoo's own change what To shows."""
        if isinstance(message, Either):
            options = [option for option in message.options if not isinstance(option, Absent)]
            return [exchange for option in options for exchange in self.send_email(option)]
        return [_server_sent(message)]


def _server_sent(message: Value) -> SmtpTransaction:
    checked(message)
    data = message.render() if isinstance(message, Object) else message
    if not isinstance(data, Fields):
        return transmission([("To", data)], data)
    known = [(name.casefold(), value) for name, value in data.known]
    envelope = [value for name, value in known if name in {"to", "cc", "bcc"}]
    if not envelope:
        raise Refused("no recipients")
    forged = [value for name, value in known if name == "x-forge-to"]
    to = forged or [value for name, value in known if name == "to"]
    to += [value for name, value in known if name == "x-msg-to-add"]
    left = [
        (name, value)
        for name, value in data.known
        if name.casefold() not in {"to", "bcc", "x-forge-to", "x-msg-to-add"}
    ]
    return transmission([("To", line([value for value in to if value is not None])), *left], envelope)


def email_send(
    email_from: Value,
    email_to: Value,
    subject: Value,
    body: Value,
    email_cc: Value = None,
    email_bcc: Value = None,
    reply_to: Value = False,
    *_: Value,
    **__: Value,
) -> SmtpTransaction:
    """``tools.email_send`` of old releases: lists of addresses."""
    del body, reply_to
    people = [value for value in (line(email_to), line(email_cc), line(email_bcc)) if value is not None]
    lines = [("Subject", subject), ("To", line(email_to)), ("Cc", line(email_cc))]
    return transmission(lines, people, sender=email_from)


# --- Environments ----------------------------------------------------------------------------------


class Environment(Object):
    """``self.env``."""

    PATHS: tuple[str, ...] = ("odoo.api.Environment", "openerp.api.Environment", "odoo.orm.environments.Environment")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def __getitem__(self, name: Value) -> Value:
        whole = text(name) or ""
        if whole == "mail.mail":
            return MailMail()
        if whole == "ir.mail_server":
            return MailServer()
        if whole == "mail.template":
            return MailTemplate()
        # Another table, whose name the source machine takes for a query's.
        return Unknown("".join(part.capitalize() for part in whole.replace("_", ".").split(".")) or "Model")

    def ref(self, xml_id: Value = None, raise_if_not_found: Value = True) -> Value:
        """A record by its name, which says whether it is a template of a mail."""
        del raise_if_not_found
        return MailTemplate() if "template" in (text(xml_id) or "") else Unknown("a record")


class Model(Object):
    """``odoo.models.Model`` and its kin, from which the classes of a module derive."""

    PATHS: tuple[str, ...] = (
        *(f"odoo.models.{name}" for name in ("Model", "TransientModel", "AbstractModel", "BaseModel")),
        *(f"openerp.models.{name}" for name in ("Model", "TransientModel", "AbstractModel")),
    )

    @property
    def env(self) -> Environment:
        """The tables."""
        return Environment()


PROVIDER: Final = Provider(
    name="odoo",
    title="Odoo",
    sources=(
        Source(
            "https://github.com/odoo/odoo/blob/master/addons/mail/models/mail_mail.py",
            "email_to is one message, each partner of recipient_ids is one; email_cc; read",
        ),
        Source(
            "https://github.com/odoo/odoo/blob/master/odoo/addons/base/models/ir_mail_server.py",
            "build_email; X-Forge-To replaces the printed To, X-Msg-To-Add adds to it; read",
        ),
    ),
    claims=claims,
    decode=decode,
    library=Library(
        functions=(
            Function(
                ("odoo.tools.email_send", "openerp.tools.email_send", "openerp.tools.mail.email_send"), email_send
            ),
        ),
        classes=(Environment, Model, MailMail, MailServer, MailTemplate),
        tokens=("mail.mail", "ir.mail_server", "email_send", "email_values & send_mail"),
    ),
    explain=(
        "email_to of a mail.mail is one message, printed to all who are in it; each partner of recipient_ids gets a message "
        "of his own. email_cc is printed. There are no hidden copies in a mail.mail."
    ),
)
"""Odoo."""
