"""Requests with merge data of one form are dealt with at once as they are one by one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailguard.alike import form
from mailguard.model.message import Field
from mailguard.transports.content.sharing import Personal, shared_values
from mailguard.transports.content.texts import Piece

from .logs import HOSTILE
from .support import Count, both, report

KINDS = ("substitutions", "dynamic", "mandrill", "sparkpost", "mailjet", "postmark", "mailersend", "brevo", "ses", "socketlabs")  # fmt: skip
PERSON = st.sampled_from(["ann@example.com", "bob@example.net", "cy@in.example", "dee@example.org", "Ann@Example.com"])
VALUE = st.sampled_from(
    ["Ann", "Bob", "Cy", "", "a1b2c3d4e5f6", "b2c3d4e5f6g7", "ann@example.com", "Bob <bob@example.net>", "for cy@in.example", "ann%40example.com",
     "dee&#64;example.org", "dee\uff20example.org", '{"email": "bob@example.net", "token": "x"}', '["ann"]', "{", "https://example.org/o/a1b2c3d4e5f6g7",
     "https://example.org/reset/b2c3d4e5f6g7?e=bob%40example.net&amp;x=1", "{{name}}", "a\0b", "DeliveryAddress", "name", "token",
     "https://example.org/u?e=Ym9iQGV4YW1wbGUubmV0", "https://example.org/u/ZGVlQGV4YW1wbGUub3JnLCBjeUBpbi5leGFtcGxl?x=1"]
)  # fmt: skip
PLAIN = st.sampled_from(["Ann", "Bob", "Cy", "Dee Lee", "x1", "y2", "z3"])
NAMES = st.sampled_from(
    [("name",), ("-name-", "-link-"), ("token", "name"), ("email",), ("{{name}}",), ("user", "login_url")]
)
TEXT = st.sampled_from(
    ["Hello", "Hello -name-", "Hi {{name}}", "Hi *|NAME|*", "Hi {{first}} and {{var:name}}", "Hi {{params.name}}, ask help@example.org",
     "see https://example.org/o/a1b2c3d4e5f6g7 -link-", "<p>-name-</p>", "to ann@example.com", "{{#if name}}x{{/if}} {{nick}}"]
)  # fmt: skip

_URLS = {
    "substitutions": "https://api.sendgrid.com/v3/mail/send",
    "dynamic": "https://api.sendgrid.com/v3/mail/send",
    "mandrill": "https://mandrillapp.com/api/1.0/messages/send.json",
    "sparkpost": "https://api.sparkpost.com/api/v1/transmissions",
    "mailjet": "https://api.mailjet.com/v3.1/send",
    "postmark": "https://api.postmarkapp.com/email/batchWithTemplates",
    "mailersend": "https://api.mailersend.com/v1/email",
    "brevo": "https://api.brevo.com/v3/smtp/email",
    "ses": "https://email.eu-west-1.amazonaws.com/v2/email/outbound-bulk-emails",
    "socketlabs": "https://inject.socketlabs.com/api/v1/email",
}


def merged(
    kind: str, people: list[str], names: tuple[str, ...], values: list[list[str]], text: str, subject: str
) -> str:
    """A line: a request of a service with data for each of ``people``."""
    blocks = [dict(zip(names, row, strict=False)) for row in values]
    pairs = list(zip(people, blocks, strict=False))
    body: dict[str, Any]
    match kind:
        case "substitutions" | "dynamic":
            key = "substitutions" if kind == "substitutions" else "dynamic_template_data"
            body = {"personalizations": [{"to": [{"email": one}], key: block} for one, block in pairs], "from": {"email": "news@example.org"},
                    "subject": subject, "content": [{"type": "text/html", "value": text}]}  # fmt: skip
        case "mandrill":
            body = {"key": "k", "message": {"from_email": "news@example.org", "to": [{"email": one, "type": "to"} for one in people], "html": text,
                    "subject": subject, "merge_vars": [{"rcpt": one, "vars": [{"name": name, "content": value} for name, value in block.items()]}
                                                       for one, block in pairs]}}  # fmt: skip
        case "sparkpost":
            body = {"content": {"from": "news@example.org", "subject": subject, "html": text},
                    "recipients": [{"address": {"email": one}, "substitution_data": block} for one, block in pairs]}  # fmt: skip
        case "mailjet":
            body = {"Messages": [{"From": {"Email": "news@example.org"}, "To": [{"Email": one}], "Subject": subject, "HTMLPart": text, "Variables": block}
                                 for one, block in pairs]}  # fmt: skip
        case "postmark":
            body = {"Messages": [{"From": "news@example.org", "To": one, "TemplateId": 1, "TemplateModel": block} for one, block in pairs]}  # fmt: skip
        case "mailersend":
            body = {"from": {"email": "news@example.org"}, "to": [{"email": one} for one in people], "subject": subject, "html": text,
                    "personalization": [{"email": one, "data": block} for one, block in pairs]}  # fmt: skip
        case "brevo":
            body = {"sender": {"email": "news@example.org"}, "subject": subject, "htmlContent": text, "params": blocks[0],
                    "messageVersions": [{"to": [{"email": one}], "params": block} for one, block in pairs]}  # fmt: skip
        case "ses":
            body = {"FromEmailAddress": "news@example.org", "DefaultContent": {"Template": {"TemplateName": "t", "TemplateData": json.dumps(blocks[0])}},
                    "BulkEmailEntries": [{"Destination": {"ToAddresses": [one]}, "ReplacementEmailContent": {"ReplacementTemplate":
                                         {"ReplacementTemplateData": json.dumps(block)}}} for one, block in pairs]}  # fmt: skip
        case _:
            body = {"serverId": 1, "APIKey": "k", "Messages": [{"To": [{"emailAddress": "%%DeliveryAddress%%"}], "From": {"emailAddress": "news@example.org"},
                    "Subject": subject, "HtmlBody": text, "MergeData": {"PerMessage": [[{"Field": "DeliveryAddress", "Value": one},
                    *({"Field": name, "Value": value} for name, value in block.items())] for one, block in pairs]}}]}  # fmt: skip
    return json.dumps({"method": "POST", "url": _URLS[kind], "status": 202, "headers": {}, "body": json.dumps(body)})


@st.composite
def logs(draw: st.DrawFn) -> list[str]:
    kind, names, size = draw(st.sampled_from(KINDS)), draw(NAMES), draw(st.integers(1, 4))
    value = st.one_of(PLAIN, PLAIN, PLAIN, PLAIN, VALUE)
    rows = st.lists(st.lists(value, min_size=len(names), max_size=len(names)), min_size=size, max_size=size)
    people = st.lists(PERSON, min_size=size, max_size=size)
    text = draw(TEXT)
    texts = st.one_of(st.just(text), st.just(text), TEXT)
    line = st.builds(merged, st.just(kind), people, st.just(names), rows, texts, texts)
    return draw(st.lists(line, min_size=4, max_size=14))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(logs(), st.sampled_from([(), ("in.example",)]))
@example([merged("substitutions", ["ann@example.com"], ("token",), [["x"]], "Hello", "a")] * 4, ())
def test_the_two_roads_say_the_same(tmp_path_factory: pytest.TempPathFactory, lines: list[str], inside: Any) -> None:
    file = tmp_path_factory.mktemp("log") / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file, inside)
    assert fast == careful


@st.composite
def logs_to_one(draw: st.DrawFn) -> list[str]:
    kind, names = draw(st.sampled_from(["dynamic", "sparkpost", "mailjet", "postmark"])), draw(NAMES)
    text = draw(st.sampled_from(["Hello", "Hello -name-", "Hi {{name}}"]))
    people = [f"p{number}@example.com" for number in range(12)]
    value = st.one_of(PLAIN, VALUE, st.lists(HOSTILE, max_size=3).map("".join))
    rows = [draw(st.lists(value, min_size=len(names), max_size=len(names))) for _ in people]
    lines = [merged(kind, [one], names, [row], text, "News") for one, row in zip(people, rows, strict=True)]
    # So that there is a stencil for the rest.
    usual = [merged(kind, [one], names, [["Ann", "x1"][: len(names)]], text, "News") for one in people[:4]]
    return [*usual, *lines]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(logs_to_one())
def test_they_say_the_same_of_requests_for_one(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    file = tmp_path_factory.mktemp("log") / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful


def test_requests_for_one_are_told_without_being_parsed(tmp_path: Path, count: Count) -> None:
    """So that the law above says something."""
    lines = [
        merged("dynamic", [f"p{number}@example.com"], ("name", "url"), [["Ann", f"https://example.org/o/{number}a1b2c3d4e5f6"]], "Hello", "News")
        for number in range(12)
    ]  # fmt: skip
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.lines >= 8


@pytest.mark.parametrize("slash", ["/", "\\/", "\\u002f"])
@pytest.mark.parametrize("people", ["p1@example.com, p2@example.com", "p3@example.com"])
def test_who_stands_in_the_word_of_a_link_fits_no_stencil(
    tmp_path: Path, count: Count, people: str, slash: str
) -> None:
    def line(number: int, word: str) -> str:
        url = f"https://example.org/o/{word}"
        made = json.loads(
            merged("dynamic", [f"p{number}@example.com"], ("name", "url"), [["Ann", url]], "Hello", "News")
        )
        return json.dumps(made | {"body": made["body"].replace("/", slash)})

    word = base64.urlsafe_b64encode(people.encode()).decode().rstrip("=")
    lines = [line(number, f"{number}a1b2c3d4e5f6") for number in range(12)]
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    usual = count.lines
    lines[8] = line(8, word)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    again, careful = both(file)
    assert again == careful
    assert count.lines < 2 * usual or slash == "\\u002f"
    assert ("p2" in people) == (again != fast)


def _many(kind: str, number: int, size: int, text: str = "Hi -name-, {{name}}", **other: str) -> str:
    people = [f"p{number}.{place}@example.com" for place in range(size)]
    values = [[f"Person {number} {place}", f"t{number}k{place}z9y8x7w6"] for place in range(size)]
    for at, value in other.items():
        values[int(at[1:])][1] = value
    return merged(kind, people, ("-name-" if "-name-" in text else "name", "token"), values, text, f"News {number}")


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "ses"])
def test_merge_data_is_dealt_with_at_once(tmp_path: Path, count: Count, kind: str, size: int) -> None:
    """So that the law above says something."""
    text = "Hi -name-" if kind == "substitutions" else "Hi {{name}}"
    file = tmp_path / "sent.jsonl"
    file.write_text("\n".join(_many(kind, number, size, text) for number in range(12)) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    assert count.hits >= 8


def _told(tmp_path: Path, odd: str, *, kind: str = "substitutions", size: int = 4, text: str = "Hi -name-") -> None:
    """One request among others is told as it is on the careful road, and is no request like the others."""
    file = tmp_path / "sent.jsonl"
    usual = [_many(kind, number, size, text) for number in range(10)]
    file.write_text("\n".join(usual) + "\n", encoding="utf-8")
    alone = report(file)
    file.write_text("\n".join([*usual[:7], odd, *usual[7:]]) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    file.write_text("\n".join([*usual[:7], usual[2], *usual[7:]]) + "\n", encoding="utf-8")
    assert fast not in (alone, report(file))


@pytest.mark.parametrize("worth", [0, 10**9])
@pytest.mark.parametrize(
    "value",
    [
        "p50.1@example.com and p50.2@example.com",
        "p50.1%40example.com",
        "p50.1&#64;example.com",
        "Ann <p50.2@example.com>",
    ],
)
def test_an_address_of_somebody_else_is_told(tmp_path: Path, value: str, worth: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(form, "WORTH", worth)
        _told(tmp_path, _many("substitutions", 50, 4, "Hi -name-", _0=value))


def test_a_token_that_two_people_share_is_told(tmp_path: Path) -> None:
    _told(tmp_path, _many("substitutions", 50, 4, "Hi -name-", _0="same1same2", _3="same1same2"))


def test_a_tag_that_nothing_fills_is_told(tmp_path: Path) -> None:
    _told(tmp_path, _many("substitutions", 50, 4, "Hi -name- {{nick}}").replace("-nick-", "-name-"))


def test_a_tag_that_only_some_have_data_for_is_told(tmp_path: Path) -> None:
    def line(number: int, text: str) -> str:
        people = [f"p{number}.{place}@example.com" for place in range(2)]
        body = {"personalizations": [{"to": [{"email": people[0]}], "substitutions": {"-name-": "A", "-nick-": "B"}},
                                     {"to": [{"email": people[1]}], "substitutions": {"-name-": "C"}}],
                "from": {"email": "news@example.org"}, "subject": "x", "content": [{"type": "text/html", "value": text}]}  # fmt: skip
        return json.dumps({"method": "POST", "url": _URLS["dynamic"], "status": 202, "headers": {}, "body": json.dumps(body)})  # fmt: skip

    file = tmp_path / "sent.jsonl"
    lines = [line(number, "Hi -nick-" if number == 7 else "Hi -name-") for number in range(10)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    file.write_text("\n".join([*lines[:7], *lines[8:]]) + "\n", encoding="utf-8")
    assert fast.count('"rule"') > report(file).count('"rule"')


def test_what_a_field_is_called_matters(tmp_path: Path) -> None:
    # Names stand in texts here: what is under one of them belongs to one person, what is under another to nobody.
    def line(number: int, name: str) -> str:
        people = [f"p{number}.{place}@example.com" for place in range(3)]
        return merged("mandrill", people, (name,), [["12345678"]] * 3, "Hello", "x")

    file = tmp_path / "sent.jsonl"
    lines = [line(number, "token" if number == 7 else "city") for number in range(10)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    fast, careful = both(file)
    assert fast == careful
    file.write_text("\n".join([*lines[:7], *lines[8:]]) + "\n", encoding="utf-8")
    assert fast.count('"rule"') > report(file).count('"rule"')


OWNED = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["", "x", "y", "z", "x@y.example"])), max_size=6)


@given(OWNED, st.sampled_from(["token", "name", "pin", "account"]), st.sets(st.sampled_from("xyz")))
def test_values_that_are_apart_are_shared_by_nobody(owned: list[tuple[str, str]], name: str, fixed: set[str]) -> None:
    blocks = [
        Piece(Field.MERGE, value, frozenset({owner}), own=True, personal=((name, value),) if value else ())
        for owner, value in owned
    ]
    marks = [f"\ue000{place}" for place, (_, value) in enumerate(owned) if value not in fixed]
    values = [value for _, value in owned if value not in fixed]
    personal = Personal.of(name, [*marks, *(value for _, value in owned if value in fixed)], marks)
    if personal.apart(values):
        assert not shared_values([one for one, (_, value) in zip(blocks, owned, strict=True) if value not in fixed])
        if personal.unique and len({value for _, value in owned if value in fixed}) == len(owned) - len(values):
            assert not shared_values(blocks)
