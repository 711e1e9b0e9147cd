"""Laws of the model: counts contain what can happen, and values give one answer however they are wrapped."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mailguard.model.count import (
    ANY,
    MANY,
    ONE,
    OPEN,
    OPTIONAL,
    PLAIN_MANY,
    UNBOUNDED,
    ZERO,
    Count,
    Truth,
    exactly,
)
from mailguard.model.place import Place
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Origin,
    Parameter,
    Repeat,
    Sort,
    Step,
    StepKind,
    Text,
    Unknown,
    each,
    extended,
    get,
    has,
    inherit,
    is_tuple,
    join,
    known,
    origin,
    plain,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
    with_step,
)
from mailguard.model.value.steps import TRAIL_LIMIT

LAW = settings(max_examples=100, deadline=None)

# --- counts -------------------------------------------------------------------------------------------------------

numbers = st.integers(0, 5) | st.sampled_from([50, 1000, UNBOUNDED])


@st.composite
def counts(draw: st.DrawFn) -> Count:
    low, high = sorted((draw(numbers), draw(numbers)))
    return Count(low, draw(st.integers(min(low, PLAIN_MANY), min(high, PLAIN_MANY))), high)


@st.composite
def counts_with_a_run(draw: st.DrawFn) -> tuple[Count, int]:
    """A count and a number that one run may have."""
    count = draw(counts())
    return count, draw(st.integers(count.low, min(count.high, count.low + 50)))


ARITHMETIC = [operator.add, operator.mul]


def contains(count: Count, number: int) -> bool:
    return count.low <= min(number, UNBOUNDED) <= count.high


@LAW
@given(counts_with_a_run(), counts_with_a_run(), st.sampled_from(ARITHMETIC))
def test_arithmetic_contains_every_run(one: tuple[Count, int], other: tuple[Count, int], op: Any) -> None:
    assert contains(op(one[0], other[0]), op(one[1], other[1]))


@LAW
@given(counts(), counts(), st.sampled_from(ARITHMETIC))
def test_the_plain_reading_is_the_same_arithmetic_up_to_many(one: Count, other: Count, op: Any) -> None:
    result = op(one, other)
    assert result.plain == min(op(one.plain, other.plain), PLAIN_MANY)


@LAW
@given(counts(), counts(), counts(), st.sampled_from(ARITHMETIC))
def test_arithmetic_does_not_depend_on_order(one: Count, two: Count, three: Count, op: Any) -> None:
    assert op(one, two) == op(two, one)
    assert op(op(one, two), three) == op(one, op(two, three))


@LAW
@given(counts())
def test_nobody_and_one_are_neutral(count: Count) -> None:
    assert count + ZERO == count
    assert count * ONE == count
    assert count * ZERO == ZERO


@LAW
@given(counts_with_a_run(), counts_with_a_run())
def test_a_branch_contains_the_runs_of_both_sides(one: tuple[Count, int], other: tuple[Count, int]) -> None:
    joined = one[0] | other[0]
    assert contains(joined, one[1])
    assert contains(joined, other[1])
    assert joined.plain == max(one[0].plain, other[0].plain)


@LAW
@given(counts(), counts(), counts())
def test_branches_join_in_any_order(one: Count, two: Count, three: Count) -> None:
    assert one | one == one
    assert one | two == two | one
    assert (one | two) | three == one | (two | three)


@LAW
@given(counts_with_a_run(), st.integers(0, 60))
def test_a_check_in_the_code_keeps_the_runs_that_pass_it(one: tuple[Count, int], limit: int) -> None:
    count, number = one
    if number <= limit:
        assert contains(count.at_most(limit), number)
    if number >= limit:
        assert contains(count.at_least(limit), number)
    assert count.at_most(limit).high <= limit
    assert count.at_least(limit).low >= limit


@LAW
@given(counts_with_a_run(), st.integers(0, 60))
def test_over_is_true_of_every_run(one: tuple[Count, int], limit: int) -> None:
    count, number = one
    answer = count.over(limit)
    if answer is not Truth.MAYBE:
        assert (number > limit) == (answer is Truth.YES)
    if answer is Truth.YES:
        assert count.plainly_over(limit)
    if answer is Truth.NO:
        assert not count.plainly_over(limit)


@LAW
@given(counts(), st.integers(0, 60))
def test_only_a_wider_limit_can_be_kept_after_a_tighter_one_was_broken(count: Count, limit: int) -> None:
    order = [Truth.NO, Truth.MAYBE, Truth.YES]
    assert order.index(count.over(limit + 1)) <= order.index(count.over(limit))


@LAW
@given(st.integers(0, 2**70))
def test_a_known_number_is_exact(number: int) -> None:
    count = exactly(number)
    assert count.exact == min(number, UNBOUNDED)
    assert (count.over(1) is Truth.YES) == (number > 1)
    assert count.over(1) is not Truth.MAYBE


@pytest.mark.parametrize("triple", [(1, 0, 1), (0, 3, 9), (2, 2, 1), (-1, 0, 0), (0, 2, 1), (0, 0, UNBOUNDED + 1)])
def test_what_is_no_count_is_refused(triple: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not a count"):
        Count(*triple)


# --- truth --------------------------------------------------------------------------------------------------------

truths = st.sampled_from(list(Truth))
RUNS = {Truth.NO: {False}, Truth.YES: {True}, Truth.MAYBE: {False, True}}


@given(truths, truths)
def test_truth_holds_what_runs_may_say(one: Truth, other: Truth) -> None:
    assert RUNS[one | other] == {a or b for a in RUNS[one] for b in RUNS[other]}
    assert RUNS[one & other] == {a and b for a in RUNS[one] for b in RUNS[other]}
    assert RUNS[~one] == {not a for a in RUNS[one]}
    assert RUNS[one.joined(other)] == RUNS[one] | RUNS[other]


def test_a_truth_is_never_taken_as_a_bool() -> None:
    with pytest.raises(TypeError):
        bool(Truth.MAYBE)


# --- values -------------------------------------------------------------------------------------------------------

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ann@example.com", b"", b"x"])
KEYS = st.sampled_from(["to", "To", "cc", "bcc", "x"])
data = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)
STEP = Step(StepKind.DATABASE, Place("views.py", 44))
steps = st.builds(Step, st.sampled_from(list(StepKind)), st.builds(Place, st.just("m.py"), st.integers(1, 60)))
trails = st.lists(steps, max_size=6).map(tuple)


def wrapped(value: Any) -> Any:
    """The same data as the source would hand it over."""
    if isinstance(value, dict):
        return Fields(tuple((key, wrapped(item)) for key, item in value.items()), trail=(STEP,))
    if isinstance(value, (list, tuple)):
        members = tuple(Member(wrapped(item), ONE) for item in value)
        return Items(members, (STEP,), "tuple" if isinstance(value, tuple) else "list")
    return Known(value, (STEP,))


def as_list(value: Any) -> Any:
    """Data with tuples as lists: `plain` does not tell them apart."""
    if isinstance(value, dict):
        return {key: as_list(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_list(item) for item in value]
    return value


def unwrapped(value: Any) -> Any:
    if isinstance(value, Either):
        # Each of the branches, without the way it came.
        return tuple(unwrapped(option) for option in value.options)
    return value if isinstance(value, Absent) else as_list(plain(value))


abstract = st.recursive(
    data
    | data.map(wrapped)
    | st.builds(Unknown, st.sampled_from(["user.email", "x"]), st.sampled_from([ONE, OPTIONAL, OPEN, MANY, ANY]))
    | st.builds(Parameter, st.just("to"), st.just("m:f"), st.sampled_from([OPEN, MANY])),
    lambda inner: (
        st.builds(
            Items,
            st.lists(st.builds(Member, inner, st.sampled_from([ONE, OPTIONAL, MANY])), max_size=3).map(tuple),
            trails,
        )
        | st.builds(
            Fields,
            st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=lambda pair: pair[0]).map(tuple),
            st.booleans(),
            trails,
        )
        | st.builds(
            lambda parts, trail: Text(tuple(parts), trail),
            st.lists(inner | st.builds(Repeat, inner, st.just(MANY), st.just(", ")), max_size=3),
            trails,
        )
        | st.lists(inner, min_size=2, max_size=3).map(lambda options: join(*options))
    ),
    max_leaves=6,
)


@LAW
@given(data, KEYS, st.booleans())
def test_wrapped_and_plain_give_the_same_answers(value: Any, key: str, fold: bool) -> None:
    other = wrapped(value)
    assert unwrapped(get(other, key, fold=fold)) == unwrapped(get(value, key, fold=fold))
    assert has(other, key, fold=fold) is has(value, key, fold=fold)
    assert truth(other) is truth(value)
    assert text(other) == text(value)
    assert sort_of(other) is sort_of(value)
    assert is_tuple(other) == is_tuple(value)
    assert [(unwrapped(item), count) for item, count in each(other)] == [
        (unwrapped(item), count) for item, count in each(value)
    ]
    assert unwrapped(other) == as_list(value)
    assert known(other)
    assert known(value)


@LAW
@given(data)
def test_truth_of_data_is_that_of_python(value: Any) -> None:
    assert truth(value) is (Truth.YES if value else Truth.NO)


@LAW
@given(abstract, trails)
def test_a_trail_never_changes_a_value(value: Any, trail: tuple[Step, ...]) -> None:
    moved = inherit(value, trail)
    if isinstance(value, (str, bytes, int, float)) or value is None:
        assert scalar(moved) == value
        assert type(scalar(moved)) is type(value)
    else:
        assert moved == value
    assert truth(moved) is truth(value)
    assert text(moved) == text(value)
    assert sort_of(moved) is sort_of(value)
    assert known(moved) == known(value)


@LAW
@given(abstract, trails, KEYS)
@example(Either((None, Fields((("to", None),)))), (Step(StepKind.WRITTEN, Place("m.py", 1)),), "to")
def test_reading_out_of_something_that_moved_reads_the_same(value: Any, trail: tuple[Step, ...], key: str) -> None:
    moved = inherit(value, trail)
    assert unwrapped(get(moved, key)) == unwrapped(get(value, key))
    assert has(moved, key) is has(value, key)
    assert [(unwrapped(item), count) for item, count in each(moved)] == [
        (unwrapped(item), count) for item, count in each(value)
    ]


@LAW
@given(abstract, trails, trails)
def test_trails_grow_at_the_end_and_are_bounded(value: Any, first: tuple[Step, ...], second: tuple[Step, ...]) -> None:
    whole = trail_of(inherit(inherit(value, first), second))
    assert len(whole) <= TRAIL_LIMIT
    own = trail_of(inherit(value, first))
    if len(whole) < TRAIL_LIMIT and not isinstance(value, (list, tuple, dict)):
        assert whole[: len(own)] == own


def test_a_long_way_keeps_its_start_and_its_end() -> None:
    way = tuple(Step(StepKind.PASSED, Place("m.py", line)) for line in range(1, 200))
    value: Any = Unknown("x")
    for step in way:
        value = with_step(value, step)
    assert len(trail_of(value)) == TRAIL_LIMIT
    assert trail_of(value)[0] == way[0]
    assert trail_of(value)[-1] == way[-1]


@LAW
@given(st.lists(abstract, min_size=1, max_size=4))
def test_a_join_holds_every_option_once(values: list[Any]) -> None:
    joined = join(*values)
    options = list(joined.options) if isinstance(joined, Either) else [joined]
    assert not any(isinstance(option, Either) for option in options)
    if isinstance(joined, Either):
        assert len(options) >= 2
    for value in values:
        for single in value.options if isinstance(value, Either) else (value,):
            assert sum(type(single) is type(option) and single == option for option in options) == 1
    assert join(joined, *values) == joined


@LAW
@given(st.lists(data.map(wrapped), min_size=2, max_size=3), KEYS)
def test_a_branch_answers_for_each_of_its_sides(values: list[Any], key: str) -> None:
    joined = join(*values)
    assume(isinstance(joined, Either))
    answers = {truth(value) for value in values}
    assert truth(joined) is (answers.pop() if len(answers) == 1 else Truth.MAYBE)
    there = {has(value, key) for value in values}
    assert has(joined, key) is (there.pop() if len(there) == 1 else Truth.MAYBE)
    found = get(joined, key)
    options = found.options if isinstance(found, Either) else (found,)
    for value in values:
        assert unwrapped(get(value, key)) in [unwrapped(option) for option in options]


@LAW
@given(st.lists(st.lists(scalars, max_size=4), min_size=2, max_size=3))
def test_members_of_a_branch_hold_the_longest_side_and_are_never_sure(sides: list[list[Any]]) -> None:
    joined = join(*sides)
    assume(isinstance(joined, Either))
    members = list(each(joined))
    assert sum(count.plain for _, count in members) == max(len(side) for side in joined.options)
    assert all(count.low == 0 for _, count in members)
    assert sum(count.high for _, count in members) >= max(len(side) for side in sides)


@pytest.mark.parametrize("value", [Unknown("rows"), Parameter("to", "m:f")])
def test_whatever_is_iterated_is_many_of_one_thing_each(value: Any) -> None:
    ((item, count),) = each(value)
    assert count == MANY
    assert isinstance(item, (Unknown, Parameter))
    assert item.count == OPTIONAL
    assert truth(value) is Truth.MAYBE
    assert get(value, "to") is ABSENT
    assert has(value, "to") is Truth.MAYBE


def test_a_key_that_may_be_missing_is_a_maybe() -> None:
    either = Fields((("to", Either(("ann@example.com", ABSENT))),))
    assert has(either, "to") is Truth.MAYBE
    assert has(either, "cc") is Truth.NO
    assert has(replace(either, open=True), "cc") is Truth.MAYBE
    assert get(replace(either, open=True), "cc") is ABSENT


@LAW
@given(st.lists(data, max_size=3), data, st.sampled_from([ONE, MANY, OPTIONAL]))
def test_a_longer_collection_ends_with_its_new_member(collection: list[Any], value: Any, count: Count) -> None:
    before = list(collection)
    longer = list(each(extended(collection, value, count)))
    assert longer == [*each(before), Member(value, count)]
    assert collection == before
    assert list(each(extended(ABSENT, value, count))) == [Member(value, count)]


class Thing(Object):
    """A model without an interpreter."""

    PATHS = ("lib.Thing",)


def test_an_object_keeps_its_attributes_without_an_interpreter() -> None:
    thing, other = Thing(), Thing()
    thing.write("to", "ann@example.com")
    thing.append("cc", "bob@example.net")
    thing.append("cc", "eve@example.org")
    assert thing.read("to") == "ann@example.com"
    assert thing.render() == {"to": "ann@example.com", "cc": ["bob@example.net", "eve@example.org"]}
    assert get(thing, "CC", fold=True) == ["bob@example.net", "eve@example.org"]
    thing.erase("to")
    assert thing.read("to") is ABSENT
    assert thing.read("to", None) is None
    assert other.render() == {}
    assert truth(thing) is Truth.YES
    assert sort_of(thing) is Sort.OBJECT
    assert not known(thing)
    assert join(thing, other) == Either((thing, other))


@pytest.mark.parametrize(
    ("kinds", "where"),
    [
        ([], Origin.UNKNOWN),
        ([StepKind.PASSED, StepKind.SHOWN], Origin.UNKNOWN),
        ([StepKind.CONFIGURED, StepKind.PASSED], Origin.CONFIGURED),
        ([StepKind.COLLECTED, StepKind.DATABASE, StepKind.REQUEST], Origin.QUERIED),
        ([StepKind.PARAMETER], Origin.GIVEN),
    ],
)
def test_the_first_step_that_tells_is_the_origin(kinds: list[StepKind], where: Origin) -> None:
    trail = tuple(Step(kind, Place("m.py", 1)) for kind in kinds)
    assert origin(Unknown("x", trail=trail)) is where
    assert origin("ann@example.com") is Origin.WRITTEN


@given(
    st.dictionaries(st.sampled_from(["to", "To", "TO", "cc"]), st.lists(st.text(max_size=3), max_size=2)), st.booleans()
)
def test_keys_that_differ_in_case_only_lose_nobody(data: dict[str, list[str]], wrapped: bool) -> None:
    held = Fields(tuple((name, Items(tuple(Member(item, ONE) for item in items))) for name, items in data.items()))
    found = get(held if wrapped else data, "to", fold=True)
    wanted = [item for name, items in data.items() if name.lower() == "to" for item in items]
    assert [member.value for member in each(found)] == wanted
    assert (found is ABSENT) == (not {"to", "To", "TO"} & set(data))
