"""What runs on build servers: the GitHub action step by step, the templates for GitLab and Jenkins, in a real shell.

Only the installation is played: a Python that makes no environment and installs nothing, but runs mailguard.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from lxml import etree

from mailguard.redact import holds_address

sys.path.insert(0, str(Path(__file__).parent))
import action_runner as runner
import draw_readme

sys.path.pop(0)

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / ".github" / "ci-templates"
DATA = ROOT / "tests" / "data"
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="the steps are for bash")

MAILER, VIEWS = (draw_readme.PROJECT[f"news/{name}.py"] for name in ("mailer", "views"))
REPAIRED = MAILER.replace("to_emails=recipients,", "to_emails=recipients, is_multiple=True,")
PROJECT = draw_readme.PROJECT
ALONE = (
    MAILER.replace("import os\n", "import os\n\nfrom news.models import Subscriber", 1)
    + """

def send(issue):
    deliver([s.email for s in Subscriber.objects.all()], issue.subject, issue.html)
"""
)
CLEAN = {**PROJECT, "news/mailer.py": REPAIRED}
PUSH = {"event_name": "push", "repository": "shop/site", "event": {}}
PULL = {
    "event_name": "pull_request",
    "repository": "shop/site",
    "event": {"pull_request": {"head": {"repo": {"full_name": "shop/site"}}}},
}
FORK = {**PULL, "event": {"pull_request": {"head": {"repo": {"full_name": "stranger/site"}}}}}
GONE = {**PULL, "event": {"pull_request": {"head": {"repo": None}}}}

PYTHON = """\
#!/bin/sh
# Makes an environment that holds this script, writes down what it is told, runs mailguard.
[ "$1" = -I ] || exit 99
case "$3" in
  venv) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  pip) [ -z "$PYTHONPATH$PYTHONHOME" ] || exit 97; shift 3; printf '%s\\n' "$@" > "$PLAYED/pip" ;;
  mailguard)
    shift 3
    if [ -n "$RECORD" ]; then
      for word in "$@"; do printf '%s\\0' "$word"; done > "$PLAYED/arguments"
      exit 0
    fi
    exec 'PROGRAM' "$@" ;;
  *) exit 98 ;;
