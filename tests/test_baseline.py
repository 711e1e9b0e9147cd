"""The baseline: what it knows, what it never holds, and how it merges."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard.baseline import (
    Baseline,
    BaselineError,
    Entry,
    Problem,
    Unread,
    load,
    match,
    match_unread,
    parse,
    text_of,
)
from mailguard.model.count import UNBOUNDED, Count
from mailguard.model.finding import Certainty
from mailguard.redact import holds_address

NAMES = ["news.mailer:deliver", "news.views:publish", "shop:Order.notify", "shop:<module>"]
COUNTS = [Count(2, 2, 2), Count(3, 2, 3), Count(0, 2, UNBOUNDED), Count(1, 2, UNBOUNDED)]
PROBLEM = Problem("visible", NAMES[0], NAMES[1], Certainty.LIKELY, COUNTS[2])

problems = st.builds(
    Problem,
    st.sampled_from(["visible", "reply-to"]),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.sampled_from([Certainty.LIKELY, Certainty.CERTAIN]),
    st.sampled_from(COUNTS),
    st.integers(1, 3),
)
unread = st.builds(
    Unread, st.sampled_from(["old.py", "jobs/mail.py"]), st.sampled_from(["python-2", "syntax"]), st.just("")
)


def baseline_of(found: list[Problem], left: list[Unread] = []) -> Baseline:  # noqa: B006  # never changed
    return Baseline(calls=len(found)).with_problems(found).with_unread(left)


@settings(max_examples=60)
@given(st.lists(problems, max_size=8), st.lists(unread, max_size=4))
def test_what_is_written_is_read_again(found: list[Problem], left: list[Unread]) -> None:
    baseline = baseline_of(found, left)
    text = text_of(baseline)
    assert parse(text.encode()) == baseline
    assert text_of(parse(text.encode())) == text


@settings(max_examples=60)
@given(st.lists(problems, max_size=8), st.lists(unread, max_size=4), st.randoms())
def test_the_order_of_what_was_found_does_not_matter(
    found: list[Problem], left: list[Unread], chance: random.Random
) -> None:
    mixed, other = found.copy(), left.copy()
    chance.shuffle(mixed)
    chance.shuffle(other)
    assert text_of(baseline_of(mixed, other)) == text_of(baseline_of(found, left))


@settings(max_examples=60)
@given(st.lists(problems, max_size=8), st.randoms())
def test_everything_that_was_set_aside_is_known(found: list[Problem], chance: random.Random) -> None:
    mixed = found.copy()
    chance.shuffle(mixed)
    known = parse(text_of(baseline_of(found)).encode()).problems
    assert len(match(mixed, known)) == len(found)


@settings(max_examples=60)
@given(st.lists(problems, min_size=1, max_size=8), st.data())
def test_one_copy_more_is_new(found: list[Problem], data: st.DataObject) -> None:
    copy = data.draw(st.sampled_from(found))
    assert len(match([*found, copy], found)) == len(found)


@settings(max_examples=60)
@given(st.lists(problems, max_size=8), st.lists(problems, max_size=8), st.lists(unread, max_size=4))
def test_prune_only_takes_away(before: list[Problem], now: list[Problem], left: list[Unread]) -> None:
    baseline = baseline_of(before, left)
    pruned = baseline.pruned(now, left[:1])
    old = {entry.id: entry.problem for entry in baseline.entries}
    for entry in pruned.entries:
        assert old[entry.id].covers(entry.problem)
    assert set(pruned.unread) <= {replace(one, times=times) for one in baseline.unread for times in range(1, 5)}
    # What was known before is known afterwards, as far as it is still there.
    assert len(match(now, pruned.problems)) == len(match(now, before))
    assert pruned.pruned(now, left[:1]) == pruned


@given(st.lists(unread, max_size=5))
def test_files_that_cannot_be_read_are_known_as_often_as_they_were(left: list[Unread]) -> None:
    assert match_unread(left, left) == frozenset(range(len(left)))
    assert len(match_unread([*left, Unread("new.py", "syntax")], left)) == len(left)


@pytest.mark.parametrize(
    "worse",
    [
        replace(PROBLEM, certainty=Certainty.CERTAIN),
        replace(PROBLEM, times=2),
        replace(PROBLEM, policy="reply-to"),
        replace(PROBLEM, origin="news.other:publish_all"),
    ],
)
def test_worse_or_other_is_new(worse: Problem) -> None:
    assert match([worse], [PROBLEM]) == {}


def test_a_pair_that_becomes_a_query_is_new() -> None:
    pair = replace(PROBLEM, certainty=Certainty.CERTAIN, count=Count(2, 2, 2))
    assert match([replace(pair, certainty=Certainty.LIKELY, count=Count(0, 2, UNBOUNDED))], [pair]) == {}
    assert match([replace(pair, count=Count(3, 2, 3))], [pair]) == {}
    assert match([pair], [replace(pair, count=Count(3, 2, 3))]) == {0: 0}


def test_a_moved_module_and_a_renamed_function_bring_nothing_new() -> None:
    moved = replace(PROBLEM, send="news.sender:deliver")
    assert match([moved], [PROBLEM], lambda _: True) == {0: 0}
    assert match([moved, PROBLEM], [PROBLEM], lambda _: True) == {1: 0}
    # With its module still there it was repaired; the same name elsewhere is another problem.
    assert match([moved], [PROBLEM], lambda _: False) == match([moved], [PROBLEM]) == {}
    renamed = replace(PROBLEM, send="news.mailer:deliver_all", words=("send(people)",))
    assert match([renamed], [PROBLEM]) == {}
    assert match([renamed], [replace(PROBLEM, words=("send(people)",))]) == {0: 0}


def test_the_copy_whose_code_is_new_is_the_new_one() -> None:
    old = replace(PROBLEM, words=("send(people)",))
    new = replace(PROBLEM, words=("send(board)",))
    assert match([new, old], [old]) == {1: 0}
    assert match([old, new], [old]) == {0: 0}


def test_the_file_is_one_sorted_line_per_problem_without_lines_dates_or_addresses() -> None:
    found = [replace(PROBLEM, send=f"m{number}:send") for number in range(30)] + [PROBLEM, PROBLEM]
    text = text_of(baseline_of(found, [Unread("a/ann@example.com/x.py", "python-2")]))
    lines = [line for line in text.splitlines() if line.startswith('{"id"')]
    assert len(lines) == 33
    assert lines == sorted(lines)
    assert {tuple(json.loads(line.rstrip(","))) for line in lines if "not-read" not in line} == {
        ("id", "policy", "send", "from", "number", "people", "certainty")
    }
    assert not holds_address(text_of(Baseline().with_problems([PROBLEM], "asked by ann@example.com")))


def merged(folder: Path, base: str, ours: str, theirs: str) -> tuple[int, str]:
    for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
        (folder / name).write_text(text)
    done = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def group(entry: Entry) -> int:
    return int(entry.id[:2], 16) // 4


def test_two_branches_that_touch_different_problems_merge(tmp_path: Path) -> None:
    found = [replace(PROBLEM, send=f"shop.m{number}:send") for number in range(12)]
    base = baseline_of(found)
    clean = conflicts = 0
    for one in range(12):
        for other in range(one + 1, 12):
            without_one = base.pruned(found[:one] + found[one + 1 :], [])
            without_other = base.pruned(found[:other] + found[other + 1 :], [])
            code, text = merged(tmp_path, text_of(base), text_of(without_one), text_of(without_other))
            if code:
                conflicts += 1
                continue
            clean += 1
            both = [problem for number, problem in enumerate(found) if number not in (one, other)]
            assert parse(text.encode()) == replace(baseline_of(both), calls=12)
    assert conflicts * 20 < clean  # only neighbours of one group, one pair in 64


def test_two_branches_that_add_different_problems_merge(tmp_path: Path) -> None:
    base = baseline_of([PROBLEM])
    extra = [replace(PROBLEM, send=f"shop.m{number}:send") for number in range(6)]
    sides = [base.with_problems([problem], "known") for problem in extra]
    entries = [next(entry for entry in side.entries if entry.reason) for side in sides]
    merges = 0
    for one in range(6):
        for other in range(one + 1, 6):
            if group(entries[one]) != group(entries[other]):
                code, text = merged(tmp_path, text_of(base), text_of(sides[one]), text_of(sides[other]))
                assert code == 0
                assert {entry.id for entry in parse(text.encode()).entries} >= {entries[one].id, entries[other].id}
                merges += 1
    assert merges > 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: this baseline does not parse"),
        ("<<<<<<< ours\n{}", "keep the lines of both sides"),
        ("{}", "no baseline of this mailguard"),
        ('{"mailguard-baseline": 2, "known": []}', "no baseline of this mailguard"),
        ('{"mailguard-baseline": 1, "known": [{"id": 1}]}', "makes no sense"),
        ('{"mailguard-baseline": 1, "known": [7]}', "makes no sense"),
        ("[" * 100_000, "does not parse"),
        (text_of(baseline_of([PROBLEM])).replace("[0, 2, null]", "[3, 0, 1]"), "makes no sense"),
        (text_of(baseline_of([PROBLEM])).replace('"likely"', '"sure"'), "makes no sense"),
    ],
)
def test_a_baseline_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(BaselineError, match=said):
        parse(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(BaselineError, match="does not parse"):
        parse(b"\xff\xfe{")


def test_the_same_problem_added_on_both_sides_is_one_entry() -> None:
    text = text_of(baseline_of([PROBLEM]))
    line = next(line for line in text.splitlines() if line.startswith('{"id"'))
    worse = line.replace('"likely"', '"certain"')
    doubled = text.replace(line, f"{worse}\n{line}")
    assert parse(doubled.encode()) == baseline_of([PROBLEM])  # what covers less counts


def test_a_baseline_behind_a_link_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    assert load(root) is None
    (tmp_path / "other.json").write_text(text_of(baseline_of([PROBLEM])))
    (root / "mailguard-baseline.json").symlink_to(tmp_path / "other.json")
    with pytest.raises(BaselineError, match="leads out of the tree"):
        load(root)
