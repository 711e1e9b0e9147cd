"""A program that is rewritten without doing anything else is judged as it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.source.scan import SourceFile, scan

from . import programs, runs
from .rewriting import REWRITINGS, Files

LAW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],
)


def looked(files: Files) -> tuple[bool, int]:
    """Whether readers of what a program sends are plainly shown to each other, and the number of its sends.

    How surely may change: a helper is asked with what it declares before its callers are.
    """
    sources = [SourceFile(path, text.encode) for path, text in files.items()]
    found = scan(sources, gate.libraries(), gate.open_to_callers, debug=True)
    assert not found.skips
    shows = any(runs.said(each.place.line, each.exchange).shows for each in found.dispatches)
    return shows, len({each.place for each in found.dispatches})


@pytest.mark.parametrize("make", [programs.closed_program, programs.open_program], ids=["closed", "open"])
@pytest.mark.parametrize("api", list(programs.APIS))
@pytest.mark.parametrize("rewriting", list(REWRITINGS))
@LAW
@given(data=st.data())
def test_a_rewritten_program_is_judged_as_it_was(
    make: Callable[[programs.Choose, str], programs.Program], api: str, rewriting: str, data: st.DataObject
) -> None:
    program = data.draw(programs.programs(make, api))
    usual, sends = looked({"app.py": program.text})
    files = REWRITINGS[rewriting](program.text)
    told = "\n".join(f"=== {path}\n{text}" for path, text in files.items())
    found, more = looked(files)
    # What is never reached may be, in a function of its own that anybody may call.
    assume(more <= sends)
    assert (found, more > 0) == (usual, sends > 0), f"\n{program.text}\n{told}"
