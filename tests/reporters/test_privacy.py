"""The guard does not leak: an address planted anywhere in a report is in no output, in no notation, and in no digest."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import enum
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote, unquote

import pytest
from report_samples import CAPTURES, LEAK, OPTIONS, REPORT, UNREAD

from mailguard.inspection import Inspection, render_json, render_text
from mailguard.model.message import Field, Mention, Message, Recipient
from mailguard.model.reporter import Reporter
from mailguard.shelf import shelf

REPORTERS = {reporter.name: reporter for reporter in shelf("mailguard.reporters", "REPORTER", Reporter)}

SECRET = "zq7canary"
ADDRESS = f"{SECRET}@mail.example.com"
FORMS = {
    "plain": ADDRESS,
    "name and address": f'"Zq7Canary" <{ADDRESS}>',
    "percent": ADDRESS.replace("@", "%40"),
    "percent twice": quote(quote(ADDRESS)),
    "quoted-printable": ADDRESS.replace("@", "=40"),
    "reference": ADDRESS.replace("@", "&#64;"),
    "escape": ADDRESS.replace("@", r"\x40"),
    "base64": base64.b64encode(ADDRESS.encode()).decode(),
    "encoded word": f"=?utf-8?b?{base64.b64encode(ADDRESS.encode()).decode()}?=",
    "hexadecimal": ADDRESS.encode().hex(),
    "bracketed": f"{SECRET} [at] mail [dot] example [dot] com",
    "full-width": ADDRESS.replace("@", "\uff20"),
}
TRACES = {
    SECRET,
    base64.b64encode(ADDRESS.encode()).decode().rstrip("="),
    ADDRESS.encode().hex(),
    *(hashlib.new(name, ADDRESS.encode()).hexdigest()[:32] for name in ("md5", "sha1", "sha256")),
    base64.b64encode(hashlib.sha256(ADDRESS.encode()).digest()).decode()[:32],
}


def planted(thing, text):
    """``thing`` with ``text`` in each of its texts, however deep."""
    if isinstance(thing, enum.Enum):
        return thing
    if isinstance(thing, str):
        return text.replace("{}", thing)
    if isinstance(thing, tuple):
        return tuple(planted(item, text) for item in thing)
    if dataclasses.is_dataclass(thing):
        values = {field.name: planted(getattr(thing, field.name), text) for field in dataclasses.fields(thing)}
        return dataclasses.replace(thing, **values)
    return thing


def traces_in(text):
    views = [text, unquote(text), html.unescape(text)]
    with contextlib.suppress(ValueError):
        views.append(json.dumps(json.loads(text), ensure_ascii=False))
    return {trace for trace in TRACES for view in views if trace.casefold() in view.casefold()}


def everything():
    whole = replace(CAPTURES, findings=(LEAK, *CAPTURES.findings), skips=(*CAPTURES.skips, UNREAD), calls=REPORT.calls)
    return replace(whole, findings=(*whole.findings, replace(LEAK, noted="x")))


@pytest.mark.parametrize("around", ["{}", "{} a {}", "x/{}/y", "{}'{}"], ids=["alone", "words", "path", "glued"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", REPORTERS)
def test_no_format_prints_an_address_that_is_anywhere_in_a_report(name, form, around):
    text = around.replace("{}", FORMS[form])
    report = planted(everything(), text)
    options = replace(
        OPTIONS,
        show_all=True,
        all_trails=True,
        show_undecided=True,
        compared=text,
        category=text,
        code_lines=lambda *_: [f"x = {text!r}  # {text}", text, f"'{text}'", f"def f(): {text}"],
        changed=lambda place: place.line == 47,
        rules=planted(OPTIONS.rules, text),
    )
    assert not traces_in(REPORTERS[name].render(report, options))


@pytest.mark.parametrize("name", sorted(set(REPORTERS) - {"json", "jsonl"}))
def test_reveal_changes_nothing_of_it(name):
    report = planted(everything(), FORMS["plain"])
    assert not traces_in(REPORTERS[name].render(report, replace(OPTIONS, show_all=True, reveal=True)))


def test_reveal_reveals_people_and_nothing_else_in_json():
    data = json.loads(REPORTERS["json"].render(planted(everything(), FORMS["plain"]), replace(OPTIONS, reveal=True)))
    revealed = [finding.pop("people") for finding in data["findings"]]
    assert SECRET in json.dumps(revealed)
    assert not traces_in(json.dumps(data))


PEOPLE = Message(
    to=(Recipient(ADDRESS), Recipient("b@example.org")),
    bcc=tuple(Recipient(f"{SECRET}{number}@example.com") for number in range(30)),
    mentions=(Mention(Field.SUBJECT, Recipient(ADDRESS)),),
)
SEEN = Inspection(planted(UNREAD.place, FORMS["plain"]), "sendgrid", "decoded", messages=(PEOPLE,))


def test_inspect_prints_people_only_when_asked():
    for render in (render_text, render_json):
        assert not traces_in(render([SEEN], OPTIONS))
        revealed = render([SEEN], replace(OPTIONS, reveal=True))
        assert ADDRESS in revealed
        assert f"{SECRET}29@example.com" in revealed


def test_the_canaries_are_planted_everywhere():
    def texts(thing):
        if isinstance(thing, str) and not isinstance(thing, enum.Enum):
            yield thing
        elif isinstance(thing, (tuple, list)):
            for item in thing:
                yield from texts(item)
        elif isinstance(thing, Mapping):
            yield from texts(list(thing.values()))
        elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            for field in dataclasses.fields(thing):
                yield from texts(getattr(thing, field.name))

    assert set(texts(planted(everything(), "canary"))) == {"canary"}
    assert len(list(texts(everything()))) > 100
