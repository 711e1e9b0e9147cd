"""What an output cannot bear or would obey, in the escapes of that output."""

from __future__ import annotations

import enum
import html
import re
import unicodedata
from typing import Final


class Output(enum.Enum):
    """Where a text goes, which decides on its escapes."""

    TERMINAL = "terminal"
    GITHUB = "the message of a GitHub workflow command"
    GITHUB_PROPERTY = "a property of a GitHub workflow command"
    MARKDOWN = "running text of GitHub-flavoured Markdown"
    MARKDOWN_CODE = "a code span"
    SARIF = "message.text of SARIF"
    CSV = "a cell"
    HTML = "a text node or a quoted attribute"
    XML = "a text node or an attribute, escaped by the XML writer itself"


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_COMMAND: Final = re.compile(r"##(?=[A-Za-z]{0,12}\[)")
_MARKDOWN: Final = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~&@:/\"'=^$]")


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _visible(text: str) -> str:
    """Control, bidirectional, invisible and unassigned characters, and halves of surrogates, as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _UNSEEN else character for character in text
    )


def safe_text(text: str, output: Output) -> str:
    """One line of foreign text, escaped in the way of ``output``. Does not look for addresses."""
    text = _visible(text)
    match output:
        case Output.TERMINAL:
            # Both signs are commands in the logs of build servers.
            text = _COMMAND.sub(lambda _: r"#\x23", text)
            return r"\x3a" + text[1:] if text.lstrip().startswith("::") else text
        case Output.GITHUB:
            return text.replace("%", "%25")
        case Output.GITHUB_PROPERTY:
            return text.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
        case Output.MARKDOWN:
            # References instead of backslashes: they also stop mentions, links of bare hosts, and issue numbers.
            return _MARKDOWN.sub(lambda found: f"&#{ord(found.group())};", text)
        case Output.MARKDOWN_CODE:
            fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
            pad = " " if text[:1] in {"`", " "} or text[-1:] in {"`", " "} else ""
            # A bar ends a cell of a table even inside a code span.
            return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|") if text else ""
        case Output.SARIF:
            return re.sub(r"[\\\[\]]", lambda found: "\\" + found.group(), text)
        case Output.CSV:
            # A spreadsheet takes these as the start of a formula.
            return f"'{text}" if text[:1] in {"=", "+", "-", "@"} else text
        case Output.HTML:
            return html.escape(text, quote=True)
        case Output.XML:
            return text
