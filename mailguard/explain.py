"""The pages of ``mailguard explain``: a rule, a mail call, what a mail service does.

A page is the answer to a dispute: it says what was read and what follows from it.
It holds no address.
"""

from __future__ import annotations

import os
import re
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mailguard import gate
from mailguard.allow import REMARKS
from mailguard.config import Settings, nearest_name
from mailguard.discover import Named, NothingToCheck, display_path, not_here, place_named, tree_of
from mailguard.evidence import ABOUT
from mailguard.inspection import render_text
from mailguard.ledger import plural
from mailguard.model.count import ONE
from mailguard.model.finding import Call, Certainty, Verdict, Way
from mailguard.model.message import CannotTell, Undecided
from mailguard.model.provider import Provider
from mailguard.model.reporter import RuleText
from mailguard.model.value import StepKind
from mailguard.redact import Output, no_address, safe_text
from mailguard.rulebook.judging import Judgement, judge
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.rulebook.rules import Example, Rule
from mailguard.rulepage import catalogue, rule_lines
from mailguard.samples import samples
from mailguard.senders import CONTRADICTED
from mailguard.ways import phrase, told_steps
from mailguard.wording import file_line

__all__ = ["example_problem", "examples_hold", "page", "run_examples"]

WIDTH: Final = 100

_ABOUT_EXCEPTIONS: Final = {remark.rule: remark for remark in REMARKS}
_ABOUT_CAPTURES: Final = {about.rule: about for about in ABOUT}
_ABOUT_SENDERS: Final = {CONTRADICTED.rule: CONTRADICTED}

_PATH: Final = re.compile(r"[/\\]|:\d|\.(?:py|json|jsonl|har|eml|ya?ml)\b")
"""What only a place has."""

_SYMBOL: Final = re.compile(r"[\w.]+:[A-Za-z_<][\w.<>]*")
"""A function, as reports name it: ``package.module:Class.method``."""

HEADLINES: Final = {
    Verdict.KEEPS_APART: "This call keeps readers apart",
    Verdict.STAFF_ONLY: "This call writes to staff only",
    Verdict.SHOWS: "This call shows people to each other",
    Verdict.UNDECIDED: "This call is undecided",
    Verdict.CANNOT_TELL: "Nobody can tell who sees whom in this call",
}


def page(subject: str | None, prepare: Callable[[Sequence[str]], gate.Run]) -> str:
    """The page about a rule, a place, or a service; without a subject the list of what can be explained.

    ``prepare`` makes the run for a place. Raises ``NothingToCheck`` for what is none of them.
    """
    rules = {rule.id: rule for rule in load_rules()}
    if subject is None:
        lines = list(_contents())
    elif subject in rules:
        lines = rule_lines(rules[subject])
    elif subject in _ABOUT_EXCEPTIONS:
        lines = list(_about_exception(_ABOUT_EXCEPTIONS[subject]))
    elif subject in _ABOUT_CAPTURES:
        lines = list(_about_capture(_ABOUT_CAPTURES[subject]))
    elif subject in _ABOUT_SENDERS:
        lines = list(_about_sender(_ABOUT_SENDERS[subject]))
    elif (provider := _provider(subject)) is not None:
        lines = list(_service(provider))
    else:
        named = place_named(subject, Path.cwd())
        if named is not None:
            lines = list(_place(subject, named, prepare))
        elif _SYMBOL.fullmatch(subject):
            lines = list(_symbol(subject, prepare))
        elif _PATH.search(subject):
            raise not_here(subject, Path.cwd())
        else:
            names = [*rules, *_ABOUT_EXCEPTIONS, *_ABOUT_CAPTURES, *_ABOUT_SENDERS, *gate.providers()]
            nearest = nearest_name(subject, names, otherwise="All that there are: mailguard explain")
            raise NothingToCheck(f'"{subject}" is no rule, no place and no mail service. {nearest}')
    return no_address("\n".join(safe_text(line, Output.TERMINAL) for line in lines) + "\n")


def _wrapped(text: str, indent: str = "") -> list[str]:
    # The name of a field or function stays whole.
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _contents() -> Iterator[str]:
    yield "Rules, and what a broken one says:"
    for row in catalogue(load_rules()):
        yield f"  {row.rule:<30}{row.title}"
    for remark in (*REMARKS, *ABOUT, CONTRADICTED):
        yield f"  {remark.rule:<30}{remark.title}"
    yield ""
    yield "Mail services and libraries:"
    for provider in gate.providers().values():
        yield f"  {provider.name:<30}{provider.title}"
    yield ""
    yield "One of them: mailguard explain NAME. A mail call: mailguard explain FILE:LINE"


def _about_exception(remark: RuleText) -> Iterator[str]:
    yield f"{remark.title}  ({remark.rule}, {remark.severity.name.lower()})"
    yield ""
    yield from _wrapped(remark.summary)
    yield ""
    yield "An exception, beside the code that it speaks of:"
    yield '  # mailguard: allow[visible-external-recipients] reason="the board, who know each other" until=2027-01-31'
    yield ""
    yield from _wrapped(
        "It stands on a line of a statement, or right above it; on or above the header of a function or class it speaks of all"
        " of that. It needs a reason; until is the last day on which it counts, and may be left out."
    )


