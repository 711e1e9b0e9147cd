"""JUnit XML: what nearly every build server can show.

There is no standard; this keeps to what the schema of Jenkins' xUnit plugin and GitLab's unit test reports read. Both
take a class name apart at its dots, so a file is named like a module: ``news.mailer``. One test case for each rule and
file: it fails if a finding in it closes the gate; what is known or noted is skipped, in a case of its own where another one
fails; what could not be read is an error; without any of these one case passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from xml.etree import ElementTree as ET

from mailguard.ledger import ledger_lines
from mailguard.model.finding import Certainty, Finding, Report, Skip
from mailguard.model.reporter import Options, Reporter
from mailguard.redact import Output, no_address, number, safe_text
from mailguard.terminal import finding_lines, skip_lines
from mailguard.wording import clean, skip_title, skip_why, told

__all__ = ["REPORTER"]


def render(report: Report, options: Options) -> str:
    """One suite. The body of a case is the terminal's text, without colours."""
    plain = replace(options, colour=False)
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        if finding.certainty > Certainty.UNDECIDED or options.show_undecided:
            groups.setdefault((finding.place.path, finding.rule), []).append(finding)
    suite = ET.Element("testsuite", name="mailguard")
    for (path, rule), findings in groups.items():
        _case(suite, path, rule, findings, plain)
    for skip in report.skips:
        _unread(suite, skip, plain)
    if not len(suite):
        ET.SubElement(suite, "testcase", classname="mailguard", name=_text(options.command))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    lines = [
        *ledger_lines(report.ledger, options.width),
        *(" ".join(told(notice).split()) for notice in report.notices),
    ]
    ET.SubElement(suite, "system-out").text = "\n".join(_text(line) for line in lines)
    suites = ET.Element("testsuites", name="mailguard")
    suites.append(suite)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _text(text: str) -> str:
    """Characters that XML 1.0 has no form for (section 2.2) as escapes; no address."""
    return safe_text(no_address(text), Output.XML)


def _class(path: str) -> str:
    """``news.mailer`` for ``news/mailer.py``; the whole path stands in the body."""
    return _text(clean(path).removesuffix(".py").replace(".", "_").replace("/", "."))


def _body(blocks: Sequence[Sequence[str]]) -> str:
    return "\n" + "\n\n".join("\n".join(_text(line.rstrip()) for line in block) for block in blocks) + "\n"


def _case(suite: ET.Element, path: str, rule: str, findings: Sequence[Finding], options: Options) -> None:
    gating = [finding for finding in findings if finding.gates]
    others = [finding for finding in findings if not finding.gates]
    name = clean(rule)
    for group in filter(None, (gating, others)):
        first, more = group[0], len(group) - 1
        message = told(first.title)
        if more:
            message += f" (and {number(more)} more in this file)"
        if group is gating:
            case = ET.SubElement(suite, "testcase", classname=_class(path), name=_text(name))
            result = ET.SubElement(case, "failure", message=_text(message), type=_text(name))
        else:
            # A case of its own beside one that fails: what it would add to that does not fail.
            beside = f"{name}, does not block" if gating else name
            case = ET.SubElement(suite, "testcase", classname=_class(path), name=_text(beside))
            reason = clean(first.noted) or ("known" if not first.new else first.certainty.name.lower())
            result = ET.SubElement(case, "skipped", message=_text(f"{message} ({reason})"))
        result.text = _body([finding_lines(finding, options) for finding in group])


def _unread(suite: ET.Element, skip: Skip, options: Options) -> None:
    name = f"{skip_title(skip)} (line {skip.place.line})" if skip.place.line else skip_title(skip)
    case = ET.SubElement(suite, "testcase", classname=_class(skip.place.path), name=_text(name))
    tag = "skipped" if skip.accepted else "error"
    result = ET.SubElement(case, tag, message=_text(skip_why(skip)))
    if tag == "error":
        result.set("type", "not-read")
    result.text = _body([skip_lines(skip, options)])


REPORTER = Reporter("junit", "JUnit XML, for build servers", render, suffixes=(".xml",))
