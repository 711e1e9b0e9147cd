"""A change cannot loosen the rules that it is judged by."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import ALLOWED, EACH, INSIDE, LEAK, LOOSE, PACKAGE, Repository, Run

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
