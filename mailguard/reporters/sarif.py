"""SARIF 2.1.0 (OASIS standard, with Errata 01), as GitHub code scanning and others read it.

What GitHub asks for beyond the standard is on its page "SARIF support for code scanning": results with one
location, ``partialFingerprints.primaryLocationLineHash``, rules with short and full description and help, tags,
``precision`` and ``security-severity``, and at most 5,000 results that are kept of a run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from mailguard import __version__
from mailguard.ledger import ledger_lines
from mailguard.model.finding import Certainty, Finding, Report, Severity, Skip, Way
from mailguard.model.place import Place
from mailguard.model.reporter import Options, Reporter, RuleText
from mailguard.model.value import Step, StepKind
from mailguard.redact import Json, Output, safe_text, scrub
from mailguard.ways import list_sentence, phrase, told_steps
from mailguard.wording import clean, file_line, fingerprints, full_change, level_of, skip_title, skip_why, told, way_of

__all__ = ["REPORTER"]

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

RESULTS: Final = 5_000
"""Results of a run that GitHub keeps; the worst come first, so that the tail is what goes."""

DESCRIPTION: Final = 1_024
"""Characters that GitHub takes of a rule's descriptions."""

FLOWS: Final = 100
"""Ways that are written for one result; where there are more, ``ways`` among its properties says how many."""

FLOW_STEPS: Final = 1_000
"""Steps of all ways of one result; GitHub keeps as many."""

ALL_STEPS: Final = 40_000
"""Steps of all results of a run together, so that the file stays below the ten megabytes, packed, that GitHub takes."""

RELATED: Final = 100
"""Places beside a result that GitHub keeps."""

CWE_LIST: Final = "CWE"

SECURITY_SEVERITY: Final = {Severity.ERROR: "7.5", Severity.WARNING: "5.0", Severity.NOTE: "2.0"}
"""On GitHub's scale: high from 7.0, medium from 4.0, low below."""

PROBLEM_SEVERITY: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


def render(report: Report, options: Options) -> str:
    """One log with one run. Places are relative to ``%SRCROOT%``; columns count characters."""
    every = [
        finding for finding in report.findings if finding.certainty > Certainty.UNDECIDED or options.show_undecided
    ]
    names = fingerprints(every)
    kept = list(zip(every, names, strict=True))[:RESULTS]
    rules = _rules([finding for finding, _ in kept], options.rules())
    index = {rule.rule: position for position, rule in enumerate(rules)}
    budget = _Budget(ALL_STEPS)
    compared = options.baseline or any(not finding.new for finding in every)
    notifications = [_notification(skip) for skip in report.skips]
    if len(every) > len(kept):
        notifications.append(_remark(f"{len(every) - len(kept):,} more findings are not in this file.", "warning"))
    notifications += [_remark(told(notice), "note") for notice in report.notices]
    version = options.version or __version__
    run: dict[str, Json] = {
        "tool": {
            "driver": {
                "name": "mailguard",
                "version": version,
                "semanticVersion": version,
                "rules": [_rule(rule) for rule in rules],
                "supportedTaxonomies": [{"name": CWE_LIST}],
            }
        },
        "taxonomies": [_weaknesses(rules)],
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not any(not skip.accepted for skip in report.skips),
                "exitCode": report.exit_code,
                "toolExecutionNotifications": notifications,
            }
        ],
        "results": [
            _result(finding, name, index[finding.rule], options, budget, compared=compared) for finding, name in kept
        ],
        "properties": {"ledger": " ".join(ledger_lines(report.ledger))},
    }
    if options.category:
        run["automationDetails"] = {"id": clean(options.category).rstrip("/") + "/"}
    log: Json = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(scrub(log), indent=2) + "\n"


# --- rules ----------------------------------------------------------------------------------------


