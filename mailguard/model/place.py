"""Where something is: in a file of code, or in a record of a capture; and the comments beside code."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Comment", "Place"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of a file, or a record within a capture. Lines and columns count from 1, columns in characters."""

    path: str
    """Relative to the root of the run, with forward slashes; as given when outside it."""
    line: int = 0
    """First line; 0 where the file as a whole is meant."""
    column: int = 0
    """First column; 0 where the line as a whole is meant."""
    end_line: int = 0
    """Last line; 0 means the first one."""
    end_column: int = 0
    """The column behind the last character, as in SARIF; 0 means the end is not known."""
    pointer: str = ""
    """Inside a capture: the record, in the terms of its format (``log.entries[3]``)."""

    def __str__(self) -> str:
        """What is printed, and what can be pasted back as a PLACE."""
        text = self.path
        if self.line:
            text += f":{self.line}"
            if self.column:
                text += f":{self.column}"
        return f"{text}#{self.pointer}" if self.pointer else text


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a file with the code that it speaks of. Lines and columns count from 1."""

    line: int
    column: int
    text: str
    """From its ``#`` to the end of the line."""
    first: int = 0
    """The first line of the code that it speaks of; 0 if there is none."""
    last: int = 0
    symbol: str = ""
    """The function or class around it, ``Class.method``; empty at the top level."""
