"""``mailguard scrub``: a capture that can be committed or sent with a bug report.

The capture is written again with fake addresses (:mod:`mailguard.pseudonyms`) and then read again: nothing is handed out
in which an address is left, or which does not replay to the same verdicts.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from mailguard import capture, gate
from mailguard.addresses.compare import compare_key
from mailguard.addresses.masks import is_masked
from mailguard.addresses.words import addresses_in
from mailguard.documents import zstd
from mailguard.hosts import NO_HOSTS, Hosts
from mailguard.ledger import plural
from mailguard.model.capture import Format
from mailguard.model.exchange import Form, HttpRequest, RawMessage, Record, SmtpTransaction
from mailguard.model.finding import Certainty
from mailguard.model.message import CannotTell, Decoded, Message, Undecided
from mailguard.pseudonyms.files import Pseudonyms
from mailguard.redact import holds_address
from mailguard.rulebook.judging import judge, verdict_of
from mailguard.rulebook.policies import Policy
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.header_blocks import header_block

__all__ = ["Done", "ScrubError", "Scrubbed", "scrubbed", "verdicts", "write_all"]

LIMIT: Final = 1 << 29
"""Bytes of one capture file."""
_ENDING: Final = re.compile(r"(?:\.(?:eml|mbox|har|mitm|jsonl?|ndjson|ya?ml|txt|log|gz|zst))*\Z", re.IGNORECASE)


class ScrubError(Exception):
    """A capture that cannot be made safe. The text is one sentence that names nobody."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A capture with fake addresses."""

    files: tuple[tuple[str, bytes], ...]
    """Names relative to the capture, and contents; a file has one, with an empty name."""
    people: int
    domains: int
    secrets: int
    records: int
    """Records that were replayed, before and after."""


def scrubbed(
    path: str | os.PathLike[str],
    policy: Policy,
    fields: Mapping[str, str] | None = None,
    names: Pseudonyms | None = None,
    hosts: Hosts = NO_HOSTS,
) -> Scrubbed:
    """The capture at ``path`` with fake people.

    Args:
        path: a file, or a folder that is one capture.
        policy: by what the verdicts of before and after are compared.
        fields: the mapping of the settings for a log in a shape of its own.
        names: who is who already, in other captures.
        hosts: those of the settings that stand for a service.

    Raises:
        ScrubError: if it is no capture, or if what was written does not replay to the same verdicts, or still holds an
            address of the original.
        OSError: if it cannot be read.

    """
    real = Path(path)
    given = fields or {}
    form = capture.detect(real, given)
    if not isinstance(form, Format):
        raise ScrubError("this is no capture that mailguard can read")
    contents = dict(_contents(real))
    if any(len(data) > LIMIT for data in contents.values()):
        raise ScrubError("a file is larger than the limit")
    names = names or Pseudonyms(policy.inside)
    before = list(capture.records(real.name, real, form, given))
    # Heard of once before anything is written: a name may stand in a text in front of the line that tells whose it is.
    try:
        for data in contents.values():
            _changed(data, names, form)
        shown = dict(zip(contents, _safe_names(list(contents), names), strict=True))
        after = {shown[name]: _changed(data, names, form) for name, data in contents.items()}
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise ScrubError("the capture is damaged in a way that cannot be scrubbed") from error
    with tempfile.TemporaryDirectory(prefix="mailguard-") as folder:
        copy = Path(folder) / _safe_names([real.name], names)[0]
        _write(after.items(), copy, real)
        then = list(capture.records(real.name, copy, form, given))
    if verdicts(before, policy, hosts) != verdicts(then, policy, hosts):
        raise ScrubError("the scrubbed capture would not give the same verdicts, so nothing was written")
    fakes = {compare_key(fake) for fake in names.people.values()}
    if (_addresses(before) - fakes) & _addresses(then):
        raise ScrubError("an address of the original was left, so nothing was written")
    return Scrubbed(tuple(after.items()), len(names.people), len(names.domains), len(names.secrets), len(then))


