"""What captures are worth as evidence: replayed whatever the body is, or older than the code."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from mailguard import gate, git
from mailguard.config import Settings
from mailguard.evidence import ABOUT, IGNORES_BODY, OUT_OF_DATE, matched_on_body
from mailguard.ledger import ledger_lines
from mailguard.model.finding import Report

CASSETTE = """interactions:
- request:
    body: '{"personalizations": [{"to": [{"email": "ann@example.com"}]}], "from": {"email": "a@b.example"}}'
    headers: {Content-Type: [application/json]}
    method: POST
    uri: https://api.sendgrid.com/v3/mail/send
  response: {body: {string: ''}, headers: {}, status: {code: 202, message: Accepted}}
version: 1
"""
CODE = """import sendgrid
from sendgrid.helpers.mail import Mail

def send(rows):
    for row in rows:
        sendgrid.SendGridAPIClient("x").send(Mail("a@b.example", row.email, "s", "t"))
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mail.yaml").write_text(CASSETTE)
    return tmp_path


def commit(root: Path, day: str) -> None:
    when = {"GIT_COMMITTER_DATE": f"{day}T12:00:00Z", "GIT_AUTHOR_DATE": f"{day}T12:00:00Z"}
    run = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    if not (root / ".git").exists():
        subprocess.run([*run, "init", "-q"], cwd=root, check=True)
    subprocess.run([*run, "add", "-A"], cwd=root, check=True)
    subprocess.run([*run, "commit", "-q", "-m", day], cwd=root, check=True, env={**os.environ, **when})


def told(report: Report) -> list[str]:
    return [finding.rule for finding in report.findings if not finding.blocks]


def test_a_cassette_that_is_not_matched_on_its_body_is_told_and_does_not_block(tree: Path) -> None:
    report = gate.replay("mail.yaml")
    assert told(report) == [IGNORES_BODY]
    assert report.exit_code == 0
    assert report.ledger.stale == 1
    assert ledger_lines(report.ledger) == ["1 request: 1 keeps readers apart. 1 capture proves less than it seems."]


@pytest.mark.parametrize(
    ("words", "matched"),
    [
        ('vcr.VCR(match_on=["method", "uri", "body"])', True),
        ("vcr.VCR(match_on=('method', 'raw_body'))", True),
        ('return {"match_on": ["method", "json_body"]}', True),
        ("my_vcr.match_on = [\n    'uri',\n    'body',\n]", True),
        ("config.default_cassette_options['match_requests_on'] = ['body']", True),
        ("vcr.VCR(match_on=MATCHERS)", True),
        ('vcr.VCR(match_on=["method", "uri"])', False),
        ("vcr.VCR(match_on=('uri',))", False),
        ("def test(): body = 1", False),
        ("", False),
    ],
)
def test_what_the_tests_compare_is_read_in_their_words(tree: Path, words: str, matched: bool) -> None:
    (tree / "conftest.py").write_text(words)
    assert told(gate.replay("mail.yaml")) == ([] if matched else [IGNORES_BODY])


def test_ruby_says_it_in_its_own_words() -> None:
    words = [
        b"c.default_cassette_options = { match_requests_on: [:method, :uri, :body] }",
        b":match_requests_on => %i[method body]",
        b"match_requests_on: [:method, :uri]",
    ]
    assert [matched_on_body([lambda data=data: data]) for data in words] == [True, True, False]


def test_many_cassettes_are_one_warning(tree: Path) -> None:
    (tree / "more.yaml").write_text(CASSETTE)
    report = gate.replay(".")
    assert [finding.title for finding in report.findings] == ["2 captures are replayed whatever the body is"]
    assert report.ledger.stale == 2


def test_a_cassette_without_mail_is_nothing(tree: Path) -> None:
    (tree / "mail.yaml").write_text(CASSETTE.replace("api.sendgrid.com", "api.example.com"))
    assert told(gate.replay("mail.yaml")) == []


def test_the_settings_can_leave_it_out(tree: Path) -> None:
    assert told(gate.replay("mail.yaml", Settings(ignore=(IGNORES_BODY,)))) == []
    assert told(gate.replay("mail.yaml", Settings(per_path_ignores={"*.yaml": (IGNORES_BODY,)}))) == []


@pytest.mark.parametrize("code_too", [False, True])
def test_a_capture_that_is_older_than_the_code_is_told(tree: Path, code_too: bool) -> None:
    def look() -> Report:
        return gate.check(["mail.yaml", "mailer.py"]) if code_too else gate.replay("mail.yaml")

    (tree / "mailer.py").write_text(CODE)
    (tree / "tests").mkdir()
    (tree / "tests" / "conftest.py").write_text('{"match_on": ["body"]}')
    commit(tree, "2026-01-01")
    assert told(look()) == []
    (tree / "other.py").write_text("import sys\n")
    (tree / "tests" / "test_mail.py").write_text(CODE)
    commit(tree, "2026-02-01")
    assert told(look()) == []
    (tree / "mailer.py").write_text(CODE + "# changed\n")
    commit(tree, "2026-03-01")
    report = look()
    assert told(report) == [OUT_OF_DATE]
    assert report.exit_code == 0
    (finding,) = report.findings
    assert "mail.yaml was last committed on 2026-01-01, mailer.py on 2026-03-01" in finding.why
    (tree / "mail.yaml").write_text(CASSETTE + "\n")
    commit(tree, "2026-03-02")
    assert told(look()) == []


def test_what_is_in_no_commit_has_no_date(tree: Path) -> None:
    (tree / "mailer.py").write_text(CODE)
    assert git.last_commits(tree, ["mailer.py"]) == {}
    commit(tree, "2026-01-01")
    (tree / "new.py").write_text("")
    assert git.last_commits(tree, ["mailer.py", "new.py", "missing"]) == {"mailer.py": 1767268800}


def test_a_folder_is_as_young_as_its_youngest_file(tree: Path) -> None:
    (tree / "box").mkdir()
    (tree / "box" / "1:2,S").write_text("x")
    commit(tree, "2026-01-01")
    (tree / "box" / "é 2").write_text("x")
    commit(tree, "2026-01-02")
    assert git.last_commits(tree, ["box", "bo"]) == {"box": 1767355200}
    assert git.last_commits(tree / "box", ["é 2"]) == {"é 2": 1767355200}


def test_a_stub_of_wiremock_without_a_body_pattern_is_told(tree: Path) -> None:
    def journal(**pattern: object) -> str:
        request = {
            "url": "/v3/mail/send",
            "absoluteUrl": "https://api.sendgrid.com/v3/mail/send",
            "method": "POST",
            "headers": {"Content-Type": "application/json"},
            "body": '{"personalizations": [{"to": [{"email": "ann@example.com"}]}]}',
            "loggedDate": 1793527200000,
        }
        stub = {"request": {"url": "/v3/mail/send", "method": "POST", **pattern}, "response": {"status": 202}}
        return json.dumps({"requests": [{"id": "1", "request": request, "wasMatched": True, "stubMapping": stub}]})

    (tree / "journal.json").write_text(journal())
    assert told(gate.replay("journal.json")) == [IGNORES_BODY]
    (tree / "journal.json").write_text(journal(bodyPatterns=[{"matchesJsonPath": "$.personalizations"}]))
    assert told(gate.replay("journal.json")) == []


def test_explain_and_the_settings_know_the_names(tree: Path) -> None:
    from mailguard.explain import page

    for about in ABOUT:
        assert about.title in page(about.rule, lambda _: pytest.fail("no run"))
        assert about.rule in page(None, lambda _: pytest.fail("no run"))
