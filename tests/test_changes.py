"""A change under review, in real git repositories: what is new, what is not, and what a change cannot do to its own judge."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

import mailguard
from mailguard import cli
from mailguard.changes.change import changed_lines
from mailguard.redact import holds_address

HEAD = "from django.core.mail import send_mail\nfrom shop.models import Subscriber\n\n\n"
EVERYBODY = "[s.email for s in Subscriber.objects.all()]"
LEAK = f'{HEAD}def old(subject):\n    send_mail(subject, "b", "news@example.com", {EVERYBODY})\n'
EACH = """\
from django.core.mail import send_mail


def deliver(people, subject):
    for person in people:
        send_mail(subject, "b", "news@example.com", [person])
"""
ALL = """\
from django.core.mail import send_mail


def deliver(people, subject):
    send_mail(subject, "b", "news@example.com", people)
"""
CALLER = f"""\
from news.mailer import deliver
from shop.models import Subscriber


def publish(subject):
    deliver({EVERYBODY}, subject)
"""
ONE = """\
from news.mailer import deliver


def greet(user, subject):
    deliver([user.email], subject)
"""
PACKAGE = str(Path(mailguard.__file__).parent.parent)
CHECKOUT = Path(__file__).parents[1]
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "a"), ("EMAIL", "a@example.com"), ("DATE", "2026-01-31T12:00:00+0000"))
}

Run = Callable[..., tuple[int, str, str]]


class Repository:
    """A git repository that a test makes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, **more: str) -> str:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment = kept | IDENTITY | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"} | more
        done = subprocess.run(["git", *arguments], cwd=self.root, env=environment, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode().strip()

    def put(self, files: dict[str, str | None]) -> None:
        for name, text in files.items():
            file = self.root / name
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def commit(self, files: dict[str, str | None], words: str = "change") -> str:
        self.put(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", words)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("NO_COLOR", "CLICOLOR_FORCE", "COLUMNS", "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    made = Repository(tmp_path / "tree")
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert not holds_address(out + err)
        return code, out, err

    return call


FOUR_WAYS = {
    "a new send": ({}, {"news/new.py": LEAK}, "news/new.py:6"),
    "a changed helper": ({"news/views.py": CALLER}, {"news/mailer.py": ALL}, "news/mailer.py:5"),
    "a changed caller": (
        {"news/mailer.py": ALL, "news/views.py": ONE},
        {
            "news/views.py": ONE.replace("greet(user", "greet(users").replace(
                "[user.email]", "[u.email for u in User.objects.all()]"
            )
        },
        "news/mailer.py:5",
    ),
    "a second copy": (
        {"news/old.py": LEAK},
        {"news/old.py": LEAK + LEAK.splitlines()[-1] + "\n"},
        "news/old.py:7",
    ),
    "a pair that becomes a query": (
        {"news/old.py": LEAK.replace(EVERYBODY, '["ann@example.org", "bob@example.net"]')},
        {"news/old.py": LEAK},
        "news/old.py:6",
    ),
}


@pytest.mark.parametrize("way", FOUR_WAYS)
@pytest.mark.parametrize("mode", ["since", "staged"])
def test_a_change_that_makes_it_worse_is_stopped(repository: Repository, run: Run, way: str, mode: str) -> None:
    before, after, place = FOUR_WAYS[way]
    repository.commit({"news/mailer.py": EACH, **before})
    repository.put(after)
    repository.git("add", "-A")
    code, out, _ = run("check", *(["--staged"] if mode == "staged" else ["--since", "HEAD"]))
    assert code == 1, out
    assert out.startswith(f"{place}:")
    assert f"1 new {'in this commit' if mode == 'staged' else 'since HEAD'}." in out
    repository.put({name: before.get(name) or (EACH if name == "news/mailer.py" else None) for name in after})
    repository.git("add", "-A")
    assert run("check", "--staged")[0] == 0


HARMLESS = {
    "a touched file": {"news/old.py": LEAK.replace("def old", "LIMIT = 5\n\n\ndef old")},
    "a moved file": {"news/old.py": None, "news/ancient.py": LEAK},
    "a moved and edited file": {"news/old.py": None, "archive/ancient.py": LEAK + "\n\nLIMIT = 5\n"},
    "a renamed function": {"news/old.py": LEAK.replace("def old", "def very_old")},
    "a send that keeps apart before it": {
        "news/old.py": LEAK.replace(
            "    send_mail(", '    send_mail(subject, "b", "n@example.com", [subject.user.email])\n    send_mail('
        )
    },
    "a new safe file": {"news/mailer.py": EACH, "news/views.py": CALLER},
    "no code": {"README": "Hello"},
}


@pytest.mark.parametrize("way", HARMLESS)
def test_old_problems_stop_nobody(repository: Repository, run: Run, way: str) -> None:
    repository.commit({"news/old.py": LEAK})
    repository.put(HARMLESS[way])
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        code, out, _ = run("check", *mode)
        assert code == 0, out
        assert "1 does not (0 new)" in out
    assert run("check")[0] == 1


def test_unstaged_edits_play_no_part(repository: Repository, run: Run) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.put({"news/mailer.py": LEAK})
    assert run("check", "--staged")[0] == 0
    repository.git("add", "-A")
    repository.put({"news/mailer.py": EACH})
    code, out, _ = run("check", "--staged")
    assert code == 1
    assert "Subscriber.objects" in out  # the code that is shown is the staged one


def test_the_first_commit_brings_everything(repository: Repository, run: Run) -> None:
    repository.put({"news/old.py": LEAK})
    repository.git("add", "-A")
    assert run("check", "--staged")[0] == 1


def test_an_index_that_git_makes_for_the_hook_counts(
    repository: Repository, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"news/old.py": EACH})
    repository.git("read-tree", "HEAD", GIT_INDEX_FILE=str(repository.root / ".git" / "next"))
    repository.put({"news/old.py": LEAK})
    repository.git("update-index", "--add", "news/old.py", GIT_INDEX_FILE=str(repository.root / ".git" / "next"))
    assert run("check", "--staged")[0] == 0
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/next")
    assert run("check", "--staged")[0] == 1


def test_a_merge_brings_nothing_that_either_side_has(repository: Repository, run: Run) -> None:
    repository.commit({"news/base.py": "LIMIT = 1\n"})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"news/side.py": LEAK, "news/base.py": "LIMIT = 2\n"})
    repository.git("checkout", "-q", "main")
    repository.commit({"news/main.py": LEAK, "news/base.py": "LIMIT = 3\n"})
    with pytest.raises(AssertionError, match="CONFLICT"):
        repository.git("merge", "side")
    repository.put({"news/base.py": "LIMIT = 4\n"})
    repository.git("add", "-A")
    assert run("check", "--staged")[0] == 0


