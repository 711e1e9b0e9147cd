"""YAML as plain data, event by event, and where its scalars stand."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from mailguard.documents.byte_text import base64_bytes, clean_text, decode_text
from mailguard.documents.json_values import BODY_LIMIT, DEPTH_LIMIT, both
from mailguard.model.message import CannotTell, Reason
from mailguard.model.value import Value

YAML_NODES: Final = 2_000_000
"""Nodes of one YAML document after its aliases are followed."""


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
            result[key] = both(result[key], value) if key in result else value
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
