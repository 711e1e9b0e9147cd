"""JSON and YAML, read without trust: bounded, tolerant of what recorders write, with the position of each part.

Nothing here raises on bad input: what cannot be read is a :class:`~mailguard.model.message.CannotTell`. JSON is RFC 8259;
YAML is 1.1, as cassettes and rules are written in it. No tag of YAML ever builds an object.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value

__all__ = [
    "BODY_LIMIT",
    "DEPTH_LIMIT",
    "NOT_PLAIN",
    "YAML_NODES",
    "Document",
    "Element",
    "Piece",
    "base64_bytes",
    "clean_text",
    "decode_text",
    "is_utf8",
    "json_elements",
    "plain_json",
    "read_json",
    "safe_yaml",
    "streamed_elements",
    "yaml_documents",
    "yaml_pieces",
]

BODY_LIMIT: Final = 64 << 20
"""Bytes of one body after its compression is undone. The largest service limit is 40 MB (SES v2)."""

DEPTH_LIMIT: Final = 100
"""Levels of nesting in JSON and YAML. No mail API nests deeper than ten."""

YAML_NODES: Final = 2_000_000
"""Nodes of one YAML document after its aliases are followed."""

# --- Text of bytes --------------------------------------------------------------------------------


def is_utf8(data: bytes) -> bool:
    """Whether ``data`` is text in UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode_text(data: bytes, charset: str = "", *, sniff: bool = True) -> str:
    """Bytes as text, never failing and never merging two different texts into one.

    ``charset`` is tried first, then UTF-8; with ``sniff``, UTF-16 and UTF-32 are known by their marks and zeros.
    """
    if sniff and (data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:3] == b"\xef\xbb\xbf" or b"\0" in data[:4]):
        charset = json.detect_encoding(data)  # RFC 4627, section 3; it knows the byte order marks too
        beginning = data[:64].decode(charset, "replace")
        marked = data[:1] in (b"\xff", b"\xfe", b"\xef")
        if not marked and sum(character.isascii() for character in beginning) < len(beginning) / 2:
            charset = ""  # zeros of another kind
    for name in (charset, "utf-8"):
        if name and _is_charset(name):
            try:
                return data.decode(name)
            except (LookupError, UnicodeError, ValueError):
                continue
    return data.decode("latin-1")


def _is_charset(name: str) -> bool:
    """Whether a name is that of a character set; Python's other codecs are slow, warn, or are none of bytes to text."""
    try:
        found = codecs.lookup(name)
    except (LookupError, UnicodeError, ValueError):
        return False
    return found.name not in (
        "punycode",
        "idna",
        "unicode_escape",
        "unicode-escape",
        "raw_unicode_escape",
        "raw-unicode-escape",
        "undefined",
    )