def test_what_others_did_in_the_meantime_is_no_part_of_a_change(repository: Repository, run: Run) -> None:
    repository.commit({"news/old.py": LEAK})
    repository.git("checkout", "-q", "-b", "mine")
    repository.commit({"news/mailer.py": EACH})
    repository.git("checkout", "-q", "main")
    repository.commit({"news/old.py": EACH})
    repository.git("checkout", "-q", "mine")
    assert run("check", "--since", "main")[0] == 0
    repository.commit({"news/new.py": LEAK.replace("old", "new")})
    assert run("check", "--since", "main")[0] == 1


def test_the_cause_in_another_file_is_told(repository: Repository, run: Run) -> None:
    helper = "def chosen(users):\n    return [users[0].email]\n"
    caller = CALLER.replace(EVERYBODY, "chosen(Subscriber.objects.all())").replace(
        "from shop", "from news.helpers import chosen\nfrom shop"
    )
    repository.commit({"news/mailer.py": ALL, "news/views.py": caller, "news/helpers.py": helper})
    repository.put({"news/helpers.py": helper.replace("[users[0].email]", "[user.email for user in users]")})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 1
    assert "Your change in news/helpers.py:2 made this call unsafe." in out
    _, out, _ = run("check", "--since", "HEAD", "--format", "github")
    notice = next(line for line in out.splitlines() if line.startswith("::notice"))
    assert "file=news/helpers.py,line=2" in notice
    assert "news/mailer.py:5" in notice


def test_a_cause_that_no_way_goes_through_is_told_too(repository: Repository, run: Run) -> None:
    mailer = f"""\
from django.core.mail import send_mail
from news.options import AT_MOST
from shop.models import Subscriber


def publish(subject):
    people = {EVERYBODY}
    send_mail(subject, "b", "n@example.com", people[:AT_MOST])
"""
    repository.commit({"news/mailer.py": mailer, "news/options.py": "# How to send.\nAT_MOST = 1\n"})
    assert run("check")[0] == 0
    repository.put({"news/options.py": "# How to send.\nAT_MOST = 100\n"})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 1
    assert "Your change in news/options.py:2 made this call unsafe." in out


LOOSE = '[tool.mailguard]\ninternal-domains = ["example.net"]\n'
INSIDE = LEAK.replace(EVERYBODY, '["ann@example.net", "bob@example.net"]')

LOOSER = {
    "inside domains: example.net added": LOOSE,
    "news is no longer read": '[tool.mailguard]\nexclude = ["news"]\n',
    "rule visible-external-recipients turned off": '[tool.mailguard]\nignore = ["visible-external-recipients"]\n',
    "rule visible-external-recipients turned off in *.py": (
        '[tool.mailguard.per-path-ignores]\n"*.py" = ["visible-external-recipients"]\n'
    ),
    "limit of visible-external-recipients raised from 1 to 99": "[tool.mailguard.limits]\nvisible-external-recipients = 99\n",
    "audience club added": '[tool.mailguard.audiences.club]\nat = ["news.*"]\nreason = "friends"\n',
}


