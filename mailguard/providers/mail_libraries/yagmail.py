"""yagmail: several addresses in one call, and mappings of them."""

from __future__ import annotations

from types import MappingProxyType

from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, Truth
from mailguard.model.exchange import SmtpTransaction
from mailguard.model.place import Place
from mailguard.model.provider import Refused
from mailguard.model.value import (
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Sort,
    Step,
    StepKind,
    Unknown,
    Value,
    each,
    inherit,
    join,
    sort_of,
    text,
    truth,
)
from mailguard.transports.letters import attribute, line, present, relay_of, transmission


def _yagmail_people(value: Value, *, strict: bool) -> tuple[Value, Value]:
    """Who gets a copy, and what is printed: of a mapping the keys and the values (``resolve_addresses``)."""
    if isinstance(value, Either):
        pairs = [_yagmail_people(present(option), strict=strict) for option in value.options]
        envelope, printed = (join(*(pair[side] for pair in pairs)) for side in (0, 1))
        return inherit(present(envelope), value.trail), inherit(present(printed), value.trail)
    if sort_of(value) is Sort.MAPPING:
        if isinstance(value, Fields):
            names: Value = Items(tuple(Member(item, ONE) for _, item in value.known))
        else:
            names = list(value.values()) if isinstance(value, dict) else value
        return value, line(names, separator=",")
    for member in [part.value for part in each(value)] if sort_of(value) is Sort.COLLECTION else [value]:
        if strict and text(member) is not None and len(recipients(member).recipients) > 1:
            raise Refused("YagInvalidEmailAddress: a text is one address")
    return value, line(value, separator=",")


class YagmailClient(Object):
    """``yagmail.SMTP`` and its other names."""

    PATHS: tuple[str, ...] = (
        "yagmail.SMTP",
        "yagmail.Client",
        "yagmail.SMTP_SSL",
        "yagmail.Connect",
        "yagmail.sender.SMTP",
        "yagmail.sender.Client",
        "yagmail.yagmail.SMTP",
        "yagmail.AIOSMTP",
        "yagmail.AsyncSMTP",
        "yagmail.AsyncClient",
    )
    TELLS = MappingProxyType({"send": frozenset({"to", "contents"})})

    def __init__(
        self,
        user: Value = None,
        password: Value = None,
        host: Value = "smtp.gmail.com",
        port: Value = None,
        *_: Value,
        soft_email_validation: Value = True,
        **__: Value,
    ) -> None:
        del password
        if sort_of(user) is Sort.MAPPING:
            names = [member.value for member in each(user)]
            user = names[0] if names else None
        # Readers find the sender in From anyway; in To he counts as configured, whoever wrote him where.
        trail = (Step(StepKind.CONFIGURED, Place(""), "user"),)
        name = text(user)
        address = f"{name}@gmail.com" if name is not None and "@" not in name else name
        self.write("user", Unknown("the sender", ONE, trail) if address is None else Known(address, trail))
        self.write("_relay", relay_of(host, port, "smtp.gmail.com"))
        self.write("_strict", truth(soft_email_validation) is Truth.YES)

    def __enter__(self) -> YagmailClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __aenter__(self) -> YagmailClient:
        return self

    def __aexit__(self, *_: object) -> None:
        return None

    def send(
        self,
        to: Value = None,
        subject: Value = None,
        contents: Value = None,
        attachments: Value = None,
        cc: Value = None,
        bcc: Value = None,
        preview_only: Value = False,
        headers: Value = None,
        prettify_html: Value = True,
        message_id: Value = None,
        group_messages: Value = True,
        **_: Value,
    ) -> Value | SmtpTransaction:
        """One message; nobody in ``to`` means the sender himself. Headers of one's own are lines besides."""
        del contents, attachments, prettify_html, message_id, group_messages
        if truth(preview_only) is Truth.YES:
            return Unknown("preview")
        strict = self.read("_strict", True) is not False
        own = attribute(self, "user")
        if sort_of(to) is Sort.NONE:
            to = [own, own] if sort_of(cc) is not Sort.NONE and sort_of(bcc) is not Sort.NONE else own
        envelope, lines = [], [("Subject", subject)]
        for name, value in (("To", to), ("Cc", cc), ("Bcc", bcc)):
            if sort_of(value) is Sort.NONE:
                continue
            people, printed = _yagmail_people(value, strict=strict)
            envelope.append(people)
            if name != "Bcc":
                lines.append((name, printed))
        if all(truth(people) is Truth.NO for people in envelope):
            raise Refused("no recipients")
        relay = attribute(self, "_relay")
        return transmission(lines, _keys(envelope), sender=own, relay=relay, extra=headers)


def _keys(envelope: list[Value]) -> Value:
    """The envelope as lists; a mapping is its keys."""
    return [
        Items(tuple(each(people))) if sort_of(people) is Sort.MAPPING else people  # iterating a mapping gives its keys
        for people in envelope
    ]
