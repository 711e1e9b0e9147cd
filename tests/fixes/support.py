"""Programs before and after a repair: what is found in them, and who gets what when they run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mailguard import gate, repair
from mailguard.config import Settings
from mailguard.discover import Tree
from mailguard.model.finding import Finding, Report

from ..laws import runs  # noqa: TID252  # what is tested together is named together; there is no package above

SAMPLES = Path(__file__).parent / "samples"
AFTER = "\n# ---------- after\n"
REFUSED = "\n# ---------- refused: "
SIZES = (0, 1, 2, 5)


@dataclass(frozen=True)
class Sample:
    """A program, and what it becomes or why it is left alone."""

    fix: str
    before: str
    after: str = ""
    refusal: str = ""


def sample(path: Path) -> Sample:
    text = path.read_text("utf-8")
    if REFUSED in text:
        before, _, reason = text.partition(REFUSED)
        return Sample(path.parent.name, before, refusal=reason.strip())
    before, _, after = text.partition(AFTER)
    return Sample(path.parent.name, before, after)


class Project:
    """A folder with one program."""

    def __init__(self, folder: Path, data: bytes, name: str = "program.py") -> None:
        self.folder = folder
        self.file = folder / name
        self.file.write_bytes(data)
        self.report = self.look({})

    def look(self, texts: Mapping[str, bytes]) -> Report:
        run = gate.prepare([], Tree(self.folder), Settings(), eyes=frozenset({gate.CODE}), here=self.folder)
        return replace(run, files=repair.with_texts(run.files, texts)).report()

    def read(self, path: str) -> bytes | None:
        file = self.folder / path
        return file.read_bytes() if file.exists() else None

    def found(self) -> list[Finding]:
        return [finding for finding in self.report.findings if repair.worth_repairing(finding)]

    def outcomes(self) -> list[repair.Outcome]:
        return list(repair.repaired(self.report, self.found(), self.look, self.read))


@dataclass(frozen=True)
class Mailing:
    """Who got what in a run."""

    got: Counter[str]
    """For each person how many messages."""
    shown: int
    """The most people that one message shows to its readers."""
    error: str = ""


def mailing(text: str, size: int, flags: Mapping[str, bool] | None = None, *arguments: object) -> Mailing:
    """Run a program against the real libraries, up to the wire."""
    try:
        sent, error = runs.run(text, runs.World(size, size, flags or {}), *arguments)
    except AssertionError:
        # Flask-Mail's way to say that a message has no reader.
        assert not size
        return Mailing(Counter(), 0, "AssertionError")
    got: Counter[str] = Counter()
    shown = 0
    for each in runs.replayed(sent):
        assert not each.problem, each.problem
        for message in each.messages:
            copies = message.copies.exact or 1
            # Where the service makes one message for each person, copies of all of them go to everybody else.
            for person in (*message.to, *message.cc, *message.bcc, *message.transmitted_bcc):
                got[str(person.address).casefold()] += copies
            visible = {str(one.address).casefold() for one in (*message.to, *message.cc, *message.transmitted_bcc)}
            shown = max(shown, len(visible - {"from@example.com"}))
    got.pop("from@example.com", None)
    # The people of a run are named after the line that asks for them, which may have moved.
    places = sorted({int(place) for address in got for place in re.findall(r"^[pu](\d+)-", address)})
    moved = {str(place): str(number) for number, place in enumerate(places, 1)}
    got = Counter({re.sub(r"(?<=^[pu])\d+(?=-)", lambda m: moved[m[0]], one): times for one, times in got.items()})
    return Mailing(got, shown, type(error).__name__ if error else "")
