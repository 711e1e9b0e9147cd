"""The ledger adds up, always, and says what was not read."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import UNREAD, UNTOLD

from mailguard.ledger import ledger_lines, unread_words
from mailguard.model.finding import Ledger, SkipReason
from mailguard.model.place import Place

SMALL = st.integers(0, 3) | st.integers(0, 2_000_000)


@st.composite
def ledgers(draw):
    apart, staff, shows, undecided = (draw(SMALL) for _ in range(4))
    files = draw(SMALL)
    read = draw(st.integers(0, files))
    request = [draw(SMALL) for _ in range(5)]
    return Ledger(
        calls=apart + staff + shows + undecided,
        keeps_apart=apart,
        staff_only=staff,
        shows=shows,
        shows_new=draw(st.integers(0, shows)),
        undecided=undecided,
        requests=sum(request),
        request_keeps_apart=request[0],
        request_staff_only=request[1],
        request_shows=request[2],
        request_undecided=request[3],
        cannot_tell=request[4],
        files=files,
        files_read=read,
        files_known=draw(st.integers(0, files - read)),
        captures=draw(SMALL),
    )


@given(ledgers(), st.sampled_from([80, 100]))
def test_the_parts_add_up_to_the_first_number(ledger, width):
    text = "\n".join(ledger_lines(ledger, width))
    for what, total in (("mail call", ledger.calls), ("request", ledger.requests)):
        found = re.search(rf"([\d,]+) {what}s?: ([^.]*)\.", text)
        assert (found is not None) == bool(total)
        if found:
            parts = re.sub(r"\([^)]*\)", "", found.group(2))
            numbers = [int(part.replace(",", "")) for part in re.findall(r"\d[\d,]*\d|\d", parts)]
            assert sum(numbers) == int(found.group(1).replace(",", "")) == total


@given(ledgers())
def test_files_that_were_not_read_are_never_hidden(ledger):
    text = "\n".join(ledger_lines(ledger))
    if ledger.files_read < ledger.files:
        assert re.search(r"[\d,]+ of [\d,]+ (Python )?files?", text)
        assert "all read" not in text


@pytest.mark.parametrize(
    ("ledger", "lines"),
    [
        (Ledger(calls=1, keeps_apart=1, files=1, files_read=1), ["1 mail call: 1 keeps readers apart. 1 file, read."]),
        (
            Ledger(calls=1, shows=1, shows_new=1, files=2, files_read=1),
            ["1 mail call: 0 keep readers apart, 1 does not (1 new). 1 of 2 files read."],
        ),
        (
            Ledger(
                calls=63, keeps_apart=44, staff_only=4, shows=6, shows_new=6, undecided=9, files=1204, files_read=1200
            ),
            [
                "63 mail calls: 44 keep readers apart, 4 write to staff only, 6 do not (6 new), 9 undecided.",
                "1,200 of 1,204 files read.",
            ],
        ),
        (
            Ledger(requests=311, request_keeps_apart=287, request_shows=24, captures=1),
            ["311 requests: 287 keep readers apart, 24 do not."],
        ),
        (Ledger(captures=3), ["No mail request in 3 captures."]),
        (Ledger(), ["No mail is sent from this code: there is no Python file."]),
        (
            Ledger(files=5, files_read=3, files_known=1),
            [
                "No mail call in what was read: 3 of 5 Python files, none names a mail API that mailguard knows.",
                "Do you send through a helper of another package? Name it under [tool.mailguard.senders].",
            ],
        ),
        (
            Ledger(files=3, files_read=3, files_naming=1),
            [
                "No mail call was found: 3 Python files, 1 names a mail API that mailguard knows.",
                "Which files may send all the same: mailguard audit",
            ],
        ),
        (
            Ledger(calls=1, keeps_apart=1, files=5, files_read=2, files_known=2),
            ["1 mail call: 1 keeps readers apart. 2 of 5 files read; 2 of the other 3 are known."],
        ),
    ],
)
def test_words(ledger, lines):
    assert ledger_lines(ledger) == lines


def test_what_was_not_read_is_no_pass():
    files = [replace(UNREAD, place=Place(f"{name}.py")) for name in "abcd"]
    lost = replace(UNREAD, reason=SkipReason.NOT_UNDERSTOOD)
    assert unread_words(files) == "Four files could not be read, so this is not a pass."
    assert unread_words([UNTOLD, *files]) == "One request and four files could not be read, so this is not a pass."
    assert unread_words([replace(UNTOLD, times=2311)]) == "2,311 requests could not be read, so this is not a pass."
    assert unread_words([lost, lost]) == "Two places of the code could not be read, so this is not a pass."
    assert unread_words([lost]) == "One place of the code could not be read, so this is not a pass."
    assert unread_words([replace(UNTOLD, accepted=True)]) == ""
