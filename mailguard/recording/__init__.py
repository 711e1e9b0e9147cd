"""What several capture formats need: from the bytes of a file to the parts of a recorded request, and to an exchange.

Below the shelf ``captures``, whose files never import each other. Rooms: ``streams`` reads a file, ``json_captures`` one that is
JSON; ``parts`` are those of a record, ``exchanges`` is what they make; ``messages`` and ``mailboxes`` are for formats that hold
whole messages.
"""

from __future__ import annotations

from mailguard.recording.exchanges import address_list, exchange_of, http
from mailguard.recording.json_captures import elements_of, json_head, json_records, records_in
from mailguard.recording.mailboxes import BABYL, MMDF, is_message_log, is_separator
from mailguard.recording.messages import begins_with_headers, composed, looks_like_message, mailbox_text, raw_message
from mailguard.recording.parts import delivered, dig, headers_of, iso_time
from mailguard.recording.streams import LINE_LIMIT, batches, broken, content_of, head_of, lines, text_of

__all__ = [
    "BABYL",
    "LINE_LIMIT",
    "MMDF",
    "address_list",
    "batches",
    "begins_with_headers",
    "broken",
    "composed",
    "content_of",
    "delivered",
    "dig",
    "elements_of",
    "exchange_of",
    "head_of",
    "headers_of",
    "http",
    "is_message_log",
    "is_separator",
    "iso_time",
    "json_head",
    "json_records",
    "lines",
    "looks_like_message",
    "mailbox_text",
    "raw_message",
    "records_in",
    "text_of",
]
