"""By which rules, audiences and limits a run judges: the rulebook as the settings want it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from mailguard import discover
from mailguard.allow import REMARKS
from mailguard.config import Settings
from mailguard.discover import Tree
from mailguard.evidence import ABOUT
from mailguard.globs import Globs
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Audience, Policy, chosen
from mailguard.rulebook.rules import Rule, RulesError
from mailguard.senders import CONTRADICTED
from mailguard.tally.policies import Policies

__all__ = ["NOT_ABOUT_MESSAGES", "policies_of"]

NOT_ABOUT_MESSAGES: Final = (*REMARKS, *ABOUT, CONTRADICTED)
"""What is told under a name of its own without being a rule of the rulebook; it can be ignored by that name all the same."""


def policies_of(settings: Settings, tree: Tree, as_of: date | None) -> tuple[Policies, tuple[Rule, ...], list[str]]:
    """What a run is judged by, all rules there are, and remarks. Raises ``SettingsError`` and ``RulesError``."""
    folder = settings.folder or tree.root
    everything = load_rules(folder / settings.rules if settings.rules else None)
    rules = _chosen_rules(settings, everything)
    ignores = _path_ignores(settings, tree, everything)
    audiences, notices = _audiences(settings, as_of)
    inside = frozenset(settings.internal_domains)
    policy = Policy(inside, rules, audiences)
    default = chosen(everything, limits=settings.limits)
    whole = policy if rules == default else Policy(inside, default, audiences)
    return Policies(policy, whole, ignores, settings.gate, settings.tests), everything, notices


def _of_rulebook(names: Iterable[str]) -> tuple[str, ...]:
    others = {remark.rule for remark in NOT_ABOUT_MESSAGES}
    return tuple(name for name in names if name not in others)


def _check(settings: Settings, everything: tuple[Rule, ...], key: str, names: Iterable[str], **choice: Any) -> None:
    """Raise ``SettingsError``, with the line of the settings, for a rule that does not exist."""
    try:
        chosen(everything, **choice)
    except RulesError as error:
        wrong = next((name for name in names if name not in {rule.id for rule in everything}), "")
        raise settings.error(str(error), key, wrong) from error


def _chosen_rules(settings: Settings, everything: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that the settings choose."""
    choices: dict[str, tuple[Iterable[str], dict[str, Any]]] = {
        "select": (settings.select, {"select": settings.select or None}),
        "extend-select": (settings.extend_select, {"extend": settings.extend_select}),
        "ignore": (settings.ignore, {"ignore": _of_rulebook(settings.ignore)}),
        "limits": (settings.limits, {"limits": settings.limits}),
    }
    together: dict[str, Any] = {}
    for key, (names, choice) in choices.items():
        # One by one first, so that an error names the setting that it is about.
        _check(settings, everything, key, names, **choice)
        together |= choice
    return chosen(everything, **together)


def _path_ignores(
    settings: Settings, tree: Tree, everything: tuple[Rule, ...]
) -> tuple[tuple[Globs, frozenset[str]], ...]:
    """The rules that do not count in some files."""
    where = discover.folder_of(settings.file, tree.root)
    ignores = []
    for glob, names in settings.per_path_ignores.items():
        _check(settings, everything, "per-path-ignores", names, ignore=_of_rulebook(names))
        ignores.append((Globs([glob], where), frozenset(names)))
    return tuple(ignores)


def _audiences(settings: Settings, as_of: date | None) -> tuple[tuple[Audience, ...], list[str]]:
    """The audiences that count on a day, and remarks on those that have ended."""
    notices = []
    audiences = []
    for audience in settings.audiences:
        end = settings.audience_ends.get(audience.name)
        if end is not None and (as_of is None or as_of > end):
            when = (
                f"on {end.isoformat()}"
                if as_of is not None
                else "as far as can be told: there is no commit and no --as-of"
            )
            notices.append(f"The audience {audience.name} ended {when}; it no longer counts.")
        else:
            audiences.append(audience)
    return tuple(audiences), notices
