"""A few mutations of every sample; ``mutate.py`` makes as many as you like."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailguard.model.finding import Report

from . import mutate

SAMPLES = list(mutate.originals())
EACH = 2
SEED = 7
EXPLAINED = re.compile(
    r"swapped \S*(?:from|sender)\S* with|swapped .* with \S*(?:from|sender)|sendInvitationMessage", re.IGNORECASE
)
"""Mutations that rightly make a request quiet: its readers have become those who write, or no mail is asked for."""


def test_the_mutations_are_the_same_in_every_run() -> None:
    one = [list(mutate.mutations(original, 3, SEED)) for original in SAMPLES[:40]]
    assert one == [list(mutate.mutations(original, 3, SEED)) for original in SAMPLES[:40]]
    assert one != [list(mutate.mutations(original, 3, SEED + 1)) for original in SAMPLES[:40]]


def test_silence_is_heard(tmp_path: Path) -> None:
    # What is looked for is found: the same people, and nothing said.
    loud, still = tmp_path / "a.eml", tmp_path / "b.eml"
    loud.write_bytes(b"From: from@example.com\nTo: ann@example.com, bob@example.org\n\nT")
    still.write_bytes(b"From: from@example.com\nSubject: S\n\nWrite to ann@example.com or bob@example.org")
    before, after = mutate.look(loud), mutate.look(still)
    assert mutate.quiet(before, after, loud.read_bytes(), still.read_bytes())
    assert not mutate.quiet(before, before, loud.read_bytes(), loud.read_bytes())


@pytest.mark.parametrize("part", range(4))
def test_no_mutation_passes_in_silence(tmp_path: Path, part: int) -> None:
    silent = []
    for original in SAMPLES[part::4]:
        path = tmp_path / original.name
        path.write_bytes(original.content)
        before = mutate.look(path, printed=False)
        names = {person.split("@")[0] for person in mutate.addresses(original.content)} - {"x", "f", "a"}
        spoken = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names))) + r")(?:@|%40|\\u0040)\w", re.IGNORECASE)
        for number, (name, content) in enumerate(mutate.mutations(original, EACH, SEED)):
            label = f"{original.label} #{number} {name}"
            path.write_bytes(content)
            after = mutate.look(path, printed=number == part % EACH)
            assert after.exit_code in {*mutate.EXITS, 2}, label
            assert after.seconds < mutate.SECONDS, label
            assert not names or not spoken.search(after.said), label
            if not EXPLAINED.search(name) and mutate.quiet(before, after, original.content, content):
                silent.append(label)
    assert not silent


def test_the_exits_are_those_of_a_report() -> None:
    assert {Report().exit_code} <= mutate.EXITS
