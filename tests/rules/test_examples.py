"""The examples in the rules hold: as messages, as recorded requests, and as code."""

from __future__ import annotations

import pytest

from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.rules import RECORDED, Example, Rule

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
def test_a_rule_has_examples_of_all_kinds(rule: Rule) -> None:
    examples = rule.examples
    assert any(example.message for example in examples.bad)
    assert any(example.message for example in examples.good)
    assert any(example.message for example in examples.unsure)
    # What the code writes into a text is not followed: there a request is the second witness.
    recorded = rule.measure in RECORDED
    assert any(example.exchange if recorded else example.code for example in examples.bad)
    assert any(example.exchange if recorded else example.code for example in examples.good)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_code_of_an_example_is_python(rule: Rule) -> None:
    for example in (*rule.examples.good, *rule.examples.bad, *rule.examples.unsure):
        if example.code:
            compile(example.code, "example.py", "exec", dont_inherit=True)
            assert "@" not in example.code