@pytest.mark.parametrize("words", LOOSER)
@pytest.mark.parametrize("mode", ["since", "staged"])
def test_a_change_that_loosens_its_rules_is_judged_by_the_old_ones(
    repository: Repository, run: Run, words: str, mode: str
) -> None:
    repository.commit({"pyproject.toml": '[project]\nname = "shop"\n'})
    repository.put({"pyproject.toml": LOOSER[words], "news/blast.py": INSIDE})
    repository.git("add", "-A")
    code, out, _ = run("check", *(["--staged"] if mode == "staged" else ["--since", "HEAD"]))
    assert code == 1
    assert "This change also loosens the rules. It was judged by those of" in out
    line = next(line for line in out.splitlines() if words in line)
    assert line.startswith("  pyproject.toml:")


def test_a_loosening_passes_alone_and_helps_the_next_change(repository: Repository, run: Run) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.commit({"pyproject.toml": LOOSE})
    code, out, _ = run("check", "--since", "HEAD~1")
    assert code == 0
    assert "pyproject.toml:2   inside domains: example.net added" in out
    repository.commit({"news/blast.py": INSIDE})
    assert run("check", "--since", "HEAD~1")[0] == 0


def test_a_baseline_that_a_change_brings_helps_the_next_one(repository: Repository, run: Run) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.put({"news/new.py": LEAK})
    assert run("baseline")[0] == 0
    repository.git("add", "-A")
    assert run("check")[0] == 0
    code, out, _ = run("check", "--staged")
    assert code == 1
    assert "mailguard-baseline.json   1 known problem added" in out


def test_settings_that_were_wrong_stop_nobody_from_repairing_them(repository: Repository, run: Run) -> None:
    repository.commit({"pyproject.toml": '[tool.mailguard]\nexlude = ["x"]\n', "news/old.py": LEAK})
    assert run("check", "--since", "HEAD")[0] == 2
    repository.put({"pyproject.toml": "[tool.mailguard]\n"})
    assert run("check", "--since", "HEAD")[0] == 0


def test_rules_of_the_project_count_as_they_were(repository: Repository, run: Run) -> None:
    source = Path(PACKAGE) / "rules" / "bcc-bulk.yaml"
    if not source.is_file():
        source = Path(PACKAGE) / "mailguard" / "_rules" / "bcc-bulk.yaml"
    rule = source.read_text().replace("bcc-bulk", "own-bulk").replace("default: false", "default: true")
    settings = '[tool.mailguard]\nrules = "policy"\n'
    repository.commit({"pyproject.toml": settings, "policy/own-bulk.yaml": rule, "news/mailer.py": EACH})
    repository.put({"policy/own-bulk.yaml": None})
    _, out, _ = run("check", "--since", "HEAD")
    assert "policy/own-bulk.yaml   a rule of the project is changed" in out


def test_exceptions_count_at_once_and_are_listed(repository: Repository, run: Run) -> None:
    repository.commit({"news/mailer.py": EACH})
    comment = '    # mailguard: allow[visible-external-recipients] reason="one club" until=2027-01-31\n    send_mail('
    repository.put({"news/new.py": LEAK.replace("    send_mail(", comment)})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 0
    assert "This change adds an exception, which counts at once." in out
    assert "news/new.py:6   visible-external-recipients until 2027-01-31: one club" in out
    assert "1 exception in force." in out
    repository.commit({})
    assert "This change adds" not in run("check", "--since", "HEAD")[1]


ALLOWED = LEAK.replace(
    "    send_mail(", '    # mailguard: allow[visible-external-recipients] reason="one club"\n    send_mail('
)


def test_an_exception_that_is_copied_is_listed_too(repository: Repository, run: Run) -> None:
    repository.commit({"news/new.py": ALLOWED})
    second = ALLOWED.split("\n\n\n")[1].replace("old(", "second(")
    repository.put({"news/new.py": ALLOWED + "\n\n" + second})
    _, out, _ = run("check", "--since", "HEAD")
    assert "This change adds an exception, which counts at once." in out
    assert "news/new.py:11   " in out


def test_exceptions_wait_for_the_next_change_where_the_settings_ask_for_it(repository: Repository, run: Run) -> None:
    repository.commit({"mailguard.toml": 'exceptions = "next-change"\n', "news/mailer.py": EACH})
    # It is no way out to change that as well.
    repository.put({"news/new.py": ALLOWED, "mailguard.toml": ""})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        code, out, _ = run("check", *mode)
        assert code == 1
        assert "This change adds an exception, which counts from the next change on." in out
        assert "news/new.py:6   visible-external-recipients: one club" in out
        assert "mailguard.toml" in out
        assert "exceptions count at once" in out
        assert "This exception allows nothing" not in out
    repository.git("checkout", "-q", "mailguard.toml")
    assert run("check")[0] == 0
    repository.commit({})
    repository.commit({"news/new.py": ALLOWED.replace('"b"', '"c"')})
    code, out, _ = run("check", "--since", "HEAD~1")
    assert code == 0
    assert "This change" not in out


