"""How a finding is put into words: what every output says in the same way.

Below the shelf of reporters: those that print lines and those that print data
take their phrases, sentences and levels from here.
"""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from mailguard.model.count import ONE
from mailguard.model.finding import Certainty, Finding, Report, Severity, Skip, SkipReason, Way
from mailguard.model.message import Reason
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.model.value import Step, StepKind
from mailguard.redact import Output, foreign, no_address, number, safe_text

__all__ = [
    "Level",
    "alike_words",
    "change_sentences",
    "clean",
    "closes",
    "file_line",
    "fingerprints",
    "full_change",
    "guilty_change",
    "intended",
    "is_request",
    "level_of",
    "next_steps",
    "paste",
    "place_words",
    "request_words",
    "shown",
    "sight",
    "skip_fingerprints",
    "skip_title",
    "skip_why",
    "told",
    "way_of",
]

Level: TypeAlias = Literal["error", "warning", "note"]


@functools.lru_cache(maxsize=4096)
def clean(text: str) -> str:
    """A stranger's words without addresses; the escapes are up to the output."""
    return foreign(text)


@functools.lru_cache(maxsize=4096)
def told(text: str) -> str:
    """A sentence of ours without addresses."""
    return no_address(text)


def place_words(place: Place, *, column: bool = True) -> str:
    """A place as it is printed and can be pasted, without addresses."""
    shown_place = replace(
        place, path=clean(place.path), pointer=clean(place.pointer), column=place.column if column else 0
    )
    return str(shown_place)


def file_line(place: Place) -> str:
    """``news/views.py:44``."""
    return place_words(place, column=False)


def paste(place: Place) -> str:
    """A place as an argument of a command: quoted where a shell would read it otherwise."""
    return safe_text(shlex.quote(file_line(place)), Output.TERMINAL)


# --- how bad, and whether it is shown -------------------------------------------------------------


def level_of(finding: Finding) -> Level:
    """The level of forges: what closes the gate is an error or a warning, all the rest a note."""
    if finding.noted or finding.certainty is Certainty.UNDECIDED:
        return "note"
    match finding.severity:
        case Severity.ERROR:
            return "error"
        case Severity.WARNING:
            return "warning"
        case Severity.NOTE:
            return "note"


def shown(report: Report, options: Options) -> list[Finding]:
    """The findings that a text for people lists: new ones that are so; with ``--all`` also known and noted ones."""
    return [
        finding
        for finding in report.findings
        if (finding.certainty > Certainty.UNDECIDED or options.show_undecided)
        and (options.show_all or (finding.new and not finding.noted))
    ]


def closes(report: Report) -> tuple[int, int]:
    """How many findings are new and close the gate, and how many known ones would without a baseline."""
    new = sum(1 for finding in report.findings if finding.gates)
    known = sum(1 for finding in report.findings if not finding.new and replace(finding, new=True).gates)
    return new, known


# --- which one it is ------------------------------------------------------------------------------


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """A stable name for each finding, for forges that follow findings over time.

    Made of the rule and the identities of its ways (no line, no person); for a capture, of the
    rule, the file and the operation. Equal ones are numbered in order. What goes into the digest is redacted first,
    so that no digest can be used to guess an address.
    """
    seen: Counter[str] = Counter()
    names = []
    for finding in findings:
        if finding.ways:
            parts = sorted({told(clean(way.identity)) for way in finding.ways})
        else:
            parts = [clean(finding.place.path), clean(finding.api)]
        text = "\0".join(["mailguard", "1", clean(finding.rule), *parts])
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        seen[digest] += 1
        names.append(f"{digest}:{seen[digest]}")
    return names


def skip_fingerprints(skips: Sequence[Skip]) -> list[str]:
    """The same for what was not read: its file and the reason."""
    seen: Counter[str] = Counter()
    names = []
    for skip in skips:
        cause = skip.cause.name if skip.cause is not None else ""
        text = "\0".join(["mailguard", "1", "not-read", skip.reason.name, cause, clean(skip.place.path)])
        digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        seen[digest] += 1
        names.append(f"{digest}:{seen[digest]}")
    return names


