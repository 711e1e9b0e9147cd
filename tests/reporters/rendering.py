"""Reports as each format writes them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from report_samples import CAPTURES, OPTIONS, REPORT

import mailguard.reporters
from mailguard.model.finding import Ledger, Report
from mailguard.model.reporter import Reporter
from mailguard.shelf import shelf

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
REPORTERS = {reporter.name: reporter for reporter in shelf("mailguard.reporters", "REPORTER", Reporter)}
REPORTS = {
    "code": REPORT,
    "captures": CAPTURES,
    "nothing": Report(ledger=Ledger(calls=2, keeps_apart=2, files=3, files_read=3)),
}
SARIF = json.loads((HERE.parent / "data" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
JSON = json.loads((Path(mailguard.reporters.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))


def render(name, report, **options):
    return REPORTERS[name].render(report, replace(OPTIONS, **options))
