"""What goes on while captures are read: progress on a terminal, and a sample of the records instead of all.

Progress is written to standard error, only where that is a terminal, and only after two seconds; it holds numbers.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, TextIO, TypeVar

from mailguard.redact import number

__all__ = ["Watch", "sampled"]

_T = TypeVar("_T")
_FIRST: Final = 2.0  # seconds before the first line
_EVERY: Final = 0.25  # seconds between two lines
_STEP: Final = 64  # records between two looks at the clock


@dataclass(slots=True)
class Watch:
    """Watches the captures of one run."""

    sample: int = 0
    """How many records of each capture to look at; 0 for all."""
    stream: TextIO | None = None
    """Where progress is written; None: nowhere."""
    clock: Callable[[], float] = time.monotonic
    captures: int = 0
    """Captures so far."""
    seen: int = 0
    """Records so far, looked at or not."""
    taken: int = 0
    """Records that were looked at."""
    crowded: list[str] = field(default_factory=list)
    """Captures with more people than are remembered."""
    missing: Counter[str] = field(default_factory=Counter)
    """Attached files that were not looked into, by the reason."""
    total: int = 0
    """Bytes of all captures, as far as they are files."""
    _done: int = 0
    _raw: BinaryIO | None = None
    _start: float = 0.0
    _last: float = 0.0
    _shown: int = 0

    @classmethod
    def on_terminal(cls, sample: int = 0) -> Watch:
        """With progress, if standard error is a terminal."""
        return cls(sample, sys.stderr if sys.stderr.isatty() else None)

    def expect(self, files: Iterable[str]) -> None:
        """Say which files will be read, so that the time that is left can be told."""
        for file in files:
            with contextlib.suppress(OSError):
                self.total += Path(file).stat().st_size

    def opened(self, raw: BinaryIO) -> None:
        """Say which file is read now, as it lies on the disk."""
        self._raw = raw

    def records(self, real: str, records: Iterable[_T]) -> Iterator[_T]:
        """The records of a capture, or a sample of them, watched."""
        self.captures += 1
        watched = self._watched(records)
        for record in sampled(watched, self.sample) if self.sample else watched:
            self.taken += 1
            yield record
        self._raw = None
        with contextlib.suppress(OSError):
            self._done += Path(real).stat().st_size

    def crowd(self, path: str) -> None:
        """Note a capture with more people than are remembered."""
        if path not in self.crowded:
            self.crowded.append(path)

    def passed(self, count: int) -> None:
        """Say that so many records were dealt with on the way."""
        self.seen += count
        self.taken += count
        if self.stream is not None:
            self._tell()

    def parts(self, real: str, parts: Iterable[_T]) -> Iterator[_T]:
        """The parts of one capture that other processes read, watched."""
        self.captures += 1
        self._start = self._start or self.clock()
        for part in parts:
            yield part
            self._tell()
        with contextlib.suppress(OSError):
            self._done += Path(real).stat().st_size

    def _watched(self, records: Iterable[_T]) -> Iterator[_T]:
        if not self._start:
            self._start = self._last = self.clock()
        for record in records:
            self.seen += 1
            if self.stream is not None and self.seen % _STEP == 0:
                self._tell()
            yield record

    def _tell(self) -> None:
        now = self.clock()
        if now - self._start < _FIRST or now - self._last < _EVERY or self.stream is None:
            return
        self._last = now
        spent = now - self._start
        line = f"{number(self.seen)} records, {number(round(self.seen / spent))} a second"
        done = self._done
        with contextlib.suppress(OSError, ValueError, AttributeError):
            done += self._raw.tell() if self._raw is not None else 0
        if 0 < done < self.total:
            line += f", {100 * done // self.total} %, {_time(spent * (self.total - done) / done)} left"
        self.stream.write("\r" + line.ljust(self._shown))
        self.stream.flush()
        self._shown = len(line)

    def finish(self) -> None:
        """Take the line of progress away again."""
        if self._shown and self.stream is not None:
            self.stream.write("\r" + " " * self._shown + "\r")
            self.stream.flush()
            self._shown = 0

    def notices(self, *, crowded: bool = True) -> Iterator[str]:
        """What there is to say about the run itself; ``crowded``: also of captures with too many people."""
        if self.sample and self.taken < self.seen:
            yield f"A sample: {number(self.taken)} of {number(self.seen)} records were looked at, so this is not a pass."
        for reason, count in sorted(self.missing.items()):
            files = "1 attached file was" if count == 1 else f"{number(count)} attached files were"
            yield f"{files} not looked into: {reason}."
        for path in self.crowded if crowded else ():
            yield f"{path} has more people than are remembered: texts were compared with the first ones only."

    @property
    def partial(self) -> bool:
        """Whether records were left out."""
        return self.taken < self.seen


def _time(seconds: float) -> str:
    whole = max(1, round(seconds))
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def sampled(records: Iterable[_T], size: int) -> Iterator[_T]:
    """At most ``size`` of ``records``, evenly spread and in order; the same ones each time."""
    kept: list[tuple[int, _T]] = []
    step = 1
    for count, record in enumerate(records):
        if count % step == 0:
            kept.append((count, record))
            if len(kept) > 2 * size:
                step *= 2
                kept = [pair for pair in kept if pair[0] % step == 0]
    if len(kept) <= size:
        yield from (record for _, record in kept)
        return
    for place in range(size):
        yield kept[place * len(kept) // size][1]
