"""What a rule is: its measure, its words, its examples."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from mailguard.model.exchange import Exchange
from mailguard.model.finding import Certainty, Severity
from mailguard.model.message import Message, Trait


class RulesError(Exception):
    """A rule file that cannot be used. The text is one line: file, line where known, what is wrong, what to do."""


class Measure(enum.Enum):
    """What is counted on a message. People of inside domains are never counted, except by TOTAL."""

    VISIBLE_EXTERNAL = "visible-external"
    """Different outside people whom every reader finds in To, Cc or in a display name there."""
    TRANSMITTED_BCC = "transmitted-bcc"
    """Different outside people whom a reader finds in To, Cc and the Bcc line, if that line is sent along."""
    REPLY_TO_EXTERNAL = "reply-to-external"
    """Different outside people in Reply-To."""
    BCC = "bcc"
    """Different outside people who get a hidden copy."""
    TOTAL = "total"
    """Everybody who gets the message, inside or outside."""
    FIRST_RECIPIENT = "first-recipient"
    """Outside people with a hidden copy who read the address of the only outside person in To or Cc."""
    CONTENT = "content"
    """Other outside people who were written to, in the subject, the text, the HTML or an attachment. Of captures only."""
    CALENDAR = "calendar"
    """Outside people in ATTENDEE lines of a calendar part, besides the reader. Of captures only."""
    HEADER = "header"
    """Other outside people who were written to, in List-*, X-* and other headers. Of captures only."""
    MERGE_KEY = "merge-key"
    """Outside people whose merge data is somebody else's. Of captures only."""
    MERGE_SHARED = "merge-shared"
    """Outside people with one and the same merge data in a field that belongs to one person. Of captures only."""
    MERGE_TAG = "merge-tag"
    """Outside people who read a merge tag that nothing fills. Of captures only."""
    LINK = "personal-link"
    """Outside people whose personal link somebody else got. Of captures only."""


Mentioned: TypeAlias = Literal[
    Measure.CONTENT,
    Measure.CALENDAR,
    Measure.HEADER,
    Measure.MERGE_KEY,
    Measure.MERGE_SHARED,
    Measure.MERGE_TAG,
    Measure.LINK,
]
"""Measures of people who are mentioned outside of the lines of addresses."""


class Cause(enum.Enum):
    """What rules compete to explain: of the broken rules of one cause, one speaks."""

    VISIBLE = "visible"
    TRANSMITTED_BCC = "transmitted-bcc"
    REPLY_TO = "reply-to"
    FIRST_RECIPIENT = "first-recipient"
    BCC = "bcc"
    CAP = "cap"
    CONTENT = "content"
    CALENDAR = "calendar"
    HEADER = "header"
    MERGE = "merge"
    MERGE_TAG = "merge-tag"
    LINK = "link"


SHOWING: Final = frozenset(
    {
        Cause.VISIBLE,
        Cause.TRANSMITTED_BCC,
        Cause.REPLY_TO,
        Cause.CONTENT,
        Cause.CALENDAR,
        Cause.HEADER,
        Cause.MERGE,
        Cause.LINK,
    }
)
"""The causes by which a message shows outside people to each other; the others are advice and limits."""


class Over(enum.Enum):
    """What a rule looks at."""

    MESSAGE = "message"
    SEQUENCE = "sequence"
    """A message like any other rule and, in a capture, also neighbouring messages."""


class Kind(enum.Enum):
    """Which wording of a title fits: the number is known, the people are one list, or neither."""

    NUMBER = "number"
    LIST = "list"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Title:
    """The first line of a finding, in its wordings. Slots: ``{n}``, ``{limit}``, ``{size}``, ``{line}``."""

    number: str
    """Where the number of people is known."""
    list: str
    """Where the people come from one list whose length is not known."""
    several: str
    """Where there are several people and neither of the other two holds."""
    size: str = ""
    """Where the size of a batch is known; empty if the rule has no such wording."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened to somebody, once."""

    name: str
    """To whom: ``BitMEX``."""
    date: str
    """When, in words: ``1 November 2019``."""
    url: str
    """Where it is told."""
    story: str = ""
    """What went wrong, in one or two sentences."""


@dataclass(frozen=True, slots=True)
class Example:
    """One sample of a rule: a message, a request, or code. Exactly one of the three is set."""

    name: str
    """What the sample shows, as a title without a full stop."""
    message: Message | None = None
    exchange: Exchange | None = None
    code: str = ""
    certainty: Certainty | None = None
    """The certainty that a bad sample must reach exactly; None if LIKELY or more will do."""
    inside: frozenset[str] = frozenset()
    """The inside domains under which the sample is judged."""
    says: str = ""
    """The title that must be said; empty if any will do."""


@dataclass(frozen=True, slots=True)
class Examples:
    """The samples of a rule; they run as tests."""

    good: tuple[Example, ...] = ()
    """Nothing closes the gate."""
    bad: tuple[Example, ...] = ()
    """The rule speaks, likely or certain."""
    unsure: tuple[Example, ...] = ()
    """The rule speaks, undecided."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What must not happen, and the words for it when it does."""

    id: str
    """Kebab-case and named after the fault, so that ``allow[ID]`` reads well."""
    title: Title
    why: str
    """What a reader of the mail would see; one sentence."""
    change: str
    """What to change, as an imperative without a full stop."""
    measure: Measure
    limit: int
    """The largest number of people that is still fine."""
    severity: Severity
    cause: Cause
    caption: str = "shown to every reader"
    """The words under the caret; may hold ``{line}``."""
    what: str = ""
    """How it comes about, for the page of ``explain``; a short paragraph."""
    changes: tuple[tuple[str, str], ...] = ()
    """What to change with one particular provider: pairs of its name and the words."""
    order: int = 50
    """Among rules of one cause the smallest speaks first; the general rule has 100."""
    when: tuple[Trait, ...] = ()
    """The mechanisms one of which must be there; empty: any message."""
    over: Over = Over.MESSAGE
    default: bool = True
    """Whether it is on without being asked for."""
    incident: Incident | None = None
    cwe: tuple[str, ...] = ("CWE-359",)
    """Weaknesses of the CWE list, the closest first."""
    examples: Examples = field(default_factory=Examples, compare=False, repr=False)
    own: bool = True
    """False for a rule that a project brought."""

    def advice(self, provider: str = "", api: str = "") -> str:
        """What to change when the mail goes through ``provider``.

        ``api`` is the dotted name of the call that sends: plain mail is told in the words of the library that is used,
        where there are any, and one call of a library or service in its own (``django-send-mail``, ``sendgrid-requests``).
        """
        words = dict(self.changes)
        names = [part.casefold() for part in api.replace("_", "-").split(".")]
        owner = names[0] if provider == "smtp" else provider
        keys = (f"{owner}-{names[-1]}", f"{owner}-{names[0]}", owner, provider)
        return next((words[key] for key in keys if key in words), self.change)


CWE: Final[Mapping[str, str]] = {
    "CWE-200": "Exposure of Sensitive Information to an Unauthorized Actor",
    "CWE-201": "Insertion of Sensitive Information Into Sent Data",
    "CWE-212": "Improper Removal of Sensitive Information Before Storage or Transfer",
    "CWE-359": "Exposure of Private Personal Information to an Unauthorized Actor",
    "CWE-770": "Allocation of Resources Without Limits or Throttling",
    "CWE-1230": "Exposure of Sensitive Information Through Metadata",
}
"""Names of the weaknesses that rules point to, as cwe.mitre.org has them."""
