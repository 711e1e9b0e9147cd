"""No page names anybody, and none does what a foreign word says."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections import Counter
from dataclasses import replace

import pytest

from mailguard.audit.pages import PAGES
from mailguard.audit.table import Audit, Broken, Row
from mailguard.audit.text import render_brief
from mailguard.model.finding import Certainty, Severity, Skip, SkipReason, Verdict
from mailguard.model.reporter import Options
from mailguard.model.value import Origin, Step, StepKind

from ..planting import FORMS, planted, texts_in, traces_in  # noqa: TID252  # the tests are no package with a name
from .support import PLACE, call, page


def everything(audit):
    """An audit in which no tuple is empty."""
    way = (Step(StepKind.DATABASE, PLACE, "detail"), Step(StepKind.SHOWN, PLACE, "To"), Step(StepKind.SENT, PLACE))
    broken = Broken("rule", "title", Certainty.LIKELY, Severity.ERROR, PLACE, "change", "noted", new=False)
    told = replace(
        call(Verdict.SHOWS),
        reads=(("To", "2 people", PLACE),),
        way=way,
        others=((Verdict.KEEPS_APART, way),),
        certainty=Certainty.LIKELY,
        origin=Origin.QUERIED,
        unless="unless",
    )
    one = Row(told, "api", ("@owner",), (broken,))
    undecided = replace(one, call=replace(told, verdict=Verdict.UNDECIDED, because="Undecided: why"))
    return replace(
        audit,
        rows=(one, undecided, *audit.rows),
        requests=(replace(one, call=replace(told, symbol="", times=3)), *audit.requests),
        skips=(*audit.skips, Skip(SkipReason.NOT_UNDERSTOOD, PLACE, "detail", provider="p", operation="o")),
        others=(broken,),
        part=("part",),
        owners_problem="problem",
        notices=("notice",),
    )


def test_the_canaries_are_planted_everywhere(audit):
    assert set(texts_in(planted(everything(audit), "canary"))) == {"canary"}
    empty = [item.name for item in dataclasses.fields(Audit) if getattr(everything(audit), item.name) == ()]
    assert not empty


@pytest.mark.parametrize("around", ["{}", "{} a {}", "x/{}/y", "{}'{}"], ids=["alone", "words", "path", "glued"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*PAGES, "brief"])
def test_no_page_prints_an_address_that_is_anywhere_in_the_table(name, form, around, audit):
    whole = planted(everything(audit), around.replace("{}", FORMS[form]))
    options = Options(command="audit", reveal=True)
    text = render_brief(whole, options) if name == "brief" else PAGES[name].render(whole, options)
    assert not traces_in(text)


def test_an_owner_that_is_an_address_is_not_printed_and_one_with_a_dot_is(audit):
    for name in PAGES:
        assert "lead@example.com" not in page(name, audit)
    dotted = replace(audit, rows=tuple(replace(one, owners=("@jane.roe", "@acme/web.team")) for one in audit.rows))
    for name in ("text", "json", "csv"):
        text = page(name, dotted)
        assert "@jane.roe" in text
        assert "@acme/web.team" in text
        assert "SendGrid" in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " ="])
def test_no_cell_is_a_formula(start, audit):
    whole = planted(everything(audit), f"{start}cmd|'/c calc'!A1 {{}}")
    for line in csv.reader(io.StringIO(page("csv", whole))):
        for cell in line:
            assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "\n"}, cell


MARKDOWN = "x](http://evil.example) ![i](//evil.example/i.png) <b onload=x> @everyone #1 www.evil.example `|` ~~s~~ https://evil.example/"


def test_foreign_words_format_nothing_in_markdown(audit):
    text = page("markdown", planted(everything(audit), MARKDOWN))
    outside = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", text)
    assert "](http" not in outside
    assert "://" not in outside
    assert "www." not in outside
    assert "<b" not in outside
    assert "@everyone" not in outside
    tables = [line for line in text.splitlines() if line.startswith("|")]
    wide = {len(re.findall(r"(?<!\\)\|", line)) for line in tables}
    assert wide <= {3, 4, 6, 7, 10}, Counter(wide)


def test_control_characters_are_shown_as_escapes(audit):
    whole = planted(everything(audit), "\x1b[31m\u202e{}\n::error::x")
    for name in ("text", "csv", "markdown"):
        text = page(name, whole)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not any(line.startswith("::") for line in text.splitlines())