def _changed(data: bytes, names: Pseudonyms, form: Format) -> bytes:
    """A file with fake people, compressed as it was. Raises :class:`ScrubError` where it cannot be unpacked."""
    if not data.startswith(zstd.MAGIC):
        return names.file(data, form.name)
    stream = zstd.reader(io.BytesIO(data), lambda: None)
    if stream is None:
        raise ScrubError("it is compressed with zstd, and no package for that is installed")
    try:
        with stream:
            inner = stream.read(LIMIT + 1)
    except (OSError, EOFError) as error:
        raise ScrubError("the compressed file is cut or damaged") from error
    if len(inner) > LIMIT:
        raise ScrubError("a file is larger than the limit")
    packed: bytes = zstd.package().compress(names.file(inner, form.name))
    return packed


def _safe_names(files: Sequence[str], names: Pseudonyms) -> list[str]:
    """Names of files and folders, in this order, in which no address stands.

    Mail programs call files by whom they are for, and users by whom they are from. The order in which a folder is read is that
    of its names, so that all of its files are numbered where one of them names somebody.
    """
    numbered = {str(PurePosixPath(file).parent) for file in files if holds_address(PurePosixPath(file).name)}
    count = Counter[str]()
    result = []
    for file in files:
        path = PurePosixPath(file)
        parts = [names.text(part) if holds_address(part) else part for part in path.parts]
        if (folder := str(path.parent)) in numbered:
            count[folder] += 1
            ending = _ENDING.search(path.name)
            parts[-1] = f"{count[folder]:06}{ending.group() if ending else ''}"
        result.append("/".join(parts))
    return result


class Done(NamedTuple):
    """What became of the captures of a run."""

    said: str
    """In a few sentences."""
    left_out: int
    """Captures that cannot be read."""


def write_all(run: gate.Run, output: str | None) -> Done:
    """Write every capture of a run with fake people: to ``output``, a folder for several; else to standard output.

    Raises :class:`ScrubError`, in which nothing was written, and ``OSError``.
    """
    named = list(run.capture_files())
    found = [(one.path, Path(one.real), one.fields) for one in named if isinstance(one.form, Format)]
    if not found:
        raise ScrubError("there is no capture that can be read")
    left_out = len(named) - len(found)
    policy = run.policies.policy
    names = Pseudonyms(policy.inside)
    results = [(path, real, scrubbed(real, policy, fields, names, run.hosts)) for path, real, fields in found]
    whole = len(results) == 1 and not found[0][1].is_dir()
    if output in (None, "-") and not whole:
        raise ScrubError("these are several files: name a folder for them with --output")
    if output is None or output == "-":
        sys.stdout.buffer.write(results[0][2].files[0][1])
        sys.stdout.flush()
    else:
        targets = [Path(output)]
        if len(results) > 1:
            common = os.path.commonpath([Path(path).parent for path, *_ in results])
            below = [Path(os.path.relpath(path, common)).as_posix() for path, *_ in results]
            targets = [Path(output) / name for name in _safe_names(below, names)]
        if _meet(targets, [real for _, real, _ in found]):
            raise ScrubError("what is written must lie somewhere else than the capture itself")
        for target, (_, real, result) in zip(targets, results, strict=True):
            _write(result.files, target, real)
    people, domains, secrets = len(names.people), len(names.domains), len(names.secrets)
    records = sum(result.records for *_, result in results)
    missing = f" Left out: {plural(left_out, 'capture')} that cannot be read." if left_out else ""
    return Done(
        f"Replaced: {plural(people, 'address', 'addresses')} at {plural(domains, 'outside domain')}, {plural(secrets, 'secret')}. "
        f"{plural(records, 'record')} replayed: the verdicts are the same.{missing} Texts are otherwise as they were: read them before you send them.",
        left_out,
    )


def _meet(targets: Iterable[Path], captures: Iterable[Path]) -> bool:
    """Whether something would be written over a capture, or into one that is a folder: it may be the only one there is."""
    real = {one.resolve() for one in captures if str(one) != capture.STDIN}
    return any(not real.isdisjoint((place := target.resolve(), *place.parents)) for target in targets)


def _write(files: Iterable[tuple[str, bytes]], target: Path, like: Path) -> None:
    for name, data in files:
        file = target / name if name else target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    for name in ("cur", "new", "tmp"):
        if like.is_dir() and (like / name).is_dir():
            (target / name).mkdir(parents=True, exist_ok=True)  # a Maildir is known by its folders


