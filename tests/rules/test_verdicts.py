"""Cases of the judge that people will look up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailguard.model.count import MANY, OPEN, OPTIONAL, UNBOUNDED, Count, exactly
from mailguard.model.finding import Certainty, Severity, Verdict
from mailguard.model.message import Field, Mention, Message, Recipient, Trait
from mailguard.model.place import Place
from mailguard.model.value import Origin, Step, StepKind
from mailguard.rulebook.judging import judge, verdict_of
from mailguard.rulebook.policies import chosen
from mailguard.rulebook.rules import Cause

from .judged import (
    ANN,
    BOB,
    DESK,
    EVE,
    EVERYTHING,
    POLICY,
    SETTING,
    by_cause,
    lists,
    rule_of,
    visible,
)


def test_one_outside_person_is_fine() -> None:
    assert judge(Message(to=(ANN,), cc=(DESK,)), POLICY) == ()


def test_two_outside_people_are_certain() -> None:
    judgement = visible(Message(to=(ANN,), cc=(BOB,)))
    assert judgement is not None
    assert judgement.certainty is Certainty.CERTAIN
    assert judgement.count == exactly(2)
    assert judgement.title == "2 outside people can see each other"
    assert judgement.gates


def test_numbers_have_separators() -> None:
    crowd = tuple(Recipient(f"p{number}@example.com") for number in range(1000))
    judgement = visible(Message(to=crowd))
    assert judgement is not None
    assert judgement.title == "1,000 outside people can see each other"


def test_a_list_of_unknown_length_is_likely() -> None:
    judgement = visible(Message(to=(lists(StepKind.DATABASE),)))
    assert judgement is not None
    assert judgement.certainty is Certainty.LIKELY
    assert judgement.title == "Everyone on this list can see everyone else on it"


def test_an_open_parameter_is_undecided() -> None:
    judgement = visible(Message(to=(Recipient(None, count=OPEN, label="to"),)))
    assert judgement is not None
    assert judgement.certainty is Certainty.UNDECIDED
    assert not judgement.gates
    assert verdict_of((judgement,), Message()) is Verdict.UNDECIDED


def test_a_batch_says_its_size() -> None:
    judgement = visible(Message(to=(lists(StepKind.DATABASE, StepKind.BATCHED, detail="1000"),)))
    assert judgement is not None
    assert judgement.rule.id == "batched-recipient-list"
    assert judgement.title == "Each batch of 1,000 becomes one message: its readers all see each other"
    assert judgement.certainty is Certainty.LIKELY
    assert judgement.gates


@pytest.mark.parametrize("detail", ["", "BATCH_SIZE", "1" * 20, "\N{SUPERSCRIPT TWO}"])
def test_a_batch_of_unknown_size_says_so(detail: str) -> None:
    judgement = visible(Message(to=(lists(StepKind.BATCHED, detail=detail),)))
    assert judgement is not None
    assert judgement.title == "Each batch becomes one message: its readers all see each other"


def test_a_batch_of_colleagues_is_no_mechanism() -> None:
    step = Step(StepKind.BATCHED, Place("mailer.py", 3))
    colleagues = Recipient(None, count=MANY, domain="inside.example", trail=(step,))
    assert rule_of(Message(to=(ANN, BOB, colleagues))) == "visible-external-recipients"


def test_one_person_out_of_a_batch_is_no_mechanism() -> None:
    one = Recipient(None, count=OPTIONAL, label="batch[0]", trail=(Step(StepKind.BATCHED, Place("mailer.py", 3)),))
    assert rule_of(Message(to=(ANN, one))) == "visible-external-recipients"


def test_an_address_in_the_subject_is_not_one_in_to() -> None:
    assert judge(Message(to=(ANN,), mentions=(Mention(Field.SUBJECT, BOB),)), POLICY) == ()


def test_a_cap_counts_also_those_whom_the_request_does_not_name() -> None:
    message = Message(to=(ANN, DESK), bcc=(BOB,), hidden=exactly(48))
    (judgement,) = judge(message, replace(EVERYTHING, rules=chosen(EVERYTHING.rules, select=["recipients-over-cap"])))
    assert judgement.title == "51 people in one message; your limit is 50"


@pytest.mark.parametrize(
    ("traits", "steps", "rule"),
    [
        ((), (), "visible-external-recipients"),
        ((), (StepKind.JOINED,), "joined-recipient-string"),
        ((Trait.MISSING_SPLIT,), (StepKind.JOINED,), "missing-split-flag"),
        ((Trait.SHARED_PERSONALIZATION,), (), "shared-personalization"),
        ((Trait.SHARED_PERSONALIZATION,), (StepKind.BATCHED,), "batched-recipient-list"),
        ((), (StepKind.GROWN, StepKind.BATCHED), "recipient-list-growth"),
        ((Trait.REPEATED_HEADER,), (StepKind.GROWN,), "header-accumulation"),
    ],
)
def test_the_most_specific_rule_speaks(traits: tuple[Trait, ...], steps: tuple[StepKind, ...], rule: str) -> None:
    assert rule_of(Message(to=(lists(*steps),), traits=frozenset(traits))) == rule


def test_a_list_joined_into_cc_is_told_of_cc() -> None:
    judgement = visible(Message(to=(DESK,), cc=(lists(StepKind.JOINED),)))
    assert judgement is not None
    assert judgement.title == "The whole list is written into the Cc line of one message"
    assert judgement.caption == "one message with everybody in Cc"


def test_configured_people_and_one_customer_are_a_note() -> None:
    message = Message(to=(SETTING,), cc=(Recipient(None, count=OPTIONAL, origin=Origin.GIVEN, label="user.email"),))
    judgement = visible(message)
    assert judgement is not None
    assert judgement.severity is Severity.NOTE
    assert judgement.staff_only
    assert verdict_of(judge(message, POLICY), message, POLICY) is Verdict.KEEPS_APART


def test_configured_people_do_not_make_a_parameter_certain() -> None:
    message = Message(to=(SETTING, replace(SETTING, label="settings.DESK"), Recipient(None, count=OPEN, label="to")))
    judgement = visible(message)
    assert judgement is not None
    assert judgement.count == Count(2, 2, UNBOUNDED)
    assert judgement.certainty is Certainty.UNDECIDED
    assert judgement.severity is Severity.ERROR


def test_a_message_to_staff_alone_is_staff_only() -> None:
    message = Message(to=(replace(SETTING, count=MANY), DESK))
    assert verdict_of(judge(message, POLICY), message, POLICY) is Verdict.STAFF_ONLY


def test_a_staff_line_with_customers_hidden_is_not_staff_only() -> None:
    message = Message(to=(replace(SETTING, count=MANY),), bcc=(lists(StepKind.DATABASE),))
    assert verdict_of(judge(message, POLICY), message, POLICY) is Verdict.KEEPS_APART


def test_an_address_in_a_display_name_is_seen() -> None:
    assert rule_of(Message(to=(ANN,), mentions=(Mention(Field.NAME, BOB),))) == "visible-external-recipients"
    assert visible(Message(to=(ANN,), mentions=(Mention(Field.NAME, ANN),))) is None


def test_a_bcc_line_with_one_outside_person_shows_nobody_to_another() -> None:
    assert judge(Message(to=(DESK,), transmitted_bcc=(ANN,)), POLICY) == ()
    assert Cause.TRANSMITTED_BCC in by_cause(judge(Message(to=(ANN,), transmitted_bcc=(BOB,)), POLICY))


def test_a_bcc_line_of_colleagues_does_not_blame_the_to_line_on_bcc() -> None:
    assert Cause.TRANSMITTED_BCC not in by_cause(judge(Message(to=(ANN, BOB), transmitted_bcc=(DESK,)), POLICY))


def test_a_configured_address_in_to_of_a_hidden_mailing_is_fine() -> None:
    assert judge(Message(to=(SETTING,), bcc=(lists(StepKind.DATABASE),)), POLICY) == ()


def test_the_first_of_a_list_in_to_is_a_note() -> None:
    message = Message(to=(ANN,), bcc=(ANN, BOB, EVE))
    (judgement,) = judge(message, POLICY)
    assert judgement.rule.id == "first-recipient-exposed"
    assert judgement.count == exactly(2)
    assert not judgement.gates
    assert verdict_of((judgement,), message, POLICY) is Verdict.KEEPS_APART
