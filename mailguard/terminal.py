"""Findings as lines for people: header, code frame, the way of the list, what to do.

Used by every output that shows such lines, on a terminal or as the body of
something else. Colour adds nothing that the words do not say: without its
escape sequences a coloured line is the plain line.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailguard.model.finding import Certainty, Finding, Severity, Skip, Way
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.model.value import Step, StepKind, Trail
from mailguard.redact import Output, code_frame, code_line, safe_text
from mailguard.ways import caption_of, list_clause, phrase, shortened, told_steps, who_comes
from mailguard.wording import (
    alike_words,
    clean,
    file_line,
    guilty_change,
    intended,
    next_steps,
    paste,
    place_words,
    request_words,
    sight,
    skip_title,
    skip_why,
    told,
    way_of,
)

__all__ = ["Style", "finding_lines", "skip_lines", "wrapped"]

BEFORE: Final = 2
AFTER: Final = 1
"""Lines of code around the one that is meant."""

LEAST_CODE: Final = 12
"""Columns below which a snippet of code says nothing."""

ENOUGH_CODE: Final = 36
"""Columns of code beside its place that tell enough; where there is less room, the code gets a line of its own."""

WIDEST_CODE: Final = 60
"""Columns up to which a step of the way shows the whole expression, or the call that hands the list on."""

CUT: Final = "..."


@dataclass(frozen=True, slots=True)
class Style:
    """Colours of a terminal (ECMA-48 SGR), or none."""

    colour: bool = False

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text

    def bold(self, text: str) -> str:
        """Place and title."""
        return self._in("1", text)

    def dim(self, text: str) -> str:
        """Line numbers, frame, rule id, ledger."""
        return self._in("2", text)

    def certainty(self, certainty: Certainty, text: str) -> str:
        """The word itself and the caret: red, yellow, cyan."""
        match certainty:
            case Certainty.CERTAIN:
                return self._in("31", text)
            case Certainty.LIKELY:
                return self._in("33", text)
            case Certainty.UNDECIDED:
                return self._in("36", text)


def _foreign(text: str) -> str:
    return safe_text(clean(text), Output.TERMINAL)


def _safe(text: str) -> str:
    return safe_text(text, Output.TERMINAL)


def columns(text: str) -> int:
    """How many columns ``text`` takes: two for wide characters, none for combining ones (UAX 11)."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _padded(text: str, width: int) -> str:
    return text + " " * max(0, width - columns(text))


