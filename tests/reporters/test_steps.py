"""The way of the people in the report for people: which steps are told, in which order, with which code."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import (
    LEAK,
    OPTIONS,
    WAY,
)

from mailguard.model.place import Place
from mailguard.model.value import ORIGIN_OF, Step, StepKind
from mailguard.terminal import finding_lines
from mailguard.ways import list_sentence, told_steps


def told(*steps):
    way = replace(WAY, steps=tuple(Step(kind, Place(*place)) for kind, *place in steps))
    return [(step.kind, step.place.line) for step in told_steps(way)]


def test_a_header_that_is_shown_again_by_its_send_is_shown_once_and_last():
    assert told(
        (StepKind.DATABASE, "x.py", 1),
        (StepKind.SHOWN, "x.py", 2),
        (StepKind.GROWN, "x.py", 3),
        (StepKind.SHOWN, "x.py", 4),
        (StepKind.SENT, "x.py", 5),
    ) == [(StepKind.DATABASE, 1), (StepKind.GROWN, 3), (StepKind.SHOWN, 2), (StepKind.SENT, 5)]


def test_what_hands_the_message_on_comes_behind_where_the_people_are_shown():
    assert told(
        (StepKind.DATABASE, "x.py", 1),
        (StepKind.SHOWN, "x.py", 2),
        (StepKind.PASSED, "x.py", 3),
        (StepKind.SHOWN, "x.py", 4),
        (StepKind.SENT, "x.py", 5),
    ) == [(StepKind.DATABASE, 1), (StepKind.SHOWN, 2), (StepKind.PASSED, 3), (StepKind.SENT, 5)]


def test_a_list_that_is_collected_is_told_once_in_a_file_and_not_where_it_is_read():
    assert told(
        (StepKind.DATABASE, "x.py", 1),
        (StepKind.COLLECTED, "x.py", 1),
        (StepKind.COLLECTED, "x.py", 2),
        (StepKind.COLLECTED, "x.py", 3),
        (StepKind.COLLECTED, "y.py", 4),
    ) == [(StepKind.DATABASE, 1), (StepKind.COLLECTED, 2), (StepKind.COLLECTED, 4)]
    # The head of a loop, which names it, gives way to the call that adds.
    loop, adds = Step(StepKind.COLLECTED, Place("x.py", 2), "loop"), Step(StepKind.COLLECTED, Place("x.py", 3))
    for steps in ((loop, adds), (adds, loop)):
        assert told_steps(replace(WAY, steps=steps)) == (adds,)


def test_one_line_is_told_once():
    joined = (StepKind.JOINED, "x.py", 2, 5, 2, 9)
    assert told(joined, (StepKind.SHOWN, *joined[1:])) == [(StepKind.SHOWN, 2)]
    assert told(joined, (StepKind.STORED, *joined[1:])) == [(StepKind.JOINED, 2)]
    collected = (StepKind.COLLECTED, *joined[1:])
    assert told(collected, (StepKind.STORED, *joined[1:])) == [(StepKind.STORED, 2)]
    assert told(joined, (StepKind.SHOWN, "x.py", 3), (StepKind.STORED, "x.py", 4)) == [
        (StepKind.JOINED, 2),
        (StepKind.SHOWN, 3),
    ]


def test_a_file_that_is_opened_and_read_is_one_source():
    assert told((StepKind.FILE, "x.py", 1), (StepKind.FILE, "x.py", 2), (StepKind.SHOWN, "x.py", 3)) == [
        (StepKind.FILE, 1),
        (StepKind.SHOWN, 3),
    ]
    assert len(told((StepKind.FILE, "x.py", 1), (StepKind.DATABASE, "x.py", 2))) == 2


def test_what_is_handed_to_the_call_that_sends_it_is_sent():
    shown, sent = (StepKind.SHOWN, "x.py", 1), (StepKind.SENT, "x.py", 3, 1, 3, 60)
    within, before = (StepKind.PASSED, "x.py", 3, 40, 3, 59), (StepKind.PASSED, "x.py", 2)
    assert told(shown, within, sent) == [(StepKind.SHOWN, 1), (StepKind.SENT, 3)]
    assert told(shown, before, sent) == [(StepKind.SHOWN, 1), (StepKind.PASSED, 2), (StepKind.SENT, 3)]


def test_an_address_that_is_kept_for_a_setting_is_one_source():
    kept = (StepKind.CONFIGURED, "x.py", 1, 1, 1, 30)
    assert told((StepKind.WRITTEN, "x.py", 1, 12, 1, 30), kept, (StepKind.SHOWN, "x.py", 3)) == [
        (StepKind.CONFIGURED, 1),
        (StepKind.SHOWN, 3),
    ]
    assert len(told((StepKind.WRITTEN, "y.py", 1, 12, 1, 30), kept)) == 2


@pytest.mark.parametrize("kind", [StepKind.PASSED, StepKind.SHOWN, StepKind.JOINED, StepKind.BATCHED])
@pytest.mark.parametrize(
    ("inner", "outer", "alone"),
    [
        (("x.py", 1, 5, 1, 9), ("x.py", 1, 5, 1, 9), False),
        (("x.py", 1, 5, 1, 9), ("x.py", 1, 2, 1, 9), False),
        (("x.py", 2, 1, 2, 9), ("x.py", 1, 5, 3, 2), False),
        (("x.py", 1, 5, 1, 9), ("x.py", 1, 6, 1, 20), True),
        (("x.py", 1, 5, 1, 9), ("y.py", 1, 5, 1, 9), True),
        (("x.py", 1, 5, 1, 9), ("x.py", 2, 1, 2, 9), True),
    ],
)
def test_a_list_that_is_written_out_in_a_step_is_no_step_of_its_own(kind, inner, outer, alone):
    found = told((StepKind.DATABASE, "x.py", 9), (StepKind.COLLECTED, *inner), (kind, *outer))
    assert ((StepKind.COLLECTED, inner[1]) in found) is alone
    if inner != outer:
        assert (StepKind.COLLECTED, inner[1]) in told((StepKind.COLLECTED, *inner), (StepKind.STORED, *outer))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(StepKind), st.sampled_from("xy"), st.integers(0, 3)), max_size=9))
def test_what_is_told_of_a_way_is_part_of_it(steps):
    way = replace(WAY, steps=tuple(Step(kind, Place(path, line, 1, line, 9)) for kind, path, line in steps))
    found = told_steps(way)
    assert set(found) <= set(way.steps)
    # Where the list comes from, where it is shown and where it is sent are told whenever they are known.
    kinds = {step.kind for step in found}
    for kind in (*ORIGIN_OF, StepKind.SHOWN, StepKind.SENT):
        kept = kind is StepKind.WRITTEN and StepKind.CONFIGURED in kinds  # an address that is kept for a setting
        assert kept or (kind in kinds) == (kind in {step.kind for step in way.steps})
    assert finding_lines(replace(LEAK, ways=(way,)), OPTIONS)


def test_a_list_that_is_passed_on_twice_is_passed_on_again():
    passed = replace(WAY.steps[1], detail="")
    again = replace(passed, place=Place("news/helpers.py", 3))
    finding = replace(LEAK, ways=(replace(WAY, steps=(WAY.steps[0], passed, again, *WAY.steps[2:])),))
    said = list_sentence(finding, finding.ways[0], lambda step, words: f"{words} ({step.place.line})")
    assert said == (
        "The list is read from the database (44), passed on whole (47), again (3) and put into To of one message here."
    )


SNIPPETS = [
    ("people = Subscriber.objects.filter(active=True)", "Subscriber.objects", "Subscriber.objects.filter(active=True)"),
    ("people = db.execute(SQL)[0].all  # x", "db.execute", "db.execute(SQL)[0].all"),
    ("x = rows.filter(", "rows", "rows"),
    ("x = rows + 1", "rows", "rows"),
    ("x = a.get(')', b).c", "a", "a.get(')', b).c"),
    ("x = " + "a" * 20 + "." + "b" * 60, "a" * 20, "a" * 20),
]
HANDED_ON = [
    ("    deliver([s.email for s in people])", "[s.email for s in people]", "deliver([s.email for s in people])"),
    ("    news.deliver(people, issue)", "people", "news.deliver(people, issue)"),
    ("    run(lambda: deliver('(', people))", "people", "deliver('(', people)"),
    ("    deliver(people, " + "x" * 60 + ")", "people", "deliver(people, ...)"),
    ("    deliver(" + "x" * 60 + ", people)", "people", "people"),
    ("        people,", "people", "people"),
    ("    x = people if (a) else b", "people", "people"),
    ("    (people)", "people", "people"),
]


@pytest.mark.parametrize(
    ("kind", "line", "span", "shown"),
    [(StepKind.DATABASE, *case) for case in SNIPPETS]
    + [(StepKind.PASSED, *case) for case in HANDED_ON]
    + [(StepKind.GROWN, "    for u in User.all():", "u", "for u in User.all():")],
)
def test_a_step_shows_the_whole_expression_and_the_call_that_hands_a_list_on(kind, line, span, shown):
    start = line.index(span) + 1
    step = Step(kind, Place("x.py", 1, start, 1, start + len(span)))
    finding = replace(LEAK, ways=(replace(WAY, steps=(step, *WAY.steps[2:])),))
    lines = finding_lines(
        finding, replace(OPTIONS, code_lines=lambda path, first, _: [line] if path == "x.py" else None)
    )
    (row,) = [row for row in lines if row.startswith("    x.py:1")]
    assert row.removeprefix("    x.py:1").removesuffix(kind.value).strip() == shown


@settings(max_examples=60)
@given(st.text("ab.([{)]}'\"\\ ,", max_size=30), st.integers(1, 30), st.integers(1, 30))
def test_a_step_shows_code_however_it_is_written(line, start, size):
    for kind in (StepKind.DATABASE, StepKind.PASSED):
        step = Step(kind, Place("x.py", 1, start, 1, start + size))
        finding = replace(LEAK, ways=(replace(WAY, steps=(step, *WAY.steps[2:])),))
        options = replace(OPTIONS, code_lines=lambda path, *_: [line] if path == "x.py" else None)
        assert finding_lines(finding, options)