def test_an_organisation_can_ask_for_it_too(repository: Repository, run: Run, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('exceptions = "next-change"\n')
    repository.commit({"news/mailer.py": EACH})
    repository.put({"news/new.py": ALLOWED})
    assert run("check", "--since", "HEAD")[0] == 0
    assert run("check", "--since", "HEAD", "--policy", str(tmp_path / "policy.toml"))[0] == 1


def test_an_old_date_of_a_commit_keeps_no_exception_alive(repository: Repository, run: Run) -> None:
    comment = '    # mailguard: allow[visible-external-recipients] reason="one club" until=2020-01-31\n    send_mail('
    repository.commit({"news/mailer.py": EACH})
    repository.put({"news/new.py": LEAK.replace("    send_mail(", comment)})
    repository.git("add", "-A")
    repository.git("commit", "-q", "-m", "x", GIT_COMMITTER_DATE="2019-01-31T12:00:00+0000")
    code, out, _ = run("check", "--since", "HEAD~1")
    assert code == 1
    assert "This exception ended on 2020-01-31" in out
    assert run("check", "--since", "HEAD~1", "--as-of", "2020-01-31")[0] == 0


def test_files_that_could_never_be_read_stop_nobody(repository: Repository, run: Run) -> None:
    old = LEAK + "\nprint 'sent'\n"
    repository.commit({"jobs/old.py": old})
    assert run("check")[0] == 3
    repository.put({"jobs/old.py": old + "print 'again'\n", "news/mailer.py": EACH})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 0
    assert "1 of 2 files read; the other one is known." in out
    repository.put({"jobs/new.py": old})
    assert run("check", "--since", "HEAD")[0] == 3


def test_captures_of_the_settings_are_compared_too(repository: Repository, run: Run) -> None:
    message = "From: n@example.com\nTo: ann@example.org, bob@example.net\nSubject: s\n\nHello\n"
    repository.commit({"pyproject.toml": '[tool.mailguard]\ncaptures = ["*.eml"]\n', "one.eml": message})
    assert run("check")[0] == 1
    for mode in (["--since", "HEAD"], ["--staged"]):
        assert run("check", *mode)[0] == 0
    repository.put({"two.eml": message})
    repository.git("add", "-A")
    for mode in (["--since", "HEAD"], ["--staged"]):
        code, out, _ = run("check", *mode)
        assert code == 1
        assert out.startswith("two.eml")


def test_a_commit_that_is_not_here_is_no_pass(repository: Repository, run: Run, tmp_path: Path) -> None:
    repository.commit({"news/mailer.py": EACH})
    code, out, err = run("check", "--since", "origin/main")
    assert (code, out) == (2, "")
    assert err == (
        "mailguard: origin/main is not in this clone, so old and new cannot be told apart.\n"
        "Fetch it: fetch-depth: 0 (GitHub), GIT_DEPTH: 0 (GitLab).\n"
    )
    assert run("check", "--since", "nowhere")[0] == 2
    assert run("check", "--since", "--output=x")[0] == 2
    assert run("check", "--since", "")[0] == 2
    os.chdir(tmp_path)
    assert run("check", "--since", "HEAD")[0] == 2
    assert run("check", "--staged")[0] == 2


def test_a_shallow_clone_says_how_to_get_the_rest(
    repository: Repository, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repository.commit({"news/mailer.py": EACH})
    repository.commit({"news/mailer.py": ALL})
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")
    code, _, err = run("check", "--since", first)
    assert code == 2
    assert "fetch-depth: 0" in err


def test_nothing_of_the_repository_is_run_and_nothing_is_written(repository: Repository, run: Run) -> None:
    mark = repository.root.parent / "ran"
    repository.commit({"news/old.py": LEAK, ".gitattributes": "*.py filter=bad diff=bad\n"})
    hook = repository.root / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    for key, value in (
        ("filter.bad.clean", f"sh -c 'touch {mark}; cat'"),
        ("filter.bad.smudge", f"sh -c 'touch {mark}; cat'"),
        ("diff.bad.textconv", f"sh -c 'touch {mark}; cat'"),
        ("core.fsmonitor", f"touch {mark}"),
        ("core.pager", f"touch {mark}"),
    ):
        repository.git("config", key, value)
    repository.put({"news/old.py": ALL})
    before = sorted(str(path) for path in repository.root.rglob("*"))
    run("check", "--since", "HEAD")
    run("check", "--staged")
    assert not mark.exists()
    assert sorted(str(path) for path in repository.root.rglob("*")) == before
    assert (repository.root / "news" / "old.py").read_text() == ALL


@pytest.mark.parametrize("below", ["", "news"])
def test_modules_of_the_tree_that_the_environment_names_are_not_imported(repository: Repository, below: str) -> None:
    bomb = "raise SystemExit('run')\n"
    names = ("click", "libcst", "yaml", "orjson", "email_validator", "publicsuffixlist")
    repository.commit({"news/new.py": LEAK, **{f"src/{name}.py": bomb for name in names}})
    path = os.pathsep.join([str(repository.root / "src"), PACKAGE, "src", "."])
    done = subprocess.run(
        [sys.executable, "-m", "mailguard", "check", "--no-cache", str(repository.root)],
        cwd=repository.root / below,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "news/new.py:6" in done.stdout


@pytest.mark.parametrize("folder", ["bin", "tools/bin", "."])
def test_a_git_that_lies_in_the_tree_is_not_run(repository: Repository, folder: str) -> None:
    mark = repository.root.parent / "ran"
    repository.commit(
        {"news/mailer.py": EACH, f"{folder}/git": f'#!/bin/sh\ntouch {mark}\nexec /usr/bin/env -i git "$@"\n'}
    )
    (repository.root / folder / "git").chmod(0o755)
    repository.put({"news/new.py": LEAK})
    path = f"{repository.root / folder}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "mailguard", "check", "--since", "HEAD"]
    environment = os.environ | {"PYTHONPATH": PACKAGE, "PATH": path}
    done = subprocess.run(command, cwd=repository.root / "news", env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert not mark.exists()


def test_a_submodule_is_compared_with_its_own_commit(repository: Repository, run: Run, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit({"lib.py": LEAK})
    repository.commit({"news/mailer.py": EACH})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "vendor")
    repository.commit({})
    repository.put({"news/mailer.py": ALL})
    assert run("check")[0] == 1
    assert run("check", "--since", "HEAD")[0] == 0


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d' * 32}\nsize 12345\n"


def test_code_that_is_kept_elsewhere_is_no_pass(repository: Repository, run: Run, tmp_path: Path) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.put({"news/new.py": POINTER, ".gitattributes": "*.py filter=lfs\n"})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        code, out, _ = run("check", *mode)
        assert code == 3
        assert "kept in Git LFS, and not fetched" in out
        assert "git lfs pull" in out
    repository.commit({"news/new.py": None, "news/one.py": ONE})
    inner = Repository(tmp_path / "inner")
    inner.commit({"a.py": EACH})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.root), "vendor")
    repository.git("submodule", "deinit", "-q", "-f", "vendor")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        code, out, _ = run("check", *mode)
        assert code == 3, (mode, out)
        assert "a submodule that is not checked out" in out
        assert "git submodule update --init" in out
        # A setting that leaves it out says so; it is no secret.
        assert run("check", *mode, "--config", 'exclude = ["vendor"]')[0] == 0
    # Set aside once, it is known.
    assert run("baseline")[0] == 0
    repository.commit({})
    for mode in (["--staged"], ["--since", "HEAD"], []):
        assert run("check", *mode)[0] == 0


def test_names_that_are_no_text_and_links_are_no_hindrance(repository: Repository, run: Run) -> None:
    name = os.fsdecode(b"news/\xff\nold.py")
    (repository.root / "news").mkdir()
    (repository.root / name).write_text(LEAK)
    (repository.root / "news" / "out.py").symlink_to("/etc/hostname")
    (repository.root / "news" / "loop.py").symlink_to("loop.py")
    repository.commit({})
    repository.put({"news/mailer.py": EACH})
    repository.git("add", "-A")
    assert run("check")[0] == 1
    assert run("check", "--staged")[0] == 0
    assert run("check", "--since", "HEAD")[0] == 0


ONE_BY_ONE = """\
import smtplib
from email.mime.text import MIMEText
from shop.models import Subscriber


def news(body):
    smtp = smtplib.SMTP("localhost")
    message = MIMEText(body)
    people = [s.email for s in Subscriber.objects.all()]
    for person in people:
        message["To"] = person
        smtp.sendmail("news", person, message.as_string())
"""
JOINED = 'del message["To"]\n        message["To"] = ", ".join(people)'
EDITS: dict[str, tuple[str, str, int]] = {
    "a second copy": (LEAK, LEAK + LEAK.splitlines()[-1] + "\n", 1),
    "a pair that becomes a query": (LEAK.replace(EVERYBODY, '["ann@example.org", "bob@example.net"]'), LEAK, 1),
    "another way of showing": (ONE_BY_ONE, ONE_BY_ONE.replace('message["To"] = person', JOINED), 1),
    "another line": (ONE_BY_ONE, ONE_BY_ONE.replace("MIMEText(body)", 'MIMEText(body, "plain")'), 0),
    "the line, not the way": (ONE_BY_ONE, ONE_BY_ONE.replace("= person", "= str(person)"), 0),
    "another subject": (LEAK, LEAK.replace('subject, "b"', '"s", "b"'), 0),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("baseline", [False, True])
def test_what_is_known_makes_no_room_for_more_beside_it(
    repository: Repository, run: Run, edit: str, baseline: bool
) -> None:
    before, after, code = EDITS[edit]
    repository.put({"news/old.py": before})
    if baseline:
        assert run("baseline")[0] == 0
    repository.commit({})
    repository.put({"news/old.py": after})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        assert run("check", *mode)[0] == code, run("check", *mode)[1]


IMPORTS = {
    "tests/mail.py": ["from tests.mail import send_all", "import tests.mail as m", "from tests import other, mail"],
    "news/testing/mail.py": ["from .testing.mail import send_all", "from .testing import (\n    a,\n    mail,\n)"],
    "news/test_mailer.py": [
        "from .test_mailer import send_all",
        "from . import test_mailer",
        "import news.test_mailer",
    ],
    "conftest.py": ["from conftest import send_all", "SENDER = 'x'\nimport conftest"],
}


@pytest.mark.parametrize(("path", "line"), [(path, line) for path, lines in IMPORTS.items() for line in lines])
def test_code_that_the_application_imports_is_no_test_code(
    repository: Repository, run: Run, path: str, line: str
) -> None:
    repository.commit({"news/mailer.py": EACH})
    # A test that uses it does not make it part of the application.
    used_by = f"{line.replace(' .', ' news.')}\n\n\ndef test_all():\n    send_all('x')\n"
    repository.put({path: LEAK.replace("old(", "send_all("), "tests/test_it.py": used_by, "news/mail.py": "x = 1\n"})
    assert run("check", "--since", "HEAD")[0] == 0
    repository.put({"news/views.py": f"{line}\n\n\ndef view(request):\n    send_all('x')\n"})
    code, out, _ = run("check", "--since", "HEAD")
    assert code == 1
    assert out.startswith(f"{path}:6:")


SAME_NAME = LEAK.replace("Subscriber", "Customer")
REPAIRED = EACH.replace("deliver(people", "old(people")


def test_a_repair_makes_no_room_for_a_problem_of_the_same_name_elsewhere(repository: Repository, run: Run) -> None:
    repository.commit({"a/old.py": LEAK})
    repository.put({"a/old.py": REPAIRED, "b/other.py": SAME_NAME})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        code, out, _ = run("check", *mode)
        assert code == 1, out
        assert out.startswith("b/other.py:6:")


SECOND = REPAIRED + "\n\n" + LEAK.replace("def old(", "def other(").split("\n", 1)[1]
RENAMES = {
    "the same line in another function of the file": ({"a/old.py": SECOND}, 1),
    "the same line in another file": ({"a/old.py": REPAIRED, "b/other.py": LEAK.replace("def old(", "def other(")}, 1),
    "the same line in a function of that name": ({"a/old.py": REPAIRED, "b/other.py": LEAK}, 1),
    "another name": ({"a/old.py": LEAK.replace("def old(", "def other(")}, 0),
    "a part of it gets a name": (
        {"a/old.py": LEAK.replace("def old(", "def other(") + "\n\ndef old(subject):\n    other(subject)\n"},
        0,
    ),
    "another file": ({"a/old.py": "from b.other import old  # noqa\n", "b/other.py": LEAK}, 0),
    "another file and another name": ({"a/old.py": "X = 1\n", "b/other.py": LEAK.replace("def old(", "def other(")}, 0),
}


def test_a_merge_without_a_conflict_is_compared_with_both_sides(repository: Repository) -> None:
    repository.commit({"news/mailer.py": EACH, "news/one.py": ONE})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"news/mailer.py": ALL, "news/theirs.py": LEAK})
    repository.git("checkout", "-q", "main")
    hooks = repository.root / ".git" / "hooks"
    entry = f'#!/bin/sh\nPYTHONPATH="{PACKAGE}" exec "{sys.executable}" -m mailguard check --staged > "$0.out" 2>&1\n'
    # git has not written MERGE_HEAD when it calls this one.
    (hooks / "pre-merge-commit").write_text(entry)
    (hooks / "pre-merge-commit").chmod(0o755)
    repository.commit({"news/other.py": "X = 1\n"})
    repository.git("merge", "-q", "--no-edit", "side")
    assert "0 new" in (hooks / "pre-merge-commit.out").read_text()
    repository.git("reset", "-q", "--hard", "HEAD~1")
    # Neither side shows anybody to anybody, the merge does.
    repository.commit({"news/views.py": CALLER})
    with pytest.raises(AssertionError):
        repository.git("merge", "-q", "--no-edit", "side")
    out = (hooks / "pre-merge-commit.out").read_text()
    assert "1 new in this commit." in out
    assert out.startswith("news/mailer.py:5:")


@pytest.mark.parametrize("way", RENAMES)
def test_a_line_that_is_known_is_so_where_its_function_went(repository: Repository, run: Run, way: str) -> None:
    repository.commit({"a/old.py": LEAK, "b/other.py": "Y = 2\n"})
    files, code = RENAMES[way]
    repository.put({**files})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"]):
        assert run("check", *mode)[0] == code, run("check", *mode)[1]


@pytest.mark.parametrize("gone", [False, True])
def test_what_the_baseline_still_knows_makes_no_room_elsewhere(repository: Repository, run: Run, gone: bool) -> None:
    repository.put({"a/old.py": LEAK})
    assert run("baseline")[0] == 0
    repository.commit({"a/old.py": None if gone else REPAIRED, "news/mailer.py": EACH})
    repository.put({"b/other.py": SAME_NAME})
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], *([] if gone else [[]])):
        assert run("check", *mode)[0] == 1
    if not gone:
        # Nothing is taken off for something else.
        assert "1 known problem taken off; 0 left" in run("baseline", "--prune")[1]


