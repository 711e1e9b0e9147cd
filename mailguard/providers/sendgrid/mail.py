"""``Mail`` of every release."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from mailguard.model.count import ONE, Count, Truth
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Absent,
    Either,
    Items,
    Member,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    is_tuple,
    scalar,
    sort_of,
    text,
    truth,
)
from mailguard.providers.sendgrid.addressing import Addressing, exactly_true
from mailguard.providers.sendgrid.arrivals import is_list, pair_of, refuse_no_list
from mailguard.providers.sendgrid.parts import (
    Bcc,
    Cc,
    Email,
    From,
    Header,
    MailSettings,
    ReplyTo,
    Subject,
    To,
    collected,
    flattened,
    paths,
)
from mailguard.providers.sendgrid.personalizations import Personalization
from mailguard.providers.sendgrid.smtpapi import SMTPAPIHeader
from mailguard.providers.sendgrid.texts import each_option, joined, one_member, options_of, or_none, there
from mailguard.transports.http.bodies import Encoded


def _label(value: Value) -> str:
    """What the code calls a value that it does not tell."""
    if isinstance(value, Unknown):
        return value.why.lower()
    return value.name.lower() if isinstance(value, Parameter) else ""


def _is_subject_first(second: Value, third: Value) -> bool:
    """Whether positions are those of 3.x to 5.x, ``Mail(from_email, subject, to_email, content)``."""
    if isinstance(third, Email) or (isinstance(third, Either) and any(isinstance(o, Email) for o in third.options)):
        return True
    if sort_of(second) is Sort.TEXT and sort_of(third) is not Sort.NONE:
        literal = second if isinstance(second, str) else text(second)
        if literal is None and isinstance(second, Text):
            literal = "".join(text(part) or "" for part in second.parts if not isinstance(part, Repeat))
            return " " in literal and not re.search("[@<]", literal)
        # 6.x would take it for an address and fail.
        return bool(literal) and "@" not in str(literal) and not isinstance(third, Subject)
    return "subj" in _label(second) and "subj" not in _label(third)


_OLD_KEYWORDS: Final = frozenset(
    {"to", "to_name", "cc", "bcc", "from_name", "text", "html", "reply_to", "date", "headers", "files", "smtpapi"}
)


class Mail(Addressing):
    """``Mail`` of every release.

    6.x: ``Mail(from_email, to_emails, subject, plain_text_content, html_content, amp_html_content,
    global_substitutions, is_multiple)``; 6.0 and 6.1 have no ``amp_html_content``. 3.x to 5.x:
    ``Mail(from_email, subject, to_email, content)``. 1.x: keywords only, and a body for the older API.
    """

    PATHS: tuple[str, ...] = paths("Mail", "mail")

    def __init__(
        self,
        from_email: Value = None,
        to_emails: Value = None,
        subject: Value = None,
        plain_text_content: Value = None,
        html_content: Value = None,
        amp_html_content: Value = None,  # noqa: ARG002  # a position
        global_substitutions: Value = None,
        is_multiple: Value = False,
        *,
        to_email: Value = None,
        content: Value = None,
        **opts: Value,
    ) -> None:
        for name in ("personalizations", "headers"):
            self.write(name, [])
        if opts.keys() & _OLD_KEYWORDS:
            self._start_as_1(from_email, opts)
            return
        if there(to_email) or _is_subject_first(to_emails, subject):
            self.write("era", "3")
            self._start_as_3(from_email, subject if to_email is None else to_email, content or plain_text_content)
            return
        if there(from_email) or there(to_emails):
            self.write("era", "6")
        else:
            self.write("smtpapi", SMTPAPIHeader())
        if scalar(global_substitutions) is True:
            # In 6.0 and 6.1 the seventh position is is_multiple; later releases fail on it.
            is_multiple = True
        if there(from_email):
            self.from_email = from_email
        if there(to_emails):
            self.add_to(to_emails, global_substitutions, is_multiple)
        if there(subject):
            self.subject = subject
        del html_content

    def _start_as_3(self, from_email: Value, to_email: Value, content: Value) -> None:
        del content
        if there(from_email):
            self.from_email = from_email
        if truth(to_email) is not Truth.NO:
            personalization = Personalization()
            personalization.add_to(to_email)
            self.add_personalization(personalization)

    def _start_as_1(self, from_email: Value, opts: dict[str, Value]) -> None:
        self.write("era", "1")
        self.write("smtpapi", opts.get("smtpapi") or SMTPAPIHeader())
        if there(from_email):
            self.from_email = from_email
        for name, kind in (("to", "tos"), ("cc", "ccs"), ("bcc", "bccs")):
            if there(opts.get(name)):
                self._put_plain(kind, opts[name], ONE)
        if there(opts.get("to_name")):
            self.add_to_name(opts["to_name"])
        if there(opts.get("reply_to")):
            self.set_replyto(opts["reply_to"])

    # Recipients

    def add_to(
        self, to_email: Value, global_substitutions: Value = None, is_multiple: Value = False, p: Value = 0
    ) -> None:
        """Add one, or a list; a list ignores the ``p`` of its members."""
        del global_substitutions
        if self._era() == "1":
            self._put_plain("tos", to_email, ONE)
            return
        if self._era():
            refuse_no_list(to_email)
        self._set(to_email, To, is_multiple, p, own_p=not is_list(to_email))

    def add_cc(
        self, cc_email: Value, global_substitutions: Value = None, is_multiple: Value = False, p: Value = 0
    ) -> None:
        """Add one Cc."""
        del global_substitutions
        self._add_copy(cc_email, Cc, is_multiple, p)

    def add_bcc(
        self, bcc_email: Value, global_substitutions: Value = None, is_multiple: Value = False, p: Value = 0
    ) -> None:
        """Add one Bcc."""
        del global_substitutions
        self._add_copy(bcc_email, Bcc, is_multiple, p)

    def _add_copy(self, value: Value, kind: type[Email], is_multiple: Value, p: Value, many: Count = ONE) -> None:
        if self._era() == "1":
            self._put_plain(kind.KIND, value, many)
            return
        if self._era() and is_list(value):
            # 6.x takes a list of objects here, and no list of texts; 1.x takes both.
            refuse_no_list(value)
            if any(sort_of(item) is Sort.TEXT or is_tuple(item) for item, _ in each(value)):
                raise Refused("Please use a To, From, Cc or Bcc object.")
            arrivals = self._ready(value, kind, is_multiple, many)
            if exactly_true(is_multiple) is not Truth.YES:
                self._into(p, arrivals)
            return
        self._set(value, kind, is_multiple, p, own_p=not is_list(value), many=many)

    @property
    def to(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @to.setter
    def to(self, to_emails: Value) -> None:
        if not is_list(to_emails):
            self._set(to_emails, To, False, 0, own_p=True)
            return
        if self._era():
            refuse_no_list(to_emails)
        for item, many in each(to_emails):
            self._set(one_member(item), To, False, 0, own_p=not is_list(item), many=many)

    @property
    def cc(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @cc.setter
    def cc(self, cc_emails: Value) -> None:
        # A tuple becomes a To here (a bug of the package, in all of 6.x).
        self._assign_copy(cc_emails, To if is_tuple(cc_emails) else Cc)

    @property
    def bcc(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @bcc.setter
    def bcc(self, bcc_emails: Value) -> None:
        self._assign_copy(bcc_emails, Bcc)

    def _assign_copy(self, value: Value, kind: type[Email]) -> None:
        if not is_list(value):
            self._set(value, kind, False, 0, own_p=True)
            return
        for item, many in each(value):
            self._add_copy(one_member(item), kind, False, 0, many)

    def set_replyto(self, replyto: Value) -> None:
        """The address for answers (1.x)."""
        self.write("reply", replyto)

    def set_headers(self, headers: Value) -> None:
        """Headers as a mapping (1.x)."""
        self.append("headers", headers)

    # The rest of the message

    @property
    def from_email(self) -> Value:
        """The sender."""
        return or_none(self.read("from"))

    @from_email.setter
    def from_email(self, value: Value) -> None:
        if sort_of(value) is Sort.TEXT:
            value = From(value, None)
        elif is_tuple(value):
            value = pair_of(value, From)
        self.write("from", value)

    @property
    def subject(self) -> Value:
        """The subject."""
        return or_none(self.read("title"))

    @subject.setter
    def subject(self, value: Value) -> None:
        self.write("title", value.get() if isinstance(value, Subject) else value)

    @property
    def reply_to(self) -> Value:
        """The address for answers."""
        return or_none(self.read("reply"))

    @reply_to.setter
    def reply_to(self, value: Value) -> None:
        if sort_of(value) is Sort.TEXT:
            value = ReplyTo(value, None)
        elif is_tuple(value):
            value = pair_of(value, ReplyTo)
        self.write("reply", value)

    @property
    def reply_to_list(self) -> Value:
        """The addresses for answers."""
        return or_none(self.read("replies"))

    @reply_to_list.setter
    def reply_to_list(self, value: Value) -> None:
        if is_list(value):
            for item, _ in each(value):
                if not isinstance(item, (ReplyTo, Unknown, Parameter, Either)):
                    raise Refused("Please use a list of ReplyTos for a reply_to_list.")
            self.write("replies", value)
        elif isinstance(value, (Unknown, Parameter, Either)):
            self.write("replies", value)

    @property
    def mail_settings(self) -> Value:
        """The settings."""
        return or_none(self.read("settings"))

    @mail_settings.setter
    def mail_settings(self, value: Value) -> None:
        self.write("settings", value)

    @property
    def header(self) -> Value:
        """Nothing: the package only lets it be set."""
        return None

    @header.setter
    def header(self, headers: Value) -> None:
        for item in [member.value for member in each(headers)] if is_list(headers) else [headers]:
            self.add_header(item)

    def add_header(self, header: Value) -> None:
        """One more header, of all messages or of one personalization."""
        index = scalar(or_none(header.read("personalization"))) if isinstance(header, Header) else None
        if not isinstance(index, int):
            self.append("headers", header.get() if isinstance(header, Header) else header)
            return
        found = self._at(index)
        for personalization in found:
            personalization.add_header(header)
        if not found:
            personalization = Personalization()
            personalization.add_header(header)
            self._insert(personalization, index, ONE)

    def set_from(self, email: Value) -> None:
        """The sender (1.x to 4.x)."""
        self.from_email = email

    def set_subject(self, subject: Value) -> None:
        """The subject (1.x to 4.x)."""
        self.subject = subject

    def set_reply_to(self, reply_to: Value) -> None:
        """The address for answers (3.x and 4.x)."""
        self.reply_to = reply_to

    def set_mail_settings(self, mail_settings: Value) -> None:
        """The settings (3.x and 4.x)."""
        self.write("settings", mail_settings)

    def _ignore(self, *_: Value, **__: Value) -> None:
        """Text, attachments, templates, times and tracking take no part."""

    set_text = set_html = set_date = set_from_name = set_reply_to_name = _ignore
    set_template_id = set_send_at = set_batch_id = set_asm = set_ip_pool_name = set_tracking_settings = _ignore
    set_substitutions = set_unique_args = set_categories = set_sections = set_asm_group_id = _ignore
    add_content = add_attachment = add_category = add_section = add_custom_arg = add_substitution = _ignore
    add_attachment_stream = add_content_id = add_unique_arg = add_filter = _ignore

    @classmethod
    def from_EmailMessage(cls, *_: Value) -> None:
        """Always fails in 6.x: the constructor wants a To and is given an Email."""
        raise Refused("Please use a To, From, Cc or Bcc object.")

    # What is sent

    def get(self) -> dict[str, Value]:
        """The body of the request."""
        return self._body(lambda value: value.get())

    def render(self) -> Value:
        """The same, also where the package would fail."""
        return self._body(lambda value: value.render())

    def _body(self, read: Callable[[Personalization], Value]) -> dict[str, Value]:
        members = [
            Member(joined(read(o) if isinstance(o, Personalization) else o for o in each_option(value)), count)
            for value, count in each(self.read("personalizations"))
        ]
        unresolved = self.read("personalizations")
        body: dict[str, Value] = {
            "from": _data(self.read("from")),
            "subject": or_none(self.read("title")),
            "personalizations": collected(members) if sort_of(unresolved) is Sort.COLLECTION else or_none(unresolved),
            # 6.x keeps them newest first, and then lets the oldest win.
            "headers": flattened(self.read("headers"), first=self._era() != "3"),
            "mail_settings": _data(self.read("settings")),
            "reply_to": _data(self.read("reply")),
            "reply_to_list": _data(self.read("replies")),
        }
        return {name: value for name, value in body.items() if there(value) and value not in ([], {})}

    def old_form(self) -> Value:
        """The form of the older API, as ``SendGridClient`` of 1.x and 2.x makes it."""
        people = {kind: [*self._entries(kind)] for kind in ("tos", "ccs", "bccs")}
        names = [Member(name, count) for _, name, count in people["tos"] if not isinstance(name, Absent)]
        names += each(self.read("to_names"))
        sender = get(_data(self.read("from")), "email")
        control, reply = self.read("smtpapi"), self.read("reply")
        headers = flattened(self.read("headers"))
        form: dict[str, Value] = {
            "to[]": _addresses(people["tos"]) if people["tos"] else or_none(sender),
            "toname[]": collected(names),
            "cc[]": _addresses(people["ccs"]),
            "bcc[]": _addresses(people["bccs"]),
            "from": or_none(sender),
            "subject": or_none(self.read("title")),
            "replyto": or_none(get(reply, "email") if isinstance(reply, Email) else reply),
            "headers": Encoded(headers) if headers else None,
            "x-smtpapi": control.json_string() if isinstance(control, SMTPAPIHeader) else or_none(control),
        }
        return {name: value for name, value in form.items() if there(value) and value != []}

    def _entries(self, kind: str) -> Iterator[_Entry]:
        """Everybody of one kind, in all personalizations."""
        for value, many in each(self.read("personalizations")):
            for personalization in each_option(value):
                if isinstance(personalization, Personalization):
                    for entry, count in each(personalization.read(kind)):
                        yield _Entry(or_none(get(entry, "email")), get(entry, "name"), count * many)


class _Entry(NamedTuple):
    """Somebody in a personalization."""

    email: Value
    name: Value | Absent
    times: Count


def _addresses(entries: Iterable[_Entry]) -> Value:
    return collected([Member(one.email, one.times) for one in entries])


def _data(value: Value | Absent) -> Value:
    """An address object, settings, or a list of them, as data."""
    match value:
        case Email() | MailSettings():
            return value.get()
        case Absent():
            return None
        case Either():
            return joined(_data(option) for option in options_of(value))
        case list() | Items():
            return collected([Member(_data(item), count) for item, count in each(value)])
    return value


class OldMail(Mail):
    """``sendgrid.message.Mail`` of 1.x and 2.x."""

    PATHS = ("sendgrid.message.Mail",)

    def __init__(self, **opts: Value) -> None:
        super().__init__(**{"to": None, **opts})