esac
"""

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A"), ("EMAIL", "a@example.com"), ("DATE", "2026-01-02T03:04:05Z"))
}


def git(folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | IDENTITY
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-C", str(folder), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


class Server:
    """A build server with one checkout."""

    def __init__(self, folder: Path, program: Path) -> None:
        self.workspace = folder / "work space"
        self.temp = folder / "temp"
        self.played = folder / "played"
        for one in (self.workspace, self.temp, self.played):
            one.mkdir()
        self.python = self.played / "python3"
        self.python.write_text(PYTHON.replace("PROGRAM", str(program)))
        self.python.chmod(self.python.stat().st_mode | stat.S_IXUSR)
        (self.played / "python").symlink_to(self.python)
        self.upload_works = True
        self.record = ""

    def put(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            file = self.workspace / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def commit(self, files: dict[str, str]) -> str:
        self.put(files)
        if not (self.workspace / ".git").exists():
            git(self.workspace, "init", "-q")
        git(self.workspace, "add", "-A")
        git(self.workspace, "commit", "-q", "-m", "x")
        return git(self.workspace, "rev-parse", "HEAD")

    @property
    def environment(self) -> dict[str, str]:
        return {"PLAYED": str(self.played), "RECORD": self.record, "PYTHONPATH": str(self.workspace)}

    def action(self, github: dict[str, Any] = PUSH, **inputs: str) -> runner.Job:
        def others(name: str, given: dict[str, str]) -> tuple[bool, dict[str, str]]:
            if name == "actions/setup-python":
                return True, {"python-path": str(self.python)}
            assert name == "github/codeql-action/upload-sarif"
            return self.upload_works, {}

        return runner.run(
            ROOT / "action.yml",
            {name.replace("_", "-"): value for name, value in inputs.items()},
            workspace=self.workspace,
            temp=self.temp,
            github=github,
            others=others,
            environment=self.environment,
        )

    def arguments(self) -> list[str]:
        """What mailguard was called with, where that was only recorded."""
        return (self.played / "arguments").read_bytes().decode().split("\0")[:-1]

    def shell(self, script: str, *command: str, **variables: str) -> tuple[int, str]:
        """Run a script of a template, with the played Python on the path."""
        path = f"{self.played}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [*command, script],
            cwd=self.workspace,
            env={**os.environ, **self.environment, "PATH": path, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def server(tmp_path: Path, program: Path) -> Server:
    return Server(tmp_path, program)


# --- the GitHub action ----------------------------------------------------------------------------


def test_a_leak_fails_the_job_beside_the_code_in_the_log_and_in_the_summary(server: Server) -> None:
    server.put({**PROJECT, "out/keep": ""})
    job = server.action(PULL, sarif="out/report.sarif")
    assert not job.ok
    assert job.steps == {"python": "success", "Install": "success", "Check": "success", "Verdict": "failure"}
    assert "\n::error file=news/mailer.py,line=14,col=28,endLine=14,endColumn=48,title=Everyone on " in f"\n{job.log}"
    assert "\n  Change     add is_multiple=True" in job.log
    assert "| `news/mailer.py:14` | Everyone on this list can see everyone else on it |" in job.summary
    assert job.outputs == {"exit-code": "1", "sarif": "out/report.sarif"}
    assert not holds_address(job.log + job.summary)
    assert (server.played / "pip").read_text().splitlines()[-1] == str(ROOT)


def test_a_clean_project_passes(server: Server) -> None:
    server.put(CLEAN)
    job = server.action()
    assert job.ok
    assert job.outputs == {"exit-code": "0", "sarif": ""}
    assert "::error" not in job.log
    assert "Nothing found." in job.summary
    assert set(job.used) == {"actions/setup-python"}


def test_annotations_stay_within_the_cap_and_the_summary_has_the_rest(server: Server) -> None:
    server.put(CLEAN | {f"news/old{number:02}.py": ALONE for number in range(13)})
    job = server.action(paths="news/old00.py\n\nnews")
    assert len(re.findall(r"(?m)^::error ", job.log)) == 10
    assert "\n3 more are not shown beside the code" in job.log
    assert len(re.findall(r"(?m)^\| `news/old\d\d.py:15` \|", job.summary)) == 13


@pytest.mark.parametrize(
    ("github", "there"),
    [(PUSH, True), (PULL, True), (FORK, False), (GONE, False)],
    ids=["push", "pull", "fork", "gone"],
)
@pytest.mark.parametrize("files", [PROJECT, CLEAN], ids=["leak", "clean"])
def test_code_scanning_gets_the_report_but_not_from_forks(
    server: Server, github: dict[str, Any], there: bool, files: dict[str, str]
) -> None:
    server.put(files)
    server.upload_works = False
    job = server.action(github, upload_sarif="true", category="shop")
    # Whether the upload works or not: the verdict is that on the code.
    assert job.ok is (files is CLEAN)
    assert ("github/codeql-action/upload-sarif" in job.used) is there
    if there:
        given = job.used["github/codeql-action/upload-sarif"]
        assert given == {"sarif_file": job.outputs["sarif"], "category": "shop"}
        log = json.loads(Path(given["sarif_file"]).read_text("utf-8"))
        schema = json.loads((DATA / "sarif-2.1.0.schema.json").read_text("utf-8"))
        jsonschema.Draft4Validator(schema).validate(log)
        assert len(log["runs"][0]["results"]) == (files is PROJECT)


def test_wrong_settings_are_told_in_the_summary_and_always_fail(server: Server) -> None:
    server.put(PROJECT | {"pyproject.toml": '[tool.mailguard]\ninternal-domain = ["example.com"]\n'})
    job = server.action(fail_on="never", sarif="x.sarif")
    assert not job.ok
    assert job.outputs == {"exit-code": "2", "sarif": ""}
    said = 'mailguard: pyproject.toml:2: there is no "internal-domain". Did you mean "internal-domains"?'
    assert said in job.log
    assert f"## mailguard\n\n    {said}\n" in job.summary


def test_what_was_not_read_is_no_pass(server: Server) -> None:
    server.put(CLEAN | {"news/old.py": "import smtplib\nprint 'x'\n"})
    job = server.action()
    assert not job.ok
    assert job.outputs["exit-code"] == "3"
    assert "One file could not be read, so this is not a pass." in job.summary
    assert server.action(fail_on="never").ok


def test_the_least_severity_that_fails_the_job(server: Server) -> None:
    server.put(PROJECT | {"rules.toml": '[tool.mailguard]\nselect = ["bcc-bulk"]\n'})
    many = 'from django.core.mail import EmailMessage\n\nfrom x import User\n\n\ndef go():\n    EmailMessage("s", "b", None, [], [u.email for u in User.objects.all()]).send()\n'
    server.put({"news/mailer.py": many})
    assert server.action(config="rules.toml").outputs["exit-code"] == "1"
    assert server.action(config="rules.toml", fail_on="error").ok
    assert server.action(config='select = ["bcc-bulk"]\ngate = "warning"').outputs["exit-code"] == "1"
    assert server.action(config="rules.toml", fail_on="never").ok


def test_the_baseline_counts_unless_it_is_looked_past(server: Server) -> None:
    server.commit(PROJECT)
    code, said = server.shell("python -I -m mailguard baseline", "bash", "-c")
    assert code == 0, said
    assert server.action().ok
    job = server.action(baseline="false")
    assert job.outputs["exit-code"] == "1"
    assert "mailguard baseline" not in job.log


def test_only_what_a_change_brings_in_counts_since_a_commit(server: Server) -> None:
    first = server.commit(PROJECT)
    server.commit({"news/other.py": "x = 1\n"})
    assert server.action(PULL, since=first).ok
    assert server.action(PULL).outputs["exit-code"] == "1"
    server.commit({"news/more.py": VIEWS.replace("newsletter", "more")})
    job = server.action(PULL, since=first)
    assert job.outputs["exit-code"] == "1"
    assert f"1 new since {first}" in job.log


def test_a_shallow_checkout_is_told_the_cure(server: Server, tmp_path: Path) -> None:
    first = server.commit(PROJECT)
    server.commit({"news/other.py": "x = 1\n"})
    shutil.move(server.workspace, tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--depth=1", (tmp_path / "origin").as_uri(), str(server.workspace))
    job = server.action(PULL, since=first)
    assert job.outputs["exit-code"] == "2"
    assert "fetch-depth: 0 (GitHub)" in job.summary


HOSTILE = [
    '"; touch PWNED; "',
    "$(touch PWNED)",
    "`touch PWNED`",
    "'; touch PWNED; '",
    "x && touch PWNED",
    "* ? [a]",
    "--output=json=PWNED",
    "-c touch PWNED",
    "${{ github.token }}",
    "\\",
    "é \u202e\t",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_input_is_read_by_the_shell(server: Server, text: str) -> None:
    server.record = "yes"
    before = sorted(server.workspace.rglob("*"))
    job = server.action(
        paths=f"{text}\nother", config=text, since=text, sarif=text, category=text, arguments=f"{text}\n--all"
    )
    assert job.outputs["exit-code"] == "0"
    assert server.arguments() == [
        *("check", "--output", "github=-", "--output", "text=-", "--output", f"markdown={server.temp}/mailguard.md"),
        *(f"--config={text}", f"--since={text}", "--output", f"sarif={text}", text, "--all", "--", text, "other"),
    ]
    assert sorted(server.workspace.rglob("*")) == before
    # What is one of a few words is not handed on at all.
    for name in ("baseline", "fail_on", "upload_sarif"):
        (server.played / "arguments").unlink(missing_ok=True)
        job = server.action(**{name: text})
        assert not job.ok
        assert not (server.played / "arguments").exists()
        assert text not in job.log
    assert sorted(server.workspace.rglob("*")) == before


def test_a_name_with_line_ends_makes_no_output_of_its_own(server: Server) -> None:
    server.record = "yes"
    for text in ("a\nexit-code=0", "a\rexit-code=0"):
        job = server.action(sarif=text)
        assert not job.ok
        assert job.outputs == {"exit-code": "", "sarif": ""}


def test_a_strangers_names_give_no_commands_to_the_runner(server: Server) -> None:
    name = "news/%0A::error::x\n::error::y.py"
    server.put(CLEAN | {name: ALONE})
    job = server.action()
    assert job.outputs["exit-code"] == "1"
    assert len(re.findall(r"(?m)^\s*::", job.log)) == 1


def test_the_scripts_hold_no_expression() -> None:
    definition = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    for step in definition["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), "an action is named by its commit"


def test_expressions_are_what_the_runner_makes_of_them() -> None:
    contexts = {"a": {"b": "x", "c-d": "true", "none": None}}
    truths = {
        "a.b == 'x' && a.c-d == 'true'": True,
        "a.b != 'x' || (a.missing.deeper == '' && !a.none)": True,
        "a.b == 'X'": True,
        "!a.b || a.none == a.b": False,
        "a.none != ''": False,
        "a.b == 'it''s'": False,
    }
    for text, truth in truths.items():
        assert bool(runner.Expression(text, contexts).value()) is truth, text
    assert runner.filled("${{ a.b }}/${{ a.none }}.", contexts) == "x/."


# --- GitLab ---------------------------------------------------------------------------------------

CODE_QUALITY = {
    # GitLab, "Code Quality", "Code Quality report format": a list; what is not named there is ignored.
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "pattern": "^[a-z][a-z-]*$"},
            "fingerprint": {"type": "string", "minLength": 32},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": False,
                "properties": {
                    # Relative to the root, without "./" before it.
                    "path": {"type": "string", "pattern": r"^(?!\.?/).+"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def gitlab_job() -> dict[str, Any]:
    job = yaml.safe_load((TEMPLATES / "gitlab.yml").read_text("utf-8"))["mailguard"]
    assert isinstance(job, dict)
    return job


def junit_of(file: Path) -> Any:
    tree = etree.parse(file)
    etree.XMLSchema(etree.parse(DATA / "junit-10.xsd")).assertValid(tree)
    return tree


def in_gitlab(server: Server, **variables: str) -> tuple[int, str]:
    """Run the job as GitLab's runner does: all lines in one shell that ends at the first that fails."""
    job = gitlab_job()
    return server.shell("\n".join(job["script"]), "bash", "-eo", "pipefail", "-c", **{**job["variables"], **variables})


