"""`explain` for rules, and `explain --test` for the rules of a project."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from mailguard import explain
from mailguard.discover import NothingToCheck
from mailguard.rulebook.loading import load_rules
from mailguard.rulepage import rule_lines

RULE = """\
id: list-in-cc
title: "Several outside people stand in {line}"
why: "Every reader sees the others."
change: "send one message to each person"
measure: visible-external
limit: 3
severity: warning
cause: visible
examples:
  good:
    - name: two people
      message: {cc: [ann@example.com]}
  bad:
    - name: four people
      message: {cc: [ann@example.com, bob@example.com, cyd@example.com, eve@example.com]}
    - name: four people in code
      code: |
        from django.core.mail import EmailMessage

        from news.models import Subscriber


        def send_news(subject, body):
            emails = [s.email for s in Subscriber.objects.all()]
            EmailMessage(subject, body, None, [], cc=emails).send()
"""


def no_run(paths: object) -> NoReturn:
    raise AssertionError(paths)


def test_the_page_of_a_rule_is_printed() -> None:
    rule = next(rule for rule in load_rules() if rule.id == "batched-recipient-list")
    assert explain.page(rule.id, no_run) == "\n".join(rule_lines(rule)) + "\n"


def test_without_a_subject_every_rule_is_listed() -> None:
    page = explain.page(None, no_run)
    for rule in load_rules():
        assert f"  {rule.id} " in page


def test_an_unknown_subject_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(NothingToCheck, match='Did you mean "bcc-bulk"'):
        explain.page("bcc-bulc", no_run)


def test_the_examples_of_a_project_are_run(tmp_path: Path) -> None:
    (tmp_path / "list-in-cc.yaml").write_text(RULE, encoding="utf-8")
    assert explain.run_examples(tmp_path) == (["list-in-cc: 3 of 3 examples hold."], False)


def test_a_rule_that_never_gets_to_speak_is_told_who_does(tmp_path: Path) -> None:
    (tmp_path / "list-in-cc.yaml").write_text(RULE + "order: 200\n", encoding="utf-8")
    lines, failed = explain.run_examples(tmp_path)
    assert failed
    who = "(visible-external-recipients)"
    seen = "Everyone on this list can see everyone else on it"
    assert lines == [
        f'list-in-cc: the bad example "four people" is not found, but: 4 outside people can see each other {who}',
        f'list-in-cc: the bad example "four people in code" is not found, but: {seen} {who}',
        "list-in-cc: 1 of 3 examples hold.",
    ]


def test_an_example_that_does_not_hold_says_what_happens_instead(tmp_path: Path) -> None:
    wrong = RULE.replace("cc: [ann@example.com]}", "cc: [ann@example.com, bob@example.com]}")
    (tmp_path / "list-in-cc.yaml").write_text(wrong, encoding="utf-8")
    lines, failed = explain.run_examples(tmp_path)
    assert failed
    assert lines[0] == 'list-in-cc: the good example "two people" closes the gate: 2 outside people can see each other'
    assert not any("@" in line for line in lines)


def test_a_folder_without_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NothingToCheck, match="there is no rule in"):
        explain.run_examples(tmp_path)