# --- what to do -----------------------------------------------------------------------------------


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def change_sentences(finding: Finding) -> str:
    """Say what to change in sentences: ``add is_multiple=True. One message each``, with a full stop."""
    first, _, rest = told(finding.change).rstrip(".").partition(": ")
    if not rest.startswith(_EACH):
        return f"{first}, {rest}." if rest else f"{first}."
    return f"{first}. {_capital(rest)}."


_EACH: Final = "one message each"

_CODE: Final = re.compile(
    r"(?<![\w`])(?:[\w-]+=(?:[\w.]+|\[\w+\])|\w*[a-z]_\w+|[a-z]+(?:[A-Z]\w*)+|EmailMessage|recipient-variables)(?![\w`])"
)
"""Words that are code: ``is_multiple=True``, ``merge_data``, ``messageVersions``, and two that do not look like it."""


def full_change(finding: Finding) -> str:
    """The change in running words, for views that show sentences.

    ``add `is_multiple=True`; each person then gets a message of their own, still in one request per 1,000 people.``
    """
    do, _, so = told(finding.change).rstrip(".").partition(": ")
    if so.startswith(_EACH):
        so = f"; each person then gets a message of their own{so.removeprefix(_EACH)}".replace(
            "still one", "still in one"
        )
    elif so:
        so = f", {so}"
    return _CODE.sub(lambda code: f"`{code.group()}`", f"{do}{so}.")


def way_of(finding: Finding) -> Way | None:
    """The worst way; None for a capture."""
    return finding.ways[0] if finding.ways else None


def guilty_change(finding: Finding, options: Options) -> Step | None:
    """The step of the change under review that brought the list here, if the place itself is not in the change."""
    way = way_of(finding)
    if options.changed is None or way is None or options.changed(finding.place):
        return None
    step = next((step for step in way.steps if options.changed(step.place)), None)
    if step is None and options.suspect is not None and finding.new:
        return Step(StepKind.PASSED, options.suspect)
    return step


# --- what was not read ----------------------------------------------------------------------------

_RECORD_AGAIN: Final = "record it again: mailguard record -- COMMAND"

_COMMAND: Final = re.compile(r",? then: mailguard scrub CAPTURE|: mailguard record -- COMMAND")

_NEXT: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.BODY_MISSING: (
        _RECORD_AGAIN,
        "or tell the recorder to keep bodies",
    ),
    Reason.BODY_CUT: (
        _RECORD_AGAIN,
        "or raise the recorder's limit on the size of bodies",
    ),
    Reason.WRONG_ENCODING: (
        _RECORD_AGAIN,
        "or correct the header in the capture, if you know that it is wrong",
    ),
    Reason.TOO_LARGE: ("split the capture, or record fewer people at a time",),
    Reason.UNKNOWN_FORM: ("see what is known of this service: mailguard explain",),
    Reason.MASKED: (
        "record without the filter that masks addresses, then: mailguard scrub CAPTURE",
        "which keeps people apart and prints nobody",
    ),
    Reason.ENVELOPE_MISSING: ("record at the SMTP server, where the envelope is known: mailguard record -- COMMAND",),
    Reason.TEMPLATE: ("look at the template at the provider: its own To, Cc and Bcc count too",),
    Reason.LIST_AT_PROVIDER: ("look at the provider whether the list gets one message each",),
    Reason.NOT_MAIL_HOST: ("name the service under [tool.mailguard.hosts], if this request sends mail",),
    Reason.ACCOUNT_OPTION: ("say it in the request instead of in the account's options",),
    Reason.RELAY: ('name the server in the settings: [tool.mailguard.hosts] "smtp://HOST" = "sendgrid"',),
    Reason.RAW_BCC: ("leave the Bcc line out, and name these people in the envelope only",),
    Reason.ADDRESSES: (
        "look at the recipients of this request: mailguard inspect CAPTURE",
        "some are no addresses, or stand where nobody is known to be read",
    ),
    Reason.BAD_RECORD: (_RECORD_AGAIN, "or take the damaged record out"),
    Reason.NOT_SENT: ("declare what sends it under [tool.mailguard.senders]",),
}

