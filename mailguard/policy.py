"""What makes settings looser, and how the settings of an organisation bind those of a repository.

Looser is whatever lets a mail pass that was stopped before. A change that loosens is told; beside an organisation's
policy the looser value does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

from mailguard.baseline import FILE as BASELINE_FILE
from mailguard.baseline import Baseline, match, match_unread
from mailguard.config import AT_ONCE, NEXT_CHANGE, Sender, Settings
from mailguard.rulebook.policies import Audience
from mailguard.rulebook.rules import Rule

__all__ = ["Looser", "loosened", "loosened_baseline", "tightened"]

_T = TypeVar("_T")

DESCRIBES: Final = ("internal_domains", "audiences")
"""What a policy may leave to the repositories: if it says nothing of these, theirs count."""

ADDED: Final = ("senders", "captures", "hosts")
"""What a repository may add to."""


@dataclass(frozen=True, slots=True)
class Looser:
    """One setting that is looser than it was."""

    words: str
    """``inside domains: example.net added``."""
    path: tuple[str, ...] = ()
    """The setting."""

    def at(self, settings: Settings, root: Path) -> str:
        """With the place of the setting: ``pyproject.toml:88   inside domains: example.net added``."""
        file = settings.file
        if file is None:
            return self.words
        name = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
        line = settings.line(*self.path)
        return f"{name}:{line}   {self.words}" if line else f"{name}   {self.words}"


def loosened(old: Settings, new: Settings, rules: Iterable[Rule]) -> list[Looser]:
    """What of ``new`` is looser than ``old``; ``rules`` are those that exist."""
    known = {rule.id: rule for rule in rules}
    found: list[Looser] = []

    def say(words: str, *path: str) -> None:
        found.append(Looser(words, path))

    for domain in new.internal_domains:
        if not any(domain == one or domain.endswith("." + one) for one in old.internal_domains):
            say(f"inside domains: {domain} added", "internal-domains", domain)
    before = {audience.name: audience for audience in old.audiences}
    for audience in new.audiences:
        words = _wider(before.get(audience.name), audience, old, new)
        if words:
            say(f"audience {audience.name} {words}", "audiences", audience.name)
    senders = {sender.name: sender for sender in old.senders}
    for sender in new.senders:
        words = _fewer(senders.pop(sender.name, None), sender)
        if words:
            say(f"sender {sender.name} {words}", "senders", sender.name)
    for name in senders:
        say(f"sender {name} removed", "senders")
    for rule in sorted(_on(old, known) - _on(new, known)):
        key = "ignore" if rule in new.ignore else "select" if new.select else "extend-select"
        say(f"rule {rule} turned off", key, rule)
    for rule, limit in sorted(new.limits.items()):
        was = old.limits.get(rule, known[rule].limit if rule in known else 0)
        if limit > was:
            say(f"limit of {rule} raised from {was:,} to {limit:,}", "limits", rule)
    for rule, limit in sorted(old.limits.items()):
        if rule not in new.limits and rule in known and known[rule].limit > limit:
            say(f"limit of {rule} raised from {limit:,} to {known[rule].limit:,}", "limits")
    ignored = {(glob, rule) for glob, names in old.per_path_ignores.items() for rule in names}
    for glob, names in new.per_path_ignores.items():
        for rule in names:
            if (glob, rule) not in ignored:
                say(f"rule {rule} turned off in {glob}", "per-path-ignores", glob)
    for glob in new.exclude:
        if glob not in old.exclude:
            say(f"{glob} is no longer read", "exclude", glob)
    captures = {(glob, tuple(sorted(one.fields.items()))) for one in new.captures for glob in one.files}
    for one in old.captures:
        for glob in one.files:
            if (glob, tuple(sorted(one.fields.items()))) not in captures:
                say(f"captures {glob} are no longer read as they were", "captures")
    for name, service in old.hosts.items():
        if new.hosts.get(name) != service:
            say(f"requests to {name} are no longer read as those of {service}", "hosts", name)
    if new.gate > old.gate:
        say("the gate is closed by errors only", "gate")
    if old.tests and not new.tests:
        say("test code no longer closes the gate", "tests")
    if old.exceptions == NEXT_CHANGE and new.exceptions == AT_ONCE:
        say("exceptions count at once", "exceptions")
    return found


def _on(settings: Settings, known: Mapping[str, Rule]) -> set[str]:
    """The rules that count."""
    chosen = set(settings.select) if settings.select else {name for name, rule in known.items() if rule.default}
    return (chosen | set(settings.extend_select)) - set(settings.ignore)


def _wider(old: Audience | None, new: Audience, before: Settings, after: Settings) -> str:
    if old is None:
        return "added"
    words = []
    if set(new.at) - set(old.at):
        words.append("has more places")
    if old.at_most is not None and (new.at_most is None or new.at_most > old.at_most):
        words.append(
            f"has no limit, which was {old.at_most:,}" if new.at_most is None else f"raised to {new.at_most:,}"
        )
    if old.one_domain and not new.one_domain:
        words.append("may be of several domains")
    was, now = before.audience_ends.get(old.name), after.audience_ends.get(new.name)
    if was is not None and (now is None or now > was):
        words.append("ends later" if now is not None else "no longer ends")
    return ", ".join(words)


def _fewer(old: Sender | None, new: Sender) -> str:
    if old is None:
        return "declared to write one message each" if new.one_each else ""
    if new.one_each and not old.one_each:
        return "declared to write one message each"
    if (set(old.to) | set(old.cc)) - (set(new.to) | set(new.cc)):
        return "shows fewer of its parameters"
    return ""


def loosened_baseline(old: Baseline | None, new: Baseline | None) -> list[str]:
    """What a new baseline knows that the old one did not."""
    if new is None:
        return []
    old = old or Baseline()
    added = len(new.entries) - len(match(new.problems, old.problems))
    unread = len(new.unread) - len(match_unread(new.unread, old.unread))
    parts = [f"{added:,} known problem{'s' * (added > 1)}"] if added else []
    parts += [f"{unread:,} file{'s' * (unread > 1)} not read"] if unread else []
    return [f"{BASELINE_FILE}   {' and '.join(parts)} added"] if parts else []


def tightened(policy: Settings, own: Settings, rules: Iterable[Rule]) -> tuple[Settings, list[Looser]]:
    """The settings of a repository under the policy of an organisation, and what of them does not count.

    A repository may be stricter, never looser. It describes itself where the policy says nothing of inside domains or
    audiences; senders and captures of both count, those of the policy first.
    """
    rules = tuple(rules)
    known = {rule.id: rule for rule in rules}
    ceiling = policy
    for key in DESCRIBES:
        if not getattr(policy, key):
            described: dict[str, Any] = {key: getattr(own, key)}
            ceiling = replace(ceiling, **described)
    if not policy.audiences:
        ceiling = replace(ceiling, audience_ends=own.audience_ends)
    # What the policy adds by itself is nothing that the repository has set.
    ignored = [one for one in loosened(ceiling, own, rules) if one.path in own.lines and one.path[0] not in ADDED]
    on = _on(policy, known) | _on(own, known)
    limits = {
        rule: min(
            policy.limits.get(rule, known[rule].limit if rule in known else 0),
            own.limits.get(rule, known[rule].limit if rule in known else 0),
        )
        for rule in {*policy.limits, *own.limits}
    }
    both = {
        glob: set(names) & set(own.per_path_ignores.get(glob, ())) for glob, names in policy.per_path_ignores.items()
    }
    result = replace(
        own,
        internal_domains=_inside(policy, own),
        audiences=tuple(_narrower(policy, own)) if policy.audiences else own.audiences,
        audience_ends={**own.audience_ends, **policy.audience_ends},
        senders=(*policy.senders, *_others(own.senders, policy.senders, lambda one: one.name)),
        captures=(*policy.captures, *_others(own.captures, policy.captures, lambda one: one.name)),
        hosts={**own.hosts, **policy.hosts},
        limits=limits,
        select=tuple(sorted(on)),
        extend_select=(),
        ignore=tuple(name for name in own.ignore if name in policy.ignore),
        per_path_ignores={glob: tuple(sorted(names)) for glob, names in both.items() if names},
        exclude=tuple(glob for glob in own.exclude if glob in policy.exclude),
        gate=min(policy.gate, own.gate, key=lambda severity: severity.value),
        tests=policy.tests or own.tests,
        exceptions=NEXT_CHANGE if NEXT_CHANGE in (policy.exceptions, own.exceptions) else AT_ONCE,
    )
    return result, ignored


def _inside(policy: Settings, own: Settings) -> tuple[str, ...]:
    if not policy.internal_domains:
        return own.internal_domains
    if not own.internal_domains:
        return policy.internal_domains

    def within(domain: str, others: Iterable[str]) -> bool:
        return any(domain == one or domain.endswith("." + one) for one in others)

    narrower = [domain for domain in own.internal_domains if within(domain, policy.internal_domains)]
    narrower += [domain for domain in policy.internal_domains if within(domain, own.internal_domains)]
    return tuple(dict.fromkeys(narrower))


def _narrower(policy: Settings, own: Settings) -> Iterator[Audience]:
    mine = {audience.name: audience for audience in own.audiences}
    for audience in policy.audiences:
        one = mine.get(audience.name)
        yield audience if one is None or _wider(audience, one, policy, own) else one


def _others(own: Iterable[_T], policy: Iterable[_T], name: Callable[[_T], str]) -> Iterator[_T]:
    """Those of a repository whose names the policy does not take."""
    taken = {name(one) for one in policy}
    return (one for one in own if name(one) not in taken)
