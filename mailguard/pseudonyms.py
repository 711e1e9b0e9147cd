"""Fake addresses in place of real ones, in whatever a capture holds, the same one for the same person everywhere.

What is not an address, a name beside one, or a secret stays byte for byte as it is: the layout of the file, its
encodings, its mistakes. Texts inside texts are opened, changed and closed again in the same notation: JSON strings,
YAML scalars, MIME parts and encoded words, base64 and gzip, percent-encoded fields, typed netstrings.

Equal stays equal and different stays different: addresses by :func:`~mailguard.addresses.compare.compare_key`, domains by their
name. Domains that are inside keep their name, since the settings name them; the people there do not.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import quopri
import re
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus, unquote

from mailguard.addresses.compare import compare_key, is_inside
from mailguard.documents import BODY_LIMIT, base64_bytes, decode_text, yaml_pieces
from mailguard.model.message import CannotTell, Recipient
from mailguard.recording import looks_like_message
from mailguard.wire.encodings import inflate

__all__ = ["Pseudonyms"]

_DEPTH: Final = 12
"""Texts inside texts that are opened."""

# --- what is replaced -----------------------------------------------------------------------------

_SIGN = r"[@\uff20\ufe6b]|%(?:25){0,2}40|=40|&\#0{0,4}64;|&\#[xX]0{0,4}40;|&commat;|\\{1,2}u0040|\\{1,2}x40"
_DOMAIN = r"\w(?:[\w-]|[.\u3002\uff0e](?=[\w.]))*|\[[^\[\]<>\"@,;\s]{1,80}\]"
_ADDRESS: Final = re.compile(
    rf"(?P<escape>\\[nrtbfv])|(?P<userinfo>://[^\s/@\"'<>\\]{{1,400}}@)"
    rf"|(?P<local>\"(?:[^\"\\\r\n]|\\.|\r?\n[ \t]){{1,64}}\"|[\w+~](?:[\w.+'~-]{{0,190}}[\w+'~-])?)"
    rf"(?P<sign>[ \t]{{0,2}}(?:{_SIGN})[ \t]{{0,2}})(?P<domain>{_DOMAIN})",
    re.VERBOSE,
)
_VERP: Final = re.compile(r"\A(?P<tag>[\w.-]{1,60}[+-])?(?P<local>[\w.'~-]{1,64})=(?P<domain>[\w-]+(?:\.[\w-]+)+)\Z")
_BEHIND: Final = re.compile(r"[^\s\"<>,;:()\\/&?@]{1,200}\Z")
_NAMED: Final = re.compile(
    r"(?P<name>\"(?:[^\"\\\r\n]|\\.){1,200}\"|[^\W\d_][^<>\"@,;:\r\n()\[\]{}|=/?&]{0,80}?)(?=[ \t]*<[^<>\r\n]{0,120}(?:@|%40|=40|\uff20)[^<>\r\n]{1,250}>)"
)
_COMMENT: Final = re.compile(r"(?<=[\w>])(?P<gap>[ \t]{1,3}\()(?P<name>[^()<>@\r\n=]{2,80})(?=\))")
_ENCODED: Final = re.compile(
    r"=\?[A-Za-z0-9_.:()+*-]{1,60}\?[BbQq]\?[^?\r\n]*\?=(?:[ \t\r\n]+=\?[A-Za-z0-9_.:()+*-]{1,60}\?[BbQq]\?[^?\r\n]*\?=)*"
)
_WORD: Final = re.compile(r"=\?([A-Za-z0-9_.:()+-]{1,60})(?:\*[A-Za-z0-9-]{0,20})?\?([BbQq])\?([^?\r\n]*)\?=")
_BASE64_LINES: Final = re.compile(
    r"(?:\A|(?<=\n))(?P<margin>[ \t]{0,40})[A-Za-z0-9+/]{60,76}\r?\n(?:(?P=margin)[A-Za-z0-9+/]{60,76}\r?\n)*(?P=margin)[A-Za-z0-9+/]{2,76}={0,2}(?=\r?\n|\Z)"
)
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/_=-])")
_PERCENT: Final = re.compile(r"[A-Za-z0-9._~+*'()!$,;:@-]*%[0-9A-Fa-f]{2}[A-Za-z0-9._~+*'()!$,;:@%-]*")
_HINT: Final = re.compile(rf"{_SIGN}|=\?|%[0-9A-Fa-f]{{2}}", re.VERBOSE)

_SECRET_NAME: Final = re.compile(
    r"(?:[\w.-]*[-_.])?(?:authorization|authentication|set-cookie2?|cookies?|(?:api|auth|access|secret|private|server|account|aws|signing)[-_]?"
    r"(?:key|keyid|key[-_]?id|token|access[-_]?key[-_]?id)|(?:api|access|security|session|auth|csrf|refresh|bearer|server|account)[-_]?token|token"
    r"|(?:client|app|api)?[-_]?secret|passw(?:or)?d|passwd|pwd|x-amz-(?:signature|credential|security-token)|sig(?:nature)?|credentials?|session[-_]?id)",
    re.IGNORECASE,
)
_FIELD_SECRET: Final = re.compile(
    r"(?P<front>(?:\A|[?&;\s])(?P<name>[A-Za-z][\w.-]{1,60})=)(?P<value>[^&\s\"'<>\\#]{1,2000})"
)
_LINE_SECRET: Final = re.compile(
    r"(?im)^(?P<front>(?:[ *]{0,2}-> ?)?(?P<name>[A-Za-z][\w-]{2,60}):[ \t]*)(?P<value>[^\r\n]{1,4000}(?:\r?\n[ \t]+[^\r\n]{1,4000}){0,20})"
)
_SHAPED: Final = re.compile(
    r"\b(?:SG\.[\w-]{10,}\.[\w-]{10,}|key-[0-9a-f]{16,}|xkeysib-[\w-]{16,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,})"
    r"|(?P<front>\b(?:Bearer|Basic)[ ]+)(?P<value>[\w+/=.~-]{6,})",
)
_LOGIN: Final = re.compile(
    r"(?i)(?P<front>\bAUTH[ ]+(?:PLAIN|LOGIN|XOAUTH2|CRAM-MD5)[ ]+)(?P<value>[A-Za-z0-9+/=]{2,})"
    r"|(?P<front2>334[^\r\n]{0,200}\r?\n[ *]{0,2}(?:-> ?|C: ?|>>> ?|SMTP>> ?|send: b?['\"])?)(?P<value2>[A-Za-z0-9+/=]{2,})(?=[\\\r\n'\"])"
)
_NAME_KEY: Final = re.compile(
    r"(?:(?:from|to|cc|bcc|sender|reply(?:_?to)?|recipient|contact|full|display|first|last|middle)[-_]?)?names?(?:\[\w*\])?",
    re.IGNORECASE,
)
_OF_PERSON: Final = re.compile(
    r"(?:from|to|cc|bcc|sender|reply(?:_?to)?|recipient|full|display|first|last|middle)[-_]?names?(?:\[\w*\])?",
    re.IGNORECASE,
)
_PARTICLE: Final = frozenset(
    "von van der den de di da del della la le du dos das zu zur zum af av ten ter bin ibn al el jr sr md phd dr mr ms mrs".split()
)
_SYLLABLES: Final = [a + b for a in "bdfgklmnprtvz" for b in "aeiou"]

_BODY_KEYS: Final = frozenset(
    {"body", "text", "string", "content", "base64_string", "body_base64", "bodyasbase64", "payload"}
)


@dataclass(slots=True)
class _Frame:
    """An open collection of JSON or YAML."""

    kind: str
    key: str = ""
    """The key under which it stands."""
    pending: str = ""
    """The key whose value comes next."""
    named: str = ""
    """What stands under ``name`` or ``key`` in it: headers and parameters as objects."""
    values: dict[str, tuple[int, str]] = field(default_factory=dict)
    """For each key with a text, where the new one stands, and the old one."""
    lengths: list[tuple[int, int]] = field(default_factory=list)
    """Content-Length values inside: where they stand, and the number."""
    address: bool = False
    """Whether one of the values is an address."""


class Pseudonyms:
    """Who is who in one capture. Run it twice over the same text: the first time it hears of everybody."""

    def __init__(self, inside: Collection[str] = ()) -> None:
        """``inside``: the configured domains, whose names stay."""
        self.inside = tuple(inside)
        self.people: dict[str, str] = {}
        """Fake addresses by the comparing form of the real ones."""
        self.domains: dict[str, str] = {}
        self.secrets: dict[str, str] = {}
        self.names: dict[str, str] = {}
        """Full names of several words, to be found in running text."""
        self._words: dict[str, str] = {}
        self._locals: dict[str, int] = {}
        self._bases = [
            base
            for base in ("example.org", "example.com", "example.net", "example.edu", "people.test")
            if not is_inside(Recipient(f"x@{base}"), self.inside)
        ]

    # -- people

    def address(self, local: str, domain: str) -> tuple[str, str]:
        """The fake local part and the fake domain of an address."""
        key = compare_key(f"{' '.join(local.split())}@{domain}")
        fake = self.people.get(key)
        if fake is None:
            number = len(self.people) + 1
            fake = self.people[key] = f"r{number}@{self.domain(domain)}"
        name, _, host = fake.rpartition("@")
        return (f'"{name}"' if local.startswith('"') else name), host

    def domain(self, domain: str) -> str:
        """The fake domain; that of an inside one is itself."""
        key = compare_key(f"x@{domain}").rpartition("@")[2]
        if self.inside and is_inside(Recipient(f"x@{domain}"), self.inside):
            return domain
        if key not in self.domains:
            number = len(self.domains)
            if "." not in key and not key.startswith("["):
                self.domains[key] = f"host{number + 1}"
            elif number < len(self._bases):
                self.domains[key] = self._bases[number]
            else:
                self.domains[key] = f"d{number + 1}.{self._bases[0]}"
        return self.domains[key]

    def secret(self, value: str) -> str:
        """What stands for a secret: the same for the same one."""
        if value.strip(" \t") == "" or _REMOVED.fullmatch(value):
            return value
        return self.secrets.setdefault(value, f"secret-{len(self.secrets) + 1}")

    def name(self, name: str) -> str:
        """A name of the same shape. Addresses in it are replaced as such."""
        pieces: list[str] = []
        position = 0
        for found in _ADDRESS.finditer(name):
            if found.group("local") is None:
                continue
            pieces += [self._masked(name[position : found.start()]), self.plain(found.group())]
            position = found.end()
        pieces.append(self._masked(name[position:]))
        result = "".join(pieces)
        core = name.strip("\"' ")
        if (
            "@" not in core
            and len(core) > 5
            and re.fullmatch(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){1,3}", core)
        ):
            self.names.setdefault(core, result.strip("\"' "))
        return result

    def _masked(self, text: str) -> str:
        return re.sub(r"[^\W\d_]+", lambda found: self._word(found.group()), text)

    def _word(self, word: str) -> str:
        folded = word.casefold()
        if len(word) < 2 or folded in _PARTICLE or (len(word) <= 3 and word.islower()):
            return word
        if folded not in self._words:
            number, syllables = len(self._words), ""
            while len(syllables) < len(word):
                number, rest = divmod(number, len(_SYLLABLES))
                syllables += _SYLLABLES[rest]
            self._words[folded] = syllables[: len(word)]
        new = self._words[folded]
        return "".join(n.upper() if o.isupper() else n for o, n in zip(word, new, strict=False))

    # -- texts

    def plain(self, text: str) -> str:
        """A text without any encoding around it."""
        pieces: list[str] = []
        position = 0
        for found in _ADDRESS.finditer(text):
            if found.group("escape"):
                continue
            pieces.append(text[position : found.start()])
            position = found.end()
            if found.group("userinfo"):
                pieces.append(f"://{self.secret(found.group()[3:-1])}@")
                continue
            local, sign, domain = found.group("local", "sign", "domain")
            if (
                (sign.strip() in ("=40", "%40", "%2540") or sign != sign.strip())
                and "." not in domain
                and domain[0] != "["
            ):
                pieces.append(found.group())
                continue
            returned = _VERP.match(local)
            if returned:
                # Variable return paths hold the reader's address with another sign.
                inner, host = self.address(returned.group("local"), returned.group("domain"))
                pieces.append(f"{returned.group('tag') or ''}{inner}={host}{sign}{self.domain(domain)}")
                continue
            new, host = self.address(local, domain)
            pieces.append(f"{new}{sign}{host}")
        pieces.append(text[position:])
        return "".join(pieces)

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
        pieces = _Pieces(text)
        if "=?" in text:
            pieces.settle(_TITLE, lambda found: self._title(found, depth))
        if "<" in text:
            pieces.settle(_NAMED, lambda found: self.name(found.group("name")))
        pieces.settle(_LOGIN, self._login)
        pieces.settle(_SHAPED, self._shaped)
        if "=" in text:
            pieces.settle(_FIELD_SECRET, self._field)
            pieces.settle(_ENCODED, lambda found: self._encoded(found, depth))
        if len(text) >= 16:
            if "\n" in text:
                pieces.settle(_BASE64_LINES, lambda found: self._base64(found.group(), depth))
            pieces.settle(_BASE64, lambda found: self._base64(found.group(), depth))
        if "%" in text:
            pieces.settle(_PERCENT, lambda found: self._percent(found.group(), depth))
        if "(" in text and "@" in text:
            pieces.settle(_COMMENT, lambda found: found.group("gap") + self.name(found.group("name")))
        return pieces.text(lambda piece: self._known_names(self.plain(piece)))

    def _known_names(self, text: str) -> str:
        if not self.names or " " not in text:
            return text
        words = list(_NAME_WORD.finditer(text))
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
        front, value = found.group("front", "value")
        if front is None:
            front, value = found.group("front2", "value2")
        return front + self.secret(value)

    def _shaped(self, found: re.Match[str]) -> str:
        if found.group("value"):
            return f"{found.group('front')}{self.secret(found.group('value'))}"
        return self.secret(found.group())

    def _field(self, found: re.Match[str]) -> str | None:
        name, value = found.group("name", "value")
        if _SECRET_NAME.fullmatch(name) or (name == "key" and len(value) > 7):
            return found.group("front") + self.secret(value)
        if _OF_PERSON.fullmatch(name):
            new = self.name(unquote(value.replace("+", " "), errors="replace"))
            return found.group("front") + quote_plus(new, safe="@", errors="surrogateescape")
        return None

    def _encoded(self, found: re.Match[str], depth: int) -> str:
        """Encoded words (RFC 2047), opened together and written as encoded words again."""
        old = _decoded_words(found.group())
        named = re.match(r"\s*<", found.string[found.end() : found.end() + 4])
        new = self.name(old) if named else self.text(old, depth + 1)
        return found.group() if new == old else _encoded_words(new)

    def _title(self, found: re.Match[str], depth: int) -> str | None:
        """A header line of running text with encoded words in it: a name may begin in one and end behind it."""
        if "=?" not in found.group("value"):
            return None
        value = re.sub(r"\r?\n(?=[ \t])", "", found.group("value"))
        old = _ENCODED.sub(lambda words: _decoded_words(words.group()), value)
        new = self.loose(old, depth + 1)
        return found.group() if new == old else found.group("front") + _encoded_words(new)

    def _base64(self, text: str, depth: int) -> str | None:
        if len(text) < 200 and (text.isdigit() or text.islower()):
            return None
        data = base64_bytes(text)
        if data is None or not _worth(data):
            return None
        new = self.data(data, depth + 1)
        return None if new == data else _written(new, text)

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

    # -- bytes

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
        text = _unescaped(data)
        return _escaped(self.text(text, depth))

    def _cut_gzip(self, data: bytes, depth: int) -> bytes:
        """A gzip stream that was cut stays one: what is in it is changed, and its end is taken away again."""
        machine = zlib.decompressobj(31)
        try:
            inner = machine.decompress(data, BODY_LIMIT)
        except zlib.error:
            return data
        return gzip.compress(self.data(inner, depth + 1), mtime=0)[:-8]

    # -- JSON and YAML

    def json(self, text: str, depth: int = 0) -> str:
        """JSON, also broken JSON: every string in it by itself."""
        tree = _Tree(self, depth)
        position = 0
        for found in _JSON_TOKEN.finditer(text):
            if found.start() > position:
                tree.gap(text[position : found.start()])
            position = found.end()
            mark = found.group()
            if mark[0] == '"':
                try:
                    value = _unquote_json(mark)
                except ValueError:
                    tree.gap(mark)
                    continue
                tree.string(value, mark, _quote_json, is_key=_COLON.match(text, position) is not None)
            elif mark in "{[":
                tree.open(mark, mark)
            elif mark in "}]":
                tree.close(mark)
            elif mark == ",":
                tree.comma(mark)
            else:
                tree.number(mark)
        tree.gap(text[position:])
        return tree.result()

    def yaml(self, text: str, depth: int = 0) -> str:
        """YAML: every scalar by itself; what changes is written in double quotes."""
        tree = _Tree(self, depth)
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
                tree.string(piece.value, raw, _quote_yaml, is_key=key)
            if not key and kinds and kinds[-1] == "sequence":
                tree.item()
        if len(tree.stack) > 1 and not depth and (rest := _ITEM.search(text, position)):
            # Broken here; each interaction behind it may be whole.
            tree.gap(text[position : rest.start()])
            starts = [found.start() for found in _ITEM.finditer(text, rest.start())]
            pieces = [self.yaml(text[one:end], 1) for one, end in itertools.pairwise([*starts, len(text)])]
            return tree.result() + "".join(pieces)
        tree.gap(text[position:])
        return tree.result()

    # -- MIME

    def mime(self, text: str, depth: int = 0) -> str:
        """A message: its header lines, and its body by its encodings."""
        if depth > _DEPTH:
            return text
        split = _EMPTY_LINE.search(text)
        head, body = (text[: split.end()], text[split.end() :]) if split else (text, "")
        kind = _header(head, "content-type")
        coding = _header(head, "content-transfer-encoding").strip().lower()
        media = kind.partition(";")[0].strip().lower()
        new_head = self.loose(_LINE_SECRET.sub(self._line, head), depth)
        boundary = re.search(r"boundary[ \t]*=[ \t]*(?:\"([^\"\r\n]{1,200})\"|([^;\s\"]{1,200}))", kind, re.IGNORECASE)
        if media.startswith("multipart/") and boundary:
            return new_head + self._multipart(body, boundary.group(1) or boundary.group(2), depth)
        return new_head + self._content(body, coding, depth)

    def _line(self, found: re.Match[str]) -> str:
        name, value = found.group("name", "value")
        return found.group("front") + self.secret(value) if _SECRET_NAME.fullmatch(name) else found.group()

    def _content(self, body: str, coding: str, depth: int) -> str:
        if coding == "base64":
            data = base64_bytes(body)
            if data is None:
                return self.loose(body, depth + 1)
            new = self.data(data, depth + 1)
            return body if new == data else _written(new, body)
        if coding == "quoted-printable":
            raw = _escaped(body)
            data = quopri.decodestring(raw)
            new = self.data(data, depth + 1)
            if new == data:
                return body
            encoded = _unescaped(quopri.encodestring(new))
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
            pieces += [
                mark.group(),
                self.mime(part[:cut], depth + 1) if following else self.loose(part[:cut], depth),
                part[cut:],
            ]
        return "".join(pieces)

    # -- files

    def file(self, data: bytes, kind: str) -> bytes:
        """The content of a capture file; ``kind`` is the name of its format."""
        if data[:3] == b"\x1f\x8b\x08":
            inner = inflate(data, limit=1 << 29)
            if isinstance(inner, CannotTell):
                machine = zlib.decompressobj(31)
                try:
                    inner = machine.decompress(data, 1 << 29)
                except zlib.error:
                    return data
                return gzip.compress(self.file(inner, kind), mtime=0)[:-8]
            return gzip.compress(self.file(inner, kind), mtime=0)
        if kind == "mitmproxy":
            return self._netstrings(data)
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self.data(data)
        text = _unescaped(data)
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if kind in ("eml", "maildir", "mh"):
            return _escaped(self.mime(text))
        if kind == "mbox":
            return _escaped(self._pieces(text, re.compile(r"(?:(?<=\n)|(?<=\r)|\A)From [^\r\n]*(?:\r\n|\n|\r)")))
        if kind == "message-log":
            return _escaped(self._pieces(text, re.compile(r"(?:(?<=\n)|\A)-{79}\r?\n")))
        if kind == "smtp-transcript":
            return _escaped(self._transcript(text))
        if start in ("{", "["):
            # Lines by themselves, so that a broken one costs no other.
            lines = text.split("\n")
            if (
                sum(line.lstrip("\ufeff \t")[:1] == "{" for line in lines) > 1
                and "\n" in text.strip()
                and _own_lines(lines)
            ):
                return _escaped("\n".join(self.json(line) if '"' in line else self.loose(line, 0) for line in lines))
            return _escaped(self.json(text))
        if kind in ("vcr", "responses"):
            return _escaped(self.yaml(text))
        if any(line.lstrip()[:1] == "{" for line in text.split("\n", 50)):
            return _escaped(
                "\n".join(self.json(line) if '"' in line else self.loose(line, 0) for line in text.split("\n"))
            )
        return _escaped(self.text(text))

    def _pieces(self, text: str, separator: re.Pattern[str]) -> str:
        result: list[str] = []
        position = 0
        for found in separator.finditer(text):
            result += [self.mime(text[position : found.start()]), self.loose(found.group(), 0)]
            position = found.end()
        return "".join([*result, self.mime(text[position:])])

    def _transcript(self, text: str) -> str:
        """An SMTP session: what the client said between DATA and the dot is a message; the rest are lines."""
        pieces = _Pieces(text)
        pieces.settle(_LOGIN, self._login)
        pieces.settle(_REPR, lambda found: self._literal(found.group()))
        pieces.settle(_DATA, self._data)
        return pieces.text(lambda piece: self.loose(piece, 0))

    def _data(self, found: re.Match[str]) -> str:
        margin = found.group("margin") or ""
        lines = found.group().splitlines(keepends=True)
        inner = "".join(line[len(margin) if line.startswith(margin) else len(margin.rstrip()) :] for line in lines)
        new = self.mime(inner)
        return found.group() if new == inner else "".join(margin + line for line in new.splitlines(keepends=True))

    def _literal(self, source: str) -> str:
        """What Python printed as ``repr`` of a text."""
        import ast  # noqa: PLC0415  # for this one kind of session

        try:
            value = ast.literal_eval(source)
        except (ValueError, SyntaxError):
            return self.loose(source, 0)
        if isinstance(value, bytes):
            return repr(_escaped(self.text(_unescaped(value))))
        return repr(self.text(value)) if isinstance(value, str) else source

    def _netstrings(self, data: bytes) -> bytes:
        """Typed netstrings, one flow after the other; what is damaged stays out."""
        result: list[bytes] = []
        at = 0
        while at < len(data):
            found = re.compile(rb"([0-9]{1,12}):").match(data, at)
            if found is None:
                break
            end = found.end() + int(found.group(1))
            inner, mark = data[found.end() : end], data[end : end + 1]
            if len(inner) < int(found.group(1)) or not mark:
                break
            result.append(_netstring(self._netvalue(inner, mark, 0, ""), mark))
            at = end + 1
        # A cut flow has no readable end: its length stays, so that it is still seen to be cut.
        rest = data[at:]
        if rest:
            result.append(rest[:14] if re.match(rb"[0-9]{1,12}:", rest) else b"")
        return b"".join(result)

    def _netvalue(self, inner: bytes, mark: bytes, depth: int, key: str) -> bytes:
        if mark in b",;":
            if key and _SECRET_NAME.fullmatch(key):
                return self.secret(_unescaped(inner)).encode()
            return self.data(inner)
        if mark not in b"]}" or depth > 60:
            return inner
        pieces: list[bytes] = []
        at = 0
        texts: list[str] = []
        while at < len(inner):
            colon = inner.find(b":", at, at + 13)
            if colon < 0 or not inner[at:colon].isdigit():
                return inner
            end = colon + 1 + int(inner[at:colon])
            value, kind = inner[colon + 1 : end], inner[end : end + 1]
            name = texts[-1] if texts and len(texts) % 2 else ""
            new = self._netvalue(value, kind, depth + 1, name)
            texts.append(_unescaped(value) if kind in b",;" else "")
            pieces.append(_netstring(new, kind))
            at = end + 1
        return b"".join(pieces)


class _Tree:
    """JSON or YAML that is being written again, piece by piece."""

    def __init__(self, names: Pseudonyms, depth: int) -> None:
        self.names = names
        self.depth = depth
        self.out: list[str] = []
        self.stack: list[_Frame] = [_Frame("")]
        self._write: dict[int, tuple[Callable[[str, str], str], str, str]] = {}
        # For each text that may change once more: how it is written, as it stood, as it is now.

    def gap(self, text: str) -> None:
        self.out.append(
            text if text.isspace() or not text else self.names.loose(text, self.depth) if len(text) > 4 else text
        )

    def open(self, kind: str, mark: str = "") -> None:
        top = self.stack[-1]
        self.stack.append(_Frame(kind, top.pending or (top.key if top.kind == "[" else "")))
        top.pending = ""
        self.out.append(mark)

    def close(self, mark: str = "") -> None:
        if len(self.stack) > 1:
            frame = self.stack.pop()
            self._settle(frame, self.stack[-1])
        self.out.append(mark)

    def comma(self, mark: str) -> None:
        self.out.append(mark)
        self.stack[-1].pending = ""

    def item(self) -> None:
        self.stack[-1].pending = ""

    def number(self, mark: str) -> None:
        top = self.stack[-1]
        if top.pending.lower() == "content-length" and mark.isdigit():
            top.lengths.append((len(self.out), int(mark)))
        self.out.append(mark)

    def binary(self, value: str, raw: str) -> None:
        data = base64_bytes(value)
        new = data if data is None else self.names.data(data, self.depth + 1)
        top = self.stack[-1]
        if data is not None and new is not None and new != data:
            if top.pending:
                top.values[top.pending.lower()] = (len(self.out), value)
            margin = re.search(r"\n([ \t]*)\S", raw)
            tag = re.match(r"(?:[!&]\S*[ \t]+)*", raw)
            encoded = base64.b64encode(new).decode()
            tail = raw[len(raw.rstrip()) :] if margin else ""
            self.out.append(f"{tag.group() if tag else ''}{encoded}{tail}")
        else:
            self.out.append(raw)
        top.pending = ""

    def string(self, value: str, raw: str, write: Callable[[str, str], str], *, is_key: bool) -> None:
        top = self.stack[-1]
        if is_key and top.kind == "{":
            new = self.names.text(value, self.depth + 1) if "@" in value or "%" in value else value
            top.pending = value
            self.out.append(raw if new == value else write(new, raw))
            return
        key = top.pending or (top.key if top.kind == "[" else "")
        low = key.lower().removeprefix(":")
        if _SECRET_NAME.fullmatch(low) and value:
            new = self.names.secret(value)
        elif _OF_PERSON.fullmatch(low):
            new = self.names.name(value)
        else:
            new = self.names.text(value, self.depth + 1)
        if low == "content-length" and value.isdigit():
            top.lengths.append((len(self.out), int(value)))
        if top.kind == "{" and key:
            top.values[low] = (len(self.out), value)
            self._write[len(self.out)] = (write, raw, new)
            if low in ("name", "key"):
                top.named = value
            if "@" in value and len(value) < 400 and _ADDRESS.search(value):
                top.address = True
        elif top.kind == "[":
            self._write[len(self.out)] = (write, raw, new)
        self.out.append(raw if new == value else write(new, raw))
        if top.kind == "{":
            top.pending = ""

    def _replace(self, slot: int, new: str) -> None:
        write, raw, _ = self._write[slot]
        self.out[slot] = write(new, raw)
        self._write[slot] = (write, raw, new)

    def _settle(self, frame: _Frame, parent: _Frame) -> None:
        """What can only be said when all of a mapping was seen."""
        if frame.kind == "{":
            if "value" in frame.values and frame.named:
                slot, old = frame.values["value"]
                if _SECRET_NAME.fullmatch(frame.named):
                    self._replace(slot, self.names.secret(old))
                elif frame.named.lower() == "content-length" and old.isdigit():
                    frame.lengths.append((slot, int(old)))
            elif "key" in frame.values and "value" not in frame.values and not parent.kind:
                slot, old = frame.values["key"]
                if len(old) > 7 and " " not in old and "@" not in old:
                    self._replace(slot, self.names.secret(old))  # Mandrill's way to hand over the key
            if "mailbox" in frame.values and "domain" in frame.values:
                (one, local), (other, domain) = frame.values["mailbox"], frame.values["domain"]
                if local and domain:
                    new, host = self.names.address(local, domain)
                    self._replace(one, new)
                    self._replace(other, host)
            if frame.address:
                for key, (slot, old) in frame.values.items():
                    if _NAME_KEY.fullmatch(key) and slot in self._write:
                        self._replace(slot, self.names.name(old))
            body = max(
                ((slot, old) for key, (slot, old) in frame.values.items() if key in _BODY_KEYS and slot in self._write),
                key=lambda pair: len(pair[1]),
                default=None,
            )
            if body is not None and frame.lengths:
                slot, old = body
                grown = len(_escaped(self._write[slot][2])) - len(_escaped(old))
                for place, length in frame.lengths:
                    shown = str(max(0 if not length else 1, length + grown))
                    if place in self._write:
                        self._replace(place, shown)
                    else:
                        self.out[place] = shown
                return
        parent.lengths += frame.lengths

    def result(self) -> str:
        while len(self.stack) > 1:
            self.close()
        return "".join(self.out)


class _Pieces:
    """A text of which some pieces are settled, and the rest is still to be looked at."""

    def __init__(self, text: str) -> None:
        self.pieces: list[tuple[str, bool]] = [(text, False)]

    def settle(self, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str | None]) -> None:
        """Settle what ``pattern`` finds; None leaves it to later steps."""
        result: list[tuple[str, bool]] = []
        for text, settled in self.pieces:
            if settled:
                result.append((text, True))
                continue
            position = 0
            for found in pattern.finditer(text):
                new = change(found)
                if new is not None:
                    result += [(text[position : found.start()], False), (new, True)]
                    position = found.end()
            result.append((text[position:], False))
        self.pieces = [piece for piece in result if piece[0]]

    def text(self, rest: Callable[[str], str]) -> str:
        """All of it, with ``rest`` done to what is not settled."""
        return "".join(text if settled else rest(text) for text, settled in self.pieces)


# --- notations ------------------------------------------------------------------------------------

_TITLE: Final = re.compile(
    r"(?im)^(?P<front>(?:subject|thread-topic|comments|keywords)[ \t]*:[ \t]*)(?P<value>[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*){0,50})"
)


def _decoded_words(text: str) -> str:
    pieces = []
    for charset, kind, content in _WORD.findall(text):
        data = base64_bytes(content) if kind in "Bb" else None
        if data is None:
            raw = content.replace("_", " ").encode("utf-8", "surrogateescape")
            data = quopri.decodestring(raw) if kind in "Qq" else raw
        pieces.append(decode_text(data, charset.lower(), sniff=False))
    return "".join(pieces)


def _encoded_words(text: str) -> str:
    result, chunk = [], ""
    for character in [*text, ""]:
        if not character or len((chunk + character).encode("utf-8", "replace")) > 45:
            result.append(f"=?utf-8?b?{base64.b64encode(chunk.encode('utf-8', 'replace')).decode()}?=")
            chunk = ""
        chunk += character
    return " ".join(result)


_REMOVED: Final = re.compile(
    r"\s*(?:secret-[0-9]+|[<\[({][A-Z_ ]{3,40}[>\])}]|\*+|(?i:redacted|filtered|removed|x+))\s*"
)
_NAME_WORD: Final = re.compile(r"[^\W\d_][\w.'\u2019-]*")
_JSON_TOKEN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|[{}\[\],]|(?<=[:\s])[0-9]+(?=[\s,}\]])", re.DOTALL)
_COLON: Final = re.compile(r"[ \t\r\n]*:")
_ITEM: Final = re.compile(r"(?m)^[ \t]*-[ \t]+['\"]?:?request['\"]?[ \t]*:")
_EMPTY_LINE: Final = re.compile(r"(?<=\n)\r{0,3}\n|(?<=\r)\r(?!\n)|\A\r?\n")
_REPR: Final = re.compile(r"(?<=send: )b?(?:'(?:[^'\\\r\n]|\\.)*'|\"(?:[^\"\\\r\n]|\\.)*\")")
_DATA: Final = re.compile(
    r"(?:(?<=\n))(?P<margin>[ *]{0,2}-> ?|C: |>>> ?|SMTP>> ?)?(?:[A-Za-z][A-Za-z-]{1,40}:[^\r\n]*\r?\n(?:(?P=margin)[^\r\n]*\r?\n){0,200000})(?=(?P=margin)\.\r?\n)"
)


def _header(head: str, name: str) -> str:
    found = re.search(rf"(?im)^{name}[ \t]*:((?:[^\r\n]*)(?:\r?\n[ \t]+[^\r\n]*){{0,50}})", head)
    return found.group(1).strip() if found else ""


def _unescaped(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _escaped(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _worth(data: bytes) -> bool:
    """Whether decoded bytes are more than noise: a text with an address in some notation, or a compressed one."""
    if data[:3] == b"\x1f\x8b\x08":
        return True
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        if sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data[:400]) < 0.9 * len(data[:400]):
            return False
    return _HINT.search(text) is not None or (len(data) > 24 and _BASE64.search(text) is not None)


def _written(data: bytes, like: str) -> str:
    """``data`` in base64, in the alphabet, the padding and the lines of ``like``."""
    text = base64.b64encode(data).decode()
    stripped = like.rstrip()
    if "-" in stripped or "_" in stripped:
        text = text.replace("+", "-").replace("/", "_")
    if not stripped.endswith("=") and len("".join(stripped.split())) % 4:
        text = text.rstrip("=")
    first = re.match(r"([ \t]*)(\S+)(\r?\n)", like)
    if first and "\n" in stripped:
        margin, line, end = first.groups()
        pieces = [text[at : at + len(line)] for at in range(0, len(text), len(line))]
        text = margin + f"{end}{margin}".join(pieces)
    return text + like[len(stripped) :]


def _unquote_json(mark: str) -> str:
    value = json.loads(mark, strict=False)
    return value if isinstance(value, str) else ""


def _quote_json(value: str, raw: str) -> str:
    if raw.isascii():
        return json.dumps(value)
    return json.dumps(
        value, ensure_ascii=any("\ud800" <= character <= "\udfff" for character in value) and "\\u" in raw
    )


def _quote_yaml(value: str, raw: str) -> str:
    tag = re.match(r"(?:[!&]\S*[ \t\r\n]+)*", raw)
    text = json.dumps(value, ensure_ascii=False)
    text = re.sub(r"[\x7f-\x9f\ufeff\ufffe\uffff\u2028\u2029]", lambda found: f"\\u{ord(found.group()):04x}", text)
    body = raw.rstrip()
    tail = raw[len(body) :]
    block = re.match(r"(?:[!&]\S*[ \t\r\n]+)*[|>]", raw) is not None
    if block and "\n" in tail:
        tail = "\n" + tail.rpartition("\n")[2]
    return f"{tag.group() if tag else ''}{text}{tail}"


def _netstring(inner: bytes, mark: bytes) -> bytes:
    return b"%d:%s%s" % (len(inner), inner, mark)


def _own_lines(lines: list[str]) -> bool:
    """Whether each line is a value of its own rather than a part of one."""
    for line in lines[:50]:
        body = line.strip("\ufeff \t\r\0\x1e")
        if body[:1] == "{":
            try:
                json.loads(body, strict=False)
            except ValueError:
                continue
            return True
    return False
