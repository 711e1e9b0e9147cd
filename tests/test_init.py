"""``mailguard init``: a hook and a workflow that work, and nothing of what was there is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailguard import init
from mailguard.discover import NothingToCheck

SAFE = """\
from django.core.mail import send_mail


def deliver(people, subject):
    for person in people:
        send_mail(subject, "b", None, [person.email])
"""
LEAK = """\
from django.core.mail import send_mail
from shop.models import Subscriber


def newsletter(subject):
    send_mail(subject, "b", None, [s.email for s in Subscriber.objects.all()])
"""
STAFF = """\
from django.core.mail import send_mail


def alert(subject):
    send_mail(subject, "b", None, ["ann@example.com", "bob@example.com"])
"""
HOOKS = """\
# Ours.
repos:
- repo: https://example.com/other
  rev: v1   # keep
  hooks:
  - id: other
"""
GITLAB = """\
stages: [test]
unit:
  script:
    - !reference [.setup, script]
    - make test
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "tree"
    made.mkdir()
    monkeypatch.chdir(made)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    subprocess.run(["git", "init", "-q", "-b", "main"], check=True)
    (made / "mailer.py").write_text(SAFE)
    return made


@pytest.fixture
def run(command: Run) -> Run:
    return command


def files(root: Path) -> dict[str, bytes]:
    found = {}
    for path in root.rglob("*"):
        if path.is_file() and ".git/" not in path.relative_to(root).as_posix():
            found[path.relative_to(root).as_posix()] = path.read_bytes()
    return found


NEW = {"mailguard.toml", ".pre-commit-config.yaml", ".github/workflows/mailguard.yml"}


def test_init_writes_settings_hook_and_workflow_and_says_so(folder: Path, run: Run) -> None:
    before = files(folder)
    code, out, _ = run("init", "--from", "git+https://example.com/mailguard@v1")
    after = files(folder)
    assert code == 0
    assert set(after) - set(before) == NEW
    assert {name: after[name] for name in before} == before
    assert out == (
        "1 mail call: 1 keeps readers apart. 1 file, read.\n"
        "Written: mailguard.toml, .pre-commit-config.yaml, .github/workflows/mailguard.yml.\n"
        "Nothing else was changed.\n"
        "Next:\n"
        "  pre-commit install        switch the hook on, once in each clone\n"
        "  mailguard check --drill   see whether a leak would be blocked\n"
    )
    assert yaml.safe_load(after[".pre-commit-config.yaml"]) == {
        "repos": [{"repo": "https://example.com/mailguard", "rev": "v1", "hooks": [{"id": "mailguard"}]}]
    }
    workflow = yaml.safe_load(after[".github/workflows/mailguard.yml"])
    assert "git+https://example.com/mailguard@v1" in str(workflow["jobs"]["mailguard"]["steps"])
    assert run("check")[0] == 0
    assert run("check", "--drill")[0] == 0


def test_a_second_time_nothing_is_written(folder: Path, run: Run) -> None:
    run("init")
    before = files(folder)
    code, out, _ = run("init")
    assert code == 0
    assert "There is nothing to write.\n" in out
    assert (
        "There already, and left as it is: mailguard.toml, .pre-commit-config.yaml, .github/workflows/mailguard.yml."
        in out
    )
    assert files(folder) == before


def test_what_is_there_stays_and_gets_an_entry_more(folder: Path, run: Run) -> None:
    (folder / ".pre-commit-config.yaml").write_text(HOOKS)
    (folder / ".gitlab-ci.yml").write_text(GITLAB)
    (folder / "pyproject.toml").write_text("[tool.mailguard]\n")
    code, out, _ = run("init", "--from", "mailguard==1.0")
    assert code == 0
    assert "Written: .pre-commit-config.yaml (one entry), .gitlab-ci.yml (one job).\n" in out
    assert "left as it is: pyproject.toml.\n" in out
    hooks = (folder / ".pre-commit-config.yaml").read_text()
    assert hooks.startswith(HOOKS)
    first, second = yaml.safe_load(hooks)["repos"]
    assert first["hooks"] == [{"id": "other"}]
    assert second["hooks"][0]["entry"] == "mailguard check --staged"
    assert second["hooks"][0]["additional_dependencies"] == ["mailguard==1.0"]
    jobs = (folder / ".gitlab-ci.yml").read_text()
    assert jobs.startswith(GITLAB)
    assert "\nmailguard:\n" in jobs
    assert not (folder / ".github").exists()


