"""The one door through which anything about a person reaches an output.

Three things are kept apart here.

*People* are printed as ``r1``, ``r2``, ... in order of appearance, with the side
they are on (:class:`Roster`). *Foreign words* (file names, symbols, code, hosts,
reasons) lose every address in them, also an encoded one, and get the escapes of
the output they go to (:func:`foreign`, :func:`code_line`, :func:`safe_text`).
*A belt* (:func:`no_address`) goes once more over everything that a reporter is
about to hand out.

Being wrong in the other direction is cheap: a word too many reads ``<address>``.

What an address looks like follows RFC 5322 section 3.4.1, loosely: any run of
atext, an at sign in one of its disguises, and something that starts like a
domain. The disguises: percent-encoding (RFC 3986 section 2.1), also repeated;
quoted-printable and encoded words (RFC 2045 section 6.7, RFC 2047); character
references of HTML; backslash escapes of Python, JavaScript and JSON; base64
(RFC 4648, both alphabets); hexadecimal digits; full-width signs; invisible
characters in between; ``name (at) host dot tld``.

No expression here can backtrack over more than a fixed number of characters, so
all of it takes time in proportion to its input.
"""

from __future__ import annotations

import base64
import binascii
import enum
import functools
import html
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, TypeAlias
from urllib.parse import unquote

from mailguard.model.count import UNBOUNDED, Count
from mailguard.model.message import Recipient

__all__ = [
    "ADDRESS",
    "Json",
    "Output",
    "Revealed",
    "Roster",
    "code_frame",
    "code_line",
    "count_words",
    "foreign",
    "holds_address",
    "no_address",
    "number",
    "pointer",
    "safe_text",
    "scrub",
]

ADDRESS: Final = "<address>"
"""What is printed where an address was."""

LINE_LIMIT: Final = 4_000
"""Characters of a code line that is looked into; a longer one is data, and is blanked whole."""

_SHORT: Final = 400
"""Characters up to which a text is remembered without its addresses."""

DEPTH: Final = 3
"""How many encodings inside each other are undone."""

# --- what an address looks like -------------------------------------------------------------------

_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_DOTS = "\u3002\uff0e\uff61"

_AT = (
    r"[@\uff20\ufe6b]"
    r"|%(?:25){0,4}40"
    r"|=40"
    r"|&\#0{0,6}64;?|&\#[xX]0{0,6}40;?|&commat;?"
    r"|\\{1,4}(?:x40|u0040|U00000040|u\{0{0,6}40\}|N\{(?i:commercial\ at)\}|0?100)"
)
_ENCODED = (
    r"%(?:25){0,4}[0-9A-Fa-f]{2}"
    r"|=[0-9A-F]{2}"
    r"|&\#?[xX]?\w{1,10};"
    r"|\\{1,4}(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|u\{[0-9A-Fa-f]{1,6}\}|N\{[A-Za-z\ -]{1,60}\}|[0-7]{2,3})"
    rf"|[{_INVISIBLE}]"
)
_AT_SIGN: Final = re.compile(_AT, re.VERBOSE)
# A slash is left out of what RFC 5322 allows in a local part, so that of a path only the segment goes.
_UNIT: Final = re.compile(
    rf"(?P<at>{_AT})|(?P<encoded>{_ENCODED})|(?P<word>(?:[\w.!\#$*+?^{{|}}~-]|(?<=\w)['`](?=\w))+)|(?P<lone>[%=&])",
    re.VERBOSE,
)
_DOMAIN: Final = re.compile(
    rf"(?:\([^()]{{0,64}}\))?(?:\[[^\]\s]{{1,80}}\]|(?=[\w{_INVISIBLE}%=&\\])(?:{_ENCODED}|[\w-]|[.{_DOTS}](?=[\w%=&\\{_INVISIBLE}-]))+)",
    re.VERBOSE,
)
_DOTTED: Final = re.compile(
    rf"(?:[.{_DOTS}]|%(?:25){{0,4}}2[eE]|=2E|&\#0{{0,6}}46;?|&\#[xX]0{{0,6}}2[eE];?|&period;|\\{{1,4}}(?:x2[eE]|u002[eE]|0?56))",
    re.VERBOSE,
)
_WEAK_AT: Final = re.compile(r"=40|%40")
"""Signs that are often something else (``width=40px``, ``"%-%40s"``): what follows must have a dot."""

