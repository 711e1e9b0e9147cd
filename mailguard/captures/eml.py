"""A single message as a file (``.eml``), RFC 5322. It shows what readers see; only some recorders note the envelope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailguard.documents.json_values import BODY_LIMIT
from mailguard.model.capture import Format, Sample, Source
from mailguard.model.exchange import RawMessage, Record
from mailguard.model.message import CannotTell, Reason
from mailguard.model.place import Place
from mailguard.recording import (
    BABYL,
    MMDF,
    address_list,
    begins_with_headers,
    broken,
    content_of,
    is_message_log,
    is_separator,
    looks_like_message,
    raw_message,
)

__all__ = ["FORMAT"]


# A message that names nobody is told by its name only: in a folder of messages it counts as one of them.
_NAMED = re.compile(r"(?i)\.eml(?:\.gz|\.zst)?\Z")


_DEBUGGING: Final = b"---------- MESSAGE FOLLOWS ----------"
_DEBUGGING_END: Final = b"------------ END MESSAGE ------------"
# A session that was logged begins like a header block too; in a message, one can only stand in the text.
_SESSION = re.compile(rb"(?im)^MAIL FROM:[^\n]*(?:\n[^\n]*){0,200}^RCPT TO:")


# What stands between the messages of a mailbox: mbox, MMDF, Babyl.
_NEXT = re.compile(
    rb"\r?\n\r?\n(From [^\r\n]{5,300})\r?\n(?=(?:From|To|Cc|Date|Subject|Received|Return-Path|MIME-Version|Content-Type|Message-ID):)"
    rb"|\n(?:[^\x01\r\n]{0,3}\x01{2,}[^\r\n]{0,3}|\x1f\x0c?)\r?\n"
)


def _sniff(sample: Sample) -> bool:
    head = sample.head
    return (
        sample.entries is None
        and (looks_like_message(head) or (_NAMED.search(sample.name) is not None and begins_with_headers(head)))
        and not is_separator(head[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0])
        and not is_message_log(head)
        and not head.removeprefix(b"\xef\xbb\xbf").startswith((BABYL, MMDF[:2], _DEBUGGING))
        and not (_DEBUGGING in head and _DEBUGGING_END in head.partition(_DEBUGGING)[0])
        and _SESSION.search(re.split(rb"\r?\n\r?\n", head.lstrip(), maxsplit=1)[0]) is None
    )


# How MailHog 1.0 files a message (``-storage maildir``): the envelope, an empty line, the message.
_MAILHOG = re.compile(rb"HELO:<[^\r\n]*>\r?\nFROM:<[^\r\n]*>\r?\n((?:TO:<[^\r\n]*>\r?\n)+)\r?\n")
_ENVELOPE = re.compile(rb"TO:<([^\r\n]*)>")


def _read(source: Source) -> Iterator[Record]:
    content = content_of(source, 2 * BODY_LIMIT)
    place = Place(source.path, 1)
    if isinstance(content, CannotTell):
        yield Record(place, content)
        return
    if any(found.group(1) is None or is_separator(found.group(1)) for found in _NEXT.finditer(content)):
        yield broken(source, CannotTell(Reason.BAD_RECORD, "a mailbox that lost its beginning"))
    found = _MAILHOG.match(content)
    message = raw_message(content[found.end() :] if found else content)
    if found and isinstance(message, RawMessage):
        message = replace(message, rcpt_to=address_list(_ENVELOPE.findall(found.group(1))))
    yield Record(place, message, first_line=1 + (found.group().count(b"\n") if found else 0))


FORMAT = Format(
    name="eml",
    title="message file",
    sniff=_sniff,
    read=_read,
    proves="What readers of the message see. Who got a blind copy only where the recorder noted the envelope.",
)
