"""The captures of a run: which files are captures, what is recorded in them, and whose each request is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailguard import capture, discover
from mailguard.affected import Affected
from mailguard.affected import Tally as AffectedTally
from mailguard.gate.claims import Claimed, claimed, messages_in, unhosted
from mailguard.gate.plan import Plan
from mailguard.globs import Globs
from mailguard.inspection import Inspection, inspected
from mailguard.model.capture import Format, Seen
from mailguard.model.exchange import HttpRequest, Record
from mailguard.model.finding import Certainty
from mailguard.model.message import CannotTell, Message, Reason, Undecided
from mailguard.model.place import Place
from mailguard.transports.content.contents import Contents
from mailguard.transports.content.senders import names_of
from mailguard.watch import Watch

__all__ = [
    "CaptureFile",
    "affected",
    "capture_files",
    "claims",
    "inspections",
    "messages_of",
    "records_in_parts",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A capture among the files of a run."""

    path: str
    """What is printed."""
    real: str
    """What is opened."""
    fields: Mapping[str, str]
    """The mapping of the settings for a log in a shape of its own."""
    form: Format | CannotTell
    """Its format, or why it cannot be told."""

    def records(self, watch: Watch, seen: Seen | None = None) -> Iterator[Record]:
        """Its records; a capture that cannot be opened is one that cannot be told."""
        if isinstance(self.form, CannotTell):
            return iter([Record(Place(self.path), self.form)])
        return capture.records(self.path, self.real, self.form, self.fields, watch.opened, seen)

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where the parts of a large file begin and end; nothing for a file that is read as a whole."""
        return tuple(capture.parts(self.real, self.form, self.fields)) if isinstance(self.form, Format) else ()


def capture_files(plan: Plan) -> Iterator[CaptureFile]:
    """The captures among the files, told by their content."""
    where = discover.folder_of(plan.settings.file, plan.tree.root)
    named = [(Globs(one.files, where), one.fields) for one in plan.settings.captures]
    for path, real in capture.folders((file.path, file.real) for file in plan.files.captures):
        declared = [fields for globs, fields in named if globs.match(path)]
        fields = declared[0] if declared else {}
        form = capture.detect(real, fields)
        if form is None and (declared or (capture.named_so(path) and not capture.is_empty(real))):
            # The settings, or its name, say that it is a capture; then it does not pass unread.
            form = CannotTell(Reason.BAD_RECORD, "no format that mailguard knows")
        form = form or unknown(real)
        if form is not None:
            yield CaptureFile(path, real, fields, form)


def unknown(real: str) -> CannotTell | None:
    """Why a file in no known format does not pass unread: it is damaged, or it names a mail service, as recorded requests do."""
    if capture.is_damaged(real):
        return CannotTell(Reason.BAD_RECORD, "it reads like recorded requests, and is not valid JSON")
    for address in capture.addresses_in(real):
        claim = claimed(HttpRequest("POST", address, {}, "{}"))
        if claim is not None and claim.decoded != ():
            return CannotTell(
                Reason.BAD_RECORD,
                "it reads like requests to a mail service, in a shape of its own; [tool.mailguard.captures] can describe it",
            )
    return None


def records_in_parts(
    one: CaptureFile, watch: Watch, fresh: Callable[[], None], seen: Seen | None = None
) -> Iterator[Record]:
    """The records of a capture. Of a large file part by part: ``fresh`` is called before each of them."""
    spans = one.spans()
    if isinstance(one.form, CannotTell) or not spans:
        yield from one.records(watch, seen)
        return
    lines = 0
    for span in spans:
        fresh()
        part = capture.Part(one.path, one.real, span, one.fields, lines, watch.opened, seen)
        yield from part.records(one.form)
        lines += part.lines


def claims(plan: Plan) -> Iterator[tuple[Record, Claimed | CannotTell]]:
    """Every mail request of the captures, and what its provider says of it; what is no mail is passed over."""
    files = list(capture_files(plan))
    plan.watch.expect(one.real for one in files)
    for one in files:
        yield from _claims_of(plan, one)
    plan.watch.finish()


def _claims_of(plan: Plan, one: CaptureFile) -> Iterator[tuple[Record, Claimed | CannotTell]]:
    """Those of one capture. A large file is looked at part by part: what is remembered of one is let go with it."""
    contents = Contents()

    def fresh() -> None:
        nonlocal contents
        if contents.full:
            plan.watch.crowd(one.path)
        contents = Contents()

    for record in plan.watch.records(one.real, records_in_parts(one, plan.watch, fresh)):
        if isinstance(record.exchange, CannotTell):
            yield record, record.exchange
        elif (claim := claimed(record.exchange, contents, plan.hosts) or unhosted(record.exchange)) is not None:
            yield record, claim
    fresh()


def affected(plan: Plan) -> Affected:
    """What the captures showed to whom: the numbers for a notification."""
    tally = AffectedTally(plan.policies.whole)
    for record, claim in claims(plan):
        decoded = claim if isinstance(claim, CannotTell) else claim.decoded
        if isinstance(decoded, CannotTell) or isinstance(record.exchange, CannotTell):
            tally.cannot_tell()
            continue
        cap = Certainty.CERTAIN
        perhaps: tuple[Message, ...] = ()
        messages = messages_in(decoded)
        if isinstance(decoded, Undecided) and decoded.reason is Reason.ADDRESSES:
            messages, perhaps = decoded.alternative, messages
        elif isinstance(decoded, Undecided):
            cap = Certainty.UNDECIDED
        tally.add(messages, cap, record.exchange, record.when, names_of, delivered=record.delivered, perhaps=perhaps)
    return tally.result()


def inspections(plan: Plan) -> Iterator[Inspection]:
    """What is in each request of the captures; requests that are no mail are passed over."""
    for record, claim in claims(plan):
        if isinstance(claim, CannotTell):
            yield inspected(record.place, "", claim)
        else:
            yield inspected(record.place, claim.provider.name, claim.decoded, claim.operation, record.unproven)


def messages_of(path: Path) -> tuple[Message, ...]:
    """Every message that the requests of a capture make."""
    found: list[Message] = []
    for record in capture.records(path.name, path):
        if not isinstance(record.exchange, CannotTell) and (claim := claimed(record.exchange)) is not None:
            found.extend(messages_in(claim.decoded))
    return tuple(found)