Span: TypeAlias = tuple[int, int]


def _direct(text: str) -> list[Span]:
    """Where ``text`` holds addresses that are written as such, or character by character in another notation."""
    if not _AT_SIGN.search(text):
        return []
    spans: list[Span] = []
    start: int | None = None
    behind = position = 0
    while found := _UNIT.search(text, position):
        position = found.end()
        if found.start() != behind:
            start = None
        behind = position
        if found.lastgroup != "at":
            if start is None:
                start = found.start()
            continue
        if start is None:
            start = _quoted_start(text, found.start())
        if start is None and spans and spans[-1][1] == found.start():
            start = spans.pop()[0]  # a route: one@two@three
        domain = _DOMAIN.match(text, position)
        if (
            start is None
            or domain is None
            or (_WEAK_AT.fullmatch(found.group()) and not _DOTTED.search(domain.group()))
        ):
            # The sign may yet be part of the next one's local part.
            continue
        spans.append((start, domain.end()))
        position = behind = domain.end()
        start = None
    return [_with_name(text, span) for span in spans]


_NAME: Final = re.compile(
    r"(?:\"[^\"]{0,80}\"|(?:[^\W\d_][\w.'-]{0,40}[ \t]{1,3}){0,4}[^\W\d_][\w.'-]{0,40})[ \t]{0,3}\Z"
)


def _with_name(text: str, span: Span) -> Span:
    """The span of an address in angle brackets with these, and with the name before them (RFC 5322 section 3.4)."""
    start, end = span
    if not (text[start - 1 : start] == "<" and text[end : end + 1] == ">"):
        return span
    offset = max(0, start - 1 - 200)
    name = _NAME.search(text[offset : start - 1])
    return (offset + name.start() if name else start - 1), end + 1


def _quoted_start(text: str, sign: int) -> int | None:
    """Where a quoted local part (RFC 5321 section 4.1.2), or one with a comment, before ``sign`` starts."""
    before = text[max(0, sign - 66) : sign]
    for closing, opening in (('"', '"'), (")", "(")):
        if before.endswith(closing):
            at = before.rfind(opening, 0, len(before) - 1)
            if at >= 0 and re.search(r"\w", before[at:]):
                while closing == ")" and at and (before[at - 1].isalnum() or before[at - 1] in "._+-"):
                    at -= 1
                return sign - len(before) + at
    return None


_SPACED: Final = re.compile(r"(?:[ \t]{1,3}@[ \t]{0,3}|@[ \t]{1,3})(?=[\w-]{1,63}\.[\w.-]{0,200}[^\W\d_]{2})")
_BRACKETED_AT: Final = re.compile(r"[ \t_]{0,3}[\[({<][ \t]{0,2}(?:at|@)[ \t]{0,2}[\])}>][ \t_]{0,3}", re.IGNORECASE)
_SPOKEN_AT: Final = re.compile(r"[ \t]{1,3}at[ \t]{1,3}|_at_|-at-", re.IGNORECASE)
_DOT = r"(?:[ \t_]{0,3}[\[({<][ \t]{0,2}dot[ \t]{0,2}[\])}>][ \t_]{0,3}|[ \t]{1,3}dot[ \t]{1,3}|_dot_|-dot-)"
_SPOKEN_HOST: Final = re.compile(rf"[^\W_]{{1,63}}(?:(?:\.|{_DOT})[^\W_]{{1,63}}){{0,8}}", re.IGNORECASE)
_WRITTEN_HOST: Final = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[^\W\d_]{2,24}(?![\w])")
_DOT_WORD: Final = re.compile(_DOT, re.IGNORECASE)
_SPOKEN_NAME: Final = re.compile(rf"(?:[\w+-]{{1,64}}(?:\.|{_DOT})){{0,4}}[\w.+-]{{1,64}}\Z", re.IGNORECASE)


