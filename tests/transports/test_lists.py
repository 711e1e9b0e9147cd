"""Lists of readers in the texts of single mails, and what only looks like one: over the mails of a capture."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.model.finding import Certainty, Report

PEOPLE = [f"p{number}@example.com" for number in range(8)]
CONTACTS = ["help@contact.example", "sales@contact.example"]


def replayed(folder: Path, mails: list[tuple[str, str]]) -> Report:
    path = folder / "sent.jsonl"
    lines = []
    for reader, text in mails:
        body = {"From": "desk@example.net", "To": reader, "Subject": "S", "TextBody": text}
        lines.append(
            {"method": "POST", "url": "https://api.postmarkapp.com/email", "headers": {}, "body": json.dumps(body)}
        )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return gate.replay(path)


def certain(report: Report) -> bool:
    return any(one.certainty is Certainty.CERTAIN for one in report.findings)


laws = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@laws
@given(st.integers(3, 7), st.booleans(), st.randoms())
def test_a_list_of_all_readers_is_found_in_whatever_order_they_get_it(
    tmp_path_factory: pytest.TempPathFactory, count: int, own: bool, dice: random.Random
) -> None:
    """Also where it leaves out whoever reads it: "others who come"."""
    people = PEOPLE[:count]
    mails = [(one, "Those who come: " + ", ".join(p for p in people if own or p != one)) for one in people]
    dice.shuffle(mails)
    report = replayed(tmp_path_factory.mktemp("list"), mails)
    assert certain(report)
    assert report.ledger.request_shows >= count - 2


@laws
@given(st.integers(4, 6), st.integers(0, 4), st.randoms())
def test_a_list_of_some_readers_is_found_in_what_others_get(
    tmp_path_factory: pytest.TempPathFactory, count: int, more: int, dice: random.Random
) -> None:
    readers = PEOPLE[: count + more]
    mails = [(one, f"Attendees: {', '.join(PEOPLE[:count])}") for one in readers]
    dice.shuffle(mails)
    assert certain(replayed(tmp_path_factory.mktemp("some"), mails))


@laws
@given(st.integers(1, 6), st.integers(1, 2), st.booleans(), st.randoms())
def test_contacts_of_a_footer_who_get_the_mail_are_no_list(
    tmp_path_factory: pytest.TempPathFactory, count: int, contacts: int, own: bool, dice: random.Random
) -> None:
    """Whether these may be seen is undecided: without a domain of one's own nobody says that they are."""
    mails = [
        (one, f"Hi {one if own else ''}, ask {' or '.join(CONTACTS[:contacts])}")
        for one in [*PEOPLE[:count], *CONTACTS]
    ]
    dice.shuffle(mails)
    report = replayed(tmp_path_factory.mktemp("footer"), mails)
    assert not certain(report)
    assert report.exit_code == 0


@laws
@given(st.booleans())
def test_a_list_of_two_is_undecided(tmp_path_factory: pytest.TempPathFactory, first: bool) -> None:
    pair = PEOPLE[:2] if first else PEOPLE[1::-1]
    report = replayed(tmp_path_factory.mktemp("two"), [(one, f"All: {PEOPLE[0]}, {PEOPLE[1]}") for one in pair])
    assert (report.ledger.request_undecided, report.exit_code) == (1, 0)


def test_one_who_is_told_of_is_nobody_s_list(tmp_path: Path) -> None:
    ann, bob, desk = PEOPLE[0], PEOPLE[1], CONTACTS[0]
    mails = [(ann, f"You invited {bob}"), (bob, f"{ann} invited you")]
    mails += [mail for one in PEOPLE[2:] for mail in ((one, f"Thanks, {desk} answers"), (desk, f"{one} asks. {desk}"))]
    report = replayed(tmp_path, mails)
    assert (report.findings, report.ledger.request_undecided) == ((), 0)
