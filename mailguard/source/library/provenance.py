"""Where values come from: names that say settings, requests and queries."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from mailguard.model.count import MANY, OPEN, OPTIONAL
from mailguard.model.place import Place
from mailguard.model.value import Items, Known, Member, Step, StepKind, Trail, Unknown
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Ext, Native, Ref, Val

_NOWHERE: Final = Place("")
_CONFIGURED: Final = frozenset(
    "settings config conf cfg configuration environ env getenv environment options opts opt args argv arguments app_settings "
    "secrets preferences constants defaults parser configparser appsettings site_settings global_settings cli_args "
    "app_config flags parsed_args cmdargs ini params_config site_config".split()
)
"""Names of things that an operator fills, not a visitor."""
QUERIES: Final = frozenset(
    "all filter exclude order_by distinct values_list values select_related prefetch_related annotate only defer reverse "
    "iterator filter_by fetchall fetchmany scalars mappings find_all select where join outerjoin options limit offset "
    "group_by having union intersection difference active published using with_entities query raw search sudo browse "
    "get_queryset list_users paginate scan".split()
)
FIRSTS: Final = frozenset(
    "get first last one one_or_none fetchone scalar get_or_404 first_or_404 find_one latest earliest get_or_none "
    "get_object_or_404 scalar_one scalar_one_or_none pop popitem popleft get_by_id".split()
)


_OPERATORS: Final = (
    "airflow.models.Variable.",
    "airflow.models.variable.Variable.",
    "airflow.sdk.Variable.",
    "prefect.variables.Variable.",
)
"""What an operator fills in the web pages of a scheduler."""


@functools.lru_cache(maxsize=10_000)
def configured_name(name: str) -> bool:
    """Whether a dotted name reads like settings: a segment that says so, or a constant in capitals."""
    if name.startswith(_OPERATORS):
        return True
    parts = re.split(r"[.\[\]()'\"]+", name)
    for part in parts:
        low = part.lower().lstrip("_")
        if (
            low in _CONFIGURED
            or low.endswith(("_settings", "_config", "_conf", "_options"))
            or low.startswith(("settings_", "config_"))
        ):
            return True
    last = next((part for part in reversed(parts) if part), "")
    return last.isupper() and len(last) > 2 and last not in {"GET", "POST", "FILES"}


SWITCH: Final = "a switch"
"""The detail of the step of a value that an operator sets."""


def settings_like(name: str) -> bool:
    """Whether a module or class is called like one that holds settings."""
    return re.search(r"settings|config|constants|^conf$|^env$", name, re.IGNORECASE) is not None


_SERVER: Final = re.compile(
    r"smtp\w*|(?:e?mail|relay)_?(?:host|server)\w*|host(?:name)?|server(?:_?(?:name|host))?", re.IGNORECASE
)
_SECRET: Final = re.compile(r"\w*(?:password|passwd|passwort|passphrase|pwd|secret)|\w*_pass|pass_", re.IGNORECASE)


def is_account(names: Collection[str]) -> bool:
    """Whether things of these names, set together, are an account on a mail server: who knows its password is the operator."""
    return any(map(_SERVER.fullmatch, names)) and any(map(_SECRET.fullmatch, names))


def is_switch(value: Known) -> bool:
    """Whether a value is what the code sets at first, and an operator may set otherwise."""
    return any(step.kind is StepKind.CONFIGURED and step.detail == SWITCH for step in value.trail)


def origin_of(name: str, place: Place) -> Trail:
    """The first step of what a name stands for: settings, a request, or nobody knows."""
    if configured_name(name):
        return (Step(StepKind.CONFIGURED, place, name),)
    first = name.split(".", 1)[0]
    if first in {"request", "req"} or _WEB.match(name):
        return (Step(StepKind.REQUEST, place),)
    return (Step(StepKind.UNRESOLVED, place, name),)


_WEB: Final = re.compile(r"(?:flask|quart|bottle|cherrypy)\.request(?:\.|$)")
"""The request that a web framework keeps at its top level."""


def named(name: str, place: Place) -> Val:
    """A name that nothing in the project defines."""
    return Unknown(name, OPEN, origin_of(name, place))


def query(name: str, place: Place, kind: StepKind = StepKind.DATABASE, trail: Trail = ()) -> Items:
    """The rows of a query, or of whatever else yields many things of one kind."""
    way = (*trail, Step(kind, place))
    return Items((Member(Unknown(name, OPTIONAL, way), MANY),), way, "query")


def external_value(value: Ext) -> Val:
    """Something outside the project, used as data."""
    name = value.path.rsplit(".", 1)[-1]
    configured = configured_name(value.path)
    trail = value.trail or (origin_of(value.path, _NOWHERE) if configured or _WEB.match(value.path) is not None else ())
    return Unknown(name, OPEN, trail)


def external_attribute(path: str, place: Place) -> Val:
    """``package.name`` of a package outside the project."""
    name = path.rsplit(".", 1)[-1]
    if name in {"objects", "_default_manager"}:
        return query(path.rsplit(".", 2)[-2], place)
    if name == "query" and path.rsplit(".", 2)[-2][:1].isupper():
        return query(path.rsplit(".", 2)[-2], place)
    if path in _CONSTANTS:
        return Known(_CONSTANTS[path])
    return Ext(path, origin_of(path, place) if configured_name(path) or _WEB.match(path) else ())


_CONSTANTS: Final = {"email.utils.COMMASPACE": ", ", "os.linesep": "\n", "string.ascii_letters": "a"}


def class_attribute(cls: str, name: str, place: Place) -> Val:
    """``Class.name`` where the class defines no such name: what its metaclass or an ORM brings."""
    if name in {"objects", "query", "_default_manager", "all_objects", "active_objects"} or name.endswith("_objects"):
        return query(cls, place)
    if name in QUERIES:
        return Native(f"value.{name}", query(cls, place), bound=True)
    if name in FIRSTS or name in {"get_by", "find_by", "create"}:
        return Native(f"value.{name}", query(cls, place), bound=True)
    return Unknown(f"{cls}.{name}", OPEN, origin_of(f"{cls}.{name}" if name.isupper() else name, place))


def configured_literals(state: State, value: Val, step: Step) -> Val:
    """``value`` with its literals taken as settings: the operator wrote them in a place for that."""
    if isinstance(value, Known) and any(each_step.kind is StepKind.WRITTEN for each_step in value.trail):
        return replace(value, trail=(step,))
    if isinstance(value, Items):
        return replace(
            value,
            members=tuple(
                Member(configured_literals(state, item_value, step), count) for item_value, count in value.members
            ),
        )
    if isinstance(value, Ref) and value in state.heap:
        cell = state.heap[value]
        members = tuple(
            Member(configured_literals(state, item_value, step), count) for item_value, count in cell.members
        )
        fields = tuple((key, configured_literals(state, item_value, step)) for key, item_value in cell.fields)
        trail = (step,) if cell.sort == "dict" else cell.trail
        state.heap[value] = replace(cell, members=members, fields=fields, trail=trail)
    return value
