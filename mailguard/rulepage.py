"""The page of a rule: what it is about, what happened to somebody, how to do it and how not, what to change.

One page in two notations. The terminal shows the text; SARIF and the documentation take the Markdown. Everything on
it comes out of the rule's file, so that a new rule has a page without a line of code. A page holds no address: the
code in examples takes its sender from the settings.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage, SmtpTransaction
from mailguard.model.reporter import RuleText
from mailguard.redact import Output, no_address, safe_text
from mailguard.rulebook.rules import CWE, SHOWING, Example, Measure, Rule
from mailguard.samples import names_for

__all__ = ["Row", "catalogue", "catalogue_markdown", "rule_lines", "rule_markdown", "rule_text", "title_of"]

WIDTH: Final = 100
"""Columns of a page of text."""

LABEL: Final = 13
"""Columns of the labels on the left."""

WHY_ALLOWED: Final = "why they may see each other"
"""What stands for the reason in an exception that is to be filled in."""


_LINES: Final = {Measure.CONTENT: "the text", Measure.HEADER: "List-Unsubscribe"}
"""Where people stand that a rule does not look for in To, where no message in particular is meant."""


def _general(rule: Rule, title: str) -> str:
    return title.replace("{line}", _LINES.get(rule.measure, "To")).replace("{limit}", f"{rule.limit:,}")


def title_of(rule: Rule) -> str:
    """The title of a rule that speaks of no message in particular."""
    return _general(rule, rule.title.several)


def _grade(rule: Rule) -> str:
    """``error``, ``warning, off by default``."""
    return f"{rule.severity.name.lower()}{'' if rule.default else ', off by default'}"


_PERSON: Final = re.compile(r"\b(\w{1,64})(?:@|&#64;|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.(?:com|net|org|example)\b")
"""The address of somebody in an example, also where HTML or a link writes it."""


def _sample(examples: Sequence[Example]) -> tuple[str, list[str], str] | None:
    """An example that a reader can compare with what they have: its name, its lines, their language.

    Code before requests, which rules about the content of messages have only. People in requests go by their first names.
    """
    for example in examples:
        if example.code:
            return example.name, example.code.rstrip().splitlines(), "python"
    for example in examples:
        lines = _request_lines(example.exchange)
        if lines:
            return example.name, [no_address(_PERSON.sub(r"\1", line)) for line in lines], "text"
    return None


_JSON_WIDTH: Final = 80
"""Columns up to which a part of a JSON body stands on one line."""


def _json_lines(value: object, key: str = "") -> Iterator[str]:
    """JSON whose small parts stand on one line each."""
    whole = key + json.dumps(value, ensure_ascii=False)
    if len(whole) <= _JSON_WIDTH or not isinstance(value, (dict, list)):
        yield whole
        return
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    members = (
        [(f"{json.dumps(name)}: ", one) for name, one in value.items()]
        if isinstance(value, dict)
        else [("", one) for one in value]
    )
    yield key + opening
    for number, (name, one) in enumerate(members, 1):
        lines = list(_json_lines(one, name))
        yield from (f"  {line}" for line in lines[:-1])
        yield f"  {lines[-1]}{',' if number < len(members) else ''}"
    yield closing


def _request_lines(exchange: Exchange | None) -> list[str]:
    """A request of an example as lines of text; none for what is no text."""
    match exchange:
        case HttpRequest(method=str(method), url=str(url), body=Form(parts=parts)):
            return [f"{method} {url}", *(f"{name}: {value}" for name, value in parts if isinstance(value, str))]
        case HttpRequest(method=str(method), url=str(url), body=dict() | list() as body):
            return [f"{method} {url}", *_json_lines(body)]
        case SmtpTransaction(data=data) | RawMessage(data=data) if isinstance(data, (str, bytes)):
            text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
            return text.rstrip().splitlines()
        case _:
            return []


def _others(rule: Rule) -> tuple[str, ...]:
    """The mail APIs whose own page shows what breaks the rule, and what does not."""
    return names_for(rule.id) if rule.own else ()


def _setting(rule: Rule) -> tuple[str, list[str]]:
    """How to let it be: the words, and the lines of the settings that belong to them."""
    if rule.cause in SHOWING:
        return "or name these people as an audience, in pyproject.toml:", [
            "[tool.mailguard.audiences.NAME]",
            'at = ["package.module.function"]',
            "at_most = 25",
            f'reason = "{WHY_ALLOWED}"',
        ]
    if not rule.default:
        limit = f"{max(2 * rule.limit, 10)}"
        return "or set another limit, in pyproject.toml:", ["[tool.mailguard.limits]", f"{rule.id} = {limit}"]
    return "or turn the rule off, in pyproject.toml:", ["[tool.mailguard]", f'ignore = ["{rule.id}"]']


def _comment(rule: Rule) -> str:
    """The exception that is written beside the code."""
    reason = WHY_ALLOWED if rule.cause in SHOWING else "why this is meant"
    return f'# mailguard: allow[{rule.id}] reason="{reason}"'


def _switch(rule: Rule) -> list[str]:
    """The lines of the settings that turn on a rule which is off by default."""
    return [] if rule.default else ["[tool.mailguard]", f'extend-select = ["{rule.id}"]']


def _weakness(number: str) -> str:
    """``CWE-359, Exposure of Private Personal Information to an Unauthorized Actor``."""
    return f"{number}, {CWE[number]}" if number in CWE else number


# --------------------------------------------------------------------------------------------------------------------
# Text


def _wrapped(words: str, label: str = "", indent: int = 0) -> list[str]:
    # A line breaks between words only: a place, a command and an address of the web stay whole.
    return textwrap.wrap(
        words,
        WIDTH,
        initial_indent=f"{label:<{indent}}",
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def rule_lines(rule: Rule) -> list[str]:
    """The page as lines of text, at most 100 columns wide but for code and web addresses."""
    return [safe_text(line, Output.TERMINAL) for line in _lines(rule)]


def _lines(rule: Rule) -> Iterator[str]:
    yield title_of(rule)
    yield f"{rule.id}, {_grade(rule)}"
    yield ""
    if rule.what:
        yield from _wrapped(rule.what)
        yield ""
    yield from _wrapped(rule.why, "Readers", LABEL)
    if rule.incident is not None:
        incident = rule.incident
        head = f"{incident.name}, {incident.date}"
        head = head[0].upper() + head[1:]
        yield from _wrapped(f"{head}: {incident.story}" if incident.story else head, "It happened", LABEL)
        yield " " * LABEL + incident.url
    for words, examples in (("Not like this", rule.examples.bad), ("Like this", rule.examples.good)):
        sample = _sample(examples)
        if sample is not None:
            yield ""
            name, lines, _ = sample
            yield f"{words}: {name}"
            yield ""
            yield from (f"    {line}".rstrip() for line in lines)
    if names := _others(rule):
        yield ""
        yield from _wrapped(f"Both with another mail API: mailguard explain NAME, as in {', '.join(names)}.")
    yield ""
    yield from _wrapped(rule.change, "Change", LABEL)
    wide = max((len(provider) for provider, _ in rule.changes), default=0) + 2
    for provider, words in rule.changes:
        yield from _wrapped(words, f"{' ' * LABEL}{provider}", LABEL + wide)
    words, settings = _setting(rule)
    yield f"{'Intended?':<{LABEL}}{_comment(rule)}"
    yield " " * LABEL + words
    yield from (" " * (LABEL + 4) + line for line in settings)
    for number, line in enumerate(_switch(rule)):
        yield f"{'' if number else 'Turn it on':<{LABEL}}{line}"
    for number, weakness in enumerate(rule.cwe):
        yield from _wrapped(_weakness(weakness), "" if number else "Weakness", LABEL)


# --------------------------------------------------------------------------------------------------------------------
# Markdown


def rule_markdown(rule: Rule) -> str:
    """The page in GitHub-flavoured Markdown. The words of a project's own rule cannot format anything."""
    return "\n".join(_markdown(rule)) + "\n"


