"""Laws of the judge: what must hold for every message."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from mailguard.model.count import MANY
from mailguard.model.finding import Certainty, Severity, Verdict
from mailguard.model.message import Message, Recipient
from mailguard.model.value import Origin, StepKind
from mailguard.rulebook.growth import Growth
from mailguard.rulebook.judging import judge, verdict_of
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.measures import measure
from mailguard.rulebook.policies import Policy, chosen
from mailguard.rulebook.rules import Cause, Measure

from .judged import (
    ALL,
    EVERYTHING,
    LAW,
    POLICY,
    SETTING,
    by_cause,
    messages,
    read,
    visible,
    written,
)


@LAW
@given(messages)
def test_each_cause_is_told_once_and_in_order(message: Message) -> None:
    causes = [one.rule.cause for one in judge(message, EVERYTHING)]
    assert causes == sorted(set(causes), key=list(Cause).index)


@LAW
@given(messages)
def test_how_many_copies_are_made_changes_nothing(message: Message) -> None:
    assert judge(replace(message, copies=MANY), EVERYTHING) == judge(message, EVERYTHING)


def test_two_recorded_people_of_whom_one_gets_the_answers_see_each_other() -> None:
    writer, other = Recipient("bob@example.org"), Recipient("ann@example.com")
    recorded = Message(to=(other,), cc=(writer,), reply_to=(writer,))
    assert by_cause(judge(recorded, POLICY))[Cause.VISIBLE].gates


@LAW
@given(messages, written | read)
def test_one_more_outside_person_in_view_never_opens_the_gate(message: Message, person: Recipient) -> None:
    # A Reply-To that was read out of the To line is told with that line.
    first = {step.place for step in person.trail if step.kind is StepKind.SHOWN}
    assume(first.isdisjoint(step.place for one in message.reply_to for step in one.trail))
    before, after = (
        by_cause(judge(message, POLICY)),
        by_cause(judge(replace(message, to=(*message.to, person)), POLICY)),
    )
    for cause in (Cause.VISIBLE, Cause.TRANSMITTED_BCC, Cause.REPLY_TO):
        if cause in before and before[cause].gates:
            assert cause in after
            assert after[cause].gates


@LAW
@given(messages, st.sampled_from(["desk", "team", "a"]))
def test_people_inside_never_count_as_seen(message: Message, name: str) -> None:
    colleague = Recipient(f"{name}@inside.example", origin=Origin.GIVEN)
    more = replace(message, to=(*message.to, colleague), reply_to=(*message.reply_to, colleague))
    for what in set(Measure) - {Measure.TOTAL}:
        assert measure(what, more, POLICY.inside) == measure(what, message, POLICY.inside)


@LAW
@given(messages)
def test_a_person_in_to_and_cc_is_one_person(message: Message) -> None:
    named = tuple(person for person in message.to if person.address is not None)
    twice = replace(message, cc=(*message.cc, *named))
    for what in Measure:
        assert measure(what, twice, POLICY.inside) == measure(what, message, POLICY.inside)


@LAW
@given(messages)
def test_without_the_configured_people_no_more_is_counted(message: Message) -> None:
    for what in Measure:
        everybody = measure(what, message, POLICY.inside)
        others = measure(what, message, POLICY.inside, staff=False)
        assert others.low <= everybody.low
        assert others.plain <= everybody.plain
        assert others.high <= everybody.high


@LAW
@given(messages)
def test_configured_people_alone_never_close_the_gate(message: Message) -> None:
    def configured(entries: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        return tuple(replace(entry, origin=Origin.CONFIGURED) for entry in entries)

    staff = replace(
        message,
        to=configured(message.to),
        cc=configured(message.cc),
        bcc=configured(message.bcc),
        transmitted_bcc=configured(message.transmitted_bcc),
        reply_to=configured(message.reply_to),
        mentions=(),
    )
    for one in judge(staff, POLICY):
        assert one.staff_only or one.rule.cause is Cause.FIRST_RECIPIENT
        assert one.severity is Severity.NOTE
        assert not one.gates


@LAW
@given(messages, st.sampled_from([SETTING, Recipient("archive@example.org", origin=Origin.CONFIGURED)]))
def test_a_bcc_line_that_is_sent_along_shows_configured_people_to_others_too(
    message: Message, hidden: Recipient
) -> None:
    customer = Recipient("ann@example.com")
    sent = replace(message, to=(customer,), cc=(), transmitted_bcc=(hidden,))
    assert any(one.rule.measure is Measure.TRANSMITTED_BCC and one.gates for one in judge(sent, POLICY))


@LAW
@given(messages, st.sampled_from(list(Certainty)))
def test_a_cap_is_never_exceeded_and_changes_nothing_else(message: Message, cap: Certainty) -> None:
    free = by_cause(judge(message, POLICY))
    for cause, capped in by_cause(judge(message, POLICY, cap=cap)).items():
        assert capped.certainty == min(free[cause].certainty, cap)
        assert capped.count == free[cause].count


@LAW
@given(messages, st.sampled_from(ALL), st.integers(0, 9), st.sampled_from(list(Severity)))
def test_a_rule_of_a_project_never_opens_the_gate(message: Message, like: str, order: int, severity: Severity) -> None:
    model = next(rule for rule in EVERYTHING.rules if rule.id == like)
    lenient = replace(model, id="of-a-project", order=order, severity=severity, limit=1000, own=False)
    with_it = Policy(POLICY.inside, (*POLICY.rules, lenient))
    before = {one.rule.cause for one in judge(message, POLICY) if one.gates}
    assert before <= {one.rule.cause for one in judge(message, with_it) if one.gates}


@LAW
@given(messages, st.sets(st.sampled_from(ALL)))
def test_ignoring_a_specific_rule_hands_over_to_the_general_one(message: Message, ignored: set[str]) -> None:
    assume("visible-external-recipients" not in ignored)
    policy = Policy(POLICY.inside, chosen(load_rules(), ignore=ignored))
    before, after = visible(message), visible(message, policy)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after.gates == before.gates
        assert after.rule.id not in ignored


@LAW
@given(messages)
def test_a_title_never_holds_an_address_or_an_empty_slot(message: Message) -> None:
    for one in judge(message, EVERYTHING):
        assert "@" not in one.title + one.caption
        assert "{" not in one.title + one.caption
        assert len(one.title) <= 100


@LAW
@given(messages)
def test_the_verdict_agrees_with_the_gate(message: Message) -> None:
    judgements = judge(message, POLICY)
    shows = any(one.gates for one in judgements)
    assert (verdict_of(judgements, message, POLICY) is Verdict.SHOWS) == shows


@LAW
@given(st.lists(st.frozensets(st.sampled_from("abcdef")), min_size=1, max_size=8), st.integers(1, 7))
def test_parts_of_a_sequence_merge_to_the_whole(shown: list[frozenset[str]], cut: int) -> None:
    def growth(parts: list[frozenset[str]]) -> Growth:
        summaries = [
            Growth.of(Message(to=tuple(Recipient(f"{name}@example.com") for name in sorted(part)))) for part in parts
        ]
        whole = summaries[0]
        for summary in summaries[1:]:
            whole += summary
        return whole

    assume(cut < len(shown))
    whole = growth(shown)
    assert growth(shown[:cut]) + growth(shown[cut:]) == whole
    runs = [
        end - start
        for start in range(len(shown))
        for end in range(start + 1, len(shown) + 1)
        if all(shown[at] and shown[at] < shown[at + 1] for at in range(start, end - 1))
    ]
    assert whole.longest == max(runs)
    assert whole.messages == len(shown)
