"""From a finding to an edit that is surely right, or to words where none is.

A codemod of the shelf proposes the file as it would be. It counts only if a new look at the whole tree, with that
file in it, no longer finds the problem, finds no other one, and still sees every mail call. Nothing is run and
nothing is written here, except by :func:`write`.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
import stat
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mailguard.discover import File, Files
from mailguard.model.finding import Certainty, Finding, Report, Severity
from mailguard.model.fix import Edit, Fix, Refusal
from mailguard.model.place import Place
from mailguard.redact import Output, code_frame, safe_text
from mailguard.rulebook.rules import SHOWING
from mailguard.shelf import shelf
from mailguard.wording import paste, place_words, told

__all__ = [
    "Outcome",
    "can_fix",
    "chosen",
    "fixes",
    "marked",
    "reader",
    "repaired",
    "shown",
    "with_texts",
    "worth_repairing",
    "write",
]

Look = Callable[[Mapping[str, bytes]], Report]
"""What is found where some files have another content than on the disk; paths relative to the root."""

Read = Callable[[str], bytes | None]
"""A file of the tree by its path, or None if it cannot be read."""

AROUND: Final = 2
"""Lines of code shown around a change."""

MARKED: Final = 10
"""Files that are parsed at most to say which findings can be repaired; the findings are sorted, the worst first."""

MARKED_BYTES: Final = 1_000_000
"""Bytes of files that are gone through for it, a file once for each finding: thousands of them in one file would take minutes."""

NO_FORM: Final = "the code has a form that mailguard does not rewrite"
NOT_QUIET: Final = "an edit was tried, and people would still be shown to each other after it"

_LOOP: Final = "for recipient in recipients:"
_ANEW: Final = (_LOOP, '    del message["To"]', '    message["To"] = recipient')

_SKETCHES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "django.core.mail.send_mass_mail",
        ("send_mass_mail([(subject, text, sender, [recipient]) for recipient in recipients])",),
    ),
    ("django.core.mail.send_mail", (_LOOP, "    send_mail(subject, text, sender, [recipient])")),
    ("django.", (_LOOP, "    message.to = [recipient]", "    message.send()")),
    ("anymail.", ("message.merge_data = {recipient: {} for recipient in recipients}",)),
    ("flask_mailman.", (_LOOP, "    message.to = [recipient]", "    message.send()")),
    ("flask_mail.", (_LOOP, "    message.recipients = [recipient]", "    mail.send(message)")),
    (
        "fastapi_mail.",
        (_LOOP, "    message = MessageSchema(recipients=[recipient], ...)", "    await mail.send_message(message)"),
    ),
    (
        "botocore.client.SES.send_raw_email",
        (*_ANEW, '    client.send_raw_email(Destinations=[recipient], RawMessage={"Data": message.as_bytes()})'),
    ),
    ("botocore.client.SES", (_LOOP, '    client.send_email(Destination={"ToAddresses": [recipient]}, ...)')),
    ("smtplib.", (*_ANEW, "    server.send_message(message)")),
    ("aiosmtplib.", (*_ANEW, "    await aiosmtplib.send(message, hostname=HOST)")),
)
"""What the repair looks like in the words of an API, by what the API's dotted name starts with."""

_SKETCHES_OF_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "mailgun": ('data["recipient-variables"] = json.dumps({recipient: {} for recipient in recipients})',),
    "mandrill": ('message["preserve_recipients"] = False',),
    "sendgrid": (
        _LOOP,
        "    personalization = Personalization()",
        "    personalization.add_to(To(recipient))",
        "    mail.add_personalization(personalization)",
    ),
}
"""The same by the mail service, for its own client and for plain HTTP."""

_SHOWS_THE_LIST: Final = frozenset(
    {"visible-external-recipients", "joined-recipient-string", "batched-recipient-list", "missing-split-flag",
     "shared-personalization"}
)  # fmt: skip
"""Rules that are kept by one message for each person."""


