"""The way by which a value came: its steps, and what they say of its origin."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from mailguard.model.place import Place

__all__ = ["CALLS", "ORIGIN_OF", "TRAIL_LIMIT", "Origin", "Step", "StepKind", "Trail", "cut"]


class Origin(enum.IntEnum):
    """Where people come from. Ordered: the larger says more about outsiders."""

    CONFIGURED = 0
    """Settings, environment, a config object, ADMINS/MANAGERS."""
    WRITTEN = 1
    """A literal in the code; judged by its domain."""
    UNKNOWN = 2
    """Nothing tells."""
    GIVEN = 3
    """A parameter, a request, a form."""
    QUERIED = 4
    """The ORM, SQL, a CSV file, an API."""


class StepKind(enum.Enum):
    """What happened to the list at one step of its way; the value is the phrase that is printed."""

    WRITTEN = "written in the code"
    CONFIGURED = "read from the settings"
    DATABASE = "read from the database"
    FILE = "read from a file"
    API = "read from an API"
    REQUEST = "given in a request"
    PARAMETER = "given by the caller"
    UNRESOLVED = "comes from code outside this project"
    COLLECTED = "collected in a loop"
    GROWN = "grows in each pass of the loop"
    BATCHED = "cut into batches"
    JOINED = "joined into one text"
    SPLIT = "split into several"
    STORED = "put into a field"
    PASSED = "passed on whole"
    RETURNED = "returned"
    SHOWN = "shown to every reader"
    SENT = "sent"


ORIGIN_OF: Final[Mapping[StepKind, Origin]] = {
    StepKind.WRITTEN: Origin.WRITTEN,
    StepKind.CONFIGURED: Origin.CONFIGURED,
    StepKind.DATABASE: Origin.QUERIED,
    StepKind.FILE: Origin.QUERIED,
    StepKind.API: Origin.QUERIED,
    StepKind.REQUEST: Origin.GIVEN,
    StepKind.PARAMETER: Origin.GIVEN,
    StepKind.UNRESOLVED: Origin.UNKNOWN,
}
"""Which steps say where a value comes from; the others say what happened to it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way."""

    kind: StepKind
    """What happened."""
    place: Place
    """Where."""
    detail: str = ""
    """A number or a symbol that the phrase needs: the size of a batch, the name of a loop."""


Trail: TypeAlias = tuple[Step, ...]
"""The steps by which a value came here, oldest first."""

CALLS: Final = "calls "
"""What the detail of a GROWN step begins with where a list grows from one call of a function to the next."""

TRAIL_LIMIT: Final = 40
"""Steps kept of one trail: the first and the newest ones. Bounds work on recursive code."""


def cut(trail: Trail) -> Trail:
    """A trail within its limit: its beginning, which tells the origin, and its end."""
    if len(trail) <= TRAIL_LIMIT:
        return trail
    return trail[: TRAIL_LIMIT // 2] + trail[-TRAIL_LIMIT // 2 :]
