"""Every format on the shelf: golden texts of fixed reports, the schemas, the escapes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from lxml import etree
from report_samples import CAPTURES, LEAK, OPTIONS, RECORDED, REPORT, UNREAD, UNTOLD, WAY

import mailguard.reporters
from mailguard.model.finding import Certainty, Ledger, Report, Severity
from mailguard.model.place import Place
from mailguard.model.reporter import Reporter
from mailguard.model.value import StepKind
from mailguard.rulebook.loading import load_rules
from mailguard.rulepage import rule_text
from mailguard.shelf import shelf
from mailguard.wording import full_change

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
REPORTERS = {reporter.name: reporter for reporter in shelf("mailguard.reporters", "REPORTER", Reporter)}
REPORTS = {
    "code": REPORT,
    "captures": CAPTURES,
    "nothing": Report(ledger=Ledger(calls=2, keeps_apart=2, files=3, files_read=3)),
}
SARIF = json.loads((HERE.parent / "data" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
JSON = json.loads((Path(mailguard.reporters.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


def render(name, report, **options):
    return REPORTERS[name].render(report, replace(OPTIONS, **options))


@pytest.mark.parametrize("which", REPORTS)
@pytest.mark.parametrize("name", REPORTERS)
def test_golden(name, which):
    """MAILGUARD_WRITE_GOLDEN=1 writes the texts anew; read the difference before you commit it."""
    text = render(name, REPORTS[which])
    file = GOLDEN / f"{which}.{name}"
    if os.environ.get("MAILGUARD_WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    assert file.exists(), f"{name} has no golden text: MAILGUARD_WRITE_GOLDEN=1 pytest {Path(__file__).name}"
    assert text == file.read_text(encoding="utf-8")


def test_there_is_no_golden_text_of_a_format_that_is_gone():
    assert {path.suffix[1:] for path in GOLDEN.iterdir()} == set(REPORTERS)


@pytest.mark.parametrize("name", REPORTERS)
def test_a_format_says_what_it_is_and_ends_with_a_line_feed(name):
    assert REPORTERS[name].title
    assert render(name, REPORT).endswith("\n")
    assert render(name, REPORT) == render(name, REPORT)


def test_endings_of_file_names_are_not_shared():
    endings = [suffix for reporter in REPORTERS.values() for suffix in reporter.suffixes]
    assert len(endings) == len(set(endings))


# --- SARIF ----------------------------------------------------------------------------------------


def sarif(report, **options):
    log = json.loads(render("sarif", report, **options))
    jsonschema.Draft4Validator(SARIF).validate(log)
    return log["runs"][0]


def test_sarif_message_is_the_one_of_the_specification():
    (result,) = sarif(REPORT)["results"]
    assert result["message"]["text"] == (
        "Everyone on this list can see everyone else on it. The list is [read from the database](1), "
        "[passed on whole](2) and put into To of one message here. Change: add `is_multiple=True`; each person then "
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


def test_sarif_keeps_the_worst_of_too_many():
    # Not held against the schema: that alone takes longer than all other tests of this folder.
    run = json.loads(render("sarif", replace(REPORT, findings=(LEAK,) * 5003)))["runs"][0]
    assert len(run["results"]) == 5000
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
    rules = (replace(OPTIONS.rules[0], cwe=("CWE-212", "CWE-359", "CWE-1230")), OPTIONS.rules[1])
    run = sarif(REPORT, rules=rules)
    (taxonomy,) = run["taxonomies"]
    assert [taxon["id"] for taxon in taxonomy["taxa"]] == ["212", "359", "1230"]
    assert run["tool"]["driver"]["supportedTaxonomies"] == [{"name": taxonomy["name"]}]
    first, second = run["tool"]["driver"]["rules"]
    assert [one["target"]["id"] for one in first["relationships"]] == ["212", "359", "1230"]
    assert [one["target"]["id"] for one in second["relationships"]] == ["359"]
    assert {"external/cwe/cwe-212", "external/cwe/cwe-359", "external/cwe/cwe-1230"} < set(first["properties"]["tags"])


def test_the_rules_that_come_with_mailguard_meet_the_limits_of_code_scanning():
    run = sarif(REPORT, rules=tuple(rule_text(rule) for rule in load_rules()))
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
    run = sarif(REPORT, rules=())
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["shared-personalization"]


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reveal", [False, True])
@pytest.mark.parametrize("which", REPORTS)
def test_json_is_what_its_schema_says(which, reveal):
    data = json.loads(render("json", REPORTS[which], reveal=reveal, is_inside=lambda _: False))
    jsonschema.Draft202012Validator.check_schema(JSON)
    jsonschema.Draft202012Validator(JSON).validate(data)
    assert data["exit_code"] == REPORTS[which].exit_code


def test_the_schema_describes_every_key_and_no_other():
    def closed(node):
        if isinstance(node, dict):
            node = {key: closed(value) for key, value in node.items()}
            return node | ({"additionalProperties": False} if "properties" in node and "type" in node else {})
        return [closed(item) for item in node] if isinstance(node, list) else node

    for report in REPORTS.values():
        jsonschema.Draft202012Validator(closed(JSON)).validate(json.loads(render("json", report)))


def test_json_names_people_only_when_asked():
    people = json.loads(render("json", CAPTURES, is_inside=lambda person: "inside" in person.address))["findings"][0][
        "people"
    ]
    assert [person["person"] for person in people["to"]] == ["r1", "r2", "r1"]
    assert people["bcc"] == [{"person": "r4", "side": "inside", "count": {"low": 1, "plain": 1, "high": 1}}]
    revealed = json.loads(render("json", CAPTURES, reveal=True))["findings"][0]["people"]
    assert [person["person"] for person in revealed["to"]] == ["ada@example.com", "bob@example.org", "ADA@example.com"]


@pytest.mark.parametrize("name", sorted(set(REPORTERS) - {"json", "jsonl"}))
def test_no_other_format_listens_to_reveal(name):
    assert render(name, CAPTURES, reveal=True) == render(name, CAPTURES)


def test_json_lines_hold_what_json_holds():
    whole = json.loads(render("json", CAPTURES))
    lines = [json.loads(line) for line in render("jsonl", CAPTURES).splitlines()]
    assert [line.pop("kind") for line in lines] == ["report", "finding", "skip", "skip"]
    assert lines[1:] == [*whole["findings"], *whole["skips"], *whole["calls"]]
    assert lines[0] == {key: part for key, part in whole.items() if key not in {"findings", "skips", "calls"}}


# --- GitHub ---------------------------------------------------------------------------------------


def test_github_annotation_is_the_one_of_the_specification():
    assert render("github", REPORT).splitlines()[0] == (
        "::error file=news/mailer.py,line=21,col=28,endLine=21,endColumn=48,"
        "title=Everyone on this list can see everyone else on it::"
        "The list is read from the database (news/views.py:44), passed on whole (news/views.py:47) and put into To of one "
        "message here.%0AChange: add is_multiple=True. One message each, still one request per 1,000 people.%0A"
        'Intended? Add a comment: # mailguard: allow[shared-personalization] reason="..."%0Ashared-personalization, likely'
    )


def test_github_puts_a_second_annotation_on_the_changed_line():
    lines = render(
        "github", REPORT, changed=lambda place: (place.path, place.line) == ("news/views.py", 47)
    ).splitlines()
    assert lines[1] == (
        "::notice file=news/views.py,line=47,col=5,endLine=47,endColumn=44,title=This change shows people to each other::"
        "This change sends a whole list into news/mailer.py:21, where everyone can see everyone else."
    )
    assert "::notice" not in render("github", REPORT, changed=lambda place: place == LEAK.place)


def test_github_shows_the_worst_ten_of_each_kind_and_counts_the_rest():
    warning = replace(LEAK, severity=Severity.WARNING)
    lines = render("github", replace(REPORT, findings=(warning,) * 12 + (LEAK,) * 13)).splitlines()
    kinds = [line.split()[0] for line in lines if line.startswith("::")]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10
    assert (
        lines[20]
        == "5 more are not shown beside the code: GitHub shows ten errors, ten warnings and ten notices of a step."
    )
    assert lines[21].startswith("41 mail calls")


def test_github_escapes_what_a_stranger_wrote():
    path = "a,b:c%d\n::warning::x.py"
    finding = replace(LEAK, place=Place(path, 3), noted="x\r\n::error::y")
    lines = render("github", replace(REPORT, findings=(finding,)), show_all=True).splitlines()
    assert sum(line.startswith("::") for line in lines) == 1
    assert lines[0].startswith(r"::notice file=a%2Cb%3Ac%25d\x0a%3A%3Awarning%3A%3Ax.py,line=3,")


# --- the others -----------------------------------------------------------------------------------


def test_gitlab_has_what_code_quality_asks_for():
    entries = json.loads(render("gitlab", replace(CAPTURES, findings=(LEAK, LEAK, RECORDED))))
    assert entries[0]["description"] == (
        "Everyone on this list can see everyone else on it: "
        "add is_multiple=True: one message each, still one request per 1,000 people"
    )
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 5
    for entry in entries:
        assert entry["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not entry["location"]["path"].startswith("./")
        assert entry["location"]["lines"]["begin"] >= 1


def test_junit_counts_its_cases():
    noted = replace(LEAK, noted="test code", place=Place("tests/x.py", 3))
    suites = ET.fromstring(render("junit", replace(CAPTURES, findings=(LEAK, LEAK, RECORDED, noted))))
    (suite,) = suites
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors"), suite.get("skipped")) == (
        "5",
        "2",
        "2",
        "1",
    )
    failure = suite.find("testcase/failure")
    assert failure.get("message") == "Everyone on this list can see everyone else on it (and 1 more in this file)"
    assert "mailguard explain shared-personalization" in failure.text


def test_junit_is_xml_whatever_a_stranger_wrote():
    finding = replace(LEAK, place=Place("\x00\x1b\ud800]]><a&b>.py", 3))
    ET.fromstring(render("junit", replace(REPORT, findings=(finding,))))


@pytest.mark.parametrize("which", [*REPORTS, "hostile"])
def test_junit_is_what_the_schema_of_jenkins_says(which):
    schema = etree.XMLSchema(etree.parse(HERE.parent / "data" / "junit-10.xsd"))
    hostile = replace(LEAK, place=Place("\x00\x1b\ud800]]><a&b>.py", 3), noted="<!--", new=False)
    report = REPORTS.get(which) or replace(CAPTURES, findings=(hostile, LEAK, RECORDED), notices=("\ufffe<b>",))
    schema.assertValid(etree.fromstring(render("junit", report).encode()))


@pytest.mark.parametrize(
    ("path", "name"),
    [("news/mailer.py", "news.mailer"), ("a.b/c.py", "a_b.c"), ("x.har", "x_har"), (".ci/a.b.py", "_ci.a_b")],
)
def test_junit_names_files_so_that_a_build_server_shows_folders(path, name):
    suites = ET.fromstring(render("junit", replace(REPORT, findings=(replace(LEAK, place=Place(path, 3)),))))
    assert suites.find("testsuite/testcase").get("classname") == name
    assert f"{path}:3" in suites.find("testsuite/testcase/failure").text


def test_markdown_holds_no_more_than_a_job_summary_takes():
    findings = tuple(replace(LEAK, place=Place(f"{'x' * 200}/{line}.py", line)) for line in range(1, 3001))
    skips = tuple(replace(UNREAD, place=Place(f"{'y' * 200}/{line}.py", line)) for line in range(1, 3001))
    text = render("markdown", replace(REPORT, findings=findings, skips=skips))
    assert len(text.encode()) <= 1_000_000
    rows = len(re.findall(r"(?m)^\| `xxx", text))
    assert 1000 < rows < 3000
    assert f"{3000 - rows:,} more: `mailguard check --all`" in text
    # What the annotations leave out is in the summary.
    text = render("markdown", replace(REPORT, findings=findings[:200]))
    assert len(re.findall(r"(?m)^\| `xxx", text)) == 200
    assert "more: " not in text


def test_markdown_of_a_stranger_is_inert():
    path = "![x](http://evil.example/p.png)<img src=x>@team|`#1.py"
    finding = replace(LEAK, place=Place(path, 3), noted="<b>@team</b> [x](http://y)")
    text = render(
        "markdown", replace(REPORT, findings=(finding,), skips=(replace(UNREAD, place=Place(path)),)), show_all=True
    )
    # Out of code spans and code blocks, nothing of it is left that Markdown or HTML would read.
    rest = re.sub(r"(?s)(`+)text\n.*?\n\1|(`+)[^`].*?\2(?!`)", "", text)
    assert not re.search(r"<(?!/?details>|/?summary>)|@|!\[|\]\(|://", rest)
    assert len(re.findall(r"(?m)^\|", text)) == 6


def test_csv_holds_no_formula():
    finding = replace(LEAK, place=Place('=HYPERLINK("x").py', 3), symbol="+x", noted="@y")
    rows = list(csv.reader(io.StringIO(render("csv", replace(CAPTURES, findings=(finding,))))))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@"}]


@pytest.mark.parametrize("name", REPORTERS)
def test_every_format_says_what_was_not_read(name):
    text = render(name, Report(skips=(UNREAD, UNTOLD), ledger=CAPTURES.ledger))
    assert "Python 2" in text
    assert "the header says gzip, the body is not gzip" in text.replace("%2C", ",")


@pytest.mark.parametrize("name", REPORTERS)
def test_every_format_renders_every_kind_of_step_and_verdict(name):
    from mailguard.model.value import Step

    ways = tuple(replace(WAY, steps=(Step(kind, Place("x.py", 1)), *WAY.steps[1:])) for kind in StepKind)
    findings = tuple(replace(LEAK, ways=(way,)) for way in (*ways, replace(WAY, steps=())))
    text = render(name, replace(REPORT, findings=findings), show_all=True, all_trails=True)
    assert text
    if name == "sarif":
        jsonschema.Draft4Validator(SARIF).validate(json.loads(text))
