"""Broken decoders, models and readings, each with the one check that has to notice it.

A mutant changes one thing that somebody could get wrong. A check is a program that is held to the laws of agreement, or
a recorded request whose meaning is written beside it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from mailguard import gate
from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import times
from mailguard.addresses.plain import plain_text
from mailguard.model import value as values
from mailguard.model.count import ONE, ZERO, Count, Truth
from mailguard.model.message import Message
from mailguard.model.value import Either, Known
from mailguard.providers import django, mailgun, ses
from mailguard.providers.sendgrid import arrivals, v2, v3
from mailguard.providers.sendgrid.addressing import exactly_true
from mailguard.providers.sendgrid.mail import Mail
from mailguard.source.interpret import statements
from mailguard.source.interpret.values import join_values
from mailguard.source.library import slices, texts
from mailguard.source.library.containers import members_of
from mailguard.source.library.texts import joined
from mailguard.transports import django_mail, split
from mailguard.transports.mime import models, reading
from mailguard.transports.mime.fields import without_headers
from mailguard.transports.mime.models import EmailMessage, LegacyMessage
from mailguard.wire.forms import form_values
from mailguard.wire.header_blocks import header_block

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """Something that is broken, and the check that has to notice."""

    name: str
    killer: str
    apply: Callable[[Patch], None]

    def __str__(self) -> str:
        return self.name


MUTANTS: list[Mutant] = []


def mutant(killer: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Note a mutant; its name is that of the function."""

    def note(apply: Callable[[Patch], None]) -> Callable[[Patch], None]:
        MUTANTS.append(Mutant(apply.__name__.replace("_", " "), killer, apply))
        return apply

    return note


def everywhere(patch: Patch, original: Any, broken: Any) -> None:
    """Replace a function in all modules of the package that imported it."""
    gate.libraries()  # loads them
    for name, module in list(sys.modules.items()):
        if name == "mailguard" or name.startswith("mailguard."):
            for key, held in list(vars(module).items()):
                if held is original:
                    patch.setattr(module, key, broken)


