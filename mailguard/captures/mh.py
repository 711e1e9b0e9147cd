"""An MH folder: messages in files named by numbers, with a sequences file beside them (nmh, Claws Mail, Python's ``mailbox.MH``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import Record
from mailguard.model.message import CannotTell
from mailguard.model.place import Place
from mailguard.recording import content_of, raw_message

__all__ = ["FORMAT"]

_MARKS: Final = frozenset({".mh_sequences", ".xmhcache", ".mh_profile"})


def _sniff(sample: Sample) -> bool:
    return (
        sample.entries is not None and bool(sample.entries & _MARKS) and any(name.isdigit() for name in sample.entries)
    )


def _read(source: Source) -> Iterator[Record]:
    # A deleted message keeps its number behind a comma or a hash; it is none. Folders below are captures of their own.
    prefix = source.path.rstrip("/") + "/" if source.path not in ("", ".") else ""
    numbered: dict[int, Source] = {}
    for member in source.members():
        name = member.path.removeprefix(prefix)
        if name.isascii() and name.isdigit() and len(name) < 12:
            numbered[int(name)] = member
    for number in sorted(numbered):
        member = numbered[number]
        content = content_of(member, 2 * BODY_LIMIT)
        yield Record(
            Place(member.path, 1), content if isinstance(content, CannotTell) else raw_message(content), first_line=1
        )


FORMAT = Format(
    name="mh",
    title="MH folder",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see. Who got a blind copy only where the recorder noted the envelope.",
)
