"""Mail messages: what their header lines and their envelope say about who sees whom, and Python's own ``email`` package.

``reading.message_of`` reads a message, recorded or about to be sent. The classes and functions of ``models`` and
``addresses`` model the standard library, ``sources`` its headers made of pieces and its parsers; they keep the header lines, those of one name in the order in which they were
written, and nothing else: no body is looked at. ``fields`` looks at single lines.

Facts: RFC 5322, section 3.6 (the address headers and the Resent blocks); CPython 3.11.7 and 3.13.0, run.
"""

from __future__ import annotations

from typing import Final

from mailguard.model.provider import Function, Library
from mailguard.transports.mime.addresses import (
    Address,
    Group,
    formataddr,
    formatdate,
    getaddresses,
    make_msgid,
    parseaddr,
)
from mailguard.transports.mime.models import (
    COMMASPACE,
    EmailMessage,
    LegacyMessage,
    MimeLeaf,
    MimeMultipart,
    MimeText,
    message_from,
)
from mailguard.transports.mime.sources import HeaderText, Parser, header, make_header

LIBRARY: Final = Library(
    functions=(
        Function(("email.utils.formataddr", "email.Utils.formataddr"), formataddr),
        Function(("email.utils.getaddresses", "email.Utils.getaddresses"), getaddresses),
        Function(("email.utils.parseaddr", "email.Utils.parseaddr"), parseaddr),
        Function(("email.utils.make_msgid", "email.Utils.make_msgid"), make_msgid),
        Function(("email.utils.formatdate", "email.Utils.formatdate"), formatdate),
        Function(("email.utils.format_datetime",), formatdate),
        Function(("email.header.Header", "email.Header.Header"), header),
        Function(("email.header.make_header", "email.Header.make_header"), make_header),
        Function(("email.message_from_string", "email.message_from_bytes"), message_from),
    ),
    classes=(LegacyMessage, MimeText, MimeMultipart, MimeLeaf, EmailMessage, Address, Group, HeaderText, Parser),
    constants=(
        ("email.utils.COMMASPACE", COMMASPACE),
        ("email.Utils.COMMASPACE", COMMASPACE),
        ("email.utils.EMPTYSTRING", ""),
        ("email.utils.CRLF", "\r\n"),
    ),
)
"""Python's own ``email`` package. It sends nothing by itself, so no file is read for its sake."""
