"""Arguments: what stars bring, and what a function needs."""

from __future__ import annotations

import inspect

from mailguard.model.value import ABSENT, Either, Fields, Parameter, Unknown
from mailguard.source.interpret.state import State
from mailguard.source.interpret.values import Bound, Func, ModelFn, ModelMethod, Native, Partial, Ref, Val, join_values

__all__ = ["can_be_called", "keywords_of", "lacks", "named_of", "needs"]


def keywords_of(state: State, value: Val) -> list[tuple[str | None, Val]]:
    """The arguments that ``**value`` brings, by name; ``**`` for those that nothing names."""
    if isinstance(value, Either):
        found: dict[str | None, list[Val]] = {}
        options = [option for option in value.options if option is not ABSENT]
        spreads = [dict(keywords_of(state, option)) for option in options]
        for spread in spreads:
            for key in spread:
                found.setdefault(key, [])
        for key, values in found.items():
            values += [spread.get(key, ABSENT) for spread in spreads]
        return [(key, join_values(*values)) for key, values in found.items()]
    if isinstance(value, Ref) and value in state.heap and state.heap[value].sort == "dict":
        cell = state.heap[value]
        result: list[tuple[str | None, Val]] = list(cell.fields)
        if cell.open or cell.rest is not None:
            further = cell.spread if cell.rest is None else cell.rest
            result.append(("**", Unknown("**") if further is None else further))
        return result
    if isinstance(value, Fields):
        return list(value.known)
    return [("**", value if isinstance(value, (Unknown, Parameter)) else Unknown("**"))]


def named_of(keywords: list[tuple[str | None, Val]]) -> dict[str, Val]:
    """Arguments by keyword, without what ``**`` may hold."""
    return {key: value for key, value in keywords if key is not None}


def can_be_called(value: Val) -> bool:
    """Whether a value is a function, or may be one."""
    if isinstance(value, Either):
        return any(can_be_called(option) for option in value.options)
    if isinstance(value, Native):
        return value.bound and value.name in {"value.sendmail", "value.send_message"}
    return isinstance(value, (Func, Bound, Partial, ModelFn, ModelMethod))


def lacks(args: list[Val], keywords: list[tuple[str | None, Val]]) -> bool:
    """Whether a function is given fewer arguments than it needs: ``partial(send_mail, "Subject")``."""
    function = args[0] if args else None
    bound = 0
    if isinstance(function, Bound):
        function, bound = function.func, 1
    if isinstance(function, Func):
        names = [one.name for one in function.node.params if one.sort in {"positional", "both"} and one.default is None]
    elif isinstance(function, (ModelFn, ModelMethod)):
        call = function.function.call if isinstance(function, ModelFn) else function.call
        bound = isinstance(function, ModelMethod) and function.receiver is not None
        plain = [one for one in inspect.signature(call).parameters.values() if one.kind is one.POSITIONAL_OR_KEYWORD]
        names = [one.name for one in plain if one.default is one.empty]
    else:
        return False
    return not {key for key, _ in keywords}.issuperset(names[bound + len(args) - 1 :])


def needs(value: Val) -> int:
    """How many arguments a function surely needs."""
    bound = 0
    if isinstance(value, Bound):
        value, bound = value.func, 1
    if not isinstance(value, Func):
        return 0
    required = [param for param in value.node.params if param.sort in {"positional", "both"} and param.default is None]
    return len(required) - bound
