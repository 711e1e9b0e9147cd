"""What a pass of a loop leaves for the next one, and for what comes after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from mailguard.model.value import Either, Items
from mailguard.source import tree as t
from mailguard.source.interpret.context import Context
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import FrameId, Ref

__all__ = ["NOTHING", "Own", "collects", "last_line", "left_by", "names_in", "own_names"]


@dataclass(frozen=True, slots=True)
class Own:
    """Names that each pass of a loop sets before it reads them, or one block of it that nothing else shares them with."""

    inside: frozenset[str] = frozenset()
    """Those that nothing beside the loop mentions."""
    beside: frozenset[str] = frozenset()
    """The others: they may be read after it."""


NOTHING: Final = Own()


def own_names(loop: t.For, function: Counter[str]) -> Own:
    """The names of a loop's own; ``function`` is how often the function around it mentions which name."""
    names = _set_in(loop.body)
    within = names_in(loop)
    inside = frozenset(name for name in names if within[name] == function[name])
    return Own(inside, frozenset(names - inside))


def left_by(
    ends: list[State],
    head: State,
    frame: FrameId,
    own: Own,
    pinned: frozenset[tuple[int, object]],
    *,
    told: Callable[[Ref], bool],
) -> list[State]:
    """The ends of a pass for the next one: without what is held by nothing but names that are set anew.

    What nothing beside the loop mentions leaves the ends themselves, unless something is still to be ``told`` of it.
    """
    bound = head.frames.get(frame, {})
    left: list[State] = []
    for end in ends:
        names = end.frames.own.get(frame, {})
        for name in own.inside:
            if name not in bound and isinstance(value := names.get(name), Ref) and not told(value):
                del names[name]
        end.forget(pinned)
        old = [
            name
            for name in (*own.inside, *own.beside)
            if name not in bound and isinstance(names.get(name), (Ref, Either, Items))
        ]
        if old:
            end = end.copy()  # noqa: PLW2901  # the pass itself ends with what it holds
            for name in old:
                del end.frames.own[frame][name]
            end.forget(pinned)
        left.append(end)
    return left


def collects(loops: Iterable[str], ends: Mapping[str, int], context: Context, ref: Ref) -> bool:
    """Whether a list may hold what another pass of one of ``loops`` put there: it was not made within it.

    ``ends`` holds the last lines of loops, by their names.
    """
    site = ref.site
    while isinstance(site, tuple) and site and not isinstance(site, t.Span):
        site = site[2] if site[0] == "op" else site[0]
    at = site if isinstance(site, t.Span) else getattr(site, "at", None)
    if at is None or ref.age or ref.path != context.path:
        return True
    for loop in loops:
        symbol, _, first = loop.rpartition(":")
        if symbol == context.symbol and not int(first) <= at.line <= ends.get(loop, int(first)):
            return True
    # A loop of a caller calls this anew, and the list is of this call.
    return False


def last_line(node: t.For | t.While) -> int:
    """The line on which the last statement of a loop ends, or begins."""
    line = node.at.end_line
    stack: list[object] = [node.body]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            stack.extend(current)
        elif hasattr(current, "__slots__"):
            at = getattr(current, "at", None)
            line = max(line, at.end_line) if isinstance(at, t.Span) else line
            stack.extend(getattr(current, name) for name in _BLOCKS if hasattr(current, name))
    return line


_BLOCKS: Final = ("body", "orelse", "final", "handlers", "cases")


def _set_in(body: tuple[t.Stmt, ...]) -> set[str]:
    found: set[str] = set()
    met: set[str] = set()
    mentioned = [set(names_in(statement)) for statement in body]
    for index, statement in enumerate(body):
        if isinstance(statement, t.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, t.Name) and target.id not in met and not names_in(statement.value)[target.id]:
                found.add(target.id)
        elif isinstance(statement, (t.If, t.With)):
            others = set().union(*mentioned[:index], *mentioned[index + 1 :])
            blocks = [statement.body, statement.orelse] if isinstance(statement, t.If) else [statement.body]
            head = names_in(statement.test if isinstance(statement, t.If) else statement.items)
            for number, block in enumerate(blocks):
                beside = [names_in(other) for place, other in enumerate(blocks) if place != number]
                found |= _set_in(block).difference(others, head, *beside)
        met |= mentioned[index]
    return found


def names_in(node: object) -> Counter[str]:
    """How often code mentions which name, in functions within it as well."""
    found: Counter[str] = Counter()
    stack: list[object] = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, t.Name):
            found[current.id] += 1
        elif isinstance(current, (t.Func, t.Class)):
            found[current.name] += 1
        elif isinstance(current, t.Global):
            found.update(current.names)
        if isinstance(current, (tuple, list)):
            stack.extend(current)
        elif hasattr(current, "__slots__") and not isinstance(current, (str, t.Const)):
            stack.extend(getattr(current, name) for name in current.__slots__ if name not in {"at", "names", "called"})
    return found