def _spelled(text: str, *, prose: bool) -> Iterator[Span]:
    """Where an address is spelled for human eyes only. In ``prose`` of ours "at" and a file name may meet."""
    for expression, bracketed in ((_SPACED, True), (_BRACKETED_AT, True), (_SPOKEN_AT, False)):
        for sign in expression.finditer(text):
            offset = max(0, sign.start() - 96)
            name = _SPOKEN_NAME.search(text[offset : sign.start()])
            if name is None:
                continue
            host = _SPOKEN_HOST.match(text, sign.end())
            if host is not None and not (bracketed and "." in host.group()) and not _DOT_WORD.search(host.group()):
                host = None
            if host is None and (bracketed or not prose) and sign.group().strip(" \t") not in {"_at_", "-at-"}:
                host = _WRITTEN_HOST.match(text, sign.end())
            if host is not None:
                yield offset + name.start(), host.end()


_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_PIECE: Final = re.compile(r"[A-Za-z0-9]{8,}")
_URLSAFE: Final = str.maketrans("-_", "+/")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){6,}")
_ASCII_HOST: Final = re.compile(rb"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}\.[A-Za-z]{2}")


def _bytes_hold(data: bytes) -> bool:
    """Whether decoded bytes hold an address with a dotted domain. Random bytes practically never do."""
    if b"\0" in data:
        data = data.replace(b"\0", b"")  # UTF-16, both ways round
    position = data.find(b"@")
    while position >= 0:
        left = data[position - 1 : position]
        if left.isalnum() and _ASCII_HOST.match(data, position + 1):
            return True
        position = data.find(b"@", position + 1)
    try:
        decoded = data.decode()
    except UnicodeDecodeError:
        return False
    return decoded.isprintable() and any(_DOTTED.search(decoded[first:last]) for first, last in _direct(decoded))


def _decoded_holds(data: bytes, depth: int) -> bool:
    if _bytes_hold(data):
        return True
    # Base64 of base64: only a whole text of that alphabet is worth a second look.
    inner = data.decode("ascii", errors="replace")
    return depth > 0 and inner.isprintable() and any(_token_holds(each, depth - 1) for each in _TOKEN.findall(inner))


def _token_holds(token: str, depth: int = DEPTH) -> bool:
    for run in _HEX.findall(token):
        if _decoded_holds(bytes.fromhex(run), depth):
            return True
    if token == token.lower():
        return False  # an at sign leaves a capital letter among the digits of base64, wherever it stands
    alphabet = token.translate(_URLSAFE)
    for offset in range(4):
        # What stands before it in the same run (a folder and a slash) may shift the groups of four.
        part = alphabet[offset:]
        rest = len(part) % 4
        part = part[:-1] if rest == 1 else part + "=" * (-len(part) % 4)
        try:
            data = base64.b64decode(part)
        except (binascii.Error, ValueError):
            continue
        if _decoded_holds(data, depth):
            return True
    return False


def _hidden(text: str) -> Iterator[Span]:
    """Where ``text`` holds base64 or hexadecimal digits of an address."""
    for token in _TOKEN.finditer(text):
        pieces = [piece.span() for piece in _PIECE.finditer(text, *token.span()) if _token_holds(piece.group())]
        if pieces:
            yield from pieces
        elif _token_holds(token.group()):
            yield token.span()


_ESCAPE: Final = re.compile(
    r"\\{1,4}(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]{1,6})\}|([0-7]{2,3}))"
)
_QUOTED_PRINTABLE: Final = re.compile(r"=([0-9A-F]{2})")


def _unescaped(found: re.Match[str]) -> str:
    digits, octal = found.group(1) or found.group(2) or found.group(3) or found.group(4), found.group(5)
    code = int(digits, 16) if digits else int(octal, 8)
    return chr(code) if code <= 0x10FFFF else found.group()


def _kept_if_sign(found: re.Match[str]) -> str:
    domain = _DOMAIN.match(found.string, found.end())
    return found.group() if domain is not None and _DOTTED.search(domain.group()) else "\0"


