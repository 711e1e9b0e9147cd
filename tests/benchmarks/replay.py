"""How fast ``replay`` is, against a loop that only parses the JSON: ``python tests/benchmarks/replay.py``.

The loop does ``orjson.loads`` (where orjson is installed, else ``json.loads``) on each line and on each body. Both do their
work in this process, on the same file, one after the other; a ratio is the median of the ratios of so many pairs. CPU time,
except for processes, where it is the time on the wall. Memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

try:
    from orjson import loads

    PARSER = "orjson"
except ImportError:
    from json import loads

    PARSER = "json"

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mailguard import discover, gate  # noqa: E402  # the checkout, wherever this is started
from mailguard.config import Settings  # noqa: E402


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    ratio: float
    goal: str
    unit: str = "x"
    detail: str = ""


def request(number: int, people: int) -> str:
    """A request of about 1 KB with one recipient; each recipient more adds some 60 bytes."""
    to = [
        {"email": f"person{number}.{place}@example{place % 50}.com", "name": f"Person {place}"}
        for place in range(people)
    ]
    text = "Dear reader, this month there is much to tell. " * 9
    body = {"personalizations": [{"to": to}], "from": {"email": "news@example.org"}, "subject": "News",
            "content": [{"type": "text/plain", "value": text}]}  # fmt: skip
    record = {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "status": 202, "time": "2026-11-01T10:00:00Z",
              "headers": {"Content-Type": "application/json", "Authorization": "Bearer x"}, "body": json.dumps(body)}  # fmt: skip
    return json.dumps(record) + "\n"


def write(file: Path, size: int, people: int) -> int:
    """A log of at least ``size`` bytes; returns the number of requests."""
    count = 0
    with file.open("w", encoding="utf-8") as stream:
        while stream.tell() < size:
            stream.writelines(request(count + number, people) for number in range(10))
            count += 10
    return count


def parse(file: Path) -> None:
    """What everything is measured against."""
    with file.open("rb") as stream:
        for line in stream:
            loads(loads(line)["body"])


def replay(file: Path, jobs: int = 1) -> int:
    """Look at a log; returns the number of requests."""
    tree = discover.tree_of([str(file)], file.parent)
    run = gate.prepare([str(file)], tree, Settings(), eyes=frozenset({gate.CAPTURES}), here=file.parent)
    return replace(run, jobs=jobs).report().ledger.requests


def timed(work: Callable[[], Any], clock: Callable[[], float]) -> float:
    """Seconds that ``work`` takes."""
    start = clock()
    work()
    return clock() - start


def paired(one: Callable[[], Any], other: Callable[[], Any], rounds: int, clock: Callable[[], float]) -> float:
    """The median of ``one`` in units of ``other``."""
    return statistics.median(timed(one, clock) / max(timed(other, clock), 1e-9) for _ in range(rounds))


PEAK = """
import resource, sys
sys.path.insert(0, {root!r})
import mailguard
from mailguard.config import Settings
mailguard.replay({file!r}, Settings())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(file: Path) -> int:
    """Peak memory of a replay, in KiB (Linux)."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(root=str(ROOT), file=str(file))], capture_output=True, check=True, text=True
    )
    return int(done.stdout)


def rows(folder: Path, size: int, large_size: int, rounds: int) -> Iterator[Row]:
    """The table, line after line."""
    for people, goal in ((1, "at most 4, go for 2.5"), (1000, "at most 6, go for 4")):
        file = folder / f"{people}.jsonl"
        count = write(file, size, people)
        replay(file)  # what is loaded once is loaded
        ratio = paired(lambda file=file: replay(file), lambda file=file: parse(file), rounds, time.process_time)  # type: ignore[misc]  # bound now
        each = timed(lambda file=file: replay(file), time.process_time) / count  # type: ignore[misc]  # bound now
        who = "1 recipient" if people == 1 else f"{people:,} recipients"
        yield Row(f"CPU, {who}, against {PARSER}", ratio, goal, detail=f"{each * 1e6:,.0f} us a request")
    if not large_size:
        return
    large = folder / "large.jsonl"
    with large.open("wb") as stream:
        content = (folder / "1.jsonl").read_bytes()
        while stream.tell() < large_size:
            stream.write(content)
    if (os.cpu_count() or 1) > 1:
        ratio = paired(lambda: replay(large), lambda: replay(large, 2), max(1, rounds // 2), time.perf_counter)
        yield Row("wall, one process against two", ratio, "at least 1.7")
    yield Row("memory, large log against small", peak(large) / peak(folder / "1.jsonl"), "about 1")


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=float, default=8, help="megabytes of each log")
    parser.add_argument(
        "--large-mb", type=float, default=100, help="megabytes of the log for processes and memory; 0: none"
    )
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs for each ratio")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        sys.stdout.write(f"{'what':<46}{'ratio':>8}  {'goal':<24}\n")
        for row in rows(Path(folder), int(chosen.mb * 1e6), int(chosen.large_mb * 1e6), chosen.rounds):
            sys.stdout.write(f"{row.what:<46}{row.ratio:>7.1f}{row.unit}  {row.goal:<24}{row.detail}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
