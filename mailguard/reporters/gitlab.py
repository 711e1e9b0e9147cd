"""GitLab Code Quality: the widget of a merge request, which compares the target branch with the source itself.

The form is in GitLab's documentation, "Code Quality", under "Import Code Quality results from a CI/CD job": a list of
objects with ``description``, ``check_name``, ``fingerprint`` (unique), ``severity`` and ``location``.
"""

from __future__ import annotations

import json
from typing import Final

from mailguard.model.finding import Certainty, Finding, Report, Skip
from mailguard.model.place import Place
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Json, Output, safe_text, scrub
from mailguard.wording import Level, clean, fingerprints, level_of, skip_fingerprints, skip_title, skip_why, told

__all__ = ["REPORTER"]

_SEVERITY: Final[dict[Level, str]] = {"error": "critical", "warning": "major", "note": "minor"}


def render(report: Report, options: Options) -> str:
    """Everything that is so, known or not; what was not read is an entry of its own."""
    findings = [
        finding for finding in report.findings if finding.certainty > Certainty.UNDECIDED or options.show_undecided
    ]
    entries: list[Json] = [
        _finding(finding, name) for finding, name in zip(findings, fingerprints(findings), strict=True)
    ]
    entries += [_skip(skip, name) for skip, name in zip(report.skips, skip_fingerprints(report.skips), strict=True)]
    return json.dumps(scrub(entries), indent=2) + "\n"


def _entry(description: str, check: str, name: str, severity: str, place: Place) -> Json:
    return {
        # The widget shows it as text; a stranger's words are made visible all the same.
        "description": safe_text(description, Output.XML),
        "check_name": check,
        "fingerprint": name,
        "severity": severity,
        "location": {"path": clean(place.path).removeprefix("./"), "lines": {"begin": max(place.line, 1)}},
    }


def _finding(finding: Finding, name: str) -> Json:
    severity = "info" if finding.certainty is Certainty.UNDECIDED else _SEVERITY[level_of(finding)]
    description = f"{told(finding.title)}: {told(finding.change)}"
    return _entry(description, clean(finding.rule), name, severity, finding.place)


def _skip(skip: Skip, name: str) -> Json:
    description = f"{skip_title(skip)}: {skip_why(skip)}"
    return _entry(description, "not-read", name, "info" if skip.accepted else "major", skip.place)


REPORTER = Reporter("gitlab", "Code Quality of GitLab", render)
