"""What a change brings is told; what was there before is not."""

from __future__ import annotations

import pytest

from mailguard.changes.change import changed_lines

from .support import ALL, CALLER, EACH, EVERYBODY, LEAK, ONE, Repository, Run

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


def test_the_changed_lines_of_a_file() -> None:
    lines = changed_lines
    assert lines(b"a\nb\nc\n", b"a\nb\nc\n") == frozenset()
    assert lines(b"a\nb\nc\n", b"a\nX\nc\n") == {2}
    assert lines(b"a\nb\nc\n", b"a\nc\n") == {1, 2}
    assert lines(b"a\r\nb\r\n", b"a\nb\n") == frozenset()
