"""JSON or YAML that is written again, piece by piece, with what depends on the rest of a mapping."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from mailguard.documents.byte_text import base64_bytes
from mailguard.pseudonyms.notations import wire_size
from mailguard.pseudonyms.patterns import ADDRESS, LINE_SECRET, NAME_KEY, OF_PERSON, SECRET_NAME

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
    """What stands under ``name`` or ``key`` in it (headers and parameters as objects); of a list its last text."""
    values: dict[str, tuple[int, str]] = field(default_factory=dict)
    """For each key with a text, where the new one stands, and the old one."""
    lengths: list[tuple[int, int]] = field(default_factory=list)
    """Content-Length values inside: where they stand, and the number."""
    address: bool = False
    """Whether one of the values is an address."""


class Replacing(Protocol):
    """What a tree asks for what stands in it; see ``identities`` and ``texts``."""

    def address(self, local: str, domain: str) -> tuple[str, str]:
        """The fake local part and the fake domain of an address."""

    def name(self, name: str) -> str:
        """A name of the same shape."""

    def secret(self, value: str) -> str:
        """What stands for a secret."""

    def text(self, text: str, depth: int = 0) -> str:
        """A text of any kind."""

    def loose(self, text: str, depth: int) -> str:
        """A text of no form."""

    def data(self, data: bytes, depth: int = 0) -> bytes:
        """Bytes of any kind."""


class Tree:
    """JSON or YAML that is being written again, piece by piece."""

    def __init__(self, names: Replacing, depth: int) -> None:
        self.names = names
        self.depth = depth
        self.out: list[str] = []
        self.stack: list[_Frame] = [_Frame("")]
        self._write: dict[int, tuple[Callable[[str, str], str], str, str]] = {}
        # For each text that may change once more: how it is written, as it stood, as it is now.

    def gap(self, text: str) -> None:
        """What stands between the pieces."""
        self.out.append(
            text if text.isspace() or not text else self.names.loose(text, self.depth) if len(text) > 4 else text
        )

    def open(self, kind: str, mark: str = "") -> None:
        """A collection begins."""
        top = self.stack[-1]
        self.stack.append(_Frame(kind, top.pending or (top.key if top.kind == "[" else "")))
        top.pending = ""
        self.out.append(mark)

    def close(self, mark: str = "") -> None:
        """A collection ends."""
        if len(self.stack) > 1:
            frame = self.stack.pop()
            self._settle(frame, self.stack[-1])
        self.out.append(mark)

    def comma(self, mark: str) -> None:
        """The next entry of a collection."""
        self.out.append(mark)
        self.stack[-1].pending = ""

    def item(self) -> None:
        """The next item of a list of YAML."""
        self.stack[-1].pending = ""

    def number(self, mark: str) -> None:
        """A number."""
        top = self.stack[-1]
        if top.pending.lower() == "content-length" and mark.isdigit():
            top.lengths.append((len(self.out), int(mark)))
        self.out.append(mark)

    def binary(self, value: str, raw: str) -> None:
        """A scalar of YAML that holds bytes."""
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
        """A string: a key, or a value under the key before it."""
        top = self.stack[-1]
        if is_key and top.kind == "{":
            new = self.names.text(value, self.depth + 1) if "@" in value or "%" in value else value
            top.pending = value
            self.out.append(raw if new == value else write(new, raw))
            return
        key = top.pending or (top.key if top.kind == "[" else "")
        low = key.lower().removeprefix(":")
        if value and (SECRET_NAME.fullmatch(low) or self._told_secret(top, low)):
            new = self.names.secret(value)
        elif OF_PERSON.fullmatch(low):
            new = self.names.name(value)
        else:
            lines = LINE_SECRET.sub(self._line, value) if low.endswith("headers") else value
            new = self.names.text(lines, self.depth + 1)
        if low == "content-length" and value.isdigit():
            top.lengths.append((len(self.out), int(value)))
        if top.kind == "{" and key:
            top.values[low] = (len(self.out), value)
            self._write[len(self.out)] = (write, raw, new)
            if low in ("name", "key"):
                top.named = value
            if "@" in value and len(value) < 400 and ADDRESS.search(value):
                top.address = True
        elif top.kind == "[":
            self._write[len(self.out)] = (write, raw, new)
            top.named = value
        self.out.append(raw if new == value else write(new, raw))
        if top.kind == "{":
            top.pending = ""

    def _line(self, found: re.Match[str]) -> str:
        """A header as a line of text."""
        name, value = found.group("name", "value")
        return found.group("front") + self.names.secret(value) if SECRET_NAME.fullmatch(name) else found.group()

    def _told_secret(self, top: _Frame, key: str) -> bool:
        """Whether something beside a text tells that it is a secret.

        The name in front of it in a list of headers (``["Cookie", "a=b"]``, Node's ``rawHeaders``); ``cookies`` above it, by
        their names or as objects; the ``key`` beside the ``values`` of a parameter (WireMock).
        """
        above = self.stack[-2] if len(self.stack) > 1 else top
        if top.kind == "[" and top.key.lower().endswith("headers"):
            return SECRET_NAME.fullmatch(top.named) is not None
        if top.kind == "[" and key == "values":
            return SECRET_NAME.fullmatch(above.named) is not None
        return top.key.lower() == "cookies" and top.kind == "{" and (key == "value" or above.kind == "{")

    def _replace(self, slot: int, new: str) -> None:
        write, raw, _ = self._write[slot]
        self.out[slot] = write(new, raw)
        self._write[slot] = (write, raw, new)

    def _settle(self, frame: _Frame, parent: _Frame) -> None:
        """What can only be said when all of a mapping was seen."""
        if frame.kind == "{":
            if "value" in frame.values and frame.named:
                slot, old = frame.values["value"]
                if SECRET_NAME.fullmatch(frame.named):
                    self._replace(slot, self.names.secret(old))
                elif frame.named.lower() == "content-length" and old.isdigit():
                    frame.lengths.append((slot, int(old)))
            elif (
                "key" in frame.values
                and "value" not in frame.values
                and (not parent.kind or frame.key.lower() == "body")
            ):
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
                    if NAME_KEY.fullmatch(key) and slot in self._write:
                        self._replace(slot, self.names.name(old))
            body = max(
                ((slot, old) for key, (slot, old) in frame.values.items() if key in _BODY_KEYS and slot in self._write),
                key=lambda pair: len(pair[1]),
                default=None,
            )
            if body is not None and not frame.lengths and frame.key.lower().removeprefix(":") == "body":
                parent.values.setdefault("body", body)  # betamax and VCR put the text of a body one level below
            if body is not None and frame.lengths:
                slot, old = body
                grown = wire_size(self._write[slot][2]) - wire_size(old)
                for place, length in frame.lengths:
                    shown = str(max(0 if not length else 1, length + grown))
                    if place in self._write:
                        self._replace(place, shown)
                    else:
                        self.out[place] = shown
                return
        parent.lengths += frame.lengths

    def result(self) -> str:
        """All of it, as it is now."""
        while len(self.stack) > 1:
            self.close()
        return "".join(self.out)
