"""Which rules are on, who is inside, and which audiences are declared."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from mailguard.rulebook.checks import LIMIT_MAX, meant, quoted
from mailguard.rulebook.rules import Cause, Rule, RulesError


@dataclass(frozen=True, slots=True)
class Audience:
    """People who may see each other, declared in the settings: a promise with a limit, not a hole in the gate."""

    name: str
    at: tuple[str, ...]
    """Where in the code: symbols (``crm.alerts.notify_admins``, ``crm.alerts.*``) or paths (``crm/alerts.py``)."""
    at_most: int | None = None
    """How many outside people one message may show; None if the number is not limited."""
    one_domain: bool = False
    """Whether all of them must have addresses at one domain."""
    reason: str = ""
    """Why they may see each other."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is judged: the rules that are on, who is inside, which audiences are declared."""

    inside: frozenset[str]
    rules: tuple[Rule, ...]
    audiences: tuple[Audience, ...] = ()
    by_cause: tuple[tuple[Rule, ...], ...] = field(init=False, repr=False, compare=False)
    """The rules, those of one cause together, in the order in which they speak."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the rules once; a capture may hold a million messages."""
        groups: dict[Cause, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda rule: (rule.order, rule.id)):
            groups.setdefault(rule.cause, []).append(rule)
        ordered = tuple(tuple(groups[cause]) for cause in Cause if cause in groups)
        object.__setattr__(self, "by_cause", ordered)
        object.__setattr__(self, "_hash", hash((self.inside, self.rules, self.audiences)))

    def __hash__(self) -> int:
        """Worked out once: policies are keys of caches."""
        return self._hash


def chosen(
    rules: Iterable[Rule],
    *,
    select: Collection[str] | None = None,
    extend: Collection[str] = (),
    ignore: Collection[str] = (),
    limits: Mapping[str, int] | None = None,
) -> tuple[Rule, ...]:
    """The rules that are on, with the limits of the settings.

    Args:
        rules: all rules, as :func:`load_rules` gives them.
        select: exactly these; None means those that are on by default.
        extend: these as well.
        ignore: not these.
        limits: other limits, by rule.

    Raises:
        RulesError: for a rule that does not exist, or a limit below 0.

    """
    everything = {rule.id: rule for rule in rules}
    for name in [*(select or ()), *extend, *ignore, *(limits or {})]:
        if name not in everything:
            raise RulesError(f"there is no rule {quoted(name)}{meant(name, everything)}")
    for name, limit in (limits or {}).items():
        if isinstance(limit, bool) or not 0 <= limit <= LIMIT_MAX:
            raise RulesError(f"the limit of {name} must be a number from 0 to {LIMIT_MAX:,}")
    result = []
    for rule in everything.values():
        on = rule.default if select is None else rule.id in select
        if (on or rule.id in extend) and rule.id not in ignore:
            result.append(replace(rule, limit=(limits or {}).get(rule.id, rule.limit)))
    return tuple(result)


def audience_for(policy: Policy, symbols: Iterable[str], paths: Iterable[str] = ()) -> Audience | None:
    """The first declared audience of a place.

    Args:
        policy: where the audiences are declared.
        symbols: the functions that the place is in (that of the send, of the place where the people enter, the
            root), as ``package.module:Class.method`` or with dots only.
        paths: the files of the place, or of the capture, relative to the root, with forward slashes.

    """
    names = [symbol.replace(":", ".") for symbol in symbols if symbol]
    files = list(paths)
    for audience in policy.audiences:
        for pattern in audience.at:
            candidates = files if _is_path(pattern) else names
            wanted = pattern if _is_path(pattern) else pattern.replace(":", ".")
            if any(fnmatch.fnmatchcase(candidate, wanted) for candidate in candidates):
                return audience
    return None


def _is_path(pattern: str) -> bool:
    return "/" in pattern or pattern.endswith((".py", ".ipynb", ".jsonl", ".json", ".har", ".eml", ".mbox", ".yaml"))