@pytest.mark.parametrize(
    "remote",
    ["https://git.example.com/shop/site.git", "git@git.example.com:shop/site.git", "ssh://git@GIT.example.com:22/s"],
)
def test_on_the_server_of_mailguard_its_template_is_included(folder: Path, run: Run, remote: str) -> None:
    subprocess.run(["git", "remote", "add", "origin", remote], check=True)
    (folder / ".gitlab-ci.yml").write_text(GITLAB)
    code, out, _ = run("init", "--from", "git+https://git.example.com/tools/mailguard@v1")
    assert code == 0
    assert ".gitlab-ci.yml (one include)" in out
    text = (folder / ".gitlab-ci.yml").read_text()
    assert text.startswith(GITLAB)
    added = yaml.safe_load(text.removeprefix(GITLAB))
    file = "/.github/ci-templates/gitlab.yml"
    assert added["include"] == [{"project": "tools/mailguard", "ref": "v1", "file": file}]
    root = Path(__file__).parents[1]
    if (root / ".github").is_dir():
        job = yaml.safe_load((root / file[1:]).read_text())["mailguard"]
        # GitLab merges the two jobs of one name, key by key.
        assert job["variables"] | added["mailguard"]["variables"] == job["variables"] | {
            "MAILGUARD": "git+https://git.example.com/tools/mailguard@v1"
        }
    assert "There is nothing to write" in run("init")[1]


def test_elsewhere_or_beside_other_includes_the_job_itself_is_added(folder: Path, run: Run) -> None:
    subprocess.run(["git", "remote", "add", "origin", "https://git.example.com/shop/site.git"], check=True)
    for text, source in (
        (GITLAB, "https://git.example.org/tools/mailguard"),
        (GITLAB + "include: other.yml\n", "https://git.example.com/tools/mailguard"),
    ):
        (folder / ".gitlab-ci.yml").write_text(text)
        _, out, _ = run("init", "--from", f"git+{source}@v1")
        assert ".gitlab-ci.yml (one job)" in out
        assert (folder / ".gitlab-ci.yml").read_text().startswith(text)


@pytest.mark.parametrize(
    ("branch", "named"),
    [("develop", '[main, master, "develop"]'), ("main", "[main, master]"), ("a]#b", "[main, master]")],
)
def test_the_workflow_knows_the_branch_that_others_start_from(folder: Path, run: Run, branch: str, named: str) -> None:
    subprocess.run(["git", "symbolic-ref", "HEAD", f"refs/heads/{branch}"], check=True)
    run("init")
    assert f"    branches: {named}\n" in (folder / ".github/workflows/mailguard.yml").read_text()


