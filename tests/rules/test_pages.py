"""The words: pages of rules, the catalogue, and what no text may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.redact import holds_address
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.reading import read_rule
from mailguard.rulebook.rules import CWE, Rule, RulesError
from mailguard.rulepage import catalogue, catalogue_markdown, rule_lines, rule_markdown, rule_text

RULES = {rule.id: rule for rule in load_rules()}
GOLDEN = Path(__file__).parent / "golden"

AVOIDED = re.compile(
    r"recipient|\bPII\b|principal|\bsinks?\b|dispatch|taint|propagat|fan-out|fanout|confidence|pedantic|unparseable"
    r"|inconclusive|legacy|suppress|potential|\bjust\b|\bsimply\b|\bplease\b|!",
    re.IGNORECASE,
)
"""Words that the voice of the project does not use."""
API_WORDS = re.compile(r"recipient-variables|preserve_recipients|merge_data|recipient_interceptor|%recipient\.")
"""Names that a service has given, and that must be said as they are."""


def texts(rule: Rule) -> list[str]:
    title = rule.title
    incident = [rule.incident.name, rule.incident.story] if rule.incident else []
    names = [example.name for example in (*rule.examples.good, *rule.examples.bad, *rule.examples.unsure)]
    return [
        title.number, title.list, title.several, title.size, rule.why, rule.what, rule.change, rule.caption,
        *(words for _, words in rule.changes), *incident, *names,
    ]  # fmt: skip


TITLES = {
    "visible-external-recipients": "{n} outside people can see each other",
    "shared-personalization": "Everyone on this list can see everyone else on it",
    "missing-split-flag": "Everyone on this list can see everyone else on it",
    "batched-recipient-list": "Each batch of {size} becomes one message: its readers all see each other",
    "joined-recipient-string": "The whole list is written into the {line} line of one message",
    "header-accumulation": "Each message also shows everyone who was written to before",
    "recipient-list-growth": "Each message also shows everyone who was written to before",
    "bcc-header-transmitted": "The hidden copies are not hidden: the Bcc line is sent along",
    "reply-to-lists-recipients": "Reply-To shows {n} outside people to every reader",
    "bcc-bulk": "Only a Bcc line keeps {n} people apart; one message each is safer",
    "recipients-over-cap": "{n} people in one message; your limit is {limit}",
    "recipient-in-content": "A reader finds the addresses of other people in {line}",
    "calendar-attendees": "The invitation shows {n} of the other guests to its reader",
    "list-header-leak": "The header {line} shows other people to the reader",
    "merge-key-mismatch": "Somebody gets merge data that belongs to another person",
    "body-accumulation": "Each text also holds the people who were written to before",
    "merge-tag-left": "A reader finds a merge tag that nothing fills",
    "cross-recipient-link": "A personal link went to more than one person",
    "merge-data-shared": "{n} people get one and the same personal data",
    "first-recipient-exposed": "One person stands in {line}, and everyone with a hidden copy sees who it is",
}


def test_every_rule_says_the_words_that_were_agreed() -> None:
    assert set(TITLES) <= set(RULES)
    for name, words in TITLES.items():
        title = RULES[name].title
        assert words in (title.number, title.list, title.several, title.size)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_text_leaves_the_voice(rule: Rule) -> None:
    for text in texts(rule):
        assert not AVOIDED.search(API_WORDS.sub("", text)), text


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_text_has_the_form_of_its_kind(rule: Rule) -> None:
    for title in (rule.title.number, rule.title.list, rule.title.several, rule.title.size):
        assert not title.endswith(".")
        assert len(title) <= 90
    assert re.fullmatch(r"[A-Z][^.]*\.", rule.why)
    for words in (rule.change, *dict(rule.changes).values()):
        assert words[0].islower()
        assert not words.endswith(".")
    assert not rule.caption.endswith(".")
    assert rule.caption[0].islower()
    assert rule.what.endswith(".")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_advice_is_given_in_one_order_and_once_for_each_provider(rule: Rule) -> None:
    names = [provider for provider, _ in rule.changes]
    assert names == sorted(set(names))
    for name in names:
        assert rule.advice(name) == dict(rule.changes)[name]


def test_plain_mail_is_told_in_the_words_of_its_library() -> None:
    rule = RULES["visible-external-recipients"]
    words = dict(rule.changes)
    assert rule.advice("smtp", "django.core.mail.EmailMessage.send") == words["django"]
    assert rule.advice("smtp", "django.core.mail.send_mail") == words["django-send-mail"]
    assert rule.advice("smtp", "flask_mail.Mail.send") == words["flask-mail"]
    assert rule.advice("smtp", "smtplib.SMTP.sendmail") == words["smtp"]
    assert rule.advice("ses", "botocore.client.SES.send_raw_email") == words["ses-send-raw-email"]
    assert rule.advice("ses", "botocore.client.SES.send_email") == words["ses"]
    assert rule.advice("smtp") == words["smtp"]
    # A service knows better than the library that its request is made with.
    assert rule.advice("mailgun", "django.core.mail.send_mail") == words["mailgun"]
    assert RULES["bcc-bulk"].advice("smtp", "django.core.mail.send_mail") == RULES["bcc-bulk"].change


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_names_its_incident_and_its_weakness(rule: Rule) -> None:
    assert rule.incident is not None
    assert rule.incident.story.endswith(".")
    assert rule.cwe
    assert set(rule.cwe) <= set(CWE)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_page_holds_no_address_and_fits(rule: Rule) -> None:
    lines = rule_lines(rule)
    assert not any(holds_address(line) for line in lines)
    assert not holds_address(rule_markdown(rule))
    assert all(len(line) <= 100 or "https://" in line for line in lines)
    assert not any(re.search(r"\{(?:n|line|limit|size)\}", line) for line in lines)
    assert lines[1].startswith(rule.id)


@pytest.mark.parametrize("name", ["batched-recipient-list", "recipients-over-cap", "bcc-header-transmitted"])
@pytest.mark.parametrize("kind", ["txt", "md"])
def test_a_page_is_the_golden_one(name: str, kind: str) -> None:
    rule = RULES[name]
    page = "\n".join(rule_lines(rule)) + "\n" if kind == "txt" else rule_markdown(rule)
    assert page == (GOLDEN / f"{name}.{kind}").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_text_for_reporters_is_the_page(rule: Rule) -> None:
    text = rule_text(rule)
    assert text.rule == rule.id
    assert text.severity is rule.severity
    assert text.help_text == "\n".join(rule_lines(rule)) + "\n"
    assert text.help_markdown == rule_markdown(rule)
    assert text.summary == rule.why


def test_the_catalogue_lists_every_rule_once_and_those_that_are_off_last() -> None:
    rows = catalogue(RULES.values())
    assert sorted(row.rule for row in rows) == sorted(RULES)
    assert [row.rule for row in rows][-2:] == ["bcc-bulk", "recipients-over-cap"]
    assert rows[-1].severity == "warning, off by default"
    table = catalogue_markdown(RULES.values())
    assert all(line.count("|") == 5 for line in table.splitlines())
    assert "[BitMEX, 1 November 2019](https://" in table


HOSTILE = """\
id: of-a-project
title: "<img src=x> [click](https://evil.example) `x` *b* ![i](j)"
why: "See <script> and [this](https://evil.example)."
change: "say `rm`"
changes:
  sendgrid: "<b>bold</b>"
measure: visible-external
limit: 1
severity: error
cause: visible
incident:
  name: "A](https://evil.example)"
  date: today
  url: https://evil.example/page
  story: "[x](y)"
examples:
  bad:
    - name: "a ``` fence"
      code: |
        x = '''
        ```
        <script>
        '''
"""


def test_the_words_of_a_project_cannot_format_our_pages() -> None:
    page = rule_markdown(read_rule(HOSTILE.encode(), "of-a-project.yaml"))
    outside = re.sub(r"(?ms)^(`{3,}).*?^\1$", "", page)
    assert "<" not in outside.replace("&#60;", "")
    assert "evil.example" not in re.sub(r"&#\d+;", "", outside)
    assert "](" not in outside.replace("](https://cwe.mitre.org/", "")
    assert page.count("````") == 2


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_a_page_never_breaks_on_the_words_of_a_project(words: str) -> None:
    text = HOSTILE.replace("say `rm`", words.replace("\\", "").replace('"', ""))
    try:
        rule = read_rule(text.encode("utf-8", "replace"), "r.yaml")
    except RulesError:
        return
    assert all(line.isprintable() for line in rule_lines(rule))
