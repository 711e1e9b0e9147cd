"""Values of the code, in which not everything is known."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from mailguard.addresses.compare import distinct, domain_of
from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, UNBOUNDED, ZERO, Count
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Origin,
    Parameter,
    Repeat,
    Step,
    StepKind,
    Text,
    Unknown,
)

from .support import EXAMPLES, bare, counts, hole, lists, plain_addresses, read


@EXAMPLES
@given(lists(), st.data())
def test_a_wrapped_text_and_a_plain_one_give_the_same_answer(case, data):
    text, _ = case
    expected = bare(recipients(text))
    assert bare(recipients(Known(text))) == expected
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    edges = [0, *cuts, len(text)]
    parts = [text[start:end] for start, end in itertools.pairwise(edges)]
    step = Step(StepKind.WRITTEN, Place("a.py", 1))
    wrapped = tuple(Known(part, (step,)) if data.draw(st.booleans()) else part for part in parts)
    assert bare(recipients(Text(wrapped))) == expected


@EXAMPLES
@given(st.lists(lists().map(lambda case: case[0]), max_size=4))
def test_a_collection_is_the_sum_of_its_members(texts):
    expected = [address for text in texts for address in read(text)]
    assert read(texts) == expected
    assert read(tuple(texts)) == expected
    assert read([texts]) == expected
    assert read(Items(tuple(Member(Known(text), ONE) for text in texts))) == expected


_values = st.recursive(
    st.one_of(
        st.none(),
        plain_addresses,
        plain_addresses.map(Known),
        st.builds(Unknown, st.just("x.email"), st.sampled_from([OPEN, OPTIONAL, MANY, ANY, ZERO])),
        st.builds(Parameter, st.just("to"), st.just("m:f")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(st.builds(Member, inner, st.sampled_from([ONE, OPTIONAL, MANY, ZERO])), max_size=3).map(
            lambda members: Items(tuple(members)),
        ),
        st.lists(st.one_of(inner, st.sampled_from([", ", " <", ">", "@example.org", ""])), max_size=4).map(
            lambda parts: Text(tuple(parts)),
        ),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: Either(tuple(options))),
        st.builds(lambda one, count: Text((Repeat(one, count, ", "),)), inner, st.sampled_from([MANY, ONE, ZERO])),
    ),
    max_leaves=6,
)


@EXAMPLES
@given(_values)
def test_any_value_is_counted_without_an_error(value):
    people = recipients(value)
    total = distinct(people.recipients)
    assert 0 <= total.low <= total.high <= UNBOUNDED
    mailbox(value, value)


@EXAMPLES
@given(st.lists(st.lists(plain_addresses, max_size=4), min_size=2, max_size=4))
def test_a_branch_lies_within_the_bounds_of_the_joined_value(branches):
    joined = recipients(Either(tuple(branches)))
    total = sum((person.count for person in joined.recipients), ZERO)
    for branch in branches:
        assert total.low <= len(branch) <= total.high
    assert total.plain == min(max(map(len, branches)), 2)
    assert total.high <= sum(map(len, branches))


def test_nobody_is_nobody():
    for value in (None, ABSENT, "", [], {}, Known(None), Known(""), False, 0, Unknown("x", ZERO), Items(())):
        assert recipients(value) == People()


def test_an_unknown_keeps_its_own_count_label_and_origin():
    step = Step(StepKind.DATABASE, Place("a.py", 3))
    (person,) = recipients(Unknown("users", MANY, (step,))).recipients
    assert (person.address, person.count, person.origin, person.label) == (None, MANY, Origin.QUERIED, "users")
    assert person.trail == (step,)
    assert not person.parameter
    (person,) = recipients(Parameter("to", "m:f")).recipients
    assert person.parameter
    assert person.count == OPEN
    assert person.label == "to"


def test_a_literal_of_the_code_is_written_and_a_recorded_one_is_given():
    assert recipients("ann@example.com").recipients[0].origin is Origin.GIVEN
    assert recipients(Known("ann@example.com")).recipients[0].origin is Origin.WRITTEN
    step = Step(StepKind.CONFIGURED, Place("a.py", 3))
    assert recipients(Known("ann@example.com", (step,))).recipients[0].origin is Origin.CONFIGURED


def test_members_multiply():
    value = Items((Member(hole(), MANY), Member(Known("ann@example.com"), ONE)))
    assert counts(value) == [OPTIONAL * MANY, ONE]


def test_a_hole_in_angle_brackets_is_one_mailbox():
    assert counts(Text(("Name <", hole(count=OPEN), ">"))) == [OPTIONAL]
    assert counts(Text((hole("name"), " <", hole(count=MANY), ">"))) == [OPTIONAL]
    (person,) = recipients(Text(('"', hole("name"), '" <', hole("mail"), ">"))).recipients
    assert person.label == "mail"


def test_a_hole_with_a_domain_is_one_person_of_that_domain():
    (person,) = recipients(Text((hole("user.name"), "@Example.org"))).recipients
    assert person.count == ONE
    assert person.address is None
    assert domain_of(person) == "example.org"
    assert "@" not in person.label


def test_a_bare_hole_keeps_its_own_count():
    assert counts(Text((hole(count=OPEN),))) == [OPEN]
    assert counts(Text(("ann@example.com, ", hole(count=OPEN)))) == [ONE, OPEN]
    assert counts(Text((hole(count=OPEN), ";", hole("y", OPTIONAL)))) == [OPEN, OPTIONAL]


def test_a_joined_list_counts_its_rounds_whatever_the_separator():
    for separator in (", ", ",", "; ", " ", "", "|", None):
        assert counts(Text((Repeat(hole(), MANY, separator),))) == [MANY]
    assert counts(Text(("<", Repeat(hole(), MANY, ", "), ">"))) == [MANY]
    assert counts(Text((Repeat(Text((hole("n"), " <", hole(), ">")), MANY, ", "),))) == [MANY]
    assert counts(Text(("ann@example.com", Repeat(Text((", ", hole())), MANY, "")))) == [ONE, MANY]


def test_separators_inside_quotes_separate_nothing():
    assert counts(Text(('"', hole("last"), ", ", hole("first"), '" <', hole(), ">"))) == [OPTIONAL]


def test_what_follows_a_whole_address_may_be_more_people():
    (count,) = counts(Text(("ann@example.com", Unknown("rest"))))
    assert count == Count(1, 1, UNBOUNDED)


def test_one_of_two_holes_is_neither_of_them_for_sure() -> None:
    one, other = Unknown("a.email", OPTIONAL), Unknown("b.email", OPTIONAL)
    (person,) = recipients(Either((one, other))).recipients
    assert (person.count, person.label) == (OPTIONAL, "")
    assert distinct([person, *recipients(one).recipients]).high == 2


def test_one_of_several_may_be_somebody_who_is_there_anyway() -> None:
    way = (Step(StepKind.WRITTEN, Place("a.py", 1)),)
    either = Either(("ann@example.com", "bob@example.com"), way)
    assert distinct(recipients([either, either, "ann@example.com"]).recipients) == Count(1, 2, 3)
    assert distinct(recipients([either]).recipients) == ONE


def test_branches_inside_a_text_are_read_one_by_one():
    value = Text(("ann@example.com", Either(("", ", bob@example.org"))))
    people = recipients(value).recipients
    assert [(person.address, person.count) for person in people] == [
        ("ann@example.com", ONE),
        ("bob@example.org", OPTIONAL),
    ]


def test_one_of_two_people_is_one_person():
    people = recipients(Either(("ann@example.com", "bob@example.com"))).recipients
    assert [(person.address, person.count, person.domain) for person in people] == [(None, ONE, "example.com")]
    people = recipients(Either((["ann@example.com"], ["ann@example.com", "bob@example.org"]))).recipients
    assert [(person.address, person.count) for person in people] == [
        ("ann@example.com", ONE),
        ("bob@example.org", OPTIONAL),
    ]
    assert counts(Either(("ann@example.com", ABSENT))) == [OPTIONAL]


def test_a_literal_inside_a_text_keeps_its_way():
    step = Step(StepKind.WRITTEN, Place("a.py", 3))
    outer = Step(StepKind.JOINED, Place("a.py", 9))
    value = Text((Known("ann@example.com", (step,)), ", ", hole()), (outer,))
    people = recipients(value).recipients
    assert people[0].trail == (step, outer)
    assert people[1].trail == (outer,)


def test_a_mapping_where_a_text_was_expected_loses_nobody():
    assert read({"ann@example.com": "Ann", "bob@example.org": "Bob"}) == ["ann@example.com", "bob@example.org"]
    assert read([{"email": "ann@example.com"}]) == ["ann@example.com"]
    assert len(recipients([{"id": 7}]).recipients) == 1
    assert read(Fields((("email", Known("ann@example.com")),))) == ["ann@example.com"]


def test_an_object_is_read_as_what_it_renders_to():
    class Box(Object):
        def render(self):
            return "ann@example.com, bob@example.org"

    class Broken(Object):
        def render(self):
            raise ValueError

    assert read(Box()) == ["ann@example.com", "bob@example.org"]
    assert len(recipients(Broken()).recipients) == 1


def test_collections_without_end_are_cut_without_losing_their_people():
    nested = "ann@example.com"
    for _ in range(5_000):
        nested = [nested]
    assert len(recipients(nested).recipients) == 1


def test_a_pair_is_one_mailbox_or_what_its_address_holds():
    assert [p.address for p in mailbox("ann@example.com", "Ann").recipients] == ["ann@example.com"]
    assert len(mailbox("ann@example.com, bob@example.org", "Ann").recipients) == 2
    assert len(mailbox("", "Ann").recipients) == 1
    assert len(mailbox(ABSENT, "Ann").recipients) == 1
    assert mailbox(ABSENT) == People()


def test_a_name_that_is_an_address_is_a_mention():
    (mention,) = mailbox("ann@example.com", "bob@example.org").mentions
    assert mention.recipient.address == "bob@example.org"
    assert not mailbox("ann@example.com", "ann@example.com").mentions
    assert len(mailbox(hole("a.email"), hole("b.email")).mentions) == 1
    assert not mailbox(hole("a.email"), hole("a.email")).mentions
    assert not mailbox(hole("a.email"), hole("a.name")).mentions
