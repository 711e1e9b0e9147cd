"""What a reporter must declare, and what it is told besides the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mailguard.model.finding import Report, Severity
from mailguard.model.message import Recipient
from mailguard.model.place import Place

__all__ = ["CodeLines", "Options", "Render", "Reporter", "RuleText"]

CodeLines: TypeAlias = Callable[[str, int, int], Sequence[str] | None]
"""``code_lines(path, first, last)``: the source lines from ``first`` to ``last`` (from 1, both included, fewer at the
end of the file), without line ends; None where the file cannot be shown. Lines go through ``redact`` before they are
printed."""


def no_code(path: str, first: int, last: int) -> None:
    """Show no code (``--no-code``, or a file that is not at hand)."""
    del path, first, last


@dataclass(frozen=True, slots=True)
class RuleText:
    """The words of a rule, for formats that list the rules beside the results."""

    rule: str
    """The rule's id."""
    title: str
    """Its title without a number: ``Several outside people can see each other``."""
    severity: Severity = Severity.ERROR
    summary: str = ""
    """What goes wrong, in one or two sentences; the title where empty."""
    help_text: str = ""
    """The page of ``explain`` as plain text."""
    help_markdown: str = ""
    """The page of ``explain`` as Markdown."""
    cwe: tuple[str, ...] = ("CWE-359",)
    """Weaknesses of the CWE list, the closest first."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a report is shown. The defaults suit a log file."""

    width: int = 100
    """Columns of the terminal; 100 where there is none."""
    colour: bool = False
    """Whether the terminal shows colours (the command line has looked at ``NO_COLOR`` and ``--color``)."""
    command: str = "check"
    """The command that ran, as it is written in a next step: ``mailguard check --all``."""
    code_lines: CodeLines = no_code
    """Where code comes from; nothing is shown without it."""
    commands: frozenset[str] | None = None
    """The commands that exist, so that no report proposes another one; None for all that the guide names."""
    show_all: bool = False
    """``--all``: more than ten findings, known ones and noted ones."""
    all_trails: bool = False
    """``--all-trails``: every way of a finding, with every step."""
    show_undecided: bool = False
    """``--undecided``."""
    reveal: bool = False
    """``--reveal``: addresses in the people part of JSON, and in ``inspect``. No other format looks at it."""
    baseline: bool = False
    """Whether a baseline exists, so that no report proposes to make one."""
    compared: str = ""
    """With what the run was compared, as it ends a sentence: ``in this commit``, ``since origin/main``."""
    changed: Callable[[Place], bool] | None = None
    """Whether a place lies in the change under review; None where there is none."""
    suspect: Place | None = None
    """The first line of the change where it edits one file only; it is behind what is new even if no way goes through it."""
    is_inside: Callable[[Recipient], bool] | None = None
    """Whether a person is inside; None where the policy is not at hand."""
    compare_key: Callable[[str], str] = str.casefold
    """Equal for two addresses of one mailbox (``addresses.compare_key``)."""
    rules: Callable[[], Sequence[RuleText]] = tuple
    """The words of the rules in force, which are put together when somebody asks; a reporter makes do without."""
    version: str = ""
    """mailguard's own version; that of the package where empty."""
    category: str = ""
    """Name of this analysis among several of one repository (SARIF ``automationDetails``)."""

    def has_command(self, name: str) -> bool:
        """Whether a report may propose ``mailguard NAME``."""
        return self.commands is None or name in self.commands


Render: TypeAlias = Callable[[Report, Options], str]


@dataclass(frozen=True, slots=True)
class Reporter:
    """One output format."""

    name: str
    """What ``--output NAME=FILE`` names."""
    title: str
    """What it is, for the list of formats: ``SARIF 2.1.0, for code scanning``."""
    render: Render
    """Pure: the same report and options give the same text. Ends with a line feed. Holds no address."""
    suffixes: tuple[str, ...] = ()
    """Endings of file names that mean this format: ``.sarif``."""