def clean_text(value: str) -> str:
    """A text that every encoder takes: lone surrogates are written out."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value


_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


def base64_bytes(data: str | bytes) -> bytes | None:
    """What a base64 text holds, in either alphabet, white space and missing padding allowed; None if it is none."""
    raw = data.encode("ascii", "replace") if isinstance(data, str) else data
    raw = b"".join(raw.split()).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    if not raw or len(raw) % 4 == 1 or _NOT_BASE64.search(raw):
        return None
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4))
    except (binascii.Error, ValueError):
        return None


# --- JSON -----------------------------------------------------------------------------------------


def read_json(content: str | bytes) -> Value | CannotTell:
    """JSON as data.

    Tolerated: a byte order mark, NaN, integers of any length (beyond 64 bits as a float), a key that is there twice (what
    is under it is put together, so that nobody is lost), text that is not UTF-8, lone surrogates.
    """
    value = _quick(content)
    return _careful(content) if value is NOT_PLAIN else cast("Value", value)


NOT_PLAIN: Final = object()
"""What :func:`plain_json` says of a text that only the careful reader understands."""


@functools.cache
def _parser() -> tuple[Callable[[str | bytes], Any], Callable[[Any], bytes]]:
    import orjson  # noqa: PLC0415  # most runs of the scanner read no JSON

    return orjson.loads, orjson.dumps


def plain_json(content: str | bytes) -> Any:
    """Valid JSON as data; ``NOT_PLAIN`` for all else. Of a key that is there twice it holds the last."""
    try:
        return _parser()[0](content)
    except ValueError:
        return NOT_PLAIN


def _quick(content: str | bytes) -> Any:
    """What the careful reader makes of ordinary JSON, several times as fast; ``NOT_PLAIN`` where that is not sure.

    The parser keeps the last of two equal keys. What it dropped had quotation marks, two for the key at least; so nothing
    was dropped if the value, written again, has as many as the text. That holds as long as no mark is written as a number.
    """
    value = plain_json(content)
    if type(value) is not dict and type(value) is not list:
        return NOT_PLAIN  # rare, and the careful reader has its own words for scalars
    if isinstance(content, str):
        marks, hidden = content.count('"'), "\\u0022" in content
    else:
        marks, hidden = content.count(b'"'), b"\\u0022" in content
    if hidden or len(content) > BODY_LIMIT:
        return NOT_PLAIN
    try:
        again = _parser()[1](value)
    except (TypeError, ValueError):
        return NOT_PLAIN  # too deep to be written
    if again.count(b'"') != marks:
        return NOT_PLAIN
    if again.count(b"[") + again.count(b"{") > DEPTH_LIMIT and _deep(value):
        return NOT_PLAIN
    return value


def _careful(content: str | bytes) -> Value | CannotTell:
    if isinstance(content, bytes):
        content = decode_text(content)
    if len(content) > BODY_LIMIT:
        return CannotTell(Reason.TOO_LARGE)
    content = content.strip("\ufeff \t\r\n")
    try:
        value, end = _DECODER.raw_decode(content)
        if end != len(content):
            return CannotTell(Reason.WRONG_ENCODING, "the body is not valid JSON")
    except json.JSONDecodeError as error:
        return _not_json(content, error)
    except (ValueError, RecursionError) as error:
        return _json_failed(error)
    if _too_deep(content, value):
        return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
    if "\\u" in content and ("\\ud" in content or "\\uD" in content):
        value = _deep_clean(value)
    return cast("Value", value)


def _json_failed(error: ValueError | RecursionError) -> CannotTell:
    if isinstance(error, RecursionError):
        return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
    return CannotTell(Reason.BAD_RECORD, "the body is not valid JSON")


def _not_json(content: str, error: json.JSONDecodeError) -> CannotTell:
    # Where the text ends inside a value, it was cut; where something else stands, it is no JSON.
    rest = content[error.pos :]
    cut = (
        not rest
        or error.msg.startswith("Unterminated string")
        or re.fullmatch(r"\\?[-+.0-9A-Za-z]{1,12}", rest) is not None
    )
    if cut and content[:1] in ("{", "[", '"'):
        return CannotTell(Reason.BODY_CUT, "the JSON ends before its end")
    return CannotTell(Reason.WRONG_ENCODING, "the body is not valid JSON")


def _integer(digits: str) -> int | float:
    # As the fast parser reads them. int() of more than 4,300 digits is refused (CVE-2020-10735) and slow where it is not.
    if len(digits) < 19:
        return int(digits)
    number = int(digits) if len(digits) < 30 else None
    return number if number is not None and -(1 << 63) <= number < 1 << 64 else float(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    result = {}
    for key, value in pairs:
        result[key] = _together(result[key], value) if key in result else value
    return result


def _together(one: Any, other: Any) -> Any:
    if one == other or other is None:
        return one
    if one is None:
        return other
    return [*(one if isinstance(one, list) else [one]), *(other if isinstance(other, list) else [other])]


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, strict=False)


def _too_deep(content: str, value: Any) -> bool:
    return content.count("[") + content.count("{") > DEPTH_LIMIT and _deep(value)


def _deep(value: Any) -> bool:
    """Whether a value nests deeper than the limit."""
    level: list[Any] = [value]
    for _ in range(DEPTH_LIMIT):
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                below.extend(child for child in item.values() if type(child) in (dict, list))
            elif type(item) is list:
                below.extend(child for child in item if type(child) in (dict, list))
        if not below:
            return False
        level = below
    return True


def _deep_clean(value: Any) -> Any:
    # Depth is limited before this is called.
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_deep_clean(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): _deep_clean(item) for key, item in value.items()}
    return value


# --- JSON files ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Element:
    """One member of an array in a JSON file."""

    value: Value | CannotTell
    index: int
    line: int
    """Where it begins, from 1."""
    column: int


def json_elements(content: str, *path: str) -> Iterator[Element]:
    """The members of the array under the keys ``path``, each parsed by itself, with its position.

    A broken member costs that member. What is no array counts as one member; nothing is yielded where the path leads nowhere.
    """
    yield from _JsonFile(content).elements(path)


def streamed_elements(pieces: Iterator[str], *path: str) -> Iterator[Element]:
    """The same of a file that is read piece by piece: what was yielded is let go.

    A broken member needs all that follows it in memory, up to ``STREAM_LIMIT``.
    """
    yield from _JsonStream(pieces).elements(path)


STREAM_LIMIT: Final = 512 << 20
"""Characters of a file that are in memory at once; what is longer ends there."""

_WINDOW: Final = 1 << 20  # characters that are done with before they are let go: that costs a copy of the others


class _JsonFile:
    def __init__(self, content: str) -> None:
        self.content = content
        self.at = 0
        self.line = 1
        self.counted = 0
        self.break_at = -1  # the last line end in front of ``counted``
        self.found = False  # whether the array was met

    def elements(self, path: Sequence[str]) -> Iterator[Element]:
        yield from self.walk(path)
        while not self.found and path and self.is_left():
            # The file is broken in front of the array; what is in the array can be read all the same.
            start = re.compile(rf'"{re.escape(path[-1])}"\s*:\s*(?=\[)').search(self.content, self.at)
            self.at = start.end() if start else len(self.content)
            if start:
                yield from self.members("[")

    def walk(self, path: Sequence[str]) -> Iterator[Element]:
        """The array under ``path``; leaves ``at`` behind what it stands in, or inside where that is broken."""
        opener = self.next()
        if not path:
            self.found = True
            yield from self.members(opener)
            return
        if opener != "{":
            self.skip()
            return
        self.at += 1
        while (mark := self.next()) != "}":
            start = self.at
            if mark == ",":
                self.at += 1
                continue
            key = self.key() if mark == '"' else None
            if key is None:
                if not self.found:
                    word = (
                        "the file ends before its end" if self.at >= len(self.content) else "the file is not valid JSON"
                    )
                    yield self.element(CannotTell(Reason.BAD_RECORD, word), 0, start)
                return
            if key == path[0]:
                yield from self.walk(path[1:])
            else:
                self.skip()
        self.at += 1

    def key(self) -> str | None:
        """A key and its colon; None if there is none."""
        try:
            key, self.at = _scanstring(self.content, self.at + 1, False)
        except (ValueError, IndexError):
            self.at = len(self.content)
            return None
        if self.next() != ":":
            return None
        self.at += 1
        self.next()
        return key

    def skip(self) -> None:
        if self.at < len(self.content):
            self.value()

    def members(self, opener: str) -> Iterator[Element]:
        if opener != "[":
            start = self.at
            yield self.element(self.value(), 0, start)
            return
        self.at += 1
        index = 0
        while True:
            self.forget()
            following = self.next()
            if following == "," or (following in "}:" and following):
                self.at += 1
                continue
            if following == "]":
                self.at += 1
                return
            start = self.at
            if not following:
                yield self.element(CannotTell(Reason.BAD_RECORD, "the file ends before its end"), index, start)
                return
            value = self.value()
            yield self.element(value, index, start)
            if isinstance(value, CannotTell) and self.at >= len(self.content):
                return
            index += 1

    def is_left(self) -> bool:
        """Whether there is more; all of it is in ``content`` then."""
        return self.at < len(self.content)

    def forget(self) -> None:
        """Hear that nothing in front of ``at`` is needed any more."""

    def decode(self, start: int) -> tuple[Any, int]:
        """The value at a place, and its end. Raises ``ValueError`` and ``RecursionError``."""
        return _DECODER.raw_decode(self.content, start)

    def next(self) -> str:
        """The next character that is no white space, not consumed; empty at the end."""
        match = _SPACE.match(self.content, self.at)
        self.at = match.end() if match else self.at
        return self.content[self.at : self.at + 1]

    def value(self) -> Value | CannotTell:
        start = self.at
        try:
            value, self.at = self.decode(start)
        except RecursionError:
            self.at = self.behind(start)
            return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
        except ValueError:
            self.at = self.behind(start)
            if self.at >= len(self.content):
                return CannotTell(Reason.BAD_RECORD, "the file ends inside the record")
            return CannotTell(Reason.BAD_RECORD, "the record is not valid JSON")
        if _too_deep(self.content[start : self.at], value):
            return CannotTell(Reason.TOO_LARGE, "the JSON is nested deeper than the limit")
        if self.content.find("\\ud", start, self.at) >= 0 or self.content.find("\\uD", start, self.at) >= 0:
            value = _deep_clean(value)
        return cast("Value", value)

    def behind(self, start: int) -> int:
        """The end of a broken value: where its brackets close, or the next comma of a scalar."""
        depth = 0
        at, end = start, len(self.content)
        torn = 0  # up to here no quotation mark counts: the one that opens is never closed
        while at < end:
            match = _MARK.search(self.content, at, torn) if at < torn else _BRACKET.search(self.content, at)
            if match is None:
                if at >= torn:
                    return end
                at = torn
                continue
            at = match.end()
            mark = self.content[match.start()]
            if mark == '"':
                if not match.group(1):
                    # Looked at once more, and not once for each of the marks in it.
                    torn, at = match.end(), match.start() + 1
            elif mark in "[{":
                depth += 1
            elif mark in "]}":
                depth -= 1
                if depth <= 0:
                    return match.end() if depth == 0 else match.start()
            elif mark == "," and depth == 0:
                return max(match.start(), start + 1)
        return end

    def count(self, start: int) -> None:
        """Count lines up to a place."""
        # Counted from where the last one was: a file may be one line of many megabytes.
        self.line += self.content.count("\n", self.counted, start)
        found = self.content.rfind("\n", self.counted, start)
        self.break_at = found if found >= 0 else self.break_at
        self.counted = start

    def element(self, value: Value | CannotTell, index: int, start: int) -> Element:
        self.count(start)
        return Element(value, index, self.line, start - self.break_at)


class _JsonStream(_JsonFile):
    """Holds the part of a file from ``at`` on, and as much behind it as is needed to go on."""

    def __init__(self, pieces: Iterator[str]) -> None:
        super().__init__("")
        self.pieces = pieces

    def more(self, size: int = 1) -> bool:
        """Read on, by ``size`` characters at least if there are so many; whether there were any."""
        added = []
        room = STREAM_LIMIT - len(self.content)
        while size > 0 and room > 0 and (piece := next(self.pieces, "")):
            added.append(piece)
            size -= len(piece)
            room -= len(piece)
        self.content = "".join([self.content, *added])
        return bool(added)

    def is_left(self) -> bool:
        while self.more(len(self.content)):
            pass
        return super().is_left()

    def forget(self) -> None:
        if self.at > _WINDOW:
            self.count(self.at)
            self.content = self.content[self.at :]
            self.break_at -= self.at
            self.at = self.counted = 0

    def decode(self, start: int) -> tuple[Any, int]:
        while True:
            try:
                value, end = super().decode(start)
            except (ValueError, RecursionError):
                # Perhaps only its end is missing. So much more each time that the whole is read twice at most.
                if not self.more(len(self.content) - start):
                    raise
                continue
            # Of "1.5" the first two characters are a number with a full stop behind it.
            done = end < len(self.content) and (
                self.content[end] not in "0123456789.eE+-" or type(value) in (str, list, dict)
            )
            if done or not self.more(1 if end == len(self.content) else len(self.content) - start):
                return value, end

    def next(self) -> str:
        while not (found := super().next()) and self.more():
            pass
        return found

    def key(self) -> str | None:
        start = self.at
        while (found := super().key()) is None and self.more(len(self.content) - start):
            self.at = start
        return found


_scanstring: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]  # public in practice, not in the stubs
_SPACE = re.compile(r"[\s\ufeff]*")
_BRACKET = re.compile(r"\"(?:[^\"\\\n]|\\.)*(\"?)|[\[\]{},]")
_MARK = re.compile(r"[\[\]{},]")


# --- YAML ----------------------------------------------------------------------------------------


@functools.cache
def _library() -> Any:
    import yaml  # noqa: PLC0415  # costs more than the rest of this module, and most captures are no YAML

    return yaml


_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What no YAML reader takes (YAML 1.1, section 4.1), and byte order marks inside the text."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its data, and where each node of it stands."""

    value: Value
    line: int
    """The first line of its content, from 1."""
    root: Any = field(default=None, repr=False, compare=False)
    """The node tree; read through :meth:`position`."""

    def position(self, *path: str | int) -> tuple[int, int]:
        """Line and column, from 1, of the node under ``path``; of the nearest node above it where there is none."""
        node = self.root
        place = (self.line, 1)
        for step in (None, *path):
            if step is not None:
                node = _below(node, step)
            if node is None:
                break
            place = (node.line, node.column)
        return place