_NEXT_FOR_CODE: Final[dict[SkipReason, str]] = {
    SkipReason.SYNTAX: "repair it, or leave it out of the settings",
    SkipReason.PYTHON_2: "move it to Python 3",
    SkipReason.ENCODING: "save it in the encoding that it declares",
    SkipReason.TOO_LARGE: "split it, if a person wrote it",
    SkipReason.UNREADABLE: "make it readable",
    SkipReason.BUDGET: "split what happens there into functions",
    SkipReason.DEPTH: "split what is nested there",
    SkipReason.INTERNAL: "report it: this is an error of mailguard",
    SkipReason.REMEMBERED: "split the capture, so that each part has fewer people",
    SkipReason.CANNOT_TELL: "look at the request",
    SkipReason.NOT_UNDERSTOOD: "look at who gets the mail there",
}


def skip_title(skip: Skip) -> str:
    """The first line on something that was not read."""
    if skip.reason is SkipReason.REMEMBERED:
        return "Not compared in full"
    return "Cannot tell who sees whom in this request" if is_request(skip) else "Not read"


def is_request(skip: Skip) -> bool:
    """Whether it is a request of a capture, not code."""
    return skip.reason is SkipReason.CANNOT_TELL or skip.cause is not None


def skip_why(skip: Skip) -> str:
    """Why, in words of ours and without any content of the file."""
    if is_request(skip):
        return told(skip.detail) or (skip.cause.value if skip.cause is not None else skip.reason.value)
    return f"{skip.reason.value}: {told(skip.detail)}" if skip.detail else skip.reason.value


def next_steps(skip: Skip, options: Options) -> tuple[str, ...]:
    """What to do about it; each line stands alone."""
    steps = _NEXT[skip.cause] if skip.cause is not None else (_NEXT_FOR_CODE[skip.reason],)
    # A command that does not exist is not proposed; what it would do is.
    return tuple(step if options.has_command("record") else _COMMAND.sub("", step) for step in steps)


_NO_AUDIENCE: Final = frozenset({"merge-tag-left", "bcc-bulk", "recipients-over-cap"})
"""Rules that no audience speaks of: they show nobody to anybody."""


def intended(finding: Finding) -> str:
    """The honest way out for what a capture shows."""
    if finding.rule in _NO_AUDIENCE:
        return "leave this rule out for such files under [tool.mailguard.per-path-ignores]"
    return "name these people as an audience under [tool.mailguard.audiences]"


def sight(finding: Finding, options: Options) -> str:
    """What one reader of a recorded message sees, as numbers: ``reader r1 of 1,000 sees 999 outside people in To``.

    Empty where the message does not show two people in To and Cc, and where the sides are not known.
    """
    message = finding.message
    if message is None or options.is_inside is None:
        return ""
    is_inside = options.is_inside
    lines = {"To": message.to, "Cc": message.cc}
    people = [person for line in lines.values() for person in line]
    if any(person.address is None or person.count != ONE for person in (*people, *message.bcc)):
        return ""
    keys = {name: {options.compare_key(person.address or "") for person in line} for name, line in lines.items()}
    inside = {options.compare_key(person.address or "") for person in people if is_inside(person)}
    shown = keys["To"] | keys["Cc"]
    outside = shown - inside
    first = next(iter(people), None)
    if first is None or len(outside) < 2:
        return ""
    readers = shown | {options.compare_key(person.address or "") for person in message.bcc}
    others = outside - {options.compare_key(first.address or "")}
    where = " and ".join(name for name, found in keys.items() if found & others)
    who = "1 outside person" if len(others) == 1 else f"{number(len(others))} outside people"
    return f"reader r1 of {number(len(readers))} sees {who} in {where}"


_PLAIN_MAIL: Final = {"smtp smtp": "a message over SMTP", "smtp message": "a message, as it was kept"}


def request_words(provider: str, operation: str = "") -> str:
    """What was recorded: ``sendgrid v3/mail/send``; plain mail as what it is."""
    text = f"{provider} {operation}".strip()
    return _PLAIN_MAIL.get(text, clean(text))


def alike_words(times: int, place: Place) -> str:
    """``2,311 requests like this, first at ...``; empty for a single one."""
    return f"{number(times)} requests like this, first at {place_words(place)}" if times > 1 else ""
