"""Callables that a function gets: what it calls by a name of its own may be a mail call."""

from __future__ import annotations

from collections.abc import Callable

from mailguard.model.value import Either
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Cls, Func, ModelFn, ModelMethod, Partial, Ref, Val
from mailguard.source.project import Module
from mailguard.source.uses import mentions

__all__ = ["leads", "names_of_callables"]

_DEEP = 4
"""Functions around functions around functions that are looked through."""


def names_of_callables(
    state: State,
    func: Func,
    args: list[Val],
    keywords: list[tuple[str | None, Val]],
    told: Callable[[frozenset[str], Module | None], bool],
) -> frozenset[str]:
    """The names in ``func`` that stand for callables which lead to a mail call: arguments, and what the functions around it hold.

    ``told`` tells of the names that a function mentions, and its file, whether one leads to a mail call.
    """
    given = dict(keywords)
    found = set()
    for index, param in enumerate(func.node.params):
        value = args[index] if index < len(args) else given.get(param.name)
        methods = _of_inner_class(state, value, told)
        if methods or leads(state, value, told, 0):
            found |= {param.name, *methods}
    return frozenset(found | _held(state, func, told, 0))


def _of_inner_class(state: State, value: Val, told: Callable[[frozenset[str], Module | None], bool]) -> set[str]:
    """The methods that lead to a mail call, of a class within a function or of a thing of such a class.

    What a class of a file sends is found by the names of its methods; nobody else can name those of an inner class.
    """
    if isinstance(value, Ref):
        value = cell.cls if (cell := state.heap.get(value)) is not None and cell.sort == "object" else None
    if not isinstance(value, Cls) or (cell := state.heap.get(value.ref)) is None:
        return set()
    return {
        name
        for name, method in cell.fields
        if isinstance(method, Func) and len(method.frames) > 1 and leads(state, method, told, 0)
    }


def _held(state: State, func: Func, told: Callable[[frozenset[str], Module | None], bool], depth: int) -> set[str]:
    """The names of callables that the functions around ``func`` hold, and that it mentions."""
    names = func.node.names if isinstance(func.node, t.Func) else mentions(func.node.body)
    found: set[str] = set()
    for frame in func.frames:
        if isinstance(frame.owner, (t.Func, t.Lam)):
            held = state.frames.get(frame, {})
            found |= {name for name, value in held.items() if name in names and leads(state, value, told, depth)}
    return found


def leads(state: State, value: Val, told: Callable[[frozenset[str], Module | None], bool], depth: int) -> bool:
    """Whether a value is a callable that leads to a mail call; ``told`` says whether one of several names does."""
    match value:
        case Func():
            names = value.node.names if isinstance(value.node, t.Func) else frozenset(mentions(value.node.body))
            return told(names, value.module) or (depth < _DEEP and bool(_held(state, value, told, depth + 1)))
        case Bound() | Partial():
            return leads(state, value.func, told, depth)
        case ModelFn():
            return told(frozenset({value.path.rpartition(".")[2]}), None)
        case ModelMethod():
            return told(frozenset({value.name}), None)
        case Either():
            return any(leads(state, option, told, depth) for option in value.options)
    return False