def _say(rule: Rule, words: str) -> str:
    if not rule.own:
        return safe_text(words, Output.MARKDOWN)
    return re.sub(r"[\\`*_<>\[\]&]", lambda found: "\\" + found.group(), words)


def _fenced(language: str, lines: Iterable[str]) -> Iterator[str]:
    shown = [safe_text(line, Output.XML) for line in lines]  # control characters as escapes, nothing else
    ticks = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, ticks + 1)
    yield f"{fence}{language}"
    yield from shown
    yield fence


def _markdown(rule: Rule) -> Iterator[str]:
    for number, block in enumerate(_blocks(rule)):
        if number:
            yield ""
        yield from block


def _blocks(rule: Rule) -> Iterator[Iterable[str]]:
    """The headings, paragraphs, lists and samples of a page, each as lines."""
    yield [f"# {_say(rule, title_of(rule))}"]
    yield [f"`{rule.id}`, {_grade(rule)}"]
    if rule.what:
        yield [_say(rule, rule.what)]
    yield ["## Why it is bad"]
    yield [_say(rule, rule.why)]
    if rule.incident is not None:
        incident = rule.incident
        yield ["## It happened"]
        head = f"{incident.name}, {incident.date}"
        # A project's own rule gets no link: it would stand on pages of ours.
        head = head[0].upper() + head[1:]
        linked = f"[{_say(rule, head)}]({incident.url})" if rule.own else _say(rule, head)
        yield [f"{linked}: {_say(rule, incident.story)}" if incident.story else linked]
    yield from _sample_blocks(rule)
    yield ["## Change"]
    yield [f"- {_say(rule, rule.change)}", *(f"- `{name}`: {_say(rule, words)}" for name, words in rule.changes)]
    yield ["## Intended?"]
    words, settings = _setting(rule)
    yield ["Say so where it happens,"]
    yield _fenced("python", [_comment(rule)])
    yield [words]
    yield _fenced("toml", settings)
    if switch := _switch(rule):
        yield ["## Turn it on"]
        yield _fenced("toml", switch)
    if rule.cwe:
        yield ["## Weakness"]
        links = "https://cwe.mitre.org/data/definitions/"
        yield [
            f"- [{name}]({links}{name.removeprefix('CWE-')}.html){_weakness(name).removeprefix(name)}"
            for name in rule.cwe
        ]


