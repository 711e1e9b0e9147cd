"""Programs as they are written, line by line."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

FROM = '"from@example.com"'
_T = TypeVar("_T")

Choose = Callable[[Sequence[Any]], Any]
"""Picks one of several options."""


@dataclass(frozen=True)
class Program:
    """A program, and what a run of it needs."""

    text: str
    flags: tuple[str, ...] = ()
    """Names of the flags that it asks for."""
    open: bool = False
    """Whether who receives depends on a value of which the code tells nothing."""
    argument: str = ""
    """What ``main`` is called with: ``list``, ``text``, or nothing."""
    plain_unknown: int = 1
    """How many people are plainly behind what the code does not tell: a collection, where it is used as one, has two."""

    def __repr__(self) -> str:
        return f"Program({', '.join(self.flags)})\n{self.text}"


@dataclass
class Code:
    """A program that is being written."""

    choose: Choose
    imports: set[str] = field(default_factory=set)
    helpers: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    depth: int = 1
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def add(self, *lines: str) -> None:
        self.lines.extend("    " * self.depth + line for line in lines)

    @contextlib.contextmanager
    def block(self, head: str) -> Iterator[None]:
        self.add(head)
        self.depth += 1
        yield
        self.depth -= 1

    def let(self, expression: str, name: str = "x") -> str:
        """A new variable."""
        made = f"{name}{next(self.numbers)}"
        self.add(f"{made} = {expression}")
        return made

    def name(self, name: str) -> str:
        return f"{name}{next(self.numbers)}"

    def use(self, *imports: str) -> None:
        self.imports.update(imports)

    def helper(self, name: str, text: str) -> str:
        self.helpers[name] = text
        return name

    def flag(self) -> str:
        """A question that the code cannot answer."""
        self.use("from store import flag")
        name = "ab"[len(self.flags)] if len(self.flags) < 2 else self.pick(*self.flags)
        if name not in self.flags:
            self.flags.append(name)
        return f'flag("{name}")'

    def pick(self, *options: _T) -> _T:
        """One of several, the simplest first."""
        return self.choose(options)

    def text(self, parameter: str = "") -> str:
        imports = "\n".join(sorted(self.imports))
        helpers = "".join(f"\n\n{text.strip()}\n" for text in self.helpers.values())
        body = "\n".join(self.lines) or "    pass"
        return f"{imports}\n{helpers}\n\ndef main({parameter}):\n{body}\n"