@dataclass(slots=True, eq=False)
class _Node:
    """A node of a YAML document. Of a mapping, keys and values alternate in ``children``."""

    tag: str
    line: int
    column: int
    value: str | None = None
    """The text of a scalar; None for a collection."""
    children: list[_Node] = field(default_factory=list)
    mapping: bool = False


def _below(node: _Node, step: str | int) -> _Node | None:
    if node.mapping:
        pairs = zip(node.children[::2], node.children[1::2], strict=False)
        return next((value for key, value in pairs if key.value == str(step)), None)
    return node.children[step] if isinstance(step, int) and 0 <= step < len(node.children) else None


class _Refuse(Exception):  # noqa: N818  # ends the building of one document; never leaves this module
    """Carries the reason why a document is refused."""

    def __init__(self, reason: CannotTell) -> None:
        super().__init__()
        self.reason = reason


def safe_yaml(content: str | bytes) -> Document | CannotTell:
    """A file with one YAML document (an empty one: None) as data; see :func:`yaml_documents`."""
    documents = yaml_documents(content)
    first = next(documents, None)
    if first is None:
        return Document(None, 1)
    if next(documents, None) is not None and isinstance(first, Document):
        return CannotTell(Reason.BAD_RECORD, "several YAML documents where one is expected")
    return first