def _sample_blocks(rule: Rule) -> Iterator[Iterable[str]]:
    for words, examples in (("Not like this", rule.examples.bad), ("Like this", rule.examples.good)):
        sample = _sample(examples)
        if sample is not None:
            name, lines, language = sample
            yield [f"## {words}"]
            yield [f"{_say(rule, name[0].upper() + name[1:])}:"]
            yield _fenced(language, lines)
    if names := _others(rule):
        apis = ", ".join(f"`{name}`" for name in names)
        yield [f"Both with another mail API: `mailguard explain NAME`, as in {apis}."]


def rule_text(rule: Rule) -> RuleText:
    """The words of a rule for formats that list the rules beside the results."""

    def belt(page: str) -> str:
        # That ours hold no address is tested; a run that prints no page of a rule should not pay for looking again.
        return page if rule.own else no_address(page)

    return RuleText(
        rule=rule.id,
        title=title_of(rule),
        severity=rule.severity,
        summary=rule.why,
        help_text=belt("\n".join(rule_lines(rule)) + "\n"),
        help_markdown=belt(rule_markdown(rule)),
        cwe=rule.cwe,
    )


# --------------------------------------------------------------------------------------------------------------------
# The catalogue


@dataclass(frozen=True, slots=True)
class Row:
    """A rule as one row of the catalogue."""

    rule: str
    title: str
    severity: str
    """``error``, or ``warning, off by default``."""
    incident: str
    """What it comes from: ``BitMEX, 1 November 2019``; empty if from nothing in particular."""
    url: str
    """Where that is told."""


def catalogue(rules: Iterable[Rule]) -> tuple[Row, ...]:
    """The rules as rows of a table, those that are on first, in the order in which they speak."""
    return tuple(
        Row(
            rule=rule.id,
            title=_general(rule, rule.title.list),
            severity=_grade(rule),
            incident=f"{rule.incident.name}, {rule.incident.date}" if rule.incident else "",
            url=rule.incident.url if rule.incident else "",
        )
        for rule in sorted(rules, key=lambda rule: not rule.default)
    )


def catalogue_markdown(rules: Iterable[Rule]) -> str:
    """The catalogue as a table in Markdown, for the README."""
    lines = ["| rule | what it says | severity | where it comes from |", "|---|---|---|---|"]
    lines += [
        f"| `{row.rule}` | {row.title} | {row.severity} | {f'[{row.incident}]({row.url})' if row.url else ''} |"
        for row in catalogue(rules)
    ]
    return "\n".join(lines) + "\n"
