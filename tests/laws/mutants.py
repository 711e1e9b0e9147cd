"""Broken decoders, models and readings, each with the one check that has to notice it.

A mutant changes one thing that somebody could get wrong. A check is a program that is held to the laws of agreement, or
a recorded request whose meaning is written beside it.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from mailguard import gate
from mailguard.addresses.compare import compare_key
from mailguard.addresses.people import times
from mailguard.addresses.plain import plain_text
from mailguard.model import value as values
from mailguard.model.count import ONE, ZERO, Count, Truth
from mailguard.model.exchange import Exchange, HttpRequest, SmtpTransaction
from mailguard.model.message import Message, Undecided
from mailguard.model.value import Either, Known
from mailguard.providers import django, mailgun, ses
from mailguard.providers.sendgrid import arrivals, v2, v3
from mailguard.providers.sendgrid.addressing import exactly_true
from mailguard.providers.sendgrid.mail import Mail
from mailguard.rulebook.measures import measure
from mailguard.rulebook.rules import Measure
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

from . import agreement
from .programs import Program

Check = Callable[[], None]
Patch = pytest.MonkeyPatch


# --- Programs -------------------------------------------------------------------------------------

_QUERY = "x = [row.email for row in Subscriber.objects.all()]"


def _program(imports: str, *lines: str, flags: tuple[str, ...] = (), helpers: str = "") -> Check:
    body = "\n".join(f"    {line}" for line in lines)
    text = f"from store import Subscriber, flag\n{imports}\n\n{helpers}\n\ndef main():\n    {_QUERY}\n{body}\n"
    return lambda: agreement.check(Program(text, flags))


_DJANGO = "from django.core.mail import EmailMessage, send_mail, send_mass_mail"
_SMTP = "import smtplib\nfrom email.message import EmailMessage\nfrom email.mime.text import MIMEText"
_RELAY = 'server = smtplib.SMTP("relay.example.com")'
_SENDGRID = "from sendgrid import SendGridAPIClient\nfrom sendgrid.helpers.mail import *"
_SENT = 'SendGridAPIClient("key").send(mail)'
_SES = 'import boto3\n\nclient = boto3.client("ses", region_name="us-east-1")'
_SES_REST = 'Message={"Subject": {"Data": "S"}, "Body": {"Text": {"Data": "T"}}}'
_MAILGUN = "import requests"
_POST = 'requests.post("https://api.mailgun.net/v3/mg.example.com/messages", auth=("api", "key"), data=data, timeout=9)'

PROGRAMS: dict[str, Check] = {
    "a list to all": _program(_DJANGO, 'send_mail("S", "B", None, x)'),
    "one message each": _program(_DJANGO, "for a in x:", '    send_mail("S", "B", None, [a])'),
    "a list grows": _program(
        _DJANGO, "batch = []", "for a in x:", "    batch.append(a)", '    send_mail("S", "B", None, batch)'
    ),
    "the first only": _program(_DJANGO, 'send_mail("S", "B", None, x[:1])'),
    "hidden copies": _program(_DJANGO, 'EmailMessage("S", "B", None, ["ann@example.com"], bcc=x).send()'),
    "To is replaced": _program(
        _DJANGO,
        'headers = {"To": "list@example.com"}',
        'EmailMessage("S", "B", None, x, headers=headers).send()',
    ),
    "a tuple each": _program(_DJANGO, 'send_mass_mail([("S", "B", None, [a]) for a in x])'),
    "two people": _program(
        _DJANGO,
        "one = Subscriber.objects.first().email",
        "other = Subscriber.objects.get(pk=2).email",
        'EmailMessage("S", "B", None, [one], cc=[other]).send()',
    ),
    "a guard": _program(_DJANGO, "if len(x) > 1:", "    return", 'send_mail("S", "B", None, x)'),
    "a branch": _program(
        _DJANGO, 'y = x if flag("a") else ["ann@example.com"]', 'send_mail("S", "B", None, y)', flags=("a",)
    ),
    "one of two lists of people": _program(
        _DJANGO,
        'y = ["ann@example.com"] if flag("a") else ["bob@example.org", "cat@example.net"]',
        'send_mail("S", "B", None, y)',
        flags=("a",),
    ),
    "through a helper": _program(
        _DJANGO, "notify(x)", helpers='def notify(people):\n    send_mail("S", "B", None, people)'
    ),
    "a text is split": _program(_DJANGO, 'send_mail("S", "B", None, ";".join(x).split(";"))'),
    "a text is joined": _program(
        _SMTP, _RELAY, 'server.sendmail("from@example.com", x, "To: " + ", ".join(x) + "\\r\\n\\r\\nB")'
    ),
    "To gains a line": _program(
        _SMTP,
        'msg = MIMEText("B")',
        'for a in ["ann@example.com", "bob@example.org"]:',
        '    msg["To"] = a',
        _RELAY,
        'server.sendmail("from@example.com", ["ann@example.com"], msg.as_string())',
    ),
    "To is deleted": _program(
        _SMTP,
        'msg = MIMEText("B")',
        _RELAY,
        "for a in x:",
        '    del msg["To"]',
        '    msg["To"] = a',
        '    server.sendmail("from@example.com", [a], msg.as_string())',
    ),
    "a second To is refused": _program(
        _SMTP,
        "msg = EmailMessage()",
        _RELAY,
        "for a in x:",
        '    msg["To"] = a',
        "server.send_message(msg)",
    ),
    "a Bcc line is sent": _program(
        _SMTP,
        'msg = MIMEText("B")',
        'msg["To"] = "ann@example.com"',
        'msg["Bcc"] = ", ".join(x)',
        _RELAY,
        'server.sendmail("from@example.com", x, msg.as_string())',
    ),
    "a Bcc line is removed": _program(
        _SMTP,
        'msg = MIMEText("B")',
        'msg["To"] = "ann@example.com"',
        'msg["Bcc"] = ", ".join(x)',
        _RELAY,
        'server.send_message(msg, "from@example.com")',
    ),
    "one personalization": _program(
        _SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=False)', _SENT
    ),
    "is_multiple": _program(_SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=True)', _SENT),
    "is_multiple=1": _program(_SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=1)', _SENT),
    "is_multiple=flag": _program(
        _SENDGRID, 'mail = Mail("from@example.com", x, "S", "B", is_multiple=flag("a"))', _SENT, flags=("a",)
    ),
    "a flag chooses the tuples": _program(
        _DJANGO,
        'y = [("S", "B", None, ["ann@example.com"])] if flag("a") else [("S", "B", None, x)]',
        "send_mass_mail(y)",
        flags=("a",),
    ),
    "mail.to in a loop": _program(
        _SENDGRID,
        'mail = Mail(from_email="from@example.com", subject="S", plain_text_content="B")',
        "for a in x:",
        "    mail.to = To(a)",
        _SENT,
    ),
    "a pair is one address": _program(
        _SENDGRID, 'mail = Mail("from@example.com", ("ann@example.com", "bob@example.org"), "S", "B")', _SENT
    ),
    "Cc of a personalization": _program(
        _SENDGRID,
        'mail = Mail("from@example.com", "ann@example.com", "S", "B")',
        "for a in x:",
        "    mail.add_cc(a)",
        _SENT,
    ),
    "recipient-variables": _program(
        _MAILGUN,
        'data = {"from": "from@example.com", "to": x, "text": "T", "recipient-variables": "{}"}',
        _POST,
    ),
    "recipient-variables by a flag": _program(
        _MAILGUN,
        'asked = "{}" if flag("a") else None',
        'data = {"from": "from@example.com", "to": x, "text": "T", "recipient-variables": asked}',
        _POST,
        flags=("a",),
    ),
    "a bulk destination each": _program(
        _SES,
        'each = [{"Destination": {"ToAddresses": [a]}} for a in x]',
        'bulk = {"Source": "from@example.com", "Template": "t", "DefaultTemplateData": "{}"}',
        "client.send_bulk_templated_email(Destinations=each, **bulk)",
    ),
    "Cc of a destination": _program(
        _SES,
        'destination = {"ToAddresses": ["ann@example.com"], "CcAddresses": x}',
        f'client.send_email(Source="from@example.com", Destination=destination, {_SES_REST})',
    ),
}


# --- Recorded requests ----------------------------------------------------------------------------

SEEN, HIDDEN, LINE = Measure.VISIBLE_EXTERNAL, Measure.BCC, Measure.TRANSMITTED_BCC


def _reads(exchange: Exchange, *expected: dict[Measure, int]) -> Check:
    def check() -> None:
        claim = gate.claimed(exchange)
        assert claim is not None
        decoded = claim.decoded.messages if isinstance(claim.decoded, Undecided) else claim.decoded
        assert isinstance(decoded, tuple), decoded
        found = [{which: measure(which, message).exact for which in (SEEN, HIDDEN, LINE)} for message in decoded]
        assert found == [{SEEN: 0, HIDDEN: 0, LINE: 0} | wanted for wanted in expected]

    return check


def _mail(lines: str, *envelope: str) -> SmtpTransaction:
    data = lines.replace("\n", "\r\n") + "\r\n\r\nT\r\n"
    return SmtpTransaction("smtp://relay.example.com:25", "from@example.com", envelope, data.encode())


def _json(url: str, body: Any) -> HttpRequest:
    return HttpRequest("POST", url, {"Content-Type": "application/json"}, json.dumps(body))


def _form(url: str, *parts: tuple[str, str]) -> HttpRequest:
    return HttpRequest("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(parts))


def _entries(*people: str) -> list[dict[str, str]]:
    return [{"email": person} for person in people]


_A, _B, _C = "ann@example.com", "bob@example.org", "cat@example.net"
_SG = "https://api.sendgrid.com/v3/mail/send"
_MG = "https://api.mailgun.net/v3/mg.example.com/messages"
_AWS = "https://email.us-east-1.amazonaws.com/"

CAPTURES: dict[str, Check] = {
    "two To lines": _reads(_mail(f"To: {_A}\nTo: {_B}", _A, _B), {SEEN: 2}),
    "a folded line": _reads(_mail(f"To: {_A},\n {_B}", _A, _B), {SEEN: 2}),
    "a semicolon": _reads(_mail(f"To: {_A}; {_B}", _A, _B), {SEEN: 2}),
    "a group": _reads(_mail(f"To: team: {_A}, {_B};, {_C}", _A, _B, _C), {SEEN: 3}),
    "an empty group": _reads(_mail("To: undisclosed-recipients:;", _A, _B), {HIDDEN: 2}),
    "one bad member": _reads(_mail(f"To: {_A}, <nobody, {_B}", _A, _B), {SEEN: 3}),
    "Resent-To": _reads(_mail(f"To: {_A}\nResent-To: {_B}", _B), {SEEN: 2}),
    "the same person twice": _reads(_mail(f"To: {_A}\nCc: Ann <Ann@Example.com>", _A), {SEEN: 1}),
    "an encoded name": _reads(_mail(f"To: =?utf-8?q?Zo=C3=AB?= <{_A}>", _A), {SEEN: 1}),
    "a Bcc line": _reads(_mail(f"To: {_A}\nBcc: {_B}, {_C}", _A, _B, _C), {SEEN: 1, HIDDEN: 2, LINE: 3}),
    "an envelope": _reads(_mail(f"To: {_A}", _A, _B), {SEEN: 1, HIDDEN: 1}),
    "two personalizations": _reads(
        _json(_SG, {"personalizations": [{"to": _entries(_A)}, {"to": _entries(_B, _C)}], "from": {"email": _A}}),
        {SEEN: 1},
        {SEEN: 2},
    ),
    "cc and bcc of a personalization": _reads(
        _json(_SG, {"personalizations": [{"to": _entries(_A), "cc": _entries(_B), "bcc": _entries(_C)}]}),
        {SEEN: 2, HIDDEN: 1},
    ),
    "x-smtpapi": _reads(
        _form("https://api.sendgrid.com/api/mail.send.json", ("to", _C), ("x-smtpapi", json.dumps({"to": [_A, _B]}))),
        {SEEN: 1},
        {SEEN: 1},
    ),
    "Mailgun's to": _reads(_form(_MG, ("from", "news@example.net"), ("to", _A), ("to", f"{_B}, {_C}")), {SEEN: 3}),
    "Mailgun's variables": _reads(
        _form(_MG, ("from", _A), ("to", _A), ("to", _B), ("recipient-variables", "{}")), {SEEN: 1}, {SEEN: 1}
    ),
    "SES destinations": _reads(
        _form(
            _AWS,
            ("Action", "SendBulkTemplatedEmail"),
            ("Version", "2010-12-01"),
            ("Destinations.member.1.Destination.ToAddresses.member.1", _A),
            ("Destinations.member.2.Destination.ToAddresses.member.1", _B),
            ("Destinations.member.2.Destination.CcAddresses.member.1", _C),
            ("Destinations.member.2.Destination.BccAddresses.member.1", _A),
        ),
        {SEEN: 1},
        {SEEN: 2, HIDDEN: 1},
    ),
}

CHECKS: dict[str, Check] = PROGRAMS | CAPTURES


# --- Mutants --------------------------------------------------------------------------------------


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
