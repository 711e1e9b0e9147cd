"""What a policy changes: audiences, sequences, and which rules are chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from mailguard.model.finding import Severity
from mailguard.model.message import Message, Recipient
from mailguard.model.value import StepKind
from mailguard.rulebook.growth import Growth, judge_sequence
from mailguard.rulebook.judging import Judgement, judge
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Audience, Policy, audience_for, chosen
from mailguard.rulebook.rules import Over, RulesError

from .judged import (
    ALL,
    ANN,
    BOB,
    EVE,
    EVERYTHING,
    LAW,
    POLICY,
    lists,
    messages,
)

# --- audiences ----------------------------------------------------------------------------------------------------

ADMINS = Audience("account-admins", ("crm.alerts.notify_admins", "crm/tickets/*.py"), 3, one_domain=True)
KNOWN = Policy(frozenset(), POLICY.rules, (ADMINS,))


@pytest.mark.parametrize(
    ("symbols", "paths", "found"),
    [
        (("crm.alerts:notify_admins",), (), True),
        (("other:send", "crm.alerts.notify_admins"), (), True),
        (("crm.alerts:notify_admins_all",), (), False),
        (("x:send",), ("crm/tickets/mail.py",), True),
        (("x:send",), ("crm/mail.py",), False),
        ((), (), False),
    ],
)
def test_an_audience_is_found_by_symbol_or_path(
    symbols: tuple[str, ...], paths: tuple[str, ...], *, found: bool
) -> None:
    assert (audience_for(KNOWN, symbols, paths) is ADMINS) == found


def test_a_kept_promise_is_noted() -> None:
    people = (ANN, Recipient("cyd@example.com"))
    (judgement,) = judge(Message(to=people), KNOWN, audience=ADMINS)
    assert judgement.noted == "audience account-admins"
    assert not judgement.gates
    assert judgement.severity is Severity.ERROR


def test_a_list_in_the_code_is_allowed_and_left_to_captures() -> None:
    (judgement,) = judge(Message(to=(lists(StepKind.DATABASE),)), KNOWN, audience=ADMINS)
    assert judgement.noted == "audience account-admins"


def test_too_many_people_break_the_promise() -> None:
    crowd = tuple(Recipient(f"p{number}@example.com") for number in range(4))
    (judgement,) = judge(Message(to=crowd), KNOWN, audience=ADMINS)
    assert judgement.gates
    assert judgement.title == "4 outside people can see each other; the audience account-admins allows 3"


def test_a_second_domain_breaks_the_promise() -> None:
    (judgement,) = judge(Message(to=(ANN, BOB)), KNOWN, audience=ADMINS)
    assert judgement.gates
    assert judgement.title.endswith("; the audience account-admins is of one domain")


@LAW
@given(messages)
def test_an_audience_changes_neither_count_nor_certainty(message: Message) -> None:
    def bare(judgements: tuple[Judgement, ...]) -> list[Judgement]:
        return [replace(one, noted="", title="") for one in judgements]

    assert bare(judge(message, EVERYTHING, audience=ADMINS)) == bare(judge(message, EVERYTHING))


# --- sequences ----------------------------------------------------------------------------------------------------


def test_three_growing_messages_in_a_row_are_told() -> None:
    parts = [Growth.of(Message(to=people)) for people in ((ANN,), (ANN, BOB), (ANN, BOB, EVE))]
    assert judge_sequence(parts[0] + parts[1], POLICY) == ()
    (judgement,) = judge_sequence(parts[0] + parts[1] + parts[2], POLICY)
    assert judgement.rule.over is Over.SEQUENCE
    assert judgement.title == "Each message also shows everyone who was written to before"
    assert judgement.gates


def test_a_growth_never_prints_addresses() -> None:
    assert "ann" not in repr(Growth.of(Message(to=(ANN,))))


# --- choosing rules -----------------------------------------------------------------------------------------------


def test_two_rules_are_off_by_default() -> None:
    assert set(ALL) - {rule.id for rule in POLICY.rules} == {"bcc-bulk", "recipients-over-cap"}


def test_select_extend_ignore_and_limits() -> None:
    rules = load_rules()
    assert [rule.id for rule in chosen(rules, select=["bcc-bulk"])] == ["bcc-bulk"]
    assert len(chosen(rules, extend=["bcc-bulk"])) == len(POLICY.rules) + 1
    assert len(chosen(rules, ignore=["bcc-header-transmitted"])) == len(POLICY.rules) - 1
    (cap,) = chosen(rules, select=["recipients-over-cap"], limits={"recipients-over-cap": 7})
    assert cap.limit == 7


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (
            {"ignore": ["bcc-header-transmited"]},
            'there is no rule "bcc-header-transmited". Did you mean "bcc-header-tra',
        ),
        ({"limits": {"bcc-bulk": -1}}, "the limit of bcc-bulk must be a number from 0 to 1,000,000"),
        ({"select": ["ann@example.com"]}, "there is no rule this"),
    ],
)
def test_a_wrong_choice_is_an_error(choice: dict[str, object], words: str) -> None:
    with pytest.raises(RulesError) as caught:
        chosen(load_rules(), **choice)
    assert str(caught.value).startswith(words)