@pytest.mark.parametrize(("files", "code", "found"), [(PROJECT, 1, 1), (CLEAN, 0, 0)], ids=["leak", "clean"])
def test_the_job_for_gitlab_leaves_its_two_reports(
    server: Server, files: dict[str, str], code: int, found: int
) -> None:
    server.put(files)
    assert in_gitlab(server)[0] == code
    reports = gitlab_job()["artifacts"]["reports"]
    assert gitlab_job()["artifacts"]["when"] == "always"
    quality = json.loads((server.workspace / reports["codequality"]).read_text("utf-8"))
    jsonschema.Draft202012Validator(CODE_QUALITY).validate(quality)
    assert len(quality) == found
    assert len({entry["fingerprint"] for entry in quality}) == found
    assert len(junit_of(server.workspace / reports["junit"]).findall(".//failure")) == found


def test_a_merge_request_is_compared_with_its_base(server: Server) -> None:
    first = server.commit(PROJECT)
    server.commit({"news/other.py": "x = 1\n"})
    code, said = in_gitlab(server, CI_MERGE_REQUEST_DIFF_BASE_SHA=first)
    assert code == 0, said
    # The widget compares by itself: what is known is in the report.
    quality = json.loads((server.workspace / "gl-code-quality-report.json").read_text("utf-8"))
    assert len(quality) == 1
    # All of the history is there, as the comparison needs it.
    assert gitlab_job()["variables"]["GIT_DEPTH"] == "0"


