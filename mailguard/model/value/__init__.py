"""Values: what a request holds, and what a program would put there.

Plain Python data (``str, int, float, bool, None, bytes, list, tuple, dict``) are
values as they are, so a recorded request pays nothing for abstraction. The
classes of ``kinds`` add the few ways of not knowing. :func:`get`, :func:`each`,
:func:`has`, :func:`truth` and :func:`text` work on all of them, so a provider is
written as if everything were known. A flag that is not known counts, plainly,
as absent.

Every abstract value carries a *trail*: the steps by which it came here, oldest
first. A trail never takes part in equality.

Rooms: ``steps`` are those of a trail, ``kinds`` what values there are, ``reading`` the questions that they answer.
"""

from __future__ import annotations

from mailguard.model.value.kinds import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Repeat,
    Scalar,
    Text,
    Unknown,
    Value,
    each,
    extended,
    inherit,
    trail_of,
    with_step,
)
from mailguard.model.value.reading import (
    Sort,
    get,
    has,
    is_tuple,
    join,
    known,
    origin,
    plain,
    scalar,
    sort_of,
    text,
    truth,
)
from mailguard.model.value.steps import CALLS, ORIGIN_OF, Origin, Step, StepKind, Trail

__all__ = [
    "ABSENT",
    "CALLS",
    "ORIGIN_OF",
    "Absent",
    "Either",
    "Fields",
    "Items",
    "Known",
    "Member",
    "Object",
    "Origin",
    "Parameter",
    "Repeat",
    "Scalar",
    "Sort",
    "Step",
    "StepKind",
    "Text",
    "Trail",
    "Unknown",
    "Value",
    "each",
    "extended",
    "get",
    "has",
    "inherit",
    "is_tuple",
    "join",
    "known",
    "origin",
    "plain",
    "scalar",
    "sort_of",
    "text",
    "trail_of",
    "truth",
    "with_step",
]
