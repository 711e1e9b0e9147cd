"""MailerSend: ``/v1/email`` and ``/v1/bulk-email``, and the package ``mailersend``.

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it. Two things look as if they changed that, and do
not: ``personalization``, which only fills in the text, and ``precedence_bulk``, which is a header (``bulk_mode`` of the
package). A bulk request is a list of e-mails of their own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, TypeVar

from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, Count, Truth
from mailguard.model.exchange import Exchange, HttpRequest
from mailguard.model.message import Decoded
from mailguard.model.provider import Library, Provider, Refused, Source
from mailguard.model.value import (
    Absent,
    Either,
    Fields,
    Member,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    extended,
    get,
    inherit,
    is_tuple,
    join,
    sort_of,
    text,
    truth,
)
from mailguard.transports.json_api import Api, as_data, collected, given, mails, of_json, post, truthy, url

__all__ = ["PROVIDER", "Email", "EmailBuilder", "EmailContact", "EmailRequest", "MailerSendClient", "NewEmail"]

# --- Whose request it is, and what it means ------------------------------------------------------

_ONE: Final = "v1/email"
_BULK: Final = "v1/bulk-email"


def _looks(body: Value) -> str | None:
    """What a body is for that went to a path which is not known."""
    if sort_of(body) is Sort.COLLECTION:
        first = next((item for item, _ in each(body)), None)
        return _BULK if first is not None and _looks(first) == _ONE else None
    named = not any(isinstance(get(body, name), Absent) for name in ("to", "subject"))
    said = any(not isinstance(get(body, name), Absent) for name in ("html", "text", "template_id"))
    return _ONE if named and said else None


_API: Final = Api(
    hosts=re.compile(r"api\.mailersend\.com"),
    paths=(
        (re.compile(r"/v1/email"), _ONE),
        (re.compile(r"/v1/bulk-email"), _BULK),
    ),
    like_sending=re.compile(r"^/v[0-9]+/(?:bulk-)?email(?:/|$)"),
    looks=_looks,
    names=("mailersend",),
)


def claims(exchange: Exchange) -> str | None:
    """``v1/email``, ``v1/bulk-email``, or ``account`` for what sends no mail."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for a request, or one for each e-mail of a bulk request."""
    return mails(body)


# --- The package from 2.0 ------------------------------------------------------------------------


def _single(email: Value) -> Value:
    """An address as the package takes it: one, or it refuses."""
    if isinstance(email, (Unknown, Parameter)):
        return replace(email, count=email.count.at_most(1))
    if isinstance(email, Either):
        return given(join(*(o if isinstance(o, Absent) else _single(inherit(o, email.trail)) for o in email.options)))
    if sort_of(email) in {Sort.NONE, Sort.NUMBER, Sort.COLLECTION, Sort.MAPPING}:
        raise Refused("an address must be a text")
    whole = text(email)
    if whole is not None and len(recipients(whole).recipients) != 1:
        raise Refused("value is not a valid email address")
    return email


class EmailContact(Object):
    """``mailersend.EmailContact(email=..., name=...)``."""

    PATHS: tuple[str, ...] = ("mailersend.EmailContact", "mailersend.models.email.EmailContact")
    HOLDS = True

    def __init__(self, *, email: Value, name: Value = None) -> None:
        self.write("email", _single(email))
        if sort_of(name) is not Sort.NONE:
            self.write("name", name)


def _contact(email: Value, name: Value = None) -> dict[str, Value]:
    return {"email": _single(email), **({} if sort_of(name) is Sort.NONE else {"name": name})}


_MOST: Final = {"to": 50, "cc": 10, "bcc": 10}
"""People in one list, as the package and the service allow."""


