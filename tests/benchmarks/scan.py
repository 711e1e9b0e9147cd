"""How fast the scan is, side by side with other tools: ``python tests/benchmarks/scan.py TREE...``.

Each row is the median of the ratios of so many pairs: mailguard and its peer run one after the other, as processes of their own,
on the same files. Test code is left out on both sides: each tree is copied without it into a temporary folder first. A peer
that is not installed leaves its row empty; ``--semgrep``, ``--ruff`` and ``--ripgrep`` name the programs. Ratios are given of
the time on the wall, and of the processor time of all threads and processes (user and system), which other work on the machine
changes less.

mailguard is started as an installer starts it: by a small script, its modules compiled before. The tree without mail code is each
tree without the files that name a mail API. The staged file is one of some 8,000 bytes that names neither a mail API nor a
function on the way to a mail call; what the run before it learned is remembered, as in a hook.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mailguard.cache.tree import LOUD, TEST, could_speak  # noqa: E402  # the checkout, wherever this is started
from mailguard.discover import MACHINE_FOLDERS, is_test_code  # noqa: E402  # the checkout, wherever this is started

TAINT = """\
rules:
  - id: mail
    mode: taint
    languages: [python]
    severity: WARNING
    message: a list reaches a mail call
    pattern-sources:
      - pattern: $X.objects.all(...)
      - pattern: $X.objects.filter(...)
    pattern-sinks:
      - pattern: send_mail(...)
      - pattern: EmailMessage(...)
      - pattern: $X.sendmail(...)
"""

NONE = math.nan

COMMAND = """\
import sys
from mailguard.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
"""
"""What an installer writes for a command."""


@dataclass(frozen=True)
class Taken:
    """What a process took."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of user and system time, those of its children included."""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    goal: str
    ratio: float
    cpu: float
    """The ratio of processor time."""
    own: float
    """Seconds on the wall, or MB."""
    peer: float
    detail: str = ""

    def text(self) -> str:
        """The line."""
        if math.isnan(self.own):
            return self.what
        cells = "".join(f"{'-' if math.isnan(cell) else f'{cell:.2f}':>8}" for cell in (self.ratio, self.cpu))
        peer = "-" if math.isnan(self.peer) else f"{self.peer:.3f}"
        return f"{self.what:<54}{cells}  {self.goal:<10}{self.own:>9.3f} {peer:>9}  {self.detail}".rstrip()


@dataclass(frozen=True)
class Tools:
    """The programs; None for one that is missing."""

    semgrep: str | None
    ruff: str | None
    ripgrep: str | None


class Bench:
    """One session: a folder for copies and caches, and how often each pair runs."""

    def __init__(self, folder: Path, tools: Tools, rounds: int) -> None:
        self.folder, self.tools, self.rounds = folder, tools, rounds
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
            "PYTHONPATH": str(ROOT),
            "MAILGUARD_CACHE_DIR": str(folder / "cache"),
            "RUFF_CACHE_DIR": str(folder / "ruff"),
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_ENABLE_VERSION_CHECK": "0",
        }
        self.command = folder / "bin" / "mailguard"
        self.command.parent.mkdir()
        self.command.write_text(COMMAND, encoding="utf-8")
        self.taint = folder / "taint.yaml"
        self.taint.write_text(TAINT, encoding="utf-8")

    def own(self, *arguments: str) -> list[str]:
        """A command of mailguard."""
        return [sys.executable, str(self.command), "check", *arguments]

    def run(self, command: Sequence[str], where: Path) -> Taken:
        """What a process takes."""
        before, start = of_children(), time.perf_counter()
        subprocess.run(command, cwd=where, env=self.environment, capture_output=True, check=False)
        return Taken(time.perf_counter() - start, max(of_children() - before, 0.0001))

    def peak(self, command: Sequence[str], where: Path) -> float:
        """Peak memory of a process, in MB."""
        code = (
            "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            cwd=where,
            env=self.environment,
            capture_output=True,
            check=True,
            text=True,
        )
        return int(done.stdout) / (1e6 if sys.platform == "darwin" else 1e3)

    def pair(
        self,
        what: str,
        goal: str,
        own: Sequence[str],
        peer: Sequence[str] | None,
        where: Path,
        before: Callable[[], object] = lambda: None,
    ) -> Row:
        """One row; ``before`` is done before each pair."""
        mine, theirs = [], []
        for _ in range(self.rounds):
            before()
            mine.append(self.run(own, where))
            theirs.append(self.run(peer, where) if peer is not None else Taken(NONE, NONE))
        seconds = statistics.median(one.wall for one in mine)
        if peer is None:
            return Row(what, goal, NONE, NONE, seconds, NONE, "the peer is not installed")
        pairs = list(zip(mine, theirs, strict=True))
        wall = statistics.median(one.wall / other.wall for one, other in pairs)
        cpu = statistics.median(one.cpu / other.cpu for one, other in pairs)
        return Row(what, goal, wall, cpu, seconds, statistics.median(other.wall for other in theirs))


