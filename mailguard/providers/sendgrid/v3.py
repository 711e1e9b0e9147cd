"""What a request to ``v3/mail/send`` means: one message for each personalization."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, NamedTuple

from mailguard.addresses.pairs import mailbox, mailboxes
from mailguard.addresses.people import NOBODY, People
from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, OPEN, Count, Truth
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason, Recipient, Trait
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    has,
    inherit,
    sort_of,
    text,
    truth,
)
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
    reply_to = _people(get(request, "reply_to", fold=True))
    reply_to_list = _people(get(request, "reply_to_list", fold=True))
    headers = get(request, "headers", fold=True)
    printed = _people(get(headers, "reply-to", fold=True))
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
        to, cc, bcc = (_people(get(value, name, fold=True)) for name in ("to", "cc", "bcc"))
        if sort_of(value) in {Sort.TEXT, Sort.COLLECTION, Sort.NUMBER}:
            to = _people(value)  # addresses where an object is documented
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


_DEPTH: Final = 8
"""Lists inside lists where one list of objects is documented."""


def _people(value: Value | Absent, depth: int = 0) -> People:
    """The people of ``to``, ``cc``, ``bcc`` or ``reply_to``: objects with email and name, or whatever stands there."""
    if value is ABSENT or depth > _DEPTH:
        return recipients(value)
    if type(value) is list and (plain := mailboxes(value)) is not None:
        return plain
    match value:
        case Either():
            options = [ABSENT if option is ABSENT else inherit(option, value.trail) for option in value.options]
            if all(sort_of(option) in {Sort.MAPPING, Sort.NONE, Sort.OBJECT} for option in options):
                return _mailbox(value)
            return _alternatives([_people(option, depth + 1) for option in options])
        case Object():
            return _people(value.render(), depth + 1)
        case dict() | Fields():
            return _mailbox(value)
        case list() | tuple() | Items():
            return _together((_people(item, depth + 1), count) for item, count in each(value))
    return recipients([value] if depth and type(value) is str else value)


def _mailbox(value: Value) -> People:
    address = get(value, "email", fold=True)
    if address is ABSENT:
        # Another spelling, an address as the key, or nothing that we know: somebody all the same.
        return recipients(value)
    if sort_of(address) in {Sort.COLLECTION, Sort.MAPPING}:
        return _people(address, 1)
    return mailbox(address, get(value, "name", fold=True))


def _together(groups: Iterable[tuple[People, Count]]) -> People:
    people: list[Recipient] = []
    mentions: list[Mention] = []
    for group, count in groups:
        people.extend(_times(person, count) for person in group.recipients)
        mentions.extend(replace(item, recipient=_times(item.recipient, count)) for item in group.mentions)
    return People(tuple(people), tuple(mentions))


def _times(person: Recipient, count: Count) -> Recipient:
    return person if count is ONE or count == ONE else replace(person, count=person.count * count)


def _alternatives(branches: list[People]) -> People:
    """People of branches that never meet: each may be missing, and plainly those of the largest branch are there."""
    largest = max(branches, key=lambda branch: total(branch.recipients).plain)

    def maybe(person: Recipient, branch: People) -> Recipient:
        return replace(person, count=Count(0, person.count.plain if branch is largest else 0, person.count.high))

    return People(
        tuple(maybe(person, branch) for branch in branches for person in branch.recipients),
        tuple(
            replace(item, recipient=maybe(item.recipient, branch)) for branch in branches for item in branch.mentions
        ),
    )
