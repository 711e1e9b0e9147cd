"""Model of ``string.Template``: the source of a message, or one of its lines, with names in it that are filled in."""

from __future__ import annotations

import string
from typing import Final

from mailguard.model.count import OPEN
from mailguard.model.provider import Library
from mailguard.model.value import ABSENT, Absent, Object, Text, Unknown, Value, get, text, trail_of

__all__ = ["LIBRARY", "Template"]


class Template(Object):
    """``string.Template``."""

    PATHS: tuple[str, ...] = ("string.Template",)

    def __init__(self, template: Value) -> None:
        self.write("template", template)

    def substitute(self, mapping: Value = None, **named: Value) -> Value:
        """The text with the values in it; what is not there is not known."""
        given = self.read("template")
        whole = None if isinstance(given, Absent) else text(given)
        if whole is None:
            why = trail_of(given) if not isinstance(given, Absent) else ()
            return Unknown("Template.substitute()", OPEN, why)
        parts: list[Value] = []
        end = 0
        for found in string.Template.pattern.finditer(whole):
            parts.append(whole[end : found.start()])
            end = found.end()
            name = found.group("named") or found.group("braced")
            if name is None:
                parts.append("$" if found.group("escaped") is not None else found.group(0))
                continue
            value = named.get(name, ABSENT)
            if isinstance(value, Absent):
                value = get(mapping, name)
            parts.append(Unknown(name, OPEN, trail_of(mapping)) if isinstance(value, Absent) else value)
        parts.append(whole[end:])
        if all(isinstance(part, str) for part in parts):
            return "".join(part for part in parts if isinstance(part, str))
        return Text(tuple(part for part in parts if part != ""))

    def safe_substitute(self, mapping: Value = None, **named: Value) -> Value:
        """The same; what is not there stays, and names nobody."""
        return self.substitute(mapping, **named)

    def render(self) -> Value:
        """Its source."""
        found = self.read("template", "")
        return "" if isinstance(found, Absent) else found


LIBRARY: Final = Library(classes=(Template,))
"""Templates. It names no tokens: filling one in alone sends nothing."""
