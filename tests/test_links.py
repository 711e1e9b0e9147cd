"""Links that belong to one person, over the messages of a capture."""

from __future__ import annotations

import hashlib
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import gate
from mailguard.model import links as links_module
from mailguard.model.count import Count, exactly
from mailguard.model.finding import SkipReason
from mailguard.model.links import URL, Batch, Links, Token, tokens_in
from mailguard.model.place import Place


def token(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()[:24]


def summary(messages, first: int = 1, limit: int = 1000) -> Links:
    links = Links(limit)
    for line, (reader, text) in enumerate(messages, first):
        links.add(tokens_in(text), reader, Place("log", line))
    return links


RESET = "https://example.org/password/reset?token="
ORDER = "https://example.org/orders/"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"go to {RESET}{token(1)}.", [True]),
        (f'<a href="https://example.org/verify/{token(1)}?a=1&amp;b=2">', [True]),
        (f"https://example.org/o/{token(1)}", [False]),
        ("https://example.org/o/123e4567-e89b-42d3-a456-426614174000", [False]),
        ("https://example.org/invite/AbCdEfGhIjKlMnOpQrSt", [True]),
        (f"{RESET}secret-12", [True]),
        ("https://example.org/2026/11/a-title-with-many-words-and-2026-in-it", []),
        ("https://example.org/reset", []),
        ("https://example.org/?id=123456789012345", []),
        ("no link at all", []),
        ("https://", []),
    ],
)
def test_which_links_may_belong_to_one_person(text: str, named: list[bool]) -> None:
    assert [one.named for one in tokens_in(text)] == named


LINKISH = st.lists(
    st.sampled_from(
        [
            "http",
            "https",
            "HTTP",
            "s",
            "://",
            ":/",
            " ",
            "a.example/",
            "x",
            "&amp;",
            "'",
            "ann@",
            "%40",
            ".",
            "?u=",
            "\u017f",
        ]
    ),
    max_size=10,
)


@settings(max_examples=300, deadline=None)
@given(LINKISH.map("".join))
def test_links_are_those_that_the_expression_finds(text: str) -> None:
    found = [match.group(1).replace("&amp;", "&").rstrip(".,;:!?") for match in URL.finditer(text)]
    quick = [*links_module._links(text)]
    assert len(quick) == len(found)
    assert all(one == other or "@" in one for one, other in zip(quick, found, strict=True))


def test_one_link_of_a_kind_has_one_slot() -> None:
    one, other = tokens_in(f"{RESET}{token(1)} {RESET}{token(2)}")
    assert one.slot == other.slot
    assert one.token != other.token


def test_a_link_that_says_so_and_went_to_two_people_is_told() -> None:
    links = summary([("ann", RESET + token(1)), ("bob", RESET + token(2)), ("cat", RESET + token(1))])
    assert links.shared() == (Place("log", 3), exactly(1))


def test_a_reminder_with_the_same_link_is_nothing() -> None:
    assert summary([("ann", RESET + token(1)), ("ann", RESET + token(1))]).shared() is None


def test_a_link_for_everybody_is_nothing() -> None:
    news = " ".join(ORDER + token(number) for number in range(10))
    assert summary([(f"reader {number}", news) for number in range(20)]).shared() is None


def test_a_link_of_which_most_went_to_one_person_each_is_told() -> None:
    messages = [(f"reader {number}", ORDER + token(number)) for number in range(5)]
    assert summary(messages).shared() is None
    assert summary([*messages, ("other", ORDER + token(3))]).shared() == (Place("log", 6), exactly(1))
    # One that went to one person, and one that went to two: it may be so.
    few = [("ann", ORDER + token(1)), ("bob", ORDER + token(2)), ("cat", ORDER + token(2))]
    assert summary(few).shared() == (Place("log", 3), Count(0, 0, 1))


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cat"]),
        st.lists(st.tuples(st.sampled_from([RESET, ORDER]), st.integers(0, 4)), max_size=3).map(
            lambda links: " ".join(base + token(number) for base, number in links)
        ),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(MESSAGES, MESSAGES, MESSAGES)
