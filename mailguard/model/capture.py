"""What a format of recorded requests must declare, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol, TypeAlias

from mailguard.model.count import Truth
from mailguard.model.exchange import Record, SmtpTransaction

__all__ = ["Format", "Read", "Sample", "Seen", "Sniff", "Source"]


class Seen(Protocol):
    """Asked about a request before it becomes a record: whether one like it was dealt with, and so is this one."""

    def line(self, line: bytes, number: int) -> bool:
        """Of a line that was not parsed yet; ``number`` is where it stands, from 1."""

    def request(
        self,
        line: bytes,
        number: int,
        method: str,
        url: str,
        headers: dict[str, Any],
        body: str,
        status: int | str | None,
        marks: int,
    ) -> bool:
        """Of the parts of a line that is a record in our own shape.

        ``marks`` are the quotation marks that the line has left for ``body``: more than it has if something was dropped.
        """

    def mail(self, number: int, mail: SmtpTransaction, status: int | str | None) -> bool:
        """Of a message that was handed over; ``number`` is the line where it stands, ``status`` what the answer was."""


@dataclass(frozen=True, slots=True)
class Sample:
    """As much of a capture as is needed to tell what it is."""

    name: str
    """The last part of its path. Content decides; a name only where the content leaves it open."""
    head: bytes = b""
    """The first bytes, unpacked; empty for a folder."""
    whole: bool = True
    """Whether ``head`` is all there is."""
    entries: frozenset[str] | None = None
    """The names in a folder; None for a file."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The field mapping of the settings, for a log in a shape of its own."""


@dataclass(frozen=True, slots=True)
class Source:
    """A capture that can be read."""

    path: str
    """As places name it: relative to the root of the run, with forward slashes."""
    open: Callable[[], BinaryIO]
    """Opens it from its first byte, unpacked. Raises ``OSError`` (also for a damaged gzip stream, when it is read)."""
    members: Callable[[], Iterable[Source]] = tuple
    """The files of a folder and of the folders in it, in order of their paths; nothing for a file."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """See :class:`Sample`."""
    first_line: int = 0
    """Lines of the file in front of this part of it."""
    seen: Seen | None = None
    """What it says yes to needs no record. A format need not ask."""


Sniff: TypeAlias = Callable[[Sample], bool]
Read: TypeAlias = Callable[[Source], Iterator[Record]]


def _as_a_whole(sample: Sample) -> None:
    """Say that a file is not read in parts."""
    del sample


def _compared(sample: Sample) -> Truth:
    """Say that nothing is answered from a capture."""
    del sample
    return Truth.NO


@dataclass(frozen=True, slots=True)
class Format:
    """One recorded format."""

    name: str
    """Kebab-case id: ``har``."""
    title: str
    """What it is called in a sentence: ``HAR file``."""
    sniff: Sniff
    """Whether a capture is of this format. Never raises; at most one format of the shelf says yes."""
    read: Read
    """Its records, one after the other. A broken record is a record with a reason; raises nothing but what
    ``Source.open`` raises."""
    proves: str
    """What a capture of this format can show, and what it cannot, in one or two sentences."""
    loose: Callable[[Sample], Truth] = _compared
    """Whether requests are answered from such a capture whatever their body is; maybe: the tests say so."""
    part: Callable[[Sample], Read | None] = _as_a_whole
    """How a part of such a file is read that begins and ends where lines do; None for a file that only tells as a whole.
    All parts, one after the other, give the records of the file."""
