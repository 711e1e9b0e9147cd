"""Laws of the judge: what must hold for every message, and the cases that people will look up."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, UNBOUNDED, ZERO, Count, exactly
from mailguard.model.finding import Certainty, Severity, Verdict
from mailguard.model.message import Field, Mention, Message, Recipient, Trait
from mailguard.model.place import Place
from mailguard.model.value import Origin, Step, StepKind
from mailguard.rulebook.growth import Growth, judge_sequence
from mailguard.rulebook.judging import Judgement, judge, verdict_of
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.measures import measure
from mailguard.rulebook.policies import Audience, Policy, audience_for, chosen
from mailguard.rulebook.rules import Cause, Measure, Over, RulesError

ALL = tuple(rule.id for rule in load_rules())
POLICY = Policy(frozenset({"inside.example"}), chosen(load_rules()))
EVERYTHING = Policy(frozenset({"inside.example"}), chosen(load_rules(), select=ALL))

LAW = settings(max_examples=100, deadline=None)

DOMAINS = ("example.com", "example.net", "inside.example", "mail.inside.example")

written = st.builds(
    lambda name, domain: Recipient(f"{name}@{domain}", origin=Origin.WRITTEN),
    st.sampled_from(string.ascii_lowercase[:8]),
    st.sampled_from(DOMAINS),
)


def trails(kinds: list[StepKind]) -> tuple[Step, ...]:
    return tuple(Step(kind, Place("mailer.py", line), "") for line, kind in enumerate(kinds, 1))


read = st.builds(
    lambda count, origin, kinds, label: Recipient(
        None, count=count, origin=origin, trail=trails(kinds), label=label, parameter=count is OPEN
    ),
    st.sampled_from([ONE, OPTIONAL, OPEN, MANY, ANY, exactly(3), Count(0, 2, 5)]),
    st.sampled_from(list(Origin)),
    st.lists(st.sampled_from(list(StepKind)), max_size=4),
    st.sampled_from(["", "user.email", "s.email", "to"]),
)
people = st.lists(written | read, max_size=4).map(tuple)
messages = st.builds(
    Message,
    to=people,
    cc=people,
    bcc=people,
    transmitted_bcc=people,
    reply_to=people,
    traits=st.frozensets(st.sampled_from(list(Trait)), max_size=2),
    mentions=st.lists(st.builds(Mention, st.sampled_from(list(Field)), written), max_size=2).map(tuple),
    hidden=st.sampled_from([ZERO, ONE, MANY]),
)


def by_cause(judgements: tuple[Judgement, ...]) -> dict[Cause, Judgement]:
    return {one.rule.cause: one for one in judgements}


def visible(message: Message, policy: Policy = POLICY) -> Judgement | None:
    return by_cause(judge(message, policy)).get(Cause.VISIBLE)


def rule_of(message: Message) -> str:
    judgement = visible(message)
    assert judgement is not None
    return judgement.rule.id


def lists(*kinds: StepKind, detail: str = "") -> Recipient:
    steps = [Step(kind, Place("mailer.py", 3), detail if kind is StepKind.BATCHED else "") for kind in kinds]
    return Recipient(None, count=MANY, origin=Origin.QUERIED, trail=tuple(steps), label="s.email")


ANN, BOB, EVE = (
    Recipient(address, origin=Origin.WRITTEN) for address in ("ann@example.com", "bob@example.net", "eve@example.org")
)
DESK = Recipient("desk@inside.example", origin=Origin.WRITTEN)
SETTING = Recipient(None, origin=Origin.CONFIGURED, label="settings.SUPPORT")


# --- laws ---------------------------------------------------------------------------------------------------------


@LAW
@given(messages)
def test_each_cause_is_told_once_and_in_order(message: Message) -> None:
    causes = [one.rule.cause for one in judge(message, EVERYTHING)]
    assert causes == sorted(set(causes), key=list(Cause).index)


@LAW
@given(messages)
def test_how_many_copies_are_made_changes_nothing(message: Message) -> None:
    assert judge(replace(message, copies=MANY), EVERYTHING) == judge(message, EVERYTHING)


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


# --- cases --------------------------------------------------------------------------------------------------------


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
