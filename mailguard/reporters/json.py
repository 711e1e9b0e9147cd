"""The report as one JSON document, with a version. ``report.schema.json`` beside this file is its JSON Schema."""

from __future__ import annotations

import json

from mailguard.model.finding import Report
from mailguard.model.reporter import Options, Reporter
from mailguard.report_data import document

__all__ = ["REPORTER"]


def render(report: Report, options: Options) -> str:
    """One JSON document. ASCII only, so that no control or bidirectional character is ever in it raw."""
    return json.dumps(document(report, options), indent=2) + "\n"


REPORTER = Reporter("json", "one JSON document, versioned", render, suffixes=(".json",))
