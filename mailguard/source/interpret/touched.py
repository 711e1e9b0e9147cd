"""What a function that is not entered may have changed: what it was given is no longer known to be as it was."""

from __future__ import annotations

import sys
from dataclasses import replace

from mailguard.model.count import OPEN, OPTIONAL, Count
from mailguard.model.value import ABSENT, Either, Member, Unknown
from mailguard.source import tree as t
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Ext, Ref, Val, join_values
from mailguard.source.uses import TELLS, filled

__all__ = ["lent", "touch"]


def touch(state: State, node: t.Func, args: list[Val], keywords: list[tuple[str | None, Val]]) -> None:
    """Open what a call of ``node`` may have written into its arguments: attributes that it sets, containers that it fills."""
    named = dict(keywords)
    for index, param in enumerate(node.params):
        value = args[index] if index < len(args) and param.sort in {"positional", "both"} else named.get(param.name)
        for option in value.options if isinstance(value, Either) else (value,):
            if isinstance(option, Ref) and option in state.heap:
                _open(state, node, param.name, option)


def lent(state: State, callee: Val, args: list[Val], keywords: list[tuple[str | None, Val]]) -> None:
    """Open an empty list that a function of another package is given: nobody gives it one but to have it filled."""
    package, _, name = callee.path.partition(".") if isinstance(callee, Ext) else ("", "", "")
    if not name or package in sys.stdlib_module_names or TELLS.match(name.rpartition(".")[2]):
        return
    for value in (*args, *(value for _, value in keywords)):
        cell = state.heap.get(value) if isinstance(value, Ref) else None
        if isinstance(value, Ref) and cell is not None and cell.sort in {"list", "set"} and not cell.members:
            further = Member(Unknown(f"{name.rpartition('.')[2]}()", OPTIONAL), Count(0, 0, OPEN.high))
            state.heap[value] = replace(cell, members=(further,))


def _open(state: State, node: t.Func, name: str, ref: Ref) -> None:
    cell = state.heap[ref]
    if cell.sort in {"object", "class"}:
        for attribute in _written(node, name):
            old = cell.get(attribute)
            new = Unknown(attribute, OPEN)
            cell = cell.put(attribute, new if old is ABSENT else join_values(old, new))
    elif filled((node,), name):
        if cell.sort == "dict":
            cell = replace(cell, open=True)
        else:
            further = Member(Unknown(f"{name}[]", OPTIONAL), Count(0, 0, OPEN.high))
            cell = replace(cell, members=(*cell.members, further))
    if cell is not state.heap[ref]:
        state.heap[ref] = cell


def _written(node: t.Func, holder: str) -> list[str]:
    """The attributes of ``holder`` that a function assigns, in order."""
    targets: list[t.Expr] = []
    for statement in t.statements(node.body):
        if isinstance(statement, t.Assign):
            targets += statement.targets
        elif isinstance(statement, t.AugAssign):
            targets.append(statement.target)
    written = [
        target.name
        for target in targets
        if isinstance(target, t.Attr) and isinstance(target.value, t.Name) and target.value.id == holder
    ]
    return list(dict.fromkeys(written))