class EmailRequest(Object):
    """``mailersend.EmailRequest(...)``, and what ``EmailBuilder.build`` makes."""

    PATHS: tuple[str, ...] = ("mailersend.EmailRequest", "mailersend.models.email.EmailRequest")

    def __init__(self, *, to: Value, subject: Value, **fields: Value) -> None:
        sender = fields.pop("from", fields.get("from_email"))
        if sort_of(sender) is Sort.NONE and sort_of(fields.get("template_id")) is Sort.NONE:
            raise Refused("At least one of 'from_email' or 'template_id' is required")
        if all(sort_of(fields.get(name)) is Sort.NONE for name in ("html", "text", "template_id")):
            raise Refused("At least one of 'text', 'html' or 'template_id' must be provided")
        lists = {"to": to, "cc": fields.get("cc"), "bcc": fields.get("bcc")}
        for name, most in _MOST.items():
            number = sum(count.low for _, count in each(given(lists[name])))
            if number > most:
                raise Refused(f"Maximum {most} recipients allowed for {name}")
        if sort_of(to) is Sort.COLLECTION and truth(to) is Truth.NO:
            raise Refused("'to' must contain between 1 and 50 recipients")
        self.write("to", to)
        self.write("subject", subject)
        for name in ("cc", "bcc", "reply_to", "personalization", "precedence_bulk", "headers"):
            if sort_of(fields.get(name)) is not Sort.NONE:
                self.write(name, fields[name])

    def model_dump(self, **_: Value) -> Value:
        """The e-mail as data."""
        return self.render()

    def render(self) -> Value:
        """The e-mail as it is sent."""
        names = ("to", "cc", "bcc", "reply_to", "subject", "personalization", "precedence_bulk", "headers")
        return {name: as_data(value) for name in names if not isinstance(value := self.read(name), Absent)}


_B = TypeVar("_B", bound="EmailBuilder")


class EmailBuilder(Object):
    """``mailersend.EmailBuilder()``: collects recipients in lists, which makes them shared."""

    PATHS: tuple[str, ...] = ("mailersend.EmailBuilder", "mailersend.builders.email.EmailBuilder")

    def __init__(self) -> None:
        for name in ("to", "cc", "bcc", "headers", "personalization"):
            self.write(f"_{name}", [])

    def _add(self, name: str, contact: Value, count: Count = ONE) -> None:
        if count == ONE:
            self.append(f"_{name}", contact)
        else:
            self.write(f"_{name}", given(extended(self.read(f"_{name}", []), contact, count)))

    def _add_each(self, name: str, listed: Value) -> None:
        for item, count in each(listed):
            if isinstance(item, (Unknown, Parameter)):
                self._add(name, item, count)
                continue
            email = get(item, "email")
            if isinstance(email, Absent):
                raise Refused("a recipient without an email")
            self._add(name, _contact(email, given(get(item, "name"))), count)

    def _add_some(self, name: str, email: Value, shown: Value) -> None:
        if sort_of(email) is Sort.TEXT:
            self._add(name, _contact(email, shown))
        elif isinstance(email, (Unknown, Parameter, Either)):
            # One address, or a list of objects.
            self._add(name, {"email": email, **({} if sort_of(shown) is Sort.NONE else {"name": shown})})
        elif sort_of(email) is Sort.COLLECTION and not is_tuple(email):
            self._add_each(name, email)
        else:
            raise Refused("Email must be a string or list of recipient objects")

    def from_email(self: _B, email: Value, name: Value = None) -> _B:
        """The sender."""
        self.write("_from_email", _contact(email, name))
        return self

    def to(self: _B, email: Value, name: Value = None) -> _B:
        """One more in To."""
        self._add("to", _contact(email, name))
        return self

    def to_many(self: _B, recipients: Value) -> _B:
        """Several more in To, all of whom read each other."""
        self._add_each("to", recipients)
        return self

    def cc(self: _B, email: Value, name: Value = None) -> _B:
        """One more in Cc, or a list."""
        self._add_some("cc", email, name)
        return self

    def bcc(self: _B, email: Value, name: Value = None) -> _B:
        """One more blind copy, or a list."""
        self._add_some("bcc", email, name)
        return self

    def cc_many(self: _B, recipients: Value) -> _B:
        """Several more in Cc."""
        self._add_each("cc", recipients)
        return self

    def bcc_many(self: _B, recipients: Value) -> _B:
        """Several more blind copies."""
        self._add_each("bcc", recipients)
        return self

    def reply_to(self: _B, email: Value, name: Value = None) -> _B:
        """The address for answers."""
        self.write("_reply_to", _contact(email, name))
        return self

    def subject(self: _B, subject: Value) -> _B:
        """The subject."""
        self.write("_subject", subject)
        return self

    def header(self: _B, name: Value, value: Value) -> _B:
        """One more header of one's own."""
        self._add("headers", {"name": name, "value": value})
        return self

    def headers(self: _B, headers_dict: Value) -> _B:
        """Several of them."""
        for item, _ in each(headers_dict):
            key = text(item)
            if key is not None:
                self.header(key, given(get(headers_dict, key)))
        return self

    def personalize(self: _B, email: Value, **data: Value) -> _B:
        """Merge data for one reader. Separates nobody."""
        self._add("personalization", {"email": email, "data": data})
        return self

    def personalize_many(self: _B, personalizations: Value) -> _B:
        """Merge data for several readers. Separates nobody."""
        for item, count in each(personalizations):
            self._add("personalization", item, count)
        return self

    def bulk_mode(self: _B, enabled: Value = True) -> _B:
        """A Precedence header. Separates nobody."""
        self.write("_precedence_bulk", enabled)
        return self

    def html(self: _B, html_content: Value) -> _B:
        """What is written."""
        return self._said(html_content)

    def text(self: _B, text_content: Value) -> _B:
        """What is written."""
        return self._said(text_content)

    def template(self: _B, template_id: Value) -> _B:
        """A template instead; it may bring a sender of its own."""
        if truthy(template_id):
            self.write("_template_id", template_id)
        return self._said(template_id)

    def _said(self: _B, content: Value) -> _B:
        if truthy(content):
            self.write("_said", True)
        return self

    def html_file(self: _B, file_path: Value) -> _B:
        """What is written, from a file."""
        del file_path
        return self._said(True)

    text_file = html_file

    def _same(self: _B, *_: Value, **__: Value) -> _B:
        return self

    # What these set has nothing to do with recipients.
    language = attach_file = attach_content = tag = send_at = send_in = in_reply_to = reference = _same
    track_clicks = track_opens = track_content = tracking = _same

    def reset(self: _B) -> _B:
        """Start anew."""
        for name in ("_template_id", "_said", "_from_email", "_reply_to", "_subject", "_precedence_bulk"):
            self.erase(name)
        for name in ("to", "cc", "bcc", "headers", "personalization"):
            self.write(f"_{name}", [])
        return self

    def copy(self) -> EmailBuilder:
        """Another builder with the same."""
        made = EmailBuilder()
        for name in ("to", "cc", "bcc", "headers", "personalization"):
            made.write(f"_{name}", given(self.read(f"_{name}", [])))
        for name in ("from_email", "reply_to", "subject", "said", "precedence_bulk", "template_id"):
            value = self.read(f"_{name}")
            if not isinstance(value, Absent):
                made.write(f"_{name}", value)
        return made

    def build(self) -> EmailRequest:
        """The e-mail. Refused without a reader, a sender, a subject, or anything to say."""
        fields: dict[str, Value] = {}
        for name in ("from_email", "cc", "bcc", "reply_to", "headers", "personalization", "precedence_bulk"):
            value = self.read(f"_{name}")
            if not isinstance(value, Absent) and truthy(value):
                fields[name] = value
        template = self.read("_template_id")
        if not isinstance(template, Absent):
            fields["template_id"] = template
        elif not isinstance(self.read("_said"), Absent):
            fields["text"] = ""
        subject = given(self.read("_subject"))
        if subject is None:
            raise Refused("subject: Input should be a valid string")
        return EmailRequest(to=given(self.read("_to")), subject=subject, **fields)


