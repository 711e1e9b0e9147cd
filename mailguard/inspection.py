"""What ``mailguard inspect`` shows: the messages that a recorded request makes, and who is in them.

Without ``--reveal`` people are ``r1``, ``r2``, ... with their side; with it, addresses are printed where they are known.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mailguard.model.count import ONE, ZERO
from mailguard.model.message import CannotTell, Decoded, Message, Recipient, Undecided
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.redact import Json, Output, Revealed, Roster, count_words, no_address, number, safe_text, scrub
from mailguard.terminal import Style, wrapped
from mailguard.wording import clean, place_words, told

__all__ = ["Inspection", "inspected", "render_json", "render_text"]

_FIELDS: Final = (
    ("To", "to"),
    ("Cc", "cc"),
    ("Bcc", "bcc"),
    ("Bcc, sent along", "transmitted_bcc"),
    ("Reply-To", "reply_to"),
)
_LISTED: Final = 20
"""People of one field that are named one by one without ``--reveal``."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """One request and what is known of it."""

    place: Place
    provider: str
    """The provider's name; empty where none claimed the request."""
    verdict: Literal["decoded", "undecided", "cannot-tell"]
    reason: str = ""
    """Why it is undecided or cannot be told; empty if it is decoded."""
    messages: tuple[Message, ...] = ()
    """The messages; the worst case where it is undecided."""
    alternative: tuple[Message, ...] = ()
    """What happens otherwise, where it is undecided."""
    operation: str = ""
    """The operation of the service: ``v3/mail/send``."""
    limits: str = ""
    """What the capture cannot show of it, as a clause; empty where it shows all."""


def inspected(place: Place, provider: str, decoded: Decoded, operation: str = "", limits: str = "") -> Inspection:
    """What a provider's ``decode`` said of the request at ``place``, and what the capture cannot show."""
    match decoded:
        case Undecided():
            reason = decoded.reason.value
            return Inspection(
                place, provider, "undecided", reason, decoded.messages, decoded.alternative, operation, limits
            )
        case CannotTell():
            detail = f": {decoded.detail}" if decoded.detail else ""
            return Inspection(place, provider, "cannot-tell", f"{decoded.reason.value}{detail}", operation=operation)
        case tuple():
            return Inspection(place, provider, "decoded", messages=decoded, operation=operation, limits=limits)


def _roster(options: Options) -> Roster:
    return Roster(options.compare_key, options.is_inside, reveal=options.reveal)


def _people(message: Message) -> Iterable[tuple[str, str, tuple[Recipient, ...]]]:
    people = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to)
    return ((title, key, members) for (title, key), members in zip(_FIELDS, people, strict=True))


# --- JSON -----------------------------------------------------------------------------------------


def render_json(inspections: Sequence[Inspection], options: Options) -> str:
    """A list with one object for each request; people are texts, and ``sides`` says where each of them is."""
    roster = _roster(options)
    return json.dumps(scrub([_data(inspection, roster) for inspection in inspections]), indent=2) + "\n"


def _data(inspection: Inspection, roster: Roster) -> Json:
    return {
        "place": place_words(inspection.place),
        "provider": clean(inspection.provider),
        "operation": clean(inspection.operation),
        "verdict": inspection.verdict,
        "reason": told(inspection.reason),
        "limits": told(inspection.limits),
        "messages": [_message(message, roster) for message in inspection.messages],
        "alternative": [_message(message, roster) for message in inspection.alternative],
    }


def _message(message: Message, roster: Roster) -> Json:
    data: dict[str, Json] = {}
    sides: dict[str, Json] = {}
    for _, key, people in _people(message):
        labels: list[Json] = []
        for person in people:
            label = roster.label(person)
            labels.append(label)
            if side := roster.side(person):
                sides[label] = side
        data[key] = labels
    mentions: list[Json] = []
    for mention in message.mentions:
        found: dict[str, Json] = {"field": mention.field.value, "person": roster.label(mention.recipient)}
        if mention.detail:
            found["detail"] = clean(mention.detail)
        mentions.append(found)
    if sides:
        data["sides"] = sides
    if mentions:
        data["mentions"] = mentions
    if message.copies != ONE:
        data["copies"] = count_words(message.copies)
    if message.hidden != ZERO:
        data["not_named"] = count_words(message.hidden)
    return data


