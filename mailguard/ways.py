"""How the way of a list is told: where it comes from, what became of it, where readers see it.

Below the shelf of reporters, beside :mod:`mailguard.wording`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain, repeat, zip_longest
from typing import Final

from mailguard.model.finding import IN_CODE, Finding, Way, entry_of
from mailguard.model.place import Place
from mailguard.model.value import CALLS, ORIGIN_OF, Step, StepKind, Trail
from mailguard.redact import number
from mailguard.wording import clean, told, way_of

__all__ = [
    "PASSED_ON",
    "caption_of",
    "list_clause",
    "list_sentence",
    "named_people",
    "origin_step",
    "phrase",
    "shortened",
    "told_steps",
    "who_comes",
]


def phrase(step: Step, *, whole: bool = True) -> str:
    """What happened at a step: ``read from the database``, ``cut into batches of 1,000``.

    ``whole`` is false where it happened to single people: these are passed on, a list is "passed on whole".
    """
    words: str = step.kind.value
    if step.kind is StepKind.BATCHED and step.detail.replace(",", "").isdecimal():
        return f"cut into batches of {number(int(step.detail.replace(',', '')))}"
    if step.kind is StepKind.GROWN and step.detail.startswith(CALLS):
        return "grows from one call to the next"
    if step.kind is StepKind.PASSED:
        handed = words if whole else PASSED_ON
        return f"{handed} to {clean(step.detail)}()" if step.detail else handed
    if step.kind is StepKind.CONFIGURED and step.detail and not step.place.path:
        # A library reads its own settings: no code of the project names them.
        return f"read from {clean(step.detail)} of the settings"
    if step.kind is StepKind.STORED and _KEY.fullmatch(step.detail):
        return f'put into "{clean(step.detail)}"'
    return words


PASSED_ON: Final = "passed on"
_KEY: Final = re.compile(r"[^\W\d][\w-]{1,39}")
"""Keys that say something where they stand in a sentence."""

_WITH_VERB: Final = frozenset({StepKind.UNRESOLVED, StepKind.GROWN})
"""Steps whose phrase brings its own verb: "comes from ...", "grows in ..."; the others follow "is"."""


def _verb(step: Step) -> str:
    return "" if step.kind in _WITH_VERB else "is "


def origin_step(way: Way) -> Step | None:
    """The step that says where the people of a way come from; None where nothing tells."""
    return next((step for step in way.steps if step.kind in ORIGIN_OF), None)


def list_clause(finding: Finding) -> str:
    """``the list is read from the database``, or the people whom the code names; for a capture, that it was recorded."""
    way = way_of(finding)
    if way is None:
        return "as recorded"
    if finding.named:
        return _enumerated(named_people(finding))
    step = origin_step(way) or next((step for step in way.steps if step.kind in _WITH_VERB), None)
    return f"the list {_verb(step)}{phrase(step)}" if step else "where the list comes from is not known"


def who_comes(finding: Finding) -> str:
    """Whose way is told: ``The list``, ``editor.email``, ``One person``."""
    if not finding.named:
        return "The list"
    expression, _ = finding.named[0]
    if expression == IN_CODE:
        return "One address"
    return clean(expression) if expression else "One person"


def _is_code(expression: str) -> bool:
    """Whether somebody is named by an expression of the code, not by words of ours."""
    return expression not in {"", IN_CODE}


def caption_of(finding: Finding) -> str:
    """The words under the caret, with both lines where one person stands in To and another one in Cc."""
    both = len({line for _, line in finding.named if line}) > 1
    return told(finding.caption).replace(f" in {finding.line}", " in To and Cc") if both else told(finding.caption)


def named_people(finding: Finding, quote: Callable[[str], str] = str) -> list[str]:
    """The people whom the code names one by one: ``editor.email``, ``assigner.email in Cc``.

    ``quote`` puts an expression into the terms of an output. The line is told where it is not that of the first one.
    """
    lines = {line for _, line in finding.named if line}
    unnamed = {"": chain(("one person",), repeat("another one")), IN_CODE: chain((IN_CODE,), repeat("another one"))}
    return [
        (quote(clean(expression)) if _is_code(expression) else next(unnamed[expression]))
        + (f" in {line}" if len(lines) > 1 else "")
        for expression, line in finding.named
    ]


STEPS: Final = 6
"""A trail with more steps than this keeps the first, the last, and every change of file."""


def shortened(steps: Trail, limit: int = STEPS) -> Trail:
    """A long trail without what says least: first, last, where people are shown and every change of file stay.

    As many of the others stay as ``limit`` has room for, and of these what a list went through rather than what handed it
    on.
    """
    if len(steps) <= limit:
        return steps
    last = len(steps) - 1

    def rank(index: int) -> int:
        step = steps[index]
        if index in {0, last} or step.kind is StepKind.SHOWN or step.place.path != steps[index - 1].place.path:
            return 0
        return 1 if step.kind in _TELLING else 2

    ranked = sorted(range(len(steps)), key=lambda index: (rank(index), index))
    kept = {index for place, index in enumerate(ranked) if place < limit or rank(index) == 0}
    return tuple(step for index, step in enumerate(steps) if index in kept)


_TELLING: Final = frozenset(
    {*ORIGIN_OF, StepKind.JOINED, StepKind.BATCHED, StepKind.GROWN, StepKind.SPLIT, StepKind.COLLECTED}
)
"""Steps that say what became of a list; the others hand it on."""


_WRAPS: Final = frozenset({StepKind.STORED, StepKind.COLLECTED})

_TAKES_IN: Final = frozenset({StepKind.PASSED, StepKind.SHOWN, StepKind.JOINED, StepKind.BATCHED})
"""Steps that say it all where a list is written out in their place."""


def told_steps(way: Way) -> Trail:
    """The steps of a way as they are told.

    A list that is written out where it is handed on, joined or shown is no step of its own; a source that is opened and
    then read is one; and people are shown once, although a header is shown again by the call that sends it: behind all
    that became of the list, and before what hands the message on.
    """
    kept: list[Step] = []
    behind: list[Step] = []
    first: Step | None = None
    entry = entry_of(way.steps)
    entered = False
    for step, after in zip_longest(way.steps, way.steps[1:]):
        before = kept[-1] if kept else None
        match step.kind:
            case StepKind.SHOWN:
                first = first or step
            case StepKind.PASSED | StepKind.RETURNED | StepKind.SENT if first is not None:
                behind.append(step)
            case StepKind.COLLECTED if (
                after is not None and after.kind in _TAKES_IN and _holds(after.place, step.place)
            ):
                pass
            case StepKind.COLLECTED if before is not None and _one_round(before, step):
                if before.kind is StepKind.COLLECTED and before.detail and not step.detail:
                    kept[-1] = step  # where it is added says more than the head of the loop
            case StepKind.JOINED if after is not None and after.kind is StepKind.SHOWN and after.place == step.place:
                pass  # the line is read once
            case StepKind.STORED if (
                step == entry
                and before is not None
                and before.place == step.place
                and before.kind is StepKind.COLLECTED
            ):
                kept[-1] = step  # where it ends up says more
            case StepKind.STORED if entered or (before is not None and before.place == step.place):
                pass  # what holds the message from here on
            case StepKind.STORED if (
                step is not entry and after is not None and after.kind in _WRAPS and _holds(after.place, step.place)
            ):
                pass  # what is put into a field is so once, with all that is around it
            case _ if before is not None and step.kind in ORIGIN_OF and before.kind is step.kind:
                pass
            case StepKind.WRITTEN if (
                after is not None and after.kind is StepKind.CONFIGURED and _holds(after.place, step.place)
            ):
                pass  # an address that is written where it is kept for a setting
            case _:
                kept.append(step)
        entered = entered or step is entry
    sent = behind[-1].place if behind and behind[-1].kind is StepKind.SENT else None
    # What is handed to the call that sends it is sent: smtp.sendmail(sender, people, message.as_string())
    kept_behind = [
        step for step in behind if step.kind is StepKind.SENT or sent is None or not _holds(sent, step.place)
    ]
    return (*kept, *((first,) if first is not None else ()), *kept_behind)


def _one_round(before: Step, step: Step) -> bool:
    """Whether a list is collected where a step before says so, or where it is read."""
    same_file = before.place.path == step.place.path
    on_one_line = before.kind in ORIGIN_OF and before.place.line == step.place.line
    return same_file and (before.kind is StepKind.COLLECTED or on_one_line)


def _holds(outer: Place, inner: Place) -> bool:
    """Whether a place lies within another one."""
    if outer.path != inner.path or not outer.line:
        return False
    ends = [(one.end_line or one.line, one.end_column) for one in (outer, inner)]
    return (outer.line, outer.column) <= (inner.line, inner.column) and ends[1] <= ends[0]


SAID: Final = 5
"""Steps that a sentence tells, where it can choose."""


def list_sentence(
    finding: Finding, way: Way, say: Callable[[Step, str], str], quote: Callable[[str], str] = str
) -> str:
    """Tell a way: ``The list is read from the database, passed on whole to deliver() and put into To of one message here``.

    Of people whom the code names: ``editor.email is read from the database and put into To of one message here, together
    with assigner.email``. Where nothing tells where the people come from, that is said.

    ``say`` puts a step's phrase into the terms of an output: with its place behind it, or as a link. It is not
    called for the last step, which is "here". ``quote`` does so with an expression of the code.
    """
    steps = tuple(step for step in told_steps(way) if step.kind is not StepKind.SENT)
    shown = next((index for index, step in enumerate(steps) if step.kind is StepKind.SHOWN), len(steps))
    steps = steps[: shown + 1]
    if not steps or steps[-1].kind is not StepKind.SHOWN:
        # The field that only the data has is "here".
        stored = bool(steps) and steps[-1].kind is StepKind.STORED and steps[-1].place == finding.place
        steps = (*(steps[:-1] if stored else steps), Step(StepKind.SHOWN, Place("")))
    *before, _ = shortened(steps, SAID)
    said: list[tuple[str, str]] = []
    for index, step in enumerate(before):
        words = phrase(step, whole=not finding.named)
        if index and step.kind is before[index - 1].kind is StepKind.PASSED:
            handed = PASSED_ON if finding.named else step.kind.value
            words = words.replace(handed, "then", 1) if step.detail else "again"
        said.append((_verb(step), say(step, words)))
    line = finding.named[0][1] if finding.named else told(finding.line)
    said.append(("is ", f"put into {f'{line} of ' if line else ''}one message here"))
    told_of: list[str] = []
    for index, (verb, text) in enumerate(said):
        told_of.append(("" if index and said[index - 1][0] == verb else verb) + text)
    who = who_comes(finding)
    if finding.named:
        who = quote(who) if _is_code(finding.named[0][0]) else who
        others = named_people(finding, quote)[1:]
        end = f", together with {_enumerated(others)}" if others else ""
    else:
        end = "" if origin_step(way) else "; where it comes from is not known"
    return f"{who} {_enumerated(told_of)}{end}."


def _enumerated(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
