"""The laws notice what is broken: each mutant is killed by the check that is named for it, and nothing else is."""

from __future__ import annotations

import pytest

from . import mutants
from .checks import CHECKS


@pytest.mark.parametrize("name", list(CHECKS))
def test_a_check_passes_as_things_are(name: str) -> None:
    CHECKS[name]()


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=str)
def test_a_mutant_does_not_survive(mutant: mutants.Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError):
        CHECKS[mutant.killer]()


def test_there_are_many_mutants() -> None:
    assert len({mutant.name for mutant in mutants.MUTANTS}) == len(mutants.MUTANTS) >= 20