# --- text -----------------------------------------------------------------------------------------


def render_text(inspections: Sequence[Inspection], options: Options) -> str:
    """A block for each request, then how many could be decoded."""
    roster = _roster(options)
    style = Style(options.colour)
    blocks = [_block(inspection, roster, options, style) for inspection in inspections]
    blocks.append([style.dim(_ledger(inspections))])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _safe(text: str) -> str:
    """Foreign or our own words for the terminal. A revealed address keeps its signs, but not its control characters."""
    return safe_text(text if isinstance(text, Revealed) else no_address(text), Output.TERMINAL)


def _ledger(inspections: Sequence[Inspection]) -> str:
    if not inspections:
        return "No request was found."
    count = Counter(inspection.verdict for inspection in inspections)
    parts = [f"{number(count['decoded'])} decoded"]
    if count["undecided"]:
        parts.append(f"{number(count['undecided'])} undecided")
    if count["cannot-tell"]:
        parts.append(f"{number(count['cannot-tell'])} cannot tell")
    total = len(inspections)
    return f"{number(total)} request{'' if total == 1 else 's'}: {', '.join(parts)}."


def _block(inspection: Inspection, roster: Roster, options: Options, style: Style) -> list[str]:
    service = ", ".join(_safe(clean(word)) for word in (inspection.provider, inspection.operation) if word)
    place = _safe(place_words(inspection.place))
    lines = [style.bold(f"{place}  {service}".rstrip())]
    match inspection.verdict:
        case "cannot-tell":
            return [*lines, *_labelled("Cannot tell", told(inspection.reason), options)]
        case "undecided":
            lines += _labelled("Undecided", told(inspection.reason), options)
        case "decoded":
            if not inspection.messages:
                lines.append("  This request sends no mail.")
    lines += _messages(inspection.messages, "Message", roster, options)
    if inspection.limits:
        lines += _labelled("But", told(inspection.limits), options)
    if inspection.alternative:
        lines.append("  Or, if it is otherwise:")
        lines += _messages(inspection.alternative, "Message", roster, options)
    return lines


def _messages(messages: Sequence[Message], title: str, roster: Roster, options: Options) -> list[str]:
    lines: list[str] = []
    for position, message in enumerate(messages, 1):
        copies = f", {count_words(message.copies)} like this" if message.copies != ONE else ""
        lines.append(f"  {title} {number(position)}{copies}")
        for label, _, people in _people(message):
            if people:
                lines += _labelled(f"  {label}", _named(people, roster, options), options)
        if message.hidden != ZERO:
            lines += _labelled("  Not named", f"{count_words(message.hidden)} more people", options)
        for mention in message.mentions:
            lines += _labelled(
                "  Also in", f"{mention.field.value}: {_named((mention.recipient,), roster, options)}", options
            )
        if message.to == message.cc == message.bcc == () and message.hidden == ZERO:
            lines.append("    nobody")
    return lines


def _labelled(label: str, text: str, options: Options) -> list[str]:
    return wrapped(text, options.width, f"  {label:<17}", " " * 19)


def _named(people: Sequence[Recipient], roster: Roster, options: Options) -> str:
    entries = [(roster.label(person), roster.side(person), person) for person in people]
    if options.reveal or len(entries) <= _LISTED:
        return ", ".join(_one(label, side, person) for label, side, person in entries)
    sides = Counter(side for _, side, _ in entries if side)
    words = [f"{number(count)} {side}" for side, count in sorted(sides.items(), reverse=True)]
    text = f"{entries[0][0]} to {entries[-1][0]}, {number(len({label for label, _, _ in entries}))} people"
    return f"{text}: {', '.join(words)}" if words else text


def _one(label: str, side: str, person: Recipient) -> str:
    text = _safe(label)
    if side:
        text += f" {side}"
    if person.count != ONE:
        text += f" ({count_words(person.count)} people)"
    return text
