"""A Maildir: one file for each message, in ``cur`` and ``new``; what is in ``tmp`` is being written and not delivered.

https://cr.yp.to/proto/maildir.html. aiosmtpd's ``Mailbox`` handler and Django's test tools write one; aiosmtpd notes the
envelope in ``X-MailFrom`` and ``X-RcptTo``.
"""

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

_PARTS: Final = frozenset({"cur", "new", "tmp"})


def _sniff(sample: Sample) -> bool:
    # Two of the three are enough: git keeps no empty folder.
    return sample.entries is not None and len(sample.entries & _PARTS) >= 2 and bool(sample.entries & {"cur", "new"})


def _read(source: Source) -> Iterator[Record]:
    for member in source.members():
        folder, _, name = member.path.rpartition("/")
        if folder.rpartition("/")[2] not in ("cur", "new") or name.startswith("."):
            continue  # the indexes of mail programs, and what is not delivered
        content = content_of(member, 2 * BODY_LIMIT)
        yield Record(
            Place(member.path, 1), content if isinstance(content, CannotTell) else raw_message(content), first_line=1
        )


FORMAT = Format(
    name="maildir",
    title="Maildir",
    sniff=_sniff,
    read=_read,
    proves="What readers of each message see. Who got a blind copy only where the recorder noted the envelope.",
)
