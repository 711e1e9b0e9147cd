"""Plain data out of a stranger's YAML, with the line of every node."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from mailguard.rulebook.checks import Lines, quoted
from mailguard.rulebook.rules import RulesError

DEPTH: Final = 32
"""How deep a rule file may nest; a SendGrid request in an example needs a dozen levels."""


def read_yaml(content: str, name: str) -> tuple[Any, Lines]:
    """Plain data out of YAML, event by event, and the line of every node."""
    import yaml  # noqa: PLC0415  # costs 30 ms, which a run without mail code does not pay

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lines: Lines = {}
    root: list[Any] = []
    # One frame per open collection: the collection, its path, and for a mapping the key that waits for its value.
    stack: list[tuple[Any, tuple[str | int, ...], list[str]]] = []

    def fail(event: Any, what: str) -> NoReturn:
        raise RulesError(f"{name}:{event.start_mark.line + 1}: {what}")

    def place(event: Any, value: Any) -> tuple[str | int, ...]:
        """Put ``value`` where it belongs and return its path."""
        if not stack:
            if root:
                fail(event, "a second document. Keep one rule in one file")
            root.append(value)
            path: tuple[str | int, ...] = ()
        else:
            parent, above, waiting = stack[-1]
            if isinstance(parent, list):
                path = (*above, len(parent))
                parent.append(value)
            elif waiting:
                key = waiting.pop()
                path = (*above, key)
                parent[key] = value
            else:
                if isinstance(value, (dict, list)) or value is None:
                    fail(event, "a key that is no word. Write a word before the colon")
                key = value if isinstance(value, str) else event.value
                if key in parent:
                    fail(event, f"{quoted(key)} stands here twice. Keep one")
                path = (*above, key)
                lines[path] = event.start_mark.line + 1
                waiting.append(key)
                return path
        lines.setdefault(path, event.start_mark.line + 1)
        return path

    try:
        for event in yaml.parse(content, Loader=loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                fail(event, "an anchor or alias (& or *), which rules do not have. Write the text out, or quote it")
            if isinstance(event, yaml.ScalarEvent):
                if event.tag is not None and event.tag != "!":
                    fail(event, "a tag (!), which rules do not have. Remove it, or quote the text")
                place(event, _scalar(event.value) if event.implicit[0] else event.value)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if event.tag is not None:
                    fail(event, "a tag (!), which rules do not have. Remove it, or quote the text")
                if len(stack) >= DEPTH:
                    fail(event, f"nested deeper than {DEPTH} levels. Make the example smaller")
                new: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                stack.append((new, place(event, new), []))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark is not None else name
        raise RulesError(f"{where}: not valid YAML. Check indentation, colons and quotes there") from None
    except RecursionError:
        raise RulesError(f"{name}: nested too deep. Make the example smaller") from None
    if not root:
        raise RulesError(f"{name}: empty. Write a rule into it, or remove it")
    return root[0], lines


def _scalar(content: str) -> str | int | bool | None:
    """A plain scalar; of YAML's many spellings only those that everybody reads alike (the core schema of 1.2)."""
    if content in {"", "~", "null"}:
        return None
    if content in {"true", "false"}:
        return content == "true"
    if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", content):
        return int(content)
    return content
