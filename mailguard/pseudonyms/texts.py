"""Texts of any notation, and texts inside them."""

from __future__ import annotations

import gzip
import itertools
import quopri
import re
from typing import Final
from urllib.parse import quote, quote_plus, unquote

from mailguard.documents.byte_text import base64_bytes
from mailguard.documents.covered_words import COVERED, is_digits, is_text, names_somebody, opened
from mailguard.documents.json_values import BODY_LIMIT
from mailguard.documents.yaml_values import yaml_pieces
from mailguard.model.links import URL
from mailguard.model.message import CannotTell
from mailguard.pseudonyms.identities import Identities
from mailguard.pseudonyms.notations import (
    Pieces,
    as_bytes,
    as_text,
    begun,
    blotted,
    decoded_words,
    encoded_words,
    header_of,
    quote_json,
    quote_yaml,
    unquote_json,
    worth_opening,
    written_like,
)
from mailguard.pseudonyms.patterns import (
    BASE64,
    BASE64_LINES,
    COLON,
    COMMENT,
    EMPTY_LINE,
    ENCODED,
    FIELD_SECRET,
    HEX_GZIP,
    ITEM,
    JSON_TOKEN,
    LINE_SECRET,
    LOGIN,
    NAME_WORD,
    NAMED,
    OF_PERSON,
    PART_NAME,
    PERCENT,
    SECRET_NAME,
    SHAPED,
    TITLE,
)
from mailguard.pseudonyms.trees import Tree
from mailguard.recording import looks_like_message
from mailguard.wire.encodings import inflate

_DEPTH: Final = 12
"""Texts inside texts that are opened."""


