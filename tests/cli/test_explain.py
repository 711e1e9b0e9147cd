"""``mailguard explain``, and the places that it takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .support import LEAK, MESSAGE, SAFE, Run, put


def test_explain_answers_for_every_kind_of_subject(folder: Path, run: Run) -> None:
    put(folder, mailer=SAFE)
    assert "visible-external-recipients" in run("explain")[1]
    assert "BitMEX" in run("explain", "batched-recipient-list")[1]
    assert "send_mail" in run("explain", "django")[1]
    assert "Django" in run("explain", "django.core.mail")[1]
    code, out, _ = run("explain", "mailer.py:7")
    assert code == 0
    assert out.startswith("mailer.py:7:9  This call keeps readers apart")
    assert "There is no mail call in mailer.py at line 1" in run("explain", "mailer.py:1")[1]
    put(folder, mailer=LEAK)
    assert "shows people to each other" in run("explain", "mailer.py:6:50")[1]
    assert "shows people to each other" in run("explain", "mailer:newsletter")[1]
    assert "no mail call in mailer:other" in run("explain", "mailer:other")[1]


def test_every_place_that_is_printed_can_be_pasted(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, shop__mailer=LEAK)
    (folder / ".git").mkdir()
    (folder / "sent.eml").write_bytes(MESSAGE)
    (folder / "shop" / "sub").mkdir()
    for here in (folder, folder / "shop" / "sub"):
        monkeypatch.chdir(here)
        for place in re.findall(r"^(\S+:\d\S*)", run("check", str(folder / "shop"), "--concise")[1], re.MULTILINE):
            assert run("check", place.rstrip(":"))[0] == 1
            assert "shows people" in run("explain", place.rstrip(":"))[1]
        (place,) = re.findall(r"^(\S+)  2 outside", run("replay", str(folder / "sent.eml"))[1], re.MULTILINE)
        assert run("check", place)[0] == 1
        assert "r1 outside, r2 outside" in run("explain", place)[1]


def test_the_examples_of_own_rules_can_be_run(folder: Path, run: Run) -> None:
    rules = folder / "policy"
    rules.mkdir()
    rule = (
        "id: {id}\ntitle: Too many\nwhy: Many read it.\nchange: send less\nmeasure: total\nlimit: 2\nseverity: error\n"
        "cause: cap\nexamples:\n  bad:\n    - name: three\n      message:\n        to: [{people}]\n"
    )
    three = ", ".join(f"r{number}@example.com" for number in range(3))
    (rules / "too-many.yaml").write_text(rule.format(id="too-many", people=three))
    assert run("explain", "--test", "policy")[:2] == (0, "too-many: 1 of 1 examples hold.\n")
    (rules / "too-many.yaml").write_text(rule.format(id="too-many", people="r1@example.com"))
    code, out, _ = run("explain", "--test", "policy")
    assert code == 1
    assert 'the bad example "three" is not found' in out


def test_a_call_that_shows_people_tells_where_they_come_from(folder: Path, run: Run) -> None:
    (folder / "pyproject.toml").touch()
    (folder / "views.py").write_text(
        "from mailer import deliver\nfrom shop.models import User\n\n\ndef all_of_them():\n"
        "    deliver([user.email for user in User.objects.all()])\n"
    )
    (folder / "mailer.py").write_text(
        "from django.core.mail import send_mail\n\n\ndef deliver(people):\n"
        '    send_mail("s", "b", "f@example.com", people)\n'
    )
    code, out, _ = run("explain", "mailer.py:5")
    assert code == 0
    assert out.splitlines()[3:] == [
        "  Read    To   any number of people    mailer.py:5:42",
        "  From    read from the database         views.py:6",
        "          passed on whole to deliver()   views.py:6",
        "  So      Everyone on this list can see everyone else on it",
    ]