class Email(Object):
    """``client.emails``."""

    PATHS: tuple[str, ...] = ("mailersend.resources.email.Email",)

    def __init__(self, root: Value = "https://api.mailersend.com/v1/") -> None:
        self.write("root", root)

    def _place(self, path: str) -> Value:
        root = given(self.read("root"))
        known = text(root)
        return url(root if known is None else known.rstrip("/") + "/", path)

    def send(self, email: Value) -> HttpRequest:
        """Send one e-mail."""
        if isinstance(email, (dict, Fields)):
            raise Refused("'dict' object has no attribute 'model_dump'")
        return post(self._place("email"), as_data(email))

    def send_bulk(self, emails: Value) -> HttpRequest:
        """Send several e-mails, each of which is a message of its own."""
        items = [Member(as_data(item), count) for item, count in each(emails)]
        if any(isinstance(item, (dict, Fields)) for item, _ in each(emails)):
            raise Refused("'dict' object has no attribute 'model_dump'")
        return post(self._place("bulk-email"), collected(items))


class MailerSendClient(Object):
    """``mailersend.MailerSendClient(api_key)`` and ``AsyncMailerSendClient``."""

    PATHS: tuple[str, ...] = (
        "mailersend.MailerSendClient",
        "mailersend.client.MailerSendClient",
        "mailersend.AsyncMailerSendClient",
        "mailersend.async_client.AsyncMailerSendClient",
    )

    def __init__(self, api_key: Value = None, base_url: Value = None, *_: Value, **__: Value) -> None:
        del api_key
        self.write("emails", Email(*(() if base_url is None else (base_url,))))

    def __enter__(self) -> MailerSendClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __aenter__(self) -> MailerSendClient:
        return self

    def __aexit__(self, *_: object) -> None:
        return None