def of_children() -> float:
    """Seconds of processor time that finished processes took."""
    try:
        import resource  # not on Windows
    except ImportError:
        times = os.times()
        return times.children_user + times.children_system
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def copy(source: Path, target: Path) -> tuple[int, float]:
    """The Python files of a tree without test code; returns their number and megabytes."""
    count, size = 0, 0
    for here, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in MACHINE_FOLDERS]
        for name in names:
            file = Path(here) / name
            relative = file.relative_to(source).as_posix()
            if not name.endswith(".py") or file.is_symlink() or is_test_code(relative):
                continue
            place = target / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
            count += 1
            size += place.stat().st_size
    # semgrep leaves out more than tests where nobody says otherwise.
    (target / ".semgrepignore").touch()
    return count, size / 1e6


def tokens() -> list[tuple[bytes, ...]]:
    """What files that name a mail API hold: all parts of one of these."""
    from mailguard.gate import libraries  # loads the shelves, only here

    return sorted({tuple(part.encode() for part in each.split(" & ")) for one in libraries() for each in one.tokens})


def names_mail(data: bytes, wanted: Sequence[tuple[bytes, ...]]) -> bool:
    """Whether a file names a mail API."""
    return any(all(part in data for part in each) for each in wanted)


def of_no_account(cache: Path, root: Path) -> list[Path]:
    """The files that name neither a mail API nor a function on the way to one, as the last run remembers it."""
    last = max(cache.glob("run-*"), key=lambda file: file.stat().st_mtime_ns)
    parts = last.read_bytes()[32:].split(b"\0")
    if parts[3] != os.fsencode(root):
        return []  # nothing was remembered
    words = [word.split(b"\x1f") for word in parts[9].split(b"\n") if word]
    rows = [row.split(b"\t") for row in parts[8].split(b"\n") if row.count(b"\t") == 1]
    files = [root / os.fsdecode(path) for kind, path in rows if kind not in {LOUD, TEST}]
    return [file for file in files if not could_speak(file.read_bytes(), words)]


def commit(tree: Path) -> None:
    """Make a repository of a tree, with one commit."""
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for command in ([*git, "init", "-q"], [*git, "add", "-A"], [*git, "commit", "-q", "-m", "all"]):
        subprocess.run(command, cwd=tree, check=True, capture_output=True)


def of_tree(bench: Bench, name: str, tree: Path, goal: str) -> Iterator[Row]:
    """The rows of one tree."""
    tools = bench.tools
    semgrep = [tools.semgrep or "", "scan", "--metrics", "off", "--quiet", "--config", str(bench.taint), "."]
    yield bench.pair(
        f"{name}: cold, against semgrep, one taint rule",
        goal,
        bench.own("--no-cache"),
        semgrep if tools.semgrep else None,
        tree,
    )
    ruff = [tools.ruff or "", "check", "--quiet", "--isolated", "--select", "F,E9", "."]
    bench.run(bench.own(), tree)
    # What was written just now is compared by content; after some seconds times are enough, as on any other day.
    time.sleep(2.5)
    bench.run(bench.own("--color", "never"), tree)
    if tools.ruff:
        bench.run(ruff, tree)
    yield bench.pair(
        f"{name}: warm, against ruff check, cached",
        "<= 4",
        bench.own("--color", "never"),
        ruff if tools.ruff else None,
        tree,
    )
    peak = bench.peak(bench.own("--no-cache"), tree)
    other = bench.peak(semgrep, tree) if tools.semgrep else NONE
    yield Row(f"{name}: peak memory, MB, against semgrep", "<= 400 MB", peak / other, NONE, peak, other)