def yaml_documents(content: str | bytes) -> Iterator[Document | CannotTell]:
    """The YAML documents of a text, one after the other; the first broken one ends it.

    Never builds an object of a tag: scalars become ``str, int, float, bool, None``, or ``bytes`` for ``!!binary`` and Ruby's
    ``!binary``; every other tag (``!ruby/object:...``, ``!!python/tuple``, ``!``) only stands on plain data. Dates stay text.
    Keys that are there twice are put together. Aliases are followed up to ``YAML_NODES`` nodes, nesting up to ``DEPTH_LIMIT``.
    """
    if isinstance(content, bytes):
        content = decode_text(content)
    if len(content) > BODY_LIMIT:
        yield CannotTell(Reason.TOO_LARGE)
        return
    yaml = _library()
    loader = None
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(
            _UNPRINTABLE.sub("\ufffd", content.removeprefix("\ufeff"))
        )
        for node in _nodes(loader, yaml):
            yield Document(_Builder().build(node, 0)[0], node.line, node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark is not None else ""
        yield CannotTell(Reason.BAD_RECORD, f"not valid YAML{where}")
    except (yaml.YAMLError, ValueError):
        yield CannotTell(Reason.BAD_RECORD, "not valid YAML")
    except RecursionError:
        yield CannotTell(Reason.TOO_LARGE, "the YAML is nested deeper than the limit")
    except _Refuse as refusal:
        yield refusal.reason
    finally:
        if loader is not None:
            loader.dispose()


@dataclass(frozen=True, slots=True)
class Piece:
    """A scalar of a YAML text, or where a collection begins or ends."""

    kind: Literal["scalar", "mapping", "sequence", "end"]
    start: int
    """Where it stands, in characters from the start of the text; with its tag."""
    end: int
    value: str = ""
    tag: str = ""


def yaml_pieces(content: str) -> Iterator[Piece]:
    """What a YAML text consists of, in order, for who changes scalars and leaves the rest as it is.

    Ends where the text is broken. Never raises.
    """
    if len(content) > BODY_LIMIT:
        return
    yaml = _library()
    try:
        for event in yaml.parse(_UNPRINTABLE.sub("\ufffd", content), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            start, end = event.start_mark.index, event.end_mark.index
            if isinstance(event, yaml.ScalarEvent):
                yield Piece("scalar", start, end, event.value, event.tag or "")
            elif isinstance(event, yaml.MappingStartEvent):
                yield Piece("mapping", start, end)
            elif isinstance(event, yaml.SequenceStartEvent):
                yield Piece("sequence", start, end)
            elif isinstance(event, yaml.CollectionEndEvent):
                yield Piece("end", start, end)
    except (yaml.YAMLError, ValueError, RecursionError):
        return


_TOO_DEEP: Final = CannotTell(Reason.TOO_LARGE, "the YAML is nested deeper than the limit")
_TOO_MANY: Final = CannotTell(Reason.TOO_LARGE, "the YAML holds more nodes than the limit")


def _nodes(loader: Any, yaml: Any) -> Iterator[_Node]:
    """The root of each document.

    Made of events, with a stack of its own: the composer of the C library calls itself for each level, and some ten thousand
    brackets end the process (PyYAML 6.0.3).
    """
    anchors: dict[str, _Node] = {}
    stack: list[_Node] = []
    root: _Node | None = None
    count = 0
    while loader.check_event():
        event = loader.get_event()
        if isinstance(event, yaml.DocumentStartEvent):
            anchors, stack, root, count = {}, [], None, 0
            continue
        if isinstance(event, yaml.DocumentEndEvent):
            if root is not None:
                yield root
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in anchors:
                raise _Refuse(CannotTell(Reason.BAD_RECORD, "a YAML alias of nothing"))
            meant, mark = anchors[event.anchor], event.start_mark
            node = _Node(meant.tag, mark.line + 1, mark.column + 1, meant.value, meant.children, meant.mapping)
        elif isinstance(event, yaml.NodeEvent):
            node = _node(loader, yaml, event)
            if event.anchor is not None:
                anchors[event.anchor] = node
        else:
            continue
        count += 1
        if count > YAML_NODES:
            raise _Refuse(_TOO_MANY)
        if stack:
            stack[-1].children.append(node)
        else:
            root = node
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(node)
            if len(stack) > DEPTH_LIMIT:
                raise _Refuse(_TOO_DEEP)


def _node(loader: Any, yaml: Any, event: Any) -> _Node:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    tag = event.tag if event.tag not in (None, "!") else ""
    if isinstance(event, yaml.ScalarEvent):
        return _Node(tag or loader.resolve(yaml.ScalarNode, event.value, event.implicit), line, column, event.value)
    return _Node(tag, line, column, mapping=isinstance(event, yaml.MappingStartEvent))


class _Builder:
    """YAML nodes to data. An alias is one shared thing; its size counts wherever it is used."""

    def __init__(self) -> None:
        self.done: dict[int, tuple[Any, int]] = {}
        self.open: set[int] = set()

    def build(self, node: _Node, depth: int) -> tuple[Any, int]:
        if node.value is not None:
            return _yaml_scalar(node.tag, node.value), 1
        key = id(node.children)  # shared by the aliases of a node
        if key in self.done:
            return self.done[key]
        if key in self.open:
            raise _Refuse(CannotTell(Reason.BAD_RECORD, "a YAML alias that holds itself"))
        if depth >= DEPTH_LIMIT:
            raise _Refuse(_TOO_DEEP)
        self.open.add(key)
        result: Any
        if node.mapping:
            result, size = self.mapping(node, depth)
        else:
            result, size = [], 1
            for child in node.children:
                value, weight = self.build(child, depth + 1)
                result.append(value)
                size += weight
        if size > YAML_NODES:
            raise _Refuse(_TOO_MANY)
        self.open.discard(key)
        self.done[key] = (result, size)
        return self.done[key]

    def mapping(self, node: _Node, depth: int) -> tuple[dict[Any, Any], int]:
        result: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        size = 1
        for key_node, value_node in zip(node.children[::2], node.children[1::2], strict=False):
            value, weight = self.build(value_node, depth + 1)
            size += weight + 1
            if key_node.tag == "tag:yaml.org,2002:merge":
                for item in value if isinstance(value, list) else [value]:
                    if isinstance(item, dict):
                        merged = {**item, **merged}
                continue
            key, weight = self.build(key_node, depth + 1)
            size += weight
            if isinstance(key, (list, dict)):
                key = f"line {key_node.line}"  # no key that any format has; nothing reads it
            result[key] = _together(result[key], value) if key in result else value
        return {**merged, **result}, size


_TRUE: Final = frozenset({"yes", "true", "on"})
_FALSE: Final = frozenset({"no", "false", "off"})


def _yaml_scalar(tag: str, value: str) -> Any:
    try:
        match tag.rpartition("2002:")[2]:
            case "null":
                return None
            case "bool" if value.lower() in _TRUE | _FALSE:
                return value.lower() in _TRUE
            case "int" if ":" not in value:
                digits = value.replace("_", "")
                octal = re.fullmatch(r"[-+]?0[0-7]+", digits)
                return int(digits, 8 if octal else 0) if len(digits) < 400 else value
            case "float" if ":" not in value:
                return float(value.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
            case "binary" | "!binary":
                data = base64_bytes(value)
                return clean_text(value) if data is None and value.strip() else data or b""
            case _:
                return clean_text(value)
    except ValueError:
        return clean_text(value)
