"""Each repair: as its samples say, quiet on a new look, and the same people get the mail when the code runs."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from mailguard import repair
from mailguard.model.exchange import SmtpTransaction
from mailguard.ways import list_clause

from ..laws import runs  # noqa: TID252  # what is tested together is named together; there is no package above
from .support import SAMPLES, SIZES, Project, Sample, mailing, sample

EVERY = sorted(SAMPLES.rglob("*.txt"))
REPAIRED = [path for path in EVERY if sample(path).after]
REFUSED = [path for path in EVERY if sample(path).refusal]
TO_ALL = {"send_message"}
"""Repairs that leave one message for all of them, in which nobody sees the others."""


def ids(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


def result(tmp_path: Path, given: Sample, text: str) -> bytes:
    """The program after all its findings were repaired."""
    outcomes = Project(tmp_path, text.encode()).outcomes()
    assert outcomes, "nothing was found in the sample"
    assert {outcome.fix.name for outcome in outcomes if outcome.fix} == {given.fix}, outcomes
    edits = [outcome.edit for outcome in outcomes if outcome.edit]
    assert len(edits) == len(outcomes)
    return edits[-1].text


@pytest.mark.parametrize("path", REPAIRED, ids=ids)
def test_the_repair_is_the_one_of_the_sample(path: Path, tmp_path: Path) -> None:
    given = sample(path)
    assert result(tmp_path, given, given.before).decode() == given.after


@pytest.mark.parametrize("path", REPAIRED, ids=ids)
def test_what_was_repaired_parses_and_is_quiet(path: Path, tmp_path: Path) -> None:
    given = sample(path)
    ast.parse(given.after)
    after = Project(tmp_path, given.after.encode())
    # Somebody in To may still be read by those with a hidden copy, which is a note.
    assert not after.found()
    assert after.report.skips == ()
    assert all(outcome.edit is None for outcome in after.outcomes())


@pytest.mark.parametrize("path", REPAIRED, ids=ids)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the libraries that run
def test_the_same_people_get_one_message_each(path: Path, size: int) -> None:
    given = sample(path)
    for package in ("flask_mail", "fastapi_mail"):
        # Not among what the tests need: installed with the group `sdks`, which runs what stands here.
        if package in given.before:
            pytest.importorskip(package)
    before, after = mailing(given.before, size), mailing(given.after, size)
    assert after.got.keys() == before.got.keys()
    if size:
        # What libraries say of a message to nobody is another matter.
        assert after.error == before.error
    assert after.shown <= 1
    if given.fix not in TO_ALL:
        calls = 2 if path.stem == "last_argument" else 1
        assert set(after.got.values()) <= {calls}
    if size == 5:
        assert before.shown > 1, "the sample does not leak"


def test_every_codemod_has_a_sample_of_what_it_does() -> None:
    assert {path.parent.name for path in REPAIRED} == {fix.name for fix in repair.fixes()} - {"left_alone"}


@pytest.mark.parametrize("path", REFUSED, ids=ids)
def test_what_is_not_surely_right_is_left_alone_and_said(path: Path, tmp_path: Path) -> None:
    given = sample(path)
    project = Project(tmp_path, given.before.encode())
    outcomes = project.outcomes()
    assert outcomes
    assert [outcome.edit for outcome in outcomes] == [None] * len(outcomes)
    assert given.refusal in {outcome.reason for outcome in outcomes}


# --- what the repair does not concern -------------------------------------------------------------

ODD = (
    """#!/usr/bin/env python
# -*- coding: utf-8 -*-
import os ; import sys
x = { 'a' :1,
   "b": [ 1,2 , ], } ; y = (
)

class  Odd ( object ) :   # "straße"
\tdef f( self , *a ) :
\t\treturn   lambda : """.replace("straße", "straße")
    + "'''\n  text\n  '''\n\n\n\n"
)


@pytest.mark.parametrize("path", REPAIRED, ids=ids)
def test_other_code_is_the_same_byte_for_byte(path: Path, tmp_path: Path) -> None:
    given = sample(path)
    assert result(tmp_path, given, ODD + given.before + ODD).decode() == ODD + given.after + ODD


@pytest.mark.parametrize("path", REPAIRED, ids=ids)
def test_line_ends_and_tabs_stay(path: Path, tmp_path: Path) -> None:
    given = sample(path)

    def other(text: str) -> str:
        return text.replace("    ", "\t").replace("\n", "\r\n")

    got = result(tmp_path, given, other(given.before)).decode()
    assert got == other(given.after)


# --- one who is refused ---------------------------------------------------------------------------

GUARDED = [path for path in REPAIRED if path.stem.startswith("guarded")]


@pytest.mark.parametrize("path", GUARDED, ids=ids)
@pytest.mark.parametrize("who", [1, 3, 5])
def test_one_who_is_refused_stops_nobody_else(path: Path, who: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given = sample(path)
    accept = runs.Wire.rcpt

    def rcpt(wire: runs.Wire, recip: str, options: object = ()) -> tuple[int, bytes]:
        return (550, b"no") if f"-{who}@" in recip else accept(wire, recip, options)

    monkeypatch.setattr(runs.Wire, "rcpt", rcpt)
    before, after = (
        Counter(
            person.partition("-")[2]
            for each in runs.run(text, runs.World(5))[0]
            if isinstance(each.exchange, SmtpTransaction)
            for person in each.exchange.rcpt_to
        )
        for text in (given.before, given.after)
    )
    assert len(before) == 4
    assert after == before


def test_a_list_that_is_a_default_is_told_as_one_for_all_calls(tmp_path: Path) -> None:
    given = sample(SAMPLES / "mutable_default" / "parameter.txt")
    (finding,) = Project(tmp_path, given.before.encode()).found()
    assert finding.rule == "recipient-list-growth"
    assert list_clause(finding) == "the list grows from one call to the next"
