"""What a request to ``v3/mail/send`` means: one message for each personalization."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import NOBODY
from mailguard.addresses.values import recipients
from mailguard.model.count import OPEN, Count, Truth
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason, Recipient, Trait
from mailguard.model.value import ABSENT, Absent, Parameter, Sort, Unknown, Value, each, get, has, sort_of, text, truth
from mailguard.transports.contacts import contacts
from mailguard.transports.split import total


def decode_v3(request: Value) -> Decoded:
    """The messages of a request."""
    if sort_of(request) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    listed = get(request, "personalizations", fold=True)
    if listed is ABSENT or sort_of(listed) is Sort.NONE:
        if has(request, "personalizations", fold=True) is Truth.MAYBE:
            return CannotTell(Reason.ADDRESSES, "the code does not tell the personalizations")
        if any(has(request, name) is not Truth.NO for name in ("to", "cc", "bcc")):
            listed = [request]  # refused by SendGrid; people are in it all the same
        elif listed is ABSENT and has(request, "from") is Truth.YES and _NAMES_NOBODY.issuperset(_keys(request)):
            return ()  # what the package makes of an empty list: refused, and nobody is in it
        else:
            return CannotTell(Reason.UNKNOWN_FORM, "there are no personalizations")
    if sort_of(listed) in {Sort.TEXT, Sort.NUMBER}:
        return CannotTell(Reason.MASKED)
    if sort_of(listed) in {Sort.MAPPING, Sort.OBJECT}:
        listed = [listed]
    everywhere = _everywhere(request)
    return tuple(_personalization(value, count, everywhere) for value, count in each(listed) if count.high)


_NAMES_NOBODY: Final = frozenset(
    {
        *("from", "subject", "content", "template_id", "attachments", "categories", "custom_args", "send_at"),
        *("batch_id", "asm", "ip_pool_name", "tracking_settings", "sections"),
    }
)
"""Documented keys of a request that hold no recipients."""


def _keys(request: Value) -> set[str | None]:
    return {text(key) for key, _ in each(request)}


class _Everywhere(NamedTuple):
    """What the root of a request puts into every message of it."""

    bcc: tuple[Recipient, ...]
    reply_to: tuple[Recipient, ...]
    mentions: tuple[Mention, ...]


def _everywhere(request: Value) -> _Everywhere:
    reply_to = contacts(get(request, "reply_to", fold=True))
    reply_to_list = contacts(get(request, "reply_to_list", fold=True))
    headers = get(request, "headers", fold=True)
    printed = contacts(get(headers, "reply-to", fold=True))
    return _Everywhere(
        _copied(get(get(request, "mail_settings", fold=True), "bcc", fold=True)),
        (*reply_to.recipients, *reply_to_list.recipients, *printed.recipients),
        (*reply_to.mentions, *reply_to_list.mentions, *in_headers(headers)),
    )


def _copied(setting: Value | Absent) -> tuple[Recipient, ...]:
    """The blind copy that ``mail_settings.bcc`` adds to every message, if it is enabled."""
    if setting is ABSENT:
        return ()
    enabled = truth(get(setting, "enable", fold=True))
    if enabled is Truth.NO:
        return ()
    people = mailbox(get(setting, "email", fold=True)).recipients
    if enabled is Truth.YES:
        return people
    # A flag that is not known counts, plainly, as absent.
    return tuple(replace(person, count=Count(0, 0, person.count.high)) for person in people)


def in_headers(headers: Value | Absent) -> tuple[Mention, ...]:
    """People in address headers that a request sets by itself."""
    if headers is ABSENT:
        return ()
    # SendGrid documents these names as reserved; what it does with them is not documented.
    return tuple(
        Mention(Field.HEADER, person, name)
        for name in ("To", "Cc", "Bcc")
        for person in recipients(get(headers, name, fold=True)).recipients
    )


def _personalization(value: Value, count: Count, everywhere: _Everywhere) -> Message:
    if isinstance(value, (Unknown, Parameter)):
        # Nothing tells who is in it, nor how many they are.
        to = recipients(replace(value, count=OPEN))
        cc = bcc = NOBODY
        mentions: tuple[Mention, ...] = ()
    else:
        to, cc, bcc = (contacts(get(value, name, fold=True)) for name in ("to", "cc", "bcc"))
        if sort_of(value) in {Sort.TEXT, Sort.COLLECTION, Sort.NUMBER}:
            to = contacts(value)  # addresses where an object is documented
        mentions = in_headers(get(value, "headers", fold=True))
    several = total(to.recipients)
    shared = several.plainly_over(1) or several.over(1) is Truth.YES
    return Message(
        to=to.recipients,
        cc=cc.recipients,
        bcc=(*bcc.recipients, *everywhere.bcc),
        reply_to=everywhere.reply_to,
        copies=count,
        traits=frozenset({Trait.SHARED_PERSONALIZATION}) if shared else frozenset(),
        mentions=(*to.mentions, *cc.mentions, *mentions, *everywhere.mentions),
    )