# --- The package before 2.0 ----------------------------------------------------------------------


class NewEmail(Object):
    """``mailersend.emails.NewEmail(key)``: fills a mapping that the caller holds, and sends it.

    A model cannot change what the caller holds, so what was set is remembered here, and joined to what is sent.
    """

    PATHS: tuple[str, ...] = ("mailersend.emails.NewEmail",)

    def __init__(self, mailersend_api_key: Value = None, *_: Value, **__: Value) -> None:
        del mailersend_api_key
        self.write("headers_auth", "")

    def _put(self, name: str, value: Value, message: Value) -> None:
        self.write(f"set {name}", value)
        if isinstance(message, dict):
            message[name] = value

    def set_mail_from(self, mail_from: Value, message: Value) -> None:
        """The sender."""
        self._put("from", mail_from, message)

    def set_mail_to(self, mail_to: Value, message: Value) -> None:
        """Everybody in To."""
        self._put("to", mail_to, message)

    def set_cc_recipients(self, cc_recipient: Value, message: Value) -> None:
        """Everybody in Cc."""
        self._put("cc", cc_recipient, message)

    def set_bcc_recipients(self, bcc_recipient: Value, message: Value) -> None:
        """Everybody with a blind copy."""
        self._put("bcc", bcc_recipient, message)

    def set_reply_to(self, reply_to: Value, message: Value) -> None:
        """The address for answers."""
        self._put("reply_to", reply_to, message)

    def set_personalization(self, personalization: Value, message: Value) -> None:
        """Merge data. Separates nobody."""
        self._put("personalization", personalization, message)

    def set_subject(self, subject: Value, message: Value) -> None:
        """The subject."""
        self._put("subject", subject, message)

    def _ignored(self, content: Value, message: Value) -> None:
        """Texts, files and times take no part."""

    set_html_content = set_plaintext_content = set_template = set_tags = set_attachments = _ignored
    set_in_reply_to = set_send_at = set_list_unsubscribe = _ignored

    def _whole(self, message: Value) -> Value:
        names = ("from", "to", "cc", "bcc", "reply_to", "personalization", "subject")
        held = {name: value for name in names if not isinstance(value := self.read(f"set {name}"), Absent)}
        if isinstance(message, dict):
            return {**held, **message}
        if isinstance(message, Fields):
            own = {name for name, _ in message.known}
            return replace(message, known=(*message.known, *((n, v) for n, v in held.items() if n not in own)))
        if isinstance(message, (Unknown, Parameter)) and "to" in held:
            return held
        return message

    def send(self, message: Value) -> HttpRequest:
        """Send a mapping."""
        return post("https://api.mailersend.com/v1/email", self._whole(message))

    def send_bulk(self, message_list: Value) -> HttpRequest:
        """Send a list of mappings, each of which is a message of its own."""
        items = [Member(self._whole(item), count) for item, count in each(message_list)]
        return post("https://api.mailersend.com/v1/bulk-email", collected(items))


PROVIDER: Final = Provider(
    name="mailersend",
    title="MailerSend",
    sources=(
        Source(
            "https://developers.mailersend.com/api/v1/email.html", "to up to 50, cc and bcc up to 10; bulk takes a list"
        ),
        Source("pypi:mailersend==2.2.0", "run: the requests of the builder and of the client"),
        Source("pypi:mailersend==0.6.0", "run: the requests of NewEmail"),
        Source(
            "pypi:django-anymail==15.2",
            "read: /email shows the to list even with personalization, /bulk-email does not",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.mailersend.com/v1/email",
    library=Library(
        classes=(MailerSendClient, Email, EmailBuilder, EmailRequest, EmailContact, NewEmail),
        tokens=("mailersend",),
    ),
    explain=(
        "Everybody in to and cc of one e-mail is printed to everybody in it; personalization and bulk_mode change "
        "nothing about that. Each item of a bulk request is a message of its own."
    ),
)
"""MailerSend."""
