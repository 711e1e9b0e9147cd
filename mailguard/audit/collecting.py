"""From a run to the table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from mailguard import __version__, discover, gate, git
from mailguard.audit.table import PYTHON, Audit, Broken, Commit, Decision, Named, Row
from mailguard.discover import PYTHON_SUFFIXES, display_path
from mailguard.elsewhere import SIZE_LIMIT, apis_named, language_of
from mailguard.globs import Globs
from mailguard.model.finding import Call, Finding, Report, Skip
from mailguard.model.place import Place
from mailguard.model.provider import Provider
from mailguard.owners import Owners, read_owners
from mailguard.redact import foreign


def audit_of(run: gate.Run) -> Audit:
    """Look at everything, and put it into one table."""
    report = run.report()
    owners = _Ownership(run.tree.root)
    findings = _by_send(report.findings)
    declared = {sender.name for sender in run.settings.senders}
    # A line of the inventory that has a symbol is code; see ``model.finding.Call``.
    code = [call for call in report.calls if call.symbol]
    recorded = [call for call in report.calls if not call.symbol]
    elsewhere, excluded, too_large = _elsewhere(run, owners)
    home = owners.at(run.tree.root)
    rows = tuple(_rows(code, findings, declared, owners))
    return Audit(
        rows=rows,
        requests=tuple(_rows(recorded, _recorded(report), declared, owners)),
        skips=tuple(sorted(report.skips, key=lambda skip: (skip.place, skip.reason.name, skip.detail))),
        elsewhere=elsewhere,
        unexplained=tuple(_unexplained(run, rows, report.skips, owners)),
        excluded=excluded,
        too_large=too_large,
        decisions=tuple(_decisions(run)),
        others=tuple(sorted((_broken(one) for one in report.findings if one.exception), key=lambda one: one.place)),
        ledger=report.ledger,
        commit=_commit(run),
        part=() if run.tree.whole else tuple(sorted(_relative(name, run.tree.root) for name in run.tree.named)),
        owners_file=home.path,
        owners_problem=home.problem,
        policy=_digest(run),
        baseline=run.baseline is not None,
        notices=report.notices,
    )


def _relative(path: Path, root: Path) -> str:
    return display_path(path.relative_to(root).as_posix()) if path.is_relative_to(root) else display_path(path.name)


def _rows(
    calls: Iterable[Call], findings: Mapping[Place, Sequence[Finding]], declared: set[str], owners: _Ownership
) -> Iterator[Row]:
    for call in sorted(calls, key=lambda call: (call.place, call.api, call.because)):
        broken = sorted(
            {_broken(one) for one in findings.get(call.place, ())},
            key=lambda one: (-one.severity, -one.certainty, one.place, one.rule, one.noted, one.new),
        )
        title = call.api if call.api in declared else api_title(call.api, call.provider)
        yield Row(call, title, owners.of(call.place.path), tuple(broken))


def _broken(one: Finding) -> Broken:
    return Broken(one.rule, one.title, one.certainty, one.severity, one.place, one.change, one.noted, one.new)


def _by_send(findings: Iterable[Finding]) -> dict[Place, list[Finding]]:
    """The findings of each mail call: one finding may have ways to several of them."""
    found: dict[Place, list[Finding]] = {}
    for finding in findings:
        if finding.ways:
            sends = dict.fromkeys((finding.send, *(way.steps[-1].place for way in finding.ways if way.steps)))
            for place in sends:
                found.setdefault(place, []).append(finding)
    return found


def _recorded(report: Report) -> dict[Place, list[Finding]]:
    """The findings of the requests of captures, by the place of the first request that is like it."""
    found: dict[Place, list[Finding]] = {}
    for finding in report.findings:
        if not finding.ways and not finding.exception:
            found.setdefault(finding.send, []).append(finding)
    return found


def api_title(api: str, provider: str) -> str:
    """What people call the library or service: ``Django``, ``smtplib``, ``SendGrid``.

    ``api`` is the dotted name of the function that was called (for a capture, the service and its operation), ``provider`` the
    service that its request belongs to. What hands plain mail to a server is called by its own name.
    """
    providers = gate.providers()
    claimed = providers.get(provider)
    if provider not in gate.PLAIN_MAIL and claimed is not None:
        return claimed.title
    if " " in api:
        return claimed.title if claimed is not None else api  # a capture
    top = api.partition(".")[0]
    same = providers.get(top.replace("_", "-"))
    return same.title if same is not None and _is_one(same) else top


def _is_one(provider: Provider) -> bool:
    """Whether a provider is one library and not several of a kind."""
    return " and " not in provider.title and "," not in provider.title


@dataclass(frozen=True, slots=True)
class _Ownership:
    """Who owns what; each repository inside the tree has its own ``CODEOWNERS``."""

    root: Path
    _read: dict[Path, Owners] = field(default_factory=dict)
    _homes: dict[str, Path] = field(default_factory=dict)

    def at(self, home: Path) -> Owners:
        """What the ``CODEOWNERS`` of one repository says."""
        if home not in self._read:
            self._read[home] = read_owners(home)
        return self._read[home]

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file; ``path`` is relative to the root of the run."""
        home = self._home(path.rpartition("/")[0])
        inside = home.relative_to(self.root).as_posix()
        return self.at(home).of(path if inside == "." else path.removeprefix(f"{inside}/"))

    def _home(self, folder: str) -> Path:
        """The repository that a folder belongs to."""
        if folder not in self._homes:
            here = self.root / folder
            if not folder or (here / ".git").exists():
                self._homes[folder] = here
            else:
                self._homes[folder] = self._home(folder.rpartition("/")[0])
        return self._homes[folder]


