"""Models of Django's message classes, which several packages build on.

A Django message becomes one SMTP transaction: who gets it (``recipients()``) and
what is printed (``message()``) are two things, and a header in ``headers=`` can
change the second without the first. Which backend sends it is a setting, so the
relay is not known. Source: pypi:Django==5.2.19 and pypi:Django==6.1.3, run;
pypi:django-anymail==15.2, run.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Final

from mailguard.model.count import ONE, OPEN, Count, Truth
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.place import Place
from mailguard.model.provider import Refused
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Repeat,
    Sort,
    Step,
    StepKind,
    Text,
    Unknown,
    Value,
    each,
    get,
    has,
    inherit,
    join,
    scalar,
    sort_of,
    text,
    truth,
)
from mailguard.transports.letters import as_list
from mailguard.transports.mime.models import LegacyMessage

__all__ = [
    "MERGE",
    "MERGE_URL",
    "Connection",
    "EmailMessage",
    "EmailMultiAlternatives",
    "Letter",
    "collection",
    "configured",
    "exchanges",
    "header_block",
    "merge_request",
    "people",
    "sent",
    "split",
    "tuples",
]

MERGE_URL: Final = "anymail:send"
"""The URL of the request that stands for a message which django-anymail is asked to write once for each recipient.

Which service gets it is a setting; the services agree on what their readers see.
"""

MERGE: Final = ("merge_data", "merge_metadata", "merge_headers")
"""The attributes that make django-anymail write one message each, as soon as one is set, be it to ``{}``."""


def configured(name: str, count: Count) -> Unknown:
    """A value out of the settings, which a model reads without a place in the code."""
    return Unknown(f"settings.{name}", count, (Step(StepKind.CONFIGURED, Place(""), name),))


def collection(value: Value | Absent, name: str) -> Value:
    """``list(value)`` as Django's constructor makes it; refuses a plain string, as Django does.

    What is not known may hold any number: that it reads like one thing says nothing where only lists are taken.
    """
    if isinstance(value, Absent) or truth(value) is Truth.NO:
        return []
    match value:
        case Either():
            # A branch that hands over a string ends there; the others go on.
            options = [item for option in value.options if (item := _collection_or_none(option, name)) is not None]
            if not options:
                raise Refused(f'"{name}" must be a list')
            joined = join(*options)
            return [] if isinstance(joined, Absent) else inherit(joined, value.trail)
        case Items():
            return Items(value.members, value.trail)
        case list() | tuple():
            return list(value)
        case dict() | Fields():
            return [member.value for member in each(value)]
        case _ if sort_of(value) is Sort.TEXT:
            raise Refused(f'"{name}" must be a list')
        case _:
            return as_list(value)


def _collection_or_none(value: Value | Absent, name: str) -> Value:
    try:
        return collection(value, name)
    except Refused:
        return None


def _header(values: Value) -> Value:
    """A list as the one line that Django joins it to. Members that are not known keep their counts."""
    if isinstance(values, Either):
        lines = (option if isinstance(option, Absent) else _header(option) for option in values.options)
        joined = join(*(inherit(line, values.trail) if not isinstance(line, Absent) else line for line in lines))
        return None if isinstance(joined, Absent) else joined
    parts: list[Value | Repeat] = []
    for member, count in each(values) if sort_of(values) is Sort.COLLECTION else ():
        parts += [", "] if parts else []
        parts.append(member if count == ONE else Repeat(member, count, ", "))
    if not parts:
        return values
    if isinstance(values, list) and all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Text(tuple(parts))


def _listed(values: Value | Absent) -> list[Member]:
    """The members of a list; one of which nothing is known stays a whole, as it does in the header."""
    if isinstance(values, (Unknown, Parameter)):
        return [Member(values, ONE)]
    if not isinstance(values, Either):
        return list(each(values))
    branches = [
        _listed(option if isinstance(option, Absent) else inherit(option, values.trail)) for option in values.options
    ]
    longest = max(branches, key=_plainly, default=[])
    return [
        Member(item, Count(0, count.plain if branch is longest else 0, count.high))
        for branch in branches
        for item, count in branch
    ]


def _plainly(members: list[Member]) -> int:
    return sum(
        count.plain * (item.count.plain if isinstance(item, (Unknown, Parameter)) else 1) for item, count in members
    )


def _flat(lists: Iterable[Value]) -> Value:
    """``to + cc + bcc`` without what is empty."""
    members: list[Member] = []
    for values in lists:
        members += _listed(values)
    members = [member for member in members if truth(member.value) is not Truth.NO]
    if all(member.count == ONE for member in members):
        return [member.value for member in members]
    return Items(tuple(members))


class Letter(Object):
    """What every Django message has; ``to``, ``cc``, ``bcc``, ``reply_to`` and ``extra_headers`` are live attributes.

    Only :class:`EmailMessage` names ``send``: names of a class that is listed in a library mark functions that may send,
    and ``message`` or ``recipients`` would mark most of them.
    """

    BY_ANYMAIL: ClassVar[bool] = False
    """Whether the class itself says that django-anymail sends it."""

    def __init__(
        self,
        subject: Value = "",
        body: Value = "",
        from_email: Value = None,
        to: Value = None,
        bcc: Value = None,
        connection: Value = None,
        attachments: Value = None,
        headers: Value = None,
        cc: Value = None,
        reply_to: Value = None,
    ) -> None:
        self.write("to", collection(to, "to"))
        self.write("cc", collection(cc, "cc"))
        self.write("bcc", collection(bcc, "bcc"))
        self.write("reply_to", collection(reply_to, "reply_to"))
        unset = truth(from_email) is Truth.NO
        self.write("from_email", configured("DEFAULT_FROM_EMAIL", ONE) if unset else from_email)
        self.write("subject", subject)
        self.write("body", body)
        self.write("attachments", [] if truth(attachments) is Truth.NO else attachments)
        self.write("extra_headers", {} if truth(headers) is Truth.NO else headers)
        self.write("connection", connection)

    def recipients(self) -> Value:
        """Everybody who gets a copy."""
        return _flat(people(self, name) for name in ("to", "cc", "bcc"))

    def attach(self, filename: Value = None, content: Value = None, mimetype: Value = None) -> None:
        """Add an attachment; it changes nothing for the recipients."""
        del filename, content, mimetype

    def attach_file(self, path: Value, mimetype: Value = None) -> None:
        """Add a file; it changes nothing for the recipients."""
        del path, mimetype

    def attach_alternative(self, content: Value, mimetype: Value) -> None:
        """Add another form of the body; it changes nothing for the recipients."""
        del content, mimetype

    def message(self, *, policy: Value = None) -> LegacyMessage:
        """The MIME message, to which the caller may add headers of his own."""
        del policy
        made = LegacyMessage()
        for name, value in header_block(self).known:
            made[name] = value
        return made


def people(message: Letter, name: str) -> Value:
    """One of the lists as it is now; what is no list ends the run, as in Django."""
    values = message.read(name, [])
    if isinstance(values, Absent) or sort_of(values) is Sort.NONE:
        return []
    if sort_of(values) is Sort.TEXT:
        raise Refused(f"{name} is no list")
    return list(values) if isinstance(values, tuple) else values


def header_block(message: Letter) -> Fields:
    """The headers that the backend transmits.

    A key of ``headers`` replaces a printed list only in its exact spelling; in any other it is dropped. Every other
    header is printed, in 5.2 a Bcc too (6.1 refuses it).
    """
    extra = message.read("extra_headers", {})
    lines: list[tuple[str, Value]] = [("Subject", _known(message.read("subject", "")))]
    sender = get(extra, "From")
    lines.append(("From", _known(message.read("from_email")) if isinstance(sender, Absent) else sender))
    for name, attribute in (("To", "to"), ("Cc", "cc"), ("Reply-To", "reply_to")):
        value = _printed(extra, name, people(message, attribute))
        if value is not None:
            lines.append((name, value))
    rest: Value = None
    is_open = False
    if isinstance(extra, Fields):
        rest, is_open = extra.rest, extra.open
    elif isinstance(extra, (Unknown, Parameter)):
        is_open = True
    for name, item in _pairs(extra):
        if name.lower() not in {"from", "to", "cc", "reply-to"}:
            lines.append((name, item))
    return Fields(tuple(lines), is_open, (), rest)


def _printed(extra: Value | Absent, name: str, values: Value | Absent) -> Value:
    own: Value | Absent = ABSENT
    if not isinstance(values, Absent) and truth(values) is not Truth.NO:
        own = _header(values)
    found = get(extra, name)
    if isinstance(found, Absent):
        return None if isinstance(own, Absent) else own
    if has(extra, name) is Truth.YES:
        return found
    options = found.options if isinstance(found, Either) else (found, ABSENT)
    value = join(*(own if isinstance(option, Absent) else option for option in options))
    if isinstance(value, Either):
        value = join(*(option for option in value.options if not isinstance(option, Absent)))
    return None if isinstance(value, Absent) else value


def exchanges(message: Letter) -> list[Exchange]:
    """What one ``send()`` transmits: one transaction, or what django-anymail is asked for."""
    everybody = message.recipients()
    if truth(everybody) is Truth.NO:
        return []
    asked = split(message)
    if message.BY_ANYMAIL or asked is not Truth.NO:
        return [merge_request(message, asked)]
    return [
        SmtpTransaction(
            relay=Unknown("EMAIL_HOST"),
            mail_from=_known(message.read("from_email")),
            rcpt_to=everybody,
            data=header_block(message),
        )
    ]


def split(message: Letter) -> Truth:
    """Whether an attribute is set that makes django-anymail write one message each; other backends know none of them."""
    if truth(get(get(message.read("esp_extra"), "message"), "preserve_recipients")) is Truth.YES:
        return Truth.NO  # what is handed through to Mandrill has the last word
    answer = Truth.NO
    for name in MERGE:
        answer |= _is_set(message.read(name))
    return answer


def merge_request(message: Letter, asked: Truth) -> HttpRequest:
    """The request that stands for this message where django-anymail sends it."""
    body: dict[str, Value] = {name: people(message, name) for name in ("to", "cc", "bcc", "reply_to")}
    extra = message.read("extra_headers", {})
    for name in ("To", "Cc"):
        # Some services let the header differ from the recipients ("spoofed To"), others refuse.
        found = get(extra, name)
        if not isinstance(found, Absent):
            body[f"header_{name.lower()}"] = found
    body["split"] = Either((True, None)) if asked is Truth.MAYBE else asked is Truth.YES
    return HttpRequest("POST", MERGE_URL, {}, body, "json")


class EmailMessage(Letter):
    """``django.core.mail.EmailMessage``."""

    PATHS: tuple[str, ...] = (
        "django.core.mail.EmailMessage",
        "django.core.mail.message.EmailMessage",
    )

    def send(self, fail_silently: Value = False, *, using: Value = None) -> Value | list[Exchange]:
        """Hand the message to the backend; without recipients nothing is sent."""
        del fail_silently, using
        return sent(self)


class EmailMultiAlternatives(EmailMessage):
    """``django.core.mail.EmailMultiAlternatives``: the same with ``alternatives`` in front of ``cc``."""

    PATHS: tuple[str, ...] = (
        "django.core.mail.EmailMultiAlternatives",
        "django.core.mail.message.EmailMultiAlternatives",
    )

    def __init__(
        self,
        subject: Value = "",
        body: Value = "",
        from_email: Value = None,
        to: Value = None,
        bcc: Value = None,
        connection: Value = None,
        attachments: Value = None,
        headers: Value = None,
        alternatives: Value = None,
        cc: Value = None,
        reply_to: Value = None,
    ) -> None:
        del alternatives
        super().__init__(subject, body, from_email, to, bcc, connection, attachments, headers, cc, reply_to)


class Connection(Object):
    """An email backend: ``get_connection()``, ``EmailBackend()``."""

    PATHS: tuple[str, ...] = (
        "django.core.mail.backends.base.BaseEmailBackend",
        "django.core.mail.backends.smtp.EmailBackend",
    )

    def __init__(self, *arguments: Value, **options: Value) -> None:
        del arguments, options

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def send_messages(self, email_messages: Value) -> list[Exchange]:
        """Send each message by itself."""
        result: list[Exchange] = []
        for message, count in each(email_messages):
            if count.high:
                result.extend(_exchanges(message))
        return result


def tuples(datatuple: Value) -> list[tuple[Value, Value, Value, Value]]:
    """Subject, body, sender and recipients of each member of ``send_mass_mail``'s argument."""
    return [
        _four(option)
        for entry, count in each(datatuple)
        if count.high
        for option in (entry.options if isinstance(entry, Either) else (entry,))
    ]