class Texts(Identities):
    """Texts of any notation, and texts inside them, with everybody in them replaced."""

    def text(self, text: str, depth: int = 0) -> str:
        """A text of any kind, as it stands as a value in a capture."""
        if depth > _DEPTH or len(text) < 3:
            return text
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if start in ("{", "[") and len(text) > 4 and '"' in text:
            return self.json(text, depth)
        if "\n" in text or "\r" in text:
            if re.match(r"\s{0,100}--[^\r\n]{1,200}\r?\n(?i:content-)", text):
                return self._multipart(text, "", depth)
            if looks_like_message(text[:65536].encode("utf-8", "surrogateescape")):
                return self.mime(text, depth)
        return self.loose(text, depth)

    def loose(self, text: str, depth: int) -> str:
        """A text of no form, with pieces of others in it. What one step has settled no later step looks at."""
        if len(text) < 3:
            return text
        pieces = Pieces(text)
        if "=?" in text:
            pieces.settle(TITLE, lambda found: self._title(found, depth))
        if "<" in text:
            pieces.settle(NAMED, lambda found: self.name(found.group("name")))
        if "://" in text:
            pieces.settle(URL, lambda found: self._link(found.group(), depth))
        pieces.settle(LOGIN, self._login)
        pieces.settle(SHAPED, self._shaped)
        if "=" in text:
            pieces.settle(FIELD_SECRET, self._field)
            pieces.settle(ENCODED, lambda found: self._encoded(found, depth))
        if len(text) >= 16:
            if "1f8b08" in text:
                pieces.settle(HEX_GZIP, lambda found: self._hex(found.group(), depth))
            if "\n" in text:
                pieces.settle(BASE64_LINES, lambda found: self._base64(found.group(), depth))
            pieces.settle(BASE64, lambda found: self._base64(found.group(), depth))
        if "%" in text:
            pieces.settle(PERCENT, lambda found: self._percent(found.group(), depth))
        if "(" in text and "@" in text:
            pieces.settle(COMMENT, lambda found: found.group("gap") + self.name(found.group("name")))
        return pieces.text(lambda piece: self._known_names(self.plain(piece)))

    def _known_names(self, text: str) -> str:
        if not self.names or " " not in text:
            return text
        words = list(NAME_WORD.finditer(text))
        pieces: list[str] = []
        position = index = 0
        while index < len(words):
            for size in (4, 3, 2):
                if index + size <= len(words):
                    begin, end = words[index].start(), words[index + size - 1].end()
                    new = self.names.get(text[begin:end])
                    if new is not None:
                        pieces += [text[position:begin], new]
                        position = end
                        index += size
                        break
            else:
                index += 1
        return "".join([*pieces, text[position:]]) if pieces else text

    def _login(self, found: re.Match[str]) -> str:
        return found.group("front") + self.secret(found.group("value"))

    def _shaped(self, found: re.Match[str]) -> str:
        if found.group("value"):
            return f"{found.group('front')}{self.secret(found.group('value'))}"
        return self.secret(found.group())

    def _field(self, found: re.Match[str]) -> str | None:
        name, value = found.group("name", "value")
        if SECRET_NAME.fullmatch(name) or (name == "key" and len(value) > 7):
            return found.group("front") + self.secret(value)
        if OF_PERSON.fullmatch(name):
            new = self.name(unquote(value.replace("+", " "), errors="replace"))
            return found.group("front") + quote_plus(new, safe="@", errors="surrogateescape")
        return None

    def _encoded(self, found: re.Match[str], depth: int) -> str:
        """Encoded words (RFC 2047), opened together and written as encoded words again."""
        old = decoded_words(found.group())
        named = re.match(r"\s*<", found.string[found.end() : found.end() + 4])
        new = self.name(old) if named else self.text(old, depth + 1)
        return found.group() if new == old else encoded_words(new)

    def _title(self, found: re.Match[str], depth: int) -> str | None:
        """A header line of running text with encoded words in it: a name may begin in one and end behind it."""
        if "=?" not in found.group("value"):
            return None
        value = re.sub(r"\r?\n(?=[ \t])", "", found.group("value"))
        old = ENCODED.sub(lambda words: decoded_words(words.group()), value)
        new = self.loose(old, depth + 1)
        return found.group() if new == old else found.group("front") + encoded_words(new)

    def _link(self, link: str, depth: int) -> str | None:
        """A link with words that stand for somebody's address; None for one without."""
        pieces: list[str] = []
        position = 0
        for found in COVERED.finditer(link):
            if names_somebody(found.group().encode()):
                behind = link[found.end() :]
                tail = behind[: len(behind) - len(behind.lstrip("="))]
                pieces += [
                    self.loose(link[position : found.start()], depth + 1),
                    self._covered(found.group() + tail, depth),
                ]
                position = found.end() + len(tail)
        return "".join([*pieces, self.loose(link[position:], depth + 1)]) if pieces else None

    def _covered(self, word: str, depth: int) -> str:
        """A word that stands for a text, or has parts that do, with that text replaced."""
        if depth > _DEPTH:
            return self.secret(word)
        bare = word.rstrip("=").encode()
        if is_text(bare):
            return written_like(as_bytes(self.loose(as_text(opened(bare)), depth + 1)), word)
        if is_digits(bare):
            new = as_bytes(self.loose(as_text(bytes.fromhex(word)), depth + 1)).hex()
            return new if word.islower() or word.isdigit() else new.upper()
        inner = opened(bare)
        if inner.isascii() and names_somebody(inner.strip().rstrip(b"=")):
            return written_like(self._covered(inner.decode(), depth + 1).encode(), word)
        signs = re.split(r"([-_+]+)", word)
        if len(signs) == 1:
            return self.secret(word)
        return "".join(
            [self._covered(one, depth + 1) if names_somebody(one.rstrip("=").encode()) else one for one in signs]
        )

    def _base64(self, text: str, depth: int) -> str | None:
        if len(text) < 200 and (text.isdigit() or text.islower()):
            return None
        data = base64_bytes(text)
        if data is None or not worth_opening(data):
            new_text = blotted(text)
            return None if new_text == text else new_text
        new = self.data(data, depth + 1)
        return None if new == data else written_like(new, text)

    def _hex(self, text: str, depth: int) -> str | None:
        """A compressed body in hexadecimal digits, as nock writes it."""
        if len(text) % 2:
            return None
        data = bytes.fromhex(text)
        new = self.data(data, depth + 1)
        return None if new == data else new.hex()

    def _percent(self, text: str, depth: int) -> str:
        spaced = text.replace("+", " ")
        try:
            old = unquote(spaced, errors="strict")
        except UnicodeDecodeError:
            old = unquote(spaced, encoding="latin-1")
        new = self.text(old, depth + 1)
        if new == old:
            return text
        write = quote_plus if "+" in text or "%20" not in text else quote
        return write(new, safe="", errors="surrogateescape")

    def data(self, data: bytes, depth: int = 0) -> bytes:
        """Bytes of any kind."""
        if depth > _DEPTH or not data:
            return data
        if data[:3] == b"\x1f\x8b\x08":
            inner = inflate(data)
            if isinstance(inner, CannotTell):
                return self._cut_gzip(data, depth)
            new = self.data(inner, depth + 1)
            return data if new == inner else gzip.compress(new, mtime=0)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            charset = "utf-16-le" if data[:2] == b"\xff\xfe" else "utf-16-be"
            try:
                return data[:2] + self.text(data[2:].decode(charset), depth).encode(charset)
            except UnicodeError:
                return data
        text = as_text(data)
        return as_bytes(self.text(text, depth))

    def _cut_gzip(self, data: bytes, depth: int) -> bytes:
        """A gzip stream that was cut stays one: what is in it is changed, and its end is taken away again."""
        inner, whole = begun(data, BODY_LIMIT)
        if not whole:
            if b"@" in inner:
                raise ValueError("what a damaged stream holds cannot be written again")
            return data
        return gzip.compress(self.data(inner, depth + 1), mtime=0)[:-8]

    def json(self, text: str, depth: int = 0) -> str:
        """JSON, also broken JSON: every string in it by itself."""
        tree = Tree(self, depth)
        position = 0
        for found in JSON_TOKEN.finditer(text):
            if found.start() > position:
                tree.gap(text[position : found.start()])
            position = found.end()
            mark = found.group()
            if mark[0] == '"':
                try:
                    value = unquote_json(mark)
                except ValueError:
                    tree.gap(mark)
                    continue
                tree.string(value, mark, quote_json, is_key=COLON.match(text, position) is not None)
            elif mark in "{[":
                tree.open(mark, mark)
            elif mark[0] in "{[":
                tree.out.append(self._numbers(found, depth))
            elif mark in "}]":
                tree.close(mark)
            elif mark == ",":
                tree.comma(mark)
            else:
                tree.number(mark)
        tree.gap(text[position:])
        return tree.result()

    def _numbers(self, found: re.Match[str], depth: int) -> str:
        """Bytes that are written as numbers, in an array or by their indexes."""
        array, mapping, colon = found.group("array", "mapping", "colon")
        inner: str = array or mapping
        values = [int(digits) for digits in re.findall(r"[0-9]+(?![0-9\"])", inner)]
        if not values or max(values) > 255 or inner.count(",") != len(values) - 1:
            return found.group()
        old = bytes(values)
        new = self.data(old, depth + 1)
        if new == old:
            return found.group()
        comma = re.search(r",\s*", inner)
        items = [str(value) if array else f'"{index}"{colon}{value}' for index, value in enumerate(new)]
        return found.group().replace(inner.strip(), (comma.group() if comma else ",").join(items), 1)

    def yaml(self, text: str, depth: int = 0) -> str:
        """YAML: every scalar by itself; what changes is written in double quotes."""
        tree = Tree(self, depth)
        position = 0
        expects: list[bool] = []  # for each open mapping: whether a key comes next; None would be a sequence
        kinds: list[str] = []
        for piece in yaml_pieces(text):
            if piece.kind == "end":
                tree.close()
                kinds.pop()
                expects.pop()
                continue
            if piece.start > position:
                tree.gap(text[position : piece.start])
                position = piece.start
            key = bool(kinds) and kinds[-1] == "mapping" and expects[-1]
            if kinds and kinds[-1] == "mapping":
                expects[-1] = not expects[-1]
            if piece.kind != "scalar":
                tree.open("{" if piece.kind == "mapping" else "[")
                kinds.append(piece.kind)
                expects.append(True)
                continue
            raw = text[position : piece.end]
            position = max(position, piece.end)
            if piece.tag.endswith("binary"):
                tree.binary(piece.value, raw)
            else:
                tree.string(piece.value, raw, quote_yaml, is_key=key)
            if not key and kinds and kinds[-1] == "sequence":
                tree.item()
        if len(tree.stack) > 1 and not depth and (rest := ITEM.search(text, position)):
            # Broken here; each interaction behind it may be whole.
            tree.gap(text[position : rest.start()])
            starts = [found.start() for found in ITEM.finditer(text, rest.start())]
            pieces = [self.yaml(text[one:end], 1) for one, end in itertools.pairwise([*starts, len(text)])]
            return tree.result() + "".join(pieces)
        tree.gap(text[position:])
        return tree.result()

    def mime(self, text: str, depth: int = 0) -> str:
        """A message: its header lines, and its body by its encodings."""
        if depth > _DEPTH:
            return text
        split = EMPTY_LINE.search(text)
        head, body = (text[: split.end()], text[split.end() :]) if split else (text, "")
        kind = header_of(head, "content-type")
        coding = header_of(head, "content-transfer-encoding").strip().lower()
        media = kind.partition(";")[0].strip().lower()
        new_head = self.loose(LINE_SECRET.sub(self._line, head), depth)
        boundary = re.search(r"boundary[ \t]*=[ \t]*(?:\"([^\"\r\n]{1,200})\"|([^;\s\"]{1,200}))", kind, re.IGNORECASE)
        if media.startswith("multipart/") and boundary:
            return new_head + self._multipart(body, boundary.group(1) or boundary.group(2), depth)
        return new_head + self._content(body, coding, depth)

    def _part(self, text: str, depth: int) -> str:
        """A part of several: a field of a form whose name is that of a secret, or a message of its own."""
        split = EMPTY_LINE.search(text)
        named = PART_NAME.search(text[: split.end()]) if split else None
        if split and named and SECRET_NAME.fullmatch(named.group(1)) and text[split.end() :].strip():
            return text[: split.end()] + self.secret(text[split.end() :])
        return self.mime(text, depth)

    def _line(self, found: re.Match[str]) -> str:
        name, value = found.group("name", "value")
        return found.group("front") + self.secret(value) if SECRET_NAME.fullmatch(name) else found.group()

    def _content(self, body: str, coding: str, depth: int) -> str:
        if coding == "base64":
            data = base64_bytes(body)
            if data is None:
                return self.loose(body, depth + 1)
            new = self.data(data, depth + 1)
            return body if new == data else written_like(new, body)
        if coding == "quoted-printable":
            raw = as_bytes(body)
            data = quopri.decodestring(raw)
            new = self.data(data, depth + 1)
            if new == data:
                return body
            encoded = as_text(quopri.encodestring(new))
            return encoded.replace("\n", "\r\n") if "\r\n" in body and "\r\n" not in encoded else encoded
        return self.text(body, depth + 1)

    def _multipart(self, body: str, boundary: str, depth: int) -> str:
        if not boundary:
            first = re.match(r"\s{0,100}--([^\r\n]{1,200})", body)
            boundary = first.group(1).rstrip() if first else ""
        if not boundary or depth > _DEPTH:
            return self.loose(body, depth)
        marks = list(re.finditer(rf"(?:\A|(?<=\n)|(?<=\r))--{re.escape(boundary)}(?:--)?[ \t]*(?:\r\n|\n|\r|\Z)", body))
        if not marks:
            return self.loose(body, depth)
        pieces = [self.loose(body[: marks[0].start()], depth)]
        for mark, following in itertools.zip_longest(marks, marks[1:]):
            part = body[mark.end() : following.start() if following else len(body)]
            end = re.search(r"(?:\r\n|\n|\r)?\Z", part)
            cut = end.start() if end and following else len(part)
            new = self._part(part[:cut], depth + 1) if following else self.loose(part[:cut], depth)
            pieces += [mark.group(), new, part[cut:]]
        return "".join(pieces)
