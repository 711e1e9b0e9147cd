"""Exceptions beside the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import LEAK, Run, put

ALLOW = '# mailguard: allow[visible-external-recipients] reason="the members of one club"'


@pytest.mark.parametrize(
    "text",
    [
        LEAK.replace("people)", f"people)  {ALLOW}"),
        LEAK.replace("    send_mail(", f"    {ALLOW}\n    # and another comment\n    send_mail("),
        LEAK.replace('"news@example.com", people)', f'"news@example.com",\n        people,\n    )  {ALLOW}'),
        LEAK.replace("people)", f"people)  {ALLOW} until=2026-01-31"),
        LEAK.replace("people)", f"people)  {ALLOW.replace('[', '[bcc-bulk, ')}"),
    ],
)
def test_an_exception_with_a_reason_counts_and_is_said(folder: Path, run: Run, text: str) -> None:
    put(folder, mailer=text)
    code, out, _ = run("check", "--as-of", "2026-01-31")
    assert code == 0
    assert "allowed: the members of one club" in out
    assert "1 does not (0 new)" in out


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# mailguard: allow[visible-external-recipients]", "gives no reason"),
        ('# mailguard: allow[visible-external-recipients] reason=" "', "gives no reason"),
        (ALLOW + " until=2026-01-30", "ended on 2026-01-30"),
        (ALLOW + " until=2026-13-01", "The end of this exception is no date"),
        (ALLOW + " until=soon", "The end of this exception is no date"),
        (ALLOW.replace("visible", "visibel"), "names a rule that does not exist: visibel-external-recipients"),
        (ALLOW.replace("visible-external-recipients", "bcc-bulk"), "allows nothing"),
        ("# mailguard: allow reason", "names no rule"),
    ],
)
def test_an_exception_that_does_not_count_is_said(folder: Path, run: Run, comment: str, said: str) -> None:
    put(folder, mailer=LEAK.replace("people)", f"people)  {comment}"))
    code, out, _ = run("check", "--as-of", "2026-01-31")
    assert code == 1
    line = next(line for line in out.splitlines() if said in line)
    assert line.startswith("mailer.py:6:")


def test_an_exception_allows_its_own_place_only(folder: Path, run: Run) -> None:
    put(
        folder,
        mailer=LEAK.replace("people)", f"people)  {ALLOW}") + LEAK.partition("\n\n")[2].replace("newsletter", "other"),
    )
    code, out, _ = run("check")
    assert code == 1
    assert out.count("Everyone on this list can see everyone else on it") == 1


def test_an_ignored_rule_hands_the_finding_to_the_general_one(folder: Path, run: Run) -> None:
    put(
        folder,
        mailer=LEAK.replace("people)", "people[0:1000])")
        .replace("people[0:1000]", "b")
        .replace(
            "    send_mail",
            "    for b in (people[i : i + 1000] for i in range(0, len(people), 1000)):\n        send_mail",
        ),
    )
    assert "batched-recipient-list" in run("check")[1]
    (folder / "pyproject.toml").write_text('[tool.mailguard.per-path-ignores]\n"*.py" = ["batched-recipient-list"]\n')
    code, out, _ = run("check")
    assert code == 1
    assert "visible-external-recipients" in out
    rules = '"batched-recipient-list", "visible-external-recipients"'
    (folder / "pyproject.toml").write_text(f'[tool.mailguard.per-path-ignores]\n"*.py" = [{rules}]\n')
    code, out, _ = run("check")
    assert code == 0
    assert "1 does not" in out  # nobody wants a finding of it, and it is so all the same
