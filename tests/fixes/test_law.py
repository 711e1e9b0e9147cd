"""The law of repairs, on generated programs: quiet on a new look, and the same people get the mail, one message each."""

from __future__ import annotations

import ast
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from mailguard import repair

from ..laws import programs  # noqa: TID252  # what is tested together is named together; there is no package above
from .support import SIZES, Project, mailing

LAW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def hold(program: programs.Program, api: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), program.text.encode())
        outcomes = project.outcomes()
        edits = [outcome.edit for outcome in outcomes if outcome.edit is not None]
        for outcome in outcomes:
            event(outcome.fix.name if outcome.fix else "left alone" if outcome.reason else "with another")
        if not edits:
            return
        after = edits[-1].text.decode()
        ast.parse(after)
        quiet = not [
            one for one in project.look({"program.py": after.encode()}).findings if repair.worth_repairing(one)
        ]
        for size, answers in itertools.product(SIZES, itertools.product((False, True), repeat=len(program.flags))):
            flags = dict(zip(program.flags, answers, strict=True))
            one, other = (mailing(text, size, flags) for text in (program.text, after))
            told = f"{program.text}\n----- after, with {size} and {flags}\n{after}\n{one}\n{other}"
            if not one.error:
                assert other.got.keys() == one.got.keys(), told
                if api != "sendgrid":
                    # SendGrid's client drops people who are in one personalization twice; a message each they get twice.
                    assert all(times <= one.got[person] for person, times in other.got.items()), told
                assert not other.error, told
            if quiet:
                assert other.shown <= 1, told


@pytest.mark.parametrize("api", list(programs.APIS))
@LAW
@given(data=st.data())
def test_a_repair_keeps_the_people_and_parts_them(api: str, data: st.DataObject) -> None:
    hold(data.draw(programs.programs(programs.closed_program, api)), api)
