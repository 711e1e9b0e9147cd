"""Functions that bring data in: files, the environment, the network, databases, whoever is asked."""

from __future__ import annotations

import re
from typing import Any

from mailguard.model.count import OPEN, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import Items, Known, Step, StepKind, Unknown, trail_of
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Cls, Ext, Ref, Val, join_values
from mailguard.source.library import frames
from mailguard.source.library.containers import element
from mailguard.source.library.literals import string
from mailguard.source.library.provenance import query


def environment(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """A variable of the environment, or its default."""
    name = string(args[0]) if args else None
    value: Val = Unknown(name or "environment", OPEN, (Step(StepKind.CONFIGURED, place, name or ""),))
    if len(args) > 1 and not (isinstance(args[1], Known) and not args[1].value):
        return join_values(value, args[1])
    return value


def opened_file(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """``open(...)``: a file, or settings where its name says so."""
    name = string(args[0]) if args else ""
    label = getattr(args[0], "why", "") or getattr(args[0], "name", "") if args else ""
    # Who may be in a file that an operator names is not the operator's choice; settings are.
    configured = (
        re.search(r"config|settings|\bconf\b|\bcfg\b|\.ini\b|secret|\benv\b", name or label or "", re.IGNORECASE)
        is not None
    )
    kind = StepKind.CONFIGURED if configured else StepKind.FILE
    return Unknown("file", OPEN, (Step(kind, place, name or ""),))


def file_rows(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """The rows of a table out of a file."""
    trail = trail_of(args[0]) if args else ()
    return query("row", place, StepKind.FILE, trail)


def table(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """A frame of pandas or polars."""
    held = [element(state, arg, place) for arg in args[:1] if isinstance(arg, (Ref, Items))]
    return frames.frame(place, frames.trail_of_source([*held, *args[:1]]))


def loaded_data(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """Data out of a file or a text."""
    trail = trail_of(args[0]) if args else ()
    return Unknown("data", OPEN, trail or (Step(StepKind.FILE, place),))


def loaded_settings(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """Data out of a TOML file, a form that is made for settings and used for little else."""
    return Unknown("config", OPEN, (Step(StepKind.CONFIGURED, place, "toml"),))


def _asked(machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place) -> Val:
    """What somebody types in."""
    return Unknown("input", OPEN, (Step(StepKind.REQUEST, place),))


def response(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """The answer to a request."""
    return Unknown("response", OPEN, (Step(StepKind.API, place),))


def object_or_404(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """One row of the database."""
    base = args[0] if args else None
    name = (
        base.node.name if isinstance(base, Cls) else base.path.rsplit(".", 1)[-1] if isinstance(base, Ext) else "object"
    )
    return Unknown(name, OPTIONAL, (Step(StepKind.DATABASE, place),))


def list_or_404(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """Rows of the database."""
    return query("object", place)


def parsed_args(
    machine: Any, context: Any, state: State, args: list[Val], named_args: dict[str, Val], place: Place
) -> Val:
    """What stands on the command line."""
    return Unknown("args", OPEN, (Step(StepKind.CONFIGURED, place, "args"),))
