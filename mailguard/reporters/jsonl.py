"""The report as JSON lines, for streams and for many repositories: each line is one part of the JSON document.

The first line of a report has ``"kind": "report"`` and everything that is there once; then come lines with ``"kind"``
``finding``, ``skip`` and ``call``. The parts have the form that they have in the JSON document.
"""

from __future__ import annotations

import json
from typing import Final

from mailguard.model.finding import Report
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Json
from mailguard.report_data import document

__all__ = ["REPORTER"]

_LISTS: Final = {"findings": "finding", "skips": "skip", "calls": "call"}


def render(report: Report, options: Options) -> str:
    """One line for the run, then one for each finding, each thing that was not read, each mail call."""
    whole = document(report, options)
    lines: list[Json] = [{"kind": "report", **{key: part for key, part in whole.items() if key not in _LISTS}}]
    for key, kind in _LISTS.items():
        parts = whole[key]
        if isinstance(parts, list):
            lines += [{"kind": kind, **part} for part in parts if isinstance(part, dict)]
    return "".join(json.dumps(line) + "\n" for line in lines)


REPORTER = Reporter("jsonl", "JSON lines, for streams and many repositories", render, suffixes=(".jsonl", ".ndjson"))
