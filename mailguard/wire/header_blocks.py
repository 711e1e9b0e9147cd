"""The header lines of a message (RFC 5322), of its bytes, of data, or of a text with holes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mailguard.documents.byte_text import clean_text, decode_text, is_utf8
from mailguard.model.count import ONE, Count
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import (
    Absent,
    Either,
    Items,
    Known,
    Member,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    inherit,
    plain,
    scalar,
    sort_of,
    trail_of,
)
from mailguard.wire.encoded_words import decoded_words
from mailguard.wire.forms import named_branches, pairs_of
from mailguard.wire.holes import LAYERS, Atom, atoms_of, literal_of, same_way, split_atoms, whole_text

HEADER_LIMIT: Final = 16 << 20
"""Bytes of one header block. The largest seen has a To of 130 KB; a message may be far larger than its headers."""
_LINE_END_BYTES = re.compile(rb"\r{0,3}\n|\r")
_LINE_END = re.compile(r"\r{0,3}\n|\r")


def header_block(data: Value) -> tuple[tuple[str, Value], ...] | CannotTell:
    """The header lines of a message, in order, names as written, repeated lines repeated.

    Takes the bytes or the text of a message (what stands behind the first empty line is not looked at), a
    :class:`Fields` or a mapping, and a text with holes; a line whose name is a hole is named ``*``. Unlike the standard
    library it does not stop at a line without a colon: such a line is taken as the rest of the one before it.

    Encoded words (RFC 2047) are decoded. In address headers a decoded text that holds specials is put in quotes, so that a
    comma or an address inside a display name neither separates nor counts as a recipient, and is still there to be seen;
    where an encoded word *is* the member, as ``Header(", ".join(people))`` writes it, the text stands as it is.
    """
    return _header_block(data, 0)


def _header_block(data: Value, depth: int) -> tuple[tuple[str, Value], ...] | CannotTell:
    if depth > LAYERS:
        return CannotTell(Reason.TOO_LARGE, "the message is nested deeper than the limit")
    if isinstance(data, Object):
        return _header_block(data.render(), depth + 1)
    if isinstance(data, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the headers of the message")
    if isinstance(data, Either):
        blocks = [_header_block(inherit(o, data.trail), depth + 1) for o in data.options if not isinstance(o, Absent)]
        found = [block for block in blocks if not isinstance(block, CannotTell)]
        if found:
            return named_branches(found)
        return (
            blocks[0] if blocks else CannotTell(Reason.ADDRESSES, "the code does not tell the headers of the message")
        )
    trail = trail_of(data)
    whole = plain(data) if isinstance(data, (Known, Text)) else data
    if isinstance(whole, (str, bytes)):
        head = _head(whole)
        if isinstance(head, CannotTell):
            return head
        return tuple((name, inherit(decoded_words(name, value), trail)) for name, value in header_lines(head))
    if isinstance(whole, Text):
        return tuple(_lines_with_holes(whole))
    if whole is None:
        return CannotTell(Reason.BODY_MISSING)
    if sort_of(whole) in (Sort.MAPPING, Sort.COLLECTION):
        return tuple((name, _decoded_value(name, value)) for name, value in _repeated(pairs_of(whole)))
    return CannotTell(Reason.BAD_RECORD, "the message is not text")


def _repeated(pairs: Iterable[tuple[str, Value]]) -> Iterator[tuple[str, Value]]:
    for name, value in pairs:
        if isinstance(value, list):
            for item in value:
                yield name, item
        else:
            yield name, value


def _decoded_value(name: str, value: Value) -> Value:
    whole = scalar(value)
    if isinstance(whole, bytes):
        whole = decode_text(whole)
    if isinstance(whole, str):
        return inherit(
            decoded_words(name, _LINE_END.sub(" ", whole) if "\n" in whole or "\r" in whole else whole),
            trail_of(value),
        )
    return value


def _head(data: str | bytes) -> bytes | CannotTell:
    if isinstance(data, str):
        data = data[: HEADER_LIMIT + 1].encode("utf-8", "backslashreplace")
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = decode_text(data[: 2 * HEADER_LIMIT]).encode("utf-8", "backslashreplace")
    head, _ = split_message(data)
    return (
        CannotTell(Reason.TOO_LARGE, "the header block is larger than the limit") if len(head) > HEADER_LIMIT else head
    )


def split_message(data: bytes) -> tuple[bytes, bytes]:
    """A message at its first empty line; blank lines and a byte order mark in front of the first header are passed over.

    A line of white space inside the block is a fold (RFC 5322, section 4.2), no end.
    """
    start = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    blank = re.compile(rb"(?:[ \t]*(?:\r{0,3}\n|\r))*").match(data, start, start + HEADER_LIMIT)
    if blank is not None:
        # Blank lines only; the white space in front of the first header may be its indentation.
        start = blank.end()
    end = _EMPTY_LINE.search(data, start, start + HEADER_LIMIT + 8)
    if end is None:
        return data[start : start + HEADER_LIMIT + 8], b""
    return data[start : end.start()], data[end.end() :]


# An empty line: LF after a line end, or CR after CR in a text whose lines end in CR. CR CR LF is one damaged line end.
_EMPTY_LINE = re.compile(rb"\n\r{0,3}\n|(?<!\r)\r\r(?![\r\n])")
_NAME = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+(?: [A-Za-z0-9!#$%&'*+.^_`|~-]+){0,4})[ \t]*:")


def header_lines(head: bytes) -> list[tuple[str, str]]:
    """The header lines of a block without its body, unfolded, not decoded."""
    lines: list[tuple[str, list[str]]] = []
    indent: str | None = None
    for number, raw in enumerate(_LINE_END_BYTES.split(head)):
        line = raw.decode("utf-8") if is_utf8(raw) else raw.decode("latin-1")
        if number == 0 and re.match(r">?From (?![ \t]*:)", line):
            continue  # the separator line of a mailbox
        stripped = line.lstrip(" \t")
        match = _NAME.match(stripped)
        margin = line[: len(line) - len(stripped)]
        if not lines and match:
            indent = margin  # a block that stands indented as a whole, out of a source file
        if match and margin in ("", indent):
            lines.append((match.group(1), [stripped[match.end() :]]))
        elif lines:
            # A fold; or a line that lost its colon or its fold, which must not hide those behind it.
            lines[-1][1].append(line if margin else " " + line)
    # What stands on both sides of a NUL may be two people; taken out, it would make one of them.
    return [(name, clean_text("".join(pieces).replace("\0", " ").strip())) for name, pieces in lines]


def _lines_with_holes(value: Text) -> list[tuple[str, Value]]:
    """The header lines of a raw message that code writes."""
    lines = _text_lines(atoms_of(value), ONE)
    block: list[tuple[str, list[Atom], Count]] = []
    indent: str | None = None
    for number, (atoms, count) in enumerate(lines):
        first = literal_of(atoms[0]) if atoms else ""
        if not block and first is not None and not first.strip() and len(atoms) <= 1:
            continue  # blank lines in front
        if not atoms:
            break
        if number == 0 and first is not None and re.match(r">?From (?![ \t]*:)", first):
            continue
        margin = "" if first is None else first[: len(first) - len(first.lstrip(" \t"))]
        pieces = split_atoms(atoms, _COLON, 1)
        name = "".join("*" if (literal := literal_of(atom)) is None else literal for atom in pieces[0]).strip()
        named = len(pieces) == 2 and _NAME.fullmatch(name + ":") is not None
        if not block and named:
            indent = margin
        if named and margin in ("", indent):
            block.append((re.sub(r"\*{2,}", "*", name), pieces[1], count))
        elif first is None or not block:
            if first is None:
                block.append(("*", list(atoms), count))
        else:
            block[-1][1].extend(atoms if margin else [" ", *atoms])
    result: list[tuple[str, Value]] = []
    for name, atoms, count in block:
        whole = _decoded_value(name, whole_text(atoms, strip=True))
        result.append((name, whole if count == ONE else Items((Member(whole, count),))))
    return result


_COLON = re.compile(":")


def _text_lines(atoms: Sequence[Atom], count: Count) -> list[tuple[list[Atom], Count]]:
    """A text with holes at its literal line ends; each line with the number of times that it is there."""
    lines: list[tuple[list[Atom], Count]] = [([], count)]
    for atom in atoms:
        literal = literal_of(atom)
        if literal is not None:
            for number, piece in enumerate(_LINE_END.split(literal)):
                if number:
                    lines.append(([], count))
                if piece:
                    lines[-1][0].append(same_way(atom, piece))
        elif isinstance(atom, Repeat) and _breaks(atom):
            inner = _text_lines(atoms_of(atom.value), count * atom.count)
            if atom.separator and len(inner) > 1 and not inner[-1][0]:
                inner.pop()
            if lines[-1][0]:
                lines[-1][0].extend(inner[0][0])
            else:
                lines[-1] = inner[0]
            lines.extend(inner[1:])
            if not lines[-1][0]:
                lines[-1] = ([], count)
        else:
            lines[-1][0].append(atom)
    return lines


_FOLD = re.compile(r"(?:\r{0,3}\n|\r)[ \t]+")


def _breaks(repeat: Repeat, depth: int = 0) -> bool:
    """Whether each round is a line, or several, of its own; a fold is no line."""
    atoms = atoms_of(repeat.value)
    texts = [repeat.separator or "", *(literal for atom in atoms if (literal := literal_of(atom)) is not None)]
    return any(_LINE_END.search(_FOLD.sub(" ", item)) for item in texts) or (
        depth < LAYERS and any(_breaks(atom, depth + 1) for atom in atoms if isinstance(atom, Repeat))
    )