def _rules(findings: Sequence[Finding], known: Sequence[RuleText]) -> list[RuleText]:
    rules = {rule.rule: rule for rule in known}
    for finding in findings:
        if finding.rule not in rules:
            rules[finding.rule] = RuleText(finding.rule, told(finding.title), finding.severity, told(finding.why))
    return [rules[name] for name in sorted(rules)]


def _rule(rule: RuleText) -> Json:
    summary = rule.summary or rule.title
    text = rule.help_text or f"{rule.title}. See: mailguard explain {rule.rule}"
    help_: dict[str, Json] = {"text": text}
    if rule.help_markdown:
        help_["markdown"] = rule.help_markdown
    return {
        "id": clean(rule.rule),
        "name": "".join(word.capitalize() for word in clean(rule.rule).split("-"))[:255],
        "shortDescription": {"text": rule.title[:DESCRIPTION]},
        "fullDescription": {"text": summary[:DESCRIPTION]},
        "help": help_,
        "defaultConfiguration": {"level": rule.severity.name.lower()},
        "relationships": [
            {"target": {"id": number, "toolComponent": {"name": CWE_LIST}}, "kinds": ["superset"]}
            for number in map(_number, rule.cwe)
        ],
        "properties": {
            "tags": ["security", "privacy", "email", *(f"external/cwe/{clean(name).lower()}" for name in rule.cwe[:6])],
            "precision": "high",
            "problem.severity": PROBLEM_SEVERITY[rule.severity],
            "security-severity": SECURITY_SEVERITY[rule.severity],
        },
    }


def _number(weakness: str) -> str:
    """``359`` out of ``CWE-359``: in the CWE list, entries are told by their number."""
    return clean(weakness).removeprefix("CWE-")


def _weaknesses(rules: Sequence[RuleText]) -> Json:
    """The entries of the CWE list that the rules point to (SARIF 2.1.0, section 3.19.3: a taxonomy)."""
    numbers = sorted({_number(weakness) for rule in rules for weakness in rule.cwe}, key=lambda text: (len(text), text))
    return {
        "name": CWE_LIST,
        "organization": "MITRE",
        "shortDescription": {"text": "The MITRE Common Weakness Enumeration"},
        "informationUri": "https://cwe.mitre.org/",
        "isComprehensive": False,
        "taxa": [
            {"id": number, "helpUri": f"https://cwe.mitre.org/data/definitions/{number}.html"} for number in numbers
        ],
    }


# --- results --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Budget:
    """How many steps of ways may still be written."""

    left: int

    def of_one(self, finding: Finding) -> Sequence[Way]:
        """The ways of a result that are written: the worst first, and never half of one."""
        kept: list[Way] = []
        room = min(self.left, FLOW_STEPS)
        for way in finding.ways[:FLOWS]:
            if len(way.steps) > room:
                break
            room -= len(way.steps)
            self.left -= len(way.steps)
            if way.steps:
                kept.append(way)
        return kept


def _result(finding: Finding, name: str, rule: int, options: Options, budget: _Budget, *, compared: bool) -> Json:
    related: list[Json] = []
    properties: dict[str, Json] = {
        "certainty": finding.certainty.name.lower(),
        "provider": clean(finding.provider),
        "times": finding.times,
    }
    result: dict[str, Json] = {
        "ruleId": clean(finding.rule),
        "ruleIndex": rule,
        "level": level_of(finding),
        "message": {"text": _message(finding, related, options)},
        "locations": [_location(finding.place, options, one_line=True)],
        "partialFingerprints": {"primaryLocationLineHash": name},
        "properties": properties,
    }
    if finding.ways and finding.send != finding.place:
        related.append({"id": len(related) + 1, **_location(finding.send, options, "the mail call")})
    if related:
        result["relatedLocations"] = related[:RELATED]
    written = budget.of_one(finding)
    if len(written) < sum(bool(way.steps) for way in finding.ways):
        result["properties"] = {**properties, "ways": len(finding.ways)}
    flows: list[Json] = [
        {
            "threadFlows": [
                {
                    "locations": [
                        {"location": _location(step.place, options, phrase(step, whole=not finding.named))}
                        for step in _flow(way, finding)
                    ]
                }
            ]
        }
        for way in written
    ]
    if flows:
        result["codeFlows"] = flows
    if compared:
        result["baselineState"] = "new" if finding.new else "unchanged"
    return result