def _elsewhere(run: gate.Run, owners: _Ownership) -> tuple[tuple[Named, ...], int, int]:
    """Files whose code is not read and which name a mail API; how many Python files are excluded, how many too large."""
    where = discover.folder_of(run.settings.file, run.tree.root)
    found: list[Named] = []
    excluded = too_large = 0
    for file, is_excluded in discover.other_files(run.tree, Globs(run.settings.exclude, where)):
        python = is_excluded and discover.is_python(file.path, file.real)
        language = PYTHON if python else language_of(file.path)
        excluded += python
        if not language:
            continue
        try:
            # Its size may change while it is read; what was there when it was opened counts.
            large = Path(file.real).stat().st_size > SIZE_LIMIT
            data = b"" if large else file.read()
        except OSError:
            continue  # gone meanwhile, or not for us; a Python file that is not excluded gets a Skip
        too_large += large
        apis = _python_apis(data) if python else apis_named(language, data)
        if apis:
            found.append(Named(file.path, language, apis, is_excluded, owners.of(file.path)))
    return tuple(found), excluded, too_large


def _unexplained(run: gate.Run, rows: Iterable[Row], skips: Iterable[Skip], owners: _Ownership) -> Iterator[Named]:
    """Python files of the application that name a mail API although no way of a mail call goes through them.

    A call that nobody makes is one such file, a library that mailguard does not know another. What holds something that was
    not understood is told already.
    """
    told_of = {skip.place.path for skip in skips}
    for row in rows:
        told_of |= {row.call.place.path, *(step.place.path for way in row.all_ways for step in way)}
    for file in run.files.python:
        if file.path in told_of or not run.tree.asks_for(file.path) or discover.is_test_code(file.path):
            continue
        try:
            apis = apis_named(PYTHON, file.read())
        except OSError:
            continue  # a Skip says so where it matters
        if apis:
            yield Named(file.path, PYTHON, apis, owners=owners.of(file.path))


def _python_apis(data: bytes) -> tuple[str, ...]:
    """The mail APIs that Python code names, by the words by which the analysis chooses what it reads."""
    found = (
        provider.title
        for provider in gate.providers().values()
        if any(all(part.encode() in data for part in token.split(" & ")) for token in provider.library.tokens)
    )
    return tuple(sorted(found, key=str.casefold))


def _decisions(run: gate.Run) -> Iterator[Decision]:
    """The exceptions that allow something, and the audiences that are declared and have not ended."""
    for one in run.exceptions_in_force():
        yield Decision("exception", ", ".join(sorted(one.rules)), one.place, "", one.reason, one.until)
    for audience in run.policies.policy.audiences:
        end = run.settings.audience_ends.get(audience.name)
        until = end.isoformat() if end is not None else ""
        at = ", ".join(audience.at)
        yield Decision("audience", audience.name, Place(""), at, audience.reason, until, audience.at_most)


def _commit(run: gate.Run) -> Commit:
    """The commit that is checked out, and how many Python files differ from it. Nothing is asked that runs a filter."""
    root = run.tree.root
    name = git.commit(root, "HEAD") if (root / ".git").exists() else None
    entries = git.tree(root, name) if name else None
    if not name or entries is None:
        return Commit()
    stored = {display_path(entry.path): entry for entry in entries}
    others = tuple(f"{path}/" for path, entry in stored.items() if entry.mode == git.SUBMODULE)
    changed = 0
    for file in run.files.python:
        if file.path.startswith(others):
            continue
        entry = stored.get(file.path)
        try:
            changed += entry is None or not _is_same(file.read(), entry.name)
        except OSError:
            changed += 1
    present = {file.path for file in run.files.python}
    for path, entry in stored.items():
        # Taken away, and not committed yet.
        if entry.mode in git.REGULAR and path.endswith(PYTHON_SUFFIXES) and path not in present:
            changed += not (root / path).exists()
    return Commit(name, git.commit_date(root), changed)


def _is_same(data: bytes, name: str) -> bool:
    """Whether a file is the object of that name; a checkout may have turned its line ends."""
    return git.name_of(data, name) == name or git.name_of(data.replace(b"\r\n", b"\n"), name) == name


def _digest(run: gate.Run) -> str:
    """A name for the settings and rules in force: equal for what judges alike. Nothing of a person is in it."""
    settings = {name: _plain(value) for name, value in run.settings.shown()}
    rules = [
        {
            item.name: _plain(getattr(rule, item.name))
            for item in fields(rule)
            if item.name not in ("examples", "incident", "own")
        }
        for rule in sorted(run.policies.policy.rules, key=lambda rule: rule.id)
    ]
    text = json.dumps([__version__, settings, rules], sort_keys=True, ensure_ascii=True)
    # An address in a reason would make the digest a way to guess it.
    return hashlib.sha256(foreign(text).encode("ascii", "backslashreplace")).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.name
        case str() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=repr)
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case _:
            return str(value)
