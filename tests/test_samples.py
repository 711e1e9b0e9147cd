"""The two ways of each mail API, and the pages that show them."""

from __future__ import annotations

import pytest

from mailguard import gate
from mailguard.config import Settings
from mailguard.discover import tree_of
from mailguard.explain import page
from mailguard.model.finding import Certainty, Verdict
from mailguard.rulebook.loading import load_rules
from mailguard.rulepage import rule_lines, rule_markdown, rule_text
from mailguard.samples import names_for, samples

PEOPLE = 'people = [row[0] for row in sqlite3.connect("people.db").execute("SELECT email FROM people")]'


def look(folder, code):
    lines = ["import sqlite3", PEOPLE, *code.splitlines()]
    (folder / "sample.py").write_text(
        "async def send():\n" + "".join(f"    {line}\n" for line in lines), encoding="utf-8"
    )
    return gate.prepare((), tree_of((), folder), Settings(), here=folder).report()


def test_every_provider_has_both():
    assert set(samples()) == set(gate.providers())


@pytest.mark.parametrize("name", samples())
def test_the_bad_one_breaks_its_rule_and_the_good_one_none(name, tmp_path):
    sample = samples()[name]
    compile(f"async def f():\n    {'    '.join(sample.good.splitlines(keepends=True))}", name, "exec")
    bad = look(tmp_path, sample.bad)
    assert {one.rule for one in bad.findings if one.gates} == {sample.rule}
    good = look(tmp_path, sample.good)
    assert [one.rule for one in good.findings if one.certainty >= Certainty.LIKELY] == []
    assert [one.verdict for one in good.calls] == [Verdict.KEEPS_APART]
    assert good.skips == ()


@pytest.mark.parametrize("name", samples())
def test_the_page_of_an_api_says_what_it_does_where_that_is_written_and_both_ways(name):
    provider = gate.providers()[name]
    text = page(name, lambda _: pytest.fail("a page of an API needs no run"))
    words = " ".join(text.split())
    assert " ".join(provider.explain.split()) in words
    for line in (*samples()[name].bad.splitlines(), *samples()[name].good.splitlines()):
        assert f"    {line}".rstrip() in text
    assert samples()[name].rule in text
    assert provider.sources
    for source in provider.sources:
        assert source.url in text
        assert " ".join(source.fact.split()) in words


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.id)
def test_every_rule_shows_what_happened_a_bad_and_a_good_example(rule):
    text = "\n".join(rule_lines(rule))
    assert rule.incident is not None
    assert rule.incident.url in text
    assert text.index("\nIt happened") < text.index("\nNot like this: ") < text.index("\nLike this: ")
    for name in names_for(rule.id):
        assert name in text
    markdown = rule_markdown(rule)
    for heading in ("## It happened", "## Not like this", "## Like this"):
        assert heading in markdown
    told = rule_text(rule)
    assert told.help_text == text + "\n"
    assert told.help_markdown == markdown


def test_a_request_of_an_example_names_nobody_by_an_address():
    (rule,) = [rule for rule in load_rules() if rule.id == "merge-key-mismatch"]
    text = "\n".join(rule_lines(rule))
    assert '"to": [{"email": "ann"}],' in text
    assert "@example" not in text
