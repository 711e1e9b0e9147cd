"""What makes replay fast changes no answer."""

from __future__ import annotations

import re
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.addresses.pairs import mailbox, mailboxes
from mailguard.addresses.people import NOBODY, People
from mailguard.documents.json_files import json_elements
from mailguard.model.finding import Certainty
from mailguard.model.message import CannotTell, Message, Recipient, Trait
from mailguard.model.value import ABSENT, get
from mailguard.rulebook.growth import Growth
from mailguard.rulebook.judging import judge, verdict_of
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.tally.captures import Growing, shape

RULES = chosen(load_rules())

ADDRESS = st.sampled_from(
    ["ann@example.com", "Ann@Example.com", "bob@example.net", "eve@in.example", "a@b.example, c@d.example", "<x@y.example>", "no", "", "ä@ö.example", " a@b.example"]
)  # fmt: skip
NAME = st.sampled_from(["", "Ann", "a@b.example", "=?utf-8?q?x?=", "Jörg", None, 7])
PAIR = st.one_of(
    st.fixed_dictionaries({"email": ADDRESS}, optional={"name": NAME, "Name": NAME, "x": NAME}),
    st.fixed_dictionaries({"Email": ADDRESS}),
    ADDRESS,
    st.none(),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(PAIR, max_size=5))
def test_a_list_of_pairs_at_once_is_each_pair_by_itself(pairs: list[Any]) -> None:
    found = mailboxes(pairs)
    if found is None:
        return
    each = [mailbox(get(pair, "email", fold=True), get(pair, "name", fold=True)) for pair in pairs]
    joined = People(tuple(p for one in each for p in one.recipients), tuple(m for one in each for m in one.mentions))
    assert found == (joined if pairs else NOBODY)


def test_plain_pairs_take_the_fast_way() -> None:
    assert mailboxes([{"email": "ann@example.com", "name": "Ann"}] * 3) is not None


KEYS = st.sampled_from(["to", "To", "TO", "cc", "\u017fub", "\u212a", "k", "sub", "email"])


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, st.integers(), max_size=5), KEYS)
def test_a_key_in_any_case_is_found(data: dict[str, int], key: str) -> None:
    found = get(data, key, fold=True)
    slow = [value for name, value in data.items() if name.casefold() == key.casefold()]
    assert (found is ABSENT) == (not slow)
    # Nobody gets lost where there are several.
    assert found is ABSENT or found in slow or found == slow


PERSON = st.builds(
    Recipient, st.sampled_from(["a@example.com", "A@example.com", "b@example.net", "c@example.org", "d@in.example"])
)
LINE = st.lists(PERSON, max_size=3).map(tuple)
MESSAGE = st.builds(
    Message, to=LINE, cc=LINE, bcc=LINE, transmitted_bcc=LINE, reply_to=LINE, sender=LINE,
    traits=st.frozensets(st.sampled_from(Trait), max_size=1),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(MESSAGE, MESSAGE, st.sampled_from([frozenset(), frozenset({"in.example"}), frozenset({"example.com"})]))
def test_messages_of_one_shape_are_judged_alike(one: Message, other: Message, inside: frozenset[str]) -> None:
    form = shape(one, inside)
    names = {"a@example.com": "x@example.com", "A@example.com": "X@example.com", "b@example.net": "y@some.example",
             "c@example.org": "z@else.example", "d@in.example": "w@sub.in.example"}  # fmt: skip

    def renamed(line: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        return tuple(Recipient(names[person.address or ""]) for person in line)

    twin = Message(
        *map(renamed, (one.to, one.cc, one.bcc, one.transmitted_bcc, one.reply_to)),
        traits=one.traits,
        sender=renamed(one.sender),
    )
    assert (form is None) == (shape(twin, inside) is None)
    policy = Policy(inside, RULES)
    for second in (twin, other):
        if form is not None and form == shape(second, inside):
            for cap in Certainty:
                judged = judge(one, policy, cap=cap)
                assert judged == judge(second, policy, cap=cap)
                assert verdict_of(judged, one, policy) is verdict_of(judged, second, policy)


@settings(max_examples=150, deadline=None)
@given(st.lists(MESSAGE, min_size=1, max_size=8), st.sampled_from([frozenset(), frozenset({"in.example"})]))
def test_growth_step_by_step_is_the_sum(messages: list[Message], inside: frozenset[str]) -> None:
    growing = Growing(inside)
    total: Growth | None = None
    for message in messages:
        growing.add(message)
        one = Growth.of(message, inside)
        total = one if total is None else total + one
    assert growing.summary() == total


def test_a_cut_record_costs_no_more_than_its_length() -> None:
    text = '{"body": "' + '{\\"to\\": [{\\"email\\": \\"a\\"}]}' * 20_000
    start = time.process_time()
    assert len(list(json_elements(text))) == 1
    assert time.process_time() - start < 3


def test_broken_members_cost_no_more_than_their_length() -> None:
    # Each error once counted the lines in front of it: this took a minute.
    text = (
        "["
        + ",\n".join(['{"method": "POST", "url": "/", "body": {"a": [1, 2, 3]}}', '{"url": [broken], }'] * 30_000)
        + "]"
    )
    start = time.process_time()
    found = list(json_elements(text))
    assert time.process_time() - start < 10
    assert len(found) == 60_000
    assert found[-1].line == 60_000
    assert sum(isinstance(one.value, CannotTell) for one in found) == 30_000


OLD = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|[\[\]{},]")


def behind(content: str, start: int) -> int:
    """How the end of a broken value is defined."""
    depth = 0
    for match in OLD.finditer(content, start):
        mark = match.group(0)[0]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
            if depth <= 0:
                return match.end() if depth == 0 else match.start()
        elif mark == "," and depth == 0:
            return max(match.start(), start + 1)
    return len(content)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='"\\{}[],a\n', max_size=40), st.integers(0, 5))
def test_the_end_of_a_broken_value_is_where_it_was(content: str, start: int) -> None:
    from mailguard.documents.json_files import _JsonFile

    assert _JsonFile(content).behind(min(start, len(content))) == behind(content, min(start, len(content)))
