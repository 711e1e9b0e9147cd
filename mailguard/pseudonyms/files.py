"""Whole captures: JSON, YAML, MIME, transcripts of sessions, flows."""

from __future__ import annotations

import gzip
import re

from mailguard.documents.byte_text import wide
from mailguard.model.message import CannotTell
from mailguard.pseudonyms.notations import Pieces, as_bytes, as_text, begun, net_grown, net_items, netstring, own_lines
from mailguard.pseudonyms.patterns import ANSWER, ASKED, AUTH, AUTH_END, DATA, DATA_BEGINS, DATA_ENDS, REPR, SECRET_NAME
from mailguard.pseudonyms.texts import Texts
from mailguard.wire.encodings import inflate

_LOGIN_LINES = 16
"""Lines of a session that a login takes at most."""


class Pseudonyms(Texts):
    """Who is who in one capture. Run it twice over the same text: the first time it hears of everybody."""

    def file(self, data: bytes, kind: str) -> bytes:
        """The content of a capture file; ``kind`` is the name of its format. Raises ``ValueError`` for what cannot be written again."""
        if data[:3] == b"\x1f\x8b\x08":
            inner = inflate(data, limit=1 << 29)
            if isinstance(inner, CannotTell):
                inner, whole = begun(data, 1 << 29)
                if not whole:
                    raise ValueError("what a damaged stream holds cannot be written again")
                return gzip.compress(self.file(inner, kind), mtime=0)[:-8]
            return gzip.compress(self.file(inner, kind), mtime=0)
        if kind == "mitmproxy":
            return self._netstrings(data)
        if charset := wide(data[:4]):
            text = self.file(data.decode(charset, "replace").encode("utf-8", "replace"), kind).decode(
                "utf-8", "replace"
            )
            mark = data[:2] if charset == "utf-16" else b""
            return mark + text.encode("utf-16-be" if charset == "utf-16-be" or mark == b"\xfe\xff" else "utf-16-le")
        text = as_text(data)
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if kind in ("eml", "maildir", "mh"):
            return as_bytes(self.mime(text))
        if kind == "mbox":
            return as_bytes(self._pieces(text, re.compile(r"(?:(?<=\n)|(?<=\r)|\A)From [^\r\n]*(?:\r\n|\n|\r)")))
        if kind == "message-log":
            return as_bytes(self._pieces(text, re.compile(r"(?:(?<=\n)|\A)-{79}\r?\n")))
        if kind == "smtp-transcript":
            return as_bytes(self._transcript(text))
        if start in ("{", "["):
            # Lines by themselves, so that a broken one costs no other.
            lines = text.split("\n")
            if (
                sum(line.lstrip("\ufeff \t")[:1] == "{" for line in lines) > 1
                and "\n" in text.strip()
                and own_lines(lines)
            ):
                return as_bytes("\n".join(self.json(line) if '"' in line else self.loose(line, 0) for line in lines))
            return as_bytes(self.json(text))
        if kind in ("vcr", "responses"):
            return as_bytes(self.yaml(text))
        if any(line.lstrip()[:1] == "{" for line in text.split("\n", 50)):
            return as_bytes(
                "\n".join(self.json(line) if '"' in line else self.loose(line, 0) for line in text.split("\n"))
            )
        return as_bytes(self.text(text))

    def _pieces(self, text: str, separator: re.Pattern[str]) -> str:
        result: list[str] = []
        position = 0
        for found in separator.finditer(text):
            result += [self.mime(text[position : found.start()]), self.loose(found.group(), 0)]
            position = found.end()
        return "".join([*result, self.mime(text[position:])])

    def _transcript(self, text: str) -> str:
        """An SMTP session: what the client said between DATA and the dot is a message; the rest are lines."""
        pieces = Pieces(self._logins(text))
        pieces.settle(REPR, lambda found: self._literal(found.group()))
        pieces.settle(DATA, self._data)
        return pieces.text(lambda piece: self.loose(piece, 0))

    def _logins(self, text: str) -> str:
        """Take out what the client said to log in, however its lines are marked."""
        result: list[str] = []
        open_for = 0
        in_data = False
        for line in text.splitlines(keepends=True):
            in_data = DATA_BEGINS.search(line) is not None or (in_data and DATA_ENDS.search(line) is None)
            begins = None if in_data else AUTH.search(line)
            if begins:
                found, open_for = begins if begins.group("value") else None, _LOGIN_LINES
            elif open_for and AUTH_END.search(line):
                found, open_for = None, 0
            else:
                found = ANSWER.search(line) if open_for and not ASKED.search(line) else None
                open_for = max(0, open_for - 1)
            start, end = found.span("value") if found else (0, 0)
            result.append(line[:start] + self.secret(line[start:end]) + line[end:] if found else line)
        return "".join(result)

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
            return repr(as_bytes(self.text(as_text(value))))
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
            result.append(netstring(self._netvalue(inner, mark, 0, ""), mark))
            at = end + 1
        # A cut flow has no readable end: its length stays, so that it is still seen to be cut.
        rest = data[at:]
        if rest:
            result.append(rest[:14] if re.match(rb"[0-9]{1,12}:", rest) else b"")
        return b"".join(result)

    def _netvalue(self, inner: bytes, mark: bytes, depth: int, key: str) -> bytes:
        if mark in b",;":
            if key and SECRET_NAME.fullmatch(key):
                return self.secret(as_text(inner)).encode()
            return self.data(inner)
        if mark not in b"]}" or depth > 60:
            return inner
        items = net_items(inner)
        if items is None:
            return inner
        news: list[bytes] = []
        for index, (value, kind) in enumerate(items):
            before, sort = items[index - 1] if index % 2 else (b"", b"")
            news.append(self._netvalue(value, kind, depth + 1, as_text(before) if sort and sort in b",;" else ""))
        keys = {value: index + 1 for index, (value, _) in enumerate(items[:-1]) if index % 2 == 0}
        if mark == b"}" and b"content" in keys and b"headers" in keys:
            grown = len(news[keys[b"content"]]) - len(items[keys[b"content"]][0])
            news[keys[b"headers"]] = net_grown(news[keys[b"headers"]], grown)
        return b"".join(netstring(new, kind) for new, (_, kind) in zip(news, items, strict=True))