@dataclass(frozen=True, slots=True)
class _Changed(File):
    """A file of which another content is looked at than is on the disk."""

    text: bytes

    def read(self) -> bytes:
        return self.text


def with_texts(files: Files, texts: Mapping[str, bytes]) -> Files:
    """The files of a run, some of them with another content."""
    python = tuple(
        _Changed(file.path, file.real, texts[file.path]) if file.path in texts else file for file in files.python
    )
    return replace(files, python=python)


def reader(files: Files) -> Read:
    """What reads the Python files of a run."""
    by_path = {file.path: file for file in files.python}

    def read(path: str) -> bytes | None:
        try:
            return by_path[path].read() if path in by_path else None
        except OSError:
            return None

    return read


@functools.cache
def fixes() -> tuple[Fix, ...]:
    """The codemods, in the order in which they are tried."""
    return tuple(sorted(shelf("mailguard.fixes", "FIX", Fix), key=lambda fix: (fix.order, fix.name)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one finding."""

    finding: Finding
    fix: Fix | None = None
    edit: Edit | None = None
    """The file after the repair; None where none is surely right."""
    before: bytes = b""
    """The same file before it, with the repairs of earlier findings."""
    reason: str = ""
    """Why there is no edit; empty where there is one, and where an edit for another finding did this one, too."""


def _proposals(source: bytes, finding: Finding) -> Iterator[tuple[Fix, Edit | Refusal]]:
    if not finding.ways or finding.place.path.endswith(".ipynb"):
        return
    for fix in fixes():
        found = fix.repair(source, finding)
        if found is not None and not (isinstance(found, Edit) and found.text == source):
            yield fix, found


def can_fix(finding: Finding, read: Read) -> bool:
    """Whether a codemod has an edit for a finding. Parses one file; whether the edit holds only a new look tells."""
    source = read(finding.place.path) if finding.ways else None
    return source is not None and any(isinstance(found, Edit) for _, found in _proposals(source, finding))


def marked(report: Report, read: Read) -> Report:
    """The report, in which findings that close the gate say whether ``mailguard fix`` has an edit for them."""
    sizes: dict[str, int] = {}
    left = MARKED_BYTES
    findings = []
    for finding in report.findings:
        path = finding.place.path
        wanted = finding.gates and left > 0 and (path in sizes or len(sizes) < MARKED)
        if wanted:
            size = sizes[path] if path in sizes else len(read(path) or b"")
            sizes[path] = size
            left -= size
        findings.append(replace(finding, fixable=wanted and can_fix(finding, read)))
    return replace(report, findings=tuple(findings))


def repaired(report: Report, chosen: Sequence[Finding], look: Look, read: Read) -> Iterator[Outcome]:
    """The outcome for each of the ``chosen`` findings of ``report``, one after the other, each on top of the last."""
    texts: dict[str, bytes] = {}
    lines = [finding.place.line for finding in chosen]
    for number, wanted in enumerate(chosen):
        finding = _again(wanted, lines[number], report)
        if finding is None:
            yield Outcome(wanted)
            continue
        path = finding.place.path
        source = texts.get(path) or read(path)
        if source is None:
            yield Outcome(wanted, reason="the file cannot be read")
            continue
        reasons = []
        for fix, found in _proposals(source, finding):
            if isinstance(found, Refusal):
                reasons.append(found.reason)
                continue
            after = look({**texts, path: found.text})
            if not _holds(report, after, finding):
                reasons.append(NOT_QUIET)
                continue
            texts[path], report = found.text, after
            for later in range(number + 1, len(chosen)):
                if chosen[later].place.path == path:
                    lines[later] = _line_after(lines[later], source, found.text)
            yield Outcome(wanted, fix, found, source)
            break
        else:
            yield Outcome(wanted, reason=reasons[0] if reasons else _no_form(finding))


def chosen(report: Report, path: str, line: int = 0, column: int = 0) -> list[Finding]:
    """The findings that a place means: those there; else those whose mail call is there; else those that pass there.

    Without a line: all of a file or folder that are worth repairing. ``path`` is relative to the root, ``.`` the root.
    """
    inside = path.rstrip("/") + "/"
    if not line:
        return [
            finding
            for finding in report.findings
            if worth_repairing(finding) and (path in {".", finding.place.path} or finding.place.path.startswith(inside))
        ]

    def covers(place: Place) -> bool:
        return place.path == path and place.line <= line <= max(place.end_line, place.line)

    for places in (_entering, _sending, _passing):
        found = [finding for finding in report.findings if finding.ways and any(map(covers, places(finding)))]
        # A note at the same place is no reason to speak of two problems.
        found = [finding for finding in found if worth_repairing(finding)] or found
        if found:
            return [finding for finding in found if finding.place.column == column] or found
    return []


def _entering(finding: Finding) -> tuple[Place, ...]:
    return (finding.place,)


def _sending(finding: Finding) -> tuple[Place, ...]:
    return (finding.send,)


def _passing(finding: Finding) -> tuple[Place, ...]:
    return tuple(step.place for way in finding.ways for step in way.steps)


def _no_form(finding: Finding) -> str:
    if not finding.ways:
        return "this is a recorded request; the code that made it is elsewhere"
    if finding.place.path.endswith(".ipynb"):
        return "this is a notebook"
    return NO_FORM


def _key(finding: Finding) -> tuple[str, frozenset[str]]:
    """What stays of a finding when lines move and other problems go: file, functions, causes."""
    return finding.place.path, frozenset(_ORDINAL.sub("", way.identity) for way in finding.ways)


_ORDINAL: Final = re.compile(r"[0-9]{1,9}$")


def _again(wanted: Finding, line: int, report: Report) -> Finding | None:
    """A finding in a later report, in which its line has moved to ``line``."""
    return next(
        (
            one
            for one in report.findings
            if one.rule == wanted.rule and one.place.line == line and _key(one) == _key(wanted)
        ),
        None,
    )


def _line_after(line: int, before: bytes, after: bytes) -> int:
    """Where a line has gone; 0 if it was changed."""
    matcher = difflib.SequenceMatcher(None, _lines(before), _lines(after), autojunk=False)
    for old, new, size in matcher.get_matching_blocks():
        if old < line <= old + size:
            return line - old + new
    return 0


def _holds(before: Report, after: Report, finding: Finding) -> bool:
    """Whether a repair is one: the problem is gone, no other one came, and no mail call was lost from sight."""
    if len(after.skips) > len(before.skips) or after.ledger.calls != before.ledger.calls:
        return False
    left = Counter(_key(one) for one in before.findings if one is not finding)
    # What is quiet may take the place of what was worse: a note, or a caller that nobody knows.
    floor = min(finding.certainty, Certainty.LIKELY)
    loud = (one for one in after.findings if one.severity >= Severity.WARNING and one.certainty >= floor)
    return Counter(_key(one) for one in loud) <= left


# --- what is shown --------------------------------------------------------------------------------


def shown(outcomes: Sequence[Outcome], *, written: bool, command: str) -> list[str]:
    """The lines for people. ``command`` is the one that writes what is shown."""
    lines: list[str] = []
    edits = [outcome for outcome in outcomes if outcome.edit is not None]
    for outcome in outcomes:
        if lines:
            lines.append("")
        if len(outcomes) > 1:
            lines.append(_safe(place_words(outcome.finding.place)))
        if outcome.edit is not None:
            lines += _edit_lines(outcome, outcome.edit, written=written)
        else:
            lines += _sketch(outcome)
    if edits and not written:
        if len(outcomes) > 1:
            lines.append("")
        lines.append(f"Write it: {command}" if len(edits) == 1 else f"Write them: {command}")
    return lines


def _safe(text: str) -> str:
    return safe_text(text, Output.TERMINAL)


def _edit_lines(outcome: Outcome, edit: Edit, *, written: bool) -> Iterator[str]:
    yield from _diff(outcome.before, edit.text)
    path = _safe(place_words(replace(outcome.finding.place, line=0, column=0)))
    yield f"{edit.outcome} {f'Written to {path}.' if written else 'Nothing is written yet.'}"
    if edit.requests:
        yield edit.requests
    yield from edit.remarks


def _diff(before: bytes, after: bytes) -> Iterator[str]:
    """The lines that change, with some around them; no address in them."""
    old, new = _lines(before), _lines(after)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(AROUND)):
        if number:
            yield "..."
        first, last = group[0], group[-1]
        shown_old = code_frame(old[first[1] : last[2]])
        shown_new = code_frame(new[first[3] : last[4]])
        lines: list[str] = []
        for kind, old_from, old_to, new_from, new_to in group:
            gone = shown_old[old_from - first[1] : old_to - first[1]]
            come = shown_new[new_from - first[3] : new_to - first[3]]
            if kind == "equal":
                lines += [_safe(f" {line}").rstrip() for line in gone]
            else:
                lines += [_safe(f"-{line}") for line in gone]
                lines += [_safe(f"+{line}") for line in come]
        # Empty lines around a change say nothing.
        while lines and not lines[0]:
            del lines[0]
        while lines and not lines[-1]:
            del lines[-1]
        yield from lines


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").splitlines()


def sketched(finding: Finding) -> tuple[str, ...]:
    """The lines of code that the repair amounts to, in the words of the API; none where words say it as well."""
    if finding.rule not in _SHOWS_THE_LIST or not finding.ways or finding.line == "Cc":
        return ()  # nothing but taking them out of Cc keeps those in Cc apart
    if finding.provider in _SKETCHES_OF_SERVICES:
        return _SKETCHES_OF_SERVICES[finding.provider]
    return next((lines for start, lines in _SKETCHES if finding.api.startswith(start)), ())


def _sketch(outcome: Outcome) -> Iterator[str]:
    """What to do where no edit is surely right."""
    finding = outcome.finding
    if not outcome.reason:
        yield f"{_safe(place_words(finding.place))} is repaired by the edit above."
        return
    yield f"No edit is surely right here: {_safe(told(outcome.reason))}."
    yield f"Change     {_safe(told(finding.change))}"
    for number, line in enumerate(sketched(finding)):
        yield f"{'' if number else 'Sketch':<11}{line}"
    if "a copy of each message" in outcome.reason:
        yield "Copies     send them once, in a message of their own."
    if finding.ways and any(way.identity.startswith(tuple(cause.value for cause in SHOWING)) for way in finding.ways):
        # The second choice, and said to be one.
        yield "Otherwise  put the list into Bcc. This keeps readers apart only as long as every program treats Bcc as Bcc."
    yield f"Then       mailguard check {paste(replace(finding.place, line=0, column=0))}"


def write(root: Path, outcomes: Sequence[Outcome]) -> list[str]:
    """Write the edits into the tree at ``root``; the paths that were written.

    A file is written only if it still is what was looked at, and lies in the tree. Raises ``OSError``.
    """
    first: dict[str, bytes] = {}
    last: dict[str, bytes] = {}
    for outcome in outcomes:
        if outcome.edit is not None:
            first.setdefault(outcome.finding.place.path, outcome.before)
            last[outcome.finding.place.path] = outcome.edit.text
    for path, text in last.items():
        file = root / path
        if not file.resolve().is_relative_to(root) or file.is_symlink():
            raise OSError(0, "a link leads elsewhere", path)
        if file.read_bytes() != first[path]:
            raise OSError(0, "it has changed meanwhile", path)
        _replace(file, text)
    return list(last)


def _replace(file: Path, text: bytes) -> None:
    """Put ``text`` in place of a file at once, with the same permissions."""
    mode = stat.S_IMODE(file.stat().st_mode)
    handle, name = tempfile.mkstemp(prefix=".mailguard-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text)
        Path(name).chmod(mode)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def worth_repairing(finding: Finding) -> bool:
    """Whether a finding is repaired where a whole file or folder is named."""
    is_so = finding.certainty >= Certainty.LIKELY and finding.severity >= Severity.WARNING
    return is_so and not finding.noted and bool(finding.ways)
