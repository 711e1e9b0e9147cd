"""The fields of services, by what their names say."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

from mailguard.model.message import Field
from mailguard.model.value import Value
from mailguard.transports.content.texts import Piece

PIECES: Final = 20_000  # texts of one request
PARTS: Final = 500  # parts of one message
DEPTH: Final = 12
SUBJECT: Final = frozenset({"subject", "conversationsubject"})
TEXT: Final = frozenset(
    {"text", "textbody", "textpart", "textcontent", "plain", "plaintext", "bodytext", "bodyplain", "textplain", "txt"}
)
HTML: Final = frozenset(
    {"html", "htmlbody", "htmlpart", "htmlcontent", "bodyhtml", "texthtml", "amphtml", "amp", "watchhtml"}
)
BODY: Final = frozenset({"body", "content", "value", "data", "message"})
ATTACHED: Final = frozenset(
    {"attachments", "attachment", "inlinedattachments", "inlineattachments", "inline", "images", "files"}
)
FILE: Final = frozenset(
    {"content", "base64content", "data", "filecontent", "rawcontent", "contentbytes", "binarycontent", "body"}
)
MERGE: Final = frozenset(
    {
        *(
            "substitutions",
            "dynamictemplatedata",
            "recipientvariables",
            "mergevars",
            "vars",
            "variables",
            "templatemodel",
        ),
        *(
            "templatedata",
            "replacementtemplatedata",
            "substitutiondata",
            "personalization",
            "params",
            "mergedata",
            "merge",
        ),
        *("replacementemailcontent", "dynamicdata", "templatevariables", "sub", "section", "fields"),
    }
)
GLOBAL: Final = frozenset(
    {
        *("globalmergevars", "globalsubstitutions", "globalvariables", "globaldata", "messagedata", "datavariables"),
        *("mergeinfo", "mergefields", "tvariables", "hxmailgunvariables", "defaulttemplatedata", "metadata", "section"),
    }
)
"""Merge data for everybody."""
HEADERS: Final = frozenset(
    {"headers", "messageheaders", "internetmessageheaders", "customheaders", "replacementheaders"}
)
RAW: Final = frozenset({"raw", "rawmessage", "mime", "rawmime", "rawemail", "emailrfc822", "rawmessagedata"})
OWNERS: Final = frozenset(
    {"to", "cc", "bcc", "email", "emailaddress", "address", "rcpt", "recipient", "recipients", "destination", "destinations", "toaddresses",
     "ccaddresses", "bccaddresses", "torecipients", "ccrecipients", "bccrecipients"}
)  # fmt: skip
_SHOWN_HEADER: Final = re.compile(
    r"(?:list-.{1,40}|x[-_].{1,60}|resent-(?:reply-to|sender|from)|mail-followup-to|mail-reply-to|comments|keywords|errors-to|thread-topic"
    r"|disposition-notification-to|references|in-reply-to|apparently-to|envelope-to|delivered-to)",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile(
    r"(?:x-smtpapi|x-mc-.*|x-mailgun-.*|x-msys-api|x-mj-.*|x-pm-.*|x-ses-.*|x-postmark-.*|x-rcpt-?to|x-mailfrom|x-peer|x-sender|x-envelope-.*"
    r"|x-received|x-google-.*|x-forwarded-.*|references|in-reply-to)",
    re.IGNORECASE,
)
"""Headers that a service takes out, that a recorder adds, or that hold ids which only look like addresses."""
MERGING: Final = frozenset(
    {"x-smtpapi", "x-mc-mergevars", "x-mailgun-variables", "x-mailgun-recipient-variables", "x-msys-api", "x-mj-vars"}
)
"""Headers with merge data for the service that gets the message."""
FOLLOW_UP: Final = frozenset({"mail-followup-to", "mail-reply-to"})


def key_of_field(key: object) -> str:
    """The name of a field without its case and signs: services write one name in many ways."""
    if not isinstance(key, str):
        return ""
    return _folded_name(key) if len(key) < 64 else _NO_LETTER.sub("", key.casefold())


_NO_LETTER: Final = re.compile(r"[^a-z0-9]")


@functools.lru_cache(2048)
def _folded_name(key: str) -> str:
    # A log has few different keys, and each many times.
    return _NO_LETTER.sub("", key.casefold())


def pieces_of_headers(value: Value, owners: frozenset[str]) -> Iterator[Piece]:
    """The texts of headers of one's own."""
    if isinstance(value, dict):
        for name, item in value.items():
            for text in item if isinstance(item, list) else [item]:
                if isinstance(name, str) and isinstance(text, str):
                    yield from pieces_of_header(name, text, owners)
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                name = item.get("name", item.get("Name", item.get("key", item.get("header"))))
                text = item.get("value", item.get("Value"))
                if isinstance(name, str) and isinstance(text, str):
                    yield from pieces_of_header(name, text, owners)
                elif len(item) == 1:
                    yield from pieces_of_headers(item, owners)


def pieces_of_header(name: str, text: str, owners: frozenset[str]) -> Iterator[Piece]:
    """The text of one header, if readers find it."""
    name = name.strip()
    if name.casefold() == "subject":
        yield Piece(Field.SUBJECT, text, owners)
    elif _SHOWN_HEADER.fullmatch(name) and not _CONTROL.fullmatch(name):
        yield Piece(Field.HEADER, text, owners, name.title())


PERSONAL: Final = re.compile(
    r"(?:first|last|full|user)?_?name|e?_?mail|user_?(?:name|id)|customer_?(?:id|number)|account(?:_?(?:id|number))?|member_?id|token|otp|pin|password"
    r"|phone(?:_?number)?|address|iban|birth_?da(?:y|te)|magic_?link|(?:login|reset|confirm\w*|verif\w*|unsubscribe)_?(?:url|link|code)",
    re.IGNORECASE,
)
"""Names of merge fields whose value belongs to one person."""