def _four(entry: Value | Absent) -> tuple[Value, Value, Value, Value]:
    """What is not known of a tuple may be any list."""
    if isinstance(entry, (Unknown, Parameter)):
        name = entry.why if isinstance(entry, Unknown) else entry.name
        return None, None, None, Unknown(f"{name}[3]", OPEN, entry.trail)
    members = list(each(entry)) if sort_of(entry) is Sort.COLLECTION else []
    if len(members) == 4:
        subject, body, sender, recipients = (member.value for member in members)
        return subject, body, sender, recipients
    # A tuple of unknown length: whatever is in it may be the recipients.
    return None, None, None, Items(tuple(members)) if members else []


def sent(message: Letter) -> Value | list[Exchange]:
    """What ``send()`` returns: the exchanges, or 0 where nobody is addressed."""
    return exchanges(message) or 0


def _exchanges(message: Value | Absent) -> list[Exchange]:
    match message:
        case Letter():
            return exchanges(message)
        case Either():
            return [exchange for option in message.options for exchange in _exchanges(option)]
        case Unknown() | Parameter():
            # A message that the code does not show has recipients all the same.
            people = replace(message, count=OPEN)
            return [SmtpTransaction(Unknown("EMAIL_HOST"), Unknown("from_email"), people, Fields((("To", people),)))]
        case _:
            return []


def _known(value: Value | Absent) -> Value:
    return None if isinstance(value, Absent) else value


def _pairs(mapping: Value | Absent) -> list[tuple[str, Value]]:
    match mapping:
        case dict():
            return [(text(name) or str(scalar(name)), item) for name, item in mapping.items()]
        case Fields():
            return [(name, inherit(item, mapping.trail)) for name, item in mapping.known]
        case Either():
            branches = [dict(_pairs(option)) for option in mapping.options]
            names = list(dict.fromkeys(name for branch in branches for name in branch))
            joined = [(name, join(*(branch.get(name, ABSENT) for branch in branches))) for name in names]
            return [(name, item) for name, item in joined if not isinstance(item, Absent)]
        case Object():
            return _pairs(mapping.render())
        case _:
            return []


def _is_set(value: Value | Absent) -> Truth:
    if isinstance(value, Either):
        answers = {_is_set(option) for option in value.options}
        return answers.pop() if len(answers) == 1 else Truth.MAYBE
    return Truth.NO if isinstance(value, Absent) or sort_of(value) is Sort.NONE else Truth.YES
