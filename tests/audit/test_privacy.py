"""No page names anybody, and none does what a foreign word says."""

from __future__ import annotations

import base64
import csv
import dataclasses
import enum
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import quote

import pytest

from mailguard.audit.pages import PAGES
from mailguard.audit.table import Audit, Broken, Row
from mailguard.audit.text import render_brief
from mailguard.model.finding import Certainty, Severity, Skip, SkipReason, Verdict
from mailguard.model.reporter import Options
from mailguard.model.value import Origin, Step, StepKind

from .support import ADDRESS, PLACE, SECRET, call, page

FORMS = {
    "plain": ADDRESS,
    "name and address": f'"Zq7Canary" <{ADDRESS}>',
    "percent": ADDRESS.replace("@", "%40"),
    "percent twice": quote(quote(ADDRESS)),
    "quoted-printable": ADDRESS.replace("@", "=40"),
    "reference": ADDRESS.replace("@", "&#64;"),
    "escape": ADDRESS.replace("@", r"\x40"),
    "base64": base64.b64encode(ADDRESS.encode()).decode(),
    "hexadecimal": ADDRESS.encode().hex(),
    "bracketed": f"{SECRET} [at] mail [dot] example [dot] com",
    "full-width": ADDRESS.replace("@", "\uff20"),
}


def planted(thing, text):
    """``thing`` with ``text`` in each of its texts, however deep."""
    if isinstance(thing, (enum.Enum, date)) or thing is None:
        return thing
    if isinstance(thing, str):
        return text.replace("{}", thing)
    if isinstance(thing, tuple):
        return tuple(planted(item, text) for item in thing)
    if dataclasses.is_dataclass(thing):
        values = {item.name: planted(getattr(thing, item.name), text) for item in dataclasses.fields(thing)}
        return dataclasses.replace(thing, **values)
    return thing


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
    def texts(thing):
        if isinstance(thing, str) and not isinstance(thing, enum.Enum):
            yield thing
        elif isinstance(thing, (tuple, list)):
            for item in thing:
                yield from texts(item)
        elif isinstance(thing, Mapping):
            yield from texts(list(thing.values()))
        elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
            for item in dataclasses.fields(thing):
                yield from texts(getattr(thing, item.name))

    assert set(texts(planted(everything(audit), "canary"))) == {"canary"}
    empty = [item.name for item in dataclasses.fields(Audit) if getattr(everything(audit), item.name) == ()]
    assert not empty


@pytest.mark.parametrize("around", ["{}", "{} a {}", "x/{}/y", "{}'{}"], ids=["alone", "words", "path", "glued"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [*PAGES, "brief"])
def test_no_page_prints_an_address_that_is_anywhere_in_the_table(name, form, around, audit):
    whole = planted(everything(audit), around.replace("{}", FORMS[form]))
    options = Options(command="audit", reveal=True)
    text = render_brief(whole, options) if name == "brief" else PAGES[name].render(whole, options)
    assert SECRET not in text.casefold()
    assert base64.b64encode(ADDRESS.encode()).decode().rstrip("=") not in text
    assert ADDRESS.encode().hex() not in text


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