def _contents(real: Path) -> Iterator[tuple[str, bytes]]:
    if str(real) == capture.STDIN:
        with capture.standard_input() as stream:
            yield "", stream.read()
        return
    for name, file in _files(real):
        yield name, file.read_bytes()


def _files(real: Path) -> Iterator[tuple[str, Path]]:
    if not real.is_dir():
        yield "", real
        return
    for file in sorted(real.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield file.relative_to(real).as_posix(), file


def verdicts(records: Iterable[Record], policy: Policy, hosts: Hosts = NO_HOSTS) -> list[object]:
    """What each record of a capture comes to, without anything of a person in it."""
    contents = gate.Contents()
    return [_verdict(record, policy, contents, hosts) for record in records]


def _verdict(record: Record, policy: Policy, contents: gate.Contents, hosts: Hosts) -> object:
    if isinstance(record.exchange, CannotTell):
        return record.exchange.reason
    claim = gate.claimed(record.exchange, contents, hosts) or gate.unhosted(record.exchange)
    if claim is None:
        return None
    head = (claim.provider.name, claim.operation, record.when, record.delivered)
    match claim.decoded:
        case CannotTell(reason=reason):
            return (*head, reason)
        case Undecided(reason=reason, messages=messages, alternative=alternative):
            worst = [_judged(one, policy, Certainty.UNDECIDED) for one in messages]
            return (*head, reason, worst, [_judged(one, policy, Certainty.UNDECIDED) for one in alternative])
        case tuple():
            return (*head, [_judged(one, policy, Certainty.CERTAIN) for one in claim.decoded])


def _judged(message: Message, policy: Policy, cap: Certainty) -> object:
    judgements = judge(message, policy, cap=cap)
    lines = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to, message.mentions)
    rules = [(one.rule.id, one.count, one.certainty, one.severity, one.title) for one in judgements]
    return verdict_of(judgements, message, policy), rules, [len(line) for line in lines], message.copies, message.hidden


def _addresses(records: Iterable[Record]) -> set[str]:
    """Every address that a reader of these records finds, in their comparing form."""
    found: set[str] = set()
    for record in records:
        if isinstance(record.exchange, CannotTell):
            continue
        claim = gate.claimed(record.exchange)
        if claim is not None:
            found.update(_of(claim.decoded))
        for text in _texts(record.exchange):
            # What is masked already is nobody's address.
            found.update(compare_key(address) for address in addresses_in(text) if not is_masked(address))
    return found


def _of(decoded: Decoded) -> Iterator[str]:
    if isinstance(decoded, CannotTell):
        return
    for message in decoded if isinstance(decoded, tuple) else (*decoded.messages, *decoded.alternative):
        named = [mention.recipient for mention in message.mentions]
        for line in (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to, named):
            for person in line:
                if person.address is not None and "@" in person.address:
                    yield compare_key(person.address)


def _texts(exchange: HttpRequest | SmtpTransaction | RawMessage) -> Iterator[str]:
    """The texts of an exchange, those in base64 opened."""
    match exchange:
        case HttpRequest():
            body = payload(exchange)
            if not isinstance(body, CannotTell):
                yield from _inner(body.value, 0)
        case SmtpTransaction() | RawMessage():
            block = header_block(exchange.data)
            if not isinstance(block, CannotTell):
                yield from (value for _, value in block if isinstance(value, str))
            yield from _inner(exchange.data, 0)


def _inner(value: object, depth: int) -> Iterator[str]:
    if depth > 20:
        return
    match value:
        case bytes():
            yield from _inner(value.decode("utf-8", "replace"), depth + 1)
        case str():
            yield value
            if len(value) > 40 and "@" not in value and " " not in value[:60]:
                opened = from_base64(value)
                if isinstance(opened, bytes):
                    yield opened.decode("utf-8", "replace")
        case dict():
            for key, item in value.items():
                yield str(key)
                yield from _inner(item, depth + 1)
        case list() | tuple():
            for item in value:
                yield from _inner(item, depth + 1)
        case Form(parts=parts):
            for name, item in parts:
                yield name
                yield from _inner(item, depth + 1)