def _window(text: str, start: int, width: int) -> str:
    """The part of ``text`` that lies in ``width`` columns from ``start``, with marks where something is missing."""
    end = start + width
    missing_right = columns(text) > end
    first = start + len(CUT) if start else 0
    last = end - len(CUT) if missing_right else end
    at = 0
    kept: list[str] = []
    for character in text:
        size = _columns_of(character)
        if at >= first and at + size <= last:
            kept.append(character)
        elif at < last and at + size > first:
            kept.append(" " * (min(at + size, last) - max(at, first)))  # half of a wide character
        at += size
    left = CUT if start and at > start else ""
    return left + "".join(kept) + (CUT if missing_right else "")


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """``text`` in lines of at most ``width`` columns; words, and so commands and places, stay whole."""
    return textwrap.wrap(
        text,
        max(width, len(rest) + 20),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


LABEL: Final = 11


def _labelled(label: str, text: str, width: int) -> list[str]:
    return wrapped(text, width, f"  {label:<{LABEL}}", " " * (LABEL + 2))


def _command(label: str, command: str) -> str:
    return f"  {label:<{LABEL}}{command}"


# --- header ---------------------------------------------------------------------------------------


def _header(place: str, title: str, second: Sequence[tuple[str, str]], width: int, style: Style) -> list[str]:
    """Two lines: place and title; below the title, ``second``: words with the name of their style."""
    plain = " ".join(word for word, _ in second)
    indent = columns(place) + 2
    painted = " ".join(_painted(word, kind, style) for word, kind in second)
    if indent + columns(title) <= width and indent + columns(plain) <= width:
        return [style.bold(f"{place}  {title}"), " " * indent + painted]
    lines = [style.bold(place), *(style.bold(line) for line in wrapped(title, width, "  ", "  "))]
    if columns(plain) + 2 <= width:
        return [*lines, f"  {painted}"]
    return [*lines, *wrapped(plain, width, "  ", "  ")]


def _painted(word: str, kind: str, style: Style) -> str:
    if kind == "dim":
        return style.dim(word)
    return style.certainty(Certainty[kind], word) if kind else word


def _finding_header(finding: Finding, width: int, style: Style) -> list[str]:
    remarks = [] if finding.exception else [list_clause(finding)]
    if finding.severity is Severity.NOTE:
        remarks.append("a note")
    if finding.noted:
        remarks.append(f"does not block: {_foreign(finding.noted)}")
    if not finding.new:
        remarks.append("known")
    word = finding.certainty.name.lower()
    second = [(f"{_foreign(finding.rule)},", "dim"), (word, finding.certainty.name)]
    if remarks:
        second.append((f"({'; '.join(remarks)})", "dim"))
    return _header(_safe(place_words(finding.place)), _safe(told(finding.title)), second, width, style)


# --- code -----------------------------------------------------------------------------------------


def _code(text: str) -> str:
    return _safe(text.replace("\t", "    "))


@dataclass(frozen=True, slots=True)
class _Frame:
    lines: list[str]
    path: str
    first: int
    last: int

    def shows(self, place: Place) -> bool:
        return place.path == self.path and self.first <= place.line <= self.last


def _frame(finding: Finding, options: Options, style: Style) -> _Frame | None:
    place = finding.place
    if not (finding.ways or finding.exception) or not place.line:
        return None
    first = max(1, place.line - BEFORE)
    given = options.code_lines(place.path, first, max(place.line + AFTER, min(place.end_line, place.line + 4)))
    if given is None or len(given) <= place.line - first:
        return None
    code = code_frame(given)
    last = first + len(code) - 1
    digits = max(5, len(str(last)))
    room = max(options.width - digits - 3, 20)
    mark = code[place.line - first]
    before, inside, _ = _parts(mark, place)
    start, size = columns(_code(before)), columns(_code(inside))
    caption = _safe(caption_of(finding))
    widest = columns(_code(mark))
    # The words stand behind the caret, if need be by moving a line that is too long anyway; else below it.
    needed = size + 1 + columns(caption) + (start if widest <= room else 2 * len(CUT))
    fits = needed <= room
    right = start + size + (1 + columns(caption) if fits and caption else 0)
    if widest <= room:
        right = 0
    shift = min(max(0, right - room), max(0, start - len(CUT))) if right > room else 0
    if shift and widest > shift + room:
        shift = min(shift + len(CUT), max(0, start - len(CUT)))
    lines: list[str] = []
    for index, text in enumerate(code, first):
        gutter = f"{index:>{digits}} |"
        visible = _window(_code(text), shift, room).rstrip()
        lines.append(style.dim(gutter) + (f" {visible}" if visible else ""))
        if index == place.line:
            caret = "^" * max(1, min(size, room - (start - shift)))
            blank = style.dim(" " * digits + " |")
            pointed = f"{blank} {' ' * (start - shift)}{style.certainty(finding.certainty, caret)}"
            lines.append(f"{pointed} {caption}" if fits and caption else pointed)
            if caption and not fits:
                # Below the caret, ending where it ends.
                edge = start - shift + len(caret)
                lines += [f"{blank} {' ' * (edge - columns(line))}{line}" for line in wrapped(caption, room)]
    return _Frame(lines, place.path, first, last)


def _parts(line: str, place: Place) -> tuple[str, str, str]:
    """``line`` before, inside and behind the span of ``place``, which is on it or starts on it."""
    body = len(line.rstrip())
    start = min(place.column - 1, body) if place.column else len(line) - len(line.lstrip())
    if place.end_line > place.line or not place.column:
        end = body
    else:
        end = min(place.end_column - 1, len(line)) if place.end_column else start + 1
    end = max(end, start)
    return line[:start], line[start:end], line[end:]


def _snippet(step: Step, options: Options) -> str:
    place = step.place
    if not place.line:
        return ""
    given = options.code_lines(place.path, place.line, place.line)
    if not given:
        return ""
    line = code_line(given[0])
    if place.end_line > place.line:
        return _first_of_many(step, line, options)
    if not place.end_column:
        return _code(line.strip())
    before, inside, _ = _parts(line, place)
    start, end = len(before), len(before) + len(inside)
    if step.kind is StepKind.PASSED:
        first, last = _call_around(line, start, end)
        candidates = [line[first:last], f"{line[first:end]}, {CUT})" if last > end else ""]
    elif step.kind is StepKind.GROWN or (step.kind is StepKind.COLLECTED and step.detail):
        candidates = [line.strip()]  # the place is that of the loop's own name; the whole head says what is looped over
    else:
        candidates = [line[start : _expression_end(line, end)]]
    fitting = (code for code in map(_code, candidates) if code and columns(code) <= WIDEST_CODE)
    return next(fitting, _code(inside.strip()))


def _first_of_many(step: Step, line: str, options: Options) -> str:
    """The beginning of code over several lines; of a call, what is called; of anything else, up to what tells something."""
    place = step.place
    start = _parts(line, place)[1].strip()
    if step.kind is StepKind.SENT or not start.endswith(("(", "[", "{")):
        return f"{_code(start)} {CUT}"
    rest = options.code_lines(place.path, place.line + 1, min(place.end_line, place.line + SPREAD)) or ()
    joined = " ".join(code_line(one).strip() for one in rest)
    return f"{_code(f'{start}{joined}')} {CUT}" if len(rest) == SPREAD else _code(f"{start}{joined}")


SPREAD: Final = 3
"""Lines that are put into one where the first only opens a bracket."""

_TOKEN: Final = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([(\[{])|([)\]}])""")
"""Text in quotes, a bracket that opens, a bracket that closes."""


def _brackets(line: str) -> list[tuple[int, int]]:
    """The pairs of brackets of a line, as the positions of both; what opens or closes elsewhere is left out."""
    pairs: list[tuple[int, int]] = []
    opened: list[int] = []
    for found in _TOKEN.finditer(line):
        if found[2]:
            opened.append(found.start())
        elif found[3] and opened:
            pairs.append((opened.pop(), found.start()))
    return pairs


def _expression_end(line: str, end: int) -> int:
    """Where an expression ends that is read up to ``end``: ``Subscriber.objects`` goes on with ``.filter(active=True)``."""
    closing = dict(_brackets(line))
    while found := _GOES_ON.match(line, end):
        if found[1] and found.end(1) - 1 not in closing:
            break
        end = closing[found.end(1) - 1] + 1 if found[1] else found.end()
    return end


_GOES_ON: Final = re.compile(r"(?:\.[^\W\d]\w*)?([(\[])|\.[^\W\d]\w*")
"""An attribute, a call or a subscript right behind an expression."""

_CALLED: Final = re.compile(r"[^\W\d][\w.]*\Z")


def _call_around(line: str, start: int, end: int) -> tuple[int, int]:
    """The span of the call that an argument belongs to, where all of it is on the line; else that of the argument."""
    for opening, closing in sorted(_brackets(line), reverse=True):
        if opening < start and closing >= end and line[opening] == "(":
            name = _CALLED.search(line[:opening])
            return (name.start(), closing + 1) if name else (start, end)
    return start, end


# --- the way --------------------------------------------------------------------------------------


def _way(way: Way, options: Options, frame: _Frame | None, *, whole: bool) -> tuple[list[str], int]:
    """The steps of a way, one a line, and how many were left out."""
    steps: Trail = told_steps(way)
    if len(steps) > 1 and steps[-1].kind is StepKind.SENT and frame is not None and frame.shows(steps[-1].place):
        steps = steps[:-1]  # the call is in the frame already
    kept = steps if options.all_trails else shortened(steps)
    return _table(kept, options, whole=whole), len(steps) - len(kept)


def _row(step: Step, options: Options, *, whole: bool) -> tuple[str, str, str]:
    """Where a step is, its code, and what happens: not whom a list is passed to where the code says it."""
    code = _snippet(step, options)
    called = step.kind is StepKind.PASSED and f"{step.detail}(" in code
    words = phrase(replace(step, detail="") if called else step, whole=whole)
    return _safe(file_line(step.place)), code, _safe(words)


def _table(steps: Sequence[Step], options: Options, *, whole: bool) -> list[str]:
    rows = [_row(step, options, whole=whole) for step in steps]
    if not rows:
        return []
    places = max(columns(place) for place, _, _ in rows)
    phrases = max(columns(words) for _, _, words in rows)
    room = options.width - 4 - places - 3
    widest = max(columns(text) for _, text, _ in rows)
    code = min(widest, room - 4 - phrases)
    if widest and code >= min(widest, ENOUGH_CODE):
        return [
            f"    {_padded(place, places)}   {_padded(_window(text, 0, code), code)}    {words}"
            for place, text, words in rows
        ]
    # Long paths leave no room beside them: the code stands below.
    lines: list[str] = []
    for place, text, words in rows:
        if not place or phrases <= room:
            lines.append(f"    {_padded(place, places)}   {words}" if place else f"    {words}")
        else:
            lines += [f"    {place}", f"      {words}"]
        if text:
            lines.append(f"      {_window(text, 0, max(options.width - 6, LEAST_CODE))}".rstrip())
    return lines


def _trails(finding: Finding, options: Options, frame: _Frame | None) -> list[str]:
    worst, *others = finding.ways
    whole = not finding.named
    table, missing = _way(worst, options, frame, whole=whole)
    lines = [f"  {_safe(who_comes(finding))}", *table]
    if options.all_trails:
        for other in others:
            lines += ["  Also", *_way(other, options, frame, whole=whole)[0]]
        return lines
    more = []
    if others:
        more.append(f"{len(others):,} more caller{'s' if len(others) > 1 else ''}")
    if missing:
        more.append(f"{missing:,} more step{'s' if missing > 1 else ''}")
    return [*lines, f"    and {', '.join(more)} (--all-trails)"] if more else lines


# --- blocks ---------------------------------------------------------------------------------------


def finding_lines(finding: Finding, options: Options, *, links: bool = True) -> list[str]:
    """One finding. ``links`` adds the commands that go on from here."""
    style = Style(options.colour)
    width = options.width
    lines = _finding_header(finding, width, style)
    frame = _frame(finding, options, style)
    if frame is not None:
        lines += ["", *frame.lines]
    lines.append("")
    if guilty := guilty_change(finding, options):
        lines.append(f"  Your change in {_safe(file_line(guilty.place))} made this call unsafe.")
    if way_of(finding) is not None:
        lines += _trails(finding, options, frame)
    elif not finding.exception:
        lines += _labelled("Request", _safe(request_words(finding.api)), width)
        lines += _labelled("Readers", _safe(told(finding.why)), width)
        if seen := sight(finding, options):
            lines += _labelled("So", seen, width)
        if alike := alike_words(finding.times, finding.place):
            lines += _labelled("Alike", _safe(alike), width)
    elif not finding.blocks:
        lines += _labelled("Why", _safe(told(finding.why)), width)
    lines += _labelled("Change", _safe(told(finding.change)), width)
    if not links:
        return lines
    where = paste(finding.place)
    if way_of(finding) is not None:
        if finding.fixable and options.has_command("fix"):
            lines.append(_command("", f"mailguard fix {where}"))
        if options.has_command("allow"):
            lines.append(_command("Intended?", f'mailguard allow {where} --reason "why they may see each other"'))
        else:
            comment = f'# mailguard: allow[{_foreign(finding.rule)}] reason="why they may see each other"'
            lines.append(_command("Intended?", comment))
    elif not finding.exception:
        lines += _labelled("Intended?", intended(finding), width)
    lines.append(_command("More", f"mailguard explain {_foreign(finding.rule)}"))
    return lines


def skip_lines(skip: Skip, options: Options) -> list[str]:
    """One thing that was not read: a request that cannot be told, or code."""
    style = Style(options.colour)
    width = options.width
    operation = ", ".join(_foreign(word) for word in (skip.provider, skip.operation) if word)
    second = [(operation or "this may matter: it names a mail API, or could", "dim")]
    lines = _header(_safe(place_words(skip.place)), skip_title(skip), second, width, style)
    lines += ["", *_labelled("Why", _safe(skip_why(skip)), width)]
    if alike := alike_words(skip.times, skip.place):
        lines += _labelled("Alike", _safe(alike), width)
    first, *rest = next_steps(skip, options)
    lines += _labelled("Change", first, width)
    for step in rest:
        lines += _labelled("", step, width)
    return lines