def _about_capture(about: RuleText) -> Iterator[str]:
    yield f"{about.title}  ({about.rule}, {about.severity.name.lower()})"
    yield ""
    yield from _wrapped(f"{about.summary} It is told and never closes the gate.")
    yield ""
    yield "Known, and left so? In the settings:"
    yield f'  ignore = ["{about.rule}"]                     # or for some files: [tool.mailguard.per-path-ignores]'


def _about_sender(about: RuleText) -> Iterator[str]:
    yield f"{about.title}  ({about.rule}, {about.severity.name.lower()})"
    yield ""
    yield from _wrapped(about.summary)
    yield ""
    yield "A declaration, in the settings:"
    yield '  [tool.mailguard.senders."acme.mail.send_bulk"]'
    yield '  parameters = ["subject", "people"]'
    yield '  to = "people"'
    yield "  one_each = true                             # one message to each of them"


def _provider(subject: str) -> Provider | None:
    """The service that is called so, by id, by title, or by the dotted name of something in its library."""
    wanted = subject.casefold()
    for provider in gate.providers().values():
        if wanted in (provider.name.casefold(), provider.title.casefold()):
            return provider
    for provider in gate.providers().values():
        paths = [path for function in provider.library.functions for path in function.paths]
        paths += [path for model in provider.library.classes for path in model.PATHS]
        if any(path == subject or path.startswith(subject + ".") for path in paths):
            return provider
    return None


def _service(provider: Provider) -> Iterator[str]:
    yield f"{provider.title}  ({provider.name})"
    yield ""
    yield from _wrapped(provider.explain)
    yield from _sample(provider)
    names = sorted({function.paths[0] for function in provider.library.functions if function.paths})
    names += sorted({model.PATHS[0] for model in provider.library.classes if model.PATHS})
    if names:
        yield ""
        yield from _wrapped("In code: " + ", ".join(names), "")
    if provider.sources:
        yield ""
        yield "Where its facts are written:"
        for source in provider.sources:
            yield f"  {source.url}"
            yield from _wrapped(source.fact, "    ")


def _sample(provider: Provider) -> Iterator[str]:
    """How everybody is shown to everybody, and how not."""
    sample = samples().get(provider.name)
    if sample is None:
        return
    yield ""
    yield f"Not like this, with people from a database: {sample.rule}"
    yield ""
    yield from (f"    {line}".rstrip() for line in sample.bad.splitlines())
    yield ""
    yield "Like this, a message for each of them"
    yield ""
    yield from (f"    {line}".rstrip() for line in sample.good.splitlines())


def _place(text: str, named: Named, prepare: Callable[[Sequence[str]], gate.Run]) -> Iterator[str]:
    run = prepare([text])
    path = display_path(os.path.relpath(named.path.resolve(), run.tree.root))
    line, column = named.line, named.column
    report = run.report()
    calls = [call for call in report.calls if call.place.path == path and call.symbol]
    if not calls and report.ledger.captures:
        yield from _requests(run, named)
        return
    at = [call for call in calls if not line or call.place.line <= line <= max(call.place.end_line, call.place.line)]
    if column:
        at = [call for call in at if call.place.column == column] or at
    findings = [one for one in report.findings if one.place.path == path and line in (0, one.place.line)]
    at = at or [call for call in report.calls if call.place in {one.send for one in findings}]
    if at:
        yield from _calls(at)
        return
    skips = [skip for skip in report.skips if skip.place.path == path]
    for skip in skips:
        yield f"{skip.place}  {skip.reason.value}{': ' + skip.detail if skip.detail else ''}"
    if not skips:
        where = f" at line {line}" if line else ""
        yield f"There is no mail call in {path}{where} that mailguard knows."
        nearest = min((call.place.line for call in calls), key=lambda number: abs(number - line), default=0)
        if nearest:
            yield f"The nearest one: mailguard explain {path}:{nearest}"


def _requests(run: gate.Run, named: Named) -> Iterator[str]:
    """What is in the request of a capture that was named, or in each of them."""
    found = [one for one in run.inspections() if named.pointer in ("", one.place.pointer)]
    if named.line and not named.pointer:
        found = [one for one in found if one.place.line == named.line] or found
    yield from render_text(found, run.options(width=WIDTH)).rstrip("\n").split("\n")


def _symbol(subject: str, prepare: Callable[[Sequence[str]], gate.Run]) -> Iterator[str]:
    calls = [call for call in prepare([]).report().calls if call.symbol == subject]
    if not calls:
        yield f"There is no mail call in {subject} that mailguard knows."
    yield from _calls(calls)


def _calls(calls: Sequence[Call]) -> Iterator[str]:
    for number, call in enumerate(calls):
        if number:
            yield ""
        yield from _call(call)


