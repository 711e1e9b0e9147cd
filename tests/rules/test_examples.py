"""The examples in the rules hold: as messages, as recorded requests, and as code."""

from __future__ import annotations

import pytest

from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.rules import Example, Rule

RULES = load_rules()
SAMPLES = [
    pytest.param(rule, kind, example, id=f"{rule.id}: {kind}: {example.name}")
    for rule in RULES
    for kind in ("good", "bad", "unsure")
    for example in getattr(rule.examples, kind)
]


@pytest.mark.parametrize(("rule", "kind", "example"), SAMPLES)
def test_an_example_holds(rule: Rule, kind: str, example: Example) -> None:
    from mailguard import explain

    assert explain.example_problem(rule, kind, example, RULES) == ""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_code_of_an_example_is_python(rule: Rule) -> None:
    for example in (*rule.examples.good, *rule.examples.bad, *rule.examples.unsure):
        if example.code:
            compile(example.code, "example.py", "exec", dont_inherit=True)
            assert "@" not in example.code
