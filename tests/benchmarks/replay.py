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


TEXT = "Dear reader {number},\n\n" + 'this month there is much to tell, and "more" to come. ' * 7
LINKED = f'<p>{TEXT}</p><a href="https://example.org/u?id={{number:016x}}">leave</a> or write to help@example.org'


def request(number: int, people: int, text: str = TEXT) -> str:
    """A request of about 1 KB with one recipient; each recipient more adds some 60 bytes. No two are alike."""
    to = [
        {"email": f"person{number}.{place}@example{place % 50}.com", "name": f"Person {number} {place}"}
        for place in range(people)
    ]
    body = {"personalizations": [{"to": to}], "from": {"email": "news@example.org"}, "subject": f"News {number}",
            "content": [{"type": "text/plain", "value": text.format(number=number)}]}  # fmt: skip
    record = {"method": "POST", "url": "https://api.sendgrid.com/v3/mail/send", "status": 202, "time": f"2026-11-01T10:00:{number % 60:02}Z",
              "headers": {"Content-Type": "application/json", "Authorization": "Bearer x"}, "body": json.dumps(body)}  # fmt: skip
    return json.dumps(record) + "\n"


def write(file: Path, size: int, people: int, text: str = TEXT) -> int:
    """A log of at least ``size`` bytes; returns the number of requests."""
    count = 0
    with file.open("w", encoding="utf-8") as stream:
        while stream.tell() < size:
            stream.writelines(request(count + number, people, text) for number in range(10))
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
import sys
sys.path.insert(0, {root!r})
import mailguard
from mailguard.config import Settings
mailguard.replay({file!r}, Settings())
# Not ru_maxrss, which begins with the size of the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak(file: Path) -> int:
    """Peak memory of a replay, in KiB (Linux)."""
    done = subprocess.run(
        [sys.executable, "-c", PEAK.format(root=str(ROOT), file=str(file))], capture_output=True, check=True, text=True
    )
    return int(done.stdout)


def write_har(file: Path, size: int) -> None:
    """A HAR file of at least ``size`` bytes."""
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": [')
        number = 0
        while stream.tell() < size:
            record = json.loads(request(number, 1))
            headers = [{"name": name, "value": value} for name, value in record["headers"].items()]
            post = {"mimeType": "application/json", "text": record["body"]}
            entry = {"startedDateTime": record["time"], "time": 1, "request": {"method": "POST", "url": record["url"], "httpVersion": "HTTP/1.1",
                     "headers": headers, "queryString": [], "cookies": [], "headersSize": -1, "bodySize": -1, "postData": post},
                     "response": {"status": 202, "headers": [], "content": {}}, "cache": {}, "timings": {}}  # fmt: skip
            stream.write(("," if number else "") + json.dumps(entry))
            number += 1
        stream.write("]}}")


def rows(folder: Path, size: int, large_size: int, rounds: int) -> Iterator[Row]:
    """The table, line after line."""
    for name, people, text, goal in (
        ("1 recipient", 1, TEXT, "at most 4, go for 2.5"),
        ("1,000 recipients", 1000, TEXT, "at most 6, go for 4"),
        ("1 recipient, links and an address in the text", 1, LINKED, "none"),
    ):
        file = folder / f"{people}{'-linked' if text is LINKED else ''}.jsonl"
        count = write(file, size, people, text)
        replay(file)  # what is loaded once is loaded
        ratio = paired(lambda file=file: replay(file), lambda file=file: parse(file), rounds, time.process_time)  # type: ignore[misc]  # bound now
        each = timed(lambda file=file: replay(file), time.process_time) / count  # type: ignore[misc]  # bound now
        yield Row(f"CPU, {name}, against {PARSER}", ratio, goal, detail=f"{each * 1e6:,.0f} us a request")
    if not large_size:
        return
    small, large = folder / "small.jsonl", folder / "large.jsonl"
    write(small, large_size // 5, 1)
    write(large, large_size, 1)
    if (os.cpu_count() or 1) > 1:
        ratio = paired(lambda: replay(large), lambda: replay(large, 2), max(1, rounds // 2), time.perf_counter)
        yield Row("wall, one process against two", ratio, "at least 1.7")
    one, other = peak(small), peak(large)
    yield Row("memory, large log against one a fifth of it", other / one, "about 1", detail=f"{other / 1024:,.0f} MiB")
    write_har(folder / "small.har", large_size // 10)
    write_har(folder / "large.har", large_size // 2)
    one, other = peak(folder / "small.har"), peak(folder / "large.har")
    yield Row("memory, large HAR against one a fifth of it", other / one, "about 1", detail=f"{other / 1024:,.0f} MiB")


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mb", type=float, default=32, help="megabytes of each log")
    parser.add_argument(
        "--large-mb", type=float, default=100, help="megabytes of the log for processes and memory; 0: none"
    )
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs for each ratio")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        sys.stdout.write(f"{'what':<66}{'ratio':>8}  {'goal':<24}\n")
        for row in rows(Path(folder), int(chosen.mb * 1e6), int(chosen.large_mb * 1e6), chosen.rounds):
            sys.stdout.write(f"{row.what:<66}{row.ratio:>7.1f}{row.unit}  {row.goal:<24}{row.detail}\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