def test_a_moved_file_stays_known_now_and_later(repository: Repository, run: Run) -> None:
    repository.put({"a/old.py": LEAK})
    assert run("baseline")[0] == 0
    repository.commit({})
    repository.git("mv", "a/old.py", "a/new.py")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        assert run("check", *mode)[0] == 0
    repository.commit({})
    for mode in (["--staged"], ["--since", "HEAD"], ["--since", "HEAD~1"], []):
        assert run("check", *mode)[0] == 0


LINKED = {
    "a link to a text": {"data.txt": LEAK},
    "a link over a link": {"data.txt": "between", "far.txt": LEAK},
    "a link through a folder that is one": {"real/data.txt": LEAK},
    "a script": {"data.txt": "#!/usr/bin/env python3\n" + LEAK},
}


@pytest.mark.parametrize("way", LINKED)
def test_code_behind_a_link_is_read_in_a_commit_as_on_disk(repository: Repository, run: Run, way: str) -> None:
    repository.commit({"news/mailer.py": EACH})
    repository.put({**LINKED[way]})
    name = "news/send" if way == "a script" else "news/new.py"
    target = "../folder/data.txt" if "folder" in way else "../data.txt"
    (repository.root / name).symlink_to(target)
    if "over" in way:
        (repository.root / "data.txt").unlink()
        (repository.root / "data.txt").symlink_to("./news/../far.txt")
    if "folder" in way:
        (repository.root / "folder").symlink_to("real")
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        code, out, _ = run("check", *mode)
        assert code == 1, (mode, out)
        assert out.startswith(f"{name}:")
    repository.commit({})
    assert run("check", "--staged")[0] == 0
    assert run("check", "--since", "HEAD")[0] == 0


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("../../outside.txt", 3),
        ("/etc/hostname", 3),
        ("new.py", 0),
        ("nowhere.py", 0),
        ("../news", 0),
        ("mailer.py", 0),
    ],
)
def test_links_that_lead_to_no_file_of_the_tree_agree_too(
    repository: Repository, run: Run, target: str, code: int
) -> None:
    repository.commit({"news/mailer.py": EACH})
    (repository.root / "news" / "new.py").symlink_to(target)
    repository.git("add", "-A")
    for mode in (["--staged"], ["--since", "HEAD"], []):
        assert run("check", *mode)[0] == code