def without_mail(bench: Bench, name: str, tree: Path) -> Row:
    """A tree of which no file names a mail API, against a search for the same tokens."""
    wanted = tokens()
    for file in list(tree.rglob("*.py")):
        if names_mail(file.read_bytes(), wanted):
            file.unlink()
    patterns = bench.folder / "tokens"
    patterns.write_text("".join(f"{each[0].decode()}\n" for each in wanted), encoding="utf-8")
    command = [bench.tools.ripgrep or "", "-c", "-F", "--no-ignore", "-g", "*.py", "-f", str(patterns), "."]
    return bench.pair(
        f"{name} without mail code: cold, against ripgrep",
        "<= 8",
        bench.own("--no-cache"),
        command if bench.tools.ripgrep else None,
        tree,
    )


def staged(bench: Bench, name: str, tree: Path) -> Row | None:
    """One staged file that names nothing of mail, against ruff on that file."""
    commit(tree)
    command = bench.own("--staged")
    found: list[Path] = []
    for _ in range(RUNS):
        # An index that was written a moment ago could be written again unseen: then nothing is remembered.
        if not found:
            bench.run(command, tree)
            found = of_no_account(bench.folder / "cache", tree)
    quiet = sorted(found, key=lambda file: abs(file.stat().st_size - 8000))
    turn = 0
    for file in quiet[:5]:
        text = file.read_text("utf-8", "surrogateescape")

        def stage(file: Path = file, text: str = text) -> None:
            nonlocal turn
            turn += 1
            file.write_text(f"{text}\n# {turn}\n", "utf-8", "surrogateescape")
            subprocess.run(["git", "add", str(file)], cwd=tree, check=True, capture_output=True)

        stage()
        bench.run(command, tree)
        stage()
        if bench.run(command, tree).cpu < AT_ONCE:
            # It names no function on the way either, and no way leads through it.
            ruff = [bench.tools.ruff or "", "check", "--quiet", "--isolated", str(file)]
            row = bench.pair(
                f"{name}: one staged file, against ruff of it",
                "<= 3",
                command,
                ruff if bench.tools.ruff else None,
                tree,
                stage,
            )
            return replace(row, detail=f"{row.detail} {text.count(chr(10))} lines".strip())
    return None


RUNS = 5
"""So often a tree is looked at until it is remembered."""

AT_ONCE = 0.2
"""Seconds of processor time: an answer that needed no look takes less, even on a slow machine."""

GOALS = {"django": "<= 1.0", "core": "<= 0.5", "homeassistant": "<= 0.5", "saleor": "<= 0.6", "indico": "<= 1.0"}


def rows(bench: Bench, trees: Sequence[Path]) -> Iterator[Row]:
    """The table, line after line."""
    for source in trees:
        tree = bench.folder / "trees" / source.name
        count, size = copy(source, tree)
        name = source.name.partition("-")[0]
        yield Row(f"{name}: {count:,} files, {size:.1f} MB", "", NONE, NONE, NONE, NONE)
        yield from of_tree(bench, name, tree, GOALS.get(name, "<= 1.0"))
        other = bench.folder / "trees" / f"{source.name}-without"
        copy(source, other)
        yield without_mail(bench, name, other)
        hook = bench.folder / "trees" / f"{source.name}-hook"
        copy(source, hook)
        row = staged(bench, name, hook)
        if row is not None:
            yield row


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("trees", nargs="+", type=Path, help="folders of Python code")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs for each ratio")
    for name, program in (("semgrep", "semgrep"), ("ruff", "ruff"), ("ripgrep", "rg")):
        parser.add_argument(f"--{name}", default=shutil.which(program), help="where it is")
    chosen = parser.parse_args(arguments)
    tools = Tools(chosen.semgrep or None, chosen.ruff or None, chosen.ripgrep or None)
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        bench = Bench(Path(folder), tools, chosen.rounds)
        sys.stdout.write(
            f"{'what (medians of ' + str(chosen.rounds) + ' pairs)':<54}{'ratio':>8}{'of CPU':>8}  {'goal':<10}{'own':>9} {'peer':>9}\n"
        )
        for row in rows(bench, [tree.resolve() for tree in chosen.trees]):
            sys.stdout.write(row.text() + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