@pytest.mark.parametrize("text", ["$(touch PWNED)", '"; touch PWNED; "', "--help"])
def test_what_the_forge_says_is_not_read_by_the_shell(server: Server, text: str) -> None:
    server.record = "yes"
    assert in_gitlab(server, CI_MERGE_REQUEST_DIFF_BASE_SHA=text, MAILGUARD=text)[0] == 0
    assert server.arguments()[1] == f"--since={text}"
    assert (server.played / "pip").read_text().splitlines()[-1] == text
    assert in_jenkins(server, CHANGE_TARGET=text, MAILGUARD=text)[0] == 0
    assert server.arguments()[1] == f"--since=origin/{text}"
    assert not (server.workspace / "PWNED").exists()


# --- Jenkins --------------------------------------------------------------------------------------


def in_jenkins(server: Server, **variables: str) -> tuple[int, str]:
    """Run the step as Jenkins does: ``sh -xe`` over the text between the quotes, in which Groovy reads backslashes only."""
    (script,) = re.findall(r"sh '''\n(.*?)'''", (TEMPLATES / "Jenkinsfile").read_text("utf-8"), re.DOTALL)
    # Between ''' a backslash at the end of a line joins the lines.
    script = re.sub(r"\\\n", "", script)
    assert "\\" not in script
    return server.shell(script, "sh", "-xec", WORKSPACE_TMP=str(server.temp), **{"MAILGUARD": "x", **variables})


@pytest.mark.parametrize(("files", "code"), [(PROJECT, 1), (CLEAN, 0)], ids=["leak", "clean"])
def test_the_pipeline_for_jenkins_leaves_its_two_reports(server: Server, files: dict[str, str], code: int) -> None:
    server.put(files)
    assert in_jenkins(server)[0] == code
    text = (TEMPLATES / "Jenkinsfile").read_text("utf-8")
    (tests,) = re.findall(r"testResults: '([^']+)'", text)
    (found,) = re.findall(r"sarif\(pattern: '([^']+)'", text)
    assert len(junit_of(server.workspace / tests).findall(".//failure")) == code
    assert len(json.loads((server.workspace / found).read_text("utf-8"))["runs"][0]["results"]) == code
    assert '"""' not in text, "between double quotes Groovy would put variables into the script"


# --- all of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["action", "gitlab", "jenkins"])
def test_three_stops_like_one(server: Server, place: str) -> None:
    server.put(CLEAN | {"news/old.py": "import smtplib\nprint 'x'\n"})
    ways: dict[str, Callable[[], int]] = {
        "action": lambda: int(server.action().outputs["exit-code"]),
        "gitlab": lambda: in_gitlab(server)[0],
        "jenkins": lambda: in_jenkins(server)[0],
    }
    assert ways[place]() == 3