def test_under_a_policy_what_it_finds_is_set_aside_at_once(folder: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('gate = "warning"\n')
    (folder / "news.py").write_text(LEAK)
    code, out, _ = run("init", "--policy", "../policy.toml", "--from", "mailguard==1.0")
    assert code == 0
    assert "a baseline (1 known)" in out
    assert "--policy ../policy.toml" in out
    assert not (folder / "mailguard.toml").exists()
    assert run("check", "--policy", "../policy.toml")[0] == 0
    assert "There is nothing to write" in run("init", "--policy", "../policy.toml")[1]


DOUBTFUL = [
    "repos: []\n",
    "[]",
    "repos:\n- repo: a\n  hooks: []\nci: {}\n",
    "repos: [",
    "- repo: a\n",
    "\x00",
    "a: b: c",
]


@pytest.mark.parametrize("text", DOUBTFUL)
def test_where_an_entry_would_be_a_guess_it_is_printed(folder: Path, run: Run, text: str) -> None:
    (folder / ".pre-commit-config.yaml").write_text(text)
    code, out, _ = run("init")
    assert code == 0
    assert (
        ".pre-commit-config.yaml is there, and nothing can be added to it without a doubt. Add this:\n    - repo:"
        in out
    )
    assert (folder / ".pre-commit-config.yaml").read_text() == text


entries = st.builds(
    lambda indent, last, tail, end: (
        (
            f"{tail}repos:\n"
            + "".join(f"{indent}- repo: r{n}\n{indent}  hooks:\n{indent}    - id: h{n}\n" for n in range(last))
        ).rstrip("\n")
        + end
    ),
    st.sampled_from(["", "  ", "    "]),
    st.integers(0, 3),
    st.sampled_from(["", "ci: {skip: [a]}\n", "# words\n", "x: |\n  - repo: a\n"]),
    st.sampled_from(["", "\n", "\n\n", "\n# words\n", "\nz: 1\n", "\n...\n", "\r\n"]),
)


@given(entries | st.text(max_size=60), st.sampled_from(["repos", None]))
@example("\x1f:", None)
@settings(max_examples=100, deadline=None)
def test_an_entry_is_added_to_what_is_there_or_not_at_all(text: str, key: str | None) -> None:
    data = text.encode("utf-8", "replace")
    lines = ["- repo: local", "  hooks:", "    - id: new"] if key else ["new:", "  script: [make]"]
    result = init.with_entry(data, lines, key)
    if result is None:
        return
    assert result.startswith(data)
    old, new = yaml.safe_load(data), yaml.safe_load(result)
    if key is None:
        assert new == old | {"new": {"script": ["make"]}}
    else:
        assert new == old | {"repos": [*old["repos"], {"repo": "local", "hooks": [{"id": "new"}]}]}


def test_inside_domains_are_proposed_and_not_decided(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "alerts.py").write_text(STAFF)
    with monkeypatch.context() as patched:
        # Reserved names are nobody's; here one of them has to be somebody's.
        patched.setattr("mailguard.addresses.compare._RESERVED", ())
        run("init")
    text = (folder / "mailguard.toml").read_text()
    assert '# internal-domains = ["example.com"]\n' in text
    assert "A first look found mail that shows people of these domains only." in text
    assert run("check")[0] == 1
    (folder / "mailguard.toml").write_text(text.replace("# internal-domains", "internal-domains"))
    assert run("check")[0] == 0


def test_old_problems_are_told_with_the_next_step(folder: Path, run: Run) -> None:
    (folder / "old.py").write_text(LEAK)
    (folder / "older.py").write_text(LEAK + "print 'sent'\n")
    _, out, _ = run("init")
    assert "  mailguard baseline        set aside what is old: 1 problem and 1 file that cannot be read (" in out
    assert not (folder / "mailguard-baseline.json").exists()
    run("baseline")
    assert "mailguard baseline  " not in run("init")[1]


def test_links_of_the_tree_lead_nothing_elsewhere(folder: Path, run: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "hooks.yaml").write_text(HOOKS)
    (folder / ".github").symlink_to(outside)
    (folder / ".pre-commit-config.yaml").symlink_to(outside / "hooks.yaml")
    (folder / "mailguard.toml").symlink_to(outside / "settings")
    code, _, err = run("init")
    assert code == 2
    assert "mailguard.toml: a link leads nowhere" in err
    (folder / "mailguard.toml").unlink()
    code, _, err = run("init")
    assert code == 2
    assert "a link leads out of the tree" in err or "it is a link" in err
    assert [path.name for path in outside.iterdir()] == ["hooks.yaml"]
    assert (outside / "hooks.yaml").read_text() == HOOKS


def test_without_git_there_is_no_hook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "mailer.py").write_text(SAFE)
    code, out, _ = run("init")
    assert code == 0
    assert "There is no git repository here, so there is no hook and no workflow." in out
    assert set(files(tmp_path)) == {"pyproject.toml", "mailer.py", "mailguard.toml"}


