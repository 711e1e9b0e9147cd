"""SARIF, as GitHub code scanning and others read it."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace

import jsonschema
import pytest
from report_samples import CAPTURES, LEAK, REPORT, RULES, WAY

from mailguard.model.finding import Certainty, Severity
from mailguard.model.place import Place
from mailguard.model.value import StepKind
from mailguard.rulebook.loading import load_rules
from mailguard.rulepage import rule_text
from mailguard.wording import full_change

from .rendering import REPORTERS, SARIF, render


def sarif(report, **options):
    log = json.loads(render("sarif", report, **options))
    jsonschema.Draft4Validator(SARIF).validate(log)
    return log["runs"][0]


def test_sarif_message_is_the_one_of_the_specification():
    (result,) = sarif(REPORT)["results"]
    assert result["message"]["text"] == (
        "Everyone on this list can see everyone else on it. The list is [read from the database](1), "
        "[passed on whole to deliver()](2) and put into To of one message here. Change: add `is_multiple=True`; each person then "
        "gets a message of their own, still in one request per 1,000 people."
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "add recipient-variables with an entry for each person: one message each, still one request",
            (
                "add `recipient-variables` with an entry for each person; each person then gets a message of their own, "
                "still in one request."
            ),
        ),
        (
            "set preserve_recipients to False: one message each, still one request per batch",
            (
                "set `preserve_recipients` to False; each person then gets a message of their own, still in one request "
                "per batch."
            ),
        ),
        (
            "leave header_to out: one message each, which is what SparkPost does by itself",
            "leave `header_to` out; each person then gets a message of their own, which is what SparkPost does by itself.",
        ),
        (
            "call send_mail once for each person: one message each",
            "call `send_mail` once for each person; each person then gets a message of their own.",
        ),
        ("send one message to each person", "send one message to each person."),
    ],
)
def test_sarif_says_in_sentences_what_to_change(change, words):
    (result,) = sarif(replace(REPORT, findings=(replace(LEAK, change=change),)))["results"]
    assert result["message"]["text"].partition("Change: ")[2] == words


def test_the_change_of_every_rule_and_service_becomes_one_sentence():
    for rule in load_rules():
        for service in ("", *dict(rule.changes)):
            words = full_change(replace(LEAK, change=rule.advice(service)))
            assert words.endswith(".")
            assert words.count("`") % 2 == 0
            assert ": " not in words
            assert ". " not in words


@pytest.mark.parametrize("line", ["To", "Cc", "Bcc", "Reply-To"])
def test_sentences_name_the_line_into_which_people_are_put(line):
    report = replace(REPORT, findings=(replace(LEAK, line=line),))
    assert f" and put into {line} of one message here." in sarif(report)["results"][0]["message"]["text"]
    assert f" and put into {line} of one message here.%0A" in render("github", report)
    # Where the line is not known, nothing is claimed.
    assert " and put into one message here." in render("github", replace(REPORT, findings=(replace(LEAK, line=""),)))


def test_a_list_written_out_where_it_is_handed_on_is_one_step():
    passed = WAY.steps[1]
    way = replace(WAY, steps=(WAY.steps[0], replace(passed, kind=StepKind.COLLECTED), *WAY.steps[1:]))
    report = replace(REPORT, findings=(replace(LEAK, ways=(way,)),))
    for name in sorted(set(REPORTERS) - {"json", "jsonl"}):
        assert render(name, report) == render(name, REPORT)
    elsewhere = replace(passed, kind=StepKind.COLLECTED, place=Place("news/views.py", 46, 5))
    way = replace(WAY, steps=(WAY.steps[0], elsewhere, *WAY.steps[1:]))
    assert "collected in a loop" in render("text", replace(REPORT, findings=(replace(LEAK, ways=(way,)),)))


def test_sarif_has_what_code_scanning_asks_for():
    run = sarif(REPORT, category="shop")
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 21, "startColumn": 28, "endLine": 21, "endColumn": 48}
    assert result["partialFingerprints"]["primaryLocationLineHash"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert rule["id"] == result["ruleId"]
    assert rule["help"]["text"]
    assert rule["help"]["markdown"]
    assert len(rule["shortDescription"]["text"]) <= 1024
    assert {"tags", "precision", "security-severity", "problem.severity"} <= set(rule["properties"])
    assert "security" in rule["properties"]["tags"]
    assert len(rule["properties"]["tags"]) <= 10
    assert run["automationDetails"]["id"] == "shop/"
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_links_lead_to_related_locations():
    (result,) = sarif(REPORT)["results"]
    links = [int(number) for number in re.findall(r"\]\((\d+)\)", result["message"]["text"])]
    related = {location["id"]: location for location in result["relatedLocations"]}
    assert set(links) <= set(related)
    places = [related[number]["physicalLocation"]["region"]["startLine"] for number in links]
    assert places == [44, 47]
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in flow][:: len(flow) - 1] == [
        "read from the database",
        "sent",
    ]


def test_sarif_says_how_many_ways_there_are_where_not_all_are_written():
    (result,) = sarif(REPORT)["results"]
    assert "ways" not in result["properties"]
    many = replace(LEAK, ways=tuple(replace(WAY, identity=f"way {number}") for number in range(150)))
    (result,) = sarif(replace(REPORT, findings=(many,)))["results"]
    assert len(result["codeFlows"]) == 100
    assert result["properties"]["ways"] == 150


def test_sarif_way_leads_from_the_query_through_the_call_to_the_send_and_repeats_no_location():
    (result,) = sarif(REPORT)["results"]
    (place,) = result["locations"]
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    lines = [step["location"]["physicalLocation"]["region"]["startLine"] for step in flow]
    assert lines == [44, 47, 20]
    assert [place["physicalLocation"]["region"]["startColumn"]] != [
        flow[-1]["location"]["physicalLocation"]["region"]["startColumn"]
    ]


def test_sarif_place_is_one_line_also_where_the_span_is_not():
    (result,) = sarif(replace(REPORT, findings=(replace(LEAK, place=Place("news/mailer.py", 20, 12, 22, 9)),)))[
        "results"
    ]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 20, "startColumn": 12, "endLine": 20, "endColumn": 29}


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({}, "error"),
        ({"certainty": Certainty.CERTAIN}, "error"),
        ({"severity": Severity.WARNING}, "warning"),
        ({"severity": Severity.NOTE}, "note"),
        ({"noted": "test code"}, "note"),
        ({"certainty": Certainty.UNDECIDED}, "note"),
    ],
)
def test_levels(change, level):
    report = replace(REPORT, findings=(replace(LEAK, **change),))
    assert [result["level"] for result in sarif(report, show_undecided=True)["results"]] == [level]
    github = render("github", report, show_undecided=True, show_all=True)
    assert github.startswith("::notice" if level == "note" else f"::{level}")


def test_sarif_holds_undecided_findings_on_request_only():
    report = replace(REPORT, findings=(replace(LEAK, certainty=Certainty.UNDECIDED),))
    assert sarif(report)["results"] == []
    assert len(sarif(report, show_undecided=True)["results"]) == 1


def test_sarif_says_what_was_not_read():
    (invocation,) = sarif(CAPTURES)["invocations"]
    assert invocation["executionSuccessful"] is False
    texts = [entry["message"]["text"] for entry in invocation["toolExecutionNotifications"]]
    assert texts[1] == "jobs/old.py:12: Not read: Python 2."


def test_sarif_tells_known_from_new():
    run = sarif(replace(REPORT, findings=(LEAK, replace(LEAK, new=False))))
    assert [result["baselineState"] for result in run["results"]] == ["new", "unchanged"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]
    assert len(set(prints)) == 2


def test_sarif_keeps_the_worst_of_too_many(monkeypatch):
    module = sys.modules[REPORTERS["sarif"].render.__module__]
    assert module.RESULTS == 5000
    monkeypatch.setattr(module, "RESULTS", 50)
    run = sarif(replace(REPORT, findings=(LEAK,) * 53))
    assert len(run["results"]) == 50
    assert (
        run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
        == "3 more findings are not in this file."
    )


def test_sarif_stays_within_what_code_scanning_keeps(monkeypatch):
    module = sys.modules[REPORTERS["sarif"].render.__module__]
    monkeypatch.setattr(module, "ALL_STEPS", 100)
    monkeypatch.setattr(module, "FLOW_STEPS", 40)
    long = replace(WAY, steps=(*(replace(WAY.steps[1], place=Place(f"f{n}.py", 1)) for n in range(8)), *WAY.steps[2:]))
    leaks = [replace(LEAK, ways=(long,) * 30, place=Place("x.py", line + 1)) for line in range(12)]
    run = sarif(replace(REPORT, findings=tuple(leaks)))
    written = [
        [len(flow["threadFlows"][0]["locations"]) for flow in result.get("codeFlows", [])] for result in run["results"]
    ]
    # The worst results keep their ways; a way is whole or not there.
    assert written == [[10] * 4, [10] * 4, [10] * 2, *([[]] * 9)]
    assert all(len(result["locations"]) == 1 for result in run["results"])
    assert all(len(result["relatedLocations"]) <= 100 for result in run["results"])


def test_sarif_points_to_the_weaknesses_of_each_rule():
    rules = (replace(RULES[0], cwe=("CWE-212", "CWE-359", "CWE-1230")), RULES[1])
    run = sarif(REPORT, rules=lambda: rules)
    (taxonomy,) = run["taxonomies"]
    assert [taxon["id"] for taxon in taxonomy["taxa"]] == ["212", "359", "1230"]
    assert run["tool"]["driver"]["supportedTaxonomies"] == [{"name": taxonomy["name"]}]
    first, second = run["tool"]["driver"]["rules"]
    assert [one["target"]["id"] for one in first["relationships"]] == ["212", "359", "1230"]
    assert [one["target"]["id"] for one in second["relationships"]] == ["359"]
    assert {"external/cwe/cwe-212", "external/cwe/cwe-359", "external/cwe/cwe-1230"} < set(first["properties"]["tags"])


def test_the_rules_that_come_with_mailguard_meet_the_limits_of_code_scanning():
    run = sarif(REPORT, rules=lambda: tuple(map(rule_text, load_rules())))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert [one["target"]["id"] for one in rules["bcc-header-transmitted"]["relationships"]] == ["212", "359", "1230"]
    for rule in rules.values():
        assert len(rule["name"]) <= 255
        assert len(rule["shortDescription"]["text"]) <= 1024
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert len(rule["properties"]["tags"]) <= 10
        assert rule["properties"]["precision"] in {"very-high", "high", "medium", "low"}
        assert 0.0 < float(rule["properties"]["security-severity"]) <= 10.0


def test_fingerprints_do_not_follow_lines_or_titles():
    moved = replace(LEAK, place=replace(LEAK.place, line=99), title="N people")
    other = replace(LEAK, ways=(replace(WAY, identity="default|x|y|0"),))
    prints = [
        json.loads(render("gitlab", replace(REPORT, findings=(finding,))))[0]["fingerprint"]
        for finding in (LEAK, moved, other)
    ]
    assert prints[0] == prints[1] != prints[2]


def test_sarif_escapes_a_strangers_brackets_and_paths():
    finding = replace(LEAK, noted="[x](9)", place=Place("a b/[é]#?%.py", 1))
    (result,) = sarif(replace(REPORT, findings=(finding,)))["results"]
    assert r"It does not block: \[x\](9)." in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "a%20b/%5B%C3%A9%5D%23%3F%25.py"


def test_sarif_without_words_of_rules():
    run = sarif(REPORT, rules=tuple)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["shared-personalization"]