@pytest.mark.parametrize("kind", ["tag", "branch"])
def test_a_name_that_means_two_commits_is_refused(repository: Repository, run: Run, kind: str) -> None:
    first = repository.commit({"news/mailer.py": EACH})
    repository.git("update-ref", "refs/remotes/origin/main", first)
    repository.commit({"news/new.py": LEAK})
    assert run("check", "--since", "origin/main")[0] == 1
    # Whoever may push a tag would else choose what the change is compared with.
    repository.git(kind, "origin/main")
    for name in ("origin/main", "origin/main~0", "origin/main^{commit}"):
        code, out, err = run("check", "--since", name)
        assert (code, out) == (2, "")
        assert f"{name} means several commits here" in err
    assert run("check", "--since", "refs/remotes/origin/main")[0] == 1
    repository.git("update-ref", f"refs/{'tags' if kind == 'tag' else 'heads'}/origin/main", first)
    assert run("check", "--since", "origin/main")[0] == 1


def test_history_that_is_made_up_does_not_count(repository: Repository, run: Run) -> None:
    first = repository.commit({"news/mailer.py": EACH})
    second = repository.commit({"news/new.py": LEAK})
    (repository.root / ".git" / "info" / "grafts").write_text(f"{first} {second}\n")
    assert run("check", "--since", first)[0] == 1
    (repository.root / ".git" / "info" / "grafts").unlink()
    repository.git("replace", first, second)
    assert run("check", "--since", first)[0] == 1