def test_parts_put_together_are_the_whole(one, two, three) -> None:
    whole = summary([*one, *two, *three])
    parts = [summary(one), summary(two).moved(len(one)), summary(three).moved(len(one) + len(two))]
    left = (parts[0] + parts[1]) + parts[2]
    right = parts[0] + (parts[1] + parts[2])
    assert left == right == whole
    assert left.shared() == right.shared() == whole.shared()


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_what_another_process_hands_over_is_what_it_had(messages) -> None:
    links = summary(messages)
    links.add(tokens_in(RESET + token(99)), "zoe", Place("log", 7, 3, pointer="x"))
    assert pickle.loads(pickle.dumps(links)) == links


SENT = st.lists(st.tuples(st.sampled_from(["ann", "bob"]), st.integers(0, 30), st.booleans()), min_size=1, max_size=16)


@settings(max_examples=100, deadline=None)
@given(SENT, st.integers(0, 16), st.integers(0, 2), st.booleans())
def test_many_at_once_are_each_by_itself(sent, cut, fixed, whole) -> None:
    # Two letters that go out together, the links of each in a batch; a link of the first is the same in all of its messages.
    each, first, second = Links(), Links(), Links()
    kinds = [tokens_in(RESET + token(0))[0], tokens_in(ORDER + token(0))[0]]

    def link(number: int, kind: int, letter: bool) -> int:
        return hash(token(fixed if letter and kind else number))

    for line, (reader, number, letter) in enumerate(sent, 1):
        found = [Token(link(number, place, letter), kind.slot, kind.named) for place, kind in enumerate(kinds)]
        each.add(found, reader, Place("log", line))
    for links, start, end in ((first, 0, cut), (second, cut, len(sent))):
        batches = []
        for letter in (False, True):
            rows = [(n, *one) for n, one in enumerate(sent[start:end], 1 + (start if whole else 0)) if one[2] is letter]
            columns = []
            for place, kind in enumerate(kinds):
                tokens = [link(number, place, letter) for _, _, number, _ in rows]
                columns.append((kind.slot, kind.named, tokens[0] if letter and place and rows else tokens))
            if rows:
                batches.append(Batch([hash(row[1]) for row in rows], [row[0] for row in rows], columns))
        links.add_all("log", batches)
    if whole:
        # Behind each other in one part.
        both = Links()
        both.extend(first)
        both.extend(second)
    else:
        both = pickle.loads(pickle.dumps(first)) + pickle.loads(pickle.dumps(second.moved(min(cut, len(sent)))))
    assert both == each
    assert len(both) == len(each)
    assert both.shared() == each.shared()


@settings(max_examples=100, deadline=None)
@given(MESSAGES, MESSAGES, st.integers(0, 12), st.integers(1, 3), st.integers(0, 2))
def test_how_they_are_remembered_changes_nothing(one, two, cut, waiting, open_slots) -> None:
    # Looked up at once or late; put together slot by slot, or one by one.
    plain = summary([*one, *two])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links_module, "_WAITING", waiting)
        patch.setattr(links_module, "_OPEN", open_slots)
        links = summary([*one, *two])
        parts = summary(one) + summary(two).moved(len(one))
        handed = summary([*one, *two][:cut])
        assert pickle.loads(pickle.dumps(handed)) == handed
        for line, (reader, text) in enumerate([*one, *two][cut:], cut + 1):
            handed.add(tokens_in(text), reader, Place("log", line))
    assert plain == links == parts == handed
    assert plain.shared() == links.shared() == parts.shared() == handed.shared()


