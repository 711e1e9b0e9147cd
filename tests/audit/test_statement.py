"""The statement that may be quoted."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from mailguard import cli
from mailguard.audit.pages import PAGES
from mailguard.audit.statement import statement
from mailguard.audit.table import ORDER, Audit, Broken, Commit, Decision, Named, Row
from mailguard.model.finding import Certainty, Severity, Skip, SkipReason, Verdict
from mailguard.model.place import Place

from .support import PLACE, TREE, call, git, look, page, repository, row, write


def test_the_statement_names_the_commit(small, audit):
    name = git(small, "rev-parse", "HEAD")
    assert audit.commit == Commit(name, date(2025, 11, 18), 0)
    assert statement(audit)[0].startswith(
        f"At commit {name[:7]} (18 November 2025) this repository has 6 places that send"
    )


def test_it_says_so_where_the_files_are_not_those_of_the_commit(tmp_path):
    folder = repository(tmp_path, {"a.py": "x = 1\n", "b.py": "y = 1\n", "c.py": "z = 1\n", "d.txt": "d\n"})
    assert look(folder).commit.changed == 0
    (folder / "a.py").write_bytes(b"x = 1\r\n")
    assert look(folder).commit.changed == 0  # line ends of a checkout
    (folder / "a.py").write_bytes(b"x = 2\n")
    (folder / "b.py").unlink()
    (folder / "new.py").write_bytes(b"n = 1\n")
    (folder / "d.txt").unlink()
    found = look(folder)
    assert found.commit.changed == 3
    assert "with 3 Python files that are not as committed, this repository" in statement(found)[0]


def test_no_git_program_of_the_tree_is_run_to_find_that_out(tmp_path):
    folder = repository(tmp_path, {"a.py": "x = 1\n", ".gitattributes": "*.py filter=evil\n"})
    mark = folder / "ran"
    git(folder, "config", "filter.evil.clean", f"touch {mark}")
    git(folder, "config", "core.fsmonitor", f"touch {mark}")
    (folder / "a.py").write_bytes(b"x = 3\n")
    assert look(folder).commit.changed == 1
    assert not mark.exists()


def test_without_a_repository_there_is_no_commit(tmp_path):
    write(tmp_path, {"a.py": "x = 1\n"})
    found = look(tmp_path)
    assert found.commit == Commit()
    assert statement(found)[0].startswith("This folder has no place that sends mail, as far as its code was read. ")
    assert found.exit_code == 0


def test_a_part_is_called_a_part(small):
    found = look(small, "news")
    assert {one.call.place.path.split("/")[0] for one in found.rows} == {"news"}
    assert "the named part of this repository (news) has" in statement(found)[0]
    assert {one.path.split("/")[0] for one in (*found.elsewhere, *found.unexplained)} <= {"news"}


def test_the_policy_has_one_name_as_long_as_it_is_the_same(small, tmp_path):
    names = {look(small).policy, look(small).policy}
    assert len(names) == 1
    other = repository(
        tmp_path, TREE | {"pyproject.toml": TREE["pyproject.toml"].replace("example.org", "example.net")}
    )
    assert look(other).policy not in names


LEAK = Broken("r", "T", Certainty.LIKELY, Severity.ERROR, PLACE, "c", "", new=True)


def rows(*counts):
    """So many of each verdict; what shows people breaks a rule."""
    broken = {Verdict.SHOWS: (LEAK,)}
    return tuple(
        Row(call(verdict), "smtplib", (), broken.get(verdict, ()))
        for verdict, count in zip(ORDER, counts, strict=True)
        for _ in range(count)
    )


def test_the_statement_of_the_guide():
    whole = Audit(
        rows=rows(6, 9, 44, 4),
        skips=tuple(Skip(SkipReason.PYTHON_2, Place(f"old{number}.py", 1)) for number in range(4)),
        elsewhere=tuple(Named(f"{number}.php", "PHP", ("PHPMailer",)) for number in range(7)),
        decisions=tuple(Decision("exception", "r", PLACE, "", "why", "2027-01-31") for _ in range(2)),
        commit=Commit("3f2c9a1" + "0" * 33, date(2026, 11, 18)),
        policy="a41c" * 16,
        version="1.0",
    )
    assert statement(whole)[0] == (
        "At commit 3f2c9a1 (18 November 2026) this repository has 63 places that send mail. In 44, no outside reader can see "
        "another. 4 write only to configured staff. 6 show people to each other and are listed below. 9 could not be decided "
        "from the code. 4 Python files and 7 files in other languages were not read. 2 exceptions are in force, with reason and "
        "end date. Checked by mailguard 1.0 with policy `a41ca41ca41c`."
    )
    assert statement(whole)[1] == (
        "This report does not cover mail written by hand, campaigns sent from a provider's web pages, settings and templates "
        "kept at a provider, code that is not in this repository, and Python that builds its own code while it runs."
    )


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((1, 0, 0, 0), "has 1 place that sends mail. 1 shows people to each other and is listed below."),
        ((0, 0, 1, 0), "In 1, no outside reader can see another. None was found to show people to each other."),
        ((0, 1, 0, 1), "1 writes only to configured staff. None was found to show people to each other. 1 could not"),
    ],
)
def test_one_and_none_are_said_as_one_says_them(counts, says):
    assert says in statement(Audit(rows=rows(*counts)))[0]


def test_a_rule_that_is_broken_although_nobody_sees_another_is_not_hidden():
    broken = Broken("recipients-over-cap", "T", Certainty.LIKELY, Severity.WARNING, PLACE, "c", "", new=True)
    whole = Audit(rows=(Row(call(Verdict.KEEPS_APART), "smtplib", (), (broken,)),))
    assert "In 1 of those that were not found to, another rule is broken." in statement(whole)[0]
    for name in PAGES:
        assert "recipients-over-cap" in page(name, whole)


def test_what_is_not_a_rule_broken_is_not_called_one():
    for broken in (
        Broken("r", "T", Certainty.UNDECIDED, Severity.ERROR, PLACE, "c", "", new=True),
        Broken("r", "T", Certainty.CERTAIN, Severity.NOTE, PLACE, "c", "", new=True),
        Broken("r", "T", Certainty.CERTAIN, Severity.ERROR, PLACE, "c", "test code", new=True),
    ):
        assert not Row(call(Verdict.KEEPS_APART), "smtplib", (), (broken,)).besides


def test_the_known_are_counted(small, tmp_path):
    folder = repository(tmp_path, TREE)
    git(folder, "rm", "-q", "--cached", "jobs/old.py")
    (folder / "jobs/old.py").unlink()
    assert cli.run(["baseline", str(folder)]) in (0, 2)
    here = Path.cwd()
    try:
        os.chdir(folder)
        assert cli.run(["baseline"]) == 0
    finally:
        os.chdir(here)
    found = look(folder)
    assert found.baseline
    assert "known" in row(found, "news/mailer.py").remarks
    assert (
        "are known problems, listed in the baseline." in statement(found)[0]
        or "is a known problem" in statement(found)[0]
    )


def test_nothing_is_said_of_merges():
    # That a change cannot be merged is set at the forge; nothing in a repository shows it.
    assert "merged" not in " ".join(statement(Audit(rows=rows(1, 1, 1, 1), baseline=True)))