def test_the_changed_lines_of_a_file() -> None:
    lines = changed_lines
    assert lines(b"a\nb\nc\n", b"a\nb\nc\n") == frozenset()
    assert lines(b"a\nb\nc\n", b"a\nX\nc\n") == {2}
    assert lines(b"a\nb\nc\n", b"a\nc\n") == {1, 2}
    assert lines(b"a\r\nb\r\n", b"a\nb\n") == frozenset()


# --- the hook -------------------------------------------------------------------------------------


def hook(repository: Repository, name: str, **environment: str) -> tuple[int, str]:
    """Call the entry of a hook as pre-commit does: in the root, with nothing but the staged state to go by."""
    import yaml

    hooks = {one["id"]: one for one in yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())}
    entry = hooks[name]["entry"].split()
    assert entry[0] == "mailguard"
    assert hooks[name]["pass_filenames"] is False
    command = [sys.executable, "-m", "mailguard", *entry[1:]]
    done = subprocess.run(
        command,
        cwd=repository.root,
        env=os.environ | {"PYTHONPATH": PACKAGE} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_hook_blocks_what_a_commit_makes_worse_with_or_without_a_baseline(repository: Repository, run: Run) -> None:
    repository.commit({"news/old.py": LEAK, "news/mailer.py": EACH, "news/views.py": CALLER})
    for _ in range(2):
        repository.put({"news/mailer.py": ALL})
        repository.git("add", "-A")
        code, out = hook(repository, "mailguard")
        assert code == 1, out
        assert "1 new in this commit. 1 known one does not block." in out
        repository.put({"news/mailer.py": EACH + "\n"})
        repository.git("add", "-A")
        assert hook(repository, "mailguard")[0] == 0
        assert run("baseline")[0] in (0, 2)
        repository.commit({"news/mailer.py": EACH})
    assert hook(repository, "mailguard-all")[0] == 0


def test_the_hook_over_a_branch_compares_with_where_it_starts(repository: Repository) -> None:
    first = repository.commit({"news/old.py": LEAK})
    repository.commit({"news/new.py": LEAK.replace("old", "new")})
    assert hook(repository, "mailguard")[0] == 0
    assert hook(repository, "mailguard", PRE_COMMIT_FROM_REF=first, PRE_COMMIT_TO_REF="HEAD")[0] == 1


SOME = f"""\
from django.core.mail import send_mail
from shop.models import Subscriber


def some(subject):
    people = {EVERYBODY}
    try:
        from news.local import AT_MOST
    except ImportError:
        AT_MOST = 100
    send_mail(subject, "b", "news@example.com", people[:AT_MOST])
"""


def test_the_real_pre_commit_runs_the_hook(repository: Repository, tmp_path: Path) -> None:
    pytest.importorskip("pre_commit")
    import yaml

    hooks = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text())
    # The hooks as they are, but with the mailguard that is being tested instead of one that is installed.
    for one in hooks:
        one |= {"language": "system", "entry": f"{sys.executable} -m {one['entry']}"}
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    repository.commit(
        {
            "news/mailer.py": EACH,
            "news/views.py": CALLER,
            "news/new.py": EACH,
            "news/some.py": SOME,
            "news/local.py": "AT_MOST = 1\n",
            ".pre-commit-config.yaml": yaml.safe_dump(config),
        }
    )

    def commit() -> tuple[int, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | IDENTITY
        environment |= {"PYTHONPATH": PACKAGE, "PRE_COMMIT_HOME": str(tmp_path / "cache")}
        environment["PYTHONWARNINGS"] = "default"
        done = subprocess.run(
            ["git", "commit", "-q", "-am", "x"],
            cwd=repository.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "install"],
        cwd=repository.root,
        env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "cache")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    repository.put({"news/mailer.py": ALL})
    code, out = commit()
    assert code == 1, out
    assert "- hook id: mailguard" in out
    assert "1 new in this commit." in out
    repository.put(
        {
            "news/mailer.py": EACH
            + textwrap.dedent("""

        LIMIT = 5
    """)
        }
    )
    code, out = commit()
    assert code == 0, out
    # What is no Python file by its name, and what is taken away, can make a call unsafe as well.
    repository.git("mv", "news/new.py", "news/new.txt")
    (repository.root / "news" / "new.py").symlink_to("new.txt")
    repository.git("add", "-A")
    code, out = commit()
    assert code == 0, out
    (repository.root / "news" / "new.txt").write_text(LEAK)
    code, out = commit()
    assert code == 1, out
    repository.git("checkout", "-q", "HEAD", ".")
    repository.git("rm", "-q", "news/local.py")
    code, out = commit()
    assert code == 1, out
    assert "1 new in this commit." in out