def test_where_one_summary_ends_up_in_another_it_does_not_change() -> None:
    one, two = summary([("ann", RESET + token(1))]), summary([("bob", RESET + token(2))])
    both = one + two
    one.add(tokens_in(RESET + token(3)), "cat", Place("log", 5))
    two.add(tokens_in(RESET + token(4)), "dan", Place("log", 6))
    assert len(both) == 2
    assert both == summary([("ann", RESET + token(1))]) + summary([("bob", RESET + token(2))])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(1, 8))
def test_of_many_at_once_no_more_are_remembered(numbers, limit) -> None:
    (kind,) = tokens_in(RESET + token(0))
    links = Links(limit)
    for start in (0, len(numbers) // 2):
        rows = numbers[start : start + len(numbers) // 2 + 1]
        tokens = [hash(token(number)) for number in rows]
        links.add_all("log", [Batch([1] * len(rows), [*range(start, start + len(rows))], [(kind.slot, True, tokens)])])
    assert len(links) == min(limit, len(set(numbers)))
    assert links.full == (len(set(numbers)) > limit)


@settings(max_examples=50, deadline=None)
@given(MESSAGES)
def test_the_size_is_bounded_and_said(messages) -> None:
    links = summary(messages, limit=2)
    different = {(one.token, one.slot) for _, text in messages for one in tokens_in(text)}
    assert len(links) == min(2, len(different))
    assert links.full == (len(different) > 2)


def test_a_link_holds_no_text() -> None:
    (one,) = tokens_in(f"{RESET}{token(1)}")
    assert isinstance(one, Token)
    assert token(1) not in repr(summary([("ann@example.com", RESET + token(1))])) + repr(one)


def log(tmp_path, messages) -> str:
    lines = []
    for reader, text in messages:
        body = {"From": "desk@example.org", "To": reader, "Subject": "x", "TextBody": text}
        line = {"method": "POST", "url": "https://api.postmarkapp.com/email", "headers": {}, "body": json.dumps(body)}
        lines.append(json.dumps(line))
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_capture_is_told_with_the_place_and_without_anybody(tmp_path) -> None:
    path = log(
        tmp_path, [(f"p{n}@example.com", RESET + token(n)) for n in range(9)] + [("x@example.com", RESET + token(4))]
    )
    report = gate.replay(path)
    (finding,) = report.findings
    assert (finding.rule, finding.place.line, finding.gates) == ("cross-recipient-link", 10, True)
    assert report.ledger.requests == 10


@pytest.mark.parametrize("jobs", [1, 2])
def test_parts_of_a_large_log_are_compared_with_each_other(tmp_path, monkeypatch, jobs: int) -> None:
    from dataclasses import replace

    from mailguard import discover
    from mailguard.capture import cutting
    from mailguard.config import Settings

    monkeypatch.setattr(cutting, "PART", 2000)
    people = [(f"p{n}@example.com", RESET + token(n)) for n in range(60)] + [("x@example.com", RESET + token(0))]
    path = log(tmp_path, people)
    monkeypatch.chdir(tmp_path)
    tree = discover.tree_of([path], tmp_path)
    run = replace(gate.prepare([path], tree, Settings(), eyes=frozenset({gate.CAPTURES})), jobs=jobs)
    report = run.report()
    assert [(one.rule, one.place.line) for one in report.findings] == [("cross-recipient-link", 61)]


def test_more_links_than_are_remembered_are_a_skip(tmp_path, monkeypatch) -> None:
    from mailguard.ledger import unread_words
    from mailguard.transports.content import contents

    monkeypatch.setattr(contents, "Links", lambda: Links(3))
    path = log(tmp_path, [(f"p{n}@example.com", RESET + token(n)) for n in range(5)])
    report = gate.replay(path)
    assert [(one.reason, one.detail) for one in report.skips] == [
        (SkipReason.REMEMBERED, "more personal links than are remembered")
    ]
    assert report.exit_code == 3
    assert unread_words(report.skips) == "One capture was not compared in full, so this is not a pass."