def _call(call: Call) -> Iterator[str]:
    yield f"{call.place}  {HEADLINES[call.verdict]}"
    yield f"  {call.api}" + (f", {call.times:,} requests like this" if call.times > 1 else "")
    yield ""
    label = "Read"
    width = max((len(name) for name, _, _ in call.reads), default=0)
    for name, words, place in call.reads:
        yield f"  {label:<8}{name:<{width}}   {words:<24}{place}"
        label = ""
    if call.verdict in (Verdict.SHOWS, Verdict.UNDECIDED):
        yield from _whence(call)
    yield f"  {'So':<8}{call.because}"
    if call.unless:
        yield f"  {'Unless':<8}{call.unless}"


def _whence(call: Call) -> Iterator[str]:
    """Where the people come from on the worst way, up to where they are shown."""
    steps = told_steps(Way(call.way, Certainty.UNDECIDED, "", ONE))
    told = [step for step in steps if step.kind not in (StepKind.SHOWN, StepKind.SENT)]
    words = [phrase(step) for step in told]
    width = max((len(word) for word in words), default=0)
    for index, (step, word) in enumerate(zip(told, words, strict=True)):
        label = "" if index else "From"
        place = file_line(step.place) if step.place.path else ""
        yield f"  {label:<8}{word:<{width}}   {place}".rstrip()
    if call.others:
        yield f"  {'':<8}and {plural(len(call.others), 'other way', 'other ways')}"


# --------------------------------------------------------------------------------------------------
# The examples of rules


def run_examples(folder: Path) -> tuple[list[str], bool]:
    """Run the examples of the rules in a folder: what to print, and whether one of them does not hold."""
    everything = load_rules(folder)
    lines, failed = [], False
    for rule in everything:
        if rule.own:
            continue
        problems = list(examples_hold(rule, everything))
        samples = len(rule.examples.good) + len(rule.examples.bad) + len(rule.examples.unsure)
        lines += problems
        failed = failed or bool(problems)
        lines.append(f"{rule.id}: {samples - len(problems)} of {samples} examples hold.")
    if not lines:
        raise NothingToCheck(f"there is no rule in {folder}: rules are files like NAME.yaml.")
    return lines, failed


def examples_hold(rule: Rule, everything: Sequence[Rule]) -> Iterator[str]:
    """One line for each example of ``rule`` that does not come out as it says."""
    for kind, examples in (("good", rule.examples.good), ("bad", rule.examples.bad), ("unsure", rule.examples.unsure)):
        for example in examples:
            problem = example_problem(rule, kind, example, everything)
            if problem:
                yield f'{rule.id}: the {kind} example "{example.name}" {problem}'


def example_problem(rule: Rule, kind: str, example: Example, everything: Sequence[Rule]) -> str:
    """What an example does instead of what it should; empty if it holds.

    A good one closes no gate, and its rule is at most undecided. Of a bad one the rule is likely or certain, of an
    unsure one it is undecided. All rules that are on by default are asked, and the example's own.
    """
    said = list(_judged(example, chosen(everything, extend=(rule.id,))))
    mine = [one for one in said if one.rule.id == rule.id]
    certainty = max((one.certainty for one in mine), default=None)
    gating = next((one for one in said if one.gates), None)
    if kind == "good":
        if gating is not None:
            return f"closes the gate: {gating.title}"
        told = next((one for one in mine if one.certainty >= Certainty.LIKELY), None)
        return f"is told: {told.title}" if told is not None else ""
    if kind == "bad" and (certainty is None or certainty < Certainty.LIKELY):
        return f"is not found{f', but: {said[0].title} ({said[0].rule.id})' if said else ''}"
    if kind == "unsure" and certainty is not Certainty.UNDECIDED:
        return f"is {certainty.name.lower() if certainty else 'kept'}, not undecided"
    if example.certainty is not None and certainty is not example.certainty:
        return f"is {certainty.name.lower() if certainty else 'kept'}, not {example.certainty.name.lower()}"
    if example.says and example.says not in {one.title for one in mine}:
        return f"says: {mine[0].title if mine else 'nothing'}"
    return ""


def _judged(example: Example, rules: tuple[Rule, ...]) -> Iterator[Judgement]:
    """What an example breaks."""
    policy = Policy(example.inside, rules)
    if example.message is not None:
        yield from judge(example.message, policy)
    elif example.exchange is not None:
        claim = gate.claimed(example.exchange, gate.Contents())
        decoded = claim.decoded if claim is not None else ()
        if isinstance(decoded, CannotTell):
            return
        cap = Certainty.UNDECIDED if isinstance(decoded, Undecided) else Certainty.CERTAIN
        for message in decoded.messages if isinstance(decoded, Undecided) else decoded:
            yield from judge(message, policy, cap=cap)
    else:
        yield from _scanned(example, policy)


def _scanned(example: Example, policy: Policy) -> Iterator[Judgement]:
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        Path(folder, "example.py").write_text(example.code, encoding="utf-8")
        run = gate.prepare((), tree_of((), Path(folder)), Settings(), eyes=frozenset({gate.CODE}), here=Path(folder))
        policies = replace(run.policies, policy=policy, whole=policy)
        for finding in replace(run, policies=policies).report().findings:
            rule = next(rule for rule in policy.rules if rule.id == finding.rule)
            yield Judgement(
                rule, finding.count, finding.certainty, finding.severity, False, finding.title, noted=finding.noted
            )
