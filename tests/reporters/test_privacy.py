"""The guard does not leak: an address planted anywhere in a report is in no output, in no notation, and in no digest."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from report_samples import CAPTURES, LEAK, OPTIONS, REPORT, RULES, UNREAD

from mailguard.inspection import Inspection, render_json, render_text
from mailguard.model.message import Field, Mention, Message, Recipient
from mailguard.model.reporter import Reporter
from mailguard.shelf import shelf

from ..planting import ADDRESS, FORMS, SECRET, planted, texts_in, traces_in  # noqa: TID252  # the tests are no package with a name

REPORTERS = {reporter.name: reporter for reporter in shelf("mailguard.reporters", "REPORTER", Reporter)}


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
        rules=lambda: planted(RULES, text),
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
    assert set(texts_in(planted(everything(), "canary"))) == {"canary"}
    assert len(list(texts_in(everything()))) > 100