def after(patch: Patch, owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Change what a function returns."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def broken(*arguments: Any, **keywords: Any) -> Any:
        return change(original(*arguments, **keywords))

    if isinstance(owner, type):
        patch.setattr(owner, name, broken)
    else:
        everywhere(patch, original, broken)


def _merged(messages: Any) -> Any:
    """All messages of a request as one."""
    if not isinstance(messages, tuple) or not messages:
        return messages
    groups = ("to", "cc", "bcc")
    people = {
        name: tuple(
            replace(one, count=one.count * message.copies) for message in messages for one in getattr(message, name)
        )
        for name in groups
    }
    return (replace(messages[0], copies=ONE, **people),)


def _printed(message: Message) -> Message:
    return replace(message, to=(*message.to, *message.bcc), bcc=())


# Decoders


@mutant("two personalizations")
def sendgrid_merges_personalizations(patch: Patch) -> None:
    after(patch, v3, "decode_v3", _merged)


@mutant("cc and bcc of a personalization")
def sendgrid_ignores_cc(patch: Patch) -> None:
    after(patch, v3, "_personalization", lambda message: replace(message, cc=()))


@mutant("cc and bcc of a personalization")
def sendgrid_prints_bcc(patch: Patch) -> None:
    after(patch, v3, "_personalization", _printed)


@mutant("two personalizations")
def sendgrid_reads_the_first_personalization_only(patch: Patch) -> None:
    after(patch, v3, "decode_v3", lambda messages: messages[:1])


@mutant("x-smtpapi")
def sendgrid_ignores_smtpapi(patch: Patch) -> None:
    original = v2._first_json
    patch.setattr(
        v2,
        "_first_json",
        lambda form, name: values.ABSENT if name == "x-smtpapi" else original(form, name),
    )


@mutant("Mailgun's variables")
def mailgun_ignores_recipient_variables(patch: Patch) -> None:
    patch.setattr(mailgun, "_split", lambda _: Truth.NO)


@mutant("Mailgun's variables")
def mailgun_takes_an_empty_object_for_nothing(patch: Patch) -> None:
    original = mailgun._asks
    patch.setattr(mailgun, "_asks", lambda value: Truth.NO if values.text(value) == "{}" else original(value))


@mutant("recipient-variables by a flag")
def mailgun_trusts_a_flag_that_is_not_known(patch: Patch) -> None:
    original = mailgun._split
    patch.setattr(mailgun, "_split", lambda form: Truth.NO if original(form) is Truth.NO else Truth.YES)


@mutant("Mailgun's to")
def mailgun_reads_one_to_only(patch: Patch) -> None:
    original = form_values
    everywhere(patch, original, lambda form, name, **how: list(original(form, name, **how))[:1])


@mutant("SES destinations")
def ses_merges_destinations(patch: Patch) -> None:
    after(patch, ses, "_bulk", _merged)


@mutant("SES destinations")
def ses_ignores_cc(patch: Patch) -> None:
    after(patch, ses, "_printed", lambda message: replace(message, cc=()))


@mutant("SES destinations")
def ses_prints_bcc(patch: Patch) -> None:
    after(patch, ses, "_printed", _printed)


@mutant("an envelope")
def smtp_prints_the_envelope(patch: Patch) -> None:
    after(patch, reading, "message_of", _printed)


@mutant("a Bcc line")
def smtp_forgets_a_bcc_line(patch: Patch) -> None:
    after(patch, reading, "message_of", lambda message: replace(message, transmitted_bcc=()))


@mutant("a Bcc line is removed")
def send_message_keeps_a_bcc_line(patch: Patch) -> None:
    everywhere(patch, without_headers, lambda message, names: message)


@mutant("an envelope")
def smtp_hides_nobody(patch: Patch) -> None:
    patch.setattr(reading, "blind_of", lambda envelope, visible: ())


@mutant("two To lines")
def smtp_hides_those_who_are_printed(patch: Patch) -> None:
    patch.setattr(reading, "blind_of", lambda envelope, visible: tuple(envelope))


@mutant("two To lines")
def smtp_reads_the_first_line_only(patch: Patch) -> None:
    original = header_block

    def broken(data: Any) -> Any:
        lines = original(data)
        return tuple({name.casefold(): (name, value) for name, value in reversed(lines)}.values())

    everywhere(patch, original, broken)


@mutant("Resent-To")
def smtp_ignores_resent_lines(patch: Patch) -> None:
    patch.setattr(reading, "_VISIBLE", {"to": "to", "cc": "cc"})


# Addresses


def _texts(patch: Patch, change: Callable[[str], str]) -> None:
    everywhere(patch, plain_text, lambda source: plain_text(change(source)))


@mutant("a semicolon")
def addresses_end_at_a_semicolon(patch: Patch) -> None:
    _texts(patch, lambda source: source.split(";")[0])


@mutant("a group")
def addresses_of_a_group_are_dropped(patch: Patch) -> None:
    _texts(patch, lambda source: source.rpartition(";, ")[2])


@mutant("one bad member")
def addresses_after_a_bad_one_are_dropped(patch: Patch) -> None:
    _texts(patch, lambda source: source.split(", <nobody")[0])


@mutant("a folded line")
def addresses_end_with_the_first(patch: Patch) -> None:
    _texts(patch, lambda source: source.split(",")[0])


@mutant("the same person twice")
def an_address_in_other_letters_is_another_person(patch: Patch) -> None:
    everywhere(patch, compare_key, lambda address: address)


@mutant("a list to all")
def members_of_a_collection_count_once(patch: Patch) -> None:
    everywhere(patch, times, lambda people, count: people)


@mutant("a text is joined")
def a_repeat_counts_once(patch: Patch) -> None:
    original = joined

    def broken(*arguments: Any) -> Any:
        text = original(*arguments)
        if not isinstance(text, values.Text):
            return text
        return replace(
            text, parts=tuple(part.value if isinstance(part, values.Repeat) else part for part in text.parts)
        )

    everywhere(patch, original, broken)


# Models of libraries


@mutant("is_multiple=1")
def is_multiple_is_truthy(patch: Patch) -> None:
    everywhere(patch, exactly_true, values.truth)


@mutant("is_multiple=flag")
def is_multiple_is_true_where_it_is_not_known(patch: Patch) -> None:
    everywhere(patch, exactly_true, lambda value: Truth.NO if exactly_true(value) is Truth.NO else Truth.YES)


@mutant("mail.to in a loop")
def mail_to_replaces(patch: Patch) -> None:
    setter = Mail.to.fset

    def broken(mail: Any, to_emails: Any) -> None:
        mail.write("personalizations", [])
        setter(mail, to_emails)

    patch.setattr(Mail, "to", Mail.to.setter(broken))


@mutant("a pair is one address")
def a_pair_is_two_addresses(patch: Patch) -> None:
    patch.setattr(arrivals, "is_tuple", lambda value: False)


@mutant("To gains a line")
def a_legacy_header_replaces(patch: Patch) -> None:
    patch.setattr(models._Message, "_put", lambda message, name, value: message.write(models._MARK + name, [value]))


@mutant("a second To is refused")
def a_modern_header_appends(patch: Patch) -> None:
    patch.setattr(EmailMessage, "_put", LegacyMessage._put)


@mutant("To is deleted")
def a_header_is_not_deleted(patch: Patch) -> None:
    patch.setattr(models._Message, "__delitem__", lambda message, name: None)


@mutant("To is replaced")
def django_ignores_its_headers(patch: Patch) -> None:
    original = django_mail._printed
    patch.setattr(django_mail, "_printed", lambda extra, name, people: original({}, name, people))


@mutant("hidden copies")
def django_prints_bcc(patch: Patch) -> None:
    original = django_mail.people

    def broken(message: Any, name: str) -> Any:
        if name != "to":
            return original(message, name)
        return values.Items((*values.each(original(message, "to")), *values.each(original(message, "bcc"))))

    patch.setattr(django_mail, "people", broken)


@mutant("a tuple each")
def send_mass_mail_is_one_message(patch: Patch) -> None:
    original = django_mail.tuples

    def broken(datatuple: Any) -> Any:
        members = [
            values.Member(person.value, person.count * count)
            for entry, count in values.each(datatuple)
            for person in values.each(list(values.each(entry))[3].value)
        ]
        return [(None, None, None, values.Items(tuple(members)))] if members else original(datatuple)

    patch.setattr(django, "tuples", broken)


# Values, counts, and the machine


@mutant("a branch")
def a_join_takes_the_smaller(patch: Patch) -> None:
    patch.setattr(
        Count, "__or__", lambda one, other: one if (one.plain, one.high) <= (other.plain, other.high) else other
    )


@mutant("a list to all")
def a_product_counts_one_side(patch: Patch) -> None:
    patch.setattr(Count, "__mul__", lambda one, other: one)


@mutant("two people")
def a_sum_counts_one_side(patch: Patch) -> None:
    patch.setattr(Count, "__add__", lambda one, other: other if one == ZERO else one)


@mutant("one of two lists of people")
def a_branch_of_a_value_is_dropped(patch: Patch) -> None:
    original = values.join
    everywhere(patch, original, lambda *options: original(options[0]))
    everywhere(patch, join_values, lambda *options: options[0])


@mutant("a list grows")
def a_loop_is_not_widened(patch: Patch) -> None:
    patch.setattr(statements, "widen", lambda old, new, *_: old)


@mutant("a guard")
def a_guard_is_ignored(patch: Patch) -> None:
    patch.setattr(slices, "limited", lambda machine, state, value, *_: value)


@mutant("the first only")
def a_slice_is_the_whole(patch: Patch) -> None:
    patch.setattr(slices, "sliced", lambda state, holder, *_: holder)


@mutant("a text is split")
def a_split_text_is_one(patch: Patch) -> None:
    everywhere(
        patch, texts.split, lambda state, value, *_, **__: Either((Known("ann@example.com"), Known("bob@example.org")))
    )


@mutant("through a helper")
def nobody_asks_the_callers(patch: Patch) -> None:
    patch.setattr(gate, "open_to_callers", lambda dispatch: False)


@mutant("one message each")
def a_loop_variable_is_the_whole_list(patch: Patch) -> None:
    original = members_of

    def broken(*arguments: Any) -> Any:
        return tuple(
            values.Member(replace(member.value, count=member.count), member.count)
            if isinstance(member.value, values.Unknown)
            else member
            for member in original(*arguments)
        )

    everywhere(patch, original, broken)


@mutant("recipient-variables by a flag")
def a_split_that_may_be_is_taken_for_sure(patch: Patch) -> None:
    original = split.unless_split

    def broken(shared: Message, asked: Truth) -> Message:
        if asked is Truth.MAYBE:
            shared = replace(shared, to=tuple(replace(one, count=one.count.at_most(1)) for one in shared.to))
        return original(shared, asked)

    everywhere(patch, original, broken)


@mutant("a flag chooses the tuples")
def members_of_a_branch_are_those_of_its_first_option(patch: Patch) -> None:
    original = values.each
    everywhere(patch, original, lambda value: original(value.options[0] if isinstance(value, Either) else value))
