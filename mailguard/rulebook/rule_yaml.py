"""Plain data out of a stranger's YAML, with the line of every node."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from mailguard.rulebook.checks import Lines, quoted
from mailguard.rulebook.rules import RulesError

DEPTH: Final = 32
"""How deep a rule file may nest; a SendGrid request in an example needs a dozen levels."""


def read_yaml(content: str, name: str) -> tuple[Any, Lines]:
    """Plain data out of YAML, event by event, and the line of every node. Raises ``RulesError``, which names the file."""
    import yaml  # noqa: PLC0415  # costs 30 ms, which a run without mail code does not pay

    document = _Document(name)
    try:
        for event in yaml.parse(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                document.fail(
                    event, "an anchor or alias (& or *), which rules do not have. Write the text out, or quote it"
                )
            if isinstance(event, yaml.ScalarEvent):
                if event.tag is not None and event.tag != "!":
                    document.fail(event, "a tag (!), which rules do not have. Remove it, or quote the text")
                document.put(event, _scalar(event.value) if event.implicit[0] else event.value)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if event.tag is not None:
                    document.fail(event, "a tag (!), which rules do not have. Remove it, or quote the text")
                document.open(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                document.close()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark is not None else name
        raise RulesError(f"{where}: not valid YAML. Check indentation, colons and quotes there") from None
    except RecursionError:
        raise RulesError(f"{name}: nested too deep. Make the example smaller") from None
    if not document.root:
        raise RulesError(f"{name}: empty. Write a rule into it, or remove it")
    return document.root[0], document.lines


class _Document:
    """A document that is put together from the events of the parser."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.root: list[Any] = []
        """The data, once there is some."""
        self.lines: Lines = {}
        self._stack: list[tuple[Any, tuple[str | int, ...], list[str]]] = []
        """For each open collection: it, its path, and for a mapping the key that waits for its value."""

    def fail(self, event: Any, what: str) -> NoReturn:
        """Raise ``RulesError`` for the line of an event."""
        raise RulesError(f"{self._name}:{event.start_mark.line + 1}: {what}")

    def open(self, event: Any, new: dict[str, Any] | list[Any]) -> None:
        """Begin a collection."""
        if len(self._stack) >= DEPTH:
            self.fail(event, f"nested deeper than {DEPTH} levels. Make the example smaller")
        self._stack.append((new, self.put(event, new), []))

    def close(self) -> None:
        """End the collection that was begun last."""
        self._stack.pop()

    def put(self, event: Any, value: Any) -> tuple[str | int, ...]:
        """Put ``value`` where it belongs, as a member, a key or what is under one; returns its path."""
        line = event.start_mark.line + 1
        if not self._stack:
            if self.root:
                self.fail(event, "a second document. Keep one rule in one file")
            self.root.append(value)
            self.lines.setdefault((), line)
            return ()
        parent, above, waiting = self._stack[-1]
        if isinstance(parent, list):
            path: tuple[str | int, ...] = (*above, len(parent))
            parent.append(value)
        elif waiting:
            key = waiting.pop()
            path = (*above, key)
            parent[key] = value
        else:
            if isinstance(value, (dict, list)) or value is None:
                self.fail(event, "a key that is no word. Write a word before the colon")
            key = value if isinstance(value, str) else event.value
            if key in parent:
                self.fail(event, f"{quoted(key)} stands here twice. Keep one")
            waiting.append(key)
            path = (*above, key)
            self.lines[path] = line
        self.lines.setdefault(path, line)
        return path


def _scalar(content: str) -> str | int | bool | None:
    """A plain scalar; of YAML's many spellings only those that everybody reads alike (the core schema of 1.2)."""
    if content in {"", "~", "null"}:
        return None
    if content in {"true", "false"}:
        return content == "true"
    if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", content):
        return int(content)
    return content