def _unwrapped(text: str) -> str:
    """``text`` with one layer of each notation undone."""
    text = _WEAK_AT.sub(_kept_if_sign, text)
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    if "%" in text:
        text = unquote(text, errors="replace")
    if "=" in text:
        text = _QUOTED_PRINTABLE.sub(lambda found: chr(int(found.group(1), 16)), text)
    if "&" in text:
        text = html.unescape(text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return text


def holds_address(text: str, *, prose: bool = False, depth: int = DEPTH) -> bool:
    """Whether ``text`` holds an address, in clear or in one of the notations that the module names.

    ``prose`` is for sentences of ours: "first at november.jsonl" is none there.
    """
    if _direct(text) or any(_spelled(text, prose=prose)) or any(_hidden(text)):
        return True
    if depth:
        inner = _unwrapped(text)
        if inner != text:
            return holds_address(inner, prose=prose, depth=depth - 1)
    return False


_TOKENS: Final = re.compile(r"\S+")
_SEGMENTS: Final = re.compile(r"[^\s/\"'`<>()\[\],;]+")
_NOTATION: Final = re.compile(rf"[%=&\\{_INVISIBLE}]|[^\x00-\x7f]")


def _without(text: str, spans: Iterable[Span]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if end <= position:
            continue
        if start >= position:
            pieces += [text[position:start], ADDRESS]
        position = end
    return "".join([*pieces, text[position:]])


def _cleaned(text: str, *, prose: bool) -> str:
    spans = [*_direct(text), *_spelled(text, prose=prose), *_hidden(text)]
    if spans:
        text = _without(text, spans)
    if _NOTATION.search(text) and holds_address(text, prose=prose):
        # Encoded twice, or in two notations at once: the smallest piece that holds it goes whole.
        for pieces in (_SEGMENTS, _TOKENS):
            held = [piece.span() for piece in pieces.finditer(text) if holds_address(piece.group(), prose=prose)]
            text = _without(text, held)
        if holds_address(text, prose=prose):
            return ADDRESS
    return text


_kept = functools.lru_cache(maxsize=8192)(_cleaned)
"""Paths, symbols and phrases come again and again within a report."""


def _cleaned_once(text: str, *, prose: bool) -> str:
    if not text:
        return text
    return _kept(text, prose=prose) if len(text) <= _SHORT else _cleaned(text, prose=prose)


def foreign(text: str) -> str:
    """Words of a stranger (a path, a symbol, a host, a reason) without any address."""
    return _cleaned_once(text, prose=False)


def no_address(text: str) -> str:
    """The last belt: sentences of ours, and whole outputs, without any address that slipped in. Idempotent."""
    if len(text) <= LINE_LIMIT:
        return _cleaned_once(text, prose=True)
    return "".join(_cleaned_once(line, prose=True) for line in text.splitlines(keepends=True))


class Revealed(str):
    """An address that is printed because ``--reveal`` asked for it. The belt leaves it alone."""

    __slots__ = ()


Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
"""What JSON can say."""


def scrub(data: Json) -> Json:
    """The belt for data that is about to be written as JSON; texts that are :class:`Revealed` stay."""
    match data:
        case Revealed():
            return str(data)
        case str():
            return no_address(data)
        case list():
            return [scrub(item) for item in data]
        case dict():
            return {
                str(key) if isinstance(key, Revealed) else no_address(key): scrub(item) for key, item in data.items()
            }
        case _:
            return data


# --- code -----------------------------------------------------------------------------------------

_QUOTES: Final = re.compile(r"\"\"\"|'''|[\"'#]")
_PREFIX: Final = re.compile(r"[rbfuRBFU]{1,2}[\"']{1,3}")
_SEAM: Final = re.compile(r"[\"']\s{0,200}\+?\s{0,200}[rbfuRBFU]{0,2}[\"']")


def _blank(width: int) -> str:
    if width >= len(ADDRESS):
        return ADDRESS.ljust(width)
    return (ADDRESS[: width - 1] + ">") if width > 1 else "*" * width


def _texts(line: str) -> Iterator[Span]:
    """The insides of the strings and comments of one line of Python; an open one runs to the line's end."""
    position = 0
    while found := _QUOTES.search(line, position):
        if found.group() == "#":
            comment = line[found.end() :]
            yield len(line) - len(comment.lstrip()), len(line)
            return
        quote, start = found.group(), found.end()
        end = start
        while end < len(line) and not line.startswith(quote, end):
            end += 2 if line[end] == "\\" else 1
        end = min(end, len(line))
        yield start, end
        position = end + len(quote)


def _blanked(line: str, spans: Iterable[Span]) -> str:
    for start, end in spans:
        line = line[:start] + _blank(end - start) + line[end:]
    return line


def code_line(text: str) -> str:
    """A line of code for printing: every string or comment with an address in it reads ``<address>``, in the same width.

    Where the address is outside of what looks like a string (inside a text of several lines), all of the line goes.
    """
    if len(text) > LINE_LIMIT:
        return _blank(len(text))
    insides = list(_texts(text))
    line = _blanked(text, (span for span in insides if _inside_holds(text[span[0] : span[1]])))
    if holds_address(line) or any(_crosses(text, span, insides) for span in _direct(text)):
        indent = len(line) - len(line.lstrip())
        return line[:indent] + _blank(len(line) - indent)
    if holds_address(_SEAM.sub("", line)):
        return _blanked(line, insides)
    return line


def _crosses(text: str, span: Span, insides: Sequence[Span]) -> bool:
    """Whether an address reaches out of what looks like a string, which then is none: ``o'neil@example.com``."""
    for start, end in insides:
        if span[0] < start < span[1] and not _PREFIX.fullmatch(text[span[0] : start]):
            return True
        if span[0] < end < span[1]:
            return True
    return False


def _inside_holds(text: str) -> bool:
    # The end of a text may be glued to the start of another one: "jane@" on one line, "example.com" on the next.
    return holds_address(text) or re.search(rf"\w(?:{_AT})\s{{0,8}}\Z", text, re.VERBOSE) is not None


def code_frame(lines: Sequence[str]) -> list[str]:
    """:func:`code_line` for neighbouring lines: also finds an address whose parts are glued across lines."""
    result = [code_line(line) for line in lines]
    if holds_address(_SEAM.sub("", "\n".join(result))):
        return [_blanked(line, list(_texts(line))) for line in result]
    return result


# --- people ---------------------------------------------------------------------------------------


class Roster:
    """Gives people their numbers: ``r1``, ``r2``, ... in order of appearance within one output."""

    def __init__(
        self,
        key: Callable[[str], str] = str.casefold,
        is_inside: Callable[[Recipient], bool] | None = None,
        *,
        reveal: bool = False,
    ) -> None:
        """``key`` is equal for addresses of one mailbox; ``is_inside`` tells sides, if the policy is at hand."""
        self._key = key
        self._is_inside = is_inside
        self._reveal = reveal
        self._labels: dict[str, str] = {}
        self._next = 1

    def label(self, person: Recipient) -> str:
        """``r7``; the address, as :class:`Revealed`, where that was asked for and it is known."""
        key = None if person.address is None else self._key(person.address)
        label = self._labels.get(key) if key is not None else None
        if label is None:
            label = f"r{self._next}"
            self._next += 1
            if key is not None:
                self._labels[key] = label
        if self._reveal and person.address is not None:
            return Revealed(person.address)
        return label

    def side(self, person: Recipient) -> str:
        """``inside`` or ``outside``; empty where the policy is not at hand."""
        if self._is_inside is None:
            return ""
        return "inside" if self._is_inside(person) else "outside"


def number(value: int) -> str:
    """``4112`` as ``4,112``."""
    return f"{value:,}"


def count_words(count: Count) -> str:
    """How many, as far as it is known: ``3``, ``up to 1,000``, ``at least 2``, ``2 to 5``, ``any number of``."""
    if count.exact is not None:
        return number(count.exact)
    if count.high >= UNBOUNDED:
        return f"at least {number(count.low)}" if count.low else "any number of"
    return f"{number(count.low)} to {number(count.high)}" if count.low else f"up to {number(count.high)}"


_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]{0,60}\Z", re.ASCII)


def pointer(steps: Iterable[tuple[str | int, int]], words: Collection[str]) -> str:
    """A place inside data: ``personalizations[0].to[3]``; ``recipient-variables{2}`` for the second of the request's own keys.

    Each step is a key or an index, and the ordinal (from 1) of the key in its mapping. Only keys among ``words``, those of
    the service itself, are printed: the others may be addresses or names.
    """
    text = ""
    for key, ordinal in steps:
        if isinstance(key, int):
            text += f"[{key}]"
        elif key in words and _PLAIN_KEY.match(key):
            text += f".{key}" if text else key
        else:
            text += f"{{{ordinal}}}"
    return text


# --- foreign words in each output -----------------------------------------------------------------


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
