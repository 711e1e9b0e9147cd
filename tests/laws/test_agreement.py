"""What the scanner says of generated programs holds in their runs against the real libraries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import agreement, gaps, programs
from .agreement import Broken

LAW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)


def held(program: programs.Program) -> None:
    try:
        agreement.check(program)
    except Broken as broken:
        if not gaps.excused(program, broken):
            raise


@pytest.mark.parametrize("make", [programs.closed_program, programs.open_program], ids=["closed", "open"])
@pytest.mark.parametrize("api", list(programs.APIS))
@LAW
@given(data=st.data())
def test_a_program_is_what_its_runs_are(
    make: Callable[[programs.Choose, str], programs.Program], api: str, data: st.DataObject
) -> None:
    held(data.draw(programs.programs(make, api)))


@pytest.mark.parametrize("gap", gaps.GAPS, ids=str)
def test_a_gap_is_still_there(gap: gaps.Gap) -> None:
    with pytest.raises(Broken) as caught:
        agreement.check(gap.example)
    assert caught.value.law in gap.laws
    assert gaps.excused(gap.example, caught.value)


@pytest.mark.parametrize("api", list(programs.APIS))
def test_most_programs_send_something(api: str) -> None:
    assert agreement.share_that_sends(api) > 0.7