def _flow(way: Way, finding: Finding) -> Sequence[Step]:
    """The steps of a way that lead to the result's own location and on from there, in order.

    The location itself is marked where it is, with the sentence of the result, and is no step once more: what a viewer
    shows last is the call that brought the list there, and the send.
    """
    steps = [step for step in told_steps(way) if step.place.path]
    others = [step for step in steps if step.kind is not StepKind.SHOWN or step.place != finding.place]
    return others if len(others) > 1 else steps


def _message(finding: Finding, related: list[Json], options: Options) -> str:
    """Whole sentences; the first one stands alone. Steps become links to ``related``, which is filled here."""
    sentences = [f"{_escaped(told(finding.title))}."]
    way = way_of(finding)
    if way is None:
        sentences.append(f"{_sentence(_escaped(told(finding.why)))}.")
    else:

        def link(step: Step, words: str) -> str:
            if not step.place.path:
                return _escaped(words)
            related.append({"id": len(related) + 1, **_location(step.place, options, words)})
            return f"[{_escaped(words)}]({len(related)})"

        sentences.append(list_sentence(finding, way, link, lambda code: f"`{_escaped(code)}`"))
    sentences.append(f"Change: {_escaped(full_change(finding))}")
    if finding.noted:
        sentences.append(f"It does not block: {_escaped(clean(finding.noted))}.")
    return " ".join(sentences)


def _sentence(text: str) -> str:
    text = text.rstrip(".")
    return text[:1].upper() + text[1:]


def _escaped(text: str) -> str:
    return safe_text(text, Output.SARIF)


def _location(place: Place, options: Options, words: str = "", *, one_line: bool = False) -> dict[str, Json]:
    line = max(place.line, 1)
    region: dict[str, Json] = {"startLine": line}
    column = max(place.column, 1)
    ends_here = place.end_line in {0, place.line}
    if ends_here or not one_line:
        end_line, end_column = (place.line if ends_here else place.end_line), place.end_column
    else:
        # GitHub shows a result beside a diff only if all of its lines are in the diff.
        end_line, end_column = line, 0
        if code := options.code_lines(place.path, line, line):
            end_column = len(code[0].rstrip()) + 1
    end_line = max(end_line, line)
    if end_line == line:
        end_column = max(end_column, column + 1)
    region |= {"startColumn": column, "endLine": end_line, "endColumn": max(end_column, 1)}
    location: dict[str, Json] = {
        "physicalLocation": {"artifactLocation": {"uri": _uri(place.path), "uriBaseId": "%SRCROOT%"}, "region": region}
    }
    if place.pointer:
        location["logicalLocations"] = [{"fullyQualifiedName": clean(place.pointer)}]
    if words:
        location["message"] = {"text": words}
    return location


def _uri(path: str) -> str:
    """A relative reference (RFC 3986); bytes that are no text come as they are on disk."""
    text = clean(path).removeprefix("./")
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "backslashreplace")
    return quote(data, safe="/~!$&'()*+,;=") or "."


# --- what was not read ----------------------------------------------------------------------------


def _notification(skip: Skip) -> Json:
    words = f"{skip_title(skip)}: {skip_why(skip)}."
    return {
        "level": "note" if skip.accepted else "error",
        "message": {"text": f"{_escaped(file_line(skip.place))}: {_escaped(words)}"},
        "locations": [_location(skip.place, Options())],
        "properties": {"times": skip.times, "known": skip.accepted},
    }


def _remark(text: str, level: str) -> Json:
    return {"level": level, "message": {"text": _escaped(" ".join(text.split()))}}


REPORTER = Reporter("sarif", "SARIF 2.1.0, for code scanning", render, suffixes=(".sarif",))
