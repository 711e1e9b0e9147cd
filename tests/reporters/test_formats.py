"""What each format writes: golden texts, and what those who read them ask for."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from lxml import etree
from report_samples import CAPTURES, LEAK, RECORDED, REPORT, UNREAD, UNTOLD, WAY

from mailguard.model.finding import Report, Severity
from mailguard.model.place import Place
from mailguard.model.value import StepKind

from .rendering import GOLDEN, HERE, JSON, REPORTERS, REPORTS, SARIF, render


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


def test_github_annotation_is_the_one_of_the_specification():
    assert render("github", REPORT).splitlines()[0] == (
        "::error file=news/mailer.py,line=21,col=28,endLine=21,endColumn=48,"
        "title=Everyone on this list can see everyone else on it::"
        "The list is read from the database (news/views.py:44), passed on whole to deliver() (news/views.py:47) and put into To of one "
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


def test_junit_keeps_what_is_known_beside_what_fails():
    suite = ET.fromstring(render("junit", replace(REPORT, findings=(LEAK, replace(LEAK, new=False)), skips=()))).find(
        "testsuite"
    )
    assert [case.get("name") for case in suite.findall("testcase")] == [LEAK.rule, f"{LEAK.rule}, does not block"]
    assert [[part.tag for part in case] for case in suite.findall("testcase")] == [["failure"], ["skipped"]]
    assert suite.find("testcase/skipped").get("message").endswith("(known)")


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
