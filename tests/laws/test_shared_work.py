"""Work that processes share comes to what one process makes of it, whatever becomes of the others."""

from __future__ import annotations

import contextlib
import gc
import itertools
import multiprocessing
import os
import select
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailguard import capture
from mailguard.captures import jsonl
from mailguard.gate.sharing import shared

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is one process where none can be forked")


FORKED: list[int] = []
"""Every process that was forked while these laws ran; others of the test run are not theirs."""


@pytest.fixture(autouse=True, scope="module")
def _noted() -> Iterator[None]:
    fork = os.fork

    def noted() -> int:
        process = fork()
        if process:
            FORKED.append(process)
        return process

    with mock.patch.object(os, "fork", noted):
        yield
    FORKED.clear()


def children() -> int:
    """How many of these processes are not fetched yet."""
    found = 0
    for process in FORKED:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process, os.WNOHANG)
            found += 1
    return found


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(1, 5))
def test_it_comes_in_the_order_of_its_numbers(count: int, jobs: int) -> None:
    assert list(shared(lambda number: number * number, count, jobs)) == [number * number for number in range(count)]
    assert children() == 0


def test_more_numbers_than_a_pipe_holds_are_all_drawn() -> None:
    assert list(shared(lambda number: number, 70_000, 2)) == [*range(70_000)]


def test_results_larger_than_a_pipe_keep_nobody_waiting() -> None:
    found = list(shared(lambda number: bytes([number]) * 1_000_000, 8, 3))
    assert found == [bytes([number]) * 1_000_000 for number in range(8)]


class Meeting:
    """Lets no process go on before each of them has drawn a number."""

    def __init__(self, processes: int) -> None:
        self._all = multiprocessing.get_context("fork").Barrier(processes)
        self._met: set[int] = set()

    def come(self) -> None:
        if os.getpid() not in self._met:
            self._met.add(os.getpid())
            self._all.wait(60)


def test_others_take_part() -> None:
    meeting = Meeting(3)

    def work(number: int) -> int:
        del number
        meeting.come()
        return os.getpid()

    assert len({*shared(work, 20, 3)}) == 3


@pytest.mark.parametrize("how", ["killed", "failed", "gone", "odd"])
def test_what_another_process_did_not_hand_over_is_done_here(how: str, capfd: pytest.CaptureFixture[str]) -> None:
    here, meeting = os.getpid(), Meeting(2)

    def work(number: int) -> object:
        meeting.come()
        if os.getpid() != here:
            if how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if how == "gone":
                raise SystemExit(3)
            if how == "odd":
                return lambda: number  # cannot be handed over
            raise RuntimeError("in the other process only")
        return number

    assert list(shared(work, 16, 2)) == [*range(16)]
    assert children() == 0
    assert capfd.readouterr() == ("", "")


def test_what_fails_everywhere_is_told() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise RuntimeError("as it is")
        return number

    with pytest.raises(RuntimeError, match="as it is"):
        list(shared(work, 12, 2))
    assert children() == 0


def test_who_stops_asking_ends_the_others() -> None:
    here = os.getpid()

    def work(number: int) -> int:
        if os.getpid() != here and number > 5:
            signal.pause()
        return number

    frozen = gc.get_freeze_count()
    with contextlib.closing(shared(work, 50, 3)) as results:
        assert next(results) == 0
        assert children() == 2
    assert children() == 0
    assert gc.get_freeze_count() == frozen


def test_the_others_end_with_who_asked() -> None:
    told, end = os.pipe()
    meeting = Meeting(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        asking = os.fork()
    if not asking:
        here = os.getpid()

        def work(number: int) -> bytes:
            del number
            meeting.come()
            if os.getpid() == here:
                os.kill(here, signal.SIGKILL)
            return bytes(300_000)  # more than a pipe holds

        try:
            list(shared(work, 60, 3))
        finally:
            os._exit(0)
    os.close(end)
    os.waitpid(asking, 0)
    try:
        # Each of them has the other end as long as it lives.
        assert select.select([told], [], [], 20)[0]
        assert os.read(told, 1) == b""
    finally:
        os.close(told)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 2000), st.integers(1, 60), st.integers(20, 3000))
def test_parts_are_equal_but_for_the_last_and_none_is_larger_than_asked(lines: int, width: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sent.jsonl")
        line = ('{"method": "POST", "url": "https://api.example.com", "body": "' + "x" * width + '"}\n').encode()
        file.write_bytes(line * lines)
        spans = capture.parts(file, jsonl.FORMAT, size=size)
    sizes = [end - start for start, end in spans]
    assert sum(sizes) == (len(line) * lines if spans else 0)
    if spans:
        assert len(line) * lines > size
        assert max(sizes) <= size + len(line)
    if size > 20 * len(line) and spans:
        first, last = sizes[:-8], sizes[-8:]
        assert len(sizes) % 4 == 0
        assert not first or max(first) - min(first) <= 2 * len(line)
        assert max(last) - min(last) <= 2 * len(line)
        assert min(last) > size // 8
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