@pytest.mark.parametrize(
    "source",
    ["git+https://example.com/mailguard", "git+x@y", "a b", 'x"; rm -rf', "-r x", "$(x)", "", "git+https://h/a@b/c"],
)
def test_a_source_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(NothingToCheck):
        init.origin_of(source)


@pytest.mark.parametrize("source", ["git+https://example.com/mailguard", "a b"])
def test_what_is_said_of_a_source_reads_whole(folder: Path, run: Run, source: str) -> None:
    code, _, err = run("init", "--from", source)
    assert code == 2
    assert "<address>" not in err
    assert files(folder).keys() == {"mailer.py"}


def test_a_source_is_what_pip_and_pre_commit_need() -> None:
    origin = init.origin_of("git+ssh://git@example.com/tools/mailguard@3f2c9a1")
    assert (origin.repository, origin.revision) == ("ssh://git@example.com/tools/mailguard", "3f2c9a1")
    assert origin.requirement == "mailguard @ git+ssh://git@example.com/tools/mailguard@3f2c9a1"
    assert init.origin_of("mailguard==1.0").requirement == "mailguard==1.0"
    assert init.origin_of(None).requirement.startswith("mailguard")


def test_the_hook_that_was_written_blocks_in_the_real_pre_commit(
    folder: Path, run: Run, tmp_path: Path, program: Path
) -> None:
    pytest.importorskip("pre_commit")
    run("init")
    text = (folder / ".pre-commit-config.yaml").read_text()
    if "language: python" in text:  # installed from an index: the test fetches nothing
        lines = [line for line in text.splitlines() if "additional_dependencies" not in line]
        (folder / ".pre-commit-config.yaml").write_text(
            "\n".join(lines).replace("language: python", "language: system") + "\n"
        )
    who = {
        f"GIT_{one}_{what}": f"a{at}"
        for one in ("AUTHOR", "COMMITTER")
        for what, at in (("NAME", ""), ("EMAIL", "@example.com"))
    }
    environment = (
        os.environ
        | who
        | {
            # The program of the hook is on the path, as it is for somebody who has installed mailguard.
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(tmp_path / "cache"),
        }
    )

    def call(*command: str) -> tuple[int, str]:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, out = call(sys.executable, "-m", "pre_commit", "install")
    assert code == 0, out
    call("git", "add", "-A")
    code, out = call("git", "commit", "-q", "-m", "adopt")
    assert code == 0, out
    (folder / "news.py").write_text(LEAK)
    call("git", "add", "-A")
    code, out = call("git", "commit", "-q", "-m", "leak")
    assert code == 1, out
    assert "1 new in this commit." in out


def test_the_steps_of_the_workflow_run_in_a_shell(folder: Path, run: Run, tmp_path: Path, program: Path) -> None:
    run("init")
    steps = yaml.safe_load((folder / ".github/workflows/mailguard.yml").read_text())["jobs"]["mailguard"]["steps"]
    script = steps[-1]["run"]
    # Isolated: modules of the tree that are called like those of pip are not imported.
    assert steps[-2]["run"].startswith("python -I -m venv ")
    assert steps[-1]["env"] == {"BASE": "${{ github.base_ref }}"}
    bin_folder = tmp_path / "mailguard" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "mailguard").symlink_to(program)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["add", "-A"], [*who, "commit", "-qm", "a"], ["update-ref", "refs/remotes/origin/main", "HEAD"]):
        subprocess.run(["git", *command], cwd=folder, check=True)

    def step(base: str) -> tuple[int, str]:
        summary = tmp_path / "summary"
        environment = os.environ | {
            "BASE": base,
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_STEP_SUMMARY": str(summary),
        }
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert summary.read_text()
        return done.returncode, done.stdout

    assert step("")[0] == step("main")[0] == 0
    (folder / "news.py").write_text(LEAK)
    assert step("")[0] == 1
    code, out = step("main")
    assert code == 1
    assert "::error file=news.py,line=6" in out
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "-qm", "b"], cwd=folder, check=True)
    subprocess.run(["git", "update-ref", "refs/remotes/origin/main", "HEAD"], cwd=folder, check=True)
    assert step("main")[0] == 0
