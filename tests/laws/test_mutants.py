"""The laws notice what is broken: each mutant is killed by the check that is named for it, and nothing else is."""

from __future__ import annotations

import pytest

from . import mutants


@pytest.mark.parametrize("name", list(mutants.CHECKS))
def test_a_check_passes_as_things_are(name: str) -> None:
    mutants.CHECKS[name]()


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=str)
def test_a_mutant_does_not_survive(mutant: mutants.Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError):
        mutants.CHECKS[mutant.killer]()


def test_there_are_many_mutants() -> None:
    assert len({mutant.name for mutant in mutants.MUTANTS}) == len(mutants.MUTANTS) >= 20
